/* SPDX-License-Identifier: MIT */
#include "runtime/request.h"

#include <string.h>

#include "runtime/control.h"
#include "runtime/endpoint.h"
#include "runtime/message.h"
#include "runtime/patience.h"
#include "runtime/receive.h"
#include "runtime/request_table.h"
#include "segment/event.h"

/* --- Beginning ------------------------------------------------------------------------ */

static bool begin(struct mci_request_table *table, const struct mci_request_start *start,
                  mcapi_request_t *request)
{
    struct mci_request *slot;

    mci_request_lock(table);
    slot = mci_request_take(table);
    if (slot != NULL) {
        slot->start = *start;
        *request = mci_request_number(table, slot);
    }
    mci_request_unlock(table);
    return slot != NULL;
}

/* Many programs never ask how their requests stand. Those that could be over by now are, once
 * somebody has looked. */
static void look_at_all(struct mci_node *node)
{
    struct mci_request_table *table = node->requests;
    size_t size;

    for (uint32_t i = 0; i < table->count; i++) {
        mcapi_request_t request;

        mci_request_lock(table);
        request = mci_request_number(table, &table->slots[i]);
        mci_request_unlock(table);
        mci_request_test(node, request, &size);
    }
}

mcapi_status_t mci_request_begin(struct mci_node *node, const struct mci_request_start *start,
                                 mcapi_request_t *request)
{
    if (begin(node->requests, start, request))
        return MCAPI_SUCCESS;
    look_at_all(node);
    return begin(node->requests, start, request) ? MCAPI_SUCCESS : MCAPI_ERR_REQUEST_LIMIT;
}

mcapi_status_t mci_request_amend(struct mci_node *node, mcapi_request_t request,
                                 const struct mci_request_start *start)
{
    struct mci_request_table *table = node->requests;
    struct mci_request *slot;

    mci_request_lock(table);
    slot = mci_request_find(table, request);
    if (slot != NULL && slot->state == MCI_REQUEST_PENDING) {
        slot->start = *start;
        slot->is_open = start->kind == MCI_REQUEST_OPEN;
        table->opens += slot->is_open;
        if (start->kind == MCI_REQUEST_DONE)
            mci_request_finish(table, slot, MCAPI_SUCCESS, start->size);
    }
    mci_request_unlock(table);
    return slot != NULL ? MCAPI_SUCCESS : MCAPI_ERR_NODE_NOTINIT;
}

bool mci_request_has_no_data(struct mci_node *node, mcapi_request_t request)
{
    struct mci_request_table *table = node->requests;
    const struct mci_request *slot;
    mcapi_status_t status;
    bool none;

    if (mci_request_is_refusal(request, &status))
        return true;
    mci_request_lock(table);
    slot = mci_request_find(table, request);
    none = slot != NULL && slot->start.kind != MCI_REQUEST_RECEIVE
        && slot->start.kind != MCI_REQUEST_MESSAGE
        && !(slot->start.kind == MCI_REQUEST_DONE && slot->start.carries_data);
    mci_request_unlock(table);
    return none;
}

void mci_request_drop(struct mci_node *node, mcapi_request_t request)
{
    struct mci_request_table *table = node->requests;
    struct mci_request *slot;

    mci_request_lock(table);
    slot = mci_request_find(table, request);
    if (slot != NULL && slot->state == MCI_REQUEST_PENDING)
        mci_request_put_back(table, slot);
    mci_request_unlock(table);
}

/* --- Receives that are posted ----------------------------------------------------------- */

mcapi_status_t mci_request_post(struct mci_node *node, mcapi_request_t request,
                                struct mci_posted *posted)
{
    struct mci_request_table *table = node->requests;
    struct mci_request *slot;
    uint32_t link;

    /* Of another node there can be some only if the segment was damaged. */
    if (posted->count > 0 && posted->by != node)
        mci_request_fail_posted(posted, MCAPI_ERR_GENERAL);
    mci_request_lock(table);
    slot = mci_request_find(table, request);
    if (slot != NULL) {
        link = (uint32_t)(slot - table->slots) + 1;
        slot->next_posted = 0;
        if (posted->last != 0)
            table->slots[posted->last - 1].next_posted = link;
        else
            posted->first = link;
        posted->last = link;
        posted->count++;
        posted->by = node;
    }
    mci_request_unlock(table);
    /* Else the node's life has ended meanwhile. */
    return slot != NULL ? MCAPI_SUCCESS : MCAPI_ERR_NODE_NOTINIT;
}

