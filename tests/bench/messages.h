/* SPDX-License-Identifier: MIT */
/*
 * messages.h - items of 64 bytes from one, two or four senders to one receiver, the same for
 * every subject: party 0 receives, the others send until the time is over. Of each sender's
 * items all are compared, in their order.
 *
 * A subject's calls send one item, and wait for one.
 */
#ifndef TESTS_BENCH_MESSAGES_H
#define TESTS_BENCH_MESSAGES_H

#include "bench/payload.h"
#include "bench/trial.h"

enum { MESSAGES_SIZE = 64, MESSAGES_SENDERS = 4 /* at most */ };

/* In the second word, beside the sender: it is the sender's last item. */
#define MESSAGES_LAST (UINT64_C(1) << 63)

typedef void messages_send(void *end, const uint64_t *item);
typedef void messages_receive(void *end, uint64_t *item);

BENCH_INLINE void messages_send_until(struct trial *trial, unsigned self, void *end,
                                      messages_send *send)
{
    uint64_t number = 0, most = trial->items / (trial->parties - 1);
    _Alignas(64) uint64_t item[MESSAGES_SIZE / 8];
    int64_t until;
    bool last;

    trial_meet(trial, self);
    until = trial_now_ns() + (int64_t)(trial->seconds * 1e9);
    do {
        last = number + 1 >= most || (number % 256 == 255 && trial_now_ns() >= until);
        payload_make(item, number++, MESSAGES_SIZE);
        item[1] = self | (last ? MESSAGES_LAST : 0);
        send(end, item);
    } while (!last);
    trial_count(trial, self, 0);
}

BENCH_INLINE void messages_receive_all(struct trial *trial, void *end,
                                       messages_receive *receive)
{
    uint64_t next[MESSAGES_SENDERS + 1] = { 0 }, wrong = 0, total = 0;
    _Alignas(64) uint64_t item[MESSAGES_SIZE / 8];
    unsigned left = trial->parties - 1;

    trial_meet(trial, 0);
    trial->began_ns = trial_now_ns();
    while (left > 0) {
        uint64_t sender;

        receive(end, item);
        left -= (item[1] & MESSAGES_LAST) != 0;
        sender = item[1] & ~MESSAGES_LAST;
        if (sender == 0 || sender >= trial->parties)
            trial_fail_with(trial, "a message of nobody came");
        item[1] = payload_pattern(next[sender]);
        wrong += payload_wrong(item, next[sender], MESSAGES_SIZE);
        next[sender]++;
        total++;
    }
    trial->ended_ns = trial_now_ns();
    trial->done = total;
    trial_count(trial, 0, wrong);
}

#define MESSAGES_PART(NAME, OPEN, CLOSE, SEND, RECEIVE)  \
    static void NAME(struct trial *trial, unsigned self) \
    {                                                    \
        void *end = OPEN(trial, self);                   \
        if (self == 0)                                   \
            messages_receive_all(trial, end, RECEIVE);   \
        else                                             \
            messages_send_until(trial, self, end, SEND); \
        CLOSE(trial, end);                               \
    }

#endif /* TESTS_BENCH_MESSAGES_H */
