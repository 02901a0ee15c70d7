/* SPDX-License-Identifier: MIT */
/*
 * signals.h - what the world wants while the balancer runs.
 *
 * The first SIGINT, SIGTERM or SIGHUP asks to end in order: no more input, but all that is out
 * is waited for. The second means now: it kills the workers, so that nothing is left to wait
 * for. SIGCHLD says that a worker may have ended.
 */
#ifndef LOAD_BALANCER_SIGNALS_H
#define LOAD_BALANCER_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "load_balancer/source/source.h"

/* False: it cannot be; errno says why. */
bool signals_begin(void);

/* The source whose waiting a signal ends; NULL: none. */
void signals_interrupt(struct source *source);

/* A process that the second signal kills, or no longer does: before it is reaped. `slot` is any
 * number below SIGNALS_PROCESSES_MAX that is not in use. */
enum {
    SIGNALS_PROCESSES_MAX = 256,
};
void signals_kill_later(unsigned slot, pid_t pid);
void signals_spare(unsigned slot);

/* How often the end was asked for. */
unsigned signals_stops(void);

/* Whether a child may have ended since the last call. */
bool signals_child_ended(void);

/* The same, without forgetting it. */
bool signals_child_may_have_ended(void);

/* Sleeps until the deadline, by clock_ns(), or until the next signal; false: a signal came. A
 * signal that came since the last call ends it at once. */
bool signals_sleep(uint64_t deadline_ns);

#endif /* LOAD_BALANCER_SIGNALS_H */
