/* SPDX-License-Identifier: MIT */
/*
 * check_receive_fd_end.c - what becomes of a descriptor when the other end goes, and when its
 * own does: close, delete, finalize, fork, death.
 */
#include <mcapi_ext.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/runtime.h"
#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/readable.h"
#include "support/suite.h"
#include "support/topology.h"

enum { KINDS = 2 };

static enum pair_kind kind_of_round(int i)
{
    return i % KINDS == 0 ? PACKETS : SCALARS;
}

/* --- The other end goes --------------------------------------------------------------- */

/* How the sender ends, and what a receive says then. */
enum ending { CLOSES, FINALIZES, ENDS, DIES, ENDINGS };

static mcapi_status_t end_sender(const struct pair *pair, enum ending how)
{
    struct act act = { .kind = 0 };

    switch (how) {
    case CLOSES:
        pair_close_send(pair);
        return MCAPI_ERR_CHAN_INVALID;
    case FINALIZES:
        child_do(pair->sender, act_finalize, &act);
        expect_status(MCAPI_SUCCESS, act.status);
        return MCAPI_ERR_CHAN_INVALID;
    case ENDS:
        child_end(pair->sender);
        return MCAPI_ERR_CHAN_INVALID;
    default:
        child_kill(pair->sender);
        return MCAPI_ERR_TRANSMISSION;
    }
}

static void expect_over(const struct pair *pair, int fd, mcapi_status_t why)
{
    for (int i = 0; i < 3; i++) {
        ck_assert(is_readable(fd));
        expect_status(why, pair_receive_status(pair));
    }
    ck_assert(is_readable(fd));
}

START_TEST(an_end_of_the_other_side_is_readable_for_good)
{
    struct child *sender = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(kind_of_round(_i), sender, NULL);
    int fd = fd_of(&pair);
    mcapi_status_t why;

    ck_assert(!is_readable(fd));
    why = end_sender(&pair, (enum ending)(_i / KINDS));
    ck_assert(becomes_readable(fd));
    expect_over(&pair, fd, why);
}
END_TEST

START_TEST(what_was_sent_before_the_end_is_received_first)
{
    struct child *sender = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(kind_of_round(_i), sender, NULL);
    int fd = fd_of(&pair);
    mcapi_status_t why;

    for (int i = 0; i < 3; i++)
        expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
    why = end_sender(&pair, (enum ending)(_i / KINDS));
    for (int i = 0; i < 3; i++) {
        ck_assert(becomes_readable(fd));
        expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
    }
    expect_over(&pair, fd, why);
}
END_TEST

START_TEST(an_end_that_was_over_before_anyone_asked_is_readable)
{
    struct child *sender = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(kind_of_round(_i), sender, NULL);
    mcapi_status_t why = end_sender(&pair, (enum ending)(_i / KINDS));
    int fd = fd_of(&pair);

    ck_assert(is_readable(fd));
    expect_over(&pair, fd, why);
}
END_TEST

/* Opened, not connected; then connected by a sender that sends, and ends before we do anything.
 */
START_TEST(an_end_that_comes_and_goes_meanwhile_is_told_of)
{
    struct child *sender = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(kind_of_round(_i), sender, NULL);
    mcapi_status_t why;
    int fd;

    pair_open_receive(&pair);
    fd = fd_of(&pair);
    pair_connect(&pair);
    pair_open_send(&pair);
    why = end_sender(&pair, (enum ending)(_i / KINDS));
    ck_assert(becomes_readable(fd));
    expect_over(&pair, fd, why);
}
END_TEST

/* Of a death nobody tells but the kernel: a watcher that did not hear it would look by itself
 * after a second. */
START_TEST(a_death_is_told_of_at_once)
{
    enum { DEATHS = 10 };
    int64_t waited = 0;

    for (int i = 0; i < DEATHS; i++) {
        struct child *sender = child_start(CHILD_PROCESS, 2);
        struct pair pair = pair_open(kind_of_round(_i), sender, NULL);
        int fd = fd_of(&pair);
        int64_t died;

        child_kill(sender);
        died = now_us();
        ck_assert(becomes_readable(fd));
        waited += now_us() - died;
        pair_close_receive(&pair);
    }
    ck_assert_int_lt(waited, DEATHS * 100 * 1000);
}
END_TEST

/* --- Its own end goes ----------------------------------------------------------------- */

enum going { BY_CLOSE, BY_CLOSE_UNCONNECTED, BY_DELETE, BY_CANCEL, BY_FINALIZE, GOINGS };

struct going_end {
    struct pair pair;
    mcapi_request_t open; /* BY_CANCEL */
};

static struct going_end make_end(enum going how, enum pair_kind kind)
{
    struct going_end end = { .pair = pair_create(kind, NULL, NULL) };
    mcapi_endpoint_t handle;

    if (how != BY_CANCEL)
        pair_open_receive(&end.pair);
    else if (kind == PACKETS)
        expect(MCAPI_SUCCESS,
               mcapi_pktchan_recv_open_i(&handle, end.pair.receive, &end.open, &status));
    else
        expect(MCAPI_SUCCESS,
               mcapi_sclchan_recv_open_i(&handle, end.pair.receive, &end.open, &status));
    if (how == BY_CLOSE || how == BY_FINALIZE) {
        pair_connect(&end.pair);
        pair_open_send(&end.pair);
    }
    return end;
}

