/* SPDX-License-Identifier: MIT */
/*
 * calls.c - every call that touches the segment, with arguments that fit, and some that do not.
 */
#include <stdlib.h>
#include <string.h>

#include "hostile/hostile.h"
#include "runtime/control.h"
#include "runtime/recovery.h"
#include "runtime/runtime.h"
#include "segment/audit.h"

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

static mcapi_status_t status;
static struct hostile_random *draw;

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

static void check_room(void)
{
    for (uint32_t i = 0; i < MARGIN; i++)
        if (room[i] != CANARY || room[sizeof room - 1 - i] != CANARY)
            hostile_complain("the bytes beside the caller's buffer have changed");
}

/* --- Nodes and endpoints -------------------------------------------------------------- */

static void node_attribute(void)
{
    mcapi_node_attr_type_t type;

    mcapi_node_get_attribute(1, below(HOSTILE_NODES + 1), MCAPI_NODE_ATTR_TYPE, &type,
                             sizeof type, &status);
}

static void endpoint_create(void)
{
    mcapi_endpoint_t made = mcapi_endpoint_create(
            below(4) == 0 ? MCAPI_PORT_ANY : 1 + below(HOSTILE_ENDPOINTS * 2), &status);

    if (status != MCAPI_SUCCESS)
        return;
    pool.created[below(HELD)] = made;
    if ((made & 0xffff) >= MCI_ENDPOINT_SLOTS)
        hostile_complain("a new endpoint with the handle %#x", made);
}

static void endpoint_get(void)
{
    mcapi_endpoint_get(1, below(HOSTILE_NODES), 1 + below(HOSTILE_ENDPOINTS + 1),
                       MCAPI_TIMEOUT_IMMEDIATE, &status);
}

static void endpoint_get_i(void)
{
    static mcapi_endpoint_t got[REQUESTS];
    uint32_t i = below(REQUESTS);

    mcapi_endpoint_get_i(1, below(HOSTILE_NODES), 1 + below(HOSTILE_ENDPOINTS * 2), &got[i],
                         &pool.request[i], &status);
}

static void endpoint_release(void)
{
    mcapi_endpoint_release(some_end(), &status);
}

static void endpoint_delete(void)
{
    uint32_t i = below(HELD);

    mcapi_endpoint_delete(pool.created[i] != 0 && below(8) != 0 ? pool.created[i] : some_end(),
                          &status);
}

static void endpoint_get_attribute(void)
{
    mcapi_uint_t number = below(MCAPI_ENDP_ATTR_END + 1);
    size_t size = number == MCAPI_ENDP_ATTR_GET_SOURCE ? sizeof(mcapi_endp_attr_get_source_t)
                                                       : sizeof(uint32_t);

    mcapi_endpoint_get_attribute(some_end(), number, buffer, size, &status);
}

static void endpoint_set_attribute(void)
{
    mcapi_uint_t number = below(MCAPI_ENDP_ATTR_END);
    uint32_t value = below(2) == 0 ? below(12) : (uint32_t)hostile_draw(draw);

    if (number != MCAPI_ENDP_ATTR_TIMEOUT)
        mcapi_endpoint_set_attribute(some_end(), number, &value, sizeof value, &status);
}

/* --- Messages ------------------------------------------------------------------------- */

static void msg_send(void)
{
    mcapi_endpoint_t to = message_end();
    mcapi_endpoint_t from = message_end();

    mcapi_msg_send(from, to, payload, some_size(), below(MCI_LEVELS + 1), &status);
}

static void msg_send_i(void)
{
    mcapi_endpoint_t to = message_end();
    mcapi_endpoint_t from = message_end();

    mcapi_msg_send_i(from, to, payload, some_size(), below(MCI_LEVELS), some_request(),
                     &status);
}

static void msg_recv(void)
{
    size_t size = 0;

    mcapi_msg_recv(message_end(), buffer, HOSTILE_PAYLOAD, &size, &status);
    if (status == MCAPI_SUCCESS && size > HOSTILE_PAYLOAD)
        hostile_complain("a message of %zu bytes", size);
}

static void msg_recv_i(void)
{
    mcapi_msg_recv_i(message_end(), posted_room, sizeof posted_room, some_request(), &status);
}

static void msg_available(void)
{
    mcapi_msg_available(message_end(), &status);
}

/* --- Packets -------------------------------------------------------------------------- */

static void pktchan_send(void)
{
    mcapi_pktchan_send(packet_sender(), payload, some_size(), &status);
}

