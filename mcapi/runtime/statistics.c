/* SPDX-License-Identifier: MIT */
#include "runtime/statistics.h"

#include <string.h>

#include "os/robust.h"
#include "runtime/attribute.h"
#include "runtime/control.h"
#include "runtime/endpoint.h"
#include "segment/mailbox.h"
#include "segment/tally.h"

_Static_assert(sizeof(mcapi_ext_node_stats_t) == 128, "has room for more, and keeps its size");
_Static_assert(sizeof(mcapi_ext_endpoint_stats_t) == 192, "the same");
_Static_assert(sizeof(mcapi_ext_side_stats_t) == 96, "the same");
_Static_assert(sizeof(mcapi_ext_channel_stats_t) == 320, "the same");
_Static_assert((int)MCAPI_EXT_SIDE_SHUT == (int)MCI_SIDE_SHUT
                       && (int)MCAPI_EXT_SIDE_OPEN == (int)MCI_SIDE_OPEN
                       && (int)MCAPI_EXT_SIDE_CLOSED == (int)MCI_SIDE_GONE
                       && (int)MCAPI_EXT_SIDE_DEAD == (int)MCI_SIDE_DEAD
                       && (int)MCAPI_EXT_PACKETS == (int)MCI_CHANNEL_PACKET
                       && (int)MCAPI_EXT_SCALARS == (int)MCI_CHANNEL_SCALAR,
               "as the segment has them");

/* relaxed: a number that somebody counts in is alone with its meaning */
#define NOW(counter) atomic_load_explicit(&(counter), memory_order_relaxed)

/* --- Nodes ---------------------------------------------------------------------------- */

static bool is_connected(const struct mci_channel_slot *slot)
{
    return NOW(slot->state) == MCI_CHANNEL_CONNECTED;
}

static void fill_node(const struct mci_map *map, uint32_t index, mcapi_ext_node_stats_t *stats)
{
    const struct mci_node_slot *slot = &map->nodes[index];

    *stats = (mcapi_ext_node_stats_t){
        .domain = slot->domain,
        .node = slot->node,
        .process = slot->process,
        .dead = mci_robust_dead(NOW(slot->liveness.word)),
        .type = slot->type,
        .endpoints = slot->endpoints,
        .joined = slot->joined,
    };
    for (uint32_t i = 0; i < map->limits.max_channels; i++) {
        const struct mci_channel_slot *channel = &map->channels[i];

        if (!is_connected(channel))
            continue;
        stats->sends_on += channel->node[MCI_SEND] == index;
        stats->receives_on += channel->node[MCI_RECEIVE] == index;
    }
}

mcapi_status_t mci_statistics_node(struct mci_node *node, mcapi_uint_t *cursor,
                                   mcapi_ext_node_stats_t *stats)
{
    const struct mci_map *map = mci_map();
    mcapi_status_t status = MCAPI_PENDING;

    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    for (; status == MCAPI_PENDING && *cursor < map->limits.max_nodes; ++*cursor) {
        if (NOW(map->nodes[*cursor].state) != MCI_NODE_LIVE)
            continue;
        fill_node(map, *cursor, stats);
        status = MCAPI_SUCCESS;
    }
    mci_control_unlock();
    return status;
}

/* --- Endpoints ------------------------------------------------------------------------ */

static void fill_endpoint(const struct mci_map *map, const struct mci_endpoint_slot *slot,
                          mcapi_ext_endpoint_stats_t *stats)
{
    uint32_t link = NOW(slot->channel);
    struct mci_mailbox box;

    *stats = (mcapi_ext_endpoint_stats_t){
        .endpoint = NOW(slot->handle),
        .domain = slot->domain,
        .node = slot->node,
        .port = slot->port,
        .type = slot->type,
        .status = mci_attribute_status(map, slot),
        .gets = slot->get_count,
        .channel =
                link == 0 || link > map->limits.max_channels ? MCAPI_EXT_NO_CHANNEL : link - 1,
        .messages_sent = NOW(slot->messages_sent),
        .messages_received = NOW(slot->messages_received),
        .messages_dropped = NOW(slot->messages_dropped),
        .message_bytes_sent = NOW(slot->bytes_sent),
        .message_bytes_received = NOW(slot->bytes_received),
    };
    if (mci_mailbox_view(map, stats->endpoint, &box)) {
        stats->messages_room = mci_mailbox_free_cells(&box);
        stats->messages_queued = box.depth - stats->messages_room;
    }
}

