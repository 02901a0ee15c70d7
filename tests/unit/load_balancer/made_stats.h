/* SPDX-License-Identifier: MIT */
/*
 * made_stats.h - a run that was never made: two workers, what they were sent, what they report.
 */
#ifndef MADE_STATS_H
#define MADE_STATS_H

#include "load_balancer/stats/stats.h"

struct made_stats {
    struct config config;
    struct stats stats;
};

/* A run with two workers that agrees in everything: worker 1 had flow `a` (3 items, 300 bytes)
 * and flow `b` (1 item, 60 bytes), worker 2 had flow `c` (2 items, 1000 bytes). */
void made_stats_open(struct made_stats *made);
void made_stats_close(struct made_stats *made);

/* Counts an item as sent to a worker, numbered from 1, and acknowledged. */
void made_stats_sent(struct made_stats *made, uint32_t worker, uint64_t items, uint64_t bytes);

/* The worker's report of one flow over UDP, between two ports of 10.0.0.1 and 10.0.0.2. */
void made_stats_flow(struct made_stats *made, uint32_t worker, uint32_t tag, uint64_t items,
                     uint64_t bytes);

/* The worker's report of what it was sent, but for the flows; it is the last one. */
void made_stats_summary(struct made_stats *made, uint32_t worker);

#endif /* MADE_STATS_H */
