/* SPDX-License-Identifier: MIT */
/*
 * scenario_helpers.c - a node whose thread ends while others of its process act for it: alone,
 * or since the process is killed, or it leaves. Survivors notice, bury it and go on; one
 * receives what was sent, one makes endpoints and channels, one more wants to join and finds
 * all slots used. While a helper may still act nobody has the tables with it, and nobody gets
 * the node's slot, its endpoint's slot or its channel; what was sent comes once, whole and in
 * order, and in the end nothing is missing.
 */
#include <string.h>

#include "machine.h"
#include "runtime/channel.h"
#include "runtime/control.h"
#include "runtime/endpoint.h"
#include "runtime/message.h"
#include "runtime/node.h"
#include "runtime/receive.h"
#include "runtime/recovery.h"
#include "runtime/release.h"
#include "runtime/send.h"
#include "world.h"

enum {
    VICTIM,
    RECEIVER,
    MAKER,
    NODES,
    HELPER = NODES,
    LATE,
    FIBRES,
    MOST = 4,
    TRIES = 200,
    LOOKS = 40
};

struct content {
    uint32_t sender, number;
    uint64_t complement;
};

static bool packets; /* else messages */
static bool done[FIBRES];
static int owner;      /* of the tables */
static bool helps;     /* somebody acts for the node */
static bool finalized; /* ...and leaves for it: then nobody is at its ends when it has left */
static mcapi_endpoint_t target; /* where messages go */
static uint32_t lives;          /* of that endpoint */
static uint32_t looks, looked_at;

/* By fibre. */
static struct {
    uint32_t items, sent, received;
    uint32_t last;
    mcapi_endpoint_t to[MOST + 1]; /* to which endpoint that number has gone; 0: it has not */
    bool came[MOST + 1];
} of[FIBRES];

static void prepare_messages(void)
{
    mci_say_level(-1);
    world_make(NODES);
}

static void prepare_packets(void)
{
    packets = true;
    prepare_messages();
    world_connect(MCI_CHANNEL_PACKET);
    world_spare_endpoint(MAKER);
}

/* Whether somebody may still act for the node, though it has ended. */
static bool is_helped(void)
{
    return helps && !finalized && !(sim_is_over(VICTIM) && sim_is_over(HELPER));
}

/* --- The tables ------------------------------------------------------------------------- */

static void use_tables(bool look_for_dead)
{
    sim_check(owner == SIM_NOBODY || sim_is_dead(owner));
    owner = sim_self();
    mci_map()->header->endpoint_cursor = 0; /* ordered with all others, or it is a race */
    if (look_for_dead)
        mci_recover_all_dead(&mci_runtime.map);
    owner = SIM_NOBODY;
}

/* False: the node is none any more. */
static bool lock_tables(void)
{
    if (!mci_control_lock(world_node(), mci_self.serial))
        return false;
    use_tables(sim_random(2) == 0);
    mci_control_unlock();
    return true;
}

static bool victim_is_over(void)
{
    return sim_is_dead(VICTIM) || done[VICTIM] || finalized;
}

/* --- Sending ---------------------------------------------------------------------------- */

static mcapi_status_t send_next(void)
{
    uint32_t self = (uint32_t)sim_self(), number = of[self].sent + 1;
    struct content content = { self, number, ~(uint64_t)number };
    struct mci_message message = {
        .from = world_endpoint(self == MAKER ? MAKER : VICTIM),
        .to = target,
        .payload = &content,
        .size = sizeof content,
    };
    mcapi_status_t status =
            packets ? mci_send_packet(world_node(), message.from, &content, sizeof content)
                    : mci_message_send(world_node(), &message);

    if (status == MCAPI_SUCCESS) {
        of[self].to[number] = message.to;
        of[self].sent++;
    }
    return status;
}

/* It waited for room, and the endpoint has gone; or its handle, which has come on a way that
 * orders nothing, is newer than the slot that it sees. */
static bool is_of_the_next_life(mcapi_status_t status)
{
    return !packets && target != world_endpoint(RECEIVER)
        && (status == MCAPI_ERR_ENDP_DELETED || status == MCAPI_ERR_ENDP_INVALID);
}

/* Until all is sent, or the node is gone. */
static void send_all(void)
{
    uint32_t self = (uint32_t)sim_self();

    while (of[self].sent < of[self].items) {
        mcapi_status_t status = MCAPI_SUCCESS;

        if (sim_random(2) == 0 && !lock_tables())
            return;
        if (self != MAKER || !packets)
            status = send_next();
        else
            of[self].sent++;
        if (status == MCAPI_SUCCESS || is_of_the_next_life(status))
            continue;
        if (self == MAKER || !victim_is_over())
            sim_fail("fibre %u cannot send: status %d", self, (int)status);
        return;
    }
}

