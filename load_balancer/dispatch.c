/* SPDX-License-Identifier: MIT */
/*
 * dispatch.c - which worker an item goes to, and what becomes of it until its ack is in.
 */
#include "load_balancer/dispatch.h"

#include "worker/clock.h"

enum {
    /* One in so many items of a worker carries the time at which it was sent. */
    TIMED_EVERY = 16,

    /* Under the policy least-loaded: after so many items all acks are looked at, so that it is
     * known who has the fewest out. */
    LOOK_EVERY = 16,
};

/* --- Acks ------------------------------------------------------------------------- */

static bool take_ack(struct balancer *balancer, struct worker *worker, uint32_t count)
{
    if (ack_done(&worker->acks, count)) {
        worker->stats->acknowledged += count;
        return true;
    }
    balancer_complain(balancer, "worker %u (pid %ld) acknowledged %u items with %u out",
                      worker->number, (long)worker->process.pid, count, ack_out(&worker->acks));
    return balancer_lose(balancer, worker, MCAPI_SUCCESS);
}

/* Takes the acks that are there. */
static bool take_acks(struct balancer *balancer, struct worker *worker)
{
    mcapi_status_t status;
    mcapi_uint_t waiting = mcapi_sclchan_available(worker->channels.acks, &status);

    if (status != MCAPI_SUCCESS)
        return balancer_lose(balancer, worker, status);
    for (; waiting > 0; waiting--) {
        uint32_t count = mcapi_sclchan_recv_uint32(worker->channels.acks, &status);

        if (status != MCAPI_SUCCESS)
            return balancer_lose(balancer, worker, status);
        if (!take_ack(balancer, worker, count))
            return false;
    }
    return true;
}

/* Waits for one ack, but no longer than it takes until something else is due. */
static bool await_ack(struct balancer *balancer, struct worker *worker)
{
    mcapi_status_t status;
    uint32_t count = mcapi_sclchan_recv_uint32(worker->channels.acks, &status);

    if (status == MCAPI_SUCCESS)
        return take_ack(balancer, worker, count);
    if (status == MCAPI_TIMEOUT)
        return balancer_tick(balancer);
    return balancer_lose(balancer, worker, status);
}

/* --- Sending ----------------------------------------------------------------------- */

static bool send_item(struct balancer *balancer, struct worker *worker, struct item *item)
{
    bool timed = worker->acks.sent % TIMED_EVERY == 0;
    struct protocol_stats *protocol =
            &balancer->stats.protocols[stats_protocol_of(item->ip_version, item->protocol)];
    mcapi_status_t status;

    if (timed)
        balancer->now_ns = clock_ns();
    item->sent_ns = timed ? balancer->now_ns : 0;
    item->worker = (uint16_t)worker->number;
    mcapi_pktchan_send(worker->channels.work, item, sizeof(*item) + item->captured, &status);
    if (status != MCAPI_SUCCESS)
        return balancer_lose(balancer, worker, status);
    ack_sent(&worker->acks, &(struct ack_item){
                                    .number = item->number,
                                    .sent_ns = balancer->now_ns,
                                    .tag = item->tag,
                                    .captured = item->captured,
                                    .original = item->original,
                            });
    worker->stats->items++;
    worker->stats->bytes += item->captured;
    worker->stats->original_bytes += item->original;
    protocol->items++;
    protocol->bytes += item->captured;
    return true;
}

/* Sends what waits for this worker, as far as there is room. */
static bool send_waiting(struct balancer *balancer, struct worker *worker)
{
    while (worker->line.count > 0 && !ack_full(&worker->acks)) {
        struct item *item = queue_first(&balancer->queue, &worker->line);
        bool sent = send_item(balancer, worker, item);

        queue_remove(&balancer->queue, &worker->line);
        if (!sent)
            return false;
    }
    return true;
}

bool dispatch_waiting(struct balancer *balancer)
{
    for (uint32_t i = 0; i < balancer->workers.count; i++) {
        struct worker *worker = &balancer->workers.all[i];

        if (worker->line.count > 0
            && !(take_acks(balancer, worker) && send_waiting(balancer, worker)))
            return false;
    }
    return true;
}

bool dispatch_wait(struct balancer *balancer, mcapi_timeout_t timeout_ms)
{
    mcapi_status_t status;
    mcapi_uint_t at =
            mcapi_ext_wait_receivable(balancer->ends, balancer->end_count, timeout_ms, &status);
    struct worker *worker;
    char name[MCAPI_MAX_STATUS_SIZE];

    if (status == MCAPI_TIMEOUT)
        return true;
    if (status != MCAPI_SUCCESS) {
        balancer_complain(balancer, "cannot wait for acks: %s",
                          mcapi_display_status(status, name, sizeof(name)));
        return false;
    }
    /* Something is there, if only the news that the worker is gone, which a receive tells. */
    worker = balancer->end_workers[at];
    return await_ack(balancer, worker) && take_acks(balancer, worker)
        && send_waiting(balancer, worker);
}

