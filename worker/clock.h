/* SPDX-License-Identifier: MIT */
/*
 * clock.h - the time that both programs measure in. Reading it costs some 30 ns: not once per
 * item where items take less than a microsecond.
 */
#ifndef WORKER_CLOCK_H
#define WORKER_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_US 1000ULL
#define NS_PER_MS 1000000ULL
#define NS_PER_S  1000000000ULL

/* Nanoseconds since some moment before the program began; never goes back. */
static inline uint64_t clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

#endif /* WORKER_CLOCK_H */
