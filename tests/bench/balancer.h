/* SPDX-License-Identifier: MIT */
/*
 * balancer.h - the pattern of a load balancer, the same for every subject: party 0 gives items
 * of 64 bytes in 1,024 flows to the workers, which are the other parties; a flow is always at
 * the same one. Workers compare every byte and the place of each item in its flow, and
 * acknowledge 16 at a time; at most 256 items are out at a worker.
 *
 * A subject's calls:
 *   give         an item to a worker; there is room, the window sees to it
 *   collect      how many items a worker has acknowledged and nobody knew of yet; waits until
 *                there are some
 *   take         the worker's next item, and waits for it
 *   acknowledge  that so many are done
 */
#ifndef TESTS_BENCH_BALANCER_H
#define TESTS_BENCH_BALANCER_H

#include "bench/payload.h"
#include "bench/trial.h"

enum {
    BALANCER_SIZE = 64,
    BALANCER_FLOWS = 1024, /* a power of two */
    BALANCER_WINDOW = 256,
    BALANCER_ACK = 16,
    BALANCER_MOST = 64, /* workers */
};

#define BALANCER_STOP UINT32_MAX

struct balancer_item {
    uint32_t flow;   /* BALANCER_STOP: the last one */
    uint32_t number; /* in its flow */
    uint64_t body[BALANCER_SIZE / 8 - 1];
};

typedef void balancer_give(void *end, unsigned worker, const struct balancer_item *item);
typedef uint32_t balancer_collect(void *end, unsigned worker);
typedef void balancer_take(void *end, struct balancer_item *item);
typedef void balancer_acknowledge(void *end, uint32_t count);

BENCH_INLINE void balancer_make(struct balancer_item *item, uint32_t flow, uint32_t number)
{
    item->flow = flow;
    item->number = number;
    for (size_t i = 0; i < sizeof(item->body) / 8; i++)
        item->body[i] = payload_pattern(number);
}

/* What the distributing party knows. */
struct balancer_own {
    uint32_t number[BALANCER_FLOWS];
    uint32_t out[BALANCER_MOST]; /* items at a worker */
};

BENCH_INLINE void balancer_give_all(struct trial *trial, void *end, balancer_give *give,
                                    balancer_collect *collect)
{
    static struct balancer_own own;
    unsigned workers = trial->parties - 1;
    struct balancer_item item;
    uint64_t done = 0, draw = 1;
    int64_t until;

    trial_meet(trial, 0);
    trial->began_ns = trial_now_ns();
    until = trial->began_ns + (int64_t)(trial->seconds * 1e9);
    do {
        uint32_t flow, worker;

        draw = draw * UINT64_C(6364136223846793005) + 1442695040888963407u;
        flow = (uint32_t)(draw >> 40) % BALANCER_FLOWS;
        worker = flow % workers;
        while (own.out[worker] == BALANCER_WINDOW)
            own.out[worker] -= collect(end, worker);
        balancer_make(&item, flow, own.number[flow]++);
        give(end, worker, &item);
        own.out[worker]++;
    } while (++done < trial->items && (done % 256 != 0 || trial_now_ns() < until));
    for (unsigned i = 0; i < workers; i++) {
        while (own.out[i] == BALANCER_WINDOW)
            own.out[i] -= collect(end, i);
        balancer_make(&item, BALANCER_STOP, 0);
        give(end, i, &item);
    }
    for (unsigned i = 0; i < workers; i++)
        while (own.out[i] > 0)
            own.out[i] -= collect(end, i);
    trial->ended_ns = trial_now_ns();
    trial->done = done;
    trial_count(trial, 0, 0);
}

BENCH_INLINE void balancer_work(struct trial *trial, unsigned self, void *end,
                                balancer_take *take, balancer_acknowledge *acknowledge)
{
    static uint32_t next[BALANCER_FLOWS];
    uint64_t wrong = 0;
    uint32_t pending = 0;

    trial_meet(trial, self);
    for (;;) {
        struct balancer_item item;
        uint64_t difference = 0;

        take(end, &item);
        if (item.flow == BALANCER_STOP)
            break;
        for (size_t i = 0; i < sizeof(item.body) / 8; i++)
            difference |= item.body[i] ^ payload_pattern(item.number);
        if (item.flow >= BALANCER_FLOWS)
            trial_fail_with(trial, "an item of no flow came");
        wrong += difference != 0 || item.number != next[item.flow];
        next[item.flow]++;
        if (++pending == BALANCER_ACK) {
            acknowledge(end, pending);
            pending = 0;
        }
    }
    if (pending > 0)
        acknowledge(end, pending);
    trial_count(trial, self, wrong);
}

#define BALANCER_PART(NAME, OPEN, CLOSE, GIVE, COLLECT, TAKE, ACKNOWLEDGE) \
    static void NAME(struct trial *trial, unsigned self)                   \
    {                                                                      \
        void *end = OPEN(trial, self);                                     \
        if (self == 0)                                                     \
            balancer_give_all(trial, end, GIVE, COLLECT);                  \
        else                                                               \
            balancer_work(trial, self, end, TAKE, ACKNOWLEDGE);            \
        CLOSE(trial, end);                                                 \
    }

#endif /* TESTS_BENCH_BALANCER_H */
