/* SPDX-License-Identifier: MIT */
/*
 * check_msg_many.c - section 6: many senders, and nodes that go while others are blocked.
 */
#include "harness.h"
#include "messages.h"

#include <string.h>

/* What a sender counts. */
struct count {
    uint32_t sender, number;
};

/* `number` messages from endpoint to other, counted, of sender `word`; every seventh is sent
 * without blocking, as often as it takes. */
static void do_count(struct call *call)
{
    for (uint32_t i = 0; i < call->number; i++) {
        struct count count = { (uint32_t)call->word, i };
        mcapi_request_t request;

        if (i % 7 != 0)
            mcapi_msg_send(call->endpoint, call->other, &count, sizeof count, call->priority,
                           &call->status);
        else
            while (mcapi_msg_send_i(call->endpoint, call->other, &count, sizeof count,
                                    call->priority, &request, &call->status),
                   call->status == MCAPI_ERR_MEM_LIMIT)
                breathe();
        expect_status(MCAPI_SUCCESS, call->status);
    }
}

static struct call counting(mcapi_endpoint_t from, mcapi_endpoint_t to, uint32_t sender,
                            uint32_t number)
{
    struct call call = { .endpoint = from, .other = to, .word = sender, .number = number };

    return call;
}

/* The next message, whose sender's numbers have come in order until now. */
static void expect_next(mcapi_endpoint_t to, uint32_t next[], uint32_t senders)
{
    struct count count = { ~0u, ~0u };
    size_t size = 0;

    expect(MCAPI_SUCCESS, mcapi_msg_recv(to, &count, sizeof count, &size, &status));
    expect_equal(sizeof count, size);
    expect_true(count.sender < senders);
    expect_equal(next[count.sender], count.number);
    next[count.sender]++;
}

static void many_senders_messages_come_once_and_in_order(void)
{
    enum { EACH = 2000 };
    uint32_t next[PEERS] = { 0 };
    struct call call[PEERS];
    mcapi_endpoint_t to;

    nodes_begin(PEERS);
    to = endpoint_of(NULL);
    for (int i = 0; i < PEERS; i++) {
        call[i] = counting(endpoint_of(peer(i)), to, (uint32_t)i, EACH);
        begin(peer(i), do_count, &call[i]);
    }
    for (int i = 0; i < PEERS * EACH; i++)
        expect_next(to, next, PEERS);
    for (int i = 0; i < PEERS; i++)
        finish(peer(i), &call[i]);
    expect_equal(0, waiting_at(to));
    nodes_end();
}

/* A queue of one place: senders and receiver sleep all the time. */
static void a_narrow_queue_loses_nothing(void)
{
    enum { EACH = 300 };
    uint32_t next[PEERS] = { 0 };
    struct call call[PEERS];
    mcapi_endpoint_t to;

    nodes_begin(PEERS);
    to = endpoint_with_room(NULL, 1);
    for (int i = 0; i < PEERS; i++) {
        call[i] = counting(endpoint_of(peer(i)), to, (uint32_t)i, EACH);
        begin(peer(i), do_count, &call[i]);
    }
    for (int i = 0; i < PEERS * EACH; i++)
        expect_next(to, next, PEERS);
    for (int i = 0; i < PEERS; i++)
        finish(peer(i), &call[i]);
    nodes_end();
}

/* Each sender has a priority of its own. */
static void priorities_of_many_senders_are_kept_apart(void)
{
    enum { EACH = 20 };
    uint32_t next[PEERS] = { 0 };
    struct call call[PEERS];
    mcapi_endpoint_t to;

    nodes_begin(PEERS);
    to = endpoint_of(NULL);
    for (int i = 0; i < PEERS; i++) {
        call[i] = counting(endpoint_of(peer(i)), to, (uint32_t)i, EACH);
        call[i].priority = (mcapi_priority_t)(PEERS - i);
        begin(peer(i), do_count, &call[i]);
    }
    for (int i = 0; i < PEERS; i++)
        finish(peer(i), &call[i]);
    for (int i = 0; i < PEERS * EACH; i++) {
        expect_next(to, next, PEERS);
        expect_equal(i % EACH + 1, next[PEERS - 1 - i / EACH]);
    }
    nodes_end();
}

