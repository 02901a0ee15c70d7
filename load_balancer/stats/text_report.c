/* SPDX-License-Identifier: MIT */
/*
 * text_report.c - the report for people.
 */
#include "load_balancer/stats/output.h"

#include <inttypes.h>

#include "load_balancer/flow.h"
#include "load_balancer/stats/table.h"
#include "load_balancer/stats/text.h"

/* Columns of the workers' table. */
enum { WORKER, ITEMS, BYTES, FLOWS, RATE, BUSY, MEDIAN, P99, WORKER_COLUMNS };

static char *quantile(char text[TEXT_SIZE], const struct latency *latency, double share)
{
    return text_duration(text, (double)latency_quantile(latency, share) / 1e9);
}

static void add_worker(struct table *table, const struct worker_stats *worker, double seconds)
{
    char number[TEXT_SIZE], items[TEXT_SIZE], bytes[TEXT_SIZE], flows[TEXT_SIZE],
            rate[TEXT_SIZE], busy[TEXT_SIZE], median[TEXT_SIZE], p99[TEXT_SIZE];
    double per_second = seconds > 0 ? (double)worker->acknowledged / seconds : 0;
    bool timed = worker->latency.count > 0;

    table_add(table,
              (const char *const[WORKER_COLUMNS]){
                      [WORKER] = text_count(number, worker->number),
                      [ITEMS] = text_count(items, worker->acknowledged),
                      [BYTES] = text_count(bytes, worker->bytes - worker->lost_bytes),
                      [FLOWS] = worker->reported ? text_count(flows, worker->flows) : "lost",
                      [RATE] = text_count(rate, (uint64_t)(per_second + 0.5)),
                      [BUSY] = worker->reported ? text_percent(busy, stats_busy(worker)) : "-",
                      [MEDIAN] = timed ? quantile(median, &worker->latency, 0.5) : "-",
                      [P99] = timed ? quantile(p99, &worker->latency, 0.99) : "-",
              });
}

static void print_workers(const struct stats *stats, const struct stats_totals *totals,
                          FILE *out)
{
    char items[TEXT_SIZE], bytes[TEXT_SIZE], flows[TEXT_SIZE], rate[TEXT_SIZE],
            median[TEXT_SIZE], p99[TEXT_SIZE];
    bool timed = totals->latency.count > 0;
    struct table table;

    table_open(&table, WORKER_COLUMNS);
    table_add(&table, (const char *const[WORKER_COLUMNS]){
                              [WORKER] = "worker",
                              [ITEMS] = "items",
                              [BYTES] = "bytes",
                              [FLOWS] = "flows",
                              [RATE] = "items/s",
                              [BUSY] = "busy",
                              [MEDIAN] = "median",
                              [P99] = "99th %",
                      });
    for (uint32_t i = 0; i < stats->worker_count; i++)
        add_worker(&table, &stats->workers[i], totals->seconds);
    table_add(&table,
              (const char *const[WORKER_COLUMNS]){
                      [WORKER] = "all",
                      [ITEMS] = text_count(items, totals->items),
                      [BYTES] = text_count(bytes, totals->bytes),
                      [FLOWS] = text_count(flows, totals->flows),
                      [RATE] = text_count(rate, (uint64_t)(totals->items_per_second + 0.5)),
                      [MEDIAN] = timed ? quantile(median, &totals->latency, 0.5) : "-",
                      [P99] = timed ? quantile(p99, &totals->latency, 0.99) : "-",
              });
    table_print(&table, out);
    table_close(&table);
}

static void print_protocols(const struct stats *stats, FILE *out)
{
    struct table table;

    table_open(&table, 4);
    table.left[0] = true;
    table_add(&table, (const char *const[]){ "protocol", "items", "bytes", "flows" });
    for (enum stats_protocol i = 0; i < STATS_PROTOCOLS; i++) {
        const struct protocol_stats *protocol = &stats->protocols[i];
        char items[TEXT_SIZE], bytes[TEXT_SIZE], flows[TEXT_SIZE];

        if (protocol->items > 0)
            table_add(&table, (const char *const[]){
                                      stats_protocol_name(i),
                                      text_count(items, protocol->items),
                                      text_count(bytes, protocol->bytes),
                                      text_count(flows, protocol->flows),
                              });
    }
    table_print(&table, out);
    table_close(&table);
}

