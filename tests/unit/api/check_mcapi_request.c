/* SPDX-License-Identifier: MIT */
/*
 * check_mcapi_request.c - operations that have not finished: test, wait, wait for any, cancel.
 */
#include <mcapi.h>

#include <stdlib.h>
#include <string.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

/* Where gets put what they have found. */
static mcapi_endpoint_t wanted;

static mcapi_request_t pending_on(mcapi_port_t port)
{
    mcapi_request_t request;

    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(0, 1, port, &wanted, &request, &status));
    return request;
}

static void complete(mcapi_port_t port)
{
    expect(MCAPI_SUCCESS, mcapi_endpoint_create(port, &status));
}

static mcapi_status_t test(mcapi_request_t request)
{
    mcapi_status_t status = STATUS_UNTOUCHED;
    size_t size;

    ck_assert_int_eq(mcapi_test(&request, &size, &status), status != MCAPI_PENDING);
    return status;
}

static mcapi_status_t wait_for(mcapi_request_t request, mcapi_timeout_t timeout)
{
    mcapi_status_t status = STATUS_UNTOUCHED;
    size_t size;

    ck_assert_int_eq(mcapi_wait(&request, &size, timeout, &status), status != MCAPI_TIMEOUT);
    return status;
}

/* --- Test and wait ------------------------------------------------------------------------ */

START_TEST(test_and_wait_tell_pending_apart_from_over)
{
    mcapi_request_t request = pending_on(7);

    expect_status(MCAPI_PENDING, test(request));
    expect_status(MCAPI_TIMEOUT, wait_for(request, 0));
    expect_status(MCAPI_TIMEOUT, wait_for(request, 10));
    expect_status(MCAPI_PENDING, test(request));
    complete(7);
    expect_status(MCAPI_SUCCESS, test(request));
    expect_status(MCAPI_SUCCESS, test(request));
    expect_status(MCAPI_SUCCESS, wait_for(request, 0));
    expect_status(MCAPI_ERR_REQUEST_INVALID, test(request));
    expect_status(MCAPI_ERR_REQUEST_INVALID, wait_for(request, MCAPI_TIMEOUT_INFINITE));
}
END_TEST

START_TEST(a_timeout_lasts_as_long_as_it_says)
{
    mcapi_request_t request = pending_on(7);
    int64_t began = now_us();

    expect_status(MCAPI_TIMEOUT, wait_for(request, 100));
    ck_assert_int_ge(now_us() - began, 100 * 1000);
}
END_TEST

START_TEST(the_timeout_may_stand_behind_the_status)
{
    mcapi_request_t request = pending_on(7);
    mcapi_request_t *pointer = &request;
    size_t size;

    expect(MCAPI_TIMEOUT, ck_assert(!mcapi_wait(&request, &size, &status, 1)));
    expect(MCAPI_TIMEOUT, ck_assert(mcapi_wait_any(1, &request, &size, &status, 1)
                                    == MCAPI_RETURN_VALUE_INVALID));
    expect(MCAPI_TIMEOUT, ck_assert(mcapi_wait_any(1, &pointer, &size, &status, 1)
                                    == MCAPI_RETURN_VALUE_INVALID));
}
END_TEST

START_TEST(a_refused_request_says_why_for_ever)
{
    mcapi_request_t request;

    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send_i(0, "x", 1, &request, &status));
    for (int i = 0; i < 3; i++) {
        expect_status(MCAPI_ERR_CHAN_INVALID, test(request));
        expect_status(MCAPI_ERR_CHAN_INVALID, wait_for(request, MCAPI_TIMEOUT_INFINITE));
        expect(MCAPI_ERR_REQUEST_INVALID, mcapi_cancel(&request, &status));
    }
}
END_TEST

START_TEST(refused_requests_cost_no_slot)
{
    mcapi_request_t request;

    for (int i = 0; i < 3 * MCA_MAX_REQUESTS; i++)
        expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send_i(0, "x", 1, &request, &status));
    for (int i = 0; i < MCA_MAX_REQUESTS; i++)
        pending_on(7);
}
END_TEST

/* --- The size ----------------------------------------------------------------------------- */

