/* SPDX-License-Identifier: MIT */
/* check_process.c - a process is told from another with its id, and the dead from the living.
 */
#include "os/process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "support/suite.h"
#include "unit/os/children.h"

static int sleep_until_killed(void *unused)
{
    (void)unused;
    for (;;)
        pause();
    return 1;
}

START_TEST(we_are_alive_since_our_start)
{
    uint64_t start = mci_process_start(mci_process_id());

    ck_assert_uint_eq(mci_process_id(), (uint32_t)getpid());
    ck_assert(start != 0);
    ck_assert(mci_process_alive(mci_process_id(), start));
    ck_assert(!mci_process_alive(mci_process_id(), start + 1));
    ck_assert(!mci_process_alive(mci_process_id(), 0));
}
END_TEST

START_TEST(a_process_that_never_was_is_not_alive)
{
    ck_assert_uint_eq(mci_process_start(0x7FFFFFFF), 0);
    ck_assert_uint_eq(mci_process_start(0), 0);
    ck_assert(!mci_process_alive(0x7FFFFFFF, 0));
}
END_TEST

START_TEST(what_is_left_of_a_dead_child_is_not_alive)
{
    pid_t child = child_start(sleep_until_killed, NULL);
    uint64_t start = mci_process_start((uint32_t)child);

    ck_assert(mci_process_alive((uint32_t)child, start));
    kill(child, SIGKILL);
    ck_assert(eventually(!mci_process_alive((uint32_t)child, start))); /* not yet waited for */
    ck_assert_int_eq(child_result(child), 128 + SIGKILL);
    ck_assert(!mci_process_alive((uint32_t)child, start));
}
END_TEST

START_TEST(a_stopped_process_is_alive)
{
    pid_t child = child_start(sleep_until_killed, NULL);
    uint64_t start = mci_process_start((uint32_t)child);
    int status;

    kill(child, SIGSTOP);
    ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
    ck_assert(mci_process_alive((uint32_t)child, start));
    ck_assert(mci_process_stopped((uint32_t)child, start));
    ck_assert(!mci_process_stopped((uint32_t)child, start + 1)); /* another one with its id */
    kill(child, SIGCONT);
    ck_assert(eventually(!mci_process_stopped((uint32_t)child, start)));
    child_kill(child);
    ck_assert(!mci_process_stopped((uint32_t)child, start));
}
END_TEST

/* Names that look like other fields of the line. */
static const char *const names[] = {
    "a b", "a) Z 1 (b", ")", "((((", ") R 1 1", "", "%d %s\n"
};

START_TEST(any_name_is_read_over)
{
    uint64_t start = mci_process_start(mci_process_id());

    prctl(PR_SET_NAME, names[_i]);
    ck_assert(start != 0);
    ck_assert_uint_eq(mci_process_start(mci_process_id()), start);
}
END_TEST

static void *outlive_the_first_thread(void *unused)
{
    (void)unused;
    for (;;)
        pause();
    return NULL;
}

static int end_the_first_thread(void *unused)
{
    pthread_t other;

    (void)unused;
    if (pthread_create(&other, NULL, outlive_the_first_thread, NULL) != 0)
        return 1;
    pthread_exit(NULL);
}

static char state_of(pid_t pid)
{
    char path[64], state = '?';
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
    fclose(file);
    return state;
}

START_TEST(a_process_outlives_its_first_thread)
{
    pid_t child = child_start(end_the_first_thread, NULL);
    uint64_t start = mci_process_start((uint32_t)child);

    ck_assert(start != 0);
    ck_assert(eventually(state_of(child) == 'Z'));
    ck_assert(mci_process_alive((uint32_t)child, start));
    ck_assert(!mci_process_stopped((uint32_t)child, start));
    kill(child, SIGSTOP);
    ck_assert(eventually(mci_process_stopped((uint32_t)child, start)));
    kill(child, SIGKILL);
    ck_assert(eventually(!mci_process_alive((uint32_t)child, start)));
    ck_assert_int_eq(child_result(child), 128 + SIGKILL);
}
END_TEST

static void *thread_id_of(void *id)
{
    *(uint32_t *)id = mci_thread_id();
    return NULL;
}

START_TEST(each_thread_has_its_id)
{
    uint32_t ours = mci_thread_id(), theirs = 0;
    pthread_t other;

    ck_assert_uint_eq(ours, (uint32_t)syscall(SYS_gettid));
    ck_assert_uint_eq(mci_thread_id(), ours);
    ck_assert_int_eq(pthread_create(&other, NULL, thread_id_of, &theirs), 0);
    pthread_join(other, NULL);
    ck_assert_uint_ne(theirs, 0);
    ck_assert_uint_ne(theirs, ours);
}
END_TEST

static int knows_itself(void *parents)
{
    const uint32_t *remembered = parents;

    return mci_thread_id() == (uint32_t)syscall(SYS_gettid) && mci_thread_id() != remembered[0]
                        && mci_process_generation() != remembered[1]
                 ? 0
                 : 1;
}

START_TEST(a_forked_child_is_somebody_else)
{
    uint32_t remembered[] = { mci_thread_id(), mci_process_generation() };

    ck_assert_int_eq(child_result(child_start(knows_itself, remembered)), 0);
    ck_assert_uint_eq(mci_thread_id(), remembered[0]);
    ck_assert_uint_eq(mci_process_generation(), remembered[1]);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { we_are_alive_since_our_start, 1 },
        { a_process_that_never_was_is_not_alive, 1 },
        { what_is_left_of_a_dead_child_is_not_alive, 1 },
        { a_stopped_process_is_alive, 1 },
        { any_name_is_read_over, SUITE_LENGTH(names) },
        { a_process_outlives_its_first_thread, 1 },
        { each_thread_has_its_id, 1 },
        { a_forked_child_is_somebody_else, 1 },
    };

    return suite_run("process", tests, SUITE_LENGTH(tests));
}
