/* SPDX-License-Identifier: MIT */
#include "bench/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    LIMIT_S = 60, /* a trial that takes longer hangs */
    LONGEST_PAUSE_NS = 5 * 1000 * 1000,
    PROBES = 8, /* of which the shortest counts */
    PROBE_TRIPS = 50,
    PATIENCE_MS = 3000, /* with parties that are told to end */
};

static struct trial *current;

/* The processors that the process may use. */
static cpu_set_t allowed;

/* --- Memory --------------------------------------------------------------------------- */

struct trial *trial_new(void)
{
    int file = memfd_create("trial", MFD_CLOEXEC);
    struct trial *trial = MAP_FAILED;

    if (file >= 0 && ftruncate(file, sizeof(*trial)) == 0)
        trial = mmap(NULL, sizeof(*trial), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                     file, 0);
    if (trial == MAP_FAILED)
        return NULL;
    trial->file = file;
    trial->owner = getpid();
    return trial;
}

void trial_free(struct trial *trial)
{
    close(trial->file);
    munmap(trial, sizeof(*trial));
}

void trial_path(char *path, size_t room)
{
    snprintf(path, room, "/proc/%d/fd/%d", (int)current->owner, current->file);
}

struct trial *trial_attach(const char *path)
{
    int file = open(path, O_RDWR | O_CLOEXEC);

    current = MAP_FAILED;
    if (file >= 0) {
        current = mmap(NULL, sizeof(*current), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        close(file);
    }
    sched_getaffinity(0, sizeof(allowed), &allowed);
    return current == MAP_FAILED ? NULL : current;
}

/* --- For the parties ------------------------------------------------------------------ */

int64_t trial_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void trial_yield(void)
{
    sched_yield();
}

void trial_fail_with(struct trial *trial, const char *what)
{
    snprintf(trial->failed, sizeof(trial->failed), "%s", what);
    _exit(3);
}

void trial_fail(const char *what)
{
    int error = errno;

    snprintf(current->failed, sizeof(current->failed), "%s: %s", what, strerror(error));
    _exit(3);
}

void *trial_share(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (memory == MAP_FAILED)
        trial_fail("mmap");
    return memory;
}

/* --- Where ---------------------------------------------------------------------------- */

static int processor(unsigned index)
{
    unsigned count = (unsigned)CPU_COUNT(&allowed);

    for (int i = 0, seen = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &allowed) && (unsigned)seen++ == index % count)
            return i;
    return 0;
}

void trial_pin(struct trial *trial, unsigned self)
{
    cpu_set_t set = allowed;
    int to = processor(trial->place == PLACE_APART ? self : 0);

    if (trial->place != PLACE_FREE) {
        CPU_ZERO(&set);
        CPU_SET(to, &set);
    }
    if (sched_setaffinity(0, sizeof(set), &set) != 0)
        trial_fail("sched_setaffinity");
}

void trial_unpin(void)
{
    sched_setaffinity(0, sizeof(allowed), &allowed);
}

/* --- Counts --------------------------------------------------------------------------- */

struct counts {
    double processor_s;
    int64_t now_ns, waited_ns;
    uint64_t switches;
    int64_t misses;
};

static _Thread_local struct counts at_begin;
static _Thread_local int counter = -1;

