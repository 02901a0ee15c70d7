/* SPDX-License-Identifier: MIT */
/*
 * check_request_slots.c - section 9: cancel, running out of requests, and what is no request.
 */
#include "harness.h"
#include "requests.h"

#include <stdlib.h>

/* --- Cancel ----------------------------------------------------------------------- */

static void a_cancel_ends_what_is_unfinished(void)
{
    mcapi_endpoint_t endpoint;
    mcapi_request_t request;

    nodes_begin(0);
    request = unfinished(7);
    expect(MCAPI_SUCCESS, mcapi_cancel(&request, &status));
    expect_status(MCAPI_ERR_REQUEST_INVALID, tested(request));
    expect_status(MCAPI_ERR_REQUEST_INVALID, waited(request, MCAPI_TIMEOUT_INFINITE));
    expect(MCAPI_SUCCESS, endpoint = mcapi_create_anonymous_endpoint(&status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_open_i(&endpoint, endpoint, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_cancel(&request, &status));
    expect_status(MCAPI_ERR_REQUEST_INVALID, tested(request));
    nodes_end();
}

static void a_cancel_of_what_is_over_is_refused(void)
{
    struct channel channel;
    mcapi_request_t request;

    nodes_begin(0);
    request = unfinished(7);
    expect(MCAPI_SUCCESS, mcapi_cancel(&request, &status));
    expect(MCAPI_ERR_REQUEST_INVALID, mcapi_cancel(&request, &status));
    request = unfinished(7);
    complete(7);
    expect_status(MCAPI_SUCCESS, tested(request));
    expect(MCAPI_ERR_REQUEST_INVALID, mcapi_cancel(&request, &status));
    request = unfinished(8);
    complete(8);
    expect_status(MCAPI_SUCCESS, waited(request, 0));
    expect(MCAPI_ERR_REQUEST_INVALID, mcapi_cancel(&request, &status));
    channel = packets_open(NULL, NULL);
    expect(MCAPI_SUCCESS, mcapi_pktchan_send_i(channel.send, "x", 1, &request, &status));
    expect(MCAPI_ERR_REQUEST_INVALID, mcapi_cancel(&request, &status));
    expect_equal(1, mcapi_pktchan_available(channel.recv, &(mcapi_status_t){ 0 }));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send_i(0, "x", 1, &request, &status));
    expect(MCAPI_ERR_REQUEST_INVALID, mcapi_cancel(&request, &status));
    nodes_end();
}

static void a_cancel_wakes_who_waits(void)
{
    struct call call = { .timeout = MCAPI_TIMEOUT_INFINITE };

    nodes_begin(1);
    call.request = unfinished(7);
    begin(peer(0), do_wait, &call);
    expect_true(stays_blocked(peer(0)));
    expect(MCAPI_SUCCESS, mcapi_cancel(&call.request, &status));
    finish(peer(0), &call);
    expect_status(MCAPI_ERR_REQUEST_CANCELLED, call.status);
    expect_equal(MCAPI_TRUE, call.truth);
    nodes_end();
}

static void a_cancelled_receive_takes_nothing(void)
{
    struct channel channel;
    mcapi_request_t request[3];
    void *packet[3] = { NULL, NULL, NULL };
    size_t size;

    nodes_begin(0);
    channel = packets_open(NULL, NULL);
    for (int i = 0; i < 3; i++)
        expect(MCAPI_SUCCESS,
               mcapi_pktchan_recv_i(channel.recv, &packet[i], &request[i], &status));
    expect(MCAPI_SUCCESS, mcapi_cancel(&request[1], &status));
    for (int i = 0; i < 3; i++)
        expect(MCAPI_SUCCESS, mcapi_pktchan_send(channel.send, &"abc"[i], 1, &status));
    expect_status(MCAPI_SUCCESS, waited(request[0], MCAPI_TIMEOUT_INFINITE));
    expect_status(MCAPI_SUCCESS, waited(request[2], MCAPI_TIMEOUT_INFINITE));
    expect_equal('a', *(char *)packet[0]);
    expect_equal('b', *(char *)packet[2]);
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv(channel.recv, &packet[1], &size, &status));
    expect_equal('c', *(char *)packet[1]);
    nodes_end();
}

