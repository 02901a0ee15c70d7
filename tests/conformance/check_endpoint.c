/* SPDX-License-Identifier: MIT */
/* check_endpoint.c - section 5: endpoints are created, deleted, and told from what is none. */
#include "endpoints.h"

#include "kinds.h"

/* --- Create ----------------------------------------------------------------------- */

static void any_legal_port_can_be_created(void)
{
    static const mcapi_port_t ports[] = { MCAPI_MIN_PORT, 1, 2, 1000, MCAPI_MAX_PORT - 1,
                                          MCAPI_MAX_PORT };

    nodes_begin(1);
    for (size_t i = 0; i < LENGTH(ports); i++) {
        struct call call = { .domain = DOMAIN, .node = OWN_NODE, .port = ports[i] };
        mcapi_endpoint_t endpoint;

        expect(MCAPI_SUCCESS, endpoint = mcapi_endpoint_create(ports[i], &status));
        expect_true(endpoint != 0);
        at(peer(0), do_get, &call);
        expect_status(MCAPI_SUCCESS, call.status);
        expect_equal(endpoint, call.endpoint);
    }
    nodes_end();
}

static void larger_ports_are_none(void)
{
    static const mcapi_port_t ports[] = { MCAPI_MAX_PORT + 1, MCAPI_MAX_PORT + 2, 0x40000000,
                                          0x80000000, MCAPI_PORT_ANY - 1 };

    nodes_begin(0);
    for (size_t i = 0; i < LENGTH(ports); i++)
        expect(MCAPI_ERR_PORT_INVALID,
               expect_equal(0, mcapi_endpoint_create(ports[i], &status)));
    nodes_end();
}

static void a_port_exists_once(void)
{
    mcapi_endpoint_t endpoint;
    struct call call = { .port = 5 };

    nodes_begin(1);
    endpoint = create(5);
    expect(MCAPI_ERR_ENDP_EXISTS, expect_equal(0, mcapi_endpoint_create(5, &status)));
    at(peer(0), do_create, &call); /* for our node, or for its own */
    expect_status(variant() == ONE_NODE ? MCAPI_ERR_ENDP_EXISTS : MCAPI_SUCCESS, call.status);
    expect_true(call.endpoint != endpoint);
    /* What is refused has changed nothing. */
    expect(MCAPI_SUCCESS,
           expect_equal(endpoint, mcapi_endpoint_get(DOMAIN, OWN_NODE, 5, 0, &status)));
    delete_at(NULL, endpoint);
    expect_true(create(5) != endpoint);
    nodes_end();
}

static void as_many_endpoints_fit_as_the_limit_says(void)
{
    mcapi_endpoint_t last = 0;

    nodes_begin(1);
    for (mcapi_port_t port = 0; port < MCAPI_MAX_ENDPOINTS; port++)
        last = create(port);
    expect(MCAPI_ERR_ENDP_LIMIT,
           expect_equal(0, mcapi_endpoint_create(MCAPI_MAX_ENDPOINTS, &status)));
    expect(MCAPI_ERR_ENDP_LIMIT,
           expect_equal(0, mcapi_endpoint_create(MCAPI_PORT_ANY, &status)));
    expect(MCAPI_ERR_ENDP_LIMIT, expect_equal(0, mcapi_create_anonymous_endpoint(&status)));
    expect(MCAPI_ERR_ENDP_EXISTS, mcapi_endpoint_create(0, &status));
    expect(MCAPI_ERR_PORT_INVALID, mcapi_endpoint_create(MCAPI_MAX_PORT + 1, &status));
    expect_true(!is_there(OWN_NODE, MCAPI_MAX_ENDPOINTS));
    if (variant() != ONE_NODE) /* the limit is each node's own */
        create_at(peer(0), 5);
    delete_at(NULL, last);
    create(MCAPI_MAX_ENDPOINTS);
    expect(MCAPI_ERR_ENDP_LIMIT, mcapi_endpoint_create(MCAPI_MAX_ENDPOINTS - 1, &status));
    nodes_end();
}

