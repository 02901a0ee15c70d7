/* SPDX-License-Identifier: MIT */
/*
 * balanced.c - the balancing thread of a server.
 *
 * A round: requests that have come go to the distributor, what has come back from it goes to
 * the loops as replies; when there was neither, sleep until there is. A request lies where it
 * was received until its reply is on its way, which frees its place for the loop's next one.
 */
#include "load_balancer/server/balanced.h"

#include <stdio.h>
#include <stdlib.h>

#include <mcapi_ext.h>

#include "load_balancer/balancer.h"
#include "load_balancer/channels.h"
#include "load_balancer/distribution.h"
#include "load_balancer/server/link.h"
#include "load_balancer/server/screen.h"
#include "load_balancer/signals.h"
#include "worker/clock.h"

struct balanced {
    struct balancer balancer; /* first: `take` is called with it */
    struct links links;
    struct screen screen;
    uint32_t turn; /* the loop that is looked at first */
    uint64_t ticked_ns;
};

/* The last look at what is due was so long ago that there is another. */
static const uint64_t tick_every_ns = 5 * NS_PER_MS;

/* --- Replies --------------------------------------------------------------------------------
 */

static enum protocol_outcome outcome_of(const struct work_kind *kind, enum work_outcome outcome)
{
    if (outcome == WORK_FILTERED)
        return PROTOCOL_REFUSED;
    return kind->replies == WORK_REPLIES_NOTHING ? PROTOCOL_NO_REPLY : PROTOCOL_REPLY;
}

static void count(struct worker_stats *worker, const struct item *item)
{
    worker->items++;
    worker->acknowledged++;
    worker->bytes += item->captured;
    worker->original_bytes += item->original;
}

/* An item is back. False: the run is over. */
static bool take(struct balancer *balancer, const struct distributor_item *from)
{
    struct balanced *balanced = (struct balanced *)balancer;
    struct link_request *request = (struct link_request *)(uintptr_t)from->cookie;
    struct link_reply reply = { .id = request->id };
    struct returned returned = { .size = 0 };
    mcapi_status_t status;
    bool good = true;

    if ((from->flags & DISTRIBUTOR_GIVEN_UP) != 0) {
        balancer->stats.quarantined++;
        reply.lost = 1;
        balancer_complain(balancer, "a request of %u bytes is given up: workers die of it",
                          request->item.captured);
    } else {
        good = returns_read(balancer, from, &request->item, &returned);
        reply.lost = !good;
    }
    if (reply.lost == 0) {
        reply.outcome = (uint16_t)outcome_of(balancer->config->work_kind, returned.outcome);
        count(returned.worker, &request->item);
    }
    links_reply(&balanced->links, request, &reply, returned.bytes, returned.size);
    mcapi_pktchan_release(request, &status);
    balancer->distribution->out--;
    return good;
}

/* --- Requests -------------------------------------------------------------------------------
 */

static void add(struct balancer *balancer, struct link_request *request)
{
    struct distribution *distribution = balancer->distribution;

    request->item.number = balancer->number++;
    balancer->stats.input++;
    distribution->batch[distribution->batch_count++] = (struct distributor_item){
        .bytes = &request->item,
        .size = (uint32_t)sizeof(request->item) + request->item.captured,
        .tag = balancer->config->policy == POLICY_LEAST_LOADED ? (uint32_t)request->item.number
                                                               : request->item.tag,
        .cookie = (uint64_t)(uintptr_t)request,
        .flags = DISTRIBUTOR_KEPT,
    };
}

/* Takes requests of all loops, as far as the batch has room. */
static void take_requests(struct balanced *balanced)
{
    struct distribution *distribution = balanced->balancer.distribution;
    void *packets[DISTRIBUTION_BATCH];
    size_t sizes[DISTRIBUTION_BATCH], got;
    mcapi_status_t status;

    for (uint32_t i = 0; i < balanced->links.count; i++) {
        uint32_t which = (balanced->turn + i) % balanced->links.count;
        const struct link *link = &balanced->links.all[which];
        uint32_t room = DISTRIBUTION_BATCH - distribution->batch_count;

        if (room == 0 || mcapi_pktchan_available(link->requests, &status) == 0)
            continue;
        got = mcapi_ext_pktchan_recv_burst(link->requests, packets, sizes, room, &status);
        for (size_t k = 0; k < got; k++)
            add(&balanced->balancer, packets[k]);
    }
    balanced->turn++;
}

