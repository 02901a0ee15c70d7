/* SPDX-License-Identifier: MIT */
/*
 * distribution.c - the modes burst and single: a distributor has the workers.
 *
 *   item -> slot -> batch -> distributor ... worker ... distributor -> statistics, sink
 *
 * Items are handed over in batches: when one is full, when there is no more input for the
 * moment, and when it is time to look after other things. An item stays in its slot until it is
 * back, so a dead worker's items are there to be given to others, which the distributor does.
 */
#include "load_balancer/distribution.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load_balancer/ack.h"
#include "load_balancer/channels.h"
#include "load_balancer/mode.h"
#include "load_balancer/server/link.h"
#include "load_balancer/signals.h"
#include "worker/clock.h"

enum {
    /* One in so many items carries the time at which it was made. */
    TIMED_EVERY = 64,

    CAPACITY_LEAST = 512,
    CAPACITY_MOST = 1 << 20,

    /* What a parcel of the distributor takes beside its items. */
    PARCEL_HEAD = 320,
    BUFFERS = LINK_DEPTH, /* more than a distributor's channels have */

    /* While input may come, what comes from workers is waited for in steps of this. */
    STEP_MS = 5,

    GUEST_CHANNELS = 16,

    /* A request waits behind another one's work for no longer than this: far more than most
     * take, and nothing that a client would notice. */
    REQUEST_SLOW_US = 200,
};

/* --- Memory --------------------------------------------------------------------------- */

/* As many items as can be out, and those that --on-busy queue=N lets wait. */
static uint32_t capacity_of(const struct config *config)
{
    uint64_t capacity = (uint64_t)config->window * config->workers + config->queue_limit;

    return capacity < CAPACITY_LEAST ? CAPACITY_LEAST
         : capacity > CAPACITY_MOST  ? CAPACITY_MOST
                                     : (uint32_t)capacity;
}

static bool open_distribution(struct balancer *balancer)
{
    struct distribution *distribution = calloc(1, sizeof(*distribution));

    balancer->distribution = distribution;
    if (distribution == NULL)
        return false;
    distribution->capacity = capacity_of(balancer->config);
    distribution->take = returns_take_packet;
    return slots_open(&distribution->slots, distribution->capacity + DISTRIBUTION_BATCH)
        && crew_open(&distribution->crew, balancer->config, &balancer->stats);
}

static void close_distribution(struct balancer *balancer)
{
    struct distribution *distribution = balancer->distribution;

    if (distribution == NULL)
        return;
    crew_close(&distribution->crew);
    slots_close(&distribution->slots);
    free(distribution);
}

/* --- Beginning ------------------------------------------------------------------------ */

static void ask(const struct config *config, mcapi_param_t *parameters)
{
    uint32_t loops = server_options_used(&config->network) ? config->network.settings.loops : 0;

    parameters->max_buffers = BUFFERS;
    parameters->max_pkt_size += PARCEL_HEAD;
    parameters->max_channels = 2 * (config->workers + loops) + GUEST_CHANNELS;
    parameters->max_endpoints = 2 * (config->workers + loops) + MCAPI_MAX_ENDPOINTS;
    parameters->max_nodes += loops;
}

static bool fits(struct balancer *balancer, const impl_info_t *limits,
                 char reason[CONFIG_REASON_SIZE])
{
    uint32_t head = PARCEL_HEAD + (uint32_t)sizeof(struct item);
    uint32_t least = head + 2048;

    if (limits->max_pkt_size < least) {
        snprintf(reason, CONFIG_REASON_SIZE,
                 "topology '%.64s', which other programs use too, carries packets of %u bytes "
                 "at most, and --mode %s needs %u; choose another --topology",
                 limits->topology, limits->max_pkt_size,
                 config_mode_name(balancer->config->mode), least);
        return false;
    }
    balancer->bytes_max = ITEM_BYTES_MAX;
    if (limits->max_pkt_size < head + ITEM_BYTES_MAX)
        balancer->bytes_max = limits->max_pkt_size - head;
    return true;
}

