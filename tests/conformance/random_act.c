/* SPDX-License-Identifier: MIT */
/*
 * random_act.c - makes one call of the library, in the thread of the user that makes it.
 */
#include "random.h"

#include <string.h>

/* --- What is sent ----------------------------------------------------------------------- */

void payload_fill(unsigned char *bytes, size_t size, uint64_t tag)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(tag * 7 + i * 13 + (tag >> 8));
}

uint64_t payload_scalar(uint64_t tag, int bits)
{
    uint64_t word = (tag + 1) * UINT64_C(0x9e3779b97f4a7c15);

    return bits == 64 ? word : word & ((UINT64_C(1) << bits) - 1);
}

/* --- The parts of an order ---------------------------------------------------------------- */

static bool null(const struct order *order, int which)
{
    return (order->field[NULLS] & which) != 0;
}

/* What the payload is, or NULL; read by the library before the call returns. */
static const void *payload(const struct order *order, unsigned char *bytes)
{
    size_t size = (size_t)order->field[SIZE];

    if (null(order, NULL_BUFFER))
        return NULL;
    payload_fill(bytes, size < RANDOM_BYTES ? size : RANDOM_BYTES,
                 (uint64_t)order->field[VALUE]);
    return bytes;
}

static mcapi_request_t *request_of(const struct order *order, struct came *came)
{
    return null(order, NULL_REQUEST) ? NULL : &came->request;
}

/* A request that asks must not be changed by what it is asked with. */
static mcapi_request_t *asked(const struct order *order, mcapi_request_t *requests)
{
    return null(order, NULL_REQUEST) ? NULL : requests;
}

/* What a request has brought to its landing. */
static void fetch(const struct order *order, int which, const struct landing *landings,
                  struct came *came)
{
    const struct landing *landing = &landings[order->landing[which]];
    size_t bytes = order->bytes[which];

    if (came->status != MCAPI_SUCCESS && came->status != MCAPI_ERR_MSG_TRUNCATED)
        return;
    came->endpoint = landing->endpoint;
    came->buffer = landing->buffer;
    if (order->is_packet[which] && landing->buffer != NULL)
        memcpy(came->bytes, landing->buffer, bytes);
    else if (!order->is_packet[which])
        memcpy(came->bytes, landing->bytes, bytes);
}

/* --- Nodes and endpoints -------------------------------------------------------------------
 */

static void initialize(const struct order *order, struct came *came)
{
    mcapi_uint_t type = (mcapi_uint_t)order->field[VALUE];
    mcapi_node_attributes_t attributes;
    mcapi_info_t info;

    memset(&info, 0, sizeof info);
    mcapi_node_init_attributes(&attributes, &came->status);
    if (came->status == MCAPI_SUCCESS)
        mcapi_node_set_attribute(&attributes, MCAPI_NODE_ATTR_TYPE, &type, sizeof type,
                                 &came->status);
    if (came->status == MCAPI_SUCCESS)
        mcapi_initialize((mcapi_domain_t)order->field[IN_DOMAIN],
                         (mcapi_node_t)order->field[IN_NODE], &attributes, NULL,
                         null(order, NULL_BUFFER) ? NULL : &info, &came->status);
    came->number = info.number_of_nodes;
}

/* Of one word, or of two. */
static void take_value(struct came *came, const mcapi_uint_t *value)
{
    came->number = value[0];
    came->second = value[1];
}

static void act_node(const struct order *order, struct came *came)
{
    mcapi_uint_t value[2] = { 0, 0 };

    switch (order->function) {
    case CALL_INITIALIZE:
        initialize(order, came);
        break;
    case CALL_FINALIZE:
        mcapi_finalize(&came->status);
        break;
    case CALL_DOMAIN_ID_GET:
        came->number = mcapi_domain_id_get(&came->status);
        break;
    case CALL_NODE_ID_GET:
        came->number = mcapi_node_id_get(&came->status);
        break;
    default:
        mcapi_node_get_attribute(
                (mcapi_domain_t)order->field[IN_DOMAIN], (mcapi_node_t)order->field[IN_NODE],
                (mcapi_uint_t)order->field[NUMBER], null(order, NULL_BUFFER) ? NULL : value,
                (size_t)order->field[SIZE], &came->status);
        take_value(came, value);
    }
}

