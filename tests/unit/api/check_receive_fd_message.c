/* SPDX-License-Identifier: MIT */
/*
 * check_receive_fd_message.c - the descriptor of an endpoint that is on no channel is readable
 * exactly while a message is there.
 */
#include <mcapi_ext.h>

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/readable.h"
#include "support/suite.h"
#include "support/topology.h"

enum { SENDERS = 3, URGENT = 0, USUAL = 5, LEAST = MCAPI_MAX_PRIORITY };

/* A mailbox of ours, and an endpoint that sends to it: ours, a thread's, or a process's. */
struct mail {
    struct child *sender;
    mcapi_endpoint_t from, to;
};

static mcapi_endpoint_t create(struct child *who)
{
    struct act act = { .port = MCAPI_PORT_ANY };

    child_do(who, act_create, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    return act.endpoint;
}

static struct mail mail_of_round(int i)
{
    struct mail mail = { .to = create(NULL) };

    if (i > 0)
        mail.sender = child_start(i == 1 ? CHILD_THREAD : CHILD_PROCESS, 2);
    mail.from = create(mail.sender);
    return mail;
}

static int fd_of_endpoint(mcapi_endpoint_t endpoint)
{
    return fd_of(&(struct pair){ .receive = endpoint });
}

/* endpoint, other, count: the priority; word: what it says */
static void act_send_message(struct act *act)
{
    mcapi_msg_send(act->endpoint, act->other, &act->word, sizeof act->word, act->count,
                   &act->status);
}

static void send_message(const struct mail *mail, uint32_t priority, uint64_t word)
{
    struct act act = {
        .endpoint = mail->from, .other = mail->to, .count = priority, .word = word
    };

    child_do(mail->sender, act_send_message, &act);
    expect_status(MCAPI_SUCCESS, act.status);
}

static uint64_t receive_message(const struct mail *mail)
{
    uint64_t word = 0;
    size_t size;

    expect(MCAPI_SUCCESS, mcapi_msg_recv(mail->to, &word, sizeof word, &size, &status));
    ck_assert_uint_eq(size, sizeof word);
    return word;
}

static mcapi_uint_t available(const struct mail *mail)
{
    mcapi_uint_t count;

    expect(MCAPI_SUCCESS, count = mcapi_msg_available(mail->to, &status));
    return count;
}

START_TEST(readable_from_the_first_message_to_the_last_receive)
{
    struct mail mail = mail_of_round(_i);
    int fd = fd_of_endpoint(mail.to);

    ck_assert_int_eq(fd_of_endpoint(mail.to), fd);
    for (int i = 0; i < 20; i++) {
        ck_assert(!is_readable(fd));
        for (int sent = 0; sent <= i; sent++) {
            send_message(&mail, USUAL, 1);
            ck_assert(becomes_readable(fd));
        }
        for (int left = i; left >= 0; left--) {
            ck_assert(is_readable(fd));
            receive_message(&mail);
        }
    }
    ck_assert(!is_readable(fd));
}
END_TEST

START_TEST(messages_of_every_priority_count)
{
    struct mail mail = mail_of_round(_i);
    int fd = fd_of_endpoint(mail.to);

    for (uint32_t first = URGENT; first <= LEAST; first++)
        for (uint32_t second = URGENT; second <= LEAST; second += 5) {
            ck_assert(!is_readable(fd));
            send_message(&mail, first, first);
            ck_assert(becomes_readable(fd));
            send_message(&mail, second, second);
            ck_assert_uint_eq(receive_message(&mail), first < second ? first : second);
            ck_assert(is_readable(fd));
            ck_assert_uint_eq(receive_message(&mail), first < second ? second : first);
        }
    ck_assert(!is_readable(fd));
}
END_TEST

START_TEST(what_was_sent_before_anyone_asked_counts)
{
    struct mail mail = mail_of_round(_i);
    int fd;

    send_message(&mail, LEAST, 1);
    fd = fd_of_endpoint(mail.to);
    ck_assert(is_readable(fd));
    receive_message(&mail);
    ck_assert(!is_readable(fd));
}
END_TEST

START_TEST(after_each_of_many_steps_it_says_what_is_available)
{
    struct mail mail = mail_of_round(_i);
    int fd = fd_of_endpoint(mail.to);
    unsigned seed = 1 + (unsigned)_i;
    uint32_t in = 0;

    for (int step = 0; step < 4000; step++) {
        bool send = rand_r(&seed) % 2 == 0;

        if (send && in < 8) {
            send_message(&mail, (uint32_t)rand_r(&seed) % (LEAST + 1), 0);
            in++;
        } else if (!send && in > 0) {
            receive_message(&mail);
            in--;
        }
        if (step % 3 == 0) {
            ck_assert_uint_eq(available(&mail), in);
            ck_assert_int_eq(is_readable(fd), in > 0);
        } else {
            ck_assert_int_eq(in > 0 ? becomes_readable(fd) : is_readable(fd), in > 0);
        }
    }
}
END_TEST

static void act_send_with_pauses(struct act *act)
{
    unsigned seed = (unsigned)act->endpoint;
    uint32_t count = act->count;

    for (act->word = 0; act->word < count; act->word++) {
        for (volatile int spin = rand_r(&seed) % 3000; spin > 0; spin--)
            ;
        act->count = (uint32_t)act->word % (LEAST + 1);
        act_send_message(act);
        if (act->status != MCAPI_SUCCESS)
            return;
    }
}

/* Two senders at once; an edge-triggered receiver. */
START_TEST(no_message_is_overlooked_however_close_it_comes)
{
    enum { COUNT = 5000, TWO = 2 };
    struct child *sender[TWO];
    struct act act[TWO];
    struct mail mail = { .to = create(NULL) };
    struct epoll_event event = { .events = EPOLLIN | EPOLLET };
    int set = epoll_create1(EPOLL_CLOEXEC);
    int fd = fd_of_endpoint(mail.to);
    int received = 0;

    ck_assert_int_eq(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), 0);
    for (int i = 0; i < TWO; i++) {
        sender[i] = child_start(CHILD_PROCESS, 2 + (mcapi_node_t)i);
        act[i] =
                (struct act){ .endpoint = create(sender[i]), .other = mail.to, .count = COUNT };
    }
    for (int i = 0; i < TWO; i++)
        child_begin(sender[i], act_send_with_pauses, &act[i]);
    while (received < TWO * COUNT) {
        ck_assert_msg(epoll_wait(set, &event, 1, PATIENCE_MS) == 1, "no edge after %d",
                      received);
        while (available(&mail) > 0) {
            receive_message(&mail);
            received++;
        }
    }
    for (int i = 0; i < TWO; i++) {
        child_finish(sender[i], &act[i]);
        expect_status(MCAPI_SUCCESS, act[i].status);
    }
    ck_assert(!is_readable(fd));
    close(set);
}
END_TEST

