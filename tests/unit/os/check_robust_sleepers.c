/* SPDX-License-Identifier: MIT */
/*
 * check_robust_sleepers.c - at whatever instruction an owner dies, everybody who sleeps on its
 * word comes back.
 */
#include "os/robust.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/ptrace.h>

#include "os/futex.h"
#include "support/suite.h"
#include "unit/os/scene.h"

enum {
    SLEEPERS = 6,
};

/* Sleeps on data and on the owner's word, until the owner is dead. */
static int sleep_until_dead(void *unused)
{
    uint32_t seen = word(0);

    (void)unused;
    scene->asleep++;
    while (!mci_robust_dead(seen)) {
        struct mci_futex_watch watches[] = { { &scene->data, 0 },
                                             { &scene->words[0].word, seen } };

        if (scene->guarded)
            mci_robust_guard(&scene->words[0]);
        mci_futex_wait_any(watches, 2, MCI_FOREVER);
        if (scene->guarded)
            mci_robust_guard(NULL);
        seen = word(0);
    }
    scene->woken++;
    return 0;
}

static void expect_all_end(const pid_t *children, int count)
{
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(child_result(children[i]), 0);
}

START_TEST(one_death_wakes_every_sleeper)
{
    pid_t owner, sleepers[SLEEPERS];

    scene_open();
    owner = child_start(own_and_wait, NULL);
    ck_assert(eventually(scene->ready == 1));
    for (int i = 0; i < SLEEPERS; i++) {
        sleepers[i] = child_start(sleep_until_dead, NULL);
        ck_assert(eventually(scene->asleep == (uint32_t)i + 1
                             && thread_sleeps(sleepers[i], sleepers[i])));
    }
    child_kill(owner);
    expect_all_end(sleepers, SLEEPERS);
    ck_assert_uint_eq(scene->woken, SLEEPERS);
}
END_TEST

static void on_one_processor(void)
{
    cpu_set_t first;

    CPU_ZERO(&first);
    CPU_SET(sched_getcpu(), &first);
    ck_assert_int_eq(sched_setaffinity(0, sizeof first, &first), 0);
}

static void run_last(pid_t pid)
{
    ck_assert_int_eq(sched_setscheduler(pid, SCHED_IDLE, &(struct sched_param){ 0 }), 0);
}

/* The owner and its first sleeper are killed together, the owner gets to die first, and the
 * kernel gives its only wake to the first sleeper, which never runs again in the program. */
START_TEST(a_wake_that_dies_with_its_sleeper_is_not_lost)
{
    pid_t owner, sleepers[3];

    scene_open();
    scene->guarded = true;
    on_one_processor();
    owner = child_start(own_and_wait, NULL);
    ck_assert(eventually(scene->ready == 1));
    for (int i = 0; i < 3; i++) {
        sleepers[i] = child_start(sleep_until_dead, NULL);
        ck_assert(eventually(scene->asleep == (uint32_t)i + 1
                             && thread_sleeps(sleepers[i], sleepers[i])));
    }
    run_last(sleepers[0]);
    kill(sleepers[0], SIGKILL);
    kill(owner, SIGKILL);
    child_result(owner);
    child_result(sleepers[0]);
    expect_all_end(&sleepers[1], 2);
}
END_TEST

static int sleep_on_word(void *unused)
{
    uint32_t seen = word(0);

    (void)unused;
    scene->asleep++;
    mci_futex_wait(&scene->words[0].word, seen, MCI_FOREVER);
    return word(0) == 0 ? 0 : 1;
}

START_TEST(a_release_wakes_every_sleeper)
{
    pid_t sleepers[SLEEPERS];

    scene_open();
    ck_assert(mci_robust_acquire(&scene->words[0]));
    for (int i = 0; i < SLEEPERS; i++) {
        sleepers[i] = child_start(sleep_on_word, NULL);
        ck_assert(eventually(scene->asleep == (uint32_t)i + 1
                             && thread_sleeps(sleepers[i], sleepers[i])));
    }
    mci_robust_release(&scene->words[0]);
    expect_all_end(sleepers, SLEEPERS);
}
END_TEST