static void act_endpoint(const struct order *order, struct came *came, struct landing *landings)
{
    mcapi_domain_t domain = (mcapi_domain_t)order->field[IN_DOMAIN];
    mcapi_node_t node = (mcapi_node_t)order->field[IN_NODE];
    mcapi_port_t port = (mcapi_port_t)order->field[PORT];
    mcapi_uint_t number = (mcapi_uint_t)order->field[NUMBER];
    mcapi_uint_t value[2] = { (mcapi_uint_t)order->field[VALUE], 0 };
    void *where = null(order, NULL_BUFFER) ? NULL : value;
    size_t size = (size_t)order->field[SIZE];

    switch (order->function) {
    case CALL_CREATE:
        came->endpoint = mcapi_endpoint_create(port, &came->status);
        break;
    case CALL_CREATE_ANONYMOUS:
        came->endpoint = mcapi_create_anonymous_endpoint(&came->status);
        break;
    case CALL_GET_I:
        mcapi_endpoint_get_i(domain, node, port,
                             null(order, NULL_BUFFER) ? NULL
                                                      : &landings[order->landing[0]].endpoint,
                             request_of(order, came), &came->status);
        break;
    case CALL_GET:
        came->endpoint = mcapi_endpoint_get(
                domain, node, port, (mcapi_timeout_t)order->field[WAITS], &came->status);
        break;
    case CALL_RELEASE:
        mcapi_endpoint_release(order->end, &came->status);
        break;
    case CALL_DELETE:
        mcapi_endpoint_delete(order->end, &came->status);
        break;
    case CALL_GET_ATTRIBUTE:
        value[0] = 0;
        mcapi_endpoint_get_attribute(order->end, number, where, size, &came->status);
        take_value(came, value);
        break;
    default:
        mcapi_endpoint_set_attribute(order->end, number, where, size, &came->status);
    }
}

/* --- Messages ------------------------------------------------------------------------------
 */

static void act_message(const struct order *order, struct came *came, struct landing *landings)
{
    unsigned char bytes[RANDOM_BYTES];
    size_t size = (size_t)order->field[SIZE];
    mcapi_priority_t priority = (mcapi_priority_t)order->field[PRIORITY];

    switch (order->function) {
    case CALL_MSG_SEND_I:
        mcapi_msg_send_i(order->end, order->other, payload(order, bytes), size, priority,
                         request_of(order, came), &came->status);
        break;
    case CALL_MSG_SEND:
        mcapi_msg_send(order->end, order->other, payload(order, bytes), size, priority,
                       &came->status);
        break;
    case CALL_MSG_RECV_I:
        mcapi_msg_recv_i(order->end,
                         null(order, NULL_BUFFER) ? NULL : landings[order->landing[0]].bytes,
                         size, request_of(order, came), &came->status);
        break;
    case CALL_MSG_RECV:
        mcapi_msg_recv(order->end, null(order, NULL_BUFFER) ? NULL : came->bytes, size,
                       null(order, NULL_SIZE) ? NULL : &came->size, &came->status);
        break;
    default:
        came->number = mcapi_msg_available(order->end, &came->status);
    }
}

/* --- Channels ------------------------------------------------------------------------------
 */

static void act_channel(const struct order *order, struct came *came)
{
    mcapi_request_t *request = request_of(order, came);
    mcapi_endpoint_t *handle = null(order, NULL_BUFFER) ? NULL : &came->endpoint;

    switch (order->function) {
    case CALL_PKT_CONNECT_I:
        mcapi_pktchan_connect_i(order->end, order->other, request, &came->status);
        break;
    case CALL_PKT_RECV_OPEN_I:
        mcapi_pktchan_recv_open_i(handle, order->end, request, &came->status);
        break;
    case CALL_PKT_SEND_OPEN_I:
        mcapi_pktchan_send_open_i(handle, order->end, request, &came->status);
        break;
    case CALL_PKT_RECV_CLOSE_I:
        mcapi_pktchan_recv_close_i(order->end, request, &came->status);
        break;
    case CALL_PKT_SEND_CLOSE_I:
        mcapi_pktchan_send_close_i(order->end, request, &came->status);
        break;
    case CALL_SCL_CONNECT_I:
        mcapi_sclchan_connect_i(order->end, order->other, request, &came->status);
        break;
    case CALL_SCL_RECV_OPEN_I:
        mcapi_sclchan_recv_open_i(handle, order->end, request, &came->status);
        break;
    case CALL_SCL_SEND_OPEN_I:
        mcapi_sclchan_send_open_i(handle, order->end, request, &came->status);
        break;
    case CALL_SCL_RECV_CLOSE_I:
        mcapi_sclchan_recv_close_i(order->end, request, &came->status);
        break;
    default:
        mcapi_sclchan_send_close_i(order->end, request, &came->status);
    }
}

