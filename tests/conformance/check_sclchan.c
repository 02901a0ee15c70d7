/* SPDX-License-Identifier: MIT */
/*
 * check_sclchan.c - scalars: four widths, each received as it was sent.
 */
#include "kinds.h"

static const mcapi_uint_t widths[] = { 8, 16, 32, 64 };

/* The bits of a word that travel in a width. */
static uint64_t cut(uint64_t word, mcapi_uint_t bits)
{
    return bits == 64 ? word : word & (((uint64_t)1 << bits) - 1);
}

static void sent(const struct channel *channel, mcapi_uint_t bits, uint64_t word)
{
    struct call call = { .endpoint = channel->send, .number = bits, .word = word };

    expect_status(MCAPI_SUCCESS, ask(channel->sender, do_scl_send, call).status);
}

static void received(const struct channel *channel, mcapi_uint_t bits, uint64_t word)
{
    struct call call = { .endpoint = channel->recv, .number = bits, .word = ~word };

    call = ask(channel->receiver, do_scl_recv, call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_equal(word, call.word);
}

/* Every width but that of the next word is refused, and nothing is lost by it. */
static void received_in_no_other(const struct channel *channel, mcapi_uint_t bits)
{
    uint32_t before = channel_available(&scalars, channel);

    for (size_t i = 0; i < LENGTH(widths); i++) {
        struct call call = { .endpoint = channel->recv, .number = widths[i] };

        if (widths[i] != bits)
            expect_status(MCAPI_ERR_SCL_SIZE, ask(channel->receiver, do_scl_recv, call).status);
    }
    expect_equal(before, channel_available(&scalars, channel));
}

/* --- Values ------------------------------------------------------------------------ */

static const uint64_t values[] = {
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x7fffffff,
    0x80000000,
    0xffffffff,
    0x0123456789abcdef,
    0xfedcba9876543210,
    0xaaaaaaaaaaaaaaaa,
    0x5555555555555555,
    0x00000000ffffffff,
    0xffffffff00000000,
    0x7fffffffffffffff,
    0x8000000000000000,
    0xffffffffffffffff,
};

static void scalars_of_every_width_arrive_whole(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = scalars_open(NULL, peer(0));
    for (size_t i = 0; i < LENGTH(widths); i++)
        for (size_t j = 0; j < LENGTH(values); j++) {
            sent(&channel, widths[i], values[j]);
            received(&channel, widths[i], cut(values[j], widths[i]));
        }
    nodes_end();
}

static void every_bit_of_every_width_arrives(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = scalars_open(peer(0), NULL);
    for (size_t i = 0; i < LENGTH(widths); i++)
        for (mcapi_uint_t bit = 0; bit < widths[i]; bit++) {
            sent(&channel, widths[i], (uint64_t)1 << bit);
            sent(&channel, widths[i], ~((uint64_t)1 << bit));
            received(&channel, widths[i], (uint64_t)1 << bit);
            received(&channel, widths[i], cut(~((uint64_t)1 << bit), widths[i]));
        }
    nodes_end();
}

/* Of a place that held a wide word nothing is left in the narrow one that follows there. */
static void a_narrow_scalar_after_a_wide_one_is_narrow(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    channel_deepen(&channel, 1);
    channel_join(&scalars, &channel);
    for (size_t i = 0; i < LENGTH(widths); i++) {
        sent(&channel, 64, ~(uint64_t)0);
        received(&channel, 64, ~(uint64_t)0);
        sent(&channel, widths[i], 0);
        received(&channel, widths[i], 0);
    }
    nodes_end();
}

/* --- Widths ------------------------------------------------------------------------ */

static void a_scalar_is_received_in_its_own_width_alone(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = scalars_open(NULL, peer(0));
    for (size_t i = 0; i < LENGTH(widths); i++) {
        sent(&channel, widths[i], 0x55);
        for (int again = 0; again < 3; again++)
            received_in_no_other(&channel, widths[i]);
        received(&channel, widths[i], 0x55);
    }
    nodes_end();
}

static void a_wrong_width_does_not_disturb_those_that_follow(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = scalars_open(peer(0), NULL);
    for (size_t i = 0; i < LENGTH(widths); i++)
        sent(&channel, widths[i], 10 + i);
    for (size_t i = 0; i < LENGTH(widths); i++) {
        received_in_no_other(&channel, widths[i]);
        received(&channel, widths[i], 10 + i);
    }
    nodes_end();
}

static void a_wrong_width_makes_no_room(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    channel_deepen(&channel, 2);
    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(&scalars, &channel);
    sent(&channel, 64, 1);
    sent(&channel, 16, 2);
    received_in_no_other(&channel, 64);
    expect_status(MCAPI_TIMEOUT, channel_put(&scalars, &channel, 3));
    received(&channel, 64, 1);
    received_in_no_other(&channel, 16);
    received(&channel, 16, 2);
    nodes_end();
}

static void a_scalar_of_another_width_wakes_a_receiver(void)
{
    struct channel channel;
    struct call take = { .number = 32 };

    nodes_begin(1);
    channel = scalars_open(NULL, peer(0));
    take.endpoint = channel.recv;
    begin(peer(0), do_scl_recv, &take);
    expect_true(stays_blocked(peer(0)));
    sent(&channel, 8, 5);
    finish(peer(0), &take);
    expect_status(MCAPI_ERR_SCL_SIZE, take.status);
    received(&channel, 8, 5);
    nodes_end();
}

static void the_width_of_the_last_scalar_counts_after_the_close_too(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = scalars_open(peer(0), NULL);
    sent(&channel, 16, 0x1234);
    channel_close(&scalars, &channel, SENDING);
    received_in_no_other(&channel, 16);
    received(&channel, 16, 0x1234);
    for (size_t i = 0; i < LENGTH(widths); i++) {
        struct call call = { .endpoint = channel.recv, .number = widths[i] };

        expect_status(MCAPI_ERR_CHAN_INVALID, ask(NULL, do_scl_recv, call).status);
    }
    nodes_end();
}

static void the_width_of_the_last_scalar_counts_after_the_death_too(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = scalars_open(peer(0), NULL);
    sent(&channel, 32, 0x12345678);
    kill_peer(peer(0));
    received_in_no_other(&channel, 32);
    received(&channel, 32, 0x12345678);
    for (size_t i = 0; i < LENGTH(widths); i++) {
        struct call call = { .endpoint = channel.recv, .number = widths[i] };

        expect_status(MCAPI_ERR_TRANSMISSION, ask(NULL, do_scl_recv, call).status);
    }
    nodes_end();
}

/* --- Mixed ------------------------------------------------------------------------- */

/* The width of a stream's word: no regular pattern, and every pair of neighbours comes. */
static mcapi_uint_t width_at(uint64_t place)
{
    return widths[(place * 7 + place / 5 + place / 64) % LENGTH(widths)];
}

static uint64_t value_at(uint64_t place)
{
    return cut(place * 0x9e3779b97f4a7c15u, width_at(place));
}

static void scalars_of_mixed_widths_keep_their_order(void)
{
    struct channel channel;
    uint64_t place = 0;

    nodes_begin(1);
    channel = scalars_open(NULL, peer(0));
    for (int round = 0; round < 8; round++, place += MCAPI_MAX_QUEUE_ELEMENTS) {
        for (uint64_t i = 0; i < MCAPI_MAX_QUEUE_ELEMENTS; i++)
            sent(&channel, width_at(place + i), value_at(place + i));
        for (uint64_t i = 0; i < MCAPI_MAX_QUEUE_ELEMENTS; i++)
            received(&channel, width_at(place + i), value_at(place + i));
    }
    nodes_end();
}

/* endpoint, word: how many. */
static void do_send_stream(struct call *call)
{
    struct call one = { .endpoint = call->endpoint };

    for (uint64_t place = 0; place < call->word; place++) {
        one.number = width_at(place);
        one.word = value_at(place);
        do_scl_send(&one);
        expect_status(MCAPI_SUCCESS, one.status);
    }
    call->status = MCAPI_SUCCESS;
}

static void a_stream_of_mixed_widths_arrives_while_it_is_sent(void)
{
    struct channel channel;
    struct call stream = { .word = 20000 };

    nodes_begin(1);
    channel = scalars_open(peer(0), NULL);
    stream.endpoint = channel.send;
    begin(peer(0), do_send_stream, &stream);
    for (uint64_t place = 0; place < stream.word; place++)
        received(&channel, width_at(place), value_at(place));
    finish(peer(0), &stream);
    expect_equal(0, channel_available(&scalars, &channel));
    nodes_end();
}

static void every_width_waits_for_room(void)
{
    nodes_begin(1);
    for (size_t i = 0; i < LENGTH(widths); i++) {
        struct channel channel = channel_made(peer(0), NULL);
        struct call put = { .number = widths[i], .word = 2 };

        channel_deepen(&channel, 1);
        channel_join(&scalars, &channel);
        sent(&channel, widths[i], 1);
        put.endpoint = channel.send;
        begin(peer(0), do_scl_send, &put);
        expect_true(stays_blocked(peer(0)));
        received(&channel, widths[i], 1);
        finish(peer(0), &put);
        expect_status(MCAPI_SUCCESS, put.status);
        received(&channel, widths[i], 2);
    }
    nodes_end();
}

static void every_width_waits_for_something_to_come(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = scalars_open(NULL, peer(0));
    for (size_t i = 0; i < LENGTH(widths); i++) {
        struct call take = { .endpoint = channel.recv, .number = widths[i] };

        begin(peer(0), do_scl_recv, &take);
        expect_true(stays_blocked(peer(0)));
        sent(&channel, widths[i], 3);
        finish(peer(0), &take);
        expect_status(MCAPI_SUCCESS, take.status);
        expect_equal(3, take.word);
    }
    nodes_end();
}

static void every_width_times_out(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    channel_deepen(&channel, 1);
    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, 5);
    channel_join(&scalars, &channel);
    for (size_t i = 0; i < LENGTH(widths); i++) {
        struct call call = { .endpoint = channel.recv, .number = widths[i] };

        expect_status(MCAPI_TIMEOUT, ask(peer(0), do_scl_recv, call).status);
    }
    sent(&channel, 8, 1);
    for (size_t i = 0; i < LENGTH(widths); i++) {
        struct call call = { .endpoint = channel.send, .number = widths[i] };

        expect_status(MCAPI_TIMEOUT, ask(NULL, do_scl_send, call).status);
    }
    received(&channel, 8, 1);
    nodes_end();
}

