/* SPDX-License-Identifier: MIT */
/*
 * check_distributor.c - who gets which item, in what order items come back, and how many there
 * can be: with the distributor and its workers in one thread, step by step.
 *
 * Tests that hold for both modes run twice, with _i as the mode.
 */
#include <string.h>
#include <time.h>

#include "support/expect.h"
#include "support/suite.h"
#include "support/topology.h"
#include "unit/distributor/crew.h"

/* --- Tags and workers --------------------------------------------------------------------- */

START_TEST(all_items_of_one_tag_go_to_one_worker)
{
    struct crew crew = crew_open(_i, 3, NULL);
    uint32_t with_items = 0;

    crew_put_some(&crew, 7, 1, 20);
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t done = crew_work(&crew, i);

        ck_assert(done == 0 || done == 20);
        with_items += done > 0;
    }
    ck_assert_uint_eq(with_items, 1);
    crew_expect_returns(&crew, 1, 20);
    crew_close(&crew);
}
END_TEST

START_TEST(two_tags_are_in_work_at_two_workers_at_once)
{
    struct crew crew = crew_open(_i, 2, NULL);
    uint64_t first, second;

    ck_assert(crew_put(&crew, 1, 11));
    ck_assert(crew_put(&crew, 2, 22));
    first = crew_take(&crew, 0);
    second = crew_take(&crew, 1);
    ck_assert_uint_ne(first, CREW_NOTHING);
    ck_assert_uint_ne(second, CREW_NOTHING);
    ck_assert_uint_ne(first, second);
    crew_close(&crew);
}
END_TEST

START_TEST(an_item_whose_tag_is_out_waits_for_that_worker)
{
    const struct distributor_settings settings = { .window = 2 };
    struct crew crew = crew_open(_i, 2, &settings);

    crew_put_some(&crew, 5, 1, 6);
    ck_assert_uint_eq(crew_out(&crew, 0) + crew_out(&crew, 1), 2);
    ck_assert_uint_eq(crew_stats(&crew).waiting, 4);
    ck_assert(crew_put(&crew, 6, 7)); /* another tag does not wait for it */
    ck_assert_uint_eq(crew_out(&crew, 0) + crew_out(&crew, 1), 3);
    crew_work_all(&crew);
    ck_assert_uint_eq(crew_stats(&crew).returned, 7);
    crew_close(&crew);
}
END_TEST

START_TEST(a_tag_that_is_not_out_any_more_goes_to_who_has_most_room)
{
    struct crew crew = crew_open(_i, 2, NULL);
    uint32_t first, other;

    ck_assert(crew_put(&crew, 5, 1));
    first = crew_out(&crew, 0) == 1 ? 0 : 1;
    other = 1 - first;
    ck_assert_uint_eq(crew_work(&crew, first), 1);
    ck_assert(crew_put(&crew, 6, 2)); /* goes to one of them... */
    ck_assert(crew_put(&crew, 5, 3)); /* ...and 5 to the other, whoever had it before */
    ck_assert_uint_eq(crew_out(&crew, first), 1);
    ck_assert_uint_eq(crew_out(&crew, other), 1);
    crew_close(&crew);
}
END_TEST

START_TEST(many_tags_are_spread_evenly)
{
    struct crew crew = crew_open(_i, 4, NULL);
    struct distributor_item items[400];
    unsigned char bytes[400][CREW_BYTES];

    for (uint32_t i = 0; i < 400; i++) {
        uint32_t tag = i * 2654435761u;

        crew_fill(bytes[i], tag, i + 1);
        items[i] = (struct distributor_item){
            .bytes = bytes[i], .size = CREW_BYTES, .tag = tag, .cookie = i + 1
        };
    }
    ck_assert_uint_eq(distributor_process(crew.distributor, items, 400, NULL), 400);
    for (uint32_t i = 0; i < 4; i++)
        ck_assert_uint_eq(crew_out(&crew, i), 100);
    crew_work_all(&crew);
    crew_close(&crew);
}
END_TEST

