/* SPDX-License-Identifier: MIT */
/*
 * flow_table.c - what is known about each flow.
 */
#include "worker/flow_table.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_SLOTS = 256,
    FIRST_HEADS = 64,
};

static struct flow_record *slots_make(size_t count)
{
    struct flow_record *slots = aligned_alloc(sizeof(*slots), count * sizeof(*slots));

    if (slots != NULL)
        memset(slots, 0, count * sizeof(*slots));
    return slots;
}

static void slots_take(struct flow_table *table, struct flow_record *slots, size_t count)
{
    table->slots = slots;
    table->slot_count = count;
    table->shift = 64 - (unsigned)__builtin_ctzll(count);
}

bool flow_table_open(struct flow_table *table, size_t limit)
{
    struct flow_record *slots = slots_make(FIRST_SLOTS);

    *table = (struct flow_table){ .limit = limit };
    if (slots == NULL)
        return false;
    slots_take(table, slots, FIRST_SLOTS);
    return true;
}

void flow_table_close(struct flow_table *table)
{
    free(table->slots);
    free(table->heads);
    *table = (struct flow_table){ 0 };
}

/* Twice the slots. False: no memory, and the table is as it was. */
static bool slots_grow(struct flow_table *table)
{
    struct flow_record *old = table->slots;
    size_t old_count = table->slot_count;
    struct flow_record *slots = slots_make(old_count * 2);

    if (slots == NULL)
        return false;
    slots_take(table, slots, old_count * 2);
    for (size_t i = 0; i < old_count; i++)
        if (old[i].key != 0)
            *flow_table_slot(table, old[i].key) = old[i];
    free(old);
    return true;
}

static bool heads_grow(struct flow_table *table)
{
    size_t room = table->head_room == 0 ? FIRST_HEADS : table->head_room * 2;
    struct flow_head *heads = realloc(table->heads, room * sizeof(*heads));

    if (heads == NULL)
        return false;
    table->heads = heads;
    table->head_room = room;
    return true;
}

struct flow_record *flow_table_add(struct flow_table *table, uint64_t key, uint32_t link_type,
                                   const void *bytes, size_t size)
{
    struct flow_record *record;
    struct flow_head *head;

    if (table->used == table->limit)
        return &table->others;
    if (table->used * 2 >= table->slot_count && !slots_grow(table))
        return &table->others;
    if (table->used == table->head_room && !heads_grow(table))
        return &table->others;

    record = flow_table_slot(table, key);
    *record = (struct flow_record){ .key = key, .head = table->used };
    head = &table->heads[table->used++];
    *head = (struct flow_head){ .key = key, .link_type = link_type };
    head->size = size < sizeof(head->bytes) ? (uint32_t)size : (uint32_t)sizeof(head->bytes);
    if (head->size > 0)
        memcpy(head->bytes, bytes, head->size);
    return record;
}
