/* SPDX-License-Identifier: MIT */
/*
 * check_mailbox.c - as many messages fit as were asked for, the most urgent comes first, none
 * is lost or doubled, and whoever comes too late or dies does no harm.
 */
#include "segment/mailbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/control.h"
#include "runtime/runtime.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/suite.h"
#include "support/topology.h"

enum { PORT = 3, DEEPEST = 200 };

/* A mailbox of a live endpoint, with the receiver's places. */
struct bench {
    mcapi_endpoint_t endpoint;
    struct mci_mailbox box;
    struct mci_mailbox_places places;
    uint32_t name; /* ours, as a sender */
};

static void make(mcapi_endpoint_t endpoint, uint32_t depth, uint32_t levels)
{
    ck_assert(mci_control_lock(mci_self.node, mci_self.serial));
    ck_assert(mci_mailbox_make(&mci_runtime.map, endpoint & 0xffff, depth, levels));
    mci_control_unlock();
}

static void bench_make(struct bench *bench, uint32_t depth, uint32_t levels)
{
    uint32_t slot = mci_self.node->slot;

    expect(MCAPI_SUCCESS, bench->endpoint = mcapi_endpoint_create(PORT, &status));
    make(bench->endpoint, depth, levels);
    ck_assert(mci_mailbox_view(mci_map(), bench->endpoint, &bench->box));
    mci_mailbox_begin(&bench->places);
    bench->name = MCI_CONTROL_NAME(slot, atomic_load(&mci_map()->nodes[slot].incarnation));
}

/* The endpoint of the slot's next generation. */
static mcapi_endpoint_t next_of(mcapi_endpoint_t endpoint)
{
    mcapi_endpoint_t next;

    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(endpoint, &status));
    do {
        expect(MCAPI_SUCCESS, next = mcapi_endpoint_create(MCAPI_PORT_ANY, &status));
        if ((next & 0xffff) != (endpoint & 0xffff))
            expect(MCAPI_SUCCESS, mcapi_endpoint_delete(next, &status));
    } while ((next & 0xffff) != (endpoint & 0xffff));
    return next;
}

static bool send_number(const struct bench *bench, uint32_t level, uint32_t number)
{
    uint32_t cell = mci_mailbox_take(&bench->box, level, bench->name);

    if (cell == MCI_NO_CELL)
        return false;
    memcpy(bench->box.cells[cell].payload, &number, sizeof number);
    ck_assert(mci_mailbox_send(&bench->box, level, cell));
    return true;
}

/* False: nothing there. */
static bool receive_number(struct bench *bench, uint32_t *level, uint32_t *number)
{
    uint32_t cell = mci_mailbox_next(&bench->box, &bench->places, level);

    if (cell == MCI_NO_CELL)
        return false;
    mci_mailbox_receive(&bench->box, &bench->places, *level, cell);
    memcpy(number, bench->box.cells[cell].payload, sizeof *number);
    mci_mailbox_give(&bench->box, cell);
    return true;
}

/* --- One sender ----------------------------------------------------------------------- */

START_TEST(exactly_as_many_fit_as_the_depth_says)
{
    static const uint32_t depths[] = { 1, 2, 3, 7, 8, 9, 64, 100, DEEPEST };
    uint32_t depth = depths[_i];
    struct bench bench;
    uint32_t level, number;

    bench_make(&bench, depth, MCI_LEVELS);
    /* Several laps, and past the wrap of the positions. */
    for (uint32_t round = 0; round < 600 / depth + 3; round++) {
        for (uint32_t i = 0; i < depth; i++) {
            ck_assert_uint_eq(mci_mailbox_free_cells(&bench.box), depth - i);
            ck_assert_uint_eq(mci_mailbox_waiting(&bench.box, &bench.places), i);
            ck_assert(send_number(&bench, round % MCI_LEVELS, i));
        }
        ck_assert(!send_number(&bench, 0, 0));
        ck_assert_uint_eq(mci_mailbox_waiting(&bench.box, &bench.places), depth);
        for (uint32_t i = 0; i < depth; i++) {
            ck_assert(receive_number(&bench, &level, &number));
            ck_assert_uint_eq(level, round % MCI_LEVELS);
            ck_assert_uint_eq(number, i);
        }
        ck_assert(!receive_number(&bench, &level, &number));
    }
}
END_TEST
enum { DEPTHS = 9 };

/* The numbers that wait on each level, oldest first. */
struct model {
    uint32_t number[MCI_LEVELS][DEEPEST];
    uint32_t count[MCI_LEVELS];
    uint32_t all;
};

