/* SPDX-License-Identifier: MIT */
#include "messages.h"

#include <stdio.h>
#include <string.h>

mcapi_endpoint_t endpoint_of(struct peer *peer)
{
    struct call call = { .port = MCAPI_PORT_ANY };

    at(peer, do_create, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    return call.endpoint;
}

void set_attribute(struct peer *peer, mcapi_endpoint_t endpoint, mcapi_uint_t number,
                   uint32_t value)
{
    struct call call = { .endpoint = endpoint, .number = number, .word = value };

    at(peer, do_set, &call);
    expect_status(MCAPI_SUCCESS, call.status);
}

mcapi_endpoint_t endpoint_with_room(struct peer *peer, uint32_t depth)
{
    mcapi_endpoint_t endpoint = endpoint_of(peer);

    set_attribute(peer, endpoint, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, depth);
    return endpoint;
}

struct call saying(mcapi_endpoint_t from, mcapi_endpoint_t to, const char *text)
{
    struct call call = { .endpoint = from, .other = to, .size = strlen(text) + 1 };

    memcpy(call.bytes, text, call.size);
    return call;
}

void say_with(struct peer *peer, mcapi_endpoint_t from, mcapi_endpoint_t to, const char *text,
              mcapi_priority_t priority)
{
    struct call call = saying(from, to, text);

    call.priority = priority;
    at(peer, do_msg_send, &call);
    expect_status(MCAPI_SUCCESS, call.status);
}

void say(struct peer *peer, mcapi_endpoint_t from, mcapi_endpoint_t to, const char *text)
{
    say_with(peer, from, to, text, 0);
}

/* Says which text came, if it is another one. */
static void expect_text(const char *wanted, const char *got, size_t size)
{
    bool same = size == strlen(wanted) + 1 && memcmp(wanted, got, size) == 0;
    char message[128];

    snprintf(message, sizeof message, "\"%.40s\" and not %u bytes, \"%.40s\"", wanted,
             (unsigned)size, got);
    expect_true_at(__FILE__, __LINE__, message, same);
}

void hear(mcapi_endpoint_t at, const char *text)
{
    char got[sizeof((struct call *)NULL)->bytes] = "";
    size_t size = 0;

    expect(MCAPI_SUCCESS, mcapi_msg_recv(at, got, sizeof got, &size, &status));
    expect_text(text, got, size);
}

void hear_posted(mcapi_request_t request, const char *buffer, const char *text)
{
    size_t size = 0;

    expect(MCAPI_SUCCESS, mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect_text(text, buffer, size);
}

mcapi_uint_t waiting_at(mcapi_endpoint_t at)
{
    mcapi_uint_t number;

    expect(MCAPI_SUCCESS, number = mcapi_msg_available(at, &status));
    return number;
}

void do_available(struct call *call)
{
    call->number = mcapi_msg_available(call->endpoint, &call->status);
}

void do_send_long(struct call *call)
{
    int64_t began = now_ms();

    do_msg_send(call);
    call->word = (uint64_t)(now_ms() - began);
}

void do_recv_long(struct call *call)
{
    int64_t began = now_ms();

    do_msg_recv(call);
    call->word = (uint64_t)(now_ms() - began);
}
