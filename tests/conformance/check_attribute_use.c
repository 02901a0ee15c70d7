/* SPDX-License-Identifier: MIT */
/* check_attribute_use.c - section 5: what attributes do to channels and messages. */
#include "endpoints.h"

#include "kinds.h"

enum { DEPTH = 5 };

/* --- Equal on both ends ----------------------------------------------------------- */

/* An attribute that differs keeps the two from each other, whoever connects; made equal it does
 * not. */
static void has_to_be_equal(const struct kind *kind, mcapi_uint_t number, uint32_t value)
{
    struct channel channel;
    struct call call = { 0 };
    uint32_t before;

    nodes_begin(2);
    channel = channel_made(peer(0), NULL);
    before = attribute(NULL, channel.recv, number);
    call.endpoint = channel.send;
    call.other = channel.recv;
    for (int changed = 0; changed < 2; changed++) {
        set(changed == 0 ? peer(0) : NULL, changed == 0 ? channel.send : channel.recv, number,
            value);
        expect_status(MCAPI_ERR_ATTR_INCOMPATIBLE, refusal(NULL, kind->connect_i, call));
        expect_status(MCAPI_ERR_ATTR_INCOMPATIBLE, refusal(peer(1), kind->connect_i, call));
        set(changed == 0 ? peer(0) : NULL, changed == 0 ? channel.send : channel.recv, number,
            before);
    }
    set(peer(0), channel.send, number, value);
    set(NULL, channel.recv, number, value);
    channel_join(kind, &channel);
    channel_works(kind, &channel);
    channel_part(kind, &channel);
    nodes_end();
}

FOR_BOTH(payload_sizes_have_to_be_equal)
{
    has_to_be_equal(kind, MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, 100);
}

FOR_BOTH(memory_types_have_to_be_equal)
{
    has_to_be_equal(kind, MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_SHARED_MEMORY);
}

FOR_BOTH(behaviour_at_limits_has_to_be_equal)
{
    has_to_be_equal(kind, MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT);
}

FOR_BOTH(numbers_of_priorities_have_to_be_equal)
{
    has_to_be_equal(kind, MCAPI_ENDP_ATTR_NUM_PRIORITIES, 2);
}

FOR_BOTH(priorities_have_to_be_equal)
{
    has_to_be_equal(kind, MCAPI_ENDP_ATTR_PRIORITY, 1);
}

/* There is one value, so that two ends never differ. */
FOR_BOTH(buffer_types_are_equal)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    set(NULL, channel.recv, MCAPI_ENDP_ATTR_BUFFER_TYPE, MCAPI_ENDP_ATTR_FIFO_BUFFER);
    expect_equal(attribute(NULL, channel.send, MCAPI_ENDP_ATTR_BUFFER_TYPE),
                 attribute(NULL, channel.recv, MCAPI_ENDP_ATTR_BUFFER_TYPE));
    channel_join(kind, &channel);
    channel_part(kind, &channel);
    nodes_end();
}

FOR_BOTH(the_other_attributes_may_differ)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    set(peer(0), channel.send, MCAPI_ENDP_ATTR_NUM_SEND_BUFFERS, 3);
    set(peer(0), channel.send, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 7);
    set(peer(0), channel.send, MCAPI_ENDP_ATTR_TIMEOUT, 1000);
    set(peer(0), channel.send, MCAPI_ENDP_ATTR_TYPE, kind->type);
    channel_join(kind, &channel);
    channel_works(kind, &channel);
    channel_part(kind, &channel);
    nodes_end();
}

/* --- Buffers ---------------------------------------------------------------------- */

/* Exactly as many fit as the receiving end said. A send with a timeout says when it is full. */
FOR_BOTH(the_depth_of_a_channel_is_the_receivers)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    set(NULL, channel.recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, DEPTH);
    set(peer(0), channel.send, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(kind, &channel);
    channel_fill(kind, &channel, 1, DEPTH);
    expect_status(MCAPI_TIMEOUT, channel_put(kind, &channel, 99));
    channel_drain(kind, &channel, 1, DEPTH);
    channel_part(kind, &channel);
    nodes_end();
}

