/* SPDX-License-Identifier: MIT */
/*
 * bursts.h - for the tests of bursts: channels, and packets and scalars that have numbers.
 */
#ifndef TESTS_BURSTS_H
#define TESTS_BURSTS_H

#include <mcapi_ext.h>
#include <string.h>

#include "support/expect.h"
#include "support/pair.h"

enum { MANY = 24, LARGEST = 4000 };

/* A channel of this depth whose blocking calls do not wait. */
static inline struct pair open_deep(enum pair_kind kind, uint32_t depth, struct child *sender,
                                    struct child *receiver)
{
    struct pair pair = pair_create(kind, sender, receiver);

    pair_set_both(&pair, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    pair_set(receiver, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, depth);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    return pair;
}

/* A channel whose blocking calls wait for ever. */
static inline struct pair open_patient(enum pair_kind kind, uint32_t depth,
                                       struct child *sender, struct child *receiver)
{
    struct pair pair = pair_create(kind, sender, receiver);

    pair_set(receiver, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, depth);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    return pair;
}

/* --- Packets -------------------------------------------------------------------------- */

/* The packet with this number has this size, and these bytes. */
static inline size_t size_of(uint32_t number)
{
    static const size_t sizes[] = { 4, 8, 64, 111, 112, 113, 500, LARGEST };

    return sizes[number * 2654435761u >> 29];
}

static inline void fill(unsigned char *bytes, uint32_t number)
{
    size_t size = size_of(number);

    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(number * 7 + i);
}

static inline bool is_packet(const void *buffer, size_t size, uint32_t number)
{
    unsigned char bytes[LARGEST];

    fill(bytes, number);
    return size == size_of(number) && memcmp(bytes, buffer, size) == 0;
}

/* Sends packets with the numbers from `number` on; returns how many. */
static inline size_t send_numbers(mcapi_endpoint_t end, uint32_t number, size_t count,
                                  mcapi_status_t *status)
{
    static unsigned char bytes[MANY][LARGEST];
    const void *buffers[MANY];
    size_t sizes[MANY];
    size_t sent;

    for (uint32_t i = 0; i < count; i++) {
        fill(bytes[i], number + i);
        buffers[i] = bytes[i];
        sizes[i] = size_of(number + i);
    }
    sent = mcapi_ext_pktchan_send_burst(end, buffers, sizes, count, status);
    memset(bytes, 0, sizeof bytes); /* they are ours again */
    return sent;
}

/* --- Scalars -------------------------------------------------------------------------- */

static const int widths[] = { 8, 16, 32, 64 };
enum { WIDTHS = 4 };

static inline uint64_t word_of(int bits, uint32_t number)
{
    return number * UINT64_C(0x9e3779b97f4a7c15) >> (64 - bits);
}

/* Sends words with the numbers from `number` on, with the call for this width. */
static inline size_t send_words(mcapi_endpoint_t end, int bits, uint32_t number, size_t count,
                                mcapi_status_t *status)
{
    union {
        mcapi_uint8_t bytes[MANY];
        mcapi_uint16_t shorts[MANY];
        mcapi_uint32_t words[MANY];
        mcapi_uint64_t longs[MANY];
    } all;

    for (uint32_t i = 0; i < count; i++)
        switch (bits) {
        case 8:
            all.bytes[i] = (mcapi_uint8_t)word_of(8, number + i);
            break;
        case 16:
            all.shorts[i] = (mcapi_uint16_t)word_of(16, number + i);
            break;
        case 32:
            all.words[i] = (mcapi_uint32_t)word_of(32, number + i);
            break;
        default:
            all.longs[i] = word_of(64, number + i);
        }
    switch (bits) {
    case 8:
        return mcapi_ext_sclchan_send_burst_uint8(end, all.bytes, count, status);
    case 16:
        return mcapi_ext_sclchan_send_burst_uint16(end, all.shorts, count, status);
    case 32:
        return mcapi_ext_sclchan_send_burst_uint32(end, all.words, count, status);
    default:
        return mcapi_ext_sclchan_send_burst_uint64(end, all.longs, count, status);
    }
}

/* Receives up to `room`, and checks that they have the numbers from `number` on; and that the
 * array is left alone behind them. */
static inline size_t receive_words(mcapi_endpoint_t end, int bits, uint32_t number, size_t room,
                                   mcapi_status_t *status)
{
    union {
        mcapi_uint8_t bytes[MANY + 1];
        mcapi_uint16_t shorts[MANY + 1];
        mcapi_uint32_t words[MANY + 1];
        mcapi_uint64_t longs[MANY + 1];
    } all;
    size_t count;

    memset(&all, 0x5a, sizeof all);
    switch (bits) {
    case 8:
        count = mcapi_ext_sclchan_recv_burst_uint8(end, all.bytes, room, status);
        break;
    case 16:
        count = mcapi_ext_sclchan_recv_burst_uint16(end, all.shorts, room, status);
        break;
    case 32:
        count = mcapi_ext_sclchan_recv_burst_uint32(end, all.words, room, status);
        break;
    default:
        count = mcapi_ext_sclchan_recv_burst_uint64(end, all.longs, room, status);
    }
    expect_true(count <= room);
    for (uint32_t i = 0; i <= count; i++) {
        uint64_t wanted = i < count ? word_of(bits, number + i)
                                    : UINT64_C(0x5a5a5a5a5a5a5a5a) >> (64 - bits);
        uint64_t came = bits == 8  ? all.bytes[i]
                      : bits == 16 ? all.shorts[i]
                      : bits == 32 ? all.words[i]
                                   : all.longs[i];

        expect_true(came == wanted);
    }
    return count;
}

#endif /* TESTS_BURSTS_H */
