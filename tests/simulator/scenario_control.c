/* SPDX-License-Identifier: MIT */
/*
 * scenario_control.c - the control lock: nodes take turns, and die with it, for it and behind
 * it. One at a time has it; who survives gets it, repairs the tables first if its last owner
 * died with it, and sees what that one did.
 */
#include "machine.h"
#include "runtime/control.h"
#include "runtime/endpoint.h"
#include "runtime/recovery.h"
#include "world.h"

enum { NODES_AT_MOST = 3, MOST = 3 };

static uint32_t turns;
static int owner;
static bool done[NODES_AT_MOST];

static void prepare(void)
{
    world_make(NODES_AT_MOST);
}

static void take_turns(void *unused)
{
    int self = sim_self();

    (void)unused;
    for (uint32_t i = 0; i < turns; i++) {
        if (!mci_control_lock(world_node(), mci_self.serial))
            sim_fail("the node is live, and does not get the lock");
        sim_check(owner == SIM_NOBODY || sim_is_dead(owner));
        owner = self;
        mci_map()->header->channel_cursor++; /* ordered with all others, or it is a race */
        if (i + 1 == turns)
            mci_recover_all_dead(&mci_runtime.map);
        owner = SIM_NOBODY;
        mci_control_unlock();
    }
    done[self] = true;
}

static void begin(void)
{
    uint32_t nodes = 2 + sim_random(NODES_AT_MOST - 1);
    const struct mci_map *map = mci_map();

    turns = 1 + sim_random(MOST);
    owner = SIM_NOBODY;
    sim_name(&map->header->control, 4, 4, "control");
    sim_name(&map->header->channel_cursor, 4, 4, "turns");
    sim_name(map->nodes, NODES_AT_MOST * sizeof map->nodes[0], sizeof map->nodes[0], "node");
    for (int i = 0; i < (int)nodes; i++)
        sim_start(i, take_turns, NULL);
}

static void end(void)
{
    const struct mci_map *map = mci_map();
    uint32_t live = 0;

    for (int i = 0; i < NODES_AT_MOST; i++) {
        sim_check(!sim_is_started(i) || sim_is_dead(i) || done[i]);
        live += map->nodes[i].endpoints;
    }
    /* Whoever died with it left it, and there may be no survivor behind. */
    if (map->header->control == 0)
        sim_check(map->header->endpoint_live == live);
    else
        sim_check(
                sim_is_dead((int)MCI_CONTROL_SLOT(map->header->control & ~MCI_CONTROL_WAITED)));
}

const struct sim_scenario sim_control = {
    .name = "control",
    .about = "the control lock, its owners' deaths, repair",
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .deaths = 2,
    .span = 80,
    .share = 40,
    .members = NODES_AT_MOST,
    .weight = 6,
};
