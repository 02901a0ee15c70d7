/* SPDX-License-Identifier: MIT */
/*
 * check_end.c - the threads of one node share a channel end: nothing is lost, nothing doubled.
 */
#include <mcapi.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

enum { THREADS = 4, EACH = 5000, ALL = THREADS * EACH };

/* How often each number came. */
struct tally {
    _Atomic uint32_t seen[ALL];
};

static void note(struct tally *tally, uint32_t number)
{
    ck_assert_uint_lt(number, ALL);
    ck_assert_uint_eq(atomic_fetch_add(&tally->seen[number], 1), 0);
}

static void expect_all(const struct tally *tally)
{
    for (uint32_t i = 0; i < ALL; i++)
        ck_assert_uint_eq(atomic_load(&tally->seen[i]), 1);
}

/* The next number that comes. Packets begin with theirs. */
static void act_receive_number(struct act *act)
{
    uint32_t number = 0;

    act_receive(act);
    if (act->kind == PACKETS) {
        memcpy(&number, act->bytes, sizeof number);
        act->word = number;
    }
}

/* `count` of them, each noted. */
static void act_receive_and_note(struct act *act)
{
    struct act one = { .kind = act->kind, .endpoint = act->endpoint };

    for (uint32_t i = 0; i < act->count; i++) {
        act_receive_number(&one);
        expect_status(MCAPI_SUCCESS, one.status);
        note(act->pointer, (uint32_t)one.word);
    }
    act->status = MCAPI_SUCCESS;
}

static void begin_sending(struct child *const helper[], const struct pair *pair)
{
    for (uint32_t i = 0; i < THREADS; i++)
        child_begin(helper[i], act_send_many,
                    &(struct act){ .kind = pair->kind,
                                   .endpoint = pair->send,
                                   .word = i * EACH,
                                   .count = EACH });
}

static void begin_receiving(struct child *const helper[], const struct pair *pair,
                            struct tally *tally)
{
    for (int i = 0; i < THREADS; i++)
        child_begin(helper[i], act_receive_and_note,
                    &(struct act){ .kind = pair->kind,
                                   .endpoint = pair->receive,
                                   .count = EACH,
                                   .pointer = tally });
}

static void start_helpers(struct child *helper[])
{
    for (int i = 0; i < THREADS; i++)
        helper[i] = child_start_bare(CHILD_THREAD);
}

static void finish(struct child *const helper[])
{
    for (int i = 0; i < THREADS; i++) {
        struct act act;

        child_finish(helper[i], &act);
        expect_status(MCAPI_SUCCESS, act.status);
    }
}

/* Bits of _i: which kind of channel; whether the other node is a process. */
static struct child *start_peer(int round)
{
    return child_start(round & 2 ? CHILD_PROCESS : CHILD_THREAD, 2);
}

START_TEST(four_threads_send_on_one_channel)
{
    struct child *helper[THREADS], *peer = start_peer(_i);
    struct tally *tally = calloc(1, sizeof *tally);
    struct pair pair = pair_open(_i & 1, NULL, peer);
    struct act one = { .kind = pair.kind, .endpoint = pair.receive };
    uint32_t next[THREADS] = { 0 };

    start_helpers(helper);
    begin_sending(helper, &pair);
    for (uint32_t i = 0; i < ALL; i++) {
        child_do(peer, act_receive_number, &one);
        expect_status(MCAPI_SUCCESS, one.status);
        note(tally, (uint32_t)one.word);
        ck_assert_uint_eq(one.word % EACH, next[one.word / EACH]++); /* each one's in order */
    }
    finish(helper);
    expect_all(tally);
    free(tally);
}
END_TEST

START_TEST(four_threads_receive_on_one_channel)
{
    struct child *helper[THREADS], *peer = start_peer(_i);
    struct tally *tally = calloc(1, sizeof *tally);
    struct pair pair = pair_open(_i & 1, peer, NULL);
    struct act send = { .kind = pair.kind, .endpoint = pair.send, .count = ALL };

    start_helpers(helper);
    begin_receiving(helper, &pair, tally);
    child_do(peer, act_send_many, &send);
    expect_status(MCAPI_SUCCESS, send.status);
    finish(helper);
    expect_all(tally);
    free(tally);
}
END_TEST

