/* SPDX-License-Identifier: MIT */
/*
 * check_channel_connect.c - who may connect what, for both kinds of channel.
 */
#include "kinds.h"

static mcapi_status_t connecting(const struct kind *kind, mcapi_endpoint_t send,
                                 mcapi_endpoint_t recv)
{
    return ask(NULL, kind->connect, (struct call){ .endpoint = send, .other = recv }).status;
}

/* The same with an answer that is an error, which the request says too. */
static mcapi_status_t connect_refused(const struct kind *kind, mcapi_endpoint_t send,
                                      mcapi_endpoint_t recv)
{
    return refusal(NULL, kind->connect_i, (struct call){ .endpoint = send, .other = recv });
}

/* Connects it after all, and uses it: whatever was refused before has left it alone. */
static void works_after_all(const struct kind *kind, const struct channel *channel)
{
    channel_join(kind, channel);
    channel_works(kind, channel);
    channel_part(kind, channel);
}

/* --- Who --------------------------------------------------------------------------- */

FOR_BOTH(every_node_may_connect)
{
    struct peer *nodes[3] = { NULL };

    nodes_begin(2);
    nodes[1] = peer(0);
    nodes[2] = peer(1); /* owns neither end */
    for (size_t i = 0; i < LENGTH(nodes); i++) {
        struct channel channel = channel_made(NULL, peer(0));
        struct call call = { .endpoint = channel.send, .other = channel.recv };
        mcapi_request_t opens[SIDES];

        expect_status(MCAPI_SUCCESS, ask(nodes[i], kind->connect, call).status);
        for (enum side side = SENDING; side < SIDES; side++)
            opens[side] = channel_open(kind, &channel, side);
        for (enum side side = SENDING; side < SIDES; side++)
            expect_status(MCAPI_SUCCESS, outcome(channel_peer(&channel, side), opens[side]));
        channel_works(kind, &channel);
        channel_part(kind, &channel);
    }
    nodes_end();
}

FOR_BOTH(a_node_may_connect_two_endpoints_of_one_other_node)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(peer(0), peer(0));
    channel_join(kind, &channel);
    channel_works(kind, &channel);
    channel_part(kind, &channel);
    nodes_end();
}

FOR_BOTH(channels_go_both_ways_between_two_nodes)
{
    struct channel there, back;

    nodes_begin(1);
    there = channel_joined(kind, NULL, peer(0));
    back = channel_joined(kind, peer(0), NULL);
    channel_fill(kind, &there, 1, 3);
    channel_fill(kind, &back, 11, 3);
    channel_drain(kind, &there, 1, 3);
    channel_drain(kind, &back, 11, 3);
    channel_part(kind, &there);
    channel_part(kind, &back);
    nodes_end();
}

/* --- What -------------------------------------------------------------------------- */

FOR_BOTH(what_is_no_endpoint_cannot_be_connected)
{
    mcapi_endpoint_t values[NO_ENDPOINTS];
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    fill_no_endpoints(peer(0), values);
    for (int i = 0; i < NO_ENDPOINTS; i++) {
        expect_status(MCAPI_ERR_ENDP_INVALID, connect_refused(kind, values[i], channel.recv));
        expect_status(MCAPI_ERR_ENDP_INVALID, connect_refused(kind, channel.send, values[i]));
        expect_status(MCAPI_ERR_ENDP_INVALID, connect_refused(kind, values[i], values[i]));
    }
    works_after_all(kind, &channel);
    nodes_end();
}

FOR_BOTH(an_endpoint_cannot_be_connected_with_itself)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    expect_status(MCAPI_ERR_ENDP_INVALID, connect_refused(kind, channel.send, channel.send));
    expect_status(MCAPI_ERR_ENDP_INVALID, connect_refused(kind, channel.recv, channel.recv));
    works_after_all(kind, &channel);
    nodes_end();
}

