/* SPDX-License-Identifier: MIT */
/*
 * check_ext_fd_ends.c - section 11: descriptors of endpoints that take messages; how long a
 * descriptor lives, who has none, and the thread behind it.
 */
#include "ext.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "endpoints.h"
#include "messages.h"

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

static bool becomes_readable(int fd)
{
    struct pollfd one = { .fd = fd, .events = POLLIN };

    return poll(&one, 1, (int)patience_ms()) == 1 && one.revents == POLLIN;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0 || errno != EBADF;
}

/* --- Messages ------------------------------------------------------------------- */

static void it_is_readable_while_a_message_is_there(void)
{
    mcapi_endpoint_t from, to;
    int fd;

    nodes_begin(1);
    from = endpoint_of(peer(0));
    to = endpoint_of(NULL);
    say(peer(0), from, to, "early"); /* before anybody asked */
    fd = fd_of(to);
    expect_equal(fd, fd_of(to));
    expect_true(is_readable(fd));
    hear(to, "early");
    expect_true(!is_readable(fd));
    for (mcapi_priority_t priority = 0; priority <= MCAPI_MAX_PRIORITY; priority++) {
        say_with(peer(0), from, to, "less urgent", MCAPI_MAX_PRIORITY);
        say_with(peer(0), from, to, "a word", priority);
        expect_true(becomes_readable(fd));
        hear(to, priority < MCAPI_MAX_PRIORITY ? "a word" : "less urgent");
        expect_true(is_readable(fd));
        hear(to, priority < MCAPI_MAX_PRIORITY ? "less urgent" : "a word");
        expect_true(!is_readable(fd));
    }
    nodes_end();
}

static void it_tells_of_what_a_posted_receive_of_messages_gets(void)
{
    mcapi_endpoint_t from, to;
    mcapi_request_t request;
    char buffer[64];
    int fd;

    nodes_begin(1);
    from = endpoint_of(peer(0));
    to = endpoint_of(NULL);
    fd = fd_of(to);
    for (int round = 0; round < 5; round++) {
        expect(MCAPI_SUCCESS, mcapi_msg_recv_i(to, buffer, sizeof buffer, &request, &status));
        expect_true(!is_readable(fd));
        say(peer(0), from, to, "posted");
        expect_true(becomes_readable(fd));
        hear_posted(request, buffer, "posted");
        expect_true(!is_readable(fd));
    }
    nodes_end();
}

static void a_channel_of_the_same_endpoint_has_another_one(void)
{
    struct channel channel;
    mcapi_endpoint_t from;
    int of_messages, of_packets;

    nodes_begin(1);
    from = endpoint_of(peer(0));
    channel = channel_made(peer(0), NULL);
    of_messages = fd_of(channel.recv);
    say(peer(0), from, channel.recv, "first");
    channel_join(&packets, &channel);
    of_packets = fd_of(channel.recv);
    expect_true(of_packets != of_messages);
    expect_true(becomes_readable(of_messages) && !is_readable(of_packets));
    hear(channel.recv, "first");
    expect_true(!is_readable(of_messages));
    channel_fill(&packets, &channel, 1, 1);
    expect_true(becomes_readable(of_packets) && !is_readable(of_messages));
    channel_drain(&packets, &channel, 1, 1);
    channel_part(&packets, &channel);
    expect_true(!is_open(of_packets) && is_open(of_messages));
    nodes_end();
}

/* --- How long it lives ---------------------------------------------------------- */

enum going { BY_CLOSE, BY_DELETE, BY_FINALIZE, WAYS_TO_GO };

/* A receiver whose descriptor is asked for, alone in what it waits for: an endpoint for
 * messages, a packet channel, a scalar channel. */
static mcapi_endpoint_t made(int what, struct channel *channel)
{
    if (what == 0)
        return endpoint_of(NULL);
    *channel = channel_joined(what == 1 ? &packets : &scalars, NULL, NULL);
    return channel->recv;
}

