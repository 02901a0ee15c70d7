/* SPDX-License-Identifier: MIT */
/*
 * subject_rte_ring.c - DPDK's ring for one sender and one receiver, one item at a time and 32.
 * Pointers travel: a word as a pointer, a larger item in a pool that is used in turn and has
 * twice as many places as the ring. The parties are threads, as its users have them. A ring
 * needs nothing else of DPDK: no huge pages, no initialisation.
 */
#include <rte_ring.h>

#include "bench/entries.h"
#include "bench/loops.h"

enum { SLOTS_WORDS = 4096, BYTES = 65536, BYTES_LARGE = 262144, SLOTS_HOPS = 256, BURST = 32 };

struct queue {
    struct rte_ring *ring;
    unsigned char *pool;
    size_t places;
};

struct end {
    struct queue *out, *in;
};

static struct queue queues[2]; /* that each party writes */

static void make_queue(struct queue *queue, unsigned slots, size_t size)
{
    queue->ring = trial_share((size_t)rte_ring_get_memsize(slots));
    if (rte_ring_init(queue->ring, "bench", slots, RING_F_SP_ENQ | RING_F_SC_DEQ) != 0)
        trial_fail("rte_ring_init");
    queue->places = 2 * (size_t)slots;
    queue->pool = trial_share(queue->places * size);
}

static void prepare(struct trial *trial)
{
    size_t size = trial->entry->size;
    unsigned slots =
            size == 8 ? SLOTS_WORDS : (unsigned)((size > 64 ? BYTES_LARGE : BYTES) / size);

    if (strcmp(trial->entry->workload, "ping-pong") == 0)
        slots = SLOTS_HOPS;
    if (slots < 4)
        slots = 4;
    make_queue(&queues[0], slots, size);
    make_queue(&queues[1], slots, size);
}

static void *open_end(struct trial *trial, unsigned self)
{
    static _Thread_local struct end end;

    (void)trial;
    end = (struct end){ .out = &queues[self], .in = &queues[!self] };
    return &end;
}

static void close_end(struct trial *trial, void *end)
{
    (void)trial, (void)end;
}

BENCH_INLINE void *make(struct queue *queue, uint64_t number, size_t size)
{
    void *item;

    if (size == 8)
        return (void *)(uintptr_t)(number + 1);
    item = queue->pool + (number & (queue->places - 1)) * size;
    payload_make(item, number, size);
    return item;
}

BENCH_INLINE uint64_t wrong_item(const void *item, uint64_t number, size_t size)
{
    return size == 8 ? (uintptr_t)item != number + 1 : payload_wrong(item, number, size);
}

BENCH_INLINE size_t single_send(void *side, uint64_t number, size_t most, size_t size)
{
    struct queue *queue = ((struct end *)side)->out;

    (void)most;
    return rte_ring_sp_enqueue(queue->ring, make(queue, number, size)) == 0;
}

BENCH_INLINE size_t single_receive(void *side, uint64_t number, size_t most, size_t size,
                                   uint64_t *wrong)
{
    struct queue *queue = ((struct end *)side)->in;
    void *item;

    (void)most;
    if (rte_ring_sc_dequeue(queue->ring, &item) != 0)
        return 0;
    *wrong += wrong_item(item, number, size);
    return 1;
}

BENCH_INLINE size_t burst_send(void *side, uint64_t number, size_t most, size_t size)
{
    struct queue *queue = ((struct end *)side)->out;
    unsigned count = most < BURST ? (unsigned)most : BURST, turns = 0;
    void *item[BURST];

    for (unsigned i = 0; i < count; i++)
        item[i] = make(queue, number + i, size);
    while (rte_ring_sp_enqueue_bulk(queue->ring, item, count, NULL) == 0)
        trial_relax(&turns);
    return count;
}

BENCH_INLINE size_t burst_receive(void *side, uint64_t number, size_t most, size_t size,
                                  uint64_t *wrong)
{
    struct queue *queue = ((struct end *)side)->in;
    unsigned room = most < BURST ? (unsigned)most : BURST;
    void *item[BURST];
    unsigned count = rte_ring_sc_dequeue_burst(queue->ring, item, room, NULL);

    for (unsigned i = 0; i < count; i++)
        *wrong += wrong_item(item[i], number + i, size);
    return count;
}

#define ONE_WAY(KIND, SIZE, CHUNK) \
    LOOPS_ONE_WAY(KIND##_##SIZE, open_end, close_end, KIND##_send, KIND##_receive, SIZE, CHUNK)

ONE_WAY(single, 8, LOOPS_CHUNK)
ONE_WAY(burst, 8, LOOPS_CHUNK)
ONE_WAY(single, 64, LOOPS_CHUNK)
ONE_WAY(burst, 64, LOOPS_CHUNK)
ONE_WAY(single, 1024, 256)
ONE_WAY(single, 4096, 64)
ONE_WAY(single, 65536, 16)
LOOPS_PING_PONG(hop_64, open_end, close_end, single_send, single_receive, 64)

#define ENTRY(WORKLOAD, MODE, SIZE, PART)                                        \
    {                                                                            \
        .workload = WORKLOAD, .subject = "rte_ring", .mode = MODE, .size = SIZE, \
        .threads = true, .prepare = prepare, .part = PART                        \
    }

const struct entry entries_rte[] = {
    ENTRY("words", "single", 8, single_8),
    ENTRY("words", "burst", 8, burst_8),
    ENTRY("packets", "single", 64, single_64),
    ENTRY("packets", "burst", 64, burst_64),
    ENTRY("packets", "single", 1024, single_1024),
    ENTRY("packets", "single", 4096, single_4096),
    ENTRY("packets", "single", 65536, single_65536),
    ENTRY("ping-pong", "single", 64, hop_64),
    { .workload = NULL },
};
