/* SPDX-License-Identifier: MIT */
/*
 * scenario_packets.c - a packet ring: a sender that copies, lends and sends by reference, a
 * receiver that keeps some packets and gives them back in any order, one by one or in bursts.
 *
 * Either may die at any access, or come back to the ring with a new view of it. What was sent
 * arrives once, whole and in order; a payload is nobody else's while it is written, queued or
 * held (else there is a data race); and every buffer is somewhere.
 */
#include <string.h>

#include "machine.h"
#include "segment/ring_packet.h"

enum { SENDER, RECEIVER, ROOM = 1 << 16, PAYLOAD = 200, MOST = 10, DEEPEST = 4 };

struct content {
    uint64_t number, complement;
};

static unsigned char *region;
static uint64_t *seen_by_receiver; /* written before a packet is given back */
static uint32_t depth, packets;

/* Of the sender. */
static struct mci_ring_packet sending;
static struct {
    uint32_t buffer, size;
} lent[DEEPEST];
static uint32_t lent_count;
static uint32_t sent; /* sends that have returned */
static struct {
    bool sent;
    uint32_t position, number;
} by_reference[DEEPEST];

/* Of the receiver. */
static struct mci_ring_packet receiving;
static struct {
    unsigned char *payload;
    uint32_t number;
} held[DEEPEST];
static uint32_t held_count, received;
static bool given_back[MOST + 1];

static void prepare(void)
{
    region = sim_segment(ROOM);
    seen_by_receiver = (uint64_t *)(void *)(region + ROOM) - (MOST + 1);
}

static void fill(unsigned char *payload, uint32_t number)
{
    struct content content = { number, ~(uint64_t)number };

    memcpy(payload, &content, sizeof content);
}

static void expect(const unsigned char *payload, uint32_t number)
{
    struct content content;

    memcpy(&content, payload, sizeof content);
    if (content.number != number || content.complement != ~(uint64_t)number)
        sim_fail("packet %u was expected, and %llu is there", number,
                 (unsigned long long)content.number);
}

/* --- The sender ----------------------------------------------------------------------- */

static bool send_copy(uint32_t size)
{
    uint32_t released = atomic_load_explicit(&sending.head->released, memory_order_relaxed);
    bool room = sending.position - released + sending.lent < depth;
    uint32_t buffer = mci_ring_packet_find(&sending);

    if (buffer == MCI_NO_BUFFER) {
        sim_check(!room);
        return false;
    }
    sim_check(buffer < depth);
    fill(mci_ring_packet_payload(&sending, buffer, size), sent + 1);
    mci_ring_packet_send(&sending, buffer, size);
    sent++;
    return true;
}

static bool lend(uint32_t size)
{
    uint32_t buffer = mci_ring_packet_lend(&sending);

    if (buffer == MCI_NO_BUFFER)
        return false;
    for (uint32_t i = 0; i < lent_count; i++)
        sim_check(lent[i].buffer != buffer);
    lent[lent_count].buffer = buffer;
    lent[lent_count++].size = size;
    fill(mci_ring_packet_payload(&sending, buffer, size), 0);
    return true;
}

static void end_loan(bool send)
{
    uint32_t which = sim_random(lent_count);
    uint32_t buffer = lent[which].buffer;
    uint32_t size = lent[which].size;

    lent[which] = lent[--lent_count];
    if (!send) {
        mci_ring_packet_unlend(&sending, buffer);
        return;
    }
    fill(mci_ring_packet_payload(&sending, buffer, size), sent + 1);
    by_reference[buffer].sent = true;
    by_reference[buffer].position = sending.position;
    by_reference[buffer].number = sent + 1;
    mci_ring_packet_send_lent(&sending, buffer, size, size > MCI_PACKET_INLINE);
    sent++;
}

static void look_for_released(void)
{
    uint32_t buffer = sim_random(depth);

    if (by_reference[buffer].sent
        && mci_ring_packet_is_over(&sending, buffer, by_reference[buffer].position))
        sim_check(given_back[by_reference[buffer].number]
                  && seen_by_receiver[by_reference[buffer].number] == 1);
}

static void sender_comes_back(void)
{
    struct mci_ring_packet again;

    mci_ring_packet_view(&again, region, depth, PAYLOAD);
    sim_check(mci_ring_packet_resume_sender(&again));
    sim_check(again.position == sending.position && again.cursor == sending.cursor);
    sending = again;
}

