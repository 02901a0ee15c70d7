/* SPDX-License-Identifier: MIT */
/*
 * tags.h - which tag is at which worker, how many items of it are out there, and whether more
 * wait.
 *
 * A tag is in the table as long as items of it are out at a worker, or wait behind such. The
 * table is open addressing with linear probing; a tag that goes is followed by those that it
 * had pushed on, so there are no tombstones and a look costs one or two entries. It begins
 * small, so that it stays in the first cache, and is twice as large whenever more than half of
 * it is used; the memory for all its sizes is there from the start. Everything belongs to the
 * distributing thread.
 */
#ifndef DISTRIBUTOR_TAGS_H
#define DISTRIBUTOR_TAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A tag, its worker, and how many items are out: `use` is 0 in an entry that is empty. */
struct tag {
    uint32_t tag;
    uint32_t use;  /* count << 9 | TAG_WAITS | worker */
    uint32_t line; /* of items that wait (waits.h), with TAG_WAITS */
};

enum {
    TAG_WAITS = 1 << 8, /* items of it wait */
    TAG_ITEM = 1 << 9,
};

struct tags {
    struct tag *entries; /* of the present size */
    uint64_t factor;     /* odd, of this table: spreads tags */
    uint32_t shift;      /* 64 - log2(size) */
    uint32_t mask;
    uint32_t used;
    uint32_t largest; /* entries of the last size */
    struct tag *memory;
};

/* For at most `most` tags, less than 2^22. False: no memory. */
bool tags_open(struct tags *tags, uint32_t most);
void tags_close(struct tags *tags);

static inline uint32_t tags_worker(const struct tag *entry)
{
    return entry->use & (TAG_WAITS - 1);
}

static inline uint32_t tags_home(const struct tags *tags, uint32_t tag)
{
    return (uint32_t)((tag * tags->factor) >> tags->shift);
}

/* The entry of a tag, or NULL. It may move when a tag goes or comes. */
static inline struct tag *tags_find(const struct tags *tags, uint32_t tag)
{
    for (uint32_t at = tags_home(tags, tag);; at = (at + 1) & tags->mask) {
        struct tag *entry = &tags->entries[at];

        if (entry->use == 0)
            return NULL;
        if (entry->tag == tag)
            return entry;
    }
}

static inline void tags_count(struct tag *entry)
{
    entry->use += TAG_ITEM;
}

static inline bool tags_waits(const struct tag *entry)
{
    return (entry->use & TAG_WAITS) != 0;
}

static inline bool tags_is_out(const struct tag *entry)
{
    return entry->use >= TAG_ITEM;
}

void tags_grow(struct tags *tags);

/* A tag that is not in the table gets a worker and one item. */
static inline void tags_add(struct tags *tags, uint32_t tag, uint32_t worker)
{
    uint32_t at;

    if (__builtin_expect(tags->used > tags->mask / 2, 0))
        tags_grow(tags);
    at = tags_home(tags, tag);
    while (tags->entries[at].use != 0)
        at = (at + 1) & tags->mask;
    tags->entries[at] = (struct tag){ .tag = tag, .use = TAG_ITEM | worker };
    tags->used++;
}

void tags_remove(struct tags *tags, struct tag *entry);

/* One item less is out of a tag that is in the table. Its entry, if it was the last one that is
 * out and others wait; else NULL. */
static inline struct tag *tags_uncount(struct tags *tags, uint32_t tag)
{
    struct tag *entry = tags_find(tags, tag);

    entry->use -= TAG_ITEM;
    if (__builtin_expect(entry->use >= TAG_ITEM, 1))
        return NULL;
    if (tags_waits(entry))
        return entry;
    tags_remove(tags, entry);
    return NULL;
}

#endif /* DISTRIBUTOR_TAGS_H */
