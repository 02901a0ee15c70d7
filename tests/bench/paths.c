/* SPDX-License-Identifier: MIT */
/*
 * paths.c - how fast the data path is between two processes: words, packets, and there and
 * back.
 *
 * usage: paths WORKLOAD COUNT
 *
 * WORKLOAD is one of those in `workloads` below. Prints the nanoseconds that one item took,
 * from the first that was received to the last; every item's content is compared. Public calls
 * only, so that it can be linked with any version of the library: side_by_side.sh does.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <mcapi.h>

enum { DOMAIN = 1, PORT = 1, BACK = 2, PACKET = 64 };

static void check(mcapi_status_t status, const char *call)
{
    char text[MCAPI_MAX_STATUS_SIZE];

    if (status == MCAPI_SUCCESS)
        return;
    fprintf(stderr, "paths: %s: %s\n", call, mcapi_display_status(status, text, sizeof text));
    exit(1);
}

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void wrong(uint64_t wanted, uint64_t got)
{
    fprintf(stderr, "paths: item %" PRIu64 " came as %" PRIu64 "\n", wanted, got);
    exit(1);
}

/* --- Channels --------------------------------------------------------------------- */

/* The first node makes both channels and sends on the first; the second sends on the other. */
struct ends {
    mcapi_pktchan_send_hndl_t packets_out;
    mcapi_pktchan_recv_hndl_t packets_in;
    mcapi_sclchan_send_hndl_t words_out;
    mcapi_sclchan_recv_hndl_t words_in;
};

static void join(mcapi_node_t node)
{
    mcapi_status_t status;
    mcapi_info_t info;

    mcapi_initialize(DOMAIN, node, NULL, NULL, &info, &status);
    check(status, "mcapi_initialize");
}

static mcapi_endpoint_t create(mcapi_port_t port)
{
    mcapi_status_t status;
    mcapi_endpoint_t end = mcapi_endpoint_create(port, &status);

    check(status, "mcapi_endpoint_create");
    return end;
}

static mcapi_endpoint_t get(mcapi_node_t node, mcapi_port_t port)
{
    mcapi_status_t status;
    mcapi_endpoint_t end =
            mcapi_endpoint_get(DOMAIN, node, port, MCAPI_TIMEOUT_INFINITE, &status);

    check(status, "mcapi_endpoint_get");
    return end;
}

static void finish(mcapi_request_t *request)
{
    mcapi_status_t status;
    size_t size;

    mcapi_wait(request, &size, MCAPI_TIMEOUT_INFINITE, &status);
    check(status, "mcapi_wait");
}

/* Each node sends from PORT and receives at BACK. */
static void connect_ends(bool packets, mcapi_node_t from, mcapi_node_t to)
{
    mcapi_endpoint_t send = get(from, PORT), receive = get(to, BACK);
    mcapi_request_t request;
    mcapi_status_t status;

    if (packets)
        mcapi_pktchan_connect_i(send, receive, &request, &status);
    else
        mcapi_sclchan_connect_i(send, receive, &request, &status);
    check(status, "connect");
    finish(&request);
}

static struct ends open_ends(bool packets, mcapi_node_t self, mcapi_node_t peer)
{
    mcapi_endpoint_t send = create(PORT), receive = create(BACK);
    mcapi_request_t out, in;
    mcapi_status_t status;
    struct ends ends;

    if (self == 1) {
        connect_ends(packets, self, peer);
        connect_ends(packets, peer, self);
    }
    if (packets)
        mcapi_pktchan_send_open_i(&ends.packets_out, send, &out, &status);
    else
        mcapi_sclchan_send_open_i(&ends.words_out, send, &out, &status);
    check(status, "send_open_i");
    if (packets)
        mcapi_pktchan_recv_open_i(&ends.packets_in, receive, &in, &status);
    else
        mcapi_sclchan_recv_open_i(&ends.words_in, receive, &in, &status);
    check(status, "recv_open_i");
    finish(&out);
    finish(&in);
    return ends;
}

