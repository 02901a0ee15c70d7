/* SPDX-License-Identifier: MIT */
/*
 * check_channel_flow.c - depth, and waiting for room or for something to come, for both kinds
 * of channel.
 */
#include "kinds.h"

/* A channel of that depth, whose ends wait for `timeout` at most; both 0: the defaults. */
static struct channel channel_shaped(const struct kind *kind, struct peer *sender,
                                     struct peer *receiver, uint32_t depth,
                                     mcapi_timeout_t timeout)
{
    struct channel channel = channel_made(sender, receiver);

    if (depth > 0)
        channel_deepen(&channel, depth);
    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, timeout);
    channel_join(kind, &channel);
    return channel;
}

/* --- Depth ------------------------------------------------------------------------- */

/* As deep as that, and not deeper; again and again, wherever the first one lies. */
static void is_deep(const struct kind *kind, const struct channel *channel, uint32_t depth)
{
    uint64_t word = 1;

    for (int round = 0; round < 3; round++) {
        channel_fill(kind, channel, word, depth);
        expect_equal(depth, channel_available(kind, channel));
        expect_status(MCAPI_TIMEOUT, channel_put(kind, channel, 0));
        expect_equal(depth, channel_available(kind, channel));
        channel_drain(kind, channel, word, 1);
        channel_fill(kind, channel, word + depth, 1);
        expect_status(MCAPI_TIMEOUT, channel_put(kind, channel, 0));
        channel_drain(kind, channel, word + 1, depth);
        expect_equal(0, channel_available(kind, channel));
        expect_status(MCAPI_TIMEOUT, channel_take_status(kind, channel));
        word += depth + 1;
    }
}

FOR_BOTH(exactly_the_default_depth_fits)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_shaped(kind, NULL, peer(0), 0, MCAPI_TIMEOUT_IMMEDIATE);
    is_deep(kind, &channel, kind->depth);
    nodes_end();
}

FOR_BOTH(exactly_the_depth_that_was_set_fits)
{
    const uint32_t depths[] = { 1, 2, 3, 7, 8, 9, 63, kind->depth };

    nodes_begin(1);
    for (size_t i = 0; i < LENGTH(depths); i++) {
        struct channel channel =
                channel_shaped(kind, NULL, peer(0), depths[i], MCAPI_TIMEOUT_IMMEDIATE);

        is_deep(kind, &channel, depths[i]);
        channel_part(kind, &channel);
    }
    nodes_end();
}

FOR_BOTH(the_senders_attribute_does_not_set_the_depth)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    set(NULL, channel.send, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 1);
    set(NULL, channel.send, MCAPI_ENDP_ATTR_NUM_SEND_BUFFERS, 1);
    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(kind, &channel);
    is_deep(kind, &channel, kind->depth);
    nodes_end();
}

FOR_BOTH(the_free_receive_buffers_can_be_read)
{
    enum { DEPTH = 5 };
    struct channel channel;

    nodes_begin(1);
    channel = channel_shaped(kind, NULL, peer(0), DEPTH, MCAPI_TIMEOUT_INFINITE);
    for (uint32_t i = 0; i <= DEPTH; i++) {
        expect_equal(DEPTH - i,
                     attribute(peer(0), channel.recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS));
        if (i < DEPTH)
            channel_fill(kind, &channel, i, 1);
    }
    for (uint32_t i = 0; i < DEPTH; i++) {
        channel_drain(kind, &channel, i, 1);
        expect_equal(i + 1, attribute(NULL, channel.recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS));
    }
    nodes_end();
}

/* --- Waiting ----------------------------------------------------------------------- */

FOR_BOTH(a_full_channel_blocks_its_sender_until_there_is_room)
{
    struct channel channel;
    struct call put = { .word = 3 };

    nodes_begin(1);
    channel = channel_shaped(kind, peer(0), NULL, 2, MCAPI_TIMEOUT_INFINITE);
    channel_fill(kind, &channel, 1, 2);
    put.endpoint = channel.send;
    begin(peer(0), kind->put, &put);
    expect_true(stays_blocked(peer(0)));
    channel_drain(kind, &channel, 1, 1);
    finish(peer(0), &put);
    expect_status(MCAPI_SUCCESS, put.status);
    channel_drain(kind, &channel, 2, 2);
    nodes_end();
}

