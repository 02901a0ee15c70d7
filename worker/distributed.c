/* SPDX-License-Identifier: MIT */
/*
 * distributed.c - the worker of a distributor: take, work, give back.
 *
 * What the work came to travels with the items, at the first of those that are given back
 * together, in the place of its struct. It is counted when these items are, or not at all.
 */
#include "worker/distributed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "distributor/distributor.h"
#include "worker/clock.h"
#include "worker/item.h"

_Static_assert(WORK_TOGETHER == DISTRIBUTOR_BURST_MAX, "as many as are in work at one time");

enum {
    /* How long to wait for the balancer's distributor, which is there before we are started. */
    JOIN_LIMIT_MS = 10000,

    /* The clock is read once in so many turns at most, more often where they take long, and
     * whenever there is nothing to do. */
    TIME_EVERY = 64,
};

/* The balancer is told of the time about as often, also to see which load there is. */
static const uint64_t tell_least_ns = 5 * NS_PER_MS;
static const uint64_t tell_most_ns = 20 * NS_PER_MS;

struct distributed {
    const struct worker_settings *settings;
    struct work work;
    struct distributor_worker *port;

    /* What was done with the items in hand: of each by itself, as long as it is not known
     * whether a packet was changed. */
    struct item_done done[DISTRIBUTOR_BURST_MAX];
    bool changed; /* some packet was */

    void *copies[DISTRIBUTOR_BURST_MAX]; /* for packets that a kind has put elsewhere */

    uint64_t told_ns; /* up to here the time has been told */
    uint64_t idle_ns; /* of the time since then */
    unsigned turns;   /* since then */
    unsigned tell_at; /* as many as this; 0: before the first item, which time begins with */
};

/* --- One item --------------------------------------------------------------------------- */

/* For tests. */
static bool is_deadly(const struct worker_settings *settings, const struct item *item)
{
    return item->number - settings->die_first < settings->die_count;
}

/* A changed packet must lie behind the struct. */
static bool move_behind(struct distributed *worker, struct distributor_item *from,
                        const struct work_bytes *bytes, uint32_t which)
{
    struct item *item = from->bytes;
    uint32_t size = (uint32_t)sizeof(struct item_done) + bytes->size;

    if (bytes->bytes != (uint8_t *)(item + 1)) {
        void *copy;

        if (bytes->size > ITEM_BYTES_MAX)
            return false;
        copy = realloc(worker->copies[which], size);
        if (copy == NULL)
            return false;
        worker->copies[which] = copy;
        memcpy((uint8_t *)copy + sizeof(struct item_done), bytes->bytes, bytes->size);
        from->bytes = copy;
    }
    from->size = size;
    return true;
}

/* False: it is no item, or what the kind has made of it cannot be sent. */
static bool work_on(struct distributed *worker, struct distributor_item *from, uint32_t which)
{
    struct item_done *done = &worker->done[which];
    struct item *item = from->bytes;
    struct work_bytes bytes;
    enum work_outcome outcome;
    uint64_t before = worker->work.result;

    *done = (struct item_done){ .worker = (uint16_t)worker->settings->node };
    if (from->size < sizeof(*item))
        return false;
    if (item->captured != from->size - sizeof(*item) || item->payload_offset > item->captured) {
        done->malformed = 1;
        return true;
    }
    if (is_deadly(worker->settings, item))
        worker_die(worker->settings->die_quietly);
    done->items = 1;
    done->bytes = item->captured;
    done->original_bytes = item->original;
    bytes = (struct work_bytes){ (uint8_t *)(item + 1), item->captured };
    outcome = work_process(&worker->work, item, &bytes);
    done->result = worker->work.result - before;
    done->outcome = (uint16_t)outcome;
    if (outcome == WORK_UNCHANGED)
        return true;
    worker->changed = true;
    return outcome != WORK_CHANGED || move_behind(worker, from, &bytes, which);
}

/* --- Those that were taken together ------------------------------------------------------- */

static void add(struct item_done *sum, const struct item_done *done)
{
    sum->result += done->result;
    sum->bytes += done->bytes;
    sum->original_bytes += done->original_bytes;
    sum->items = (uint16_t)(sum->items + done->items);
    sum->malformed = (uint16_t)(sum->malformed + done->malformed);
}

/* What was done goes where the item's struct was. */
static void note(struct distributor_item *item, const struct item_done *done)
{
    memcpy(item->bytes, done, sizeof(*done));
    if (done->outcome != WORK_CHANGED)
        item->size = sizeof(*done);
    item->flags |= DISTRIBUTOR_CHANGED;
}

/* The time up to now, once in a while. */
static void tell_time(struct distributed *worker, struct item_done *done, uint64_t now_ns)
{
    done->span_ns = now_ns - worker->told_ns;
    done->busy_ns = done->span_ns - worker->idle_ns;
    worker->told_ns = now_ns;
    worker->idle_ns = 0;
    worker->turns = 0;
    if (done->span_ns > tell_most_ns && worker->tell_at > 1)
        worker->tell_at /= 2;
    else if (done->span_ns < tell_least_ns && worker->tell_at < TIME_EVERY)
        worker->tell_at *= 2;
}

