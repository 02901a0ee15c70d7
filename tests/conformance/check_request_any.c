/* SPDX-License-Identifier: MIT */
/*
 * check_request_any.c - section 9: waiting for any of several operations.
 */
#include "harness.h"
#include "requests.h"

enum { SEVERAL = 4 };

/* Several unfinished gets, of the ports 10, 11, ...; and pointers to them. */
static mcapi_request_t requests[SEVERAL], *pointers[SEVERAL];

static void some_are_unfinished(void)
{
    for (int i = 0; i < SEVERAL; i++) {
        requests[i] = unfinished(10 + i);
        pointers[i] = &requests[i];
    }
}

static void all_are_unfinished_but(int finished)
{
    for (int i = 0; i < SEVERAL; i++)
        if (i != finished)
            expect_status(MCAPI_PENDING, tested(requests[i]));
}

static void any_of_an_array_is_found(void)
{
    mcapi_uint_t which;
    size_t size;

    for (int i = 0; i < SEVERAL; i++) {
        nodes_begin(0);
        some_are_unfinished();
        complete(10 + i);
        expect(MCAPI_SUCCESS, which = mcapi_wait_any(SEVERAL, requests, &size,
                                                     MCAPI_TIMEOUT_INFINITE, &status));
        expect_equal(i, which);
        expect_status(MCAPI_ERR_REQUEST_INVALID, tested(requests[i]));
        all_are_unfinished_but(i);
        nodes_end();
    }
}

