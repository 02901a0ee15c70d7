/* SPDX-License-Identifier: MIT */
/*
 * self.h - what the library knows of the calling thread.
 */
#ifndef MCI_SELF_H
#define MCI_SELF_H

#include <stdbool.h>
#include <stdint.h>

struct mci_liveness;
struct mci_node;

struct mci_self {
    struct mci_node *node;             /* the node that this thread acts for */
    uint32_t serial;                   /* ...and of which life of it */
    bool own;                          /* it initialized a node of its own, once */
    struct mci_liveness *word;         /* the word in the segment that it holds, or NULL */
    volatile int inside;               /* gates and locks of the library that it is in */
    volatile bool finalize_later;      /* a signal handler has finalized meanwhile... */
    volatile uint32_t finalize_serial; /* ...this life of the node */
    int64_t give_up_at;                /* when to stop waiting for the control lock; 0: never */
    bool gave_up;
};

/* Initial-exec: reading it is one instruction, in a shared library too. */
extern _Thread_local struct mci_self mci_self
        __attribute__((tls_model("initial-exec"), aligned(64)));

/* Does what a signal handler asked for while this thread was inside the library. */
void mci_self_catch_up(void);

#endif /* MCI_SELF_H */
