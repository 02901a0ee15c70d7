/* SPDX-License-Identifier: MIT */
/*
 * check_mcapi_ext_reference_ends.c - what becomes of buffers that are taken or sent by
 * reference when an end of their channel is gone.
 */
#include <mcapi_ext.h>
#include <string.h>

#include "runtime/runtime.h"
#include "segment/audit.h"
#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"
#include "unit/api/loans.h"

START_TEST(a_close_takes_what_was_taken_along)
{
    struct pair pair = open_deep(DEPTH, NULL, NULL);
    void *sent = take(&pair, SMALL);
    void *kept = take(&pair, LARGE);

    strcpy(sent, "sent");
    send(&pair, sent, 5);
    pair_close_send(&pair);
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_ext_pktchan_buffer_send(pair.send, kept, 1, &status));
    expect(MCAPI_ERR_CHAN_INVALID,
           mcapi_ext_pktchan_buffer_give_back(pair.send, kept, &status));
    expect_release_test(MCAPI_ERR_BUF_INVALID, sent);
    pair_expect(&pair, "sent");
    expect_status(MCAPI_ERR_CHAN_INVALID, pair_receive_status(&pair));
    pair_close_receive(&pair);
    /* The next channel of these endpoints has all its buffers, and knows none of the old. */
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    ck_assert_uint_eq(room(&pair), DEPTH);
    expect_no_loan(&pair, kept);
    expect_release_test(MCAPI_ERR_BUF_INVALID, sent);
}
END_TEST

/* The receiver has not opened its end, so the open is pending, and buffers can be had. */
START_TEST(a_cancelled_open_gives_back_what_was_taken)
{
    struct child *peer = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(PACKETS, NULL, peer);
    struct act open = { .kind = PACKETS, .endpoint = pair.send };
    void *taken;

    pair_set(peer, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, DEPTH);
    pair_connect(&pair);
    act_open_send(&open);
    expect_status(MCAPI_SUCCESS, open.status);
    taken = take(&pair, LARGE);
    send(&pair, take(&pair, LARGE), 1);
    ck_assert_uint_eq(room(&pair), DEPTH - 2);
    expect(MCAPI_SUCCESS, mcapi_cancel(&open.request, &status));
    ck_assert_uint_eq(room(&pair), DEPTH - 1);
    pair_open_send(&pair);
    expect_no_loan(&pair, taken);
    pair_open_receive(&pair);
    expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
    ck_assert_uint_eq(room(&pair), DEPTH);
    for (int i = 0; i < DEPTH; i++)
        take(&pair, SMALL);
}
END_TEST

/* 0: it closes its end; 1: it dies. The second packet it has released before. */
START_TEST(a_receiver_that_is_gone_takes_no_more)
{
    mcapi_status_t gone = _i == 0 ? MCAPI_ERR_CHAN_INVALID : MCAPI_ERR_TRANSMISSION;
    struct child *peer = child_start(CHILD_PROCESS, 2);
    struct pair pair = open_deep(DEPTH, NULL, peer);
    void *done = take(&pair, LARGE);
    void *under_way = take(&pair, LARGE);
    void *kept = take(&pair, SMALL);

    send(&pair, done, LARGE);
    expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
    send(&pair, under_way, LARGE);
    if (_i == 0)
        pair_close_receive(&pair);
    else
        child_kill(peer);
    expect(gone, ck_assert_ptr_null(mcapi_ext_pktchan_buffer_take(pair.send, 1, &status)));
    expect(gone, mcapi_ext_pktchan_buffer_send(pair.send, kept, SMALL, &status));
    ck_assert(released(done));
    expect_release_test(gone, under_way);
    give_back(&pair, kept);
    expect_no_loan(&pair, kept);
}
END_TEST

/* The same for one who waits. */
START_TEST(who_waits_for_a_buffer_learns_that_the_receiver_is_gone)
{
    struct child *helper = child_start_bare(CHILD_THREAD);
    struct child *peer = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(PACKETS, NULL, peer);
    struct act act = { .endpoint = pair.send, .size = LARGE };

    pair_set(peer, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 1);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    take(&pair, LARGE);
    child_begin(helper, act_take, &act);
    ck_assert(eventually(child_is_asleep(helper)));
    if (_i == 0)
        pair_close_receive(&pair);
    else
        child_kill(peer);
    child_finish(helper, &act);
    expect_status(_i == 0 ? MCAPI_ERR_CHAN_INVALID : MCAPI_ERR_TRANSMISSION, act.status);
    ck_assert_ptr_null(act.pointer);
}
END_TEST

/* Takes two, fills both, sends one. */
static void act_take_two_send_one(struct act *act)
{
    void *sent, *kept;

    sent = mcapi_ext_pktchan_buffer_take(act->endpoint, LARGE, &act->status);
    expect_status(MCAPI_SUCCESS, act->status);
    kept = mcapi_ext_pktchan_buffer_take(act->endpoint, LARGE, &act->status);
    expect_status(MCAPI_SUCCESS, act->status);
    strcpy(sent, "sent");
    strcpy(kept, "kept");
    mcapi_ext_pktchan_buffer_send(act->endpoint, sent, 5, &act->status);
}

/* Nobody works, and nothing is lost. */
static void expect_lent(uint64_t lent, uint64_t queued)
{
    struct mci_audit audit;

    ck_assert_msg(mci_audit(mci_map(), &audit), "%s", audit.fault[0]);
    ck_assert_uint_eq(audit.packets_lent, lent);
    ck_assert_uint_eq(audit.packets_queued, queued);
    ck_assert_uint_eq(audit.packets_free, DEPTH - lent - queued);
}

/* 0: it finalizes; 1: it dies. */
START_TEST(what_a_sender_that_is_gone_had_taken_is_gone_too)
{
    struct child *peer = child_start(CHILD_PROCESS, 2);
    struct pair pair = open_deep(DEPTH, peer, NULL);
    struct act act = { .endpoint = pair.send };

    child_do(peer, act_take_two_send_one, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    expect_lent(1, 1);
    if (_i == 0)
        child_end(peer);
    else
        child_kill(peer);
    pair_expect(&pair, "sent");
    /* The dead one is taken back here. Its channel is no more than what it was. */
    expect_status(_i == 0 ? MCAPI_ERR_CHAN_INVALID : MCAPI_ERR_TRANSMISSION,
                  pair_receive_status(&pair));
    expect_lent(_i == 0 ? 0 : 1, 0);
}
END_TEST

/* A child of a process that has taken buffers has none of them, and takes none away. */
START_TEST(a_forked_child_has_no_buffers)
{
    struct pair pair = open_deep(DEPTH, NULL, NULL);
    void *taken = take(&pair, LARGE);
    struct child *child = child_start(CHILD_PROCESS, 2);
    struct pair own = open_deep(DEPTH, child, child);
    struct act act = { .endpoint = own.send };

    child_do(child, act_take_two_send_one, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    pair_expect(&own, "sent");
    child_end(child);
    send(&pair, taken, LARGE);
    expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_close_takes_what_was_taken_along, 1 },
        { a_cancelled_open_gives_back_what_was_taken, 1 },
        { a_receiver_that_is_gone_takes_no_more, 2 },
        { who_waits_for_a_buffer_learns_that_the_receiver_is_gone, 2 },
        { what_a_sender_that_is_gone_had_taken_is_gone_too, 2 },
        { a_forked_child_has_no_buffers, 1 },
    };

    return suite_run_between("api/mcapi_ext_reference_ends", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
