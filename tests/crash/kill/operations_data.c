/* SPDX-License-Identifier: MIT */
/* operations_data.c - deaths while packets and scalars travel. */
#include <mcapi_ext.h>

#include "crash/kill/operations.h"
#include "segment/layout.h"

#define V(i) (&board->v[i])
#define P(i) (&board->p[i])

enum { SENT = 3 };

/* --- The victim sends ----------------------------------------------------------------- */

static void receiving_peer(enum kind kind)
{
    mcapi_endpoint_t here = create(PEER_PORT);
    mcapi_request_t request;

    open_receive(kind, here, &request);
    atomic_store(P(0), here);
    wait_for(V(0));
    about_to_block();
    is_back(receive_numbers(kind, here, UINT32_MAX));
    remove_endpoint(here);
}

void peer_receives_packets(void)
{
    receiving_peer(PACKETS);
}

void peer_receives_scalars(void)
{
    receiving_peer(SCALARS);
}

static void connect_to_peer(enum kind kind)
{
    mcapi_endpoint_t here = create(VICTIM_PORT);
    mcapi_request_t request;

    connect_ends(kind, here, wait_for(P(0)));
    open_send(kind, here, &request);
    atomic_store(V(0), here);
}

void packets_set_up(void)
{
    connect_to_peer(PACKETS);
}

void scalars_set_up(void)
{
    connect_to_peer(SCALARS);
}

/* Each to a receiver that sleeps again, so that it must be woken. */
static void send_to_sleeper(enum kind kind, size_t size)
{
    mcapi_endpoint_t here = atomic_load(V(0));

    for (uint32_t i = 0; i < SENT; i++) {
        if (atomic_load(&board->holds) == 0)
            until(sleeps(here, MCI_RECEIVE));
        if (send_numbers(kind, here, size, i, 1) != MCAPI_SUCCESS)
            violate("the channel of the victim refuses a send");
    }
}

static void send_small_run(void)
{
    send_to_sleeper(PACKETS, SMALL);
}

static void send_large_run(void)
{
    send_to_sleeper(PACKETS, LARGE);
}

static void send_scalars_run(void)
{
    send_to_sleeper(SCALARS, 0);
}

void all_survive(void)
{
    peer_is_back(MCAPI_ERR_TRANSMISSION);
    all_came();
}

/* The peer receives when the victim waits for room. */
static void slowly_receiving_peer(enum kind kind)
{
    mcapi_endpoint_t here = create(PEER_PORT);
    mcapi_request_t request;

    set(here, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, DEPTH);
    open_receive(kind, here, &request);
    atomic_store(P(0), here);
    wait_for(V(0));
    for (;;) {
        until(atomic_load(&board->dead) != 0 || sleeps(here, MCI_SEND));
        if (atomic_load(&board->dead) != 0)
            break;
        receive_numbers(kind, here, 1);
    }
    about_to_block();
    board->status = receive_numbers(kind, here, UINT32_MAX);
    remove_endpoint(here);
}

void peer_receives_packets_slowly(void)
{
    slowly_receiving_peer(PACKETS);
}

static void peer_receives_scalars_slowly(void)
{
    slowly_receiving_peer(SCALARS);
}

static void send_beyond(enum kind kind)
{
    if (send_numbers(kind, atomic_load(V(0)), SMALL, 0, 2 * DEPTH) != MCAPI_SUCCESS)
        violate("a send that waits for room is refused");
}

static void send_packets_beyond_run(void)
{
    send_beyond(PACKETS);
}

static void send_scalars_beyond_run(void)
{
    send_beyond(SCALARS);
}

/* --- The victim receives -------------------------------------------------------------- */

/* The peer sends until the channel is full, and waits for room until the channel ends. */
static void sending_peer(enum kind kind)
{
    mcapi_endpoint_t here = create(PEER_PORT);
    mcapi_request_t request;

    connect_ends(kind, here, wait_for(V(0)));
    open_send(kind, here, &request);
    atomic_store(P(0), here);
    send_numbers(kind, here, SMALL, 0, DEPTH);
    about_to_block();
    is_back(send_numbers(kind, here, SMALL, DEPTH, NUMBERS - DEPTH));
    remove_endpoint(here);
}

void peer_sends_packets(void)
{
    sending_peer(PACKETS);
}

static void peer_sends_scalars(void)
{
    sending_peer(SCALARS);
}

static void receive_set_up(enum kind kind)
{
    mcapi_endpoint_t here = create(VICTIM_PORT);
    mcapi_request_t request;

    set(here, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, DEPTH);
    open_receive(kind, here, &request);
    atomic_store(V(0), here);
    wait_for(P(0));
    if (atomic_load(&board->holds) == 0)
        until(sleeps(here, MCI_SEND));
    else
        until(atomic_load(&board->ready) != 0);
}

void receive_packets_set_up(void)
{
    receive_set_up(PACKETS);
}

static void receive_scalars_set_up(void)
{
    receive_set_up(SCALARS);
}

uint32_t certain(void)
{
    return atomic_load(&board->holds) == 0 ? 2 * DEPTH : DEPTH;
}

static void receive_run(enum kind kind)
{
    if (receive_numbers(kind, atomic_load(V(0)), certain()) != MCAPI_SUCCESS)
        violate("a receive of what was sent is refused");
}

static void receive_packets_run(void)
{
    receive_run(PACKETS);
}

static void receive_scalars_run(void)
{
    receive_run(SCALARS);
}

void sender_survives(void)
{
    peer_is_back(MCAPI_ERR_CHAN_INVALID);
}

static void close_receive_run(void)
{
    close_receive(board->scalars ? SCALARS : PACKETS, atomic_load(V(0)));
}

