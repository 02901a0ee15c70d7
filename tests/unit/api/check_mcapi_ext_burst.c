/* SPDX-License-Identifier: MIT */
/*
 * check_mcapi_ext_burst.c - several packets or scalars in one call: as many as can be, in
 * order, and none twice.
 */
#include <mcapi_ext.h>
#include <stdlib.h>
#include <string.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"
#include "unit/api/bursts.h"

/* --- Packets -------------------------------------------------------------------------- */

/* One more packet is not there. */
static void expect_empty(const struct pair *pair)
{
    void *buffer = NULL;
    size_t size;

    expect(MCAPI_TIMEOUT,
           ck_assert_uint_eq(
                   mcapi_ext_pktchan_recv_burst(pair->receive, &buffer, &size, 1, &status), 0));
    ck_assert_ptr_null(buffer);
}

/* Receives packets with the numbers from `number` on, and releases them. */
static void expect_numbers(const struct pair *pair, uint32_t number, size_t count)
{
    void *buffers[MANY];
    size_t sizes[MANY];
    size_t received, released;

    expect(MCAPI_SUCCESS, received = mcapi_ext_pktchan_recv_burst(pair->receive, buffers, sizes,
                                                                  count, &status));
    ck_assert_uint_eq(received, count);
    for (uint32_t i = 0; i < count; i++)
        ck_assert(is_packet(buffers[i], sizes[i], number + i));
    expect(MCAPI_SUCCESS, released = mcapi_ext_pktchan_release_burst(buffers, count, &status));
    ck_assert_uint_eq(released, count);
}

START_TEST(a_burst_of_packets_arrives_in_order)
{
    struct pair pair = open_deep(PACKETS, MANY, NULL, NULL);
    uint32_t number = 0;
    size_t sent;

    for (int round = 0; round < 10; round++)
        for (size_t count = 1; count <= MANY; count++) {
            expect(MCAPI_SUCCESS, sent = send_numbers(pair.send, number, count, &status));
            ck_assert_uint_eq(sent, count);
            expect_numbers(&pair, number, count);
            number += (uint32_t)count;
        }
    expect_empty(&pair);
}
END_TEST

START_TEST(as_many_packets_are_sent_as_fit)
{
    struct pair pair = open_deep(PACKETS, 4, NULL, NULL);
    size_t sent;

    for (uint32_t round = 0; round < 100; round++) {
        expect(MCAPI_SUCCESS, sent = send_numbers(pair.send, 5 * round, 6, &status));
        ck_assert_uint_eq(sent, 4);
        expect(MCAPI_TIMEOUT, sent = send_numbers(pair.send, 5 * round + 4, 6, &status));
        ck_assert_uint_eq(sent, 0);
        expect_numbers(&pair, 5 * round, 1);
        expect(MCAPI_SUCCESS, sent = send_numbers(pair.send, 5 * round + 4, 6, &status));
        ck_assert_uint_eq(sent, 1);
        expect_numbers(&pair, 5 * round + 1, 4);
    }
}
END_TEST

START_TEST(a_full_channel_may_refuse_at_once)
{
    struct pair pair = pair_create((enum pair_kind)_i, NULL, NULL);
    mcapi_uint32_t words[MANY] = { 0 };
    size_t sent;

    pair_set_both(&pair, MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT);
    pair_set(NULL, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 3);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    for (int i = 0; i < 2; i++) {
        mcapi_status_t wanted = i == 0 ? MCAPI_SUCCESS : MCAPI_ERR_MEM_LIMIT;

        if (_i == PACKETS)
            expect(wanted, sent = send_numbers(pair.send, 0, 5, &status));
        else
            expect(wanted,
                   sent = mcapi_ext_sclchan_send_burst_uint32(pair.send, words, 5, &status));
        ck_assert_uint_eq(sent, i == 0 ? 3 : 0);
    }
}
END_TEST

