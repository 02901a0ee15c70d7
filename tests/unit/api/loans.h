/* SPDX-License-Identifier: MIT */
/*
 * loans.h - for the tests of packets by reference: take, send and give back, once.
 */
#ifndef TESTS_LOANS_H
#define TESTS_LOANS_H

#include <mcapi_ext.h>

#include "support/expect.h"
#include "support/pair.h"

enum { DEPTH = 4, SMALL = 40, LARGE = 4000 };

/* A channel of this depth whose blocking calls do not wait. */
static inline struct pair open_deep(uint32_t depth, struct child *sender,
                                    struct child *receiver)
{
    struct pair pair = pair_create(PACKETS, sender, receiver);

    pair_set_both(&pair, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    pair_set(receiver, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, depth);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    return pair;
}

static inline void *take(const struct pair *pair, size_t size)
{
    void *buffer;

    expect(MCAPI_SUCCESS, buffer = mcapi_ext_pktchan_buffer_take(pair->send, size, &status));
    ck_assert_ptr_nonnull(buffer);
    return buffer;
}

static inline void send(const struct pair *pair, void *buffer, size_t size)
{
    expect(MCAPI_SUCCESS, mcapi_ext_pktchan_buffer_send(pair->send, buffer, size, &status));
}

static inline void give_back(const struct pair *pair, void *buffer)
{
    expect(MCAPI_SUCCESS, mcapi_ext_pktchan_buffer_give_back(pair->send, buffer, &status));
}

static inline mcapi_boolean_t released(void *buffer)
{
    mcapi_boolean_t is;

    expect(MCAPI_SUCCESS, is = mcapi_pktchan_release_test(buffer, &status));
    return is;
}

/* The same for one that was not released. */
static inline void expect_release_test(mcapi_status_t wanted, void *buffer)
{
    expect(wanted, ck_assert(!mcapi_pktchan_release_test(buffer, &status)));
}

/* Buffers that a sender could use now. */
static inline uint32_t room(const struct pair *pair)
{
    mcapi_uint_t free;

    expect(MCAPI_SUCCESS,
           mcapi_endpoint_get_attribute(pair->receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, &free,
                                        sizeof free, &status));
    return free;
}

/* Neither sent nor given back. */
static inline void expect_no_loan(const struct pair *pair, void *buffer)
{
    expect(MCAPI_ERR_BUF_INVALID,
           mcapi_ext_pktchan_buffer_send(pair->send, buffer, 0, &status));
    expect(MCAPI_ERR_BUF_INVALID,
           mcapi_ext_pktchan_buffer_give_back(pair->send, buffer, &status));
}

static inline void act_take(struct act *act)
{
    act->pointer = mcapi_ext_pktchan_buffer_take(act->endpoint, act->size, &act->status);
}

#endif /* TESTS_LOANS_H */
