/* SPDX-License-Identifier: MIT */
/*
 * check_worker.c - what a worker can do: change items, give some back and keep others, stop
 * asking, leave with items; and what it is refused. All in one thread, step by step.
 *
 * Tests that hold for both modes run twice, with _i as the mode.
 */
#include <stdlib.h>
#include <string.h>

#include "support/expect.h"
#include "support/suite.h"
#include "support/topology.h"
#include "unit/distributor/team.h"

/* --- Bytes ------------------------------------------------------------------------------- */

/* One item of that many bytes, all `value`, to the only worker, which has it in work then. */
static struct distributor_item *give(struct team *team, unsigned char *bytes, uint32_t size,
                                     unsigned char value, uint16_t flags)
{
    struct distributor_item item = { .bytes = bytes, .size = size, .tag = 1, .flags = flags };

    memset(bytes, value, size);
    expect(MCAPI_SUCCESS,
           ck_assert_uint_eq(distributor_process(team->distributor, &item, 1, &status), 1));
    expect(MCAPI_SUCCESS,
           team->counts[0] = distributor_poll(team->workers[0], team->in_work[0], &status));
    ck_assert_uint_eq(team->counts[0], 1);
    ck_assert_uint_eq(team->in_work[0][0].size, size);
    for (uint32_t i = 0; i < size; i++)
        ck_assert_uint_eq(((unsigned char *)team->in_work[0][0].bytes)[i], value);
    return team->in_work[0];
}

static struct distributor_item collect(struct team *team)
{
    struct distributor_item item;

    expect(MCAPI_SUCCESS,
           ck_assert_uint_eq(distributor_returned(team->distributor, &item, 1, &status), 1));
    return item;
}

static void expect_bytes(const struct distributor_item *item, uint32_t size,
                         unsigned char value)
{
    ck_assert_uint_eq(item->size, size);
    for (uint32_t i = 0; i < size; i++)
        ck_assert_uint_eq(((unsigned char *)item->bytes)[i], value);
}

static const uint32_t sizes[] = { 0, 1, 15, 16, 63, 64, 65, 112, 113, 1000, 2047, 2048 };

START_TEST(bytes_of_every_size_go_out_and_come_back_changed)
{
    struct team team = team_open(_i, 1, NULL);
    unsigned char bytes[2048], other[2048];

    for (size_t i = 0; i < SUITE_LENGTH(sizes); i++)
        for (size_t k = 0; k < SUITE_LENGTH(sizes); k++) {
            struct distributor_item *item = give(&team, bytes, sizes[i], 7, 0), back;

            memset(other, 9, sizeof(other));
            item->bytes = other;
            item->size = sizes[k];
            item->flags |= DISTRIBUTOR_CHANGED;
            team_finish(&team, 0);
            memset(other, 0, sizeof(other)); /* they were copied */
            back = collect(&team);
            expect_bytes(&back, sizes[k], 9);
            ck_assert_uint_eq(back.flags, DISTRIBUTOR_CHANGED);
            /* The caller may write to them, too. */
            memset(back.bytes, 1, back.size);
        }
    team_close(&team);
}
END_TEST

START_TEST(bytes_can_be_changed_in_place)
{
    struct team team = team_open(_i, 1, NULL);
    unsigned char bytes[100];

    for (uint32_t size = 1; size <= 100; size += 33)
        for (uint32_t less = 0; less < 2; less++) {
            struct distributor_item *item = give(&team, bytes, size, 7, 0), back;

            memset(item->bytes, 8, size);
            item->size = size - less;
            item->flags |= DISTRIBUTOR_CHANGED;
            team_finish(&team, 0);
            back = collect(&team);
            expect_bytes(&back, size - less, 8);
        }
    team_close(&team);
}
END_TEST

START_TEST(what_is_not_said_to_be_changed_comes_back_as_it_went)
{
    struct team team = team_open(_i, 1, NULL);
    unsigned char bytes[64];
    struct distributor_item *item = give(&team, bytes, 64, 7, 0), back;

    memset(item->bytes, 8, 64);
    team_finish(&team, 0);
    back = collect(&team);
    expect_bytes(&back, 64, 7);
    ck_assert_uint_eq(back.flags, 0);
    team_close(&team);
}
END_TEST

