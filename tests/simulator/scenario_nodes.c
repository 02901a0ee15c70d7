/* SPDX-License-Identifier: MIT */
/*
 * scenario_nodes.c - processes leave a topology and join it again, make an endpoint each time
 * and get those of the others, and die anywhere. No slot has two owners, a name that is given
 * up or left by a dead node can be had again, and in the end the tables say what there is.
 */
#include "machine.h"
#include "runtime/control.h"
#include "runtime/endpoint.h"
#include "runtime/node.h"
#include "runtime/recovery.h"
#include "world.h"

enum { PLAYERS = 3, MOST = 3, TRIES = 200 };

static uint32_t turns;
static int owner_of[PLAYERS + 1]; /* of each slot, as far as its owner knows */
static bool done[PLAYERS];

static void prepare(void)
{
    world_limit_nodes(PLAYERS + 1);
    world_make(PLAYERS);
}

static void set_owner(int owner)
{
    int *slot = &owner_of[world_node()->slot];

    sim_check(*slot == SIM_NOBODY || *slot == sim_self() || sim_is_dead(*slot));
    *slot = owner;
}

static void leave(void)
{
    set_owner(SIM_NOBODY);
    sim_check(mci_node_leave(world_node()));
}

static void join(void)
{
    mcapi_status_t status = world_join();

    /* A search that others are ahead of finds no slot: they have left those that it has passed.
     */
    for (int i = 0; status == MCAPI_ERR_NODE_INITFAILED && i < TRIES; i++) {
        sim_pause();
        status = world_join();
    }
    if (status != MCAPI_SUCCESS)
        sim_fail("a node cannot join: status %d", (int)status);
    set_owner(sim_self());
}

static void look_for(int other)
{
    mcapi_endpoint_t found;
    mcapi_status_t status =
            mci_endpoint_get(world_node(), 1, (mcapi_node_t)(1 + other), 1, &found);

    sim_check(status == MCAPI_SUCCESS || status == MCAPI_PENDING);
    if (status == MCAPI_SUCCESS) {
        status = mci_endpoint_release(world_node(), found);
        sim_check(status == MCAPI_SUCCESS || status == MCAPI_ERR_ENDP_INVALID);
    }
}

static void come_and_go(void *unused)
{
    int self = sim_self();
    mcapi_endpoint_t endpoint;

    (void)unused;
    for (uint32_t i = 0; i < turns; i++) {
        if (sim_random(4) == 0)
            look_for((int)sim_random(PLAYERS));
        leave();
        join();
        if (mci_endpoint_create(world_node(), 1, &endpoint) != MCAPI_SUCCESS)
            sim_fail("the endpoint of an earlier life is still there");
        if (sim_random(4) == 0)
            look_for((int)sim_random(PLAYERS));
    }
    done[self] = true;
}

static void begin(void)
{
    const struct mci_map *map = mci_map();
    int players = 2 + (int)sim_random(PLAYERS - 1);

    world_hints(PLAYERS + 1);
    turns = 1 + sim_random(MOST);
    for (int i = 0; i <= PLAYERS; i++)
        owner_of[i] = i < PLAYERS ? i : SIM_NOBODY;
    sim_name(&map->header->control, 4, 4, "control");
    sim_name(map->nodes, (PLAYERS + 1) * sizeof map->nodes[0], sizeof map->nodes[0], "node");
    sim_name(map->endpoints, PLAYERS * sizeof map->endpoints[0], sizeof map->endpoints[0],
             "endpoint");
    for (int i = 0; i < players; i++)
        sim_start(i, come_and_go, NULL);
}

/* Without those who died: by somebody who comes later. */
static void end(void)
{
    struct mci_map *map;
    uint32_t live = 0;
    int self = 0;

    while (self < PLAYERS && !done[self])
        self++;
    if (self == PLAYERS)
        return;
    sim_act_as(self);
    map = &mci_runtime.map;
    sim_check(mci_control_lock(world_node(), mci_self.serial));
    mci_recover_all_dead(map);
    for (int i = 0; i <= PLAYERS; i++) {
        int owner = owner_of[i];
        bool is_live = map->nodes[i].state == MCI_NODE_LIVE;

        sim_check(is_live == (owner != SIM_NOBODY && !sim_is_dead(owner)));
        sim_check(!is_live || map->nodes[i].endpoints == 1);
        live += is_live;
    }
    sim_check(map->header->endpoint_live == live);
    mci_control_unlock();
}

const struct sim_scenario sim_nodes = {
    .name = "nodes",
    .about = "nodes leave, join, die and take over slots; endpoints of the same names",
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .deaths = 2,
    .span = 500,
    .share = 40,
    .members = PLAYERS,
    .weight = 1,
};