static void open_counter(void)
{
    struct perf_event_attr attr = {
        .type = PERF_TYPE_HARDWARE,
        .size = sizeof(attr),
        .config = PERF_COUNT_HW_CACHE_MISSES,
        .exclude_kernel = 1,
    };

    counter = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

/* How long the thread was ready to run and had no processor; 0 where the system does not say.
 */
static int64_t waited_ns(void)
{
    FILE *file = fopen("/proc/thread-self/schedstat", "r");
    long long ran, waited;

    if (file == NULL)
        return 0;
    if (fscanf(file, "%lld %lld", &ran, &waited) != 2)
        waited = 0;
    fclose(file);
    return waited;
}

static struct counts take_counts(void)
{
    struct counts counts = { .misses = -1 };
    struct rusage used;
    uint64_t misses;

    /* Of the whole process: what a library does in threads of its own is its cost too. */
    getrusage(current->threads ? RUSAGE_THREAD : RUSAGE_SELF, &used);
    counts.processor_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
                       + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
    counts.switches = (uint64_t)(used.ru_nvcsw + used.ru_nivcsw);
    if (counter >= 0 && read(counter, &misses, sizeof(misses)) == sizeof(misses))
        counts.misses = (int64_t)misses;
    counts.waited_ns = waited_ns();
    counts.now_ns = trial_now_ns();
    return counts;
}

void trial_count(struct trial *trial, unsigned self, uint64_t wrong)
{
    struct counts now = take_counts();
    struct party *party = &trial->party[self];

    party->wrong += wrong;
    party->processor_s = now.processor_s - at_begin.processor_s;
    party->waited = (double)(now.waited_ns - at_begin.waited_ns)
                  / (double)(now.now_ns - at_begin.now_ns);
    party->switches = now.switches - at_begin.switches;
    party->misses = now.misses < 0 ? -1 : now.misses - at_begin.misses;
}

double trial_disturbance(const struct trial *trial)
{
    double most = 0;

    for (unsigned i = 0; i < trial->parties; i++)
        if (trial->party[i].waited > most)
            most = trial->party[i].waited;
    return most;
}

bool trial_crowded(const struct trial *trial)
{
    return trial->place != PLACE_APART || trial->entry->crowded
        || trial->parties > (unsigned)CPU_COUNT(&allowed);
}

/* --- Meeting -------------------------------------------------------------------------- */

/* Nobody spins for long: some of those who are waited for have no processor of their own. */
static void wait_for(_Atomic uint32_t *word, uint32_t wanted)
{
    long pause_ns = 20000;

    for (unsigned turn = 0; atomic_load(word) < wanted; turn++)
        if (turn < 100) {
            sched_yield();
        } else {
            nanosleep(&(struct timespec){ .tv_nsec = pause_ns }, NULL);
            pause_ns += pause_ns < LONGEST_PAUSE_NS ? pause_ns / 4 : 0;
        }
}

void trial_gather(struct trial *trial)
{
    uint32_t before = atomic_fetch_add(&trial->gathered, 1);

    wait_for(&trial->gathered, (before / trial->parties + 1) * trial->parties);
}

void trial_meet(struct trial *trial, unsigned self)
{
    open_counter();
    atomic_fetch_add(&trial->arrived, 1);
    wait_for(&trial->arrived, trial->parties);
    trial_probe(trial, self, 0);
    /* Who slept a moment ago is awake before anybody begins. */
    atomic_fetch_add(&trial->ready, 1);
    while (atomic_load(&trial->ready) < trial->parties)
        sched_yield();
    at_begin = take_counts();
}

void trial_part(struct trial *trial)
{
    atomic_fetch_add(&trial->arrived, 1);
    wait_for(&trial->arrived, 2 * trial->parties);
}

/* --- Between processors -------------------------------------------------------------- */

static void await_turn(_Atomic uint32_t *word, uint32_t turn)
{
    for (unsigned looks = 1; atomic_load_explicit(word, memory_order_acquire) != turn; looks++)
        if (looks % 4096 == 0)
            sched_yield();
}

void trial_probe(struct trial *trial, unsigned self, unsigned after)
{
    uint32_t turn = after * PROBES * PROBE_TRIPS;
    int64_t shortest = INT64_MAX;

    if (trial->place != PLACE_APART || self > 1 || trial->parties < 2
        || CPU_COUNT(&allowed) < 2)
        return;
    for (int i = 0; i < PROBES; i++) {
        int64_t began = trial_now_ns(), took;

        for (int k = 0; k < PROBE_TRIPS; k++) {
            turn++;
            if (self == 1)
                await_turn(&trial->probe[0].turn, turn);
            atomic_store_explicit(&trial->probe[self].turn, turn, memory_order_release);
            if (self == 0)
                await_turn(&trial->probe[1].turn, turn);
        }
        took = trial_now_ns() - began;
        if (took < shortest)
            shortest = took;
    }
    if (self == 0)
        trial->apart_ns[after] = (double)shortest / PROBE_TRIPS / 2;
}

/* Its state stands behind the name of its program, which is in brackets. */
void trial_await_sleep(const struct trial *trial, unsigned party)
{
    static _Thread_local int file = -1;
    char path[64], text[256], *end;
    ssize_t size;

    if (file < 0) {
        snprintf(path, sizeof(path), "/proc/%d/stat", (int)trial->party[party].process);
        file = open(path, O_RDONLY | O_CLOEXEC);
    }
    for (;;) {
        size = pread(file, text, sizeof(text) - 1, 0);
        if (size <= 0)
            trial_fail("/proc/PROCESS/stat");
        text[size] = '\0';
        end = strrchr(text, ')');
        if (end != NULL && end[1] == ' ' && end[2] == 'S')
            return;
        sched_yield();
    }
}

void trial_listen(struct trial *trial)
{
    atomic_store(&trial->listening, 1);
}

void trial_await_listener(struct trial *trial)
{
    wait_for(&trial->listening, 1);
}

/* --- Parties -------------------------------------------------------------------------- */

static void be_party(struct trial *trial, unsigned self)
{
    trial->party[self].process = getpid();
    trial_pin(trial, self);
    trial->entry->part(trial, self);
    trial_probe(trial, self, 1);
}

struct thread {
    pthread_t id;
    unsigned self;
};

static void *thread_main(void *argument)
{
    struct thread *thread = argument;

    be_party(current, thread->self);
    return NULL;
}

static void run_threads(struct trial *trial)
{
    static struct thread thread[TRIAL_PARTIES];

    for (unsigned i = 0; i < trial->parties; i++) {
        thread[i].self = i;
        if ((errno = pthread_create(&thread[i].id, NULL, thread_main, &thread[i])) != 0)
            trial_fail("pthread_create");
    }
    for (unsigned i = 0; i < trial->parties; i++)
        pthread_join(thread[i].id, NULL);
}

static pid_t start_process(struct trial *trial, unsigned self)
{
    pid_t parent = getpid(), process = fork();

    if (process < 0)
        trial_fail("fork");
    if (process > 0)
        return process;
    signal(SIGTERM, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(LIMIT_S);
    if (getppid() == parent)
        be_party(trial, self);
    _exit(0);
}

static void run_processes(struct trial *trial)
{
    int status;

    for (unsigned i = 0; i < (trial->entry->launcher ? 1 : trial->parties); i++)
        start_process(trial, i);
    while (wait(&status) > 0)
        if (status != 0) {
            if (trial->failed[0] == '\0')
                snprintf(trial->failed, sizeof(trial->failed),
                         "a party ended with wait status 0x%x", (unsigned)status);
            _exit(4); /* the others end with this process */
        }
}

/* In a process of its own, which the parties come from: they are told to end and it is not, so
 * that it is there until they have put away what is theirs. */
static _Noreturn void run_here(struct trial *trial)
{
    setpgid(0, 0);
    signal(SIGINT, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGTERM, trial->entry->threads ? SIG_DFL : SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(LIMIT_S);
    dup2(STDERR_FILENO, STDOUT_FILENO); /* what libraries say is no part of the results */
    if (trial->entry->prepare != NULL)
        trial->entry->prepare(trial);
    if (trial->entry->threads)
        run_threads(trial);
    else
        run_processes(trial);
    _exit(0);
}

static void judge(struct trial *trial, int status)
{
    uint64_t wrong = 0;

    for (unsigned i = 0; i < trial->parties; i++)
        wrong += trial->party[i].wrong;
    if (trial->failed[0] != '\0')
        return;
    if (status != 0)
        snprintf(trial->failed, sizeof(trial->failed), "ended with wait status 0x%x",
                 (unsigned)status);
    else if (wrong > 0)
        snprintf(trial->failed, sizeof(trial->failed), "%llu items were not what was sent",
                 (unsigned long long)wrong);
    else if (trial->done == 0)
        snprintf(trial->failed, sizeof(trial->failed), "nothing came");
}

/* The process of the trial that runs now, and of its group; 0: there is none. */
static volatile sig_atomic_t running, stopped;

void trial_stop(int signal)
{
    (void)signal;
    stopped = 1;
    if (running != 0)
        kill(-running, SIGTERM);
}

bool trial_stopped(void)
{
    return stopped;
}

static int wait_for_trial(pid_t process)
{
    static const struct timespec moment = { .tv_nsec = 10 * 1000 * 1000 };
    int status = 0;

    while (!stopped)
        if (waitpid(process, &status, 0) == process)
            return status;
    kill(-process, SIGTERM); /* the group may have been too young for the handler */
    for (int waited_ms = 0; waitpid(process, &status, WNOHANG) == 0; waited_ms += 10) {
        if (waited_ms >= PATIENCE_MS)
            kill(-process, SIGKILL);
        nanosleep(&moment, NULL);
    }
    return status;
}

bool trial_run(struct trial *trial)
{
    pid_t process;

    current = trial;
    trial->parties = trial->entry->parties == 0 ? 2 : trial->entry->parties;
    trial->threads = trial->entry->threads;
    atomic_store(&trial->last, UINT64_MAX);
    if (CPU_COUNT(&allowed) == 0)
        sched_getaffinity(0, sizeof(allowed), &allowed);
    process = fork();
    if (process == 0)
        run_here(trial);
    if (process < 0)
        trial_fail("fork");
    setpgid(process, process);
    running = process;
    judge(trial, wait_for_trial(process));
    running = 0;
    kill(-process, SIGKILL); /* whoever is left */
    return trial->failed[0] == '\0';
}
