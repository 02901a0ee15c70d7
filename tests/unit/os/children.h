/* SPDX-License-Identifier: MIT */
/*
 * children.h - what the tests of os/ and segment/ share: memory seen by parent and children,
 * children that end or are ended, and conditions with a deadline.
 */
#ifndef CHILDREN_H
#define CHILDREN_H

#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 20000, /* longer than the slowest machine under a sanitizer needs */
};

static inline int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Lets others run: between two looks at a condition, never in place of one. */
static inline void breathe(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
}

/* Waits until the condition holds; false after PATIENCE_MS. */
#define eventually(condition)                      \
    __extension__({                                \
        int64_t give_up = now_ms() + PATIENCE_MS;  \
        while (!(condition) && now_ms() < give_up) \
            breathe();                             \
        (condition);                               \
    })

/* Zeroed memory that forked children share with us. */
static inline void *shared_memory(size_t size)
{
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(base, MAP_FAILED);
    return base;
}

/* Runs `body` in a child, which ends with what it returns. */
static inline pid_t child_start(int (*body)(void *), void *argument)
{
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        _exit(body(argument));
    return pid;
}

static inline void child_kill(pid_t pid)
{
    int status;

    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
}

/* How the child ended: its exit status, or 128 + the signal. Fails if it does not. */
static inline int child_result(pid_t pid)
{
    int status = 0;

    if (!eventually(waitpid(pid, &status, WNOHANG) != 0)) {
        kill(pid, SIGKILL);
        ck_abort_msg("child %d does not end", (int)pid);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Is the thread asleep in the kernel? (The state in its stat line.) */
static inline bool thread_sleeps(pid_t process, pid_t thread)
{
    char path[64], state = '?';
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)process, (int)thread);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = '?';
    fclose(file);
    return state == 'S';
}

#endif /* CHILDREN_H */
