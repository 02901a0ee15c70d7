/* SPDX-License-Identifier: MIT */
/* soak_message.c - messages with priorities to an inbox, from two senders. */
#include <mcapi_ext.h>
#include <poll.h>
#include <string.h>

#include "crash/soak/soak.h"
#include "support/eventually.h"
#include "support/expect.h"

enum { MOST = 2000 };

/* The number of a message of a priority: what it is filled with. */
static uint32_t numbered(uint32_t priority, uint32_t number)
{
    return number * PRIORITIES + priority;
}

/* --- Sending ---------------------------------------------------------------------------- */

static bool begin(struct way *way)
{
    struct stream *stream;
    mcapi_status_t status;

    CALL(way, "mcapi_endpoint_get");
    way->other = mcapi_endpoint_get(0, FIRST_NODE + way->peer, RECEIVE_PORT + INBOX,
                                    way->alone ? 100 : 1, &status);
    if (status != MCAPI_SUCCESS) {
        if (status != MCAPI_TIMEOUT)
            way_unexpected(way, "a get", status);
        return false;
    }
    way->connection = atomic_fetch_add(&soak->streams, 1) + 1;
    stream = &soak->stream[way->connection % STREAMS];
    atomic_store(&stream->inbox, 0);
    atomic_store(&stream->to, way->peer);
    for (int i = 0; i < PRIORITIES; i++) {
        atomic_store(&stream->accepted[i], 0);
        atomic_store(&stream->attempted[i], 0);
        atomic_store(&stream->received[i], 0);
    }
    atomic_store(&stream->inbox, way->other);
    way->next = 0;
    way->count = 1 + draw(&way->dice, MOST);
    way->state = WAY_OPEN;
    return true;
}

static mcapi_status_t send_one(struct way *way)
{
    struct stream *stream = &soak->stream[way->connection % STREAMS];
    uint32_t priority = draw(&way->dice, PRIORITIES);
    uint32_t number = atomic_load(&stream->accepted[priority]);
    unsigned char bytes[LARGEST];
    uint32_t size = item_fill(bytes, way->connection, numbered(priority, number));
    mcapi_request_t request;
    mcapi_status_t status;

    atomic_store(&stream->attempted[priority], number + 1);
    if (draw(&way->dice, 4) == 0) {
        CALL(way, "mcapi_msg_send_i");
        mcapi_msg_send_i(way->end, way->other, bytes, size, priority, &request, &status);
        if (status == MCAPI_ERR_MEM_LIMIT)
            status = MCAPI_TIMEOUT;
    } else {
        CALL(way, "mcapi_msg_send");
        mcapi_msg_send(way->end, way->other, bytes, size, priority, &status);
    }
    if (status == MCAPI_SUCCESS) {
        atomic_store(&stream->accepted[priority], number + 1);
        way->next++;
    } else {
        atomic_store(&stream->attempted[priority], number);
    }
    return status;
}

bool way_send_message(struct way *way)
{
    mcapi_status_t status = MCAPI_SUCCESS, released;

    if (way->state == WAY_IDLE)
        return begin(way);
    for (int i = 0; i < 16 && status == MCAPI_SUCCESS && !soak_quiet(); i++)
        status = send_one(way);
    if (status == MCAPI_TIMEOUT)
        return false;
    if (status != MCAPI_SUCCESS && (status != MCAPI_ERR_ENDP_INVALID || way_is_stale(way))) {
        way_unexpected(way, "a send of a message", status);
        return false;
    }
    /* Another inbox may have taken that one's place: what is sent to the old one is dropped. */
    if (status != MCAPI_SUCCESS || way->next >= way->count
        || (way->next % 256 == 0 && atomic_load(&soak->inbox[way->peer]) != way->other)) {
        mcapi_endpoint_release(way->other, &released);
        way->state = WAY_IDLE;
    }
    return true;
}

/* --- Receiving -------------------------------------------------------------------------- */

static void check_message(struct way *way, const unsigned char *bytes, size_t size)
{
    uint32_t from = size < 12 ? 0 : item_connection(bytes);
    uint32_t number = size < 12 ? 0 : item_number(bytes);
    uint32_t priority = number % PRIORITIES;
    struct stream *stream = &soak->stream[from % STREAMS];
    uint32_t wanted = atomic_load(&stream->received[priority]);

    if (!item_is(bytes, size, from, number))
        soak_fail("seat %u: message %u of stream %u is damaged (%zu bytes)", way->seat, number,
                  from, size);
    else if (number / PRIORITIES != wanted)
        soak_fail("seat %u: of stream %u, priority %u, message %u came, not %u; to inbox %#x, "
                  "here is "
                  "%#x; accepted %u %u %u %u, received %u %u %u %u",
                  way->seat, from, priority, number / PRIORITIES, wanted,
                  atomic_load(&stream->inbox), way->end, stream->accepted[0],
                  stream->accepted[1], stream->accepted[2], stream->accepted[3],
                  stream->received[0], stream->received[1], stream->received[2],
                  stream->received[3]);
    atomic_store(&stream->received[priority], wanted + 1);
    /* Nobody has sent since this step began, nor does now: what waits comes by its urgency. */
    if (way->draining && atomic_load(&soak->drained)) {
        if (priority < way->drained_priority)
            soak_fail("seat %u: a message of priority %u after one of %u", way->seat, priority,
                      way->drained_priority);
        way->drained_priority = priority;
    }
    atomic_fetch_add_explicit(&soak->messages, 1, memory_order_relaxed);
}

