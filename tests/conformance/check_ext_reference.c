/* SPDX-License-Identifier: MIT */
/* check_ext_reference.c - section 11: packets that are made where they lie, and sent so. */
#include "ext.h"

#include <stdlib.h>
#include <string.h>

static const size_t sizes[] = { SIZES_TO_TRY };

/* From us or from peer 0; a call that would wait times out at once. */
static struct channel channel_of_depth(uint32_t depth, struct peer *sender,
                                       struct peer *receiver)
{
    struct channel channel = channel_made(sender, receiver);

    channel_deepen(&channel, depth);
    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(&packets, &channel);
    return channel;
}

/* By us. */
static void *taken(const struct channel *channel, size_t size)
{
    void *buffer;

    expect(MCAPI_SUCCESS, buffer = mcapi_ext_pktchan_buffer_take(channel->send, size, &status));
    return buffer;
}

static void is_sent(const struct channel *channel, void *buffer, size_t size)
{
    expect(MCAPI_SUCCESS, mcapi_ext_pktchan_buffer_send(channel->send, buffer, size, &status));
}

static void given_back(const struct channel *channel, void *buffer)
{
    expect(MCAPI_SUCCESS, mcapi_ext_pktchan_buffer_give_back(channel->send, buffer, &status));
}

static void is_full(const struct channel *channel)
{
    struct call take = { .endpoint = channel->send };

    expect_status(MCAPI_TIMEOUT, channel_put(&packets, channel, 0));
    expect_status(MCAPI_TIMEOUT, channel_put(&packet_bursts, channel, 0));
    expect_status(MCAPI_TIMEOUT, ask(channel->sender, do_buffer_take, take).status);
}

/* --- What arrives --------------------------------------------------------------- */

/* endpoint, size, word: takes a buffer of that size, fills it with the seed, and sends it */
static void do_send_made(struct call *call)
{
    do_buffer_take(call);
    if (call->status != MCAPI_SUCCESS)
        return;
    fill(call->pointer, call->size, call->word);
    do_buffer_send(call);
}

static void is_received(const struct channel *channel, size_t size, uint64_t seed)
{
    struct call receive = { .endpoint = channel->recv };

    do_receive(&receive);
    expect_status(MCAPI_SUCCESS, receive.status);
    expect_equal(size, receive.size);
    expect_true(is_filled(receive.pointer, size, seed));
    memset(receive.pointer, 0xa5, size);
    do_release(&receive);
    expect_status(MCAPI_SUCCESS, receive.status);
}

static void packets_of_any_size_arrive_intact(void)
{
    struct call send = { .word = 1 };
    struct channel channel;

    nodes_begin(1);
    channel = channel_of_depth(3, peer(0), NULL);
    send.endpoint = channel.send;
    for (int round = 0; round < 4; round++)
        for (size_t i = 0; i < LENGTH(sizes); i++, send.word++) {
            send.size = sizes[i];
            expect_status(MCAPI_SUCCESS, ask(peer(0), do_send_made, send).status);
            is_received(&channel, sizes[i], send.word);
        }
    nodes_end();
}

static void packets_of_all_sizes_are_under_way_together(void)
{
    struct call send = { .word = 100 };
    struct channel channel;

    nodes_begin(1);
    channel = channel_of_depth(LENGTH(sizes), peer(0), NULL);
    send.endpoint = channel.send;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < LENGTH(sizes); i++) {
            send.size = sizes[(i * 7 + (size_t)round) % LENGTH(sizes)];
            expect_status(MCAPI_SUCCESS, ask(peer(0), do_send_made, send).status);
            send.word++;
        }
        expect_equal(LENGTH(sizes), channel_available(&packets, &channel));
        for (size_t i = 0; i < LENGTH(sizes); i++)
            is_received(&channel, sizes[(i * 7 + (size_t)round) % LENGTH(sizes)],
                        send.word - LENGTH(sizes) + i);
    }
    nodes_end();
}

