/* SPDX-License-Identifier: MIT */
#include "runtime/patience.h"

#include <errno.h>
#include <sched.h>

#include "os/process.h"
#include "os/robust.h"
#include "runtime/channel.h"
#include "runtime/recovery.h"

enum {
    SPIN_ROUNDS = 32,                  /* of a pause each: about a microsecond */
    YIELD_FOR = 50 * 1000,             /* ns */
    FIRST_NAP = 1000 * 1000 * 1000,    /* ns */
    NOTICE_EVERY = 1000 * 1000 * 1000, /* ns */
    SHORT_NAP =
            20 * 1000 * 1000, /* ns; with an alarm, or more words than one sleep can watch */
};
static const mci_time LONGEST_NAP = INT64_C(8) * FIRST_NAP;

static inline void pause_once(void)
{
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("yield");
#endif
}

static void pause_a_little(const struct mci_patience *patience)
{
    for (uint32_t i = 0; i < patience->pace; i++)
        pause_once();
}

void mci_patience_begin(struct mci_patience *patience, struct mci_node *node,
                        mcapi_timeout_t timeout)
{
    patience->node = node;
    /* The life that the call began in: by now another thread may have ended it. */
    patience->serial = mci_self.serial;
    patience->immediate = timeout == MCAPI_TIMEOUT_IMMEDIATE;
    patience->deadline = timeout == MCAPI_TIMEOUT_INFINITE ? MCI_FOREVER
                       : patience->immediate               ? 0
                                                           : mci_clock_deadline(timeout);
    patience->spun_since = 0;
    patience->nap = FIRST_NAP;
    patience->noticed = 0;
    patience->rounds = 0;
    patience->pace = MCI_PACE_RECEIVER;
    patience->announced = false;
    patience->slept = false;
    patience->counted = false;
    patience->watch_count = 0;
}

/* True while it is better to try again at once than to sleep. */
static bool stay_awake(struct mci_patience *patience)
{
    mci_time now;

    if (mci_runtime.wait_policy == MCAPI_EXT_WAIT_SLEEP)
        return false;
    if (patience->rounds < SPIN_ROUNDS && mci_runtime.processors > 1) {
        patience->rounds += patience->pace;
        pause_a_little(patience);
        return true;
    }
    now = mci_clock_now();
    if (patience->spun_since == 0)
        patience->spun_since = now;
    if (now >= patience->deadline)
        return false;
    if (mci_runtime.wait_policy == MCAPI_EXT_WAIT_SPIN) {
        patience->rounds = 0;
        pause_a_little(patience);
        return true;
    }
    if (now - patience->spun_since >= YIELD_FOR)
        return false;
    sched_yield();
    return true;
}

void mci_patience_watch(struct mci_patience *patience, _Atomic uint32_t *word,
                        uint32_t expected)
{
    for (uint32_t i = 0; i < patience->watch_count && i < MCI_FUTEX_WATCHES; i++)
        if (patience->watch[i].word == word)
            return;
    if (patience->watch_count < MCI_FUTEX_WATCHES)
        patience->watch[patience->watch_count] =
                (struct mci_futex_watch){ .word = word, .expected = expected };
    patience->watch_count++;
}

void mci_patience_watch_alarm(struct mci_patience *patience, _Atomic uint32_t *alarm)
{
    mci_patience_watch(patience, alarm, 0);
    if (patience->nap == FIRST_NAP && !patience->slept)
        patience->nap = SHORT_NAP;
}

/* The node whose liveness word this is, or MCI_NO_NODE. */
static uint32_t node_of_word(const _Atomic uint32_t *word)
{
    const struct mci_map *map = mci_map();
    uintptr_t first = (uintptr_t)&map->nodes[0].liveness.word;
    uintptr_t place = (uintptr_t)word - first;
    uintptr_t node = place / sizeof map->nodes[0];

    return place % sizeof map->nodes[0] == 0 && node < map->limits.max_nodes ? (uint32_t)node
                                                                             : MCI_NO_NODE;
}

struct mci_liveness *mci_patience_guarded(const struct mci_futex_watch *watches, uint32_t count,
                                          bool *more)
{
    const struct mci_map *map = mci_map();
    uint32_t own = mci_process_id();
    _Atomic uint32_t *guarded = NULL, *ours = NULL;

    *more = false;
    for (uint32_t i = 0; i < count && !*more; i++) {
        uint32_t node = node_of_word(watches[i].word);

        if (node != MCI_NO_NODE && map->nodes[node].process == own) {
            ours = watches[i].word;
            continue;
        }
        *more = guarded != NULL;
        if (guarded == NULL)
            guarded = watches[i].word;
    }
    if (guarded == NULL)
        guarded = ours;
    return (struct mci_liveness *)(void *)guarded; /* of which the word is the first member */
}

