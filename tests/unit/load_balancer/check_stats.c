/* SPDX-License-Identifier: MIT */
/*
 * check_stats.c - what the workers report is added up, and every disagreement is noticed.
 */
#include "load_balancer/stats/stats.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "support/suite.h"
#include "unit/load_balancer/made_stats.h"

/* --- Adding up --------------------------------------------------------------------- */

START_TEST(totals_are_the_sums_over_the_workers)
{
    struct made_stats made;
    struct stats_totals totals;

    made_stats_open(&made);
    stats_add_up(&made.stats, &totals);
    ck_assert_uint_eq(totals.items, 6);
    ck_assert_uint_eq(totals.bytes, 1360);
    ck_assert_uint_eq(totals.flows, 3);
    ck_assert_uint_eq(totals.result, 41 + 42);
    ck_assert_uint_eq(totals.unacknowledged, 0);
    ck_assert_uint_eq(totals.latency.count, 2);
    ck_assert_uint_eq(totals.latency.most_ns, 2000);
    ck_assert_double_eq(totals.seconds, 2.0);
    ck_assert_double_eq(totals.items_per_second, 3.0);
    ck_assert(totals.ordered);
    made_stats_close(&made);
}
END_TEST

START_TEST(a_run_without_items_has_no_rate)
{
    struct config config = {
        .workers = 1, .work = "count", .work_kind = &work_count, .source = "x"
    };
    struct stats stats;
    struct stats_totals totals;

    ck_assert(stats_open(&stats, &config));
    stats_add_up(&stats, &totals);
    ck_assert_double_eq(totals.seconds, 0.0);
    ck_assert_double_eq(totals.items_per_second, 0.0);
    ck_assert_double_eq(stats_busy(&stats.workers[0]), 0.0);
    stats_close(&stats);
}
END_TEST

START_TEST(a_flow_at_two_workers_is_one_flow)
{
    struct made_stats made;
    struct stats_totals totals;
    const struct flow_record *top[STATS_TOP_FLOWS];

    made_stats_open(&made);
    made_stats_flow(&made, 2, 0xa, 10, 5000);
    stats_add_up(&made.stats, &totals);
    ck_assert_uint_eq(totals.flows, 3);
    ck_assert_uint_eq(made.stats.protocols[STATS_UDP].flows, 3);
    ck_assert_uint_eq(stats_top_flows(&made.stats, top), 3);
    ck_assert_uint_eq(flow_key_tag(top[0]->key), 0xa);
    ck_assert_uint_eq(top[0]->items, 13);
    ck_assert_uint_eq(top[0]->bytes, 5300);
    made_stats_close(&made);
}
END_TEST

START_TEST(the_largest_flows_come_first_and_there_are_ten)
{
    struct made_stats made;
    const struct flow_record *top[STATS_TOP_FLOWS];

    made_stats_open(&made);
    for (uint32_t i = 0; i < 500; i++)
        made_stats_flow(&made, 1, 1000 + i, 1, 10000 + i * 7919 % 500);
    ck_assert_uint_eq(stats_top_flows(&made.stats, top), STATS_TOP_FLOWS);
    for (uint64_t i = 0; i < STATS_TOP_FLOWS; i++)
        ck_assert_uint_eq(top[i]->bytes, 10499 - i);
    made_stats_close(&made);
}
END_TEST

START_TEST(flows_of_equal_size_keep_one_order)
{
    struct made_stats made;
    const struct flow_record *top[STATS_TOP_FLOWS];

    made_stats_open(&made);
    for (uint32_t i = 50; i > 0; i--)
        made_stats_flow(&made, 1, 1000 + i, 5, 9999);
    made_stats_flow(&made, 1, 2000, 6, 9999);
    stats_top_flows(&made.stats, top);
    ck_assert_uint_eq(flow_key_tag(top[0]->key), 2000);
    for (uint32_t i = 1; i < STATS_TOP_FLOWS; i++)
        ck_assert_uint_eq(flow_key_tag(top[i]->key), 1000 + i);
    made_stats_close(&made);
}
END_TEST

