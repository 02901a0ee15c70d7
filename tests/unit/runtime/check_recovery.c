/* SPDX-License-Identifier: MIT */
/*
 * check_recovery.c - a node dies: what its peers notice, how soon, and what is free again.
 */
#include <mcapi.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

enum {
    NOTICED_MS = 100, /* what the contract promises */
    TRIES = 10,       /* as the machine may be busy with something else */
};

/* --- A blocked peer ----------------------------------------------------------------------- */

static int64_t returned_at_us;

static void act_receive_and_note(struct act *act)
{
    act_receive(act);
    returned_at_us = now_us();
}

static void act_send_many_and_note(struct act *act)
{
    act_send_many(act);
    returned_at_us = now_us();
}

/* ms from the kill of one end's process to the return of the call blocked at the other end,
 * in a thread of ours. */
static int64_t notice_death(enum pair_kind kind, bool victim_sends)
{
    struct child *victim = child_start(CHILD_PROCESS, 2);
    struct child *helper = child_start_bare(CHILD_THREAD);
    struct pair pair =
            victim_sends ? pair_open(kind, victim, NULL) : pair_open(kind, NULL, victim);
    struct act act = { .kind = kind,
                       .endpoint = victim_sends ? pair.receive : pair.send,
                       .count = 1000 };
    int64_t killed;

    child_begin(helper, victim_sends ? act_receive_and_note : act_send_many_and_note, &act);
    ck_assert(eventually(child_is_asleep(helper)));
    killed = now_us();
    child_kill(victim);
    child_finish(helper, &act);
    expect_status(MCAPI_ERR_TRANSMISSION, act.status);
    child_end(helper);
    if (victim_sends)
        pair_close_receive(&pair);
    else
        pair_close_send(&pair);
    expect(MCAPI_SUCCESS,
           mcapi_endpoint_delete(victim_sends ? pair.receive : pair.send, &status));
    return (returned_at_us - killed) / 1000;
}

START_TEST(a_blocked_peer_learns_of_a_death_within_100_ms)
{
    int64_t best = INT64_MAX;

    for (int i = 0; i < TRIES && best >= NOTICED_MS; i++) {
        int64_t took = notice_death(_i & 1, _i & 2);

        best = took < best ? took : best;
    }
    ck_assert_int_lt(best, NOTICED_MS);
}
END_TEST

/* 0: an open, 1: a posted receive, 2: a close, which the death completes. */
START_TEST(who_waits_for_an_operation_learns_of_a_death)
{
    struct child *victim = child_start(CHILD_PROCESS, 2);
    struct child *helper = child_start_bare(CHILD_THREAD);
    struct pair pair = pair_create(PACKETS, victim, NULL);
    struct act act = { .kind = PACKETS, .endpoint = pair.receive };
    mcapi_request_t request;
    void *buffer;

    pair_connect(&pair);
    child_do(NULL, act_open_receive, &act);
    request = act.request;
    if (_i > 0)
        pair_open_send(&pair);
    if (_i == 1) {
        expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(pair.receive, &buffer, &request, &status));
    } else if (_i == 2) {
        child_do(NULL, act_close_receive, &act);
        request = act.request;
    }
    act = (struct act){ .request = request, .timeout = MCAPI_TIMEOUT_INFINITE };
    child_begin(helper, act_wait, &act);
    ck_assert(eventually(child_is_asleep(helper)));
    child_kill(victim);
    child_finish(helper, &act);
    expect_status(_i == 2 ? MCAPI_SUCCESS : MCAPI_ERR_TRANSMISSION, act.status);
}
END_TEST

/* --- Data and death --------------------------------------------------------------- */

START_TEST(what_the_dead_had_sent_is_still_received)
{
    struct child *victim = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(_i, victim, NULL);
    struct act send = { .kind = _i, .endpoint = pair.send, .count = 40, .word = 5 };
    struct act receive = { .kind = _i, .endpoint = pair.receive, .count = 40, .word = 5 };

    child_do(victim, act_send_many, &send);
    expect_status(MCAPI_SUCCESS, send.status);
    child_kill(victim);
    child_do(NULL, act_receive_many, &receive);
    expect_status(MCAPI_SUCCESS, receive.status);
    ck_assert_uint_eq(receive.word, 45);
    for (int i = 0; i < 3; i++)
        expect_status(MCAPI_ERR_TRANSMISSION, pair_receive_status(&pair));
    if (_i == PACKETS)
        expect(MCAPI_ERR_TRANSMISSION, mcapi_pktchan_available(pair.receive, &status));
    else
        expect(MCAPI_ERR_TRANSMISSION, mcapi_sclchan_available(pair.receive, &status));
    pair_close_receive(&pair);
}
END_TEST

