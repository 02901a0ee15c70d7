/* SPDX-License-Identifier: MIT */
/*
 * expect.h - failures that say what was wanted and what came.
 */
#ifndef TESTS_EXPECT_H
#define TESTS_EXPECT_H

#include <check.h>
#include <mcapi.h>
#include <stdbool.h>

/* No call sets it: a status that still has it was left alone. */
#define STATUS_UNTOUCHED ((mcapi_status_t)0x5151)

/*
 * Makes a call and compares its status, which the call names `status`:
 *
 *     expect(MCAPI_SUCCESS, mcapi_endpoint_delete(endpoint, &status));
 */
#define expect(wanted, ...)                                                   \
    do {                                                                      \
        mcapi_status_t status = STATUS_UNTOUCHED;                             \
        __VA_ARGS__;                                                          \
        expect_status_of(__FILE__, __LINE__, #__VA_ARGS__, (wanted), status); \
    } while (0)

/* The same for a status that is there already. */
#define expect_status(wanted, got) expect_status_of(__FILE__, __LINE__, #got, (wanted), (got))

/* A condition in code that may run in a child process. */
#define expect_true(condition) expect_true_at(__FILE__, __LINE__, #condition, (condition))

/*
 * Set in a child process, which says on stderr what is wrong and ends. It must keep away from
 * the file through which libcheck learns of the test: a child that is killed while it writes
 * there leaves half a message. ck_assert... writes there each time, so code that runs in child
 * processes has the macros of this header instead.
 */
extern bool expect_in_child;

void expect_status_of(const char *file, int line, const char *call, mcapi_status_t wanted,
                      mcapi_status_t got);

void expect_true_at(const char *file, int line, const char *condition, bool holds);

/* The name of a status, for messages; one buffer for each of the last four. */
const char *status_name(mcapi_status_t status);

#endif /* TESTS_EXPECT_H */
