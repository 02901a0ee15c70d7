/* SPDX-License-Identifier: MIT */
/*
 * check_patience.c - waiting: a blocked call uses no processor time, and ends on time.
 */
#include <mcapi.h>
#include <mcapi_ext.h>

#include <stdlib.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

enum {
    WATCHED_MS = 1000,
    ALLOWED_NS = 1000 * 1000, /* of processor time in that second */
    TRIES = 5,                /* as the tick in which it went to sleep may count */
};

/* The child has been told to block. Its processor time in a second, the least of a few. */
static void expect_idle(struct child *child)
{
    int64_t least = INT64_MAX;

    ck_assert(eventually(child_is_asleep(child)));
    for (int i = 0; i < TRIES && least >= ALLOWED_NS; i++) {
        int64_t before = child_processor_time(child), used;
        int64_t until = now_us() + WATCHED_MS * 1000;

        while (now_us() < until)
            breathe();
        used = child_processor_time(child) - before;
        least = used < least ? used : least;
    }
    ck_assert_int_lt(least, ALLOWED_NS);
    ck_assert(!child_is_done(child));
}

START_TEST(a_blocked_receiver_is_idle)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(_i, NULL, other);
    struct act act = { .kind = _i, .endpoint = pair.receive };

    child_begin(other, act_receive, &act);
    expect_idle(other);
    expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
    child_finish(other, &act);
    expect_status(MCAPI_SUCCESS, act.status);
}
END_TEST

START_TEST(a_blocked_sender_is_idle)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(_i, other, NULL);
    struct act act = { .kind = _i, .endpoint = pair.send, .count = 65 };

    child_begin(other, act_send_many, &act);
    expect_idle(other);
    expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
    child_finish(other, &act);
    expect_status(MCAPI_SUCCESS, act.status);
}
END_TEST

START_TEST(who_waits_for_an_endpoint_is_idle)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct act act = { .node = 1, .port = 7, .timeout = MCAPI_TIMEOUT_INFINITE };

    child_begin(other, act_get, &act);
    expect_idle(other);
    expect(MCAPI_SUCCESS, mcapi_endpoint_create(7, &status));
    child_finish(other, &act);
    expect_status(MCAPI_SUCCESS, act.status);
}
END_TEST

START_TEST(who_waits_for_an_open_is_idle)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(PACKETS, NULL, other);
    struct act act = { .kind = PACKETS, .endpoint = pair.receive };

    child_do(other, act_open_receive, &act);
    act.timeout = MCAPI_TIMEOUT_INFINITE;
    child_begin(other, act_wait, &act);
    expect_idle(other);
    pair_open_send(&pair);
    pair_connect(&pair);
    child_finish(other, &act);
    expect_status(MCAPI_SUCCESS, act.status);
}
END_TEST

static void act_wait_receivable(struct act *act)
{
    mcapi_endpoint_t ends[2] = { act->endpoint, act->other };

    act->word = mcapi_ext_wait_receivable(ends, 2, act->timeout, &act->status);
}

START_TEST(who_waits_for_several_channels_is_idle)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair one = pair_open(PACKETS, NULL, other), two = pair_open(SCALARS, NULL, other);
    struct act act = { .endpoint = one.receive,
                       .other = two.receive,
                       .timeout = MCAPI_TIMEOUT_INFINITE };

    child_begin(other, act_wait_receivable, &act);
    expect_idle(other);
    pair_send_word(&two, 5);
    child_finish(other, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_uint_eq(act.word, 1);
}
END_TEST

static const char *const policies[] = { "adaptive", "spin", "sleep" };

static void act_use_policy(struct act *act)
{
    setenv("MCAPI_WAIT", policies[act->count], 1);
    act_initialize(act);
}

START_TEST(every_policy_carries_data_and_ends_on_time)
{
    struct child *other = child_start_bare(CHILD_PROCESS);
    struct act act = { .node = 2, .count = (uint32_t)_i };
    struct pair there, back;
    int64_t began;

    child_do(other, act_use_policy, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    there = pair_create(SCALARS, NULL, other);
    pair_set(other, there.receive, MCAPI_ENDP_ATTR_TIMEOUT, 50);
    pair_connect(&there);
    pair_open_send(&there);
    pair_open_receive(&there);
    back = pair_open(PACKETS, other, NULL);
    for (uint32_t i = 0; i < 1000; i++) {
        pair_send_word(&there, i);
        pair_expect_word(&there, i);
        pair_send(&back, "pong");
        pair_expect(&back, "pong");
    }
    began = now_us();
    expect_status(MCAPI_TIMEOUT, pair_receive_status(&there));
    ck_assert_int_ge(now_us() - began, 50 * 1000);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_blocked_receiver_is_idle, 2 },
        { a_blocked_sender_is_idle, 2 },
        { who_waits_for_an_endpoint_is_idle, 1 },
        { who_waits_for_an_open_is_idle, 1 },
        { who_waits_for_several_channels_is_idle, 1 },
        { every_policy_carries_data_and_ends_on_time, SUITE_LENGTH(policies) },
    };

    return suite_run_between("runtime/patience", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
