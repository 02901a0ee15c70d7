/* SPDX-License-Identifier: MIT */
/*
 * ack.c - what one worker has been given.
 */
#include "load_balancer/ack.h"

#include <stdlib.h>
#include <string.h>

/* The first memory for items. All of it is gone through again and again, so it is no larger
 * than small packets need. */
#define FIRST_BYTES (16U * 1024)

bool ack_open(struct ack_table *table, uint32_t window)
{
    uint32_t room = window + ITEM_REPORT_EVERY;
    uint32_t slots = 1;

    while (slots < room)
        slots *= 2;
    *table = (struct ack_table){
        .slots = calloc(slots, sizeof(*table->slots)),
        .mask = slots - 1,
        .window = window,
        .room = room,
        .bytes = malloc(FIRST_BYTES),
        .bytes_room = FIRST_BYTES,
        .bytes_limit = FIRST_BYTES,
    };
    if (table->slots != NULL && table->bytes != NULL)
        return true;
    ack_close(table);
    return false;
}

void ack_close(struct ack_table *table)
{
    free(table->slots);
    free(table->bytes);
    *table = (struct ack_table){ 0 };
}

/* --- Memory for items ------------------------------------------------------------- */

static struct ack_slot *slot_at(const struct ack_table *table, uint32_t position)
{
    return &table->slots[position & table->mask];
}

static struct item *item_at(const struct ack_table *table, uint32_t position)
{
    uint64_t begin = slot_at(table, position)->begin;

    return (struct item *)(void *)(table->bytes + (begin & (table->bytes_room - 1)));
}

static uint64_t size_in_ring(const struct item *item)
{
    return (sizeof(*item) + item->captured + ACK_ALIGN - 1) & ~(uint64_t)(ACK_ALIGN - 1);
}

/* Twice the memory. False: there is none, and the table is as it was. */
static bool grow(struct ack_table *table)
{
    uint64_t room = table->bytes_room * 2, end = 0;
    uint8_t *bytes = malloc(room);

    if (bytes == NULL)
        return false;
    for (uint32_t i = table->first; i != table->end; i++) {
        const struct item *item = item_at(table, i);

        /* Larger than all of them together, so its end is never reached. */
        memcpy(bytes + end, item, sizeof(*item) + item->captured);
        slot_at(table, i)->begin = end;
        end += size_in_ring(item);
    }
    free(table->bytes);
    table->bytes = bytes;
    table->bytes_room = room;
    table->bytes_end = end;
    return true;
}

bool ack_make_room(struct ack_table *table, uint64_t size)
{
    for (;;) {
        bool empty = table->first == table->end;
        uint64_t begin = ack_place(table, table->bytes_end, size);

        /* An empty ring is free all around. */
        table->bytes_limit =
                (empty ? begin : slot_at(table, table->first)->begin) + table->bytes_room;
        if (begin + size <= table->bytes_limit && size <= table->bytes_room)
            return true;
        if (!grow(table))
            return false;
    }
}

/* --- An item's life ---------------------------------------------------------------- */

void ack_suspect(struct ack_table *table, uint32_t deaths)
{
    slot_at(table, table->end - 1)->deaths = deaths;
    table->suspects += deaths > 0;
}

struct item *ack_next(const struct ack_table *table)
{
    uint32_t out = ack_out(table);

    if (table->sent == table->end || out >= table->window)
        return NULL;
    if (table->suspects > 0 && out > 0
        && (slot_at(table, table->sent)->deaths > 0
            || slot_at(table, table->sent - 1)->deaths > 0))
        return NULL;
    return item_at(table, table->sent);
}

void ack_clear(struct ack_table *table, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct ack_slot *slot = slot_at(table, table->done + i);

        table->suspects -= slot->deaths > 0;
        slot->deaths = 0;
    }
}

/* --- After the worker's death ------------------------------------------------------- */

/* It was this one, so it was none of the others. */
static void blame(struct ack_table *table, uint32_t position)
{
    uint32_t deaths = slot_at(table, position)->deaths + 1;

    for (uint32_t i = table->first; i != table->end; i++)
        slot_at(table, i)->deaths = 0;
    slot_at(table, position)->deaths = deaths;
    table->suspects = 1;
}

int64_t ack_begin_again(struct ack_table *table)
{
    int32_t more = (int32_t)(table->first - table->done);
    uint32_t out, most = item_ack_every(table->window);

    if (more > 0) { /* reported, but not acknowledged */
        if (table->suspects > 0)
            ack_clear(table, (uint32_t)more);
        table->done = table->first;
    }
    out = ack_out(table);
    if (out == 1)
        blame(table, table->done);
    /* An ack is due when the last of so many is done: the one in hand is among them. */
    for (uint32_t i = 0; out > 1 && i < out && i < most; i++) {
        struct ack_slot *slot = slot_at(table, table->done + i);

        table->suspects += slot->deaths == 0;
        slot->deaths++;
    }
    table->done = table->sent = table->first;
    return more;
}

struct item *ack_take_killer(struct ack_table *table)
{
    for (uint32_t i = table->first; table->suspects > 0 && i != table->end; i++) {
        struct ack_slot killer = *slot_at(table, i);
        struct item *item = item_at(table, i);

        if (killer.deaths < ACK_DEATHS_MAX)
            continue;
        /* Those before it move up; then what is oldest still begins first. */
        for (; i != table->first; i--)
            *slot_at(table, i) = *slot_at(table, i - 1);
        table->first++;
        table->done = table->sent = table->first;
        table->suspects--;
        return item;
    }
    return NULL;
}

struct item *ack_item(const struct ack_table *table, uint32_t index, uint32_t *deaths)
{
    *deaths = slot_at(table, table->first + index)->deaths;
    return item_at(table, table->first + index);
}

void ack_forget(struct ack_table *table)
{
    table->first = table->done = table->sent = table->end;
    table->suspects = 0;
}
