/* SPDX-License-Identifier: MIT */
/*
 * check_text.c - numbers as people read them, also the largest ones.
 */
#include "load_balancer/stats/text.h"

#include "support/suite.h"

START_TEST(counts_have_a_comma_every_three_digits)
{
    char text[TEXT_SIZE];

    ck_assert_str_eq(text_count(text, 0), "0");
    ck_assert_str_eq(text_count(text, 999), "999");
    ck_assert_str_eq(text_count(text, 1000), "1,000");
    ck_assert_str_eq(text_count(text, 1234567), "1,234,567");
    ck_assert_str_eq(text_count(text, UINT64_MAX), "18,446,744,073,709,551,615");
}
END_TEST

START_TEST(short_numbers_have_three_digits_and_the_right_unit)
{
    char text[TEXT_SIZE];

    ck_assert_str_eq(text_short(text, 0), "0 ");
    ck_assert_str_eq(text_short(text, 999), "999 ");
    ck_assert_str_eq(text_short(text, 999.9), "1.00 k");
    ck_assert_str_eq(text_short(text, 1234), "1.23 k");
    ck_assert_str_eq(text_short(text, 99949), "99.9 k");
    ck_assert_str_eq(text_short(text, 99951), "100 k");
    ck_assert_str_eq(text_short(text, 999499), "999 k");
    ck_assert_str_eq(text_short(text, 999501), "1.00 M");
    ck_assert_str_eq(text_short(text, 5.5e9), "5.50 G");
    ck_assert_str_eq(text_short(text, 1e19), "10000 P");
}
END_TEST

START_TEST(durations_run_from_nanoseconds_to_seconds)
{
    char text[TEXT_SIZE];

    ck_assert_str_eq(text_duration(text, 0), "0 ns");
    ck_assert_str_eq(text_duration(text, 12e-9), "12 ns");
    ck_assert_str_eq(text_duration(text, 1.234e-6), "1.23 us");
    ck_assert_str_eq(text_duration(text, 45.61e-3), "45.6 ms");
    ck_assert_str_eq(text_duration(text, 7.891), "7.89 s");
    ck_assert_str_eq(text_duration(text, 12345), "12345 s");
}
END_TEST

START_TEST(clocks_show_hours_only_when_there_are_any)
{
    char text[TEXT_SIZE];

    ck_assert_str_eq(text_clock(text, -1), "0:00");
    ck_assert_str_eq(text_clock(text, 7.4), "0:07");
    ck_assert_str_eq(text_clock(text, 59.6), "1:00");
    ck_assert_str_eq(text_clock(text, 754), "12:34");
    ck_assert_str_eq(text_clock(text, 3723), "1:02:03");
    ck_assert_str_eq(text_clock(text, 1e300), "1000000:00:00");
}
END_TEST

START_TEST(shares_are_percents)
{
    char text[TEXT_SIZE];

    ck_assert_str_eq(text_percent(text, 0), "0.0 %");
    ck_assert_str_eq(text_percent(text, 0.0426), "4.3 %");
    ck_assert_str_eq(text_percent(text, 0.0994), "9.9 %");
    ck_assert_str_eq(text_percent(text, 0.0996), "10 %");
    ck_assert_str_eq(text_percent(text, 0.426), "43 %");
    ck_assert_str_eq(text_percent(text, 1), "100 %");
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { counts_have_a_comma_every_three_digits, 1 },
        { short_numbers_have_three_digits_and_the_right_unit, 1 },
        { durations_run_from_nanoseconds_to_seconds, 1 },
        { clocks_show_hours_only_when_there_are_any, 1 },
        { shares_are_percents, 1 },
    };

    return suite_run("text", tests, SUITE_LENGTH(tests));
}
