/* SPDX-License-Identifier: MIT */
/*
 * item.h - what load_balancer and worker say to each other about one item of work.
 *
 * An item is one packet on its way through the balancer: the struct below, and right behind it
 * the bytes that were captured. In the modes burst and single a distributor takes them there
 * and back. In the mode window it travels in one packet of a packet channel; the worker is a
 * node of its own and has three named endpoints:
 *
 *   ITEM_PORT_WORK      packets, to the worker     items; the last one says that it is the last
 *   ITEM_PORT_ACKS      uint32, from the worker    "so many items are done"; the first is 0
 *                                                  and means "ready"
 *   ITEM_PORT_RESULTS   packets, from the worker   what it did: report.h
 *
 * An ack makes room for another item. What came of the items is with the balancer when the
 * report about them is; until then it keeps them, to send them again if the worker dies.
 */
#ifndef WORKER_ITEM_H
#define WORKER_ITEM_H

#include <assert.h>
#include <stdint.h>

enum {
    ITEM_PORT_DISTRIBUTOR = 0, /* of the balancer, node 0 */

    ITEM_PORT_WORK = 0,
    ITEM_PORT_ACKS = 1,
    ITEM_PORT_RESULTS = 2,
};

enum item_kind {
    ITEM_PACKET = 1,  /* a packet to work on */
    ITEM_LAST = 2,    /* no packet; nothing comes behind it */
    ITEM_REPORT = 3,  /* no packet; the worker is to report what is done */
    ITEM_REQUEST = 4, /* no packet but a request from a connection: it has no times, no headers
                       * of IP and no link type; the tag is its connection's */
};

enum {
    /* The order of this one within its flow says nothing: it is sent again, to a worker that
     * may have had later ones. */
    ITEM_FLAG_UNORDERED = 1,
};

enum {
    /* A worker reports at the latest when so many items are done and not reported, or so many
     * bytes: those of their packets, and as many for each item as make the two limits meet at
     * empty packets. What the balancer keeps of a worker grows with it; and the more often it
     * reports, the more it costs, because each flow in a report is an entry of its own. */
    ITEM_REPORT_EVERY = 4096,
    ITEM_REPORT_BYTES = 1024 * 1024,
};

enum {
    /* The largest packet that travels: the largest that libpcap itself records. */
    ITEM_BYTES_MAX = 262144,
};

/* In front of the bytes; the numbers are those of this machine, both ends run on it. */
struct item {
    uint64_t number;         /* counts the packets of a run from 0, over all workers */
    uint64_t time_ns;        /* when it was captured, since the epoch */
    uint64_t sent_ns;        /* clock_ns() when it was made; 0: this one is not timed */
    uint32_t tag;            /* of its flow: items with the same tag stay in order */
    uint32_t captured;       /* bytes behind this struct */
    uint32_t original;       /* bytes the packet had on the wire */
    uint32_t payload_offset; /* where in the bytes the payload begins; at most `captured` */
    uint16_t link_type;      /* what the bytes begin with: DLT_* of <pcap/dlt.h> */
    uint16_t worker;         /* whom it is for: the number of the worker, from 1 */
    uint8_t kind : 4;        /* enum item_kind */
    uint8_t flags : 4;       /* ITEM_FLAG_* */
    uint8_t network_offset;  /* where in the bytes the header of IP begins, if it is IP */
    uint8_t ip_version;      /* 4, 6, or 0: not IP */
    uint8_t protocol;        /* of IP: IPPROTO_* */
};
static_assert(sizeof(struct item) == 48,
              "with 64 bytes of packet an item is 112 bytes, the most "
              "that a packet channel carries in two cache lines");

/* What a worker says of items that it gives back to a distributor. It stands where the struct
 * of the first of them stood, and so is for all that are given back together; where packets
 * were changed or filtered, each item has its own. The bytes of a changed packet are behind it.
 */
struct item_done {
    uint64_t result;         /* of the work on these items, to be added up */
    uint64_t bytes;          /* captured, of their packets as they came */
    uint64_t original_bytes; /* that these had on the wire */
    uint64_t span_ns;        /* how long the worker has run since it said so last; mostly 0 */
    uint64_t busy_ns;        /* the part of it in which there was work */
    uint16_t items;          /* worked on; this one is the first of them */
    uint16_t malformed;      /* not worked on: their lengths do not fit together */
    uint16_t worker;         /* its number */
    uint16_t outcome;        /* enum work_outcome, of this item */
};
static_assert(sizeof(struct item_done) == sizeof(struct item), "it stands where that stood");

/* How many items a worker lets come together before it acknowledges them, if more are
 * waiting: a quarter of what may be out, so that the balancer never runs dry. */
static inline uint32_t item_ack_every(uint32_t window)
{
    return window < 8 ? 1 : window / 4;
}

#endif /* WORKER_ITEM_H */
