/* SPDX-License-Identifier: MIT */
/* soak_receive.c - the receiving end of a channel, in every way that there is to receive. */
#include <mcapi_ext.h>
#include <poll.h>
#include <string.h>

#include "crash/soak/soak.h"
#include "support/eventually.h"
#include "support/expect.h"

enum mode { SINGLE, IN_BURSTS, POLLED, BY_REQUEST, MODES };

/* --- Checking --------------------------------------------------------------------------- */

static void check_packet(struct way *way, void *packet, size_t size)
{
    uint32_t connection = size < 12 ? 0 : item_connection(packet);

    if (way->next == 0)
        way->connection = connection;
    if (connection != way->connection || !item_is(packet, size, way->connection, way->next))
        soak_fail(
                "seat %u, way %u: item %u of connection %u came (%zu bytes), not %u of %u, or "
                "it is damaged",
                way->seat, way->index, size < 12 ? 0 : item_number(packet), connection, size,
                way->next, way->connection);
    way->next++;
    atomic_fetch_add_explicit(&soak->packets, 1, memory_order_relaxed);
}

static void release(struct way *way, void *const *packets, size_t count)
{
    mcapi_status_t status;

    /* Back to front: any order will do. */
    if (count > 1 && draw(&way->dice, 2) == 0) {
        if (mcapi_ext_pktchan_release_burst(packets, count, &status) == count)
            return;
    } else {
        status = MCAPI_SUCCESS;
        while (count > 0 && status == MCAPI_SUCCESS)
            mcapi_pktchan_release(packets[--count], &status);
    }
    if (status != MCAPI_SUCCESS && status != MCAPI_ERR_BUF_INVALID)
        way_unexpected(way, "a release", status);
    else if (status == MCAPI_ERR_BUF_INVALID && mcapi_pktchan_available(way->end, &status) == 0
             && status == MCAPI_SUCCESS)
        way_unexpected(way, "a release", MCAPI_ERR_BUF_INVALID);
}

/* A scalar channel says nothing of its connection: the sender's log is looked up by what comes
 * first. */
static bool find_connection(struct way *way, uint64_t value, uint32_t width)
{
    uint32_t newest = atomic_load(&soak->connections);

    for (uint32_t i = 0; i < CONNECTIONS && i < newest; i++) {
        if (scalar_width(newest - i, 0) == width && scalar_value(newest - i, 0) == value
            && atomic_load(&soak->scalar_end[(newest - i) % CONNECTIONS]) == way->end) {
            way->connection = newest - i;
            return true;
        }
    }
    return false;
}

static void check_scalar(struct way *way, uint64_t value, uint32_t width)
{
    if (way->next == 0 && !find_connection(way, value, width)) {
        soak_fail("seat %u, way %u: %#llx of %u bytes came, which begins no connection",
                  way->seat, way->index, (unsigned long long)value, width);
        return;
    }
    if (value != scalar_value(way->connection, way->next)
        || width != scalar_width(way->connection, way->next))
        soak_fail("seat %u, way %u: %#llx of %u bytes came as item %u of connection %u",
                  way->seat, way->index, (unsigned long long)value, width, way->next,
                  way->connection);
    way->next++;
    atomic_fetch_add_explicit(&soak->scalars, 1, memory_order_relaxed);
}

/* The sender is over: what came is what was accepted, and perhaps what it was about to send.
 * What a dying sender's other threads have sent since we looked last is nobody's. */
static void compare(struct way *way, mcapi_status_t how)
{
    const struct connection *log = &soak->connection[way->connection % CONNECTIONS];
    uint32_t accepted = atomic_load(&log->accepted);
    uint32_t attempted = atomic_load(&log->attempted);
    int64_t at = atomic_load(&log->accepted_at);

    if (way->next == 0)
        return;
    if (way->next < accepted && how == MCAPI_ERR_TRANSMISSION && at >= way->blocked_since) {
        atomic_fetch_add(&soak->late, 1);
        return;
    }
    /* accepted + BURST: the log's line about the attempt may be taken back already. */
    if (way->next < accepted
        || way->next > (attempted > accepted ? attempted : accepted + BURST))
        soak_fail(
                "seat %u, way %u: connection %u ended with %s; %u were accepted, %u attempted, "
                "%u came",
                way->seat, way->index, way->connection, status_name(how), accepted, attempted,
                way->next);
    atomic_fetch_add(&soak->compared, 1);
    atomic_fetch_add(&soak->proper_ends, how == MCAPI_ERR_CHAN_INVALID);
}

/* --- Receiving packets -------------------------------------------------------------------- */

static mcapi_status_t receive_packet(struct way *way)
{
    mcapi_status_t status;
    void *packet;
    size_t size;

    CALL(way, "mcapi_pktchan_recv");
    mcapi_pktchan_recv(way->end, &packet, &size, &status);
    if (status == MCAPI_SUCCESS) {
        check_packet(way, packet, size);
        release(way, &packet, 1);
    }
    return status;
}