static void let_go(struct going_end *end, enum going how)
{
    switch (how) {
    case BY_CLOSE:
    case BY_CLOSE_UNCONNECTED:
        pair_close_receive(&end->pair);
        break;
    case BY_DELETE:
        expect(MCAPI_SUCCESS, mcapi_endpoint_delete(end->pair.receive, &status));
        break;
    case BY_CANCEL:
        expect(MCAPI_SUCCESS, mcapi_cancel(&end->open, &status));
        break;
    default:
        leave();
    }
}

START_TEST(a_descriptor_is_closed_with_its_end_and_wakes_who_waits)
{
    enum going how = (enum going)(_i / KINDS);
    struct going_end end = make_end(how, kind_of_round(_i));
    int fd = fd_of(&end.pair);
    int duplicate = dup(fd);
    int set = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

    ck_assert_int_eq(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), 0);
    ck_assert(!is_readable(fd));
    ck_assert(!is_readable(duplicate));
    let_go(&end, how);
    ck_assert(!is_open(fd));
    ck_assert(is_readable(duplicate));
    /* epoll forgets it with its last duplicate. */
    ck_assert_int_eq(epoll_wait(set, &event, 1, 0), 1);
    close(duplicate);
    ck_assert_int_eq(epoll_wait(set, &event, 1, 0), 0);
    close(set);
    if (how == BY_FINALIZE)
        join(0, 1);
}
END_TEST

struct waiter {
    int fd;
    _Atomic int ready; /* what poll returned */
};

static void act_poll(struct act *act)
{
    struct waiter *waiter = act->pointer;
    struct pollfd one = { .fd = waiter->fd, .events = POLLIN };

    waiter->ready = poll(&one, 1, -1);
    act->status = MCAPI_SUCCESS;
}

START_TEST(who_waits_in_poll_wakes_when_the_end_is_closed)
{
    enum going how = (enum going)(_i / KINDS);
    struct going_end end = make_end(how, kind_of_round(_i));
    struct child *helper = child_start_bare(CHILD_THREAD);
    struct waiter waiter = { .fd = fd_of(&end.pair) };
    struct act act = { .pointer = &waiter };

    child_begin(helper, act_poll, &act);
    ck_assert(eventually(child_is_asleep(helper)));
    let_go(&end, how);
    child_finish(helper, &act);
    ck_assert_int_eq(waiter.ready, 1);
    if (how == BY_FINALIZE)
        join(0, 1);
}
END_TEST

START_TEST(an_end_that_is_opened_again_has_a_new_descriptor)
{
    struct pair pair = pair_open(kind_of_round(_i), NULL, NULL);
    int old = dup(fd_of(&pair));

    for (int i = 0; i < 5; i++) {
        int fd;

        pair_close(&pair);
        pair_connect(&pair);
        pair_open_send(&pair);
        pair_open_receive(&pair);
        fd = fd_of(&pair);
        ck_assert(!is_readable(fd));
        expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
        ck_assert(becomes_readable(fd));
        expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
        ck_assert(!is_readable(fd));
        ck_assert(is_readable(old));
    }
    close(old);
}
END_TEST

START_TEST(a_node_that_comes_back_has_no_old_descriptors)
{
    struct child *peer = _i / KINDS == 0 ? NULL : child_start(CHILD_PROCESS, 2);

    for (int i = 0; i < 20; i++) {
        struct pair pair = pair_open(kind_of_round(_i), NULL, NULL);
        int fd = fd_of(&pair);

        ck_assert(eventually(watcher_thread() != 0));
        leave();
        ck_assert(!is_open(fd));
        ck_assert(eventually(watcher_thread() == 0));
        join(0, 1);
    }
    (void)peer;
}
END_TEST

