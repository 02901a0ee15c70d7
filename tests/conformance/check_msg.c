/* SPDX-License-Identifier: MIT */
/*
 * check_msg.c - section 6: what is sent arrives; sizes, priorities, arguments.
 */
#include "harness.h"
#include "messages.h"

#include <stdio.h>
#include <string.h>

/* --- Sent and received ------------------------------------------------------------ */

static void a_message_arrives(void)
{
    mcapi_endpoint_t ours, theirs;
    struct call call = { .size = 512 };

    nodes_begin(1);
    ours = endpoint_of(NULL);
    theirs = endpoint_of(peer(0));
    say(peer(0), theirs, ours, "to us");
    hear(ours, "to us");
    say(NULL, ours, theirs, "to them");
    call.endpoint = theirs;
    at(peer(0), do_msg_recv, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_equal(8, call.size);
    expect_true(strcmp((char *)call.bytes, "to them") == 0);
    nodes_end();
}

static void a_message_arrives_within_a_node(void)
{
    mcapi_endpoint_t from, to;
    char text[8];
    size_t size = 0;

    nodes_begin(0);
    from = endpoint_of(NULL);
    to = endpoint_of(NULL);
    memset(text, '#', sizeof text);
    expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, "abc", 3, 0, &status));
    expect(MCAPI_SUCCESS, mcapi_msg_recv(to, text, sizeof text, &size, &status));
    expect_equal(3, size);
    expect_true(memcmp(text, "abc#", 4) == 0);
    expect(MCAPI_SUCCESS, mcapi_msg_send(to, to, "def", 3, 0, &status));
    expect(MCAPI_SUCCESS, mcapi_msg_recv(to, text, 3, &size, &status));
    expect_equal(3, size);
    expect_true(memcmp(text, "def#", 4) == 0);
    nodes_end();
}

static void a_message_is_received_later(void)
{
    mcapi_endpoint_t ours, theirs;
    mcapi_request_t request;
    char text[16] = "";

    nodes_begin(1);
    ours = endpoint_of(NULL);
    theirs = endpoint_of(peer(0));
    expect(MCAPI_SUCCESS, mcapi_msg_recv_i(ours, text, sizeof text, &request, &status));
    expect(MCAPI_PENDING, mcapi_test(&request, &(size_t){ 0 }, &status));
    say(peer(0), theirs, ours, "later");
    hear_posted(request, text, "later");
    say(peer(0), theirs, ours, "at once");
    expect(MCAPI_SUCCESS, mcapi_msg_recv_i(ours, text, sizeof text, &request, &status));
    hear_posted(request, text, "at once");
    nodes_end();
}