static void print_top_flows(const struct stats *stats, const struct stats_totals *totals,
                            FILE *out)
{
    const struct flow_record *top[STATS_TOP_FLOWS];
    size_t count = stats_top_flows(stats, top);
    char items[TEXT_SIZE], bytes[TEXT_SIZE], share[TEXT_SIZE], name[FLOW_NAME_SIZE];
    struct table table;

    table_open(&table, 4);
    table.left[0] = true;
    table_add(&table, (const char *const[]){ "largest flows", "items", "bytes", "share" });
    for (size_t i = 0; i < count; i++) {
        stats_flow_name(stats, top[i], name, sizeof(name));
        table_add(&table,
                  (const char *const[]){
                          name,
                          text_count(items, top[i]->items),
                          text_count(bytes, top[i]->bytes),
                          totals->bytes == 0
                                  ? "-"
                                  : text_percent(share,
                                                 (double)top[i]->bytes / (double)totals->bytes),
                  });
    }
    if (totals->other_items > 0)
        table_add(&table, (const char *const[]){
                                  "flows that were not told apart: too many",
                                  text_count(items, totals->other_items),
                                  text_count(bytes, totals->other_bytes),
                                  NULL,
                          });
    table_print(&table, out);
    table_close(&table);
}

static void print_rate(const struct stats_totals *totals, FILE *out)
{
    char items[TEXT_SIZE], duration[TEXT_SIZE], rate[TEXT_SIZE], bytes[TEXT_SIZE];

    fprintf(out, "%s items in %s: %s items/s, %sB/s\n", text_count(items, totals->items),
            text_duration(duration, totals->seconds),
            text_count(rate, (uint64_t)(totals->items_per_second + 0.5)),
            text_short(bytes, totals->bytes_per_second));
}

static void print_result(const struct stats *stats, const struct stats_totals *totals,
                         FILE *out)
{
    const struct work_kind *kind = stats->config->work_kind;
    char text[TEXT_SIZE];

    if (totals->original_bytes != totals->bytes)
        fprintf(out, "%s bytes on the wire, of which the capture has kept those above\n",
                text_count(text, totals->original_bytes));
    if (stats->filtered > 0)
        fprintf(out, "%s %s filtered out by the work\n", text_count(text, stats->filtered),
                stats->filtered == 1 ? "item was" : "items were");
    if (kind->result == NULL)
        return;
    if (kind->result_is_sum_of_hashes)
        fprintf(out, "%016" PRIx64 " is the %s\n", totals->result, kind->meaning);
    else
        fprintf(out, "%s %s\n", text_count(text, totals->result), kind->meaning);
}

/* What deaths of workers there were; nothing if there were none. */
static void print_deaths(const struct stats *stats, FILE *out)
{
    char deaths[TEXT_SIZE], respawns[TEXT_SIZE], resent[TEXT_SIZE];

    if (stats->deaths == 0)
        return;
    fprintf(out, "%s %s died, %s took over; %s %s sent again\n",
            text_count(deaths, stats->deaths), stats->deaths == 1 ? "worker" : "workers",
            text_count(respawns, stats->respawns), text_count(resent, stats->resent),
            stats->resent == 1 ? "item was" : "items were");
}

static void print_verdict(const struct stats *stats, const struct stats_totals *totals,
                          bool agreed, FILE *out)
{
    char input[TEXT_SIZE], done[TEXT_SIZE], dropped[TEXT_SIZE], aside[TEXT_SIZE];
    char set_aside[TEXT_SIZE + 16] = "";
    bool good = agreed && totals->ordered && !stats->failed;

    if (stats->quarantined > 0)
        snprintf(set_aside, sizeof(set_aside), " + %s set aside",
                 text_count(aside, stats->quarantined));
    fprintf(out, "%s: %s in = %s acknowledged + %s dropped%s; %s.\n",
            !good                 ? "NOT all well"
            : stats->dropped == 0 ? "Nothing lost"
                                  : "Nothing lost but what was dropped",
            text_count(input, stats->input), text_count(done, totals->items),
            text_count(dropped, stats->dropped), set_aside,
            !totals->ordered ? "the order of the flows was not kept, or is not known"
            : stats->config->policy != POLICY_LEAST_LOADED ? "every flow in order"
            : config_distributes(stats->config)            ? "in no order, as asked for"
                                                : "every flow in order at each worker");
}

void stats_print_text(struct stats *stats, bool agreed, FILE *out)
{
    struct stats_totals totals;

    stats_add_up(stats, &totals);
    print_workers(stats, &totals, out);
    if (totals.items > 0) {
        fputc('\n', out);
        print_protocols(stats, out);
        fputc('\n', out);
        print_top_flows(stats, &totals, out);
    }
    fputc('\n', out);
    print_rate(&totals, out);
    print_result(stats, &totals, out);
    print_deaths(stats, out);
    print_verdict(stats, &totals, agreed, out);
}
