/* SPDX-License-Identifier: MIT */
/*
 * distributor_zipf.h - tags of which few come often and most seldom: the k-th comes with a
 * frequency proportional to 1 / k^s. s = 0: all come alike.
 */
#ifndef TESTS_BENCH_DISTRIBUTOR_ZIPF_H
#define TESTS_BENCH_DISTRIBUTOR_ZIPF_H

#include <stddef.h>
#include <stdint.h>

/* Fills `tags` with numbers below `kinds`; the same ones for the same seed. */
void zipf_fill(uint32_t *tags, size_t count, uint32_t kinds, double s, uint64_t seed);

#endif /* TESTS_BENCH_DISTRIBUTOR_ZIPF_H */