START_TEST(a_worker_has_one_item_in_work_or_a_burst)
{
    struct crew crew = crew_open(_i, 1, NULL);

    crew_put_some(&crew, 1, 1, 20);
    ck_assert_uint_eq(crew_take(&crew, 0), 1);
    ck_assert_uint_eq(crew.counts[0],
                      _i == DISTRIBUTOR_SINGLE ? 1 : (size_t)DISTRIBUTOR_BURST_MAX);
    crew_close(&crew);
}
END_TEST

START_TEST(no_more_than_the_window_is_out_at_one_worker)
{
    static const uint32_t windows[] = { 1, 2, 31, 100, 1024 };

    for (size_t i = 0; i < SUITE_LENGTH(windows); i++) {
        struct distributor_settings settings = { .window = windows[i], .capacity = 3000 };
        struct crew crew = crew_open(_i, 1, &settings);

        for (uint32_t n = 1; n <= 3000; n += 100) {
            struct distributor_item items[100];
            unsigned char bytes[100][CREW_BYTES];

            for (uint32_t k = 0; k < 100; k++) {
                crew_fill(bytes[k], n + k, n + k);
                items[k] = (struct distributor_item){
                    .bytes = bytes[k], .size = CREW_BYTES, .tag = n + k, .cookie = n + k
                };
            }
            expect(MCAPI_SUCCESS,
                   ck_assert_uint_eq(distributor_process(crew.distributor, items, 100, &status),
                                     100));
            ck_assert_uint_le(crew_out(&crew, 0), windows[i]);
        }
        /* As many as the packets of the channel carry. */
        ck_assert_uint_ge(crew_out(&crew, 0), windows[i] < 400 ? windows[i] : 400);
        crew_work_all(&crew);
        crew_expect_returns(&crew, 1, 3000);
        crew_close(&crew);
    }
}
END_TEST

/* --- Slow workers ------------------------------------------------------------------------ */

static void let_pass_ms(long ms)
{
    struct timespec left = { .tv_nsec = ms * 1000000 };

    while (nanosleep(&left, &left) != 0)
        continue;
}

/* Items of so many tags from `first` on, in one call; how many were taken. */
static size_t put_together(struct crew *crew, uint32_t first, uint32_t count)
{
    struct distributor_item items[16] = { 0 };
    unsigned char bytes[16][CREW_BYTES];
    size_t taken;

    for (uint32_t i = 0; i < count; i++) {
        crew_fill(bytes[i], first + i, first + i);
        items[i] = (struct distributor_item){
            .bytes = bytes[i], .size = CREW_BYTES, .tag = first + i, .cookie = first + i
        };
    }
    expect(MCAPI_SUCCESS,
           taken = distributor_process(crew->distributor, items, count, &status));
    return taken;
}

START_TEST(a_slow_worker_is_given_nothing_more_until_it_finishes_something)
{
    const struct distributor_settings settings = { .slow_us = 1000 };
    struct crew crew = crew_open(_i, 2, &settings);
    uint32_t slow, other;

    ck_assert(crew_put(&crew, 1, 1));
    slow = crew_out(&crew, 0) == 1 ? 0 : 1;
    other = 1 - slow;
    ck_assert_uint_eq(crew_take(&crew, slow), 1);
    let_pass_ms(2);
    ck_assert_uint_eq(put_together(&crew, 2, 8), 8);
    ck_assert_uint_eq(crew_out(&crew, slow), 1);
    ck_assert_uint_eq(crew_out(&crew, other), 8);
    ck_assert(crew_put(&crew, 1, 10)); /* in the order of its tag, it waits for that one */
    ck_assert_uint_eq(crew_stats(&crew).waiting, 1);
    ck_assert_uint_eq(crew_work(&crew, other), 8);

    ck_assert_uint_eq(crew_take(&crew, other), CREW_NOTHING);
    ck_assert_uint_eq(put_together(&crew, 11, 1), 1);
    let_pass_ms(2); /* now both are slow: whoever finishes first gets what waits */
    ck_assert_uint_eq(put_together(&crew, 12, 2), 2);
    ck_assert_uint_eq(crew_stats(&crew).waiting, 3);
    crew_finish(&crew, slow);
    crew_look(&crew);
    ck_assert_uint_eq(crew_out(&crew, slow), 3);
    ck_assert_uint_eq(crew_out(&crew, other), 1);
    crew_work_all(&crew);
    ck_assert_uint_eq(crew_stats(&crew).returned, 13);
    crew_close(&crew);
}
END_TEST

