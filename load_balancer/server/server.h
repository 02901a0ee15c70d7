/* SPDX-License-Identifier: MIT */
/*
 * server.h - items from the network: sockets, loops, and the way of a request out and back.
 *
 * A server has some loops, each a thread with an epoll instance of its own. Every loop hears of
 * every listening socket; whichever accepts a connection keeps it for its life. A loop turns
 * bytes into requests, hands them to the handler, and writes the replies to the connection that
 * they belong to, in the order of its requests, whatever order they come back in.
 *
 * Nothing waits in a loop, and nothing grows without bound: what cannot go on (a handler
 * without room, a client that does not read, a peer above its rate) stops the reading of its
 * connection, so that its sender has to wait; a datagram is dropped instead, and counted.
 */
#ifndef LOAD_BALANCER_SERVER_SERVER_H
#define LOAD_BALANCER_SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load_balancer/server/address.h"
#include "load_balancer/server/protocol.h"

enum {
    SERVER_ADDRESSES_MAX = 32,
    SERVER_LOOPS_MAX = 256,
    SERVER_REASON_SIZE = 512,
};

/* How the loops share a listening socket. */
enum server_accept {
    SERVER_ACCEPT_SHARED,    /* a connection may wake several; one gets it */
    SERVER_ACCEPT_EXCLUSIVE, /* it wakes as few as the kernel can manage */
    SERVER_ACCEPT_REUSEPORT, /* each loop has a socket of its own, the kernel deals */
};

struct server_settings {
    struct server_address addresses[SERVER_ADDRESSES_MAX];
    size_t address_count;
    uint32_t loops; /* 1 to SERVER_LOOPS_MAX */
    enum server_accept accept;
    bool pin; /* each loop to a processor */
    const struct protocol *protocol;

    uint32_t max_connections; /* over all loops */
    uint32_t max_pending; /* requests of one connection without a reply; datagrams of a loop */
    uint32_t max_request; /* bytes of an item */
    uint32_t max_memory_mib; /* for what is half there and not yet sent, over all loops */
    uint32_t max_rate;       /* requests a second of one peer; 0: any */

    /* 0: for ever */
    uint32_t idle_ms;    /* nothing to do */
    uint32_t request_ms; /* a request has begun and is not whole */
    uint32_t send_ms;    /* a client does not take its replies */
    uint32_t drain_ms;   /* all of it, after the end was asked for */
};

/* --- Requests and replies: in the loop's own thread --------------------------------------- */

struct event_loop;

/* To whom a reply goes. It is dropped if the connection is gone. */
struct server_request_id {
    uint32_t slot;
    uint32_t generation; /* of what is in the slot */
    uint32_t sequence;   /* counts the requests of the connection */
};

struct server_request {
    struct server_request_id id;
    uint32_t tag;            /* requests with the same tag stay in order: one per connection */
    uint32_t size;           /* bytes */
    uint32_t payload_offset; /* where in them the payload begins */
    uint8_t *bytes;          /* may be changed; valid until `submit` returns */
};

/*
 * Where requests go. All functions are called in the thread of the loop, and may call
 * server_reply and server_room.
 */
struct server_handler {
    void *context;
    bool whole_replies; /* replies are responses of http, head and all */

    /* Makes what the handler needs for a loop, before its first request. `descriptor` is to be
     * what becomes readable when there is something to collect; -1: there never is. NULL: a
     * reason of one line. */
    void *(*begin)(void *context, struct event_loop *loop, uint32_t number, int *descriptor,
                   char *reason, size_t reason_size);

    /* Takes a request. False: no room; the loop keeps it, and comes again after server_room. */
    bool (*submit)(void *loop_context, struct event_loop *loop,
                   const struct server_request *request);

    /* Gives back the replies that have come; NULL where there is no descriptor. */
    void (*collect)(void *loop_context, struct event_loop *loop);

    /* Lets go of what `begin` made. */
    void (*end)(void *loop_context);
};

/* The reply to a request: once for each that was taken, now or later, in any order. The bytes
 * are the caller's again when it returns. */
void server_reply(struct event_loop *loop, const struct server_request_id *id,
                  enum protocol_outcome outcome, const uint8_t *bytes, uint32_t size);

/* No reply will come: its connection is closed. */
void server_lost(struct event_loop *loop, const struct server_request_id *id);

/* There is room again after `submit` said that there was none. */
void server_room(struct event_loop *loop);

/* --- A server: one thread, in this order -----------------------------------------------------
 */

struct server;

/* Opens the sockets; NULL: a reason of one line. Settings and handler must outlive it. */
struct server *server_open(const struct server_settings *settings,
                           const struct server_handler *handler,
                           char reason[SERVER_REASON_SIZE]);

/* Where it listens, with the ports that were found for port 0; false: there are no more. */
bool server_listens_at(const struct server *server, size_t index,
                       struct server_address *address);

/* Starts the loops; false: a reason of one line, and none is left running. */
bool server_start(struct server *server, char reason[SERVER_REASON_SIZE]);

/* Stops accepting, lets requests that have begun come to their end, and closes what is idle;
 * the loops end when nothing is left, or when the time for it is over. The second time: at
 * once. May be called from anywhere but a signal handler. */
void server_stop(struct server *server);

/* Whether all loops have ended. */
bool server_ended(const struct server *server);

/* Waits until they have. */
void server_join(struct server *server);

/* What the loops are at, roughly: each says it once in a turn. */
struct server_live {
    uint64_t connections; /* that are open */
    uint64_t requests;    /* that have come */
};

/* May be called from any thread. */
void server_look(const struct server *server, struct server_live *live);

/* What a loop has counted; to be read when it has ended. */
struct server_statistics {
    uint64_t accepted;
    uint64_t active; /* connections now; the high-water mark is active_most */
    uint64_t active_most;
    uint64_t refused; /* closed at once: too many connections, or no descriptor for them */
    uint64_t in_vain; /* wake-ups for a connection that another loop had taken */
    uint64_t wakeups;
    uint64_t accept_pauses; /* accepting stood still because it could not be done */
    uint64_t requests;
    uint64_t replies;
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t late;      /* replies whose connection was gone, or whose request had one */
    uint64_t lost;      /* requests without a reply, because no worker has one */
    uint64_t bad_input; /* connections that were closed for what they sent */
    uint64_t cut_short; /* connections that ended within a request */
    uint64_t broken;    /* connections that were reset, or failed */
    uint64_t idle_timeouts;
    uint64_t request_timeouts;
    uint64_t send_timeouts;
    uint64_t drained_by_force; /* connections that the end of the drain time cut off */
    uint64_t pauses;           /* times the reading of a connection was stopped */
    uint64_t rate_pauses;      /* of these, for the rate of the peer */
    uint64_t memory_pauses;    /* of these, for memory */
    uint64_t shed;             /* connections that were closed for want of memory */
    uint64_t memory_most;      /* bytes */
    uint64_t memory_left;      /* bytes at the end, when all connections were gone */
    uint64_t unsent;           /* replies of connections that ended before they were sent */
    uint64_t datagrams;
    uint64_t datagrams_dropped; /* not taken in, or the reply not sent */
    uint64_t datagrams_cut;     /* of these, longer than the largest item */
};

uint32_t server_loops(const struct server *server);
const struct server_statistics *server_loop_statistics(const struct server *server,
                                                       uint32_t loop);

/* Ends what is still there. Accepts NULL. */
void server_close(struct server *server);

#endif /* LOAD_BALANCER_SERVER_SERVER_H */
