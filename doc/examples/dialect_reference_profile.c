/* SPDX-License-Identifier: MIT */
/*
 * dialect_reference_profile.c - a program that leans on what the reference implementation 2.0.3
 * does differently, and therefore needs MCAPI_COMPAT=reference in its environment.
 *
 *     cc dialect_reference_profile.c -pthread $(pkg-config --cflags --libs mcapi)
 *     MCAPI_COMPAT=reference ./a.out
 *
 * The writer (node 1) fills a queue until a blocking send says that it is full, takes an open
 * for done although nobody reads yet, and treats every status but MCAPI_SUCCESS as the end,
 * that of an unfinished mcapi_test included. Only when it has closed its end, the reader (node
 * 2) opens the other. Without the profile the first of these things ends the program with 1.
 */
#define _POSIX_C_SOURCE 200809L
#include <mcapi.h>
#include <mcapi_impl_spec.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define DOMAIN   1
#define WRITER   1
#define READER   2
#define PORT_PKT 1
#define PORT_SCL 2
#define PORT_MSG 3

/* Whose turn it is: the nodes share a process, and talk past the library too. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int step;

static void wait_for_step(int wanted)
{
    pthread_mutex_lock(&lock);
    while (step < wanted)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void next_step(void)
{
    pthread_mutex_lock(&lock);
    step++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void check(const char *call, mcapi_status_t status, mcapi_status_t expected)
{
    char got[MCAPI_MAX_STATUS_SIZE];

    if (status == expected)
        return;
    fprintf(stderr, "%s: %s\n", call, mcapi_display_status(status, got, sizeof(got)));
    exit(1);
}

static void init_node(mcapi_node_t node)
{
    mcapi_param_t parms;
    mcapi_info_t version;
    mcapi_status_t status;

    mcapi_initialize(DOMAIN, node, NULL, &parms, &version, &status);
    check("mcapi_initialize", status, MCAPI_SUCCESS);
}

static mcapi_endpoint_t create(mcapi_port_t port)
{
    mcapi_status_t status;
    mcapi_endpoint_t endpoint = mcapi_endpoint_create(port, &status);

    check("mcapi_endpoint_create", status, MCAPI_SUCCESS);
    return endpoint;
}

static mcapi_endpoint_t get(mcapi_port_t port)
{
    mcapi_status_t status;
    mcapi_endpoint_t endpoint =
            mcapi_endpoint_get(DOMAIN, READER, port, MCAPI_INFINITE, &status);

    check("mcapi_endpoint_get", status, MCAPI_SUCCESS);
    return endpoint;
}

/* Everything but success is the end, unfinished or not. */
static void await(const char *call, mcapi_request_t *request)
{
    mcapi_status_t status;
    mcapi_boolean_t done;
    size_t size;

    do {
        done = mcapi_test(request, &size, &status);
        check(call, status, MCAPI_SUCCESS);
    } while (!done);
}

/* --- The writer ------------------------------------------------------------------- */

static void *run_writer(void *unused)
{
    mcapi_endpoint_t msg_endp, pkt_endp, scl_endp, there;
    mcapi_pktchan_send_hndl_t pkt_hndl;
    mcapi_sclchan_send_hndl_t scl_hndl;
    mcapi_request_t request;
    mcapi_status_t status;
    size_t size;
    int sent;

    init_node(WRITER);
    msg_endp = create(PORT_MSG);
    pkt_endp = create(PORT_PKT);
    scl_endp = create(PORT_SCL);

    /* The opens complete, though the reader has not opened its ends; so do the closes. */
    there = get(PORT_PKT);
    mcapi_pktchan_connect_i(pkt_endp, there, &request, &status);
    await("mcapi_pktchan_connect_i", &request);
    mcapi_pktchan_send_open_i(&pkt_hndl, pkt_endp, &request, &status);
    await("mcapi_pktchan_send_open_i", &request);
    for (sent = 0, status = MCAPI_SUCCESS; status == MCAPI_SUCCESS; sent++)
        mcapi_pktchan_send(pkt_hndl, &sent, sizeof(sent), &status);
    check("mcapi_pktchan_send to a full channel", status, MCAPI_ERR_MEM_LIMIT);
    mcapi_pktchan_send_i(pkt_hndl, &sent, sizeof(sent), &request, &status);
    check("mcapi_pktchan_send_i to a full channel", status, MCAPI_SUCCESS);
    mcapi_test(&request, &size, &status);
    check("mcapi_test of that", status, MCAPI_ERR_MEM_LIMIT);
    mcapi_pktchan_send_close_i(pkt_hndl, &request, &status);
    await("mcapi_pktchan_send_close_i", &request);

    there = get(PORT_SCL);
    mcapi_sclchan_connect_i(scl_endp, there, &request, &status);
    await("mcapi_sclchan_connect_i", &request);
    mcapi_sclchan_send_open_i(&scl_hndl, scl_endp, &request, &status);
    await("mcapi_sclchan_send_open_i", &request);
    mcapi_sclchan_send_uint16(scl_hndl, 16, &status);
    check("mcapi_sclchan_send_uint16", status, MCAPI_SUCCESS);
    mcapi_sclchan_send_uint32(scl_hndl, 32, &status);
    check("mcapi_sclchan_send_uint32", status, MCAPI_SUCCESS);

    there = get(PORT_MSG);
    for (sent = 0, status = MCAPI_SUCCESS; status == MCAPI_SUCCESS; sent++)
        mcapi_msg_send(msg_endp, there, &sent, sizeof(sent), 0, &status);
    check("mcapi_msg_send to a full queue", status, MCAPI_ERR_MEM_LIMIT);

    next_step(); /* the reader's turn */
    wait_for_step(2);
    mcapi_sclchan_send_close_i(scl_hndl, &request, &status);
    await("mcapi_sclchan_send_close_i", &request);
    mcapi_finalize(&status);
    check("mcapi_finalize", status, MCAPI_SUCCESS);
    return unused;
}

