/* SPDX-License-Identifier: MIT */
/* distributor_subject_own.c - libdistributor, with processes as workers. */
#include <distributor/distributor.h>
#include <mcapi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/distributor_subject.h"

enum {
    NODE = 1, /* the distributor's; workers have those behind it */
    PORT = 1,
    PATIENCE = 20000, /* ms */
    COLLECTED = 256,
};

/* --- A worker --------------------------------------------------------------------------- */

static int work(struct run *run, uint32_t number, pid_t parent)
{
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    struct distributor_worker *worker;
    mcapi_status_t status;
    mcapi_info_t info;
    size_t count = 0;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        return 1;
    processors_pin(run->workload->workers, number + 1);
    mcapi_initialize(0, NODE + 1 + number, NULL, NULL, &info, &status);
    worker = distributor_join(0, NODE, PORT, PATIENCE, &status);
    if (worker == NULL)
        return 1;
    while ((count = distributor_get(worker, items, count, MCAPI_TIMEOUT_INFINITE, &status)) > 0)
        for (size_t i = 0; i < count; i++)
            workload_work(run, number, items[i].bytes);
    distributor_leave(worker, NULL, 0, &status);
    mcapi_finalize(&status);
    return 0;
}

static pid_t start_worker(struct run *run, uint32_t number)
{
    pid_t parent = getpid(), process = fork();

    if (process == 0)
        _exit(work(run, number, parent));
    if (process < 0 || clock_getcpuclockid(process, &run->worker[number].clock) != 0)
        workload_fail(run, "worker %u cannot be started", number);
    return process;
}

/* --- The distributing thread -------------------------------------------------------------- */

static struct payload payloads[WORKLOAD_POOL];
static struct payload *unused[WORKLOAD_POOL];
static size_t unused_count;

static void collect(struct run *run, struct distributor *distributor)
{
    struct distributor_item items[COLLECTED];
    mcapi_status_t status;
    size_t count = distributor_returned(distributor, items, COLLECTED, &status);

    for (size_t i = 0; i < count; i++) {
        workload_return(run, items[i].bytes);
        unused[unused_count++] = items[i].bytes;
    }
}

static void wait_and_collect(struct run *run, struct distributor *distributor)
{
    mcapi_status_t status;

    distributor_wait(distributor, DISTRIBUTOR_RETURNS, MCAPI_TIMEOUT_INFINITE, &status);
    collect(run, distributor);
}

static void hand_in(struct run *run, struct distributor *distributor)
{
    struct distributor_item items[WORKLOAD_CHUNK];
    mcapi_status_t status;
    size_t done = 0;

    while (unused_count < WORKLOAD_CHUNK)
        wait_and_collect(run, distributor);
    for (int i = 0; i < WORKLOAD_CHUNK; i++) {
        struct payload *payload = unused[--unused_count];

        items[i] = (struct distributor_item){ .bytes = payload,
                                              .size = sizeof(*payload),
                                              .tag = workload_make(run, payload),
                                              .flags = DISTRIBUTOR_KEPT };
    }
    while (done < WORKLOAD_CHUNK) {
        done += distributor_process(distributor, items + done, WORKLOAD_CHUNK - done, &status);
        if (status != MCAPI_SUCCESS) {
            workload_fail(run, "process has status %u", (unsigned)status);
            return;
        }
        if (done < WORKLOAD_CHUNK)
            wait_and_collect(run, distributor);
    }
}

static void measure(struct run *run, struct distributor *distributor)
{
    mcapi_status_t status;
    uint64_t began_ns;
    double before;

    for (size_t i = 0; i < WORKLOAD_POOL; i++)
        unused[unused_count++] = &payloads[i];
    workload_begin(run);
    while (run->outcome.failed[0] == '\0' && workload_goes_on(run))
        for (int i = 0; i < 4; i++) {
            hand_in(run, distributor);
            collect(run, distributor);
        }
    distributor_flush(distributor, PATIENCE, &status);
    while (run->back < run->number && status == MCAPI_SUCCESS)
        collect(run, distributor);
    workload_end(run);
    began_ns = workload_now_ns();
    before = workload_processor(run);
    distributor_wait(distributor, DISTRIBUTOR_RETURNS, run->workload->idle_ms, &status);
    workload_idle_end(run, began_ns, before);
}

/* Until all workers take items. */
static bool wait_for_workers(struct run *run, struct distributor *distributor)
{
    uint64_t give_up = workload_now_ns() + PATIENCE * UINT64_C(1000000);
    struct distributor_stats stats;
    mcapi_status_t status;

    do {
        distributor_wait(distributor, DISTRIBUTOR_RETURNS, 1, &status);
        distributor_stats(distributor, &stats, &status);
    } while (stats.asking < run->workload->workers && workload_now_ns() < give_up);
    if (stats.asking < run->workload->workers)
        workload_fail(run, "%u of %u workers ask for items", stats.asking,
                      run->workload->workers);
    return stats.asking == run->workload->workers;
}

static void run_mode(struct run *run, enum distributor_mode mode)
{
    pid_t process[WORKLOAD_WORKERS];
    struct distributor *distributor = NULL;
    mcapi_status_t status;
    mcapi_info_t info;
    char name[64];

    snprintf(name, sizeof(name), "benchmark-%d", getpid());
    setenv("MCAPI_TOPOLOGY", name, 1);
    for (uint32_t i = 0; i < run->workload->workers; i++)
        process[i] = start_worker(run, i);
    processors_pin(run->workload->workers, 0);
    mcapi_initialize(0, NODE, NULL, NULL, &info, &status);
    if (status == MCAPI_SUCCESS)
        distributor = distributor_create(PORT, run->workload->workers, mode, NULL, &status);
    if (distributor == NULL)
        workload_fail(run, "the distributor has status %u", (unsigned)status);
    else if (wait_for_workers(run, distributor))
        measure(run, distributor);
    distributor_destroy(distributor, &status);
    for (uint32_t i = 0; i < run->workload->workers; i++) {
        if (run->outcome.failed[0] != '\0')
            kill(process[i], SIGKILL);
        waitpid(process[i], NULL, 0);
    }
    mcapi_finalize(&status);
}

void subject_single(struct run *run)
{
    run_mode(run, DISTRIBUTOR_SINGLE);
}

void subject_burst(struct run *run)
{
    run_mode(run, DISTRIBUTOR_BURST);
}
