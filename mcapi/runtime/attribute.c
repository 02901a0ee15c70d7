/* SPDX-License-Identifier: MIT */
#include "runtime/attribute.h"

#include <string.h>

#include "runtime/channel.h"
#include "runtime/control.h"
#include "runtime/endpoint.h"
#include "runtime/recovery.h"
#include "segment/mailbox.h"
#include "segment/ring_packet.h"
#include "segment/ring_scalar.h"

enum { STANDARD_NUMBERS = 64 }; /* below: the standard's, known or not */

struct attribute {
    size_t size;
    size_t offset; /* in the slot, of a uint32_t; 0: made up when asked */
    bool settable;
    /* NULL: no value is refused. */
    bool (*in_range)(const struct mci_map *map, uint32_t value);
};

static bool type_in_range(const struct mci_map *map, uint32_t value)
{
    (void)map;
    return value == MCAPI_ENDP_ATTR_TYPE_MESSAGE || value == MCAPI_ENDP_ATTR_TYPE_PKTCHAN
        || value == MCAPI_ENDP_ATTR_TYPE_SCLCHAN;
}

static bool payload_in_range(const struct mci_map *map, uint32_t value)
{
    return value >= 1 && value <= map->limits.max_pkt_size;
}

static bool buffer_type_in_range(const struct mci_map *map, uint32_t value)
{
    (void)map;
    return value == MCAPI_ENDP_ATTR_FIFO_BUFFER;
}

static bool memory_type_in_range(const struct mci_map *map, uint32_t value)
{
    (void)map;
    return (value & 0xffff) <= MCAPI_ENDP_ATTR_REMOTE_MEMORY
        && (value >> 16 == 0 || value >> 16 == MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT >> 16);
}

static bool priorities_in_range(const struct mci_map *map, uint32_t value)
{
    (void)map;
    return value >= 1 && value <= MCAPI_MAX_PRIORITY + 1;
}

static bool priority_in_range(const struct mci_map *map, uint32_t value)
{
    (void)map;
    return value <= MCAPI_MAX_PRIORITY;
}

/* As deep as a region has room for, with packets of the default size. */
static bool buffers_in_range(const struct mci_map *map, uint32_t value)
{
    return value >= 1 && value <= mci_region_room(map) / MCI_PACKET_STRIDE;
}

#define FIELD(name) sizeof(uint32_t), offsetof(struct mci_endpoint_slot, name)

static const struct attribute attributes[] = {
    [MCAPI_ENDP_ATTR_TYPE] = { FIELD(type), true, type_in_range },
    [MCAPI_ENDP_ATTR_GET_COUNT] = { FIELD(get_count), false, NULL },
    [MCAPI_ENDP_ATTR_GET_SOURCE] = { sizeof(mcapi_endp_attr_get_source_t), 0, false, NULL },
    [MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE] = { FIELD(max_payload_size), true, payload_in_range },
    [MCAPI_ENDP_ATTR_BUFFER_TYPE] = { FIELD(buffer_type), true, buffer_type_in_range },
    [MCAPI_ENDP_ATTR_MEMORY_TYPE] = { FIELD(memory_type), true, memory_type_in_range },
    [MCAPI_ENDP_ATTR_NUM_PRIORITIES] = { FIELD(num_priorities), true, priorities_in_range },
    [MCAPI_ENDP_ATTR_PRIORITY] = { FIELD(priority), true, priority_in_range },
    [MCAPI_ENDP_ATTR_NUM_SEND_BUFFERS] = { FIELD(num_send_buffers), true, buffers_in_range },
    [MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS] = { sizeof(uint32_t), 0, true, buffers_in_range },
    [MCAPI_ENDP_ATTR_STATUS] = { sizeof(uint32_t), 0, false, NULL },
    [MCAPI_ENDP_ATTR_TIMEOUT] = { FIELD(timeout), true, NULL },
};

enum { ATTRIBUTES = sizeof attributes / sizeof attributes[0] };

_Static_assert((int)ATTRIBUTES == (int)MCAPI_ENDP_ATTR_END, "every attribute has its row");
_Static_assert(sizeof(mcapi_timeout_t) == sizeof(uint32_t), "as the slot has it");
_Static_assert(sizeof(int) == sizeof(uint32_t), "as the slot has it");

void mci_attribute_defaults(const struct mci_map *map, struct mci_endpoint_slot *slot)
{
    slot->type = MCAPI_ENDP_ATTR_TYPE_MESSAGE;
    slot->get_count = 0;
    slot->got_by_domain = MCAPI_DOMAIN_INVALID;
    slot->got_by_node = MCAPI_NODE_INVALID;
    slot->got_by_slot = MCI_NO_NODE;
    slot->max_payload_size = map->limits.max_pkt_size;
    slot->buffer_type = MCAPI_ENDP_ATTR_FIFO_BUFFER;
    slot->memory_type = MCAPI_ENDP_ATTR_LOCAL_MEMORY;
    if (mci_runtime.compat == MCAPI_EXT_COMPAT_REFERENCE)
        slot->memory_type |= MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT;
    slot->memory_type_set = 0;
    slot->num_priorities = MCAPI_MAX_PRIORITY + 1;
    slot->priority = 0;
    slot->num_send_buffers = map->limits.max_buffers;
    slot->num_recv_buffers = 0; /* not set: mci_attribute_depth decides */
    slot->timeout = MCAPI_TIMEOUT_INFINITE;
    slot->closed = MCI_END_NONE;
}

