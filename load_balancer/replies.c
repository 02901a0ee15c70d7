/* SPDX-License-Identifier: MIT */
/*
 * replies.c - what comes back from a worker.
 */
#include "load_balancer/replies.h"

static mcapi_status_t take_ack(struct balancer *balancer, struct worker *worker, uint32_t count)
{
    if (ack_done(&worker->acks, count)) {
        worker->stats->acknowledged += count;
        if ((int32_t)(worker->acks.done - worker->reached) > 0) {
            worker->reached = worker->acks.done;
            worker->has_done = true;
        }
        return MCAPI_SUCCESS;
    }
    balancer_complain(balancer, "worker %u (pid %ld) acknowledged %u items with %u out",
                      worker->number, (long)worker->process.pid, count, ack_out(&worker->acks));
    return MCAPI_ERR_GENERAL;
}

mcapi_status_t replies_take_acks(struct balancer *balancer, struct worker *worker)
{
    mcapi_status_t status;
    mcapi_uint_t waiting = mcapi_sclchan_available(worker->channels.acks, &status);

    for (; status == MCAPI_SUCCESS && waiting > 0; waiting--) {
        uint32_t count = mcapi_sclchan_recv_uint32(worker->channels.acks, &status);

        if (status == MCAPI_SUCCESS)
            status = take_ack(balancer, worker, count);
    }
    return status;
}

static mcapi_status_t take_report(struct balancer *balancer, struct worker *worker,
                                  const void *packet, size_t size)
{
    uint32_t items;

    if (stats_add_report(&balancer->stats, worker->stats, packet, size, &items)
        && ack_reported(&worker->acks, items))
        return MCAPI_SUCCESS;
    balancer_complain(balancer, "worker %u (pid %ld) sent a report that makes no sense",
                      worker->number, (long)worker->process.pid);
    return MCAPI_ERR_GENERAL;
}

mcapi_status_t replies_take_reports(struct balancer *balancer, struct worker *worker)
{
    mcapi_status_t status;
    mcapi_uint_t waiting = mcapi_pktchan_available(worker->channels.results, &status);

    for (; status == MCAPI_SUCCESS && waiting > 0; waiting--) {
        void *packet;
        size_t size;
        mcapi_status_t released;

        mcapi_pktchan_recv(worker->channels.results, &packet, &size, &status);
        if (status != MCAPI_SUCCESS)
            break;
        status = take_report(balancer, worker, packet, size);
        mcapi_pktchan_release(packet, &released);
        if (status == MCAPI_SUCCESS)
            status = released;
    }
    return status;
}

mcapi_status_t replies_await_ack(struct balancer *balancer, struct worker *worker)
{
    mcapi_status_t status = replies_take_reports(balancer, worker);
    uint32_t count;

    if (status != MCAPI_SUCCESS)
        return status;
    count = mcapi_sclchan_recv_uint32(worker->channels.acks, &status);
    return status == MCAPI_SUCCESS ? take_ack(balancer, worker, count) : status;
}
