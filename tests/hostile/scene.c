/* SPDX-License-Identifier: MIT */
/*
 * scene.c - a small topology, in all the states that calls can find: channels with packets and
 * scalars on their way, held and lent buffers, messages that wait, receives that are posted.
 *
 * Its nodes are threads of this process, but all calls come from one thread, which acts for
 * them in turn: so a round is one sequence, and its seed makes it again.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostile/hostile.h"
#include "runtime/control.h"
#include "runtime/end.h"
#include "runtime/message.h"
#include "runtime/runtime.h"
#include "segment/mailbox.h"
#include "segment/ring_packet.h"

struct hostile_scene hostile_scene;

/* --- Nodes ---------------------------------------------------------------------------- */

/* The threads that are nodes 1 and up: they join, wait, and leave. */
static struct helper {
    pthread_t thread;
    sem_t joined, leave;
    mcapi_status_t status;
    uint32_t node;
} helpers[HOSTILE_NODES];

static mcapi_status_t join(uint32_t node)
{
    mcapi_status_t status;
    mcapi_info_t info;

    mcapi_initialize(1, node, NULL, NULL, &info, &status);
    hostile_scene.node[node] = mci_self.node;
    hostile_scene.serial[node] = mci_self.serial;
    return status;
}

static void *be_node(void *argument)
{
    struct helper *helper = argument;
    mcapi_status_t status;

    helper->status = join(helper->node);
    sem_post(&helper->joined);
    while (sem_wait(&helper->leave) != 0)
        ;
    mcapi_finalize(&status);
    return NULL;
}

static bool start_helper(uint32_t node)
{
    struct helper *helper = &helpers[node];

    helper->node = node;
    sem_init(&helper->joined, 0, 0);
    sem_init(&helper->leave, 0, 0);
    if (pthread_create(&helper->thread, NULL, be_node, helper) != 0)
        return false;
    while (sem_wait(&helper->joined) != 0)
        ;
    return helper->status == MCAPI_SUCCESS;
}

void hostile_act_as(uint32_t node)
{
    mci_self.node = hostile_scene.node[node];
    mci_self.serial = hostile_scene.serial[node];
    atomic_store_explicit(&hostile_journal->node, node, memory_order_relaxed);
}

/* --- What is there -------------------------------------------------------------------- */

static mcapi_status_t status;
static mcapi_request_t request;

static void create_endpoints(void)
{
    const mcapi_timeout_t now = MCAPI_TIMEOUT_IMMEDIATE;

    for (uint32_t node = 0; node < HOSTILE_NODES; node++) {
        hostile_act_as(node);
        for (uint32_t i = 0; i < HOSTILE_ENDPOINTS; i++) {
            mcapi_endpoint_t *endpoint = &hostile_scene.endpoint[node][i];

            *endpoint = mcapi_endpoint_create(i + 1, &status);
            mcapi_endpoint_set_attribute(*endpoint, MCAPI_ENDP_ATTR_TIMEOUT, &now, sizeof now,
                                         &status);
        }
    }
}

/* Connects and opens both ends, through each of the two kinds' calls. */
static void make_channel(bool packets, uint32_t from, uint32_t from_end, uint32_t to,
                         uint32_t to_end)
{
    mcapi_endpoint_t send = hostile_scene.endpoint[from][from_end];
    mcapi_endpoint_t receive = hostile_scene.endpoint[to][to_end];
    mcapi_pktchan_send_hndl_t sender;
    mcapi_pktchan_recv_hndl_t receiver;

    hostile_act_as(from);
    if (packets) {
        mcapi_pktchan_connect_i(send, receive, &request, &status);
        mcapi_pktchan_send_open_i(&sender, send, &request, &status);
        hostile_act_as(to);
        mcapi_pktchan_recv_open_i(&receiver, receive, &request, &status);
    } else {
        mcapi_sclchan_connect_i(send, receive, &request, &status);
        mcapi_sclchan_send_open_i((mcapi_sclchan_send_hndl_t *)&sender, send, &request,
                                  &status);
        hostile_act_as(to);
        mcapi_sclchan_recv_open_i((mcapi_sclchan_recv_hndl_t *)&receiver, receive, &request,
                                  &status);
    }
}

static void send_something(struct hostile_random *random)
{
    static const char payload[HOSTILE_PAYLOAD];

    for (uint32_t node = 0; node < HOSTILE_NODES; node++) {
        hostile_act_as(node);
        for (uint32_t i = 0; i < HOSTILE_ENDPOINTS; i++) {
            mcapi_endpoint_t end = hostile_scene.endpoint[node][i];

            for (uint32_t n = hostile_below(random, 4); n > 0; n--) {
                mcapi_pktchan_send(end, payload, hostile_below(random, HOSTILE_PAYLOAD),
                                   &status);
                mcapi_sclchan_send_uint64(end, n, &status);
                mcapi_msg_send(end,
                               hostile_scene.endpoint[hostile_below(random, HOSTILE_NODES)]
                                                     [hostile_below(random, 2) + 5],
                               payload, hostile_below(random, HOSTILE_PAYLOAD),
                               hostile_below(random, MCI_LEVELS), &status);
            }
        }
    }
}

/* --- Putting it back ------------------------------------------------------------------ */

/* A part of the segment, as it was. */
static struct part {
    unsigned char *at, *copy;
    size_t size;
} parts[16 + 2 * HOSTILE_SLOTS];
static uint32_t part_count;
static unsigned char *copies;
static size_t copied;
static struct mci_map map_then;

enum { COPIES = 4 << 20 }; /* bytes */