static void pktchan_send_i(void)
{
    mcapi_pktchan_send_i(packet_sender(), payload, some_size(), some_request(), &status);
}

static void pktchan_recv(void)
{
    void *packet = NULL;
    size_t size = 0;

    mcapi_pktchan_recv(packet_receiver(), &packet, &size, &status);
    if (status != MCAPI_SUCCESS)
        return;
    use_packet(packet, size);
    keep(pool.held, packet);
}

static void pktchan_recv_i(void)
{
    uint32_t i = below(REQUESTS);

    mcapi_pktchan_recv_i(packet_receiver(), &pool.posted[i], &pool.request[i], &status);
}

static void pktchan_available(void)
{
    mcapi_pktchan_available(packet_receiver(), &status);
}

static void pktchan_release(void)
{
    mcapi_pktchan_release(some_buffer(pool.held), &status);
}

static void pktchan_release_test(void)
{
    mcapi_pktchan_release_test(some_buffer(pool.lent), &status);
}

static void buffer_take(void)
{
    size_t size = some_size();
    void *taken = mcapi_ext_pktchan_buffer_take(packet_sender(), size, &status);

    if (status != MCAPI_SUCCESS)
        return;
    use_packet(taken, size);
    keep(pool.lent, taken);
}

static void buffer_send(void)
{
    mcapi_ext_pktchan_buffer_send(packet_sender(), some_buffer(pool.lent), below(64), &status);
}

static void buffer_give_back(void)
{
    mcapi_ext_pktchan_buffer_give_back(packet_sender(), some_buffer(pool.lent), &status);
}

static void pktchan_send_burst(void)
{
    const void *buffers[BURST] = { payload, payload, payload, payload };
    const size_t sizes[BURST] = { some_size(), some_size(), 8, 64 };

    mcapi_ext_pktchan_send_burst(packet_sender(), buffers, sizes, BURST, &status);
}

static void pktchan_recv_burst(void)
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

static void pktchan_release_burst(void)
{
    void *buffers[BURST];

    for (uint32_t i = 0; i < BURST; i++)
        buffers[i] = some_buffer(pool.held);
    mcapi_ext_pktchan_release_burst(buffers, BURST, &status);
}

/* --- Scalars -------------------------------------------------------------------------- */

static void sclchan_send(void)
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

static void sclchan_recv(void)
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

static void sclchan_available(void)
{
    mcapi_sclchan_available(scalar_receiver(), &status);
}

static void sclchan_send_burst(void)
{
    static const mcapi_uint64_t words[BURST];

    mcapi_ext_sclchan_send_burst_uint64(scalar_sender(), words, BURST, &status);
}

static void sclchan_recv_burst(void)
{
    mcapi_uint64_t words[BURST + 1] = { [BURST] = CANARY };
    size_t got = mcapi_ext_sclchan_recv_burst_uint64(scalar_receiver(), words, BURST, &status);

    if (words[BURST] != CANARY || (status == MCAPI_SUCCESS && got > BURST))
        hostile_complain("%zu scalars in a burst of %d", got, BURST);
}

/* --- Channels ------------------------------------------------------------------------- */

static void connect_packets(void)
{
    mcapi_endpoint_t send = packet_sender();

    mcapi_pktchan_connect_i(send, packet_receiver(), some_request(), &status);
}

static void connect_scalars(void)
{
    mcapi_endpoint_t send = scalar_sender();

    mcapi_sclchan_connect_i(send, scalar_receiver(), some_request(), &status);
}

static void open_sender(void)
{
    uint32_t handle;

    if (below(2) == 0)
        mcapi_pktchan_send_open_i(&handle, packet_sender(), some_request(), &status);
    else
        mcapi_sclchan_send_open_i(&handle, scalar_sender(), some_request(), &status);
}

static void open_receiver(void)
{
    uint32_t handle;

    if (below(2) == 0)
        mcapi_pktchan_recv_open_i(&handle, packet_receiver(), some_request(), &status);
    else
        mcapi_sclchan_recv_open_i(&handle, scalar_receiver(), some_request(), &status);
}

static void close_sender(void)
{
    if (below(2) == 0)
        mcapi_pktchan_send_close_i(packet_sender(), some_request(), &status);
    else
        mcapi_sclchan_send_close_i(scalar_sender(), some_request(), &status);
}

static void close_receiver(void)
{
    if (below(2) == 0)
        mcapi_pktchan_recv_close_i(packet_receiver(), some_request(), &status);
    else
        mcapi_sclchan_recv_close_i(scalar_receiver(), some_request(), &status);
}

