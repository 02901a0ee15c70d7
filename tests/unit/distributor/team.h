/* SPDX-License-Identifier: MIT */
/*
 * team.h - a distributor and its workers, all in the test's own thread: what happens when is
 * what the test says.
 *
 *     struct team team = team_open(DISTRIBUTOR_SINGLE, 2, NULL);      two workers, that ask
 *
 *     team_put(&team, 7, 1);                          an item with tag 7 and cookie 1
 *     ck_assert_uint_eq(team_take(&team, 0), 1);      worker 0 has it in work
 *     team_finish(&team, 0);
 *     ck_assert_uint_eq(team_next_return(&team), 1);
 *     team_close(&team);
 *
 * The bytes of an item are its cookie, its tag, and a pattern made of both.
 */
#ifndef TESTS_TEAM_H
#define TESTS_TEAM_H

#include <stdbool.h>

#include "distributor/distributor.h"

enum {
    TEAM_PORT = 40,
    TEAM_MOST = 16, /* workers */
    TEAM_BYTES = 40,
    TEAM_NOTHING = 0, /* no cookie of an item */
};

struct team {
    struct distributor *distributor;
    struct distributor_worker *workers[TEAM_MOST];
    struct distributor_item in_work[TEAM_MOST]
                                   [DISTRIBUTOR_BURST_MAX]; /* taken and not finished */
    size_t counts[TEAM_MOST];
};

/* With that many workers, which ask; settings may be NULL. */
struct team team_open(enum distributor_mode mode, uint32_t workers,
                      const struct distributor_settings *settings);

/* Without any. Up to TEAM_MOST can join. */
struct team team_open_empty(enum distributor_mode mode,
                            const struct distributor_settings *settings);

/* One more worker, at the first place that is free; the place. It asks. */
uint32_t team_join(struct team *team);

/* The same, without asking. */
uint32_t team_join_only(struct team *team);

/* All workers leave, and the distributor ends. */
void team_close(struct team *team);

/* The pattern of an item. */
void team_fill(unsigned char bytes[TEAM_BYTES], uint32_t tag, uint64_t cookie);

/* Whether these are the bytes of such an item. */
bool team_is(const unsigned char *bytes, size_t size, uint32_t tag, uint64_t cookie);

/* Puts an item in; false: there is no room. */
bool team_put(struct team *team, uint32_t tag, uint64_t cookie);

/* Puts items in with cookies from `first` on, all with this tag; expects that there is room. */
void team_put_some(struct team *team, uint32_t tag, uint64_t first, uint32_t count);

/* Moves things on. */
void team_look(struct team *team);

/* The worker takes one more item, which must be whole: its cookie, or TEAM_NOTHING. In mode
 * burst, the first of those that it takes; counts[] says how many are in work. */
uint64_t team_take(struct team *team, uint32_t worker);

/* The worker has finished all that it has in work, and asks for more. */
void team_finish(struct team *team, uint32_t worker);

/* The worker takes and finishes until there is nothing more; how many that were. */
uint32_t team_work(struct team *team, uint32_t worker);

/* All workers, until everything is back. */
void team_work_all(struct team *team);

/* Ends a worker that has finished what it has in work. */
void team_leave(struct team *team, uint32_t worker);

/* Collects one item, which must be whole: its cookie, or TEAM_NOTHING. */
uint64_t team_next_return(struct team *team);

/* The next returns are those from `first` on, and there are no more. */
void team_expect_returns(struct team *team, uint64_t first, uint32_t count);

/* Items that are out at a worker. */
uint32_t team_out(const struct team *team, uint32_t worker);

struct distributor_stats team_stats(const struct team *team);

#endif /* TESTS_TEAM_H */
