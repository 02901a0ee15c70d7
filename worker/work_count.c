/* SPDX-License-Identifier: MIT */
/*
 * work_count.c - counts packets and bytes by flow: the least that can be done with an item.
 *
 * The counting by flow is what every worker does; this kind adds nothing to it but the sum of
 * the payloads' bytes, for which it looks at the item and not at the packet.
 */
#include "worker/work.h"

static void process(struct work *work, const struct item *item, const uint8_t *bytes)
{
    (void)bytes;
    work->result += item->captured - item->payload_offset;
}

const struct work_kind work_count = {
    .name = "count",
    .help = "count packets and bytes per flow",
    .result = "payload_bytes",
    .meaning = "bytes of payload",
    .process = process,
};
