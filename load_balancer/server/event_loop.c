/* SPDX-License-Identifier: MIT */
/*
 * event_loop.c - waits, and gives everyone their turn.
 */
#include "load_balancer/server/event_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "load_balancer/server/server_inside.h"
#include "worker/clock.h"

enum {
    EVENTS = 256,
};

/* --- Making
 * ----------------------------------------------------------------------------------- */

bool event_loop_watch(struct event_loop *loop, int descriptor, uint32_t events, uint32_t slot,
                      uint32_t generation)
{
    struct epoll_event event = {
        .events = events,
        .data.u64 = (uint64_t)generation << 32 | slot,
    };

    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

/* The listening sockets: those of the server, or with reuseport some of its own. */
static bool open_listeners(struct event_loop *loop, char *reason, size_t reason_size)
{
    struct server *server = loop->server;
    bool own = loop->settings->accept == SERVER_ACCEPT_REUSEPORT;
    size_t shared = 0;

    loop->listeners = calloc(server->listener_count + 1, sizeof(*loop->listeners));
    if (loop->listeners == NULL) {
        snprintf(reason, reason_size, "no memory for a loop");
        return false;
    }
    for (size_t i = 0; i < loop->settings->address_count; i++) {
        struct listener *listener = &loop->listeners[loop->listener_count];

        if (server->at[i].datagrams)
            continue;
        listener->own = own;
        listener->descriptor = own ? listener_open(&server->at[i], true, reason, reason_size)
                                   : server->shared[shared++].descriptor;
        if (listener->descriptor < 0)
            return false;
        loop->listener_count++;
        if (!listener_watch(loop, loop->listener_count - 1)) {
            snprintf(reason, reason_size, "cannot watch a socket: %s", strerror(errno));
            return false;
        }
    }
    return true;
}

static bool open_descriptors(struct event_loop *loop)
{
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    loop->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return loop->epoll >= 0 && loop->wake >= 0 && loop->spare >= 0
        && event_loop_watch(loop, loop->wake, EPOLLIN, EVENT_SLOT_WAKE, 0);
}

bool event_loop_open(struct event_loop *loop, struct server *server, uint32_t number,
                     char *reason, size_t reason_size)
{
    const struct server_settings *settings = server->settings;

    *loop = (struct event_loop){
        .server = server,
        .settings = settings,
        .handler = server->handler,
        .number = number,
        .epoll = -1,
        .wake = -1,
        .spare = -1,
        .handler_fd = -1,
        .budget.limit = ((uint64_t)settings->max_memory_mib << 20) / server->loop_count,
    };
    loop->scratch_in = malloc(EVENT_LOOP_IN_SIZE);
    loop->scratch_out = malloc(EVENT_LOOP_OUT_SIZE);
    if (loop->scratch_in == NULL || loop->scratch_out == NULL
        || !connection_table_open(&loop->connections, settings->max_connections)) {
        snprintf(reason, reason_size, "no memory for a loop");
        return false;
    }
    if (!open_descriptors(loop)) {
        snprintf(reason, reason_size, "cannot make a loop: %s", strerror(errno));
        return false;
    }
    return open_listeners(loop, reason, reason_size)
        && datagrams_open(loop, reason, reason_size);
}

void event_loop_close(struct event_loop *loop)
{
    int descriptors[] = { loop->epoll, loop->wake, loop->spare };

    for (uint32_t i = 0; i < connection_slots(&loop->connections); i++) {
        struct connection *connection = connection_in_slot(&loop->connections, i);

        if (connection != NULL)
            connection_close(loop, connection);
    }
    for (size_t i = 0; i < loop->listener_count; i++)
        if (loop->listeners[i].own && loop->listeners[i].descriptor >= 0)
            close(loop->listeners[i].descriptor);
    datagrams_close(loop);
    for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++)
        if (descriptors[i] >= 0)
            close(descriptors[i]);
    connection_table_close(&loop->connections);
    free(loop->listeners);
    free(loop->scratch_in);
    free(loop->scratch_out);
}

void event_loop_wake(struct event_loop *loop)
{
    static const uint64_t one = 1;

    if (write(loop->wake, &one, sizeof(one)) < 0)
        return; /* full: it is readable, which is all we want */
}