static mcapi_status_t receive_packets(struct way *way)
{
    size_t sizes[BURST], count;
    void *packets[BURST];
    mcapi_status_t status;

    CALL(way, "mcapi_ext_pktchan_recv_burst");
    count = mcapi_ext_pktchan_recv_burst(way->end, packets, sizes, 1 + draw(&way->dice, BURST),
                                         &status);
    for (size_t i = 0; i < count; i++)
        check_packet(way, packets[i], sizes[i]);
    if (count > 0)
        release(way, packets, count);
    return status;
}

mcapi_status_t way_settle(struct way *way, struct posted *posted)
{
    bool cancelled[POSTED] = { false }, over[POSTED] = { false };
    mcapi_status_t status, result;
    mcapi_uint_t which;
    size_t size;

    atomic_fetch_add(&soak->posted, posted->count);
    CALL(way, "mcapi_wait_any");
    way->blocked_since = now_us();
    which = mcapi_wait_any(posted->count, posted->request, &size, draw(&way->dice, 20),
                           &status);
    result = status == MCAPI_TIMEOUT ? status : MCAPI_SUCCESS;
    if (which < posted->count) {
        over[which] = true;
        posted->size[which] = size;
        posted->result[which] = status;
    }
    /* The last one first: who cannot be cancelled has been served, and so have those before. */
    for (uint32_t i = posted->count; i-- > 0;) {
        if (over[i])
            continue;
        mcapi_cancel(&posted->request[i], &status);
        cancelled[i] = status == MCAPI_SUCCESS;
        atomic_fetch_add(&soak->cancelled, cancelled[i]);
        if (status == MCAPI_ERR_NODE_NOTINIT)
            return status;
        if (!cancelled[i]
            && !mcapi_wait(&posted->request[i], &posted->size[i], 0, &posted->result[i]))
            soak_fail("seat %u, way %u: a receive that cannot be cancelled is not over",
                      way->seat, way->index);
    }
    for (posted->complete = 0; posted->complete < posted->count; posted->complete++)
        if (cancelled[posted->complete])
            break;
    for (uint32_t i = posted->complete; i < posted->count; i++)
        if (!cancelled[i] && posted->result[i] == MCAPI_SUCCESS)
            soak_fail("seat %u, way %u: a receive was served before an earlier one", way->seat,
                      way->index);
    return result;
}

static mcapi_status_t receive_posted(struct way *way)
{
    struct posted posted = { .count = POSTED };
    void *packet[POSTED];
    mcapi_status_t status;

    CALL(way, "mcapi_pktchan_recv_i");
    for (uint32_t i = 0; i < POSTED; i++) {
        mcapi_pktchan_recv_i(way->end, &packet[i], &posted.request[i], &status);
        if (status != MCAPI_SUCCESS) { /* over: those before have ended with the same */
            posted.count = i;
            break;
        }
    }
    if (posted.count == 0)
        return status;
    status = way_settle(way, &posted);
    for (uint32_t i = 0; i < posted.complete; i++) {
        if (posted.result[i] != MCAPI_SUCCESS)
            return posted.result[i];
        check_packet(way, packet[i], posted.size[i]);
        release(way, &packet[i], 1);
    }
    return status;
}

/* --- Receiving scalars -------------------------------------------------------------------- */

#define RECEIVE_SCALARS(bits)                                                                \
    do {                                                                                     \
        mcapi_uint##bits##_t words[BURST];                                                   \
        size_t count = 1;                                                                    \
        if (room > 1)                                                                        \
            count = mcapi_ext_sclchan_recv_burst_uint##bits(way->end, words, room, &status); \
        else                                                                                 \
            words[0] = mcapi_sclchan_recv_uint##bits(way->end, &status);                     \
        for (size_t i = 0; status == MCAPI_SUCCESS && i < count; i++)                        \
            check_scalar(way, words[i], (bits) / 8);                                         \
    } while (0)

static mcapi_status_t receive_scalars(struct way *way, uint32_t width)
{
    uint32_t room = way->mode == IN_BURSTS ? BURST : 1;
    mcapi_status_t status;

    CALL(way, "mcapi_sclchan_recv");
    switch (width) {
    case 1:
        RECEIVE_SCALARS(8);
        break;
    case 2:
        RECEIVE_SCALARS(16);
        break;
    case 4:
        RECEIVE_SCALARS(32);
        break;
    default:
        RECEIVE_SCALARS(64);
    }
    return status;
}

/* The width of the first is not known, and that of the others is; now and then a wrong one is
 * asked for, which takes nothing. */
