/* SPDX-License-Identifier: MIT */
#include "runtime/burst.h"

#include "runtime/blocked.h"
#include "runtime/receive.h"
#include "runtime/send.h"

/* What may be tried several times; `done` is what has been, and 0 before. */
struct burst {
    const void *const *payloads; /* to send */
    const size_t *sizes;
    void **received_payloads;
    size_t *received_sizes;
    const void *words; /* to send */
    void *received_words;
    uint32_t width;
    size_t count; /* of items, or of places for them */
    size_t done;
};

/* --- Packets, inside the gate --------------------------------------------------------- */

static mcapi_status_t try_send_packets(struct mci_end *end, void *context)
{
    struct burst *burst = context;
    mcapi_status_t status;

    if (!mci_end_peer_is_well(end)) {
        status = mci_end_peer_status(end);
        if (status != MCAPI_SUCCESS)
            return status;
    }
    if (burst->sizes[0] > end->packet.payload)
        return MCAPI_ERR_PKT_LIMIT;
    do {
        status = mci_send_put(end, burst->payloads[burst->done], burst->sizes[burst->done]);
        if (status != MCAPI_SUCCESS)
            break;
        burst->done++;
    } while (burst->done < burst->count && burst->sizes[burst->done] <= end->packet.payload);
    if (burst->done == 0)
        return status;
    mci_end_tell_peer(end, MCI_SEND);
    return MCAPI_SUCCESS;
}

static mcapi_status_t try_receive_packets(struct mci_end *end, void *context)
{
    struct burst *burst = context;
    mcapi_status_t status = MCAPI_SUCCESS;
    unsigned char *payload;
    uint32_t size;

    if (end->posted.count > 0)
        status = mci_receive_serve_posted(end);
    if (status == MCAPI_SUCCESS)
        status = mci_receive_take(end, &payload, &size);
    if (status != MCAPI_SUCCESS)
        return status;
    for (;;) {
        burst->received_payloads[burst->done] = payload;
        burst->received_sizes[burst->done] = size;
        if (++burst->done == burst->count
            || mci_ring_packet_take(&end->packet, &payload, &size) != MCI_TAKEN)
            return MCAPI_SUCCESS;
        CRASH_POINT(packet_taken);
    }
}

/* --- Scalars, inside the gate --------------------------------------------------------- */

static inline uint64_t word_at(const void *words, size_t index, uint32_t width)
{
    switch (width) {
    case 0:
        return ((const mcapi_uint8_t *)words)[index];
    case 1:
        return ((const mcapi_uint16_t *)words)[index];
    case 2:
        return ((const mcapi_uint32_t *)words)[index];
    default:
        return ((const mcapi_uint64_t *)words)[index];
    }
}

static inline void put_word_at(void *words, size_t index, uint32_t width, uint64_t word)
{
    switch (width) {
    case 0:
        ((mcapi_uint8_t *)words)[index] = (mcapi_uint8_t)word;
        break;
    case 1:
        ((mcapi_uint16_t *)words)[index] = (mcapi_uint16_t)word;
        break;
    case 2:
        ((mcapi_uint32_t *)words)[index] = (mcapi_uint32_t)word;
        break;
    default:
        ((mcapi_uint64_t *)words)[index] = word;
    }
}

static mcapi_status_t try_send_scalars(struct mci_end *end, void *context)
{
    struct mci_ring_scalar *ring = &end->scalar;
    struct burst *burst = context;
    uint32_t wanted = burst->count > UINT32_MAX ? UINT32_MAX : (uint32_t)burst->count;
    uint32_t room;

    if (!mci_end_peer_is_well(end)) {
        mcapi_status_t status = mci_end_peer_status(end);

        if (status != MCAPI_SUCCESS)
            return status;
    }
    mci_count_sent(end->slot, ring->position);
    room = mci_ring_scalar_room(ring, wanted);
    if (room == 0)
        return MCAPI_PENDING;
    if (wanted > room)
        wanted = room;
    for (uint32_t i = 0; i < wanted; i++) {
        mci_ring_scalar_fill(ring, word_at(burst->words, i, burst->width));
        CRASH_POINT(scalar_filled);
        mci_ring_scalar_send(ring, burst->width);
        CRASH_POINT(scalar_sent);
    }
    burst->done = wanted;
    mci_end_tell_peer(end, MCI_SEND);
    return MCAPI_SUCCESS;
}

static mcapi_status_t try_receive_scalars(struct mci_end *end, void *context)
{
    struct mci_ring_scalar *ring = &end->scalar;
    struct burst *burst = context;
    uint32_t width;
    mcapi_status_t status = mci_receive_look(end, &width);

    if (status != MCAPI_SUCCESS)
        return status;
    if (width != burst->width) {
        if (mci_runtime.compat != MCAPI_EXT_COMPAT_REFERENCE)
            return MCAPI_ERR_SCL_SIZE;
        mci_ring_scalar_take_silently(ring);
    } else {
        do {
            uint64_t word = mci_ring_scalar_take_silently(ring);

            put_word_at(burst->received_words, burst->done, width, word);
            CRASH_POINT(scalar_read);
        } while (++burst->done < burst->count && mci_ring_scalar_look(ring) == (int)width);
    }
    mci_ring_scalar_say_taken(ring, ring->position);
    CRASH_POINT(scalar_taken);
    mci_end_tell_peer(end, MCI_RECEIVE);
    return burst->done > 0 ? MCAPI_SUCCESS : MCAPI_ERR_SCL_SIZE;
}

/* --- The calls ------------------------------------------------------------------------ */

mcapi_status_t mci_burst_send_packets(struct mci_node *node, mcapi_pktchan_send_hndl_t handle,
                                      const void *const *payloads, const size_t *sizes,
                                      size_t count, size_t *done)
{
    struct burst burst = { .payloads = payloads, .sizes = sizes, .count = count };
    mcapi_status_t status =
            mci_blocked_call(node, handle, MCI_END_PACKET_SEND, try_send_packets, &burst);

    *done = burst.done;
    return status;
}

mcapi_status_t mci_burst_receive_packets(struct mci_node *node,
                                         mcapi_pktchan_recv_hndl_t handle, void **payloads,
                                         size_t *sizes, size_t room, size_t *done)
{
    struct burst burst = { .received_payloads = payloads,
                           .received_sizes = sizes,
                           .count = room };
    mcapi_status_t status =
            mci_blocked_call(node, handle, MCI_END_PACKET_RECEIVE, try_receive_packets, &burst);

    *done = burst.done;
    return status;
}

mcapi_status_t mci_burst_send_scalars(struct mci_node *node, mcapi_sclchan_send_hndl_t handle,
                                      const void *words, size_t count, uint32_t width,
                                      size_t *done)
{
    struct burst burst = { .words = words, .width = width, .count = count };
    mcapi_status_t status =
            mci_blocked_call(node, handle, MCI_END_SCALAR_SEND, try_send_scalars, &burst);

    *done = burst.done;
    return status;
}

mcapi_status_t mci_burst_receive_scalars(struct mci_node *node,
                                         mcapi_sclchan_recv_hndl_t handle, void *words,
                                         size_t room, uint32_t width, size_t *done)
{
    struct burst burst = { .received_words = words, .width = width, .count = room };
    mcapi_status_t status =
            mci_blocked_call(node, handle, MCI_END_SCALAR_RECEIVE, try_receive_scalars, &burst);

    *done = burst.done;
    return status;
}
