/* SPDX-License-Identifier: MIT */
/*
 * timers.h - a wheel of timers: setting, moving and stopping one costs the same whatever their
 * number.
 *
 * Time is in milliseconds of a clock that never goes back. A timer comes due at its time or up
 * to TIMERS_TICK_MS later, never before. One that is due further ahead than the wheel reaches
 * is met in each turn of the wheel and left where it is.
 */
#ifndef LOAD_BALANCER_SERVER_TIMERS_H
#define LOAD_BALANCER_SERVER_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TIMERS_TICK_MS = 16,
    TIMERS_SLOTS = 1024, /* a turn is 16 s; a power of two */
};

/* Part of what it is the timer of. */
struct timer {
    struct timer *next, *previous; /* NULL: not set */
    uint64_t due_ms;
};

struct timers {
    uint64_t tick;     /* slots up to this one have been looked at */
    uint64_t earliest; /* slots before this one are empty, as far as the next turn */
    uint64_t count;    /* timers that are set */
    struct timer slots[TIMERS_SLOTS]; /* heads of rings */
};

void timers_begin(struct timers *timers, uint64_t now_ms);

/* Sets it, anew if it was set. */
void timers_set(struct timers *timers, struct timer *timer, uint64_t due_ms);
void timers_stop(struct timers *timers, struct timer *timer);

static inline bool timer_is_set(const struct timer *timer)
{
    return timer->next != NULL;
}

/* The next one that is due, no longer set; NULL: none now. What it makes the caller do may set
 * and stop any timer. */
struct timer *timers_due(struct timers *timers, uint64_t now_ms);

/* How long one may sleep: until the next slot that holds a timer, -1 if none is set. */
int timers_wait_ms(struct timers *timers, uint64_t now_ms);

#endif /* LOAD_BALANCER_SERVER_TIMERS_H */
