/* SPDX-License-Identifier: MIT */
/*
 * deaths.c - what happens when a worker dies.
 */
#include "load_balancer/deaths.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "load_balancer/dispatch.h"
#include "load_balancer/flow.h"
#include "load_balancer/replies.h"
#include "load_balancer/signals.h"
#include "load_balancer/window.h"
#include "worker/clock.h"

/* Pauses before the next start: none after the first death in vain, then these. */
static const uint64_t first_pause_ns = 10 * NS_PER_MS;
static const uint64_t longest_pause_ns = 250 * NS_PER_MS;

/* Who crashes so soon after it was ready does so whatever it is given. */
static const uint64_t young_ns = NS_PER_S;

enum {
    /* How long the start of a run waits for one worker before it looks whether it still lives.
     */
    START_STEP_MS = 100,
};

/* --- Items that kill ----------------------------------------------------------------- */

/* It was given to the worker, and is not any more. */
static void take_from(struct worker *worker, const struct item *item)
{
    worker->stats->items--;
    worker->stats->bytes -= item->captured;
    worker->stats->original_bytes -= item->original;
}

void deaths_set_aside(struct balancer *balancer, const struct item *item)
{
    struct stats *stats = &balancer->stats;
    const struct packet packet = {
        .bytes = (const uint8_t *)(item + 1),
        .captured = item->captured,
        .original = item->original,
        .link_type = item->link_type,
    };
    struct flow flow;
    char name[FLOW_NAME_SIZE];

    stats->quarantined++;
    stats->quarantined_bytes += item->captured;
    flow_of_packet(&packet, &flow);
    flow_name(&flow, name, sizeof(name));
    balancer_complain(balancer, "item %llu (%s) is set aside: workers die of it",
                      (unsigned long long)item->number, name);
    if (!capture_file_put(&balancer->quarantine, item, item + 1, item->captured))
        balancer_complain(balancer, "cannot write to --quarantine '%.200s': %s",
                          balancer->config->quarantine, strerror(errno));
}

/* The same for one that was counted when it was given to the worker. */
static void set_aside(struct balancer *balancer, struct worker *worker, const struct item *item)
{
    struct protocol_stats *protocol =
            &balancer->stats.protocols[stats_protocol_of(item->ip_version, item->protocol)];

    take_from(worker, item);
    protocol->items--;
    protocol->bytes -= item->captured;
    deaths_set_aside(balancer, item);
}

static void set_killers_aside(struct balancer *balancer, struct worker *worker)
{
    const struct item *item;

    while ((item = ack_take_killer(&worker->acks)) != NULL) {
        worker->reached++; /* those before it have moved up */
        set_aside(balancer, worker, item);
    }
}

/* --- The policies --------------------------------------------------------------------- */

static void trouble(struct balancer *balancer, struct worker *worker, bool troubled)
{
    if (troubled != worker->troubled)
        balancer->workers.troubled += troubled ? 1U : (uint32_t)-1;
    worker->troubled = troubled;
}

/* Always false. */
static bool lose_for_good(struct balancer *balancer, struct worker *worker)
{
    worker->state = WORKER_LOST;
    worker->stats->lost = true;
    balancer->workers.lost++;
    balancer->over = true;
    trouble(balancer, worker, false);
    balancer->stats.failed = true;
    return false;
}

uint64_t deaths_pause_ns(unsigned deaths)
{
    uint64_t pause_ns = first_pause_ns;

    if (deaths < 2)
        return 0;
    for (; deaths > 2 && pause_ns < longest_pause_ns; deaths--)
        pause_ns *= 2;
    return pause_ns < longest_pause_ns ? pause_ns : longest_pause_ns;
}

/* Whether there was a process, which has died: else it could not even be started. */
static bool has_died(const struct worker *worker)
{
    return worker->process.pid != 0;
}

static void say_respawn(struct balancer *balancer, struct worker *worker, const char *reason)
{
    if (has_died(worker))
        balancer_say(balancer, "%s; another one takes over", reason);
    else if (!worker->failure_said)
        balancer_say(balancer, "%s; worker %u is tried again", reason, worker->number);
    worker->failure_said = !has_died(worker);
}

static bool respawn(struct balancer *balancer, struct worker *worker, const char *reason)
{
    if (worker->vain_blame >= DEATHS_IN_VAIN_MAX * ACK_BLAME_CRASH) {
        balancer_complain(balancer,
                          "%s; worker %u has ended %u times in a row without having done an "
                          "item: the run ends",
                          reason, worker->number, worker->in_vain);
        return lose_for_good(balancer, worker);
    }
    say_respawn(balancer, worker, reason);
    worker->state = WORKER_STARTING;
    worker->step = WORKER_NOT_STARTED;
    worker->start_ns = clock_ns() + deaths_pause_ns(worker->in_vain + worker->idle_deaths);
    trouble(balancer, worker, true);
    return true;
}

