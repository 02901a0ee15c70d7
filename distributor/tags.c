/* SPDX-License-Identifier: MIT */
#include "distributor/tags.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIRST_BITS = 10 };

/* No two tables spread tags alike, so that nobody can choose tags that all collide. */
static uint64_t some_factor(const struct tags *tags)
{
    struct timespec now;
    uint64_t number;

    clock_gettime(CLOCK_MONOTONIC, &now);
    number = (uint64_t)now.tv_nsec ^ (uint64_t)(uintptr_t)tags << 20;
    /* The golden ratio spreads neighbouring tags evenly; the rest decides which collide. */
    return (UINT64_C(0x9e3779b97f4a7c15) ^ number << 1) | 1;
}

static void use(struct tags *tags, struct tag *entries, uint32_t bits)
{
    tags->entries = entries;
    tags->shift = 64 - bits;
    tags->mask = (1U << bits) - 1;
}

bool tags_open(struct tags *tags, uint32_t most)
{
    uint32_t bits = FIRST_BITS;
    size_t all = (size_t)1 << FIRST_BITS;

    while ((1U << bits) / 2 < most) {
        bits++;
        all += (size_t)1 << bits;
    }
    *tags = (struct tags){ .largest = 1U << bits };
    tags->factor = some_factor(tags);
    tags->memory = calloc(all, sizeof(*tags->memory));
    if (tags->memory == NULL)
        return false;
    use(tags, tags->memory, FIRST_BITS);
    return true;
}

void tags_close(struct tags *tags)
{
    free(tags->memory);
    *tags = (struct tags){ .memory = NULL };
}

/* The next size lies right behind this one. With the last size half of it is never exceeded. */
void tags_grow(struct tags *tags)
{
    struct tag *old = tags->entries;
    uint32_t size = tags->mask + 1;

    if (size == tags->largest)
        return;
    use(tags, old + size, 64 - tags->shift + 1);
    for (uint32_t i = 0; i < size; i++) {
        uint32_t at = tags_home(tags, old[i].tag);

        if (old[i].use == 0)
            continue;
        while (tags->entries[at].use != 0)
            at = (at + 1) & tags->mask;
        tags->entries[at] = old[i];
    }
}

/* What comes behind and does not begin there moves up, as far as its own home. */
void tags_remove(struct tags *tags, struct tag *entry)
{
    uint32_t hole = (uint32_t)(entry - tags->entries);

    for (uint32_t at = (hole + 1) & tags->mask; tags->entries[at].use != 0;
         at = (at + 1) & tags->mask) {
        uint32_t home = tags_home(tags, tags->entries[at].tag);

        if (((at - home) & tags->mask) < ((at - hole) & tags->mask))
            continue;
        tags->entries[hole] = tags->entries[at];
        hole = at;
    }
    tags->entries[hole].use = 0;
    tags->used--;
}
