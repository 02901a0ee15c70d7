/* SPDX-License-Identifier: MIT */
/*
 * distribution.h - what the files of the modes burst and single have in common.
 */
#ifndef LOAD_BALANCER_DISTRIBUTION_H
#define LOAD_BALANCER_DISTRIBUTION_H

#include <stdbool.h>
#include <stdint.h>

#include "distributor/distributor.h"
#include "load_balancer/balancer.h"
#include "load_balancer/crew.h"
#include "load_balancer/slots.h"

enum {
    /* Items that are handed to the distributor together. */
    DISTRIBUTION_BATCH = 64,
};

struct distribution {
    struct distributor *distributor;
    struct crew crew;
    struct slots slots; /* an item's cookie is its slot */
    uint32_t capacity;  /* of the distributor */

    struct distributor_item batch[DISTRIBUTION_BATCH];
    uint32_t batch_count;
    uint64_t out; /* items that the distributor has */

    uint32_t workers[DISTRIBUTOR_WORKERS_MAX]; /* who is which of its members; 0: not known */

    /* What is done with an item that is back; false: the run is over. */
    bool (*take)(struct balancer *balancer, const struct distributor_item *from);
};

/* An item that is back. */
struct returned {
    struct worker_stats *worker;
    const void *bytes; /* of its packet, as it is now */
    uint32_t size;
    enum work_outcome outcome;
};

/* Hands over what there is room for, and takes what has come back. False: the run is over. */
bool distribution_hand_over(struct balancer *balancer);

/* What a worker says of an item that it has worked on, which is also counted. False: it makes
 * no sense; that has been said. */
bool returns_read(struct balancer *balancer, const struct distributor_item *from,
                  const struct item *item, struct returned *returned);

/* An item of a packet: into the statistics, and to the sink. */
bool returns_take_packet(struct balancer *balancer, const struct distributor_item *from);

/* Takes all that has come back. False: the run is over. */
bool returns_take(struct balancer *balancer);

/* What went to the sink is there for whoever reads it. False: the run is over. */
bool returns_flush(struct balancer *balancer);

#endif /* LOAD_BALANCER_DISTRIBUTION_H */
