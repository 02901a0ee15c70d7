/* SPDX-License-Identifier: MIT */
/*
 * check_robust.c - a word is marked whenever its owner dies, whatever else the thread holds.
 */
#include "os/robust.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "os/futex.h"
#include "os/process.h"
#include "support/suite.h"
#include "unit/os/children.h"

enum {
    SLEEPERS = 6,
};

/* What parent and children see. */
struct scene {
    struct mci_liveness words[MCI_ROBUST_HELD + 1];
    _Atomic uint32_t ready;
    _Atomic uint32_t data;
    _Atomic uint32_t asleep; /* sleepers that are about to sleep */
    _Atomic uint32_t woken;
    bool guarded;
};

static struct scene *scene;

static void scene_open(void)
{
    scene = shared_memory(sizeof *scene);
    ck_assert(mci_robust_available());
}

static uint32_t word(int i)
{
    return atomic_load(&scene->words[i].word);
}

static void wait_for_ever(void)
{
    for (;;)
        pause();
}

/* Entries of the calling thread's list, -1 if it does not come to an end. */
static int listed(void)
{
    struct robust_list_head *head;
    struct robust_list *link;
    size_t length;
    int count = 0;

    ck_assert_int_eq(syscall(SYS_get_robust_list, 0, &head, &length), 0);
    ck_assert_ptr_null(head->list_op_pending);
    for (link = head->list.next; link != &head->list && count <= 100; count++)
        link = ((struct robust_list *)((uintptr_t)link & ~(uintptr_t)1))->next;
    return count <= 100 ? count : -1;
}

/* --- One owner ------------------------------------------------------------------- */

START_TEST(a_word_has_one_owner_until_the_release)
{
    scene_open();
    ck_assert(mci_robust_acquire(&scene->words[0]));
    ck_assert_uint_eq(mci_robust_owner(word(0)), mci_thread_id());
    ck_assert(!mci_robust_dead(word(0)));
    ck_assert(!mci_robust_acquire(&scene->words[0]));
    ck_assert(!mci_robust_take_over(&scene->words[0]));
    mci_robust_clear_dead(&scene->words[0]);
    ck_assert_uint_eq(mci_robust_owner(word(0)), mci_thread_id());
    ck_assert_int_eq(listed(), 1);
    mci_robust_release(&scene->words[0]);
    ck_assert_uint_eq(word(0), 0);
    ck_assert_int_eq(listed(), 0);
    mci_robust_release(&scene->words[0]);
    ck_assert_uint_eq(word(0), 0);
}
END_TEST

START_TEST(a_thread_holds_as_many_as_promised_and_no_more)
{
    scene_open();
    for (int i = 0; i < MCI_ROBUST_HELD; i++)
        ck_assert(mci_robust_acquire(&scene->words[i]));
    ck_assert(!mci_robust_acquire(&scene->words[MCI_ROBUST_HELD]));
    ck_assert_uint_eq(word(MCI_ROBUST_HELD), 0);
    ck_assert_int_eq(listed(), MCI_ROBUST_HELD);
    for (int i = 0; i < MCI_ROBUST_HELD; i++)
        mci_robust_release(&scene->words[i]);
    ck_assert_int_eq(listed(), 0);
}
END_TEST

/* --- Ways to die ----------------------------------------------------------------- */

static void own_and_tell(void)
{
    bool owned = mci_robust_acquire(&scene->words[0]) && mci_robust_acquire(&scene->words[1]);

    scene->ready = owned ? 1 : 2;
}

static int own_and_wait(void *unused)
{
    (void)unused;
    own_and_tell();
    wait_for_ever();
    return 1;
}

static int own_and_exit(void *unused)
{
    (void)unused;
    own_and_tell();
    return 0;
}

static int own_and_crash(void *unused)
{
    (void)unused;
    own_and_tell();
    raise(SIGABRT);
    return 1;
}

static void *thread_owns_and_returns(void *unused)
{
    (void)unused;
    own_and_tell();
    return NULL;
}

static void *thread_owns_and_waits(void *unused)
{
    (void)unused;
    own_and_tell();
    wait_for_ever();
    return NULL;
}

static int thread_returns(void *unused)
{
    pthread_t owner;

    (void)unused;
    if (pthread_create(&owner, NULL, thread_owns_and_returns, NULL) != 0)
        return 1;
    wait_for_ever();
    return 1;
}

static int thread_is_cancelled(void *unused)
{
    pthread_t owner;

    (void)unused;
    if (pthread_create(&owner, NULL, thread_owns_and_waits, NULL) != 0
        || !eventually(scene->ready != 0))
        return 1;
    pthread_cancel(owner);
    wait_for_ever();
    return 1;
}

static int another_thread_ends_the_process(void *unused)
{
    pthread_t owner;

    (void)unused;
    if (pthread_create(&owner, NULL, thread_owns_and_waits, NULL) != 0
        || !eventually(scene->ready != 0))
        return 1;
    return 0;
}

static int execute_another_program(void *unused)
{
    (void)unused;
    own_and_tell();
    execlp("sleep", "sleep", "1000", (char *)NULL);
    return 1;
}

