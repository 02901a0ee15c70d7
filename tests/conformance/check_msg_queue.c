/* SPDX-License-Identifier: MIT */
/*
 * check_msg_queue.c - section 6: how many messages fit, and waiting for room and for messages.
 */
#include "harness.h"
#include "messages.h"

#include <stdio.h>
#include <string.h>

enum { SHORT_MS = 100 };

/* Messages that fit, the next one refused. */
static void fill(mcapi_endpoint_t from, mcapi_endpoint_t to, int depth)
{
    mcapi_request_t request;
    char text[16];

    for (int i = 0; i < depth; i++) {
        snprintf(text, sizeof text, "%d", i);
        say(NULL, from, to, text);
    }
    expect(MCAPI_ERR_MEM_LIMIT, mcapi_msg_send_i(from, to, "x", 1, 0, &request, &status));
    expect(MCAPI_ERR_MEM_LIMIT, mcapi_test(&request, &(size_t){ 0 }, &status));
}

/* --- Depth ------------------------------------------------------------------------ */

static void a_queue_holds_exactly_its_depth(void)
{
    mcapi_endpoint_t from, to;
    mcapi_request_t request;
    char text[16];

    nodes_begin(0);
    from = endpoint_of(NULL);
    to = endpoint_of(NULL);
    for (int i = 0; i < 3; i++) {
        fill(from, to, MCAPI_MAX_QUEUE_ELEMENTS);
        expect_equal(MCAPI_MAX_QUEUE_ELEMENTS, waiting_at(to));
        for (int j = 0; j < MCAPI_MAX_QUEUE_ELEMENTS; j++) {
            snprintf(text, sizeof text, "%d", j);
            hear(to, text);
        }
        expect_equal(0, waiting_at(to));
    }
    fill(from, to, MCAPI_MAX_QUEUE_ELEMENTS);
    hear(to, "0");
    expect(MCAPI_SUCCESS, mcapi_msg_send_i(from, to, "last", 5, 0, &request, &status));
    expect(MCAPI_ERR_MEM_LIMIT, mcapi_msg_send_i(from, to, "x", 1, 0, &request, &status));
    nodes_end();
}

static void priorities_share_the_depth(void)
{
    mcapi_endpoint_t from, to;
    mcapi_request_t request;

    nodes_begin(0);
    from = endpoint_of(NULL);
    to = endpoint_of(NULL);
    for (int i = 0; i < MCAPI_MAX_QUEUE_ELEMENTS; i++)
        say_with(NULL, from, to, "x", (mcapi_priority_t)i % (MCAPI_MAX_PRIORITY + 1));
    for (mcapi_priority_t priority = 0; priority <= MCAPI_MAX_PRIORITY; priority++)
        expect(MCAPI_ERR_MEM_LIMIT,
               mcapi_msg_send_i(from, to, "x", 1, priority, &request, &status));
    expect_equal(MCAPI_MAX_QUEUE_ELEMENTS, waiting_at(to));
    nodes_end();
}

static void senders_share_the_depth(void)
{
    mcapi_endpoint_t to, from[PEERS], ours;
    mcapi_request_t request;

    nodes_begin(PEERS);
    to = endpoint_of(NULL);
    ours = endpoint_of(NULL);
    for (int i = 0; i < PEERS; i++)
        from[i] = endpoint_of(peer(i));
    for (int i = 0; i < MCAPI_MAX_QUEUE_ELEMENTS; i++)
        say(peer(i % PEERS), from[i % PEERS], to, "x");
    expect(MCAPI_ERR_MEM_LIMIT, mcapi_msg_send_i(ours, to, "x", 1, 0, &request, &status));
    nodes_end();
}

static void a_queue_holds_the_largest_messages(void)
{
    static unsigned char out[MCAPI_MAX_MSG_SIZE], in[MCAPI_MAX_MSG_SIZE];
    mcapi_endpoint_t from, to;
    mcapi_request_t request;
    size_t size = 0;

    nodes_begin(0);
    from = endpoint_of(NULL);
    to = endpoint_of(NULL);
    for (int i = 0; i < MCAPI_MAX_QUEUE_ELEMENTS; i++) {
        memset(out, i, sizeof out);
        expect(MCAPI_SUCCESS,
               mcapi_msg_send_i(from, to, out, sizeof out, 0, &request, &status));
    }
    for (int i = 0; i < MCAPI_MAX_QUEUE_ELEMENTS; i++) {
        memset(out, i, sizeof out);
        expect(MCAPI_SUCCESS, mcapi_msg_recv(to, in, sizeof in, &size, &status));
        expect_equal(sizeof out, size);
        expect_true(memcmp(in, out, sizeof out) == 0);
    }
    nodes_end();
}

