/* SPDX-License-Identifier: MIT */
/*
 * totals.h - what all workers together have done, and the violations that they found.
 */
#ifndef TESTS_KILL_TOTALS_H
#define TESTS_KILL_TOTALS_H

#include "crash/kill/scene.h"

enum engine {
    ENGINE_PROCESS,       /* a process gets a signal at a boundary */
    ENGINE_THREAD,        /* a thread ends at a boundary, its process lives on */
    ENGINE_STEP,          /* single steps to a boundary, then SIGKILL */
    ENGINE_CHAIN,         /* threads; each dies in the recovery of those before it */
    ENGINE_CHAIN_PROCESS, /* the same, processes */
    ENGINE_LIVE,          /* a process at any boundary of a mixed run, others at work */
    ENGINES
};

enum { MOST_OPERATIONS = 128, MOST_VIOLATIONS = 20, MOST_WORKERS = 16 };

struct totals {
    _Atomic uint64_t deaths[ENGINES];   /* at the chosen boundary */
    _Atomic uint64_t recovery[ENGINES]; /* of them, inside a recovery */
    _Atomic uint64_t missed[ENGINES];   /* the boundary was not reached: died behind the call */
    _Atomic uint64_t signals[4];        /* deaths of processes by enum death */
    _Atomic int64_t spent_us[ENGINES];
    _Atomic uint64_t boundaries[MOST_OPERATIONS]; /* (instruction, occurrence) */
    _Atomic uint64_t addresses[MOST_OPERATIONS];
    _Atomic uint64_t died_in[ENGINES][MOST_OPERATIONS]; /* operation in which the first died */
    _Atomic uint64_t violations_in[ENGINES][MOST_OPERATIONS];
    _Atomic uint64_t late; /* blocked calls that came back after the limit */
    _Atomic int64_t slowest;
    _Atomic uint64_t worked; /* pieces of work of those who lived on */
    _Atomic uint64_t violations;
};

extern struct totals *totals;

/* What this worker does now; violations are counted there. */
void totals_now(enum engine engine, const struct operation *operation);
void totals_count_death(void);
void totals_count_violation(void);

void totals_share(void);

/* One line on what has been done so far. */
void totals_progress(int64_t begun_us);

/* By operation, and by engine; `tap`: as test cases instead. */
void totals_print(uint64_t seed, bool tap);

/* Appends a row for each engine to the file that $CRASH_ALL_TABLE names, if it does:
 * engine|kills|deaths inside recovery|operations|violations|seconds */
void totals_append(void);

#endif /* TESTS_KILL_TOTALS_H */
