/* SPDX-License-Identifier: MIT */
/*
 * check_pktchan_calls.c - every call of section 7 with a handle, a pointer or a node that is
 * none.
 */
#include "kinds.h"

#include <string.h>

static void sends_say(mcapi_status_t wanted, mcapi_pktchan_send_hndl_t handle)
{
    mcapi_request_t request = 0;

    expect(wanted, mcapi_pktchan_send(handle, "x", 1, &status));
    expect(wanted, mcapi_pktchan_send_i(handle, "x", 1, &request, &status));
    expect_status(wanted, ended_with(NULL, request));
}

static void receives_say(mcapi_status_t wanted, mcapi_pktchan_recv_hndl_t handle)
{
    mcapi_request_t request = 0;
    static void *buffer;
    size_t size = 0;

    expect(wanted, mcapi_pktchan_recv(handle, &buffer, &size, &status));
    expect(wanted, mcapi_pktchan_recv_i(handle, &buffer, &request, &status));
    expect_status(wanted, ended_with(NULL, request));
    expect(wanted, mcapi_pktchan_available(handle, &status));
}

static void carries_nothing(mcapi_endpoint_t handle)
{
    sends_say(MCAPI_ERR_CHAN_INVALID, handle);
    receives_say(MCAPI_ERR_CHAN_INVALID, handle);
}

/* --- Handles ----------------------------------------------------------------------- */

static void what_is_no_end_carries_no_packets(void)
{
    mcapi_endpoint_t values[NO_ENDPOINTS];
    struct channel channel;

    nodes_begin(0);
    fill_no_endpoints(NULL, values);
    for (int i = 0; i < NO_ENDPOINTS; i++)
        carries_nothing(values[i]);
    carries_nothing(created(NULL));
    channel = channel_made(NULL, NULL);
    channel_connect(&packets, &channel); /* connected, and not open */
    carries_nothing(channel.send);
    carries_nothing(channel.recv);
    nodes_end();
}

/* Of any value, and of any that looks much like a handle. */
static void no_other_value_is_an_end_for_packets(void)
{
    struct channel channel;

    nodes_begin(0);
    channel = packets_open(NULL, NULL);
    channel_fill(&packets, &channel, 1, 3);
    for (int i = 0; i < ODD_VALUES; i++) {
        struct call call = { .endpoint = odd_value(&channel, i), .other = channel.recv };

        carries_nothing(call.endpoint);
        expect_status(MCAPI_ERR_ENDP_INVALID, refusal(NULL, packets.connect_i, call));
        for (enum side side = SENDING; side < SIDES; side++) {
            expect_status(MCAPI_ERR_ENDP_INVALID, refusal(NULL, packets.open[side], call));
            expect_status(MCAPI_ERR_CHAN_INVALID, refusal(NULL, packets.close[side], call));
        }
    }
    channel_drain(&packets, &channel, 1, 3);
    nodes_end();
}

static void packets_go_one_way(void)
{
    struct channel channel;

    nodes_begin(0);
    channel = packets_open(NULL, NULL);
    for (int i = 0; i < 2; i++) {
        receives_say(MCAPI_ERR_CHAN_INVALID, channel.send);
        sends_say(MCAPI_ERR_CHAN_INVALID, channel.recv);
        channel_works(&packets, &channel);
    }
    nodes_end();
}

static void an_end_for_scalars_carries_no_packets(void)
{
    struct channel channel;

    nodes_begin(0);
    channel = scalars_open(NULL, NULL);
    channel_fill(&scalars, &channel, 1, 2);
    carries_nothing(channel.send);
    carries_nothing(channel.recv);
    channel_drain(&scalars, &channel, 1, 2);
    nodes_end();
}

static void an_end_of_another_node_carries_nothing(void)
{
    struct channel channel, other;

    nodes_begin(2);
    channel = packets_open(NULL, peer(0));
    other = packets_open(peer(0), peer(1));
    channel_fill(&packets, &channel, 1, 1);
    channel_fill(&packets, &other, 1, 1);
    carries_nothing(channel.recv);
    carries_nothing(other.send);
    carries_nothing(other.recv);
    channel_drain(&packets, &channel, 1, 1);
    channel_drain(&packets, &other, 1, 1);
    nodes_end();
}

