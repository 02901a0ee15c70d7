/* SPDX-License-Identifier: MIT */
/*
 * check_ext_flow.c - section 11: packets by reference and bursts wait, and fail, as the single
 * calls do.
 *
 * And the ways to send and to receive as ext.h has them.
 */
#include "ext.h"

#include <string.h>

/* --- As kinds of channel -------------------------------------------------------- */

static void do_put_by_reference(struct call *call)
{
    struct call one = { .endpoint = call->endpoint, .size = sizeof call->word };

    do_buffer_take(&one);
    if (one.status == MCAPI_SUCCESS) {
        memcpy(one.pointer, &call->word, sizeof call->word);
        do_buffer_send(&one);
    }
    call->status = one.status;
}

static void do_take_packet(struct call *call)
{
    packets.take(call);
}

static void do_put_packet_burst(struct call *call)
{
    const void *buffer = &call->word;
    size_t size = sizeof call->word, sent;

    call->status = UNTOUCHED;
    sent = mcapi_ext_pktchan_send_burst(call->endpoint, &buffer, &size, 1, &call->status);
    expect_equal(call->status == MCAPI_SUCCESS, sent);
}

static void do_take_packet_burst(struct call *call)
{
    void *buffer = NULL;
    size_t size = 0, received;

    call->status = UNTOUCHED;
    received = mcapi_ext_pktchan_recv_burst(call->endpoint, &buffer, &size, 1, &call->status);
    expect_equal(call->status == MCAPI_SUCCESS, received);
    if (received == 0)
        return;
    expect_equal(sizeof call->word, size);
    memcpy(&call->word, buffer, sizeof call->word);
    expect(MCAPI_SUCCESS, mcapi_ext_pktchan_release_burst(&buffer, 1, &status));
}

static void do_put_scalar_burst(struct call *call)
{
    const mcapi_uint64_t word = call->word;
    size_t sent;

    call->status = UNTOUCHED;
    sent = mcapi_ext_sclchan_send_burst_uint64(call->endpoint, &word, 1, &call->status);
    expect_equal(call->status == MCAPI_SUCCESS, sent);
}

static void do_take_scalar_burst(struct call *call)
{
    mcapi_uint64_t word = 0;
    size_t received;

    call->status = UNTOUCHED;
    received = mcapi_ext_sclchan_recv_burst_uint64(call->endpoint, &word, 1, &call->status);
    expect_equal(call->status == MCAPI_SUCCESS, received);
    call->word = word;
}

/* Puts or takes call->number words from call->word on, in bursts of 1 to 9; a counter in shared
 * memory, if call->pointer is one, has told so all the time. Ends where a call fails. */
static void do_bursts(struct call *call, size_t (*burst)(struct call *, size_t done))
{
    size_t done = 0;

    call->status = MCAPI_SUCCESS;
    while (done < call->number && call->status == MCAPI_SUCCESS) {
        call->size = 1 + (done + done / 9) % 9;
        if (call->size > call->number - done)
            call->size = call->number - done;
        call->status = UNTOUCHED;
        done += burst(call, done);
        if (call->pointer != NULL)
            __atomic_store_n((uint32_t *)call->pointer, (uint32_t)done, __ATOMIC_SEQ_CST);
    }
    call->number = (mcapi_uint_t)done;
}

enum { MOST = 9 };

static size_t put_packets(struct call *call, size_t done)
{
    uint64_t words[MOST];
    const void *buffers[MOST];
    size_t sizes[MOST];

    for (size_t i = 0; i < call->size; i++) {
        words[i] = call->word + done + i;
        buffers[i] = &words[i];
        sizes[i] = sizeof words[i];
    }
    return mcapi_ext_pktchan_send_burst(call->endpoint, buffers, sizes, call->size,
                                        &call->status);
}

static size_t take_packets(struct call *call, size_t done)
{
    void *buffers[MOST];
    size_t sizes[MOST];
    size_t count = mcapi_ext_pktchan_recv_burst(call->endpoint, buffers, sizes, call->size,
                                                &call->status);

    for (size_t i = 0; i < count; i++) {
        uint64_t word = call->word + done + i;

        expect_equal(sizeof word, sizes[i]);
        expect_true(memcmp(buffers[i], &word, sizeof word) == 0);
    }
    if (count > 0)
        expect(MCAPI_SUCCESS,
               expect_equal(count, mcapi_ext_pktchan_release_burst(buffers, count, &status)));
    return count;
}

