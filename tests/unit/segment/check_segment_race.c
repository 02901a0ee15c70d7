/* SPDX-License-Identifier: MIT */
/*
 * check_segment_race.c - processes that come, go and are killed at any moment find one segment.
 *
 * Each process that has attached writes down the identity it found, and compares it with all
 * that others have written down. Two living processes never disagree.
 */
#include "segment/segment.h"

#include <errno.h>

#include "os/clock.h"
#include "os/futex.h"
#include "support/suite.h"
#include "unit/segment/segments.h"

enum {
    ROUNDS = 500,
    STARTERS = 4, /* processes that start together, in each round */
    PLACES = 12,  /* processes at a time: those of earlier rounds may still be there */
    KILLED_OF = 3,
    LIFETIMES_US = 3000,
};

/* One process at a time. */
struct place {
    _Atomic bool taken;
    _Atomic bool attached; /* `identity` is true */
    _Atomic bool doomed;   /* may be dead at any moment: its words say nothing any more */
    _Atomic uint32_t life; /* which process: the place is used again */
    _Atomic uint64_t identity;
    uint32_t lifetime_us;
    uint32_t round; /* before the one in which it starts */
    pid_t pid;
};

struct board {
    _Atomic uint32_t start; /* the round that may start */
    _Atomic uint32_t attached, disagreed;
    struct place places[PLACES];
};

static struct board *board;

static bool disagrees(const struct place *place)
{
    uint32_t life = place->life;

    if (!place->attached || place->identity == segment.identity[0])
        return false;
    /* Still the same process, alive and attached, so it was all the while. */
    return place->attached && !place->doomed && place->life == life;
}

static int live(void *argument)
{
    struct place *self = argument;

    while (board->start == self->round)
        mci_futex_wait(&board->start, self->round, MCI_FOREVER);
    if (!attach()) {
        fprintf(stderr, "%s\n", reason);
        return 1;
    }
    self->identity = segment.identity[0];
    self->attached = true;
    board->attached++;
    for (int look = 0; look < 2; look++) {
        for (int i = 0; i < PLACES; i++)
            board->disagreed += disagrees(&board->places[i]);
        if (look == 0)
            usleep(self->lifetime_us);
    }
    self->attached = false;
    mci_segment_detach(&segment);
    return 0;
}

static int killed;

static void reap(struct place *place, int options)
{
    int status;

    if (waitpid(place->pid, &status, options) == 0)
        return;
    if (WIFSIGNALED(status))
        killed++;
    else
        ck_assert_int_eq(WEXITSTATUS(status), 0);
    place->attached = false;
    place->life++;
    place->doomed = false;
    place->taken = false;
}

static struct place *free_place(void)
{
    for (;;) {
        for (int i = 0; i < PLACES; i++)
            if (!board->places[i].taken)
                return &board->places[i];
        for (int i = 0; i < PLACES; i++)
            reap(&board->places[i], WNOHANG);
        breathe();
    }
}

static void kill_some(unsigned *seed)
{
    for (int i = 0; i < PLACES; i++) {
        struct place *place = &board->places[i];

        if (place->taken && rand_r(seed) % (KILLED_OF * STARTERS) == 0) {
            place->doomed = true;
            kill(place->pid, SIGKILL);
        }
    }
}

START_TEST(all_that_live_at_a_time_agree_on_the_segment)
{
    int64_t give_up = now_ms() + 3 * PATIENCE_MS;
    unsigned seed = 1;
    int rounds = 0;

    board = shared_memory(sizeof *board);
    root_open();
    for (; rounds < ROUNDS && now_ms() < give_up; rounds++) {
        for (int i = 0; i < STARTERS; i++) {
            struct place *place = free_place();

            place->taken = true;
            place->lifetime_us = (uint32_t)rand_r(&seed) % LIFETIMES_US;
            place->round = board->start;
            place->pid = child_start(live, place);
        }
        board->start++;
        mci_futex_wake(&board->start, INT32_MAX);
        usleep((useconds_t)rand_r(&seed) % LIFETIMES_US);
        kill_some(&seed);
    }
    for (int i = 0; i < PLACES; i++)
        if (board->places[i].taken)
            reap(&board->places[i], 0);
    ck_assert_msg(board->disagreed == 0, "%u disagreements", board->disagreed);
    ck_assert_int_gt(killed, rounds / 4);
    ck_assert_uint_gt(board->attached, (uint32_t)rounds);
    attached(); /* should the last ones have been killed: we find that out, and clean up */
    mci_segment_detach(&segment);
    root_close();
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { all_that_live_at_a_time_agree_on_the_segment, 1 },
    };

    return suite_run("segment race", tests, SUITE_LENGTH(tests));
}
