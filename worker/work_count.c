/* SPDX-License-Identifier: MIT */
/*
 * work_count.c - counts packets and bytes by flow: the least that can be done with an item.
 *
 * The counting by flow is what every worker does; this kind adds nothing to it but the sum of
 * the payloads' bytes, for which it looks at the item and not at the packet.
 */
#include "worker/work.h"

static enum work_outcome process(struct work *work, const struct item *item,
                                 struct work_bytes *bytes)
{
    (void)bytes;
    work->result += item->captured - item->payload_offset;
    return WORK_UNCHANGED;
}

const struct work_kind work_count = {
    .version = WORK_VERSION,
    .name = "count",
    .help = "count packets and bytes per flow",
    .result = "payload_bytes",
    .meaning = "bytes of payload",
    .process = process,
};
