/* SPDX-License-Identifier: MIT */
/*
 * posted.h - the receives that were posted at one place and not yet served, oldest first.
 *
 * A list of requests, linked through the request table of the node that owns the place. Who
 * uses it is inside the gate of that place.
 */
#ifndef MCI_POSTED_H
#define MCI_POSTED_H

#include <stdatomic.h>
#include <stdint.h>

struct mci_node;

struct mci_posted {
    uint32_t first; /* request slots: index + 1, or 0 */
    uint32_t last;
    uint32_t count;
    /* Atomic for a node that leaves, and looks without entering whether they are its own. */
    _Atomic(struct mci_node *) by;
};

#endif /* MCI_POSTED_H */
