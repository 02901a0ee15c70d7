/* SPDX-License-Identifier: MIT */
/*
 * scenario_mailbox.c - a mailbox: up to three senders, the receiver, one who takes back what
 * dead senders had taken, and the slot's next endpoint, which begins with the mailbox while
 * senders of the old one are still at work in it.
 *
 * What was sent to an endpoint that goes on arrives once, in the order of its sender and level,
 * whole; and in the end every cell is free.
 */
#include <pthread.h>
#include <string.h>

#include "machine.h"
#include "segment/mailbox.h"

enum {
    SENDERS = 3,
    RECEIVER = SENDERS,
    UNDERTAKER,
    NODES,
    DEEPEST = 4,
    MOST = 4,
    LEVELS = 2,
    LIVES = 2,
    FIRST_HANDLE = 7 << 16,
};

struct content {
    uint32_t sender, number, level, life;
};

static struct mci_map map;
static pthread_mutex_t control; /* of the receiver and the undertaker, as the control lock is */
static uint32_t depth[LIVES];
static uint32_t senders, lives, take_over_after;
static uint32_t now_alive; /* the life of the endpoint */
static struct {
    uint32_t number;
    uint32_t sent_to[MOST]; /* the life + 1; 0: not, or not known */
    uint32_t level[MOST];
    uint32_t received[MOST];
    uint32_t last[LIVES][LEVELS];
} of[SENDERS];
static uint32_t received;

static uint32_t handle_of(uint32_t life)
{
    return FIRST_HANDLE + (life << 16);
}

static void prepare(void)
{
    const struct mci_limits limits = {
        .max_nodes = NODES,
        .max_channels = 1,
        .max_endpoints = 1,
        .max_requests = 1,
        .max_msg_size = sizeof(struct content),
        .max_pkt_size = 16,
        .max_queue_elements = DEEPEST,
        .max_buffers = 1,
    };
    char reason[256];

    if (!mci_map_attach(&map, "simulated", &limits, reason, sizeof reason))
        __builtin_trap();
    for (int i = 0; i < NODES; i++) {
        sim_act_as(i);
        if (!mci_robust_acquire(&map.nodes[i].liveness))
            __builtin_trap();
        map.nodes[i].incarnation = 1;
        map.nodes[i].state = MCI_NODE_LIVE;
    }
    map.endpoints[0].owner = RECEIVER;
}

/* --- A sender ------------------------------------------------------------------------- */

static bool send_one(const struct mci_mailbox *box, uint32_t life, uint32_t cell,
                     uint32_t level)
{
    uint32_t self = (uint32_t)sim_self();
    uint32_t number = of[self].number;
    struct content content = { self, number, level, life };
    struct mci_message_cell *room = &box->cells[cell];

    memcpy(room->payload, &content, sizeof content);
    atomic_store_explicit(&room->size, sizeof content, memory_order_relaxed);
    if (sim_random(8) == 0) {
        mci_mailbox_give(box, cell);
        return true;
    }
    of[self].level[number] = level;
    of[self].number++;
    if (mci_mailbox_send(box, level, cell)) {
        of[self].sent_to[number] = life + 1;
        return true;
    }
    mci_mailbox_give(box, cell);
    return false;
}

static void send_all(void *unused)
{
    uint32_t self = (uint32_t)sim_self();
    uint32_t name = MCI_CONTROL_NAME(self, 1);
    uint32_t life = 0;

    (void)unused;
    while (of[self].number < MOST && life < lives) {
        uint32_t level = sim_random(LEVELS);
        struct mci_mailbox box;
        uint32_t cell;

        if (!mci_mailbox_view(&map, handle_of(life), &box)) {
            life++; /* or not yet made: the first one is */
            while (life < lives && !mci_mailbox_view(&map, handle_of(life), &box)) {
                if (sim_is_over(RECEIVER))
                    return;
                sim_pause();
            }
            continue;
        }
        cell = mci_mailbox_take(&box, level, name);
        if (cell != MCI_NO_CELL) {
            sim_check(cell < box.depth);
            send_one(&box, life, cell, level);
        } else if (sim_is_over(RECEIVER)) {
            return;
        } else {
            sim_pause();
        }
    }
}

/* --- The receiver --------------------------------------------------------------------- */

static void accept(const struct content *content, uint32_t life, uint32_t level)
{
    sim_check(content->sender < senders && content->number < MOST);
    sim_check(content->level == level && content->life == life);
    if (of[content->sender].received[content->number]++ > 0)
        sim_fail("message %u of sender %u came twice", content->number, content->sender);
    if (of[content->sender].last[life][level] > content->number)
        sim_fail("message %u of sender %u came late", content->number, content->sender);
    for (uint32_t i = 0; i < content->number; i++)
        if (of[content->sender].sent_to[i] == life + 1 && of[content->sender].level[i] < level
            && of[content->sender].received[i] == 0)
            sim_fail("message %u of sender %u came before one that was sent before it and is "
                     "more urgent",
                     content->number, content->sender);
    of[content->sender].last[life][level] = content->number + 1;
    received++;
}

