/* SPDX-License-Identifier: MIT */
/*
 * scratch.h - a folder in memory for the files of all who are tried: a trial that is killed
 * leaves some behind, and they go with the folder.
 */
#ifndef TESTS_BENCH_SCRATCH_H
#define TESTS_BENCH_SCRATCH_H

#include <stdbool.h>

/* Makes it and tells the libraries, by their environment variables, to use it. False: errno. */
bool scratch_make(void);

/* Its name, in the environment: for subjects that name files themselves. */
#define SCRATCH_NAME "BENCH_SCRATCH"

/* With all that is in it. */
void scratch_remove(void);

#endif /* TESTS_BENCH_SCRATCH_H */