static void goes(int what, struct channel *channel, mcapi_endpoint_t end, enum going how)
{
    struct call call = { .endpoint = end };

    if (how == BY_FINALIZE) {
        at(NULL, do_finalize, &call);
        expect_status(MCAPI_SUCCESS, call.status);
        return;
    }
    if (what > 0)
        channel_close(what == 1 ? &packets : &scalars, channel, RECEIVING);
    if (how == BY_DELETE)
        delete_at(NULL, end);
}

static void a_descriptor_is_closed_with_what_it_is_of(void)
{
    for (int what = 0; what < 3; what++)
        for (enum going how = BY_CLOSE; how < WAYS_TO_GO; how++) {
            struct channel channel = { 0 };
            struct pollfd waiter = { .events = POLLIN };
            mcapi_endpoint_t end;
            int fd;

            if (what == 0 && how == BY_CLOSE)
                continue; /* nothing to close */
            nodes_begin(0);
            end = made(what, &channel);
            fd = fd_of(end);
            waiter.fd = dup(fd);
            expect_true(waiter.fd >= 0 && !is_readable(waiter.fd));
            goes(what, &channel, end, how);
            expect_true(!is_open(fd));
            expect_true(is_readable(waiter.fd));
            close(waiter.fd);
            nodes_end();
        }
}

/* number: the descriptor -> truth */
static void do_poll(struct call *call)
{
    struct pollfd one = { .fd = (int)call->number, .events = POLLIN };

    call->truth = poll(&one, 1, (int)patience_ms()) == 1;
}

static void who_waits_wakes_when_it_is_closed(void)
{
    for (int what = 0; what < 3; what++)
        for (enum going how = BY_CLOSE; how < WAYS_TO_GO; how++) {
            struct channel channel = { 0 };
            struct call polls = { 0 };
            mcapi_endpoint_t end;

            if (what == 0 && how == BY_CLOSE)
                continue;
            nodes_begin(1);
            end = made(what, &channel);
            polls.number = (mcapi_uint_t)fd_of(end);
            begin(peer(0), do_poll, &polls);
            expect_true(stays_blocked(peer(0)));
            goes(what, &channel, end, how);
            finish(peer(0), &polls);
            expect_true(polls.truth == MCAPI_TRUE);
            nodes_end();
        }
}

FOR_BOTH(an_end_that_is_opened_again_has_a_new_one)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    for (uint64_t round = 1; round < 20; round++) {
        int fd;

        channel_join(kind, &channel);
        fd = fd_of(channel.recv);
        expect_true(!is_readable(fd));
        channel_fill(kind, &channel, round, 3);
        expect_true(becomes_readable(fd));
        channel_drain(kind, &channel, round, 1); /* the rest goes with the close */
        channel_part(kind, &channel);
        expect_true(!is_open(fd));
    }
    nodes_end();
}

/* endpoint -> number */
static void do_fd(struct call *call)
{
    call->status = UNTOUCHED;
    call->number = (mcapi_uint_t)mcapi_ext_receive_fd(call->endpoint, &call->status);
}

static void each_node_has_its_own(void)
{
    struct channel channel;
    struct call of_peer = { 0 };
    int fd;

    nodes_begin(1);
    channel = channel_joined(&packets, NULL, peer(0));
    of_peer.endpoint = channel.recv;
    of_peer = ask(peer(0), do_fd, of_peer);
    expect_status(MCAPI_SUCCESS, of_peer.status);
    fd = fd_of(channel_joined(&packets, peer(0), NULL).recv);
    expect_true(fd != (int)of_peer.number); /* one process */
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_finalize, of_peer).status);
    expect_true(!is_open((int)of_peer.number));
    expect_true(is_open(fd));
    nodes_end();
}

/* --- Children ------------------------------------------------------------------- */

