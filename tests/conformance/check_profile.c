/* SPDX-License-Identifier: MIT */
/*
 * check_profile.c - section 10: what MCAPI_COMPAT=reference bends.
 *
 * The environment is set before anybody is a node, in our process and, as peers are made
 * afterwards, in theirs.
 */
#include "harness.h"
#include "requests.h"

#include <stdlib.h>

static void reference_begin(int peers)
{
    setenv("MCAPI_COMPAT", "reference", 1);
    nodes_begin(peers);
}

static mcapi_endpoint_t anonymous(void)
{
    mcapi_endpoint_t endpoint;

    expect(MCAPI_SUCCESS, endpoint = mcapi_create_anonymous_endpoint(&status));
    return endpoint;
}

static void set(mcapi_endpoint_t endpoint, mcapi_uint_t number, uint32_t value)
{
    expect(MCAPI_SUCCESS,
           mcapi_endpoint_set_attribute(endpoint, number, &value, sizeof value, &status));
}

/* How a request stands; mcapi_test tells it in another way here. */
static bool is_over(mcapi_request_t request)
{
    mcapi_status_t status = UNTOUCHED;
    size_t size;

    return mcapi_test(&request, &size, &status) == MCAPI_TRUE;
}

/* --- Without room ----------------------------------------------------------------- */

static void the_memory_type_is_to_fail(void)
{
    mcapi_endp_attr_memory_type_t type = 0;
    mcapi_endpoint_t endpoint;

    reference_begin(0);
    endpoint = anonymous();
    expect(MCAPI_SUCCESS, mcapi_endpoint_get_attribute(endpoint, MCAPI_ENDP_ATTR_MEMORY_TYPE,
                                                       &type, sizeof type, &status));
    expect_equal(MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT, type & 0xffff0000u);
    nodes_end();
}

static void a_packet_without_room_is_refused(void)
{
    struct channel channel;

    reference_begin(1);
    channel = packets_open(NULL, peer(0));
    for (int i = 0; i < MCAPI_MAX_BUFFERS; i++)
        expect(MCAPI_SUCCESS, mcapi_pktchan_send(channel.send, "x", 1, &status));
    expect(MCAPI_ERR_MEM_LIMIT, mcapi_pktchan_send(channel.send, "x", 1, &status));
    expect(MCAPI_ERR_MEM_LIMIT, mcapi_pktchan_send(channel.send, "x", 1, &status));
    nodes_end();
}

/* How many fit is the library's business; that they do not fit is said, and nothing blocks. */
static void a_scalar_without_room_is_refused(void)
{
    mcapi_status_t status = MCAPI_SUCCESS;
    struct channel channel;
    mcapi_uint_t sent = 0;

    reference_begin(1);
    channel = scalars_open(NULL, peer(0));
    for (; status == MCAPI_SUCCESS; sent++)
        mcapi_sclchan_send_uint32(channel.send, 7, &status);
    expect_status(MCAPI_ERR_MEM_LIMIT, status);
    expect_true(sent > 1);
    nodes_end();
}

