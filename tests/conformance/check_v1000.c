/* SPDX-License-Identifier: MIT */
/*
 * check_v1000.c - section 10: every call of MCAPI 1.x, as a program of 1.x makes it.
 *
 * Peers make calls of 1.x too where an act of ours says so; the acts of the harness are 2.x.
 */
#define MCAPI_V1000
#include <mcapi.h>

#include "harness.h"

#include <string.h>

/* --- Nodes ------------------------------------------------------------------------ */

static void initialize_makes_a_node_of_domain_0(void)
{
    mcapi_version_t version = 1;
    mcapi_domain_t domain;
    mcapi_node_t node;

    nodes_begin_bare(0);
    expect(MCAPI_ENODE_NOTINIT, mcapi_get_node_id(&status));
    expect(MCAPI_SUCCESS, mcapi_initialize(3, &version, &status));
    expect_equal(MCAPI_VERSION, version);
    expect(MCAPI_SUCCESS, node = mcapi_get_node_id(&status));
    expect_equal(3, node);
    expect(MCAPI_SUCCESS, domain = mcapi_domain_id_get(&status));
    expect_equal(0, domain);
    expect(MCAPI_INITIALIZED, mcapi_initialize(4, &version, &status));
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
    expect(MCAPI_ENODE_NOTINIT, mcapi_finalize(&status));
    expect(MCAPI_ENODE_NOTVALID, mcapi_initialize(MCAPI_MAX_NODE + 1, &version, &status));
    expect(MCAPI_EPARAM, mcapi_initialize(3, (mcapi_version_t *)NULL, &status));
    expect(MCAPI_SUCCESS, mcapi_initialize(4, &version, &status));
    nodes_end();
}

/* --- Endpoints -------------------------------------------------------------------- */

static void endpoints_are_created_and_deleted(void)
{
    mcapi_endpoint_t endpoint, other;
    struct call call = { 0 };

    nodes_begin(1);
    expect(MCAPI_SUCCESS, endpoint = mcapi_create_endpoint(7, &status));
    expect(MCAPI_EENDP_ISCREATED, expect_equal(0, mcapi_create_endpoint(7, &status)));
    expect(MCAPI_EPORT_NOTVALID, mcapi_create_endpoint(MCAPI_MAX_PORT + 1, &status));
    expect(MCAPI_SUCCESS, other = mcapi_create_anonymous_endpoint(&status));
    expect_true(other != endpoint);
    call.endpoint = other;
    at(peer(0), do_delete, &call);
    expect_status(variant() == ONE_NODE ? MCAPI_SUCCESS : MCAPI_ENOT_OWNER, call.status);
    expect(MCAPI_SUCCESS, mcapi_delete_endpoint(endpoint, &status));
    expect(MCAPI_ENOT_ENDP, mcapi_delete_endpoint(endpoint, &status));
    expect(MCAPI_SUCCESS, mcapi_create_endpoint(7, &status));
    nodes_end();
}

static void do_get_endpoint(struct call *call)
{
    call->endpoint = mcapi_get_endpoint(call->node, call->port, &call->status);
}

static void get_endpoint_waits(void)
{
    struct call call = { .node = OWN_NODE, .port = 7 };
    mcapi_endpoint_t endpoint;

    nodes_begin(1);
    begin(peer(0), do_get_endpoint, &call);
    expect_true(stays_blocked(peer(0)));
    expect(MCAPI_SUCCESS, endpoint = mcapi_create_endpoint(7, &status));
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_equal(endpoint, call.endpoint);
    nodes_end();
}

