/* SPDX-License-Identifier: MIT */
/*
 * check_ext_loans.c - section 11: what is no taken buffer, and what becomes of those that are
 * when an end or a node goes.
 */
#include "ext.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH = 5, SMALL = 40, LARGE = 3000 };

static struct channel channel_of_depth(struct peer *sender, struct peer *receiver)
{
    struct channel channel = channel_made(sender, receiver);

    channel_deepen(&channel, DEPTH);
    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(&packets, &channel);
    return channel;
}

/* By us. */
static void *taken(const struct channel *channel, size_t size)
{
    void *buffer;

    expect(MCAPI_SUCCESS, buffer = mcapi_ext_pktchan_buffer_take(channel->send, size, &status));
    fill(buffer, size, size);
    return buffer;
}

static void is_refused(mcapi_status_t wanted, const struct channel *channel, void *buffer)
{
    expect(wanted, mcapi_ext_pktchan_buffer_send(channel->send, buffer, 1, &status));
    expect(wanted, mcapi_ext_pktchan_buffer_send(channel->send, buffer, 0, &status));
    expect(wanted, mcapi_ext_pktchan_buffer_give_back(channel->send, buffer, &status));
}

/* All places are free. */
static void has_all_its_buffers(const struct channel *channel)
{
    expect_equal(DEPTH, attribute(NULL, channel->recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS));
    channel_fill(&packets, channel, 50, DEPTH);
    expect_status(MCAPI_TIMEOUT, channel_put(&packets, channel, 9));
    channel_drain(&packets, channel, 50, DEPTH);
}

static void is_received(const struct channel *channel, size_t size)
{
    struct call receive =
            ask(channel->receiver, do_receive, (struct call){ .endpoint = channel->recv });

    expect_status(MCAPI_SUCCESS, receive.status);
    expect_equal(size, receive.size);
    expect_status(MCAPI_SUCCESS, ask(channel->receiver, do_release, receive).status);
}

/* --- What is not taken ---------------------------------------------------------- */

static void only_a_taken_buffer_is_one(void)
{
    static char elsewhere[64];
    char *heap = malloc(64), *buffers[2];
    struct channel channel;

    nodes_begin(1);
    channel = channel_of_depth(NULL, peer(0));
    is_refused(MCAPI_ERR_BUF_INVALID, &channel, elsewhere); /* nothing was taken yet */
    buffers[0] = taken(&channel, SMALL);
    buffers[1] = taken(&channel, LARGE);
    is_refused(MCAPI_ERR_BUF_INVALID, &channel, NULL);
    is_refused(MCAPI_ERR_BUF_INVALID, &channel, (void *)1);
    is_refused(MCAPI_ERR_BUF_INVALID, &channel, (void *)UINTPTR_MAX);
    is_refused(MCAPI_ERR_BUF_INVALID, &channel, elsewhere);
    is_refused(MCAPI_ERR_BUF_INVALID, &channel, heap);
    is_refused(MCAPI_ERR_BUF_INVALID, &channel, &heap);
    for (int i = 0; i < 2; i++) {
        for (int offset = -300; offset <= 300; offset++)
            if (offset != 0)
                is_refused(MCAPI_ERR_BUF_INVALID, &channel, buffers[i] + offset);
        for (uintptr_t far = 4096; far != 0; far *= 2) {
            is_refused(MCAPI_ERR_BUF_INVALID, &channel, (void *)((uintptr_t)buffers[i] + far));
            is_refused(MCAPI_ERR_BUF_INVALID, &channel, (void *)((uintptr_t)buffers[i] - far));
        }
    }
    expect_true(is_filled(buffers[0], SMALL, SMALL) && is_filled(buffers[1], LARGE, LARGE));
    expect(MCAPI_SUCCESS,
           mcapi_ext_pktchan_buffer_send(channel.send, buffers[1], LARGE, &status));
    expect(MCAPI_SUCCESS,
           mcapi_ext_pktchan_buffer_give_back(channel.send, buffers[0], &status));
    is_received(&channel, LARGE);
    free(heap);
    nodes_end();
}

static void a_buffer_is_sent_or_given_back_once(void)
{
    static const size_t sizes[] = { 0, SMALL, LARGE };
    struct channel channel;

    nodes_begin(1);
    channel = channel_of_depth(NULL, peer(0));
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        void *buffer = taken(&channel, sizes[i]);

        expect(MCAPI_SUCCESS,
               mcapi_ext_pktchan_buffer_give_back(channel.send, buffer, &status));
        is_refused(MCAPI_ERR_BUF_INVALID, &channel, buffer);
        buffer = taken(&channel, sizes[i]);
        expect(MCAPI_SUCCESS,
               mcapi_ext_pktchan_buffer_send(channel.send, buffer, sizes[i], &status));
        is_refused(MCAPI_ERR_BUF_INVALID, &channel, buffer);
        is_received(&channel, sizes[i]);
        is_refused(MCAPI_ERR_BUF_INVALID, &channel, buffer);
        has_all_its_buffers(&channel);
        is_refused(MCAPI_ERR_BUF_INVALID, &channel, buffer);
    }
    nodes_end();
}

