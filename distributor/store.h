/* SPDX-License-Identifier: MIT */
/*
 * store.h - the items that the distributor has, from process to the next look after they were
 * collected, and the queue of those that are finished.
 *
 * An item is a number below the capacity: its record, and where its bytes can be. Every size
 * has its place for every item, so there is nothing to allocate; only memory that was used is
 * there. The item that came free last is used next, so little of it is used when little is out.
 *
 *   returned[]   freed ........ collected ......... finished             positions
 *                | the caller's |  to be collected  |
 */
#ifndef DISTRIBUTOR_STORE_H
#define DISTRIBUTOR_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "distributor/distributor.h"

enum {
    STORE_FIRST_SIZE = 64, /* bytes of the smallest places; each kind is twice as large as the
                            * one before */
    STORE_SIZES = 16,      /* kinds of places: up to 2 MiB */
};

#define STORE_NONE UINT32_MAX /* no item */

struct store {
    struct distributor_item *records; /* `worker`: once it is finished */
    uint32_t *next;                   /* of each item that is in a list, or STORE_NONE */
    uint32_t *free;                   /* a stack */
    uint32_t free_count;
    uint32_t capacity;

    uint32_t *returned; /* a ring of finished items */
    uint32_t mask;
    uint32_t freed, collected, finished;

    unsigned char *places[STORE_SIZES];
    size_t memory_size;
    unsigned char *memory;
};

/* False: no memory. */
bool store_open(struct store *store, uint32_t capacity, uint32_t max_size);
void store_close(struct store *store);

/* Where this item's bytes can be, if they are so many. */
static inline unsigned char *store_place(const struct store *store, uint32_t item,
                                         uint32_t size)
{
    uint32_t kind = 0;

    if (size > STORE_FIRST_SIZE)
        kind = 32 - (uint32_t)__builtin_clz((size - 1) / STORE_FIRST_SIZE);
    return store->places[kind] + ((size_t)item * STORE_FIRST_SIZE << kind);
}

/* Copies bytes; those of one cache line without a call. */
static inline void store_copy(void *to, const void *from, uint32_t size)
{
    if (__builtin_expect(size == 64, 1))
        memcpy(to, from, 64);
    else if (size > 0)
        memcpy(to, from, size);
}

/* Keeps a new item. There is a free one. */
static inline uint32_t store_take(struct store *store, const struct distributor_item *from)
{
    uint32_t item = store->free[--store->free_count];
    struct distributor_item *record = &store->records[item];

    *record = (struct distributor_item){
        .bytes = from->bytes,
        .size = from->size,
        .tag = from->tag,
        .cookie = from->cookie,
        .flags = from->flags & DISTRIBUTOR_KEPT,
    };
    if (record->flags == 0) {
        record->bytes = store_place(store, item, record->size);
        store_copy(record->bytes, from->bytes, record->size);
    }
    return item;
}

static inline void store_finish(struct store *store, uint32_t item)
{
    store->returned[store->finished++ & store->mask] = item;
}

static inline uint32_t store_uncollected(const struct store *store)
{
    return store->finished - store->collected;
}

/* What the caller had collected is free for new items. */
static inline void store_free_collected(struct store *store)
{
    while (store->freed != store->collected)
        store->free[store->free_count++] = store->returned[store->freed++ & store->mask];
}

/* --- Lists of items that wait --------------------------------------------------------- */

struct store_list {
    uint32_t first, last; /* STORE_NONE when empty */
    uint32_t count;
};

static inline void store_list_open(struct store_list *list)
{
    *list = (struct store_list){ STORE_NONE, STORE_NONE, 0 };
}

static inline void store_list_append(struct store *store, struct store_list *list,
                                     uint32_t item)
{
    store->next[item] = STORE_NONE;
    if (list->count++ == 0)
        list->first = item;
    else
        store->next[list->last] = item;
    list->last = item;
}

/* The first item, which is taken out. The list is not empty. */
static inline uint32_t store_list_take(const struct store *store, struct store_list *list)
{
    uint32_t item = list->first;

    list->first = store->next[item];
    list->count--;
    return item;
}

/* Puts all of `front` before what is in the list. */
static inline void store_list_prepend(struct store *store, struct store_list *list,
                                      const struct store_list *front)
{
    if (front->count == 0)
        return;
    if (list->count == 0)
        list->last = front->last;
    else
        store->next[front->last] = list->first;
    list->first = front->first;
    list->count += front->count;
}

#endif /* DISTRIBUTOR_STORE_H */
