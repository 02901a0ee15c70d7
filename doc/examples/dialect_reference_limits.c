/* SPDX-License-Identifier: MIT */
/*
 * dialect_reference_limits.c - a program as people wrote it for the reference implementation of
 * MCAPI 2: one node that runs into every limit and every error on purpose.
 *
 * What is typical: arrays as large as the limits, on the stack; requests that were never
 * filled; numbers that never were a handle; errors found by mcapi_test rather than in the
 * status.
 *
 *     cc dialect_reference_limits.c $(pkg-config --cflags --libs mcapi)
 */
#include <mca_config.h>
#include <mcapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOMAIN 0
#define NODE   3

static int checks;

/* Of every call: the status that it had to have. */
#define CHECK(call, expected) check(__LINE__, call, status, expected)

static void check(unsigned line, const char *call, mcapi_status_t status,
                  mcapi_status_t expected)
{
    char got[MCAPI_MAX_STATUS_SIZE], wanted[MCAPI_MAX_STATUS_SIZE];

    checks++;
    if (status == expected)
        return;
    fprintf(stderr, "WRONG: line=%u %s: %s instead of %s\n", line, call,
            mcapi_display_status(status, got, sizeof(got)),
            mcapi_display_status(expected, wanted, sizeof(wanted)));
    exit(1);
}

static void init(void)
{
    mcapi_node_attributes_t node_attrs;
    mcapi_param_t parms;
    mcapi_info_t version;
    mcapi_status_t status;

    mcapi_node_id_get(&status);
    CHECK("mcapi_node_id_get without a node", MCAPI_ERR_NODE_NOTINIT);
    mcapi_initialize(DOMAIN, MCAPI_MAX_NODE + 1, &node_attrs, &parms, &version, &status);
    CHECK("mcapi_initialize of a node that is too high", MCAPI_ERR_NODE_INVALID);
    mcapi_initialize(MCAPI_MAX_DOMAIN + 1, NODE, &node_attrs, &parms, &version, &status);
    CHECK("mcapi_initialize of a domain that is too high", MCAPI_ERR_DOMAIN_INVALID);
    mcapi_initialize(DOMAIN, NODE, &node_attrs, &parms, NULL, &status);
    CHECK("mcapi_initialize without the info", MCAPI_ERR_PARAMETER);
    mcapi_initialize(DOMAIN, NODE, &node_attrs, &parms, &version, &status);
    CHECK("mcapi_initialize", MCAPI_SUCCESS);
    mcapi_initialize(DOMAIN, NODE, &node_attrs, &parms, &version, &status);
    CHECK("mcapi_initialize again", MCAPI_ERR_NODE_INITIALIZED);
}

/* All the endpoints that a node can have: ports 0, 1, 2, ... */
static void create_all(mcapi_endpoint_t *endpoints)
{
    mcapi_status_t status;
    mcapi_port_t port;

    for (port = 0; port < MCAPI_MAX_ENDPOINTS; port++) {
        endpoints[port] = mcapi_endpoint_create(port, &status);
        CHECK("mcapi_endpoint_create", MCAPI_SUCCESS);
    }
    mcapi_endpoint_create(MCAPI_MAX_ENDPOINTS, &status);
    CHECK("mcapi_endpoint_create of one more", MCAPI_ERR_ENDP_LIMIT);
    mcapi_endpoint_create(0, &status);
    CHECK("mcapi_endpoint_create again", MCAPI_ERR_ENDP_EXISTS);
    mcapi_endpoint_create(MCAPI_MAX_PORT + 1, &status);
    CHECK("mcapi_endpoint_create of a port that is too high", MCAPI_ERR_PORT_INVALID);
    mcapi_endpoint_get(DOMAIN, NODE, MCAPI_MAX_ENDPOINTS + 1, MCAPI_TIMEOUT_IMMEDIATE, &status);
    CHECK("mcapi_endpoint_get of one that is not there", MCAPI_TIMEOUT);
}

