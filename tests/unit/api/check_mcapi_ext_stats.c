/* SPDX-License-Identifier: MIT */
/*
 * check_mcapi_ext_stats.c - every node, endpoint and channel is told of, with what it is and
 * has done, to any node and whatever the segment looks like.
 */
#include <mcapi_ext.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/runtime.h"
#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

/* --- Rows ----------------------------------------------------------------------------- */

static bool next_node(mcapi_uint_t *cursor, mcapi_ext_node_stats_t *stats)
{
    mcapi_boolean_t found;

    expect(MCAPI_SUCCESS, found = mcapi_ext_node_stats(cursor, stats, &status));
    return found == MCAPI_TRUE;
}

static bool next_endpoint(mcapi_uint_t *cursor, mcapi_ext_endpoint_stats_t *stats)
{
    mcapi_boolean_t found;

    expect(MCAPI_SUCCESS, found = mcapi_ext_endpoint_stats(cursor, stats, &status));
    return found == MCAPI_TRUE;
}

static bool next_channel(mcapi_uint_t *cursor, mcapi_ext_channel_stats_t *stats)
{
    mcapi_boolean_t found;

    expect(MCAPI_SUCCESS, found = mcapi_ext_channel_stats(cursor, stats, &status));
    return found == MCAPI_TRUE;
}

static mcapi_ext_node_stats_t stats_of_node(mcapi_node_t node)
{
    mcapi_ext_node_stats_t stats, found = { .node = MCAPI_NODE_INVALID };
    mcapi_uint_t cursor = 0;

    while (next_node(&cursor, &stats))
        if (stats.node == node) {
            expect_true(found.node == MCAPI_NODE_INVALID); /* told of once */
            found = stats;
        }
    expect_true(found.node == node);
    return found;
}

static mcapi_ext_endpoint_stats_t stats_of_endpoint(mcapi_endpoint_t endpoint)
{
    mcapi_ext_endpoint_stats_t stats, found = { .endpoint = 0 };
    mcapi_uint_t cursor = 0;

    while (next_endpoint(&cursor, &stats))
        if (stats.endpoint == endpoint) {
            expect_true(found.endpoint == 0);
            found = stats;
        }
    expect_true(found.endpoint == endpoint);
    return found;
}

