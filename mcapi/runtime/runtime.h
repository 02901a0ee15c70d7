/* SPDX-License-Identifier: MIT */
/*
 * runtime.h - this process's side: its view of the segment, its nodes, who is inside.
 *
 * Everything here lies in the memory of the process. One topology at a time: the first
 * node attaches to the segment, the last one to leave detaches, and whoever is still inside a
 * call then keeps the mapping until it is out.
 */
#ifndef MCI_RUNTIME_H
#define MCI_RUNTIME_H

#include <mcapi.h>
#include <mcapi_ext.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "os/clock.h"
#include "runtime/self.h"
#include "segment/map.h"

struct mci_request_table;

struct mci_node {
    /* Odd while the node is live, +1 when it joins and when it leaves. */
    _Atomic uint32_t serial;
    uint32_t slot;   /* in the table of nodes */
    uint32_t thread; /* id of the thread that is the node */
    uint64_t order;  /* when it joined, among the nodes of this process */
    mcapi_domain_t domain;
    mcapi_node_t number;
    struct mci_request_table *requests;
};

struct mci_runtime {
    /* Guards everything below, and is taken before the segment's control lock. */
    pthread_mutex_t mutex;
    bool attached;
    /* A node was finalized by another thread than its own, whose word in the segment the kernel
     * will mark when that thread ends: this mapping must stay. */
    bool pinned;
    struct mci_map map;
    struct mci_node **nodes; /* every node struct this process ever had */
    uint32_t node_count;
    uint32_t live; /* of them live now */
    uint64_t next_order;
    mcapi_uint_t wait_policy;
    mcapi_uint_t compat;
    int processors; /* that this process may run on */

    /* Threads that use the mapping outside of gates and mutex: sleepers. */
    _Atomic uint32_t users;
    /* enum mci_forsaken: what becomes of the mapping after the last node has left. */
    _Atomic int forsaken;
};

enum mci_forsaken {
    MCI_NOT_FORSAKEN,
    MCI_FORSAKEN,   /* the last user out lets it go */
    MCI_LETTING_GO, /* somebody does */
};

extern struct mci_runtime mci_runtime;

static inline const struct mci_map *mci_map(void)
{
    return &mci_runtime.map;
}

/* --- The calling thread's node -------------------------------------------------------- */

struct mci_node *mci_node_find_current(void);

/* The node that the calling thread acts for, or NULL. */
static inline struct mci_node *mci_node_current(void)
{
    struct mci_node *node = mci_self.node;

    if (__builtin_expect(node != NULL, 1)
        && __builtin_expect(atomic_load_explicit(&node->serial, memory_order_relaxed)
                                    == mci_self.serial,
                            1))
        return node;
    return mci_node_find_current();
}

static inline bool mci_node_is_live(const struct mci_node *node, uint32_t serial)
{
    return atomic_load_explicit(&node->serial, memory_order_acquire) == serial;
}

/* For a thread that is to act for a node which is not its own; the mutex is held, and the node
 * is live. False: the node's thread has ended without the C library, and so has the node. */
bool mci_node_help(const struct mci_node *node);
bool mci_node_is_lost(const struct mci_node *node);

/* --- Using the mapping while asleep --------------------------------------------------- */

/* True: the node lives, and the mapping stays until mci_runtime_drop. False: it is gone. */
bool mci_runtime_hold(const struct mci_node *node, uint32_t serial);
void mci_runtime_drop(void);

/* The mutex is held and no node is left: leaves the topology. */
void mci_runtime_detach(void);

/* Prepares for forks and for the end of the process; once per process, any number of times. */
void mci_runtime_prepare(void);

/* --- Saying things on stderr ---------------------------------------------------------- */

/* A line for the person who runs the program: "mcapi: ...". Level 0 is always said. */
void mci_say(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void mci_say_level(int level);

#endif /* MCI_RUNTIME_H */
