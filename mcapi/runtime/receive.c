/* SPDX-License-Identifier: MIT */
#include "runtime/receive.h"

#include "os/crash_point.h"
#include "runtime/blocked.h"
#include "runtime/channel.h"
#include "runtime/control.h"
#include "runtime/endpoint.h"
#include "runtime/message.h"
#include "runtime/request.h"

/* --- Inside the gate ------------------------------------------------------------------ */

mcapi_status_t mci_receive_take_or_say_why(struct mci_end *end, unsigned char **payload,
                                           uint32_t *size)
{
    mcapi_status_t status = MCAPI_SUCCESS;

    for (;;) {
        switch (mci_ring_packet_take(&end->packet, payload, size)) {
        case MCI_TAKEN:
            CRASH_POINT(packet_taken);
            return MCAPI_SUCCESS;
        case MCI_DAMAGED:
            return MCAPI_ERR_GENERAL;
        default:
            break;
        }
        if (status != MCAPI_SUCCESS)
            return status;
        if (mci_end_peer_is_well(end))
            return MCAPI_PENDING;
        /* The other side is over. What it sent before that is there now: look once more. */
        status = mci_end_peer_status(end);
        if (status == MCAPI_SUCCESS)
            return MCAPI_PENDING;
    }
}

mcapi_status_t mci_receive_serve_posted(struct mci_end *end)
{
    unsigned char *payload;
    uint32_t size;

    while (end->posted.count > 0) {
        mcapi_status_t status = mci_receive_take(end, &payload, &size);

        if (status == MCAPI_PENDING)
            return status;
        if (status != MCAPI_SUCCESS) {
            mci_request_fail_posted(&end->posted, status);
            return status;
        }
        mci_request_serve(&end->posted, payload, size, MCAPI_SUCCESS);
    }
    return MCAPI_SUCCESS;
}

static inline __attribute__((always_inline)) mcapi_status_t try_packet(struct mci_end *end,
                                                                       void **payload,
                                                                       size_t *size)
{
    mcapi_status_t status = MCAPI_SUCCESS;
    unsigned char *at;
    uint32_t bytes;

    if (__builtin_expect(end->posted.count > 0, 0))
        status = mci_receive_serve_posted(end);
    if (status == MCAPI_SUCCESS)
        status = mci_receive_take(end, &at, &bytes);
    if (status == MCAPI_SUCCESS) {
        *payload = at;
        *size = bytes;
    }
    return status;
}

static inline __attribute__((always_inline)) mcapi_status_t try_scalar(struct mci_end *end,
                                                                       uint32_t width,
                                                                       uint64_t *word)
{
    uint32_t there;
    mcapi_status_t status = mci_receive_look(end, &there);

    if (status != MCAPI_SUCCESS)
        return status;
    if (__builtin_expect(there != width, 0) && mci_runtime.compat != MCAPI_EXT_COMPAT_REFERENCE)
        return MCAPI_ERR_SCL_SIZE;
    *word = mci_ring_scalar_take(&end->scalar);
    CRASH_POINT(scalar_taken);
    mci_end_tell_peer(end, MCI_RECEIVE);
    return there == width ? MCAPI_SUCCESS : MCAPI_ERR_SCL_SIZE;
}

/* --- Packets -------------------------------------------------------------------------- */

static mcapi_status_t receive_packet_slowly(struct mci_node *node,
                                            mcapi_pktchan_recv_hndl_t handle, void **payload,
                                            size_t *size)
{
    struct mci_blocked blocked;
    mcapi_status_t status;

    mci_blocked_begin(&blocked, node, handle, MCI_END_PACKET_RECEIVE);
    while (mci_blocked_enter(&blocked, &status)) {
        status = try_packet(blocked.end, payload, size);
        mci_blocked_leave(&blocked, status);
    }
    return status;
}

mcapi_status_t mci_receive_packet(struct mci_node *node, mcapi_pktchan_recv_hndl_t handle,
                                  void **payload, size_t *size)
{
    struct mci_end *end;
    bool alone;
    mcapi_status_t status = mci_end_enter(node, handle, MCI_END_PACKET_RECEIVE, &end, &alone);

    if (__builtin_expect(status == MCAPI_SUCCESS, 1)) {
        status = try_packet(end, payload, size);
        mci_end_leave(end, alone);
        if (__builtin_expect(status == MCAPI_SUCCESS, 1))
            return status;
    }
    return mci_is_final(status) ? status : receive_packet_slowly(node, handle, payload, size);
}

mcapi_status_t mci_receive_progress(struct mci_node *node, mcapi_pktchan_recv_hndl_t handle)
{
    struct mci_end *end;
    bool alone;
    uint32_t peer;
    mcapi_status_t status = mci_end_enter(node, handle, MCI_END_PACKET_RECEIVE, &end, &alone);

    if (status != MCAPI_SUCCESS)
        return status;
    status = mci_receive_serve_posted(end);
    peer = end->peer_node;
    mci_end_leave(end, alone);
    if (status == MCAPI_ERR_TRANSMISSION)
        mci_channel_bury(node, peer);
    return status;
}

