/* SPDX-License-Identifier: MIT */
/*
 * check_pktchan_buffers.c - received buffers: held, written to, and given back.
 */
#include "kinds.h"

#include <stdlib.h>
#include <string.h>

/* Receives a packet of one word, and holds it. */
static void *held(const struct channel *channel, uint64_t word)
{
    void *buffer = NULL;
    size_t size = 0;

    expect(MCAPI_SUCCESS, mcapi_pktchan_recv(channel->recv, &buffer, &size, &status));
    expect_equal(sizeof word, size);
    expect_true(memcmp(buffer, &word, sizeof word) == 0);
    return buffer;
}

static void released(void *buffer)
{
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffer, &status));
}

static void not_released(void *buffer)
{
    expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release(buffer, &status));
}

/* Peer 0 sends, we receive; a send to a full channel times out at once. */
static struct channel channel_of_depth(uint32_t depth)
{
    struct channel channel = channel_made(peer(0), NULL);

    channel_deepen(&channel, depth);
    set(peer(0), channel.send, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(&packets, &channel);
    return channel;
}

/* --- Reading and writing ----------------------------------------------------------- */

static void a_held_buffer_can_be_read_and_written(void)
{
    static const size_t sizes[] = { 1, 8, 100, 500 };
    struct call send = { 0 };
    struct channel channel;
    unsigned char *buffers[LENGTH(sizes)];

    nodes_begin(1);
    channel = channel_of_depth(LENGTH(sizes));
    memset(send.bytes, 0x11, sizeof send.bytes);
    send.endpoint = channel.send;
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        void *buffer;
        size_t size;

        send.size = sizes[i];
        expect_status(MCAPI_SUCCESS, ask(peer(0), do_pkt_send, send).status);
        expect(MCAPI_SUCCESS, mcapi_pktchan_recv(channel.recv, &buffer, &size, &status));
        expect_equal(sizes[i], size);
        buffers[i] = buffer;
        expect_true(buffers[i][0] == 0x11 && buffers[i][size - 1] == 0x11);
        memset(buffers[i], (int)(0x20 + i), size);
    }
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        for (size_t j = 0; j < sizes[i]; j++)
            expect_equal(0x20 + i, buffers[i][j]);
        released(buffers[i]);
    }
    nodes_end();
}

static void what_was_written_to_a_buffer_is_not_in_the_next_packet(void)
{
    struct channel channel;
    void *buffer;

    nodes_begin(1);
    channel = channel_of_depth(1);
    for (uint64_t word = 1; word < 50; word++) {
        channel_fill(&packets, &channel, word, 1);
        buffer = held(&channel, word);
        memset(buffer, 0xff, sizeof word);
        released(buffer);
    }
    nodes_end();
}

static void a_held_buffer_keeps_its_bytes_while_others_come_and_go(void)
{
    struct channel channel;
    void *first, *second;
    uint64_t word;

    nodes_begin(1);
    channel = channel_of_depth(4);
    channel_fill(&packets, &channel, 1000, 2);
    first = held(&channel, 1000);
    second = held(&channel, 1001);
    for (word = 1; word < 300; word++) {
        channel_fill(&packets, &channel, word, 1);
        released(held(&channel, word));
    }
    word = 1000;
    expect_true(memcmp(first, &word, sizeof word) == 0);
    word = 1001;
    expect_true(memcmp(second, &word, sizeof word) == 0);
    released(second);
    released(first);
    nodes_end();
}

static void a_held_buffer_outlives_the_senders_close(void)
{
    struct channel channel;
    void *buffer;
    uint64_t word = 7;

    nodes_begin(1);
    channel = channel_of_depth(4);
    channel_fill(&packets, &channel, 7, 2);
    buffer = held(&channel, 7);
    channel_close(&packets, &channel, SENDING);
    released(held(&channel, 8));
    expect_status(MCAPI_ERR_CHAN_INVALID, channel_take_status(&packets, &channel));
    expect_true(memcmp(buffer, &word, sizeof word) == 0);
    memset(buffer, 1, sizeof word);
    released(buffer);
    not_released(buffer);
    nodes_end();
}

static void a_held_buffer_outlives_the_sender(void)
{
    struct channel channel;
    void *buffer;
    uint64_t word = 7;

    nodes_begin(1);
    channel = channel_of_depth(4);
    channel_fill(&packets, &channel, 7, 2);
    buffer = held(&channel, 7);
    kill_peer(peer(0));
    released(held(&channel, 8));
    expect_status(MCAPI_ERR_TRANSMISSION, channel_take_status(&packets, &channel));
    expect_true(memcmp(buffer, &word, sizeof word) == 0);
    memset(buffer, 1, sizeof word);
    released(buffer);
    nodes_end();
}

