/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "os/crash_point.h"
#include "runtime/message.h"
#include "runtime/message_wait.h"
#include "runtime/request.h"
#include "segment/tally.h"

/* --- Inside the gate of the sink ------------------------------------------------------ */

/* A message that is out of its slot, and not copied yet. */
struct taken {
    uint32_t cell;
    uint32_t size;
    const unsigned char *payload;
};

/* MCAPI_PENDING: there is none. MCAPI_ERR_GENERAL: it is damaged, and gone. */
static mcapi_status_t take(struct mci_message_sink *sink, struct taken *taken)
{
    const struct mci_mailbox *box = &sink->box;
    uint32_t level;

    taken->cell = mci_mailbox_next(box, &sink->places, &level);
    if (taken->cell == MCI_NO_CELL)
        return MCAPI_PENDING;
    taken->size = atomic_load_explicit(&box->cells[taken->cell].size, memory_order_relaxed);
    mci_mailbox_receive(box, &sink->places, level, taken->cell);
    CRASH_POINT(message_taken);
    if (taken->size > mci_map()->limits.max_msg_size) {
        mci_mailbox_give(box, taken->cell);
        return MCAPI_ERR_GENERAL;
    }
    taken->payload = mci_mailbox_payload(box, taken->cell, taken->size);
    return MCAPI_SUCCESS;
}

/* The message was copied. */
static void finish(struct mci_message_sink *sink, const struct taken *taken)
{
    struct mci_endpoint_slot *endpoint = sink->endpoint;

    mci_mailbox_give(&sink->box, taken->cell);
    CRASH_POINT(message_freed);
    mci_event_raise(mci_map(), &sink->box.head->event[MCI_SEND], endpoint->owner);
    mci_count(&endpoint->messages_received, 1);
    mci_count(&endpoint->bytes_received, taken->size);
}

/* Posted receives come first. MCAPI_PENDING: some are left, and no message. */
static mcapi_status_t serve_posted(struct mci_message_sink *sink)
{
    while (sink->posted.count > 0) {
        struct taken taken;
        mcapi_status_t status = take(sink, &taken);

        if (status == MCAPI_PENDING)
            return status;
        if (status != MCAPI_SUCCESS) {
            mci_request_serve(&sink->posted, NULL, 0, status);
            continue;
        }
        mci_request_serve_message(&sink->posted, taken.payload, taken.size);
        finish(sink, &taken);
    }
    return MCAPI_SUCCESS;
}

static mcapi_status_t try_receive(struct mci_message_sink *sink, void *buffer, size_t room,
                                  size_t *size)
{
    mcapi_status_t status = MCAPI_SUCCESS;
    struct taken taken;

    if (__builtin_expect(sink->posted.count > 0, 0))
        status = serve_posted(sink);
    if (status == MCAPI_SUCCESS)
        status = take(sink, &taken);
    if (status != MCAPI_SUCCESS)
        return status;
    if (taken.size > 0 && room > 0)
        memcpy(buffer, taken.payload, taken.size < room ? taken.size : room);
    finish(sink, &taken);
    *size = taken.size;
    return taken.size > room ? MCAPI_ERR_MSG_TRUNCATED : MCAPI_SUCCESS;
}

/* --- Receiving ------------------------------------------------------------------------ */

static mcapi_status_t try_once(struct mci_node *node, mcapi_endpoint_t handle, void *buffer,
                               size_t room, size_t *size, struct mci_message_wait *wait)
{
    struct mci_message_sink *sink;
    bool alone;
    mcapi_status_t status = mci_message_enter_sink(node, handle, &sink, &alone);

    if (status != MCAPI_SUCCESS)
        return status;
    status = try_receive(sink, buffer, room, size);
    if (status == MCAPI_PENDING) {
        mci_message_describe(&sink->box, sink->endpoint, MCI_RECEIVE, &wait->place);
        wait->timeout = sink->endpoint->timeout;
    }
    mci_message_leave_sink(sink, alone);
    return status;
}

mcapi_status_t mci_message_receive(struct mci_node *node, mcapi_endpoint_t handle, void *buffer,
                                   size_t room, size_t *size)
{
    struct mci_message_wait wait;
    mcapi_status_t status = try_once(node, handle, buffer, room, size, &wait);

    if (__builtin_expect(status != MCAPI_PENDING, 1))
        return status;
    wait.waiting = NULL;
    mci_message_wait_begin(&wait, node, MCI_PACE_RECEIVER);
    do {
        status = mci_message_wait_step(&wait);
        if (status != MCAPI_SUCCESS)
            break;
        status = try_once(node, handle, buffer, room, size, &wait);
    } while (status == MCAPI_PENDING);
    mci_message_wait_end(&wait);
    return status == MCAPI_ERR_ENDP_INVALID ? MCAPI_ERR_ENDP_DELETED : status;
}

mcapi_status_t mci_message_receive_later(struct mci_node *node, mcapi_endpoint_t handle,
                                         void *buffer, size_t room, mcapi_request_t *request)
{
    struct mci_request_start start = {
        .kind = MCI_REQUEST_MESSAGE,
        .handle = handle,
        .message = buffer,
        .room = room,
    };
    struct mci_message_sink *sink;
    bool alone;
    mcapi_status_t status = mci_message_enter_sink(node, handle, &sink, &alone);

    if (status != MCAPI_SUCCESS)
        return status;
    /* To find room for a request others may be looked at, and gates entered for that. */
    mci_message_leave_sink(sink, alone);
    status = mci_request_begin(node, &start, request);
    if (status != MCAPI_SUCCESS)
        return status;
    status = mci_message_enter_sink(node, handle, &sink, &alone);
    if (status != MCAPI_SUCCESS) {
        mci_request_drop(node, *request);
        return status;
    }
    status = mci_request_post(node, *request, &sink->posted);
    if (status == MCAPI_SUCCESS)
        serve_posted(sink);
    mci_message_leave_sink(sink, alone);
    return status;
}

mcapi_status_t mci_message_progress(struct mci_node *node, mcapi_endpoint_t handle)
{
    struct mci_message_sink *sink;
    bool alone;
    mcapi_status_t status = mci_message_enter_sink(node, handle, &sink, &alone);

    if (status != MCAPI_SUCCESS)
        return status;
    status = serve_posted(sink);
    mci_message_leave_sink(sink, alone);
    return status;
}

mcapi_status_t mci_message_available(struct mci_node *node, mcapi_endpoint_t handle,
                                     uint32_t *available)
{
    struct mci_message_sink *sink;
    bool alone;
    mcapi_status_t status = mci_message_enter_sink(node, handle, &sink, &alone);
    uint32_t waiting;

    *available = 0;
    if (status != MCAPI_SUCCESS)
        return status;
    waiting = mci_mailbox_waiting(&sink->box, &sink->places);
    *available = waiting > sink->posted.count ? waiting - sink->posted.count : 0;
    mci_message_leave_sink(sink, alone);
    return MCAPI_SUCCESS;
}

void mci_message_announce(struct mci_patience *patience, mcapi_endpoint_t handle)
{
    struct mci_message_sink *sink;
    bool alone;

    if (mci_message_enter_sink(patience->node, handle, &sink, &alone) != MCAPI_SUCCESS)
        return;
    mci_event_announce(&sink->box.head->event[MCI_RECEIVE], MCI_EVENT_BELL);
    mci_patience_watch_alarm(patience, &sink->box.head->alarm.word);
    mci_message_leave_sink(sink, alone);
}
