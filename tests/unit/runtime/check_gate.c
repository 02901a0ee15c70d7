/* SPDX-License-Identifier: MIT */
/*
 * check_gate.c - one thread at a time, whether one comes or several, and wherever the second
 * one meets the first.
 */
#include "runtime/gate.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "os/fence.h"
#include "support/eventually.h"
#include "support/suite.h"

enum { THREADS = 4, TURNS = 20000 };

/* What only one may touch at a time: two numbers that must stay equal. */
struct room {
    struct mci_gate gate;
    uint64_t one;
    _Atomic bool second_may_come, done;
    uint64_t other;
};

static struct room room;

static void turn(void)
{
    bool alone = mci_gate_enter(&room.gate);

    room.one++;
    atomic_signal_fence(memory_order_seq_cst); /* one, and then the other */
    if (room.other + 1 != room.one)
        ck_abort_msg("%llu and %llu: two were inside", (unsigned long long)room.one,
                     (unsigned long long)room.other);
    room.other++;
    mci_gate_leave(&room.gate, alone);
}

static void *take_turns(void *turns)
{
    for (uintptr_t i = 0; i < (uintptr_t)turns; i++)
        turn();
    return NULL;
}

static pthread_t start(void *(*body)(void *), uintptr_t argument)
{
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, body, (void *)argument), 0);
    return thread;
}

static void expect_turns(uint64_t turns)
{
    ck_assert_uint_eq(room.one, turns);
    ck_assert_uint_eq(room.other, turns);
    ck_assert_int_eq(mci_self.inside, 0);
}

/* A kernel, or a container, without the fences that the first thread's privilege needs. */
static void forbid_membarrier(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {
        .len = sizeof filter / sizeof filter[0],
        .filter = filter,
    };

    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
    ck_assert(!mci_fence_heavy_available());
}

START_TEST(the_first_thread_has_the_gate_to_itself)
{
    bool alone;

    if (!mci_fence_heavy_available())
        return; /* then nobody ever has */
    for (int i = 0; i < 3; i++) {
        alone = mci_gate_enter(&room.gate);
        ck_assert(alone);
        mci_gate_leave(&room.gate, alone);
    }
    pthread_join(start(take_turns, 1), NULL);
    alone = mci_gate_enter(&room.gate);
    ck_assert_msg(!alone, "and the second one ends that");
    mci_gate_leave(&room.gate, alone);
    expect_turns(1);
}
END_TEST

static void *take_turns_and_tell(void *unused)
{
    (void)unused;
    while (!atomic_load_explicit(&room.done, memory_order_relaxed)) {
        for (int i = 0; i < 50; i++)
            turn();
        atomic_store_explicit(&room.second_may_come, true, memory_order_relaxed);
    }
    return NULL;
}

/* Once for each round: the second thread comes while the first is at full speed. */
START_TEST(the_gate_is_taken_away_at_full_speed)
{
    enum { HAND_OVERS = 300, AFTER = 20 };

    for (int round = 0; round < HAND_OVERS; round++) {
        pthread_t first;
        uint64_t before;

        memset(&room, 0, sizeof room);
        first = start(take_turns_and_tell, 0);
        ck_assert(
                eventually(atomic_load_explicit(&room.second_may_come, memory_order_relaxed)));
        for (volatile int i = 0; i < round * 7 % 400; i++)
            ;
        before = 0;
        for (; before < AFTER; before++)
            turn();
        atomic_store_explicit(&room.done, true, memory_order_relaxed);
        ck_assert_int_eq(pthread_join(first, NULL), 0);
        ck_assert_uint_eq(room.one, room.other);
        ck_assert_uint_ge(room.one, AFTER + 50);
    }
}
END_TEST

/* _i 1: without the heavy fence */
START_TEST(several_threads_are_never_inside_together)
{
    pthread_t threads[THREADS];

    if (_i == 1)
        forbid_membarrier();
    for (int i = 0; i < THREADS; i++)
        threads[i] = start(take_turns, TURNS);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    expect_turns(THREADS * TURNS);
}
END_TEST

static void visit(void)
{
    void *owner = mci_gate_visit(&room.gate);

    room.one++;
    atomic_signal_fence(memory_order_seq_cst); /* one, and then the other */
    if (room.other + 1 != room.one)
        ck_abort_msg("%llu and %llu: a visitor was not alone", (unsigned long long)room.one,
                     (unsigned long long)room.other);
    room.other++;
    mci_gate_visit_over(&room.gate, owner);
}

static void *pay_visits(void *visits)
{
    for (uintptr_t i = 0; i < (uintptr_t)visits; i++)
        visit();
    return NULL;
}

START_TEST(a_visitor_leaves_the_gate_to_whom_it_belongs)
{
    visit();
    ck_assert_ptr_null(atomic_load(&room.gate.owner));
    pthread_join(start(pay_visits, 3), NULL);
    turn();
    ck_assert_ptr_eq(atomic_load(&room.gate.owner),
                     mci_fence_heavy_available() ? &mci_self : NULL);
    visit(); /* its own, too */
    pthread_join(start(pay_visits, 3), NULL);
    turn();
    ck_assert_ptr_eq(atomic_load(&room.gate.owner),
                     mci_fence_heavy_available() ? &mci_self : NULL);
    pthread_join(start(take_turns, 1), NULL);
    visit();
    ck_assert_ptr_eq(atomic_load(&room.gate.owner), &mci_gate_shared);
    turn();
    expect_turns(13);
}
END_TEST

/* One thread at full speed and two visitors; then a second thread that stays. _i 1: without the
 * heavy fence */
START_TEST(visitors_are_never_inside_with_others)
{
    enum { VISITS = 2000 };
    pthread_t visitors[2], second;

    if (_i == 1)
        forbid_membarrier();
    for (int i = 0; i < 2; i++)
        visitors[i] = start(pay_visits, VISITS);
    take_turns((void *)(uintptr_t)TURNS);
    second = start(take_turns, TURNS);
    take_turns((void *)(uintptr_t)TURNS);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_join(visitors[i], NULL), 0);
    ck_assert_int_eq(pthread_join(second, NULL), 0);
    expect_turns(2 * VISITS + 3 * TURNS);
}
END_TEST

START_TEST(without_the_heavy_fence_nobody_is_alone)
{
    bool alone;

    forbid_membarrier();
    alone = mci_gate_enter(&room.gate);
    ck_assert(!alone);
    mci_gate_leave(&room.gate, alone);
    take_turns((void *)(uintptr_t)1000);
    expect_turns(1000);
}
END_TEST

START_TEST(a_reset_gate_is_open_again)
{
    pthread_join(start(take_turns, 10), NULL);
    take_turns((void *)(uintptr_t)10);
    mci_gate_enter(&room.gate); /* somebody was inside in the parent */
    mci_gate_reset(&room.gate);
    mci_self.inside = 0;
    take_turns((void *)(uintptr_t)10);
    expect_turns(30);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { the_first_thread_has_the_gate_to_itself, 1 },
        { the_gate_is_taken_away_at_full_speed, 1 },
        { several_threads_are_never_inside_together, 2 },
        { a_visitor_leaves_the_gate_to_whom_it_belongs, 1 },
        { visitors_are_never_inside_with_others, 2 },
        { without_the_heavy_fence_nobody_is_alone, 1 },
        { a_reset_gate_is_open_again, 1 },
    };

    return suite_run("gate", tests, SUITE_LENGTH(tests));
}
