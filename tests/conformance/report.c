/* SPDX-License-Identifier: MIT */
/* report.c - what came of the runs: TAP as they end, then clause by clause. */
#include "suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- One run ---------------------------------------------------------------------- */

/* Each line of a text as a TAP comment. */
static void comment(const char *before, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");

        printf("# %s%.*s\n", before, (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static void say_why(const struct run *run)
{
    comment("", run->message);
    comment("stderr: ", run->printed == NULL ? "" : run->printed);
}

void report_run(size_t number, const struct run *run)
{
    printf("%sok %zu - %s/%s (%s)", run->verdict == FAILED ? "not " : "", number,
           run->chapter->name, run->test->name, where_name(run->where));
    if (run->verdict == SKIPPED)
        printf(" # SKIP %s", run->message);
    putchar('\n');
    if (run->verdict == FAILED)
        say_why(run);
    fflush(stdout);
}

/* What failed is said once more at the end, where a long output is read. */
static void repeat_failures(const struct run *runs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (runs[i].verdict == FAILED) {
            printf("# FAILED %s/%s (%s)\n", runs[i].chapter->name, runs[i].test->name,
                   where_name(runs[i].where));
            say_why(&runs[i]);
        }
}

/* --- Clauses ---------------------------------------------------------------------- */

/* What came of a clause: one failure is enough, and so is one success beside what was left
 * out. */
static enum verdict worse(enum verdict one, enum verdict other)
{
    static const int weight[] = { [NOT_RUN] = 0, [SKIPPED] = 1, [PASSED] = 2, [FAILED] = 3 };

    return weight[one] > weight[other] ? one : other;
}

static bool names(const struct test *test, const char *id)
{
    const char *list = test->clauses;
    char one[16];

    while (clause_next(&list, one))
        if (strcmp(one, id) == 0)
            return true;
    return false;
}

static enum verdict verdict_of(const char *id, const struct run *runs, size_t count)
{
    enum verdict verdict = NOT_RUN;

    for (size_t i = 0; i < count; i++)
        if (names(runs[i].test, id))
            verdict = worse(verdict, runs[i].verdict);
    return verdict;
}

void report_summary(const struct clauses *clauses, const struct run *runs, size_t count)
{
    enum { SECTIONS = 100 };
    static size_t sums[SECTIONS][SKIPPED + 1];
    size_t verdicts[SKIPPED + 1] = { 0 };
    int64_t took = 0;

    for (size_t i = 0; i < count; i++) {
        verdicts[runs[i].verdict]++;
        took += runs[i].took;
    }
    for (size_t i = 0; i < clauses->count; i++) {
        const char *id = clauses->clause[i].id;

        sums[atoi(id) % SECTIONS][verdict_of(id, runs, count)]++;
    }
    if (clauses->count > 0)
        printf("#\n# section  clauses   passed   failed  skipped  not run\n");
    for (int i = 0; i < SECTIONS; i++) {
        const size_t *sum = sums[i];
        size_t all = sum[PASSED] + sum[FAILED] + sum[SKIPPED] + sum[NOT_RUN];

        if (all > 0)
            printf("# %7d %8zu %8zu %8zu %8zu %8zu\n", i, all, sum[PASSED], sum[FAILED],
                   sum[SKIPPED], sum[NOT_RUN]);
    }
    printf("#\n# %zu runs: %zu passed, %zu failed, %zu skipped, in %lld.%lld s together\n",
           count, verdicts[PASSED], verdicts[FAILED], verdicts[SKIPPED],
           (long long)(took / 1000), (long long)(took % 1000 / 100));
    repeat_failures(runs, count);
}

static void write_row(FILE *table, const char *id, const char *text, const struct run *run)
{
    fprintf(table, "%s\t%s/%s\t%s\t%s\t%s\n", id, run->chapter->name, run->test->name,
            where_name(run->where), verdict_name(run->verdict), text);
}

bool report_table(const char *file, const struct clauses *clauses, const struct run *runs,
                  size_t count)
{
    FILE *table = fopen(file, "w");
    bool written;

    if (table == NULL) {
        fprintf(stderr, "conformance: %s: %s\n", file, strerror(errno));
        return false;
    }
    fprintf(table, "clause\ttest\tvariant\tverdict\ttext\n");
    for (size_t i = 0; i < clauses->count; i++) {
        const struct clause *clause = &clauses->clause[i];
        bool any = false;

        for (size_t j = 0; j < count; j++)
            if (names(runs[j].test, clause->id)) {
                write_row(table, clause->id, clause->text, &runs[j]);
                any = true;
            }
        if (!any)
            fprintf(table, "%s\t-\t-\t%s\t%s\n", clause->id, verdict_name(NOT_RUN),
                    clause->text);
    }
    written = !ferror(table);
    if (fclose(table) != 0 || !written) {
        fprintf(stderr, "conformance: %s: %s\n", file, strerror(errno));
        return false;
    }
    return true;
}
