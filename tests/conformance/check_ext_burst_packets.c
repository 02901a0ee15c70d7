/* SPDX-License-Identifier: MIT */
/* check_ext_burst_packets.c - section 11: several packets sent or received in one call. */
#include "ext.h"

#include <stdlib.h>
#include <string.h>

static const size_t sizes[] = { SIZES_TO_TRY };

static struct channel channel_of_depth(uint32_t depth, struct peer *sender,
                                       struct peer *receiver)
{
    struct channel channel = channel_made(sender, receiver);

    channel_deepen(&channel, depth);
    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(&packets, &channel);
    return channel;
}

/* A burst of packets of `size` bytes with the seeds first, first + 1, ...: how many go, with
 * success. */
static uint32_t sent(const struct channel *channel, uint64_t first, uint32_t count, size_t size)
{
    struct call call = ask(
            channel->sender, do_send_packets,
            (struct call){
                    .endpoint = channel->send, .word = first, .number = count, .size = size });

    expect_status(MCAPI_SUCCESS, call.status);
    return call.number;
}

/* The same of a burst that is received, and must be these. */
static uint32_t received(const struct channel *channel, uint64_t first, uint32_t room,
                         size_t size)
{
    struct call call = ask(
            channel->receiver, do_receive_packets,
            (struct call){
                    .endpoint = channel->recv, .word = first, .number = room, .size = size });

    expect_status(MCAPI_SUCCESS, call.status);
    return call.number;
}

static mcapi_status_t send_status(const struct channel *channel)
{
    return ask(channel->sender, do_send_packets,
               (struct call){ .endpoint = channel->send, .number = 3, .size = 8 })
            .status;
}

static mcapi_status_t receive_status(const struct channel *channel)
{
    return ask(channel->receiver, do_receive_packets,
               (struct call){ .endpoint = channel->recv, .number = 3, .size = 8 })
            .status;
}

static uint32_t smaller(uint32_t one, uint32_t other)
{
    return one < other ? one : other;
}

/* --- What arrives --------------------------------------------------------------- */

static void bursts_of_any_length_and_size_arrive_intact(void)
{
    static const uint32_t counts[] = { 1, 2, 7, MCAPI_MAX_BUFFERS };
    struct channel channel;
    uint64_t seed = 1;

    nodes_begin(1);
    channel = channel_of_depth(MCAPI_MAX_BUFFERS, peer(0), NULL);
    for (size_t i = 0; i < LENGTH(sizes); i++)
        for (size_t j = 0; j < LENGTH(counts); j++) {
            expect_equal(counts[j], sent(&channel, seed, counts[j], sizes[i]));
            expect_equal(counts[j], received(&channel, seed, BURST, sizes[i]));
            seed += counts[j];
        }
    nodes_end();
}

/* Of packets of every size. Their bytes are changed as soon as the call has returned. */
static void do_send_every_size(struct call *call)
{
    static unsigned char bytes[LENGTH(sizes)][MCAPI_MAX_PKT_SIZE];
    const void *buffers[LENGTH(sizes)];

    for (size_t i = 0; i < LENGTH(sizes); i++) {
        fill(bytes[i], sizes[i], call->word + i);
        buffers[i] = sizes[i] == 0 ? NULL : bytes[i];
    }
    call->status = UNTOUCHED;
    call->number = (mcapi_uint_t)mcapi_ext_pktchan_send_burst(call->endpoint, buffers, sizes,
                                                              LENGTH(sizes), &call->status);
    memset(bytes, 0xee, sizeof bytes);
}

static void a_burst_may_have_packets_of_every_size(void)
{
    struct channel channel;
    struct call call = { .word = 300 };

    nodes_begin(1);
    channel = channel_of_depth(LENGTH(sizes), peer(0), NULL);
    call.endpoint = channel.send;
    for (int round = 0; round < 3; round++) {
        void *buffers[LENGTH(sizes) + 1];
        size_t came[LENGTH(sizes) + 1], count;

        call = ask(peer(0), do_send_every_size, call);
        expect_status(MCAPI_SUCCESS, call.status);
        expect_equal(LENGTH(sizes), call.number);
        expect(MCAPI_SUCCESS, count = mcapi_ext_pktchan_recv_burst(channel.recv, buffers, came,
                                                                   LENGTH(came), &status));
        expect_equal(LENGTH(sizes), count);
        for (size_t i = 0; i < count; i++) {
            expect_equal(sizes[i], came[i]);
            expect_true(is_filled(buffers[i], came[i], call.word + i));
            memset(buffers[i], 0x55, came[i]);
        }
        expect(MCAPI_SUCCESS, mcapi_ext_pktchan_release_burst(buffers, count, &status));
        call.word++;
    }
    nodes_end();
}

