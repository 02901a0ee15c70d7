/* SPDX-License-Identifier: MIT */
/*
 * check_spellings_limits.c - section 10: limits as programs use them, what is printed, threads
 * that are nodes, and mcapi_finalize in a signal handler.
 */
#include "harness.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static mcapi_endpoint_t anonymous(void)
{
    mcapi_endpoint_t endpoint;

    expect(MCAPI_SUCCESS, endpoint = mcapi_create_anonymous_endpoint(&status));
    return endpoint;
}

/* --- Sizes and depths ------------------------------------------------------------- */

static void the_largest_message_is_as_large_as_its_limit(void)
{
    char out[MCAPI_MAX_MSG_SIZE], in[MCAPI_MAX_MESSAGE_SIZE];
    mcapi_endpoint_t from, to;
    size_t size = 0;

    nodes_begin(0);
    from = anonymous();
    to = anonymous();
    for (size_t i = 0; i < sizeof out; i++)
        out[i] = (char)(i % 251);
    expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, out, MCAPI_MAX_MSG_SIZE, 0, &status));
    expect(MCAPI_ERR_MSG_LIMIT,
           mcapi_msg_send(from, to, out, MCAPI_MAX_MSG_SIZE + 1, 0, &status));
    expect(MCAPI_SUCCESS, mcapi_msg_recv(to, in, sizeof in, &size, &status));
    expect_equal(MCAPI_MAX_MSG_SIZE, size);
    expect_true(memcmp(in, out, sizeof out) == 0);
    nodes_end();
}