/* --- Releasing --------------------------------------------------------------------- */

enum { HELD = 12 };

/* In which order packets 0 to HELD - 1 are released. */
static const struct {
    int first, step;
} orders[] = { { 0, 1 }, { HELD - 1, HELD - 1 }, { 0, 5 }, { 3, 7 }, { 6, 1 } };

static void buffers_are_released_in_any_order(void)
{
    struct channel channel;
    void *buffers[HELD];

    nodes_begin(1);
    channel = channel_of_depth(HELD);
    for (size_t order = 0; order < LENGTH(orders); order++) {
        int which = orders[order].first;

        channel_fill(&packets, &channel, 1, HELD);
        for (int i = 0; i < HELD; i++)
            buffers[i] = held(&channel, 1 + i);
        for (int i = 0; i < HELD; i++) {
            expect_status(MCAPI_TIMEOUT, channel_put(&packets, &channel, 99));
            released(buffers[which]); /* makes room for one, and for no more */
            channel_fill(&packets, &channel, 100 + i, 1);
            which = (which + orders[order].step) % HELD;
        }
        channel_drain(&packets, &channel, 100, HELD);
    }
    nodes_end();
}

static void a_random_window_of_held_buffers_stays_intact(void)
{
    enum { ROUNDS = 1500 };
    struct channel channel;
    void *buffers[HELD];
    uint64_t words[HELD], next = 0;
    int count = 0;

    nodes_begin(1);
    channel = channel_of_depth(HELD);
    srand(7);
    for (int i = 0; i < ROUNDS; i++) {
        int which = count > 0 ? rand() % count : 0;

        if (count < HELD && rand() % 2 == 0) {
            channel_fill(&packets, &channel, next, 1);
            words[count] = next;
            buffers[count++] = held(&channel, next++);
        } else if (count > 0) {
            expect_true(memcmp(buffers[which], &words[which], sizeof words[which]) == 0);
            released(buffers[which]);
            buffers[which] = buffers[--count];
            words[which] = words[count];
        }
    }
    nodes_end();
}

static void a_buffer_is_released_once(void)
{
    struct channel channel;
    void *buffer;

    nodes_begin(1);
    channel = channel_of_depth(2);
    for (uint64_t word = 1; word < 20; word += 3) {
        channel_fill(&packets, &channel, word, 1);
        buffer = held(&channel, word);
        released(buffer);
        not_released(buffer);
        channel_fill(&packets, &channel, word + 1, 2); /* all buffers: this one is queued */
        not_released(buffer);
        channel_drain(&packets, &channel, word + 1, 2);
        not_released(buffer);
    }
    nodes_end();
}

static void a_second_release_makes_no_room(void)
{
    struct channel channel;
    void *buffers[2];

    nodes_begin(1);
    channel = channel_of_depth(2);
    channel_fill(&packets, &channel, 1, 2);
    buffers[0] = held(&channel, 1);
    buffers[1] = held(&channel, 2);
    released(buffers[0]);
    not_released(buffers[0]);
    channel_fill(&packets, &channel, 3, 1);
    expect_status(MCAPI_TIMEOUT, channel_put(&packets, &channel, 4));
    released(buffers[1]);
    channel_drain(&packets, &channel, 3, 1);
    nodes_end();
}

static void what_never_was_a_buffer_is_not_released(void)
{
    static char elsewhere[64];
    char *heap = malloc(64), *buffer;
    struct channel channel;

    nodes_begin(1);
    channel = channel_of_depth(2);
    channel_fill(&packets, &channel, 1, 2);
    buffer = held(&channel, 1);
    not_released(NULL);
    not_released((void *)1);
    not_released((void *)0xdeadbeef);
    not_released((void *)UINTPTR_MAX);
    not_released(elsewhere);
    not_released(heap);
    not_released(&heap);
    for (int offset = -300; offset <= 300; offset++)
        if (offset != 0)
            not_released((void *)((uintptr_t)buffer + (uintptr_t)offset));
    for (uintptr_t far = 4096; far != 0; far *= 2) {
        not_released((void *)((uintptr_t)buffer + far));
        not_released((void *)((uintptr_t)buffer - far));
    }
    released(buffer);
    channel_drain(&packets, &channel, 2, 1);
    free(heap);
    nodes_end();
}

static void a_buffer_that_was_not_sent_by_reference_has_no_release_to_test(void)
{
    static char elsewhere[64];
    struct channel channel;
    void *buffer;
    void *values[] = { NULL, (void *)1, (void *)UINTPTR_MAX, elsewhere, NULL };

    nodes_begin(1);
    channel = channel_of_depth(1);
    channel_fill(&packets, &channel, 1, 1);
    buffer = held(&channel, 1);
    values[4] = buffer;
    for (size_t i = 0; i < LENGTH(values); i++)
        expect(MCAPI_ERR_BUF_INVALID,
               expect_true(mcapi_pktchan_release_test(values[i], &status) == MCAPI_FALSE));
    expect_status(MCAPI_TIMEOUT, channel_put(&packets, &channel, 2)); /* still held */
    released(buffer);
    nodes_end();
}