static int die_with_a_living_child(void *unused)
{
    (void)unused;
    own_and_tell();
    if (fork() == 0) {
        alarm(60);
        wait_for_ever();
    }
    wait_for_ever();
    return 1;
}

static const struct death {
    int (*body)(void *);
    bool by_us; /* it waits to be killed */
    bool lives; /* the process goes on */
} deaths[] = {
    { own_and_wait, true, false },
    { own_and_exit, false, false },
    { own_and_crash, false, false },
    { thread_returns, false, true },
    { thread_is_cancelled, false, true },
    { another_thread_ends_the_process, false, false },
    { execute_another_program, false, true },
    { die_with_a_living_child, true, false },
};

START_TEST(every_death_marks_the_words_and_wakes)
{
    const struct death *death = &deaths[_i];
    mci_time deadline;
    pid_t owner;

    scene_open();
    owner = child_start(death->body, NULL);
    ck_assert(eventually(scene->ready != 0));
    ck_assert_uint_eq(scene->ready, 1);
    if (death->by_us)
        kill(owner, SIGKILL);
    deadline = mci_clock_deadline(PATIENCE_MS);
    for (uint32_t seen = word(0); !mci_robust_dead(seen); seen = word(0))
        ck_assert_int_ne(mci_futex_wait(&scene->words[0].word, seen, deadline), ETIMEDOUT);
    ck_assert(eventually(mci_robust_dead(word(1))));
    ck_assert_uint_eq(mci_robust_owner(word(0)), 0);
    if (death->lives)
        child_kill(owner);
    else
        child_result(owner);
}
END_TEST

START_TEST(a_dead_word_is_cleared_or_taken_over)
{
    pid_t owner;

    scene_open();
    owner = child_start(own_and_exit, NULL);
    ck_assert_int_eq(child_result(owner), 0);
    ck_assert(!mci_robust_acquire(&scene->words[0]));
    ck_assert(mci_robust_take_over(&scene->words[0]));
    ck_assert(!mci_robust_dead(word(0)));
    ck_assert_uint_eq(mci_robust_owner(word(0)), mci_thread_id());
    ck_assert(!mci_robust_take_over(&scene->words[0]));
    mci_robust_clear_dead(&scene->words[1]);
    ck_assert_uint_eq(word(1), 0);
    ck_assert(mci_robust_acquire(&scene->words[1]));
    mci_robust_release(&scene->words[0]);
    mci_robust_release(&scene->words[1]);
    ck_assert_int_eq(listed(), 0);
}
END_TEST

static int own_nothing_yet(void *unused)
{
    (void)unused;
    mci_robust_release(&scene->words[0]); /* the parent's */
    if (listed() != 0 || !mci_robust_acquire(&scene->words[1]) || listed() != 1)
        return 1;
    return 0;
}

START_TEST(a_forked_child_owns_nothing)
{
    scene_open();
    ck_assert(mci_robust_acquire(&scene->words[0]));
    ck_assert_int_eq(child_result(child_start(own_nothing_yet, NULL)), 0);
    ck_assert_uint_eq(mci_robust_owner(word(0)), mci_thread_id());
    ck_assert(!mci_robust_dead(word(0)));
    ck_assert(mci_robust_dead(word(1)));
    mci_robust_release(&scene->words[0]);
    ck_assert_uint_eq(word(0), 0);
}
END_TEST

/* --- Beside the application's robust mutexes -------------------------------------- */

enum {
    MUTEXES = 4,
    WORDS = 3,
    THINGS = MUTEXES + WORDS,
};

static pthread_mutex_t *mutexes;

static void mutexes_open(void)
{
    pthread_mutexattr_t attributes;

    mutexes = shared_memory(MUTEXES * sizeof *mutexes);
    for (int i = 0; i < MUTEXES; i++) {
        pthread_mutexattr_init(&attributes);
        pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
        pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
        pthread_mutexattr_settype(&attributes,
                                  i % 2 ? PTHREAD_MUTEX_ERRORCHECK : PTHREAD_MUTEX_NORMAL);
        /* glibc marks the address of these in the list. */
        pthread_mutexattr_setprotocol(&attributes,
                                      i >= 2 ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE);
        ck_assert_int_eq(pthread_mutex_init(&mutexes[i], &attributes), 0);
        pthread_mutexattr_destroy(&attributes);
    }
}

/* Things 0 to MUTEXES - 1 are mutexes, the others words. */
static bool thing_take(int thing)
{
    return thing < MUTEXES ? pthread_mutex_lock(&mutexes[thing]) == 0
                           : mci_robust_acquire(&scene->words[thing - MUTEXES]);
}

static void thing_give(int thing)
{
    if (thing < MUTEXES)
        ck_assert_int_eq(pthread_mutex_unlock(&mutexes[thing]), 0);
    else
        mci_robust_release(&scene->words[thing - MUTEXES]);
}

