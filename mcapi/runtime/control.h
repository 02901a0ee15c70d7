/* SPDX-License-Identifier: MIT */
/*
 * control.h - the lock of the tables, and what its next owner does when one died with it.
 *
 * Every change of the tables (join, create, connect, open, close, leave) holds it; the data
 * path never does. The word names its owner: a node slot, whose liveness word the kernel marks.
 * Who wants the lock and finds its owner dead takes it over with one compare-and-swap and
 * repairs the tables before it goes on.
 *
 * CONTROL  who takes the lock sees all that the last owner did under it.
 *
 * Inside a process the mutex of the runtime comes first, so at most one thread of a process
 * asks for the word.
 *
 * A word that names nobody, a dead node, or a node of the process that asks (whose mutex it
 * has) is a damaged one, and taken over. One that names a live node of another process is
 * waited for: for as long as that process is stopped, by a signal or a debugger; otherwise half
 * a minute in which it does not give the lock back once, then whoever asked is refused, and
 * stderr says whom he waited for.
 */
#ifndef MCI_CONTROL_H
#define MCI_CONTROL_H

#include "runtime/runtime.h"

/* Takes the mutex and the lock, for a live node. False: the node is not live (any more), or
 * the lock cannot be had; nothing is held. */
bool mci_control_lock(struct mci_node *node, uint32_t serial);

/*
 * For a call that has a timeout: from here on the calling thread does not wait for the lock for
 * longer than a second, or than a second after the deadline. Whoever has the lock needs
 * microseconds, unless it is stopped (SIGSTOP, a debugger). MCI_FOREVER: it waits again.
 * mci_control_lock is then false too if it has given up.
 */
void mci_control_give_up_at(mci_time deadline);
bool mci_control_gave_up(void);

/* The same, unless another thread of this process has the mutex: false, and `busy`. */
bool mci_control_try_lock(struct mci_node *node, uint32_t serial, bool *busy);

/* The same for a node that is just joining: its slot is taken, the mutex is held already. */
bool mci_control_lock_joining(uint32_t slot);

/* ns; so long a sleep for the lock lasts before its owner is looked at again. Shorter in tests
 * of damaged words. */
extern mci_time mci_control_nap;

/* Gives the lock back; _joined keeps the mutex. */
void mci_control_unlock(void);
void mci_control_unlock_joining(void);

#endif /* MCI_CONTROL_H */