static void be_the_victim(void *how)
{
    send_all();
    done[VICTIM] = true;
    if (how == NULL)
        sim_end_thread();
    finalized = true;
    mci_node_leave(world_node()); /* unless the helper does */
}

static void help(void *unused)
{
    struct mci_node *node = mci_node_current();

    (void)unused;
    if (node != NULL) {
        helps = true;
        send_all();
        if (sim_random(2) == 0) {
            finalized = true;
            mci_node_leave(node);
        }
    }
    done[HELPER] = true;
}

/* --- Receiving -------------------------------------------------------------------------- */

static void accept(const struct content *content)
{
    uint32_t from = content->sender;

    sim_check(from < FIBRES && content->number <= MOST
              && content->complement == ~(uint64_t)content->number);
    if (of[from].came[content->number] || of[from].last > content->number)
        sim_fail("number %u of fibre %u comes after %u", content->number, from, of[from].last);
    of[from].last = content->number;
    of[from].came[content->number] = true;
    of[from].received++;
}

static void do_not_wait(mcapi_endpoint_t endpoint)
{
    mci_map()->endpoints[endpoint & 0xffff].timeout = MCAPI_TIMEOUT_IMMEDIATE;
}

/* The endpoint goes, and comes again in the same slot if no other is free. */
static void live_again(void)
{
    lives--;
    sim_check(mci_endpoint_delete(world_node(), target) == MCAPI_SUCCESS);
    sim_check(lock_tables());
    sim_check(mci_endpoint_create(world_node(), 1, &target) == MCAPI_SUCCESS);
    do_not_wait(target);
}

static uint32_t news(void)
{
    uint32_t number = 0;

    for (int i = 0; i < FIBRES; i++)
        number += of[i].sent + done[i] + sim_is_dead(i);
    return number;
}

/* What has come may be seen late. But who looks on and on keeps time from passing, which others
 * may wait for. */
static void wait_for_news(uint32_t known)
{
    if (known != looked_at) {
        looked_at = known;
        looks = 0;
    }
    do
        sim_pause();
    while (++looks > LOOKS && news() == known);
}

static void receive_messages(void)
{
    for (;;) {
        uint32_t known = news();
        bool over = sim_is_over(VICTIM) && sim_is_over(HELPER) && sim_is_over(MAKER);
        struct content content;
        size_t size;
        mcapi_status_t status =
                mci_message_receive(world_node(), target, &content, sizeof content, &size);

        if (status == MCAPI_SUCCESS) {
            sim_check(size == sizeof content);
            accept(&content);
            continue;
        }
        sim_check(status == MCAPI_TIMEOUT);
        if (lives > 0 && sim_random(4) == 0) {
            live_again();
            continue;
        }
        if (over)
            return;
        if (sim_random(4) == 0)
            sim_check(lock_tables());
        wait_for_news(known);
    }
}

static void receive_packets(void)
{
    for (;;) {
        void *payload;
        size_t size;
        mcapi_status_t status = mci_receive_packet(world_node(), target, &payload, &size);

        if (status != MCAPI_SUCCESS) {
            sim_check(status == MCAPI_ERR_TRANSMISSION || status == MCAPI_ERR_CHAN_INVALID);
            sim_check(victim_is_over());
            break;
        }
        sim_check(size == sizeof(struct content));
        accept(payload);
        sim_check(mci_release(world_node(), payload) == MCAPI_SUCCESS);
    }
    sim_check(mci_channel_close(world_node(), target, MCI_END_PACKET_RECEIVE,
                                &(struct mci_channel_life){ .over = false }, false)
              == MCAPI_SUCCESS);
}

static void receive_all(void *unused)
{
    (void)unused;
    if (packets)
        receive_packets();
    else
        receive_messages();
    done[RECEIVER] = true;
}

/* --- What a survivor makes -------------------------------------------------------------- */

static void make_endpoint(void)
{
    mcapi_endpoint_t made;

    sim_check(lock_tables());
    sim_check(mci_endpoint_create(world_node(), 3, &made) == MCAPI_SUCCESS);
    if ((made & 0xffff) == (world_endpoint(VICTIM) & 0xffff))
        sim_check(!is_helped());
}

/* There is one channel. With it something is sent, and nothing else comes. */
static void make_channel(void)
{
    mcapi_endpoint_t to = world_spare(), from = world_endpoint(MAKER);
    struct mci_node *node = world_node();
    uint64_t content = 1;
    mcapi_status_t status;
    void *payload;
    size_t size;
    bool complete;

    status = mci_channel_connect(node, MCI_CHANNEL_PACKET, from, to, false);
    if (status != MCAPI_SUCCESS)
        return;
    sim_check(!is_helped());
    sim_check(mci_channel_open(node, from, MCI_END_PACKET_SEND, &complete, false)
              == MCAPI_SUCCESS);
    sim_check(mci_channel_open(node, to, MCI_END_PACKET_RECEIVE, &complete, false)
              == MCAPI_SUCCESS);
    sim_check(mci_send_packet(node, from, &content, sizeof content) == MCAPI_SUCCESS);
    sim_check(mci_receive_packet(node, to, &payload, &size) == MCAPI_SUCCESS);
    sim_check(size == sizeof content && memcmp(payload, &content, size) == 0);
    sim_check(mci_release(node, payload) == MCAPI_SUCCESS);
}

