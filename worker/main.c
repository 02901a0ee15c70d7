/* SPDX-License-Identifier: MIT */
/*
 * main.c - options in, exit code out.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mcapi.h>

#include "worker/worker.h"

enum {
    EXIT_USAGE = 2,

    /* The deepest window a worker agrees to; the balancer has a limit of its own. */
    WINDOW_MAX = 65535,
};

static const char usage[] =
        "Usage: worker --node N [OPTION]...\n"
        "\n"
        "Takes items of work from a load_balancer, works on them, acknowledges them, and\n"
        "reports at the end. load_balancer starts its workers by itself.\n"
        "\n"
        "  --node N       the node to be, 1 to 65535: the number of the worker\n"
        "  --domain D     the domain to join, 0 to 65535 (default: 0)\n"
        "  --distributor  join the load balancer's distributor; without it, be connected\n"
        "                 with channels of its own\n"
        "  --window W     items that may be under way to this worker, 1 to 65535, as the\n"
        "                 load balancer was told (default: 64)\n"
        "  --work KIND    what to do with an item (default: count):\n";

static const char usage_end[] =
        "  --parent PID   the process that starts this worker, which ends if that dies\n"
        "                 before it has connected the channels (default: none)\n"
        "  --die-at N[-M] for tests: die of SIGABRT at the item with number N, or with\n"
        "                 any from N to M; they are counted from 0 over all workers\n"
        "  --exit-at N[-M]\n"
        "                 the same, but end with exit status 0\n"
        "  --help         this text\n"
        "  --version      the version\n"
        "\n"
        "Environment: MCAPI_TOPOLOGY names the topology to join, MCAPI_WAIT how to wait.\n"
        "Exit status: 0 all was done and reported, 1 not so, 2 wrong usage.\n"
        "More: man worker, man load_balancer.\n";

static int say_usage(void)
{
    const struct work_kind *kind;

    fputs(usage, stdout);
    for (size_t i = 0; (kind = work_kind_at(i)) != NULL; i++) {
        char name[32];

        snprintf(name, sizeof(name), "%s%s%s", kind->name, kind->argument == NULL ? "" : "=",
                 kind->argument == NULL ? "" : kind->argument);
        printf("    %-11s  %s\n", name, kind->help);
    }
    fputs(usage_end, stdout);
    return EXIT_SUCCESS;
}

static int say_wrong(const char *problem)
{
    fprintf(stderr, "worker: %s (see worker --help)\n", problem);
    return EXIT_USAGE;
}

/* A whole number within the range; else says what is wrong. */
static bool read_number(const char *option, const char *text, uint32_t least, uint32_t most,
                        uint32_t *number)
{
    char *end = NULL;
    bool digits = text[0] >= '0' && text[0] <= '9';
    unsigned long value = 0;
    char problem[256];

    errno = 0;
    if (digits)
        value = strtoul(text, &end, 10);
    if (digits && *end == '\0' && errno == 0 && value >= least && value <= most) {
        *number = (uint32_t)value;
        return true;
    }
    snprintf(problem, sizeof(problem), "--%s '%s': a whole number from %u to %u is needed",
             option, text, least, most);
    say_wrong(problem);
    return false;
}

enum {
    OPTION_NODE = 1,
    OPTION_DOMAIN,
    OPTION_DISTRIBUTOR,
    OPTION_WINDOW,
    OPTION_WORK,
    OPTION_PARENT,
    OPTION_DIE_AT,
    OPTION_EXIT_AT,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option options[] = {
    { "node", required_argument, NULL, OPTION_NODE },
    { "domain", required_argument, NULL, OPTION_DOMAIN },
    { "distributor", no_argument, NULL, OPTION_DISTRIBUTOR },
    { "window", required_argument, NULL, OPTION_WINDOW },
    { "work", required_argument, NULL, OPTION_WORK },
    { "parent", required_argument, NULL, OPTION_PARENT },
    { "die-at", required_argument, NULL, OPTION_DIE_AT },
    { "exit-at", required_argument, NULL, OPTION_EXIT_AT },
    { "help", no_argument, NULL, OPTION_HELP },
    { "version", no_argument, NULL, OPTION_VERSION },
    { NULL, 0, NULL, 0 },
};

/* "N" or "N-M". */
static bool read_range(const char *option, const char *text, uint64_t *first, uint64_t *count)
{
    char *end = NULL;
    bool good = text[0] >= '0' && text[0] <= '9';
    unsigned long long last = 0;
    char problem[256];

    errno = 0;
    if (good)
        *first = last = strtoull(text, &end, 10);
    if (good && *end == '-' && end[1] >= '0' && end[1] <= '9')
        last = strtoull(end + 1, &end, 10);
    if (good && *end == '\0' && errno == 0 && *first <= last && last - *first < UINT64_MAX) {
        *count = last - *first + 1;
        return true;
    }
    snprintf(problem, sizeof(problem), "--%s '%.100s': the number of an item is needed, or two",
             option, text);
    say_wrong(problem);
    return false;
}

enum read_result { READ_RUN, READ_DONE, READ_WRONG };

static enum read_result read_work(struct worker_settings *settings, const char *text)
{
    char reason[160], problem[256];