START_TEST(without_the_setting_no_worker_is_slow)
{
    struct crew crew = crew_open(_i, 2, NULL);
    uint32_t slow;

    ck_assert(crew_put(&crew, 1, 1));
    slow = crew_out(&crew, 0) == 1 ? 0 : 1;
    ck_assert_uint_eq(crew_take(&crew, slow), 1);
    let_pass_ms(2);
    ck_assert_uint_eq(put_together(&crew, 2, 7), 7);
    ck_assert_uint_eq(crew_out(&crew, slow), 4);
    crew_finish(&crew, slow);
    crew_work_all(&crew);
    crew_close(&crew);
}
END_TEST

START_TEST(items_of_one_tag_come_back_in_order_whatever_happens_to_others)
{
    enum { TAGS = 5, ITEMS = 2000 };
    const struct distributor_settings settings = { .window = 9 };
    struct crew crew = crew_open(_i, 3, &settings);
    uint64_t put[TAGS] = { 0 }, came[TAGS] = { 0 };
    uint32_t random = 1, in = 0, back = 0;

    while (back < ITEMS) {
        struct distributor_item item;

        random = random * 1664525 + 1013904223;
        if (in < ITEMS && random >> 30 != 0) {
            uint32_t tag = (random >> 8) % TAGS;

            if (crew_put(&crew, tag, put[tag] + 1)) {
                put[tag]++;
                in++;
            }
        } else {
            uint32_t worker = (random >> 12) % 3;

            if (crew_take(&crew, worker) != CREW_NOTHING)
                crew_finish(&crew, worker);
        }
        while (distributor_returned(crew.distributor, &item, 1, NULL) == 1) {
            ck_assert_uint_eq(item.cookie, ++came[item.tag]);
            back++;
        }
    }
    crew_close(&crew);
}
END_TEST

/* --- Coming back ------------------------------------------------------------------------- */

START_TEST(big_bursts_come_back_once_each)
{
    enum { BURST = 500, BURSTS = 20 };
    static unsigned char bytes[BURST][CREW_BYTES];
    static struct distributor_item items[BURST];
    static uint8_t came[BURST * BURSTS + 1];
    struct crew crew = crew_open(_i, 4, NULL);
    uint64_t cookie = 0;

    for (uint32_t burst = 0; burst < BURSTS; burst++) {
        size_t done = 0, count;

        for (uint32_t i = 0; i < BURST; i++) {
            cookie++;
            crew_fill(bytes[i], (uint32_t)cookie % 97, cookie);
            items[i] = (struct distributor_item){ .bytes = bytes[i],
                                                  .size = CREW_BYTES,
                                                  .tag = (uint32_t)cookie % 97,
                                                  .cookie = cookie };
        }
        while (done < BURST) {
            expect(MCAPI_SUCCESS, done += distributor_process(crew.distributor, items + done,
                                                              BURST - done, &status));
            crew_work_all(&crew);
            for (uint64_t back; (back = crew_next_return(&crew)) != CREW_NOTHING;)
                ck_assert_uint_eq(came[back]++, 0);
        }
        expect(MCAPI_SUCCESS, count = distributor_flush(crew.distributor, 0, &status));
        ck_assert_uint_eq(count, 0);
    }
    for (uint32_t i = 1; i <= BURST * BURSTS; i++)
        ck_assert_uint_eq(came[i], 1);
    ck_assert_uint_eq(crew_stats(&crew).returned, BURST * BURSTS);
    ck_assert_uint_eq(crew_stats(&crew).handed_over, BURST * BURSTS);
    crew_close(&crew);
}
END_TEST

