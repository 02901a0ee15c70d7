/* SPDX-License-Identifier: MIT */
/*
 * check_profile_document.c - section 10: what MCAPI_COMPAT=document bends.
 */
#include "harness.h"
#include "requests.h"

#include <stdlib.h>
#include <string.h>

static void document_begin(int peers)
{
    setenv("MCAPI_COMPAT", "document", 1);
    nodes_begin(peers);
}

static mcapi_endpoint_t anonymous(void)
{
    mcapi_endpoint_t endpoint;

    expect(MCAPI_SUCCESS, endpoint = mcapi_create_anonymous_endpoint(&status));
    return endpoint;
}

/* Test, and wait with this timeout: true with MCAPI_SUCCESS alone. */
static void expect_test(mcapi_status_t wanted, mcapi_request_t request)
{
    mcapi_boolean_t truth;
    size_t size;

    expect(wanted, truth = mcapi_test(&request, &size, &status));
    expect_equal(wanted == MCAPI_SUCCESS ? MCAPI_TRUE : MCAPI_FALSE, truth);
}

static void expect_wait(mcapi_status_t wanted, mcapi_request_t request, mcapi_timeout_t timeout)
{
    mcapi_boolean_t truth;
    size_t size;

    expect(wanted, truth = mcapi_wait(&request, &size, timeout, &status));
    expect_equal(wanted == MCAPI_SUCCESS ? MCAPI_TRUE : MCAPI_FALSE, truth);
}

/* --- What an _i call answers ------------------------------------------------------ */

static void calls_that_have_not_finished_say_so(void)
{
    mcapi_endpoint_t found, end[4];
    struct channel channel;
    mcapi_request_t request;
    void *packet;
    char text[4];

    document_begin(0);
    expect(MCAPI_PENDING, mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 7, &found, &request, &status));
    expect_test(MCAPI_PENDING, request);
    for (int i = 0; i < 4; i++)
        end[i] = anonymous();
    expect(MCAPI_PENDING, mcapi_pktchan_recv_open_i(&end[0], end[0], &request, &status));
    expect_test(MCAPI_PENDING, request);
    expect(MCAPI_PENDING, mcapi_pktchan_send_open_i(&end[1], end[1], &request, &status));
    expect_test(MCAPI_PENDING, request);
    expect(MCAPI_PENDING, mcapi_sclchan_recv_open_i(&end[2], end[2], &request, &status));
    expect_test(MCAPI_PENDING, request);
    expect(MCAPI_PENDING, mcapi_sclchan_send_open_i(&end[3], end[3], &request, &status));
    expect_test(MCAPI_PENDING, request);
    channel = packets_open(NULL, NULL);
    expect(MCAPI_PENDING, mcapi_pktchan_recv_i(channel.recv, &packet, &request, &status));
    expect_test(MCAPI_PENDING, request);
    expect(MCAPI_PENDING, mcapi_pktchan_send_close_i(channel.send, &request, &status));
    expect_test(MCAPI_PENDING, request);
    expect(MCAPI_PENDING, mcapi_msg_recv_i(anonymous(), text, sizeof text, &request, &status));
    expect_test(MCAPI_PENDING, request);
    nodes_end();
}

static void calls_that_have_finished_say_success(void)
{
    mcapi_endpoint_t sender, receiver, found, from, to;
    mcapi_request_t request;
    void *packet;
    char text[4];

    document_begin(0);
    complete(7);
    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 7, &found, &request, &status));
    expect_wait(MCAPI_SUCCESS, request, 0);
    sender = anonymous();
    receiver = anonymous();
    expect(MCAPI_SUCCESS, mcapi_pktchan_connect_i(sender, receiver, &request, &status));
    expect_wait(MCAPI_SUCCESS, request, 0);
    expect(MCAPI_PENDING, mcapi_pktchan_send_open_i(&sender, sender, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_open_i(&receiver, receiver, &request, &status));
    expect_wait(MCAPI_SUCCESS, request, 0);
    expect(MCAPI_SUCCESS, mcapi_pktchan_send_i(sender, "x", 1, &request, &status));
    expect_wait(MCAPI_SUCCESS, request, 0);
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(receiver, &packet, &request, &status));
    expect_wait(MCAPI_SUCCESS, request, 0);
    expect(MCAPI_PENDING, mcapi_pktchan_send_close_i(sender, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_close_i(receiver, &request, &status));
    expect_wait(MCAPI_SUCCESS, request, 0);
    from = anonymous();
    to = anonymous();
    expect(MCAPI_SUCCESS, mcapi_msg_send_i(from, to, "x", 1, 0, &request, &status));
    expect_wait(MCAPI_SUCCESS, request, 0);
    expect(MCAPI_SUCCESS, mcapi_msg_recv_i(to, text, sizeof text, &request, &status));
    expect_wait(MCAPI_SUCCESS, request, 0);
    nodes_end();
}

