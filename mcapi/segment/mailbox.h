/* SPDX-License-Identifier: MIT */
/*
 * mailbox.h - the messages that wait at an endpoint: many senders, one receiver.
 *
 * A mailbox has as many cells as messages fit into it, and one ring of slots for each level of
 * priority. A sender takes a free cell by writing its name into it, fills it, and puts it into
 * a slot: one compare-and-swap from "empty at this position" to "this cell at this position"
 * reserves the place and sends the message, so that a sender that dies leaves no hole. The
 * receiver takes the most urgent cell, copies it out and frees it.
 *
 *      free ----take----> named ----send----> named, in a slot ----receive----> TAKEN
 *        ^                  |                                                     |
 *        `------ give ------+---- its sender died, and it is in no slot ----------+-- free
 *
 * A cell's name stays while the message waits: who died with a cell that is in no slot had not
 * sent it. The receiver replaces the name before it empties the slot, so that nobody can take
 * a cell that is being read for one of the dead.
 *
 * A mailbox belongs to the endpoint slot of its number and lies at a place of its own for ever;
 * its parts lie where the limits of the topology put them, whatever the depth. When the slot's
 * next endpoint begins with it, senders that were late may still be at work in it. What they
 * can do is harmless: they own their cells by name, and the words of slots and tails carry the
 * endpoint's generation, so a late compare-and-swap fails.
 *
 * SENT   who sees the cell in its slot sees size and payload.
 * FREED  who takes a cell knows that it was read for the last time.
 * BEFORE who puts a cell into a slot has seen the slots before it filled: who sees the one sees
 *        the others.
 * MADE   who sees the endpoint's handle in its slot's `mailbox` sees the mailbox made.
 */
#ifndef MCI_MAILBOX_H
#define MCI_MAILBOX_H

#include "segment/map.h"

#define MCI_NO_CELL UINT32_MAX

/* Where the parts of one mailbox lie, for one life of its endpoint. Computed by each process
 * from numbers that it has checked. */
struct mci_mailbox {
    struct mci_mailbox_head *head;
    _Atomic uint64_t *slots; /* level after level, `stride` words each */
    struct mci_message_cell *cells;
    unsigned char *large;
    uint32_t index; /* of the endpoint slot */
    uint32_t generation;
    uint32_t depth;  /* messages that fit */
    uint32_t levels; /* of priority */
    uint32_t mask;   /* places of a ring, less one */
    uint32_t stride;
    uint64_t large_stride;
};

/* What a slot holds: whose it is, which position, and the cell or that it is empty. */
#define MCI_SLOT_FULL UINT64_C(0x8000)

static inline uint64_t mci_slot_empty(uint32_t generation, uint32_t position)
{
    return (uint64_t)generation << 48 | (uint64_t)position << 16;
}

static inline uint64_t mci_slot_full(uint32_t generation, uint32_t position, uint32_t cell)
{
    return mci_slot_empty(generation, position) | MCI_SLOT_FULL | cell;
}

static inline uint32_t mci_slot_position(uint64_t word)
{
    return (uint32_t)(word >> 16);
}

static inline uint32_t mci_slot_cell(uint64_t word)
{
    return (uint32_t)(word & (MCI_SLOT_FULL - 1));
}

static inline uint64_t mci_tail(uint32_t generation, uint32_t position)
{
    return (uint64_t)generation << 32 | position;
}

static inline _Atomic uint64_t *mci_mailbox_slot(const struct mci_mailbox *box, uint32_t level,
                                                 uint32_t position)
{
    return &box->slots[level * box->stride + (position & box->mask)];
}

static inline unsigned char *mci_mailbox_payload(const struct mci_mailbox *box, uint32_t cell,
                                                 uint32_t size)
{
    return size <= MCI_MESSAGE_INLINE ? box->cells[cell].payload
                                      : box->large + cell * box->large_stride;
}

/* --- Under the control lock ----------------------------------------------------------- */

/* Makes an empty mailbox for the endpoint in this slot, if it has none yet. `depth` and
 * `levels` are in range. False: no memory. */
bool mci_mailbox_make(struct mci_map *map, uint32_t index, uint32_t depth, uint32_t levels);

/* Frees the cells that the node had taken and not sent; it is dead, or sends no more. Any
 * number of times. True: there were some. */
bool mci_mailbox_return_cells(const struct mci_mailbox *box, uint32_t node);

/* --- Anybody -------------------------------------------------------------------------- */

/* The mailbox of the endpoint with this handle. False: it has none yet, or the mailbox is
 * already that of the slot's next endpoint. */
static inline bool mci_mailbox_view(const struct mci_map *map, uint32_t handle,
                                    struct mci_mailbox *box)
{
    const struct mci_mailbox_plan *plan = &map->mailbox;
    uint32_t index = handle & 0xffff;
    unsigned char *base;

