/* SPDX-License-Identifier: MIT */
/*
 * report.h - what a worker says at its end about everything it did.
 *
 * Packets on the results channel: any number of REPORT_FLOWS, each with up to
 * REPORT_FLOWS_MAX flows, then one REPORT_SUMMARY, which is the last.
 */
#ifndef WORKER_REPORT_H
#define WORKER_REPORT_H

#include <assert.h>
#include <stdint.h>

#include "worker/latency.h"

enum report_kind {
    REPORT_FLOWS = 1,   /* `count` times struct report_flow */
    REPORT_SUMMARY = 2, /* one struct report_summary */
};

/* In front of each packet. */
struct report_header {
    uint32_t kind;
    uint32_t count;
};

enum {
    /* The beginning of a flow's first packet, long enough to name the flow by: Ethernet, two
     * VLAN tags, IPv6 and the ports, or IPv4 with some options. */
    REPORT_HEAD_SIZE = 80,

    /* Flows in one packet: it then stays below 8 KiB, which any topology carries. */
    REPORT_FLOWS_MAX = 56,
};

struct report_flow {
    uint64_t items;
    uint64_t bytes;          /* captured */
    uint64_t original_bytes; /* on the wire */
    uint64_t out_of_order;   /* items that came behind one with a higher number */
    uint32_t tag;
    uint8_t ip_version;
    uint8_t protocol;
    uint16_t head_size;
    uint32_t link_type;
    uint32_t reserved; /* 0 */
    uint8_t head[REPORT_HEAD_SIZE];
};
static_assert(sizeof(struct report_flow) == 128, "the same in both programs");

struct report_summary {
    uint64_t items;
    uint64_t bytes;
    uint64_t original_bytes;
    uint64_t malformed;    /* items whose lengths do not fit together; not worked on */
    uint64_t misdirected;  /* items that were meant for another worker */
    uint64_t out_of_order; /* over all flows */
    uint64_t flows;        /* in the REPORT_FLOWS before this */
    uint64_t other_items;  /* of flows beyond those that a worker remembers */
    uint64_t other_bytes;
    uint64_t other_original_bytes;
    uint64_t result;  /* of the work: its meaning is the kind's, see work.h */
    uint64_t span_ns; /* from the first item's coming to the last one's being done */
    uint64_t busy_ns; /* the part of it in which there was work */

    struct latency latency; /* from being sent to being done, of the items that are timed */
};
static_assert(sizeof(struct report_summary) == 104 + sizeof(struct latency),
              "the same in both programs");

enum {
    /* The largest packet of a report. */
    REPORT_PACKET_MAX =
            sizeof(struct report_header) + REPORT_FLOWS_MAX * sizeof(struct report_flow),
};
static_assert(sizeof(struct report_header) + sizeof(struct report_summary) <= REPORT_PACKET_MAX,
              "a summary is no larger than so many flows");

#endif /* WORKER_REPORT_H */
