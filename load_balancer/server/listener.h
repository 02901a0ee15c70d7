/* SPDX-License-Identifier: MIT */
/*
 * listener.h - listening sockets, and taking connections from them.
 */
#ifndef LOAD_BALANCER_SERVER_LISTENER_H
#define LOAD_BALANCER_SERVER_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load_balancer/server/address.h"

struct listener {
    int descriptor; /* -1: closed */
    bool own;       /* the loop's, not shared with the others */
};

struct event_loop;

/* Opens a socket for the address, listening if it is of TCP, and writes to the address the port
 * it has. `reuse` lets the other loops open theirs. -1: a reason of one line. */
int listener_open(struct server_address *address, bool reuse, char *reason, size_t reason_size);

/* Has the loop hear of connections, or no longer. */
bool listener_watch(struct event_loop *loop, size_t index);
void listener_unwatch(struct event_loop *loop, size_t index);

/* A listener has something: takes some of it. */
void listener_event(struct event_loop *loop, size_t index);

/* Takes all there is, when it is to be closed. */
void listener_drain(struct event_loop *loop, size_t index);

#endif /* LOAD_BALANCER_SERVER_LISTENER_H */
