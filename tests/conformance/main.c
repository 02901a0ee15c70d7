/* SPDX-License-Identifier: MIT */
/* main.c - the program `conformance`: options in, a list of runs, exit status out. */
#include "suite.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct options {
    bool list, audit;
    const char *table;
    int timeout, jobs; /* seconds */
    unsigned where;    /* bits 1 << enum variant, and 1 << NOWHERE; 0: everywhere */
    const char **tests, **chapters;
    size_t test_count, chapter_count;
    struct clauses clauses;
};

static const char usage[] =
        "usage: conformance [OPTION]...\n"
        "Tests an implementation of MCAPI, clause by clause, and reports in TAP.\n"
        "\n"
        "  --where PLACE     only tests whose peers are there: processes, threads (that are\n"
        "                    nodes), node (threads of our own node), alone (no peers)\n"
        "  --chapter NAME    only the tests of this chapter\n"
        "  --test NAME       only this test: its name, or CHAPTER/NAME\n"
        "                    (these three may be given several times)\n"
        "  --clauses FILE... the clauses, for the report and the audit\n"
        "  --table FILE      writes clause, test, variant, verdict and text there\n"
        "  --jobs N          runs N tests at a time; 1\n"
        "  --timeout SECONDS ends a test after that time; 20\n"
        "  --list            names the tests and their clauses, and runs none\n"
        "  --audit           every clause has a test and every test a clause, or else exits\n"
        "                    with 1; runs none\n"
        "  --help            this text\n"
        "\n"
        "Exit status: 0 when no test has failed, 1 when one has, 2 for wrong options.\n";

static void __attribute__((noreturn, format(printf, 1, 2))) wrong(const char *format, ...)
{
    va_list arguments;

    fputs("conformance: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs("; --help says what there is\n", stderr);
    exit(2);
}

/* --- Options ---------------------------------------------------------------------- */

static int number_from(const char *option, const char *text)
{
    char *end;
    long number;

    errno = 0;
    number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || number < 1 || number > 10000)
        wrong("%s takes a number from 1 to 10000, not \"%s\"", option, text);
    return (int)number;
}

static unsigned where_from(const char *text)
{
    for (int where = 0; where <= NOWHERE; where++)
        if (strcmp(where_name(where), text) == 0)
            return 1u << where;
    wrong("--where takes processes, threads, node or alone, not \"%s\"", text);
}

/* "name", or "chapter/name". */
static bool is_named(const char *name, const struct chapter *chapter, const struct test *test)
{
    size_t length = strlen(chapter->name);

    return strcmp(name, test->name) == 0
        || (strncmp(name, chapter->name, length) == 0 && name[length] == '/'
            && strcmp(name + length + 1, test->name) == 0);
}

static const char *chapter_from(const char *text)
{
    for (size_t i = 0; i < chapter_count; i++)
        if (strcmp(chapters[i]->name, text) == 0)
            return text;
    wrong("there is no chapter \"%s\"", text);
}

static const char *test_from(const char *text)
{
    for (size_t i = 0; i < chapter_count; i++)
        for (size_t j = 0; j < chapters[i]->count; j++)
            if (is_named(text, chapters[i], &chapters[i]->tests[j]))
                return text;
    wrong("there is no test \"%s\"", text);
}

/* An option that takes something; false: there is none of that name. */
static bool take(struct options *options, const char *option, const char *text)
{
    static const char *const known[] = { "--where", "--chapter", "--test",   "--clauses",
                                         "--table", "--jobs",    "--timeout" };
    size_t which = 0;

    while (which < sizeof known / sizeof known[0] && strcmp(option, known[which]) != 0)
        which++;
    if (which == sizeof known / sizeof known[0])
        return false;
    if (text == NULL)
        wrong("%s needs something after it", option);
    if (which == 0)
        options->where |= where_from(text);
    else if (which == 1)
        options->chapters[options->chapter_count++] = chapter_from(text);
    else if (which == 2)
        options->tests[options->test_count++] = test_from(text);
    else if (which == 3)
        clauses_read(&options->clauses, text);
    else if (which == 4)
        options->table = text;
    else if (which == 5)
        options->jobs = number_from(option, text);
    else
        options->timeout = number_from(option, text);
    return true;
}