START_TEST(the_size_is_that_of_what_was_sent_or_received)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    mcapi_request_t request;
    size_t size = 99;
    void *buffer;

    expect(MCAPI_SUCCESS, mcapi_pktchan_send_i(pair.send, "abc", 3, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_test(&request, &size, &status));
    ck_assert_uint_eq(size, 3);
    size = 99;
    expect(MCAPI_SUCCESS, mcapi_wait(&request, &size, 0, &status));
    ck_assert_uint_eq(size, 3);
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(pair.receive, &buffer, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_wait(&request, &size, 0, &status));
    ck_assert_uint_eq(size, 3);
}
END_TEST

START_TEST(the_size_may_be_left_out_where_there_is_none)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    mcapi_request_t request = pending_on(7), none = 0;
    void *buffer;

    expect(MCAPI_PENDING, mcapi_test(&request, NULL, &status));
    expect(MCAPI_TIMEOUT, mcapi_wait(&request, NULL, 0, &status));
    expect(MCAPI_SUCCESS, mcapi_cancel(&request, &status));
    expect(MCAPI_ERR_PARAMETER, ck_assert(mcapi_test(&request, NULL, &status)));
    expect(MCAPI_ERR_PARAMETER, ck_assert(mcapi_wait(&none, NULL, 0, &status)));
    expect(MCAPI_SUCCESS, mcapi_pktchan_send_i(pair.send, "abc", 3, &request, &status));
    expect(MCAPI_ERR_PARAMETER, ck_assert(mcapi_test(&request, NULL, &status)));
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(pair.receive, &buffer, &request, &status));
    expect(MCAPI_ERR_PARAMETER, ck_assert(mcapi_wait(&request, NULL, 0, &status)));
    expect_status(MCAPI_SUCCESS, wait_for(request, 0)); /* nothing was lost */
}
END_TEST

START_TEST(requests_need_their_pointers)
{
    mcapi_request_t request = pending_on(7), *pointers[2] = { &request, NULL };
    size_t size;

    expect(MCAPI_ERR_PARAMETER, ck_assert(mcapi_test(NULL, &size, &status)));
    expect(MCAPI_ERR_PARAMETER, ck_assert(mcapi_wait(NULL, &size, 0, &status)));
    expect(MCAPI_ERR_PARAMETER, mcapi_cancel(NULL, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_wait_any(0, &request, &size, 0, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_wait_any(1, &request, NULL, 0, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_wait_any(1, (mcapi_request_t *)NULL, &size, 0, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_wait_any(2, pointers, &size, 0, &status));
}
END_TEST

START_TEST(what_never_was_a_request_is_invalid)
{
    static const mcapi_request_t wrong[] = { 0,          1,          42,
                                             ~0u,        0xdeadbeef, 0x40000000,
                                             0x7fffffff, 0x80000000, 0xc0000000 };
    size_t size;

    pending_on(7);
    for (size_t i = 0; i < SUITE_LENGTH(wrong); i++) {
        mcapi_request_t request = wrong[i];

        expect_status(MCAPI_ERR_REQUEST_INVALID, test(request));
        expect_status(MCAPI_ERR_REQUEST_INVALID, wait_for(request, 1000));
        expect(MCAPI_ERR_REQUEST_INVALID, mcapi_cancel(&request, &status));
        expect(MCAPI_ERR_REQUEST_INVALID, mcapi_wait_any(1, &request, &size, 0, &status));
    }
    srand48(3);
    for (int i = 0; i < 10000; i++) {
        mcapi_request_t request = (mcapi_request_t)mrand48();
        mcapi_status_t status = test(request);

        /* A refusal says what it was made with. */
        ck_assert_msg(status == MCAPI_ERR_REQUEST_INVALID, "request 0x%x: %s", request,
                      status_name(status));
    }
}
END_TEST

START_TEST(a_request_of_another_node_is_none_of_ours)
{
    struct child *other = child_start(_i, 2);
    mcapi_request_t request = pending_on(7);
    struct act act = { .request = request };

    child_do(other, act_wait, &act);
    expect_status(MCAPI_ERR_REQUEST_INVALID, act.status);
    expect_status(MCAPI_PENDING, test(request));
}
END_TEST

/* --- Running out ------------------------------------------------------------------ */

START_TEST(as_many_requests_as_the_limit_may_be_pending)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    static mcapi_request_t request[MCA_MAX_REQUESTS];
    mcapi_endpoint_t endpoint = 99;
    mcapi_request_t more;
    void *buffer;

    for (int i = 0; i < MCA_MAX_REQUESTS; i++)
        request[i] = pending_on(7);
    expect(MCAPI_ERR_REQUEST_LIMIT, mcapi_endpoint_get_i(0, 1, 7, &endpoint, &more, &status));
    expect_status(MCAPI_ERR_REQUEST_LIMIT, test(more));
    expect(MCAPI_ERR_REQUEST_LIMIT, mcapi_pktchan_send_i(pair.send, "x", 1, &more, &status));
    expect(MCAPI_ERR_REQUEST_LIMIT,
           mcapi_pktchan_recv_i(pair.receive, &buffer, &more, &status));
    expect(MCAPI_ERR_REQUEST_LIMIT, mcapi_pktchan_send_close_i(pair.send, &more, &status));
    /* Nothing of that has happened. */
    pair_send(&pair, "still open");
    pair_expect(&pair, "still open");
    expect(MCAPI_SUCCESS, mcapi_cancel(&request[500], &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_send_i(pair.send, "x", 1, &more, &status));
    expect_status(MCAPI_SUCCESS, test(more));
    for (int i = 0; i < MCA_MAX_REQUESTS; i++)
        if (i != 500)
            expect_status(MCAPI_PENDING, test(request[i]));
}
END_TEST

START_TEST(requests_that_were_only_tested_are_used_again_oldest_first)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    static mcapi_request_t request[MCA_MAX_REQUESTS];
    mcapi_request_t pending = pending_on(7), more;
    void *buffer;
    size_t size;

    for (int i = 0; i < MCA_MAX_REQUESTS - 1; i++) {
        expect(MCAPI_SUCCESS, mcapi_pktchan_send_i(pair.send, "x", 1, &request[i], &status));
        expect_status(MCAPI_SUCCESS, test(request[i]));
        expect(MCAPI_SUCCESS, mcapi_pktchan_recv(pair.receive, &buffer, &size, &status));
        expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffer, &status));
    }
    for (int i = 0; i < 10; i++) {
        expect(MCAPI_SUCCESS, mcapi_pktchan_send_i(pair.send, "x", 1, &more, &status));
        expect_status(MCAPI_ERR_REQUEST_INVALID, test(request[i]));
        expect_status(MCAPI_SUCCESS, test(request[i + 1]));
    }
    expect_status(MCAPI_PENDING, test(pending));
}
END_TEST

START_TEST(a_program_may_test_without_ever_waiting)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    mcapi_request_t request;
    mcapi_status_t over;
    void *buffer;
    size_t size;

    for (int i = 0; i < 10 * MCA_MAX_REQUESTS; i++) {
        expect(MCAPI_SUCCESS, mcapi_pktchan_send_i(pair.send, &i, 4, &request, &status));
        while (!mcapi_test(&request, &size, &over)) {
        }
        expect_status(MCAPI_SUCCESS, over);
        expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(pair.receive, &buffer, &request, &status));
        while (!mcapi_test(&request, &size, &over)) {
        }
        ck_assert_int_eq(*(int *)buffer, i);
        expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffer, &status));
    }
}
END_TEST