START_TEST(what_the_dead_had_sent_is_received_by_one_who_opens_later)
{
    struct child *victim = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(_i, victim, NULL);

    pair_connect(&pair);
    pair_open_send(&pair);
    expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
    child_kill(victim);
    pair_open_receive(&pair);
    expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
    expect_status(MCAPI_ERR_TRANSMISSION, pair_receive_status(&pair));
}
END_TEST

START_TEST(a_stream_cut_by_a_death_is_whole_up_to_the_cut)
{
    for (int round = 0; round < 20; round++) {
        struct child *victim = child_start(CHILD_PROCESS, 2);
        struct pair pair = pair_open(_i, victim, NULL);
        struct act send = { .kind = _i, .endpoint = pair.send, .count = ~0u };
        struct act first = { .kind = _i,
                             .endpoint = pair.receive,
                             .count = 100 + 37 * (uint32_t)round };
        struct act rest = { .kind = _i, .endpoint = pair.receive, .count = ~0u };

        child_begin(victim, act_send_many, &send);
        child_do(NULL, act_receive_many, &first);
        expect_status(MCAPI_SUCCESS, first.status);
        child_kill(victim);
        rest.word = first.word;
        child_do(NULL, act_receive_many, &rest);
        /* Had a word been wrong, it would have stopped with MCAPI_SUCCESS. */
        expect_status(MCAPI_ERR_TRANSMISSION, rest.status);
        ck_assert_uint_eq(first.word, first.count);
        pair_close_receive(&pair);
        expect(MCAPI_SUCCESS, mcapi_endpoint_delete(pair.receive, &status));
    }
}
END_TEST

START_TEST(sending_to_the_dead_is_refused)
{
    struct child *victim = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(_i, NULL, victim);

    expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
    child_kill(victim);
    for (int i = 0; i < 3; i++)
        expect_status(MCAPI_ERR_TRANSMISSION, pair_send_status(&pair));
    pair_close_send(&pair);
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(pair.send, &status));
}
END_TEST

START_TEST(a_buffer_may_be_held_beyond_the_senders_death)
{
    struct child *victim = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(PACKETS, victim, NULL);
    size_t size;
    char *buffer;

    pair_send(&pair, "testament");
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv(pair.receive, (void **)&buffer, &size, &status));
    child_kill(victim);
    expect_status(MCAPI_ERR_TRANSMISSION, pair_receive_status(&pair));
    ck_assert_str_eq(buffer, "testament");
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffer, &status));
}
END_TEST

/* --- What is free again ----------------------------------------------------------- */

START_TEST(the_name_of_the_dead_is_free_at_once)
{
    for (int i = 0; i < 50; i++) {
        struct child *victim = child_start(CHILD_PROCESS, 2);
        struct act act = { .port = 7 };

        child_do(victim, act_create, &act);
        expect_status(MCAPI_SUCCESS, act.status);
        child_kill(victim);
    }
}
END_TEST

START_TEST(the_endpoints_of_the_dead_go_with_it)
{
    struct child *victim = child_start(CHILD_PROCESS, 2);
    struct act act = { .port = 7 };
    mcapi_endp_attr_type_t type;
    struct child *heir;

    child_do(victim, act_create, &act);
    child_kill(victim);
    heir = child_start(CHILD_PROCESS, 2);
    expect(MCAPI_TIMEOUT, mcapi_endpoint_get(0, 2, 7, MCAPI_TIMEOUT_IMMEDIATE, &status));
    expect(MCAPI_ERR_ENDP_INVALID,
           mcapi_endpoint_get_attribute(act.endpoint, MCAPI_ENDP_ATTR_TYPE, &type, sizeof type,
                                        &status));
    child_do(heir, act_create, &(struct act){ .port = 7 });
    expect(MCAPI_SUCCESS, mcapi_endpoint_get(0, 2, 7, MCAPI_TIMEOUT_IMMEDIATE, &status));
}
END_TEST