static void a_buffer_belongs_to_its_channel(void)
{
    struct channel channel, other;
    void *buffer;

    nodes_begin(1);
    channel = channel_of_depth(NULL, peer(0));
    other = channel_of_depth(NULL, peer(0));
    buffer = taken(&channel, SMALL);
    is_refused(MCAPI_ERR_BUF_INVALID, &other, buffer);
    taken(&other, SMALL);
    is_refused(MCAPI_ERR_BUF_INVALID, &other, buffer);
    expect(MCAPI_SUCCESS, mcapi_ext_pktchan_buffer_send(channel.send, buffer, SMALL, &status));
    is_received(&channel, SMALL);
    nodes_end();
}

/* What is held is not taken, and what is taken is not held. */
static void a_received_buffer_is_no_taken_one(void)
{
    struct channel channel, back;
    struct call receive = { 0 };
    void *buffer;

    nodes_begin(1);
    channel = channel_of_depth(NULL, peer(0));
    back = channel_of_depth(peer(0), NULL);
    channel_fill(&packets, &back, 1, 1);
    receive.endpoint = back.recv;
    do_receive(&receive);
    is_refused(MCAPI_ERR_BUF_INVALID, &channel, receive.pointer);
    buffer = taken(&channel, SMALL);
    expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release(buffer, &status));
    expect(MCAPI_ERR_BUF_INVALID,
           expect_equal(0, mcapi_ext_pktchan_release_burst(&buffer, 1, &status)));
    expect(MCAPI_SUCCESS, mcapi_ext_pktchan_buffer_send(channel.send, buffer, SMALL, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(receive.pointer, &status));
    is_received(&channel, SMALL);
    nodes_end();
}

static void before_the_connect_nothing_is_taken(void)
{
    static char elsewhere[64];
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    channel_open(&packets, &channel, SENDING);
    is_refused(MCAPI_ERR_BUF_INVALID, &channel, elsewhere);
    is_refused(MCAPI_ERR_BUF_INVALID, &channel, NULL);
    channel_connect(&packets, &channel);
    channel_open(&packets, &channel, RECEIVING);
    channel_works(&packets, &channel);
    nodes_end();
}

/* --- A receiver that is gone ---------------------------------------------------- */

static void nothing_more_goes(const struct channel *channel, mcapi_status_t gone, void *buffer)
{
    for (int i = 0; i < 2; i++) {
        expect(gone,
               expect_true(mcapi_ext_pktchan_buffer_take(channel->send, 1, &status) == NULL));
        expect(gone, mcapi_ext_pktchan_buffer_send(channel->send, buffer, SMALL, &status));
    }
    expect_true(is_filled(buffer, SMALL, SMALL)); /* still ours */
    memset(buffer, 1, SMALL);
    expect(MCAPI_SUCCESS, mcapi_ext_pktchan_buffer_give_back(channel->send, buffer, &status));
    expect(MCAPI_ERR_BUF_INVALID,
           mcapi_ext_pktchan_buffer_give_back(channel->send, buffer, &status));
    expect_status(MCAPI_SUCCESS, outcome(NULL, channel_close(&packets, channel, SENDING)));
}

static void a_buffer_is_kept_when_the_receiver_closes(void)
{
    struct channel channel;
    void *buffer;

    nodes_begin(1);
    channel = channel_of_depth(NULL, peer(0));
    buffer = taken(&channel, SMALL);
    channel_close(&packets, &channel, RECEIVING);
    nothing_more_goes(&channel, MCAPI_ERR_CHAN_INVALID, buffer);
    channel_join(&packets, &channel);
    is_refused(MCAPI_ERR_BUF_INVALID, &channel, buffer);
    nodes_end();
}

static void a_buffer_is_kept_when_the_receiver_dies(void)
{
    struct channel channel;
    void *buffer;

    nodes_begin(1);
    channel = channel_of_depth(NULL, peer(0));
    buffer = taken(&channel, SMALL);
    kill_peer(peer(0));
    nothing_more_goes(&channel, MCAPI_ERR_TRANSMISSION, buffer);
    nodes_end();
}

/* --- A sender that goes --------------------------------------------------------- */

