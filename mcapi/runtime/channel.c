/* SPDX-License-Identifier: MIT */
#include "runtime/channel.h"

#include <string.h>

#include "os/crash_point.h"
#include "runtime/attribute.h"
#include "runtime/control.h"
#include "runtime/end.h"
#include "runtime/endpoint.h"
#include "runtime/recovery.h"
#include "segment/event.h"

static uint32_t state_of(const struct mci_channel_slot *slot)
{
    return atomic_load_explicit(&slot->state, memory_order_relaxed); /* under the lock */
}

static uint32_t side_of(const struct mci_channel_slot *slot, enum mci_side side)
{
    return atomic_load_explicit(&slot->side[side], memory_order_relaxed); /* under the lock */
}

/* SIDE: who sees a side gone or dead sees all that it sent, and finds nothing after it. */
static void set_side(struct mci_channel_slot *slot, enum mci_side side,
                     enum mci_side_state state)
{
    atomic_store_explicit(&slot->side[side], state, memory_order_release);
}

static bool is_over(uint32_t side_state)
{
    return side_state != MCI_SIDE_SHUT && side_state != MCI_SIDE_OPEN;
}

static enum mci_side other(enum mci_side side)
{
    return side == MCI_SEND ? MCI_RECEIVE : MCI_SEND;
}

/* The channel that an endpoint is on, or NULL. */
static struct mci_channel_slot *channel_of(const struct mci_map *map,
                                           const struct mci_endpoint_slot *endpoint)
{
    uint32_t link = endpoint->channel;

    return link == 0 || link > map->limits.max_channels ? NULL : &map->channels[link - 1];
}

/* Which of the two ends an endpoint is. */
static enum mci_side side_on(const struct mci_channel_slot *slot, uint32_t handle)
{
    return slot->end[MCI_SEND] == handle ? MCI_SEND : MCI_RECEIVE;
}

/* Whether an open or a close completes only when the other side has done the same. On one
 * node a program could not wait for itself; but the profiles have their own ideas. */
static bool waits_for_other_side(const struct mci_channel_slot *slot)
{
    switch (mci_runtime.compat) {
    case MCAPI_EXT_COMPAT_REFERENCE:
        return false;
    case MCAPI_EXT_COMPAT_DOCUMENT:
        return true;
    default:
        return slot->node[MCI_SEND] != slot->node[MCI_RECEIVE];
    }
}

static void wake_both(const struct mci_map *map, struct mci_channel_slot *slot)
{
    for (int side = 0; side < MCI_SIDES; side++) {
        mci_event_raise(map, &slot->event[side], slot->node[side]);
        mci_bell_ring(map, slot->node[side]);
    }
}

/* --- Ending ----------------------------------------------------------------------------- */

/* Both sides are over: the endpoints can be connected again. */
static void free_slot(struct mci_map *map, struct mci_channel_slot *slot)
{
    uint32_t link = (uint32_t)(slot - map->channels) + 1;

    atomic_store_explicit(&slot->state, MCI_CHANNEL_FREE, memory_order_release);
    CRASH_POINT(channel_withdrawn);
    for (int side = 0; side < MCI_SIDES; side++) {
        struct mci_endpoint_slot *endpoint = mci_endpoint_of(map, slot->end[side]);

        if (endpoint == NULL || endpoint->channel != link)
            continue;
        endpoint->channel = 0;
        mci_endpoint_return_channel_get(map, endpoint);
    }
}

/* One side lets go or has died. */
static void end_side(struct mci_map *map, struct mci_channel_slot *slot, enum mci_side side,
                     enum mci_side_state how)
{
    if (!is_over(side_of(slot, side)))
        set_side(slot, side, how);
    CRASH_POINT(side_closed);
    if (is_over(side_of(slot, other(side))))
        free_slot(map, slot);
    wake_both(map, slot);
}

/* --- Connecting ----------------------------------------------------------------------- */

/* Whether a dead node may still be at work there, at one of the ends. */
static bool is_kept(const struct mci_map *map, const struct mci_channel_slot *slot)
{
    return mci_recover_is_kept(map, slot->node[MCI_SEND], slot->life[MCI_SEND])
        || mci_recover_is_kept(map, slot->node[MCI_RECEIVE], slot->life[MCI_RECEIVE]);
}

