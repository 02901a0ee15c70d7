/* SPDX-License-Identifier: MIT */
/*
 * main.c - runs schedules of scenarios, and tells what came of them.
 *
 *   simulator [--schedules N] [--seed N] [--jobs N] [SCENARIO...]
 *   simulator --replay N [--last ACCESSES] SCENARIO
 *   simulator --list
 *
 * A schedule is one run of a scenario from its start to its end: what it does, who goes on at
 * each access, which value each load gives, who dies where, all come from one number. Schedule
 * N of a scenario is the same in every run of the same program. The schedules are shared among
 * the scenarios by weight, and run in portions of all of them, so that the rate of the first
 * minute is that of the whole run.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "inside.h"

enum {
    MOST_CHOSEN = 64,
    MOST_JOBS = 64,
    PORTION = 1000000, /* schedules of all scenarios */
    SAY_AFTER = 60,    /* s, between two lines of progress in a log */
};

struct settings {
    uint64_t schedules, seed;
    uint64_t last; /* accesses that are printed of a schedule that fails */
    unsigned jobs;
    bool replay;
};

/* Of a scenario, in memory that all processes share. */
struct totals {
    _Atomic uint64_t schedules, preempted, dead_schedules, deaths, steps, switches, old_loads,
            kept, naps, findings, microseconds;
};

/* What a process is at: a schedule that ends the process must be found again. */
struct job {
    pid_t process; /* 0: none */
    const struct sim_scenario *scenario;
    struct totals *totals;
    _Atomic uint64_t schedule;
};

static struct shared {
    struct totals totals[MOST_CHOSEN];
    struct job jobs[MOST_JOBS];
} * shared;