static void what_was_taken_goes_with_the_close(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_of_depth(NULL, peer(0));
    for (int round = 0; round < 4; round++) {
        void *sent = taken(&channel, LARGE), *kept = taken(&channel, SMALL);

        taken(&channel, LARGE);
        expect(MCAPI_SUCCESS,
               mcapi_ext_pktchan_buffer_send(channel.send, sent, LARGE, &status));
        channel_close(&packets, &channel, SENDING);
        is_refused(MCAPI_ERR_CHAN_INVALID, &channel, kept);
        is_received(&channel, LARGE);
        expect_status(MCAPI_ERR_CHAN_INVALID, channel_take_status(&packets, &channel));
        channel_close(&packets, &channel, RECEIVING);
        channel_join(&packets, &channel);
        is_refused(MCAPI_ERR_BUF_INVALID, &channel, kept);
        has_all_its_buffers(&channel);
    }
    nodes_end();
}

/* The receiver has not opened yet, so that the open can be cancelled. */
static void what_was_taken_goes_with_a_cancelled_open(void)
{
    struct channel channel;
    mcapi_request_t open;
    void *sent, *kept;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    channel_deepen(&channel, DEPTH);
    set(NULL, channel.send, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_connect(&packets, &channel);
    open = channel_open(&packets, &channel, SENDING);
    sent = taken(&channel, SMALL);
    kept = taken(&channel, LARGE);
    expect(MCAPI_SUCCESS, mcapi_ext_pktchan_buffer_send(channel.send, sent, SMALL, &status));
    expect(MCAPI_SUCCESS, mcapi_cancel(&open, &status));
    is_refused(MCAPI_ERR_CHAN_INVALID, &channel, kept);
    channel_open(&packets, &channel, SENDING);
    is_refused(MCAPI_ERR_BUF_INVALID, &channel, kept);
    channel_open(&packets, &channel, RECEIVING);
    is_received(&channel, SMALL);
    has_all_its_buffers(&channel);
    nodes_end();
}

/* endpoint: sends a packet of LARGE bytes, and keeps two buffers that it has filled */
static void do_send_one_and_keep_two(struct call *call)
{
    const size_t sizes[] = { SMALL, LARGE, SMALL };

    for (size_t i = 0; i < LENGTH(sizes); i++) {
        call->size = sizes[i];
        do_buffer_take(call);
        expect_status(MCAPI_SUCCESS, call->status);
        fill(call->pointer, call->size, call->size);
        if (i == 1)
            do_buffer_send(call);
    }
}

static void what_was_taken_goes_with_its_node(void)
{
    struct channel channel, next;
    struct call call = { 0 };

    nodes_begin(2);
    channel = channel_of_depth(peer(0), NULL);
    call.endpoint = channel.send;
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_send_one_and_keep_two, call).status);
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_finalize, call).status);
    is_received(&channel, LARGE);
    expect_status(MCAPI_ERR_CHAN_INVALID, channel_take_status(&packets, &channel));
    expect_status(MCAPI_SUCCESS, outcome(NULL, channel_close(&packets, &channel, RECEIVING)));
    next = (struct channel){ peer(1), NULL, created(peer(1)), channel.recv };
    set(peer(1), next.send, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(&packets, &next);
    has_all_its_buffers(&next);
    nodes_end();
}

static void what_a_dead_node_had_taken_does_not_arrive(void)
{
    struct channel channel, next;
    struct call call = { 0 };

    nodes_begin(2);
    channel = channel_of_depth(peer(0), NULL);
    call.endpoint = channel.send;
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_send_one_and_keep_two, call).status);
    kill_peer(peer(0));
    is_received(&channel, LARGE);
    expect_status(MCAPI_ERR_TRANSMISSION, channel_take_status(&packets, &channel));
    expect_status(MCAPI_SUCCESS, outcome(NULL, channel_close(&packets, &channel, RECEIVING)));
    next = (struct channel){ peer(1), NULL, created(peer(1)), channel.recv };
    set(peer(1), next.send, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(&packets, &next);
    has_all_its_buffers(&next);
    nodes_end();
}

static const struct test tests[] = {
    TEST(only_a_taken_buffer_is_one, ANYWHERE, "11.37 11.38"),
    TEST(a_buffer_is_sent_or_given_back_once, ANYWHERE, "11.37"),
    TEST(a_buffer_belongs_to_its_channel, ANYWHERE, "11.37"),
    TEST(a_received_buffer_is_no_taken_one, ANYWHERE, "11.37 11.55"),
    TEST(before_the_connect_nothing_is_taken, ANYWHERE, "11.37"),
    TEST(a_buffer_is_kept_when_the_receiver_closes, ANYWHERE, "11.40 11.38"),
    TEST(a_buffer_is_kept_when_the_receiver_dies, IN_PROCESSES, "11.40 11.38"),
    TEST(what_was_taken_goes_with_the_close, ANYWHERE, "11.41"),
    TEST(what_was_taken_goes_with_a_cancelled_open, BETWEEN_NODES, "11.41"),
    TEST(what_was_taken_goes_with_its_node, BETWEEN_NODES, "11.41"),
    TEST(what_a_dead_node_had_taken_does_not_arrive, IN_PROCESSES, "11.42"),
};

CHAPTER(ext_loans, tests);
