/* SPDX-License-Identifier: MIT */
/*
 * map.h - where the tables of a segment lie, as this process sees them.
 *
 * Computed once, when the process attaches, from limits that were checked then. Nothing
 * here is read from the segment again, so nobody can move a table under our feet.
 */
#ifndef MCI_MAP_H
#define MCI_MAP_H

#include <stdbool.h>

#include "segment/layout.h"
#include "segment/segment.h"

/* Where the parts of every mailbox begin. */
struct mci_mailbox_plan {
    uint32_t depth;  /* most messages that fit; a power of two */
    uint32_t shift;  /* a mailbox is 1 << shift bytes */
    uint32_t stride; /* words from one level's slots to the next's; not a power of two */
    uint64_t slots;  /* offsets */
    uint64_t cells;
    uint64_t large;
    uint64_t large_stride; /* bytes of a large payload's room */
};

struct mci_map {
    struct mci_segment segment;
    struct mci_limits limits;
    struct mci_header *header;
    struct mci_node_slot *nodes;
    struct mci_endpoint_slot *endpoints;
    uint32_t *buckets; /* first endpoint of each bucket: index + 1, or 0 */
    /* gets[node * MCI_ENDPOINT_SLOTS + endpoint]: generation << 16 | gets not yet released */
    uint32_t *gets;
    struct mci_channel_slot *channels;
    unsigned char *regions;
    uint32_t region_shift; /* a region is 1 << region_shift bytes */
    unsigned char *mailboxes;
    struct mci_mailbox_plan mailbox;
};

/* Attaches this process to a topology, made with `limits` if there is none. False: not
 * possible, and `reason` says why in one line. */
bool mci_map_attach(struct mci_map *map, const char *topology, const struct mci_limits *limits,
                    char *reason, size_t reason_size);

/* NULL, or why this is no segment for us; `text` is room for saying so. */
const char *mci_map_verify(const unsigned char *base, uint64_t size, char *text,
                           size_t text_size);

/* Fills the map of a segment that is mapped: where everything lies, by the limits in the
 * header, which are read once, whoever may write there meanwhile. False, with the reason: they
 * make no sense. */
bool mci_map_find_tables(struct mci_map *map, char *reason, size_t reason_size);

/* Leaves the topology; the last one to leave takes the segment along. `keep_mapped`: its
 * addresses stay valid until the process ends. */
void mci_map_detach(struct mci_map *map, bool keep_mapped);

/* Bytes of one region with these limits: a power of two. */
uint64_t mci_region_size(const struct mci_limits *limits);

/* Where the region of a channel begins. Neighbours begin in different cache sets. */
static inline unsigned char *mci_region(const struct mci_map *map, uint32_t channel)
{
    return map->regions + ((uint64_t)channel << map->region_shift) + (channel & 15) * 256;
}

/* Bytes of a region that a ring may use. */
static inline uint64_t mci_region_room(const struct mci_map *map)
{
    return (UINT64_C(1) << map->region_shift) - 16 * 256;
}

/* Backs the first `length` bytes of a channel's region with memory. False: there is none. */
bool mci_region_commit(struct mci_map *map, uint32_t channel, uint64_t offset, uint64_t length);

/* Where the mailbox of an endpoint begins; in different cache sets, as regions. */
static inline unsigned char *mci_mailbox_base(const struct mci_map *map, uint32_t index)
{
    return map->mailboxes + ((uint64_t)index << map->mailbox.shift) + (index & 15) * 256;
}

/* Backs part of an endpoint's mailbox with memory. False: there is none. */
bool mci_mailbox_commit(struct mci_map *map, uint32_t index, uint64_t offset, uint64_t length);

/* Messages that fit into a mailbox unless its endpoint says otherwise. */
static inline uint32_t mci_mailbox_depth(const struct mci_map *map)
{
    return map->limits.max_queue_elements < map->mailbox.depth ? map->limits.max_queue_elements
                                                               : map->mailbox.depth;
}

static inline uint32_t *mci_get_entry(const struct mci_map *map, uint32_t node,
                                      uint32_t endpoint)
{
    return map->gets + (size_t)node * MCI_ENDPOINT_SLOTS + endpoint;
}

/* What a channel's ring looks like. */
struct mci_ring_shape {
    uint32_t kind; /* enum mci_channel_kind */
    uint32_t depth;
    uint32_t payload; /* bytes */
};

/* Reads it once from the slot. False: such a ring does not lie in memory that the channel has;
 * the slot is damaged. */
bool mci_ring_shape_read(const struct mci_map *map, const struct mci_channel_slot *slot,
                         struct mci_ring_shape *shape);

/* Whether a region has room for such a ring. */
bool mci_ring_shape_fits(const struct mci_map *map, const struct mci_ring_shape *shape);

/* Backs a node's row of get counts with memory. */
bool mci_gets_commit(struct mci_map *map, uint32_t node);

/* The slot of a handle, or NULL when no live endpoint has this value now. */
static inline struct mci_endpoint_slot *mci_endpoint_of(const struct mci_map *map,
                                                        uint32_t handle)
{
    uint32_t index = handle & 0xffff;

    if (handle == 0 || index >= MCI_ENDPOINT_SLOTS)
        return NULL;
    struct mci_endpoint_slot *slot = &map->endpoints[index];

    return atomic_load_explicit(&slot->handle, memory_order_acquire) == handle ? slot : NULL;
}

/* The bucket that an endpoint of that name is in. */
static inline uint32_t mci_endpoint_bucket(uint32_t domain, uint32_t node, uint32_t port)
{
    uint64_t mixed = ((uint64_t)domain << 32 | node) * UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ mixed >> 29 ^ port) * UINT64_C(0xbf58476d1ce4e5b9);
    return (uint32_t)(mixed >> 40) & (MCI_BUCKETS - 1);
}

#endif /* MCI_MAP_H */