START_TEST(a_flow_is_named_by_its_first_packet)
{
    struct made_stats made;
    const struct flow_record *top[STATS_TOP_FLOWS];
    char name[128];

    made_stats_open(&made);
    stats_top_flows(&made.stats, top);
    stats_flow_name(&made.stats, top[0], name, sizeof(name));
    ck_assert_str_eq(name, "UDP 10.0.0.1:12 - 10.0.0.2:53");
    made_stats_close(&made);
}
END_TEST

/* --- Items that come back one by one --------------------------------------------------- */

/* Of one flow of UDP, with 60 bytes of 100. */
static bool add_item(struct made_stats *made, uint32_t worker, uint32_t tag, uint64_t number,
                     bool unordered)
{
    struct {
        struct item item;
        uint8_t bytes[60];
    } packet = { .item = { .number = number,
                           .tag = tag,
                           .captured = 60,
                           .original = 100,
                           .ip_version = 4,
                           .protocol = IPPROTO_UDP } };

    return stats_add_item(&made->stats, &made->stats.workers[worker - 1], &packet.item,
                          unordered);
}

START_TEST(items_add_up_by_worker_flow_and_protocol)
{
    struct worker_stats *one, *two;
    struct made_stats made;

    made_stats_open(&made);
    one = &made.stats.workers[0];
    two = &made.stats.workers[1];
    for (uint64_t i = 0; i < 10; i++)
        ck_assert(add_item(&made, 1 + i % 2, 1000 + i % 5, i, false));
    ck_assert_uint_eq(one->items, 4 + 5);
    ck_assert_uint_eq(one->acknowledged, 4 + 5);
    ck_assert_uint_eq(one->bytes, 360 + 5 * 60);
    ck_assert_uint_eq(one->original_bytes, 360 + 5 * 100);
    ck_assert_uint_eq(one->flows, 2 + 5); /* each was at both */
    ck_assert_uint_eq(two->flows, 1 + 5);
    ck_assert_uint_eq(made.stats.flows.used, 3 + 5);
    ck_assert_uint_eq(made.stats.protocols[STATS_UDP].flows, 3 + 5);
    ck_assert_uint_eq(made.stats.protocols[STATS_UDP].items, 6 + 10);
    ck_assert_uint_eq(one->report.out_of_order + two->report.out_of_order, 0);
    made_stats_close(&made);
}
END_TEST

START_TEST(an_item_behind_a_later_one_of_its_flow_is_noticed)
{
    struct made_stats made;

    made_stats_open(&made);
    ck_assert(add_item(&made, 1, 1000, 8, false));
    ck_assert(add_item(&made, 1, 1001, 3, false)); /* another flow */
    ck_assert(add_item(&made, 2, 1000, 9, false));
    ck_assert_uint_eq(made.stats.workers[1].report.out_of_order, 0);
    ck_assert(add_item(&made, 2, 1000, 7, true)); /* where order says nothing */
    ck_assert_uint_eq(made.stats.workers[1].report.out_of_order, 0);
    ck_assert(add_item(&made, 2, 1000, 7, false)); /* twice the same */
    ck_assert_uint_eq(made.stats.workers[1].report.out_of_order, 1);
    made_stats_close(&made);
}
END_TEST

/* More than there is room for at first. */
START_TEST(items_of_many_flows_find_room)
{
    struct made_stats made;

    made_stats_open(&made);
    for (uint32_t i = 0; i < 20000; i++)
        ck_assert(add_item(&made, 1 + i % 2, 1000 + i, i, false));
    for (uint32_t i = 0; i < 20000; i++)
        ck_assert(add_item(&made, 1 + i % 2, 1000 + i, 20000 + i, false));
    ck_assert_uint_eq(made.stats.flows.used, 3 + 20000);
    ck_assert_uint_eq(made.stats.workers[0].flows, 2 + 10000);
    ck_assert_uint_eq(made.stats.workers[1].flows, 1 + 10000);
    ck_assert_uint_eq(made.stats.workers[0].report.out_of_order, 0);
    made_stats_close(&made);
}
END_TEST

