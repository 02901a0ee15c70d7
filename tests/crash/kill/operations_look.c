/* SPDX-License-Identifier: MIT */
/*
 * operations_look.c - deaths in descriptors to poll, in waiting for several endpoints, and in
 * what only looks.
 */
#include <mcapi_ext.h>
#include <poll.h>
#include <string.h>

#include "crash/kill/operations.h"
#include "runtime/runtime.h"
#include "segment/event.h"
#include "segment/layout.h"

#define V(i) (&board->v[i])
#define P(i) (&board->p[i])

enum { SENT = 3 };

/* --- Descriptors ---------------------------------------------------------------------- */

static bool readable(int fd, int timeout)
{
    struct pollfd one = { .fd = fd, .events = POLLIN };

    return poll(&one, 1, timeout) == 1;
}

static int ask_for_fd(mcapi_endpoint_t here)
{
    int fd = -1;

    MUST(fd = mcapi_ext_receive_fd(here, &status));
    return fd;
}

/* The peer polls, and receives what is there. */
static void polling_peer(void)
{
    enum { PATIENCE_MS = 8000 };
    mcapi_endpoint_t here = create(PEER_PORT);
    mcapi_status_t status = MCAPI_SUCCESS;
    mcapi_request_t request;
    int fd;

    open_receive(PACKETS, here, &request);
    fd = ask_for_fd(here);
    atomic_store(P(0), here);
    wait_for(V(0));
    about_to_block();
    while (status == MCAPI_SUCCESS) {
        if (!readable(fd, PATIENCE_MS))
            violate("the descriptor is not readable");
        if (atomic_load(&board->dead) == 0)
            status = receive_numbers(PACKETS, here, 1);
        else
            status = receive_numbers(PACKETS, here, UINT32_MAX);
    }
    is_back(status);
    remove_endpoint(here);
}

/* The library's thread in the peer waits for the bell. */
static bool bell_is_asked_for(void)
{
    uint32_t link = atomic_load(&mci_map()->endpoints[atomic_load(P(0)) & 0xffff].channel);

    return link != 0
        && (atomic_load(&mci_map()->channels[link - 1].event[MCI_RECEIVE]) & MCI_EVENT_BELL)
                   != 0;
}

static void send_to_fd_run(void)
{
    for (uint32_t i = 0; i < SENT; i++) {
        if (atomic_load(&board->holds) == 0)
            until(bell_is_asked_for());
        if (send_numbers(PACKETS, atomic_load(V(0)), SMALL, i, 1) != MCAPI_SUCCESS)
            violate("the channel of the victim refuses a send");
    }
}

/* The victim asks, receives what is there, and the descriptor is armed again each time. */
static void fd_run(void)
{
    enum { PATIENCE_MS = 5000 };
    uint32_t wanted = atomic_load(&board->holds) == 0 ? DEPTH : 0;
    int fd = ask_for_fd(atomic_load(V(0)));

    for (uint32_t i = 0; i < wanted; i++) {
        if (!readable(fd, PATIENCE_MS))
            violate("the victim's descriptor is not readable");
        if (receive_numbers(PACKETS, atomic_load(V(0)), 1) != MCAPI_SUCCESS)
            violate("a receive behind poll is refused");
    }
}

/* One packet whenever the victim's end has armed its bell. */
static void peer_sends_to_bell(void)
{
    mcapi_endpoint_t here = create(PEER_PORT);
    mcapi_request_t request;
    uint32_t link;

    connect_ends(PACKETS, here, wait_for(V(0)));
    open_send(PACKETS, here, &request);
    atomic_store(P(0), here);
    link = atomic_load(&mci_map()->endpoints[here & 0xffff].channel);
    for (uint32_t i = 0; i < DEPTH && link != 0; i++) {
        _Atomic uint32_t *event = &mci_map()->channels[link - 1].event[MCI_RECEIVE];

        until(atomic_load(&board->dead) != 0 || atomic_load(&board->holds) != 0
              || (atomic_load(event) & MCI_EVENT_BELL) != 0);
        if (send_numbers(PACKETS, here, SMALL, i, 1) != MCAPI_SUCCESS)
            break;
    }
    atomic_store(&board->ready, 1);
    wait_to_go_on();
    remove_endpoint(here);
    board->status = MCAPI_ERR_TRANSMISSION;
}

/* Of an endpoint that is on no channel: messages, the victim's own. */
static void fd_messages_set_up(void)
{
    atomic_store(V(0), create(VICTIM_PORT));
    atomic_store(V(1), create(VICTIM_PORT + 1));
}

static void fd_messages_run(void)
{
    enum { PATIENCE_MS = 5000 };
    mcapi_endpoint_t here = atomic_load(V(0));
    int fd = ask_for_fd(here);
    uint32_t came = 0;
    size_t size;

    for (uint32_t i = 0; i < SENT; i++) {
        MUST(mcapi_msg_send(atomic_load(V(1)), here, &i, sizeof i, 1, &status));
        if (!readable(fd, PATIENCE_MS))
            violate("the descriptor of messages is not readable");
        MUST(mcapi_msg_recv(here, &came, sizeof came, &size, &status));
        if (came != i)
            violate("message %u came, not %u", came, i);
        if (readable(fd, 0))
            violate("readable, and no message there");
    }
    MUST(mcapi_endpoint_delete(here, &status));
}

static void nothing_to_survive(void)
{
    scene_recover();
}

/* --- Waiting for several, and looking ------------------------------------------------- */

