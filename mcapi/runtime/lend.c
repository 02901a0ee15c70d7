/* SPDX-License-Identifier: MIT */
#include "runtime/lend.h"

#include <stdlib.h>

#include "os/crash_point.h"
#include "runtime/blocked.h"
#include "runtime/channel.h"
#include "runtime/send.h"

/* A buffer has two places for a payload: in its slot, and in the large room. */
enum { IN_SLOT, LARGE, PLACES };

struct mci_loan {
    uint32_t size; /* bytes that the buffer was last lent for */
    bool lent;
    bool sent[PLACES];        /* by reference, at some time... */
    uint32_t sent_at[PLACES]; /* ...last at this position */
};

/* What a call is about. */
struct loan_call {
    const void *payload;
    size_t size;
    void *taken;
};

static uint32_t place_of(size_t size)
{
    return size <= MCI_PACKET_INLINE ? IN_SLOT : LARGE;
}

/* --- Inside the gate ------------------------------------------------------------------ */

/* The buffer that is lent at this address, or MCI_NO_BUFFER. */
static uint32_t find_lent(const struct mci_end *end, const void *payload)
{
    uint32_t buffer;

    if (end->loans == NULL)
        return MCI_NO_BUFFER;
    buffer = mci_ring_packet_at(&end->packet, payload);
    if (buffer == MCI_NO_BUFFER || !end->loans[buffer].lent
        || payload != mci_ring_packet_payload(&end->packet, buffer, end->loans[buffer].size))
        return MCI_NO_BUFFER;
    return buffer;
}

static mcapi_status_t try_take(struct mci_end *end, void *context)
{
    struct mci_ring_packet *ring = &end->packet;
    struct loan_call *call = context;
    uint32_t size = (uint32_t)call->size;
    uint32_t buffer;

    if (!mci_end_peer_is_well(end)) {
        mcapi_status_t status = mci_end_peer_status(end);

        if (status != MCAPI_SUCCESS)
            return status;
    }
    if (call->size > ring->payload)
        return MCAPI_ERR_PKT_LIMIT;
    if (end->loans == NULL) {
        end->loans = calloc(ring->depth, sizeof *end->loans);
        if (end->loans == NULL)
            return MCAPI_ERR_MEM_LIMIT;
    }
    buffer = mci_ring_packet_lend(ring);
    if (buffer == MCI_NO_BUFFER)
        return MCAPI_PENDING;
    CRASH_POINT(buffer_lent);
    if (!mci_send_make_room(end, buffer, size)) {
        mci_ring_packet_unlend(ring, buffer);
        return MCAPI_ERR_MEM_LIMIT;
    }
    end->loans[buffer].size = size;
    end->loans[buffer].lent = true;
    call->taken = mci_ring_packet_payload(ring, buffer, size);
    return MCAPI_SUCCESS;
}

static mcapi_status_t try_send(struct mci_end *end, void *context)
{
    struct mci_ring_packet *ring = &end->packet;
    struct loan_call *call = context;
    uint32_t buffer = find_lent(end, call->payload);
    struct mci_loan *loan;
    uint32_t place;

    if (buffer == MCI_NO_BUFFER)
        return MCAPI_ERR_BUF_INVALID;
    loan = &end->loans[buffer];
    if (!mci_end_peer_is_well(end)) {
        mcapi_status_t status = mci_end_peer_status(end);

        if (status != MCAPI_SUCCESS)
            return status;
    }
    if (call->size > loan->size)
        return MCAPI_ERR_PKT_LIMIT;
    place = place_of(loan->size);
    loan->lent = false;
    loan->sent[place] = true;
    loan->sent_at[place] = ring->position;
    CRASH_POINT(packet_filled);
    mci_ring_packet_send_lent(ring, buffer, (uint32_t)call->size, place == LARGE);
    CRASH_POINT(packet_sent);
    mci_count_sent(end->slot, ring->position);
    mci_count(&mci_end_counters(end, MCI_SEND)->bytes, call->size);
    mci_end_tell_peer(end, MCI_SEND);
    return MCAPI_SUCCESS;
}

static mcapi_status_t try_give_back(struct mci_end *end, void *context)
{
    struct loan_call *call = context;
    uint32_t buffer = find_lent(end, call->payload);

    if (buffer == MCI_NO_BUFFER)
        return MCAPI_ERR_BUF_INVALID;
    end->loans[buffer].lent = false;
    mci_ring_packet_unlend(&end->packet, buffer);
    CRASH_POINT(buffer_given_back);
    /* Another thread of the node may wait for room. */
    mci_event_raise(mci_map(), end->own_event,
                    atomic_load_explicit(&end->node, memory_order_relaxed)->slot);
    return MCAPI_SUCCESS;
}

