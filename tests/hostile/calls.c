/* SPDX-License-Identifier: MIT */
/*
 * calls.c - every call that touches the segment, with arguments that fit, and some that do not.
 */
#include <stdlib.h>
#include <string.h>

#include "hostile/calls.h"
#include "hostile/hostile.h"

enum {
    HELD = 16,
    REQUESTS = 16,
    MARGIN = 64, /* bytes in front of and behind a buffer, that nobody may write to */
    CANARY = 0xa5,
    BURST = 4,
};

/* What the calls have given. */
static struct {
    void *held[HELD]; /* packets; some were given back since */
    void *lent[HELD];
    mcapi_request_t request[REQUESTS];
    mcapi_endpoint_t created[HELD];
    void *posted[REQUESTS]; /* where posted receives put their packets */
} pool;

/* A program's buffer, with margins. */
static unsigned char room[MARGIN + HOSTILE_PAYLOAD + MARGIN];
static unsigned char *const buffer = room + MARGIN;
/* Of posted receives: written to by any later call. */
static unsigned char posted_room[HOSTILE_PAYLOAD];
static const unsigned char payload[HOSTILE_PAYLOAD];

mcapi_status_t call_status;
struct hostile_random *call_random;

#define status call_status
#define draw   call_random

void call_spoil_room(void)
{
    buffer[HOSTILE_PAYLOAD] ^= 1;
}

void hostile_calls_begin(void)
{
    memset(&pool, 0, sizeof pool);
    memset(room, CANARY, sizeof room);
}

/* --- Arguments ------------------------------------------------------------------------ */

static uint32_t below(uint32_t bound)
{
    return hostile_below(draw, bound);
}

/* Mostly an endpoint of the node that calls. */
static mcapi_endpoint_t some_end(void)
{
    uint32_t node = atomic_load_explicit(&hostile_journal->node, memory_order_relaxed);
    uint32_t kind = below(32);

    if (kind == 0)
        return (mcapi_endpoint_t)hostile_draw(draw);
    if (kind == 1)
        return hostile_scene.endpoint[node][below(HOSTILE_ENDPOINTS)] ^ 1u << below(20);
    if (kind == 2 && pool.created[below(HELD)] != 0)
        return pool.created[below(HELD)];
    if (kind < 6)
        node = below(HOSTILE_NODES);
    return hostile_scene.endpoint[node][below(HOSTILE_ENDPOINTS)];
}

/* Mostly one that the scene has at that place. */
static mcapi_endpoint_t end_at(uint32_t node, uint32_t end)
{
    if (below(8) == 0)
        return some_end();
    hostile_act_as(node);
    return hostile_scene.endpoint[node][end];
}

static mcapi_endpoint_t packet_sender(void)
{
    switch (below(3)) {
    case 0:
        return end_at(0, 0);
    case 1:
        return end_at(1, 1);
    default:
        return end_at(0, 1);
    }
}

static mcapi_endpoint_t packet_receiver(void)
{
    switch (below(3)) {
    case 0:
        return end_at(1, 0);
    case 1:
        return end_at(2, 1);
    default:
        return end_at(0, 2);
    }
}

static mcapi_endpoint_t scalar_sender(void)
{
    return below(2) == 0 ? end_at(0, 3) : end_at(2, 4);
}

static mcapi_endpoint_t scalar_receiver(void)
{
    return below(2) == 0 ? end_at(2, 3) : end_at(1, 4);
}

static mcapi_endpoint_t message_end(void)
{
    return end_at(below(HOSTILE_NODES), 5 + below(3));
}

static size_t some_size(void)
{
    if (below(64) == 0)
        return (size_t)hostile_draw(draw) | 512; /* refused: nothing is copied */
    return below(4) == 0 ? below(HOSTILE_PAYLOAD + 2) : below(2) == 0 ? 64 : below(130);
}

static void *segment_address(void)
{
    return hostile_journal->map.segment.base
         + hostile_draw(draw) % hostile_journal->map.segment.size;
}

/* The newest, an older one, or an address that is none. */
static void *some_buffer(void *const *from)
{
    void *at = from[below(2) == 0 ? 0 : below(HELD)];

    return at != NULL && below(16) != 0 ? at : segment_address();
}

