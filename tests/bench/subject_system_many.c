/* SPDX-License-Identifier: MIT */
/*
 * subject_system_many.c - the system's own ways between more than two parties, a system call
 * for each item and each count of what is done.
 *
 *   balancer   a pipe to each worker and one back; a socket that keeps bounds for each worker
 *   messages   one pipe, message queue or datagram socket, which all senders write to
 */
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/balancer.h"
#include "bench/entries.h"
#include "bench/messages.h"

enum { WORKERS = 8, QUEUE_DEPTH = 10 /* what everybody may have */ };

/* Of descriptors that a party reads from and writes to; made before there are parties. A
 * worker's are the first. */
static struct {
    int in[WORKERS], out[WORKERS];
} distributing, working;

static mqd_t queue;

static void close_end(struct trial *trial, void *end)
{
    (void)trial, (void)end;
}

/* --- Items to workers ------------------------------------------------------------------- */

static void prepare_pipes(struct trial *trial)
{
    for (unsigned i = 0; i + 1 < trial->parties; i++) {
        int items[2], counts[2];

        if (pipe(items) != 0 || pipe(counts) != 0)
            trial_fail("pipe");
        distributing.in[i] = counts[0];
        distributing.out[i] = items[1];
        working.in[i] = items[0];
        working.out[i] = counts[1];
    }
}

static void prepare_sockets(struct trial *trial)
{
    for (unsigned i = 0; i + 1 < trial->parties; i++) {
        int ends[2];

        if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0)
            trial_fail("socketpair");
        distributing.in[i] = distributing.out[i] = ends[0];
        working.in[i] = working.out[i] = ends[1];
    }
}

static void *open_end(struct trial *trial, unsigned self)
{
    (void)trial;
    if (self > 0) {
        working.in[0] = working.in[self - 1];
        working.out[0] = working.out[self - 1];
    }
    return NULL;
}

/* What is written in one call is read in one call: an item and a count are shorter than what
 * the system keeps together. */
BENCH_INLINE void write_all(int file, const void *from, size_t size)
{
    if (write(file, from, size) != (ssize_t)size)
        trial_fail("write");
}

BENCH_INLINE void read_all(int file, void *to, size_t size)
{
    if (read(file, to, size) != (ssize_t)size)
        trial_fail("read");
}

BENCH_INLINE void give(void *end, unsigned worker, const struct balancer_item *item)
{
    (void)end;
    write_all(distributing.out[worker], item, sizeof(*item));
}

BENCH_INLINE uint32_t collect(void *end, unsigned worker)
{
    uint32_t count;

    (void)end;
    read_all(distributing.in[worker], &count, sizeof(count));
    return count;
}

BENCH_INLINE void take(void *end, struct balancer_item *item)
{
    (void)end;
    read_all(working.in[0], item, sizeof(*item));
}

BENCH_INLINE void acknowledge(void *end, uint32_t count)
{
    (void)end;
    write_all(working.out[0], &count, sizeof(count));
}

BALANCER_PART(balance, open_end, close_end, give, collect, take, acknowledge)

/* --- Items of many ---------------------------------------------------------------------- */

static void prepare_one_pipe(struct trial *trial)
{
    int items[2];

    (void)trial;
    if (pipe(items) != 0)
        trial_fail("pipe");
    working.in[0] = items[0];
    distributing.out[0] = items[1];
}

static void prepare_one_socket(struct trial *trial)
{
    int ends[2];

    (void)trial;
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0)
        trial_fail("socketpair");
    working.in[0] = ends[0];
    distributing.out[0] = ends[1];
}

static void prepare_queue(struct trial *trial)
{
    struct mq_attr attributes = { .mq_maxmsg = QUEUE_DEPTH, .mq_msgsize = MESSAGES_SIZE };
    char name[64];

    (void)trial;
    snprintf(name, sizeof(name), "/mcapi-bench-%d", (int)getpid());
    queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attributes);
    if (queue == (mqd_t)-1)
        trial_fail("mq_open");
    mq_unlink(name);
}

static void *open_nothing(struct trial *trial, unsigned self)
{
    (void)trial, (void)self;
    return NULL;
}

BENCH_INLINE void send_item(void *end, const uint64_t *item)
{
    (void)end;
    write_all(distributing.out[0], item, MESSAGES_SIZE);
}

BENCH_INLINE void receive_item(void *end, uint64_t *item)
{
    (void)end;
    read_all(working.in[0], item, MESSAGES_SIZE);
}

BENCH_INLINE void queue_send(void *end, const uint64_t *item)
{
    (void)end;
    if (mq_send(queue, (const char *)item, MESSAGES_SIZE, 0) != 0)
        trial_fail("mq_send");
}

BENCH_INLINE void queue_receive(void *end, uint64_t *item)
{
    (void)end;
    if (mq_receive(queue, (char *)item, MESSAGES_SIZE, NULL) != MESSAGES_SIZE)
        trial_fail("mq_receive");
}

MESSAGES_PART(written, open_nothing, close_end, send_item, receive_item)
MESSAGES_PART(queued, open_nothing, close_end, queue_send, queue_receive)

#define BALANCER(SUBJECT, WORKERS, PREPARE)                                                \
    {                                                                                      \
        .workload = "balancer", .subject = SUBJECT, .mode = "workers-" #WORKERS,           \
        .size = BALANCER_SIZE, .parties = WORKERS + 1, .prepare = PREPARE, .part = balance \
    }
#define MESSAGES(SUBJECT, SENDERS, PREPARE, PART)                                       \
    {                                                                                   \
        .workload = "messages", .subject = SUBJECT, .mode = "senders-" #SENDERS,        \
        .size = MESSAGES_SIZE, .parties = SENDERS + 1, .prepare = PREPARE, .part = PART \
    }

const struct entry entries_system_many[] = {
    BALANCER("pipe", 1, prepare_pipes),
    BALANCER("pipe", 2, prepare_pipes),
    BALANCER("pipe", 4, prepare_pipes),
    BALANCER("pipe", 8, prepare_pipes),
    BALANCER("socket", 1, prepare_sockets),
    BALANCER("socket", 2, prepare_sockets),
    BALANCER("socket", 4, prepare_sockets),
    BALANCER("socket", 8, prepare_sockets),
    MESSAGES("pipe", 1, prepare_one_pipe, written),
    MESSAGES("pipe", 2, prepare_one_pipe, written),
    MESSAGES("pipe", 4, prepare_one_pipe, written),
    MESSAGES("socket", 1, prepare_one_socket, written),
    MESSAGES("socket", 2, prepare_one_socket, written),
    MESSAGES("socket", 4, prepare_one_socket, written),
    MESSAGES("mqueue", 1, prepare_queue, queued),
    MESSAGES("mqueue", 2, prepare_queue, queued),
    MESSAGES("mqueue", 4, prepare_queue, queued),
    { .workload = NULL },
};