/* The default says of each profile whether a send blocks. Ends of two profiles fit together as
 * long as neither program has asked for something else. */
static bool same_memory(const struct mci_endpoint_slot *send,
                        const struct mci_endpoint_slot *receive)
{
    return send->memory_type == receive->memory_type
        || (send->memory_type_set == 0 && receive->memory_type_set == 0);
}

bool mci_attribute_compatible(const struct mci_endpoint_slot *send,
                              const struct mci_endpoint_slot *receive)
{
    return send->max_payload_size == receive->max_payload_size
        && send->buffer_type == receive->buffer_type && same_memory(send, receive)
        && send->num_priorities == receive->num_priorities
        && send->priority == receive->priority;
}

uint32_t mci_attribute_depth(const struct mci_map *map, const struct mci_endpoint_slot *receive,
                             enum mci_channel_kind kind)
{
    uint32_t chosen = MCI_ONCE(receive->num_recv_buffers);

    if (chosen != 0)
        return chosen;
    return kind == MCI_CHANNEL_PACKET ? map->limits.max_buffers
                                      : map->limits.max_queue_elements;
}

/* What it will be, as far as the type tells, for an endpoint that is not connected. */
static uint32_t depth_to_be(const struct mci_map *map, const struct mci_endpoint_slot *slot)
{
    struct mci_mailbox box;

    if (mci_mailbox_view(map, slot->handle, &box))
        return mci_mailbox_free_cells(&box);
    return mci_attribute_depth(map, slot,
                               slot->type == MCAPI_ENDP_ATTR_TYPE_PKTCHAN ? MCI_CHANNEL_PACKET
                                                                          : MCI_CHANNEL_SCALAR);
}

/* --- Attributes that are made up when asked for ---------------------------------------- */

static const struct mci_channel_slot *channel_of(const struct mci_map *map,
                                                 const struct mci_endpoint_slot *slot)
{
    uint32_t link = atomic_load_explicit(&slot->channel, memory_order_relaxed); /* once */

    return link == 0 || link > map->limits.max_channels ? NULL : &map->channels[link - 1];
}

uint32_t mci_attribute_status(const struct mci_map *map, const struct mci_endpoint_slot *slot)
{
    const struct mci_channel_slot *channel = channel_of(map, slot);
    enum mci_end_kind kind = slot->opened;
    uint32_t flags = 0;

    if (channel != NULL) {
        bool sends = channel->end[MCI_SEND] == slot->handle;
        enum mci_side side = sends ? MCI_SEND : MCI_RECEIVE;
        uint32_t own = channel->side[side];

        flags |= MCAPI_ENDP_ATTR_STATUS_CONNECTED;
        flags |= channel->kind == MCI_CHANNEL_PACKET ? MCAPI_ENDP_ATTR_STATUS_PKTCHAN
                                                     : MCAPI_ENDP_ATTR_STATUS_SCLCHAN;
        flags |= sends ? MCAPI_ENDP_ATTR_STATUS_SEND : MCAPI_ENDP_ATTR_STATUS_RECEIVE;
        if (own == MCI_SIDE_OPEN)
            flags |= mci_channel_open_is_complete(channel, side)
                           ? MCAPI_ENDP_ATTR_STATUS_OPEN
                           : MCAPI_ENDP_ATTR_STATUS_OPEN_PENDING;
        else if (own != MCI_SIDE_SHUT)
            flags |= MCAPI_ENDP_ATTR_STATUS_CLOSE_PENDING;
    } else if (kind != MCI_END_NONE) {
        flags |= MCAPI_ENDP_ATTR_STATUS_OPEN_PENDING;
        flags |= mci_channel_kind_of(kind) == MCI_CHANNEL_PACKET
                       ? MCAPI_ENDP_ATTR_STATUS_PKTCHAN
                       : MCAPI_ENDP_ATTR_STATUS_SCLCHAN;
        flags |= mci_side_of(kind) == MCI_SEND ? MCAPI_ENDP_ATTR_STATUS_SEND
                                               : MCAPI_ENDP_ATTR_STATUS_RECEIVE;
    }
    return flags;
}

/* While words come and go the places and the marks may not agree; then it looks again. */
static uint32_t free_scalars(unsigned char *region, uint32_t depth)
{
    struct mci_ring_scalar ring;
    uint32_t waiting;

    for (int tries = 0; tries < 8; tries++) {
        mci_ring_scalar_view(&ring, region, depth);
        if (mci_ring_scalar_resume_sender(&ring, &waiting) && waiting <= depth)
            return depth - waiting;
    }
    return 0;
}

static uint32_t free_packets(unsigned char *region, uint32_t depth, uint32_t payload)
{
    struct mci_ring_packet ring;

    mci_ring_packet_view(&ring, region, depth, payload);
    return mci_ring_packet_room(&ring);
}

