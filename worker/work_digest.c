/* SPDX-License-Identifier: MIT */
/*
 * work_digest.c - a checksum over each payload: steady load, and a proof that every byte of
 * every packet arrived.
 *
 * The checksum of a payload is FNV-1a with 64 bits. Those of all payloads are added up (modulo
 * 2^64), so that the sum depends neither on the number of workers nor on the order. The reply
 * to a request is its payload's own, in 16 hexadecimal digits.
 */
#include "worker/work.h"

#include <stdio.h>
#include <stdlib.h>

#define FNV_OFFSET_BASIS 0xcbf29ce484222325ULL
#define FNV_PRIME        0x100000001b3ULL

enum {
    DIGITS = 16,
};

/* The replies that must stay as they are, and the one that is made. */
struct replies {
    uint32_t next;
    char text[WORK_TOGETHER + 1][DIGITS + 1];
};

static bool prepare(struct work *work, const char *argument, char *error, size_t error_size)
{
    (void)argument;
    work->state = calloc(1, sizeof(struct replies));
    if (work->state == NULL)
        snprintf(error, error_size, "digest: no memory");
    return work->state != NULL;
}

static void finish(struct work *work)
{
    free(work->state);
}

static enum work_outcome reply(struct replies *replies, uint64_t sum, struct work_bytes *bytes)
{
    char *text = replies->text[replies->next];

    replies->next = (replies->next + 1) % (WORK_TOGETHER + 1);
    snprintf(text, DIGITS + 1, "%016llx", (unsigned long long)sum);
    *bytes = (struct work_bytes){ (uint8_t *)text, DIGITS };
    return WORK_CHANGED;
}

static enum work_outcome process(struct work *work, const struct item *item,
                                 struct work_bytes *bytes)
{
    uint64_t sum = FNV_OFFSET_BASIS;

    for (uint32_t i = item->payload_offset; i < item->captured; i++)
        sum = (sum ^ bytes->bytes[i]) * FNV_PRIME;
    work->result += sum;
    return item->kind == ITEM_REQUEST ? reply(work->state, sum, bytes) : WORK_UNCHANGED;
}

const struct work_kind work_digest = {
    .version = WORK_VERSION,
    .name = "digest",
    .help = "a checksum (FNV-1a, 64 bits) over each payload, summed up",
    .result = "digest",
    .meaning = "digest of all payloads",
    .result_is_sum_of_hashes = true,
    .replies = WORK_REPLIES_BYTES,
    .prepare = prepare,
    .process = process,
    .finish = finish,
};
