/* SPDX-License-Identifier: MIT */
/*
 * scenario_leave.c - one process with two nodes: a thread of one receives, or waits for
 * messages, while the node is finalized by another, and the other node sends and is finalized
 * too; or its own thread ends without the C library, and another one finalizes it. Every call
 * comes back and says why; the mapping goes with whoever is out last, and nobody touches it
 * after that, unless the process joins again. The memory of the process is simulated as the
 * segment is.
 */
#include <string.h>

#include "machine.h"
#include "runtime/end.h"
#include "runtime/message.h"
#include "runtime/node.h"
#include "runtime/receive.h"
#include "runtime/release.h"
#include "runtime/send.h"
#include "world.h"

enum { SENDER, OWNER, THREAD, ANOTHER, FINALIZER, NODES = 2, MOST = 4 };

static uint32_t packets, delay[NODES];
static uint32_t crowd; /* what the threads of the node do */
static bool again[NODES];
static bool is_lost; /* the node's own thread ends, and somebody else finalizes it */

static void prepare(void)
{
    world_in_one_process();
    world_make(NODES);
    world_connect(MCI_CHANNEL_PACKET);
    world_spare_endpoint(OWNER);
    world_same_node(THREAD, OWNER);
    world_same_node(ANOTHER, OWNER);
    world_same_node(FINALIZER, OWNER);
}

static bool is_over(mcapi_status_t status)
{
    return status == MCAPI_ERR_NODE_NOTINIT || status == MCAPI_ERR_CHAN_INVALID
        || status == MCAPI_ERR_ENDP_INVALID || (is_lost && status == MCAPI_ERR_TRANSMISSION);
}

static void leave(void)
{
    for (uint32_t i = 0; i < delay[sim_self()]; i++)
        sim_pause();
    sim_check(mci_node_leave(world_node()));
    if (!again[sim_self()])
        return;
    sim_check(world_join() == MCAPI_SUCCESS);
    sim_check(mci_node_leave(world_node()));
}

static void send_and_leave(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < packets; i++) {
        uint64_t content = i + 1;
        mcapi_status_t status =
                mci_send_packet(world_node(), world_endpoint(SENDER), &content, sizeof content);

        if (status != MCAPI_SUCCESS) {
            sim_check(is_over(status));
            break;
        }
    }
    leave();
}

static void leave_only(void *unused)
{
    (void)unused;
    if (is_lost)
        sim_end_thread();
    leave();
}

static void finalize_the_lost(void *unused)
{
    (void)unused;
    while (!sim_is_over(OWNER))
        sim_pause();
    sim_check(mci_node_leave(world_node()));
}

static void receive_until_over(void *unused)
{
    uint64_t last = 0;

    (void)unused;
    for (;;) {
        uint64_t content;
        void *payload;
        size_t size;
        mcapi_status_t status;

        if (mci_node_current() == NULL)
            return;
        status = mci_receive_packet(world_node(), world_endpoint(OWNER), &payload, &size);

        if (status != MCAPI_SUCCESS) {
            sim_check(is_over(status));
            return;
        }
        if (mci_release(world_node(), payload) != MCAPI_SUCCESS)
            continue; /* the node has gone meanwhile, and the packet with it */
        (void)content;
        last++;
        sim_check(last <= packets);
    }
}

static void wait_until_over(void *unused)
{
    char buffer[WORLD_PAYLOAD];
    size_t size;

    (void)unused;
    sim_check(is_over(
            mci_message_receive(world_node(), world_spare(), buffer, sizeof buffer, &size)));
}

/* Until there is no room, and then until it is over. */
static void send_until_over(void *unused)
{
    const struct mci_message message = {
        .from = world_spare(),
        .to = world_spare(),
        .payload = "",
        .size = 1,
    };
    mcapi_status_t status;

    (void)unused;
    do {
        if (mci_node_current() == NULL)
            return;
        status = mci_message_send(world_node(), &message);
    } while (status == MCAPI_SUCCESS);
    sim_check(is_over(status));
}

static void begin(void)
{
    const struct mci_map *map = mci_map();

    packets = sim_random(MOST + 1);
    crowd = sim_random(4);
    delay[SENDER] = sim_random(8);
    delay[OWNER] = sim_random(16);
    sim_name(map->channels[0].event, sizeof map->channels[0].event, 4, "event");
    sim_name(map->nodes, NODES * sizeof map->nodes[0], sizeof map->nodes[0], "node");
    sim_name(&mci_runtime, sizeof mci_runtime, 4, "mci_runtime");
    sim_name(mci_ends, 4 * sizeof mci_ends[0], sizeof mci_ends[0], "mci_ends");
    world_hints(NODES);
    /* A thread of the life before may wait by the rules of the next one, for a moment. */
    sim_hint(&mci_runtime.wait_policy, sizeof mci_runtime.wait_policy);
    sim_start(SENDER, send_and_leave, NULL);
    for (int i = 0; i < NODES; i++)
        again[i] = sim_random(4) == 0;
    is_lost = sim_random(4) == 0;
    sim_start(OWNER, leave_only, NULL);
    if (is_lost)
        sim_start(FINALIZER, finalize_the_lost, NULL);
    sim_start(THREAD, crowd == 0 ? send_until_over : receive_until_over, NULL);
    if (crowd == 1)
        sim_start(ANOTHER, receive_until_over, NULL);
    else if (crowd == 2 && !is_lost) /* at a lost endpoint it would be left to its naps */
        sim_start(ANOTHER, wait_until_over, NULL);
    else
        sim_start(ANOTHER, send_until_over, NULL);
}

static void end(void)
{
    sim_check(sim_is_detached());
}

const struct sim_scenario sim_leave = {
    .name = "leave",
    .about = "threads inside a call while their node, and the process, leave the topology",
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .weight = 1,
};
