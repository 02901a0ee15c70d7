/* SPDX-License-Identifier: MIT */
/*
 * check_ext_fd.c - section 11: a file descriptor that is readable while a receive would not
 * block, as poll and epoll see it.
 */
#include "ext.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

/* --- Descriptors ---------------------------------------------------------------- */

static int fd_of(mcapi_endpoint_t end)
{
    int fd;

    expect(MCAPI_SUCCESS, fd = mcapi_ext_receive_fd(end, &status));
    expect_true(fd >= 0);
    return fd;
}

static bool is_readable(int fd)
{
    struct pollfd one = { .fd = fd, .events = POLLIN };

    return poll(&one, 1, 0) == 1 && one.revents == POLLIN;
}

/* Sleeps until it is, as a program would. */
static bool becomes_readable(int fd)
{
    struct pollfd one = { .fd = fd, .events = POLLIN };

    return poll(&one, 1, (int)patience_ms()) == 1 && one.revents == POLLIN;
}

/* From peer 0 to us. */
static struct channel from_peer(const struct kind *kind)
{
    struct channel channel = channel_made(peer(0), NULL);

    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(kind, &channel);
    return channel;
}

FOR_BOTH(there_is_one_for_each_end)
{
    struct channel channels[3];
    int fds[3];

    nodes_begin(1);
    for (int i = 0; i < 3; i++) {
        channels[i] = from_peer(kind);
        fds[i] = fd_of(channels[i].recv);
        for (int j = 0; j < i; j++)
            expect_true(fds[i] != fds[j]);
    }
    for (int i = 0; i < 3; i++) {
        expect_equal(fds[i], fd_of(channels[i].recv));
        expect_true(fcntl(fds[i], F_GETFD) >= 0);
    }
    channel_fill(kind, &channels[1], 1, 1);
    expect_true(becomes_readable(fds[1]));
    expect_true(!is_readable(fds[0]) && !is_readable(fds[2]));
    expect_equal(fds[1], fd_of(channels[1].recv));
    channel_drain(kind, &channels[1], 1, 1);
    expect_true(!is_readable(fds[1]));
    nodes_end();
}

/* --- While a receive would not block -------------------------------------------- */

FOR_BOTH(it_is_readable_while_something_is_there)
{
    struct channel channel;
    int fd;

    nodes_begin(1);
    channel = from_peer(kind);
    channel_fill(kind, &channel, 1, 2); /* before anybody asked */
    fd = fd_of(channel.recv);
    expect_true(is_readable(fd));
    channel_drain(kind, &channel, 1, 1);
    expect_true(is_readable(fd));
    channel_drain(kind, &channel, 2, 1);
    expect_true(!is_readable(fd));
    for (uint32_t count = 1; count < 6; count++) {
        channel_fill(kind, &channel, 1, count);
        expect_true(becomes_readable(fd));
        for (uint32_t i = 0; i < count; i++) {
            expect_true(is_readable(fd));
            channel_drain(kind, &channel, 1 + i, 1);
        }
        expect_true(!is_readable(fd)); /* as soon as the receive has returned */
        expect_status(MCAPI_TIMEOUT, channel_take_status(kind, &channel));
        expect_true(!is_readable(fd));
    }
    nodes_end();
}

FOR_EACH_WAY(it_does_not_matter_how_it_is_sent_or_received)
{
    struct channel channel;
    struct call put = { .word = 7, .number = 200 }, take = { .word = 7, .number = 200 };
    int fd;

    nodes_begin(1);
    channel = from_peer(kind);
    fd = fd_of(channel.recv);
    for (uint64_t word = 1; word < 20; word++) {
        channel_fill(kind, &channel, word, 1);
        expect_true(becomes_readable(fd));
        channel_drain(kind, &channel, word, 1);
        expect_true(!is_readable(fd));
    }
    put.endpoint = channel.send;
    take.endpoint = channel.recv;
    for (put.number = take.number = 10; put.number <= kind->depth;
         put.number = take.number = put.number * 2) {
        expect_status(MCAPI_SUCCESS, ask(peer(0), kind->put_many, put).status);
        expect_true(becomes_readable(fd));
        expect_status(MCAPI_SUCCESS, ask(NULL, kind->take_many, take).status);
        expect_true(!is_readable(fd));
    }
    nodes_end();
}

