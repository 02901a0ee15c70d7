/* SPDX-License-Identifier: MIT */
/*
 * check_ack.c - what a worker was given is known exactly: out up to the window, kept until it
 * is reported, sent again in order after a death, and a killer among it is found.
 */
#include "load_balancer/ack.h"

#include <string.h>

#include "support/suite.h"

static const uint32_t windows[] = { 1, 2, 3, 64, 100, 4096 };

/* Adds an item with that number, and a packet whose bytes tell it; all of one size. */
static void add(struct ack_table *table, uint64_t number, uint32_t captured)
{
    struct item *item = ack_add(table, captured);

    ck_assert_ptr_nonnull(item);
    *item = (struct item){ .number = number, .captured = captured, .kind = ITEM_PACKET };
    memset(item + 1, (int)(number & 0xff), captured);
}

/* Sends all that can be sent now; how many. */
static uint32_t send_all(struct ack_table *table)
{
    uint32_t count = 0;

    while (ack_next(table) != NULL) {
        ack_sent(table, 1);
        count++;
    }
    return count;
}

static void give(struct ack_table *table, uint64_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        add(table, first + i, 64);
        ck_assert_uint_eq(send_all(table), 1);
    }
}

static uint64_t number_at(const struct ack_table *table, uint32_t index)
{
    uint32_t blame;

    return ack_item(table, index, &blame)->number;
}

/* --- Without a death ------------------------------------------------------------------- */

START_TEST(there_is_room_until_the_window_is_out)
{
    struct ack_table table;

    ck_assert(ack_open(&table, windows[_i]));
    for (uint32_t i = 0; i < windows[_i]; i++) {
        ck_assert(ack_has_room(&table));
        give(&table, i, 1);
    }
    ck_assert(!ack_has_room(&table));
    ck_assert(ack_done(&table, 1));
    ck_assert(ack_has_room(&table));
    ck_assert_uint_eq(ack_out(&table), windows[_i] - 1);
    ck_assert_uint_eq(ack_kept(&table), windows[_i]);
    ack_close(&table);
}
END_TEST

START_TEST(what_is_done_is_kept_until_it_is_reported)
{
    struct ack_table table;
    uint64_t next = 0;

    ck_assert(ack_open(&table, windows[_i]));
    while (!ack_kept_full(&table)) {
        give(&table, next++, 1);
        ck_assert(ack_done(&table, 1));
    }
    ck_assert_uint_eq(ack_kept(&table), windows[_i] + ITEM_REPORT_EVERY);
    ck_assert(!ack_has_room(&table));
    ck_assert_ptr_null(ack_add(&table, 64));
    for (uint32_t i = 0; i < ack_kept(&table); i += 97)
        ck_assert_uint_eq(number_at(&table, i), i);
    ck_assert(ack_reported(&table, 10));
    ck_assert(ack_has_room(&table));
    ck_assert_uint_eq(number_at(&table, 0), 10);
    ack_close(&table);
}
END_TEST

START_TEST(more_acks_or_reports_than_items_are_refused_and_change_nothing)
{
    struct ack_table table;

    ck_assert(ack_open(&table, 8));
    ck_assert(!ack_done(&table, 1));
    ck_assert(!ack_reported(&table, 1));
    give(&table, 0, 5);
    ck_assert(!ack_done(&table, 6));
    ck_assert(!ack_done(&table, UINT32_MAX));
    ck_assert(!ack_reported(&table, 6));
    ck_assert(!ack_reported(&table, UINT32_MAX));
    ck_assert_uint_eq(ack_out(&table), 5);
    ck_assert(ack_done(&table, 5));
    ck_assert(ack_done(&table, 0));
    ck_assert_uint_eq(ack_out(&table), 0);
    ck_assert_uint_eq(ack_kept(&table), 5);
    ack_close(&table);
}
END_TEST

START_TEST(positions_may_wrap)
{
    struct ack_table table;

    ck_assert(ack_open(&table, 16));
    table.first = table.done = table.sent = table.end = UINT32_MAX - 4;
    ack_catch_up(&table);
    give(&table, 100, 16);
    ck_assert(!ack_has_room(&table));
    ck_assert(ack_done(&table, 10));
    ck_assert(ack_reported(&table, 8));
    ck_assert_uint_eq(number_at(&table, 0), 108);
    ck_assert_uint_eq(ack_out(&table), 6);
    ck_assert_int_eq(ack_begin_again(&table, ACK_BLAME_CRASH), -2);
    ck_assert_uint_eq(ack_unsent(&table), 8);
    ack_close(&table);
}
END_TEST

