/* SPDX-License-Identifier: MIT */
/*
 * chains.c - deaths inside recoveries.
 *
 * One victim dies in an operation. Another, who comes to recover what that one left, dies in
 * the middle of it, and so does the next; then the test must find everything whole. The peer
 * is quiet meanwhile, or wakes and recovers at the same time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash/kill/engines.h"
#include "runtime/channel.h"
#include "runtime/runtime.h"

enum {
    LONGEST = 6,   /* deaths in recovery, in one chain */
    RECORDED = 12, /* recoveries that are single-stepped... */
    MANY = 50000,  /* ...and 60, if so many deaths are wanted */
    MOST_POOL = 1 << 16,
};

/* Boundaries of recoveries: after a death with the control lock, when the tables are repaired
 * first, and after one without. */
static struct pool {
    struct boundary *boundary;
    uint32_t count;
} with_lock, without;

/* --- Who recovers --------------------------------------------------------------------- */

static void join_run(void)
{
    join_as(VICTIM_NODE);
}

/* A node that is there already, and notices. */
static void bury_run(void)
{
    for (uint32_t i = 0; i < 8; i++)
        CALL(mci_channel_bury(mci_self.node, i));
}

static const struct operation joins = { .name = "join", .joins = true, .run = join_run };
static const struct operation buries = { .name = "bury", .run = bury_run };

/* --- The pool ------------------------------------------------------------------------- */

static bool *outside; /* instructions that are also passed without a recovery */

/* Whether a boundary is the first of a function that recovers. */
static bool begins_recovery(uint32_t offset)
{
    static const char *const names[] = { "mci_repair", "mci_recover_all_dead",
                                         "mci_recover_own", "mci_recover_if_dead" };
    static uint32_t starts[4];

    for (int i = 0; i < 4; i++) {
        if (starts[i] == 0)
            starts[i] = text_offset_of(names[i]);
        if (offset == starts[i])
            return true;
    }
    return false;
}

/* Marks which of the boundaries just recorded lie inside a recovery: from the beginning of
 * such a function until its caller goes on. */
static void take_recording(bool lock_is_left)
{
    struct pool *pool = lock_is_left ? &with_lock : &without;
    uint32_t caller = 0;
    bool inside = false;

    for (uint32_t i = 0; i < board->boundaries; i++) {
        struct boundary boundary = board->boundary[i];
        uint32_t function = text_function(boundary.offset);

        if (!inside && begins_recovery(boundary.offset)) {
            inside = true;
            caller = i == 0 ? 0 : text_function(board->boundary[i - 1].offset);
        } else if (inside && function == caller) {
            inside = false;
        }
        if (!inside)
            outside[boundary.offset] = true;
        else if (pool->count < MOST_POOL
                 && (boundary.occurrence < 3
                     || (boundary.occurrence & (boundary.occurrence - 1)) == 0))
            pool->boundary[pool->count++] = boundary;
    }
}

static int compare(const void *one, const void *other)
{
    const struct boundary *a = one, *b = other;

    if (a->offset != b->offset)
        return a->offset < b->offset ? -1 : 1;
    return (a->occurrence > b->occurrence) - (a->occurrence < b->occurrence);
}

static void sort(struct pool *pool)
{
    struct boundary *all = pool->boundary;
    uint32_t kept = 0;

    qsort(all, pool->count, sizeof *all, compare);
    for (uint32_t i = 0; i < pool->count; i++)
        if (!outside[all[i].offset] && (kept == 0 || compare(&all[kept - 1], &all[i]) != 0))
            all[kept++] = all[i];
    pool->count = kept;
}

/* The last of the dead had it. */
static bool lock_is_left(void)
{
    return atomic_load(&mci_map()->header->control) != 0;
}

static void record_recovery(const struct work *work, const struct trace *trace, uint32_t index)
{
    struct life first = {
        .operation = trace->operation,
        .way = LIFE_PLANTED,
        .how = DEATH_THREAD,
        .boundary = trace->boundary[index],
        .thread = true,
    };
    struct life second = {
        .operation = &joins, .way = LIFE_RECORDS, .how = DEATH_THREAD, .thread = true
    };
    bool left;

    totals_now(ENGINE_CHAIN, first.operation);
    round_begin(first.operation);
    atomic_store(&board->holds, 1);
    scene_live(&first);
    left = lock_is_left();
    scene_live(&second);
    take_recording(left);
    round_end(first.operation);
    atomic_store(&board->holds, 0);
    violated(work, "a recovery that is stepped", "none");
}

static const struct trace *some_trace(enum engine engine)
{
    const struct trace *trace;

    do
        trace = &traces[random_number() % operation_count()];
    while (trace->count == 0 || !engine_can(engine, trace->operation));
    return trace;
}

static void fill_pools(const struct work *work)
{
    uint32_t recorded = work->count[ENGINE_CHAIN] < MANY ? RECORDED : 5 * RECORDED;

    with_lock.boundary = malloc(MOST_POOL * sizeof(struct boundary));
    without.boundary = malloc(MOST_POOL * sizeof(struct boundary));
    outside = calloc(text_size(), sizeof *outside);
    random_seed(work->seed); /* the same ones for each worker, and for a replay */
    if (with_lock.boundary == NULL || without.boundary == NULL || outside == NULL)
        abort();
    for (uint32_t i = 0; i < recorded || with_lock.count == 0 || without.count == 0; i++) {
        const struct trace *trace = some_trace(ENGINE_CHAIN);

        record_recovery(work, trace, (uint32_t)(random_number() % trace->count));
    }
    sort(&with_lock);
    sort(&without);
}