static void get_endpoint_i_gets_it_later(void)
{
    struct call call = { .port = 7 };
    mcapi_endpoint_t found = 0;
    mcapi_request_t request;
    size_t size;

    nodes_begin(1);
    expect(MCAPI_SUCCESS,
           mcapi_get_endpoint_i(peer_node(peer(0)), 7, &found, &request, &status));
    expect(MCAPI_INCOMPLETE, expect_equal(MCAPI_FALSE, mcapi_test(&request, &size, &status)));
    expect(MCAPI_EREQ_TIMEOUT, mcapi_wait(&request, &size, &status, 1));
    at(peer(0), do_create, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect(MCAPI_SUCCESS, expect_true(mcapi_wait(&request, &size, &status, MCAPI_INFINITE)));
    expect_equal(call.endpoint, found);
    nodes_end();
}

static void attributes_are_read_and_set(void)
{
    mcapi_uint_t value = 3, read = 0;
    mcapi_endpoint_t endpoint;

    nodes_begin(0);
    expect(MCAPI_SUCCESS, endpoint = mcapi_create_endpoint(7, &status));
    expect(MCAPI_SUCCESS, mcapi_set_endpoint_attribute(endpoint, MCAPI_ENDP_ATTR_PRIORITY,
                                                       &value, sizeof value, &status));
    expect(MCAPI_SUCCESS, mcapi_get_endpoint_attribute(endpoint, MCAPI_ENDP_ATTR_PRIORITY,
                                                       &read, sizeof read, &status));
    expect_equal(value, read);
    expect(MCAPI_EATTR_SIZE,
           mcapi_get_endpoint_attribute(endpoint, MCAPI_ENDP_ATTR_PRIORITY, &read, 1, &status));
    expect(MCAPI_EATTR_NUM,
           mcapi_get_endpoint_attribute(endpoint, 70, &read, sizeof read, &status));
    expect(MCAPI_EREAD_ONLY, mcapi_set_endpoint_attribute(endpoint, MCAPI_ENDP_ATTR_GET_COUNT,
                                                          &value, sizeof value, &status));
    nodes_end();
}

/* --- Messages --------------------------------------------------------------------- */

static void messages_are_sent_and_received(void)
{
    mcapi_endpoint_t from, to;
    mcapi_request_t sent, received;
    char text[8] = "";
    size_t size = 0;

    nodes_begin(0);
    expect(MCAPI_SUCCESS, from = mcapi_create_endpoint(1, &status));
    expect(MCAPI_SUCCESS, to = mcapi_create_endpoint(2, &status));
    expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, "first", 6, 0, &status));
    expect(MCAPI_SUCCESS, expect_equal(1, mcapi_msg_available(to, &status)));
    expect(MCAPI_SUCCESS, mcapi_msg_recv(to, text, sizeof text, &size, &status));
    expect_equal(6, size);
    expect_true(strcmp(text, "first") == 0);
    expect(MCAPI_SUCCESS, mcapi_msg_recv_i(to, text, sizeof text, &received, &status));
    expect(MCAPI_SUCCESS, mcapi_msg_send_i(from, to, "second", 7, 0, &sent, &status));
    expect(MCAPI_SUCCESS, expect_true(mcapi_wait(&sent, &size, &status, MCAPI_INFINITE)));
    expect(MCAPI_SUCCESS, expect_true(mcapi_wait(&received, &size, &status, MCAPI_INFINITE)));
    expect_equal(7, size);
    expect_true(strcmp(text, "second") == 0);
    nodes_end();
}

/* --- Packets ---------------------------------------------------------------------- */

static void wait_for(mcapi_request_t request)
{
    size_t size;

    expect(MCAPI_SUCCESS, expect_true(mcapi_wait(&request, &size, &status, MCAPI_INFINITE)));
}

/* Opens the receiving end, and does not wait. */
static void do_open_packets_of_1(struct call *call)
{
    static mcapi_pktchan_recv_hndl_t handle;

    mcapi_open_pktchan_recv_i(&handle, call->endpoint, &call->request, &call->status);
}

static void do_close_packets_of_1(struct call *call)
{
    mcapi_packetchan_recv_close_i(call->endpoint, &call->request, &call->status);
}

static void do_receive_of_1(struct call *call)
{
    void *packet = NULL;

    call->number = mcapi_pktchan_available(call->endpoint, &call->status);
    mcapi_pktchan_recv(call->endpoint, &packet, &call->size, &call->status);
    expect_status(MCAPI_SUCCESS, call->status);
    memcpy(call->bytes, packet, call->size);
    mcapi_pktchan_free(packet, &call->status);
}

/* Acts that succeed. */
static void succeeds(struct peer *peer, void (*act)(struct call *), struct call *call)
{
    at(peer, act, call);
    expect_status(MCAPI_SUCCESS, call->status);
}