static mcapi_ext_channel_stats_t stats_of(const struct pair *pair)
{
    mcapi_ext_channel_stats_t stats, found = { .kind = 0 };
    mcapi_uint_t cursor = 0;

    while (next_channel(&cursor, &stats))
        if (stats.receiver.endpoint == pair->receive) {
            expect_true(found.kind == 0);
            found = stats;
        }
    expect_true(found.kind != 0);
    expect_true(found.sender.endpoint == pair->send);
    return found;
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* --- Nodes ---------------------------------------------------------------------------- */

START_TEST(every_live_node_is_told_of)
{
    enum { NODES = 6 };
    uint64_t before = now_ns();
    struct child *child[NODES];
    mcapi_ext_node_stats_t stats;
    mcapi_uint_t cursor = 0;
    int count = 0;

    for (int i = 0; i < NODES; i++)
        child[i] = child_start(i % 2 ? CHILD_THREAD : CHILD_PROCESS, 2 + (mcapi_node_t)i);
    for (int i = 0; i < NODES; i++) {
        stats = stats_of_node(2 + (mcapi_node_t)i);
        ck_assert_uint_eq(stats.domain, 0);
        ck_assert_uint_eq(stats.process,
                          (mcapi_uint32_t)(i % 2 ? getpid() : child_process(child[i])));
        ck_assert_uint_eq(stats.dead, 0);
        ck_assert_uint_eq(stats.type, MCAPI_NODE_ATTR_TYPE_REGULAR);
        ck_assert_uint_eq(stats.endpoints, 0);
        ck_assert_uint_ge(stats.joined, before);
        ck_assert_uint_le(stats.joined, now_ns());
    }
    child_end(child[3]);
    while (next_node(&cursor, &stats))
        count++;
    ck_assert_int_eq(count, NODES); /* us, and all but one */
    ck_assert(!next_node(&cursor, &stats));
}
END_TEST

START_TEST(a_node_has_its_endpoints_and_channels)
{
    struct child *peer = child_start(CHILD_PROCESS, 2);
    struct pair out[3], in[2];

    for (int i = 0; i < 3; i++)
        out[i] = pair_open(i % 2 ? SCALARS : PACKETS, NULL, peer);
    for (int i = 0; i < 2; i++)
        in[i] = pair_open(PACKETS, peer, NULL);
    ck_assert_uint_eq(stats_of_node(1).endpoints, 5);
    ck_assert_uint_eq(stats_of_node(1).sends_on, 3);
    ck_assert_uint_eq(stats_of_node(1).receives_on, 2);
    ck_assert_uint_eq(stats_of_node(2).sends_on, 2);
    ck_assert_uint_eq(stats_of_node(2).receives_on, 3);
    pair_close(&out[0]);
    pair_close(&in[1]);
    ck_assert_uint_eq(stats_of_node(1).sends_on, 2);
    ck_assert_uint_eq(stats_of_node(1).receives_on, 1);
    ck_assert_uint_eq(stats_of_node(1).endpoints, 5);
}
END_TEST

START_TEST(a_dead_node_is_told_of_as_one_until_it_is_recovered)
{
    struct child *victim = child_start(CHILD_PROCESS, 2);
    mcapi_ext_node_stats_t stats;
    mcapi_uint_t cursor = 0;

    child_kill(victim);
    ck_assert_uint_eq(stats_of_node(2).dead, 1);
    child_start(CHILD_PROCESS, 3); /* whoever joins recovers */
    while (next_node(&cursor, &stats))
        ck_assert_uint_ne(stats.node, 2);
}
END_TEST

/* --- Endpoints ------------------------------------------------------------------------ */

START_TEST(every_endpoint_is_told_of)
{
    enum { MANY = 300 }; /* of two nodes: one alone may have 256 */
    struct child *peer = child_start(CHILD_PROCESS, 2);
    mcapi_endpoint_t endpoint[MANY];
    mcapi_ext_endpoint_stats_t stats;
    mcapi_uint_t cursor = 0;
    int count = 0;

    for (int i = 0; i < MANY; i++) {
        struct act act = { .port = (mcapi_port_t)i };

        child_do(i % 2 ? peer : NULL, act_create, &act);
        expect_status(MCAPI_SUCCESS, act.status);
        endpoint[i] = act.endpoint;
    }
    while (next_endpoint(&cursor, &stats)) {
        ck_assert_uint_lt(stats.port, MANY);
        ck_assert_uint_eq(stats.endpoint, endpoint[stats.port]);
        ck_assert_uint_eq(stats.domain, 0);
        ck_assert_uint_eq(stats.node, stats.port % 2 ? 2 : 1);
        ck_assert_uint_eq(stats.type, MCAPI_ENDP_ATTR_TYPE_MESSAGE);
        ck_assert_uint_eq(stats.status, 0);
        ck_assert_uint_eq(stats.channel, MCAPI_EXT_NO_CHANNEL);
        count++;
    }
    ck_assert_int_eq(count, MANY);
}
END_TEST

START_TEST(an_endpoint_says_what_its_attributes_say)
{
    struct child *peer = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(SCALARS, NULL, peer);
    mcapi_ext_endpoint_stats_t stats = stats_of_endpoint(pair.send);
    mcapi_endp_attr_status_t flags;
    mcapi_endpoint_t got;

    expect(MCAPI_SUCCESS, mcapi_endpoint_get_attribute(pair.send, MCAPI_ENDP_ATTR_STATUS,
                                                       &flags, sizeof flags, &status));
    ck_assert_uint_eq(stats.status, flags);
    ck_assert_uint_eq(stats.channel, stats_of(&pair).channel);
    ck_assert_uint_eq(stats_of_endpoint(pair.receive).channel, stats.channel);
    ck_assert_uint_eq(stats.gets, 0);
    stats = stats_of_endpoint(pair.receive);
    expect(MCAPI_SUCCESS,
           got = mcapi_endpoint_get(stats.domain, stats.node, stats.port, 0, &status));
    ck_assert_uint_eq(got, pair.receive);
    ck_assert_uint_eq(stats_of_endpoint(pair.receive).gets, 1);
}
END_TEST

START_TEST(messages_are_counted)
{
    struct child *peer = child_start(CHILD_PROCESS, 2);
    struct act act = { .port = 5 };
    mcapi_ext_endpoint_stats_t stats;
    mcapi_endpoint_t from, to;
    char buffer[100];
    size_t size;

    child_do(peer, act_create, &act);
    expect(MCAPI_SUCCESS, from = mcapi_endpoint_create(1, &status));
    expect(MCAPI_SUCCESS, to = mcapi_endpoint_create(2, &status));
    for (size_t i = 0; i < 10; i++)
        expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, buffer, 10 * i, 0, &status));
    for (size_t i = 0; i < 4; i++)
        expect(MCAPI_SUCCESS, mcapi_msg_recv(to, buffer, sizeof buffer, &size, &status));
    child_kill(peer);
    ck_assert(child_start(CHILD_PROCESS, 3) != NULL); /* recovers */
    expect(MCAPI_SUCCESS, mcapi_msg_send(from, act.endpoint, buffer, 7, 0, &status));

    stats = stats_of_endpoint(from);
    ck_assert_uint_eq(stats.messages_sent, 10);
    ck_assert_uint_eq(stats.message_bytes_sent, 450);
    ck_assert_uint_eq(stats.messages_dropped, 1);
    ck_assert_uint_eq(stats.messages_received, 0);
    stats = stats_of_endpoint(to);
    ck_assert_uint_eq(stats.messages_sent, 0);
    ck_assert_uint_eq(stats.messages_received, 4);
    ck_assert_uint_eq(stats.message_bytes_received, 0 + 10 + 20 + 30);
    ck_assert_uint_eq(stats.messages_queued, 6);
    ck_assert_uint_eq(stats.messages_room, MCAPI_MAX_QUEUE_ELEMENTS - 6);
    ck_assert_uint_eq(stats_of_endpoint(from).messages_room, 0);
}
END_TEST

