/* SPDX-License-Identifier: MIT */
/*
 * check_deaths.c - items over which workers die: counted, found out, and given up.
 *
 * A worker that gets to a bad item says so and stops there; the test kills it then. So it is
 * known at which item it was.
 */
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/suite.h"
#include "support/topology.h"
#include "unit/distributor/team.h"

enum { ITEMS = 60, TAGS = 3, MODES = 2, FIRST = 2 /* node of a worker */ };

/* Seen by all. */
struct scene {
    _Atomic uint64_t bad;     /* the cookie of the item that kills */
    _Atomic uint32_t struck;  /* workers that got to it */
    _Atomic mcapi_node_t who; /* ...the last of them, until the test has seen it */
};

static struct scene *scene;

/* --- A worker -------------------------------------------------------------------------- */

static uint64_t cookie_of(const struct distributor_item *item)
{
    uint64_t cookie;

    memcpy(&cookie, item->bytes, sizeof(cookie));
    return cookie;
}

/* An act: works until the distributor ends, or to the bad item. */
static void act_work(struct act *act)
{
    struct distributor_worker *worker =
            distributor_join(0, 1, TEAM_PORT, MCAPI_TIMEOUT_INFINITE, &act->status);
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    mcapi_status_t status;
    size_t count = 0;

    do {
        count = distributor_get(worker, items, count, MCAPI_TIMEOUT_INFINITE, &act->status);
        for (size_t i = 0; i < count; i++)
            if (cookie_of(&items[i]) == atomic_load(&scene->bad)) {
                atomic_fetch_add(&scene->struck, 1);
                atomic_store(&scene->who, act->node);
                for (;;)
                    pause();
            }
    } while (count > 0);
    distributor_leave(worker, NULL, 0, &status);
}

static struct child *worker_start(const struct team *team, mcapi_node_t node)
{
    struct child *child = child_start(CHILD_PROCESS, node);
    uint32_t before = team_stats(team).asking;
    int64_t give_up = now_us() + PATIENCE_MS * 1000LL;

    child_begin(child, act_work, &(struct act){ .node = node });
    while (team_stats(team).asking == before && now_us() < give_up)
        distributor_wait(team->distributor, DISTRIBUTOR_RETURNS, 10, NULL);
    ck_assert_uint_eq(team_stats(team).asking, before + 1);
    return child;
}

static struct team begin_with(enum distributor_mode mode,
                              const struct distributor_settings *settings, uint64_t bad)
{
    scene = scene != NULL ? scene : shared_memory(sizeof(*scene));
    atomic_store(&scene->struck, 0);
    atomic_store(&scene->who, 0);
    atomic_store(&scene->bad, bad);
    return team_open_empty(mode, settings);
}

static struct team begin(enum distributor_mode mode, uint32_t deaths_max, uint64_t bad)
{
    return begin_with(mode, &(struct distributor_settings){ .deaths_max = deaths_max }, bad);
}

static bool has_struck(const struct team *team, uint32_t times)
{
    team_look((struct team *)team);
    return atomic_load(&scene->struck) == times;
}

/* --- Deaths are counted ----------------------------------------------------------------- */

/* Which of the items have deaths; expects that all come back, in order of their cookies. */
static uint32_t count_marked(struct team *team, uint32_t deaths, uint32_t items)
{
    struct distributor_item item;
    uint32_t marked = 0;

    for (uint64_t next = 1; next <= items; next++) {
        ck_assert_uint_eq(distributor_returned(team->distributor, &item, 1, NULL), 1);
        ck_assert_uint_eq(item.cookie, next);
        ck_assert_uint_eq(item.flags & DISTRIBUTOR_GIVEN_UP, 0);
        ck_assert(item.deaths == deaths || item.deaths == 0);
        if (item.deaths == deaths) {
            ck_assert_uint_eq(next, ++marked); /* the oldest */
            ck_assert_uint_ne(item.flags & DISTRIBUTOR_AGAIN, 0);
        }
    }
    return marked;
}