/* Each way to connect an end of this channel once more, in either role. */
static void cannot_be_connected(const struct kind *kind, const struct channel *channel,
                                const struct channel *spare)
{
    const mcapi_endpoint_t pairs[][SIDES] = {
        { channel->send, channel->recv }, { channel->recv, channel->send },
        { channel->send, spare->recv },   { spare->send, channel->send },
        { channel->recv, spare->recv },   { spare->send, channel->recv },
    };

    for (size_t i = 0; i < LENGTH(pairs); i++)
        expect_status(MCAPI_ERR_CHAN_CONNECTED,
                      connect_refused(kind, pairs[i][SENDING], pairs[i][RECEIVING]));
}

FOR_BOTH(what_is_connected_cannot_be_connected_again)
{
    struct channel channel, spare;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    spare = channel_made(NULL, peer(0));
    channel_connect(kind, &channel);
    cannot_be_connected(kind, &channel, &spare);
    channel_open(kind, &channel, SENDING);
    cannot_be_connected(kind, &channel, &spare);
    channel_open(kind, &channel, RECEIVING);
    cannot_be_connected(kind, &channel, &spare);
    channel_works(kind, &channel);
    works_after_all(kind, &spare);
    nodes_end();
}

FOR_BOTH(what_is_connected_for_one_kind_cannot_be_connected_for_the_other)
{
    struct channel channel, spare;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    spare = channel_made(NULL, peer(0));
    channel_connect(kind, &channel);
    cannot_be_connected(kind->other, &channel, &spare);
    works_after_all(kind->other, &spare);
    nodes_end();
}

FOR_BOTH(of_two_nodes_that_connect_at_once_one_succeeds)
{
    nodes_begin(2);
    for (int round = 0; round < 30; round++) {
        struct channel channel = channel_made(NULL, peer(0));
        struct call call = { .endpoint = channel.send, .other = channel.recv }, theirs = call;
        mcapi_status_t ours;

        begin(peer(1), kind->connect, &call);
        ours = ask(NULL, kind->connect, call).status;
        finish(peer(1), &theirs);
        expect_status(ours == MCAPI_SUCCESS ? MCAPI_ERR_CHAN_CONNECTED : MCAPI_SUCCESS,
                      theirs.status);
        expect_true(ours == MCAPI_SUCCESS || ours == MCAPI_ERR_CHAN_CONNECTED);
    }
    nodes_end();
}

FOR_BOTH(a_half_closed_channel_is_not_connected_anew)
{
    struct channel channel, spare;

    nodes_begin(1);
    spare = channel_made(NULL, peer(0));
    for (enum side side = SENDING; side < SIDES; side++) {
        channel = channel_joined(kind, NULL, peer(0));
        channel_close(kind, &channel, side);
        expect_status(MCAPI_ERR_CHAN_CLOSEPENDING,
                      connect_refused(kind, side == SENDING ? channel.send : spare.send,
                                      side == SENDING ? spare.recv : channel.recv));
        channel_close(kind, &channel, across(side));
        works_after_all(kind, &channel);
    }
    works_after_all(kind, &spare);
    nodes_end();
}

/* --- Attributes -------------------------------------------------------------------- */

static const struct {
    mcapi_uint_t number;
    uint32_t value; /* not the default */
} have_to_be_equal[] = {
    { MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, 100 },
    { MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT },
    { MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_SHARED_MEMORY },
    { MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_REMOTE_MEMORY },
    { MCAPI_ENDP_ATTR_NUM_PRIORITIES, 1 },
    { MCAPI_ENDP_ATTR_PRIORITY, 1 },
}, may_differ[] = {
    { MCAPI_ENDP_ATTR_NUM_SEND_BUFFERS, 3 },
    { MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 3 },
    { MCAPI_ENDP_ATTR_TIMEOUT, 60000 },
};

FOR_BOTH(ends_that_do_not_fit_are_not_connected)
{
    nodes_begin(1);
    for (size_t i = 0; i < LENGTH(have_to_be_equal); i++)
        for (enum side side = SENDING; side < SIDES; side++) {
            struct channel channel = channel_made(NULL, peer(0));
            enum side other = across(side);

            set(channel_peer(&channel, side), channel_end(&channel, side),
                have_to_be_equal[i].number, have_to_be_equal[i].value);
            expect_status(MCAPI_ERR_ATTR_INCOMPATIBLE,
                          connect_refused(kind, channel.send, channel.recv));
            set(channel_peer(&channel, other), channel_end(&channel, other),
                have_to_be_equal[i].number, have_to_be_equal[i].value);
            works_after_all(kind, &channel);
        }
    nodes_end();
}