START_TEST(four_threads_send_and_four_receive_within_one_node)
{
    struct child *sender[THREADS], *receiver[THREADS];
    struct tally *tally = calloc(1, sizeof *tally);
    struct pair pair = pair_open(_i, NULL, NULL);

    start_helpers(sender);
    start_helpers(receiver);
    begin_receiving(receiver, &pair, tally);
    begin_sending(sender, &pair);
    finish(sender);
    finish(receiver);
    expect_all(tally);
    free(tally);
}
END_TEST

START_TEST(a_second_thread_may_take_over_from_the_first)
{
    struct child *helper = child_start_bare(CHILD_THREAD);
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    struct pair helped = pair;

    helped.sender = helped.receiver = helper;
    for (int i = 0; i < 200; i++) {
        pair_send(&pair, "from the first");
        pair_send(&helped, "from the second");
        pair_expect(i % 2 ? &helped : &pair, "from the first");
        pair_expect(i % 3 ? &helped : &pair, "from the second");
    }
}
END_TEST

/* --- The end of an end under busy threads ----------------------------------------- */

static void act_receive_until_over(struct act *act)
{
    mcapi_status_t released;
    void *buffer;

    do {
        if (act->kind == SCALARS) {
            act_receive(act);
            continue;
        }
        mcapi_pktchan_recv(act->endpoint, &buffer, &act->size, &act->status);
        if (act->status == MCAPI_SUCCESS) /* or a close has taken it back meanwhile */
            mcapi_pktchan_release(buffer, &released);
    } while (act->status == MCAPI_SUCCESS);
}

static void act_send_until_over(struct act *act)
{
    do
        act_send(act);
    while (act->status == MCAPI_SUCCESS);
}

/* Every other one sends, the rest receive. */
static void begin_to_work(struct child *const helper[], const struct pair *pair)
{
    struct act act = { .kind = pair->kind, .size = 1 };

    for (int i = 0; i < THREADS; i++) {
        act.endpoint = i % 2 ? pair->send : pair->receive;
        child_begin(helper[i], i % 2 ? act_send_until_over : act_receive_until_over, &act);
    }
}

START_TEST(a_close_under_busy_threads_ends_them_all)
{
    struct child *helper[THREADS];

    start_helpers(helper);
    for (int round = 0; round < 30; round++) {
        struct pair pair = pair_open(_i, NULL, NULL);
        struct act act;

        begin_to_work(helper, &pair);
        if (round % 2)
            pair_close_send(&pair);
        pair_close_receive(&pair);
        for (int i = 0; i < THREADS; i++) {
            child_finish(helper[i], &act);
            expect_status(MCAPI_ERR_CHAN_INVALID, act.status);
        }
        if (round % 2 == 0)
            pair_close_send(&pair);
        expect(MCAPI_SUCCESS, mcapi_endpoint_delete(pair.send, &status));
        expect(MCAPI_SUCCESS, mcapi_endpoint_delete(pair.receive, &status));
    }
}
END_TEST

START_TEST(a_finalize_under_busy_threads_ends_them_all)
{
    struct child *helper[THREADS];

    start_helpers(helper);
    for (int round = 0; round < 30; round++) {
        struct pair pair = pair_open(_i, NULL, NULL);
        struct act act;

        begin_to_work(helper, &pair);
        leave();
        for (int i = 0; i < THREADS; i++) {
            child_finish(helper[i], &act);
            ck_assert_msg(act.status == MCAPI_ERR_NODE_NOTINIT
                                  || act.status == MCAPI_ERR_CHAN_INVALID,
                          "%s", status_name(act.status));
        }
        join(0, 1);
    }
}
END_TEST