START_TEST(a_stale_request_is_known_after_its_slot_is_used_again)
{
    static mcapi_request_t stale[2000];

    for (size_t i = 0; i < SUITE_LENGTH(stale); i++) {
        stale[i] = pending_on(7);
        expect(MCAPI_SUCCESS, mcapi_cancel(&stale[i], &status));
    }
    for (int i = 0; i < MCA_MAX_REQUESTS; i++)
        pending_on(7);
    for (size_t i = 0; i < SUITE_LENGTH(stale); i++)
        expect_status(MCAPI_ERR_REQUEST_INVALID, test(stale[i]));
}
END_TEST

/* --- Any of several --------------------------------------------------------------- */

START_TEST(any_of_several_is_found_in_both_spellings)
{
    mcapi_request_t request[3] = { pending_on(10), pending_on(11), pending_on(12) };
    mcapi_request_t *pointers[3] = { &request[0], &request[1], &request[2] };
    mcapi_uint_t which;
    size_t size = 99;

    expect(MCAPI_TIMEOUT, which = mcapi_wait_any(3, request, &size, 5, &status));
    ck_assert_uint_eq(which, MCAPI_RETURN_VALUE_INVALID);
    complete(11);
    expect(MCAPI_SUCCESS,
           which = mcapi_wait_any(3, request, &size, MCAPI_TIMEOUT_INFINITE, &status));
    ck_assert_uint_eq(which, 1);
    expect_status(MCAPI_ERR_REQUEST_INVALID, test(request[1]));
    request[1] = pending_on(13);
    complete(12);
    expect(MCAPI_SUCCESS,
           which = mcapi_wait_any(3, pointers, &size, MCAPI_TIMEOUT_INFINITE, &status));
    ck_assert_uint_eq(which, 2);
}
END_TEST

