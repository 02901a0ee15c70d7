/* SPDX-License-Identifier: MIT */
/*
 * dispatch.c - which worker an item goes to, and what becomes of it until its ack is in.
 */
#include "load_balancer/dispatch.h"

#include <string.h>

#include <mcapi_ext.h>

#include "load_balancer/deaths.h"
#include "load_balancer/replies.h"
#include "load_balancer/signals.h"
#include "worker/clock.h"

enum {
    /* One in so many items of a worker carries the time at which it was sent. */
    TIMED_EVERY = 16,

    /* Under the policy least-loaded: after so many items all acks are looked at, so that it is
     * known who has the fewest out. */
    LOOK_EVERY = 16,

    /* Larger packets are sent at once, because several of them would not stay in the nearest
     * cache until they are: bytes. */
    SMALL_PACKET = 1024,

    /* How long to wait for anything while a worker starts: nothing wakes us when it has made
     * its endpoints. */
    STARTING_PATIENCE_MS = 1,
};

/* --- Sending ----------------------------------------------------------------------- */

/* Sends the next of the items that the worker was given. */
static bool send_next(struct balancer *balancer, struct worker *worker, struct item *item)
{
    mcapi_status_t status;

    mcapi_pktchan_send(worker->channels.work, item, sizeof(*item) + item->captured, &status);
    if (status != MCAPI_SUCCESS)
        return deaths_lose(balancer, worker, status);
    ack_sent(&worker->acks, 1);
    return true;
}

/* Sends what was given to the worker and not sent yet, several items at a time. What is to be
 * sent again is send_waiting's. */
static bool send_given(struct balancer *balancer, struct worker *worker)
{
    while (worker->state == WORKER_READY && !worker->acks.behind
           && ack_unsent(&worker->acks) > 0) {
        const void *items[BALANCER_BURST_MAX];
        size_t sizes[BALANCER_BURST_MAX];
        uint32_t count = ack_unsent_items(&worker->acks, items, sizes, BALANCER_BURST_MAX);
        mcapi_status_t status;
        size_t sent = mcapi_ext_pktchan_send_burst(worker->channels.work, items, sizes, count,
                                                   &status);

        if (status != MCAPI_SUCCESS)
            return deaths_lose(balancer, worker, status);
        ack_sent(&worker->acks, (uint32_t)sent);
    }
    return true;
}

/* The same for all: before anything is waited for. */
static bool send_all_given(struct balancer *balancer)
{
    for (uint32_t i = 0; i < balancer->workers.count; i++)
        if (!send_given(balancer, &balancer->workers.all[i]))
            return false;
    return true;
}

/* When the worker's newest item is given to it, if it is one of those that are timed; else 0.
 */
static inline uint64_t time_to_send(struct balancer *balancer, const struct worker *worker)
{
    if ((worker->acks.end - 1) % TIMED_EVERY != 0)
        return 0;
    balancer->now_ns = clock_ns();
    return balancer->now_ns;
}

/* Room for an item that is this worker's from now on; NULL: no memory, and that has been said.
 */
static inline struct item *take_on(struct balancer *balancer, struct worker *worker,
                                   uint32_t captured, uint32_t original)
{
    struct item *item = ack_add(&worker->acks, captured);

    if (item == NULL) {
        balancer_complain(balancer, "there is no memory to keep an item of %u bytes", captured);
        return NULL;
    }
    worker->asked = false;
    worker->stats->items++;
    worker->stats->bytes += captured;
    worker->stats->original_bytes += original;
    return item;
}

static inline void count_protocol(struct balancer *balancer, uint8_t ip_version,
                                  uint8_t protocol, uint32_t captured)
{
    struct protocol_stats *stats =
            &balancer->stats.protocols[stats_protocol_of(ip_version, protocol)];

    stats->items++;
    stats->bytes += captured;
}

/* Makes the item in hand. Each member is written once, and none is read back: what is read in
 * one piece soon after it was written in several is read late. */
static inline void make_item(const struct balancer *balancer, struct item *item,
                             uint32_t worker, uint64_t sent_ns)
{
    const struct packet *packet = balancer->packet;
    const struct flow *flow = &balancer->flow;

    *item = (struct item){
        .number = balancer->number,
        .time_ns = packet->time_ns,
        .sent_ns = sent_ns,
        .tag = flow->tag,
        .captured = packet->captured,
        .original = packet->original,
        .payload_offset = flow->payload_offset,
        .link_type = (uint16_t)packet->link_type,
        .worker = (uint16_t)worker,
        .kind = ITEM_PACKET,
        .network_offset = flow->network_offset,
        .ip_version = flow->ip_version,
        .protocol = flow->protocol,
    };
    memcpy(item + 1, packet->bytes, packet->captured);
}

