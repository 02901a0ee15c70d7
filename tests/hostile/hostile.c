/* SPDX-License-Identifier: MIT */
/*
 * hostile.c - the supervisor: starts workers, watches that calls come back, says what it found.
 *
 *     hostile --calls 1000000 [--jobs 2] [--seed N]
 *     hostile --seed N --round R          that round once more
 *     hostile --plant FAULT               does it find that?
 */
#include <dirent.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hostile/hostile.h"
#include "runtime/runtime.h"
#include "support/scratch.h"

enum {
    MOST_JOBS = 16,
    CALLS_IN_ROUND = 4000,
    LOOKS_PER_S = 20,
    SAY_EVERY_S = 5,
    AWAKE_S = 4,   /* of processor time: so long a call may take... */
    ASLEEP_S = 60, /* ...and so long by the clock, on a machine with much to do */
    MOST_FINDINGS = 20,
    BEGIN_ANEW = 3, /* exit status of a worker that cannot leave its topology */
};

struct hostile_journal *hostile_journal;

static struct options {
    uint64_t calls, seed, round;
    uint32_t jobs;
    bool one_round, one_finding;
} options = { .calls = 1000000, .seed = 1, .jobs = 2 };

static char folder[PATH_MAX];

/* --- The worker ----------------------------------------------------------------------- */

static struct hostile_random seeded(uint64_t round, uint64_t stream)
{
    struct hostile_random random = { .state = options.seed * UINT64_C(0x9e3779b97f4a7c15)
                                            + round };

    random.state = hostile_draw(&random) + stream;
    return random;
}

/* Another thread that overwrites words while calls run. */
static struct {
    pthread_t thread;
    _Atomic bool stop;
    uint64_t round;
} scribbler;

static void *scribble(void *unused)
{
    struct hostile_random random = seeded(scribbler.round, 1);

    while (!atomic_load_explicit(&scribbler.stop, memory_order_relaxed)) {
        hostile_damage(&random);
        for (uint32_t i = hostile_below(&random, 4000); i > 0; i--)
            atomic_signal_fence(memory_order_seq_cst); /* a pause of no fixed length */
    }
    return unused;
}

static bool scribbler_begin(uint64_t round)
{
    scribbler.round = round;
    atomic_store_explicit(&scribbler.stop, false, memory_order_relaxed);
    return pthread_create(&scribbler.thread, NULL, scribble, NULL) == 0;
}

static void scribbler_end(void)
{
    atomic_store_explicit(&scribbler.stop, true, memory_order_relaxed);
    pthread_join(scribbler.thread, NULL);
}

/* The node leaves a damaged topology, and joins it once more. */
static void leave_and_join(void)
{
    mcapi_status_t status;
    mcapi_info_t info;
    uint32_t last = 0;

    while (hostile_call_name(last + 1) != NULL)
        last++;
    atomic_store_explicit(&hostile_journal->kind, last, memory_order_relaxed);
    hostile_act_as(0);
    mcapi_finalize(&status);
    mcapi_initialize(1, 0, NULL, NULL, &info, &status);
    hostile_scene.node[0] = mci_self.node;
    hostile_scene.serial[0] = mci_self.serial;
    atomic_fetch_add_explicit(&hostile_journal->by_kind[last], 2, memory_order_relaxed);
    atomic_fetch_add_explicit(&hostile_journal->calls, 2, memory_order_relaxed);
}

/* Of eight rounds one has a scribbler and one a companion; the others can be replayed exactly.
 */
static bool play_round(uint64_t round)
{
    struct hostile_random random = seeded(round, 0);
    bool concurrent = round % 8 == 7;
    bool together = round % 8 == 3;
    uint32_t kill_at;
    uint32_t heal_every = 16u << hostile_below(&random, 4);

    atomic_store_explicit(&hostile_journal->round, round, memory_order_relaxed);
    atomic_store_explicit(&hostile_journal->in_round, 0, memory_order_relaxed);
    atomic_store_explicit(&hostile_journal->damages, 0, memory_order_relaxed);
    if (together)
        hostile_companion_begin(seeded(round, 2));
    kill_at = hostile_below(&random, 2 * CALLS_IN_ROUND);
    if (!hostile_scene_begin(&random)) {
        hostile_companion_kill();
        return false;
    }
    atomic_store_explicit(&hostile_journal->ready, true, memory_order_release);
    hostile_calls_begin();
    if (concurrent && !scribbler_begin(round))
        return false;
    for (uint32_t i = 0; i < CALLS_IN_ROUND; i++) {
        if (i % heal_every == 0)
            hostile_scene_heal(hostile_below(&random, 8) != 0);
        if (hostile_below(&random, 4) == 0)
            hostile_damage(&random);
        hostile_call(&random);
        if (i % 256 == 0)
            hostile_scene_check();
        if (i == kill_at)
            hostile_companion_kill();
    }
    hostile_companion_end();
    if (concurrent)
        scribbler_end();
    leave_and_join();
    return hostile_scene_end();
}