static void places_are_given_back(void)
{
    nodes_begin(0);
    for (int i = 0; i < 4 * MCAPI_MAX_ENDPOINTS; i++)
        delete_at(NULL, create(i % 2 == 0 ? 5 : MCAPI_PORT_ANY));
    for (int i = 0; i < MCAPI_MAX_ENDPOINTS; i++)
        create(MCAPI_PORT_ANY);
    nodes_end();
}

/* Whichever ports are taken by name, before and after. */
static void anonymous_endpoints_collide_with_nothing(void)
{
    mcapi_endpoint_t anonymous[20];

    nodes_begin(1);
    for (mcapi_port_t port = 0; port < 20; port++)
        create(port);
    for (size_t i = 0; i < LENGTH(anonymous); i++) {
        if (i % 2 == 0)
            expect(MCAPI_SUCCESS, anonymous[i] = mcapi_create_anonymous_endpoint(&status));
        else
            expect(MCAPI_SUCCESS,
                   anonymous[i] = mcapi_endpoint_create(MCAPI_PORT_ANY, &status));
        expect_true(anonymous[i] != 0);
        for (size_t j = 0; j < i; j++)
            expect_true(anonymous[i] != anonymous[j]);
    }
    for (mcapi_port_t port = 20; port < 120; port++)
        create(port);
    for (mcapi_port_t port = MCAPI_MAX_PORT - 19; port <= MCAPI_MAX_PORT; port++)
        create(port);
    for (size_t i = 0; i < LENGTH(anonymous); i++)
        delete_at(NULL, anonymous[i]);
    nodes_end();
}

/* --- Delete ----------------------------------------------------------------------- */

static void only_the_owner_deletes(void)
{
    struct call call = { 0 };

    nodes_begin(1);
    call.endpoint = create(5);
    at(peer(0), do_delete, &call);
    expect_status(MCAPI_ERR_ENDP_NOTOWNER, call.status);
    expect_true(is_there(OWN_NODE, 5));
    delete_at(NULL, call.endpoint);
    at(peer(0), do_delete, &call);
    expect_status(MCAPI_ERR_ENDP_INVALID, call.status);
    nodes_end();
}

static void what_is_deleted_is_gone(void)
{
    mcapi_endpoint_t endpoint;

    nodes_begin(1);
    endpoint = create_at(peer(0), 5);
    expect_true(is_there(peer_node(peer(0)), 5));
    delete_at(peer(0), endpoint);
    expect_true(!is_there(peer_node(peer(0)), 5));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_endpoint_delete(endpoint, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_endpoint_release(endpoint, &status));
    nodes_end();
}

static void a_channel_keeps_its_endpoints_on(const struct kind *kind, struct peer *sender)
{
    struct channel channel = channel_made(sender, NULL);
    struct call send = { .endpoint = channel.send }, recv = { .endpoint = channel.recv };

    channel_connect(kind, &channel);
    expect_status(MCAPI_ERR_CHAN_CONNECTED, ask(sender, do_delete, send).status);
    expect_status(MCAPI_ERR_CHAN_CONNECTED, ask(NULL, do_delete, recv).status);
    channel_open(kind, &channel, SENDING);
    channel_open(kind, &channel, RECEIVING);
    expect_status(MCAPI_ERR_CHAN_OPEN, ask(sender, do_delete, send).status);
    expect_status(MCAPI_ERR_CHAN_OPEN, ask(NULL, do_delete, recv).status);
    channel_fill(kind, &channel, 1, 1); /* it works all the same */
    channel_drain(kind, &channel, 1, 1);
    channel_part(kind, &channel);
    delete_at(sender, channel.send);
    delete_at(NULL, channel.recv);
}

FOR_BOTH(a_channel_keeps_its_endpoints)
{
    nodes_begin(1);
    a_channel_keeps_its_endpoints_on(kind, peer(0));
    a_channel_keeps_its_endpoints_on(kind, NULL);
    nodes_end();
}

