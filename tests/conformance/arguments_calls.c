/* SPDX-License-Identifier: MIT */
/* arguments_calls.c - every function of mcapi.h: its arguments, and a call with them. */
#include "arguments.h"

#include <string.h>

#define HAS(argument) (1u << (argument))

static const struct {
    const char *name;
    unsigned has;
    uint64_t failed; /* what it returns when it fails */
} functions[FUNCTIONS] = {
    [FN_INITIALIZE] = { "mcapi_initialize", HAS(ARG_DOMAIN) | HAS(ARG_NODE) | HAS(ARG_OUT), 0 },
    [FN_FINALIZE] = { "mcapi_finalize", 0, 0 },
    [FN_DOMAIN_ID_GET] = { "mcapi_domain_id_get", 0, MCAPI_DOMAIN_INVALID },
    [FN_NODE_ID_GET] = { "mcapi_node_id_get", 0, MCAPI_NODE_INVALID },
    [FN_NODE_INIT_ATTRIBUTES] = { "mcapi_node_init_attributes", HAS(ARG_ATTRIBUTES), 0 },
    [FN_NODE_SET_ATTRIBUTE] = { "mcapi_node_set_attribute",
                                HAS(ARG_ATTRIBUTES) | HAS(ARG_NUMBER) | HAS(ARG_DATA)
                                        | HAS(ARG_SIZE),
                                0 },
    [FN_NODE_GET_ATTRIBUTE] = { "mcapi_node_get_attribute",
                                HAS(ARG_DOMAIN) | HAS(ARG_NODE) | HAS(ARG_NUMBER)
                                        | HAS(ARG_DATA) | HAS(ARG_SIZE),
                                0 },
    [FN_ENDPOINT_CREATE] = { "mcapi_endpoint_create", HAS(ARG_PORT), 0 },
    [FN_CREATE_ANONYMOUS] = { "mcapi_create_anonymous_endpoint", 0, 0 },
    [FN_ENDPOINT_GET_I] = { "mcapi_endpoint_get_i",
                            HAS(ARG_DOMAIN) | HAS(ARG_NODE) | HAS(ARG_PORT) | HAS(ARG_OUT)
                                    | HAS(ARG_REQUEST),
                            0 },
    [FN_ENDPOINT_GET] = { "mcapi_endpoint_get",
                          HAS(ARG_DOMAIN) | HAS(ARG_NODE) | HAS(ARG_PORT) | HAS(ARG_TIMEOUT),
                          0 },
    [FN_ENDPOINT_RELEASE] = { "mcapi_endpoint_release", HAS(ARG_ENDPOINT), 0 },
    [FN_ENDPOINT_DELETE] = { "mcapi_endpoint_delete", HAS(ARG_ENDPOINT), 0 },
    [FN_GET_ATTRIBUTE] = { "mcapi_endpoint_get_attribute",
                           HAS(ARG_ENDPOINT) | HAS(ARG_NUMBER) | HAS(ARG_DATA) | HAS(ARG_SIZE),
                           0 },
    [FN_SET_ATTRIBUTE] = { "mcapi_endpoint_set_attribute",
                           HAS(ARG_ENDPOINT) | HAS(ARG_NUMBER) | HAS(ARG_DATA) | HAS(ARG_SIZE),
                           0 },
    [FN_MSG_SEND_I] = { "mcapi_msg_send_i",
                        HAS(ARG_ENDPOINT) | HAS(ARG_OTHER) | HAS(ARG_DATA) | HAS(ARG_SIZE)
                                | HAS(ARG_PRIORITY) | HAS(ARG_REQUEST),
                        0 },
    [FN_MSG_SEND] = { "mcapi_msg_send",
                      HAS(ARG_ENDPOINT) | HAS(ARG_OTHER) | HAS(ARG_DATA) | HAS(ARG_SIZE)
                              | HAS(ARG_PRIORITY),
                      0 },
    [FN_MSG_RECV_I] = { "mcapi_msg_recv_i",
                        HAS(ARG_ENDPOINT) | HAS(ARG_DATA) | HAS(ARG_REQUEST), 0 },
    [FN_MSG_RECV] = { "mcapi_msg_recv", HAS(ARG_ENDPOINT) | HAS(ARG_DATA) | HAS(ARG_SIZE_OUT),
                      0 },
    [FN_MSG_AVAILABLE] = { "mcapi_msg_available", HAS(ARG_ENDPOINT), 0 },
    [FN_PKT_CONNECT_I] = { "mcapi_pktchan_connect_i",
                           HAS(ARG_ENDPOINT) | HAS(ARG_OTHER) | HAS(ARG_REQUEST), 0 },
    [FN_PKT_RECV_OPEN_I] = { "mcapi_pktchan_recv_open_i",
                             HAS(ARG_OUT) | HAS(ARG_ENDPOINT) | HAS(ARG_REQUEST), 0 },
    [FN_PKT_SEND_OPEN_I] = { "mcapi_pktchan_send_open_i",
                             HAS(ARG_OUT) | HAS(ARG_ENDPOINT) | HAS(ARG_REQUEST), 0 },
    [FN_PKT_SEND_I] = { "mcapi_pktchan_send_i",
                        HAS(ARG_ENDPOINT) | HAS(ARG_DATA) | HAS(ARG_SIZE) | HAS(ARG_REQUEST),
                        0 },
    [FN_PKT_SEND] = { "mcapi_pktchan_send", HAS(ARG_ENDPOINT) | HAS(ARG_DATA) | HAS(ARG_SIZE),
                      0 },
    [FN_PKT_RECV_I] = { "mcapi_pktchan_recv_i",
                        HAS(ARG_ENDPOINT) | HAS(ARG_OUT) | HAS(ARG_REQUEST), 0 },
    [FN_PKT_RECV] = { "mcapi_pktchan_recv",
                      HAS(ARG_ENDPOINT) | HAS(ARG_OUT) | HAS(ARG_SIZE_OUT), 0 },
    [FN_PKT_AVAILABLE] = { "mcapi_pktchan_available", HAS(ARG_ENDPOINT), 0 },
    [FN_PKT_RELEASE] = { "mcapi_pktchan_release", HAS(ARG_BUFFER), 0 },
    [FN_PKT_RELEASE_TEST] = { "mcapi_pktchan_release_test", HAS(ARG_BUFFER), MCAPI_FALSE },
    [FN_PKT_RECV_CLOSE_I] = { "mcapi_pktchan_recv_close_i",
                              HAS(ARG_ENDPOINT) | HAS(ARG_REQUEST), 0 },
    [FN_PKT_SEND_CLOSE_I] = { "mcapi_pktchan_send_close_i",
                              HAS(ARG_ENDPOINT) | HAS(ARG_REQUEST), 0 },
    [FN_SCL_CONNECT_I] = { "mcapi_sclchan_connect_i",
                           HAS(ARG_ENDPOINT) | HAS(ARG_OTHER) | HAS(ARG_REQUEST), 0 },
    [FN_SCL_RECV_OPEN_I] = { "mcapi_sclchan_recv_open_i",
                             HAS(ARG_OUT) | HAS(ARG_ENDPOINT) | HAS(ARG_REQUEST), 0 },
    [FN_SCL_SEND_OPEN_I] = { "mcapi_sclchan_send_open_i",
                             HAS(ARG_OUT) | HAS(ARG_ENDPOINT) | HAS(ARG_REQUEST), 0 },
    [FN_SCL_SEND_64] = { "mcapi_sclchan_send_uint64", HAS(ARG_ENDPOINT) | HAS(ARG_WORD), 0 },
    [FN_SCL_SEND_32] = { "mcapi_sclchan_send_uint32", HAS(ARG_ENDPOINT) | HAS(ARG_WORD), 0 },
    [FN_SCL_SEND_16] = { "mcapi_sclchan_send_uint16", HAS(ARG_ENDPOINT) | HAS(ARG_WORD), 0 },
    [FN_SCL_SEND_8] = { "mcapi_sclchan_send_uint8", HAS(ARG_ENDPOINT) | HAS(ARG_WORD), 0 },
    [FN_SCL_RECV_64] = { "mcapi_sclchan_recv_uint64", HAS(ARG_ENDPOINT), 0 },
    [FN_SCL_RECV_32] = { "mcapi_sclchan_recv_uint32", HAS(ARG_ENDPOINT), 0 },
    [FN_SCL_RECV_16] = { "mcapi_sclchan_recv_uint16", HAS(ARG_ENDPOINT), 0 },
    [FN_SCL_RECV_8] = { "mcapi_sclchan_recv_uint8", HAS(ARG_ENDPOINT), 0 },
    [FN_SCL_AVAILABLE] = { "mcapi_sclchan_available", HAS(ARG_ENDPOINT), 0 },
    [FN_SCL_RECV_CLOSE_I] = { "mcapi_sclchan_recv_close_i",
                              HAS(ARG_ENDPOINT) | HAS(ARG_REQUEST), 0 },
    [FN_SCL_SEND_CLOSE_I] = { "mcapi_sclchan_send_close_i",
                              HAS(ARG_ENDPOINT) | HAS(ARG_REQUEST), 0 },
    [FN_TEST] = { "mcapi_test", HAS(ARG_REQUEST_IN) | HAS(ARG_SIZE_OUT), MCAPI_TRUE },
    [FN_WAIT] = { "mcapi_wait", HAS(ARG_REQUEST_IN) | HAS(ARG_SIZE_OUT) | HAS(ARG_TIMEOUT),
                  MCAPI_TRUE },
    [FN_WAIT_ANY] = { "mcapi_wait_any",
                      HAS(ARG_NUMBER) | HAS(ARG_REQUEST_IN) | HAS(ARG_ONE_OF_THEM)
                              | HAS(ARG_SIZE_OUT) | HAS(ARG_TIMEOUT),
                      MCAPI_RETURN_VALUE_INVALID },
    [FN_WAIT_ANY_POINTERS] = { "mcapi_wait_any (pointers)",
                               HAS(ARG_NUMBER) | HAS(ARG_REQUEST_IN) | HAS(ARG_ONE_OF_THEM)
                                       | HAS(ARG_SIZE_OUT) | HAS(ARG_TIMEOUT),
                               MCAPI_RETURN_VALUE_INVALID },
    [FN_CANCEL] = { "mcapi_cancel", HAS(ARG_REQUEST_IN), 0 },
};

