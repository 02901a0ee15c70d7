/* SPDX-License-Identifier: MIT */
/* check_futex.c - who sleeps on a word is woken through it, by its change, or by the deadline.
 */
#include "os/futex.h"

#include <errno.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "support/suite.h"
#include "unit/os/children.h"

/* A thread or child that sleeps on words. */
struct sleeper {
    _Atomic uint32_t *words;
    uint32_t count;
    _Atomic uint32_t thread; /* its id, once it is about to sleep */
    _Atomic int result;      /* of the wait, + 1; 0: it still sleeps */
};

static void sleep_on_words(struct sleeper *sleeper)
{
    struct mci_futex_watch watches[MCI_FUTEX_WATCHES];

    for (uint32_t i = 0; i < sleeper->count; i++)
        watches[i] = (struct mci_futex_watch){ .word = &sleeper->words[i] };
    sleeper->thread = (uint32_t)syscall(SYS_gettid);
    sleeper->result = 1 + mci_futex_wait_any(watches, sleeper->count, MCI_FOREVER);
}

static void *sleeping_thread(void *sleeper)
{
    sleep_on_words(sleeper);
    return NULL;
}

static int sleeping_child(void *sleeper)
{
    sleep_on_words(sleeper);
    return 0;
}

static pthread_t sleeper_start(struct sleeper *sleeper)
{
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, sleeping_thread, sleeper), 0);
    ck_assert(eventually(sleeper->thread != 0
                         && thread_sleeps(getpid(), (pid_t)sleeper->thread)));
    return thread;
}

START_TEST(a_changed_word_is_not_slept_on)
{
    _Atomic uint32_t words[2] = { 7, 8 };
    struct mci_futex_watch watches[] = { { &words[0], 7 }, { &words[1], 9 } };

    ck_assert_int_eq(mci_futex_wait(&words[0], 6, MCI_FOREVER), EAGAIN);
    ck_assert_int_eq(mci_futex_wait_any(watches, 2, MCI_FOREVER), EAGAIN);
}
END_TEST

START_TEST(a_deadline_ends_the_sleep_and_not_before)
{
    _Atomic uint32_t words[2] = { 0, 0 };
    struct mci_futex_watch watches[] = { { &words[0], 0 }, { &words[1], 0 } };

    for (uint32_t count = 0; count <= 2; count++) {
        mci_time deadline = mci_clock_deadline(30);
        int result = count == 0 ? mci_futex_wait(&words[0], 0, deadline)
                                : mci_futex_wait_any(watches, count, deadline);

        ck_assert_int_eq(result, ETIMEDOUT);
        ck_assert_int_ge(mci_clock_now(), deadline);
    }
}
END_TEST

START_TEST(a_deadline_in_the_past_is_over_at_once)
{
    static const mci_time past[] = { 0, 1, -1, INT64_MIN };
    _Atomic uint32_t words[2] = { 0, 0 };
    struct mci_futex_watch watches[] = { { &words[0], 0 }, { &words[1], 0 } };

    ck_assert_int_eq(mci_futex_wait(&words[0], 0, past[_i]), ETIMEDOUT);
    ck_assert_int_eq(mci_futex_wait_any(watches, 2, past[_i]), ETIMEDOUT);
}
END_TEST

START_TEST(a_wake_reaches_a_sleeping_thread)
{
    _Atomic uint32_t word = 0;
    struct sleeper sleeper = { .words = &word, .count = 1 };
    pthread_t thread = sleeper_start(&sleeper);

    mci_futex_wake(&word, 1);
    pthread_join(thread, NULL);
    ck_assert_int_eq(sleeper.result, 1 + 0);
}
END_TEST

START_TEST(a_wake_wakes_as_many_as_it_says)
{
    enum { SLEEPERS = 5 };
    _Atomic uint32_t word = 0;
    struct sleeper sleepers[SLEEPERS];
    pthread_t threads[SLEEPERS];
    int awake = 0;

    for (int i = 0; i < SLEEPERS; i++) {
        sleepers[i] = (struct sleeper){ .words = &word, .count = 1 };
        threads[i] = sleeper_start(&sleepers[i]);
    }
    mci_futex_wake(&word, 2);
    ck_assert(eventually((awake = 0, ({
                              for (int i = 0; i < SLEEPERS; i++)
                                  awake += sleepers[i].result != 0;
                          }),
                          awake == 2)));
    mci_futex_wake(&word, INT_MAX);
    for (int i = 0; i < SLEEPERS; i++)
        pthread_join(threads[i], NULL);
}
END_TEST

