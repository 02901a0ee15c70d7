/* SPDX-License-Identifier: MIT */
/*
 * fence.h - full fences that the rare side of a protocol pays for the frequent side.
 *
 * Where one side runs millions of times a second and the other once before it sleeps, the
 * frequent side writes plain stores and loads with atomic_signal_fence() between them, and the
 * rare side calls mci_fence_heavy(), which acts as if each running thread of every registered
 * process had executed a full fence at that moment. Sound only if all processes concerned have
 * asked mci_fence_heavy_available() first and got true; the others use atomic_thread_fence().
 */
#ifndef MCI_FENCE_H
#define MCI_FENCE_H

#include <stdbool.h>

/*
 * Registers this process with the kernel for both fences, and says whether both work. Any
 * thread, any number of times: later calls cost a load. A forked child inherits the
 * registration.
 */
bool mci_fence_heavy_available(void);

/* A full fence on every running thread of every registered process, this one included. */
void mci_fence_heavy(void);

/* The same among the threads of this process only: cheaper. */
void mci_fence_heavy_own(void);

#endif /* MCI_FENCE_H */
