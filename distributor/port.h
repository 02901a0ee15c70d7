/* SPDX-License-Identifier: MIT */
/*
 * port.h - a worker as that worker knows it.
 *
 * All of it is private to the worker's thread. Parcels lie where they were received until all
 * of their items are finished, and are given back then, before the distributor is told: who
 * knows that items are finished finds room for new ones.
 *
 *     parcels[]   first ................... first + count        received, in order
 *                 |  next item, its bytes at `at`
 *     work[]      work_first ...... + work_count                 taken, and not finished
 *
 * What has been finished and not told is a count, and in `answer` the bytes of those items that
 * were changed. It is told when enough has come together or nothing else is to be done. An
 * answer for which there is no room is told later: it is about the state, so it is not older
 * then.
 */
#ifndef DISTRIBUTOR_PORT_H
#define DISTRIBUTOR_PORT_H

#include <stdbool.h>

#include "distributor/distributor.h"
#include "distributor/wire.h"

/* An item that is in work. */
struct port_work {
    unsigned char *bytes;
    uint32_t size;
    void *last_of; /* the parcel that is free when this item is finished, or NULL */
};

struct port_parcel {
    struct wire_parcel *parcel;
    uint32_t size; /* bytes that came */
};

struct distributor_worker {
    mcapi_endpoint_t work_end, answers_end;
    mcapi_request_t opens[2]; /* of these ends */
    uint32_t opened;          /* ...so many are complete, in this order */
    bool opening;             /* not all: nobody has let us in */
    mcapi_domain_t domain;    /* of the distributor */
    mcapi_node_t node;
    mcapi_port_t port;
    mcapi_endpoint_t door;
    int64_t looked_ms;   /* when it was seen that it is there, by one that polls */
    mcapi_status_t over; /* why nothing more will come; MCAPI_SUCCESS: it may */

    bool asking;
    bool dismissed; /* no parcel will come after those that are here */
    bool news;      /* something to tell, whether items were finished or not */
    uint32_t epoch;

    /* From the first parcel on. */
    uint32_t number;
    uint32_t batch;
    uint32_t max_size;

    struct port_parcel parcels[WIRE_PARCELS];
    uint32_t first, count;
    uint32_t next; /* item of the first parcel */
    uint32_t at;   /* where its bytes begin */

    struct port_work work[DISTRIBUTOR_BURST_MAX];
    uint32_t work_first, work_count;

    struct wire_answer *answer; /* room for the largest; NULL before the first change */
    uint32_t answer_size;       /* bytes in use, if anything was changed */
    uint32_t changed;
    uint32_t done; /* items finished and not told */

    uint32_t tell_every; /* items */
    int64_t told_ns;
};

/* --- port_in.c: items from the distributor --------------------------------------------- */

/* Receives the parcels that have come. False: there is none, or `over` says why. */
bool port_receive(struct distributor_worker *worker);

/* Takes items, as many as may be in work. */
size_t port_take(struct distributor_worker *worker, struct distributor_item *items);

/* Forgets the items that are not in work. */
void port_drop(struct distributor_worker *worker);

/* --- port_out.c: answers --------------------------------------------------------------- */

/* MCAPI_SUCCESS, or what is wrong with what the caller says of finished items. */
mcapi_status_t port_check(const struct distributor_worker *worker,
                          const struct distributor_item *items, size_t count);

/* These items are finished. May wait for room, if some were changed. */
void port_finish(struct distributor_worker *worker, const struct distributor_item *items,
                 size_t count);

/* Tells what there is to tell, if there is room. False: there is none. */
bool port_tell(struct distributor_worker *worker);

/* The same; waits for room. */
void port_tell_surely(struct distributor_worker *worker);

/* The worker has waited until now: that is no time that items took. */
void port_begin_to_work(struct distributor_worker *worker);

/* The same, as the last answer. */
void port_tell_farewell(struct distributor_worker *worker);

static inline bool port_has_news(const struct distributor_worker *worker)
{
    return worker->done > 0 || worker->news;
}

#endif /* DISTRIBUTOR_PORT_H */
