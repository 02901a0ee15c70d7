/* SPDX-License-Identifier: MIT */
/*
 * check_channel_death.c - the node at the other end is killed, for both kinds of channel.
 *
 * Peer 0 is the one that dies. The contract gives the others 100 ms to notice; here they have a
 * second, so that a busy machine is no failure.
 */
#include "kinds.h"

#include <pthread.h>

enum { NOTICE_MS = 1000 };

/* A channel between the node that will die and ours; `side` is our end. */
static struct channel channel_with_victim(const struct kind *kind, enum side side)
{
    return side == SENDING ? channel_joined(kind, NULL, peer(0))
                           : channel_joined(kind, peer(0), NULL);
}

/* Kills peer 0 while peer 1 is in a call, and waits for that one to return. */
static struct call survives(struct call call)
{
    int64_t began;

    expect_true(stays_blocked(peer(1)));
    began = now_ms();
    kill_peer(peer(0));
    finish(peer(1), &call);
    expect_true(now_ms() - began < NOTICE_MS);
    return call;
}

/* --- Afterwards -------------------------------------------------------------------- */

FOR_BOTH(what_a_dead_node_had_sent_is_received_first)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_with_victim(kind, RECEIVING);
    channel_fill(kind, &channel, 1, kind->depth);
    kill_peer(peer(0));
    for (uint32_t i = 0; i < kind->depth; i++) {
        expect_equal(kind->depth - i, channel_available(kind, &channel));
        channel_drain(kind, &channel, 1 + i, 1);
    }
    for (int i = 0; i < 2; i++) {
        struct call look = { .endpoint = channel.recv };

        expect_status(MCAPI_ERR_TRANSMISSION, channel_take_status(kind, &channel));
        expect_status(MCAPI_ERR_TRANSMISSION, ask(NULL, kind->look, look).status);
    }
    nodes_end();
}

FOR_BOTH(what_a_dead_node_had_sent_waits_for_an_open)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    channel_connect(kind, &channel);
    channel_open(kind, &channel, SENDING);
    channel_fill(kind, &channel, 1, 3);
    kill_peer(peer(0));
    channel_open(kind, &channel, RECEIVING);
    channel_drain(kind, &channel, 1, 3);
    expect_status(MCAPI_ERR_TRANSMISSION, channel_take_status(kind, &channel));
    nodes_end();
}

FOR_BOTH(what_was_closed_before_the_death_was_closed)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_with_victim(kind, RECEIVING);
    channel_fill(kind, &channel, 1, 3);
    channel_close(kind, &channel, SENDING);
    kill_peer(peer(0));
    channel_drain(kind, &channel, 1, 3);
    expect_status(MCAPI_ERR_CHAN_INVALID, channel_take_status(kind, &channel));
    nodes_end();
}

FOR_BOTH(a_send_to_a_dead_node_is_refused)
{
    struct channel channel, full;

    nodes_begin(1);
    channel = channel_with_victim(kind, SENDING);
    full = channel_with_victim(kind, SENDING);
    channel_fill(kind, &channel, 1, 3);
    channel_fill(kind, &full, 1, kind->depth);
    kill_peer(peer(0));
    for (int i = 0; i < 2; i++) {
        expect_status(MCAPI_ERR_TRANSMISSION, channel_put(kind, &channel, 9));
        expect_status(MCAPI_ERR_TRANSMISSION, channel_put(kind, &full, 9));
    }
    nodes_end();
}

FOR_BOTH(a_send_to_a_dead_node_does_not_wait_for_its_timeout)
{
    struct channel channel;
    int64_t began;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, 20000);
    channel_deepen(&channel, 1);
    channel_join(kind, &channel);
    channel_fill(kind, &channel, 1, 1);
    kill_peer(peer(0));
    began = now_ms();
    expect_status(MCAPI_ERR_TRANSMISSION, channel_put(kind, &channel, 9));
    expect_true(now_ms() - began < NOTICE_MS);
    nodes_end();
}

/* --- A thread that is a node -------------------------------------------------------- */

/* What the thread is told, and what it tells: its endpoint, as soon as it has one. */
struct thread_node {
    const struct kind *kind;
    mcapi_endpoint_t endpoint;
    int is_connected;
};

/* Sends three words, and ends without a finalize. */
static void *short_life(void *argument)
{
    struct thread_node *node = argument;
    struct call call = { .domain = DOMAIN, .node = OWN_NODE + 1, .port = MCAPI_PORT_ANY };

    expect_status(MCAPI_SUCCESS, ask(NULL, do_initialize, call).status);
    call = ask(NULL, do_create, call);
    __atomic_store_n(&node->endpoint, call.endpoint, __ATOMIC_SEQ_CST);
    expect_true(eventually(__atomic_load_n(&node->is_connected, __ATOMIC_SEQ_CST)));
    expect_status(MCAPI_SUCCESS, ask(NULL, node->kind->open[SENDING], call).status);
    for (call.word = 1; call.word <= 3; call.word++)
        expect_status(MCAPI_SUCCESS, ask(NULL, node->kind->put, call).status);
    return NULL;
}

