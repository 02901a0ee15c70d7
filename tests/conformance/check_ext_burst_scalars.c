/* SPDX-License-Identifier: MIT */
/* check_ext_burst_scalars.c - section 11: several scalars sent or received in one call. */
#include "ext.h"

#include <stdlib.h>

static struct channel channel_of_depth(uint32_t depth, struct peer *sender,
                                       struct peer *receiver)
{
    struct channel channel = channel_made(sender, receiver);

    channel_deepen(&channel, depth);
    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(&scalars, &channel);
    return channel;
}

/* A burst of that width, of scalars number first, first + 1, ...: how many go, with success. */
static uint32_t sent(const struct channel *channel, unsigned bits, uint64_t first,
                     uint32_t count)
{
    struct call call = ask(
            channel->sender, do_send_scalars,
            (struct call){
                    .endpoint = channel->send, .word = first, .number = count, .size = bits });

    expect_status(MCAPI_SUCCESS, call.status);
    return call.number;
}

static struct call receive(const struct channel *channel, unsigned bits, uint64_t first,
                           uint32_t room)
{
    return ask(
            channel->receiver, do_receive_scalars,
            (struct call){
                    .endpoint = channel->recv, .word = first, .number = room, .size = bits });
}

/* The same of a burst that is received, and must be these. */
static uint32_t received(const struct channel *channel, unsigned bits, uint64_t first,
                         uint32_t room)
{
    struct call call = receive(channel, bits, first, room);

    expect_status(MCAPI_SUCCESS, call.status);
    return call.number;
}

static mcapi_status_t send_status(const struct channel *channel, unsigned bits)
{
    return ask(channel->sender, do_send_scalars,
               (struct call){ .endpoint = channel->send, .number = 3, .size = bits })
            .status;
}

static uint32_t smaller(uint32_t one, uint32_t other)
{
    return one < other ? one : other;
}

/* --- What arrives --------------------------------------------------------------- */

static void bursts_of_each_width_and_length_arrive_whole(void)
{
    static const uint32_t counts[] = { 1, 2, 7, MCAPI_MAX_QUEUE_ELEMENTS };
    struct channel channel;
    uint64_t number = 1;

    nodes_begin(1);
    channel = channel_of_depth(MCAPI_MAX_QUEUE_ELEMENTS, peer(0), NULL);
    for (int round = 0; round < 8; round++)
        for (size_t i = 0; i < WIDTHS; i++)
            for (size_t j = 0; j < LENGTH(counts); j++) {
                expect_equal(counts[j], sent(&channel, widths[i], number, counts[j]));
                expect_equal(counts[j], channel_available(&scalars, &channel));
                expect_equal(counts[j], received(&channel, widths[i], number, BURST));
                number += counts[j];
            }
    nodes_end();
}

/* The narrowest and the widest values that there are. */
static void no_bit_is_lost(void)
{
    static const mcapi_uint64_t words[] = {
        0, 1, 0x80, 0xff, 0x8000, 0xffff, 0x80000000, 0xffffffff, 0x8000000000000000, UINT64_MAX
    };
    static const mcapi_uint8_t bytes[] = { 0, 1, 0x7f, 0x80, 0xff };
    mcapi_uint64_t words_came[LENGTH(words)];
    mcapi_uint8_t bytes_came[LENGTH(bytes)];
    struct channel channel;
    size_t count;

    nodes_begin(0);
    channel = channel_of_depth(64, NULL, NULL);
    expect(MCAPI_SUCCESS, count = mcapi_ext_sclchan_send_burst_uint64(channel.send, words,
                                                                      LENGTH(words), &status));
    expect_equal(LENGTH(words), count);
    expect(MCAPI_SUCCESS, count = mcapi_ext_sclchan_recv_burst_uint64(channel.recv, words_came,
                                                                      LENGTH(words), &status));
    expect_equal(LENGTH(words), count);
    for (size_t i = 0; i < LENGTH(words); i++)
        expect_equal(words[i], words_came[i]);
    expect(MCAPI_SUCCESS, count = mcapi_ext_sclchan_send_burst_uint8(channel.send, bytes,
                                                                     LENGTH(bytes), &status));
    expect_equal(LENGTH(bytes), count);
    expect(MCAPI_SUCCESS, count = mcapi_ext_sclchan_recv_burst_uint8(channel.recv, bytes_came,
                                                                     LENGTH(bytes), &status));
    expect_equal(LENGTH(bytes), count);
    for (size_t i = 0; i < LENGTH(bytes); i++)
        expect_equal(bytes[i], bytes_came[i]);
    nodes_end();
}

/* One scalar with a call of its own. */
static void put_one(const struct channel *channel, unsigned bits, uint64_t number)
{
    struct call call = { .endpoint = channel->send,
                         .word = scalar_word(number, bits),
                         .number = bits };

    expect_status(MCAPI_SUCCESS, ask(channel->sender, do_scl_send, call).status);
}

