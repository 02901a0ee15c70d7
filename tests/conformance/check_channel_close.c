/* SPDX-License-Identifier: MIT */
/*
 * check_channel_close.c - closes, what is seen of them, and channels made anew, for both kinds.
 */
#include "kinds.h"

static mcapi_status_t close_refused(const struct kind *kind, struct peer *peer,
                                    mcapi_endpoint_t endpoint, enum side as)
{
    return refusal(peer, kind->close[as], (struct call){ .endpoint = endpoint });
}

/* --- What the other end sees ------------------------------------------------------- */

FOR_BOTH(the_receiver_drains_what_was_sent_before_the_close)
{
    nodes_begin(1);
    for (uint32_t count = 0; count <= kind->depth; count = count * 2 + 1) {
        struct channel channel = channel_joined(kind, NULL, peer(0));

        channel_fill(kind, &channel, 1, count);
        channel_close(kind, &channel, SENDING);
        if (count > 0)
            expect_equal(count, channel_available(kind, &channel));
        channel_drain(kind, &channel, 1, count);
        for (int i = 0; i < 2; i++) {
            struct call look = { .endpoint = channel.recv };

            expect_status(MCAPI_ERR_CHAN_INVALID, channel_take_status(kind, &channel));
            expect_status(MCAPI_ERR_CHAN_INVALID, ask(peer(0), kind->look, look).status);
        }
        channel_close(kind, &channel, RECEIVING);
    }
    nodes_end();
}

FOR_BOTH(the_receivers_close_discards_and_the_sender_learns)
{
    nodes_begin(1);
    for (uint32_t count = 0; count <= kind->depth; count = count * 2 + 1) {
        struct channel channel = channel_joined(kind, NULL, peer(0));

        channel_fill(kind, &channel, 1, count);
        channel_close(kind, &channel, RECEIVING);
        for (int i = 0; i < 2; i++)
            expect_status(MCAPI_ERR_CHAN_INVALID, channel_put(kind, &channel, 9));
        channel_close(kind, &channel, SENDING);
        channel_join(kind, &channel);
        expect_equal(0, channel_available(kind, &channel));
        channel_works(kind, &channel);
    }
    nodes_end();
}

FOR_BOTH(a_blocked_receiver_wakes_when_the_sender_closes)
{
    struct channel channel;
    struct call take = { 0 };

    nodes_begin(1);
    channel = channel_joined(kind, NULL, peer(0));
    take.endpoint = channel.recv;
    begin(peer(0), kind->take, &take);
    expect_true(stays_blocked(peer(0)));
    channel_close(kind, &channel, SENDING);
    finish(peer(0), &take);
    expect_status(MCAPI_ERR_CHAN_INVALID, take.status);
    nodes_end();
}

FOR_BOTH(a_blocked_sender_wakes_when_the_receiver_closes)
{
    struct channel channel;
    struct call put = { 0 };

    nodes_begin(1);
    channel = channel_joined(kind, peer(0), NULL);
    channel_fill(kind, &channel, 1, kind->depth);
    put.endpoint = channel.send;
    begin(peer(0), kind->put, &put);
    expect_true(stays_blocked(peer(0)));
    channel_close(kind, &channel, RECEIVING);
    finish(peer(0), &put);
    expect_status(MCAPI_ERR_CHAN_INVALID, put.status);
    nodes_end();
}

/* Another thread of the same node closes the end that a call waits on. */
FOR_BOTH(a_call_wakes_when_its_own_end_is_closed)
{
    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct channel channel = channel_joined(kind, NULL, NULL);
        struct call call = { .endpoint = channel_end(&channel, side) };

        if (side == SENDING)
            channel_fill(kind, &channel, 1, kind->depth);
        begin(peer(0), side == SENDING ? kind->put : kind->take, &call);
        expect_true(stays_blocked(peer(0)));
        channel_close(kind, &channel, side);
        finish(peer(0), &call);
        expect_status(MCAPI_ERR_CHAN_INVALID, call.status);
    }
    nodes_end();
}

FOR_BOTH(a_receive_that_waits_for_the_connect_wakes_when_its_end_is_closed)
{
    struct channel channel;
    struct call take = { 0 };

    nodes_begin(1);
    channel = channel_made(NULL, NULL);
    channel_open(kind, &channel, RECEIVING);
    take.endpoint = channel.recv;
    begin(peer(0), kind->take, &take);
    expect_true(stays_blocked(peer(0)));
    channel_close(kind, &channel, RECEIVING);
    finish(peer(0), &take);
    expect_status(MCAPI_ERR_CHAN_INVALID, take.status);
    nodes_end();
}