static void a_closed_end_carries_nothing(void)
{
    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct channel channel =
                side == SENDING ? packets_open(NULL, peer(0)) : packets_open(peer(0), NULL);

        channel_fill(&packets, &channel, 1, 2);
        channel_close(&packets, &channel, side);
        carries_nothing(channel_end(&channel, side));
        channel_close(&packets, &channel, across(side));
        carries_nothing(channel_end(&channel, side));
    }
    nodes_end();
}

/* Others take the places of two endpoints and of their channel, again and again. */
static void a_stale_handle_is_recognised(void)
{
    struct channel stale, fresh;

    nodes_begin(0);
    stale = packets_open(NULL, NULL);
    for (int round = 0; round < 40; round++) {
        channel_part(&packets, &stale);
        expect(MCAPI_SUCCESS, mcapi_endpoint_delete(stale.send, &status));
        expect(MCAPI_SUCCESS, mcapi_endpoint_delete(stale.recv, &status));
        fresh = packets_open(NULL, NULL);
        channel_fill(&packets, &fresh, 1, 1);
        carries_nothing(stale.send);
        carries_nothing(stale.recv);
        expect(MCAPI_ERR_CHAN_INVALID,
               mcapi_pktchan_send_close_i(stale.send, &(mcapi_request_t){ 0 }, &status));
        channel_drain(&packets, &fresh, 1, 1);
        stale = fresh;
    }
    nodes_end();
}

/* The node becomes another one with handles of its own; the old ones are nobody's. */
static void handles_go_with_their_node(void)
{
    struct call again = { .domain = DOMAIN, .node = OWN_NODE };
    struct channel stale = packets_open(NULL, NULL), fresh;

    expect_status(MCAPI_SUCCESS, ask(NULL, do_finalize, again).status);
    expect_status(MCAPI_SUCCESS, ask(NULL, do_initialize, again).status);
    fresh = packets_open(NULL, NULL);
    channel_fill(&packets, &fresh, 1, 1);
    carries_nothing(stale.send);
    carries_nothing(stale.recv);
    channel_drain(&packets, &fresh, 1, 1);
}

static void a_handle_of_a_finalized_node_is_recognised(void)
{
    nodes_begin(1);
    handles_go_with_their_node();
    nodes_end();
}

/* The node was the last one, so that nothing of it is left on the machine. */
static void a_handle_of_a_finalized_topology_is_recognised(void)
{
    nodes_begin(0);
    handles_go_with_their_node();
    nodes_end();
}