/* The table's mutex is held. NULL: it is not one of those any more, as the node's life ended
 * while it was being posted. */
static struct mci_request *unpost_first(struct mci_posted *posted,
                                        struct mci_request_table *table)
{
    struct mci_request *slot;

    if (posted->first == 0) {
        posted->count = 0;
        return NULL;
    }
    slot = &table->slots[posted->first - 1];
    posted->first = slot->next_posted;
    if (posted->first == 0)
        posted->last = 0;
    posted->count--;
    return slot->state == MCI_REQUEST_PENDING
                        && (slot->start.kind == MCI_REQUEST_RECEIVE
                            || slot->start.kind == MCI_REQUEST_MESSAGE)
                 ? slot
                 : NULL;
}

bool mci_request_serve(struct mci_posted *posted, void *payload, size_t size,
                       mcapi_status_t status)
{
    struct mci_request_table *table;
    struct mci_request *slot;

    if (posted->count == 0)
        return false;
    table = posted->by->requests;
    mci_request_lock(table);
    slot = unpost_first(posted, table);
    if (slot != NULL) {
        if (status == MCAPI_SUCCESS && slot->start.kind == MCI_REQUEST_RECEIVE)
            *slot->start.buffer = payload;
        mci_request_finish(table, slot, status, size);
    }
    mci_request_unlock(table);
    return true;
}

void mci_request_serve_message(struct mci_posted *posted, const void *payload, size_t size)
{
    struct mci_request_table *table = posted->by->requests;
    const struct mci_request_start *start;
    struct mci_request *slot;

    mci_request_lock(table);
    slot = unpost_first(posted, table);
    if (slot != NULL && slot->start.kind == MCI_REQUEST_MESSAGE) {
        start = &slot->start;
        size_t kept = size < start->room ? size : start->room;

        if (kept > 0)
            memcpy(start->message, payload, kept);
        mci_request_finish(table, slot, kept < size ? MCAPI_ERR_MSG_TRUNCATED : MCAPI_SUCCESS,
                           size);
    }
    mci_request_unlock(table);
}

void mci_request_fail_posted(struct mci_posted *posted, mcapi_status_t status)
{
    while (mci_request_serve(posted, NULL, 0, status))
        ;
}

static void unpost(struct mci_posted *posted, struct mci_request_table *table,
                   struct mci_request *slot)
{
    uint32_t wanted = (uint32_t)(slot - table->slots) + 1;
    uint32_t before = 0;

    for (uint32_t link = posted->first; link != 0;
         before = link, link = table->slots[link - 1].next_posted) {
        if (link != wanted)
            continue;
        if (before != 0)
            table->slots[before - 1].next_posted = slot->next_posted;
        else
            posted->first = slot->next_posted;
        if (posted->last == wanted)
            posted->last = before;
        posted->count -= posted->count > 0;
        return;
    }
}

/* --- Progress ------------------------------------------------------------------------- */

/* Looks, without any lock of ours, how the operation stands. */
static mcapi_status_t look(struct mci_node *node, const struct mci_request_start *start)
{
    mcapi_endpoint_t endpoint;
    mcapi_status_t status;

    switch (start->kind) {
    case MCI_REQUEST_GET:
        status = mci_endpoint_get(node, start->domain, start->number, start->port, &endpoint);
        if (status == MCAPI_SUCCESS)
            *start->endpoint = endpoint;
        return status;
    case MCI_REQUEST_OPEN:
        return mci_channel_open_result(node, start->handle, start->end_kind);
    case MCI_REQUEST_CLOSE:
        return mci_channel_close_result(node, &start->life);
    case MCI_REQUEST_RECEIVE:
        /* It serves the posted receives itself, this one perhaps among them. */
        status = mci_receive_progress(node, start->handle);
        return status == MCAPI_SUCCESS ? MCAPI_PENDING : status;
    case MCI_REQUEST_MESSAGE:
        status = mci_message_progress(node, start->handle);
        return status == MCAPI_SUCCESS ? MCAPI_PENDING : status;
    default:
        return MCAPI_PENDING;
    }
}

