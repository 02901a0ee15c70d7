/* SPDX-License-Identifier: MIT */
/*
 * queue.c - items that wait for a busy worker.
 */
#include "load_balancer/queue.h"

#include <stdlib.h>
#include <string.h>

/* The first memory of a slot: most packets fit, and it doubles for those that do not. */
#define FIRST_ROOM 2048U

bool queue_open(struct queue *queue, uint32_t limit)
{
    *queue = (struct queue){ .limit = limit };
    if (limit == 0)
        return true;
    queue->slots = calloc(limit, sizeof(*queue->slots));
    if (queue->slots == NULL)
        return false;
    for (uint32_t i = 0; i < limit; i++)
        queue->slots[i].next = i + 1;
    return true;
}

void queue_close(struct queue *queue)
{
    for (uint32_t i = 0; queue->slots != NULL && i < queue->limit; i++)
        free(queue->slots[i].bytes);
    free(queue->slots);
    *queue = (struct queue){ 0 };
}

static bool slot_make_room(struct queue_slot *slot, size_t size)
{
    uint32_t room = slot->room < FIRST_ROOM ? FIRST_ROOM : slot->room;
    uint8_t *bytes;

    if (size <= slot->room)
        return true;
    while (room < size)
        room *= 2;
    bytes = realloc(slot->bytes, room);
    if (bytes == NULL)
        return false;
    slot->bytes = bytes;
    slot->room = room;
    return true;
}

bool queue_put(struct queue *queue, struct queue_line *line, const void *bytes, size_t size)
{
    uint32_t at = queue->free;
    struct queue_slot *slot;

    if (queue->used == queue->limit)
        return false;
    slot = &queue->slots[at];
    if (!slot_make_room(slot, size))
        return false;
    queue->free = slot->next;
    queue->used++;
    memcpy(slot->bytes, bytes, size);
    slot->size = (uint32_t)size;
    if (line->count == 0)
        line->first = at;
    else
        queue->slots[line->last].next = at;
    line->last = at;
    line->count++;
    return true;
}

void *queue_first(struct queue *queue, const struct queue_line *line)
{
    return queue->slots[line->first].bytes;
}

void queue_remove(struct queue *queue, struct queue_line *line)
{
    uint32_t at = line->first;
    struct queue_slot *slot = &queue->slots[at];

    line->first = slot->next;
    line->count--;
    slot->next = queue->free;
    queue->free = at;
    queue->used--;
}
