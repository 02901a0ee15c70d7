/* SPDX-License-Identifier: MIT */
/*
 * spellings.c - every spelling of a call reaches the same function with the same arguments.
 *
 * C and C++ at once: check_headers.sh builds it with recorded.c, in every standard.
 */
#include "recorded.h"

#include <mcapi_v1000_to_v2000.h>
#include <stdio.h>
#include <string.h>

static int failures;

static const mcapi_node_t NODE = 5;
static const mcapi_port_t PORT = 7;

static void expect(int holds, const char *sentence)
{
    if (holds)
        return;
    fprintf(stderr, "does not hold: %s (the last call was %s)\n", sentence,
            recorded.function != NULL ? recorded.function : "none");
    failures++;
}

static void forget(void)
{
    memset(&recorded, 0, sizeof recorded);
}

static int called(const char *function)
{
    return recorded.function != NULL && strcmp(recorded.function, function) == 0;
}

/* The structs are passed as many programs do it: never filled. */
static void check_initialize(void)
{
    mcapi_node_attributes_t attributes;
    mcapi_param_t parameters;
    mcapi_info_t info;
    mcapi_status_t status;

    forget();
    mcapi_initialize(1, NODE, &attributes, &parameters, &info, &status);
    expect(called("initialize") && recorded.domain == 1 && recorded.node == NODE
                   && recorded.attributes == &attributes && recorded.parameters == &parameters
                   && recorded.info == &info && recorded.status == &status,
           "mcapi_initialize takes six arguments");

    forget();
    mcapi_initialize(1, NODE, &parameters, &info, &status);
    expect(called("initialize") && recorded.domain == 1 && recorded.node == NODE
                   && recorded.attributes == NULL && recorded.parameters == &parameters
                   && recorded.info == &info && recorded.status == &status,
           "mcapi_initialize takes five arguments, without the node attributes");

    forget();
    mcapi_initialize(1, NODE, NULL, NULL, &info, &status);
    expect(recorded.parameters == NULL && recorded.info == &info,
           "mcapi_initialize takes NULL");
}

static void check_initialize_of_version_1(void)
{
    mcapi_version_t version = 1;
    mcapi_status_t status;

    forget();
    next_version = MCAPI_VERSION;
    mcapi_initialize(NODE, &version, &status);
    expect(called("initialize") && recorded.domain == 0 && recorded.node == NODE
                   && recorded.attributes == NULL && recorded.parameters == NULL
                   && recorded.info != NULL && recorded.status == &status,
           "mcapi_initialize takes three arguments, in domain 0");
    expect(version == MCAPI_VERSION, "mcapi_initialize tells a 1.x program the version");

    next_status = MCAPI_ERR_NODE_INITIALIZED;
    version = 1;
    mcapi_initialize(NODE, &version, &status);
    expect(version == 1, "mcapi_initialize leaves the version alone if it fails");
    next_status = MCAPI_SUCCESS;

    mcapi_initialize(NODE, (mcapi_version_t *)NULL, &status);
    expect(recorded.info == NULL, "mcapi_initialize of 1.x passes on that the version is NULL");
}

static void check_endpoint_get(void)
{
    mcapi_status_t status;
    mcapi_endpoint_t endpoint;
    mcapi_request_t request;

    forget();
    endpoint = mcapi_endpoint_get(1, NODE, PORT, 500, &status);
    expect(called("endpoint_get") && recorded.domain == 1 && recorded.node == NODE
                   && recorded.port == PORT && recorded.timeout == 500
                   && recorded.status == &status && endpoint == 17,
           "mcapi_endpoint_get takes five arguments");

    forget();
    endpoint = mcapi_endpoint_get(1, NODE, PORT, &status);
    expect(called("endpoint_get") && recorded.domain == 1 && recorded.node == NODE
                   && recorded.port == PORT && recorded.timeout == MCAPI_TIMEOUT_INFINITE
                   && recorded.status == &status && endpoint == 17,
           "mcapi_endpoint_get takes four arguments, and waits");

    forget();
    endpoint = mcapi_get_endpoint(NODE, PORT, &status);
    expect(called("endpoint_get") && recorded.domain == 0 && recorded.node == NODE
                   && recorded.port == PORT && recorded.timeout == MCAPI_TIMEOUT_INFINITE
                   && recorded.status == &status && endpoint == 17,
           "mcapi_get_endpoint waits, in domain 0");

    forget();
    mcapi_get_endpoint_i(NODE, PORT, &endpoint, &request, &status);
    expect(called("endpoint_get_i") && recorded.domain == 0 && recorded.node == NODE
                   && recorded.port == PORT && recorded.endpoint == &endpoint
                   && recorded.request == &request && recorded.status == &status,
           "mcapi_get_endpoint_i looks in domain 0");
}

