/* SPDX-License-Identifier: MIT */
#include "crash/kill/totals.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "crash/kill/operations.h"

struct totals *totals;

static struct {
    enum engine engine;
    size_t operation;
} now;

static const struct {
    const char *name, *words;
    bool process;
} engines[ENGINES] = {
    [ENGINE_PROCESS] = { "process", "processes killed at a boundary", true },
    [ENGINE_THREAD] = { "thread", "threads ended at a boundary, in place", false },
    [ENGINE_STEP] = { "step", "processes stepped to a boundary", true },
    [ENGINE_CHAIN] = { "chain", "threads ended one in the recovery of the other", false },
    [ENGINE_CHAIN_PROCESS] = { "chain-process",
                               "processes killed one in the recovery of the other", true },
    [ENGINE_LIVE] = { "live", "processes killed while others work", true },
};

void totals_share(void)
{
    totals = mmap(NULL, sizeof *totals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                  0);
    if (totals == MAP_FAILED)
        abort();
}

/* --- Counting ------------------------------------------------------------------------- */

static size_t index_of(const struct operation *operation)
{
    for (size_t i = 0; i < operation_count(); i++)
        if (operation_at(i) == operation)
            return i;
    return operation_count(); /* the mixed run: a row of its own */
}

void totals_now(enum engine engine, const struct operation *operation)
{
    now.engine = engine;
    now.operation = index_of(operation);
}

void totals_count_death(void)
{
    atomic_fetch_add(&totals->died_in[now.engine][now.operation], 1);
}

void totals_count_violation(void)
{
    atomic_fetch_add(&totals->violations, 1);
    atomic_fetch_add(&totals->violations_in[now.engine][now.operation], 1);
}

static const char *name_of(size_t operation)
{
    return operation < operation_count() ? operation_at(operation)->name : mixed_operation.name;
}

/* Of a row of the engines, or of all engines. */
static uint64_t sum_of_operation(_Atomic uint64_t counts[ENGINES][MOST_OPERATIONS],
                                 size_t operation)
{
    uint64_t sum = 0;

    for (int i = 0; i < ENGINES; i++)
        sum += counts[i][operation];
    return sum;
}

static uint64_t sum_of_engine(const _Atomic uint64_t counts[MOST_OPERATIONS])
{
    uint64_t sum = 0;

    for (size_t i = 0; i <= operation_count(); i++)
        sum += counts[i];
    return sum;
}

static uint64_t operations_of(int engine)
{
    uint64_t count = 0;

    for (size_t i = 0; i <= operation_count(); i++)
        count += totals->died_in[engine][i] != 0;
    return count;
}

struct sums {
    unsigned long long deaths, recovery, real;
};

static struct sums sum_up(void)
{
    struct sums sums = { 0, 0, 0 };

    for (int i = 0; i < ENGINES; i++) {
        sums.deaths += totals->deaths[i];
        sums.recovery += totals->recovery[i];
        if (engines[i].process)
            sums.real += totals->deaths[i];
    }
    return sums;
}

/* --- Telling -------------------------------------------------------------------------- */

void totals_progress(int64_t begun_us)
{
    struct sums sums = sum_up();

    printf("%5lld s: %llu deaths at an instruction, %llu of them inside a recovery; %llu "
           "violations\n",
           (long long)(now_us() - begun_us) / 1000000, sums.deaths, sums.recovery,
           (unsigned long long)totals->violations);
    fflush(stdout);
}

static void print_operations(void)
{
    printf("%-24s %12s %10s %10s\n", "operation", "instructions", "boundaries", "deaths");
    for (size_t i = 0; i <= operation_count() && i < MOST_OPERATIONS; i++)
        printf("%-24s %12llu %10llu %10llu\n", name_of(i),
               (unsigned long long)totals->addresses[i],
               (unsigned long long)totals->boundaries[i],
               (unsigned long long)sum_of_operation(totals->died_in, i));
}

static void print_engines(void)
{
    printf("\n%-15s %10s %10s %10s %10s %10s %10s\n", "engine", "kills", "inside", "missed",
           "operations", "violations", "a second");
    for (int i = 0; i < ENGINES; i++) {
        double seconds = (double)totals->spent_us[i] / 1e6;
        uint64_t all = totals->deaths[i] + totals->missed[i];

        if (all == 0)
            continue;
        printf("%-15s %10llu %10llu %10llu %10llu %10llu %10.0f\n", engines[i].name,
               (unsigned long long)totals->deaths[i], (unsigned long long)totals->recovery[i],
               (unsigned long long)totals->missed[i], (unsigned long long)operations_of(i),
               (unsigned long long)sum_of_engine(totals->violations_in[i]),
               seconds > 0 ? (double)all / seconds : 0.0);
    }
    printf("(inside: of them, inside a recovery; missed: did not come to its boundary, and "
           "died "
           "behind it; a second: and worker)\n");
}

static void print_cases(void)
{
    unsigned cases = 0;

    for (size_t i = 0; i <= operation_count() && i < MOST_OPERATIONS; i++) {
        unsigned long long died = sum_of_operation(totals->died_in, i);
        bool good = died > 0 && sum_of_operation(totals->violations_in, i) == 0;

        printf("%s %u - %s: nothing is left wrong by %llu deaths\n", good ? "ok" : "not ok",
               ++cases, name_of(i), died);
    }
    for (int i = 0; i < ENGINES; i++) {
        bool good = totals->deaths[i] > 0 && sum_of_engine(totals->violations_in[i]) == 0;

        printf("%s %u - %s: %llu deaths, %llu inside a recovery\n", good ? "ok" : "not ok",
               ++cases, engines[i].words, (unsigned long long)totals->deaths[i],
               (unsigned long long)totals->recovery[i]);
    }
    printf("1..%u\n", cases);
}

void totals_print(uint64_t seed, bool tap)
{
    struct sums sums = sum_up();

    if (tap)
        print_cases();
    else
        print_operations();
    print_engines();
    printf("%llu deaths at an instruction: %llu of processes (%llu SIGKILL, %llu SIGSEGV, %llu "
           "_exit), %llu of threads; %llu inside a recovery; seed %llu\n",
           sums.deaths, sums.real, (unsigned long long)totals->signals[DEATH_KILL],
           (unsigned long long)totals->signals[DEATH_SEGFAULT],
           (unsigned long long)totals->signals[DEATH_EXIT], sums.deaths - sums.real,
           sums.recovery, (unsigned long long)seed);
    if (totals->worked > 0)
        printf("%llu pieces of work done by a survivor meanwhile\n",
               (unsigned long long)totals->worked);
    printf("slowest return of a blocked call: %.1f ms after the death; %llu after more than %d "
           "ms\n",
           (double)totals->slowest / 1000, (unsigned long long)totals->late, LIMIT_US / 1000);
    printf("%llu violations\n", (unsigned long long)totals->violations);
}

void totals_append(void)
{
    const char *path = getenv("CRASH_ALL_TABLE");
    FILE *file = path == NULL ? NULL : fopen(path, "a");

    if (file == NULL)
        return;
    for (int i = 0; i < ENGINES; i++)
        fprintf(file, "%s|%llu|%llu|%llu|%llu|%.0f\n", engines[i].words,
                (unsigned long long)totals->deaths[i], (unsigned long long)totals->recovery[i],
                (unsigned long long)operations_of(i),
                (unsigned long long)sum_of_engine(totals->violations_in[i]),
                (double)totals->spent_us[i] / 1e6);
    fclose(file);
}