/* --- When a close completes -------------------------------------------------------- */

FOR_BOTH(a_close_completes_when_both_ends_are_closed)
{
    nodes_begin(1);
    for (enum side first = SENDING; first < SIDES; first++) {
        struct channel channel = channel_joined(kind, NULL, peer(0));
        mcapi_request_t close[SIDES];

        channel_fill(kind, &channel, 1, 3);
        close[first] = channel_close(kind, &channel, first);
        expect_true(is_pending(channel_peer(&channel, first), close[first]));
        close[across(first)] = channel_close(kind, &channel, across(first));
        expect_status(MCAPI_SUCCESS,
                      outcome(channel_peer(&channel, across(first)), close[across(first)]));
        expect_status(MCAPI_SUCCESS, outcome(channel_peer(&channel, first), close[first]));
    }
    nodes_end();
}

FOR_BOTH(a_close_that_is_waited_for_completes_with_the_other_one)
{
    nodes_begin(2);
    for (enum side first = SENDING; first < SIDES; first++) {
        struct channel channel = channel_joined(kind, peer(0), peer(1));
        struct call wait = { .timeout = MCAPI_TIMEOUT_INFINITE };
        struct peer *waiter = channel_peer(&channel, first);

        wait.request = channel_close(kind, &channel, first);
        begin(waiter, do_wait, &wait);
        expect_true(stays_blocked(waiter));
        channel_close(kind, &channel, across(first));
        finish(waiter, &wait);
        expect_status(MCAPI_SUCCESS, wait.status);
    }
    nodes_end();
}

FOR_BOTH(a_close_on_one_node_completes_at_once)
{
    nodes_begin(1);
    for (enum side first = SENDING; first < SIDES; first++) {
        struct channel channel = channel_joined(kind, NULL, NULL);

        expect_true(!is_pending(NULL, channel_close(kind, &channel, first)));
        expect_true(!is_pending(NULL, channel_close(kind, &channel, across(first))));
        channel_join(kind, &channel);
        channel_works(kind, &channel);
    }
    nodes_end();
}

FOR_BOTH(a_draining_receiver_does_not_complete_the_senders_close)
{
    struct channel channel;
    mcapi_request_t close;

    nodes_begin(1);
    channel = channel_joined(kind, NULL, peer(0));
    channel_fill(kind, &channel, 1, 2);
    close = channel_close(kind, &channel, SENDING);
    channel_drain(kind, &channel, 1, 2);
    expect_status(MCAPI_ERR_CHAN_INVALID, channel_take_status(kind, &channel));
    expect_true(is_pending(NULL, close));
    channel_close(kind, &channel, RECEIVING);
    expect_status(MCAPI_SUCCESS, outcome(NULL, close));
    nodes_end();
}

/* --- Refused ----------------------------------------------------------------------- */

FOR_BOTH(an_end_is_closed_once)
{
    nodes_begin(1);
    for (enum side first = SENDING; first < SIDES; first++) {
        struct channel channel = channel_joined(kind, NULL, peer(0));

        channel_close(kind, &channel, first);
        expect_status(MCAPI_ERR_CHAN_NOTOPEN,
                      close_refused(kind, channel_peer(&channel, first),
                                    channel_end(&channel, first), first));
        channel_close(kind, &channel, across(first));
        for (enum side side = SENDING; side < SIDES; side++)
            expect_status(MCAPI_ERR_CHAN_NOTOPEN,
                          close_refused(kind, channel_peer(&channel, side),
                                        channel_end(&channel, side), side));
    }
    nodes_end();
}

FOR_BOTH(what_never_was_an_end_cannot_be_closed)
{
    mcapi_endpoint_t values[NO_ENDPOINTS + 1];

    nodes_begin(1);
    fill_no_endpoints(NULL, values);
    values[NO_ENDPOINTS] = created(NULL); /* an endpoint, and no more */
    for (size_t i = 0; i < LENGTH(values); i++)
        for (enum side as = SENDING; as < SIDES; as++)
            expect_status(MCAPI_ERR_CHAN_INVALID, close_refused(kind, NULL, values[i], as));
    nodes_end();
}

