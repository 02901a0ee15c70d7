/* SPDX-License-Identifier: MIT */
/* clock.c - the one clock by which the library waits. */
#include "os/clock.h"

#include <time.h>

enum {
    NS_PER_MS = 1000000,
    NS_PER_S = 1000000000,
};

mci_time mci_clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (mci_time)now.tv_sec * NS_PER_S + now.tv_nsec;
}

mci_time mci_clock_deadline(mcapi_timeout_t ms)
{
    if (ms == MCAPI_TIMEOUT_INFINITE)
        return MCI_FOREVER;
    /* No overflow: the longest timeout is 50 days, the clock lasts 292 years. */
    return mci_clock_now() + (mci_time)ms * NS_PER_MS;
}