static double now(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* --- A portion of a scenario, in a process of its own: each has a segment --------------- */

static void say_failure(const struct sim_scenario *scenario, uint64_t number, uint64_t last)
{
    printf("\n%s: schedule %" PRIu64 " fails: %s\n", scenario->name, number, sim.failure);
    sim.tracing = true;
    sim_trace_begin();
    sim_run(scenario, number);
    printf("its last accesses:\n");
    sim_trace_print(last);
    printf("again with: simulator --replay %" PRIu64 " %s\n", number, scenario->name);
    fflush(stdout);
}

static void hand_in(struct totals *totals, double *spent)
{
    double time = now(CLOCK_PROCESS_CPUTIME_ID);

    atomic_fetch_add(&totals->schedules, sim.all.schedules);
    atomic_fetch_add(&totals->preempted, sim.all.preempted);
    atomic_fetch_add(&totals->dead_schedules, sim.all.dead_schedules);
    atomic_fetch_add(&totals->deaths, sim.all.deaths);
    atomic_fetch_add(&totals->steps, sim.all.steps);
    atomic_fetch_add(&totals->switches, sim.all.switches);
    atomic_fetch_add(&totals->old_loads, sim.all.old_loads);
    atomic_fetch_add(&totals->kept, sim.all.kept);
    atomic_fetch_add(&totals->naps, sim.all.naps);
    atomic_fetch_add(&totals->microseconds, (uint64_t)((time - *spent) * 1e6));
    memset(&sim.all, 0, sizeof sim.all);
    *spent = time;
}

static int run(struct job *job, uint64_t first, uint64_t count, uint64_t last)
{
    double spent = 0;
    bool good = true;

    sim_begin_processes();
    job->scenario->prepare();
    sim_keep_prepared();
    for (uint64_t i = 0; i < count && good; i++) {
        atomic_store_explicit(&job->schedule, first + i, memory_order_relaxed);
        good = sim_run(job->scenario, first + i);
        if (!good) {
            atomic_fetch_add(&job->totals->findings, 1);
            say_failure(job->scenario, first + i, last);
        }
        if (i % 1024 == 1023)
            hand_in(job->totals, &spent);
    }
    hand_in(job->totals, &spent);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- Processes -------------------------------------------------------------------------- */

static void start(struct job *job, const struct sim_scenario *scenario, struct totals *totals,
                  uint64_t first, uint64_t count, uint64_t last)
{
    pid_t process;

    job->scenario = scenario;
    job->totals = totals;
    fflush(stdout);
    process = fork();
    if (process == 0) {
        signal(SIGINT, SIG_DFL);
        _exit(run(job, first, count, last)); /* the library's nodes have no process to leave */
    }
    if (process < 0) {
        perror("simulator: fork");
        exit(2);
    }
    job->process = process; /* the child must not write it: it is shared */
}

/* One that ended as a failure has said so, unless the schedule ended the process. */
static void ended(struct job *job, int status)
{
    job->process = 0;
    if (WIFEXITED(status))
        return;
    atomic_fetch_add(&job->totals->findings, 1);
    printf("\n%s: schedule %" PRIu64 " fails: the process dies of signal %d\n",
           job->scenario->name, atomic_load(&job->schedule), WTERMSIG(status));
    printf("again with: simulator --replay %" PRIu64 " %s\n", atomic_load(&job->schedule),
           job->scenario->name);
    fflush(stdout);
}

/* --- Progress and the end ---------------------------------------------------------------- */

static void say_progress(const struct settings *settings, double start, bool last)
{
    static double said;
    static bool person;
    double time = now(CLOCK_MONOTONIC);
    uint64_t done = 0;
    double rate, left;

    if (said == 0) {
        person = isatty(STDERR_FILENO);
        said = start;
    }
    if (settings->replay || (!last && time - said < (person ? 1 : SAY_AFTER))
        || (last && !person))
        return;
    said = time;
    for (int i = 0; i < MOST_CHOSEN; i++)
        done += atomic_load(&shared->totals[i].schedules);
    rate = (double)done / (time - start);
    left = done < settings->schedules ? (double)(settings->schedules - done) / rate : 0;
    fprintf(stderr,
            "%s%5.1f of %5.1f million schedules, %4.0f thousand a second, %3.0f:%02d left%s",
            person ? "\r" : "", (double)done * 1e-6, (double)settings->schedules * 1e-6,
            rate * 1e-3, (double)((int)left / 60), (int)left % 60,
            person && !last ? " " : "\n");
}

static void say_line(const char *name, const struct totals *totals)
{
    printf("%-12s %11" PRIu64 " %5.1f%% %12" PRIu64 " %11" PRIu64 " %11" PRIu64 " %10" PRIu64
           " %8" PRIu64 " %7.0f s\n",
           name, totals->schedules,
           totals->schedules == 0
                   ? 0.0
                   : 100.0 * (double)totals->preempted / (double)totals->schedules,
           totals->steps, totals->switches, totals->old_loads + totals->kept, totals->deaths,
           totals->findings, (double)totals->microseconds * 1e-6);
}

static uint64_t say_totals(const struct sim_scenario *const *chosen, int count, double seconds,
                           unsigned jobs)
{
    struct totals all = { 0 };

    printf("%-12s %11s %6s %12s %11s %11s %10s %8s %9s\n", "scenario", "schedules", "cut",
           "accesses", "switches", "weak", "deaths", "findings", "time");
    for (int i = 0; i < count; i++) {
        const struct totals *one = &shared->totals[i];

        say_line(chosen[i]->name, one);
        all.schedules += one->schedules;
        all.preempted += one->preempted;
        all.steps += one->steps;
        all.switches += one->switches;
        all.old_loads += one->old_loads;
        all.kept += one->kept;
        all.deaths += one->deaths;
        all.findings += one->findings;
        all.microseconds += one->microseconds;
    }
    say_line("all", &all);
    printf("%.0f s on %u cores, %.0f schedules a second; cut: schedules in which somebody was "
           "replaced in the middle;\nweak: loads of an old value and stores that came late; "
           "time: of a processor\n",
           seconds, jobs, (double)all.schedules / seconds);
    return all.findings;
}

/* --- All of it --------------------------------------------------------------------------- */

static uint64_t share_of(const struct settings *settings, const struct sim_scenario *const *all,
                         int count, int which)
{
    uint64_t weights = 0;

    for (int i = 0; i < count; i++)
        weights += all[i]->weight;
    return (settings->schedules * all[which]->weight + weights - 1) / weights;
}

/* Waits until one of the processes is free. */
static struct job *free_job(const struct settings *settings, double began)
{
    for (;;) {
        int status;
        pid_t process;

        for (unsigned i = 0; i < settings->jobs; i++)
            if (shared->jobs[i].process == 0)
                return &shared->jobs[i];
        process = waitpid(-1, &status, WNOHANG);
        for (unsigned i = 0; process > 0 && i < settings->jobs; i++)
            if (shared->jobs[i].process == process)
                ended(&shared->jobs[i], status);
        if (process == 0)
            nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
        say_progress(settings, began, false);
    }
}

static void run_all(const struct settings *settings, const struct sim_scenario *const *chosen,
                    int count, double began)
{
    uint64_t portions = (settings->schedules + PORTION - 1) / PORTION;
    int status;

    for (uint64_t portion = 0; portion < portions; portion++) {
        for (int i = 0; i < count; i++) {
            uint64_t share = share_of(settings, chosen, count, i);
            uint64_t from = share * portion / portions;
            uint64_t to = share * (portion + 1) / portions;

            /* One that has failed is not run any more. */
            if (to > from && atomic_load(&shared->totals[i].findings) == 0)
                start(free_job(settings, began), chosen[i], &shared->totals[i],
                      settings->seed + from, to - from, settings->last);
        }
    }
    for (unsigned i = 0; i < settings->jobs; i++)
        if (shared->jobs[i].process > 0) {
            while (waitpid(shared->jobs[i].process, &status, WNOHANG) == 0) {
                nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
                say_progress(settings, began, false);
            }
            ended(&shared->jobs[i], status);
        }
    say_progress(settings, began, true);
}

static const struct sim_scenario *find(const char *name)
{
    for (int i = 0; sim_scenarios[i] != NULL; i++)
        if (strcmp(sim_scenarios[i]->name, name) == 0)
            return sim_scenarios[i];
    fprintf(stderr, "simulator: no scenario is called %s; --list names them\n", name);
    exit(2);
}

static int list(void)
{
    for (int i = 0; sim_scenarios[i] != NULL; i++)
        printf("%-12s %s\n", sim_scenarios[i]->name, sim_scenarios[i]->about);
    return EXIT_SUCCESS;
}

static uint64_t number_of(int argc, char **argv, int *i)
{
    char *end;
    uint64_t number;

    if (*i + 1 < argc) {
        number = strtoull(argv[++*i], &end, 0);
        if (*end == '\0' && end != argv[*i])
            return number;
    }
    fprintf(stderr, "simulator: %s needs a number\n", argv[*i]);
    exit(2);
}

/* What is asked for; the scenarios that are named, or all. */
static int read_arguments(int argc, char **argv, struct settings *settings,
                          const struct sim_scenario **chosen)
{
    int count = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--schedules") == 0) {
            settings->schedules = number_of(argc, argv, &i);
        } else if (strcmp(argv[i], "--seed") == 0) {
            settings->seed = number_of(argc, argv, &i);
        } else if (strcmp(argv[i], "--jobs") == 0) {
            settings->jobs = (unsigned)number_of(argc, argv, &i);
        } else if (strcmp(argv[i], "--last") == 0) {
            settings->last = number_of(argc, argv, &i);
        } else if (strcmp(argv[i], "--replay") == 0) {
            settings->seed = number_of(argc, argv, &i);
            settings->replay = true;
            settings->schedules = settings->jobs = 1;
        } else {
            if (count == MOST_CHOSEN)
                exit(2);
            chosen[count++] = find(argv[i]);
        }
    }
    if (settings->jobs == 0 || settings->jobs > MOST_JOBS)
        settings->jobs = MOST_JOBS;
    if (count == 0)
        while (count < MOST_CHOSEN && sim_scenarios[count] != NULL) {
            chosen[count] = sim_scenarios[count];
            count++;
        }
    return count;
}

int main(int argc, char **argv)
{
    struct settings settings = { .schedules = 1000000, .seed = 1, .last = 40, .jobs = 1 };
    const struct sim_scenario *chosen[MOST_CHOSEN];
    double began = now(CLOCK_MONOTONIC);
    int count;

    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return list();
    count = read_arguments(argc, argv, &settings, chosen);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                  0);
    if (shared == MAP_FAILED)
        return EXIT_FAILURE;
    run_all(&settings, chosen, count, began);
    return say_totals(chosen, count, now(CLOCK_MONOTONIC) - began, settings.jobs) == 0
                 ? EXIT_SUCCESS
                 : EXIT_FAILURE;
}
