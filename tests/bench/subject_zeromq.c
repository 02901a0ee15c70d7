/* SPDX-License-Identifier: MIT */
/*
 * subject_zeromq.c - ZeroMQ: sockets of type PAIR over ipc://. Its threads stay on the
 * processor of the party that they serve.
 */
#include <stdio.h>
#include <unistd.h>
#include <zmq.h>

#include "bench/entries.h"
#include "bench/loops.h"

enum { LARGEST = 65536 };

static char address[64];
static void *context;

static void prepare(struct trial *trial)
{
    (void)trial;
    snprintf(address, sizeof(address), "ipc://@mcapi-bench-zeromq-%d", (int)getpid());
}

/* Both ends are up when a first item has gone through. */
static void *open_end(struct trial *trial, unsigned self)
{
    void *socket;
    char hello = 0;

    context = zmq_ctx_new();
    socket = zmq_socket(context, ZMQ_PAIR);
    if (socket == NULL)
        trial_fail("zmq_socket");
    if (self == 0) {
        if (zmq_bind(socket, address) != 0)
            trial_fail("zmq_bind");
        trial_listen(trial);
        if (zmq_recv(socket, &hello, 1, 0) != 1)
            trial_fail("zmq_recv");
    } else {
        trial_await_listener(trial);
        if (zmq_connect(socket, address) != 0 || zmq_send(socket, &hello, 1, 0) != 1)
            trial_fail("zmq_connect");
    }
    return socket;
}

/* What a socket has not delivered when the other end leaves is lost. */
static void close_end(struct trial *trial, void *socket)
{
    trial_part(trial);
    zmq_close(socket);
    zmq_ctx_term(context);
}

BENCH_INLINE size_t zeromq_send(void *socket, uint64_t number, size_t most, size_t size)
{
    _Alignas(64) static unsigned char buffer[LARGEST];

    (void)most;
    payload_make(buffer, number, size);
    if (zmq_send(socket, buffer, size, 0) != (int)size)
        trial_fail("zmq_send");
    return 1;
}

BENCH_INLINE size_t zeromq_receive(void *socket, uint64_t number, size_t most, size_t size,
                                   uint64_t *wrong)
{
    _Alignas(64) static unsigned char buffer[LARGEST];

    (void)most;
    if (zmq_recv(socket, buffer, size, 0) != (int)size)
        trial_fail("zmq_recv");
    *wrong += payload_wrong(buffer, number, size);
    return 1;
}

LOOPS_USUAL_PARTS(zeromq_send, zeromq_receive, 64)
LOOPS_LARGE_PART(zeromq_send, zeromq_receive)
LOOPS_WAKE_PART(zeromq_send, zeromq_receive)

#define ENTRY(WORKLOAD, SIZE, PART)                                                           \
    {                                                                                         \
        .workload = WORKLOAD, .subject = "zeromq", .mode = "", .size = SIZE, .crowded = true, \
        .prepare = prepare, .part = PART                                                      \
    }

const struct entry entries_zeromq[] = {
    LOOPS_USUAL_ENTRIES,
    LOOPS_LARGE_ENTRY,
    LOOPS_WAKE_ENTRY,
    { .workload = NULL },
};