START_TEST(as_many_packets_are_received_as_there_is_room_for)
{
    struct pair pair = open_deep(PACKETS, MANY, NULL, NULL);
    void *buffers[MANY] = { NULL };
    size_t sizes[MANY] = { 0 };
    size_t received;

    expect(MCAPI_SUCCESS, ck_assert_uint_eq(send_numbers(pair.send, 0, 5, &status), 5));
    expect(MCAPI_SUCCESS,
           received = mcapi_ext_pktchan_recv_burst(pair.receive, buffers, sizes, 3, &status));
    ck_assert_uint_eq(received, 3);
    ck_assert_ptr_null(buffers[3]);
    expect(MCAPI_SUCCESS, received = mcapi_ext_pktchan_recv_burst(
                                  pair.receive, buffers + 3, sizes + 3, MANY - 3, &status));
    ck_assert_uint_eq(received, 2);
    ck_assert_ptr_null(buffers[5]);
    for (uint32_t i = 0; i < 5; i++)
        ck_assert(is_packet(buffers[i], sizes[i], i));
    ck_assert_uint_eq(sizes[5], 0);
    expect_empty(&pair);
}
END_TEST

START_TEST(a_packet_that_is_too_large_ends_the_burst_before_it)
{
    struct pair pair = pair_create(PACKETS, NULL, NULL);
    const void *buffers[] = { "one", "two", "too large", "four" };
    size_t sizes[] = { 4, 4, 10, 5 };
    size_t sent;

    pair_set_both(&pair, MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, 8);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    expect(MCAPI_SUCCESS,
           sent = mcapi_ext_pktchan_send_burst(pair.send, buffers, sizes, 4, &status));
    ck_assert_uint_eq(sent, 2);
    expect(MCAPI_ERR_PKT_LIMIT,
           sent = mcapi_ext_pktchan_send_burst(pair.send, buffers + 2, sizes + 2, 2, &status));
    ck_assert_uint_eq(sent, 0);
    sizes[0] = SIZE_MAX;
    expect(MCAPI_ERR_PKT_LIMIT,
           sent = mcapi_ext_pktchan_send_burst(pair.send, buffers, sizes, 1, &status));
    ck_assert_uint_eq(pair_available(&pair), 2);
    pair_expect(&pair, "one");
    pair_expect(&pair, "two");
}
END_TEST

START_TEST(an_empty_packet_needs_no_buffer)
{
    struct pair pair = open_deep(PACKETS, 4, NULL, NULL);
    const void *buffers[] = { NULL, "two" };
    size_t sizes[] = { 0, 4 };
    void *empty;
    size_t size;

    expect(MCAPI_SUCCESS,
           ck_assert_uint_eq(
                   mcapi_ext_pktchan_send_burst(pair.send, buffers, sizes, 2, &status), 2));
    empty = pair_take(&pair, &size);
    ck_assert_uint_eq(size, 0);
    pair_give_back(empty);
    pair_expect(&pair, "two");
}
END_TEST

START_TEST(posted_receives_come_before_a_burst)
{
    struct pair pair = open_deep(PACKETS, MANY, NULL, NULL);
    mcapi_request_t request[3];
    void *posted[3] = { NULL };
    size_t size;

    for (int i = 0; i < 3; i++)
        expect(MCAPI_SUCCESS,
               mcapi_pktchan_recv_i(pair.receive, &posted[i], &request[i], &status));
    expect(MCAPI_SUCCESS, ck_assert_uint_eq(send_numbers(pair.send, 0, 2, &status), 2));
    expect_empty(&pair); /* one is posted still */
    expect(MCAPI_SUCCESS, ck_assert_uint_eq(send_numbers(pair.send, 2, 4, &status), 4));
    expect_numbers(&pair, 3, 3);
    for (uint32_t i = 0; i < 3; i++) {
        expect(MCAPI_SUCCESS, mcapi_wait(&request[i], &size, 0, &status));
        ck_assert(is_packet(posted[i], size, i));
    }
}
END_TEST

/* --- Releasing ------------------------------------------------------------------------ */

START_TEST(buffers_of_several_channels_are_released_at_once)
{
    struct pair pair[3];
    void *buffers[12];
    size_t size;

    for (int i = 0; i < 3; i++)
        pair[i] = open_deep(PACKETS, 4, NULL, NULL);
    for (int round = 0; round < 50; round++) {
        /* In turn, and in runs. */
        for (int i = 0; i < 12; i++) {
            struct pair *from = &pair[round % 2 ? i % 3 : i / 4];

            pair_send(from, "packet");
            buffers[i] = pair_take(from, &size);
        }
        expect(MCAPI_SUCCESS,
               ck_assert_uint_eq(mcapi_ext_pktchan_release_burst(buffers, 12, &status), 12));
    }
}
END_TEST

