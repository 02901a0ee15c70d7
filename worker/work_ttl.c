/* SPDX-License-Identifier: MIT */
/*
 * work_ttl.c - does with a packet what a router does: one hop less to live. An example of work
 * that changes packets.
 *
 * In IPv4 the TTL is one byte of the header, and the header's checksum is mended by RFC 1624
 * (HC' = ~(~HC + ~m + m')), so that one which was wrong stays wrong. In IPv6 the hop limit is
 * under no checksum. A packet that has no hop left (0, or 1 that would become 0) ends here, as
 * at a router; what is not IP, or was cut short before its TTL, goes on as it came.
 */
#include "worker/work.h"

enum {
    IPV4_HEADER = 20,
    IPV4_TTL = 8,
    IPV4_CHECKSUM = 10,
    IPV6_HOP_LIMIT = 7,
};

/* Of a 16-bit word in the byte order of networks. */
static uint32_t word_at(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static void mend_checksum(uint8_t *header, uint32_t before, uint32_t after)
{
    uint32_t sum =
            (~word_at(header + IPV4_CHECKSUM) & 0xffff) + (~before & 0xffff) + (after & 0xffff);

    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~sum & 0xffff;
    header[IPV4_CHECKSUM] = (uint8_t)(sum >> 8);
    header[IPV4_CHECKSUM + 1] = (uint8_t)sum;
}

static enum work_outcome process(struct work *work, const struct item *item,
                                 struct work_bytes *bytes)
{
    uint32_t at = item->network_offset;
    uint32_t needed = item->ip_version == 4 ? (uint32_t)IPV4_HEADER : IPV6_HOP_LIMIT + 1;
    uint8_t *header = bytes->bytes + at, *ttl;
    uint32_t before;

    if (item->ip_version == 0 || at >= bytes->size || bytes->size - at < needed
        || header[0] >> 4 != item->ip_version)
        return WORK_UNCHANGED;
    ttl = header + (item->ip_version == 4 ? IPV4_TTL : IPV6_HOP_LIMIT);
    if (*ttl <= 1) {
        work->result++;
        return WORK_FILTERED;
    }
    before = word_at(header + IPV4_TTL);
    --*ttl;
    if (item->ip_version == 4)
        mend_checksum(header, before, word_at(header + IPV4_TTL));
    return WORK_CHANGED;
}

const struct work_kind work_ttl = {
    .version = WORK_VERSION,
    .name = "ttl",
    .help = "one hop less to live, as at a router",
    .result = "expired",
    .meaning = "packets without a hop left",
    .changes = true,
    .process = process,
};
