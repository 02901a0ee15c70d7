/* SPDX-License-Identifier: MIT */
/*
 * check_output.c - the report is true, readable, and as JSON well-formed whatever it contains.
 */
#include "load_balancer/stats/output.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"
#include "unit/load_balancer/made_stats.h"

static char *print(struct made_stats *made, void (*to)(struct stats *, bool, FILE *),
                   bool agreed)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    ck_assert_ptr_nonnull(out);
    to(&made->stats, agreed, out);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

/* --- A reader of JSON that takes nothing but JSON ----------------------------------------- */

static const char *value(const char *at);

static const char *blanks(const char *at)
{
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')
        at++;
    return at;
}

/* Each reader returns what stands behind what it has read, NULL if it is malformed. */
static const char *string(const char *at)
{
    if (*at++ != '"')
        return NULL;
    while (*at != '"') {
        if ((unsigned char)*at < 0x20)
            return NULL;
        if (*at == '\\') {
            at++;
            if (*at == 'u') {
                for (int i = 0; i < 4; i++)
                    if (!isxdigit((unsigned char)*++at))
                        return NULL;
            } else if (*at == '\0' || strchr("\"\\/bfnrt", *at) == NULL) {
                return NULL;
            }
        }
        at++;
    }
    return at + 1;
}

static const char *number(const char *at)
{
    const char *digits;

    at += *at == '-';
    if (*at == '0' && isdigit((unsigned char)at[1]))
        return NULL;
    digits = at;
    while (isdigit((unsigned char)*at))
        at++;
    if (at == digits)
        return NULL;
    if (*at == '.') {
        digits = ++at;
        while (isdigit((unsigned char)*at))
            at++;
        if (at == digits)
            return NULL;
    }
    return at;
}

static const char *members(const char *at, char end, bool named)
{
    at = blanks(at + 1);
    if (*at == end)
        return at + 1;
    for (;;) {
        if (named) {
            at = string(blanks(at));
            if (at == NULL || *(at = blanks(at)) != ':')
                return NULL;
            at++;
        }
        at = value(at);
        if (at == NULL)
            return NULL;
        at = blanks(at);
        if (*at == end)
            return at + 1;
        if (*at++ != ',')
            return NULL;
    }
}

static const char *value(const char *at)
{
    static const char *const words[] = { "true", "false", "null" };

    at = blanks(at);
    for (size_t i = 0; i < SUITE_LENGTH(words); i++)
        if (strncmp(at, words[i], strlen(words[i])) == 0)
            return at + strlen(words[i]);
    if (*at == '{' || *at == '[')
        return members(at, *at == '{' ? '}' : ']', *at == '{');
    return *at == '"' ? string(at) : number(at);
}

static void expect_json(const char *text)
{
    const char *end = value(text);

    ck_assert_msg(end != NULL && *blanks(end) == '\0', "not JSON: %s", text);
}

static void expect_in(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in:\n%s", part, text);
}

START_TEST(the_reader_of_json_takes_nothing_but_json)
{
    static const char *const wrong[] = { "{",     "{\"a\":1,}", "[1 2]", "01",     "1.",
                                         "nan",   "inf",        "\"a",   "\"\n\"", "\"\\x\"",
                                         "{a:1}", "[,]",        "-" };

    expect_json("{\"a\": [1, -2.5, \"\\u00e9\\n\", true, null, {}], \"b\": []}");
    for (size_t i = 0; i < SUITE_LENGTH(wrong); i++) {
        const char *end = value(wrong[i]);

        ck_assert_msg(end == NULL || *blanks(end) != '\0', "%s", wrong[i]);
    }
}
END_TEST

/* --- JSON ------------------------------------------------------------------------------ */

