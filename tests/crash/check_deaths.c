/* SPDX-License-Identifier: MIT */
/*
 * check_deaths.c - deaths between the crash points: of those who sleep, of all, of the owner
 * of a thread, before the eyes of two survivors, in a topology without a slot to spare.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <mcapi_ext.h>

#include "crash/scene.h"
#include "runtime/control.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/suite.h"
#include "support/topology.h"

enum { DEPTH = 4, SIZE = 40 };

/* --- A blocked call ------------------------------------------------------------------- */

static void act_receive_posted(struct act *act)
{
    void *packet;

    mcapi_pktchan_recv_i(act->endpoint, &packet, &act->request, &act->status);
    if (act->status == MCAPI_SUCCESS)
        mcapi_wait(&act->request, &act->size, MCAPI_TIMEOUT_INFINITE, &act->status);
}

/* Waits for the channel as one of several, and then receives. */
static void act_wait_receivable(struct act *act)
{
    mcapi_ext_wait_receivable(&act->endpoint, 1, MCAPI_TIMEOUT_INFINITE, &act->status);
    if (act->status == MCAPI_SUCCESS)
        act_receive(act);
}

/* Waits for the descriptor in poll, as an event loop does. */
static void wait_for_fd(struct act *act)
{
    struct pollfd one = { .events = POLLIN };

    one.fd = mcapi_ext_receive_fd(act->endpoint, &act->status);
    if (act->status == MCAPI_SUCCESS)
        expect_true(poll(&one, 1, -1) == 1);
}

static void act_wait_for_fd(struct act *act)
{
    wait_for_fd(act);
    if (act->status == MCAPI_SUCCESS)
        act_receive(act);
}

static void act_close_and_wait(struct act *act)
{
    act_close_receive(act);
    if (act->status == MCAPI_SUCCESS)
        mcapi_wait(&act->request, &act->size, MCAPI_TIMEOUT_INFINITE, &act->status);
}

/* What may block one node because of another. */
static const struct {
    enum pair_kind kind;
    bool sends; /* the one that blocks is the sender */
    void (*call)(struct act *act);
    mcapi_status_t status; /* at the death of the other */
} calls[] = {
    { PACKETS, false, act_receive, MCAPI_ERR_TRANSMISSION },
    { PACKETS, false, act_receive_posted, MCAPI_ERR_TRANSMISSION },
    { PACKETS, false, act_wait_receivable, MCAPI_ERR_TRANSMISSION },
    { PACKETS, false, act_wait_for_fd, MCAPI_ERR_TRANSMISSION },
    { PACKETS, true, act_send_numbers, MCAPI_ERR_TRANSMISSION },
    { SCALARS, false, act_receive, MCAPI_ERR_TRANSMISSION },
    { SCALARS, false, act_wait_receivable, MCAPI_ERR_TRANSMISSION },
    { SCALARS, false, act_wait_for_fd, MCAPI_ERR_TRANSMISSION },
    { SCALARS, true, act_send_numbers, MCAPI_ERR_TRANSMISSION },
    { PACKETS, false, act_close_and_wait, MCAPI_SUCCESS },
};
enum { CALLS = sizeof calls / sizeof calls[0] };

/* One that sleeps in this call, and the other end's owner. The endpoint of the one. */
static mcapi_endpoint_t block(int number, struct child *one, struct child *other)
{
    struct pair pair = calls[number].sends ? pair_create(calls[number].kind, one, other)
                                           : pair_create(calls[number].kind, other, one);
    struct act act = { .kind = pair.kind, .size = SIZE };

    pair_set(pair.receiver, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, DEPTH);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    act.endpoint = calls[number].sends ? pair.send : pair.receive;
    child_begin(one, calls[number].call, &act);
    scene_blocked(one);
    return act.endpoint;
}

START_TEST(a_blocked_call_ends_when_the_other_node_dies)
{
    struct child *victim;
    mcapi_endpoint_t endpoint;
    struct act act;

    scene_begin();
    victim = child_start(CHILD_PROCESS, VICTIM_NODE);
    endpoint = block(_i, scene_peer, victim);
    child_kill(victim);
    atomic_store(&all->died_at, now_us());
    scene_comes_back(scene_peer, &act);
    expect_status(calls[_i].status, act.status);
    scene_recover();
    scene_remove(scene_peer, endpoint);
    scene_end();
}
END_TEST

START_TEST(a_node_may_die_in_its_sleep)
{
    struct child *victim;

    scene_begin();
    victim = child_start(CHILD_PROCESS, VICTIM_NODE);
    block(_i, victim, NULL);
    child_kill(victim);
    scene_recover();
    victim = scene_victim_returns();
    scene_packets_flow(NULL, victim);
    child_end(victim);
    /* The test's own end of the channel. */
    child_end_all();
    leave();
    topology_end();
}
END_TEST

