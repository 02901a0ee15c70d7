/* SPDX-License-Identifier: MIT */
/*
 * dialect_suite.c - in the style of the test programs that come with implementations of MCAPI
 * 2: a handful of tests between threads that are nodes, which stops at the first failure.
 *
 * Ping-pong with messages of every priority, scalars of every width, and many nodes that join,
 * talk to each other and leave, all at the same moment.
 *
 *     cc dialect_suite.c -pthread $(pkg-config --cflags --libs mcapi)
 */
#define _POSIX_C_SOURCE 200809L
#include <mcapi.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOMAIN     3
#define NODES      24
#define ROUNDS     5
#define ITERATIONS 20
#define TIMEOUT    10000

enum { TEST_MSG = 1, TEST_SCL, TEST_ALL }; /* ports */

#define REQUIRE(what, condition)                                                  \
    do {                                                                          \
        if (!(condition)) {                                                       \
            char text[MCAPI_MAX_STATUS_SIZE];                                     \
            mcapi_display_status(status, text, sizeof(text));                     \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, (what), text); \
            exit(EXIT_FAILURE);                                                   \
        }                                                                         \
    } while (0)
#define REQUIRE_SUCCESS(what) REQUIRE(what, status == MCAPI_SUCCESS)

static pthread_barrier_t all_together;

static void join(mcapi_node_t node)
{
    mcapi_info_t info;
    mcapi_status_t status;

    mcapi_initialize(DOMAIN, node, NULL, NULL, &info, &status);
    REQUIRE_SUCCESS("mcapi_initialize");
    REQUIRE("mcapi_node_id_get", mcapi_node_id_get(&status) == node);
    REQUIRE("mcapi_domain_id_get", mcapi_domain_id_get(&status) == DOMAIN);
}

static void leave(void)
{
    mcapi_status_t status;

    mcapi_finalize(&status);
    REQUIRE_SUCCESS("mcapi_finalize");
}

static mcapi_endpoint_t create(mcapi_port_t port)
{
    mcapi_status_t status;
    mcapi_endpoint_t endpoint = mcapi_endpoint_create(port, &status);

    REQUIRE_SUCCESS("mcapi_endpoint_create");
    return endpoint;
}

static mcapi_endpoint_t get(mcapi_node_t node, mcapi_port_t port)
{
    mcapi_status_t status;
    mcapi_endpoint_t endpoint = mcapi_endpoint_get(DOMAIN, node, port, TIMEOUT, &status);

    REQUIRE_SUCCESS("mcapi_endpoint_get");
    return endpoint;
}

/* --- Test 1: messages and their priorities ---------------------------------------- */

/* Sends one of each priority, the least urgent first, before it lets the other one look. */
static void *ping(void *unused)
{
    mcapi_endpoint_t here, there;
    mcapi_status_t status;
    mcapi_priority_t priority;
    size_t size;
    int i, answer;

    join(1);
    here = create(TEST_MSG);
    there = get(2, TEST_MSG);
    for (i = 0; i < ITERATIONS; i++) {
        for (priority = MCAPI_MAX_PRIORITY + 1; priority-- > 0;) {
            mcapi_msg_send(here, there, &priority, sizeof(priority), priority, &status);
            REQUIRE_SUCCESS("mcapi_msg_send");
        }
        pthread_barrier_wait(&all_together);
        mcapi_msg_recv(here, &answer, sizeof(answer), &size, &status);
        REQUIRE("mcapi_msg_recv", status == MCAPI_SUCCESS && answer == i);
    }
    leave();
    return unused;
}

static void *pong(void *unused)
{
    mcapi_endpoint_t here, there;
    mcapi_request_t request;
    mcapi_status_t status;
    mcapi_priority_t priority, received;
    size_t size;
    int i;

    join(2);
    here = create(TEST_MSG);
    there = get(1, TEST_MSG);
    for (i = 0; i < ITERATIONS; i++) {
        pthread_barrier_wait(&all_together);
        REQUIRE("mcapi_msg_available",
                mcapi_msg_available(here, &status) == MCAPI_MAX_PRIORITY + 1);
        for (priority = 0; priority <= MCAPI_MAX_PRIORITY; priority++) {
            mcapi_msg_recv_i(here, &received, sizeof(received), &request, &status);
            REQUIRE_SUCCESS("mcapi_msg_recv_i");
            REQUIRE("mcapi_wait", mcapi_wait(&request, &size, TIMEOUT, &status));
            REQUIRE_SUCCESS("mcapi_wait");
            REQUIRE("the most urgent message comes first", received == priority);
        }
        mcapi_msg_send(here, there, &i, sizeof(i), 0, &status);
        REQUIRE_SUCCESS("mcapi_msg_send");
    }
    leave();
    return unused;
}

/* --- Test 2: scalars and their widths --------------------------------------------- */

