/* SPDX-License-Identifier: MIT */
/*
 * scenario_connect.c - two nodes connect a channel, open its ends, send, receive and close,
 * some times over, by the calls that a program has and the requests that they give; either of
 * them may die anywhere, and a third one takes its place in a repair. Whoever lives finishes
 * each step, or learns that the other is dead; what was sent before a close or a death comes
 * first.
 */
#include <string.h>

#include "machine.h"
#include "runtime/control.h"
#include "runtime/recovery.h"
#include "world.h"

enum { SENDER, RECEIVER, ONLOOKER, NODES, CANCELLER = NODES, MOST = 2 };

static uint32_t rounds, sent, received, closed;
static bool done[2];
static bool scalars;
static mcapi_request_t opening; /* the receiver's open, while it waits for it; else 0 */

static void prepare(void)
{
    world_make(NODES);
    world_same_node(CANCELLER, RECEIVER);
}

/* --- Requests ------------------------------------------------------------------------- */

static bool peer_is_dead(void)
{
    return sim_is_dead(sim_self() == SENDER ? RECEIVER : SENDER);
}

/* Waits for a request of ours. */
static mcapi_status_t finish(mcapi_request_t request, mcapi_status_t accepted)
{
    mcapi_status_t status = accepted;
    size_t size;

    if (accepted == MCAPI_SUCCESS || accepted == MCAPI_PENDING)
        (mcapi_wait)(&request, &size, MCAPI_TIMEOUT_INFINITE, &status);
    return status;
}

/* True: the other one is dead, and nothing else. */
static bool ends_here(mcapi_status_t status, const char *what)
{
    if (status == MCAPI_SUCCESS)
        return false;
    if (!peer_is_dead())
        sim_fail("%s: status %d, and the other node lives", what, (int)status);
    return true;
}

/* --- The two sides -------------------------------------------------------------------- */

static mcapi_status_t connect_ends(void)
{
    mcapi_request_t request;
    mcapi_status_t status;

    if (scalars)
        mcapi_sclchan_connect_i(world_endpoint(SENDER), world_endpoint(RECEIVER), &request,
                                &status);
    else
        mcapi_pktchan_connect_i(world_endpoint(SENDER), world_endpoint(RECEIVER), &request,
                                &status);
    return finish(request, status);
}

static mcapi_status_t send_number(mcapi_pktchan_send_hndl_t handle, uint32_t number)
{
    uint64_t content = number;
    mcapi_status_t status;

    if (scalars)
        mcapi_sclchan_send_uint32(handle, number, &status);
    else
        mcapi_pktchan_send(handle, &content, sizeof content, &status);
    return status;
}

static void send_side(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < rounds; i++) {
        mcapi_pktchan_send_hndl_t handle = 0;
        mcapi_request_t request;
        mcapi_status_t status;
        uint32_t count = sim_random(MOST + 1);

        /* Until the receiver has closed its end of the channel before. */
        while ((status = connect_ends()) == MCAPI_ERR_CHAN_CONNECTED
               || status == MCAPI_ERR_CHAN_OPEN) {
            if (closed < i && !peer_is_dead()) {
                sim_pause();
                continue;
            }
            sim_check(peer_is_dead());
            sim_pause();
            break;
        }
        if (ends_here(status, "connect"))
            break;
        if (scalars)
            mcapi_sclchan_send_open_i(&handle, world_endpoint(SENDER), &request, &status);
        else
            mcapi_pktchan_send_open_i(&handle, world_endpoint(SENDER), &request, &status);
        if (ends_here(finish(request, status), "open to send"))
            break;
        for (uint32_t j = 0; j < count; j++) {
            if (ends_here(send_number(handle, sent + 1), "send"))
                break;
            sent++;
        }
        if (scalars)
            mcapi_sclchan_send_close_i(handle, &request, &status);
        else
            mcapi_pktchan_send_close_i(handle, &request, &status);
        if (ends_here(finish(request, status), "close to send"))
            break;
    }
    done[SENDER] = true;
}

