/* SPDX-License-Identifier: MIT */
/*
 * datagrams.h - UDP: each datagram is a request, and a reply is a datagram to its sender.
 *
 * Every loop has a socket of its own for each address, and the kernel deals by sender. There is
 * no stopping a sender: what there is no room for is dropped, and counted.
 */
#ifndef LOAD_BALANCER_SERVER_DATAGRAMS_H
#define LOAD_BALANCER_SERVER_DATAGRAMS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load_balancer/server/protocol.h"
#include "load_balancer/server/server.h"

/* Set in a request's slot: the rest is the number of a pending datagram. */
#define DATAGRAMS_SLOT 0x80000000U

enum {
    /* Pending datagrams of a loop, for each pending request of a connection. */
    DATAGRAMS_PER_PENDING = 16,
};

struct event_loop;
struct datagram_peer;
struct datagram_batch;

struct datagrams {
    int *sockets; /* -1: closed */
    size_t socket_count;
    struct datagram_peer *peers; /* whom the pending requests are from */
    uint32_t peer_count;
    uint32_t free; /* number + 1; 0: none */
    uint32_t pending;
    struct datagram_batch *in, *out;
};

/* False: a reason of one line; datagrams_close is to be called all the same. */
bool datagrams_open(struct event_loop *loop, char *reason, size_t reason_size);
void datagrams_close(struct event_loop *loop);

/* No more are taken in; replies still go out. */
void datagrams_stop(struct event_loop *loop);

/* A socket has something: takes some of it. */
void datagrams_event(struct event_loop *loop, size_t index);

static inline bool datagrams_are_of(const struct server_request_id *id)
{
    return (id->slot & DATAGRAMS_SLOT) != 0;
}

void datagrams_reply(struct event_loop *loop, const struct server_request_id *id,
                     enum protocol_outcome outcome, const uint8_t *bytes, uint32_t size);

/* Sends the replies that have come together. */
void datagrams_flush(struct event_loop *loop);

#endif /* LOAD_BALANCER_SERVER_DATAGRAMS_H */