static mcapi_status_t result_of(const struct mci_request *slot, size_t *size)
{
    if (slot == NULL)
        return MCAPI_ERR_REQUEST_INVALID;
    if (slot->state != MCI_REQUEST_OVER)
        return MCAPI_PENDING;
    *size = slot->size;
    return slot->status;
}

mcapi_status_t mci_request_test(struct mci_node *node, mcapi_request_t request, size_t *size)
{
    struct mci_request_table *table = node->requests;
    struct mci_request_start start;
    struct mci_request *slot;
    mcapi_status_t status;
    bool mine;

    *size = 0;
    if (mci_request_is_refusal(request, &status))
        return status;
    mci_request_lock(table);
    slot = mci_request_find(table, request);
    status = result_of(slot, size);
    /* One looker at a time: a get must not be counted twice. */
    mine = status == MCAPI_PENDING && !slot->looked_at;
    if (mine) {
        slot->looked_at = true;
        start = slot->start;
    }
    mci_request_unlock(table);
    if (!mine)
        return status;

    mcapi_status_t seen = look(node, &start);

    if (seen == MCAPI_ERR_NODE_NOTINIT && mci_control_gave_up())
        seen = MCAPI_PENDING;

    mci_request_lock(table);
    slot = mci_request_find(table, request);
    if (slot != NULL)
        slot->looked_at = false;
    if (slot != NULL && slot->state == MCI_REQUEST_PENDING && seen != MCAPI_PENDING)
        mci_request_finish(table, slot, seen, 0);
    status = result_of(slot, size);
    mci_request_unlock(table);
    /* A node that was finalized meanwhile has no requests any more. */
    return seen == MCAPI_ERR_NODE_NOTINIT ? seen : status;
}

void mci_request_end_open(struct mci_node *node, mcapi_endpoint_t handle)
{
    struct mci_request_table *table = node->requests;

    mci_request_lock(table);
    for (uint32_t i = 0; i < table->count && table->opens > 0; i++) {
        struct mci_request *slot = &table->slots[i];

        if (slot->state == MCI_REQUEST_PENDING && slot->start.kind == MCI_REQUEST_OPEN
            && slot->start.handle == handle)
            mci_request_finish(table, slot, MCAPI_SUCCESS, 0);
    }
    mci_request_unlock(table);
}

/* --- Waiting -------------------------------------------------------------------------- */

static void announce(struct mci_patience *patience, mcapi_request_t request)
{
    struct mci_request_table *table = patience->node->requests;
    struct mci_request_start start = { .kind = MCI_REQUEST_DONE };
    const struct mci_request *slot;
    uint32_t peer;

    mci_request_lock(table);
    slot = mci_request_find(table, request);
    if (slot != NULL && slot->state == MCI_REQUEST_PENDING)
        start = slot->start;
    mci_request_unlock(table);
    if (start.kind == MCI_REQUEST_RECEIVE) {
        mci_receive_announce(patience, start.handle);
    } else if (start.kind == MCI_REQUEST_MESSAGE) {
        mci_message_announce(patience, start.handle);
    } else if (start.kind == MCI_REQUEST_OPEN || start.kind == MCI_REQUEST_CLOSE) {
        peer = start.kind == MCI_REQUEST_OPEN
                     ? mci_channel_peer(patience->node, start.handle)
                     : mci_channel_closing_peer(patience->node, &start.life);
        if (peer != MCI_NO_NODE) {
            _Atomic uint32_t *word = &mci_map()->nodes[peer].liveness.word;

            mci_patience_watch(patience, word,
                               atomic_load_explicit(word, memory_order_relaxed));
        }
    }
}

static void announce_one(struct mci_patience *patience, void *context)
{
    announce(patience, *(const mcapi_request_t *)context);
}

/* Marks the request as waited for: MCAPI_ERR_WAIT_PENDING if it is already. */
static mcapi_status_t begin_wait(struct mci_request_table *table, mcapi_request_t request)
{
    mcapi_status_t status = MCAPI_SUCCESS;
    struct mci_request *slot;

    mci_request_lock(table);
    slot = mci_request_find(table, request);
    if (slot != NULL && slot->waiters > 0)
        status = MCAPI_ERR_WAIT_PENDING;
    else if (slot != NULL)
        slot->waiters = 1;
    mci_request_unlock(table);
    return status;
}