static struct mci_channel_slot *free_channel(struct mci_map *map)
{
    uint32_t cursor = MCI_ONCE(map->header->channel_cursor);

    for (uint32_t i = 0; i < map->limits.max_channels; i++) {
        uint32_t index = (cursor + i) % map->limits.max_channels;

        if (state_of(&map->channels[index]) == MCI_CHANNEL_FREE
            && !is_kept(map, &map->channels[index])) {
            /* The same one again next time, if it is free then: its memory is warm. */
            map->header->channel_cursor = index;
            return &map->channels[index];
        }
    }
    return NULL;
}

/* A channel that the other side has left and that this one never opened: the endpoint can be
 * connected anew. It could also still be opened, to receive what was sent. */
static bool is_leftover(const struct mci_channel_slot *slot,
                        const struct mci_endpoint_slot *endpoint)
{
    enum mci_side side = side_on(slot, endpoint->handle);

    return side_of(slot, side) == MCI_SIDE_SHUT && is_over(side_of(slot, other(side)));
}

static mcapi_status_t may_connect(const struct mci_map *map, enum mci_channel_kind kind,
                                  const struct mci_endpoint_slot *endpoint, enum mci_side side)
{
    const struct mci_channel_slot *old = channel_of(map, endpoint);
    uint32_t type = kind == MCI_CHANNEL_PACKET ? MCAPI_ENDP_ATTR_TYPE_PKTCHAN
                                               : MCAPI_ENDP_ATTR_TYPE_SCLCHAN;

    if (old != NULL && !is_leftover(old, endpoint))
        return is_over(side_of(old, side_on(old, endpoint->handle)))
                     ? MCAPI_ERR_CHAN_CLOSEPENDING
                     : MCAPI_ERR_CHAN_CONNECTED;
    if (endpoint->type != MCAPI_ENDP_ATTR_TYPE_MESSAGE && endpoint->type != type)
        return MCAPI_ERR_CHAN_TYPE;
    if (endpoint->opened != MCI_END_NONE) {
        if (mci_channel_kind_of(endpoint->opened) != kind)
            return MCAPI_ERR_CHAN_TYPE;
        if (mci_side_of(endpoint->opened) != side)
            return MCAPI_ERR_CHAN_DIRECTION;
    }
    return MCAPI_SUCCESS;
}

/* Makes the ring of a channel that nobody can see yet. */
static bool make_ring(struct mci_map *map, struct mci_channel_slot *slot,
                      const struct mci_ring_shape *shape)
{
    uint32_t index = (uint32_t)(slot - map->channels);
    unsigned char *region = mci_region(map, index);
    bool packets = shape->kind == MCI_CHANNEL_PACKET;
    uint64_t need = packets ? mci_ring_packet_head_size(shape->depth)
                            : mci_ring_scalar_size(shape->depth);

    if (!mci_ring_shape_fits(map, shape))
        return false;
    if (need > slot->committed) {
        if (!mci_region_commit(map, index, 0, need))
            return false;
        slot->committed = (uint32_t)need;
    }
    if (packets) {
        struct mci_ring_packet ring;

        mci_ring_packet_view(&ring, region, shape->depth, shape->payload);
        mci_ring_packet_format(&ring);
    } else {
        struct mci_ring_scalar ring;

        mci_ring_scalar_view(&ring, region, shape->depth);
        mci_ring_scalar_format(&ring);
    }
    return true;
}

static mcapi_status_t connect_ends(struct mci_map *map, enum mci_channel_kind kind,
                                   struct mci_endpoint_slot *const end[MCI_SIDES])
{
    struct mci_channel_slot *slot = free_channel(map);
    struct mci_ring_shape shape = {
        .kind = kind,
        .depth = mci_attribute_depth(map, end[MCI_RECEIVE], kind),
        .payload = MCI_ONCE(end[MCI_SEND]->max_payload_size),
    };

