/* SPDX-License-Identifier: MIT */
/*
 * requests.h - operations that have not finished, and how they stand: for the tests of
 * section 9.
 *
 * The operation is a get of an endpoint that is not there. It needs no peer and no channel,
 * and ends when the endpoint is created.
 */
#ifndef CONFORMANCE_REQUESTS_H
#define CONFORMANCE_REQUESTS_H

#include "harness.h"

/* A get, by the caller, of port `port` of node OWN_NODE, which does not exist. */
mcapi_request_t unfinished(mcapi_port_t port);

/* The port is created, by its node, and the gets of it have finished. */
void complete(mcapi_port_t port);

/* What test and wait tell of a request. What they return has to fit to it: false with
 * MCAPI_PENDING or MCAPI_TIMEOUT alone. */
mcapi_status_t tested(mcapi_request_t request);
mcapi_status_t waited(mcapi_request_t request, mcapi_timeout_t timeout);

/* Acts. */
void do_get_i(struct call *call);     /* domain, node, port -> request */
void do_wait_long(struct call *call); /* request, timeout -> truth, size, word: ms it took */
void do_any(struct call *call);       /* bytes: `number` requests, timeout -> number, size */

/* Puts requests where do_any finds them. */
void any_of(struct call *call, const mcapi_request_t *requests, mcapi_uint_t number);

#endif /* CONFORMANCE_REQUESTS_H */
