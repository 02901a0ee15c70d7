/* SPDX-License-Identifier: MIT */
/*
 * scenario_tally.c - a channel of packets or of scalars of every width, through the whole
 * library, and an onlooker who counts what went through it while it goes on. No number goes
 * back from one look to the next, what is queued fits in, and in the end the numbers are right.
 */
#include <string.h>

#include "machine.h"
#include "runtime/receive.h"
#include "runtime/release.h"
#include "runtime/send.h"
#include "segment/tally.h"
#include "world.h"

enum { SENDER, RECEIVER, ONLOOKER, NODES, MOST = 12, LOOKS = 4 };

/* That fit in: so few less than there are places that a lap may pass before the sender writes
 * down anew how many it has sent. */
enum { WORDS = 5 };

static bool scalars;
static uint32_t items, sent, received;

static void prepare_packets(void)
{
    world_make(NODES);
    world_connect(MCI_CHANNEL_PACKET);
}

static void prepare_scalars(void)
{
    scalars = true;
    world_limit_elements(WORDS);
    world_make(NODES);
    world_connect(MCI_CHANNEL_SCALAR);
}

/* Of every width, as the number says. */
static uint64_t word_of(uint32_t number, uint32_t width)
{
    return (number * UINT64_C(0x0101010101010101)) & (UINT64_MAX >> (64 - (8 << width)));
}

static void send_all(void *unused)
{
    (void)unused;
    while (sent < items) {
        uint32_t width = sent & 3;
        uint64_t number = word_of(sent + 1, width);
        mcapi_status_t status =
                scalars ? mci_send_scalar(world_node(), world_endpoint(SENDER), number, width)
                        : mci_send_packet(world_node(), world_endpoint(SENDER), &number,
                                          sizeof number);

        if (status != MCAPI_SUCCESS) {
            sim_check(status == MCAPI_ERR_TRANSMISSION && sim_is_dead(RECEIVER));
            return;
        }
        sent++;
    }
}

static mcapi_status_t receive_number(uint32_t width, uint64_t *number)
{
    mcapi_status_t status;
    void *payload;
    size_t size;

    if (scalars)
        return mci_receive_scalar(world_node(), world_endpoint(RECEIVER), width, number);
    status = mci_receive_packet(world_node(), world_endpoint(RECEIVER), &payload, &size);
    if (status == MCAPI_SUCCESS) {
        memcpy(number, payload, sizeof *number);
        sim_check(mci_release(world_node(), payload) == MCAPI_SUCCESS);
    }
    return status;
}

static void receive_all(void *unused)
{
    (void)unused;
    while (received < items) {
        uint32_t width = received & 3;
        uint64_t number;
        mcapi_status_t status = receive_number(width, &number);

        if (status != MCAPI_SUCCESS) {
            sim_check(status == MCAPI_ERR_TRANSMISSION && sim_is_dead(SENDER));
            return;
        }
        sim_check(number == word_of(received + 1, width));
        received++;
    }
}

static void look(struct mci_tally *tally)
{
    sim_check(mci_tally(mci_map(), 0, tally));
    sim_check(tally->received <= tally->sent && tally->sent <= items);
    sim_check(tally->queued == tally->sent - tally->received);
    sim_check(tally->queued <= mci_map()->channels[0].depth);
}

static void look_on(void *unused)
{
    struct mci_tally before = { 0 };

    (void)unused;
    for (int i = 0; i < LOOKS; i++) {
        struct mci_tally tally;

        look(&tally);
        if (tally.sent < before.sent || tally.received < before.received)
            sim_fail("%llu sent and %llu received; before it was %llu and %llu",
                     (unsigned long long)tally.sent, (unsigned long long)tally.received,
                     (unsigned long long)before.sent, (unsigned long long)before.received);
        before = tally;
        sim_pause();
    }
}

static void begin(void)
{
    const struct mci_map *map = mci_map();

    items = 1 + sim_random(MOST);
    sim_name(map->channels[0].event, sizeof map->channels[0].event, 4, "event");
    sim_name(map->nodes, NODES * sizeof map->nodes[0], sizeof map->nodes[0], "node");
    sim_start(SENDER, send_all, NULL);
    sim_start(RECEIVER, receive_all, NULL);
    sim_start(ONLOOKER, look_on, NULL);
}

static void end(void)
{
    struct mci_tally tally;

    if (sim_is_dead(SENDER) || sim_is_dead(RECEIVER))
        return;
    sim_check(received == items && sent == items);
    look(&tally);
    sim_check(tally.sent == items && tally.received == items);
}

const struct sim_scenario sim_tally = {
    .name = "tally",
    .about = "packets, and an onlooker who counts them",
    .prepare = prepare_packets,
    .begin = begin,
    .end = end,
    .deaths = 1,
    .span = 200,
    .share = 16,
    .members = 2,
    .weight = 1,
};

const struct sim_scenario sim_words = {
    .name = "words",
    .about = "scalars of all widths through the whole library, and an onlooker",
    .prepare = prepare_scalars,
    .begin = begin,
    .end = end,
    .deaths = 1,
    .span = 200,
    .share = 16,
    .members = 2,
    .weight = 2,
};
