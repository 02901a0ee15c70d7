/* SPDX-License-Identifier: MIT */
/*
 * check_channel_open.c - opens, before and after the connect, for both kinds of channel.
 */
#include "kinds.h"

/* A channel is made in three steps, in any order: the two opens, numbered as the ends, and the
 * connect. */
enum { CONNECT = SIDES, STEPS };

/* Whether an open has completed, which must be so now. */
static bool has_to_be_complete(const struct channel *channel, const bool done[STEPS])
{
    return done[CONNECT]
        && (channel_is_on_one_node(channel) || (done[SENDING] && done[RECEIVING]));
}

/* The refusal of an open. */
static mcapi_status_t open_refused(const struct kind *kind, const struct channel *channel,
                                   enum side side, enum side as)
{
    return refusal(channel_peer(channel, side), kind->open[as],
                   (struct call){ .endpoint = channel_end(channel, side) });
}

/* --- In any order ------------------------------------------------------------------ */

/* Makes the channel in that order; looks after each step which opens have completed. */
static void make_in_order(const struct kind *kind, const struct channel *channel,
                          struct peer *connector, const int order[STEPS])
{
    struct call call = { .endpoint = channel->send, .other = channel->recv };
    bool done[STEPS] = { false };
    mcapi_request_t opens[SIDES];

    for (int i = 0; i < STEPS; i++) {
        done[order[i]] = true;
        if (order[i] == CONNECT)
            expect_status(MCAPI_SUCCESS, ask(connector, kind->connect, call).status);
        else
            opens[order[i]] = channel_open(kind, channel, (enum side)order[i]);
        for (enum side side = SENDING; side < SIDES; side++)
            if (done[side] && has_to_be_complete(channel, done))
                expect_true(eventually(!is_pending(channel_peer(channel, side), opens[side])));
            else if (done[side])
                expect_true(is_pending(channel_peer(channel, side), opens[side]));
    }
    for (enum side side = SENDING; side < SIDES; side++)
        expect_status(MCAPI_SUCCESS, outcome(channel_peer(channel, side), opens[side]));
}

static const int orders[][STEPS] = {
    { SENDING, RECEIVING, CONNECT }, { RECEIVING, SENDING, CONNECT },
    { SENDING, CONNECT, RECEIVING }, { RECEIVING, CONNECT, SENDING },
    { CONNECT, SENDING, RECEIVING }, { CONNECT, RECEIVING, SENDING },
};

/* Every order, whoever connects; the same two endpoints again and again. */
static void comes_in_every_order(const struct kind *kind, struct channel channel,
                                 struct peer *third)
{
    struct peer *connectors[] = { channel.sender, channel.receiver, third };

    for (size_t i = 0; i < LENGTH(orders); i++)
        for (size_t j = 0; j < LENGTH(connectors); j++) {
            make_in_order(kind, &channel, connectors[j], orders[i]);
            channel_works(kind, &channel);
            channel_part(kind, &channel);
        }
}

FOR_BOTH(opens_and_connect_come_in_any_order)
{
    nodes_begin(2);
    comes_in_every_order(kind, channel_made(NULL, peer(0)), peer(1));
    comes_in_every_order(kind, channel_made(peer(0), NULL), peer(1));
    nodes_end();
}

FOR_BOTH(opens_and_connect_come_in_any_order_on_one_node)
{
    nodes_begin(1);
    comes_in_every_order(kind, channel_made(NULL, NULL), peer(0));
    nodes_end();
}

FOR_BOTH(opens_and_connect_may_come_at_once)
{
    nodes_begin(2);
    for (int round = 0; round < 30; round++) {
        struct channel channel = channel_made(NULL, peer(0));
        struct call connect = { .endpoint = channel.send, .other = channel.recv };
        struct call open = { .endpoint = channel.recv };
        mcapi_request_t ours;

        begin(peer(0), kind->open[RECEIVING], &open);
        begin(peer(1), kind->connect, &connect);
        ours = channel_open(kind, &channel, SENDING);
        finish(peer(0), &open);
        finish(peer(1), &connect);
        expect_status(MCAPI_SUCCESS, open.status);
        expect_status(MCAPI_SUCCESS, connect.status);
        expect_status(MCAPI_SUCCESS, outcome(NULL, ours));
        expect_status(MCAPI_SUCCESS, outcome(peer(0), open.request));
        channel_works(kind, &channel);
        channel_part(kind, &channel);
    }
    nodes_end();
}

