/* SPDX-License-Identifier: MIT */
/* engines.c - deaths at each boundary of each operation. */
#include "crash/kill/engines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {

    /* In a loop the first times round are told apart, and then every so many. */
    TOLD_APART = 6,
};

struct trace traces[MOST_OPERATIONS];

uint32_t round_seconds = 240;

/* --- Random numbers ------------------------------------------------------------------- */

static uint64_t state = 1;

void random_seed(uint64_t seed)
{
    state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

uint64_t random_number(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* --- Rounds --------------------------------------------------------------------------- */

static const struct operation *returning; /* whose name comes back */

static void return_and_leave(void)
{
    returning->again();
    MUST(mcapi_finalize(&status));
}

static void come_back(const struct operation *operation)
{
    static const struct operation again = { .name = "again", .run = return_and_leave };
    struct life life = { .operation = &again };

    returning = operation;
    scene_live(&life);
}

void round_begin(const struct operation *operation)
{
    alarm(round_seconds);
    scene_reset_board();
    board->scalars = operation->scalars;
    if (operation->peer != NULL)
        scene_ask_peer(operation->peer);
    if (operation->prepare != NULL)
        operation->prepare();
}

void round_end(const struct operation *operation)
{
    static uint32_t rounds;

    if (operation->survive != NULL)
        operation->survive();
    if (operation->again != NULL)
        come_back(operation);
    else if (rounds++ % 4 == 0)
        scene_name_is_free();
    scene_expect_clean();
}

bool round_of(enum engine engine, const struct life *life)
{
    bool reached;

    totals_now(engine, life->operation);
    round_begin(life->operation);
    reached = scene_live(life);
    if (reached)
        totals_count_death();
    atomic_fetch_add(reached ? &totals->deaths[engine] : &totals->missed[engine], 1);
    if (!life->thread)
        atomic_fetch_add(&totals->signals[reached ? life->how : DEATH_KILL], 1);
    round_end(life->operation);
    return reached;
}

bool violated(const struct work *work, const char *what, const char *how_to_replay)
{
    if (atomic_load(&board->violations) == 0)
        return false;
    totals_count_violation();
    if (!work->quiet)
        fprintf(stderr, "VIOLATION in %s: %s\n  replay: %s\n", what, board->violation,
                how_to_replay);
    scene_abandon();
    if (atomic_load(&totals->violations) >= MOST_VIOLATIONS || work->quiet)
        _exit(1);
    scene_begin();
    return true;
}

bool round_violated(const struct work *work, enum engine engine, const struct life *life)
{
    char name[128] = "the whole operation", what[256], replay[256];

    if (atomic_load(&board->violations) == 0)
        return false;
    if (life->way == LIFE_PLANTED || life->way == LIFE_STEPPED)
        text_name(life->boundary.offset, name, sizeof name);
    snprintf(what, sizeof what, "%s at %s, occurrence %u", life->operation->name, name,
             life->boundary.occurrence);
    snprintf(replay, sizeof replay, "--engine %d --replay %s:0x%x:%u:%d", engine,
             life->operation->name, life->boundary.offset, life->boundary.occurrence,
             life->how);
    return violated(work, what, replay);
}

/* --- Traces --------------------------------------------------------------------------- */

static uint32_t count_addresses(const struct trace *trace)
{
    uint8_t *met = calloc(text_size(), 1);
    uint32_t count = 0;

    for (uint32_t i = 0; i < trace->count && met != NULL; i++)
        count += met[trace->boundary[i].offset]++ == 0;
    free(met);
    return count;
}

/* Far into a loop one time round is like the next. */
void thin_out(struct trace *trace)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < trace->count; i++) {
        uint32_t occurrence = trace->boundary[i].occurrence;

        if (occurrence < TOLD_APART || (occurrence & (occurrence - 1)) == 0)
            trace->boundary[kept++] = trace->boundary[i];
    }
    trace->count = kept;
}