static void calls_that_are_refused_say_why(void)
{
    mcapi_request_t request;
    struct channel channel;

    document_begin(0);
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send_i(0, "x", 1, &request, &status));
    expect_test(MCAPI_ERR_CHAN_INVALID, request);
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_pktchan_connect_i(0, 0, &request, &status));
    expect_wait(MCAPI_ERR_ENDP_INVALID, request, MCAPI_TIMEOUT_INFINITE);
    channel = packets_open(NULL, NULL);
    for (int i = 0; i < MCAPI_MAX_BUFFERS; i++)
        expect(MCAPI_SUCCESS, mcapi_pktchan_send_i(channel.send, "x", 1, &request, &status));
    expect(MCAPI_ERR_MEM_LIMIT, mcapi_pktchan_send_i(channel.send, "x", 1, &request, &status));
    nodes_end();
}

/* --- Test and wait ---------------------------------------------------------------- */

static void test_is_true_with_success_alone(void)
{
    mcapi_request_t request, nothing = 0;
    mcapi_boolean_t truth;
    mcapi_endpoint_t found;
    size_t size;

    document_begin(0);
    expect(MCAPI_PENDING, mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 7, &found, &request, &status));
    expect_test(MCAPI_PENDING, request);
    complete(7);
    expect_test(MCAPI_SUCCESS, request);
    expect_test(MCAPI_ERR_REQUEST_INVALID, nothing);
    expect(MCAPI_ERR_PARAMETER, truth = mcapi_test(NULL, &size, &status));
    expect_equal(MCAPI_FALSE, truth);
    expect(MCAPI_ERR_PARAMETER, truth = mcapi_test(&nothing, NULL, &status));
    expect_equal(MCAPI_FALSE, truth);
    nodes_end();
    expect_test(MCAPI_ERR_NODE_NOTINIT, request);
}

static void wait_is_true_with_success_alone(void)
{
    mcapi_request_t request, nothing = 0;
    mcapi_boolean_t truth;
    mcapi_endpoint_t found;
    size_t size;

    document_begin(0);
    expect(MCAPI_PENDING, mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 7, &found, &request, &status));
    expect_wait(MCAPI_TIMEOUT, request, 1);
    complete(7);
    expect_wait(MCAPI_SUCCESS, request, MCAPI_TIMEOUT_INFINITE);
    expect_wait(MCAPI_ERR_REQUEST_INVALID, request, MCAPI_TIMEOUT_INFINITE);
    expect_wait(MCAPI_ERR_REQUEST_INVALID, nothing, MCAPI_TIMEOUT_INFINITE);
    expect(MCAPI_ERR_PARAMETER, truth = mcapi_wait(NULL, &size, 0, &status));
    expect_equal(MCAPI_FALSE, truth);
    nodes_end();
    expect_wait(MCAPI_ERR_NODE_NOTINIT, request, MCAPI_TIMEOUT_INFINITE);
}

static void an_operation_that_failed_is_false_too(void)
{
    mcapi_request_t request[2];
    struct channel channel;
    struct call call = { 0 };
    void *packet;

    document_begin(1);
    channel = packets_open(peer(0), NULL);
    for (int i = 0; i < 2; i++)
        expect(MCAPI_PENDING,
               mcapi_pktchan_recv_i(channel.recv, &packet, &request[i], &status));
    call.endpoint = channel.send;
    at(peer(0), do_pkt_close_send, &call);
    expect_status(MCAPI_PENDING, call.status);
    expect_wait(MCAPI_ERR_CHAN_INVALID, request[0], MCAPI_TIMEOUT_INFINITE);
    expect_test(MCAPI_ERR_CHAN_INVALID, request[1]);
    nodes_end();
}

