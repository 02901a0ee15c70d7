/* SPDX-License-Identifier: MIT */
/*
 * check_mcapi_ext.c - waiting for several channels at once.
 */
#include <mcapi_ext.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

enum { ENDS = 4 };

/* Channels of both kinds, in turn, and their receiving ends. */
static void open_all(struct pair pair[ENDS], mcapi_endpoint_t end[ENDS], struct child *sender)
{
    for (int i = 0; i < ENDS; i++) {
        pair[i] = pair_open(i % 2 ? SCALARS : PACKETS, sender, NULL);
        end[i] = pair[i].receive;
    }
}

static mcapi_uint_t look(const mcapi_endpoint_t end[ENDS], mcapi_status_t wanted)
{
    mcapi_uint_t which;

    expect(wanted,
           which = mcapi_ext_wait_receivable(end, ENDS, MCAPI_TIMEOUT_IMMEDIATE, &status));
    return which;
}

START_TEST(the_one_channel_that_has_something_is_found)
{
    mcapi_endpoint_t end[ENDS];
    struct pair pair[ENDS];

    open_all(pair, end, NULL);
    ck_assert_uint_eq(look(end, MCAPI_TIMEOUT), MCAPI_RETURN_VALUE_INVALID);
    for (mcapi_uint_t i = 0; i < ENDS; i++) {
        expect_status(MCAPI_SUCCESS, pair_send_status(&pair[i]));
        ck_assert_uint_eq(look(end, MCAPI_SUCCESS), i);
        ck_assert_uint_eq(look(end, MCAPI_SUCCESS), i); /* it receives nothing itself */
        expect_status(MCAPI_SUCCESS, pair_receive_status(&pair[i]));
    }
    ck_assert_uint_eq(look(end, MCAPI_TIMEOUT), MCAPI_RETURN_VALUE_INVALID);
}
END_TEST

START_TEST(channels_that_all_have_something_take_turns)
{
    mcapi_endpoint_t end[ENDS];
    struct pair pair[ENDS];
    int turns[ENDS] = { 0 };

    open_all(pair, end, NULL);
    for (int i = 0; i < ENDS; i++)
        expect_status(MCAPI_SUCCESS, pair_send_status(&pair[i]));
    for (int i = 0; i < 10 * ENDS; i++)
        turns[look(end, MCAPI_SUCCESS)]++;
    for (int i = 0; i < ENDS; i++)
        ck_assert_int_eq(turns[i], 10);
}
END_TEST

static void act_wait_receivable(struct act *act)
{
    act->word = mcapi_ext_wait_receivable(act->pointer, ENDS, act->timeout, &act->status);
}

/* 0 data, 1 a close, 2 a death; on each of the channels in turn. */
START_TEST(who_waits_is_woken_by_data_by_a_close_and_by_a_death)
{
    for (int i = 0; i < ENDS; i++) {
        struct child *peer = child_start(CHILD_PROCESS, 2);
        struct child *victim = child_start(CHILD_PROCESS, 3);
        struct child *helper = child_start_bare(CHILD_THREAD);
        mcapi_endpoint_t end[ENDS];
        struct pair pair[ENDS];
        struct act act = { .pointer = end, .timeout = MCAPI_TIMEOUT_INFINITE };

        open_all(pair, end, peer);
        pair[i] = pair_open(pair[i].kind, victim, NULL);
        end[i] = pair[i].receive;
        child_begin(helper, act_wait_receivable, &act);
        ck_assert(eventually(child_is_asleep(helper)));
        if (_i == 0)
            expect_status(MCAPI_SUCCESS, pair_send_status(&pair[i]));
        else if (_i == 1)
            pair_close_send(&pair[i]);
        else
            child_kill(victim);
        child_finish(helper, &act);
        expect_status(MCAPI_SUCCESS, act.status);
        ck_assert_uint_eq(act.word, (mcapi_uint_t)i);
        expect_status(_i == 0   ? MCAPI_SUCCESS
                      : _i == 1 ? MCAPI_ERR_CHAN_INVALID
                                : MCAPI_ERR_TRANSMISSION,
                      pair_receive_status(&pair[i]));
        child_end_all();
    }
}
END_TEST

START_TEST(more_channels_than_one_sleep_can_watch_are_waited_for)
{
    enum { MANY = 150 };
    struct child *peer = child_start(CHILD_PROCESS, 2);
    static mcapi_endpoint_t end[MANY];
    static struct pair pair[MANY];

    for (int i = 0; i < MANY; i++) {
        pair[i] = pair_open(SCALARS, i % 2 ? peer : NULL, NULL);
        end[i] = pair[i].receive;
    }
    for (int i = 0; i < MANY; i += 13) {
        mcapi_uint_t which;

        pair_send_word(&pair[i], 1);
        expect(MCAPI_SUCCESS,
               which = mcapi_ext_wait_receivable(end, MANY, MCAPI_TIMEOUT_INFINITE, &status));
        ck_assert_uint_eq(which, (mcapi_uint_t)i);
        pair_expect_word(&pair[i], 1);
    }
    expect(MCAPI_TIMEOUT, mcapi_ext_wait_receivable(end, MANY, 20, &status));
}
END_TEST

START_TEST(what_is_no_receiving_end_is_refused)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    mcapi_endpoint_t end[ENDS] = { pair.receive, pair.receive, pair.send, pair.receive };

    expect(MCAPI_ERR_PARAMETER, mcapi_ext_wait_receivable(NULL, 1, 0, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_ext_wait_receivable(end, 0, 0, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_ext_wait_receivable(end, ENDS, 0, &status));
    end[2] = 0xdeadbeef;
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_ext_wait_receivable(end, ENDS, 0, &status));
    expect(MCAPI_TIMEOUT, mcapi_ext_wait_receivable(end, 2, 0, &status));
}
END_TEST

START_TEST(parameters_that_were_initialized_are_known)
{
    mcapi_param_t parameters;

    mcapi_param_init(NULL);
    mcapi_param_init(&parameters);
    ck_assert_uint_ne(parameters.magic[0], 0);
    ck_assert_str_eq(parameters.topology, "");
    ck_assert_uint_eq(parameters.max_endpoints, 0);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { the_one_channel_that_has_something_is_found, 1 },
        { channels_that_all_have_something_take_turns, 1 },
        { who_waits_is_woken_by_data_by_a_close_and_by_a_death, 3 },
        { more_channels_than_one_sleep_can_watch_are_waited_for, 1 },
        { what_is_no_receiving_end_is_refused, 1 },
        { parameters_that_were_initialized_are_known, 1 },
    };

    return suite_run_between("api/mcapi_ext", node_begin, node_end, tests, SUITE_LENGTH(tests));
}
