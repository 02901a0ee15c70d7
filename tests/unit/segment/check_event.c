/* SPDX-License-Identifier: MIT */
/*
 * check_event.c - who changes something wakes who waits for it, however close they come.
 */
#include "segment/event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/fence.h"
#include "os/futex.h"
#include "support/child.h"
#include "support/eventually.h"
#include "support/suite.h"

enum {
    ROUNDS = 15000,
    NODES = 2,
    SLEEPER = 1, /* slot of the node that waits */
};

/* What both sides see: an event, and what it is about. */
struct scene {
    struct mci_header header;
    struct mci_node_slot nodes[NODES];
    alignas(MCI_LINE) _Atomic uint32_t event;
    alignas(MCI_LINE) _Atomic uint32_t published;
    alignas(MCI_LINE) _Atomic uint32_t seen;
    _Atomic uint32_t lost; /* rounds in which only the deadline woke */
    _Atomic uint32_t slept;
};

static struct scene *scene;
static struct mci_map map;

static void scene_make(bool fenced)
{
    scene = shared_memory(sizeof *scene);
    map = (struct mci_map){
        .header = &scene->header,
        .nodes = scene->nodes,
        .limits.max_nodes = NODES,
    };
    atomic_store(&scene->header.fenced, fenced || !mci_fence_heavy_available());
}

static mci_time deadline(void)
{
    return mci_clock_now() + INT64_C(20) * 1000 * 1000 * 1000;
}

static bool came(uint32_t round)
{
    return atomic_load_explicit(&scene->published, memory_order_acquire) >= round;
}

/* Sleeps on the event itself, as a blocked receive does. */
static int sleep_on_event(uint32_t round)
{
    uint32_t word = mci_event_announce(&scene->event, MCI_EVENT_SLEEPER);

    mci_event_fence();
    return came(round) ? 0 : mci_futex_wait(&scene->event, word, deadline());
}

/* Sleeps on the bell; the fence is somebody else's. */
static int sleep_on_bell_with(void (*fence)(void), uint32_t round)
{
    struct mci_node_slot *node = &scene->nodes[SLEEPER];
    uint32_t word;
    int result = 0;

    atomic_fetch_add(&node->bell_sleepers, 1);
    word = atomic_load(&node->bell);
    mci_event_announce(&scene->event, MCI_EVENT_BELL);
    fence();
    if (!came(round))
        result = mci_futex_wait(&node->bell, word, deadline());
    atomic_fetch_sub(&node->bell_sleepers, 1);
    return result;
}

/* As a wait for several things does. */
static int sleep_on_bell(uint32_t round)
{
    return sleep_on_bell_with(mci_event_fence, round);
}

static void no_fence(void)
{
}

/* As the watcher does, which has the wakers go through the word. */
static int sleep_exactly(uint32_t round)
{
    return sleep_on_bell_with(no_fence, round);
}

enum { ON_EVENT, ON_BELL, EXACTLY, WAYS };

static void act_wait_for_rounds(struct act *act)
{
    static int (*const ways[WAYS])(uint32_t) = { sleep_on_event, sleep_on_bell, sleep_exactly };
    int (*sleep)(uint32_t) = ways[act->kind];

    mci_fence_heavy_available();
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        while (!came(round)) {
            int result = sleep(round);

            atomic_fetch_add_explicit(&scene->slept, result == 0, memory_order_relaxed);
            if (result == ETIMEDOUT)
                atomic_fetch_add(&scene->lost, 1);
        }
        atomic_store_explicit(&scene->seen, round, memory_order_release);
    }
}

/* A little while, another one in each round, so that the two sides meet at every point. */
static void dawdle(uint32_t round)
{
    for (volatile uint32_t i = 0; i < (round * 37) % 700; i++)
        ;
}

/* _i: how the sleeper does; then, twice as often each, wakers that fence, and a thread instead
 * of a process */
START_TEST(no_wake_is_lost)
{
    struct child *sleeper;
    struct act act = { .kind = _i % WAYS };

    scene_make((_i / WAYS & 1) != 0);
    sleeper = child_start_bare((_i / WAYS & 2) != 0 ? CHILD_THREAD : CHILD_PROCESS);
    if (act.kind == EXACTLY)
        mci_event_announce(&scene->event, MCI_EVENT_EXACT);
    child_begin(sleeper, act_wait_for_rounds, &act);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        dawdle(round);
        atomic_store_explicit(&scene->published, round, memory_order_release);
        mci_event_raise(&map, &scene->event, SLEEPER);
        ck_assert_msg(atomic_load(&scene->lost) == 0, "a wake was lost before round %u", round);
        /* Half of the time the sleeper is caught as it comes back, half as it falls asleep. */
        if (round % 2 == 0)
            ck_assert(eventually(atomic_load_explicit(&scene->seen, memory_order_acquire)
                                 == round));
        else
            while (atomic_load_explicit(&scene->seen, memory_order_acquire) != round
                   && atomic_load(&scene->lost) == 0)
                ;
    }
    child_finish(sleeper, &act);
    child_end(sleeper);
    ck_assert_uint_eq(atomic_load(&scene->lost), 0);
    ck_assert_uint_gt(atomic_load(&scene->slept), ROUNDS / 100);
}
END_TEST

/* Who announced itself is told once; the next must say so again. */
START_TEST(a_wake_takes_the_announcement)
{
    scene_make(false);
    ck_assert_uint_eq(mci_event_announce(&scene->event, MCI_EVENT_BELL), MCI_EVENT_BELL);
    ck_assert_uint_eq(mci_event_announce(&scene->event, MCI_EVENT_SLEEPER),
                      MCI_EVENT_BELL | MCI_EVENT_SLEEPER);
    mci_event_raise(&map, &scene->event, SLEEPER);
    ck_assert_uint_eq(atomic_load(&scene->event) & MCI_EVENT_BITS, 0);
    ck_assert_uint_eq(atomic_load(&scene->nodes[SLEEPER].bell), 1);
    mci_event_raise(&map, &scene->event, SLEEPER);
    ck_assert_uint_eq(atomic_load(&scene->nodes[SLEEPER].bell), 1);
}
END_TEST

START_TEST(what_asks_for_exactness_stays)
{
    scene_make(false);
    mci_event_announce(&scene->event, MCI_EVENT_EXACT);
    mci_event_raise(&map, &scene->event, SLEEPER);
    ck_assert_uint_eq(atomic_load(&scene->event) & MCI_EVENT_BITS, MCI_EVENT_EXACT);
    ck_assert_uint_eq(atomic_load(&scene->nodes[SLEEPER].bell), 0);
    mci_event_announce(&scene->event, MCI_EVENT_BELL);
    mci_event_raise(&map, &scene->event, SLEEPER);
    ck_assert_uint_eq(atomic_load(&scene->event) & MCI_EVENT_BITS, MCI_EVENT_EXACT);
    ck_assert_uint_eq(atomic_load(&scene->nodes[SLEEPER].bell), 1);
}
END_TEST

/* The number of a node is read from the segment: it may be any. */
START_TEST(a_node_that_is_none_has_no_bell)
{
    scene_make(false);
    mci_bell_ring(&map, NODES);
    mci_bell_ring(&map, UINT32_MAX);
    for (int i = 0; i < NODES; i++)
        ck_assert_uint_eq(atomic_load(&scene->nodes[i].bell), 0);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { no_wake_is_lost, 4 * WAYS },
        { a_wake_takes_the_announcement, 1 },
        { what_asks_for_exactness_stays, 1 },
        { a_node_that_is_none_has_no_bell, 1 },
    };

    return suite_run("event", tests, SUITE_LENGTH(tests));
}