/* --- Items ------------------------------------------------------------------------ */

static void send_word(const struct ends *ends, uint64_t number)
{
    mcapi_status_t status;

    mcapi_sclchan_send_uint64(ends->words_out, number, &status);
    check(status, "mcapi_sclchan_send_uint64");
}

static void receive_word(const struct ends *ends, uint64_t number)
{
    mcapi_status_t status;
    uint64_t came = mcapi_sclchan_recv_uint64(ends->words_in, &status);

    check(status, "mcapi_sclchan_recv_uint64");
    if (came != number)
        wrong(number, came);
}

static void send_packet(const struct ends *ends, uint64_t number)
{
    uint64_t packet[PACKET / sizeof number];
    mcapi_status_t status;

    for (size_t i = 0; i < PACKET / sizeof number; i++)
        packet[i] = number + i;
    mcapi_pktchan_send(ends->packets_out, packet, sizeof packet, &status);
    check(status, "mcapi_pktchan_send");
}

static void receive_packet(const struct ends *ends, uint64_t number)
{
    mcapi_status_t status;
    uint64_t *packet;
    void *buffer;
    size_t size;

    mcapi_pktchan_recv(ends->packets_in, &buffer, &size, &status);
    check(status, "mcapi_pktchan_recv");
    packet = buffer;
    for (size_t i = 0; i < PACKET / sizeof number; i++)
        if (size != PACKET || packet[i] != number + i)
            wrong(number + i, packet[i]);
    mcapi_pktchan_release(buffer, &status);
    check(status, "mcapi_pktchan_release");
}

/* --- Workloads -------------------------------------------------------------------- */

struct workload {
    const char *name;
    bool packets, there_and_back;
    void (*send)(const struct ends *, uint64_t);
    void (*receive)(const struct ends *, uint64_t);
};

static const struct workload workloads[] = {
    { "words", false, false, send_word, receive_word },
    { "packets", true, false, send_packet, receive_packet },
    { "words-back", false, true, send_word, receive_word },
    { "packets-back", true, true, send_packet, receive_packet },
};

static void first(const struct workload *workload, const struct ends *ends, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        workload->send(ends, i);
        if (workload->there_and_back)
            workload->receive(ends, i);
    }
}

static void second(const struct workload *workload, const struct ends *ends, uint64_t count)
{
    double began = 0;

    for (uint64_t i = 0; i < count; i++) {
        workload->receive(ends, i);
        if (i == 0)
            began = now_ns();
        if (workload->there_and_back)
            workload->send(ends, i);
    }
    printf("%.3f\n", (now_ns() - began) / (double)(count - 1));
}

static int run(const struct workload *workload, uint64_t count)
{
    char topology[] = "paths-0123456789";
    mcapi_status_t status;
    struct ends ends;
    int result;
    pid_t child;

    snprintf(topology, sizeof topology, "paths-%d", (int)getpid());
    setenv("MCAPI_TOPOLOGY", topology, 1);
    child = fork();
    if (child < 0) {
        perror("paths: fork");
        return 1;
    }
    join(child == 0 ? 2 : 1);
    ends = open_ends(workload->packets, child == 0 ? 2 : 1, child == 0 ? 1 : 2);
    (child == 0 ? second : first)(workload, &ends, count);
    if (child == 0)
        return 0;
    if (waitpid(child, &result, 0) != child || result != 0)
        return 1;
    mcapi_finalize(&status);
    check(status, "mcapi_finalize");
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t count = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;

    for (size_t i = 0; i < sizeof workloads / sizeof *workloads && count > 1; i++)
        if (strcmp(argv[1], workloads[i].name) == 0)
            return run(&workloads[i], count);
    fprintf(stderr, "usage: paths words|packets|words-back|packets-back COUNT\n");
    return 2;
}
