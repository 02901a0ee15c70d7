/* SPDX-License-Identifier: MIT */
/*
 * rate.h - so many requests a second from one peer, over all loops.
 *
 * One word for each peer says when its next request is due, were they evenly spread; a peer may
 * be early by a tenth of a second's worth. Peers share RATE_PEERS words by the hash of their
 * address, so that memory does not grow with them; two that meet share one rate.
 */
#ifndef LOAD_BALANCER_SERVER_RATE_H
#define LOAD_BALANCER_SERVER_RATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    RATE_PEERS = 65536,
};

struct rate {
    uint64_t every_ns; /* 0: no limit */
    uint64_t early_ns;
    _Atomic uint64_t *due_ns; /* RATE_PEERS of them */
};

/* False: no memory. `per_second` 0 is no limit. */
bool rate_open(struct rate *rate, uint32_t per_second);

/* Takes one; 0: it may go; else how long it must wait, in ns, and nothing was taken. */
uint64_t rate_take(struct rate *rate, uint64_t peer, uint64_t now_ns);

void rate_close(struct rate *rate);

#endif /* LOAD_BALANCER_SERVER_RATE_H */
