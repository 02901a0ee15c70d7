/* SPDX-License-Identifier: MIT */
/*
 * check_distributor_arguments_worker.c - each call of a worker with what its comment refuses,
 * and at its limits; what is refused changes nothing.
 */
#include <string.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/suite.h"
#include "support/topology.h"
#include "unit/distributor/arguments.h"

/* --- A worker ------------------------------------------------------------------------------
 */

START_TEST(join_refuses_numbers_that_are_out_of_range)
{
    struct distributor_worker *worker;

    expect(MCAPI_ERR_DOMAIN_INVALID,
           worker = distributor_join(MCAPI_MAX_DOMAIN + 1, HERE, PORT, 0, &status));
    ck_assert_ptr_null(worker);
    expect(MCAPI_ERR_NODE_INVALID,
           worker = distributor_join(0, MCAPI_MAX_NODE + 1, PORT, 0, &status));
    ck_assert_ptr_null(worker);
    expect(MCAPI_ERR_PORT_INVALID,
           worker = distributor_join(0, HERE, MCAPI_MAX_PORT + 1, 0, &status));
    ck_assert_ptr_null(worker);
    expect(MCAPI_ERR_PORT_INVALID,
           worker = distributor_join(0, HERE, MCAPI_PORT_ANY, 0, &status));
    ck_assert_ptr_null(worker);
    expect(MCAPI_TIMEOUT, worker = distributor_join(0, HERE, PORT, SOON, &status));
    ck_assert_ptr_null(worker);
    expect(MCAPI_TIMEOUT,
           worker = distributor_join(0, HERE, PORT, MCAPI_TIMEOUT_IMMEDIATE, &status));
    ck_assert_ptr_null(worker);
}
END_TEST