START_TEST(the_survivor_connects_with_the_heir)
{
    struct child *victim = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(_i, victim, NULL);

    for (int i = 0; i < 20; i++) {
        struct pair next;

        expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
        child_kill(victim);
        expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
        expect_status(MCAPI_ERR_TRANSMISSION, pair_receive_status(&pair));
        pair_close_receive(&pair);
        victim = child_start(CHILD_PROCESS, 2);
        next = pair_create(_i, victim, NULL);
        expect(MCAPI_SUCCESS, mcapi_endpoint_delete(next.receive, &status));
        next.receive = pair.receive; /* the same end again */
        pair_connect(&next);
        pair_open_send(&next);
        pair_open_receive(&next);
        pair = next;
    }
}
END_TEST

START_TEST(an_endpoint_got_by_the_dead_can_be_got_again)
{
    struct child *victim = child_start(CHILD_PROCESS, 2);
    struct act act = { .node = 1, .port = 7 };
    mcapi_endpoint_t endpoint;

    expect(MCAPI_SUCCESS, endpoint = mcapi_endpoint_create(7, &status));
    pair_set(NULL, endpoint, MCAPI_ENDP_ATTR_TYPE, MCAPI_ENDP_ATTR_TYPE_PKTCHAN);
    child_do(victim, act_get, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    child_kill(victim);
    child_end(child_start(CHILD_PROCESS, 3)); /* who joins buries the dead */
    expect(MCAPI_SUCCESS, mcapi_endpoint_get(0, 1, 7, MCAPI_TIMEOUT_IMMEDIATE, &status));
}
END_TEST

static void act_start_two_nodes(struct act *act)
{
    child_start(CHILD_THREAD, 3);
    child_start(CHILD_THREAD, 4);
    act->status = MCAPI_SUCCESS;
}

START_TEST(all_nodes_of_a_killed_process_are_dead)
{
    struct child *victim = child_start(CHILD_PROCESS, 2);
    struct act act = { .node = 0 };

    child_do(victim, act_start_two_nodes, &act);
    child_kill(victim);
    for (mcapi_node_t node = 2; node <= 4; node++)
        child_start(CHILD_PROCESS, node);
}
END_TEST

START_TEST(a_get_outlives_the_death_of_others_that_wait)
{
    struct child *victim = child_start(CHILD_PROCESS, 2);
    struct child *waiter = child_start(CHILD_PROCESS, 3);
    struct act act = { .node = 1, .port = 7, .timeout = MCAPI_TIMEOUT_INFINITE };
    mcapi_endpoint_t endpoint;

    child_begin(victim, act_get, &act);
    child_begin(waiter, act_get, &act);
    ck_assert(eventually(child_is_asleep(victim) && child_is_asleep(waiter)));
    child_kill(victim);
    expect(MCAPI_SUCCESS, endpoint = mcapi_endpoint_create(7, &status));
    child_finish(waiter, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_uint_eq(act.endpoint, endpoint);
}
END_TEST

START_TEST(a_get_waits_on_when_the_wanted_node_dies_and_comes_again)
{
    struct child *wanted = child_start(CHILD_PROCESS, 2);
    struct child *waiter = child_start(CHILD_PROCESS, 3);
    struct act get = { .node = 2, .port = 7, .timeout = MCAPI_TIMEOUT_INFINITE };
    struct act act = { .port = 7 };

    child_begin(waiter, act_get, &get);
    ck_assert(eventually(child_is_asleep(waiter)));
    child_kill(wanted);
    wanted = child_start(CHILD_PROCESS, 2);
    child_do(wanted, act_create, &act);
    child_finish(waiter, &get);
    expect_status(MCAPI_SUCCESS, get.status);
    ck_assert_uint_eq(get.endpoint, act.endpoint);
}
END_TEST

/* --- What is no death ------------------------------------------------------------- */

START_TEST(a_stopped_process_is_not_dead)
{
    struct child *stopped = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(PACKETS, stopped, NULL);
    int state;

    pair_set(NULL, pair.receive, MCAPI_ENDP_ATTR_TIMEOUT, 300);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    ck_assert_int_eq(kill(child_process(stopped), SIGSTOP), 0);
    ck_assert_int_eq(waitpid(child_process(stopped), &state, WUNTRACED),
                     child_process(stopped));
    expect_status(MCAPI_TIMEOUT, pair_receive_status(&pair));
    expect(MCAPI_SUCCESS, mcapi_pktchan_available(pair.receive, &status));
    child_end(child_start(CHILD_PROCESS, 3));
    ck_assert_int_eq(kill(child_process(stopped), SIGCONT), 0);
    pair_send(&pair, "slept well");
    pair_expect(&pair, "slept well");
}
END_TEST

START_TEST(the_death_of_another_disturbs_nobody)
{
    struct child *peer = child_start(CHILD_PROCESS, 2);
    struct child *victim = child_start(CHILD_PROCESS, 3);
    struct pair pair = pair_open(PACKETS, NULL, peer);
    struct act act = { .kind = PACKETS, .endpoint = pair.receive };

    child_begin(peer, act_receive, &act);
    ck_assert(eventually(child_is_asleep(peer)));
    child_kill(victim);
    child_end(child_start(CHILD_PROCESS, 3));
    pair_send(&pair, "on we go");
    child_finish(peer, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_str_eq(act.bytes, "on we go");
}
END_TEST

/* --- Threads that end ------------------------------------------------------------- */

START_TEST(a_thread_node_that_ends_is_finalized_for_its_peer)
{
    struct child *thread = child_start(CHILD_THREAD, 2);
    struct pair pair = pair_open(_i, thread, NULL);

    expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
    child_end(thread);
    expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
    expect_status(MCAPI_ERR_CHAN_INVALID, pair_receive_status(&pair));
    pair_close_receive(&pair);
}
END_TEST

/* --- Everybody dies --------------------------------------------------------------- */

START_TEST(after_the_death_of_all_the_next_one_starts_anew)
{
    struct child *child[3];
    struct act act = { .port = 7 };

    leave();
    for (mcapi_node_t i = 0; i < 3; i++) {
        child[i] = child_start(CHILD_PROCESS, 10 + i);
        child_do(child[i], act_create, &act);
    }
    for (int i = 0; i < 3; i++)
        child_kill(child[i]);
    join(0, 1);
    expect(MCAPI_TIMEOUT, mcapi_endpoint_get(0, 10, 7, MCAPI_TIMEOUT_IMMEDIATE, &status));
}
END_TEST

static void act_busy(struct act *act)
{
    for (mcapi_port_t port = 0;; port = (port + 1) % 100) {
        struct pair pair = pair_open(PACKETS, NULL, NULL);

        pair_send(&pair, "busy");
        pair_close(&pair);
        mcapi_endpoint_delete(pair.send, &act->status);
        mcapi_endpoint_delete(pair.receive, &act->status);
    }
}

START_TEST(a_death_at_any_moment_leaves_a_topology_that_works)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);

    srand48(9);
    for (int i = 0; i < 60; i++) {
        struct child *victim = child_start(CHILD_PROCESS, 2);
        struct timespec moment = { .tv_nsec = lrand48() % 3000000 };

        child_begin(victim, act_busy, &(struct act){ .node = 0 });
        nanosleep(&moment, NULL); /* the moment of death is what is drawn by lot */
        child_kill(victim);
        pair_send(&pair, "alive");
        pair_expect(&pair, "alive");
        pair_close(&pair);
        pair_connect(&pair);
        pair_open_send(&pair);
        pair_open_receive(&pair);
    }
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_blocked_peer_learns_of_a_death_within_100_ms, 4 },
        { who_waits_for_an_operation_learns_of_a_death, 3 },
        { what_the_dead_had_sent_is_still_received, 2 },
        { what_the_dead_had_sent_is_received_by_one_who_opens_later, 2 },
        { a_stream_cut_by_a_death_is_whole_up_to_the_cut, 2 },
        { sending_to_the_dead_is_refused, 2 },
        { a_buffer_may_be_held_beyond_the_senders_death, 1 },
        { the_name_of_the_dead_is_free_at_once, 1 },
        { the_endpoints_of_the_dead_go_with_it, 1 },
        { the_survivor_connects_with_the_heir, 2 },
        { an_endpoint_got_by_the_dead_can_be_got_again, 1 },
        { all_nodes_of_a_killed_process_are_dead, 1 },
        { a_get_outlives_the_death_of_others_that_wait, 1 },
        { a_get_waits_on_when_the_wanted_node_dies_and_comes_again, 1 },
        { a_stopped_process_is_not_dead, 1 },
        { the_death_of_another_disturbs_nobody, 1 },
        { a_thread_node_that_ends_is_finalized_for_its_peer, 2 },
        { after_the_death_of_all_the_next_one_starts_anew, 1 },
        { a_death_at_any_moment_leaves_a_topology_that_works, 1 },
    };

    return suite_run_between("runtime/recovery", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
