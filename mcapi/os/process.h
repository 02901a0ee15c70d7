/* SPDX-License-Identifier: MIT */
/*
 * process.h - who we are, and whether somebody else still is.
 *
 * A process id alone names nobody: ids come again within seconds of fast spawning. The id
 * together with the start time names one process since the machine was started.
 */
#ifndef MCI_PROCESS_H
#define MCI_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

uint32_t mci_process_id(void);

/* The kernel's id of the calling thread; remembered per thread, right after fork too. */
uint32_t mci_thread_id(void);

/* How often this process and its ancestors have forked: another number than the one
 * remembered means that we are a forked child of who remembered it. */
uint32_t mci_process_generation(void);

/*
 * When the process was started, in clock ticks since boot, never 0; 0 when there is no such
 * process, or nothing is left of it but its exit status. A process whose first thread has ended
 * while others go on is alive.
 */
uint64_t mci_process_start(uint32_t pid);

/* Is the process with that id the one that was started then, and alive? True too when it cannot
 * be found out, for want of a descriptor. */
bool mci_process_alive(uint32_t pid, uint64_t start);

/* Is it that process, and it or a thread of it stopped, by a signal or a debugger? The first
 * thread says nothing about the others: it may have ended before them. */
bool mci_process_stopped(uint32_t pid, uint64_t start);

/* Will that thread of that process execute nothing of its program any more? */
bool mci_thread_ended(uint32_t pid, uint64_t start, uint32_t tid);

/* The same of all threads of the process: soon after a kill, long before its memory is torn
 * down. Reads a file for each thread. False when it cannot be found out. */
bool mci_process_ended(uint32_t pid, uint64_t start);

/* Processes that see the same number here mean the same processes by their ids; 0: unknown. */
uint64_t mci_process_namespace(void);

#endif /* MCI_PROCESS_H */
