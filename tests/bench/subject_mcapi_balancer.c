/* SPDX-License-Identifier: MIT */
/*
 * subject_mcapi_balancer.c - the balancer's pattern with this library: a packet channel to each
 * worker, and a scalar channel back for what it has done.
 */
#include <stdlib.h>

#include <mcapi_ext.h>

#include "bench/balancer.h"
#include "bench/entries.h"
#include "bench/mcapi_ends.h"

/* Ports: at the worker ENDS_IN for items and ENDS_OUT for its counts; at the distributing party
 * two for each worker, from here on. */
enum { PORT_ITEMS = 100, PORT_COUNTS = 200 };

static struct {
    mcapi_pktchan_send_hndl_t items_out[BALANCER_MOST];
    mcapi_sclchan_recv_hndl_t counts_in[BALANCER_MOST];
    mcapi_pktchan_recv_hndl_t items_in;
    mcapi_sclchan_send_hndl_t counts_out;
} own;

static void prepare(struct trial *trial)
{
    setenv("MCAPI_MAX_NODES", "80", 1);
    setenv("MCAPI_MAX_CHANNELS", "256", 1);
    setenv("MCAPI_MAX_ENDPOINTS", "256", 1);
    ends_prepare(trial, NULL);
}

static void open_worker_side(struct trial *trial)
{
    mcapi_endpoint_t in = ends_create(ENDS_IN, 0), out = ends_create(ENDS_OUT, 0);
    mcapi_request_t items, counts;
    mcapi_status_t status;

    trial_gather(trial);
    mcapi_pktchan_recv_open_i(&own.items_in, in, &items, &status);
    ends_check(status, "mcapi_pktchan_recv_open_i");
    mcapi_sclchan_send_open_i(&own.counts_out, out, &counts, &status);
    ends_check(status, "mcapi_sclchan_send_open_i");
    ends_finish(&items);
    ends_finish(&counts);
}

static void open_one(unsigned worker)
{
    mcapi_endpoint_t out = ends_create(PORT_ITEMS + worker, 0);
    mcapi_endpoint_t in = ends_create(PORT_COUNTS + worker, 0);
    mcapi_request_t request;
    mcapi_status_t status;

    mcapi_pktchan_connect_i(out, ends_get(worker + 1, ENDS_IN), &request, &status);
    ends_check(status, "mcapi_pktchan_connect_i");
    ends_finish(&request);
    mcapi_sclchan_connect_i(ends_get(worker + 1, ENDS_OUT), in, &request, &status);
    ends_check(status, "mcapi_sclchan_connect_i");
    ends_finish(&request);
    mcapi_pktchan_send_open_i(&own.items_out[worker], out, &request, &status);
    ends_check(status, "mcapi_pktchan_send_open_i");
    ends_finish(&request);
    mcapi_sclchan_recv_open_i(&own.counts_in[worker], in, &request, &status);
    ends_check(status, "mcapi_sclchan_recv_open_i");
    ends_finish(&request);
}

static void *open_end(struct trial *trial, unsigned self)
{
    ends_join(trial, self);
    if (self != 0) {
        open_worker_side(trial);
        return NULL;
    }
    trial_gather(trial);
    for (unsigned i = 0; i + 1 < trial->parties; i++)
        open_one(i);
    return NULL;
}

BENCH_INLINE void give(void *end, unsigned worker, const struct balancer_item *item)
{
    mcapi_status_t status;

    (void)end;
    mcapi_pktchan_send(own.items_out[worker], (void *)item, sizeof(*item), &status);
    ends_check(status, "mcapi_pktchan_send");
}

BENCH_INLINE uint32_t collect(void *end, unsigned worker)
{
    mcapi_status_t status;
    uint32_t count;

    (void)end;
    count = mcapi_sclchan_recv_uint32(own.counts_in[worker], &status);
    ends_check(status, "mcapi_sclchan_recv_uint32");
    return count;
}

BENCH_INLINE void take(void *end, struct balancer_item *item)
{
    mcapi_status_t status;
    void *packet;
    size_t size;

    (void)end;
    mcapi_pktchan_recv(own.items_in, &packet, &size, &status);
    ends_check(status, "mcapi_pktchan_recv");
    *item = *(const struct balancer_item *)packet;
    mcapi_pktchan_release(packet, &status);
    ends_check(status, "mcapi_pktchan_release");
}

BENCH_INLINE void acknowledge(void *end, uint32_t count)
{
    mcapi_status_t status;

    (void)end;
    mcapi_sclchan_send_uint32(own.counts_out, count, &status);
    ends_check(status, "mcapi_sclchan_send_uint32");
}

BALANCER_PART(part, open_end, ends_close, give, collect, take, acknowledge)

#define ENTRY(WORKLOAD, WORKERS)                                                        \
    {                                                                                   \
        .workload = WORKLOAD, .subject = "mcapi", .mode = "workers-" #WORKERS,          \
        .size = BALANCER_SIZE, .parties = WORKERS + 1, .prepare = prepare, .part = part \
    }

const struct entry entries_mcapi_balancer[] = {
    ENTRY("balancer", 1),        ENTRY("balancer", 2),        ENTRY("balancer", 4),
    ENTRY("balancer", 8),        ENTRY("growth-workers", 1),  ENTRY("growth-workers", 4),
    ENTRY("growth-workers", 16), ENTRY("growth-workers", 64), { .workload = NULL },
};
