/* SPDX-License-Identifier: MIT */
/*
 * kinds.h - packet channels and scalar channels alike.
 *
 * Both kinds are connected, opened, filled, emptied and closed by the same rules. A test of
 * such a rule is written once, for a kind, and run for both:
 *
 *     FOR_BOTH(an_empty_channel_blocks)
 *     {
 *         ... kind->take ...
 *     }
 *
 *     BOTH(an_empty_channel_blocks, ANYWHERE, "7.37", "8.23"),
 *
 * What travels is a word of 64 bits: a packet of eight bytes, or a scalar.
 */
#ifndef CONFORMANCE_KINDS_H
#define CONFORMANCE_KINDS_H

#include "harness.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

typedef void act(struct call *call);

enum side { SENDING, RECEIVING, SIDES };

enum side across(enum side side);

struct kind {
    act *connect;                    /* endpoint (sends), other (receives); waits */
    act *connect_i;                  /* the same -> request */
    act *open[SIDES], *close[SIDES]; /* endpoint -> request */
    act *put;                        /* endpoint, word */
    act *take;                       /* endpoint -> word; a packet is released */
    act *put_many;  /* endpoint, word, number; words from `word` on -> number */
    act *take_many; /* the same */
    act *look;      /* endpoint -> number: available */
    mcapi_endp_attr_type_t type;
    uint32_t depth; /* unless an attribute says otherwise */
    const struct kind *other;
};

extern const struct kind packets, scalars;

#define FOR_BOTH(name)                         \
    static void name(const struct kind *kind); \
    static void name##_for_packets(void)       \
    {                                          \
        name(&packets);                        \
    }                                          \
    static void name##_for_scalars(void)       \
    {                                          \
        name(&scalars);                        \
    }                                          \
    static void name(const struct kind *kind)

#define BOTH(name, where, clauses_7, clauses_8) \
    TEST(name##_for_packets, where, clauses_7), TEST(name##_for_scalars, where, clauses_8)

/* --- Asking ------------------------------------------------------------------------ */

/* Has a peer do something, and waits: at(), with the call by value. */
struct call ask(struct peer *peer, act *act, struct call call);

/* The status of an _i call that is refused. Its request is complete with the same. */
mcapi_status_t refusal(struct peer *peer, act *act, struct call call);

/* How a request has ended, which must be so; how it ends: waits for it. */
mcapi_status_t ended_with(struct peer *peer, mcapi_request_t request);
mcapi_status_t outcome(struct peer *peer, mcapi_request_t request);
bool is_pending(struct peer *peer, mcapi_request_t request);

/* Values that are no endpoint, the last one of an endpoint of `peer` that is deleted and whose
 * place another has taken. */
enum { NO_ENDPOINTS = 4 };
void fill_no_endpoints(struct peer *peer, mcapi_endpoint_t values[NO_ENDPOINTS]);

/* Makes calls of ours that do not finish until no request is left for another; ends them. */
void use_up_requests(void);
void give_up_requests(void);

/* Values that are neither end of a channel, by number: some a bit away from one, others
 * anything. No other endpoint may exist. */
enum { ODD_VALUES = 2000 };
mcapi_endpoint_t odd_value(const struct channel *channel, int number);

/* --- Endpoints --------------------------------------------------------------------- */

mcapi_endpoint_t created(struct peer *peer);
void set(struct peer *peer, mcapi_endpoint_t endpoint, mcapi_uint_t number, uint32_t value);
uint32_t attribute(struct peer *peer, mcapi_endpoint_t endpoint, mcapi_uint_t number);

/* --- A channel, step by step ------------------------------------------------------- */

/* Two endpoints, not connected yet. */
struct channel channel_made(struct peer *sender, struct peer *receiver);
struct peer *channel_peer(const struct channel *channel, enum side side);
mcapi_endpoint_t channel_end(const struct channel *channel, enum side side);
/* Whether both ends belong to one node. */
bool channel_is_on_one_node(const struct channel *channel);

/* Before the connect: attributes of both ends, and of the receiving end. */
void channel_set(const struct channel *channel, mcapi_uint_t number, uint32_t value);
void channel_deepen(const struct channel *channel, uint32_t depth);

/* By us, with success. */
void channel_connect(const struct kind *kind, const struct channel *channel);
/* Issues the open or the close, which is accepted. */
mcapi_request_t channel_open(const struct kind *kind, const struct channel *channel,
                             enum side side);
mcapi_request_t channel_close(const struct kind *kind, const struct channel *channel,
                              enum side side);

/* Connects and opens both ends; closes both ends. All of it has completed then. */
void channel_join(const struct kind *kind, const struct channel *channel);
void channel_part(const struct kind *kind, const struct channel *channel);
struct channel channel_joined(const struct kind *kind, struct peer *sender,
                              struct peer *receiver);

mcapi_status_t channel_put(const struct kind *kind, const struct channel *channel,
                           uint64_t word);
/* Words first, first + 1 and so on, with success. */
void channel_fill(const struct kind *kind, const struct channel *channel, uint64_t first,
                  uint32_t count);
/* The next word is there, and is returned. */
uint64_t channel_take(const struct kind *kind, const struct channel *channel);
void channel_drain(const struct kind *kind, const struct channel *channel, uint64_t first,
                   uint32_t count);
mcapi_status_t channel_take_status(const struct kind *kind, const struct channel *channel);
uint32_t channel_available(const struct kind *kind, const struct channel *channel);

/* The channel carries a word. */
void channel_works(const struct kind *kind, const struct channel *channel);

#endif /* CONFORMANCE_KINDS_H */
