/* SPDX-License-Identifier: MIT */
/*
 * buffer.h - bytes of a connection that wait: half of a request, or replies not yet sent.
 *
 * While a connection has its turn it may borrow the loop's own large buffers, so that one which
 * leaves nothing behind needs no memory between its turns. What it leaves behind is copied into
 * memory of its own, which counts in the loop's budget.
 */
#ifndef LOAD_BALANCER_SERVER_BUFFER_H
#define LOAD_BALANCER_SERVER_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
    uint8_t *bytes; /* NULL: no memory, and nothing in it */
    uint32_t begin, end;
    uint32_t capacity;
    bool borrowed;
};

/* Of a loop. */
struct buffer_budget {
    uint64_t used;
    uint64_t most_used;
    uint64_t limit; /* reading stops there; what is on its way may go a little beyond it */
};

static inline uint32_t buffer_used(const struct buffer *buffer)
{
    return buffer->end - buffer->begin;
}

static inline uint32_t buffer_room(const struct buffer *buffer)
{
    return buffer->capacity - buffer->end;
}

/* Lends it memory, if it has none. */
static inline void buffer_borrow(struct buffer *buffer, uint8_t *bytes, uint32_t capacity)
{
    if (buffer->bytes == NULL)
        *buffer = (struct buffer){ .bytes = bytes, .capacity = capacity, .borrowed = true };
}

/* Makes room for so many bytes behind the last one; false: no memory. */
bool buffer_reserve(struct buffer *buffer, uint32_t more, struct buffer_budget *budget);

/* Adds bytes; false: no memory. */
bool buffer_add(struct buffer *buffer, const void *bytes, uint32_t size,
                struct buffer_budget *budget);

/* The end of a turn: gives back what was lent, and keeps what is in it; false: no memory, and
 * it is lost. */
bool buffer_settle(struct buffer *buffer, struct buffer_budget *budget);

/* Lets go of all. */
void buffer_drop(struct buffer *buffer, struct buffer_budget *budget);

#endif /* LOAD_BALANCER_SERVER_BUFFER_H */