FOR_BOTH(an_end_of_the_other_kind_or_direction_cannot_be_closed)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_joined(kind, NULL, peer(0));
    for (enum side side = SENDING; side < SIDES; side++) {
        struct peer *peer = channel_peer(&channel, side);
        mcapi_endpoint_t end = channel_end(&channel, side);

        expect_status(MCAPI_ERR_CHAN_INVALID, close_refused(kind, peer, end, across(side)));
        expect_status(MCAPI_ERR_CHAN_INVALID, close_refused(kind->other, peer, end, side));
        expect_status(MCAPI_ERR_CHAN_INVALID,
                      close_refused(kind->other, peer, end, across(side)));
    }
    channel_works(kind, &channel);
    nodes_end();
}

FOR_BOTH(another_node_cannot_close_an_end)
{
    struct channel channel;

    nodes_begin(2);
    channel = channel_joined(kind, NULL, peer(0));
    for (enum side as = SENDING; as < SIDES; as++) {
        expect_status(MCAPI_ERR_CHAN_INVALID, close_refused(kind, NULL, channel.recv, as));
        expect_status(MCAPI_ERR_CHAN_INVALID, close_refused(kind, peer(0), channel.send, as));
        expect_status(MCAPI_ERR_CHAN_INVALID, close_refused(kind, peer(1), channel.send, as));
        expect_status(MCAPI_ERR_CHAN_INVALID, close_refused(kind, peer(1), channel.recv, as));
    }
    channel_works(kind, &channel);
    nodes_end();
}

/* --- Again ------------------------------------------------------------------------- */

/* The same two endpoints, many times; each time something is left in the channel. */
FOR_BOTH(closed_ends_can_be_connected_again)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    for (uint32_t round = 0; round < 60; round++) {
        channel_join(kind, &channel);
        expect_equal(0, channel_available(kind, &channel));
        channel_fill(kind, &channel, round, kind->depth);
        expect_status(MCAPI_TIMEOUT, channel_put(kind, &channel, 0));
        channel_drain(kind, &channel, round, round % kind->depth);
        if (round % 2 == 0) {
            channel_part(kind, &channel);
        } else { /* the receiver first */
            mcapi_request_t close = channel_close(kind, &channel, RECEIVING);

            channel_close(kind, &channel, SENDING);
            expect_status(MCAPI_SUCCESS, outcome(peer(0), close));
        }
    }
    nodes_end();
}

FOR_BOTH(closed_ends_can_be_connected_in_any_roles)
{
    struct channel channel, spare, turned, mixed;
    const struct kind *other = kind->other;

    nodes_begin(1);
    channel = channel_joined(kind, NULL, peer(0));
    channel_works(kind, &channel);
    channel_part(kind, &channel);
    turned = (struct channel){ peer(0), NULL, channel.recv, channel.send };
    channel_join(kind, &turned);
    channel_works(kind, &turned);
    channel_part(kind, &turned);
    channel_join(other, &channel);
    channel_works(other, &channel);
    channel_part(other, &channel);
    spare = channel_made(NULL, peer(0));
    mixed = (struct channel){ NULL, peer(0), channel.send, spare.recv };
    channel_join(kind, &mixed);
    channel_works(kind, &mixed);
    channel_part(kind, &mixed);
    nodes_end();
}

FOR_BOTH(a_closed_end_that_is_connected_again_can_be_closed_again)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_joined(kind, NULL, peer(0));
    for (int round = 0; round < 3; round++) {
        channel_part(kind, &channel);
        expect_status(MCAPI_ERR_CHAN_NOTOPEN, close_refused(kind, NULL, channel.send, SENDING));
        channel_join(kind, &channel);
        channel_works(kind, &channel);
    }
    nodes_end();
}

FOR_BOTH(both_ends_may_be_closed_at_once)
{
    struct channel channel;

    nodes_begin(2);
    channel = channel_made(peer(0), peer(1));
    for (int round = 0; round < 40; round++) {
        struct call close[SIDES] = { { .endpoint = channel.send },
                                     { .endpoint = channel.recv } };

        channel_join(kind, &channel);
        channel_fill(kind, &channel, 1, 3);
        for (enum side side = SENDING; side < SIDES; side++)
            begin(peer(side), kind->close[side], &close[side]);
        for (enum side side = SENDING; side < SIDES; side++)
            finish(peer(side), &close[side]);
        for (enum side side = SENDING; side < SIDES; side++) {
            expect_status(MCAPI_SUCCESS, close[side].status);
            expect_status(MCAPI_SUCCESS, outcome(peer(side), close[side].request));
        }
    }
    nodes_end();
}

