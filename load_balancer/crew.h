/* SPDX-License-Identifier: MIT */
/*
 * crew.h - the worker processes of a distributor: started, ready, sent away, replaced when they
 * die.
 *
 *   AWAY ----> STARTING ----> HERE ----> LEAVING
 *    ^             |            |            |
 *    +-------------+------------+------------+      or LOST, for good
 *
 * What a dead worker had is the distributor's business; here it is only who works. A worker is
 * a number, which is its node, and a process.
 */
#ifndef LOAD_BALANCER_CREW_H
#define LOAD_BALANCER_CREW_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "distributor/distributor.h"
#include "load_balancer/config.h"
#include "load_balancer/process.h"
#include "load_balancer/stats/stats.h"

struct balancer;

enum crew_state {
    CREW_AWAY,
    CREW_STARTING,
    CREW_HERE,
    CREW_LEAVING,
    CREW_LOST,
};

struct crew_worker {
    uint32_t number; /* from 1: its node */
    enum crew_state state;
    struct process process;
    struct worker_stats *stats;
    uint32_t member;      /* its number in the distributor, when HERE */
    uint64_t start_ns;    /* STARTING without a process: not before */
    uint64_t deadline_ns; /* STARTING: ready by then */
    uint64_t ready_ns;
    bool launched;       /* there is a process, or was one whose end is not dealt with yet */
    bool has_done;       /* an item since it was ready */
    bool failure_said;   /* that no process can be started */
    unsigned in_vain;    /* deaths in a row without an item done */
    uint32_t vain_blame; /* and what they weigh: ACK_BLAME_* */
};

struct crew {
    uint32_t count; /* --workers, or its MAX */
    struct crew_worker *all;
    uint32_t wanted;   /* how many are to be here */
    uint32_t starting; /* of them */
    uint32_t at_work;  /* STARTING, HERE */
    char program[PATH_MAX];

    /* Since `since_ns`, for --workers MIN..MAX. */
    uint64_t since_ns;
    uint64_t busy_ns; /* of all workers together */
    uint64_t looks, full_looks;
};

bool crew_open(struct crew *crew, const struct config *config, struct stats *stats);
void crew_close(struct crew *crew);

/* Starts so many as --workers says and waits until they are ready. False: that cannot be, with
 * a reason of one line, which is empty if it has been said. */
bool crew_begin(struct balancer *balancer, char reason[CONFIG_REASON_SIZE]);

/* After a child has ended: what --on-worker-death says. False: the run is over. */
bool crew_look_for_deaths(struct balancer *balancer);

/* Gets on with those who are starting. False: the run is over. */
bool crew_look_after(struct balancer *balancer);

/* Starts a worker, or sends one away, if the load of the last while says so. */
bool crew_adapt(struct balancer *balancer);

/* Whether one could go when there is nothing to do. */
bool crew_may_shrink(const struct balancer *balancer);

/* There is no more work: ends those who are still starting. */
void crew_call_off(struct crew *crew);

/* What a worker's death weighs against the items that it may have died of: `weigh` of struct
 * distributor_settings, with the crew as context. */
uint32_t crew_weigh(void *crew, mcapi_domain_t domain, mcapi_node_t node);

/* Waits until the others have ended, after the distributor has. */
void crew_see_off(struct balancer *balancer);

void crew_kill(struct crew *crew);

#endif /* LOAD_BALANCER_CREW_H */