/* `told`: the waiter has learnt how the request ended, and releases it. */
static void end_wait(struct mci_request_table *table, mcapi_request_t request, bool told)
{
    struct mci_request *slot;

    mci_request_lock(table);
    slot = mci_request_find(table, request);
    if (slot != NULL) {
        if (slot->waiters > 0)
            slot->waiters--;
        if (told && slot->state == MCI_REQUEST_OVER)
            mci_request_free(table, slot);
    }
    mci_request_unlock(table);
}

/* A wait that finds its request gone may have been overtaken by the end of its node. */
static mcapi_status_t or_node_gone(const struct mci_node *node, mcapi_status_t status)
{
    return status == MCAPI_ERR_REQUEST_INVALID && !mci_node_is_live(node, mci_self.serial)
                 ? MCAPI_ERR_NODE_NOTINIT
                 : status;
}

mcapi_status_t mci_request_wait(struct mci_node *node, mcapi_request_t request, size_t *size,
                                mcapi_timeout_t timeout)
{
    struct mci_patience patience;
    mcapi_status_t status = begin_wait(node->requests, request);
    mcapi_status_t waited = MCAPI_SUCCESS;

    if (status != MCAPI_SUCCESS)
        return status;
    mci_patience_begin(&patience, node, timeout);
    mci_control_give_up_at(patience.deadline);
    for (;;) {
        status = mci_request_test(node, request, size);
        if (status != MCAPI_PENDING)
            break;
        waited = mci_patience_wait_bell(&patience, announce_one, &request);
        if (waited != MCAPI_SUCCESS) {
            status = waited;
            break;
        }
    }
    mci_control_give_up_at(MCI_FOREVER);
    mci_patience_end(&patience);
    end_wait(node->requests, request, waited == MCAPI_SUCCESS);
    return or_node_gone(node, status);
}

struct any {
    size_t count;
    mcapi_request_t (*get)(const void *, size_t);
    const void *requests;
};

static void announce_any(struct mci_patience *patience, void *context)
{
    const struct any *any = context;

    for (size_t i = 0; i < any->count; i++)
        announce(patience, any->get(any->requests, i));
}

/* The next of them that is over, beginning behind the one that was found last time. */
static mcapi_status_t test_any(struct mci_node *node, const struct any *any, size_t *size,
                               size_t *which)
{
    size_t first = node->requests->next_any % any->count;

    for (size_t i = 0; i < any->count; i++) {
        mcapi_status_t status;

        *which = (first + i) % any->count;
        status = mci_request_test(node, any->get(any->requests, *which), size);
        if (status != MCAPI_PENDING) {
            node->requests->next_any = (uint32_t)*which + 1;
            return status;
        }
    }
    return MCAPI_PENDING;
}

/* So that a cancel leaves the request for us to find. False: one of them is no request. */
static bool begin_wait_any(struct mci_request_table *table, const struct any *any)
{
    bool all = true;

    mci_request_lock(table);
    for (size_t i = 0; i < any->count; i++) {
        mcapi_request_t request = any->get(any->requests, i);
        struct mci_request *slot = mci_request_find(table, request);
        mcapi_status_t status;

        if (slot != NULL)
            slot->waiters++;
        else
            all = all && mci_request_is_refusal(request, &status);
    }
    mci_request_unlock(table);
    return all;
}

static void end_wait_any(struct mci_request_table *table, const struct any *any, size_t told)
{
    for (size_t i = 0; i < any->count; i++)
        end_wait(table, any->get(any->requests, i), i == told);
}

mcapi_status_t mci_request_wait_any(struct mci_node *node, size_t count,
                                    mcapi_request_t (*get)(const void *, size_t),
                                    const void *requests, size_t *size, mcapi_timeout_t timeout,
                                    size_t *which)
{
    struct any any = { .count = count, .get = get, .requests = requests };
    struct mci_patience patience;
    mcapi_status_t status;

    if (!begin_wait_any(node->requests, &any)) {
        end_wait_any(node->requests, &any, count);
        *which = count;
        return or_node_gone(node, MCAPI_ERR_REQUEST_INVALID);
    }
    mci_patience_begin(&patience, node, timeout);
    mci_control_give_up_at(patience.deadline);
    for (;;) {
        mcapi_status_t waited;

        status = test_any(node, &any, size, which);
        if (status != MCAPI_PENDING)
            break;
        waited = mci_patience_wait_bell(&patience, announce_any, &any);
        if (waited != MCAPI_SUCCESS) {
            status = waited;
            *which = count;
            break;
        }
    }
    mci_control_give_up_at(MCI_FOREVER);
    mci_patience_end(&patience);
    end_wait_any(node->requests, &any, *which);
    status = or_node_gone(node, status);
    /* An error of this call is not the result of one of them. */
    if (status == MCAPI_ERR_REQUEST_INVALID || status == MCAPI_ERR_NODE_NOTINIT)
        *which = count;
    return status;
}