FOR_BOTH(an_open_that_is_waited_for_completes_with_the_last_step)
{
    nodes_begin(2);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct channel channel = channel_made(peer(0), peer(1));
        struct peer *waiter = channel_peer(&channel, side);
        struct call wait = { .request = channel_open(kind, &channel, side),
                             .timeout = MCAPI_TIMEOUT_INFINITE };

        begin(waiter, do_wait, &wait);
        expect_true(stays_blocked(waiter));
        channel_connect(kind, &channel);
        if (!channel_is_on_one_node(&channel)) {
            expect_true(stays_blocked(waiter));
            channel_open(kind, &channel, across(side));
        }
        finish(waiter, &wait);
        expect_status(MCAPI_SUCCESS, wait.status);
    }
    nodes_end();
}

FOR_BOTH(a_wait_for_an_open_can_time_out)
{
    struct channel channel;
    struct call wait = { .timeout = 20 };

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    wait.request = channel_open(kind, &channel, SENDING);
    wait = ask(peer(0), do_wait, wait);
    expect_status(MCAPI_TIMEOUT, wait.status);
    expect_true(wait.truth == MCAPI_FALSE);
    channel_connect(kind, &channel);
    channel_open(kind, &channel, RECEIVING);
    expect_status(MCAPI_SUCCESS, outcome(peer(0), wait.request));
    nodes_end();
}

/* --- The handle -------------------------------------------------------------------- */

static void do_open_and_look(struct call *call)
{
    static unsigned handle; /* may be filled after the call has returned */

    handle = 0x5a5a5a5a;
    call->status = UNTOUCHED;
    if (call->number == MCAPI_ENDP_ATTR_TYPE_PKTCHAN && call->truth)
        mcapi_pktchan_send_open_i(&handle, call->endpoint, &call->request, &call->status);
    else if (call->number == MCAPI_ENDP_ATTR_TYPE_PKTCHAN)
        mcapi_pktchan_recv_open_i(&handle, call->endpoint, &call->request, &call->status);
    else if (call->truth)
        mcapi_sclchan_send_open_i(&handle, call->endpoint, &call->request, &call->status);
    else
        mcapi_sclchan_recv_open_i(&handle, call->endpoint, &call->request, &call->status);
    call->other = handle;
}

FOR_BOTH(the_handle_is_filled_at_once_with_the_value_of_the_endpoint)
{
    nodes_begin(1);
    for (int connected = 0; connected < 2; connected++) {
        struct channel channel = channel_made(NULL, peer(0));

        if (connected)
            channel_connect(kind, &channel);
        for (enum side side = SENDING; side < SIDES; side++) {
            struct call call = { .endpoint = channel_end(&channel, side),
                                 .number = kind->type,
                                 .truth = side == SENDING };

            call = ask(channel_peer(&channel, side), do_open_and_look, call);
            expect_status(MCAPI_SUCCESS, call.status);
            expect_equal(call.endpoint, call.other);
        }
    }
    nodes_end();
}

/* --- Before an open is complete ---------------------------------------------------- */

FOR_BOTH(what_is_sent_before_the_receiver_opens_waits_for_it)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    channel_open(kind, &channel, SENDING);
    channel_connect(kind, &channel);
    channel_fill(kind, &channel, 5, kind->depth);
    channel_open(kind, &channel, RECEIVING);
    expect_equal(kind->depth, channel_available(kind, &channel));
    channel_drain(kind, &channel, 5, kind->depth);
    channel_part(kind, &channel);
    nodes_end();
}

FOR_BOTH(what_is_sent_and_closed_before_the_receiver_opens_waits_for_it)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    channel_connect(kind, &channel);
    channel_open(kind, &channel, SENDING);
    channel_fill(kind, &channel, 5, 3);
    channel_close(kind, &channel, SENDING);
    channel_open(kind, &channel, RECEIVING);
    channel_drain(kind, &channel, 5, 3);
    expect_status(MCAPI_ERR_CHAN_INVALID, channel_take_status(kind, &channel));
    nodes_end();
}

/* A receive that begins after the receiver's open, with the other steps still to come. */
FOR_BOTH(a_receive_waits_for_the_rest_of_the_open)
{
    struct channel channel;
    struct call take = { 0 };

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    channel_open(kind, &channel, RECEIVING);
    take.endpoint = channel.recv;
    begin(peer(0), kind->take, &take);
    expect_true(stays_blocked(peer(0)));
    channel_connect(kind, &channel);
    expect_true(stays_blocked(peer(0)));
    channel_open(kind, &channel, SENDING);
    expect_true(stays_blocked(peer(0)));
    channel_fill(kind, &channel, 77, 1);
    finish(peer(0), &take);
    expect_status(MCAPI_SUCCESS, take.status);
    expect_equal(77, take.word);
    nodes_end();
}

