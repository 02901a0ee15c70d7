/* SPDX-License-Identifier: MIT */
/*
 * eventually.h - a condition and a deadline, in place of a sleep.
 *
 *     ck_assert(eventually(mcapi_pktchan_available(end, &status) == 3));
 */
#ifndef TESTS_EVENTUALLY_H
#define TESTS_EVENTUALLY_H

#include <stdbool.h>
#include <stdint.h>

enum {
    /* Longer than the slowest machine under a sanitizer needs for anything that has to come. */
    PATIENCE_MS = 30000,
};

/* CLOCK_MONOTONIC. */
int64_t now_us(void);

/* Lets others run: between two looks at a condition, never in place of one. */
void breathe(void);

/* Whether the condition comes true within PATIENCE_MS. */
#define eventually(condition)                              \
    __extension__({                                        \
        int64_t give_up = now_us() + PATIENCE_MS * 1000LL; \
        bool came = (condition);                           \
        while (!came && now_us() < give_up) {              \
            breathe();                                     \
            came = (condition);                            \
        }                                                  \
        came;                                              \
    })

#endif /* TESTS_EVENTUALLY_H */
