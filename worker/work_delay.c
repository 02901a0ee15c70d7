/* SPDX-License-Identifier: MIT */
/*
 * work_delay.c - holds each item for a while, without using the processor: work that waits for
 * something, as a disk or another host. For tests and benchmarks.
 */
#include "worker/work.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "worker/clock.h"

/* An hour: longer is a slip of the finger. */
#define DELAY_MAX_US 3600000000ULL

struct delay {
    uint64_t ns;
    bool punctual; /* the kernel was asked to be */
};

static bool prepare(struct work *work, const char *argument, char *error, size_t error_size)
{
    char *end = NULL;
    unsigned long long microseconds = 0;
    struct delay *delay;
    bool digits = argument != NULL && argument[0] >= '0' && argument[0] <= '9';

    errno = 0;
    if (digits)
        microseconds = strtoull(argument, &end, 10);
    if (!digits || *end != '\0' || errno != 0 || microseconds > DELAY_MAX_US) {
        snprintf(error, error_size,
                 "'delay=%s': delay takes whole microseconds from 0 to %llu, as in delay=100",
                 argument == NULL ? "" : argument, DELAY_MAX_US);
        return false;
    }
    delay = malloc(sizeof(*delay));
    if (delay == NULL) {
        snprintf(error, error_size, "'delay=%s': there is no memory", argument);
        return false;
    }
    *delay = (struct delay){ .ns = microseconds * NS_PER_US };
    work->state = delay;
    return true;
}

static void finish(struct work *work)
{
    free(work->state);
}

static enum work_outcome process(struct work *work, const struct item *item,
                                 struct work_bytes *bytes)
{
    struct delay *delay = work->state;
    uint64_t until = clock_ns() + delay->ns;
    struct timespec deadline = {
        .tv_sec = (time_t)(until / NS_PER_S),
        .tv_nsec = (long)(until % NS_PER_S),
    };

    (void)item;
    (void)bytes;
    if (delay->ns == 0)
        return WORK_UNCHANGED;
    /* The kernel may join timers within the slack, 50 us unless told otherwise, which would
     * make small delays several times longer. */
    if (!delay->punctual)
        delay->punctual = prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL) == 0;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL) == EINTR)
        continue;
    return WORK_UNCHANGED;
}

const struct work_kind work_delay = {
    .version = WORK_VERSION,
    .name = "delay",
    .argument = "US",
    .help = "hold each item for US microseconds, asleep",
    .prepare = prepare,
    .process = process,
    .finish = finish,
};
