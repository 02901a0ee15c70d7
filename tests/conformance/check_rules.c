/* SPDX-License-Identifier: MIT */
/*
 * check_rules.c - section 3: rules for every function, where they are about data and channels.
 *
 * What they mean for nodes and endpoints is in the chapters of those.
 */
#include "endpoints.h"

#include <stdlib.h>
#include <string.h>

#include "kinds.h"

/* --- Packet buffers --------------------------------------------------------------- */

static void expect_no_buffer(void *pointer)
{
    expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release(pointer, &status));
    expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release_test(pointer, &status));
}

/* One packet waits in the channel, and we hold one. */
static void only_a_live_buffer_is_one(void)
{
    static char not_ours[4096];
    char on_the_stack[64];
    struct channel channel;
    char *from_the_heap = malloc(64), *held;
    void *buffer;
    size_t size;

    expect_true(from_the_heap != NULL);
    nodes_begin(1);
    expect_no_buffer(not_ours);
    channel = packets_open(peer(0), NULL);
    channel_fill(&packets, &channel, 1, 2);
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv(channel.recv, &buffer, &size, &status));
    held = buffer;
    expect_no_buffer(not_ours);
    expect_no_buffer(on_the_stack);
    expect_no_buffer(from_the_heap);
    expect_no_buffer((void *)(uintptr_t)1);
    expect_no_buffer((void *)~(uintptr_t)0);
    expect_no_buffer((void *)(uintptr_t)0xdeadbeef);
    for (int distance = 1; distance <= 1024; distance++) {
        expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release(held + distance, &status));
        expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release(held - distance, &status));
    }
    mcapi_pktchan_release_test(held, NULL); /* no status: nothing happens */
    mcapi_pktchan_release(held, NULL);
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(held, &status));
    expect_no_buffer(held);
    channel_drain(&packets, &channel, 2, 1);
    packets_close(&channel);
    nodes_end();
    free(from_the_heap);
}

/* With one buffer the next packet lies in it again, waiting: that is not the one released. */
static void a_released_buffer_is_stale_when_it_is_used_again(void)
{
    struct channel channel;
    void *buffer;
    size_t size;

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    set(NULL, channel.recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 1);
    channel_join(&packets, &channel);
    for (uint64_t round = 1; round <= 5; round++) {
        channel_fill(&packets, &channel, 2 * round, 1);
        expect(MCAPI_SUCCESS, mcapi_pktchan_recv(channel.recv, &buffer, &size, &status));
        expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffer, &status));
        expect_no_buffer(buffer);
        channel_fill(&packets, &channel, 2 * round + 1, 1);
        expect_no_buffer(buffer);
        channel_drain(&packets, &channel, 2 * round + 1, 1);
    }
    packets_close(&channel);
    expect_no_buffer(buffer);
    nodes_end();
}

/* --- Handles of channels ---------------------------------------------------------- */

static void expect_stale(const struct kind *kind, const struct channel *channel)
{
    struct call call = { .endpoint = channel->send, .word = 1 };

    expect_status(MCAPI_ERR_CHAN_INVALID, ask(channel->sender, kind->put, call).status);
    call.endpoint = channel->recv;
    expect_status(MCAPI_ERR_CHAN_INVALID, ask(channel->receiver, kind->take, call).status);
    expect_status(MCAPI_ERR_CHAN_INVALID, ask(channel->receiver, kind->look, call).status);
}

FOR_BOTH(a_closed_channel_is_stale)
{
    struct channel channel, others[20];

    nodes_begin(1);
    channel = channel_joined(kind, peer(0), NULL);
    channel_part(kind, &channel);
    expect_stale(kind, &channel);
    delete_at(peer(0), channel.send);
    delete_at(NULL, channel.recv);
    expect_stale(kind, &channel);
    for (size_t i = 0; i < LENGTH(others); i++)
        others[i] = channel_joined(kind, peer(0), NULL);
    expect_stale(kind, &channel);
    for (size_t i = 0; i < LENGTH(others); i++) {
        expect_equal(0, channel_available(kind, &others[i]));
        channel_works(kind, &others[i]);
    }
    nodes_end();
}

/* --- Signals ---------------------------------------------------------------------- */

/* A blocked call gets some, and ends with what it waits for and not before. */
static void expect_undisturbed(struct peer *peer, act *act, const struct call *call)
{
    begin(peer, act, call);
    for (int signals = 0; signals < 3; signals++) {
        expect_true(stays_blocked(peer));
        interrupt(peer);
    }
    expect_true(stays_blocked(peer));
}

