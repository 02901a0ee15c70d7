/* SPDX-License-Identifier: MIT */
#include "runtime/end.h"

#include <stdlib.h>
#include <string.h>

#include "os/robust.h"
#include "runtime/channel.h"
#include "runtime/control.h"
#include "runtime/endpoint.h"
#include "runtime/lend.h"
#include "runtime/receive_fd.h"
#include "runtime/request.h"

struct mci_end mci_ends[MCI_ENDPOINT_SLOTS];

/* Endpoint index + 1 of the ends attached to each packet channel; 0: none here. */
struct attached {
    uint32_t count;
    struct {
        _Atomic uint32_t side[MCI_SIDES];
    } channel[];
};
static _Atomic(struct attached *)
        attached; /* KNOWN: who sees the table sees it empty or right */

/* Where the regions of channels lie: what `mci_map()` says, for those who hold no lock and may
 * be late. They stay what they are when the mapping is let go: then nothing is attached. */
static _Atomic uintptr_t regions;
static _Atomic uint32_t region_shift;

/* One more than the highest index ever used: what a forked child must reset. */
static uint32_t ends_used;

struct mci_end *mci_end_with(const void *payload, enum mci_side side)
{
    const struct attached *known =
            atomic_load_explicit(&attached, memory_order_acquire); /* KNOWN */
    /* relaxed: whose address it really is, is looked at inside the gate */
    uintptr_t first = atomic_load_explicit(&regions, memory_order_relaxed);
    uintptr_t at = (uintptr_t)payload;
    uint64_t channel;
    uint32_t link;

    if (known == NULL || at < first)
        return NULL;
    channel = (at - first) >> atomic_load_explicit(&region_shift, memory_order_relaxed);
    if (channel >= known->count)
        return NULL;
    link = atomic_load_explicit(&known->channel[channel].side[side], memory_order_acquire);
    return link == 0 || link > MCI_ENDPOINT_SLOTS ? NULL : &mci_ends[link - 1];
}

bool mci_ends_prepare(const struct mci_map *map)
{
    struct attached *known = atomic_load_explicit(&attached, memory_order_relaxed);
    uint32_t channels = map->limits.max_channels;

    atomic_store_explicit(&regions, (uintptr_t)map->regions, memory_order_relaxed);
    atomic_store_explicit(&region_shift, map->region_shift, memory_order_relaxed);
    if (known != NULL && channels <= known->count)
        return true;
    /* The old table stays: somebody may be reading it. It grows at most with the limit. */
    known = calloc(1, sizeof *known + channels * sizeof known->channel[0]);
    if (known == NULL)
        return false;
    known->count = channels;
    atomic_store_explicit(&attached, known, memory_order_release); /* KNOWN */
    return true;
}

/* The control lock is held. Says which end is attached to this side of a channel; 0: none. */
static void note_attached(uint32_t channel, enum mci_side side, uint32_t link)
{
    struct attached *known = atomic_load_explicit(&attached, memory_order_relaxed);

    atomic_store_explicit(&known->channel[channel].side[side], link, memory_order_release);
}

/* Views of a ring from where this side is: an open that was cancelled while it was pending, and
 * an end that was opened again, may have sent or received before. */
static void view_packets(struct mci_ring_packet *ring, unsigned char *region,
                         const struct mci_ring_shape *shape, enum mci_side side)
{
    mci_ring_packet_view(ring, region, shape->depth, shape->payload);
    if (side == MCI_SEND)
        mci_ring_packet_resume_sender(ring);
    else
        mci_ring_packet_resume_receiver(ring);
}

static void view_scalars(struct mci_ring_scalar *ring, unsigned char *region,
                         const struct mci_ring_shape *shape, enum mci_side side)
{
    uint32_t waiting;

    mci_ring_scalar_view(ring, region, shape->depth);
    if (side == MCI_SEND)
        mci_ring_scalar_resume_sender(ring, &waiting);
    else
        mci_ring_scalar_resume_receiver(ring);
}

