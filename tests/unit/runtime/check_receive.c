/* SPDX-License-Identifier: MIT */
/*
 * check_receive.c - receives that are posted, and what is received when a channel ends.
 */
#include <mcapi.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

/* --- Receives that are posted ----------------------------------------------------- */

struct posted {
    mcapi_request_t request;
    char *buffer;
};

static struct posted *post(const struct pair *pair, struct posted *posted)
{
    posted->buffer = NULL;
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(pair->receive, (void **)&posted->buffer,
                                               &posted->request, &status));
    return posted;
}

static void expect_posted(struct posted *posted, const char *text)
{
    size_t size = 0;

    expect(MCAPI_SUCCESS, ck_assert(mcapi_wait(&posted->request, &size, 0, &status)));
    ck_assert_uint_eq(size, strlen(text) + 1);
    ck_assert_str_eq(posted->buffer, text);
    pair_give_back(posted->buffer);
}

static void expect_pending(struct posted *posted)
{
    size_t size;

    expect(MCAPI_PENDING, ck_assert(!mcapi_test(&posted->request, &size, &status)));
    ck_assert_ptr_null(posted->buffer);
}

START_TEST(posted_receives_are_served_in_their_order)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    struct posted posted[4];

    for (int i = 0; i < 4; i++)
        post(&pair, &posted[i]);
    pair_send(&pair, "one");
    pair_send(&pair, "two");
    expect_pending(&posted[2]);
    expect_posted(&posted[1], "two");
    expect_posted(&posted[0], "one");
    pair_send(&pair, "three");
    pair_send(&pair, "four");
    expect_posted(&posted[3], "four");
    expect_posted(&posted[2], "three");
}
END_TEST

START_TEST(a_later_blocking_receive_comes_after_posted_ones)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    struct posted posted[2];

    post(&pair, &posted[0]);
    post(&pair, &posted[1]);
    pair_send(&pair, "one");
    pair_send(&pair, "two");
    pair_send(&pair, "three");
    ck_assert_uint_eq(pair_available(&pair), 1);
    pair_expect(&pair, "three");
    expect_posted(&posted[0], "one");
    expect_posted(&posted[1], "two");
}
END_TEST

START_TEST(a_receive_that_finds_a_packet_is_complete_at_once)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    struct posted posted;

    pair_send(&pair, "there");
    post(&pair, &posted);
    expect_posted(&posted, "there");
}
END_TEST

START_TEST(a_cancelled_receive_takes_nothing)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    struct posted posted[3];
    size_t size;

    for (int victim = 0; victim < 3; victim++) {
        for (int i = 0; i < 3; i++)
            post(&pair, &posted[i]);
        expect(MCAPI_SUCCESS, mcapi_cancel(&posted[victim].request, &status));
        pair_send(&pair, "one");
        pair_send(&pair, "two");
        pair_send(&pair, "three");
        expect_posted(&posted[victim == 0 ? 1 : 0], "one");
        expect_posted(&posted[victim == 2 ? 1 : 2], "two");
        expect(MCAPI_ERR_REQUEST_INVALID, mcapi_test(&posted[victim].request, &size, &status));
        ck_assert_ptr_null(posted[victim].buffer);
        pair_expect(&pair, "three");
    }
}
END_TEST

START_TEST(a_receive_may_be_posted_before_the_connection)
{
    struct pair pair = pair_create(PACKETS, NULL, NULL);
    struct posted posted;

    pair_open_receive(&pair);
    post(&pair, &posted);
    expect_pending(&posted);
    pair_connect(&pair);
    expect_pending(&posted);
    pair_open_send(&pair);
    pair_send(&pair, "later");
    expect_posted(&posted, "later");
}
END_TEST

START_TEST(who_waits_for_a_posted_receive_is_woken_by_its_packet)
{
    struct child *other = child_start(_i, 2);
    struct pair pair = pair_open(PACKETS, other, NULL);
    struct posted posted;
    struct act send = { .kind = PACKETS, .endpoint = pair.send, .size = 6, .bytes = "wakes" };
    size_t size = 0;

    post(&pair, &posted);
    child_begin(other, act_send, &send);
    expect(MCAPI_SUCCESS, mcapi_wait(&posted.request, &size, MCAPI_TIMEOUT_INFINITE, &status));
    ck_assert_str_eq(posted.buffer, "wakes");
    ck_assert_uint_eq(size, 6);
    child_finish(other, &send);
}
END_TEST