static void a_forked_child_does_not_have_it(void)
{
    struct channel channel;
    int fd, pid;

    nodes_begin(0);
    channel = channel_joined(&packets, NULL, NULL);
    fd = fd_of(channel.recv);
    expect_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    pid = fork();
    expect_true(pid >= 0);
    if (pid == 0)
        _exit(is_open(fd) ? 1 : 0);
    expect_equal(0, wait_for_child(pid));
    expect_true(is_open(fd));
    channel_fill(&packets, &channel, 1, 1);
    expect_true(becomes_readable(fd));
    nodes_end();
}

/* --- What there is no descriptor for -------------------------------------------- */

static void is_refused(mcapi_status_t wanted, mcapi_endpoint_t end)
{
    expect(wanted, expect_true(mcapi_ext_receive_fd(end, &status) == -1));
}

static void only_receivers_of_this_node_have_one(void)
{
    mcapi_endpoint_t values[NO_ENDPOINTS];
    struct channel channel;

    is_refused(MCAPI_ERR_NODE_NOTINIT, 1);
    nodes_begin(1);
    fill_no_endpoints(NULL, values);
    for (int i = 0; i < NO_ENDPOINTS; i++)
        is_refused(MCAPI_ERR_ENDP_INVALID, values[i]);
    for (int i = 0; i < 2; i++) {
        const struct kind *kind = i == 0 ? &packets : &scalars;

        channel = channel_joined(kind, NULL, peer(0));
        is_refused(MCAPI_ERR_CHAN_INVALID, channel.send);
        if (variant() != ONE_NODE) {
            is_refused(MCAPI_ERR_ENDP_INVALID, channel.recv);
            is_refused(MCAPI_ERR_ENDP_INVALID, created(peer(0)));
        }
        channel = channel_made(peer(0), NULL);
        channel_connect(kind, &channel);
        is_refused(MCAPI_ERR_CHAN_INVALID, channel.recv); /* not open */
        channel = channel_made(NULL, peer(0));
        channel_open(kind, &channel, SENDING);
        is_refused(MCAPI_ERR_CHAN_INVALID, channel.send); /* opened, to send */
    }
    expect_equal((uint64_t)-1, (uint64_t)mcapi_ext_receive_fd(created(NULL), NULL));
    nodes_end();
}

static void without_a_free_descriptor_there_is_none(void)
{
    struct rlimit old, none;
    struct channel channel;
    mcapi_endpoint_t to;

    nodes_begin(0);
    channel = channel_joined(&packets, NULL, NULL);
    to = endpoint_of(NULL);
    expect_equal(0, getrlimit(RLIMIT_NOFILE, &old));
    none = old;
    none.rlim_cur = 0;
    expect_equal(0, setrlimit(RLIMIT_NOFILE, &none));
    for (int i = 0; i < 2; i++) {
        is_refused(MCAPI_ERR_MEM_LIMIT, channel.recv);
        is_refused(MCAPI_ERR_MEM_LIMIT, to);
    }
    expect_equal(0, setrlimit(RLIMIT_NOFILE, &old));
    channel_works(&packets, &channel);
    channel_fill(&packets, &channel, 1, 1);
    expect_true(becomes_readable(fd_of(channel.recv)));
    expect_true(!is_readable(fd_of(to)));
    nodes_end();
}

/* --- The thread ----------------------------------------------------------------- */

static int threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;

    expect_true(tasks != NULL);
    for (const struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks))
        count += task->d_name[0] != '.';
    closedir(tasks);
    return count;
}

static void there_is_one_thread_from_the_first_call_to_the_last_node(void)
{
    for (int round = 0; round < 3; round++) {
        const int before = threads(); /* a checker may have some of its own */
        struct channel channel;
        int with_it;

        nodes_begin(0);
        channel = channel_joined(&packets, NULL, NULL);
        channel_works(&packets, &channel);
        expect_equal(before, threads()); /* who does not ask pays nothing */
        fd_of(channel.recv);
        with_it = threads();
        expect_true(with_it > before);
        fd_of(channel_joined(&scalars, NULL, NULL).recv);
        fd_of(endpoint_of(NULL));
        expect_equal(with_it, threads());
        nodes_end();
        expect_true(eventually(threads() < with_it));
    }
}

