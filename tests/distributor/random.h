/* SPDX-License-Identifier: MIT */
/*
 * random.h - a distributor and its workers under random calls, held against a simple model.
 *
 * A seed makes a plan: a mode, settings, workers (processes or threads) and steps. A step is a
 * call of the distributing thread, a call of one worker, a time in which a worker works by
 * itself beside everything else, or a death. What happens is stamped into plain shared memory,
 * which the library knows nothing of; afterwards the model reads the stamps in their order.
 *
 *     plan      a seed's settings and steps, and their text      random_plan.c
 *     log       stamps in shared memory                          random_log.c
 *     worker    does what it is told, in a process or a thread   random_worker.c
 *     drive     the distributing thread's calls                  random_drive.c
 *     end       all come back, and everybody goes                random_end.c
 *     run       step after step, in a process of its own         random_run.c
 *     model     reads the stamps                                 random_model.c
 *     shrink    a plan that fails, made short                    random_shrink.c
 *
 * A step that makes no sense (a worker that is not there is to return something) does nothing,
 * so a plan from which steps were taken out is a plan.
 */
#ifndef TESTS_DISTRIBUTOR_RANDOM_H
#define TESTS_DISTRIBUTOR_RANDOM_H

#include <distributor/distributor.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum {
    RANDOM_WORKERS = 8,
    RANDOM_LIVES = 64, /* workers that join in one run, one after the other at a place */
    RANDOM_ITEMS = 8192,
    RANDOM_STEPS = 600,
    RANDOM_STAMPS = 1 << 17,
    RANDOM_LARGEST = 8000, /* bytes of an item */
    RANDOM_PORT = 7,
    RANDOM_NODE = 1,         /* the distributor's; workers are 10 and up */
    RANDOM_PATIENCE = 10000, /* ms, until something has to come that may take a while */
};

/* --- A plan ------------------------------------------------------------------------ */

enum step_kind {
    STEP_PROCESS,  /* count: items */
    STEP_RETURNED, /* count: room */
    STEP_CLEAR,
    STEP_WAIT,  /* count: what; time: timeout, ms */
    STEP_FLUSH, /* time: timeout, ms */
    STEP_STATS,
    STEP_DISMISS,  /* count: the distributor's number of a worker */
    STEP_JOIN,     /* worker */
    STEP_GET,      /* worker; count: finished ones; time: timeout, ms */
    STEP_REQUEST,  /* worker; count */
    STEP_POLL,     /* worker */
    STEP_RETURN,   /* worker; count */
    STEP_LEAVE,    /* worker; count */
    STEP_WORK,     /* worker; count: calls that it makes by itself, chosen by `seed` */
    STEP_WORK_DIE, /* the same, and kills itself somewhere in it */
    STEP_STOP,     /* worker: waits until it has ended its calls */
    STEP_KILL,     /* worker: SIGKILL; of a thread: its node ends */
    STEP_END,      /* worker: goes without a word; only at the end of a run */
    STEP_KINDS
};

struct step {
    enum step_kind kind;
    uint32_t worker, count, time, seed;
};

/* What the test does wrong on purpose, to see that it is noticed. */
enum distortion {
    DISTORT_NOTHING,
    DISTORT_TAGS,   /* the library is told two tags for one flow: as a table that forgets */
    DISTORT_DEATHS, /* another tag after each death: later items overtake those of the dead */
    DISTORT_TWICE,  /* an item is returned twice */
    DISTORT_LOSE,   /* a returned item is overlooked */
    DISTORT_SWAP,   /* two returned items of one tag change places */
    DISTORT_OVERWRITE, /* bytes of a collected item change */
    DISTORT_DROP,      /* what process did not take is counted as taken */
    DISTORT_AGAIN,     /* the flag DISTRIBUTOR_AGAIN is overlooked */
    DISTORT_GIVEN_UP,  /* ...and DISTRIBUTOR_GIVEN_UP */
    DISTORT_COUNT,     /* a death that was counted for an item is overlooked */
    DISTORTIONS
};

