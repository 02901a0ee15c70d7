/* SPDX-License-Identifier: MIT */
/*
 * check_ack.c - what is out is known exactly, oldest first, and never more than the window.
 */
#include "load_balancer/ack.h"

#include "support/suite.h"

static const uint32_t windows[] = { 1, 2, 3, 64, 100, 4096 };

static void send_items(struct ack_table *table, uint64_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        ack_sent(table, &(struct ack_item){ .number = first + i });
}

START_TEST(a_table_is_full_when_the_window_is_out)
{
    struct ack_table table;

    ck_assert(ack_open(&table, windows[_i]));
    for (uint32_t i = 0; i < windows[_i]; i++) {
        ck_assert(!ack_full(&table));
        send_items(&table, i, 1);
    }
    ck_assert(ack_full(&table));
    ck_assert(ack_done(&table, 1));
    ck_assert(!ack_full(&table));
    ck_assert_uint_eq(ack_out(&table), windows[_i] - 1);
    ack_close(&table);
}
END_TEST

START_TEST(the_oldest_is_the_one_after_those_that_are_done)
{
    struct ack_table table;
    uint64_t next = 0, done = 0;

    ck_assert(ack_open(&table, windows[_i]));
    ck_assert_ptr_null(ack_oldest(&table));
    for (uint32_t round = 0; round < 1000; round++) {
        uint32_t room = windows[_i] - ack_out(&table);
        uint32_t some;

        send_items(&table, next, room);
        next += room;
        some = 1 + round % windows[_i];
        ck_assert(ack_done(&table, some));
        done += some;
        if (ack_out(&table) > 0)
            ck_assert_uint_eq(ack_oldest(&table)->number, done);
        else
            ck_assert_ptr_null(ack_oldest(&table));
    }
    ack_close(&table);
}
END_TEST

START_TEST(more_acks_than_items_are_refused_and_change_nothing)
{
    struct ack_table table;

    ck_assert(ack_open(&table, 8));
    ck_assert(!ack_done(&table, 1));
    send_items(&table, 0, 5);
    ck_assert(!ack_done(&table, 6));
    ck_assert(!ack_done(&table, UINT32_MAX));
    ck_assert_uint_eq(ack_out(&table), 5);
    ck_assert(ack_done(&table, 5));
    ck_assert(ack_done(&table, 0));
    ck_assert_uint_eq(ack_out(&table), 0);
    ack_close(&table);
}
END_TEST

START_TEST(positions_may_wrap)
{
    struct ack_table table;

    ck_assert(ack_open(&table, 16));
    table.sent = table.done = UINT32_MAX - 4;
    send_items(&table, 100, 16);
    ck_assert(ack_full(&table));
    ck_assert_uint_eq(ack_oldest(&table)->number, 100);
    ck_assert(ack_done(&table, 10));
    ck_assert_uint_eq(ack_oldest(&table)->number, 110);
    ck_assert_uint_eq(ack_out(&table), 6);
    ack_close(&table);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_table_is_full_when_the_window_is_out, SUITE_LENGTH(windows) },
        { the_oldest_is_the_one_after_those_that_are_done, SUITE_LENGTH(windows) },
        { more_acks_than_items_are_refused_and_change_nothing, 1 },
        { positions_may_wrap, 1 },
    };

    return suite_run("ack", tests, SUITE_LENGTH(tests));
}