START_TEST(bytes_that_the_caller_keeps_stay_where_they_are)
{
    struct team team = team_open(_i, 1, NULL);
    unsigned char bytes[64];
    struct distributor_item *item, back;

    give(&team, bytes, 64, 7, DISTRIBUTOR_KEPT);
    team_finish(&team, 0);
    back = collect(&team);
    ck_assert_ptr_eq(back.bytes, bytes);
    ck_assert_uint_eq(back.flags, DISTRIBUTOR_KEPT);
    item = give(&team, bytes, 64, 7, DISTRIBUTOR_KEPT);
    memset(item->bytes, 8, 64);
    item->flags |= DISTRIBUTOR_CHANGED;
    team_finish(&team, 0);
    back = collect(&team);
    ck_assert_ptr_ne(back.bytes, bytes);
    ck_assert_uint_eq(bytes[0], 7);
    expect_bytes(&back, 64, 8);
    ck_assert_uint_eq(back.flags, DISTRIBUTOR_KEPT | DISTRIBUTOR_CHANGED);
    team_close(&team);
}
END_TEST

/* More than one answer can carry. */
START_TEST(many_changes_come_back_each_to_its_item)
{
    enum { ITEMS = 200, SIZE = 700 };
    struct team team = team_open(_i, 1, NULL);
    static unsigned char bytes[ITEMS][SIZE], other[DISTRIBUTOR_BURST_MAX][SIZE];
    static struct distributor_item items[ITEMS];
    uint32_t done = 0;
    size_t count;

    for (uint32_t i = 0; i < ITEMS; i++) {
        memset(bytes[i], (int)i, SIZE);
        items[i] = (struct distributor_item){
            .bytes = bytes[i], .size = SIZE, .tag = i, .cookie = i
        };
    }
    ck_assert_uint_eq(distributor_process(team.distributor, items, ITEMS, NULL), ITEMS);
    while (done < ITEMS) {
        expect(MCAPI_SUCCESS,
               count = distributor_poll(team.workers[0], team.in_work[0], &status));
        team.counts[0] = count;
        for (size_t i = 0; i < count; i++) {
            struct distributor_item *item = &team.in_work[0][i];

            if (item->tag % 3 == 0) /* two of three are changed */
                continue;
            memset(other[i], (int)(item->tag + 100), SIZE);
            *item = (struct distributor_item){ .bytes = other[i],
                                               .size = SIZE - item->tag,
                                               .flags = DISTRIBUTOR_CHANGED };
        }
        done += (uint32_t)count;
        team_finish(&team, 0);
    }
    for (uint32_t i = 0; i < ITEMS; i++) {
        struct distributor_item back = collect(&team);

        ck_assert_uint_eq(back.cookie, i);
        expect_bytes(&back, i % 3 == 0 ? SIZE : SIZE - i,
                     (unsigned char)(i % 3 == 0 ? i : i + 100));
    }
    team_close(&team);
}
END_TEST

START_TEST(a_change_that_is_too_large_is_refused)
{
    const struct distributor_settings settings = { .max_size = 100 };
    struct team team = team_open(_i, 1, &settings);
    unsigned char bytes[64], other[200] = { 0 };
    struct distributor_item *item = give(&team, bytes, 64, 7, 0), came = *item, back;

    item->flags |= DISTRIBUTOR_CHANGED;
    item->size = 65; /* in place */
    expect(MCAPI_ERR_PKT_LIMIT, distributor_request(team.workers[0], item, 1, &status));
    item->bytes = other;
    item->size = 101;
    expect(MCAPI_ERR_PKT_LIMIT, distributor_return(team.workers[0], item, 1, &status));
    item->bytes = NULL;
    item->size = 1;
    expect(MCAPI_ERR_PKT_LIMIT, distributor_leave(team.workers[0], item, 1, &status));
    ck_assert_uint_eq(team_out(&team, 0), 1); /* it is still in work */
    *item = came;
    team_finish(&team, 0);
    back = collect(&team);
    expect_bytes(&back, 64, 7);
    team_close(&team);
}
END_TEST

/* --- Some of those in work --------------------------------------------------------------- */

