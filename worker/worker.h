/* SPDX-License-Identifier: MIT */
/*
 * worker.h - the worker's life: be found, say "ready", take, work, report, acknowledge, leave.
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "worker/work.h"

enum {
    /* Flows that a worker tells apart, at some 230 bytes each; those beyond are counted
     * together. */
    WORKER_FLOWS_MAX = 1 << 20,

    WORKER_REASON_SIZE = 256,
};

struct worker_settings {
    uint32_t domain;
    uint32_t node;
    bool distributor; /* the balancer has one: distributed.h */
    uint32_t window;  /* how many items may be under way to this worker */
    struct work work; /* prepared */
    pid_t parent;     /* the balancer, if it started this process; 0 if not */

    /* For tests: an item with one of so many numbers from the first on ends the process, with
     * SIGABRT or as if all were well. */
    uint64_t die_first, die_count;
    bool die_quietly;
};

enum worker_end {
    WORKER_DONE,      /* the last item came, and everything was reported */
    WORKER_ABANDONED, /* the balancer left before that; what it had sent was done */
    WORKER_FAILED,    /* it could not begin, or MCAPI failed */
};

/* Runs until there is no more to do. The reason is of one line, or empty: WORKER_DONE, or the
 * library has said it. */
enum worker_end worker_run(const struct worker_settings *settings,
                           char reason[WORKER_REASON_SIZE]);

/* --- For distributed.c --------------------------------------------------------------- */

/* From here on the runtime tells of the balancer's death. */
void worker_outlive_parent(const struct worker_settings *settings);

/* For tests: dies, or ends as if all were well. */
_Noreturn void worker_die(bool quietly);

#endif /* WORKER_WORKER_H */
