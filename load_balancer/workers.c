/* SPDX-License-Identifier: MIT */
/*
 * workers.c - the workers as the balancer sees them.
 */
#include "load_balancer/workers.h"

#include <stdio.h>
#include <stdlib.h>

#include "load_balancer/signals.h"
#include "worker/clock.h"

enum {
    /* How long the start of all workers may take; enough for the most workers on a small
     * machine. */
    START_LIMIT_S = 60,

    /* How long when a signal asks to stop: then it begins without input, and ends in order. */
    START_HURRY_S = 2,

    /* A step of waiting for one worker, after which we look whether it still lives. */
    START_STEP_MS = 100,

    /* How long a worker that has nothing more to do may take to end. */
    END_LIMIT_MS = 10000,
};

bool workers_open(struct workers *workers, const struct config *config, struct stats *stats)
{
    *workers = (struct workers){
        .count = config->workers,
        .all = calloc(config->workers, sizeof(*workers->all)),
    };
    for (uint32_t i = 0; workers->all != NULL && i < workers->count; i++) {
        struct worker *worker = &workers->all[i];

        worker->number = i + 1;
        worker->stats = &stats->workers[i];
        worker->process.handle = -1;
        if (!ack_open(&worker->acks, config->window)) {
            workers_close(workers);
            return false;
        }
    }
    return workers->all != NULL;
}

void workers_close(struct workers *workers)
{
    for (uint32_t i = 0; workers->all != NULL && i < workers->count; i++)
        ack_close(&workers->all[i].acks);
    free(workers->all);
    *workers = (struct workers){ 0 };
}

/* --- Starting -------------------------------------------------------------------- */

static void say_step(const struct worker *worker, const char *step, mcapi_status_t status,
                     char reason[CONFIG_REASON_SIZE])
{
    char name[MCAPI_MAX_STATUS_SIZE];

    snprintf(reason, CONFIG_REASON_SIZE, "worker %u (pid %ld): cannot %s: %s", worker->number,
             (long)worker->process.pid, step, mcapi_display_status(status, name, sizeof(name)));
}

/* A start under way. */
struct starting {
    const struct config *config;
    const char *topology;
    uint64_t deadline_ns;
    bool hurried; /* by a signal: the deadline is near */
    char *reason;
};

/* Whether it may go on starting: neither its process nor the time has ended. */
static bool still_starting(struct starting *starting, struct worker *worker)
{
    uint64_t now_ns = clock_ns();
    char end[128];

    if (process_wait(&worker->process, 0)) {
        process_describe(&worker->process, end, sizeof(end));
        snprintf(starting->reason, CONFIG_REASON_SIZE,
                 "worker %u (pid %ld) %s before it was ready", worker->number,
                 (long)worker->process.pid, end);
        return false;
    }
    if (signals_stops() > 0 && !starting->hurried) {
        starting->hurried = true;
        starting->deadline_ns = now_ns + START_HURRY_S * NS_PER_S;
    }
    if (now_ns < starting->deadline_ns)
        return true;
    snprintf(starting->reason, CONFIG_REASON_SIZE,
             "worker %u (pid %ld) was not ready in topology '%s' within %d s%s", worker->number,
             (long)worker->process.pid, starting->topology,
             starting->hurried ? START_HURRY_S : START_LIMIT_S,
             starting->hurried ? " after the signal to stop" : "");
    return false;
}

static bool connect_worker(struct starting *starting, struct worker *worker)
{
    const char *step;
    mcapi_status_t status;

    do {
        if (!still_starting(starting, worker))
            return false;
        status = channels_find(&worker->channels, starting->config->domain, worker->number,
                               START_STEP_MS, &step);
    } while (status == MCAPI_TIMEOUT);
    if (status == MCAPI_SUCCESS)
        status = channels_open(&worker->channels, &step);
    if (status != MCAPI_SUCCESS)
        say_step(worker, step, status, starting->reason);
    return status == MCAPI_SUCCESS;
}

