/* SPDX-License-Identifier: MIT */
/*
 * engines.h - the ways in which victims come to their deaths.
 */
#ifndef TESTS_KILL_ENGINES_H
#define TESTS_KILL_ENGINES_H

#include "crash/kill/operations.h"
#include "crash/kill/totals.h"

/* What one worker does; `worker` of `workers`. */
struct work {
    uint64_t seed;
    uint32_t worker, workers;
    bool quiet;              /* no lines about violations: they are wanted */
    uint64_t count[ENGINES]; /* deaths wanted, of all workers together; UINT64_MAX: each
                                boundary once */
    const char *only;        /* this operation; NULL: all */
};

uint64_t random_number(void);
void random_seed(uint64_t seed);

/* The boundaries of one operation, from a life that is single-stepped. */
struct trace {
    const struct operation *operation;
    size_t index; /* of the operation */
    uint32_t count;
    struct boundary *boundary;
};
bool trace_operation(struct trace *trace, size_t index);
void trace_all(const struct work *work);
extern struct trace traces[MOST_OPERATIONS];

/* A round: one death with all that is around it, and what must be found afterwards. True: at
 * its boundary. */
bool round_of(enum engine engine, const struct life *life);

/* What was violated in the last round: told, counted, and the scene made anew. True: there was
 * something. */
bool round_violated(const struct work *work, enum engine engine, const struct life *life);

/* A round that takes longer hangs; many times what one takes on a machine that others use. */
extern uint32_t round_seconds;

/* The same for the victim's whole round but its life. */
void round_begin(const struct operation *operation);
void round_end(const struct operation *operation);

/* Tells and counts a violation, and makes the scene anew. True: there was one. */
bool violated(const struct work *work, const char *what, const char *how_to_replay);

/* Keeps of far rounds of loops only some. */
void thin_out(struct trace *trace);

/* Whether a victim of this kind can die in the operation. */
bool engine_can(enum engine engine, const struct operation *operation);

void engine_boundaries(const struct work *work, enum engine engine);
void engine_chains(const struct work *work, enum engine engine);
void chain_again(const struct work *work, enum engine engine, uint64_t seed);
void engine_live(const struct work *work);

#endif /* TESTS_KILL_ENGINES_H */
