/* SPDX-License-Identifier: MIT */
/*
 * scenario_seats.c - all slots are used and one node has died; two want to join. One of them
 * takes the slot over, a thread of its process acts for it, and it dies or leaves, while the
 * other one may still be about to take over what it saw dead: a whole life of the slot goes by
 * in between. Nobody gets a slot while somebody acts for who had it, nobody has the tables
 * beside another, and in the end the slot is free again.
 */
#include "machine.h"
#include "runtime/control.h"
#include "runtime/node.h"
#include "runtime/recovery.h"
#include "world.h"

enum { WITNESS, VICTIM, NODES, FIRST = NODES, HELPER, SECOND, FIBRES, TRIES = 200, MOST = 3 };

static bool done[FIBRES];
static int owner;      /* of the tables */
static bool helps;     /* somebody acts for the first one's node... */
static bool finalized; /* ...and has begun to leave for it */

static void prepare(void)
{
    mci_say_level(-1);
    world_make(NODES);
}

static bool is_helped(void)
{
    return helps && !finalized && !(sim_is_over(FIRST) && sim_is_over(HELPER));
}

/* False: the node is none any more. */
static bool use_tables(void)
{
    if (!mci_control_lock(world_node(), mci_self.serial))
        return false;
    sim_check(owner == SIM_NOBODY || sim_is_dead(owner));
    owner = sim_self();
    mci_map()->header->endpoint_cursor = 0; /* ordered with all others, or it is a race */
    if (sim_random(2) == 0)
        mci_recover_all_dead(&mci_runtime.map);
    owner = SIM_NOBODY;
    mci_control_unlock();
    return true;
}

static void witness(void *unused)
{
    (void)unused;
    for (uint32_t i = sim_random(MOST); i > 0; i--) {
        sim_pause();
        sim_check(use_tables());
    }
    done[WITNESS] = true;
}

static void be_the_victim(void *unused)
{
    (void)unused;
    done[VICTIM] = true;
    sim_end_thread();
}

static bool join(void)
{
    mcapi_status_t status = world_join();

    for (int i = 0; status == MCAPI_ERR_NODE_INITFAILED && i < TRIES; i++) {
        sim_pause();
        status = world_join();
    }
    return status == MCAPI_SUCCESS;
}

static void join_first(void *how)
{
    if (join()) {
        use_tables(); /* unless the helper has left for us */
        if (how != NULL) {
            finalized = true;
            mci_node_leave(world_node());
        }
    }
    done[FIRST] = true;
    sim_end_thread();
}

static void help(void *unused)
{
    struct mci_node *node = mci_node_current();

    (void)unused;
    for (int i = 0; node == NULL && i < TRIES && !sim_is_over(FIRST); i++) {
        sim_pause();
        node = mci_node_current();
    }
    if (node != NULL) {
        helps = true;
        for (uint32_t i = sim_random(MOST); i > 0 && use_tables(); i--)
            ;
        if (sim_random(2) == 0) {
            finalized = true;
            mci_node_leave(node);
        }
    }
    done[HELPER] = true;
}

static void join_second(void *unused)
{
    (void)unused;
    if (join()) {
        sim_check(!is_helped());
        sim_check(use_tables());
        sim_check(mci_node_leave(world_node()));
    }
    done[SECOND] = true;
}

static void begin(void)
{
    const struct mci_map *map = mci_map();

    owner = SIM_NOBODY;
    world_hints(NODES);
    sim_name(&map->header->control, 4, 4, "control");
    sim_name(&map->header->endpoint_cursor, 4, 4, "cursor");
    sim_name(map->nodes, NODES * sizeof map->nodes[0], sizeof map->nodes[0], "node");
    /* Read by who finalizes a lost node, to wake who sleeps: without the lock of the tables. */
    sim_hint(&map->header->endpoint_high, sizeof map->header->endpoint_high);
    sim_same_process(HELPER, FIRST);
    sim_start(WITNESS, witness, NULL);
    sim_start(VICTIM, be_the_victim, NULL);
    sim_start(FIRST, join_first, sim_random(4) == 0 ? &done : NULL);
    sim_start(HELPER, help, NULL);
    sim_start(SECOND, join_second, NULL);
}

static void end(void)
{
    struct mci_map *map;

    for (int i = 0; i < FIBRES; i++)
        sim_check(sim_is_dead(i) || done[i]);
    sim_act_as(WITNESS);
    map = &mci_runtime.map;
    sim_check(mci_control_lock(world_node(), mci_self.serial));
    mci_recover_all_dead(map);
    mci_control_unlock();
    sim_check(map->nodes[WITNESS].state == MCI_NODE_LIVE);
    sim_check(map->nodes[VICTIM].state == MCI_NODE_FREE);
}

const struct sim_scenario sim_seats = {
    .name = "seats",
    .about = "two take over the slot of a dead node, one of them a whole life too late",
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .deaths = 0,
    .span = 0,
    .share = 0,
    .members = 0,
    .weight = 1,
};
