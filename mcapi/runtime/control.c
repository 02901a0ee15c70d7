/* SPDX-License-Identifier: MIT */
#include "runtime/control.h"

#include <limits.h>

#include "os/crash_point.h"
#include "os/futex.h"
#include "os/robust.h"
#include "runtime/recovery.h"

enum { NAP = 1000 * 1000 * 1000 }; /* ns; then the owner is looked at again */

/*
 * NAMED  who sees the name of a node in the word sees that node's liveness word taken: or a
 *        live owner would look like a dead one.
 */

/* Whether whoever the word names cannot give the lock back any more. A name is never used
 * again, so what was true of it once stays true, however late the caller acts on it. */
static bool owner_died(const struct mci_map *map, uint32_t word)
{
    uint32_t slot = MCI_CONTROL_SLOT(word);
    const struct mci_node_slot *owner;

    if (slot >= map->limits.max_nodes)
        return true; /* nobody: a damaged word */
    owner = &map->nodes[slot];
    if (mci_robust_owner(atomic_load_explicit(&owner->liveness.word, memory_order_acquire))
        == 0)
        return true;
    return (atomic_load_explicit(&owner->incarnation, memory_order_acquire) & 0x7fff)
        != MCI_CONTROL_INCARNATION(word);
}

/* Sleeps until the lock is given back or its owner dies. */
static void wait_for_owner(const struct mci_map *map, uint32_t word)
{
    _Atomic uint32_t *control = &map->header->control;
    _Atomic uint32_t *life = &map->nodes[MCI_CONTROL_SLOT(word)].liveness.word;
    uint32_t alive = atomic_load_explicit(life, memory_order_relaxed);
    struct mci_futex_watch watch[2] = {
        { .word = control, .expected = word | MCI_CONTROL_WAITED },
        { .word = life, .expected = alive },
    };

    if (mci_robust_owner(alive) == 0)
        return;
    if ((word & MCI_CONTROL_WAITED) == 0
        && !atomic_compare_exchange_strong_explicit(control, &word, word | MCI_CONTROL_WAITED,
                                                    memory_order_relaxed, memory_order_relaxed))
        return;
    /* Should the owner die and we next, before we could tell the others that wait. */
    mci_robust_guard(&map->nodes[MCI_CONTROL_SLOT(word)].liveness);
    mci_futex_wait_any(watch, 2, mci_clock_now() + NAP);
    mci_robust_guard(NULL);
}

void mci_control_lock_joining(uint32_t slot)
{
    struct mci_map *map = &mci_runtime.map;
    _Atomic uint32_t *control = &map->header->control;
    uint32_t mine = MCI_CONTROL_NAME(
            slot, atomic_load_explicit(&map->nodes[slot].incarnation, memory_order_relaxed));
    uint32_t word = 0;
    bool waited = false;

    for (;;) {
        bool died = word != 0 && owner_died(map, word);

        if (word == 0 || died) {
            /* The mark stays, and who has waited sets it: there may be others. */
            uint32_t mark = waited ? MCI_CONTROL_WAITED : word & MCI_CONTROL_WAITED;

            if (!atomic_compare_exchange_weak_explicit(
                        control, &word, mine | mark, memory_order_acq_rel /* CONTROL, NAMED */,
                        memory_order_acquire /* NAMED */))
                continue;
            CRASH_POINT(control_taken);
            if (died)
                mci_repair();
            return;
        }
        wait_for_owner(map, word);
        waited = true;
        word = atomic_load_explicit(control, memory_order_acquire); /* NAMED */
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

/* The mutex is held. */
static bool lock_if_live(struct mci_node *node, uint32_t serial)
{
    if (!mci_node_is_live(node, serial)) {
        pthread_mutex_unlock(&mci_runtime.mutex);
        mci_self.inside--;
        return false;
    }
    mci_control_lock_joining(node->slot);
    return true;
}

bool mci_control_lock(struct mci_node *node, uint32_t serial)
{
    mci_self.inside++;
    pthread_mutex_lock(&mci_runtime.mutex);
    return lock_if_live(node, serial);
}

bool mci_control_try_lock(struct mci_node *node, uint32_t serial, bool *busy)
{
    mci_self.inside++;
    *busy = pthread_mutex_trylock(&mci_runtime.mutex) != 0;
    if (!*busy)
        return lock_if_live(node, serial);
    mci_self.inside--;
    return false;
}

void mci_control_unlock(void)
{
    mci_control_unlock_joining();
    pthread_mutex_unlock(&mci_runtime.mutex);
    mci_self.inside--;
    if (mci_self.finalize_later)
        mci_self_catch_up();
}
