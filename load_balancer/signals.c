/* SPDX-License-Identifier: MIT */
/*
 * signals.c - what the world wants. A process has one set of handlers, hence one state here.
 */
#include "load_balancer/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "worker/clock.h"

static volatile sig_atomic_t stops;
static volatile sig_atomic_t child_ended;
static struct source *volatile interrupted_source;
static volatile pid_t processes[SIGNALS_PROCESSES_MAX]; /* 0: none */
static int arrived = -1; /* an eventfd: readable after a signal, so that none comes too early */

/* Ends whatever the main program waits for. */
static void wake(void)
{
    static const uint64_t one = 1;
    struct source *source = interrupted_source;

    if (source != NULL)
        source_interrupt(source);
    if (write(arrived, &one, sizeof(one)) < 0)
        return; /* full: it is readable, which is all we want */
}

static void on_stop(int signal)
{
    int saved = errno;

    (void)signal;
    if (stops < 2)
        stops++;
    if (stops == 2)
        for (size_t i = 0; i < SIGNALS_PROCESSES_MAX; i++)
            if (processes[i] != 0)
                kill(processes[i], SIGKILL);
    wake();
    errno = saved;
}

static void on_child(int signal)
{
    int saved = errno;

    (void)signal;
    child_ended = 1;
    wake();
    errno = saved;
}

bool signals_begin(void)
{
    static const int stopping[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction stop = { .sa_handler = on_stop, .sa_flags = SA_RESTART };
    struct sigaction child = { .sa_handler = on_child, .sa_flags = SA_RESTART | SA_NOCLDSTOP };
    struct sigaction before;

    arrived = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (arrived < 0)
        return false;
    for (size_t i = 0; i < sizeof(stopping) / sizeof(stopping[0]); i++) {
        if (sigaction(stopping[i], NULL, &before) != 0)
            return false;
        /* Whoever runs us under nohup means it. */
        if (stopping[i] == SIGHUP && before.sa_handler == SIG_IGN)
            continue;
        if (sigaction(stopping[i], &stop, NULL) != 0)
            return false;
    }
    return sigaction(SIGCHLD, &child, NULL) == 0;
}

void signals_interrupt(struct source *source)
{
    interrupted_source = source;
}

void signals_kill_later(unsigned slot, pid_t pid)
{
    processes[slot] = pid;
    if (stops == 2) /* the second signal came just before */
        kill(pid, SIGKILL);
}

void signals_spare(unsigned slot)
{
    processes[slot] = 0;
}

unsigned signals_stops(void)
{
    return (unsigned)stops;
}

bool signals_child_ended(void)
{
    bool ended = child_ended != 0;

    child_ended = 0;
    return ended;
}

bool signals_child_may_have_ended(void)
{
    return child_ended != 0;
}

bool signals_sleep(uint64_t deadline_ns)
{
    struct pollfd one = { .fd = arrived, .events = POLLIN };
    uint64_t now_ns = clock_ns();
    uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
    struct timespec left = {
        .tv_sec = (time_t)(left_ns / NS_PER_S),
        .tv_nsec = (long)(left_ns % NS_PER_S),
    };
    uint64_t count;

    if (ppoll(&one, 1, &left, NULL) <= 0)
        return errno != EINTR || clock_ns() >= deadline_ns;
    return read(arrived, &count, sizeof(count)) != (ssize_t)sizeof(count);
}
