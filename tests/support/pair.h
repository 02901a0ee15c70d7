/* SPDX-License-Identifier: MIT */
/*
 * pair.h - a channel and what is at its two ends, in one call each.
 *
 *     struct pair pair = pair_open(PACKETS, NULL, peer);       we send, the peer receives
 *
 *     pair_send(&pair, "first");
 *     pair_expect(&pair, "first");
 *     pair_close(&pair);
 *
 * Who is NULL is the test itself; the same one may have both ends.
 */
#ifndef TESTS_PAIR_H
#define TESTS_PAIR_H

#include "support/child.h"

enum pair_kind { PACKETS, SCALARS };

struct pair {
    enum pair_kind kind;
    struct child *sender, *receiver;
    mcapi_endpoint_t send, receive; /* endpoints, and handles */
};

/* Two anonymous endpoints, not connected; both types are left at the default. */
struct pair pair_create(enum pair_kind kind, struct child *sender, struct child *receiver);

/* ...connected and both opened. */
struct pair pair_open(enum pair_kind kind, struct child *sender, struct child *receiver);

/* Step by step. The opens wait for nothing. */
void pair_connect(const struct pair *pair);
void pair_open_send(const struct pair *pair);
void pair_open_receive(const struct pair *pair);
void pair_close_send(const struct pair *pair);
void pair_close_receive(const struct pair *pair);

/* Closes both ends; the endpoints are free again. */
void pair_close(const struct pair *pair);

/* Sets an attribute of an endpoint, at its owner's. */
void pair_set(struct child *owner, mcapi_endpoint_t endpoint, mcapi_uint_t number,
              uint32_t value);
/* ...of both ends. */
void pair_set_both(const struct pair *pair, mcapi_uint_t number, uint32_t value);

/* One packet with this text, NUL included; blocks until it is sent. */
void pair_send(const struct pair *pair, const char *text);

/* The next packet is this one; it is released. */
void pair_expect(const struct pair *pair, const char *text);

/* One scalar of 32 bits. */
void pair_send_word(const struct pair *pair, uint32_t word);
void pair_expect_word(const struct pair *pair, uint32_t word);

/* What a receiving or sending call gives, at the end's owner's. */
mcapi_status_t pair_receive_status(const struct pair *pair);
mcapi_status_t pair_send_status(const struct pair *pair);

/* --- A channel whose receiving end is here -------------------------------------------- */

/* The next packet, where it lies, until pair_give_back. */
void *pair_take(const struct pair *pair, size_t *size);
void pair_give_back(void *buffer);
mcapi_uint_t pair_available(const struct pair *pair);

/* --- Acts on ends; kind is the enum pair_kind, endpoint the end ----------------------- */

void act_connect(struct act *act);   /* kind, endpoint, other */
void act_open_send(struct act *act); /* kind, endpoint -> request */
void act_open_receive(struct act *act);
void act_close_send(struct act *act); /* kind, endpoint -> request */
void act_close_receive(struct act *act);
void act_wait(struct act *act);    /* request, timeout -> size */
void act_send(struct act *act);    /* bytes, size; or word, of 32 bits */
void act_receive(struct act *act); /* -> bytes, size; released; or word */
void act_set(struct act *act);     /* endpoint, count: the attribute; word */

/* count packets or scalars with the numbers word, word + 1, ... (a packet begins with it). */
void act_send_many(struct act *act);
/* As many; the last that came as expected plus one -> word. Released at once. */
void act_receive_many(struct act *act);

#endif /* TESTS_PAIR_H */
