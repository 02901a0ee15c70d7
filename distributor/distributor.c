/* SPDX-License-Identifier: MIT */
/*
 * distributor.c - the calls of the distributing thread: check, look at the workers, do it,
 * send.
 */
#include "distributor/inside.h"

#include <stdlib.h>
#include <time.h>

#include <mcapi_ext.h>

enum {
    MAX_SIZE = 2048,
    WINDOW = 256,
    WINDOW_MOST = 1024,
    CAPACITY_LEAST = 512,
    CAPACITY_DEFAULT_MOST = 65536,
    CAPACITY_MOST = 1 << 20,

    /* A call that finds the door as it was looks again after so many. */
    DOOR_SELDOM = 16,
};

static bool report(mcapi_status_t *to, mcapi_status_t status)
{
    if (to != NULL)
        *to = status;
    return status == MCAPI_SUCCESS;
}

/* Whether the caller has a node, and a distributor. */
static bool check(const struct distributor *d, mcapi_status_t *mcapi_status)
{
    mcapi_status_t status;

    mcapi_node_id_get(&status);
    if (status == MCAPI_SUCCESS && d == NULL)
        status = MCAPI_ERR_PARAMETER;
    return report(mcapi_status, status);
}

/* --- The life of a distributor --------------------------------------------------------- */

static bool settings_are_right(uint32_t max_workers, enum distributor_mode mode,
                               const struct distributor_settings *settings)
{
    for (size_t i = 0; i < sizeof(settings->reserved) / sizeof(settings->reserved[0]); i++)
        if (settings->reserved[i] != 0)
            return false;
    return (mode == DISTRIBUTOR_SINGLE || mode == DISTRIBUTOR_BURST) && max_workers >= 1
        && max_workers <= DISTRIBUTOR_WORKERS_MAX && settings->window <= WINDOW_MOST
        && settings->capacity <= CAPACITY_MOST && settings->deaths_max <= UINT8_MAX;
}

static void fill_defaults(struct distributor_settings *settings, uint32_t max_workers)
{
    uint32_t capacity;

    if (settings->max_size == 0)
        settings->max_size = MAX_SIZE;
    if (settings->window == 0)
        settings->window = WINDOW;
    if (settings->capacity != 0)
        return;
    capacity = 2 * max_workers * settings->window;
    settings->capacity = capacity < CAPACITY_LEAST        ? CAPACITY_LEAST
                       : capacity > CAPACITY_DEFAULT_MOST ? CAPACITY_DEFAULT_MOST
                                                          : capacity;
}

/* The door, and whether packets of this topology can carry what they are to. */
static mcapi_status_t open_door(struct distributor *d, mcapi_port_t port)
{
    mcapi_endp_attr_max_payload_size_t most = 0;
    mcapi_timeout_t none = MCAPI_TIMEOUT_IMMEDIATE;
    mcapi_status_t status, ignored;

    if (port == MCAPI_PORT_ANY)
        return MCAPI_ERR_PORT_INVALID;
    d->door = mcapi_endpoint_create(port, &status);
    if (status != MCAPI_SUCCESS)
        return status;
    mcapi_endpoint_get_attribute(d->door, MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, &most, sizeof(most),
                                 &status);
    if (status == MCAPI_SUCCESS
        && (d->max_size > (uint32_t)STORE_FIRST_SIZE << (STORE_SIZES - 1)
            || wire_parcel_bytes(d->max_size) > (uint32_t)most))
        status = MCAPI_ERR_PKT_LIMIT;
    if (status == MCAPI_SUCCESS)
        mcapi_endpoint_set_attribute(d->door, MCAPI_ENDP_ATTR_TIMEOUT, &none, sizeof(none),
                                     &status);
    if (status != MCAPI_SUCCESS)
        mcapi_endpoint_delete(d->door, &ignored);
    return status;
}

static void free_all(struct distributor *d)
{
    store_close(&d->store);
    waits_close(&d->waits);
    tags_close(&d->tags);
    free(d->out_memory);
    free(d->members);
    free(d);
}

