/* SPDX-License-Identifier: MIT */
#include "kinds.h"

#include <string.h>

/* --- The two kinds ----------------------------------------------------------------- */

static void do_pkt_connect_i(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_pktchan_connect_i(call->endpoint, call->other, &call->request, &call->status);
}

static void do_scl_connect_i(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_sclchan_connect_i(call->endpoint, call->other, &call->request, &call->status);
}

static void do_pkt_put(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_pktchan_send(call->endpoint, &call->word, sizeof call->word, &call->status);
}

static void do_scl_put(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_sclchan_send_uint64(call->endpoint, call->word, &call->status);
}

static void do_pkt_take(struct call *call)
{
    void *buffer = NULL;
    size_t size = 0;

    call->status = UNTOUCHED;
    mcapi_pktchan_recv(call->endpoint, &buffer, &size, &call->status);
    if (call->status != MCAPI_SUCCESS)
        return;
    expect_equal(sizeof call->word, size);
    memcpy(&call->word, buffer, sizeof call->word);
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffer, &status));
}

static void do_scl_take(struct call *call)
{
    call->status = UNTOUCHED;
    call->word = mcapi_sclchan_recv_uint64(call->endpoint, &call->status);
}

/* Puts call->word and those that follow it, call->number of them, or takes just these. Ends
 * early where a call fails; call->number says how many there were. A counter in shared memory,
 * if call->pointer is one, has told so all the time. */
static void do_many(struct call *call, act *one)
{
    struct call single = { .endpoint = call->endpoint, .status = MCAPI_SUCCESS };
    mcapi_uint_t done;

    for (done = 0; done < call->number; done++) {
        single.word = call->word + done;
        one(&single);
        if (single.status != MCAPI_SUCCESS)
            break;
        expect_equal(call->word + done, single.word);
        if (call->pointer != NULL)
            __atomic_store_n((uint32_t *)call->pointer, done + 1, __ATOMIC_SEQ_CST);
    }
    call->number = done;
    call->status = single.status;
}

static void do_pkt_put_many(struct call *call)
{
    do_many(call, do_pkt_put);
}

static void do_pkt_take_many(struct call *call)
{
    do_many(call, do_pkt_take);
}

static void do_scl_put_many(struct call *call)
{
    do_many(call, do_scl_put);
}

static void do_scl_take_many(struct call *call)
{
    do_many(call, do_scl_take);
}

static void do_pkt_look(struct call *call)
{
    call->status = UNTOUCHED;
    call->number = mcapi_pktchan_available(call->endpoint, &call->status);
}

static void do_scl_look(struct call *call)
{
    call->status = UNTOUCHED;
    call->number = mcapi_sclchan_available(call->endpoint, &call->status);
}

const struct kind packets = {
    .connect = do_pkt_connect,
    .connect_i = do_pkt_connect_i,
    .open = { do_pkt_open_send, do_pkt_open_recv },
    .close = { do_pkt_close_send, do_pkt_close_recv },
    .put = do_pkt_put,
    .take = do_pkt_take,
    .put_many = do_pkt_put_many,
    .take_many = do_pkt_take_many,
    .look = do_pkt_look,
    .type = MCAPI_ENDP_ATTR_TYPE_PKTCHAN,
    .depth = MCAPI_MAX_BUFFERS,
    .other = &scalars,
};

const struct kind scalars = {
    .connect = do_scl_connect,
    .connect_i = do_scl_connect_i,
    .open = { do_scl_open_send, do_scl_open_recv },
    .close = { do_scl_close_send, do_scl_close_recv },
    .put = do_scl_put,
    .take = do_scl_take,
    .put_many = do_scl_put_many,
    .take_many = do_scl_take_many,
    .look = do_scl_look,
    .type = MCAPI_ENDP_ATTR_TYPE_SCLCHAN,
    .depth = MCAPI_MAX_QUEUE_ELEMENTS,
    .other = &packets,
};

enum side across(enum side side)
{
    return side == SENDING ? RECEIVING : SENDING;
}