static uint32_t model_take(struct model *model, uint32_t *level)
{
    uint32_t number;

    for (*level = 0; model->count[*level] == 0;)
        ++*level;
    number = model->number[*level][0];
    model->count[*level]--;
    model->all--;
    memmove(model->number[*level], model->number[*level] + 1,
            model->count[*level] * sizeof number);
    return number;
}

START_TEST(the_most_urgent_comes_first_and_the_oldest_of_those)
{
    enum { STEPS = 20000 };
    unsigned seed = (unsigned)_i;
    uint32_t depth = 1 + (uint32_t)rand_r(&seed) % 70;
    uint32_t levels = 1 + (uint32_t)rand_r(&seed) % MCI_LEVELS;
    struct model model = { .all = 0 };
    struct bench bench;

    bench_make(&bench, depth, levels);
    for (uint32_t step = 0; step < STEPS; step++) {
        uint32_t level = (uint32_t)rand_r(&seed) % levels;
        uint32_t number, wanted_level;

        if (rand_r(&seed) % 100 < 30 + 40 * (int)(step / 1000 % 2)) {
            ck_assert(send_number(&bench, level, step) == (model.all < depth));
            if (model.all < depth) {
                model.number[level][model.count[level]++] = step;
                model.all++;
            }
        } else if (model.all == 0) {
            ck_assert(!receive_number(&bench, &level, &number));
        } else {
            ck_assert(receive_number(&bench, &level, &number));
            ck_assert_uint_eq(number, model_take(&model, &wanted_level));
            ck_assert_uint_eq(level, wanted_level);
        }
        ck_assert_uint_eq(mci_mailbox_waiting(&bench.box, &bench.places), model.all);
        ck_assert_uint_eq(mci_mailbox_free_cells(&bench.box), depth - model.all);
    }
}
END_TEST

/* --- Those who are late --------------------------------------------------------------- */

START_TEST(a_late_sender_sends_nothing_to_the_next_endpoint)
{
    struct bench bench, next;
    uint32_t cell, level, number;

    bench_make(&bench, 4, 2);
    cell = mci_mailbox_take(&bench.box, 0, bench.name);
    ck_assert(send_number(&bench, 1, 7)); /* never received */
    next = bench;
    next.endpoint = next_of(bench.endpoint);
    ck_assert(!mci_mailbox_view(mci_map(), next.endpoint, &next.box));
    make(next.endpoint, 3, MCI_LEVELS);
    ck_assert(!mci_mailbox_view(mci_map(), bench.endpoint, &next.box));
    ck_assert(mci_mailbox_view(mci_map(), next.endpoint, &next.box));
    mci_mailbox_begin(&next.places);

    /* It still has its cell, and nobody else gets that one. */
    ck_assert_uint_eq(mci_mailbox_free_cells(&next.box), 2);
    ck_assert(send_number(&next, 0, 1));
    ck_assert(send_number(&next, 5, 2));
    ck_assert(!send_number(&next, 0, 3));
    ck_assert(!mci_mailbox_send(&bench.box, 0, cell));
    mci_mailbox_give(&bench.box, cell);
    ck_assert(send_number(&next, 0, 3));
    ck_assert(!send_number(&next, 0, 4));
    ck_assert(receive_number(&next, &level, &number) && number == 1);
    ck_assert(receive_number(&next, &level, &number) && number == 3);
    ck_assert(receive_number(&next, &level, &number) && number == 2);
    ck_assert(!receive_number(&next, &level, &number));
}
END_TEST

/* It has used a position and died before it could move the tail on. */
START_TEST(a_tail_that_lags_behind_is_moved_on)
{
    struct bench bench;
    uint32_t level, number;

    bench_make(&bench, 4, 1);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert(send_number(&bench, 0, i));
    atomic_store(&bench.box.head->tail[0],
                 mci_tail(bench.box.generation, (uint32_t)MCI_FIRST_POSITION));
    ck_assert(send_number(&bench, 0, 3));
    ck_assert(receive_number(&bench, &level, &number) && number == 0);
    atomic_store(&bench.box.head->tail[0],
                 mci_tail(bench.box.generation, (uint32_t)MCI_FIRST_POSITION));
    ck_assert(send_number(&bench, 0, 4));
    for (uint32_t i = 1; i < 5; i++)
        ck_assert(receive_number(&bench, &level, &number) && number == i);
    ck_assert(!receive_number(&bench, &level, &number));
}
END_TEST

