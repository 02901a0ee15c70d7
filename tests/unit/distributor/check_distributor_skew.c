/* SPDX-License-Identifier: MIT */
/*
 * check_distributor_skew.c - work is divided well though some tags come much more often than
 * others.
 *
 * Everything is in one thread, and time is counted in ticks: each worker finishes an item in
 * each tick, if it has one. Items come at rates from a fortieth of what all workers can do up
 * to twice as much, one by one and many together. A tag that has more than a worker's share of
 * all items keeps one worker busy alone: then the others are to share the rest.
 */
#include "bench/distributor_zipf.h"
#include "support/expect.h"
#include "support/suite.h"
#include "support/topology.h"
#include "unit/distributor/team.h"

enum {
    WORKERS = 4,
    TAGS = 1024,
    ITEMS = 10000,
    SEED = 1,
    CALL_MOST = 512, /* items of one call */
};

/* The busiest of some may have so much of their mean. */
static const double BOUND = 1.25;

struct work {
    uint32_t done[WORKERS];
    uint32_t left[WORKERS]; /* of those that it has in work */
    uint32_t of_tag[TAGS];
    uint32_t taken;
};

/* A worker of the team, and how many of the items that it has in work are not done. */
static void tick(struct team *team, struct work *work, uint32_t worker)
{
    uint32_t *left = &work->left[worker];

    if (*left > 0) {
        --*left;
        work->done[worker]++;
    }
    if (*left > 0)
        return;
    team->counts[worker] = distributor_get(team->workers[worker], team->in_work[worker],
                                           team->counts[worker], 0, NULL);
    *left = (uint32_t)team->counts[worker];
}

/* When items come: so many in a tick on the average, those of so many ticks together. */
struct load {
    double rate;
    uint32_t ticks;
};

/* What has come by this tick and is not taken yet, at most one call. */
static void offer(struct team *team, struct work *work, const uint32_t *tags, uint32_t due)
{
    struct distributor_item items[CALL_MOST];
    uint32_t count = due - work->taken < CALL_MOST ? due - work->taken : CALL_MOST;
    size_t taken;

    for (uint32_t i = 0; i < count; i++)
        items[i] = (struct distributor_item){ .tag = tags[work->taken + i] };
    taken = distributor_process(team->distributor, items, count, NULL);
    for (size_t i = 0; i < taken; i++)
        work->of_tag[tags[work->taken + i]]++;
    work->taken += (uint32_t)taken;
    while (distributor_returned(team->distributor, items, CALL_MOST, NULL) > 0)
        continue;
}

/* As long as new items come: at the end only those of the tag that waits longest are left. */
static void run(enum distributor_mode mode, double s, const struct load *load,
                struct work *work)
{
    static uint32_t tags[ITEMS];
    struct team team = team_open(mode, WORKERS, NULL);
    uint32_t due = 0;

    *work = (struct work){ .done = { 0 } };
    zipf_fill(tags, ITEMS, TAGS, s, SEED);
    for (uint32_t now = 0; work->taken < ITEMS; now++) {
        if (now % load->ticks == 0)
            due = (uint32_t)(load->rate * (now + load->ticks));
        offer(&team, work, tags, due < ITEMS ? due : ITEMS);
        for (uint32_t i = 0; i < WORKERS; i++)
            tick(&team, work, i);
    }
    for (uint32_t i = 0; i < WORKERS; i++) {
        distributor_leave(team.workers[i], NULL, 0, NULL);
        team.workers[i] = NULL;
    }
    distributor_destroy(team.distributor, NULL);
}

/* The busiest worker to the mean; if that is too much, without the workers that a tag with more
 * than a share keeps busy alone. */
static double busiest_to_mean(const struct work *work)
{
    bool out[WORKERS] = { false };
    double left = 0, ratio;
    int count = WORKERS, busiest;

    for (int i = 0; i < WORKERS; i++)
        left += work->done[i];
    for (uint32_t tag = 0;; tag++) { /* tags are numbered by how often they come */
        busiest = -1;
        for (int i = 0; i < WORKERS; i++)
            if (!out[i] && (busiest < 0 || work->done[i] > work->done[busiest]))
                busiest = i;
        ratio = work->done[busiest] * count / left;
        if (ratio <= BOUND || work->of_tag[tag] <= left / count)
            return ratio;
        out[busiest] = true;
        left -= work->done[busiest];
        count--;
    }
}

static void expect_all_fair(double s)
{
    static const struct load loads[] = {
        { 0.1, 1 }, { 0.1, 32 }, { 0.5, 8 },  { 1, 1 }, { 2, 8 }, { 3, 1 },
        { 3.8, 1 }, { 3.8, 32 }, { 4.3, 32 }, { 5, 1 }, { 8, 1 }, { 8, 32 },
    };
    struct work work;

    for (int mode = DISTRIBUTOR_SINGLE; mode <= DISTRIBUTOR_BURST; mode++)
        for (size_t i = 0; i < SUITE_LENGTH(loads); i++) {
            run((enum distributor_mode)mode, s, &loads[i], &work);
            ck_assert_msg(busiest_to_mean(&work) <= BOUND,
                          "mode %d, %.1f items in a tick, of %u together: %u %u %u %u items "
                          "were done; the most frequent tags have %u %u %u",
                          mode, loads[i].rate, loads[i].ticks, work.done[0], work.done[1],
                          work.done[2], work.done[3], work.of_tag[0], work.of_tag[1],
                          work.of_tag[2]);
        }
}

START_TEST(tags_that_come_alike_are_shared)
{
    expect_all_fair(0);
}
END_TEST

START_TEST(tags_of_a_skewed_distribution_are_shared)
{
    expect_all_fair(1.0);
}
END_TEST

START_TEST(beside_a_tag_of_more_than_a_share_the_rest_is_shared)
{
    expect_all_fair(1.5);
}
END_TEST

/* Few items at a time, and long enough to work them off: who is first in turn gets those of one
 * tag together. */
START_TEST(who_has_as_much_room_is_taken_in_turn_by_what_it_was_given)
{
    static const struct load loads[] = { { 0.1, 32 }, { 0.5, 8 } };
    struct work work;

    for (size_t i = 0; i < SUITE_LENGTH(loads); i++) {
        run((enum distributor_mode)_i, 1.0, &loads[i], &work);
        ck_assert_double_le(busiest_to_mean(&work), 1.02);
    }
}
END_TEST

/* What is measured can be more than the bound: each tag at a worker of its own for good. */
START_TEST(a_fixed_division_would_not_do)
{
    static uint32_t tags[ITEMS];
    struct work work = { .done = { 0 } };

    zipf_fill(tags, ITEMS, TAGS, 1.0, 1);
    for (uint32_t i = 0; i < ITEMS; i++) {
        work.of_tag[tags[i]]++;
        work.done[tags[i] % WORKERS]++;
    }
    ck_assert_double_gt(busiest_to_mean(&work), BOUND);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { tags_that_come_alike_are_shared, 1 },
        { tags_of_a_skewed_distribution_are_shared, 1 },
        { beside_a_tag_of_more_than_a_share_the_rest_is_shared, 1 },
        { who_has_as_much_room_is_taken_in_turn_by_what_it_was_given, 2 },
        { a_fixed_division_would_not_do, 1 },
    };

    return suite_run_between("distributor/skew", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
