/* SPDX-License-Identifier: MIT */
/*
 * check_ext_statistics.c - section 11: what nodes and endpoints are and have done, as any node
 * is told.
 */
#include "ext.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "endpoints.h"
#include "messages.h"

/* --- Looking -------------------------------------------------------------------- */

/* node -> number: how many of that name there are, bytes: the last; size: how many in all */
static void do_find_node(struct call *call)
{
    mcapi_ext_node_stats_t stats;
    mcapi_uint_t cursor = 0;
    mcapi_boolean_t more;

    call->number = 0;
    call->size = 0;
    for (;;) {
        expect(MCAPI_SUCCESS, more = mcapi_ext_node_stats(&cursor, &stats, &status));
        if (more != MCAPI_TRUE)
            break;
        expect_equal(0, stats.reserved[0]);
        call->size++;
        if (stats.node == call->node && stats.domain == DOMAIN) {
            call->number++;
            memcpy(call->bytes, &stats, sizeof stats);
        }
    }
    /* What is over stays so. */
    expect(MCAPI_SUCCESS, more = mcapi_ext_node_stats(&cursor, &stats, &status));
    expect_equal(MCAPI_FALSE, more);
}

/* endpoint -> the same */
static void do_find_endpoint(struct call *call)
{
    mcapi_ext_endpoint_stats_t stats;
    mcapi_uint_t cursor = 0;
    mcapi_boolean_t more;

    call->number = 0;
    call->size = 0;
    for (;;) {
        expect(MCAPI_SUCCESS, more = mcapi_ext_endpoint_stats(&cursor, &stats, &status));
        if (more != MCAPI_TRUE)
            break;
        expect_equal(0, stats.reserved[0]);
        call->size++;
        if (stats.endpoint == call->endpoint) {
            call->number++;
            memcpy(call->bytes, &stats, sizeof stats);
        }
    }
    expect(MCAPI_SUCCESS, more = mcapi_ext_endpoint_stats(&cursor, &stats, &status));
    expect_equal(MCAPI_FALSE, more);
}

static mcapi_ext_node_stats_t node_seen_by(struct peer *peer, mcapi_node_t node)
{
    struct call call = ask(peer, do_find_node, (struct call){ .node = node });
    mcapi_ext_node_stats_t stats;

    expect_equal(1, call.number);
    memcpy(&stats, call.bytes, sizeof stats);
    expect_equal(DOMAIN, stats.domain);
    return stats;
}

static mcapi_ext_endpoint_stats_t endpoint_seen_by(struct peer *peer, mcapi_endpoint_t endpoint)
{
    struct call call = ask(peer, do_find_endpoint, (struct call){ .endpoint = endpoint });
    mcapi_ext_endpoint_stats_t stats;

    expect_equal(1, call.number);
    memcpy(&stats, call.bytes, sizeof stats);
    return stats;
}

/* Nanoseconds, of the clock that times are told in. */
static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* --- Nodes ---------------------------------------------------------------------- */

static void do_say_process(struct call *call)
{
    call->word = (uint64_t)getpid();
}

static void every_live_node_is_told_of(void)
{
    uint64_t began = now_ns();
    struct call call = { 0 };

    nodes_begin(3);
    for (int i = -1; i < 3; i++) { /* seen by each of them */
        struct peer *who = i < 0 ? NULL : peer(i);

        for (int j = -1; j < 3; j++) {
            struct peer *whom = j < 0 ? NULL : peer(j);
            mcapi_ext_node_stats_t stats =
                    node_seen_by(who, whom == NULL ? OWN_NODE : peer_node(whom));

            expect_equal(ask(whom, do_say_process, call).word, stats.process);
            expect_equal(0, stats.dead);
            expect_true(stats.joined >= began && stats.joined <= now_ns());
        }
        expect_equal(variant() == ONE_NODE ? 1 : 4, ask(who, do_find_node, call).size);
    }
    nodes_end();
}

static void a_node_that_has_left_or_died_is_not_live(void)
{
    struct call call = { 0 };

    nodes_begin(3);
    call.node = peer_node(peer(0));
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_finalize, call).status);
    expect_equal(0, ask(NULL, do_find_node, call).number);
    if (variant() == PROCESSES) {
        kill_peer(peer(1));
        call.node = peer_node(peer(1));
        call = ask(NULL, do_find_node, call);
        if (call.number != 0) { /* unless somebody has recovered it */
            mcapi_ext_node_stats_t stats;

            memcpy(&stats, call.bytes, sizeof stats);
            expect_equal(1, stats.dead);
        }
    }
    expect_equal(0, node_seen_by(NULL, peer_node(peer(2))).dead);
    nodes_end();
}