/* --- Requests ------------------------------------------------------------------------- */

static void test(void)
{
    size_t size;

    mcapi_test(some_request(), &size, &status);
}

/* One in many sleeps. */
static mcapi_timeout_t some_timeout(void)
{
    return below(200) == 0 ? 1 : MCAPI_TIMEOUT_IMMEDIATE;
}

static void wait_for_one(void)
{
    size_t size;

    mcapi_wait(some_request(), &size, some_timeout(), &status);
}

static void wait_for_any(void)
{
    size_t size;

    mcapi_wait_any(BURST, &pool.request[below(REQUESTS - BURST)], &size, some_timeout(),
                   &status);
}

static void cancel(void)
{
    mcapi_cancel(some_request(), &status);
}

/* --- More than one end ---------------------------------------------------------------- */

static void wait_receivable(void)
{
    mcapi_endpoint_t ends[BURST] = { packet_receiver(), scalar_receiver(), some_end(),
                                     some_end() };

    mcapi_ext_wait_receivable(ends, BURST, some_timeout(), &status);
}

static void receive_fd(void)
{
    if (below(50) == 0)
        mcapi_ext_receive_fd(some_end(), &status);
}

static void node_stats(void)
{
    mcapi_uint_t cursor = below(8);
    mcapi_ext_node_stats_t stats;

    mcapi_ext_node_stats(&cursor, &stats, &status);
}

static void endpoint_stats(void)
{
    mcapi_uint_t cursor = below(HOSTILE_SLOTS);
    mcapi_ext_endpoint_stats_t stats;

    mcapi_ext_endpoint_stats(&cursor, &stats, &status);
}

static void channel_stats(void)
{
    mcapi_uint_t cursor = below(8);
    mcapi_ext_channel_stats_t stats;

    mcapi_ext_channel_stats(&cursor, &stats, &status);
}

/* --- Beneath the calls: each walks the whole segment, so they are rare ---------------- */

static void audit(void)
{
    static struct mci_audit result;

    if (below(100) == 0)
        mci_audit(mci_map(), &result);
}

/* As whoever gets the lock from a dead owner. */
static void repair(void)
{
    if (below(50) != 0 || !mci_control_lock(mci_self.node, mci_self.serial))
        return;
    mci_repair();
    mci_control_unlock();
}

static void recover(void)
{
    uint32_t node = below(HOSTILE_NODES);

    if (below(20) != 0 || !mci_control_lock(mci_self.node, mci_self.serial))
        return;
    atomic_store_explicit(&mci_map()->nodes[node].liveness.word, FUTEX_OWNER_DIED,
                          memory_order_relaxed);
    mci_recover_all_dead(&mci_runtime.map);
    mci_control_unlock();
}

/* -------------------------------------------------------------------------------------- */