/* --- Finalize closes --------------------------------------------------------------- */

static void finalized(struct peer *peer)
{
    expect_status(MCAPI_SUCCESS, ask(peer, do_finalize, (struct call){ 0 }).status);
}

FOR_BOTH(what_a_node_sent_before_it_finalized_is_drained)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_joined(kind, peer(0), NULL);
    channel_fill(kind, &channel, 1, 5);
    finalized(peer(0));
    channel_drain(kind, &channel, 1, 5);
    for (int i = 0; i < 2; i++)
        expect_status(MCAPI_ERR_CHAN_INVALID, channel_take_status(kind, &channel));
    expect_status(MCAPI_SUCCESS, outcome(NULL, channel_close(kind, &channel, RECEIVING)));
    nodes_end();
}

FOR_BOTH(what_a_node_sent_before_it_finalized_waits_for_an_open)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    channel_connect(kind, &channel);
    channel_open(kind, &channel, SENDING);
    channel_fill(kind, &channel, 1, 3);
    finalized(peer(0));
    channel_open(kind, &channel, RECEIVING);
    channel_drain(kind, &channel, 1, 3);
    expect_status(MCAPI_ERR_CHAN_INVALID, channel_take_status(kind, &channel));
    nodes_end();
}

FOR_BOTH(a_send_to_a_node_that_has_finalized_is_refused)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_joined(kind, NULL, peer(0));
    channel_fill(kind, &channel, 1, 2);
    finalized(peer(0));
    for (int i = 0; i < 2; i++)
        expect_status(MCAPI_ERR_CHAN_INVALID, channel_put(kind, &channel, 9));
    expect_status(MCAPI_SUCCESS, outcome(NULL, channel_close(kind, &channel, SENDING)));
    nodes_end();
}

FOR_BOTH(who_waits_for_a_node_wakes_when_it_finalizes)
{
    struct call calls[SIDES] = { { 0 } };
    struct channel in, out;

    nodes_begin(3);
    in = channel_joined(kind, peer(2), peer(0));
    out = channel_joined(kind, peer(1), peer(2));
    channel_fill(kind, &out, 1, kind->depth);
    calls[0].endpoint = in.recv;
    calls[1].endpoint = out.send;
    begin(peer(0), kind->take, &calls[0]);
    begin(peer(1), kind->put, &calls[1]);
    expect_true(stays_blocked(peer(0)) && stays_blocked(peer(1)));
    finalized(peer(2));
    for (int i = 0; i < 2; i++) {
        finish(peer(i), &calls[i]);
        expect_status(MCAPI_ERR_CHAN_INVALID, calls[i].status);
    }
    nodes_end();
}

/* With which status is not said anywhere. */
FOR_BOTH(a_pending_open_ends_when_the_other_node_finalizes)
{
    struct channel channel;
    struct call wait = { .timeout = MCAPI_TIMEOUT_INFINITE };

    nodes_begin(2);
    channel = channel_made(peer(0), peer(1));
    channel_connect(kind, &channel);
    wait.request = channel_open(kind, &channel, SENDING);
    begin(peer(0), do_wait, &wait);
    expect_true(stays_blocked(peer(0)));
    finalized(peer(1));
    finish(peer(0), &wait);
    expect_true(wait.truth == MCAPI_TRUE);
    expect_status(MCAPI_ERR_CHAN_INVALID, channel_put(kind, &channel, 1));
    nodes_end();
}

FOR_BOTH(a_pending_close_completes_when_the_other_node_finalizes)
{
    nodes_begin(2);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct peer *ends[SIDES] = { NULL, NULL };
        struct channel channel;
        struct call again = { .domain = DOMAIN, .node = peer_node(peer(1)) };
        mcapi_request_t close;

        ends[side] = peer(0);
        ends[across(side)] = peer(1);
        channel = channel_joined(kind, ends[SENDING], ends[RECEIVING]);
        close = channel_close(kind, &channel, side);
        expect_true(is_pending(peer(0), close));
        finalized(peer(1));
        expect_status(MCAPI_SUCCESS, outcome(peer(0), close));
        expect_status(MCAPI_SUCCESS, ask(peer(1), do_initialize, again).status);
    }
    nodes_end();
}