START_TEST(what_is_not_held_ends_the_release_before_it)
{
    struct pair pair = open_deep(PACKETS, 4, NULL, NULL);
    void *buffers[4];
    void *list[4];
    size_t size;

    for (int i = 0; i < 4; i++) {
        pair_send(&pair, "packet");
        buffers[i] = pair_take(&pair, &size);
    }
    memcpy(list, (void *[]){ buffers[2], buffers[0], buffers[2], buffers[1] }, sizeof list);
    expect(MCAPI_SUCCESS,
           ck_assert_uint_eq(mcapi_ext_pktchan_release_burst(list, 4, &status), 2));
    expect(MCAPI_ERR_BUF_INVALID,
           ck_assert_uint_eq(mcapi_ext_pktchan_release_burst(list + 2, 2, &status), 0));
    list[2] = NULL;
    expect(MCAPI_ERR_BUF_INVALID,
           ck_assert_uint_eq(mcapi_ext_pktchan_release_burst(list + 2, 2, &status), 0));
    list[2] = &size;
    expect(MCAPI_ERR_BUF_INVALID,
           ck_assert_uint_eq(mcapi_ext_pktchan_release_burst(list + 2, 2, &status), 0));
    /* The others are held still. */
    pair_give_back(buffers[1]);
    pair_give_back(buffers[3]);
}
END_TEST

static void act_send_numbers(struct act *act)
{
    act->word = send_numbers(act->endpoint, (uint32_t)act->word, act->count, &act->status);
}