/* --- A round --------------------------------------------------------------------------------
 */

/* Sleeps until a request comes, or something from a worker; not for long, for there are signals
 * and children to look after. */
static void sleep_a_while(struct balanced *balanced)
{
    mcapi_endpoint_t ends[DISTRIBUTOR_WORKERS_MAX + 1 + SERVER_LOOPS_MAX];
    struct distribution *distribution = balanced->balancer.distribution;
    mcapi_status_t status;
    size_t all = distributor_endpoints(distribution->distributor, ends,
                                       DISTRIBUTOR_WORKERS_MAX + 1, &status);

    for (uint32_t i = 0; i < balanced->links.count; i++)
        if (mcapi_pktchan_available(balanced->links.all[i].requests, &status) > 0)
            return;
        else if (status == MCAPI_SUCCESS) /* else the loop has ended */
            ends[all++] = balanced->links.all[i].requests;
    mcapi_ext_wait_receivable(ends, all, CHANNELS_PATIENCE_MS, &status);
}

/* False: the run is over. */
static bool round_of(struct balanced *balanced)
{
    struct balancer *balancer = &balanced->balancer;
    struct distribution *distribution = balancer->distribution;
    uint64_t before = distribution->out;
    bool good, idle;

    take_requests(balanced);
    idle = distribution->batch_count == 0;
    good = distribution_hand_over(balancer);
    links_wake(&balanced->links);
    balancer->now_ns = clock_ns();
    if (good
        && (balancer->now_ns - balanced->ticked_ns >= tick_every_ns
            || signals_child_may_have_ended())) {
        balanced->ticked_ns = balancer->now_ns;
        good = balancer_tick(balancer);
        links_wake(&balanced->links);
    }
    if (good && idle && distribution->out == before)
        sleep_a_while(balanced);
    return good;
}

bool balanced_run(struct balanced *balanced, struct server *server)
{
    char reason[SERVER_REASON_SIZE];
    unsigned told = 0;
    bool good = links_opened(&balanced->links, reason);

    if (!good)
        balancer_complain(&balanced->balancer, "%s", reason);
    screen_open(&balanced->screen, server, &balanced->balancer.stats,
                &balanced->balancer.progress);
    while (!server_ended(server)) {
        for (; told < signals_stops(); told++)
            server_stop(server);
        if (good && signals_stops() < 2) {
            good = round_of(balanced);
            continue;
        }
        /* Nobody replies any more. */
        for (; told < 2; told++)
            server_stop(server);
        signals_sleep(clock_ns() + 10 * NS_PER_MS);
    }
    progress_clear(&balanced->balancer.progress);
    balanced->balancer.progress.wanted = false;
    return good && signals_stops() < 2;
}

/* --- Its life -------------------------------------------------------------------------------
 */

struct balanced *balanced_open(const struct config *config, uint32_t loops,
                               char reason[CONFIG_REASON_SIZE])
{
    struct balanced *balanced = calloc(1, sizeof(*balanced));

    if (balanced == NULL) {
        snprintf(reason, CONFIG_REASON_SIZE, "there is not enough memory to begin");
        return NULL;
    }
    if (!balancer_open(&balanced->balancer, config, NULL, reason)) {
        free(balanced);
        return NULL;
    }
    balanced->balancer.distribution->take = take;
    if (balancer_start(&balanced->balancer, reason)) {
        if (links_open(&balanced->links, config, loops, reason))
            return balanced;
        balancer_stop(&balanced->balancer);
    }
    balancer_close(&balanced->balancer);
    free(balanced);
    return NULL;
}

void balanced_handler(struct balanced *balanced, struct server_handler *handler)
{
    links_handler(&balanced->links, handler);
}

void balanced_finish(struct balanced *balanced)
{
    links_close(&balanced->links);
    balanced->balancer.mode->finish(&balanced->balancer);
    progress_clear(&balanced->balancer.progress);
    balancer_stop(&balanced->balancer);
}

const struct stats *balanced_statistics(const struct balanced *balanced)
{
    return &balanced->balancer.stats;
}

void balanced_close(struct balanced *balanced)
{
    if (balanced == NULL)
        return;
    balancer_close(&balanced->balancer);
    free(balanced);
}