/* Both nodes see it, so that a sender can wait for better times. */
FOR_BOTH(free_receive_buffers_are_counted)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    set(NULL, channel.recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, DEPTH);
    channel_join(kind, &channel);
    for (uint32_t used = 0; used <= DEPTH; used++) {
        expect_equal(DEPTH - used,
                     attribute(NULL, channel.recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS));
        expect_equal(DEPTH - used,
                     attribute(peer(0), channel.recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS));
        if (used < DEPTH)
            channel_fill(kind, &channel, 1 + used, 1);
    }
    for (uint32_t taken = 1; taken <= DEPTH; taken++) {
        channel_drain(kind, &channel, taken, 1);
        expect_equal(taken, attribute(peer(0), channel.recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS));
    }
    channel_part(kind, &channel);
    nodes_end();
}

/* A packet that the receiver holds is not free. */
static void held_buffers_are_not_free(void)
{
    struct channel channel;
    void *buffer;
    size_t size;

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    set(NULL, channel.recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, DEPTH);
    channel_join(&packets, &channel);
    channel_fill(&packets, &channel, 1, 1);
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv(channel.recv, &buffer, &size, &status));
    expect_equal(DEPTH - 1, attribute(NULL, channel.recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS));
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffer, &status));
    expect_equal(DEPTH, attribute(NULL, channel.recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS));
    channel_part(&packets, &channel);
    nodes_end();
}

static void the_depth_of_a_message_queue_is_the_receivers(void)
{
    struct call call = { .size = 1 };

    nodes_begin(1);
    call.other = create(5);
    call.endpoint = create_at(peer(0), 6);
    set(NULL, call.other, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, DEPTH);
    set(peer(0), call.endpoint, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    for (uint32_t used = 0; used < DEPTH; used++) {
        expect_equal(DEPTH - used,
                     attribute(peer(0), call.other, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS));
        expect_status(MCAPI_SUCCESS, ask(peer(0), do_msg_send, call).status);
    }
    expect_equal(0, attribute(NULL, call.other, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS));
    expect_status(MCAPI_TIMEOUT, ask(peer(0), do_msg_send, call).status);
    for (uint32_t taken = 1; taken <= DEPTH; taken++) {
        struct call receive = { .endpoint = call.other, .size = 1 };

        expect_status(MCAPI_SUCCESS, ask(NULL, do_msg_recv, receive).status);
        expect_equal(taken, attribute(peer(0), call.other, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS));
    }
    nodes_end();
}

/* --- Timeouts --------------------------------------------------------------------- */

static const mcapi_timeout_t timeouts[] = { MCAPI_TIMEOUT_IMMEDIATE, 30, 150 };

static void expect_took(int64_t began, mcapi_timeout_t timeout)
{
    int64_t took = now_ms() - began;

    expect_true(took >= (int64_t)timeout - 1);
    expect_true(took < (int64_t)timeout + 1000);
}

FOR_BOTH(a_receive_ends_with_its_timeout)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    for (size_t i = 0; i < LENGTH(timeouts); i++) {
        int64_t began;

        set(NULL, channel.recv, MCAPI_ENDP_ATTR_TIMEOUT, timeouts[i]);
        channel_join(kind, &channel);
        began = now_ms();
        expect_status(MCAPI_TIMEOUT, channel_take_status(kind, &channel));
        expect_took(began, timeouts[i]);
        channel_works(kind, &channel); /* nothing is lost */
        channel_part(kind, &channel);
    }
    nodes_end();
}

FOR_BOTH(a_send_ends_with_its_timeout)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    set(NULL, channel.recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, DEPTH);
    for (size_t i = 0; i < LENGTH(timeouts); i++) {
        int64_t began;

        set(peer(0), channel.send, MCAPI_ENDP_ATTR_TIMEOUT, timeouts[i]);
        channel_join(kind, &channel);
        channel_fill(kind, &channel, 1, DEPTH);
        began = now_ms();
        expect_status(MCAPI_TIMEOUT, channel_put(kind, &channel, 99));
        expect_took(began, timeouts[i]);
        channel_drain(kind, &channel, 1, DEPTH);
        channel_works(kind, &channel); /* the one that timed out was not sent */
        channel_part(kind, &channel);
    }
    nodes_end();
}

