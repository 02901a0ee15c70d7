/* SPDX-License-Identifier: MIT */
/*
 * topology.c - a topology for mcapi_inspect.sh to look at: node 1 with all kinds of things, and
 * node 2, which has been killed and not been missed. Reads commands from standard input, one a
 * line, and answers each with a line:
 *
 *     damage      the generation of an endpoint becomes another
 *     control     the control lock names a node that there is not
 *     busy        packets run until the end
 *
 * and ends with its standard input.
 */
#include <mcapi.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/runtime.h"

static mcapi_status_t status;
static mcapi_endpoint_t sender, receiver;

static void must(const char *what)
{
    if (status == MCAPI_SUCCESS || status == MCAPI_PENDING)
        return;
    fprintf(stderr, "topology: %s: status %u\n", what, (unsigned)status);
    exit(EXIT_FAILURE);
}

static void join(mcapi_node_t node)
{
    mcapi_info_t info;

    mcapi_initialize(7, node, NULL, NULL, &info, &status);
    must("mcapi_initialize");
}

/* Three packets are sent, one of them is held; two messages wait. */
static void make_things(void)
{
    mcapi_endpoint_t from, to;
    mcapi_request_t request;
    mcapi_pktchan_send_hndl_t send;
    mcapi_pktchan_recv_hndl_t receive;
    void *packet;
    size_t size;

    sender = mcapi_endpoint_create(1, &status);
    receiver = mcapi_endpoint_create(2, &status);
    from = mcapi_endpoint_create(3, &status);
    to = mcapi_endpoint_create(4, &status);
    must("mcapi_endpoint_create");
    mcapi_pktchan_connect_i(sender, receiver, &request, &status);
    mcapi_pktchan_send_open_i(&send, sender, &request, &status);
    mcapi_pktchan_recv_open_i(&receive, receiver, &request, &status);
    must("mcapi_pktchan_recv_open_i");
    for (int i = 0; i < 3; i++)
        mcapi_pktchan_send(send, "packet", 6, &status);
    must("mcapi_pktchan_send");
    mcapi_pktchan_recv(receive, &packet, &size, &status);
    must("mcapi_pktchan_recv");
    for (int i = 0; i < 2; i++)
        mcapi_msg_send(from, to, "message", 7, 0, &status);
    must("mcapi_msg_send");
}

/* A node that nobody misses. */
static void let_one_die(void)
{
    pid_t child = fork();

    if (child == 0) {
        join(2);
        mcapi_endpoint_create(9, &status);
        must("mcapi_endpoint_create");
        kill(getpid(), SIGKILL);
    }
    waitpid(child, NULL, 0);
}

static void *run_packets(void *unused)
{
    void *packet;
    size_t size;

    for (;;) {
        mcapi_pktchan_send(sender, "packet", 6, &status);
        mcapi_pktchan_recv(receiver, &packet, &size, &status);
        mcapi_pktchan_release(packet, &status);
    }
    return unused;
}

int main(void)
{
    struct mci_map *map = &mci_runtime.map;
    pthread_t thread;
    char line[32];

    join(1);
    make_things();
    let_one_die();
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (strcmp(line, "damage\n") == 0)
            map->endpoints[receiver & 0xffff].generation++;
        else if (strcmp(line, "control\n") == 0)
            atomic_store(&map->header->control, 0x1ffff);
        else if (pthread_create(&thread, NULL, run_packets, NULL) != 0)
            return EXIT_FAILURE;
        printf("done %s", line);
        fflush(stdout);
    }
    _exit(EXIT_SUCCESS);
}
