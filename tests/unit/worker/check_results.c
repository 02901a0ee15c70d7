/* SPDX-License-Identifier: MIT */
/*
 * check_results.c - reports add up to what was done, each fits into its packet, and is due in
 * time.
 */
#include "worker/results.h"

#include <string.h>

#include "load_balancer/stats/stats.h"
#include "support/suite.h"

/* A worker's results and a balancer's sums of its reports. */
struct pair {
    struct results results;
    struct config config;
    struct stats stats;
    uint32_t covered; /* items that reports were about */
    size_t largest;   /* of their packets */
};

static void open_pair(struct pair *pair, size_t flows_max)
{
    *pair = (struct pair){
        .config = { .workers = 1, .work = "count", .source = "x", .window = 64 }
    };
    ck_assert(results_open(&pair->results, flows_max));
    ck_assert(stats_open(&pair->stats, &pair->config));
}

static void close_pair(struct pair *pair)
{
    results_close(&pair->results);
    stats_close(&pair->stats);
}

static void report(struct pair *pair)
{
    static uint8_t packet[REPORT_PACKET_MAX];
    size_t size = results_report(&pair->results, packet);
    uint32_t items;

    ck_assert_uint_le(size, REPORT_PACKET_MAX);
    ck_assert(stats_add_report(&pair->stats, &pair->stats.workers[0], packet, size, &items));
    pair->covered += items;
    if (size > pair->largest)
        pair->largest = size;
    ck_assert(!results_due(&pair->results));
    ck_assert(!results_pending(&pair->results));
}

static void add(struct pair *pair, uint64_t number, uint32_t tag, uint32_t captured,
                uint8_t flags)
{
    static struct {
        struct item item;
        uint8_t bytes[70000];
    } made;

    made.item = (struct item){ .number = number,
                               .tag = tag,
                               .captured = captured,
                               .original = captured + 1,
                               .ip_version = 4,
                               .protocol = 17,
                               .kind = ITEM_PACKET,
                               .flags = flags };
    results_add(&pair->results, &made.item);
}

static const uint32_t flow_counts[] = { 1, 7, 100, 2000, 100000 };

START_TEST(reports_add_up_to_what_was_done)
{
    struct pair pair;
    uint64_t bytes = 0;
    uint32_t since = 0, flows = flow_counts[_i];

    open_pair(&pair, 1 << 20);
    for (uint32_t i = 0; i < 50000; i++) {
        uint32_t captured = i % 200;

        add(&pair, i, 1 + i * 7919 % flows, captured, 0);
        bytes += captured;
        since++;
        if (i % 16 == 0)
            results_time(&pair.results, i);
        if (!results_due(&pair.results))
            continue;
        ck_assert_uint_le(since, ITEM_REPORT_EVERY);
        since = 0;
        report(&pair);
        ck_assert_uint_eq(pair.covered, i + 1);
    }
    if (results_pending(&pair.results))
        report(&pair);
    ck_assert_uint_eq(pair.covered, 50000);
    ck_assert_uint_eq(pair.stats.workers[0].report.items, 50000);
    ck_assert_uint_eq(pair.stats.workers[0].report.bytes, bytes);
    ck_assert_uint_eq(pair.stats.workers[0].report.original_bytes, bytes + 50000);
    ck_assert_uint_eq(pair.stats.workers[0].report.out_of_order, 0);
    ck_assert_uint_eq(pair.stats.workers[0].reported_flow_items, 50000);
    ck_assert_uint_eq(pair.stats.workers[0].latency.count, 3125);
    ck_assert_uint_eq(pair.stats.flows.used, flows < 50000 ? flows : 50000);
    ck_assert_uint_eq(pair.stats.workers[0].flows, pair.stats.flows.used);
    close_pair(&pair);
}
END_TEST

