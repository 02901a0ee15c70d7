/* SPDX-License-Identifier: MIT */
/*
 * turns.h - how soon a process gets its turn at a processor.
 *
 * Linux gives the processor to who has an early deadline, which is as far off as the slice of
 * time is long that one asks for; who asks for short ones has more turns, and no more of the
 * processor in all. Whoever has little to do whenever it wakes up, and is waited for, asks for
 * short slices; who is at something long, for long ones. No privilege is needed for either.
 * Kernels before 6.12 take no such wish, and nothing changes.
 */
#ifndef LOAD_BALANCER_TURNS_H
#define LOAD_BALANCER_TURNS_H

#include <stdint.h>
#include <sys/types.h>

/* The least and the most that Linux gives. */
#define TURNS_SHORT_NS 100000U
#define TURNS_LONG_NS  100000000U

/* Asks for slices of so many nanoseconds; pid 0: for the calling thread, and for all threads
 * and processes that it makes later. */
void turns_ask(pid_t pid, uint32_t slice_ns);

#endif /* LOAD_BALANCER_TURNS_H */
