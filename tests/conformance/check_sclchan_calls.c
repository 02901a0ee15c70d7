/* SPDX-License-Identifier: MIT */
/*
 * check_sclchan_calls.c - every call of section 8 with a handle, a pointer or a node that is
 * none.
 */
#include "kinds.h"

static void sends_say(mcapi_status_t wanted, mcapi_sclchan_send_hndl_t handle)
{
    expect(wanted, mcapi_sclchan_send_uint64(handle, 1, &status));
    expect(wanted, mcapi_sclchan_send_uint32(handle, 1, &status));
    expect(wanted, mcapi_sclchan_send_uint16(handle, 1, &status));
    expect(wanted, mcapi_sclchan_send_uint8(handle, 1, &status));
}

static void receives_say(mcapi_status_t wanted, mcapi_sclchan_recv_hndl_t handle)
{
    expect(wanted, mcapi_sclchan_recv_uint64(handle, &status));
    expect(wanted, mcapi_sclchan_recv_uint32(handle, &status));
    expect(wanted, mcapi_sclchan_recv_uint16(handle, &status));
    expect(wanted, mcapi_sclchan_recv_uint8(handle, &status));
    expect(wanted, mcapi_sclchan_available(handle, &status));
}

static void carries_nothing(mcapi_endpoint_t handle)
{
    sends_say(MCAPI_ERR_CHAN_INVALID, handle);
    receives_say(MCAPI_ERR_CHAN_INVALID, handle);
}

/* --- Handles ----------------------------------------------------------------------- */

static void what_is_no_end_carries_no_scalars(void)
{
    mcapi_endpoint_t values[NO_ENDPOINTS];
    struct channel channel;

    nodes_begin(0);
    fill_no_endpoints(NULL, values);
    for (int i = 0; i < NO_ENDPOINTS; i++)
        carries_nothing(values[i]);
    carries_nothing(created(NULL));
    channel = channel_made(NULL, NULL);
    channel_connect(&scalars, &channel); /* connected, and not open */
    carries_nothing(channel.send);
    carries_nothing(channel.recv);
    nodes_end();
}

/* Of any value, and of any that looks much like a handle. */
static void no_other_value_is_an_end_for_scalars(void)
{
    struct channel channel;

    nodes_begin(0);
    channel = scalars_open(NULL, NULL);
    channel_fill(&scalars, &channel, 1, 3);
    for (int i = 0; i < ODD_VALUES; i++) {
        struct call call = { .endpoint = odd_value(&channel, i), .other = channel.recv };

        carries_nothing(call.endpoint);
        expect_status(MCAPI_ERR_ENDP_INVALID, refusal(NULL, scalars.connect_i, call));
        for (enum side side = SENDING; side < SIDES; side++) {
            expect_status(MCAPI_ERR_ENDP_INVALID, refusal(NULL, scalars.open[side], call));
            expect_status(MCAPI_ERR_CHAN_INVALID, refusal(NULL, scalars.close[side], call));
        }
    }
    channel_drain(&scalars, &channel, 1, 3);
    nodes_end();
}

static void scalars_go_one_way(void)
{
    struct channel channel;

    nodes_begin(0);
    channel = scalars_open(NULL, NULL);
    for (int i = 0; i < 2; i++) {
        receives_say(MCAPI_ERR_CHAN_INVALID, channel.send);
        sends_say(MCAPI_ERR_CHAN_INVALID, channel.recv);
        channel_works(&scalars, &channel);
    }
    nodes_end();
}

static void an_end_for_packets_carries_no_scalars(void)
{
    struct channel channel;

    nodes_begin(0);
    channel = packets_open(NULL, NULL);
    channel_fill(&packets, &channel, 1, 2);
    carries_nothing(channel.send);
    carries_nothing(channel.recv);
    channel_drain(&packets, &channel, 1, 2);
    nodes_end();
}

static void an_end_of_another_node_carries_no_scalars(void)
{
    struct channel channel, other;

    nodes_begin(2);
    channel = scalars_open(NULL, peer(0));
    other = scalars_open(peer(0), peer(1));
    channel_fill(&scalars, &channel, 1, 1);
    channel_fill(&scalars, &other, 1, 1);
    carries_nothing(channel.recv);
    carries_nothing(other.send);
    carries_nothing(other.recv);
    channel_drain(&scalars, &channel, 1, 1);
    channel_drain(&scalars, &other, 1, 1);
    nodes_end();
}

