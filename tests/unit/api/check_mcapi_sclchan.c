/* SPDX-License-Identifier: MIT */
/*
 * check_mcapi_sclchan.c - scalars: four widths, exactly as many as fit, in order.
 */
#include <mcapi.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

/* One scalar with the call for its width. */
static mcapi_status_t send_wide(mcapi_endpoint_t end, int bits, uint64_t word)
{
    mcapi_status_t status = STATUS_UNTOUCHED;

    switch (bits) {
    case 8:
        mcapi_sclchan_send_uint8(end, (mcapi_uint8_t)word, &status);
        break;
    case 16:
        mcapi_sclchan_send_uint16(end, (mcapi_uint16_t)word, &status);
        break;
    case 32:
        mcapi_sclchan_send_uint32(end, (mcapi_uint32_t)word, &status);
        break;
    default:
        mcapi_sclchan_send_uint64(end, word, &status);
    }
    return status;
}

static mcapi_status_t receive_wide(mcapi_endpoint_t end, int bits, uint64_t *word)
{
    mcapi_status_t status = STATUS_UNTOUCHED;

    switch (bits) {
    case 8:
        *word = mcapi_sclchan_recv_uint8(end, &status);
        break;
    case 16:
        *word = mcapi_sclchan_recv_uint16(end, &status);
        break;
    case 32:
        *word = mcapi_sclchan_recv_uint32(end, &status);
        break;
    default:
        *word = mcapi_sclchan_recv_uint64(end, &status);
    }
    return status;
}

static const int widths[] = { 8, 16, 32, 64 };

static struct pair open_deep(uint32_t depth)
{
    struct pair pair = pair_create(SCALARS, NULL, NULL);

