/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "os/crash_point.h"
#include "os/robust.h"
#include "runtime/control.h"
#include "runtime/endpoint.h"
#include "runtime/message.h"
#include "runtime/message_wait.h"
#include "segment/tally.h"

/* --- Sending, inside the gate of the source ------------------------------------------- */

/* What becomes of one try. */
enum tried {
    TRIED_DONE,      /* sent, dropped or refused: see the status */
    TRIED_FULL,      /* no room */
    TRIED_NO_BOX,    /* the receiver has no mailbox yet */
    TRIED_NO_MORE,   /* the receiver is none now */
    TRIED_CONNECTED, /* one of the two is connected, perhaps to a dead node */
};

/* What can be in the way of a message once may be so again, but not so often: then it is the
 * segment that is damaged. */
enum { MOST_ROUNDS = 1000 };

/* Gives the cell's large payload memory for `size` bytes; it keeps it. */
static bool commit_large(const struct mci_mailbox *box, uint32_t cell, uint32_t size)
{
    struct mci_message_cell *slot = &box->cells[cell];
    uint64_t offset =
            (uint64_t)(box->large - (unsigned char *)box->head) + cell * box->large_stride;

    if (!mci_mailbox_commit(&mci_runtime.map, box->index, offset, size))
        return false;
    atomic_store_explicit(&slot->extent, size, memory_order_relaxed);
    return true;
}

/* Fills a cell that is ours and sends it. */
static enum tried fill_and_send(const struct mci_mailbox *box, uint32_t cell,
                                const struct mci_message *message, mcapi_status_t *status)
{
    struct mci_message_cell *slot = &box->cells[cell];
    uint32_t size = (uint32_t)message->size;

    if (size > MCI_MESSAGE_INLINE
        && size > atomic_load_explicit(&slot->extent, memory_order_relaxed)
        && !commit_large(box, cell, size)) {
        mci_mailbox_give(box, cell);
        *status = MCAPI_ERR_MEM_LIMIT;
        return TRIED_DONE;
    }
    if (size > 0)
        memcpy(mci_mailbox_payload(box, cell, size), message->payload, size);
    atomic_store_explicit(&slot->size, size, memory_order_relaxed); /* SENT publishes */
    CRASH_POINT(message_filled);
    if (mci_mailbox_send(box, message->priority, cell)) {
        *status = MCAPI_SUCCESS;
        return TRIED_DONE;
    }
    mci_mailbox_give(box, cell);
    *status = MCAPI_ERR_ENDP_INVALID;
    return TRIED_NO_MORE;
}

static bool has_box(const struct mci_endpoint_slot *receiver, mcapi_endpoint_t to)
{
    return atomic_load_explicit(&receiver->mailbox, memory_order_relaxed) == to;
}

/* Puts the message into the mailbox. */
static enum tried deliver(struct mci_message_source *source,
                          const struct mci_endpoint_slot *receiver,
                          const struct mci_message *message, mcapi_status_t *status,
                          struct mci_message_place *place)
{
    const struct mci_map *map = mci_map();
    /* Looked at before and after: one that another sender makes meanwhile is no damage. */
    bool had_box = has_box(receiver, message->to);
    struct mci_mailbox box;
    enum tried tried;
    uint32_t cell;

    if (!mci_mailbox_view(map, message->to, &box))
        return had_box && has_box(receiver, message->to)
                     ? (*status = MCAPI_ERR_GENERAL, TRIED_DONE)
                     : TRIED_NO_BOX;
    if (message->priority >= atomic_load_explicit(&box.head->accepted, memory_order_relaxed)) {
        *status = MCAPI_ERR_PRIORITY;
        return TRIED_DONE;
    }
    /* Should we die before we have woken the receiver, or those who wait for our cell, then
     * the kernel wakes one of them. */
    mci_robust_guard(&box.head->alarm);
    cell = mci_mailbox_take(&box, message->priority, source->name);
    if (cell == MCI_NO_CELL) {
        mci_message_describe(&box, receiver, MCI_SEND, place);
        tried = TRIED_FULL;
    } else {
        CRASH_POINT(cell_taken);
        tried = fill_and_send(&box, cell, message, status);
        mci_event_raise(map,
                        &box.head->event[*status == MCAPI_SUCCESS ? MCI_RECEIVE : MCI_SEND],
                        receiver->owner);
    }
    mci_robust_guard(NULL);
    return tried;
}

static bool is_connected(const struct mci_endpoint_slot *endpoint)
{
    return atomic_load_explicit(&endpoint->channel, memory_order_relaxed) != 0;
}

static mcapi_status_t check_message(const struct mci_message *message)
{
    if (message->priority > MCAPI_MAX_PRIORITY)
        return MCAPI_ERR_PRIORITY;
    return message->size > mci_map()->limits.max_msg_size ? MCAPI_ERR_MSG_LIMIT : MCAPI_SUCCESS;
}

static enum tried try_send(struct mci_message_source *source, const struct mci_message *message,
                           mcapi_status_t *status, struct mci_message_place *place)
{
    const struct mci_endpoint_slot *receiver = mci_endpoint_of(mci_map(), message->to);
    enum tried tried;

    if (receiver == NULL)
        return TRIED_NO_MORE;
    *status = MCAPI_ERR_GENERAL;
    if (is_connected(source->endpoint) || is_connected(receiver))
        return TRIED_CONNECTED;
    *status = check_message(message);
    if (*status != MCAPI_SUCCESS || message->only_check)
        return TRIED_DONE;
    tried = deliver(source, receiver, message, status, place);
    if (tried == TRIED_DONE && *status == MCAPI_SUCCESS) {
        mci_count(&source->endpoint->messages_sent, 1);
        mci_count(&source->endpoint->bytes_sent, message->size);
    }
    return tried;
}

