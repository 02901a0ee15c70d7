/* SPDX-License-Identifier: MIT */
#include "segment/event.h"

#include <limits.h>

#include "os/crash_point.h"
#include "os/fence.h"
#include "os/futex.h"

void mci_bell_ring(const struct mci_map *map, uint32_t node)
{
    struct mci_node_slot *slot;

    if (node >= map->limits.max_nodes)
        return;
    slot = &map->nodes[node];
    /* RUNG: this side adds, then looks for sleepers; the sleeper counts itself, then reads
     * the bell. Both sides sequentially consistent: one of them sees the other. */
    atomic_fetch_add_explicit(&slot->bell, 1, memory_order_seq_cst);
    CRASH_POINT(bell_rung);
    if (atomic_load_explicit(&slot->bell_sleepers, memory_order_seq_cst) != 0)
        mci_futex_wake(&slot->bell, INT_MAX);
}

bool mci_event_wake(const struct mci_map *map, _Atomic uint32_t *event, uint32_t node)
{
    const uint32_t announced = MCI_EVENT_SLEEPER | MCI_EVENT_BELL;
    uint32_t who = atomic_load_explicit(event, memory_order_relaxed); /* the exchange decides */

    while (!atomic_compare_exchange_weak_explicit(
            event, &who, (who & ~announced) + MCI_EVENT_TAKEN, memory_order_acq_rel /* EXACT */,
            memory_order_relaxed))
        ;
    CRASH_POINT(event_taken);
    if (who & MCI_EVENT_SLEEPER)
        mci_futex_wake(event, INT_MAX);
    if (who & MCI_EVENT_BELL)
        mci_bell_ring(map, node);
    return (who & announced) != 0;
}

uint32_t mci_event_announce(_Atomic uint32_t *event, uint32_t bit)
{
    return atomic_fetch_or_explicit(event, bit, memory_order_seq_cst) | bit;
}

void mci_event_fence(void)
{
    /* LOOKED: with wakers that fence too, and with those that do not. */
    atomic_thread_fence(memory_order_seq_cst);
    if (mci_fence_heavy_available())
        mci_fence_heavy();
}
