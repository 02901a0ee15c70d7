/* SPDX-License-Identifier: MIT */
/*
 * check_pktchan.c - packets: their sizes, their bytes, and who may use which memory when.
 */
#include "kinds.h"

#include <string.h>

/* --- Packets that can be told apart ------------------------------------------------ */

/* The byte at a place of packet `seed`: neither constant nor the same in two packets. */
static unsigned char byte_at(uint64_t seed, size_t place)
{
    return (unsigned char)(seed * 89 + place * 31 + place / 251);
}

/* endpoint, size, word: the seed. */
static void do_send_seeded(struct call *call)
{
    static __thread unsigned char bytes[MCAPI_MAX_PKT_SIZE];

    for (size_t i = 0; i < call->size; i++)
        bytes[i] = byte_at(call->word, i);
    call->status = UNTOUCHED;
    mcapi_pktchan_send(call->endpoint, bytes, call->size, &call->status);
    memset(bytes, 0, call->size); /* ours again */
}

/* endpoint, size, word: the packet that has to come next. */
static void do_recv_seeded(struct call *call)
{
    const unsigned char *bytes;
    void *buffer = NULL;
    size_t size = 0, right = 0;

    call->status = UNTOUCHED;
    mcapi_pktchan_recv(call->endpoint, &buffer, &size, &call->status);
    if (call->status != MCAPI_SUCCESS)
        return;
    expect_equal(call->size, size);
    bytes = buffer;
    while (right < size && bytes[right] == byte_at(call->word, right))
        right++;
    expect_equal(size, right); /* bytes that are as they were sent */
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffer, &status));
}

static void sent(const struct channel *channel, uint64_t seed, size_t size)
{
    struct call call = { .endpoint = channel->send, .word = seed, .size = size };

    expect_status(MCAPI_SUCCESS, ask(channel->sender, do_send_seeded, call).status);
}

static void received(const struct channel *channel, uint64_t seed, size_t size)
{
    struct call call = { .endpoint = channel->recv, .word = seed, .size = size };

    expect_status(MCAPI_SUCCESS, ask(channel->receiver, do_recv_seeded, call).status);
}

/* 0, then 2^k - 1, 2^k and 2^k + 1, and the largest. */
enum { SIZES = 64 };
static size_t fill_sizes(size_t sizes[SIZES])
{
    size_t count = 0;

    sizes[count++] = 0;
    for (size_t power = 1; power <= MCAPI_MAX_PKT_SIZE && count < SIZES - 4; power *= 2) {
        if (power > 2)
            sizes[count++] = power - 1;
        sizes[count++] = power;
        if (power > 1 && power < MCAPI_MAX_PKT_SIZE)
            sizes[count++] = power + 1;
    }
    sizes[count++] = MCAPI_MAX_PKT_SIZE - 1;
    sizes[count++] = MCAPI_MAX_PKT_SIZE;
    return count;
}

/* --- Sizes ------------------------------------------------------------------------- */

static void packets_of_every_size_arrive_intact(void)
{
    struct channel channel;
    size_t sizes[SIZES], count = fill_sizes(sizes);

    nodes_begin(1);
    channel = packets_open(NULL, peer(0));
    for (size_t i = 0; i < count; i++) {
        sent(&channel, i, sizes[i]);
        received(&channel, i, sizes[i]);
    }
    nodes_end();
}

/* Neighbours in the channel are of all sizes, and every buffer has been used for others. */
static void packets_of_mixed_sizes_do_not_disturb_each_other(void)
{
    struct channel channel;
    size_t sizes[SIZES], count = fill_sizes(sizes), first = 0;

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    for (int round = 0; round < 12; round++) {
        for (size_t i = 0; i < MCAPI_MAX_BUFFERS; i++)
            sent(&channel, first + i, sizes[(first + i) * 7 % count]);
        for (size_t i = 0; i < MCAPI_MAX_BUFFERS; i++)
            received(&channel, first + i, sizes[(first + i) * 7 % count]);
        first += MCAPI_MAX_BUFFERS;
    }
    nodes_end();
}

