/* SPDX-License-Identifier: MIT */
/*
 * output.h - the report at the end of a run: for people, or for programs.
 */
#ifndef LOAD_BALANCER_STATS_OUTPUT_H
#define LOAD_BALANCER_STATS_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "load_balancer/stats/stats.h"

/* A table of the workers, one of the protocols, the largest flows, and the verdict. `agreed` is
 * what stats_check said. */
void stats_print_text(struct stats *stats, bool agreed, FILE *out);

/* The same and more as one object of JSON. */
void stats_print_json(struct stats *stats, bool agreed, FILE *out);

#endif /* LOAD_BALANCER_STATS_OUTPUT_H */
