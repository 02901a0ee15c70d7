/* SPDX-License-Identifier: MIT */
/*
 * distributor_rounds.h - every subject in turn, again and again, so that what the machine does
 * besides meets all of them; then medians.
 */
#ifndef TESTS_BENCH_DISTRIBUTOR_ROUNDS_H
#define TESTS_BENCH_DISTRIBUTOR_ROUNDS_H

#include "bench/distributor_subject.h"

enum { ROUNDS_MOST = 200, ROUNDS_ROWS = 64 };

/* What a run gave, as far as rows tell it. */
struct sample {
    double rate;    /* items per second */
    double cost;    /* processor seconds per million items */
    double idle;    /* processors in use while there is nothing to do */
    double busiest; /* the most items that one worker worked on, to the mean */
    double largest; /* items of the flow with most of them, to the same mean */
};

/* A subject with a number of workers. */
struct row {
    const struct subject *subject;
    uint32_t workers;
    struct arrangement arrangement;
    uint32_t samples;
    uint64_t overtaken; /* items, in all of them: see struct outcome */
    struct sample sample[ROUNDS_MOST];
    char failed[128]; /* why there are no samples, if so */
};

/* Runs it once, in a process of its own, with the workers and the arrangement of the row. */
void rounds_run(struct row *row, struct workload *workload);

struct quartiles {
    double low, median, high;
};

/* Of one of the numbers of a sample: its place in the struct. */
struct quartiles row_quartiles(const struct row *row, size_t offset);

#endif /* TESTS_BENCH_DISTRIBUTOR_ROUNDS_H */
