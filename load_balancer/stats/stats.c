/* SPDX-License-Identifier: MIT */
/*
 * stats.c - what went in, what was done by whom, and whether the two agree.
 */
#include "load_balancer/stats/stats.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load_balancer/flow.h"
#include "worker/clock.h"

/* --- While it runs ---------------------------------------------------------------- */

enum {
    /* The memory of a flow is asked for so many entries of a report ahead. */
    AHEAD = 6,
};

bool stats_open(struct stats *stats, const struct config *config)
{
    *stats = (struct stats){
        .config = config,
        .worker_count = config->workers,
        .workers = calloc(config->workers, sizeof(*stats->workers)),
    };
    for (uint32_t i = 0; stats->workers != NULL && i < config->workers; i++)
        stats->workers[i].number = i + 1;
    if (stats->workers != NULL && flow_table_open(&stats->flows, STATS_FLOWS_MAX))
        return true;
    stats_close(stats);
    return false;
}

void stats_close(struct stats *stats)
{
    flow_table_close(&stats->flows);
    free(stats->flow_workers);
    free(stats->workers);
    *stats = (struct stats){ 0 };
}

const char *stats_protocol_name(enum stats_protocol protocol)
{
    static const char *const names[STATS_PROTOCOLS] = {
        [STATS_TCP] = "tcp",       [STATS_UDP] = "udp",     [STATS_ICMP] = "icmp",
        [STATS_ICMPV6] = "icmpv6", [STATS_OTHER] = "other",
    };

    return names[protocol];
}

/* Room for so many flows more in the table of who had which. */
static bool make_flow_room(struct stats *stats, size_t more)
{
    size_t stride = (stats->worker_count + 7) / 8;
    size_t room = stats->flow_room == 0 ? 1024 : stats->flow_room;
    uint8_t *bits;

    while (room < stats->flows.used + more)
        room *= 2;
    if (room == stats->flow_room)
        return true;
    bits = realloc(stats->flow_workers, room * stride);
    if (bits == NULL)
        return false;
    memset(bits + stats->flow_room * stride, 0, (room - stats->flow_room) * stride);
    stats->flow_workers = bits;
    stats->flow_room = room;
    return true;
}

/* Notes that a worker had a flow; a process that is this worker may have said so before. */
static void note_worker(struct stats *stats, struct worker_stats *worker, size_t flow)
{
    size_t stride = (stats->worker_count + 7) / 8;
    uint8_t *bits = &stats->flow_workers[flow * stride + (worker->number - 1) / 8];
    uint8_t bit = (uint8_t)(1U << ((worker->number - 1) % 8));

    worker->flows += (*bits & bit) == 0;
    *bits |= bit;
}

/* Asks for the memory of the flow of an entry; the entry's size. */
static uint32_t foresee_flow(const struct stats *stats, const uint8_t *at)
{
    struct report_flow flow;

    memcpy(&flow, at, sizeof(flow));
    flow_table_prefetch(&stats->flows, flow_key(flow.tag, flow.ip_version, flow.protocol));
    return report_flow_size(flow.head_size);
}

static void add_flow(struct stats *stats, struct worker_stats *worker,
                     const struct report_flow *flow, const uint8_t *head)
{
    struct flow_record *record =
            flow_table_at(&stats->flows, flow_key(flow->tag, flow->ip_version, flow->protocol),
                          flow->link_type, head, flow->head_size);

    if (record != &stats->flows.others) {
        if (record->items == 0)
            stats->protocols[stats_protocol_of(flow->ip_version, flow->protocol)].flows++;
        if (flow->is_new)
            note_worker(stats, worker, record->head);
    }
    record->items += flow->items;
    record->bytes += flow->bytes;
    record->original_bytes += flow->original_bytes;
    record->out_of_order += flow->out_of_order;
    worker->reported_flow_items += flow->items;
}

/* Whether the entries fill their room exactly, and each has items. */
static bool flows_make_sense(const struct report *report, const uint8_t *at)
{
    size_t left = report->flow_bytes;

    for (uint32_t i = 0; i < report->flows; i++) {
        uint16_t head_size;
        uint32_t items, size;

        if (left < sizeof(struct report_flow))
            return false;
        memcpy(&head_size, at + offsetof(struct report_flow, head_size), sizeof(head_size));
        memcpy(&items, at + offsetof(struct report_flow, items), sizeof(items));
        size = report_flow_size(head_size);
        if (head_size > REPORT_HEAD_SIZE || size > left || items == 0)
            return false;
        left -= size;
        at += size;
    }
    return left == 0;
}

