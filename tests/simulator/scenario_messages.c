/* SPDX-License-Identifier: MIT */
/*
 * scenario_messages.c - messages as programs have them: two nodes send and wait for room, one
 * receives and waits, and any of them may die. A fourth node says when the senders are over, so
 * that the receiver's last wait ends.
 */
#include <string.h>

#include "machine.h"
#include "runtime/message.h"
#include "world.h"

enum { SENDERS = 2, RECEIVER = SENDERS, CLOSER, NODES, MOST = 4 };

struct content {
    uint32_t sender, number;
    uint64_t complement;
};

static struct {
    uint32_t sent, received;
    uint32_t messages;
    uint32_t last[2];
    bool came[MOST + 1];
} of[SENDERS];
static bool received_all;

static void prepare(void)
{
    world_make(NODES);
}

static mcapi_status_t send_number(uint32_t number, mcapi_priority_t priority)
{
    struct content content = { (uint32_t)sim_self(), number, ~(uint64_t)number };
    struct mci_message message = {
        .from = world_endpoint(sim_self()),
        .to = world_endpoint(RECEIVER),
        .payload = &content,
        .size = sizeof content,
        .priority = priority,
    };

    return mci_message_send(world_node(), &message);
}

static void send_all(void *unused)
{
    uint32_t self = (uint32_t)sim_self();

    (void)unused;
    while (of[self].sent < of[self].messages) {
        mcapi_status_t status = send_number(of[self].sent + 1, of[self].sent % 3 == 0 ? 1 : 0);

        if (status != MCAPI_SUCCESS) {
            if (!sim_is_dead(RECEIVER))
                sim_fail("a send ends with %d, and the receiver lives", (int)status);
            return;
        }
        of[self].sent++;
    }
}

static void say_when_over(void *unused)
{
    (void)unused;
    for (int i = 0; i < SENDERS; i++)
        while (!sim_is_over(i))
            sim_pause();
    for (uint32_t i = 0; i < SENDERS; i++)
        mci_channel_bury(world_node(), i); /* if it is dead, and nobody has done so */
    if (send_number(0, MCAPI_MAX_PRIORITY) != MCAPI_SUCCESS)
        sim_check(sim_is_dead(RECEIVER));
}

static void accept(const struct content *content)
{
    uint32_t level;

    sim_check(content->sender < SENDERS && content->number <= MOST
              && content->complement == ~(uint64_t)content->number);
    level = (content->number - 1) % 3 == 0;
    if (of[content->sender].came[content->number])
        sim_fail("message %u of sender %u came twice", content->number, content->sender);
    if (of[content->sender].last[level] > content->number)
        sim_fail("message %u of sender %u came late", content->number, content->sender);
    of[content->sender].last[level] = content->number;
    of[content->sender].came[content->number] = true;
    of[content->sender].received++;
}

static void receive_all(void *unused)
{
    (void)unused;
    for (;;) {
        struct content content;
        size_t size;
        mcapi_status_t status = mci_message_receive(world_node(), world_endpoint(RECEIVER),
                                                    &content, sizeof content, &size);

        if (status != MCAPI_SUCCESS || size != sizeof content)
            sim_fail("a receive ends with %d", (int)status);
        if (content.sender == CLOSER)
            break;
        accept(&content);
    }
    received_all = true;
}

static void begin(void)
{
    const struct mci_map *map = mci_map();

    map->endpoints[world_endpoint(RECEIVER) & 0xffff].num_recv_buffers =
            1 + sim_random(WORLD_ELEMENTS);
    for (int i = 0; i < SENDERS; i++) {
        of[i].messages = 1 + sim_random(MOST);
        sim_start(i, send_all, NULL);
    }
    sim_name(&map->header->control, 4, 4, "control");
    sim_name(map->nodes, NODES * sizeof map->nodes[0], sizeof map->nodes[0], "node");
    sim_name(mci_mailbox_base(map, world_endpoint(RECEIVER) & 0xffff), 256, 4, "mailbox");
    sim_start(RECEIVER, receive_all, NULL);
    sim_start(CLOSER, say_when_over, NULL);
}

static void end(void)
{
    struct mci_mailbox box;

    if (sim_is_dead(RECEIVER))
        return;
    sim_check(received_all);
    sim_check(mci_mailbox_view(mci_map(), world_endpoint(RECEIVER), &box));
    sim_check(mci_mailbox_free_cells(&box) == box.depth);
    for (int i = 0; i < SENDERS; i++) {
        sim_check(of[i].received >= of[i].sent && of[i].received <= of[i].sent + 1);
        if (!sim_is_dead(i))
            sim_check(of[i].received == of[i].messages);
    }
}

const struct sim_scenario sim_messages = {
    .name = "messages",
    .about = "messages through the whole library; senders and receiver die",
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .deaths = 2,
    .span = 600,
    .share = 32,
    .members = SENDERS + 1,
    .weight = 3,
};