/* Sends the numbers 0 to number - 1, one packet each. */
static void do_send_numbers(struct call *call)
{
    for (mcapi_uint_t i = 0; i < call->number; i++) {
        mcapi_pktchan_send(call->endpoint, &i, sizeof i, &call->status);
        expect_status(MCAPI_SUCCESS, call->status);
    }
}

/* Whichever is first, the cancel or the packet, each packet is received once and in order. */
static void a_cancel_may_meet_a_packet(void)
{
    enum { NUMBERS = 2000 };
    struct channel channel;
    struct call call = { .number = NUMBERS };
    mcapi_uint_t next = 0;

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    call.endpoint = channel.send;
    begin(peer(0), do_send_numbers, &call);
    while (next < NUMBERS) {
        mcapi_status_t cancelled = UNTOUCHED;
        mcapi_request_t request;
        void *packet;

        expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(channel.recv, &packet, &request, &status));
        if (next % 2 == 0)
            tested(request);
        mcapi_cancel(&request, &cancelled);
        if (cancelled == MCAPI_SUCCESS) {
            breathe();
            continue;
        }
        expect_status(MCAPI_ERR_REQUEST_INVALID, cancelled);
        expect_status(MCAPI_SUCCESS, waited(request, MCAPI_TIMEOUT_INFINITE));
        expect_equal(next, *(mcapi_uint_t *)packet);
        expect(MCAPI_SUCCESS, mcapi_pktchan_release(packet, &status));
        next++;
    }
    finish(peer(0), &call);
    nodes_end();
}

/* --- Two threads, one request ----------------------------------------------------- */

static void the_second_of_two_waiters_is_refused(void)
{
    struct call call = { .timeout = MCAPI_TIMEOUT_INFINITE };

    nodes_begin(1);
    call.request = unfinished(7);
    begin(peer(0), do_wait, &call);
    expect_true(stays_blocked(peer(0)));
    expect_status(MCAPI_ERR_WAIT_PENDING, waited(call.request, MCAPI_TIMEOUT_INFINITE));
    expect_status(MCAPI_ERR_WAIT_PENDING, waited(call.request, MCAPI_TIMEOUT_IMMEDIATE));
    expect_status(MCAPI_PENDING, tested(call.request));
    expect_true(stays_blocked(peer(0)));
    complete(7);
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    nodes_end();
}

static void a_waiter_that_has_given_up_is_none(void)
{
    struct call call = { .timeout = 20 };

    nodes_begin(1);
    call.request = unfinished(7);
    at(peer(0), do_wait, &call);
    expect_status(MCAPI_TIMEOUT, call.status);
    expect_status(MCAPI_TIMEOUT, waited(call.request, 0));
    complete(7);
    at(peer(0), do_wait, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    nodes_end();
}

/* --- Running out ------------------------------------------------------------------ */

static void all_requests_may_be_unfinished(void)
{
    static mcapi_request_t request[MCA_MAX_REQUESTS];
    mcapi_request_t more;

    nodes_begin(0);
    for (int i = 0; i < MCA_MAX_REQUESTS; i++)
        request[i] = unfinished(7);
    for (int i = 0; i < 3; i++) {
        mcapi_endpoint_t found = 99;

        expect(MCAPI_ERR_REQUEST_LIMIT,
               mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 8, &found, &more, &status));
        expect_status(MCAPI_ERR_REQUEST_LIMIT, tested(more));
        expect_status(MCAPI_ERR_REQUEST_LIMIT, waited(more, MCAPI_TIMEOUT_INFINITE));
    }
    complete(7);
    for (int i = 0; i < MCA_MAX_REQUESTS; i++)
        expect_status(MCAPI_SUCCESS, waited(request[i], 0));
    for (int i = 0; i < MCA_MAX_REQUESTS; i++)
        request[i] = unfinished(8);
    nodes_end();
}

#define refuse(call)                                             \
    do {                                                         \
        mcapi_request_t request = 0;                             \
        expect(MCAPI_ERR_REQUEST_LIMIT, call);                   \
        expect_status(MCAPI_ERR_REQUEST_LIMIT, tested(request)); \
    } while (0)

