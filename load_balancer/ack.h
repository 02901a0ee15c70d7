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
 *   |                             kept               |           (in a calm run sent is end)
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
    /* An item of which so many workers have died is not sent again. */
    ACK_DEATHS_MAX = 3,
};

struct ack_slot {
    uint64_t begin;  /* of the item among the bytes: a position that runs free */
    uint32_t deaths; /* of workers that had it, while it is a suspect */
};

struct ack_table {
    struct ack_slot *slots; /* a ring */
    uint32_t mask;          /* its slots, a power of two, less one */
    uint32_t window;
    uint32_t room; /* items that can be kept */
    uint32_t suspects;

    /* Positions: they run free, only their difference means anything. */
    uint32_t first;
    uint32_t done;
    uint32_t sent;
    uint32_t end;

    /* The items, each with its packet, one behind the other: a ring too, which grows when it
     * must. An item never goes over the ring's end. */
    uint8_t *bytes;
    uint64_t bytes_room; /* a power of two */
    uint64_t bytes_end;
    uint64_t bytes_limit; /* up to here it was free when somebody looked last */
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

/* Items that were given and are to be sent, again. */
static inline uint32_t ack_unsent(const struct ack_table *table)
{
    return table->end - table->sent;
}

/* Whether it is the reports that must come before there is room. */
static inline bool ack_kept_full(const struct ack_table *table)
{
    return ack_kept(table) >= table->room;
}

/* Whether a new item can be sent, and so be added. */
static inline bool ack_has_room(const struct ack_table *table)
{
    return ack_out(table) < table->window && !ack_kept_full(table) && table->suspects == 0
        && table->sent == table->end;
}

/* --- An item's life ---------------------------------------------------------------- */

/* Where the next item of that size in the ring begins, behind `end`: not where the ring's end
 * would be in between. */
static inline uint64_t ack_place(const struct ack_table *table, uint64_t end, uint64_t size)
{
    uint64_t last = table->bytes_room - 1;

    return (end & last) + size > table->bytes_room ? (end | last) + 1 : end;
}

/* Sees to it that there is room for so many bytes more; false: there is no memory. */
bool ack_make_room(struct ack_table *table, uint64_t size);

/* Adds an item, to be sent: room for a struct item and for so many bytes, for the caller to
 * fill at once. NULL: no memory, or so many are kept. */
static inline struct item *ack_add(struct ack_table *table, uint32_t captured)
{
    uint64_t size =
            (sizeof(struct item) + captured + ACK_ALIGN - 1) & ~(uint64_t)(ACK_ALIGN - 1);
    uint64_t begin = ack_place(table, table->bytes_end, size);
    struct ack_slot *slot;

    if (ack_kept_full(table))
        return NULL;
    if (begin + size > table->bytes_limit) {
        if (!ack_make_room(table, size))
            return NULL;
        begin = ack_place(table, table->bytes_end, size);
    }
    slot = &table->slots[table->end++ & table->mask];
    slot->begin = begin;
    slot->deaths = 0;
    table->bytes_end = begin + size;
    return (struct item *)(void *)(table->bytes + (begin & (table->bytes_room - 1)));
}

/* Makes the newest item a suspect, as it was at another worker. */
void ack_suspect(struct ack_table *table, uint32_t deaths);

/* The item that is to be sent next, if there is one and it can be sent now, else NULL. */
struct item *ack_next(const struct ack_table *table);

/* It has been sent. */
static inline void ack_sent(struct ack_table *table)
{
    table->sent++;
}

/* Those that are done are no suspects any more. */
void ack_clear(struct ack_table *table, uint32_t count);

/* The worker says that its `count` oldest items are done. False: so many are not out. */
static inline bool ack_done(struct ack_table *table, uint32_t count)
{
    if (count > ack_out(table))
        return false;
    if (table->suspects > 0)
        ack_clear(table, count);
    table->done += count;
    return true;
}

/* The worker has reported about its `count` oldest items. False: it has not got so many. */
static inline bool ack_reported(struct ack_table *table, uint32_t count)
{
    if (count > table->sent - table->first)
        return false;
    table->first += count;
    return true;
}

/* --- After the worker's death ------------------------------------------------------- */

/* All that is kept is to be sent again. Acks for items that are kept turn out to be worth
 * nothing, and reports may have come whose acks did not: how many items more than acknowledged
 * are done, or, below 0, fewer. Acks and reports that had come before have been taken. */
int64_t ack_begin_again(struct ack_table *table);

/* The oldest item that has killed too many, and takes it out of the table: what comes back is
 * valid until the next item is added. NULL: there is none. */
struct item *ack_take_killer(struct ack_table *table);

/* The kept item number `index`, from 0, oldest first, and how many workers have died of it. */
struct item *ack_item(const struct ack_table *table, uint32_t index, uint32_t *deaths);

/* Forgets all that is kept. */
void ack_forget(struct ack_table *table);

#endif /* LOAD_BALANCER_ACK_H */