static size_t put_scalars(struct call *call, size_t done)
{
    mcapi_uint64_t words[MOST];

    for (size_t i = 0; i < call->size; i++)
        words[i] = call->word + done + i;
    return mcapi_ext_sclchan_send_burst_uint64(call->endpoint, words, call->size,
                                               &call->status);
}

static size_t take_scalars(struct call *call, size_t done)
{
    mcapi_uint64_t words[MOST];
    size_t count = mcapi_ext_sclchan_recv_burst_uint64(call->endpoint, words, call->size,
                                                       &call->status);

    for (size_t i = 0; i < count; i++)
        expect_equal(call->word + done + i, words[i]);
    return count;
}

/* One word at a time, but the largest number that are taken before the first is sent. */
static size_t put_taken(struct call *call, size_t done)
{
    void *buffers[MOST];

    for (size_t i = 0; i < call->size; i++) {
        buffers[i] =
                mcapi_ext_pktchan_buffer_take(call->endpoint, sizeof call->word, &call->status);
        if (buffers[i] == NULL)
            return 0;
    }
    for (size_t i = 0; i < call->size; i++) {
        uint64_t word = call->word + done + i;
        void *buffer = buffers[call->size - 1 - i];

        memcpy(buffer, &word, sizeof word);
        mcapi_ext_pktchan_buffer_send(call->endpoint, buffer, sizeof word, &call->status);
        if (call->status != MCAPI_SUCCESS)
            return i;
    }
    return call->size;
}

static void do_put_many_taken(struct call *call)
{
    do_bursts(call, put_taken);
}

static void do_take_many_packets(struct call *call)
{
    packets.take_many(call);
}

static void do_put_many_packets(struct call *call)
{
    do_bursts(call, put_packets);
}

static void do_take_packet_bursts(struct call *call)
{
    do_bursts(call, take_packets);
}

static void do_put_scalar_bursts(struct call *call)
{
    do_bursts(call, put_scalars);
}

static void do_take_scalar_bursts(struct call *call)
{
    do_bursts(call, take_scalars);
}

#define PACKETS                                                                    \
    .connect = do_pkt_connect, .open = { do_pkt_open_send, do_pkt_open_recv },     \
    .close = { do_pkt_close_send, do_pkt_close_recv }, .look = do_look_at_packets, \
    .type = MCAPI_ENDP_ATTR_TYPE_PKTCHAN, .depth = MCAPI_MAX_BUFFERS

static void do_look_at_packets(struct call *call)
{
    packets.look(call);
}

static void do_look_at_scalars(struct call *call)
{
    scalars.look(call);
}

const struct kind by_reference = {
    PACKETS,
    .put = do_put_by_reference,
    .take = do_take_packet,
    .put_many = do_put_many_taken,
    .take_many = do_take_many_packets,
    .other = &scalar_bursts,
};

const struct kind packet_bursts = {
    PACKETS,
    .put = do_put_packet_burst,
    .take = do_take_packet_burst,
    .put_many = do_put_many_packets,
    .take_many = do_take_packet_bursts,
    .other = &scalar_bursts,
};

const struct kind scalar_bursts = {
    .connect = do_scl_connect,
    .open = { do_scl_open_send, do_scl_open_recv },
    .close = { do_scl_close_send, do_scl_close_recv },
    .put = do_put_scalar_burst,
    .take = do_take_scalar_burst,
    .put_many = do_put_scalar_bursts,
    .take_many = do_take_scalar_bursts,
    .look = do_look_at_scalars,
    .type = MCAPI_ENDP_ATTR_TYPE_SCLCHAN,
    .depth = MCAPI_MAX_QUEUE_ELEMENTS,
    .other = &packet_bursts,
};

/* --- Room ----------------------------------------------------------------------- */

static struct channel channel_shaped(const struct kind *kind, struct peer *sender,
                                     struct peer *receiver, uint32_t depth,
                                     mcapi_timeout_t timeout)
{
    struct channel channel = channel_made(sender, receiver);

    channel_deepen(&channel, depth);
    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, timeout);
    channel_join(kind, &channel);
    return channel;
}