static struct distributor *allocate(uint32_t max_workers, enum distributor_mode mode,
                                    const struct distributor_settings *settings)
{
    struct distributor *d = calloc(1, sizeof(*d));
    uint32_t ring = 1;

    if (d == NULL)
        return NULL;
    while (ring < settings->window)
        ring *= 2;
    d->max_workers = max_workers;
    d->batch = mode == DISTRIBUTOR_SINGLE ? 1 : DISTRIBUTOR_BURST_MAX;
    d->max_size = settings->max_size;
    d->window = settings->window;
    d->deaths_max = settings->deaths_max;
    d->slow_ns = settings->slow_us * UINT64_C(1000);
    d->weigh = settings->weigh;
    d->context = settings->context;
    d->parcel_bytes = wire_parcel_bytes(settings->max_size);
    d->out_mask = ring - 1;
    d->members = calloc(max_workers, sizeof(*d->members));
    d->out_memory = calloc((size_t)max_workers * ring, sizeof(*d->out_memory));
    if (d->members == NULL || d->out_memory == NULL || !tags_open(&d->tags, settings->capacity)
        || !waits_open(&d->waits, settings->capacity)
        || !store_open(&d->store, settings->capacity, settings->max_size)) {
        free_all(d);
        return NULL;
    }
    for (uint32_t i = 0; i < max_workers; i++)
        d->members[i].out = d->out_memory + (size_t)i * ring;
    rooms_open(&d->rooms, settings->window);
    store_list_open(&d->waiting);
    waits_queue_open(&d->free_waiting);
    return d;
}

struct distributor *distributor_create(mcapi_port_t port, uint32_t max_workers,
                                       enum distributor_mode mode,
                                       const struct distributor_settings *settings,
                                       mcapi_status_t *mcapi_status)
{
    struct distributor_settings all = { 0 };
    struct distributor *d;
    mcapi_status_t status;

    mcapi_node_id_get(&status);
    if (!report(mcapi_status, status))
        return NULL;
    if (settings != NULL)
        all = *settings;
    if (!settings_are_right(max_workers, mode, &all)) {
        report(mcapi_status, MCAPI_ERR_PARAMETER);
        return NULL;
    }
    fill_defaults(&all, max_workers);
    if (all.max_size > (uint32_t)STORE_FIRST_SIZE << (STORE_SIZES - 1)) {
        report(mcapi_status, MCAPI_ERR_PKT_LIMIT);
        return NULL;
    }
    d = allocate(max_workers, mode, &all);
    status = d == NULL ? MCAPI_ERR_MEM_LIMIT : open_door(d, port);
    if (!report(mcapi_status, status)) {
        if (d != NULL)
            free_all(d);
        return NULL;
    }
    return d;
}

void distributor_destroy(struct distributor *distributor, mcapi_status_t *mcapi_status)
{
    mcapi_status_t status;

    if (!check(distributor, mcapi_status) && distributor == NULL)
        return;
    members_let_go(distributor);
    mcapi_endpoint_delete(distributor->door, &status);
    free_all(distributor);
}

/* --- Items ----------------------------------------------------------------------------- */

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* What every call does first: takes what workers have sent. */
static void look(struct distributor *d, bool all)
{
    if (d->slow_ns > 0)
        d->now_ns = now_ns();
    if (all || d->turn % DOOR_SELDOM == 0 || d->present_count == 0)
        members_admit(d);
    if (d->present_count > 0)
        collect_answers(d, all);
}

/* What every call does last. A worker that turns out to be gone has its items taken back, and
 * given to others at once. */
static void send(struct distributor *d)
{
    place_send(d);
    while (d->some_broken) {
        collect_answers(d, false);
        place_send(d);
    }
}

static mcapi_status_t check_item(const struct distributor *d,
                                 const struct distributor_item *item)
{
    if (item->size > d->max_size)
        return MCAPI_ERR_PKT_LIMIT;
    return item->bytes == NULL && item->size > 0 ? MCAPI_ERR_PARAMETER : MCAPI_SUCCESS;
}