static bool start(struct balancer *balancer, char reason[CONFIG_REASON_SIZE])
{
    const struct config *config = balancer->config;
    struct distribution *distribution = balancer->distribution;
    const struct distributor_settings settings = {
        .max_size = (uint32_t)sizeof(struct item) + balancer->bytes_max,
        .window = config->window,
        .capacity = distribution->capacity,
        .deaths_max = config->on_death == ON_DEATH_STOP ? 1 : ACK_BLAME_MAX,
        .weigh = crew_weigh,
        .context = &distribution->crew,
        .slow_us = server_options_used(&config->network) ? REQUEST_SLOW_US : 0,
    };
    char name[MCAPI_MAX_STATUS_SIZE];
    mcapi_status_t status;

    distribution->distributor = distributor_create(
            ITEM_PORT_DISTRIBUTOR, config->workers,
            config->mode == MODE_SINGLE ? DISTRIBUTOR_SINGLE : DISTRIBUTOR_BURST, &settings,
            &status);
    if (distribution->distributor == NULL) {
        snprintf(reason, CONFIG_REASON_SIZE, "cannot create the distributor: %s",
                 mcapi_display_status(status, name, sizeof(name)));
        return false;
    }
    if (crew_begin(balancer, reason))
        return true;
    crew_kill(&distribution->crew);
    distributor_destroy(distribution->distributor, &status);
    return false;
}

/* --- Handing over --------------------------------------------------------------------- */

static void drop_batch(struct balancer *balancer)
{
    struct distribution *distribution = balancer->distribution;

    for (uint32_t i = 0; i < distribution->batch_count; i++) {
        uint32_t slot = (uint32_t)distribution->batch[i].cookie;

        balancer->stats.dropped++;
        balancer->stats.dropped_bytes += distribution->slots.all[slot].item->captured;
        slots_give_back(&distribution->slots, slot);
    }
    distribution->batch_count = 0;
}

/* Hands over what there is room for, and takes what has come back. */
bool distribution_hand_over(struct balancer *balancer)
{
    struct distribution *distribution = balancer->distribution;
    mcapi_status_t status;
    uint32_t count;

    if (distribution->batch_count == 0)
        return returns_take(balancer);
    count = (uint32_t)distributor_process(distribution->distributor, distribution->batch,
                                          distribution->batch_count, &status);
    distribution->out += count;
    distribution->batch_count -= count;
    if (distribution->batch_count > 0)
        memmove(distribution->batch, distribution->batch + count,
                distribution->batch_count * sizeof(distribution->batch[0]));
    return returns_take(balancer);
}

/* Sleeps until something comes back, or there is room, or the time is over. */
static void await_workers(struct balancer *balancer, uint32_t what, mcapi_timeout_t timeout_ms)
{
    mcapi_status_t status;

    distributor_wait(balancer->distribution->distributor, what, timeout_ms, &status);
}

/* Whether what there is no room for is dropped. */
static bool drops(const struct config *config)
{
    return config->on_busy == ON_BUSY_DROP || config->queue_drops;
}

/* Hands over all of the batch, or drops it. */
static bool flush_batch(struct balancer *balancer)
{
    struct distribution *distribution = balancer->distribution;

    for (;;) {
        if (!distribution_hand_over(balancer))
            return false;
        if (distribution->batch_count == 0)
            return true;
        if (drops(balancer->config)) {
            drop_batch(balancer);
            return true;
        }
        await_workers(balancer, DISTRIBUTOR_RETURNS | DISTRIBUTOR_ROOM, CHANNELS_PATIENCE_MS);
        if (!balancer_tick(balancer))
            return false;
    }
}

/* --- An item -------------------------------------------------------------------------- */

static inline uint64_t time_to_send(struct balancer *balancer)
{
    if (balancer->number % TIMED_EVERY != 0)
        return 0;
    balancer->now_ns = clock_ns();
    return balancer->now_ns;
}

/* Makes the item in hand, in its slot. */
static void make_item(struct balancer *balancer, struct item *item)
{
    const struct packet *packet = balancer->packet;
    const struct flow *flow = &balancer->flow;

    *item = (struct item){
        .number = balancer->number,
        .time_ns = packet->time_ns,
        .sent_ns = time_to_send(balancer),
        .tag = flow->tag,
        .captured = packet->captured,
        .original = packet->original,
        .payload_offset = flow->payload_offset,
        .link_type = (uint16_t)packet->link_type,
        .kind = ITEM_PACKET,
        .network_offset = flow->network_offset,
        .ip_version = flow->ip_version,
        .protocol = flow->protocol,
    };
    memcpy(item + 1, packet->bytes, packet->captured);
}