    pair_set_both(&pair, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    pair_set(NULL, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, depth);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    return pair;
}

static mcapi_uint_t available(const struct pair *pair)
{
    mcapi_uint_t count;

    expect(MCAPI_SUCCESS, count = mcapi_sclchan_available(pair->receive, &status));
    return count;
}

START_TEST(scalars_of_every_width_arrive_whole)
{
    static const uint64_t values[] = { 0,
                                       1,
                                       0x7f,
                                       0x80,
                                       0xff,
                                       0x8000,
                                       0xffff,
                                       0x80000000,
                                       0xffffffff,
                                       0x8000000000000000,
                                       0x0123456789abcdef,
                                       ~0ull };
    struct pair pair = open_deep(64);
    uint64_t word;

    for (size_t i = 0; i < SUITE_LENGTH(values); i++)
        for (size_t w = 0; w < SUITE_LENGTH(widths); w++) {
            uint64_t mask = widths[w] == 64 ? ~0ull : (1ull << widths[w]) - 1;

            expect_status(MCAPI_SUCCESS, send_wide(pair.send, widths[w], values[i]));
            expect_status(MCAPI_SUCCESS, receive_wide(pair.receive, widths[w], &word));
            ck_assert_uint_eq(word, values[i] & mask);
        }
}
END_TEST

START_TEST(the_wrong_width_leaves_the_scalar_in_place)
{
    struct pair pair = open_deep(64);
    uint64_t word;

    for (size_t sent = 0; sent < SUITE_LENGTH(widths); sent++) {
        expect_status(MCAPI_SUCCESS, send_wide(pair.send, widths[sent], 0x5a));
        for (size_t asked = 0; asked < SUITE_LENGTH(widths); asked++) {
            if (asked == sent)
                continue;
            expect_status(MCAPI_ERR_SCL_SIZE, receive_wide(pair.receive, widths[asked], &word));
            ck_assert_uint_eq(word, 0);
            ck_assert_uint_eq(available(&pair), 1);
        }
        expect_status(MCAPI_SUCCESS, receive_wide(pair.receive, widths[sent], &word));
        ck_assert_uint_eq(word, 0x5a);
    }
}
END_TEST

static const uint32_t depths[] = { 1, 2, 3, 6, 7, 8, 13, 14, 15, 64, 1000 };

START_TEST(exactly_the_depth_fits)
{
    struct pair pair = open_deep(depths[_i]);

    for (int round = 0; round < 5; round++) {
        for (uint32_t i = 0; i < depths[_i]; i++) {
            ck_assert_uint_eq(available(&pair), i);
            pair_send_word(&pair, i);
        }
        expect_status(MCAPI_TIMEOUT, pair_send_status(&pair));
        ck_assert_uint_eq(available(&pair), depths[_i]);
        for (uint32_t i = 0; i < depths[_i]; i++) {
            pair_expect_word(&pair, i);
            ck_assert_uint_eq(available(&pair), depths[_i] - 1 - i);
        }
        expect_status(MCAPI_TIMEOUT, pair_receive_status(&pair));
    }
}
END_TEST

START_TEST(the_usual_depth_is_that_of_a_queue)
{
    struct pair pair = pair_create(SCALARS, NULL, NULL);

    pair_set(NULL, pair.send, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    for (uint32_t i = 0; i < MCAPI_MAX_QUEUE_ELEMENTS; i++)
        pair_send_word(&pair, i);
    expect_status(MCAPI_TIMEOUT, pair_send_status(&pair));
    pair_expect_word(&pair, 0);
    pair_send_word(&pair, 64);
}
END_TEST

START_TEST(scalars_keep_their_order_over_many_laps)
{
    struct pair pair = open_deep(depths[_i]);
    uint32_t sent = 0, received = 0, state = 12345;

    while (received < 20000) {
        state = state * 1664525 + 1013904223;
        for (uint32_t n = state >> 24; n > 0 && sent - received < depths[_i]; n--)
            pair_send_word(&pair, sent++);
        state = state * 1664525 + 1013904223;
        for (uint32_t n = state >> 24; n > 0 && received != sent; n--)
            pair_expect_word(&pair, received++);
        ck_assert_uint_eq(available(&pair), sent - received);
    }
}
END_TEST

START_TEST(scalars_stream_between_two_nodes)
{
    struct child *other = child_start(_i, 2);
    struct pair pair = pair_open(SCALARS, other, NULL);
    struct act send = { .kind = SCALARS, .endpoint = pair.send, .count = 50000, .word = 7 };
    struct act receive = {
        .kind = SCALARS, .endpoint = pair.receive, .count = 50000, .word = 7
    };

    child_begin(other, act_send_many, &send);
    child_do(NULL, act_receive_many, &receive);
    expect_status(MCAPI_SUCCESS, receive.status);
    ck_assert_uint_eq(receive.word, 50007);
    child_finish(other, &send);
    expect_status(MCAPI_SUCCESS, send.status);
}
END_TEST

START_TEST(a_full_channel_blocks_its_sender_until_a_scalar_is_received)
{
    struct child *other = child_start(_i, 2);
    struct pair pair = pair_open(SCALARS, other, NULL);
    struct act send = { .kind = SCALARS, .endpoint = pair.send, .count = 65 };

    child_begin(other, act_send_many, &send);
    ck_assert(eventually(available(&pair) == 64 && child_is_asleep(other)));
    pair_expect_word(&pair, 0);
    child_finish(other, &send);
    expect_status(MCAPI_SUCCESS, send.status);
    ck_assert_uint_eq(available(&pair), 64);
}
END_TEST

START_TEST(what_was_sent_before_the_close_is_received_and_then_no_more)
{
    struct child *other = _i == 2 ? NULL : child_start(_i, 2);
    struct pair pair = pair_open(SCALARS, other, NULL);

    for (uint32_t i = 0; i < 20; i++)
        pair_send_word(&pair, i);
    pair_close_send(&pair);
    ck_assert_uint_eq(available(&pair), 20);
    for (uint32_t i = 0; i < 20; i++)
        pair_expect_word(&pair, i);
    expect_status(MCAPI_ERR_CHAN_INVALID, pair_receive_status(&pair));
    expect(MCAPI_ERR_CHAN_INVALID,
           ck_assert_uint_eq(mcapi_sclchan_available(pair.receive, &status), 0));
    pair_close_receive(&pair);
}
END_TEST

START_TEST(a_receive_close_ends_sending)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(SCALARS, NULL, other);

    pair_send_word(&pair, 1);
    pair_close_receive(&pair);
    expect_status(MCAPI_ERR_CHAN_INVALID, pair_send_status(&pair));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { scalars_of_every_width_arrive_whole, 1 },
        { the_wrong_width_leaves_the_scalar_in_place, 1 },
        { exactly_the_depth_fits, SUITE_LENGTH(depths) },
        { the_usual_depth_is_that_of_a_queue, 1 },
        { scalars_keep_their_order_over_many_laps, SUITE_LENGTH(depths) },
        { scalars_stream_between_two_nodes, CHILD_KINDS },
        { a_full_channel_blocks_its_sender_until_a_scalar_is_received, CHILD_KINDS },
        { what_was_sent_before_the_close_is_received_and_then_no_more, 3 },
        { a_receive_close_ends_sending, 1 },
    };

    return suite_run_between("api/mcapi_sclchan", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