void mci_patience_notice(const struct mci_futex_watch *watches, uint32_t count,
                         mci_time *noticed)
{
    mci_time now = mci_clock_now();

    if (now - *noticed < NOTICE_EVERY)
        return;
    *noticed = now;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t node = node_of_word(watches[i].word);

        if (node != MCI_NO_NODE)
            mci_recover_notice(&mci_runtime.map, node);
    }
}

/* Sleeps on the words being watched: an event or the bell, then liveness words of peers. The
 * mapping is held. */
static mcapi_status_t sleep_on_watched(struct mci_patience *patience)
{
    mci_time now = mci_clock_now();
    mci_time longest = patience->nap;
    mci_time until;
    uint32_t count = patience->watch_count;
    struct mci_liveness *guarded;
    bool more;
    int result;

    if (now >= patience->deadline)
        return MCAPI_TIMEOUT;
    if (patience->noticed == 0)
        patience->noticed = now;
    if (count > MCI_FUTEX_WATCHES) {
        count = MCI_FUTEX_WATCHES;
        longest = SHORT_NAP;
    }
    /* Should a peer die and we next, before we could tell its other sleepers: one word can be
     * guarded against that. */
    guarded = mci_patience_guarded(patience->watch + 1, count - 1, &more);
    if (more && longest > MCI_UNGUARDED_NAP)
        longest = MCI_UNGUARDED_NAP;
    until = patience->deadline - now > longest ? now + longest : patience->deadline;
    mci_robust_guard(guarded);
    result = mci_futex_wait_any(patience->watch, count, until);
    mci_robust_guard(NULL);
    if (result == ETIMEDOUT && until < patience->deadline)
        mci_patience_notice(patience->watch, count, &patience->noticed);
    patience->slept = true;
    if (patience->nap < LONGEST_NAP)
        patience->nap *= 2;
    return MCAPI_SUCCESS;
}

mcapi_status_t mci_patience_wait(struct mci_patience *patience,
                                 const struct mci_patience_end_words *words)
{
    mcapi_status_t status = MCAPI_SUCCESS;

    if (patience->immediate)
        return MCAPI_TIMEOUT;
    if (!patience->announced && stay_awake(patience))
        return MCAPI_SUCCESS;
    if (!mci_runtime_hold(patience->node, patience->serial))
        return MCAPI_ERR_NODE_NOTINIT;
    if (!patience->announced) {
        patience->watch_count = 0;
        mci_patience_watch(patience, words->own_event,
                           mci_event_announce(words->own_event, MCI_EVENT_SLEEPER));
        mci_event_fence();
        if (words->peer_life != NULL)
            mci_patience_watch(patience, words->peer_life, words->peer_alive);
        if (words->alarm != NULL)
            mci_patience_watch_alarm(patience, words->alarm);
        patience->announced = true;
    } else {
        if (words->sleeps != NULL) /* several threads may be about to sleep */
            atomic_fetch_add_explicit(words->sleeps, 1, memory_order_relaxed);
        status = sleep_on_watched(patience);
        patience->announced = false;
    }
    mci_runtime_drop();
    return status;
}

mcapi_status_t mci_patience_wait_bell(struct mci_patience *patience,
                                      void (*announce)(struct mci_patience *, void *),
                                      void *context)
{
    mcapi_status_t status = MCAPI_SUCCESS;

    if (patience->immediate)
        return MCAPI_TIMEOUT;
    if (!patience->announced && stay_awake(patience))
        return MCAPI_SUCCESS;
    if (!mci_runtime_hold(patience->node, patience->serial))
        return MCAPI_ERR_NODE_NOTINIT;
    struct mci_node_slot *slot = &mci_map()->nodes[patience->node->slot];

    if (!patience->announced) {
        if (!patience->counted)
            atomic_fetch_add_explicit(&slot->bell_sleepers, 1, memory_order_seq_cst); /* RUNG */
        patience->counted = true;
        patience->watch_count = 0;
        mci_patience_watch(patience, &slot->bell,
                           atomic_load_explicit(&slot->bell, memory_order_seq_cst)); /* RUNG */
        if (announce != NULL)
            announce(patience, context);
        mci_event_fence();
        patience->announced = true;
    } else {
        status = sleep_on_watched(patience);
        patience->announced = false;
    }
    mci_runtime_drop();
    return status;
}

void mci_patience_end(struct mci_patience *patience)
{
    if (!patience->counted || !mci_runtime_hold(patience->node, patience->serial))
        return;
    atomic_fetch_sub_explicit(&mci_map()->nodes[patience->node->slot].bell_sleepers, 1,
                              memory_order_relaxed);
    mci_runtime_drop();
}
