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
};

/* Takes all that has come back: into the statistics, and to the sink. False: the run is over.
 */
bool returns_take(struct balancer *balancer);

/* What went to the sink is there for whoever reads it. False: the run is over. */
bool returns_flush(struct balancer *balancer);

#endif /* LOAD_BALANCER_DISTRIBUTION_H */