struct mci_end *mci_end_use(uint32_t handle)
{
    uint32_t index = handle & (MCI_ENDPOINT_SLOTS - 1);

    if (index >= ends_used)
        ends_used = index + 1;
    return &mci_ends[index];
}

/* The control lock is held, and we are inside the gate. Attaches the end of an endpoint whose
 * channel is connected. False: the channel is damaged. */
static bool attach(struct mci_end *end, struct mci_node *node,
                   const struct mci_endpoint_slot *endpoint, uint32_t handle,
                   enum mci_end_kind kind, uint32_t channel)
{
    const struct mci_map *map = mci_map();
    struct mci_channel_slot *slot = &map->channels[channel];
    enum mci_side side = mci_side_of(kind);
    enum mci_side across = side == MCI_SEND ? MCI_RECEIVE : MCI_SEND;
    unsigned char *region = mci_region(map, channel);
    uint32_t across_node = slot->node[across];
    uint32_t peer = across_node < map->limits.max_nodes ? across_node : node->slot;
    uint32_t index = handle & 0xffff;
    struct mci_ring_shape shape;

    if (!mci_ring_shape_read(map, slot, &shape) || shape.kind != mci_channel_kind_of(kind))
        return false;
    mci_lend_forget(end);
    end->channel = channel;
    end->slot = slot;
    end->own_event = &slot->event[side];
    end->peer_event = &slot->event[across];
    end->peer_side = &slot->side[across];
    end->peer_node = peer;
    end->peer_life = &map->nodes[peer].liveness.word;
    end->peer_alive = atomic_load_explicit(end->peer_life, memory_order_relaxed);
    /* A peer that died before we came is one whose word never has this value. */
    if (mci_robust_owner(end->peer_alive) == 0
        || atomic_load_explicit(end->peer_side, memory_order_relaxed) == MCI_SIDE_DEAD)
        end->peer_alive = FUTEX_TID_MASK;
    end->timeout = endpoint->timeout;
    end->fails_when_full = (endpoint->memory_type & MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT) != 0;
    if (shape.kind == MCI_CHANNEL_PACKET)
        view_packets(&end->packet, region, &shape, side);
    else
        view_scalars(&end->scalar, region, &shape, side);
    if (side == MCI_SEND)
        mci_count_sent(slot, shape.kind == MCI_CHANNEL_PACKET ? end->packet.position
                                                              : end->scalar.position);
    if (shape.kind == MCI_CHANNEL_PACKET)
        note_attached(channel, side, index + 1);
    atomic_store_explicit(&end->node, node, memory_order_relaxed);
    atomic_store_explicit(&end->kind, kind, memory_order_relaxed);
    atomic_store_explicit(&end->handle, handle, memory_order_release);
    mci_receive_fd_attach(end);
    return true;
}

void mci_end_visit(struct mci_node *node, const struct mci_endpoint_slot *endpoint,
                   uint32_t handle)
{
    struct mci_end *end = mci_end_use(handle);
    enum mci_end_kind kind = endpoint->opened;
    uint32_t link = endpoint->channel;
    void *owner;

    if (link == 0 || link > mci_map()->limits.max_channels)
        return;
    owner = mci_gate_visit(&end->gate);
    if (!mci_end_is(end, node, handle, kind))
        attach(end, node, endpoint, handle, kind, link - 1);
    mci_gate_visit_over(&end->gate, owner);
}

uint32_t mci_ends_used(void)
{
    return ends_used;
}

void mci_end_detach(struct mci_end *end, mcapi_status_t status)
{
    bool alone = mci_gate_enter(&end->gate);

    if (end->descriptor != NULL)
        mci_descriptor_close(end->descriptor);
    end->descriptor = NULL;
    if (atomic_load_explicit(&end->handle, memory_order_relaxed) != 0) {
        enum mci_end_kind kind = atomic_load_explicit(&end->kind, memory_order_relaxed);

        if (mci_channel_kind_of(kind) == MCI_CHANNEL_PACKET)
            note_attached(end->channel, mci_side_of(kind), 0);
        mci_lend_end(end);
        atomic_store_explicit(&end->handle, 0, memory_order_relaxed);
        atomic_store_explicit(&end->kind, MCI_END_NONE, memory_order_relaxed);
    }
    mci_request_fail_posted(&end->posted, status);
    mci_gate_leave(&end->gate, alone);
}

