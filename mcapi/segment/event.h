/* SPDX-License-Identifier: MIT */
/*
 * event.h - how whoever changes something wakes whoever sleeps until it changes.
 *
 * An event is one word: bits, and above them a count of how often they were taken, so that a
 * value on which one thread is about to sleep does not come again when the next one announces
 * itself. A thread that is about to sleep sets a bit, fences, and looks once more for what it
 * waits for; whoever made that true looks at the word afterwards, and only if a bit is set goes
 * to the kernel. The fence of the sleeper is the heavy one (os/fence.h), so the waker's side is
 * one load, without a fence of its own:
 *
 *   waker                       sleeper
 *     publish (store release)     announce (set the bit)
 *     compiler barrier            heavy fence: as if the waker had fenced here
 *     look at the word            look again for what was published
 *
 * LOOKED  either the waker sees the bit, or the sleeper sees what was published.
 *
 * Where a process lacks the heavy fence, `fenced` is set in the header, and wakers fence.
 *
 * Who announces itself after each packet, as the watcher does (runtime/watcher.h), cannot pay
 * for that fence each time. It sets MCI_EVENT_EXACT once, with the fence, and wakers then go
 * through the word with a read-modify-write each time:
 *
 * EXACT  of the waker's and the sleeper's the later one sees the earlier one, and what was
 *        written before it: again, either the waker sees the bit, or the sleeper what was
 *        published.
 *
 * A waker that dies after its publishing store and before it has woken anybody leaves a
 * sleeper that watches the waker's liveness word as well, and looks again.
 */
#ifndef MCI_EVENT_H
#define MCI_EVENT_H

#include "segment/map.h"

enum {
    MCI_EVENT_SLEEPER = 1, /* somebody sleeps on the word itself */
    MCI_EVENT_BELL = 2,    /* somebody sleeps on the node's bell */
    MCI_EVENT_EXACT = 4,   /* nobody sleeps, but wakers shall change the word; stays set */
    MCI_EVENT_BITS = 7,
    MCI_EVENT_TAKEN = 8, /* the count's unit */
};

/* Wakes who announced itself; false: nobody did. `node`: the slot of the node on that side. */
bool mci_event_wake(const struct mci_map *map, _Atomic uint32_t *event, uint32_t node);

/* Whether somebody announced itself who waits for what was just published. */
static inline bool mci_event_is_awaited(const struct mci_map *map, _Atomic uint32_t *event)
{
    atomic_signal_fence(memory_order_seq_cst); /* LOOKED, with the sleeper's heavy fence */
    if (__builtin_expect(atomic_load_explicit(&map->header->fenced, memory_order_relaxed) != 0,
                         0))
        atomic_thread_fence(memory_order_seq_cst); /* LOOKED, without one */
    return __builtin_expect(
            (atomic_load_explicit(event, memory_order_relaxed) & MCI_EVENT_BITS) != 0, 0);
}

/* For whoever has just published what the sleepers of this event wait for. */
static inline void mci_event_raise(const struct mci_map *map, _Atomic uint32_t *event,
                                   uint32_t node)
{
    if (mci_event_is_awaited(map, event))
        mci_event_wake(map, event, node);
}

/* Says that we are about to sleep; returns the value of the word to sleep on. Then
 * mci_event_fence(), once for any number of events, then look again, then sleep. */
uint32_t mci_event_announce(_Atomic uint32_t *event, uint32_t bit);
void mci_event_fence(void);

/* Wakes every thread of a node that sleeps on its bell. */
void mci_bell_ring(const struct mci_map *map, uint32_t node);

#endif /* MCI_EVENT_H */
