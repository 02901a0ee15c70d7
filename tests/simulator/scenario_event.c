/* SPDX-License-Identifier: MIT */
/*
 * scenario_event.c - who publishes wakes who sleeps: one or two wakers, a thread that sleeps on
 * the event and one that sleeps on its node's bell. The sleepers watch the wakers' liveness
 * words too. A waker may die anywhere, a sleeper too: nobody may sleep for ever.
 */
#include <errno.h>

#include "machine.h"
#include "os/clock.h"
#include "os/fence.h"
#include "os/futex.h"
#include "segment/event.h"

enum { WAKERS = 2, ON_EVENT = WAKERS, ON_BELL, NODES, MOST = 3 };

/* What a waker publishes. */
struct news {
    alignas(64) _Atomic uint32_t count;
    uint64_t content[MOST];
};

struct shared {
    struct mci_header header;
    struct mci_node_slot nodes[NODES];
    alignas(64) _Atomic uint32_t event;
    struct news news[WAKERS];
};

static struct shared *shared;
static struct mci_map map;
static uint32_t wakers, most;
static bool directly; /* the bell is rung for whoever sleeps on it, without an event */

static void prepare(void)
{
    shared = sim_segment(sizeof *shared);
    map.header = &shared->header;
    map.nodes = shared->nodes;
    map.limits.max_nodes = NODES;
    for (int i = 0; i < NODES; i++) {
        sim_act_as(i);
        if (!mci_fence_heavy_available() || !mci_robust_acquire(&shared->nodes[i].liveness))
            __builtin_trap();
    }
}

static void publish_all(void *argument)
{
    int self = sim_self();
    struct news *news = &shared->news[self];

    (void)argument;
    for (uint32_t i = 0; i < most; i++) {
        news->content[i] = i + 1;
        atomic_store_explicit(&news->count, i + 1, memory_order_release);
        if (directly)
            mci_bell_ring(&map, ON_BELL);
        else
            mci_event_raise(&map, &shared->event, ON_BELL);
    }
}

/* What a sleeper knows. */
struct known {
    uint32_t count[WAKERS];
    bool dead[WAKERS];
};

/* Whether there is more than before. */
static bool look(struct known *known)
{
    bool more = false;

    for (uint32_t i = 0; i < wakers; i++) {
        _Atomic uint32_t *life = &shared->nodes[i].liveness.word;
        bool dead = mci_robust_dead(atomic_load_explicit(life, memory_order_acquire));
        uint32_t count = atomic_load_explicit(&shared->news[i].count, memory_order_acquire);

        for (; known->count[i] < count; known->count[i]++) {
            sim_check(shared->news[i].content[known->count[i]] == known->count[i] + 1);
            more = true;
        }
        more |= dead && !known->dead[i];
        known->dead[i] = dead;
    }
    return more;
}

static bool all_over(const struct known *known)
{
    for (uint32_t i = 0; i < wakers; i++)
        if (!known->dead[i] && known->count[i] < most)
            return false;
    return true;
}

static void sleep_until_all_over(void *argument)
{
    struct mci_node_slot *self = &shared->nodes[ON_BELL];
    bool bell = argument != NULL;
    struct known known = { 0 };

    if (bell)
        atomic_fetch_add_explicit(&self->bell_sleepers, 1, memory_order_seq_cst);
    while (look(&known), !all_over(&known)) {
        struct mci_futex_watch watch[1 + WAKERS];
        uint32_t count = 1;
        uint32_t guarded = 0;

        if (bell) {
            watch[0].word = &self->bell;
            watch[0].expected = atomic_load_explicit(&self->bell, memory_order_seq_cst);
            if (!directly)
                mci_event_announce(&shared->event, MCI_EVENT_BELL);
        } else {
            watch[0].word = &shared->event;
            watch[0].expected = mci_event_announce(&shared->event, MCI_EVENT_SLEEPER);
        }
        mci_event_fence();
        if (look(&known))
            continue;
        /* Also who has published all: it may not have woken all yet. */
        for (uint32_t i = 0; i < wakers; i++)
            if (!known.dead[i]) {
                watch[count++] = (struct mci_futex_watch){
                    .word = &shared->nodes[i].liveness.word,
                    .expected = sim_thread_id((int)i) | FUTEX_WAITERS,
                };
                guarded = i;
            }
        mci_robust_guard(&shared->nodes[guarded].liveness);
        mci_futex_wait_any(watch, count, MCI_FOREVER);
        mci_robust_guard(NULL);
    }
}

static void begin(void)
{
    most = 1 + sim_random(MOST);
    wakers = 1 + sim_random(WAKERS);
    if (sim_random(4) == 0) {
        sim_without_membarrier();
        shared->header.fenced = 1;
    }
    /* A thread can guard one word: of two wakers that die with a sleeper, the second death is
     * noticed only when the sleep ends by itself. */
    if (wakers == 2) {
        sim_spare(ON_EVENT);
        sim_spare(ON_BELL);
    }
    sim_name(&shared->event, 4, 4, "event");
    sim_name(shared->news, sizeof shared->news, sizeof shared->news[0], "news");
    sim_name(&shared->nodes[ON_BELL].bell, 4, 4, "bell");
    sim_name(&shared->nodes[ON_BELL].bell_sleepers, 4, 4, "bell_sleepers");
    sim_name(shared->nodes, sizeof shared->nodes, sizeof shared->nodes[0], "node");
    sim_name(&shared->header.fenced, 4, 4, "fenced");
    for (uint32_t i = 0; i < wakers; i++)
        sim_start((int)i, publish_all, NULL);
    directly = sim_random(4) == 0;
    if (!directly)
        sim_start(ON_EVENT, sleep_until_all_over, NULL);
    if (directly || sim_random(2) == 0)
        sim_start(ON_BELL, sleep_until_all_over, shared);
}

/* Nobody sleeps: the machine sees to that. */
static void end(void)
{
    for (uint32_t i = 0; i < wakers; i++)
        sim_check(sim_is_dead((int)i) || shared->news[i].count == most);
}

const struct sim_scenario sim_event = {
    .name = "event",
    .about = "waking and sleeping, on an event and on a bell",
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .deaths = 2,
    .span = 70,
    .share = 24,
    .members = NODES,
    .weight = 32,
};