static _Noreturn void work(uint32_t job, uint64_t first, uint64_t calls)
{
    char text[96];

    snprintf(text, sizeof text, "hostile-%u-%d", job, (int)getpid());
    setenv("MCAPI_TOPOLOGY", text, 1);
    for (uint64_t round = first;; round += options.jobs) {
        if (!play_round(round))
            _exit(BEGIN_ANEW);
        if (options.one_round
            || atomic_load_explicit(&hostile_journal->calls, memory_order_relaxed) >= calls)
            _exit(EXIT_SUCCESS);
    }
}

/* --- The supervisor ------------------------------------------------------------------- */

static struct job {
    pid_t pid;                       /* 0: it is done */
    struct hostile_journal *journal; /* the worker's, and its companion's */
    uint64_t calls_seen;
    double seen_at, processor_then;
    bool too_late;
    char log[PATH_MAX + 16];
} jobs[MOST_JOBS];

static volatile sig_atomic_t enough; /* somebody has pressed Ctrl-C: the totals, and no more */
static uint32_t findings;
static uint64_t restarts;

static double seconds(clockid_t clock)
{
    struct timespec now;

    return clock_gettime(clock, &now) == 0 ? (double)now.tv_sec + (double)now.tv_nsec / 1e9 : 0;
}

static double processor_time(pid_t pid)
{
    clockid_t clock;

    return clock_getcpuclockid(pid, &clock) == 0 ? seconds(clock) : 0;
}

static uint64_t calls_for(uint32_t job)
{
    return options.calls / options.jobs + (job < options.calls % options.jobs);
}