/* All that the worker had, given or waiting. False: no memory. */
static bool make_homeless(struct balancer *balancer, struct worker *worker)
{
    struct homeless *homeless = &balancer->homeless;
    uint32_t kept = ack_kept(&worker->acks);

    for (uint32_t i = 0; i < kept; i++) {
        uint32_t blame;
        const struct item *item = ack_item(&worker->acks, i, &blame);

        if (!homeless_add(homeless, item, blame, true))
            return false;
        take_from(worker, item);
    }
    ack_forget(&worker->acks);
    while (worker->line.count > 0) {
        if (!homeless_add(homeless, queue_first(&balancer->queue, &worker->line), 0, false))
            return false;
        queue_remove(&balancer->queue, &worker->line);
    }
    homeless_sort(homeless);
    return true;
}

static bool shrink(struct balancer *balancer, struct worker *worker, const char *reason)
{
    struct workers *workers = &balancer->workers;
    uint32_t left = workers->count - workers->lost - 1;

    if (left == 0) {
        balancer_complain(balancer, "%s; it was the last one: the run ends", reason);
        return lose_for_good(balancer, worker);
    }
    if (!make_homeless(balancer, worker)) {
        balancer_complain(balancer, "%s; there is no memory to move them", reason);
        return lose_for_good(balancer, worker);
    }
    balancer_say(balancer, "%s; %u %s over", reason, left,
                 left == 1 ? "other takes" : "others take");
    worker->state = WORKER_LOST;
    workers->lost++;
    return true;
}

/* --- A death -------------------------------------------------------------------------- */

/* Acks and reports that it sent before it was lost still count. */
static void take_last_replies(struct balancer *balancer, struct worker *worker)
{
    replies_take_acks(balancer, worker);
    replies_take_reports(balancer, worker);
}

static uint32_t blame_for(const struct worker *worker)
{
    return process_was_killed_by_another(&worker->process) ? ACK_BLAME_KILLED : ACK_BLAME_CRASH;
}

static void die_in_vain(struct worker *worker, uint32_t blame)
{
    worker->in_vain++;
    worker->vain_blame += blame;
}

static void count_in_vain(struct worker *worker)
{
    uint32_t blame = blame_for(worker);
    bool crashed_young = blame == ACK_BLAME_CRASH && clock_ns() - worker->ready_ns < young_ns;

    if (worker->has_done)
        worker->in_vain = worker->vain_blame = worker->idle_deaths = 0;
    else if (ack_out(&worker->acks) > 0 || crashed_young)
        die_in_vain(worker, blame);
    else
        worker->idle_deaths++;
}

/* Its process is gone and its channels are closed. */
static bool succeed(struct balancer *balancer, struct worker *worker, const char *reason)
{
    uint32_t sent = worker->acks.sent - worker->acks.first;

    balancer->stats.deaths += has_died(worker);
    worker->stats->deaths += has_died(worker);
    worker->stats->acknowledged += (uint64_t)ack_begin_again(&worker->acks, blame_for(worker));
    worker->asked = false;
    balancer->stats.ended_ns = 0;
    window_watch(balancer);
    if (signals_stops() >= 2) /* it was us who killed it */
        return lose_for_good(balancer, worker);
    if (balancer->config->on_death == ON_DEATH_STOP || balancer->over) {
        balancer_complain(balancer, balancer->over ? "%s" : "%s: the run ends", reason);
        return lose_for_good(balancer, worker);
    }
    balancer->stats.resent += sent;
    if (ack_kept(&worker->acks) > 0) {
        uint64_t before = balancer->stats.quarantined;

        set_killers_aside(balancer, worker);
        balancer->stats.resent -= balancer->stats.quarantined - before;
    }
    return balancer->config->on_death == ON_DEATH_SHRINK ? shrink(balancer, worker, reason)
                                                         : respawn(balancer, worker, reason);
}

bool deaths_lose(struct balancer *balancer, struct worker *worker, mcapi_status_t status)
{
    char reason[CONFIG_REASON_SIZE];
    bool nonsense = status == MCAPI_ERR_GENERAL;

    if (!nonsense)
        take_last_replies(balancer, worker);
    worker_bury(worker, nonsense ? MCAPI_SUCCESS : status, reason);
    if (!nonsense) /* it may have lived until now */
        take_last_replies(balancer, worker);
    count_in_vain(worker);
    channels_abandon(&worker->channels);
    worker->state = WORKER_STARTING; /* nothing is sent to it from here on */
    return succeed(balancer, worker, reason);
}

