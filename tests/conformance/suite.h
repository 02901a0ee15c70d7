/* SPDX-License-Identifier: MIT */
/*
 * suite.h - what the parts of the suite's machinery share. Tests include harness.h alone.
 *
 * main.c reads the options and makes the list of runs: each test in each of its variants.
 * run.c runs them, each in a process group of its own; harness.c, peers.c and acts.c are what a
 * test sees while it runs; report.c says what came of it; clauses.c holds the tests against the
 * list of clauses; chapters.c names all files of tests.
 */
#ifndef CONFORMANCE_SUITE_H
#define CONFORMANCE_SUITE_H

#include "harness.h"

#include <stdio.h>

/* --- Chapters and clauses --------------------------------------------------------- */

/* Those that are built, once they are gathered. */
extern const struct chapter *chapters[];
extern size_t chapter_count;
void chapters_gather(void);

struct clause {
    char id[16];
    char *text;
};

struct clauses {
    struct clause *clause;
    size_t count;
    size_t mismatches; /* found while reading, and told on stderr */
};

/* Adds what a file says: lines of "7.14 | text", comments after #. */
void clauses_read(struct clauses *clauses, const char *file);
const struct clause *clauses_find(const struct clauses *clauses, const char *id);
/* Every clause has a test and every test a clause: whether that is so; says on stderr what is
 * not, and on stdout how many there are. */
bool clauses_audit(const struct clauses *clauses);

/* Takes one number off a list of them, "7.14 7.15"; false when there is none left. */
bool clause_next(const char **list, char id[16]);

/* --- Runs ------------------------------------------------------------------------- */

/* Where a test without peers is run. */
#define NOWHERE VARIANTS

enum verdict { NOT_RUN, PASSED, FAILED, SKIPPED };

/* One test in one of its variants. */
struct run {
    const struct chapter *chapter;
    const struct test *test;
    int where; /* enum variant, or NOWHERE */
    enum verdict verdict;
    char *message; /* why it failed or was skipped */
    char *printed; /* what it said on stderr */
    int64_t took;  /* ms */
};

const char *where_name(int where);
const char *verdict_name(enum verdict verdict);

/* Runs them all, `jobs` at a time, each for `timeout` seconds at most, and reports each in its
 * turn. */
void runs_make(struct run *runs, size_t count, int jobs, int timeout);

/* --- A run, in its own process ---------------------------------------------------- */

/* What is known of a run, in memory that all its processes share. */
struct board {
    int said; /* enum said, by atomic operations */
    enum verdict verdict;
    char message[1024];
    /* The last expectation that held. */
    const char *file;
    int line;
    int variant;
    int64_t deadline; /* ms, of now_ms() */
    int bell;         /* a pipe: one byte when a verdict has been given */
};
enum said { NOTHING, BEING_SAID, SAID };

extern struct board *board;

/* The first verdict counts. */
bool board_say(enum verdict verdict, const char *message);
/* Gives a verdict, and ends the test. */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Signals as they are to be in a process of a test. */
void signals_for_test(void);
/* Whether the calling thread has become a node by do_initialize, and still is one. */
bool is_node_here(void);
/* Of the calling thread, for messages: "" or " (peer 1)". */
const char *who_am_i(void);

/* --- Reports ---------------------------------------------------------------------- */

void report_run(size_t number, const struct run *run);
/* As TAP comments: passed, failed and skipped clauses, section by section. */
void report_summary(const struct clauses *clauses, const struct run *runs, size_t count);
/* Clause, test, variant, verdict, text; tabs between them. False: the file cannot be written.
 */
bool report_table(const char *file, const struct clauses *clauses, const struct run *runs,
                  size_t count);

#endif /* CONFORMANCE_SUITE_H */
