/* SPDX-License-Identifier: MIT */
/*
 * dialect_reference_threads.c - a program as people wrote it for the reference implementation
 * of MCAPI 2: two threads, each a node, and a bit of everything between them.
 *
 * What is typical: headers in any order, the struct of parameters never filled, requests that
 * are asked about with mcapi_test in a busy loop and never released, the endpoint given where
 * the handle of the channel belongs, WRONG with a line number for everything that may fail.
 *
 *     cc dialect_reference_threads.c -pthread $(pkg-config --cflags --libs mcapi)
 */
#define _POSIX_C_SOURCE 200809L
#include <mca.h>
#include <mca_config.h>
#include <mcapi.h>
#include <mcapi_impl_spec.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOMAIN    1
#define NODE_A    1
#define NODE_B    2
#define PORT_MSG  10
#define PORT_PKT  11
#define PORT_SCL  12
#define NUM_ITERS 10
#define BUFF_SIZE 64

#define WRONG(call) wrong(__LINE__, call, status);

static void wrong(unsigned line, const char *call, mcapi_status_t status)
{
    char status_buff[MCAPI_MAX_STATUS_SIZE];

    fprintf(stderr, "WRONG: line=%u %s: status=%s\n", line, call,
            mcapi_display_status(status, status_buff, sizeof(status_buff)));
    exit(1);
}

/* --- What both nodes do ----------------------------------------------------------- */

static void init_node(mcapi_node_t node)
{
    mcapi_node_attributes_t node_attrs;
    mcapi_param_t parms;
    mcapi_info_t version;
    mcapi_status_t status;

    mcapi_node_init_attributes(&node_attrs, &status);
    if (status != MCAPI_SUCCESS)
        WRONG("mcapi_node_init_attributes");
    mcapi_initialize(DOMAIN, node, &node_attrs, &parms, &version, &status);
    if (status != MCAPI_SUCCESS)
        WRONG("mcapi_initialize");
    mcapi_set_debug_level(0);
}

static mcapi_endpoint_t create(mcapi_port_t port)
{
    mcapi_status_t status;
    mcapi_endpoint_t ep = mcapi_endpoint_create(port, &status);

    if (status != MCAPI_SUCCESS)
        WRONG("mcapi_endpoint_create");
    return ep;
}

/* One way to wait for a request... */
static size_t await(mcapi_request_t *request, const char *call)
{
    mcapi_status_t status;
    size_t size;

    while (!mcapi_test(request, &size, &status)) {
    }
    if (status != MCAPI_SUCCESS)
        WRONG(call);
    return size;
}

/* ...and another. */
static size_t await_success(mcapi_request_t *request)
{
    mcapi_status_t status;
    size_t size;

    while (!(mcapi_test(request, &size, &status) == MCAPI_TRUE && status == MCAPI_SUCCESS)) {
    }
    return size;
}

static mcapi_endpoint_t get(mcapi_node_t node, mcapi_port_t port)
{
    mcapi_endpoint_t ep;
    mcapi_request_t request;
    mcapi_status_t status;

    mcapi_endpoint_get_i(DOMAIN, node, port, &ep, &request, &status);
    await(&request, "mcapi_endpoint_get_i");
    return ep;
}

/* --- Node A: asks, sends packets, receives scalars -------------------------------- */

static void *run_a(void *unused)
{
    mcapi_endpoint_t msg_here, pkt_here, scl_here, there;
    mcapi_pktchan_send_hndl_t pkt_hndl;
    mcapi_sclchan_recv_hndl_t scl_hndl;
    mcapi_request_t request;
    mcapi_status_t status;
    char send_buf[BUFF_SIZE], recv_buf[BUFF_SIZE];
    size_t size;
    int i;

    init_node(NODE_A);
    msg_here = create(PORT_MSG);
    pkt_here = create(PORT_PKT);
    scl_here = create(PORT_SCL);

    there = get(NODE_B, PORT_MSG);
    for (i = 0; i < NUM_ITERS; i++) {
        sprintf(send_buf, "question %d", i);
        mcapi_msg_send_i(msg_here, there, send_buf, strlen(send_buf) + 1, 1, &request, &status);
        await(&request, "mcapi_msg_send_i");
        mcapi_msg_recv_i(msg_here, recv_buf, sizeof(recv_buf), &request, &status);
        size = await(&request, "mcapi_msg_recv_i");
        sprintf(send_buf, "answer %d", i);
        if (size != strlen(send_buf) + 1 || strcmp(recv_buf, send_buf) != 0)
            WRONG("the answer");
    }

    there = get(NODE_B, PORT_PKT);
    mcapi_pktchan_connect_i(pkt_here, there, &request, &status);
    await(&request, "mcapi_pktchan_connect_i");
    mcapi_pktchan_send_open_i(&pkt_hndl, pkt_here, &request, &status);
    await(&request, "mcapi_pktchan_send_open_i");
    for (i = 0; i < NUM_ITERS; i++) {
        mcapi_pktchan_send_i(pkt_here, &i, sizeof(i), &request, &status);
        await(&request, "mcapi_pktchan_send_i");
    }

    there = get(NODE_B, PORT_SCL);
    mcapi_sclchan_connect_i(there, scl_here, &request, &status);
    await(&request, "mcapi_sclchan_connect_i");
    mcapi_sclchan_recv_open_i(&scl_hndl, scl_here, &request, &status);
    await(&request, "mcapi_sclchan_recv_open_i");
    for (i = 0; i < NUM_ITERS; i++) {
        if (mcapi_sclchan_recv_uint8(scl_here, &status) != 0xa1
            || mcapi_sclchan_recv_uint16(scl_here, &status) != 0xa1a2
            || mcapi_sclchan_recv_uint32(scl_here, &status) != 0xa1a2a3a4u
            || mcapi_sclchan_recv_uint64(scl_here, &status) != 0xa1a2a3a4a5a6a7a8ull)
            WRONG("mcapi_sclchan_recv_uint");
    }
    mcapi_pktchan_send_close_i(pkt_hndl, &request, &status);
    await_success(&request);
    mcapi_sclchan_recv_close_i(scl_hndl, &request, &status);
    await_success(&request);
    mcapi_endpoint_delete(msg_here, &status);
    mcapi_endpoint_delete(pkt_here, &status);
    mcapi_endpoint_delete(scl_here, &status);
    if (status != MCAPI_SUCCESS)
        WRONG("mcapi_endpoint_delete");
    mcapi_finalize(&status);
    return unused;
}