size_t distributor_process(struct distributor *distributor,
                           const struct distributor_item *items, size_t count,
                           mcapi_status_t *mcapi_status)
{
    struct distributor *d = distributor;
    mcapi_status_t status = MCAPI_SUCCESS;
    size_t done;

    if (!check(d, mcapi_status))
        return 0;
    if (items == NULL && count > 0) {
        report(mcapi_status, MCAPI_ERR_PARAMETER);
        return 0;
    }
    d->coming = count < WINDOW_MOST ? (uint32_t)count : WINDOW_MOST;
    look(d, d->store.free_count < count);
    for (done = 0; done < count && d->store.free_count > 0; done++) {
        uint32_t item;

        status = check_item(d, &items[done]);
        if (status != MCAPI_SUCCESS)
            break;
        item = store_take(&d->store, &items[done]);
        if (d->waiting.count > 0 || !place_item(d, item)) {
            store_list_append(&d->store, &d->waiting, item);
            d->all_waiting++;
        }
    }
    d->stats.taken += done;
    send(d);
    if (done == 0)
        report(mcapi_status, status);
    return done;
}

size_t distributor_returned(struct distributor *distributor, struct distributor_item *items,
                            size_t room, mcapi_status_t *mcapi_status)
{
    struct distributor *d = distributor;
    struct store *store;
    size_t count;

    if (!check(d, mcapi_status))
        return 0;
    if (items == NULL && room > 0) {
        report(mcapi_status, MCAPI_ERR_PARAMETER);
        return 0;
    }
    store = &d->store;
    store_free_collected(store);
    if (store_uncollected(store) < room || room == 0) {
        look(d, store_uncollected(store) == 0);
        send(d);
    }
    for (count = 0; count < room && store->collected != store->finished; count++)
        items[count] = store->records[store->returned[store->collected++ & store->mask]];
    return count;
}

size_t distributor_clear_returns(struct distributor *distributor, mcapi_status_t *mcapi_status)
{
    struct distributor *d = distributor;
    uint32_t count;

    if (!check(d, mcapi_status))
        return 0;
    count = store_uncollected(&d->store);
    d->store.collected = d->store.finished;
    store_free_collected(&d->store);
    d->stats.cleared += count;
    return count;
}

/* --- Workers --------------------------------------------------------------------------- */

/* The worker of that number, or NULL, which is reported. */
static struct member *find(struct distributor *d, uint32_t worker, mcapi_status_t *mcapi_status)
{
    if (worker < d->max_workers && d->members[worker].present)
        return &d->members[worker];
    report(mcapi_status, MCAPI_ERR_NODE_INVALID);
    return NULL;
}

void distributor_dismiss(struct distributor *distributor, uint32_t worker,
                         mcapi_status_t *mcapi_status)
{
    struct distributor *d = distributor;
    struct member *member;

    if (!check(d, mcapi_status))
        return;
    look(d, true);
    member = find(d, worker, mcapi_status);
    if (member != NULL)
        members_dismiss(d, member);
    place_waiting(d);
    send(d);
}

/* --- Waiting --------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Where something arrives. */
static size_t list_ends(const struct distributor *d, mcapi_endpoint_t *ends, size_t room)
{
    size_t count = 0;

    for (uint32_t i = 0; i < d->present_count; i++, count++)
        if (count < room)
            ends[count] = d->members[d->present[i]].answers;
    if (d->present_count < d->max_workers) {
        if (count < room)
            ends[count] = d->door;
        count++;
    }
    return count;
}

size_t distributor_endpoints(const struct distributor *distributor, mcapi_endpoint_t *endpoints,
                             size_t room, mcapi_status_t *mcapi_status)
{
    if (!check(distributor, mcapi_status))
        return 0;
    if (endpoints == NULL && room > 0) {
        report(mcapi_status, MCAPI_ERR_PARAMETER);
        return 0;
    }
    return list_ends(distributor, endpoints, room);
}

/* Sleeps until a worker has said something, or somebody wants to join. MCAPI_TIMEOUT. */
static mcapi_status_t sleep_until(struct distributor *d, mcapi_timeout_t timeout,
                                  int64_t deadline_ms)
{
    mcapi_endpoint_t ends[DISTRIBUTOR_WORKERS_MAX + 1];
    mcapi_status_t status;
    size_t count;

    if (timeout != MCAPI_TIMEOUT_INFINITE) {
        int64_t left_ms = deadline_ms - now_ms();

        if (left_ms <= 0)
            return MCAPI_TIMEOUT;
        timeout = (mcapi_timeout_t)left_ms;
    }
    count = list_ends(d, ends, sizeof(ends) / sizeof(ends[0]));
    mcapi_ext_wait_receivable(ends, count, timeout, &status);
    return status;
}

