/* SPDX-License-Identifier: MIT */
/*
 * check_dismiss.c - workers are sent away while items are there, and who they are.
 */
#include <signal.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/suite.h"
#include "support/topology.h"
#include "unit/distributor/team.h"

enum { MODES = 2 };

static void dismiss(const struct team *team, uint32_t worker)
{
    expect(MCAPI_SUCCESS, distributor_dismiss(team->distributor, worker, &status));
}

static struct distributor_worker_stats stats_of(const struct team *team, uint32_t worker)
{
    struct distributor_worker_stats stats;

    expect(MCAPI_SUCCESS, distributor_worker_stats(team->distributor, worker, &stats, &status));
    return stats;
}

/* The worker is told that it is to leave, by both calls, and does. */
static void expect_told(struct team *team, uint32_t worker)
{
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    size_t count;

    expect(MCAPI_ERR_CHAN_CLOSEPENDING,
           count = distributor_poll(team->workers[worker], items, &status));
    ck_assert_uint_eq(count, 0);
    expect(MCAPI_ERR_CHAN_CLOSEPENDING,
           count = distributor_get(team->workers[worker], items, 0, MCAPI_TIMEOUT_INFINITE,
                                   &status));
    ck_assert_uint_eq(count, 0);
    team_leave(team, worker);
}

/* Polls and finishes; how many items there were before it is told to leave. */
static uint32_t work_to_the_end(struct team *team, uint32_t worker)
{
    struct distributor_item *items = team->in_work[worker];
    mcapi_status_t status = MCAPI_SUCCESS;
    uint32_t done = 0;

    while (status == MCAPI_SUCCESS) {
        team->counts[worker] =
                distributor_get(team->workers[worker], items, team->counts[worker], 0, &status);
        done += (uint32_t)team->counts[worker];
        team_look(team);
    }
    expect_status(MCAPI_ERR_CHAN_CLOSEPENDING, status);
    return done;
}

/* --- What it has ------------------------------------------------------------------------ */

START_TEST(an_idle_worker_is_told_at_once)
{
    struct team team = team_open((enum distributor_mode)_i, 2, NULL);

    dismiss(&team, 0);
    ck_assert_uint_eq(stats_of(&team, 0).dismissed, 1);
    ck_assert_uint_eq(stats_of(&team, 0).asking, 0);
    ck_assert_uint_eq(stats_of(&team, 1).dismissed, 0);
    ck_assert_uint_eq(team_stats(&team).asking, 1);
    expect_told(&team, 0);
    ck_assert_uint_eq(team_stats(&team).left, 1);
    ck_assert_uint_eq(team_stats(&team).workers, 1);
    team_close(&team);
}
END_TEST

START_TEST(it_works_off_what_it_has_and_is_given_no_more)
{
    struct team team = team_open((enum distributor_mode)_i, 1, NULL);
    uint32_t other;

    team_put_some(&team, 7, 1, 10);
    dismiss(&team, 0);
    team_put_some(&team, 8, 1, 10);
    team_put_some(&team, 7, 11, 10);
    other = team_join(&team);
    ck_assert_uint_eq(team_out(&team, 0), 10);
    ck_assert_uint_eq(team_out(&team, 1), 10);
    ck_assert_uint_eq(team_stats(&team).waiting, 10);
    ck_assert_uint_eq(work_to_the_end(&team, 0), 10);
    team_leave(&team, 0);
    ck_assert_uint_eq(team_stats(&team).left, 1);
    ck_assert_uint_eq(team_work(&team, other), 20);
    ck_assert_uint_eq(team_stats(&team).returned, 30);
    ck_assert_uint_eq(team_stats(&team).given_again, 0);
    team_close(&team);
}
END_TEST

/* Its tags go to others before it has left, and what waits for it is in order. */
START_TEST(what_waits_for_it_goes_to_others_when_its_tag_is_free)
{
    const struct distributor_settings settings = { .window = 4 };
    struct team team = team_open((enum distributor_mode)_i, 1, &settings);
    uint32_t other;

    team_put_some(&team, 7, 1, 12); /* four are out, eight wait for it */
    ck_assert_uint_eq(stats_of(&team, 0).waiting, 8);
    dismiss(&team, 0);
    other = team_join(&team);
    ck_assert_uint_eq(team_work(&team, other), 0);
    ck_assert_uint_eq(work_to_the_end(&team, 0), 4);
    ck_assert_uint_eq(team_work(&team, other), 8);
    team_expect_returns(&team, 1, 12);
    team_leave(&team, 0);
    team_close(&team);
}
END_TEST

/* It learns of it behind all that was sent, when there is a packet again. */
START_TEST(a_worker_to_which_no_packet_can_be_sent_is_told_later)
{
    struct team team = team_open((enum distributor_mode)_i, 1, NULL);
    uint32_t count = 1;

    while (stats_of(&team, 0).waiting == 0)
        ck_assert(team_put(&team, 7, count++)); /* a packet each */
    dismiss(&team, 0);
    ck_assert_uint_eq(work_to_the_end(&team, 0), count - 2);
    expect_told(&team, 0);
    team_join(&team);
    team_work_all(&team);
    team_expect_returns(&team, 1, count - 1);
    team_close(&team);
}
END_TEST

START_TEST(one_that_does_not_ask_is_told_when_it_does)
{
    struct team team = team_open((enum distributor_mode)_i, 1, NULL);

    team_put_some(&team, 7, 1, 5);
    team_take(&team, 0);
    dismiss(&team, 0);
    expect(MCAPI_SUCCESS,
           distributor_return(team.workers[0], team.in_work[0], team.counts[0], &status));
    team.counts[0] = 0;
    team_look(&team);
    ck_assert_uint_eq(team_out(&team, 0), 0);
    ck_assert_uint_eq(work_to_the_end(&team, 0), 0);
    expect_told(&team, 0);
    team_join(&team);
    team_work_all(&team);
    team_expect_returns(&team, 1, 5);
    team_close(&team);
}
END_TEST

