/* SPDX-License-Identifier: MIT */
/*
 * queue.h - items that wait for a busy worker: one line per worker, all in one queue.
 *
 * The queue holds a limited number of items over all lines. An item's memory is used again for
 * later items, so the queue takes at most its limit times the largest packets.
 */
#ifndef LOAD_BALANCER_QUEUE_H
#define LOAD_BALANCER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A waiting item, as it will be sent. */
struct queue_slot {
    uint8_t *bytes;
    uint32_t size;
    uint32_t room;
    uint32_t next; /* in its line, or among the free ones */
};

struct queue {
    struct queue_slot *slots;
    uint32_t limit;
    uint32_t used;
    uint32_t free; /* the first free slot */
};

/* The items for one worker, oldest first. All zero: empty. */
struct queue_line {
    uint32_t first;
    uint32_t last;
    uint32_t count;
};

/* False: no memory. A limit of 0 makes a queue that is always full. */
bool queue_open(struct queue *queue, uint32_t limit);
void queue_close(struct queue *queue);

/* Puts a copy at the end of the line. False: the queue is full, or there is no memory. */
bool queue_put(struct queue *queue, struct queue_line *line, const void *bytes, size_t size);

/* The bytes of the oldest in a line that is not empty, for the caller to change, until it is
 * removed. Aligned for any type. */
void *queue_first(struct queue *queue, const struct queue_line *line);

/* Removes the oldest of a line that is not empty. */
void queue_remove(struct queue *queue, struct queue_line *line);

#endif /* LOAD_BALANCER_QUEUE_H */