START_TEST(only_what_was_taken_and_not_sent_is_taken_back)
{
    struct bench bench;
    uint32_t slot = mci_self.node->slot;
    uint32_t other = MCI_CONTROL_NAME(slot + 1, 5u);
    uint32_t level = 0, number, mine, theirs, taken;

    bench_make(&bench, 6, 3);
    ck_assert(send_number(&bench, 2, 11));
    ck_assert(send_number(&bench, 0, 12));
    mine = mci_mailbox_take(&bench.box, 0, bench.name);
    theirs = mci_mailbox_take(&bench.box, 1, other);
    /* One that is being received. */
    taken = mci_mailbox_next(&bench.box, &bench.places, &level);
    mci_mailbox_receive(&bench.box, &bench.places, level, taken);

    ck_assert(mci_mailbox_return_cells(&bench.box, slot));
    ck_assert(!mci_mailbox_return_cells(&bench.box, slot));
    ck_assert_uint_eq(atomic_load(&bench.box.cells[mine].owner), MCI_NOBODY);
    ck_assert_uint_eq(atomic_load(&bench.box.cells[theirs].owner), other);
    ck_assert_uint_eq(atomic_load(&bench.box.cells[taken].owner), MCI_TAKEN_CELL);
    ck_assert(receive_number(&bench, &level, &number) && number == 11);
    ck_assert(!receive_number(&bench, &level, &number));
}
END_TEST

START_TEST(the_cells_of_the_dead_are_found)
{
    struct bench bench;
    struct mci_node_slot *dead = &mci_map()->nodes[mci_self.node->slot + 1];

    bench_make(&bench, 4, 1);
    ck_assert(send_number(&bench, 0, 1));
    mci_mailbox_take(
            &bench.box, 0,
            MCI_CONTROL_NAME(mci_self.node->slot + 1, atomic_load(&dead->incarnation)));
    ck_assert_uint_eq(mci_mailbox_find_dead(mci_map(), &bench.box), UINT32_MAX);
    atomic_store(&dead->liveness.word, FUTEX_OWNER_DIED | FUTEX_WAITERS);
    ck_assert_uint_eq(mci_mailbox_find_dead(mci_map(), &bench.box), mci_self.node->slot + 1);
    /* And whoever makes the mailbox anew does not wait for it. */
    make(next_of(bench.endpoint), 4, 1);
    atomic_store(&dead->liveness.word, 0);
    ck_assert_uint_eq(mci_mailbox_free_cells(&bench.box), 4);
}
END_TEST

/* --- Several senders ------------------------------------------------------------------ */

enum { SENDERS = 3, EACH = 40000, STRESS_LEVELS = 3 };

struct sender {
    struct bench *bench;
    uint32_t number;
    pthread_t thread;
};

/* Level and place within it: of each level its numbers follow each other. */
static void *send_all(void *argument)
{
    const struct sender *sender = argument;
    uint32_t next[STRESS_LEVELS] = { 0 };

    for (uint32_t i = 0; i < EACH; i++) {
        uint32_t level = (i * 2654435761u >> 16) % STRESS_LEVELS;

        while (!send_number(sender->bench, level,
                            sender->number << 24 | level << 20 | next[level]))
            breathe();
        next[level]++;
    }
    return NULL;
}

START_TEST(nothing_is_lost_or_doubled_between_threads)
{
    uint32_t wanted[SENDERS][STRESS_LEVELS] = { { 0 } };
    struct sender senders[SENDERS];
    struct bench bench;

    bench_make(&bench, 5, STRESS_LEVELS);
    for (uint32_t i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){ .bench = &bench, .number = i };
        ck_assert_int_eq(pthread_create(&senders[i].thread, NULL, send_all, &senders[i]), 0);
    }
    for (uint32_t i = 0; i < SENDERS * EACH; i++) {
        uint32_t level, number, *next;

        while (!receive_number(&bench, &level, &number))
            breathe();
        next = &wanted[number >> 24][level];
        ck_assert_uint_eq(number, number >> 24 << 24 | level << 20 | *next);
        ++*next;
    }
    for (uint32_t i = 0; i < SENDERS; i++)
        pthread_join(senders[i].thread, NULL);
    ck_assert_uint_eq(mci_mailbox_free_cells(&bench.box), 5);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { exactly_as_many_fit_as_the_depth_says, DEPTHS },
        { the_most_urgent_comes_first_and_the_oldest_of_those, 12 },
        { a_late_sender_sends_nothing_to_the_next_endpoint, 1 },
        { a_tail_that_lags_behind_is_moved_on, 1 },
        { only_what_was_taken_and_not_sent_is_taken_back, 1 },
        { the_cells_of_the_dead_are_found, 1 },
        { nothing_is_lost_or_doubled_between_threads, 1 },
    };

    return suite_run_between("mailbox", node_begin, node_end, tests, SUITE_LENGTH(tests));
}
