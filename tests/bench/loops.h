/* SPDX-License-Identifier: MIT */
/*
 * loops.h - the workloads between two parties, the same for every subject: it gives the calls
 * that send and receive, and the compiler puts them into the loop. A subject that is worth
 * nothing but a few instructions is not made to pay for a call through a pointer.
 *
 * A subject's calls get its end, the number of the item, and the size, which is a constant.
 */
#ifndef TESTS_BENCH_LOOPS_H
#define TESTS_BENCH_LOOPS_H

#include <stdlib.h>

#include "bench/payload.h"
#include "bench/trial.h"

enum {
    LOOPS_CHUNK = 1024,      /* items between two looks at the clock */
    LOOPS_WARM = 200,        /* round trips that are not counted */
    LOOPS_SAMPLES = 1 << 17, /* round trips that are, at most */
    LOOPS_WAKES = 1000,      /* and wakes */
    LOOPS_HOP_ITEMS = 8,     /* as so many items one of either counts, where items are few */
};

/* Sends at least one item, at most `most`; returns how many, 0 if there is no room now. */
typedef size_t loops_send(void *end, uint64_t number, size_t most, size_t size);
/* Receives items of those numbers, at most `most`; adds to *wrong. Returns how many, 0 if there
 * is nothing now. */
typedef size_t loops_receive(void *end, uint64_t number, size_t most, size_t size,
                             uint64_t *wrong);

/* --- One way -------------------------------------------------------------------------- */

BENCH_INLINE uint64_t loops_send_until(void *end, loops_send *send, uint64_t number,
                                       uint64_t until, size_t size)
{
    unsigned turns = 0;

    while (number < until) {
        size_t count = send(end, number, (size_t)(until - number), size);

        if (count == 0)
            trial_relax(&turns);
        number += count;
    }
    return number;
}

BENCH_INLINE void loops_one_way_send(struct trial *trial, void *end, loops_send *send,
                                     size_t size, uint64_t chunk)
{
    uint64_t number = 0;
    int64_t until;

    trial_meet(trial, 0);
    trial->began_ns = trial_now_ns();
    until = trial->began_ns + (int64_t)(trial->seconds * 1e9);
    do
        number = loops_send_until(end, send, number, number + chunk, size);
    while (number + chunk < trial->items && trial_now_ns() < until);
    /* The receiver learns the last number before it can be there. */
    atomic_store(&trial->last, number + chunk);
    loops_send_until(end, send, number, number + chunk, size);
    trial_count(trial, 0, 0);
}

BENCH_INLINE void loops_one_way_receive(struct trial *trial, void *end, loops_receive *receive,
                                        size_t size, uint64_t chunk)
{
    uint64_t number = 0, wrong = 0;
    unsigned turns = 0;

    trial_meet(trial, 1);
    /* Nobody knows the last number in time: within a chunk there is always a next item. */
    while (number < atomic_load_explicit(&trial->last, memory_order_acquire)) {
        size_t count = receive(end, number, (size_t)(chunk - number % chunk), size, &wrong);

        if (count == 0)
            trial_relax(&turns);
        number += count;
    }
    trial->ended_ns = trial_now_ns();
    trial->done = number;
    trial_count(trial, 1, wrong);
}

/* A part of that name, of two parties: `ends` gives each its end. */
#define LOOPS_ONE_WAY(NAME, OPEN, CLOSE, SEND, RECEIVE, SIZE, CHUNK) \
    static void NAME(struct trial *trial, unsigned self)             \
    {                                                                \
        void *end = OPEN(trial, self);                               \
        if (self == 0)                                               \
            loops_one_way_send(trial, end, SEND, SIZE, CHUNK);       \
        else                                                         \
            loops_one_way_receive(trial, end, RECEIVE, SIZE, CHUNK); \
        CLOSE(trial, end);                                           \
    }

/* --- Time --------------------------------------------------------------------------------- */

/* A clock that costs less than what it measures. */
BENCH_INLINE uint64_t loops_ticks(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return (uint64_t)trial_now_ns();
#endif
}

static __attribute__((unused)) int loops_compare(const void *one, const void *other)
{
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

    return a < b ? -1 : a > b;
}

