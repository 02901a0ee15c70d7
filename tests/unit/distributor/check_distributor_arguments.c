/* SPDX-License-Identifier: MIT */
/*
 * check_distributor_arguments.c - each call of the distributing thread with what its comment
 * refuses, and at its limits; what is refused changes nothing.
 */
#include <string.h>

#include "support/suite.h"
#include "support/topology.h"
#include "unit/distributor/arguments.h"

/* --- create --------------------------------------------------------------------------- */

static void refuse(mcapi_status_t wanted, mcapi_port_t port, uint32_t workers, int mode,
                   const struct distributor_settings *settings)
{
    struct distributor *distributor;

    expect(wanted, distributor = distributor_create(port, workers, (enum distributor_mode)mode,
                                                    settings, &status));
    ck_assert_ptr_null(distributor);
    /* Nothing is left of the attempt: the port is free. */
    if (port == PORT) {
        distributor = distributor_here(DISTRIBUTOR_BURST);
        expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
    }
}

START_TEST(create_refuses_numbers_that_are_out_of_range)
{
    static const struct {
        uint32_t workers;
        int mode;
        struct distributor_settings settings;
        mcapi_status_t status;
    } cases[] = {
        { 0, DISTRIBUTOR_BURST, { 0 }, MCAPI_ERR_PARAMETER },
        { DISTRIBUTOR_WORKERS_MAX + 1, DISTRIBUTOR_BURST, { 0 }, MCAPI_ERR_PARAMETER },
        { UINT32_MAX, DISTRIBUTOR_SINGLE, { 0 }, MCAPI_ERR_PARAMETER },
        { 1, DISTRIBUTOR_BURST + 1, { 0 }, MCAPI_ERR_PARAMETER },
        { 1, -1, { 0 }, MCAPI_ERR_PARAMETER },
        { 1, DISTRIBUTOR_BURST, { .window = 1025 }, MCAPI_ERR_PARAMETER },
        { 1, DISTRIBUTOR_BURST, { .window = UINT32_MAX }, MCAPI_ERR_PARAMETER },
        { 1, DISTRIBUTOR_BURST, { .capacity = 1048577 }, MCAPI_ERR_PARAMETER },
        { 1, DISTRIBUTOR_BURST, { .deaths_max = 256 }, MCAPI_ERR_PARAMETER },
        { 1, DISTRIBUTOR_BURST, { .reserved = { 1 } }, MCAPI_ERR_PARAMETER },
        { 1, DISTRIBUTOR_BURST, { .reserved = { [6] = 1 } }, MCAPI_ERR_PARAMETER },
        { 1,
          DISTRIBUTOR_BURST,
          { .max_size = MCAPI_MAX_PKT_SIZE - LESS + 1 },
          MCAPI_ERR_PKT_LIMIT },
        { 1, DISTRIBUTOR_BURST, { .max_size = UINT32_MAX }, MCAPI_ERR_PKT_LIMIT },
        { 1, DISTRIBUTOR_BURST, { .max_size = UINT32_MAX - 255 }, MCAPI_ERR_PKT_LIMIT },
    };

    ck_assert_int_lt(_i, (int)SUITE_LENGTH(cases));
    refuse(cases[_i].status, PORT, cases[_i].workers, cases[_i].mode, &cases[_i].settings);
}
END_TEST
enum { BAD_NUMBERS = 14 };

START_TEST(create_refuses_ports_that_are_none)
{
    refuse(MCAPI_ERR_PORT_INVALID, MCAPI_PORT_ANY, 1, DISTRIBUTOR_BURST, NULL);
    refuse(MCAPI_ERR_PORT_INVALID, MCAPI_MAX_PORT + 1, 1, DISTRIBUTOR_BURST, NULL);
}
END_TEST

START_TEST(create_refuses_a_port_that_is_taken)
{
    struct distributor *distributor = distributor_here(DISTRIBUTOR_BURST);
    struct distributor *second;

    expect(MCAPI_ERR_ENDP_EXISTS,
           second = distributor_create(PORT, 1, DISTRIBUTOR_BURST, NULL, &status));
    ck_assert_ptr_null(second);
    expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
    distributor = distributor_here(DISTRIBUTOR_SINGLE);
    expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
}
END_TEST

