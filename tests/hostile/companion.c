/* SPDX-License-Identifier: MIT */
/*
 * companion.c - another process in the damaged topology: for the locks and wakes between
 * processes, and for a real death in a segment that is damaged.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile/hostile.h"

static pid_t companion; /* 0: there is none */

/* Its own journal lies behind that of the worker. */
static struct hostile_journal *journal_of_companion(void)
{
    return hostile_journal + 1;
}

/* The calls go on until the worker says so, or kills us. */
static _Noreturn void play_along(struct hostile_random random)
{
    struct hostile_journal *workers = hostile_journal;
    mcapi_status_t status;

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* the worker may be killed */
    hostile_journal = journal_of_companion();
    hostile_journal->complaint[0] = '\0';
    while (!atomic_load_explicit(&workers->ready, memory_order_acquire))
        sched_yield();
    if (!hostile_scene_join())
        _exit(EXIT_SUCCESS); /* the segment is damaged already, and it was told so */
    hostile_calls_begin();
    while (!atomic_load_explicit(&workers->over, memory_order_acquire))
        hostile_call(&random);
    hostile_act_as(0);
    mcapi_finalize(&status);
    _exit(EXIT_SUCCESS);
}

void hostile_companion_begin(struct hostile_random random)
{
    atomic_store(&hostile_journal->ready, false);
    atomic_store(&hostile_journal->over, false);
    companion = fork();
    if (companion == 0)
        play_along(random);
    if (companion < 0)
        companion = 0;
}

static void reap(bool killed)
{
    const struct hostile_journal *its = journal_of_companion();
    int how;

    while (waitpid(companion, &how, 0) != companion)
        if (errno != EINTR)
            return;
    companion = 0;
    if (WIFEXITED(how) && WEXITSTATUS(how) == EXIT_SUCCESS)
        return;
    if (WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL && killed)
        return;
    hostile_complain("the other process, in %s: %s", hostile_call_name(its->kind),
                     its->complaint[0] != '\0' ? its->complaint
                     : WIFSIGNALED(how)        ? strsignal(WTERMSIG(how))
                                               : "an exit");
}

void hostile_companion_kill(void)
{
    if (companion == 0)
        return;
    kill(companion, SIGKILL);
    reap(true);
}

void hostile_companion_end(void)
{
    if (companion == 0)
        return;
    atomic_store_explicit(&hostile_journal->over, true, memory_order_release);
    /* Should it not come: for the supervisor, which sees that we do not. */
    snprintf(hostile_journal->complaint, sizeof hostile_journal->complaint,
             "the other process does not come back from a call");
    reap(false);
    hostile_journal->complaint[0] = '\0';
}