FOR_EACH_WAY(exactly_the_depth_fits)
{
    const uint32_t depths[] = { 1, 2, 7, kind->depth };

    nodes_begin(1);
    for (size_t i = 0; i < LENGTH(depths); i++) {
        struct channel channel =
                channel_shaped(kind, NULL, peer(0), depths[i], MCAPI_TIMEOUT_IMMEDIATE);

        for (uint64_t word = 1; word < 4; word++) {
            channel_fill(kind, &channel, word, depths[i]);
            expect_equal(depths[i], channel_available(kind, &channel));
            expect_status(MCAPI_TIMEOUT, channel_put(kind, &channel, 99));
            channel_drain(kind, &channel, word, depths[i]);
            expect_status(MCAPI_TIMEOUT, channel_take_status(kind, &channel));
        }
        channel_part(kind, &channel);
    }
    nodes_end();
}

FOR_EACH_WAY(a_full_channel_fails_its_sender_if_told_so)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    channel_deepen(&channel, 2);
    channel_set(&channel, MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT);
    channel_join(kind, &channel);
    for (uint64_t word = 1; word < 20; word += 2) {
        channel_fill(kind, &channel, word, 2);
        expect_status(MCAPI_ERR_MEM_LIMIT, channel_put(kind, &channel, 99));
        channel_drain(kind, &channel, word, 2);
    }
    nodes_end();
}

/* --- Waiting -------------------------------------------------------------------- */

/* Peer 0 waits to put a word into a full channel of one, or to take one from an empty one. */
static struct channel waits(const struct kind *kind, enum side side, struct call *call)
{
    struct channel channel =
            channel_shaped(kind, side == SENDING ? peer(0) : NULL,
                           side == SENDING ? NULL : peer(0), 1, MCAPI_TIMEOUT_INFINITE);

    if (side == SENDING)
        channel_fill(kind, &channel, 1, 1);
    call->endpoint = channel_end(&channel, side);
    call->word = 2;
    begin(peer(0), side == SENDING ? kind->put : kind->take, call);
    expect_true(stays_blocked(peer(0)));
    return channel;
}

/* We make room, or put word 2; the call ends well. How long that takes it. */
static int64_t is_served(const struct kind *kind, const struct channel *channel, enum side side,
                         struct call *call)
{
    int64_t then = now_ms(), took;

    if (side == SENDING)
        channel_drain(kind, channel, 1, 1);
    else
        channel_fill(kind, channel, 2, 1);
    took = woken_since(then, peer(0), call);
    expect_status(MCAPI_SUCCESS, call->status);
    if (side == SENDING)
        channel_drain(kind, channel, 2, 1);
    expect_equal(2, call->word);
    return took;
}

FOR_EACH_WAY(who_waits_is_woken_promptly)
{
    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        int64_t fastest = INT64_MAX;

        for (int i = 0; i < TRIES; i++) {
            struct call call = { 0 };
            struct channel channel = waits(kind, side, &call);
            int64_t took = is_served(kind, &channel, side, &call);

            fastest = took < fastest ? took : fastest;
        }
        expect_true(fastest < PROMPT_MS);
    }
    nodes_end();
}

FOR_EACH_WAY(a_signal_does_not_end_a_call_that_waits)
{
    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct call call = { 0 };
        struct channel channel = waits(kind, side, &call);

        for (int i = 0; i < 2; i++) {
            interrupt(peer(0));
            expect_true(stays_blocked(peer(0)));
        }
        is_served(kind, &channel, side, &call);
    }
    nodes_end();
}

/* The call has taken that long, and not much longer. */
static void took(int64_t began, mcapi_timeout_t timeout)
{
    int64_t ms = now_ms() - began;

    expect_true(ms + 1 >= timeout);
    expect_true(ms < timeout + 2000);
}