static void act_packet(const struct order *order, struct came *came, struct landing *landings)
{
    unsigned char bytes[RANDOM_BYTES];
    size_t size = (size_t)order->field[SIZE];

    switch (order->function) {
    case CALL_PKT_SEND_I:
        mcapi_pktchan_send_i(order->end, payload(order, bytes), size, request_of(order, came),
                             &came->status);
        break;
    case CALL_PKT_SEND:
        mcapi_pktchan_send(order->end, payload(order, bytes), size, &came->status);
        break;
    case CALL_PKT_RECV_I:
        mcapi_pktchan_recv_i(order->end,
                             null(order, NULL_BUFFER) ? NULL
                                                      : &landings[order->landing[0]].buffer,
                             request_of(order, came), &came->status);
        break;
    case CALL_PKT_RECV:
        mcapi_pktchan_recv(order->end, null(order, NULL_BUFFER) ? NULL : &came->buffer,
                           null(order, NULL_SIZE) ? NULL : &came->size, &came->status);
        if (came->status == MCAPI_SUCCESS && came->size <= RANDOM_BYTES)
            memcpy(came->bytes, came->buffer, came->size);
        break;
    case CALL_PKT_AVAILABLE:
        came->number = mcapi_pktchan_available(order->end, &came->status);
        break;
    case CALL_PKT_RELEASE:
        if (order->bytes[0] > 0)
            memcpy(came->bytes, order->buffer, order->bytes[0]);
        mcapi_pktchan_release(order->buffer, &came->status);
        break;
    default:
        came->truth = mcapi_pktchan_release_test(order->buffer, &came->status) != MCAPI_FALSE;
    }
}

static void send_scalar(const struct order *order, struct came *came)
{
    uint64_t word = payload_scalar((uint64_t)order->field[VALUE], (int)order->field[BITS]);

    switch (order->field[BITS]) {
    case 8:
        mcapi_sclchan_send_uint8(order->end, (mcapi_uint8_t)word, &came->status);
        break;
    case 16:
        mcapi_sclchan_send_uint16(order->end, (mcapi_uint16_t)word, &came->status);
        break;
    case 32:
        mcapi_sclchan_send_uint32(order->end, (mcapi_uint32_t)word, &came->status);
        break;
    default:
        mcapi_sclchan_send_uint64(order->end, word, &came->status);
    }
}

static void act_scalar(const struct order *order, struct came *came)
{
    if (order->function == CALL_SCL_AVAILABLE)
        came->number = mcapi_sclchan_available(order->end, &came->status);
    else if (order->function == CALL_SCL_SEND)
        send_scalar(order, came);
    else if (order->field[BITS] == 8)
        came->number = mcapi_sclchan_recv_uint8(order->end, &came->status);
    else if (order->field[BITS] == 16)
        came->number = mcapi_sclchan_recv_uint16(order->end, &came->status);
    else if (order->field[BITS] == 32)
        came->number = mcapi_sclchan_recv_uint32(order->end, &came->status);
    else
        came->number = mcapi_sclchan_recv_uint64(order->end, &came->status);
}

/* --- Requests ------------------------------------------------------------------------------
 */

static void act_request(const struct order *order, struct came *came,
                        const struct landing *landings)
{
    mcapi_request_t requests[3];
    mcapi_timeout_t timeout = (mcapi_timeout_t)order->field[WAITS];
    size_t *size = null(order, NULL_SIZE) ? NULL : &came->size;

    memcpy(requests, order->request, sizeof requests);
    switch (order->function) {
    case CALL_TEST:
        came->truth = mcapi_test(asked(order, requests), size, &came->status) != MCAPI_FALSE;
        break;
    case CALL_WAIT:
        came->truth =
                mcapi_wait(asked(order, requests), size, timeout, &came->status) != MCAPI_FALSE;
        break;
    case CALL_WAIT_ANY:
        came->index = mcapi_wait_any((size_t)order->requests, asked(order, requests), size,
                                     timeout, &came->status);
        break;
    default:
        mcapi_cancel(asked(order, requests), &came->status);
        return;
    }
    if (order->function != CALL_WAIT_ANY)
        came->index = 0;
    if (came->index < 3)
        fetch(order, (int)came->index, landings, came);
}

void act(const struct order *order, struct came *came, struct landing *landings)
{
    enum function function = order->function;

    memset(came, 0, sizeof *came);
    came->index = MCAPI_RETURN_VALUE_INVALID;
    if (function <= CALL_NODE_GET_ATTRIBUTE)
        act_node(order, came);
    else if (function <= CALL_SET_ATTRIBUTE)
        act_endpoint(order, came, landings);
    else if (function <= CALL_MSG_AVAILABLE)
        act_message(order, came, landings);
    else if (function >= CALL_TEST)
        act_request(order, came, landings);
    else if (function >= CALL_PKT_SEND_I && function <= CALL_PKT_RELEASE_TEST)
        act_packet(order, came, landings);
    else if (function >= CALL_SCL_SEND && function <= CALL_SCL_AVAILABLE)
        act_scalar(order, came);
    else
        act_channel(order, came);
}
