/* SPDX-License-Identifier: MIT */
#include "requests.h"

#include <string.h>

/* Where gets put what they have found. Nobody reads it, so they may share it. */
static mcapi_endpoint_t found;

void do_get_i(struct call *call)
{
    mcapi_endpoint_get_i(call->domain, call->node, call->port, &found, &call->request,
                         &call->status);
}

mcapi_request_t unfinished(mcapi_port_t port)
{
    struct call call = { .status = UNTOUCHED, .domain = DOMAIN, .node = OWN_NODE };

    call.port = port;
    do_get_i(&call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_status(MCAPI_PENDING, tested(call.request));
    return call.request;
}

void complete(mcapi_port_t port)
{
    expect(MCAPI_SUCCESS, mcapi_endpoint_create(port, &status));
}

mcapi_status_t tested(mcapi_request_t request)
{
    mcapi_status_t status = UNTOUCHED;
    size_t size;
    mcapi_boolean_t over = mcapi_test(&request, &size, &status);

    expect_equal(status == MCAPI_PENDING ? MCAPI_FALSE : MCAPI_TRUE, over);
    return status;
}

mcapi_status_t waited(mcapi_request_t request, mcapi_timeout_t timeout)
{
    mcapi_status_t status = UNTOUCHED;
    size_t size;
    mcapi_boolean_t over = mcapi_wait(&request, &size, timeout, &status);

    expect_equal(status == MCAPI_TIMEOUT ? MCAPI_FALSE : MCAPI_TRUE, over);
    return status;
}

void do_wait_long(struct call *call)
{
    int64_t began = now_ms();

    do_wait(call);
    call->word = (uint64_t)(now_ms() - began);
}

void any_of(struct call *call, const mcapi_request_t *requests, mcapi_uint_t number)
{
    memcpy(call->bytes, requests, number * sizeof *requests);
    call->number = number;
}

void do_any(struct call *call)
{
    mcapi_request_t requests[sizeof call->bytes / sizeof(mcapi_request_t)];

    memcpy(requests, call->bytes, sizeof requests);
    call->number =
            mcapi_wait_any(call->number, requests, &call->size, call->timeout, &call->status);
}
