/* SPDX-License-Identifier: MIT */
/*
 * report.h - what a worker says about the items it has done since its last report.
 *
 * A report is one packet on the results channel, so it comes wholly or not at all: struct
 * report, `timed` durations in ns of 8 bytes each, and then entries of flows, each a struct
 * report_flow and the beginning of the flow's first packet if this worker has not named the
 * flow before. The reports of a worker add up to its results; what it had not reported when it
 * died counts as not done, and is sent again.
 *
 * A worker reports before it acknowledges the last item that the report is about, and
 *
 *   - when ITEM_REPORT_EVERY items, or ITEM_REPORT_BYTES bytes of packets, are not reported, or
 *     a part of that, if they are of few flows;
 *   - when the packet of the report is full;
 *   - when some milliseconds have passed since the last one, or it has nothing to do;
 *   - when it is asked to.
 */
#ifndef WORKER_REPORT_H
#define WORKER_REPORT_H

#include <assert.h>
#include <stdint.h>

enum {
    /* In front of every report: the number of this format. */
    REPORT_MAGIC = 0x52505432,

    /* The largest packet of a report: below 64 KiB, which topologies carry that nobody has made
     * smaller; and the least that one must carry. */
    REPORT_PACKET_MAX = 48 * 1024,
    REPORT_PACKET_LEAST = 7168,

    /* Durations in one report. */
    REPORT_TIMED_MAX = 256,

    /* The beginning of a flow's first packet, long enough to name the flow by: Ethernet, two
     * VLAN tags, IPv6 and the ports, or IPv4 with some options. */
    REPORT_HEAD_SIZE = 80,
};

struct report {
    uint32_t magic;
    uint32_t timed;
    uint32_t flows; /* entries */
    uint32_t flow_bytes;
    uint64_t items;
    uint64_t bytes; /* captured */
    uint64_t original_bytes;
    uint64_t malformed;    /* items whose lengths do not fit together; not worked on, and not
                            * among `items` */
    uint64_t misdirected;  /* items that were meant for another worker */
    uint64_t out_of_order; /* items that came behind one of their flow with a higher number */
    uint64_t other_items;  /* of flows beyond those that a worker remembers */
    uint64_t other_bytes;
    uint64_t other_original_bytes;
    uint64_t result;  /* of the work: its meaning is the kind's, see work.h */
    uint64_t span_ns; /* from the first item's coming to the last one's being done */
    uint64_t busy_ns; /* the part of it in which there was work */
};
static_assert(sizeof(struct report) == 112, "the same in both programs");

struct report_flow {
    uint64_t bytes;
    uint64_t original_bytes;
    uint32_t items;
    uint32_t out_of_order;
    uint32_t tag;
    uint8_t ip_version;
    uint8_t protocol;
    uint16_t head_size; /* bytes that follow, and as many more as make it a multiple of 8 */
    uint32_t link_type; /* of a new flow, else 0 */
    uint32_t is_new;    /* 1: this worker has not named the flow before */
};
static_assert(sizeof(struct report_flow) == 40, "the same in both programs");

/* What an entry takes in the packet. */
static inline uint32_t report_flow_size(uint32_t head_size)
{
    return (uint32_t)sizeof(struct report_flow) + ((head_size + 7) & ~7U);
}

/* The room for entries of flows in a packet. */
#define REPORT_FLOW_ROOM(packet_size)                \
    ((packet_size) - (uint32_t)sizeof(struct report) \
     - REPORT_TIMED_MAX * (uint32_t)sizeof(uint64_t))
enum {
    REPORT_FLOW_BYTES_MAX = REPORT_FLOW_ROOM(REPORT_PACKET_MAX),
};

#endif /* WORKER_REPORT_H */
