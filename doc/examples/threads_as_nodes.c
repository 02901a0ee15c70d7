/* SPDX-License-Identifier: MIT */
/*
 * threads_as_nodes.c - one process, four threads, each a node: a number goes round in a ring.
 *
 * Every thread that calls mcapi_initialize is a node of its own. Here each sends to the next
 * over a scalar channel and adds one to what passes through.
 *
 *     cc threads_as_nodes.c -pthread $(pkg-config --cflags --libs mcapi)
 */
#define _POSIX_C_SOURCE 200809L
#include "example.h"

#include <pthread.h>

enum { DOMAIN = 0, NODES = 4, PORT = 1, ROUNDS = 1000 };

static void *pass_on(void *argument)
{
    mcapi_node_t node = *(mcapi_node_t *)argument;
    mcapi_node_t next = (node + 1) % NODES;
    mcapi_endpoint_t here, from, to;
    mcapi_sclchan_recv_hndl_t in;
    mcapi_sclchan_send_hndl_t out;
    mcapi_request_t connected, opened[2];
    mcapi_uint32_t number = 0;
    mcapi_status_t status;
    mcapi_info_t info;

    TRY(mcapi_initialize(DOMAIN, node, NULL, NULL, &info, &status));
    TRY(here = mcapi_endpoint_create(PORT, &status));
    TRY(mcapi_sclchan_recv_open_i(&in, here, &opened[0], &status));
    TRY(from = mcapi_endpoint_create(MCAPI_PORT_ANY, &status));
    TRY(to = mcapi_endpoint_get(DOMAIN, next, PORT, PATIENCE, &status));
    TRY(mcapi_sclchan_connect_i(from, to, &connected, &status));
    finish(connected);
    TRY(mcapi_sclchan_send_open_i(&out, from, &opened[1], &status));
    finish(opened[0]);
    finish(opened[1]);

    for (int round = 0; round < ROUNDS; round++) {
        if (node != 0 || round > 0) /* node 0 begins */
            TRY(number = mcapi_sclchan_recv_uint32(in, &status));
        TRY(mcapi_sclchan_send_uint32(out, number + 1, &status));
    }
    if (node == 0) {
        TRY(number = mcapi_sclchan_recv_uint32(in, &status));
        printf("%d rounds through %d nodes: %u\n", ROUNDS, NODES, number);
    }
    TRY(mcapi_finalize(&status)); /* what was sent can still be received */
    return NULL;
}

int main(void)
{
    mcapi_node_t node[NODES];
    pthread_t thread[NODES];

    for (mcapi_node_t i = 0; i < NODES; i++) {
        node[i] = i;
        if (pthread_create(&thread[i], NULL, pass_on, &node[i]) != 0) {
            perror("pthread_create");
            return 1;
        }
    }
    for (int i = 0; i < NODES; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
