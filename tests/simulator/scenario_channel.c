/* SPDX-License-Identifier: MIT */
/*
 * scenario_channel.c - a packet channel as a program has it: blocking sends and receives,
 * bursts, loans and releases, through gates, events and sleeps, until one side dies. The other
 * one learns of it, with all that was sent before, and takes back what the dead node had.
 */
#include <string.h>

#include "machine.h"
#include "runtime/burst.h"
#include "runtime/lend.h"
#include "runtime/receive.h"
#include "runtime/release.h"
#include "runtime/send.h"
#include "world.h"

enum { SENDER, RECEIVER, NODES, MOST = 8, BURST = 3 };

struct content {
    uint64_t number, complement;
};

static uint32_t packets;
static uint32_t sent, received;
static bool sender_failed;
static void *held[WORLD_BUFFERS];
static uint32_t held_count;

static void prepare(void)
{
    world_make(NODES);
    world_connect(MCI_CHANNEL_PACKET);
}

static struct content content_of(uint32_t number)
{
    return (struct content){ number, ~(uint64_t)number };
}

/* --- The sender ----------------------------------------------------------------------- */

static mcapi_status_t send_one(void)
{
    struct content content = content_of(sent + 1);
    mcapi_status_t status =
            mci_send_packet(world_node(), world_endpoint(SENDER), &content, sizeof content);

    sent += status == MCAPI_SUCCESS;
    return status;
}

static mcapi_status_t send_some(void)
{
    struct content content[BURST];
    const void *payloads[BURST];
    size_t sizes[BURST];
    size_t count = 1 + sim_random(BURST), done;
    mcapi_status_t status;

    if (count > packets - sent)
        count = packets - sent;
    for (uint32_t i = 0; i < count; i++) {
        content[i] = content_of(sent + 1 + i);
        payloads[i] = &content[i];
        sizes[i] = sizeof content[i];
    }
    status = mci_burst_send_packets(world_node(), world_endpoint(SENDER), payloads, sizes,
                                    count, &done);
    sim_check(done <= count && (done > 0) == (status == MCAPI_SUCCESS));
    sent += (uint32_t)done;
    return status;
}

static mcapi_status_t send_by_reference(void)
{
    size_t size = sim_random(2) == 0 ? WORLD_PAYLOAD : sizeof(struct content);
    struct content content = content_of(sent + 1);
    void *payload;
    mcapi_status_t status = mci_lend_take(world_node(), world_endpoint(SENDER), size, &payload);

    if (status != MCAPI_SUCCESS)
        return status;
    memcpy(payload, &content, sizeof content);
    if (sim_random(4) == 0)
        return mci_lend_give_back(world_node(), world_endpoint(SENDER), payload);
    status = mci_lend_send(world_node(), world_endpoint(SENDER), payload, size);
    sent += status == MCAPI_SUCCESS;
    return status;
}

static void send_all(void *unused)
{
    mcapi_status_t status = MCAPI_SUCCESS;

    (void)unused;
    while (sent < packets && status == MCAPI_SUCCESS) {
        switch (sim_random(4)) {
        case 0:
            status = send_some();
            break;
        case 1:
            status = send_by_reference();
            break;
        default:
            status = send_one();
        }
    }
    if (status == MCAPI_SUCCESS)
        return;
    sender_failed = true;
    sim_check(status == MCAPI_ERR_TRANSMISSION && sim_is_dead(RECEIVER));
}

/* --- The receiver --------------------------------------------------------------------- */

static void expect(void *payload, size_t size)
{
    struct content content;

    sim_check(size == sizeof content || size == WORLD_PAYLOAD);
    memcpy(&content, payload, sizeof content);
    if (content.number != received + 1 || content.complement != ~content.number)
        sim_fail("packet %u was expected, and %llu is there", received + 1,
                 (unsigned long long)content.number);
    received++;
    held[held_count++] = payload;
}

static mcapi_status_t receive_some(void)
{
    void *payloads[BURST];
    size_t sizes[BURST];
    size_t room = 1 + sim_random(BURST), done = 0;
    mcapi_status_t status;

    if (room > WORLD_BUFFERS - held_count)
        room = WORLD_BUFFERS - held_count;
    if (sim_random(2) == 0) {
        status = mci_receive_packet(world_node(), world_endpoint(RECEIVER), payloads, sizes);
        done = status == MCAPI_SUCCESS;
    } else {
        status = mci_burst_receive_packets(world_node(), world_endpoint(RECEIVER), payloads,
                                           sizes, room, &done);
        sim_check(done <= room && (done > 0) == (status == MCAPI_SUCCESS));
    }
    for (size_t i = 0; i < done; i++)
        expect(payloads[i], sizes[i]);
    return status;
}

static void release_some(uint32_t count)
{
    size_t released = 0;

    if (count == 1) {
        sim_check(mci_release(world_node(), held[0]) == MCAPI_SUCCESS);
        released = 1;
    } else {
        sim_check(mci_release_burst(world_node(), held, count, &released) == MCAPI_SUCCESS);
        sim_check(released == count);
    }
    held_count -= (uint32_t)released;
    memmove(held, held + released, held_count * sizeof held[0]);
}

static void receive_all(void *unused)
{
    mcapi_status_t status = MCAPI_SUCCESS;

    (void)unused;
    while (received < packets && status == MCAPI_SUCCESS) {
        if (held_count == WORLD_BUFFERS || (held_count > 0 && sim_random(2) == 0))
            release_some(1 + sim_random(held_count));
        else
            status = receive_some();
    }
    if (status == MCAPI_SUCCESS) {
        if (held_count > 0)
            release_some(held_count);
        return;
    }
    sim_check(status == MCAPI_ERR_TRANSMISSION && sim_is_dead(SENDER));
}

/* -------------------------------------------------------------------------------------- */

static void begin(void)
{
    const struct mci_map *map = mci_map();

    packets = 1 + sim_random(MOST);
    sim_name(map->channels[0].side, sizeof map->channels[0].side, 4, "side");
    sim_name(map->channels[0].event, sizeof map->channels[0].event, 4, "event");
    sim_name(map->nodes, NODES * sizeof map->nodes[0], sizeof map->nodes[0], "node");
    sim_start(SENDER, send_all, NULL);
    sim_start(RECEIVER, receive_all, NULL);
}

static void end(void)
{
    if (!sim_is_dead(RECEIVER)) {
        sim_check(received >= sent);
        if (!sim_is_dead(SENDER))
            sim_check(received == sent && sent >= packets);
    }
    if (!sim_is_dead(SENDER))
        sim_check(received <= sent && (sent >= packets || sender_failed));
}

const struct sim_scenario sim_channel = {
    .name = "channel",
    .about = "a packet channel through the whole library, until a side dies",
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .deaths = 1,
    .span = 400,
    .share = 24,
    .members = NODES,
    .weight = 4,
};