static mcapi_status_t receive_number(mcapi_pktchan_recv_hndl_t handle, uint64_t *number)
{
    void *payload;
    size_t size;
    mcapi_status_t status;

    if (scalars) {
        *number = mcapi_sclchan_recv_uint32(handle, &status);
        return status;
    }
    mcapi_pktchan_recv(handle, &payload, &size, &status);
    if (status == MCAPI_SUCCESS) {
        sim_check(size == sizeof *number);
        memcpy(number, payload, sizeof *number);
        mcapi_pktchan_release(payload, &status);
        sim_check(status == MCAPI_SUCCESS);
    }
    return status;
}

static void receive_side(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < rounds; i++) {
        mcapi_pktchan_recv_hndl_t handle = 0;
        mcapi_request_t request;
        mcapi_status_t status;
        uint64_t number;

        if (scalars)
            mcapi_sclchan_recv_open_i(&handle, world_endpoint(RECEIVER), &request, &status);
        else
            mcapi_pktchan_recv_open_i(&handle, world_endpoint(RECEIVER), &request, &status);
        opening = request;
        status = finish(request, status);
        opening = 0;
        if (status == MCAPI_ERR_REQUEST_CANCELLED || ends_here(status, "open to receive"))
            break;
        while ((status = receive_number(handle, &number)) == MCAPI_SUCCESS) {
            if (number != received + 1)
                sim_fail("number %u was expected, and %llu is there", received + 1,
                         (unsigned long long)number);
            received++;
        }
        /* Closed by the sender, or dead. */
        sim_check(status == MCAPI_ERR_CHAN_INVALID
                  || (status == MCAPI_ERR_TRANSMISSION && peer_is_dead()));
        if (scalars)
            mcapi_sclchan_recv_close_i(handle, &request, &status);
        else
            mcapi_pktchan_recv_close_i(handle, &request, &status);
        status = finish(request, status);
        closed++;
        if (ends_here(status, "close to receive"))
            break;
    }
    done[RECEIVER] = true;
}

/* Another thread of the receiver's node: when nobody is left who would connect. */
static void cancel_the_open(void *unused)
{
    (void)unused;
    while (!sim_is_over(SENDER) && !sim_is_over(RECEIVER))
        sim_pause();
    while (!sim_is_over(RECEIVER)) {
        mcapi_request_t request = opening;
        mcapi_status_t status;

        if (request != 0)
            mcapi_cancel(&request, &status);
        sim_pause();
    }
}

/* -------------------------------------------------------------------------------------- */

static void begin(void)
{
    const struct mci_map *map = mci_map();

    rounds = 1 + sim_random(MOST);
    scalars = sim_random(2) == 0;
    sim_name(&map->header->control, 4, 4, "control");
    sim_name(map->channels, sizeof map->channels[0], sizeof map->channels[0], "channel");
    sim_name(map->nodes, NODES * sizeof map->nodes[0], sizeof map->nodes[0], "node");
    sim_name(map->endpoints, NODES * sizeof map->endpoints[0], sizeof map->endpoints[0],
             "endpoint");
    sim_start(SENDER, send_side, NULL);
    sim_start(RECEIVER, receive_side, NULL);
    sim_start(CANCELLER, cancel_the_open, NULL);
}

/* The third node buries the dead; then the channel is free, unless a living side has it. */
static void end(void)
{
    struct mci_map *map;

    sim_check(sim_is_dead(SENDER) || done[SENDER]);
    sim_check(sim_is_dead(RECEIVER) || done[RECEIVER]);
    if (!sim_is_dead(SENDER) && !sim_is_dead(RECEIVER))
        sim_check(received == sent);
    sim_act_as(ONLOOKER);
    map = &mci_runtime.map;
    sim_check(mci_control_lock(world_node(), mci_self.serial));
    mci_recover_all_dead(map);
    if (sim_is_dead(SENDER) == sim_is_dead(RECEIVER))
        sim_check(map->channels[0].state == MCI_CHANNEL_FREE);
    sim_check(map->header->endpoint_live
              == (uint32_t)NODES - sim_is_dead(SENDER) - sim_is_dead(RECEIVER));
    mci_control_unlock();
}

const struct sim_scenario sim_connect = {
    .name = "connect",
    .about = "connect, open, send, receive, close, with requests; a side dies anywhere",
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .deaths = 1,
    .span = 700,
    .share = 40,
    .members = 2,
    .weight = 2,
};