static void packets_of_every_size_arrive_in_both_directions_at_once(void)
{
    struct channel there, back;
    size_t sizes[SIZES], count = fill_sizes(sizes);

    nodes_begin(1);
    there = packets_open(NULL, peer(0));
    back = packets_open(peer(0), NULL);
    for (size_t i = 0; i < count; i++) {
        sent(&there, i, sizes[i]);
        sent(&back, i + 1, sizes[count - 1 - i]);
        received(&there, i, sizes[i]);
        received(&back, i + 1, sizes[count - 1 - i]);
    }
    nodes_end();
}

static void a_packet_of_no_bytes_is_a_packet(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = packets_open(NULL, peer(0));
    sent(&channel, 0, 0);
    sent(&channel, 0, 0);
    sent(&channel, 3, 10);
    expect_equal(3, channel_available(&packets, &channel));
    received(&channel, 0, 0);
    received(&channel, 0, 0);
    received(&channel, 3, 10);
    nodes_end();
}

/* --- Too large --------------------------------------------------------------------- */

static unsigned char large[MCAPI_MAX_PKT_SIZE + 1];

/* Both sends refuse that size, and nothing has come of it. */
static void is_too_large(const struct channel *channel, size_t size)
{
    mcapi_request_t request = 0;

    expect(MCAPI_ERR_PKT_LIMIT, mcapi_pktchan_send(channel->send, large, size, &status));
    expect(MCAPI_ERR_PKT_LIMIT,
           mcapi_pktchan_send_i(channel->send, large, size, &request, &status));
    expect_status(MCAPI_ERR_PKT_LIMIT, ended_with(NULL, request));
    expect_equal(0, channel_available(&packets, channel));
}

static void a_packet_above_the_largest_is_refused(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = packets_open(NULL, peer(0));
    is_too_large(&channel, MCAPI_MAX_PKT_SIZE + 1);
    is_too_large(&channel, (size_t)1 << 31);
    is_too_large(&channel, SIZE_MAX);
    sent(&channel, 1, MCAPI_MAX_PKT_SIZE);
    received(&channel, 1, MCAPI_MAX_PKT_SIZE);
    nodes_end();
}

static void a_packet_above_the_endpoints_attribute_is_refused(void)
{
    static const uint32_t largest[] = { 1, 16, 100, 4096, MCAPI_MAX_PKT_SIZE - 1 };

    nodes_begin(1);
    for (size_t i = 0; i < LENGTH(largest); i++) {
        struct channel channel = channel_made(NULL, peer(0));

        channel_set(&channel, MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, largest[i]);
        channel_join(&packets, &channel);
        is_too_large(&channel, largest[i] + 1);
        is_too_large(&channel, SIZE_MAX);
        sent(&channel, 1, largest[i]);
        received(&channel, 1, largest[i]);
    }
    nodes_end();
}

static void the_largest_payload_cannot_be_above_the_largest_packet(void)
{
    mcapi_endp_attr_max_payload_size_t size = MCAPI_MAX_PKT_SIZE + 1;
    mcapi_endpoint_t endpoint;

    nodes_begin(0);
    endpoint = created(NULL);
    expect(MCAPI_ERR_ATTR_VALUE,
           mcapi_endpoint_set_attribute(endpoint, MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, &size,
                                        sizeof size, &status));
    size = MCAPI_MAX_PKT_SIZE;
    expect(MCAPI_SUCCESS,
           mcapi_endpoint_set_attribute(endpoint, MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, &size,
                                        sizeof size, &status));
    nodes_end();
}

