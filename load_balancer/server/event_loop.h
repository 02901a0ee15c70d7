/* SPDX-License-Identifier: MIT */
/*
 * event_loop.h - one thread, one epoll instance, and the connections that it has accepted.
 *
 * Nothing here is seen by another thread but what struct server holds (server_inside.h).
 */
#ifndef LOAD_BALANCER_SERVER_EVENT_LOOP_H
#define LOAD_BALANCER_SERVER_EVENT_LOOP_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "load_balancer/server/buffer.h"
#include "load_balancer/server/connection.h"
#include "load_balancer/server/datagrams.h"
#include "load_balancer/server/listener.h"
#include "load_balancer/server/server.h"
#include "load_balancer/server/timers.h"

enum {
    /* The loop's own buffers, which connections borrow. What is read at a time; and replies up
     * to where taking requests stops, with the largest that can come on top. */
    EVENT_LOOP_IN_SIZE = 65536,
    EVENT_LOOP_OUT_SIZE = 524288,

    EVENT_LOOP_DATE_SIZE = 32,
};

/* What an event is about, where it is no connection: in place of a slot. */
#define EVENT_SLOT_FIRST     0xfd000000U
#define EVENT_SLOT_WAKE      0xfd000000U
#define EVENT_SLOT_HANDLER   0xfd000001U
#define EVENT_SLOT_DATAGRAMS 0xfe000000U /* and the socket's number */
#define EVENT_SLOT_LISTENER  0xff000000U /* and the listener's number */

struct event_loop {
    struct server *server;
    const struct server_settings *settings;
    const struct server_handler *handler;
    void *handler_context; /* what `begin` made */
    uint32_t number;
    pthread_t thread;
    sem_t begun;        /* the thread has what it needs, or `reason` says why not */
    char *begin_reason; /* while it begins: where to; of SERVER_REASON_SIZE */

    int epoll;
    int wake;       /* an eventfd: the server wants something */
    int spare;      /* a descriptor to give up when there are no others; -1: it is given up */
    int handler_fd; /* -1: none */

    uint64_t now_ms;
    uint64_t date_ms; /* of `date` */
    char date[EVENT_LOOP_DATE_SIZE];

    struct timers timers;
    struct timer accept_timer; /* accepting stands still until then */
    struct timer drain_timer;
    bool draining;
    bool over;

    struct listener *listeners;
    size_t listener_count;
    struct datagrams datagrams;

    struct connection_table connections;
    struct connection *in_turn;       /* it has the two buffers below */
    struct connection_list ready;     /* to have a turn soon */
    struct connection_list no_room;   /* whose request the handler had no room for */
    struct connection_list no_memory; /* not read from until there is memory */
    bool handler_full;
    struct buffer_budget budget;
    uint8_t *scratch_in;
    uint8_t *scratch_out;

    struct server_statistics statistics;

    /* Of these, what others may see while the loop runs. */
    _Atomic uint64_t live_active;
    _Atomic uint64_t live_requests;
};

/* Makes a loop that does not run yet; false: a reason of one line, and event_loop_close is to
 * be called all the same. */
bool event_loop_open(struct event_loop *loop, struct server *server, uint32_t number,
                     char *reason, size_t reason_size);

/* Starts its thread; false: a reason of one line. */
bool event_loop_start(struct event_loop *loop, char reason[SERVER_REASON_SIZE]);
void event_loop_close(struct event_loop *loop);

/* From any thread: has the loop look at what the server wants. */
void event_loop_wake(struct event_loop *loop);

/* --- For the files that a loop is made of ---------------------------------------------------
 */

bool event_loop_watch(struct event_loop *loop, int descriptor, uint32_t events, uint32_t slot,
                      uint32_t generation);

/* The time as http says it, read once in a second. */
const char *event_loop_date(struct event_loop *loop);

#endif /* LOAD_BALANCER_SERVER_EVENT_LOOP_H */
