/* SPDX-License-Identifier: MIT */
#include "bench/distributor_rounds.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_S = 90 }; /* a run that takes longer hangs */

static void run_here(const struct subject *subject, struct run *run, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(LIMIT_S);
    dup2(STDERR_FILENO, STDOUT_FILENO); /* what libraries say is no part of the tables */
    if (getppid() == parent)
        subject->run(run);
    _exit(0);
}

static void keep(struct row *row, const struct run *run)
{
    const struct outcome *outcome = &run->outcome;
    double most = 0, mean = (double)outcome->items / row->workers;

    row->overtaken += outcome->overtaken;
    for (uint32_t i = 0; i < row->workers; i++)
        if ((double)atomic_load(&run->worker[i].items) > most)
            most = (double)atomic_load(&run->worker[i].items);
    row->sample[row->samples++] = (struct sample){
        .rate = (double)outcome->items / outcome->seconds,
        .cost = outcome->processor / ((double)outcome->items * 1e-6),
        .idle = outcome->idle,
        .busiest = most / mean,
        .largest = (double)outcome->largest_flow / mean,
    };
}

void rounds_run(struct row *row, struct workload *workload)
{
    struct run *run = mmap(NULL, sizeof(*run), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    pid_t process, parent = getpid();
    int status = 0;

    if (run == MAP_FAILED || row->samples == ROUNDS_MOST) {
        fprintf(stderr, "distributor: no memory\n");
        exit(1);
    }
    workload->workers = row->workers;
    workload->arrangement = row->arrangement;
    run->workload = workload;
    process = fork();
    if (process == 0)
        run_here(row->subject, run, parent);
    if (process < 0 || waitpid(process, &status, 0) != process || status != 0)
        snprintf(row->failed, sizeof(row->failed), "the run ended with wait status 0x%x",
                 (unsigned)status);
    else if (run->outcome.failed[0] != '\0')
        memcpy(row->failed, run->outcome.failed, sizeof(row->failed));
    else
        keep(row, run);
    munmap(run, sizeof(*run));
}

/* --- Quartiles --------------------------------------------------------------------------- */

static int compare(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;

    return a < b ? -1 : a > b;
}

static double quantile(const double *values, uint32_t count, double part)
{
    double at = part * (count - 1);
    uint32_t low = (uint32_t)at, high = low + 1 < count ? low + 1 : low;

    return values[low] + (values[high] - values[low]) * (at - low);
}

struct quartiles row_quartiles(const struct row *row, size_t offset)
{
    double values[ROUNDS_MOST];

    if (row->samples == 0)
        return (struct quartiles){ 0 };
    for (uint32_t i = 0; i < row->samples; i++)
        memcpy(&values[i], (const char *)&row->sample[i] + offset, sizeof(values[i]));
    qsort(values, row->samples, sizeof(values[0]), compare);
    return (struct quartiles){
        .low = quantile(values, row->samples, 0.25),
        .median = quantile(values, row->samples, 0.5),
        .high = quantile(values, row->samples, 0.75),
    };
}