struct plan {
    uint64_t seed;
    enum distortion distortion;
    uint32_t patience; /* ms */
    enum distributor_mode mode;
    uint32_t workers, max_workers, tags;
    struct distributor_settings settings;
    bool thread[RANDOM_WORKERS];
    size_t count;
    struct step step[RANDOM_STEPS];
};

/* What an item is like follows from its number. */
struct traits {
    uint32_t flow, tag, size;
    bool kept;
    bool changed;
    bool in_place;
    bool kills; /* a process that takes it */
    uint32_t changed_size;
};

void plan_make(struct plan *plan, uint64_t seed, size_t steps);
void plan_print(FILE *file, const struct plan *plan);
struct traits item_traits(const struct plan *plan, uint32_t item);
void item_fill(unsigned char *bytes, uint32_t item, uint32_t size, bool changed);
bool item_is(const unsigned char *bytes, uint32_t item, uint32_t size, bool changed);

const char *distortion_name(enum distortion distortion);

/* A generator: each call gives the next number. */
uint64_t random_next(uint64_t *state);
uint32_t random_below(uint64_t *state, uint32_t limit);

/* --- What happens -------------------------------------------------------------------- */

enum stamp_kind {
    STAMP_NONE,
    STAMP_OFFERED,  /* item; before process */
    STAMP_ACCEPTED, /* item; after it */
    STAMP_TAKEN,    /* item, life: in work from here on */
    STAMP_FINISHED, /* item, life: not in work any more */
    STAMP_GIVEN,    /* life: what it has finished before is given back */
    STAMP_ENDING,   /* life: it dies or leaves from here on */
    STAMP_KILLING,  /* life: the same, by a death */
    STAMP_RETURNED, /* item, flags, and deaths above STAMP_DEATHS */
    STAMP_CLEARED,  /* item: how many */
};

enum { STAMP_DEATHS = 8 };

struct stamp {
    enum stamp_kind kind;
    uint32_t life, item, flags;
};

/* What a worker and the test tell each other. */
struct post {
    sem_t asked, answered;
    struct step step;
    _Atomic uint32_t stop;
};

/* Shared by all processes of a run. */
struct record {
    _Atomic uint32_t wrong; /* 1: something was, and `text` says what when it is 2 */
    char text[512];
    _Atomic uint32_t count;
    _Atomic uint64_t stamp[RANDOM_STAMPS];
    struct post post[RANDOM_LIVES];
    _Atomic bool complete; /* the run came to its end */
    uint32_t lives;
    _Atomic uint32_t kills, dismissals;
    _Atomic bool calm; /* no item kills any more */
};

void log_stamp(struct record *record, enum stamp_kind kind, uint32_t life, uint32_t item,
               uint32_t flags);
struct stamp log_read(const struct record *record, uint32_t at);

/* What was wrong first is what is told. */
void wrong(struct record *record, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
bool is_wrong(const struct record *record);

/* --- Workers ------------------------------------------------------------------------- */

/* Does what it is told at record->post[life] until it ends; the caller's thread or process. */
void worker_serve(const struct plan *plan, struct record *record, uint32_t life);

/* --- A run ----------------------------------------------------------------------------- */

/* True: nothing was wrong. Otherwise `text` says what; it has sizeof(record->text) bytes. */
bool run_plan(const struct plan *plan, char *text);

/* How often workers joined, and were killed, in all runs of this process. */
struct run_totals {
    uint64_t runs, items, lives, kills, stamps;
};
extern struct run_totals run_totals;

/* In the order of the stamps; says what is wrong. */
void model_check(const struct plan *plan, struct record *record);

/* Takes steps out as long as it fails. `text` becomes what is wrong with the short one. */
void shrink(struct plan *plan, char *text);

#endif /* TESTS_DISTRIBUTOR_RANDOM_H */
