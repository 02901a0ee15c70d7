/* SPDX-License-Identifier: MIT */
/*
 * window.h - what the files of the mode window have in common.
 */
#ifndef LOAD_BALANCER_WINDOW_H
#define LOAD_BALANCER_WINDOW_H

#include "load_balancer/balancer.h"

/* Notes anew which workers are ready, to hear from them. */
void window_watch(struct balancer *balancer);

#endif /* LOAD_BALANCER_WINDOW_H */