START_TEST(any_tells_the_status_and_the_size_of_the_one_that_is_over)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    mcapi_request_t request[2];
    mcapi_uint_t which;
    size_t size = 99;
    void *buffer;

    request[0] = pending_on(7);
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(pair.receive, &buffer, &request[1], &status));
    pair_send(&pair, "four");
    expect(MCAPI_SUCCESS, which = mcapi_wait_any(2, request, &size, 0, &status));
    ck_assert_uint_eq(which, 1);
    ck_assert_uint_eq(size, 5);
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(pair.receive, &buffer, &request[1], &status));
    pair_close_send(&pair);
    expect(MCAPI_ERR_CHAN_INVALID, which = mcapi_wait_any(2, request, &size, 0, &status));
    ck_assert_uint_eq(which, 1);
}
END_TEST

START_TEST(any_gives_each_its_turn)
{
    struct pair pair[4];
    mcapi_request_t request[4];
    int turns[4] = { 0 };
    void *buffer[4];
    size_t size;

    for (int i = 0; i < 4; i++) {
        pair[i] = pair_open(PACKETS, NULL, NULL);
        for (int j = 0; j < 50; j++)
            pair_send(&pair[i], "x");
        expect(MCAPI_SUCCESS,
               mcapi_pktchan_recv_i(pair[i].receive, &buffer[i], &request[i], &status));
    }
    for (int i = 0; i < 40; i++) {
        mcapi_uint_t which;

        expect(MCAPI_SUCCESS, which = mcapi_wait_any(4, request, &size, 0, &status));
        ck_assert_uint_lt(which, 4);
        turns[which]++;
        expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffer[which], &status));
        expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(pair[which].receive, &buffer[which],
                                                   &request[which], &status));
    }
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(turns[i], 10);
}
END_TEST

static void act_wait_any(struct act *act)
{
    mcapi_request_t request[2];

    memcpy(request, act->bytes, sizeof request);
    act->word = mcapi_wait_any(2, request, &act->size, act->timeout, &act->status);
}

START_TEST(who_waits_for_any_is_woken)
{
    struct child *helper = child_start_bare(CHILD_THREAD);
    mcapi_request_t request[2] = { pending_on(10), pending_on(11) };
    struct act act = { .timeout = MCAPI_TIMEOUT_INFINITE };

    memcpy(act.bytes, request, sizeof request);
    child_begin(helper, act_wait_any, &act);
    ck_assert(eventually(child_is_asleep(helper)));
    if (_i == 0) {
        complete(11);
    } else {
        expect(MCAPI_SUCCESS, mcapi_cancel(&request[1], &status));
    }
    child_finish(helper, &act);
    if (_i == 0) {
        expect_status(MCAPI_SUCCESS, act.status);
        ck_assert_uint_eq(act.word, 1);
    } else {
        ck_assert(act.status == MCAPI_ERR_REQUEST_CANCELLED);
        ck_assert_uint_eq(act.word, 1);
    }
}
END_TEST

/* --- Two threads, one request ----------------------------------------------------- */

