/* SPDX-License-Identifier: MIT */
/*
 * operations.c - one function for the stage, one for the victim, one for the survivors, and
 * all of them in a table.
 */
#include "crash/operations.h"

#include <check.h>

#include "crash/operations_message.h"
#include "crash/traffic.h"
#include "runtime/end.h"
#include "support/eventually.h"
#include "support/expect.h"

enum {
    LARGE = 4000, /* bytes of a packet */
    TEST_PORT = 7,
};

static void succeed(struct child *who, void (*function)(struct act *), struct act *act)
{
    child_do(who, function, act);
    expect_status(MCAPI_SUCCESS, act->status);
}

static mcapi_endpoint_t create(struct child *who, mcapi_port_t port)
{
    struct act act = { .port = port };

    succeed(who, act_create, &act);
    return act.endpoint;
}

/* The peer's blocked call ends as it must after a death, which the peer may have learnt as a
 * death or, if the operation had come so far, as a proper end. */
static struct act peer_comes_back(mcapi_status_t or_else)
{
    struct act act;

    scene_comes_back(scene_peer, &act);
    if (act.status != or_else)
        expect_status(MCAPI_ERR_TRANSMISSION, act.status);
    return act;
}

/* --- Nodes ---------------------------------------------------------------------------- */

static void leave_set_up(struct stage *stage)
{
    struct act get = { .node = TEST_NODE, .port = TEST_PORT, .timeout = 1000 };

    create(stage->victim, NAMED_PORT);
    stage->endpoint = create(NULL, TEST_PORT);
    succeed(stage->victim, act_get, &get);
    stage->pair = pair_open(PACKETS, stage->victim, scene_peer);
    pair_send(&stage->pair, "last words");
    pair_expect(&stage->pair, "last words");
    child_begin(scene_peer, act_receive_numbers,
                &(struct act){ .kind = PACKETS, .endpoint = stage->pair.receive });
    scene_blocked(scene_peer);
}

static void leave_survive(struct stage *stage)
{
    peer_comes_back(MCAPI_ERR_CHAN_INVALID);
    scene_recover();
    scene_remove(scene_peer, stage->pair.receive);
    scene_remove(NULL, stage->endpoint);
}

/* --- Endpoints ------------------------------------------------------------------------ */

static void create_set_up(struct stage *stage)
{
    stage->act.port = NAMED_PORT;
    child_begin(scene_peer, act_get,
                &(struct act){ .node = VICTIM_NODE, .port = NAMED_PORT, .timeout = 60000 });
    scene_blocked(scene_peer);
}

/* The getter got the one that died, or gets the one that comes back. */
static void create_again(struct child *victim)
{
    struct act act;

    (void)victim;
    ck_assert(eventually(child_is_done(scene_peer)));
    child_finish(scene_peer, &act);
    expect_status(MCAPI_SUCCESS, act.status);
}

static void get_set_up(struct stage *stage)
{
    stage->endpoint = create(NULL, TEST_PORT);
    pair_set(NULL, stage->endpoint, MCAPI_ENDP_ATTR_TYPE, MCAPI_ENDP_ATTR_TYPE_PKTCHAN);
    stage->act = (struct act){ .node = TEST_NODE,
                               .port = TEST_PORT,
                               .timeout = MCAPI_TIMEOUT_IMMEDIATE };
}

static void release_set_up(struct stage *stage)
{
    struct act get;

    get_set_up(stage);
    get = stage->act;
    succeed(stage->victim, act_get, &get);
    stage->act.endpoint = get.endpoint;
}

static void act_release(struct act *act)
{
    mcapi_endpoint_release(act->endpoint, &act->status);
}

/* A channel endpoint has one getter at a time: it must be free for the next. */
static void get_survive(struct stage *stage)
{
    struct act get = { .node = TEST_NODE, .port = TEST_PORT };

    scene_recover();
    succeed(scene_peer, act_get, &get);
    succeed(scene_peer, act_release, &get);
    scene_remove(NULL, stage->endpoint);
}

static void delete_set_up(struct stage *stage)
{
    stage->act.endpoint = create(stage->victim, NAMED_PORT);
}

/* --- Connect -------------------------------------------------------------------------- */

