/* SPDX-License-Identifier: MIT */
/*
 * subject_socket.c - a Unix socket that keeps the bounds of messages (SOCK_SEQPACKET), a system
 * call for each item.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "bench/entries.h"
#include "bench/loops.h"

enum { LARGEST = 65536 };

static void prepare(struct trial *trial)
{
    static int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0)
        trial_fail("socketpair");
    trial->state = ends;
}

static void *open_end(struct trial *trial, unsigned self)
{
    return (int *)trial->state + self;
}

static void close_end(struct trial *trial, void *end)
{
    (void)trial, (void)end;
}

BENCH_INLINE size_t socket_send(void *end, uint64_t number, size_t most, size_t size)
{
    _Alignas(64) static unsigned char buffer[LARGEST];

    (void)most;
    payload_make(buffer, number, size);
    if (send(*(int *)end, buffer, size, 0) != (ssize_t)size)
        trial_fail("send");
    return 1;
}

BENCH_INLINE size_t socket_receive(void *end, uint64_t number, size_t most, size_t size,
                                   uint64_t *wrong)
{
    _Alignas(64) static unsigned char buffer[LARGEST];

    (void)most;
    if (recv(*(int *)end, buffer, size, 0) != (ssize_t)size)
        trial_fail("recv");
    *wrong += payload_wrong(buffer, number, size);
    return 1;
}

LOOPS_USUAL_PARTS(socket_send, socket_receive, 64)
LOOPS_LARGE_PART(socket_send, socket_receive)
LOOPS_WAKE_PART(socket_send, socket_receive)

#define ENTRY(WORKLOAD, SIZE, PART)                                          \
    {                                                                        \
        .workload = WORKLOAD, .subject = "socket", .mode = "", .size = SIZE, \
        .prepare = prepare, .part = PART                                     \
    }

const struct entry entries_socket[] = {
    LOOPS_USUAL_ENTRIES,
    LOOPS_LARGE_ENTRY,
    LOOPS_WAKE_ENTRY,
    { .workload = NULL },
};