START_TEST(protocols_have_their_classes)
{
    ck_assert_int_eq(stats_protocol_of(4, IPPROTO_TCP), STATS_TCP);
    ck_assert_int_eq(stats_protocol_of(6, IPPROTO_UDP), STATS_UDP);
    ck_assert_int_eq(stats_protocol_of(4, IPPROTO_ICMP), STATS_ICMP);
    ck_assert_int_eq(stats_protocol_of(6, IPPROTO_ICMPV6), STATS_ICMPV6);
    ck_assert_int_eq(stats_protocol_of(4, IPPROTO_SCTP), STATS_OTHER);
    ck_assert_int_eq(stats_protocol_of(0, IPPROTO_TCP), STATS_OTHER);
}
END_TEST

/* --- Reports that make no sense ------------------------------------------------------ */

enum {
    HEAD = sizeof(struct report),
    ENTRY = sizeof(struct report_flow),
    TIMED_TOO_MANY = REPORT_TIMED_MAX + 1,
};

static const struct report_flow good = { .items = 1 };
static const struct report_flow empty = { .items = 0 };
static const struct report_flow headed = { .items = 1, .head_size = 20 };
static const struct report_flow long_head = { .items = 1, .head_size = REPORT_HEAD_SIZE + 1 };

static const struct {
    struct report report;
    const struct report_flow *flow; /* of the first entry */
    size_t size;
} wrong[] = {
    { { .magic = REPORT_MAGIC }, &good, 0 },
    { { .magic = REPORT_MAGIC }, &good, HEAD - 1 },
    { { .magic = REPORT_MAGIC }, &good, HEAD + 1 },
    { { .magic = 0 }, &good, HEAD },
    { { .magic = REPORT_MAGIC, .flows = 1, .flow_bytes = ENTRY }, &good, HEAD },
    { { .magic = REPORT_MAGIC, .flows = 1, .flow_bytes = ENTRY }, &good, HEAD + ENTRY - 1 },
    { { .magic = REPORT_MAGIC, .flows = 1, .flow_bytes = ENTRY - 8 }, &good, HEAD + ENTRY - 8 },
    { { .magic = REPORT_MAGIC, .flows = 0, .flow_bytes = ENTRY }, &good, HEAD + ENTRY },
    { { .magic = REPORT_MAGIC, .flows = 2, .flow_bytes = ENTRY }, &good, HEAD + ENTRY },
    { { .magic = REPORT_MAGIC, .flows = UINT32_MAX, .flow_bytes = ENTRY },
      &good,
      HEAD + ENTRY },
    { { .magic = REPORT_MAGIC, .flows = 1, .flow_bytes = ENTRY }, &empty, HEAD + ENTRY },
    { { .magic = REPORT_MAGIC, .flows = 1, .flow_bytes = ENTRY }, &headed, HEAD + ENTRY },
    { { .magic = REPORT_MAGIC, .flows = 1, .flow_bytes = ENTRY + 88 },
      &long_head,
      HEAD + ENTRY + 88 },
    { { .magic = REPORT_MAGIC, .timed = 1 }, &good, HEAD },
    { { .magic = REPORT_MAGIC, .timed = TIMED_TOO_MANY }, &good, HEAD + TIMED_TOO_MANY * 8 },
    { { .magic = REPORT_MAGIC, .timed = UINT32_MAX }, &good, HEAD },
    { { .magic = REPORT_MAGIC, .items = 1ULL << 32 }, &good, HEAD },
};

