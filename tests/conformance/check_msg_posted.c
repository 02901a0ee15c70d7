/* SPDX-License-Identifier: MIT */
/*
 * check_msg_posted.c - section 6: receives that were posted, and what is available.
 */
#include "harness.h"
#include "messages.h"

#include <stdio.h>
#include <string.h>

enum { POSTED = 5, ROOM = 16 };

/* Receives posted at one endpoint of ours. */
static mcapi_request_t posted[POSTED];
static char text[POSTED][ROOM];

static void post(mcapi_endpoint_t at, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        memset(text[i], '#', ROOM);
        expect(MCAPI_SUCCESS, mcapi_msg_recv_i(at, text[i], ROOM, &posted[i], &status));
    }
}

static bool is_pending(mcapi_request_t request)
{
    mcapi_status_t status = UNTOUCHED;
    size_t size;

    return !mcapi_test(&request, &size, &status);
}

static void posted_receives_are_served_in_order(void)
{
    mcapi_endpoint_t from, to;
    char sent[ROOM];

    nodes_begin(1);
    from = endpoint_of(peer(0));
    to = endpoint_of(NULL);
    post(to, 0, POSTED);
    for (int i = 0; i < POSTED; i++) {
        expect_true(is_pending(posted[i]));
        snprintf(sent, sizeof sent, "%d", i);
        say(peer(0), from, to, sent);
    }
    for (int i = POSTED - 1; i >= 0; i--) {
        snprintf(sent, sizeof sent, "%d", i);
        hear_posted(posted[i], text[i], sent);
    }
    nodes_end();
}

/* Of what is there when it is posted, the most urgent. */
static void a_posted_receive_gets_the_most_urgent_message(void)
{
    mcapi_endpoint_t from, to;

    nodes_begin(0);
    from = endpoint_of(NULL);
    to = endpoint_of(NULL);
    say_with(NULL, from, to, "third", 5);
    say_with(NULL, from, to, "first", 1);
    say_with(NULL, from, to, "second", 1);
    post(to, 0, 3);
    hear_posted(posted[2], text[2], "third");
    hear_posted(posted[1], text[1], "second");
    hear_posted(posted[0], text[0], "first");
    nodes_end();
}

