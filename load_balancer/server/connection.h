/* SPDX-License-Identifier: MIT */
/*
 * connection.h - one client: bytes in, requests out, replies back in order.
 *
 * A connection does everything in its turn: it takes the requests out of what it has read,
 * sends what there is to send, and reads on if nothing stands against it. A turn is short (it
 * reads some 64 KiB a few times); a connection that has more to do gets another one behind the
 * others. Events from the kernel come at edges, so that they are noted, and only a call that
 * would have to wait takes the note away.
 */
#ifndef LOAD_BALANCER_SERVER_CONNECTION_H
#define LOAD_BALANCER_SERVER_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "load_balancer/server/buffer.h"
#include "load_balancer/server/protocol.h"
#include "load_balancer/server/server.h"
#include "load_balancer/server/timers.h"

enum {
    CONNECTION_CHUNK = 256, /* connections that get memory together */

    /* Taking requests stops with so many bytes of replies unsent. */
    CONNECTION_OUT_HIGH = 131072,
};

/* A request that was handed out and whose reply was not written yet. */
struct connection_pending {
    uint8_t note;  /* PROTOCOL_NOTE_* */
    bool replied;  /* the reply is here; it waits for those before it */
    uint32_t size; /* of the reply, as it is to be sent */
    uint8_t *bytes;
    uint32_t expected; /* bytes of memory that are accounted for a reply to come */
};

/* On one list of the loop at most. */
struct connection_list {
    struct connection *first, *last;
};

struct connection {
    struct connection *next_listed, *previous_listed;
    struct connection_list *list; /* NULL: on none */
    struct timer timer;

    int descriptor; /* -1: the slot is free */
    uint32_t slot;
    uint32_t generation;
    uint32_t next_free; /* slot + 1; 0: none */
    uint32_t tag;
    uint64_t peer; /* for its rate */

    /* What the kernel said last. */
    bool readable, writable;
    bool end_coming; /* behind what can be read, the client has ended */

    bool ended;     /* the client has sent all it will */
    bool finishing; /* no more requests are taken: what is under way is the last */
    bool lingering; /* we have sent all, and wait for the client to notice */
    bool starved;   /* there is no whole request among what has come */
    bool held;      /* `item` is whole and waits to be handed out */
    bool begun;     /* part of a request is here, since `begun_ms` */
    bool paused;    /* something stands against reading */
    bool broken;    /* to be closed at once */
    bool submitting;
    bool submit_replied; /* the reply came before `submit` returned */

    struct buffer in, out;
    struct protocol_state protocol;
    struct protocol_item item;

    uint32_t next_sequence;             /* of the next request */
    uint32_t reply_sequence;            /* of the next reply to be written */
    struct connection_pending *pending; /* settings->max_pending of them; NULL: never needed */

    uint64_t active_ms; /* something came or went */
    uint64_t begun_ms;
    uint64_t rate_ms;     /* not before; 0: now */
    uint64_t progress_ms; /* when enough of the output had gone */
    uint64_t progress;    /* bytes gone since */
    uint64_t linger_ms;   /* until when */
    uint32_t discarded;   /* bytes, while lingering */
};

struct connection_table {
    struct connection **chunks;
    uint32_t chunk_count;
    uint32_t chunk_limit;
    uint32_t free; /* slot + 1; 0: none */
};

/* --- The table
 * --------------------------------------------------------------------------------- */

bool connection_table_open(struct connection_table *table, uint32_t limit);
void connection_table_close(struct connection_table *table);

/* A free slot becomes that of a connection, when its descriptor is set; NULL: no memory. */
struct connection *connection_table_take(struct connection_table *table);
void connection_table_give(struct connection_table *table, struct connection *connection);

/* NULL: there is no such one, or none any more. */
struct connection *connection_find(struct connection_table *table, uint32_t slot,
                                   uint32_t generation);

/* All of them: from slot 0 on; NULL: free. */
struct connection *connection_in_slot(struct connection_table *table, uint32_t slot);
uint32_t connection_slots(const struct connection_table *table);

void connection_enlist(struct connection_list *list, struct connection *connection);
void connection_delist(struct connection *connection);

/* --- Its life
 * ------------------------------------------------------------------------------------ */

struct event_loop;

/* Takes over the descriptor; false: no memory, and it is closed. */
bool connection_begin(struct event_loop *loop, int descriptor,
                      const struct sockaddr_storage *peer);

/* What epoll has said of it. */
void connection_event(struct event_loop *loop, struct connection *connection, uint32_t events);

/* Does what can be done; may close it. */
void connection_turn(struct event_loop *loop, struct connection *connection);

void connection_due(struct event_loop *loop, struct connection *connection);
void connection_close(struct event_loop *loop, struct connection *connection);

#endif /* LOAD_BALANCER_SERVER_CONNECTION_H */