FOR_BOTH(an_end_whose_other_node_finalized_can_be_connected_again)
{
    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct call again = { .domain = DOMAIN, .node = peer_node(peer(0)) };
        struct channel channel = side == SENDING ? channel_joined(kind, NULL, peer(0))
                                                 : channel_joined(kind, peer(0), NULL);

        finalized(peer(0));
        expect_status(MCAPI_SUCCESS, outcome(NULL, channel_close(kind, &channel, side)));
        expect_status(MCAPI_SUCCESS, ask(peer(0), do_initialize, again).status);
        if (side == SENDING)
            channel.recv = created(peer(0));
        else
            channel.send = created(peer(0));
        channel_join(kind, &channel);
        channel_works(kind, &channel);
    }
    nodes_end();
}

static const struct test tests[] = {
    BOTH(the_receiver_drains_what_was_sent_before_the_close, ANYWHERE, "7.53", "8.29"),
    BOTH(the_receivers_close_discards_and_the_sender_learns, ANYWHERE, "7.55 7.59",
         "8.30 8.33"),
    BOTH(a_blocked_receiver_wakes_when_the_sender_closes, ANYWHERE, "7.54", "8.31"),
    BOTH(a_blocked_sender_wakes_when_the_receiver_closes, ANYWHERE, "7.56", "8.31"),
    BOTH(a_call_wakes_when_its_own_end_is_closed, IN_ONE_NODE, "7.63", "8.31"),
    BOTH(a_receive_that_waits_for_the_connect_wakes_when_its_end_is_closed, IN_ONE_NODE, "7.63",
         "8.31"),
    BOTH(a_close_completes_when_both_ends_are_closed, BETWEEN_NODES, "7.57", "8.32"),
    BOTH(a_close_that_is_waited_for_completes_with_the_other_one, BETWEEN_NODES, "7.57",
         "8.32"),
    BOTH(a_close_on_one_node_completes_at_once, ANYWHERE, "7.58 7.59", "8.9 8.33"),
    BOTH(a_draining_receiver_does_not_complete_the_senders_close, BETWEEN_NODES, "7.57 7.53",
         "8.32 8.29"),
    BOTH(an_end_is_closed_once, ANYWHERE, "7.60", "8.34"),
    BOTH(what_never_was_an_end_cannot_be_closed, ANYWHERE, "7.61 7.71", "8.34 8.41"),
    BOTH(an_end_of_the_other_kind_or_direction_cannot_be_closed, ANYWHERE, "7.61", "8.34"),
    BOTH(another_node_cannot_close_an_end, BETWEEN_NODES, "7.61", "8.34"),
    BOTH(closed_ends_can_be_connected_again, ANYWHERE, "7.59 7.55", "8.33 8.30"),
    BOTH(closed_ends_can_be_connected_in_any_roles, ANYWHERE, "7.59", "8.33"),
    BOTH(a_closed_end_that_is_connected_again_can_be_closed_again, ANYWHERE, "7.59 7.60",
         "8.33 8.34"),
    BOTH(both_ends_may_be_closed_at_once, ANYWHERE, "7.57 7.58 7.59", "8.32 8.33"),
    BOTH(what_a_node_sent_before_it_finalized_is_drained, BETWEEN_NODES, "7.62 7.53",
         "8.35 8.29"),
    BOTH(what_a_node_sent_before_it_finalized_waits_for_an_open, BETWEEN_NODES, "7.62 7.22",
         "8.35 8.14"),
    BOTH(a_send_to_a_node_that_has_finalized_is_refused, BETWEEN_NODES, "7.62 7.55",
         "8.35 8.30"),
    BOTH(who_waits_for_a_node_wakes_when_it_finalizes, BETWEEN_NODES, "7.62 7.54 7.56",
         "8.35 8.31"),
    BOTH(a_pending_open_ends_when_the_other_node_finalizes, BETWEEN_NODES, "7.62", "8.35"),
    BOTH(a_pending_close_completes_when_the_other_node_finalizes, BETWEEN_NODES, "7.62 7.57",
         "8.35 8.32"),
    BOTH(an_end_whose_other_node_finalized_can_be_connected_again, BETWEEN_NODES, "7.62 7.59",
         "8.35 8.33"),
};

CHAPTER(channel_close, tests);