static void a_message_without_room_is_refused(void)
{
    struct call call = { .port = 2 };
    mcapi_endpoint_t from;

    reference_begin(1);
    from = anonymous();
    at(peer(0), do_create, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    for (int i = 0; i < MCAPI_MAX_QUEUE_ELEMENTS; i++)
        expect(MCAPI_SUCCESS, mcapi_msg_send(from, call.endpoint, "x", 1, 0, &status));
    expect(MCAPI_ERR_MEM_LIMIT, mcapi_msg_send(from, call.endpoint, "x", 1, 0, &status));
    nodes_end();
}

static void who_asks_to_block_blocks(void)
{
    mcapi_endpoint_t sender, receiver;
    mcapi_request_t request;
    int64_t began;

    reference_begin(0);
    sender = anonymous();
    receiver = anonymous();
    set(sender, MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_BLOCK_ON_MEM_LIMIT);
    set(receiver, MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_BLOCK_ON_MEM_LIMIT);
    set(sender, MCAPI_ENDP_ATTR_TIMEOUT, 100);
    expect(MCAPI_SUCCESS, mcapi_pktchan_connect_i(sender, receiver, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_send_open_i(&sender, sender, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_open_i(&receiver, receiver, &request, &status));
    for (int i = 0; i < MCAPI_MAX_BUFFERS; i++)
        expect(MCAPI_SUCCESS, mcapi_pktchan_send(sender, "x", 1, &status));
    began = now_ms();
    expect(MCAPI_TIMEOUT, mcapi_pktchan_send(sender, "x", 1, &status));
    expect_true(now_ms() - began >= 100);
    nodes_end();
}

static void a_packet_that_was_accepted_without_room_has_failed(void)
{
    struct channel channel;
    mcapi_request_t request;

    reference_begin(1);
    channel = packets_open(NULL, peer(0));
    for (int i = 0; i < MCAPI_MAX_BUFFERS; i++)
        expect(MCAPI_SUCCESS, mcapi_pktchan_send_i(channel.send, "x", 1, &request, &status));
    for (int i = 0; i < 3; i++) {
        request = 0;
        expect(MCAPI_SUCCESS, mcapi_pktchan_send_i(channel.send, "x", 1, &request, &status));
        expect_status(MCAPI_ERR_MEM_LIMIT, tested(request));
        expect_status(MCAPI_ERR_MEM_LIMIT, waited(request, MCAPI_TIMEOUT_INFINITE));
    }
    nodes_end();
}

static void a_message_that_was_accepted_without_room_has_failed(void)
{
    mcapi_endpoint_t from, to;
    mcapi_request_t request;

    reference_begin(0);
    from = anonymous();
    to = anonymous();
    for (int i = 0; i < MCAPI_MAX_QUEUE_ELEMENTS; i++)
        expect(MCAPI_SUCCESS, mcapi_msg_send_i(from, to, "x", 1, 0, &request, &status));
    for (int i = 0; i < 3; i++) {
        request = 0;
        expect(MCAPI_SUCCESS, mcapi_msg_send_i(from, to, "x", 1, 0, &request, &status));
        expect_status(MCAPI_ERR_MEM_LIMIT, tested(request));
        expect_status(MCAPI_ERR_MEM_LIMIT, waited(request, MCAPI_TIMEOUT_INFINITE));
    }
    expect(MCAPI_SUCCESS,
           expect_equal(MCAPI_MAX_QUEUE_ELEMENTS, mcapi_msg_available(to, &status)));
    nodes_end();
}

static void what_is_wrong_otherwise_is_refused(void)
{
    mcapi_endpoint_t endpoint;
    mcapi_request_t request;

    reference_begin(0);
    endpoint = anonymous();
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send_i(0, "x", 1, &request, &status));
    expect_status(MCAPI_ERR_CHAN_INVALID, tested(request));
    expect(MCAPI_ERR_ENDP_INVALID,
           mcapi_pktchan_connect_i(endpoint, endpoint, &request, &status));
    expect_status(MCAPI_ERR_ENDP_INVALID, waited(request, MCAPI_TIMEOUT_INFINITE));
    expect(MCAPI_ERR_ENDP_INVALID,
           mcapi_msg_send_i(0xdeadbeef, endpoint, "x", 1, 0, &request, &status));
    nodes_end();
}

/* --- Scalars ---------------------------------------------------------------------- */

static void a_scalar_of_another_width_is_gone(void)
{
    struct channel channel;
    mcapi_uint64_t word;

    reference_begin(0);
    channel = scalars_open(NULL, NULL);
    expect(MCAPI_SUCCESS, mcapi_sclchan_send_uint16(channel.send, 1, &status));
    expect(MCAPI_SUCCESS, mcapi_sclchan_send_uint64(channel.send, 2, &status));
    expect(MCAPI_SUCCESS, mcapi_sclchan_send_uint8(channel.send, 3, &status));
    expect(MCAPI_ERR_SCL_SIZE, mcapi_sclchan_recv_uint8(channel.recv, &status));
    expect(MCAPI_SUCCESS, expect_equal(2, mcapi_sclchan_available(channel.recv, &status)));
    expect(MCAPI_SUCCESS, word = mcapi_sclchan_recv_uint64(channel.recv, &status));
    expect_equal(2, word);
    expect(MCAPI_ERR_SCL_SIZE, mcapi_sclchan_recv_uint32(channel.recv, &status));
    expect(MCAPI_SUCCESS, expect_equal(0, mcapi_sclchan_available(channel.recv, &status)));
    nodes_end();
}

/* --- Requests --------------------------------------------------------------------- */

static void test_of_what_is_unfinished_is_false_with_success(void)
{
    mcapi_endpoint_t found = 0;
    mcapi_request_t request;
    mcapi_boolean_t over;
    size_t size;

    reference_begin(0);
    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 7, &found, &request, &status));
    for (int i = 0; i < 3; i++) {
        expect(MCAPI_SUCCESS, over = mcapi_test(&request, &size, &status));
        expect_equal(MCAPI_FALSE, over);
    }
    expect_status(MCAPI_TIMEOUT, waited(request, 1));
    complete(7);
    expect(MCAPI_SUCCESS, over = mcapi_test(&request, &size, &status));
    expect_equal(MCAPI_TRUE, over);
    expect_status(MCAPI_SUCCESS, waited(request, 0));
    expect_status(MCAPI_ERR_REQUEST_INVALID, tested(request));
    nodes_end();
}