START_TEST(to_dismiss_twice_is_to_dismiss_once)
{
    struct team team = team_open((enum distributor_mode)_i, 2, NULL);

    team_put_some(&team, 7, 1, 5);
    dismiss(&team, 0);
    dismiss(&team, 0);
    ck_assert_uint_eq(work_to_the_end(&team, 0), 5);
    expect_told(&team, 0);
    team_expect_returns(&team, 1, 5);
    team_close(&team);
}
END_TEST

/* Its place is free for another one. */
START_TEST(who_left_after_a_dismissal_may_come_again)
{
    struct team team = team_open((enum distributor_mode)_i, 1, NULL);

    for (uint32_t round = 0; round < 5; round++) {
        dismiss(&team, 0);
        expect_told(&team, 0);
        team_join(&team);
        ck_assert_uint_eq(stats_of(&team, 0).dismissed, 0);
        team_put_some(&team, 7, round * 5 + 1, 5);
        ck_assert_uint_eq(team_work(&team, 0), 5);
    }
    team_expect_returns(&team, 1, 25);
    team_close(&team);
}
END_TEST

/* --- Processes -------------------------------------------------------------------------- */

/* An act: joins, and sleeps in get until it says something. */
static void act_ask(struct act *act)
{
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    struct distributor_worker *worker =
            distributor_join(0, 1, TEAM_PORT, MCAPI_TIMEOUT_INFINITE, &act->status);
    mcapi_status_t status;

    act->count =
            (uint32_t)distributor_get(worker, items, 0, MCAPI_TIMEOUT_INFINITE, &act->status);
    distributor_leave(worker, items, act->count, &status);
}

static struct child *getter_start(const struct team *team, mcapi_node_t node)
{
    struct child *child = child_start(CHILD_PROCESS, node);
    int64_t give_up = now_us() + PATIENCE_MS * 1000LL;

    child_begin(child, act_ask, &(struct act){ .count = 0 });
    while (team_stats(team).asking == 0 && now_us() < give_up)
        distributor_wait(team->distributor, DISTRIBUTOR_RETURNS, 10, NULL);
    ck_assert_uint_eq(team_stats(team).asking, 1);
    return child;
}

START_TEST(a_worker_that_sleeps_wakes_and_its_node_is_known)
{
    struct team team = team_open_empty((enum distributor_mode)_i, NULL);
    struct child *child = getter_start(&team, 9);
    struct act act = { .count = 1 };

    ck_assert(eventually(child_is_asleep(child)));
    ck_assert_uint_eq(stats_of(&team, 0).domain, 0);
    ck_assert_uint_eq(stats_of(&team, 0).node, 9);
    dismiss(&team, 0);
    child_finish(child, &act);
    expect_status(MCAPI_ERR_CHAN_CLOSEPENDING, act.status);
    ck_assert_uint_eq(act.count, 0);
    team_look(&team);
    ck_assert_uint_eq(team_stats(&team).left, 1);
    team_close(&team);
}
END_TEST

START_TEST(one_that_dies_instead_of_leaving_has_died)
{
    struct team team = team_open_empty((enum distributor_mode)_i, NULL);
    struct child *child = getter_start(&team, 9);

    ck_assert_int_eq(kill(child_process(child), SIGSTOP), 0);
    team_put_some(&team, 7, 1, 5);
    dismiss(&team, 0);
    child_kill(child);
    team_look(&team);
    ck_assert_uint_eq(team_stats(&team).died, 1);
    ck_assert_uint_eq(team_stats(&team).waiting, 5);
    team_join(&team);
    team_work_all(&team);
    team_expect_returns(&team, 1, 5);
    team_close(&team);
}
END_TEST

/* --- Arguments -------------------------------------------------------------------------- */

START_TEST(dismiss_refuses_who_is_not_there)
{
    struct team team = team_open(DISTRIBUTOR_BURST, 1, NULL);

    expect(MCAPI_ERR_PARAMETER, distributor_dismiss(NULL, 0, &status));
    expect(MCAPI_ERR_NODE_INVALID, distributor_dismiss(team.distributor, 1, &status));
    expect(MCAPI_ERR_NODE_INVALID, distributor_dismiss(team.distributor, TEAM_MOST, &status));
    expect(MCAPI_ERR_NODE_INVALID, distributor_dismiss(team.distributor, UINT32_MAX, &status));
    distributor_dismiss(team.distributor, 0, NULL);
    ck_assert_uint_eq(stats_of(&team, 0).dismissed, 1);
    team_close(&team);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { an_idle_worker_is_told_at_once, MODES },
        { it_works_off_what_it_has_and_is_given_no_more, MODES },
        { what_waits_for_it_goes_to_others_when_its_tag_is_free, MODES },
        { a_worker_to_which_no_packet_can_be_sent_is_told_later, MODES },
        { one_that_does_not_ask_is_told_when_it_does, MODES },
        { to_dismiss_twice_is_to_dismiss_once, MODES },
        { who_left_after_a_dismissal_may_come_again, MODES },
        { a_worker_that_sleeps_wakes_and_its_node_is_known, MODES },
        { one_that_dies_instead_of_leaving_has_died, MODES },
        { dismiss_refuses_who_is_not_there, 1 },
    };

    return suite_run_between("distributor/dismiss", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