START_TEST(posted_receives_end_with_the_channel)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(PACKETS, other, NULL);
    struct posted posted[3];
    size_t size;

    for (int i = 0; i < 3; i++)
        post(&pair, &posted[i]);
    pair_send(&pair, "last");
    pair_close_send(&pair);
    expect(MCAPI_ERR_CHAN_INVALID,
           mcapi_wait(&posted[1].request, &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect_posted(&posted[0], "last");
    if (_i == 1)
        pair_close_receive(&pair);
    expect(MCAPI_ERR_CHAN_INVALID, ck_assert(mcapi_test(&posted[2].request, &size, &status)));
}
END_TEST

START_TEST(ones_own_close_ends_posted_receives)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    struct posted posted;
    size_t size;

    post(&pair, &posted);
    pair_close_receive(&pair);
    expect(MCAPI_ERR_CHAN_INVALID, ck_assert(mcapi_test(&posted.request, &size, &status)));
    ck_assert_ptr_null(posted.buffer);
}
END_TEST

START_TEST(ones_own_close_before_the_connection_ends_posted_receives)
{
    struct pair pair = pair_create(PACKETS, NULL, NULL);
    struct posted posted;
    size_t size;

    pair_open_receive(&pair);
    post(&pair, &posted);
    pair_close_receive(&pair);
    expect(MCAPI_ERR_CHAN_INVALID, ck_assert(mcapi_test(&posted.request, &size, &status)));
}
END_TEST

/* --- The end ---------------------------------------------------------------------- */

START_TEST(what_was_sent_before_the_close_is_received_and_then_no_more)
{
    struct child *other = _i == 2 ? NULL : child_start(_i, 2);
    struct pair pair = pair_open(PACKETS, other, NULL);
    struct act send = { .kind = PACKETS, .endpoint = pair.send, .count = 50 };
    size_t size;

    child_do(other, act_send_many, &send);
    pair_close_send(&pair);
    ck_assert_uint_eq(pair_available(&pair), 50);
    for (uint32_t i = 0; i < 50; i++) {
        uint32_t *word = pair_take(&pair, &size);

        ck_assert_uint_eq(*word, i);
        pair_give_back(word);
    }
    expect_status(MCAPI_ERR_CHAN_INVALID, pair_receive_status(&pair));
    expect(MCAPI_ERR_CHAN_INVALID,
           ck_assert_uint_eq(mcapi_pktchan_available(pair.receive, &status), 0));
    pair_close_receive(&pair);
}
END_TEST

START_TEST(a_buffer_may_be_held_beyond_the_senders_close)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(PACKETS, other, NULL);
    size_t size;
    char *buffer;

    pair_send(&pair, "kept");
    buffer = pair_take(&pair, &size);
    pair_close_send(&pair);
    child_end(other);
    ck_assert_str_eq(buffer, "kept");
    pair_give_back(buffer);
}
END_TEST

START_TEST(a_receive_close_discards_what_waits)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(PACKETS, NULL, other);

    pair_send(&pair, "lost");
    pair_close_receive(&pair);
    expect_status(MCAPI_ERR_CHAN_INVALID, pair_send_status(&pair));
    pair_close_send(&pair);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    pair_send(&pair, "new");
    pair_expect(&pair, "new");
}
END_TEST

/* In a topology of its own, where its endpoints have the slots of the parent's. */
static void be_a_child(const struct pair *parents)
{
    struct pair pair;

    expect_in_child = true;
    expect_true(setenv("MCAPI_TOPOLOGY", "of-the-child", 1) == 0);
    join(0, 1);
    pair = pair_create(PACKETS, NULL, NULL);
    expect_true((pair.receive & 0xffff) == (parents->receive & 0xffff)); /* the same slot */
    pair_set(NULL, pair.receive, MCAPI_ENDP_ATTR_TIMEOUT, PATIENCE_MS);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    pair_send(&pair, "mine");
    pair_expect(&pair, "mine");
    leave();
    _exit(EXIT_SUCCESS);
}

START_TEST(a_forked_child_does_not_serve_what_its_parent_has_posted)
{
    struct pair pair = pair_create(PACKETS, NULL, NULL);
    struct posted posted;
    pid_t child;
    int how;

    pair_open_receive(&pair);
    post(&pair, &posted); /* before it is connected */
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        be_a_child(&pair);
    ck_assert_int_eq(waitpid(child, &how, 0), child);
    ck_assert_int_eq(how, 0);
    expect_pending(&posted);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { posted_receives_are_served_in_their_order, 1 },
        { a_later_blocking_receive_comes_after_posted_ones, 1 },
        { a_receive_that_finds_a_packet_is_complete_at_once, 1 },
        { a_cancelled_receive_takes_nothing, 1 },
        { a_receive_may_be_posted_before_the_connection, 1 },
        { who_waits_for_a_posted_receive_is_woken_by_its_packet, CHILD_KINDS },
        { posted_receives_end_with_the_channel, 2 },
        { ones_own_close_ends_posted_receives, 1 },
        { ones_own_close_before_the_connection_ends_posted_receives, 1 },
        { what_was_sent_before_the_close_is_received_and_then_no_more, 3 },
        { a_buffer_may_be_held_beyond_the_senders_close, 1 },
        { a_receive_close_discards_what_waits, 1 },
        { a_forked_child_does_not_serve_what_its_parent_has_posted, 1 },
    };

    return suite_run_between("runtime/receive", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