static void single_calls_and_bursts_may_be_mixed(void)
{
    struct channel channel;
    uint64_t in = 0, out = 0;

    nodes_begin(1);
    channel = channel_of_depth(20, peer(0), NULL);
    srand(5);
    for (int i = 0; i < 1500; i++) {
        const struct kind *ways[] = { &packets, &by_reference, &packet_bursts };
        uint32_t count = 1 + (uint32_t)rand() % 6;

        if (in - out + count <= 20 && rand() % 2 == 0) {
            channel_fill(ways[rand() % 3], &channel, in, count);
            in += count;
        } else if (in - out >= count) {
            channel_drain(rand() % 2 == 0 ? &packets : &packet_bursts, &channel, out, count);
            out += count;
        }
        expect_equal(in - out, channel_available(&packets, &channel));
    }
    expect_true(out > 500);
    nodes_end();
}

/* --- How many ------------------------------------------------------------------- */

static void as_many_are_sent_as_fit(void)
{
    enum { DEPTH = 5 };
    struct channel channel;

    nodes_begin(1);
    channel = channel_of_depth(DEPTH, NULL, peer(0));
    for (uint32_t there = 0; there < DEPTH; there++)
        for (uint32_t count = 1; count < DEPTH + 3; count++) {
            uint32_t fit = smaller(count, DEPTH - there);

            if (there > 0)
                expect_equal(there, sent(&channel, 1, there, 8));
            expect_equal(fit, sent(&channel, 1 + there, count, 8));
            expect_equal(there + fit, channel_available(&packets, &channel));
            if (there + fit == DEPTH)
                expect_status(MCAPI_TIMEOUT, send_status(&channel));
            expect_equal(there + fit, received(&channel, 1, BURST, 8));
        }
    nodes_end();
}

static void without_room_for_one_a_burst_may_fail_at_once(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    channel_deepen(&channel, 4);
    channel_set(&channel, MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT);
    channel_join(&packets, &channel);
    for (int i = 0; i < 5; i++) {
        expect_equal(3, sent(&channel, 1, 3, 8));
        expect_equal(1, sent(&channel, 4, 3, 8));
        expect_status(MCAPI_ERR_MEM_LIMIT, send_status(&channel));
        expect_equal(4, received(&channel, 1, 9, 8));
    }
    nodes_end();
}

static void as_many_are_received_as_are_there_and_have_room(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_of_depth(6, NULL, peer(0));
    for (uint32_t there = 1; there <= 6; there++)
        for (uint32_t room = 1; room < 9; room++) {
            uint32_t come = smaller(there, room);

            expect_equal(there, sent(&channel, 1, there, 300));
            expect_equal(come, received(&channel, 1, room, 300));
            expect_equal(there - come, channel_available(&packets, &channel));
            if (there > come)
                expect_equal(there - come, received(&channel, 1 + come, BURST, 300));
            expect_status(MCAPI_TIMEOUT, receive_status(&channel));
        }
    nodes_end();
}

/* A burst that waits ends with what comes first, and with what has come with it. */
static void a_burst_waits_for_the_first_alone(void)
{
    struct channel channel;
    struct call call = { .word = 1, .number = 4, .size = 8 };

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    channel_join(&packets, &channel);
    call.endpoint = channel.recv;
    begin(peer(0), do_receive_packets, &call);
    expect_true(stays_blocked(peer(0)));
    expect_equal(3, sent(&channel, 1, 3, 8));
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_true(call.number >= 1 && call.number <= 3);

    channel = channel_made(peer(0), NULL);
    channel_deepen(&channel, 4);
    channel_join(&packets, &channel);
    channel_fill(&packets, &channel, 1, 4);
    call = (struct call){ .endpoint = channel.send, .word = 5, .number = 4, .size = 8 };
    begin(peer(0), do_send_packets, &call);
    expect_true(stays_blocked(peer(0)));
    channel_drain(&packet_bursts, &channel, 1, 3);
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_true(call.number >= 1 && call.number <= 3);
    channel_drain(&packets, &channel, 4, 1);
    expect_equal(call.number, received(&channel, 5, BURST, 8));
    nodes_end();
}

/* --- Too large ------------------------------------------------------------------ */

static void a_packet_that_is_too_large_ends_the_burst_before_it(void)
{
    enum { COUNT = 4 };
    static unsigned char bytes[COUNT][64];
    static const size_t large[] = { 51, MCAPI_MAX_PKT_SIZE, (size_t)UINT32_MAX + 1, SIZE_MAX };
    const void *buffers[COUNT];
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    channel_set(&channel, MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, 50);
    channel_join(&packets, &channel);
    for (size_t i = 0; i < COUNT; i++) {
        fill(bytes[i], 50, i);
        buffers[i] = bytes[i];
    }
    for (size_t place = 0; place < COUNT; place++)
        for (size_t i = 0; i < LENGTH(large); i++) {
            size_t lengths[COUNT] = { 50, 50, 50, 50 }, count;

            lengths[place] = large[i];
            expect(place == 0 ? MCAPI_ERR_PKT_LIMIT : MCAPI_SUCCESS,
                   count = mcapi_ext_pktchan_send_burst(channel.send, buffers, lengths, COUNT,
                                                        &status));
            expect_equal(place, count);
            expect_equal(place, channel_available(&packets, &channel));
            if (place > 0)
                expect_equal(place, received(&channel, 0, BURST, 50));
        }
    nodes_end();
}

