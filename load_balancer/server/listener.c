/* SPDX-License-Identifier: MIT */
/*
 * listener.c - opening, accepting, and what to do when there are no descriptors left.
 */
#include "load_balancer/server/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "load_balancer/server/server_inside.h"

enum {
    /* How many a loop takes at a time, before it looks after those that it has: few, so that
     * the other loops that woke up get theirs. */
    ACCEPTS_MOST = 16,
    /* Connections the kernel keeps for us; net.core.somaxconn is its own limit. */
    BACKLOG = 4096,
    /* How long accepting stands still when not even the spare descriptor has helped. */
    PAUSE_MS = 100,
};

/* --- Opening --------------------------------------------------------------------------------
 */

static bool set(int descriptor, int level, int option, int value)
{
    return setsockopt(descriptor, level, option, &value, sizeof(value)) == 0;
}

static bool set_options(int descriptor, const struct server_address *address, bool reuse)
{
    bool ipv6 = address->socket.ss_family == AF_INET6;

    /* [::] is IPv6 alone, so that 0.0.0.0 can be there beside it. */
    if (ipv6 && !set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1))
        return false;
    if (reuse && !set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1))
        return false;
    if (address->datagrams)
        return ipv6 ? set(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
                    : set(descriptor, IPPROTO_IP, IP_PKTINFO, 1);
    /* Connections of the run before may still be ending. Accepted sockets inherit NODELAY. */
    return set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        && set(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
}

int listener_open(struct server_address *address, bool reuse, char *reason, size_t reason_size)
{
    int type = address->datagrams ? SOCK_DGRAM : SOCK_STREAM;
    int descriptor = socket(address->socket.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr *socket = (struct sockaddr *)&address->socket;
    socklen_t length = sizeof(address->socket);
    char name[ADDRESS_NAME_SIZE];
    int error;

    if (descriptor >= 0 && set_options(descriptor, address, reuse)
        && bind(descriptor, socket, address->length) == 0
        && (address->datagrams || listen(descriptor, BACKLOG) == 0)
        && getsockname(descriptor, socket, &length) == 0)
        return descriptor;
    error = errno;
    address_name(address, name);
    snprintf(reason, reason_size, "cannot listen at %s: %s", name, strerror(error));
    if (descriptor >= 0)
        close(descriptor);
    return -1;
}

bool listener_watch(struct event_loop *loop, size_t index)
{
    uint32_t events = EPOLLIN;

    if (loop->settings->accept == SERVER_ACCEPT_EXCLUSIVE)
        events |= EPOLLEXCLUSIVE;
    return event_loop_watch(loop, loop->listeners[index].descriptor, events,
                            EVENT_SLOT_LISTENER + (uint32_t)index, 0);
}

void listener_unwatch(struct event_loop *loop, size_t index)
{
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, loop->listeners[index].descriptor, NULL);
}

/* --- Accepting
 * -------------------------------------------------------------------------------- */

/* Makes room for one more in the count of all loops; false: there are enough. */
static bool count_in(struct server *server)
{
    /* Relaxed: a counter, and nothing is read by its value. */
    if (atomic_fetch_add_explicit(&server->connections, 1, memory_order_relaxed)
        < server->settings->max_connections)
        return true;
    atomic_fetch_sub_explicit(&server->connections, 1, memory_order_relaxed);
    return false;
}

/* There is no descriptor for a connection that waits: gives up the spare one for it, and closes
 * it at once, so that it does not wait for ever and the listener is not readable for ever. */
static bool turn_away(struct event_loop *loop, int listener)
{
    int descriptor;

    if (loop->spare < 0)
        return false;
    close(loop->spare);
    descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0)
        close(descriptor);
    loop->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    loop->statistics.refused++;
    return true;
}

static void stand_still(struct event_loop *loop)
{
    if (timer_is_set(&loop->accept_timer))
        return;
    for (size_t i = 0; i < loop->listener_count; i++)
        if (loop->listeners[i].descriptor >= 0)
            listener_unwatch(loop, i);
    loop->statistics.accept_pauses++;
    timers_set(&loop->timers, &loop->accept_timer, loop->now_ms + PAUSE_MS);
}

enum accepted {
    ACCEPTED,     /* one was taken, or turned away: there may be more */
    ACCEPTED_NOT, /* there are none */
    ACCEPTED_CANNOT,
};

static enum accepted accept_one(struct event_loop *loop, int listener)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof(peer);
    int descriptor =
            accept4(listener, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (descriptor < 0) {
        switch (errno) {
        case EAGAIN:
            return ACCEPTED_NOT;
        case EMFILE:
        case ENFILE:
            return turn_away(loop, listener) ? ACCEPTED : ACCEPTED_CANNOT;
        case EINTR:
        case ECONNABORTED:
        case EPROTO:
        case EPERM: /* a firewall's word */
            return ACCEPTED;
        default: /* ENOBUFS, ENOMEM */
            return ACCEPTED_CANNOT;
        }
    }
    if (!count_in(loop->server)) {
        close(descriptor);
        loop->statistics.refused++;
    } else if (!connection_begin(loop, descriptor, &peer)) {
        atomic_fetch_sub_explicit(&loop->server->connections, 1, memory_order_relaxed);
        loop->statistics.refused++;
    }
    return ACCEPTED;
}

void listener_event(struct event_loop *loop, size_t index)
{
    int listener = loop->listeners[index].descriptor;

    if (listener < 0)
        return;
    for (int i = 0; i < ACCEPTS_MOST; i++) {
        enum accepted result = accept_one(loop, listener);

        if (result == ACCEPTED_NOT && i == 0)
            loop->statistics.in_vain++;
        if (result == ACCEPTED_CANNOT)
            stand_still(loop);
        if (result != ACCEPTED)
            return;
    }
}

void listener_drain(struct event_loop *loop, size_t index)
{
    /* As many as can be there; who comes later than that has come too late. */
    for (int i = 0; i < BACKLOG; i++)
        if (accept_one(loop, loop->listeners[index].descriptor) != ACCEPTED)
            return;
}
