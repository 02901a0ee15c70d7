/* SPDX-License-Identifier: MIT */
/*
 * rate.c - the generic cell rate algorithm, one word per peer.
 */
#include "load_balancer/server/rate.h"

#include <stdlib.h>

#include "worker/clock.h"

bool rate_open(struct rate *rate, uint32_t per_second)
{
    *rate = (struct rate){ 0 };
    if (per_second == 0)
        return true;
    rate->every_ns = NS_PER_S / per_second;
    rate->early_ns = NS_PER_S / 10;
    rate->due_ns = calloc(RATE_PEERS, sizeof(*rate->due_ns));
    return rate->due_ns != NULL;
}

uint64_t rate_take(struct rate *rate, uint64_t peer, uint64_t now_ns)
{
    _Atomic uint64_t *word;
    uint64_t due, next;

    if (rate->every_ns == 0)
        return 0;
    word = &rate->due_ns[peer % RATE_PEERS];
    /* Relaxed: the word is all there is, nothing else is seen by its value. */
    due = atomic_load_explicit(word, memory_order_relaxed);
    do {
        if (due > now_ns + rate->early_ns)
            return due - now_ns - rate->early_ns;
        next = (due > now_ns ? due : now_ns) + rate->every_ns;
    } while (!atomic_compare_exchange_weak_explicit(word, &due, next, memory_order_relaxed,
                                                    memory_order_relaxed));
    return 0;
}

void rate_close(struct rate *rate)
{
    free((void *)rate->due_ns);
    *rate = (struct rate){ 0 };
}
