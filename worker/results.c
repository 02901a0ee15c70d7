/* SPDX-License-Identifier: MIT */
/*
 * results.c - what a worker has done and not yet reported.
 */
#include "worker/results.h"

#include <string.h>

enum {
    /* The memory of a flow is asked for so many flows ahead. */
    AHEAD = 6,

    /* A report costs little if it has no more than one entry for so many items. */
    ITEMS_PER_ENTRY = 16,
};

static void begin_parts(struct results *results)
{
    results->left = RESULTS_PART_BYTES;
    results->parts_left = RESULTS_PARTS - 1;
}

bool results_open(struct results *results, size_t flows_max)
{
    *results = (struct results){ .flow_room = REPORT_FLOW_BYTES_MAX };
    begin_parts(results);
    return flow_table_open(&results->flows, flows_max);
}

void results_close(struct results *results)
{
    flow_table_close(&results->flows);
}

void results_limit(struct results *results, uint32_t packet_max)
{
    if (packet_max < REPORT_PACKET_MAX)
        results->flow_room = REPORT_FLOW_ROOM(packet_max);
}

void results_touch(struct results *results, const struct flow_record *flow)
{
    struct report *sum = &results->sum;
    uint32_t head_size;

    if (flow == &results->flows.others)
        return;
    head_size = flow->head < results->named ? 0 : results->flows.heads[flow->head].size;
    results->touched[sum->flows++] = flow->key;
    sum->flow_bytes += report_flow_size(head_size);
    /* The next one may be of any size. */
    if (sum->flow_bytes + report_flow_size(REPORT_HEAD_SIZE) > results->flow_room)
        results_make_due(results);
}

bool results_part_due(struct results *results)
{
    if ((uint64_t)results->sum.flows * ITEMS_PER_ENTRY <= results->sum.items)
        return true;
    for (; results->left <= 0; results->left += RESULTS_PART_BYTES, results->parts_left--)
        if (results->parts_left == 0)
            return true;
    return false;
}

void results_time(struct results *results, uint64_t ns)
{
    results->timed_ns[results->sum.timed++] = ns;
    if (results->sum.timed == REPORT_TIMED_MAX)
        results_make_due(results);
}

/* The entry of one flow; its size. The head, which is elsewhere in memory, is looked at only
 * for a flow that is new. */
static size_t put_flow(struct results *results, uint64_t key, uint8_t *at)
{
    struct flow_record *flow = flow_table_slot(&results->flows, key);
    struct report_flow entry = {
        .bytes = flow->bytes,
        .original_bytes = flow->original_bytes,
        .items = (uint32_t)flow->items,
        .out_of_order = (uint32_t)flow->out_of_order,
        .tag = flow_key_tag(key),
        .ip_version = flow_key_ip_version(key),
        .protocol = flow_key_protocol(key),
        .is_new = flow->head >= results->named,
    };
    size_t size;

    flow->items = flow->bytes = flow->original_bytes = flow->out_of_order = 0;
    if (entry.is_new) {
        const struct flow_head *head = &results->flows.heads[flow->head];

        entry.head_size = (uint16_t)head->size;
        entry.link_type = head->link_type;
        /* Up to the multiple of 8 there are zeros: a head has room for the longest. */
        memcpy(at + sizeof(entry), head->bytes,
               report_flow_size(entry.head_size) - sizeof(entry));
    }
    size = report_flow_size(entry.head_size);
    memcpy(at, &entry, sizeof(entry));
    return size;
}

size_t results_report(struct results *results, uint8_t packet[REPORT_PACKET_MAX])
{
    struct report *sum = &results->sum;
    struct flow_record *others = &results->flows.others;
    uint8_t *at = packet + sizeof(*sum);

    memcpy(at, results->timed_ns, sum->timed * sizeof(results->timed_ns[0]));
    at += sum->timed * sizeof(results->timed_ns[0]);
    for (uint32_t i = 0; i < sum->flows; i++) {
        if (i + AHEAD < sum->flows)
            flow_table_prefetch(&results->flows, results->touched[i + AHEAD]);
        at += put_flow(results, results->touched[i], at);
    }
    sum->magic = REPORT_MAGIC;
    sum->other_items = others->items;
    sum->other_bytes = others->bytes;
    sum->other_original_bytes = others->original_bytes;
    memcpy(packet, sum, sizeof(*sum));
    others->items = others->bytes = others->original_bytes = 0;
    results->named = results->flows.used;
    *sum = (struct report){ .magic = REPORT_MAGIC };
    begin_parts(results);
    return (size_t)(at - packet);
}
