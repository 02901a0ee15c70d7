/* SPDX-License-Identifier: MIT */
/*
 * ends.h - the two channel ends that each side of a connection has, from create to delete.
 *
 * The same steps for a distributor and for a worker. The worker opens its ends before it says
 * hello, so that the distributor's opens are complete at once. Both let go without waiting for
 * each other: what was sent before a close can still be received.
 */
#ifndef DISTRIBUTOR_ENDS_H
#define DISTRIBUTOR_ENDS_H

#include <mcapi.h>
#include <stdbool.h>

/* An endpoint of this node for a channel that holds so many packets, if we receive on it; 0 for
 * a sending end. Calls on it that would block end with MCAPI_TIMEOUT, if `waits` is false. */
mcapi_endpoint_t ends_create(mcapi_uint_t depth, bool waits, mcapi_status_t *status);

/* Looks whether a request is complete, and releases it. MCAPI_PENDING: it is not, and stays. */
mcapi_status_t ends_look(mcapi_request_t *request);

/* Releases a request, complete or not. */
void ends_forget(mcapi_request_t *request);

/* Closes an end, if it is open, and deletes its endpoint; 0: there is none. */
void ends_delete_sender(mcapi_endpoint_t endpoint);
void ends_delete_receiver(mcapi_endpoint_t endpoint);

#endif /* DISTRIBUTOR_ENDS_H */