START_TEST(create_takes_the_limits_themselves)
{
    static const struct {
        uint32_t workers;
        struct distributor_settings settings;
    } cases[] = {
        { 1, { .window = 1, .capacity = 1, .max_size = 1 } },
        { DISTRIBUTOR_WORKERS_MAX, { .window = 1024, .deaths_max = 255 } },
        { 1, { .capacity = 1048576, .max_size = 16 } },
        { 1, { .max_size = MCAPI_MAX_PKT_SIZE - LESS } },
        { DISTRIBUTOR_WORKERS_MAX, { 0 } },
    };

    for (int mode = DISTRIBUTOR_SINGLE; mode <= DISTRIBUTOR_BURST; mode++)
        for (size_t i = 0; i < SUITE_LENGTH(cases); i++) {
            struct distributor *distributor;
            struct distributor_stats stats;

            expect(MCAPI_SUCCESS, distributor = distributor_create(
                                          PORT, cases[i].workers, (enum distributor_mode)mode,
                                          &cases[i].settings, &status));
            expect(MCAPI_SUCCESS, distributor_stats(distributor, &stats, &status));
            if (cases[i].settings.capacity != 0)
                ck_assert_uint_eq(stats.room, cases[i].settings.capacity);
            expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
        }
}
END_TEST

/* Room for twice the windows of all workers, within bounds. */
START_TEST(create_has_defaults)
{
    static const struct {
        uint32_t workers;
        enum distributor_mode mode;
        uint32_t window, room;
    } cases[] = {
        { 1, DISTRIBUTOR_SINGLE, 0, 512 },     { 1, DISTRIBUTOR_BURST, 0, 512 },
        { 4, DISTRIBUTOR_SINGLE, 0, 2048 },    { 1, DISTRIBUTOR_SINGLE, 100, 512 },
        { 4, DISTRIBUTOR_BURST, 0, 2048 },     { 3, DISTRIBUTOR_BURST, 100, 600 },
        { 256, DISTRIBUTOR_SINGLE, 0, 65536 }, { 256, DISTRIBUTOR_BURST, 1024, 65536 },
    };

    for (size_t i = 0; i < SUITE_LENGTH(cases); i++) {
        struct distributor_settings settings = { .window = cases[i].window };
        struct distributor *distributor;
        struct distributor_stats stats;

        expect(MCAPI_SUCCESS,
               distributor = distributor_create(PORT, cases[i].workers, cases[i].mode,
                                                &settings, &status));
        expect(MCAPI_SUCCESS, distributor_stats(distributor, &stats, &status));
        ck_assert_uint_eq(stats.room, cases[i].room);
        expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
    }
}
END_TEST

START_TEST(the_largest_item_goes_out_and_comes_back_changed)
{
    enum { SIZE = MCAPI_MAX_PKT_SIZE - LESS };
    struct distributor_settings settings = { .max_size = SIZE };
    static unsigned char bytes[SIZE], longer[SIZE];
    struct distributor_item item = { .bytes = bytes, .size = SIZE, .tag = UINT32_MAX },
                            taken[DISTRIBUTOR_BURST_MAX];
    struct distributor_worker *worker;
    struct distributor *distributor;
    size_t count;

    memset(bytes, 1, SIZE);
    memset(longer, 2, SIZE);
    expect(MCAPI_SUCCESS,
           distributor = distributor_create(PORT, 1, DISTRIBUTOR_BURST, &settings, &status));
    worker = worker_here(distributor);
    expect(MCAPI_SUCCESS, count = distributor_process(distributor, &item, 1, &status));
    ck_assert_uint_eq(count, 1);
    expect(MCAPI_SUCCESS, count = distributor_get(worker, taken, 0, 1000, &status));
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(taken[0].size, SIZE);
    ck_assert_mem_eq(taken[0].bytes, bytes, SIZE);
    taken[0].bytes = longer;
    taken[0].flags = DISTRIBUTOR_CHANGED;
    expect(MCAPI_SUCCESS, distributor_leave(worker, taken, 1, &status));
    expect(MCAPI_SUCCESS, count = distributor_flush(distributor, 1000, &status));
    ck_assert_uint_eq(count, 1);
    expect(MCAPI_SUCCESS, distributor_returned(distributor, taken, 1, &status));
    ck_assert_uint_eq(taken[0].size, SIZE);
    ck_assert_uint_eq(taken[0].tag, UINT32_MAX);
    ck_assert_mem_eq(taken[0].bytes, longer, SIZE);
    expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
}
END_TEST

/* --- The distributing thread ------------------------------------------------------------- */

