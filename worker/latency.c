/* SPDX-License-Identifier: MIT */
/*
 * latency.c - how long things took.
 */
#include "worker/latency.h"

void latency_merge(struct latency *latency, const struct latency *more)
{
    latency->count += more->count;
    if (more->most_ns > latency->most_ns)
        latency->most_ns = more->most_ns;
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
        latency->buckets[i] += more->buckets[i];
}

/* The largest duration that falls into a bucket. */
static uint64_t bucket_end(unsigned bucket)
{
    unsigned octave;

    if (bucket < LATENCY_STEPS)
        return bucket;
    octave = bucket / LATENCY_STEPS - 1;
    return ((uint64_t)(LATENCY_STEPS + bucket % LATENCY_STEPS + 1) << octave) - 1;
}

uint64_t latency_quantile(const struct latency *latency, double share)
{
    double wanted = share * (double)latency->count;
    uint64_t seen = 0;

    if (latency->count == 0)
        return 0;
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
        seen += latency->buckets[i];
        if (seen > 0 && (double)seen >= wanted)
            return bucket_end(i) < latency->most_ns ? bucket_end(i) : latency->most_ns;
    }
    return latency->most_ns;
}
