/* SPDX-License-Identifier: MIT */
/*
 * results.h - what a worker has done and not yet reported: by flow, and in the whole.
 *
 * After each item the owner asks whether a report is due; if so it has one made, and sends it
 * before it does another item.
 */
#ifndef WORKER_RESULTS_H
#define WORKER_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/flow_table.h"
#include "worker/item.h"
#include "worker/report.h"

struct results {
    struct flow_table flows;
    size_t named; /* flows whose beginning has been reported: those that appeared first */

    /* Since the last report. */
    struct report sum;
    uint64_t timed_ns[REPORT_TIMED_MAX];
    uint64_t touched[REPORT_FLOW_BYTES_MAX
                     / sizeof(struct report_flow)]; /* the keys of flows that had items */
    uint32_t flow_room;                             /* bytes for their entries */

    /* Of a part of ITEM_REPORT_BYTES, and the parts behind it. A report is due when nothing is
     * left, and before another part is begun if it costs little. */
    int32_t left;
    uint32_t parts_left;
};

enum {
    RESULTS_BYTES_PER_ITEM = ITEM_REPORT_BYTES / ITEM_REPORT_EVERY,

    RESULTS_PARTS = 8,
    RESULTS_PART_BYTES = ITEM_REPORT_BYTES / RESULTS_PARTS,
};

/* Tells so many flows apart; those beyond are counted together. False: no memory. */
bool results_open(struct results *results, size_t flows_max);
void results_close(struct results *results);

/* No packet is larger than that, which is at least REPORT_PACKET_LEAST. Before the first item.
 */
void results_limit(struct results *results, uint32_t packet_max);

/* Notes that this flow has items to be reported. */
void results_touch(struct results *results, const struct flow_record *flow);

/* Counts an item, in the whole and for its flow. */
static inline void results_add(struct results *results, const struct item *item)
{
    struct flow_record *flow = flow_table_at(
            &results->flows, flow_key(item->tag, item->ip_version, item->protocol),
            item->link_type, item + 1, item->captured);

    if (flow->items++ == 0)
        results_touch(results, flow);
    flow->bytes += item->captured;
    flow->original_bytes += item->original;
    if (item->number < flow->next_number && (item->flags & ITEM_FLAG_UNORDERED) == 0) {
        flow->out_of_order++;
        results->sum.out_of_order++;
    }
    flow->next_number = item->number + 1;
    results->sum.items++;
    results->sum.bytes += item->captured;
    results->sum.original_bytes += item->original;
    results->left -= (int32_t)item->captured + RESULTS_BYTES_PER_ITEM;
}

/* Notes how long a timed item took. */
void results_time(struct results *results, uint64_t ns);

/* Whether something is done that was not reported. */
static inline bool results_pending(const struct results *results)
{
    return results->sum.items + results->sum.malformed > 0;
}

/* At the end of a part: begins another one, or tells that a report is due. */
bool results_part_due(struct results *results);

static inline bool results_due(struct results *results)
{
    return __builtin_expect(results->left <= 0, 0) && results_part_due(results);
}

static inline void results_make_due(struct results *results)
{
    results->left = 0;
    results->parts_left = 0;
}

/* Makes the report, and begins a new one; its size. What is not about items is the caller's to
 * fill in beforehand, in `sum`. */
size_t results_report(struct results *results, uint8_t packet[REPORT_PACKET_MAX]);

#endif /* WORKER_RESULTS_H */
