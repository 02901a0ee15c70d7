/* SPDX-License-Identifier: MIT */
/* check_thread.c - a thread of the library's own has its name and no signals. */
#include "os/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/eventually.h"
#include "support/suite.h"

static char name[32];
static sigset_t blocked;
static _Atomic int runs;
static _Atomic bool go;

static void look_around(void)
{
    pthread_getname_np(pthread_self(), name, sizeof name);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    atomic_fetch_add(&runs, 1);
}

static void wait_to_go(void)
{
    while (!atomic_load(&go))
        breathe();
    look_around();
}

START_TEST(it_runs_under_its_name_with_all_signals_blocked)
{
    static const struct mci_thread thread = { .name = "mcapi-test", .body = look_around };
    sigset_t before, after;

    pthread_sigmask(SIG_SETMASK, NULL, &before);
    ck_assert(mci_thread_start(&thread));
    ck_assert(eventually(atomic_load(&runs) == 1));
    ck_assert_str_eq(name, "mcapi-test");
    for (int i = 1; i < NSIG; i++)
        /* Of SIGKILL and SIGSTOP and the two of the C library nobody can say so. */
        if (i != SIGKILL && i != SIGSTOP && (i < 32 || i >= SIGRTMIN))
            ck_assert_int_eq(sigismember(&blocked, i), 1);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int i = 1; i < NSIG; i++)
        ck_assert_int_eq(sigismember(&before, i), sigismember(&after, i));
}
END_TEST

static _Thread_local int handled;

static void count_signal(int signal)
{
    (void)signal;
    handled++;
}

START_TEST(signals_go_to_the_threads_of_the_program)
{
    static const struct mci_thread thread = { .name = "mcapi-test", .body = wait_to_go };

    ck_assert(signal(SIGUSR1, count_signal) != SIG_ERR);
    ck_assert(mci_thread_start(&thread));
    for (int i = 0; i < 100; i++)
        kill(getpid(), SIGUSR1);
    ck_assert(eventually(handled > 0));
    atomic_store(&go, true);
    ck_assert(eventually(atomic_load(&runs) == 1));
}
END_TEST

/* A program with many thread-local variables needs more of a stack than is set aside. */
START_TEST(many_run_beside_each_other)
{
    static const struct mci_thread thread = { .name = "mcapi-test", .body = wait_to_go };

    for (int i = 0; i < 8; i++)
        ck_assert(mci_thread_start(&thread));
    atomic_store(&go, true);
    ck_assert(eventually(atomic_load(&runs) == 8));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { it_runs_under_its_name_with_all_signals_blocked, 1 },
        { signals_go_to_the_threads_of_the_program, 1 },
        { many_run_beside_each_other, 1 },
    };

    return suite_run("os/thread", tests, SUITE_LENGTH(tests));
}
