/* SPDX-License-Identifier: MIT */
/* check_memory.c - shared memory keeps its size, comes empty, and is found through its holder.
 */
#include "os/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "support/suite.h"
#include "unit/os/children.h"

enum {
    PAGE = 65536, /* a multiple of the system's, whatever that is */
    SIZE = 64 * PAGE,
};

static uint64_t bytes_used(int fd)
{
    struct stat status;

    ck_assert_int_eq(fstat(fd, &status), 0);
    return (uint64_t)status.st_blocks * 512;
}

static void numbers_of(int fd, uint64_t *device, uint64_t *inode)
{
    struct stat status;

    ck_assert_int_eq(fstat(fd, &status), 0);
    *device = status.st_dev;
    *inode = status.st_ino;
}

static int memory_made(uint64_t size)
{
    int fd = mci_memory_create("mcapi-test", size);

    ck_assert_int_ge(fd, 0);
    return fd;
}

START_TEST(new_memory_is_zeroed_and_costs_nothing)
{
    int fd = memory_made(SIZE);
    unsigned char *base = mci_memory_map(fd, SIZE);

    ck_assert_ptr_nonnull(base);
    ck_assert_uint_eq(bytes_used(fd), 0);
    for (int i = 0; i < SIZE; i += PAGE / 2)
        ck_assert_int_eq(base[i], 0);
    mci_memory_unmap(base, SIZE);
    close(fd);
}
END_TEST

START_TEST(nobody_can_change_its_size)
{
    int fd = memory_made(SIZE);

    ck_assert(mci_memory_sealed(fd));
    ck_assert_int_eq(ftruncate(fd, SIZE - PAGE), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(ftruncate(fd, SIZE + PAGE), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
    close(fd);
}
END_TEST

START_TEST(a_commit_takes_memory_for_its_range_and_keeps_the_content)
{
    int fd = memory_made(SIZE);
    unsigned char *base = mci_memory_map(fd, SIZE);

    memcpy(base + 5 * PAGE, "kept", 5);
    ck_assert(mci_memory_commit(fd, 4 * PAGE, 8 * PAGE));
    ck_assert_uint_eq(bytes_used(fd), 8 * PAGE);
    ck_assert(mci_memory_commit(fd, 4 * PAGE, 8 * PAGE));
    ck_assert_uint_eq(bytes_used(fd), 8 * PAGE);
    ck_assert_str_eq((char *)base + 5 * PAGE, "kept");
    ck_assert(mci_memory_commit(fd, 0, 0));
    ck_assert(mci_memory_commit(fd, 1, 1));
    ck_assert_uint_gt(bytes_used(fd), 8 * PAGE);
    mci_memory_unmap(base, SIZE);
    close(fd);
}
END_TEST

static volatile sig_atomic_t interruptions;

static void interrupted(int signal)
{
    (void)signal;
    interruptions++;
}

START_TEST(a_rain_of_signals_does_not_stop_a_commit)
{
    enum { LARGE = 64 << 20 };
    struct itimerval every_200_us = { .it_interval.tv_usec = 200, .it_value.tv_usec = 200 };
    struct sigaction action = { .sa_handler = interrupted };
    int fd = memory_made(LARGE);

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &every_200_us, NULL);
    ck_assert(mci_memory_commit(fd, 0, LARGE));
    setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
    ck_assert_uint_eq(bytes_used(fd), LARGE);
    ck_assert_int_gt(interruptions, 0);
    close(fd);
}
END_TEST

START_TEST(a_size_over_the_file_limit_is_an_error_and_not_a_signal)
{
    struct rlimit limit = { .rlim_cur = SIZE, .rlim_max = RLIM_INFINITY };

    setrlimit(RLIMIT_FSIZE, &limit);
    close(memory_made(SIZE));
    ck_assert_int_eq(mci_memory_create("mcapi-test", SIZE + 1), -1);
    ck_assert_int_eq(errno, EFBIG);
    ck_assert_int_eq(mci_memory_create("mcapi-test", UINT64_MAX), -1);
    ck_assert_int_eq(errno, EFBIG);
}
END_TEST

START_TEST(what_does_not_fit_into_the_address_space_is_not_mapped)
{
    int fd = memory_made(SIZE);

    ck_assert_ptr_null(mci_memory_map(fd, (uint64_t)1 << 62));
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_ptr_null(mci_memory_map(fd, 0));
    ck_assert_int_eq(errno, EINVAL);
    close(fd);
}
END_TEST

START_TEST(standard_input_output_and_error_are_left_alone)
{
    int opened;

    close(0);
    close(2);
    opened = memory_made(SIZE);
    ck_assert_int_gt(opened, 2);
    opened = mci_memory_open((uint32_t)getpid(), opened);
    ck_assert_int_gt(opened, 2);
}
END_TEST

/* --- Other processes -------------------------------------------------------------- */

struct offer {
    _Atomic int fd; /* of the memory, in the child; 0: not yet */
};

static int offer_memory(void *argument)
{
    struct offer *offer = argument;
    int fd = mci_memory_create("mcapi-test", SIZE);
    unsigned char *base = mci_memory_map(fd, SIZE);

    if (base == NULL)
        return 1;
    memcpy(base, "from the child", 15);
    offer->fd = fd;
    for (;;)
        pause();
    return 1;
}

static void *offer_from_a_thread(void *argument)
{
    offer_memory(argument);
    return NULL;
}

static int offer_when_the_first_thread_has_ended(void *argument)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, offer_from_a_thread, argument) != 0)
        return 1;
    pthread_exit(NULL);
}

