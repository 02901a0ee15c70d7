/* SPDX-License-Identifier: MIT */
/*
 * distributor_subject.h - what is measured. Each run has a process of its own, which is the
 * distributing thread; its workers are processes or threads that it starts.
 */
#ifndef TESTS_BENCH_DISTRIBUTOR_SUBJECT_H
#define TESTS_BENCH_DISTRIBUTOR_SUBJECT_H

#include "bench/distributor_workload.h"

struct subject {
    const char *name;
    const char *mode;
    const char *against; /* the name of what this mode is compared with; NULL: nothing */
    void (*run)(struct run *run);
    bool arranged;       /* it is driven as suits it best: distributor_arrange.h */
    const char *missing; /* why it cannot be run; NULL: it can */
};

/* libdistributor; workers are processes. */
void subject_single(struct run *run);
void subject_burst(struct run *run);

/* DPDK's rte_distributor; workers are threads. Driven as the workload's arrangement says. */
extern const char *const subject_rte_missing;
void subject_rte_single(struct run *run);
void subject_rte_burst(struct run *run);

/* The pattern alone: a ring for each worker and a count of finished items, written by hand. */
void subject_bare(struct run *run);

#endif /* TESTS_BENCH_DISTRIBUTOR_SUBJECT_H */