FOR_BOTH(an_open_that_waits_ends_with_its_endpoint)
{
    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct call call = { .endpoint = create_at(peer(0), 5) }, waits;

        waits = ask(peer(0), kind->open[side], call);
        expect_status(MCAPI_SUCCESS, waits.status);
        expect_true(is_pending(peer(0), waits.request));
        delete_at(peer(0), call.endpoint);
        expect_status(MCAPI_ERR_ENDP_DELETED, outcome(peer(0), waits.request));
    }
    nodes_end();
}

/* One thread of our node waits for the open, another deletes. */
FOR_BOTH(a_delete_wakes_who_waits_for_an_open)
{
    nodes_begin(2);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct call call = { .endpoint = create(5) }, waits;

        waits = ask(NULL, kind->open[side], call);
        expect_status(MCAPI_SUCCESS, waits.status);
        waits.timeout = MCAPI_TIMEOUT_INFINITE;
        begin(peer(0), do_wait, &waits);
        expect_true(stays_blocked(peer(0)));
        delete_at(peer(1), call.endpoint);
        finish(peer(0), &waits);
        expect_status(MCAPI_ERR_ENDP_DELETED, waits.status);
    }
    nodes_end();
}

/* A blocked one of a peer's thread, and a posted one. */
static void a_delete_ends_receives_that_wait(void)
{
    struct call call = { 0 }, receive = { 0 }, opened;
    mcapi_request_t request;
    void *buffer = NULL;
    size_t size;

    nodes_begin(1);
    call.endpoint = receive.endpoint = create(5);
    opened = ask(NULL, do_pkt_open_recv, call);
    expect_status(MCAPI_SUCCESS, opened.status);
    begin(peer(0), do_pkt_recv, &receive);
    expect_true(stays_blocked(peer(0)));
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(call.endpoint, &buffer, &request, &status));
    expect(MCAPI_PENDING, mcapi_test(&request, &size, &status));
    delete_at(NULL, call.endpoint);
    finish(peer(0), &receive);
    expect_true(receive.status > MCAPI_TIMEOUT && receive.status != UNTOUCHED);
    expect(MCAPI_ERR_ENDP_DELETED,
           mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect_true(buffer == NULL);
    nodes_end();
}

/* --- What is no endpoint ---------------------------------------------------------- */