START_TEST(process_refuses_what_is_no_item)
{
    struct distributor *distributor = distributor_here(DISTRIBUTOR_BURST);
    char bytes[LARGEST + 1] = "";
    struct distributor_item items[4] = {
        { .bytes = bytes, .size = LARGEST },
        { .bytes = NULL, .size = 0 },
        { .bytes = bytes, .size = LARGEST + 1 },
        { .bytes = NULL, .size = 1 },
    };
    size_t count;

    expect(MCAPI_ERR_PARAMETER, count = distributor_process(NULL, items, 1, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_ERR_PARAMETER, count = distributor_process(distributor, NULL, 1, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_ERR_PKT_LIMIT,
           count = distributor_process(distributor, items + 2, 2, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_ERR_PARAMETER,
           count = distributor_process(distributor, items + 3, 1, &status));
    ck_assert_uint_eq(count, 0);
    expect_taken(distributor, 0);
    /* The call ends before a bad one that is not the first. */
    expect(MCAPI_SUCCESS, count = distributor_process(distributor, items, 4, &status));
    ck_assert_uint_eq(count, 2);
    expect_taken(distributor, 2);
    expect(MCAPI_SUCCESS, count = distributor_process(distributor, NULL, 0, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_SUCCESS, count = distributor_process(distributor, items, 0, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
}
END_TEST

START_TEST(process_takes_what_there_is_room_for_and_no_more)
{
    struct distributor *distributor = distributor_here(DISTRIBUTOR_BURST);
    struct distributor_item items[40] = { { .size = 0 } };
    size_t count;

    expect(MCAPI_SUCCESS, count = distributor_process(distributor, items, 40, &status));
    ck_assert_uint_eq(count, 16);
    expect(MCAPI_SUCCESS, count = distributor_process(distributor, items, 40, &status));
    ck_assert_uint_eq(count, 0);
    expect_taken(distributor, 16);
    expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
}
END_TEST

START_TEST(an_item_of_no_bytes_goes_round)
{
    struct distributor *distributor = distributor_here(DISTRIBUTOR_BURST);
    struct distributor_worker *worker = worker_here(distributor);
    struct distributor_item item = { .bytes = NULL, .size = 0, .tag = 0, .cookie = 99 };
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    size_t count;

    expect(MCAPI_SUCCESS, distributor_process(distributor, &item, 1, &status));
    expect(MCAPI_SUCCESS, count = distributor_get(worker, items, 0, 1000, &status));
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(items[0].size, 0);
    ck_assert_uint_eq(items[0].cookie, 0);
    /* Changed to nothing: there is nothing to be copied. */
    items[0].bytes = NULL;
    items[0].flags = DISTRIBUTOR_CHANGED;
    expect(MCAPI_SUCCESS, distributor_leave(worker, items, count, &status));
    expect(MCAPI_SUCCESS, count = distributor_flush(distributor, 1000, &status));
    ck_assert_uint_eq(count, 1);
    expect(MCAPI_SUCCESS, count = distributor_returned(distributor, items, 8, &status));
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(items[0].cookie, 99);
    ck_assert_uint_eq(items[0].size, 0);
    ck_assert_uint_eq(items[0].flags, DISTRIBUTOR_CHANGED);
    expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
}
END_TEST

START_TEST(calls_of_the_distributing_thread_refuse_null)
{
    struct distributor *distributor = distributor_here(DISTRIBUTOR_SINGLE);
    struct distributor_item item;
    struct distributor_stats stats;
    struct distributor_worker_stats worker;
    size_t count;
    uint32_t what;

    expect(MCAPI_ERR_PARAMETER, count = distributor_returned(NULL, &item, 1, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_ERR_PARAMETER, count = distributor_returned(distributor, NULL, 1, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_SUCCESS, count = distributor_returned(distributor, NULL, 0, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_ERR_PARAMETER, what = distributor_wait(NULL, DISTRIBUTOR_RETURNS, 0, &status));
    ck_assert_uint_eq(what, 0);
    expect(MCAPI_ERR_PARAMETER, count = distributor_flush(NULL, 0, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_ERR_PARAMETER, count = distributor_clear_returns(NULL, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_ERR_PARAMETER, distributor_stats(NULL, &stats, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_stats(distributor, NULL, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_worker_stats(NULL, 0, &worker, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_worker_stats(distributor, 0, NULL, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_destroy(NULL, &status));
    expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
}
END_TEST

START_TEST(wait_refuses_to_wait_for_something_else)
{
    static const uint32_t bad[] = { 0, 4, 8, DISTRIBUTOR_ROOM | 4, UINT32_MAX };
    struct distributor *distributor = distributor_here(DISTRIBUTOR_SINGLE);
    uint32_t what;

    for (size_t i = 0; i < SUITE_LENGTH(bad); i++) {
        expect(MCAPI_ERR_PARAMETER, what = distributor_wait(distributor, bad[i], 0, &status));
        ck_assert_uint_eq(what, 0);
    }
    expect(MCAPI_SUCCESS, what = distributor_wait(distributor, DISTRIBUTOR_ROOM,
                                                  MCAPI_TIMEOUT_INFINITE, &status));
    ck_assert_uint_eq(what, DISTRIBUTOR_ROOM);
    expect(MCAPI_SUCCESS,
           what = distributor_wait(distributor, DISTRIBUTOR_ROOM | DISTRIBUTOR_RETURNS,
                                   MCAPI_TIMEOUT_INFINITE, &status));
    ck_assert_uint_eq(what, DISTRIBUTOR_ROOM);
    expect(MCAPI_TIMEOUT,
           what = distributor_wait(distributor, DISTRIBUTOR_RETURNS, SOON, &status));
    ck_assert_uint_eq(what, 0);
    expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
}
END_TEST

START_TEST(flush_and_clear_of_nothing_are_done_at_once)
{
    struct distributor *distributor = distributor_here(DISTRIBUTOR_SINGLE);
    size_t count;

    expect(MCAPI_SUCCESS,
           count = distributor_flush(distributor, MCAPI_TIMEOUT_INFINITE, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_SUCCESS, count = distributor_clear_returns(distributor, &status));
    ck_assert_uint_eq(count, 0);
    put(distributor, 1);
    expect(MCAPI_TIMEOUT, count = distributor_flush(distributor, SOON, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
}
END_TEST

START_TEST(stats_are_of_workers_that_are_here)
{
    struct distributor *distributor = distributor_here(DISTRIBUTOR_SINGLE);
    struct distributor_worker_stats one;
    struct distributor_worker *worker;

    for (uint32_t number = 0; number < 4; number++)
        expect(MCAPI_ERR_NODE_INVALID,
               distributor_worker_stats(distributor, number, &one, &status));
    expect(MCAPI_ERR_NODE_INVALID,
           distributor_worker_stats(distributor, UINT32_MAX, &one, &status));
    worker = worker_here(distributor);
    expect(MCAPI_SUCCESS, distributor_worker_stats(distributor, 0, &one, &status));
    ck_assert_uint_eq(one.asking, 1);
    expect(MCAPI_ERR_NODE_INVALID, distributor_worker_stats(distributor, 1, &one, &status));
    expect(MCAPI_SUCCESS, distributor_leave(worker, NULL, 0, &status));
    expect(MCAPI_TIMEOUT, distributor_wait(distributor, DISTRIBUTOR_RETURNS, 0, &status));
    expect(MCAPI_ERR_NODE_INVALID, distributor_worker_stats(distributor, 0, &one, &status));
    expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
}
END_TEST

/* --- Everybody -------------------------------------------------------------------------- */

START_TEST(a_status_is_not_asked_for)
{
    struct distributor *distributor =
            distributor_create(PORT, 1, DISTRIBUTOR_BURST, NULL, NULL);
    struct distributor_item items[DISTRIBUTOR_BURST_MAX] = { { .cookie = 5 } };
    struct distributor_worker *worker = distributor_join(0, HERE, PORT, 0, NULL);

    ck_assert_ptr_nonnull(distributor);
    ck_assert_ptr_nonnull(worker);
    distributor_request(worker, NULL, 0, NULL);
    ck_assert_uint_eq(distributor_process(distributor, items, 1, NULL), 1);
    distributor_wait(distributor, DISTRIBUTOR_RETURNS, 0, NULL);
    ck_assert_uint_eq(distributor_get(worker, items, 0, 0, NULL),
                      0); /* only now it is let in */
    distributor_wait(distributor, DISTRIBUTOR_RETURNS, 0, NULL);
    ck_assert_uint_eq(distributor_get(worker, items, 0, 1000, NULL), 1);
    distributor_return(worker, items, 1, NULL);
    ck_assert_uint_eq(distributor_poll(worker, items, NULL), 0);
    ck_assert_uint_eq(distributor_flush(distributor, 1000, NULL), 1);
    ck_assert_uint_eq(distributor_returned(distributor, items, 1, NULL), 1);
    ck_assert_uint_eq(items[0].cookie, 5);
    ck_assert_uint_eq(distributor_clear_returns(distributor, NULL), 0);
    distributor_stats(distributor, NULL, NULL);
    distributor_worker_stats(distributor, 0, NULL, NULL);
    distributor_leave(worker, NULL, 0, NULL);
    distributor_destroy(distributor, NULL);
}
END_TEST

START_TEST(who_has_no_node_can_only_end)
{
    struct distributor *distributor = distributor_here(DISTRIBUTOR_BURST), *other;
    struct distributor_worker *worker = worker_here(distributor), *second;
    struct distributor_item item = { .size = 0 };
    struct distributor_stats stats;
    struct distributor_worker_stats one;

    leave();
    expect(MCAPI_ERR_NODE_NOTINIT,
           other = distributor_create(PORT, 1, DISTRIBUTOR_BURST, NULL, &status));
    ck_assert_ptr_null(other);
    expect(MCAPI_ERR_NODE_NOTINIT, second = distributor_join(0, HERE, PORT, 0, &status));
    ck_assert_ptr_null(second);
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_process(distributor, &item, 1, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_returned(distributor, &item, 1, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_wait(distributor, DISTRIBUTOR_ROOM, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_flush(distributor, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_clear_returns(distributor, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_stats(distributor, &stats, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_worker_stats(distributor, 0, &one, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_get(worker, &item, 0, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_request(worker, NULL, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_poll(worker, &item, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_return(worker, NULL, 0, &status));
    /* The memory is freed all the same, which a sanitizer would tell. */
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_leave(worker, NULL, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_destroy(distributor, &status));
    join(0, HERE);
}
END_TEST

START_TEST(who_was_never_let_in_learns_of_the_end)
{
    struct distributor *distributor;
    struct distributor_worker *first, *second;
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    size_t count;

    expect(MCAPI_SUCCESS,
           distributor = distributor_create(PORT, 1, DISTRIBUTOR_BURST, NULL, &status));
    first = worker_here(distributor);
    expect(MCAPI_SUCCESS, second = distributor_join(0, HERE, PORT, 0, &status));
    expect(MCAPI_TIMEOUT, distributor_wait(distributor, DISTRIBUTOR_RETURNS, 0, &status));
    expect(MCAPI_TIMEOUT, count = distributor_get(second, items, 0, SOON, &status));
    expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
    expect(MCAPI_ERR_CHAN_INVALID,
           count = distributor_get(first, items, 0, MCAPI_TIMEOUT_INFINITE, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_ERR_CHAN_INVALID,
           count = distributor_get(second, items, 0, MCAPI_TIMEOUT_INFINITE, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_ERR_CHAN_INVALID, distributor_request(first, NULL, 0, &status));
    expect(MCAPI_ERR_CHAN_INVALID, distributor_return(second, NULL, 0, &status));
    expect(MCAPI_ERR_CHAN_INVALID, count = distributor_poll(first, items, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_ERR_CHAN_INVALID, distributor_leave(first, NULL, 0, &status));
    expect(MCAPI_ERR_CHAN_INVALID, distributor_leave(second, NULL, 0, &status));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { create_refuses_numbers_that_are_out_of_range, BAD_NUMBERS },
        { create_refuses_ports_that_are_none, 1 },
        { create_refuses_a_port_that_is_taken, 1 },
        { create_takes_the_limits_themselves, 1 },
        { create_has_defaults, 1 },
        { the_largest_item_goes_out_and_comes_back_changed, 1 },
        { process_refuses_what_is_no_item, 1 },
        { process_takes_what_there_is_room_for_and_no_more, 1 },
        { an_item_of_no_bytes_goes_round, 1 },
        { calls_of_the_distributing_thread_refuse_null, 1 },
        { wait_refuses_to_wait_for_something_else, 1 },
        { flush_and_clear_of_nothing_are_done_at_once, 1 },
        { stats_are_of_workers_that_are_here, 1 },
        { a_status_is_not_asked_for, 1 },
        { who_has_no_node_can_only_end, 1 },
        { who_was_never_let_in_learns_of_the_end, 1 },
    };

    return suite_run_between("distributor/arguments", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
