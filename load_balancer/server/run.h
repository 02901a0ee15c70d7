/* SPDX-License-Identifier: MIT */
/*
 * run.h - a run of load_balancer whose source is the network.
 */
#ifndef LOAD_BALANCER_SERVER_RUN_H
#define LOAD_BALANCER_SERVER_RUN_H

#include "load_balancer/config.h"

/* Serves until a signal comes, reports, and returns the exit status. */
int server_run(const struct config *config);

#endif /* LOAD_BALANCER_SERVER_RUN_H */