static void a_node_has_its_endpoints_and_channels(void)
{
    mcapi_ext_node_stats_t stats;
    struct channel channel;
    mcapi_uint32_t type = 4711;

    nodes_begin(1);
    stats = node_seen_by(peer(0), OWN_NODE);
    expect_equal(0, stats.endpoints);
    expect_equal(0, stats.sends_on);
    expect_equal(0, stats.receives_on);
    expect(MCAPI_SUCCESS, mcapi_node_get_attribute(DOMAIN, OWN_NODE, MCAPI_NODE_ATTR_TYPE,
                                                   &type, sizeof type, &status));
    expect_equal(type, stats.type);
    create(1);
    channel = packets_open(NULL, peer(0));
    scalars_open(NULL, peer(0));
    scalars_open(peer(0), NULL);
    stats = node_seen_by(peer(0), OWN_NODE);
    expect_equal(variant() == ONE_NODE ? 7 : 4, stats.endpoints);
    expect_equal(variant() == ONE_NODE ? 3 : 2, stats.sends_on);
    expect_equal(variant() == ONE_NODE ? 3 : 1, stats.receives_on);
    packets_close(&channel);
    delete_at(NULL, channel.send);
    stats = node_seen_by(peer(0), OWN_NODE);
    expect_equal(variant() == ONE_NODE ? 6 : 3, stats.endpoints);
    expect_equal(variant() == ONE_NODE ? 2 : 1, stats.sends_on);
    nodes_end();
}

/* --- Endpoints ------------------------------------------------------------------ */

/* The number of the only one. */
static mcapi_uint32_t the_channel(void)
{
    mcapi_ext_channel_stats_t stats;
    mcapi_uint_t cursor = 0;

    expect(MCAPI_SUCCESS,
           expect_equal(MCAPI_TRUE, mcapi_ext_channel_stats(&cursor, &stats, &status)));
    return stats.channel;
}

static void every_endpoint_is_told_of(void)
{
    struct channel channel;
    struct call call = { 0 };
    mcapi_endpoint_t other;

    nodes_begin(2);
    expect_equal(0, ask(peer(1), do_find_endpoint, call).size);
    channel = channel_made(NULL, peer(0));
    set(peer(0), channel.recv, MCAPI_ENDP_ATTR_TYPE, MCAPI_ENDP_ATTR_TYPE_PKTCHAN);
    other = create(77);
    expect_equal(3, ask(peer(1), do_find_endpoint, call).size);
    for (int joined = 0; joined < 2; joined++) {
        const mcapi_endpoint_t ends[] = { channel.send, channel.recv };

        for (int i = 0; i < 2; i++) {
            mcapi_ext_endpoint_stats_t stats = endpoint_seen_by(peer(1), ends[i]);

            expect_equal(DOMAIN, stats.domain);
            expect_equal(i == 0 ? OWN_NODE : peer_node(peer(0)), stats.node);
            expect_equal(attribute(NULL, ends[i], MCAPI_ENDP_ATTR_TYPE), stats.type);
            expect_equal(attribute(NULL, ends[i], MCAPI_ENDP_ATTR_STATUS), stats.status);
            expect_equal(attribute(NULL, ends[i], MCAPI_ENDP_ATTR_GET_COUNT), stats.gets);
            expect_equal(joined == 0 ? MCAPI_EXT_NO_CHANNEL : the_channel(), stats.channel);
        }
        if (joined == 0)
            channel_join(&packets, &channel);
    }
    expect_equal(77, endpoint_seen_by(peer(1), other).port);
    call.endpoint = other;
    delete_at(NULL, other);
    expect_equal(0, ask(peer(1), do_find_endpoint, call).number);
    nodes_end();
}