/* What waits at an end that the node has not attached: receives for a channel that is not
 * connected yet. (Or, in a damaged segment, at one that is another node's by now.) */
static void take_away(struct mci_end *end, const struct mci_node *node, mcapi_status_t status)
{
    void *owner = mci_gate_visit(&end->gate);

    if (end->descriptor != NULL && end->descriptor->node == node) {
        mci_descriptor_close(end->descriptor);
        end->descriptor = NULL;
    }
    if (end->posted.by == node)
        mci_request_fail_posted(&end->posted, status);
    mci_gate_visit_over(&end->gate, owner);
}

void mci_end_let_go(uint32_t index, const struct mci_node *node, mcapi_status_t status)
{
    struct mci_end *end = &mci_ends[index];

    if (index >= ends_used)
        return;
    if (atomic_load_explicit(&end->handle, memory_order_relaxed) != 0
        && atomic_load_explicit(&end->node, memory_order_relaxed) == node)
        mci_end_detach(end, status);
    else if (end->posted.by == node
             || (end->descriptor != NULL && end->descriptor->node == node))
        take_away(end, node, status);
}

void mci_end_forget_all(void)
{
    struct attached *known = atomic_load_explicit(&attached, memory_order_relaxed);

    for (uint32_t i = 0; i < ends_used; i++)
        mci_lend_forget(&mci_ends[i]);
    memset(mci_ends, 0, ends_used * sizeof mci_ends[0]);
    if (known != NULL)
        memset((void *)known->channel, 0, known->count * sizeof known->channel[0]);
    ends_used = 0;
}

mcapi_status_t mci_end_enter_slowly(struct mci_node *node, uint32_t handle,
                                    enum mci_end_kind kind, struct mci_end **end, bool *alone)
{
    struct mci_endpoint_slot *endpoint;
    mcapi_status_t status = MCAPI_ERR_CHAN_INVALID;
    uint32_t link;

    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    endpoint = mci_endpoint_own(node, handle);
    if (endpoint != NULL && endpoint->opened == kind) {
        *end = mci_end_use(handle); /* a receive may be posted there before it is connected */
        link = endpoint->channel;
        if (link == 0 || link > mci_map()->limits.max_channels) {
            status = MCAPI_PENDING;
        } else {
            /* The lock is still held: nobody can detach it before we are inside. */
            *alone = mci_gate_enter(&(*end)->gate);
            status = MCAPI_SUCCESS;
            if (!mci_end_is(*end, node, handle, kind)
                && !attach(*end, node, endpoint, handle, kind, link - 1)) {
                mci_gate_leave(&(*end)->gate, *alone);
                status = MCAPI_ERR_GENERAL;
            }
        }
    }
    mci_control_unlock();
    return status;
}

void mci_end_wake_peer(const struct mci_end *end, enum mci_side side)
{
    if (mci_event_wake(mci_map(), end->peer_event, end->peer_node))
        mci_count(&mci_end_counters(end, side)->wakes, 1);
}

mcapi_status_t mci_end_peer_status(const struct mci_end *end)
{
    uint32_t life = atomic_load_explicit(end->peer_life, memory_order_acquire);

    /* After the word: a node closes its ends before it gives its word back. */
    switch (atomic_load_explicit(end->peer_side, memory_order_acquire)) { /* SIDE */
    case MCI_SIDE_GONE:
        return MCAPI_ERR_CHAN_INVALID;
    case MCI_SIDE_DEAD:
        return MCAPI_ERR_TRANSMISSION;
    default:
        return life == end->peer_alive ? MCAPI_SUCCESS : MCAPI_ERR_TRANSMISSION;
    }
}
