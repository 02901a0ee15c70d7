/* SPDX-License-Identifier: MIT */
/*
 * stats.h - what went in, what was done by whom, and whether the two agree.
 *
 * The balancer counts what it sends, drops and hears back; the workers report what they got.
 * The two were counted in different processes from different copies of the bytes, so
 * stats_check, which holds one against the other, notices what was lost, doubled or changed.
 */
#ifndef LOAD_BALANCER_STATS_STATS_H
#define LOAD_BALANCER_STATS_STATS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "load_balancer/config.h"
#include "worker/flow_table.h"
#include "worker/latency.h"
#include "worker/report.h"
#include "worker/work.h"

enum {
    /* Flows that are told apart in the whole, at some 230 bytes each. */
    STATS_FLOWS_MAX = 4 << 20,

    STATS_TOP_FLOWS = 10,
};

enum stats_protocol {
    STATS_TCP,
    STATS_UDP,
    STATS_ICMP,
    STATS_ICMPV6,
    STATS_OTHER, /* all else, IP or not */
    STATS_PROTOCOLS,
};

struct protocol_stats {
    uint64_t items;
    uint64_t bytes;
    uint64_t flows;
};

struct worker_stats {
    uint32_t number; /* from 1 */
    pid_t pid;

    /* Counted by the balancer. An item counts once, however often it was sent; one that moved
     * to another worker counts there. */
    uint64_t items; /* given to it */
    uint64_t bytes; /* of their packets, as captured */
    uint64_t original_bytes;
    uint64_t acknowledged; /* items */
    uint64_t deaths;       /* processes that were this worker and died */
    bool lost;             /* the worker, for good and with items; that has been said */
    uint64_t lost_bytes;   /* of items that were out when it was lost */
    uint64_t lost_original_bytes;

    /* Said by the worker, by all processes that were it, of items that count. */
    bool reported;          /* everything */
    struct report report;   /* the sum of all */
    struct latency latency; /* from being sent to being done, of the items that are timed */
    uint64_t flows;
    uint64_t reported_flow_items; /* added up over its flows */
};

struct stats {
    const struct config *config;
    const char *topology;

    uint64_t input;   /* items that the source gave */
    uint64_t dropped; /* of those, not sent because a worker was busy */
    uint64_t dropped_bytes;
    uint64_t quarantined; /* of those, set aside because workers died of them */
    uint64_t quarantined_bytes;
    uint64_t deaths;             /* of workers */
    uint64_t respawns;           /* processes that took a dead one's place, and were ready */
    uint64_t resent;             /* items that were sent again */
    uint64_t filtered;           /* of those that were worked on: packets that end there */
    uint64_t unsent;             /* of those, still waiting when the run was broken off */
    uint64_t began_ns, ended_ns; /* from the first item to the last ack, by clock_ns() */

    struct protocol_stats protocols[STATS_PROTOCOLS]; /* of what was sent */

    uint32_t worker_count;
    struct worker_stats *workers;

    struct flow_table flows; /* of all workers together */
    uint8_t *flow_workers;   /* for each flow a bit for each worker: it had items of it */
    size_t flow_room;        /* for so many flows */
    bool failed;             /* something went wrong and was said */
    const char *note;        /* what the source added at its end; NULL: nothing */
};

/* --- While it runs ---------------------------------------------------------------- */

/* False: no memory. */
bool stats_open(struct stats *stats, const struct config *config);
void stats_close(struct stats *stats);

/* The class of a packet: 0 as ip_version is "not IP". */
static inline enum stats_protocol stats_protocol_of(uint8_t ip_version, uint8_t protocol)
{
    if (ip_version == 0)
        return STATS_OTHER;
    switch (protocol) {
    case IPPROTO_TCP:
        return STATS_TCP;
    case IPPROTO_UDP:
        return STATS_UDP;
    case IPPROTO_ICMP:
        return STATS_ICMP;
    case IPPROTO_ICMPV6:
        return STATS_ICMPV6;
    default:
        return STATS_OTHER;
    }
}
const char *stats_protocol_name(enum stats_protocol protocol);

/* Adds a report of a worker, all of it or nothing; `items`: how many it is about. False: it
 * makes no sense, or there is no memory. */
bool stats_add_report(struct stats *stats, struct worker_stats *worker, const void *packet,
                      size_t size, uint32_t *items);

/* Counts an item that has come back from a distributor. `unordered`: flows need not be in
 * order. False: there is no memory for its flow. */
bool stats_add_item(struct stats *stats, struct worker_stats *worker, const struct item *item,
                    bool unordered);

/* --- At the end ------------------------------------------------------------------- */

/* Sums over the workers. */
struct stats_totals {
    uint64_t items; /* acknowledged */
    uint64_t bytes; /* of these */
    uint64_t original_bytes;
    uint64_t unacknowledged;
    uint64_t flows;
    uint64_t other_items; /* of flows that were not told apart */
    uint64_t other_bytes;
    uint64_t result; /* of the work */
    uint64_t out_of_order;
    bool ordered; /* all workers reported, and none saw an item out of order */
    double seconds;
    double items_per_second;
    double bytes_per_second;
    struct latency latency;
};
void stats_add_up(struct stats *stats, struct stats_totals *totals);

/* Holds what was sent against what was acknowledged and reported. Calls `say` with one line
 * for each disagreement; true if there was none. */
bool stats_check(const struct stats *stats, void (*say)(void *context, const char *line),
                 void *context);

/* The largest flows by bytes, largest first; how many there are, at most STATS_TOP_FLOWS. */
size_t stats_top_flows(const struct stats *stats,
                       const struct flow_record *top[STATS_TOP_FLOWS]);

/* The name of a flow in the table. */
void stats_flow_name(const struct stats *stats, const struct flow_record *flow, char *name,
                     size_t size);

/* The share of its time in which a worker had work, 0 to 1. */
double stats_busy(const struct worker_stats *worker);

#endif /* LOAD_BALANCER_STATS_STATS_H */
