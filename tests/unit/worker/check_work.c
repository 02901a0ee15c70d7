/* SPDX-License-Identifier: MIT */
/*
 * check_work.c - each kind of work does what it says, and what is no kind is refused.
 */
#include "worker/work.h"

#include <string.h>

#include "support/suite.h"
#include "worker/clock.h"

static enum work_outcome process(struct work *work, const struct item *item, const char *bytes)
{
    char copy[64];
    struct work_bytes all = { (uint8_t *)copy, item->captured };

    ck_assert_uint_le(item->captured, sizeof(copy));
    memcpy(copy, bytes, item->captured);
    return work_process(work, item, &all);
}

static uint64_t result_of(const char *kind, const char *bytes, uint32_t payload_offset)
{
    struct item item = { .captured = (uint32_t)strlen(bytes),
                         .payload_offset = payload_offset };
    struct work work;
    char error[256];

    ck_assert_msg(work_prepare(&work, kind, error, sizeof(error)), "%s", error);
    process(&work, &item, bytes);
    work_finish(&work);
    return work.result;
}

START_TEST(count_adds_up_the_payload)
{
    ck_assert_uint_eq(result_of("count", "headpayload", 4), 7);
    ck_assert_uint_eq(result_of("count", "head", 4), 0);
}
END_TEST

/* The values of the algorithm's authors. */
START_TEST(digest_is_fnv_1a_of_the_payload)
{
    ck_assert_uint_eq(result_of("digest", "", 0), 0xcbf29ce484222325ULL);
    ck_assert_uint_eq(result_of("digest", "a", 0), 0xaf63dc4c8601ec8cULL);
    ck_assert_uint_eq(result_of("digest", "foobar", 0), 0x85944171f73967e8ULL);
    ck_assert_uint_eq(result_of("digest", "headfoobar", 4), 0x85944171f73967e8ULL);
}
END_TEST

START_TEST(a_digest_of_several_does_not_depend_on_their_order)
{
    struct item item = { .captured = 3 };
    struct work one, two;
    char error[256];

    ck_assert(work_prepare(&one, "digest", error, sizeof(error)));
    ck_assert(work_prepare(&two, "digest", error, sizeof(error)));
    process(&one, &item, "abc");
    process(&one, &item, "xyz");
    process(&one, &item, "abc");
    process(&two, &item, "abc");
    process(&two, &item, "abc");
    process(&two, &item, "xyz");
    ck_assert_uint_eq(one.result, two.result);
    ck_assert_uint_ne(one.result, result_of("digest", "xyz", 0));
}
END_TEST

START_TEST(delay_holds_an_item_at_least_so_long)
{
    struct item item = { .captured = 0 };
    struct work work;
    char error[256];
    uint64_t began_ns;

    ck_assert(work_prepare(&work, "delay=2000", error, sizeof(error)));
    began_ns = clock_ns();
    for (int i = 0; i < 3; i++)
        process(&work, &item, "");
    ck_assert_uint_ge(clock_ns() - began_ns, 3 * 2000 * NS_PER_US);
}
END_TEST

static const struct {
    const char *specification;
    const char *reason;
} wrong[] = {
    { "", "'' is no kind of work (there are count, digest, delay=US, ttl, echo, static=DIR, and shared objects: ./FILE.so)" },
    { "counts", "'counts' is no kind of work" },
    { "coun", "'coun' is no kind of work" },
    { "count=3", "nothing can follow 'count'" },
    { "digest=", "nothing can follow 'digest'" },
    { "delay", "'delay=': delay takes whole microseconds from 0" },
    { "delay=", "'delay=': delay takes whole microseconds" },
    { "delay=-1", "'delay=-1': delay takes whole microseconds" },
    { "delay=1.5", "'delay=1.5': delay takes whole microseconds" },
    { "delay=1us", "'delay=1us': delay takes whole microseconds" },
    { "delay= 1", "'delay= 1': delay takes whole microseconds" },
    { "delay=3600000001", "'delay=3600000001': delay takes whole microseconds" },
    { "delay=99999999999999999999", "delay takes whole microseconds" },
};

START_TEST(what_is_no_kind_of_work_is_refused_with_a_reason)
{
    struct work work;
    char error[256] = "";

    ck_assert(!work_prepare(&work, wrong[_i].specification, error, sizeof(error)));
    ck_assert_msg(strstr(error, wrong[_i].reason) != NULL, "'%s' is not in '%s'",
                  wrong[_i].reason, error);
    ck_assert_ptr_null(strchr(error, '\n'));
}
END_TEST

START_TEST(acks_come_at_the_latest_after_a_quarter_of_the_window)
{
    ck_assert_uint_eq(item_ack_every(1), 1);
    ck_assert_uint_eq(item_ack_every(2), 1);
    ck_assert_uint_eq(item_ack_every(64), 16);
    for (uint32_t window = 1; window < 5000; window++) {
        ck_assert_uint_ge(item_ack_every(window), 1);
        ck_assert_uint_le(4 * item_ack_every(window), window < 4 ? 4 : window);
    }
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { count_adds_up_the_payload, 1 },
        { digest_is_fnv_1a_of_the_payload, 1 },
        { a_digest_of_several_does_not_depend_on_their_order, 1 },
        { delay_holds_an_item_at_least_so_long, 1 },
        { what_is_no_kind_of_work_is_refused_with_a_reason, SUITE_LENGTH(wrong) },
        { acks_come_at_the_latest_after_a_quarter_of_the_window, 1 },
    };

    return suite_run("work", tests, SUITE_LENGTH(tests));
}
