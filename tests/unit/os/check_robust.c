/* SPDX-License-Identifier: MIT */
/*
 * check_robust.c - a word is marked whenever its owner dies, whatever else the thread holds.
 */
#include "os/robust.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "os/futex.h"
#include "os/process.h"
#include "support/suite.h"
#include "unit/os/scene.h"

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
    };

    return suite_run("robust", tests, SUITE_LENGTH(tests));
}
