/* SPDX-License-Identifier: MIT */
/* pair.c - a channel and what is at its two ends. */
#include "support/pair.h"

#include <string.h>

#include "support/expect.h"

/* --- Acts ----------------------------------------------------------------------------- */

void act_connect(struct act *act)
{
    if (act->kind == PACKETS)
        mcapi_pktchan_connect_i(act->endpoint, act->other, &act->request, &act->status);
    else
        mcapi_sclchan_connect_i(act->endpoint, act->other, &act->request, &act->status);
}

void act_open_send(struct act *act)
{
    if (act->kind == PACKETS)
        mcapi_pktchan_send_open_i(&act->other, act->endpoint, &act->request, &act->status);
    else
        mcapi_sclchan_send_open_i(&act->other, act->endpoint, &act->request, &act->status);
}

void act_open_receive(struct act *act)
{
    if (act->kind == PACKETS)
        mcapi_pktchan_recv_open_i(&act->other, act->endpoint, &act->request, &act->status);
    else
        mcapi_sclchan_recv_open_i(&act->other, act->endpoint, &act->request, &act->status);
}

void act_close_send(struct act *act)
{
    if (act->kind == PACKETS)
        mcapi_pktchan_send_close_i(act->endpoint, &act->request, &act->status);
    else
        mcapi_sclchan_send_close_i(act->endpoint, &act->request, &act->status);
}

void act_close_receive(struct act *act)
{
    if (act->kind == PACKETS)
        mcapi_pktchan_recv_close_i(act->endpoint, &act->request, &act->status);
    else
        mcapi_sclchan_recv_close_i(act->endpoint, &act->request, &act->status);
}

void act_wait(struct act *act)
{
    mcapi_wait(&act->request, &act->size, act->timeout, &act->status);
}

void act_send(struct act *act)
{
    if (act->kind == PACKETS)
        mcapi_pktchan_send(act->endpoint, act->bytes, act->size, &act->status);
    else
        mcapi_sclchan_send_uint32(act->endpoint, (mcapi_uint32_t)act->word, &act->status);
}

void act_receive(struct act *act)
{
    mcapi_status_t status;
    void *buffer = NULL;

    if (act->kind == SCALARS) {
        act->word = mcapi_sclchan_recv_uint32(act->endpoint, &act->status);
        return;
    }
    mcapi_pktchan_recv(act->endpoint, &buffer, &act->size, &act->status);
    if (act->status != MCAPI_SUCCESS)
        return;
    memset(act->bytes, 0, sizeof act->bytes);
    memcpy(act->bytes, buffer, act->size < sizeof act->bytes ? act->size : sizeof act->bytes);
    mcapi_pktchan_release(buffer, &status);
    expect_status(MCAPI_SUCCESS, status);
}

void act_set(struct act *act)
{
    uint32_t value = (uint32_t)act->word;

    mcapi_endpoint_set_attribute(act->endpoint, act->count, &value, sizeof value, &act->status);
}

void act_send_many(struct act *act)
{
    uint32_t word = (uint32_t)act->word;

    for (uint32_t i = 0; i < act->count; i++, word++) {
        if (act->kind == PACKETS)
            mcapi_pktchan_send(act->endpoint, &word, sizeof word, &act->status);
        else
            mcapi_sclchan_send_uint32(act->endpoint, word, &act->status);
        if (act->status != MCAPI_SUCCESS)
            break;
    }
    act->word = word;
}

void act_receive_many(struct act *act)
{
    struct act one = { .kind = act->kind, .endpoint = act->endpoint };
    uint32_t word = (uint32_t)act->word;

    for (uint32_t i = 0; i < act->count; i++, word++) {
        uint32_t came;

        act_receive(&one);
        act->status = one.status;
        if (one.status != MCAPI_SUCCESS)
            break;
        memcpy(&came, one.bytes, sizeof came);
        if (act->kind == SCALARS)
            came = (uint32_t)one.word;
        if (came != word)
            break;
    }
    act->word = word;
}

/* --- Pairs ---------------------------------------------------------------------------- */

static void succeed(struct child *who, void (*function)(struct act *), struct act *act)
{
    child_do(who, function, act);
    expect_status(MCAPI_SUCCESS, act->status);
}