/* Gives the item in hand to a worker that has room. It is made where it is kept, and sent from
 * there when a few more are: a call of the library costs as much as several items, and what is
 * read as soon as it is written is waited for. */
static bool give(struct balancer *balancer, struct worker *worker)
{
    const struct packet *packet = balancer->packet;
    const struct flow *flow = &balancer->flow;
    struct item *item = take_on(balancer, worker, packet->captured, packet->original);

    if (item == NULL)
        return false;
    make_item(balancer, item, worker->number, time_to_send(balancer, worker));
    count_protocol(balancer, flow->ip_version, flow->protocol, packet->captured);
    if (ack_unsent(&worker->acks) < balancer->burst && packet->captured <= SMALL_PACKET)
        return true;
    return send_given(balancer, worker);
}

/* The same for one that had to wait. */
static struct item *give_copy(struct balancer *balancer, struct worker *worker,
                              const struct item *waiting)
{
    struct item *item = take_on(balancer, worker, waiting->captured, waiting->original);

    if (item == NULL)
        return NULL;
    memcpy(item, waiting, sizeof(*item) + waiting->captured);
    item->worker = (uint16_t)worker->number;
    item->sent_ns = time_to_send(balancer, worker);
    return item;
}

/* Gives the oldest in the worker's line to it. */
static bool give_waiting(struct balancer *balancer, struct worker *worker)
{
    const struct item *first = queue_first(&balancer->queue, &worker->line);
    struct item *item = give_copy(balancer, worker, first);

    if (item == NULL)
        return false;
    count_protocol(balancer, item->ip_version, item->protocol, item->captured);
    queue_remove(&balancer->queue, &worker->line);
    return send_next(balancer, worker, item);
}

/* Sends what the worker was given, and then what waits for it, as far as there is room. */
static bool send_waiting(struct balancer *balancer, struct worker *worker)
{
    struct item *item;

    if (!send_given(balancer, worker))
        return false;
    while (worker->state == WORKER_READY && (item = ack_next(&worker->acks)) != NULL) {
        item->sent_ns = 0;
        if (!send_next(balancer, worker, item))
            return false;
    }
    while (worker->state == WORKER_READY && worker->line.count > 0
           && ack_has_room(&worker->acks))
        if (!give_waiting(balancer, worker))
            return false;
    return true;
}

/* --- Hearing from workers ------------------------------------------------------------- */

bool dispatch_serve(struct balancer *balancer, struct worker *worker)
{
    mcapi_status_t status;

    if (worker->state != WORKER_READY)
        return true;
    status = replies_take_acks(balancer, worker);
    if (status == MCAPI_SUCCESS)
        status = replies_take_reports(balancer, worker);
    if (status != MCAPI_SUCCESS)
        return deaths_lose(balancer, worker, status);
    return send_waiting(balancer, worker);
}

/* Waits for one ack, but no longer than it takes until something else is due. */
static bool await_ack(struct balancer *balancer, struct worker *worker)
{
    mcapi_status_t status = replies_await_ack(balancer, worker);

    if (status == MCAPI_TIMEOUT)
        return balancer_tick(balancer);
    return status == MCAPI_SUCCESS || deaths_lose(balancer, worker, status);
}

bool dispatch_wait(struct balancer *balancer, mcapi_timeout_t timeout_ms)
{
    mcapi_status_t status;
    mcapi_uint_t at;
    char name[MCAPI_MAX_STATUS_SIZE];

    if (!send_all_given(balancer))
        return false;
    if (balancer->workers.troubled > 0) {
        if (!deaths_look_after(balancer))
            return false;
        timeout_ms = timeout_ms < STARTING_PATIENCE_MS ? timeout_ms : STARTING_PATIENCE_MS;
    }
    if (balancer->end_count == 0) {
        signals_sleep(clock_ns() + timeout_ms * NS_PER_MS);
        return true;
    }
    at = mcapi_ext_wait_receivable(balancer->ends, balancer->end_count, timeout_ms, &status);
    if (status == MCAPI_TIMEOUT)
        return true;
    /* Something is there, if only the news that the worker is gone, which a receive tells. */
    if (status == MCAPI_SUCCESS)
        return dispatch_serve(balancer, balancer->end_workers[at]);
    balancer_complain(balancer, "cannot wait for acks: %s",
                      mcapi_display_status(status, name, sizeof(name)));
    return false;
}

