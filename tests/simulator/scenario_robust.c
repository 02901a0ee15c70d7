/* SPDX-License-Identifier: MIT */
/*
 * scenario_robust.c - one word that the kernel marks at its owner's death, used as a lock:
 * three threads take it, free or dead, give it back or die with it, sleep on it and guard it.
 * One at a time has it and sees what the one before did; who survives gets it.
 */
#include <limits.h>

#include "machine.h"
#include "os/clock.h"
#include "os/futex.h"
#include "os/robust.h"

enum { THREADS = 3, MOST = 3 };

struct shared {
    struct mci_liveness word;
    alignas(64) uint64_t turns;
};

static struct shared *shared;
static uint32_t turns;
static int owner;
static bool done[THREADS];

static void prepare(void)
{
    shared = sim_segment(sizeof *shared);
}

static bool try_to_take(uint32_t seen)
{
    return mci_robust_dead(seen) ? mci_robust_take_over(&shared->word)
                                 : seen == 0 && mci_robust_acquire(&shared->word);
}

static void take(void)
{
    for (;;) {
        uint32_t seen = atomic_load_explicit(&shared->word.word, memory_order_relaxed);

        if (try_to_take(seen))
            return;
        if (mci_robust_owner(seen) == 0)
            continue;
        mci_robust_guard(&shared->word);
        mci_futex_wait(&shared->word.word, seen, MCI_FOREVER);
        /* The death of an owner that was giving it back wakes one, and nothing shows it: while
         * guarded, that one passes it on. */
        mci_futex_wake(&shared->word.word, INT_MAX);
        mci_robust_guard(NULL);
    }
}

static void take_turns(void *unused)
{
    int self = sim_self();

    (void)unused;
    for (uint32_t i = 0; i < turns; i++) {
        take();
        sim_check(owner == SIM_NOBODY || sim_is_dead(owner));
        owner = self;
        shared->turns++; /* ordered with all others, or it is a race */
        owner = SIM_NOBODY;
        mci_robust_release(&shared->word);
    }
    done[self] = true;
}

/* Makes a dead word free, as recovery does. */
static void clear(void *unused)
{
    (void)unused;
    for (int i = 0; i < MOST; i++) {
        mci_robust_clear_dead(&shared->word);
        sim_pause();
    }
}

static void begin(void)
{
    int threads = 2 + (int)sim_random(THREADS - 1);

    turns = 1 + sim_random(MOST);
    owner = SIM_NOBODY;
    sim_name(&shared->word, sizeof shared->word, sizeof shared->word, "word");
    sim_name(&shared->turns, 8, 8, "turns");
    for (int i = 0; i < threads; i++)
        sim_start(i, take_turns, NULL);
    if (sim_random(2) == 0)
        sim_start(THREADS, clear, NULL);
}

static void end(void)
{
    for (int i = 0; i < THREADS; i++)
        sim_check(!sim_is_started(i) || sim_is_dead(i) || done[i]);
    sim_check(mci_robust_owner(shared->word.word) == 0);
}

const struct sim_scenario sim_robust = {
    .name = "robust",
    .about = "a word that the kernel marks, taken, given back and left by the dead",
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .deaths = 2,
    .span = 60,
    .share = 40,
    .members = THREADS,
    .weight = 14,
};