/* One item in mode single, and DISTRIBUTOR_BURST_MAX in mode burst, of one call. */
START_TEST(a_death_is_counted_to_the_items_that_were_in_work)
{
    struct team team = begin((enum distributor_mode)_i, 0, 1);
    struct child *victim = worker_start(&team, FIRST);

    team_put_some(&team, 7, 1, ITEMS);
    ck_assert(eventually(has_struck(&team, 1)));
    child_kill(victim);
    team_join(&team);
    team_work_all(&team);
    ck_assert_uint_eq(count_marked(&team, 1, ITEMS), _i == DISTRIBUTOR_SINGLE ? 1 : 8);
    team_close(&team);
}
END_TEST

START_TEST(a_worker_that_leaves_with_items_in_work_is_no_death)
{
    struct team team = team_open((enum distributor_mode)_i, 1, NULL);

    team_put_some(&team, 7, 1, ITEMS);
    team_take(&team, 0);
    expect(MCAPI_SUCCESS, distributor_leave(team.workers[0], NULL, 0, &status));
    team.workers[0] = NULL;
    team_join(&team);
    team_work_all(&team);
    ck_assert_uint_eq(count_marked(&team, 1, ITEMS), 0);
    team_close(&team);
}
END_TEST

/* --- Suspects --------------------------------------------------------------------------- */

/* Of several tags, so that more than one worker could have them. */
static void put_of_each_tag(struct team *team, uint32_t count)
{
    for (uint32_t i = 1; i <= count; i++)
        ck_assert(team_put(team, i, i));
}

START_TEST(what_may_have_killed_is_given_alone)
{
    struct team team = begin(DISTRIBUTOR_BURST, 0, 1);
    struct child *victim = worker_start(&team, FIRST);

    put_of_each_tag(&team, 20);
    ck_assert(eventually(has_struck(&team, 1)));
    child_kill(victim);
    team_look(&team);
    team_join(&team);
    team_join(&team);
    for (uint64_t cookie = 1; cookie <= 8; cookie += 2) { /* at both, one each */
        ck_assert_uint_eq(team_out(&team, 0), 1);
        ck_assert_uint_eq(team_out(&team, 1), 1);
        ck_assert_uint_eq(team_take(&team, 0), cookie);
        ck_assert_uint_eq(team_take(&team, 1), cookie + 1);
        team_finish(&team, 0);
        team_finish(&team, 1);
        team_look(&team);
    }
    ck_assert_uint_eq(team_out(&team, 0) + team_out(&team, 1), 12);
    team_work_all(&team);
    ck_assert_uint_eq(team_stats(&team).returned, 20);
    team_close(&team);
}
END_TEST

/* A worker that has something else gets none: not even if nobody else is there. */
START_TEST(what_may_have_killed_waits_for_a_worker_without_items)
{
    struct team team = begin(DISTRIBUTOR_SINGLE, 0, 1);
    struct child *victim = worker_start(&team, FIRST);

    put_of_each_tag(&team, 4);
    ck_assert(eventually(has_struck(&team, 1)));
    team_join(&team);
    for (uint32_t i = 5; i <= 8; i++)
        ck_assert(team_put(&team, i, i));
    ck_assert_uint_eq(team_out(&team, 1), 4);
    child_kill(victim);
    team_look(&team);
    ck_assert_uint_eq(team_stats(&team).died, 1);
    for (uint64_t cookie = 5; cookie <= 8; cookie++) {
        ck_assert_uint_eq(team_take(&team, 0), cookie);
        team_finish(&team, 0);
    }
    team_look(&team);
    ck_assert_uint_eq(team_out(&team, 1), 1);
    ck_assert_uint_eq(team_take(&team, 0), 1);
    team_finish(&team, 0);
    team_work_all(&team);
    ck_assert_uint_eq(team_stats(&team).returned, 8);
    team_close(&team);
}
END_TEST

/* --- Giving up -------------------------------------------------------------------------- */

struct found {
    uint64_t next[TAGS]; /* of each tag */
    uint32_t back, given_up;
};

