/* SPDX-License-Identifier: MIT */
/* thread.c - a thread that the library keeps for itself. */
#include "os/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>

enum { STACK = 256 * 1024 }; /* bytes: a program that locks all its memory pays for them */

static void *run(void *argument)
{
    const struct mci_thread *thread = argument;

    pthread_setname_np(pthread_self(), thread->name);
    thread->body();
    return NULL;
}

/* `stack` 0: as large as the system makes them. */
static bool start(const struct mci_thread *thread, size_t stack)
{
    pthread_attr_t attributes;
    pthread_t started;
    bool done;

    if (pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (stack != 0)
        pthread_attr_setstacksize(&attributes, stack);
    done = pthread_create(&started, &attributes, run, (void *)thread) == 0;
    pthread_attr_destroy(&attributes);
    return done;
}

bool mci_thread_start(const struct mci_thread *thread)
{
    sigset_t all, before;
    bool done;

    /* The new thread begins with the mask of this one. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    /* Where the program has many thread-local variables, ours is too small. */
    done = start(thread, STACK) || start(thread, 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return done;
}
