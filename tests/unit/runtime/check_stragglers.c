/* SPDX-License-Identifier: MIT */
/*
 * check_stragglers.c - threads that go on when their node is dead already, deaths that the
 * kernel does not mark, wakes that die with who was to pass them on, owners that are stopped.
 */
#include <limits.h>
#include <linux/futex.h>
#include <mcapi_ext.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/futex.h"
#include "os/process.h"
#include "os/robust.h"
#include "runtime/control.h"
#include "runtime/recovery.h"
#include "segment/audit.h"
#include "segment/mailbox.h"
#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

enum { VICTIM = 2 };

/* --- A process whose main thread helps a node that is another thread ---------------------- */

/* Both sides see it. */
static struct shared {
    _Atomic int node_thread; /* its id; 0: not yet, -1: it could not join */
    _Atomic bool node_shall_end;
} * shared;

/* Ends behind the back of the C library, which is how a thread of a process that is killed ends
 * as others see it: the word is marked, and nothing else happens. */
static void *be_a_node(void *unused)
{
    mcapi_status_t status;
    mcapi_info_t info;

    (void)unused;
    mcapi_initialize(0, VICTIM, NULL, NULL, &info, &status);
    atomic_store(&shared->node_thread, status == MCAPI_SUCCESS ? (int)syscall(SYS_gettid) : -1);
    while (!atomic_load(&shared->node_shall_end))
        breathe();
    syscall(SYS_exit, 0);
    return NULL;
}

static void act_become_helper(struct act *act)
{
    pthread_t thread;

    expect_true(pthread_create(&thread, NULL, be_a_node, NULL) == 0);
    expect_true(eventually(atomic_load(&shared->node_thread) != 0));
    expect_true(atomic_load(&shared->node_thread) > 0);
    act->status = MCAPI_SUCCESS;
}

static void act_lose_node(struct act *act)
{
    atomic_store(&shared->node_shall_end, true);
    expect_true(eventually(syscall(SYS_tgkill, getpid(), atomic_load(&shared->node_thread), 0)
                           != 0));
    act->status = MCAPI_SUCCESS;
}

static struct child *helper_start(void)
{
    struct child *helper;

    shared = shared_memory(sizeof *shared);
    helper = child_start_bare(CHILD_PROCESS);

    child_do(helper, act_become_helper, &(struct act){ .kind = 0 });
    return helper;
}

static void helper_loses_node(struct child *helper)
{
    child_do(helper, act_lose_node, &(struct act){ .kind = 0 });
}

/* --- The test -------------------------------------------------------------------------- */

static void audit(struct mci_audit *audit)
{
    ck_assert(mci_control_lock(mci_self.node, mci_self.serial));
    mci_recover_all_dead(&mci_runtime.map);
    mci_audit(mci_map(), audit);
    mci_control_unlock();
    ck_assert_msg(audit->faults == 0, "%s", audit->fault[0]);
}

static bool nothing_is_dead(void)
{
    struct mci_audit now;

    audit(&now);
    return now.dead == 0;
}

static const struct mci_node_slot *slot_of(mcapi_node_t node)
{
    uint32_t slot = 0;

    while (mci_map()->nodes[slot].node != node)
        expect_true(++slot < mci_map()->limits.max_nodes);
    return &mci_map()->nodes[slot];
}

static uint32_t channel_of(mcapi_endpoint_t endpoint)
{
    return mci_map()->endpoints[endpoint & 0xffff].channel;
}