    if (slot == NULL)
        return MCAPI_ERR_MEM_LIMIT;
    slot->kind = shape.kind;
    slot->depth = shape.depth;
    slot->payload = shape.payload;
    slot->generation++;
    slot->connected = (uint64_t)mci_clock_now();
    memset(slot->counters, 0, sizeof slot->counters);
    for (int side = 0; side < MCI_SIDES; side++) {
        slot->end[side] = end[side]->handle;
        slot->node[side] = end[side]->owner;
        slot->life[side] = end[side]->owner_life;
        set_side(slot, side, end[side]->opened != MCI_END_NONE ? MCI_SIDE_OPEN : MCI_SIDE_SHUT);
        atomic_store_explicit(&slot->event[side], 0, memory_order_relaxed);
    }
    if (!make_ring(map, slot, &shape))
        return MCAPI_ERR_MEM_LIMIT;
    CRASH_POINT(channel_filled);

    atomic_store_explicit(&slot->state, MCI_CHANNEL_CONNECTED, memory_order_release);
    CRASH_POINT(channel_published);

    for (int side = 0; side < MCI_SIDES; side++)
        end[side]->channel = (uint32_t)(slot - map->channels) + 1;
    CRASH_POINT(channel_linked);
    wake_both(map, slot);
    return MCAPI_SUCCESS;
}

static mcapi_status_t connect(struct mci_map *map, enum mci_channel_kind kind,
                              mcapi_endpoint_t send, mcapi_endpoint_t receive, bool only_check)
{
    struct mci_endpoint_slot *end[MCI_SIDES];
    mcapi_status_t status;

    /* To notice a death takes endpoints away: all that happens before anything is kept. */
    if (!only_check && free_channel(map) == NULL)
        mci_recover_all_dead(map);
    end[MCI_SEND] = mci_endpoint_live(map, send);
    end[MCI_RECEIVE] = mci_endpoint_live(map, receive);
    if (end[MCI_SEND] == NULL || end[MCI_RECEIVE] == NULL || send == receive
        || mci_endpoint_of(map, send) == NULL)
        return MCAPI_ERR_ENDP_INVALID;
    for (int side = 0; side < MCI_SIDES; side++) {
        status = may_connect(map, kind, end[side], side);
        if (status != MCAPI_SUCCESS)
            return status;
    }
    if (!mci_attribute_compatible(end[MCI_SEND], end[MCI_RECEIVE]))
        return MCAPI_ERR_ATTR_INCOMPATIBLE;
    if (only_check)
        return MCAPI_SUCCESS;
    for (int side = 0; side < MCI_SIDES; side++) {
        struct mci_channel_slot *old = channel_of(map, end[side]);

        if (old != NULL)
            end_side(map, old, side_on(old, end[side]->handle), MCI_SIDE_GONE);
    }
    return connect_ends(map, kind, end);
}

mcapi_status_t mci_channel_connect(struct mci_node *node, enum mci_channel_kind kind,
                                   mcapi_endpoint_t send, mcapi_endpoint_t receive,
                                   bool only_check)
{
    mcapi_status_t status;

    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    status = connect(&mci_runtime.map, kind, send, receive, only_check);
    mci_control_unlock();
    return status;
}

/* --- Opening -------------------------------------------------------------------------- */

bool mci_channel_open_is_complete(const struct mci_channel_slot *slot, enum mci_side side)
{
    return !waits_for_other_side(slot) || side_of(slot, other(side)) != MCI_SIDE_SHUT;
}

static mcapi_status_t may_open(const struct mci_map *map,
                               const struct mci_endpoint_slot *endpoint, enum mci_end_kind kind)
{
    const struct mci_channel_slot *slot = channel_of(map, endpoint);
    uint32_t type = mci_channel_kind_of(kind) == MCI_CHANNEL_PACKET
                          ? MCAPI_ENDP_ATTR_TYPE_PKTCHAN
                          : MCAPI_ENDP_ATTR_TYPE_SCLCHAN;

    if (endpoint->type != MCAPI_ENDP_ATTR_TYPE_MESSAGE && endpoint->type != type)
        return MCAPI_ERR_CHAN_TYPE;
    if (slot != NULL) {
        enum mci_side side = side_on(slot, endpoint->handle);

        if (slot->kind != mci_channel_kind_of(kind))
            return MCAPI_ERR_CHAN_TYPE;
        if (side != mci_side_of(kind))
            return MCAPI_ERR_CHAN_DIRECTION;
        if (is_over(side_of(slot, side)))
            return MCAPI_ERR_CHAN_CLOSEPENDING;
        if (endpoint->opened != MCI_END_NONE)
            return mci_channel_open_is_complete(slot, side) ? MCAPI_ERR_CHAN_OPEN
                                                            : MCAPI_ERR_CHAN_OPENPENDING;
    } else if (endpoint->opened != MCI_END_NONE) {
        if (mci_channel_kind_of(endpoint->opened) != mci_channel_kind_of(kind))
            return MCAPI_ERR_CHAN_TYPE;
        return endpoint->opened == kind ? MCAPI_ERR_CHAN_OPENPENDING : MCAPI_ERR_CHAN_DIRECTION;
    }
    return MCAPI_SUCCESS;
}

