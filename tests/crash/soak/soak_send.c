/* SPDX-License-Identifier: MIT */
/* soak_send.c - the sending end of a channel: get, connect, open, send, close, and again. */
#include <mcapi_ext.h>
#include <string.h>

#include "crash/soak/soak.h"
#include "support/eventually.h"
#include "support/expect.h"

enum {
    SHORT = 64,
    LONG = 60,     /* times as many items, now and then */
    GET_FOR = 100, /* ms */
};

static struct connection *log_of(const struct way *way)
{
    return &soak->connection[way->connection % CONNECTIONS];
}

/* --- Beginning -------------------------------------------------------------------------- */

static mcapi_status_t connect_to(struct way *way)
{
    mcapi_request_t request;
    mcapi_status_t status, released;

    CALL(way, "mcapi_endpoint_get");
    way->other = mcapi_endpoint_get(0, FIRST_NODE + way->peer, RECEIVE_PORT + way->index,
                                    way->alone ? GET_FOR : 1, &status);
    if (status != MCAPI_SUCCESS)
        return status;
    CALL(way, "connect");
    if (way->kind == KIND_PACKETS)
        mcapi_pktchan_connect_i(way->end, way->other, &request, &status);
    else
        mcapi_sclchan_connect_i(way->end, way->other, &request, &status);
    mcapi_endpoint_release(way->other, &released);
    return status;
}

static mcapi_status_t open(struct way *way)
{
    mcapi_pktchan_send_hndl_t packets;
    mcapi_sclchan_send_hndl_t scalars;
    mcapi_request_t request;
    mcapi_status_t status;

    CALL(way, "open");
    if (way->kind == KIND_PACKETS)
        mcapi_pktchan_send_open_i(&packets, way->end, &request, &status);
    else
        mcapi_sclchan_send_open_i(&scalars, way->end, &request, &status);
    return status;
}

static bool begin(struct way *way)
{
    mcapi_status_t status = connect_to(way);

    switch (status) {
    case MCAPI_SUCCESS:
        break;
    case MCAPI_TIMEOUT:
    case MCAPI_ERR_ENDP_INVALID:   /* it has died since */
    case MCAPI_ERR_CHAN_CONNECTED: /* the other side has not let go */
    case MCAPI_ERR_CHAN_CLOSEPENDING:
        return false;
    default:
        way_unexpected(way, "connect", status);
        return false;
    }
    status = open(way);
    if (status != MCAPI_SUCCESS) {
        way_unexpected(way, "open to send", status);
        return false;
    }
    way->connection = atomic_fetch_add(&soak->connections, 1) + 1;
    way->next = 0;
    way->count = draw(&way->dice, SHORT) * (draw(&way->dice, 8) == 0 ? LONG : 1);
    atomic_store(&log_of(way)->accepted, 0);
    atomic_store(&log_of(way)->attempted, 0);
    atomic_store(&soak->scalar_end[way->connection % CONNECTIONS], way->other);
    way->state = WAY_OPEN;
    return true;
}

/* --- Sending ---------------------------------------------------------------------------- */

/* How many of `count` were sent, from the first on. */
static size_t send_packets(struct way *way, uint32_t count, mcapi_status_t *status)
{
    static _Thread_local unsigned char bytes[BURST][LARGEST];
    const void *buffers[BURST];
    size_t sizes[BURST];

    for (uint32_t i = 0; i < count; i++) {
        buffers[i] = bytes[i];
        sizes[i] = item_fill(bytes[i], way->connection, way->next + i);
    }
    if (count > 1) {
        CALL(way, "mcapi_ext_pktchan_send_burst");
        atomic_fetch_add(&soak->bursts, 1);
        return mcapi_ext_pktchan_send_burst(way->end, buffers, sizes, count, status);
    }
    CALL(way, "mcapi_pktchan_send");
    mcapi_pktchan_send(way->end, buffers[0], sizes[0], status);
    return *status == MCAPI_SUCCESS;
}

/* In the buffer that it is made in; now and then it is given back first. */
static size_t send_by_reference(struct way *way, mcapi_status_t *status)
{
    unsigned char *buffer;

    CALL(way, "mcapi_ext_pktchan_buffer_take");
    buffer = mcapi_ext_pktchan_buffer_take(way->end, LARGEST, status);
    if (buffer == NULL)
        return 0;
    if (draw(&way->dice, 8) == 0) {
        mcapi_ext_pktchan_buffer_give_back(way->end, buffer, status);
        return 0;
    }
    atomic_fetch_add(&soak->references, 1);
    CALL(way, "mcapi_ext_pktchan_buffer_send");
    mcapi_ext_pktchan_buffer_send(way->end, buffer,
                                  item_fill(buffer, way->connection, way->next), status);
    return *status == MCAPI_SUCCESS;
}