/* The channel of one that is dead and may still send belongs to nobody until it cannot. */
START_TEST(a_channel_is_left_alone_while_somebody_may_be_at_work_there)
{
    struct child *helper = helper_start();
    struct pair old = pair_open(_i, helper, NULL);
    uint32_t channel = channel_of(old.receive);
    struct pair next;
    struct mci_audit now;

    expect_status(MCAPI_SUCCESS, pair_send_status(&old));
    expect_status(MCAPI_SUCCESS, pair_receive_status(&old));
    helper_loses_node(helper);
    expect_status(MCAPI_ERR_TRANSMISSION, pair_receive_status(&old));
    pair_close_receive(&old);

    next = pair_open(_i, NULL, NULL);
    ck_assert_uint_ne(channel_of(next.receive), channel);
    pair_send_status(&old); /* the straggler; whatever it is told */
    if (_i == PACKETS)
        expect(MCAPI_SUCCESS,
               ck_assert_uint_eq(mcapi_pktchan_available(next.receive, &status), 0));
    else
        expect(MCAPI_SUCCESS,
               ck_assert_uint_eq(mcapi_sclchan_available(next.receive, &status), 0));
    expect_status(MCAPI_SUCCESS, pair_send_status(&next));
    expect_status(MCAPI_SUCCESS, pair_receive_status(&next));
    audit(&now);
    ck_assert_uint_eq(now.dead, 1);

    child_kill(helper);
    ck_assert(nothing_is_dead());
    pair_close(&next);
}
END_TEST