/* What peers receive at one endpoint of ours, all of them together. */
static void do_receive_some(struct call *call)
{
    for (uint32_t i = 0; i < call->number; i++) {
        struct count count;
        size_t size = 0;

        mcapi_msg_recv(call->endpoint, &count, sizeof count, &size, &call->status);
        expect_status(MCAPI_SUCCESS, call->status);
        call->word += count.number;
    }
}

static void many_receivers_share_an_endpoint(void)
{
    enum { EACH = 1000 };
    struct call call[PEERS], count;
    mcapi_endpoint_t to;
    uint64_t sum = 0;

    nodes_begin(PEERS);
    to = endpoint_of(NULL);
    for (int i = 0; i < PEERS; i++) {
        call[i] = counting(to, to, 0, EACH);
        begin(peer(i), do_receive_some, &call[i]);
    }
    count = counting(endpoint_of(NULL), to, 0, PEERS * EACH);
    do_count(&count);
    for (int i = 0; i < PEERS; i++) {
        finish(peer(i), &call[i]);
        sum += call[i].word;
    }
    expect_equal((uint64_t)PEERS * EACH * (PEERS * EACH - 1) / 2, sum);
    nodes_end();
}

/* --- Nodes that go ---------------------------------------------------------------- */

static void what_was_sent_before_a_death_is_received(void)
{
    mcapi_endpoint_t from, to;

    nodes_begin(2);
    from = endpoint_of(peer(0));
    to = endpoint_of(NULL);
    say(peer(0), from, to, "last will");
    say(peer(0), from, to, "and testament");
    kill_peer(peer(0));
    say(peer(1), endpoint_of(peer(1)), to, "of another");
    hear(to, "last will");
    hear(to, "and testament");
    hear(to, "of another");
    expect_equal(0, waiting_at(to));
    nodes_end();
}