FOR_BOTH(the_other_attributes_may_differ)
{
    nodes_begin(1);
    for (size_t i = 0; i < LENGTH(may_differ); i++)
        for (enum side side = SENDING; side < SIDES; side++) {
            struct channel channel = channel_made(NULL, peer(0));

            set(channel_peer(&channel, side), channel_end(&channel, side), may_differ[i].number,
                may_differ[i].value);
            works_after_all(kind, &channel);
        }
    nodes_end();
}

FOR_BOTH(an_end_that_is_meant_for_this_kind_is_connected)
{
    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct channel channel = channel_made(NULL, peer(0));

        set(channel_peer(&channel, side), channel_end(&channel, side), MCAPI_ENDP_ATTR_TYPE,
            kind->type);
        works_after_all(kind, &channel);
    }
    nodes_end();
}

/* --- What was opened before -------------------------------------------------------- */

FOR_BOTH(an_end_opened_for_the_other_kind_is_not_connected)
{
    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct channel channel = channel_made(NULL, peer(0));

        channel_open(kind->other, &channel, side);
        expect_status(MCAPI_ERR_CHAN_TYPE, connect_refused(kind, channel.send, channel.recv));
        expect_status(MCAPI_SUCCESS, connecting(kind->other, channel.send, channel.recv));
    }
    nodes_end();
}

FOR_BOTH(an_end_opened_as_the_other_end_is_not_connected)
{
    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct channel channel = channel_made(NULL, peer(0));

        channel_open(kind, &channel, side);
        expect_status(MCAPI_ERR_CHAN_DIRECTION,
                      connect_refused(kind, channel.recv, channel.send));
        expect_status(MCAPI_SUCCESS, connecting(kind, channel.send, channel.recv));
    }
    nodes_end();
}

static const struct test tests[] = {
    BOTH(every_node_may_connect, ANYWHERE, "7.1 7.2 7.3", "8.1"),
    BOTH(a_node_may_connect_two_endpoints_of_one_other_node, BETWEEN_NODES, "7.3", "8.1"),
    BOTH(channels_go_both_ways_between_two_nodes, ANYWHERE, "7.1 7.25", "8.1 8.16"),
    BOTH(what_is_no_endpoint_cannot_be_connected, ANYWHERE, "7.4 7.9 7.71", "8.2 8.6 8.41"),
    BOTH(an_endpoint_cannot_be_connected_with_itself, ANYWHERE, "7.5 7.9", "8.2 8.6"),
    BOTH(what_is_connected_cannot_be_connected_again, ANYWHERE, "7.6 7.9", "8.3 8.6"),
    BOTH(what_is_connected_for_one_kind_cannot_be_connected_for_the_other, ANYWHERE, "7.6",
         "8.3"),
    BOTH(of_two_nodes_that_connect_at_once_one_succeeds, ANYWHERE, "7.6", "8.3"),
    BOTH(a_half_closed_channel_is_not_connected_anew, ANYWHERE, "7.8 7.9", "8.5 8.6"),
    BOTH(ends_that_do_not_fit_are_not_connected, ANYWHERE, "7.7 7.9", "8.4 8.6"),
    BOTH(the_other_attributes_may_differ, ANYWHERE, "7.7", "8.4"),
    BOTH(an_end_that_is_meant_for_this_kind_is_connected, ANYWHERE, "7.7", "8.4"),
    BOTH(an_end_opened_for_the_other_kind_is_not_connected, ANYWHERE, "7.10 7.9", "8.6"),
    BOTH(an_end_opened_as_the_other_end_is_not_connected, ANYWHERE, "7.10 7.9", "8.6"),
};

CHAPTER(channel_connect, tests);
