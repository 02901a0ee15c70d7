/* SPDX-License-Identifier: MIT */
/*
 * check_request.c - section 9: what an _i call answers, test, wait, and the size.
 */
#include "harness.h"
#include "requests.h"

/* --- What an _i call answers ------------------------------------------------------ */

static void accepted_calls_say_success_before_they_have_finished(void)
{
    mcapi_endpoint_t endpoint[4], found;
    mcapi_request_t request;
    void *packet;

    nodes_begin(0);
    for (int i = 0; i < 4; i++)
        expect(MCAPI_SUCCESS, endpoint[i] = mcapi_endpoint_create(10 + i, &status));
    expect(MCAPI_SUCCESS,
           mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 20, &found, &request, &status));
    expect_status(MCAPI_PENDING, tested(request));
    expect(MCAPI_SUCCESS,
           mcapi_pktchan_recv_open_i(&endpoint[0], endpoint[0], &request, &status));
    expect_status(MCAPI_PENDING, tested(request));
    expect(MCAPI_SUCCESS,
           mcapi_pktchan_send_open_i(&endpoint[1], endpoint[1], &request, &status));
    expect_status(MCAPI_PENDING, tested(request));
    expect(MCAPI_SUCCESS,
           mcapi_sclchan_recv_open_i(&endpoint[2], endpoint[2], &request, &status));
    expect_status(MCAPI_PENDING, tested(request));
    expect(MCAPI_SUCCESS,
           mcapi_sclchan_send_open_i(&endpoint[3], endpoint[3], &request, &status));
    expect_status(MCAPI_PENDING, tested(request));
    expect(MCAPI_SUCCESS, mcapi_pktchan_connect_i(endpoint[1], endpoint[0], &request, &status));
    expect_status(MCAPI_SUCCESS, waited(request, MCAPI_TIMEOUT_INFINITE));
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(endpoint[0], &packet, &request, &status));
    expect_status(MCAPI_PENDING, tested(request));
    nodes_end();
}

