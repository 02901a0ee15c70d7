/* SPDX-License-Identifier: MIT */
/*
 * check_mcapi_ext_reference.c - packets that are made where they lie, and sent without a copy.
 */
#include <mcapi_ext.h>
#include <string.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"
#include "unit/api/loans.h"

/* --- Good ones ------------------------------------------------------------------------ */

static const size_t sizes[] = { 0, 1, 8, 111, 112, 113, 128, 1000, LARGE, MCAPI_MAX_PKT_SIZE };

/* With both ends here the receiver must get the very address: nothing was copied. */
START_TEST(what_was_made_in_a_buffer_is_received_there)
{
    struct pair pair = open_deep(DEPTH, NULL, NULL);

    for (int round = 0; round < 3 * DEPTH; round++)
        for (size_t i = 0; i < SUITE_LENGTH(sizes); i++) {
            size_t size;
            void *taken = take(&pair, sizes[i]);

            memset(taken, (int)i + 1, sizes[i]);
            send(&pair, taken, sizes[i]);
            ck_assert_ptr_eq(pair_take(&pair, &size), taken);
            ck_assert_uint_eq(size, sizes[i]);
            for (size_t at = 0; at < size; at++)
                ck_assert_int_eq(((unsigned char *)taken)[at], (int)i + 1);
            pair_give_back(taken);
        }
}
END_TEST

START_TEST(buffers_are_aligned)
{
    struct pair pair = open_deep(DEPTH, NULL, NULL);

    for (size_t i = 0; i < SUITE_LENGTH(sizes); i++) {
        void *taken = take(&pair, sizes[i]);

        ck_assert_uint_eq((uintptr_t)taken % (sizes[i] > 112 ? 64 : 16), 0);
        give_back(&pair, taken);
    }
}
END_TEST

START_TEST(less_than_was_taken_may_be_sent)
{
    struct pair pair = open_deep(DEPTH, NULL, NULL);

    for (size_t i = 0; i < SUITE_LENGTH(sizes); i++)
        for (size_t less = 0; less <= i; less++) {
            char *taken = take(&pair, sizes[i]);
            size_t size;

            memset(taken, (int)less, sizes[less]);
            send(&pair, taken, sizes[less]);
            ck_assert_ptr_eq(pair_take(&pair, &size), taken);
            ck_assert_uint_eq(size, sizes[less]);
            pair_give_back(taken);
            ck_assert(released(taken));
        }
}
END_TEST

/* The receiver's process sees the bytes elsewhere, and the same. */
START_TEST(another_process_or_thread_receives_it)
{
    struct child *peer = child_start((enum child_kind)_i, 2);
    struct pair pair = open_deep(DEPTH, NULL, peer);

    for (int round = 0; round < 3 * DEPTH; round++) {
        char *taken = take(&pair, round % 2 ? SMALL : LARGE);

        strcpy(taken, "by reference");
        send(&pair, taken, sizeof "by reference");
        pair_expect(&pair, "by reference");
        ck_assert(released(taken));
    }
}
END_TEST

START_TEST(packets_come_in_the_order_of_sending)
{
    struct pair pair = open_deep(DEPTH, NULL, NULL);

    for (int round = 0; round < 3 * DEPTH; round++) {
        char *third = take(&pair, SMALL);
        char *first = take(&pair, LARGE);

        strcpy(third, "third");
        strcpy(first, "first");
        send(&pair, first, 6);
        pair_send(&pair, "second");
        send(&pair, third, 6);
        pair_send(&pair, "fourth");
        pair_expect(&pair, "first");
        pair_expect(&pair, "second");
        pair_expect(&pair, "third");
        pair_expect(&pair, "fourth");
    }
}
END_TEST

/* --- Held ones ------------------------------------------------------------------------ */