static void buffers_are_aligned_and_apart(void)
{
    unsigned char *buffers[LENGTH(sizes)];
    struct channel channel;

    nodes_begin(1);
    channel = channel_of_depth(LENGTH(sizes), NULL, peer(0));
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < LENGTH(sizes); i++) {
            buffers[i] = taken(&channel, sizes[i]);
            expect_equal(0, (uintptr_t)buffers[i] % (sizes[i] > 112 ? 64 : 16));
            fill(buffers[i], sizes[i], i);
        }
        for (size_t i = 0; i < LENGTH(sizes); i++) {
            expect_true(is_filled(buffers[i], sizes[i], i));
            given_back(&channel, buffers[i]);
        }
    }
    nodes_end();
}

static void less_than_was_taken_may_be_sent_but_not_more(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_of_depth(1, NULL, NULL);
    for (size_t i = 0; i < LENGTH(sizes); i++)
        for (size_t less = 0; less <= i; less += 1 + i / 4) {
            void *buffer = taken(&channel, sizes[i]);

            fill(buffer, sizes[less], i);
            expect(MCAPI_ERR_PKT_LIMIT,
                   mcapi_ext_pktchan_buffer_send(channel.send, buffer, sizes[i] + 1, &status));
            expect(MCAPI_ERR_PKT_LIMIT,
                   mcapi_ext_pktchan_buffer_send(channel.send, buffer, SIZE_MAX, &status));
            is_sent(&channel, buffer, sizes[less]);
            is_received(&channel, sizes[less], i);
        }
    nodes_end();
}

static void there_is_no_buffer_above_the_largest_size(void)
{
    static const size_t large[] = { MCAPI_MAX_PKT_SIZE + 1, (size_t)UINT32_MAX,
                                    (size_t)UINT32_MAX + 1, (size_t)UINT32_MAX + 101,
                                    SIZE_MAX };
    struct channel channel, small;

    nodes_begin(1);
    channel = channel_of_depth(2, NULL, peer(0));
    small = channel_made(NULL, peer(0));
    channel_set(&small, MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, 100);
    channel_join(&packets, &small);
    for (size_t i = 0; i < LENGTH(large); i++)
        for (int j = 0; j < 2; j++) {
            struct call take = { .endpoint = j == 0 ? channel.send : small.send,
                                 .size = large[i] };

            expect_status(MCAPI_ERR_PKT_LIMIT, ask(NULL, do_buffer_take, take).status);
        }
    expect(MCAPI_ERR_PKT_LIMIT, mcapi_ext_pktchan_buffer_take(small.send, 101, &status));
    given_back(&small, taken(&small, 100));
    channel_fill(&packets, &channel, 1, 2); /* none was lost */
    nodes_end();
}

/* --- Order ---------------------------------------------------------------------- */

static void packets_arrive_in_the_order_of_sending(void)
{
    enum { COUNT = 6 };
    static const int orders[][COUNT] = { { 0, 1, 2, 3, 4, 5 },
                                         { 5, 4, 3, 2, 1, 0 },
                                         { 3, 0, 5, 1, 4, 2 } };
    struct channel channel;

    nodes_begin(1);
    channel = channel_of_depth(COUNT, NULL, peer(0));
    for (int round = 0; round < 9; round++) {
        uint64_t *buffers[COUNT];

        for (int i = 0; i < COUNT; i++)
            buffers[i] = taken(&channel, i % 2 == 0 ? sizeof(uint64_t) : 5000);
        expect_equal(0, channel_available(&packets, &channel));
        for (int i = 0; i < COUNT; i++) {
            uint64_t *buffer = buffers[orders[round % 3][i]];

            *buffer = 10 + (uint64_t)i;
            is_sent(&channel, buffer, sizeof *buffer);
            expect_equal(1 + i, channel_available(&packets, &channel));
        }
        channel_drain(&packets, &channel, 10, COUNT);
    }
    nodes_end();
}

