/* SPDX-License-Identifier: MIT */
/*
 * operations_wait.c - deaths of nodes that wait for others to create, open or close, and of
 * those that wait no more.
 */
#include "crash/kill/operations.h"
#include "runtime/runtime.h"
#include "segment/layout.h"

#define V(i) (&board->v[i])
#define P(i) (&board->p[i])

/* The victim's slot, by name. */
static const struct mci_node_slot *victims_slot(void)
{
    const struct mci_map *map = mci_map();

    for (uint32_t i = 0; i < map->limits.max_nodes; i++)
        if (atomic_load(&map->nodes[i].state) == MCI_NODE_LIVE
            && map->nodes[i].node == VICTIM_NODE)
            return &map->nodes[i];
    return NULL;
}

static bool victim_sleeps_on_bell(void)
{
    const struct mci_node_slot *slot = victims_slot();

    return slot != NULL && atomic_load(&slot->bell_sleepers) != 0;
}

/* For the peer: the victim has gone to sleep, or never will. */
static void until_it_sleeps(void)
{
    until(atomic_load(&board->dead) != 0 || atomic_load(&board->holds) != 0
          || victim_sleeps_on_bell());
}

/* --- Get ------------------------------------------------------------------------------ */

static void peer_creates_late(void)
{
    mcapi_endpoint_t here;

    until_it_sleeps();
    here = create(PEER_PORT);
    atomic_store(P(0), here);
    wait_to_go_on();
    remove_endpoint(here);
}

static void get_waiting_run(void)
{
    mcapi_endpoint_t got = 0;

    MUST(got = mcapi_endpoint_get(0, PEER_NODE, PEER_PORT, MCAPI_TIMEOUT_INFINITE, &status));
    if (got != atomic_load(P(0)) && atomic_load(P(0)) != 0)
        violate("endpoint %#x was got, and the peer's is %#x", got, atomic_load(P(0)));
}

static void let_the_peer_go(void)
{
    wait_for(P(0));
    scene_recover();
    let_go_on();
    scene_peer_back();
}

static void cancel_get_run(void)
{
    mcapi_endpoint_t got;
    mcapi_request_t request;
    mcapi_status_t status;
    size_t size;

    MUST(mcapi_endpoint_get_i(0, PEER_NODE, PEER_PORT + 1, &got, &request, &status));
    CALL(mcapi_wait(&request, &size, 1, &status));
    if (status != MCAPI_TIMEOUT)
        violate("a get of nothing ends with status %u", status);
    MUST(mcapi_cancel(&request, &status));
}

/* --- Open and close ------------------------------------------------------------------- */

static void peer_opens_late(void)
{
    mcapi_endpoint_t here = create(PEER_PORT);
    mcapi_request_t request;

    atomic_store(P(0), here);
    wait_for(V(0));
    until_it_sleeps();
    open_send(PACKETS, here, &request);
    wait_to_go_on();
    remove_endpoint(here);
    board->status = MCAPI_ERR_TRANSMISSION;
}

static void open_waiting_set_up(void)
{
    mcapi_endpoint_t here = create(VICTIM_PORT);

    connect_ends(PACKETS, wait_for(P(0)), here);
    atomic_store(V(0), here);
}

static void open_waiting_run(void)
{
    mcapi_request_t request;
    mcapi_status_t status = MCAPI_SUCCESS;
    size_t size;

    open_receive(PACKETS, atomic_load(V(0)), &request);
    CALL(mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, &status));
    if (status != MCAPI_SUCCESS)
        violate("an open that waits for the peer ends with status %u", status);
}

static void the_peer_is_gone(void)
{
    scene_recover();
    peer_is_back(MCAPI_ERR_TRANSMISSION);
}

static void close_wait_run(void)
{
    mcapi_request_t request;
    size_t size;

    if (send_numbers(PACKETS, atomic_load(V(0)), SMALL, 0, 2) != MCAPI_SUCCESS)
        violate("the channel refuses a send");
    MUST(mcapi_pktchan_send_close_i(atomic_load(V(0)), &request, &status));
    if (atomic_load(&board->holds) == 0)
        MUST(mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, &status));
}

static void close_wait_survives(void)
{
    peer_is_back(MCAPI_ERR_CHAN_INVALID);
    all_came();
}

/* --- Cancel --------------------------------------------------------------------------- */

static void silent_peer(void)
{
    mcapi_endpoint_t here = create(PEER_PORT);
    mcapi_request_t request;

    connect_ends(PACKETS, here, wait_for(V(0)));
    open_send(PACKETS, here, &request);
    atomic_store(P(0), here);
    wait_to_go_on();
    remove_endpoint(here);
    board->status = MCAPI_ERR_TRANSMISSION;
}

static void cancel_receive_run(void)
{
    mcapi_request_t request[DEPTH];
    void *packet[DEPTH];

    for (int i = 0; i < DEPTH; i++)
        MUST(mcapi_pktchan_recv_i(atomic_load(V(0)), &packet[i], &request[i], &status));
    for (int i = DEPTH - 1; i >= 0; i--)
        MUST(mcapi_cancel(&request[i], &status));
}

/* --- The table ------------------------------------------------------------------------ */

const struct operation wait_operations[] = {
    { .name = "get-waiting",
      .peer = peer_creates_late,
      .run = get_waiting_run,
      .survive = let_the_peer_go },
    { .name = "cancel-get", .run = cancel_get_run },
    { .name = "open-waiting",
      .peer = peer_opens_late,
      .set_up = open_waiting_set_up,
      .run = open_waiting_run,
      .survive = the_peer_is_gone },
    { .name = "close-wait",
      .peer = peer_receives_packets,
      .set_up = packets_set_up,
      .run = close_wait_run,
      .survive = close_wait_survives },
    { .name = "cancel-receive",
      .peer = silent_peer,
      .set_up = quiet_channel_set_up,
      .run = cancel_receive_run,
      .survive = the_peer_is_gone },
};
const size_t wait_operation_count = sizeof wait_operations / sizeof wait_operations[0];
