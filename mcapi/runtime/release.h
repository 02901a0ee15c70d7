/* SPDX-License-Identifier: MIT */
/*
 * release.h - gives the buffer of a received packet back.
 *
 * The last step of a packet's life: send -> ring -> receive -> release. A buffer is released
 * once, by the node that received it, in any order.
 */
#ifndef MCI_RELEASE_H
#define MCI_RELEASE_H

#include "runtime/runtime.h"

/* MCAPI_ERR_BUF_INVALID for anything that is not a buffer which this node holds. */
mcapi_status_t mci_release(struct mci_node *node, const void *payload);

/* Several, of any channels; `*released` of them from the first on, up to one that is not a
 * buffer which this node holds: MCAPI_ERR_BUF_INVALID if that is the first. */
mcapi_status_t mci_release_burst(struct mci_node *node, void *const *payloads, size_t count,
                                 size_t *released);

#endif /* MCI_RELEASE_H */