/* --- Choosing ---------------------------------------------------------------------- */

/* The same worker for the same tag, the tags spread evenly, near ones too. */
static struct worker *worker_of_flow(const struct balancer *balancer, uint32_t tag)
{
    uint64_t mixed = (tag * 0x9e3779b97f4a7c15ULL) >> 32;

    return &balancer->workers.all[(mixed * balancer->workers.count) >> 32];
}

/* Whoever has the fewest items out or waiting; of equals, the one after the last choice. */
static struct worker *least_loaded(const struct balancer *balancer)
{
    uint32_t count = balancer->workers.count;
    uint32_t first = (uint32_t)(balancer->number % count);
    struct worker *best = NULL;
    uint32_t best_load = UINT32_MAX;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = first + i < count ? first + i : first + i - count;
        struct worker *worker = &balancer->workers.all[at];
        uint32_t load = ack_out(&worker->acks) + worker->line.count;

        if (load < best_load) {
            best = worker;
            best_load = load;
        }
    }
    return best;
}

static bool take_all_acks(struct balancer *balancer)
{
    for (uint32_t i = 0; i < balancer->workers.count; i++) {
        struct worker *worker = &balancer->workers.all[i];

        if (!take_acks(balancer, worker) || !send_waiting(balancer, worker))
            return false;
    }
    return true;
}

/* The worker for the item in hand; NULL: one was lost. */
static struct worker *choose(struct balancer *balancer)
{
    struct worker *worker;

    if (balancer->config->policy == POLICY_FLOW)
        return worker_of_flow(balancer, balancer->item->tag);
    if (balancer->number % LOOK_EVERY == 0 && !take_all_acks(balancer))
        return NULL;
    worker = least_loaded(balancer);
    if (!ack_full(&worker->acks))
        return worker;
    return take_all_acks(balancer) ? least_loaded(balancer) : NULL;
}

/* --- An item ------------------------------------------------------------------------ */

static bool has_room(const struct worker *worker)
{
    return worker->line.count == 0 && !ack_full(&worker->acks);
}

/* Everything waits, until there is room for this item. */
static bool block(struct balancer *balancer, struct worker *worker)
{
    while (!has_room(worker)) {
        if (balancer->config->policy == POLICY_FLOW) {
            if (!await_ack(balancer, worker))
                return false;
            continue;
        }
        if (!dispatch_wait(balancer, CHANNELS_PATIENCE_MS) || !balancer_tick(balancer))
            return false;
        worker = least_loaded(balancer);
    }
    return send_item(balancer, worker, balancer->item);
}

static bool drop(struct balancer *balancer)
{
    balancer->stats.dropped++;
    balancer->stats.dropped_bytes += balancer->item->captured;
    return true;
}

/* The item waits in its worker's line. In a full queue it is dropped, or waits for others to
 * be sent: some worker with a line then has a full window, so acks will come. */
static bool enqueue(struct balancer *balancer, struct worker *worker)
{
    const struct item *item = balancer->item;

    while (!queue_put(&balancer->queue, &worker->line, item, sizeof(*item) + item->captured)) {
        if (balancer->config->queue_drops)
            return drop(balancer);
        if (!dispatch_wait(balancer, CHANNELS_PATIENCE_MS) || !balancer_tick(balancer))
            return false;
        if (has_room(worker))
            return send_item(balancer, worker, balancer->item);
    }
    return true;
}

bool dispatch_item(struct balancer *balancer)
{
    struct worker *worker = choose(balancer);

    if (worker == NULL)
        return false;
    if (has_room(worker))
        return send_item(balancer, worker, balancer->item);
    if (balancer->config->on_busy == ON_BUSY_BLOCK)
        return block(balancer, worker);
    if (!take_acks(balancer, worker) || !send_waiting(balancer, worker))
        return false;
    if (has_room(worker))
        return send_item(balancer, worker, balancer->item);
    return balancer->config->on_busy == ON_BUSY_DROP ? drop(balancer)
                                                     : enqueue(balancer, worker);
}

/* --- The end ----------------------------------------------------------------------- */

static bool all_done(const struct balancer *balancer)
{
    for (uint32_t i = 0; i < balancer->workers.count; i++) {
        const struct worker *worker = &balancer->workers.all[i];

        if (worker->state == WORKER_READY
            && (worker->line.count > 0 || ack_out(&worker->acks) > 0))
            return false;
    }
    return true;
}

bool dispatch_drain(struct balancer *balancer)
{
    while (!all_done(balancer))
        if (!dispatch_wait(balancer, CHANNELS_PATIENCE_MS) || !balancer_tick(balancer))
            return false;
    return true;
}

bool dispatch_last(struct balancer *balancer, struct worker *worker)
{
    struct item last = { .kind = ITEM_LAST, .worker = (uint16_t)worker->number };
    mcapi_status_t status;

    mcapi_pktchan_send(worker->channels.work, &last, sizeof(last), &status);
    return status == MCAPI_SUCCESS || balancer_lose(balancer, worker, status);
}
