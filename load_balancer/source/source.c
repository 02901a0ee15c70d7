/* SPDX-License-Identifier: MIT */
/*
 * source.c - what a source is; the table of kinds.
 */
#include "load_balancer/source/source.h"

#include <stdio.h>
#include <string.h>

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct source_kind *const kinds[] = {
    &source_pcap,
    &source_generated,
    &source_iface,
};

static const struct source_kind *kind_named(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
        if (strlen(kinds[i]->name) == length && memcmp(kinds[i]->name, name, length) == 0)
            return kinds[i];
    return NULL;
}

static void say_unknown(const char *specification, char *error, size_t error_size)
{
    char known[128] = "";

    for (size_t i = 0, used = 0; i < ARRAY_LENGTH(kinds) && used < sizeof(known); i++)
        used += (size_t)snprintf(known + used, sizeof(known) - used,
                                 "%s%s:", i == 0 ? "" : ", ", kinds[i]->name);
    snprintf(error, error_size, "'%s' begins with no known kind of source (there are %s)",
             specification, known);
}

const char *source_help(size_t kind)
{
    return kind < ARRAY_LENGTH(kinds) ? kinds[kind]->help : NULL;
}

struct source *source_open(const char *specification, const struct source_settings *settings,
                           char *error, size_t error_size)
{
    size_t name_length = strcspn(specification, ":");
    const struct source_kind *kind = kind_named(specification, name_length);
    const char *rest = specification + name_length;

    if (kind == NULL) {
        say_unknown(specification, error, error_size);
        return NULL;
    }
    if (*rest == ':')
        rest++;
    return kind->open(rest, settings, error, error_size);
}

enum source_result source_next(struct source *source, struct packet *packet)
{
    enum source_result result;

    if (source->state != SOURCE_PACKET)
        return source->state;
    result = source->kind->next(source, packet);
    if (result != SOURCE_INTERRUPTED)
        source->state = result;
    return result;
}

const char *source_reason(const struct source *source)
{
    return source->reason[0] != '\0' ? source->reason : NULL;
}

uint64_t source_expected(const struct source *source)
{
    return source->expected;
}

bool source_progress(const struct source *source, double *fraction)
{
    return source->kind->progress != NULL && source->kind->progress(source, fraction);
}

void source_interrupt(struct source *source)
{
    if (source->kind->interrupt != NULL)
        source->kind->interrupt(source);
}

void source_close(struct source *source)
{
    if (source != NULL)
        source->kind->close(source);
}