static void message_calls_end_with_their_timeout(void)
{
    struct call send = { .size = 1 }, receive = { .size = 1 };

    nodes_begin(1);
    receive.endpoint = send.other = create(5);
    send.endpoint = create_at(peer(0), 6);
    set(NULL, send.other, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 1);
    for (size_t i = 0; i < LENGTH(timeouts); i++) {
        int64_t began = now_ms();

        set(NULL, receive.endpoint, MCAPI_ENDP_ATTR_TIMEOUT, timeouts[i]);
        set(peer(0), send.endpoint, MCAPI_ENDP_ATTR_TIMEOUT, timeouts[i]);
        expect_status(MCAPI_TIMEOUT, ask(NULL, do_msg_recv, receive).status);
        expect_took(began, timeouts[i]);
        expect_status(MCAPI_SUCCESS, ask(peer(0), do_msg_send, send).status);
        began = now_ms();
        expect_status(MCAPI_TIMEOUT, ask(peer(0), do_msg_send, send).status);
        expect_took(began, timeouts[i]);
        expect_status(MCAPI_SUCCESS, ask(NULL, do_msg_recv, receive).status);
    }
    nodes_end();
}

/* --- Failing instead of blocking -------------------------------------------------- */

FOR_BOTH(a_send_may_fail_instead_of_blocking)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    channel_set(&channel, MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT);
    set(NULL, channel.recv, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, DEPTH);
    channel_join(kind, &channel);
    channel_fill(kind, &channel, 1, DEPTH);
    expect_status(MCAPI_ERR_MEM_LIMIT, channel_put(kind, &channel, 99));
    channel_drain(kind, &channel, 1, 1);
    channel_fill(kind, &channel, 1 + DEPTH, 1);
    expect_status(MCAPI_ERR_MEM_LIMIT, channel_put(kind, &channel, 99));
    channel_drain(kind, &channel, 2, DEPTH);
    channel_part(kind, &channel);
    nodes_end();
}

static void a_message_may_fail_instead_of_blocking(void)
{
    struct call send = { .size = 1 };

    nodes_begin(1);
    send.other = create(5);
    send.endpoint = create_at(peer(0), 6);
    set(NULL, send.other, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 1);
    set(peer(0), send.endpoint, MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT);
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_msg_send, send).status);
    expect_status(MCAPI_ERR_MEM_LIMIT, ask(peer(0), do_msg_send, send).status);
    nodes_end();
}

/* --- Status ----------------------------------------------------------------------- */

/* The same for all who ask. */
static uint32_t flags_of(mcapi_endpoint_t endpoint)
{
    uint32_t flags = attribute(NULL, endpoint, MCAPI_ENDP_ATTR_STATUS);

    expect_equal(flags, attribute(peer(0), endpoint, MCAPI_ENDP_ATTR_STATUS));
    return flags;
}

#define FLAG(name) MCAPI_ENDP_ATTR_STATUS_##name

static void expect_flags(const struct kind *kind, const struct channel *channel,
                         uint32_t wanted)
{
    const uint32_t states =
            FLAG(CONNECTED) | FLAG(OPEN) | FLAG(OPEN_PENDING) | FLAG(CLOSE_PENDING);
    const uint32_t ends = FLAG(PKTCHAN) | FLAG(SCLCHAN) | FLAG(SEND) | FLAG(RECEIVE);
    uint32_t flag = kind->type == MCAPI_ENDP_ATTR_TYPE_PKTCHAN ? FLAG(PKTCHAN) : FLAG(SCLCHAN);

    expect_equal(wanted, flags_of(channel->send) & states);
    expect_equal(wanted, flags_of(channel->recv) & states);
    expect_equal(flag | FLAG(SEND), flags_of(channel->send) & ends);
    expect_equal(flag | FLAG(RECEIVE), flags_of(channel->recv) & ends);
}

FOR_BOTH(the_status_tells_the_life_of_a_channel)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    expect_equal(0, flags_of(channel.send));
    expect_equal(0, flags_of(channel.recv));
    channel_connect(kind, &channel);
    expect_flags(kind, &channel, FLAG(CONNECTED));
    channel_open(kind, &channel, SENDING);
    channel_open(kind, &channel, RECEIVING);
    expect_flags(kind, &channel, FLAG(CONNECTED) | FLAG(OPEN));
    channel_part(kind, &channel);
    expect_equal(0, flags_of(channel.send));
    expect_equal(0, flags_of(channel.recv));
    nodes_end();
}