/* Free receive buffers: of the channel, if the endpoint is an end of one; else of its mailbox,
 * once it has one. */
static uint32_t free_receive_buffers(const struct mci_map *map,
                                     const struct mci_endpoint_slot *slot)
{
    const struct mci_channel_slot *channel = channel_of(map, slot);
    struct mci_ring_shape shape;
    unsigned char *region;

    if (channel == NULL)
        return depth_to_be(map, slot);
    if (!mci_ring_shape_read(map, channel, &shape))
        return 0;
    region = mci_region(map, (uint32_t)(channel - map->channels));
    return shape.kind == MCI_CHANNEL_PACKET ? free_packets(region, shape.depth, shape.payload)
                                            : free_scalars(region, shape.depth);
}

static void get_value(const struct mci_map *map, const struct mci_endpoint_slot *slot,
                      mcapi_uint_t number, void *value)
{
    uint32_t made;

    switch (number) {
    case MCAPI_ENDP_ATTR_GET_SOURCE: {
        mcapi_endp_attr_get_source_t source = { .domain_id = slot->got_by_domain,
                                                .node_id = slot->got_by_node };
        memcpy(value, &source, sizeof source);
        return;
    }
    case MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS:
        made = free_receive_buffers(map, slot);
        break;
    case MCAPI_ENDP_ATTR_STATUS:
        made = mci_attribute_status(map, slot);
        break;
    default:
        memcpy(&made, (const unsigned char *)slot + attributes[number].offset, sizeof made);
    }
    memcpy(value, &made, sizeof made);
}

/* --- Calls ---------------------------------------------------------------------------- */

static mcapi_status_t check_number(mcapi_uint_t number, size_t size)
{
    if (number >= ATTRIBUTES)
        return number < STANDARD_NUMBERS ? MCAPI_ERR_ATTR_NOTSUPPORTED : MCAPI_ERR_ATTR_NUM;
    return size == attributes[number].size ? MCAPI_SUCCESS : MCAPI_ERR_ATTR_SIZE;
}

mcapi_status_t mci_attribute_get(struct mci_node *node, mcapi_endpoint_t handle,
                                 mcapi_uint_t number, void *value, size_t size)
{
    const struct mci_endpoint_slot *slot;
    mcapi_status_t status;

    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    if (number == MCAPI_ENDP_ATTR_GET_COUNT)
        mci_recover_all_dead(&mci_runtime.map); /* getters: nobody may have looked since */
    slot = mci_endpoint_live(&mci_runtime.map, handle);
    status = slot == NULL ? MCAPI_ERR_ENDP_INVALID : check_number(number, size);
    if (status == MCAPI_SUCCESS)
        get_value(mci_map(), slot, number, value);
    mci_control_unlock();
    return status;
}

/* A mailbox that is there has the levels that it was made with; messages of less are accepted
 * from now on, and those that wait can all be received. */
static bool accept_levels(const struct mci_map *map, const struct mci_endpoint_slot *slot,
                          uint32_t levels)
{
    struct mci_mailbox box;

    if (!mci_mailbox_view(map, slot->handle, &box))
        return true;
    if (levels > box.levels)
        return false;
    atomic_store_explicit(&box.head->accepted, levels, memory_order_relaxed);
    return true;
}

static mcapi_status_t set(const struct mci_map *map, struct mci_endpoint_slot *slot,
                          mcapi_uint_t number, const void *value, size_t size)
{
    mcapi_status_t status = check_number(number, size);
    uint32_t chosen;

    if (status != MCAPI_SUCCESS)
        return status;
    if (!attributes[number].settable)
        return MCAPI_ERR_ATTR_READONLY;
    if (slot->channel != 0)
        return MCAPI_ERR_CHAN_CONNECTED;
    memcpy(&chosen, value, sizeof chosen);
    if (attributes[number].in_range != NULL && !attributes[number].in_range(map, chosen))
        return MCAPI_ERR_ATTR_VALUE;
    if (number == MCAPI_ENDP_ATTR_NUM_PRIORITIES && !accept_levels(map, slot, chosen))
        return MCAPI_ERR_ATTR_VALUE;
    if (number == MCAPI_ENDP_ATTR_MEMORY_TYPE)
        slot->memory_type_set = 1;
    if (number == MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS)
        slot->num_recv_buffers = chosen;
    else
        memcpy((unsigned char *)slot + attributes[number].offset, &chosen, sizeof chosen);
    return MCAPI_SUCCESS;
}

mcapi_status_t mci_attribute_set(struct mci_node *node, mcapi_endpoint_t handle,
                                 mcapi_uint_t number, const void *value, size_t size)
{
    struct mci_endpoint_slot *slot;
    mcapi_status_t status;

    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    slot = mci_endpoint_live(&mci_runtime.map, handle);
    if (slot == NULL)
        status = MCAPI_ERR_ENDP_INVALID;
    else if (slot->owner != node->slot)
        status = MCAPI_ERR_ENDP_REMOTE;
    else
        status = set(mci_map(), slot, number, value, size);
    mci_control_unlock();
    return status;
}