START_TEST(of_two_waiters_the_second_is_refused)
{
    struct child *helper = child_start_bare(CHILD_THREAD);
    struct act act = { .request = pending_on(7), .timeout = MCAPI_TIMEOUT_INFINITE };

    child_begin(helper, act_wait, &act);
    ck_assert(eventually(child_is_asleep(helper)));
    expect_status(MCAPI_ERR_WAIT_PENDING, wait_for(act.request, 1000));
    expect_status(MCAPI_PENDING, test(act.request));
    complete(7);
    child_finish(helper, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    expect_status(MCAPI_ERR_REQUEST_INVALID, test(act.request));
}
END_TEST

/* Of a node that ended while somebody waited, no slot is lost to the next. */
START_TEST(a_waiter_of_an_earlier_life_holds_no_slot)
{
    struct child *waiter = child_start_bare(CHILD_THREAD);
    struct act act = { .request = pending_on(7), .timeout = MCAPI_TIMEOUT_INFINITE };

    child_begin(waiter, act_wait, &act);
    ck_assert(eventually(child_is_asleep(waiter)));
    leave();
    child_finish(waiter, &act);
    expect_status(MCAPI_ERR_NODE_NOTINIT, act.status);
    child_end(waiter);
    join(0, 1);
    complete(7);
    for (int i = 0; i < 2 * MCA_MAX_REQUESTS; i++)
        expect_status(MCAPI_SUCCESS, test(pending_on(7)));
}
END_TEST

START_TEST(a_close_that_is_over_cannot_be_cancelled)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(PACKETS, NULL, other);
    struct act act = { .kind = PACKETS, .endpoint = pair.send };

    child_do(NULL, act_close_send, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    pair_close_receive(&pair); /* and nobody has asked since */
    expect(MCAPI_ERR_REQUEST_INVALID, mcapi_cancel(&act.request, &status));
    expect_status(MCAPI_SUCCESS, wait_for(act.request, 0));
}
END_TEST

START_TEST(a_cancel_wakes_the_waiter)
{
    struct child *helper = child_start_bare(CHILD_THREAD);
    struct act act = { .request = pending_on(7), .timeout = MCAPI_TIMEOUT_INFINITE };

    child_begin(helper, act_wait, &act);
    ck_assert(eventually(child_is_asleep(helper)));
    expect(MCAPI_SUCCESS, mcapi_cancel(&act.request, &status));
    child_finish(helper, &act);
    expect_status(MCAPI_ERR_REQUEST_CANCELLED, act.status);
}
END_TEST

START_TEST(who_has_given_up_waiting_leaves_the_request_to_others)
{
    struct child *helper = child_start_bare(CHILD_THREAD);
    struct act act = { .request = pending_on(7), .timeout = 20 };

    child_do(helper, act_wait, &act);
    expect_status(MCAPI_TIMEOUT, act.status);
    complete(7);
    expect_status(MCAPI_SUCCESS, wait_for(act.request, 0));
}
END_TEST

START_TEST(a_finalize_ends_a_wait)
{
    struct child *helper = child_start_bare(CHILD_THREAD);
    struct act act = { .request = pending_on(7), .timeout = MCAPI_TIMEOUT_INFINITE };

    child_begin(helper, act_wait, &act);
    ck_assert(eventually(child_is_asleep(helper)));
    leave();
    child_finish(helper, &act);
    expect_status(MCAPI_ERR_NODE_NOTINIT, act.status);
    join(0, 1);
}
END_TEST

START_TEST(requests_of_an_earlier_life_are_invalid)
{
    mcapi_request_t request = pending_on(7);

    leave();
    join(0, 1);
    expect_status(MCAPI_ERR_REQUEST_INVALID, test(request));
    for (int i = 0; i < MCA_MAX_REQUESTS; i++)
        ck_assert_uint_ne(pending_on(7), request);
    expect_status(MCAPI_ERR_REQUEST_INVALID, test(request));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { test_and_wait_tell_pending_apart_from_over, 1 },
        { a_timeout_lasts_as_long_as_it_says, 1 },
        { the_timeout_may_stand_behind_the_status, 1 },
        { a_refused_request_says_why_for_ever, 1 },
        { refused_requests_cost_no_slot, 1 },
        { the_size_is_that_of_what_was_sent_or_received, 1 },
        { the_size_may_be_left_out_where_there_is_none, 1 },
        { requests_need_their_pointers, 1 },
        { what_never_was_a_request_is_invalid, 1 },
        { a_request_of_another_node_is_none_of_ours, CHILD_KINDS },
        { as_many_requests_as_the_limit_may_be_pending, 1 },
        { requests_that_were_only_tested_are_used_again_oldest_first, 1 },
        { a_program_may_test_without_ever_waiting, 1 },
        { a_stale_request_is_known_after_its_slot_is_used_again, 1 },
        { any_of_several_is_found_in_both_spellings, 1 },
        { any_tells_the_status_and_the_size_of_the_one_that_is_over, 1 },
        { any_gives_each_its_turn, 1 },
        { who_waits_for_any_is_woken, 2 },
        { of_two_waiters_the_second_is_refused, 1 },
        { a_waiter_of_an_earlier_life_holds_no_slot, 1 },
        { a_close_that_is_over_cannot_be_cancelled, 1 },
        { a_cancel_wakes_the_waiter, 1 },
        { who_has_given_up_waiting_leaves_the_request_to_others, 1 },
        { a_finalize_ends_a_wait, 1 },
        { requests_of_an_earlier_life_are_invalid, 1 },
    };

    return suite_run_between("api/mcapi_request", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
