/* SPDX-License-Identifier: MIT */
/*
 * returns.c - what comes back from the distributor.
 *
 * Items of one flow come in the order in which they went in, so this is also where it is
 * noticed if they do not. What a worker says of several items stands at the first of them, and
 * came in one piece with all of them: if it dies, either all of that counts or nothing does.
 */
#include <errno.h>
#include <string.h>

#include "load_balancer/deaths.h"
#include "load_balancer/distribution.h"
#include "worker/clock.h"
#include "worker/work.h"

enum {
    AT_ONCE = 64, /* items of one call */
};

/* --- Items that kill ---------------------------------------------------------------- */

/* The worker that has worked on an item, or died over it; 0: nobody has said. */
static uint32_t worker_of(const struct distribution *distribution,
                          const struct distributor_item *item)
{
    return item->worker < DISTRIBUTOR_WORKERS_MAX ? distribution->workers[item->worker] : 0;
}

/* When a death ends the run, what the worker may have died of is given to nobody else: that
 * would die of it, too. */
static bool lose(struct balancer *balancer, const struct distributor_item *from,
                 const struct item *item)
{
    struct distribution *distribution = balancer->distribution;
    uint32_t number = worker_of(distribution, from);
    struct worker_stats *worker;

    balancer->stats.failed = true;
    if (number == 0)
        return true; /* counted with those that nobody had */
    worker = distribution->crew.all[number - 1].stats;
    worker->lost = true;
    worker->items++;
    worker->bytes += item->captured;
    worker->original_bytes += item->original;
    worker->lost_bytes += item->captured;
    worker->lost_original_bytes += item->original;
    return true;
}

static bool give_up(struct balancer *balancer, const struct distributor_item *from,
                    const struct item *item)
{
    if (balancer->config->on_death == ON_DEATH_STOP)
        return lose(balancer, from, item);
    deaths_set_aside(balancer, item);
    return true;
}

/* --- The sink ----------------------------------------------------------------------- */

/* Always false. */
static bool say_sink_failed(struct balancer *balancer)
{
    balancer_complain(balancer, "cannot write to --sink '%.200s': %s", balancer->config->sink,
                      strerror(errno));
    return false;
}

bool returns_flush(struct balancer *balancer)
{
    return capture_file_flush(&balancer->sink) || say_sink_failed(balancer);
}

/* --- What the worker says ------------------------------------------------------------ */

static void add_done(struct balancer *balancer, struct crew_worker *worker,
                     const struct item_done *done)
{
    struct report *sum = &worker->stats->report;

    sum->items += done->items;
    sum->malformed += done->malformed;
    sum->bytes += done->bytes;
    sum->original_bytes += done->original_bytes;
    sum->result += done->result;
    sum->span_ns += done->span_ns;
    sum->busy_ns += done->busy_ns;
    balancer->distribution->crew.busy_ns += done->busy_ns;
    worker->has_done = true;
}

/* Reads what stands with an item that has something. False: it makes no sense. */
static bool read_done(struct balancer *balancer, const struct distributor_item *from,
                      struct returned *returned)
{
    struct distribution *distribution = balancer->distribution;
    struct item_done done;

    if (from->size < sizeof(done) || from->worker >= DISTRIBUTOR_WORKERS_MAX)
        return false;
    memcpy(&done, from->bytes, sizeof(done));
    if (done.worker == 0 || done.worker > distribution->crew.count
        || done.outcome > WORK_FILTERED)
        return false;
    distribution->workers[from->worker] = done.worker;
    add_done(balancer, &distribution->crew.all[done.worker - 1], &done);
    returned->outcome = (enum work_outcome)done.outcome;
    if (returned->outcome == WORK_CHANGED) {
        returned->bytes = (const uint8_t *)from->bytes + sizeof(done);
        returned->size = from->size - (uint32_t)sizeof(done);
    }
    return true;
}

/* --- One item ------------------------------------------------------------------------ */

bool returns_read(struct balancer *balancer, const struct distributor_item *from,
                  const struct item *item, struct returned *returned)
{
    struct distribution *distribution = balancer->distribution;

    *returned = (struct returned){ NULL, item + 1, item->captured, WORK_UNCHANGED };
    if ((from->flags & DISTRIBUTOR_CHANGED) != 0 && !read_done(balancer, from, returned)) {
        balancer_complain(balancer, "a worker says what makes no sense of item %llu",
                          (unsigned long long)item->number);
        return false;
    }
    if (worker_of(distribution, from) == 0) {
        balancer_complain(balancer, "item %llu comes back from nobody who is known",
                          (unsigned long long)item->number);
        return false;
    }
    returned->worker = distribution->crew.all[worker_of(distribution, from) - 1].stats;
    return true;
}

static bool take_item(struct balancer *balancer, const struct distributor_item *from,
                      const struct item *item)
{
    struct returned returned;
    struct worker_stats *worker;

    if (!returns_read(balancer, from, item, &returned))
        return false;
    worker = returned.worker;
    if (!stats_add_item(&balancer->stats, worker, item,
                        balancer->config->policy == POLICY_LEAST_LOADED)) {
        balancer_complain(balancer, "there is no memory for another flow");
        return false;
    }
    if (item->sent_ns != 0)
        latency_add(&worker->latency, clock_ns() - item->sent_ns);
    balancer->stats.filtered += returned.outcome == WORK_FILTERED;
    return balancer->config->sink == NULL || returned.outcome == WORK_FILTERED
        || capture_file_put(&balancer->sink, item, returned.bytes, returned.size)
        || say_sink_failed(balancer);
}

bool returns_take_packet(struct balancer *balancer, const struct distributor_item *from)
{
    struct distribution *distribution = balancer->distribution;
    uint32_t slot = (uint32_t)from->cookie;
    const struct item *item = distribution->slots.all[slot].item;
    bool good = (from->flags & DISTRIBUTOR_GIVEN_UP) != 0 ? give_up(balancer, from, item)
                                                          : take_item(balancer, from, item);

    slots_give_back(&distribution->slots, slot);
    distribution->out--;
    return good;
}

bool returns_take(struct balancer *balancer)
{
    struct distributor_item items[AT_ONCE];
    mcapi_status_t status;
    bool good = true;
    size_t count;

    do {
        count = distributor_returned(balancer->distribution->distributor, items, AT_ONCE,
                                     &status);
        for (size_t i = 0; i < count; i++)
            good = balancer->distribution->take(balancer, &items[i]) && good;
    } while (good && count == AT_ONCE);
    return good;
}