/* Works on items and makes them ready to be given back. */
static bool work_on_all(struct distributed *worker, struct distributor_item *items,
                        size_t count)
{
    worker->changed = false;
    for (uint32_t i = 0; i < count; i++)
        if (!work_on(worker, &items[i], i))
            return false;
    if (++worker->turns >= worker->tell_at)
        tell_time(worker, &worker->done[0], clock_ns());
    if (worker->changed) {
        for (uint32_t i = 0; i < count; i++)
            note(&items[i], &worker->done[i]);
        return true;
    }
    for (uint32_t i = 1; i < count; i++)
        add(&worker->done[0], &worker->done[i]);
    note(&items[0], &worker->done[0]);
    return true;
}

/* Takes items, after a pause if there are none; gives those back that are done. */
static size_t take(struct distributed *worker, struct distributor_item *items, size_t count,
                   mcapi_status_t *status)
{
    uint64_t paused_ns;
    size_t taken = distributor_get(worker->port, items, count, MCAPI_TIMEOUT_IMMEDIATE, status);

    if (taken > 0 || *status != MCAPI_TIMEOUT)
        return taken;
    paused_ns = clock_ns();
    taken = distributor_get(worker->port, items, 0, MCAPI_TIMEOUT_INFINITE, status);
    worker->idle_ns += clock_ns() - paused_ns;
    worker->turns = TIME_EVERY; /* the time is known, and of interest */
    return taken;
}

/* The time begins with the first items. */
static void begin_time(struct distributed *worker)
{
    worker->told_ns = clock_ns();
    worker->idle_ns = worker->turns = 0;
    worker->tell_at = 1;
}

/* False: something came, or was made, that cannot be. */
static bool work_until_told(struct distributed *worker, mcapi_status_t *status)
{
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    size_t count = 0;

    while ((count = take(worker, items, count, status)) > 0) {
        if (worker->tell_at == 0)
            begin_time(worker);
        if (!work_on_all(worker, items, count))
            return false;
    }
    return true;
}

/* --- All of it -------------------------------------------------------------------------- */

static enum worker_end end_of(mcapi_status_t status, char reason[WORKER_REASON_SIZE])
{
    char name[MCAPI_MAX_STATUS_SIZE];

    switch (status) {
    case MCAPI_ERR_CHAN_CLOSEPENDING: /* sent away */
    case MCAPI_ERR_CHAN_INVALID: /* the distributor has ended, which it does when all is done */
        return WORKER_DONE;
    case MCAPI_ERR_TRANSMISSION:
        snprintf(reason, WORKER_REASON_SIZE, "the load balancer is gone");
        return WORKER_ABANDONED;
    default:
        snprintf(reason, WORKER_REASON_SIZE, "cannot take items: %s",
                 mcapi_display_status(status, name, sizeof(name)));
        return WORKER_FAILED;
    }
}

static bool join(struct distributed *worker, char reason[WORKER_REASON_SIZE])
{
    const struct worker_settings *settings = worker->settings;
    const char *step = "join the topology";
    char name[MCAPI_MAX_STATUS_SIZE];
    mcapi_status_t status, ignored;
    mcapi_info_t info;

    mcapi_initialize(settings->domain, settings->node, NULL, NULL, &info, &status);
    if (status == MCAPI_SUCCESS) {
        step = "join the distributor";
        worker->port = distributor_join(settings->domain, 0, ITEM_PORT_DISTRIBUTOR,
                                        JOIN_LIMIT_MS, &status);
        if (status == MCAPI_SUCCESS)
            return true;
        mcapi_finalize(&ignored);
    }
    if (status != MCAPI_ERR_NODE_INITFAILED) /* else the library itself has said why */
        snprintf(reason, WORKER_REASON_SIZE, "cannot %s: %s", step,
                 mcapi_display_status(status, name, sizeof(name)));
    return false;
}

enum worker_end distributed_run(const struct worker_settings *settings,
                                char reason[WORKER_REASON_SIZE])
{
    struct distributed worker = { .settings = settings, .work = settings->work };
    mcapi_status_t status, ignored;
    enum worker_end end;

    if (!join(&worker, reason))
        return WORKER_FAILED;
    worker_outlive_parent(settings);
    if (work_until_told(&worker, &status)) {
        end = end_of(status, reason);
    } else {
        snprintf(reason, WORKER_REASON_SIZE,
                 "an item makes no sense, or what '%s' has made of it cannot be sent",
                 worker.work.kind->name);
        end = WORKER_FAILED;
    }
    distributor_leave(worker.port, NULL, 0, &ignored);
    mcapi_finalize(&ignored);
    for (size_t i = 0; i < DISTRIBUTOR_BURST_MAX; i++)
        free(worker.copies[i]);
    work_finish(&worker.work);
    return end;
}
