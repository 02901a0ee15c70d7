/* SPDX-License-Identifier: MIT */
/*
 * ext.h - the calls of mcapi_ext.h as peers make them, and as three more kinds of channel.
 *
 * A packet that is sent by reference, and a burst of one, wait and fail as the single call
 * does. A test of that is written once, for a kind of kinds.h, and run for each way to send and
 * to receive:
 *
 *     FOR_EACH_WAY(a_full_channel_blocks_its_sender)
 *     {
 *         ... kind->put ...
 *     }
 *
 *     EACH_WAY(a_full_channel_blocks_its_sender, ANYWHERE, "11.27", "11.44", "11.51"),
 */
#ifndef CONFORMANCE_EXT_H
#define CONFORMANCE_EXT_H

#include <mcapi_ext.h>

#include "kinds.h"

/* --- Ways to send and receive --------------------------------------------------- */

/* put: a buffer is taken, filled and sent, or a burst of one is. take: a burst of at most one
 * is received; by_reference, the single call. put_many and take_many: in bursts of 1 to 9. */
extern const struct kind by_reference, packet_bursts, scalar_bursts;

#define FOR_EACH_WAY(name)                     \
    static void name(const struct kind *kind); \
    static void name##_by_reference(void)      \
    {                                          \
        name(&by_reference);                   \
    }                                          \
    static void name##_in_packet_bursts(void)  \
    {                                          \
        name(&packet_bursts);                  \
    }                                          \
    static void name##_in_scalar_bursts(void)  \
    {                                          \
        name(&scalar_bursts);                  \
    }                                          \
    static void name(const struct kind *kind)

#define EACH_WAY(name, where, clauses_reference, clauses_packets, clauses_scalars) \
    TEST(name##_by_reference, where, clauses_reference),                           \
            TEST(name##_in_packet_bursts, where, clauses_packets),                 \
            TEST(name##_in_scalar_bursts, where, clauses_scalars)

/* --- Being woken ---------------------------------------------------------------- */

/* Whoever is not woken looks again after a while all the same, so that a test of waking has to
 * look at the time: that of the fastest of some, as a busy machine makes single ones slow. */
enum { TRIES = 5, PROMPT_MS = 200 };

/* Of a call that was begun, and has been woken since `then`: how long that took, in ms. */
int64_t woken_since(int64_t then, struct peer *peer, struct call *call);

/* --- What travels --------------------------------------------------------------- */

/* Sizes of packets: none, the largest, and some on either side of where packets travel in
 * another way, or fill a cache line or a page. */
#define SIZES_TO_TRY                                                                       \
    0, 1, 2, 15, 16, 17, 47, 48, 49, 63, 64, 65, 111, 112, 113, 127, 128, 129, 1000, 4095, \
            4096, 4097, MCAPI_MAX_PKT_SIZE - 1, MCAPI_MAX_PKT_SIZE

/* Bytes that depend on the seed and on their place. */
void fill(void *bytes, size_t size, uint64_t seed);
bool is_filled(const void *bytes, size_t size, uint64_t seed);

/* The scalar number `number` of this width, with all its bits in use. */
uint64_t scalar_word(uint64_t number, unsigned bits);

/* --- Acts ----------------------------------------------------------------------- */

void do_buffer_take(struct call *call);      /* endpoint, size -> pointer */
void do_buffer_send(struct call *call);      /* endpoint, pointer, size */
void do_buffer_give_back(struct call *call); /* endpoint, pointer */
void do_release_test(struct call *call);     /* pointer -> truth */
void do_receive(struct call *call);          /* endpoint -> pointer, size; held */
void do_release(struct call *call);          /* pointer */

enum { BURST = 256 }; /* items at most, of the acts below */

/* Packets of `size` bytes, filled with the seeds word, word + 1, ...; received ones must be
 * these, and are released. */
void do_send_packets(struct call *call);    /* endpoint, word, number, size -> number */
void do_receive_packets(struct call *call); /* endpoint, word, number, size -> number */
/* Scalars of `size` bits: number word, word + 1, ... */
void do_send_scalars(struct call *call);    /* endpoint, word, number, size -> number */
void do_receive_scalars(struct call *call); /* endpoint, word, number, size -> number */

/* Waits for `number` ends, which wait_for has put into bytes. */
void do_wait_receivable(struct call *call); /* bytes, number, timeout -> number, word: ms */
struct call wait_for(const mcapi_endpoint_t *ends, mcapi_uint_t count, mcapi_timeout_t timeout);

/* Of scalars, in bits. */
enum { WIDTHS = 4 };
extern const unsigned widths[WIDTHS];

#endif /* CONFORMANCE_EXT_H */