/* The name of the dead is free at once all the same, and what it had is not found any more. */
START_TEST(who_is_dead_is_gone_for_all_others_at_once)
{
    struct child *helper = helper_start();
    struct act act = { .port = 7 };
    struct child *next;

    child_do(helper, act_create, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    helper_loses_node(helper);
    expect(MCAPI_TIMEOUT, mcapi_endpoint_get(0, VICTIM, 7, MCAPI_TIMEOUT_IMMEDIATE, &status));
    next = child_start(CHILD_PROCESS, VICTIM);
    act = (struct act){ .port = 7 };
    child_do(next, act_create, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    expect(MCAPI_SUCCESS, mcapi_endpoint_get(0, VICTIM, 7, MCAPI_TIMEOUT_IMMEDIATE, &status));
    /* And who helped it is told. */
    act = (struct act){ .port = 8 };
    child_do(helper, act_create, &act);
    expect_status(MCAPI_ERR_NODE_NOTINIT, act.status);
    child_kill(helper);
    ck_assert(nothing_is_dead());
}
END_TEST

/* endpoint -> word: takes a cell as a send does, and gets no further */
static void act_take_cell(struct act *act)
{
    struct mci_node *node = mci_node_current();
    struct mci_mailbox box = { 0 };
    uint32_t name = MCI_CONTROL_NAME(node->slot,
                                     atomic_load(&mci_map()->nodes[node->slot].incarnation));

    act->status = MCAPI_ERR_GENERAL;
    if (!mci_mailbox_view(mci_map(), act->endpoint, &box) || box.head == NULL)
        return;
    act->word = mci_mailbox_take(&box, 0, name);
    act->status = MCAPI_SUCCESS;
}

static uint32_t name_in(mcapi_endpoint_t endpoint, uint64_t cell)
{
    struct mci_mailbox box = { 0 };

    return mci_mailbox_view(mci_map(), endpoint, &box) && box.cells != NULL
                 ? atomic_load(&box.cells[cell].owner)
                 : MCI_NOBODY;
}

START_TEST(a_cell_is_left_alone_while_somebody_may_be_filling_it)
{
    struct child *helper = helper_start();
    mcapi_endpoint_t end = mcapi_endpoint_create(MCAPI_PORT_ANY, &(mcapi_status_t){ 0 });
    struct act act = { .endpoint = end };

    expect(MCAPI_SUCCESS, mcapi_msg_send(end, end, "x", 1, 0, &status));
    child_do(helper, act_take_cell, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_uint_ne(act.word, MCI_NO_CELL);
    helper_loses_node(helper);
    ck_assert(!nothing_is_dead());
    ck_assert_uint_ne(name_in(end, act.word), MCI_NOBODY);
    child_kill(helper);
    ck_assert(nothing_is_dead());
    ck_assert_uint_eq(name_in(end, act.word), MCI_NOBODY);
}
END_TEST

static void act_take_lock(struct act *act)
{
    struct mci_node *node = mci_node_current();

    expect_true(mci_control_lock(node, mci_self.serial));
    act->status = MCAPI_SUCCESS;
}

static void act_give_lock(struct act *act)
{
    mci_control_unlock();
    act->status = MCAPI_SUCCESS;
}

/* 0: it gives the lock back, 1: it is killed. */
START_TEST(the_tables_are_left_alone_while_somebody_may_be_changing_them)
{
    struct child *helper = helper_start();
    struct child *waiter = child_start_bare(CHILD_THREAD);
    struct act act = { .port = 9 };

    child_do(helper, act_take_lock, &(struct act){ .kind = 0 });
    helper_loses_node(helper);
    child_begin(waiter, act_create, &act);
    ck_assert(eventually(child_is_asleep(waiter)));
    ck_assert(!child_is_done(waiter));
    if (_i == 0)
        child_do(helper, act_give_lock, &(struct act){ .kind = 0 });
    else
        child_kill(helper);
    child_finish(waiter, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    child_end(waiter);
    if (_i == 0)
        child_kill(helper);
    ck_assert(nothing_is_dead());
}
END_TEST

/* A node of this process is lost, and its slot is another process' now: which has the lock. Who
 * waits for it here and is woken for nothing does not take it for a lock of its own. */
START_TEST(a_lost_nodes_slot_is_not_ours_any_more)
{
    enum { WAITER = VICTIM + 1, OWNER, WAKES = 50 };
    _Atomic uint32_t *control = &mci_runtime.map.header->control;
    struct child *waiter = helper_start();
    const struct mci_node_slot *slot = slot_of(VICTIM);
    struct act act = { .node = WAITER };
    struct child *owner;

    child_do(waiter, act_initialize, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    helper_loses_node(waiter);
    ck_assert(nothing_is_dead());
    owner = child_start(CHILD_PROCESS, OWNER);
    ck_assert_ptr_eq(slot_of(OWNER), slot);

    child_do(owner, act_take_lock, &(struct act){ .kind = 0 });
    act = (struct act){ .port = 9 };
    child_begin(waiter, act_create, &act);
    for (int i = 0; i < WAKES; i++) {
        ck_assert(eventually(child_is_asleep(waiter)));
        mci_futex_wake(control, INT_MAX);
        breathe();
        ck_assert(!child_is_done(waiter));
    }
    child_do(owner, act_give_lock, &(struct act){ .kind = 0 });
    child_finish(waiter, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    child_end(owner);
    child_kill(waiter);
    ck_assert(nothing_is_dead());
}
END_TEST

/* Who helps a node waits for the lock while the node dies and is recovered: it gets nothing
 * more for it, which nobody would take back. */
START_TEST(who_comes_too_late_changes_nothing)
{
    struct child *helper = helper_start();
    struct act act = { .port = 9 };
    struct mci_audit now;

    ck_assert(mci_control_lock(mci_self.node, mci_self.serial));
    child_begin(helper, act_create, &act);
    ck_assert(eventually(child_is_asleep(helper)));
    atomic_store(&shared->node_shall_end, true);
    ck_assert(eventually(mci_robust_dead(atomic_load(&slot_of(VICTIM)->liveness.word))));
    mci_recover_all_dead(&mci_runtime.map);
    mci_control_unlock();
    child_finish(helper, &act);
    expect_status(MCAPI_ERR_NODE_NOTINIT, act.status);
    audit(&now);
    ck_assert_uint_eq(now.endpoints, 0);
    child_kill(helper);
    ck_assert(nothing_is_dead());
}
END_TEST

/* --- Deaths that nobody marks ----------------------------------------------------------- */

/* So many that the kernel does not come to what is linked behind them. */
static void act_hide_from_the_kernel(struct act *act)
{
    enum { MUTEXES = 2100 };
    static pthread_mutex_t mutexes[MUTEXES];
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    for (int i = 0; i < MUTEXES; i++) {
        pthread_mutex_init(&mutexes[i], &attributes);
        pthread_mutex_lock(&mutexes[i]);
    }
    act->status = MCAPI_SUCCESS;
}

START_TEST(a_death_without_a_mark_is_noticed_by_who_waits)
{
    struct child *victim = child_start(CHILD_PROCESS, VICTIM);
    struct child *waiter = child_start_bare(CHILD_THREAD);
    struct pair pair = pair_open(_i, victim, NULL);
    struct act act = { .kind = _i, .endpoint = pair.receive };

    child_do(victim, act_hide_from_the_kernel, &(struct act){ .kind = 0 });
    child_begin(waiter, act_receive, &act);
    ck_assert(eventually(child_is_asleep(waiter)));
    child_kill(victim);
    child_finish(waiter, &act);
    expect_status(MCAPI_ERR_TRANSMISSION, act.status);
    child_end(waiter);
}
END_TEST

START_TEST(an_owner_that_died_without_a_mark_gives_the_lock_back)
{
    struct child *victim = child_start(CHILD_PROCESS, VICTIM);

    child_do(victim, act_take_lock, &(struct act){ .kind = 0 });
    child_do(victim, act_hide_from_the_kernel, &(struct act){ .kind = 0 });
    child_kill(victim);
    expect(MCAPI_SUCCESS, mcapi_endpoint_create(3, &status));
    ck_assert(nothing_is_dead());
}
END_TEST

/* --- Waits for several peers ------------------------------------------------------------- */

static int64_t returned_at_us;

/* endpoint, other: receiving ends of packet channels. */
static void act_wait_for_both(struct act *act)
{
    mcapi_endpoint_t ends[] = { act->endpoint, act->other };

    act->count = mcapi_ext_wait_receivable(ends, 2, MCAPI_TIMEOUT_INFINITE, &act->status);
    returned_at_us = now_us();
}

/* node: sleeps on its word as others do, and passes nothing on: as one that dies when it is
 * woken. */
static void act_swallow_wake(struct act *act)
{
    const _Atomic uint32_t *word = &slot_of(act->node)->liveness.word;

    while (!mci_robust_dead(atomic_load(word)))
        syscall(SYS_futex, word, FUTEX_WAIT, atomic_load(word), NULL, NULL, 0);
    act->status = MCAPI_SUCCESS;
}

/* us from the death of the second of two peers to the return of one who waits for both, when
 * the kernel's wake has gone to another. */
static int64_t notice_second_peer(void)
{
    struct child *first = child_start(CHILD_PROCESS, 2);
    struct child *second = child_start(CHILD_PROCESS, 3);
    struct child *other = child_start(CHILD_PROCESS, 4);
    struct child *waiter = child_start_bare(CHILD_THREAD);
    struct pair pairs[] = { pair_open(PACKETS, first, NULL), pair_open(PACKETS, second, NULL) };
    struct act act = { .node = 3 };
    int64_t killed;

    child_begin(other, act_swallow_wake, &act);
    ck_assert(eventually(child_is_asleep(other)));
    act = (struct act){ .endpoint = pairs[0].receive, .other = pairs[1].receive };
    child_begin(waiter, act_wait_for_both, &act);
    ck_assert(eventually(child_is_asleep(waiter)));
    killed = now_us();
    child_kill(second);
    child_finish(waiter, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_uint_eq(act.count, 1);
    child_end(waiter);
    child_kill(other);
    child_kill(first);
    return returned_at_us - killed;
}

START_TEST(each_of_several_peers_is_missed_soon)
{
    enum { NOTICED_US = 100 * 1000, TRIES = 10 }; /* the machine may be busy */
    int64_t best = INT64_MAX;

    for (int i = 0; i < TRIES && best >= NOTICED_US; i++) {
        int64_t took = notice_second_peer();

        best = took < best ? took : best;
    }
    ck_assert_int_lt(best, NOTICED_US);
}
END_TEST

/* --- Owners that are stopped ------------------------------------------------------------- */

START_TEST(calls_with_a_timeout_do_not_wait_for_a_stopped_owner)
{
    struct child *owner = child_start(CHILD_PROCESS, VICTIM);
    int64_t began;
    mcapi_request_t request;
    mcapi_endpoint_t found;
    size_t size;

    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(0, VICTIM, 3, &found, &request, &status));
    child_do(owner, act_take_lock, &(struct act){ .kind = 0 });
    kill(child_process(owner), SIGSTOP);
    began = now_us();
    expect(MCAPI_TIMEOUT, mcapi_endpoint_get(0, VICTIM, 3, 10, &status));
    expect(MCAPI_TIMEOUT, mcapi_wait(&request, &size, 10, &status));
    ck_assert_int_lt(now_us() - began, PATIENCE_MS * 1000LL);
    kill(child_process(owner), SIGCONT);
    child_do(owner, act_give_lock, &(struct act){ .kind = 0 });
    child_do(owner, act_create, &(struct act){ .port = 3 });
    expect(MCAPI_SUCCESS, mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect(MCAPI_SUCCESS, mcapi_endpoint_get(0, VICTIM, 3, 10, &status));
}
END_TEST

/* --- Who takes over a slot ------------------------------------------------------------ */

static uint32_t slot_of_victim(void)
{
    uint32_t slot = 0;

    while (mci_map()->nodes[slot].node != VICTIM)
        slot++;
    return slot;
}

/* We have taken the word of a dead node's slot, as one does who joins when no slot is free, and
 * do not have the control lock yet: the rest of the slot is still the dead one's. 0: somebody
 * looks whether the owner of the word is there, 1: somebody joins under the dead one's name. */
START_TEST(who_takes_a_slot_over_is_not_taken_for_the_dead)
{
    struct child *victim = child_start(CHILD_PROCESS, VICTIM);
    struct mci_liveness *liveness = &mci_map()->nodes[slot_of_victim()].liveness;
    struct child *heir;

    child_kill(victim);
    ck_assert(mci_robust_take_over(liveness));
    if (_i == 0) {
        mci_recover_notice(&mci_runtime.map, slot_of_victim());
    } else {
        heir = child_start(CHILD_PROCESS, VICTIM);
        child_do(heir, act_create, &(struct act){ .port = 7 });
        child_end(heir);
    }
    ck_assert_uint_eq(mci_robust_owner(liveness->word), mci_thread_id());
    /* It was the wrong one, and is as it was. */
    mci_robust_return_dead(liveness);
    ck_assert_uint_eq(liveness->word, FUTEX_OWNER_DIED | FUTEX_WAITERS);
    ck_assert(!mci_robust_acquire(liveness));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_channel_is_left_alone_while_somebody_may_be_at_work_there, 2 },
        { who_is_dead_is_gone_for_all_others_at_once, 1 },
        { a_cell_is_left_alone_while_somebody_may_be_filling_it, 1 },
        { the_tables_are_left_alone_while_somebody_may_be_changing_them, 2 },
        { a_lost_nodes_slot_is_not_ours_any_more, 1 },
        { who_comes_too_late_changes_nothing, 1 },
        { a_death_without_a_mark_is_noticed_by_who_waits, 2 },
        { an_owner_that_died_without_a_mark_gives_the_lock_back, 1 },
        { each_of_several_peers_is_missed_soon, 1 },
        { calls_with_a_timeout_do_not_wait_for_a_stopped_owner, 1 },
        { who_takes_a_slot_over_is_not_taken_for_the_dead, 2 },
    };

    return suite_run_between("runtime/stragglers", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