static void *packet[DEPTH];

static void hold_set_up(void)
{
    size_t size;

    receive_set_up(PACKETS);
    for (uint32_t i = 0; i < DEPTH; i++)
        MUST(mcapi_pktchan_recv(atomic_load(V(0)), &packet[i], &size, &status));
}

static void release_out_of_order_run(void)
{
    static const uint32_t order[DEPTH] = { 2, 0, 3, 1 };

    for (uint32_t i = 0; i < DEPTH; i++)
        MUST(mcapi_pktchan_release(packet[order[i]], &status));
}

/* Posted receives, and a wait for any of them. */
static void posted_run(void)
{
    mcapi_request_t request[DEPTH];
    size_t size;

    for (uint32_t i = 0; i < DEPTH; i++)
        MUST(mcapi_pktchan_recv_i(atomic_load(V(0)), &packet[i], &request[i], &status));
    for (uint32_t left = DEPTH; left > 0; left--) {
        mcapi_uint_t which = 0;

        MUST(which = mcapi_wait_any(left, request, &size, MCAPI_TIMEOUT_INFINITE, &status));
        request[which % DEPTH] = request[left - 1];
    }
    for (uint32_t i = 0; i < DEPTH; i++)
        MUST(mcapi_pktchan_release(packet[i], &status));
}

/* Waits for something on its channel, which only the death of the victim will bring. */
void waiting_peer(void)
{
    mcapi_endpoint_t here = create(PEER_PORT);
    mcapi_request_t request;
    mcapi_status_t status;

    open_receive(PACKETS, here, &request);
    atomic_store(P(0), here);
    wait_for(V(0));
    about_to_block();
    for (;;) {
        CALL(mcapi_ext_wait_receivable(&here, 1, MCAPI_TIMEOUT_INFINITE, &status));
        is_back(status);
        if (status == MCAPI_SUCCESS)
            status = receive_numbers(PACKETS, here, 1);
        if (status != MCAPI_SUCCESS)
            break;
    }
    is_back(status);
    remove_endpoint(here);
}

/* The victim waits for its request at a channel where nothing comes before it sleeps. */
void peer_sends_to_sleeper(void)
{
    mcapi_endpoint_t here = create(PEER_PORT);
    mcapi_request_t request;

    connect_ends(PACKETS, here, wait_for(V(0)));
    open_send(PACKETS, here, &request);
    atomic_store(P(0), here);
    for (uint32_t i = 0; i < DEPTH; i++) {
        until(atomic_load(&board->dead) != 0 || atomic_load(&board->holds) != 0
              || sleeps(here, MCI_RECEIVE));
        board->status = send_numbers(PACKETS, here, SMALL, i, 1);
        if (board->status != MCAPI_SUCCESS)
            break;
    }
    atomic_store(&board->ready, 1);
    wait_to_go_on();
    remove_endpoint(here);
    board->status = MCAPI_ERR_TRANSMISSION;
}

void quiet_channel_set_up(void)
{
    mcapi_endpoint_t here = create(VICTIM_PORT);
    mcapi_request_t request;

    open_receive(PACKETS, here, &request);
    atomic_store(V(0), here);
    wait_for(P(0));
}

/* --- The table ------------------------------------------------------------------------ */

const struct operation data_operations[] = {
    { .name = "send-small",
      .peer = peer_receives_packets,
      .set_up = packets_set_up,
      .run = send_small_run,
      .survive = all_survive },
    { .name = "send-large",
      .peer = peer_receives_packets,
      .set_up = packets_set_up,
      .run = send_large_run,
      .survive = all_survive },
    { .name = "send-scalars",
      .peer = peer_receives_scalars,
      .set_up = scalars_set_up,
      .run = send_scalars_run,
      .survive = all_survive },
    { .name = "send-to-waiting",
      .peer = waiting_peer,
      .set_up = packets_set_up,
      .run = send_small_run,
      .survive = all_survive },
    { .name = "send-beyond",
      .peer = peer_receives_packets_slowly,
      .set_up = packets_set_up,
      .run = send_packets_beyond_run,
      .survive = all_survive },
    { .name = "send-scalars-beyond",
      .peer = peer_receives_scalars_slowly,
      .set_up = scalars_set_up,
      .run = send_scalars_beyond_run,
      .survive = all_survive },
    { .name = "receive",
      .peer = peer_sends_packets,
      .set_up = receive_packets_set_up,
      .run = receive_packets_run,
      .survive = sender_survives },
    { .name = "receive-scalars",
      .peer = peer_sends_scalars,
      .set_up = receive_scalars_set_up,
      .run = receive_scalars_run,
      .survive = sender_survives },
    { .name = "release-packets",
      .peer = peer_sends_packets,
      .set_up = hold_set_up,
      .run = release_out_of_order_run,
      .survive = sender_survives },
    { .name = "receive-posted",
      .peer = peer_sends_packets,
      .set_up = receive_packets_set_up,
      .run = posted_run,
      .survive = sender_survives },
    { .name = "wait-posted",
      .peer = peer_sends_to_sleeper,
      .set_up = quiet_channel_set_up,
      .run = posted_run,
      .survive = sender_survives },
    { .name = "close-receive",
      .peer = peer_sends_packets,
      .set_up = receive_packets_set_up,
      .run = close_receive_run,
      .survive = sender_survives },
    { .name = "close-receive-scalars",
      .scalars = true,
      .peer = peer_sends_scalars,
      .set_up = receive_scalars_set_up,
      .run = close_receive_run,
      .survive = sender_survives },
};
const size_t data_operation_count = sizeof data_operations / sizeof data_operations[0];
