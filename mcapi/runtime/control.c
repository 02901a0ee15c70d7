/* SPDX-License-Identifier: MIT */
#include "runtime/control.h"

#include <errno.h>
#include <limits.h>

#include "os/crash_point.h"
#include "os/futex.h"
#include "os/process.h"
#include "os/robust.h"
#include "runtime/recovery.h"

enum {
    MUTEX_NAP = 50 * 1000,       /* ns; while another thread of the process has the mutex */
    SHORT_NAP = 1 * 1000 * 1000, /* ns; while the owner's process is on its way out */
    MOST_NAPS = 30, /* for one owner that does nothing; then its word is not believed */

    /* ns; the same for one whose word was not believed before: a healthy one needs less. */
    SECOND_CHANCE = 20 * 1000 * 1000,

    /* ns; an owner that is not stopped gives the lock back sooner, on the busiest machine. */
    GRACE = 1000 * 1000 * 1000,
};

mci_time mci_control_nap = 1000 * 1000 * 1000;

/* The word that somebody here has waited for in vain: nobody waits for it as long again, until
 * the lock was seen without it. Under the mutex. */
static uint32_t given_up;

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

/* The owner is dead; but the lock may have been taken by another thread of its process, which
 * does not know yet, or goes on: until that one has given the lock back, or has ended too, the
 * tables are its. */
static bool is_still_at_work(const struct mci_map *map, uint32_t word)
{
    uint32_t slot = MCI_CONTROL_SLOT(word);

    return (word & MCI_CONTROL_HELPER) != 0 && slot < map->limits.max_nodes
        && (atomic_load_explicit(&map->nodes[slot].incarnation, memory_order_acquire) & 0x7fff)
                   == MCI_CONTROL_INCARNATION(word)
        && !mci_recover_is_quiet(map, slot);
}

/* Whether the word names a node of this process. None of them has the lock while we ask for it,
 * as we have the mutex. A node whose thread has ended may have lost its slot to another
 * process, which has the lock then. */
static bool is_ours(uint32_t word)
{
    for (uint32_t i = 0; i < mci_runtime.node_count; i++) {
        const struct mci_node *node = mci_runtime.nodes[i];

        if ((atomic_load_explicit(&node->serial, memory_order_relaxed) & 1) != 0
            && node->slot == MCI_CONTROL_SLOT(word) && !mci_node_is_lost(node))
            return true;
    }
    return false;
}

/* --- Waiting for the owner ------------------------------------------------------------ */

/* What a thread that wants the lock has seen of it. */
struct wait {
    uint32_t word;   /* the owner that it has waited for... */
    mci_time spent;  /* ns; ...in sleeps from which nobody woke it */
    mci_time looked; /* when it looked last */
    bool waited;
    bool woken; /* the last sleep did not end by itself: something has happened */
};

/*
 * True: that owner has kept the lock for so long that it does not have it, whatever the word
 * says; and it is not stopped. We may have been stopped ourselves, or not have run for long,
 * and the owner with us: so a look counts no more than one sleep, and what counts is only time
 * in which the lock was not given back, even if the same owner took it again.
 */
static bool is_unbelievable(const struct mci_map *map, uint32_t word, struct wait *wait)
{
    const struct mci_node_slot *owner = &map->nodes[MCI_CONTROL_SLOT(word)];
    uint32_t name = word & ~MCI_CONTROL_WAITED;
    mci_time now = mci_clock_now();
    mci_time since = now - wait->looked;
    mci_time longest = MOST_NAPS * mci_control_nap;

    wait->looked = now;
    if (!wait->waited || wait->woken || name != wait->word
        || mci_process_stopped(owner->process, owner->process_start)) {
        wait->word = name;
        wait->spent = 0;
        return false;
    }
    wait->spent += since < mci_control_nap ? since : mci_control_nap;
    if (name == given_up && longest > SECOND_CHANCE)
        longest = SECOND_CHANCE;
    if (wait->spent < longest)
        return false;
    if (name != given_up)
        mci_say(0,
                "topology '%s': node <%u,%u> of process %u has kept the lock of the tables for "
                "too long; until it gives it back, or ends, calls that need it fail",
                map->segment.topology, owner->domain, owner->node, owner->process);
    given_up = name;
    return true;
}

/* Sleeps until the lock is given back or its owner dies. False: for as long as it would. */
static bool wait_for_owner(struct mci_map *map, uint32_t word, mci_time until)
{
    _Atomic uint32_t *control = &map->header->control;
    _Atomic uint32_t *life = &map->nodes[MCI_CONTROL_SLOT(word)].liveness.word;
    uint32_t alive = atomic_load_explicit(life, memory_order_relaxed);
    struct mci_futex_watch watch[2] = {
        { .word = control, .expected = word | MCI_CONTROL_WAITED },
        { .word = life, .expected = alive },
    };
    bool doubted = (word & ~MCI_CONTROL_WAITED) == given_up;
    mci_time nap =
            mci_clock_now()
            + (doubted && mci_control_nap > SECOND_CHANCE ? SECOND_CHANCE : mci_control_nap);
    int result;

    if (mci_robust_owner(alive) == 0)
        return true;
    if ((word & MCI_CONTROL_WAITED) == 0
        && !atomic_compare_exchange_strong_explicit(control, &word, word | MCI_CONTROL_WAITED,
                                                    memory_order_relaxed, memory_order_relaxed))
        return true;
    /* Should the owner die and we next, before we could tell the others that wait. */
    mci_robust_guard(&map->nodes[MCI_CONTROL_SLOT(word)].liveness);
    result = mci_futex_wait_any(watch, 2, nap < until ? nap : until);
    mci_robust_guard(NULL);
    if (result == ETIMEDOUT)
        mci_recover_notice(map, MCI_CONTROL_SLOT(word));
    return result == 0 || result == EAGAIN; /* not for a signal */
}

