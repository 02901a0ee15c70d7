/* SPDX-License-Identifier: MIT */
/*
 * check_lives.c - beginnings and ends that meet: all are killed and come again, one starts
 * while another is stopped in the middle of starting or ending, one has the process id of the
 * dead.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash/scene.h"
#include "runtime/control.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/suite.h"
#include "support/topology.h"

/* --- All are killed ------------------------------------------------------------------- */

/* Joins, makes something, leaves, and again; word: so many times at most. */
static void act_live_and_leave(struct act *act)
{
    mcapi_status_t status;

    for (uint64_t i = 0; i < act->word; i++) {
        mcapi_endpoint_t one, other;
        mcapi_request_t request;

        join(0, act->node);
        one = mcapi_endpoint_create(MCAPI_PORT_ANY, &status);
        other = mcapi_endpoint_create(MCAPI_PORT_ANY, &status);
        mcapi_msg_send(one, other, "x", 1, 0, &status);
        mcapi_endpoint_delete(other, &status);
        other = mcapi_endpoint_create(MCAPI_PORT_ANY, &status);
        mcapi_pktchan_connect_i(one, other, &request, &status);
        leave();
        atomic_fetch_add(&all->accepted, 1);
    }
    act->status = MCAPI_SUCCESS;
}

/* Any moment: after so many lives of the three as the round says, and a few looks more. */
START_TEST(all_are_killed_and_the_next_start_works_the_first_time)
{
    enum { ROUNDS = 100, NODES = 3 };

    topology_begin();
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct child *children[NODES];

        atomic_store(&all->accepted, 0);
        for (uint32_t i = 0; i < NODES; i++) {
            children[i] = child_start_bare(CHILD_PROCESS);
            child_begin(children[i], act_live_and_leave,
                        &(struct act){ .node = VICTIM_NODE + i, .word = 1u << 20 });
        }
        ck_assert(eventually(atomic_load(&all->accepted) >= round % 7));
        for (uint32_t i = 0; i < round * 37 % 101; i++)
            breathe();
        for (uint32_t i = 0; i < NODES; i++)
            ck_assert_int_eq(kill(child_process(children[i]), SIGKILL), 0);
        for (uint32_t i = 0; i < NODES; i++)
            child_kill(children[i]);
        join(0, VICTIM_NODE);
        scene_expect_clean(1);
        leave();
    }
    topology_end();
}
END_TEST

/* --- One is stopped ------------------------------------------------------------------- */

/* Where a program that starts or ends may be stopped; those in between hold the control lock.
 */
static const struct {
    enum mci_crash_point point;
    bool leaves; /* else it joins */
} stops[] = {
    { MCI_CRASH_control_taken, false },    { MCI_CRASH_node_slot_taken, false },
    { MCI_CRASH_node_filled, false },      { MCI_CRASH_node_published, false },
    { MCI_CRASH_control_released, false }, { MCI_CRASH_control_taken, true },
    { MCI_CRASH_node_emptied, true },      { MCI_CRASH_node_withdrawn, true },
    { MCI_CRASH_control_released, true },
};
enum { STOPS = sizeof stops / sizeof stops[0] };

static struct child *stop_one(int number)
{
    struct child *one = child_start_bare(CHILD_PROCESS);
    struct act act = { .node = VICTIM_NODE };

    if (stops[number].leaves)
        child_do(one, act_initialize, &act);
    scene_stop_at(one, stops[number].point);
    child_begin(one, stops[number].leaves ? act_finalize : act_initialize, &act);
    scene_is_stopped(one);
    return one;
}