static void the_largest_packet_is_as_large_as_its_limit(void)
{
    char out[MCAPI_MAX_PKT_SIZE];
    struct channel channel;
    void *packet = NULL;
    size_t size = 0;

    nodes_begin(0);
    expect_equal(MCAPI_MAX_PKT_SIZE, MCAPI_MAX_PACKET_SIZE);
    channel = packets_open(NULL, NULL);
    for (size_t i = 0; i < sizeof out; i++)
        out[i] = (char)(i % 251);
    expect(MCAPI_SUCCESS, mcapi_pktchan_send(channel.send, out, MCAPI_MAX_PKT_SIZE, &status));
    expect(MCAPI_ERR_PKT_LIMIT,
           mcapi_pktchan_send(channel.send, out, MCAPI_MAX_PKT_SIZE + 1, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv(channel.recv, &packet, &size, &status));
    expect_equal(MCAPI_MAX_PKT_SIZE, size);
    expect_true(memcmp(packet, out, sizeof out) == 0);
    nodes_end();
}

static void a_queue_holds_as_many_messages_as_its_limit(void)
{
    mcapi_endpoint_t from, to;
    mcapi_request_t request;

    nodes_begin(0);
    expect_equal(MCAPI_MAX_QUEUE_ELEMENTS, MAX_QUEUE_ELEMENTS);
    from = anonymous();
    to = anonymous();
    for (int i = 0; i < MCAPI_MAX_QUEUE_ELEMENTS; i++)
        expect(MCAPI_SUCCESS, mcapi_msg_send_i(from, to, "x", 1, 0, &request, &status));
    expect(MCAPI_ERR_MEM_LIMIT, mcapi_msg_send_i(from, to, "x", 1, 0, &request, &status));
    expect(MCAPI_SUCCESS,
           expect_equal(MCAPI_MAX_QUEUE_ELEMENTS, mcapi_msg_available(to, &status)));
    nodes_end();
}

/* Queued first, then held, then both. */
static void a_channel_has_as_many_buffers_as_its_limit(void)
{
    void *packet[MCAPI_MAX_BUFFERS];
    struct channel channel;
    mcapi_request_t request;
    size_t size;

    nodes_begin(0);
    channel = packets_open(NULL, NULL);
    for (int i = 0; i < MCAPI_MAX_BUFFERS; i++)
        expect(MCAPI_SUCCESS, mcapi_pktchan_send_i(channel.send, &i, 4, &request, &status));
    expect(MCAPI_ERR_MEM_LIMIT, mcapi_pktchan_send_i(channel.send, "x", 1, &request, &status));
    for (int i = 0; i < MCAPI_MAX_BUFFERS; i++)
        expect(MCAPI_SUCCESS, mcapi_pktchan_recv(channel.recv, &packet[i], &size, &status));
    expect(MCAPI_ERR_MEM_LIMIT, mcapi_pktchan_send_i(channel.send, "x", 1, &request, &status));
    for (int i = 0; i < MCAPI_MAX_BUFFERS; i++)
        expect_true(memcmp(packet[i], &i, 4) == 0);
    for (int i = 0; i < MCAPI_MAX_BUFFERS; i++)
        expect(MCAPI_SUCCESS, mcapi_pktchan_release(packet[i], &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_send_i(channel.send, "x", 1, &request, &status));
    nodes_end();
}

static void a_node_has_as_many_endpoints_as_its_limit(void)
{
    mcapi_endpoint_t endpoint[MCAPI_MAX_ENDPOINTS];

    nodes_begin(0);
    for (mcapi_port_t port = 0; port < MCAPI_MAX_ENDPOINTS; port++)
        expect(MCAPI_SUCCESS, endpoint[port] = mcapi_endpoint_create(port, &status));
    expect(MCAPI_ERR_ENDP_LIMIT,
           expect_equal(0, mcapi_endpoint_create(MCAPI_MAX_ENDPOINTS, &status)));
    expect(MCAPI_ERR_ENDP_LIMIT, mcapi_create_anonymous_endpoint(&status));
    expect(MCAPI_TIMEOUT, mcapi_endpoint_get(DOMAIN, OWN_NODE, MCAPI_MAX_ENDPOINTS,
                                             MCAPI_TIMEOUT_IMMEDIATE, &status));
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(endpoint[5], &status));
    expect(MCAPI_SUCCESS, mcapi_endpoint_create(MCAPI_MAX_ENDPOINTS, &status));
    nodes_end();
}

static void limits_are_lengths_of_arrays(void)
{
    static mcapi_request_t requests[MCA_MAX_REQUESTS];
    static char text[MCAPI_MAX_STATUS_SIZE];
    static char message[MCAPI_MAX_MSG_SIZE + 1], packet[MCAPI_MAX_PKT_SIZE + 1];
    static mcapi_endpoint_t endpoints[MCAPI_MAX_ENDPOINTS];
    static char priorities[MCAPI_MAX_PRIORITY + 1], queue[MCAPI_MAX_QUEUE_ELEMENTS];
    mcapi_endpoint_t found;

    nodes_begin(0);
    expect_true(sizeof message > 1 && sizeof packet > 1 && sizeof endpoints > 0);
    expect_true(sizeof priorities > 0 && sizeof queue > 0);
    expect_true(mcapi_display_status(MCAPI_ERR_NODE_INITIALIZED, text, sizeof text) == text);
    expect_true(strcmp(text, "MCAPI_ERR_NODE_INITIALIZED") == 0);
    for (size_t i = 0; i < MCA_MAX_REQUESTS; i++)
        expect(MCAPI_SUCCESS,
               mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 7, &found, &requests[i], &status));
    nodes_end();
}

/* --- Numbers ---------------------------------------------------------------------- */

