/* SPDX-License-Identifier: MIT */
/*
 * window.c - the mode window: each worker has channels of its own, and so many items out.
 */
#include "load_balancer/window.h"

#include <stdio.h>
#include <stdlib.h>

#include "load_balancer/balancer.h"
#include "load_balancer/collect.h"
#include "load_balancer/deaths.h"
#include "load_balancer/dispatch.h"
#include "load_balancer/mode.h"
#include "load_balancer/replies.h"
#include "load_balancer/signals.h"
#include "worker/report.h"

enum {
    /* Other nodes, and their channels, that may join the topology that we create. */
    GUEST_CHANNELS = 16,
};

/* --- Beginning ------------------------------------------------------------------------- */

/* Items wait for each other only where the next one is there already; and for half as many as
 * are acknowledged together, so that a worker has others to do meanwhile. */
static uint32_t burst_for(const struct config *config, const struct source *source)
{
    uint32_t burst = item_ack_every(config->window) / 2;

    if (!source->prompt || config->pace == PACE_AS_RECORDED || burst == 0)
        return 1;
    return burst < BALANCER_BURST_MAX ? burst : BALANCER_BURST_MAX;
}

static bool open_window(struct balancer *balancer)
{
    const struct config *config = balancer->config;

    balancer->burst = burst_for(config, balancer->source);
    balancer->ends = calloc(2 * config->workers, sizeof(*balancer->ends));
    balancer->end_workers = calloc(2 * config->workers, sizeof(*balancer->end_workers));
    return balancer->ends != NULL && balancer->end_workers != NULL
        && workers_open(&balancer->workers, config, &balancer->stats)
        && queue_open(&balancer->queue, config->queue_limit);
}

static void close_window(struct balancer *balancer)
{
    homeless_close(&balancer->homeless);
    queue_close(&balancer->queue);
    workers_close(&balancer->workers);
    free(balancer->end_workers);
    free(balancer->ends);
}

static void ask(const struct config *config, mcapi_param_t *parameters)
{
    /* The last item, or the question for a report, and one in the worker's hand. */
    parameters->max_buffers = config->window + 2;
    parameters->max_channels = 3 * config->workers + GUEST_CHANNELS;
    parameters->max_endpoints = 3 * config->workers + MCAPI_MAX_ENDPOINTS;
}

static bool fits(struct balancer *balancer, const impl_info_t *limits,
                 char reason[CONFIG_REASON_SIZE])
{
    if (limits->max_buffers < balancer->config->window + 2) {
        snprintf(reason, CONFIG_REASON_SIZE,
                 "--window '%u': topology '%.64s', which other programs use too, has channels "
                 "for "
                 "%u packets: the window can be %u at most; choose that, or another --topology",
                 balancer->config->window, limits->topology, limits->max_buffers,
                 limits->max_buffers < 3 ? 0 : limits->max_buffers - 2);
        return false;
    }
    if (limits->max_pkt_size < REPORT_PACKET_LEAST) {
        snprintf(reason, CONFIG_REASON_SIZE,
                 "topology '%.64s', which other programs use too, carries packets of %u bytes "
                 "at "
                 "most, and workers report in packets of %u; choose another --topology",
                 limits->topology, limits->max_pkt_size, (unsigned)REPORT_PACKET_LEAST);
        return false;
    }
    balancer->bytes_max = ITEM_BYTES_MAX;
    if (limits->max_pkt_size < sizeof(struct item) + ITEM_BYTES_MAX)
        balancer->bytes_max = limits->max_pkt_size - (uint32_t)sizeof(struct item);
    return true;
}

static bool start(struct balancer *balancer, char reason[CONFIG_REASON_SIZE])
{
    if (workers_begin(&balancer->workers, balancer->config, reason)
        && deaths_start_all(balancer, reason)) {
        window_watch(balancer);
        return true;
    }
    workers_kill(&balancer->workers);
    return false;
}

/* --- What is due ----------------------------------------------------------------------- */

static void watch_end(struct balancer *balancer, struct worker *worker, mcapi_endpoint_t end)
{
    balancer->ends[balancer->end_count] = end;
    balancer->end_workers[balancer->end_count++] = worker;
}

void window_watch(struct balancer *balancer)
{
    balancer->end_count = 0;
    for (uint32_t i = 0; i < balancer->workers.count; i++) {
        struct worker *worker = &balancer->workers.all[i];

        if (worker->state != WORKER_READY)
            continue;
        watch_end(balancer, worker, worker->channels.acks);
        watch_end(balancer, worker, worker->channels.results);
    }
}

static bool bury_the_dead(struct balancer *balancer)
{
    for (uint32_t i = 0; i < balancer->workers.count; i++) {
        struct worker *worker = &balancer->workers.all[i];

        if (worker->state == WORKER_READY && process_wait(&worker->process, 0)
            && !deaths_lose(balancer, worker, MCAPI_SUCCESS))
            return false;
    }
    return true;
}

/* So that what is kept of a worker can be forgotten, and it never waits for us to hear of it.
 */
static bool take_reports(struct balancer *balancer)
{
    for (uint32_t i = 0; i < balancer->workers.count; i++) {
        struct worker *worker = &balancer->workers.all[i];
        mcapi_status_t status;

        if (worker->state != WORKER_READY)
            continue;
        status = replies_take_reports(balancer, worker);
        if (status != MCAPI_SUCCESS && !deaths_lose(balancer, worker, status))
            return false;
    }
    return true;
}

static bool tick(struct balancer *balancer)
{
    if (signals_child_ended() && !bury_the_dead(balancer))
        return false;
    if (balancer->workers.troubled > 0 && !deaths_look_after(balancer))
        return false;
    return take_reports(balancer);
}

/* --- Ending ---------------------------------------------------------------------------- */

static void stop(struct balancer *balancer)
{
    workers_kill(&balancer->workers);
}

const struct mode mode_window = {
    .open = open_window,
    .ask = ask,
    .fits = fits,
    .start = start,
    .item = dispatch_item,
    .has_chores = dispatch_has_chores,
    .chores = dispatch_chores,
    .wait = dispatch_wait,
    .tick = tick,
    .finish = collect_all,
    .stop = stop,
    .close = close_window,
};