static void a_message_is_sent_without_waiting(void)
{
    mcapi_endpoint_t ours, theirs;
    mcapi_request_t request;
    char text[] = "first";
    struct call call = { .size = 512 };
    size_t size = 0;

    nodes_begin(1);
    ours = endpoint_of(NULL);
    theirs = endpoint_of(peer(0));
    expect(MCAPI_SUCCESS, mcapi_msg_send_i(ours, theirs, text, 6, 0, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect_equal(6, size);
    memcpy(text, "12345", 6);
    call.endpoint = theirs;
    at(peer(0), do_msg_recv, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_true(strcmp((char *)call.bytes, "first") == 0);
    nodes_end();
}

static void the_sender_may_use_its_buffer_again(void)
{
    mcapi_endpoint_t from, to;
    char text[] = "0";

    nodes_begin(0);
    from = endpoint_of(NULL);
    to = endpoint_of(NULL);
    for (; text[0] <= '9'; text[0]++)
        expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, text, sizeof text, 0, &status));
    for (text[0] = '0'; text[0] <= '9'; text[0]++)
        hear(to, text);
    nodes_end();
}

/* --- Order ------------------------------------------------------------------------ */

static void messages_of_one_sender_arrive_in_order(void)
{
    mcapi_endpoint_t ours, theirs;
    char text[16];

    nodes_begin(1);
    ours = endpoint_of(NULL);
    theirs = endpoint_of(peer(0));
    for (int i = 0; i < MCAPI_MAX_QUEUE_ELEMENTS; i++) {
        snprintf(text, sizeof text, "%d", i);
        say(peer(0), theirs, ours, text);
    }
    for (int i = 0; i < MCAPI_MAX_QUEUE_ELEMENTS; i++) {
        snprintf(text, sizeof text, "%d", i);
        hear(ours, text);
    }
    nodes_end();
}

/* Each is sent when the one before it has been. */
static void messages_of_several_senders_arrive_in_order(void)
{
    mcapi_endpoint_t to, from[PEERS];
    char text[16];

    nodes_begin(PEERS);
    to = endpoint_of(NULL);
    for (int i = 0; i < PEERS; i++)
        from[i] = endpoint_of(peer(i));
    for (int i = 0; i < 15; i++) {
        snprintf(text, sizeof text, "%d", i);
        say(peer(i % PEERS), from[i % PEERS], to, text);
    }
    for (int i = 0; i < 15; i++) {
        snprintf(text, sizeof text, "%d", i);
        hear(to, text);
    }
    nodes_end();
}

static void a_more_urgent_message_overtakes(void)
{
    mcapi_endpoint_t ours, theirs;

    nodes_begin(1);
    ours = endpoint_of(NULL);
    theirs = endpoint_of(peer(0));
    say_with(peer(0), theirs, ours, "not urgent", 5);
    say_with(peer(0), theirs, ours, "urgent", 2);
    say_with(peer(0), theirs, ours, "not urgent either", 5);
    say_with(peer(0), theirs, ours, "urgent too", 2);
    hear(ours, "urgent");
    say_with(peer(0), theirs, ours, "most urgent", 0);
    hear(ours, "most urgent");
    hear(ours, "urgent too");
    hear(ours, "not urgent");
    hear(ours, "not urgent either");
    nodes_end();
}

/* The least urgent are sent first, three of each. */
static void all_priorities_have_an_order_of_their_own(void)
{
    mcapi_endpoint_t from, to;
    char text[32];

    nodes_begin(0);
    from = endpoint_of(NULL);
    to = endpoint_of(NULL);
    for (int i = 0; i < 3; i++)
        for (int priority = MCAPI_MAX_PRIORITY; priority >= 0; priority--) {
            snprintf(text, sizeof text, "%d of %d", i, priority);
            say_with(NULL, from, to, text, (mcapi_priority_t)priority);
        }
    expect_equal(3 * (MCAPI_MAX_PRIORITY + 1), waiting_at(to));
    for (int priority = 0; priority <= MCAPI_MAX_PRIORITY; priority++)
        for (int i = 0; i < 3; i++) {
            snprintf(text, sizeof text, "%d of %d", i, priority);
            hear(to, text);
        }
    nodes_end();
}

static void a_priority_that_is_none_is_refused(void)
{
    static const mcapi_priority_t wrong[] = { MCAPI_MAX_PRIORITY + 1, 1000, 0x80000000, ~0u };
    mcapi_endpoint_t from, to;
    mcapi_request_t request;

    nodes_begin(0);
    from = endpoint_of(NULL);
    to = endpoint_of(NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        expect(MCAPI_ERR_PRIORITY, mcapi_msg_send(from, to, "x", 1, wrong[i], &status));
        expect(MCAPI_ERR_PRIORITY,
               mcapi_msg_send_i(from, to, "x", 1, wrong[i], &request, &status));
        expect(MCAPI_ERR_PRIORITY, mcapi_test(&request, &(size_t){ 0 }, &status));
    }
    expect_equal(0, waiting_at(to));
    nodes_end();
}

/* --- Sizes ------------------------------------------------------------------------ */

static void a_message_may_be_empty(void)
{
    mcapi_endpoint_t from, to;
    mcapi_request_t request;
    size_t size = 99;
    char text[4] = "###";

    nodes_begin(0);
    from = endpoint_of(NULL);
    to = endpoint_of(NULL);
    expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, NULL, 0, 0, &status));
    expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, text, 0, 0, &status));
    expect(MCAPI_SUCCESS, mcapi_msg_send_i(from, to, NULL, 0, 0, &request, &status));
    expect_equal(3, waiting_at(to));
    expect(MCAPI_SUCCESS, mcapi_msg_recv(to, NULL, 0, &size, &status));
    expect_equal(0, size);
    size = 99;
    expect(MCAPI_SUCCESS, mcapi_msg_recv(to, text, sizeof text, &size, &status));
    expect_equal(0, size);
    expect(MCAPI_SUCCESS, mcapi_msg_recv_i(to, NULL, 0, &request, &status));
    size = 99;
    expect(MCAPI_SUCCESS, mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect_equal(0, size);
    expect_true(strcmp(text, "###") == 0);
    nodes_end();
}