/* The contract has it finalized by the runtime; whether that is a close or a death is left
 * open. */
FOR_BOTH(a_thread_node_that_ends_without_finalize_is_over)
{
    struct thread_node node = { .kind = kind };
    struct channel channel = { 0 };
    mcapi_status_t status;
    pthread_t thread;

    nodes_begin(0);
    channel.recv = created(NULL);
    expect_equal(0, pthread_create(&thread, NULL, short_life, &node));
    expect_true(eventually(__atomic_load_n(&node.endpoint, __ATOMIC_SEQ_CST) != 0));
    channel.send = node.endpoint;
    channel_connect(kind, &channel);
    channel_open(kind, &channel, RECEIVING);
    __atomic_store_n(&node.is_connected, 1, __ATOMIC_SEQ_CST);
    pthread_join(thread, NULL);
    channel_drain(kind, &channel, 1, 3);
    status = channel_take_status(kind, &channel);
    expect_true(status == MCAPI_ERR_CHAN_INVALID || status == MCAPI_ERR_TRANSMISSION);
    expect_status(MCAPI_SUCCESS, outcome(NULL, channel_close(kind, &channel, RECEIVING)));
    nodes_end();
}

/* --- Waiting ----------------------------------------------------------------------- */

FOR_BOTH(a_blocked_receiver_returns_when_its_sender_dies)
{
    struct channel channel;
    struct call take = { 0 };

    nodes_begin(2);
    channel = channel_joined(kind, peer(0), peer(1));
    take.endpoint = channel.recv;
    begin(peer(1), kind->take, &take);
    expect_status(MCAPI_ERR_TRANSMISSION, survives(take).status);
    nodes_end();
}

FOR_BOTH(a_blocked_sender_returns_when_its_receiver_dies)
{
    struct channel channel;
    struct call put = { 0 };

    nodes_begin(2);
    channel = channel_joined(kind, peer(1), peer(0));
    channel_fill(kind, &channel, 1, kind->depth);
    put.endpoint = channel.send;
    begin(peer(1), kind->put, &put);
    expect_status(MCAPI_ERR_TRANSMISSION, survives(put).status);
    nodes_end();
}

/* Both ends of a channel are waited on, by two nodes whose other ends die together. */
FOR_BOTH(all_who_wait_for_a_node_return_when_it_dies)
{
    struct channel in, out;
    struct call calls[2] = { { 0 } };
    int64_t began;

    nodes_begin(3);
    in = channel_joined(kind, peer(0), peer(1));
    out = channel_joined(kind, peer(2), peer(0));
    channel_fill(kind, &out, 1, kind->depth);
    calls[0].endpoint = in.recv;
    calls[1].endpoint = out.send;
    begin(peer(1), kind->take, &calls[0]);
    begin(peer(2), kind->put, &calls[1]);
    expect_true(stays_blocked(peer(1)) && stays_blocked(peer(2)));
    began = now_ms();
    kill_peer(peer(0));
    for (int i = 0; i < 2; i++) {
        finish(peer(1 + i), &calls[i]);
        expect_status(MCAPI_ERR_TRANSMISSION, calls[i].status);
    }
    expect_true(now_ms() - began < NOTICE_MS);
    nodes_end();
}

FOR_BOTH(a_pending_open_ends_when_the_other_node_dies)
{
    for (enum side side = SENDING; side < SIDES; side++) {
        struct channel channel;
        struct call wait = { .timeout = MCAPI_TIMEOUT_INFINITE };

        nodes_begin(2);
        channel = side == SENDING ? channel_made(peer(1), peer(0))
                                  : channel_made(peer(0), peer(1));
        channel_connect(kind, &channel);
        wait.request = channel_open(kind, &channel, side);
        begin(peer(1), do_wait, &wait);
        expect_status(MCAPI_ERR_TRANSMISSION, survives(wait).status);
        nodes_end();
    }
}

FOR_BOTH(a_receive_on_a_pending_open_ends_when_the_other_node_dies)
{
    struct channel channel;
    struct call take = { 0 };

    nodes_begin(2);
    channel = channel_made(peer(0), peer(1));
    channel_connect(kind, &channel);
    channel_open(kind, &channel, RECEIVING);
    take.endpoint = channel.recv;
    begin(peer(1), kind->take, &take);
    expect_status(MCAPI_ERR_TRANSMISSION, survives(take).status);
    nodes_end();
}

FOR_BOTH(a_pending_close_completes_when_the_other_node_dies)
{
    for (enum side side = SENDING; side < SIDES; side++) {
        struct channel channel;
        struct call wait = { .timeout = MCAPI_TIMEOUT_INFINITE };

        nodes_begin(2);
        channel = side == SENDING ? channel_joined(kind, peer(1), peer(0))
                                  : channel_joined(kind, peer(0), peer(1));
        channel_fill(kind, &channel, 1, 2);
        wait.request = channel_close(kind, &channel, side);
        begin(peer(1), do_wait, &wait);
        expect_status(MCAPI_SUCCESS, survives(wait).status);
        nodes_end();
    }
}

