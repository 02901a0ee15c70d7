/* SPDX-License-Identifier: MIT */
/*
 * distributor_main.c - libdistributor beside DPDK's rte_distributor: options, rounds and
 * tables.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/distributor_arrange.h"
#include "bench/distributor_zipf.h"
#include "support/options.h"

enum {
    SEED = 1,
    SKEW_WORKERS = 4,

    /* With more workers than processors the shares of these are even only over a while, and who
     * has more of a processor gets more items. */
    SKEW_LONGER = 5,
    SKEW_ROUNDS = 2000, /* of workload_spin, some microseconds: workers are busy, not the
                         * distributing thread */
};

struct settings {
    uint32_t rounds, run_ms, idle_ms;
    uint32_t workers[8], workers_count;
    const char *only;        /* subjects whose names have this in it; NULL: all */
    bool no_even, no_skewed; /* tables */
    bool csv;
};

static struct subject subjects[] = {
    { "libdistributor", "single", "rte_distributor", subject_single, false, NULL },
    { "libdistributor", "burst", "rte_distributor", subject_burst, false, NULL },
    { "rte_distributor", "single", NULL, subject_rte_single, true, NULL },
    { "rte_distributor", "burst", NULL, subject_rte_burst, true, NULL },
    { "rte, as is", "single", NULL, subject_rte_single, false, NULL },
    { "rte, as is", "burst", NULL, subject_rte_burst, false, NULL },
    { "bare ring", "-", NULL, subject_bare, false, NULL },
};
enum { SUBJECTS = sizeof(subjects) / sizeof(subjects[0]) };

/* --- Rows -------------------------------------------------------------------------------- */

struct table {
    const char *title;
    const struct settings *settings;
    struct workload workload;
    struct row row[ROUNDS_ROWS];
    uint32_t rows;
    bool skewed;
};

static void add_rows(struct table *table, uint32_t workers, bool others)
{
    for (uint32_t i = 0; i < SUBJECTS && table->rows < ROUNDS_ROWS; i++)
        if ((others || subjects[i].against != NULL)
            && (table->settings->only == NULL
                || strstr(subjects[i].name, table->settings->only) != NULL))
            table->row[table->rows++] = (struct row){ .subject = &subjects[i],
                                                      .workers = workers,
                                                      .arrangement = arrange_as_is() };
}

static void arrange(struct table *table)
{
    static struct workload workload;

    for (uint32_t i = 0; i < table->rows; i++) {
        struct row *row = &table->row[i];

        if (!row->subject->arranged || row->subject->missing != NULL)
            continue;
        workload = table->workload;
        fprintf(stderr, "how %s %s with %u workers is best driven\n", row->subject->name,
                row->subject->mode, row->workers);
        arrange_best(row, &workload, table->settings->rounds);
    }
}

static void run_rounds(struct table *table)
{
    for (uint32_t round = 0; round < table->settings->rounds; round++) {
        fprintf(stderr, "%s, round %u of %u\n", table->title, round + 1,
                table->settings->rounds);
        for (uint32_t i = 0; i < table->rows; i++) {
            struct row *row = &table->row[i];

            if (row->subject->missing == NULL && row->failed[0] == '\0')
                rounds_run(row, &table->workload);
        }
    }
}

/* Of the medians; 0: there is nothing to compare with. */
static double ratio(const struct table *table, const struct row *row)
{
    size_t rate = offsetof(struct sample, rate);

    for (uint32_t i = 0; i < table->rows && row->subject->against != NULL; i++) {
        const struct row *other = &table->row[i];

        if (other->workers == row->workers && other->samples > 0
            && strcmp(other->subject->name, row->subject->against) == 0
            && strcmp(other->subject->mode, row->subject->mode) == 0)
            return row_quartiles(row, rate).median / row_quartiles(other, rate).median;
    }
    return 0;
}

/* --- For people ----------------------------------------------------------------------------
 */