static void nothing(int signal)
{
    (void)signal;
}

START_TEST(a_signal_ends_the_sleep)
{
    struct sigaction action = { .sa_handler = nothing };
    _Atomic uint32_t words[2] = { 0, 0 };
    struct sleeper sleeper = { .words = words, .count = (uint32_t)_i + 1 };
    pthread_t thread;

    sigaction(SIGUSR1, &action, NULL);
    thread = sleeper_start(&sleeper);
    pthread_kill(thread, SIGUSR1);
    pthread_join(thread, NULL);
    ck_assert_int_eq(sleeper.result, 1 + EINTR);
}
END_TEST

static const uint32_t counts[] = { 1, 2, 3, 64, 128 };

/* A child sleeps on all words, and the one of them is woken, from another process. */
static void any_word_wakes(uint32_t count, uint32_t woken, bool changed)
{
    struct sleeper *sleeper = shared_memory(sizeof *sleeper + MCI_FUTEX_WATCHES * 4);
    pid_t child;

    sleeper->words = (void *)(sleeper + 1);
    sleeper->count = count;
    child = child_start(sleeping_child, sleeper);
    ck_assert(eventually(sleeper->thread != 0 && thread_sleeps(child, child)));
    if (changed)
        sleeper->words[woken] = 1;
    else
        mci_futex_wake(&sleeper->words[woken], 1);
    if (changed)
        mci_futex_wake(&sleeper->words[woken], 1);
    ck_assert_int_eq(child_result(child), 0);
    ck_assert(sleeper->result == 1 + 0 || (changed && sleeper->result == 1 + EAGAIN));
    munmap(sleeper, sizeof *sleeper + MCI_FUTEX_WATCHES * 4);
}

START_TEST(any_word_of_several_wakes_another_process)
{
    uint32_t count = counts[_i];

    any_word_wakes(count, 0, false);
    any_word_wakes(count, count / 2, false);
    any_word_wakes(count, count - 1, false);
}
END_TEST

START_TEST(no_word_and_too_many_words_are_refused)
{
    static _Atomic uint32_t word;
    struct mci_futex_watch watches[MCI_FUTEX_WATCHES + 1];

    for (size_t i = 0; i < SUITE_LENGTH(watches); i++)
        watches[i] = (struct mci_futex_watch){ .word = &word };
    ck_assert_int_eq(mci_futex_wait_any(watches, 0, MCI_FOREVER), EINVAL);
    ck_assert_int_eq(mci_futex_wait_any(watches, MCI_FUTEX_WATCHES + 1, MCI_FOREVER), EINVAL);
}
END_TEST

/* From here on the kernel answers futex_waitv with this error, as an older one or a container's
 * filter does. */
static void refuse_futex_waitv(uint32_t error)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex_waitv, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { .len = SUITE_LENGTH(filter), .filter = filter };

    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static const uint32_t refusals[] = { ENOSYS, EPERM };

START_TEST(without_futex_waitv_any_word_still_wakes)
{
    _Atomic uint32_t words[2] = { 0, 0 };
    struct mci_futex_watch watches[] = { { &words[0], 0 }, { &words[1], 0 } };
    mci_time deadline;

    refuse_futex_waitv(refusals[_i]);
    any_word_wakes(3, 0, false);
    any_word_wakes(3, 0, true);
    any_word_wakes(3, 2, true);
    deadline = mci_clock_deadline(50);
    ck_assert_int_eq(mci_futex_wait_any(watches, 2, deadline), ETIMEDOUT);
    ck_assert_int_ge(mci_clock_now(), deadline);
    words[1] = 1;
    ck_assert_int_eq(mci_futex_wait_any(watches, 2, MCI_FOREVER), EAGAIN);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_changed_word_is_not_slept_on, 1 },
        { a_deadline_ends_the_sleep_and_not_before, 1 },
        { a_deadline_in_the_past_is_over_at_once, 4 },
        { a_wake_reaches_a_sleeping_thread, 1 },
        { a_wake_wakes_as_many_as_it_says, 1 },
        { a_signal_ends_the_sleep, 2 },
        { any_word_of_several_wakes_another_process, SUITE_LENGTH(counts) },
        { no_word_and_too_many_words_are_refused, 1 },
        { without_futex_waitv_any_word_still_wakes, SUITE_LENGTH(refusals) },
    };

    return suite_run("futex", tests, SUITE_LENGTH(tests));
}