mcapi_status_t mci_channel_open(struct mci_node *node, mcapi_endpoint_t handle,
                                enum mci_end_kind kind, bool *complete, bool only_check)
{
    struct mci_map *map = &mci_runtime.map;
    struct mci_endpoint_slot *endpoint;
    struct mci_channel_slot *slot;
    mcapi_status_t status;

    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    endpoint = mci_endpoint_own(node, handle);
    if (endpoint != NULL)
        mci_channel_bury_peer(map, endpoint);
    status = endpoint == NULL ? MCAPI_ERR_ENDP_INVALID : may_open(map, endpoint, kind);
    if (status == MCAPI_SUCCESS && !only_check) {
        endpoint->opened = kind;
        CRASH_POINT(end_opened);
        slot = channel_of(map, endpoint);
        if (slot != NULL) {
            set_side(slot, mci_side_of(kind), MCI_SIDE_OPEN);
            CRASH_POINT(side_opened);
            wake_both(map, slot);
        }
        *complete = slot != NULL && mci_channel_open_is_complete(slot, mci_side_of(kind));
    }
    mci_control_unlock();
    return status;
}

static mcapi_status_t open_result(const struct mci_map *map,
                                  const struct mci_endpoint_slot *endpoint,
                                  enum mci_end_kind kind)
{
    const struct mci_channel_slot *slot;
    enum mci_side side = mci_side_of(kind);

    if (endpoint == NULL)
        return MCAPI_ERR_ENDP_DELETED;
    if (endpoint->opened != kind)
        return MCAPI_SUCCESS; /* it was open, and has been closed since */
    slot = channel_of(map, endpoint);
    if (slot == NULL)
        return MCAPI_PENDING;
    if (side_of(slot, other(side)) == MCI_SIDE_DEAD)
        return MCAPI_ERR_TRANSMISSION;
    return mci_channel_open_is_complete(slot, side) ? MCAPI_SUCCESS : MCAPI_PENDING;
}

/* So that one who waits for a dead node's side learns that it died. */
static void bury_other_side(const struct mci_channel_slot *slot, enum mci_side side)
{
    if (slot != NULL && state_of(slot) == MCI_CHANNEL_CONNECTED
        && !is_over(side_of(slot, other(side))))
        mci_recover_if_dead(&mci_runtime.map, slot->node[other(side)]);
}

void mci_channel_bury_peer(const struct mci_map *map, const struct mci_endpoint_slot *endpoint)
{
    const struct mci_channel_slot *slot = channel_of(map, endpoint);

    if (slot != NULL)
        bury_other_side(slot, side_on(slot, endpoint->handle));
}

static const struct mci_channel_slot *channel_of_handle(const struct mci_node *node,
                                                        mcapi_endpoint_t handle)
{
    const struct mci_endpoint_slot *endpoint = mci_endpoint_own(node, handle);

    return endpoint == NULL ? NULL : channel_of(mci_map(), endpoint);
}

mcapi_status_t mci_channel_open_result(struct mci_node *node, mcapi_endpoint_t handle,
                                       enum mci_end_kind kind)
{
    mcapi_status_t status;

    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    bury_other_side(channel_of_handle(node, handle), mci_side_of(kind));
    status = open_result(mci_map(), mci_endpoint_own(node, handle), kind);
    mci_control_unlock();
    return status;
}

