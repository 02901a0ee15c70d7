/* SPDX-License-Identifier: MIT */
#include "runtime/display.h"

#include "runtime/control.h"
#include "runtime/endpoint.h"

static const char *const end_words[MCI_END_KINDS] = {
    [MCI_END_NONE] = "not opened",
    [MCI_END_PACKET_SEND] = "opened to send packets",
    [MCI_END_PACKET_RECEIVE] = "opened to receive packets",
    [MCI_END_SCALAR_SEND] = "opened to send scalars",
    [MCI_END_SCALAR_RECEIVE] = "opened to receive scalars",
};

static const char *const side_words[] = {
    [MCI_SIDE_SHUT] = "not opened",
    [MCI_SIDE_OPEN] = "open",
    [MCI_SIDE_GONE] = "closed",
    [MCI_SIDE_DEAD] = "dead",
};

static void print_endpoint(const struct mci_map *map, const struct mci_endpoint_slot *slot,
                           FILE *out)
{
    fprintf(out, "mcapi: endpoint 0x%08x <%u, %u, %u>: %s", slot->handle, slot->domain,
            slot->node, slot->port,
            slot->opened < MCI_END_KINDS ? end_words[slot->opened] : "damaged");
    if (slot->channel != 0 && slot->channel <= map->limits.max_channels) {
        const struct mci_channel_slot *channel = &map->channels[slot->channel - 1];

        fprintf(out, ", channel %u from 0x%08x (%s) to 0x%08x (%s), depth %u",
                slot->channel - 1, channel->end[MCI_SEND],
                side_words[channel->side[MCI_SEND] & 3], channel->end[MCI_RECEIVE],
                side_words[channel->side[MCI_RECEIVE] & 3], channel->depth);
    }
    fprintf(out, "\n");
}

void mci_display_node(struct mci_node *node, FILE *out)
{
    const struct mci_map *map = mci_map();

    if (!mci_control_lock(node, mci_self.serial))
        return;
    fprintf(out, "mcapi: node <%u, %u> in topology '%s', %u endpoints\n", node->domain,
            node->number, map->segment.topology, map->nodes[node->slot].endpoints);
    for (uint32_t i = 0; i < mci_endpoint_high(map); i++)
        if (map->endpoints[i].handle != 0 && map->endpoints[i].owner == node->slot)
            print_endpoint(map, &map->endpoints[i], out);
    mci_control_unlock();
}

void mci_display_endpoint(struct mci_node *node, mcapi_endpoint_t handle, FILE *out)
{
    const struct mci_map *map = mci_map();
    const struct mci_endpoint_slot *slot;

    if (!mci_control_lock(node, mci_self.serial))
        return;
    slot = mci_endpoint_of(map, handle);
    if (slot == NULL)
        fprintf(out, "mcapi: 0x%08x is not an endpoint\n", handle);
    else
        print_endpoint(map, slot, out);
    mci_control_unlock();
}
