/* SPDX-License-Identifier: MIT */
/*
 * distributor_arrange.h - finds out how rte_distributor is driven best on this machine, for a
 * mode and a number of workers.
 *
 * It is made for workers that have a processor each. With fewer processors its rate depends by
 * a factor of hundreds on how many items are out (its distributing thread spins for a worker
 * whose 16 places are filled, also while that worker has no processor), on whether workers give
 * their processor up, and on who shares one with whom. So what it is compared with is the best
 * of them.
 */
#ifndef TESTS_BENCH_DISTRIBUTOR_ARRANGE_H
#define TESTS_BENCH_DISTRIBUTOR_ARRANGE_H

#include "bench/distributor_rounds.h"

/* DPDK's own loop, with as many items out as the others have. */
struct arrangement arrange_as_is(void);

/* Tries arrangements of the row's subject for its workers, the best of them so many times, and
 * leaves the best one in the row. Runs are no longer than the workload says; its times are
 * changed. */
void arrange_best(struct row *row, struct workload *workload, uint32_t tries);

/* For people; `text` has room for 64 characters. */
void arrange_name(const struct row *row, char *text);

#endif /* TESTS_BENCH_DISTRIBUTOR_ARRANGE_H */
