/* SPDX-License-Identifier: MIT */
/*
 * check_mcapi_ext_burst_wait.c - bursts between two who wait for each other, at full speed, and
 * when one of them is gone.
 */
#include <mcapi_ext.h>
#include <stdlib.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"
#include "unit/api/bursts.h"

static void act_receive_burst(struct act *act)
{
    void *buffers[MANY];
    size_t sizes[MANY];
    mcapi_status_t status;

    if (act->kind == SCALARS) {
        act->count = (uint32_t)receive_words(act->endpoint, 32, 0, MANY, &act->status);
        return;
    }
    act->count = (uint32_t)mcapi_ext_pktchan_recv_burst(act->endpoint, buffers, sizes, MANY,
                                                        &act->status);
    for (uint32_t i = 0; i < act->count; i++)
        expect_true(is_packet(buffers[i], sizes[i], i));
    if (act->count > 0) {
        mcapi_ext_pktchan_release_burst(buffers, act->count, &status);
        expect_status(MCAPI_SUCCESS, status);
    }
}

static void act_send_burst(struct act *act)
{
    act->count = act->kind == SCALARS
                       ? (uint32_t)send_words(act->endpoint, 32, 0, MANY, &act->status)
                       : (uint32_t)send_numbers(act->endpoint, 0, MANY, &act->status);
}