/* Between two nodes an open and a close wait for the other side. */
FOR_BOTH(the_status_tells_what_is_pending)
{
    mcapi_request_t opened[SIDES], closed[SIDES];
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    opened[SENDING] = channel_open(kind, &channel, SENDING);
    expect_equal(FLAG(OPEN_PENDING),
                 flags_of(channel.send) & (FLAG(OPEN_PENDING) | FLAG(OPEN) | FLAG(CONNECTED)));
    channel_connect(kind, &channel);
    expect_equal(FLAG(OPEN_PENDING) | FLAG(CONNECTED),
                 flags_of(channel.send) & (FLAG(OPEN_PENDING) | FLAG(OPEN) | FLAG(CONNECTED)));
    opened[RECEIVING] = channel_open(kind, &channel, RECEIVING);
    expect_status(MCAPI_SUCCESS, outcome(peer(0), opened[SENDING]));
    expect_status(MCAPI_SUCCESS, outcome(NULL, opened[RECEIVING]));
    expect_flags(kind, &channel, FLAG(CONNECTED) | FLAG(OPEN));
    closed[SENDING] = channel_close(kind, &channel, SENDING);
    expect_equal(FLAG(CLOSE_PENDING),
                 flags_of(channel.send) & (FLAG(CLOSE_PENDING) | FLAG(OPEN)));
    expect_equal(FLAG(OPEN), flags_of(channel.recv) & (FLAG(CLOSE_PENDING) | FLAG(OPEN)));
    closed[RECEIVING] = channel_close(kind, &channel, RECEIVING);
    expect_status(MCAPI_SUCCESS, outcome(peer(0), closed[SENDING]));
    expect_status(MCAPI_SUCCESS, outcome(NULL, closed[RECEIVING]));
    expect_equal(0, flags_of(channel.send));
    expect_equal(0, flags_of(channel.recv));
    nodes_end();
}

static const struct test tests[] = {
    BOTH(payload_sizes_have_to_be_equal, ANYWHERE, "5.74", "5.74"),
    BOTH(buffer_types_are_equal, ANYWHERE, "5.75", "5.75"),
    BOTH(memory_types_have_to_be_equal, ANYWHERE, "5.76", "5.76"),
    BOTH(behaviour_at_limits_has_to_be_equal, ANYWHERE, "5.76", "5.76"),
    BOTH(numbers_of_priorities_have_to_be_equal, ANYWHERE, "5.77", "5.77"),
    BOTH(priorities_have_to_be_equal, ANYWHERE, "5.78", "5.78"),
    BOTH(the_other_attributes_may_differ, ANYWHERE, "5.79", "5.79"),
    BOTH(the_depth_of_a_channel_is_the_receivers, ANYWHERE, "5.70 5.81", "5.70 5.81"),
    BOTH(free_receive_buffers_are_counted, ANYWHERE, "5.71 5.56", "5.71 5.56"),
    TEST(held_buffers_are_not_free, ANYWHERE, "5.71"),
    TEST(the_depth_of_a_message_queue_is_the_receivers, ANYWHERE, "5.70 5.71"),
    BOTH(a_receive_ends_with_its_timeout, ANYWHERE, "5.73 5.80", "5.73 5.80"),
    BOTH(a_send_ends_with_its_timeout, ANYWHERE, "5.73 5.81", "5.73 5.81"),
    TEST(message_calls_end_with_their_timeout, ANYWHERE, "5.73 5.80 5.81"),
    BOTH(a_send_may_fail_instead_of_blocking, ANYWHERE, "5.66 5.82", "5.66 5.82"),
    TEST(a_message_may_fail_instead_of_blocking, ANYWHERE, "5.66 5.82"),
    BOTH(the_status_tells_the_life_of_a_channel, ANYWHERE, "5.72 5.84 5.85 5.87",
         "5.72 5.84 5.85 5.87"),
    BOTH(the_status_tells_what_is_pending, BETWEEN_NODES, "5.84 5.85", "5.84 5.85"),
};
CHAPTER(attribute_use, tests);
