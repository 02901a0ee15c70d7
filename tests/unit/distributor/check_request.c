/* SPDX-License-Identifier: MIT */
/*
 * check_request.c - workers that ask without waiting: what they have finished is told though no
 * call follows, and they learn that nobody will let them in.
 */
#include <stdatomic.h>
#include <unistd.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/suite.h"
#include "support/topology.h"
#include "unit/distributor/team.h"

enum {
    MODES = 2,
    ITEMS = 60, /* more than answers have room for, each with a call of its own */
    OTHER_NODE = 2,
    OTHER_PORT = 7,
};

/* Items that the worker has finished, or begun to say so. */
static _Atomic uint32_t *finished;

/* An act: gives back item after item, each by distributor_request, and makes no further call.
 */
static void act_request(struct act *act)
{
    struct distributor_worker *worker =
            distributor_join(0, 1, TEAM_PORT, MCAPI_TIMEOUT_INFINITE, &act->status);
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    uint32_t done = 0;

    distributor_request(worker, NULL, 0, &act->status);
    while (done < ITEMS) {
        size_t count = distributor_poll(worker, items, &act->status);

        for (size_t i = 0; i < count; i++) {
            atomic_store(finished, ++done);
            distributor_request(worker, &items[i], 1, &act->status);
        }
    }
    atomic_store(finished, ITEMS + 1);
    for (;;)
        pause();
}

/* Whether the worker is through, or is held up by us who do not look. */
static bool has_stopped(const struct child *child)
{
    return atomic_load(finished) == ITEMS + 1
        || (atomic_load(finished) > 30 && child_is_asleep(child));
}

START_TEST(what_is_given_back_is_told_though_no_call_follows)
{
    struct team team = team_open_empty((enum distributor_mode)_i, NULL);
    struct distributor_item items[ITEMS];
    struct child *child;
    int64_t give_up = now_us() + PATIENCE_MS * 1000LL;
    size_t taken;

    finished = finished != NULL ? finished : shared_memory(sizeof(*finished));
    atomic_store(finished, 0);
    child = child_start(CHILD_PROCESS, 2);
    child_begin(child, act_request, &(struct act){ .count = 0 });
    while (team_stats(&team).asking == 0 && now_us() < give_up)
        distributor_wait(team.distributor, DISTRIBUTOR_RETURNS, 10, NULL);
    for (uint32_t i = 0; i < ITEMS; i++)
        items[i] = (struct distributor_item){ .tag = i, .cookie = i + 1 };
    expect(MCAPI_SUCCESS, taken = distributor_process(team.distributor, items, ITEMS, &status));
    ck_assert_uint_eq(taken, ITEMS);
    ck_assert(eventually(has_stopped(child)));
    expect(MCAPI_SUCCESS, distributor_flush(team.distributor, PATIENCE_MS / 3, &status));
    ck_assert_uint_eq(team_stats(&team).returned, ITEMS);
    child_kill(child);
    team_close(&team);
}
END_TEST

/* --- Nobody lets it in -------------------------------------------------------------------- */

/* What poll says in the end, of a worker that is not let in. */
static mcapi_status_t poll_to_the_end(struct distributor_worker *worker)
{
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    mcapi_status_t status = MCAPI_SUCCESS;

    ck_assert(eventually((distributor_poll(worker, items, &status), status != MCAPI_SUCCESS)));
    return status;
}

START_TEST(who_only_polls_learns_that_there_is_no_distributor_any_more)
{
    struct team team = team_open_empty((enum distributor_mode)_i, NULL);
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    struct distributor_worker *worker;

    expect(MCAPI_SUCCESS, worker = distributor_join(0, 1, TEAM_PORT, 0, &status));
    expect(MCAPI_SUCCESS, distributor_request(worker, NULL, 0, &status));
    expect(MCAPI_SUCCESS, distributor_poll(worker, items, &status));
    expect(MCAPI_SUCCESS, distributor_destroy(team.distributor, &status));
    expect_status(MCAPI_ERR_CHAN_INVALID, poll_to_the_end(worker));
    expect(MCAPI_ERR_CHAN_INVALID, distributor_request(worker, NULL, 0, &status));
    expect(MCAPI_ERR_CHAN_INVALID, distributor_leave(worker, NULL, 0, &status));
}
END_TEST

/* Another distributor at the same port is not the one that this worker knows. */
START_TEST(who_only_polls_learns_that_there_is_another_distributor)
{
    struct team team = team_open_empty((enum distributor_mode)_i, NULL);
    struct distributor_worker *worker;

    expect(MCAPI_SUCCESS, worker = distributor_join(0, 1, TEAM_PORT, 0, &status));
    expect(MCAPI_SUCCESS, distributor_destroy(team.distributor, &status));
    team = team_open_empty((enum distributor_mode)_i, NULL);
    expect_status(MCAPI_ERR_CHAN_INVALID, poll_to_the_end(worker));
    expect(MCAPI_ERR_CHAN_INVALID, distributor_leave(worker, NULL, 0, &status));
    team_close(&team);
}
END_TEST

static void act_distribute(struct act *act)
{
    distributor_create(OTHER_PORT, 2, (enum distributor_mode)act->kind, NULL, &act->status);
}

START_TEST(who_only_polls_learns_that_the_distributor_has_died)
{
    struct child *child = child_start(CHILD_PROCESS, OTHER_NODE);
    struct act act = { .kind = _i };
    struct distributor_worker *worker;

    child_do(child, act_distribute, &act);
    expect(MCAPI_SUCCESS,
           worker = distributor_join(0, OTHER_NODE, OTHER_PORT, PATIENCE_MS, &status));
    child_kill(child);
    expect_status(MCAPI_ERR_TRANSMISSION, poll_to_the_end(worker));
    expect(MCAPI_ERR_TRANSMISSION, distributor_leave(worker, NULL, 0, &status));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { what_is_given_back_is_told_though_no_call_follows, MODES },
        { who_only_polls_learns_that_there_is_no_distributor_any_more, MODES },
        { who_only_polls_learns_that_there_is_another_distributor, MODES },
        { who_only_polls_learns_that_the_distributor_has_died, MODES },
    };

    return suite_run_between("distributor/request", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