/* Any number, up to all; and each has its own buffer. */
START_TEST(what_is_taken_takes_its_place_and_no_other)
{
    struct pair pair = open_deep(DEPTH, NULL, NULL);
    char *taken[DEPTH];

    for (int i = 0; i < _i; i++)
        taken[i] = memset(take(&pair, LARGE), i, LARGE);
    ck_assert_uint_eq(room(&pair), (uint32_t)(DEPTH - _i));
    for (int round = 0; round < 300; round++) {
        for (int i = _i; i < DEPTH; i++)
            pair_send(&pair, "copied");
        expect_status(MCAPI_TIMEOUT, pair_send_status(&pair));
        expect(MCAPI_TIMEOUT,
               ck_assert_ptr_null(mcapi_ext_pktchan_buffer_take(pair.send, 1, &status)));
        for (int i = _i; i < DEPTH; i++)
            pair_expect(&pair, "copied");
    }
    for (int i = 0; i < _i; i++) {
        for (int at = 0; at < LARGE; at++)
            ck_assert_int_eq(taken[i][at], i);
        give_back(&pair, taken[i]);
    }
    ck_assert_uint_eq(room(&pair), DEPTH);
}
END_TEST

/* 0: the receiver releases one; 1: another thread of the sender's gives one back; 2: the
 * channel is connected. */