static void expect_no_endpoint(mcapi_endpoint_t value, mcapi_endpoint_t live)
{
    mcapi_uint_t number = 99, end = 99;
    mcapi_request_t request;

    expect(MCAPI_ERR_ENDP_INVALID, mcapi_endpoint_delete(value, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_endpoint_release(value, &status));
    expect(MCAPI_ERR_ENDP_INVALID,
           mcapi_endpoint_get_attribute(value, MCAPI_ENDP_ATTR_TYPE, &number, sizeof number,
                                        &status));
    expect(MCAPI_ERR_ENDP_INVALID,
           mcapi_endpoint_set_attribute(value, MCAPI_ENDP_ATTR_TYPE, &number, sizeof number,
                                        &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_pktchan_connect_i(value, live, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_pktchan_connect_i(live, value, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_sclchan_connect_i(value, live, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_sclchan_connect_i(live, value, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_pktchan_recv_open_i(&end, value, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_pktchan_send_open_i(&end, value, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_sclchan_recv_open_i(&end, value, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_sclchan_send_open_i(&end, value, &request, &status));
    expect_equal(99, number);
    expect_equal(99, end);
}

static void expect_no_channel_end(mcapi_endpoint_t value)
{
    mcapi_request_t request;
    void *buffer = NULL;
    size_t size;

    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send(value, "x", 1, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send_i(value, "x", 1, &request, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_recv(value, &buffer, &size, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_recv_i(value, &buffer, &request, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_available(value, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_recv_close_i(value, &request, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send_close_i(value, &request, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_send_uint64(value, 1, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_recv_uint8(value, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_available(value, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_recv_close_i(value, &request, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_send_close_i(value, &request, &status));
}

/* Beside live endpoints of ours and of a peer, which no made-up value may hit. */
static void any_value_may_be_passed_as_a_handle(void)
{
    static const mcapi_endpoint_t values[] = {
        0,          1,          2,          42,
        255,        256,        65535,      65536,
        0x7fffffff, 0x80000000, 0xdeadbeef, 0xcafebabe,
        0xbaadf00d, 0xfffffffe, ~0u,        (mcapi_endpoint_t)-42,
    };
    mcapi_endpoint_t live, others;
    uint32_t random = 1;

    nodes_begin(1);
    live = create(7);
    others = create_at(peer(0), 8);
    for (size_t i = 0; i < LENGTH(values) + 3000; i++) {
        mcapi_endpoint_t value;

        random = random * 1664525u + 1013904223u;
        value = i < LENGTH(values) ? values[i] : random;
        if (value == live || value == others)
            continue;
        expect_no_endpoint(value, live);
        expect_no_channel_end(value);
    }
    expect_true(is_there(OWN_NODE, 7));
    expect_true(is_there(peer_node(peer(0)), 8));
    nodes_end();
}

static void a_stale_handle_is_told_from_its_successors(void)
{
    mcapi_endpoint_t stale[3 * MCAPI_MAX_ENDPOINTS], live;

    nodes_begin(1);
    for (size_t i = 0; i < LENGTH(stale); i++) {
        stale[i] = create(7);
        delete_at(NULL, stale[i]);
    }
    for (mcapi_port_t port = 0; port < MCAPI_MAX_ENDPOINTS - 1; port++)
        create(port);
    live = create(MCAPI_PORT_ANY);
    for (size_t i = 0; i < LENGTH(stale); i++) {
        expect_no_endpoint(stale[i], live);
        expect_no_channel_end(stale[i]);
    }
    nodes_end();
}

/* --- The order of checks ---------------------------------------------------------- */

/* For each check, a call with that mistake and all later ones. */
static void endpoint_calls_check_in_one_order(void)
{
    mcapi_endpoint_t endpoint = 99, remote, taken = 0;
    mcapi_request_t request;
    uint32_t value = 77;

    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_endpoint_create(MCAPI_MAX_PORT + 1, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_create_anonymous_endpoint(&status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_endpoint_get_i(~0u, ~0u, ~0u, NULL, NULL, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_endpoint_get(~0u, ~0u, ~0u, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_endpoint_release(~0u, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_endpoint_delete(~0u, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_endpoint_get_attribute(~0u, 70, NULL, 1, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_endpoint_set_attribute(~0u, 70, NULL, 1, &status));
    nodes_begin(1);
    remote = create_at(peer(0), 5);
    expect(MCAPI_ERR_PARAMETER, mcapi_endpoint_get_i(~0u, ~0u, ~0u, NULL, &request, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_endpoint_get_i(~0u, ~0u, ~0u, &endpoint, NULL, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_endpoint_get_attribute(~0u, 70, NULL, 1, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_endpoint_set_attribute(~0u, 70, NULL, 1, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_endpoint_get_attribute(~0u, 70, &value, 1, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_endpoint_set_attribute(~0u, 70, &value, 1, &status));
    if (variant() != ONE_NODE) /* whose it is belongs to the handle */
        expect(MCAPI_ERR_ENDP_REMOTE,
               mcapi_endpoint_set_attribute(remote, 70, &value, 1, &status));
    expect(MCAPI_ERR_ATTR_NUM, mcapi_endpoint_get_attribute(remote, 70, &value, 1, &status));
    /* Whether it exists is state; how many fit is a limit. */
    for (mcapi_port_t port = 10; port < 10 + MCAPI_MAX_ENDPOINTS; port++) {
        mcapi_status_t status = UNTOUCHED;

        taken = mcapi_endpoint_create(port, &status);
        if (taken == 0)
            break;
    }
    expect_equal(0, variant() == ONE_NODE ? taken : 0);
    expect(MCAPI_ERR_ENDP_EXISTS, mcapi_endpoint_create(10, &status));
    expect_equal(99, endpoint);
    expect_equal(77, value);
    nodes_end();
}

static void without_a_status_no_endpoint_call_does_anything(void)
{
    mcapi_endpoint_t endpoint, got = 99;
    mcapi_request_t request = 99;
    uint32_t value = MCAPI_ENDP_ATTR_TYPE_PKTCHAN;

    nodes_begin(0);
    mcapi_endpoint_create(6, NULL);
    expect_true(!is_there(OWN_NODE, 6));
    mcapi_create_anonymous_endpoint(NULL);
    endpoint = create(5);
    mcapi_endpoint_delete(endpoint, NULL);
    expect_true(is_there(OWN_NODE, 5));
    mcapi_endpoint_set_attribute(endpoint, MCAPI_ENDP_ATTR_TYPE, &value, sizeof value, NULL);
    value = 99;
    mcapi_endpoint_get_attribute(endpoint, MCAPI_ENDP_ATTR_TYPE, &value, sizeof value, NULL);
    expect_equal(99, value);
    expect(MCAPI_SUCCESS, mcapi_endpoint_get_attribute(endpoint, MCAPI_ENDP_ATTR_TYPE, &value,
                                                       sizeof value, &status));
    expect_equal(MCAPI_ENDP_ATTR_TYPE_MESSAGE, value);
    mcapi_endpoint_get(DOMAIN, 99, 1, MCAPI_TIMEOUT_INFINITE, NULL); /* does not wait */
    mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 5, &got, &request, NULL);
    expect_equal(99, got);
    expect_equal(99, request);
    mcapi_endpoint_release(endpoint, NULL);
    for (int i = 0; i < MCAPI_MAX_ENDPOINTS - 1; i++) /* all places but one are free */
        create(MCAPI_PORT_ANY);
    nodes_end();
}

static const struct test tests[] = {
    TEST(any_legal_port_can_be_created, ANYWHERE, "5.1 5.2 5.14"),
    TEST(larger_ports_are_none, ALONE, "5.3 5.13"),
    TEST(a_port_exists_once, ANYWHERE, "5.4 5.5 5.9 5.13 3.9"),
    TEST(as_many_endpoints_fit_as_the_limit_says, ANYWHERE, "5.6 5.7 5.8 5.9 3.8"),
    TEST(places_are_given_back, ALONE, "5.9"),
    TEST(anonymous_endpoints_collide_with_nothing, ANYWHERE, "5.10 5.11"),
    TEST(only_the_owner_deletes, BETWEEN_NODES, "5.39 5.40 3.9"),
    TEST(what_is_deleted_is_gone, ANYWHERE, "5.28 5.40"),
    BOTH(a_channel_keeps_its_endpoints, ANYWHERE, "5.41 5.42 5.43 5.47", "5.41 5.42 5.43 5.47"),
    BOTH(an_open_that_waits_ends_with_its_endpoint, ANYWHERE, "5.43 5.45", "5.43 5.45"),
    BOTH(a_delete_wakes_who_waits_for_an_open, IN_ONE_NODE, "5.46", "5.46"),
    TEST(a_delete_ends_receives_that_wait, IN_ONE_NODE, "5.88"),
    TEST(any_value_may_be_passed_as_a_handle, ANYWHERE, "3.10 3.11 3.12"),
    TEST(a_stale_handle_is_told_from_its_successors, ANYWHERE, "3.15"),
    TEST(endpoint_calls_check_in_one_order, ANYWHERE, "3.5 3.6 3.7 3.8 5.58 5.59 5.26"),
    TEST(without_a_status_no_endpoint_call_does_anything, ALONE, "3.4"),
};
CHAPTER(endpoint, tests);
