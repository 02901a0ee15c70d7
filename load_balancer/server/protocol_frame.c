/* SPDX-License-Identifier: MIT */
/*
 * protocol_frame.c - each item behind its length, 32 bits with the most significant byte first;
 * replies alike.
 */
#include "load_balancer/server/protocol.h"

#include <string.h>

enum {
    LENGTH_SIZE = 4,
};

static void begin(struct protocol_state *state)
{
    state->seen = 0;
}

static enum protocol_result next(struct protocol_state *state, uint8_t *bytes, uint32_t size,
                                 uint32_t most, struct protocol_item *item)
{
    uint32_t length;

    (void)state;
    *item = (struct protocol_item){ .begin = LENGTH_SIZE };
    if (size < LENGTH_SIZE)
        return PROTOCOL_MORE;
    length = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8
           | bytes[3];
    if (length > most)
        return PROTOCOL_BAD;
    if (size - LENGTH_SIZE < length)
        return PROTOCOL_MORE;
    item->size = length;
    item->consumed = LENGTH_SIZE + length;
    return PROTOCOL_ITEM;
}

static void around(struct protocol_around *around, enum protocol_outcome outcome, uint8_t note,
                   uint32_t size)
{
    (void)note;
    around->behind_size = 0;
    around->bytes = outcome == PROTOCOL_REPLY;
    around->before_size = around->bytes ? LENGTH_SIZE : 0;
    for (int i = 0; i < LENGTH_SIZE; i++)
        around->before[i] = (char)(size >> (24 - 8 * i));
}

const struct protocol protocol_frame = {
    .name = "frame",
    .help = "a length of 32 bits, most significant byte first, and as many bytes",
    .begin = begin,
    .next = next,
    .around = around,
};