/* --- Sending -------------------------------------------------------------------------- */

/* The receiver has no mailbox: makes it, if the receiver is still there. */
static mcapi_status_t make_box_of(struct mci_node *node, mcapi_endpoint_t to)
{
    mcapi_status_t status = MCAPI_SUCCESS;

    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    if (mci_endpoint_of(mci_map(), to) != NULL && !mci_message_make_mailbox(to & 0xffff))
        status = MCAPI_ERR_MEM_LIMIT;
    mci_control_unlock();
    return status;
}

/* To whom is no endpoint now: an endpoint that is no more takes all there is. */
static mcapi_status_t drop(struct mci_node *node, const struct mci_message *message)
{
    struct mci_endpoint_slot *from;
    mcapi_status_t status;

    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    from = mci_endpoint_own(node, message->from);
    if (from == NULL || !mci_endpoint_was(mci_map(), message->to))
        status = MCAPI_ERR_ENDP_INVALID;
    else if (is_connected(from))
        status = MCAPI_ERR_GENERAL;
    else
        status = check_message(message);
    if (status == MCAPI_SUCCESS && !message->only_check)
        mci_count(&from->messages_dropped, 1);
    mci_control_unlock();
    return status;
}

/* One try, from inside the gate. */
static mcapi_status_t try_once(struct mci_node *node, const struct mci_message *message,
                               enum tried *tried, struct mci_message_wait *wait)
{
    struct mci_message_source *source;
    mcapi_status_t status;
    bool alone;

    *tried = TRIED_DONE;
    status = mci_message_enter_source(node, message->from, &source, &alone);
    if (status != MCAPI_SUCCESS)
        return status;
    *tried = try_send(source, message, &status, &wait->place);
    if (*tried == TRIED_FULL) {
        wait->timeout = source->endpoint->timeout;
        wait->waiting = &source->waiting;
        wait->fails = (source->endpoint->memory_type & MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT) != 0;
        status = MCAPI_PENDING;
    }
    mci_gate_leave(&source->gate, alone);
    return status;
}

/* An endpoint is connected, but perhaps to one that has died. True: not any more. */
static bool bury_peers(struct mci_node *node, const struct mci_message *message)
{
    const struct mci_endpoint_slot *from, *to;
    bool free_now;

    if (!mci_control_lock(node, mci_self.serial))
        return false;
    from = mci_endpoint_live(&mci_runtime.map, message->from);
    to = mci_endpoint_live(&mci_runtime.map, message->to);
    free_now = (from == NULL || !is_connected(from)) && (to == NULL || !is_connected(to));
    mci_control_unlock();
    return free_now;
}

/* As far as it goes without waiting for room. MCAPI_PENDING: there is none. */
static mcapi_status_t send_unless_full(struct mci_node *node, const struct mci_message *message,
                                       struct mci_message_wait *wait)
{
    for (int rounds = 0; rounds < MOST_ROUNDS; rounds++) {
        enum tried tried;
        mcapi_status_t status = try_once(node, message, &tried, wait);

        if (__builtin_expect(tried == TRIED_DONE, 1) || tried == TRIED_FULL)
            return status;
        if (tried == TRIED_CONNECTED) {
            if (!bury_peers(node, message))
                return status;
            continue;
        }
        if (tried == TRIED_NO_MORE)
            return drop(node, message);
        status = make_box_of(node, message->to);
        if (status != MCAPI_SUCCESS)
            return status;
    }
    return MCAPI_ERR_GENERAL;
}

/* There is no room, and who sends will not wait for it. A dead node may be what is in the way,
 * and nobody else looks. */
static mcapi_status_t send_unless_dead(struct mci_node *node, const struct mci_message *message,
                                       struct mci_message_wait *wait, mcapi_status_t full)
{
    mcapi_status_t status = MCAPI_PENDING;

    if (mci_message_bury(node, mci_self.serial, &wait->place))
        status = send_unless_full(node, message, wait);
    return status == MCAPI_PENDING ? full : status;
}

mcapi_status_t mci_message_send(struct mci_node *node, const struct mci_message *message)
{
    struct mci_message_wait wait;
    mcapi_status_t status = send_unless_full(node, message, &wait);

    if (__builtin_expect(status != MCAPI_PENDING, 1))
        return status;
    if (wait.fails)
        return send_unless_dead(node, message, &wait, MCAPI_ERR_MEM_LIMIT);
    if (wait.timeout == MCAPI_TIMEOUT_IMMEDIATE)
        return send_unless_dead(node, message, &wait, MCAPI_TIMEOUT);
    mci_message_wait_begin(&wait, node, MCI_PACE_SENDER);
    do {
        status = mci_message_wait_step(&wait);
        if (status == MCAPI_SUCCESS)
            status = send_unless_full(node, message, &wait);
        else
            break;
    } while (status == MCAPI_PENDING);
    mci_message_wait_end(&wait);
    return status == MCAPI_ERR_ENDP_INVALID ? MCAPI_ERR_ENDP_DELETED : status;
}

mcapi_status_t mci_message_send_now(struct mci_node *node, const struct mci_message *message)
{
    struct mci_message_wait wait;
    mcapi_status_t status = send_unless_full(node, message, &wait);

    return status == MCAPI_PENDING ? send_unless_dead(node, message, &wait, MCAPI_ERR_MEM_LIMIT)
                                   : status;
}