static bool serve_all(struct balancer *balancer)
{
    for (uint32_t i = 0; i < balancer->workers.count; i++)
        if (!dispatch_serve(balancer, &balancer->workers.all[i]))
            return false;
    return true;
}

/* --- Choosing ---------------------------------------------------------------------- */

/* The same worker for the same tag, the tags spread evenly, near ones too. The flows of a
 * worker that is lost are spread over others; those of the others stay. */
static struct worker *worker_of_flow(const struct balancer *balancer, uint32_t tag)
{
    uint64_t mixed = tag * 0x9e3779b97f4a7c15ULL;
    struct worker *worker;

    for (;;) {
        worker = &balancer->workers.all[((mixed >> 32) * balancer->workers.count) >> 32];
        if (__builtin_expect(worker->state != WORKER_LOST, 1))
            return worker;
        if (balancer->workers.lost == balancer->workers.count)
            return worker;
        mixed = (mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9ULL + 1;
    }
}

/* Whoever has the fewest items out or waiting; of equals, the one after the last choice. One
 * that is starting is the last choice of all. */
static struct worker *least_loaded(const struct balancer *balancer, uint64_t number)
{
    uint32_t count = balancer->workers.count;
    uint32_t first = (uint32_t)(number % count);
    struct worker *best = &balancer->workers.all[first];
    uint32_t best_load = UINT32_MAX;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = first + i < count ? first + i : first + i - count;
        struct worker *worker = &balancer->workers.all[at];
        uint32_t load = ack_undone(&worker->acks) + worker->line.count;

        if (worker->state != WORKER_READY)
            load = worker->state == WORKER_STARTING ? UINT32_MAX - 1 : UINT32_MAX;
        if (load < best_load) {
            best = worker;
            best_load = load;
        }
    }
    return best;
}

/* The worker for the item in hand; NULL: the run is over. */
static struct worker *choose(struct balancer *balancer)
{
    struct worker *worker;

    if (balancer->config->policy == POLICY_FLOW)
        return worker_of_flow(balancer, balancer->flow.tag);
    if (balancer->number % LOOK_EVERY == 0 && !serve_all(balancer))
        return NULL;
    worker = least_loaded(balancer, balancer->number);
    if (ack_undone(&worker->acks) < balancer->config->window)
        return worker;
    return serve_all(balancer) ? least_loaded(balancer, balancer->number) : NULL;
}

static inline bool has_room(const struct worker *worker)
{
    return worker->state == WORKER_READY && worker->line.count == 0
        && ack_has_room(&worker->acks);
}

/* --- Homeless items -------------------------------------------------------------------- */

/* The worker for the first of them, if it can be sent there now; NULL: it cannot. What waits
 * for that worker belongs to other flows. */
static struct worker *home_of_first(const struct balancer *balancer)
{
    const struct homeless_item *first = homeless_first(&balancer->homeless);
    struct worker *worker = balancer->config->policy == POLICY_FLOW
                                  ? worker_of_flow(balancer, first->item->tag)
                                  : least_loaded(balancer, first->item->number);

    if (worker->state != WORKER_READY || !ack_has_room(&worker->acks)
        || (first->blame > 0 && ack_out(&worker->acks) > 0))
        return NULL;
    return worker;
}

/* Waits until all have found a place. */
static bool place_homeless(struct balancer *balancer)
{
    /* When the run is over nobody takes them any more. */
    while (balancer->homeless.count > 0 && !balancer->over) {
        struct homeless_item *first;
        struct worker *worker;
        struct item *item;

        if (!send_all_given(balancer))
            return false;
        first = homeless_first(&balancer->homeless);
        worker = home_of_first(balancer);
        if (worker == NULL) {
            if (!dispatch_wait(balancer, CHANNELS_PATIENCE_MS) || !balancer_tick(balancer))
                return false;
            continue;
        }
        if (balancer->config->policy != POLICY_FLOW)
            first->item->flags |= ITEM_FLAG_UNORDERED;
        item = give_copy(balancer, worker, first->item);
        if (item == NULL)
            return false;
        ack_suspect(&worker->acks, first->blame);
        if (!first->given)
            count_protocol(balancer, item->ip_version, item->protocol, item->captured);
        homeless_remove_first(&balancer->homeless);
        if (!send_next(balancer, worker, item))
            return false;
    }
    return true;
}

bool dispatch_chores(struct balancer *balancer)
{
    if (balancer->workers.troubled > 0 && !deaths_look_after(balancer))
        return false;
    for (uint32_t i = 0; i < balancer->workers.count; i++) {
        struct worker *worker = &balancer->workers.all[i];

        if (worker->line.count > 0 && !dispatch_serve(balancer, worker))
            return false;
    }
    return place_homeless(balancer);
}

