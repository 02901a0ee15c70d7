/* SPDX-License-Identifier: MIT */
/*
 * subject_bare_hops.c - the limit, there and back: two cache lines, one for each direction,
 * that carry 56 bytes and a mark; two words that both sides sleep on.
 */
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/entries.h"
#include "bench/loops.h"

enum { BODY = 7 }; /* words of a line beside the mark */

struct line {
    _Alignas(TRIAL_LINE) _Atomic uint64_t mark;
    uint64_t body[BODY];
};

struct lines {
    struct line line[2]; /* that each party writes */
    _Alignas(TRIAL_LINE) _Atomic uint32_t word[2];
};

/* An end: the line it writes and the one it reads. */
struct end {
    struct line *to, *from;
    _Atomic uint32_t *wake, *sleep;
};

static void prepare(struct trial *trial)
{
    trial->state = trial_share(sizeof(struct lines));
}

static void *open_end(struct trial *trial, unsigned self)
{
    static struct end end;
    struct lines *lines = trial->state;

    end = (struct end){ .to = &lines->line[self],
                        .from = &lines->line[!self],
                        .wake = &lines->word[self],
                        .sleep = &lines->word[!self] };
    return &end;
}

static void close_end(struct trial *trial, void *end)
{
    (void)trial, (void)end;
}

BENCH_INLINE size_t line_send(void *side, uint64_t number, size_t most, size_t size)
{
    struct end *end = side;

    (void)most, (void)size;
    for (int i = 0; i < BODY; i++)
        end->to->body[i] = payload_pattern(number);
    atomic_store_explicit(&end->to->mark, number + 1, memory_order_release);
    return 1;
}

BENCH_INLINE size_t line_receive(void *side, uint64_t number, size_t most, size_t size,
                                 uint64_t *wrong)
{
    struct end *end = side;
    uint64_t difference = 0;

    (void)most, (void)size;
    if (atomic_load_explicit(&end->from->mark, memory_order_acquire) != number + 1)
        return 0;
    for (int i = 0; i < BODY; i++)
        difference |= end->from->body[i] ^ payload_pattern(number);
    *wrong += difference != 0;
    return 1;
}

/* The line as before, and behind it a word to sleep on. */
BENCH_INLINE size_t sleep_send(void *side, uint64_t number, size_t most, size_t size)
{
    struct end *end = side;

    line_send(side, number, most, size);
    atomic_store_explicit(end->wake, (uint32_t)number + 1, memory_order_release);
    syscall(SYS_futex, end->wake, FUTEX_WAKE, 1, NULL, NULL, 0);
    return 1;
}

BENCH_INLINE size_t sleep_receive(void *side, uint64_t number, size_t most, size_t size,
                                  uint64_t *wrong)
{
    struct end *end = side;

    while (atomic_load_explicit(end->sleep, memory_order_acquire) != (uint32_t)number + 1)
        syscall(SYS_futex, end->sleep, FUTEX_WAIT, (uint32_t)number, NULL, NULL, 0);
    return line_receive(side, number, most, size, wrong);
}

LOOPS_PING_PONG(spin_64, open_end, close_end, line_send, line_receive, 64)
LOOPS_PING_PONG(sleep_64, open_end, close_end, sleep_send, sleep_receive, 64)
LOOPS_WAKE(wake_64, open_end, close_end, sleep_send, sleep_receive, 64)

const struct entry entries_bare_hops[] = {
    { .workload = "ping-pong",
      .subject = "bare",
      .mode = "spin",
      .size = 64,
      .prepare = prepare,
      .part = spin_64 },
    { .workload = "ping-pong",
      .subject = "bare",
      .mode = "sleep",
      .size = 64,
      .prepare = prepare,
      .part = sleep_64 },
    { .workload = "wake",
      .subject = "bare",
      .mode = "sleep",
      .size = 64,
      .prepare = prepare,
      .part = wake_64 },
    { .workload = NULL },
};
