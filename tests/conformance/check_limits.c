/* SPDX-License-Identifier: MIT */
/*
 * check_limits.c - section 3: limits that the environment sets, without a rebuild of anything.
 *
 * The first node of a topology decides, so that each test sets its limit before there is one.
 */
#include "endpoints.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kinds.h"

static void limit(const char *name, unsigned value)
{
    char text[16];

    snprintf(text, sizeof text, "%u", value);
    expect_true(setenv(name, text, 1) == 0);
}

static void expect_endpoints_limited(unsigned most)
{
    limit("MCAPI_MAX_ENDPOINTS", most);
    nodes_begin(1);
    for (mcapi_port_t port = 0; port < most; port++)
        create(port);
    expect(MCAPI_ERR_ENDP_LIMIT, mcapi_endpoint_create(most, &status));
    if (variant() != ONE_NODE)
        for (mcapi_port_t port = 0; port < most; port++)
            create_at(peer(0), port);
    nodes_end();
}

static void a_node_may_have_fewer_endpoints(void)
{
    expect_endpoints_limited(3);
}

static void a_node_may_have_more_endpoints(void)
{
    expect_endpoints_limited(2 * MCAPI_MAX_ENDPOINTS);
}

static void expect_requests_limited(unsigned most)
{
    mcapi_request_t *requests = calloc(most + 1, sizeof *requests);
    mcapi_endpoint_t *endpoints = calloc(most + 1, sizeof *endpoints);
    size_t size;

    expect_true(requests != NULL && endpoints != NULL);
    limit("MCA_MAX_REQUESTS", most);
    nodes_begin(0);
    for (unsigned i = 0; i < most; i++)
        expect(MCAPI_SUCCESS,
               mcapi_endpoint_get_i(DOMAIN, 99, i, &endpoints[i], &requests[i], &status));
    expect(MCAPI_ERR_REQUEST_LIMIT,
           mcapi_endpoint_get_i(DOMAIN, 99, most, &endpoints[most], &requests[most], &status));
    expect(MCAPI_ERR_REQUEST_LIMIT, mcapi_test(&requests[most], &size, &status));
    expect(MCAPI_SUCCESS, mcapi_cancel(&requests[0], &status));
    expect(MCAPI_SUCCESS,
           mcapi_endpoint_get_i(DOMAIN, 99, most, &endpoints[most], &requests[most], &status));
    nodes_end();
    free(requests);
    free(endpoints);
}

static void a_node_may_have_fewer_requests(void)
{
    expect_requests_limited(4);
}

static void a_node_may_have_more_requests(void)
{
    expect_requests_limited(2 * MCA_MAX_REQUESTS);
}

/* --- Messages and packets --------------------------------------------------------- */

static void do_send_of_size(struct call *call)
{
    void *bytes = calloc(1, call->size);

    expect_true(bytes != NULL);
    call->status = UNTOUCHED;
    mcapi_msg_send(call->endpoint, call->other, bytes, call->size, 0, &call->status);
    free(bytes);
}

static void expect_messages_limited(unsigned most)
{
    struct call call = { 0 };
    char *bytes = malloc(most);
    size_t size = 0;

    expect_true(bytes != NULL);
    limit("MCAPI_MAX_MSG_SIZE", most);
    nodes_begin(1);
    call.other = create(5);
    call.endpoint = create_at(peer(0), 6);
    call.size = most + 1;
    expect_status(MCAPI_ERR_MSG_LIMIT, ask(peer(0), do_send_of_size, call).status);
    call.size = most;
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_send_of_size, call).status);
    expect(MCAPI_SUCCESS, mcapi_msg_recv(call.other, bytes, most, &size, &status));
    expect_equal(most, size);
    nodes_end();
    free(bytes);
}

static void messages_may_be_smaller(void)
{
    expect_messages_limited(100);
}

static void messages_may_be_larger(void)
{
    expect_messages_limited(3 * MCAPI_MAX_MSG_SIZE);
}

static void do_send_packet_of_size(struct call *call)
{
    void *bytes = calloc(1, call->size);

    expect_true(bytes != NULL);
    call->status = UNTOUCHED;
    mcapi_pktchan_send(call->endpoint, bytes, call->size, &call->status);
    free(bytes);
}

static void expect_packets_limited(unsigned most)
{
    struct call call = { 0 };
    struct channel channel;
    void *buffer;
    size_t size = 0;

    limit("MCAPI_MAX_PKT_SIZE", most);
    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    call.endpoint = channel.send;
    call.size = most + 1;
    expect_status(MCAPI_ERR_PKT_LIMIT, ask(peer(0), do_send_packet_of_size, call).status);
    call.size = most;
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_send_packet_of_size, call).status);
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv(channel.recv, &buffer, &size, &status));
    expect_equal(most, size);
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffer, &status));
    nodes_end();
}