FOR_BOTH(what_a_call_has_seen_it_tells_at_once)
{
    struct channel channel;
    int fd;

    nodes_begin(1);
    channel = from_peer(kind);
    fd = fd_of(channel.recv);
    for (uint64_t word = 1; word < 200; word++) {
        channel_fill(kind, &channel, word, 1);
        expect_equal(1, channel_available(kind, &channel));
        expect_true(is_readable(fd));
        channel_drain(kind, &channel, word, 1);
        expect_true(!is_readable(fd));
    }
    nodes_end();
}

static void holding_or_releasing_a_packet_changes_nothing(void)
{
    struct call receive = { 0 };
    struct channel channel;
    int fd;

    nodes_begin(1);
    channel = from_peer(&packets);
    fd = fd_of(channel.recv);
    channel_fill(&packets, &channel, 1, 1);
    receive.endpoint = channel.recv;
    do_receive(&receive);
    expect_status(MCAPI_SUCCESS, receive.status);
    expect_true(!is_readable(fd));
    do_release(&receive);
    expect_true(!is_readable(fd));
    nodes_end();
}

static void it_tells_of_what_a_posted_receive_gets(void)
{
    struct channel channel;
    mcapi_request_t request;
    void *buffer = NULL;
    size_t size = 0;
    int fd;

    nodes_begin(1);
    channel = from_peer(&packets);
    fd = fd_of(channel.recv);
    for (uint64_t word = 1; word < 10; word++) {
        expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(channel.recv, &buffer, &request, &status));
        expect_true(!is_readable(fd));
        channel_fill(&packets, &channel, word, 1);
        expect_true(becomes_readable(fd));
        expect(MCAPI_SUCCESS, mcapi_test(&request, &size, &status));
        expect_equal(word, *(uint64_t *)buffer);
        expect_true(!is_readable(fd));
        expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffer, &status));
    }
    nodes_end();
}

/* The end of the other side is something to receive: for good, and after what was sent. */
static void is_over(const struct kind *kind, const struct channel *channel, int fd,
                    mcapi_status_t how)
{
    expect_true(becomes_readable(fd));
    channel_drain(kind, channel, 1, 2);
    for (int i = 0; i < 3; i++) {
        expect_true(becomes_readable(fd));
        expect_status(how, channel_take_status(kind, channel));
        expect_true(is_readable(fd));
    }
}

FOR_BOTH(a_close_is_told_for_good)
{
    nodes_begin(1);
    for (int late = 0; late < 2; late++) { /* asked for before the close, or after it */
        struct channel channel = from_peer(kind);
        int fd = late == 0 ? fd_of(channel.recv) : -1;

        channel_fill(kind, &channel, 1, 2);
        channel_close(kind, &channel, SENDING);
        is_over(kind, &channel, late == 0 ? fd : fd_of(channel.recv), MCAPI_ERR_CHAN_INVALID);
    }
    nodes_end();
}

FOR_BOTH(a_death_is_told_for_good)
{
    struct channel channels[2];
    int fd;

    nodes_begin(1);
    for (int i = 0; i < 2; i++)
        channels[i] = from_peer(kind);
    fd = fd_of(channels[0].recv);
    for (int i = 0; i < 2; i++)
        channel_fill(kind, &channels[i], 1, 2);
    kill_peer(peer(0));
    is_over(kind, &channels[0], fd, MCAPI_ERR_TRANSMISSION);
    is_over(kind, &channels[1], fd_of(channels[1].recv), MCAPI_ERR_TRANSMISSION);
    nodes_end();
}

/* Nothing was sent, and whoever sleeps in poll wakes all the same. */
FOR_BOTH(a_death_wakes_who_polls)
{
    struct channel channel;
    int fd;

    nodes_begin(1);
    channel = from_peer(kind);
    fd = fd_of(channel.recv);
    expect_true(!is_readable(fd));
    kill_peer(peer(0));
    expect_true(becomes_readable(fd));
    expect_status(MCAPI_ERR_TRANSMISSION, channel_take_status(kind, &channel));
    nodes_end();
}

