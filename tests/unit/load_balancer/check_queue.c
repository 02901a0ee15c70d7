/* SPDX-License-Identifier: MIT */
/*
 * check_queue.c - every line keeps its order, whatever the others do, and the queue its limit.
 */
#include "load_balancer/queue.h"

#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

enum { LINES = 3, LIMIT = 50 };

START_TEST(every_line_gives_back_what_it_got_in_order)
{
    struct queue queue;
    struct queue_line lines[LINES] = { 0 };
    uint32_t put[LINES] = { 0 }, taken[LINES] = { 0 };

    srand(1);
    ck_assert(queue_open(&queue, LIMIT));
    for (int step = 0; step < 20000; step++) {
        int line = rand() % LINES;
        uint32_t item[2] = { (uint32_t)line, put[line] };

        if (rand() % 2 == 0 && queue_put(&queue, &lines[line], item, sizeof(item))) {
            put[line]++;
        } else if (lines[line].count > 0) {
            item[1] = taken[line]++;
            ck_assert_mem_eq(queue_first(&queue, &lines[line]), item, sizeof(item));
            queue_remove(&queue, &lines[line]);
        }
        ck_assert_uint_eq(queue.used, lines[0].count + lines[1].count + lines[2].count);
        ck_assert_uint_eq(lines[line].count, put[line] - taken[line]);
    }
    ck_assert_uint_gt(taken[0], 1000);
    queue_close(&queue);
}
END_TEST

START_TEST(a_full_queue_takes_no_more_until_one_is_removed)
{
    struct queue queue;
    struct queue_line one = { 0 }, two = { 0 };

    ck_assert(queue_open(&queue, LIMIT));
    for (int i = 0; i < LIMIT; i++)
        ck_assert(queue_put(&queue, i % 2 == 0 ? &one : &two, &i, sizeof(i)));
    ck_assert(!queue_put(&queue, &one, "x", 1));
    queue_remove(&queue, &two);
    ck_assert(queue_put(&queue, &one, "x", 1));
    ck_assert(!queue_put(&queue, &two, "x", 1));
    queue_close(&queue);
}
END_TEST

START_TEST(a_queue_of_nothing_is_always_full)
{
    struct queue queue;
    struct queue_line line = { 0 };

    ck_assert(queue_open(&queue, 0));
    ck_assert(!queue_put(&queue, &line, "x", 1));
    queue_close(&queue);
}
END_TEST

START_TEST(items_of_all_sizes_fit)
{
    static const size_t sizes[] = { 1, 48, 2047, 2048, 2049, 65536, 262192, 100 };
    uint8_t *bytes = malloc(262192);
    struct queue queue;
    struct queue_line line = { 0 };

    ck_assert_ptr_nonnull(bytes);
    ck_assert(queue_open(&queue, 2));
    for (size_t round = 0; round < 3; round++)
        for (size_t i = 0; i < SUITE_LENGTH(sizes); i++) {
            memset(bytes, (int)i + 1, sizes[i]);
            ck_assert(queue_put(&queue, &line, bytes, sizes[i]));
            ck_assert_mem_eq(queue_first(&queue, &line), bytes, sizes[i]);
            queue_remove(&queue, &line);
        }
    queue_close(&queue);
    free(bytes);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { every_line_gives_back_what_it_got_in_order, 1 },
        { a_full_queue_takes_no_more_until_one_is_removed, 1 },
        { a_queue_of_nothing_is_always_full, 1 },
        { items_of_all_sizes_fit, 1 },
    };

    return suite_run("queue", tests, SUITE_LENGTH(tests));
}