/* --- Open and close --------------------------------------------------------------- */

static void an_open_waits_for_the_other_end(void)
{
    mcapi_endpoint_t sender, receiver;
    mcapi_request_t request, other;

    document_begin(0);
    sender = anonymous();
    receiver = anonymous();
    expect(MCAPI_SUCCESS, mcapi_pktchan_connect_i(sender, receiver, &request, &status));
    expect(MCAPI_PENDING, mcapi_pktchan_recv_open_i(&receiver, receiver, &request, &status));
    expect_test(MCAPI_PENDING, request);
    expect_wait(MCAPI_TIMEOUT, request, 20);
    expect(MCAPI_SUCCESS, mcapi_pktchan_send_open_i(&sender, sender, &other, &status));
    expect_wait(MCAPI_SUCCESS, other, MCAPI_TIMEOUT_INFINITE);
    expect_wait(MCAPI_SUCCESS, request, MCAPI_TIMEOUT_INFINITE);
    nodes_end();
}

static void a_close_waits_for_the_other_end(void)
{
    mcapi_request_t request, other;
    struct channel channel;

    document_begin(0);
    channel = scalars_open(NULL, NULL);
    expect(MCAPI_PENDING, mcapi_sclchan_recv_close_i(channel.recv, &request, &status));
    expect_test(MCAPI_PENDING, request);
    expect_wait(MCAPI_TIMEOUT, request, 20);
    expect(MCAPI_SUCCESS, mcapi_sclchan_send_close_i(channel.send, &other, &status));
    expect_wait(MCAPI_SUCCESS, other, MCAPI_TIMEOUT_INFINITE);
    expect_wait(MCAPI_SUCCESS, request, MCAPI_TIMEOUT_INFINITE);
    nodes_end();
}

static void between_nodes_both_are_needed_as_well(void)
{
    struct channel channel;
    struct call call = { 0 };
    mcapi_request_t request;

    document_begin(1);
    channel = packets_open(NULL, peer(0));
    expect(MCAPI_PENDING, mcapi_pktchan_send_close_i(channel.send, &request, &status));
    expect_wait(MCAPI_TIMEOUT, request, 20);
    call.endpoint = channel.recv;
    at(peer(0), do_pkt_close_recv, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_wait(MCAPI_SUCCESS, request, MCAPI_TIMEOUT_INFINITE);
    nodes_end();
}

/* --- Texts ------------------------------------------------------------------------ */

static void what_is_no_status_has_an_empty_name(void)
{
    char text[MCAPI_MAX_STATUS_SIZE] = "###";

    document_begin(0);
    expect_true(mcapi_display_status(0, text, sizeof text) == text);
    expect_true(strcmp(text, "") == 0);
    expect_true(mcapi_display_status(MCAPI_ERR_GENERAL, text, sizeof text) == text);
    expect_true(strcmp(text, "MCAPI_ERR_GENERAL") == 0);
    expect_true(mcapi_display_status(MCAPI_STATUSCODE_END, text, sizeof text) == text);
    expect_true(strcmp(text, "") == 0);
    nodes_end();
}

static const struct test tests[] = {
    TEST(calls_that_have_not_finished_say_so, ALONE, "10.84 10.86"),
    TEST(calls_that_have_finished_say_success, ALONE, "10.85 10.87"),
    TEST(calls_that_are_refused_say_why, ALONE, "10.91 10.86 10.87"),
    TEST(test_is_true_with_success_alone, ALONE, "10.86"),
    TEST(wait_is_true_with_success_alone, ALONE, "10.87"),
    TEST(an_operation_that_failed_is_false_too, ANYWHERE, "10.86 10.87"),
    TEST(an_open_waits_for_the_other_end, ALONE, "10.88 10.84"),
    TEST(a_close_waits_for_the_other_end, ALONE, "10.89 10.84"),
    TEST(between_nodes_both_are_needed_as_well, BETWEEN_NODES, "10.89"),
    TEST(what_is_no_status_has_an_empty_name, ALONE, "10.90"),
};

CHAPTER(profile_document, tests);