static void read_options(struct options *options, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            exit(EXIT_SUCCESS);
        } else if (strcmp(argv[i], "--list") == 0) {
            options->list = true;
        } else if (strcmp(argv[i], "--audit") == 0) {
            options->audit = true;
        } else if (!take(options, argv[i], argv[i + 1])) {
            wrong(argv[i][0] == '-' ? "there is no option \"%s\""
                                    : "\"%s\" belongs to no option",
                  argv[i]);
        } else if (strcmp(argv[i++], "--clauses") == 0) {
            while (i + 1 < argc && strncmp(argv[i + 1], "--", 2) != 0)
                clauses_read(&options->clauses, argv[++i]);
        }
    }
}

/* --- Runs ------------------------------------------------------------------------- */

static bool is_wanted(const struct options *options, const struct chapter *chapter,
                      const struct test *test)
{
    bool wanted = options->test_count == 0 && options->chapter_count == 0;

    for (size_t i = 0; i < options->chapter_count; i++)
        wanted = wanted || strcmp(options->chapters[i], chapter->name) == 0;
    for (size_t i = 0; i < options->test_count; i++)
        wanted = wanted || is_named(options->tests[i], chapter, test);
    return wanted;
}

static size_t add_runs(const struct options *options, struct run *runs, size_t count,
                       const struct chapter *chapter, const struct test *test)
{
    unsigned where = test->where == ALONE ? 1u << NOWHERE : test->where;

    if (options->where != 0)
        where &= options->where;
    for (int i = 0; i <= NOWHERE; i++)
        if (where & 1u << i) {
            struct run run = { .chapter = chapter, .test = test, .where = i };

            runs[count++] = run;
        }
    return count;
}

static struct run *make_runs(const struct options *options, size_t *count)
{
    size_t most = 0;
    struct run *runs;

    for (size_t i = 0; i < chapter_count; i++)
        most += chapters[i]->count * (NOWHERE + 1);
    runs = calloc(most + 1, sizeof *runs);
    if (runs == NULL)
        wrong("no memory");
    *count = 0;
    for (size_t i = 0; i < chapter_count; i++)
        for (size_t j = 0; j < chapters[i]->count; j++)
            if (is_wanted(options, chapters[i], &chapters[i]->tests[j]))
                *count = add_runs(options, runs, *count, chapters[i], &chapters[i]->tests[j]);
    return runs;
}

static void list(const struct run *runs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%s/%s (%s) %s\n", runs[i].chapter->name, runs[i].test->name,
               where_name(runs[i].where), runs[i].test->clauses);
}

static bool run(const struct options *options, struct run *runs, size_t count)
{
    bool well = true;

    printf("1..%zu\n", count);
    runs_make(runs, count, options->jobs, options->timeout);
    report_summary(&options->clauses, runs, count);
    if (options->table != NULL)
        well = report_table(options->table, &options->clauses, runs, count);
    for (size_t i = 0; i < count; i++)
        well = well && runs[i].verdict != FAILED;
    return well;
}

int main(int argc, char **argv)
{
    struct options options = { .timeout = 20, .jobs = 1 };
    struct run *runs;
    size_t count;
    bool well = true;

    options.tests = calloc((size_t)argc, sizeof *options.tests);
    options.chapters = calloc((size_t)argc, sizeof *options.chapters);
    if (options.tests == NULL || options.chapters == NULL)
        wrong("no memory");
    chapters_gather();
    read_options(&options, argc, argv);
    if (options.table != NULL && options.clauses.count == 0)
        wrong("--table needs --clauses");
    runs = make_runs(&options, &count);
    if (options.audit)
        well = clauses_audit(&options.clauses);
    else if (options.list)
        list(runs, count);
    else if (count == 0)
        wrong("no test is run there");
    else
        well = run(&options, runs, count);
    for (size_t i = 0; i < options.clauses.count; i++)
        free(options.clauses.clause[i].text);
    free(options.clauses.clause);
    for (size_t i = 0; i < count; i++) {
        free(runs[i].message);
        free(runs[i].printed);
    }
    free(runs);
    free(options.tests);
    free(options.chapters);
    return well ? EXIT_SUCCESS : EXIT_FAILURE;
}
