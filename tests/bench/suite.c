/* SPDX-License-Identifier: MIT */
/*
 * suite.c - every subject at every workload, in turn, again and again: one line of JSON for
 * each trial, for report, which compares.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/entries.h"
#include "bench/scratch.h"

static const char usage_text[] =
        "Usage: suite [OPTION]...\n"
        "\n"
        "Tries this library, rings written by hand and other libraries at the same work, each\n"
        "in turn in every round, and prints a line of JSON for each trial.\n"
        "\n"
        "  --rounds N         (9)\n"
        "  --milliseconds N   how long a trial is (10)\n"
        "  --items N          and after about how many items it ends at the latest (of up to\n"
        "                     4 KiB; one of 64 KiB counts as 16)\n"
        "  --place PLACE      apart: a processor for each party (default); together: all on\n"
        "                     one processor; free: where the system puts them\n"
        "  --only TEXT        of the trials, those whose name WORKLOAD/SUBJECT/MODE/SIZE has\n"
        "                     this in it; may be given again, for more. Those of growth-* and\n"
        "                     idle are tried only if they are named so\n"
        "  --tries N          a trial is made again if other work of the machine has "
        "disturbed\n"
        "                     it, or the processors were not as far apart as when others did\n"
        "                     the same: up to N times in all (6; a third of it where starting\n"
        "                     takes long), and the best of these counts\n"
        "  --list             the names of all trials\n"
        "  --help\n"
        "\n"
        "Exit code: 0; 1 if a trial failed or an item was not what was sent; 2 for wrong\n"
        "options; 130 after a signal to end, when everything has been put away.\n";

enum {
    ONLY_MOST = 32,
    ENTRIES_MOST = 256,
    STOPPED = 130, /* exit code, as shells have it */
    WHOLE = 4096,  /* bytes of an item that counts as one */
};

/* A trial is disturbed if a party had no processor for more than this share of it. */
#define DISTURBED 0.02

/* The processors of two trials are alike if a cache line takes at most so many times as long
 * between those of the one as between those of the other. */
#define ALIKE 1.5

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

/* --- What is tried ---------------------------------------------------------------------- */

/* Entries of the same work in a row, so that little time lies between what is compared. */
struct plan {
    const struct entry *entry[ENTRIES_MOST];
    size_t count;
};

static void name_of(const struct entry *entry, char *name, size_t room)
{
    snprintf(name, room, "%s/%s/%s/%zu", entry->workload, entry->subject, entry->mode,
             entry->size);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool wanted(const struct settings *settings, const struct entry *entry)
{
    char name[128];

    name_of(entry, name, sizeof(name));
    for (size_t i = 0; i < settings->only_count; i++)
        if (strstr(name, settings->only[i]) != NULL)
            return true;
    return settings->only_count == 0 && !begins(name, "growth-") && !begins(name, "idle/");
}

static bool same_work(const struct entry *one, const struct entry *other)
{
    return strcmp(one->workload, other->workload) == 0 && one->size == other->size;
}

/* Behind the last one of the same work, or at the end. */
static void plan_add(struct plan *plan, const struct entry *entry)
{
    size_t at = plan->count;

    if (plan->count == ENTRIES_MOST) {
        fprintf(stderr, "suite: more entries than ENTRIES_MOST\n");
        exit(1);
    }
    for (size_t i = plan->count; i > 0 && at == plan->count; i--)
        if (same_work(plan->entry[i - 1], entry)) {
            at = i;
            break;
        }
    memmove(&plan->entry[at + 1], &plan->entry[at], (plan->count - at) * sizeof(*plan->entry));
    plan->entry[at] = entry;
    plan->count++;
}

static void make_plan(struct plan *plan, const struct settings *settings)
{
    for (size_t i = 0; entries_lists[i] != NULL; i++)
        for (const struct entry *entry = entries_lists[i]; entry->workload != NULL; entry++)
            if (settings->list || wanted(settings, entry))
                plan_add(plan, entry);
}

/* --- Trials --------------------------------------------------------------------------- */

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
        memory_kib += trial->party[i].memory_kib;
        switches += trial->party[i].switches;
        if (misses >= 0)
            misses = trial->party[i].misses < 0 ? -1 : misses + trial->party[i].misses;
    }
    printf("\"items\":%llu,\"rate\":%.6g,\"processor_s\":%.6g,\"switches\":%llu",
           (unsigned long long)trial->done, (double)trial->done / seconds, processor_s,
           (unsigned long long)switches);
    if (!trial_crowded(trial))
        printf(",\"disturbed\":%.3f", trial_disturbance(trial));
    if (trial->apart_ns[0] > 0 && trial->apart_ns[1] > 0)
        printf(",\"apart_ns\":[%.1f,%.1f]", trial->apart_ns[0], trial->apart_ns[1]);
    if (misses >= 0)
        printf(",\"cache_misses\":%lld", (long long)misses);
    if (trial->hop_p50 > 0)
        printf(",\"p50\":%.6g,\"p99\":%.6g,\"p999\":%.6g", trial->hop_p50, trial->hop_p99,
               trial->hop_p999);
    if (memory_kib > 0) /* all but the one that looks on */
        printf(",\"memory_kib\":%.1f,\"share\":%.6g", memory_kib / (trial->parties - 1),
               trial->share);
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

