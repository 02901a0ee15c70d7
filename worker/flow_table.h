/* SPDX-License-Identifier: MIT */
/*
 * flow_table.h - what is known about each flow: items, bytes, the last item's number.
 *
 * A worker keeps one for its own flows; the balancer adds the workers' tables up in another.
 * It grows with the number of flows up to a limit, never with the number of packets; what
 * belongs to flows beyond the limit is added up in one record, `others`.
 */
#ifndef WORKER_FLOW_TABLE_H
#define WORKER_FLOW_TABLE_H

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/report.h"

/* One cache line: all that an item of a known flow touches. */
struct flow_record {
    alignas(64) uint64_t key; /* flow_key; 0: a free slot */
    uint64_t items;           /* at a worker: not reported yet; so are the next two */
    uint64_t bytes;
    uint64_t original_bytes;
    uint64_t next_number; /* at a worker: the least that an item can have that comes in order */
    uint64_t out_of_order;
    uint64_t head;   /* its index among the heads */
    uint32_t worker; /* in the balancer: the number of the worker that had it last */
};
static_assert(sizeof(struct flow_record) == 64, "one cache line");

/* How the first packet of a flow began. */
struct flow_head {
    uint64_t key;
    uint32_t link_type;
    uint32_t size;
    uint8_t bytes[REPORT_HEAD_SIZE];
};

struct flow_table {
    struct flow_record *slots; /* open addressing, at most half of them used */
    struct flow_head *heads;   /* in the order in which the flows appeared */
    size_t slot_count;         /* a power of two */
    unsigned shift;            /* 64 - log2(slot_count) */
    size_t head_room;
    size_t used;
    size_t limit;
    struct flow_record others; /* of flows beyond the limit, or beyond the memory */
};

/* Flows are told apart by tag, IP version and protocol: an ICMP error has the tag of the
 * connection that it is about, and is counted by itself. Never 0. */
static inline uint64_t flow_key(uint32_t tag, uint8_t ip_version, uint8_t protocol)
{
    return 1ULL << 63 | (uint64_t)ip_version << 40 | (uint64_t)protocol << 32 | tag;
}

static inline uint32_t flow_key_tag(uint64_t key)
{
    return (uint32_t)key;
}

static inline uint8_t flow_key_protocol(uint64_t key)
{
    return (uint8_t)(key >> 32);
}

static inline uint8_t flow_key_ip_version(uint64_t key)
{
    return (uint8_t)(key >> 40);
}

/* False: no memory. */
bool flow_table_open(struct flow_table *table, size_t limit);
void flow_table_close(struct flow_table *table);

/* Where a flow's slot is, unless it is taken: then behind that. */
static inline size_t flow_table_place(const struct flow_table *table, uint64_t key)
{
    return (size_t)(key * 0x9e3779b97f4a7c15ULL >> table->shift);
}

/* Somebody is about to ask for it. */
static inline void flow_table_prefetch(const struct flow_table *table, uint64_t key)
{
    __builtin_prefetch(&table->slots[flow_table_place(table, key)], 1);
}

/* The slot of this flow, or a free one for it. */
static inline struct flow_record *flow_table_slot(const struct flow_table *table, uint64_t key)
{
    size_t at = flow_table_place(table, key);

    while (table->slots[at].key != key && table->slots[at].key != 0)
        at = (at + 1) & (table->slot_count - 1);
    return &table->slots[at];
}

/* Makes a record with no items for a flow that has none; `others` when there is no room. Its
 * head is the beginning of `bytes`. Records move when a flow is added. */
struct flow_record *flow_table_add(struct flow_table *table, uint64_t key, uint32_t link_type,
                                   const void *bytes, size_t size);

/* The record of a flow, made if need be. */
static inline struct flow_record *flow_table_at(struct flow_table *table, uint64_t key,
                                                uint32_t link_type, const void *bytes,
                                                size_t size)
{
    struct flow_record *record = flow_table_slot(table, key);

    return record->key == key ? record : flow_table_add(table, key, link_type, bytes, size);
}

/* The record of the flow that appeared as number `index`, from 0 to used - 1. Whoever copies
 * flows into another table does it in this order: in the order of the slots they would pile up
 * in one place of a table that is smaller. */
static inline const struct flow_record *flow_table_flow(const struct flow_table *table,
                                                        size_t index)
{
    return flow_table_slot(table, table->heads[index].key);
}

/* How the flow's first packet began; not for `others`. */
static inline const struct flow_head *flow_table_head(const struct flow_table *table,
                                                      const struct flow_record *record)
{
    return &table->heads[record->head];
}

#endif /* WORKER_FLOW_TABLE_H */
