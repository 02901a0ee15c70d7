/* SPDX-License-Identifier: MIT */
#include "runtime/watcher.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "os/clock.h"
#include "os/futex.h"
#include "os/robust.h"
#include "os/thread.h"
#include "runtime/channel.h"
#include "runtime/patience.h"
#include "runtime/receive_fd.h"
#include "runtime/runtime.h"
#include "segment/event.h"

enum {
    FIRST_NAP = 1000 * 1000 * 1000, /* ns; as those of blocked calls (patience.h) */
    SHORT_NAP = 20 * 1000 * 1000,   /* ns; with more words than one sleep can watch */
    RETRY = 1000 * 1000,            /* ns; somebody has the mutex of the runtime just now */
    AT_ONCE = 16,                   /* visits that are made together */
};
static const mci_time LONGEST_NAP = INT64_C(8) * FIRST_NAP;

static void watch(void);

static struct {
    pthread_mutex_t mutex;
    struct mci_descriptor **list;
    uint32_t count, room;

    bool running;
    bool stop;
    bool changed; /* `words` is to be made anew */

    /* What it sleeps on: `poked`, the bells, the liveness words of peers. */
    struct mci_futex_watch words[MCI_FUTEX_WATCHES];
    uint32_t word_count;
    uint32_t bell_count;
    bool too_many;    /* words for one sleep */
    mci_time noticed; /* mci_patience_notice() */

    _Atomic uint32_t poked; /* +1: look at the list again. In the memory of the process */
    _Atomic uint32_t ended; /* threads that are out */
} watcher = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static const struct mci_thread thread = { .name = "mcapi-ready", .body = watch };

void mci_watcher_lock(void)
{
    pthread_mutex_lock(&watcher.mutex);
}

void mci_watcher_unlock(void)
{
    pthread_mutex_unlock(&watcher.mutex);
}

static void poke(void)
{
    atomic_fetch_add_explicit(&watcher.poked, 1, memory_order_release);
    mci_futex_wake(&watcher.poked, 1);
}

/* --- The list ------------------------------------------------------------------------- */

static _Atomic uint32_t *sleepers_of(const struct mci_node *node)
{
    return &mci_map()->nodes[node->slot].bell_sleepers;
}

static bool is_watched(const struct mci_node *node)
{
    for (uint32_t i = 0; i < watcher.count; i++)
        if (watcher.list[i]->node == node)
            return true;
    return false;
}

static bool make_room(void)
{
    uint32_t room = watcher.room == 0 ? 16 : 2 * watcher.room;
    struct mci_descriptor **list;

    if (watcher.count < watcher.room)
        return true;
    list = realloc(watcher.list, room * sizeof *list);
    if (list == NULL)
        return false;
    watcher.list = list;
    watcher.room = room;
    return true;
}

bool mci_watcher_add(struct mci_descriptor *descriptor)
{
    if (!make_room() || !mci_node_help(descriptor->node))
        return false;
    if (!watcher.running) {
        watcher.stop = false;
        watcher.word_count = watcher.bell_count = 0; /* those of the last thread may be gone */
        if (!mci_thread_start(&thread))
            return false;
        watcher.running = true;
    }
    /* RUNG: from now on ringers of this node's bell find a sleeper, asleep or not. */
    if (!is_watched(descriptor->node))
        atomic_fetch_add_explicit(sleepers_of(descriptor->node), 1, memory_order_seq_cst);
    watcher.list[watcher.count++] = descriptor;
    mci_watcher_changed();
    return true;
}

void mci_watcher_remove(struct mci_descriptor *descriptor)
{
    for (uint32_t i = 0; i < watcher.count; i++) {
        if (watcher.list[i] != descriptor)
            continue;
        watcher.list[i] = watcher.list[--watcher.count];
        if (!is_watched(descriptor->node))
            atomic_fetch_sub_explicit(sleepers_of(descriptor->node), 1, memory_order_relaxed);
        watcher.changed = true; /* seen when it wakes next; until then it sleeps too lightly */
        return;
    }
}