bool mci_channel_open_cancel(struct mci_node *node, mcapi_endpoint_t handle,
                             enum mci_end_kind kind)
{
    struct mci_map *map = &mci_runtime.map;
    struct mci_endpoint_slot *endpoint = mci_endpoint_own(node, handle);
    struct mci_channel_slot *slot;

    if (endpoint == NULL || open_result(map, endpoint, kind) != MCAPI_PENDING)
        return false;
    slot = channel_of(map, endpoint);
    mci_end_detach(&mci_ends[handle & 0xffff], MCAPI_ERR_CHAN_INVALID);
    if (slot != NULL)
        set_side(slot, mci_side_of(kind), MCI_SIDE_SHUT);
    endpoint->opened = MCI_END_NONE;
    return true;
}

/* --- Closing -------------------------------------------------------------------------- */

static mcapi_status_t may_close(const struct mci_map *map,
                                const struct mci_endpoint_slot *endpoint,
                                enum mci_end_kind kind)
{
    const struct mci_channel_slot *slot;

    if (endpoint == NULL)
        return MCAPI_ERR_CHAN_INVALID;
    if (endpoint->opened == kind)
        return MCAPI_SUCCESS;
    if (endpoint->opened != MCI_END_NONE)
        return MCAPI_ERR_CHAN_INVALID;
    if (endpoint->closed == kind)
        return MCAPI_ERR_CHAN_NOTOPEN;
    slot = channel_of(map, endpoint);
    if (slot != NULL && slot->kind == mci_channel_kind_of(kind)
        && side_on(slot, endpoint->handle) == mci_side_of(kind))
        return MCAPI_ERR_CHAN_NOTOPEN;
    return MCAPI_ERR_CHAN_INVALID;
}

mcapi_status_t mci_channel_close(struct mci_node *node, mcapi_endpoint_t handle,
                                 enum mci_end_kind kind, struct mci_channel_life *life,
                                 bool only_check)
{
    struct mci_map *map = &mci_runtime.map;
    struct mci_endpoint_slot *endpoint;
    struct mci_channel_slot *slot;
    mcapi_status_t status;

    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    endpoint = mci_endpoint_own(node, handle);
    status = may_close(map, endpoint, kind);
    if (status == MCAPI_SUCCESS && !only_check) {
        slot = channel_of(map, endpoint);
        mci_end_detach(&mci_ends[handle & 0xffff], MCAPI_ERR_CHAN_INVALID);
        life->over = slot == NULL || !waits_for_other_side(slot);
        if (slot != NULL) {
            life->channel = (uint32_t)(slot - map->channels);
            life->generation = slot->generation;
            life->side = mci_side_of(kind);
            set_side(slot, mci_side_of(kind), MCI_SIDE_GONE);
        }
        endpoint->opened = MCI_END_NONE;
        endpoint->closed = kind;
        CRASH_POINT(end_closed);
        if (slot != NULL) {
            end_side(map, slot, mci_side_of(kind), MCI_SIDE_GONE);
            life->over = life->over || state_of(slot) == MCI_CHANNEL_FREE;
        } else {
            mci_bell_ring(map, node->slot); /* for an open that waits for a connection */
        }
    }
    mci_control_unlock();
    return status;
}

mcapi_status_t mci_channel_close_result(struct mci_node *node,
                                        const struct mci_channel_life *life)
{
    const struct mci_channel_slot *slot;
    bool over;

    if (life->over)
        return MCAPI_SUCCESS;
    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    slot = &mci_map()->channels[life->channel];
    if (slot->generation == life->generation)
        bury_other_side(slot, life->side);
    over = state_of(slot) == MCI_CHANNEL_FREE || slot->generation != life->generation;
    mci_control_unlock();
    return over ? MCAPI_SUCCESS : MCAPI_PENDING;
}

/* The other side's node, if that side is not over and not this node. */
static uint32_t peer_of(const struct mci_node *node, const struct mci_channel_slot *slot,
                        enum mci_side side)
{
    uint32_t peer;

    if (slot == NULL || is_over(side_of(slot, other(side))))
        return MCI_NO_NODE;
    peer = slot->node[other(side)];
    return peer < mci_map()->limits.max_nodes && peer != node->slot ? peer : MCI_NO_NODE;
}