/* Its name is not free. */
static void expect_name_taken(void)
{
    struct child *other = child_start_bare(CHILD_PROCESS);
    struct act act = { .node = VICTIM_NODE };

    child_do(other, act_initialize, &act);
    expect_status(MCAPI_ERR_NODE_INITIALIZED, act.status);
    child_end(other);
}

START_TEST(a_stopped_node_is_not_a_dead_one)
{
    struct child *victim;
    struct pair pair;
    struct act act = { .timeout = 0 };

    scene_begin();
    victim = child_start(CHILD_PROCESS, VICTIM_NODE);
    pair = pair_open(PACKETS, victim, scene_peer);
    ck_assert_int_eq(kill(child_process(victim), SIGSTOP), 0);
    child_begin(scene_peer, act_receive_numbers,
                &(struct act){ .kind = PACKETS, .endpoint = pair.receive });
    scene_blocked(scene_peer);
    scene_recover();
    expect_name_taken();
    ck_assert_int_eq(kill(child_process(victim), SIGCONT), 0);
    act = (struct act){ .kind = PACKETS, .endpoint = pair.send, .size = SIZE, .count = 3 };
    child_do(victim, act_send_numbers, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    pair_close_send(&pair);
    child_finish(scene_peer, &act);
    expect_status(MCAPI_ERR_CHAN_INVALID, act.status);
    ck_assert_uint_eq(act.word, 3);
    scene_remove(victim, pair.send);
    scene_remove(scene_peer, pair.receive);
    child_end(victim);
    scene_end();
}
END_TEST

/* It has sent, and dies before it has woken the receiver. */
START_TEST(what_the_dead_had_sent_wakes_its_receiver)
{
    static void (*const calls_of[])(struct act *) = { act_receive, act_wait_receivable,
                                                      act_wait_for_fd };
    enum { WAYS = sizeof calls_of / sizeof calls_of[0] };
    enum pair_kind kind = _i / WAYS == 0 ? PACKETS : SCALARS;
    struct act act = { .kind = kind, .size = SIZE, .bytes = "last words", .word = 77 };
    struct child *victim;
    struct pair pair;

    scene_begin();
    victim = child_start(CHILD_PROCESS, VICTIM_NODE);
    pair = pair_open(kind, victim, scene_peer);
    child_begin(scene_peer, calls_of[_i % WAYS],
                &(struct act){ .kind = kind, .endpoint = pair.receive });
    scene_blocked(scene_peer);
    scene_arm(victim, kind == PACKETS ? MCI_CRASH_packet_sent : MCI_CRASH_scalar_sent, 1);
    act.endpoint = pair.send;
    child_begin(victim, act_send, &act);
    ck_assert(scene_dies(victim));
    scene_comes_back(scene_peer, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    if (kind == PACKETS)
        ck_assert_str_eq(act.bytes, "last words");
    else
        ck_assert_uint_eq(act.word, 77);
    scene_recover();
    scene_remove(scene_peer, pair.receive);
    scene_end();
}
END_TEST

/* --- Messages ------------------------------------------------------------------------- */

static void act_receive_message(struct act *act)
{
    mcapi_msg_recv(act->endpoint, act->bytes, sizeof act->bytes, &act->size, &act->status);
}

static void act_receive_posted_message(struct act *act)
{
    mcapi_msg_recv_i(act->endpoint, act->bytes, sizeof act->bytes, &act->request, &act->status);
    if (act->status == MCAPI_SUCCESS)
        mcapi_wait(&act->request, &act->size, MCAPI_TIMEOUT_INFINITE, &act->status);
}

static void act_wait_for_fd_of_messages(struct act *act)
{
    wait_for_fd(act);
    if (act->status == MCAPI_SUCCESS)
        act_receive_message(act);
}

static void act_send_message(struct act *act)
{
    mcapi_msg_send(act->endpoint, act->other, act->bytes, act->size, 0, &act->status);
}

static mcapi_endpoint_t create_at(struct child *who)
{
    struct act act = { .port = MCAPI_PORT_ANY };

    child_do(who, act_create, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    return act.endpoint;
}

/* It has sent, and dies before it has woken the receiver: the kernel does it. */
START_TEST(a_message_of_the_dead_wakes_its_receiver)
{
    static void (*const calls_of[])(struct act *) = { act_receive_message,
                                                      act_receive_posted_message,
                                                      act_wait_for_fd_of_messages };
    struct act act = { .size = SIZE, .bytes = "last words" };
    mcapi_endpoint_t received_at;
    struct child *victim;

    scene_begin();
    victim = child_start(CHILD_PROCESS, VICTIM_NODE);
    act.endpoint = create_at(victim);
    act.other = create_at(scene_peer);
    received_at = act.other;
    child_begin(scene_peer, calls_of[_i], &(struct act){ .endpoint = received_at });
    scene_blocked(scene_peer);
    scene_arm(victim, MCI_CRASH_message_sent, 1);
    child_begin(victim, act_send_message, &act);
    ck_assert(scene_dies(victim));
    scene_comes_back(scene_peer, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_str_eq(act.bytes, "last words");
    scene_recover();
    scene_remove(scene_peer, received_at);
    scene_end();
}
END_TEST

/* The only cell is in the hands of a sender that dies, while another waits for it. */
START_TEST(the_room_of_a_dead_sender_is_free_for_the_next)
{
    struct act act = { .size = SIZE, .bytes = "mine" };
    mcapi_endpoint_t here, from;
    struct child *victim;

    scene_begin();
    victim = child_start(CHILD_PROCESS, VICTIM_NODE);
    here = create_at(NULL);
    pair_set(NULL, here, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 1);
    act.endpoint = create_at(victim);
    act.other = here;
    scene_stop_at(victim, MCI_CRASH_message_filled);
    child_begin(victim, act_send_message, &act);
    scene_is_stopped(victim);
    act.endpoint = from = create_at(scene_peer);
    child_begin(scene_peer, act_send_message, &act);
    scene_blocked(scene_peer);
    child_kill(victim);
    atomic_store(&all->died_at, now_us());
    scene_comes_back(scene_peer, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    act = (struct act){ .endpoint = here };
    act_receive_message(&act);
    ck_assert_str_eq(act.bytes, "mine");
    scene_remove(NULL, here);
    scene_remove(scene_peer, from);
    scene_end();
}
END_TEST

/* --- Several -------------------------------------------------------------------------- */

/* They sleep on the same death, and both begin to recover. */
START_TEST(two_survivors_recover_at_once)
{
    enum { ROUNDS = 40 };
    struct child *third;

    scene_begin();
    third = child_start(CHILD_PROCESS, OTHER_NODE);
    for (int round = 0; round < ROUNDS; round++) {
        struct child *victim = child_start(CHILD_PROCESS, VICTIM_NODE);
        mcapi_endpoint_t one = block(0, scene_peer, victim);
        mcapi_endpoint_t other = block(3, third, victim);
        struct act act;

        child_kill(victim);
        atomic_store(&all->died_at, now_us());
        scene_comes_back(scene_peer, &act);
        expect_status(MCAPI_ERR_TRANSMISSION, act.status);
        scene_comes_back(third, &act);
        expect_status(MCAPI_ERR_TRANSMISSION, act.status);
        scene_remove(scene_peer, one);
        scene_remove(third, other);
        scene_expect_clean(3);
    }
    child_end(third);
    scene_end();
}
END_TEST

/* Both ends of a channel, and one that waits for them, die at the same time. */
START_TEST(several_may_die_together)
{
    enum { ROUNDS = 20 };

    scene_begin();
    for (int round = 0; round < ROUNDS; round++) {
        struct child *one = child_start(CHILD_PROCESS, VICTIM_NODE);
        struct child *other = child_start(CHILD_PROCESS, OTHER_NODE);
        mcapi_endpoint_t endpoint;
        struct act act;

        block(round % CALLS, one, other);
        endpoint = block(0, scene_peer, other);
        ck_assert_int_eq(kill(child_process(one), SIGKILL), 0);
        child_kill(other);
        child_kill(one);
        atomic_store(&all->died_at, now_us());
        scene_comes_back(scene_peer, &act);
        expect_status(MCAPI_ERR_TRANSMISSION, act.status);
        scene_remove(scene_peer, endpoint);
        scene_recover();
        scene_expect_clean(2);
    }
    scene_end();
}
END_TEST

START_TEST(after_the_death_of_all_the_next_start_works)
{
    enum { ROUNDS = 20 };

    topology_begin();
    for (int round = 0; round < ROUNDS; round++) {
        struct child *one = child_start(CHILD_PROCESS, VICTIM_NODE);
        struct child *other = child_start(CHILD_PROCESS, OTHER_NODE);

        block(round % CALLS, one, other);
        child_kill(one);
        child_kill(other);
    }
    join(0, VICTIM_NODE);
    scene_expect_clean(1);
    leave();
    topology_end();
}
END_TEST

/* --- Slots ---------------------------------------------------------------------------- */

/* The only slot that the victim can come back into is the one it died in. */
START_TEST(a_full_topology_has_room_for_one_who_returns)
{
    enum { ROUNDS = 20 };

    ck_assert_int_eq(setenv("MCAPI_MAX_NODES", "3", 1), 0);
    scene_begin();
    for (int round = 0; round < ROUNDS; round++) {
        struct child *victim = scene_victim_returns();

        if (round % 2 == 1) {
            scene_arm(victim, MCI_CRASH_endpoint_published, 1);
            child_begin(victim, act_create, &(struct act){ .port = NAMED_PORT + 1 });
            ck_assert(scene_dies(victim));
        } else {
            child_kill(victim);
        }
    }
    child_end(scene_victim_returns());
    scene_end();
}
END_TEST

/* What only the owner of the control lock touches. */
struct locked {
    uint32_t one;
    _Atomic bool enough, two_inside;
    uint32_t other;
};

/* Joins, takes the lock a few times, leaves, and again; pointer: the struct locked. */
static void act_come_and_go(struct act *act)
{
    struct locked *locked = act->pointer;

    for (act->count = 0; !atomic_load(&locked->enough); act->count++) {
        join(0, act->node);
        for (int i = 0; i < 4; i++) {
            if (!mci_control_lock(mci_self.node, mci_self.serial))
                atomic_store(&locked->two_inside, true);
            locked->one++;
            atomic_signal_fence(memory_order_seq_cst); /* one, and then the other */
            if (locked->one != locked->other + 1)
                atomic_store(&locked->two_inside, true);
            locked->other++;
            mci_control_unlock();
        }
        leave();
    }
    act->status = MCAPI_SUCCESS;
}

/* Slots are taken and given back all the time while others look who owns the lock. */
START_TEST(a_lock_is_not_taken_from_one_who_lives)
{
    enum { COMERS = 4, FOR_US = 2 * 1000 * 1000 };
    struct locked *locked = shared_memory(sizeof *locked);
    struct child *comers[COMERS];
    int64_t until;

    scene_begin();
    for (uint32_t i = 0; i < COMERS; i++) {
        comers[i] = child_start_bare(CHILD_PROCESS);
        child_begin(comers[i], act_come_and_go,
                    &(struct act){ .node = OTHER_NODE + i, .pointer = locked });
    }
    until = now_us() + FOR_US;
    while (now_us() < until && !atomic_load(&locked->two_inside))
        breathe();
    atomic_store(&locked->enough, true);
    for (uint32_t i = 0; i < COMERS; i++) {
        struct act act;

        child_finish(comers[i], &act);
        child_end(comers[i]);
        ck_assert_uint_gt(act.count, 0);
    }
    ck_assert_msg(!atomic_load(&locked->two_inside), "two had the control lock");
    ck_assert_uint_eq(locked->one, locked->other);
    scene_end();
}
END_TEST

static void *be_a_node(void *joined)
{
    join(0, VICTIM_NODE);
    atomic_store((_Atomic bool *)joined, true);
    for (;;)
        pause();
    return NULL;
}

/* The program ends, by exit() in another thread than the one that is the node. */
static void act_exit_beside_a_node(struct act *act)
{
    static _Atomic bool joined;
    pthread_t thread;

    act->status = MCAPI_SUCCESS;
    ck_assert_int_eq(pthread_create(&thread, NULL, be_a_node, &joined), 0);
    ck_assert(eventually(atomic_load(&joined)));
    exit(EXIT_SUCCESS);
}

START_TEST(a_program_that_exits_beside_its_node_leaves_no_slot_behind)
{
    struct child *program;

    scene_begin();
    program = child_start_bare(CHILD_PROCESS);
    child_begin(program, act_exit_beside_a_node, &(struct act){ .count = 0 });
    child_expect_exit(program);
    scene_recover();
    scene_expect_clean(2);
    scene_end();
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_blocked_call_ends_when_the_other_node_dies, CALLS },
        { a_node_may_die_in_its_sleep, CALLS },
        { a_stopped_node_is_not_a_dead_one, 1 },
        { what_the_dead_had_sent_wakes_its_receiver, 6 },
        { a_message_of_the_dead_wakes_its_receiver, 3 },
        { the_room_of_a_dead_sender_is_free_for_the_next, 1 },
        { two_survivors_recover_at_once, 1 },
        { several_may_die_together, 1 },
        { after_the_death_of_all_the_next_start_works, 1 },
        { a_full_topology_has_room_for_one_who_returns, 1 },
        { a_lock_is_not_taken_from_one_who_lives, 1 },
        { a_program_that_exits_beside_its_node_leaves_no_slot_behind, 1 },
    };

    scene_share();
    return suite_run("deaths", tests, SUITE_LENGTH(tests));
}