/* --- Life goes on ------------------------------------------------------------------ */

FOR_BOTH(the_survivors_end_can_be_closed_and_connected_again)
{
    for (enum side side = SENDING; side < SIDES; side++) {
        struct channel channel;

        nodes_begin(2);
        channel = channel_with_victim(kind, side);
        channel_fill(kind, &channel, 1, 3);
        kill_peer(peer(0));
        expect_status(MCAPI_SUCCESS, outcome(NULL, channel_close(kind, &channel, side)));
        if (side == SENDING) {
            channel.receiver = peer(1);
            channel.recv = created(peer(1));
        } else {
            channel.sender = peer(1);
            channel.send = created(peer(1));
        }
        channel_join(kind, &channel);
        expect_equal(0, channel_available(kind, &channel));
        channel_works(kind, &channel);
        nodes_end();
    }
}

FOR_BOTH(other_channels_of_the_survivor_go_on)
{
    struct channel lost, kept;

    nodes_begin(2);
    lost = channel_with_victim(kind, RECEIVING);
    kept = channel_joined(kind, NULL, peer(1));
    channel_fill(kind, &lost, 1, 2);
    channel_fill(kind, &kept, 1, 2);
    kill_peer(peer(0));
    channel_drain(kind, &lost, 1, 2);
    expect_status(MCAPI_ERR_TRANSMISSION, channel_take_status(kind, &lost));
    channel_drain(kind, &kept, 1, 2);
    channel_works(kind, &kept);
    channel_part(kind, &kept);
    nodes_end();
}

FOR_BOTH(the_death_of_the_node_that_connected_changes_nothing)
{
    struct channel channel;
    struct call connect = { 0 };
    mcapi_request_t opens[SIDES];

    nodes_begin(2);
    channel = channel_made(NULL, peer(1));
    connect.endpoint = channel.send;
    connect.other = channel.recv;
    expect_status(MCAPI_SUCCESS, ask(peer(0), kind->connect, connect).status);
    opens[SENDING] = channel_open(kind, &channel, SENDING);
    kill_peer(peer(0));
    opens[RECEIVING] = channel_open(kind, &channel, RECEIVING);
    for (enum side side = SENDING; side < SIDES; side++)
        expect_status(MCAPI_SUCCESS, outcome(channel_peer(&channel, side), opens[side]));
    channel_works(kind, &channel);
    channel_part(kind, &channel);
    nodes_end();
}

FOR_BOTH(an_endpoint_of_a_dead_node_cannot_be_connected)
{
    struct channel channel;
    struct call connect = { 0 };
    int64_t died;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    kill_peer(peer(0));
    for (died = now_ms(); now_ms() < died + 100;) /* what the contract gives to notice */
        breathe();
    connect.endpoint = channel.send;
    connect.other = channel.recv;
    expect_status(MCAPI_ERR_ENDP_INVALID, refusal(NULL, kind->connect_i, connect));
    nodes_end();
}

static const struct test tests[] = {
    BOTH(what_a_dead_node_had_sent_is_received_first, IN_PROCESSES, "7.64", "8.36"),
    BOTH(what_a_dead_node_had_sent_waits_for_an_open, IN_PROCESSES, "7.64 7.22", "8.36 8.14"),
    BOTH(what_was_closed_before_the_death_was_closed, IN_PROCESSES, "7.53", "8.29"),
    BOTH(a_send_to_a_dead_node_is_refused, IN_PROCESSES, "7.65", "8.37"),
    BOTH(a_send_to_a_dead_node_does_not_wait_for_its_timeout, IN_PROCESSES, "7.65", "8.37"),
    BOTH(a_thread_node_that_ends_without_finalize_is_over, ALONE, "7.62 7.53", "8.35 8.29"),
    BOTH(a_blocked_receiver_returns_when_its_sender_dies, IN_PROCESSES, "7.66", "8.38"),
    BOTH(a_blocked_sender_returns_when_its_receiver_dies, IN_PROCESSES, "7.66", "8.38"),
    BOTH(all_who_wait_for_a_node_return_when_it_dies, IN_PROCESSES, "7.66", "8.38"),
    BOTH(a_pending_open_ends_when_the_other_node_dies, IN_PROCESSES, "7.66", "8.38"),
    BOTH(a_receive_on_a_pending_open_ends_when_the_other_node_dies, IN_PROCESSES, "7.66 7.23",
         "8.38 8.14"),
    BOTH(a_pending_close_completes_when_the_other_node_dies, IN_PROCESSES, "7.67", "8.39"),
    BOTH(the_survivors_end_can_be_closed_and_connected_again, IN_PROCESSES, "7.67 7.59",
         "8.39 8.33"),
    BOTH(other_channels_of_the_survivor_go_on, IN_PROCESSES, "7.64", "8.36"),
    BOTH(the_death_of_the_node_that_connected_changes_nothing, IN_PROCESSES, "7.68 7.11",
         "8.39 8.7"),
    BOTH(an_endpoint_of_a_dead_node_cannot_be_connected, IN_PROCESSES, "7.4", "8.2"),
};

CHAPTER(channel_death, tests);