static void take_one(const struct channel *channel, unsigned bits, uint64_t number)
{
    struct call call = ask(channel->receiver, do_scl_recv,
                           (struct call){ .endpoint = channel->recv, .number = bits });

    expect_status(MCAPI_SUCCESS, call.status);
    expect_equal(scalar_word(number, bits), call.word);
}

static void single_calls_and_bursts_may_be_mixed(void)
{
    enum { DEPTH = 20, STEPS = 1500 };
    unsigned bits[STEPS * 6];
    struct channel channel;
    uint64_t in = 0, out = 0;

    nodes_begin(1);
    channel = channel_of_depth(DEPTH, peer(0), NULL);
    srand(3);
    for (int i = 0; i < STEPS; i++) {
        unsigned width = widths[rand() % WIDTHS];
        uint32_t room = 1 + (uint32_t)rand() % 6, same = 0;

        if (rand() % 2 == 0 && in - out + room <= DEPTH) {
            bool one_by_one = rand() % 2 == 0;

            for (uint32_t j = 0; j < room; j++)
                bits[in + j] = width;
            for (uint32_t j = 0; one_by_one && j < room; j++)
                put_one(&channel, width, in + j);
            if (!one_by_one)
                expect_equal(room, sent(&channel, width, in, room));
            in += room;
        } else if (in > out && rand() % 3 == 0) {
            take_one(&channel, bits[out], out);
            out++;
        } else if (in > out) {
            while (out + same < in && bits[out + same] == bits[out])
                same++;
            expect_equal(smaller(same, room), received(&channel, bits[out], out, room));
            out += smaller(same, room);
        }
    }
    expect_true(out > STEPS / 2);
    nodes_end();
}

/* --- How many ------------------------------------------------------------------- */

