/* SPDX-License-Identifier: MIT */
/*
 * check_ext_release_test.c - section 11: whether the receiver has released a packet that was
 * sent by reference.
 */
#include "ext.h"

enum { DEPTH = 4 };

/* As they are taken for; a packet may travel in another way above 112. */
static const size_t sizes[] = { 0, 8, 112, 113, 5000 };

/* From us. */
static struct channel channel_of_depth(uint32_t depth, struct peer *receiver)
{
    struct channel channel = channel_made(NULL, receiver);

    channel_deepen(&channel, depth);
    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(&packets, &channel);
    return channel;
}

static void *taken(const struct channel *channel, size_t size)
{
    void *buffer;

    expect(MCAPI_SUCCESS, buffer = mcapi_ext_pktchan_buffer_take(channel->send, size, &status));
    return buffer;
}

static void is_sent(const struct channel *channel, void *buffer)
{
    expect(MCAPI_SUCCESS, mcapi_ext_pktchan_buffer_send(channel->send, buffer, 0, &status));
}

static void given_back(const struct channel *channel, void *buffer)
{
    expect(MCAPI_SUCCESS, mcapi_ext_pktchan_buffer_give_back(channel->send, buffer, &status));
}

static void *sent_buffer(const struct channel *channel, size_t size)
{
    void *buffer = taken(channel, size);

    is_sent(channel, buffer);
    return buffer;
}

/* The receiver's next packet, which it holds until release(). */
static struct call receive(const struct channel *channel)
{
    struct call call =
            ask(channel->receiver, do_receive, (struct call){ .endpoint = channel->recv });

    expect_status(MCAPI_SUCCESS, call.status);
    return call;
}

static void release(const struct channel *channel, struct call held)
{
    expect_status(MCAPI_SUCCESS, ask(channel->receiver, do_release, held).status);
}

/* With success: whether it is released. */
static bool is_released(void *buffer)
{
    mcapi_boolean_t released;

    expect(MCAPI_SUCCESS, released = mcapi_pktchan_release_test(buffer, &status));
    return released == MCAPI_TRUE;
}

static void is_refused(mcapi_status_t wanted, void *buffer)
{
    expect(wanted, expect_equal(MCAPI_FALSE, mcapi_pktchan_release_test(buffer, &status)));
}

/* --- Released or not ------------------------------------------------------------ */

static void it_is_true_when_the_receiver_has_released(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_of_depth(DEPTH, peer(0));
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        void *buffer = sent_buffer(&channel, sizes[i]);
        struct call held;

        expect_true(!is_released(buffer));
        held = receive(&channel);
        expect_true(!is_released(buffer));
        release(&channel, held);
        expect_true(is_released(buffer));
        expect_true(is_released(buffer)); /* it takes nothing away */
    }
    nodes_end();
}

static void each_packet_has_an_answer_of_its_own(void)
{
    void *buffers[DEPTH];
    struct call held[DEPTH];
    struct channel channel;

    nodes_begin(1);
    channel = channel_of_depth(DEPTH, peer(0));
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < DEPTH; i++)
            buffers[i] = sent_buffer(&channel, sizes[(i + round) % (int)LENGTH(sizes)]);
        for (int i = 0; i < DEPTH; i++)
            held[i] = receive(&channel);
        for (int i = 0; i < DEPTH; i++) { /* in another order */
            int which = (i * 3 + round) % DEPTH;

            expect_true(!is_released(buffers[which]));
            release(&channel, held[which]);
            for (int j = 0; j < DEPTH; j++) {
                bool over = false;

                for (int k = 0; k <= i; k++)
                    over = over || (k * 3 + round) % DEPTH == j;
                expect_equal(over, is_released(buffers[j]));
            }
        }
    }
    nodes_end();
}

/* With one buffer everything that the channel carries lies there. */
static void it_stays_true_whatever_the_channel_uses_the_buffer_for(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_of_depth(1, peer(0));
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        void *buffer = sent_buffer(&channel, sizes[i]), *again;

        release(&channel, receive(&channel));
        for (uint64_t word = 1; word < 20; word++) {
            channel_fill(word % 2 == 0 ? &packets : &packet_bursts, &channel, word, 1);
            expect_true(is_released(buffer));
            channel_drain(&packets, &channel, word, 1);
            expect_true(is_released(buffer));
        }
        again = taken(&channel, sizes[i]);
        expect_true(again == buffer); /* there is no other */
        expect_true(is_released(buffer));
        given_back(&channel, again);
        expect_true(is_released(buffer));
        again = taken(&channel, sizes[i]);
        is_sent(&channel, again);
        expect_true(!is_released(buffer)); /* it begins anew */
        release(&channel, receive(&channel));
        expect_true(is_released(buffer));
    }
    nodes_end();
}

/* --- The receiver goes ---------------------------------------------------------- */

/* Four packets: released, held, and two under way. */
static void answers_after(mcapi_status_t gone, void *const buffers[DEPTH])
{
    for (int round = 0; round < 2; round++) {
        expect_true(is_released(buffers[0]));
        for (int i = 1; i < DEPTH; i++)
            is_refused(gone, buffers[i]);
    }
}

static void four_packets(const struct channel *channel, void *buffers[DEPTH])
{
    for (int i = 0; i < DEPTH; i++)
        buffers[i] = sent_buffer(channel, sizes[1 + i]);
    release(channel, receive(channel));
    receive(channel);
    expect_true(is_released(buffers[0]));
    for (int i = 1; i < DEPTH; i++)
        expect_true(!is_released(buffers[i]));
}