/* Items are in order within their tags, which are cookie % TAGS. */
static void collect(const struct team *team, struct found *found, uint64_t bad,
                    uint32_t deaths_max)
{
    struct distributor_item item;

    while (distributor_returned(team->distributor, &item, 1, NULL) == 1) {
        ck_assert_uint_eq(item.cookie, found->next[item.tag]);
        found->next[item.tag] += TAGS;
        found->back++;
        ck_assert(team_is(item.bytes, item.size, item.tag, item.cookie));
        if ((item.flags & DISTRIBUTOR_GIVEN_UP) == 0) {
            ck_assert_uint_ne(item.cookie, bad);
            ck_assert_uint_le(item.deaths, 1);
            continue;
        }
        found->given_up++;
        ck_assert_uint_eq(item.cookie, bad);
        ck_assert_uint_eq(item.deaths, deaths_max);
    }
}

/* Workers are replaced as they die. */
static void find_the_bad_one(enum distributor_mode mode, uint32_t deaths_max, uint64_t bad)
{
    struct found found = { .next = { TAGS, 1, 2 } };
    struct team team = begin(mode, deaths_max, bad);
    struct child *workers[2] = { worker_start(&team, FIRST), worker_start(&team, FIRST + 1) };
    int64_t give_up = now_us() + PATIENCE_MS * 1000LL;

    for (uint32_t i = 1; i <= ITEMS; i++)
        ck_assert(team_put(&team, i % TAGS, i));
    while (found.back < ITEMS && now_us() < give_up) {
        mcapi_node_t who = atomic_exchange(&scene->who, 0);

        distributor_wait(team.distributor, DISTRIBUTOR_RETURNS, 1, NULL);
        collect(&team, &found, bad, deaths_max);
        if (who == 0)
            continue;
        child_kill(workers[who - FIRST]);
        team_look(&team); /* who was killed is noticed before another comes */
        workers[who - FIRST] = worker_start(&team, who);
    }
    ck_assert_uint_eq(found.back, ITEMS);
    ck_assert_uint_eq(found.given_up, 1);
    ck_assert_uint_eq(atomic_load(&scene->struck), deaths_max);
    ck_assert_uint_eq(team_stats(&team).died, deaths_max);
    ck_assert_uint_eq(team_stats(&team).given_up, 1);
    team_close(&team);
}

/* In the middle of the items, and at their ends. */
START_TEST(an_item_that_kills_is_found_and_given_up)
{
    static const uint64_t bad[] = { 1, 30, ITEMS };

    for (size_t i = 0; i < SUITE_LENGTH(bad); i++) {
        find_the_bad_one((enum distributor_mode)_i, 3, bad[i]);
        child_end_all();
    }
    find_the_bad_one((enum distributor_mode)_i, 2, 30);
}
END_TEST

START_TEST(at_the_first_death_it_is_given_up_with_what_was_beside_it)
{
    struct team team = begin((enum distributor_mode)_i, 1, 1);
    struct child *victim = worker_start(&team, FIRST);
    struct distributor_item item;
    uint32_t given_up = 0;

    team_put_some(&team, 7, 1, ITEMS);
    ck_assert(eventually(has_struck(&team, 1)));
    child_kill(victim);
    team_join(&team);
    team_work_all(&team);
    for (uint64_t next = 1; next <= ITEMS; next++) {
        ck_assert_uint_eq(distributor_returned(team.distributor, &item, 1, NULL), 1);
        ck_assert_uint_eq(item.cookie, next);
        ck_assert_uint_eq(item.deaths, (item.flags & DISTRIBUTOR_GIVEN_UP) != 0);
        given_up += item.deaths;
    }
    ck_assert_uint_eq(given_up, _i == DISTRIBUTOR_SINGLE ? 1 : 8);
    team_close(&team);
}
END_TEST

/* --- Weighing --------------------------------------------------------------------------- */

struct weighing {
    uint32_t weight; /* of each death */
    uint32_t calls;
    mcapi_domain_t domain;
    mcapi_node_t node; /* of the last one */
};

static uint32_t weigh(void *context, mcapi_domain_t domain, mcapi_node_t node)
{
    struct weighing *weighing = context;

    weighing->calls++;
    weighing->domain = domain;
    weighing->node = node;
    return weighing->weight;
}

static struct team begin_weighing(enum distributor_mode mode, struct weighing *weighing)
{
    const struct distributor_settings settings = { .deaths_max = 12,
                                                   .weigh = weigh,
                                                   .context = weighing };

