/* SPDX-License-Identifier: MIT */
#include "segment/map.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/fence.h"
#include "segment/ring_packet.h"
#include "segment/ring_scalar.h"

enum {
    PAGE = 4096,
    SHIFTED = 16 * 256, /* by so much, less a line, regions and mailboxes begin later */

    /* A mailbox has room for so many times the usual depth, and for so many messages at least,
     * for endpoints that want more... */
    DEEPER = 4,
    DEEP = 256,
};

/* ...as long as all of them together stay below so many bytes of address space. */
static const uint64_t MAILBOXES_AT_MOST = UINT64_C(1) << 40;

/* More than any machine maps. Above it the sizes of a damaged header could wrap round, and look
 * like that of the segment. */
static const uint64_t REGIONS_AT_MOST = UINT64_C(1) << 47;

/* Offsets of the tables; `end` is the size of the whole. */
struct plan {
    uint64_t nodes, endpoints, buckets, channels, gets, regions, mailboxes, end;
};

static uint64_t page_up(uint64_t bytes)
{
    return (bytes + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

static uint64_t line_up(uint64_t bytes)
{
    return (bytes + MCI_LINE - 1) & ~(uint64_t)(MCI_LINE - 1);
}

uint64_t mci_region_size(const struct mci_limits *limits)
{
    uint64_t need = mci_ring_packet_size(limits->max_buffers, limits->max_pkt_size) + SHIFTED;
    uint64_t scalars = 2 * (uint64_t)MCI_LINE * limits->max_queue_elements;
    uint64_t size = 64 * 1024;

    if (need < scalars)
        need = scalars;
    while (size < need)
        size *= 2;
    return size;
}

static struct mci_mailbox_plan plan_mailbox_of(const struct mci_limits *limits, uint64_t depth)
{
    struct mci_mailbox_plan plan = { .depth = 1 };
    uint64_t size;

    while (plan.depth < depth && plan.depth < MCI_MOST_CELLS)
        plan.depth *= 2;
    if (limits->max_msg_size > MCI_MESSAGE_INLINE)
        plan.large_stride = line_up(limits->max_msg_size) + MCI_LINE;
    /* One line more than needed: the levels' slots lie in different cache sets. */
    plan.stride = plan.depth + MCI_LINE / sizeof(uint64_t);
    plan.slots = sizeof(struct mci_mailbox_head);
    plan.cells = line_up(plan.slots + (uint64_t)MCI_LEVELS * plan.stride * sizeof(uint64_t));
    plan.large = plan.cells + (uint64_t)plan.depth * sizeof(struct mci_message_cell);
    size = plan.large + plan.depth * plan.large_stride + SHIFTED;
    while (UINT64_C(1) << plan.shift < size)
        plan.shift++;
    return plan;
}

static struct mci_mailbox_plan plan_mailbox(const struct mci_limits *limits)
{
    uint64_t usual = limits->max_queue_elements;
    struct mci_mailbox_plan plan =
            plan_mailbox_of(limits, usual * DEEPER > DEEP ? usual * DEEPER : DEEP);

    if ((uint64_t)MCI_ENDPOINT_SLOTS << plan.shift <= MAILBOXES_AT_MOST)
        return plan;
    return plan_mailbox_of(limits, usual);
}

static struct plan plan_tables(const struct mci_limits *limits)
{
    struct plan plan;

    plan.nodes = page_up(sizeof(struct mci_header));
    plan.endpoints =
            page_up(plan.nodes + (uint64_t)limits->max_nodes * sizeof(struct mci_node_slot));
    plan.buckets =
            page_up(plan.endpoints + MCI_ENDPOINT_SLOTS * sizeof(struct mci_endpoint_slot));
    plan.channels = page_up(plan.buckets + MCI_BUCKETS * sizeof(uint32_t));
    /* Up to here memory from the start; from here on only where it is used. */
    plan.gets = page_up(plan.channels
                        + (uint64_t)limits->max_channels * sizeof(struct mci_channel_slot));
    plan.regions = page_up(
            plan.gets + (uint64_t)limits->max_nodes * MCI_ENDPOINT_SLOTS * sizeof(uint32_t));
    plan.mailboxes = plan.regions + (uint64_t)limits->max_channels * mci_region_size(limits);
    plan.end = mci_region_size(limits) > REGIONS_AT_MOST / limits->max_channels
                     ? UINT64_MAX /* of no segment */
                     : plan.mailboxes
                               + ((uint64_t)MCI_ENDPOINT_SLOTS << plan_mailbox(limits).shift);
    return plan;
}

static bool format(unsigned char *base, void *context)
{
    const struct mci_limits *limits = context;
    struct mci_header *header = (struct mci_header *)base;

    header->layout = MCI_LAYOUT_VERSION;
    header->user = (uint32_t)geteuid();
    header->size = plan_tables(limits).end;
    header->limits = *limits;
    header->magic = MCI_MAGIC;
    return true;
}

static bool limits_possible(const struct mci_limits *limits)
{
    return limits->max_nodes >= 1 && limits->max_nodes <= MCI_MOST_NODES
        && limits->max_channels >= 1 && limits->max_channels <= 1u << 20
        && limits->max_endpoints >= 1 && limits->max_requests >= 1 && limits->max_pkt_size >= 1
        && limits->max_pkt_size <= 1u << 30 && limits->max_msg_size <= 1u << 30
        && limits->max_queue_elements >= 1 && limits->max_queue_elements <= 1u << 20
        && limits->max_buffers >= 1 && limits->max_buffers <= 1u << 20;
}

const char *mci_map_verify(const unsigned char *base, uint64_t size, char *text,
                           size_t text_size)
{
    const struct mci_header *header = (const struct mci_header *)base;
    struct mci_limits limits = header->limits;

    if (size < sizeof *header || header->magic != MCI_MAGIC)
        return "it is not a segment of this library";
    if (header->layout != MCI_LAYOUT_VERSION) {
        snprintf(text, text_size,
                 "its layout is version %u and this library's is version %u; end the programs "
                 "that use it, or choose another topology",
                 header->layout, (unsigned)MCI_LAYOUT_VERSION);
        return text;
    }
    if (header->user != (uint32_t)geteuid()) {
        snprintf(text, text_size, "it belongs to user %u and we are user %u", header->user,
                 (unsigned)geteuid());
        return text;
    }
    if (!limits_possible(&limits) || plan_tables(&limits).end != size || header->size != size)
        return "its header is damaged";
    return NULL;
}

/* Where everything lies, by the limits in the header; whoever may write there meanwhile, they
 * are read once. */
bool mci_map_find_tables(struct mci_map *map, char *reason, size_t reason_size)
{
    struct plan plan;

    map->header = (struct mci_header *)map->segment.base;
    map->limits = map->header->limits;
    if (!limits_possible(&map->limits)
        || (plan = plan_tables(&map->limits), plan.end != map->segment.size)) {
        snprintf(reason, reason_size, "the segment's header changed while we attached");
        return false;
    }
    map->nodes = (struct mci_node_slot *)(map->segment.base + plan.nodes);
    map->endpoints = (struct mci_endpoint_slot *)(map->segment.base + plan.endpoints);
    map->buckets = (uint32_t *)(map->segment.base + plan.buckets);
    map->channels = (struct mci_channel_slot *)(map->segment.base + plan.channels);
    map->gets = (uint32_t *)(map->segment.base + plan.gets);
    map->regions = map->segment.base + plan.regions;
    map->region_shift = (uint32_t)__builtin_ctzll(mci_region_size(&map->limits));
    map->mailboxes = map->segment.base + plan.mailboxes;
    map->mailbox = plan_mailbox(&map->limits);
    return true;
}

bool mci_map_attach(struct mci_map *map, const char *topology, const struct mci_limits *limits,
                    char *reason, size_t reason_size)
{
    struct mci_limits chosen = *limits;
    struct mci_segment_form form = {
        .context = &chosen,
        .format = format,
        .verify = mci_map_verify,
    };

    if (!limits_possible(limits)) {
        snprintf(reason, reason_size, "the limits asked for are out of range");
        return false;
    }
    form.size = plan_tables(limits).end;
    form.committed = plan_tables(limits).gets;
    if (!mci_segment_attach(&map->segment, topology, &form, reason, reason_size))
        return false;
    if (!mci_map_find_tables(map, reason, reason_size)) {
        mci_segment_detach(&map->segment);
        return false;
    }
    /* FENCED: before the first of our threads can sleep, wakers must know that it cannot
     * fence for both sides. */
    if (!mci_fence_heavy_available())
        atomic_store_explicit(&map->header->fenced, 1, memory_order_seq_cst);
    return true;
}

void mci_map_detach(struct mci_map *map, bool keep_mapped)
{
    if (keep_mapped)
        mci_segment_detach_mapped(&map->segment);
    else
        mci_segment_detach(&map->segment);
    memset(map, 0, sizeof *map);
}

static bool commit(struct mci_map *map, const unsigned char *base, uint64_t offset,
                   uint64_t length)
{
    uint64_t at = (uint64_t)(base - map->segment.base) + offset;
    uint64_t from = at & ~(uint64_t)(PAGE - 1);

    return mci_segment_commit(&map->segment, from, page_up(at + length) - from);
}

bool mci_region_commit(struct mci_map *map, uint32_t channel, uint64_t offset, uint64_t length)
{
    return commit(map, mci_region(map, channel), offset, length);
}

bool mci_mailbox_commit(struct mci_map *map, uint32_t index, uint64_t offset, uint64_t length)
{
    return commit(map, mci_mailbox_base(map, index), offset, length);
}

/* Bytes of a ring that lie in memory from the start. */
static uint64_t head_of(const struct mci_ring_shape *shape)
{
    return shape->kind == MCI_CHANNEL_PACKET ? mci_ring_packet_head_size(shape->depth)
                                             : mci_ring_scalar_size(shape->depth);
}

bool mci_ring_shape_fits(const struct mci_map *map, const struct mci_ring_shape *shape)
{
    uint64_t room = mci_region_room(map);

    /* First what keeps the sizes from wrapping round. */
    if (shape->depth == 0 || shape->depth > room / sizeof(uint64_t)
        || shape->payload > map->limits.max_pkt_size)
        return false;
    switch (shape->kind) {
    case MCI_CHANNEL_PACKET:
        return mci_ring_packet_size(shape->depth, shape->payload) <= room;
    case MCI_CHANNEL_SCALAR:
        return mci_ring_scalar_size(shape->depth) <= room;
    default:
        return false;
    }
}

bool mci_ring_shape_read(const struct mci_map *map, const struct mci_channel_slot *slot,
                         struct mci_ring_shape *shape)
{
    const volatile struct mci_channel_slot *once = slot; /* whoever may write there meanwhile */

    *shape = (struct mci_ring_shape){ once->kind, once->depth, once->payload };
    return mci_ring_shape_fits(map, shape) && head_of(shape) <= once->committed;
}

bool mci_gets_commit(struct mci_map *map, uint32_t node)
{
    uint64_t at = (uint64_t)((unsigned char *)mci_get_entry(map, node, 0) - map->segment.base);

    return mci_segment_commit(&map->segment, at, MCI_ENDPOINT_SLOTS * sizeof(uint32_t));
}
