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
        .mask = slots - 1,
        .window = window,
        .room = room,
        .open_until = window,
        .bytes = malloc(FIRST_BYTES),
        .bytes_room = FIRST_BYTES,
        .bytes_until = FIRST_BYTES,
        .begins = calloc(slots, sizeof(*table->begins)),
        .blame = calloc(slots, sizeof(*table->blame)),
    };
    if (table->bytes != NULL && table->begins != NULL && table->blame != NULL)
        return true;
    ack_close(table);
    return false;
}

void ack_close(struct ack_table *table)
{
    free(table->bytes);
    free(table->begins);
    free(table->blame);
    *table = (struct ack_table){ 0 };
}

/* --- Memory for items ------------------------------------------------------------- */

static size_t begin_of(const struct ack_table *table, uint32_t position)
{
    return (size_t)table->begins[position & table->mask] * ACK_ALIGN;
}

static struct item *item_at(const struct ack_table *table, uint32_t position)
{
    return (struct item *)(void *)(table->bytes + begin_of(table, position));
}

static uint8_t *blame_at(const struct ack_table *table, uint32_t position)
{
    return &table->blame[position & table->mask];
}

/* Twice the memory, with all items at its beginning. False: there is none, and the table is as
 * it was. */
static bool grow(struct ack_table *table)
{
    size_t room = table->bytes_room * 2, at = 0;
    uint8_t *bytes = malloc(room);

    if (bytes == NULL)
        return false;
    for (uint32_t i = table->first; i != table->end; i++) {
        const struct item *item = item_at(table, i);

        memcpy(bytes + at, item, sizeof(*item) + item->captured);
        table->begins[i & table->mask] = (uint32_t)(at / ACK_ALIGN);
        at += ack_size(item->captured);
    }
    free(table->bytes);
    table->bytes = bytes;
    table->bytes_room = table->bytes_until = room;
    table->bytes_at = at;
    return true;
}

/* Looks anew how much is free, and goes on at the ring's beginning if that is better. When
 * items are kept, the next never ends where the oldest begins: that would look like an empty
 * ring. */
static void look_for_room(struct ack_table *table, size_t size)
{
    size_t oldest;

    table->bytes_until = table->bytes_room;
    if (table->first == table->end) {
        table->bytes_at = 0;
        return;
    }
    oldest = begin_of(table, table->first);
    if (table->bytes_at > oldest && table->bytes_at + size > table->bytes_room && size < oldest)
        table->bytes_at = 0;
    if (table->bytes_at < oldest)
        table->bytes_until = oldest - ACK_ALIGN;
}

bool ack_make_room(struct ack_table *table, size_t size)
{
    for (;;) {
        look_for_room(table, size);
        if (table->bytes_at + size <= table->bytes_until)
            return true;
        if (!grow(table))
            return false;
    }
}

/* --- An item's life ---------------------------------------------------------------- */

void ack_suspect(struct ack_table *table, uint32_t blame)
{
    if (blame == 0)
        return;
    *blame_at(table, table->end - 1) = (uint8_t)blame;
    table->suspects++;
    table->behind = true;
    ack_open_until(table);
}

struct item *ack_next(const struct ack_table *table)
{
    uint32_t out = ack_out(table);

    if (table->sent == table->end || out >= table->window)
        return NULL;
    if (table->suspects > 0 && out > 0
        && (*blame_at(table, table->sent) > 0 || *blame_at(table, table->sent - 1) > 0))
        return NULL;
    return item_at(table, table->sent);
}

uint32_t ack_unsent_items(const struct ack_table *table, const void **items, size_t *sizes,
                          uint32_t most)
{
    uint32_t count = ack_unsent(table);

    if (count > most)
        count = most;
    for (uint32_t i = 0; i < count; i++) {
        const struct item *item = item_at(table, table->sent + i);

        items[i] = item;
        sizes[i] = sizeof(*item) + item->captured;
    }
    return count;
}

void ack_clear(struct ack_table *table, uint32_t count)
{
    for (uint32_t i = 0; table->suspects > 0 && i < count; i++) {
        uint8_t *blame = blame_at(table, table->done + i);

        table->suspects -= *blame > 0;
        *blame = 0;
    }
}

void ack_catch_up(struct ack_table *table)
{
    table->behind = table->sent != table->end || table->suspects > 0;
    ack_open_until(table);
}

/* --- After the worker's death ------------------------------------------------------- */

/* It was this one, so it was none of the others. */
static void blame_alone(struct ack_table *table, uint32_t position, uint32_t blame)
{
    uint32_t sum = *blame_at(table, position) + blame;

    for (uint32_t i = table->first; i != table->end; i++)
        *blame_at(table, i) = 0;
    *blame_at(table, position) = (uint8_t)sum;
    table->suspects = 1;
}

int64_t ack_begin_again(struct ack_table *table, uint32_t blame)
{
    int32_t more = (int32_t)(table->first - table->done);
    uint32_t out, most = item_ack_every(table->window);

    if (more > 0) { /* reported, but not acknowledged */
        ack_clear(table, (uint32_t)more);
        table->done = table->first;
    }
    out = ack_out(table);
    if (out == 1)
        blame_alone(table, table->done, blame);
    /* An ack is due when the last of so many is done: the one in hand is among them. None of
     * them was a suspect, because those are out alone. */
    for (uint32_t i = 0; out > 1 && i < out && i < most; i++) {
        *blame_at(table, table->done + i) = (uint8_t)blame;
        table->suspects++;
    }
    table->done = table->sent = table->first;
    ack_catch_up(table);
    return more;
}

struct item *ack_take_killer(struct ack_table *table)
{
    for (uint32_t i = table->first; table->suspects > 0 && i != table->end; i++) {
        struct item *item = item_at(table, i);

        if (*blame_at(table, i) < ACK_BLAME_MAX)
            continue;
        /* Those before it move up; then what is oldest still begins first. */
        for (; i != table->first; i--) {
            table->begins[i & table->mask] = table->begins[(i - 1) & table->mask];
            *blame_at(table, i) = *blame_at(table, i - 1);
        }
        *blame_at(table, table->first++) = 0;
        table->done = table->sent = table->first;
        table->suspects--;
        ack_catch_up(table);
        return item;
    }
    return NULL;
}

struct item *ack_item(const struct ack_table *table, uint32_t index, uint32_t *blame)
{
    *blame = *blame_at(table, table->first + index);
    return item_at(table, table->first + index);
}

void ack_forget(struct ack_table *table)
{
    for (uint32_t i = table->first; table->suspects > 0 && i != table->end; i++)
        *blame_at(table, i) = 0;
    table->first = table->done = table->sent = table->end;
    table->suspects = 0;
    ack_catch_up(table);
}