static void check_wait(void)
{
    mcapi_request_t request = 0;
    mcapi_status_t status;
    mcapi_status_t statuses[2];
    mcapi_timeout_t timeout = 500;
    size_t size;
    int looked = 0;

#define WAITED(a_timeout, a_status)                                           \
    (called("wait") && recorded.request == &request && recorded.size == &size \
     && recorded.timeout == (a_timeout) && recorded.status == (a_status))

    forget();
    expect(mcapi_wait(&request, &size, 500, &status) == MCAPI_TRUE && WAITED(500, &status),
           "mcapi_wait takes timeout and status");
    forget();
    expect(mcapi_wait(&request, &size, &status, 500) == MCAPI_TRUE && WAITED(500, &status),
           "mcapi_wait takes status and timeout");
    forget();
    mcapi_wait(&request, &size, statuses, MCAPI_INFINITE);
    expect(WAITED(MCAPI_INFINITE, statuses), "mcapi_wait takes an array as the status");
    forget();
    mcapi_wait(&request, &size, MCAPI_TIMEOUT_IMMEDIATE, &statuses[1]);
    expect(WAITED(0, &statuses[1]), "mcapi_wait takes the timeout 0");
    forget();
    mcapi_wait(&request, &size, timeout, NULL);
    expect(WAITED(500, NULL), "mcapi_wait takes no status");

    forget();
    mcapi_wait(&request, &size, NULL, timeout);
    expect(WAITED(500, NULL), "mcapi_wait takes no status before the timeout");

    forget();
    mcapi_wait((looked++, &request), &size, timeout++, &status);
    mcapi_wait((looked++, &request), &size, &status, timeout++);
    expect(WAITED(501, &status) && timeout == 502 && looked == 2,
           "mcapi_wait evaluates each argument once");

    forget();
    (mcapi_wait)(&request, &size, timeout, &status);
    expect(WAITED(502, &status), "mcapi_wait can be called in parentheses");
#undef WAITED
}

static void check_wait_any(void)
{
    mcapi_request_t requests[2] = { 0, 0 };
    mcapi_request_t *pointers[2];
    mcapi_request_t *first = &requests[0];
    mcapi_request_t **one = &first;
    mcapi_status_t status;
    mcapi_timeout_t timeout = 500;
    size_t size;

    pointers[0] = &requests[0];
    pointers[1] = &requests[1];

#define WAITED(a_function, a_number, some_requests)                                  \
    (called(a_function) && recorded.number == (a_number) && recorded.size == &size   \
     && recorded.request == (const void *)(some_requests) && recorded.timeout == 500 \
     && recorded.status == &status)

    forget();
    expect(mcapi_wait_any(2, requests, &size, 500, &status) == 3
                   && WAITED("wait_any", 2, requests),
           "mcapi_wait_any takes requests, timeout and status");
    forget();
    expect(mcapi_wait_any(2, requests, &size, &status, 500) == 3
                   && WAITED("wait_any", 2, requests),
           "mcapi_wait_any takes requests, status and timeout");
    forget();
    expect(mcapi_wait_any(2, pointers, &size, 500, &status) == 3
                   && WAITED("wait_any_pointers", 2, pointers),
           "mcapi_wait_any takes pointers, timeout and status");
    forget();
    expect(mcapi_wait_any(2, pointers, &size, &status, 500) == 3
                   && WAITED("wait_any_pointers", 2, pointers),
           "mcapi_wait_any takes pointers, status and timeout");
    forget();
    mcapi_wait_any(1, first, &size, timeout, &status);
    expect(WAITED("wait_any", 1, first), "mcapi_wait_any takes a pointer to a request");
    forget();
    mcapi_wait_any(1, one++, &size, timeout++, &status);
    expect(WAITED("wait_any_pointers", 1, &first) && one == &first + 1 && timeout == 501,
           "mcapi_wait_any evaluates each argument once");
    forget();
    mcapi_wait_any(2, NULL, &size, 500, &status);
    expect(WAITED("wait_any", 2, NULL), "mcapi_wait_any takes no requests");
    forget();
    (mcapi_wait_any)(2, requests, &size, 500, &status);
    expect(WAITED("wait_any", 2, requests), "mcapi_wait_any can be called in parentheses");
#undef WAITED
}

#ifndef __cplusplus
/* C lets it pass, if with a warning: a signed int where the status goes. */
#pragma GCC diagnostic ignored "-Wpointer-sign"
static void check_signed_status(void)
{
    mcapi_request_t requests[2] = { 0, 0 };
    int status;
    size_t size;

    forget();
    mcapi_wait(requests, &size, &status, 500);
    expect(called("wait") && recorded.status == &status, "mcapi_wait takes a signed status");
    forget();
    mcapi_wait_any(2, requests, &size, &status, 500);
    expect(called("wait_any") && recorded.status == &status,
           "mcapi_wait_any takes a signed status");
}
#endif

/* What the names of functions stand for when they are not called. */
static void check_addresses(void)
{
    void (*initialize)(mcapi_domain_t, mcapi_node_t, const mcapi_node_attributes_t *,
                       const mcapi_param_t *, mcapi_info_t *, mcapi_status_t *) =
            &mcapi_initialize;
    mcapi_endpoint_t (*get)(mcapi_domain_t, mcapi_node_t, mcapi_port_t, mcapi_timeout_t,
                            mcapi_status_t *) = &mcapi_endpoint_get;
    mcapi_boolean_t (*wait)(mcapi_request_t *, size_t *, mcapi_timeout_t, mcapi_status_t *) =
            mcapi_wait;
    mcapi_uint_t (*wait_any)(size_t, mcapi_request_t *, size_t *, mcapi_timeout_t,
                             mcapi_status_t *) = mcapi_wait_any;
    mcapi_info_t info;
    mcapi_request_t request = 0;
    mcapi_status_t status;
    size_t size;

    forget();
    initialize(1, NODE, NULL, NULL, &info, &status);
    expect(called("initialize"), "mcapi_initialize has an address");
    get(1, NODE, PORT, 500, &status);
    expect(called("endpoint_get"), "mcapi_endpoint_get has an address");
    wait(&request, &size, 500, &status);
    expect(called("wait"), "mcapi_wait has an address");
    wait_any(1, &request, &size, 500, &status);
    expect(called("wait_any"), "mcapi_wait_any has an address");
}

int main(void)
{
    check_initialize();
    check_initialize_of_version_1();
    check_endpoint_get();
    check_wait();
    check_wait_any();
#ifndef __cplusplus
    check_signed_status();
#endif
    check_addresses();
    return failures > 0;
}