START_TEST(process_takes_fewer_when_returns_are_not_collected)
{
    const struct distributor_settings settings = { .capacity = 64 };
    struct crew crew = crew_open(_i, 2, &settings);
    uint64_t cookie = 0;

    while (crew_put(&crew, 3, cookie + 1))
        cookie++;
    ck_assert_uint_eq(cookie, 64);
    crew_work_all(&crew); /* all are back, and nothing was collected */
    ck_assert(!crew_put(&crew, 3, 65));
    ck_assert_uint_eq(crew_stats(&crew).uncollected, 64);
    expect(MCAPI_TIMEOUT, distributor_wait(crew.distributor, DISTRIBUTOR_ROOM,
                                           MCAPI_TIMEOUT_IMMEDIATE, &status));
    ck_assert_uint_eq(crew_next_return(&crew), 1);
    ck_assert_uint_eq(crew_next_return(&crew), 2); /* which gives the room of the first */
    ck_assert(crew_put(&crew, 3, 65));
    ck_assert(!crew_put(&crew, 3, 66));
    crew_work_all(&crew);
    crew_expect_returns(&crew, 3, 63);
    crew_close(&crew);
}
END_TEST

START_TEST(what_was_collected_makes_room_with_the_next_wait)
{
    const struct distributor_settings settings = { .capacity = 8 };
    struct crew crew = crew_open(_i, 1, &settings);
    struct distributor_item items[8];
    uint32_t what;

    crew_put_some(&crew, 1, 1, 8);
    crew_work_all(&crew);
    ck_assert_uint_eq(distributor_returned(crew.distributor, items, 8, NULL), 8);
    ck_assert(!crew_put(&crew, 1, 9)); /* their bytes are still the caller's */
    for (uint32_t i = 0; i < 8; i++)
        ck_assert(crew_is(items[i].bytes, items[i].size, 1, i + 1));
    expect(MCAPI_SUCCESS, what = distributor_wait(crew.distributor, DISTRIBUTOR_ROOM,
                                                  MCAPI_TIMEOUT_INFINITE, &status));
    ck_assert_uint_eq(what, DISTRIBUTOR_ROOM);
    ck_assert(crew_put(&crew, 1, 9));
    crew_close(&crew);
}
END_TEST

START_TEST(returns_can_be_cleared)
{
    const struct distributor_settings settings = { .capacity = 16 };
    struct crew crew = crew_open(_i, 1, &settings);

    crew_put_some(&crew, 1, 1, 10);
    crew_work_all(&crew);
    expect(MCAPI_SUCCESS,
           ck_assert_uint_eq(distributor_clear_returns(crew.distributor, &status), 10));
    ck_assert_uint_eq(crew_next_return(&crew), CREW_NOTHING);
    ck_assert_uint_eq(crew_stats(&crew).cleared, 10);
    crew_put_some(&crew, 1, 11, 16);
    crew_work_all(&crew);
    crew_expect_returns(&crew, 11, 16);
    crew_close(&crew);
}
END_TEST

START_TEST(items_say_which_worker_had_them)
{
    struct crew crew = crew_open(_i, 3, NULL);
    uint32_t had[3] = { 0 };
    struct distributor_item item;

    for (uint32_t tag = 0; tag < 30; tag++)
        ck_assert(crew_put(&crew, tag, tag + 1));
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_ne(crew_take(&crew, i), CREW_NOTHING);
        ck_assert_uint_eq(crew.in_work[i][0].worker, i);
        crew_finish(&crew, i);
    }
    crew_work_all(&crew);
    while (distributor_returned(crew.distributor, &item, 1, NULL) == 1) {
        ck_assert_uint_lt(item.worker, 3);
        had[item.worker]++;
    }
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_uint_eq(had[i], 10);
    crew_close(&crew);
}
END_TEST