/* --- Channels ------------------------------------------------------------------------- */

START_TEST(a_channel_says_what_it_carries)
{
    struct child *peer = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(_i % 2 == 0 ? PACKETS : SCALARS, peer, NULL);
    uint64_t before = now_ns();
    mcapi_ext_channel_stats_t stats;

    pair_set(NULL, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 10);
    pair_set_both(&pair, MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, 500);
    pair_connect(&pair);
    stats = stats_of(&pair);
    ck_assert_uint_eq(stats.sender.state, MCAPI_EXT_SIDE_SHUT);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    for (int i = 0; i < 7; i++)
        expect_status(MCAPI_SUCCESS, pair_send_status(&pair)); /* a packet of a byte */
    for (int i = 0; i < 3; i++)
        expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));

    stats = stats_of(&pair);
    ck_assert_uint_eq(stats.kind, _i % 2 == 0 ? MCAPI_EXT_PACKETS : MCAPI_EXT_SCALARS);
    ck_assert_uint_eq(stats.depth, 10);
    ck_assert_uint_eq(stats.max_payload, _i % 2 == 0 ? 500 : 8);
    ck_assert_uint_ge(stats.connected, before);
    ck_assert_uint_le(stats.connected, now_ns());
    ck_assert_uint_eq(stats.sent, 7);
    ck_assert_uint_eq(stats.received, 3);
    ck_assert_uint_eq(stats.bytes_sent, _i % 2 == 0 ? 7 : 56);
    ck_assert_uint_eq(stats.queued, 4);
    ck_assert_uint_eq(stats.held, 0);
    ck_assert_uint_eq(stats.taken, 0);
    ck_assert_uint_eq(stats.room, 6);
    ck_assert_uint_eq(stats.sender.domain, 0);
    ck_assert_uint_eq(stats.sender.node, 2);
    ck_assert_uint_eq(stats.sender.port, stats_of_endpoint(pair.send).port);
    ck_assert_uint_eq(stats.sender.state, MCAPI_EXT_SIDE_OPEN);
    ck_assert_uint_eq(stats.receiver.node, 1);
    ck_assert_uint_eq(stats.receiver.port, stats_of_endpoint(pair.receive).port);
    ck_assert_uint_eq(stats.receiver.state, MCAPI_EXT_SIDE_OPEN);
}
END_TEST

