/* SPDX-License-Identifier: MIT */
#include "runtime/control.h"

#include <limits.h>

#include "os/crash_point.h"
#include "os/futex.h"
#include "os/robust.h"
#include "runtime/recovery.h"

enum { NAP = 1000 * 1000 * 1000 };      /* ns; then the owner is looked at again */

/* Whether whoever the word names can still give the lock back. */
static bool owner_died(const struct mci_map *map, uint32_t word)
{
    uint32_t slot = (word & ~MCI_CONTROL_WAITED) - 1;

    if (slot >= map->limits.max_nodes)
        return true; /* nobody: a damaged word */
    return mci_robust_owner(atomic_load_explicit(&map->nodes[slot].liveness.word,
                                                 memory_order_acquire)) == 0;
}

/* Sleeps until the lock is given back or its owner dies. */
static void wait_for_owner(const struct mci_map *map, uint32_t word)
{
    _Atomic uint32_t *control = &map->header->control;
    _Atomic uint32_t *life = &map->nodes[(word & ~MCI_CONTROL_WAITED) - 1].liveness.word;
    uint32_t alive = atomic_load_explicit(life, memory_order_relaxed);
    struct mci_futex_watch watch[2] = {
        {.word = control, .expected = word | MCI_CONTROL_WAITED},
        {.word = life, .expected = alive},
    };

    if (mci_robust_owner(alive) == 0)
        return;
    if ((word & MCI_CONTROL_WAITED) == 0 &&
        !atomic_compare_exchange_strong_explicit(control, &word, word | MCI_CONTROL_WAITED,
                                                 memory_order_relaxed, memory_order_relaxed))
        return;
    mci_futex_wait_any(watch, 2, mci_clock_now() + NAP);
}

void mci_control_lock_joining(uint32_t slot)
{
    struct mci_map *map = &mci_runtime.map;
    _Atomic uint32_t *control = &map->header->control;
    uint32_t mine = slot + 1;
    uint32_t word = 0;
    bool waited = false;

    for (;;) {
        bool died = word != 0 && owner_died(map, word);

        if (word == 0 || died) {
            /* Who has waited keeps the mark: there may be others. */
            if (!atomic_compare_exchange_weak_explicit(
                    control, &word, waited ? mine | MCI_CONTROL_WAITED : mine,
                    memory_order_acquire /* CONTROL */, memory_order_relaxed))
                continue;
            CRASH_POINT(control_taken);
            if (died)
                mci_repair();
            return;
        }
        wait_for_owner(map, word);
        waited = true;
        word = atomic_load_explicit(control, memory_order_relaxed);
    }
}

void mci_control_unlock_joining(void)
{
    _Atomic uint32_t *control = &mci_runtime.map.header->control;
    uint32_t word = atomic_exchange_explicit(control, 0, memory_order_release); /* CONTROL */

    CRASH_POINT(control_released);
    if (word & MCI_CONTROL_WAITED)
        mci_futex_wake(control, INT_MAX);
}

bool mci_control_lock(struct mci_node *node, uint32_t serial)
{
    mci_self.inside++;
    pthread_mutex_lock(&mci_runtime.mutex);
    if (!mci_node_is_live(node, serial)) {
        pthread_mutex_unlock(&mci_runtime.mutex);
        mci_self.inside--;
        return false;
    }
    mci_control_lock_joining(node->slot);
    return true;
}

void mci_control_unlock(void)
{
    mci_control_unlock_joining();
    pthread_mutex_unlock(&mci_runtime.mutex);
    mci_self.inside--;
    if (mci_self.finalize_later)
        mci_self_catch_up();
}