static void a_call_without_a_free_request_has_done_nothing(void)
{
    struct channel packets, scalars;
    mcapi_endpoint_t end[2];
    mcapi_request_t one;
    char text[4];
    void *packet;

    nodes_begin(0);
    packets = packets_open(NULL, NULL);
    scalars = scalars_open(NULL, NULL);
    for (int i = 0; i < 2; i++)
        expect(MCAPI_SUCCESS, end[i] = mcapi_create_anonymous_endpoint(&status));
    for (int i = 0; i < MCA_MAX_REQUESTS; i++)
        one = unfinished(7);
    refuse(mcapi_pktchan_connect_i(end[0], end[1], &request, &status));
    refuse(mcapi_sclchan_connect_i(end[0], end[1], &request, &status));
    refuse(mcapi_pktchan_send_open_i(&end[0], end[0], &request, &status));
    refuse(mcapi_pktchan_recv_open_i(&end[0], end[0], &request, &status));
    refuse(mcapi_sclchan_send_open_i(&end[0], end[0], &request, &status));
    refuse(mcapi_sclchan_recv_open_i(&end[0], end[0], &request, &status));
    refuse(mcapi_pktchan_send_i(packets.send, "x", 1, &request, &status));
    refuse(mcapi_pktchan_recv_i(packets.recv, &packet, &request, &status));
    refuse(mcapi_pktchan_send_close_i(packets.send, &request, &status));
    refuse(mcapi_pktchan_recv_close_i(packets.recv, &request, &status));
    refuse(mcapi_sclchan_send_close_i(scalars.send, &request, &status));
    refuse(mcapi_sclchan_recv_close_i(scalars.recv, &request, &status));
    refuse(mcapi_msg_send_i(end[0], end[1], "x", 1, 0, &request, &status));
    refuse(mcapi_msg_recv_i(end[1], text, sizeof text, &request, &status));
    expect(MCAPI_SUCCESS, expect_equal(0, mcapi_pktchan_available(packets.recv, &status)));
    expect(MCAPI_SUCCESS, expect_equal(0, mcapi_msg_available(end[1], &status)));
    expect(MCAPI_SUCCESS, mcapi_pktchan_send(packets.send, "x", 1, &status));
    expect(MCAPI_SUCCESS, mcapi_sclchan_send_uint8(scalars.send, 1, &status));
    expect(MCAPI_SUCCESS, mcapi_cancel(&one, &status));
    expect(MCAPI_SUCCESS, mcapi_sclchan_connect_i(end[0], end[1], &one, &status));
    expect_status(MCAPI_SUCCESS, waited(one, MCAPI_TIMEOUT_INFINITE));
    nodes_end();
}