void mci_watcher_changed(void)
{
    watcher.changed = true;
    poke();
}

/* --- The thread: what it sleeps on ---------------------------------------------------- */

static uint32_t value_of(const _Atomic uint32_t *word)
{
    return atomic_load_explicit(word, memory_order_seq_cst); /* RUNG, of a bell */
}

static void sleep_on(_Atomic uint32_t *word, uint32_t expected)
{
    for (uint32_t i = 0; i < watcher.word_count; i++)
        if (watcher.words[i].word == word)
            return;
    watcher.too_many = watcher.word_count == MCI_FUTEX_WATCHES;
    if (!watcher.too_many)
        watcher.words[watcher.word_count++] =
                (struct mci_futex_watch){ .word = word, .expected = expected };
}

/* Words that have changed for good are left out: their descriptors are readable, or will be
 * before the receive returns that has emptied them. */
static void collect_words(void)
{
    const struct mci_map *map = mci_map();

    watcher.changed = false;
    watcher.too_many = false;
    watcher.word_count = 0;
    sleep_on(&watcher.poked, 0);
    for (uint32_t i = 0; i < watcher.count && !watcher.too_many; i++)
        sleep_on(&map->nodes[watcher.list[i]->node->slot].bell, 0);
    watcher.bell_count = watcher.word_count - 1;
    for (uint32_t i = 0; i < watcher.count && !watcher.too_many; i++) {
        const struct mci_receiver *receiver = &watcher.list[i]->receiver;

        if (receiver->life != NULL && value_of(receiver->life) == receiver->alive)
            sleep_on(receiver->life, receiver->alive);
    }
}

/* Before the descriptors are looked at: what happens from here on ends the sleep. True: we were
 * poked, or a bell was rung, since it was called last. */
static bool read_words(void)
{
    bool rung = watcher.changed;

    for (uint32_t i = 1 + watcher.bell_count; i < watcher.word_count; i++)
        if (value_of(watcher.words[i].word) != watcher.words[i].expected)
            watcher.changed = true;
    if (watcher.changed)
        collect_words();
    for (uint32_t i = 0; i < 1 + watcher.bell_count; i++) {
        uint32_t value = value_of(watcher.words[i].word);

        rung |= value != watcher.words[i].expected;
        watcher.words[i].expected = value;
    }
    return rung;
}

/* An alarm is a wake without a change of the word: one that came after our last look and before
 * we slept is lost. So who sleeps on one looks again soon (patience.h). */
static mci_time first_nap(void)
{
    for (uint32_t i = 0; i < watcher.count; i++)
        if (watcher.list[i]->receiver.find_dead != NULL)
            return SHORT_NAP;
    return FIRST_NAP;
}

/* --- The thread: looking -------------------------------------------------------------- */

/* Two loads for one that nothing has happened to. */
static bool may_have_changed(const struct mci_descriptor *descriptor)
{
    const struct mci_receiver *receiver = &descriptor->receiver;

    return (value_of(receiver->event) & MCI_EVENT_BELL) == 0
        || (receiver->life != NULL && value_of(receiver->life) != receiver->alive);
}

struct visits {
    uint32_t count;
    struct mci_visit visit[AT_ONCE];
};

static void plan_visit(struct visits *visits, const struct mci_descriptor *descriptor,
                       uint32_t dead)
{
    if (visits->count < AT_ONCE)
        visits->visit[visits->count++] = (struct mci_visit){
            .node = descriptor->node,
            .serial = descriptor->serial,
            .handle = descriptor->handle,
            .dead = dead,
        };
}

/* For who wakes and does not know why: the kernel may have woken us for a node that died before
 * it could. */
static void look_for_dead(const struct mci_descriptor *descriptor, struct visits *visits)
{
    const struct mci_receiver *receiver = &descriptor->receiver;
    uint32_t dead =
            receiver->find_dead == NULL ? MCI_NO_NODE : receiver->find_dead(receiver->self);

    if (dead != MCI_NO_NODE)
        plan_visit(visits, descriptor, dead);
}