static struct act connect_of(const struct stage *stage)
{
    return (struct act){ .kind = PACKETS,
                         .endpoint = stage->pair.send,
                         .other = stage->pair.receive };
}

static void between_others_set_up(struct stage *stage)
{
    stage->pair = pair_create(PACKETS, NULL, scene_peer);
    pair_open_send(&stage->pair);
    pair_open_receive(&stage->pair);
    child_begin(scene_peer, act_receive_numbers,
                &(struct act){ .kind = PACKETS, .endpoint = stage->pair.receive });
    scene_blocked(scene_peer);
    stage->act = connect_of(stage);
}

static void between_others_survive(struct stage *stage)
{
    struct act connect = connect_of(stage);
    struct act send = {
        .kind = PACKETS, .endpoint = stage->pair.send, .size = SMALL, .count = SENT
    };
    struct act act;

    act_connect(&connect);
    if (connect.status != MCAPI_ERR_CHAN_CONNECTED)
        expect_status(MCAPI_SUCCESS, connect.status);
    succeed(NULL, act_send_numbers, &send);
    pair_close_send(&stage->pair);
    child_finish(scene_peer, &act);
    expect_status(MCAPI_ERR_CHAN_INVALID, act.status);
    ck_assert_uint_eq(act.word, SENT);
    scene_recover();
    scene_remove(NULL, stage->pair.send);
    scene_remove(scene_peer, stage->pair.receive);
}

/* The peer's endpoint is still on a channel that the other side has left, and that the peer
 * never opened: the connect ends that channel first. */
static void leftover_set_up(struct stage *stage)
{
    stage->pair = pair_create(PACKETS, NULL, scene_peer);
    pair_connect(&stage->pair);
    pair_open_send(&stage->pair);
    pair_close_send(&stage->pair);
    stage->endpoint = stage->pair.send;
    stage->pair.send = create(NULL, TEST_PORT);
    stage->act = connect_of(stage);
}

static void leftover_survive(struct stage *stage)
{
    struct act connect = connect_of(stage);

    act_connect(&connect);
    if (connect.status != MCAPI_ERR_CHAN_CONNECTED)
        expect_status(MCAPI_SUCCESS, connect.status);
    pair_open_send(&stage->pair);
    pair_open_receive(&stage->pair);
    pair_send(&stage->pair, "on the new one");
    pair_expect(&stage->pair, "on the new one");
    scene_recover();
    scene_remove(NULL, stage->endpoint);
    scene_remove(NULL, stage->pair.send);
    scene_remove(scene_peer, stage->pair.receive);
}

/* The peer waits until its receiving end is open at both sides. */
static void peer_waits_for_open(struct stage *stage)
{
    struct act act = { .kind = PACKETS, .endpoint = stage->pair.receive };

    act.timeout = MCAPI_TIMEOUT_INFINITE;
    succeed(scene_peer, act_open_receive, &act);
    child_begin(scene_peer, act_wait, &act);
    scene_blocked(scene_peer);
}

static void own_connect_set_up(struct stage *stage)
{
    stage->pair = pair_create(PACKETS, stage->victim, scene_peer);
    peer_waits_for_open(stage);
    stage->act = connect_of(stage);
}

static void own_connect_survive(struct stage *stage)
{
    struct pair other = stage->pair;

    scene_recover();
    if (scene_is_connected(stage->pair.receive)) {
        peer_comes_back(MCAPI_ERR_TRANSMISSION);
    } else {
        other.sender = NULL;
        other.send = create(NULL, TEST_PORT);
        pair_connect(&other);
        pair_open_send(&other);
        peer_comes_back(MCAPI_SUCCESS);
        scene_remove(NULL, other.send);
    }
    scene_remove(scene_peer, stage->pair.receive);
}

/* --- Open and close ------------------------------------------------------------------- */

static void open_send_set_up(struct stage *stage)
{
    stage->pair = pair_create(PACKETS, stage->victim, scene_peer);
    pair_connect(&stage->pair);
    peer_waits_for_open(stage);
    stage->act = (struct act){ .kind = PACKETS, .endpoint = stage->pair.send };
}

static void open_survive(struct stage *stage)
{
    peer_comes_back(MCAPI_SUCCESS);
    scene_recover();
    scene_remove(scene_peer, stage->peers);
}

