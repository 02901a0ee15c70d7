/* SPDX-License-Identifier: MIT */
#include "runtime/recovery.h"

#include "os/crash_point.h"
#include "os/robust.h"
#include "runtime/channel.h"
#include "runtime/endpoint.h"
#include "runtime/message.h"
#include "segment/event.h"

static bool is_live(const struct mci_node_slot *slot)
{
    return atomic_load_explicit(&slot->state, memory_order_relaxed) == MCI_NODE_LIVE;
}

void mci_take_back(struct mci_map *map, uint32_t node, enum mci_side_state how)
{
    uint32_t high = mci_endpoint_high(map);

    if (!is_live(&map->nodes[node]))
        return;
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
    mci_message_take_back(map, node);
}

bool mci_recover_if_dead(struct mci_map *map, uint32_t node)
{
    struct mci_node_slot *slot;

    if (node >= map->limits.max_nodes)
        return false;
    slot = &map->nodes[node];
    if (!mci_robust_dead(atomic_load_explicit(&slot->liveness.word, memory_order_acquire)))
        return false;
    CRASH_POINT(recovery_began);
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