uint32_t mci_channel_peer(struct mci_node *node, mcapi_endpoint_t handle)
{
    const struct mci_channel_slot *slot;
    uint32_t peer;

    if (!mci_control_lock(node, mci_self.serial))
        return MCI_NO_NODE;
    slot = channel_of_handle(node, handle);
    peer = slot == NULL ? MCI_NO_NODE : peer_of(node, slot, side_on(slot, handle));
    mci_control_unlock();
    return peer;
}

uint32_t mci_channel_closing_peer(struct mci_node *node, const struct mci_channel_life *life)
{
    const struct mci_channel_slot *slot;
    uint32_t peer = MCI_NO_NODE;

    if (life->over || !mci_control_lock(node, mci_self.serial))
        return MCI_NO_NODE;
    slot = &mci_map()->channels[life->channel];
    if (state_of(slot) == MCI_CHANNEL_CONNECTED && slot->generation == life->generation)
        peer = peer_of(node, slot, life->side);
    mci_control_unlock();
    return peer;
}

void mci_channel_bury(struct mci_node *node, uint32_t dead)
{
    if (dead == MCI_NO_NODE || !mci_control_lock(node, mci_self.serial))
        return;
    mci_recover_if_dead(&mci_runtime.map, dead);
    mci_control_unlock();
}

/* --- Endpoints that go ---------------------------------------------------------------- */

mcapi_status_t mci_channel_leave(struct mci_map *map, struct mci_endpoint_slot *endpoint)
{
    struct mci_channel_slot *slot;
    enum mci_side side;

    mci_channel_bury_peer(map, endpoint);
    slot = channel_of(map, endpoint);
    if (slot == NULL)
        return MCAPI_SUCCESS;
    side = side_on(slot, endpoint->handle);
    if (side_of(slot, side) == MCI_SIDE_OPEN)
        return MCAPI_ERR_CHAN_OPEN;
    if (side_of(slot, side) == MCI_SIDE_SHUT && !is_over(side_of(slot, other(side))))
        return MCAPI_ERR_CHAN_CONNECTED;
    end_side(map, slot, side, MCI_SIDE_GONE);
    return MCAPI_SUCCESS;
}

void mci_channel_abandon(struct mci_map *map, struct mci_endpoint_slot *endpoint,
                         enum mci_side_state how)
{
    struct mci_channel_slot *slot = channel_of(map, endpoint);

    if (slot != NULL)
        end_side(map, slot, side_on(slot, endpoint->handle), how);
}

/* --- After a death under the lock ----------------------------------------------------- */

static bool on_this_channel(const struct mci_channel_slot *slot,
                            const struct mci_endpoint_slot *endpoint)
{
    uint32_t handle = endpoint->handle;

    return state_of(slot) == MCI_CHANNEL_CONNECTED
        && (slot->end[MCI_SEND] == handle || slot->end[MCI_RECEIVE] == handle);
}

void mci_channel_repair(struct mci_map *map)
{
    uint32_t high = mci_endpoint_high(map);

    for (uint32_t i = 0; i < high; i++) {
        struct mci_endpoint_slot *endpoint = &map->endpoints[i];
        struct mci_channel_slot *slot = channel_of(map, endpoint);

        if (endpoint->handle != 0 && (slot == NULL || !on_this_channel(slot, endpoint)))
            endpoint->channel = 0;
    }
    for (uint32_t i = 0; i < map->limits.max_channels; i++) {
        struct mci_channel_slot *slot = &map->channels[i];

        if (state_of(slot) != MCI_CHANNEL_CONNECTED)
            continue;
        for (int side = 0; side < MCI_SIDES; side++) {
            struct mci_endpoint_slot *endpoint = mci_endpoint_of(map, slot->end[side]);

            if (endpoint != NULL)
                endpoint->channel = i + 1;
            else if (!is_over(side_of(slot, side)))
                set_side(slot, side, MCI_SIDE_DEAD);
        }
        if (is_over(side_of(slot, MCI_SEND)) && is_over(side_of(slot, MCI_RECEIVE)))
            free_slot(map, slot);
        wake_both(map, slot);
    }
}
