/* SPDX-License-Identifier: MIT */
/*
 * check_ext_ends.c - section 11: the other end closes or dies, or our own does, while packets
 * go by reference or in bursts.
 */
#include "ext.h"

enum { NOTICE_MS = 1000, ENDLESS = 1000000000, LONGEST_BURST = 9 };

/* --- Afterwards ----------------------------------------------------------------- */

FOR_EACH_WAY(what_was_sent_before_a_close_is_received_first)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_joined(kind, peer(0), NULL);
    channel_fill(kind, &channel, 1, kind->depth);
    channel_close(kind, &channel, SENDING);
    channel_drain(kind, &channel, 1, kind->depth);
    for (int i = 0; i < 2; i++)
        expect_status(MCAPI_ERR_CHAN_INVALID, channel_take_status(kind, &channel));
    expect_status(MCAPI_ERR_CHAN_INVALID, channel_put(kind, &channel, 9));
    nodes_end();
}

FOR_EACH_WAY(what_was_sent_before_a_death_is_received_first)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_joined(kind, peer(0), NULL);
    channel_fill(kind, &channel, 1, kind->depth);
    kill_peer(peer(0));
    channel_drain(kind, &channel, 1, kind->depth);
    for (int i = 0; i < 2; i++)
        expect_status(MCAPI_ERR_TRANSMISSION, channel_take_status(kind, &channel));
    nodes_end();
}

FOR_EACH_WAY(nothing_is_sent_to_a_receiver_that_has_closed)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_joined(kind, NULL, peer(0));
    channel_fill(kind, &channel, 1, kind->depth);
    channel_close(kind, &channel, RECEIVING);
    for (int i = 0; i < 2; i++)
        expect_status(MCAPI_ERR_CHAN_INVALID, channel_put(kind, &channel, 9));
    nodes_end();
}

FOR_EACH_WAY(nothing_is_sent_to_a_receiver_that_has_died)
{
    struct channel channel, full;

    nodes_begin(1);
    channel = channel_joined(kind, NULL, peer(0));
    full = channel_joined(kind, NULL, peer(0));
    channel_fill(kind, &channel, 1, 2);
    channel_fill(kind, &full, 1, kind->depth);
    kill_peer(peer(0));
    for (int i = 0; i < 2; i++) {
        expect_status(MCAPI_ERR_TRANSMISSION, channel_put(kind, &channel, 9));
        expect_status(MCAPI_ERR_TRANSMISSION, channel_put(kind, &full, 9));
    }
    expect_status(MCAPI_SUCCESS, outcome(NULL, channel_close(kind, &full, SENDING)));
    nodes_end();
}

/* --- While somebody waits ------------------------------------------------------- */

/* `waiter` waits on a channel to or from `other`, on the side that is given. */
static struct channel waits(const struct kind *kind, struct peer *waiter, enum side side,
                            struct peer *other, struct call *call)
{
    struct channel channel = channel_joined(kind, side == SENDING ? waiter : other,
                                            side == SENDING ? other : waiter);

    if (side == SENDING)
        channel_fill(kind, &channel, 1, kind->depth);
    call->endpoint = channel_end(&channel, side);
    begin(waiter, side == SENDING ? kind->put : kind->take, call);
    expect_true(stays_blocked(waiter));
    return channel;
}

static void returns(struct peer *waiter, int64_t began, mcapi_status_t wanted)
{
    struct call call;

    finish(waiter, &call);
    expect_status(wanted, call.status);
    expect_true(now_ms() - began < NOTICE_MS);
}

FOR_EACH_WAY(who_waits_returns_when_the_other_end_closes)
{
    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct call call = { 0 };
        struct channel channel = waits(kind, peer(0), side, NULL, &call);
        int64_t began = now_ms();

        channel_close(kind, &channel, across(side));
        returns(peer(0), began, MCAPI_ERR_CHAN_INVALID);
    }
    nodes_end();
}

FOR_EACH_WAY(who_waits_returns_when_the_other_node_dies)
{
    for (enum side side = SENDING; side < SIDES; side++) {
        struct call call = { 0 };
        int64_t began;

        nodes_begin(2);
        waits(kind, peer(1), side, peer(0), &call);
        began = now_ms();
        kill_peer(peer(0));
        returns(peer(1), began, MCAPI_ERR_TRANSMISSION);
        nodes_end();
    }
}

FOR_EACH_WAY(who_waits_returns_when_its_own_end_closes)
{
    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct call call = { 0 };
        struct channel channel = waits(kind, peer(0), side, NULL, &call);
        int64_t began = now_ms();

        channel.sender = channel.receiver = NULL; /* we close, for our node */
        channel_close(kind, &channel, side);
        returns(peer(0), began, MCAPI_ERR_CHAN_INVALID);
    }
    nodes_end();
}

FOR_EACH_WAY(who_waits_returns_when_its_node_is_finalized)
{
    for (enum side side = SENDING; side < SIDES; side++) {
        struct call call = { 0 }, leave = { 0 };
        int64_t began;

        nodes_begin(1);
        waits(kind, peer(0), side, NULL, &call);
        began = now_ms();
        at(NULL, do_finalize, &leave);
        expect_status(MCAPI_SUCCESS, leave.status);
        returns(peer(0), began, MCAPI_ERR_NODE_NOTINIT);
        nodes_end();
    }
}

/* --- In the middle -------------------------------------------------------------- */