static const struct test tests[] = {
    TEST(scalars_of_every_width_arrive_whole, ANYWHERE, "8.17"),
    TEST(every_bit_of_every_width_arrives, ANYWHERE, "8.17"),
    TEST(a_narrow_scalar_after_a_wide_one_is_narrow, ANYWHERE, "8.17"),
    TEST(a_scalar_is_received_in_its_own_width_alone, ANYWHERE, "8.18 8.19"),
    TEST(a_wrong_width_does_not_disturb_those_that_follow, ANYWHERE, "8.18 8.19 8.20"),
    TEST(a_wrong_width_makes_no_room, ANYWHERE, "8.19"),
    TEST(a_scalar_of_another_width_wakes_a_receiver, ANYWHERE, "8.18 8.19 8.23"),
    TEST(the_width_of_the_last_scalar_counts_after_the_close_too, ANYWHERE, "8.19 8.29"),
    TEST(the_width_of_the_last_scalar_counts_after_the_death_too, IN_PROCESSES, "8.19 8.36"),
    TEST(scalars_of_mixed_widths_keep_their_order, ANYWHERE, "8.20 8.16"),
    TEST(a_stream_of_mixed_widths_arrives_while_it_is_sent, ANYWHERE, "8.20 8.16"),
    TEST(every_width_waits_for_room, ANYWHERE, "8.22"),
    TEST(every_width_waits_for_something_to_come, ANYWHERE, "8.23"),
    TEST(every_width_times_out, ANYWHERE, "8.24"),
};

CHAPTER(sclchan, tests);
