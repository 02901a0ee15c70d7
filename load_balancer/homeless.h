/* SPDX-License-Identifier: MIT */
/*
 * homeless.h - items of workers that are gone for good, until others have taken them.
 *
 * They leave in the order of their numbers, which is the order within every flow, whoever had
 * them. Their memory is bounded by what a worker is given, and what waits for it, times the
 * workers that are gone before the last item has found a place.
 */
#ifndef LOAD_BALANCER_HOMELESS_H
#define LOAD_BALANCER_HOMELESS_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/item.h"

struct homeless_item {
    struct item *item;
    uint32_t blame; /* how much of a suspect it is; 0: it is none */
    bool given;     /* a worker had it, else it was waiting for one */
};

/* All zero: empty. */
struct homeless {
    struct homeless_item *all; /* highest number first, once sorted */
    uint32_t count;
    uint32_t room;
};

/* Adds a copy of an item and its packet. False: no memory. */
bool homeless_add(struct homeless *homeless, const struct item *item, uint32_t blame,
                  bool given);

/* After the last one was added. */
void homeless_sort(struct homeless *homeless);

/* The one that comes first; there must be one. */
static inline struct homeless_item *homeless_first(const struct homeless *homeless)
{
    return &homeless->all[homeless->count - 1];
}

void homeless_remove_first(struct homeless *homeless);

void homeless_close(struct homeless *homeless);

#endif /* LOAD_BALANCER_HOMELESS_H */
