/* SPDX-License-Identifier: MIT */
/*
 * check_latency.c - quantiles are right to an eighth over the whole range.
 */
#include "worker/latency.h"

#include "support/suite.h"

START_TEST(buckets_follow_each_other_and_none_is_out_of_bounds)
{
    unsigned last = latency_bucket(0);

    ck_assert_uint_eq(last, 0);
    for (uint64_t ns = 1; ns < LATENCY_STEPS; ns++)
        ck_assert_uint_eq(latency_bucket(ns), ++last);
    for (unsigned bit = 3; bit < 64; bit++)
        for (uint64_t step = 0; step < LATENCY_STEPS; step++) {
            uint64_t first = (1ULL << bit) + (step << (bit - 3));

            ck_assert_uint_eq(latency_bucket(first - 1), last);
            ck_assert_uint_eq(latency_bucket(first), ++last);
        }
    ck_assert_uint_eq(latency_bucket(UINT64_MAX), LATENCY_BUCKETS - 1);
}
END_TEST

START_TEST(a_quantile_is_at_least_the_value_and_at_most_an_eighth_more)
{
    for (uint64_t ns = 1; ns < 1ULL << 60; ns = ns * 3 + 1) {
        struct latency latency = { 0 };

        latency_add(&latency, ns);
        latency_add(&latency, ns * 8);
        ck_assert_uint_ge(latency_quantile(&latency, 0.5), ns);
        ck_assert_uint_le(latency_quantile(&latency, 0.5), ns + ns / 8);
        ck_assert_uint_eq(latency_quantile(&latency, 1.0), ns * 8);
    }
}
END_TEST

START_TEST(quantiles_split_many_values_where_they_should)
{
    struct latency latency = { 0 };

    for (uint64_t ns = 1; ns <= 100000; ns++)
        latency_add(&latency, ns);
    ck_assert_uint_ge(latency_quantile(&latency, 0.5), 50000);
    ck_assert_uint_le(latency_quantile(&latency, 0.5), 50000 * 9 / 8);
    ck_assert_uint_ge(latency_quantile(&latency, 0.99), 99000);
    ck_assert_uint_le(latency_quantile(&latency, 0.99), 100000);
}
END_TEST

START_TEST(merging_is_like_having_seen_all)
{
    struct latency one = { 0 }, two = { 0 }, all = { 0 };

    for (uint64_t ns = 1; ns < 5000; ns += 7) {
        latency_add(ns % 2 == 0 ? &one : &two, ns);
        latency_add(&all, ns);
    }
    latency_merge(&one, &two);
    ck_assert_mem_eq(&one, &all, sizeof(all));
}
END_TEST

START_TEST(nothing_seen_took_no_time)
{
    struct latency latency = { 0 };

    ck_assert_uint_eq(latency_quantile(&latency, 0.5), 0);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { buckets_follow_each_other_and_none_is_out_of_bounds, 1 },
        { a_quantile_is_at_least_the_value_and_at_most_an_eighth_more, 1 },
        { quantiles_split_many_values_where_they_should, 1 },
        { merging_is_like_having_seen_all, 1 },
        { nothing_seen_took_no_time, 1 },
    };

    return suite_run("latency", tests, SUITE_LENGTH(tests));
}