/* Limits are looked at last. */
static void what_else_is_wrong_is_said_before_the_limit(void)
{
    mcapi_endpoint_t found;
    mcapi_request_t request;
    void *packet;
    char text[4];

    nodes_begin(0);
    for (int i = 0; i < MCA_MAX_REQUESTS; i++)
        unfinished(7);
    expect(MCAPI_ERR_PARAMETER,
           mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 1, NULL, &request, &status));
    expect(MCAPI_ERR_PORT_INVALID, mcapi_endpoint_get_i(DOMAIN, OWN_NODE, MCAPI_MAX_PORT + 1,
                                                        &found, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_pktchan_connect_i(0, 0, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_pktchan_recv_open_i(&found, 0, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_sclchan_send_open_i(&found, 0, &request, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send_i(0, "x", 1, &request, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_recv_i(0, &packet, &request, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send_close_i(0, &request, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_recv_close_i(0, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_msg_send_i(0, 0, "x", 1, 0, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_msg_recv_i(0, text, 4, &request, &status));
    nodes_end();
}

/* One send, whose request is only ever tested. */
static mcapi_request_t only_tested(const struct channel *channel)
{
    mcapi_request_t request;
    void *packet;
    size_t size;

    expect(MCAPI_SUCCESS, mcapi_pktchan_send_i(channel->send, "x", 1, &request, &status));
    expect_status(MCAPI_SUCCESS, tested(request));
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv(channel->recv, &packet, &size, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(packet, &status));
    return request;
}

static void a_program_may_test_and_never_wait(void)
{
    struct channel channel;

    nodes_begin(0);
    channel = packets_open(NULL, NULL);
    for (int i = 0; i < 5 * MCA_MAX_REQUESTS; i++)
        only_tested(&channel);
    nodes_end();
}

static void tested_requests_give_way_oldest_first_and_only_when_they_must(void)
{
    static mcapi_request_t request[MCA_MAX_REQUESTS];
    mcapi_request_t pending;
    struct channel channel;

    nodes_begin(0);
    channel = packets_open(NULL, NULL);
    pending = unfinished(7);
    for (int i = 0; i < MCA_MAX_REQUESTS - 1; i++)
        request[i] = only_tested(&channel);
    for (int i = 0; i < MCA_MAX_REQUESTS - 1; i++)
        expect_status(MCAPI_SUCCESS, tested(request[i]));
    for (int i = 0; i < 10; i++) {
        only_tested(&channel);
        expect_status(MCAPI_ERR_REQUEST_INVALID, tested(request[i]));
        expect_status(MCAPI_SUCCESS, tested(request[i + 1]));
    }
    expect_status(MCAPI_PENDING, tested(pending));
    expect_status(MCAPI_SUCCESS, waited(request[20], 0));
    nodes_end();
}

/* --- What is no request ----------------------------------------------------------- */

static void expect_no_request(mcapi_request_t request)
{
    size_t size;

    expect_status(MCAPI_ERR_REQUEST_INVALID, tested(request));
    expect_status(MCAPI_ERR_REQUEST_INVALID, waited(request, MCAPI_TIMEOUT_INFINITE));
    expect(MCAPI_ERR_REQUEST_INVALID, mcapi_cancel(&request, &status));
    expect(MCAPI_ERR_REQUEST_INVALID,
           mcapi_wait_any(1, &request, &size, MCAPI_TIMEOUT_INFINITE, &status));
}

static void what_never_was_a_request_is_none(void)
{
    static const mcapi_request_t wrong[] = { 0,          1,          2,          42,
                                             ~0u,        0xdeadbeef, 0xcccccccc, 0x40000000,
                                             0x7fffffff, 0x80000000, 0xc0000000 };

    nodes_begin(0);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect_no_request(wrong[i]);
    srand48(1);
    for (int i = 0; i < 10000; i++)
        expect_status(MCAPI_ERR_REQUEST_INVALID, tested((mcapi_request_t)mrand48()));
    nodes_end();
}

static void a_released_request_stays_none(void)
{
    static mcapi_request_t stale[2 * MCA_MAX_REQUESTS];

    nodes_begin(0);
    for (int i = 0; i < 2 * MCA_MAX_REQUESTS; i++) {
        stale[i] = unfinished(7);
        expect(MCAPI_SUCCESS, mcapi_cancel(&stale[i], &status));
    }
    for (int i = 0; i < MCA_MAX_REQUESTS; i++)
        unfinished(7);
    for (int i = 0; i < 2 * MCA_MAX_REQUESTS; i++)
        expect_no_request(stale[i]);
    nodes_end();
}

static void a_request_of_an_earlier_life_is_none(void)
{
    mcapi_request_t request;

    nodes_begin(0);
    request = unfinished(7);
    nodes_end();
    nodes_begin(0);
    expect_no_request(request);
    for (int i = 0; i < MCA_MAX_REQUESTS; i++)
        unfinished(7);
    expect_no_request(request);
    nodes_end();
}

static void a_request_of_another_node_is_none_of_ours(void)
{
    struct call call = { .timeout = MCAPI_TIMEOUT_INFINITE };

    nodes_begin(1);
    call.request = unfinished(7);
    at(peer(0), do_test, &call);
    expect_status(MCAPI_ERR_REQUEST_INVALID, call.status);
    at(peer(0), do_wait, &call);
    expect_status(MCAPI_ERR_REQUEST_INVALID, call.status);
    at(peer(0), do_cancel, &call);
    expect_status(MCAPI_ERR_REQUEST_INVALID, call.status);
    expect_status(MCAPI_PENDING, tested(call.request));
    nodes_end();
}

static void requests_need_a_node(void)
{
    mcapi_request_t request = 0;

    nodes_begin_bare(0);
    expect_status(MCAPI_ERR_NODE_NOTINIT, tested(request));
    expect_status(MCAPI_ERR_NODE_NOTINIT, waited(request, MCAPI_TIMEOUT_INFINITE));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_cancel(&request, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_test(NULL, NULL, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_wait(NULL, NULL, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_cancel(NULL, &status));
    nodes_end();
}

static void requests_need_their_address(void)
{
    size_t size;

    nodes_begin(0);
    expect(MCAPI_ERR_PARAMETER, expect_true(mcapi_test(NULL, &size, &status)));
    expect(MCAPI_ERR_PARAMETER, expect_true(mcapi_wait(NULL, &size, 0, &status)));
    expect(MCAPI_ERR_PARAMETER, mcapi_cancel(NULL, &status));
    nodes_end();
}

static void without_a_status_nothing_happens(void)
{
    mcapi_request_t request;
    size_t size = 99;

    nodes_begin(0);
    request = unfinished(7);
    complete(7);
    mcapi_test(&request, &size, NULL);
    mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, NULL);
    mcapi_wait_any(1, &request, &size, MCAPI_TIMEOUT_INFINITE, NULL);
    expect_equal(99, size);
    expect_status(MCAPI_SUCCESS, waited(request, 0));
    request = unfinished(8);
    mcapi_cancel(&request, NULL);
    mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, NULL);
    expect_status(MCAPI_PENDING, tested(request));
    nodes_end();
}

static void a_finalize_ends_a_wait(void)
{
    struct call call = { .timeout = MCAPI_TIMEOUT_INFINITE };

    nodes_begin(1);
    call.request = unfinished(7);
    begin(peer(0), do_wait, &call);
    expect_true(stays_blocked(peer(0)));
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
    finish(peer(0), &call);
    expect_status(MCAPI_ERR_NODE_NOTINIT, call.status);
    expect_equal(MCAPI_TRUE, call.truth);
    nodes_end();
}

static const struct test tests[] = {
    TEST(a_cancel_ends_what_is_unfinished, ALONE, "9.28 9.20"),
    TEST(a_cancel_of_what_is_over_is_refused, ALONE, "9.31"),
    TEST(a_cancel_wakes_who_waits, IN_ONE_NODE, "9.29 9.20"),
    TEST(a_cancelled_receive_takes_nothing, ALONE, "9.30"),
    TEST(a_cancel_may_meet_a_packet, ANYWHERE, "9.30 9.31"),
    TEST(the_second_of_two_waiters_is_refused, IN_ONE_NODE, "9.27"),
    TEST(a_waiter_that_has_given_up_is_none, IN_ONE_NODE, "9.27 9.17"),
    TEST(all_requests_may_be_unfinished, ALONE, "9.25 9.24 9.18"),
    TEST(a_call_without_a_free_request_has_done_nothing, ALONE, "9.25 9.26"),
    TEST(what_else_is_wrong_is_said_before_the_limit, ALONE, "9.54"),
    TEST(a_program_may_test_and_never_wait, ALONE, "9.22"),
    TEST(tested_requests_give_way_oldest_first_and_only_when_they_must, ALONE,
         "9.23 9.24 9.21"),
    TEST(what_never_was_a_request_is_none, ALONE, "9.49 9.31"),
    TEST(a_released_request_stays_none, ALONE, "9.50 9.20 9.31"),
    TEST(a_request_of_an_earlier_life_is_none, ALONE, "9.50"),
    TEST(a_request_of_another_node_is_none_of_ours, BETWEEN_NODES, "9.51"),
    TEST(requests_need_a_node, ALONE, "9.48 9.8 9.11"),
    TEST(requests_need_their_address, ALONE, "9.53"),
    TEST(without_a_status_nothing_happens, ALONE, "9.52"),
    TEST(a_finalize_ends_a_wait, IN_ONE_NODE, "9.55"),
};

CHAPTER(request_slots, tests);
