/* SPDX-License-Identifier: MIT */
/*
 * subject_bare.c - the limit, one way: rings written by hand that do nothing but carry items
 * from one process to another. No checks, no closing, no death.
 *
 *   mark   the slot itself says that it is filled: each item is visible when its call returns.
 *          A word of 8 bytes is its own mark; of a larger item it is the first word. The
 * receiver looks again at once paced  the same, but a receiver that has found nothing pauses
 * before it looks again: the sender keeps the line for longer, and more items come with it
 *   batch  indices beside the slots, moved for 32 items at a time
 *   copy   an index for each item; both sides copy between the slot and a buffer of their own
 */
#include "bench/entries.h"
#include "bench/loops.h"

enum {
    WORDS = 4096,         /* 32 KiB: in the nearest cache */
    BYTES_SMALL = 65536,  /* of rings of 64-byte slots */
    BYTES_LARGE = 262144, /* of larger ones */
    BATCH = 32,
    LOOKS = 4096, /* at once, until others may run */
};

struct ring {
    _Alignas(TRIAL_LINE) _Atomic uint64_t head; /* written by the sender */
    _Alignas(TRIAL_LINE) _Atomic uint64_t tail; /* written by the receiver */
    _Alignas(TRIAL_LINE) uint64_t known_tail;   /* the sender's own */
    _Alignas(TRIAL_LINE) uint64_t known_head;   /* the receiver's own */
    _Alignas(TRIAL_LINE) size_t slots;
    _Alignas(4096) unsigned char slot[];
};

static void prepare(struct trial *trial)
{
    size_t size = trial->entry->size;
    size_t bytes = size == 8 ? WORDS * 8 : size == 64 ? BYTES_SMALL : BYTES_LARGE;
    struct ring *ring;

    if (bytes < 4 * size)
        bytes = 4 * size;
    ring = trial_share(sizeof(*ring) + bytes);
    ring->slots = bytes / size;
    trial->state = ring;
}

/* Pages that a process has not touched yet cost it a fault each. */
static void *open_end(struct trial *trial, unsigned self)
{
    struct ring *ring = trial->state;
    volatile unsigned char *byte = ring->slot;

    (void)self;
    for (size_t i = 0; i < ring->slots * trial->entry->size; i += 4096)
        byte[i] = 0;
    return ring;
}

static void close_end(struct trial *trial, void *end)
{
    (void)trial, (void)end;
}

/* --- The word is the mark ------------------------------------------------------------- */

BENCH_INLINE size_t word_send(void *end, uint64_t number, size_t most, size_t size)
{
    struct ring *ring = end;
    _Atomic uint64_t *slot = (_Atomic uint64_t *)ring->slot + number % WORDS;

    (void)most, (void)size;
    if (atomic_load_explicit(slot, memory_order_relaxed) != 0)
        return 0;
    atomic_store_explicit(slot, number + 1, memory_order_release);
    return 1;
}

BENCH_INLINE size_t word_receive(void *end, uint64_t number, size_t most, size_t size,
                                 uint64_t *wrong)
{
    struct ring *ring = end;
    _Atomic uint64_t *slot = (_Atomic uint64_t *)ring->slot + number % WORDS;
    uint64_t came = atomic_load_explicit(slot, memory_order_acquire);

    (void)most, (void)size;
    if (came == 0)
        return 0;
    *wrong += came != number + 1;
    atomic_store_explicit(slot, 0, memory_order_release);
    return 1;
}

/* --- The first word is the mark ------------------------------------------------------- */

/* At most so many; the ring is known to have room for them. */
BENCH_INLINE size_t room(struct ring *ring, uint64_t number, size_t most)
{
    uint64_t free = ring->slots - (number - ring->known_tail);

    if (free < most) {
        ring->known_tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
        free = ring->slots - (number - ring->known_tail);
    }
    return free < most ? (size_t)free : most;
}

BENCH_INLINE void *slot_of(struct ring *ring, uint64_t number, size_t size)
{
    return ring->slot + (number & (ring->slots - 1)) * size;
}

BENCH_INLINE size_t mark_send(void *end, uint64_t number, size_t most, size_t size)
{
    struct ring *ring = end;
    void *slot = slot_of(ring, number, size);

    (void)most;
    if (room(ring, number, 1) == 0)
        return 0;
    payload_make_rest(slot, number, size);
    atomic_store_explicit((_Atomic uint64_t *)slot, number + 1, memory_order_release);
    return 1;
}

BENCH_INLINE size_t mark_receive(void *end, uint64_t number, size_t most, size_t size,
                                 uint64_t *wrong)
{
    struct ring *ring = end;
    void *slot = slot_of(ring, number, size);

    (void)most;
    if (atomic_load_explicit((_Atomic uint64_t *)slot, memory_order_acquire) != number + 1)
        return 0;
    *wrong += payload_wrong_rest(slot, number, size);
    if ((number + 1) % (ring->slots / 4) == 0)
        atomic_store_explicit(&ring->tail, number + 1, memory_order_release);
    return 1;
}

/* --- Indices, moved for many ---------------------------------------------------------- */

BENCH_INLINE size_t batch_send(void *end, uint64_t number, size_t most, size_t size)
{
    struct ring *ring = end;
    size_t wanted = most < BATCH ? most : BATCH;

    if (room(ring, number, wanted) < wanted)
        return 0;
    for (size_t i = 0; i < wanted; i++)
        payload_make(slot_of(ring, number + i, size), number + i, size);
    atomic_store_explicit(&ring->head, number + wanted, memory_order_release);
    return wanted;
}