static void as_many_of_the_largest_fit_as_the_channel_has_buffers(void)
{
    struct channel channel;

    nodes_begin(1);
    channel = packets_open(NULL, peer(0));
    for (int round = 0; round < 2; round++) {
        for (uint64_t i = 0; i < MCAPI_MAX_BUFFERS; i++)
            sent(&channel, i, MCAPI_MAX_PKT_SIZE);
        expect_equal(MCAPI_MAX_BUFFERS, channel_available(&packets, &channel));
        for (uint64_t i = 0; i < MCAPI_MAX_BUFFERS; i++)
            received(&channel, i, MCAPI_MAX_PKT_SIZE);
    }
    nodes_end();
}

/* --- The sender's memory ----------------------------------------------------------- */

static void the_senders_buffer_is_free_when_send_returns(void)
{
    struct channel channel;
    char bytes[200];

    nodes_begin(1);
    channel = packets_open(NULL, peer(0));
    for (int i = 0; i < 20; i++) {
        memset(bytes, 'a' + i, sizeof bytes);
        expect(MCAPI_SUCCESS, mcapi_pktchan_send(channel.send, bytes, sizeof bytes, &status));
    }
    memset(bytes, 0, sizeof bytes);
    for (int i = 0; i < 20; i++) {
        struct call call = ask(peer(0), do_pkt_recv, (struct call){ .endpoint = channel.recv });

        expect_status(MCAPI_SUCCESS, call.status);
        expect_equal(sizeof bytes, call.size);
        expect_equal('a' + i, call.bytes[0]);
        expect_equal('a' + i, call.bytes[sizeof bytes - 1]);
    }
    nodes_end();
}

static void the_senders_buffer_is_free_when_send_i_has_completed(void)
{
    struct channel channel;
    char bytes[200];

    nodes_begin(1);
    channel = packets_open(NULL, peer(0));
    for (int i = 0; i < 20; i++) {
        mcapi_request_t request;
        size_t size = 0;

        memset(bytes, 'a' + i, sizeof bytes);
        expect(MCAPI_SUCCESS,
               mcapi_pktchan_send_i(channel.send, bytes, 10 + i, &request, &status));
        expect(MCAPI_SUCCESS, mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, &status));
        expect_equal(10 + i, size);
    }
    memset(bytes, 0, sizeof bytes);
    for (int i = 0; i < 20; i++) {
        struct call call = ask(peer(0), do_pkt_recv, (struct call){ .endpoint = channel.recv });

        expect_equal(10 + i, call.size);
        expect_equal('a' + i, call.bytes[0]);
        expect_equal('a' + i, call.bytes[9 + i]);
    }
    nodes_end();
}

static void a_send_i_completes_without_the_receiver(void)
{
    struct channel channel;
    mcapi_request_t requests[MCAPI_MAX_BUFFERS];
    size_t size;

    nodes_begin(1);
    channel = packets_open(NULL, peer(0));
    for (uint32_t i = 0; i < MCAPI_MAX_BUFFERS; i++)
        expect(MCAPI_SUCCESS,
               mcapi_pktchan_send_i(channel.send, large, i, &requests[i], &status));
    for (uint32_t i = 0; i < MCAPI_MAX_BUFFERS; i++) {
        expect(MCAPI_SUCCESS, mcapi_wait(&requests[i], &size, MCAPI_TIMEOUT_INFINITE, &status));
        expect_equal(i, size);
    }
    expect_equal(MCAPI_MAX_BUFFERS, channel_available(&packets, &channel));
    nodes_end();
}

static void a_send_i_to_a_full_channel_is_refused(void)
{
    struct channel channel;
    mcapi_request_t request;

    nodes_begin(1);
    channel = packets_open(NULL, peer(0));
    for (int round = 0; round < 3; round++) {
        channel_fill(&packets, &channel, 1, MCAPI_MAX_BUFFERS);
        for (int i = 0; i < 3; i++) {
            expect(MCAPI_ERR_MEM_LIMIT,
                   mcapi_pktchan_send_i(channel.send, "x", 1, &request, &status));
            expect_status(MCAPI_ERR_MEM_LIMIT, ended_with(NULL, request));
        }
        expect_equal(MCAPI_MAX_BUFFERS, channel_available(&packets, &channel));
        channel_drain(&packets, &channel, 1, MCAPI_MAX_BUFFERS);
    }
    nodes_end();
}