/* --- Asking ------------------------------------------------------------------------ */

struct call ask(struct peer *peer, act *act, struct call call)
{
    call.status = UNTOUCHED;
    at(peer, act, &call);
    return call;
}

mcapi_status_t refusal(struct peer *peer, act *act, struct call call)
{
    struct call made = ask(peer, act, call);

    expect_status(made.status, ended_with(peer, made.request));
    return made.status;
}

mcapi_status_t ended_with(struct peer *peer, mcapi_request_t request)
{
    struct call call = ask(peer, do_test, (struct call){ .request = request });

    expect_true(call.truth == MCAPI_TRUE);
    return call.status;
}

mcapi_status_t outcome(struct peer *peer, mcapi_request_t request)
{
    return ask(peer, do_wait,
               (struct call){ .request = request, .timeout = MCAPI_TIMEOUT_INFINITE })
            .status;
}

bool is_pending(struct peer *peer, mcapi_request_t request)
{
    return ask(peer, do_test, (struct call){ .request = request }).status == MCAPI_PENDING;
}

void fill_no_endpoints(struct peer *peer, mcapi_endpoint_t values[NO_ENDPOINTS])
{
    values[0] = 0;
    values[1] = 0xdeadbeef;
    values[2] = ~0u;
    values[3] = created(peer);
    expect_status(MCAPI_SUCCESS,
                  ask(peer, do_delete, (struct call){ .endpoint = values[3] }).status);
    created(peer);
}

mcapi_endpoint_t odd_value(const struct channel *channel, int number)
{
    mcapi_endpoint_t value;

    if (number < 64)
        value = (number < 32 ? channel->send : channel->recv)
              ^ (mcapi_endpoint_t)1 << number % 32;
    else
        value = (mcapi_endpoint_t)number * 0x9e3779b9u;
    return value == channel->send || value == channel->recv ? 0 : value;
}

static mcapi_request_t used[MCA_MAX_REQUESTS + 1];
static unsigned used_count;

void use_up_requests(void)
{
    static void *buffers[MCA_MAX_REQUESTS + 1];
    struct channel channel = packets_open(NULL, NULL);
    mcapi_status_t status = UNTOUCHED;

    for (used_count = 0; used_count <= MCA_MAX_REQUESTS; used_count++) {
        mcapi_pktchan_recv_i(channel.recv, &buffers[used_count], &used[used_count], &status);
        if (status == MCAPI_ERR_REQUEST_LIMIT)
            return;
        expect_status(MCAPI_SUCCESS, status);
    }
    skip("there are more requests than MCA_MAX_REQUESTS");
}

void give_up_requests(void)
{
    for (unsigned i = 0; i < used_count; i++)
        expect(MCAPI_SUCCESS, mcapi_cancel(&used[i], &status));
}

/* --- Endpoints --------------------------------------------------------------------- */

mcapi_endpoint_t created(struct peer *peer)
{
    struct call call = ask(peer, do_create, (struct call){ .port = MCAPI_PORT_ANY });

    expect_status(MCAPI_SUCCESS, call.status);
    return call.endpoint;
}

void set(struct peer *peer, mcapi_endpoint_t endpoint, mcapi_uint_t number, uint32_t value)
{
    struct call call = { .endpoint = endpoint, .number = number, .word = value };

    expect_status(MCAPI_SUCCESS, ask(peer, do_set, call).status);
}

uint32_t attribute(struct peer *peer, mcapi_endpoint_t endpoint, mcapi_uint_t number)
{
    struct call call =
            ask(peer, do_attribute, (struct call){ .endpoint = endpoint, .number = number });

    expect_status(MCAPI_SUCCESS, call.status);
    return (uint32_t)call.word;
}

/* --- A channel, step by step ------------------------------------------------------- */

struct channel channel_made(struct peer *sender, struct peer *receiver)
{
    return (struct channel){
        .sender = sender,
        .receiver = receiver,
        .send = created(sender),
        .recv = created(receiver),
    };
}

struct peer *channel_peer(const struct channel *channel, enum side side)
{
    return side == SENDING ? channel->sender : channel->receiver;
}

