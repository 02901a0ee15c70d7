/* SPDX-License-Identifier: MIT */
/*
 * balancer.h - a run: packets of the source become items, items go to workers, acks come back.
 */
#ifndef LOAD_BALANCER_BALANCER_H
#define LOAD_BALANCER_BALANCER_H

#include <stdbool.h>
#include <stdint.h>

#include <mcapi.h>

#include "load_balancer/capture_file.h"
#include "load_balancer/config.h"
#include "load_balancer/flow.h"
#include "load_balancer/homeless.h"
#include "load_balancer/mode.h"
#include "load_balancer/progress.h"
#include "load_balancer/queue.h"
#include "load_balancer/source/source.h"
#include "load_balancer/stats/stats.h"
#include "load_balancer/workers.h"
#include "worker/item.h"

enum {
    /* Items of one worker that are sent together. */
    BALANCER_BURST_MAX = 8,
};

struct balancer {
    const struct config *config;
    const struct mode *mode;
    struct source *source;
    struct capture_file quarantine;
    struct capture_file sink;
    struct stats stats;
    struct progress progress;
    char topology[MCAPI_TOPOLOGY_NAME_SIZE];

    /* The item in hand: what it is made of, and its number. */
    const struct packet *packet; /* the source's */
    struct flow flow;
    uint64_t number;

    uint32_t burst;       /* so many items of one worker are sent together */
    struct item *scratch; /* with room for the largest packet behind it */
    uint32_t bytes_max;   /* the largest packet that the topology carries */
    bool unparsed_said;
    bool interrupted; /* the source, and it has not said so yet */
    bool over;        /* a worker is lost for good: what is out is waited for, and no more */

    /* Of the mode window: the workers, and the ends on which we hear from those that are
     * ready, and whose they are. */
    struct workers workers;
    struct queue queue;
    struct homeless homeless;
    size_t end_count;
    mcapi_endpoint_t *ends;
    struct worker **end_workers;

    /* Of the modes burst and single. */
    struct distribution *distribution;

    /* The time as it was read last: between two ticks it stands still. */
    uint64_t now_ns;
    uint64_t tick_every; /* items */
    uint64_t tick_at;    /* the number of the item */

    uint64_t paced_from_ns;    /* clock_ns() when the first packet was sent; 0: none was */
    uint64_t recorded_from_ns; /* its time in the capture */
};

/* --- A run, in this order; the steps after a failed one are left out --------------- */

/* False: no memory, with a reason of one line. */
bool balancer_open(struct balancer *balancer, const struct config *config,
                   struct source *source, char reason[CONFIG_REASON_SIZE]);

/* Joins the topology as node 0 and starts the workers; false: a reason of one line, and nothing
 * is left running. */
bool balancer_start(struct balancer *balancer, char reason[CONFIG_REASON_SIZE]);

/* Takes input until it ends, a signal comes or something fails, waits for all that is out, and
 * collects the workers' reports. What goes wrong is said at once, and stats.failed is set.
 * False: a second signal has broken it off. */
bool balancer_run(struct balancer *balancer);

/* Leaves the topology. */
void balancer_stop(struct balancer *balancer);

void balancer_close(struct balancer *balancer);

/* --- For the files that a run is made of ------------------------------------------- */

/* Says something on stderr, in one line. */
__attribute__((format(printf, 2, 3))) void balancer_say(struct balancer *balancer,
                                                        const char *format, ...);

/* Says what went wrong, in one line, and notes that the run has failed. */
__attribute__((format(printf, 2, 3))) void balancer_complain(struct balancer *balancer,
                                                             const char *format, ...);

/* Reads the clock, and looks after what is due: the progress line, reports, workers that have
 * ended or are starting. False: the run is over. */
bool balancer_tick(struct balancer *balancer);

#endif /* LOAD_BALANCER_BALANCER_H */