START_TEST(a_worker_may_give_back_the_oldest_and_go_on_with_the_rest)
{
    struct team team = team_open(DISTRIBUTOR_BURST, 1, NULL);
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    size_t count;

    for (uint32_t i = 1; i <= 16; i++)
        ck_assert(team_put(&team, i, i));
    expect(MCAPI_SUCCESS, count = distributor_get(team.workers[0], items, 0, 0, &status));
    ck_assert_uint_eq(count, 8);
    /* All in work that can be: no more can be taken. */
    expect(MCAPI_ERR_PARAMETER, distributor_get(team.workers[0], items, 0, 0, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_poll(team.workers[0], items, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_get(team.workers[0], items, 9, 0, &status));
    expect(MCAPI_SUCCESS, count = distributor_get(team.workers[0], items, 3, 0, &status));
    ck_assert_uint_eq(count, 3); /* behind the five that are left */
    ck_assert_uint_eq(items[0].tag, 9);
    expect(MCAPI_SUCCESS, count = distributor_get(team.workers[0], items, 8, 0, &status));
    ck_assert_uint_eq(count, 5);
    ck_assert_uint_eq(items[4].tag, 16);
    expect(MCAPI_TIMEOUT, distributor_get(team.workers[0], items, 5, 0, &status));
    team_expect_returns(&team, 1, 16);
    team_close(&team);
}
END_TEST

START_TEST(who_returns_without_asking_is_given_nothing_more)
{
    struct team team = team_open(_i, 1, NULL);
    uint32_t in_work, other;

    team_put_some(&team, 1, 1, 30);
    ck_assert_uint_eq(team_take(&team, 0), 1);
    in_work = (uint32_t)team.counts[0];
    expect(MCAPI_SUCCESS,
           distributor_return(team.workers[0], team.in_work[0], in_work, &status));
    team.counts[0] = 0;
    team_look(&team);
    ck_assert_uint_eq(team_out(&team, 0), 0);
    ck_assert_uint_eq(team_stats(&team).waiting, 30 - in_work);
    ck_assert_uint_eq(team_take(&team, 0), TEAM_NOTHING);
    other = team_join(&team);
    ck_assert_uint_eq(team_work(&team, other), 30 - in_work);
    team_expect_returns(&team, 1, 30);
    /* It asks again. */
    team_leave(&team, other);
    team_finish(&team, 0);
    team_put_some(&team, 1, 31, 30);
    ck_assert_uint_eq(team_work(&team, 0), 30);
    team_expect_returns(&team, 31, 30);
    team_close(&team);
}
END_TEST

START_TEST(what_a_worker_keeps_in_work_is_not_given_to_others_nor_is_its_tag)
{
    struct team team = team_open(DISTRIBUTOR_BURST, 1, NULL);
    uint32_t other;

    for (uint32_t i = 1; i <= 8; i++)
        ck_assert(team_put(&team, i, i)); /* one packet each */
    team_put_some(&team, 8, 9, 4);
    ck_assert_uint_eq(team_take(&team, 0), 1);
    ck_assert_uint_eq(team.counts[0], 8);
    /* Five are given back: 6, 7 and 8 stay, and four more of tag 8 go back unworked. */
    expect(MCAPI_SUCCESS, distributor_return(team.workers[0], team.in_work[0], 5, &status));
    other = team_join(&team);
    ck_assert_uint_eq(team_out(&team, 0), 3);
    ck_assert_uint_eq(team_work(&team, other), 0);
    ck_assert(team_put(&team, 5, 20)); /* its tag is nobody's */
    ck_assert_uint_eq(team_work(&team, other), 1);
    expect(MCAPI_SUCCESS, distributor_return(team.workers[0], team.in_work[0] + 5, 2, &status));
    team_look(&team);
    ck_assert_uint_eq(team_work(&team, other), 0); /* 8 is still in work over there */
    expect(MCAPI_SUCCESS, distributor_return(team.workers[0], team.in_work[0] + 7, 1, &status));
    team.counts[0] = 0;
    team_look(&team);
    ck_assert_uint_eq(team_work(&team, other), 4);
    team_close(&team);
}
END_TEST

/* Packets that are on their way when the worker stops asking are thrown away; however often. */
START_TEST(asking_again_and_again_neither_loses_nor_repeats_items)
{
    struct team team = team_open(_i, 1, NULL);
    uint64_t cookie = 0;

    for (uint32_t round = 0; round < 50; round++) {
        for (uint32_t i = 0; i < 20; i++)
            ck_assert(team_put(&team, 3, ++cookie));
        if (round % 3 != 0)
            team_take(&team, 0);
        expect(MCAPI_SUCCESS,
               distributor_return(team.workers[0], team.in_work[0], team.counts[0], &status));
        team.counts[0] = 0;
        if (round % 2 == 0)
            team_look(&team);
        team_finish(&team, 0);
        if (round % 5 == 0)
            team_work_all(&team);
    }
    team_work_all(&team);
    ck_assert_uint_eq(team_stats(&team).died, 0);
    team_expect_returns(&team, 1, (uint32_t)cookie);
    team_close(&team);
}
END_TEST

/* --- Leaving ------------------------------------------------------------------------------ */

START_TEST(others_finish_what_a_worker_leaves_behind)
{
    struct team team = team_open(_i, 1, NULL);
    uint32_t other, in_work;

    team_put_some(&team, 4, 1, 40);
    ck_assert_uint_eq(team_take(&team, 0), 1);
    in_work = (uint32_t)team.counts[0];
    other = team_join(&team);
    ck_assert_uint_eq(team_work(&team, other), 0);
    /* It has finished half of what it has in work, rounded up. */
    expect(MCAPI_SUCCESS,
           distributor_leave(team.workers[0], team.in_work[0], (in_work + 1) / 2, &status));
    team.workers[0] = NULL;
    team_look(&team);
    ck_assert_uint_eq(team_work(&team, other), 40 - (in_work + 1) / 2);
    team_expect_returns(&team, 1, 40);
    ck_assert_uint_eq(team_stats(&team).left, 1);
    ck_assert_uint_eq(team_stats(&team).died, 0);
    team_close(&team);
}
END_TEST

START_TEST(only_what_was_in_work_is_marked_as_perhaps_worked_on)
{
    struct team team = team_open(_i, 1, NULL);
    struct distributor_item item;
    uint32_t other, in_work, marked = 0;

    team_put_some(&team, 4, 1, 20);
    team_take(&team, 0);
    in_work = (uint32_t)team.counts[0];
    expect(MCAPI_SUCCESS, distributor_leave(team.workers[0], NULL, 0, &status));
    team.workers[0] = NULL;
    other = team_join(&team);
    team_take(&team, other);
    ck_assert_uint_eq(team.in_work[other][0].flags, DISTRIBUTOR_AGAIN);
    team_finish(&team, other);
    team_work_all(&team);
    while (distributor_returned(team.distributor, &item, 1, NULL) == 1)
        marked += item.flags == DISTRIBUTOR_AGAIN;
    ck_assert_uint_eq(marked, in_work);
    team_close(&team);
}
END_TEST

START_TEST(a_worker_may_leave_before_it_was_let_in)
{
    struct team team = team_open_empty(_i, NULL);
    struct distributor_worker *worker;

    expect(MCAPI_SUCCESS, worker = distributor_join(0, 1, TEAM_PORT, 0, &status));
    expect(MCAPI_SUCCESS, distributor_request(worker, NULL, 0, &status));
    expect(MCAPI_SUCCESS, distributor_leave(worker, NULL, 0, &status));
    team_look(&team);
    ck_assert_uint_eq(team_stats(&team).workers, 0);
    team_join(&team);
    ck_assert_uint_eq(team_stats(&team).workers, 1);
    team_close(&team);
}
END_TEST

START_TEST(the_end_of_the_distributor_is_told_when_all_that_came_is_taken)
{
    struct team team = team_open(_i, 1, NULL);
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    size_t count;

    ck_assert(team_put(&team, 1, 1));
    expect(MCAPI_SUCCESS, distributor_destroy(team.distributor, &status));
    expect(MCAPI_SUCCESS,
           count = distributor_get(team.workers[0], items, 0, MCAPI_TIMEOUT_INFINITE, &status));
    ck_assert_uint_eq(count, 1);
    expect(MCAPI_ERR_CHAN_INVALID,
           distributor_get(team.workers[0], items, 1, MCAPI_TIMEOUT_INFINITE, &status));
    expect(MCAPI_ERR_CHAN_INVALID, distributor_request(team.workers[0], NULL, 0, &status));
    expect(MCAPI_ERR_CHAN_INVALID, distributor_poll(team.workers[0], items, &status));
    expect(MCAPI_ERR_CHAN_INVALID, distributor_leave(team.workers[0], NULL, 0, &status));
}
END_TEST

int main(void)
{
    enum { MODES = 2 };
    const struct suite_test tests[] = {
        { bytes_of_every_size_go_out_and_come_back_changed, MODES },
        { bytes_can_be_changed_in_place, MODES },
        { what_is_not_said_to_be_changed_comes_back_as_it_went, MODES },
        { bytes_that_the_caller_keeps_stay_where_they_are, MODES },
        { many_changes_come_back_each_to_its_item, MODES },
        { a_change_that_is_too_large_is_refused, MODES },
        { a_worker_may_give_back_the_oldest_and_go_on_with_the_rest, 1 },
        { who_returns_without_asking_is_given_nothing_more, MODES },
        { what_a_worker_keeps_in_work_is_not_given_to_others_nor_is_its_tag, 1 },
        { asking_again_and_again_neither_loses_nor_repeats_items, MODES },
        { others_finish_what_a_worker_leaves_behind, MODES },
        { only_what_was_in_work_is_marked_as_perhaps_worked_on, MODES },
        { a_worker_may_leave_before_it_was_let_in, MODES },
        { the_end_of_the_distributor_is_told_when_all_that_came_is_taken, MODES },
    };

    return suite_run_between("distributor/worker", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
