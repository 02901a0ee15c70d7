/* SPDX-License-Identifier: MIT */
#include "runtime/send.h"

#include "os/crash_point.h"
#include "runtime/blocked.h"
#include "runtime/channel.h"

/* --- Packets, inside the gate --------------------------------------------------------- */

bool mci_send_commit(struct mci_end *end, uint32_t buffer, uint32_t size)
{
    struct mci_ring_packet *ring = &end->packet;
    uint64_t offset = (uint64_t)(mci_ring_packet_large(ring, buffer)
                                 - mci_region(mci_map(), end->channel));

    if (!mci_region_commit(&mci_runtime.map, end->channel, offset, size))
        return false;
    ring->extent[buffer] = size;
    return true;
}

/* MCAPI_PENDING: the channel is full. */
static inline __attribute__((always_inline)) mcapi_status_t try_packet(struct mci_end *end,
                                                                       const void *payload,
                                                                       size_t size)
{
    mcapi_status_t status;

    if (__builtin_expect(!mci_end_peer_is_well(end), 0)) {
        status = mci_end_peer_status(end);
        if (status != MCAPI_SUCCESS)
            return status;
    }
    if (size > end->packet.payload)
        return MCAPI_ERR_PKT_LIMIT;
    status = mci_send_put(end, payload, size);
    if (__builtin_expect(status == MCAPI_SUCCESS, 1))
        mci_end_tell_peer(end, MCI_SEND);
    return status;
}

mcapi_status_t mci_send_packet_check(struct mci_node *node, mcapi_pktchan_send_hndl_t handle,
                                     size_t size)
{
    struct mci_end *end;
    bool alone;
    mcapi_status_t status = mci_end_enter(node, handle, MCI_END_PACKET_SEND, &end, &alone);

    if (status != MCAPI_SUCCESS)
        return status == MCAPI_PENDING ? MCAPI_SUCCESS : status;
    status = mci_end_peer_status(end);
    if (status == MCAPI_SUCCESS && size > end->packet.payload)
        status = MCAPI_ERR_PKT_LIMIT;
    mci_end_leave(end, alone);
    return status;
}

mcapi_status_t mci_send_packet_now(struct mci_node *node, mcapi_pktchan_send_hndl_t handle,
                                   const void *payload, size_t size)
{
    struct mci_end *end;
    bool alone;
    mcapi_status_t status = mci_end_enter(node, handle, MCI_END_PACKET_SEND, &end, &alone);

    if (status != MCAPI_SUCCESS)
        return status == MCAPI_PENDING ? MCAPI_ERR_MEM_LIMIT : status;
    status = try_packet(end, payload, size);
    if (status == MCAPI_PENDING)
        mci_count(&mci_end_counters(end, MCI_SEND)->stalls, 1);
    mci_end_leave(end, alone);
    return status == MCAPI_PENDING ? MCAPI_ERR_MEM_LIMIT : status;
}

/* The rest of a send whose first try found the channel full, or no channel yet. */
static mcapi_status_t send_packet_slowly(struct mci_node *node,
                                         mcapi_pktchan_send_hndl_t handle, const void *payload,
                                         size_t size)
{
    struct mci_blocked blocked;
    mcapi_status_t status;

    mci_blocked_begin(&blocked, node, handle, MCI_END_PACKET_SEND);
    while (mci_blocked_enter(&blocked, &status)) {
        status = try_packet(blocked.end, payload, size);
        if (status == MCAPI_PENDING && blocked.end->fails_when_full)
            status = MCAPI_ERR_MEM_LIMIT;
        mci_blocked_leave(&blocked, status);
    }
    return status;
}

mcapi_status_t mci_send_packet(struct mci_node *node, mcapi_pktchan_send_hndl_t handle,
                               const void *payload, size_t size)
{
    struct mci_end *end;
    bool alone;
    mcapi_status_t status = mci_end_enter(node, handle, MCI_END_PACKET_SEND, &end, &alone);

    if (__builtin_expect(status == MCAPI_SUCCESS, 1)) {
        status = try_packet(end, payload, size);
        mci_end_leave(end, alone);
        if (__builtin_expect(status == MCAPI_SUCCESS, 1))
            return status;
    }
    /* Not connected yet, but no channel of this topology will ever take it. */
    if (status == MCAPI_PENDING && size > mci_map()->limits.max_pkt_size)
        return MCAPI_ERR_PKT_LIMIT;
    return mci_is_final(status) ? status : send_packet_slowly(node, handle, payload, size);
}

/* --- Scalars -------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) mcapi_status_t try_scalar(struct mci_end *end,
                                                                       uint64_t word,
                                                                       uint32_t width)
{
    struct mci_ring_scalar *ring = &end->scalar;

    if (__builtin_expect(!mci_end_peer_is_well(end), 0)) {
        mcapi_status_t status = mci_end_peer_status(end);

        if (status != MCAPI_SUCCESS)
            return status;
    }
    if (__builtin_expect(ring->position - ring->taken >= ring->depth, 0)) {
        mci_count_sent(end->slot, ring->position); /* once a lap */
        if (mci_ring_scalar_is_full(ring))
            return MCAPI_PENDING;
    }
    mci_ring_scalar_fill(ring, word);
    CRASH_POINT(scalar_filled);
    mci_ring_scalar_send(ring, width);
    CRASH_POINT(scalar_sent);
    mci_end_tell_peer(end, MCI_SEND);
    return MCAPI_SUCCESS;
}

static mcapi_status_t send_scalar_slowly(struct mci_node *node,
                                         mcapi_sclchan_send_hndl_t handle, uint64_t word,
                                         uint32_t width)
{
    struct mci_blocked blocked;
    mcapi_status_t status;

    mci_blocked_begin(&blocked, node, handle, MCI_END_SCALAR_SEND);
    while (mci_blocked_enter(&blocked, &status)) {
        status = try_scalar(blocked.end, word, width);
        if (status == MCAPI_PENDING && blocked.end->fails_when_full)
            status = MCAPI_ERR_MEM_LIMIT;
        mci_blocked_leave(&blocked, status);
    }
    return status;
}

mcapi_status_t mci_send_scalar(struct mci_node *node, mcapi_sclchan_send_hndl_t handle,
                               uint64_t word, uint32_t width)
{
    struct mci_end *end;
    bool alone;
    mcapi_status_t status = mci_end_enter(node, handle, MCI_END_SCALAR_SEND, &end, &alone);

    if (__builtin_expect(status == MCAPI_SUCCESS, 1)) {
        status = try_scalar(end, word, width);
        mci_end_leave(end, alone);
        if (__builtin_expect(status == MCAPI_SUCCESS, 1))
            return status;
    }
    return mci_is_final(status) ? status : send_scalar_slowly(node, handle, word, width);
}
