/* SPDX-License-Identifier: MIT */
/*
 * crew.h - a distributor and its workers, all in the test's own thread: what happens when is
 * what the test says.
 *
 *     struct crew crew = crew_open(DISTRIBUTOR_SINGLE, 2, NULL);      two workers, that ask
 *
 *     crew_put(&crew, 7, 1);                          an item with tag 7 and cookie 1
 *     ck_assert_uint_eq(crew_take(&crew, 0), 1);      worker 0 has it in work
 *     crew_finish(&crew, 0);
 *     ck_assert_uint_eq(crew_next_return(&crew), 1);
 *     crew_close(&crew);
 *
 * The bytes of an item are its cookie, its tag, and a pattern made of both.
 */
#ifndef TESTS_CREW_H
#define TESTS_CREW_H

#include <stdbool.h>

#include "distributor/distributor.h"

enum {
    CREW_PORT = 40,
    CREW_MOST = 16, /* workers */
    CREW_BYTES = 40,
    CREW_NOTHING = 0, /* no cookie of an item */
};

struct crew {
    struct distributor *distributor;
    struct distributor_worker *workers[CREW_MOST];
    struct distributor_item in_work[CREW_MOST]
                                   [DISTRIBUTOR_BURST_MAX]; /* taken and not finished */
    size_t counts[CREW_MOST];
};

/* With that many workers, which ask; settings may be NULL. */
struct crew crew_open(enum distributor_mode mode, uint32_t workers,
                      const struct distributor_settings *settings);

/* Without any. Up to CREW_MOST can join. */
struct crew crew_open_empty(enum distributor_mode mode,
                            const struct distributor_settings *settings);

/* One more worker, at the first place that is free; the place. It asks. */
uint32_t crew_join(struct crew *crew);

/* The same, without asking. */
uint32_t crew_join_only(struct crew *crew);

/* All workers leave, and the distributor ends. */
void crew_close(struct crew *crew);

/* The pattern of an item. */
void crew_fill(unsigned char bytes[CREW_BYTES], uint32_t tag, uint64_t cookie);

/* Whether these are the bytes of such an item. */
bool crew_is(const unsigned char *bytes, size_t size, uint32_t tag, uint64_t cookie);

/* Puts an item in; false: there is no room. */
bool crew_put(struct crew *crew, uint32_t tag, uint64_t cookie);

/* Puts items in with cookies from `first` on, all with this tag; expects that there is room. */
void crew_put_some(struct crew *crew, uint32_t tag, uint64_t first, uint32_t count);

/* Moves things on. */
void crew_look(struct crew *crew);

/* The worker takes one more item, which must be whole: its cookie, or CREW_NOTHING. In mode
 * burst, the first of those that it takes; counts[] says how many are in work. */
uint64_t crew_take(struct crew *crew, uint32_t worker);

/* The worker has finished all that it has in work, and asks for more. */
void crew_finish(struct crew *crew, uint32_t worker);

/* The worker takes and finishes until there is nothing more; how many that were. */
uint32_t crew_work(struct crew *crew, uint32_t worker);

/* All workers, until everything is back. */
void crew_work_all(struct crew *crew);

/* Ends a worker that has finished what it has in work. */
void crew_leave(struct crew *crew, uint32_t worker);

/* Collects one item, which must be whole: its cookie, or CREW_NOTHING. */
uint64_t crew_next_return(struct crew *crew);

/* The next returns are those from `first` on, and there are no more. */
void crew_expect_returns(struct crew *crew, uint64_t first, uint32_t count);

/* Items that are out at a worker. */
uint32_t crew_out(const struct crew *crew, uint32_t worker);

struct distributor_stats crew_stats(const struct crew *crew);

#endif /* TESTS_CREW_H */