const char *event_loop_date(struct event_loop *loop)
{
    time_t now;
    struct tm parts;

    if (loop->date[0] == '\0' || loop->now_ms - loop->date_ms >= 1000) {
        now = time(NULL);
        gmtime_r(&now, &parts);
        strftime(loop->date, sizeof(loop->date), "%a, %d %b %Y %H:%M:%S GMT", &parts);
        loop->date_ms = loop->now_ms;
    }
    return loop->date;
}

/* --- The end
 * ---------------------------------------------------------------------------------- */

static void force(struct event_loop *loop)
{
    for (uint32_t i = 0; i < connection_slots(&loop->connections); i++) {
        struct connection *connection = connection_in_slot(&loop->connections, i);

        if (connection == NULL)
            continue;
        loop->statistics.drained_by_force += !connection->lingering;
        connection->begun = false;
        connection_close(loop, connection);
    }
    loop->over = true;
}

/* Takes what waits at the listening sockets, and closes them: those that are shared when the
 * last loop has no more use for them. What has come until then it takes too. */
static void stop_accepting(struct event_loop *loop)
{
    struct server *server = loop->server;
    bool last;

    timers_stop(&loop->timers, &loop->accept_timer);
    for (size_t i = 0; i < loop->listener_count; i++) {
        listener_unwatch(loop, i);
        listener_drain(loop, i);
    }
    last = atomic_fetch_add_explicit(&server->drained, 1, memory_order_acq_rel) + 1
        == server->loop_count; /* DRAINED */
    for (size_t i = 0; i < loop->listener_count; i++) {
        struct listener *listener = &loop->listeners[i];

        if (listener->own || last) {
            listener_drain(loop, i);
            close(listener->descriptor);
        }
        if (!listener->own && last)
            server->shared[i].descriptor = -1;
        listener->descriptor = -1;
    }
}

static void drain(struct event_loop *loop)
{
    if (loop->draining)
        return;
    stop_accepting(loop);
    for (size_t i = 0; i < loop->datagrams.socket_count; i++)
        datagrams_event(loop, i);
    datagrams_stop(loop);
    loop->draining = true;
    if (loop->settings->drain_ms != 0)
        timers_set(&loop->timers, &loop->drain_timer, loop->now_ms + loop->settings->drain_ms);
    for (uint32_t i = 0; i < connection_slots(&loop->connections); i++) {
        struct connection *connection = connection_in_slot(&loop->connections, i);

        if (connection != NULL) {
            connection->readable = true; /* to be sure */
            connection_turn(loop, connection);
        }
    }
}

static void look_for_end(struct event_loop *loop)
{
    uint32_t stops = atomic_load_explicit(&loop->server->stops, memory_order_acquire);

    if (stops > 0)
        drain(loop);
    if (stops > 1)
        force(loop);
}

/* --- The loop
 * ----------------------------------------------------------------------------------- */

static void on_other(struct event_loop *loop, uint32_t slot)
{
    uint64_t count;

    if (slot >= EVENT_SLOT_LISTENER) {
        listener_event(loop, slot - EVENT_SLOT_LISTENER);
    } else if (slot >= EVENT_SLOT_DATAGRAMS) {
        datagrams_event(loop, slot - EVENT_SLOT_DATAGRAMS);
    } else if (slot == EVENT_SLOT_HANDLER) {
        loop->handler->collect(loop->handler_context, loop);
    } else if (read(loop->wake, &count, sizeof(count)) == (ssize_t)sizeof(count)) {
        look_for_end(loop);
    }
}

static void on_event(struct event_loop *loop, const struct epoll_event *event)
{
    uint32_t slot = (uint32_t)event->data.u64;
    struct connection *connection;

    if (slot >= EVENT_SLOT_FIRST) {
        on_other(loop, slot);
        return;
    }
    connection = connection_find(&loop->connections, slot, (uint32_t)(event->data.u64 >> 32));
    if (connection != NULL) /* else it ended earlier in this round */
        connection_event(loop, connection, event->events);
}

static void accept_again(struct event_loop *loop)
{
    if (loop->spare < 0)
        loop->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; i < loop->listener_count; i++)
        if (loop->listeners[i].descriptor >= 0)
            listener_watch(loop, i);
}