FOR_EACH_WAY(a_wait_ends_with_the_endpoints_timeout)
{
    static const mcapi_timeout_t timeouts[] = { MCAPI_TIMEOUT_IMMEDIATE, 1, 40 };

    nodes_begin(1);
    for (size_t i = 0; i < LENGTH(timeouts); i++) {
        struct channel channel = channel_shaped(kind, NULL, peer(0), 3, timeouts[i]);
        int64_t began = now_ms();

        expect_status(MCAPI_TIMEOUT, channel_take_status(kind, &channel));
        took(began, timeouts[i]);
        channel_fill(kind, &channel, 1, 3);
        began = now_ms();
        expect_status(MCAPI_TIMEOUT, channel_put(kind, &channel, 9));
        took(began, timeouts[i]);
        channel_drain(kind, &channel, 1, 3);
    }
    nodes_end();
}

FOR_EACH_WAY(signals_neither_shorten_nor_lengthen_a_timeout)
{
    const mcapi_timeout_t timeout = 300;
    struct channel channel;
    struct call put = { .word = 9 };
    int64_t began;

    nodes_begin(1);
    channel = channel_shaped(kind, peer(0), NULL, 1, timeout);
    channel_fill(kind, &channel, 1, 1);
    put.endpoint = channel.send;
    began = now_ms();
    begin(peer(0), kind->put, &put);
    for (int i = 0; i < 2; i++) {
        expect_true(stays_blocked(peer(0)));
        interrupt(peer(0));
    }
    finish(peer(0), &put);
    expect_status(MCAPI_TIMEOUT, put.status);
    took(began, timeout);
    channel_drain(kind, &channel, 1, 1);
    nodes_end();
}

FOR_EACH_WAY(before_the_connect_a_send_waits)
{
    struct channel channel;
    struct call put = { .word = 5 };

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, 30);
    channel_set(&channel, MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT);
    channel_open(kind, &channel, SENDING);
    expect_status(MCAPI_TIMEOUT, channel_put(kind, &channel, 4));
    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_INFINITE);
    put.endpoint = channel.send;
    begin(peer(0), kind->put, &put);
    expect_true(stays_blocked(peer(0)));
    channel_connect(kind, &channel);
    finish(peer(0), &put);
    expect_status(MCAPI_SUCCESS, put.status);
    channel_open(kind, &channel, RECEIVING);
    channel_drain(kind, &channel, 5, 1);
    nodes_end();
}

/* --- Both at work --------------------------------------------------------------- */

FOR_EACH_WAY(everything_arrives_once_and_in_order)
{
    static const uint32_t depths[] = { 9, 10, 64 };

    nodes_begin(1);
    for (size_t i = 0; i < LENGTH(depths); i++) {
        struct channel channel =
                channel_shaped(kind, peer(0), NULL, depths[i], MCAPI_TIMEOUT_INFINITE);
        struct call put = { .endpoint = channel.send, .word = 77, .number = 4000 };
        struct call take = { .endpoint = channel.recv, .word = 77, .number = 4000 };

        begin(peer(0), kind->put_many, &put);
        take = ask(NULL, kind->take_many, take);
        finish(peer(0), &put);
        expect_status(MCAPI_SUCCESS, put.status);
        expect_status(MCAPI_SUCCESS, take.status);
        expect_equal(4000, take.number);
        expect_equal(0, channel_available(kind, &channel));
        channel_part(kind, &channel);
    }
    nodes_end();
}

static const struct test tests[] = {
    EACH_WAY(exactly_the_depth_fits, ANYWHERE, "11.33 11.35", "11.48 11.49", "11.61 11.62"),
    EACH_WAY(a_full_channel_fails_its_sender_if_told_so, ANYWHERE, "11.35", "11.48", "11.61"),
    EACH_WAY(who_waits_is_woken_promptly, ANYWHERE, "11.35", "11.48 11.49", "11.61 11.62"),
    EACH_WAY(a_signal_does_not_end_a_call_that_waits, ANYWHERE, "11.6", "11.6", "11.6"),
    EACH_WAY(a_wait_ends_with_the_endpoints_timeout, ANYWHERE, "11.35", "11.48 11.49",
             "11.61 11.62"),
    EACH_WAY(signals_neither_shorten_nor_lengthen_a_timeout, ANYWHERE, "11.6 11.35",
             "11.6 11.48", "11.6 11.61"),
    EACH_WAY(before_the_connect_a_send_waits, ANYWHERE, "11.35", "11.48", "11.61"),
    EACH_WAY(everything_arrives_once_and_in_order, ANYWHERE, "11.28 11.32", "11.47", "11.60"),
};

CHAPTER(ext_flow, tests);