static mcapi_endpoint_t anonymous_endpoint(struct child *owner)
{
    struct act act = { .port = MCAPI_PORT_ANY };

    succeed(owner, act_create, &act);
    return act.endpoint;
}

struct pair pair_create(enum pair_kind kind, struct child *sender, struct child *receiver)
{
    return (struct pair){
        .kind = kind,
        .sender = sender,
        .receiver = receiver,
        .send = anonymous_endpoint(sender),
        .receive = anonymous_endpoint(receiver),
    };
}

struct pair pair_open(enum pair_kind kind, struct child *sender, struct child *receiver)
{
    struct pair pair = pair_create(kind, sender, receiver);

    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    return pair;
}

void pair_connect(const struct pair *pair)
{
    struct act act = { .kind = pair->kind, .endpoint = pair->send, .other = pair->receive };

    succeed(pair->sender, act_connect, &act);
}

void pair_open_send(const struct pair *pair)
{
    struct act act = { .kind = pair->kind, .endpoint = pair->send };

    succeed(pair->sender, act_open_send, &act);
}

void pair_open_receive(const struct pair *pair)
{
    struct act act = { .kind = pair->kind, .endpoint = pair->receive };

    succeed(pair->receiver, act_open_receive, &act);
}

void pair_close_send(const struct pair *pair)
{
    struct act act = { .kind = pair->kind, .endpoint = pair->send };

    succeed(pair->sender, act_close_send, &act);
}

void pair_close_receive(const struct pair *pair)
{
    struct act act = { .kind = pair->kind, .endpoint = pair->receive };

    succeed(pair->receiver, act_close_receive, &act);
}

void pair_close(const struct pair *pair)
{
    pair_close_send(pair);
    pair_close_receive(pair);
}

void pair_set(struct child *owner, mcapi_endpoint_t endpoint, mcapi_uint_t number,
              uint32_t value)
{
    struct act act = { .endpoint = endpoint, .count = number, .word = value };

    succeed(owner, act_set, &act);
}

void pair_set_both(const struct pair *pair, mcapi_uint_t number, uint32_t value)
{
    pair_set(pair->sender, pair->send, number, value);
    pair_set(pair->receiver, pair->receive, number, value);
}

void pair_send(const struct pair *pair, const char *text)
{
    struct act act = { .kind = PACKETS, .endpoint = pair->send, .size = strlen(text) + 1 };

    expect_true(act.size <= sizeof act.bytes);
    memcpy(act.bytes, text, act.size);
    succeed(pair->sender, act_send, &act);
}

void pair_expect(const struct pair *pair, const char *text)
{
    struct act act = { .kind = PACKETS, .endpoint = pair->receive };

    succeed(pair->receiver, act_receive, &act);
    expect_true(strcmp(act.bytes, text) == 0);
    expect_true(act.size == strlen(text) + 1);
}

void pair_send_word(const struct pair *pair, uint32_t word)
{
    struct act act = { .kind = SCALARS, .endpoint = pair->send, .word = word };

    succeed(pair->sender, act_send, &act);
}

void pair_expect_word(const struct pair *pair, uint32_t word)
{
    struct act act = { .kind = SCALARS, .endpoint = pair->receive };

    succeed(pair->receiver, act_receive, &act);
    expect_true(act.word == word);
}

mcapi_status_t pair_receive_status(const struct pair *pair)
{
    struct act act = { .kind = pair->kind, .endpoint = pair->receive };

    child_do(pair->receiver, act_receive, &act);
    return act.status;
}

mcapi_status_t pair_send_status(const struct pair *pair)
{
    struct act act = { .kind = pair->kind, .endpoint = pair->send, .size = 1 };

    child_do(pair->sender, act_send, &act);
    return act.status;
}

/* --- A channel whose receiving end is here -------------------------------------------- */

void *pair_take(const struct pair *pair, size_t *size)
{
    void *buffer = NULL;

    expect(MCAPI_SUCCESS, mcapi_pktchan_recv(pair->receive, &buffer, size, &status));
    expect_true(buffer != NULL);
    return buffer;
}

void pair_give_back(void *buffer)
{
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffer, &status));
}

mcapi_uint_t pair_available(const struct pair *pair)
{
    mcapi_uint_t count;

    expect(MCAPI_SUCCESS, count = mcapi_pktchan_available(pair->receive, &status));
    return count;
}
