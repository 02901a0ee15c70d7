/* SPDX-License-Identifier: MIT */
/*
 * subject_mcapi_messages.c - this library's messages of 64 bytes: from one, two or four senders
 * to one endpoint. Of each sender's items all are compared, in order.
 */
#include <mcapi_ext.h>
#include <stdio.h>

#include "bench/entries.h"
#include "bench/loops.h"
#include "bench/mcapi_ends.h"

enum { SIZE = 64, SENDERS_MOST = 4 };

static void prepare(struct trial *trial)
{
    ends_prepare(trial, NULL);
}

/* The second word says who sent it: then the payload's pattern follows. */
BENCH_INLINE void make(uint64_t *item, unsigned sender, uint64_t number)
{
    payload_make(item, number, SIZE);
    item[1] = sender;
}

/* Party 0 receives; 1 to n send until the time is over, and then an item whose sender has the
 * highest bit set. */
#define LAST_ITEM (UINT64_C(1) << 63)

static void send_until(struct trial *trial, unsigned self)
{
    mcapi_endpoint_t from = ends_create(ENDS_OUT, 0), to = ends_get(0, ENDS_IN);
    _Alignas(64) uint64_t item[SIZE / 8];
    uint64_t number = 0, most = trial->items / (trial->parties - 1);
    mcapi_status_t status;
    int64_t until;
    bool last;

    trial_meet(trial, self);
    until = trial_now_ns() + (int64_t)(trial->seconds * 1e9);
    do {
        last = number + 1 >= most || (number % 256 == 255 && trial_now_ns() >= until);
        make(item, self, number++);
        item[1] |= last ? LAST_ITEM : 0;
        mcapi_msg_send(from, to, item, SIZE, 0, &status);
        ends_check(status, "mcapi_msg_send");
    } while (!last);
    trial_count(trial, self, 0);
}

static void receive_all(struct trial *trial)
{
    mcapi_endpoint_t in = ends_create(ENDS_IN, 0);
    uint64_t next[SENDERS_MOST + 1] = { 0 }, wrong = 0, total = 0;
    unsigned left = trial->parties - 1;
    _Alignas(64) uint64_t item[SIZE / 8];
    mcapi_status_t status;
    size_t size;

    trial_meet(trial, 0);
    trial->began_ns = trial_now_ns();
    while (left > 0) {
        uint64_t sender;

        mcapi_msg_recv(in, item, SIZE, &size, &status);
        ends_check(status, "mcapi_msg_recv");
        left -= (item[1] & LAST_ITEM) != 0;
        sender = item[1] & ~LAST_ITEM;
        if (sender == 0 || sender > SENDERS_MOST)
            trial_fail_with(trial, "a message of nobody came");
        item[1] = payload_pattern(next[sender]);
        wrong += size != SIZE || payload_wrong(item, next[sender], SIZE);
        next[sender]++;
        total++;
    }
    trial->ended_ns = trial_now_ns();
    trial->done = total;
    trial_count(trial, 0, wrong);
}

static void part(struct trial *trial, unsigned self)
{
    ends_join(trial, self);
    if (self == 0)
        receive_all(trial);
    else
        send_until(trial, self);
    ends_close(trial, NULL);
}

#define ENTRY(SENDERS)                                                                         \
    {                                                                                          \
        .workload = "messages", .subject = "mcapi", .mode = "senders-" #SENDERS, .size = SIZE, \
        .parties = SENDERS + 1, .prepare = prepare, .part = part                               \
    }

const struct entry entries_mcapi_messages[] = {
    ENTRY(1),
    ENTRY(2),
    ENTRY(4),
    { .workload = NULL },
};