static void the_largest_numbers_are_legal_and_the_next_are_not(void)
{
    mcapi_endpoint_t endpoint;
    mcapi_info_t info;

    nodes_begin_bare(0);
    expect(MCAPI_ERR_DOMAIN_INVALID,
           mcapi_initialize(MCAPI_MAX_DOMAIN + 1, 0, NULL, NULL, &info, &status));
    expect(MCAPI_ERR_NODE_INVALID,
           mcapi_initialize(0, MCAPI_MAX_NODE + 1, NULL, NULL, &info, &status));
    expect(MCAPI_SUCCESS,
           mcapi_initialize(MCAPI_MAX_DOMAIN, MCAPI_MAX_NODE, NULL, NULL, &info, &status));
    expect(MCAPI_SUCCESS, endpoint = mcapi_endpoint_create(MCAPI_MAX_PORT, &status));
    expect(MCAPI_ERR_PORT_INVALID, mcapi_endpoint_create(MCAPI_MAX_PORT + 1, &status));
    expect(MCAPI_SUCCESS,
           expect_equal(endpoint, mcapi_endpoint_get(MCAPI_MAX_DOMAIN, MCAPI_MAX_NODE,
                                                     MCAPI_MAX_PORT, 0, &status)));
    nodes_end();
}

static void the_smallest_ports_can_be_used(void)
{
    nodes_begin(0);
    expect_true(MCAPI_MIN_PORT <= MCAPI_MAX_PORT);
    expect(MCAPI_SUCCESS, mcapi_endpoint_create(0, &status));
    if (MCAPI_MIN_PORT + MCAPI_NUM_RESERVED_PORTS > 0)
        expect(MCAPI_SUCCESS,
               mcapi_endpoint_create(MCAPI_MIN_PORT + MCAPI_NUM_RESERVED_PORTS, &status));
    else
        expect(MCAPI_ERR_ENDP_EXISTS,
               mcapi_endpoint_create(MCAPI_MIN_PORT + MCAPI_NUM_RESERVED_PORTS, &status));
    nodes_end();
}

static void the_largest_priority_is_legal_and_the_next_is_not(void)
{
    mcapi_endpoint_t from, to;
    mcapi_request_t request;

    nodes_begin(0);
    from = anonymous();
    to = anonymous();
    expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, "x", 1, MCAPI_MAX_PRIORITY, &status));
    expect(MCAPI_ERR_PRIORITY,
           mcapi_msg_send(from, to, "x", 1, MCAPI_MAX_PRIORITY + 1, &status));
    expect(MCAPI_ERR_PRIORITY,
           mcapi_msg_send_i(from, to, "x", 1, MCAPI_MAX_PRIORITY + 1, &request, &status));
    nodes_end();
}

#define ATTRIBUTE(number, type)                                                                \
    do {                                                                                       \
        type value;                                                                            \
        expect(MCAPI_SUCCESS,                                                                  \
               mcapi_endpoint_get_attribute(endpoint, number, &value, sizeof value, &status)); \
    } while (0)

static void every_attribute_has_a_type(void)
{
    mcapi_node_attr_type_t node_type = 99;
    mcapi_endpoint_t endpoint;

    nodes_begin(0);
    endpoint = anonymous();
    expect(MCAPI_SUCCESS, mcapi_node_get_attribute(DOMAIN, OWN_NODE, MCAPI_NODE_ATTR_TYPE,
                                                   &node_type, sizeof node_type, &status));
    expect_equal(MCAPI_NODE_ATTR_TYPE_REGULAR, node_type);
    ATTRIBUTE(MCAPI_ENDP_ATTR_TYPE, mcapi_endp_attr_type_t);
    ATTRIBUTE(MCAPI_ENDP_ATTR_GET_COUNT, mcapi_endp_attr_get_count_t);
    ATTRIBUTE(MCAPI_ENDP_ATTR_GET_SOURCE, mcapi_endp_attr_get_source_t);
    ATTRIBUTE(MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, mcapi_endp_attr_max_payload_size_t);
    ATTRIBUTE(MCAPI_ENDP_ATTR_BUFFER_TYPE, mcapi_endp_attr_buffer_type_t);
    ATTRIBUTE(MCAPI_ENDP_ATTR_MEMORY_TYPE, mcapi_endp_attr_memory_type_t);
    ATTRIBUTE(MCAPI_ENDP_ATTR_NUM_PRIORITIES, mcapi_endp_attr_num_priorities_t);
    ATTRIBUTE(MCAPI_ENDP_ATTR_PRIORITY, mcapi_endp_attr_priority_t);
    ATTRIBUTE(MCAPI_ENDP_ATTR_NUM_SEND_BUFFERS, mcapi_endp_attr_num_send_buffers_t);
    ATTRIBUTE(MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, mcapi_endp_attr_num_recv_buffers_t);
    ATTRIBUTE(MCAPI_ENDP_ATTR_STATUS, mcapi_endp_attr_status_t);
    ATTRIBUTE(MCAPI_ENDP_ATTR_ENDP_STATUS, mcapi_endp_attr_endp_status_t);
    ATTRIBUTE(MCAPI_ENDP_ATTR_TIMEOUT, mcapi_endp_attr_timeout_t);
    nodes_end();
}

