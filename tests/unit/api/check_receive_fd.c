/* SPDX-License-Identifier: MIT */
/*
 * check_receive_fd.c - a descriptor is readable exactly while a receive would not block.
 */
#include <mcapi_ext.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/readable.h"
#include "support/suite.h"
#include "support/topology.h"

enum { KINDS = 2, SENDERS = 3 };

/* Round i of KINDS * SENDERS: a channel of either kind, from this thread, from another one
 * that is a node, and from another process. */
static struct pair pair_of_round(int i)
{
    struct child *sender = NULL;

    if (i / KINDS == 1)
        sender = child_start(CHILD_THREAD, 2);
    else if (i / KINDS == 2)
        sender = child_start(CHILD_PROCESS, 2);
    return pair_open(i % KINDS == 0 ? PACKETS : SCALARS, sender, NULL);
}

static void send_one(const struct pair *pair)
{
    expect_status(MCAPI_SUCCESS, pair_send_status(pair));
}

static void receive_one(const struct pair *pair)
{
    expect_status(MCAPI_SUCCESS, pair_receive_status(pair));
}

static mcapi_uint_t available(const struct pair *pair)
{
    mcapi_uint_t count;

    if (pair->kind == PACKETS)
        expect(MCAPI_SUCCESS, count = mcapi_pktchan_available(pair->receive, &status));
    else
        expect(MCAPI_SUCCESS, count = mcapi_sclchan_available(pair->receive, &status));
    return count;
}

/* --- Level-triggered ------------------------------------------------------------------ */

START_TEST(readable_from_the_first_send_to_the_last_receive)
{
    struct pair pair = pair_of_round(_i);
    int fd = fd_of(&pair);

    for (int i = 0; i < 20; i++) {
        ck_assert(!is_readable(fd));
        for (int sent = 0; sent <= i; sent++) {
            send_one(&pair);
            ck_assert(becomes_readable(fd));
        }
        for (int left = i; left >= 0; left--) {
            ck_assert(is_readable(fd));
            receive_one(&pair);
        }
    }
    ck_assert(!is_readable(fd));
}
END_TEST

START_TEST(what_was_sent_before_anyone_asked_counts)
{
    struct pair pair = pair_of_round(_i);

    send_one(&pair);
    ck_assert(is_readable(fd_of(&pair)));
    receive_one(&pair);
    ck_assert(!is_readable(fd_of(&pair)));
}
END_TEST

START_TEST(it_is_the_same_one_each_time_and_closed_by_exec)
{
    struct pair pair = pair_open(_i == 0 ? PACKETS : SCALARS, NULL, NULL);
    struct pair other = pair_open(PACKETS, NULL, NULL);
    int fd = fd_of(&pair);

    ck_assert_int_eq(fd_of(&pair), fd);
    ck_assert_int_ne(fd_of(&other), fd);
    send_one(&pair);
    ck_assert_int_eq(fd_of(&pair), fd);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert(becomes_readable(fd));
    ck_assert(!is_readable(fd_of(&other)));
}
END_TEST

START_TEST(an_end_may_be_asked_about_before_it_is_connected)
{
    struct child *sender = _i / KINDS == 0 ? NULL : child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(_i % KINDS == 0 ? PACKETS : SCALARS, sender, NULL);
    int fd;

    pair_open_receive(&pair);
    fd = fd_of(&pair);
    ck_assert(!is_readable(fd));
    pair_connect(&pair);
    pair_open_send(&pair);
    ck_assert(!is_readable(fd));
    send_one(&pair);
    ck_assert(becomes_readable(fd)); /* no call of ours in between */
    receive_one(&pair);
    ck_assert(!is_readable(fd));
    ck_assert_int_eq(fd_of(&pair), fd);
}
END_TEST

START_TEST(what_opens_or_connects_elsewhere_makes_nothing_readable)
{
    struct child *sender = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(_i == 0 ? PACKETS : SCALARS, sender, NULL);
    struct pair other;
    int fd;

    pair_connect(&pair);
    pair_open_receive(&pair);
    fd = fd_of(&pair);
    pair_open_send(&pair);
    other = pair_open(PACKETS, sender, NULL);
    pair_close(&other);
    for (int i = 0; i < 200; i++) {
        ck_assert(!is_readable(fd));
        breathe();
    }
    send_one(&pair);
    ck_assert(becomes_readable(fd));
}
END_TEST