static void any_of_an_array_of_pointers_is_found(void)
{
    mcapi_uint_t which;
    size_t size;

    nodes_begin(0);
    some_are_unfinished();
    complete(12);
    expect(MCAPI_SUCCESS,
           which = mcapi_wait_any(SEVERAL, pointers, &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect_equal(2, which);
    expect_status(MCAPI_ERR_REQUEST_INVALID, tested(requests[2]));
    all_are_unfinished_but(2);
    expect(MCAPI_ERR_REQUEST_INVALID,
           which = mcapi_wait_any(SEVERAL, pointers, &size, 0, &status));
    expect_equal(MCAPI_RETURN_VALUE_INVALID, which);
    pointers[2] = pointers[3];
    complete(13);
    expect(MCAPI_SUCCESS, which = mcapi_wait_any(3, pointers, &size, 0, &status));
    expect_equal(2, which);
    nodes_end();
}

static void any_of_one_is_that_one(void)
{
    mcapi_uint_t which;
    size_t size;

    nodes_begin(0);
    some_are_unfinished();
    complete(10);
    expect(MCAPI_SUCCESS,
           which = mcapi_wait_any(1, requests, &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect_equal(0, which);
    nodes_end();
}

static void any_of_as_many_as_there_can_be_is_found(void)
{
    static mcapi_request_t request[MCA_MAX_REQUESTS];
    mcapi_uint_t which;
    size_t size;

    nodes_begin(0);
    for (int i = 0; i < MCA_MAX_REQUESTS - 1; i++)
        request[i] = unfinished(7);
    request[MCA_MAX_REQUESTS - 1] = unfinished(8);
    expect(MCAPI_TIMEOUT, mcapi_wait_any(MCA_MAX_REQUESTS, request, &size, 0, &status));
    complete(8);
    expect(MCAPI_SUCCESS,
           which = mcapi_wait_any(MCA_MAX_REQUESTS, request, &size, 10, &status));
    expect_equal(MCA_MAX_REQUESTS - 1, which);
    nodes_end();
}

/* --- Fairness --------------------------------------------------------------------- */

/* Every channel has a packet each time, and none is forgotten. */
static void any_gives_each_its_turn(void)
{
    enum { ROUNDS = 40 };
    struct channel channel[SEVERAL];
    int turns[SEVERAL] = { 0 };
    void *packet[SEVERAL];
    mcapi_uint_t which;
    size_t size;

    nodes_begin(0);
    for (int i = 0; i < SEVERAL; i++) {
        channel[i] = packets_open(NULL, NULL);
        for (int j = 0; j < ROUNDS; j++)
            expect(MCAPI_SUCCESS, mcapi_pktchan_send(channel[i].send, "x", 1, &status));
        expect(MCAPI_SUCCESS,
               mcapi_pktchan_recv_i(channel[i].recv, &packet[i], &requests[i], &status));
    }
    for (int i = 0; i < ROUNDS; i++) {
        expect(MCAPI_SUCCESS, which = mcapi_wait_any(SEVERAL, requests, &size,
                                                     MCAPI_TIMEOUT_INFINITE, &status));
        expect_true(which < SEVERAL);
        turns[which]++;
        expect(MCAPI_SUCCESS, mcapi_pktchan_release(packet[which], &status));
        expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(channel[which].recv, &packet[which],
                                                   &requests[which], &status));
    }
    for (int i = 0; i < SEVERAL; i++)
        expect_true(turns[i] >= ROUNDS / SEVERAL / 2);
    nodes_end();
}

/* --- Time ------------------------------------------------------------------------- */

static void any_gives_up_at_its_timeout_and_leaves_all_as_they_were(void)
{
    static const mcapi_timeout_t timeouts[] = { MCAPI_TIMEOUT_IMMEDIATE, 1, 100 };
    mcapi_uint_t which;
    size_t size;

    nodes_begin(0);
    some_are_unfinished();
    for (int i = 0; i < 3; i++) {
        int64_t began = now_ms();

        expect(MCAPI_TIMEOUT,
               which = mcapi_wait_any(SEVERAL, requests, &size, timeouts[i], &status));
        expect_equal(MCAPI_RETURN_VALUE_INVALID, which);
        expect_true(now_ms() - began >= timeouts[i]);
        expect(MCAPI_TIMEOUT,
               which = mcapi_wait_any(SEVERAL, pointers, &size, timeouts[i], &status));
        expect_equal(MCAPI_RETURN_VALUE_INVALID, which);
    }
    all_are_unfinished_but(-1);
    complete(11);
    expect_status(MCAPI_SUCCESS, waited(requests[1], 0));
    nodes_end();
}

/* A peer waits for any of two endpoints of ours. */
static void peer_waits_for_any(struct call *call)
{
    mcapi_request_t two[2];

    for (int i = 0; i < 2; i++) {
        struct call get = { .domain = DOMAIN, .node = OWN_NODE, .port = 10 + i };

        at(peer(0), do_get_i, &get);
        expect_status(MCAPI_SUCCESS, get.status);
        two[i] = get.request;
    }
    any_of(call, two, 2);
    begin(peer(0), do_any, call);
    expect_true(stays_blocked(peer(0)));
}

static void any_ends_when_another_makes_one_finish(void)
{
    struct call call = { .timeout = MCAPI_TIMEOUT_INFINITE };

    nodes_begin(1);
    peer_waits_for_any(&call);
    complete(11);
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_equal(1, call.number);
    nodes_end();
}

static void a_signal_does_not_end_a_wait_for_any(void)
{
    struct call call = { .timeout = MCAPI_TIMEOUT_INFINITE };

    nodes_begin(1);
    peer_waits_for_any(&call);
    for (int i = 0; i < 3; i++) {
        interrupt(peer(0));
        expect_true(stays_blocked(peer(0)));
    }
    complete(10);
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_equal(0, call.number);
    nodes_end();
}

static void any_ends_when_a_packet_comes(void)
{
    struct channel channel;
    struct call call = { .bytes = "packet", .size = 7 };
    mcapi_uint_t which;
    void *packet = NULL;
    size_t size = 0;

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    some_are_unfinished();
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(channel.recv, &packet, &requests[2], &status));
    call.endpoint = channel.send;
    begin(peer(0), do_pkt_send, &call);
    expect(MCAPI_SUCCESS,
           which = mcapi_wait_any(SEVERAL, requests, &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect_equal(2, which);
    expect_equal(7, size);
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(packet, &status));
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    nodes_end();
}

/* --- Errors ----------------------------------------------------------------------- */

static void any_tells_which_has_failed_and_how(void)
{
    struct channel channel;
    struct call call = { 0 };
    mcapi_uint_t which;
    void *packet;
    size_t size;

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    some_are_unfinished();
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(channel.recv, &packet, &requests[1], &status));
    call.endpoint = channel.send;
    at(peer(0), do_pkt_close_send, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect(MCAPI_ERR_CHAN_INVALID,
           which = mcapi_wait_any(SEVERAL, requests, &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect_equal(1, which);
    all_are_unfinished_but(1);
    nodes_end();
}

static void any_finds_the_request_of_a_refused_call(void)
{
    mcapi_uint_t which;
    size_t size;

    nodes_begin(0);
    some_are_unfinished();
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send_i(0, "x", 1, &requests[3], &status));
    expect(MCAPI_ERR_CHAN_INVALID,
           which = mcapi_wait_any(SEVERAL, requests, &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect_equal(3, which);
    all_are_unfinished_but(3);
    nodes_end();
}

static void any_needs_its_requests_and_a_size(void)
{
    mcapi_uint_t which;
    struct channel channel;
    void *packet;
    size_t size;

    nodes_begin(0);
    some_are_unfinished();
    channel = packets_open(NULL, NULL);
    expect(MCAPI_ERR_PARAMETER, which = mcapi_wait_any(0, requests, &size, 0, &status));
    expect_equal(MCAPI_RETURN_VALUE_INVALID, which);
    expect(MCAPI_ERR_PARAMETER,
           which = mcapi_wait_any(1, (mcapi_request_t *)NULL, &size, 0, &status));
    expect_equal(MCAPI_RETURN_VALUE_INVALID, which);
    expect(MCAPI_ERR_PARAMETER,
           which = mcapi_wait_any(1, (mcapi_request_t **)NULL, &size, 0, &status));
    expect_equal(MCAPI_RETURN_VALUE_INVALID, which);
    pointers[2] = NULL;
    expect(MCAPI_ERR_PARAMETER, which = mcapi_wait_any(SEVERAL, pointers, &size, 0, &status));
    expect_equal(MCAPI_RETURN_VALUE_INVALID, which);
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(channel.recv, &packet, &requests[0], &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_send(channel.send, "x", 1, &status));
    expect(MCAPI_ERR_PARAMETER, which = mcapi_wait_any(1, requests, NULL, 0, &status));
    expect_equal(MCAPI_RETURN_VALUE_INVALID, which);
    expect_status(MCAPI_SUCCESS, tested(requests[0]));
    all_are_unfinished_but(0);
    nodes_end();
}

static void any_refuses_what_is_no_request(void)
{
    static const mcapi_request_t wrong[] = { 0, 1, 42, ~0u, 0xdeadbeef, 0x80000000 };
    mcapi_uint_t which;
    size_t size;

    nodes_begin(0);
    some_are_unfinished();
    expect(MCAPI_SUCCESS, mcapi_cancel(&requests[1], &status));
    expect(MCAPI_ERR_REQUEST_INVALID,
           which = mcapi_wait_any(SEVERAL, requests, &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect_equal(MCAPI_RETURN_VALUE_INVALID, which);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        requests[1] = wrong[i];
        expect(MCAPI_ERR_REQUEST_INVALID,
               which = mcapi_wait_any(SEVERAL, requests, &size, MCAPI_INFINITE, &status));
        expect_equal(MCAPI_RETURN_VALUE_INVALID, which);
    }
    all_are_unfinished_but(1);
    nodes_end();
}

static void any_without_a_node_is_refused(void)
{
    mcapi_request_t request = 0;
    mcapi_uint_t which;
    size_t size;

    nodes_begin_bare(0);
    expect(MCAPI_ERR_NODE_NOTINIT, which = mcapi_wait_any(1, &request, &size, 0, &status));
    expect_equal(MCAPI_RETURN_VALUE_INVALID, which);
    nodes_end();
}

/* --- Cancel ----------------------------------------------------------------------- */

static void a_cancel_wakes_who_waits_for_any(void)
{
    struct call call = { .timeout = MCAPI_TIMEOUT_INFINITE };

    nodes_begin(1);
    some_are_unfinished();
    any_of(&call, requests, SEVERAL);
    begin(peer(0), do_any, &call);
    expect_true(stays_blocked(peer(0)));
    expect(MCAPI_SUCCESS, mcapi_cancel(&requests[2], &status));
    finish(peer(0), &call);
    expect_status(MCAPI_ERR_REQUEST_CANCELLED, call.status);
    all_are_unfinished_but(2);
    nodes_end();
}

static const struct test tests[] = {
    TEST(any_of_an_array_is_found, ALONE, "9.36 9.19"),
    TEST(any_of_an_array_of_pointers_is_found, ALONE, "9.37 9.19 9.40"),
    TEST(any_of_one_is_that_one, ALONE, "9.36"),
    TEST(any_of_as_many_as_there_can_be_is_found, ALONE, "9.36 9.39"),
    TEST(any_gives_each_its_turn, ALONE, "9.38"),
    TEST(any_gives_up_at_its_timeout_and_leaves_all_as_they_were, ALONE, "9.39"),
    TEST(any_ends_when_another_makes_one_finish, ANYWHERE, "9.42"),
    TEST(a_signal_does_not_end_a_wait_for_any, ANYWHERE, "9.42"),
    TEST(any_ends_when_a_packet_comes, ANYWHERE, "9.42 9.35"),
    TEST(any_tells_which_has_failed_and_how, ANYWHERE, "9.41"),
    TEST(any_finds_the_request_of_a_refused_call, ALONE, "9.4 9.41"),
    TEST(any_needs_its_requests_and_a_size, ALONE, "9.40 9.33 9.53"),
    TEST(any_refuses_what_is_no_request, ALONE, "9.40 9.49"),
    TEST(any_without_a_node_is_refused, ALONE, "9.48 9.40"),
    TEST(a_cancel_wakes_who_waits_for_any, IN_ONE_NODE, "9.29"),
};

CHAPTER(request_any, tests);