static void open_send_survive(struct stage *stage)
{
    stage->peers = stage->pair.receive;
    open_survive(stage);
}

static void open_receive_set_up(struct stage *stage)
{
    struct act act;

    stage->pair = pair_create(PACKETS, scene_peer, stage->victim);
    stage->peers = stage->pair.send;
    pair_connect(&stage->pair);
    act = (struct act){ .kind = PACKETS, .endpoint = stage->pair.send };
    succeed(scene_peer, act_open_send, &act);
    act.timeout = MCAPI_TIMEOUT_INFINITE;
    child_begin(scene_peer, act_wait, &act);
    scene_blocked(scene_peer);
    stage->act = (struct act){ .kind = PACKETS, .endpoint = stage->pair.receive };
}

static void cancel_set_up(struct stage *stage)
{
    stage->pair = pair_create(PACKETS, stage->victim, scene_peer);
    pair_connect(&stage->pair);
    stage->act = (struct act){ .kind = PACKETS, .endpoint = stage->pair.send };
    succeed(stage->victim, act_open_send, &stage->act);
}

static void act_cancel(struct act *act)
{
    mcapi_cancel(&act->request, &act->status);
}

static void peer_removes_receive(struct stage *stage)
{
    scene_recover();
    scene_remove(scene_peer, stage->pair.receive);
}

static void close_send_set_up(struct stage *stage)
{
    struct act send;

    stage->pair = pair_open(PACKETS, stage->victim, scene_peer);
    send = (struct act){
        .kind = PACKETS, .endpoint = stage->pair.send, .size = SMALL, .count = SENT
    };
    succeed(stage->victim, act_send_numbers, &send);
    child_begin(scene_peer, act_receive_numbers,
                &(struct act){ .kind = PACKETS, .endpoint = stage->pair.receive });
    scene_blocked(scene_peer);
    stage->act = (struct act){ .kind = PACKETS, .endpoint = stage->pair.send };
}

/* The peer has closed its end: the channel ends with this one. */
static void close_last_set_up(struct stage *stage)
{
    stage->pair = pair_open(PACKETS, stage->victim, scene_peer);
    pair_close_receive(&stage->pair);
    stage->act = (struct act){ .kind = PACKETS, .endpoint = stage->pair.send };
}

/* What was accepted came, once and in order; of those on their way, `more` at most, some came
 * wholly, and the rest not at all. */
static void all_came(struct stage *stage, uint32_t more, mcapi_status_t or_else)
{
    uint32_t accepted = atomic_load(&all->accepted);
    struct act act = peer_comes_back(or_else);

    ck_assert_msg(act.count == 0, "not what was sent, after %u", (unsigned)act.word);
    ck_assert_msg(act.word >= accepted && act.word <= accepted + more,
                  "%u were accepted, and %u came", accepted, (unsigned)act.word);
    peer_removes_receive(stage);
}

static void close_send_survive(struct stage *stage)
{
    all_came(stage, 1, MCAPI_ERR_CHAN_INVALID);
}

/* The peer sends until the channel is full, and blocks. */
static void full_set_up(struct stage *stage, enum pair_kind kind)
{
    stage->pair = pair_create(kind, scene_peer, stage->victim);
    stage->peers = stage->pair.send;
    pair_set(stage->victim, stage->pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, DEPTH);
    pair_connect(&stage->pair);
    pair_open_send(&stage->pair);
    pair_open_receive(&stage->pair);
    child_begin(scene_peer, act_send_numbers,
                &(struct act){ .kind = kind, .endpoint = stage->pair.send, .size = SMALL });
    ck_assert(eventually(atomic_load(&all->accepted) == DEPTH));
    scene_blocked(scene_peer);
    stage->act = (struct act){ .kind = kind, .endpoint = stage->pair.receive };
}

static void full_packets_set_up(struct stage *stage)
{
    full_set_up(stage, PACKETS);
}

static void full_scalars_set_up(struct stage *stage)
{
    full_set_up(stage, SCALARS);
}

static void full_survive(struct stage *stage)
{
    peer_comes_back(MCAPI_ERR_CHAN_INVALID);
    scene_recover();
    scene_remove(scene_peer, stage->pair.send);
}

/* --- Data ----------------------------------------------------------------------------- */