static void a_message_may_be_of_any_size(void)
{
    static unsigned char out[MCAPI_MAX_MSG_SIZE], in[MCAPI_MAX_MSG_SIZE];
    mcapi_endpoint_t from, to;
    size_t got = 0;

    nodes_begin(0);
    from = endpoint_of(NULL);
    to = endpoint_of(NULL);
    for (size_t i = 0; i < sizeof out; i++)
        out[i] = (unsigned char)(i * 7 + i / 251);
    for (size_t size = 0; size <= MCAPI_MAX_MSG_SIZE; size += size < 300 ? 1 : 263) {
        expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, out, size, 0, &status));
        memset(in, 0, sizeof in);
        expect(MCAPI_SUCCESS, mcapi_msg_recv(to, in, sizeof in, &got, &status));
        expect_equal(size, got);
        expect_true(memcmp(in, out, size) == 0);
    }
    expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, out, sizeof out, 0, &status));
    expect(MCAPI_SUCCESS, mcapi_msg_recv(to, in, sizeof in, &got, &status));
    expect_equal(sizeof out, got);
    expect_true(memcmp(in, out, sizeof out) == 0);
    nodes_end();
}

static void a_message_that_is_too_large_is_refused(void)
{
    static const char large[MCAPI_MAX_MSG_SIZE + 1];
    mcapi_endpoint_t from, to;
    mcapi_request_t request;

    nodes_begin(0);
    from = endpoint_of(NULL);
    to = endpoint_of(NULL);
    expect(MCAPI_ERR_MSG_LIMIT, mcapi_msg_send(from, to, large, sizeof large, 0, &status));
    expect(MCAPI_ERR_MSG_SIZE, mcapi_msg_send(from, to, large, ~(size_t)0, 0, &status));
    expect(MCAPI_ERR_MSG_LIMIT,
           mcapi_msg_send_i(from, to, large, sizeof large, 0, &request, &status));
    expect(MCAPI_ERR_MSG_LIMIT, mcapi_test(&request, &(size_t){ 0 }, &status));
    expect_equal(0, waiting_at(to));
    say(NULL, from, to, "small");
    hear(to, "small");
    nodes_end();
}

