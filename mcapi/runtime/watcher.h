/* SPDX-License-Identifier: MIT */
/*
 * watcher.h - the thread that makes descriptors readable.
 *
 * A process has one from the first descriptor on, until its last node leaves. It sleeps as a
 * blocked receive does, on the bells of the nodes and the liveness words of the peers, and
 * uses no processor time while nothing happens.
 *
 * Its list of descriptors has a lock. The order of locks in a process is
 *
 *     mutex of the runtime, control lock, gate, list, mutex of a descriptor
 *
 * and the watcher never waits for the first three with the list locked. It does not wait for
 * the mutex of the runtime at all: whoever has it may be waiting for the watcher to end.
 */
#ifndef MCI_WATCHER_H
#define MCI_WATCHER_H

#include "runtime/descriptor.h"

/* --- Where descriptors come and go; mci_self.inside is counted -------------------------- */

void mci_watcher_lock(void);
void mci_watcher_unlock(void);

/* The list is locked. False: no memory, or no thread. */
bool mci_watcher_add(struct mci_descriptor *descriptor);
void mci_watcher_remove(struct mci_descriptor *descriptor);

/* The list is locked. A descriptor was attached: there is another word to sleep on. */
void mci_watcher_changed(void);

/* --- The runtime: its mutex is held ----------------------------------------------------- */

/* Ends the thread, if there is one, before the mapping goes. No descriptor is left. */
void mci_watcher_stop(void);

/* Around a fork; the child has no watcher, and no descriptors. */
void mci_watcher_before_fork(void);
void mci_watcher_after_fork(void);
void mci_watcher_forget(void);

#endif /* MCI_WATCHER_H */
