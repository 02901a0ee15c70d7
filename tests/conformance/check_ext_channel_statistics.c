/* SPDX-License-Identifier: MIT */
/*
 * check_ext_channel_statistics.c - section 11: what goes through channels, and waits there, as
 * any node is told.
 */
#include "ext.h"

#include <string.h>
#include <time.h>

#include "endpoints.h"

/* --- Looking -------------------------------------------------------------------- */

/* endpoint (sends), other (receives) -> number: how many there are with these ends, bytes: the
 * last; size: how many in all */
static void do_find_channel(struct call *call)
{
    mcapi_ext_channel_stats_t stats;
    mcapi_uint_t cursor = 0;
    mcapi_boolean_t more;

    call->number = 0;
    call->size = 0;
    for (;;) {
        expect(MCAPI_SUCCESS, more = mcapi_ext_channel_stats(&cursor, &stats, &status));
        if (more != MCAPI_TRUE)
            break;
        expect_equal(0,
                     stats.reserved[0] + stats.sender.reserved[0] + stats.receiver.reserved[0]);
        call->size++;
        if (stats.sender.endpoint == call->endpoint && stats.receiver.endpoint == call->other) {
            call->number++;
            memcpy(call->bytes, &stats, sizeof stats);
        }
    }
    /* What is over stays so. */
    expect(MCAPI_SUCCESS, more = mcapi_ext_channel_stats(&cursor, &stats, &status));
    expect_equal(MCAPI_FALSE, more);
}

static mcapi_ext_channel_stats_t channel_seen_by(struct peer *peer,
                                                 const struct channel *channel)
{
    struct call call = ask(peer, do_find_channel,
                           (struct call){ .endpoint = channel->send, .other = channel->recv });
    mcapi_ext_channel_stats_t stats;

    expect_equal(1, call.number);
    memcpy(&stats, call.bytes, sizeof stats);
    return stats;
}

static mcapi_ext_channel_stats_t stats_of(const struct channel *channel)
{
    return channel_seen_by(NULL, channel);
}

/* Nanoseconds, of the clock that times are told in. */
static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* --- Channels ------------------------------------------------------------------- */

static void is_side(const mcapi_ext_side_stats_t *side, struct peer *peer,
                    mcapi_endpoint_t endpoint, mcapi_uint32_t state)
{
    expect_equal(endpoint, side->endpoint);
    expect_equal(DOMAIN, side->domain);
    expect_equal(peer == NULL ? OWN_NODE : peer_node(peer), side->node);
    expect_equal(peer == NULL ? 41 : 42, side->port);
    expect_equal(state, side->state);
}

FOR_BOTH(every_connected_channel_is_told_of)
{
    struct channel channel;
    struct call call = { 0 };
    uint64_t began = now_ns();
    mcapi_ext_channel_stats_t stats;

    nodes_begin(2);
    channel = (struct channel){ NULL, peer(0), create(41), create_at(peer(0), 42) };
    channel_deepen(&channel, 9);
    channel_set(&channel, MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, 100);
    expect_equal(0, ask(peer(1), do_find_channel, call).size);
    channel_connect(kind, &channel);
    stats = channel_seen_by(peer(1), &channel);
    expect_equal(kind == &packets ? MCAPI_EXT_PACKETS : MCAPI_EXT_SCALARS, stats.kind);
    expect_equal(9, stats.depth);
    expect_equal(kind == &packets ? 100 : 8, stats.max_payload);
    expect_true(stats.connected >= began && stats.connected <= now_ns());
    is_side(&stats.sender, NULL, channel.send, MCAPI_EXT_SIDE_SHUT);
    is_side(&stats.receiver, peer(0), channel.recv, MCAPI_EXT_SIDE_SHUT);
    channel_open(kind, &channel, SENDING);
    stats = channel_seen_by(peer(1), &channel);
    is_side(&stats.sender, NULL, channel.send, MCAPI_EXT_SIDE_OPEN);
    is_side(&stats.receiver, peer(0), channel.recv, MCAPI_EXT_SIDE_SHUT);
    channel_open(kind, &channel, RECEIVING);
    channel_close(kind, &channel, SENDING);
    stats = channel_seen_by(peer(1), &channel);
    is_side(&stats.sender, NULL, channel.send, MCAPI_EXT_SIDE_CLOSED);
    is_side(&stats.receiver, peer(0), channel.recv, MCAPI_EXT_SIDE_OPEN);
    channel_close(kind, &channel, RECEIVING);
    expect_equal(0, ask(peer(1), do_find_channel, call).size);
    nodes_end();
}