    if (index >= MCI_ENDPOINT_SLOTS
        || atomic_load_explicit(&map->endpoints[index].mailbox, memory_order_acquire) /* MADE */
                   != handle)
        return false;
    base = mci_mailbox_base(map, index);
    box->head = (struct mci_mailbox_head *)base;
    box->slots = (_Atomic uint64_t *)(base + plan->slots);
    box->cells = (struct mci_message_cell *)(base + plan->cells);
    box->large = base + plan->large;
    box->index = index;
    box->generation = handle >> 16;
    box->depth = atomic_load_explicit(&box->head->depth, memory_order_relaxed); /* after MADE */
    box->levels = atomic_load_explicit(&box->head->levels, memory_order_relaxed);
    box->mask = atomic_load_explicit(&box->head->mask, memory_order_relaxed);
    box->stride = plan->stride;
    box->large_stride = plan->large_stride;
    return box->depth - 1 < plan->depth && box->levels - 1 < MCI_LEVELS
        && box->mask < plan->depth;
}

/* Cells that are free; a moment that may never have been. */
uint32_t mci_mailbox_free_cells(const struct mci_mailbox *box);

/* The slot of a dead node whose name is in a cell, or UINT32_MAX. */
uint32_t mci_mailbox_find_dead(const struct mci_map *map, const struct mci_mailbox *box);

/* --- A sender ------------------------------------------------------------------------- */

/* A cell, with `name` in it from now on; MCI_NO_CELL: the mailbox is full. */
static inline uint32_t mci_mailbox_take(const struct mci_mailbox *box, uint32_t level,
                                        uint32_t name)
{
    uint64_t tail = atomic_load_explicit(&box->head->tail[level], memory_order_relaxed);
    uint32_t cell =
            (uint32_t)tail & box->mask; /* the one whose turn it is, if all go in turn */

    for (uint32_t i = 0; i < box->depth; i++, cell++) {
        uint32_t nobody = MCI_NOBODY;

        if (cell >= box->depth)
            cell = 0;
        if (atomic_load_explicit(&box->cells[cell].owner, memory_order_relaxed) == MCI_NOBODY
            && atomic_compare_exchange_strong_explicit(&box->cells[cell].owner, &nobody, name,
                                                       memory_order_acquire /* FREED */,
                                                       memory_order_relaxed))
            return cell;
    }
    return MCI_NO_CELL;
}

/* Sends the message in the cell. False: the endpoint is no more; the cell is still ours. */
bool mci_mailbox_send(const struct mci_mailbox *box, uint32_t level, uint32_t cell);

/* Gives a cell back that was not sent. */
static inline void mci_mailbox_give(const struct mci_mailbox *box, uint32_t cell)
{
    atomic_store_explicit(&box->cells[cell].owner, MCI_NOBODY,
                          memory_order_release); /* FREED */
}

/* --- The receiver: one at a time ------------------------------------------------------ */

/* Where the receiver is on each level; its own, and never leaves its process. */
struct mci_mailbox_places {
    uint32_t head[MCI_LEVELS];
};

void mci_mailbox_begin(struct mci_mailbox_places *places);

/* The most urgent message that waits; MCI_NO_CELL: none. What was sent before a message, and is
 * more urgent, is received before it: once there is one, the levels above it are looked at
 * again (BEFORE). */
static inline uint32_t mci_mailbox_next(const struct mci_mailbox *box,
                                        const struct mci_mailbox_places *places,
                                        uint32_t *level)
{
    uint32_t found = MCI_NO_CELL;
    uint32_t end = box->levels;

    for (uint32_t i = 0; i < end; i++) {
        uint32_t head = places->head[i];
        uint64_t word = atomic_load_explicit(mci_mailbox_slot(box, i, head),
                                             memory_order_acquire); /* SENT */
        uint32_t cell = mci_slot_cell(word);

        if (word == mci_slot_full(box->generation, head, cell) && cell < box->depth) {
            *level = end = i;
            found = cell;
            i = UINT32_MAX; /* from the first level again */
        }
    }
    return found;
}

/* Takes the message that next() has found out of its slot; the cell is the receiver's until it
 * is given back. */
static inline void mci_mailbox_receive(const struct mci_mailbox *box,
                                       struct mci_mailbox_places *places, uint32_t level,
                                       uint32_t cell)
{
    uint32_t head = places->head[level]++;

    /* Before the slot is empty: it must not look like one that was taken and never sent. */
    atomic_store_explicit(&box->cells[cell].owner, MCI_TAKEN_CELL, memory_order_relaxed);
    atomic_store_explicit(mci_mailbox_slot(box, level, head),
                          mci_slot_empty(box->generation, head + box->mask + 1),
                          memory_order_release); /* the owner first */
}

/* Messages that wait, on all levels. */
uint32_t mci_mailbox_waiting(const struct mci_mailbox *box,
                             const struct mci_mailbox_places *places);

#endif /* MCI_MAILBOX_H */
