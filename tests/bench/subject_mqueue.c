/* SPDX-License-Identifier: MIT */
/*
 * subject_mqueue.c - POSIX message queues, a system call for each item. They are as deep as the
 * system lets everybody make them: 10 items.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/entries.h"
#include "bench/loops.h"

enum { LARGEST = 4096, DEPTH = 10 };

struct queues {
    mqd_t queue[2]; /* that each party writes to */
};

struct end {
    mqd_t in, out;
};

static mqd_t make_queue(int index, size_t size)
{
    struct mq_attr attributes = { .mq_maxmsg = DEPTH, .mq_msgsize = (long)size };
    char name[64];
    mqd_t queue;

    snprintf(name, sizeof(name), "/mcapi-bench-%d-%d", (int)getpid(), index);
    queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attributes);
    if (queue == (mqd_t)-1)
        trial_fail("mq_open");
    mq_unlink(name);
    return queue;
}

static void prepare(struct trial *trial)
{
    static struct queues queues;

    queues.queue[0] = make_queue(0, trial->entry->size);
    queues.queue[1] = make_queue(1, trial->entry->size);
    trial->state = &queues;
}

static void *open_end(struct trial *trial, unsigned self)
{
    static struct end end;
    struct queues *queues = trial->state;

    end = (struct end){ .in = queues->queue[!self], .out = queues->queue[self] };
    return &end;
}

static void close_end(struct trial *trial, void *end)
{
    (void)trial, (void)end;
}

BENCH_INLINE size_t mqueue_send(void *side, uint64_t number, size_t most, size_t size)
{
    _Alignas(64) static char buffer[LARGEST];
    struct end *end = side;

    (void)most;
    payload_make(buffer, number, size);
    if (mq_send(end->out, buffer, size, 0) != 0)
        trial_fail("mq_send");
    return 1;
}

BENCH_INLINE size_t mqueue_receive(void *side, uint64_t number, size_t most, size_t size,
                                   uint64_t *wrong)
{
    _Alignas(64) static char buffer[LARGEST];
    struct end *end = side;

    (void)most;
    if (mq_receive(end->in, buffer, size, NULL) != (ssize_t)size)
        trial_fail("mq_receive");
    *wrong += payload_wrong(buffer, number, size);
    return 1;
}

LOOPS_USUAL_PARTS(mqueue_send, mqueue_receive, 64)
LOOPS_WAKE_PART(mqueue_send, mqueue_receive)

#define ENTRY(WORKLOAD, SIZE, PART)                                          \
    {                                                                        \
        .workload = WORKLOAD, .subject = "mqueue", .mode = "", .size = SIZE, \
        .prepare = prepare, .part = PART                                     \
    }

const struct entry entries_mqueue[] = {
    LOOPS_USUAL_ENTRIES,
    LOOPS_WAKE_ENTRY,
    { .workload = NULL },
};