START_TEST(calls_of_a_worker_refuse_null)
{
    struct distributor *distributor = distributor_here(DISTRIBUTOR_SINGLE);
    struct distributor_worker *worker = worker_here(distributor);
    struct distributor_item item;
    size_t count;

    expect(MCAPI_ERR_PARAMETER, count = distributor_get(NULL, &item, 0, 0, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_ERR_PARAMETER, count = distributor_get(worker, NULL, 0, 0, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_ERR_PARAMETER, distributor_request(NULL, NULL, 0, &status));
    expect(MCAPI_ERR_PARAMETER, count = distributor_poll(NULL, &item, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_ERR_PARAMETER, count = distributor_poll(worker, NULL, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_ERR_PARAMETER, distributor_return(NULL, NULL, 0, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_leave(NULL, NULL, 0, &status));
    expect(MCAPI_SUCCESS, distributor_leave(worker, NULL, 0, &status));
    expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
}
END_TEST

/* Nothing of a refused call is done: what was in work still is. */
START_TEST(a_worker_cannot_finish_more_than_it_has)
{
    struct distributor *distributor = distributor_here((enum distributor_mode)_i);
    struct distributor_worker *worker = worker_here(distributor);
    struct distributor_item items[DISTRIBUTOR_BURST_MAX + 1];
    uint32_t limit = _i == DISTRIBUTOR_SINGLE ? 1 : DISTRIBUTOR_BURST_MAX;
    size_t count;

    expect(MCAPI_ERR_PARAMETER, distributor_request(worker, items, 1, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_return(worker, items, 1, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_leave(worker, items, 1, &status));
    expect(MCAPI_ERR_PARAMETER, count = distributor_get(worker, items, 1, 0, &status));
    put(distributor, 12);
    expect(MCAPI_SUCCESS, count = distributor_get(worker, items, 0, 1000, &status));
    ck_assert_uint_eq(count, limit);
    expect(MCAPI_ERR_PARAMETER, distributor_request(worker, items, limit + 1, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_return(worker, items, limit + 1, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_leave(worker, items, limit + 1, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_request(worker, items, SIZE_MAX, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_request(worker, NULL, 1, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_return(worker, NULL, 1, &status));
    expect(MCAPI_ERR_PARAMETER, distributor_leave(worker, NULL, 1, &status));
    expect(MCAPI_ERR_PARAMETER, count = distributor_get(worker, items, limit + 1, 0, &status));
    ck_assert_uint_eq(count, 0);
    /* As many would stay in work as can be. */
    expect(MCAPI_ERR_PARAMETER, count = distributor_get(worker, items, 0, 0, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_ERR_PARAMETER, count = distributor_poll(worker, items, &status));
    ck_assert_uint_eq(count, 0);
    for (uint32_t i = 0; i < limit; i++)
        items[i].flags = 0;
    expect(MCAPI_SUCCESS, distributor_leave(worker, items, limit, &status));
    expect(MCAPI_TIMEOUT, distributor_flush(distributor, 0, &status));
    expect(MCAPI_SUCCESS, count = distributor_clear_returns(distributor, &status));
    ck_assert_uint_eq(count, limit);
    expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
}
END_TEST

START_TEST(a_change_that_cannot_be_is_refused_by_every_call)
{
    struct distributor *distributor = distributor_here(DISTRIBUTOR_BURST);
    struct distributor_worker *worker = worker_here(distributor);
    struct distributor_item taken[DISTRIBUTOR_BURST_MAX], bad[DISTRIBUTOR_BURST_MAX];
    char elsewhere[LARGEST + 1] = "";
    size_t count;

    put(distributor, 2);
    expect(MCAPI_SUCCESS, count = distributor_get(worker, taken, 0, 1000, &status));
    ck_assert_uint_eq(count, 2);
    for (int kind = 0; kind < 3; kind++) {
        memcpy(bad, taken, sizeof bad);
        bad[1].flags = DISTRIBUTOR_CHANGED;
        if (kind == 0) { /* too large */
            bad[1].bytes = elsewhere;
            bad[1].size = LARGEST + 1;
        } else if (kind == 1) { /* no bytes */
            bad[1].bytes = NULL;
        } else { /* grown in place */
            bad[1].size++;
        }
        expect(MCAPI_ERR_PKT_LIMIT, distributor_request(worker, bad, 2, &status));
        expect(MCAPI_ERR_PKT_LIMIT, distributor_return(worker, bad, 2, &status));
        expect(MCAPI_ERR_PKT_LIMIT, distributor_leave(worker, bad, 2, &status));
        expect(MCAPI_ERR_PKT_LIMIT, count = distributor_get(worker, bad, 2, 0, &status));
        ck_assert_uint_eq(count, 0);
    }
    /* None was given back, the good one neither. */
    expect(MCAPI_TIMEOUT, distributor_flush(distributor, 0, &status));
    expect(MCAPI_SUCCESS, count = distributor_clear_returns(distributor, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_SUCCESS, distributor_leave(worker, taken, 2, &status));
    expect(MCAPI_SUCCESS, count = distributor_flush(distributor, 1000, &status));
    ck_assert_uint_eq(count, 2);
    expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
}
END_TEST

START_TEST(get_ends_by_its_timeout)
{
    struct distributor *distributor = distributor_here(DISTRIBUTOR_BURST);
    struct distributor_worker *worker = worker_here(distributor);
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    size_t count;

    expect(MCAPI_TIMEOUT, count = distributor_get(worker, items, 0, 0, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_TIMEOUT, count = distributor_get(worker, items, 0, SOON, &status));
    ck_assert_uint_eq(count, 0);
    put(distributor, 1);
    expect(MCAPI_SUCCESS, count = distributor_get(worker, items, 0, SOON, &status));
    ck_assert_uint_eq(count, 1);
    /* What is finished is given back all the same. */
    expect(MCAPI_TIMEOUT, count = distributor_get(worker, items, 1, SOON, &status));
    expect(MCAPI_SUCCESS, count = distributor_flush(distributor, 1000, &status));
    ck_assert_uint_eq(count, 1);
    expect(MCAPI_SUCCESS, distributor_leave(worker, NULL, 0, &status));
    expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
}
END_TEST

/* --- Elsewhere ------------------------------------------------------------------------- */

static struct distributor_worker *elsewhere; /* of the child */

static void act_join(struct act *act)
{
    elsewhere = distributor_join(0, HERE, PORT, PATIENCE_MS, &act->status);
    distributor_request(elsewhere, NULL, 0, NULL);
}

static void act_ask(struct act *act)
{
    distributor_request(elsewhere, NULL, 0, &act->status);
}

/* Finishes `count` items, telling of each, and returns the last one. */
static void act_finish(struct act *act)
{
    struct distributor_item item;

    expect_true(distributor_get(elsewhere, &item, 0, PATIENCE_MS, &act->status) == 1);
    for (uint32_t i = 1; i < act->count; i++) {
        distributor_request(elsewhere, &item, 1, &act->status);
        expect_true(distributor_poll(elsewhere, &item, &act->status) == 1);
    }
    distributor_return(elsewhere, &item, 1, &act->status);
}

static void act_leave(struct act *act)
{
    distributor_leave(elsewhere, NULL, 0, &act->status);
}

/* Also when the distributing thread has not looked for so long that there is no room for one
 * more answer. */
START_TEST(what_is_returned_comes_back_without_a_further_call)
{
    enum { MANY = 50 };
    struct child *child = child_start((enum child_kind)_i, HERE + 1);
    struct distributor_item items[MANY] = { { .size = 0 } };
    struct distributor *distributor;
    struct act act = { .count = MANY };
    size_t count;

    expect(MCAPI_SUCCESS,
           distributor = distributor_create(PORT, 1, DISTRIBUTOR_SINGLE, NULL, &status));
    child_do(child, act_join, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    expect(MCAPI_TIMEOUT, distributor_wait(distributor, DISTRIBUTOR_RETURNS, 0, &status));
    child_do(child, act_ask, &act);
    expect(MCAPI_SUCCESS, count = distributor_process(distributor, items, MANY, &status));
    ck_assert_uint_eq(count, MANY);
    expect(MCAPI_TIMEOUT, distributor_wait(distributor, DISTRIBUTOR_RETURNS, 0, &status));
    act.count = MANY;
    child_begin(child, act_finish, &act);
    ck_assert(eventually(child_is_asleep(child)));
    expect(MCAPI_SUCCESS, count = distributor_flush(distributor, PATIENCE_MS / 3, &status));
    ck_assert_uint_eq(count, MANY);
    child_finish(child, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    child_do(child, act_leave, &act);
    expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { join_refuses_numbers_that_are_out_of_range, 1 },
        { calls_of_a_worker_refuse_null, 1 },
        { a_worker_cannot_finish_more_than_it_has, 2 },
        { a_change_that_cannot_be_is_refused_by_every_call, 1 },
        { get_ends_by_its_timeout, 1 },
        { what_is_returned_comes_back_without_a_further_call, CHILD_KINDS },
    };

    return suite_run_between("distributor/arguments of a worker", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