static void keep(void *at, size_t size)
{
    struct part *part = &parts[part_count];

    if (part_count == sizeof parts / sizeof parts[0] || copied + size > COPIES)
        return;
    *part = (struct part){ at, copies + copied, size };
    memcpy(part->copy, at, size);
    copied += (size + 63) & ~(size_t)63;
    part_count++;
}

static void keep_all(void)
{
    const struct mci_map *map = mci_map();

    part_count = 0;
    copied = 0;
    if (copies == NULL)
        copies = malloc(COPIES);
    if (copies == NULL)
        exit(EXIT_FAILURE);
    map_then = *map;
    keep(map->header, sizeof *map->header);
    keep(map->nodes, map->limits.max_nodes * sizeof *map->nodes);
    keep(map->endpoints, HOSTILE_SLOTS * sizeof *map->endpoints);
    keep(map->buckets, MCI_BUCKETS * sizeof *map->buckets);
    keep(map->channels, map->limits.max_channels * sizeof *map->channels);
    for (uint32_t n = 0; n < HOSTILE_NODES; n++)
        keep(mci_get_entry(map, n, 0), HOSTILE_SLOTS * sizeof(uint32_t));
    for (uint32_t i = 0; i < map->limits.max_channels; i++)
        if (map->channels[i].state == MCI_CHANNEL_CONNECTED)
            keep(mci_region(map, i), map->channels[i].committed);
    for (uint32_t i = 0; i < HOSTILE_SLOTS; i++)
        if (map->endpoints[i].mailbox_cells > 0)
            keep(mci_mailbox_base(map, i),
                 map->mailbox.cells + map->endpoints[i].mailbox_cells * MCI_MESSAGE_STRIDE);
}

void hostile_scene_heal(bool forget)
{
    for (uint32_t i = 0; i < part_count; i++)
        memcpy(parts[i].at, parts[i].copy, parts[i].size);
    if (!forget)
        return; /* what this process knows is of another past: damage too */
    for (uint32_t i = 0; i < HOSTILE_SLOTS; i++) {
        mci_end_detach(&mci_ends[i], MCAPI_ERR_GENERAL);
        mci_message_detach(i, MCAPI_ERR_GENERAL);
    }
}

void hostile_scene_check(void)
{
    if (memcmp(&map_then, mci_map(), sizeof map_then) != 0)
        hostile_complain("the process's own view of the segment has changed");
}

/* --- The whole ------------------------------------------------------------------------ */

static void ask_for_descriptors(void)
{
    for (uint32_t node = 0; node < HOSTILE_NODES; node++) {
        hostile_act_as(node);
        for (uint32_t i = 0; i < HOSTILE_ENDPOINTS; i++)
            mcapi_ext_receive_fd(hostile_scene.endpoint[node][i], &status);
    }
}

/* So that some buffers are held, and some are lent. */
static void receive_something(struct hostile_random *random)
{
    for (uint32_t node = 0; node < HOSTILE_NODES; node++) {
        hostile_act_as(node);
        for (uint32_t i = 0; i < HOSTILE_ENDPOINTS; i++) {
            void *packet;
            size_t size;

            if (hostile_below(random, 2) == 0)
                mcapi_pktchan_recv(hostile_scene.endpoint[node][i], &packet, &size, &status);
            if (hostile_below(random, 2) == 0)
                mcapi_ext_pktchan_buffer_take(hostile_scene.endpoint[node][i], 100, &status);
        }
    }
}

bool hostile_scene_begin(struct hostile_random *random)
{
    mci_control_nap = 20 * 1000;
    if (join(0) != MCAPI_SUCCESS)
        return false;
    for (uint32_t node = 1; node < HOSTILE_NODES; node++)
        if (!start_helper(node))
            return false;
    create_endpoints();
    make_channel(true, 0, 0, 1, 0);
    make_channel(true, 1, 1, 2, 1);
    make_channel(true, 0, 1, 0, 2);
    make_channel(false, 0, 3, 2, 3);
    make_channel(false, 2, 4, 1, 4);
    if (hostile_below(random, 8) == 0)
        ask_for_descriptors(); /* and the watcher looks on from now on */
    send_something(random);
    receive_something(random);
    hostile_journal->map = *mci_map();
    keep_all();
    hostile_act_as(0);
    return true;
}

bool hostile_scene_join(void)
{
    mcapi_info_t info;

    mci_control_nap = 20 * 1000;
    mcapi_initialize(1, 10, NULL, NULL, &info, &status);
    if (status != MCAPI_SUCCESS)
        return false;
    for (uint32_t node = 0; node < HOSTILE_NODES; node++) {
        hostile_scene.node[node] = mci_self.node;
        hostile_scene.serial[node] = mci_self.serial;
        for (uint32_t i = 0; i < HOSTILE_ENDPOINTS; i++)
            hostile_scene.endpoint[node][i] =
                    node == 0 ? mcapi_endpoint_create(i + 1, &status)
                              : mcapi_endpoint_get(1, node, i + 1, MCAPI_TIMEOUT_IMMEDIATE,
                                                   &status);
    }
    hostile_journal->map = *mci_map();
    return true;
}

bool hostile_scene_end(void)
{
    bool left;

    hostile_act_as(0);
    mcapi_finalize(&status);
    for (uint32_t node = 1; node < HOSTILE_NODES; node++) {
        sem_post(&helpers[node].leave);
        pthread_join(helpers[node].thread, NULL);
        sem_destroy(&helpers[node].joined);
        sem_destroy(&helpers[node].leave);
    }
    left = mci_runtime.live == 0 && !mci_runtime.attached;
    if (left)
        memset(&mci_self, 0, sizeof mci_self);
    return left;
}