static void messages_are_counted(void)
{
    enum { COUNT = 10, TAKEN = 4 };
    mcapi_ext_endpoint_stats_t stats;
    mcapi_endpoint_t from, to, gone;
    struct call send = { 0 }, receive = { .size = 100 };

    nodes_begin(2);
    from = send.endpoint = create_at(peer(0), 1);
    to = send.other = receive.endpoint = create(2);
    gone = create(3);
    delete_at(NULL, gone);
    for (send.size = 0; send.size < COUNT; send.size++)
        expect_status(MCAPI_SUCCESS, ask(peer(0), do_msg_send, send).status);
    for (int i = 0; i < TAKEN; i++)
        expect_status(MCAPI_SUCCESS, ask(NULL, do_msg_recv, receive).status);
    send.other = gone;
    for (int i = 0; i < 3; i++)
        expect_status(MCAPI_SUCCESS, ask(peer(0), do_msg_send, send).status);
    stats = endpoint_seen_by(peer(1), from);
    expect_equal(COUNT, stats.messages_sent);
    expect_equal(COUNT * (COUNT - 1) / 2, stats.message_bytes_sent);
    expect_equal(3, stats.messages_dropped);
    expect_equal(0, stats.messages_received);
    expect_equal(0, stats.message_bytes_received);
    expect_equal(0, stats.messages_queued);
    stats = endpoint_seen_by(peer(1), to);
    expect_equal(0, stats.messages_sent);
    expect_equal(0, stats.message_bytes_sent);
    expect_equal(TAKEN, stats.messages_received);
    expect_equal(0 + 1 + 2 + 3, stats.message_bytes_received);
    expect_equal(COUNT - TAKEN, stats.messages_queued);
    expect_equal(MCAPI_MAX_QUEUE_ELEMENTS - (COUNT - TAKEN), stats.messages_room);
    for (int i = TAKEN; i < COUNT; i++)
        expect_status(MCAPI_SUCCESS, ask(NULL, do_msg_recv, receive).status);
    stats = endpoint_seen_by(peer(1), to);
    expect_equal(COUNT, stats.messages_received);
    expect_equal(0, stats.messages_queued);
    nodes_end();
}

/* --- Every call ----------------------------------------------------------------- */

/* Each of the three: with these arguments, and a place for the status or none. */
static void is_answered(mcapi_status_t wanted, mcapi_uint_t *cursor, bool places,
                        bool has_status)
{
    for (int call = 0; call < 3; call++) {
        mcapi_ext_node_stats_t node = { .reserved = { 7 } };
        mcapi_ext_endpoint_stats_t endpoint = { .reserved = { 7 } };
        mcapi_ext_channel_stats_t channel = { .reserved = { 7 } };
        mcapi_status_t status = UNTOUCHED, *where = has_status ? &status : NULL;
        mcapi_boolean_t told;

        if (call == 0)
            told = mcapi_ext_node_stats(cursor, places ? &node : NULL, where);
        else if (call == 1)
            told = mcapi_ext_endpoint_stats(cursor, places ? &endpoint : NULL, where);
        else
            told = mcapi_ext_channel_stats(cursor, places ? &channel : NULL, where);
        expect_status(wanted, status);
        expect_equal(MCAPI_FALSE, told);
        if (wanted != MCAPI_SUCCESS) /* a call that fails writes nothing else */
            expect_true(node.reserved[0] == 7 && endpoint.reserved[0] == 7
                        && channel.reserved[0] == 7);
    }
}

static void the_calls_need_a_node_and_two_places(void)
{
    mcapi_uint_t cursor = 0;
    struct call leave = { 0 };

    is_answered(MCAPI_ERR_NODE_NOTINIT, &cursor, true, true);
    is_answered(MCAPI_ERR_NODE_NOTINIT, NULL, false, true);
    nodes_begin(0);
    packets_open(NULL, NULL);
    is_answered(MCAPI_ERR_PARAMETER, NULL, true, true);
    is_answered(MCAPI_ERR_PARAMETER, &cursor, false, true);
    is_answered(UNTOUCHED, &cursor, true, false);
    expect_equal(0, cursor);
    at(NULL, do_finalize, &leave);
    expect_status(MCAPI_SUCCESS, leave.status);
    is_answered(MCAPI_ERR_NODE_NOTINIT, &cursor, true, true);
    nodes_end();
}

static void any_value_may_be_passed_as_a_cursor(void)
{
    static const mcapi_uint_t far[] = { 1u << 21, 1u << 31, UINT32_MAX - 1, UINT32_MAX };

    nodes_begin(0);
    packets_open(NULL, NULL);
    for (size_t i = 0; i < LENGTH(far); i++) {
        mcapi_uint_t cursor = far[i];

        is_answered(MCAPI_SUCCESS, &cursor, true, true);
    }
    nodes_end();
}

static const struct test tests[] = {
    TEST(every_live_node_is_told_of, ANYWHERE, "11.79"),
    TEST(a_node_that_has_left_or_died_is_not_live, BETWEEN_NODES, "11.79"),
    TEST(a_node_has_its_endpoints_and_channels, ANYWHERE, "11.79"),
    TEST(every_endpoint_is_told_of, ANYWHERE, "11.80"),
    TEST(messages_are_counted, ANYWHERE, "11.81"),
    TEST(the_calls_need_a_node_and_two_places, ALONE, "11.86 11.1 11.2 11.4"),
    TEST(any_value_may_be_passed_as_a_cursor, ALONE, "11.86"),
};

CHAPTER(ext_statistics, tests);