static void add_sums(struct worker_stats *worker, const struct report *report)
{
    struct report *sum = &worker->report;

    sum->items += report->items;
    sum->bytes += report->bytes;
    sum->original_bytes += report->original_bytes;
    sum->malformed += report->malformed;
    sum->misdirected += report->misdirected;
    sum->out_of_order += report->out_of_order;
    sum->other_items += report->other_items;
    sum->other_bytes += report->other_bytes;
    sum->other_original_bytes += report->other_original_bytes;
    sum->result += report->result;
    sum->span_ns += report->span_ns;
    sum->busy_ns += report->busy_ns;
}

bool stats_add_report(struct stats *stats, struct worker_stats *worker, const void *packet,
                      size_t size, uint32_t *items)
{
    const uint8_t *at = packet, *ahead;
    struct report report;
    struct report_flow flow;
    size_t timed;

    if (size < sizeof(report))
        return false;
    memcpy(&report, at, sizeof(report));
    timed = report.timed * sizeof(uint64_t);
    if (report.magic != REPORT_MAGIC || report.timed > REPORT_TIMED_MAX
        || report.flow_bytes > REPORT_FLOW_BYTES_MAX
        || size != sizeof(report) + timed + report.flow_bytes
        || report.items + report.malformed > UINT32_MAX
        || !flows_make_sense(&report, at + sizeof(report) + timed)
        || !make_flow_room(stats, report.flows))
        return false;
    *items = (uint32_t)(report.items + report.malformed);
    add_sums(worker, &report);
    stats->flows.others.items += report.other_items;
    stats->flows.others.bytes += report.other_bytes;
    stats->flows.others.original_bytes += report.other_original_bytes;
    for (at += sizeof(report); timed > 0; at += sizeof(uint64_t), timed -= sizeof(uint64_t)) {
        uint64_t ns;

        memcpy(&ns, at, sizeof(ns));
        latency_add(&worker->latency, ns);
    }
    ahead = at;
    for (uint32_t i = 0; i < report.flows + AHEAD; i++) {
        if (i < report.flows)
            ahead += foresee_flow(stats, ahead);
        if (i < AHEAD)
            continue;
        memcpy(&flow, at, sizeof(flow));
        add_flow(stats, worker, &flow, at + sizeof(flow));
        at += report_flow_size(flow.head_size);
    }
    return true;
}

bool stats_add_item(struct stats *stats, struct worker_stats *worker, const struct item *item,
                    bool unordered)
{
    struct protocol_stats *protocol =
            &stats->protocols[stats_protocol_of(item->ip_version, item->protocol)];
    struct flow_record *flow =
            flow_table_at(&stats->flows, flow_key(item->tag, item->ip_version, item->protocol),
                          item->link_type, item + 1, item->captured);

    if (flow == &stats->flows.others) {
        worker->report.other_items++;
    } else {
        if (flow->items == 0) {
            protocol->flows++;
            if (!make_flow_room(stats, 0))
                return false;
        }
        if (flow->worker != worker->number)
            note_worker(stats, worker, flow->head);
        flow->worker = worker->number;
        worker->reported_flow_items++;
        if (item->number < flow->next_number && !unordered) {
            flow->out_of_order++;
            worker->report.out_of_order++;
        }
        flow->next_number = item->number + 1;
    }
    flow->items++;
    flow->bytes += item->captured;
    flow->original_bytes += item->original;
    protocol->items++;
    protocol->bytes += item->captured;
    worker->items++;
    worker->acknowledged++;
    worker->bytes += item->captured;
    worker->original_bytes += item->original;
    return true;
}

/* --- At the end ------------------------------------------------------------------- */

void stats_add_up(struct stats *stats, struct stats_totals *totals)
{
    *totals = (struct stats_totals){ .ordered = true };
    for (uint32_t i = 0; i < stats->worker_count; i++) {
        const struct worker_stats *worker = &stats->workers[i];

        totals->items += worker->acknowledged;
        totals->unacknowledged += worker->items - worker->acknowledged;
        totals->bytes += worker->bytes - worker->lost_bytes;
        totals->original_bytes += worker->original_bytes - worker->lost_original_bytes;
        totals->result += worker->report.result;
        totals->out_of_order += worker->report.out_of_order;
        totals->ordered &= worker->reported && worker->report.out_of_order == 0;
        latency_merge(&totals->latency, &worker->latency);
    }
    totals->flows = stats->flows.used;
    totals->other_items = stats->flows.others.items;
    totals->other_bytes = stats->flows.others.bytes;
    totals->seconds = (double)(stats->ended_ns - stats->began_ns) / (double)NS_PER_S;
    if (totals->seconds > 0) {
        totals->items_per_second = (double)totals->items / totals->seconds;
        totals->bytes_per_second = (double)totals->bytes / totals->seconds;
    }
}