static void make(void *unused)
{
    (void)unused;
    send_all();
    if (!packets)
        make_endpoint();
    for (int i = 0; i < 3 && packets; i++) {
        make_channel();
        sim_pause();
    }
    done[MAKER] = true;
}

/* --- Who comes late --------------------------------------------------------------------- */

static void join_late(void *unused)
{
    mcapi_status_t status = world_join();

    (void)unused;
    for (int i = 0; status == MCAPI_ERR_NODE_INITFAILED && i < TRIES; i++) {
        sim_pause();
        status = world_join();
    }
    if (status == MCAPI_SUCCESS) {
        sim_check(world_node()->slot == VICTIM && !is_helped());
        sim_check(lock_tables());
        sim_check(mci_node_leave(world_node()));
    }
    done[LATE] = true;
}

/* ---------------------------------------------------------------------------------------- */

static void begin(void)
{
    const struct mci_map *map = mci_map();

    owner = SIM_NOBODY;
    target = world_endpoint(RECEIVER);
    if (!packets)
        do_not_wait(target);
    lives = sim_random(2);
    for (int i = 0; i < FIBRES; i++)
        of[i].items = sim_random(MOST + 1);
    sim_name(&map->header->control, 4, 4, "control");
    sim_name(&map->header->endpoint_cursor, 4, 4, "cursor");
    sim_name(map->nodes, NODES * sizeof map->nodes[0], sizeof map->nodes[0], "node");
    sim_name(map->endpoints, NODES * sizeof map->endpoints[0], sizeof map->endpoints[0],
             "endpoint");
    sim_name(map->channels, sizeof map->channels[0], sizeof map->channels[0], "channel");
    world_hints(NODES);
    /* Whose bell to ring for an endpoint that was deleted meanwhile: perhaps nobody's. */
    for (int i = 0; i < NODES; i++)
        sim_hint(&map->endpoints[i].owner, sizeof map->endpoints[i].owner);
    /* Read by who finalizes a lost node, to wake who sleeps: without the lock of the tables. */
    sim_hint(&map->header->endpoint_high, sizeof map->header->endpoint_high);
    /* A number of a thread that was about to sleep, when its node was finalized by another. */
    for (int i = 0; i < MCI_SIDES; i++)
        sim_hint(&map->channels[0].counters[i].sleeps, sizeof(uint64_t));
    sim_same_process(HELPER, VICTIM);
    sim_start(VICTIM, be_the_victim, sim_random(4) == 0 ? &done : NULL);
    sim_start(HELPER, help, NULL);
    sim_start(RECEIVER, receive_all, NULL);
    sim_start(MAKER, make, NULL);
    if (sim_random(2) == 0)
        sim_start(LATE, join_late, NULL);
}

static void check_what_came(uint32_t from)
{
    for (uint32_t number = 1; number <= of[from].sent; number++)
        if (of[from].to[number] == target && !of[from].came[number])
            sim_fail("number %u of fibre %u was sent and never came", number, from);
    sim_check(of[from].received <= of[from].sent + 1);
}

static void end(void)
{
    struct mci_map *map;
    struct mci_mailbox box;

    for (int i = 0; i < FIBRES; i++)
        sim_check(!sim_is_started(i) || sim_is_dead(i) || done[i]);
    sim_act_as(RECEIVER);
    map = &mci_runtime.map;
    sim_check(mci_control_lock(world_node(), mci_self.serial));
    use_tables(true);
    mci_control_unlock();
    sim_check(map->nodes[VICTIM].state == MCI_NODE_FREE);
    sim_check(map->header->endpoint_live == NODES);
    if (packets)
        return;
    check_what_came(VICTIM);
    check_what_came(HELPER);
    check_what_came(MAKER);
    if (mci_mailbox_view(mci_map(), target, &box))
        sim_check(mci_mailbox_free_cells(&box) == box.depth);
}

const struct sim_scenario sim_helpers = {
    .name = "helpers",
    .about = "a node dies while threads of its process send messages for it, and survivors",
    .prepare = prepare_messages,
    .begin = begin,
    .end = end,
    .deaths = 1,
    .span = 300,
    .share = 32,
    .members = 1,
    .weight = 2,
};

const struct sim_scenario sim_helpers_packets = {
    .name = "helpers_p",
    .about = "the same with packets, and a channel that somebody else wants",
    .prepare = prepare_packets,
    .begin = begin,
    .end = end,
    .deaths = 1,
    .span = 300,
    .share = 32,
    .members = 1,
    .weight = 2,
};
