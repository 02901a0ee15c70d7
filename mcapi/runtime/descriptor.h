/* SPDX-License-Identifier: MIT */
/*
 * descriptor.h - a file descriptor that is readable exactly while a receive would return.
 *
 * A receiver (a receiving end, a mailbox) has one from the first time that the program asks for
 * it. It is in one of three states:
 *
 *   WAITS     the receiver has no channel yet; not readable
 *   EMPTY     not readable, and announced: whoever sends next rings the bell of the node, and
 *             the watcher (watcher.h) looks whether there is something now
 *   READABLE  there is something, or the channel is over; nobody needs to be told of more
 *
 *                 attach              watcher, or a call that saw it
 *         WAITS ----------> EMPTY ------------------------------------> READABLE
 *                             ^------------------------------------------'
 *                               settle: a receive has left nothing
 *
 * Only the watcher and whoever is inside the receiver's gate change it, and both hold `mutex`.
 * From READABLE it is changed inside the gate only, before the call that has taken the last
 * packet returns; so no call ever returns and leaves it readable without anything there.
 *
 * Lost wake-ups. `settle` and the watcher announce first, and look again after that; a sender
 * publishes first, and looks for the announcement after that. Both go through the event's word
 * with a read-modify-write (MCI_EVENT_EXACT, segment/event.h), so one of them sees the other:
 * either the sender finds the bell bit, and rings, or the look finds what was sent. Who
 * announces says EMPTY first, so that the watcher that is rung for does not pass over the
 * descriptor. The bell is a counter that the watcher reads before it looks at any descriptor,
 * and sleeps on only while it has that value.
 *
 * The watcher looks without being inside the gate, or an end would cost its only thread a mutex
 * from then on. It looks from the place where the receiver was when it last settled (`place`).
 * When the receiver has gone on since, what the watcher finds is out of date: it may say
 * readable though the receiver has just taken what is there, or the other way round. But then
 * the receiver is still inside the gate, has taken something, and settles before it leaves.
 */
#ifndef MCI_DESCRIPTOR_H
#define MCI_DESCRIPTOR_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/gate.h"

struct mci_node;

/* Where a receiver is: numbers that its kind of receiver knows the meaning of. */
struct mci_place {
    uint32_t at[12];
};

/* What a receiver must tell about itself, for as long as it is attached. */
struct mci_receiver {
    const void *self;
    /* Inside the gate: where it is now. */
    void (*note)(const void *self, struct mci_place *place);
    /* Any thread: whether a receive from that place would return at once, with something or
     * because nothing can come any more. */
    bool (*would_return)(const void *self, const struct mci_place *place);
    _Atomic uint32_t *event; /* raised after whatever makes would_return true... */
    /* ...unless this word changes, the first of a struct mci_liveness. NULL: there is none */
    _Atomic uint32_t *life;
    uint32_t alive; /* what it is until then */
    /* The slot of a node that died before it could wake those who wait here: whoever sleeps on
     * `life` buries it. MCI_NO_NODE: none. NULL: nobody has to. Any thread. */
    uint32_t (*find_dead)(const void *self);
};

enum mci_descriptor_state {
    MCI_DESCRIPTOR_WAITS,
    MCI_DESCRIPTOR_EMPTY,
    MCI_DESCRIPTOR_READABLE
};

struct mci_descriptor {
    int fd;
    struct mci_node *node; /* whose receiver it is... */
    uint32_t serial;       /* ...in which life of the node */
    uint32_t handle;       /* its endpoint */

    pthread_mutex_t mutex;  /* inside the gate, and inside the watcher's list */
    _Atomic uint32_t state; /* enum mci_descriptor_state */
    struct mci_place place; /* of the receiver, when it last settled */

    struct mci_receiver receiver; /* unless the state is WAITS; changed inside the list, too */
    struct mci_descriptor *next;  /* among those that are not in use */
};

/* --- Inside the gate of the receiver; mci_self.inside is counted ------------------------ */

/* A descriptor in state WAITS. NULL: there is no memory, no thread or no file descriptor. */
struct mci_descriptor *mci_descriptor_open(struct mci_node *node, uint32_t serial,
                                           uint32_t handle);

/* The receiver can be received on from now on. */
void mci_descriptor_attach(struct mci_descriptor *descriptor,
                           const struct mci_receiver *receiver);

/* Whoever was inside the gate is about to leave it, having taken something or not. */
void mci_descriptor_settle(struct mci_descriptor *descriptor);

/* The way out of a receiver's gate; `descriptor` is NULL if nobody has asked for one. */
void mci_descriptor_leave_gate_settled(struct mci_descriptor *descriptor, struct mci_gate *gate,
                                       bool alone);

static inline void mci_descriptor_leave_gate(struct mci_descriptor *descriptor,
                                             struct mci_gate *gate, bool alone)
{
    if (__builtin_expect(descriptor == NULL, 1))
        mci_gate_leave(gate, alone);
    else
        mci_descriptor_leave_gate_settled(descriptor, gate, alone);
}

/* There will be no receive any more. A duplicate that the program made stays readable. */
void mci_descriptor_close(struct mci_descriptor *descriptor);

/* --- The watcher, inside its list ------------------------------------------------------- */

/* Somebody has rung, or died, or the descriptor was not looked at for long. */
void mci_descriptor_look(struct mci_descriptor *descriptor);

/* --- In a forked child ------------------------------------------------------------------ */

/* It was the parent's: gives its file descriptor back, and tells nobody. */
void mci_descriptor_forget(struct mci_descriptor *descriptor);

#endif /* MCI_DESCRIPTOR_H */
