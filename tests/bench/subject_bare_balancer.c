/* SPDX-License-Identifier: MIT */
/*
 * subject_bare_balancer.c - the limit of the balancer's pattern: a ring for each worker whose
 * slots carry their mark, and a count of what is done. Whoever waits looks a few times, then
 * lets others run.
 */
#include <sched.h>

#include "bench/balancer.h"
#include "bench/entries.h"

enum { SLOTS = 2 * BALANCER_WINDOW, LOOKS = 64 };

struct slot {
    _Alignas(TRIAL_LINE) struct balancer_item item;
    _Atomic uint64_t mark;
};

struct ring {
    struct slot slot[SLOTS];
    _Alignas(TRIAL_LINE) _Atomic uint64_t done;
};

/* A party's: the first has the rings of all workers. */
static struct {
    struct ring *ring;
    uint64_t position[BALANCER_MOST], known[BALANCER_MOST];
} own;

static void prepare(struct trial *trial)
{
    trial->state = trial_share((trial->parties - 1) * sizeof(struct ring));
}

static void *open_end(struct trial *trial, unsigned self)
{
    struct ring *rings = trial->state;

    own.ring = self == 0 ? rings : rings + self - 1;
    return NULL;
}

static void close_end(struct trial *trial, void *end)
{
    (void)trial, (void)end;
}

BENCH_INLINE void pause_in_turn(unsigned *turns)
{
    unsigned turn = ++*turns;

    if (turn < LOOKS)
        trial_relax(&turn);
    else
        sched_yield();
}

BENCH_INLINE void give(void *end, unsigned worker, const struct balancer_item *item)
{
    struct slot *slot = &own.ring[worker].slot[own.position[worker] % SLOTS];

    (void)end;
    slot->item = *item;
    atomic_store_explicit(&slot->mark, ++own.position[worker], memory_order_release);
}

BENCH_INLINE uint32_t collect(void *end, unsigned worker)
{
    uint64_t before = own.known[worker];
    unsigned turns = 0;

    (void)end;
    for (;;) {
        uint64_t done = atomic_load_explicit(&own.ring[worker].done, memory_order_acquire);

        own.known[worker] = done;
        if (done != before)
            return (uint32_t)(done - before);
        pause_in_turn(&turns);
    }
}

BENCH_INLINE void take(void *end, struct balancer_item *item)
{
    struct slot *slot = &own.ring->slot[own.position[0] % SLOTS];
    unsigned turns = 0;

    (void)end;
    own.position[0]++;
    while (atomic_load_explicit(&slot->mark, memory_order_acquire) != own.position[0])
        pause_in_turn(&turns);
    *item = slot->item;
}

BENCH_INLINE void acknowledge(void *end, uint32_t count)
{
    (void)end;
    own.known[0] += count;
    atomic_store_explicit(&own.ring->done, own.known[0], memory_order_release);
}

BALANCER_PART(plain, open_end, close_end, give, collect, take, acknowledge, false)
BALANCER_PART(digest, open_end, close_end, give, collect, take, acknowledge, true)

#define ENTRY(WORKLOAD, WORKERS, PART)                                                  \
    {                                                                                   \
        .workload = WORKLOAD, .subject = "bare", .mode = "workers-" #WORKERS,           \
        .size = BALANCER_SIZE, .parties = WORKERS + 1, .prepare = prepare, .part = PART \
    }

const struct entry entries_bare_balancer[] = {
    ENTRY("balancer", 1, plain), ENTRY("balancer", 2, plain), ENTRY("balancer", 4, plain),
    ENTRY("balancer", 8, plain), ENTRY("digest", 4, digest),  { .workload = NULL },
};