mcapi_status_t mci_receive_packet_later(struct mci_node *node, mcapi_pktchan_recv_hndl_t handle,
                                        void **payload, mcapi_request_t *request)
{
    struct mci_request_start start = {
        .kind = MCI_REQUEST_RECEIVE,
        .handle = handle,
        .end_kind = MCI_END_PACKET_RECEIVE,
        .buffer = payload,
    };
    struct mci_end *end;
    bool alone;
    mcapi_status_t status = mci_end_enter(node, handle, MCI_END_PACKET_RECEIVE, &end, &alone);

    /* Opened, connected or not: it can be posted. */
    if (status == MCAPI_SUCCESS)
        mci_end_leave(end, alone);
    else if (status != MCAPI_PENDING)
        return status;
    status = mci_request_begin(node, &start, request);
    if (status != MCAPI_SUCCESS)
        return status;
    end = &mci_ends[handle & 0xffff];
    alone = mci_gate_enter(&end->gate);
    status = mci_request_post(node, *request, &end->posted);
    mci_gate_leave(&end->gate, alone);
    if (status == MCAPI_SUCCESS)
        mci_receive_progress(node, handle);
    return status;
}

void mci_receive_announce(struct mci_patience *patience, uint32_t handle)
{
    static const enum mci_end_kind kinds[] = { MCI_END_PACKET_RECEIVE, MCI_END_SCALAR_RECEIVE };
    struct mci_end *end;
    bool alone;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (mci_end_enter(patience->node, handle, kinds[i], &end, &alone) != MCAPI_SUCCESS)
            continue;
        mci_event_announce(end->own_event, MCI_EVENT_BELL);
        mci_patience_watch(patience, end->peer_life, end->peer_alive);
        mci_end_leave(end, alone);
        return;
    }
}

/* --- Scalars -------------------------------------------------------------------------- */

static mcapi_status_t receive_scalar_slowly(struct mci_node *node,
                                            mcapi_sclchan_recv_hndl_t handle, uint32_t width,
                                            uint64_t *word)
{
    struct mci_blocked blocked;
    mcapi_status_t status;

    mci_blocked_begin(&blocked, node, handle, MCI_END_SCALAR_RECEIVE);
    while (mci_blocked_enter(&blocked, &status)) {
        status = try_scalar(blocked.end, width, word);
        mci_blocked_leave(&blocked, status);
    }
    return status;
}

mcapi_status_t mci_receive_scalar(struct mci_node *node, mcapi_sclchan_recv_hndl_t handle,
                                  uint32_t width, uint64_t *word)
{
    struct mci_end *end;
    bool alone;
    mcapi_status_t status = mci_end_enter(node, handle, MCI_END_SCALAR_RECEIVE, &end, &alone);

    if (__builtin_expect(status == MCAPI_SUCCESS, 1)) {
        status = try_scalar(end, width, word);
        mci_end_leave(end, alone);
        if (__builtin_expect(status == MCAPI_SUCCESS, 1))
            return status;
    }
    return mci_is_final(status) ? status : receive_scalar_slowly(node, handle, width, word);
}

/* --- Looking -------------------------------------------------------------------------- */

static uint32_t there_now(struct mci_end *end, enum mci_end_kind kind)
{
    uint32_t there = kind == MCI_END_PACKET_RECEIVE ? mci_ring_packet_available(&end->packet)
                                                    : mci_ring_scalar_available(&end->scalar);

    return there > end->posted.count ? there - end->posted.count : 0;
}

mcapi_status_t mci_receive_available(struct mci_node *node, uint32_t handle,
                                     enum mci_end_kind kind, uint32_t *available)
{
    struct mci_end *end;
    bool alone;
    uint32_t peer;
    mcapi_status_t status = mci_end_enter(node, handle, kind, &end, &alone);

    *available = 0;
    if (status != MCAPI_SUCCESS)
        return status == MCAPI_PENDING ? MCAPI_SUCCESS : status;
    *available = there_now(end, kind);
    peer = end->peer_node;
    if (*available == 0 && !mci_end_peer_is_well(end)) {
        status = mci_end_peer_status(end);
        *available = there_now(end, kind); /* what came last came before it ended */
        if (*available > 0)
            status = MCAPI_SUCCESS;
    }
    mci_end_leave(end, alone);
    if (status == MCAPI_ERR_TRANSMISSION)
        mci_channel_bury(node, peer);
    return status;
}

struct receivers {
    const mcapi_endpoint_t *handles;
    size_t count;
};

