/* SPDX-License-Identifier: MIT */
/*
 * main.c - options in, exit code out.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load_balancer/balancer.h"
#include "load_balancer/config.h"
#include "load_balancer/help.h"
#include "load_balancer/server/run.h"
#include "load_balancer/signals.h"
#include "load_balancer/source/source.h"
#include "load_balancer/stats/output.h"

enum {
    EXIT_USAGE = 2,
};

static int fail(const char *reason)
{
    if (reason[0] != '\0')
        fprintf(stderr, "load_balancer: %s\n", reason);
    return EXIT_FAILURE;
}

static void say_line(void *context, const char *line)
{
    balancer_complain(context, "%s", line);
}

/* What was printed may not have been written: a full disk, a closed pipe. */
static bool flushed(FILE *out)
{
    return fflush(out) == 0 && ferror(out) == 0;
}

/* Compares, says what does not agree, and prints the report. */
static int report(struct balancer *balancer)
{
    struct stats *stats = &balancer->stats;
    bool agreed = stats_check(stats, say_line, balancer);

    if (stats->config->json)
        stats_print_json(stats, agreed, stdout);
    else if (!stats->config->quiet)
        stats_print_text(stats, agreed, stdout);
    if (!flushed(stdout))
        balancer_complain(balancer, "cannot write the report: %s", strerror(errno));
    if (stats->note != NULL)
        balancer_say(balancer, "%s", stats->note);
    return stats->failed || stats->note != NULL ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int say_broken_off(struct balancer *balancer)
{
    struct stats_totals totals;

    stats_add_up(&balancer->stats, &totals);
    balancer_say(
            balancer,
            "stopped at once by a second signal: %llu items acknowledged, %llu on their way "
            "were lost",
            (unsigned long long)totals.items, (unsigned long long)totals.unacknowledged);
    return EXIT_FAILURE;
}

static int run(const struct config *config, struct source *source)
{
    struct balancer balancer;
    char reason[CONFIG_REASON_SIZE];
    int result;

    if (!balancer_open(&balancer, config, source, reason))
        return fail(reason);
    if (balancer_start(&balancer, reason)) {
        bool finished;

        signals_interrupt(source);
        finished = balancer_run(&balancer);
        signals_interrupt(NULL);
        balancer_stop(&balancer);
        result = finished ? report(&balancer) : say_broken_off(&balancer);
    } else {
        result = fail(reason);
    }
    balancer_close(&balancer);
    return result;
}

/* A file or an interface can be missing; all else that keeps a source from opening is a wrong
 * word. */
static bool names_file(const char *source)
{
    return (strncmp(source, "pcap:", 5) == 0 && source[5] != '\0')
        || (strncmp(source, "iface:", 6) == 0 && source[6] != '\0');
}

static int open_and_run(const struct config *config)
{
    struct source_settings settings = { .loop = config->loop };
    char reason[SOURCE_REASON_SIZE];
    struct source *source = source_open(config->source, &settings, reason, sizeof(reason));
    int result;

    if (source == NULL) {
        fprintf(stderr, "load_balancer: --source %s\n", reason);
        return names_file(config->source) ? EXIT_FAILURE : EXIT_USAGE;
    }
    if (signals_begin())
        result = run(config, source);
    else
        result = fail(strerror(errno));
    source_close(source);
    return result;
}

int main(int argc, char **argv)
{
    struct config config;
    char reason[CONFIG_REASON_SIZE];

    switch (config_read(&config, argc, argv, reason)) {
    case CONFIG_HELP:
        help_print(stdout);
        return flushed(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
    case CONFIG_VERSION:
        puts("load_balancer " PROGRAM_VERSION);
        return flushed(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
    case CONFIG_WRONG:
        fprintf(stderr, "load_balancer: %s (see load_balancer --help)\n", reason);
        return EXIT_USAGE;
    case CONFIG_RUN:
        break;
    }
    return server_options_used(&config.network) ? server_run(&config) : open_and_run(&config);
}