/* Whatever way the dice choose, the receiver sees one row of words. */
static void all_ways_to_send_may_be_mixed(void)
{
    enum { DEPTH = 8, STEPS = 2000 };
    uint64_t sent = 0, received = 0, *buffers[DEPTH];
    struct channel channel;
    uint32_t held = 0;

    nodes_begin(1);
    channel = channel_of_depth(DEPTH, NULL, peer(0));
    srand(11);
    for (int i = 0; i < STEPS; i++) {
        const struct kind *way = rand() % 2 == 0 ? &packets : &packet_bursts;
        bool fits = held + sent - received < DEPTH;
        uint32_t which = held > 0 ? (uint32_t)rand() % held : 0;
        int dice = rand() % 6;

        if (dice == 0 && received < sent) {
            channel_drain(way, &channel, received++, 1);
        } else if (dice == 1 && fits) {
            channel_fill(way, &channel, sent++, 1);
        } else if (dice == 2 && fits) {
            buffers[held++] = taken(&channel, rand() % 2 == 0 ? 8 : 200);
        } else if (dice > 2 && held > 0) {
            *buffers[which] = sent;
            if (dice == 3) {
                given_back(&channel, buffers[which]);
            } else {
                is_sent(&channel, buffers[which], sizeof sent);
                sent++;
            }
            buffers[which] = buffers[--held];
        } else if (!fits) {
            is_full(&channel);
        }
        expect_equal(sent - received, channel_available(&packets, &channel));
    }
    expect_true(received > STEPS / 20);
    nodes_end();
}

/* --- Places --------------------------------------------------------------------- */

static void a_taken_buffer_takes_its_place_from_what_fits(void)
{
    static const uint32_t depths[] = { 1, 2, 7, MCAPI_MAX_BUFFERS };
    void *buffers[MCAPI_MAX_BUFFERS];

    nodes_begin(1);
    for (size_t i = 0; i < LENGTH(depths); i++) {
        struct channel channel = channel_of_depth(depths[i], NULL, peer(0));

        for (uint32_t k = 0; k <= depths[i]; k++) { /* k are taken */
            expect_equal(depths[i] - k,
                         attribute(NULL, channel.recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS));
            channel_fill(&packets, &channel, 1, depths[i] - k);
            is_full(&channel);
            expect_equal(depths[i] - k, channel_available(&packets, &channel));
            channel_drain(&packets, &channel, 1, depths[i] - k);
            if (k < depths[i])
                buffers[k] = taken(&channel, k * 40);
        }
        for (uint32_t k = 0; k < depths[i]; k++) {
            given_back(&channel, buffers[k]);
            channel_fill(&packets, &channel, k, 1);
            is_full(&channel);
        }
        channel_drain(&packets, &channel, 0, depths[i]);
    }
    nodes_end();
}

static void sent_and_held_and_taken_buffers_count_together(void)
{
    struct channel channel;
    struct call receive = { 0 };
    void *buffer;

    nodes_begin(1);
    channel = channel_of_depth(3, NULL, peer(0));
    buffer = taken(&channel, 8);
    is_sent(&channel, taken(&channel, 8), 8);
    receive.endpoint = channel.recv;
    receive = ask(peer(0), do_receive, receive);
    expect_status(MCAPI_SUCCESS, receive.status);
    channel_fill(&packets, &channel, 1, 1);
    is_full(&channel);
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_release, receive).status);
    channel_fill(&packets, &channel, 2, 1);
    is_full(&channel);
    given_back(&channel, buffer);
    channel_fill(&packets, &channel, 3, 1);
    is_full(&channel);
    channel_drain(&packets, &channel, 1, 3);
    nodes_end();
}

