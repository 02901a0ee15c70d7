/* SPDX-License-Identifier: MIT */
/*
 * suite.c - the main() of a check program.
 */
#include "support/suite.h"

#include <stdlib.h>

enum {
    /* Longer than any test takes on a slow machine under a sanitizer. */
    LIMIT_S = 120,
};

int suite_run_between(const char *name, void (*before)(void), void (*after)(void),
                      const struct suite_test *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *cases = tcase_create(name);
    SRunner *runner;
    int failed;

    tcase_set_timeout(cases, LIMIT_S);
    if (before != NULL || after != NULL)
        tcase_add_checked_fixture(cases, before, after);
    for (size_t i = 0; i < count; i++)
        tcase_add_loop_test(cases, tests[i].test, 0, tests[i].rounds);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int suite_run(const char *name, const struct suite_test *tests, size_t count)
{
    return suite_run_between(name, NULL, NULL, tests, count);
}
