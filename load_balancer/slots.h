/* SPDX-License-Identifier: MIT */
/*
 * slots.h - where items are kept that a distributor has.
 *
 * An item and its packet stay where they are from being made until they are back. Small ones
 * have a place of the size that fits, so that what is in use lies close together; the slot
 * that came free last is used next. Large ones are allocated, and a slot keeps that memory.
 */
#ifndef LOAD_BALANCER_SLOTS_H
#define LOAD_BALANCER_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/item.h"

enum {
    SLOTS_FIRST_SIZE = 128, /* bytes of the smallest places, with the struct */
    SLOTS_SIZES = 5,        /* each is twice as large as the one before: up to 2 KiB */
};

struct slot {
    struct item *item; /* of the one that it has now */
    void *large;       /* NULL: it never had a large one */
    uint32_t large_room;
};

struct slots {
    struct slot *all;
    uint32_t *free; /* a stack */
    uint32_t free_count;
    uint32_t count;
    uint8_t *places;
    size_t places_size;
};

/* False: no memory. */
bool slots_open(struct slots *slots, uint32_t count);
void slots_close(struct slots *slots);

/* Gives a slot room for so many bytes with the struct, more than fit into the small places.
 * False: no memory. */
bool slots_make_large(struct slot *slot, uint32_t size);

/* A free slot with room for an item with so many bytes of packet; there must be one. False: no
 * memory. */
static inline bool slots_take(struct slots *slots, uint32_t captured, uint32_t *number)
{
    uint32_t size = (uint32_t)sizeof(struct item) + captured, kind = 0;
    uint32_t which = slots->free[slots->free_count - 1];
    struct slot *slot = &slots->all[which];

    if (size > SLOTS_FIRST_SIZE)
        kind = 32 - (uint32_t)__builtin_clz((size - 1) / SLOTS_FIRST_SIZE);
    if (kind < SLOTS_SIZES)
        slot->item = (struct item *)(void *)(slots->places
                                             + (((size_t)slots->count * ((1U << kind) - 1))
                                                + ((size_t)which << kind))
                                                       * SLOTS_FIRST_SIZE);
    else if (!slots_make_large(slot, size))
        return false;
    slots->free_count--;
    *number = which;
    return true;
}

static inline void slots_give_back(struct slots *slots, uint32_t number)
{
    slots->free[slots->free_count++] = number;
}

#endif /* LOAD_BALANCER_SLOTS_H */