/* Sends and receives in any order; what a call has seen the descriptor says at once. */
START_TEST(after_each_of_many_steps_it_says_what_is_available)
{
    struct child *sender = _i / KINDS == 0 ? NULL : child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(_i % KINDS == 0 ? PACKETS : SCALARS, sender, NULL);
    int fd = fd_of(&pair);
    unsigned seed = 1 + (unsigned)_i;
    uint32_t in = 0;

    for (int step = 0; step < 4000; step++) {
        bool send = rand_r(&seed) % 2 == 0;

        if (send && in < 8) {
            send_one(&pair);
            in++;
        } else if (!send && in > 0) {
            receive_one(&pair);
            in--;
        }
        if (step % 3 == 0) {
            ck_assert_uint_eq(available(&pair), in);
            ck_assert_int_eq(is_readable(fd), in > 0);
        } else {
            ck_assert_int_eq(in > 0 ? becomes_readable(fd) : is_readable(fd), in > 0);
        }
    }
}
END_TEST

static void act_send_with_pauses(struct act *act)
{
    unsigned seed = (unsigned)act->word;
    uint32_t count = act->count;

    act->count = 1;
    for (act->word = 0; act->word < count;) {
        for (volatile int spin = rand_r(&seed) % 3000; spin > 0; spin--)
            ;
        act_send_many(act);
        if (act->status != MCAPI_SUCCESS)
            return;
    }
}

/* The sender sends whenever it likes: no wake is lost, and it is never readable for nothing. */
START_TEST(no_send_is_overlooked_however_close_it_comes)
{
    enum { COUNT = 20000 };
    struct pair pair = pair_of_round(KINDS + _i);
    struct act act = {
        .kind = (int)pair.kind, .endpoint = pair.send, .count = COUNT, .word = 7, .size = 4
    };
    int fd = fd_of(&pair);
    unsigned seed = 3;

    child_begin(pair.sender, act_send_with_pauses, &act);
    for (uint32_t i = 0; i < COUNT; i++) {
        struct act one = {
            .kind = (int)pair.kind, .endpoint = pair.receive, .count = 1, .word = i
        };

        if (i % 2 == 0)
            ck_assert_msg(becomes_readable(fd), "packet %u is there, and nobody says so", i);
        act_receive_many(&one); /* in turn: blocked, and told by the descriptor */
        expect_status(MCAPI_SUCCESS, one.status);
        ck_assert_uint_eq(one.word, i + 1);
        for (volatile int spin = rand_r(&seed) % 2000; spin > 0; spin--)
            ;
        if (is_readable(fd))
            ck_assert_uint_gt(available(&pair), 0);
    }
    child_finish(pair.sender, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert(!is_readable(fd));
}
END_TEST

/* --- Others that receive -------------------------------------------------------------- */

START_TEST(one_thread_waits_and_another_receives)
{
    struct pair pair = pair_of_round(_i);
    struct child *helper = child_start_bare(CHILD_THREAD);
    struct act act = { .kind = (int)pair.kind, .endpoint = pair.receive };
    int fd = fd_of(&pair);

    for (int i = 0; i < 100; i++) {
        send_one(&pair);
        ck_assert(becomes_readable(fd));
        child_do(helper, act_receive, &act);
        expect_status(MCAPI_SUCCESS, act.status);
        ck_assert(!is_readable(fd));
    }
}
END_TEST

START_TEST(a_blocked_receive_leaves_it_as_it_has_to_be)
{
    struct pair pair = pair_of_round(_i);
    struct child *helper = child_start_bare(CHILD_THREAD);
    struct act act = { .kind = (int)pair.kind, .endpoint = pair.receive };
    int fd = fd_of(&pair);

    for (int i = 0; i < 20; i++) {
        child_begin(helper, act_receive, &act);
        ck_assert(eventually(child_is_asleep(helper)));
        ck_assert(!is_readable(fd));
        send_one(&pair);
        child_finish(helper, &act);
        expect_status(MCAPI_SUCCESS, act.status);
        ck_assert(!is_readable(fd));
        send_one(&pair);
        ck_assert(becomes_readable(fd));
        receive_one(&pair);
    }
}
END_TEST

START_TEST(a_receive_that_was_posted_is_told_of_its_packet)
{
    struct pair pair = pair_of_round(_i * KINDS);
    int fd = fd_of(&pair);

    for (int i = 0; i < 20; i++) {
        mcapi_request_t request;
        void *buffer = NULL;
        size_t size;

        expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(pair.receive, &buffer, &request, &status));
        ck_assert(!is_readable(fd));
        pair_send(&pair, "for the one that was posted");
        ck_assert(becomes_readable(fd));
        expect(MCAPI_SUCCESS, ck_assert(mcapi_test(&request, &size, &status)));
        ck_assert_str_eq(buffer, "for the one that was posted");
        ck_assert(!is_readable(fd));
        pair_give_back(buffer);
    }
}
END_TEST

