/* SPDX-License-Identifier: MIT */
/*
 * tally.h - how much went through a channel, for onlookers, at next to no cost for its two
 * ends.
 *
 * The positions of a ring say how many items were sent and received, modulo 2^32. Once in a
 * while, at least once in 2^31 items, the sender writes down the whole number; from that and
 * from the positions as they are now anybody can tell both numbers at any time. The sender
 * does so when it has to look for room, so at least once in every lap of the ring.
 *
 * An onlooker reads while the ends go on. Each number was true at some moment of the look, and
 * no number of items ever goes back from one look to the next.
 */
#ifndef MCI_TALLY_H
#define MCI_TALLY_H

#include "segment/map.h"

/* --- An end, inside its gate ------------------------------------------------------------ */

/* Adds to a counter that nobody else adds to. */
static inline void mci_count(_Atomic uint64_t *counter, uint64_t by)
{
    /* relaxed: one number, alone with its meaning */
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
                          memory_order_relaxed);
}

/* The whole number of items before `position`, which is not 2^31 away from `known`. */
static inline uint64_t mci_items_before(uint32_t position, uint64_t known)
{
    uint32_t items = position - (uint32_t)MCI_FIRST_POSITION;

    return known + (uint64_t)(int64_t)(int32_t)(items - (uint32_t)known);
}

/* The sender: it is at this position. */
void mci_count_sent(struct mci_channel_slot *slot, uint32_t position);

/* --- Onlookers -------------------------------------------------------------------------- */

struct mci_tally {
    uint64_t sent, received; /* items since the connect */
    uint32_t queued;         /* sent and not received */
    uint32_t held;           /* packets: received and not released */
    uint32_t lent;           /* ...buffers taken to be sent by reference */
    uint32_t room;           /* for items now */
};

/* Of a channel that is connected, under the control lock. False: it is damaged. */
bool mci_tally(const struct mci_map *map, uint32_t channel, struct mci_tally *tally);

#endif /* MCI_TALLY_H */