static void send_set_up(struct stage *stage, enum pair_kind kind, size_t size)
{
    stage->pair = pair_open(kind, stage->victim, scene_peer);
    child_begin(scene_peer, act_receive_numbers,
                &(struct act){ .kind = kind, .endpoint = stage->pair.receive });
    scene_blocked(scene_peer);
    stage->act = (struct act){ .kind = kind, .endpoint = stage->pair.send, .size = size };
}

static void send_small_set_up(struct stage *stage)
{
    send_set_up(stage, PACKETS, SMALL);
}

static void send_large_set_up(struct stage *stage)
{
    send_set_up(stage, PACKETS, LARGE);
}

static void send_scalars_set_up(struct stage *stage)
{
    send_set_up(stage, SCALARS, 0);
}

/* Each to a receiver that sleeps again, so that it must be woken. */
static void act_send_to_sleeper(struct act *act)
{
    struct act one = *act;
    struct mci_end *end = &mci_ends[act->endpoint & 0xffff];

    for (uint32_t i = 0; i < SENT; i++) {
        one.count = 1;
        act_send_numbers(&one);
        atomic_store(&all->accepted, i + 1);
        act->status = one.status;
        if (one.status != MCAPI_SUCCESS
            || !eventually((atomic_load(end->peer_event) & MCI_EVENT_BITS) != 0))
            break;
    }
}

static void send_survive(struct stage *stage)
{
    all_came(stage, 1, MCAPI_ERR_TRANSMISSION);
}

static void send_bursts_survive(struct stage *stage)
{
    all_came(stage, SENT, MCAPI_ERR_TRANSMISSION);
}

/* Takes all there is and more, one after the other, from a sender that waits for room. */
static void act_receive_some(struct act *act)
{
    mcapi_status_t status;
    void *packet;
    size_t size;

    for (uint32_t i = 0; i < 2 * DEPTH; i++) {
        if (act->kind == SCALARS) {
            ck_assert_uint_eq(mcapi_sclchan_recv_uint32(act->endpoint, &act->status), i);
            continue;
        }
        mcapi_pktchan_recv(act->endpoint, &packet, &size, &act->status);
        if (act->status == MCAPI_SUCCESS)
            mcapi_pktchan_release(packet, &status);
    }
}

/* --- Recovery and repair -------------------------------------------------------------- */

/* Another node that dies first: at both ends of channels, and with a get. */
static struct child *other_dies(struct stage *stage, enum mci_crash_point point)
{
    struct child *other = child_start(CHILD_PROCESS, OTHER_NODE);
    struct act get = { .node = TEST_NODE, .port = TEST_PORT, .timeout = 1000 };
    struct act more = { .kind = PACKETS, .size = SMALL, .count = SENT };

    stage->endpoint = create(NULL, TEST_PORT);
    succeed(other, act_get, &get);
    stage->pair = pair_open(PACKETS, other, scene_peer);
    more.endpoint = stage->pair.send;
    succeed(other, act_send_numbers, &more);
    if (stage->victim != NULL) {
        stage->act.kind = PACKETS;
        stage->act.endpoint = pair_open(PACKETS, other, stage->victim).receive;
    }
    if (point != MCI_CRASH_POINT_COUNT) {
        scene_arm(other, point, 1);
        child_begin(other, act_create, &(struct act){ .port = NAMED_PORT });
        ck_assert(scene_dies(other));
    } else {
        child_kill(other);
    }
    return other;
}

static void recovery_set_up(struct stage *stage)
{
    other_dies(stage, MCI_CRASH_POINT_COUNT);
}

static void repair_set_up(struct stage *stage)
{
    other_dies(stage, MCI_CRASH_endpoint_published);
    stage->act = (struct act){ .port = NAMED_PORT };
}

/* Another node that dies as it connects two others: connected, and not linked. */
static void repair_channel_set_up(struct stage *stage)
{
    struct child *other = child_start(CHILD_PROCESS, OTHER_NODE);

    between_others_set_up(stage);
    scene_arm(other, MCI_CRASH_channel_published, 1);
    child_begin(other, act_connect, &stage->act);
    ck_assert(scene_dies(other));
    stage->act = (struct act){ .port = NAMED_PORT };
}

static void recovery_join_set_up(struct stage *stage)
{
    stage->victim = NULL;
    other_dies(stage, MCI_CRASH_POINT_COUNT);
    stage->act = (struct act){ .node = VICTIM_NODE };
}

