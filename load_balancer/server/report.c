/* SPDX-License-Identifier: MIT */
/*
 * report.c - the counters of the loops, added up and printed.
 *
 * What a counter is called stands in one table, for both kinds of report and for adding up.
 */
#include "load_balancer/server/report.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "load_balancer/stats/table.h"
#include "load_balancer/stats/text.h"

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct counter {
    const char *name; /* in JSON */
    size_t at;
    const char *meaning; /* in a line of its own, where it is not 0; NULL: it is in the table */
};

#define COUNTER(name, meaning)                                   \
    {                                                            \
#name, offsetof(struct server_statistics, name), meaning \
    }

static const struct counter counters[] = {
    COUNTER(accepted, NULL),
    COUNTER(active, NULL),
    COUNTER(active_most, NULL),
    COUNTER(refused, "connections refused: too many, or no descriptors"),
    COUNTER(in_vain, NULL),
    COUNTER(wakeups, NULL),
    COUNTER(accept_pauses, "times accepting stood still for want of descriptors or memory"),
    COUNTER(requests, NULL),
    COUNTER(replies, NULL),
    COUNTER(bytes_in, NULL),
    COUNTER(bytes_out, NULL),
    COUNTER(late, "replies to what was gone, or had one"),
    COUNTER(lost, "requests that no worker replied to"),
    COUNTER(bad_input, "connections closed for what they sent"),
    COUNTER(cut_short, "connections that ended within a request"),
    COUNTER(broken, "connections that were reset or failed"),
    COUNTER(idle_timeouts, "connections closed for being idle"),
    COUNTER(request_timeouts, "connections closed for a slow request"),
    COUNTER(send_timeouts, "connections closed for not taking replies"),
    COUNTER(drained_by_force, "connections cut off at the end"),
    COUNTER(pauses, "times the reading of a connection was stopped"),
    COUNTER(rate_pauses, "times for the rate of its peer"),
    COUNTER(memory_pauses, "times for memory"),
    COUNTER(shed, "connections closed for want of memory"),
    COUNTER(memory_most, NULL),
    COUNTER(memory_left, NULL),
    COUNTER(unsent, "requests whose connection ended before their reply"),
    COUNTER(datagrams, NULL),
    COUNTER(datagrams_dropped, "datagrams dropped, or replies to them"),
    COUNTER(datagrams_cut, "datagrams too long"),
};

static uint64_t value_of(const struct server_statistics *statistics,
                         const struct counter *counter)
{
    uint64_t value;

    memcpy(&value, (const char *)statistics + counter->at, sizeof(value));
    return value;
}

static void add_up(const struct server *server, struct server_statistics *sum)
{
    memset(sum, 0, sizeof(*sum));
    for (uint32_t i = 0; i < server_loops(server); i++)
        for (size_t c = 0; c < ARRAY_LENGTH(counters); c++) {
            uint64_t value = value_of(sum, &counters[c])
                           + value_of(server_loop_statistics(server, i), &counters[c]);

            memcpy((char *)sum + counters[c].at, &value, sizeof(value));
        }
}

/* The most that a loop has of something, as a multiple of the mean; 1 where there is nothing.
 */
static double skew(const struct server *server, size_t at)
{
    struct counter counter = { .at = at };
    uint64_t most = 0, sum = 0;

    for (uint32_t i = 0; i < server_loops(server); i++) {
        uint64_t value = value_of(server_loop_statistics(server, i), &counter);

        sum += value;
        if (value > most)
            most = value;
    }
    return sum == 0 ? 1 : (double)most * server_loops(server) / (double)sum;
}

bool server_report_is_good(const struct server_report *report)
{
    struct server_statistics sum;

    add_up(report->server, &sum);
    return sum.drained_by_force == 0 && sum.lost == 0
        && (report->workers == NULL || !report->workers->failed);
}

/* --- For people
 * ------------------------------------------------------------------------------- */