static int (*const offers[])(void *) = { offer_memory, offer_when_the_first_thread_has_ended };

static bool first_thread_has_ended(pid_t pid)
{
    char path[64];
    char target[16];

    snprintf(path, sizeof path, "/proc/%d/fd/0", (int)pid);
    return readlink(path, target, sizeof target) < 0;
}

/* Without a descriptor for /proc nothing follows. */
static void expect_unknown(uint32_t pid, uint64_t device, uint64_t inode)
{
    struct rlimit limit, none;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){ .rlim_cur = 0, .rlim_max = limit.rlim_max };
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    ck_assert(mci_memory_mapped(pid, device, inode));
    ck_assert(!mci_memory_replaced(pid, device, inode));
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

START_TEST(memory_is_opened_through_its_holder)
{
    struct offer *offer = shared_memory(sizeof *offer);
    pid_t child = child_start(offers[_i], offer);
    uint64_t device, inode;
    unsigned char *base;
    int fd;

    ck_assert(eventually(offer->fd != 0));
    if (_i == 1)
        ck_assert(eventually(first_thread_has_ended(child)));
    fd = mci_memory_open((uint32_t)child, offer->fd);
    ck_assert_int_ge(fd, 0);
    ck_assert(mci_memory_sealed(fd));
    numbers_of(fd, &device, &inode);
    ck_assert(mci_memory_mapped((uint32_t)child, device, inode));
    ck_assert(!mci_memory_mapped((uint32_t)child, device, inode + 1));
    ck_assert(!mci_memory_mapped((uint32_t)getpid(), device, inode));
    ck_assert(!mci_memory_replaced((uint32_t)child, device, inode));
    ck_assert(mci_memory_replaced((uint32_t)child, device, inode + 1));
    expect_unknown((uint32_t)child, device, inode + 1);
    child_kill(child);
    ck_assert(!mci_memory_mapped((uint32_t)child, device, inode));
    ck_assert(!mci_memory_replaced((uint32_t)child, device, inode));
    base = mci_memory_map(fd, SIZE);
    ck_assert_ptr_nonnull(base);
    ck_assert_str_eq((char *)base, "from the child");
}
END_TEST

START_TEST(what_is_no_such_memory_is_not_opened)
{
    int pipes[2], unsealed = memfd_create("other", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int others[] = {
        -1, -1, unsealed, open("/dev/null", O_RDWR), open("/tmp", O_RDONLY), 9999
    };

    ck_assert_int_eq(pipe(pipes), 0);
    others[0] = pipes[0];
    others[1] = pipes[1];
    for (size_t i = 0; i < SUITE_LENGTH(others); i++) {
        ck_assert_int_eq(mci_memory_open((uint32_t)getpid(), others[i]), -1);
        ck_assert_int_eq(errno, others[i] == 9999 ? ENOENT : EINVAL);
    }
    ck_assert_int_eq(mci_memory_open(0x7FFFFFFF, 3), -1);
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

static int touch(void *base)
{
    struct rlimit none = { 0, 0 };

    setrlimit(RLIMIT_CORE, &none);
    signal(SIGSEGV, SIG_DFL); /* a sanitizer reports, and exits with a status */
    return *(volatile unsigned char *)base;
}

START_TEST(a_forked_child_does_not_have_the_mapping)
{
    int fd = memory_made(SIZE);
    unsigned char *base = mci_memory_map(fd, SIZE);

    ck_assert_ptr_nonnull(base);
    ck_assert_int_eq(child_result(child_start(touch, base)), 128 + SIGSEGV);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { new_memory_is_zeroed_and_costs_nothing, 1 },
        { nobody_can_change_its_size, 1 },
        { a_commit_takes_memory_for_its_range_and_keeps_the_content, 1 },
        { a_rain_of_signals_does_not_stop_a_commit, 1 },
        { a_size_over_the_file_limit_is_an_error_and_not_a_signal, 1 },
        { what_does_not_fit_into_the_address_space_is_not_mapped, 1 },
        { standard_input_output_and_error_are_left_alone, 1 },
        { memory_is_opened_through_its_holder, SUITE_LENGTH(offers) },
        { what_is_no_such_memory_is_not_opened, 1 },
        { a_forked_child_does_not_have_the_mapping, 1 },
    };

    return suite_run("memory", tests, SUITE_LENGTH(tests));
}
