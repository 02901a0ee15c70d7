/* SPDX-License-Identifier: MIT */
#include "bench/distributor_arrange.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    CANDIDATES = 32,
    TRY_MS = 40,   /* of everybody, once */
    FINALISTS = 5, /* the best of these... */
    FINAL_MS = 100,
    FINAL_TRIES = 3, /* ...by the median of at most so many longer runs */
};

struct candidate {
    struct arrangement arrangement;
    double rate;
};

struct arrangement arrange_as_is(void)
{
    return (struct arrangement){ .out = WORKLOAD_POOL,
                                 .chunk = WORKLOAD_CHUNK,
                                 .where = WHERE_APART };
}

/* With a processor for each there is one place for everybody: processors_pin(). */
static uint32_t list(const struct row *row, struct candidate *candidates)
{
    static const uint32_t out[] = { 8, 16, 32, 128, WORKLOAD_POOL };
    bool enough = row->workers + 1 <= processors_count();
    uint32_t count = 0;

    for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
        for (int yields = 0; yields < 2; yields++)
            for (int where = enough ? WHERE_APART : 0; where <= WHERE_APART; where++)
                candidates[count++].arrangement = (struct arrangement){
                    .out = out[i],
                    .chunk = out[i] < WORKLOAD_CHUNK ? out[i] : WORKLOAD_CHUNK,
                    .yields = yields == 1,
                    .where = (enum where)where,
                };
    return count;
}

/* The median of so many runs; 0: it fails. */
static double try(const struct row *row, const struct arrangement *arrangement,
                  struct workload *workload, uint32_t runs)
{
    static struct row tried;

    tried = (struct row){ .subject = row->subject,
                          .workers = row->workers,
                          .arrangement = *arrangement };
    for (uint32_t i = 0; i < runs && tried.failed[0] == '\0'; i++)
        rounds_run(&tried, workload);
    return tried.failed[0] != '\0'
                 ? 0
                 : row_quartiles(&tried, offsetof(struct sample, rate)).median;
}

static int faster_first(const void *one, const void *other)
{
    double a = ((const struct candidate *)one)->rate;
    double b = ((const struct candidate *)other)->rate;

    return a > b ? -1 : a < b;
}

static uint32_t least(uint32_t one, uint32_t other)
{
    return one < other ? one : other;
}

/* Fastest first. */
static void sort(struct candidate *candidates, uint32_t count, struct row *row)
{
    char name[64];

    qsort(candidates, count, sizeof(candidates[0]), faster_first);
    for (uint32_t i = 0; i < count; i++) {
        row->arrangement = candidates[i].arrangement;
        arrange_name(row, name);
        fprintf(stderr, "  %10.4f  %s\n", candidates[i].rate * 1e-6, name);
    }
    row->arrangement = candidates[0].arrangement;
}

void arrange_best(struct row *row, struct workload *workload, uint32_t tries)
{
    struct candidate candidates[CANDIDATES];
    uint32_t count = list(row, candidates), longest_ms = workload->run_ms;

    workload->idle_ms = 1;
    workload->run_ms = least(longest_ms, TRY_MS);
    for (uint32_t i = 0; i < count; i++)
        candidates[i].rate = try(row, &candidates[i].arrangement, workload, 1);
    sort(candidates, count, row);
    workload->run_ms = least(longest_ms, FINAL_MS);
    count = least(count, FINALISTS);
    for (uint32_t i = 0; i < count; i++)
        candidates[i].rate =
                try(row, &candidates[i].arrangement, workload, least(tries, FINAL_TRIES));
    sort(candidates, count, row);
}

void arrange_name(const struct row *row, char *text)
{
    static const char *const where[] = { ", anywhere", ", apart" };
    bool enough = row->workers + 1 <= processors_count();

    snprintf(text, 64, "%u out, %s%s", row->arrangement.out,
             row->arrangement.yields ? "yield" : "spin",
             enough ? "" : where[row->arrangement.where]);
}