START_TEST(the_object_says_what_happened)
{
    struct made_stats made;
    char *text;

    made_stats_open(&made);
    text = print(&made, stats_print_json, true);
    expect_json(text);
    expect_in(text, "\"source\": \"pcap:made.pcap\"");
    expect_in(text, "\"input\": 6, \"items\": 6, \"bytes\": 1360");
    expect_in(text, "\"flows\": 3, ");
    expect_in(text, "\"dropped\": 0, ");
    expect_in(text, "\"seconds\": 2.000000, \"items_per_second\": 3.0");
    expect_in(text, "\"payload_bytes\": 83");
    expect_in(text, "\"udp\": {\"items\": 6, \"bytes\": 1360, \"flows\": 3}");
    expect_in(text, "\"tcp\": {\"items\": 0, \"bytes\": 0, \"flows\": 0}");
    expect_in(text, "{\"worker\": 2, \"pid\": 0, \"items\": 2, \"bytes\": 1000");
    expect_in(text, "\"busy\": 0.2500");
    expect_in(text, "{\"flow\": \"UDP 10.0.0.1:12 - 10.0.0.2:53\", \"tag\": 12");
    expect_in(text, "\"ordered\": true,\n  \"agreed\": true\n}");
    free(text);
    made_stats_close(&made);
}
END_TEST

START_TEST(a_digest_is_a_string_of_sixteen_digits)
{
    struct made_stats made;
    char *text;

    made_stats_open(&made);
    made.config.work = "digest";
    made.config.work_kind = &work_digest;
    text = print(&made, stats_print_json, true);
    expect_json(text);
    expect_in(text, "\"digest\": \"0000000000000053\"");
    free(text);
    made_stats_close(&made);
}
END_TEST

START_TEST(work_without_a_result_has_none_in_the_object)
{
    struct made_stats made;
    char *text;

    made_stats_open(&made);
    made.config.work = "delay=5";
    made.config.work_kind = &work_delay;
    text = print(&made, stats_print_json, true);
    expect_json(text);
    ck_assert_ptr_null(strstr(text, "payload_bytes"));
    free(text);
    made_stats_close(&made);
}
END_TEST