static void expect_success(struct peer *peer)
{
    struct call call;

    finish(peer, &call);
    expect_status(MCAPI_SUCCESS, call.status);
}

static void do_get_and_wait(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_endpoint_get_i(call->domain, call->node, call->port, &call->endpoint, &call->request,
                         &call->status);
    if (call->status == MCAPI_SUCCESS)
        do_wait(call);
}

static void do_get_and_wait_any(struct call *call)
{
    mcapi_request_t requests[2];
    mcapi_endpoint_t endpoints[2];
    size_t size;

    for (mcapi_port_t i = 0; i < 2; i++)
        expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(call->domain, call->node, call->port + i,
                                                   &endpoints[i], &requests[i], &status));
    call->status = UNTOUCHED;
    mcapi_wait_any(2, requests, &size, call->timeout, &call->status);
}

static void a_signal_does_not_end_a_wait(void)
{
    struct call call = { .domain = DOMAIN, .node = OWN_NODE, .port = 5 };

    nodes_begin(1);
    call.timeout = MCAPI_TIMEOUT_INFINITE;
    expect_undisturbed(peer(0), do_get_and_wait, &call);
    create(5);
    expect_success(peer(0));
    call.port = 6;
    expect_undisturbed(peer(0), do_get_and_wait_any, &call);
    create(7);
    expect_success(peer(0));
    nodes_end();
}

static void a_signal_does_not_end_a_message_call(void)
{
    struct call send = { .size = 1 }, receive = { .size = 1 };

    nodes_begin(1);
    send.endpoint = create(5);
    send.other = receive.endpoint = create_at(peer(0), 6);
    expect_undisturbed(peer(0), do_msg_recv, &receive);
    expect_status(MCAPI_SUCCESS, ask(NULL, do_msg_send, send).status);
    expect_success(peer(0));

    send.other = receive.endpoint = create(7);
    send.endpoint = create_at(peer(0), 8);
    set(NULL, send.other, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 1);
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_msg_send, send).status);
    expect_undisturbed(peer(0), do_msg_send, &send);
    expect_status(MCAPI_SUCCESS, ask(NULL, do_msg_recv, receive).status);
    expect_success(peer(0));
    nodes_end();
}

FOR_BOTH(a_signal_does_not_end_a_send_or_receive)
{
    struct call call = { .word = 2 };
    struct channel channel;

    nodes_begin(1);
    channel = channel_joined(kind, NULL, peer(0));
    call.endpoint = channel.recv;
    expect_undisturbed(peer(0), kind->take, &call);
    channel_fill(kind, &channel, 1, 1);
    expect_success(peer(0));

    channel = channel_made(peer(0), NULL);
    set(NULL, channel.recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 1);
    channel_join(kind, &channel);
    channel_fill(kind, &channel, 1, 1);
    call.endpoint = channel.send;
    expect_undisturbed(peer(0), kind->put, &call);
    expect_equal(1, channel_take(kind, &channel));
    expect_success(peer(0));
    expect_equal(2, channel_take(kind, &channel));
    nodes_end();
}

/* --- Deleted with messages in it -------------------------------------------------- */

static void a_delete_discards_pending_messages(void)
{
    struct call call = { .size = 1 };

    nodes_begin(1);
    call.endpoint = create_at(peer(0), 6);
    call.other = create(5);
    for (int i = 0; i < 3; i++)
        expect_status(MCAPI_SUCCESS, ask(peer(0), do_msg_send, call).status);
    expect(MCAPI_SUCCESS, expect_equal(3, mcapi_msg_available(call.other, &status)));
    delete_at(NULL, call.other);
    call.other = create(5);
    expect(MCAPI_SUCCESS, expect_equal(0, mcapi_msg_available(call.other, &status)));
    nodes_end();
}

static const struct test tests[] = {
    TEST(only_a_live_buffer_is_one, ANYWHERE, "3.14 3.4"),
    TEST(a_released_buffer_is_stale_when_it_is_used_again, ANYWHERE, "3.18"),
    BOTH(a_closed_channel_is_stale, ANYWHERE, "3.16", "3.16"),
    TEST(a_signal_does_not_end_a_wait, ANYWHERE, "3.20"),
    TEST(a_signal_does_not_end_a_message_call, ANYWHERE, "3.21"),
    BOTH(a_signal_does_not_end_a_send_or_receive, ANYWHERE, "3.22", "3.23"),
    TEST(a_delete_discards_pending_messages, ANYWHERE, "5.44"),
};
CHAPTER(rules, tests);