static void it_says_that_the_receiver_has_closed(void)
{
    struct channel channel;
    void *buffers[DEPTH];

    nodes_begin(1);
    channel = channel_of_depth(DEPTH, peer(0));
    four_packets(&channel, buffers);
    channel_close(&packets, &channel, RECEIVING);
    answers_after(MCAPI_ERR_CHAN_INVALID, buffers);
    nodes_end();
}

static void it_says_that_the_receiver_has_died(void)
{
    struct channel channel;
    void *buffers[DEPTH];

    nodes_begin(1);
    channel = channel_of_depth(DEPTH, peer(0));
    four_packets(&channel, buffers);
    kill_peer(peer(0));
    answers_after(MCAPI_ERR_TRANSMISSION, buffers);
    nodes_end();
}

/* --- Nothing to ask about ------------------------------------------------------- */

static void after_the_senders_close_there_is_no_answer(void)
{
    struct channel channel;
    void *buffers[DEPTH];

    nodes_begin(1);
    channel = channel_of_depth(DEPTH, peer(0));
    for (int round = 0; round < 2; round++) {
        four_packets(&channel, buffers);
        channel_close(&packets, &channel, SENDING);
        for (int i = 0; i < DEPTH; i++)
            is_refused(MCAPI_ERR_BUF_INVALID, buffers[i]);
        channel_close(&packets, &channel, RECEIVING);
        channel_join(&packets, &channel);
        for (int i = 0; i < DEPTH; i++)
            is_refused(MCAPI_ERR_BUF_INVALID, buffers[i]);
    }
    nodes_end();
}

static void what_was_not_sent_by_reference_has_no_answer(void)
{
    static char elsewhere[64];
    struct channel channel;
    char *buffer;

    nodes_begin(1);
    channel = channel_of_depth(DEPTH, peer(0));
    is_refused(MCAPI_ERR_BUF_INVALID, elsewhere);
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        buffer = taken(&channel, sizes[i] + 16);
        is_refused(MCAPI_ERR_BUF_INVALID, buffer); /* taken, and not sent */
        given_back(&channel, buffer);
        is_refused(MCAPI_ERR_BUF_INVALID, buffer);
    }
    buffer = sent_buffer(&channel, 5000);
    is_refused(MCAPI_ERR_BUF_INVALID, NULL);
    is_refused(MCAPI_ERR_BUF_INVALID, (void *)1);
    is_refused(MCAPI_ERR_BUF_INVALID, (void *)UINTPTR_MAX);
    is_refused(MCAPI_ERR_BUF_INVALID, elsewhere);
    for (int offset = -300; offset <= 300; offset++)
        if (offset != 0)
            is_refused(MCAPI_ERR_BUF_INVALID, buffer + offset);
    expect_true(!is_released(buffer));
    nodes_end();
}

static void only_the_senders_node_can_ask(void)
{
    struct channel channel;
    struct call held, question = { 0 };
    void *buffer;

    nodes_begin(2);
    channel = channel_of_depth(DEPTH, peer(0));
    buffer = sent_buffer(&channel, 8);
    held = receive(&channel);
    for (int i = 0; i < 2; i++) { /* the receiver, and one that has nothing to do with it */
        question.pointer = held.pointer;
        question = ask(peer(i), do_release_test, question);
        expect_status(MCAPI_ERR_BUF_INVALID, question.status);
        expect_equal(MCAPI_FALSE, question.truth);
        question.pointer = buffer;
        expect_status(MCAPI_ERR_BUF_INVALID, ask(peer(i), do_release_test, question).status);
    }
    release(&channel, held);
    expect_true(is_released(buffer));
    nodes_end();
}

static void any_thread_of_the_node_can_ask(void)
{
    struct channel channel;
    struct call question = { 0 };

    nodes_begin(1);
    channel = channel_of_depth(DEPTH, NULL);
    question.pointer = sent_buffer(&channel, 300);
    for (int i = 0; i < 2; i++) {
        question = ask(peer(0), do_release_test, question);
        expect_status(MCAPI_SUCCESS, question.status);
        expect_equal(i == 0 ? MCAPI_FALSE : MCAPI_TRUE, question.truth);
        if (i == 0)
            release(&channel, receive(&channel));
    }
    nodes_end();
}

static const struct test tests[] = {
    TEST(it_is_true_when_the_receiver_has_released, ANYWHERE, "11.43"),
    TEST(each_packet_has_an_answer_of_its_own, ANYWHERE, "11.43"),
    TEST(it_stays_true_whatever_the_channel_uses_the_buffer_for, ANYWHERE, "11.44"),
    TEST(it_says_that_the_receiver_has_closed, ANYWHERE, "11.45"),
    TEST(it_says_that_the_receiver_has_died, IN_PROCESSES, "11.45"),
    TEST(after_the_senders_close_there_is_no_answer, ANYWHERE, "11.46"),
    TEST(what_was_not_sent_by_reference_has_no_answer, ANYWHERE, "11.46"),
    TEST(only_the_senders_node_can_ask, BETWEEN_NODES, "11.46"),
    TEST(any_thread_of_the_node_can_ask, IN_ONE_NODE, "11.39 11.43"),
};

CHAPTER(ext_release_test, tests);
