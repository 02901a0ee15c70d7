/* SPDX-License-Identifier: MIT */
/*
 * scenario_scalars.c - a scalar ring: single words and bursts, both sides; either side may die,
 * or come back with a new view. Words arrive once, whole and in order.
 */
#include "machine.h"
#include "segment/ring_scalar.h"

enum { SENDER, RECEIVER, ROOM = 4096, MOST = 16, DEEPEST = 10, LAPS_TOGETHER = 224 };

static unsigned char *region;
static uint32_t depth, words;
static struct mci_ring_scalar sending, receiving;
static uint32_t sent, received, told; /* told: of which the sender may have learnt */

static void prepare(void)
{
    region = sim_segment(ROOM);
}

static uint64_t word_of(uint32_t number)
{
    return UINT64_C(0x100000001) * number;
}

/* --- The sender ----------------------------------------------------------------------- */

static void send_one(void)
{
    mci_ring_scalar_fill(&sending, word_of(sent + 1));
    mci_ring_scalar_send(&sending, (sent + 1) & 3);
    sent++;
}

static bool send_some(void)
{
    uint32_t wanted = 1 + sim_random(depth + 1);
    uint32_t room = mci_ring_scalar_room(&sending, wanted);

    sim_check(room <= depth);
    if (room == 0)
        return false;
    for (uint32_t i = 0; i < room && i < wanted && sent < words; i++)
        send_one();
    return true;
}

static void sender_comes_back(void)
{
    struct mci_ring_scalar again;
    uint32_t waiting = 0;

    mci_ring_scalar_view(&again, region, depth);
    sim_check(mci_ring_scalar_resume_sender(&again, &waiting));
    sim_check(again.position == sending.position && again.mark == sending.mark);
    sim_check(again.line == sending.line && again.word == sending.word);
    sim_check(waiting <= depth);
    sending = again;
}

static void send_all(void *unused)
{
    (void)unused;
    while (sent < words) {
        bool done = true;

        switch (sim_random(8)) {
        case 0:
            sender_comes_back();
            break;
        case 1:
        case 2:
        case 3:
            done = send_some();
            break;
        default:
            done = !mci_ring_scalar_is_full(&sending);
            if (done)
                send_one();
        }
        if (done)
            continue;
        if (sim_is_over(RECEIVER))
            return;
        sim_pause();
    }
}

/* --- The receiver --------------------------------------------------------------------- */

static bool there_is_one(void)
{
    int width = mci_ring_scalar_look(&receiving);

    if (width >= 0)
        sim_check((uint32_t)width == ((received + 1) & 3));
    return width >= 0;
}

static void expect(uint64_t word)
{
    if (word != word_of(received + 1))
        sim_fail("word %u was expected, and 0x%llx is there", received + 1,
                 (unsigned long long)word);
    received++;
}

static bool receive_one(void)
{
    if (!there_is_one())
        return false;
    told = received + 1;
    expect(mci_ring_scalar_take(&receiving));
    return true;
}

static bool receive_some(void)
{
    uint32_t most = 1 + sim_random(depth);

    if (!there_is_one())
        return false;
    do {
        told = received + 1; /* where a lap ends */
        expect(mci_ring_scalar_take_silently(&receiving));
    } while (--most > 0 && there_is_one());
    mci_ring_scalar_say_taken(&receiving, receiving.position);
    return true;
}

static void receiver_comes_back(void)
{
    struct mci_ring_scalar again;

    mci_ring_scalar_view(&again, region, depth);
    sim_check(mci_ring_scalar_resume_receiver(&again));
    sim_check(again.position == receiving.position && again.mark == receiving.mark);
    sim_check(again.line == receiving.line && again.word == receiving.word);
    receiving = again;
}

static void receive_all(void *unused)
{
    (void)unused;
    while (received < words) {
        uint32_t there;

        switch (sim_random(8)) {
        case 0:
            receiver_comes_back();
            break;
        case 1:
            there = mci_ring_scalar_available(&receiving);
            sim_check(there <= depth);
            for (; there > 0; there--) {
                told = received + 1;
                expect(mci_ring_scalar_take(&receiving));
            }
            break;
        case 2:
        case 3:
            receive_some();
            break;
        default:
            if (receive_one())
                break;
            if (!sim_is_over(SENDER))
                sim_pause();
            else if (!receive_one())
                return;
        }
    }
}

/* -------------------------------------------------------------------------------------- */

/* Now and then at the end of the laps that marks can tell apart. */
static void go_round(void)
{
    uint32_t before = LAPS_TOGETHER - sim_random(12);

    for (uint32_t i = 0; i < before; i++) {
        mci_ring_scalar_fill(&sending, 0);
        mci_ring_scalar_send(&sending, 0);
        sim_check(mci_ring_scalar_look(&receiving) == 0);
        mci_ring_scalar_take(&receiving);
        sim_check(!mci_ring_scalar_is_full(&sending) || depth == 1);
    }
}

static void begin(void)
{
    depth = 1 + sim_random(DEEPEST);
    words = 4 + sim_random(MOST - 3);
    mci_ring_scalar_view(&sending, region, depth);
    sending.position = sending.taken = sim_random(2) == 0 ? sending.position : (uint32_t)-5;
    mci_ring_scalar_format(&sending);
    receiving = sending;
    if (sim_random(64) == 0)
        go_round();
    for (uint32_t i = 0; i < sending.line_count; i++) {
        sim_guard(sending.lines[i].word, sizeof sending.lines[i].word);
        sim_name(sending.lines[i].word, sizeof sending.lines[i].word, 8, "word");
        sim_name(sending.lines[i].mark, sizeof sending.lines[i].mark, 1, "mark");
    }
    sim_name(&sending.head->taken, 4, 4, "taken");
    sim_name(&sending.head->lap, 8, 8, "lap");
    sim_start(SENDER, send_all, NULL);
    sim_start(RECEIVER, receive_all, NULL);
}

static void end(void)
{
    if (!sim_is_dead(RECEIVER)) {
        sim_check(received >= sent);
        sim_check(received <= sent + (sim_is_dead(SENDER) ? 1 : 0));
    }
    if (!sim_is_dead(SENDER))
        sim_check(sent <= told + depth);
}

const struct sim_scenario sim_scalars = {
    .name = "scalars",
    .about = "a scalar ring: words and bursts",
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .deaths = 1,
    .span = 120,
    .share = 16,
    .members = 2,
    .weight = 28,
};
