/* SPDX-License-Identifier: MIT */
/*
 * random_main.c - the program `random`: options in, exit code out.
 */
#include "model.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ASKED_FOR_HELP = 256 };

struct settings {
    struct random_options run;
    uint64_t seeds;
    const char *replay, *keep;
    bool whole, verbose, coverage;
};

static void help(FILE *file)
{
    fprintf(file,
            "usage: random [OPTION]...\n"
            "Makes random MCAPI calls from several processes and threads, and compares\n"
            "what comes with a model of the standard.\n\n"
            "  --seed N         where to begin; chosen and printed if it is not given\n"
            "  --seeds N        so many seeds, one after the other (1)\n"
            "  --steps N        calls of each (2000)\n"
            "  --replay FILE    the calls that are in a file, in place of random ones\n"
            "  --keep FILE      where a sequence that fails is written\n"
            "                   (random-SEED.calls)\n"
            "  --whole          and as it is, not shortened\n"
            "  --without-messages, --without-deaths\n"
            "                   leaves out those calls; threads that end and processes\n"
            "                   that are killed\n"
            "  --break-model N  the model is wrong in one rule, to see that this is found:\n");
    for (int rule = 1; model_broken_rule(rule) != NULL; rule++)
        fprintf(file, "                     %d  %s\n", rule, model_broken_rule(rule));
    fprintf(file, "  --verbose        prints every call\n"
                  "  --coverage       prints how often each function was called\n"
                  "Exit code: 0, nothing differs; 1, something does; 2, wrong usage.\n");
}

static bool read_number(const char *text, uint64_t *number)
{
    char *end;

    *number = strtoull(text, &end, 10);
    return end != text && *end == '\0' && *text != '-';
}

static bool read_option(int option, struct settings *settings)
{
    uint64_t number = 0;
    bool good = true;

    switch (option) {
    case 's':
        good = read_number(optarg, &settings->run.seed);
        break;
    case 'n':
        good = read_number(optarg, &settings->seeds) && settings->seeds > 0;
        break;
    case 't':
        good = read_number(optarg, &number) && number > 0 && number <= RANDOM_STEPS;
        settings->run.steps = (size_t)number;
        break;
    case 'r':
        settings->replay = optarg;
        break;
    case 'k':
        settings->keep = optarg;
        break;
    case 'w':
        settings->whole = true;
        break;
    case 'm':
        settings->run.messages = false;
        break;
    case 'd':
        settings->run.deaths = false;
        break;
    case 'b':
        good = read_number(optarg, &number) && number < BROKEN_RULES;
        settings->run.broken_rule = (int)number;
        break;
    case 'v':
        settings->verbose = true;
        break;
    default:
        settings->coverage = true;
    }
    if (!good)
        fprintf(stderr, "random: %s is no good number\n", optarg);
    return good;
}

/* 0, or the exit code. */
static int read_options(int argc, char **argv, struct settings *settings)
{
    static const struct option options[] = {
        { "seed", required_argument, NULL, 's' },
        { "seeds", required_argument, NULL, 'n' },
        { "steps", required_argument, NULL, 't' },
        { "replay", required_argument, NULL, 'r' },
        { "keep", required_argument, NULL, 'k' },
        { "whole", no_argument, NULL, 'w' },
        { "without-messages", no_argument, NULL, 'm' },
        { "without-deaths", no_argument, NULL, 'd' },
        { "break-model", required_argument, NULL, 'b' },
        { "verbose", no_argument, NULL, 'v' },
        { "coverage", no_argument, NULL, 'c' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            help(stdout);
            return ASKED_FOR_HELP;
        }
        if (option == '?' || !read_option(option, settings))
            return 2;
    }
    if (optind < argc) {
        fprintf(stderr, "random: what is %s?\n", argv[optind]);
        return 2;
    }
    return 0;
}

static void print_coverage(const struct coverage *coverage, double seconds)
{
    uint64_t calls = 0;

    for (enum function function = 0; function < FUNCTIONS; function++) {
        printf("%-28s %9llu calls, %9llu succeeded\n", step_name(function),
               (unsigned long long)coverage->calls[function],
               (unsigned long long)coverage->successes[function]);
        calls += coverage->calls[function];
    }
    printf("%llu calls in %.1f s\n", (unsigned long long)calls, seconds);
}

static void report(const struct settings *settings, struct sequence *sequence,
                   struct failure *failure)
{
    char name[64];
    const char *path = settings->keep;
    size_t length = sequence->count;

    printf("seed %llu: call %zu, %s, %s: %s\n", (unsigned long long)settings->run.seed,
           failure->at + 1, step_name(failure->function), failure->what, failure->text);
    if (!settings->whole)
        shrink(&settings->run, sequence, failure);
    snprintf(name, sizeof name, "random-%llu.calls", (unsigned long long)settings->run.seed);
    if (path == NULL)
        path = name;
    if (sequence_write(path, &settings->run, sequence))
        printf("%zu of its %zu calls are enough, and are in %s\n", sequence->count, length,
               path);
    else
        perror(path);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    struct settings settings = { .run = { .steps = 2000, .messages = true, .deaths = true },
                                 .seeds = 1 };
    struct sequence *sequence = calloc(1, sizeof *sequence);
    struct failure failure = { 0 };
    static struct coverage coverage;
    double began = now();
    int exit_code;
    const char *why;
    uint64_t failed = 0;

    settings.run.seed = (uint64_t)time(NULL) * 1000 + (uint64_t)getpid() % 1000;
    exit_code = read_options(argc, argv, &settings);
    if (exit_code != 0 || sequence == NULL)
        return exit_code == ASKED_FOR_HELP ? 0 : 2;
    settings.run.log = settings.verbose ? stdout : NULL;
    if (settings.replay != NULL) {
        why = sequence_read(settings.replay, sequence);
        if (why != NULL) {
            fprintf(stderr, "random: %s: %s\n", settings.replay, why);
            return 2;
        }
        settings.run.log = stdout;
        failed = !run_sequence(&settings.run, sequence, &failure, &coverage);
        settings.seeds = 0;
    }
    for (uint64_t i = 0; i < settings.seeds; i++, settings.run.seed++) {
        if (run_chosen(&settings.run, sequence, &failure, &coverage)) {
            printf("seed %llu: %zu calls, all as the model wants\n",
                   (unsigned long long)settings.run.seed, sequence->count);
            continue;
        }
        failed++;
        report(&settings, sequence, &failure);
        fflush(stdout);
    }
    if (settings.coverage)
        print_coverage(&coverage, now() - began);
    free(sequence);
    return failed == 0 ? 0 : 1;
}