static void *send_scalars(void *unused)
{
    mcapi_endpoint_t here;
    mcapi_sclchan_send_hndl_t handle;
    mcapi_request_t requests[2], *both[2];
    mcapi_status_t status;
    mcapi_uint64_t i;
    size_t size;

    join(1);
    here = create(TEST_SCL);
    mcapi_sclchan_connect_i(here, get(2, TEST_SCL), &requests[0], &status);
    REQUIRE_SUCCESS("mcapi_sclchan_connect_i");
    mcapi_sclchan_send_open_i(&handle, here, &requests[1], &status);
    REQUIRE_SUCCESS("mcapi_sclchan_send_open_i");
    both[0] = &requests[0];
    both[1] = &requests[1];
    i = mcapi_wait_any(2, both, &size, TIMEOUT, &status);
    REQUIRE_SUCCESS("mcapi_wait_any");
    mcapi_wait(both[1 - i], &size, TIMEOUT, &status);
    REQUIRE_SUCCESS("mcapi_wait");
    for (i = 0; i < ITERATIONS; i++) {
        mcapi_sclchan_send_uint8(handle, (mcapi_uint8_t)i, &status);
        REQUIRE_SUCCESS("mcapi_sclchan_send_uint8");
        mcapi_sclchan_send_uint16(handle, (mcapi_uint16_t)(i << 8), &status);
        REQUIRE_SUCCESS("mcapi_sclchan_send_uint16");
        mcapi_sclchan_send_uint32(handle, (mcapi_uint32_t)(i << 24), &status);
        REQUIRE_SUCCESS("mcapi_sclchan_send_uint32");
        mcapi_sclchan_send_uint64(handle, i << 56, &status);
        REQUIRE_SUCCESS("mcapi_sclchan_send_uint64");
    }
    leave();
    return unused;
}

static void *receive_scalars(void *unused)
{
    mcapi_sclchan_recv_hndl_t handle;
    mcapi_request_t request;
    mcapi_status_t status;
    mcapi_uint64_t i;

    join(2);
    mcapi_sclchan_recv_open_i(&handle, create(TEST_SCL), &request, &status);
    REQUIRE_SUCCESS("mcapi_sclchan_recv_open_i");
    for (i = 0; i < ITERATIONS; i++) {
        REQUIRE("8 bits", mcapi_sclchan_recv_uint8(handle, &status) == i);
        REQUIRE("16 bits", mcapi_sclchan_recv_uint16(handle, &status) == i << 8);
        REQUIRE("32 bits", mcapi_sclchan_recv_uint32(handle, &status) == i << 24);
        REQUIRE("64 bits", mcapi_sclchan_recv_uint64(handle, &status) == i << 56);
    }
    leave();
    return unused;
}

/* --- Test 3: many nodes at once --------------------------------------------------- */

/* Joins and leaves some times; while it is there, sends its number to each of the others and
 * hears from each of them. */
static void *one_of_many(void *number)
{
    mcapi_node_t own = *(mcapi_node_t *)number;
    mcapi_status_t status;
    int round;

    for (round = 0; round < ROUNDS; round++) {
        unsigned int heard[NODES] = { 0 };
        mcapi_endpoint_t here;
        mcapi_node_t node, from;
        size_t size;

        pthread_barrier_wait(&all_together);
        join(own);
        here = create(TEST_ALL);
        for (node = 0; node < NODES; node++) {
            mcapi_msg_send(here, get(node, TEST_ALL), &own, sizeof(own), 0, &status);
            REQUIRE_SUCCESS("mcapi_msg_send");
        }
        for (node = 0; node < NODES; node++) {
            mcapi_msg_recv(here, &from, sizeof(from), &size, &status);
            REQUIRE_SUCCESS("mcapi_msg_recv");
            REQUIRE("one message from each", from < NODES && heard[from]++ == 0);
        }
        pthread_barrier_wait(&all_together); /* or others would not find us any more */
        leave();
    }
    return number;
}

/* --- Running ---------------------------------------------------------------------- */

static void run(int count, void *(*const functions[])(void *))
{
    static mcapi_node_t numbers[NODES];
    pthread_t threads[NODES];
    mcapi_node_t i;

    if (pthread_barrier_init(&all_together, NULL, (unsigned int)count) != 0)
        exit(EXIT_FAILURE);
    for (i = 0; i < (mcapi_node_t)count; i++) {
        numbers[i] = i;
        if (pthread_create(&threads[i], NULL, functions[count == 2 ? i : 0], &numbers[i]) != 0)
            exit(EXIT_FAILURE);
    }
    for (i = 0; i < (mcapi_node_t)count; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&all_together);
}

int main(void)
{
    static void *(*const ping_pong[])(void *) = { ping, pong };
    static void *(*const scalars[])(void *) = { send_scalars, receive_scalars };
    static void *(*const many[])(void *) = { one_of_many };

    run(2, ping_pong);
    run(2, scalars);
    run(NODES, many);
    printf("3 tests passed, the last with %d nodes that joined %d times\n", NODES, ROUNDS);
    return EXIT_SUCCESS;
}
