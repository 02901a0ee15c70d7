/* SPDX-License-Identifier: MIT */
#include "runtime/gate.h"

#include <sched.h>
#include <string.h>

#include "os/fence.h"

char mci_gate_shared;

/* The mutex is ours. Takes the gate away from the thread that has it to itself. */
static void share(struct mci_gate *gate)
{
    if (atomic_exchange_explicit(&gate->owner, &mci_gate_shared, memory_order_seq_cst)
        == &mci_gate_shared)
        return;
    mci_fence_heavy_own(); /* ALONE */
    /* Nothing blocks inside a gate: this ends as soon as the other one is scheduled. */
    while (atomic_load_explicit(&gate->busy, memory_order_acquire) != 0) /* OUT */
        sched_yield();
}

bool mci_gate_enter_slowly(struct mci_gate *gate)
{
    void *self = &mci_self;
    void *owner;

    pthread_mutex_lock(&gate->mutex);
    owner = atomic_load_explicit(&gate->owner, memory_order_relaxed);
    /* It may be ours: a visitor had it for a moment. */
    if (owner == self || (owner == NULL && mci_fence_heavy_available())) {
        atomic_store_explicit(&gate->busy, 1, memory_order_relaxed);
        /* Under the mutex: nobody can be taking it away yet. */
        atomic_store_explicit(&gate->owner, self, memory_order_seq_cst);
        pthread_mutex_unlock(&gate->mutex);
        return true;
    }
    share(gate);
    return false;
}

void *mci_gate_visit(struct mci_gate *gate)
{
    void *owner;

    mci_self.inside++;
    atomic_signal_fence(memory_order_seq_cst); /* a handler sees it before the mutex */
    pthread_mutex_lock(&gate->mutex);
    owner = atomic_load_explicit(&gate->owner, memory_order_relaxed);
    /* Without an owner, whoever comes meanwhile waits for the mutex. */
    if (owner != NULL)
        share(gate);
    return owner;
}

void mci_gate_visit_over(struct mci_gate *gate, void *owner)
{
    if (owner != NULL && owner != &mci_gate_shared) {
        /* BACK: the owner comes in again by plain loads. Those behind this fence, on its
         * processor too, come after all that we did; it finds its name only behind it. */
        mci_fence_heavy_own();
        atomic_store_explicit(&gate->owner, owner, memory_order_release); /* BACK */
    }
    mci_gate_leave(gate, false);
}

void mci_gate_reset(struct mci_gate *gate)
{
    memset(gate, 0, sizeof *gate);
}