static uint32_t what_is_so(const struct distributor *d)
{
    return (store_uncollected(&d->store) > 0 ? DISTRIBUTOR_RETURNS : 0)
         | (d->store.free_count > 0 ? DISTRIBUTOR_ROOM : 0);
}

static bool all_are_back(const struct distributor *d)
{
    return d->all_waiting == 0 && d->out == 0;
}

/* Looks and sleeps in turn, until one of the bits of `what` is so, or, with 0, all items are
 * back. */
static mcapi_status_t wait_for(struct distributor *d, uint32_t what, mcapi_timeout_t timeout)
{
    bool waits = timeout != MCAPI_TIMEOUT_IMMEDIATE;
    int64_t deadline_ms = waits && timeout != MCAPI_TIMEOUT_INFINITE ? now_ms() + timeout : 0;
    mcapi_status_t status = MCAPI_SUCCESS;
    bool so;

    store_free_collected(&d->store);
    for (;;) {
        look(d, true);
        send(d);
        so = what == 0 ? all_are_back(d) : (what_is_so(d) & what) != 0;
        if (so)
            return MCAPI_SUCCESS;
        if (status != MCAPI_SUCCESS || !waits)
            return status != MCAPI_SUCCESS ? status : MCAPI_TIMEOUT;
        status = sleep_until(d, timeout, deadline_ms);
    }
}

uint32_t distributor_wait(struct distributor *distributor, uint32_t what,
                          mcapi_timeout_t timeout, mcapi_status_t *mcapi_status)
{
    if (!check(distributor, mcapi_status))
        return 0;
    if (what == 0 || (what & ~(DISTRIBUTOR_RETURNS | DISTRIBUTOR_ROOM)) != 0) {
        report(mcapi_status, MCAPI_ERR_PARAMETER);
        return 0;
    }
    if (!report(mcapi_status, wait_for(distributor, what, timeout)))
        return 0;
    return what_is_so(distributor) & what;
}

size_t distributor_flush(struct distributor *distributor, mcapi_timeout_t timeout,
                         mcapi_status_t *mcapi_status)
{
    if (!check(distributor, mcapi_status)
        || !report(mcapi_status, wait_for(distributor, 0, timeout)))
        return 0;
    return store_uncollected(&distributor->store);
}

/* --- Statistics ------------------------------------------------------------------------ */

void distributor_stats(const struct distributor *distributor, struct distributor_stats *stats,
                       mcapi_status_t *mcapi_status)
{
    const struct distributor *d = distributor;

    if (!check(d, mcapi_status))
        return;
    if (stats == NULL) {
        report(mcapi_status, MCAPI_ERR_PARAMETER);
        return;
    }
    *stats = d->stats;
    stats->workers = d->present_count;
    for (uint32_t i = 0; i < d->present_count; i++)
        stats->asking += member_takes(&d->members[d->present[i]]);
    stats->waiting = d->all_waiting;
    stats->out = d->out;
    stats->uncollected = store_uncollected(&d->store);
    stats->room = d->store.free_count;
}

void distributor_worker_stats(const struct distributor *distributor, uint32_t worker,
                              struct distributor_worker_stats *stats,
                              mcapi_status_t *mcapi_status)
{
    const struct member *member;

    if (!check(distributor, mcapi_status))
        return;
    if (stats == NULL) {
        report(mcapi_status, MCAPI_ERR_PARAMETER);
        return;
    }
    if (worker >= distributor->max_workers || !distributor->members[worker].present) {
        report(mcapi_status, MCAPI_ERR_NODE_INVALID);
        return;
    }
    member = &distributor->members[worker];
    *stats = member->stats;
    stats->out = member_out(member);
    stats->waiting = member->waiting.items;
    stats->asking = member_takes(member);
    stats->dismissed = member->dismissed;
}
