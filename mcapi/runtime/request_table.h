/* SPDX-License-Identifier: MIT */
/*
 * request_table.h - a node's table of requests: slots, generations, which is used again.
 */
#ifndef MCI_REQUEST_TABLE_H
#define MCI_REQUEST_TABLE_H

#include "runtime/request.h"

enum mci_request_state { MCI_REQUEST_FREE, MCI_REQUEST_PENDING, MCI_REQUEST_OVER };

struct mci_request {
    enum mci_request_state state;
    uint32_t generation;
    mcapi_status_t status; /* when it is over */
    size_t size;           /* bytes, when it is over */
    uint32_t waiters;      /* threads that wait for it, alone or among others */
    bool looked_at;        /* a thread is finding out how it stands */
    uint32_t next_posted;  /* RECEIVE: index + 1 of the next at its end */
    uint32_t older, newer; /* FREE or OVER: neighbours in their list, index + 1 */
    struct mci_request_start start;

    /* What was finished here before, until the call that has taken its place is accepted. */
    bool was_over;
    uint32_t generation_before;
    struct mci_request_start start_before;
    bool is_open; /* counted among the table's */
};

/* A list of slots, oldest first; index + 1, 0 for none. */
struct mci_request_list {
    uint32_t oldest, newest;
};

struct mci_request_table {
    pthread_mutex_t mutex; /* guards all below; taken inside gates */
    uint32_t count;
    uint32_t next_any; /* wait_any begins here: fair over repeated calls */
    uint32_t opens;    /* unfinished requests that are opens */
    struct mci_request_list free, over;
    struct mci_request *slots;
};

/* A signal handler that finalizes meanwhile has it done after the unlock. */
static inline void mci_request_lock(struct mci_request_table *table)
{
    mci_self.inside++;
    atomic_signal_fence(memory_order_seq_cst); /* a handler sees it before the mutex */
    pthread_mutex_lock(&table->mutex);
}

static inline void mci_request_unlock(struct mci_request_table *table)
{
    pthread_mutex_unlock(&table->mutex);
    atomic_signal_fence(memory_order_seq_cst);
    mci_self.inside--;
    if (__builtin_expect(mci_self.finalize_later, 0))
        mci_self_catch_up();
}

/* All with the mutex held. */

/* The slot of a request, or NULL: not one of this node's, or used again since. */
struct mci_request *mci_request_find(struct mci_request_table *table, mcapi_request_t request);

/* A slot for a new pending request, or NULL: all are pending. */
struct mci_request *mci_request_take(struct mci_request_table *table);

mcapi_request_t mci_request_number(const struct mci_request_table *table,
                                   const struct mci_request *slot);

/* PENDING -> OVER. */
void mci_request_finish(struct mci_request_table *table, struct mci_request *slot,
                        mcapi_status_t status, size_t size);

/* As if the slot, which is pending, had never been taken: what was finished there is again. */
void mci_request_put_back(struct mci_request_table *table, struct mci_request *slot);

/* PENDING or OVER -> FREE. */
void mci_request_free(struct mci_request_table *table, struct mci_request *slot);

/* All free again, no number of theirs valid any more. */
void mci_request_reset(struct mci_request_table *table);

/* Whether a number is a refusal; which one, goes to `status`. */
bool mci_request_is_refusal(mcapi_request_t request, mcapi_status_t *status);

#endif /* MCI_REQUEST_TABLE_H */
