/* SPDX-License-Identifier: MIT */
/* world.c - nodes, endpoints, a channel. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

#include "machine.h"
#include "runtime/endpoint.h"
#include "runtime/node.h"

static mcapi_endpoint_t endpoints[SIM_STAGE], spare;

static void need(mcapi_status_t status, const char *what)
{
    if (status == MCAPI_SUCCESS)
        return;
    fprintf(stderr, "simulator: %s: status %d\n", what, (int)status);
    abort();
}

static struct mci_node_settings settings = {
    .topology = "simulated",
    .limits = {
        .max_channels = 1,
        .max_endpoints = 2,
        .max_requests = 4,
        .max_msg_size = WORLD_PAYLOAD,
        .max_pkt_size = WORLD_PAYLOAD,
        .max_queue_elements = WORLD_ELEMENTS,
        .max_buffers = WORLD_BUFFERS,
    },
    .wait_policy = MCAPI_EXT_WAIT_SLEEP,
    .compat = MCAPI_EXT_COMPAT_STANDARD,
};
static bool one_process;

void world_limit_nodes(int nodes)
{
    settings.limits.max_nodes = (uint32_t)nodes;
}

void world_limit_elements(int elements)
{
    settings.limits.max_queue_elements = (uint32_t)elements;
}

void world_in_one_process(void)
{
    one_process = true;
    sim_share_process();
}

mcapi_status_t world_join(void)
{
    return mci_node_join(1, (mcapi_node_t)(1 + sim_self()), &settings);
}

void world_make(int nodes)
{
    sim_with_processes();
    if (settings.limits.max_nodes == 0)
        settings.limits.max_nodes = (uint32_t)nodes;
    for (int i = 0; i < nodes; i++) {
        if (one_process)
            sim_same_process(i, 0);
        sim_act_as(i);
        need(world_join(), "join");
        need(mci_endpoint_create(world_node(), 1, &endpoints[i]), "create");
    }
    /* The slots and buckets of all other endpoints; and who has got which. */
    sim_pass_over(&mci_map()->endpoints[nodes + 1],
                  (uint64_t)((unsigned char *)(mci_map()->buckets + MCI_BUCKETS)
                             - (unsigned char *)&mci_map()->endpoints[nodes + 1]));
    sim_pass_over(mci_map()->gets, (uint64_t)settings.limits.max_nodes * MCI_ENDPOINT_SLOTS
                                           * sizeof *mci_map()->gets);
}

void world_spare_endpoint(int node)
{
    sim_act_as(node);
    need(mci_endpoint_create(world_node(), 2, &spare), "create another");
}

mcapi_endpoint_t world_spare(void)
{
    return spare;
}

mcapi_endpoint_t world_endpoint(int node)
{
    return endpoints[node];
}

void world_connect(enum mci_channel_kind kind)
{
    bool packets = kind == MCI_CHANNEL_PACKET;
    bool complete;

    sim_act_as(0);
    need(mci_channel_connect(world_node(), kind, endpoints[0], endpoints[1], false), "connect");
    need(mci_channel_open(world_node(), endpoints[0],
                          packets ? MCI_END_PACKET_SEND : MCI_END_SCALAR_SEND, &complete,
                          false),
         "open the sending end");
    sim_act_as(1);
    need(mci_channel_open(world_node(), endpoints[1],
                          packets ? MCI_END_PACKET_RECEIVE : MCI_END_SCALAR_RECEIVE, &complete,
                          false),
         "open the receiving end");
}

void world_same_node(int id, int node)
{
    struct mci_self self;

    sim_act_as(node);
    self = mci_self;
    sim_same_process(id, sim_process_of(node));
    sim_act_as(id);
    mci_self.node = self.node;
    mci_self.serial = self.serial;
}

void world_hints(int slots)
{
    const struct mci_map *map = mci_map();

    for (int i = 0; i < slots; i++) {
        sim_hint(&map->nodes[i].process, sizeof map->nodes[i].process);
        sim_hint(&map->nodes[i].process_start, sizeof map->nodes[i].process_start);
    }
}

struct mci_node *world_node(void)
{
    return mci_self.node;
}