/* --- Open and close --------------------------------------------------------------- */

static void an_open_completes_when_connected(void)
{
    struct call call = { .port = 2 };
    mcapi_request_t request;
    mcapi_endpoint_t end;

    reference_begin(1);
    end = anonymous();
    expect(MCAPI_SUCCESS, mcapi_pktchan_send_open_i(&end, end, &request, &status));
    expect_true(!is_over(request));
    at(peer(0), do_create, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    call.other = call.endpoint;
    call.endpoint = end;
    at(peer(0), do_pkt_connect, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_status(MCAPI_SUCCESS, waited(request, MCAPI_TIMEOUT_INFINITE));
    expect(MCAPI_SUCCESS, mcapi_pktchan_send(end, "x", 1, &status));
    call.endpoint = call.other;
    at(peer(0), do_pkt_open_recv, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    at(peer(0), do_pkt_recv, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    nodes_end();
}

static void a_close_completes_at_once(void)
{
    struct channel packets, scalars;
    mcapi_request_t request;

    reference_begin(1);
    packets = packets_open(NULL, peer(0));
    scalars = scalars_open(peer(0), NULL);
    expect(MCAPI_SUCCESS, mcapi_pktchan_send_close_i(packets.send, &request, &status));
    expect_status(MCAPI_SUCCESS, waited(request, MCAPI_TIMEOUT_IMMEDIATE));
    expect(MCAPI_SUCCESS, mcapi_sclchan_recv_close_i(scalars.recv, &request, &status));
    expect_status(MCAPI_SUCCESS, waited(request, MCAPI_TIMEOUT_IMMEDIATE));
    nodes_end();
}

static const struct test tests[] = {
    TEST(the_memory_type_is_to_fail, ALONE, "10.71"),
    TEST(a_packet_without_room_is_refused, ANYWHERE, "10.72"),
    TEST(a_scalar_without_room_is_refused, ANYWHERE, "10.73"),
    TEST(a_message_without_room_is_refused, ANYWHERE, "10.74"),
    TEST(who_asks_to_block_blocks, ALONE, "10.75"),
    TEST(a_packet_that_was_accepted_without_room_has_failed, ANYWHERE, "10.81"),
    TEST(a_message_that_was_accepted_without_room_has_failed, ALONE, "10.82"),
    TEST(what_is_wrong_otherwise_is_refused, ALONE, "10.83"),
    TEST(a_scalar_of_another_width_is_gone, ALONE, "10.76"),
    TEST(test_of_what_is_unfinished_is_false_with_success, ALONE, "10.77 10.78"),
    TEST(an_open_completes_when_connected, ANYWHERE, "10.79"),
    TEST(a_close_completes_at_once, ANYWHERE, "10.80"),
};

CHAPTER(profile, tests);
