/* SPDX-License-Identifier: MIT */
/*
 * balancer.c - the loop: source, tag, item, worker; then the end, in order.
 */
#include "load_balancer/balancer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mcapi_ext.h>

#include "load_balancer/collect.h"
#include "load_balancer/deaths.h"
#include "load_balancer/dispatch.h"
#include "load_balancer/replies.h"
#include "load_balancer/signals.h"
#include "worker/clock.h"
#include "worker/report.h"

enum {
    /* While items wait, their workers are looked at after so many others. */
    LOOK_EVERY = 16,

    /* The clock is read every so many items, more or fewer as it takes to read it each few
     * milliseconds; and reports are looked for, so that what is kept stays in the caches. */
    TICK_ITEMS_MAX = 1024,

    /* Other nodes, and their channels, that may join the topology that we create. */
    GUEST_NODES = 14,
    GUEST_CHANNELS = 16,
};

static const uint64_t tick_least_ns = 5 * NS_PER_MS;
static const uint64_t tick_most_ns = 20 * NS_PER_MS;

/* --- Saying ----------------------------------------------------------------------- */

static void say(struct balancer *balancer, const char *format, va_list arguments)
{
    progress_clear(&balancer->progress);
    fputs("load_balancer: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void balancer_say(struct balancer *balancer, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(balancer, format, arguments);
    va_end(arguments);
}

void balancer_complain(struct balancer *balancer, const char *format, ...)
{
    va_list arguments;

    balancer->stats.failed = true;
    va_start(arguments, format);
    say(balancer, format, arguments);
    va_end(arguments);
}

/* --- Looking after what is due ------------------------------------------------------ */

static void watch_end(struct balancer *balancer, struct worker *worker, mcapi_endpoint_t end)
{
    balancer->ends[balancer->end_count] = end;
    balancer->end_workers[balancer->end_count++] = worker;
}

void balancer_watch(struct balancer *balancer)
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

static struct progress_share share_done(const struct balancer *balancer)
{
    uint64_t expected = source_expected(balancer->source);
    struct progress_share done = { .known = expected > 0 };

    if (done.known)
        done.share = (double)balancer->number / (double)expected;
    else
        done.known = source_progress(balancer->source, &done.share);
    return done;
}

bool balancer_tick(struct balancer *balancer)
{
    balancer->now_ns = clock_ns();
    if (progress_due(&balancer->progress, balancer->now_ns))
        progress_draw(&balancer->progress, &balancer->stats, share_done(balancer),
                      balancer->now_ns);
    if (signals_stops() >= 2)
        return false;
    if (signals_child_ended() && !bury_the_dead(balancer))
        return false;
    if (balancer->workers.troubled > 0 && !deaths_look_after(balancer))
        return false;
    return take_reports(balancer);
}

/* After `tick_every` items; then sets anew how many that are. */
static bool tick(struct balancer *balancer, uint64_t last_tick_ns)
{
    bool good = balancer_tick(balancer);
    uint64_t elapsed_ns = balancer->now_ns - last_tick_ns;

    if (elapsed_ns < tick_least_ns && balancer->tick_every < TICK_ITEMS_MAX)
        balancer->tick_every *= 2;
    else if (elapsed_ns > tick_most_ns && balancer->tick_every > 1)
        balancer->tick_every /= 2;
    balancer->tick_at = balancer->number + balancer->tick_every;
    return good;
}

/* --- Taking input ------------------------------------------------------------------ */

/* Waits until a packet is due, looking after items that wait meanwhile. False: a worker was
 * lost. */
static bool await_time(struct balancer *balancer, const struct packet *packet)
{
    uint64_t due_ns;

    if (balancer->paced_from_ns == 0 || packet->time_ns < balancer->recorded_from_ns) {
        balancer->paced_from_ns = clock_ns();
        balancer->recorded_from_ns = packet->time_ns;
    }
    due_ns = balancer->paced_from_ns + (packet->time_ns - balancer->recorded_from_ns);
    while (signals_stops() == 0) {
        uint64_t pause_ns;

        if (!balancer_tick(balancer))
            return false;
        if (balancer->now_ns >= due_ns)
            return true;
        pause_ns = due_ns - balancer->now_ns;
        if (balancer->progress.wanted && pause_ns > 100 * NS_PER_MS)
            pause_ns = 100 * NS_PER_MS;
        if (!dispatch_has_chores(balancer) || pause_ns < NS_PER_MS)
            signals_sleep(balancer->now_ns + pause_ns);
        else if (!dispatch_wait(balancer, pause_ns > 100 * NS_PER_MS
                                                  ? CHANNELS_PATIENCE_MS
                                                  : (mcapi_timeout_t)(pause_ns / NS_PER_MS)))
            return false;
    }
    return true;
}

static void say_unparsed(struct balancer *balancer, const struct packet *packet)
{
    if (balancer->unparsed_said)
        return;
    balancer->unparsed_said = true;
    balancer_say(
            balancer,
            "packets of link type %u cannot be parsed: their flows are told apart by their "
            "first %d bytes",
            packet->link_type, FLOW_BYTES);
}

static bool handle_packet(struct balancer *balancer, const struct packet *packet)
{
    if (balancer->config->pace == PACE_AS_RECORDED) {
        if (!await_time(balancer, packet))
            return false;
        if (signals_stops() > 0)
            return true; /* it came too late to be input */
    }
    balancer->stats.input++;
    if (packet->captured > balancer->bytes_max) {
        balancer_complain(
                balancer,
                "packet %llu has %u bytes, and topology '%s' carries at most %u in one "
                "piece; choose another --topology",
                (unsigned long long)balancer->stats.input, packet->captured,
                balancer->stats.topology, balancer->bytes_max);
        return false;
    }
    if (balancer->stats.began_ns == 0)
        balancer->stats.began_ns = balancer->now_ns = clock_ns();
    if (!flow_of_packet(packet, &balancer->flow))
        say_unparsed(balancer, packet);
    balancer->packet = packet;
    if (!dispatch_item(balancer))
        return false;
    balancer->number++;
    return true;
}

/* Items wait, or workers are starting: gets on with that, and sees to it that the source does
 * not keep us from doing so when it has nothing. */
static bool do_chores(struct balancer *balancer)
{
    source_interrupt(balancer->source);
    return balancer->number % LOOK_EVERY != 0 || dispatch_chores(balancer);
}

/* Until the end of the input, or a signal. False: something failed, and was said. */
static bool take_input(struct balancer *balancer)
{
    struct packet packet;
    uint64_t last_tick_ns = clock_ns();

    while (signals_stops() == 0) {
        if (balancer->number >= balancer->tick_at || signals_child_may_have_ended()) {
            if (!tick(balancer, last_tick_ns))
                return false;
            last_tick_ns = balancer->now_ns;
        }
        if (dispatch_has_chores(balancer) && !do_chores(balancer))
            return false;
        switch (source_next(balancer->source, &packet)) {
        case SOURCE_PACKET:
            if (!handle_packet(balancer, &packet))
                return false;
            break;
        case SOURCE_END:
            balancer->stats.note = source_reason(balancer->source);
            return true;
        case SOURCE_INTERRUPTED:
            if (!balancer_tick(balancer))
                return false;
            if (dispatch_has_chores(balancer)
                && !(dispatch_chores(balancer)
                     && dispatch_wait(balancer, CHANNELS_PATIENCE_MS)))
                return false;
            break;
        case SOURCE_FAILED:
            balancer_complain(balancer, "%s", source_reason(balancer->source));
            return false;
        }
    }
    return true;
}

/* --- A run ------------------------------------------------------------------------- */

/* Items wait for each other only where the next one is there already; and for half as many as
 * are acknowledged together, so that a worker has others to do meanwhile. */
static uint32_t burst_for(const struct config *config, const struct source *source)
{
    uint32_t burst = item_ack_every(config->window) / 2;

    if (!source->prompt || config->pace == PACE_AS_RECORDED || burst == 0)
        return 1;
    return burst < BALANCER_BURST_MAX ? burst : BALANCER_BURST_MAX;
}

bool balancer_open(struct balancer *balancer, const struct config *config,
                   struct source *source, char reason[CONFIG_REASON_SIZE])
{
    *balancer = (struct balancer){
        .config = config,
        .source = source,
        .tick_every = 1,
        .burst = burst_for(config, source),
        .scratch = malloc(sizeof(struct item) + ITEM_BYTES_MAX),
        .ends = calloc(2 * config->workers, sizeof(*balancer->ends)),
        .end_workers = calloc(2 * config->workers, sizeof(*balancer->end_workers)),
    };
    progress_open(&balancer->progress, config->quiet);
    if (!quarantine_open(&balancer->quarantine, config->quarantine, config->source, reason)) {
        balancer_close(balancer);
        return false;
    }
    if (balancer->scratch != NULL && balancer->ends != NULL && balancer->end_workers != NULL
        && stats_open(&balancer->stats, config)
        && workers_open(&balancer->workers, config, &balancer->stats)
        && queue_open(&balancer->queue, config->queue_limit))
        return true;
    snprintf(reason, CONFIG_REASON_SIZE, "there is not enough memory to begin");
    balancer_close(balancer);
    return false;
}

void balancer_close(struct balancer *balancer)
{
    quarantine_close(&balancer->quarantine);
    homeless_close(&balancer->homeless);
    queue_close(&balancer->queue);
    workers_close(&balancer->workers);
    stats_close(&balancer->stats);
    free(balancer->end_workers);
    free(balancer->ends);
    free(balancer->scratch);
}

/* The workers learn both from the environment. */
static bool set_environment(const struct config *config)
{
    static const char *const words[] = {
        [MCAPI_EXT_WAIT_ADAPTIVE] = "adaptive",
        [MCAPI_EXT_WAIT_SPIN] = "spin",
        [MCAPI_EXT_WAIT_SLEEP] = "sleep",
    };

    return (config->topology == NULL || setenv("MCAPI_TOPOLOGY", config->topology, 1) == 0)
        && (config->wait == MCAPI_EXT_WAIT_DEFAULT
            || setenv("MCAPI_WAIT", words[config->wait], 1) == 0);
}

static void say_not_joined(const struct config *config, mcapi_status_t status,
                           char reason[CONFIG_REASON_SIZE])
{
    const char *topology = getenv("MCAPI_TOPOLOGY");
    char name[MCAPI_MAX_STATUS_SIZE];

    if (topology == NULL || *topology == '\0')
        topology = "default";
    if (status == MCAPI_ERR_NODE_INITIALIZED)
        snprintf(reason, CONFIG_REASON_SIZE,
                 "topology '%.64s' has a load balancer already (node 0 of domain %u); choose "
                 "another --topology",
                 topology, config->domain);
    else if (status == MCAPI_ERR_NODE_INITFAILED)
        reason[0] = '\0'; /* the library itself has said why on stderr */
    else
        snprintf(reason, CONFIG_REASON_SIZE, "cannot join topology '%.64s': %s", topology,
                 mcapi_display_status(status, name, sizeof(name)));
}

static bool join(struct balancer *balancer, mcapi_info_t *info, char reason[CONFIG_REASON_SIZE])
{
    const struct config *config = balancer->config;
    mcapi_param_t parameters;
    mcapi_status_t status;

    if (!set_environment(config)) {
        snprintf(reason, CONFIG_REASON_SIZE, "there is not enough memory to begin");
        return false;
    }
    mcapi_param_init(&parameters);
    parameters.max_pkt_size = sizeof(struct item) + ITEM_BYTES_MAX;
    /* The last item, or the question for a report, and one in the worker's hand. */
    parameters.max_buffers = config->window + 2;
    parameters.max_endpoints = 3 * config->workers + MCAPI_MAX_ENDPOINTS;
    parameters.max_nodes = config->workers + 1 + GUEST_NODES;
    parameters.max_channels = 3 * config->workers + GUEST_CHANNELS;
    mcapi_initialize(config->domain, 0, NULL, &parameters, info, &status);
    if (status == MCAPI_SUCCESS)
        return true;
    say_not_joined(config, status, reason);
    return false;
}

/* A topology that was there before us has limits of its own. */
static bool check_limits(struct balancer *balancer, const impl_info_t *limits,
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

bool balancer_start(struct balancer *balancer, char reason[CONFIG_REASON_SIZE])
{
    mcapi_info_t info;
    mcapi_status_t status;

    if (!join(balancer, &info, reason))
        return false;
    snprintf(balancer->topology, sizeof(balancer->topology), "%s", info.impl_info.topology);
    balancer->stats.topology = balancer->topology;
    if (check_limits(balancer, &info.impl_info, reason)
        && workers_begin(&balancer->workers, balancer->config, reason)
        && deaths_start_all(balancer, reason)) {
        balancer_watch(balancer);
        return true;
    }
    workers_kill(&balancer->workers);
    mcapi_finalize(&status);
    return false;
}

bool balancer_run(struct balancer *balancer)
{
    struct stats *stats = &balancer->stats;

    take_input(balancer);
    collect_all(balancer);
    progress_clear(&balancer->progress);
    if (!quarantine_close(&balancer->quarantine))
        balancer_complain(balancer, "cannot write --quarantine '%.200s': %s",
                          balancer->config->quarantine, strerror(errno));
    if (stats->failed) {
        uint64_t sent = 0;

        for (uint32_t i = 0; i < stats->worker_count; i++)
            sent += stats->workers[i].items;
        stats->unsent = stats->input - stats->dropped - stats->quarantined - sent;
    }
    return signals_stops() < 2;
}

void balancer_stop(struct balancer *balancer)
{
    mcapi_status_t status;
    char name[MCAPI_MAX_STATUS_SIZE];

    workers_kill(&balancer->workers);
    mcapi_finalize(&status);
    if (status != MCAPI_SUCCESS)
        balancer_complain(balancer, "cannot leave the topology: %s",
                          mcapi_display_status(status, name, sizeof(name)));
}
