/* SPDX-License-Identifier: MIT */
/*
 * gate.h - one thread at a time at a channel end, for the price of two plain stores.
 *
 * The standard lets the threads of a node share a channel end; nearly all programs use an end
 * from one thread. So the first thread to come has the gate to itself: it sets `busy`, works,
 * clears it, without a locked instruction. When a second thread comes it makes the mutex the
 * rule for everybody from then on: it takes away the privilege, fences all threads of the
 * process, and waits until the first one is out.
 *
 * ALONE  the owner stores busy and then reads owner; the other stores owner, fences the
 *        owner's processor too, and then reads busy. One of the two sees the other.
 * OUT    who sees busy cleared sees what the owner did inside.
 *
 * A gate lies in the memory of its process and dies with it. Nothing blocks inside a gate.
 * All zeros is an open gate.
 */
#ifndef MCI_GATE_H
#define MCI_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "runtime/self.h"

struct mci_gate {
    _Atomic(void *) owner; /* NULL: nobody came yet; &mci_gate_shared: mutex */
    _Atomic int busy;
    pthread_mutex_t mutex;
};

extern char mci_gate_shared;

bool mci_gate_enter_slowly(struct mci_gate *gate);

/* Waits, shortly, until the caller is the only one inside; returns what leave needs. */
static inline bool mci_gate_enter(struct mci_gate *gate)
{
    void *self = &mci_self;

    mci_self.inside++;
    atomic_signal_fence(memory_order_seq_cst); /* a handler sees it before the gate's words */
    if (__builtin_expect(atomic_load_explicit(&gate->owner, memory_order_relaxed) == self, 1)) {
        atomic_store_explicit(&gate->busy, 1, memory_order_relaxed);
        atomic_signal_fence(memory_order_seq_cst); /* ALONE, with the other's heavy fence */
        if (__builtin_expect(atomic_load_explicit(&gate->owner, memory_order_relaxed) == self,
                             1))
            return true;
        atomic_store_explicit(&gate->busy, 0, memory_order_release); /* OUT */
    }
    return mci_gate_enter_slowly(gate);
}

static inline void mci_gate_leave(struct mci_gate *gate, bool alone)
{
    if (__builtin_expect(alone, 1))
        atomic_store_explicit(&gate->busy, 0, memory_order_release); /* OUT */
    else
        pthread_mutex_unlock(&gate->mutex);
    atomic_signal_fence(memory_order_seq_cst);
    mci_self.inside--;
    if (__builtin_expect(mci_self.finalize_later, 0))
        mci_self_catch_up();
}

/*
 * In and out for somebody who comes once and not again: the gate stays the thread's that has
 * it to itself, or free for the first one to come. Returns what the way out needs.
 *
 * BACK  who has the gate to itself again sees what the visitor did inside.
 */
void *mci_gate_visit(struct mci_gate *gate);
void mci_gate_visit_over(struct mci_gate *gate, void *owner);

/* In a forked child: an open gate again, whoever was inside in the parent. */
void mci_gate_reset(struct mci_gate *gate);

#endif /* MCI_GATE_H */
