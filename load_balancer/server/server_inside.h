/* SPDX-License-Identifier: MIT */
/*
 * server_inside.h - what the loops of a server share.
 */
#ifndef LOAD_BALANCER_SERVER_SERVER_INSIDE_H
#define LOAD_BALANCER_SERVER_SERVER_INSIDE_H

#include <stdatomic.h>

#include "load_balancer/server/event_loop.h"
#include "load_balancer/server/rate.h"
#include "load_balancer/server/server.h"

/*
 * STOPPED  what a loop does after it has seen `stops` needs nothing that was written before it:
 *          relaxed would do, were it not for the eventfd that makes it look.
 * DRAINED  who sees that all loops accept no more may close the sockets that they shared.
 */
struct server {
    const struct server_settings *settings;
    const struct server_handler *handler;
    size_t listener_count;   /* of each loop */
    struct listener *shared; /* the sockets that all loops have; unused with reuseport */
    struct server_address at[SERVER_ADDRESSES_MAX]; /* with the ports that were found */
    uint32_t loop_count;
    uint32_t started;
    struct event_loop *loops;
    struct rate rate;
    uint64_t key; /* for hashes of addresses */

    _Atomic uint32_t connections; /* of all loops */
    _Atomic uint32_t stops;       /* how often the end was asked for */
    _Atomic uint32_t drained;     /* loops that accept no more */
    _Atomic uint32_t ended;       /* loops that have come to their end */
};

#endif /* LOAD_BALANCER_SERVER_SERVER_INSIDE_H */