static const struct kind {
    const char *name;
    void (*make)(void);
    uint32_t share;
} kinds[] = {
    { "mcapi_pktchan_send", pktchan_send, 12 },
    { "mcapi_pktchan_recv", pktchan_recv, 10 },
    { "mcapi_pktchan_release", pktchan_release, 8 },
    { "mcapi_sclchan_send", sclchan_send, 8 },
    { "mcapi_sclchan_recv", sclchan_recv, 8 },
    { "mcapi_msg_send", msg_send, 10 },
    { "mcapi_msg_recv", msg_recv, 10 },
    { "mcapi_pktchan_send_i", pktchan_send_i, 2 },
    { "mcapi_pktchan_recv_i", pktchan_recv_i, 2 },
    { "mcapi_pktchan_available", pktchan_available, 2 },
    { "mcapi_pktchan_release_test", pktchan_release_test, 2 },
    { "mcapi_ext_pktchan_buffer_take", buffer_take, 4 },
    { "mcapi_ext_pktchan_buffer_send", buffer_send, 4 },
    { "mcapi_ext_pktchan_buffer_give_back", buffer_give_back, 2 },
    { "mcapi_ext_pktchan_send_burst", pktchan_send_burst, 3 },
    { "mcapi_ext_pktchan_recv_burst", pktchan_recv_burst, 3 },
    { "mcapi_ext_pktchan_release_burst", pktchan_release_burst, 2 },
    { "mcapi_sclchan_available", sclchan_available, 2 },
    { "mcapi_ext_sclchan_send_burst", sclchan_send_burst, 3 },
    { "mcapi_ext_sclchan_recv_burst", sclchan_recv_burst, 3 },
    { "mcapi_msg_send_i", msg_send_i, 3 },
    { "mcapi_msg_recv_i", msg_recv_i, 2 },
    { "mcapi_msg_available", msg_available, 2 },
    { "mcapi_node_get_attribute", node_attribute, 1 },
    { "mcapi_endpoint_create", endpoint_create, 2 },
    { "mcapi_endpoint_get", endpoint_get, 2 },
    { "mcapi_endpoint_get_i", endpoint_get_i, 1 },
    { "mcapi_endpoint_release", endpoint_release, 1 },
    { "mcapi_endpoint_delete", endpoint_delete, 2 },
    { "mcapi_endpoint_get_attribute", endpoint_get_attribute, 3 },
    { "mcapi_endpoint_set_attribute", endpoint_set_attribute, 3 },
    { "mcapi_pktchan_connect_i", connect_packets, 2 },
    { "mcapi_sclchan_connect_i", connect_scalars, 2 },
    { "send_open_i", open_sender, 3 },
    { "recv_open_i", open_receiver, 3 },
    { "send_close_i", close_sender, 1 },
    { "recv_close_i", close_receiver, 1 },
    { "mcapi_test", test, 4 },
    { "mcapi_wait", wait_for_one, 2 },
    { "mcapi_wait_any", wait_for_any, 2 },
    { "mcapi_cancel", cancel, 2 },
    { "mcapi_ext_wait_receivable", wait_receivable, 2 },
    { "mcapi_ext_receive_fd", receive_fd, 1 },
    { "mcapi_ext_node_stats", node_stats, 1 },
    { "mcapi_ext_endpoint_stats", endpoint_stats, 1 },
    { "mcapi_ext_channel_stats", channel_stats, 2 },
    { "mci_audit", audit, 1 },
    { "mci_repair", repair, 1 },
    { "mci_recover_all_dead", recover, 1 },
    { "mcapi_finalize, mcapi_initialize", NULL, 0 }, /* at the end of each round */
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

_Static_assert((int)KINDS <= (int)HOSTILE_CALLS_MOST, "the journal has room for all kinds");

const char *hostile_call_name(uint32_t kind)
{
    return kind < KINDS ? kinds[kind].name : NULL;
}

/* --- Faults on purpose ---------------------------------------------------------------- */

static const char *const faults[] = { "before", "behind", "buffer", "hang", "status" };
enum { BEFORE, BEHIND, BUFFER, HANG, STATUS, FAULTS };

static uint32_t planted = FAULTS;

bool hostile_plant(const char *what)
{
    for (planted = 0; planted < FAULTS; planted++)
        if (strcmp(faults[planted], what) == 0)
            return true;
    return false;
}

static void go_wrong(void)
{
    const struct mci_segment *segment = &hostile_journal->map.segment;
    volatile bool forever = true;

    switch (planted) {
    case BEFORE:
        *(volatile unsigned char *)(segment->base - 1) = 0;
        break;
    case BEHIND:
        (void)*(volatile unsigned char *)(segment->base + segment->size + UINT32_MAX);
        break;
    case BUFFER:
        buffer[HOSTILE_PAYLOAD] ^= 1;
        break;
    case HANG:
        while (forever)
            ;
        break;
    default:
        status = 4096;
    }
}

static uint32_t choose(void)
{
    static uint32_t all;
    uint32_t point, kind = 0;

    if (all == 0)
        for (uint32_t i = 0; i < KINDS; i++)
            all += kinds[i].share;
    point = below(all);
    while (point >= kinds[kind].share)
        point -= kinds[kind++].share;
    return kind;
}

static void count(_Atomic uint64_t *counter)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

void hostile_call(struct hostile_random *random)
{
    struct hostile_journal *journal = hostile_journal;
    uint32_t kind;

    draw = random;
    kind = choose();
    atomic_store_explicit(&journal->kind, kind, memory_order_relaxed);
    hostile_act_as(below(HOSTILE_NODES));
    status = MCAPI_SUCCESS;
    kinds[kind].make();
    if (planted != FAULTS
        && atomic_load_explicit(&journal->calls, memory_order_relaxed) == 1000)
        go_wrong();
    if (status >= MCAPI_STATUSCODE_END)
        hostile_complain("status %u", (unsigned)status);
    check_room();
    count(&journal->by_kind[kind]);
    count(status == MCAPI_SUCCESS || status == MCAPI_PENDING ? &journal->succeeded[kind]
                                                             : &journal->failed[kind]);
    count(&journal->in_round);
    count(&journal->calls);
}