/* Whether the word names us, who do not have the lock: a damaged word. */
static bool is_mine(uint32_t word, uint32_t mine, const struct wait *wait)
{
    return (word & ~(MCI_CONTROL_WAITED | MCI_CONTROL_HELPER)) == (mine & ~MCI_CONTROL_HELPER)
        || (wait->waited && is_ours(word));
}

/* As the node in that slot; `helps`: by another thread than its own. False: not before `until`,
 * or the lock cannot be had. */
static bool take(uint32_t slot, bool helps, mci_time until)
{
    struct mci_map *map = &mci_runtime.map;
    _Atomic uint32_t *control = &map->header->control;
    uint32_t mine = MCI_CONTROL_NAME(
            slot, atomic_load_explicit(&map->nodes[slot].incarnation, memory_order_relaxed));
    struct wait wait = { .waited = false };
    uint32_t word = 0;

    if (helps)
        mine |= MCI_CONTROL_HELPER;
    for (;;) {
        bool died = word != 0 && owner_died(map, word);
        bool left = word != 0
                 && (is_mine(word, mine, &wait) || (died && !is_still_at_work(map, word)));

        if (word == 0 || left) {
            /* The mark stays, and who has waited sets it: there may be others. */
            uint32_t mark = wait.waited ? MCI_CONTROL_WAITED : word & MCI_CONTROL_WAITED;

            if (!atomic_compare_exchange_weak_explicit(
                        control, &word, mine | mark, memory_order_acq_rel /* CONTROL, NAMED */,
                        memory_order_acquire /* NAMED */))
                continue;
            CRASH_POINT(control_taken);
            given_up = 0;
            if (left)
                mci_repair();
            return true;
        }
        if (is_unbelievable(map, word, &wait) || mci_clock_now() >= until)
            return false;
        wait.woken = false;
        if (died)
            mci_futex_wait(control, word, mci_clock_now() + SHORT_NAP);
        else
            wait.woken = wait_for_owner(map, word, until);
        wait.waited = true;
        word = atomic_load_explicit(control, memory_order_acquire); /* NAMED */
        if ((word & ~MCI_CONTROL_WAITED) != given_up)
            given_up = 0;
    }
}

bool mci_control_lock_joining(uint32_t slot)
{
    return take(slot, false, MCI_FOREVER);
}

void mci_control_unlock_joining(void)
{
    _Atomic uint32_t *control = &mci_runtime.map.header->control;
    uint32_t word = atomic_exchange_explicit(control, 0, memory_order_release); /* CONTROL */

    CRASH_POINT(control_released);
    if (word & MCI_CONTROL_WAITED)
        mci_futex_wake(control, INT_MAX);
}

/* --- With the mutex of the process ---------------------------------------------------- */

void mci_control_give_up_at(mci_time deadline)
{
    mci_self.give_up_at = deadline == MCI_FOREVER ? 0 : mci_clock_now() + GRACE;
    if (mci_self.give_up_at != 0 && deadline + GRACE > mci_self.give_up_at)
        mci_self.give_up_at = deadline + GRACE;
    mci_self.gave_up = false;
}

bool mci_control_gave_up(void)
{
    return mci_self.gave_up;
}

/* False: not before the thread gives up. Not pthread_mutex_clocklock, which the thread
 * sanitizer does not know. */
static bool lock_mutex(void)
{
    _Atomic uint32_t nothing = 0;

    if (__builtin_expect(mci_self.give_up_at == 0, 1))
        return pthread_mutex_lock(&mci_runtime.mutex) == 0;
    while (pthread_mutex_trylock(&mci_runtime.mutex) != 0) {
        mci_time now = mci_clock_now();

        if (now >= mci_self.give_up_at)
            return false;
        mci_futex_wait(&nothing, 0, now + MUTEX_NAP);
    }
    return true;
}

/* The mutex is held. */
static bool lock_if_live(struct mci_node *node, uint32_t serial)
{
    mci_time until = mci_self.give_up_at == 0 ? MCI_FOREVER : mci_self.give_up_at;
    bool live = mci_node_is_live(node, serial);
    bool helps = live && node->thread != mci_thread_id();

    if (live && (!helps || mci_node_help(node))) {
        mci_self.gave_up = !take(node->slot, helps, until);
        /* Whom we help may have died while we waited, and be recovered. From here on it is not
         * recovered before we give the lock back. */
        if (!mci_self.gave_up && (!helps || !mci_node_is_lost(node)))
            return true;
        if (!mci_self.gave_up)
            mci_control_unlock_joining();
    }
    pthread_mutex_unlock(&mci_runtime.mutex);
    mci_self.inside--;
    return false;
}

bool mci_control_lock(struct mci_node *node, uint32_t serial)
{
    mci_self.inside++;
    if (lock_mutex())
        return lock_if_live(node, serial);
    mci_self.gave_up = true;
    mci_self.inside--;
    return false;
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