/* --- What cannot be done -------------------------------------------------------- */

static void a_burst_needs_its_arrays_and_a_count(void)
{
    const void *buffers[3] = { "a", NULL, "c" };
    const size_t lengths[3] = { 1, 1, 1 };
    struct channel channel;
    void *places[1];
    size_t came[1];

    nodes_begin(1);
    channel = channel_of_depth(2, NULL, NULL);
    for (int i = 0; i < 2; i++) { /* pointers come before handles */
        mcapi_endpoint_t send = i == 0 ? channel.send : 0, recv = i == 0 ? channel.recv : 0;

#define IS_REFUSED(call) expect(MCAPI_ERR_PARAMETER, expect_equal(0, call))
        IS_REFUSED(mcapi_ext_pktchan_send_burst(send, NULL, lengths, 1, &status));
        IS_REFUSED(mcapi_ext_pktchan_send_burst(send, buffers, NULL, 1, &status));
        IS_REFUSED(mcapi_ext_pktchan_send_burst(send, buffers, lengths, 0, &status));
        IS_REFUSED(mcapi_ext_pktchan_send_burst(send, buffers, lengths, 3, &status));
        IS_REFUSED(mcapi_ext_pktchan_send_burst(send, &buffers[1], lengths, 1, &status));
        IS_REFUSED(mcapi_ext_pktchan_recv_burst(recv, NULL, came, 1, &status));
        IS_REFUSED(mcapi_ext_pktchan_recv_burst(recv, places, NULL, 1, &status));
        IS_REFUSED(mcapi_ext_pktchan_recv_burst(recv, places, came, 0, &status));
        IS_REFUSED(mcapi_ext_pktchan_release_burst(NULL, 1, &status));
        IS_REFUSED(mcapi_ext_pktchan_release_burst(places, 0, &status));
#undef IS_REFUSED
    }
    expect_equal(0, channel_available(&packets, &channel)); /* not even the first was sent */
    nodes_end();
}

/* --- Posted receives ------------------------------------------------------------ */

static void posted_receives_come_before_a_burst(void)
{
    enum { POSTED = 3 };
    mcapi_request_t requests[POSTED];
    void *buffers[POSTED];
    struct channel channel;
    size_t size;

    nodes_begin(1);
    channel = channel_of_depth(8, peer(0), NULL);
    for (uint32_t count = 1; count <= 8; count++) { /* fewer than were posted, and more */
        for (int i = 0; i < POSTED; i++)
            expect(MCAPI_SUCCESS,
                   mcapi_pktchan_recv_i(channel.recv, &buffers[i], &requests[i], &status));
        expect_equal(count, sent(&channel, 10, count, 8));
        if (count > POSTED)
            expect_equal(count - POSTED, received(&channel, 10 + POSTED, BURST, 8));
        else
            expect_status(MCAPI_TIMEOUT, receive_status(&channel));
        for (uint32_t i = 0; i < POSTED; i++) {
            if (i >= count) {
                expect(MCAPI_PENDING, mcapi_test(&requests[i], &size, &status));
                expect(MCAPI_SUCCESS, mcapi_cancel(&requests[i], &status));
                continue;
            }
            expect(MCAPI_SUCCESS,
                   mcapi_wait(&requests[i], &size, MCAPI_TIMEOUT_INFINITE, &status));
            expect_equal(8, size);
            expect_true(is_filled(buffers[i], 8, 10 + i));
            expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffers[i], &status));
        }
    }
    nodes_end();
}

static const struct test tests[] = {
    TEST(bursts_of_any_length_and_size_arrive_intact, ANYWHERE, "11.47"),
    TEST(a_burst_may_have_packets_of_every_size, ANYWHERE, "11.47"),
    TEST(single_calls_and_bursts_may_be_mixed, ANYWHERE, "11.51"),
    TEST(as_many_are_sent_as_fit, ANYWHERE, "11.48"),
    TEST(without_room_for_one_a_burst_may_fail_at_once, ANYWHERE, "11.48"),
    TEST(as_many_are_received_as_are_there_and_have_room, ANYWHERE, "11.49"),
    TEST(a_burst_waits_for_the_first_alone, ANYWHERE, "11.48 11.49"),
    TEST(a_packet_that_is_too_large_ends_the_burst_before_it, ANYWHERE, "11.50"),
    TEST(a_burst_needs_its_arrays_and_a_count, ALONE, "11.4"),
    TEST(posted_receives_come_before_a_burst, ANYWHERE, "11.53"),
};

CHAPTER(ext_burst_packets, tests);
