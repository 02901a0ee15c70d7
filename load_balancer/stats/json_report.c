/* SPDX-License-Identifier: MIT */
/*
 * json_report.c - the report for programs: one object.
 *
 * Numbers are written so that every reader takes them: none is infinite or "not a number", and
 * those that may exceed 2^53 (hashes) are strings. Names of members do not change from release
 * to release; new ones may come.
 */
#include "load_balancer/stats/output.h"

#include <inttypes.h>
#include <string.h>

#include "load_balancer/flow.h"

/* --- Strings ---------------------------------------------------------------------- */

/* How many bytes of well-formed UTF-8 begin here, as one character; 0: it is none. */
static size_t utf8_length(const unsigned char *text)
{
    size_t length = text[0] < 0x80                     ? 1
                  : text[0] >= 0xc2 && text[0] <= 0xdf ? 2
                  : text[0] >= 0xe0 && text[0] <= 0xef ? 3
                  : text[0] >= 0xf0 && text[0] <= 0xf4 ? 4
                                                       : 0;

    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    /* Longer than need be, half of a UTF-16 pair, or beyond Unicode. */
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f)
        || (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

/* File names are any bytes: what is not UTF-8 becomes U+FFFD. */
static void print_string(const char *string, FILE *out)
{
    const unsigned char *at = (const unsigned char *)string;

    fputc('"', out);
    while (*at != '\0') {
        size_t length = utf8_length(at);

        if (length == 0)
            fputs("\\ufffd", out);
        else if (*at == '"' || *at == '\\')
            fprintf(out, "\\%c", *at);
        else if (*at < 0x20 || *at == 0x7f)
            fprintf(out, "\\u%04x", *at);
        else
            fwrite(at, 1, length, out);
        at += length == 0 ? 1 : length;
    }
    fputc('"', out);
}

/* --- Parts ------------------------------------------------------------------------ */

static void print_setting(const char *name, const char *value, FILE *out)
{
    fprintf(out, "  \"%s\": ", name);
    print_string(value, out);
    fputs(",\n", out);
}

static void print_settings(const struct stats *stats, FILE *out)
{
    const struct config *config = stats->config;

    print_setting("version", PROGRAM_VERSION, out);
    print_setting("source", config->source, out);
    print_setting("topology", stats->topology, out);
    print_setting("work", config->work, out);
    print_setting("mode", config_mode_name(config->mode), out);
    print_setting("policy", config_policy_name(config->policy), out);
    print_setting("on_busy", config_on_busy_name(config->on_busy), out);
    print_setting("on_worker_death", config_on_death_name(config->on_death), out);
    fprintf(out, "  \"window\": %u,\n", config->window);
}

static void print_latency(const struct latency *latency, FILE *out)
{
    fprintf(out,
            "\"latency_ns\": {\"timed\": %" PRIu64 ", \"median\": %" PRIu64
            ", \"p99\": %" PRIu64 ", \"max\": %" PRIu64 "}",
            latency->count, latency_quantile(latency, 0.5), latency_quantile(latency, 0.99),
            latency->most_ns);
}

static void print_result(const struct stats *stats, uint64_t result, FILE *out)
{
    const struct work_kind *kind = stats->config->work_kind;

    if (kind->result == NULL)
        return;
    if (kind->result_is_sum_of_hashes)
        fprintf(out, "\"%s\": \"%016" PRIx64 "\", ", kind->result, result);
    else
        fprintf(out, "\"%s\": %" PRIu64 ", ", kind->result, result);
}

static void print_totals(const struct stats *stats, const struct stats_totals *totals,
                         FILE *out)
{
    fprintf(out,
            "  \"totals\": {\n"
            "    \"input\": %" PRIu64 ", \"items\": %" PRIu64 ", \"bytes\": %" PRIu64
            ", \"original_bytes\": %" PRIu64 ",\n"
            "    \"flows\": %" PRIu64 ", \"items_of_other_flows\": %" PRIu64 ",\n"
            "    \"dropped\": %" PRIu64 ", \"dropped_bytes\": %" PRIu64
            ", \"unacknowledged\": %" PRIu64 ", \"unsent\": %" PRIu64 ",\n"
            "    \"deaths\": %" PRIu64 ", \"respawns\": %" PRIu64 ", \"resent\": %" PRIu64
            ", \"quarantined\": %" PRIu64 ", \"quarantined_bytes\": %" PRIu64
            ", \"filtered\": %" PRIu64 ",\n"
            "    \"seconds\": %.6f, \"items_per_second\": %.1f, \"bytes_per_second\": %.1f,\n  "
            "  ",
            stats->input, totals->items, totals->bytes, totals->original_bytes, totals->flows,
            totals->other_items, stats->dropped, stats->dropped_bytes, totals->unacknowledged,
            stats->unsent, stats->deaths, stats->respawns, stats->resent, stats->quarantined,
            stats->quarantined_bytes, stats->filtered, totals->seconds,
            totals->items_per_second, totals->bytes_per_second);
    print_result(stats, totals->result, out);
    print_latency(&totals->latency, out);
    fputs(",\n    \"protocols\": {\n", out);
    for (enum stats_protocol i = 0; i < STATS_PROTOCOLS; i++) {
        const struct protocol_stats *protocol = &stats->protocols[i];

        fprintf(out,
                "      \"%s\": {\"items\": %" PRIu64 ", \"bytes\": %" PRIu64
                ", \"flows\": %" PRIu64 "}%s\n",
                stats_protocol_name(i), protocol->items, protocol->bytes, protocol->flows,
                i + 1 < STATS_PROTOCOLS ? "," : "");
    }
    fputs("    }\n  },\n", out);
}

static void print_worker(const struct stats *stats, const struct worker_stats *worker,
                         double seconds, FILE *out)
{
    fprintf(out,
            "    {\"worker\": %u, \"pid\": %ld, \"items\": %" PRIu64 ", \"bytes\": %" PRIu64
            ", \"original_bytes\": %" PRIu64 ", \"unacknowledged\": %" PRIu64
            ", \"flows\": %" PRIu64 ", \"items_per_second\": %.1f, \"busy\": %.4f, ",
            worker->number, (long)worker->pid, worker->acknowledged,
            worker->bytes - worker->lost_bytes,
            worker->original_bytes - worker->lost_original_bytes,
            worker->items - worker->acknowledged, worker->flows,
            seconds > 0 ? (double)worker->acknowledged / seconds : 0.0, stats_busy(worker));
    print_result(stats, worker->report.result, out);
    print_latency(&worker->latency, out);
    fprintf(out, ", \"out_of_order\": %" PRIu64 ", \"deaths\": %" PRIu64 ", \"reported\": %s}",
            worker->report.out_of_order, worker->deaths, worker->reported ? "true" : "false");
}

static void print_workers(const struct stats *stats, double seconds, FILE *out)
{
    fputs("  \"workers\": [\n", out);
    for (uint32_t i = 0; i < stats->worker_count; i++) {
        print_worker(stats, &stats->workers[i], seconds, out);
        fputs(i + 1 < stats->worker_count ? ",\n" : "\n", out);
    }
    fputs("  ],\n", out);
}

static void print_top_flows(const struct stats *stats, FILE *out)
{
    const struct flow_record *top[STATS_TOP_FLOWS];
    size_t count = stats_top_flows(stats, top);
    char name[FLOW_NAME_SIZE];

    fputs("  \"top_flows\": [\n", out);
    for (size_t i = 0; i < count; i++) {
        stats_flow_name(stats, top[i], name, sizeof(name));
        fputs("    {\"flow\": ", out);
        print_string(name, out);
        fprintf(out,
                ", \"tag\": %u, \"protocol\": \"%s\", \"items\": %" PRIu64
                ", \"bytes\": %" PRIu64 ", \"original_bytes\": %" PRIu64 "}%s\n",
                flow_key_tag(top[i]->key),
                stats_protocol_name(stats_protocol_of(flow_key_ip_version(top[i]->key),
                                                      flow_key_protocol(top[i]->key))),
                top[i]->items, top[i]->bytes, top[i]->original_bytes, i + 1 < count ? "," : "");
    }
    fputs("  ],\n", out);
}

/* --- The whole -------------------------------------------------------------------- */

void stats_print_json(struct stats *stats, bool agreed, FILE *out)
{
    struct stats_totals totals;

    stats_add_up(stats, &totals);
    fputs("{\n", out);
    print_settings(stats, out);
    print_totals(stats, &totals, out);
    print_workers(stats, totals.seconds, out);
    print_top_flows(stats, out);
    fputs("  \"note\": ", out);
    if (stats->note == NULL)
        fputs("null", out);
    else
        print_string(stats->note, out);
    fprintf(out, ",\n  \"ordered\": %s,\n  \"agreed\": %s\n}\n",
            totals.ordered ? "true" : "false", agreed && !stats->failed ? "true" : "false");
}
