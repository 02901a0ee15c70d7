/* SPDX-License-Identifier: MIT */
/*
 * scenario_descriptor.c - a receiver that waits for its file descriptor, and the library's
 * watcher that makes it readable: of packets, of messages, and of packets with all of it in one
 * process, whose memory is then simulated as the segment is. Senders may die. The receiver
 * never waits beside what was sent, a receive on a readable descriptor never finds nothing, and
 * in the end it is not readable.
 */
#include <string.h>

#include "machine.h"
#include "runtime/message.h"
#include "runtime/node.h"
#include "runtime/receive.h"
#include "runtime/receive_fd.h"
#include "runtime/release.h"
#include "runtime/send.h"
#include "runtime/watcher.h"
#include "world.h"

enum { SENDER, RECEIVER, NODES, MOST = 5 };

static uint32_t items, sent, received;
static bool messages, leaves, done; /* leaves: the topology, in the end */

static void prepare_packets(void)
{
    world_make(NODES);
    world_connect(MCI_CHANNEL_PACKET);
}

static void prepare_messages(void)
{
    messages = true;
    world_make(NODES);
}

static void prepare_process(void)
{
    leaves = true;
    world_in_one_process();
    prepare_packets();
}

/* --- The sender ----------------------------------------------------------------------- */

static mcapi_status_t send_number(uint64_t number)
{
    const struct mci_message message = {
        .from = world_endpoint(SENDER),
        .to = world_endpoint(RECEIVER),
        .payload = &number,
        .size = sizeof number,
    };

    return messages ? mci_message_send(world_node(), &message)
                    : mci_send_packet(world_node(), world_endpoint(SENDER), &number,
                                      sizeof number);
}

static void send_all(void *unused)
{
    (void)unused;
    while (sent < items) {
        mcapi_status_t status = send_number(sent + 1);

        if (status != MCAPI_SUCCESS)
            sim_fail("a send ends with %d", (int)status);
        sent++;
    }
    if (leaves)
        sim_check(mci_node_leave(world_node()));
}

/* --- The receiver --------------------------------------------------------------------- */

/* One receive that does not wait. */
static mcapi_status_t receive_number(uint64_t *number)
{
    mcapi_status_t status;
    void *payload;
    size_t size;

    if (messages)
        return mci_message_receive(world_node(), world_endpoint(RECEIVER), number,
                                   sizeof *number, &size);
    status = mci_receive_packet(world_node(), world_endpoint(RECEIVER), &payload, &size);
    if (status == MCAPI_SUCCESS) {
        memcpy(number, payload, sizeof *number);
        sim_check(mci_release(world_node(), payload) == MCAPI_SUCCESS);
    }
    return status;
}

/* False: the sender is dead, and nothing comes any more. */
static bool receive_one(void)
{
    uint64_t number;
    mcapi_status_t status = receive_number(&number);

    if (status == MCAPI_TIMEOUT)
        sim_fail("the descriptor is readable, and there is nothing");
    if (status != MCAPI_SUCCESS) {
        sim_check(status == MCAPI_ERR_TRANSMISSION && sim_is_dead(SENDER));
        return false;
    }
    if (number != received + 1)
        sim_fail("number %u was expected, and %llu is there", received + 1,
                 (unsigned long long)number);
    received++;
    return true;
}

static void receive_all(void *unused)
{
    bool more = true;
    int fd;

    (void)unused;
    sim_check(mci_receive_fd(world_node(), world_endpoint(RECEIVER), &fd) == MCAPI_SUCCESS);
    while (more && received < items) {
        /* Nobody learns that a sender of messages is dead, who has sent all that came. */
        if (messages && sim_is_over(SENDER) && received >= sent && !sim_is_readable(fd))
            break;
        if (messages && !sim_is_readable(fd)) {
            sim_pause();
            continue;
        }
        sim_poll(fd);
        more = receive_one();
    }
    if (more && received == items)
        sim_check(!sim_is_readable(fd) || sim_is_dead(SENDER) || leaves);
    if (leaves)
        sim_check(mci_node_leave(world_node()));
    else
        mci_watcher_stop();
    done = true;
}

/* -------------------------------------------------------------------------------------- */

static void begin(void)
{
    const struct mci_map *map = mci_map();

    items = 1 + sim_random(MOST);
    map->endpoints[world_endpoint(RECEIVER) & 0xffff].timeout = MCAPI_TIMEOUT_IMMEDIATE;
    sim_name(&map->header->control, 4, 4, "control");
    sim_name(map->nodes, NODES * sizeof map->nodes[0], sizeof map->nodes[0], "node");
    sim_name(map->channels[0].event, sizeof map->channels[0].event, 4, "event");
    sim_start(SENDER, send_all, NULL);
    sim_start(RECEIVER, receive_all, NULL);
}

static void end(void)
{
    sim_check(done && sim_is_detached() == leaves);
    sim_check(received >= sent && received <= sent + 1);
    if (!sim_is_dead(SENDER))
        sim_check(received == items);
}

const struct sim_scenario sim_descriptor = {
    .name = "descriptor",
    .about = "a descriptor for packets, its watcher, and a sender that dies",
    .prepare = prepare_packets,
    .begin = begin,
    .end = end,
    .deaths = 1,
    .span = 200,
    .share = 24,
    .members = 1,
    .weight = 2,
};

const struct sim_scenario sim_descriptor_messages = {
    .name = "descriptor_m",
    .about = "a descriptor for messages, its watcher, and a sender that dies",
    .prepare = prepare_messages,
    .begin = begin,
    .end = end,
    .deaths = 1,
    .span = 200,
    .share = 24,
    .members = 1,
    .weight = 1,
};

const struct sim_scenario sim_descriptor_process = {
    .name = "descriptor_p",
    .about = "a descriptor for packets in one process, which leaves in the end",
    .prepare = prepare_process,
    .begin = begin,
    .end = end,
    .weight = 1,
};
