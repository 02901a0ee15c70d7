/* SPDX-License-Identifier: MIT */
/*
 * balanced.h - the balancing thread of a server: requests of the loops to workers, and what
 * they made of them back as replies.
 */
#ifndef LOAD_BALANCER_SERVER_BALANCED_H
#define LOAD_BALANCER_SERVER_BALANCED_H

#include <stdbool.h>

#include "load_balancer/config.h"
#include "load_balancer/server/server.h"
#include "load_balancer/stats/stats.h"

struct balanced;

/* Joins the topology and starts the workers; NULL: a reason of one line, which is empty if it
 * has been said. The settings must outlive it. */
struct balanced *balanced_open(const struct config *config, uint32_t loops,
                               char reason[CONFIG_REASON_SIZE]);

/* What the loops are to have as their handler. */
void balanced_handler(struct balanced *balanced, struct server_handler *handler);

/* Goes on until all loops have ended, which signals have asked them to. Where workers are lost
 * for good it ends them. False: a second signal has broken it off, or something failed. */
bool balanced_run(struct balanced *balanced, struct server *server);

/* Lets the workers go, after the loops. What they did is in the statistics. */
void balanced_finish(struct balanced *balanced);
const struct stats *balanced_statistics(const struct balanced *balanced);

/* Accepts NULL. */
void balanced_close(struct balanced *balanced);

#endif /* LOAD_BALANCER_SERVER_BALANCED_H */
