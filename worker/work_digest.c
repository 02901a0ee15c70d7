/* SPDX-License-Identifier: MIT */
/*
 * work_digest.c - a checksum over each payload: steady load, and a proof that every byte of
 * every packet arrived.
 *
 * The checksum of a payload is FNV-1a with 64 bits. Those of all payloads are added up (modulo
 * 2^64), so that the sum depends neither on the number of workers nor on the order.
 */
#include "worker/work.h"

#define FNV_OFFSET_BASIS 0xcbf29ce484222325ULL
#define FNV_PRIME        0x100000001b3ULL

static enum work_outcome process(struct work *work, const struct item *item,
                                 struct work_bytes *bytes)
{
    uint64_t sum = FNV_OFFSET_BASIS;

    for (uint32_t i = item->payload_offset; i < item->captured; i++)
        sum = (sum ^ bytes->bytes[i]) * FNV_PRIME;
    work->result += sum;
    return WORK_UNCHANGED;
}

const struct work_kind work_digest = {
    .version = WORK_VERSION,
    .name = "digest",
    .help = "a checksum (FNV-1a, 64 bits) over each payload, summed up",
    .result = "digest",
    .meaning = "digest of all payloads",
    .result_is_sum_of_hashes = true,
    .process = process,
};