/* --- Those who take over -------------------------------------------------------------- */

/* Whoever was to be ready cannot start, or has died before. `first`: the run has not begun. */
static bool lose_beginner(struct balancer *balancer, struct worker *worker, bool first,
                          char *reason)
{
    bool late = worker->process.running && worker->hurried && signals_stops() == 1;
    char ignored[CONFIG_REASON_SIZE];

    worker_bury(worker, MCAPI_SUCCESS, ignored);
    channels_abandon(&worker->channels);
    if (late) {
        balancer_complain(balancer, "%s", reason);
        return lose_for_good(balancer, worker);
    }
    /* When the run begins nothing has been done that would be lost. */
    die_in_vain(worker, first ? ACK_BLAME_CRASH : blame_for(worker));
    return succeed(balancer, worker, reason);
}

static enum worker_progress start_on(struct balancer *balancer, struct worker *worker,
                                     mcapi_timeout_t patience_ms, char *reason)
{
    enum worker_progress progress =
            worker_start_on(&balancer->workers, worker, balancer->config, balancer->topology,
                            patience_ms, reason);

    if (progress == WORKER_IS_READY) {
        balancer->stats.respawns += worker->stats->deaths > 0;
        window_watch(balancer);
    }
    return progress;
}

static bool start_successor_on(struct balancer *balancer, struct worker *worker)
{
    char reason[CONFIG_REASON_SIZE];

    if (worker->step == WORKER_NOT_STARTED && clock_ns() < worker->start_ns)
        return true;
    return start_on(balancer, worker, MCAPI_TIMEOUT_IMMEDIATE, reason) != WORKER_CANNOT_START
        || lose_beginner(balancer, worker, false, reason);
}

/* The same when the run begins. Who is killed from outside is replaced; whoever fails by itself
 * would do so again. */
static bool start_first_on(struct balancer *balancer, struct worker *worker, char *reason)
{
    if (worker->step == WORKER_NOT_STARTED && clock_ns() < worker->start_ns) {
        signals_sleep(worker->start_ns);
        return true;
    }
    if (start_on(balancer, worker, START_STEP_MS, reason) != WORKER_CANNOT_START)
        return true;
    if (signals_stops() >= 2) { /* it was us who killed it */
        snprintf(reason, CONFIG_REASON_SIZE,
                 "stopped at once by a second signal, before all workers were ready");
        return false;
    }
    if (!process_was_killed_by_another(&worker->process))
        return false;
    if (lose_beginner(balancer, worker, true, reason))
        return true;
    reason[0] = '\0'; /* it has been said */
    return false;
}

bool deaths_start_all(struct balancer *balancer, char reason[CONFIG_REASON_SIZE])
{
    struct workers *workers = &balancer->workers;

    /* All are connected before the first is waited for. */
    for (uint32_t i = 0; i < workers->count; i++)
        while (workers->all[i].state == WORKER_STARTING
               && workers->all[i].step != WORKER_CONNECTED)
            if (!start_first_on(balancer, &workers->all[i], reason))
                return false;
    for (uint32_t i = 0; i < workers->count; i++)
        while (workers->all[i].state == WORKER_STARTING)
            if (!start_first_on(balancer, &workers->all[i], reason))
                return false;
    return true;
}

bool deaths_look_after(struct balancer *balancer)
{
    for (uint32_t i = 0; i < balancer->workers.count; i++) {
        struct worker *worker = &balancer->workers.all[i];

        if (!worker->troubled)
            continue;
        if (worker->state == WORKER_STARTING && !balancer->over
            && !start_successor_on(balancer, worker))
            return false;
        if (worker->state == WORKER_READY && !dispatch_serve(balancer, worker))
            return false;
        if (worker->state == WORKER_READY && !worker->acks.behind)
            trouble(balancer, worker, false);
    }
    return true;
}

void deaths_count_losses(struct balancer *balancer)
{
    for (uint32_t i = 0; i < balancer->workers.count; i++) {
        struct worker *worker = &balancer->workers.all[i];
        uint32_t kept = ack_kept(&worker->acks), ignored;

        worker->stats->reported = kept == 0 && !worker->stats->lost;
        if (kept == 0)
            continue;
        worker->stats->acknowledged +=
                (uint64_t)ack_begin_again(&worker->acks, ACK_BLAME_KILLED);
        for (uint32_t j = 0; j < kept; j++) {
            const struct item *item = ack_item(&worker->acks, j, &ignored);

            worker->stats->lost_bytes += item->captured;
            worker->stats->lost_original_bytes += item->original;
        }
    }
}
