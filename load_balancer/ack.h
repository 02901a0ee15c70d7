/* SPDX-License-Identifier: MIT */
/*
 * ack.h - what one worker has been given: which items are out, and which must be kept.
 *
 * A worker does its items in order, so an ack of n items means the n oldest that are out, and a
 * report about n items the n oldest that are kept. An item is done when its ack is in, which
 * makes room for another one; it is kept until the report about it is in too, because what came
 * of it is lost if the worker dies before that. Then all that is kept is sent again, in order,
 * before anything else.
 *
 *   first ........ done ......... sent ............ end          positions
 *   |  acknowledged |     out      |  to be sent     |
 *   |                             kept               |
 *
 * Which item was in a worker's hands when it died is not known: acks come for several items at
 * once. So those that it can have been are suspects, and are sent one at a time until each has
 * been acknowledged; a worker that dies then dies of the one that is out.
 */
#ifndef LOAD_BALANCER_ACK_H
#define LOAD_BALANCER_ACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/item.h"

enum {
    /* How much a worker's death weighs against the items that it may have died of. SIGKILL
     * comes from somebody else; but he may be the kernel that has no more memory, for the sake
     * of one item. */
    ACK_BLAME_CRASH = 4,
    ACK_BLAME_KILLED = 1,

    /* An item with so much against it is not sent again: three crashes. */
    ACK_BLAME_MAX = 3 * ACK_BLAME_CRASH,
};

struct ack_table {
    uint32_t mask; /* slots of the two rings below, a power of two, less one */
    uint32_t window;
    uint32_t room; /* items that can be kept */

    /* Positions: they run free, only their difference means anything. */
    uint32_t first;
    uint32_t done;
    uint32_t sent;
    uint32_t end;
    uint32_t open_until; /* items before this one can be added, and sent at once */

    /* The items, each with its packet, one behind the other: a ring too, which grows when it
     * must. An item never goes over its end. */
    uint8_t *bytes;
    size_t bytes_room;
    size_t bytes_at;    /* where the next item begins */
    size_t bytes_until; /* so far it was free when somebody looked last */
    uint32_t *begins;   /* of each item, in units of ACK_ALIGN */

    /* After a death, until all has been sent again and nobody is suspected. */
    bool behind;
    uint32_t suspects;
    uint8_t *blame; /* of each item, while it is a suspect; else 0 */
};

enum {
    /* Items begin at multiples of this. */
    ACK_ALIGN = 16,
};

/* At most `window` items are out, and `window` and ITEM_REPORT_EVERY are kept. False: no
 * memory. */
bool ack_open(struct ack_table *table, uint32_t window);
void ack_close(struct ack_table *table);

static inline uint32_t ack_out(const struct ack_table *table)
{
    return table->sent - table->done;
}

static inline uint32_t ack_kept(const struct ack_table *table)
{
    return table->end - table->first;
}

/* Items that were given and are to be sent: after a death, again. */
static inline uint32_t ack_unsent(const struct ack_table *table)
{
    return table->end - table->sent;
}

/* Those, and those that are out. */
static inline uint32_t ack_undone(const struct ack_table *table)
{
    return table->end - table->done;
}

/* Whether it is the reports that must come before there is room. */
static inline bool ack_kept_full(const struct ack_table *table)
{
    return ack_kept(table) >= table->room;
}

/* Whether a new item could be sent, and so can be added. */
static inline bool ack_has_room(const struct ack_table *table)
{
    return (int32_t)(table->open_until - table->end) > 0;
}

/* Notes how far that is so: after every change of what it depends on. */
static inline void ack_open_until(struct ack_table *table)
{
    uint32_t window_ends = table->done + table->window, room_ends = table->first + table->room;

    table->open_until = (int32_t)(window_ends - room_ends) < 0 ? window_ends : room_ends;
    if (__builtin_expect(table->behind, 0))
        table->open_until = table->end;
}

/* --- An item's life ---------------------------------------------------------------- */

/* What an item takes in the ring. */
static inline size_t ack_size(uint32_t captured)
{
    return (sizeof(struct item) + captured + ACK_ALIGN - 1) & ~(size_t)(ACK_ALIGN - 1);
}

/* Sees to it that there is room for so many bytes; false: there is no memory. */
bool ack_make_room(struct ack_table *table, size_t size);

/* Adds an item, to be sent: room for a struct item and for so many bytes, for the caller to
 * fill at once. NULL: no memory, or so many are kept. */
static inline struct item *ack_add(struct ack_table *table, uint32_t captured)
{
    size_t size = ack_size(captured), at;

    if (ack_kept_full(table))
        return NULL;
    if (__builtin_expect(table->bytes_at + size > table->bytes_until, 0)
        && !ack_make_room(table, size))
        return NULL;
    at = table->bytes_at;
    table->bytes_at = at + size;
    table->begins[table->end++ & table->mask] = (uint32_t)(at / ACK_ALIGN);
    /* The next one most likely comes right behind, of the same size. */
    __builtin_prefetch(table->bytes + at + size, 1);
    __builtin_prefetch(table->bytes + at + size + 64, 1);
    return (struct item *)(void *)(table->bytes + at);
}

/* Makes the newest item as much of a suspect as it was at another worker. */
void ack_suspect(struct ack_table *table, uint32_t blame);

/* The item that is to be sent next, if there is one and it can be sent now, else NULL. */
struct item *ack_next(const struct ack_table *table);

/* All that are to be sent, from the first on, at most so many; how many. Only if the table is
 * not behind: then all of them can be sent now. */
uint32_t ack_unsent_items(const struct ack_table *table, const void **items, size_t *sizes,
                          uint32_t most);

/* Those that are done are no suspects any more. */
void ack_clear(struct ack_table *table, uint32_t count);

/* Whether all has been sent again, and nobody is suspected. */
void ack_catch_up(struct ack_table *table);

/* The next `count` have been sent. */
static inline void ack_sent(struct ack_table *table, uint32_t count)
{
    table->sent += count;
    if (__builtin_expect(table->behind, 0))
        ack_catch_up(table);
}

/* The worker says that its `count` oldest items are done. False: so many are not out. */
static inline bool ack_done(struct ack_table *table, uint32_t count)
{
    if (count > ack_out(table))
        return false;
    if (__builtin_expect(table->behind, 0)) {
        ack_clear(table, count);
        table->done += count;
        ack_catch_up(table);
        return true;
    }
    table->done += count;
    ack_open_until(table);
    return true;
}

/* The worker has reported about its `count` oldest items. False: it has not got so many. */
static inline bool ack_reported(struct ack_table *table, uint32_t count)
{
    if (count > table->sent - table->first)
        return false;
    table->first += count;
    ack_open_until(table);
    return true;
}

/* --- After the worker's death ------------------------------------------------------- */

/* All that is kept is to be sent again, and whatever the worker can have had in its hands is a
 * suspect: `blame` says how much that weighs. Acks for items that are kept turn out to be worth
 * nothing, and reports may have come whose acks did not: how many items more than acknowledged
 * are done, or, below 0, fewer. Acks and reports that had come before have been taken. */
int64_t ack_begin_again(struct ack_table *table, uint32_t blame);

/* The oldest item that has killed too often, and takes it out of the table: what comes back is
 * valid until the next item is added. NULL: there is none. */
struct item *ack_take_killer(struct ack_table *table);

/* The kept item number `index`, from 0, oldest first, and how much of a suspect it is. */
struct item *ack_item(const struct ack_table *table, uint32_t index, uint32_t *blame);

/* Forgets all that is kept. */
void ack_forget(struct ack_table *table);

#endif /* LOAD_BALANCER_ACK_H */