START_TEST(a_delete_beside_busy_threads_is_refused_or_ends_them)
{
    struct child *helper[THREADS];
    struct pair pair = pair_open(_i, NULL, NULL);
    struct act act;

    start_helpers(helper);
    begin_to_work(helper, &pair);
    for (int i = 0; i < 1000; i++)
        expect(MCAPI_ERR_CHAN_OPEN, mcapi_endpoint_delete(pair.send, &status));
    pair_close(&pair);
    for (int i = 0; i < THREADS; i++)
        child_finish(helper[i], &act);
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(pair.send, &status));
}
END_TEST

START_TEST(each_posted_receive_gets_one_packet)
{
    enum { POSTED = 40 };
    struct child *peer = child_start(_i, 2);
    struct pair pair = pair_open(PACKETS, peer, NULL);
    struct act send = { .kind = PACKETS, .endpoint = pair.send, .count = POSTED };
    mcapi_request_t request[POSTED];
    void *buffer[POSTED];
    size_t size;

    for (int i = 0; i < POSTED; i++)
        expect(MCAPI_SUCCESS,
               mcapi_pktchan_recv_i(pair.receive, &buffer[i], &request[i], &status));
    child_begin(peer, act_send_many, &send);
    for (int i = POSTED - 1; i >= 0; i--) {
        expect(MCAPI_SUCCESS, mcapi_wait(&request[i], &size, MCAPI_TIMEOUT_INFINITE, &status));
        ck_assert_int_eq(*(int *)buffer[i], i);
        expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffer[i], &status));
    }
    child_finish(peer, &send);
}
END_TEST

START_TEST(waits_and_cancels_of_many_threads_lose_no_packet)
{
    enum { ROUNDS = 300 };
    struct child *helper = child_start_bare(CHILD_THREAD), *peer = child_start(_i, 2);
    struct pair pair = pair_open(PACKETS, peer, NULL);
    uint32_t came = 0;

    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct act send = { .kind = PACKETS, .endpoint = pair.send, .count = 1, .word = i };
        struct act wait = { .timeout = MCAPI_TIMEOUT_INFINITE };
        mcapi_status_t cancelled = STATUS_UNTOUCHED;
        uint32_t *buffer = NULL;
        size_t size;

        expect(MCAPI_SUCCESS,
               mcapi_pktchan_recv_i(pair.receive, (void **)&buffer, &wait.request, &status));
        child_begin(helper, act_wait, &wait);
        child_begin(peer, act_send_many, &send);
        mcapi_cancel(&wait.request, &cancelled);
        child_finish(helper, &wait);
        child_finish(peer, &send);
        if (buffer == NULL) { /* the cancel was first: the packet is still there */
            expect_status(MCAPI_SUCCESS, cancelled);
            ck_assert(wait.status == MCAPI_ERR_REQUEST_CANCELLED
                      || wait.status == MCAPI_ERR_REQUEST_INVALID);
            expect(MCAPI_SUCCESS,
                   mcapi_pktchan_recv(pair.receive, (void **)&buffer, &size, &status));
        } else {
            expect_status(MCAPI_ERR_REQUEST_INVALID, cancelled);
            expect_status(MCAPI_SUCCESS, wait.status);
        }
        ck_assert_uint_eq(*buffer, came++);
        expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffer, &status));
    }
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { four_threads_send_on_one_channel, 4 },
        { four_threads_receive_on_one_channel, 4 },
        { four_threads_send_and_four_receive_within_one_node, 2 },
        { a_second_thread_may_take_over_from_the_first, 1 },
        { a_close_under_busy_threads_ends_them_all, 2 },
        { a_finalize_under_busy_threads_ends_them_all, 2 },
        { a_delete_beside_busy_threads_is_refused_or_ends_them, 2 },
        { each_posted_receive_gets_one_packet, CHILD_KINDS },
        { waits_and_cancels_of_many_threads_lose_no_packet, CHILD_KINDS },
    };

    return suite_run_between("runtime/end", node_begin, node_end, tests, SUITE_LENGTH(tests));
}