static void packets_may_be_smaller(void)
{
    expect_packets_limited(100);
}

static void packets_may_be_larger(void)
{
    expect_packets_limited(3 * MCAPI_MAX_PKT_SIZE);
}

static void expect_queue_limited(unsigned most)
{
    struct call call = { .size = 1 };

    limit("MCAPI_MAX_QUEUE_ELEMENTS", most);
    nodes_begin(1);
    call.other = create(5);
    call.endpoint = create_at(peer(0), 6);
    set(peer(0), call.endpoint, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    for (unsigned i = 0; i < most; i++)
        expect_status(MCAPI_SUCCESS, ask(peer(0), do_msg_send, call).status);
    expect_status(MCAPI_TIMEOUT, ask(peer(0), do_msg_send, call).status);
    expect(MCAPI_SUCCESS, expect_equal(most, mcapi_msg_available(call.other, &status)));
    nodes_end();
}

static void message_queues_may_be_shorter(void)
{
    expect_queue_limited(3);
}

static void message_queues_may_be_longer(void)
{
    expect_queue_limited(2 * MCAPI_MAX_QUEUE_ELEMENTS);
}

/* So many can be under way, and so many held. */
static void expect_buffers_limited(unsigned most)
{
    void **buffers = calloc(most, sizeof *buffers);
    struct call call = { .size = 1 };
    struct channel channel;
    size_t size;

    expect_true(buffers != NULL);
    limit("MCAPI_MAX_BUFFERS", most);
    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    set(peer(0), channel.send, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(&packets, &channel);
    call.endpoint = channel.send;
    for (unsigned i = 0; i < most; i++)
        expect_status(MCAPI_SUCCESS, ask(peer(0), do_pkt_send, call).status);
    expect_status(MCAPI_TIMEOUT, ask(peer(0), do_pkt_send, call).status);
    for (unsigned i = 0; i < most; i++)
        expect(MCAPI_SUCCESS, mcapi_pktchan_recv(channel.recv, &buffers[i], &size, &status));
    expect_status(MCAPI_TIMEOUT, ask(peer(0), do_pkt_send, call).status);
    for (unsigned i = 0; i < most; i++)
        expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffers[i], &status));
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_pkt_send, call).status);
    nodes_end();
    free(buffers);
}

static void channels_may_have_fewer_buffers(void)
{
    expect_buffers_limited(3);
}

static void channels_may_have_more_buffers(void)
{
    expect_buffers_limited(2 * MCAPI_MAX_BUFFERS);
}

/* --- Nodes ------------------------------------------------------------------------ */

static void a_topology_may_have_fewer_nodes(void)
{
    struct call call = { .domain = DOMAIN };

    limit("MCAPI_MAX_NODES", 3);
    nodes_begin_bare(3);
    expect_status(MCAPI_SUCCESS, initialize(DOMAIN, OWN_NODE));
    for (int i = 0; i < 2; i++) {
        call.node = 10 + (mcapi_node_t)i;
        at(peer(i), do_initialize, &call);
        expect_status(MCAPI_SUCCESS, call.status);
    }
    call.node = 20;
    at(peer(2), do_initialize, &call);
    expect_status(MCAPI_ERR_NODE_INITFAILED, call.status);
    at(peer(1), do_finalize, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    call.node = 20;
    at(peer(2), do_initialize, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    nodes_end();
}

static const struct test tests[] = {
    TEST(a_node_may_have_fewer_endpoints, ANYWHERE, "3.26"),
    TEST(a_node_may_have_more_endpoints, ANYWHERE, "3.26"),
    TEST(a_node_may_have_fewer_requests, ALONE, "3.27"),
    TEST(a_node_may_have_more_requests, ALONE, "3.27"),
    TEST(messages_may_be_smaller, ANYWHERE, "3.28"),
    TEST(messages_may_be_larger, ANYWHERE, "3.28"),
    TEST(packets_may_be_smaller, ANYWHERE, "3.29"),
    TEST(packets_may_be_larger, ANYWHERE, "3.29"),
    TEST(message_queues_may_be_shorter, ANYWHERE, "3.30"),
    TEST(message_queues_may_be_longer, ANYWHERE, "3.30"),
    TEST(channels_may_have_fewer_buffers, ANYWHERE, "3.31"),
    TEST(channels_may_have_more_buffers, ANYWHERE, "3.31"),
    TEST(a_topology_may_have_fewer_nodes, BETWEEN_NODES, "3.32"),
};
CHAPTER(limits, tests);
