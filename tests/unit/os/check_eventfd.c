/* SPDX-License-Identifier: MIT */
/* check_eventfd.c - readable from raise to lower, however often either is said. */
#include "os/eventfd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/readable.h"
#include "support/suite.h"

START_TEST(it_is_readable_from_raise_to_lower)
{
    int fd = mci_eventfd_make();

    ck_assert_int_ge(fd, 0);
    ck_assert(!is_readable(fd));
    mci_eventfd_lower(fd);
    ck_assert(!is_readable(fd));
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j <= i; j++)
            mci_eventfd_raise(fd);
        ck_assert(is_readable(fd));
        ck_assert(is_readable(fd));
        mci_eventfd_lower(fd);
        ck_assert(!is_readable(fd));
    }
    mci_eventfd_close(fd);
    ck_assert(!is_open(fd));
}
END_TEST

START_TEST(each_raise_is_an_edge)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLET };
    int fd = mci_eventfd_make();
    int set = epoll_create1(EPOLL_CLOEXEC);

    ck_assert_int_eq(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(epoll_wait(set, &event, 1, 0), 0);
        mci_eventfd_raise(fd);
        ck_assert_int_eq(epoll_wait(set, &event, 1, 0), 1);
    }
    close(set);
    mci_eventfd_close(fd);
}
END_TEST

START_TEST(it_neither_blocks_nor_survives_exec)
{
    int fd = mci_eventfd_make();

    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    mci_eventfd_close(fd);
}
END_TEST

START_TEST(errno_stays_as_it_was)
{
    int fd = mci_eventfd_make();

    errno = EXDEV;
    mci_eventfd_lower(fd); /* there is nothing: the kernel says EAGAIN */
    ck_assert_int_eq(errno, EXDEV);
    mci_eventfd_raise(fd);
    ck_assert_int_eq(errno, EXDEV);
    mci_eventfd_close(fd);
}
END_TEST

START_TEST(where_there_is_no_descriptor_there_is_none)
{
    struct rlimit before, none;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 3;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    ck_assert_int_eq(mci_eventfd_make(), -1);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { it_is_readable_from_raise_to_lower, 1 },         { each_raise_is_an_edge, 1 },
        { it_neither_blocks_nor_survives_exec, 1 },        { errno_stays_as_it_was, 1 },
        { where_there_is_no_descriptor_there_is_none, 1 },
    };

    return suite_run("os/eventfd", tests, SUITE_LENGTH(tests));
}