static int64_t processor_us(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * (int64_t)1000000 + used.tv_nsec / 1000;
}

/* What the process uses in 400 ms in which nothing happens, in us. */
static int64_t used_by_waiting(const int *fds)
{
    int64_t began = processor_us();

    for (int i = 0; i < 4; i++) {
        struct pollfd one = { .fd = fds[i], .events = POLLIN };

        expect_equal(0, poll(&one, 1, 100));
    }
    return processor_us() - began;
}

/* A machine that is itself a guest may charge us for time that it did not get: one quiet
 * measurement of five is enough, and one that polls has none. */
static void it_sleeps_while_nothing_happens(void)
{
    int64_t least = INT64_MAX;
    int fds[4];

    nodes_begin(0);
    for (int i = 0; i < 4; i++) {
        struct channel channel = channel_joined(i < 2 ? &packets : &scalars, NULL, NULL);

        fds[i] = fd_of(channel.recv);
        channel_works(i < 2 ? &packets : &scalars, &channel);
    }
    for (int i = 0; i < 5 && least >= 40000; i++) {
        int64_t used = used_by_waiting(fds);

        least = used < least ? used : least;
    }
    expect_true(least < 40000);
    nodes_end();
}

/* We block a signal that is sent to the process: it waits for us, and no other thread has it.
 */
static void it_takes_no_signals(void)
{
    static const int numbers[] = { SIGUSR2, SIGTERM, SIGALRM, SIGCHLD, SIGINT };
    sigset_t set, pending;

    nodes_begin(0);
    sigemptyset(&set);
    fd_of(endpoint_of(NULL)); /* the thread begins before we block anything */
    for (size_t i = 0; i < LENGTH(numbers); i++)
        sigaddset(&set, numbers[i]);
    expect_equal(0, sigprocmask(SIG_BLOCK, &set, NULL));
    for (size_t i = 0; i < LENGTH(numbers); i++) {
        expect_equal(0, kill(getpid(), numbers[i]));
        expect_equal(0, sigpending(&pending));
        expect_true(sigismember(&pending, numbers[i]));
        expect_equal(numbers[i], sigtimedwait(&set, NULL, &(struct timespec){ .tv_sec = 5 }));
    }
    nodes_end();
}

static const struct test tests[] = {
    TEST(it_is_readable_while_a_message_is_there, ANYWHERE, "11.74"),
    TEST(it_tells_of_what_a_posted_receive_of_messages_gets, ANYWHERE, "11.74 11.70"),
    TEST(a_channel_of_the_same_endpoint_has_another_one, ANYWHERE, "11.74 11.67"),
    TEST(a_descriptor_is_closed_with_what_it_is_of, ALONE, "11.75"),
    TEST(who_waits_wakes_when_it_is_closed, IN_ONE_NODE, "11.75"),
    BOTH(an_end_that_is_opened_again_has_a_new_one, ANYWHERE, "11.75", "11.75"),
    TEST(each_node_has_its_own, IN_THREAD_NODES, "11.67 11.75"),
    TEST(a_forked_child_does_not_have_it, ALONE, "11.76"),
    TEST(only_receivers_of_this_node_have_one, ANYWHERE, "11.77 11.1 11.2"),
    TEST(without_a_free_descriptor_there_is_none, ALONE, "11.77"),
    TEST(there_is_one_thread_from_the_first_call_to_the_last_node, ALONE, "11.78"),
    TEST(it_sleeps_while_nothing_happens, ALONE, "11.78"),
    TEST(it_takes_no_signals, ALONE, "11.78"),
};

CHAPTER(ext_fd_ends, tests);
