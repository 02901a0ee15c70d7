/* SPDX-License-Identifier: MIT */
/*
 * report.h - what a server says at its end, for people and for programs.
 */
#ifndef LOAD_BALANCER_SERVER_REPORT_H
#define LOAD_BALANCER_SERVER_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "load_balancer/config.h"
#include "load_balancer/server/server.h"
#include "load_balancer/stats/stats.h"

struct server_report {
    const struct config *config;
    const struct server *server; /* its loops have ended */
    double seconds;
    uint64_t result;             /* of the work, over all loops */
    const struct stats *workers; /* NULL: the loops have done the work */
};

/* A row for each loop, one for all, how evenly they were used, and what went wrong. */
void server_print_text(const struct server_report *report, FILE *out);
void server_print_json(const struct server_report *report, FILE *out);

/* Whether every request that was taken has had its reply, or the one who asked was gone. */
bool server_report_is_good(const struct server_report *report);

#endif /* LOAD_BALANCER_SERVER_REPORT_H */