    return begin_with(mode, &settings, 1);
}

/* Workers on nodes from FIRST on die of item 1, one after another, as it is noticed. */
static void die_of_it(struct team *team, uint32_t times)
{
    for (uint32_t i = 0; i < times; i++) {
        struct child *victim = worker_start(team, FIRST + i);

        ck_assert(eventually(has_struck(team, i + 1)));
        child_kill(victim);
        team_look(team);
        ck_assert_uint_eq(team_stats(team).died, i + 1);
    }
}

START_TEST(a_death_counts_as_it_is_weighed)
{
    static const uint32_t weights[] = { 1, 4, 11 };

    for (size_t i = 0; i < SUITE_LENGTH(weights); i++) {
        struct weighing weighing = { .weight = weights[i], .domain = 99 };
        struct team team = begin_weighing((enum distributor_mode)_i, &weighing);

        team_put_some(&team, 7, 1, ITEMS);
        die_of_it(&team, 1);
        ck_assert_uint_eq(weighing.calls, 1);
        ck_assert_uint_eq(weighing.domain, 0);
        ck_assert_uint_eq(weighing.node, FIRST);
        team_join(&team);
        team_work_all(&team);
        ck_assert_uint_eq(count_marked(&team, weights[i], ITEMS),
                          _i == DISTRIBUTOR_SINGLE ? 1 : 8);
        team_close(&team);
        ck_assert_uint_eq(weighing.calls, 1);
        child_end_all();
    }
}
END_TEST

/* However often. */
START_TEST(a_death_of_no_weight_clears_all_items)
{
    struct weighing weighing = { .weight = 0 };
    struct team team = begin_weighing((enum distributor_mode)_i, &weighing);

    team_put_some(&team, 7, 1, ITEMS);
    die_of_it(&team, 3);
    ck_assert_uint_eq(weighing.calls, 3);
    team_join(&team);
    team_work_all(&team);
    ck_assert_uint_eq(count_marked(&team, UINT8_MAX, ITEMS), 0);
    ck_assert_uint_eq(team_stats(&team).given_up, 0);
    team_close(&team);
}
END_TEST

/* Three at 4, which make 12. */
START_TEST(an_item_is_given_up_when_its_deaths_weigh_enough)
{
    struct weighing weighing = { .weight = 4 };
    struct team team = begin_weighing((enum distributor_mode)_i, &weighing);
    struct distributor_item item;

    team_put_some(&team, 7, 1, ITEMS);
    die_of_it(&team, 3);
    ck_assert_uint_eq(weighing.calls, 3);
    ck_assert_uint_eq(weighing.node, FIRST + 2);
    ck_assert_uint_eq(team_stats(&team).given_up, 1);
    team_join(&team);
    team_work_all(&team);
    ck_assert_uint_eq(distributor_returned(team.distributor, &item, 1, NULL), 1);
    ck_assert_uint_eq(item.cookie, 1);
    ck_assert_uint_ne(item.flags & DISTRIBUTOR_GIVEN_UP, 0);
    ck_assert_uint_eq(item.deaths, 12);
    for (uint64_t next = 2; next <= ITEMS; next++) {
        ck_assert_uint_eq(distributor_returned(team.distributor, &item, 1, NULL), 1);
        ck_assert_uint_eq(item.cookie, next);
        ck_assert_uint_eq(item.flags & DISTRIBUTOR_GIVEN_UP, 0);
    }
    team_close(&team);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_death_is_counted_to_the_items_that_were_in_work, MODES },
        { a_worker_that_leaves_with_items_in_work_is_no_death, MODES },
        { what_may_have_killed_is_given_alone, 1 },
        { what_may_have_killed_waits_for_a_worker_without_items, 1 },
        { an_item_that_kills_is_found_and_given_up, MODES },
        { at_the_first_death_it_is_given_up_with_what_was_beside_it, MODES },
        { a_death_counts_as_it_is_weighed, MODES },
        { a_death_of_no_weight_clears_all_items, MODES },
        { an_item_is_given_up_when_its_deaths_weigh_enough, MODES },
    };

    return suite_run_between("distributor/deaths", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