static void a_taken_buffer_keeps_its_bytes_and_stalls_nothing(void)
{
    struct channel channel, other;
    void *buffers[2];

    nodes_begin(1);
    channel = channel_of_depth(4, NULL, peer(0));
    other = channel_of_depth(1, NULL, peer(0));
    buffers[0] = taken(&channel, 100);
    buffers[1] = taken(&channel, 3000);
    fill(buffers[0], 100, 1);
    fill(buffers[1], 3000, 2);
    for (uint64_t word = 1; word < 300; word += 2) {
        channel_fill(&packets, &channel, word, 2);
        channel_fill(&packets, &other, word, 1);
        channel_drain(&packets, &channel, word, 2);
        channel_drain(&packets, &other, word, 1);
    }
    expect_true(is_filled(buffers[0], 100, 1) && is_filled(buffers[1], 3000, 2));
    given_back(&channel, buffers[0]);
    given_back(&channel, buffers[1]);
    nodes_end();
}

/* --- By whom -------------------------------------------------------------------- */

static void any_thread_of_the_node_can_go_on_with_a_buffer(void)
{
    struct channel channel;

    nodes_begin(2);
    channel = channel_of_depth(1, NULL, NULL);
    for (uint64_t word = 1; word < 20; word++) {
        struct call call = { .endpoint = channel.send, .size = sizeof word };

        call = ask(peer(0), do_buffer_take, call);
        expect_status(MCAPI_SUCCESS, call.status);
        memcpy(call.pointer, &word, sizeof word);
        call = ask(peer(1), word % 3 == 0 ? do_buffer_give_back : do_buffer_send, call);
        expect_status(MCAPI_SUCCESS, call.status);
        if (word % 3 != 0)
            channel_drain(&packets, &channel, word, 1);
    }
    nodes_end();
}

/* A thread waits for room, or for a buffer; another gives back the last one that is taken. */
static void giving_back_wakes_who_waits_for_room(void)
{
    const struct kind *const ways[] = { &packets, &by_reference, &packet_bursts };

    nodes_begin(1);
    for (size_t i = 0; i < LENGTH(ways); i++) {
        struct channel channel = channel_made(NULL, NULL);
        int64_t fastest = INT64_MAX;

        channel_deepen(&channel, 1);
        channel_join(&packets, &channel);
        for (int try = 0; try < TRIES; try++) {
            struct call put = { .endpoint = channel.send, .word = 6 };
            void *buffer = taken(&channel, 8);
            int64_t then, took;

            begin(peer(0), ways[i]->put, &put);
            expect_true(stays_blocked(peer(0)));
            then = now_ms();
            given_back(&channel, buffer);
            took = woken_since(then, peer(0), &put);
            expect_status(MCAPI_SUCCESS, put.status);
            channel_drain(&packets, &channel, 6, 1);
            fastest = took < fastest ? took : fastest;
        }
        expect_true(fastest < PROMPT_MS);
    }
    nodes_end();
}

static const struct test tests[] = {
    TEST(packets_of_any_size_arrive_intact, ANYWHERE, "11.28"),
    TEST(packets_of_all_sizes_are_under_way_together, ANYWHERE, "11.28"),
    TEST(buffers_are_aligned_and_apart, ANYWHERE, "11.29"),
    TEST(less_than_was_taken_may_be_sent_but_not_more, ALONE, "11.30 11.38"),
    TEST(there_is_no_buffer_above_the_largest_size, ANYWHERE, "11.31"),
    TEST(packets_arrive_in_the_order_of_sending, ANYWHERE, "11.32"),
    TEST(all_ways_to_send_may_be_mixed, ANYWHERE, "11.32 11.51"),
    TEST(a_taken_buffer_takes_its_place_from_what_fits, ANYWHERE, "11.33 11.36"),
    TEST(sent_and_held_and_taken_buffers_count_together, ANYWHERE, "11.33"),
    TEST(a_taken_buffer_keeps_its_bytes_and_stalls_nothing, ANYWHERE, "11.34"),
    TEST(any_thread_of_the_node_can_go_on_with_a_buffer, IN_ONE_NODE, "11.39"),
    TEST(giving_back_wakes_who_waits_for_room, IN_ONE_NODE, "11.36"),
};

CHAPTER(ext_reference, tests);
