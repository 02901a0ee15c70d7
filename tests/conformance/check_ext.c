/* SPDX-License-Identifier: MIT */
/*
 * check_ext.c - section 11: what holds for every call of mcapi_ext.h.
 *
 * And the calls as ext.h has them, for the other chapters of this section.
 */
#include "ext.h"

#include <stdlib.h>
#include <string.h>

/* --- What travels -------------------------------------------------------------------- */

static unsigned char byte_at(size_t place, uint64_t seed)
{
    return (unsigned char)((seed * 131 + place * 7 + place / 251) ^ seed >> 8);
}

void fill(void *bytes, size_t size, uint64_t seed)
{
    for (size_t i = 0; i < size; i++)
        ((unsigned char *)bytes)[i] = byte_at(i, seed);
}

bool is_filled(const void *bytes, size_t size, uint64_t seed)
{
    for (size_t i = 0; i < size; i++)
        if (((const unsigned char *)bytes)[i] != byte_at(i, seed))
            return false;
    return true;
}

const unsigned widths[WIDTHS] = { 8, 16, 32, 64 };

uint64_t scalar_word(uint64_t number, unsigned bits)
{
    return (number + 1) * 0x9e3779b97f4a7c15u >> (64 - bits);
}

/* --- Packets by reference ------------------------------------------------------------ */

void do_buffer_take(struct call *call)
{
    call->status = UNTOUCHED;
    call->pointer = mcapi_ext_pktchan_buffer_take(call->endpoint, call->size, &call->status);
    expect_true((call->pointer != NULL) == (call->status == MCAPI_SUCCESS));
}

void do_buffer_send(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_ext_pktchan_buffer_send(call->endpoint, call->pointer, call->size, &call->status);
}

void do_buffer_give_back(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_ext_pktchan_buffer_give_back(call->endpoint, call->pointer, &call->status);
}

void do_release_test(struct call *call)
{
    call->status = UNTOUCHED;
    call->truth = mcapi_pktchan_release_test(call->pointer, &call->status);
}

void do_receive(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_pktchan_recv(call->endpoint, &call->pointer, &call->size, &call->status);
}

void do_release(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_pktchan_release(call->pointer, &call->status);
}

/* --- Bursts -------------------------------------------------------------------------- */

/* What a call returned: something exactly if it has succeeded, and no more than there was. */
static void returned(struct call *call, size_t count)
{
    expect_true(count <= call->number);
    expect_true((count > 0) == (call->status == MCAPI_SUCCESS));
    call->number = (mcapi_uint_t)count;
}

void do_send_packets(struct call *call)
{
    const void *buffers[BURST];
    size_t sizes[BURST];
    unsigned char *bytes = malloc(call->number * call->size + 1);

    expect_true(bytes != NULL && call->number <= BURST);
    for (mcapi_uint_t i = 0; i < call->number; i++) {
        fill(bytes + i * call->size, call->size, call->word + i);
        buffers[i] = bytes + i * call->size;
        sizes[i] = call->size;
    }
    call->status = UNTOUCHED;
    returned(call, mcapi_ext_pktchan_send_burst(call->endpoint, buffers, sizes, call->number,
                                                &call->status));
    free(bytes);
}

void do_receive_packets(struct call *call)
{
    static char untouched;
    mcapi_uint_t room = call->number;
    void *buffers[BURST + 1];
    size_t sizes[BURST + 1];

    expect_true(room <= BURST);
    for (mcapi_uint_t i = 0; i <= room; i++) {
        buffers[i] = &untouched;
        sizes[i] = 4711;
    }
    call->status = UNTOUCHED;
    returned(call, mcapi_ext_pktchan_recv_burst(call->endpoint, buffers, sizes, room,
                                                &call->status));
    for (mcapi_uint_t i = 0; i <= room; i++)
        if (i < call->number) {
            expect_equal(call->size, sizes[i]);
            expect_true(is_filled(buffers[i], sizes[i], call->word + i));
        } else {
            expect_true(buffers[i] == &untouched && sizes[i] == 4711);
        }
    if (call->number > 0)
        expect(MCAPI_SUCCESS,
               expect_equal(call->number,
                            mcapi_ext_pktchan_release_burst(buffers, call->number, &status)));
}

#define SCALARS(bits)                                                                          \
    static size_t send_##bits(struct call *call)                                               \
    {                                                                                          \
        mcapi_uint##bits##_t words[BURST];                                                     \
                                                                                               \
        for (mcapi_uint_t i = 0; i < call->number; i++)                                        \
            words[i] = (mcapi_uint##bits##_t)scalar_word(call->word + i, bits);                \
        return mcapi_ext_sclchan_send_burst_uint##bits(call->endpoint, words, call->number,    \
                                                       &call->status);                         \
    }                                                                                          \
                                                                                               \
    static size_t receive_##bits(struct call *call)                                            \
    {                                                                                          \
        mcapi_uint##bits##_t words[BURST + 1];                                                 \
        size_t count;                                                                          \
                                                                                               \
        for (mcapi_uint_t i = 0; i <= call->number; i++)                                       \
            words[i] = (mcapi_uint##bits##_t)~scalar_word(call->word + i, bits);               \
        count = mcapi_ext_sclchan_recv_burst_uint##bits(call->endpoint, words, call->number,   \
                                                        &call->status);                        \
        for (mcapi_uint_t i = 0; i <= call->number; i++) {                                     \
            uint64_t word = scalar_word(call->word + i, bits);                                 \
                                                                                               \
            expect_equal((mcapi_uint##bits##_t)(i < count ? word : ~word), words[i]);          \
        }                                                                                      \
        return count;                                                                          \
    }

SCALARS(8)
SCALARS(16)
SCALARS(32)
SCALARS(64)

void do_send_scalars(struct call *call)
{
    expect_true(call->number <= BURST);
    call->status = UNTOUCHED;
    returned(call, call->size == 8    ? send_8(call)
                   : call->size == 16 ? send_16(call)
                   : call->size == 32 ? send_32(call)
                                      : send_64(call));
}

void do_receive_scalars(struct call *call)
{
    expect_true(call->number <= BURST);
    call->status = UNTOUCHED;
    returned(call, call->size == 8    ? receive_8(call)
                   : call->size == 16 ? receive_16(call)
                   : call->size == 32 ? receive_32(call)
                                      : receive_64(call));
}

/* --- Waiting for several ------------------------------------------------------------- */

struct call wait_for(const mcapi_endpoint_t *ends, mcapi_uint_t count, mcapi_timeout_t timeout)
{
    struct call call = { .number = count, .timeout = timeout };

    expect_true(count * sizeof *ends <= sizeof call.bytes);
    memcpy(call.bytes, ends, count * sizeof *ends);
    return call;
}

void do_wait_receivable(struct call *call)
{
    mcapi_endpoint_t ends[sizeof call->bytes / sizeof(mcapi_endpoint_t)];
    int64_t began = now_ms();
    mcapi_uint_t count = call->number;

    memcpy(ends, call->bytes, sizeof ends);
    call->status = UNTOUCHED;
    call->number = mcapi_ext_wait_receivable(ends, count, call->timeout, &call->status);
    call->word = (uint64_t)(now_ms() - began);
    if (call->status == MCAPI_SUCCESS)
        expect_true(call->number < count);
    else
        expect_equal(MCAPI_RETURN_VALUE_INVALID, call->number);
}

/* --- As kinds of channel ------------------------------------------------------------- */

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
    size_t sent;

    call->status = UNTOUCHED;
    sent = mcapi_ext_sclchan_send_burst_uint64(call->endpoint, &call->word, 1, &call->status);
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
