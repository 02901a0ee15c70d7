/* SPDX-License-Identifier: MIT */
/* acts.c - the usual calls, as a peer makes them, and whole channels. */
#include "suite.h"

#include <string.h>

/* Whether the calling thread has initialized a node that it has not finalized. */
static __thread bool is_node;

bool is_node_here(void)
{
    return is_node;
}

/* --- Nodes and endpoints ---------------------------------------------------------- */

void do_initialize(struct call *call)
{
    mcapi_info_t info;

    call->status = UNTOUCHED;
    mcapi_initialize(call->domain, call->node, NULL, NULL, &info, &call->status);
    is_node = is_node || call->status == MCAPI_SUCCESS;
}

void do_finalize(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_finalize(&call->status);
    is_node = is_node && call->status != MCAPI_SUCCESS;
}

void do_create(struct call *call)
{
    call->status = UNTOUCHED;
    call->endpoint = mcapi_endpoint_create(call->port, &call->status);
}

void do_get(struct call *call)
{
    call->status = UNTOUCHED;
    call->endpoint = mcapi_endpoint_get(call->domain, call->node, call->port, call->timeout,
                                        &call->status);
}

void do_delete(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_endpoint_delete(call->endpoint, &call->status);
}

void do_set(struct call *call)
{
    uint32_t value = (uint32_t)call->word;

    call->status = UNTOUCHED;
    mcapi_endpoint_set_attribute(call->endpoint, call->number, &value, sizeof value,
                                 &call->status);
}

void do_attribute(struct call *call)
{
    uint32_t value = 0;

    call->status = UNTOUCHED;
    mcapi_endpoint_get_attribute(call->endpoint, call->number, &value, sizeof value,
                                 &call->status);
    call->word = value;
}

/* --- Messages --------------------------------------------------------------------- */

void do_msg_send(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_msg_send(call->endpoint, call->other, call->bytes, call->size, call->priority,
                   &call->status);
}

void do_msg_recv(struct call *call)
{
    size_t room = call->size;

    if (room > sizeof call->bytes)
        fail("do_msg_recv: there is no room for %zu bytes", room);
    call->status = UNTOUCHED;
    mcapi_msg_recv(call->endpoint, call->bytes, room, &call->size, &call->status);
}

/* --- Requests --------------------------------------------------------------------- */

void do_wait(struct call *call)
{
    call->status = UNTOUCHED;
    call->truth = mcapi_wait(&call->request, &call->size, call->timeout, &call->status);
}

void do_test(struct call *call)
{
    call->status = UNTOUCHED;
    call->truth = mcapi_test(&call->request, &call->size, &call->status);
}

void do_cancel(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_cancel(&call->request, &call->status);
}

/* --- Connecting, opening, closing ------------------------------------------------- */

/* Waits for what an _i call began, unless it was refused. */
static void wait_for_it(struct call *call)
{
    if (call->status != MCAPI_SUCCESS && call->status != MCAPI_PENDING)
        return;
    call->timeout = MCAPI_TIMEOUT_INFINITE;
    do_wait(call);
}

void do_pkt_connect(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_pktchan_connect_i(call->endpoint, call->other, &call->request, &call->status);
    wait_for_it(call);
}

void do_scl_connect(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_sclchan_connect_i(call->endpoint, call->other, &call->request, &call->status);
    wait_for_it(call);
}

/* Where an open may put its handle, also after the call has returned. Opens of one process take
 * turns; the value is the endpoint's, so that nobody looks there. */
static unsigned *place_of_handle(void)
{
    static unsigned places[4096];
    static unsigned next;

    return &places[__atomic_fetch_add(&next, 1, __ATOMIC_RELAXED) % 4096];
}

void do_pkt_open_send(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_pktchan_send_open_i(place_of_handle(), call->endpoint, &call->request, &call->status);
}

void do_pkt_open_recv(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_pktchan_recv_open_i(place_of_handle(), call->endpoint, &call->request, &call->status);
}

void do_pkt_close_send(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_pktchan_send_close_i(call->endpoint, &call->request, &call->status);
}

void do_pkt_close_recv(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_pktchan_recv_close_i(call->endpoint, &call->request, &call->status);
}

void do_scl_open_send(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_sclchan_send_open_i(place_of_handle(), call->endpoint, &call->request, &call->status);
}

void do_scl_open_recv(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_sclchan_recv_open_i(place_of_handle(), call->endpoint, &call->request, &call->status);
}

void do_scl_close_send(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_sclchan_send_close_i(call->endpoint, &call->request, &call->status);
}

void do_scl_close_recv(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_sclchan_recv_close_i(call->endpoint, &call->request, &call->status);
}