/* --- Cancelling ----------------------------------------------------------------------- */

/* Where a pending receive is posted, and the gate of that place; NULL: it is no receive. */
static struct mci_posted *place_of(const struct mci_request_start *start,
                                   struct mci_gate **gate)
{
    struct mci_end *end = &mci_ends[start->handle & (MCI_ENDPOINT_SLOTS - 1)];
    struct mci_message_sink *sink = mci_message_sink_of(start->handle);

    switch (start->kind) {
    case MCI_REQUEST_RECEIVE:
        *gate = &end->gate;
        return &end->posted;
    case MCI_REQUEST_MESSAGE:
        *gate = &sink->gate;
        return &sink->posted;
    default:
        return NULL;
    }
}

/* Ends a pending request; false: it is over, or none. */
static bool cancel_pending(struct mci_node *node, mcapi_request_t request,
                           struct mci_posted *posted, bool *waited)
{
    struct mci_request_table *table = node->requests;
    struct mci_request *slot;
    bool ended;

    mci_request_lock(table);
    slot = mci_request_find(table, request);
    ended = slot != NULL && slot->state == MCI_REQUEST_PENDING;
    if (ended) {
        if (posted != NULL)
            unpost(posted, table, slot);
        mci_request_finish(table, slot, MCAPI_ERR_REQUEST_CANCELLED, 0);
        *waited = slot->waiters > 0;
        if (!*waited)
            mci_request_free(table, slot);
    }
    mci_request_unlock(table);
    return ended;
}

/* Takes the open back that a request is for. Not one that came later: while this one was
 * finished and its end closed, the same endpoint may have been opened again. */
static bool cancel_open(struct mci_node *node, mcapi_request_t request,
                        const struct mci_request_start *start)
{
    const struct mci_request *slot;
    bool pending;

    if (!mci_control_lock(node, mci_self.serial))
        return false;
    mci_request_lock(node->requests);
    slot = mci_request_find(node->requests, request);
    pending = slot != NULL && slot->state == MCI_REQUEST_PENDING;
    mci_request_unlock(node->requests);
    pending = pending && mci_channel_open_cancel(node, start->handle, start->end_kind);
    mci_control_unlock();
    return pending;
}

mcapi_status_t mci_request_cancel(struct mci_node *node, mcapi_request_t request)
{
    struct mci_request_table *table = node->requests;
    struct mci_request_start start = { .kind = MCI_REQUEST_DONE };
    const struct mci_request *slot;
    struct mci_posted *posted;
    struct mci_gate *gate;
    bool ended;
    bool waited = false;
    bool alone = false;

    mci_request_lock(table);
    slot = mci_request_find(table, request);
    if (slot != NULL && slot->state == MCI_REQUEST_PENDING)
        start = slot->start;
    mci_request_unlock(table);
    if (start.kind == MCI_REQUEST_DONE)
        return MCAPI_ERR_REQUEST_INVALID;  /* no request, or over already */
    if (start.kind == MCI_REQUEST_CLOSE) { /* it may be over, though nobody has asked */
        size_t size;

        mci_request_test(node, request, &size);
    }
    if (start.kind == MCI_REQUEST_OPEN && !cancel_open(node, request, &start))
        return MCAPI_ERR_REQUEST_INVALID; /* over, though nobody has asked */

    posted = place_of(&start, &gate);
    if (posted != NULL)
        alone = mci_gate_enter(gate);
    ended = cancel_pending(node, request, posted, &waited);
    if (posted != NULL)
        mci_gate_leave(gate, alone);
    if (waited && mci_runtime_hold(node, mci_self.serial)) {
        mci_bell_ring(mci_map(), node->slot);
        mci_runtime_drop();
    }
    return ended ? MCAPI_SUCCESS : MCAPI_ERR_REQUEST_INVALID;
}