/* Every packet is whole, whatever sizes come behind each other. */
START_TEST(packets_of_any_size_stay_whole)
{
    static const uint32_t sizes[] = { 0, 1, 64, 1500, 9000, 65535, ITEM_BYTES_MAX };
    struct ack_table table;
    uint32_t seed = 1, first = 0;

    ck_assert(ack_open(&table, 32));
    for (uint32_t i = 0; i < 3000; i++) {
        seed = seed * 1103515245 + 12345;
        add(&table, i, sizes[(seed >> 16) % (i < 1500 ? 4 : SUITE_LENGTH(sizes))]);
        ck_assert_uint_eq(send_all(&table), 1);
        ck_assert(ack_done(&table, 1));
        if (ack_kept(&table) < 40)
            continue;
        for (uint32_t j = 0; j < ack_kept(&table); j++) {
            uint32_t blame;
            const struct item *item = ack_item(&table, j, &blame);
            const uint8_t *bytes = (const uint8_t *)(item + 1);

            ck_assert_uint_eq(item->number, first + j);
            for (uint32_t k = 0; k < item->captured; k += 61)
                ck_assert_uint_eq(bytes[k], (uint8_t)item->number);
            if (item->captured > 0)
                ck_assert_uint_eq(bytes[item->captured - 1], (uint8_t)item->number);
        }
        ck_assert(ack_reported(&table, 25));
        first += 25;
    }
    ack_close(&table);
}
END_TEST

START_TEST(what_is_to_be_sent_is_told_in_order)
{
    const void *items[4];
    size_t sizes[4];
    struct ack_table table;

    ck_assert(ack_open(&table, 64));
    give(&table, 0, 5);
    ck_assert_uint_eq(ack_unsent_items(&table, items, sizes, 4), 0);
    for (uint32_t i = 5; i < 12; i++)
        add(&table, i, i);
    ck_assert_uint_eq(ack_unsent_items(&table, items, sizes, 4), 4);
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(((const struct item *)items[i])->number, 5 + i);
        ck_assert_uint_eq(sizes[i], sizeof(struct item) + 5 + i);
    }
    ck_assert_uint_eq(ack_undone(&table), 12);
    ack_sent(&table, 4);
    ck_assert_uint_eq(ack_out(&table), 9);
    ck_assert_uint_eq(ack_unsent_items(&table, items, sizes, 4), 3);
    ck_assert_ptr_eq(items[0], ack_next(&table));
    ck_assert(ack_done(&table, 9));
    ck_assert(!ack_done(&table, 1)); /* it is not out */
    ck_assert_uint_eq(ack_undone(&table), 3);
    ack_close(&table);
}
END_TEST

/* What was given and not sent before the death is nobody's fault. */
START_TEST(what_was_not_sent_is_no_suspect)
{
    struct ack_table table;
    uint32_t blame;

    ck_assert(ack_open(&table, 64));
    give(&table, 0, 2);
    add(&table, 2, 64);
    ck_assert_int_eq(ack_begin_again(&table, ACK_BLAME_CRASH), 0);
    ck_assert_uint_eq(ack_unsent(&table), 3);
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(ack_item(&table, i, &blame)->number, i);
        ck_assert_uint_eq(blame, i < 2 ? ACK_BLAME_CRASH : 0);
    }
    ack_close(&table);
}
END_TEST

/* --- After a death --------------------------------------------------------------------- */

START_TEST(all_that_is_kept_goes_out_again_in_order_before_anything_new)
{
    struct ack_table table;

    ck_assert(ack_open(&table, 64));
    give(&table, 0, 60);
    ck_assert(ack_done(&table, 20));
    ck_assert(ack_reported(&table, 5));
    ck_assert_int_eq(ack_begin_again(&table, ACK_BLAME_CRASH), -15);
    ck_assert(!ack_has_room(&table));
    for (uint64_t number = 5; number < 60; number++) {
        ck_assert_uint_eq(ack_next(&table)->number, number);
        ck_assert(!ack_has_room(&table));
        ack_sent(&table, 1);
        ck_assert(ack_done(&table, 1));
    }
    ck_assert_ptr_null(ack_next(&table));
    ck_assert(ack_has_room(&table));
    ack_close(&table);
}
END_TEST

START_TEST(what_was_reported_is_done_although_its_ack_did_not_come)
{
    struct ack_table table;

    ck_assert(ack_open(&table, 64));
    give(&table, 0, 30);
    ck_assert(ack_done(&table, 10));
    ck_assert(ack_reported(&table, 16));
    ck_assert_int_eq(ack_begin_again(&table, ACK_BLAME_CRASH), 6);
    ck_assert_uint_eq(ack_next(&table)->number, 16);
    ack_close(&table);
}
END_TEST

/* The worker dies of `killer`, whenever it gets that; how often until it is set aside. */
static unsigned die_of(struct ack_table *table, uint64_t killer, const struct item **aside)
{
    unsigned deaths = 0;

    for (;;) {
        bool alive = true;

        while (alive && ack_next(table) != NULL) {
            uint32_t out;

            send_all(table);
            out = ack_out(table);
            for (uint32_t i = 0; alive && i < out; i++) {
                alive = number_at(table, table->done - table->first + i) != killer;
                if (!alive) /* the acks of those before it came, but for the last few */
                    ck_assert(ack_done(table, i - i % item_ack_every(table->window)));
            }
            if (alive)
                ck_assert(ack_done(table, out));
        }
        if (alive)
            return deaths;
        deaths++;
        ack_begin_again(table, ACK_BLAME_CRASH);
        if (*aside == NULL)
            *aside = ack_take_killer(table);
    }
}