const char *fn_name(enum fn fn)
{
    return functions[fn].name;
}

bool fn_has(enum fn fn, enum argument argument)
{
    return (functions[fn].has & HAS(argument)) != 0;
}

bool fn_makes_request(enum fn fn)
{
    return fn_has(fn, ARG_REQUEST);
}

uint64_t fn_failed_value(enum fn fn)
{
    return functions[fn].failed;
}

static bool is_two(enum fn fn)
{
    return fn_has(fn, ARG_OTHER);
}

/* As mcapi.h calls it. */
const char *argument_name(enum fn fn, enum argument argument)
{
    static const char *const names[ARGUMENTS] = {
        [ARG_DOMAIN] = "domain_id",
        [ARG_NODE] = "node_id",
        [ARG_PORT] = "port_id",
        [ARG_ENDPOINT] = "the endpoint or handle",
        [ARG_OTHER] = "receive_endpoint",
        [ARG_BUFFER] = "buffer",
        [ARG_DATA] = "buffer or attribute",
        [ARG_SIZE] = "size",
        [ARG_PRIORITY] = "priority",
        [ARG_NUMBER] = "number",
        [ARG_OUT] = "what takes the result",
        [ARG_SIZE_OUT] = "size",
        [ARG_ATTRIBUTES] = "node_attributes",
        [ARG_REQUEST] = "request",
        [ARG_REQUEST_IN] = "request or requests",
        [ARG_ONE_OF_THEM] = "one of the requests",
        [ARG_TIMEOUT] = "timeout",
        [ARG_WORD] = "dataword",
    };

    return argument == ARG_ENDPOINT && is_two(fn) ? "send_endpoint" : names[argument];
}

