/* SPDX-License-Identifier: MIT */
/*
 * protocol_line.c - each item is a line, without the newline that ends it; replies alike. A
 * line that the end of the stream cuts off is none.
 */
#include "load_balancer/server/protocol.h"

#include <string.h>

static void begin(struct protocol_state *state)
{
    state->seen = 0;
}

static enum protocol_result next(struct protocol_state *state, uint8_t *bytes, uint32_t size,
                                 uint32_t most, struct protocol_item *item)
{
    const uint8_t *newline = memchr(bytes + state->seen, '\n', size - state->seen);
    uint32_t length = newline == NULL ? size : (uint32_t)(newline - bytes);

    *item = (struct protocol_item){ .begin = 0 };
    if (length > most)
        return PROTOCOL_BAD;
    state->seen = size;
    if (newline == NULL)
        return PROTOCOL_MORE;
    item->size = length;
    item->consumed = length + 1;
    state->seen = 0;
    return PROTOCOL_ITEM;
}

static void around(struct protocol_around *around, enum protocol_outcome outcome, uint8_t note,
                   uint32_t size)
{
    (void)note;
    (void)size;
    around->before_size = 0;
    around->bytes = outcome == PROTOCOL_REPLY;
    around->behind_size = around->bytes ? 1 : 0;
    around->behind[0] = '\n';
}

const struct protocol protocol_line = {
    .name = "line",
    .help = "a line of text, without its newline",
    .begin = begin,
    .next = next,
    .around = around,
};