START_TEST(a_release_changes_nothing)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    int fd = fd_of(&pair);
    void *first, *second;
    size_t size;

    pair_send(&pair, "first");
    pair_send(&pair, "second");
    first = pair_take(&pair, &size);
    ck_assert(is_readable(fd) || becomes_readable(fd));
    second = pair_take(&pair, &size);
    ck_assert(!is_readable(fd));
    pair_give_back(second);
    ck_assert(!is_readable(fd));
    pair_give_back(first);
    ck_assert(!is_readable(fd));
}
END_TEST

/* --- epoll ---------------------------------------------------------------------------- */

static int epoll_with(int fd, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.fd = fd };
    int set = epoll_create1(EPOLL_CLOEXEC);

    ck_assert_int_ge(set, 0);
    ck_assert_int_eq(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), 0);
    return set;
}

static bool epoll_says(int set, int timeout)
{
    struct epoll_event event;

    return epoll_wait(set, &event, 1, timeout) == 1 && event.events == EPOLLIN;
}

START_TEST(epoll_tells_of_it_as_long_as_something_is_there)
{
    struct pair pair = pair_of_round(_i);
    int set = epoll_with(fd_of(&pair), EPOLLIN);

    ck_assert(!epoll_says(set, 0));
    for (int i = 0; i < 10; i++) {
        send_one(&pair);
        send_one(&pair);
        ck_assert(epoll_says(set, PATIENCE_MS));
        ck_assert(epoll_says(set, 0));
        receive_one(&pair);
        ck_assert(epoll_says(set, 0));
        receive_one(&pair);
        ck_assert(!epoll_says(set, 0));
    }
    close(set);
}
END_TEST

START_TEST(edge_triggered_epoll_tells_of_each_beginning_once)
{
    struct pair pair = pair_of_round(_i);
    int set = epoll_with(fd_of(&pair), EPOLLIN | EPOLLET);

    for (int i = 0; i < 10; i++) {
        ck_assert(!epoll_says(set, 0));
        send_one(&pair);
        ck_assert(epoll_says(set, PATIENCE_MS));
        ck_assert(!epoll_says(set, 0));
        send_one(&pair);
        receive_one(&pair);
        ck_assert(!epoll_says(set, 0)); /* it has not been empty */
        receive_one(&pair);
        ck_assert_uint_eq(available(&pair), 0);
    }
    close(set);
}
END_TEST

/* As an edge-triggered program is written: receive until there is nothing, and wait again. */
START_TEST(no_edge_is_missing)
{
    enum { COUNT = 20000 };
    struct pair pair = pair_of_round(KINDS + _i);
    struct act act = {
        .kind = (int)pair.kind, .endpoint = pair.send, .count = COUNT, .word = 11, .size = 4
    };
    int set = epoll_with(fd_of(&pair), EPOLLIN | EPOLLET);
    uint32_t received = 0;

    child_begin(pair.sender, act_send_with_pauses, &act);
    while (received < COUNT) {
        ck_assert_msg(epoll_says(set, PATIENCE_MS), "no edge after %u", received);
        while (available(&pair) > 0) {
            receive_one(&pair);
            received++;
        }
    }
    child_finish(pair.sender, &act);
    close(set);
}
END_TEST

/* --- Many ----------------------------------------------------------------------------- */