/* Whether this handle is an end that could be received on, whatever became of the channel. */
static bool is_receiving_end(const struct mci_node *node, mcapi_endpoint_t handle)
{
    const struct mci_end *end = &mci_ends[handle & (MCI_ENDPOINT_SLOTS - 1)];

    return mci_end_is(end, node, handle, MCI_END_PACKET_RECEIVE)
        || mci_end_is(end, node, handle, MCI_END_SCALAR_RECEIVE);
}

static void announce_receivers(struct mci_patience *patience, void *context)
{
    const struct receivers *receivers = context;

    for (size_t i = 0; i < receivers->count; i++) {
        mcapi_endpoint_t handle = receivers->handles[i];

        if (!is_receiving_end(patience->node, handle)
            && mci_message_is_received_at(patience->node, handle))
            mci_message_announce(patience, handle);
        else
            mci_receive_announce(patience, handle);
    }
}

/* Whether this is an endpoint of ours on which messages are received: neither open nor on a
 * channel. */
static bool receives_messages(struct mci_node *node, mcapi_endpoint_t handle)
{
    const struct mci_endpoint_slot *endpoint;
    bool receives;

    if (!mci_control_lock(node, mci_self.serial))
        return false;
    endpoint = mci_endpoint_own(node, handle);
    receives = endpoint != NULL && endpoint->opened == MCI_END_NONE
            && atomic_load_explicit(&endpoint->channel, memory_order_relaxed) == 0;
    mci_control_unlock();
    return receives;
}

/* MCAPI_SUCCESS: a message is here. MCAPI_PENDING: none is. */
static mcapi_status_t message_would_return(struct mci_node *node, mcapi_endpoint_t handle)
{
    uint32_t available;
    mcapi_status_t status = mci_message_available(node, handle, &available);

    return status != MCAPI_SUCCESS ? MCAPI_ERR_CHAN_INVALID
         : available > 0           ? MCAPI_SUCCESS
                                   : MCAPI_PENDING;
}

/* MCAPI_SUCCESS: a receive on this handle would return at once, with data or because the
 * channel is over. MCAPI_PENDING: it would block. Else: nothing can be received on it. */
static mcapi_status_t would_return(struct mci_node *node, mcapi_endpoint_t handle)
{
    enum mci_end_kind kind = MCI_END_PACKET_RECEIVE;
    uint32_t available;
    mcapi_status_t status;

    /* Those that messages were received at are asked about them at once. */
    if (mci_message_is_received_at(node, handle) && !is_receiving_end(node, handle)
        && receives_messages(node, handle))
        return message_would_return(node, handle);
    /* Only a hint which kind to ask about first. */
    if (atomic_load_explicit(&mci_ends[handle & (MCI_ENDPOINT_SLOTS - 1)].kind,
                             memory_order_relaxed)
        == MCI_END_SCALAR_RECEIVE)
        kind = MCI_END_SCALAR_RECEIVE;
    status = mci_receive_available(node, handle, kind, &available);
    if (status == MCAPI_ERR_CHAN_INVALID && kind == MCI_END_PACKET_RECEIVE)
        status = mci_receive_available(node, handle, MCI_END_SCALAR_RECEIVE, &available);
    if (status == MCAPI_SUCCESS)
        return available > 0 ? MCAPI_SUCCESS : MCAPI_PENDING;
    if (is_receiving_end(node, handle))
        return MCAPI_SUCCESS;
    return status == MCAPI_ERR_CHAN_INVALID && receives_messages(node, handle)
                 ? message_would_return(node, handle)
                 : status;
}

/* MCAPI_SUCCESS: all are receiving ends. Those that are known to be are passed over quickly. */
static mcapi_status_t check_receivers(struct mci_node *node, const mcapi_endpoint_t *handles,
                                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_receiving_end(node, handles[i])) {
            mcapi_status_t status = would_return(node, handles[i]);

            if (status != MCAPI_SUCCESS && status != MCAPI_PENDING)
                return status;
        }
    return MCAPI_SUCCESS;
}

mcapi_status_t mci_receive_wait_any(struct mci_node *node, const mcapi_endpoint_t *handles,
                                    size_t count, mcapi_timeout_t timeout, size_t *which)
{
    static _Thread_local size_t next; /* the search goes on behind the last one found */
    struct receivers receivers = { handles, count };
    struct mci_patience patience;
    mcapi_status_t status = check_receivers(node, handles, count);

    if (status != MCAPI_SUCCESS) /* whatever the others have */
        return status;
    mci_patience_begin(&patience, node, timeout);
    do {
        for (size_t i = 0; i < count; i++) {
            *which = (next + i) % count;
            status = would_return(node, handles[*which]);
            if (status != MCAPI_PENDING) {
                next = *which + 1;
                goto found;
            }
        }
        status = mci_patience_wait_bell(&patience, announce_receivers, &receivers);
    } while (status == MCAPI_SUCCESS);
found:
    mci_patience_end(&patience);
    return status;
}
