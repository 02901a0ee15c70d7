/* SPDX-License-Identifier: MIT */
/*
 * dispatch.h - which worker an item goes to, and what becomes of it until its ack is in.
 *
 * Nothing is sent without room: at most `window` items are out at a worker. All functions
 * return false when a worker was lost, or MCAPI failed; that has been said by then.
 */
#ifndef LOAD_BALANCER_DISPATCH_H
#define LOAD_BALANCER_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "load_balancer/balancer.h"

/* Sends balancer->item, or does with it what --on-busy says. */
bool dispatch_item(struct balancer *balancer);

/* Sends of the waiting items what there is room for now. */
bool dispatch_waiting(struct balancer *balancer);

/* Takes acks, and sends what waits for room; waits for the first ack, but at most so long. */
bool dispatch_wait(struct balancer *balancer, mcapi_timeout_t timeout_ms);

/* Waits until nothing waits and nothing is out at any worker. */
bool dispatch_drain(struct balancer *balancer);

/* Tells a ready worker that there is no more. */
bool dispatch_last(struct balancer *balancer, struct worker *worker);

#endif /* LOAD_BALANCER_DISPATCH_H */