START_TEST(no_report_is_larger_than_the_topology_carries)
{
    struct pair pair;

    open_pair(&pair, 1 << 20);
    results_limit(&pair.results, REPORT_PACKET_LEAST);
    for (uint32_t i = 0; i < 50000; i++) {
        add(&pair, i, 1 + i % 1000, 100, 0);
        if (i % 16 == 0)
            results_time(&pair.results, i);
        if (results_due(&pair.results))
            report(&pair);
    }
    if (results_pending(&pair.results))
        report(&pair);
    ck_assert_uint_eq(pair.covered, 50000);
    ck_assert_uint_eq(pair.stats.flows.used, 1000);
    ck_assert_uint_le(pair.largest, REPORT_PACKET_LEAST);
    ck_assert_uint_gt(pair.largest, REPORT_PACKET_LEAST / 2);
    close_pair(&pair);
}
END_TEST

/* How many packets of this size, of so many flows, go into a report. */
static uint32_t count_reported(uint32_t captured, uint32_t flows)
{
    struct pair pair;
    uint32_t count = 0;

    open_pair(&pair, 1000);
    while (!results_due(&pair.results)) {
        add(&pair, count, 1 + count % flows, captured, 0);
        count++;
    }
    close_pair(&pair);
    return count;
}

START_TEST(large_packets_are_reported_sooner)
{
    static const uint32_t sizes[] = { 1500, 9000, 65535 };

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        ck_assert_uint_le((count_reported(sizes[i], 1) - 1) * sizes[i], ITEM_REPORT_BYTES);
        ck_assert_uint_le((count_reported(sizes[i], 1000) - 1) * sizes[i], ITEM_REPORT_BYTES);
        ck_assert_uint_gt(count_reported(sizes[i], 1000) * sizes[i], ITEM_REPORT_BYTES / 2);
    }
}
END_TEST

START_TEST(few_flows_are_reported_sooner)
{
    ck_assert_uint_eq(count_reported(0, 1), ITEM_REPORT_EVERY / RESULTS_PARTS);
    ck_assert_uint_eq(count_reported(0, 100), 2048);
    ck_assert_uint_eq(count_reported(0, 500), ITEM_REPORT_EVERY);
}
END_TEST

START_TEST(order_is_known_across_reports)
{
    struct pair pair;

    open_pair(&pair, 10);
    add(&pair, 5, 1, 10, 0);
    report(&pair);
    add(&pair, 5, 1, 10, 0);
    add(&pair, 6, 1, 10, 0);
    add(&pair, 0, 2, 10, 0);
    report(&pair);
    add(&pair, 4, 1, 10, 0);
    report(&pair);
    ck_assert_uint_eq(pair.stats.workers[0].report.out_of_order, 2);
    close_pair(&pair);
}
END_TEST

START_TEST(an_item_whose_order_says_nothing_is_not_out_of_order)
{
    struct pair pair;

    open_pair(&pair, 10);
    add(&pair, 5, 1, 10, 0);
    add(&pair, 3, 1, 10, ITEM_FLAG_UNORDERED);
    report(&pair);
    ck_assert_uint_eq(pair.stats.workers[0].report.out_of_order, 0);
    close_pair(&pair);
}
END_TEST

START_TEST(flows_beyond_the_limit_are_reported_together)
{
    struct pair pair;

    open_pair(&pair, 10);
    for (uint32_t i = 0; i < 100; i++) {
        add(&pair, i, 1 + i % 20, 5, 0);
        if (i == 50)
            report(&pair);
    }
    report(&pair);
    ck_assert_uint_eq(pair.stats.flows.used, 10);
    ck_assert_uint_eq(pair.stats.workers[0].report.other_items, 50);
    ck_assert_uint_eq(pair.stats.flows.others.items, 50);
    ck_assert_uint_eq(pair.stats.flows.others.bytes, 250);
    close_pair(&pair);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { reports_add_up_to_what_was_done, SUITE_LENGTH(flow_counts) },
        { no_report_is_larger_than_the_topology_carries, 1 },
        { large_packets_are_reported_sooner, 1 },
        { few_flows_are_reported_sooner, 1 },
        { order_is_known_across_reports, 1 },
        { an_item_whose_order_says_nothing_is_not_out_of_order, 1 },
        { flows_beyond_the_limit_are_reported_together, 1 },
    };

    return suite_run("results", tests, SUITE_LENGTH(tests));
}