/* --- The calls ------------------------------------------------------------------------- */

static void call_node(struct arguments *a)
{
    switch (a->fn) {
    case FN_INITIALIZE:
        mcapi_initialize(a->domain, a->node, NULL, NULL, a->out, a->status);
        break;
    case FN_FINALIZE:
        mcapi_finalize(a->status);
        break;
    case FN_DOMAIN_ID_GET:
        a->returned = mcapi_domain_id_get(a->status);
        break;
    case FN_NODE_ID_GET:
        a->returned = mcapi_node_id_get(a->status);
        break;
    case FN_NODE_INIT_ATTRIBUTES:
        mcapi_node_init_attributes(a->attributes, a->status);
        break;
    case FN_NODE_SET_ATTRIBUTE:
        mcapi_node_set_attribute(a->attributes, a->number, a->data, a->size, a->status);
        break;
    default:
        mcapi_node_get_attribute(a->domain, a->node, a->number, a->data, a->size, a->status);
    }
}

static void call_endpoint(struct arguments *a)
{
    switch (a->fn) {
    case FN_ENDPOINT_CREATE:
        a->returned = mcapi_endpoint_create(a->port, a->status);
        break;
    case FN_CREATE_ANONYMOUS:
        a->returned = mcapi_create_anonymous_endpoint(a->status);
        break;
    case FN_ENDPOINT_GET_I:
        mcapi_endpoint_get_i(a->domain, a->node, a->port, a->out, a->request, a->status);
        break;
    case FN_ENDPOINT_GET:
        a->returned = mcapi_endpoint_get(a->domain, a->node, a->port, a->timeout, a->status);
        break;
    case FN_ENDPOINT_RELEASE:
        mcapi_endpoint_release(a->endpoint, a->status);
        break;
    case FN_ENDPOINT_DELETE:
        mcapi_endpoint_delete(a->endpoint, a->status);
        break;
    case FN_GET_ATTRIBUTE:
        mcapi_endpoint_get_attribute(a->endpoint, a->number, a->data, a->size, a->status);
        break;
    default:
        mcapi_endpoint_set_attribute(a->endpoint, a->number, a->data, a->size, a->status);
    }
}