START_TEST(each_of_many_ends_tells_of_its_own)
{
    enum { MANY = 150 };
    struct child *peer = child_start(CHILD_PROCESS, 2);
    static struct pair pair[MANY];
    static int fd[MANY];

    for (int i = 0; i < MANY; i++) {
        pair[i] = pair_open(i % 2 ? SCALARS : PACKETS, i % 3 ? peer : NULL, NULL);
        fd[i] = fd_of(&pair[i]);
    }
    for (int i = 0; i < MANY; i += 7) {
        send_one(&pair[i]);
        ck_assert(becomes_readable(fd[i]));
        for (int j = 0; j < MANY; j++)
            ck_assert_int_eq(is_readable(fd[j]), j == i);
        receive_one(&pair[i]);
    }
}
END_TEST

/* --- What is refused ------------------------------------------------------------------ */

static void expect_refused(mcapi_endpoint_t handle, mcapi_status_t wanted)
{
    int fd;

    expect(wanted, fd = mcapi_ext_receive_fd(handle, &status));
    ck_assert_int_eq(fd, -1);
}

START_TEST(what_is_no_receiving_end_is_refused)
{
    struct child *peer = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(_i == 0 ? PACKETS : SCALARS, NULL, NULL);
    struct pair foreign = pair_open(_i == 0 ? PACKETS : SCALARS, NULL, peer);
    struct pair unopened = pair_create(PACKETS, NULL, NULL);

    pair_connect(&unopened);
    ck_assert_int_eq(mcapi_ext_receive_fd(pair.receive, NULL), -1);
    expect_refused(pair.send, MCAPI_ERR_CHAN_INVALID);
    expect_refused(foreign.receive, MCAPI_ERR_ENDP_INVALID);
    expect_refused(unopened.receive, MCAPI_ERR_CHAN_INVALID);
    expect_refused(0, MCAPI_ERR_ENDP_INVALID);
    expect_refused(~0u, MCAPI_ERR_ENDP_INVALID);
    expect_refused(0xdeadbeef, MCAPI_ERR_ENDP_INVALID);
    expect_refused(pair.receive ^ 0x10000, MCAPI_ERR_ENDP_INVALID);
    expect_refused(pair.receive ^ 0x4000, MCAPI_ERR_ENDP_INVALID);
    pair_close(&pair);
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(pair.receive, &status));
    expect_refused(pair.receive, MCAPI_ERR_ENDP_INVALID);
    leave();
    expect_refused(foreign.receive, MCAPI_ERR_NODE_NOTINIT);
    join(0, 1);
}
END_TEST

START_TEST(where_no_descriptor_is_to_be_had_nothing_changes)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    struct rlimit before, none;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 3;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    expect_refused(pair.receive, MCAPI_ERR_MEM_LIMIT);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    pair_send(&pair, "still");
    pair_expect(&pair, "still");
    ck_assert(!is_readable(fd_of(&pair)));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { readable_from_the_first_send_to_the_last_receive, KINDS * SENDERS },
        { what_was_sent_before_anyone_asked_counts, KINDS * SENDERS },
        { it_is_the_same_one_each_time_and_closed_by_exec, KINDS },
        { an_end_may_be_asked_about_before_it_is_connected, KINDS * 2 },
        { what_opens_or_connects_elsewhere_makes_nothing_readable, KINDS },
        { after_each_of_many_steps_it_says_what_is_available, KINDS * 2 },
        { no_send_is_overlooked_however_close_it_comes, KINDS * 2 },
        { one_thread_waits_and_another_receives, KINDS * SENDERS },
        { a_blocked_receive_leaves_it_as_it_has_to_be, KINDS * SENDERS },
        { a_receive_that_was_posted_is_told_of_its_packet, SENDERS },
        { a_release_changes_nothing, 1 },
        { epoll_tells_of_it_as_long_as_something_is_there, KINDS * SENDERS },
        { edge_triggered_epoll_tells_of_each_beginning_once, KINDS * SENDERS },
        { no_edge_is_missing, KINDS * 2 },
        { each_of_many_ends_tells_of_its_own, 1 },
        { what_is_no_receiving_end_is_refused, KINDS },
        { where_no_descriptor_is_to_be_had_nothing_changes, 1 },
    };

    return suite_run_between("api/receive_fd", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
