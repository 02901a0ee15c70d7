/* SPDX-License-Identifier: MIT */
/* clauses.c - the list of clauses, and whether the tests and the list fit together. */
#include "suite.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Section 11 of the contract is about one implementation alone. */
#define OWN_SECTION "11."

static void __attribute__((format(printf, 2, 3)))
mismatch(size_t *mismatches, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    ++*mismatches;
}

/* --- Reading ---------------------------------------------------------------------- */

static char *trim(char *text)
{
    char *end;

    while (isspace((unsigned char)*text))
        text++;
    end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        *--end = '\0';
    return text;
}

/* Two numbers with a dot between them. */
static bool is_id(const char *id)
{
    size_t section = strspn(id, "0123456789");
    size_t rest = id[section] == '.' ? strspn(id + section + 1, "0123456789") : 0;

    return section > 0 && rest > 0 && id[section + 1 + rest] == '\0'
        && strlen(id) < sizeof((struct clause *)NULL)->id;
}

static void add(struct clauses *clauses, const char *id, const char *text)
{
    size_t bytes = (clauses->count + 1) * sizeof *clauses->clause;
    struct clause *more = realloc(clauses->clause, bytes);
    char *copy = strdup(text);

    if (more == NULL || copy == NULL) {
        fprintf(stderr, "conformance: no memory\n");
        exit(EXIT_FAILURE);
    }
    snprintf(more[clauses->count].id, sizeof more->id, "%s", id);
    more[clauses->count].text = copy;
    clauses->clause = more;
    clauses->count++;
}

static void read_line(struct clauses *clauses, const char *file, int line, char *text)
{
    char *bar = strchr(text, '|');
    const char *id, *words;

    if (*trim(text) == '\0' || *trim(text) == '#')
        return;
    if (bar != NULL)
        *bar = '\0';
    id = trim(text);
    words = bar == NULL ? "" : trim(bar + 1);
    if (!is_id(id) || *words == '\0')
        mismatch(&clauses->mismatches, "%s:%d: not a clause: a line is \"7.14 | text\"", file,
                 line);
    else if (clauses_find(clauses, id) != NULL)
        mismatch(&clauses->mismatches, "%s:%d: there are two clauses %s", file, line, id);
    else
        add(clauses, id, words);
}

void clauses_read(struct clauses *clauses, const char *file)
{
    FILE *stream = fopen(file, "r");
    char text[1024];

    if (stream == NULL) {
        fprintf(stderr, "conformance: %s: %s\n", file, strerror(errno));
        exit(EXIT_FAILURE);
    }
    for (int line = 1; fgets(text, sizeof text, stream) != NULL; line++)
        read_line(clauses, file, line, text);
    fclose(stream);
}

const struct clause *clauses_find(const struct clauses *clauses, const char *id)
{
    for (size_t i = 0; i < clauses->count; i++)
        if (strcmp(clauses->clause[i].id, id) == 0)
            return &clauses->clause[i];
    return NULL;
}

bool clause_next(const char **list, char id[16])
{
    const char *begin = *list + strspn(*list, " \t\n");
    size_t length = strcspn(begin, " \t\n");

    if (length == 0)
        return false;
    snprintf(id, 16, "%.*s", (int)length, begin);
    *list = begin + length;
    return true;
}

/* --- The audit -------------------------------------------------------------------- */

static bool is_left_out(const char *id)
{
#ifdef CONFORMANCE_EXT
    (void)id;
    return false;
#else
    return strncmp(id, OWN_SECTION, strlen(OWN_SECTION)) == 0;
#endif
}

static void audit_test(const struct clauses *clauses, const struct chapter *chapter,
                       const struct test *test, bool *shown, size_t *mismatches)
{
    const char *list = test->clauses;
    bool any = false;
    char id[16];

    for (const struct test *other = chapter->tests; other < test; other++)
        if (strcmp(other->name, test->name) == 0)
            mismatch(mismatches, "%s/%s: there are two tests of this name", chapter->name,
                     test->name);
    while (clause_next(&list, id)) {
        const struct clause *clause = clauses_find(clauses, id);

        any = true;
        if (clause == NULL)
            mismatch(mismatches, "%s/%s: there is no clause %s", chapter->name, test->name, id);
        else
            shown[clause - clauses->clause] = true;
    }
    if (!any)
        mismatch(mismatches, "%s/%s: a test without a clause", chapter->name, test->name);
}

bool clauses_audit(const struct clauses *clauses)
{
    bool *shown = calloc(clauses->count + 1, sizeof *shown);
    size_t mismatches = clauses->mismatches, tests = 0;

    if (shown == NULL)
        return false;
    for (size_t i = 0; i < chapter_count; i++)
        for (size_t j = 0; j < chapters[i]->count; j++, tests++)
            audit_test(clauses, chapters[i], &chapters[i]->tests[j], shown, &mismatches);
    for (size_t i = 0; i < clauses->count; i++)
        if (!shown[i] && !is_left_out(clauses->clause[i].id))
            mismatch(&mismatches, "clause %s has no test: %s", clauses->clause[i].id,
                     clauses->clause[i].text);
    free(shown);
    printf("%zu clauses, %zu tests, %zu mismatches\n", clauses->count, tests, mismatches);
    return mismatches == 0;
}