static void send_all(void *unused)
{
    (void)unused;
    while (sent < packets) {
        uint32_t size = sim_random(4) == 0 ? PAYLOAD : sizeof(struct content);
        bool done = true;

        switch (sim_random(8)) {
        case 0:
            look_for_released();
            break;
        case 1:
            if (lent_count == 0)
                sender_comes_back();
            break;
        case 2:
        case 3:
            if (lent_count < depth)
                done = lend(size);
            break;
        case 4:
        case 5:
            if (lent_count > 0)
                end_loan(sim_random(4) > 0);
            break;
        default:
            done = send_copy(size);
        }
        if (done)
            continue;
        if (lent_count > 0)
            end_loan(true);
        else if (sim_is_over(RECEIVER))
            return;
        else
            sim_pause();
    }
}

/* --- The receiver --------------------------------------------------------------------- */

static bool take(void)
{
    unsigned char *payload;
    uint32_t size;

    switch (mci_ring_packet_take(&receiving, &payload, &size)) {
    case MCI_NOTHING:
        return false;
    case MCI_TAKEN:
        break;
    default:
        sim_fail("packet %u is damaged", received + 1);
    }
    sim_check((size & ~MCI_PACKET_LARGE) == PAYLOAD
              || (size & ~MCI_PACKET_LARGE) == sizeof(struct content));
    expect(payload, received + 1);
    sim_check(mci_ring_packet_held(&receiving, payload) < depth);
    received++;
    held[held_count].payload = payload;
    held[held_count++].number = received;
    return true;
}

static void give_back(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t which = sim_random(held_count);
        uint32_t buffer = mci_ring_packet_held(&receiving, held[which].payload);

        sim_check(buffer < depth);
        expect(held[which].payload, held[which].number);
        given_back[held[which].number] = true;
        seen_by_receiver[held[which].number] = 1;
        held[which] = held[--held_count];
        mci_ring_packet_free(&receiving, buffer);
    }
    mci_ring_packet_count(&receiving, count);
}

static void receiver_comes_back(void)
{
    struct mci_ring_packet again;

    mci_ring_packet_view(&again, region, depth, PAYLOAD);
    sim_check(mci_ring_packet_resume_receiver(&again));
    sim_check(again.position == receiving.position && again.cursor == receiving.cursor
              && again.released == receiving.released);
    receiving = again;
}

static void receive_all(void *unused)
{
    (void)unused;
    while (received < packets) {
        uint32_t there;

        switch (sim_random(8)) {
        case 0:
            receiver_comes_back();
            break;
        case 1:
            there = mci_ring_packet_available(&receiving);
            sim_check(there + held_count <= depth);
            while (there-- > 0)
                sim_check(take());
            break;
        case 2:
        case 3:
        case 4:
            if (held_count > 0)
                give_back(1 + sim_random(held_count));
            break;
        default:
            if (held_count < depth && take())
                break;
            if (held_count > 0)
                give_back(1);
            else if (!sim_is_over(SENDER))
                sim_pause();
            else if (!take())
                return; /* with all that it had done before */
        }
    }
    if (held_count > 0)
        give_back(held_count);
}

/* -------------------------------------------------------------------------------------- */

static void begin(void)
{
    uint32_t first = sim_random(2) == 0 ? (uint32_t)MCI_FIRST_POSITION : (uint32_t)-3;

    depth = 1 + sim_random(DEEPEST);
    packets = 4 + sim_random(MOST - 3);
    mci_ring_packet_view(&sending, region, depth, PAYLOAD);
    sending.position = sending.released = first;
    mci_ring_packet_format(&sending);
    receiving = sending;
    for (uint32_t i = 0; i < depth; i++) {
        sim_guard(&sending.slots[i].size, 2 * sizeof(uint32_t));
        sim_name(&sending.slots[i].payload, sizeof(struct content), 8, "payload");
    }
    sim_name(sending.taken, depth * 4, 4, "taken");
    sim_name(sending.freed, depth * 4, 4, "freed");
    sim_name((void *)sending.occupant, depth * 4, 4, "occupant");
    sim_name(&sending.head->released, 4, 4, "released");
    sim_name(sending.slots, depth * MCI_PACKET_STRIDE, MCI_PACKET_STRIDE, "slot");
    sim_start(SENDER, send_all, NULL);
    sim_start(RECEIVER, receive_all, NULL);
}

static void end(void)
{
    if (!sim_is_dead(RECEIVER)) {
        sim_check(received >= sent);
        sim_check(received <= sent + (sim_is_dead(SENDER) ? 1 : 0));
        if (!sim_is_dead(SENDER))
            sim_check(mci_ring_packet_room(&sending) + lent_count == depth);
    }
    if (!sim_is_dead(SENDER))
        sim_check(received <= sent);
}

const struct sim_scenario sim_packets = {
    .name = "packets",
    .about = "a packet ring: copies, loans, held packets, bursts",
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .deaths = 1,
    .span = 160,
    .share = 16,
    .members = 2,
    .weight = 20,
};