static void wait_receivable_run(void)
{
    mcapi_endpoint_t ends[2] = { atomic_load(V(1)), atomic_load(V(0)) };
    uint32_t wanted = atomic_load(&board->holds) == 0 ? DEPTH : 0;

    for (uint32_t i = 0; i < wanted; i++) {
        mcapi_uint_t which = 0;

        MUST(which = mcapi_ext_wait_receivable(ends, 2, MCAPI_TIMEOUT_INFINITE, &status));
        if (which != 1)
            violate("end %u is said to be receivable", which);
        if (receive_numbers(PACKETS, ends[1], 1) != MCAPI_SUCCESS)
            violate("a receive behind the wait is refused");
    }
}

/* Beside the peer's channel one on which nothing ever comes. */
static void two_channels_set_up(void)
{
    mcapi_endpoint_t one = create(VICTIM_PORT + 1), other = create(VICTIM_PORT + 2);
    mcapi_request_t request;

    connect_ends(SCALARS, one, other);
    open_send(SCALARS, one, &request);
    open_receive(SCALARS, other, &request);
    atomic_store(V(1), other);
    quiet_channel_set_up();
}

static void attributes_run(void)
{
    mcapi_endpoint_t here = create(VICTIM_PORT), peers = wait_for(P(0));
    uint32_t value = DEPTH;

    set(here, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, DEPTH);
    set(here, MCAPI_ENDP_ATTR_TIMEOUT, 5);
    set(here, MCAPI_ENDP_ATTR_TYPE, MCAPI_ENDP_ATTR_TYPE_PKTCHAN);
    MUST(mcapi_endpoint_get_attribute(here, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, &value,
                                      sizeof value, &status));
    if (value != DEPTH)
        violate("the attribute is %u", value);
    MUST(mcapi_endpoint_get_attribute(peers, MCAPI_ENDP_ATTR_STATUS, &value, sizeof value,
                                      &status));
    MUST(mcapi_node_get_attribute(0, PEER_NODE, MCAPI_NODE_ATTR_TYPE, &value, sizeof value,
                                  &status));
}

static void peer_has_an_endpoint(void)
{
    mcapi_endpoint_t here = create(PEER_PORT);

    atomic_store(P(0), here);
    wait_to_go_on();
    remove_endpoint(here);
}

static void let_the_peer_go(void)
{
    scene_recover();
    let_go_on();
    scene_peer_back();
}

static void statistics_run(void)
{
    mcapi_ext_node_stats_t node;
    mcapi_ext_endpoint_stats_t endpoint;
    mcapi_ext_channel_stats_t channel;
    mcapi_boolean_t more = MCAPI_TRUE;
    mcapi_uint_t cursor = 0, rows = 0;
    mcapi_status_t status;

    for (; more; rows++)
        CALL(more = mcapi_ext_node_stats(&cursor, &node, &status));
    cursor = 0;
    for (more = MCAPI_TRUE; more; rows++)
        CALL(more = mcapi_ext_endpoint_stats(&cursor, &endpoint, &status));
    cursor = 0;
    for (more = MCAPI_TRUE; more; rows++)
        CALL(more = mcapi_ext_channel_stats(&cursor, &channel, &status));
    if (rows < 3 + 2 + 2 + 1) /* and the end of each */
        violate("the statistics have %u rows", rows);
}

/* What only looks at a channel with something in it. */
static void look_run(void)
{
    mcapi_endpoint_t here = atomic_load(V(0));
    mcapi_request_t request;
    void *packet = NULL;
    mcapi_uint_t there = 0;
    mcapi_boolean_t over = MCAPI_FALSE;
    size_t size = 0;

    MUST(there = mcapi_pktchan_available(here, &status));
    if (there != DEPTH)
        violate("%u packets are there, not %u", there, (unsigned)DEPTH);
    MUST(mcapi_pktchan_recv_i(here, &packet, &request, &status));
    MUST(over = mcapi_test(&request, &size, &status));
    if (!over || size != SMALL)
        violate("a receive of what is there is not over");
    MUST(mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, &status));
    MUST(mcapi_pktchan_release(packet, &status));
}

/* --- The table ------------------------------------------------------------------------ */

const struct operation look_operations[] = {
    { .name = "look",
      .peer = peer_sends_packets,
      .set_up = receive_packets_set_up,
      .run = look_run,
      .survive = sender_survives },
    { .name = "statistics",
      .peer = peer_sends_packets,
      .set_up = receive_packets_set_up,
      .run = statistics_run,
      .survive = sender_survives },
    { .name = "attributes",
      .peer = peer_has_an_endpoint,
      .run = attributes_run,
      .survive = let_the_peer_go },
    { .name = "wait-receivable",
      .peer = peer_sends_to_sleeper,
      .set_up = two_channels_set_up,
      .run = wait_receivable_run,
      .survive = sender_survives },
    { .name = "send-to-fd",
      .peer = polling_peer,
      .set_up = packets_set_up,
      .run = send_to_fd_run,
      .survive = all_survive },
    { .name = "fd",
      .process = true,
      .peer = peer_sends_to_bell,
      .set_up = quiet_channel_set_up,
      .run = fd_run,
      .survive = sender_survives },
    { .name = "fd-thread",
      .process = true,
      .thread = "watch",
      .peer = peer_sends_to_bell,
      .set_up = quiet_channel_set_up,
      .run = fd_run,
      .survive = sender_survives },
    { .name = "fd-messages",
      .process = true,
      .set_up = fd_messages_set_up,
      .run = fd_messages_run,
      .survive = nothing_to_survive },
};
const size_t look_operation_count = sizeof look_operations / sizeof look_operations[0];