static void as_many_are_sent_as_fit(void)
{
    enum { DEPTH = 5 };
    struct channel channel;

    nodes_begin(1);
    channel = channel_of_depth(DEPTH, NULL, peer(0));
    for (size_t i = 0; i < WIDTHS; i++)
        for (uint32_t there = 0; there < DEPTH; there++)
            for (uint32_t count = 1; count < DEPTH + 3; count++) {
                uint32_t fit = smaller(count, DEPTH - there);

                if (there > 0)
                    expect_equal(there, sent(&channel, widths[i], 1, there));
                expect_equal(fit, sent(&channel, widths[i], 1 + there, count));
                if (there + fit == DEPTH)
                    expect_status(MCAPI_TIMEOUT, send_status(&channel, widths[i]));
                expect_equal(there + fit, received(&channel, widths[i], 1, BURST));
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
    channel_join(&scalars, &channel);
    for (size_t i = 0; i < WIDTHS; i++) {
        expect_equal(3, sent(&channel, widths[i], 1, 3));
        expect_equal(1, sent(&channel, widths[i], 4, 3));
        expect_status(MCAPI_ERR_MEM_LIMIT, send_status(&channel, widths[i]));
        expect_equal(4, received(&channel, widths[i], 1, 9));
    }
    nodes_end();
}

static void as_many_are_received_as_are_there_and_have_room(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_of_depth(6, NULL, peer(0));
    for (size_t i = 0; i < WIDTHS; i++)
        for (uint32_t there = 1; there <= 6; there++)
            for (uint32_t room = 1; room < 9; room++) {
                uint32_t come = smaller(there, room);

                expect_equal(there, sent(&channel, widths[i], 1, there));
                expect_equal(come, received(&channel, widths[i], 1, room));
                expect_equal(there - come, channel_available(&scalars, &channel));
                if (there > come)
                    expect_equal(there - come, received(&channel, widths[i], 1 + come, BURST));
                expect_status(MCAPI_TIMEOUT, receive(&channel, widths[i], 1, room).status);
            }
    nodes_end();
}

static void a_burst_waits_for_the_first_alone(void)
{
    struct channel channel;
    struct call call = { .word = 1, .number = 4, .size = 16 };

    nodes_begin(1);
    channel = channel_joined(&scalars, NULL, peer(0));
    call.endpoint = channel.recv;
    begin(peer(0), do_receive_scalars, &call);
    expect_true(stays_blocked(peer(0)));
    expect_equal(3, sent(&channel, 16, 1, 3));
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_true(call.number >= 1 && call.number <= 3);

    channel = channel_made(peer(0), NULL);
    channel_deepen(&channel, 4);
    channel_join(&scalars, &channel);
    expect_equal(4, sent(&channel, 32, 1, 4));
    call = (struct call){ .endpoint = channel.send, .word = 5, .number = 4, .size = 32 };
    begin(peer(0), do_send_scalars, &call);
    expect_true(stays_blocked(peer(0)));
    expect_equal(3, received(&channel, 32, 1, 3));
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_true(call.number >= 1 && call.number <= 3);
    expect_equal(1 + call.number, received(&channel, 32, 4, BURST));
    nodes_end();
}

/* --- Another width -------------------------------------------------------------- */

static void a_scalar_of_another_width_ends_the_burst_before_it(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_of_depth(16, peer(0), NULL);
    for (size_t i = 0; i < WIDTHS; i++)
        for (size_t j = 0; j < WIDTHS; j++) {
            if (i == j)
                continue;
            expect_equal(3, sent(&channel, widths[i], 10, 3));
            expect_equal(2, sent(&channel, widths[j], 20, 2));
            expect_equal(1, sent(&channel, widths[i], 30, 1));
            expect_equal(3, received(&channel, widths[i], 10, 9));
            for (int again = 0; again < 2; again++) { /* the first: it stays */
                expect_status(MCAPI_ERR_SCL_SIZE, receive(&channel, widths[i], 0, 9).status);
                expect_equal(3, channel_available(&scalars, &channel));
            }
            expect_equal(2, received(&channel, widths[j], 20, 9));
            expect_equal(1, received(&channel, widths[i], 30, 9));
        }
    nodes_end();
}

static void in_profile_reference_the_first_of_another_width_is_gone(void)
{
    struct channel channel;

    setenv("MCAPI_COMPAT", "reference", 1);
    nodes_begin(1);
    channel = channel_joined(&scalars, peer(0), NULL);
    expect_equal(3, sent(&channel, 16, 1, 3));
    expect_equal(2, sent(&channel, 64, 9, 2));
    expect_status(MCAPI_ERR_SCL_SIZE, receive(&channel, 64, 0, 9).status);
    expect_equal(4, channel_available(&scalars, &channel));
    expect_equal(2, received(&channel, 16, 2, 9));
    expect_status(MCAPI_ERR_SCL_SIZE, receive(&channel, 8, 0, 1).status);
    expect_equal(1, received(&channel, 64, 10, 9));
    expect_equal(0, channel_available(&scalars, &channel));
    nodes_end();
}

/* --- What cannot be done -------------------------------------------------------- */

static void a_burst_needs_its_words_and_a_count(void)
{
    struct channel channel;

    nodes_begin(0);
    channel = channel_of_depth(4, NULL, NULL);
    for (int i = 0; i < 2; i++) { /* pointers come before handles */
        mcapi_endpoint_t send = i == 0 ? channel.send : 0, recv = i == 0 ? channel.recv : 0;

#define ARE_REFUSED(bits)                                                                    \
    do {                                                                                     \
        mcapi_uint##bits##_t word = 7;                                                       \
                                                                                             \
        expect(MCAPI_ERR_PARAMETER, expect_equal(0, mcapi_ext_sclchan_send_burst_uint##bits( \
                                                            send, NULL, 1, &status)));       \
        expect(MCAPI_ERR_PARAMETER, expect_equal(0, mcapi_ext_sclchan_send_burst_uint##bits( \
                                                            send, &word, 0, &status)));      \
        expect(MCAPI_ERR_PARAMETER, expect_equal(0, mcapi_ext_sclchan_recv_burst_uint##bits( \
                                                            recv, NULL, 1, &status)));       \
        expect(MCAPI_ERR_PARAMETER, expect_equal(0, mcapi_ext_sclchan_recv_burst_uint##bits( \
                                                            recv, &word, 0, &status)));      \
        expect_equal(7, word);                                                               \
    } while (0)
        ARE_REFUSED(8);
        ARE_REFUSED(16);
        ARE_REFUSED(32);
        ARE_REFUSED(64);
#undef ARE_REFUSED
    }
    expect_equal(0, channel_available(&scalars, &channel));
    nodes_end();
}

static const struct test tests[] = {
    TEST(bursts_of_each_width_and_length_arrive_whole, ANYWHERE, "11.60"),
    TEST(no_bit_is_lost, ALONE, "11.60"),
    TEST(single_calls_and_bursts_may_be_mixed, ANYWHERE, "11.65 11.63"),
    TEST(as_many_are_sent_as_fit, ANYWHERE, "11.61"),
    TEST(without_room_for_one_a_burst_may_fail_at_once, ANYWHERE, "11.61"),
    TEST(as_many_are_received_as_are_there_and_have_room, ANYWHERE, "11.62"),
    TEST(a_burst_waits_for_the_first_alone, ANYWHERE, "11.61 11.62"),
    TEST(a_scalar_of_another_width_ends_the_burst_before_it, ANYWHERE, "11.63"),
    TEST(in_profile_reference_the_first_of_another_width_is_gone, ANYWHERE, "11.64"),
    TEST(a_burst_needs_its_words_and_a_count, ALONE, "11.4"),
};

CHAPTER(ext_burst_scalars, tests);
