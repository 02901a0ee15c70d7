/* SPDX-License-Identifier: MIT */
/*
 * subject_ck.c - Concurrency Kit's ring for one sender and one receiver. Pointers travel: a
 * word as a pointer, a larger item in a pool that is used in turn and has twice as many places
 * as the ring. The parties are threads, as its users have them: pointers mean nothing to
 * another process.
 */
#include <ck_ring.h>

#include "bench/entries.h"
#include "bench/loops.h"

enum { SLOTS_WORDS = 4096, BYTES = 65536, BYTES_LARGE = 262144, SLOTS_HOPS = 256 };

struct queue {
    ck_ring_t ring;
    _Alignas(TRIAL_LINE) ck_ring_buffer_t *slot;
    unsigned char *pool;
    size_t places;
};

struct queues {
    struct queue queue[2]; /* that each party writes */
};

struct end {
    struct queue *out, *in;
};

static void make_queue(struct queue *queue, unsigned slots, size_t size)
{
    queue->slot = trial_share(slots * sizeof(*queue->slot));
    queue->places = 2 * (size_t)slots;
    queue->pool = trial_share(queue->places * size);
    ck_ring_init(&queue->ring, slots);
}

static void prepare(struct trial *trial)
{
    struct queues *queues = trial_share(sizeof(*queues));
    size_t size = trial->entry->size;
    unsigned slots =
            size == 8 ? SLOTS_WORDS : (unsigned)((size > 64 ? BYTES_LARGE : BYTES) / size);

    if (strcmp(trial->entry->workload, "ping-pong") == 0)
        slots = SLOTS_HOPS;
    make_queue(&queues->queue[0], slots, size);
    make_queue(&queues->queue[1], slots, size);
    trial->state = queues;
}

static void *open_end(struct trial *trial, unsigned self)
{
    static _Thread_local struct end end;
    struct queues *queues = trial->state;

    end = (struct end){ .out = &queues->queue[self], .in = &queues->queue[!self] };
    return &end;
}

static void close_end(struct trial *trial, void *end)
{
    (void)trial, (void)end;
}

BENCH_INLINE size_t ck_send(void *side, uint64_t number, size_t most, size_t size)
{
    struct queue *queue = ((struct end *)side)->out;
    void *item = (void *)(uintptr_t)(number + 1);

    (void)most;
    if (size > 8) {
        item = queue->pool + (number & (queue->places - 1)) * size;
        payload_make(item, number, size);
    }
    return ck_ring_enqueue_spsc(&queue->ring, queue->slot, item);
}

BENCH_INLINE size_t ck_receive(void *side, uint64_t number, size_t most, size_t size,
                               uint64_t *wrong)
{
    struct queue *queue = ((struct end *)side)->in;
    void *item;

    (void)most;
    if (!ck_ring_dequeue_spsc(&queue->ring, queue->slot, &item))
        return 0;
    if (size > 8)
        *wrong += payload_wrong(item, number, size);
    else
        *wrong += (uintptr_t)item != number + 1;
    return 1;
}

LOOPS_USUAL_PARTS(ck_send, ck_receive, LOOPS_CHUNK)
LOOPS_LARGE_PART(ck_send, ck_receive)

#define ENTRY(WORKLOAD, SIZE, PART)                                                            \
    {                                                                                          \
        .workload = WORKLOAD, .subject = "ck_ring", .mode = "", .size = SIZE, .threads = true, \
        .prepare = prepare, .part = PART                                                       \
    }

const struct entry entries_ck[] = {
    LOOPS_USUAL_ENTRIES,
    LOOPS_LARGE_ENTRY,
    { .workload = NULL },
};
