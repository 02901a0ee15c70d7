/* SPDX-License-Identifier: MIT */
/*
 * buffer.c - memory of one's own for what a turn leaves behind.
 */
#include "load_balancer/server/buffer.h"

#include <stdlib.h>
#include <string.h>

enum {
    SMALLEST = 256,
};

/* Memory of its own with so much room in all, and the bytes at its beginning. */
static bool move(struct buffer *buffer, uint32_t capacity, struct buffer_budget *budget)
{
    uint32_t used = buffer_used(buffer);
    uint8_t *bytes = malloc(capacity);

    if (bytes == NULL)
        return false;
    if (used > 0)
        memcpy(bytes, buffer->bytes + buffer->begin, used);
    buffer_drop(buffer, budget);
    *buffer = (struct buffer){ .bytes = bytes, .end = used, .capacity = capacity };
    budget->used += capacity;
    if (budget->used > budget->most_used)
        budget->most_used = budget->used;
    return true;
}

void buffer_drop(struct buffer *buffer, struct buffer_budget *budget)
{
    if (buffer->bytes != NULL && !buffer->borrowed) {
        budget->used -= buffer->capacity;
        free(buffer->bytes);
    }
    *buffer = (struct buffer){ 0 };
}

bool buffer_reserve(struct buffer *buffer, uint32_t more, struct buffer_budget *budget)
{
    uint32_t used = buffer_used(buffer);
    uint32_t capacity = SMALLEST;

    if (buffer_room(buffer) >= more)
        return true;
    if (buffer->capacity - used >= more && buffer->begin >= used) {
        memcpy(buffer->bytes, buffer->bytes + buffer->begin, used);
        buffer->begin = 0;
        buffer->end = used;
        return true;
    }
    while (capacity < used + more)
        capacity *= 2;
    return move(buffer, capacity, budget);
}

bool buffer_add(struct buffer *buffer, const void *bytes, uint32_t size,
                struct buffer_budget *budget)
{
    if (!buffer_reserve(buffer, size, budget))
        return false;
    if (size > 0)
        memcpy(buffer->bytes + buffer->end, bytes, size);
    buffer->end += size;
    return true;
}

bool buffer_settle(struct buffer *buffer, struct buffer_budget *budget)
{
    uint32_t used = buffer_used(buffer);
    uint32_t capacity = SMALLEST;

    if (used == 0) {
        buffer_drop(buffer, budget);
        return true;
    }
    if (!buffer->borrowed)
        return true;
    while (capacity < used)
        capacity *= 2;
    return move(buffer, capacity, budget);
}
