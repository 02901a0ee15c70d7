/* SPDX-License-Identifier: MIT */
#include "runtime/release.h"

#include "os/crash_point.h"
#include "runtime/end.h"

/* The end that a buffer at this address can belong to, or NULL. */
static struct mci_end *end_of(const struct mci_map *map, const void *payload)
{
    uintptr_t at = (uintptr_t)payload;
    uintptr_t first = (uintptr_t)map->regions;
    uint64_t channel;

    if (map->regions == NULL || at < first)
        return NULL;
    channel = (at - first) >> map->region_shift;
    return channel < map->limits.max_channels ? mci_receiver_of((uint32_t)channel) : NULL;
}

mcapi_status_t mci_release(struct mci_node *node, const void *payload)
{
    struct mci_end *end = end_of(mci_map(), payload);
    mcapi_status_t status = MCAPI_ERR_BUF_INVALID;
    uint32_t buffer;
    bool alone;

    if (end == NULL || atomic_load_explicit(&end->node, memory_order_relaxed) != node)
        return status;
    alone = mci_gate_enter(&end->gate);
    if (mci_end_is(end, node, atomic_load_explicit(&end->handle, memory_order_relaxed),
                   MCI_END_PACKET_RECEIVE)) {
        buffer = mci_ring_packet_held(&end->packet, payload);
        if (buffer != MCI_NO_BUFFER) {
            mci_ring_packet_free(&end->packet, buffer);
            CRASH_POINT(packet_freed);
            mci_ring_packet_count(&end->packet, 1);
            CRASH_POINT(packet_released);
            mci_event_raise(mci_map(), end->peer_event, end->peer_node);
            status = MCAPI_SUCCESS;
        }
    }
    mci_gate_leave(&end->gate, alone);
    return status;
}