static void a_message_that_does_not_fit_is_truncated(void)
{
    mcapi_endpoint_t from, to;
    mcapi_request_t request;
    size_t size = 0;
    char text[8];

    nodes_begin(0);
    from = endpoint_of(NULL);
    to = endpoint_of(NULL);
    for (int i = 0; i < 3; i++)
        say(NULL, from, to, "truncated");
    say(NULL, from, to, "next");
    memset(text, '#', sizeof text);
    expect(MCAPI_ERR_MSG_TRUNCATED, mcapi_msg_recv(to, text, 5, &size, &status));
    expect_equal(10, size);
    expect_true(memcmp(text, "trunc###", 8) == 0);
    size = 0;
    expect(MCAPI_ERR_MSG_TRUNCATED, mcapi_msg_recv(to, NULL, 0, &size, &status));
    expect_equal(10, size);
    memset(text, '#', sizeof text);
    expect(MCAPI_SUCCESS, mcapi_msg_recv_i(to, text, 1, &request, &status));
    size = 0;
    expect(MCAPI_ERR_MSG_TRUNCATED,
           mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect_equal(10, size);
    expect_true(memcmp(text, "t#######", 8) == 0);
    hear(to, "next");
    expect_equal(0, waiting_at(to));
    nodes_end();
}

/* One byte less than the message has, and as many as it has. */
static void a_message_that_just_fits_is_not_truncated(void)
{
    mcapi_endpoint_t from, to;
    char text[8] = "";
    size_t size = 0;

    nodes_begin(0);
    from = endpoint_of(NULL);
    to = endpoint_of(NULL);
    say(NULL, from, to, "1234567");
    say(NULL, from, to, "1234567");
    expect(MCAPI_ERR_MSG_TRUNCATED, mcapi_msg_recv(to, text, 7, &size, &status));
    expect_equal(8, size);
    expect(MCAPI_SUCCESS, mcapi_msg_recv(to, text, 8, &size, &status));
    expect_equal(8, size);
    expect_true(strcmp(text, "1234567") == 0);
    nodes_end();
}

/* --- Arguments -------------------------------------------------------------------- */

static void message_calls_need_their_pointers(void)
{
    mcapi_endpoint_t from, to;
    mcapi_request_t request;
    size_t size = 0;
    char text[4];

    nodes_begin(0);
    from = endpoint_of(NULL);
    to = endpoint_of(NULL);
    expect(MCAPI_ERR_PARAMETER, mcapi_msg_send(from, to, NULL, 1, 0, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_msg_send_i(from, to, NULL, 1, 0, &request, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_test(&request, &size, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_msg_send_i(from, to, "x", 1, 0, NULL, &status));
    expect_equal(0, waiting_at(to));
    say(NULL, from, to, "kept");
    expect(MCAPI_ERR_PARAMETER, mcapi_msg_recv(to, NULL, 1, &size, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_msg_recv(to, text, sizeof text, NULL, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_msg_recv_i(to, NULL, 1, &request, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_test(&request, &size, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_msg_recv_i(to, text, sizeof text, NULL, &status));
    hear(to, "kept");
    nodes_end();
}

static void message_calls_need_a_node(void)
{
    mcapi_request_t request;
    size_t size;
    char text[4];

    nodes_begin_bare(0);
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_msg_send(1, 2, "x", 1, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_msg_send_i(1, 2, "x", 1, 0, &request, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_msg_recv(1, text, sizeof text, &size, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_msg_recv_i(1, text, sizeof text, &request, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_msg_available(1, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_msg_send(1, 2, NULL, 1, 99, &status));
    nodes_end();
}

static void without_a_status_no_message_moves(void)
{
    mcapi_endpoint_t from, to;
    mcapi_request_t request;
    size_t size;
    char text[8];

    nodes_begin(0);
    from = endpoint_of(NULL);
    to = endpoint_of(NULL);
    mcapi_msg_send(from, to, "x", 1, 0, NULL);
    mcapi_msg_send_i(from, to, "x", 1, 0, &request, NULL);
    expect_equal(0, waiting_at(to));
    say(NULL, from, to, "kept");
    mcapi_msg_recv(to, text, sizeof text, &size, NULL);
    mcapi_msg_recv_i(to, text, sizeof text, &request, NULL);
    mcapi_msg_available(to, NULL);
    hear(to, "kept");
    nodes_end();
}

static const struct test tests[] = {
    TEST(a_message_arrives, ANYWHERE, "6.1"),
    TEST(a_message_arrives_within_a_node, ALONE, "6.1"),
    TEST(a_message_is_received_later, ANYWHERE, "6.2 9.1 9.2"),
    TEST(a_message_is_sent_without_waiting, ANYWHERE, "6.2 6.3 9.35"),
    TEST(the_sender_may_use_its_buffer_again, ALONE, "6.3 6.4"),
    TEST(messages_of_one_sender_arrive_in_order, ANYWHERE, "6.4"),
    TEST(messages_of_several_senders_arrive_in_order, ANYWHERE, "6.5"),
    TEST(a_more_urgent_message_overtakes, ANYWHERE, "6.6"),
    TEST(all_priorities_have_an_order_of_their_own, ALONE, "6.7 6.6"),
    TEST(a_priority_that_is_none_is_refused, ALONE, "6.8 6.42"),
    TEST(a_message_may_be_empty, ALONE, "6.9"),
    TEST(a_message_may_be_of_any_size, ALONE, "6.1 6.11"),
    TEST(a_message_that_is_too_large_is_refused, ALONE, "6.12 6.42"),
    TEST(a_message_that_does_not_fit_is_truncated, ALONE, "6.20 6.21"),
    TEST(a_message_that_just_fits_is_not_truncated, ALONE, "6.20"),
    TEST(message_calls_need_their_pointers, ALONE, "6.10 6.42"),
    TEST(message_calls_need_a_node, ALONE, "6.46"),
    TEST(without_a_status_no_message_moves, ALONE, "6.47"),
};

CHAPTER(msg, tests);