/* What the first of the two dead had sent is there all the same. */
static void recovery_survive(struct stage *stage)
{
    struct act act = { .kind = PACKETS, .endpoint = stage->pair.receive };

    child_do(scene_peer, act_receive_numbers, &act);
    expect_status(MCAPI_ERR_TRANSMISSION, act.status);
    ck_assert_uint_eq(act.word, SENT);
    scene_recover();
    scene_remove(scene_peer, stage->pair.receive);
    scene_remove(NULL, stage->endpoint);
}

static void join_survive(struct stage *stage)
{
    (void)stage;
    scene_recover();
}

/* -------------------------------------------------------------------------------------- */

static void join_set_up(struct stage *stage)
{
    stage->act = (struct act){ .node = VICTIM_NODE };
}

/* name, joins, set_up, run, survive, again */
const struct operation operations[] = {
    { "join", true, join_set_up, act_initialize, join_survive, NULL },
    { "leave", false, leave_set_up, act_finalize, leave_survive, NULL },
    { "create", false, create_set_up, act_create, join_survive, create_again },
    { "get", false, get_set_up, act_get, get_survive, NULL },
    { "release", false, release_set_up, act_release, get_survive, NULL },
    { "delete", false, delete_set_up, act_delete, join_survive, NULL },
    { "connect two others", false, between_others_set_up, act_connect, between_others_survive,
      NULL },
    { "connect anew", false, leftover_set_up, act_connect, leftover_survive, NULL },
    { "connect", false, own_connect_set_up, act_connect, own_connect_survive, NULL },
    { "open to send", false, open_send_set_up, act_open_send, open_send_survive, NULL },
    { "open to receive", false, open_receive_set_up, act_open_receive, open_survive, NULL },
    { "cancel an open", false, cancel_set_up, act_cancel, peer_removes_receive, NULL },
    { "close to send", false, close_send_set_up, act_close_send, close_send_survive, NULL },
    { "close the last end", false, close_last_set_up, act_close_send, peer_removes_receive,
      NULL },
    { "close to receive", false, full_packets_set_up, act_close_receive, full_survive, NULL },
    { "send small packets", false, send_small_set_up, act_send_to_sleeper, send_survive, NULL },
    { "send large packets", false, send_large_set_up, act_send_to_sleeper, send_survive, NULL },
    { "send scalars", false, send_scalars_set_up, act_send_to_sleeper, send_survive, NULL },
    { "send by reference", false, send_large_set_up, act_send_by_reference, send_survive,
      NULL },
    { "send bursts of packets", false, send_small_set_up, act_send_bursts, send_bursts_survive,
      NULL },
    { "send bursts of scalars", false, send_scalars_set_up, act_send_bursts,
      send_bursts_survive, NULL },
    { "receive packets", false, full_packets_set_up, act_receive_some, full_survive, NULL },
    { "receive scalars", false, full_scalars_set_up, act_receive_some, full_survive, NULL },
    { "send small messages", false, messages_small_set_up, act_messages_to_sleeper,
      messages_survive, NULL },
    { "send large messages", false, messages_large_set_up, act_messages_to_sleeper,
      messages_survive, NULL },
    { "send the first messages", false, messages_first_set_up, act_messages_to_sleeper,
      messages_survive, NULL },
    { "receive messages", false, mailbox_full_set_up, act_messages_receive,
      mailbox_full_survive, NULL },
    { "recover a sender of messages", true, cell_left_set_up, act_initialize, cell_left_survive,
      NULL },
    { "receive bursts of packets", false, full_packets_set_up, act_receive_bursts, full_survive,
      NULL },
    { "receive bursts of scalars", false, full_scalars_set_up, act_receive_bursts, full_survive,
      NULL },
    { "recover a sender", false, recovery_set_up, act_receive_numbers, recovery_survive, NULL },
    { "recover while joining", true, recovery_join_set_up, act_initialize, recovery_survive,
      NULL },
    { "repair after a creator", false, repair_set_up, act_create, recovery_survive, NULL },
    { "repair after a connector", false, repair_channel_set_up, act_create,
      between_others_survive, NULL },
};
const size_t operation_count = sizeof operations / sizeof operations[0];