/* --- Waiting for workers ----------------------------------------------------------------- */

START_TEST(items_wait_for_the_first_worker)
{
    struct crew crew = crew_open_empty(_i, NULL);

    crew_put_some(&crew, 1, 1, 50);
    ck_assert_uint_eq(crew_stats(&crew).waiting, 50);
    expect(MCAPI_TIMEOUT, distributor_flush(crew.distributor, 5, &status));
    crew_join(&crew);
    crew_work_all(&crew);
    crew_expect_returns(&crew, 1, 50);
    crew_close(&crew);
}
END_TEST

START_TEST(a_worker_that_has_not_asked_is_given_nothing)
{
    struct crew crew = crew_open_empty(_i, NULL);
    uint32_t shy = crew_join_only(&crew), other;

    crew_put_some(&crew, 1, 1, 5);
    ck_assert_uint_eq(crew_take(&crew, shy), CREW_NOTHING);
    ck_assert_uint_eq(crew_stats(&crew).workers, 1);
    ck_assert_uint_eq(crew_stats(&crew).asking, 0);
    other = crew_join(&crew);
    ck_assert_uint_eq(crew_work(&crew, other), 5);
    ck_assert_uint_eq(crew_take(&crew, shy), CREW_NOTHING);
    crew_close(&crew);
}
END_TEST

START_TEST(more_workers_than_places_wait_for_a_place)
{
    struct distributor *distributor;
    struct distributor_worker *first, *second;
    struct distributor_stats stats;

    expect(MCAPI_SUCCESS, distributor = distributor_create(5, 1, _i, NULL, &status));
    expect(MCAPI_SUCCESS, first = distributor_join(0, 1, 5, 0, &status));
    expect(MCAPI_SUCCESS, second = distributor_join(0, 1, 5, 0, &status));
    distributor_flush(distributor, 0, NULL);
    distributor_stats(distributor, &stats, NULL);
    ck_assert_uint_eq(stats.workers, 1);
    expect(MCAPI_SUCCESS, distributor_leave(first, NULL, 0, &status));
    distributor_flush(distributor, 0, NULL);
    distributor_flush(distributor, 0, NULL);
    distributor_stats(distributor, &stats, NULL);
    ck_assert_uint_eq(stats.workers, 1);
    ck_assert_uint_eq(stats.joined, 2);
    expect(MCAPI_SUCCESS, distributor_leave(second, NULL, 0, &status));
    expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
}
END_TEST

int main(void)
{
    enum { MODES = 2 };
    const struct suite_test tests[] = {
        { all_items_of_one_tag_go_to_one_worker, MODES },
        { two_tags_are_in_work_at_two_workers_at_once, MODES },
        { an_item_whose_tag_is_out_waits_for_that_worker, MODES },
        { a_tag_that_is_not_out_any_more_goes_to_who_has_most_room, MODES },
        { many_tags_are_spread_evenly, MODES },
        { a_worker_has_one_item_in_work_or_a_burst, MODES },
        { no_more_than_the_window_is_out_at_one_worker, MODES },
        { a_slow_worker_is_given_nothing_more_until_it_finishes_something, MODES },
        { without_the_setting_no_worker_is_slow, MODES },
        { items_of_one_tag_come_back_in_order_whatever_happens_to_others, MODES },
        { big_bursts_come_back_once_each, MODES },
        { process_takes_fewer_when_returns_are_not_collected, MODES },
        { what_was_collected_makes_room_with_the_next_wait, MODES },
        { returns_can_be_cleared, MODES },
        { items_say_which_worker_had_them, MODES },
        { items_wait_for_the_first_worker, MODES },
        { a_worker_that_has_not_asked_is_given_nothing, MODES },
        { more_workers_than_places_wait_for_a_place, MODES },
    };

    return suite_run_between("distributor/distributor", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