static void posted_receives_have_buffers_of_their_own(void)
{
    mcapi_endpoint_t from, to;
    mcapi_request_t request[2];
    char small[4], large[ROOM];
    size_t size = 0;

    nodes_begin(0);
    from = endpoint_of(NULL);
    to = endpoint_of(NULL);
    memset(small, '#', sizeof small);
    expect(MCAPI_SUCCESS, mcapi_msg_recv_i(to, small, 2, &request[0], &status));
    expect(MCAPI_SUCCESS, mcapi_msg_recv_i(to, large, sizeof large, &request[1], &status));
    say(NULL, from, to, "too large");
    say(NULL, from, to, "large enough");
    expect(MCAPI_ERR_MSG_TRUNCATED,
           mcapi_wait(&request[0], &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect_equal(10, size);
    expect_true(memcmp(small, "to##", 4) == 0);
    hear_posted(request[1], large, "large enough");
    nodes_end();
}

/* Another thread of ours receives too, blocking, after we have posted. */
static void a_posted_receive_comes_before_a_later_blocking_one(void)
{
    struct call call = { .size = ROOM };
    mcapi_endpoint_t from, to;

    nodes_begin(1);
    from = endpoint_of(NULL);
    to = call.endpoint = endpoint_of(NULL);
    post(to, 0, 2);
    begin(peer(0), do_msg_recv, &call);
    expect_true(stays_blocked(peer(0)));
    say(NULL, from, to, "first");
    expect_true(stays_blocked(peer(0)));
    say(NULL, from, to, "second");
    expect_true(stays_blocked(peer(0)));
    say(NULL, from, to, "third");
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_true(strcmp((char *)call.bytes, "third") == 0);
    hear_posted(posted[0], text[0], "first");
    hear_posted(posted[1], text[1], "second");
    nodes_end();
}

static void what_a_posted_receive_got_is_not_received_again(void)
{
    mcapi_endpoint_t from, to;

    nodes_begin(1);
    from = endpoint_of(peer(0));
    to = endpoint_of(NULL);
    post(to, 0, 1);
    say(peer(0), from, to, "first");
    say(peer(0), from, to, "second");
    hear(to, "second");
    hear_posted(posted[0], text[0], "first");
    expect_equal(0, waiting_at(to));
    nodes_end();
}

/* --- Available -------------------------------------------------------------------- */

static void available_counts_what_can_be_received(void)
{
    mcapi_endpoint_t from, to;

    nodes_begin(1);
    from = endpoint_of(peer(0));
    to = endpoint_of(NULL);
    expect_equal(0, waiting_at(to));
    for (int i = 1; i <= 10; i++) {
        say_with(peer(0), from, to, "x", (mcapi_priority_t)i % 3);
        expect_equal(i, waiting_at(to));
        expect_equal(i, waiting_at(to));
    }
    for (int i = 9; i >= 0; i--) {
        hear(to, "x");
        expect_equal(i, waiting_at(to));
    }
    nodes_end();
}

static void available_does_not_count_what_is_posted_for(void)
{
    mcapi_endpoint_t from, to;

    nodes_begin(1);
    from = endpoint_of(peer(0));
    to = endpoint_of(NULL);
    post(to, 0, 2);
    expect_equal(0, waiting_at(to));
    for (int i = 0; i < 5; i++) {
        say(peer(0), from, to, "x");
        expect_equal(i < 2 ? 0 : i - 1, waiting_at(to));
    }
    post(to, 2, 2);
    expect_equal(1, waiting_at(to));
    for (int i = 0; i < 4; i++)
        hear_posted(posted[i], text[i], "x");
    hear(to, "x");
    expect_equal(0, waiting_at(to));
    nodes_end();
}

/* --- Cancel and delete ------------------------------------------------------------ */

static void a_cancelled_receive_takes_no_message(void)
{
    mcapi_endpoint_t from, to;

    nodes_begin(1);
    from = endpoint_of(peer(0));
    to = endpoint_of(NULL);
    post(to, 0, 4);
    expect(MCAPI_SUCCESS, mcapi_cancel(&posted[0], &status));
    expect(MCAPI_SUCCESS, mcapi_cancel(&posted[2], &status));
    say(peer(0), from, to, "first");
    say(peer(0), from, to, "second");
    say(peer(0), from, to, "third");
    hear_posted(posted[1], text[1], "first");
    hear_posted(posted[3], text[3], "second");
    hear(to, "third");
    expect_true(text[0][0] == '#' && text[2][0] == '#');
    nodes_end();
}

static void do_send_numbers(struct call *call)
{
    for (mcapi_uint_t i = 0; i < call->number; i++) {
        mcapi_msg_send(call->endpoint, call->other, &i, sizeof i, 0, &call->status);
        expect_status(MCAPI_SUCCESS, call->status);
    }
}

/* Whichever is first, the cancel or the message, each is received once and in order. */
static void a_cancel_may_meet_a_message(void)
{
    enum { NUMBERS = 2000 };
    struct call call = { .number = NUMBERS };
    mcapi_uint_t next = 0, got = 0;
    mcapi_endpoint_t to;

    nodes_begin(1);
    call.endpoint = endpoint_of(peer(0));
    call.other = to = endpoint_of(NULL);
    begin(peer(0), do_send_numbers, &call);
    while (next < NUMBERS) {
        mcapi_status_t cancelled = UNTOUCHED;
        mcapi_request_t request;
        size_t size = 0;

        expect(MCAPI_SUCCESS, mcapi_msg_recv_i(to, &got, sizeof got, &request, &status));
        if (next % 2 == 0)
            is_pending(request);
        mcapi_cancel(&request, &cancelled);
        if (cancelled == MCAPI_SUCCESS) {
            breathe();
            continue;
        }
        expect_status(MCAPI_ERR_REQUEST_INVALID, cancelled);
        expect(MCAPI_SUCCESS, mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, &status));
        expect_equal(sizeof got, size);
        expect_equal(next, got);
        next++;
    }
    finish(peer(0), &call);
    nodes_end();
}

static void a_delete_ends_posted_receives(void)
{
    mcapi_endpoint_t from, to;
    size_t size;

    nodes_begin(0);
    from = endpoint_of(NULL);
    to = endpoint_of(NULL);
    post(to, 0, 3);
    say(NULL, from, to, "received");
    expect_true(eventually(!is_pending(posted[0])));
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(to, &status));
    hear_posted(posted[0], text[0], "received");
    for (int i = 1; i < 3; i++)
        expect(MCAPI_ERR_ENDP_DELETED,
               mcapi_wait(&posted[i], &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect_true(text[1][0] == '#' && text[2][0] == '#');
    nodes_end();
}

static void a_delete_wakes_who_waits_for_a_posted_receive(void)
{
    struct call call = { .timeout = MCAPI_TIMEOUT_INFINITE };
    mcapi_endpoint_t to;

    nodes_begin(1);
    to = endpoint_of(NULL);
    post(to, 0, 1);
    call.request = posted[0];
    begin(peer(0), do_wait, &call);
    expect_true(stays_blocked(peer(0)));
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(to, &status));
    finish(peer(0), &call);
    expect_status(MCAPI_ERR_ENDP_DELETED, call.status);
    nodes_end();
}

static void a_delete_discards_messages(void)
{
    mcapi_endpoint_t from, to;

    nodes_begin(0);
    from = endpoint_of(NULL);
    for (int i = 0; i < 20; i++) {
        expect(MCAPI_SUCCESS, to = mcapi_endpoint_create(7, &status));
        expect_equal(0, waiting_at(to));
        for (int j = 0; j < MCAPI_MAX_QUEUE_ELEMENTS; j++)
            say(NULL, from, to, "discarded");
        expect(MCAPI_SUCCESS, mcapi_endpoint_delete(to, &status));
    }
    nodes_end();
}

/* A peer waits for what we have posted; a message from elsewhere completes it. */
static void who_waits_for_a_posted_receive_is_woken(void)
{
    struct call call = { .timeout = MCAPI_TIMEOUT_INFINITE };
    mcapi_endpoint_t from, to;

    nodes_begin(2);
    from = endpoint_of(peer(1));
    to = endpoint_of(NULL);
    post(to, 0, 1);
    call.request = posted[0];
    begin(peer(0), do_wait, &call);
    expect_true(stays_blocked(peer(0)));
    say(peer(1), from, to, "wake up");
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_equal(8, call.size);
    expect_true(strcmp(text[0], "wake up") == 0);
    nodes_end();
}

static const struct test tests[] = {
    TEST(posted_receives_are_served_in_order, ANYWHERE, "6.31"),
    TEST(a_posted_receive_gets_the_most_urgent_message, ALONE, "6.31 6.6"),
    TEST(posted_receives_have_buffers_of_their_own, ALONE, "6.31 6.20"),
    TEST(a_posted_receive_comes_before_a_later_blocking_one, IN_ONE_NODE, "6.32"),
    TEST(what_a_posted_receive_got_is_not_received_again, ANYWHERE, "6.32 6.34"),
    TEST(available_counts_what_can_be_received, ANYWHERE, "6.33"),
    TEST(available_does_not_count_what_is_posted_for, ANYWHERE, "6.34"),
    TEST(a_cancelled_receive_takes_no_message, ANYWHERE, "6.35 9.30"),
    TEST(a_cancel_may_meet_a_message, ANYWHERE, "6.35 9.30"),
    TEST(a_delete_ends_posted_receives, ALONE, "6.36"),
    TEST(a_delete_wakes_who_waits_for_a_posted_receive, IN_ONE_NODE, "6.36 6.37"),
    TEST(a_delete_discards_messages, ALONE, "6.36"),
    TEST(who_waits_for_a_posted_receive_is_woken, IN_ONE_NODE, "6.31 9.15"),
};

CHAPTER(msg_posted, tests);
