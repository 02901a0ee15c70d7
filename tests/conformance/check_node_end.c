/* SPDX-License-Identifier: MIT */
/* check_node_end.c - section 4: what mcapi_finalize does, and where it may be called. */
#include "endpoints.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static void leave(void)
{
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
}

static void come_back(void)
{
    expect_status(MCAPI_SUCCESS, initialize(DOMAIN, OWN_NODE));
}

/* --- What goes with a node -------------------------------------------------------- */

static void requests_go_with_their_node(void)
{
    mcapi_endpoint_t endpoint = 99;
    mcapi_request_t request;
    size_t size;

    nodes_begin(0);
    expect(MCAPI_SUCCESS,
           mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 5, &endpoint, &request, &status));
    leave();
    come_back();
    create(5);
    expect(MCAPI_ERR_REQUEST_INVALID, expect_true(mcapi_test(&request, &size, &status)));
    expect(MCAPI_ERR_REQUEST_INVALID, expect_true(mcapi_wait(&request, &size, 0, &status)));
    expect(MCAPI_ERR_REQUEST_INVALID, mcapi_cancel(&request, &status));
    expect_equal(99, endpoint);
    nodes_end();
}

static void endpoints_go_with_their_node(void)
{
    mcapi_endp_attr_type_t type = 99;
    mcapi_endpoint_t endpoints[3], again;
    struct call call = { 0 };

    nodes_begin(1);
    for (mcapi_port_t port = 0; port < 3; port++) {
        endpoints[port] = create_at(peer(0), port);
        expect_true(is_there(peer_node(peer(0)), port));
    }
    at(peer(0), do_finalize, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    for (int round = 0; round < 2; round++) {
        for (mcapi_port_t port = 0; port < 3; port++) {
            expect_true(round == 1 || !is_there(peer_node(peer(0)), port));
            expect(MCAPI_ERR_ENDP_INVALID,
                   mcapi_endpoint_get_attribute(endpoints[port], MCAPI_ENDP_ATTR_TYPE, &type,
                                                sizeof type, &status));
            expect(MCAPI_ERR_ENDP_INVALID, mcapi_endpoint_delete(endpoints[port], &status));
        }
        if (round == 1)
            break;
        /* The same node and the same ports, and still those are not these. */
        call.domain = DOMAIN;
        call.node = peer_node(peer(0));
        at(peer(0), do_initialize, &call);
        for (mcapi_port_t port = 0; port < 3; port++) {
            again = create_at(peer(0), port);
            for (size_t i = 0; i < LENGTH(endpoints); i++)
                expect_true(again != endpoints[i]);
        }
    }
    expect_equal(99, type);
    nodes_end();
}

static void pending_messages_go_with_their_node(void)
{
    struct call call = { .size = 1 };

    nodes_begin(1);
    call.other = create(5);
    call.endpoint = create_at(peer(0), 5);
    at(peer(0), do_msg_send, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect(MCAPI_SUCCESS, expect_equal(1, mcapi_msg_available(call.other, &status)));
    leave();
    come_back();
    call.other = create(5);
    expect(MCAPI_SUCCESS, expect_equal(0, mcapi_msg_available(call.other, &status)));
    nodes_end();
}

/* Both kinds, and the node that goes at either end. What was sent before is received. */
static void the_other_end_of_a_channel_learns(void)
{
    struct channel to_us, from_us, packets_to_us, packets_from_us;
    struct call call = { .number = 32, .word = 7, .size = 1 };
    size_t size;
    void *buffer;

    nodes_begin(1);
    to_us = scalars_open(peer(0), NULL);
    from_us = scalars_open(NULL, peer(0));
    packets_to_us = packets_open(peer(0), NULL);
    packets_from_us = packets_open(NULL, peer(0));
    call.endpoint = to_us.send;
    at(peer(0), do_scl_send, &call);
    call.endpoint = packets_to_us.send;
    at(peer(0), do_pkt_send, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    at(peer(0), do_finalize, &call);
    expect_status(MCAPI_SUCCESS, call.status);

    expect(MCAPI_SUCCESS, expect_equal(7, mcapi_sclchan_recv_uint32(to_us.recv, &status)));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_recv_uint32(to_us.recv, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_send_uint32(from_us.send, 1, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv(packets_to_us.recv, &buffer, &size, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffer, &status));
    expect(MCAPI_ERR_CHAN_INVALID,
           mcapi_pktchan_recv(packets_to_us.recv, &buffer, &size, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send(packets_from_us.send, "x", 1, &status));
    nodes_end();
}

static void a_blocked_receiver_learns(void)
{
    struct call packet = { 0 }, scalar = { .number = 32 };
    struct channel packets, scalars;

    nodes_begin(2);
    packets = packets_open(NULL, peer(0));
    scalars = scalars_open(NULL, peer(1));
    packet.endpoint = packets.recv;
    scalar.endpoint = scalars.recv;
    begin(peer(0), do_pkt_recv, &packet);
    begin(peer(1), do_scl_recv, &scalar);
    expect_true(stays_blocked(peer(0)));
    expect_true(stays_blocked(peer(1)));
    leave();
    finish(peer(0), &packet);
    expect_status(MCAPI_ERR_CHAN_INVALID, packet.status);
    finish(peer(1), &scalar);
    expect_status(MCAPI_ERR_CHAN_INVALID, scalar.status);
    nodes_end();
}

/* Threads of our node wait in three different calls. */
static void who_waits_for_the_node_learns(void)
{
    struct call get = { .domain = DOMAIN, .node = 9, .port = 1 };
    struct call receive = { .number = 32 }, wait;
    struct channel channel;
    mcapi_endpoint_t endpoint;

    nodes_begin(3);
    channel = scalars_open(NULL, NULL);
    receive.endpoint = channel.recv;
    get.timeout = MCAPI_TIMEOUT_INFINITE;
    wait = get;
    expect(MCAPI_SUCCESS,
           mcapi_endpoint_get_i(DOMAIN, 9, 2, &endpoint, &wait.request, &status));
    begin(peer(0), do_get, &get);
    begin(peer(1), do_wait, &wait);
    begin(peer(2), do_scl_recv, &receive);
    for (int i = 0; i < 3; i++)
        expect_true(stays_blocked(peer(i)));
    leave();
    finish(peer(0), &get);
    finish(peer(1), &wait);
    finish(peer(2), &receive);
    expect_true(get.status > MCAPI_TIMEOUT && get.status != UNTOUCHED);
    expect_true(wait.status > MCAPI_TIMEOUT && wait.status != UNTOUCHED);
    expect_true(receive.status > MCAPI_TIMEOUT && receive.status != UNTOUCHED);
    nodes_end();
}

/* --- Traces ----------------------------------------------------------------------- */

/* Files below a folder that have this topology's name in theirs. */
static int files_named(const char *folder, const char *name, int depth)
{
    DIR *all = opendir(folder);
    struct dirent *entry;
    int count = 0;

    while (all != NULL && (entry = readdir(all)) != NULL) {
        char path[512];

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count += strstr(entry->d_name, name) != NULL;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (depth > 0)
            count += files_named(path, name, depth - 1);
    }
    if (all != NULL)
        closedir(all);
    return count;
}

/* Shared memory of System V that one of these processes has made. */
static int segments_of(const pid_t *processes, size_t count)
{
    FILE *all = fopen("/proc/sysvipc/shm", "r");
    char line[512];
    int found = 0;

    while (all != NULL && fgets(line, sizeof line, all) != NULL) {
        long creator;

        if (sscanf(line, "%*d %*d %*o %*u %ld", &creator) != 1)
            continue;
        for (size_t i = 0; i < count; i++)
            found += creator == processes[i];
    }
    if (all != NULL)
        fclose(all);
    return found;
}

static void do_say_process(struct call *call)
{
    call->word = (uint64_t)getpid();
}

static void expect_no_trace(const pid_t *processes, size_t count)
{
    static const char *const folders[] = { "/dev/shm", "/tmp", "/run", "/dev/mqueue" };
    static const char *const variables[] = { "XDG_RUNTIME_DIR", "MCAPI_RUNTIME_DIR", "TMPDIR" };
    const char *name = getenv("MCAPI_TOPOLOGY");

    expect_true(name != NULL);
    for (size_t i = 0; i < LENGTH(folders); i++)
        expect_equal(0, files_named(folders[i], name, 2));
    for (size_t i = 0; i < LENGTH(variables); i++)
        if (getenv(variables[i]) != NULL)
            expect_equal(0, files_named(getenv(variables[i]), name, 1));
    expect_equal(0, segments_of(processes, count));
}

static void nothing_is_left_of_a_topology(void)
{
    struct call call = { .domain = DOMAIN, .node = 99, .port = 1 };
    pid_t processes[3] = { getpid() };
    mcapi_endpoint_t endpoint;
    mcapi_request_t request;
    struct channel channel;

    nodes_begin(2);
    for (int i = 0; i < 2; i++) {
        at(peer(i), do_say_process, &call);
        processes[1 + i] = (pid_t)call.word;
    }
    /* In the middle of everything. */
    create(5);
    channel = packets_open(NULL, peer(0));
    expect(MCAPI_SUCCESS, mcapi_pktchan_send(channel.send, "x", 1, &status));
    channel = scalars_open(peer(1), peer(0));
    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(DOMAIN, 99, 1, &endpoint, &request, &status));
    nodes_end();
    expect_no_trace(processes, 3);
}

static void nothing_is_left_of_the_dead_either(void)
{
    pid_t processes[3] = { getpid() };
    struct call call = { 0 };
    struct channel channel;

    nodes_begin(2);
    for (int i = 0; i < 2; i++) {
        at(peer(i), do_say_process, &call);
        processes[1 + i] = (pid_t)call.word;
    }
    channel = packets_open(NULL, peer(0));
    expect(MCAPI_SUCCESS, mcapi_pktchan_send(channel.send, "x", 1, &status));
    channel = scalars_open(peer(1), peer(0));
    kill_peer(peer(0));
    kill_peer(peer(1));
    nodes_end();
    expect_no_trace(processes, 3);
}

/* --- In a signal handler ---------------------------------------------------------- */

static volatile sig_atomic_t handled;
static volatile mcapi_status_t status_in_handler;

static void finalize_in_handler(int number)
{
    mcapi_status_t status = UNTOUCHED;

    (void)number;
    mcapi_finalize(&status);
    status_in_handler = status;
    handled = 1;
}

static void handle_with_finalize(int number)
{
    struct sigaction action = { .sa_handler = finalize_in_handler };

    sigemptyset(&action.sa_mask);
    expect_true(sigaction(number, &action, NULL) == 0);
    handled = 0;
    status_in_handler = UNTOUCHED;
}

static void a_handler_may_finalize(void)
{
    nodes_begin(0);
    create(5);
    handle_with_finalize(SIGUSR2);
    expect_true(raise(SIGUSR2) == 0);
    expect_true(handled);
    expect_status(MCAPI_SUCCESS, status_in_handler);
    expect_equal(MCAPI_NODE_INVALID, who());
    come_back();
    expect_true(!is_there(OWN_NODE, 5));
    nodes_end();
}

static pthread_t first_thread;
static int about_to_wait; /* by atomic operations */

static void *send_signal_later(void *unused)
{
    int64_t until;

    (void)unused;
    expect_true(eventually(__atomic_load_n(&about_to_wait, __ATOMIC_SEQ_CST)));
    /* Long enough for it to be asleep; should it not be, the call is refused instead. */
    for (until = now_ms() + 50; now_ms() < until;)
        breathe();
    pthread_kill(first_thread, SIGUSR2);
    return NULL;
}

static void a_handler_may_finalize_while_its_thread_waits(void)
{
    struct call call = { .domain = DOMAIN, .node = 99, .port = 1 };
    pthread_t thread;

    nodes_begin(0);
    first_thread = pthread_self();
    handle_with_finalize(SIGUSR2);
    expect_true(pthread_create(&thread, NULL, send_signal_later, NULL) == 0);
    __atomic_store_n(&about_to_wait, 1, __ATOMIC_SEQ_CST);
    call.timeout = MCAPI_TIMEOUT_INFINITE;
    do_get(&call);
    expect_true(pthread_join(thread, NULL) == 0);
    expect_true(handled);
    expect_status(MCAPI_SUCCESS, status_in_handler);
    expect_true(call.status > MCAPI_TIMEOUT && call.status != UNTOUCHED);
    expect_equal(MCAPI_NODE_INVALID, who());
    nodes_end();
}

/* At any moment of a create or a delete. */
static void a_handler_may_finalize_anywhere(void)
{
    const struct itimerval soon = { .it_value = { .tv_usec = 1000 } };
    int64_t calls = 0;

    for (int round = 0; round < 30; round++) {
        mcapi_status_t last = MCAPI_SUCCESS;

        come_back();
        handle_with_finalize(SIGPROF);
        expect_true(setitimer(ITIMER_PROF, &soon, NULL) == 0);
        for (; last == MCAPI_SUCCESS; calls++) {
            mcapi_endpoint_t endpoint = mcapi_endpoint_create(5, &last);

            if (last == MCAPI_SUCCESS)
                mcapi_endpoint_delete(endpoint, &last);
        }
        expect_status(MCAPI_ERR_NODE_NOTINIT, last);
        expect_true(handled);
        expect_status(MCAPI_SUCCESS, status_in_handler);
        expect_equal(MCAPI_NODE_INVALID, who());
    }
    expect_true(calls > 30);
}

static const struct test tests[] = {
    TEST(requests_go_with_their_node, ALONE, "4.41 3.13"),
    TEST(endpoints_go_with_their_node, BETWEEN_NODES, "4.43 3.17"),
    TEST(pending_messages_go_with_their_node, BETWEEN_NODES, "4.51"),
    TEST(the_other_end_of_a_channel_learns, BETWEEN_NODES, "4.42"),
    TEST(a_blocked_receiver_learns, BETWEEN_NODES, "4.42"),
    TEST(who_waits_for_the_node_learns, IN_ONE_NODE, "4.44"),
    TEST(nothing_is_left_of_a_topology, ANYWHERE, "4.45"),
    TEST(nothing_is_left_of_the_dead_either, IN_PROCESSES, "4.45"),
    TEST(a_handler_may_finalize, ALONE, "4.46"),
    TEST(a_handler_may_finalize_while_its_thread_waits, ALONE, "4.46"),
    TEST(a_handler_may_finalize_anywhere, ALONE, "4.46"),
};
CHAPTER(node_end, tests);