static void act_see_seven(struct act *act)
{
    mcapi_ext_channel_stats_t stats;
    mcapi_uint_t cursor = 0;

    act->count = mcapi_ext_channel_stats(&cursor, &stats, &act->status);
    act->word = stats.sent;
}

START_TEST(a_node_that_has_nothing_to_do_with_it_sees_the_same)
{
    struct child *onlooker = child_start(CHILD_PROCESS, 3);
    struct pair pair = pair_open(_i == 0 ? PACKETS : SCALARS, NULL, NULL);
    struct act act = { .count = 0 };

    for (int i = 0; i < 7; i++)
        expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
    child_do(onlooker, act_see_seven, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_uint_eq(act.count, MCAPI_TRUE);
    ck_assert_uint_eq(act.word, 7);
}
END_TEST

START_TEST(what_is_held_and_what_is_taken_is_told_apart)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    mcapi_ext_channel_stats_t stats;
    void *buffer, *held;
    size_t size;

    pair_send(&pair, "one");
    pair_send(&pair, "two");
    held = pair_take(&pair, &size);
    expect(MCAPI_SUCCESS, buffer = mcapi_ext_pktchan_buffer_take(pair.send, 300, &status));
    stats = stats_of(&pair);
    ck_assert_uint_eq(stats.queued, 1);
    ck_assert_uint_eq(stats.held, 1);
    ck_assert_uint_eq(stats.taken, 1);
    ck_assert_uint_eq(stats.room, stats.depth - 3);
    expect(MCAPI_SUCCESS, mcapi_ext_pktchan_buffer_send(pair.send, buffer, 300, &status));
    pair_give_back(held);
    stats = stats_of(&pair);
    ck_assert_uint_eq(stats.bytes_sent, 4 + 4 + 300);
    ck_assert_uint_eq(stats.sent, 3);
    ck_assert_uint_eq(stats.received, 1);
    ck_assert_uint_eq(stats.room, stats.depth - 2);
}
END_TEST

START_TEST(a_new_connection_begins_at_nothing)
{
    struct pair pair = pair_open(_i == 0 ? PACKETS : SCALARS, NULL, NULL);
    mcapi_ext_channel_stats_t stats;
    mcapi_uint64_t first;

    for (int i = 0; i < 100; i++) {
        expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
        expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
    }
    first = stats_of(&pair).connected;
    pair_close(&pair);
    pair_connect(&pair);
    stats = stats_of(&pair);
    ck_assert_uint_gt(stats.connected, first);
    ck_assert_uint_eq(stats.sent, 0);
    ck_assert_uint_eq(stats.received, 0);
    ck_assert_uint_eq(stats.bytes_sent, 0);
    ck_assert_uint_eq(stats.sender.stalls, 0);
}
END_TEST