/* --- An item ------------------------------------------------------------------------ */

/* Waits for something that may make room. */
static bool await_room(struct balancer *balancer, struct worker *worker)
{
    if (!send_all_given(balancer))
        return false;
    if (balancer->config->policy == POLICY_FLOW && balancer->config->on_busy == ON_BUSY_BLOCK
        && worker->state == WORKER_READY && ack_out(&worker->acks) > 0)
        return await_ack(balancer, worker)
            && (ack_unsent(&worker->acks) == 0 || send_waiting(balancer, worker));
    return dispatch_wait(balancer, CHANNELS_PATIENCE_MS) && balancer_tick(balancer);
}

static void drop(struct balancer *balancer)
{
    balancer->stats.dropped++;
    balancer->stats.dropped_bytes += balancer->packet->captured;
}

/* The item waits in its worker's line, or is dropped. False: it is for us to wait. */
static bool put_aside(struct balancer *balancer, struct worker *worker)
{
    struct item *item = balancer->scratch;

    if (balancer->config->on_busy == ON_BUSY_QUEUE) {
        make_item(balancer, item, worker->number, 0);
        if (queue_put(&balancer->queue, &worker->line, item, sizeof(*item) + item->captured))
            return true;
    }
    if (balancer->config->on_busy != ON_BUSY_DROP && !balancer->config->queue_drops)
        return false;
    drop(balancer);
    return true;
}

bool dispatch_item(struct balancer *balancer)
{
    bool looked = balancer->config->on_busy == ON_BUSY_BLOCK;

    for (;;) {
        struct worker *worker;

        /* What was there before comes first; a death while we wait can make more of it. */
        if (balancer->homeless.count > 0 && !place_homeless(balancer))
            return false;
        worker = choose(balancer);
        if (worker == NULL)
            return false;
        if (balancer->homeless.count > 0)
            continue;
        if (has_room(worker))
            return give(balancer, worker);
        if (!looked) {
            looked = true;
            if (!dispatch_serve(balancer, worker))
                return false;
            continue;
        }
        if (balancer->config->on_busy != ON_BUSY_BLOCK && put_aside(balancer, worker))
            return true;
        if (!await_room(balancer, worker))
            return false;
    }
}

/* --- The end ----------------------------------------------------------------------- */

static bool asks_to_report(struct balancer *balancer, struct worker *worker)
{
    struct item ask = { .kind = ITEM_REPORT, .worker = (uint16_t)worker->number };
    mcapi_status_t status;

    worker->asked = true;
    mcapi_pktchan_send(worker->channels.work, &ask, sizeof(ask), &status);
    return status == MCAPI_SUCCESS || deaths_lose(balancer, worker, status);
}

/* Asks those who have done everything for what they have not reported. `done`: all of them
 * have done everything, and reported it. */
static bool ask_all(struct balancer *balancer, bool *done)
{
    bool out = false;

    *done = true;
    for (uint32_t i = 0; i < balancer->workers.count; i++) {
        struct worker *worker = &balancer->workers.all[i];

        /* A report can come before the ack: both must be there. */
        if (worker->state == WORKER_LOST
            || (worker->line.count == 0 && ack_kept(&worker->acks) == 0
                && ack_out(&worker->acks) == 0))
            continue;
        if (balancer->over && worker->state == WORKER_STARTING)
            continue;
        *done = false;
        if (worker->state != WORKER_READY || worker->line.count > 0
            || ack_unsent(&worker->acks) > 0 || ack_out(&worker->acks) > 0)
            out = true;
        else if (!worker->asked && !asks_to_report(balancer, worker))
            return false;
    }
    if (!out && balancer->stats.ended_ns == 0)
        balancer->stats.ended_ns = clock_ns();
    return true;
}

bool dispatch_drain(struct balancer *balancer)
{
    bool done = false;

    for (;;) {
        if (!place_homeless(balancer) || !ask_all(balancer, &done))
            return false;
        if (done && (balancer->homeless.count == 0 || balancer->over))
            return true;
        if (!dispatch_wait(balancer, CHANNELS_PATIENCE_MS) || !balancer_tick(balancer))
            return false;
    }
}

bool dispatch_last(struct worker *worker)
{
    struct item last = { .kind = ITEM_LAST, .worker = (uint16_t)worker->number };
    mcapi_status_t status;

    mcapi_pktchan_send(worker->channels.work, &last, sizeof(last), &status);
    return status == MCAPI_SUCCESS;
}