/* --- By whom ----------------------------------------------------------------------- */

/* pointer */
static void do_release(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_pktchan_release(call->pointer, &call->status);
}

static void another_node_cannot_release_a_buffer(void)
{
    struct channel channel;
    struct call release = { 0 };

    nodes_begin(2);
    channel = channel_of_depth(1);
    channel_fill(&packets, &channel, 1, 1);
    release.pointer = held(&channel, 1);
    for (int i = 0; i < 2; i++) /* the sender, and a third one */
        expect_status(MCAPI_ERR_BUF_INVALID, ask(peer(i), do_release, release).status);
    expect_status(MCAPI_TIMEOUT, channel_put(&packets, &channel, 2));
    released(release.pointer);
    channel_fill(&packets, &channel, 2, 1);
    nodes_end();
}

static void any_thread_of_the_node_can_release_a_buffer(void)
{
    struct channel channel;
    struct call release = { 0 };

    nodes_begin(1);
    channel = channel_of_depth(1);
    for (uint64_t word = 1; word < 10; word++) {
        channel_fill(&packets, &channel, word, 1);
        release.pointer = held(&channel, word);
        expect_status(MCAPI_SUCCESS, ask(peer(0), do_release, release).status);
        not_released(release.pointer);
    }
    nodes_end();
}

/* Another thread of the node waits in a receive meanwhile. */
static void a_waiting_receive_does_not_keep_buffers_from_being_released(void)
{
    struct channel channel;
    struct call take = { 0 };
    void *buffer;

    nodes_begin(1);
    channel = packets_open(NULL, NULL);
    channel_fill(&packets, &channel, 1, 1);
    buffer = held(&channel, 1);
    take.endpoint = channel.recv;
    begin(peer(0), packets.take, &take);
    expect_true(stays_blocked(peer(0)));
    released(buffer);
    not_released(buffer);
    expect_equal(0, channel_available(&packets, &channel));
    expect_true(stays_blocked(peer(0)));
    channel_fill(&packets, &channel, 2, 1);
    finish(peer(0), &take);
    expect_equal(2, take.word);
    nodes_end();
}

/* --- Holding ----------------------------------------------------------------------- */

static void holding_buffers_takes_their_number_from_what_fits(void)
{
    static const uint32_t depths[] = { 1, 2, 7, MCAPI_MAX_BUFFERS };
    void *buffers[MCAPI_MAX_BUFFERS];

    nodes_begin(1);
    for (size_t i = 0; i < LENGTH(depths); i++) {
        struct channel channel = channel_of_depth(depths[i]);

        for (uint32_t k = 0; k <= depths[i]; k++) { /* k are held */
            channel_fill(&packets, &channel, 1, depths[i] - k);
            expect_status(MCAPI_TIMEOUT, channel_put(&packets, &channel, 99));
            expect_equal(depths[i] - k, channel_available(&packets, &channel));
            if (k < depths[i]) {
                buffers[k] = held(&channel, 1);
                channel_drain(&packets, &channel, 2, depths[i] - k - 1);
            }
        }
        for (uint32_t k = 0; k < depths[i]; k++)
            released(buffers[k]);
        channel_fill(&packets, &channel, 1, depths[i]);
    }
    nodes_end();
}

static void the_free_receive_buffers_leave_out_those_that_are_held(void)
{
    struct channel channel;
    void *buffer;

    nodes_begin(1);
    channel = channel_of_depth(4);
    channel_fill(&packets, &channel, 1, 2);
    buffer = held(&channel, 1);
    expect_equal(2, attribute(NULL, channel.recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS));
    released(buffer);
    expect_equal(3, attribute(NULL, channel.recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS));
    channel_drain(&packets, &channel, 2, 1);
    expect_equal(4, attribute(NULL, channel.recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS));
    nodes_end();
}

