/* SPDX-License-Identifier: MIT */
/*
 * subject_bare_balancer.c - the limit of the balancer's pattern: rings written by hand.
 */
#include "bench/bare_rings.h"
#include "bench/entries.h"

static struct bare_own own;

static void prepare(struct trial *trial)
{
    trial->state = bare_rings(trial);
}

static void *open_end(struct trial *trial, unsigned self)
{
    struct bare_ring *rings = trial->state;

    own.ring = self == 0 ? rings : rings + self - 1;
    return &own;
}

static void close_end(struct trial *trial, void *end)
{
    (void)trial, (void)end;
}

BENCH_INLINE void give(void *end, unsigned worker, const struct balancer_item *item)
{
    bare_give(end, worker, item, 0);
}

BENCH_INLINE uint32_t collect(void *end, unsigned worker)
{
    return bare_collect(end, worker);
}

BENCH_INLINE void take(void *end, struct balancer_item *item)
{
    bare_take(end, item);
}

BENCH_INLINE void acknowledge(void *end, uint32_t count)
{
    bare_acknowledge(end, count);
}

BALANCER_PART(part, open_end, close_end, give, collect, take, acknowledge)

#define ENTRY(WORKERS)                                                                  \
    {                                                                                   \
        .workload = "balancer", .subject = "bare", .mode = "workers-" #WORKERS,         \
        .size = BALANCER_SIZE, .parties = WORKERS + 1, .prepare = prepare, .part = part \
    }

const struct entry entries_bare_balancer[] = {
    ENTRY(1), ENTRY(2), ENTRY(4), ENTRY(8), { .workload = NULL },
};