static void keep(void **list, void *at)
{
    list[1 + below(HELD - 1)] = list[0];
    list[0] = at;
}

static mcapi_request_t *some_request(void)
{
    return &pool.request[below(REQUESTS)];
}

/* --- What comes back ------------------------------------------------------------------ */

/* A packet lies in the segment, all of it. */
static void check_packet(const void *packet, size_t size)
{
    const struct mci_map *map = &hostile_journal->map;
    uint64_t at = (uint64_t)((const unsigned char *)packet - map->segment.base);

    if (size > HOSTILE_PAYLOAD || at >= map->segment.size || size > map->segment.size - at)
        hostile_complain("a packet of %zu bytes at %p, outside of the segment", size, packet);
}

/* The program may read what it has got, and write to what is its own. */
static void use_packet(void *packet, size_t size)
{
    check_packet(packet, size);
    if (size > 0)
        ((volatile unsigned char *)packet)[size - 1] ^= 1;
}

void call_check_room(void)
{
    for (uint32_t i = 0; i < MARGIN; i++)
        if (room[i] != CANARY || room[sizeof room - 1 - i] != CANARY)
            hostile_complain("the bytes beside the caller's buffer have changed");
}

/* --- Nodes and endpoints -------------------------------------------------------------- */

void call_node_attribute(void)
{
    mcapi_node_attr_type_t type;

    mcapi_node_get_attribute(1, below(HOSTILE_NODES + 1), MCAPI_NODE_ATTR_TYPE, &type,
                             sizeof type, &status);
}

void call_endpoint_create(void)
{
    mcapi_endpoint_t made = mcapi_endpoint_create(
            below(4) == 0 ? MCAPI_PORT_ANY : 1 + below(HOSTILE_ENDPOINTS * 2), &status);

    if (status != MCAPI_SUCCESS)
        return;
    pool.created[below(HELD)] = made;
    if ((made & 0xffff) >= MCI_ENDPOINT_SLOTS)
        hostile_complain("a new endpoint with the handle %#x", made);
}

void call_endpoint_get(void)
{
    mcapi_endpoint_get(1, below(HOSTILE_NODES), 1 + below(HOSTILE_ENDPOINTS + 1),
                       MCAPI_TIMEOUT_IMMEDIATE, &status);
}

void call_endpoint_get_i(void)
{
    static mcapi_endpoint_t got[REQUESTS];
    uint32_t i = below(REQUESTS);

    mcapi_endpoint_get_i(1, below(HOSTILE_NODES), 1 + below(HOSTILE_ENDPOINTS * 2), &got[i],
                         &pool.request[i], &status);
}

void call_endpoint_release(void)
{
    mcapi_endpoint_release(some_end(), &status);
}

void call_endpoint_delete(void)
{
    uint32_t i = below(HELD);

    mcapi_endpoint_delete(pool.created[i] != 0 && below(8) != 0 ? pool.created[i] : some_end(),
                          &status);
}

void call_endpoint_get_attribute(void)
{
    mcapi_uint_t number = below(MCAPI_ENDP_ATTR_END + 1);
    size_t size = number == MCAPI_ENDP_ATTR_GET_SOURCE ? sizeof(mcapi_endp_attr_get_source_t)
                                                       : sizeof(uint32_t);

    mcapi_endpoint_get_attribute(some_end(), number, buffer, size, &status);
}

void call_endpoint_set_attribute(void)
{
    mcapi_uint_t number = below(MCAPI_ENDP_ATTR_END);
    uint32_t value = below(2) == 0 ? below(12) : (uint32_t)hostile_draw(draw);

    if (number != MCAPI_ENDP_ATTR_TIMEOUT)
        mcapi_endpoint_set_attribute(some_end(), number, &value, sizeof value, &status);
}

/* --- Messages ------------------------------------------------------------------------- */

void call_msg_send(void)
{
    mcapi_endpoint_t to = message_end();
    mcapi_endpoint_t from = message_end();

    mcapi_msg_send(from, to, payload, some_size(), below(MCI_LEVELS + 1), &status);
}

void call_msg_send_i(void)
{
    mcapi_endpoint_t to = message_end();
    mcapi_endpoint_t from = message_end();

    mcapi_msg_send_i(from, to, payload, some_size(), below(MCI_LEVELS), some_request(),
                     &status);
}