static void call_message(struct arguments *a)
{
    switch (a->fn) {
    case FN_MSG_SEND_I:
        mcapi_msg_send_i(a->endpoint, a->other, a->data, a->size, a->priority, a->request,
                         a->status);
        break;
    case FN_MSG_SEND:
        mcapi_msg_send(a->endpoint, a->other, a->data, a->size, a->priority, a->status);
        break;
    case FN_MSG_RECV_I:
        mcapi_msg_recv_i(a->endpoint, a->data, a->size, a->request, a->status);
        break;
    case FN_MSG_RECV:
        mcapi_msg_recv(a->endpoint, a->data, a->size, a->size_out, a->status);
        break;
    default:
        a->returned = mcapi_msg_available(a->endpoint, a->status);
    }
}

static void call_packet(struct arguments *a)
{
    switch (a->fn) {
    case FN_PKT_CONNECT_I:
        mcapi_pktchan_connect_i(a->endpoint, a->other, a->request, a->status);
        break;
    case FN_PKT_RECV_OPEN_I:
        mcapi_pktchan_recv_open_i(a->out, a->endpoint, a->request, a->status);
        break;
    case FN_PKT_SEND_OPEN_I:
        mcapi_pktchan_send_open_i(a->out, a->endpoint, a->request, a->status);
        break;
    case FN_PKT_SEND_I:
        mcapi_pktchan_send_i(a->endpoint, a->data, a->size, a->request, a->status);
        break;
    case FN_PKT_SEND:
        mcapi_pktchan_send(a->endpoint, a->data, a->size, a->status);
        break;
    case FN_PKT_RECV_I:
        mcapi_pktchan_recv_i(a->endpoint, a->out, a->request, a->status);
        break;
    case FN_PKT_RECV:
        mcapi_pktchan_recv(a->endpoint, a->out, a->size_out, a->status);
        break;
    case FN_PKT_AVAILABLE:
        a->returned = mcapi_pktchan_available(a->endpoint, a->status);
        break;
    case FN_PKT_RELEASE:
        mcapi_pktchan_release(a->buffer, a->status);
        break;
    case FN_PKT_RELEASE_TEST:
        a->returned = mcapi_pktchan_release_test(a->buffer, a->status);
        break;
    case FN_PKT_RECV_CLOSE_I:
        mcapi_pktchan_recv_close_i(a->endpoint, a->request, a->status);
        break;
    default:
        mcapi_pktchan_send_close_i(a->endpoint, a->request, a->status);
    }
}

