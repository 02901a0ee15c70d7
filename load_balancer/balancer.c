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

#include "load_balancer/channels.h"
#include "load_balancer/signals.h"
#include "worker/clock.h"

enum {
    /* While items wait, their workers are looked at after so many others. */
    LOOK_EVERY = 16,

    /* The clock is read every so many items, more or fewer as it takes to read it each few
     * milliseconds; and reports are looked for, so that what is kept stays in the caches. */
    TICK_ITEMS_MAX = 1024,

    /* Other nodes that may join the topology that we create. */
    GUEST_NODES = 14,
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

static struct progress_share share_done(const struct balancer *balancer)
{
    struct progress_share done = { .known = false };
    uint64_t expected;

    if (balancer->source == NULL) /* a server, which has no end to be near to */
        return done;
    expected = source_expected(balancer->source);
    done.known = expected > 0;
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
    return balancer->mode->tick(balancer);
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
        if (!balancer->mode->has_chores(balancer) || pause_ns < NS_PER_MS)
            signals_sleep(balancer->now_ns + pause_ns);
        else if (!balancer->mode->wait(balancer,
                                       pause_ns > 100 * NS_PER_MS
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
    if (!balancer->mode->item(balancer))
        return false;
    balancer->number++;
    return true;
}

/* Items wait, or workers are starting: gets on with that, and sees to it that the source does
 * not keep us from doing so when it has nothing. */
static bool do_chores(struct balancer *balancer)
{
    if (!balancer->interrupted)
        source_interrupt(balancer->source);
    balancer->interrupted = true;
    return balancer->number % LOOK_EVERY != 0 || balancer->mode->chores(balancer);
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
        if (balancer->mode->has_chores(balancer) && !do_chores(balancer))
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
            balancer->interrupted = false;
            if (!balancer_tick(balancer))
                return false;
            if (balancer->mode->has_chores(balancer)
                && !(balancer->mode->chores(balancer)
                     && balancer->mode->wait(balancer, CHANNELS_PATIENCE_MS)))
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

bool balancer_open(struct balancer *balancer, const struct config *config,
                   struct source *source, char reason[CONFIG_REASON_SIZE])
{
    *balancer = (struct balancer){
        .config = config,
        .source = source,
        .tick_every = 1,
        .mode = mode_of(config),
        .scratch = malloc(sizeof(struct item) + ITEM_BYTES_MAX),
    };
    progress_open(&balancer->progress, config->quiet);
    if (!capture_file_open(&balancer->quarantine, "--quarantine", config->quarantine, true,
                           config->source, reason)
        || !capture_file_open(&balancer->sink, "--sink", config->sink, false, config->source,
                              reason)) {
        balancer_close(balancer);
        return false;
    }
    if (balancer->scratch != NULL && stats_open(&balancer->stats, config)
        && balancer->mode->open(balancer))
        return true;
    snprintf(reason, CONFIG_REASON_SIZE, "there is not enough memory to begin");
    balancer_close(balancer);
    return false;
}

void balancer_close(struct balancer *balancer)
{
    capture_file_close(&balancer->sink);
    capture_file_close(&balancer->quarantine);
    balancer->mode->close(balancer);
    stats_close(&balancer->stats);
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
    parameters.max_nodes = config->workers + 1 + GUEST_NODES;
    balancer->mode->ask(config, &parameters);
    mcapi_initialize(config->domain, 0, NULL, &parameters, info, &status);
    if (status == MCAPI_SUCCESS)
        return true;
    say_not_joined(config, status, reason);
    return false;
}

bool balancer_start(struct balancer *balancer, char reason[CONFIG_REASON_SIZE])
{
    mcapi_info_t info;
    mcapi_status_t status;

    if (!join(balancer, &info, reason))
        return false;
    snprintf(balancer->topology, sizeof(balancer->topology), "%s", info.impl_info.topology);
    balancer->stats.topology = balancer->topology;
    if (balancer->mode->fits(balancer, &info.impl_info, reason)
        && balancer->mode->start(balancer, reason))
        return true;
    mcapi_finalize(&status);
    return false;
}

static void close_capture(struct balancer *balancer, struct capture_file *capture)
{
    struct capture_file what = *capture;

    if (what.others > 0)
        balancer_complain(balancer,
                          "%s '%.200s': %llu packets are not in it: they are of another link "
                          "type than the first",
                          what.option, what.path, (unsigned long long)what.others);
    if (!capture_file_close(capture))
        balancer_complain(balancer, "cannot write %s '%.200s': %s", what.option, what.path,
                          strerror(errno));
}

bool balancer_run(struct balancer *balancer)
{
    struct stats *stats = &balancer->stats;

    take_input(balancer);
    balancer->mode->finish(balancer);
    progress_clear(&balancer->progress);
    close_capture(balancer, &balancer->quarantine);
    close_capture(balancer, &balancer->sink);
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

    balancer->mode->stop(balancer);
    mcapi_finalize(&status);
    if (status != MCAPI_SUCCESS)
        balancer_complain(balancer, "cannot leave the topology: %s",
                          mcapi_display_status(status, name, sizeof(name)));
}