bool trace_operation(struct trace *trace, size_t index)
{
    struct life life = { .operation = operation_at(index), .way = LIFE_RECORDS };

    if (round_of(ENGINE_STEP, &life))
        violate("a victim that was stepped through the operation died");
    atomic_fetch_sub(&totals->missed[ENGINE_STEP], 1);
    atomic_fetch_sub(&totals->signals[DEATH_KILL], 1);
    trace->operation = life.operation;
    trace->index = index;
    trace->count = board->boundaries;
    trace->boundary = malloc(trace->count * sizeof *trace->boundary + 1);
    if (trace->boundary == NULL)
        abort();
    memcpy(trace->boundary, board->boundary, trace->count * sizeof *trace->boundary);
    return atomic_load(&board->violations) == 0;
}

void trace_all(const struct work *work)
{
    for (size_t i = 0; i < operation_count(); i++) {
        struct life life = { .operation = operation_at(i), .way = LIFE_RECORDS };

        if (work->only != NULL && strcmp(work->only, operation_at(i)->name) != 0)
            continue;
        trace_operation(&traces[i], i);
        round_violated(work, ENGINE_STEP, &life);
        totals->boundaries[i] = traces[i].count;
        totals->addresses[i] = count_addresses(&traces[i]);
    }
}

/* --- Each boundary -------------------------------------------------------------------- */

/* Mostly SIGKILL. */
static enum death some_death(enum engine engine)
{
    if (engine == ENGINE_THREAD)
        return DEATH_THREAD;
    switch (random_number() % 32) {
    case 0:
        return DEATH_SEGFAULT;
    case 1:
        return DEATH_EXIT;
    default:
        return DEATH_KILL;
    }
}

/* Worker w of n takes every n-th of the boundaries, `count` of them in all, evenly. */
static void die_in(const struct work *work, enum engine engine, const struct trace *trace,
                   uint64_t count)
{
    for (uint64_t i = work->worker; i < count; i += work->workers) {
        uint32_t index = (uint32_t)(count <= trace->count
                                            ? i * trace->count / count + random_number() % 3
                                            : i)
                       % trace->count;
        struct life life = {
            .operation = trace->operation,
            .way = engine == ENGINE_STEP ? LIFE_STEPPED : LIFE_PLANTED,
            .how = some_death(engine),
            .boundary = trace->boundary[index],
            .index = index,
            .thread = engine == ENGINE_THREAD,
        };

        round_of(engine, &life);
        round_violated(work, engine, &life);
    }
}

bool engine_can(enum engine engine, const struct operation *operation)
{
    switch (engine) {
    case ENGINE_THREAD: /* this process is in another topology, or its threads would die */
        return !operation->alone && !operation->process;
    case ENGINE_CHAIN:
        return !operation->alone && !operation->process;
    case ENGINE_CHAIN_PROCESS:
        return !operation->alone;
    case ENGINE_STEP: /* the first thread is what is stepped */
        return operation->thread == NULL;
    default:
        return true;
    }
}

/* Operations that make and free a segment each time have a quarter of the deaths. */
static uint64_t weight(enum engine engine, size_t index)
{
    const struct operation *operation = operation_at(index);

    if (traces[index].count == 0 || !engine_can(engine, operation))
        return 0;
    return operation->alone ? 1 : 4;
}

static void die_in_operation(const struct work *work, enum engine engine, size_t index,
                             uint64_t count)
{
    struct trace trace = traces[index];

    if (engine == ENGINE_STEP) {
        die_in(work, engine, &trace, count);
        return;
    }
    trace.boundary = malloc(trace.count * sizeof *trace.boundary);
    if (trace.boundary == NULL)
        abort();
    memcpy(trace.boundary, traces[index].boundary, trace.count * sizeof *trace.boundary);
    thin_out(&trace);
    die_in(work, engine, &trace, count);
    free(trace.boundary);
}

void engine_boundaries(const struct work *work, enum engine engine)
{
    int64_t begun = now_us();
    uint64_t weights = 0;

    for (size_t i = 0; i < operation_count(); i++)
        weights += weight(engine, i);
    if (work->count[engine] == 0 || weights == 0)
        return;
    for (size_t i = 0; i < operation_count(); i++)
        if (weight(engine, i) > 0)
            die_in_operation(work, engine, i,
                             (work->count[engine] * weight(engine, i) + weights - 1) / weights);
    atomic_fetch_add(&totals->spent_us[engine], now_us() - begun);
}