/* --- Node B: answers, receives packets, sends scalars ----------------------------- */

static void *run_b(void *unused)
{
    mcapi_endpoint_t msg_here, pkt_here, scl_here, there;
    mcapi_pktchan_recv_hndl_t pkt_hndl;
    mcapi_sclchan_send_hndl_t scl_hndl;
    mcapi_request_t request, pkt_request, scl_request;
    mcapi_status_t status;
    char buf[BUFF_SIZE];
    void *packet;
    size_t size;
    int i, number;

    init_node(NODE_B);
    msg_here = create(PORT_MSG);
    pkt_here = create(PORT_PKT);
    scl_here = create(PORT_SCL);

    there = get(NODE_A, PORT_MSG);
    for (i = 0; i < NUM_ITERS; i++) {
        mcapi_msg_recv(msg_here, buf, sizeof(buf), &size, &status);
        if (status != MCAPI_SUCCESS || sscanf(buf, "question %d", &number) != 1 || number != i)
            WRONG("mcapi_msg_recv");
        sprintf(buf, "answer %d", number);
        mcapi_msg_send(msg_here, there, buf, strlen(buf) + 1, 1, &status);
        if (status != MCAPI_SUCCESS)
            WRONG("mcapi_msg_send");
    }

    mcapi_pktchan_recv_open_i(&pkt_hndl, pkt_here, &pkt_request, &status);
    mcapi_sclchan_send_open_i(&scl_hndl, scl_here, &scl_request, &status);
    await_success(&pkt_request);
    for (i = 0; i < NUM_ITERS; i++) {
        mcapi_pktchan_recv_i(pkt_here, &packet, &request, &status);
        if (await(&request, "mcapi_pktchan_recv_i") != sizeof(i) || *(int *)packet != i)
            WRONG("the packet");
        mcapi_pktchan_release(packet, &status);
        if (status != MCAPI_SUCCESS)
            WRONG("mcapi_pktchan_release");
    }

    await_success(&scl_request);
    for (i = 0; i < NUM_ITERS; i++) {
        mcapi_sclchan_send_uint8(scl_here, 0xa1, &status);
        mcapi_sclchan_send_uint16(scl_here, 0xa1a2, &status);
        mcapi_sclchan_send_uint32(scl_here, 0xa1a2a3a4u, &status);
        mcapi_sclchan_send_uint64(scl_here, 0xa1a2a3a4a5a6a7a8ull, &status);
        if (status != MCAPI_SUCCESS)
            WRONG("mcapi_sclchan_send_uint64");
    }

    mcapi_pktchan_recv_close_i(pkt_hndl, &request, &status);
    await_success(&request);
    mcapi_sclchan_send_close_i(scl_hndl, &request, &status);
    await_success(&request);
    mcapi_endpoint_delete(msg_here, &status);
    mcapi_endpoint_delete(pkt_here, &status);
    mcapi_endpoint_delete(scl_here, &status);
    if (status != MCAPI_SUCCESS)
        WRONG("mcapi_endpoint_delete");
    mcapi_finalize(&status);
    return unused;
}

int main(void)
{
    pthread_t a, b;

    if (pthread_create(&a, NULL, run_a, NULL) != 0
        || pthread_create(&b, NULL, run_b, NULL) != 0) {
        perror("pthread_create");
        return 1;
    }
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    printf("%d messages each way, %d packets and %d scalars\n", NUM_ITERS, NUM_ITERS,
           4 * NUM_ITERS);
    return 0;
}
