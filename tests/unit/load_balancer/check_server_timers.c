/* SPDX-License-Identifier: MIT */
/*
 * check_server_timers.c - timers come due at their time, at most a tick later and never before;
 * and a peer's rate is kept.
 */
#include "load_balancer/server/timers.h"

#include <stdlib.h>

#include "load_balancer/server/rate.h"
#include "support/suite.h"
#include "worker/clock.h"

enum {
    MANY = 500,
    TURN_MS = TIMERS_SLOTS * TIMERS_TICK_MS,
};

static struct timers timers;
static struct timer many[MANY];

START_TEST(none_is_set_and_none_is_due)
{
    timers_begin(&timers, 12345);
    ck_assert_int_eq(timers_wait_ms(&timers, 12345), -1);
    ck_assert_ptr_null(timers_due(&timers, 1234567));
}
END_TEST

START_TEST(a_timer_is_due_at_its_time_and_once)
{
    struct timer timer = { 0 };
    const uint64_t begin = 99999;

    for (uint64_t after = 0; after < 3 * TURN_MS; after = after * 2 + 7) {
        uint64_t now = begin;
        bool due = false;

        timers_begin(&timers, begin);
        timers_set(&timers, &timer, begin + after);
        ck_assert(timer_is_set(&timer));
        for (; !due; now++) {
            due = timers_due(&timers, now) == &timer;
            ck_assert(!due || now >= begin + after);
            ck_assert(due || now <= begin + after + 2 * TIMERS_TICK_MS);
        }
        ck_assert(!timer_is_set(&timer));
        ck_assert_ptr_null(timers_due(&timers, now + 5 * (uint64_t)TURN_MS));
    }
}
END_TEST

/* The sleeping that is asked for never lasts longer than until the next is due, and does not
 * become a busy loop. */
START_TEST(many_timers_are_all_met_by_who_sleeps_as_told)
{
    uint64_t now = 777, sleeps = 0;
    size_t met = 0;

    srand(1);
    timers_begin(&timers, now);
    for (size_t i = 0; i < MANY; i++)
        timers_set(&timers, &many[i], now + (uint64_t)(rand() % (3 * TURN_MS)));
    while (met < MANY) {
        int wait = timers_wait_ms(&timers, now);
        struct timer *timer;

        ck_assert_int_ge(wait, 0);
        now += (uint64_t)wait;
        sleeps++;
        while ((timer = timers_due(&timers, now)) != NULL) {
            ck_assert(timer->due_ms <= now);
            ck_assert(now <= timer->due_ms + 2 * TIMERS_TICK_MS);
            met++;
        }
    }
    ck_assert_int_eq(timers_wait_ms(&timers, now), -1);
    ck_assert_uint_lt(sleeps, 3 * TIMERS_SLOTS + MANY);
}
END_TEST

START_TEST(a_timer_can_be_moved_and_stopped)
{
    struct timer moved = { 0 }, stopped = { 0 };

    timers_begin(&timers, 0);
    timers_set(&timers, &moved, 5000);
    timers_set(&timers, &stopped, 100);
    timers_set(&timers, &moved, 200);
    timers_stop(&timers, &stopped);
    timers_stop(&timers, &stopped);
    ck_assert(!timer_is_set(&stopped));
    ck_assert_ptr_null(timers_due(&timers, 199));
    ck_assert_ptr_eq(timers_due(&timers, 200 + 2 * TIMERS_TICK_MS), &moved);
    ck_assert_ptr_null(timers_due(&timers, 100000));
}
END_TEST

START_TEST(who_sleeps_too_long_finds_all_that_are_due)
{
    timers_begin(&timers, 0);
    for (size_t i = 0; i < MANY; i++)
        timers_set(&timers, &many[i], i * 100);
    for (size_t i = 0; i < MANY; i++)
        ck_assert_ptr_nonnull(timers_due(&timers, 100 * (uint64_t)TURN_MS));
    ck_assert_ptr_null(timers_due(&timers, 100 * (uint64_t)TURN_MS));
}
END_TEST

/* --- Rates ------------------------------------------------------------------------------- */

START_TEST(a_rate_is_kept_whoever_asks_how_often)
{
    struct rate rate;
    uint64_t taken = 0;

    ck_assert(rate_open(&rate, 1000));
    for (uint64_t now = NS_PER_S; now < 3 * NS_PER_S; now += 10 * NS_PER_US)
        taken += rate_take(&rate, 5, now) == 0;
    /* Two seconds' worth, and the tenth that may be early. */
    ck_assert_uint_ge(taken, 2000);
    ck_assert_uint_le(taken, 2102);
    rate_close(&rate);
}
END_TEST

START_TEST(who_waits_as_long_as_told_may_go)
{
    struct rate rate;
    uint64_t now = NS_PER_S, wait = 0;

    ck_assert(rate_open(&rate, 10));
    for (int i = 0; i < 50; i++) {
        while ((wait = rate_take(&rate, 9, now)) != 0) {
            ck_assert(rate_take(&rate, 9, now + wait - 1) != 0);
            now += wait;
        }
    }
    ck_assert_uint_ge(now, NS_PER_S + 47 * (NS_PER_S / 10));
    ck_assert_uint_eq(rate_take(&rate, 10, now), 0); /* another peer */
    rate_close(&rate);
}
END_TEST

START_TEST(without_a_rate_all_may_go)
{
    struct rate rate;

    ck_assert(rate_open(&rate, 0));
    for (int i = 0; i < 1000; i++)
        ck_assert_uint_eq(rate_take(&rate, 1, 1), 0);
    rate_close(&rate);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { none_is_set_and_none_is_due, 1 },
        { a_timer_is_due_at_its_time_and_once, 1 },
        { many_timers_are_all_met_by_who_sleeps_as_told, 1 },
        { a_timer_can_be_moved_and_stopped, 1 },
        { who_sleeps_too_long_finds_all_that_are_due, 1 },
        { a_rate_is_kept_whoever_asks_how_often, 1 },
        { who_waits_as_long_as_told_may_go, 1 },
        { without_a_rate_all_may_go, 1 },
    };

    return suite_run("server_timers", tests, SUITE_LENGTH(tests));
}
