/* SPDX-License-Identifier: MIT */
/*
 * fuzz_protocol.c - a stream is divided into the same items however it comes.
 */
#include "fuzz/fuzz_protocol.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST = 600,
};

/* What was found: as good as the items themselves. */
struct found {
    uint64_t sum;
    uint32_t items;
    const char *error;
    enum protocol_result last;
};

static void note(struct found *found, const uint8_t *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        found->sum = (found->sum ^ bytes[i]) * 0x100000001b3ULL;
}

static void note_item(struct found *found, const uint8_t *shown, uint32_t size,
                      const struct protocol_item *item)
{
    if (item->consumed == 0 || item->consumed > size || item->begin > item->consumed
        || item->size > item->consumed - item->begin || item->payload_offset > item->size
        || item->size > MOST)
        abort();
    note(found, shown + item->begin, item->size);
    note(found, (const uint8_t *)&item->size, sizeof(item->size));
    note(found, (const uint8_t *)&item->payload_offset, sizeof(item->payload_offset));
    note(found, &item->note, 1);
    found->items++;
}

/* `piece` 0: all at once; else pieces of 1 to 1 + piece bytes, in turn. */
static struct found divide(const struct protocol *protocol, const uint8_t *stream, size_t size,
                           uint32_t piece)
{
    struct found found = { .last = PROTOCOL_MORE };
    uint8_t *bytes = malloc(size + 1);
    struct protocol_state state;
    struct protocol_item item;
    size_t begin = 0, end = 0, step = 0;

    if (bytes == NULL)
        return found;
    memcpy(bytes, stream, size);
    protocol->begin(&state);
    while (end < size && found.last != PROTOCOL_BAD) {
        end += piece == 0 ? size : 1 + step++ % (1 + piece);
        end = end > size ? size : end;
        do {
            uint8_t *shown = malloc(end - begin);

            if (shown == NULL)
                break;
            memcpy(shown, bytes + begin, end - begin);
            found.last = protocol->next(&state, shown, (uint32_t)(end - begin), MOST, &item);
            if (found.last == PROTOCOL_ITEM)
                note_item(&found, shown, (uint32_t)(end - begin), &item);
            if (found.last == PROTOCOL_BAD)
                found.error = item.error;
            memcpy(bytes + begin, shown, end - begin);
            free(shown);
            begin += found.last == PROTOCOL_ITEM ? item.consumed : 0;
        } while (found.last == PROTOCOL_ITEM && begin < end);
    }
    free(bytes);
    return found;
}

void fuzz_protocol(const struct protocol *protocol, const uint8_t *data, size_t size)
{
    struct found whole, pieces;

    if (size < 2 || size > 100000)
        return;
    whole = divide(protocol, data + 1, size - 1, 0);
    pieces = divide(protocol, data + 1, size - 1, 1 + data[0]);
    if (whole.items != pieces.items || whole.sum != pieces.sum)
        abort();
    /* A limit can be met before the rest that would be wrong in another way has come. */
    if ((whole.last == PROTOCOL_BAD) != (pieces.last == PROTOCOL_BAD))
        abort();
}