START_TEST(a_channel_with_one_end_left_says_which)
{
    struct child *sender = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(PACKETS, sender, NULL);
    mcapi_ext_channel_stats_t stats;

    pair_send(&pair, "last");
    if (_i == 0) {
        pair_close_send(&pair);
        ck_assert_uint_eq(stats_of(&pair).sender.state, MCAPI_EXT_SIDE_CLOSED);
        ck_assert_uint_eq(stats_of(&pair).sender.node, 2);
        child_end(sender);
    } else {
        child_kill(sender);
        child_start(CHILD_PROCESS, 3); /* recovers */
    }
    stats = stats_of(&pair);
    ck_assert_uint_eq(stats.sender.state,
                      _i == 0 ? MCAPI_EXT_SIDE_CLOSED : MCAPI_EXT_SIDE_DEAD);
    ck_assert_uint_eq(stats.sender.node, MCAPI_NODE_INVALID); /* its endpoint is gone */
    ck_assert_uint_eq(stats.receiver.state, MCAPI_EXT_SIDE_OPEN);
    ck_assert_uint_eq(stats.queued, 1);
    ck_assert_uint_eq(stats.sent, 1);
}
END_TEST

/* --- Stalls, sleeps, wakes -------------------------------------------------------------- */

START_TEST(a_receiver_that_waits_sleeps_and_is_woken)
{
    struct child *receiver = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(_i == 0 ? PACKETS : SCALARS, NULL, receiver);
    struct act act = { .kind = _i, .endpoint = pair.receive };
    mcapi_ext_channel_stats_t stats;

    for (mcapi_uint64_t i = 1; i <= 5; i++) {
        child_begin(receiver, act_receive, &act);
        ck_assert(eventually(child_is_asleep(receiver)));
        ck_assert(eventually(stats_of(&pair).receiver.sleeps >= i));
        expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
        child_finish(receiver, &(struct act){ 0 });
        stats = stats_of(&pair);
        ck_assert_uint_eq(stats.receiver.stalls, i);
        ck_assert_uint_ge(stats.receiver.sleeps, i);
        ck_assert_uint_eq(stats.sender.wakes, i);
        ck_assert_uint_eq(stats.sender.stalls, 0);
        ck_assert_uint_eq(stats.sender.sleeps, 0);
    }
}
END_TEST

START_TEST(a_sender_without_room_stalls_sleeps_and_is_woken)
{
    struct child *sender = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(_i == 0 ? PACKETS : SCALARS, sender, NULL);
    struct act act = { .kind = _i, .endpoint = pair.send, .size = 1 };
    mcapi_ext_channel_stats_t stats;

    pair_set(NULL, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 1);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
    child_begin(sender, act_send, &act);
    ck_assert(eventually(child_is_asleep(sender)));
    ck_assert(eventually(stats_of(&pair).sender.sleeps >= 1));
    expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
    child_finish(sender, &act);
    stats = stats_of(&pair);
    ck_assert_uint_eq(stats.sender.stalls, 1);
    ck_assert_uint_eq(stats.receiver.wakes, 1);
    ck_assert_uint_eq(stats.receiver.sleeps, 0);
}
END_TEST

START_TEST(a_send_that_is_refused_is_a_stall)
{
    struct pair pair = pair_create(PACKETS, NULL, NULL);
    mcapi_request_t request;

    pair_set(NULL, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 2);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    for (int i = 0; i < 2; i++)
        expect(MCAPI_SUCCESS, mcapi_pktchan_send_i(pair.send, "x", 1, &request, &status));
    for (int i = 0; i < 3; i++)
        expect(MCAPI_ERR_MEM_LIMIT, mcapi_pktchan_send_i(pair.send, "x", 1, &request, &status));
    ck_assert_uint_eq(stats_of(&pair).sender.stalls, 3);
    ck_assert_uint_eq(stats_of(&pair).sent, 2);
}
END_TEST

/* --- What is refused; and what is damaged ----------------------------------------------- */