#define SEND_SCALARS(bits)                                                                  \
    do {                                                                                    \
        mcapi_uint##bits##_t words[BURST];                                                  \
        for (uint32_t i = 0; i < count; i++)                                                \
            words[i] = (mcapi_uint##bits##_t)scalar_value(way->connection, way->next + i);  \
        if (count > 1)                                                                      \
            return mcapi_ext_sclchan_send_burst_uint##bits(way->end, words, count, status); \
        mcapi_sclchan_send_uint##bits(way->end, words[0], status);                          \
        return *status == MCAPI_SUCCESS;                                                    \
    } while (0)

static size_t send_scalars(struct way *way, uint32_t count, mcapi_status_t *status)
{
    CALL(way, count > 1 ? "mcapi_ext_sclchan_send_burst" : "mcapi_sclchan_send");
    switch (scalar_width(way->connection, way->next)) {
    case 1:
        SEND_SCALARS(8);
    case 2:
        SEND_SCALARS(16);
    case 4:
        SEND_SCALARS(32);
    default:
        SEND_SCALARS(64);
    }
}

/* One call, with its lines in the log. */
static size_t send_some(struct way *way, mcapi_status_t *status)
{
    struct connection *log = log_of(way);
    uint32_t count = draw(&way->dice, 4) == 0 ? 1 + draw(&way->dice, BURST) : 1;
    size_t sent;

    /* A burst of scalars is of one width, which changes when the number is a multiple. */
    if (way->kind == KIND_SCALARS && count > BURST - way->next % BURST)
        count = BURST - way->next % BURST;
    atomic_store(&log->attempted, way->next + count);
    if (way->kind == KIND_SCALARS)
        sent = send_scalars(way, count, status);
    else if (count == 1 && draw(&way->dice, 3) == 0)
        sent = send_by_reference(way, status);
    else
        sent = send_packets(way, count, status);
    way->next += (uint32_t)sent;
    if (sent > 0) {
        /* The time first: who sees the number sees a time that is not later. */
        atomic_store(&log->accepted_at, now_us());
        atomic_store(&log->accepted, way->next);
    }
    atomic_store(&log->attempted, way->next);
    return sent;
}

static void close_end(struct way *way)
{
    mcapi_status_t status;

    CALL(way, "close");
    if (way->kind == KIND_PACKETS)
        mcapi_pktchan_send_close_i(way->end, &way->request, &status);
    else
        mcapi_sclchan_send_close_i(way->end, &way->request, &status);
    way->state = WAY_CLOSING;
    if (status != MCAPI_SUCCESS)
        way_unexpected(way, "close to send", status);
}

static bool send_items(struct way *way)
{
    mcapi_status_t status = MCAPI_SUCCESS;

    way->blocked_since = now_us();
    way->waited = waited_for_processor();
    for (int i = 0; i < 64 && way->next < way->count && !soak_quiet(); i++) {
        way->blocked_since = now_us();
        send_some(way, &status);
        if (status != MCAPI_SUCCESS)
            break;
    }
    if (status != MCAPI_SUCCESS && status != MCAPI_TIMEOUT && way_is_stale(way)) {
        way_lost(way);
        return false;
    }
    switch (status) {
    case MCAPI_SUCCESS:
        if (way->next >= way->count || soak_quiet())
            close_end(way);
        return true;
    case MCAPI_TIMEOUT:
        return false;
    case MCAPI_ERR_TRANSMISSION:
        way_notices_death(way);
        close_end(way);
        return true;
    case MCAPI_ERR_CHAN_INVALID: /* the receiver has had enough */
        close_end(way);
        return true;
    default:
        way_unexpected(way, "a send", status);
        return false;
    }
}

bool way_send(struct way *way)
{
    mcapi_status_t status;
    size_t size;

    switch (way->state) {
    case WAY_IDLE:
        return begin(way);
    case WAY_OPEN:
        return send_items(way);
    case WAY_CLOSING:
        CALL(way, "mcapi_wait for the close");
        if (!mcapi_wait(&way->request, &size, way->alone ? 100 : 1, &status))
            return false;
        if (status == MCAPI_SUCCESS)
            way->state = WAY_IDLE;
        else
            way_unexpected(way, "the close to send", status);
        return true;
    default:
        return false;
    }
}