static void a_send_i_is_refused_as_a_send_is(void)
{
    struct channel channel;
    mcapi_request_t request;

    nodes_begin(1);
    channel = packets_open(NULL, peer(0));
    channel_close(&packets, &channel, RECEIVING);
    expect(MCAPI_ERR_CHAN_INVALID,
           mcapi_pktchan_send_i(channel.send, "x", 1, &request, &status));
    expect_status(MCAPI_ERR_CHAN_INVALID, ended_with(NULL, request));
    nodes_end();
}

static void a_send_i_to_a_dead_node_is_refused(void)
{
    struct channel channel;
    mcapi_request_t request;

    nodes_begin(1);
    channel = packets_open(NULL, peer(0));
    kill_peer(peer(0));
    expect(MCAPI_ERR_TRANSMISSION,
           mcapi_pktchan_send_i(channel.send, "x", 1, &request, &status));
    expect_status(MCAPI_ERR_TRANSMISSION, ended_with(NULL, request));
    nodes_end();
}

/* --- Many -------------------------------------------------------------------------- */

/* call->number packets of changing size, from seed call->word on. */
static void do_send_stream(struct call *call)
{
    struct call one = { .endpoint = call->endpoint };

    for (mcapi_uint_t i = 0; i < call->number; i++) {
        one.word = call->word + i;
        one.size = (size_t)(one.word * 37 % 1500);
        do_send_seeded(&one);
        expect_status(MCAPI_SUCCESS, one.status);
    }
    call->status = MCAPI_SUCCESS;
}

static void a_stream_arrives_intact_while_it_is_sent(void)
{
    enum { PACKETS = 4000 };
    struct channel channel;
    struct call stream = { .number = PACKETS };

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    stream.endpoint = channel.send;
    begin(peer(0), do_send_stream, &stream);
    for (uint64_t i = 0; i < PACKETS; i++)
        received(&channel, i, (size_t)(i * 37 % 1500));
    finish(peer(0), &stream);
    expect_equal(0, channel_available(&packets, &channel));
    nodes_end();
}

static const struct test tests[] = {
    TEST(packets_of_every_size_arrive_intact, ANYWHERE, "7.26 7.25"),
    TEST(packets_of_mixed_sizes_do_not_disturb_each_other, ANYWHERE, "7.26 7.25 7.30"),
    TEST(packets_of_every_size_arrive_in_both_directions_at_once, ANYWHERE, "7.26"),
    TEST(a_packet_of_no_bytes_is_a_packet, ANYWHERE, "7.26 7.40"),
    TEST(a_packet_above_the_largest_is_refused, ANYWHERE, "7.27 7.71"),
    TEST(a_packet_above_the_endpoints_attribute_is_refused, ANYWHERE, "7.27"),
    TEST(the_largest_payload_cannot_be_above_the_largest_packet, ALONE, "7.27"),
    TEST(as_many_of_the_largest_fit_as_the_channel_has_buffers, ANYWHERE, "7.30 7.26"),
    TEST(the_senders_buffer_is_free_when_send_returns, ANYWHERE, "7.28"),
    TEST(the_senders_buffer_is_free_when_send_i_has_completed, ANYWHERE, "7.28 7.29"),
    TEST(a_send_i_completes_without_the_receiver, ANYWHERE, "7.29 7.30"),
    TEST(a_send_i_to_a_full_channel_is_refused, ANYWHERE, "7.33 7.71"),
    TEST(a_send_i_is_refused_as_a_send_is, ANYWHERE, "7.55 7.71"),
    TEST(a_send_i_to_a_dead_node_is_refused, IN_PROCESSES, "7.65 7.71"),
    TEST(a_stream_arrives_intact_while_it_is_sent, ANYWHERE, "7.25 7.26 7.32"),
};

CHAPTER(pktchan, tests);