/* Several at a time; they are served in the order in which they were posted. */
static mcapi_status_t receive_posted(struct way *way)
{
    static _Thread_local unsigned char bytes[POSTED][LARGEST];
    struct posted posted = { .count = POSTED };
    mcapi_status_t status = MCAPI_SUCCESS;

    CALL(way, "mcapi_msg_recv_i");
    for (uint32_t i = 0; i < POSTED; i++) {
        mcapi_msg_recv_i(way->end, bytes[i], LARGEST, &posted.request[i], &status);
        if (status != MCAPI_SUCCESS)
            return status;
    }
    status = way_settle(way, &posted);
    for (uint32_t i = 0; i < posted.complete; i++) {
        if (posted.result[i] != MCAPI_SUCCESS)
            return posted.result[i];
        check_message(way, bytes[i], posted.size[i]);
    }
    return status;
}

/* One at a time, so that the order is known. */
static mcapi_status_t receive_or_cancel(struct way *way)
{
    static _Thread_local unsigned char bytes[LARGEST];
    mcapi_request_t request;
    mcapi_status_t status, cancelled;
    size_t size;

    CALL(way, "mcapi_msg_recv_i");
    mcapi_msg_recv_i(way->end, bytes, sizeof bytes, &request, &status);
    if (status != MCAPI_SUCCESS)
        return status;
    atomic_fetch_add(&soak->posted, 1);
    CALL(way, "mcapi_wait for a posted message");
    mcapi_wait(&request, &size, draw(&way->dice, 10), &status);
    if (status == MCAPI_TIMEOUT) {
        mcapi_cancel(&request, &cancelled);
        if (cancelled == MCAPI_SUCCESS) {
            atomic_fetch_add(&soak->cancelled, 1);
            return MCAPI_TIMEOUT;
        }
        if (cancelled == MCAPI_ERR_NODE_NOTINIT)
            return cancelled;
        if (!mcapi_wait(&request, &size, 0, &status))
            soak_fail("seat %u: a receive that cannot be cancelled is not over", way->seat);
    }
    if (status == MCAPI_SUCCESS)
        check_message(way, bytes, size);
    return status;
}

static mcapi_status_t receive_one(struct way *way)
{
    static _Thread_local unsigned char bytes[LARGEST];
    mcapi_status_t status;
    size_t size;

    CALL(way, "mcapi_msg_recv");
    mcapi_msg_recv(way->end, bytes, sizeof bytes, &size, &status);
    if (status == MCAPI_SUCCESS)
        check_message(way, bytes, size);
    return status;
}

/* The descriptor first; then as many as it says there are. */
static mcapi_status_t receive_polled(struct way *way)
{
    mcapi_status_t status;
    struct pollfd poller = { .events = POLLIN };
    mcapi_uint_t there;

    poller.fd = mcapi_ext_receive_fd(way->end, &status);
    if (status != MCAPI_SUCCESS)
        return status;
    CALL(way, "poll for messages");
    if (poll(&poller, 1, 20) <= 0)
        return MCAPI_TIMEOUT;
    atomic_fetch_add(&soak->polled, 1);
    there = mcapi_msg_available(way->end, &status);
    while (status == MCAPI_SUCCESS && there-- > 0)
        status = receive_one(way);
    return status;
}

bool way_receive_messages(struct way *way)
{
    uint32_t mode = draw(&way->dice, 8);
    mcapi_status_t status = MCAPI_SUCCESS;

    way->draining = atomic_load(&soak->drained);
    if (!way->draining)
        way->drained_priority = 0;
    if (mode == 0)
        status = receive_or_cancel(way);
    else if (mode == 1)
        status = receive_posted(way);
    else if (mode == 2 && way->alone)
        status = receive_polled(way);
    else
        for (int i = 0; i < 32 && status == MCAPI_SUCCESS; i++)
            status = receive_one(way);
    if (status == MCAPI_SUCCESS)
        return true;
    if (status != MCAPI_TIMEOUT)
        way_unexpected(way, "a receive of a message", status);
    return false;
}
