/* SPDX-License-Identifier: MIT */
/*
 * burst.h - several packets or scalars in one call.
 *
 * A burst is many for the first item what the single call is: it waits, and says why not. With
 * the rest it does what can be done at once. So it does at least one, or nothing with the
 * status that the single call would have. An item that cannot be done ends the burst before it,
 * and is the first of the next one.
 *
 * The end is entered once and the other side woken once. Each item has its own mark all the
 * same: the marks are what the receiver looks at, in order, so item k is never seen before
 * item k - 1; a mark stored with its item goes out in the one transfer of their line, where one
 * stored later, after all items, fetches back a line that the receiver is looking at.
 */
#ifndef MCI_BURST_H
#define MCI_BURST_H

#include "runtime/runtime.h"

/* All of these: `count` or `room` is at least 1, `*done` is how many. */

mcapi_status_t mci_burst_send_packets(struct mci_node *node, mcapi_pktchan_send_hndl_t handle,
                                      const void *const *payloads, const size_t *sizes,
                                      size_t count, size_t *done);

mcapi_status_t mci_burst_receive_packets(struct mci_node *node,
                                         mcapi_pktchan_recv_hndl_t handle, void **payloads,
                                         size_t *sizes, size_t room, size_t *done);

/* `words`: an array of unsigned integers of that width, 0 to 3 for 8, 16, 32 and 64 bits. */
mcapi_status_t mci_burst_send_scalars(struct mci_node *node, mcapi_sclchan_send_hndl_t handle,
                                      const void *words, size_t count, uint32_t width,
                                      size_t *done);

mcapi_status_t mci_burst_receive_scalars(struct mci_node *node,
                                         mcapi_sclchan_recv_hndl_t handle, void *words,
                                         size_t room, uint32_t width, size_t *done);

#endif /* MCI_BURST_H */