FOR_BOTH(a_receive_on_an_open_that_is_not_complete_can_time_out)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    set(peer(0), channel.recv, MCAPI_ENDP_ATTR_TIMEOUT, 10);
    channel_open(kind, &channel, RECEIVING);
    expect_status(MCAPI_TIMEOUT, channel_take_status(kind, &channel));
    expect_equal(0, channel_available(kind, &channel));
    channel_connect(kind, &channel);
    expect_status(MCAPI_TIMEOUT, channel_take_status(kind, &channel));
    channel_open(kind, &channel, SENDING);
    expect_status(MCAPI_TIMEOUT, channel_take_status(kind, &channel));
    channel_works(kind, &channel);
    nodes_end();
}

FOR_BOTH(a_pending_open_ends_when_its_endpoint_is_deleted)
{
    struct call wait = { .timeout = MCAPI_TIMEOUT_INFINITE };
    struct channel channel;

    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        channel = channel_made(peer(0), peer(0));
        wait.request = channel_open(kind, &channel, side);
        expect_status(MCAPI_SUCCESS,
                      ask(peer(0), do_delete,
                          (struct call){ .endpoint = channel_end(&channel, side) })
                              .status);
        expect_status(MCAPI_ERR_ENDP_DELETED, outcome(peer(0), wait.request));
    }
    nodes_end();
}

/* --- Refused ----------------------------------------------------------------------- */

FOR_BOTH(what_is_no_endpoint_of_this_node_cannot_be_opened)
{
    mcapi_endpoint_t values[NO_ENDPOINTS];

    nodes_begin(1);
    fill_no_endpoints(NULL, values);
    for (enum side side = SENDING; side < SIDES; side++)
        for (int i = 0; i < NO_ENDPOINTS; i++)
            expect_status(
                    MCAPI_ERR_ENDP_INVALID,
                    refusal(NULL, kind->open[side], (struct call){ .endpoint = values[i] }));
    nodes_end();
}

FOR_BOTH(an_endpoint_of_another_node_cannot_be_opened)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    for (int connected = 0; connected < 2; connected++) {
        for (enum side side = SENDING; side < SIDES; side++) {
            expect_status(
                    MCAPI_ERR_ENDP_INVALID,
                    refusal(NULL, kind->open[side], (struct call){ .endpoint = channel.recv }));
            expect_status(MCAPI_ERR_ENDP_INVALID,
                          refusal(peer(0), kind->open[side],
                                  (struct call){ .endpoint = channel.send }));
        }
        if (!connected)
            channel_connect(kind, &channel);
    }
    channel_open(kind, &channel, SENDING);
    channel_open(kind, &channel, RECEIVING);
    channel_works(kind, &channel);
    nodes_end();
}

FOR_BOTH(an_end_of_the_other_kind_cannot_be_opened)
{
    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct channel channel = channel_made(NULL, peer(0));

        channel_connect(kind->other, &channel); /* connected */
        expect_status(MCAPI_ERR_CHAN_TYPE, open_refused(kind, &channel, side, side));
        channel_open(kind->other, &channel, side); /* and opened */
        expect_status(MCAPI_ERR_CHAN_TYPE, open_refused(kind, &channel, side, side));

        channel = channel_made(NULL, peer(0));
        channel_open(kind->other, &channel, side); /* opened alone */
        expect_status(MCAPI_ERR_CHAN_TYPE, open_refused(kind, &channel, side, side));
        channel_connect(kind->other, &channel);

        channel = channel_made(NULL, peer(0));
        set(channel_peer(&channel, side), channel_end(&channel, side), MCAPI_ENDP_ATTR_TYPE,
            kind->other->type); /* meant for the other kind */
        expect_status(MCAPI_ERR_CHAN_TYPE, open_refused(kind, &channel, side, side));
    }
    nodes_end();
}