/* --- Data ------------------------------------------------------------------------- */

void do_pkt_send(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_pktchan_send(call->endpoint, call->bytes, call->size, &call->status);
}

void do_pkt_recv(struct call *call)
{
    void *buffer = NULL;

    call->status = UNTOUCHED;
    mcapi_pktchan_recv(call->endpoint, &buffer, &call->size, &call->status);
    if (call->status != MCAPI_SUCCESS)
        return;
    if (call->size > 0)
        memcpy(call->bytes, buffer,
               call->size < sizeof call->bytes ? call->size : sizeof call->bytes);
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffer, &status));
}

void do_scl_send(struct call *call)
{
    call->status = UNTOUCHED;
    switch (call->number) {
    case 8:
        mcapi_sclchan_send_uint8(call->endpoint, (mcapi_uint8_t)call->word, &call->status);
        break;
    case 16:
        mcapi_sclchan_send_uint16(call->endpoint, (mcapi_uint16_t)call->word, &call->status);
        break;
    case 32:
        mcapi_sclchan_send_uint32(call->endpoint, (mcapi_uint32_t)call->word, &call->status);
        break;
    case 64:
        mcapi_sclchan_send_uint64(call->endpoint, call->word, &call->status);
        break;
    default:
        fail("do_scl_send: there are no scalars of %u bits", call->number);
    }
}

void do_scl_recv(struct call *call)
{
    call->status = UNTOUCHED;
    switch (call->number) {
    case 8:
        call->word = mcapi_sclchan_recv_uint8(call->endpoint, &call->status);
        break;
    case 16:
        call->word = mcapi_sclchan_recv_uint16(call->endpoint, &call->status);
        break;
    case 32:
        call->word = mcapi_sclchan_recv_uint32(call->endpoint, &call->status);
        break;
    case 64:
        call->word = mcapi_sclchan_recv_uint64(call->endpoint, &call->status);
        break;
    default:
        fail("do_scl_recv: there are no scalars of %u bits", call->number);
    }
}

/* --- Channels --------------------------------------------------------------------- */

typedef void act(struct call *call);

/* What one kind of channel is made with. */
struct kind {
    act *connect, *open_send, *open_recv, *close_send, *close_recv;
};

static const struct kind packets = { do_pkt_connect, do_pkt_open_send, do_pkt_open_recv,
                                     do_pkt_close_send, do_pkt_close_recv };
static const struct kind scalars = { do_scl_connect, do_scl_open_send, do_scl_open_recv,
                                     do_scl_close_send, do_scl_close_recv };

static void need(const struct call *call, const char *what)
{
    if (call->status != MCAPI_SUCCESS)
        fail("a channel cannot be %s: %s", what, status_name(call->status));
}

static mcapi_endpoint_t create_at(struct peer *peer)
{
    struct call call = { .port = MCAPI_PORT_ANY };

    at(peer, do_create, &call);
    need(&call, "made: mcapi_endpoint_create");
    return call.endpoint;
}

/* Both ends do something that completes when both have. */
static void do_both(const struct channel *channel, act *send, act *recv, const char *what)
{
    struct call at_send = { .endpoint = channel->send };
    struct call at_recv = { .endpoint = channel->recv };

    at(channel->sender, send, &at_send);
    at(channel->receiver, recv, &at_recv);
    at_send.timeout = at_recv.timeout = MCAPI_TIMEOUT_INFINITE;
    at(channel->sender, do_wait, &at_send);
    need(&at_send, what);
    at(channel->receiver, do_wait, &at_recv);
    need(&at_recv, what);
}

static struct channel channel_open(const struct kind *kind, struct peer *sender,
                                   struct peer *receiver)
{
    struct channel channel = { .sender = sender, .receiver = receiver };
    struct call call = { 0 };

    channel.send = create_at(sender);
    channel.recv = create_at(receiver);
    call.endpoint = channel.send;
    call.other = channel.recv;
    kind->connect(&call);
    need(&call, "connected");
    do_both(&channel, kind->open_send, kind->open_recv, "opened");
    return channel;
}

struct channel packets_open(struct peer *sender, struct peer *receiver)
{
    return channel_open(&packets, sender, receiver);
}

struct channel scalars_open(struct peer *sender, struct peer *receiver)
{
    return channel_open(&scalars, sender, receiver);
}

void packets_close(const struct channel *channel)
{
    do_both(channel, packets.close_send, packets.close_recv, "closed");
}

void scalars_close(const struct channel *channel)
{
    do_both(channel, scalars.close_send, scalars.close_recv, "closed");
}
