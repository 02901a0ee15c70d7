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
    if (owner == NULL && mci_fence_heavy_available()) {
        atomic_store_explicit(&gate->busy, 1, memory_order_relaxed);
        /* Under the mutex: nobody can be taking it away yet. */
        atomic_store_explicit(&gate->owner, self, memory_order_seq_cst);
        pthread_mutex_unlock(&gate->mutex);
        return true;
    }
    share(gate);
    return false;
}

void mci_gate_reset(struct mci_gate *gate)
{
    memset(gate, 0, sizeof *gate);
}