static __attribute__((unused)) void loops_percentiles(struct trial *trial, uint32_t *ticks,
                                                      size_t count, double ns_of_tick)
{
    qsort(ticks, count, sizeof(*ticks), loops_compare);
    trial->hop_p50 = ticks[count / 2] * ns_of_tick;
    trial->hop_p99 = ticks[(size_t)((double)count * 0.99)] * ns_of_tick;
    trial->hop_p999 = ticks[(size_t)((double)count * 0.999)] * ns_of_tick;
}

BENCH_INLINE uint32_t *loops_samples(void)
{
    uint32_t *ticks = malloc(LOOPS_SAMPLES * sizeof(*ticks));

    if (ticks == NULL)
        trial_fail("malloc");
    memset(ticks, 1, LOOPS_SAMPLES * sizeof(*ticks)); /* the pages are there before */
    return ticks;
}

/* --- There and back ------------------------------------------------------------------- */

BENCH_INLINE void loops_one(void *end, loops_send *send, uint64_t number, size_t size)
{
    unsigned turns = 0;

    while (send(end, number, 1, size) == 0)
        trial_relax(&turns);
}

/* Looks again at once: it is the time of the way that counts. */
BENCH_INLINE void loops_other(void *end, loops_receive *receive, uint64_t number, size_t size,
                              uint64_t *wrong)
{
    unsigned turns = 0;

    while (receive(end, number, 1, size, wrong) == 0)
        if (++turns % 4096 == 0)
            trial_yield();
}

BENCH_INLINE void loops_ping(struct trial *trial, void *end, loops_send *send,
                             loops_receive *receive, size_t size)
{
    uint32_t *ticks = loops_samples();
    uint64_t number = 0, wrong = 0, most = trial->items / LOOPS_HOP_ITEMS, before, first;
    size_t count = 0;
    int64_t until;

    trial_meet(trial, 0);
    for (; number < LOOPS_WARM; number++) {
        loops_one(end, send, number, size);
        loops_other(end, receive, number, size, &wrong);
    }
    if (most > LOOPS_SAMPLES)
        most = LOOPS_SAMPLES;
    trial->began_ns = trial_now_ns();
    until = trial->began_ns + (int64_t)(trial->seconds * 1e9);
    before = first = loops_ticks();
    do {
        uint64_t now;

        loops_one(end, send, number, size);
        loops_other(end, receive, number, size, &wrong);
        number++;
        now = loops_ticks();
        ticks[count++] = now - before > UINT32_MAX ? UINT32_MAX : (uint32_t)(now - before);
        before = now;
        if (count % 64 == 0) {
            if (trial_now_ns() >= until)
                break;
            before = loops_ticks();
        }
    } while (count < most);
    trial->ended_ns = trial_now_ns();
    trial->done = count;
    atomic_store(&trial->last, number + 1);
    loops_one(end, send, number, size);
    loops_other(end, receive, number, size, &wrong);
    trial_count(trial, 0, wrong);
    /* Of a round trip half is a hop. */
    loops_percentiles(trial, ticks, count,
                      (double)(trial->ended_ns - trial->began_ns) / (double)(before - first)
                              / 2);
    free(ticks);
}

BENCH_INLINE void loops_pong(struct trial *trial, void *end, loops_send *send,
                             loops_receive *receive, size_t size)
{
    uint64_t number = 0, wrong = 0;

    trial_meet(trial, 1);
    while (number < atomic_load_explicit(&trial->last, memory_order_acquire)) {
        loops_other(end, receive, number, size, &wrong);
        loops_one(end, send, number, size);
        number++;
    }
    trial_count(trial, 1, wrong);
}

#define LOOPS_PING_PONG(NAME, OPEN, CLOSE, SEND, RECEIVE, SIZE) \
    static void NAME(struct trial *trial, unsigned self)        \
    {                                                           \
        void *end = OPEN(trial, self);                          \
        if (self == 0)                                          \
            loops_ping(trial, end, SEND, RECEIVE, SIZE);        \
        else                                                    \
            loops_pong(trial, end, SEND, RECEIVE, SIZE);        \
        CLOSE(trial, end);                                      \
    }

/* --- Woken ---------------------------------------------------------------------------- */

/* An item at a time, to a receiver that sleeps: from before the sender's call until the
 * receiver has the item. */