/* The first ack acknowledges nothing: it says that the worker is ready. */
static bool await_ready(struct starting *starting, struct worker *worker)
{
    mcapi_uint32_t count = 0;
    mcapi_status_t status;

    do {
        if (!still_starting(starting, worker))
            return false;
        count = mcapi_sclchan_recv_uint32(worker->channels.acks, &status);
    } while (status == MCAPI_TIMEOUT);
    if (status == MCAPI_ERR_TRANSMISSION || status == MCAPI_ERR_CHAN_INVALID) {
        worker_lose(worker, status, starting->reason);
        return false;
    }
    if (status != MCAPI_SUCCESS) {
        say_step(worker, "hear that it is ready", status, starting->reason);
        return false;
    }
    if (count != 0) {
        snprintf(starting->reason, CONFIG_REASON_SIZE,
                 "worker %u (pid %ld) acknowledged %u items before it got any", worker->number,
                 (long)worker->process.pid, count);
        return false;
    }
    worker->state = WORKER_READY;
    return true;
}

bool workers_start(struct workers *workers, const struct config *config, const char *topology,
                   char reason[CONFIG_REASON_SIZE])
{
    struct starting starting = {
        .config = config,
        .topology = topology,
        .deadline_ns = clock_ns() + START_LIMIT_S * NS_PER_S,
        .reason = reason,
    };
    char path[PATH_MAX];

    if (!process_find(config->worker_program, path, reason))
        return false;
    for (uint32_t i = 0; i < workers->count; i++) {
        struct worker *worker = &workers->all[i];

        if (!process_start(&worker->process, path, config, worker->number, reason))
            return false;
        worker->stats->pid = worker->process.pid;
    }
    for (uint32_t i = 0; i < workers->count; i++)
        if (!connect_worker(&starting, &workers->all[i]))
            return false;
    for (uint32_t i = 0; i < workers->count; i++)
        if (!await_ready(&starting, &workers->all[i]))
            return false;
    return true;
}

/* --- Ending ---------------------------------------------------------------------- */

bool worker_dismiss(struct worker *worker, char reason[CONFIG_REASON_SIZE])
{
    const char *step;
    mcapi_status_t status = channels_close(&worker->channels, &step);
    char end[128];

    if (status == MCAPI_ERR_TRANSMISSION) {
        worker_lose(worker, status, reason);
        return false;
    }
    if (status != MCAPI_SUCCESS) {
        say_step(worker, step, status, reason);
        return false;
    }
    if (!process_wait(&worker->process, END_LIMIT_MS)) {
        snprintf(reason, CONFIG_REASON_SIZE, "worker %u (pid %ld) has no work but does not end",
                 worker->number, (long)worker->process.pid);
        return false;
    }
    worker->state = WORKER_DONE;
    if (process_succeeded(&worker->process))
        return true;
    process_describe(&worker->process, end, sizeof(end));
    snprintf(reason, CONFIG_REASON_SIZE, "worker %u (pid %ld) %s after its report",
             worker->number, (long)worker->process.pid, end);
    return false;
}

/* What is out at a lost worker will not be acknowledged. */
static void count_losses(struct worker *worker)
{
    const struct ack_item *item;
    struct ack_table rest = worker->acks;

    for (; (item = ack_oldest(&rest)) != NULL; ack_done(&rest, 1)) {
        worker->stats->lost_bytes += item->captured;
        worker->stats->lost_original_bytes += item->original;
    }
}

void worker_lose(struct worker *worker, mcapi_status_t status, char reason[CONFIG_REASON_SIZE])
{
    uint32_t out = ack_out(&worker->acks);
    char end[128], name[MCAPI_MAX_STATUS_SIZE];

    worker->state = WORKER_LOST;
    worker->stats->lost = true;
    count_losses(worker);
    /* If its channels told us, its process may need a moment more to be gone. */
    if (process_wait(&worker->process, status == MCAPI_SUCCESS ? 0 : END_LIMIT_MS))
        process_describe(&worker->process, end, sizeof(end));
    else if (status == MCAPI_SUCCESS)
        snprintf(end, sizeof(end), "is ended");
    else
        snprintf(end, sizeof(end), "left its channels (%s) but still ran",
                 mcapi_display_status(status, name, sizeof(name)));
    process_kill(&worker->process);
    process_wait(&worker->process, -1);
    snprintf(reason, CONFIG_REASON_SIZE, "worker %u (pid %ld) %s with %u %s unacknowledged",
             worker->number, (long)worker->process.pid, end, out, out == 1 ? "item" : "items");
}

void workers_kill(struct workers *workers)
{
    for (uint32_t i = 0; i < workers->count; i++)
        process_kill(&workers->all[i].process);
    for (uint32_t i = 0; i < workers->count; i++)
        process_wait(&workers->all[i].process, -1);
}