void call_msg_recv(void)
{
    size_t size = 0;

    mcapi_msg_recv(message_end(), buffer, HOSTILE_PAYLOAD, &size, &status);
    if (status == MCAPI_SUCCESS && size > HOSTILE_PAYLOAD)
        hostile_complain("a message of %zu bytes", size);
}

void call_msg_recv_i(void)
{
    mcapi_msg_recv_i(message_end(), posted_room, sizeof posted_room, some_request(), &status);
}

void call_msg_available(void)
{
    mcapi_msg_available(message_end(), &status);
}

/* --- Packets -------------------------------------------------------------------------- */

void call_pktchan_send(void)
{
    mcapi_pktchan_send(packet_sender(), payload, some_size(), &status);
}

void call_pktchan_send_i(void)
{
    mcapi_pktchan_send_i(packet_sender(), payload, some_size(), some_request(), &status);
}

void call_pktchan_recv(void)
{
    void *packet = NULL;
    size_t size = 0;

    mcapi_pktchan_recv(packet_receiver(), &packet, &size, &status);
    if (status != MCAPI_SUCCESS)
        return;
    use_packet(packet, size);
    keep(pool.held, packet);
}

void call_pktchan_recv_i(void)
{
    uint32_t i = below(REQUESTS);

    mcapi_pktchan_recv_i(packet_receiver(), &pool.posted[i], &pool.request[i], &status);
}

void call_pktchan_available(void)
{
    mcapi_pktchan_available(packet_receiver(), &status);
}

void call_pktchan_release(void)
{
    mcapi_pktchan_release(some_buffer(pool.held), &status);
}

void call_pktchan_release_test(void)
{
    mcapi_pktchan_release_test(some_buffer(pool.lent), &status);
}

void call_buffer_take(void)
{
    size_t size = some_size();
    void *taken = mcapi_ext_pktchan_buffer_take(packet_sender(), size, &status);

    if (status != MCAPI_SUCCESS)
        return;
    use_packet(taken, size);
    keep(pool.lent, taken);
}

void call_buffer_send(void)
{
    mcapi_ext_pktchan_buffer_send(packet_sender(), some_buffer(pool.lent), below(64), &status);
}

void call_buffer_give_back(void)
{
    mcapi_ext_pktchan_buffer_give_back(packet_sender(), some_buffer(pool.lent), &status);
}

void call_pktchan_send_burst(void)
{
    const void *buffers[BURST] = { payload, payload, payload, payload };
    const size_t sizes[BURST] = { some_size(), some_size(), 8, 64 };

    mcapi_ext_pktchan_send_burst(packet_sender(), buffers, sizes, BURST, &status);
}

void call_pktchan_recv_burst(void)
{
    void *buffers[BURST];
    size_t sizes[BURST];
    size_t got =
            mcapi_ext_pktchan_recv_burst(packet_receiver(), buffers, sizes, BURST, &status);

    if (status != MCAPI_SUCCESS)
        return;
    if (got > BURST)
        hostile_complain("%zu packets in a burst of %d", got, BURST);
    for (size_t i = 0; i < got; i++) {
        use_packet(buffers[i], sizes[i]);
        keep(pool.held, buffers[i]);
    }
}

void call_pktchan_release_burst(void)
{
    void *buffers[BURST];

    for (uint32_t i = 0; i < BURST; i++)
        buffers[i] = some_buffer(pool.held);
    mcapi_ext_pktchan_release_burst(buffers, BURST, &status);
}

/* --- Scalars -------------------------------------------------------------------------- */

void call_sclchan_send(void)
{
    mcapi_endpoint_t end = scalar_sender();

    switch (below(4)) {
    case 0:
        mcapi_sclchan_send_uint8(end, 8, &status);
        break;
    case 1:
        mcapi_sclchan_send_uint32(end, 32, &status);
        break;
    default:
        mcapi_sclchan_send_uint64(end, 64, &status);
    }
}

void call_sclchan_recv(void)
{
    mcapi_endpoint_t end = scalar_receiver();

    switch (below(4)) {
    case 0:
        mcapi_sclchan_recv_uint8(end, &status);
        break;
    case 1:
        mcapi_sclchan_recv_uint32(end, &status);
        break;
    default:
        mcapi_sclchan_recv_uint64(end, &status);
    }
}

