/* SPDX-License-Identifier: MIT */
/*
 * wait_many.c - one thread, many channels: mcapi_ext_wait_receivable says which has something.
 *
 * Three children send packets, each over a channel of its own. The parent sleeps until one of
 * the channels has a packet, or has ended; none is starved by a busier one.
 *
 *     cc wait_many.c $(pkg-config --cflags --libs mcapi)
 */
#define _POSIX_C_SOURCE 200809L
#include "example.h"

#include <mcapi_ext.h>

enum { DOMAIN = 0, COLLECTOR = 0, SENDERS = 3 };

/* Sender i, from 1, is node i and sends i * 100 packets to port i of the collector. */
static void send_packets(int sender)
{
    mcapi_pktchan_send_hndl_t out;
    mcapi_endpoint_t here, there;
    mcapi_request_t connected, opened;
    mcapi_status_t status;
    mcapi_info_t info;

    TRY(mcapi_initialize(DOMAIN, (mcapi_node_t)sender, NULL, NULL, &info, &status));
    TRY(here = mcapi_endpoint_create(MCAPI_PORT_ANY, &status));
    TRY(there = mcapi_endpoint_get(DOMAIN, COLLECTOR, (mcapi_port_t)sender, PATIENCE, &status));
    TRY(mcapi_pktchan_connect_i(here, there, &connected, &status));
    finish(connected);
    TRY(mcapi_pktchan_send_open_i(&out, here, &opened, &status));
    finish(opened);
    for (int i = 0; i < sender * 100; i++)
        TRY(mcapi_pktchan_send(out, &i, sizeof i, &status));
    TRY(mcapi_finalize(&status)); /* the collector gets all, and then learns that we are gone */
}

static void collect(void)
{
    mcapi_pktchan_recv_hndl_t in[SENDERS];
    mcapi_request_t opened; /* not asked about: who waits for a channel waits for its connect */
    int sender_of[SENDERS];
    int packets[SENDERS + 1] = { 0 };
    size_t open = 0; /* channels that have not ended */
    mcapi_status_t status;
    mcapi_info_t info;

    TRY(mcapi_initialize(DOMAIN, COLLECTOR, NULL, NULL, &info, &status));
    for (; open < SENDERS; open++) {
        mcapi_endpoint_t here;

        sender_of[open] = (int)open + 1;
        TRY(here = mcapi_endpoint_create((mcapi_port_t)sender_of[open], &status));
        TRY(mcapi_pktchan_recv_open_i(&in[open], here, &opened, &status));
    }
    while (open > 0) {
        mcapi_uint_t which;
        void *packet;
        size_t size;

        TRY(which = mcapi_ext_wait_receivable(in, open, PATIENCE, &status));
        mcapi_pktchan_recv(in[which], &packet, &size, &status);
        if (status == MCAPI_ERR_CHAN_INVALID) {
            printf("sender %d has left after %d packets\n", sender_of[which],
                   packets[sender_of[which]]);
            open--; /* the last one takes its place */
            in[which] = in[open];
            sender_of[which] = sender_of[open];
            continue;
        }
        check(status, "mcapi_pktchan_recv");
        packets[sender_of[which]]++;
        TRY(mcapi_pktchan_release(packet, &status));
    }
    TRY(mcapi_finalize(&status));
}

int main(void)
{
    for (int sender = 1; sender <= SENDERS; sender++)
        start(send_packets, sender);
    collect();
    return end_of_children();
}