/* For each kind of channel and of child. */
START_TEST(a_receiver_of_bursts_waits_for_the_first)
{
    enum pair_kind kind = (enum pair_kind)(_i % 2);
    struct child *peer = child_start((enum child_kind)(_i / 2), 2);
    struct pair pair = open_patient(kind, MANY, NULL, peer);
    struct act act = { .kind = kind, .endpoint = pair.receive };
    struct act send = { .kind = kind, .endpoint = pair.send };

    child_begin(peer, act_receive_burst, &act);
    ck_assert(eventually(child_is_asleep(peer)));
    act_send_burst(&send);
    expect_status(MCAPI_SUCCESS, send.status);
    ck_assert_uint_eq(send.count, MANY);
    child_finish(peer, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_uint_ge(act.count, 1);
}
END_TEST

START_TEST(a_sender_of_bursts_waits_for_room)
{
    enum pair_kind kind = (enum pair_kind)(_i % 2);
    struct child *peer = child_start((enum child_kind)(_i / 2), 2);
    struct pair pair = open_patient(kind, MANY, peer, NULL);
    struct act act = { .kind = kind, .endpoint = pair.send };
    struct act receive = { .kind = kind, .endpoint = pair.receive };

    child_do(peer, act_send_burst, &act);
    ck_assert_uint_eq(act.count, MANY);
    child_begin(peer, act_send_burst, &act);
    ck_assert(eventually(child_is_asleep(peer)));
    act_receive_burst(&receive);
    expect_status(MCAPI_SUCCESS, receive.status);
    ck_assert_uint_eq(receive.count, MANY);
    child_finish(peer, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_uint_ge(act.count, 1);
}
END_TEST

static void act_send_stream(struct act *act)
{
    uint32_t number = 0;
    unsigned seed = 7;

    while (number < act->word) {
        size_t most = act->word - number < MANY ? act->word - number : MANY;
        size_t count = 1 + (size_t)rand_r(&seed) % most;

        number +=
                (uint32_t)(act->kind == SCALARS
                                   ? send_words(act->endpoint, 16, number, count, &act->status)
                                   : send_numbers(act->endpoint, number, count, &act->status));
        if (act->status != MCAPI_SUCCESS)
            break;
    }
}

/* Holds some back, and releases them out of order. */
static void receive_packets(mcapi_endpoint_t end, uint32_t count)
{
    void *held[2 * MANY];
    uint32_t holds = 0;
    size_t sizes[MANY];
    unsigned seed = 3;

    for (uint32_t number = 0; number < count;) {
        size_t room = 1 + (size_t)rand_r(&seed) % MANY;
        size_t came;

        expect(MCAPI_SUCCESS,
               came = mcapi_ext_pktchan_recv_burst(end, held + holds, sizes, room, &status));
        for (size_t i = 0; i < came; i++, holds++)
            if (!is_packet(held[holds], sizes[i], number++))
                ck_abort_msg("packet %u", number - 1);
        for (uint32_t i = 0; i + 1 < holds; i++) {
            uint32_t other = i + (uint32_t)rand_r(&seed) % (holds - i);
            void *swap = held[i];

            held[i] = held[other];
            held[other] = swap;
        }
        if (holds > 3) {
            size_t back = holds > MANY / 2 ? holds - 1 : holds / 2;

            expect(MCAPI_SUCCESS, ck_assert_uint_eq(mcapi_ext_pktchan_release_burst(
                                                            held + holds - back, back, &status),
                                                    back));
            holds -= (uint32_t)back;
        }
    }
    expect(MCAPI_SUCCESS, mcapi_ext_pktchan_release_burst(held, holds, &status));
}

/* In bursts of all sizes at both ends, past the wrap of the positions. */
START_TEST(two_nodes_at_full_speed_see_the_same)
{
    enum { STREAM = 20000 };
    enum pair_kind kind = (enum pair_kind)(_i % 2);
    struct child *peer = child_start((enum child_kind)(_i / 2), 2);
    struct pair pair = open_patient(kind, MANY - 1, peer, NULL);
    struct act act = { .kind = kind, .endpoint = pair.send, .word = STREAM };
    unsigned seed = 11;

    child_begin(peer, act_send_stream, &act);
    if (kind == PACKETS)
        receive_packets(pair.receive, STREAM);
    else
        for (uint32_t number = 0; number < STREAM;)
            expect(MCAPI_SUCCESS, number += (uint32_t)receive_words(
                                          pair.receive, 16, number,
                                          1 + (size_t)rand_r(&seed) % MANY, &status));
    child_finish(peer, &act);
    expect_status(MCAPI_SUCCESS, act.status);
}
END_TEST

/* --- Ends ----------------------------------------------------------------------------- */

/* For each kind of channel: a close, and a death. */
START_TEST(what_was_sent_is_received_and_then_the_end_is_told)
{
    enum pair_kind kind = (enum pair_kind)(_i % 2);
    struct child *peer = child_start(CHILD_PROCESS, 2);
    struct pair pair = open_patient(kind, MANY, peer, NULL);
    struct act act = { .kind = kind, .endpoint = pair.send };
    struct act receive = { .kind = kind, .endpoint = pair.receive };

    child_do(peer, act_send_burst, &act);
    if (_i / 2 == 0)
        pair_close_send(&pair);
    else
        child_kill(peer);
    act_receive_burst(&receive);
    expect_status(MCAPI_SUCCESS, receive.status);
    ck_assert_uint_eq(receive.count, MANY);
    act_receive_burst(&receive);
    expect_status(_i / 2 == 0 ? MCAPI_ERR_CHAN_INVALID : MCAPI_ERR_TRANSMISSION,
                  receive.status);
    ck_assert_uint_eq(receive.count, 0);
}
END_TEST

/* The same for a sender, at work and asleep. */
START_TEST(a_receiver_that_is_gone_gets_no_more_bursts)
{
    enum pair_kind kind = (enum pair_kind)(_i % 2);
    mcapi_status_t gone = _i / 2 == 0 ? MCAPI_ERR_CHAN_INVALID : MCAPI_ERR_TRANSMISSION;
    struct child *helper = child_start_bare(CHILD_THREAD);
    struct child *peer = child_start(CHILD_PROCESS, 2);
    struct pair pair = open_patient(kind, MANY, NULL, peer);
    struct act act = { .kind = kind, .endpoint = pair.send };

    child_do(helper, act_send_burst, &act);
    child_begin(helper, act_send_burst, &act);
    ck_assert(eventually(child_is_asleep(helper)));
    if (_i / 2 == 0)
        pair_close_receive(&pair);
    else
        child_kill(peer);
    child_finish(helper, &act);
    expect_status(gone, act.status);
    ck_assert_uint_eq(act.count, 0);
    act_send_burst(&act);
    expect_status(gone, act.status);
    ck_assert_uint_eq(act.count, 0);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_receiver_of_bursts_waits_for_the_first, 2 * CHILD_KINDS },
        { a_sender_of_bursts_waits_for_room, 2 * CHILD_KINDS },
        { two_nodes_at_full_speed_see_the_same, 2 * CHILD_KINDS },
        { what_was_sent_is_received_and_then_the_end_is_told, 4 },
        { a_receiver_that_is_gone_gets_no_more_bursts, 4 },
    };

    return suite_run_between("api/mcapi_ext_burst_wait", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
