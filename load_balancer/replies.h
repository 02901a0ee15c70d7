/* SPDX-License-Identifier: MIT */
/*
 * replies.h - what comes back from a worker: acks, and reports.
 *
 * All return MCAPI_SUCCESS, or why no more will come: what MCAPI said, or MCAPI_ERR_GENERAL if
 * the worker talks nonsense, which has been said. What the worker's loss means is the caller's
 * business.
 */
#ifndef LOAD_BALANCER_REPLIES_H
#define LOAD_BALANCER_REPLIES_H

#include "load_balancer/balancer.h"

/* Takes the acks that are there. */
mcapi_status_t replies_take_acks(struct balancer *balancer, struct worker *worker);

/* Takes the reports that are there. */
mcapi_status_t replies_take_reports(struct balancer *balancer, struct worker *worker);

/* Takes the reports that are there, and waits for an ack. MCAPI_TIMEOUT: none came for
 * CHANNELS_PATIENCE_MS. */
mcapi_status_t replies_await_ack(struct balancer *balancer, struct worker *worker);

#endif /* LOAD_BALANCER_REPLIES_H */
