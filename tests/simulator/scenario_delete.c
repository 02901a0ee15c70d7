/* SPDX-License-Identifier: MIT */
/*
 * scenario_delete.c - two threads of a node send messages from one endpoint until there is no
 * room at another node's, and wait for it; a third one deletes the endpoint. Each of them
 * learns it, and what was sent before comes once.
 */
#include "machine.h"
#include "runtime/endpoint.h"
#include "runtime/message.h"
#include "world.h"

enum { DELETER, RECEIVER, NODES, THREAD = NODES, ANOTHER, FIBRES, MOST = 8 };

static uint32_t delay, wanted, received;
static uint32_t sent[FIBRES], last[FIBRES];

struct content {
    uint32_t sender, number;
};

static void prepare(void)
{
    world_make(NODES);
    world_same_node(THREAD, DELETER);
    world_same_node(ANOTHER, DELETER);
}

static void send_until_over(void *unused)
{
    uint32_t self = (uint32_t)sim_self();
    mcapi_status_t status;

    (void)unused;
    do {
        struct content content = { self, sent[self] + 1 };
        const struct mci_message message = {
            .from = world_endpoint(DELETER),
            .to = world_endpoint(RECEIVER),
            .payload = &content,
            .size = sizeof content,
        };

        status = mci_message_send(world_node(), &message);
        sent[self] += status == MCAPI_SUCCESS;
    } while (status == MCAPI_SUCCESS);
    sim_check(status == MCAPI_ERR_ENDP_INVALID || status == MCAPI_ERR_ENDP_DELETED);
}

static void delete_it(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < delay; i++)
        sim_pause();
    sim_check(mci_endpoint_delete(world_node(), world_endpoint(DELETER)) == MCAPI_SUCCESS);
}

/* One try. */
static void receive(void)
{
    struct content content;
    size_t size;
    mcapi_status_t status = mci_message_receive(world_node(), world_endpoint(RECEIVER),
                                                &content, sizeof content, &size);

    if (status == MCAPI_TIMEOUT)
        return;
    sim_check(status == MCAPI_SUCCESS && size == sizeof content && content.sender < FIBRES);
    sim_check(content.number == last[content.sender] + 1);
    last[content.sender]++;
    received++;
}

/* So many that those who wait find room now and then, and not in the end. */
static void receive_some(void *unused)
{
    (void)unused;
    while (received < wanted && !sim_is_over(DELETER)) {
        receive();
        sim_pause();
    }
}

static void begin(void)
{
    const struct mci_map *map = mci_map();
    struct mci_endpoint_slot *receiver = &map->endpoints[world_endpoint(RECEIVER) & 0xffff];

    delay = sim_random(64);
    wanted = sim_random(MOST);
    receiver->num_recv_buffers = 1 + sim_random(WORLD_ELEMENTS);
    receiver->timeout = MCAPI_TIMEOUT_IMMEDIATE;
    sim_name(map->nodes, NODES * sizeof map->nodes[0], sizeof map->nodes[0], "node");
    sim_name(mci_mailbox_base(map, world_endpoint(RECEIVER) & 0xffff), 256, 4, "mailbox");
    sim_start(DELETER, delete_it, NULL);
    sim_start(RECEIVER, receive_some, NULL);
    sim_start(THREAD, send_until_over, NULL);
    sim_start(ANOTHER, send_until_over, NULL);
}

static void end(void)
{
    uint32_t before;

    sim_act_as(RECEIVER);
    do {
        before = received;
        receive();
    } while (received > before);
    sim_check(last[THREAD] == sent[THREAD] && last[ANOTHER] == sent[ANOTHER]);
}

const struct sim_scenario sim_delete = {
    .name = "delete",
    .about = "threads that wait for room while the endpoint they send from is deleted",
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .weight = 1,
};
