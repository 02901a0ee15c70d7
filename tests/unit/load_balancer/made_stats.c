/* SPDX-License-Identifier: MIT */
/*
 * made_stats.c - a run that was never made.
 */
#include "unit/load_balancer/made_stats.h"

#include <check.h>
#include <netinet/in.h>
#include <string.h>

enum { ETHERNET = 1 };

void made_stats_sent(struct made_stats *made, uint32_t worker, uint64_t items, uint64_t bytes)
{
    struct worker_stats *stats = &made->stats.workers[worker - 1];

    made->stats.input += items;
    made->stats.protocols[STATS_UDP].items += items;
    made->stats.protocols[STATS_UDP].bytes += bytes;
    stats->items += items;
    stats->acknowledged += items;
    stats->bytes += bytes;
    stats->original_bytes += bytes;
}

static void add(struct made_stats *made, uint32_t worker, const void *packet, size_t size)
{
    uint32_t items;

    ck_assert(stats_add_report(&made->stats, &made->stats.workers[worker - 1], packet, size,
                               &items));
}

void made_stats_flow(struct made_stats *made, uint32_t worker, uint32_t tag, uint64_t items,
                     uint64_t bytes)
{
    static const uint8_t frame[] = {
        0,    0, 0, 0,  0,  1, 0, 0, 0,  0,           0, 2,  0x08, 0, /* Ethernet with IPv4 */
        0x45, 0, 0, 60, 0,  0, 0, 0, 64, IPPROTO_UDP, 0, 0,           /* IPv4 with UDP */
        10,   0, 0, 1,  10, 0, 0, 2, 0,  0,           0, 53, 0,    40,
        0,    0, /* addresses, ports, length */
    };
    struct {
        struct report report;
        struct report_flow flow;
        uint8_t head[(sizeof(frame) + 7) & ~7U];
    } packet = {
        .report = { .magic = REPORT_MAGIC,
                    .flows = 1,
                    .flow_bytes = report_flow_size(sizeof(frame)) },
        .flow = { .items = (uint32_t)items,
                  .bytes = bytes,
                  .original_bytes = bytes,
                  .tag = tag,
                  .ip_version = 4,
                  .protocol = IPPROTO_UDP,
                  .link_type = ETHERNET,
                  .head_size = sizeof(frame),
                  .is_new = 1 },
    };

    memcpy(packet.head, frame, sizeof(frame));
    packet.head[34] = (uint8_t)(tag >> 8);
    packet.head[35] = (uint8_t)tag;
    add(made, worker, &packet, sizeof(packet));
}

void made_stats_summary(struct made_stats *made, uint32_t worker)
{
    struct worker_stats *sent = &made->stats.workers[worker - 1];
    struct {
        struct report report;
        uint64_t timed_ns;
    } packet = {
        .report = { .magic = REPORT_MAGIC,
                    .timed = 1,
                    .items = sent->items,
                    .bytes = sent->bytes,
                    .original_bytes = sent->original_bytes,
                    .result = 40 + worker,
                    .span_ns = 1000,
                    .busy_ns = 250 },
        .timed_ns = 1000 * worker,
    };

    add(made, worker, &packet, sizeof(packet));
    sent->reported = true;
}

void made_stats_open(struct made_stats *made)
{
    made->config = (struct config){
        .source = "pcap:made.pcap",
        .workers = 2,
        .window = 64,
        .work = "count",
        .work_kind = &work_count,
    };
    ck_assert(stats_open(&made->stats, &made->config));
    made->stats.topology = "default";
    made->stats.began_ns = 1000000000;
    made->stats.ended_ns = 3000000000;
    made_stats_sent(made, 1, 4, 360);
    made_stats_sent(made, 2, 2, 1000);
    made_stats_flow(made, 1, 0xa, 3, 300);
    made_stats_flow(made, 1, 0xb, 1, 60);
    made_stats_summary(made, 1);
    made_stats_flow(made, 2, 0xc, 2, 1000);
    made_stats_summary(made, 2);
}

void made_stats_close(struct made_stats *made)
{
    stats_close(&made->stats);
}