mcapi_status_t mci_statistics_endpoint(struct mci_node *node, mcapi_uint_t *cursor,
                                       mcapi_ext_endpoint_stats_t *stats)
{
    const struct mci_map *map = mci_map();
    mcapi_status_t status = MCAPI_PENDING;
    uint32_t high;

    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    high = mci_endpoint_high(map);
    for (; status == MCAPI_PENDING && *cursor < high; ++*cursor) {
        if (NOW(map->endpoints[*cursor].handle) == 0)
            continue;
        fill_endpoint(map, &map->endpoints[*cursor], stats);
        status = MCAPI_SUCCESS;
    }
    mci_control_unlock();
    return status;
}

/* --- Channels ------------------------------------------------------------------------- */

static void fill_side(const struct mci_map *map, const struct mci_channel_slot *slot,
                      enum mci_side side, mcapi_ext_side_stats_t *stats)
{
    const struct mci_side_counters *counters = &slot->counters[side];
    const struct mci_endpoint_slot *endpoint = mci_endpoint_of(map, slot->end[side]);

    *stats = (mcapi_ext_side_stats_t){
        .endpoint = slot->end[side],
        .domain = endpoint != NULL ? endpoint->domain : MCAPI_DOMAIN_INVALID,
        .node = endpoint != NULL ? endpoint->node : MCAPI_NODE_INVALID,
        .port = endpoint != NULL ? endpoint->port : MCAPI_PORT_ANY,
        .state = NOW(slot->side[side]),
        .stalls = NOW(counters->stalls),
        .sleeps = NOW(counters->sleeps),
        .wakes = NOW(counters->wakes),
    };
}

static void fill_channel(const struct mci_map *map, uint32_t index,
                         mcapi_ext_channel_stats_t *stats)
{
    const struct mci_channel_slot *slot = &map->channels[index];
    struct mci_tally tally;

    mci_tally(map, index, &tally); /* of one that is damaged: zeros */
    *stats = (mcapi_ext_channel_stats_t){
        .channel = index,
        .kind = slot->kind,
        .depth = slot->depth,
        .max_payload = slot->kind == MCI_CHANNEL_PACKET ? slot->payload : sizeof(uint64_t),
        .connected = slot->connected,
        .sent = tally.sent,
        .received = tally.received,
        .bytes_sent = slot->kind == MCI_CHANNEL_PACKET ? NOW(slot->counters[MCI_SEND].bytes)
                                                       : tally.sent * sizeof(uint64_t),
        .queued = tally.queued,
        .held = tally.held,
        .taken = tally.lent,
        .room = tally.room,
    };
    fill_side(map, slot, MCI_SEND, &stats->sender);
    fill_side(map, slot, MCI_RECEIVE, &stats->receiver);
}

mcapi_status_t mci_statistics_channel(struct mci_node *node, mcapi_uint_t *cursor,
                                      mcapi_ext_channel_stats_t *stats)
{
    const struct mci_map *map = mci_map();
    mcapi_status_t status = MCAPI_PENDING;

    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    for (; status == MCAPI_PENDING && *cursor < map->limits.max_channels; ++*cursor) {
        if (!is_connected(&map->channels[*cursor]))
            continue;
        fill_channel(map, *cursor, stats);
        status = MCAPI_SUCCESS;
    }
    mci_control_unlock();
    return status;
}