START_TEST(who_waits_for_a_buffer_gets_the_next)
{
    struct child *helper = child_start_bare(CHILD_THREAD);
    struct pair pair = pair_create(PACKETS, NULL, NULL);
    struct act act = { .endpoint = pair.send, .size = LARGE };
    void *taken = NULL;
    void *held = NULL;
    size_t size;

    pair_set(NULL, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 2);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    if (_i < 2) {
        pair_connect(&pair);
        taken = take(&pair, LARGE);
        pair_send(&pair, "packet");
        held = pair_take(&pair, &size);
    }
    child_begin(helper, act_take, &act);
    ck_assert(eventually(child_is_asleep(helper)));
    if (_i == 0)
        pair_give_back(held);
    else if (_i == 1)
        give_back(&pair, taken);
    else
        pair_connect(&pair);
    child_finish(helper, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    send(&pair, act.pointer, LARGE);
}
END_TEST

START_TEST(a_full_channel_may_refuse_at_once)
{
    struct pair pair = pair_create(PACKETS, NULL, NULL);

    pair_set_both(&pair, MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT);
    pair_set(NULL, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 1);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    take(&pair, 1);
    expect(MCAPI_ERR_MEM_LIMIT,
           ck_assert_ptr_null(mcapi_ext_pktchan_buffer_take(pair.send, 1, &status)));
}
END_TEST

START_TEST(before_the_connect_there_is_no_buffer)
{
    struct pair pair = pair_create(PACKETS, NULL, NULL);
    char foreign;

    pair_set_both(&pair, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    pair_open_send(&pair);
    expect(MCAPI_TIMEOUT,
           ck_assert_ptr_null(mcapi_ext_pktchan_buffer_take(pair.send, 1, &status)));
    expect(MCAPI_ERR_BUF_INVALID,
           mcapi_ext_pktchan_buffer_send(pair.send, &foreign, 1, &status));
    expect(MCAPI_ERR_BUF_INVALID,
           mcapi_ext_pktchan_buffer_give_back(pair.send, &foreign, &status));
}
END_TEST

/* --- Bad ones ------------------------------------------------------------------------- */

START_TEST(what_is_no_sending_end_of_packets_is_refused)
{
    struct pair pair = open_deep(DEPTH, NULL, NULL);
    struct pair scalars = pair_open(SCALARS, NULL, NULL);
    struct child *peer = child_start(CHILD_THREAD, 2);
    struct pair other = open_deep(DEPTH, peer, NULL);
    const mcapi_endpoint_t wrong[] = { 0,         42,           0xdeadbeef,
                                       ~0u,       pair.receive, scalars.send,
                                       other.send };
    void *taken = take(&pair, LARGE);

    for (size_t i = 0; i < SUITE_LENGTH(wrong); i++) {
        expect(MCAPI_ERR_CHAN_INVALID,
               ck_assert_ptr_null(mcapi_ext_pktchan_buffer_take(wrong[i], 1, &status)));
        expect(MCAPI_ERR_CHAN_INVALID,
               mcapi_ext_pktchan_buffer_send(wrong[i], taken, 1, &status));
        expect(MCAPI_ERR_CHAN_INVALID,
               mcapi_ext_pktchan_buffer_give_back(wrong[i], taken, &status));
    }
    send(&pair, taken, LARGE); /* it is still what it was */
}
END_TEST

START_TEST(a_size_above_the_limit_is_refused)
{
    struct pair pair = pair_create(PACKETS, NULL, NULL);
    void *taken;

    pair_set_both(&pair, MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, LARGE);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    expect(MCAPI_ERR_PKT_LIMIT,
           ck_assert_ptr_null(mcapi_ext_pktchan_buffer_take(pair.send, LARGE + 1, &status)));
    expect(MCAPI_ERR_PKT_LIMIT,
           ck_assert_ptr_null(mcapi_ext_pktchan_buffer_take(pair.send, SIZE_MAX, &status)));
    taken = take(&pair, SMALL);
    expect(MCAPI_ERR_PKT_LIMIT,
           mcapi_ext_pktchan_buffer_send(pair.send, taken, SMALL + 1, &status));
    expect(MCAPI_ERR_PKT_LIMIT,
           mcapi_ext_pktchan_buffer_send(pair.send, taken, SIZE_MAX, &status));
    ck_assert_uint_eq(pair_available(&pair), 0);
    send(&pair, taken, SMALL);
}
END_TEST

START_TEST(what_is_not_taken_cannot_be_sent)
{
    struct pair pair = open_deep(DEPTH, NULL, NULL);
    struct pair other = open_deep(DEPTH, NULL, NULL);
    char foreign[LARGE];
    void *small, *large, *others;
    size_t size;

    expect_no_loan(&pair, foreign); /* before the first take, too */
    small = take(&pair, SMALL);
    large = take(&pair, LARGE);
    others = take(&other, SMALL);
    expect_no_loan(&pair, NULL);
    expect_no_loan(&pair, foreign);
    expect_no_loan(&pair, (void *)UINTPTR_MAX);
    expect_no_loan(&pair, others);
    for (int offset = -300; offset <= 300; offset++)
        if (offset != 0) {
            expect_no_loan(&pair, (char *)small + offset);
            expect_no_loan(&pair, (char *)large + offset);
        }
    send(&pair, small, 1);
    expect_no_loan(&pair, small);
    give_back(&pair, large);
    expect_no_loan(&pair, large);
    ck_assert_ptr_eq(pair_take(&pair, &size), small);
    expect_no_loan(&pair, small); /* held by the receiver */
    expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release(others, &status));
    send(&other, others, 1);
}
END_TEST

START_TEST(without_a_status_nothing_happens)
{
    struct pair pair = open_deep(DEPTH, NULL, NULL);
    void *taken = take(&pair, SMALL);

    ck_assert_ptr_null(mcapi_ext_pktchan_buffer_take(pair.send, 1, NULL));
    mcapi_ext_pktchan_buffer_send(pair.send, taken, 1, NULL);
    mcapi_ext_pktchan_buffer_give_back(pair.send, taken, NULL);
    ck_assert(!mcapi_pktchan_release_test(taken, NULL));
    ck_assert_uint_eq(room(&pair), DEPTH - 1);
    send(&pair, taken, SMALL);
}
END_TEST

/* --- Whether it is released ----------------------------------------------------------- */

/* With a small packet in a small buffer, and in a large one. */
START_TEST(release_test_tells_when_the_receiver_is_done)
{
    struct pair pair = open_deep(2, NULL, NULL);
    void *taken = take(&pair, _i == 0 ? SMALL : LARGE);
    size_t size;

    expect_release_test(MCAPI_ERR_BUF_INVALID, taken); /* not sent yet */
    send(&pair, taken, 1);
    ck_assert(!released(taken)); /* under way */
    pair_take(&pair, &size);
    ck_assert(!released(taken)); /* held */
    pair_give_back(taken);
    ck_assert(released(taken));
    /* It stays so while the channel uses the buffer for others, or lends it again... */
    for (int i = 0; i < 10; i++) {
        pair_send(&pair, "copied");
        ck_assert(released(taken));
        pair_expect(&pair, "copied");
    }
    for (int i = 0; i < 2; i++)
        ck_assert(take(&pair, _i == 0 ? SMALL : LARGE) != NULL && released(taken));
    /* ...until it is sent again. */
    send(&pair, taken, 1);
    ck_assert(!released(taken));
}
END_TEST

START_TEST(release_test_knows_buffers_that_were_sent_by_reference_only)
{
    struct pair pair = open_deep(DEPTH, NULL, NULL);
    void *copied, *taken;
    char foreign;
    size_t size;

    pair_send(&pair, "copied");
    copied = pair_take(&pair, &size);
    expect_release_test(MCAPI_ERR_BUF_INVALID, copied);
    taken = take(&pair, LARGE);
    send(&pair, taken, LARGE);
    expect_release_test(MCAPI_ERR_BUF_INVALID, copied);
    expect_release_test(MCAPI_ERR_BUF_INVALID, NULL);
    expect_release_test(MCAPI_ERR_BUF_INVALID, &foreign);
    expect_release_test(MCAPI_ERR_BUF_INVALID, (void *)UINTPTR_MAX);
    for (int offset = -300; offset <= 300; offset++)
        if (offset != 0)
            expect_release_test(MCAPI_ERR_BUF_INVALID, (char *)taken + offset);
}
END_TEST

/* Who receives a packet cannot ask for it: the question is the sender's. */
static void act_ask_as_receiver(struct act *act)
{
    void *buffer;
    mcapi_status_t status;

    mcapi_pktchan_recv(act->endpoint, &buffer, &act->size, &status);
    expect_status(MCAPI_SUCCESS, status);
    act->word = mcapi_pktchan_release_test(buffer, &act->status);
    mcapi_pktchan_release(buffer, &status);
    expect_status(MCAPI_SUCCESS, status);
}

START_TEST(only_the_sender_can_ask)
{
    struct child *peer = child_start((enum child_kind)_i, 2);
    struct pair pair = open_deep(DEPTH, NULL, peer);
    struct act act = { .endpoint = pair.receive };
    void *taken = take(&pair, LARGE);

    send(&pair, taken, LARGE);
    child_do(peer, act_ask_as_receiver, &act);
    expect_status(MCAPI_ERR_BUF_INVALID, act.status);
    ck_assert_uint_eq(act.word, MCAPI_FALSE);
    ck_assert(released(taken));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { what_was_made_in_a_buffer_is_received_there, 1 },
        { buffers_are_aligned, 1 },
        { less_than_was_taken_may_be_sent, 1 },
        { another_process_or_thread_receives_it, CHILD_KINDS },
        { packets_come_in_the_order_of_sending, 1 },
        { what_is_taken_takes_its_place_and_no_other, DEPTH + 1 },
        { who_waits_for_a_buffer_gets_the_next, 3 },
        { a_full_channel_may_refuse_at_once, 1 },
        { before_the_connect_there_is_no_buffer, 1 },
        { what_is_no_sending_end_of_packets_is_refused, 1 },
        { a_size_above_the_limit_is_refused, 1 },
        { what_is_not_taken_cannot_be_sent, 1 },
        { without_a_status_nothing_happens, 1 },
        { release_test_tells_when_the_receiver_is_done, 2 },
        { release_test_knows_buffers_that_were_sent_by_reference_only, 1 },
        { only_the_sender_can_ask, CHILD_KINDS },
    };

    return suite_run_between("api/mcapi_ext_reference", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