START_TEST(a_receive_that_was_posted_is_told_of_its_message)
{
    struct mail mail = mail_of_round(_i);
    int fd = fd_of_endpoint(mail.to);

    for (int i = 0; i < 20; i++) {
        mcapi_request_t request;
        uint64_t word = 0;
        size_t size;

        expect(MCAPI_SUCCESS, mcapi_msg_recv_i(mail.to, &word, sizeof word, &request, &status));
        ck_assert(!is_readable(fd));
        send_message(&mail, USUAL, 77);
        ck_assert(becomes_readable(fd));
        expect(MCAPI_SUCCESS, ck_assert(mcapi_test(&request, &size, &status)));
        ck_assert_uint_eq(word, 77);
        ck_assert(!is_readable(fd));
    }
}
END_TEST

START_TEST(a_message_that_is_too_long_is_taken_all_the_same)
{
    struct mail mail = mail_of_round(_i);
    int fd = fd_of_endpoint(mail.to);
    size_t size;
    char byte;

    send_message(&mail, USUAL, 1);
    ck_assert(becomes_readable(fd));
    expect(MCAPI_ERR_MSG_TRUNCATED, mcapi_msg_recv(mail.to, &byte, 1, &size, &status));
    ck_assert(!is_readable(fd));
}
END_TEST

/* The end of a sender is nothing that a receive of messages would return with. */
START_TEST(senders_come_and_go)
{
    struct mail mail = mail_of_round(2);
    int fd = fd_of_endpoint(mail.to);

    send_message(&mail, USUAL, 1);
    if (_i == 0)
        child_end(mail.sender);
    else
        child_kill(mail.sender);
    ck_assert(becomes_readable(fd));
    receive_message(&mail);
    for (int i = 0; i < 100; i++) {
        ck_assert(!is_readable(fd));
        breathe();
    }
    mail.sender = child_start(CHILD_PROCESS, 2);
    mail.from = create(mail.sender);
    send_message(&mail, USUAL, 1);
    ck_assert(becomes_readable(fd));
}
END_TEST

START_TEST(it_is_closed_with_its_endpoint)
{
    struct mail mail = mail_of_round(0);
    int fd = fd_of_endpoint(mail.to);
    int duplicate = dup(fd);

    if (_i == 0)
        expect(MCAPI_SUCCESS, mcapi_endpoint_delete(mail.to, &status));
    else
        leave();
    ck_assert(!is_open(fd));
    ck_assert(is_readable(duplicate));
    close(duplicate);
    if (_i == 1)
        join(0, 1);
    mail.to = create(NULL);
    ck_assert(!is_readable(fd_of_endpoint(mail.to)));
}
END_TEST

/* The endpoint becomes a channel's: its messages keep their descriptor. */
START_TEST(a_channel_of_the_same_endpoint_has_another_one)
{
    struct mail mail = mail_of_round(0);
    struct pair pair = { .kind = PACKETS, .send = create(NULL), .receive = mail.to };
    int messages = fd_of_endpoint(mail.to);
    int packets;

    send_message(&mail, USUAL, 1);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    packets = fd_of(&pair);
    ck_assert_int_ne(packets, messages);
    ck_assert(becomes_readable(messages));
    ck_assert(!is_readable(packets));
    pair_send(&pair, "packet");
    ck_assert(becomes_readable(packets));
    receive_message(&mail);
    ck_assert(!is_readable(messages));
    ck_assert(is_readable(packets));
    pair_close(&pair);
    ck_assert(!is_open(packets));
    ck_assert_int_eq(fd_of_endpoint(mail.to), messages);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { readable_from_the_first_message_to_the_last_receive, SENDERS },
        { messages_of_every_priority_count, SENDERS },
        { what_was_sent_before_anyone_asked_counts, SENDERS },
        { after_each_of_many_steps_it_says_what_is_available, SENDERS },
        { no_message_is_overlooked_however_close_it_comes, 1 },
        { a_receive_that_was_posted_is_told_of_its_message, SENDERS },
        { a_message_that_is_too_long_is_taken_all_the_same, SENDERS },
        { senders_come_and_go, 2 },
        { it_is_closed_with_its_endpoint, 2 },
        { a_channel_of_the_same_endpoint_has_another_one, 1 },
    };

    return suite_run_between("api/receive_fd_message", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