static void print_row(const struct table *table, const struct row *row)
{
    struct quartiles rate = row_quartiles(row, offsetof(struct sample, rate));
    const char *why = row->subject->missing != NULL ? row->subject->missing : row->failed;
    double compared = ratio(table, row);
    char arranged[64];

    printf("%7u  %-16s %-6s", row->workers, row->subject->name, row->subject->mode);
    if (row->samples == 0 || row->failed[0] != '\0') {
        printf("  %s: %s\n", row->subject->missing != NULL ? "skipped" : "FAILED", why);
        return;
    }
    printf("  %8.4f  [%8.4f %8.4f]", rate.median * 1e-6, rate.low * 1e-6, rate.high * 1e-6);
    if (compared > 0)
        printf("  %6.2f", compared);
    else
        printf("  %6s", "");
    printf("  %9.3f", row_quartiles(row, offsetof(struct sample, cost)).median);
    if (table->skewed)
        printf("  %7.2f  %7.2f", row_quartiles(row, offsetof(struct sample, busiest)).median,
               row_quartiles(row, offsetof(struct sample, largest)).median);
    else
        printf("  %6.2f", row_quartiles(row, offsetof(struct sample, idle)).median);
    if (row->subject->arranged)
        printf("  %s", (arrange_name(row, arranged), arranged));
    if (row->overtaken > 0)
        printf("  %llu out of order", (unsigned long long)row->overtaken);
    putchar('\n');
}

static void print_table(const struct table *table)
{
    uint32_t before = 0;

    printf("\n%s; medians of %u rounds of %u ms\n\n", table->title, table->settings->rounds,
           table->workload.run_ms);
    printf("                          M items/s                       to rte  processor");
    printf(table->skewed ? "  busiest  largest\n" : "  idle\n");
    printf("workers                      median  [quartiles        ]  ratio   s/M items");
    printf(table->skewed ? "  to mean  to mean\n" : "  processors\n");
    for (uint32_t i = 0; i < table->rows; i++) {
        if (i > 0 && table->row[i].workers != before)
            printf("\n");
        before = table->row[i].workers;
        print_row(table, &table->row[i]);
    }
}

/* --- For programs ----------------------------------------------------------------------------
 */

static void print_csv_row(const struct table *table, const struct row *row)
{
    struct quartiles rate = row_quartiles(row, offsetof(struct sample, rate));
    double compared = ratio(table, row);

    printf("\"%s\",%u,\"%s\",%s,%u,", table->title, row->workers, row->subject->name,
           row->subject->mode, row->samples);
    if (row->samples == 0 || row->failed[0] != '\0') {
        printf(",,,,,,,,\"%s\"\n",
               row->subject->missing != NULL ? row->subject->missing : row->failed);
        return;
    }
    printf("%.0f,%.0f,%.0f,", rate.median, rate.low, rate.high);
    if (compared > 0)
        printf("%.4f", compared);
    printf(",%.6f,%.4f,%.4f,%.4f,\n", row_quartiles(row, offsetof(struct sample, cost)).median,
           row_quartiles(row, offsetof(struct sample, idle)).median,
           row_quartiles(row, offsetof(struct sample, busiest)).median,
           row_quartiles(row, offsetof(struct sample, largest)).median);
}

static void print(const struct table *table)
{
    if (!table->settings->csv) {
        print_table(table);
        return;
    }
    for (uint32_t i = 0; i < table->rows; i++)
        print_csv_row(table, &table->row[i]);
}

/* --- Tables
 * ------------------------------------------------------------------------------------ */

static bool make_table(struct table *table)
{
    bool good = true;

    zipf_fill(table->workload.flow, WORKLOAD_PLANNED, WORKLOAD_FLOWS, table->workload.skew,
              SEED);
    table->workload.run_ms = table->settings->run_ms * (table->skewed ? SKEW_LONGER : 1);
    if (table->rows == 0)
        return true;
    arrange(table);
    run_rounds(table);
    print(table);
    for (uint32_t i = 0; i < table->rows; i++)
        good = good && table->row[i].failed[0] == '\0';
    return good;
}

static bool make_tables(const struct settings *settings)
{
    static struct table even, skewed[2];
    static const char *const titles[] = { "Zipf 1.0 with four workers",
                                          "Zipf 1.5 with four workers" };
    bool good;

    if (settings->csv)
        printf("table,workers,subject,mode,rounds,items_per_second,low,high,ratio_to_rte,"
               "processor_seconds_per_million,idle_processors,busiest_to_mean,"
               "largest_flow_to_mean,failed\n");
    even.title = "64-byte items of 1024 flows that come alike";
    even.settings = settings;
    even.workload.idle_ms = settings->idle_ms;
    for (uint32_t i = 0; i < settings->workers_count && !settings->no_even; i++)
        add_rows(&even, settings->workers[i], true);
    good = make_table(&even);
    for (int i = 0; i < 2 && !settings->no_skewed; i++) {
        skewed[i].title = titles[i];
        skewed[i].settings = settings;
        skewed[i].skewed = true;
        skewed[i].workload.skew = i == 0 ? 1.0 : 1.5;
        skewed[i].workload.work_rounds = SKEW_ROUNDS;
        skewed[i].workload.idle_ms = 1;
        add_rows(&skewed[i], SKEW_WORKERS, false);
        good = make_table(&skewed[i]) && good;
    }
    return good;
}