static void accepted_closes_say_success_before_they_have_finished(void)
{
    struct channel packets, scalars;
    struct call call = { 0 };
    mcapi_request_t packets_over, scalars_over;

    nodes_begin(1);
    packets = packets_open(NULL, peer(0));
    scalars = scalars_open(peer(0), NULL);
    expect(MCAPI_SUCCESS, mcapi_pktchan_send_close_i(packets.send, &packets_over, &status));
    expect_status(MCAPI_PENDING, tested(packets_over));
    expect(MCAPI_SUCCESS, mcapi_sclchan_recv_close_i(scalars.recv, &scalars_over, &status));
    expect_status(MCAPI_PENDING, tested(scalars_over));
    call.endpoint = packets.recv;
    at(peer(0), do_pkt_close_recv, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_status(MCAPI_SUCCESS, waited(packets_over, MCAPI_TIMEOUT_INFINITE));
    call.endpoint = scalars.send;
    at(peer(0), do_scl_close_send, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_status(MCAPI_SUCCESS, waited(scalars_over, MCAPI_TIMEOUT_INFINITE));
    nodes_end();
}

static void accepted_calls_say_success_when_they_have_finished(void)
{
    mcapi_endpoint_t endpoint[2], found = 0;
    mcapi_request_t request[6];
    void *packet = NULL;

    nodes_begin(0);
    for (int i = 0; i < 2; i++)
        expect(MCAPI_SUCCESS, endpoint[i] = mcapi_endpoint_create(10 + i, &status));
    expect(MCAPI_SUCCESS,
           mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 10, &found, &request[0], &status));
    expect(MCAPI_SUCCESS,
           mcapi_pktchan_connect_i(endpoint[0], endpoint[1], &request[1], &status));
    expect(MCAPI_SUCCESS,
           mcapi_pktchan_send_open_i(&endpoint[0], endpoint[0], &request[2], &status));
    expect(MCAPI_SUCCESS,
           mcapi_pktchan_recv_open_i(&endpoint[1], endpoint[1], &request[3], &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_send_i(endpoint[0], "x", 1, &request[4], &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(endpoint[1], &packet, &request[5], &status));
    for (int i = 0; i < 6; i++)
        expect_status(MCAPI_SUCCESS, waited(request[i], MCAPI_TIMEOUT_INFINITE));
    expect_equal(endpoint[0], found);
    expect_equal('x', *(char *)packet);
    nodes_end();
}

/* --- Refused calls ---------------------------------------------------------------- */

static void expect_refused(mcapi_status_t error, mcapi_request_t request)
{
    size_t size;

    for (int i = 0; i < 3; i++)
        expect_status(error, tested(request));
    expect(error, expect_equal(0, mcapi_wait_any(1, &request, &size, MCAPI_INFINITE, &status)));
}

#define refuse(error, call)                                              \
    do {                                                                 \
        mcapi_request_t request = 0;                                     \
        expect((error), call);                                           \
        expect_refused((error), request);                                \
        expect((error), call);                                           \
        expect_status((error), waited(request, MCAPI_TIMEOUT_INFINITE)); \
    } while (0)

static void a_refused_call_leaves_a_request_with_its_error(void)
{
    mcapi_endpoint_t endpoint, found;
    char text[4];
    void *packet;

    nodes_begin(0);
    expect(MCAPI_SUCCESS, endpoint = mcapi_create_anonymous_endpoint(&status));
    refuse(MCAPI_ERR_PORT_INVALID, mcapi_endpoint_get_i(DOMAIN, OWN_NODE, MCAPI_MAX_PORT + 1,
                                                        &found, &request, &status));
    refuse(MCAPI_ERR_PARAMETER,
           mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 1, NULL, &request, &status));
    refuse(MCAPI_ERR_ENDP_INVALID, mcapi_pktchan_connect_i(0, endpoint, &request, &status));
    refuse(MCAPI_ERR_ENDP_INVALID, mcapi_sclchan_connect_i(endpoint, 0, &request, &status));
    refuse(MCAPI_ERR_ENDP_INVALID, mcapi_pktchan_recv_open_i(&found, 0, &request, &status));
    refuse(MCAPI_ERR_ENDP_INVALID, mcapi_pktchan_send_open_i(&found, 0, &request, &status));
    refuse(MCAPI_ERR_ENDP_INVALID, mcapi_sclchan_recv_open_i(&found, 0, &request, &status));
    refuse(MCAPI_ERR_ENDP_INVALID, mcapi_sclchan_send_open_i(&found, 0, &request, &status));
    refuse(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send_i(0, "x", 1, &request, &status));
    refuse(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_recv_i(0, &packet, &request, &status));
    refuse(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_recv_close_i(0, &request, &status));
    refuse(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send_close_i(0, &request, &status));
    refuse(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_recv_close_i(0, &request, &status));
    refuse(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_send_close_i(0, &request, &status));
    refuse(MCAPI_ERR_ENDP_INVALID, mcapi_msg_send_i(0, endpoint, "x", 1, 0, &request, &status));
    refuse(MCAPI_ERR_ENDP_INVALID, mcapi_msg_recv_i(0, text, sizeof text, &request, &status));
    nodes_end();
}

static void refused_calls_take_no_slots(void)
{
    static mcapi_request_t request[MCA_MAX_REQUESTS];
    mcapi_request_t refused;

    nodes_begin(0);
    for (int i = 0; i < 3 * MCA_MAX_REQUESTS; i++)
        expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send_i(0, "x", 1, &refused, &status));
    for (int i = 0; i < MCA_MAX_REQUESTS; i++)
        request[i] = unfinished(7);
    for (int i = 0; i < MCA_MAX_REQUESTS; i++)
        expect_status(MCAPI_PENDING, tested(request[i]));
    nodes_end();
}

static void a_loop_over_test_ends_whatever_comes(void)
{
    mcapi_request_t request, nothing = 0;
    mcapi_status_t status = UNTOUCHED;
    size_t size;

    nodes_begin(0);
    mcapi_pktchan_send_i(0, "x", 1, &request, &status);
    while (!mcapi_test(&request, &size, &status)) {
    }
    expect_status(MCAPI_ERR_CHAN_INVALID, status);
    request = unfinished(7);
    expect(MCAPI_SUCCESS, mcapi_cancel(&request, &status));
    while (!mcapi_test(&request, &size, &status)) {
    }
    expect_status(MCAPI_ERR_REQUEST_INVALID, status);
    while (!mcapi_test(&nothing, &size, &status)) {
    }
    expect_status(MCAPI_ERR_REQUEST_INVALID, status);
    nodes_end();
    while (!mcapi_test(&request, &size, &status)) {
    }
    expect_status(MCAPI_ERR_NODE_NOTINIT, status);
}

/* --- Test and wait ---------------------------------------------------------------- */

static void test_and_wait_tell_finished_from_unfinished(void)
{
    mcapi_request_t request;

    nodes_begin(0);
    request = unfinished(7);
    expect_status(MCAPI_PENDING, tested(request));
    expect_status(MCAPI_TIMEOUT, waited(request, MCAPI_TIMEOUT_IMMEDIATE));
    expect_status(MCAPI_TIMEOUT, waited(request, 10));
    expect_status(MCAPI_PENDING, tested(request));
    complete(7);
    expect_status(MCAPI_SUCCESS, tested(request));
    expect_status(MCAPI_SUCCESS, tested(request));
    expect_status(MCAPI_SUCCESS, waited(request, MCAPI_TIMEOUT_IMMEDIATE));
    expect_status(MCAPI_ERR_REQUEST_INVALID, tested(request));
    expect_status(MCAPI_ERR_REQUEST_INVALID, waited(request, MCAPI_TIMEOUT_INFINITE));
    nodes_end();
}

/* The sender closes, which ends a receive with an error. */
static void test_and_wait_tell_how_an_operation_has_failed(void)
{
    struct channel channel;
    struct call call = { 0 };
    mcapi_request_t request[2];
    void *packet;

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    for (int i = 0; i < 2; i++)
        expect(MCAPI_SUCCESS,
               mcapi_pktchan_recv_i(channel.recv, &packet, &request[i], &status));
    expect_status(MCAPI_PENDING, tested(request[0]));
    call.endpoint = channel.send;
    at(peer(0), do_pkt_close_send, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_true(eventually(tested(request[0]) != MCAPI_PENDING));
    expect_status(MCAPI_ERR_CHAN_INVALID, tested(request[0]));
    expect_status(MCAPI_ERR_CHAN_INVALID, waited(request[1], MCAPI_TIMEOUT_INFINITE));
    nodes_end();
}

static void a_wait_lasts_as_long_as_its_timeout(void)
{
    struct call call = { .timeout = 100 };

    nodes_begin(0);
    call.request = unfinished(7);
    do_wait_long(&call);
    expect_status(MCAPI_TIMEOUT, call.status);
    expect_true(call.word >= 100);
    expect_status(MCAPI_PENDING, tested(call.request));
    complete(7);
    expect_status(MCAPI_SUCCESS, waited(call.request, 0));
    nodes_end();
}

/* A peer waits for an endpoint of ours. */
static struct call peer_waits(mcapi_timeout_t timeout)
{
    struct call call = { .domain = DOMAIN, .node = OWN_NODE, .port = 7 };

    at(peer(0), do_get_i, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    call.timeout = timeout;
    begin(peer(0), do_wait_long, &call);
    return call;
}

static void a_wait_ends_when_another_makes_its_operation_finish(void)
{
    struct call call;

    nodes_begin(1);
    call = peer_waits(MCAPI_TIMEOUT_INFINITE);
    expect_true(stays_blocked(peer(0)));
    complete(7);
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_equal(MCAPI_TRUE, call.truth);
    at(peer(0), do_test, &call);
    expect_status(MCAPI_ERR_REQUEST_INVALID, call.status);
    nodes_end();
}

static void a_wait_ends_when_a_packet_comes(void)
{
    struct channel channel;
    mcapi_request_t request;
    struct call call = { .bytes = "packet", .size = 7 };
    mcapi_status_t ended = UNTOUCHED;
    size_t size = 0;
    void *packet = NULL;

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(channel.recv, &packet, &request, &status));
    call.endpoint = channel.send;
    begin(peer(0), do_pkt_send, &call);
    expect_equal(MCAPI_TRUE, mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, &ended));
    expect_status(MCAPI_SUCCESS, ended);
    expect_equal(7, size);
    expect_equal('p', *(char *)packet);
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(packet, &status));
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    nodes_end();
}