    work_finish(&settings->work); /* of an earlier --work, or the default */
    if (work_prepare(&settings->work, text, reason, sizeof(reason)))
        return READ_RUN;
    snprintf(problem, sizeof(problem), "--work %s", reason);
    say_wrong(problem);
    return READ_WRONG;
}

static enum read_result read_option(struct worker_settings *settings, int option)
{
    uint32_t parent;
    bool good = true;

    switch (option) {
    case OPTION_NODE:
        good = read_number("node", optarg, 1, MCAPI_MAX_NODE, &settings->node);
        break;
    case OPTION_DOMAIN:
        good = read_number("domain", optarg, 0, MCAPI_MAX_DOMAIN, &settings->domain);
        break;
    case OPTION_DISTRIBUTOR:
        settings->distributor = true;
        break;
    case OPTION_WINDOW:
        good = read_number("window", optarg, 1, WINDOW_MAX, &settings->window);
        break;
    case OPTION_WORK:
        return read_work(settings, optarg);
    case OPTION_PARENT:
        good = read_number("parent", optarg, 1, INT32_MAX, &parent);
        settings->parent = good ? (pid_t)parent : 0;
        break;
    case OPTION_DIE_AT:
        good = read_range("die-at", optarg, &settings->die_first, &settings->die_count);
        break;
    case OPTION_EXIT_AT:
        settings->die_quietly = true;
        good = read_range("exit-at", optarg, &settings->die_first, &settings->die_count);
        break;
    case OPTION_HELP:
        say_usage();
        return READ_DONE;
    case OPTION_VERSION:
        puts("worker " PROGRAM_VERSION);
        return READ_DONE;
    default:
        break;
    }
    return good ? READ_RUN : READ_WRONG;
}

/* What getopt_long could not make sense of. */
static enum read_result refuse_word(int found, const char *word)
{
    char problem[256];

    snprintf(problem, sizeof(problem), "'%.200s' %s", word,
             found == ':'                                        ? "needs a value"
             : optopt >= OPTION_NODE && optopt <= OPTION_VERSION ? "takes no value"
                                                                 : "is no option");
    say_wrong(problem);
    return READ_WRONG;
}

static enum read_result read_options(struct worker_settings *settings, int argc, char **argv)
{
    char problem[256];
    int option;

    while ((option = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
        enum read_result result = option == '?' || option == ':'
                                        ? refuse_word(option, argv[optind - 1])
                                        : read_option(settings, option);

        if (result != READ_RUN)
            return result;
    }
    if (optind < argc) {
        snprintf(problem, sizeof(problem), "'%.200s' is no option", argv[optind]);
        say_wrong(problem);
        return READ_WRONG;
    }
    if (settings->node == 0) {
        say_wrong("--node is missing");
        return READ_WRONG;
    }
    return READ_RUN;
}

int main(int argc, char **argv)
{
    struct worker_settings settings = { .window = 64 };
    char reason[WORKER_REASON_SIZE];

    work_prepare(&settings.work, work_kind_at(0)->name, reason, sizeof(reason));
    switch (read_options(&settings, argc, argv)) {
    case READ_DONE:
        return EXIT_SUCCESS;
    case READ_WRONG:
        return EXIT_USAGE;
    case READ_RUN:
        break;
    }
    if (worker_run(&settings, reason) == WORKER_DONE)
        return EXIT_SUCCESS;
    if (reason[0] != '\0')
        fprintf(stderr, "worker: node %u: %s\n", settings.node, reason);
    return EXIT_FAILURE;
}
