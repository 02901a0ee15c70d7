/* SPDX-License-Identifier: MIT */
/*
 * work.c - the table of kinds of work, and those that come from shared objects.
 */
#include "worker/work.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct work_kind *const kinds[] = {
    &work_count, &work_digest, &work_delay, &work_ttl, &work_echo, &work_static,
};

const struct work_kind *work_kind_at(size_t index)
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

/* --- Shared objects --------------------------------------------------------------------- */

/* The length of a path of a shared object that the specification begins with, or 0. */
static size_t object_length(const char *specification)
{
    size_t length = strcspn(specification, "=");
    const char *slash = memchr(specification, '/', length);

    return slash != NULL ? length : 0;
}

/* The kind that an object exports; NULL: a reason. */
static const struct work_kind *load(const char *path, char *error, size_t error_size)
{
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const struct work_kind *kind;

    if (object == NULL) {
        snprintf(error, error_size, "'%.150s': %.300s", path, dlerror());
        return NULL;
    }
    kind = dlsym(object, "work_kind");
    if (kind == NULL)
        snprintf(error, error_size, "'%.150s' exports no `work_kind`: see work.h", path);
    else if (kind->version != WORK_VERSION)
        snprintf(error, error_size,
                 "'%.150s' is made for version %u of work.h; this is version %u", path,
                 kind->version, (unsigned)WORK_VERSION);
    else if (kind->name == NULL)
        snprintf(error, error_size, "'%.150s': its work_kind has no name", path);
    else
        return kind;
    dlclose(object);
    return NULL;
}

static bool find_object(struct work *work, const char *specification, size_t length,
                        char *error, size_t error_size)
{
    char path[PATH_MAX];

    if (length >= sizeof(path)) {
        snprintf(error, error_size, "'%.150s...': the path is too long", specification);
        return false;
    }
    memcpy(path, specification, length);
    path[length] = '\0';
    work->kind = load(path, error, error_size);
    return work->kind != NULL;
}

/* --- All of them ------------------------------------------------------------------------ */

static bool find(struct work *work, const char *specification, char *error, size_t error_size)
{
    size_t length = object_length(specification);
    char known[128];

    *work = (struct work){ .kind = kind_named(specification, strcspn(specification, "=:")) };
    if (work->kind != NULL)
        return true;
    if (length > 0)
        return find_object(work, specification, length, error, error_size);
    list_kinds(known, sizeof(known));
    snprintf(error, error_size,
             "'%.150s' is no kind of work (there are %s, and shared objects: ./FILE.so)",
             specification, known);
    return false;
}

/* What stands behind "kind=" or "kind:"; behind the path of an object only "=" divides. */
static const char *argument_of(const struct work_kind *kind, const char *specification)
{
    size_t length = strcspn(specification, "=:");

    if (kind_named(specification, length) != kind)
        length = strcspn(specification, "=");
    return specification[length] == '\0' ? NULL : specification + length + 1;
}

bool work_prepare(struct work *work, const char *specification, char *error, size_t error_size)
{
    const char *argument;

    if (!find(work, specification, error, error_size))
        return false;
    argument = argument_of(work->kind, specification);
    if (work->kind->argument == NULL && argument != NULL)
        snprintf(error, error_size, "'%.150s': nothing can follow '%s'", specification,
                 work->kind->name);
    else if (work->kind->prepare == NULL
             || work->kind->prepare(work, argument, error, error_size))
        return true;
    *work = (struct work){ .kind = NULL };
    return false;
}

void work_contradicts(const struct work *work)
{
    fprintf(stderr,
            "worker: '%s' has changed or filtered a packet; its work_kind says that it does "
            "not (.changes)\n",
            work->kind->name);
    exit(EXIT_FAILURE);
}

void work_finish(struct work *work)
{
    if (work->kind != NULL && work->kind->finish != NULL)
        work->kind->finish(work);
    work->kind = NULL;
    work->state = NULL;
}
