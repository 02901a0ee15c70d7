/* SPDX-License-Identifier: MIT */
/* eventually.c - the clock and the pause behind eventually(). */
#include "support/eventually.h"

#include <time.h>

int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void breathe(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 200 * 1000 }, NULL);
}
