/* SPDX-License-Identifier: MIT */
/*
 * send.h - packets and scalars on their way out: find a slot, fill it, publish it, wake.
 */
#ifndef MCI_SEND_H
#define MCI_SEND_H

#include <string.h>

#include "os/crash_point.h"
#include "runtime/end.h"

/* Waits while the channel is full, up to the endpoint's timeout. ERR_PKT_LIMIT, ERR_MEM_LIMIT
 * (full and FAIL_ON_MEM_LIMIT, or no memory), ERR_CHAN_INVALID, ERR_TRANSMISSION, TIMEOUT. */
mcapi_status_t mci_send_packet(struct mci_node *node, mcapi_pktchan_send_hndl_t handle,
                               const void *payload, size_t size);

/* The same, refused with ERR_MEM_LIMIT while the channel is full or not connected yet. */
mcapi_status_t mci_send_packet_now(struct mci_node *node, mcapi_pktchan_send_hndl_t handle,
                                   const void *payload, size_t size);

/* What a send of so many bytes would be refused for, other than for want of room. */
mcapi_status_t mci_send_packet_check(struct mci_node *node, mcapi_pktchan_send_hndl_t handle,
                                     size_t size);

/* `width`: 0 to 3 for 8, 16, 32 and 64 bits. Waits as mci_send_packet. */
mcapi_status_t mci_send_scalar(struct mci_node *node, mcapi_sclchan_send_hndl_t handle,
                               uint64_t word, uint32_t width);

/* --- Inside the gate ------------------------------------------------------------------ */

/* Gives the buffer's large payload memory for `size` bytes; it keeps it. False: there is none.
 */
bool mci_send_commit(struct mci_end *end, uint32_t buffer, uint32_t size);

/* Whether the buffer has memory for so many bytes, now. */
static inline bool mci_send_make_room(struct mci_end *end, uint32_t buffer, uint32_t size)
{
    return size <= MCI_PACKET_INLINE || size <= end->packet.extent[buffer]
        || mci_send_commit(end, buffer, size);
}

/* Puts a packet, of a size that the channel takes, into it and wakes nobody yet. MCAPI_PENDING:
 * the channel is full. */
static inline mcapi_status_t mci_send_put(struct mci_end *end, const void *payload, size_t size)
{
    struct mci_ring_packet *ring = &end->packet;
    uint32_t buffer;

    if (__builtin_expect(ring->known_free == 0, 0))
        mci_count_sent(end->slot,
                       ring->position); /* once a lap, and more often when it is full */
    buffer = mci_ring_packet_find(ring);
    if (buffer == MCI_NO_BUFFER)
        return MCAPI_PENDING;
    if (!mci_send_make_room(end, buffer, (uint32_t)size))
        return MCAPI_ERR_MEM_LIMIT;
    if (size > 0)
        memcpy(mci_ring_packet_payload(ring, buffer, (uint32_t)size), payload, size);
    CRASH_POINT(packet_filled);
    mci_ring_packet_send(ring, buffer, (uint32_t)size);
    CRASH_POINT(packet_sent);
    mci_count(&mci_end_counters(end, MCI_SEND)->bytes, size);
    return MCAPI_SUCCESS;
}

#endif /* MCI_SEND_H */