struct checking {
    void (*say)(void *context, const char *line);
    void *context;
    bool agreed;
};

__attribute__((format(printf, 2, 3))) static void disagree(struct checking *checking,
                                                           const char *format, ...)
{
    char line[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    checking->say(checking->context, line);
    checking->agreed = false;
}

static void check_worker(struct checking *checking, const struct worker_stats *worker)
{
    const struct report *report = &worker->report;

    if (worker->lost) {
        checking->agreed = false;
        return;
    }
    if (worker->acknowledged != worker->items)
        disagree(checking, "worker %u acknowledged %" PRIu64 " of %" PRIu64 " items",
                 worker->number, worker->acknowledged, worker->items);
    if (!worker->reported) {
        disagree(checking, "worker %u has not reported what it did", worker->number);
        return;
    }
    if (report->items != worker->items)
        disagree(checking, "worker %u was sent %" PRIu64 " items and reports %" PRIu64,
                 worker->number, worker->items, report->items);
    if (report->bytes != worker->bytes || report->original_bytes != worker->original_bytes)
        disagree(checking,
                 "worker %u was sent %" PRIu64 " bytes (%" PRIu64 " on the wire) and reports "
                 "%" PRIu64 " (%" PRIu64 ")",
                 worker->number, worker->bytes, worker->original_bytes, report->bytes,
                 report->original_bytes);
    if (worker->reported_flow_items + report->other_items != report->items)
        disagree(checking,
                 "the flows of worker %u add up to %" PRIu64 " items; it reports %" PRIu64,
                 worker->number, worker->reported_flow_items + report->other_items,
                 report->items);
    if (report->malformed != 0)
        disagree(checking, "worker %u got %" PRIu64 " items that were damaged", worker->number,
                 report->malformed);
    if (report->misdirected != 0)
        disagree(checking, "worker %u got %" PRIu64 " items that were for another",
                 worker->number, report->misdirected);
    if (report->out_of_order != 0)
        disagree(checking, "worker %u got %" PRIu64 " items of a flow out of order",
                 worker->number, report->out_of_order);
}

bool stats_check(const struct stats *stats, void (*say)(void *context, const char *line),
                 void *context)
{
    struct checking checking = { .say = say, .context = context, .agreed = true };
    uint64_t accounted = stats->dropped + stats->quarantined + stats->unsent;

    for (uint32_t i = 0; i < stats->worker_count; i++) {
        check_worker(&checking, &stats->workers[i]);
        accounted += stats->workers[i].items;
    }
    if (accounted != stats->input)
        disagree(&checking,
                 "%" PRIu64 " items came in, but %" PRIu64
                 " were sent, dropped, set aside or left waiting",
                 stats->input, accounted);
    return checking.agreed;
}

static bool larger(const struct flow_record *a, const struct flow_record *b)
{
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes;
    if (a->items != b->items)
        return a->items > b->items;
    return a->key < b->key;
}

size_t stats_top_flows(const struct stats *stats,
                       const struct flow_record *top[STATS_TOP_FLOWS])
{
    size_t count = 0;

    for (size_t i = 0; i < stats->flows.used; i++) {
        const struct flow_record *flow = flow_table_flow(&stats->flows, i);
        size_t at = count;

        if (count == STATS_TOP_FLOWS && !larger(flow, top[count - 1]))
            continue;
        if (count < STATS_TOP_FLOWS)
            count++;
        else
            at--;
        for (; at > 0 && larger(flow, top[at - 1]); at--)
            top[at] = top[at - 1];
        top[at] = flow;
    }
    return count;
}

void stats_flow_name(const struct stats *stats, const struct flow_record *flow, char *name,
                     size_t size)
{
    const struct flow_head *head = flow_table_head(&stats->flows, flow);
    struct packet packet = {
        .bytes = head->bytes,
        .captured = head->size,
        .original = head->size,
        .link_type = head->link_type,
    };
    struct flow parsed;

    flow_of_packet(&packet, &parsed);
    parsed.tag = flow_key_tag(flow->key); /* where the tag is the name, of the whole packet */
    flow_name(&parsed, name, size);
}

double stats_busy(const struct worker_stats *worker)
{
    return worker->report.span_ns == 0
                 ? 0.0
                 : (double)worker->report.busy_ns / (double)worker->report.span_ns;
}