static mcapi_status_t receive_scalar(struct way *way)
{
    uint32_t right = way->next == 0 ? 0 : scalar_width(way->connection, way->next);
    mcapi_status_t status = MCAPI_ERR_SCL_SIZE;
    uint32_t first =
            right != 0 && draw(&way->dice, 16) != 0 ? right : 1u << draw(&way->dice, 4);

    for (uint32_t i = 0, width = first; i < 4 && status == MCAPI_ERR_SCL_SIZE; i++) {
        status = receive_scalars(way, width);
        if (status == MCAPI_ERR_SCL_SIZE && width == right)
            soak_fail("seat %u, way %u: item %u of connection %u is not %u bytes wide",
                      way->seat, way->index, way->next, way->connection, right);
        width = width == 8 ? 1 : width * 2;
    }
    return status;
}

/* ---------------------------------------------------------------------------------------- */

/* A receive may block for ever: the sender may have connected before there was a timeout. */
static bool would_block(struct way *way)
{
    mcapi_status_t status;
    mcapi_uint_t there = way->kind == KIND_PACKETS ? mcapi_pktchan_available(way->end, &status)
                                                   : mcapi_sclchan_available(way->end, &status);

    return there == 0 && status == MCAPI_SUCCESS;
}

static mcapi_status_t receive_some(struct way *way)
{
    struct pollfd poller = { .events = POLLIN };
    mcapi_status_t status;

    if (!way->alone && would_block(way))
        return MCAPI_TIMEOUT;
    if (way->mode == POLLED && way->alone) {
        poller.fd = mcapi_ext_receive_fd(way->end, &status);
        if (status != MCAPI_SUCCESS)
            return status;
        CALL(way, "poll");
        if (poll(&poller, 1, 50) <= 0)
            return MCAPI_TIMEOUT;
        atomic_fetch_add(&soak->polled, 1);
    }
    if (way->kind == KIND_SCALARS)
        return receive_scalar(way);
    return way->mode == BY_REQUEST ? receive_posted(way)
         : way->mode == IN_BURSTS  ? receive_packets(way)
                                   : receive_packet(way);
}

static bool open(struct way *way)
{
    mcapi_pktchan_recv_hndl_t packets;
    mcapi_sclchan_recv_hndl_t scalars;
    mcapi_request_t request;
    mcapi_status_t status;

    CALL(way, "open");
    if (way->kind == KIND_PACKETS)
        mcapi_pktchan_recv_open_i(&packets, way->end, &request, &status);
    else
        mcapi_sclchan_recv_open_i(&scalars, way->end, &request, &status);
    if (status == MCAPI_ERR_CHAN_CLOSEPENDING)
        return false; /* the sender has not let go of the last connection */
    if (status != MCAPI_SUCCESS) {
        way_unexpected(way, "open to receive", status);
        return false;
    }
    way->connection = 0;
    way->next = 0;
    way->count = draw(&way->dice, 8) == 0 ? 1 + draw(&way->dice, 200) : UINT32_MAX;
    way->mode = draw(&way->dice, MODES);
    way->state = WAY_OPEN;
    return true;
}

static void close_end(struct way *way)
{
    mcapi_status_t status;

    CALL(way, "close");
    if (way->kind == KIND_PACKETS)
        mcapi_pktchan_recv_close_i(way->end, &way->request, &status);
    else
        mcapi_sclchan_recv_close_i(way->end, &way->request, &status);
    way->state = WAY_CLOSING;
    if (status != MCAPI_SUCCESS)
        way_unexpected(way, "close to receive", status);
}

static bool receive_items(struct way *way)
{
    mcapi_status_t status = MCAPI_SUCCESS;

    way->waited = waited_for_processor();
    for (int i = 0; i < 64 && way->next < way->count; i++) {
        way->blocked_since = now_us();
        status = receive_some(way);
        if (status != MCAPI_SUCCESS)
            break;
    }
    if (status != MCAPI_SUCCESS && status != MCAPI_TIMEOUT && way_is_stale(way)) {
        way_lost(way);
        return false;
    }
    switch (status) {
    case MCAPI_SUCCESS:
        if (way->next >= way->count)
            close_end(way); /* it has had enough */
        return true;
    case MCAPI_TIMEOUT:
        return false;
    case MCAPI_ERR_TRANSMISSION:
        way_notices_death(way);
        compare(way, status);
        close_end(way);
        return true;
    case MCAPI_ERR_CHAN_INVALID:
        compare(way, status);
        close_end(way);
        return true;
    default:
        way_unexpected(way, "a receive", status);
        return false;
    }
}

bool way_receive(struct way *way)
{
    mcapi_status_t status;
    size_t size;

    switch (way->state) {
    case WAY_IDLE:
        return open(way);
    case WAY_OPEN:
        return receive_items(way);
    case WAY_CLOSING:
        CALL(way, "mcapi_wait for the close");
        if (!mcapi_wait(&way->request, &size, way->alone ? 100 : 1, &status))
            return false;
        if (status == MCAPI_SUCCESS)
            way->state = WAY_IDLE;
        else
            way_unexpected(way, "the close to receive", status);
        return true;
    default:
        return false;
    }
}
