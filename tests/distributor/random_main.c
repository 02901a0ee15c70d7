/* SPDX-License-Identifier: MIT */
/* random_main.c - the program random_distributor: options in, exit code out. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "distributor/random.h"
#include "support/options.h"

enum { PROGRESS_S = 5 };

struct settings {
    uint64_t seed, seeds, seconds, steps;
    enum distortion distortion;
    bool whole, first;
};

static void help(FILE *file)
{
    fprintf(file,
            "usage: random_distributor [OPTION]...\n"
            "A distributor and its workers under random calls and deaths, held against a\n"
            "model of what its header promises.\n\n"
            "  --seed N      where to begin; chosen and printed if it is not given\n"
            "  --seeds N     so many seeds, one after the other (1)\n"
            "  --seconds N   as many seeds as there is time for\n"
            "  --steps N     of each seed (120)\n"
            "  --first       ends with the first seed that fails\n"
            "  --whole       a sequence that fails is not made short\n"
            "  --distort X   the test itself does something wrong, which it is to find:\n");
    for (int i = 1; i < DISTORTIONS; i++)
        fprintf(file, "                  %s\n", distortion_name((enum distortion)i));
    fprintf(file, "Exit code: 0, all is as promised; 1, something is not; 2, wrong usage.\n");
}

static bool read_distortion(const char *text, enum distortion *distortion)
{
    for (int i = 1; i < DISTORTIONS; i++)
        if (strcmp(text, distortion_name((enum distortion)i)) == 0) {
            *distortion = (enum distortion)i;
            return true;
        }
    return false;
}

static bool read_option(int option, void *context)
{
    struct settings *settings = context;
    uint64_t *number = option == 's' ? &settings->seed
                     : option == 'n' ? &settings->seeds
                     : option == 't' ? &settings->seconds
                                     : &settings->steps;
    char *end;

    settings->whole = settings->whole || option == 'w';
    settings->first = settings->first || option == 'f';
    if (option == 'w' || option == 'f')
        return true;
    if (option == 'd')
        return read_distortion(optarg, &settings->distortion);
    *number = strtoull(optarg, &end, 10);
    return end != optarg && *end == '\0' && settings->steps <= RANDOM_STEPS;
}

/* -1, or the exit code. */
static int read_options(int argc, char **argv, struct settings *settings)
{
    static const struct option options[] = {
        { "seed", required_argument, NULL, 's' },
        { "seeds", required_argument, NULL, 'n' },
        { "seconds", required_argument, NULL, 't' },
        { "steps", required_argument, NULL, 'p' },
        { "first", no_argument, NULL, 'f' },
        { "whole", no_argument, NULL, 'w' },
        { "distort", required_argument, NULL, 'd' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    static const struct options all = {
        .program = "random_distributor", .known = options, .help = help, .read = read_option
    };

    return options_read(&all, argc, argv, settings);
}

static void report(const struct settings *settings, struct plan *plan, char *text)
{
    size_t steps = plan->count;

    printf("seed %llu: %s\n", (unsigned long long)plan->seed, text);
    fflush(stdout);
    if (!settings->whole)
        shrink(plan, text);
    printf("%zu of %zu steps are enough for: %s\n", plan->count, steps, text);
    plan_print(stdout, plan);
    fflush(stdout);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void tell(const char *what, double since)
{
    fprintf(stderr, "%s%llu runs, %llu workers joined, %llu were killed, %llu stamps, %.0f s\n",
            what, (unsigned long long)run_totals.runs, (unsigned long long)run_totals.lives,
            (unsigned long long)run_totals.kills, (unsigned long long)run_totals.stamps,
            now() - since);
}

static bool goes_on(const struct settings *settings, uint64_t done, double seconds,
                    uint64_t failed)
{
    if (settings->first && failed > 0)
        return false;
    return settings->seconds > 0 ? seconds < (double)settings->seconds : done < settings->seeds;
}

int main(int argc, char **argv)
{
    struct settings settings = { .seeds = 1, .steps = 120 };
    static struct plan plan;
    char text[sizeof(((struct record *)NULL)->text)];
    double began = now(), told = began;
    uint64_t failed = 0;
    int exit_code;

    settings.seed = (uint64_t)time(NULL) * 1000 + (uint64_t)getpid() % 1000;
    exit_code = read_options(argc, argv, &settings);
    if (exit_code >= 0)
        return exit_code;
    printf("seed %llu\n", (unsigned long long)settings.seed);
    for (uint64_t i = 0; goes_on(&settings, i, now() - began, failed); i++) {
        plan_make(&plan, settings.seed + i, settings.steps);
        plan.distortion = settings.distortion;
        if (!run_plan(&plan, text)) {
            failed++;
            report(&settings, &plan, text);
        }
        if (now() - told >= PROGRESS_S) {
            told = now();
            tell("", began);
        }
    }
    tell("all: ", began);
    printf("%llu seeds failed\n", (unsigned long long)failed);
    return failed == 0 ? 0 : 1;
}