void call_sclchan_available(void)
{
    mcapi_sclchan_available(scalar_receiver(), &status);
}

void call_sclchan_send_burst(void)
{
    static const mcapi_uint64_t words[BURST];

    mcapi_ext_sclchan_send_burst_uint64(scalar_sender(), words, BURST, &status);
}

void call_sclchan_recv_burst(void)
{
    mcapi_uint64_t words[BURST + 1] = { [BURST] = CANARY };
    size_t got = mcapi_ext_sclchan_recv_burst_uint64(scalar_receiver(), words, BURST, &status);

    if (words[BURST] != CANARY || (status == MCAPI_SUCCESS && got > BURST))
        hostile_complain("%zu scalars in a burst of %d", got, BURST);
}

/* --- Channels ------------------------------------------------------------------------- */

void call_connect_packets(void)
{
    mcapi_endpoint_t send = packet_sender();

    mcapi_pktchan_connect_i(send, packet_receiver(), some_request(), &status);
}

void call_connect_scalars(void)
{
    mcapi_endpoint_t send = scalar_sender();

    mcapi_sclchan_connect_i(send, scalar_receiver(), some_request(), &status);
}

void call_open_sender(void)
{
    uint32_t handle;

    if (below(2) == 0)
        mcapi_pktchan_send_open_i(&handle, packet_sender(), some_request(), &status);
    else
        mcapi_sclchan_send_open_i(&handle, scalar_sender(), some_request(), &status);
}

void call_open_receiver(void)
{
    uint32_t handle;

    if (below(2) == 0)
        mcapi_pktchan_recv_open_i(&handle, packet_receiver(), some_request(), &status);
    else
        mcapi_sclchan_recv_open_i(&handle, scalar_receiver(), some_request(), &status);
}

void call_close_sender(void)
{
    if (below(2) == 0)
        mcapi_pktchan_send_close_i(packet_sender(), some_request(), &status);
    else
        mcapi_sclchan_send_close_i(scalar_sender(), some_request(), &status);
}

void call_close_receiver(void)
{
    if (below(2) == 0)
        mcapi_pktchan_recv_close_i(packet_receiver(), some_request(), &status);
    else
        mcapi_sclchan_recv_close_i(scalar_receiver(), some_request(), &status);
}

/* --- Requests ------------------------------------------------------------------------- */

void call_test(void)
{
    size_t size;

    mcapi_test(some_request(), &size, &status);
}

/* One in many sleeps. */
static mcapi_timeout_t some_timeout(void)
{
    return below(200) == 0 ? 1 : MCAPI_TIMEOUT_IMMEDIATE;
}

void call_wait_for_one(void)
{
    size_t size;

    mcapi_wait(some_request(), &size, some_timeout(), &status);
}

void call_wait_for_any(void)
{
    size_t size;

    mcapi_wait_any(BURST, &pool.request[below(REQUESTS - BURST)], &size, some_timeout(),
                   &status);
}

void call_cancel(void)
{
    mcapi_cancel(some_request(), &status);
}

/* --- More than one end ---------------------------------------------------------------- */

void call_wait_receivable(void)
{
    mcapi_endpoint_t ends[BURST] = { packet_receiver(), scalar_receiver(), some_end(),
                                     some_end() };

    mcapi_ext_wait_receivable(ends, BURST, some_timeout(), &status);
}

void call_receive_fd(void)
{
    if (below(50) == 0)
        mcapi_ext_receive_fd(some_end(), &status);
}

void call_node_stats(void)
{
    mcapi_uint_t cursor = below(8);
    mcapi_ext_node_stats_t stats;

    mcapi_ext_node_stats(&cursor, &stats, &status);
}

void call_endpoint_stats(void)
{
    mcapi_uint_t cursor = below(HOSTILE_SLOTS);
    mcapi_ext_endpoint_stats_t stats;

    mcapi_ext_endpoint_stats(&cursor, &stats, &status);
}

void call_channel_stats(void)
{
    mcapi_uint_t cursor = below(8);
    mcapi_ext_channel_stats_t stats;

    mcapi_ext_channel_stats(&cursor, &stats, &status);
}