START_TEST(a_report_that_does_not_fit_together_is_refused_and_changes_nothing)
{
    static uint8_t packet[16384];
    struct made_stats made;
    struct report before;
    uint32_t items = 77;

    made_stats_open(&made);
    before = made.stats.workers[0].report;
    memcpy(packet, &wrong[_i].report, HEAD);
    memcpy(packet + HEAD, wrong[_i].flow, ENTRY);
    ck_assert(!stats_add_report(&made.stats, &made.stats.workers[0], packet, wrong[_i].size,
                                &items));
    ck_assert_mem_eq(&before, &made.stats.workers[0].report, sizeof(before));
    ck_assert_uint_eq(made.stats.flows.used, 3);
    ck_assert_uint_eq(items, 77);
    made_stats_close(&made);
}
END_TEST

START_TEST(a_report_says_about_how_many_items_it_is)
{
    const struct report report = { .magic = REPORT_MAGIC, .items = 5, .malformed = 2 };
    struct made_stats made;
    uint32_t items = 0;

    made_stats_open(&made);
    ck_assert(stats_add_report(&made.stats, &made.stats.workers[0], &report, sizeof(report),
                               &items));
    ck_assert_uint_eq(items, 7);
    made_stats_close(&made);
}
END_TEST

START_TEST(a_flow_named_again_by_the_worker_that_took_over_counts_once)
{
    struct made_stats made;

    made_stats_open(&made);
    ck_assert_uint_eq(made.stats.workers[0].flows, 2);
    made_stats_flow(&made, 1, 0xa, 10, 5000);
    ck_assert_uint_eq(made.stats.workers[0].flows, 2);
    made_stats_flow(&made, 2, 0xa, 10, 5000);
    ck_assert_uint_eq(made.stats.workers[1].flows, 2);
    for (uint32_t i = 0; i < 5000; i++)
        made_stats_flow(&made, 1, 1000 + i, 1, 10);
    made_stats_flow(&made, 1, 0xb, 1, 10);
    ck_assert_uint_eq(made.stats.workers[0].flows, 5002);
    made_stats_close(&made);
}
END_TEST

/* --- Comparing ------------------------------------------------------------------------ */

struct said {
    int lines;
    char last[256];
};

static void note(void *context, const char *line)
{
    struct said *said = context;

    said->lines++;
    snprintf(said->last, sizeof(said->last), "%s", line);
}

START_TEST(a_run_in_which_all_agrees_is_not_complained_about)
{
    struct made_stats made;
    struct said said = { 0 };

    made_stats_open(&made);
    ck_assert(stats_check(&made.stats, note, &said));
    ck_assert_int_eq(said.lines, 0);
    made_stats_close(&made);
}
END_TEST

START_TEST(what_was_dropped_or_set_aside_is_accounted_for)
{
    struct made_stats made;
    struct said said = { 0 };

    made_stats_open(&made);
    made.stats.input += 7;
    made.stats.dropped = 5;
    made.stats.quarantined = 2;
    ck_assert(stats_check(&made.stats, note, &said));
    made_stats_close(&made);
}
END_TEST

static void one_unacknowledged(struct stats *stats)
{
    stats->workers[0].acknowledged--;
}

static void one_lost_on_the_way(struct stats *stats)
{
    stats->workers[1].report.items--;
    stats->workers[1].reported_flow_items--;
}

static void bytes_changed(struct stats *stats)
{
    stats->workers[1].report.bytes++;
}

static void original_bytes_changed(struct stats *stats)
{
    stats->workers[0].report.original_bytes--;
}

static void flow_forgotten(struct stats *stats)
{
    stats->workers[0].reported_flow_items--;
}

static void order_broken(struct stats *stats)
{
    stats->workers[1].report.out_of_order = 3;
}

static void damaged(struct stats *stats)
{
    stats->workers[0].report.malformed = 1;
}

static void misdirected(struct stats *stats)
{
    stats->workers[0].report.misdirected = 1;
}

