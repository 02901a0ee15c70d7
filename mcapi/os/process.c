/* SPDX-License-Identifier: MIT */
/* process.c - who we are, and whether somebody else still is. */
#include "os/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Fields of /proc/<pid>/stat and /proc/<pid>/task/<tid>/stat, as proc(5) counts them. The name,
 * field 2, stands in parentheses and may hold anything, parentheses and spaces too; the fields
 * after it cannot. */
enum {
    FIELD_STATE = 3,
    FIELD_FLAGS = 9,
    FIELD_THREADS = 20,
    FIELD_START = 22,

    STAT_LENGTH = 1024, /* a line has at most 52 numbers of 20 digits; we need 20 of them */
    PATH_LENGTH = 64,
    ENTRIES_LENGTH = 4096, /* bytes of a folder's entries that are read at a time */

    /* PF_EXITING, among the flags: the thread is on its way out, in the kernel, and executes
     * nothing of the program any more. The kernel marks robust words after it has set this. */
    EXITING = 0x4,
};

/* One line of /proc; behind the name. */
struct stat_line {
    char text[STAT_LENGTH];
    const char *state;
};

/* What came of reading one. */
enum stat_read {
    STAT_READ,
    STAT_NONE,    /* there is no such process or thread */
    STAT_UNKNOWN, /* no descriptor, say: nothing follows about the process */
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

static enum stat_read read_stat(const char *path, struct stat_line *line)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length;
    int error;
    char *end;

    if (fd < 0)
        return errno == ENOENT || errno == ESRCH ? STAT_NONE : STAT_UNKNOWN;
    length = read(fd, line->text, sizeof line->text - 1);
    error = errno;
    close(fd);
    if (length <= 0) /* it has gone between the open and the read */
        return length < 0 && error == ESRCH ? STAT_NONE : STAT_UNKNOWN;
    line->text[length] = '\0';
    end = strrchr(line->text, ')');
    if (end == NULL || end[1] != ' ')
        return STAT_UNKNOWN;
    line->state = end + 2;
    return STAT_READ;
}

static enum stat_read read_process(uint32_t pid, struct stat_line *line)
{
    char path[PATH_LENGTH];

    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    return read_stat(path, line);
}

static enum stat_read read_thread(uint32_t pid, uint32_t tid, struct stat_line *line)
{
    char path[PATH_LENGTH];

    snprintf(path, sizeof path, "/proc/%u/task/%u/stat", pid, tid);
    return read_stat(path, line);
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

static uint64_t number_of(const struct stat_line *line, int which)
{
    const char *text = field(line->state, which);

    return text == NULL ? 0 : strtoull(text, NULL, 10);
}

/* Nothing is left of the process but its exit status. The state is the first thread's. Other
 * threads may go on when that one has ended; the last of a dead process is the first thread,
 * kept for its exit status. */
static bool is_remains(const struct stat_line *line)
{
    return (line->state[0] == 'Z' || line->state[0] == 'X')
        && number_of(line, FIELD_THREADS) <= 1;
}

static uint64_t start_of(const struct stat_line *line)
{
    uint64_t ticks = number_of(line, FIELD_START);

    return ticks != 0 ? ticks : 1; /* the first process may have been started at 0 */
}

uint64_t mci_process_start(uint32_t pid)
{
    struct stat_line line;

    if (read_process(pid, &line) != STAT_READ || field(line.state, FIELD_START) == NULL
        || is_remains(&line))
        return 0;
    return start_of(&line);
}

bool mci_process_alive(uint32_t pid, uint64_t start)
{
    struct stat_line line;

    if (start == 0)
        return false;
    switch (read_process(pid, &line)) {
    case STAT_READ:
        return !is_remains(&line) && start_of(&line) == start;
    case STAT_NONE:
        return false;
    default:
        return true;
    }
}

/* --- Threads -------------------------------------------------------------------------- */

static bool is_exiting(const struct stat_line *line)
{
    return (number_of(line, FIELD_FLAGS) & EXITING) != 0;
}

bool mci_thread_ended(uint32_t pid, uint64_t start, uint32_t tid)
{
    struct stat_line line;
    enum stat_read result;

    if (!mci_process_alive(pid, start))
        return true;
    result = read_thread(pid, tid, &line);
    return result == STAT_NONE || (result == STAT_READ && is_exiting(&line));
}

/* Shows `look` the line of each thread of the process, or none where there is none any more,
 * until it says that this is enough. Without opendir(), which allocates memory: who asks may
 * have interrupted malloc. False: not all have been looked at. */
static bool look_at_threads(uint32_t pid,
                            bool (*look)(enum stat_read, const struct stat_line *, uint64_t *),
                            uint64_t *count)
{
    _Alignas(struct dirent64) char entries[ENTRIES_LENGTH];
    char path[PATH_LENGTH];
    struct stat_line line;
    bool more = true;
    long length = 0;
    int fd;

    snprintf(path, sizeof path, "/proc/%u/task", pid);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    while (more && (length = syscall(SYS_getdents64, fd, entries, sizeof entries)) > 0)
        for (long at = 0; at < length && more;) {
            const struct dirent64 *entry = (const void *)(entries + at);

            at += entry->d_reclen;
            if (entry->d_name[0] != '.')
                more = look(read_thread(pid, (uint32_t)strtoul(entry->d_name, NULL, 10), &line),
                            &line, count);
        }
    close(fd);
    return more && length == 0;
}

/* Adds up the threads that are on their way out. False: one is not, or that is not known. */
static bool count_exiting(enum stat_read result, const struct stat_line *line, uint64_t *count)
{
    if (result == STAT_READ && is_exiting(line))
        ++*count;
    else
        return result == STAT_NONE;
    return true;
}

bool mci_process_ended(uint32_t pid, uint64_t start)
{
    struct stat_line line;
    uint64_t exiting = 0;

    if (!mci_process_alive(pid, start))
        return true;
    /* Threads that go while the folder is read may hide others: then they are too few. */
    return read_process(pid, &line) == STAT_READ
        && look_at_threads(pid, count_exiting, &exiting)
        && exiting >= number_of(&line, FIELD_THREADS);
}

/* False: that one is stopped. */
static bool find_stopped(enum stat_read result, const struct stat_line *line, uint64_t *count)
{
    bool stopped = result == STAT_READ && (line->state[0] == 'T' || line->state[0] == 't');

    *count += stopped;
    return !stopped;
}

bool mci_process_stopped(uint32_t pid, uint64_t start)
{
    struct stat_line line;
    uint64_t stopped = 0;

    if (read_process(pid, &line) != STAT_READ || start_of(&line) != start)
        return false;
    look_at_threads(pid, find_stopped, &stopped);
    return stopped > 0;
}

uint64_t mci_process_namespace(void)
{
    struct stat status;

    return stat("/proc/self/ns/pid", &status) == 0 ? (uint64_t)status.st_ino : 0;
}