static void a_handle_serves_as_the_endpoint_does(void)
{
    mcapi_pktchan_send_hndl_t send = 0;
    mcapi_pktchan_recv_hndl_t recv = 0;
    struct channel channel;
    mcapi_request_t request;
    void *buffer;
    size_t size;

    nodes_begin(0);
    channel = channel_made(NULL, NULL);
    expect(MCAPI_SUCCESS, mcapi_pktchan_send_open_i(&send, channel.send, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_open_i(&recv, channel.recv, &request, &status));
    channel_connect(&packets, &channel);
    expect(MCAPI_SUCCESS, mcapi_pktchan_send(send, "by the handle", 14, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_send(channel.send, "by the endpoint", 16, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv(channel.recv, &buffer, &size, &status));
    expect_true(size == 14 && memcmp(buffer, "by the handle", 14) == 0);
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv(recv, &buffer, &size, &status));
    expect_true(size == 16 && memcmp(buffer, "by the endpoint", 16) == 0);
    expect(MCAPI_SUCCESS, mcapi_pktchan_send_close_i(channel.send, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_close_i(recv, &request, &status));
    nodes_end();
}

/* --- No node ----------------------------------------------------------------------- */

static void every_call_needs_a_node(void)
{
    const mcapi_status_t no = MCAPI_ERR_NODE_NOTINIT;
    mcapi_pktchan_send_hndl_t send;
    mcapi_pktchan_recv_hndl_t recv;
    mcapi_request_t request;
    void *buffer;
    size_t size;

    nodes_begin_bare(0);
    expect(no, mcapi_pktchan_connect_i(1, 2, &request, &status));
    expect(no, mcapi_pktchan_send_open_i(&send, 1, &request, &status));
    expect(no, mcapi_pktchan_recv_open_i(&recv, 1, &request, &status));
    expect(no, mcapi_pktchan_send_i(1, "x", 1, &request, &status));
    expect(no, mcapi_pktchan_send(1, "x", 1, &status));
    expect(no, mcapi_pktchan_recv_i(1, &buffer, &request, &status));
    expect(no, mcapi_pktchan_recv(1, &buffer, &size, &status));
    expect(no, mcapi_pktchan_available(1, &status));
    expect(no, mcapi_pktchan_release(&size, &status));
    expect(no, expect_true(mcapi_pktchan_release_test(&size, &status) == MCAPI_FALSE));
    expect(no, mcapi_pktchan_send_close_i(1, &request, &status));
    expect(no, mcapi_pktchan_recv_close_i(1, &request, &status));
    nodes_end();
}

static void the_node_is_looked_at_before_the_pointers(void)
{
    const mcapi_status_t no = MCAPI_ERR_NODE_NOTINIT;

    nodes_begin_bare(0);
    expect(no, mcapi_pktchan_connect_i(1, 2, NULL, &status));
    expect(no, mcapi_pktchan_send_open_i(NULL, 1, NULL, &status));
    expect(no, mcapi_pktchan_recv_open_i(NULL, 1, NULL, &status));
    expect(no, mcapi_pktchan_send_i(1, NULL, 1, NULL, &status));
    expect(no, mcapi_pktchan_send(1, NULL, 1, &status));
    expect(no, mcapi_pktchan_recv_i(1, NULL, NULL, &status));
    expect(no, mcapi_pktchan_recv(1, NULL, NULL, &status));
    expect(no, mcapi_pktchan_release(NULL, &status));
    expect(no, mcapi_pktchan_release_test(NULL, &status));
    expect(no, mcapi_pktchan_send_close_i(1, NULL, &status));
    expect(no, mcapi_pktchan_recv_close_i(1, NULL, &status));
    nodes_end();
}

/* --- No pointer -------------------------------------------------------------------- */

/* Every call with each of its pointers NULL in turn, on these two ends. */
static void null_is_refused(mcapi_endpoint_t send, mcapi_endpoint_t recv)
{
    const mcapi_status_t no = MCAPI_ERR_PARAMETER;
    mcapi_request_t request;
    unsigned handle;
    void *buffer;
    size_t size;

    expect(no, mcapi_pktchan_connect_i(send, recv, NULL, &status));
    expect(no, mcapi_pktchan_send_open_i(NULL, send, &request, &status));
    expect_status(no, ended_with(NULL, request));
    expect(no, mcapi_pktchan_send_open_i(&handle, send, NULL, &status));
    expect(no, mcapi_pktchan_recv_open_i(NULL, recv, &request, &status));
    expect_status(no, ended_with(NULL, request));
    expect(no, mcapi_pktchan_recv_open_i(&handle, recv, NULL, &status));
    expect(no, mcapi_pktchan_send_i(send, NULL, 1, &request, &status));
    expect_status(no, ended_with(NULL, request));
    expect(no, mcapi_pktchan_send_i(send, "x", 1, NULL, &status));
    expect(no, mcapi_pktchan_send(send, NULL, 1, &status));
    expect(no, mcapi_pktchan_recv_i(recv, NULL, &request, &status));
    expect_status(no, ended_with(NULL, request));
    expect(no, mcapi_pktchan_recv_i(recv, &buffer, NULL, &status));
    expect(no, mcapi_pktchan_recv(recv, NULL, &size, &status));
    expect(no, mcapi_pktchan_recv(recv, &buffer, NULL, &status));
    expect(no, mcapi_pktchan_send_close_i(send, NULL, &status));
    expect(no, mcapi_pktchan_recv_close_i(recv, NULL, &status));
}

static void no_pointer_may_be_null(void)
{
    struct channel channel;

    nodes_begin(0);
    channel = channel_made(NULL, NULL);
    null_is_refused(0xdeadbeef, 0xdeadbeef); /* pointers come before handles */
    null_is_refused(channel.send, channel.recv);
    channel_join(&packets, &channel);
    channel_fill(&packets, &channel, 5, 1);
    null_is_refused(channel.send, channel.recv);
    channel_drain(&packets, &channel, 5, 1);
    channel_works(&packets, &channel);
    nodes_end();
}

/* --- No status --------------------------------------------------------------------- */

static void without_a_status_nothing_happens(void)
{
    const unsigned char nothing[4] = { 0 };
    static unsigned handle;
    struct channel fresh, open;
    mcapi_request_t request = 0x1234;
    void *buffer = NULL, *taken;
    size_t size = 77;

    nodes_begin(0);
    fresh = channel_made(NULL, NULL);
    open = packets_open(NULL, NULL);
    channel_fill(&packets, &open, 1, 2);
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv(open.recv, &taken, &size, &status));
    size = 77;
    mcapi_pktchan_connect_i(fresh.send, fresh.recv, &request, NULL);
    mcapi_pktchan_send_open_i(&handle, fresh.send, &request, NULL);
    mcapi_pktchan_recv_open_i(&handle, fresh.recv, &request, NULL);
    mcapi_pktchan_send_i(open.send, nothing, sizeof nothing, &request, NULL);
    mcapi_pktchan_send(open.send, nothing, sizeof nothing, NULL);
    mcapi_pktchan_recv_i(open.recv, &buffer, &request, NULL);
    mcapi_pktchan_recv(open.recv, &buffer, &size, NULL);
    mcapi_pktchan_available(open.recv, NULL);
    mcapi_pktchan_release(taken, NULL);
    mcapi_pktchan_release_test(taken, NULL);
    mcapi_pktchan_send_close_i(open.send, &request, NULL);
    mcapi_pktchan_recv_close_i(open.recv, &request, NULL);
    expect_true(request == 0x1234 && buffer == NULL && size == 77 && handle == 0);
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(taken, &status));
    expect_equal(1, channel_available(&packets, &open));
    channel_drain(&packets, &open, 2, 1);
    channel_works(&packets, &open);
    channel_join(&packets, &fresh);
    channel_works(&packets, &fresh);
    nodes_end();
}

/* --- No request -------------------------------------------------------------------- */

static void every_i_call_needs_a_request(void)
{
    const mcapi_status_t no = MCAPI_ERR_REQUEST_LIMIT;
    struct channel fresh, open;
    mcapi_request_t request = 0;
    void *buffer;

    nodes_begin(0);
    fresh = channel_made(NULL, NULL);
    open = packets_open(NULL, NULL);
    use_up_requests();
    for (enum side side = SENDING; side < SIDES; side++) {
        struct call call = { .endpoint = channel_end(&fresh, side) };

        expect_status(no, refusal(NULL, packets.open[side], call));
        call.endpoint = channel_end(&open, side);
        expect_status(no, refusal(NULL, packets.close[side], call));
    }
    expect_status(no, refusal(NULL, packets.connect_i,
                              (struct call){ .endpoint = fresh.send, .other = fresh.recv }));
    expect(no, mcapi_pktchan_send_i(open.send, "x", 1, &request, &status));
    expect_status(no, ended_with(NULL, request));
    expect(no, mcapi_pktchan_recv_i(open.recv, &buffer, &request, &status));
    expect_status(no, ended_with(NULL, request));
    give_up_requests();
    expect_equal(0, channel_available(&packets, &open));
    channel_works(&packets, &open); /* not closed, and nothing is posted */
    channel_join(&packets, &fresh); /* neither connected nor opened */
    channel_works(&packets, &fresh);
    nodes_end();
}

static const struct test tests[] = {
    TEST(what_is_no_end_carries_no_packets, ALONE, "7.41 7.42"),
    TEST(no_other_value_is_an_end_for_packets, ALONE, "7.41 7.4 7.15 7.61"),
    TEST(packets_go_one_way, ALONE, "7.41"),
    TEST(an_end_for_scalars_carries_no_packets, ALONE, "7.41"),
    TEST(an_end_of_another_node_carries_nothing, BETWEEN_NODES, "7.41"),
    TEST(a_closed_end_carries_nothing, ANYWHERE, "7.42"),
    TEST(a_stale_handle_is_recognised, ALONE, "7.42"),
    TEST(a_handle_of_a_finalized_node_is_recognised, BETWEEN_NODES, "7.42"),
    TEST(a_handle_of_a_finalized_topology_is_recognised, ALONE, "7.42"),
    TEST(a_handle_serves_as_the_endpoint_does, ALONE, "7.20 7.21"),
    TEST(every_call_needs_a_node, ALONE, "7.69"),
    TEST(the_node_is_looked_at_before_the_pointers, ALONE, "7.69"),
    TEST(no_pointer_may_be_null, ALONE, "7.70 7.71"),
    TEST(without_a_status_nothing_happens, ALONE, "7.73"),
    TEST(every_i_call_needs_a_request, ALONE, "7.72 7.71"),
};

CHAPTER(pktchan_calls, tests);
