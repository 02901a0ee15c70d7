/* SPDX-License-Identifier: MIT */
/*
 * usecase_packets_balancer.c - the MCAPI document's packet processing example: a balancer and
 * four workers, each a process of its own (usecase_packets_worker.c).
 *
 * A packet belongs to a flow, and a flow to one worker. If that worker has said that it
 * is idle, it gets the packet; if not, the packet is dropped. Packets come in until so many
 * have been handed out. load_balancer and worker of this tree have grown from this example.
 *
 * Written as such programs are: the parameters of mcapi_initialize are never filled, the status
 * is looked at after each call that ends in _i, and nobody ever waits for a request.
 *
 *     flags=$(pkg-config --cflags --libs mcapi)
 *     cc -o usecase_packets_worker usecase_packets_worker.c $flags
 *     cc -o usecase_packets_balancer usecase_packets_balancer.c $flags
 */
#define _POSIX_C_SOURCE 200809L
#include "usecase_packets.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TO_HAND_OUT 1000

#define CHECK(call) check(err, "balancer", call)

static mcapi_pktchan_send_hndl_t work_chans[WORKERS];
static mcapi_sclchan_recv_hndl_t ack_chans[WORKERS];

/* Starts the program usecase_packets_worker that lies beside this one. */
static void spawn_worker(const char *own_name, int number)
{
    const char *slash = strrchr(own_name, '/');
    int length = slash == NULL ? 0 : (int)(slash - own_name) + 1;
    char path[4096], digits[12];
    pid_t pid;

    snprintf(path, sizeof(path), "%.*susecase_packets_worker", length, own_name);
    snprintf(digits, sizeof(digits), "%d", number);
    if (access(path, X_OK) != 0) {
        perror(path);
        exit(1);
    }
    pid = fork();
    if (pid == 0) {
        execl(path, path, digits, (char *)NULL);
        _exit(127);
    }
    if (pid < 0) {
        perror("fork");
        exit(1);
    }
}

/* A channel each way: work from us, acks to us. */
static void create_and_init_worker(const char *own_name, int i)
{
    mcapi_endpoint_t work_endp, ack_endp, worker_endp;
    mcapi_request_t request;
    mcapi_status_t err;

    spawn_worker(own_name, i);

    work_endp = mcapi_endpoint_create(MCAPI_PORT_ANY, &err);
    CHECK("mcapi_endpoint_create for work");
    worker_endp = mcapi_endpoint_get(DOMAIN, WORKER_NODE(i), PORT_WORK, &err);
    CHECK("mcapi_endpoint_get(PORT_WORK)");
    mcapi_pktchan_connect_i(work_endp, worker_endp, &request, &err);
    CHECK("mcapi_pktchan_connect_i");
    mcapi_pktchan_send_open_i(&work_chans[i], work_endp, &request, &err);
    CHECK("mcapi_pktchan_send_open_i");

    ack_endp = mcapi_endpoint_create(MCAPI_PORT_ANY, &err);
    CHECK("mcapi_endpoint_create for acks");
    worker_endp = mcapi_endpoint_get(DOMAIN, WORKER_NODE(i), PORT_ACK, &err);
    CHECK("mcapi_endpoint_get(PORT_ACK)");
    mcapi_sclchan_connect_i(worker_endp, ack_endp, &request, &err);
    CHECK("mcapi_sclchan_connect_i");
    mcapi_sclchan_recv_open_i(&ack_chans[i], ack_endp, &request, &err);
    CHECK("mcapi_sclchan_recv_open_i");
}

/* The next packet from outside: which worker its flow belongs to. */
static int next_packet(void)
{
    static unsigned int state = 1;

    state = state * 1103515245u + 12345u;
    return (int)(state >> 16 & 0x7fff) % WORKERS;
}

/* Returns 1 if the worker was idle, and has the packet now. */
static int dispatch(int worker)
{
    PacketInfo packet;
    mcapi_status_t err;

    if (mcapi_sclchan_available(ack_chans[worker], &err) == 0) {
        CHECK("mcapi_sclchan_available");
        return 0;
    }
    mcapi_sclchan_recv_uint8(ack_chans[worker], &err);
    CHECK("mcapi_sclchan_recv_uint8");
    packet.is_valid = 1;
    packet.worker = worker;
    mcapi_pktchan_send(work_chans[worker], &packet, sizeof(packet), &err);
    CHECK("mcapi_pktchan_send");
    return 1;
}

/* Sends all workers home. */
static void shutdown_workers(void)
{
    PacketInfo invalid = { 0, 0 };
    mcapi_request_t request;
    mcapi_status_t err;
    int i;

    for (i = 0; i < WORKERS; i++) {
        mcapi_pktchan_send(work_chans[i], &invalid, sizeof(invalid), &err);
        CHECK("mcapi_pktchan_send of the end");
        mcapi_pktchan_send_close_i(work_chans[i], &request, &err);
        mcapi_sclchan_recv_close_i(ack_chans[i], &request, &err);
    }
}

int main(int argc, char *argv[])
{
    unsigned long dropped = 0;
    unsigned int handed_out = 0;
    mcapi_param_t parms;
    mcapi_info_t version;
    mcapi_status_t err;
    int i, how, failed = 0;

    (void)argc;
    mcapi_initialize(DOMAIN, BALANCER, &parms, &version, &err);
    CHECK("mcapi_initialize");
    for (i = 0; i < WORKERS; i++)
        create_and_init_worker(argv[0], i);

    while (handed_out < TO_HAND_OUT) {
        if (dispatch(next_packet()))
            handed_out++;
        else
            dropped++;
    }

    shutdown_workers();
    mcapi_finalize(&err);
    CHECK("mcapi_finalize");
    while (wait(&how) > 0)
        failed += how != 0;
    if (failed > 0) {
        fprintf(stderr, "%d workers failed\n", failed);
        return 1;
    }
    printf("%u packets went to %d workers, %lu were dropped\n", handed_out, WORKERS, dropped);
    return 0;
}