START_TEST(without_a_place_for_the_answer_there_is_none)
{
    mcapi_ext_node_stats_t node;
    mcapi_ext_endpoint_stats_t endpoint;
    mcapi_ext_channel_stats_t channel;
    mcapi_uint_t cursor = 0;

    ck_assert_int_eq(mcapi_ext_node_stats(&cursor, &node, NULL), MCAPI_FALSE);
    ck_assert_uint_eq(cursor, 0);
    expect(MCAPI_ERR_PARAMETER, mcapi_ext_node_stats(NULL, &node, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_ext_node_stats(&cursor, NULL, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_ext_endpoint_stats(NULL, &endpoint, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_ext_endpoint_stats(&cursor, NULL, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_ext_channel_stats(NULL, &channel, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_ext_channel_stats(&cursor, NULL, &status));
    cursor = ~0u;
    expect(MCAPI_SUCCESS, ck_assert(!mcapi_ext_node_stats(&cursor, &node, &status)));
    expect(MCAPI_SUCCESS, ck_assert(!mcapi_ext_endpoint_stats(&cursor, &endpoint, &status)));
    expect(MCAPI_SUCCESS, ck_assert(!mcapi_ext_channel_stats(&cursor, &channel, &status)));
    leave();
    cursor = 0;
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_ext_node_stats(&cursor, &node, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_ext_endpoint_stats(&cursor, &endpoint, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_ext_channel_stats(&cursor, &channel, &status));
    join(0, 1);
}
END_TEST

static void look_at_everything(void)
{
    mcapi_ext_node_stats_t node;
    mcapi_ext_endpoint_stats_t endpoint;
    mcapi_ext_channel_stats_t channel;
    mcapi_uint_t cursor;

    for (cursor = 0; next_node(&cursor, &node);)
        ;
    for (cursor = 0; next_endpoint(&cursor, &endpoint);)
        ;
    for (cursor = 0; next_channel(&cursor, &channel);)
        ck_assert_uint_le(channel.received, channel.sent);
}

/* The tables are kept and put back, so that the node can leave. */
START_TEST(whatever_the_tables_hold_the_look_ends)
{
    enum { ENDPOINTS = 8, CHANNELS = 4, ROUNDS = 400 };
    const struct mci_map *map = mci_map();
    struct mci_endpoint_slot endpoints[ENDPOINTS];
    struct mci_channel_slot channels[CHANNELS];
    struct mci_header header;
    unsigned seed = 1;

    for (int i = 0; i < CHANNELS / 2; i++)
        pair_open(i % 2 ? SCALARS : PACKETS, NULL, NULL);
    memcpy(endpoints, map->endpoints, sizeof endpoints);
    memcpy(channels, map->channels, sizeof channels);
    header = *map->header;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < sizeof endpoints; i++)
            ((unsigned char *)map->endpoints)[i] = (unsigned char)rand_r(&seed);
        for (size_t i = 0; i < sizeof channels; i++)
            ((unsigned char *)map->channels)[i] = (unsigned char)rand_r(&seed);
        for (int i = 0; i < CHANNELS; i++)
            atomic_store(&map->channels[i].state, round % 2 ? MCI_CHANNEL_CONNECTED : 7);
        map->header->endpoint_high = (uint32_t)rand_r(&seed);
        look_at_everything();
    }
    memcpy(map->endpoints, endpoints, sizeof endpoints);
    memcpy(map->channels, channels, sizeof channels);
    map->header->endpoint_high = header.endpoint_high;
    look_at_everything();
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { every_live_node_is_told_of, 1 },
        { a_node_has_its_endpoints_and_channels, 1 },
        { a_dead_node_is_told_of_as_one_until_it_is_recovered, 1 },
        { every_endpoint_is_told_of, 1 },
        { an_endpoint_says_what_its_attributes_say, 1 },
        { messages_are_counted, 1 },
        { a_channel_says_what_it_carries, 2 },
        { a_node_that_has_nothing_to_do_with_it_sees_the_same, 2 },
        { what_is_held_and_what_is_taken_is_told_apart, 1 },
        { a_new_connection_begins_at_nothing, 2 },
        { a_channel_with_one_end_left_says_which, 2 },
        { a_receiver_that_waits_sleeps_and_is_woken, 2 },
        { a_sender_without_room_stalls_sleeps_and_is_woken, 2 },
        { a_send_that_is_refused_is_a_stall, 1 },
        { without_a_place_for_the_answer_there_is_none, 1 },
        { whatever_the_tables_hold_the_look_ends, 1 },
    };

    return suite_run_between("api/mcapi_ext_stats", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