FOR_BOTH(a_dead_side_is_told_of)
{
    struct channel channel;
    mcapi_ext_channel_stats_t stats;

    nodes_begin(2);
    channel = channel_joined(kind, peer(0), NULL);
    channel_fill(kind, &channel, 1, 2);
    kill_peer(peer(0));
    channel_drain(kind, &channel, 1, 2);
    expect_status(MCAPI_ERR_TRANSMISSION, channel_take_status(kind, &channel));
    stats = channel_seen_by(peer(1), &channel);
    expect_equal(MCAPI_EXT_SIDE_DEAD, stats.sender.state);
    expect_equal(MCAPI_EXT_SIDE_OPEN, stats.receiver.state);
    expect_equal(2, stats.sent);
    expect_equal(2, stats.received);
    nodes_end();
}

static void carries(const mcapi_ext_channel_stats_t *stats, uint64_t sent, uint64_t received)
{
    expect_equal(sent, stats->sent);
    expect_equal(received, stats->received);
    expect_equal(8 * sent, stats->bytes_sent);
    expect_equal(sent - received, stats->queued);
}

FOR_BOTH(what_goes_through_is_counted)
{
    enum { DEPTH = 5 };
    struct channel channel;
    uint64_t sent = 0, received = 0;

    nodes_begin(2);
    channel = channel_made(NULL, peer(0));
    channel_deepen(&channel, DEPTH);
    channel_join(kind, &channel);
    for (uint32_t round = 0; round < 40; round++) {
        uint32_t count = 1 + round % DEPTH;
        mcapi_ext_channel_stats_t stats;

        channel_fill(kind, &channel, sent, count);
        sent += count;
        stats = channel_seen_by(peer(1), &channel);
        carries(&stats, sent, received);
        expect_equal(0, stats.held + stats.taken);
        expect_equal(DEPTH - count, stats.room);
        channel_drain(kind, &channel, received, count);
        received += count;
        stats = channel_seen_by(peer(1), &channel);
        carries(&stats, sent, received);
        expect_equal(DEPTH, stats.room);
    }
    nodes_end();
}

FOR_EACH_WAY(it_does_not_matter_how_it_goes)
{
    struct channel channel;
    struct call put = { .number = 2000 }, take = { .number = 2000 };
    mcapi_ext_channel_stats_t stats;

    nodes_begin(1);
    channel = channel_joined(kind, NULL, peer(0));
    put.endpoint = channel.send;
    take.endpoint = channel.recv;
    begin(peer(0), kind->take_many, &take);
    expect_status(MCAPI_SUCCESS, ask(NULL, kind->put_many, put).status);
    finish(peer(0), &take);
    expect_status(MCAPI_SUCCESS, take.status);
    stats = stats_of(&channel);
    carries(&stats, 2000, 2000);
    expect_equal(kind->depth, stats.room);
    nodes_end();
}

static void queued_and_held_and_taken_are_told_apart(void)
{
    enum { DEPTH = 6 };
    struct channel channel;
    struct call receive = { 0 };
    mcapi_ext_channel_stats_t stats;
    void *taken[2];

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    channel_deepen(&channel, DEPTH);
    channel_join(&packets, &channel);
    for (int i = 0; i < 2; i++)
        expect(MCAPI_SUCCESS,
               taken[i] = mcapi_ext_pktchan_buffer_take(channel.send, 3000, &status));
    channel_fill(&packets, &channel, 1, 2);
    receive.endpoint = channel.recv;
    receive = ask(peer(0), do_receive, receive);
    expect_status(MCAPI_SUCCESS, receive.status);
    stats = stats_of(&channel);
    expect_equal(1, stats.queued);
    expect_equal(1, stats.held);
    expect_equal(2, stats.taken);
    expect_equal(DEPTH - 4, stats.room);
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_release, receive).status);
    expect(MCAPI_SUCCESS, mcapi_ext_pktchan_buffer_send(channel.send, taken[0], 1000, &status));
    expect(MCAPI_SUCCESS, mcapi_ext_pktchan_buffer_give_back(channel.send, taken[1], &status));
    stats = stats_of(&channel);
    expect_equal(2, stats.queued);
    expect_equal(0, stats.held + stats.taken);
    expect_equal(DEPTH - 2, stats.room);
    expect_equal(3, stats.sent);
    expect_equal(2 * 8 + 1000, stats.bytes_sent);
    nodes_end();
}

FOR_BOTH(a_new_connection_begins_at_nothing)
{
    struct channel channel;
    uint64_t connected = 0;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    for (int round = 0; round < 4; round++) {
        mcapi_ext_channel_stats_t stats;

        channel_join(kind, &channel);
        stats = stats_of(&channel);
        carries(&stats, 0, 0);
        expect_true(stats.connected > connected);
        connected = stats.connected;
        expect_equal(0, stats.sender.stalls + stats.sender.wakes + stats.sender.sleeps);
        expect_equal(0, stats.receiver.stalls + stats.receiver.wakes + stats.receiver.sleeps);
        channel_fill(kind, &channel, 1, kind->depth);
        expect_status(MCAPI_TIMEOUT, channel_put(kind, &channel, 1));
        channel_drain(kind, &channel, 1, 3);
        channel_part(kind, &channel);
    }
    nodes_end();
}

