/* SPDX-License-Identifier: MIT */
/*
 * traffic.h - what a victim does on a channel, beside the calls of the standard: packets by
 * reference, and bursts.
 */
#ifndef TESTS_TRAFFIC_H
#define TESTS_TRAFFIC_H

#include "crash/scene.h"

enum {
    DEPTH = 4,  /* of channels that are to be full */
    SENT = 3,   /* packets or scalars, in one burst too */
    SMALL = 40, /* bytes of a packet */
};

/* endpoint, size; each to a receiver that sleeps again, in the buffer that the packet was made
 * in; another one is taken each time and given back. all->accepted is their number. */
void act_send_by_reference(struct act *act);

/* kind, endpoint; two bursts, each to a receiver that sleeps again. */
void act_send_bursts(struct act *act);

/* kind, endpoint; takes all there is and more from a sender that waits for room, as much at a
 * time as there is. */
void act_receive_bursts(struct act *act);

#endif /* TESTS_TRAFFIC_H */
