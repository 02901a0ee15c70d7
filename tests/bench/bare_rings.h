/* SPDX-License-Identifier: MIT */
/*
 * bare_rings.h - the least that a balancer's pattern needs: a ring for each worker whose slots
 * carry their mark, and a count of what is done. Whoever waits looks a few times, then lets
 * others run. No checks, and nobody may die.
 */
#ifndef TESTS_BENCH_BARE_RINGS_H
#define TESTS_BENCH_BARE_RINGS_H

#include "bench/balancer.h"

enum { BARE_SLOTS = 2 * BALANCER_WINDOW, BARE_LOOKS = 64 };

struct bare_slot {
    _Alignas(TRIAL_LINE) unsigned char item[BALANCER_SIZE];
    uint32_t note; /* about the item, as its giver likes */
    _Atomic uint64_t mark;
};

struct bare_ring {
    struct bare_slot slot[BARE_SLOTS];
    _Alignas(TRIAL_LINE) _Atomic uint64_t done;
};

/* A party's: the first has the rings of all workers, each other its own. */
struct bare_own {
    struct bare_ring *ring;
    uint64_t position[BALANCER_MOST], known[BALANCER_MOST];
};

/* All that are needed; before there are parties. */
static inline struct bare_ring *bare_rings(const struct trial *trial)
{
    return trial_share((trial->parties - 1) * sizeof(struct bare_ring));
}

BENCH_INLINE void bare_wait(unsigned *turns)
{
    unsigned turn = ++*turns;

    if (turn < BARE_LOOKS)
        trial_relax(&turn);
    else
        trial_yield();
}

BENCH_INLINE void bare_give(struct bare_own *own, unsigned worker, const void *item,
                            uint32_t note)
{
    struct bare_slot *slot = &own->ring[worker].slot[own->position[worker] % BARE_SLOTS];

    memcpy(slot->item, item, BALANCER_SIZE);
    slot->note = note;
    atomic_store_explicit(&slot->mark, ++own->position[worker], memory_order_release);
}

/* How many items are done and nobody knew of yet; waits until there are some. */
BENCH_INLINE uint32_t bare_collect(struct bare_own *own, unsigned worker)
{
    uint64_t before = own->known[worker];
    unsigned turns = 0;

    for (;;) {
        uint64_t done = atomic_load_explicit(&own->ring[worker].done, memory_order_acquire);

        own->known[worker] = done;
        if (done != before)
            return (uint32_t)(done - before);
        bare_wait(&turns);
    }
}

/* Waits for a worker's next item; its note. */
BENCH_INLINE uint32_t bare_take(struct bare_own *own, void *item)
{
    struct bare_slot *slot = &own->ring->slot[own->position[0] % BARE_SLOTS];
    unsigned turns = 0;

    own->position[0]++;
    while (atomic_load_explicit(&slot->mark, memory_order_acquire) != own->position[0])
        bare_wait(&turns);
    memcpy(item, slot->item, BALANCER_SIZE);
    return slot->note;
}

BENCH_INLINE void bare_acknowledge(struct bare_own *own, uint32_t count)
{
    own->known[0] += count;
    atomic_store_explicit(&own->ring->done, own->known[0], memory_order_release);
}

#endif /* TESTS_BENCH_BARE_RINGS_H */