static const struct {
    const char *name;
    const char *written;
} names[] = {
    { "plain", "\"plain\"" },
    { "a\"b\\c", "\"a\\\"b\\\\c\"" },
    { "new\nline\ttab\x01\x7f", "\"new\\u000aline\\u0009tab\\u0001\\u007f\"" },
    { "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
      "\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"" },
    { "latin caf\xe9", "\"latin caf\\ufffd\"" },
    { "cut \xe2\x82", "\"cut \\ufffd\\ufffd\"" },
    { "long \xc0\xaf", "\"long \\ufffd\\ufffd\"" },
    { "surrogate \xed\xa0\x80", "\"surrogate \\ufffd\\ufffd\\ufffd\"" },
    { "beyond \xf4\x90\x80\x80", "\"beyond \\ufffd\\ufffd\\ufffd\\ufffd\"" },
};

START_TEST(any_file_name_makes_a_string_of_json)
{
    struct made_stats made;
    char *text;

    made_stats_open(&made);
    made.config.source = names[_i].name;
    made.stats.note = names[_i].name;
    text = print(&made, stats_print_json, true);
    expect_json(text);
    expect_in(text, names[_i].written);
    free(text);
    made_stats_close(&made);
}
END_TEST

START_TEST(a_run_without_items_makes_an_object_without_infinities)
{
    struct made_stats made = {
        .config = { .source = "x", .workers = 3, .work = "count", .work_kind = &work_count }
    };
    char *text;

    ck_assert(stats_open(&made.stats, &made.config));
    made.stats.topology = "default";
    text = print(&made, stats_print_json, true);
    expect_json(text);
    expect_in(text, "\"items_per_second\": 0.0");
    expect_in(text, "\"top_flows\": [\n  ]");
    free(text);
    stats_close(&made.stats);
}
END_TEST

START_TEST(a_failed_run_does_not_claim_to_agree)
{
    struct made_stats made;
    char *text;

    made_stats_open(&made);
    text = print(&made, stats_print_json, false);
    expect_in(text, "\"agreed\": false");
    free(text);
    made.stats.failed = true;
    text = print(&made, stats_print_json, true);
    expect_in(text, "\"agreed\": false");
    free(text);
    made_stats_close(&made);
}
END_TEST

/* --- For people -------------------------------------------------------------------------- */

START_TEST(the_tables_stand_in_columns)
{
    struct made_stats made;
    char *text;

    made_stats_open(&made);
    text = print(&made, stats_print_text, true);
    expect_in(text, "  worker  items  bytes  flows  items/s  busy   median   99th %\n"
                    "       1      4    360      2        2  25 %  1.00 us  1.00 us\n"
                    "       2      2  1,000      1        1  25 %  2.00 us  2.00 us\n"
                    "     all      6  1,360      3        3        ");
    expect_in(text, "  protocol  items  bytes  flows\n"
                    "  udp           6  1,360      3\n");
    expect_in(text, "  largest flows                  items  bytes  share\n"
                    "  UDP 10.0.0.1:12 - 10.0.0.2:53      2  1,000   74 %\n");
    expect_in(text, "6 items in 2.00 s: 3 items/s, 680 B/s\n83 bytes of payload\n");
    expect_in(text, "Nothing lost: 6 in = 6 acknowledged + 0 dropped; every flow in order.\n");
    free(text);
    made_stats_close(&made);
}
END_TEST

START_TEST(the_verdict_does_not_flatter)
{
    struct made_stats made;
    char *text;

    made_stats_open(&made);
    text = print(&made, stats_print_text, false);
    expect_in(text, "NOT all well: 6 in");
    free(text);
    made.stats.workers[0].report.out_of_order = 1;
    text = print(&made, stats_print_text, true);
    expect_in(text, "NOT all well");
    expect_in(text, "the order of the flows was not kept, or is not known");
    free(text);
    made_stats_close(&made);
}
END_TEST

START_TEST(drops_and_the_policy_are_named_in_the_verdict)
{
    struct made_stats made;
    char *text;

    made_stats_open(&made);
    made.config.policy = POLICY_LEAST_LOADED;
    made.stats.input = 10;
    made.stats.dropped = 4;
    text = print(&made, stats_print_text, true);
    expect_in(text, "10 in = 6 acknowledged + 4 dropped; every flow in order at each worker.");
    free(text);
    made_stats_close(&made);
}
END_TEST

START_TEST(deaths_are_told_when_there_were_any)
{
    struct made_stats made;
    char *text;

    made_stats_open(&made);
    text = print(&made, stats_print_text, true);
    ck_assert_ptr_null(strstr(text, "died"));
    free(text);
    made.stats.deaths = 2;
    made.stats.respawns = 1;
    made.stats.resent = 1300;
    made.stats.quarantined = 1;
    made.stats.input++;
    made.stats.workers[1].deaths = 2;
    text = print(&made, stats_print_text, true);
    expect_in(text, "2 workers died, 1 took over; 1,300 items were sent again");
    expect_in(text, "7 in = 6 acknowledged + 0 dropped + 1 set aside; every flow in order.");
    free(text);
    text = print(&made, stats_print_json, true);
    expect_in(text, "\"deaths\": 2, \"respawns\": 1, \"resent\": 1300, \"quarantined\": 1,");
    expect_in(text, "\"deaths\": 2, \"reported\": true");
    free(text);
    made_stats_close(&made);
}
END_TEST

START_TEST(bytes_on_the_wire_are_shown_where_they_differ)
{
    struct made_stats made;
    char *text;

    made_stats_open(&made);
    text = print(&made, stats_print_text, true);
    ck_assert_ptr_null(strstr(text, "on the wire"));
    free(text);
    made.stats.workers[0].original_bytes += 1000;
    text = print(&made, stats_print_text, true);
    expect_in(text, "2,360 bytes on the wire");
    free(text);
    made_stats_close(&made);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { the_reader_of_json_takes_nothing_but_json, 1 },
        { the_object_says_what_happened, 1 },
        { a_digest_is_a_string_of_sixteen_digits, 1 },
        { work_without_a_result_has_none_in_the_object, 1 },
        { any_file_name_makes_a_string_of_json, SUITE_LENGTH(names) },
        { a_run_without_items_makes_an_object_without_infinities, 1 },
        { a_failed_run_does_not_claim_to_agree, 1 },
        { the_tables_stand_in_columns, 1 },
        { the_verdict_does_not_flatter, 1 },
        { drops_and_the_policy_are_named_in_the_verdict, 1 },
        { deaths_are_told_when_there_were_any, 1 },
        { bytes_on_the_wire_are_shown_where_they_differ, 1 },
    };

    return suite_run("output", tests, SUITE_LENGTH(tests));
}
