/* SPDX-License-Identifier: MIT */
/*
 * collect.c - the end of a run.
 */
#include "load_balancer/collect.h"

#include "load_balancer/deaths.h"
#include "load_balancer/dispatch.h"
#include "load_balancer/signals.h"
#include "worker/clock.h"

/* All is reported: a worker that a signal kills now has done its work, and dies for nobody. */
static void see_off(struct balancer *balancer, struct worker *worker)
{
    char reason[CONFIG_REASON_SIZE];
    bool stops = balancer->config->on_death == ON_DEATH_STOP;

    if (worker_dismiss(worker, reason))
        return;
    if (signals_stops() >= 2)
        return;
    if (stops || !process_was_killed(&worker->process)) {
        balancer_complain(balancer, "%s", reason);
        return;
    }
    balancer->stats.deaths++;
    worker->stats->deaths++;
    balancer_say(balancer, "%s; all it had done was reported", reason);
}

void collect_all(struct balancer *balancer)
{
    struct workers *workers = &balancer->workers;
    struct stats *stats = &balancer->stats;

    /* Every failure loses a worker, so this ends; a failure of another kind is enough, too. */
    for (uint32_t i = 0; i <= workers->count && !dispatch_drain(balancer); i++)
        if (signals_stops() >= 2)
            break;
    if (stats->ended_ns == 0)
        stats->ended_ns = clock_ns();
    if (stats->began_ns == 0)
        stats->ended_ns = 0;
    deaths_count_losses(balancer);
    if (signals_stops() >= 2)
        return;
    for (uint32_t i = 0; i < workers->count; i++)
        if (workers->all[i].state == WORKER_READY)
            dispatch_last(&workers->all[i]);
    for (uint32_t i = 0; i < workers->count; i++)
        if (workers->all[i].state == WORKER_READY)
            see_off(balancer, &workers->all[i]);
}
