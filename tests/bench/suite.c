/* SPDX-License-Identifier: MIT */
/*
 * suite.c - every subject at every workload, in turn, again and again: one line of JSON for
 * each trial, for report, which compares.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/entries.h"

static const char usage_text[] =
        "Usage: suite [OPTION]...\n"
        "\n"
        "Tries this library, rings written by hand and other libraries at the same work, each\n"
        "in turn in every round, and prints a line of JSON for each trial.\n"
        "\n"
        "  --rounds N         (9)\n"
        "  --milliseconds N   how long a trial is (40)\n"
        "  --items N          and after about how many items it ends at the latest (of up to\n"
        "                     4 KiB; one of 64 KiB counts as 16)\n"
        "  --place PLACE      apart: a processor for each party (default); together: all on\n"
        "                     one processor; free: where the system puts them\n"
        "  --only TEXT        of the trials, those whose name WORKLOAD/SUBJECT/MODE/SIZE has\n"
        "                     this in it; may be given again, for more. Those of growth-* are\n"
        "                     tried only if they are named so\n"
        "  --tries N          a trial that other work of the machine has disturbed is made "
        "again,\n"
        "                     up to N times in all (3); the one that was disturbed least "
        "counts\n"
        "  --list             the names of all trials\n"
        "  --help\n"
        "\n"
        "Exit code: 0; 1 if a trial failed or an item was not what was sent; 2 for wrong\n"
        "options.\n";

enum {
    ONLY_MOST = 32,
    WHOLE = 4096, /* bytes of an item that counts as one */
};

/* A trial is disturbed if a party had no processor for more than this share of it. */
#define DISTURBED 0.02

struct settings {
    unsigned rounds, tries;
    double seconds;
    uint64_t items;
    enum place place;
    const char *only[ONLY_MOST];
    size_t only_count;
    bool list;
};

static const char *const places[] = { "apart", "together", "free" };

/* --- Options -------------------------------------------------------------------------- */

static _Noreturn void refuse(const char *option, const char *value)
{
    fprintf(stderr, "suite: --%s: '%s' is not a value for it; see --help\n", option, value);
    exit(2);
}

static uint64_t number(const char *option, const char *text)
{
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || text[0] == '-' || value == 0)
        refuse(option, text);
    return value;
}

static enum place place_named(const char *name)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
        if (strcmp(places[i], name) == 0)
            return (enum place)i;
    refuse("place", name);
}