START_TEST(an_item_that_kills_is_found_after_three_deaths_and_no_other)
{
    struct ack_table table;
    const struct item *aside = NULL;

    ck_assert(ack_open(&table, windows[_i]));
    for (uint32_t i = 0; i < windows[_i] + 30; i++)
        add(&table, i, 100);
    ck_assert_uint_eq(die_of(&table, windows[_i] / 2 + 7, &aside),
                      ACK_BLAME_MAX / ACK_BLAME_CRASH);
    ck_assert_ptr_nonnull(aside);
    ck_assert_uint_eq(aside->number, windows[_i] / 2 + 7);
    ck_assert_uint_eq(ack_kept(&table), windows[_i] + 29);
    ck_assert_uint_eq(table.suspects, 0);
    for (uint32_t i = 0; i < ack_kept(&table); i++)
        ck_assert_uint_eq(number_at(&table, i), i < windows[_i] / 2 + 7 ? i : i + 1);
    ack_close(&table);
}
END_TEST

START_TEST(a_suspect_is_out_alone)
{
    struct ack_table table;

    ck_assert(ack_open(&table, 64));
    give(&table, 0, 64);
    ack_begin_again(&table, ACK_BLAME_CRASH);
    ck_assert_uint_eq(table.suspects, item_ack_every(64));
    for (uint32_t i = 0; i < item_ack_every(64); i++) {
        ck_assert_uint_eq(send_all(&table), 1);
        ck_assert(!ack_has_room(&table));
        ck_assert(ack_done(&table, 1));
    }
    ck_assert_uint_eq(table.suspects, 0);
    ck_assert_uint_eq(send_all(&table), 64 - item_ack_every(64));
    ack_close(&table);
}
END_TEST

START_TEST(who_died_with_nothing_out_accuses_nobody)
{
    struct ack_table table;

    ck_assert(ack_open(&table, 64));
    give(&table, 0, 10);
    ck_assert(ack_done(&table, 10));
    for (unsigned i = 0; i < 5; i++) {
        ack_begin_again(&table, ACK_BLAME_CRASH);
        ck_assert_uint_eq(table.suspects, 0);
        ck_assert_ptr_null(ack_take_killer(&table));
        ck_assert_uint_eq(send_all(&table), 10);
        ck_assert(ack_done(&table, 10));
    }
    ack_close(&table);
}
END_TEST

START_TEST(a_kill_from_outside_weighs_less_than_a_crash)
{
    struct ack_table table;

    ck_assert(ack_open(&table, 64));
    give(&table, 7, 1);
    for (unsigned i = 0; i < ACK_BLAME_MAX / ACK_BLAME_KILLED; i++) {
        ck_assert_ptr_null(ack_take_killer(&table));
        send_all(&table);
        ck_assert_uint_eq(ack_out(&table), 1);
        ack_begin_again(&table, ACK_BLAME_KILLED);
    }
    ck_assert_uint_eq(ack_take_killer(&table)->number, 7);
    ck_assert_uint_eq(ack_kept(&table), 0);
    ack_close(&table);
}
END_TEST

START_TEST(a_suspect_that_moves_stays_one)
{
    struct ack_table table;

    ck_assert(ack_open(&table, 64));
    add(&table, 7, 64);
    ack_suspect(&table, 2 * ACK_BLAME_CRASH);
    ck_assert_uint_eq(send_all(&table), 1);
    ack_begin_again(&table, ACK_BLAME_CRASH);
    ck_assert_uint_eq(ack_take_killer(&table)->number, 7);
    ck_assert_uint_eq(ack_kept(&table), 0);
    ck_assert_ptr_null(ack_take_killer(&table));
    ack_close(&table);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { there_is_room_until_the_window_is_out, SUITE_LENGTH(windows) },
        { what_is_done_is_kept_until_it_is_reported, SUITE_LENGTH(windows) },
        { more_acks_or_reports_than_items_are_refused_and_change_nothing, 1 },
        { positions_may_wrap, 1 },
        { packets_of_any_size_stay_whole, 1 },
        { what_is_to_be_sent_is_told_in_order, 1 },
        { what_was_not_sent_is_no_suspect, 1 },
        { all_that_is_kept_goes_out_again_in_order_before_anything_new, 1 },
        { what_was_reported_is_done_although_its_ack_did_not_come, 1 },
        { an_item_that_kills_is_found_after_three_deaths_and_no_other, SUITE_LENGTH(windows) },
        { a_suspect_is_out_alone, 1 },
        { who_died_with_nothing_out_accuses_nobody, 1 },
        { a_kill_from_outside_weighs_less_than_a_crash, 1 },
        { a_suspect_that_moves_stays_one, 1 },
    };

    return suite_run("ack", tests, SUITE_LENGTH(tests));
}