/* Peer 0 sends to peer 1 at full speed, and we look. */
FOR_BOTH(counts_never_go_back_while_everything_goes_on)
{
    enum { COUNT = 20000 };
    struct channel channel;
    struct call put = { .number = COUNT }, take = { .number = COUNT };
    mcapi_ext_channel_stats_t stats, before = { .sent = 0 };
    int changes = 0;

    nodes_begin(2);
    channel = channel_joined(kind, peer(0), peer(1));
    put.endpoint = channel.send;
    take.endpoint = channel.recv;
    begin(peer(1), kind->take_many, &take);
    begin(peer(0), kind->put_many, &put);
    do {
        stats = stats_of(&channel);
        expect_true(stats.sent >= before.sent && stats.received >= before.received);
        expect_true(stats.bytes_sent >= before.bytes_sent);
        expect_true(stats.sent <= COUNT && stats.received <= COUNT);
        expect_true(stats.queued <= stats.depth && stats.room <= stats.depth);
        changes += stats.sent > before.sent;
        before = stats;
    } while (stats.received < COUNT);
    finish(peer(0), &put);
    finish(peer(1), &take);
    expect_status(MCAPI_SUCCESS, put.status);
    expect_status(MCAPI_SUCCESS, take.status);
    stats = stats_of(&channel);
    carries(&stats, COUNT, COUNT);
    expect_true(changes > 0);
    nodes_end();
}

/* --- Waiting -------------------------------------------------------------------- */

FOR_BOTH(calls_that_would_wait_are_stalls)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(NULL, peer(0));
    channel_deepen(&channel, 2);
    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(kind, &channel);
    for (uint64_t round = 1; round < 5; round++) {
        mcapi_ext_channel_stats_t stats;

        expect_status(MCAPI_TIMEOUT, channel_take_status(kind, &channel));
        channel_fill(kind, &channel, 1, 2);
        expect_status(MCAPI_TIMEOUT, channel_put(kind, &channel, 9));
        channel_drain(kind, &channel, 1, 2);
        stats = stats_of(&channel);
        expect_equal(round, stats.sender.stalls);
        expect_equal(round, stats.receiver.stalls);
        expect_equal(0, stats.sender.wakes + stats.receiver.wakes); /* nobody slept */
    }
    nodes_end();
}

FOR_BOTH(who_waits_sleeps_and_is_woken)
{
    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct channel channel =
                side == SENDING ? channel_made(peer(0), NULL) : channel_made(NULL, peer(0));
        struct call call = { .word = 2, .endpoint = channel_end(&channel, side) };
        mcapi_ext_channel_stats_t stats;

        channel_deepen(&channel, 1);
        channel_join(kind, &channel);
        if (side == SENDING)
            channel_fill(kind, &channel, 1, 1);
        begin(peer(0), side == SENDING ? kind->put : kind->take, &call);
        expect_true(eventually((stats = stats_of(&channel),
                                side == SENDING ? stats.sender.sleeps : stats.receiver.sleeps)
                               > 0));
        expect_true(stays_blocked(peer(0)));
        if (side == SENDING)
            channel_drain(kind, &channel, 1, 1);
        else
            channel_fill(kind, &channel, 2, 1);
        finish(peer(0), &call);
        expect_status(MCAPI_SUCCESS, call.status);
        stats = stats_of(&channel);
        expect_equal(1, side == SENDING ? stats.sender.stalls : stats.receiver.stalls);
        expect_true((side == SENDING ? stats.receiver.wakes : stats.sender.wakes) >= 1);
        expect_equal(0, side == SENDING ? stats.receiver.sleeps : stats.sender.sleeps);
    }
    nodes_end();
}

static const struct test tests[] = {
    BOTH(every_connected_channel_is_told_of, BETWEEN_NODES, "11.82", "11.82"),
    BOTH(a_dead_side_is_told_of, IN_PROCESSES, "11.82", "11.82"),
    BOTH(what_goes_through_is_counted, ANYWHERE, "11.83", "11.83"),
    EACH_WAY(it_does_not_matter_how_it_goes, ANYWHERE, "11.83", "11.83", "11.83"),
    TEST(queued_and_held_and_taken_are_told_apart, ANYWHERE, "11.83"),
    BOTH(a_new_connection_begins_at_nothing, ANYWHERE, "11.84", "11.84"),
    BOTH(counts_never_go_back_while_everything_goes_on, ANYWHERE, "11.84 11.83", "11.84 11.83"),
    BOTH(calls_that_would_wait_are_stalls, ANYWHERE, "11.85", "11.85"),
    BOTH(who_waits_sleeps_and_is_woken, ANYWHERE, "11.85", "11.85"),
};

CHAPTER(ext_channel_statistics, tests);
