/* SPDX-License-Identifier: MIT */
/*
 * subject_load_balancer.c - the program load_balancer with generated packets of 64 bytes, four
 * workers and a digest over each packet. It says itself how long it took.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench/entries.h"
#include "bench/trial.h"

enum { PACKETS = 400000, REPORT_MOST = 1 << 16 };

static double number_after(const char *report, const char *name)
{
    const char *at = strstr(report, name);

    return at == NULL ? 0 : strtod(at + strlen(name), NULL);
}

/* All that they took, with their beginning and end. */
static void count_children(struct party *party)
{
    struct rusage used;

    getrusage(RUSAGE_CHILDREN, &used);
    party->processor_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
                       + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
    party->switches = (uint64_t)(used.ru_nvcsw + used.ru_nivcsw);
    party->misses = -1;
}

static void part(struct trial *trial, unsigned self)
{
    static char report[REPORT_MOST];
    const char *build = getenv("top_builddir");
    unsigned packets = trial->items < PACKETS ? (unsigned)trial->items : PACKETS;
    char command[4096];
    FILE *output;
    double seconds;

    trial_unpin();
    snprintf(command, sizeof(command),
             "MCAPI_TOPOLOGY=bench-%u %s/load_balancer/load_balancer --work digest --workers 4 "
             "--policy flow --json --source generated:flows=1000,packets=%u,size=64",
             (unsigned)trial_now_ns(), build == NULL ? "." : build, packets);
    trial_meet(trial, self);
    output = popen(command, "r");
    if (output == NULL || fread(report, 1, sizeof(report) - 1, output) == 0)
        trial_fail_with(trial, "load_balancer says nothing: is top_builddir set?");
    if (pclose(output) != 0 || strstr(report, "\"agreed\": true") == NULL)
        trial_fail_with(trial, "load_balancer: its report does not agree");
    seconds = number_after(report, "\"seconds\":");
    if (seconds <= 0)
        trial_fail_with(trial, "load_balancer: its report has no time");
    trial->ended_ns = (int64_t)(seconds * 1e9);
    trial->done = packets;
    trial_count(trial, self, 0);
    count_children(&trial->party[self]);
}

const struct entry entries_load_balancer[] = {
    { .workload = "digest",
      .subject = "load_balancer",
      .mode = "workers-4",
      .size = 64,
      .parties = 1,
      .crowded = true,
      .part = part },
    { .workload = NULL },
};