static void add_row(struct table *table, const char *name,
                    const struct server_statistics *statistics, double seconds)
{
    char cells[9][TEXT_SIZE];
    const char *row[] = { name,     cells[0], cells[1], cells[2], cells[3],
                          cells[4], cells[5], cells[6], cells[7] };

    text_count(cells[0], statistics->accepted);
    text_count(cells[1], statistics->active_most);
    text_count(cells[2], statistics->requests);
    text_count(cells[3], statistics->replies);
    text_short(cells[4], seconds > 0 ? (double)statistics->requests / seconds : 0);
    text_count(cells[5], statistics->bytes_in);
    text_count(cells[6], statistics->bytes_out);
    text_count(cells[7], statistics->in_vain);
    table_add(table, row);
}

static void print_table(const struct server_report *report, const struct server_statistics *sum,
                        FILE *out)
{
    static const char *const head[] = { "loop",     "accepted",  "most at once",
                                        "requests", "replies",   "requests/s",
                                        "bytes in", "bytes out", "wake-ups in vain" };
    struct table table;
    char name[16];

    table_open(&table, ARRAY_LENGTH(head));
    table_add(&table, head);
    for (uint32_t i = 0; i < server_loops(report->server); i++) {
        snprintf(name, sizeof(name), "%u", i);
        add_row(&table, name, server_loop_statistics(report->server, i), report->seconds);
    }
    add_row(&table, "all", sum, report->seconds);
    table_print(&table, out);
    table_close(&table);
}

/* The most that a worker has of the items, as a multiple of the mean. */
static double skew_of_workers(const struct stats *stats)
{
    uint64_t most = 0, sum = 0;

    for (uint32_t i = 0; i < stats->worker_count; i++) {
        uint64_t busy = stats->workers[i].report.busy_ns;

        sum += busy;
        if (busy > most)
            most = busy;
    }
    return sum == 0 ? 1 : (double)most * stats->worker_count / (double)sum;
}

static void print_workers(const struct stats *stats, FILE *out)
{
    struct table table;

    table_open(&table, 3);
    table_add(&table, (const char *const[]){ "worker", "items", "busy" });
    for (uint32_t i = 0; i < stats->worker_count; i++) {
        const struct worker_stats *worker = &stats->workers[i];
        char number[TEXT_SIZE], items[TEXT_SIZE], busy[TEXT_SIZE];

        table_add(&table, (const char *const[]){
                                  text_count(number, worker->number),
                                  text_count(items, worker->acknowledged),
                                  text_percent(busy, stats_busy(worker)),
                          });
    }
    fputs("\nWorkers\n", out);
    table_print(&table, out);
    table_close(&table);
    fprintf(out, "\n  skew (most of a worker / mean): time at work %.2f\n",
            skew_of_workers(stats));
    if (stats->deaths > 0)
        fprintf(out,
                "  %" PRIu64 " workers died, %" PRIu64 " took over; %" PRIu64
                " items were given again\n",
                stats->deaths, stats->respawns, stats->resent);
}

static void print_result(const struct server_report *report, FILE *out)
{
    const struct work_kind *kind = report->config->work_kind;

    if (kind->result == NULL)
        return;
    if (kind->result_is_sum_of_hashes)
        fprintf(out, "  %s: %016" PRIx64 "\n", kind->meaning, report->result);
    else
        fprintf(out, "  %s: %" PRIu64 "\n", kind->meaning, report->result);
}

void server_print_text(const struct server_report *report, FILE *out)
{
    struct server_statistics sum;
    char text[TEXT_SIZE];

    add_up(report->server, &sum);
    fputs("Loops\n", out);
    print_table(report, &sum, out);
    fprintf(out, "\n  skew (most of a loop / mean): connections %.2f, requests %.2f\n",
            skew(report->server, offsetof(struct server_statistics, accepted)),
            skew(report->server, offsetof(struct server_statistics, requests)));
    if (sum.datagrams > 0)
        fprintf(out, "  %s datagrams\n", text_count(text, sum.datagrams));
    if (report->workers != NULL)
        print_workers(report->workers, out);
    print_result(report, out);
    for (size_t c = 0; c < ARRAY_LENGTH(counters); c++) {
        uint64_t value = value_of(&sum, &counters[c]);

        if (value != 0 && counters[c].meaning != NULL)
            fprintf(out, "  %s %s\n", text_count(text, value), counters[c].meaning);
    }
    fprintf(out, "  %.2f s\n", report->seconds);
}

