/* SPDX-License-Identifier: MIT */
/* process.c - who we are, and whether somebody else still is. */
#include "os/process.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Fields of /proc/<pid>/stat, as proc(5) counts them. The name, field 2, stands in parentheses
 * and may hold anything, parentheses and spaces too; the fields after it cannot. */
enum {
    FIELD_STATE = 3,
    FIELD_THREADS = 20,
    FIELD_START = 22,

    STAT_LENGTH = 1024, /* a line has at most 52 numbers of 20 digits; we need 20 of them */
};

/* Moved on in each forked child, before anything else of ours can run there. */
static _Atomic uint32_t generation = 1;
static pthread_once_t watch_forks = PTHREAD_ONCE_INIT;

static void forked(void)
{
    atomic_fetch_add_explicit(&generation, 1,
                              memory_order_relaxed); /* the child's only thread */
}

static void begin_to_watch_forks(void)
{
    pthread_atfork(NULL, NULL, forked);
}

uint32_t mci_process_generation(void)
{
    pthread_once(&watch_forks, begin_to_watch_forks);
    return atomic_load_explicit(&generation, memory_order_relaxed); /* never moves under us */
}

uint32_t mci_process_id(void)
{
    return (uint32_t)getpid();
}

uint32_t mci_thread_id(void)
{
    static _Thread_local uint32_t known_in;
    static _Thread_local uint32_t id;
    uint32_t now = mci_process_generation();

    if (known_in != now) {
        id = (uint32_t)syscall(SYS_gettid);
        known_in = now;
    }
    return id;
}

/* What stands in /proc/<pid>/stat behind the name. NULL: there is no such process. */
static const char *read_stat(uint32_t pid, char *text, size_t size)
{
    char path[32];
    ssize_t length;
    char *end;
    int fd;

    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    length = read(fd, text, size - 1);
    close(fd);
    if (length <= 0)
        return NULL;
    text[length] = '\0';
    end = strrchr(text, ')');
    return end != NULL && end[1] == ' ' ? end + 2 : NULL;
}

/* The beginning of a field, given the beginning of the state; NULL: the line is too short. */
static const char *field(const char *state, int number)
{
    for (int i = FIELD_STATE; i < number && state != NULL; i++) {
        state = strchr(state, ' ');
        if (state != NULL)
            state++;
    }
    return state;
}

uint64_t mci_process_start(uint32_t pid)
{
    char text[STAT_LENGTH];
    const char *state = read_stat(pid, text, sizeof text);
    const char *threads = field(state, FIELD_THREADS);
    const char *start = field(state, FIELD_START);
    uint64_t ticks;

    if (start == NULL)
        return 0;
    /* The state is the first thread's. Other threads may go on when that one has ended; the
     * last of a dead process is the first thread, kept for its exit status. */
    if ((state[0] == 'Z' || state[0] == 'X') && strtoul(threads, NULL, 10) <= 1)
        return 0;
    ticks = strtoull(start, NULL, 10);
    return ticks != 0 ? ticks : 1; /* the first process may have been started at 0 */
}

bool mci_process_alive(uint32_t pid, uint64_t start)
{
    return start != 0 && mci_process_start(pid) == start;
}