static void garbage(mcapi_endpoint_t endpoint)
{
    char buffer[16];
    mcapi_request_t never_filled;
    mcapi_status_t status;
    size_t size;

    mcapi_test(&never_filled, &size, &status);
    CHECK("mcapi_test of a request that is none", MCAPI_ERR_REQUEST_INVALID);
    mcapi_wait(&never_filled, &size, MCAPI_INFINITE, &status);
    CHECK("mcapi_wait of a request that is none", MCAPI_ERR_REQUEST_INVALID);
    mcapi_cancel(&never_filled, &status);
    CHECK("mcapi_cancel of a request that is none", MCAPI_ERR_REQUEST_INVALID);
    mcapi_endpoint_delete(0xdeadbeef, &status);
    CHECK("mcapi_endpoint_delete(0xdeadbeef)", MCAPI_ERR_ENDP_INVALID);
    mcapi_pktchan_send(0xdeadbeef, buffer, 0, &status);
    CHECK("mcapi_pktchan_send(0xdeadbeef)", MCAPI_ERR_CHAN_INVALID);
    mcapi_sclchan_recv_uint8((int)endpoint, &status);
    CHECK("mcapi_sclchan_recv_uint8 of what is not open", MCAPI_ERR_CHAN_INVALID);
    mcapi_pktchan_release(buffer, &status);
    CHECK("mcapi_pktchan_release of our own buffer", MCAPI_ERR_BUF_INVALID);
    mcapi_sclchan_send_uint8(endpoint, 1, NULL); /* nothing happens */
}

/* Messages from one endpoint to another of the same node. */
static void messages(mcapi_endpoint_t from, mcapi_endpoint_t to)
{
    char buffer[MCAPI_MAX_MSG_SIZE + 1];
    mcapi_request_t request;
    mcapi_status_t status;
    size_t size;
    int i;

    memset(buffer, 'm', sizeof(buffer));
    mcapi_msg_send(from, to, buffer, MCAPI_MAX_MSG_SIZE + 1, 0, &status);
    CHECK("mcapi_msg_send of a byte too many", MCAPI_ERR_MSG_SIZE);
    mcapi_msg_send(from, to, buffer, 1, MCAPI_MAX_PRIORITY + 1, &status);
    CHECK("mcapi_msg_send with a priority that is too high", MCAPI_ERR_PRIORITY);
    mcapi_msg_send(from, to, NULL, 1, 0, &status);
    CHECK("mcapi_msg_send without a buffer", MCAPI_ERR_PARAMETER);
    mcapi_msg_send(from, to, buffer, MCAPI_MAX_MSG_SIZE, 0, &status);
    CHECK("mcapi_msg_send of the largest message", MCAPI_SUCCESS);
    mcapi_msg_recv(to, buffer, 1, &size, &status);
    CHECK("mcapi_msg_recv into a small buffer", MCAPI_ERR_MSG_TRUNCATED);

    for (i = 0; i < MCAPI_MAX_QUEUE_ELEMENTS; i++) {
        mcapi_msg_send_i(from, to, buffer, 1, MCAPI_MAX_PRIORITY, &request, &status);
        mcapi_test(&request, &size, &status);
        CHECK("mcapi_msg_send_i", MCAPI_SUCCESS);
    }
    mcapi_msg_send_i(from, to, buffer, 1, 0, &request, &status);
    mcapi_test(&request, &size, &status);
    CHECK("mcapi_msg_send_i to a full queue", MCAPI_ERR_MEM_LIMIT);
    if (mcapi_msg_available(to, &status) != MCAPI_MAX_QUEUE_ELEMENTS)
        CHECK("mcapi_msg_available", MCAPI_STATUSCODE_END);
    for (i = 0; i < MCAPI_MAX_QUEUE_ELEMENTS; i++) {
        mcapi_msg_recv(to, buffer, sizeof(buffer), &size, &status);
        CHECK("mcapi_msg_recv", MCAPI_SUCCESS);
    }
}

