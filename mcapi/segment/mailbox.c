/* SPDX-License-Identifier: MIT */
#include "segment/mailbox.h"

#include <string.h>

#include "os/crash_point.h"
#include "os/robust.h"

enum {
    /* Tries of a sender to find the end of a ring. Each but the last fails because another
     * sender got on; in a damaged segment it would go on for ever. */
    MOST_TRIES = 1 << 20,
};

/* --- Making --------------------------------------------------------------------------- */

/* Whether the name in a cell is that of a node that may be filling it: it lives, or has died
 * and other threads of its process may not know yet. */
static bool is_at_work(const struct mci_map *map, uint32_t name)
{
    uint32_t node = MCI_CONTROL_SLOT(name);
    const struct mci_node_slot *slot;
    uint32_t state;

    if (name == MCI_NOBODY || name == MCI_TAKEN_CELL || node >= map->limits.max_nodes)
        return false;
    slot = &map->nodes[node];
    state = atomic_load_explicit(&slot->state, memory_order_relaxed);
    /* LIVE too: a node that is just joining has the word, and may not be the next life yet. */
    return (state == MCI_NODE_LEAVING
            || (state == MCI_NODE_LIVE
                && (mci_robust_owner(
                            atomic_load_explicit(&slot->liveness.word, memory_order_acquire))
                            != 0
                    || atomic_load_explicit(&slot->helped, memory_order_seq_cst) != 0)))
        && (atomic_load_explicit(&slot->incarnation, memory_order_acquire) & 0x7fff)
                   == MCI_CONTROL_INCARNATION(name);
}

/* Places of a ring for so many cells. */
static uint32_t places_for(uint32_t cells)
{
    uint32_t places = 1;

    while (places < cells)
        places *= 2;
    return places;
}

/* Empties a slot for a new generation. A cell in it is marked first, as a receiver does: after
 * a death between the two it must not look like one that its sender still fills. */
static void empty_slot(const struct mci_mailbox *box, _Atomic uint64_t *slot, uint64_t fresh,
                       uint32_t cells)
{
    uint64_t old = atomic_load_explicit(slot, memory_order_acquire);

    do {
        if ((old & MCI_SLOT_FULL) != 0 && mci_slot_cell(old) < cells)
            atomic_store_explicit(&box->cells[mci_slot_cell(old)].owner, MCI_TAKEN_CELL,
                                  memory_order_relaxed); /* the exchange publishes */
        /* Fails when a late sender was quicker: once, as then the slot is full. */
    } while (!atomic_compare_exchange_strong_explicit(slot, &old, fresh, memory_order_acq_rel,
                                                      memory_order_acquire));
}

/* Empties the slots of all levels for a new generation, and marks the cells in them: nobody is
 * filling those. From its slot's exchange on no late sender can put a cell there. */
static void empty_slots(const struct mci_mailbox *box, uint32_t places, uint32_t cells)
{
    const uint32_t first = (uint32_t)MCI_FIRST_POSITION;

    for (uint32_t level = 0; level < MCI_LEVELS; level++) {
        for (uint32_t i = 0; i < places; i++)
            empty_slot(box, &box->slots[level * box->stride + i],
                       mci_slot_empty(box->generation, first + ((i - first) & box->mask)),
                       cells);
        atomic_store_explicit(&box->head->tail[level], mci_tail(box->generation, first),
                              memory_order_relaxed);
    }
}

/* Frees the cells that nobody is at work with. One that is free may be taken by a late sender
 * at any moment, so it is left alone; those of the dead, and those marked, are nobody's. */
static void free_cells(const struct mci_map *map, const struct mci_mailbox *box, uint32_t cells)
{
    for (uint32_t i = 0; i < cells; i++) {
        uint32_t name = atomic_load_explicit(&box->cells[i].owner, memory_order_acquire);

        /* Its sender may have given it back since, and have died then, and another taken it. */
        if (name != MCI_NOBODY && !is_at_work(map, name))
            atomic_compare_exchange_strong_explicit(&box->cells[i].owner, &name, MCI_NOBODY,
                                                    memory_order_release, /* FREED */
                                                    memory_order_relaxed);
    }
}

/* Memory for the slots and for so many cells, of which `*had` have some already; then all that
 * there are. */
static bool commit_cells(struct mci_map *map, uint32_t index, uint32_t cells, uint32_t *had)
{
    if (cells <= *had)
        return true;
    if (!mci_mailbox_commit(map, index, 0,
                            map->mailbox.cells + (uint64_t)cells * MCI_MESSAGE_STRIDE))
        return false;
    *had = map->endpoints[index].mailbox_cells = cells;
    return true;
}

bool mci_mailbox_make(struct mci_map *map, uint32_t index, uint32_t depth, uint32_t levels)
{
    struct mci_endpoint_slot *endpoint = &map->endpoints[index];
    uint32_t handle = atomic_load_explicit(&endpoint->handle, memory_order_relaxed);
    unsigned char *base = mci_mailbox_base(map, index);
    struct mci_mailbox box = {
        .head = (struct mci_mailbox_head *)base,
        .slots = (_Atomic uint64_t *)(base + map->mailbox.slots),
        .cells = (struct mci_message_cell *)(base + map->mailbox.cells),
        .generation = handle >> 16,
        .stride = map->mailbox.stride,
        .mask = places_for(depth) - 1,
    };
    uint32_t cells = MCI_ONCE(endpoint->mailbox_cells);

    if (atomic_load_explicit(&endpoint->mailbox, memory_order_relaxed) == handle)
        return true;
    if (cells > map->mailbox.depth || !commit_cells(map, index, depth, &cells))
        return false;
    atomic_store_explicit(&box.head->depth, depth, memory_order_relaxed); /* MADE publishes */
    atomic_store_explicit(&box.head->levels, levels, memory_order_relaxed);
    atomic_store_explicit(&box.head->accepted, levels, memory_order_relaxed);
    atomic_store_explicit(&box.head->mask, box.mask, memory_order_relaxed);
    empty_slots(&box, places_for(cells), cells);
    CRASH_POINT(mailbox_emptied);
    free_cells(map, &box, cells);
    for (int side = 0; side < MCI_SIDES; side++)
        atomic_store_explicit(&box.head->event[side], 0, memory_order_relaxed);
    atomic_store_explicit(&endpoint->mailbox, handle, memory_order_release); /* MADE */
    CRASH_POINT(mailbox_made);
    return true;
}

