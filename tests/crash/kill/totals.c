/* SPDX-License-Identifier: MIT */
#include "crash/kill/totals.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "crash/kill/operations.h"

struct totals *totals;

void totals_share(void)
{
    totals = mmap(NULL, sizeof *totals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                  0);
    if (totals == MAP_FAILED)
        abort();
}

static const char *const engine_names[ENGINES] = {
    [ENGINE_PROCESS] = "processes killed at a boundary",
    [ENGINE_THREAD] = "threads ended at a boundary, in place",
    [ENGINE_STEP] = "processes stepped to a boundary",
    [ENGINE_CHAIN] = "threads ended one in the recovery of the other, in place",
    [ENGINE_CHAIN_PROCESS] = "processes killed one in the recovery of the other",
    [ENGINE_LIVE] = "processes killed while others work",
};

static void print_operations(void)
{
    printf("%-22s %12s %10s %10s\n", "operation", "instructions", "boundaries", "deaths");
    for (size_t i = 0; i < operation_count() && i < MOST_OPERATIONS; i++)
        printf("%-22s %12llu %10llu %10llu\n", operation_at(i)->name,
               (unsigned long long)totals->addresses[i],
               (unsigned long long)totals->boundaries[i],
               (unsigned long long)totals->died_in[i]);
}

void totals_print(uint64_t seed)
{
    uint64_t deaths = 0, recovery = 0, real = 0;

    print_operations();
    for (int i = 0; i < ENGINES; i++) {
        double seconds = (double)totals->spent_us[i] / 1e6;
        uint64_t all = totals->deaths[i] + totals->missed[i];

        if (all == 0)
            continue;
        printf("%llu %s; %llu of them inside a recovery; %llu more did not come to theirs, and "
               "died behind it; %.0f a second and worker\n",
               (unsigned long long)totals->deaths[i], engine_names[i],
               (unsigned long long)totals->recovery[i], (unsigned long long)totals->missed[i],
               seconds > 0 ? (double)all / seconds : 0.0);
        deaths += totals->deaths[i];
        recovery += totals->recovery[i];
        if (i != ENGINE_THREAD && i != ENGINE_CHAIN)
            real += totals->deaths[i];
    }
    printf("%llu deaths at an instruction: %llu of processes (%llu SIGKILL, %llu SIGSEGV, %llu "
           "_exit), %llu of threads; %llu inside a recovery; seed %llu\n",
           (unsigned long long)deaths, (unsigned long long)real,
           (unsigned long long)totals->signals[DEATH_KILL],
           (unsigned long long)totals->signals[DEATH_SEGFAULT],
           (unsigned long long)totals->signals[DEATH_EXIT], (unsigned long long)(deaths - real),
           (unsigned long long)recovery, (unsigned long long)seed);
    if (totals->worked > 0)
        printf("%llu pieces of work done by a survivor meanwhile\n",
               (unsigned long long)totals->worked);
    printf("slowest return of a blocked call: %.1f ms after the death; %llu after more than %d "
           "ms\n",
           (double)totals->slowest / 1000, (unsigned long long)totals->late, LIMIT_US / 1000);
    printf("%llu violations\n", (unsigned long long)totals->violations);
}