static void the_depth_can_be_set(void)
{
    static const int depths[] = { 1, 2, 3, 7, MCAPI_MAX_QUEUE_ELEMENTS - 1 };
    mcapi_endpoint_t from, to;
    mcapi_request_t request;

    nodes_begin(0);
    from = endpoint_of(NULL);
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++) {
        to = endpoint_with_room(NULL, (uint32_t)depths[i]);
        fill(from, to, depths[i]);
        expect_equal(depths[i], waiting_at(to));
        hear(to, "0");
        say(NULL, from, to, "again");
        expect(MCAPI_ERR_MEM_LIMIT, mcapi_msg_send_i(from, to, "x", 1, 0, &request, &status));
    }
    nodes_end();
}

static void expect_free(struct peer *peer, mcapi_endpoint_t endpoint, uint32_t free)
{
    struct call call = { .endpoint = endpoint, .number = MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS };

    at(peer, do_attribute, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_equal(free, call.word);
}

/* For its owner, and for who wants to send to it. */
static void how_many_more_fit_can_be_asked(void)
{
    mcapi_endpoint_t from, to;

    nodes_begin(1);
    from = endpoint_of(peer(0));
    to = endpoint_with_room(NULL, 3);
    expect_free(NULL, to, 3);
    for (uint32_t i = 3; i-- > 0;) {
        say(peer(0), from, to, "x");
        expect_free(NULL, to, i);
        expect_free(peer(0), to, i);
    }
    hear(to, "x");
    expect_free(NULL, to, 1);
    expect_free(peer(0), to, 1);
    nodes_end();
}

/* --- Waiting for room ------------------------------------------------------------- */

/* The peer's endpoint sends to ours, which is full; returns the peer's. */
static mcapi_endpoint_t full(mcapi_endpoint_t *to, uint32_t depth)
{
    mcapi_endpoint_t from = endpoint_of(peer(0));
    char text[16];

    *to = endpoint_with_room(NULL, depth);
    for (uint32_t i = 0; i < depth; i++) {
        snprintf(text, sizeof text, "%u", i);
        say(peer(0), from, *to, text);
    }
    return from;
}

static void a_send_waits_for_room(void)
{
    mcapi_endpoint_t from, to;
    struct call call;

    nodes_begin(1);
    from = full(&to, 2);
    for (int i = 0; i < 3; i++) {
        call = saying(from, to, "late");
        begin(peer(0), do_msg_send, &call);
        expect_true(stays_blocked(peer(0)));
        hear(to, i == 0 ? "0" : i == 1 ? "1" : "late");
        finish(peer(0), &call);
        expect_status(MCAPI_SUCCESS, call.status);
    }
    hear(to, "late");
    hear(to, "late");
    expect_equal(0, waiting_at(to));
    nodes_end();
}

static void an_urgent_send_waits_for_room_too(void)
{
    mcapi_endpoint_t from, to;
    struct call call;

    nodes_begin(1);
    from = endpoint_of(peer(0));
    to = endpoint_with_room(NULL, 2);
    say_with(peer(0), from, to, "1", 5);
    say_with(peer(0), from, to, "2", 5);
    call = saying(from, to, "urgent");
    begin(peer(0), do_msg_send, &call);
    expect_true(stays_blocked(peer(0)));
    hear(to, "1");
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    hear(to, "urgent");
    hear(to, "2");
    nodes_end();
}

static void a_send_gives_up_at_its_timeout(void)
{
    mcapi_endpoint_t from, to;
    struct call call;

    nodes_begin(1);
    from = full(&to, 3);
    set_attribute(peer(0), from, MCAPI_ENDP_ATTR_TIMEOUT, SHORT_MS);
    call = saying(from, to, "never");
    at(peer(0), do_send_long, &call);
    expect_status(MCAPI_TIMEOUT, call.status);
    expect_true(call.word >= SHORT_MS);
    set_attribute(peer(0), from, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    call = saying(from, to, "never");
    at(peer(0), do_msg_send, &call);
    expect_status(MCAPI_TIMEOUT, call.status);
    for (int i = 0; i < 3; i++)
        hear(to, i == 0 ? "0" : i == 1 ? "1" : "2");
    expect_equal(0, waiting_at(to));
    say(peer(0), from, to, "with room");
    hear(to, "with room");
    nodes_end();
}

static void a_send_may_be_told_to_fail_instead(void)
{
    mcapi_endpoint_t from, to;

    nodes_begin(0);
    from = endpoint_of(NULL);
    to = endpoint_of(NULL);
    set_attribute(NULL, from, MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT);
    set_attribute(NULL, to, MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT);
    fill(from, to, MCAPI_MAX_QUEUE_ELEMENTS);
    expect(MCAPI_ERR_MEM_LIMIT, mcapi_msg_send(from, to, "x", 1, 0, &status));
    expect_equal(MCAPI_MAX_QUEUE_ELEMENTS, waiting_at(to));
    hear(to, "0");
    say(NULL, from, to, "with room");
    expect(MCAPI_ERR_MEM_LIMIT, mcapi_msg_send(from, to, "x", 1, 0, &status));
    nodes_end();
}

static void a_signal_does_not_end_a_send(void)
{
    mcapi_endpoint_t from, to;
    struct call call;

    nodes_begin(1);
    from = full(&to, 1);
    call = saying(from, to, "late");
    begin(peer(0), do_msg_send, &call);
    for (int i = 0; i < 3; i++) {
        interrupt(peer(0));
        expect_true(stays_blocked(peer(0)));
    }
    hear(to, "0");
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    hear(to, "late");
    nodes_end();
}

static void a_signal_does_not_shorten_a_send(void)
{
    mcapi_endpoint_t from, to;
    struct call call;

    nodes_begin(1);
    from = full(&to, 1);
    set_attribute(peer(0), from, MCAPI_ENDP_ATTR_TIMEOUT, 3 * SHORT_MS);
    call = saying(from, to, "never");
    begin(peer(0), do_send_long, &call);
    for (int i = 0; i < 3; i++) {
        interrupt(peer(0));
        stays_blocked(peer(0));
    }
    finish(peer(0), &call);
    expect_status(MCAPI_TIMEOUT, call.status);
    expect_true(call.word >= 3 * SHORT_MS);
    nodes_end();
}

/* --- Waiting for a message -------------------------------------------------------- */

static void a_receive_waits_for_a_message(void)
{
    struct call call = { .size = 16 };
    mcapi_endpoint_t from, to;

    nodes_begin(1);
    from = endpoint_of(NULL);
    to = call.endpoint = endpoint_of(peer(0));
    for (int i = 0; i < 3; i++) {
        call.size = 16;
        begin(peer(0), do_msg_recv, &call);
        expect_true(stays_blocked(peer(0)));
        say(NULL, from, to, i % 2 == 0 ? "even" : "odd");
        finish(peer(0), &call);
        expect_status(MCAPI_SUCCESS, call.status);
        expect_true(strcmp((char *)call.bytes, i % 2 == 0 ? "even" : "odd") == 0);
    }
    nodes_end();
}

static void a_receive_gives_up_at_its_timeout(void)
{
    struct call call = { .size = 16 };
    mcapi_endpoint_t from, to;

    nodes_begin(0);
    from = endpoint_of(NULL);
    to = call.endpoint = endpoint_of(NULL);
    set_attribute(NULL, to, MCAPI_ENDP_ATTR_TIMEOUT, SHORT_MS);
    do_recv_long(&call);
    expect_status(MCAPI_TIMEOUT, call.status);
    expect_true(call.word >= SHORT_MS);
    set_attribute(NULL, to, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    call.size = 16;
    do_msg_recv(&call);
    expect_status(MCAPI_TIMEOUT, call.status);
    say(NULL, from, to, "in time");
    hear(to, "in time");
    nodes_end();
}

static void a_signal_does_not_end_a_receive(void)
{
    struct call call = { .size = 16 };
    mcapi_endpoint_t from, to;

    nodes_begin(1);
    from = endpoint_of(NULL);
    to = call.endpoint = endpoint_of(peer(0));
    begin(peer(0), do_msg_recv, &call);
    for (int i = 0; i < 3; i++) {
        interrupt(peer(0));
        expect_true(stays_blocked(peer(0)));
    }
    say(NULL, from, to, "late");
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_true(strcmp((char *)call.bytes, "late") == 0);
    nodes_end();
}

static void a_signal_does_not_shorten_a_receive(void)
{
    struct call call = { .size = 16 };

    nodes_begin(1);
    call.endpoint = endpoint_of(peer(0));
    set_attribute(peer(0), call.endpoint, MCAPI_ENDP_ATTR_TIMEOUT, 3 * SHORT_MS);
    begin(peer(0), do_recv_long, &call);
    for (int i = 0; i < 3; i++) {
        interrupt(peer(0));
        stays_blocked(peer(0));
    }
    finish(peer(0), &call);
    expect_status(MCAPI_TIMEOUT, call.status);
    expect_true(call.word >= 3 * SHORT_MS);
    nodes_end();
}

/* --- Deleted meanwhile ------------------------------------------------------------ */

static void a_delete_ends_a_blocked_receive(void)
{
    struct call call = { .size = 16 };

    nodes_begin(1);
    call.endpoint = endpoint_of(NULL);
    begin(peer(0), do_msg_recv, &call);
    expect_true(stays_blocked(peer(0)));
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(call.endpoint, &status));
    finish(peer(0), &call);
    expect_status(MCAPI_ERR_ENDP_DELETED, call.status);
    nodes_end();
}

static void a_delete_of_the_receiver_ends_a_blocked_send(void)
{
    mcapi_endpoint_t from, to;
    struct call call;

    nodes_begin(1);
    from = full(&to, 1);
    call = saying(from, to, "dropped");
    begin(peer(0), do_msg_send, &call);
    expect_true(stays_blocked(peer(0)));
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(to, &status));
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    nodes_end();
}

static void a_delete_of_the_sender_ends_a_blocked_send(void)
{
    mcapi_endpoint_t from, to;
    struct call call;

    nodes_begin(1);
    from = full(&to, 1);
    call = saying(from, to, "never");
    begin(peer(0), do_msg_send, &call);
    expect_true(stays_blocked(peer(0)));
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(from, &status));
    finish(peer(0), &call);
    expect_status(MCAPI_ERR_ENDP_DELETED, call.status);
    hear(to, "0");
    expect_equal(0, waiting_at(to));
    nodes_end();
}

