/* SPDX-License-Identifier: MIT */
/*
 * main.c - runs schedules of scenarios, and tells what came of them.
 *
 *   simulator [--schedules N] [--seconds S] [--seed N] [--part I/N] [SCENARIO...]
 *   simulator --replay N SCENARIO
 *   simulator --list
 *
 * Schedule N of a scenario is the same in every run of the same program. A run of all scenarios
 * shares its schedules among them by weight.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "inside.h"

enum { MOST_CHOSEN = 64 };

struct settings {
    uint64_t schedules;
    double seconds; /* 0: as long as it takes */
    uint64_t seed;
    bool replay;
    unsigned part, parts;
};

/* Of all scenarios, in memory that their processes share. */
struct totals {
    uint64_t scenarios, schedules, deaths, dead_schedules, steps, violations;
};
static struct totals *totals;

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void prepare(const struct sim_scenario *scenario)
{
    scenario->prepare();
    sim_keep_prepared();
}

static void say_failure(const struct sim_scenario *scenario, uint64_t number)
{
    printf("%s: schedule %" PRIu64 " fails: %s\n", scenario->name, number, sim.failure);
    sim.tracing = true;
    sim_trace_begin();
    sim_run(scenario, number);
    printf("its last accesses:\n");
    sim_trace_print();
    printf("again with: --replay %" PRIu64 " %s\n", number, scenario->name);
    fflush(stdout);
}

/* In a process of its own, for a scenario has a segment. */
static int run(const struct sim_scenario *scenario, const struct settings *settings,
               uint64_t schedules, double seconds)
{
    double start = now();
    double spent;
    uint64_t done = 0;
    bool good = true;

    prepare(scenario);
    for (uint64_t i = settings->part; done < schedules && good; i += settings->parts) {
        good = sim_run(scenario, settings->seed + i);
        done++;
        if (!good)
            say_failure(scenario, settings->seed + i);
        if (seconds > 0 && done % 256 == 0 && now() - start >= seconds)
            break;
    }
    spent = now() - start;
    totals->scenarios++;
    totals->schedules += done;
    totals->deaths += sim.all_deaths;
    totals->dead_schedules += sim.all_dead_schedules;
    totals->steps += sim.all_steps;
    totals->violations += !good;
    printf("%-12s %10" PRIu64 " schedules, %9" PRIu64 " with deaths, %6.1f accesses each, "
           "%6.0f a second%s\n",
           scenario->name, done, sim.all_dead_schedules, (double)sim.all_steps / (double)done,
           (double)done / spent, good ? "" : ", FAILED");
    fflush(stdout);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_apart(const struct sim_scenario *scenario, const struct settings *settings,
                     uint64_t schedules, double seconds)
{
    pid_t child;
    int status;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        status = run(scenario, settings, schedules, seconds);
        _exit(status); /* the library's nodes have no process to leave */
    }
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
        printf("%s: the simulator itself failed\n", scenario->name);
        return EXIT_FAILURE;
    }
    return WEXITSTATUS(status);
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

static const char *value_of(int argc, char **argv, int *i)
{
    if (*i + 1 < argc)
        return argv[++*i];
    fprintf(stderr, "simulator: %s needs a value\n", argv[*i]);
    exit(2);
}

/* What is asked for; the scenarios that are named, or all. */
static int read_arguments(int argc, char **argv, struct settings *settings,
                          const struct sim_scenario **chosen)
{
    int count = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--schedules") == 0) {
            settings->schedules = strtoull(value_of(argc, argv, &i), NULL, 0);
        } else if (strcmp(argv[i], "--seconds") == 0) {
            settings->seconds = strtod(value_of(argc, argv, &i), NULL);
        } else if (strcmp(argv[i], "--seed") == 0) {
            settings->seed = strtoull(value_of(argc, argv, &i), NULL, 0);
        } else if (strcmp(argv[i], "--replay") == 0) {
            settings->seed = strtoull(value_of(argc, argv, &i), NULL, 0);
            settings->replay = true;
        } else if (strcmp(argv[i], "--part") == 0) {
            const char *part = value_of(argc, argv, &i);

            if (sscanf(part, "%u/%u", &settings->part, &settings->parts) != 2
                || settings->part >= settings->parts) {
                fprintf(stderr, "simulator: --part %s: not a part, as 0/2 is\n", part);
                exit(2);
            }
        } else {
            if (count == MOST_CHOSEN)
                exit(2);
            chosen[count++] = find(argv[i]);
        }
    }
    if (count == 0)
        while (count < MOST_CHOSEN && sim_scenarios[count] != NULL) {
            chosen[count] = sim_scenarios[count];
            count++;
        }
    return count;
}

int main(int argc, char **argv)
{
    struct settings settings = { .schedules = 1000000, .seed = 1, .parts = 1 };
    const struct sim_scenario *chosen[MOST_CHOSEN];
    int count, failed = 0;
    uint64_t weights = 0;
    double start = now();

    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return list();
    count = read_arguments(argc, argv, &settings, chosen);
    totals = mmap(NULL, sizeof *totals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                  0);
    if (totals == MAP_FAILED)
        return EXIT_FAILURE;
    for (int i = 0; i < count; i++)
        weights += chosen[i]->weight;
    for (int i = 0; i < count; i++) {
        double share = (double)chosen[i]->weight / (double)weights;
        uint64_t schedules = (uint64_t)((double)settings.schedules * share) + 1;

        if (settings.seconds > 0) /* as long for each */
            schedules = UINT64_MAX;
        if (settings.replay)
            schedules = 1;
        failed |= run_apart(chosen[i], &settings, schedules, settings.seconds / count);
    }
    printf("%" PRIu64 " scenarios, %" PRIu64 " schedules (%" PRIu64 " with deaths), %" PRIu64
           " deaths, %" PRIu64 " accesses, %" PRIu64 " violations, %.0f s\n",
           totals->scenarios, totals->schedules, totals->dead_schedules, totals->deaths,
           totals->steps, totals->violations, now() - start);
    return failed;
}