/* Are the processors as far apart as in another trial, and were so from its beginning to its
 * end? What is not known is no reason to doubt it. */
static bool is_alike(const struct trial *trial, double apart_ns)
{
    double least = trial->apart_ns[0], most = trial->apart_ns[0];

    if (trial->apart_ns[1] == 0)
        return true;
    if (trial->apart_ns[1] < least)
        least = trial->apart_ns[1];
    if (trial->apart_ns[1] > most)
        most = trial->apart_ns[1];
    if (apart_ns > 0 && apart_ns < least)
        least = apart_ns;
    if (apart_ns > most)
        most = apart_ns;
    return most <= least * ALIKE;
}

/* How much speaks against it. */
static double doubt(const struct trial *trial, double apart_ns)
{
    double disturbed = trial_crowded(trial) ? 0 : trial_disturbance(trial);

    return (is_alike(trial, apart_ns) ? 0 : 1) + (disturbed > DISTURBED ? disturbed : 0);
}

/* False: it failed. *apart_ns: how far apart the processors were when others did the same work;
 * 0 before the first. */
static bool try_entry(const struct entry *entry, const struct settings *settings,
                      unsigned round, double *apart_ns)
{
    unsigned tries = entry->launcher ? (settings->tries + 2) / 3 : settings->tries;
    struct trial *best = try_once(entry, settings);
    bool good;

    for (unsigned i = 1;
         i < tries && best->failed[0] == '\0' && doubt(best, *apart_ns) > 0 && !trial_stopped();
         i++) {
        struct trial *other = try_once(entry, settings), *worse = other;

        if (other->failed[0] != '\0' || doubt(other, *apart_ns) < doubt(best, *apart_ns)) {
            worse = best;
            best = other;
        }
        trial_free(worse);
    }
    good = best->failed[0] == '\0';
    if (!trial_stopped()) {
        print_head(entry, settings);
        printf("\"round\":%u,", round);
        if (good)
            print_trial(best);
        else
            printf("\"failed\":\"%s\"}\n", best->failed);
        if (*apart_ns == 0)
            *apart_ns = best->apart_ns[1];
    }
    trial_free(best);
    return good;
}

/* --- Rounds --------------------------------------------------------------------------- */

/* One line that is written over, where somebody looks; else one for each round. */
static void print_progress(const struct settings *settings, const struct entry *entry,
                           unsigned round, size_t done, size_t count, int64_t began_ns)
{
    double spent_s = (double)(trial_now_ns() - began_ns) * 1e-9;
    double share = ((double)(round - 1) + (double)done / (double)count) / settings->rounds;
    char name[128] = "";

    if (entry != NULL)
        name_of(entry, name, sizeof(name));
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K%s: round %u of %u, %3.0f s, %3.0f %%  %s",
                places[settings->place], round, settings->rounds, spent_s, 100 * share, name);
    else if (done == count)
        fprintf(stderr, "%s: round %u of %u, %.0f s\n", places[settings->place], round,
                settings->rounds, spent_s);
}

static bool run_round(const struct settings *settings, const struct plan *plan, unsigned round,
                      int64_t began_ns)
{
    double apart_ns = 0;
    bool good = true;

    for (size_t i = 0; i < plan->count && !trial_stopped(); i++) {
        const struct entry *entry = plan->entry[i];

        if (entry->missing != NULL)
            continue;
        if (i > 0 && !same_work(plan->entry[i - 1], entry))
            apart_ns = 0;
        print_progress(settings, entry, round, i, plan->count, began_ns);
        good &= try_entry(entry, settings, round, &apart_ns);
    }
    if (!trial_stopped())
        print_progress(settings, NULL, round, plan->count, plan->count, began_ns);
    return good;
}

/* What is not there is said once. */
static void print_missing(const struct settings *settings, const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->entry[i]->missing != NULL) {
            print_head(plan->entry[i], settings);
            printf("\"skipped\":\"%s\"}\n", plan->entry[i]->missing);
        }
}

static void list(const struct plan *plan)
{
    char name[128];

    for (size_t i = 0; i < plan->count; i++) {
        const char *missing = plan->entry[i]->missing;

        name_of(plan->entry[i], name, sizeof(name));
        printf("%s%s%s\n", name,
               missing == NULL ? "" : "  skipped: ", missing == NULL ? "" : missing);
    }
}

static void stop_at_signals(void)
{
    struct sigaction action = { .sa_handler = trial_stop };

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGPIPE, &action, NULL); /* nobody reads the results any more */
}

int main(int argc, char **argv)
{
    static struct plan plan;
    struct settings settings = {
        .rounds = 9, .tries = 6, .seconds = 0.01, .items = UINT64_MAX >> 16
    };
    int64_t began_ns = trial_now_ns();
    bool good = true;

    read_options(&settings, argc, argv);
    make_plan(&plan, &settings);
    if (settings.list) {
        list(&plan);
        return 0;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    stop_at_signals();
    if (!scratch_make()) {
        perror("suite: a folder for the files of a trial");
        return 1;
    }
    print_missing(&settings, &plan);
    for (unsigned round = 1; round <= settings.rounds && !trial_stopped(); round++)
        good &= run_round(&settings, &plan, round, began_ns);
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    scratch_remove();
    return trial_stopped() ? STOPPED : good ? 0 : 1;
}