static void what_was_sent_before_a_finalize_is_received(void)
{
    struct call call = { 0 };
    mcapi_endpoint_t from, to;

    nodes_begin(1);
    from = endpoint_of(peer(0));
    to = endpoint_of(NULL);
    say(peer(0), from, to, "goodbye");
    at(peer(0), do_finalize, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_equal(1, waiting_at(to));
    hear(to, "goodbye");
    nodes_end();
}

/* Our queue is full and the peer waits for room in it. */
static void peer_is_blocked(int index, mcapi_endpoint_t from, mcapi_endpoint_t to)
{
    struct call call = saying(from, to, "late");

    begin(peer(index), do_msg_send, &call);
    expect_true(stays_blocked(peer(index)));
}

static void the_death_of_a_blocked_sender_leaves_the_queue_to_others(void)
{
    mcapi_endpoint_t from[2], to;
    struct call call;

    nodes_begin(2);
    to = endpoint_with_room(NULL, 1);
    for (int i = 0; i < 2; i++)
        from[i] = endpoint_of(peer(i));
    say(peer(0), from[0], to, "first");
    peer_is_blocked(0, from[0], to);
    peer_is_blocked(1, from[1], to);
    kill_peer(peer(0));
    hear(to, "first");
    finish(peer(1), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    hear(to, "late");
    expect_equal(0, waiting_at(to));
    say(peer(1), from[1], to, "and so on");
    hear(to, "and so on");
    nodes_end();
}

static void the_death_of_the_receiver_wakes_senders(void)
{
    mcapi_endpoint_t from[2], to;
    struct call call;

    nodes_begin(3);
    to = endpoint_with_room(peer(2), 1);
    for (int i = 0; i < 2; i++)
        from[i] = endpoint_of(peer(i));
    say(peer(0), from[0], to, "first");
    for (int i = 0; i < 2; i++)
        peer_is_blocked(i, from[i], to);
    kill_peer(peer(2));
    for (int i = 0; i < 2; i++) {
        finish(peer(i), &call);
        expect_status(MCAPI_SUCCESS, call.status);
        say(peer(i), from[i], to, "dropped");
    }
    nodes_end();
}

static void the_finalize_of_the_receiver_wakes_senders(void)
{
    mcapi_endpoint_t from, to;
    struct call call = { 0 };

    nodes_begin(2);
    to = endpoint_with_room(peer(1), 1);
    from = endpoint_of(peer(0));
    say(peer(0), from, to, "first");
    peer_is_blocked(0, from, to);
    at(peer(1), do_finalize, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    nodes_end();
}

/* Its sender was the only one there is; another comes. */
static void the_death_of_a_sender_leaves_the_receiver_waiting(void)
{
    struct call call = { .size = 16 };
    mcapi_endpoint_t from;

    nodes_begin(2);
    call.endpoint = endpoint_of(peer(1));
    from = endpoint_of(peer(0));
    say(peer(0), from, call.endpoint, "first");
    at(peer(1), do_msg_recv, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    call.size = 16;
    begin(peer(1), do_msg_recv, &call);
    expect_true(stays_blocked(peer(1)));
    kill_peer(peer(0));
    expect_true(stays_blocked(peer(1)));
    say(NULL, endpoint_of(NULL), call.endpoint, "second");
    finish(peer(1), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_true(strcmp((char *)call.bytes, "second") == 0);
    nodes_end();
}

/* Killed anywhere in the middle of its sends: what comes is in order, and others go on. */
static void a_sender_may_die_in_the_middle(void)
{
    enum { BEFORE = 500, EACH = 300 };
    uint32_t next[2] = { 0 };
    struct call call[2];
    mcapi_endpoint_t to;

    nodes_begin(2);
    to = endpoint_of(NULL);
    call[0] = counting(endpoint_of(peer(0)), to, 0, 1u << 30);
    begin(peer(0), do_count, &call[0]);
    while (next[0] < BEFORE)
        expect_next(to, next, 2);
    kill_peer(peer(0));
    call[1] = counting(endpoint_of(peer(1)), to, 1, EACH);
    begin(peer(1), do_count, &call[1]);
    while (next[1] < EACH)
        expect_next(to, next, 2);
    finish(peer(1), &call[1]);
    expect_equal(0, waiting_at(to));
    nodes_end();
}

/* Killed while it waits: the messages that it has not received are gone with it. */
static void a_receiver_may_die_while_it_waits(void)
{
    struct call call = { .size = 16 };
    mcapi_endpoint_t from, to;

    nodes_begin(1);
    from = endpoint_of(NULL);
    to = call.endpoint = endpoint_of(peer(0));
    begin(peer(0), do_msg_recv, &call);
    expect_true(stays_blocked(peer(0)));
    kill_peer(peer(0));
    for (int i = 0; i < 2 * MCAPI_MAX_QUEUE_ELEMENTS; i++)
        say(NULL, from, to, "dropped");
    nodes_end();
}

static const struct test tests[] = {
    TEST(many_senders_messages_come_once_and_in_order, ANYWHERE, "6.41 6.4"),
    TEST(a_narrow_queue_loses_nothing, ANYWHERE, "6.41 6.25"),
    TEST(priorities_of_many_senders_are_kept_apart, ANYWHERE, "6.41 6.6 6.7"),
    TEST(many_receivers_share_an_endpoint, IN_ONE_NODE, "6.41"),
    TEST(what_was_sent_before_a_death_is_received, IN_PROCESSES, "6.43"),
    TEST(what_was_sent_before_a_finalize_is_received, BETWEEN_NODES, "6.43"),
    TEST(the_death_of_a_blocked_sender_leaves_the_queue_to_others, IN_PROCESSES, "6.45"),
    TEST(the_death_of_the_receiver_wakes_senders, IN_PROCESSES, "6.44 6.17"),
    TEST(the_finalize_of_the_receiver_wakes_senders, BETWEEN_NODES, "6.44 6.16"),
    TEST(the_death_of_a_sender_leaves_the_receiver_waiting, IN_PROCESSES, "6.45"),
    TEST(a_sender_may_die_in_the_middle, IN_PROCESSES, "6.43 6.45"),
    TEST(a_receiver_may_die_while_it_waits, IN_PROCESSES, "6.45 6.17"),
};

CHAPTER(msg_many, tests);
