/* SPDX-License-Identifier: MIT */
/*
 * scenario_requests.c - requests that complete in the background: a node posts receives of
 * packets and of messages and waits for whichever is over first, by a thread of its own or by
 * two, or while another thread asks for descriptors and gives them up; two other nodes send,
 * and may die. Each request is over once, with what was sent in order, and nobody waits beside
 * what has come.
 */
#include <string.h>

#include "machine.h"
#include "runtime/endpoint.h"
#include "runtime/receive_fd.h"
#include "runtime/watcher.h"
#include "world.h"

enum { SENDER, RECEIVER, WRITER, NODES, ANOTHER = NODES, MOST = 4 };

struct letter {
    uint64_t number;
};

static uint32_t packets, letters;
static uint32_t packets_sent, letters_sent, packets_received, letters_received;
static bool packets_over, two_threads;

static void prepare(void)
{
    world_make(NODES);
    world_connect(MCI_CHANNEL_PACKET);
    world_spare_endpoint(RECEIVER);
    world_same_node(ANOTHER, RECEIVER);
}

/* --- Those who send ------------------------------------------------------------------- */

static void send_packets(void *unused)
{
    (void)unused;
    while (packets_sent < packets) {
        uint64_t number = packets_sent + 1;
        mcapi_status_t status;

        mcapi_pktchan_send(world_endpoint(SENDER), &number, sizeof number, &status);
        sim_check(status == MCAPI_SUCCESS);
        packets_sent++;
    }
}

/* The last one says so, if it lives. */
static void send_letters(void *unused)
{
    (void)unused;
    while (letters_sent < letters) {
        struct letter letter = { letters_sent + 1 };
        mcapi_status_t status;

        mcapi_msg_send(world_endpoint(WRITER), world_spare(), &letter, sizeof letter, 1,
                       &status);
        sim_check(status == MCAPI_SUCCESS);
        letters_sent++;
    }
}

/* --- The receiver --------------------------------------------------------------------- */

static void take_packet(void *payload, size_t size)
{
    uint64_t number;
    mcapi_status_t status;

    sim_check(size == sizeof number);
    memcpy(&number, payload, sizeof number);
    sim_check(number == packets_received + 1);
    packets_received++;
    mcapi_pktchan_release(payload, &status);
    sim_check(status == MCAPI_SUCCESS);
}

/* A receive of packets, posted and waited for, until all have come or the sender is dead. */
static void receive_packets(void *unused)
{
    (void)unused;
    while (packets_received < packets && !packets_over) {
        void *payload = NULL;
        size_t size;
        mcapi_request_t request;
        mcapi_status_t status;

        mcapi_pktchan_recv_i(world_endpoint(RECEIVER), &payload, &request, &status);
        if (status == MCAPI_SUCCESS)
            (mcapi_wait)(&request, &size, MCAPI_TIMEOUT_INFINITE, &status);
        if (status != MCAPI_SUCCESS) {
            sim_check(status == MCAPI_ERR_TRANSMISSION && sim_is_dead(SENDER));
            packets_over = true;
        } else {
            take_packet(payload, size);
        }
    }
}

/* Both kinds at once, whichever comes first. */
static void receive_both(void *unused)
{
    mcapi_request_t requests[2];
    struct letter letter;
    void *payload = NULL;
    bool posted[2] = { false, false };

    (void)unused;
    while ((packets_received < packets && !packets_over) || letters_received < letters) {
        mcapi_request_t waits[2];
        uint32_t which[2], count = 0, found;
        mcapi_status_t status = MCAPI_SUCCESS;
        size_t size;

        if (!posted[0] && packets_received < packets && !packets_over && !two_threads) {
            mcapi_pktchan_recv_i(world_endpoint(RECEIVER), &payload, &requests[0], &status);
            posted[0] = true;
        }
        if (!posted[1] && letters_received < letters) {
            mcapi_msg_recv_i(world_spare(), &letter, sizeof letter, &requests[1], &status);
            posted[1] = true;
        }
        for (uint32_t i = 0; i < 2; i++)
            if (posted[i]) {
                which[count] = i;
                waits[count++] = requests[i];
            }
        if (count == 0)
            return;
        found = (mcapi_wait_any)(count, waits, &size, MCAPI_TIMEOUT_INFINITE, &status);
        sim_check(found < count);
        posted[which[found]] = false;
        if (which[found] == 1) {
            sim_check(status == MCAPI_SUCCESS && size == sizeof letter);
            sim_check(letter.number == letters_received + 1);
            letters_received++;
        } else if (status == MCAPI_SUCCESS) {
            take_packet(payload, size);
        } else {
            sim_check(status == MCAPI_ERR_TRANSMISSION && sim_is_dead(SENDER));
            packets_over = true;
        }
    }
}

/* Sleepers of the node's bell come and go: the watcher of a descriptor is one. */
static void ask_and_give_up(void *unused)
{
    mcapi_endpoint_t endpoint = world_spare();
    uint32_t times = 1 + sim_random(3);
    int fd;

    (void)unused;
    for (uint32_t i = 0; i < times; i++) {
        sim_check(mci_receive_fd(world_node(), endpoint, &fd) == MCAPI_SUCCESS);
        sim_check(mci_endpoint_delete(world_node(), endpoint) == MCAPI_SUCCESS);
        sim_check(mci_endpoint_create(world_node(), 2, &endpoint) == MCAPI_SUCCESS);
    }
    mci_watcher_stop();
}

/* -------------------------------------------------------------------------------------- */

static void begin(void)
{
    const struct mci_map *map = mci_map();

    packets = 1 + sim_random(MOST);
    letters = sim_random(MOST);
    two_threads = sim_random(2) == 0;
    sim_name(&map->header->control, 4, 4, "control");
    sim_name(map->nodes, NODES * sizeof map->nodes[0], sizeof map->nodes[0], "node");
    sim_name(map->channels[0].event, sizeof map->channels[0].event, 4, "event");
    sim_start(SENDER, send_packets, NULL);
    if (letters > 0)
        sim_start(WRITER, send_letters, NULL);
    sim_start(RECEIVER, receive_both, NULL);
    if (two_threads)
        sim_start(ANOTHER, receive_packets, NULL);
    else if (letters == 0)
        sim_start(ANOTHER, ask_and_give_up, NULL);
}

static void end(void)
{
    sim_check(letters_received == letters);
    sim_check(packets_received >= packets_sent && packets_received <= packets_sent + 1);
    if (!sim_is_dead(SENDER))
        sim_check(packets_received == packets);
}

const struct sim_scenario sim_requests = {
    .name = "requests",
    .about =
            "receives that are posted and complete in the background; waits for one of several",
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .deaths = 1,
    .span = 200,
    .share = 24,
    .members = 1,
    .weight = 2,
};