FOR_BOTH(an_empty_channel_blocks_its_receiver_until_something_comes)
{
    struct channel channel;
    struct call take = { 0 };

    nodes_begin(1);
    channel = channel_joined(kind, NULL, peer(0));
    take.endpoint = channel.recv;
    for (uint64_t word = 1; word < 4; word++) {
        begin(peer(0), kind->take, &take);
        expect_true(stays_blocked(peer(0)));
        channel_fill(kind, &channel, word, 1);
        finish(peer(0), &take);
        expect_status(MCAPI_SUCCESS, take.status);
        expect_equal(word, take.word);
    }
    nodes_end();
}

static const mcapi_timeout_t timeouts[] = { MCAPI_TIMEOUT_IMMEDIATE, 1, 40 };

/* A call that takes as long as its timeout, and ends with it. */
static void times_out(struct peer *peer, act *act, mcapi_endpoint_t endpoint,
                      mcapi_timeout_t timeout)
{
    int64_t began = now_ms(), took;

    expect_status(MCAPI_TIMEOUT, ask(peer, act, (struct call){ .endpoint = endpoint }).status);
    took = now_ms() - began;
    expect_true(took + 1 >= timeout); /* the clock may have been read late in its first ms */
    expect_true(took < timeout + 2000);
}

FOR_BOTH(a_send_and_a_receive_time_out)
{
    nodes_begin(1);
    for (size_t i = 0; i < LENGTH(timeouts); i++) {
        struct channel channel = channel_shaped(kind, NULL, peer(0), 3, timeouts[i]);

        for (int round = 0; round < 2; round++) {
            times_out(peer(0), kind->take, channel.recv, timeouts[i]);
            channel_fill(kind, &channel, 1, 3);
            times_out(NULL, kind->put, channel.send, timeouts[i]);
            channel_drain(kind, &channel, 1, 3); /* nothing was lost, nothing came to it */
        }
    }
    nodes_end();
}