/* --- Taking back ---------------------------------------------------------------------- */

static bool is_of(uint32_t name, uint32_t node)
{
    return name != MCI_NOBODY && name != MCI_TAKEN_CELL && MCI_CONTROL_SLOT(name) == node;
}

/* Whether the cell lies in a slot: sent, and not yet received. */
static bool is_sent(const struct mci_mailbox *box, uint32_t cell)
{
    for (uint32_t level = 0; level < box->levels; level++)
        for (uint32_t i = 0; i <= box->mask; i++) {
            uint64_t word = atomic_load_explicit(&box->slots[level * box->stride + i],
                                                 memory_order_acquire);

            if ((word & MCI_SLOT_FULL) != 0 && word >> 48 == box->generation
                && mci_slot_cell(word) == cell)
                return true;
        }
    return false;
}

bool mci_mailbox_return_cells(const struct mci_mailbox *box, uint32_t node)
{
    bool some = false;

    for (uint32_t cell = 0; cell < box->depth; cell++) {
        uint32_t name = atomic_load_explicit(&box->cells[cell].owner, memory_order_acquire);

        /* In no slot: never sent, or received since we have read the name; then the name has
         * gone before the slot was emptied, and the exchange fails. */
        if (!is_of(name, node) || is_sent(box, cell))
            continue;
        some |= atomic_compare_exchange_strong_explicit(
                &box->cells[cell].owner, &name, MCI_NOBODY, memory_order_release /* FREED */,
                memory_order_relaxed);
        CRASH_POINT(recovery_cell_freed);
    }
    return some;
}

uint32_t mci_mailbox_find_dead(const struct mci_map *map, const struct mci_mailbox *box)
{
    for (uint32_t cell = 0; cell < box->depth; cell++) {
        uint32_t name = atomic_load_explicit(&box->cells[cell].owner, memory_order_acquire);
        uint32_t node = MCI_CONTROL_SLOT(name);

        if (name != MCI_NOBODY && name != MCI_TAKEN_CELL && node < map->limits.max_nodes
            && mci_robust_dead(atomic_load_explicit(&map->nodes[node].liveness.word,
                                                    memory_order_acquire)))
            return node;
    }
    return UINT32_MAX;
}

/* --- Sending -------------------------------------------------------------------------- */

bool mci_mailbox_send(const struct mci_mailbox *box, uint32_t level, uint32_t cell)
{
    _Atomic uint64_t *tail = &box->head->tail[level];

    for (uint32_t tries = 0; tries < MOST_TRIES; tries++) {
        uint64_t end = atomic_load_explicit(tail, memory_order_acquire); /* BEFORE */
        uint32_t position = (uint32_t)end;
        _Atomic uint64_t *slot = mci_mailbox_slot(box, level, position);
        uint64_t word = atomic_load_explicit(slot, memory_order_relaxed);
        uint64_t empty = mci_slot_empty(box->generation, position);
        bool sent = false;

        if (word >> 48 != box->generation || end >> 32 != box->generation)
            return false;
        /* Of an earlier position: what we have read of the slot is older than what we have read
         * of the tail. The exchange decides. */
        if (word == empty || (int32_t)(mci_slot_position(word) - position) < 0) {
            word = empty;
            sent = atomic_compare_exchange_strong_explicit(
                    slot, &word, mci_slot_full(box->generation, position, cell),
                    memory_order_release /* SENT */, memory_order_relaxed);
            if (sent)
                CRASH_POINT(message_sent);
            else
                continue;
        }
        /* This position is used, by us or by another, who may have died before it could say
         * so. Only a guide to the end: a tail that lags behind costs tries, no more. */
        atomic_compare_exchange_strong_explicit(
                tail, &end, mci_tail(box->generation, position + 1),
                memory_order_release /* BEFORE */, memory_order_relaxed);
        if (sent)
            return true;
    }
    return false;
}

/* --- Receiving and looking ------------------------------------------------------------ */

void mci_mailbox_begin(struct mci_mailbox_places *places)
{
    for (uint32_t i = 0; i < MCI_LEVELS; i++)
        places->head[i] = (uint32_t)MCI_FIRST_POSITION;
}

uint32_t mci_mailbox_waiting(const struct mci_mailbox *box,
                             const struct mci_mailbox_places *places)
{
    uint32_t waiting = 0;

    for (uint32_t level = 0; level < box->levels; level++)
        for (uint32_t head = places->head[level]; waiting < box->depth; head++, waiting++) {
            uint64_t word = atomic_load_explicit(mci_mailbox_slot(box, level, head),
                                                 memory_order_acquire); /* SENT */

            if (word != mci_slot_full(box->generation, head, mci_slot_cell(word)))
                break;
        }
    return waiting;
}

uint32_t mci_mailbox_free_cells(const struct mci_mailbox *box)
{
    uint32_t free_cells = 0;

    for (uint32_t cell = 0; cell < box->depth; cell++)
        free_cells += atomic_load_explicit(&box->cells[cell].owner, memory_order_relaxed)
                   == MCI_NOBODY;
    return free_cells;
}
