/* SPDX-License-Identifier: MIT */
/*
 * check_arguments.c - what each call refuses, and with what; and what create takes.
 */
#include <string.h>

#include <mcapi_ext.h>

#include "support/expect.h"
#include "support/suite.h"
#include "support/topology.h"
#include "unit/distributor/team.h"

/* --- Creating -------------------------------------------------------------------------------
 */

static void is_refused(mcapi_status_t wanted, mcapi_port_t port, uint32_t workers, int mode,
                       const struct distributor_settings *settings)
{
    struct distributor *d;

    expect(wanted, ck_assert_ptr_null(distributor_create(
                           port, workers, (enum distributor_mode)mode, settings, &status)));
    /* Nothing is left: the port is free. */
    expect(MCAPI_SUCCESS, d = distributor_create(1, 1, DISTRIBUTOR_BURST, NULL, &status));
    expect(MCAPI_ERR_ENDP_EXISTS, distributor_create(1, 1, DISTRIBUTOR_BURST, NULL, &status));
    expect(MCAPI_SUCCESS, distributor_destroy(d, &status));
}

START_TEST(create_refuses_what_makes_no_sense)
{
    struct distributor_settings reserved = { .reserved = { 0 } };

    reserved.reserved[SUITE_LENGTH(reserved.reserved) - 1] = 1;
    is_refused(MCAPI_ERR_PARAMETER, 1, 0, DISTRIBUTOR_BURST, NULL);
    is_refused(MCAPI_ERR_PARAMETER, 1, DISTRIBUTOR_WORKERS_MAX + 1, DISTRIBUTOR_BURST, NULL);
    is_refused(MCAPI_ERR_PARAMETER, 1, UINT32_MAX, DISTRIBUTOR_BURST, NULL);
    is_refused(MCAPI_ERR_PARAMETER, 1, 1, 2, NULL);
    is_refused(MCAPI_ERR_PARAMETER, 1, 1, -1, NULL);
    is_refused(MCAPI_ERR_PARAMETER, 1, 1, DISTRIBUTOR_BURST, &reserved);
    is_refused(MCAPI_ERR_PARAMETER, 1, 1, 0, &(struct distributor_settings){ .window = 1025 });
    is_refused(MCAPI_ERR_PARAMETER, 1, 1, 0,
               &(struct distributor_settings){ .capacity = (1 << 20) + 1 });
    is_refused(MCAPI_ERR_PKT_LIMIT, 1, 1, 0,
               &(struct distributor_settings){ .max_size = UINT32_MAX });
    is_refused(MCAPI_ERR_PKT_LIMIT, 1, 1, 0,
               &(struct distributor_settings){ .max_size = MCAPI_MAX_PKT_SIZE - 319 });
    is_refused(MCAPI_ERR_PORT_INVALID, MCAPI_PORT_ANY, 1, 0, NULL);
    is_refused(MCAPI_ERR_PORT_INVALID, MCAPI_MAX_PORT + 1, 1, 0, NULL);
}
END_TEST

START_TEST(create_takes_the_largest_and_the_smallest)
{
    static const struct distributor_settings settings[] = {
        { .max_size = MCAPI_MAX_PKT_SIZE - 320 },
        { .max_size = 1, .window = 1, .capacity = 1 },
        { .max_size = MCAPI_MAX_PKT_SIZE - 320, .window = 1024, .capacity = 1 << 20 },
    };

    for (size_t i = 0; i < SUITE_LENGTH(settings); i++) {
        uint32_t size = settings[i].max_size;
        struct team team = team_open(DISTRIBUTOR_BURST, 1, &settings[i]);
        static unsigned char bytes[MCAPI_MAX_PKT_SIZE];
        struct distributor_item item = { .bytes = bytes, .size = size };

        memset(bytes, 5, size);
        expect(MCAPI_SUCCESS, distributor_process(team.distributor, &item, 1, &status));
        expect(MCAPI_SUCCESS, team.counts[0] = distributor_get(team.workers[0], team.in_work[0],
                                                               0, 0, &status));
        ck_assert_uint_eq(team.in_work[0][0].size, size);
        ck_assert_int_eq(memcmp(team.in_work[0][0].bytes, bytes, size), 0);
        memset(team.in_work[0][0].bytes, 6, size);
        team.in_work[0][0].flags = DISTRIBUTOR_CHANGED;
        team_finish(&team, 0);
        memset(bytes, 6, size);
        ck_assert_uint_eq(distributor_returned(team.distributor, &item, 1, NULL), 1);
        ck_assert_uint_eq(item.size, size);
        ck_assert_int_eq(memcmp(item.bytes, bytes, size), 0);
        team_close(&team);
    }
}
END_TEST