BENCH_INLINE void loops_wake(struct trial *trial, void *end, loops_send *send, size_t size)
{
    uint64_t number = 0, most = trial->items / LOOPS_HOP_ITEMS;
    int64_t until;
    bool last;

    if (most > LOOPS_WAKES)
        most = LOOPS_WAKES;
    trial_meet(trial, 0);
    until = trial_now_ns() + (int64_t)(trial->seconds * 1e9);
    do {
        while (atomic_load(&trial->sleeping_for) != number + 1)
            trial_yield();
        trial_await_sleep(trial, 1);
        last = number + 1 >= most || trial_now_ns() >= until;
        if (last)
            atomic_store(&trial->last, number + 1);
        atomic_store(&trial->sent_at, loops_ticks());
        loops_one(end, send, number++, size);
    } while (!last);
    trial_count(trial, 0, 0);
}

BENCH_INLINE void loops_be_woken(struct trial *trial, void *end, loops_receive *receive,
                                 size_t size)
{
    uint32_t *ticks = loops_samples();
    uint64_t number = 0, wrong = 0, first;

    trial_meet(trial, 1);
    trial->began_ns = trial_now_ns();
    first = loops_ticks();
    do {
        uint64_t now, sent_at;

        atomic_store(&trial->sleeping_for, number + 1);
        loops_other(end, receive, number, size, &wrong);
        now = loops_ticks();
        sent_at = atomic_load(&trial->sent_at);
        /* The clocks of two processors need not agree to the last tick. */
        ticks[number++] = now > sent_at ? (uint32_t)(now - sent_at) : 0;
    } while (number < atomic_load(&trial->last));
    trial->ended_ns = trial_now_ns();
    first = loops_ticks() - first;
    trial->done = number;
    trial_count(trial, 1, wrong);
    loops_percentiles(trial, ticks, (size_t)number,
                      (double)(trial->ended_ns - trial->began_ns) / (double)first);
    free(ticks);
}

#define LOOPS_WAKE(NAME, OPEN, CLOSE, SEND, RECEIVE, SIZE) \
    static void NAME(struct trial *trial, unsigned self)   \
    {                                                      \
        void *end = OPEN(trial, self);                     \
        if (self == 0)                                     \
            loops_wake(trial, end, SEND, SIZE);            \
        else                                               \
            loops_be_woken(trial, end, RECEIVE, SIZE);     \
        CLOSE(trial, end);                                 \
    }

/* --- What a subject with two parties does as a rule -----------------------------------------
 */

/* Few items to a chunk where an item is large, or so slow that a look at the clock is nothing.
 */
#define LOOPS_USUAL_PARTS(SEND, RECEIVE, CHUNK)                               \
    LOOPS_ONE_WAY(one_way_8, open_end, close_end, SEND, RECEIVE, 8, CHUNK)    \
    LOOPS_ONE_WAY(one_way_64, open_end, close_end, SEND, RECEIVE, 64, CHUNK)  \
    LOOPS_ONE_WAY(one_way_1024, open_end, close_end, SEND, RECEIVE, 1024, 64) \
    LOOPS_ONE_WAY(one_way_4096, open_end, close_end, SEND, RECEIVE, 4096, 64) \
    LOOPS_PING_PONG(hop_64, open_end, close_end, SEND, RECEIVE, 64)
#define LOOPS_LARGE_PART(SEND, RECEIVE) \
    LOOPS_ONE_WAY(one_way_65536, open_end, close_end, SEND, RECEIVE, 65536, 16)
#define LOOPS_WAKE_PART(SEND, RECEIVE) \
    LOOPS_WAKE(wake_64, open_end, close_end, SEND, RECEIVE, 64)

/* ENTRY(WORKLOAD, SIZE, PART) is the subject's. */
#define LOOPS_USUAL_ENTRIES                                                             \
    ENTRY("words", 8, one_way_8), ENTRY("packets", 64, one_way_64),                     \
            ENTRY("packets", 1024, one_way_1024), ENTRY("packets", 4096, one_way_4096), \
            ENTRY("ping-pong", 64, hop_64)
#define LOOPS_LARGE_ENTRY ENTRY("packets", 65536, one_way_65536)
#define LOOPS_WAKE_ENTRY  ENTRY("wake", 64, wake_64)

#endif /* TESTS_BENCH_LOOPS_H */