static void begin_job(uint32_t index, uint64_t round)
{
    struct job *job = &jobs[index];
    int log;

    job->too_late = false;
    job->calls_seen = UINT64_MAX;
    job->pid = fork();
    if (job->pid < 0) {
        perror("hostile: fork");
        exit(EXIT_FAILURE);
    }
    if (job->pid > 0)
        return;
    signal(SIGINT, SIG_IGN); /* the supervisor's */
    signal(SIGTERM, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody would watch us */
    hostile_journal = job->journal;
    hostile_journal->complaint[0] = '\0';
    log = open(job->log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (log >= 0)
        dup2(log, STDERR_FILENO);
    work(index, round, calls_for(index));
}

/* Is the worker in the same call as long as no call takes? Then it is ended. */
static void look_whether_late(struct job *job)
{
    uint64_t calls = atomic_load_explicit(&job->journal->calls, memory_order_relaxed);
    double now = seconds(CLOCK_MONOTONIC);
    double processor = processor_time(job->pid);

    if (calls != job->calls_seen) {
        job->calls_seen = calls;
        job->seen_at = now;
        job->processor_then = processor;
    } else if (processor - job->processor_then > AWAKE_S || now - job->seen_at > ASLEEP_S) {
        job->too_late = true;
        kill(job->pid, SIGABRT);
    }
}

static void say_log(const char *path)
{
    char line[400];
    FILE *log = fopen(path, "r");
    int lines = 0;

    while (log != NULL && lines < 30 && fgets(line, sizeof line, log) != NULL) {
        printf("    %s", line);
        lines++;
    }
    if (log != NULL)
        fclose(log);
}

static void say_finding(const struct job *job, int how)
{
    const struct hostile_journal *journal = job->journal;
    uint64_t damages = atomic_load(&journal->damages);
    uint64_t from = damages > HOSTILE_REMEMBERED ? damages - HOSTILE_REMEMBERED : 0;
    const char *name = hostile_call_name(atomic_load(&journal->kind));

    findings++;
    printf("\nFINDING: %s (node %u), call %llu of the round: ", name,
           atomic_load(&journal->node), (unsigned long long)atomic_load(&journal->in_round));
    if (job->too_late)
        printf("it did not come back%s%s\n",
               journal->complaint[0] != '\0' ? "; another process is in " : "",
               journal->complaint[0] != '\0' ? hostile_call_name(atomic_load(&journal[1].kind))
                                             : "");
    else if (journal->complaint[0] != '\0')
        printf("%s\n", journal->complaint);
    else if (WIFSIGNALED(how))
        printf("%s\n", strsignal(WTERMSIG(how)));
    else
        printf("exit status %d\n", WEXITSTATUS(how));
    for (uint64_t i = from; i < damages; i++) {
        const struct hostile_damage *damage = &journal->damage[i % HOSTILE_REMEMBERED];
        char word[96];

        hostile_word_name(&journal->map, damage->offset, word, sizeof word);
        printf("  before call %llu: %s: %#llx -> %#llx\n", (unsigned long long)damage->call,
               word, (unsigned long long)damage->was, (unsigned long long)damage->is);
    }
    say_log(job->log);
    printf("  again: hostile --seed %llu --round %llu%s\n", (unsigned long long)options.seed,
           (unsigned long long)atomic_load(&journal->round),
           atomic_load(&journal->round) % 4 == 3 ? " (others take part: it may take several)"
                                                 : "");
    fflush(stdout);
}

/* The worker has ended. */
static void reap(uint32_t index, int how)
{
    struct job *job = &jobs[index];
    bool anew = WIFEXITED(how) && WEXITSTATUS(how) == BEGIN_ANEW;
    bool good = WIFEXITED(how) && WEXITSTATUS(how) == EXIT_SUCCESS;

    job->pid = 0;
    if (!anew && !good)
        say_finding(job, how);
    restarts += anew;
    if (options.one_round || good || (findings > 0 && options.one_finding)
        || findings >= MOST_FINDINGS || atomic_load(&job->journal->calls) >= calls_for(index))
        return;
    begin_job(index, atomic_load(&job->journal->round) + options.jobs);
}

static uint64_t all_calls(void)
{
    uint64_t calls = 0;

    for (uint32_t i = 0; i < options.jobs; i++)
        calls +=
                atomic_load(&jobs[i].journal[0].calls) + atomic_load(&jobs[i].journal[1].calls);
    return calls;
}

static void say_progress(double since)
{
    uint64_t calls = all_calls();

    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%llu of %llu calls, %.0f/s, %u findings ", (unsigned long long)calls,
                (unsigned long long)options.calls, (double)calls / since, findings);
}

static void say_totals(double took)
{
    printf("%-38s %14s %14s %14s\n", "call", "made", "succeeded", "refused");
    for (uint32_t kind = 0; hostile_call_name(kind) != NULL; kind++) {
        uint64_t made = 0, succeeded = 0, failed = 0;

        for (uint32_t i = 0; i < 2 * options.jobs; i++) {
            const struct hostile_journal *journal = &jobs[i / 2].journal[i % 2];

            made += atomic_load(&journal->by_kind[kind]);
            succeeded += atomic_load(&journal->succeeded[kind]);
            failed += atomic_load(&journal->failed[kind]);
        }
        printf("%-38s %14llu %14llu %14llu\n", hostile_call_name(kind),
               (unsigned long long)made, (unsigned long long)succeeded,
               (unsigned long long)failed);
    }
    printf("seed %llu: %llu calls in %.0f s, %.0f/s; %u findings; %llu topologies that could "
           "not be left\n",
           (unsigned long long)options.seed, (unsigned long long)all_calls(), took,
           (double)all_calls() / took, findings, (unsigned long long)restarts);
}

static void stop(int signal)
{
    (void)signal;
    enough = 1;
}

static void end_workers(void)
{
    for (uint32_t i = 0; i < options.jobs; i++)
        if (jobs[i].pid != 0) {
            kill(jobs[i].pid, SIGKILL);
            waitpid(jobs[i].pid, NULL, 0);
        }
}

static void supervise(void)
{
    const struct timespec pause = { .tv_nsec = 1000000000 / LOOKS_PER_S };
    double begin = seconds(CLOCK_MONOTONIC);
    double said = begin;
    uint32_t running = options.jobs;

    while (running > 0 && !enough) {
        running = 0;
        for (uint32_t i = 0; i < options.jobs; i++) {
            int how;

            if (jobs[i].pid == 0)
                continue;
            if (waitpid(jobs[i].pid, &how, WNOHANG) == jobs[i].pid)
                reap(i, how);
            else
                look_whether_late(&jobs[i]);
            running += jobs[i].pid != 0;
        }
        if (seconds(CLOCK_MONOTONIC) - said > SAY_EVERY_S) {
            said = seconds(CLOCK_MONOTONIC);
            say_progress(said - begin);
        }
        nanosleep(&pause, NULL);
    }
    if (enough)
        end_workers();
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
    say_totals(seconds(CLOCK_MONOTONIC) - begin);
}

/* --- The command ---------------------------------------------------------------------- */

static _Noreturn void usage(void)
{
    fprintf(stderr,
            "usage: hostile [--calls N] [--jobs N] [--seed N] [--round N] [--plant FAULT]\n");
    exit(2);
}

static uint64_t number_in(const char *text)
{
    char *end;
    uint64_t number = strtoull(text, &end, 0);

    if (*text == '\0' || *end != '\0')
        usage();
    return number;
}

static void read_options(int count, char **arguments)
{
    static const struct option known[] = {
        { "calls", required_argument, NULL, 'c' }, { "jobs", required_argument, NULL, 'j' },
        { "seed", required_argument, NULL, 's' },  { "round", required_argument, NULL, 'r' },
        { "plant", required_argument, NULL, 'p' }, { NULL, 0, NULL, 0 },
    };
    int option;

    while ((option = getopt_long(count, arguments, "", known, NULL)) != -1) {
        switch (option) {
        case 'c':
            options.calls = number_in(optarg);
            break;
        case 'j':
            options.jobs = (uint32_t)number_in(optarg);
            break;
        case 's':
            options.seed = number_in(optarg);
            break;
        case 'r':
            options.round = number_in(optarg);
            options.one_round = true;
            options.jobs = 1;
            break;
        case 'p':
            if (!hostile_plant(optarg))
                usage();
            options.one_finding = true;
            break;
        default:
            usage();
        }
    }
    if (optind != count || options.jobs < 1 || options.jobs > MOST_JOBS)
        usage();
}

/* Small limits: what is small is damaged often. */
static void choose_limits(void)
{
    snprintf(folder, sizeof folder, "%s/mcapi-hostile-%d", scratch_folder(), (int)getpid());
    setenv("MCAPI_RUNTIME_DIR", folder, 1);
    setenv("MCAPI_MAX_NODES", "6", 1);
    setenv("MCAPI_MAX_CHANNELS", "8", 1);
    setenv("MCAPI_MAX_REQUESTS", "16", 1);
    setenv("MCAPI_MAX_MSG_SIZE", "300", 1);
    setenv("MCAPI_MAX_PKT_SIZE", "300", 1);
    setenv("MCAPI_MAX_QUEUE_ELEMENTS", "8", 1);
    setenv("MCAPI_MAX_BUFFERS", "8", 1);
}

/* With what workers left there that were killed. */
static void remove_folder(void)
{
    DIR *all = opendir(folder);
    const struct dirent *entry;

    while (all != NULL && (entry = readdir(all)) != NULL)
        unlinkat(dirfd(all), entry->d_name, 0);
    if (all != NULL)
        closedir(all);
    rmdir(folder);
}

int main(int count, char **arguments)
{
    const struct rlimit no_core = { 0, 0 };

    read_options(count, arguments);
    choose_limits();
    setrlimit(RLIMIT_CORE, &no_core);
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    mkdir(folder, 0700);
    for (uint32_t i = 0; i < options.jobs; i++) {
        jobs[i].journal = mmap(NULL, 2 * sizeof *jobs[i].journal, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (jobs[i].journal == MAP_FAILED) {
            perror("hostile: mmap");
            return EXIT_FAILURE;
        }
        snprintf(jobs[i].log, sizeof jobs[i].log, "%s.log.%u", folder, i);
        begin_job(i, options.one_round ? options.round : i);
    }
    supervise();
    for (uint32_t i = 0; i < options.jobs; i++)
        unlink(jobs[i].log);
    remove_folder();
    return findings == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
