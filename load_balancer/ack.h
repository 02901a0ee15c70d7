/* SPDX-License-Identifier: MIT */
/*
 * ack.h - what is out at one worker: which items, of which flow, since when.
 *
 * A worker does its items in order, so an ack of n items means the n oldest. An item is
 * done when its ack is in, and out until then.
 */
#ifndef LOAD_BALANCER_ACK_H
#define LOAD_BALANCER_ACK_H

#include <stdbool.h>
#include <stdint.h>

struct ack_item {
    uint64_t number;
    uint64_t sent_ns; /* as the balancer knew the time: it reads the clock now and then */
    uint32_t tag;
    uint32_t captured; /* bytes of the packet */
    uint32_t original; /* bytes it had on the wire */
};

struct ack_table {
    struct ack_item *items; /* a ring */
    uint32_t mask;          /* its slots, a power of two, less one */
    uint32_t window;

    /* Positions: they run free, only their difference means anything. */
    uint32_t sent;
    uint32_t done;
};

/* False: no memory. */
bool ack_open(struct ack_table *table, uint32_t window);
void ack_close(struct ack_table *table);

static inline uint32_t ack_out(const struct ack_table *table)
{
    return table->sent - table->done;
}

static inline bool ack_full(const struct ack_table *table)
{
    return ack_out(table) >= table->window;
}

/* Notes an item that is being sent; not when the table is full. */
static inline void ack_sent(struct ack_table *table, const struct ack_item *item)
{
    table->items[table->sent++ & table->mask] = *item;
}

/* The worker says that its `count` oldest items are done. False: so many are not out. */
static inline bool ack_done(struct ack_table *table, uint32_t count)
{
    if (count > ack_out(table))
        return false;
    table->done += count;
    return true;
}

/* The item that is out for longest; NULL if none is. */
const struct ack_item *ack_oldest(const struct ack_table *table);

#endif /* LOAD_BALANCER_ACK_H */
