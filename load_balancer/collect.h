/* SPDX-License-Identifier: MIT */
/*
 * collect.h - the end of a run: what is out is waited for, and what was done is reported.
 */
#ifndef LOAD_BALANCER_COLLECT_H
#define LOAD_BALANCER_COLLECT_H

#include "load_balancer/balancer.h"

/* Waits until all is acknowledged, tells the workers that there is no more, adds their reports
 * to the stats, and sees them off. Goes on with the others when one is lost; what goes wrong
 * has been said. */
void collect_all(struct balancer *balancer);

#endif /* LOAD_BALANCER_COLLECT_H */
