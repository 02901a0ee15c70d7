/* SPDX-License-Identifier: MIT */
/*
 * process.h - the processes of the workers: find the program, start it, see how it ended.
 */
#ifndef LOAD_BALANCER_PROCESS_H
#define LOAD_BALANCER_PROCESS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "load_balancer/config.h"

struct process {
    pid_t pid;
    int handle;    /* a pidfd, to wait on */
    unsigned slot; /* by which a second signal kills it: signals.h */
    bool running;
    bool ended; /* by us */
    int status; /* of waitpid, when it runs no more */
};

/*
 * Where the worker program is: `given` if not NULL; else "worker" beside this program, in the
 * folder of that name beside this one's (a build folder), or on the PATH. False: nowhere, or
 * not a program; the reason is one line.
 */
bool process_find(const char *given, char path[PATH_MAX], char reason[CONFIG_REASON_SIZE]);

/* Starts worker `number` (from 1). It has SIGINT, SIGTERM and SIGHUP blocked: on a terminal
 * they come to all, and it is for the balancer to end in order. */
bool process_start(struct process *process, const char *path, const struct config *config,
                   uint32_t number, char reason[CONFIG_REASON_SIZE]);

/* Waits at most so long for the process to end, -1 for as long as it takes; false: it runs on.
 * Also true for one that was never started. */
bool process_wait(struct process *process, int timeout_ms);

void process_kill(struct process *process);

/* Whether it ended by itself and well. */
bool process_succeeded(const struct process *process);

/* Whether a signal ended it, and whether that was SIGKILL from somebody else. */
bool process_was_killed(const struct process *process);
bool process_was_killed_by_another(const struct process *process);

/* How it ended: "was killed by signal 9 (Killed)", "ended with exit status 1". */
void process_describe(const struct process *process, char *text, size_t size);

#endif /* LOAD_BALANCER_PROCESS_H */