/* --- The reader ------------------------------------------------------------------- */

static void *run_reader(void *unused)
{
    mcapi_endpoint_t msg_endp, pkt_endp, scl_endp;
    mcapi_pktchan_recv_hndl_t pkt_hndl;
    mcapi_sclchan_recv_hndl_t scl_hndl;
    mcapi_request_t request;
    mcapi_status_t status;
    void *packet;
    size_t size;
    int i, received;

    init_node(READER);
    msg_endp = create(PORT_MSG);
    pkt_endp = create(PORT_PKT);
    scl_endp = create(PORT_SCL);
    wait_for_step(1);

    for (i = 0; i < MCAPI_MAX_QUEUE_ELEMENTS; i++) {
        mcapi_msg_recv(msg_endp, &received, sizeof(received), &size, &status);
        check("mcapi_msg_recv", status, MCAPI_SUCCESS);
        if (received != i) {
            fprintf(stderr, "message %d came when %d was due\n", received, i);
            exit(1);
        }
    }
    mcapi_msg_recv_i(msg_endp, &received, sizeof(received), &request, &status);
    if (mcapi_test(&request, &size, &status))
        check("mcapi_msg_recv_i from an empty queue", status, MCAPI_STATUSCODE_END);
    check("mcapi_test of a receive without a message", status, MCAPI_SUCCESS);
    mcapi_cancel(&request, &status);
    check("mcapi_cancel", status, MCAPI_SUCCESS);

    mcapi_pktchan_recv_open_i(&pkt_hndl, pkt_endp, &request, &status);
    await("mcapi_pktchan_recv_open_i", &request);
    for (i = 0; i < MCAPI_MAX_BUFFERS; i++) {
        mcapi_pktchan_recv(pkt_hndl, &packet, &size, &status);
        check("mcapi_pktchan_recv", status, MCAPI_SUCCESS);
        mcapi_pktchan_release(packet, &status);
        check("mcapi_pktchan_release", status, MCAPI_SUCCESS);
    }
    mcapi_pktchan_recv_close_i(pkt_hndl, &request, &status);
    await("mcapi_pktchan_recv_close_i", &request);

    mcapi_sclchan_recv_open_i(&scl_hndl, scl_endp, &request, &status);
    await("mcapi_sclchan_recv_open_i", &request);
    mcapi_sclchan_recv_uint8(scl_hndl, &status);
    check("mcapi_sclchan_recv_uint8 of 16 bits", status, MCAPI_ERR_SCL_SIZE);
    if (mcapi_sclchan_recv_uint32(scl_hndl, &status) != 32) /* the 16 bits are gone */
        check("mcapi_sclchan_recv_uint32", status, MCAPI_STATUSCODE_END);
    mcapi_sclchan_recv_close_i(scl_hndl, &request, &status);
    await("mcapi_sclchan_recv_close_i", &request);
    next_step();
    mcapi_finalize(&status);
    check("mcapi_finalize", status, MCAPI_SUCCESS);
    return unused;
}

int main(void)
{
    pthread_t writer, reader;

    if (pthread_create(&writer, NULL, run_writer, NULL) != 0
        || pthread_create(&reader, NULL, run_reader, NULL) != 0) {
        perror("pthread_create");
        return 1;
    }
    pthread_join(writer, NULL);
    pthread_join(reader, NULL);
    printf("full queues, early opens and a lost scalar, as in the reference implementation\n");
    return 0;
}