mcapi_endpoint_t channel_end(const struct channel *channel, enum side side)
{
    return side == SENDING ? channel->send : channel->recv;
}

bool channel_is_on_one_node(const struct channel *channel)
{
    return channel->sender == channel->receiver || variant() == ONE_NODE;
}

void channel_set(const struct channel *channel, mcapi_uint_t number, uint32_t value)
{
    set(channel->sender, channel->send, number, value);
    set(channel->receiver, channel->recv, number, value);
}

void channel_deepen(const struct channel *channel, uint32_t depth)
{
    set(channel->receiver, channel->recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, depth);
}

void channel_connect(const struct kind *kind, const struct channel *channel)
{
    struct call call = { .endpoint = channel->send, .other = channel->recv };

    expect_status(MCAPI_SUCCESS, ask(NULL, kind->connect, call).status);
}

/* An _i call about one end, which is accepted. */
static mcapi_request_t accepted(const struct channel *channel, enum side side, act *act)
{
    struct call call = ask(channel_peer(channel, side), act,
                           (struct call){ .endpoint = channel_end(channel, side) });

    expect_status(MCAPI_SUCCESS, call.status);
    return call.request;
}

mcapi_request_t channel_open(const struct kind *kind, const struct channel *channel,
                             enum side side)
{
    return accepted(channel, side, kind->open[side]);
}

mcapi_request_t channel_close(const struct kind *kind, const struct channel *channel,
                              enum side side)
{
    return accepted(channel, side, kind->close[side]);
}

/* Has something done on both ends, and waits for both. */
static void on_both(const struct channel *channel, act *const acts[SIDES])
{
    mcapi_request_t requests[SIDES];

    for (enum side side = SENDING; side < SIDES; side++)
        requests[side] = accepted(channel, side, acts[side]);
    for (enum side side = SENDING; side < SIDES; side++)
        expect_status(MCAPI_SUCCESS, outcome(channel_peer(channel, side), requests[side]));
}

void channel_join(const struct kind *kind, const struct channel *channel)
{
    channel_connect(kind, channel);
    on_both(channel, kind->open);
}

void channel_part(const struct kind *kind, const struct channel *channel)
{
    on_both(channel, kind->close);
}

struct channel channel_joined(const struct kind *kind, struct peer *sender,
                              struct peer *receiver)
{
    struct channel channel = channel_made(sender, receiver);

    channel_join(kind, &channel);
    return channel;
}

mcapi_status_t channel_put(const struct kind *kind, const struct channel *channel,
                           uint64_t word)
{
    return ask(channel->sender, kind->put,
               (struct call){ .endpoint = channel->send, .word = word })
            .status;
}

void channel_fill(const struct kind *kind, const struct channel *channel, uint64_t first,
                  uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        expect_status(MCAPI_SUCCESS, channel_put(kind, channel, first + i));
}

uint64_t channel_take(const struct kind *kind, const struct channel *channel)
{
    struct call call =
            ask(channel->receiver, kind->take, (struct call){ .endpoint = channel->recv });

    expect_status(MCAPI_SUCCESS, call.status);
    return call.word;
}

void channel_drain(const struct kind *kind, const struct channel *channel, uint64_t first,
                   uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        expect_equal(first + i, channel_take(kind, channel));
}

mcapi_status_t channel_take_status(const struct kind *kind, const struct channel *channel)
{
    return ask(channel->receiver, kind->take, (struct call){ .endpoint = channel->recv })
            .status;
}

uint32_t channel_available(const struct kind *kind, const struct channel *channel)
{
    struct call call =
            ask(channel->receiver, kind->look, (struct call){ .endpoint = channel->recv });

    expect_status(MCAPI_SUCCESS, call.status);
    return call.number;
}

void channel_works(const struct kind *kind, const struct channel *channel)
{
    const uint64_t word = 0x0123456789abcdefu;

    expect_status(MCAPI_SUCCESS, channel_put(kind, channel, word));
    expect_equal(word, channel_take(kind, channel));
}
