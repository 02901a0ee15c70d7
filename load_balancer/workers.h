/* SPDX-License-Identifier: MIT */
/*
 * workers.h - the workers as the balancer sees them: started, ready, lost or done.
 *
 *   STARTING ----> READY ----> DONE      reported everything, closed its channels, ended well
 *      |             |
 *      +-------------+-------> LOST      its process ended, or its channels did, before that
 */
#ifndef LOAD_BALANCER_WORKERS_H
#define LOAD_BALANCER_WORKERS_H

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

struct worker {
    /* What every item touches. */
    struct channels channels;
    struct ack_table acks;  /* what is out */
    struct queue_line line; /* what waits for it */
    struct worker_stats *stats;
    uint32_t number; /* from 1: its node */
    enum worker_state state;

    struct process process;
};

struct workers {
    uint32_t count;
    struct worker *all;
};

/* Memory for as many workers as configured; false: there is none. */
bool workers_open(struct workers *workers, const struct config *config, struct stats *stats);
void workers_close(struct workers *workers);

/* Starts all processes, connects the channels and waits until every worker is ready. False:
 * that cannot be, with a reason of one line. */
bool workers_start(struct workers *workers, const struct config *config, const char *topology,
                   char reason[CONFIG_REASON_SIZE]);

/* Sees a ready worker off that has reported: closes its channels and waits for its process.
 * False: something about that was wrong, with a reason of one line. */
bool worker_dismiss(struct worker *worker, char reason[CONFIG_REASON_SIZE]);

/* Notes that a worker is lost, ends its process if that still runs, and describes the loss in
 * one line. `status` is what a call of MCAPI said, or MCAPI_SUCCESS if it was something else.
 */
void worker_lose(struct worker *worker, mcapi_status_t status, char reason[CONFIG_REASON_SIZE]);

/* Ends the processes of all workers that are not done. */
void workers_kill(struct workers *workers);

#endif /* LOAD_BALANCER_WORKERS_H */
