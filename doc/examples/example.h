/* SPDX-License-Identifier: MIT */
/*
 * example.h - what the examples share: every status is looked at, and processes are counted.
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <mcapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = 10000 /* ms: longer than anything here takes */ };

/* Ends the program unless the call before was a success. */
static inline void check(mcapi_status_t status, const char *call)
{
    char name[MCAPI_MAX_STATUS_SIZE];

    if (status == MCAPI_SUCCESS)
        return;
    fprintf(stderr, "%s\n%s\n", call, mcapi_display_status(status, name, sizeof name));
    exit(1);
}

/* One call; the caller has a `status`. */
#define TRY(call) ((call), check(status, #call))

/* Waits for what an _i call has begun. */
static inline void finish(mcapi_request_t request)
{
    mcapi_status_t status;

    TRY(mcapi_wait(&request, NULL, PATIENCE, &status));
}

/* Runs a function in a child process. */
static inline void start(void (*child)(int number), int number)
{
    pid_t pid;

    fflush(stdout); /* or the child prints it too */
    pid = fork();
    if (pid < 0) {
        perror("fork");
        exit(1);
    }
    if (pid == 0) {
        child(number);
        exit(0);
    }
}

/* Waits for all children; the exit code of the program. */
static inline int end_of_children(void)
{
    int result = 0;
    int how;

    while (wait(&how) > 0)
        if (how != 0)
            result = 1;
    return result;
}

#endif /* EXAMPLE_H */
