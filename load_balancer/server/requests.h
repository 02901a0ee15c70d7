/* SPDX-License-Identifier: MIT */
/*
 * requests.h - requests of a connection on their way out, and replies on their way back.
 *
 * Requests are numbered as they come. Replies are written in that order: one that comes before
 * its turn waits in the connection's ring of pending ones.
 */
#ifndef LOAD_BALANCER_SERVER_REQUESTS_H
#define LOAD_BALANCER_SERVER_REQUESTS_H

#include <stdbool.h>

#include "load_balancer/server/connection.h"

struct event_loop;

/* Takes the requests out of what has come and hands them out, until there is no whole one, or
 * something stands against it: then `starved` is false. */
void requests_take(struct event_loop *loop, struct connection *connection);

/* Whether what had stood against it is gone. */
bool requests_can_go_on(const struct event_loop *loop, const struct connection *connection);

/* The connection ends: lets go of what waits in its ring. */
void requests_forget(struct event_loop *loop, struct connection *connection);

#endif /* LOAD_BALANCER_SERVER_REQUESTS_H */