static void look_at_timers(struct event_loop *loop)
{
    struct timer *timer;

    while ((timer = timers_due(&loop->timers, loop->now_ms)) != NULL) {
        if (timer == &loop->accept_timer)
            accept_again(loop);
        else if (timer == &loop->drain_timer)
            force(loop);
        else
            connection_due(loop, (struct connection *)((char *)timer
                                                       - offsetof(struct connection, timer)));
    }
}

/* Gives a turn to those that are on the list now, not to those that this brings there. */
static void give_turns(struct event_loop *loop)
{
    struct connection *last = loop->ready.last, *connection;
    bool more = last != NULL;

    while (more && (connection = loop->ready.first) != NULL) {
        more = connection != last;
        connection_turn(loop, connection);
    }
    while (loop->no_memory.first != NULL && loop->budget.used < loop->budget.limit)
        connection_turn(loop, loop->no_memory.first);
}

static bool is_over(const struct event_loop *loop)
{
    return loop->over
        || (loop->draining && loop->statistics.active == 0 && loop->datagrams.pending == 0);
}

static void tell(struct event_loop *loop)
{
    atomic_store_explicit(&loop->live_active, loop->statistics.active, memory_order_relaxed);
    atomic_store_explicit(&loop->live_requests, loop->statistics.requests,
                          memory_order_relaxed);
}

static void run(struct event_loop *loop)
{
    struct epoll_event events[EVENTS];

    while (!is_over(loop)) {
        int wait_ms =
                loop->ready.first != NULL ? 0 : timers_wait_ms(&loop->timers, loop->now_ms);
        int count = epoll_wait(loop->epoll, events, EVENTS, wait_ms);

        loop->now_ms = clock_ns() / NS_PER_MS;
        loop->statistics.wakeups++;
        for (int i = 0; i < count; i++)
            on_event(loop, &events[i]);
        look_at_timers(loop);
        give_turns(loop);
        datagrams_flush(loop);
        tell(loop);
    }
}

/* The nth of the processors that we may run on. */
static void pin(uint32_t number)
{
    cpu_set_t allowed, one;
    int left;

    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
        return;
    left = (int)number % CPU_COUNT(&allowed);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &allowed) && left-- == 0) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
            return;
        }
}

/* Makes what the handler needs, and says whether it could. */
static bool begin(struct event_loop *loop)
{
    bool good;

    loop->handler_context =
            loop->handler->begin(loop->handler->context, loop, loop->number, &loop->handler_fd,
                                 loop->begin_reason, SERVER_REASON_SIZE);
    good = loop->handler_context != NULL;
    if (good && loop->handler_fd >= 0)
        event_loop_watch(loop, loop->handler_fd, EPOLLIN, EVENT_SLOT_HANDLER, 0);
    sem_post(&loop->begun);
    return good;
}

static void *run_thread(void *argument)
{
    struct event_loop *loop = argument;
    char name[16];

    snprintf(name, sizeof(name), "lb-loop-%u", loop->number);
    pthread_setname_np(pthread_self(), name);
    if (loop->settings->pin)
        pin(loop->number);
    if (!begin(loop))
        return NULL;
    run(loop);
    loop->statistics.memory_most = loop->budget.most_used;
    loop->statistics.memory_left = loop->budget.used;
    if (loop->handler->end != NULL)
        loop->handler->end(loop->handler_context);
    atomic_fetch_add_explicit(&loop->server->ended, 1, memory_order_release);
    return NULL;
}

bool event_loop_start(struct event_loop *loop, char reason[SERVER_REASON_SIZE])
{
    sigset_t all, before;
    int error;

    loop->now_ms = clock_ns() / NS_PER_MS;
    timers_begin(&loop->timers, loop->now_ms);
    loop->begin_reason = reason;
    sem_init(&loop->begun, 0, 0);
    /* Signals are for the main thread. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&loop->thread, NULL, run_thread, loop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        snprintf(reason, SERVER_REASON_SIZE, "cannot start a loop: %s", strerror(error));
        return false;
    }
    while (sem_wait(&loop->begun) != 0)
        continue; /* a signal */
    sem_destroy(&loop->begun);
    if (loop->handler_context != NULL)
        return true;
    pthread_join(loop->thread, NULL);
    return false;
}