/* It sleeps until there is room, and has room for four at once then. */
START_TEST(a_release_of_several_wakes_the_sender)
{
    struct child *peer = child_start((enum child_kind)_i, 2);
    struct pair pair = open_patient(PACKETS, 4, peer, NULL);
    struct act act = { .endpoint = pair.send, .count = 4 };
    void *buffers[4];
    size_t sizes[4];

    child_do(peer, act_send_numbers, &act);
    ck_assert_uint_eq(act.word, 4);
    expect(MCAPI_SUCCESS,
           ck_assert_uint_eq(
                   mcapi_ext_pktchan_recv_burst(pair.receive, buffers, sizes, 4, &status), 4));
    child_begin(peer, act_send_numbers, &act);
    ck_assert(eventually(child_is_asleep(peer)));
    expect(MCAPI_SUCCESS,
           ck_assert_uint_eq(mcapi_ext_pktchan_release_burst(buffers, 4, &status), 4));
    child_finish(peer, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_uint_ge(act.word, 1);
}
END_TEST

/* --- Scalars -------------------------------------------------------------------------- */

/* Every width, every depth and burst: all places of the lines, and many laps. */
START_TEST(a_burst_of_scalars_arrives_in_order)
{
    uint32_t depth = (uint32_t)_i / WIDTHS + 1;
    int bits = widths[_i % WIDTHS];
    struct pair pair = open_deep(SCALARS, depth, NULL, NULL);
    uint32_t number = 0;
    size_t came;

    for (int round = 0; round < 50; round++)
        for (uint32_t count = 1; count <= MANY; count++) {
            uint32_t fit = count < depth ? count : depth;

            expect(MCAPI_SUCCESS, came = send_words(pair.send, bits, number, count, &status));
            ck_assert_uint_eq(came, fit);
            expect(MCAPI_SUCCESS,
                   came = receive_words(pair.receive, bits, number, MANY, &status));
            ck_assert_uint_eq(came, fit);
            number += fit;
        }
    expect(MCAPI_TIMEOUT, receive_words(pair.receive, bits, number, MANY, &status));
}
END_TEST

START_TEST(as_many_scalars_go_as_fit_and_come_as_there_is_room_for)
{
    struct pair pair = open_deep(SCALARS, 10, NULL, NULL);
    size_t count;

    expect(MCAPI_SUCCESS, count = send_words(pair.send, 32, 0, 7, &status));
    ck_assert_uint_eq(count, 7);
    expect(MCAPI_SUCCESS, count = send_words(pair.send, 32, 7, 7, &status));
    ck_assert_uint_eq(count, 3);
    expect(MCAPI_TIMEOUT, count = send_words(pair.send, 32, 10, 7, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_SUCCESS, count = receive_words(pair.receive, 32, 0, 4, &status));
    ck_assert_uint_eq(count, 4);
    expect(MCAPI_SUCCESS, count = send_words(pair.send, 32, 10, 7, &status));
    ck_assert_uint_eq(count, 4);
    expect(MCAPI_SUCCESS, count = receive_words(pair.receive, 32, 4, MANY, &status));
    ck_assert_uint_eq(count, 10);
}
END_TEST

START_TEST(a_scalar_of_another_width_ends_the_burst_before_it)
{
    struct pair pair = open_deep(SCALARS, MANY, NULL, NULL);
    size_t count;

    for (size_t sent = 0; sent < WIDTHS; sent++)
        for (size_t next = 0; next < WIDTHS; next++) {
            if (sent == next)
                continue;
            send_words(pair.send, widths[sent], 0, 3, &(mcapi_status_t){ 0 });
            send_words(pair.send, widths[next], 3, 2, &(mcapi_status_t){ 0 });
            expect(MCAPI_SUCCESS,
                   count = receive_words(pair.receive, widths[sent], 0, MANY, &status));
            ck_assert_uint_eq(count, 3);
            expect(MCAPI_ERR_SCL_SIZE,
                   count = receive_words(pair.receive, widths[sent], 0, MANY, &status));
            ck_assert_uint_eq(count, 0);
            expect(MCAPI_SUCCESS,
                   count = receive_words(pair.receive, widths[next], 3, MANY, &status));
            ck_assert_uint_eq(count, 2);
        }
}
END_TEST

/* There a scalar that is asked for in the wrong width is gone; but only if it is the first. */
START_TEST(in_profile_reference_the_first_of_another_width_is_gone)
{
    struct pair pair;
    size_t count;

    leave();
    setenv("MCAPI_COMPAT", "reference", 1);
    join(0, 1);
    pair = open_deep(SCALARS, MANY, NULL, NULL);
    send_words(pair.send, 32, 0, 2, &(mcapi_status_t){ 0 });
    send_words(pair.send, 64, 2, 3, &(mcapi_status_t){ 0 });
    expect(MCAPI_SUCCESS, count = receive_words(pair.receive, 32, 0, MANY, &status));
    ck_assert_uint_eq(count, 2);
    expect(MCAPI_ERR_SCL_SIZE, count = receive_words(pair.receive, 32, 0, MANY, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_SUCCESS, count = receive_words(pair.receive, 64, 3, MANY, &status));
    ck_assert_uint_eq(count, 2);
    /* And a full channel refuses at once. */
    expect(MCAPI_SUCCESS, count = send_words(pair.send, 8, 0, MANY, &status));
    expect(MCAPI_ERR_MEM_LIMIT, count = send_words(pair.send, 8, 0, 1, &status));
    ck_assert_uint_eq(count, 0);
}
END_TEST

/* --- Bad ones ------------------------------------------------------------------------- */

START_TEST(what_is_no_such_end_is_refused)
{
    struct pair packets = open_deep(PACKETS, 4, NULL, NULL);
    struct pair scalars = open_deep(SCALARS, 4, NULL, NULL);
    const mcapi_endpoint_t wrong[] = { 0, 42, 0xdeadbeef, ~0u };
    const mcapi_endpoint_t ends[] = { packets.send, packets.receive, scalars.send,
                                      scalars.receive };
    mcapi_endpoint_t handles[SUITE_LENGTH(wrong) + SUITE_LENGTH(ends)];
    void *buffer = "x";
    const void *packet = "x";
    mcapi_uint32_t word = 0;
    size_t size = 1;

    memcpy(handles, wrong, sizeof wrong);
    memcpy(handles + SUITE_LENGTH(wrong), ends, sizeof ends);
    for (size_t i = 0; i < SUITE_LENGTH(handles); i++) {
        mcapi_endpoint_t end = handles[i];

        if (end != packets.send)
            expect(MCAPI_ERR_CHAN_INVALID,
                   mcapi_ext_pktchan_send_burst(end, &packet, &size, 1, &status));
        if (end != packets.receive)
            expect(MCAPI_ERR_CHAN_INVALID,
                   mcapi_ext_pktchan_recv_burst(end, &buffer, &size, 1, &status));
        if (end != scalars.send)
            expect(MCAPI_ERR_CHAN_INVALID,
                   mcapi_ext_sclchan_send_burst_uint32(end, &word, 1, &status));
        if (end != scalars.receive)
            expect(MCAPI_ERR_CHAN_INVALID,
                   mcapi_ext_sclchan_recv_burst_uint32(end, &word, 1, &status));
    }
}
END_TEST

START_TEST(missing_arrays_and_empty_ones_are_refused)
{
    struct pair packets = open_deep(PACKETS, 4, NULL, NULL);
    struct pair scalars = open_deep(SCALARS, 4, NULL, NULL);
    const void *some[] = { "one", NULL };
    size_t sizes[] = { 4, 4 };
    void *buffer = NULL;
    mcapi_uint8_t word = 0;

#define REFUSED(call) expect(MCAPI_ERR_PARAMETER, ck_assert_uint_eq(call, 0))
    REFUSED(mcapi_ext_pktchan_send_burst(packets.send, NULL, sizes, 1, &status));
    REFUSED(mcapi_ext_pktchan_send_burst(packets.send, some, NULL, 1, &status));
    REFUSED(mcapi_ext_pktchan_send_burst(packets.send, some, sizes, 0, &status));
    REFUSED(mcapi_ext_pktchan_send_burst(packets.send, some, sizes, 2, &status));
    REFUSED(mcapi_ext_pktchan_recv_burst(packets.receive, NULL, sizes, 1, &status));
    REFUSED(mcapi_ext_pktchan_recv_burst(packets.receive, &buffer, NULL, 1, &status));
    REFUSED(mcapi_ext_pktchan_recv_burst(packets.receive, &buffer, sizes, 0, &status));
    REFUSED(mcapi_ext_pktchan_release_burst(NULL, 1, &status));
    REFUSED(mcapi_ext_pktchan_release_burst(&buffer, 0, &status));
    REFUSED(mcapi_ext_sclchan_send_burst_uint8(scalars.send, NULL, 1, &status));
    REFUSED(mcapi_ext_sclchan_send_burst_uint8(scalars.send, &word, 0, &status));
    REFUSED(mcapi_ext_sclchan_recv_burst_uint8(scalars.receive, NULL, 1, &status));
    REFUSED(mcapi_ext_sclchan_recv_burst_uint8(scalars.receive, &word, 0, &status));
#undef REFUSED
    /* The pointers come before the handles. */
    expect(MCAPI_ERR_PARAMETER, mcapi_ext_pktchan_send_burst(0, NULL, sizes, 1, &status));
    ck_assert_uint_eq(mcapi_ext_pktchan_send_burst(packets.send, some, sizes, 1, NULL), 0);
    ck_assert_uint_eq(pair_available(&packets), 0);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_burst_of_packets_arrives_in_order, 1 },
        { as_many_packets_are_sent_as_fit, 1 },
        { a_full_channel_may_refuse_at_once, 2 },
        { as_many_packets_are_received_as_there_is_room_for, 1 },
        { a_packet_that_is_too_large_ends_the_burst_before_it, 1 },
        { an_empty_packet_needs_no_buffer, 1 },
        { posted_receives_come_before_a_burst, 1 },
        { buffers_of_several_channels_are_released_at_once, 1 },
        { what_is_not_held_ends_the_release_before_it, 1 },
        { a_release_of_several_wakes_the_sender, CHILD_KINDS },
        { a_burst_of_scalars_arrives_in_order, 16 * WIDTHS },
        { as_many_scalars_go_as_fit_and_come_as_there_is_room_for, 1 },
        { a_scalar_of_another_width_ends_the_burst_before_it, 1 },
        { in_profile_reference_the_first_of_another_width_is_gone, 1 },
        { what_is_no_such_end_is_refused, 1 },
        { missing_arrays_and_empty_ones_are_refused, 1 },
    };

    return suite_run_between("api/mcapi_ext_burst", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