static mcapi_status_t look(struct mci_end *end, const void *payload, bool *released)
{
    const struct mci_ring_packet *ring = &end->packet;
    const struct mci_loan *loan;
    uint32_t buffer, place;

    if (end->loans == NULL)
        return MCAPI_ERR_BUF_INVALID;
    buffer = mci_ring_packet_at(ring, payload);
    if (buffer == MCI_NO_BUFFER)
        return MCAPI_ERR_BUF_INVALID;
    loan = &end->loans[buffer];
    place = payload == ring->slots[buffer].payload ? IN_SLOT : LARGE;
    if (!loan->sent[place])
        return MCAPI_ERR_BUF_INVALID;
    *released = mci_ring_packet_is_over(ring, buffer, loan->sent_at[place]);
    if (*released || mci_end_peer_is_well(end))
        return MCAPI_SUCCESS;
    /* The receiver is gone. What it released before that is released now: look once more. */
    mcapi_status_t status = mci_end_peer_status(end);

    *released = mci_ring_packet_is_over(ring, buffer, loan->sent_at[place]);
    return *released ? MCAPI_SUCCESS : status;
}

/* --- The calls ------------------------------------------------------------------------ */

mcapi_status_t mci_lend_take(struct mci_node *node, mcapi_pktchan_send_hndl_t handle,
                             size_t size, void **payload)
{
    struct loan_call call = { .size = size };
    mcapi_status_t status =
            mci_blocked_call(node, handle, MCI_END_PACKET_SEND, try_take, &call);

    *payload = call.taken;
    return status;
}

/* Before the channel is connected nothing of it is lent. */
static mcapi_status_t with_loan(struct mci_node *node, mcapi_pktchan_send_hndl_t handle,
                                mcapi_status_t (*act)(struct mci_end *, void *),
                                struct loan_call *call)
{
    struct mci_end *end;
    bool alone;
    mcapi_status_t status = mci_end_enter(node, handle, MCI_END_PACKET_SEND, &end, &alone);
    uint32_t peer;

    if (status != MCAPI_SUCCESS)
        return status == MCAPI_PENDING ? MCAPI_ERR_BUF_INVALID : status;
    status = act(end, call);
    peer = end->peer_node;
    mci_end_leave(end, alone);
    if (status == MCAPI_ERR_TRANSMISSION)
        mci_channel_bury(node, peer);
    return status;
}

mcapi_status_t mci_lend_send(struct mci_node *node, mcapi_pktchan_send_hndl_t handle,
                             const void *payload, size_t size)
{
    struct loan_call call = { .payload = payload, .size = size };

    return with_loan(node, handle, try_send, &call);
}

mcapi_status_t mci_lend_give_back(struct mci_node *node, mcapi_pktchan_send_hndl_t handle,
                                  const void *payload)
{
    struct loan_call call = { .payload = payload };

    return with_loan(node, handle, try_give_back, &call);
}

mcapi_status_t mci_lend_released(struct mci_node *node, const void *payload, bool *released)
{
    struct mci_end *end = mci_end_with(payload, MCI_SEND);
    mcapi_status_t status = MCAPI_ERR_BUF_INVALID;
    uint32_t peer = MCI_NO_NODE;
    bool alone;

    *released = false;
    if (end == NULL || atomic_load_explicit(&end->node, memory_order_relaxed) != node)
        return status;
    alone = mci_gate_enter(&end->gate);
    if (mci_end_is(end, node, atomic_load_explicit(&end->handle, memory_order_relaxed),
                   MCI_END_PACKET_SEND)) {
        status = look(end, payload, released);
        peer = end->peer_node;
    }
    mci_gate_leave(&end->gate, alone);
    if (status == MCAPI_ERR_TRANSMISSION)
        mci_channel_bury(node, peer);
    return status;
}

/* --- With the end --------------------------------------------------------------------- */

/* Somebody may have ended the channel behind our back, after the death of the thread that was
 * the node, and its region may be another's by now. */
static bool is_ours(const struct mci_end *end)
{
    const struct mci_channel_slot *slot = end->slot;

    return atomic_load_explicit(&slot->state, memory_order_relaxed) == MCI_CHANNEL_CONNECTED
        && slot->end[MCI_SEND] == atomic_load_explicit(&end->handle, memory_order_relaxed)
        && atomic_load_explicit(&slot->side[MCI_SEND], memory_order_relaxed) == MCI_SIDE_OPEN;
}

void mci_lend_end(struct mci_end *end)
{
    if (end->loans != NULL && is_ours(end))
        for (uint32_t i = 0; i < end->packet.depth; i++)
            if (end->loans[i].lent)
                mci_ring_packet_unlend(&end->packet, i);
    mci_lend_forget(end);
}

void mci_lend_forget(struct mci_end *end)
{
    free(end->loans);
    end->loans = NULL;
}
