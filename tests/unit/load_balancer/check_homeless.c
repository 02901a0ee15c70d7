/* SPDX-License-Identifier: MIT */
/*
 * check_homeless.c - homeless items leave in the order of their numbers, whole.
 */
#include "load_balancer/homeless.h"

#include <string.h>

#include "support/suite.h"

static void add(struct homeless *homeless, uint64_t number, uint32_t blame)
{
    struct {
        struct item item;
        uint8_t bytes[40];
    } made = { .item = { .number = number, .captured = sizeof(made.bytes) } };

    memset(made.bytes, (int)number, sizeof(made.bytes));
    ck_assert(homeless_add(homeless, &made.item, blame, number % 2 == 0));
}

START_TEST(the_lowest_number_leaves_first_whoever_came_when)
{
    struct homeless homeless = { .count = 0 };

    for (uint64_t i = 0; i < 1000; i++)
        add(&homeless, i * 7 % 1000, (uint32_t)(i * 7 % 3));
    homeless_sort(&homeless);
    for (uint64_t i = 0; i < 500; i++) {
        const struct homeless_item *first = homeless_first(&homeless);

        ck_assert_uint_eq(first->item->number, i);
        ck_assert_uint_eq(first->given, i % 2 == 0);
        ck_assert_uint_eq(((const uint8_t *)(first->item + 1))[39], i & 0xff);
        homeless_remove_first(&homeless);
    }
    add(&homeless, 3, 0);
    homeless_sort(&homeless);
    ck_assert_uint_eq(homeless_first(&homeless)->item->number, 3);
    homeless_remove_first(&homeless);
    ck_assert_uint_eq(homeless_first(&homeless)->item->number, 500);
    homeless_close(&homeless);
    ck_assert_uint_eq(homeless.count, 0);
}
END_TEST

START_TEST(none_can_be_sorted)
{
    struct homeless homeless = { .count = 0 };

    homeless_sort(&homeless);
    homeless_close(&homeless);
    ck_assert_uint_eq(homeless.count, 0);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { the_lowest_number_leaves_first_whoever_came_when, 1 },
        { none_can_be_sorted, 1 },
    };

    return suite_run("homeless", tests, SUITE_LENGTH(tests));
}