static void a_closed_end_carries_no_scalars(void)
{
    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct channel channel =
                side == SENDING ? scalars_open(NULL, peer(0)) : scalars_open(peer(0), NULL);

        channel_fill(&scalars, &channel, 1, 2);
        channel_close(&scalars, &channel, side);
        carries_nothing(channel_end(&channel, side));
        channel_close(&scalars, &channel, across(side));
        carries_nothing(channel_end(&channel, side));
    }
    nodes_end();
}

/* Others take the places of two endpoints and of their channel, again and again. */
static void a_stale_scalar_handle_is_recognised(void)
{
    struct channel stale, fresh;

    nodes_begin(0);
    stale = scalars_open(NULL, NULL);
    for (int round = 0; round < 40; round++) {
        channel_part(&scalars, &stale);
        expect(MCAPI_SUCCESS, mcapi_endpoint_delete(stale.send, &status));
        expect(MCAPI_SUCCESS, mcapi_endpoint_delete(stale.recv, &status));
        fresh = scalars_open(NULL, NULL);
        channel_fill(&scalars, &fresh, 1, 1);
        carries_nothing(stale.send);
        carries_nothing(stale.recv);
        channel_drain(&scalars, &fresh, 1, 1);
        stale = fresh;
    }
    nodes_end();
}

