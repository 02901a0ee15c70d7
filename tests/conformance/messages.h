/* SPDX-License-Identifier: MIT */
/*
 * messages.h - messages in one line each: for the tests of section 6.
 *
 * `peer` is who makes the call; NULL is the caller. Messages are texts, sent with their NUL.
 */
#ifndef CONFORMANCE_MESSAGES_H
#define CONFORMANCE_MESSAGES_H

#include "harness.h"

/* An anonymous endpoint of the peer. */
mcapi_endpoint_t endpoint_of(struct peer *peer);
/* The same with room for `depth` messages. */
mcapi_endpoint_t endpoint_with_room(struct peer *peer, uint32_t depth);
void set_attribute(struct peer *peer, mcapi_endpoint_t endpoint, mcapi_uint_t number,
                   uint32_t value);

/* A send that succeeds, with priority 0 or with this one. */
void say(struct peer *peer, mcapi_endpoint_t from, mcapi_endpoint_t to, const char *text);
void say_with(struct peer *peer, mcapi_endpoint_t from, mcapi_endpoint_t to, const char *text,
              mcapi_priority_t priority);
/* What the peer is about to send. */
struct call saying(mcapi_endpoint_t from, mcapi_endpoint_t to, const char *text);

/* A receive, by the caller, that gets this text. */
void hear(mcapi_endpoint_t at, const char *text);
/* The same of a receive that was posted. */
void hear_posted(mcapi_request_t request, const char *buffer, const char *text);
/* What a receive would get at once. */
mcapi_uint_t waiting_at(mcapi_endpoint_t at);

/* Acts. */
void do_available(struct call *call); /* endpoint -> number */
void do_send_long(struct call *call); /* do_msg_send -> word: ms it took */
void do_recv_long(struct call *call); /* do_msg_recv -> word: ms it took */

#endif /* CONFORMANCE_MESSAGES_H */
