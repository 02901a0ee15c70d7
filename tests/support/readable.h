/* SPDX-License-Identifier: MIT */
/*
 * readable.h - the descriptor of a receiving end, and what it says.
 *
 *     int fd = fd_of(&pair);
 *
 *     pair_send(&pair, "one");
 *     ck_assert(eventually(is_readable(fd)));
 */
#ifndef TESTS_READABLE_H
#define TESTS_READABLE_H

#include <stdbool.h>

#include "support/pair.h"

/* Of a channel whose receiving end is here; expects success. */
int fd_of(const struct pair *pair);

/* What poll says without waiting. Of a number that is no descriptor: false. */
bool is_readable(int fd);

/* Whether poll says so before PATIENCE_MS are over. */
bool becomes_readable(int fd);

/* Whether the number is a descriptor of this process at all. */
bool is_open(int fd);

/* The library's thread that makes descriptors readable; 0: there is none. */
int watcher_thread(void);

#endif /* TESTS_READABLE_H */