static void a_scalar_handle_serves_as_the_endpoint_does(void)
{
    mcapi_sclchan_send_hndl_t send = 0;
    mcapi_sclchan_recv_hndl_t recv = 0;
    struct channel channel;
    mcapi_request_t request;

    nodes_begin(0);
    channel = channel_made(NULL, NULL);
    expect(MCAPI_SUCCESS, mcapi_sclchan_send_open_i(&send, channel.send, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_sclchan_recv_open_i(&recv, channel.recv, &request, &status));
    channel_connect(&scalars, &channel);
    expect(MCAPI_SUCCESS, mcapi_sclchan_send_uint32(send, 1, &status));
    expect(MCAPI_SUCCESS, mcapi_sclchan_send_uint32(channel.send, 2, &status));
    expect(MCAPI_SUCCESS, expect_equal(1, mcapi_sclchan_recv_uint32(channel.recv, &status)));
    expect(MCAPI_SUCCESS, expect_equal(2, mcapi_sclchan_recv_uint32(recv, &status)));
    expect(MCAPI_SUCCESS, mcapi_sclchan_send_close_i(channel.send, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_sclchan_recv_close_i(recv, &request, &status));
    nodes_end();
}

/* --- No node ----------------------------------------------------------------------- */

static void every_scalar_call_needs_a_node(void)
{
    const mcapi_status_t no = MCAPI_ERR_NODE_NOTINIT;
    mcapi_sclchan_send_hndl_t send;
    mcapi_sclchan_recv_hndl_t recv;
    mcapi_request_t request;

    nodes_begin_bare(0);
    expect(no, mcapi_sclchan_connect_i(1, 2, &request, &status));
    expect(no, mcapi_sclchan_send_open_i(&send, 1, &request, &status));
    expect(no, mcapi_sclchan_recv_open_i(&recv, 1, &request, &status));
    sends_say(no, 1);
    receives_say(no, 1);
    expect(no, mcapi_sclchan_send_close_i(1, &request, &status));
    expect(no, mcapi_sclchan_recv_close_i(1, &request, &status));

    /* and looks for it first of all */
    expect(no, mcapi_sclchan_connect_i(1, 2, NULL, &status));
    expect(no, mcapi_sclchan_send_open_i(NULL, 1, NULL, &status));
    expect(no, mcapi_sclchan_recv_open_i(NULL, 1, NULL, &status));
    expect(no, mcapi_sclchan_send_close_i(1, NULL, &status));
    expect(no, mcapi_sclchan_recv_close_i(1, NULL, &status));
    nodes_end();
}

/* --- No pointer -------------------------------------------------------------------- */

/* Every call with each of its pointers NULL in turn, on these two ends. */
static void null_is_refused(mcapi_endpoint_t send, mcapi_endpoint_t recv)
{
    const mcapi_status_t no = MCAPI_ERR_PARAMETER;
    mcapi_request_t request;
    unsigned handle;

    expect(no, mcapi_sclchan_connect_i(send, recv, NULL, &status));
    expect(no, mcapi_sclchan_send_open_i(NULL, send, &request, &status));
    expect_status(no, ended_with(NULL, request));
    expect(no, mcapi_sclchan_send_open_i(&handle, send, NULL, &status));
    expect(no, mcapi_sclchan_recv_open_i(NULL, recv, &request, &status));
    expect_status(no, ended_with(NULL, request));
    expect(no, mcapi_sclchan_recv_open_i(&handle, recv, NULL, &status));
    expect(no, mcapi_sclchan_send_close_i(send, NULL, &status));
    expect(no, mcapi_sclchan_recv_close_i(recv, NULL, &status));
}

static void no_pointer_of_a_scalar_call_may_be_null(void)
{
    struct channel channel;

    nodes_begin(0);
    channel = channel_made(NULL, NULL);
    null_is_refused(0xdeadbeef, 0xdeadbeef); /* pointers come before handles */
    null_is_refused(channel.send, channel.recv);
    channel_join(&scalars, &channel);
    channel_fill(&scalars, &channel, 5, 1);
    null_is_refused(channel.send, channel.recv);
    channel_drain(&scalars, &channel, 5, 1);
    channel_works(&scalars, &channel);
    nodes_end();
}

/* --- No status --------------------------------------------------------------------- */

static void without_a_status_no_scalar_moves(void)
{
    static unsigned handle;
    struct channel fresh, open;
    mcapi_request_t request = 0x1234;

    nodes_begin(0);
    fresh = channel_made(NULL, NULL);
    open = scalars_open(NULL, NULL);
    channel_fill(&scalars, &open, 1, 1);
    mcapi_sclchan_connect_i(fresh.send, fresh.recv, &request, NULL);
    mcapi_sclchan_send_open_i(&handle, fresh.send, &request, NULL);
    mcapi_sclchan_recv_open_i(&handle, fresh.recv, &request, NULL);
    mcapi_sclchan_send_uint64(open.send, 9, NULL);
    mcapi_sclchan_send_uint32(open.send, 9, NULL);
    mcapi_sclchan_send_uint16(open.send, 9, NULL);
    mcapi_sclchan_send_uint8(open.send, 9, NULL);
    mcapi_sclchan_recv_uint64(open.recv, NULL);
    mcapi_sclchan_recv_uint32(open.recv, NULL);
    mcapi_sclchan_recv_uint16(open.recv, NULL);
    mcapi_sclchan_recv_uint8(open.recv, NULL);
    mcapi_sclchan_available(open.recv, NULL);
    mcapi_sclchan_send_close_i(open.send, &request, NULL);
    mcapi_sclchan_recv_close_i(open.recv, &request, NULL);
    expect_true(request == 0x1234 && handle == 0);
    expect_equal(1, channel_available(&scalars, &open));
    channel_drain(&scalars, &open, 1, 1);
    channel_works(&scalars, &open);
    channel_join(&scalars, &fresh);
    channel_works(&scalars, &fresh);
    nodes_end();
}

/* --- No request -------------------------------------------------------------------- */

static void every_scalar_i_call_needs_a_request(void)
{
    const mcapi_status_t no = MCAPI_ERR_REQUEST_LIMIT;
    struct channel fresh, open;

    nodes_begin(0);
    fresh = channel_made(NULL, NULL);
    open = scalars_open(NULL, NULL);
    use_up_requests();
    for (enum side side = SENDING; side < SIDES; side++) {
        struct call call = { .endpoint = channel_end(&fresh, side) };

        expect_status(no, refusal(NULL, scalars.open[side], call));
        call.endpoint = channel_end(&open, side);
        expect_status(no, refusal(NULL, scalars.close[side], call));
    }
    expect_status(no, refusal(NULL, scalars.connect_i,
                              (struct call){ .endpoint = fresh.send, .other = fresh.recv }));
    channel_works(&scalars, &open); /* not closed, and data needs no request */
    give_up_requests();
    channel_join(&scalars, &fresh); /* neither connected nor opened */
    channel_works(&scalars, &fresh);
    nodes_end();
}

static const struct test tests[] = {
    TEST(what_is_no_end_carries_no_scalars, ALONE, "8.27"),
    TEST(no_other_value_is_an_end_for_scalars, ALONE, "8.27 8.2 8.10 8.34"),
    TEST(scalars_go_one_way, ALONE, "8.27"),
    TEST(an_end_for_packets_carries_no_scalars, ALONE, "8.27"),
    TEST(an_end_of_another_node_carries_no_scalars, BETWEEN_NODES, "8.27"),
    TEST(a_closed_end_carries_no_scalars, ANYWHERE, "8.27"),
    TEST(a_stale_scalar_handle_is_recognised, ALONE, "8.27"),
    TEST(a_scalar_handle_serves_as_the_endpoint_does, ALONE, "8.13"),
    TEST(every_scalar_call_needs_a_node, ALONE, "8.40"),
    TEST(no_pointer_of_a_scalar_call_may_be_null, ALONE, "8.41"),
    TEST(without_a_status_no_scalar_moves, ALONE, "8.43"),
    TEST(every_scalar_i_call_needs_a_request, ALONE, "8.42 8.41"),
};

CHAPTER(sclchan_calls, tests);