static void let_it_go_on(int number, struct child *one)
{
    struct act act;

    ck_assert_int_eq(kill(child_process(one), SIGCONT), 0);
    child_finish(one, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    if (stops[number].leaves) {
        act = (struct act){ .node = VICTIM_NODE };
        child_do(one, act_initialize, &act);
        expect_status(MCAPI_SUCCESS, act.status);
    }
}

/* Whoever starts meanwhile comes through at once, or when the other goes on; nobody takes the
 * stopped one for a dead one. */
static void start_beside(int number, struct child *one)
{
    struct child *next = child_start_bare(CHILD_PROCESS);
    struct act act = { .node = OTHER_NODE };

    child_begin(next, act_initialize, &act);
    ck_assert(eventually(child_is_done(next) || child_is_asleep(next)));
    let_it_go_on(number, one);
    child_finish(next, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    child_end(next);
}

/* Packets flow between two others all the time, whatever the stopped one holds. */
START_TEST(one_is_stopped_while_it_starts_or_ends_and_others_go_on)
{
    enum { PACKETS_SENT = 200 };
    struct pair pair;
    struct child *one;

    scene_begin();
    pair = pair_open(PACKETS, NULL, scene_peer);
    pair_send(&pair, "first"); /* an end takes the control lock when it is used first */
    pair_expect(&pair, "first");
    one = stop_one(_i);
    for (int i = 0; i < PACKETS_SENT; i++) {
        pair_send(&pair, "beside");
        pair_expect(&pair, "beside");
    }
    start_beside(_i, one);
    scene_remove(NULL, pair.send);
    scene_remove(scene_peer, pair.receive);
    child_end(one);
    scene_end();
}
END_TEST

/* There is nobody else: the stopped one makes the topology, or is the last in it. */
START_TEST(one_starts_while_the_first_or_the_last_one_is_stopped)
{
    struct child *one;

    topology_begin();
    one = stop_one(_i);
    start_beside(_i, one);
    child_end(one);
    join(0, VICTIM_NODE);
    scene_expect_clean(1);
    leave();
    topology_end();
}
END_TEST

/* Two begin at the same moment, in a topology that is not there yet; and one begins when the
 * other ends. */
START_TEST(two_start_together_and_one_starts_when_the_other_ends)
{
    enum { ROUNDS = 200 };
    struct child *one, *other;

    topology_begin();
    one = child_start_bare(CHILD_PROCESS);
    other = child_start_bare(CHILD_PROCESS);
    for (int round = 0; round < ROUNDS; round++) {
        struct act act = { .node = VICTIM_NODE };

        child_begin(one, act_initialize, &act);
        act.node = OTHER_NODE;
        child_begin(other, act_initialize, &act);
        child_finish(one, &act);
        expect_status(MCAPI_SUCCESS, act.status);
        child_finish(other, &act);
        expect_status(MCAPI_SUCCESS, act.status);
        child_do(other, act_finalize, &act);
        child_begin(one, act_finalize, &act);
        act.node = OTHER_NODE;
        child_begin(other, act_initialize, &act);
        child_finish(one, &act);
        expect_status(MCAPI_SUCCESS, act.status);
        child_finish(other, &act);
        expect_status(MCAPI_SUCCESS, act.status);
        child_do(other, act_finalize, &act);
        expect_status(MCAPI_SUCCESS, act.status);
    }
    child_end(one);
    child_end(other);
    topology_end();
}
END_TEST

/* --- The process id of the dead ------------------------------------------------------- */

/* The next process gets this id, if nobody else is quicker. Only root may say so. */
static bool ask_for_id(pid_t id)
{
    int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
    char text[32];
    bool done =
            fd >= 0 && write(fd, text, (size_t)snprintf(text, sizeof text, "%d", id - 1)) > 0;

    if (fd >= 0)
        close(fd);
    return done;
}

/* In a child with the id of the dead: another node than that was. */
static _Noreturn void be_somebody_else(void)
{
    join(0, OTHER_NODE); /* and not NODE_INITIALIZED, or the life of the dead */
    leave();
    _exit(0);
}

/* A node is known by the word that its thread holds and that the kernel marks, not by an id. */
START_TEST(who_has_the_process_id_of_the_dead_is_somebody_else)
{
    enum { TRIES = 2000 };
    struct child *victim;
    struct pair pair;
    pid_t id, next = 0;
    int status;

    if (!ask_for_id(getpid() + 1)) {
        fprintf(stderr, "skipped: a process may not choose its id here\n");
        return;
    }
    scene_begin();
    victim = child_start(CHILD_PROCESS, VICTIM_NODE);
    pair = pair_open(PACKETS, victim, scene_peer);
    id = child_process(victim);
    child_kill(victim);
    for (int i = 0; i < TRIES && next != id; i++) {
        ck_assert(ask_for_id(id));
        next = fork();
        if (next == 0) {
            if (getpid() != id)
                _exit(1);
            be_somebody_else();
        }
        ck_assert_int_gt(next, 0);
        ck_assert_int_eq(waitpid(next, &status, 0), next);
    }
    ck_assert_int_eq(next, id);
    ck_assert_int_eq(status, 0);
    expect_status(MCAPI_ERR_TRANSMISSION, pair_receive_status(&pair));
    scene_remove(scene_peer, pair.receive);
    scene_end();
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { all_are_killed_and_the_next_start_works_the_first_time, 1 },
        { one_is_stopped_while_it_starts_or_ends_and_others_go_on, STOPS },
        { one_starts_while_the_first_or_the_last_one_is_stopped, STOPS },
        { two_start_together_and_one_starts_when_the_other_ends, 1 },
        { who_has_the_process_id_of_the_dead_is_somebody_else, 1 },
    };

    scene_share();
    return suite_run("lives", tests, SUITE_LENGTH(tests));
}