static bool receive_one(const struct mci_mailbox *box, struct mci_mailbox_places *places,
                        uint32_t life)
{
    struct content content;
    uint32_t level = 0, size;
    uint32_t cell = mci_mailbox_next(box, places, &level);

    if (cell == MCI_NO_CELL)
        return false;
    size = atomic_load_explicit(&box->cells[cell].size, memory_order_relaxed);
    sim_check(size == sizeof content);
    mci_mailbox_receive(box, places, level, cell);
    memcpy(&content, box->cells[cell].payload, sizeof content);
    accept(&content, life, level);
    mci_mailbox_give(box, cell);
    return true;
}

static bool senders_are_over(void)
{
    for (int i = 0; i < (int)senders; i++)
        if (!sim_is_over(i))
            return false;
    return true;
}

/* As a delete does, and the create of the slot's next endpoint. */
static void begin_life(uint32_t life)
{
    struct mci_endpoint_slot *slot = &map.endpoints[0];

    pthread_mutex_lock(&control);
    atomic_store_explicit(&slot->handle, 0, memory_order_release);
    atomic_store_explicit(&slot->handle, handle_of(life), memory_order_release);
    sim_check(mci_mailbox_make(&map, 0, depth[life], LEVELS));
    now_alive = life;
    pthread_mutex_unlock(&control);
}

static void receive_all(void *unused)
{
    (void)unused;
    for (uint32_t life = 0; life < lives; life++) {
        struct mci_mailbox_places places;
        struct mci_mailbox box;

        if (life > 0)
            begin_life(life);
        sim_check(mci_mailbox_view(&map, handle_of(life), &box));
        mci_mailbox_begin(&places);
        for (;;) {
            if (receive_one(&box, &places, life)) {
                if (life + 1 < lives && received >= take_over_after)
                    break;
                continue;
            }
            sim_check(mci_mailbox_waiting(&box, &places) <= box.depth);
            if (life + 1 < lives && sim_random(4) == 0)
                break;
            if (senders_are_over() && !receive_one(&box, &places, life))
                break;
            sim_pause();
        }
    }
}

/* --- Recovery ------------------------------------------------------------------------- */

static void bury(uint32_t node)
{
    struct mci_mailbox box;

    pthread_mutex_lock(&control);
    if (mci_mailbox_view(&map, handle_of(now_alive), &box))
        mci_mailbox_return_cells(&box, node);
    pthread_mutex_unlock(&control);
}

static bool is_dead(uint32_t node)
{
    return mci_robust_dead(
            atomic_load_explicit(&map.nodes[node].liveness.word, memory_order_acquire));
}

static void bury_the_dead(void *unused)
{
    bool buried[SENDERS] = { false };

    (void)unused;
    while (!senders_are_over()) {
        for (uint32_t i = 0; i < senders; i++)
            if (!buried[i] && is_dead(i)) {
                bury(i);
                buried[i] = true;
            }
        sim_pause();
    }
    /* Again, for those whose cells were then in mailboxes that are made anew. */
    while (!sim_is_over(RECEIVER))
        sim_pause();
    for (uint32_t i = 0; i < senders; i++)
        if (is_dead(i))
            bury(i);
}

/* -------------------------------------------------------------------------------------- */

static void begin(void)
{
    struct mci_mailbox box;

    senders = 1 + sim_random(SENDERS);
    lives = 1 + sim_random(LIVES);
    take_over_after = sim_random(4);
    depth[0] = 1 + sim_random(DEEPEST);
    depth[1] = 1 + sim_random(DEEPEST);
    map.endpoints[0].handle = handle_of(0);
    sim_check(mci_mailbox_make(&map, 0, depth[0], LEVELS));
    sim_check(mci_mailbox_view(&map, handle_of(0), &box));
    for (uint32_t i = 0; i < DEEPEST; i++) {
        sim_guard(&box.cells[i].size, sizeof box.cells[i].size);
        sim_name(box.cells[i].payload, sizeof(struct content), 8, "payload");
    }
    sim_name(box.cells, DEEPEST * sizeof box.cells[0], sizeof box.cells[0], "cell");
    sim_name(box.head->tail, sizeof box.head->tail, 8, "tail");
    sim_name(box.slots, LEVELS * box.stride * 8, 8, "slot");
    sim_name(map.nodes, NODES * sizeof map.nodes[0], sizeof map.nodes[0], "node");
    sim_name(&map.endpoints[0].mailbox, 4, 4, "mailbox");
    sim_same_process(UNDERTAKER, RECEIVER);
    for (int i = 0; i < (int)senders; i++)
        sim_start(i, send_all, NULL);
    sim_start(RECEIVER, receive_all, NULL);
    sim_start(UNDERTAKER, bury_the_dead, NULL);
}

static void end(void)
{
    struct mci_mailbox box;

    for (uint32_t i = 0; i < senders; i++)
        for (uint32_t j = 0; j < MOST; j++)
            if (of[i].sent_to[j] == lives && of[i].received[j] == 0)
                sim_fail("message %u of sender %u was sent and never came", j, i);
    sim_check(mci_mailbox_view(&map, handle_of(lives - 1), &box));
    sim_check(mci_mailbox_free_cells(&box) == box.depth);
}

const struct sim_scenario sim_mailbox = {
    .name = "mailbox",
    .about = "a mailbox: senders, receiver, recovery, the next endpoint",
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .deaths = 2,
    .span = 90,
    .share = 32,
    .members = SENDERS,
    .weight = 12,
};
