/* SPDX-License-Identifier: MIT */
/*
 * check_distributor_random.c - random calls and deaths, held against the model of
 * tests/distributor; and that the model sees what is wrong.
 *
 * random_distributor is the same for longer, and replays a seed that failed here.
 */
#include <stdlib.h>

#include "distributor/random.h"
#include "support/suite.h"

enum {
    SEEDS = 15, /* of each round */
    ROUNDS = 4,
    STEPS = 120,
    DISTORTED_SEEDS = 60,
    LIMIT_S = 300,
};

static char text[sizeof(((struct record *)NULL)->text)];
static struct plan plan;

/* Another first seed each day would find more, and make a failure that nobody has caused: the
 * long runs do that. RANDOM_DISTRIBUTOR_SEED begins elsewhere. */
static uint64_t first_seed(void)
{
    const char *seed = getenv("RANDOM_DISTRIBUTOR_SEED");

    return seed != NULL ? strtoull(seed, NULL, 10) : 1;
}

START_TEST(all_is_as_promised)
{
    for (uint64_t i = 0; i < SEEDS; i++) {
        uint64_t seed = first_seed() + (uint64_t)_i * SEEDS + i;

        plan_make(&plan, seed, STEPS);
        if (run_plan(&plan, text))
            continue;
        printf("random_distributor --seed %llu\n", (unsigned long long)seed);
        shrink(&plan, text);
        plan_print(stdout, &plan);
        ck_abort_msg("seed %llu: %s", (unsigned long long)seed, text);
    }
}
END_TEST

/* Whether one of the seeds shows what the test does wrong. */
static bool is_found(enum distortion distortion)
{
    for (uint64_t seed = 1; seed <= DISTORTED_SEEDS; seed++) {
        plan_make(&plan, seed, STEPS);
        plan.distortion = distortion;
        plan.patience = 2000;
        if (!run_plan(&plan, text))
            return true;
    }
    return false;
}

START_TEST(what_is_wrong_is_found)
{
    ck_assert_msg(is_found((enum distortion)_i), "nobody notices: %s",
                  distortion_name((enum distortion)_i));
}
END_TEST

START_TEST(what_fails_is_made_short)
{
    size_t before;

    ck_assert(is_found(DISTORT_SWAP));
    before = plan.count;
    shrink(&plan, text);
    ck_assert_msg(plan.count <= 12, "%zu of %zu steps are left", plan.count, before);
    ck_assert(!run_plan(&plan, text) || !run_plan(&plan, text) || !run_plan(&plan, text));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("distributor random");
    TCase *cases = tcase_create("random");
    SRunner *runner;
    int failed;

    tcase_set_timeout(cases, LIMIT_S);
    tcase_add_loop_test(cases, all_is_as_promised, 0, ROUNDS);
    tcase_add_loop_test(cases, what_is_wrong_is_found, 1, DISTORTIONS);
    tcase_add_test(cases, what_fails_is_made_short);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