static void a_signal_does_not_end_a_wait(void)
{
    struct call call;

    nodes_begin(1);
    call = peer_waits(MCAPI_TIMEOUT_INFINITE);
    for (int i = 0; i < 3; i++) {
        interrupt(peer(0));
        expect_true(stays_blocked(peer(0)));
    }
    complete(7);
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    nodes_end();
}

static void a_signal_does_not_shorten_a_wait(void)
{
    struct call call;

    nodes_begin(1);
    call = peer_waits(300);
    for (int i = 0; i < 3; i++) {
        interrupt(peer(0));
        stays_blocked(peer(0));
    }
    finish(peer(0), &call);
    expect_status(MCAPI_TIMEOUT, call.status);
    expect_true(call.word >= 300);
    at(peer(0), do_test, &call);
    expect_status(MCAPI_PENDING, call.status);
    nodes_end();
}

/* --- The size --------------------------------------------------------------------- */

static void the_size_is_that_of_what_was_sent_or_received(void)
{
    struct channel channel;
    mcapi_request_t request[3];
    size_t size = 99;
    void *packet;

    nodes_begin(0);
    channel = packets_open(NULL, NULL);
    for (int i = 0; i < 3; i++)
        expect(MCAPI_SUCCESS,
               mcapi_pktchan_send_i(channel.send, "abc", 3, &request[i], &status));
    expect(MCAPI_SUCCESS, mcapi_test(&request[0], &size, &status));
    expect_equal(3, size);
    size = 99;
    expect(MCAPI_SUCCESS, mcapi_wait(&request[1], &size, 0, &status));
    expect_equal(3, size);
    size = 99;
    expect(MCAPI_SUCCESS, mcapi_wait_any(1, &request[2], &size, 0, &status));
    expect_equal(3, size);
    for (int i = 0; i < 3; i++) {
        size = 99;
        expect(MCAPI_SUCCESS,
               mcapi_pktchan_recv_i(channel.recv, &packet, &request[i], &status));
        if (i == 0)
            expect(MCAPI_SUCCESS, mcapi_test(&request[i], &size, &status));
        else if (i == 1)
            expect(MCAPI_SUCCESS, mcapi_wait(&request[i], &size, 0, &status));
        else
            expect(MCAPI_SUCCESS, mcapi_wait_any(1, &request[i], &size, 0, &status));
        expect_equal(3, size);
        expect(MCAPI_SUCCESS, mcapi_pktchan_release(packet, &status));
    }
    nodes_end();
}

