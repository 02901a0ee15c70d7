/* SPDX-License-Identifier: MIT */
/*
 * thread.h - a thread that the library keeps for itself.
 */
#ifndef MCI_THREAD_H
#define MCI_THREAD_H

#include <stdbool.h>

/* What such a thread is; it stays where it is until the thread has ended. */
struct mci_thread {
    const char *name; /* at most 15 characters */
    void (*body)(void);
};

/* Starts it. No signal handler of the program ever runs in it, and nobody joins it. False:
 * there is no thread to be had. */
bool mci_thread_start(const struct mci_thread *thread);

#endif /* MCI_THREAD_H */