/* The peer receives. */
static void packets_are_sent_and_received(void)
{
    struct call call = { .port = 2 };
    mcapi_pktchan_send_hndl_t out;
    mcapi_request_t request, close;
    mcapi_endpoint_t sender;

    nodes_begin(1);
    expect(MCAPI_SUCCESS, sender = mcapi_create_endpoint(1, &status));
    succeeds(peer(0), do_create, &call);
    expect(MCAPI_SUCCESS, mcapi_connect_pktchan_i(sender, call.endpoint, &request, &status));
    wait_for(request);
    expect(MCAPI_ECONNECTED, mcapi_connect_pktchan_i(sender, call.endpoint, &request, &status));
    succeeds(peer(0), do_open_packets_of_1, &call);
    expect(MCAPI_SUCCESS, mcapi_open_pktchan_send_i(&out, sender, &request, &status));
    wait_for(request);
    expect(MCAPI_SUCCESS, mcapi_pktchan_send(out, "first", 6, &status));
    succeeds(peer(0), do_receive_of_1, &call);
    expect_equal(1, call.number);
    expect_equal(6, call.size);
    expect_true(strcmp((char *)call.bytes, "first") == 0);
    expect(MCAPI_SUCCESS, mcapi_pktchan_send_i(out, "second", 7, &request, &status));
    wait_for(request);
    succeeds(peer(0), do_receive_of_1, &call);
    expect_true(strcmp((char *)call.bytes, "second") == 0);
    expect(MCAPI_ECHAN_OPEN, mcapi_delete_endpoint(sender, &status));
    expect(MCAPI_SUCCESS, mcapi_packetchan_send_close_i(out, &close, &status));
    succeeds(peer(0), do_close_packets_of_1, &call);
    wait_for(close);
    expect(MCAPI_ENOT_OPEN, mcapi_packetchan_send_close_i(out, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_delete_endpoint(sender, &status));
    nodes_end();
}

static void packets_are_received_later(void)
{
    mcapi_pktchan_recv_hndl_t in;
    struct call call = { .port = 1 };
    mcapi_request_t request;
    mcapi_endpoint_t receiver;
    void *packet = NULL;
    size_t size = 0;

    nodes_begin(1);
    succeeds(peer(0), do_create, &call);
    expect(MCAPI_SUCCESS, receiver = mcapi_create_endpoint(2, &status));
    expect(MCAPI_SUCCESS, mcapi_open_pktchan_recv_i(&in, receiver, &request, &status));
    expect(MCAPI_INCOMPLETE, mcapi_test(&request, &size, &status));
    call.other = receiver;
    succeeds(peer(0), do_pkt_connect, &call);
    succeeds(peer(0), do_pkt_open_send, &call);
    wait_for(request);
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(in, &packet, &request, &status));
    memcpy(call.bytes, "late", 5);
    call.size = 5;
    succeeds(peer(0), do_pkt_send, &call);
    expect(MCAPI_SUCCESS, expect_true(mcapi_wait(&request, &size, &status, MCAPI_INFINITE)));
    expect_equal(5, size);
    expect_true(strcmp(packet, "late") == 0);
    expect(MCAPI_SUCCESS, mcapi_pktchan_free(packet, &status));
    expect(MCAPI_ENOT_VALID_BUF, mcapi_pktchan_free(packet, &status));
    expect(MCAPI_SUCCESS, mcapi_packetchan_recv_close_i(in, &request, &status));
    succeeds(peer(0), do_pkt_close_send, &call);
    wait_for(request);
    nodes_end();
}

/* --- Scalars ---------------------------------------------------------------------- */