FOR_EACH_WAY(all_that_was_sent_before_a_close_in_the_middle_arrives)
{
    struct channel channel;

    nodes_begin(2);
    channel = channel_made(peer(0), peer(1));
    for (uint32_t round = 0; round < 10; round++) {
        struct call take = { .endpoint = channel.recv, .word = 1, .number = ENDLESS };
        struct call put = { .endpoint = channel.send, .word = 1, .number = round * 41 };

        channel_join(kind, &channel);
        begin(peer(1), kind->take_many, &take);
        expect_status(MCAPI_SUCCESS, ask(peer(0), kind->put_many, put).status);
        channel_close(kind, &channel, SENDING);
        finish(peer(1), &take);
        expect_status(MCAPI_ERR_CHAN_INVALID, take.status);
        expect_equal(put.number, take.number);
        expect_status(MCAPI_SUCCESS,
                      outcome(peer(1), channel_close(kind, &channel, RECEIVING)));
    }
    nodes_end();
}

FOR_EACH_WAY(a_receivers_close_in_the_middle_ends_the_stream)
{
    struct channel channel;

    nodes_begin(2);
    channel = channel_made(peer(0), peer(1));
    for (uint32_t round = 0; round < 10; round++) {
        struct call put = { .endpoint = channel.send, .word = 1, .number = ENDLESS };
        struct call take = { .endpoint = channel.recv, .word = 1, .number = 1 + round * 41 };

        channel_join(kind, &channel);
        begin(peer(0), kind->put_many, &put);
        expect_equal(take.number, ask(peer(1), kind->take_many, take).number);
        channel_close(kind, &channel, RECEIVING);
        finish(peer(0), &put);
        expect_status(MCAPI_ERR_CHAN_INVALID, put.status);
        expect_true(put.number >= take.number);
        expect_status(MCAPI_SUCCESS, outcome(peer(0), channel_close(kind, &channel, SENDING)));
    }
    nodes_end();
}

/* Peer 0 sends to peer 1, both without end; where they are is counted for us. */
struct stream {
    uint32_t sent, received;
};

static struct channel stream_begin(const struct kind *kind, struct stream *stream)
{
    struct call put = { .word = 1, .number = ENDLESS, .pointer = &stream->sent };
    struct call take = { .word = 1, .number = ENDLESS, .pointer = &stream->received };
    struct channel channel;

    stream->sent = stream->received = 0;
    nodes_begin(2);
    channel = channel_joined(kind, peer(0), peer(1));
    put.endpoint = channel.send;
    take.endpoint = channel.recv;
    begin(peer(1), kind->take_many, &take);
    begin(peer(0), kind->put_many, &put);
    return channel;
}

static uint32_t count_of(const uint32_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_SEQ_CST);
}

/* All that calls had said to be sent is there, then as much of the last burst as was sent. */
FOR_EACH_WAY(all_that_was_sent_before_a_death_in_the_middle_arrives)
{
    struct stream *stream = shared_memory(sizeof *stream);

    for (uint32_t round = 0; round < 8; round++) {
        struct call take;

        stream_begin(kind, stream);
        expect_true(eventually(count_of(&stream->sent) > 50 + round * 300));
        kill_peer(peer(0));
        finish(peer(1), &take);
        expect_status(MCAPI_ERR_TRANSMISSION, take.status);
        expect_true(take.number >= count_of(&stream->sent));
        expect_true(take.number <= count_of(&stream->sent) + LONGEST_BURST);
        nodes_end();
    }
}

FOR_EACH_WAY(a_receivers_death_in_the_middle_ends_the_stream)
{
    struct stream *stream = shared_memory(sizeof *stream);

    for (uint32_t round = 0; round < 8; round++) {
        struct channel channel = stream_begin(kind, stream);
        struct call put;

        expect_true(eventually(count_of(&stream->received) > 50 + round * 300));
        kill_peer(peer(1));
        finish(peer(0), &put);
        expect_status(MCAPI_ERR_TRANSMISSION, put.status);
        expect_true(put.number >= count_of(&stream->received));
        expect_status(MCAPI_SUCCESS, outcome(peer(0), channel_close(kind, &channel, SENDING)));
        nodes_end();
    }
}

static const struct test tests[] = {
    EACH_WAY(what_was_sent_before_a_close_is_received_first, ANYWHERE, "11.28", "11.58",
             "11.66"),
    EACH_WAY(what_was_sent_before_a_death_is_received_first, IN_PROCESSES, "11.42", "11.58",
             "11.66"),
    EACH_WAY(nothing_is_sent_to_a_receiver_that_has_closed, ANYWHERE, "11.40", "11.57",
             "11.66"),
    EACH_WAY(nothing_is_sent_to_a_receiver_that_has_died, IN_PROCESSES, "11.40", "11.57",
             "11.66"),
    EACH_WAY(who_waits_returns_when_the_other_end_closes, ANYWHERE, "11.40", "11.57 11.58",
             "11.66"),
    EACH_WAY(who_waits_returns_when_the_other_node_dies, IN_PROCESSES, "11.40", "11.57 11.58",
             "11.66"),
    EACH_WAY(who_waits_returns_when_its_own_end_closes, IN_ONE_NODE, "11.5", "11.5", "11.5"),
    EACH_WAY(who_waits_returns_when_its_node_is_finalized, IN_ONE_NODE, "11.5", "11.5", "11.5"),
    EACH_WAY(all_that_was_sent_before_a_close_in_the_middle_arrives, ANYWHERE, "11.28", "11.58",
             "11.66"),
    EACH_WAY(a_receivers_close_in_the_middle_ends_the_stream, ANYWHERE, "11.40", "11.57",
             "11.66"),
    EACH_WAY(all_that_was_sent_before_a_death_in_the_middle_arrives, IN_PROCESSES, "11.42",
             "11.58", "11.66"),
    EACH_WAY(a_receivers_death_in_the_middle_ends_the_stream, IN_PROCESSES, "11.40", "11.57",
             "11.66"),
};

CHAPTER(ext_ends, tests);