/* --- Finalized meanwhile ---------------------------------------------------------- */

static void a_finalize_ends_blocked_calls(void)
{
    struct call send, recv = { .size = 16 };
    mcapi_endpoint_t from, to;

    nodes_begin(2);
    from = full(&to, 1);
    recv.endpoint = endpoint_of(NULL);
    send = saying(from, to, "never");
    begin(peer(0), do_msg_send, &send);
    begin(peer(1), do_msg_recv, &recv);
    expect_true(stays_blocked(peer(0)));
    expect_true(stays_blocked(peer(1)));
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
    finish(peer(0), &send);
    expect_status(MCAPI_ERR_NODE_NOTINIT, send.status);
    finish(peer(1), &recv);
    expect_status(MCAPI_ERR_NODE_NOTINIT, recv.status);
    nodes_end();
}

static const struct test tests[] = {
    TEST(a_queue_holds_exactly_its_depth, ALONE, "6.22 6.24 6.42"),
    TEST(priorities_share_the_depth, ALONE, "6.22 6.24"),
    TEST(senders_share_the_depth, ANYWHERE, "6.22 6.24"),
    TEST(a_queue_holds_the_largest_messages, ALONE, "6.22 6.11"),
    TEST(the_depth_can_be_set, ALONE, "6.23 6.24"),
    TEST(how_many_more_fit_can_be_asked, ANYWHERE, "6.49"),
    TEST(a_send_waits_for_room, ANYWHERE, "6.25"),
    TEST(an_urgent_send_waits_for_room_too, ANYWHERE, "6.25 6.6"),
    TEST(a_send_gives_up_at_its_timeout, ANYWHERE, "6.26 6.42"),
    TEST(a_send_may_be_told_to_fail_instead, ALONE, "6.30 6.42"),
    TEST(a_signal_does_not_end_a_send, ANYWHERE, "6.29"),
    TEST(a_signal_does_not_shorten_a_send, ANYWHERE, "6.29 6.26"),
    TEST(a_receive_waits_for_a_message, ANYWHERE, "6.27"),
    TEST(a_receive_gives_up_at_its_timeout, ALONE, "6.28"),
    TEST(a_signal_does_not_end_a_receive, ANYWHERE, "6.29"),
    TEST(a_signal_does_not_shorten_a_receive, ANYWHERE, "6.29 6.28"),
    TEST(a_delete_ends_a_blocked_receive, IN_ONE_NODE, "6.37"),
    TEST(a_delete_of_the_receiver_ends_a_blocked_send, ANYWHERE, "6.37 6.15"),
    TEST(a_delete_of_the_sender_ends_a_blocked_send, IN_ONE_NODE, "6.37"),
    TEST(a_finalize_ends_blocked_calls, IN_ONE_NODE, "6.50"),
};

CHAPTER(msg_queue, tests);
