/* SPDX-License-Identifier: MIT */
/*
 * expect.h - failures that say what was wanted and what came.
 */
#ifndef TESTS_EXPECT_H
#define TESTS_EXPECT_H

#include <check.h>
#include <mcapi.h>

/* No call sets it: a status that still has it was left alone. */
#define STATUS_UNTOUCHED ((mcapi_status_t)0x5151)

/*
 * Makes a call and compares its status, which the call names `status`:
 *
 *     expect(MCAPI_SUCCESS, mcapi_endpoint_delete(endpoint, &status));
 */
#define expect(wanted, ...)                                                  \
    do {                                                                     \
        mcapi_status_t status = STATUS_UNTOUCHED;                            \
        __VA_ARGS__;                                                         \
        expect_status_of(__FILE__, __LINE__, #__VA_ARGS__, (wanted), status); \
    } while (0)

/* The same for a status that is there already. */
#define expect_status(wanted, got) \
    expect_status_of(__FILE__, __LINE__, #got, (wanted), (got))

void expect_status_of(const char *file, int line, const char *call, mcapi_status_t wanted,
                      mcapi_status_t got);

/* The name of a status, for messages; one buffer for each of the last four. */
const char *status_name(mcapi_status_t status);

#endif /* TESTS_EXPECT_H */