/* --- What is printed -------------------------------------------------------------- */

/* From here on stderr is a file of ours. */
static int catch_stderr(FILE **file)
{
    int before = dup(STDERR_FILENO);

    *file = tmpfile();
    expect_true(before >= 0 && *file != NULL);
    fflush(stderr);
    dup2(fileno(*file), STDERR_FILENO);
    return before;
}

/* How many bytes it has got. */
static long caught(FILE *file, int before)
{
    long size;

    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    fclose(file);
    return size;
}

static void level_0_prints_nothing(void)
{
    mcapi_request_t request = 0;
    FILE *file;
    int before;
    size_t size;

    nodes_begin(0);
    mcapi_set_debug_level(9);
    mcapi_set_debug_level(0);
    before = catch_stderr(&file);
    expect(MCAPI_ERR_PORT_INVALID, mcapi_endpoint_create(MCAPI_MAX_PORT + 1, &status));
    expect(MCAPI_ERR_REQUEST_INVALID, mcapi_test(&request, &size, &status));
    packets_open(NULL, NULL);
    expect_equal(0, caught(file, before));
    nodes_end();
}

static void a_state_is_displayed(void)
{
    struct channel channel;
    FILE *file;
    int before;

    nodes_begin(0);
    channel = packets_open(NULL, NULL);
    before = catch_stderr(&file);
    mcapi_display_state(NULL);
    expect_true(caught(file, before) > 0);
    before = catch_stderr(&file);
    mcapi_display_state(&channel.recv);
    expect_true(caught(file, before) > 0);
    nodes_end();
}

/* --- Many nodes in one process ---------------------------------------------------- */

enum { THREADS = 12, LIVES = 10 };

static pthread_barrier_t together;

static void *live(void *argument)
{
    mcapi_node_t number = OWN_NODE + 1 + (mcapi_node_t)(size_t)argument;

    for (int i = 0; i < LIVES; i++) {
        mcapi_endpoint_t endpoint;
        mcapi_info_t info;
        mcapi_node_t node;

        pthread_barrier_wait(&together);
        expect(MCAPI_SUCCESS, mcapi_initialize(DOMAIN, number, NULL, NULL, &info, &status));
        expect(MCAPI_SUCCESS, node = mcapi_node_id_get(&status));
        expect_equal(number, node);
        expect(MCAPI_SUCCESS, endpoint = mcapi_endpoint_create(1, &status));
        expect(MCAPI_SUCCESS,
               expect_equal(endpoint, mcapi_endpoint_get(DOMAIN, number, 1, 0, &status)));
        if (i % 2 == 0)
            pthread_barrier_wait(&together);
        expect(MCAPI_SUCCESS, mcapi_finalize(&status));
    }
    return NULL;
}