FOR_BOTH(it_may_be_asked_for_before_the_connect)
{
    struct channel channel;
    int fd;

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    channel_open(kind, &channel, RECEIVING);
    fd = fd_of(channel.recv);
    expect_true(!is_readable(fd));
    channel_connect(kind, &channel);
    channel_open(kind, &channel, SENDING);
    expect_equal(fd, fd_of(channel.recv));
    expect_true(!is_readable(fd)); /* nothing was sent */
    channel_fill(kind, &channel, 5, 1);
    expect_true(becomes_readable(fd));
    channel_drain(kind, &channel, 5, 1);
    expect_true(!is_readable(fd));
    nodes_end();
}

/* --- Event loops ---------------------------------------------------------------- */

static int loop_of(int fd, uint32_t events)
{
    int loop = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = events, .data.fd = fd };

    expect_true(loop >= 0);
    expect_equal(0, epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event));
    return loop;
}

static bool loop_tells(int loop, int64_t ms)
{
    struct epoll_event event;

    return epoll_wait(loop, &event, 1, (int)ms) == 1;
}

/* The peer sends `number` words one by one, and is the slower one at times. */
FOR_BOTH(a_loop_that_polls_gets_all)
{
    enum { COUNT = 3000 };
    struct channel channel;
    struct call put = { .word = 1, .number = COUNT };
    uint64_t next = 1;
    int fd, loop;

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    set(NULL, channel.recv, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(kind, &channel);
    fd = fd_of(channel.recv);
    loop = loop_of(fd, EPOLLIN);
    put.endpoint = channel.send;
    begin(peer(0), kind->put_many, &put);
    while (next <= COUNT) {
        expect_true(next % 2 == 0 ? becomes_readable(fd) : loop_tells(loop, patience_ms()));
        channel_drain(kind, &channel, next++, 1); /* one for each that is told */
    }
    finish(peer(0), &put);
    expect_status(MCAPI_SUCCESS, put.status);
    expect_true(!is_readable(fd) && !loop_tells(loop, 0));
    close(loop);
    nodes_end();
}

FOR_BOTH(an_edge_triggered_loop_that_drains_gets_all)
{
    enum { COUNT = 6000 };
    struct channel channel;
    struct call put = { .word = 1, .number = COUNT };
    uint64_t next = 1;
    int loop;

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    set(NULL, channel.recv, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(kind, &channel);
    loop = loop_of(fd_of(channel.recv), EPOLLIN | EPOLLET);
    put.endpoint = channel.send;
    begin(peer(0), kind->put_many, &put);
    while (next <= COUNT) {
        struct call take = { .endpoint = channel.recv };

        expect_true(loop_tells(loop, patience_ms()));
        for (kind->take(&take); take.status == MCAPI_SUCCESS; kind->take(&take))
            expect_equal(next++, take.word);
        expect_status(MCAPI_TIMEOUT, take.status);
    }
    finish(peer(0), &put);
    close(loop);
    nodes_end();
}

FOR_BOTH(an_edge_is_told_once)
{
    struct channel channel;
    int loop;

    nodes_begin(1);
    channel = from_peer(kind);
    loop = loop_of(fd_of(channel.recv), EPOLLIN | EPOLLET);
    expect_true(!loop_tells(loop, 0));
    for (uint64_t word = 1; word < 30; word++) {
        channel_fill(kind, &channel, word, 1);
        expect_true(loop_tells(loop, patience_ms()));
        expect_true(!loop_tells(loop, 0));
        channel_drain(kind, &channel, word, 1);
        expect_true(!loop_tells(loop, 0));
    }
    close(loop);
    nodes_end();
}

/* More than one sleep of the kernel can watch. */
static void each_of_a_hundred_and_fifty_tells_of_its_own(void)
{
    enum { MANY = 150 };
    static struct channel channels[MANY];
    static int fds[MANY];

    nodes_begin(1);
    for (int i = 0; i < MANY; i++) {
        channels[i] = from_peer(i % 2 == 0 ? &packets : &scalars);
        fds[i] = fd_of(channels[i].recv);
    }
    for (int i = 0; i < MANY; i++) {
        int which = i * 67 % MANY;
        const struct kind *kind = which % 2 == 0 ? &packets : &scalars;

        expect_true(!is_readable(fds[which]));
        channel_fill(kind, &channels[which], 1, 1);
        expect_true(becomes_readable(fds[which]));
    }
    for (int i = 0; i < MANY; i++) {
        expect_true(is_readable(fds[i]));
        channel_drain(i % 2 == 0 ? &packets : &scalars, &channels[i], 1, 1);
        expect_true(!is_readable(fds[i]));
    }
    nodes_end();
}

static void select_sees_it_too(void)
{
    struct channel channel;
    fd_set set;
    int fd;

    nodes_begin(1);
    channel = from_peer(&packets);
    fd = fd_of(channel.recv);
    for (int round = 0; round < 3; round++) {
        struct timeval none = { 0, 0 }, long_time = { 10, 0 };

        FD_ZERO(&set);
        FD_SET(fd, &set);
        expect_equal(0, select(fd + 1, &set, NULL, NULL, &none));
        channel_fill(&packets, &channel, 1, 1);
        FD_ZERO(&set);
        FD_SET(fd, &set);
        expect_equal(1, select(fd + 1, &set, NULL, NULL, &long_time));
        channel_drain(&packets, &channel, 1, 1);
    }
    nodes_end();
}

/* A thread of our node polls; we, of the same node, receive what comes before it can. */
static void do_poll(struct call *call)
{
    call->truth = becomes_readable((int)call->number);
}

FOR_BOTH(one_thread_polls_and_another_receives)
{
    struct call polls = { 0 };
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(NULL, NULL);
    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(kind, &channel);
    polls.number = (mcapi_uint_t)fd_of(channel.recv);
    for (uint64_t word = 1; word < 4; word++) {
        begin(peer(0), do_poll, &polls);
        expect_true(stays_blocked(peer(0)));
        channel_fill(kind, &channel, word, 1);
        finish(peer(0), &polls);
        expect_true(polls.truth == MCAPI_TRUE);
        channel_drain(kind, &channel, word, 1);
        expect_true(!is_readable((int)polls.number));
    }
    nodes_end();
}

static const struct test tests[] = {
    BOTH(there_is_one_for_each_end, ANYWHERE, "11.67", "11.67"),
    BOTH(it_is_readable_while_something_is_there, ANYWHERE, "11.68", "11.68"),
    EACH_WAY(it_does_not_matter_how_it_is_sent_or_received, ANYWHERE, "11.68", "11.68",
             "11.68"),
    BOTH(what_a_call_has_seen_it_tells_at_once, ANYWHERE, "11.69", "11.69"),
    TEST(holding_or_releasing_a_packet_changes_nothing, ANYWHERE, "11.68"),
    TEST(it_tells_of_what_a_posted_receive_gets, ANYWHERE, "11.70"),
    BOTH(a_close_is_told_for_good, ANYWHERE, "11.71", "11.71"),
    BOTH(a_death_is_told_for_good, IN_PROCESSES, "11.71", "11.71"),
    BOTH(a_death_wakes_who_polls, IN_PROCESSES, "11.71", "11.71"),
    BOTH(it_may_be_asked_for_before_the_connect, ANYWHERE, "11.72", "11.72"),
    BOTH(a_loop_that_polls_gets_all, ANYWHERE, "11.73 11.68", "11.73 11.68"),
    BOTH(an_edge_triggered_loop_that_drains_gets_all, ANYWHERE, "11.73", "11.73"),
    BOTH(an_edge_is_told_once, ANYWHERE, "11.73", "11.73"),
    TEST(each_of_a_hundred_and_fifty_tells_of_its_own, BETWEEN_NODES, "11.67 11.68"),
    TEST(select_sees_it_too, ANYWHERE, "11.73"),
    BOTH(one_thread_polls_and_another_receives, IN_ONE_NODE, "11.68", "11.68"),
};

CHAPTER(ext_fd, tests);
