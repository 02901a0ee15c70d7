/* SPDX-License-Identifier: MIT */
#include "runtime/blocked.h"

#include "runtime/channel.h"
#include "runtime/control.h"
#include "runtime/endpoint.h"

void mci_blocked_begin(struct mci_blocked *blocked, struct mci_node *node, uint32_t handle,
                       enum mci_end_kind kind)
{
    blocked->node = node;
    blocked->handle = handle;
    blocked->kind = kind;
    blocked->begun = false;
    blocked->finished = false;
    blocked->stalled = false;
    blocked->connected = false;
    blocked->timeout = MCAPI_TIMEOUT_INFINITE;
}

/* The timeout of an endpoint that is not connected yet. */
static mcapi_timeout_t timeout_of(struct mci_node *node, uint32_t handle)
{
    const struct mci_endpoint_slot *endpoint;
    mcapi_timeout_t timeout = MCAPI_TIMEOUT_INFINITE;

    if (!mci_control_lock(node, mci_self.serial))
        return timeout;
    endpoint = mci_endpoint_own(node, handle);
    if (endpoint != NULL)
        timeout = endpoint->timeout;
    mci_control_unlock();
    return timeout;
}

/* One step of waiting: on the end's event, or, before there is a channel, on the bell. */
static mcapi_status_t wait(struct mci_blocked *blocked)
{
    bool connected = blocked->connected;

    if (!blocked->begun) {
        if (!connected)
            blocked->timeout = timeout_of(blocked->node, blocked->handle);
        mci_patience_begin(&blocked->patience, blocked->node, blocked->timeout);
        if (mci_side_of(blocked->kind) == MCI_SEND)
            blocked->patience.pace = MCI_PACE_SENDER;
        blocked->begun = true;
    }
    return connected ? mci_patience_wait(&blocked->patience, &blocked->words)
                     : mci_patience_wait_bell(&blocked->patience, NULL, NULL);
}

bool mci_blocked_enter(struct mci_blocked *blocked, mcapi_status_t *status)
{
    while (!blocked->finished) {
        if (blocked->begun || blocked->connected) {
            blocked->status = wait(blocked);
            blocked->finished = blocked->status != MCAPI_SUCCESS;
            if (blocked->finished)
                break;
        }
        blocked->status = mci_end_enter(blocked->node, blocked->handle, blocked->kind,
                                        &blocked->end, &blocked->alone);
        if (blocked->status == MCAPI_SUCCESS)
            return true;
        if (blocked->status != MCAPI_PENDING) {
            blocked->finished = true;
        } else if (!blocked->begun) {
            blocked->connected = false;
            blocked->status = wait(blocked);
            blocked->finished = blocked->status != MCAPI_SUCCESS;
        }
    }
    if (blocked->begun)
        mci_patience_end(&blocked->patience);
    *status = blocked->status;
    return false;
}

void mci_blocked_leave(struct mci_blocked *blocked, mcapi_status_t status)
{
    struct mci_end *end = blocked->end;
    struct mci_side_counters *counters = mci_end_counters(end, mci_side_of(blocked->kind));
    uint32_t peer = end->peer_node;

    if (!blocked->stalled && (status == MCAPI_PENDING || status == MCAPI_ERR_MEM_LIMIT)) {
        mci_count(&counters->stalls, 1);
        blocked->stalled = true;
    }
    blocked->words = (struct mci_patience_end_words){
        .own_event = end->own_event,
        .peer_life = end->peer_life,
        .peer_alive = end->peer_alive,
        .sleeps = &counters->sleeps,
    };
    blocked->timeout = end->timeout;
    if (!blocked->connected && blocked->begun) {
        /* From waiting for the bell to waiting for the channel: announce anew. */
        blocked->patience.announced = false;
    }
    blocked->connected = true;
    mci_end_leave(end, blocked->alone);
    if (status == MCAPI_ERR_TRANSMISSION)
        mci_channel_bury(blocked->node, peer);
    if (status != MCAPI_PENDING) {
        blocked->status = status;
        blocked->finished = true;
    }
}

mcapi_status_t mci_blocked_call(struct mci_node *node, uint32_t handle, enum mci_end_kind kind,
                                mcapi_status_t (*attempt)(struct mci_end *, void *),
                                void *context)
{
    bool sends = mci_side_of(kind) == MCI_SEND;
    struct mci_blocked blocked;
    struct mci_end *end;
    bool alone;
    mcapi_status_t status = mci_end_enter(node, handle, kind, &end, &alone);

    if (status == MCAPI_SUCCESS) {
        status = attempt(end, context);
        mci_end_leave(end, alone);
    }
    if (mci_is_final(status))
        return status;
    mci_blocked_begin(&blocked, node, handle, kind);
    while (mci_blocked_enter(&blocked, &status)) {
        status = attempt(blocked.end, context);
        if (status == MCAPI_PENDING && sends && blocked.end->fails_when_full)
            status = MCAPI_ERR_MEM_LIMIT;
        mci_blocked_leave(&blocked, status);
    }
    return status;
}
