/* SPDX-License-Identifier: MIT */
/*
 * clock.h - the one clock by which the library waits.
 *
 * A wait has a deadline, never a duration: a wait that is interrupted and goes on does not
 * become longer.
 */
#ifndef MCI_CLOCK_H
#define MCI_CLOCK_H

#include <mcapi.h>

#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC: no change of the date moves it. */
typedef int64_t mci_time;

/* The deadline that never comes. */
#define MCI_FOREVER INT64_MAX

mci_time mci_clock_now(void);

/* The moment `ms` milliseconds from now; MCI_FOREVER for MCAPI_TIMEOUT_INFINITE. */
mci_time mci_clock_deadline(mcapi_timeout_t ms);

#endif /* MCI_CLOCK_H */