/* The list is locked. `all`: at those too that nothing seems to have happened to. */
static void look_at_list(bool all, struct visits *visits)
{
    visits->count = 0;
    for (uint32_t i = 0; i < watcher.count; i++) {
        struct mci_descriptor *descriptor = watcher.list[i];
        uint32_t state = atomic_fetch_or_explicit(&descriptor->state, 0,
                                                  memory_order_release /* PASSED */);

        if (state == MCI_DESCRIPTOR_WAITS) {
            if (mci_visit_is_due(descriptor->handle))
                plan_visit(visits, descriptor, MCI_NO_NODE);
            continue;
        }
        if (state == MCI_DESCRIPTOR_EMPTY && (all || may_have_changed(descriptor)))
            mci_descriptor_look(descriptor);
        if (all)
            look_for_dead(descriptor, visits);
    }
}

/* What needs the control lock: an end that is attached pokes us, and for a node that is buried
 * all bells are rung. False: some have to wait for a moment. */
static bool make_visits(const struct visits *visits)
{
    bool made = true;

    for (uint32_t i = 0; i < visits->count && made; i++)
        made = mci_visit_make(&visits->visit[i]);
    return made;
}

/* --- The thread ----------------------------------------------------------------------- */

/* True: it was woken. The words stay what they are: nobody else changes them. */
static bool sleep_until(mci_time until)
{
    uint32_t first = 1 + watcher.bell_count;
    uint32_t peers = watcher.word_count > first ? watcher.word_count - first : 0;
    bool more;
    int result;

    /* As a blocked call does. */
    mci_robust_guard(mci_patience_guarded(watcher.words + first, peers, &more));
    if (more && until > mci_clock_now() + MCI_UNGUARDED_NAP)
        until = mci_clock_now() + MCI_UNGUARDED_NAP;
    result = mci_futex_wait_any(watcher.words, watcher.word_count, until);
    mci_robust_guard(NULL);
    if (result == ETIMEDOUT)
        mci_patience_notice(watcher.words + first, peers, &watcher.noticed);
    return result != ETIMEDOUT;
}

static void watch(void)
{
    struct visits visits;
    mci_time nap = FIRST_NAP;
    bool woken = true; /* so the first nap is chosen when the list is locked */

    for (;;) {
        mci_time longest;
        bool rung;

        mci_watcher_lock();
        if (watcher.stop)
            break;
        rung = read_words();
        look_at_list(!rung, &visits);
        nap = woken ? first_nap() : nap < LONGEST_NAP ? 2 * nap : nap;
        longest = watcher.too_many ? SHORT_NAP : nap;
        mci_watcher_unlock();
        if (!make_visits(&visits))
            longest = RETRY;
        woken = sleep_until(mci_clock_now() + longest);
    }
    watcher.running = false;
    atomic_fetch_add_explicit(&watcher.ended, 1, memory_order_release); /* OUT */
    mci_watcher_unlock();
    mci_futex_wake(&watcher.ended, INT_MAX);
}

/* --- The runtime ---------------------------------------------------------------------- */

/* OUT: who sees the thread ended knows that it touches the mapping no more. */
void mci_watcher_stop(void)
{
    uint32_t ended;
    bool running;

    mci_watcher_lock();
    running = watcher.running;
    watcher.stop = true;
    ended = atomic_load_explicit(&watcher.ended, memory_order_relaxed); /* under the lock */
    mci_watcher_unlock();
    if (!running)
        return;
    poke();
    while (atomic_load_explicit(&watcher.ended, memory_order_acquire) == ended) /* OUT */
        mci_futex_wait(&watcher.ended, ended, mci_clock_now() + FIRST_NAP);
}

void mci_watcher_before_fork(void)
{
    mci_watcher_lock();
}

void mci_watcher_after_fork(void)
{
    mci_watcher_unlock();
}

void mci_watcher_forget(void)
{
    for (uint32_t i = 0; i < watcher.count; i++)
        mci_descriptor_forget(watcher.list[i]);
    watcher.count = 0;
    watcher.running = false;
    watcher.stop = false;
}