/* Under least-loaded every item is a flow of its own. */
static uint32_t tag_of(const struct balancer *balancer)
{
    return balancer->config->policy == POLICY_TAG ? balancer->flow.tag
                                                  : (uint32_t)balancer->number;
}

static bool send_item(struct balancer *balancer)
{
    struct distribution *distribution = balancer->distribution;
    const struct packet *packet = balancer->packet;
    struct item *item;
    uint32_t slot;

    if (!slots_take(&distribution->slots, packet->captured, &slot)) {
        balancer_complain(balancer, "there is no memory to keep an item of %u bytes",
                          packet->captured);
        return false;
    }
    item = distribution->slots.all[slot].item;
    make_item(balancer, item);
    distribution->batch[distribution->batch_count++] = (struct distributor_item){
        .bytes = item,
        .size = (uint32_t)sizeof(*item) + packet->captured,
        .tag = tag_of(balancer),
        .cookie = slot,
        .flags = DISTRIBUTOR_KEPT,
    };
    return distribution->batch_count < DISTRIBUTION_BATCH || flush_batch(balancer);
}

/* --- Beside the input ----------------------------------------------------------------- */

static bool has_chores(const struct balancer *balancer)
{
    const struct distribution *distribution = balancer->distribution;

    return distribution->out > 0 || distribution->batch_count > 0
        || distribution->crew.starting > 0 || balancer->sink.behind
        || crew_may_shrink(balancer);
}

static bool do_chores(struct balancer *balancer)
{
    return balancer->distribution->crew.starting == 0 || crew_look_after(balancer);
}

/* There is no input for the moment: what has not been handed over is now, and what is back goes
 * to the sink. The wait is for what is out already. */
static bool wait_for_workers(struct balancer *balancer, mcapi_timeout_t timeout_ms)
{
    if (!flush_batch(balancer) || !returns_flush(balancer))
        return false;
    if (balancer->distribution->out > 0 || balancer->distribution->crew.starting > 0
        || crew_may_shrink(balancer))
        await_workers(balancer, DISTRIBUTOR_RETURNS,
                      timeout_ms < STEP_MS ? timeout_ms : STEP_MS);
    return returns_take(balancer);
}

static bool tick(struct balancer *balancer)
{
    if (signals_child_ended() && !crew_look_for_deaths(balancer))
        return false;
    return crew_look_after(balancer) && crew_adapt(balancer)
        && distribution_hand_over(balancer);
}

/* --- Ending --------------------------------------------------------------------------- */

/* Whether something is out that somebody can still bring back. */
static bool can_drain(const struct balancer *balancer)
{
    const struct distribution *distribution = balancer->distribution;

    return (distribution->out > 0 || distribution->batch_count > 0)
        && distribution->crew.at_work > 0 && signals_stops() < 2;
}

static void drain(struct balancer *balancer)
{
    while (can_drain(balancer)) {
        distribution_hand_over(balancer);
        if (!can_drain(balancer))
            break;
        await_workers(balancer, DISTRIBUTOR_RETURNS, CHANNELS_PATIENCE_MS);
        balancer_tick(balancer);
    }
}

static void note_totals(struct balancer *balancer)
{
    struct distributor_stats stats;
    mcapi_status_t status;

    distributor_stats(balancer->distribution->distributor, &stats, &status);
    if (status == MCAPI_SUCCESS)
        balancer->stats.resent = stats.given_again;
}

static void finish(struct balancer *balancer)
{
    struct distribution *distribution = balancer->distribution;
    struct stats *stats = &balancer->stats;
    mcapi_status_t status;

    drain(balancer);
    stats->ended_ns = stats->began_ns == 0 ? 0 : clock_ns();
    note_totals(balancer);
    if (distribution->out > 0 || distribution->batch_count > 0)
        stats->failed = true;
    for (uint32_t i = 0; i < stats->worker_count; i++)
        stats->workers[i].reported = true;
    crew_call_off(&distribution->crew);
    distributor_destroy(distribution->distributor, &status);
    if (signals_stops() < 2)
        crew_see_off(balancer);
}

static void stop(struct balancer *balancer)
{
    crew_kill(&balancer->distribution->crew);
}

const struct mode mode_distribution = {
    .open = open_distribution,
    .ask = ask,
    .fits = fits,
    .start = start,
    .item = send_item,
    .has_chores = has_chores,
    .chores = do_chores,
    .wait = wait_for_workers,
    .tick = tick,
    .finish = finish,
    .stop = stop,
    .close = close_distribution,
};