/* Nothing can be mapped here any more, and nobody can read here without our noticing. */
static void bar(unsigned char *base)
{
    ck_assert_ptr_eq(mmap(base, 16 << 20, PROT_NONE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
                     base);
}

/* What was used for a channel of the old topology serves an end of a new one that has none yet.
 */
START_TEST(a_node_that_comes_back_watches_nothing_old)
{
    struct pair pair = pair_open(kind_of_round(_i), NULL, NULL);
    unsigned char *base = mci_map()->segment.base;
    int fd = fd_of(&pair);

    expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
    ck_assert(becomes_readable(fd));
    leave();
    bar(base);
    join(0, 1);
    pair = pair_create(kind_of_round(_i), NULL, NULL);
    pair_open_receive(&pair);
    fd = fd_of(&pair);
    ck_assert(!is_readable(fd));
    pair_connect(&pair);
    pair_open_send(&pair);
    expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
    ck_assert(becomes_readable(fd));
}
END_TEST

static void act_make_fd(struct act *act)
{
    struct pair pair = pair_open((enum pair_kind)act->kind, NULL, NULL);

    act->word = (uint64_t)fd_of(&pair);
    act->status = MCAPI_SUCCESS;
}

START_TEST(a_thread_that_ends_takes_its_descriptors_along)
{
    struct child *node = child_start(CHILD_THREAD, 2);
    struct act act = { .kind = (int)kind_of_round(_i) };
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    int fd = fd_of(&pair);

    child_do(node, act_make_fd, &act);
    ck_assert(is_open((int)act.word));
    child_end(node);
    ck_assert(!is_open((int)act.word));
    /* That of the node that stays still works. */
    ck_assert(!is_readable(fd));
    pair_send(&pair, "for the one that stays");
    ck_assert(becomes_readable(fd));
}
END_TEST

static void finalize_in_handler(int signal)
{
    mcapi_status_t status;

    (void)signal;
    mcapi_finalize(&status);
    expect_status(MCAPI_SUCCESS, status);
}

START_TEST(a_signal_handler_may_finalize_while_one_waits)
{
    struct pair pair = pair_open(kind_of_round(_i), NULL, NULL);
    int fd = fd_of(&pair);
    int duplicate = dup(fd);

    ck_assert(signal(SIGALRM, finalize_in_handler) != SIG_ERR);
    ck_assert(ualarm(10000, 0) == 0);
    /* Interrupted by the signal, or woken by what its handler does. */
    while (!becomes_readable(duplicate))
        ;
    ck_assert(!is_open(fd));
    join(0, 1);
    close(duplicate);
}
END_TEST

/* --- Fork ----------------------------------------------------------------------------- */

/* In the child: the parent's descriptors are not there, and its own would be. */
static void be_a_child(int fd, int set)
{
    struct epoll_event event;
    struct pair pair;
    int own;

    expect_in_child = true;
    expect_true(!is_open(fd));
    expect_true(watcher_thread() == 0);
    join(0, 7);
    pair = pair_open(PACKETS, NULL, NULL);
    own = fd_of(&pair);
    expect_true(eventually(watcher_thread() != 0));
    expect_true(!is_readable(own));
    pair_send(&pair, "child's");
    expect_true(becomes_readable(own));
    pair_expect(&pair, "child's");
    expect_true(!is_readable(own));
    expect_true(epoll_wait(set, &event, 1, 0) == 0);
    leave();
    _exit(EXIT_SUCCESS);
}

START_TEST(a_forked_child_has_its_own_descriptors_only)
{
    struct child *sender = _i / KINDS == 0 ? NULL : child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(kind_of_round(_i), sender, NULL);
    struct pair unconnected = pair_create(PACKETS, NULL, NULL);
    int fd = fd_of(&pair);
    int set = epoll_create1(0);
    struct epoll_event event = { .events = EPOLLIN };

    pair_open_receive(&unconnected);
    ck_assert_int_eq(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), 0);
    for (int i = 0; i < 5; i++) {
        int how;
        pid_t child = fork();

        ck_assert_int_ge(child, 0);
        if (child == 0)
            be_a_child(fd, set);
        ck_assert_int_eq(waitpid(child, &how, 0), child);
        ck_assert_int_eq(how, 0);
        ck_assert(!is_readable(fd));
        expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
        ck_assert(becomes_readable(fd));
        expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
        ck_assert(!is_readable(fd));
    }
    close(set);
}
END_TEST

/* A child that stays, and knows nothing of it, keeps nothing of the parent's alive in epoll. */
START_TEST(a_child_that_lives_on_does_not_keep_a_closed_descriptor)
{
    struct pair pair = pair_open(kind_of_round(_i), NULL, NULL);
    int set = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN };

    ck_assert_int_eq(epoll_ctl(set, EPOLL_CTL_ADD, fd_of(&pair), &event), 0);
    child_start_bare(CHILD_PROCESS);
    pair_close_receive(&pair);
    ck_assert_int_eq(epoll_wait(set, &event, 1, 0), 0);
    close(set);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { an_end_of_the_other_side_is_readable_for_good, KINDS * ENDINGS },
        { what_was_sent_before_the_end_is_received_first, KINDS * ENDINGS },
        { an_end_that_was_over_before_anyone_asked_is_readable, KINDS * ENDINGS },
        { an_end_that_comes_and_goes_meanwhile_is_told_of, KINDS * ENDINGS },
        { a_death_is_told_of_at_once, KINDS },
        { a_descriptor_is_closed_with_its_end_and_wakes_who_waits, KINDS * GOINGS },
        { who_waits_in_poll_wakes_when_the_end_is_closed, KINDS * GOINGS },
        { an_end_that_is_opened_again_has_a_new_descriptor, KINDS },
        { a_node_that_comes_back_has_no_old_descriptors, KINDS * 2 },
        { a_node_that_comes_back_watches_nothing_old, KINDS },
        { a_thread_that_ends_takes_its_descriptors_along, KINDS },
        { a_signal_handler_may_finalize_while_one_waits, KINDS },
        { a_forked_child_has_its_own_descriptors_only, KINDS * 2 },
        { a_child_that_lives_on_does_not_keep_a_closed_descriptor, KINDS },
    };

    return suite_run_between("api/receive_fd_end", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
