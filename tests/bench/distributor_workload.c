/* SPDX-License-Identifier: MIT */
#include "bench/distributor_workload.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>

void workload_spin(uint32_t rounds)
{
    for (volatile uint32_t i = 0; i < rounds; i++)
        continue;
}

/* --- Time ------------------------------------------------------------------------------ */

uint64_t workload_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static double seconds_of(clockid_t clock)
{
    struct timespec used;

    if (clock_gettime(clock, &used) != 0)
        return 0;
    return (double)used.tv_sec + (double)used.tv_nsec * 1e-9;
}

double workload_processor(const struct run *run)
{
    double sum = seconds_of(CLOCK_THREAD_CPUTIME_ID);

    for (uint32_t i = 0; i < run->workload->workers; i++)
        sum += seconds_of(run->worker[i].clock);
    return sum;
}

void workload_begin(struct run *run)
{
    run->processor_before = workload_processor(run);
    run->began_ns = workload_now_ns();
}

void workload_end(struct run *run)
{
    struct outcome *outcome = &run->outcome;
    uint64_t errors = run->errors, worked = 0;

    outcome->seconds = (double)(workload_now_ns() - run->began_ns) * 1e-9;
    outcome->processor = workload_processor(run) - run->processor_before;
    outcome->items = run->number;
    outcome->overtaken = run->overtaken;
    for (uint32_t i = 0; i < run->workload->workers; i++) {
        errors += atomic_load(&run->worker[i].errors);
        outcome->overtaken += atomic_load(&run->worker[i].overtaken);
        worked += atomic_load(&run->worker[i].items);
    }
    for (uint32_t i = 0; i < WORKLOAD_FLOWS; i++)
        if (run->made[i] > outcome->largest_flow)
            outcome->largest_flow = run->made[i];
    if (errors > 0 || (outcome->overtaken > 0 && !run->may_overtake))
        workload_fail(run, "%llu items broken, %llu out of order", (unsigned long long)errors,
                      (unsigned long long)outcome->overtaken);
    if (run->back != run->number || worked != run->number)
        workload_fail(run, "%llu items made, %llu worked on, %llu came back",
                      (unsigned long long)run->number, (unsigned long long)worked,
                      (unsigned long long)run->back);
}

void workload_idle_end(struct run *run, uint64_t began_ns, double processor_before)
{
    run->outcome.idle = (workload_processor(run) - processor_before)
                      / ((double)(workload_now_ns() - began_ns) * 1e-9);
}

void workload_fail(struct run *run, const char *format, ...)
{
    va_list arguments;

    if (run->outcome.failed[0] != '\0')
        return;
    va_start(arguments, format);
    vsnprintf(run->outcome.failed, sizeof(run->outcome.failed), format, arguments);
    va_end(arguments);
}

/* --- Processors ------------------------------------------------------------------------ */

/* As it was when the program began: later calls are made by threads that are pinned. */
static const cpu_set_t *all_processors(void)
{
    static cpu_set_t all;
    static bool known;

    if (!known)
        known = sched_getaffinity(0, sizeof(all), &all) == 0;
    return &all;
}

uint32_t processors_count(void)
{
    return (uint32_t)CPU_COUNT(all_processors());
}

int processors_number(uint32_t nth)
{
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, all_processors()) && nth-- == 0)
            return i;
    return 0;
}

void processors_pin(uint32_t workers, uint32_t who)
{
    cpu_set_t one;

    if (workers + 1 > processors_count())
        return;
    CPU_ZERO(&one);
    CPU_SET(processors_number(who), &one);
    sched_setaffinity(0, sizeof(one), &one);
}