static void all_buffers_may_be_held_and_one_release_lets_the_sender_go_on(void)
{
    struct channel channel;
    void *buffers[MCAPI_MAX_BUFFERS];
    struct call put = { .word = 1000 };

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    put.endpoint = channel.send;
    channel_fill(&packets, &channel, 1, MCAPI_MAX_BUFFERS);
    for (int i = 0; i < MCAPI_MAX_BUFFERS; i++)
        buffers[i] = held(&channel, 1 + i);
    for (int i = 0; i < 5; i++) {
        begin(peer(0), packets.put, &put);
        expect_true(stays_blocked(peer(0)));
        released(buffers[(i * 29 + 11) % MCAPI_MAX_BUFFERS]);
        finish(peer(0), &put);
        expect_status(MCAPI_SUCCESS, put.status);
        buffers[(i * 29 + 11) % MCAPI_MAX_BUFFERS] = held(&channel, 1000);
    }
    for (int i = 0; i < MCAPI_MAX_BUFFERS; i++)
        released(buffers[i]);
    nodes_end();
}

static void a_receive_does_not_wait_for_releases(void)
{
    struct channel channel;
    void *first;

    nodes_begin(1);
    channel = channel_of_depth(3);
    channel_fill(&packets, &channel, 1, 1);
    first = held(&channel, 1);
    for (uint64_t word = 2; word < 100; word++) {
        channel_fill(&packets, &channel, word, 1);
        channel_drain(&packets, &channel, word, 1);
    }
    released(first);
    nodes_end();
}

static void a_channel_whose_buffers_are_held_stalls_no_other(void)
{
    struct channel full, other, back;
    void *buffers[2];

    nodes_begin(1);
    full = channel_of_depth(2);
    other = channel_of_depth(2);
    back = packets_open(NULL, peer(0));
    channel_fill(&packets, &full, 1, 2);
    buffers[0] = held(&full, 1);
    buffers[1] = held(&full, 2);
    expect_status(MCAPI_TIMEOUT, channel_put(&packets, &full, 3));
    for (uint64_t word = 1; word < 50; word++) {
        channel_fill(&packets, &other, word, 1);
        channel_drain(&packets, &other, word, 1);
        channel_fill(&packets, &back, word, 1);
        channel_drain(&packets, &back, word, 1);
    }
    released(buffers[0]);
    released(buffers[1]);
    nodes_end();
}

static void a_channel_made_anew_has_all_its_buffers(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_of_depth(4);
    for (int round = 0; round < 10; round++) {
        channel_fill(&packets, &channel, 1, 4);
        held(&channel, 1);
        held(&channel, 2);
        channel_part(&packets, &channel);
        channel_join(&packets, &channel);
        channel_fill(&packets, &channel, 5, 4);
        expect_status(MCAPI_TIMEOUT, channel_put(&packets, &channel, 9));
        channel_drain(&packets, &channel, 5, 4);
    }
    nodes_end();
}

static const struct test tests[] = {
    TEST(a_held_buffer_can_be_read_and_written, ANYWHERE, "7.44"),
    TEST(what_was_written_to_a_buffer_is_not_in_the_next_packet, ANYWHERE, "7.44 7.26"),
    TEST(a_held_buffer_keeps_its_bytes_while_others_come_and_go, ANYWHERE, "7.44 7.45"),
    TEST(a_held_buffer_outlives_the_senders_close, ANYWHERE, "7.44 7.53"),
    TEST(a_held_buffer_outlives_the_sender, IN_PROCESSES, "7.44 7.64"),
    TEST(buffers_are_released_in_any_order, ANYWHERE, "7.45 7.49"),
    TEST(a_random_window_of_held_buffers_stays_intact, ANYWHERE, "7.45 7.44"),
    TEST(a_buffer_is_released_once, ANYWHERE, "7.51"),
    TEST(a_second_release_makes_no_room, ANYWHERE, "7.51 7.47"),
    TEST(what_never_was_a_buffer_is_not_released, ANYWHERE, "7.50"),
    TEST(a_buffer_that_was_not_sent_by_reference_has_no_release_to_test, ANYWHERE, "7.52"),
    TEST(another_node_cannot_release_a_buffer, BETWEEN_NODES, "7.46"),
    TEST(any_thread_of_the_node_can_release_a_buffer, IN_ONE_NODE, "7.46 7.51"),
    TEST(a_waiting_receive_does_not_keep_buffers_from_being_released, IN_ONE_NODE, "7.46 7.43"),
    TEST(holding_buffers_takes_their_number_from_what_fits, ANYWHERE, "7.47"),
    TEST(the_free_receive_buffers_leave_out_those_that_are_held, ANYWHERE, "7.47 7.31"),
    TEST(all_buffers_may_be_held_and_one_release_lets_the_sender_go_on, ANYWHERE, "7.49 7.32"),
    TEST(a_receive_does_not_wait_for_releases, ANYWHERE, "7.48"),
    TEST(a_channel_whose_buffers_are_held_stalls_no_other, ANYWHERE, "7.48"),
    TEST(a_channel_made_anew_has_all_its_buffers, ANYWHERE, "7.59 7.47"),
};

CHAPTER(pktchan_buffers, tests);