static void threads_come_and_go_as_nodes_all_at_once(void)
{
    pthread_t thread[THREADS];

    nodes_begin_bare(0);
    pthread_barrier_init(&together, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        expect_equal(0, pthread_create(&thread[i], NULL, live, (void *)i));
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    nodes_end();
}

/* --- mcapi_finalize in a signal handler ------------------------------------------- */

static volatile sig_atomic_t finalized;

static void on_signal(int number)
{
    mcapi_status_t status = 0;

    (void)number;
    mcapi_finalize(&status);
    finalized = (sig_atomic_t)status;
}

/* In some ms, which the caller chooses, and then, once the node is gone, never again. */
static void signal_in(long us)
{
    struct sigaction action = { .sa_handler = on_signal };
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
    struct itimerspec when = { .it_value = { .tv_nsec = us * 1000 } };
    timer_t timer;

    finalized = 0;
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR2, &action, NULL);
    expect_equal(0, timer_create(CLOCK_MONOTONIC, &event, &timer));
    expect_equal(0, timer_settime(timer, 0, &when, NULL));
}

static void become(mcapi_node_t number)
{
    mcapi_info_t info;

    expect(MCAPI_SUCCESS, mcapi_initialize(DOMAIN, number, NULL, NULL, &info, &status));
}

static void a_handler_ends_a_node_that_waits(void)
{
    mcapi_status_t status = UNTOUCHED;

    nodes_begin_bare(0);
    for (int i = 0; i < 5; i++) {
        become(OWN_NODE);
        signal_in(1000 + 10000 * i);
        mcapi_endpoint_get(DOMAIN, OWN_NODE, 7, MCAPI_TIMEOUT_INFINITE, &status);
        expect_status(MCAPI_ERR_NODE_NOTINIT, status);
        expect_status(MCAPI_SUCCESS, (mcapi_status_t)finalized);
    }
    nodes_end();
}

static void a_handler_ends_a_node_in_the_middle_of_its_calls(void)
{
    nodes_begin_bare(0);
    for (int i = 0; i < 100; i++) {
        mcapi_status_t status = MCAPI_SUCCESS;

        become(OWN_NODE);
        signal_in(100 + 37 * i);
        while (status == MCAPI_SUCCESS) {
            mcapi_endpoint_t endpoint = mcapi_endpoint_create(7, &status);

            if (status == MCAPI_SUCCESS)
                mcapi_endpoint_delete(endpoint, &status);
        }
        expect_status(MCAPI_ERR_NODE_NOTINIT, status);
        expect_status(MCAPI_SUCCESS, (mcapi_status_t)finalized);
    }
    nodes_end();
}

static const struct test tests[] = {
    TEST(the_largest_message_is_as_large_as_its_limit, ALONE, "10.10"),
    TEST(the_largest_packet_is_as_large_as_its_limit, ALONE, "10.11"),
    TEST(a_queue_holds_as_many_messages_as_its_limit, ALONE, "10.12"),
    TEST(a_channel_has_as_many_buffers_as_its_limit, ALONE, "10.13"),
    TEST(a_node_has_as_many_endpoints_as_its_limit, ALONE, "10.14"),
    TEST(limits_are_lengths_of_arrays, ALONE, "10.15"),
    TEST(the_largest_numbers_are_legal_and_the_next_are_not, ALONE, "10.17"),
    TEST(the_smallest_ports_can_be_used, ALONE, "10.18"),
    TEST(the_largest_priority_is_legal_and_the_next_is_not, ALONE, "10.16"),
    TEST(every_attribute_has_a_type, ALONE, "10.21"),
    TEST(level_0_prints_nothing, ALONE, "10.19"),
    TEST(a_state_is_displayed, ALONE, "10.20"),
    TEST(threads_come_and_go_as_nodes_all_at_once, ALONE, "10.26"),
    TEST(a_handler_ends_a_node_that_waits, ALONE, "10.28"),
    TEST(a_handler_ends_a_node_in_the_middle_of_its_calls, ALONE, "10.28"),
};

CHAPTER(spellings_limits, tests);