static void the_size_may_be_left_out_where_there_is_none(void)
{
    struct channel channel;
    mcapi_endpoint_t sender, receiver;
    mcapi_request_t request;

    nodes_begin(0);
    request = unfinished(7);
    expect(MCAPI_PENDING, mcapi_test(&request, NULL, &status));
    expect(MCAPI_TIMEOUT, mcapi_wait(&request, NULL, 0, &status));
    complete(7);
    expect(MCAPI_SUCCESS, mcapi_test(&request, NULL, &status));
    expect(MCAPI_SUCCESS, mcapi_wait(&request, NULL, 0, &status));
    expect(MCAPI_SUCCESS, sender = mcapi_create_anonymous_endpoint(&status));
    expect(MCAPI_SUCCESS, receiver = mcapi_create_anonymous_endpoint(&status));
    expect(MCAPI_SUCCESS, mcapi_sclchan_send_open_i(&sender, sender, &request, &status));
    expect(MCAPI_PENDING, mcapi_test(&request, NULL, &status));
    expect(MCAPI_SUCCESS, mcapi_cancel(&request, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_connect_i(sender, receiver, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_wait(&request, NULL, MCAPI_TIMEOUT_INFINITE, &status));
    channel = packets_open(NULL, NULL);
    expect(MCAPI_SUCCESS, mcapi_pktchan_send_close_i(channel.send, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_wait(&request, NULL, MCAPI_TIMEOUT_INFINITE, &status));
    nodes_end();
}

static void the_size_is_needed_where_there_is_one(void)
{
    struct channel channel;
    mcapi_request_t request[2];
    void *packet[2];

    nodes_begin(0);
    channel = packets_open(NULL, NULL);
    for (int i = 0; i < 2; i++)
        expect(MCAPI_SUCCESS,
               mcapi_pktchan_recv_i(channel.recv, &packet[i], &request[i], &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_test(&request[0], NULL, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_wait(&request[0], NULL, 0, &status));
    expect(MCAPI_ERR_PARAMETER, expect_equal(MCAPI_RETURN_VALUE_INVALID,
                                             mcapi_wait_any(2, request, NULL, 0, &status)));
    expect_status(MCAPI_PENDING, tested(request[0]));
    for (int i = 0; i < 2; i++)
        expect(MCAPI_SUCCESS, mcapi_pktchan_send(channel.send, "abc", 3, &status));
    expect(MCAPI_ERR_PARAMETER, expect_true(mcapi_test(&request[0], NULL, &status)));
    expect(MCAPI_ERR_PARAMETER, expect_true(mcapi_wait(&request[1], NULL, 0, &status)));
    for (int i = 0; i < 2; i++)
        expect_status(MCAPI_SUCCESS, waited(request[i], MCAPI_TIMEOUT_INFINITE));
    expect(MCAPI_SUCCESS, mcapi_pktchan_send_i(channel.send, "abc", 3, &request[0], &status));
    expect(MCAPI_ERR_PARAMETER, expect_true(mcapi_test(&request[0], NULL, &status)));
    expect(MCAPI_ERR_PARAMETER, expect_true(mcapi_wait(&request[0], NULL, 0, &status)));
    expect_status(MCAPI_SUCCESS, waited(request[0], 0));
    nodes_end();
}

static void the_size_is_needed_for_what_is_no_request(void)
{
    mcapi_request_t nothing = 0, released;

    nodes_begin(0);
    released = unfinished(7);
    expect(MCAPI_SUCCESS, mcapi_cancel(&released, &status));
    expect(MCAPI_ERR_PARAMETER, expect_true(mcapi_test(&nothing, NULL, &status)));
    expect(MCAPI_ERR_PARAMETER, expect_true(mcapi_wait(&nothing, NULL, 0, &status)));
    expect(MCAPI_ERR_PARAMETER, expect_true(mcapi_test(&released, NULL, &status)));
    expect(MCAPI_ERR_PARAMETER, expect_true(mcapi_wait(&released, NULL, 0, &status)));
    nodes_end();
}

/* --- Progress --------------------------------------------------------------------- */

/* We post receives and then make no call at all until the peer has come back from all of its
 * sends. */
static void a_sender_needs_no_call_of_who_has_posted_a_receive(void)
{
    enum { PACKETS = 4 };
    struct channel channel;
    mcapi_request_t request[PACKETS];
    struct call call = { .bytes = "packet", .size = 7 };
    void *packet[PACKETS];

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    call.endpoint = channel.send;
    for (int i = 0; i < PACKETS; i++)
        expect(MCAPI_SUCCESS,
               mcapi_pktchan_recv_i(channel.recv, &packet[i], &request[i], &status));
    for (int i = 0; i < PACKETS; i++) {
        at(peer(0), do_pkt_send, &call);
        expect_status(MCAPI_SUCCESS, call.status);
    }
    for (int i = 0; i < PACKETS; i++)
        expect_status(MCAPI_SUCCESS, waited(request[i], MCAPI_TIMEOUT_INFINITE));
    nodes_end();
}

static const struct test tests[] = {
    TEST(accepted_calls_say_success_before_they_have_finished, ALONE, "9.1 9.6"),
    TEST(accepted_closes_say_success_before_they_have_finished, BETWEEN_NODES, "9.1 9.6"),
    TEST(accepted_calls_say_success_when_they_have_finished, ALONE, "9.2 9.10"),
    TEST(a_refused_call_leaves_a_request_with_its_error, ALONE, "9.3 9.4 9.41"),
    TEST(refused_calls_take_no_slots, ALONE, "9.5 9.24"),
    TEST(a_loop_over_test_ends_whatever_comes, ALONE, "9.12 9.8"),
    TEST(test_and_wait_tell_finished_from_unfinished, ALONE,
         "9.6 9.7 9.9 9.10 9.11 9.13 9.17 9.18 9.21"),
    TEST(test_and_wait_tell_how_an_operation_has_failed, ANYWHERE, "9.7 9.10"),
    TEST(a_wait_lasts_as_long_as_its_timeout, ALONE, "9.9 9.14 9.17"),
    TEST(a_wait_ends_when_another_makes_its_operation_finish, ANYWHERE, "9.15 9.18"),
    TEST(a_wait_ends_when_a_packet_comes, ANYWHERE, "9.15 9.35"),
    TEST(a_signal_does_not_end_a_wait, ANYWHERE, "9.16"),
    TEST(a_signal_does_not_shorten_a_wait, ANYWHERE, "9.16 9.14 9.17"),
    TEST(the_size_is_that_of_what_was_sent_or_received, ALONE, "9.35"),
    TEST(the_size_may_be_left_out_where_there_is_none, ALONE, "9.32"),
    TEST(the_size_is_needed_where_there_is_one, ALONE, "9.33"),
    TEST(the_size_is_needed_for_what_is_no_request, ALONE, "9.34 9.8 9.11"),
    TEST(a_sender_needs_no_call_of_who_has_posted_a_receive, ANYWHERE, "9.47"),
};

CHAPTER(request, tests);