static void read_options(struct settings *settings, int argc, char **argv)
{
    static const struct option options[] = {
        { "rounds", required_argument, NULL, 'r' },
        { "milliseconds", required_argument, NULL, 'm' },
        { "items", required_argument, NULL, 'i' },
        { "place", required_argument, NULL, 'p' },
        { "only", required_argument, NULL, 'o' },
        { "tries", required_argument, NULL, 't' },
        { "list", no_argument, NULL, 'l' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        switch (option) {
        case 'r':
            settings->rounds = (unsigned)number("rounds", optarg);
            break;
        case 'm':
            settings->seconds = (double)number("milliseconds", optarg) / 1000;
            break;
        case 'i':
            settings->items = number("items", optarg);
            break;
        case 'p':
            settings->place = place_named(optarg);
            break;
        case 'o':
            if (settings->only_count == ONLY_MOST)
                refuse("only", optarg);
            settings->only[settings->only_count++] = optarg;
            break;
        case 't':
            settings->tries = (unsigned)number("tries", optarg);
            break;
        case 'l':
            settings->list = true;
            break;
        case 'h':
            fputs(usage_text, stdout);
            exit(0);
        default:
            exit(2);
        }
    if (optind != argc)
        refuse("help", argv[optind]);
}

/* --- Trials --------------------------------------------------------------------------- */

static void name_of(const struct entry *entry, char *name, size_t room)
{
    snprintf(name, room, "%s/%s/%s/%zu", entry->workload, entry->subject, entry->mode,
             entry->size);
}

static bool wanted(const struct settings *settings, const struct entry *entry)
{
    char name[128];

    name_of(entry, name, sizeof(name));
    for (size_t i = 0; i < settings->only_count; i++)
        if (strstr(name, settings->only[i]) != NULL)
            return true;
    return settings->only_count == 0 && strncmp(name, "growth-", 7) != 0;
}

static void print_head(const struct entry *entry, const struct settings *settings)
{
    printf("{\"workload\":\"%s\",\"subject\":\"%s\",\"mode\":\"%s\",\"size\":%zu,"
           "\"place\":\"%s\",",
           entry->workload, entry->subject, entry->mode, entry->size, places[settings->place]);
}

static void print_trial(const struct trial *trial)
{
    double seconds = (double)(trial->ended_ns - trial->began_ns) * 1e-9;
    double processor_s = 0, memory_kib = 0;
    uint64_t switches = 0;
    int64_t misses = 0;

    for (unsigned i = 0; i < trial->parties; i++) {
        processor_s += trial->party[i].processor_s;
        memory_kib += trial->party[i].memory_kib / (trial->parties - 1);
        switches += trial->party[i].switches;
        if (misses >= 0)
            misses = trial->party[i].misses < 0 ? -1 : misses + trial->party[i].misses;
    }
    printf("\"items\":%llu,\"rate\":%.6g,\"processor_s\":%.6g,\"switches\":%llu",
           (unsigned long long)trial->done, (double)trial->done / seconds, processor_s,
           (unsigned long long)switches);
    printf(",\"disturbed\":%.3f", trial_disturbance(trial));
    if (misses >= 0)
        printf(",\"cache_misses\":%lld", (long long)misses);
    if (trial->hop_p50 > 0)
        printf(",\"p50\":%.6g,\"p99\":%.6g,\"p999\":%.6g", trial->hop_p50, trial->hop_p99,
               trial->hop_p999);
    if (memory_kib > 0)
        printf(",\"memory_kib\":%.1f,\"share\":%.6g", memory_kib, trial->share);
    printf("}\n");
}

static struct trial *try_once(const struct entry *entry, const struct settings *settings)
{
    struct trial *trial = trial_new();

    if (trial == NULL) {
        perror("suite: memory for a trial");
        exit(1);
    }
    trial->entry = entry;
    trial->place = settings->place;
    trial->items =
            entry->size > WHOLE ? settings->items * WHOLE / entry->size : settings->items;
    trial->seconds = settings->seconds;
    fflush(stdout);
    trial_run(trial);
    return trial;
}

/* Where parties share processors they wait for each other, and not for others' work only. */
static bool is_disturbed(const struct trial *trial)
{
    return trial->place == PLACE_APART && trial_disturbance(trial) > DISTURBED;
}

/* False: it failed. */
static bool try_entry(const struct entry *entry, const struct settings *settings,
                      unsigned round)
{
    struct trial *best = try_once(entry, settings);
    bool good;

    for (unsigned i = 1; i < settings->tries && best->failed[0] == '\0' && is_disturbed(best);
         i++) {
        struct trial *other = try_once(entry, settings), *worse = other;

        if (other->failed[0] != '\0' || trial_disturbance(other) < trial_disturbance(best)) {
            worse = best;
            best = other;
        }
        trial_free(worse);
    }
    good = best->failed[0] == '\0';
    print_head(entry, settings);
    printf("\"round\":%u,", round);
    if (good)
        print_trial(best);
    else
        printf("\"failed\":\"%s\"}\n", best->failed);
    trial_free(best);
    return good;
}

static bool run_round(const struct settings *settings, unsigned round)
{
    bool good = true;

    for (size_t i = 0; entries_lists[i] != NULL; i++)
        for (const struct entry *entry = entries_lists[i]; entry->workload != NULL; entry++)
            if (entry->missing == NULL && wanted(settings, entry))
                good &= try_entry(entry, settings, round);
    return good;
}

/* What is not there is said once. */
static void print_missing(const struct settings *settings)
{
    for (size_t i = 0; entries_lists[i] != NULL; i++)
        for (const struct entry *entry = entries_lists[i]; entry->workload != NULL; entry++)
            if (entry->missing != NULL && wanted(settings, entry)) {
                print_head(entry, settings);
                printf("\"skipped\":\"%s\"}\n", entry->missing);
            }
}

static void list(void)
{
    char name[128];

    for (size_t i = 0; entries_lists[i] != NULL; i++)
        for (const struct entry *entry = entries_lists[i]; entry->workload != NULL; entry++) {
            name_of(entry, name, sizeof(name));
            printf("%s%s%s\n", name, entry->missing == NULL ? "" : "  skipped: ",
                   entry->missing == NULL ? "" : entry->missing);
        }
}

int main(int argc, char **argv)
{
    struct settings settings = {
        .rounds = 9, .tries = 3, .seconds = 0.04, .items = UINT64_MAX >> 16
    };
    bool good = true;

    read_options(&settings, argc, argv);
    if (settings.list) {
        list();
        return 0;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    print_missing(&settings);
    for (unsigned round = 1; round <= settings.rounds; round++) {
        if (isatty(STDERR_FILENO))
            fprintf(stderr, "\rround %u of %u ", round, settings.rounds);
        good &= run_round(&settings, round);
    }
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    return good ? 0 : 1;
}