BENCH_INLINE size_t came(struct ring *ring, uint64_t number)
{
    if (ring->known_head == number)
        ring->known_head = atomic_load_explicit(&ring->head, memory_order_acquire);
    return (size_t)(ring->known_head - number);
}

BENCH_INLINE size_t batch_receive(void *end, uint64_t number, size_t most, size_t size,
                                  uint64_t *wrong)
{
    struct ring *ring = end;
    size_t count = came(ring, number);

    if (count > BATCH)
        count = BATCH;
    if (count > most)
        count = most;
    for (size_t i = 0; i < count; i++)
        *wrong += payload_wrong(slot_of(ring, number + i, size), number + i, size);
    if (count > 0)
        atomic_store_explicit(&ring->tail, number + count, memory_order_release);
    return count;
}

/* --- Copies --------------------------------------------------------------------------- */

/* The compiler does not see through it that the buffer is only copied. */
BENCH_INLINE void keep(void *buffer)
{
    __asm__ volatile("" : : "r"(buffer) : "memory");
}

BENCH_INLINE size_t copy_send(void *end, uint64_t number, size_t most, size_t size)
{
    _Alignas(64) static unsigned char buffer[65536];
    struct ring *ring = end;

    (void)most;
    if (room(ring, number, 1) == 0)
        return 0;
    payload_make(buffer, number, size);
    keep(buffer);
    memcpy(slot_of(ring, number, size), buffer, size);
    atomic_store_explicit(&ring->head, number + 1, memory_order_release);
    return 1;
}

BENCH_INLINE size_t copy_receive(void *end, uint64_t number, size_t most, size_t size,
                                 uint64_t *wrong)
{
    _Alignas(64) static unsigned char buffer[65536];
    struct ring *ring = end;

    (void)most;
    if (came(ring, number) == 0)
        return 0;
    memcpy(buffer, slot_of(ring, number, size), size);
    keep(buffer);
    atomic_store_explicit(&ring->tail, number + 1, memory_order_release);
    *wrong += payload_wrong(buffer, number, size);
    return 1;
}

/* --- At once -------------------------------------------------------------------------- */

/* The loop that calls would pause. */
BENCH_INLINE size_t at_once(void *end, loops_receive *receive, uint64_t number, size_t most,
                            size_t size, uint64_t *wrong)
{
    size_t count = 0;

    for (int i = 0; i < LOOKS && count == 0; i++)
        count = receive(end, number, most, size, wrong);
    return count;
}

BENCH_INLINE size_t word_receive_at_once(void *end, uint64_t number, size_t most, size_t size,
                                         uint64_t *wrong)
{
    return at_once(end, word_receive, number, most, size, wrong);
}

BENCH_INLINE size_t mark_receive_at_once(void *end, uint64_t number, size_t most, size_t size,
                                         uint64_t *wrong)
{
    return at_once(end, mark_receive, number, most, size, wrong);
}

LOOPS_ONE_WAY(word_8, open_end, close_end, word_send, word_receive_at_once, 8, LOOPS_CHUNK)
LOOPS_ONE_WAY(mark_64, open_end, close_end, mark_send, mark_receive_at_once, 64, LOOPS_CHUNK)

#define ONE_WAY(NAME, KIND, SIZE, CHUNK) \
    LOOPS_ONE_WAY(NAME, open_end, close_end, KIND##_send, KIND##_receive, SIZE, CHUNK)

ONE_WAY(paced_8, word, 8, LOOPS_CHUNK)
ONE_WAY(batch_8, batch, 8, LOOPS_CHUNK)
ONE_WAY(paced_64, mark, 64, LOOPS_CHUNK)
ONE_WAY(batch_64, batch, 64, LOOPS_CHUNK)
ONE_WAY(mark_1k, mark, 1024, 256)
ONE_WAY(copy_1k, copy, 1024, 256)
ONE_WAY(mark_4k, mark, 4096, 64)
ONE_WAY(copy_4k, copy, 4096, 64)
ONE_WAY(mark_64k, mark, 65536, 16)
ONE_WAY(copy_64k, copy, 65536, 16)

#define ENTRY(WORKLOAD, MODE, SIZE, PART)                                    \
    {                                                                        \
        .workload = WORKLOAD, .subject = "bare", .mode = MODE, .size = SIZE, \
        .prepare = prepare, .part = PART                                     \
    }

const struct entry entries_bare[] = {
    ENTRY("words", "mark", 8, word_8),
    ENTRY("words", "paced", 8, paced_8),
    ENTRY("words", "batch", 8, batch_8),
    ENTRY("packets", "mark", 64, mark_64),
    ENTRY("packets", "paced", 64, paced_64),
    ENTRY("packets", "batch", 64, batch_64),
    ENTRY("packets", "mark", 1024, mark_1k),
    ENTRY("packets", "copy", 1024, copy_1k),
    ENTRY("packets", "mark", 4096, mark_4k),
    ENTRY("packets", "copy", 4096, copy_4k),
    ENTRY("packets", "mark", 65536, mark_64k),
    ENTRY("packets", "copy", 65536, copy_64k),
    { .workload = NULL },
};