/* The n-th order of `count` things. */
static void permutation(int number, int count, int *order)
{
    int left[THINGS];

    for (int i = 0; i < count; i++)
        left[i] = i;
    for (int i = 0, remaining = count; i < count; i++, remaining--) {
        int pick = number % remaining;

        number /= remaining;
        order[i] = left[pick];
        memmove(&left[pick], &left[pick + 1], (size_t)(remaining - pick - 1) * sizeof left[0]);
    }
}

START_TEST(any_order_of_taking_and_giving_keeps_the_list_whole)
{
    static const int things[] = { 0, 2, MUTEXES, MUTEXES + 1, MUTEXES + 2 };
    enum { COUNT = SUITE_LENGTH(things), ORDERS = 120 };

    scene_open();
    mutexes_open();
    for (int taking = 0; taking < ORDERS; taking++) {
        for (int giving = 0; giving < ORDERS; giving++) {
            int first[COUNT], last[COUNT];

            permutation(taking, COUNT, first);
            permutation(giving, COUNT, last);
            for (int i = 0; i < COUNT; i++)
                ck_assert(thing_take(things[first[i]]));
            ck_assert_int_eq(listed(), COUNT);
            for (int i = 0; i < COUNT; i++) {
                thing_give(things[last[i]]);
                ck_assert_int_eq(listed(), COUNT - 1 - i);
            }
        }
    }
}
END_TEST

struct walk {
    unsigned seed;
    int steps;
    bool held[THINGS];
};

static void *wander(void *argument)
{
    struct walk *walk = argument;
    int count = 0;

    for (int step = 0; step < walk->steps; step++) {
        int thing = rand_r(&walk->seed) % THINGS;

        if (walk->held[thing])
            thing_give(thing);
        else
            ck_assert(thing_take(thing));
        walk->held[thing] = !walk->held[thing];
        count += walk->held[thing] ? 1 : -1;
        ck_assert_int_eq(listed(), count);
    }
    return NULL;
}

START_TEST(a_thread_that_ends_anywhere_leaves_marks_on_all_it_held)
{
    scene_open();
    mutexes_open();
    for (int round = 0; round < 1000; round++) {
        struct walk walk = { .seed = (unsigned)round, .steps = round % 50 };
        pthread_t thread;

        ck_assert_int_eq(pthread_create(&thread, NULL, wander, &walk), 0);
        pthread_join(thread, NULL);
        for (int i = 0; i < MUTEXES; i++) {
            int result = pthread_mutex_trylock(&mutexes[i]);

            ck_assert_int_eq(result, walk.held[i] ? EOWNERDEAD : 0);
            if (result == EOWNERDEAD)
                ck_assert_int_eq(pthread_mutex_consistent(&mutexes[i]), 0);
            pthread_mutex_unlock(&mutexes[i]);
        }
        for (int i = 0; i < WORDS; i++) {
            ck_assert_int_eq(mci_robust_dead(word(i)), walk.held[MUTEXES + i]);
            ck_assert_uint_eq(mci_robust_owner(word(i)), 0);
            mci_robust_clear_dead(&scene->words[i]);
        }
    }
    ck_assert_int_eq(listed(), 0);
}
END_TEST

START_TEST(what_others_write_into_the_links_is_never_followed)
{
    static const uint64_t garbage[] = { 0, 1, 8, 0x4141414141414141, UINT64_MAX };

    scene_open();
    mutexes_open();
    ck_assert(thing_take(0));
    ck_assert(mci_robust_acquire(&scene->words[0]));
    ck_assert(mci_robust_acquire(&scene->words[1]));
    for (int i = 0; i < 2; i++) {
        scene->words[i].link_next = garbage[_i];
        scene->words[i].link_prev = garbage[_i];
    }
    ck_assert(!mci_robust_acquire(&scene->words[2]));
    ck_assert_uint_eq(word(2), 0);
    mci_robust_release(&scene->words[0]);
    thing_give(0);
    mci_robust_release(&scene->words[1]);
    ck_assert_uint_eq(word(0), 0);
    ck_assert_uint_eq(word(1), 0);
    ck_assert_int_eq(listed(), 0);
    ck_assert(mci_robust_acquire(&scene->words[2]));
    mci_robust_release(&scene->words[2]);
}
END_TEST

/* --- Sleepers --------------------------------------------------------------------- */

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
        { a_word_has_one_owner_until_the_release, 1 },
        { a_thread_holds_as_many_as_promised_and_no_more, 1 },
        { every_death_marks_the_words_and_wakes, SUITE_LENGTH(deaths) },
        { a_dead_word_is_cleared_or_taken_over, 1 },
        { a_forked_child_owns_nothing, 1 },
        { any_order_of_taking_and_giving_keeps_the_list_whole, 1 },
        { a_thread_that_ends_anywhere_leaves_marks_on_all_it_held, 1 },
        { what_others_write_into_the_links_is_never_followed, 5 },
        { one_death_wakes_every_sleeper, 1 },
        { a_wake_that_dies_with_its_sleeper_is_not_lost, 20 },
        { a_release_wakes_every_sleeper, 1 },
        { a_death_between_any_two_instructions_leaves_no_owner, SUITE_LENGTH(crossings) },
    };

    return suite_run("robust", tests, SUITE_LENGTH(tests));
}
