/* SPDX-License-Identifier: MIT */
#include "runtime/recovery.h"

#include "os/crash_point.h"
#include "os/memory.h"
#include "os/process.h"
#include "os/robust.h"
#include "runtime/channel.h"
#include "runtime/endpoint.h"
#include "runtime/message.h"
#include "segment/event.h"

static bool is_live(const struct mci_node_slot *slot)
{
    return atomic_load_explicit(&slot->state, memory_order_relaxed) == MCI_NODE_LIVE;
}

/* --- Who may still be at work ---------------------------------------------------------- */

/*
 * HELPED  a thread that is to act for another one's node says so in the node's slot, and then
 *         looks at the liveness word; who recovers the node has seen the word marked, and then
 *         looks whether anybody has said so. One of the two sees the other.
 */
bool mci_recover_is_quiet(const struct mci_map *map, uint32_t node)
{
    const struct mci_node_slot *slot = &map->nodes[node];

    atomic_thread_fence(memory_order_seq_cst); /* HELPED */
    if (atomic_load_explicit(&slot->helped, memory_order_seq_cst) == 0)
        return true; /* the node's thread was the only one, and has ended */
    return mci_process_ended(slot->process, slot->process_start)
        /* It has executed another program, and is the same process. */
        || mci_memory_replaced(slot->process, map->segment.device, map->segment.inode);
}

/*
 * QUIET  who sees the next life of a slot begun knows that nobody acts for the one before: who
 *        took the slot has looked, and all that they did has happened.
 */
bool mci_recover_is_kept(const struct mci_map *map, uint32_t node, uint32_t life)
{
    const struct mci_node_slot *slot;

    if (node >= map->limits.max_nodes)
        return false;
    slot = &map->nodes[node];
    return atomic_load_explicit(&slot->state, memory_order_relaxed) == MCI_NODE_LEAVING
        && atomic_load_explicit(&slot->incarnation, memory_order_acquire) == life; /* QUIET */
}

void mci_recover_notice(struct mci_map *map, uint32_t node)
{
    struct mci_node_slot *slot = &map->nodes[node];
    uint32_t word = atomic_load_explicit(&slot->liveness.word, memory_order_acquire);
    uint32_t thread = mci_robust_owner(word);

    /* What the slot says of the process is about the owner of the word only while it is live,
     * and its thread has the word: not one that has taken the slot over from it. And if the
     * slot was another's by now, the word has changed. */
    if (thread == 0 || atomic_load_explicit(&slot->state, memory_order_acquire) != MCI_NODE_LIVE
        || atomic_load_explicit(&slot->thread, memory_order_relaxed) != thread
        || !mci_thread_ended(slot->process, slot->process_start, thread))
        return;
    mci_robust_declare_dead(&slot->liveness, word);
}

/* --- Taking back ----------------------------------------------------------------------- */

/* What is in the tables. */
static void empty_tables(struct mci_map *map, uint32_t node, enum mci_side_state how)
{
    uint32_t high = mci_endpoint_high(map);

    mci_endpoint_return_gets(map, node);
    CRASH_POINT(recovery_gets_returned);
    for (uint32_t i = 0; i < high; i++) {
        struct mci_endpoint_slot *slot = &map->endpoints[i];

        if (atomic_load_explicit(&slot->handle, memory_order_relaxed) == 0
            || slot->owner != node)
            continue;
        mci_channel_abandon(map, slot, how);
        CRASH_POINT(recovery_side_dead);
        mci_endpoint_discard(map, i);
        CRASH_POINT(recovery_endpoint_freed);
    }
}

/* By itself, so that tests/crash/kill can leave it out. */
__attribute__((noinline)) void mci_take_back(struct mci_map *map, uint32_t node,
                                             enum mci_side_state how)
{
    uint32_t state = atomic_load_explicit(&map->nodes[node].state, memory_order_relaxed);

    if (state == MCI_NODE_FREE)
        return;
    if (state == MCI_NODE_LIVE)
        empty_tables(map, node, how);
    mci_message_take_back(map, node);
}

/* Others of its process may be in the middle of something: the peers learn of the death now,
 * and the rest is for whoever comes when they have ended. */
static void take_back_visible(struct mci_map *map, uint32_t node)
{
    struct mci_node_slot *slot = &map->nodes[node];

    if (!is_live(slot))
        return;
    empty_tables(map, node, MCI_SIDE_DEAD);
    mci_message_wake_all(map);
    atomic_store_explicit(&slot->state, MCI_NODE_LEAVING, memory_order_release);
}

/* The slot is the present owner's of its word only after that one has had the control lock:
 * until then it is that of a dead node, from which the word was taken over. */
static bool has_died(const struct mci_node_slot *slot)
{
    uint32_t word = atomic_load_explicit(&slot->liveness.word, memory_order_acquire);

    return mci_robust_dead(word)
        || (atomic_load_explicit(&slot->state, memory_order_relaxed) != MCI_NODE_FREE
            && atomic_load_explicit(&slot->thread, memory_order_relaxed)
                       != mci_robust_owner(word));
}

bool mci_recover_if_dead(struct mci_map *map, uint32_t node)
{
    struct mci_node_slot *slot;

    if (node >= map->limits.max_nodes)
        return false;
    slot = &map->nodes[node];
    if (!has_died(slot))
        return false;
    CRASH_POINT(recovery_began);
    if (atomic_load_explicit(&slot->state, memory_order_relaxed) != MCI_NODE_FREE
        && !mci_recover_is_quiet(map, node)) {
        take_back_visible(map, node);
        return true;
    }
    mci_take_back(map, node, MCI_SIDE_DEAD);
    atomic_store_explicit(&slot->state, MCI_NODE_FREE, memory_order_release);
    CRASH_POINT(recovery_slot_freed);
    mci_robust_clear_dead(&slot->liveness);
    return true;
}

void mci_recover_own(struct mci_map *map, uint32_t node)
{
    mci_take_back(map, node, MCI_SIDE_DEAD);
    atomic_store_explicit(&map->nodes[node].state, MCI_NODE_FREE, memory_order_release);
}

void mci_recover_all_dead(struct mci_map *map)
{
    for (uint32_t i = 0; i < map->limits.max_nodes; i++)
        mci_recover_if_dead(map, i);
}

void mci_repair(void)
{
    struct mci_map *map = &mci_runtime.map;

    mci_endpoint_rebuild(map);
    mci_channel_repair(map);
    mci_recover_all_dead(map);
    for (uint32_t i = 0; i < map->limits.max_nodes; i++)
        if (is_live(&map->nodes[i]))
            mci_bell_ring(map, i);
    CRASH_POINT(repair_done);
}
