/* SPDX-License-Identifier: MIT */
/*
 * server.c - sockets and loops, opened and closed together.
 */
#include "load_balancer/server/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "load_balancer/server/server_inside.h"

/* The listening sockets of TCP. With reuseport they are only tried out here, where their ports
 * become known: each loop opens its own. */
static bool open_shared(struct server *server, char *reason)
{
    const struct server_settings *settings = server->settings;
    bool reuse = settings->accept == SERVER_ACCEPT_REUSEPORT;

    for (size_t i = 0; i < settings->address_count; i++) {
        int descriptor;

        server->at[i] = settings->addresses[i];
        /* Without the option nobody else who sets it can be at this address: it is free. */
        descriptor = listener_open(&server->at[i], false, reason, SERVER_REASON_SIZE);
        if (descriptor < 0)
            return false;
        if (server->at[i].datagrams || reuse)
            close(descriptor);
        else
            server->shared[server->listener_count].descriptor = descriptor;
        server->listener_count += !server->at[i].datagrams;
    }
    return true;
}

static bool open_loops(struct server *server, char *reason)
{
    uint32_t count = server->loop_count;

    server->loops = calloc(count, sizeof(*server->loops));
    if (server->loops == NULL) {
        snprintf(reason, SERVER_REASON_SIZE, "no memory for %u loops", count);
        return false;
    }
    server->loop_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool good;

        server->loop_count = count; /* of which memory is shared out */
        good = event_loop_open(&server->loops[i], server, i, reason, SERVER_REASON_SIZE);
        server->loop_count = i + 1;
        if (!good)
            return false;
    }
    return true;
}

struct server *server_open(const struct server_settings *settings,
                           const struct server_handler *handler,
                           char reason[SERVER_REASON_SIZE])
{
    struct server *server = calloc(1, sizeof(*server));

    if (server == NULL) {
        snprintf(reason, SERVER_REASON_SIZE, "no memory");
        return NULL;
    }
    server->settings = settings;
    server->handler = handler;
    server->loop_count = settings->loops;
    server->shared = calloc(settings->address_count + 1, sizeof(*server->shared));
    for (size_t i = 0; server->shared != NULL && i < settings->address_count; i++)
        server->shared[i].descriptor = -1;
    if (server->shared == NULL || !rate_open(&server->rate, settings->max_rate)
        || getrandom(&server->key, sizeof(server->key), 0) != (ssize_t)sizeof(server->key)) {
        snprintf(reason, SERVER_REASON_SIZE, "no memory");
        server->loop_count = 0;
    } else if (!open_shared(server, reason)) {
        server->loop_count = 0;
    } else if (open_loops(server, reason)) {
        return server;
    }
    server_close(server);
    return NULL;
}

bool server_listens_at(const struct server *server, size_t index,
                       struct server_address *address)
{
    if (index >= server->settings->address_count)
        return false;
    *address = server->at[index];
    return true;
}

bool server_start(struct server *server, char reason[SERVER_REASON_SIZE])
{
    for (uint32_t i = 0; i < server->loop_count; i++) {
        if (!event_loop_start(&server->loops[i], reason)) {
            server_stop(server);
            server_stop(server);
            server_join(server);
            return false;
        }
        server->started++;
    }
    return true;
}

void server_stop(struct server *server)
{
    atomic_fetch_add_explicit(&server->stops, 1, memory_order_release); /* STOPPED */
    for (uint32_t i = 0; i < server->started; i++)
        event_loop_wake(&server->loops[i]);
}

bool server_ended(const struct server *server)
{
    return atomic_load_explicit(&server->ended, memory_order_acquire) >= server->started;
}

void server_join(struct server *server)
{
    for (uint32_t i = 0; i < server->started; i++)
        pthread_join(server->loops[i].thread, NULL);
    server->started = 0;
}

void server_look(const struct server *server, struct server_live *live)
{
    *live = (struct server_live){ 0 };
    for (uint32_t i = 0; i < server->loop_count; i++) {
        const struct event_loop *loop = &server->loops[i];

        live->connections += atomic_load_explicit(&loop->live_active, memory_order_relaxed);
        live->requests += atomic_load_explicit(&loop->live_requests, memory_order_relaxed);
    }
}

uint32_t server_loops(const struct server *server)
{
    return server->loop_count;
}

const struct server_statistics *server_loop_statistics(const struct server *server,
                                                       uint32_t loop)
{
    return &server->loops[loop].statistics;
}

void server_close(struct server *server)
{
    if (server == NULL)
        return;
    if (server->started > 0) {
        server_stop(server);
        server_stop(server);
        server_join(server);
    }
    for (uint32_t i = 0; i < server->loop_count; i++)
        event_loop_close(&server->loops[i]);
    for (size_t i = 0; server->shared != NULL && i < server->listener_count; i++)
        if (server->shared[i].descriptor >= 0)
            close(server->shared[i].descriptor);
    rate_close(&server->rate);
    free(server->loops);
    free(server->shared);
    free(server);
}
