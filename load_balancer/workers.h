/* SPDX-License-Identifier: MIT */
/*
 * workers.h - the workers as the balancer sees them: started, ready, lost or done.
 *
 *   STARTING <---> READY ----> DONE      reported everything, closed its channels, ended
 *      |             |
 *      +-------------+-------> LOST      its process ended, or its channels did, before that
 *
 * A worker is a number, which is its node, and a process. When the process dies and another one
 * takes over, that is STARTING again; what the worker was given stays with it.
 */
#ifndef LOAD_BALANCER_WORKERS_H
#define LOAD_BALANCER_WORKERS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "load_balancer/ack.h"
#include "load_balancer/channels.h"
#include "load_balancer/config.h"
#include "load_balancer/process.h"
#include "load_balancer/queue.h"
#include "load_balancer/stats/stats.h"

enum worker_state {
    WORKER_STARTING,
    WORKER_READY,
    WORKER_LOST,
    WORKER_DONE,
};

/* How far a start has come. */
enum worker_step {
    WORKER_NOT_STARTED, /* no process */
    WORKER_STARTED,     /* its endpoints are looked for */
    WORKER_CONNECTED,   /* it is to say that it is ready */
};

struct worker {
    /* What every item touches. */
    struct channels channels;
    struct ack_table acks;  /* what it was given */
    struct queue_line line; /* what waits for it */
    struct worker_stats *stats;
    uint32_t number; /* from 1: its node */
    enum worker_state state;

    struct process process;
    bool asked;    /* to report, since the last item */
    bool troubled; /* it, or the one before it, has died, and it has not caught up yet */

    /* A start under way. */
    enum worker_step step;
    uint64_t start_ns;    /* not before */
    uint64_t deadline_ns; /* ready by then */
    bool hurried;         /* by a signal: the deadline is near */
    bool failure_said;    /* that no process can be started */

    /* By which deaths in vain are told: deaths.h. */
    uint64_t ready_ns;
    uint32_t reached;     /* the position in `acks` up to which somebody has acknowledged */
    bool has_done;        /* an item beyond that, since it was ready */
    unsigned in_vain;     /* deaths in a row */
    uint32_t vain_blame;  /* and what they weigh: ACK_BLAME_* */
    unsigned idle_deaths; /* since it did something */
};

struct workers {
    uint32_t count;
    uint32_t lost;     /* of them */
    uint32_t troubled; /* of them */
    struct worker *all;
    char program[PATH_MAX];
};

/* Memory for as many workers as configured; false: there is none. */
bool workers_open(struct workers *workers, const struct config *config, struct stats *stats);
void workers_close(struct workers *workers);

/* --- Starting ---------------------------------------------------------------------- */

/* Starts all processes; worker_start_on() does the rest. False: that cannot be, with a reason
 * of one line. */
bool workers_begin(struct workers *workers, const struct config *config,
                   char reason[CONFIG_REASON_SIZE]);

enum worker_progress { WORKER_GOES_ON, WORKER_IS_READY, WORKER_CANNOT_START };

/* Does what can be done now to get a worker ready that is STARTING; waits at most so long. If
 * it cannot start, the reason is one line; what was begun is still there. */
enum worker_progress worker_start_on(struct workers *workers, struct worker *worker,
                                     const struct config *config, const char *topology,
                                     mcapi_timeout_t patience_ms,
                                     char reason[CONFIG_REASON_SIZE]);

/* --- Ending ------------------------------------------------------------------------ */

/* Sees a ready worker off that has reported: closes its channels and waits for its process.
 * False: something about that was wrong, with a reason of one line; worker->process says
 * whether a signal has killed it. */
bool worker_dismiss(struct worker *worker, char reason[CONFIG_REASON_SIZE]);

/* Ends the process of a worker that is not to be relied on any more, if it still runs, and
 * describes the loss: "worker 2 (pid 9) was killed by signal 9 (Killed) with 3 items
 * unacknowledged". What it had sent can still be received. `status` is what a call of MCAPI
 * said, or MCAPI_SUCCESS if it was something else. */
void worker_bury(struct worker *worker, mcapi_status_t status, char reason[CONFIG_REASON_SIZE]);

/* Ends the processes of all workers that are not done. */
void workers_kill(struct workers *workers);

#endif /* LOAD_BALANCER_WORKERS_H */
