/* SPDX-License-Identifier: MIT */
/*
 * usecase_packets_worker.c - a worker of the MCAPI document's packet processing example.
 *
 *     usecase_packets_worker NUMBER      from 0
 *
 * usecase_packets_balancer.c starts it and says how both are built. It says with an ack that it
 * is idle, takes a packet, works, gives the packet back, and so on, until it is sent home.
 */
#include "usecase_packets.h"

#define CHECK(call) check(err, "worker", call)

/* What there is to do for a packet: enough that another one comes meanwhile. */
static int work(int seed)
{
    volatile int sum = seed;
    int i;

    for (i = 0; i < 20000; i++)
        sum = sum % 1000 + i;
    return sum;
}

int main(int argc, char *argv[])
{
    int number = argc == 2 ? atoi(argv[1]) : -1;
    mcapi_endpoint_t work_endp, ack_endp;
    mcapi_pktchan_recv_hndl_t work_chan;
    mcapi_sclchan_send_hndl_t ack_chan;
    mcapi_request_t request;
    mcapi_param_t parms;
    mcapi_info_t version;
    mcapi_status_t err;
    PacketInfo *packet;
    size_t size;

    if (number < 0 || number >= WORKERS) {
        fprintf(stderr, "usecase_packets_balancer starts me\n");
        return 1;
    }
    mcapi_initialize(DOMAIN, WORKER_NODE(number), &parms, &version, &err);
    CHECK("mcapi_initialize");

    /* The balancer connects both, sooner or later. */
    work_endp = mcapi_endpoint_create(PORT_WORK, &err);
    CHECK("mcapi_endpoint_create(PORT_WORK)");
    mcapi_pktchan_recv_open_i(&work_chan, work_endp, &request, &err);
    CHECK("mcapi_pktchan_recv_open_i");
    ack_endp = mcapi_endpoint_create(PORT_ACK, &err);
    CHECK("mcapi_endpoint_create(PORT_ACK)");
    mcapi_sclchan_send_open_i(&ack_chan, ack_endp, &request, &err);
    CHECK("mcapi_sclchan_send_open_i");

    mcapi_sclchan_send_uint8(ack_chan, 1, &err);
    CHECK("mcapi_sclchan_send_uint8 of the first ack");
    for (;;) {
        mcapi_pktchan_recv(work_chan, (void **)&packet, &size, &err);
        CHECK("mcapi_pktchan_recv");
        if (!packet->is_valid)
            break;
        if (size != sizeof(*packet) || packet->worker != number) {
            fprintf(stderr, "worker %d: a packet for worker %d\n", number, packet->worker);
            return 1;
        }
        work(packet->worker);
        mcapi_pktchan_release(packet, &err);
        CHECK("mcapi_pktchan_release");
        /* Nobody looks how this went: the balancer may have gone home before us. */
        mcapi_sclchan_send_uint8(ack_chan, 1, &err);
    }

    mcapi_pktchan_release(packet, &err);
    mcapi_pktchan_recv_close_i(work_chan, &request, &err);
    mcapi_sclchan_send_close_i(ack_chan, &request, &err);
    mcapi_finalize(&err);
    CHECK("mcapi_finalize");
    return 0;
}
