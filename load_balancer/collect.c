/* SPDX-License-Identifier: MIT */
/*
 * collect.c - the end of a run.
 */
#include "load_balancer/collect.h"

#include "load_balancer/dispatch.h"
#include "worker/clock.h"

/* One packet of a worker's report. False: it was lost, or talks nonsense. */
static bool take_report(struct balancer *balancer, struct worker *worker)
{
    void *packet;
    size_t size;
    mcapi_status_t status;
    bool good;

    mcapi_pktchan_recv(worker->channels.results, &packet, &size, &status);
    if (status == MCAPI_TIMEOUT)
        return balancer_tick(balancer);
    if (status != MCAPI_SUCCESS)
        return balancer_lose(balancer, worker, status);
    good = stats_add_report(&balancer->stats, worker->stats, packet, size);
    mcapi_pktchan_release(packet, &status);
    if (good && status == MCAPI_SUCCESS)
        return true;
    balancer_complain(balancer, "worker %u (pid %ld) sent a report that makes no sense",
                      worker->number, (long)worker->process.pid);
    return balancer_lose(balancer, worker, status);
}

static void collect(struct balancer *balancer, struct worker *worker)
{
    char reason[CONFIG_REASON_SIZE];

    while (!worker->stats->reported)
        if (!take_report(balancer, worker))
            return;
    if (!worker_dismiss(worker, reason))
        balancer_complain(balancer, "%s", reason);
}

void collect_all(struct balancer *balancer)
{
    struct workers *workers = &balancer->workers;

    /* Every failure loses a worker, so this ends; a failure of another kind is enough, too. */
    for (uint32_t i = 0; i <= workers->count && !dispatch_drain(balancer); i++)
        continue;
    balancer->stats.ended_ns = balancer->stats.began_ns == 0 ? 0 : clock_ns();
    balancer->ending = true;
    for (uint32_t i = 0; i < workers->count; i++)
        if (workers->all[i].state == WORKER_READY)
            dispatch_last(balancer, &workers->all[i]);
    for (uint32_t i = 0; i < workers->count; i++)
        if (workers->all[i].state == WORKER_READY)
            collect(balancer, &workers->all[i]);
}
