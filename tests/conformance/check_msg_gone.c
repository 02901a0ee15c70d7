/* SPDX-License-Identifier: MIT */
/*
 * check_msg_gone.c - section 6: to whom and from where; endpoints that are connected, deleted,
 * gone with their node, or in a message.
 */
#include "harness.h"
#include "messages.h"

#include <string.h>

static const mcapi_endpoint_t never[] = { 0, ~0u, 0xdeadbeef };

enum { NEVER = sizeof never / sizeof never[0] };

/* --- Wrong endpoints -------------------------------------------------------------- */

static void refused_to_send(mcapi_endpoint_t from, mcapi_endpoint_t to)
{
    mcapi_request_t request;

    expect(MCAPI_ERR_ENDP_INVALID, mcapi_msg_send(from, to, "x", 1, 0, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_msg_send_i(from, to, "x", 1, 0, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_test(&request, &(size_t){ 0 }, &status));
}

static void refused_to_receive(mcapi_endpoint_t at)
{
    mcapi_request_t request;
    size_t size;
    char text[4];

    expect(MCAPI_ERR_ENDP_INVALID, mcapi_msg_recv(at, text, sizeof text, &size, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_msg_recv_i(at, text, sizeof text, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_test(&request, &size, &status));
    expect(MCAPI_ERR_ENDP_INVALID, expect_equal(0, mcapi_msg_available(at, &status)));
}

static void only_ones_own_live_endpoints_send(void)
{
    mcapi_endpoint_t ours, theirs, deleted;

    nodes_begin(1);
    ours = endpoint_of(NULL);
    theirs = endpoint_of(peer(0));
    deleted = endpoint_of(NULL);
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(deleted, &status));
    refused_to_send(deleted, ours);
    refused_to_send(theirs, ours);
    for (int i = 0; i < NEVER; i++)
        refused_to_send(never[i], ours);
    expect_equal(0, waiting_at(ours));
    nodes_end();
}

static void what_never_was_an_endpoint_gets_nothing(void)
{
    mcapi_endpoint_t ours;

    nodes_begin(0);
    ours = endpoint_of(NULL);
    for (int i = 0; i < NEVER; i++)
        refused_to_send(ours, never[i]);
    nodes_end();
}

static void only_the_owner_receives(void)
{
    mcapi_endpoint_t ours, theirs, deleted;
    struct call call = { .size = 16 };

    nodes_begin(1);
    ours = endpoint_of(NULL);
    theirs = endpoint_of(peer(0));
    deleted = endpoint_of(NULL);
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(deleted, &status));
    say(NULL, ours, theirs, "to its owner");
    refused_to_receive(theirs);
    refused_to_receive(deleted);
    for (int i = 0; i < NEVER; i++)
        refused_to_receive(never[i]);
    call.endpoint = theirs;
    at(peer(0), do_msg_recv, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_true(strcmp((char *)call.bytes, "to its owner") == 0);
    nodes_end();
}

/* --- Endpoints that are gone ------------------------------------------------------ */

/* More than a queue would hold. */
static void expect_dropped(mcapi_endpoint_t from, mcapi_endpoint_t to)
{
    mcapi_request_t request;

    for (int i = 0; i < 2 * MCAPI_MAX_QUEUE_ELEMENTS; i++) {
        expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, "x", 1, 0, &status));
        expect(MCAPI_SUCCESS, mcapi_msg_send_i(from, to, "x", 1, 0, &request, &status));
        expect(MCAPI_SUCCESS,
               mcapi_wait(&request, &(size_t){ 0 }, MCAPI_TIMEOUT_INFINITE, &status));
    }
}

static void a_message_to_a_deleted_endpoint_is_dropped(void)
{
    struct call call = { .port = 7 };
    mcapi_endpoint_t ours, theirs;

    nodes_begin(1);
    ours = endpoint_of(NULL);
    at(peer(0), do_create, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    theirs = call.endpoint;
    say(NULL, ours, theirs, "discarded");
    at(peer(0), do_delete, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_dropped(ours, theirs);
    at(peer(0), do_create, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_true(call.endpoint != theirs);
    expect_dropped(ours, theirs);
    at(peer(0), do_available, &call);
    expect_equal(0, call.number);
    nodes_end();
}

static void a_message_to_a_node_that_has_finalized_is_dropped(void)
{
    struct call call = { .port = 7, .domain = DOMAIN };
    mcapi_endpoint_t ours, theirs;

    nodes_begin(1);
    ours = endpoint_of(NULL);
    at(peer(0), do_create, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    theirs = call.endpoint;
    say(NULL, ours, theirs, "discarded");
    at(peer(0), do_finalize, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_dropped(ours, theirs);
    call.node = peer_node(peer(0));
    at(peer(0), do_initialize, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    at(peer(0), do_create, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_dropped(ours, theirs);
    at(peer(0), do_available, &call);
    expect_equal(0, call.number);
    nodes_end();
}

static void a_message_to_a_node_that_has_died_is_dropped(void)
{
    mcapi_endpoint_t ours, theirs;

    nodes_begin(1);
    ours = endpoint_of(NULL);
    theirs = endpoint_of(peer(0));
    say(NULL, ours, theirs, "never received");
    kill_peer(peer(0));
    expect_dropped(ours, theirs);
    nodes_end();
}

/* Each in another way that does not wait: not at all, with a timeout of 0, or to fail at once.
 */
static void a_full_queue_of_a_node_that_has_died_is_none(void)
{
    mcapi_endpoint_t ours, theirs[PEERS];
    mcapi_request_t request;

    nodes_begin(PEERS);
    for (int i = 0; i < PEERS; i++) {
        ours = endpoint_of(NULL);
        theirs[i] = endpoint_with_room(peer(i), 1);
        say(NULL, ours, theirs[i], "never received");
        kill_peer(peer(i));
        if (i == 0) {
            set_attribute(NULL, ours, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
            say(NULL, ours, theirs[i], "dropped");
        } else if (i == 1) {
            set_attribute(NULL, ours, MCAPI_ENDP_ATTR_MEMORY_TYPE,
                          MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT);
            say(NULL, ours, theirs[i], "dropped");
        } else {
            expect(MCAPI_SUCCESS,
                   mcapi_msg_send_i(ours, theirs[i], "x", 1, 0, &request, &status));
        }
    }
    nodes_end();
}

/* --- Connected endpoints ---------------------------------------------------------- */

static void refused_as_connected(mcapi_endpoint_t from, mcapi_endpoint_t to)
{
    mcapi_request_t request;

    expect(MCAPI_ERR_GENERAL, mcapi_msg_send(from, to, "x", 1, 0, &status));
    expect(MCAPI_ERR_GENERAL, mcapi_msg_send_i(from, to, "x", 1, 0, &request, &status));
    expect(MCAPI_ERR_GENERAL, mcapi_test(&request, &(size_t){ 0 }, &status));
}

static void a_connected_endpoint_neither_sends_nor_gets_messages(void)
{
    mcapi_endpoint_t ours, theirs, other;
    struct call call = { 0 };

    nodes_begin(1);
    ours = endpoint_of(NULL);
    theirs = endpoint_of(peer(0));
    other = endpoint_of(NULL);
    call.endpoint = ours;
    call.other = theirs;
    do_pkt_connect(&call);
    expect_status(MCAPI_SUCCESS, call.status);
    refused_as_connected(ours, other);
    refused_as_connected(other, ours);
    refused_as_connected(other, theirs);
    refused_as_connected(ours, theirs);
    nodes_end();
}

static void an_open_channel_s_endpoints_neither_send_nor_get_messages(void)
{
    struct channel packets, scalars;
    mcapi_endpoint_t other;

    nodes_begin(1);
    other = endpoint_of(NULL);
    packets = packets_open(NULL, peer(0));
    scalars = scalars_open(peer(0), NULL);
    refused_as_connected(packets.send, other);
    refused_as_connected(scalars.recv, other);
    refused_as_connected(other, packets.send);
    refused_as_connected(other, packets.recv);
    refused_as_connected(other, scalars.send);
    refused_as_connected(other, scalars.recv);
    packets_close(&packets);
    say(NULL, packets.send, other, "free again");
    hear(other, "free again");
    nodes_end();
}

static void a_message_arrives_at_an_endpoint_that_is_connected_later(void)
{
    mcapi_endpoint_t ours, theirs, sender;
    struct call call = { 0 };
    mcapi_request_t open;

    nodes_begin(1);
    ours = endpoint_of(NULL);
    theirs = endpoint_of(peer(0));
    sender = endpoint_of(peer(0));
    say(peer(0), sender, ours, "before");
    say(peer(0), sender, ours, "and before");
    hear(ours, "before");
    call.endpoint = ours;
    call.other = theirs;
    at(peer(0), do_scl_connect, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_equal(1, waiting_at(ours));
    hear(ours, "and before");
    expect(MCAPI_SUCCESS, mcapi_sclchan_send_open_i(&ours, ours, &open, &status));
    expect(MCAPI_SUCCESS, mcapi_sclchan_send_uint8(ours, 1, &status));
    nodes_end();
}

static void a_posted_receive_keeps_its_message_when_it_is_connected_later(void)
{
    mcapi_endpoint_t ours, theirs, sender;
    struct call call = { 0 };
    mcapi_request_t request;
    char text[16] = "";

    nodes_begin(1);
    ours = endpoint_of(NULL);
    theirs = endpoint_of(peer(0));
    sender = endpoint_of(peer(0));
    expect(MCAPI_SUCCESS, mcapi_msg_recv_i(ours, text, sizeof text, &request, &status));
    say(peer(0), sender, ours, "before");
    call.endpoint = ours;
    call.other = theirs;
    at(peer(0), do_pkt_connect, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    hear_posted(request, text, "before");
    nodes_end();
}

/* --- Endpoints in messages -------------------------------------------------------- */

static void say_endpoint(struct peer *peer, mcapi_endpoint_t from, mcapi_endpoint_t to,
                         mcapi_endpoint_t endpoint)
{
    struct call call = { .endpoint = from, .other = to, .size = sizeof endpoint };

    memcpy(call.bytes, &endpoint, sizeof endpoint);
    at(peer, do_msg_send, &call);
    expect_status(MCAPI_SUCCESS, call.status);
}

static mcapi_endpoint_t hear_endpoint(struct peer *peer, mcapi_endpoint_t where)
{
    struct call call = { .endpoint = where, .size = sizeof(mcapi_endpoint_t) };
    mcapi_endpoint_t endpoint;

    at(peer, do_msg_recv, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_equal(sizeof endpoint, call.size);
    memcpy(&endpoint, call.bytes, sizeof endpoint);
    return endpoint;
}

/* Peers send their anonymous endpoints to our well-known one, and we hand them on. */
static void introduce(mcapi_endpoint_t theirs[2], mcapi_endpoint_t told[2])
{
    struct call get = { .domain = DOMAIN, .node = OWN_NODE, .port = 0, .timeout = 10000 };
    mcapi_endpoint_t root, heard[2];

    expect(MCAPI_SUCCESS, root = mcapi_endpoint_create(0, &status));
    for (int i = 0; i < 2; i++) {
        theirs[i] = endpoint_of(peer(i));
        at(peer(i), do_get, &get);
        expect_status(MCAPI_SUCCESS, get.status);
        say_endpoint(peer(i), theirs[i], get.endpoint, theirs[i]);
        heard[i] = hear_endpoint(NULL, root);
    }
    for (int i = 0; i < 2; i++) {
        say_endpoint(NULL, root, heard[i], heard[1 - i]);
        told[i] = hear_endpoint(peer(i), theirs[i]);
        expect_equal(theirs[1 - i], told[i]);
    }
}

static void an_endpoint_from_a_message_can_be_sent_to(void)
{
    mcapi_endpoint_t theirs[2], told[2];
    struct call call = { .size = 16 };

    nodes_begin(2);
    introduce(theirs, told);
    say(peer(0), theirs[0], told[0], "hello");
    call.endpoint = theirs[1];
    at(peer(1), do_msg_recv, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_true(strcmp((char *)call.bytes, "hello") == 0);
    nodes_end();
}

static void an_endpoint_from_a_message_can_be_connected(void)
{
    mcapi_endpoint_t theirs[2], told[2];
    struct call sender = { .size = 7, .bytes = "packet" }, receiver = { 0 };

    nodes_begin(2);
    introduce(theirs, told);
    sender.endpoint = theirs[0];
    sender.other = told[0];
    at(peer(0), do_pkt_connect, &sender);
    expect_status(MCAPI_SUCCESS, sender.status);
    at(peer(0), do_pkt_open_send, &sender);
    expect_status(MCAPI_SUCCESS, sender.status);
    receiver.endpoint = theirs[1];
    at(peer(1), do_pkt_open_recv, &receiver);
    expect_status(MCAPI_SUCCESS, receiver.status);
    sender.size = 7;
    at(peer(0), do_pkt_send, &sender);
    expect_status(MCAPI_SUCCESS, sender.status);
    at(peer(1), do_pkt_recv, &receiver);
    expect_status(MCAPI_SUCCESS, receiver.status);
    expect_true(strcmp((char *)receiver.bytes, "packet") == 0);
    nodes_end();
}

static const struct test tests[] = {
    TEST(only_ones_own_live_endpoints_send, BETWEEN_NODES, "6.13 6.42"),
    TEST(what_never_was_an_endpoint_gets_nothing, ALONE, "6.14"),
    TEST(only_the_owner_receives, BETWEEN_NODES, "6.38"),
    TEST(a_message_to_a_deleted_endpoint_is_dropped, ANYWHERE, "6.15 6.36 6.48"),
    TEST(a_message_to_a_node_that_has_finalized_is_dropped, BETWEEN_NODES, "6.16 6.48"),
    TEST(a_message_to_a_node_that_has_died_is_dropped, IN_PROCESSES, "6.17"),
    TEST(a_full_queue_of_a_node_that_has_died_is_none, IN_PROCESSES, "6.17"),
    TEST(a_connected_endpoint_neither_sends_nor_gets_messages, ANYWHERE, "6.18"),
    TEST(an_open_channel_s_endpoints_neither_send_nor_get_messages, ANYWHERE, "6.18"),
    TEST(a_message_arrives_at_an_endpoint_that_is_connected_later, ANYWHERE, "6.19"),
    TEST(a_posted_receive_keeps_its_message_when_it_is_connected_later, ANYWHERE, "6.19 6.31"),
    TEST(an_endpoint_from_a_message_can_be_sent_to, ANYWHERE, "6.39"),
    TEST(an_endpoint_from_a_message_can_be_connected, ANYWHERE, "6.40"),
};

CHAPTER(msg_gone, tests);