/* --- One chain ------------------------------------------------------------------------ */

/* Each instruction is as likely as the next, whatever the loops. */
static struct boundary some_boundary(const struct boundary *from, uint32_t count)
{
    struct boundary boundary = from[random_number() % count];

    if (random_number() % 4 == 0)
        boundary.occurrence = (uint32_t)(random_number() % 3);
    return boundary;
}

static struct boundary in_recovery(void)
{
    const struct pool *pool = lock_is_left() ? &with_lock : &without;

    return some_boundary(pool->boundary, pool->count);
}

/* What has happened in the present chain, for whoever reads of a violation. */
static char story[1024];

static void tell(const struct life *life, struct boundary boundary, bool reached)
{
    size_t length = strlen(story);
    char name[96];

    text_name(boundary.offset, name, sizeof name);
    snprintf(story + length, sizeof story - length, "\n  %s %s at %s, occurrence %u%s",
             life->operation->name, reached ? "died" : "died behind it, not", name,
             boundary.occurrence, lock_is_left() ? ", with the lock" : "");
}

static void count_life(enum engine engine, const struct life *life, bool reached, bool recovers)
{
    atomic_fetch_add(reached ? &totals->deaths[engine] : &totals->missed[engine], 1);
    if (reached && recovers)
        atomic_fetch_add(&totals->recovery[engine], 1);
    if (!life->thread)
        atomic_fetch_add(&totals->signals[reached ? life->how : DEATH_KILL], 1);
}

static void recover_and_die(enum engine engine, struct life life)
{
    bool reached;

    life.boundary = in_recovery();
    life.operation = &joins;
    reached = scene_live(&life);
    tell(&life, life.boundary, reached);
    count_life(engine, &life, reached, true);
}

/* Two at the same time, each to its own death; or one alone that was there before. */
static void the_other_recovers(enum engine engine, struct living *other, struct life life)
{
    struct living one;
    uint32_t over, both = !life.thread && random_number() % 2 == 0;

    life.operation = &joins;
    life.boundary = in_recovery();
    board->late = in_recovery();
    atomic_store(&board->over, 0);
    if (both) {
        atomic_store(&board->turn, 1);
        scene_start(&life, &one);
        scene_finish(&one, other);
    }
    scene_finish(other, NULL);
    over = atomic_load(&board->over);
    if (both)
        tell(&life, life.boundary, over < 2);
    life.operation = &buries;
    tell(&life, board->late, over == 0);
    count_life(engine, &life, over == 0, true);
    if (both)
        count_life(engine, &life, over < 2, true);
}

static void chain(enum engine engine)
{
    const struct trace *trace = some_trace(engine);
    bool thread = engine == ENGINE_CHAIN, with_other = random_number() % 3 == 0;
    struct life life = {
        .operation = trace->operation,
        .way = LIFE_PLANTED,
        .how = thread ? DEATH_THREAD : DEATH_KILL,
        .thread = thread,
    };
    struct life waiting = life;
    struct living first, other;
    bool holds = random_number() % 8 != 0;

    life.boundary = some_boundary(trace->boundary, trace->count);
    waiting.operation = &buries;
    waiting.waits = true;
    totals_now(engine, trace->operation);
    round_begin(trace->operation);
    atomic_store(&board->holds, holds);
    if (with_other)
        scene_start(&waiting, &other);
    scene_start(&life, &first);
    scene_finish(&first, with_other ? &other : NULL);
    snprintf(story, sizeof story, "a chain of deaths, the peer %s,", holds ? "quiet" : "awake");
    tell(&life, life.boundary, atomic_load(&board->over) == 0);
    count_life(engine, &life, atomic_load(&board->over) == 0, false);
    totals_count_death();
    if (with_other)
        the_other_recovers(engine, &other, life);
    for (uint64_t i = 1 + random_number() % LONGEST; i > 0; i--)
        recover_and_die(engine, life);
    round_end(trace->operation);
    atomic_store(&board->holds, 0);
}

void chain_again(const struct work *work, enum engine engine, uint64_t seed)
{
    if (outside == NULL)
        fill_pools(work);
    random_seed(seed);
    chain(engine);
}

void engine_chains(const struct work *work, enum engine engine)
{
    int64_t begun;
    uint64_t seed = work->seed + work->worker + engine;

    if (work->count[engine] == 0
        || (work->only != NULL && !engine_can(ENGINE_CHAIN, operation_named(work->only))))
        return;
    if (outside == NULL)
        fill_pools(work);
    begun = now_us();
    while (atomic_load(&totals->recovery[engine]) < work->count[engine]) {
        char replay[128];

        seed += UINT64_C(0x9e3779b97f4a7c15);
        chain_again(work, engine, seed);
        snprintf(replay, sizeof replay,
                 "--seed %llu --chain %llu --engine %d --chain-seed %llu",
                 (unsigned long long)work->seed, (unsigned long long)work->count[ENGINE_CHAIN],
                 engine, (unsigned long long)seed);
        violated(work, story, replay);
    }
    atomic_fetch_add(&totals->spent_us[engine], now_us() - begun);
}
