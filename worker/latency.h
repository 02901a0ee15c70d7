/* SPDX-License-Identifier: MIT */
/*
 * latency.h - how long things took: a histogram that is exact to an eighth, whatever the
 * range, and of one size, however many there are. Lives in reports, so its layout is fixed.
 */
#ifndef WORKER_LATENCY_H
#define WORKER_LATENCY_H

#include <stdint.h>

enum {
    /* Each power of two is divided into so many buckets. */
    LATENCY_STEPS = 8,
    LATENCY_BUCKETS = 62 * LATENCY_STEPS,
};

struct latency {
    uint64_t count;
    uint64_t most_ns;
    uint32_t buckets[LATENCY_BUCKETS];
};

/* The bucket of a duration: itself below LATENCY_STEPS, then by its highest four bits. */
static inline unsigned latency_bucket(uint64_t ns)
{
    unsigned octave;

    if (ns < LATENCY_STEPS)
        return (unsigned)ns;
    octave = 60 - (unsigned)__builtin_clzll(ns); /* 0 for 8 to 15 */
    return (octave + 1) * LATENCY_STEPS + ((unsigned)(ns >> octave) & (LATENCY_STEPS - 1));
}

static inline void latency_add(struct latency *latency, uint64_t ns)
{
    latency->count++;
    latency->buckets[latency_bucket(ns)]++;
    if (ns > latency->most_ns)
        latency->most_ns = ns;
}

/* Adds all that `more` has seen. */
void latency_merge(struct latency *latency, const struct latency *more);

/* What the given share (0 to 1) of all did not exceed, as the upper end of its bucket; 0 if
 * there were none. */
uint64_t latency_quantile(const struct latency *latency, double share);

#endif /* WORKER_LATENCY_H */