/* --- A death between any two instructions ----------------------------------------- */

/* Stops for the parent, which goes on with us instruction by instruction. */
static void stop(void)
{
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    /* What only the first call does (the loader's part of it too) is not what we look at. */
    mci_robust_acquire(&scene->words[MCI_ROBUST_HELD]);
    mci_robust_release(&scene->words[MCI_ROBUST_HELD]);
    raise(SIGSTOP);
}

static int stop_and_acquire(void *unused)
{
    (void)unused;
    stop();
    mci_robust_acquire(&scene->words[0]);
    raise(SIGSTOP);
    return 0;
}

static int stop_and_take_over(void *unused)
{
    (void)unused;
    stop();
    mci_robust_take_over(&scene->words[0]);
    raise(SIGSTOP);
    return 0;
}

/* Beside a word before it and one behind it. */
static int stop_and_release(void *unused)
{
    (void)unused;
    mci_robust_acquire(&scene->words[1]);
    mci_robust_acquire(&scene->words[0]);
    mci_robust_acquire(&scene->words[2]);
    stop();
    mci_robust_release(&scene->words[0]);
    raise(SIGSTOP);
    return 0;
}

static const struct crossing {
    int (*body)(void *);
    bool dead_before;  /* the word is dead when it begins */
    bool free_allowed; /* a death may leave the word free */
    bool slept_on;     /* somebody sleeps on the word the while, and must wake */
} crossings[] = {
    { stop_and_acquire, false, true, false },
    { stop_and_take_over, true, false, false },
    { stop_and_release, false, true, true },
};

/* The child goes on by so many instructions and is killed; false: it came to its next stop
 * before. */
static bool kill_after_instructions(pid_t child, int instructions)
{
    bool done = false;
    int status;

    for (int i = 0; i < instructions && !done; i++) {
        ck_assert_int_eq(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), 0);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFSTOPPED(status));
        done = WSTOPSIG(status) == SIGSTOP;
    }
    child_kill(child);
    return !done;
}

static void *sleep_once(void *owned)
{
    mci_futex_wait(&scene->words[0].word, *(uint32_t *)owned, MCI_FOREVER);
    scene->woken++;
    return NULL;
}

/* True until the child has lived through all of it. */
static bool cross(const struct crossing *crossing, int instructions)
{
    uint32_t owned = 0;
    pthread_t sleeper;
    pid_t child;
    int status;
    bool killed;

    memset(scene, 0, sizeof *scene);
    if (crossing->dead_before)
        scene->words[0].word = FUTEX_OWNER_DIED | FUTEX_WAITERS;
    child = child_start(crossing->body, NULL);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSTOPPED(status));
    if (crossing->slept_on) {
        owned = word(0);
        ck_assert_uint_eq(mci_robust_owner(owned), (uint32_t)child);
        ck_assert_int_eq(pthread_create(&sleeper, NULL, sleep_once, &owned), 0);
    }
    killed = kill_after_instructions(child, instructions);
    if (killed)
        ck_assert(mci_robust_dead(word(0)) || (crossing->free_allowed && word(0) == 0));
    if (crossing->slept_on) {
        ck_assert(eventually(scene->woken == 1));
        pthread_join(sleeper, NULL);
        ck_assert(mci_robust_dead(word(1)));
        ck_assert(mci_robust_dead(word(2)));
    }
    return killed;
}

START_TEST(a_death_between_any_two_instructions_leaves_no_owner)
{
    int64_t give_up = now_ms() + PATIENCE_MS;
    int instructions = 0;

    scene_open();
    /* In steps of 1 while there is time: a sanitizer adds many instructions. */
    while (cross(&crossings[_i], instructions))
        instructions += now_ms() < give_up ? 1 : 97;
    ck_assert_int_gt(instructions, 20);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { one_death_wakes_every_sleeper, 1 },
        { a_wake_that_dies_with_its_sleeper_is_not_lost, 20 },
        { a_release_wakes_every_sleeper, 1 },
        { a_death_between_any_two_instructions_leaves_no_owner, SUITE_LENGTH(crossings) },
    };

    return suite_run("robust words and sleepers", tests, SUITE_LENGTH(tests));
}
