/* SPDX-License-Identifier: MIT */
/*
 * dispatch.h - which worker an item goes to, and what becomes of it until its ack is in.
 *
 * Nothing is sent without room: at most `window` items are out at a worker. What a worker that
 * has died was given goes out again before anything new of its flows. All functions return
 * false when the run is over, because a worker was lost or MCAPI failed; that has been said by
 * then.
 */
#ifndef LOAD_BALANCER_DISPATCH_H
#define LOAD_BALANCER_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "load_balancer/balancer.h"

/* Sends the item in hand, or does with it what --on-busy says. */
bool dispatch_item(struct balancer *balancer);

/* Whether there is something to be looked after beside the input. */
static inline bool dispatch_has_chores(const struct balancer *balancer)
{
    return balancer->queue.used > 0 || balancer->workers.troubled > 0
        || balancer->homeless.count > 0;
}

/* Sends of the waiting items what there is room for now, and gets on with workers that take a
 * dead one's place. Waits only for homeless items to find one. */
bool dispatch_chores(struct balancer *balancer);

/* Takes acks and reports, and sends what waits for room; waits for the first of them, but at
 * most so long. */
bool dispatch_wait(struct balancer *balancer, mcapi_timeout_t timeout_ms);

/* Takes the acks and reports of a ready worker that are there, and sends what waits for it. */
bool dispatch_serve(struct balancer *balancer, struct worker *worker);

/* Waits until nothing waits, nothing is out, and everything is reported. */
bool dispatch_drain(struct balancer *balancer);

/* Tells a ready worker that there is no more. False: it is gone. */
bool dispatch_last(struct worker *worker);

#endif /* LOAD_BALANCER_DISPATCH_H */