START_TEST(a_node_may_have_several_distributors)
{
    struct distributor *first, *second;

    expect(MCAPI_SUCCESS, first = distributor_create(1, 256, 0, NULL, &status));
    expect(MCAPI_SUCCESS, second = distributor_create(2, 256, 1, NULL, &status));
    expect(MCAPI_SUCCESS, distributor_destroy(first, &status));
    expect(MCAPI_SUCCESS, first = distributor_create(1, 256, 0, NULL, &status));
    expect(MCAPI_SUCCESS, distributor_destroy(second, &status));
    expect(MCAPI_SUCCESS, distributor_destroy(first, &status));
}
END_TEST

/* --- The rest -------------------------------------------------------------------------------
 */

START_TEST(the_calls_of_the_distributing_thread_check_their_arguments)
{
    const struct distributor_settings settings = { .max_size = 100 };
    struct team team = team_open(DISTRIBUTOR_BURST, 0, &settings);
    struct distributor *d = team.distributor;
    unsigned char bytes[101] = { 0 };
    struct distributor_item items[2] = { { .bytes = bytes, .size = 100 },
                                         { .bytes = bytes, .size = 101 } };
    struct distributor_worker_stats worker;
    struct distributor_stats stats;
    mcapi_endpoint_t end;
    size_t count;

    expect(MCAPI_ERR_PARAMETER, distributor_process(NULL, items, 1, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_process(d, NULL, 1, &status));
    expect(MCAPI_SUCCESS, distributor_process(d, NULL, 0, &status));
    expect(MCAPI_ERR_PKT_LIMIT, count = distributor_process(d, items + 1, 1, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_SUCCESS, count = distributor_process(d, items, 2, &status));
    ck_assert_uint_eq(count, 1);
    items[0].bytes = NULL;
    expect(MCAPI_ERR_PARAMETER, distributor_process(d, items, 1, &status));
    items[0].size = 0;
    expect(MCAPI_SUCCESS, count = distributor_process(d, items, 1, &status));
    ck_assert_uint_eq(count, 1);
    expect(MCAPI_ERR_PARAMETER, distributor_returned(NULL, items, 1, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_returned(d, NULL, 1, &status));
    expect(MCAPI_SUCCESS, distributor_returned(d, NULL, 0, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_wait(NULL, DISTRIBUTOR_ROOM, 0, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_wait(d, 0, 0, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_wait(d, 4 | DISTRIBUTOR_ROOM, 0, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_endpoints(NULL, &end, 1, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_endpoints(d, NULL, 1, &status));
    expect(MCAPI_SUCCESS, count = distributor_endpoints(d, NULL, 0, &status));
    ck_assert_uint_eq(count, 1); /* the door */
    expect(MCAPI_ERR_PARAMETER, distributor_flush(NULL, 0, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_clear_returns(NULL, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_stats(NULL, &stats, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_stats(d, NULL, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_worker_stats(NULL, 0, &worker, &status));
    expect(MCAPI_ERR_NODE_INVALID, distributor_worker_stats(d, 0, &worker, &status));
    expect(MCAPI_ERR_NODE_INVALID, distributor_worker_stats(d, UINT32_MAX, &worker, &status));
    team_join(&team);
    expect(MCAPI_ERR_PARAMETER, distributor_worker_stats(d, 0, NULL, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_destroy(NULL, &status));
    team_close(&team);
}
END_TEST

START_TEST(the_calls_of_a_worker_check_their_arguments)
{
    struct team team = team_open(DISTRIBUTOR_BURST, 1, NULL);
    struct distributor_worker *worker = team.workers[0];
    struct distributor_item items[DISTRIBUTOR_BURST_MAX] = { { .size = 0 } };

    expect(MCAPI_TIMEOUT, ck_assert_ptr_null(distributor_join(0, 1, 99, 0, &status)));
    expect(MCAPI_TIMEOUT, ck_assert_ptr_null(distributor_join(0, 9, 99, 5, &status)));
    expect(MCAPI_ERR_PORT_INVALID, distributor_join(0, 1, MCAPI_MAX_PORT + 1, 0, &status));
    expect(MCAPI_ERR_NODE_INVALID,
           distributor_join(0, MCAPI_MAX_NODE + 1, TEAM_PORT, 0, &status));
    expect(MCAPI_ERR_DOMAIN_INVALID,
           distributor_join(MCAPI_MAX_DOMAIN + 1, 1, TEAM_PORT, 0, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_get(NULL, items, 0, 0, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_get(worker, NULL, 0, 0, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_get(worker, items, 1, 0, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_request(NULL, items, 0, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_request(worker, items, 1, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_poll(NULL, items, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_poll(worker, NULL, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_return(NULL, items, 0, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_return(worker, items, 1, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_leave(NULL, items, 0, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_leave(worker, items, 1, &status));
    ck_assert(team_put(&team, 1, 1));
    expect(MCAPI_SUCCESS, ck_assert_uint_eq(distributor_poll(worker, items, &status), 1));
    expect(MCAPI_ERR_PARAMETER, distributor_request(worker, NULL, 1, &status));
    expect(MCAPI_SUCCESS, distributor_request(worker, items, 1, &status));
    team_close(&team);
}
END_TEST

START_TEST(without_a_node_every_call_says_so)
{
    struct team team = team_open(DISTRIBUTOR_BURST, 2, NULL);
    struct distributor *d = team.distributor;
    struct distributor_worker_stats worker_stats;
    struct distributor_item items[DISTRIBUTOR_BURST_MAX] = { { .size = 0 } };
    struct distributor_stats stats;

    leave();
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_create(2, 1, 0, NULL, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_process(d, items, 1, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_returned(d, items, 1, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_wait(d, DISTRIBUTOR_ROOM, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_endpoints(d, NULL, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_flush(d, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_clear_returns(d, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_stats(d, &stats, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_worker_stats(d, 0, &worker_stats, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_join(0, 1, TEAM_PORT, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_get(team.workers[0], items, 0, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_request(team.workers[0], NULL, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_poll(team.workers[0], items, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_return(team.workers[0], NULL, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_leave(team.workers[0], NULL, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_leave(team.workers[1], NULL, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, distributor_destroy(d, &status));
    join(0, 1);
}
END_TEST

/* Its endpoints can be waited at beside others: something is there exactly when it is for us.
 */
START_TEST(its_endpoints_tell_when_to_call_it)
{
    mcapi_status_t status;
    struct distributor *d = distributor_create(3, 2, DISTRIBUTOR_SINGLE, NULL, &status);
    struct distributor_item item = { .size = 0 };
    struct distributor_worker *worker;
    mcapi_endpoint_t ends[3];
    size_t count;

    expect(MCAPI_SUCCESS, count = distributor_endpoints(d, ends, 3, &status));
    ck_assert_uint_eq(count, 1);
    expect(MCAPI_TIMEOUT, mcapi_ext_wait_receivable(ends, count, 0, &status));
    worker = distributor_join(0, 1, 3, 0, &status);
    expect(MCAPI_SUCCESS, mcapi_ext_wait_receivable(ends, count, 0, &status));
    expect(MCAPI_SUCCESS, distributor_process(d, &item, 1, &status));
    expect(MCAPI_SUCCESS, count = distributor_endpoints(d, ends, 3, &status));
    ck_assert_uint_eq(count, 2); /* a place is free */
    expect(MCAPI_TIMEOUT, mcapi_ext_wait_receivable(ends, count, 0, &status));
    expect(MCAPI_SUCCESS, distributor_request(worker, NULL, 0, &status));
    expect(MCAPI_SUCCESS, mcapi_ext_wait_receivable(ends, count, 0, &status));
    expect(MCAPI_SUCCESS, distributor_returned(d, NULL, 0, &status));
    expect(MCAPI_TIMEOUT, mcapi_ext_wait_receivable(ends, count, 0, &status));
    expect(MCAPI_SUCCESS, count = distributor_poll(worker, &item, &status));
    ck_assert_uint_eq(count, 1);
    expect(MCAPI_SUCCESS, distributor_leave(worker, &item, 1, &status));
    expect(MCAPI_SUCCESS, mcapi_ext_wait_receivable(ends, 2, 0, &status));
    expect(MCAPI_SUCCESS, distributor_destroy(d, &status));
}
END_TEST

START_TEST(no_call_needs_a_status)
{
    struct distributor *d = distributor_create(3, 1, DISTRIBUTOR_SINGLE, NULL, NULL);
    struct distributor_worker *worker = distributor_join(0, 1, 3, 0, NULL);
    struct distributor_item item = { .size = 0 };

    ck_assert_ptr_nonnull(d);
    ck_assert_ptr_nonnull(worker);
    ck_assert_ptr_null(distributor_join(0, 1, 4, 0, NULL));
    ck_assert_uint_eq(distributor_process(d, &item, 1, NULL), 1);
    ck_assert_uint_eq(distributor_wait(d, DISTRIBUTOR_RETURNS, 0, NULL), 0);
    distributor_request(worker, NULL, 0, NULL);
    ck_assert_uint_eq(distributor_flush(d, 0, NULL), 0);
    ck_assert_uint_eq(distributor_poll(worker, &item, NULL), 1);
    distributor_return(worker, &item, 1, NULL);
    ck_assert_uint_eq(distributor_get(worker, &item, 0, 0, NULL), 0);
    ck_assert_uint_eq(distributor_flush(d, 0, NULL), 1);
    ck_assert_uint_eq(distributor_clear_returns(d, NULL), 1);
    distributor_leave(worker, NULL, 0, NULL);
    distributor_destroy(d, NULL);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { create_refuses_what_makes_no_sense, 1 },
        { its_endpoints_tell_when_to_call_it, 1 },
        { create_takes_the_largest_and_the_smallest, 1 },
        { a_node_may_have_several_distributors, 1 },
        { the_calls_of_the_distributing_thread_check_their_arguments, 1 },
        { the_calls_of_a_worker_check_their_arguments, 1 },
        { without_a_node_every_call_says_so, 1 },
        { no_call_needs_a_status, 1 },
    };

    return suite_run_between("distributor/arguments", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
