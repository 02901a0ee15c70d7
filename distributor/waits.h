/* SPDX-License-Identifier: MIT */
/*
 * waits.h - the tags whose items wait, because a worker has items of theirs out and no room.
 *
 * Each such tag has a line of its own items, oldest first. The lines whose tag is out at one
 * member stand in that member's queue; those whose tag is out nowhere any more stand in the
 * queue of the free ones, for whoever has room. A line moves from one queue to the other in a
 * few steps, wherever it stands. Belongs to the distributing thread.
 */
#ifndef DISTRIBUTOR_WAITS_H
#define DISTRIBUTOR_WAITS_H

#include <stdbool.h>
#include <stdint.h>

#include "distributor/store.h"

#define WAITS_NONE UINT32_MAX /* no line */

struct wait_line {
    uint32_t tag;
    uint32_t next, previous; /* in its queue; `next` alone among the unused ones */
    struct store_list items;
};

struct waits_queue {
    uint32_t first, last; /* lines, or WAITS_NONE */
    uint32_t items;       /* in all its lines */
};

struct waits {
    struct wait_line *lines;
    uint32_t unused; /* the first one */
};

/* For at most `most` lines. False: no memory. */
bool waits_open(struct waits *waits, uint32_t most);
void waits_close(struct waits *waits);

static inline void waits_queue_open(struct waits_queue *queue)
{
    *queue = (struct waits_queue){ WAITS_NONE, WAITS_NONE, 0 };
}

/* Takes a line out of its queue, with its items. */
static inline void waits_unlink(struct waits *waits, struct waits_queue *queue, uint32_t line)
{
    const struct wait_line *it = &waits->lines[line];

    if (it->previous != WAITS_NONE)
        waits->lines[it->previous].next = it->next;
    else
        queue->first = it->next;
    if (it->next != WAITS_NONE)
        waits->lines[it->next].previous = it->previous;
    else
        queue->last = it->previous;
    queue->items -= it->items.count;
}

/* Puts a line that is in no queue at the end of this one. */
static inline void waits_append(struct waits *waits, struct waits_queue *queue, uint32_t line)
{
    struct wait_line *it = &waits->lines[line];

    it->next = WAITS_NONE;
    it->previous = queue->last;
    if (queue->last != WAITS_NONE)
        waits->lines[queue->last].next = line;
    else
        queue->first = line;
    queue->last = line;
    queue->items += it->items.count;
}

/* A new line without items, in no queue. There is one: no tag has two. */
static inline uint32_t waits_take(struct waits *waits, uint32_t tag)
{
    uint32_t line = waits->unused;

    waits->unused = waits->lines[line].next;
    waits->lines[line].tag = tag;
    store_list_open(&waits->lines[line].items);
    return line;
}

/* A line that is in no queue is not used any more. */
static inline void waits_give_back(struct waits *waits, uint32_t line)
{
    waits->lines[line].next = waits->unused;
    waits->unused = line;
}

#endif /* DISTRIBUTOR_WAITS_H */
