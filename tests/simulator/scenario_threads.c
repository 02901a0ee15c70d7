/* SPDX-License-Identifier: MIT */
/*
 * scenario_threads.c - two threads of one node receive at the same end of a packet channel, and
 * the sender sends in bursts; or dies. Each packet comes to one of them, and neither sleeps
 * while there is one.
 */
#include <string.h>

#include "machine.h"
#include "runtime/burst.h"
#include "runtime/receive.h"
#include "runtime/release.h"
#include "runtime/send.h"
#include "world.h"

enum { SENDER, RECEIVER, ANOTHER, NODES = 2, THREADS = 2, MOST = 5 };

static const uint64_t LAST = UINT64_MAX; /* one for each thread */

static uint32_t packets, sent;
static uint32_t came[MOST + 1];

static void prepare(void)
{
    world_make(NODES);
    world_connect(MCI_CHANNEL_PACKET);
    world_same_node(ANOTHER, RECEIVER);
}

static void send_all(void *unused)
{
    uint64_t content[MOST + THREADS];
    const void *payloads[MOST + THREADS];
    size_t sizes[MOST + THREADS];
    size_t count = packets + THREADS;

    (void)unused;
    for (uint32_t i = 0; i < count; i++) {
        content[i] = i < packets ? i + 1 : LAST;
        payloads[i] = &content[i];
        sizes[i] = sizeof content[i];
    }
    while (sent < count) {
        size_t done, some = 1 + sim_random((uint32_t)count - sent);

        sim_check(mci_burst_send_packets(world_node(), world_endpoint(SENDER), payloads + sent,
                                         sizes + sent, some, &done)
                  == MCAPI_SUCCESS);
        sent += (uint32_t)done;
    }
}

static void receive_all(void *unused)
{
    uint64_t content;

    (void)unused;
    do {
        void *payload;
        size_t size;
        mcapi_status_t status =
                mci_receive_packet(world_node(), world_endpoint(RECEIVER), &payload, &size);

        if (status != MCAPI_SUCCESS) {
            sim_check(status == MCAPI_ERR_TRANSMISSION && sim_is_dead(SENDER));
            return;
        }
        memcpy(&content, payload, sizeof content);
        sim_check(content == LAST || (content > 0 && content <= packets));
        if (content != LAST)
            came[content]++;
        sim_check(mci_release(world_node(), payload) == MCAPI_SUCCESS);
    } while (content != LAST);
}

static void begin(void)
{
    const struct mci_map *map = mci_map();

    packets = sim_random(MOST + 1);
    sim_name(map->channels[0].event, sizeof map->channels[0].event, 4, "event");
    sim_name(map->nodes, NODES * sizeof map->nodes[0], sizeof map->nodes[0], "node");
    sim_start(SENDER, send_all, NULL);
    sim_start(RECEIVER, receive_all, NULL);
    sim_start(ANOTHER, receive_all, NULL);
}

static void end(void)
{
    for (uint32_t i = 1; i <= packets; i++)
        sim_check(came[i] == 1 || (came[i] == 0 && i > sent));
}

const struct sim_scenario sim_threads = {
    .name = "threads",
    .about = "two threads of a node that receive at one end",
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .deaths = 1,
    .span = 150,
    .share = 8,
    .members = 1,
    .weight = 3,
};
