/* SPDX-License-Identifier: MIT */
/*
 * suite.h - the main() of a check program: a table of its tests, each named after what holds.
 */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>
#include <stddef.h>

/* One test; `rounds` times with _i counting from 0. */
struct suite_test {
    const TTest *test;
    int rounds;
};

#define SUITE_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Runs all of them, each in a process of its own, and returns what main() shall return. */
int suite_run(const char *name, const struct suite_test *tests, size_t count);

/* The same with `before` and `after` around each test, in its process. */
int suite_run_between(const char *name, void (*before)(void), void (*after)(void),
                      const struct suite_test *tests, size_t count);

#endif /* TESTS_SUITE_H */
