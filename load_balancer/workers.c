/* SPDX-License-Identifier: MIT */
/*
 * workers.c - the workers as the balancer sees them.
 */
#include "load_balancer/workers.h"

#include <stdio.h>
#include <stdlib.h>

#include <mcapi_ext.h>

#include "load_balancer/signals.h"
#include "worker/clock.h"

enum {
    /* How long the start of all workers may take; enough for the most workers on a small
     * machine. */
    START_LIMIT_S = 60,

    /* How long when a signal asks to stop: then it begins without input, and ends in order. */
    START_HURRY_S = 2,

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

/* Whether it may go on starting: neither its process nor the time has ended. */
static bool still_starting(struct worker *worker, const char *topology,
                           char reason[CONFIG_REASON_SIZE])
{
    uint64_t now_ns = clock_ns();
    char end[128];

    if (process_wait(&worker->process, 0)) {
        process_describe(&worker->process, end, sizeof(end));
        snprintf(reason, CONFIG_REASON_SIZE, "worker %u (pid %ld) %s before it was ready",
                 worker->number, (long)worker->process.pid, end);
        return false;
    }
    if (signals_stops() > 0 && !worker->hurried) {
        worker->hurried = true;
        worker->deadline_ns = now_ns + START_HURRY_S * NS_PER_S;
    }
    if (now_ns < worker->deadline_ns)
        return true;
    snprintf(reason, CONFIG_REASON_SIZE,
             "worker %u (pid %ld) was not ready in topology '%s' within %d s%s", worker->number,
             (long)worker->process.pid, topology,
             worker->hurried ? START_HURRY_S : START_LIMIT_S,
             worker->hurried ? " after the signal to stop" : "");
    return false;
}

static enum worker_progress begin(struct workers *workers, struct worker *worker,
                                  const struct config *config, char reason[CONFIG_REASON_SIZE])
{
    worker->hurried = false;
    worker->deadline_ns = clock_ns() + START_LIMIT_S * NS_PER_S;
    if (!process_start(&worker->process, workers->program, config, worker->number, reason))
        return WORKER_CANNOT_START;
    worker->stats->pid = worker->process.pid;
    worker->step = WORKER_STARTED;
    return WORKER_GOES_ON;
}

/* What can go wrong with the endpoints of a dead worker that had the same number, if they were
 * found because nobody has noticed yet that they are a dead one's. Letting go of them makes
 * that known; then one looks again. Should it be this worker that is dead, its process tells.
 */
static bool were_the_predecessors(struct worker *worker, mcapi_status_t status)
{
    if (status != MCAPI_ERR_TRANSMISSION && status != MCAPI_ERR_CHAN_INVALID
        && status != MCAPI_ERR_ENDP_INVALID && status != MCAPI_ERR_ENDP_DELETED)
        return false;
    channels_abandon(&worker->channels);
    worker->step = WORKER_STARTED;
    return true;
}

static enum worker_progress connect_worker(struct worker *worker, const struct config *config,
                                           mcapi_timeout_t patience_ms,
                                           char reason[CONFIG_REASON_SIZE])
{
    const char *step;
    mcapi_status_t status = channels_find(&worker->channels, config->domain, worker->number,
                                          patience_ms, &step);

    if (status == MCAPI_TIMEOUT)
        return WORKER_GOES_ON;
    if (status == MCAPI_SUCCESS)
        status = channels_open(&worker->channels, config->window, &step);
    if (status == MCAPI_SUCCESS) {
        worker->step = WORKER_CONNECTED;
        return WORKER_GOES_ON;
    }
    if (were_the_predecessors(worker, status))
        return WORKER_GOES_ON;
    say_step(worker, step, status, reason);
    return WORKER_CANNOT_START;
}

/* The first ack acknowledges nothing: it says that the worker is ready. */
static enum worker_progress await_ready(struct worker *worker, mcapi_timeout_t patience_ms,
                                        char reason[CONFIG_REASON_SIZE])
{
    const char *step = "hear that it is ready";
    mcapi_uint32_t count = 0;
    mcapi_status_t status;

    mcapi_ext_wait_receivable(&worker->channels.acks, 1, patience_ms, &status);
    if (status == MCAPI_TIMEOUT)
        return WORKER_GOES_ON;
    if (status == MCAPI_SUCCESS)
        count = mcapi_sclchan_recv_uint32(worker->channels.acks, &status);
    if (status == MCAPI_SUCCESS && count == 0)
        status = channels_opened(&worker->channels, &step);
    if (were_the_predecessors(worker, status))
        return WORKER_GOES_ON;
    if (status != MCAPI_SUCCESS) {
        say_step(worker, step, status, reason);
        return WORKER_CANNOT_START;
    }
    if (count != 0) {
        snprintf(reason, CONFIG_REASON_SIZE,
                 "worker %u (pid %ld) acknowledged %u items before it got any", worker->number,
                 (long)worker->process.pid, count);
        return WORKER_CANNOT_START;
    }
    worker->state = WORKER_READY;
    worker->ready_ns = clock_ns();
    worker->has_done = worker->asked = false;
    return WORKER_IS_READY;
}

enum worker_progress worker_start_on(struct workers *workers, struct worker *worker,
                                     const struct config *config, const char *topology,
                                     mcapi_timeout_t patience_ms,
                                     char reason[CONFIG_REASON_SIZE])
{
    if (worker->step == WORKER_NOT_STARTED)
        return begin(workers, worker, config, reason);
    if (!still_starting(worker, topology, reason))
        return WORKER_CANNOT_START;
    return worker->step == WORKER_STARTED ? connect_worker(worker, config, patience_ms, reason)
                                          : await_ready(worker, patience_ms, reason);
}

bool workers_begin(struct workers *workers, const struct config *config,
                   char reason[CONFIG_REASON_SIZE])
{
    if (!process_find(config->worker_program, workers->program, reason))
        return false;
    for (uint32_t i = 0; i < workers->count; i++)
        if (begin(workers, &workers->all[i], config, reason) == WORKER_CANNOT_START)
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
        worker_bury(worker, status, reason);
        channels_abandon(&worker->channels);
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
    snprintf(reason, CONFIG_REASON_SIZE, "worker %u (pid %ld) %s after its last report",
             worker->number, (long)worker->process.pid, end);
    return false;
}

void worker_bury(struct worker *worker, mcapi_status_t status, char reason[CONFIG_REASON_SIZE])
{
    uint32_t out = ack_out(&worker->acks);
    char end[128], name[MCAPI_MAX_STATUS_SIZE];

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