static void call_scalar_life(struct arguments *a)
{
    switch (a->fn) {
    case FN_SCL_CONNECT_I:
        mcapi_sclchan_connect_i(a->endpoint, a->other, a->request, a->status);
        break;
    case FN_SCL_RECV_OPEN_I:
        mcapi_sclchan_recv_open_i(a->out, a->endpoint, a->request, a->status);
        break;
    case FN_SCL_SEND_OPEN_I:
        mcapi_sclchan_send_open_i(a->out, a->endpoint, a->request, a->status);
        break;
    case FN_SCL_RECV_CLOSE_I:
        mcapi_sclchan_recv_close_i(a->endpoint, a->request, a->status);
        break;
    default:
        mcapi_sclchan_send_close_i(a->endpoint, a->request, a->status);
    }
}

static void call_scalar(struct arguments *a)
{
    switch (a->fn) {
    case FN_SCL_SEND_64:
        mcapi_sclchan_send_uint64(a->endpoint, a->word, a->status);
        break;
    case FN_SCL_SEND_32:
        mcapi_sclchan_send_uint32(a->endpoint, (mcapi_uint32_t)a->word, a->status);
        break;
    case FN_SCL_SEND_16:
        mcapi_sclchan_send_uint16(a->endpoint, (mcapi_uint16_t)a->word, a->status);
        break;
    case FN_SCL_SEND_8:
        mcapi_sclchan_send_uint8(a->endpoint, (mcapi_uint8_t)a->word, a->status);
        break;
    case FN_SCL_RECV_64:
        a->returned = mcapi_sclchan_recv_uint64(a->endpoint, a->status);
        break;
    case FN_SCL_RECV_32:
        a->returned = mcapi_sclchan_recv_uint32(a->endpoint, a->status);
        break;
    case FN_SCL_RECV_16:
        a->returned = mcapi_sclchan_recv_uint16(a->endpoint, a->status);
        break;
    case FN_SCL_RECV_8:
        a->returned = mcapi_sclchan_recv_uint8(a->endpoint, a->status);
        break;
    case FN_SCL_AVAILABLE:
        a->returned = mcapi_sclchan_available(a->endpoint, a->status);
        break;
    default:
        call_scalar_life(a);
    }
}

static void call_request(struct arguments *a)
{
    mcapi_request_t **pointers = a->request == NULL ? NULL : a->room.pointers;

    switch (a->fn) {
    case FN_TEST:
        a->returned = mcapi_test(a->request, a->size_out, a->status);
        break;
    case FN_WAIT:
        a->returned = mcapi_wait(a->request, a->size_out, a->timeout, a->status);
        break;
    case FN_WAIT_ANY:
        a->returned = mcapi_wait_any(a->number, a->request, a->size_out, a->timeout, a->status);
        break;
    case FN_WAIT_ANY_POINTERS:
        a->returned = mcapi_wait_any(a->number, pointers, a->size_out, a->timeout, a->status);
        break;
    default:
        mcapi_cancel(a->request, a->status);
    }
}

void make_call(struct arguments *a)
{
    a->returned = fn_failed_value(a->fn);
    if (a->fn <= FN_NODE_GET_ATTRIBUTE)
        call_node(a);
    else if (a->fn <= FN_SET_ATTRIBUTE)
        call_endpoint(a);
    else if (a->fn <= FN_MSG_AVAILABLE)
        call_message(a);
    else if (a->fn <= FN_PKT_SEND_CLOSE_I)
        call_packet(a);
    else if (a->fn <= FN_SCL_SEND_CLOSE_I)
        call_scalar(a);
    else
        call_request(a);
}

const char *what_was_written(const struct arguments *before, const struct arguments *after)
{
    if (memcmp(before->room.data, after->room.data, sizeof before->room.data) != 0)
        return "the buffer or attribute";
    if (memcmp(before->room.out, after->room.out, sizeof before->room.out) != 0)
        return "the place of the result";
    if (before->room.size != after->room.size)
        return "the size";
    if (memcmp(&before->room.attributes, &after->room.attributes,
               sizeof before->room.attributes)
        != 0)
        return "the attributes of a node";
    if (memcmp(before->room.requests, after->room.requests, sizeof before->room.requests) != 0)
        return "the array of requests";
    if (before->room.request != after->room.request && !fn_makes_request(before->fn))
        return "the request";
    return NULL;
}