FOR_BOTH(each_end_has_a_timeout_of_its_own)
{
    struct channel channel;
    struct call take = { 0 };

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    channel_deepen(&channel, 1);
    set(NULL, channel.send, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(kind, &channel);
    channel_fill(kind, &channel, 1, 1);
    expect_status(MCAPI_TIMEOUT, channel_put(kind, &channel, 2));
    channel_drain(kind, &channel, 1, 1);
    take.endpoint = channel.recv;
    begin(peer(0), kind->take, &take);
    expect_true(stays_blocked(peer(0)));
    channel_fill(kind, &channel, 3, 1);
    finish(peer(0), &take);
    expect_equal(3, take.word);
    nodes_end();
}

FOR_BOTH(room_that_comes_in_time_ends_the_wait)
{
    struct channel channel;
    struct call call = { .word = 2 };

    nodes_begin(1);
    channel = channel_shaped(kind, peer(0), NULL, 1, 20000);
    channel_fill(kind, &channel, 1, 1);
    call.endpoint = channel.send;
    begin(peer(0), kind->put, &call);
    expect_true(stays_blocked(peer(0)));
    channel_drain(kind, &channel, 1, 1);
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    channel_drain(kind, &channel, 2, 1);
    nodes_end();
}

FOR_BOTH(a_full_channel_fails_its_sender_if_told_so)
{
    struct channel channel;
    struct call take = { 0 };

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    channel_deepen(&channel, 2);
    channel_set(&channel, MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT);
    channel_join(kind, &channel);
    for (uint64_t word = 1; word < 20; word += 2) {
        channel_fill(kind, &channel, word, 2);
        expect_status(MCAPI_ERR_MEM_LIMIT, channel_put(kind, &channel, 99));
        channel_drain(kind, &channel, word, 2);
    }
    take.endpoint = channel.recv; /* an empty one has memory: its receiver waits */
    begin(peer(0), kind->take, &take);
    expect_true(stays_blocked(peer(0)));
    channel_fill(kind, &channel, 1, 1);
    finish(peer(0), &take);
    expect_status(MCAPI_SUCCESS, take.status);
    nodes_end();
}

/* --- Signals ----------------------------------------------------------------------- */

FOR_BOTH(a_signal_does_not_end_a_blocked_send)
{
    struct channel channel;
    struct call put = { .word = 2 };

    nodes_begin(1);
    channel = channel_shaped(kind, peer(0), NULL, 1, MCAPI_TIMEOUT_INFINITE);
    channel_fill(kind, &channel, 1, 1);
    put.endpoint = channel.send;
    begin(peer(0), kind->put, &put);
    for (int i = 0; i < 3; i++) {
        expect_true(stays_blocked(peer(0)));
        interrupt(peer(0));
    }
    expect_true(stays_blocked(peer(0)));
    channel_drain(kind, &channel, 1, 1);
    finish(peer(0), &put);
    expect_status(MCAPI_SUCCESS, put.status);
    channel_drain(kind, &channel, 2, 1);
    nodes_end();
}

FOR_BOTH(a_signal_does_not_end_a_blocked_receive)
{
    struct channel channel;
    struct call take = { 0 };

    nodes_begin(1);
    channel = channel_joined(kind, NULL, peer(0));
    take.endpoint = channel.recv;
    begin(peer(0), kind->take, &take);
    for (int i = 0; i < 3; i++) {
        expect_true(stays_blocked(peer(0)));
        interrupt(peer(0));
    }
    expect_true(stays_blocked(peer(0)));
    channel_fill(kind, &channel, 8, 1);
    finish(peer(0), &take);
    expect_status(MCAPI_SUCCESS, take.status);
    expect_equal(8, take.word);
    nodes_end();
}

FOR_BOTH(signals_neither_shorten_nor_lengthen_a_timeout)
{
    const mcapi_timeout_t timeout = 400;
    struct channel channel;
    struct call take = { 0 };
    int64_t began, took;

    nodes_begin(1);
    channel = channel_shaped(kind, NULL, peer(0), 1, timeout);
    take.endpoint = channel.recv;
    began = now_ms();
    begin(peer(0), kind->take, &take);
    for (int i = 0; i < 3; i++) {
        expect_true(stays_blocked(peer(0)));
        interrupt(peer(0));
    }
    finish(peer(0), &take);
    took = now_ms() - began;
    expect_status(MCAPI_TIMEOUT, take.status);
    expect_true(took + 1 >= timeout);
    expect_true(took < timeout + 2000);
    channel_works(kind, &channel);
    nodes_end();
}

static const struct test tests[] = {
    BOTH(exactly_the_default_depth_fits, ANYWHERE, "7.30 7.34 7.40", "8.21 8.24 8.26"),
    BOTH(exactly_the_depth_that_was_set_fits, ANYWHERE, "7.30 7.31", "8.21"),
    BOTH(the_senders_attribute_does_not_set_the_depth, ANYWHERE, "7.31", "8.21"),
    BOTH(the_free_receive_buffers_can_be_read, ANYWHERE, "7.31", "8.21"),
    BOTH(a_full_channel_blocks_its_sender_until_there_is_room, ANYWHERE, "7.32", "8.22"),
    BOTH(an_empty_channel_blocks_its_receiver_until_something_comes, ANYWHERE, "7.37", "8.23"),
    BOTH(a_send_and_a_receive_time_out, ANYWHERE, "7.34 7.25", "8.24 8.16"),
    BOTH(each_end_has_a_timeout_of_its_own, ANYWHERE, "7.34 7.37", "8.24 8.23"),
    BOTH(room_that_comes_in_time_ends_the_wait, ANYWHERE, "7.34 7.32", "8.24 8.22"),
    BOTH(a_full_channel_fails_its_sender_if_told_so, ANYWHERE, "7.35", "8.22"),
    BOTH(a_signal_does_not_end_a_blocked_send, ANYWHERE, "7.36 7.32", "8.25 8.22"),
    BOTH(a_signal_does_not_end_a_blocked_receive, ANYWHERE, "7.36 7.37", "8.25 8.23"),
    BOTH(signals_neither_shorten_nor_lengthen_a_timeout, ANYWHERE, "7.36 7.34", "8.25 8.24"),
};

CHAPTER(channel_flow, tests);
