/* SPDX-License-Identifier: MIT */
/*
 * work_echo.c - says what it hears: the reply to a request is its payload. Packets go on as
 * they came.
 */
#include "worker/work.h"

static enum work_outcome process(struct work *work, const struct item *item,
                                 struct work_bytes *bytes)
{
    (void)work;
    if (item->kind != ITEM_REQUEST)
        return WORK_UNCHANGED;
    bytes->bytes += item->payload_offset;
    bytes->size -= item->payload_offset;
    return item->payload_offset == 0 ? WORK_UNCHANGED : WORK_CHANGED;
}

const struct work_kind work_echo = {
    .version = WORK_VERSION,
    .name = "echo",
    .help = "reply to a request with its payload",
    .replies = WORK_REPLIES_BYTES,
    .process = process,
};