static void scalars_are_sent_and_received(void)
{
    mcapi_sclchan_send_hndl_t out;
    mcapi_sclchan_recv_hndl_t in;
    mcapi_endpoint_t sender, receiver;
    mcapi_request_t request;

    nodes_begin(0);
    expect(MCAPI_SUCCESS, sender = mcapi_create_endpoint(1, &status));
    expect(MCAPI_SUCCESS, receiver = mcapi_create_endpoint(2, &status));
    expect(MCAPI_SUCCESS, mcapi_connect_sclchan_i(sender, receiver, &request, &status));
    wait_for(request);
    expect(MCAPI_SUCCESS, mcapi_open_sclchan_recv_i(&in, receiver, &request, &status));
    wait_for(request);
    expect(MCAPI_SUCCESS, mcapi_open_sclchan_send_i(&out, sender, &request, &status));
    wait_for(request);
    expect(MCAPI_SUCCESS, mcapi_sclchan_send_uint64(out, 1ull << 60, &status));
    expect(MCAPI_SUCCESS, mcapi_sclchan_send_uint32(out, 1u << 30, &status));
    expect(MCAPI_SUCCESS, mcapi_sclchan_send_uint16(out, 1u << 14, &status));
    expect(MCAPI_SUCCESS, mcapi_sclchan_send_uint8(out, 1u << 6, &status));
    expect(MCAPI_SUCCESS, expect_equal(4, mcapi_sclchan_available(in, &status)));
    expect(MCAPI_ESCL_SIZE, mcapi_sclchan_recv_uint8(in, &status));
    expect(MCAPI_SUCCESS, expect_equal(1ull << 60, mcapi_sclchan_recv_uint64(in, &status)));
    expect(MCAPI_SUCCESS, expect_equal(1u << 30, mcapi_sclchan_recv_uint32(in, &status)));
    expect(MCAPI_SUCCESS, expect_equal(1u << 14, mcapi_sclchan_recv_uint16(in, &status)));
    expect(MCAPI_SUCCESS, expect_equal(1u << 6, mcapi_sclchan_recv_uint8(in, &status)));
    expect(MCAPI_SUCCESS, mcapi_sclchan_send_close_i(out, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_sclchan_recv_close_i(in, &request, &status));
    wait_for(request);
    nodes_end();
}

/* --- Requests --------------------------------------------------------------------- */

static void any_of_several_requests_is_found(void)
{
    mcapi_endpoint_t found[2];
    mcapi_request_t one, two, *requests[2] = { &one, &two };
    mcapi_uint_t which;
    size_t size;

    nodes_begin(0);
    expect(MCAPI_SUCCESS, mcapi_get_endpoint_i(OWN_NODE, 1, &found[0], &one, &status));
    expect(MCAPI_SUCCESS, mcapi_get_endpoint_i(OWN_NODE, 2, &found[1], &two, &status));
    expect(MCAPI_EREQ_TIMEOUT, which = mcapi_wait_any(2, requests, &size, &status, 1));
    expect_equal(MCAPI_RETURN_VALUE_INVALID, which);
    expect(MCAPI_EREQ_TIMEOUT, which = mcapi_wait_any(2, requests, &size, 1, &status));
    expect(MCAPI_SUCCESS, mcapi_create_endpoint(2, &status));
    expect(MCAPI_SUCCESS, which = mcapi_wait_any(2, requests, &size, &status, MCAPI_INFINITE));
    expect_equal(1, which);
    expect(MCAPI_SUCCESS, mcapi_get_endpoint_i(OWN_NODE, 3, &found[1], &two, &status));
    expect(MCAPI_SUCCESS, mcapi_create_endpoint(1, &status));
    expect(MCAPI_SUCCESS, which = mcapi_wait_any(2, requests, &size, MCAPI_INFINITE, &status));
    expect_equal(0, which);
    expect(MCAPI_SUCCESS, mcapi_cancel(&two, &status));
    expect(MCAPI_ENOTREQ_HANDLE, mcapi_test(&two, &size, &status));
    nodes_end();
}

/* What the names of functions stand for when they are not called. */
static void calls_have_addresses(void)
{
    mcapi_endpoint_t (*create)(mcapi_port_t, mcapi_status_t *) = &mcapi_create_endpoint;
    mcapi_endpoint_t (*get)(mcapi_node_t, mcapi_port_t, mcapi_status_t *) = &mcapi_get_endpoint;
    void (*free_packet)(void *, mcapi_status_t *) = &mcapi_pktchan_free;
    mcapi_endpoint_t endpoint;

    nodes_begin(0);
    expect(MCAPI_SUCCESS, endpoint = create(7, &status));
    expect(MCAPI_SUCCESS, expect_equal(endpoint, get(OWN_NODE, 7, &status)));
    expect(MCAPI_ENOT_VALID_BUF, free_packet(NULL, &status));
    nodes_end();
}

static const struct test tests[] = {
    TEST(initialize_makes_a_node_of_domain_0, ALONE, "10.31 10.33 10.34 10.57 10.62"),
    TEST(endpoints_are_created_and_deleted, ANYWHERE, "10.35 10.36 10.39 10.58"),
    TEST(get_endpoint_waits, ANYWHERE, "10.37"),
    TEST(get_endpoint_i_gets_it_later, ANYWHERE, "10.38 10.51 10.57 10.58"),
    TEST(attributes_are_read_and_set, ALONE, "10.40 10.41"),
    TEST(messages_are_sent_and_received, ALONE, "10.54"),
    TEST(packets_are_sent_and_received, ANYWHERE, "10.42 10.43 10.44 10.45 10.46 10.47 10.55"),
    TEST(packets_are_received_later, ANYWHERE, "10.42 10.43 10.45 10.47 10.55 10.58"),
    TEST(scalars_are_sent_and_received, ALONE, "10.48 10.49 10.50 10.56"),
    TEST(any_of_several_requests_is_found, ALONE, "10.52 10.53 10.57"),
    TEST(calls_have_addresses, ALONE, "10.35 10.37 10.47"),
};

CHAPTER(v1000, tests);