/* --- Options ---------------------------------------------------------------------------------
 */

static void help(FILE *file)
{
    fprintf(file,
            "usage: distributor [OPTION]...\n"
            "The same work on libdistributor, whose workers are processes here, and on DPDK's\n"
            "rte_distributor, whose workers are threads. One distributing thread hands "
            "64-byte\n"
            "items to workers; content and order of each item are checked by the worker and\n"
            "again when it comes back. Each subject has its turn in each round.\n\n"
            "  --rounds N          (9)\n"
            "  --milliseconds N    of each run (200); five times as many of one with skewed "
            "flows\n"
            "  --idle N            milliseconds in which there is nothing to do, after each\n"
            "                      run (100)\n"
            "  --workers N,N,...   (1,2,4)\n"
            "  --only NAME         subjects whose names have this in it\n"
            "  --table NAME        even: of flows that come alike; skewed (both)\n"
            "  --csv               for programs\n\n"
            "M items/s     median, first and third quartile of all rounds\n"
            "ratio         of the medians, to rte_distributor in the same mode, driven as "
            "suits\n"
            "              it best here: with so many items out at one time, workers that "
            "spin\n"
            "              or yield, and with fewer processors than threads, the distributing\n"
            "              thread apart from its workers, or all anywhere.\n"
            "              \"rte, as is\": as DPDK's own loop does it, with 1,024 out\n"
            "s/M items     processor seconds that a million items cost, of all sides together\n"
            "idle          processors that are in use while there is nothing to do\n"
            "busiest       items of the worker with most of them, to the mean of all workers;\n"
            "              largest: of the flow with most of them, which cannot be divided\n\n"
            "With a processor for each, the distributing thread and the workers are bound to\n"
            "one each; otherwise they run where the system likes.\n"
            "Exit code: 0; 1, a run failed; 2, wrong usage.\n");
}

static bool read_number(const char *text, uint32_t most, uint32_t *number)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    *number = (uint32_t)value;
    return end != text && (*end == '\0' || *end == ',') && value >= 1 && value <= most;
}

static bool read_workers(const char *text, struct settings *settings)
{
    settings->workers_count = 0;
    for (; text != NULL; text = strchr(text, ',') != NULL ? strchr(text, ',') + 1 : NULL)
        if (settings->workers_count == 8
            || !read_number(text, WORKLOAD_WORKERS,
                            &settings->workers[settings->workers_count++]))
            return false;
    return true;
}

static bool read_option(int option, void *context)
{
    struct settings *settings = context;
    switch (option) {
    case 'r':
        return read_number(optarg, ROUNDS_MOST, &settings->rounds);
    case 'm':
        return read_number(optarg, 60000, &settings->run_ms);
    case 'i':
        return read_number(optarg, 10000, &settings->idle_ms);
    case 'o':
        settings->only = optarg;
        return true;
    case 'w':
        return read_workers(optarg, settings);
    case 't':
        settings->no_even = strcmp(optarg, "skewed") == 0;
        settings->no_skewed = strcmp(optarg, "even") == 0;
        return settings->no_even || settings->no_skewed;
    default:
        settings->csv = true;
        return true;
    }
}

/* -1, or the exit code. */
static int read_options(int argc, char **argv, struct settings *settings)
{
    static const struct option options[] = {
        { "rounds", required_argument, NULL, 'r' },
        { "milliseconds", required_argument, NULL, 'm' },
        { "idle", required_argument, NULL, 'i' },
        { "workers", required_argument, NULL, 'w' },
        { "only", required_argument, NULL, 'o' },
        { "table", required_argument, NULL, 't' },
        { "csv", no_argument, NULL, 'c' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    static const struct options all = {
        .program = "distributor", .known = options, .help = help, .read = read_option
    };

    return options_read(&all, argc, argv, settings);
}

int main(int argc, char **argv)
{
    struct settings settings = {
        .rounds = 9, .run_ms = 200, .idle_ms = 100, .workers = { 1, 2, 4 }, .workers_count = 3
    };
    int exit_code = read_options(argc, argv, &settings);

    if (exit_code >= 0)
        return exit_code;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (uint32_t i = 0; i < SUBJECTS; i++)
        if (strncmp(subjects[i].name, "rte", 3) == 0)
            subjects[i].missing = subject_rte_missing;
    processors_count();
    return make_tables(&settings) ? 0 : 1;
}