/* --- For programs
 * ------------------------------------------------------------------------------ */

static void print_counters(const struct server_statistics *statistics, FILE *out)
{
    for (size_t c = 0; c < ARRAY_LENGTH(counters); c++)
        fprintf(out, "%s\"%s\": %" PRIu64, c == 0 ? "" : ", ", counters[c].name,
                value_of(statistics, &counters[c]));
}

/* Addresses and names of options need no escapes; --work can be a path, and is left out. */
static void print_settings(const struct server_report *report, FILE *out)
{
    const struct server_settings *settings = &report->config->network.settings;
    struct server_address address;
    char name[ADDRESS_NAME_SIZE];

    fprintf(out, "  \"version\": \"%s\",\n  \"policy\": \"%s\",\n  \"sources\": [",
            PROGRAM_VERSION, config_policy_name(report->config->policy));
    for (size_t i = 0; server_listens_at(report->server, i, &address); i++) {
        address_name(&address, name);
        fprintf(out, "%s\"%s\"", i == 0 ? "" : ", ", name);
    }
    fprintf(out, "],\n  \"proto\": \"%s\",\n  \"accept\": \"%s\",\n",
            report->config->network.datagram ? "datagram" : settings->protocol->name,
            server_accept_name(settings->accept));
}

static void print_json_result(const struct work_kind *kind, uint64_t result, FILE *out)
{
    if (kind->result != NULL)
        fprintf(out,
                kind->result_is_sum_of_hashes ? ", \"%s\": \"%016" PRIx64 "\""
                                              : ", \"%s\": %" PRIu64,
                kind->result, result);
}

static void print_json_workers(const struct stats *stats, const struct work_kind *kind,
                               FILE *out)
{
    fputs("  \"workers\": [\n", out);
    for (uint32_t i = 0; i < stats->worker_count; i++) {
        const struct worker_stats *worker = &stats->workers[i];

        fprintf(out,
                "%s    { \"worker\": %u, \"items\": %" PRIu64 ", \"bytes\": %" PRIu64
                ", \"busy\": %.4f, \"deaths\": %" PRIu64,
                i == 0 ? "" : ",\n", worker->number, worker->acknowledged, worker->bytes,
                stats_busy(worker), worker->deaths);
        print_json_result(kind, worker->report.result, out);
        fputs(" }", out);
    }
    fprintf(out,
            "\n  ],\n  \"deaths\": %" PRIu64 ",\n  \"given_again\": %" PRIu64
            ",\n  \"given_up\": %" PRIu64 ",\n  \"skew_of_workers\": %.4f,\n",
            stats->deaths, stats->resent, stats->quarantined, skew_of_workers(stats));
}

void server_print_json(const struct server_report *report, FILE *out)
{
    const struct work_kind *kind = report->config->work_kind;
    struct server_statistics sum;

    add_up(report->server, &sum);
    fputs("{\n  \"totals\": { ", out);
    print_counters(&sum, out);
    print_json_result(kind, report->result, out);
    fputs(" },\n  \"loops\": [\n", out);
    for (uint32_t i = 0; i < server_loops(report->server); i++) {
        fprintf(out, "%s    { \"loop\": %u, ", i == 0 ? "" : ",\n", i);
        print_counters(server_loop_statistics(report->server, i), out);
        fputs(" }", out);
    }
    fprintf(out, "\n  ],\n  \"skew\": { \"accepted\": %.4f, \"requests\": %.4f },\n",
            skew(report->server, offsetof(struct server_statistics, accepted)),
            skew(report->server, offsetof(struct server_statistics, requests)));
    if (report->workers != NULL)
        print_json_workers(report->workers, kind, out);
    fprintf(out, "  \"seconds\": %.6f,\n", report->seconds);
    print_settings(report, out);
    fprintf(out, "  \"good\": %s\n}\n", server_report_is_good(report) ? "true" : "false");
}