static void silent(struct stats *stats)
{
    stats->workers[1].reported = false;
}

static void never_sent(struct stats *stats)
{
    stats->input++;
}

static const struct {
    void (*spoil)(struct stats *stats);
    const char *line;
} spoils[] = {
    { one_unacknowledged, "worker 1 acknowledged 3 of 4 items" },
    { one_lost_on_the_way, "worker 2 was sent 2 items and reports 1" },
    { bytes_changed,
      "worker 2 was sent 1000 bytes (1000 on the wire) and reports 1001 (1000)" },
    { original_bytes_changed,
      "worker 1 was sent 360 bytes (360 on the wire) and reports 360 (359)" },
    { flow_forgotten, "the flows of worker 1 add up to 3 items; it reports 4" },
    { order_broken, "worker 2 got 3 items of a flow out of order" },
    { damaged, "worker 1 got 1 items that were damaged" },
    { misdirected, "worker 1 got 1 items that were for another" },
    { silent, "worker 2 has not reported what it did" },
    { never_sent, "7 items came in, but 6 were sent, dropped, set aside or left waiting" },
};

START_TEST(every_disagreement_is_said_in_a_line_of_its_own)
{
    struct made_stats made;
    struct said said = { 0 };

    made_stats_open(&made);
    spoils[_i].spoil(&made.stats);
    ck_assert(!stats_check(&made.stats, note, &said));
    ck_assert_str_eq(said.last, spoils[_i].line);
    ck_assert_int_eq(said.lines, 1);
    made_stats_close(&made);
}
END_TEST

START_TEST(what_was_lost_with_a_worker_is_not_said_twice)
{
    struct made_stats made;
    struct said said = { 0 };

    made_stats_open(&made);
    silent(&made.stats);
    made.stats.workers[1].acknowledged--;
    made.stats.workers[1].lost = true;
    ck_assert(!stats_check(&made.stats, note, &said));
    ck_assert_int_eq(said.lines, 0);
    made_stats_close(&made);
}
END_TEST

START_TEST(order_is_known_only_from_workers_that_reported)
{
    struct made_stats made;
    struct stats_totals totals;

    made_stats_open(&made);
    silent(&made.stats);
    stats_add_up(&made.stats, &totals);
    ck_assert(!totals.ordered);
    made.stats.workers[1].reported = true;
    order_broken(&made.stats);
    stats_add_up(&made.stats, &totals);
    ck_assert(!totals.ordered);
    made_stats_close(&made);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { totals_are_the_sums_over_the_workers, 1 },
        { a_run_without_items_has_no_rate, 1 },
        { a_flow_at_two_workers_is_one_flow, 1 },
        { the_largest_flows_come_first_and_there_are_ten, 1 },
        { flows_of_equal_size_keep_one_order, 1 },
        { a_flow_is_named_by_its_first_packet, 1 },
        { items_add_up_by_worker_flow_and_protocol, 1 },
        { an_item_behind_a_later_one_of_its_flow_is_noticed, 1 },
        { items_of_many_flows_find_room, 1 },
        { protocols_have_their_classes, 1 },
        { a_report_that_does_not_fit_together_is_refused_and_changes_nothing,
          SUITE_LENGTH(wrong) },
        { a_report_says_about_how_many_items_it_is, 1 },
        { a_flow_named_again_by_the_worker_that_took_over_counts_once, 1 },
        { a_run_in_which_all_agrees_is_not_complained_about, 1 },
        { what_was_dropped_or_set_aside_is_accounted_for, 1 },
        { every_disagreement_is_said_in_a_line_of_its_own, SUITE_LENGTH(spoils) },
        { what_was_lost_with_a_worker_is_not_said_twice, 1 },
        { order_is_known_only_from_workers_that_reported, 1 },
    };

    return suite_run("stats", tests, SUITE_LENGTH(tests));
}
