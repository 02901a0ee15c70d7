/* SPDX-License-Identifier: MIT */
/*
 * work.c - the table of kinds of work.
 */
#include "worker/work.h"

#include <stdio.h>
#include <string.h>

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct work_kind *const kinds[] = {
    &work_count,
    &work_digest,
    &work_delay,
};

const struct work_kind *work_kind(size_t index)
{
    return index < ARRAY_LENGTH(kinds) ? kinds[index] : NULL;
}

static const struct work_kind *kind_named(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
        if (strlen(kinds[i]->name) == length && memcmp(kinds[i]->name, name, length) == 0)
            return kinds[i];
    return NULL;
}

/* "count, digest, delay=US" */
static void list_kinds(char *text, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < ARRAY_LENGTH(kinds) && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s%s%s", i == 0 ? "" : ", ",
                                 kinds[i]->name, kinds[i]->argument == NULL ? "" : "=",
                                 kinds[i]->argument == NULL ? "" : kinds[i]->argument);
}

bool work_prepare(struct work *work, const char *specification, char *error, size_t error_size)
{
    size_t name_length = strcspn(specification, "=");
    const struct work_kind *kind = kind_named(specification, name_length);
    const char *argument =
            specification[name_length] == '=' ? specification + name_length + 1 : NULL;

    if (kind == NULL) {
        char known[128];

        list_kinds(known, sizeof(known));
        snprintf(error, error_size, "'%s' is no kind of work (there are %s)", specification,
                 known);
        return false;
    }
    if (kind->argument == NULL && argument != NULL) {
        snprintf(error, error_size, "'%s': nothing can follow '%s'", specification, kind->name);
        return false;
    }
    *work = (struct work){ .kind = kind };
    return kind->prepare == NULL || kind->prepare(work, argument, error, error_size);
}