/* A packet channel from one endpoint to another of the same node. */
static void packets(mcapi_endpoint_t from, mcapi_endpoint_t to)
{
    char buffer[MCAPI_MAX_PKT_SIZE + 1];
    void *received[MCA_MAX_REQUESTS];
    mcapi_request_t requests[MCA_MAX_REQUESTS], request;
    mcapi_pktchan_send_hndl_t send_handle;
    mcapi_pktchan_recv_hndl_t recv_handle;
    mcapi_status_t status;
    size_t size;
    int i;

    memset(buffer, 'p', sizeof(buffer));
    mcapi_pktchan_connect_i(from, from, &request, &status);
    CHECK("mcapi_pktchan_connect_i with itself", MCAPI_ERR_ENDP_INVALID);
    mcapi_pktchan_connect_i(from, to, &request, &status);
    CHECK("mcapi_pktchan_connect_i", MCAPI_SUCCESS);
    mcapi_pktchan_connect_i(from, to, &request, &status);
    CHECK("mcapi_pktchan_connect_i again", MCAPI_ERR_CHAN_CONNECTED);
    mcapi_pktchan_recv_open_i(&recv_handle, from, &request, &status);
    CHECK("mcapi_pktchan_recv_open_i of the sender", MCAPI_ERR_CHAN_DIRECTION);
    mcapi_sclchan_recv_open_i(&recv_handle, to, &request, &status);
    CHECK("mcapi_sclchan_recv_open_i of a packet channel", MCAPI_ERR_CHAN_TYPE);
    mcapi_pktchan_send_open_i(&send_handle, from, &request, &status);
    CHECK("mcapi_pktchan_send_open_i", MCAPI_SUCCESS);
    mcapi_pktchan_recv_open_i(&recv_handle, to, &request, &status);
    CHECK("mcapi_pktchan_recv_open_i", MCAPI_SUCCESS);
    mcapi_endpoint_delete(from, &status);
    CHECK("mcapi_endpoint_delete of an open one", MCAPI_ERR_CHAN_OPEN);

    for (i = 0; i < MCA_MAX_REQUESTS; i++) {
        mcapi_pktchan_recv_i(recv_handle, &received[i], &requests[i], &status);
        CHECK("mcapi_pktchan_recv_i", MCAPI_SUCCESS);
    }
    mcapi_pktchan_recv_i(recv_handle, &received[0], &request, &status);
    CHECK("mcapi_pktchan_recv_i of one more", MCAPI_ERR_REQUEST_LIMIT);
    for (i = 0; i < MCA_MAX_REQUESTS; i++) {
        mcapi_cancel(&requests[i], &status);
        CHECK("mcapi_cancel", MCAPI_SUCCESS);
    }

    mcapi_pktchan_send(send_handle, buffer, MCAPI_MAX_PKT_SIZE + 1, &status);
    CHECK("mcapi_pktchan_send of a byte too many", MCAPI_ERR_PKT_SIZE);
    for (i = 0; i < MCAPI_MAX_BUFFERS; i++) {
        mcapi_pktchan_send_i(send_handle, buffer, MCAPI_MAX_PKT_SIZE, &request, &status);
        mcapi_test(&request, &size, &status);
        CHECK("mcapi_pktchan_send_i", MCAPI_SUCCESS);
    }
    mcapi_pktchan_send_i(send_handle, buffer, 1, &request, &status);
    mcapi_test(&request, &size, &status);
    CHECK("mcapi_pktchan_send_i to a full channel", MCAPI_ERR_MEM_LIMIT);
    for (i = 0; i < MCAPI_MAX_BUFFERS; i++) { /* all of them in our hands */
        mcapi_pktchan_recv(recv_handle, &received[i], &size, &status);
        CHECK("mcapi_pktchan_recv", MCAPI_SUCCESS);
    }
    for (i = 0; i < MCAPI_MAX_BUFFERS; i++) {
        mcapi_pktchan_release(received[i], &status);
        CHECK("mcapi_pktchan_release", MCAPI_SUCCESS);
    }
    mcapi_pktchan_release(received[0], &status);
    CHECK("mcapi_pktchan_release again", MCAPI_ERR_BUF_INVALID);
    mcapi_pktchan_send_close_i(send_handle, &request, &status);
    mcapi_pktchan_recv_close_i(recv_handle, &request, &status);
    CHECK("mcapi_pktchan_recv_close_i", MCAPI_SUCCESS);
}

int main(void)
{
    mcapi_endpoint_t endpoints[MCAPI_MAX_ENDPOINTS];
    mcapi_status_t status;
    int i;

    init();
    create_all(endpoints);
    garbage(endpoints[0]);
    messages(endpoints[1], endpoints[2]);
    packets(endpoints[1], endpoints[2]);
    for (i = 0; i < MCAPI_MAX_ENDPOINTS; i++) {
        mcapi_endpoint_delete(endpoints[i], &status);
        CHECK("mcapi_endpoint_delete", MCAPI_SUCCESS);
    }
    mcapi_endpoint_delete(endpoints[0], &status);
    CHECK("mcapi_endpoint_delete again", MCAPI_ERR_ENDP_INVALID);
    mcapi_finalize(&status);
    CHECK("mcapi_finalize", MCAPI_SUCCESS);
    printf("%d calls had the status that they had to have\n", checks);
    return 0;
}