FOR_BOTH(an_end_cannot_be_opened_as_the_other_end)
{
    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct channel channel = channel_made(NULL, peer(0));
        enum side as = across(side);

        channel_open(kind, &channel, side); /* opened alone */
        expect_status(MCAPI_ERR_CHAN_DIRECTION, open_refused(kind, &channel, side, as));
        channel_connect(kind, &channel); /* connected too */
        expect_status(MCAPI_ERR_CHAN_DIRECTION, open_refused(kind, &channel, side, as));
        /* and one that was connected alone */
        expect_status(MCAPI_ERR_CHAN_DIRECTION, open_refused(kind, &channel, as, side));
        channel_open(kind, &channel, as);
        expect_status(MCAPI_ERR_CHAN_DIRECTION, open_refused(kind, &channel, side, as));
        channel_works(kind, &channel);
    }
    nodes_end();
}

FOR_BOTH(an_end_is_opened_once)
{
    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct channel channel = channel_made(NULL, peer(0));

        channel_open(kind, &channel, side);
        expect_status(MCAPI_ERR_CHAN_OPENPENDING, open_refused(kind, &channel, side, side));
        channel_connect(kind, &channel);
        expect_status(channel_is_on_one_node(&channel) ? MCAPI_ERR_CHAN_OPEN
                                                       : MCAPI_ERR_CHAN_OPENPENDING,
                      open_refused(kind, &channel, side, side));
        channel_open(kind, &channel, across(side));
        expect_status(MCAPI_ERR_CHAN_OPEN, open_refused(kind, &channel, side, side));
        expect_status(MCAPI_ERR_CHAN_OPEN,
                      open_refused(kind, &channel, across(side), across(side)));
        channel_works(kind, &channel);
        channel_part(kind, &channel);
    }
    nodes_end();
}

FOR_BOTH(a_closed_end_is_not_opened_before_the_other_end_is_closed_too)
{
    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct channel channel = channel_joined(kind, NULL, peer(0));

        channel_close(kind, &channel, side);
        expect_status(MCAPI_ERR_CHAN_CLOSEPENDING, open_refused(kind, &channel, side, side));
        channel_close(kind, &channel, across(side));
        for (enum side end = SENDING; end < SIDES; end++)
            channel_open(kind, &channel, end);
        channel_connect(kind, &channel);
        channel_works(kind, &channel);
    }
    nodes_end();
}

static const struct test tests[] = {
    BOTH(opens_and_connect_come_in_any_order, ANYWHERE, "7.11 7.12 7.13 7.14 7.59",
         "8.7 8.8 8.9 8.33"),
    BOTH(opens_and_connect_come_in_any_order_on_one_node, ANYWHERE, "7.11 7.12 7.14 7.58",
         "8.7 8.8 8.9"),
    BOTH(opens_and_connect_may_come_at_once, ANYWHERE, "7.11", "8.7"),
    BOTH(an_open_that_is_waited_for_completes_with_the_last_step, ANYWHERE, "7.12 7.13 7.14",
         "8.8 8.9"),
    BOTH(a_wait_for_an_open_can_time_out, ANYWHERE, "7.12", "8.8"),
    BOTH(the_handle_is_filled_at_once_with_the_value_of_the_endpoint, ANYWHERE, "7.20 7.21",
         "8.13"),
    BOTH(what_is_sent_before_the_receiver_opens_waits_for_it, ANYWHERE, "7.22 7.30",
         "8.14 8.21"),
    BOTH(what_is_sent_and_closed_before_the_receiver_opens_waits_for_it, ANYWHERE, "7.22 7.53",
         "8.14 8.29"),
    BOTH(a_receive_waits_for_the_rest_of_the_open, ANYWHERE, "7.23", "8.14"),
    BOTH(a_receive_on_an_open_that_is_not_complete_can_time_out, ANYWHERE, "7.23 7.34",
         "8.14 8.24"),
    BOTH(a_pending_open_ends_when_its_endpoint_is_deleted, ANYWHERE, "7.24", "8.15"),
    BOTH(what_is_no_endpoint_of_this_node_cannot_be_opened, ANYWHERE, "7.15 7.71", "8.10 8.41"),
    BOTH(an_endpoint_of_another_node_cannot_be_opened, BETWEEN_NODES, "7.15 7.71", "8.10 8.41"),
    BOTH(an_end_of_the_other_kind_cannot_be_opened, ANYWHERE, "7.16", "8.11"),
    BOTH(an_end_cannot_be_opened_as_the_other_end, ANYWHERE, "7.17", "8.11"),
    BOTH(an_end_is_opened_once, ANYWHERE, "7.18 7.19", "8.12"),
    BOTH(a_closed_end_is_not_opened_before_the_other_end_is_closed_too, ANYWHERE, "7.74",
         "8.44"),
};

CHAPTER(channel_open, tests);
