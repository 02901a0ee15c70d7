/* SPDX-License-Identifier: MIT */
/*
 * check_distributor_skew.c - work is divided well though some tags come much more often than
 * others.
 *
 * Everything is in one thread, and time is counted in ticks: each worker finishes an item in
 * each tick, if it has one. Items come twice as fast as they can be done, so that all are busy
 * and what the system does besides changes next to nothing. A tag that has more
 * than a worker's share of all items keeps one worker busy alone: then the others are to share
 * the rest.
 */
#include "bench/distributor_zipf.h"
#include "support/expect.h"
#include "support/suite.h"
#include "support/topology.h"
#include "unit/distributor/crew.h"

enum {
    WORKERS = 4,
    TAGS = 1024,
    ITEMS = 20000,
    RATE = 8, /* items that are offered in each tick */
    SEEDS = 3,
};

/* The busiest of some may have so much of their mean. */
static const double BOUND = 1.25;

struct work {
    uint32_t done[WORKERS];
    uint32_t left[WORKERS]; /* of those that it has in work */
    uint32_t of_tag[TAGS];
};

/* A worker of the crew, and how many of the items that it has in work are not done. */
static void tick(struct crew *crew, struct work *work, uint32_t worker)
{
    uint32_t *left = &work->left[worker];

    if (*left > 0) {
        --*left;
        work->done[worker]++;
    }
    if (*left > 0)
        return;
    crew->counts[worker] = distributor_get(crew->workers[worker], crew->in_work[worker],
                                           crew->counts[worker], 0, NULL);
    *left = (uint32_t)crew->counts[worker];
}

static void offer(struct crew *crew, struct work *work, const uint32_t *tags, uint32_t *at)
{
    struct distributor_item items[RATE];
    size_t taken;

    for (uint32_t i = 0; i < RATE; i++)
        items[i] = (struct distributor_item){ .tag = tags[*at + i] };
    taken = distributor_process(crew->distributor, items, RATE, NULL);
    for (size_t i = 0; i < taken; i++)
        work->of_tag[tags[*at + i]]++;
    *at += (uint32_t)taken;
    while (distributor_returned(crew->distributor, items, RATE, NULL) > 0)
        continue;
}

/* As long as new items come: at the end only those of the tag that waits longest are left. */
static void run(enum distributor_mode mode, double s, uint64_t seed, struct work *work)
{
    static uint32_t tags[ITEMS + RATE];
    struct crew crew = crew_open(mode, WORKERS, NULL);

    *work = (struct work){ .done = { 0 } };
    zipf_fill(tags, ITEMS + RATE, TAGS, s, seed);
    for (uint32_t at = 0; at < ITEMS;) {
        offer(&crew, work, tags, &at);
        for (uint32_t i = 0; i < WORKERS; i++)
            tick(&crew, work, i);
    }
    for (uint32_t i = 0; i < WORKERS; i++) {
        distributor_leave(crew.workers[i], NULL, 0, NULL);
        crew.workers[i] = NULL;
    }
    distributor_destroy(crew.distributor, NULL);
}

/* The busiest worker to the mean, without the workers that a tag with more than a share keeps
 * busy alone. */
static double busiest_to_mean(const struct work *work)
{
    bool out[WORKERS] = { false };
    double left = 0;
    int count = WORKERS, busiest;

    for (int i = 0; i < WORKERS; i++)
        left += work->done[i];
    for (uint32_t tag = 0;; tag++) { /* tags are numbered by how often they come */
        busiest = -1;
        for (int i = 0; i < WORKERS; i++)
            if (!out[i] && (busiest < 0 || work->done[i] > work->done[busiest]))
                busiest = i;
        if (work->of_tag[tag] <= left / count)
            return work->done[busiest] * count / left;
        out[busiest] = true;
        left -= work->done[busiest];
        count--;
    }
}

static void expect_all_fair(double s)
{
    struct work work;

    for (int mode = DISTRIBUTOR_SINGLE; mode <= DISTRIBUTOR_BURST; mode++)
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            run((enum distributor_mode)mode, s, seed, &work);
            ck_assert_msg(busiest_to_mean(&work) <= BOUND,
                          "mode %d: %u %u %u %u items were done; the most frequent tags have "
                          "%u %u %u",
                          mode, work.done[0], work.done[1], work.done[2], work.done[3],
                          work.of_tag[0], work.of_tag[1], work.of_tag[2]);
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
        { a_fixed_division_would_not_do, 1 },
    };

    return suite_run_between("distributor/skew", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
