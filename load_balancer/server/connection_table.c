/* SPDX-License-Identifier: MIT */
/*
 * connection_table.c - the slots that connections are in, and the lists that they are on.
 *
 * Slots get their memory in chunks as they are needed, and keep it: an address of a connection
 * stays what it is. A generation tells who is in a slot from who was there before.
 */
#include <stdlib.h>

#include "load_balancer/server/connection.h"

bool connection_table_open(struct connection_table *table, uint32_t limit)
{
    *table = (struct connection_table){ .chunk_limit = limit / CONNECTION_CHUNK + 1 };
    table->chunks = calloc(table->chunk_limit, sizeof(struct connection *));
    return table->chunks != NULL;
}

void connection_table_close(struct connection_table *table)
{
    for (uint32_t i = 0; i < table->chunk_count; i++)
        free(table->chunks[i]);
    free(table->chunks);
    *table = (struct connection_table){ 0 };
}

/* More free slots; false: no memory, or there are as many as there may be. */
static bool grow(struct connection_table *table)
{
    uint32_t first = table->chunk_count * CONNECTION_CHUNK;
    struct connection *chunk;

    if (table->chunk_count == table->chunk_limit)
        return false;
    chunk = calloc(CONNECTION_CHUNK, sizeof(*chunk));
    if (chunk == NULL)
        return false;
    for (uint32_t i = 0; i < CONNECTION_CHUNK; i++) {
        chunk[i].descriptor = -1;
        chunk[i].slot = first + i;
        chunk[i].generation = 1;
        chunk[i].next_free = i + 1 < CONNECTION_CHUNK ? first + i + 2 : table->free;
    }
    table->free = first + 1;
    table->chunks[table->chunk_count++] = chunk;
    return true;
}

uint32_t connection_slots(const struct connection_table *table)
{
    return table->chunk_count * CONNECTION_CHUNK;
}

static struct connection *slot_at(struct connection_table *table, uint32_t slot)
{
    return &table->chunks[slot / CONNECTION_CHUNK][slot % CONNECTION_CHUNK];
}

struct connection *connection_in_slot(struct connection_table *table, uint32_t slot)
{
    struct connection *connection = slot_at(table, slot);

    return connection->descriptor >= 0 ? connection : NULL;
}

struct connection *connection_find(struct connection_table *table, uint32_t slot,
                                   uint32_t generation)
{
    struct connection *connection;

    if (slot >= connection_slots(table))
        return NULL;
    connection = slot_at(table, slot);
    return connection->descriptor >= 0 && connection->generation == generation ? connection
                                                                               : NULL;
}

struct connection *connection_table_take(struct connection_table *table)
{
    struct connection *connection;

    if (table->free == 0 && !grow(table))
        return NULL;
    connection = slot_at(table, table->free - 1);
    table->free = connection->next_free;
    return connection;
}

void connection_table_give(struct connection_table *table, struct connection *connection)
{
    uint32_t slot = connection->slot, generation = connection->generation + 1;

    *connection = (struct connection){
        .descriptor = -1,
        .slot = slot,
        .generation = generation,
        .next_free = table->free,
    };
    table->free = slot + 1;
}

/* --- Lists ------------------------------------------------------------------------------- */

void connection_enlist(struct connection_list *list, struct connection *connection)
{
    if (connection->list == list)
        return;
    connection_delist(connection);
    connection->list = list;
    connection->previous_listed = list->last;
    if (list->last != NULL)
        list->last->next_listed = connection;
    else
        list->first = connection;
    list->last = connection;
}

void connection_delist(struct connection *connection)
{
    struct connection_list *list = connection->list;

    if (list == NULL)
        return;
    if (connection->previous_listed != NULL)
        connection->previous_listed->next_listed = connection->next_listed;
    else
        list->first = connection->next_listed;
    if (connection->next_listed != NULL)
        connection->next_listed->previous_listed = connection->previous_listed;
    else
        list->last = connection->previous_listed;
    connection->next_listed = connection->previous_listed = NULL;
    connection->list = NULL;
}
