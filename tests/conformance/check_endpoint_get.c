/* SPDX-License-Identifier: MIT */
/* check_endpoint_get.c - section 5: gets, how they wait, and who has got what. */
#include "endpoints.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "kinds.h"

static mcapi_status_t get_from(struct peer *peer, mcapi_node_t node, mcapi_port_t port)
{
    struct call call = { .domain = DOMAIN, .node = node, .port = port };

    at(peer, do_get, &call);
    return call.status;
}

static mcapi_status_t release_at(mcapi_endpoint_t endpoint)
{
    mcapi_status_t status = UNTOUCHED;

    mcapi_endpoint_release(endpoint, &status);
    return status;
}

/* --- Found ------------------------------------------------------------------------ */

static void an_endpoint_is_found_by_all(void)
{
    mcapi_endpoint_t own, of_peer;

    nodes_begin(2);
    own = create(5);
    of_peer = create_at(peer(0), 6);
    expect(MCAPI_SUCCESS,
           expect_equal(own, mcapi_endpoint_get(DOMAIN, OWN_NODE, 5, 0, &status)));
    expect(MCAPI_SUCCESS, expect_equal(of_peer, mcapi_endpoint_get(DOMAIN, peer_node(peer(0)),
                                                                   6, 0, &status)));
    for (int i = 0; i < 2; i++) {
        struct call call = { .domain = DOMAIN, .node = OWN_NODE, .port = 5 };

        at(peer(i), do_get, &call);
        expect_status(MCAPI_SUCCESS, call.status);
        expect_equal(own, call.endpoint);
        call.node = peer_node(peer(0));
        call.port = 6;
        at(peer(i), do_get, &call);
        expect_status(MCAPI_SUCCESS, call.status);
        expect_equal(of_peer, call.endpoint);
    }
    nodes_end();
}

/* The standard has no call that tells a port, so every number that the library prints of the
 * endpoint is tried. */
static void the_port_of_an_anonymous_endpoint_is_found(void)
{
    void *symbol = dlsym(dlopen(NULL, RTLD_NOW), "mcapi_display_state");
    long from = printed_so_far();
    bool found = false;
    mcapi_endpoint_t endpoint;
    void (*display)(void *);
    char text[2048], *at;

    if (symbol == NULL)
        skip("this library has no mcapi_display_state, which would tell the port");
    memcpy(&display, &symbol, sizeof display);
    nodes_begin(0);
    endpoint = create(MCAPI_PORT_ANY);
    display(&endpoint);
    printed_since(from, text, sizeof text);
    for (at = text; *at != '\0' && !found; at++) {
        if (isdigit((unsigned char)*at)) {
            mcapi_port_t port = (mcapi_port_t)strtoul(at, &at, 0);
            mcapi_status_t status = UNTOUCHED;

            found = mcapi_endpoint_get(DOMAIN, OWN_NODE, port, 0, &status) == endpoint;
            at--;
        }
    }
    expect_true(found);
    nodes_end();
}

/* --- Waiting ---------------------------------------------------------------------- */

static void a_get_waits_until_the_endpoint_is_created(void)
{
    struct call call = { .domain = DOMAIN, .node = OWN_NODE, .port = 7 };
    mcapi_endpoint_t endpoint;

    nodes_begin(1);
    call.timeout = MCAPI_TIMEOUT_INFINITE;
    begin(peer(0), do_get, &call);
    expect_true(stays_blocked(peer(0)));
    create(8); /* another one */
    expect_true(stays_blocked(peer(0)));
    endpoint = create(7);
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_equal(endpoint, call.endpoint);
    nodes_end();
}

static void a_get_waits_until_the_node_comes(void)
{
    struct call get = { .domain = DOMAIN, .node = 9, .port = 7 }, call = { .node = 9 };

    nodes_begin_bare(2);
    call.node = 5;
    at(peer(0), do_initialize, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    get.timeout = MCAPI_TIMEOUT_INFINITE;
    begin(peer(0), do_get, &get);
    expect_true(stays_blocked(peer(0)));
    call.node = 9;
    at(peer(1), do_initialize, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_true(stays_blocked(peer(0)));
    call.port = 7;
    at(peer(1), do_create, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    finish(peer(0), &get);
    expect_status(MCAPI_SUCCESS, get.status);
    expect_equal(call.endpoint, get.endpoint);
    nodes_end();
}

static void an_early_get_is_served_when_the_first_node_starts_last(void)
{
    struct call get = { .domain = DOMAIN, .node = OWN_NODE, .port = 7 };

    nodes_begin(2);
    get.timeout = 10000;
    for (int i = 0; i < 2; i++)
        begin(peer(i), do_get, &get);
    for (int i = 0; i < 2; i++)
        expect_true(stays_blocked(peer(i)));
    create(7);
    for (int i = 0; i < 2; i++) {
        finish(peer(i), &get);
        expect_status(MCAPI_SUCCESS, get.status);
    }
    nodes_end();
}

static void many_gets_of_one_endpoint_end_together(void)
{
    struct call get = { .domain = DOMAIN, .node = OWN_NODE, .port = 7 };
    mcapi_endpoint_t endpoint, later = 0;
    mcapi_request_t request;
    size_t size;

    nodes_begin(3);
    get.timeout = MCAPI_TIMEOUT_INFINITE;
    for (int i = 0; i < 3; i++)
        begin(peer(i), do_get, &get);
    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 7, &later, &request, &status));
    for (int i = 0; i < 3; i++)
        expect_true(stays_blocked(peer(i)));
    endpoint = create(7);
    for (int i = 0; i < 3; i++) {
        finish(peer(i), &get);
        expect_status(MCAPI_SUCCESS, get.status);
        expect_equal(endpoint, get.endpoint);
    }
    expect(MCAPI_SUCCESS, mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect_equal(endpoint, later);
    nodes_end();
}

static void expect_timeout(mcapi_node_t node, mcapi_timeout_t timeout)
{
    struct call call = { .domain = DOMAIN, .node = node, .port = 7, .timeout = timeout };
    int64_t began = now_ms();

    do_get(&call);
    expect_status(MCAPI_TIMEOUT, call.status);
    expect_equal(0, call.endpoint);
    expect_true(now_ms() - began >= (int64_t)timeout - 1);
    expect_true(now_ms() - began < (int64_t)timeout + 1000);
}

static void a_get_ends_with_its_timeout(void)
{
    static const mcapi_timeout_t timeouts[] = { MCAPI_TIMEOUT_IMMEDIATE, 1, 20, 200 };

    nodes_begin(1);
    for (size_t i = 0; i < LENGTH(timeouts); i++) {
        expect_timeout(OWN_NODE, timeouts[i]);
        expect_timeout(OWN_NODE + 1, timeouts[i]);
        expect_timeout(77, timeouts[i]);
    }
    expect(MCAPI_TIMEOUT, mcapi_endpoint_get(DOMAIN + 5, OWN_NODE, 7, 1, &status));
    nodes_end();
}

/* One after another, and none of them ends the call; then its time or the endpoint does. */
static void a_signal_does_not_end_a_get(void)
{
    static const mcapi_timeout_t timeouts[] = { MCAPI_TIMEOUT_INFINITE, 400 };

    nodes_begin(1);
    for (size_t i = 0; i < LENGTH(timeouts); i++) {
        struct call call = { .domain = DOMAIN, .node = OWN_NODE, .port = 7 };
        int64_t began = now_ms();

        call.timeout = timeouts[i];
        begin(peer(0), do_get, &call);
        for (int signals = 0; signals < 3; signals++) {
            expect_true(stays_blocked(peer(0)));
            interrupt(peer(0));
        }
        expect_true(stays_blocked(peer(0)));
        if (timeouts[i] == MCAPI_TIMEOUT_INFINITE)
            create(7);
        else
            call.port = 0;
        finish(peer(0), &call);
        expect_status(timeouts[i] == MCAPI_TIMEOUT_INFINITE ? MCAPI_SUCCESS : MCAPI_TIMEOUT,
                      call.status);
        expect_true(timeouts[i] == MCAPI_TIMEOUT_INFINITE
                    || now_ms() - began >= (int64_t)timeouts[i] - 1);
        delete_at(NULL, i == 0 ? call.endpoint : create(7));
    }
    nodes_end();
}

static void impossible_names_are_refused(void)
{
    mcapi_endpoint_t endpoint = 99;
    mcapi_request_t request;
    size_t size;

#define GET(domain, node, port) \
    expect_equal(0, mcapi_endpoint_get(domain, node, port, MCAPI_TIMEOUT_INFINITE, &status))
#define GET_I(domain, node, port) \
    mcapi_endpoint_get_i(domain, node, port, &endpoint, &request, &status)
    nodes_begin(0);
    expect(MCAPI_ERR_DOMAIN_INVALID, GET(MCAPI_MAX_DOMAIN + 1, OWN_NODE, 7));
    expect(MCAPI_ERR_DOMAIN_INVALID, GET(MCAPI_DOMAIN_INVALID, OWN_NODE, 7));
    expect(MCAPI_ERR_NODE_INVALID, GET(DOMAIN, MCAPI_MAX_NODE + 1, 7));
    expect(MCAPI_ERR_NODE_INVALID, GET(DOMAIN, MCAPI_NODE_INVALID, 7));
    expect(MCAPI_ERR_PORT_INVALID, GET(DOMAIN, OWN_NODE, MCAPI_MAX_PORT + 1));
    expect(MCAPI_ERR_PORT_INVALID, GET(DOMAIN, OWN_NODE, MCAPI_PORT_ANY));
    expect(MCAPI_ERR_DOMAIN_INVALID, GET_I(MCAPI_MAX_DOMAIN + 1, OWN_NODE, 7));
    expect(MCAPI_ERR_DOMAIN_INVALID, mcapi_wait(&request, &size, 0, &status));
    expect(MCAPI_ERR_NODE_INVALID, GET_I(DOMAIN, MCAPI_MAX_NODE + 1, 7));
    expect(MCAPI_ERR_NODE_INVALID, mcapi_wait(&request, &size, 0, &status));
    expect(MCAPI_ERR_PORT_INVALID, GET_I(DOMAIN, OWN_NODE, MCAPI_MAX_PORT + 1));
    expect(MCAPI_ERR_PORT_INVALID, mcapi_wait(&request, &size, 0, &status));
    expect_equal(99, endpoint);
    nodes_end();
#undef GET
#undef GET_I
}

/* --- Without blocking ------------------------------------------------------------- */

static void a_get_i_of_what_exists_is_complete(void)
{
    mcapi_endpoint_t endpoint, found = 0;
    mcapi_request_t request;
    size_t size;

    nodes_begin(1);
    endpoint = create_at(peer(0), 7);
    expect(MCAPI_SUCCESS,
           mcapi_endpoint_get_i(DOMAIN, peer_node(peer(0)), 7, &found, &request, &status));
    expect(MCAPI_SUCCESS, expect_true(mcapi_test(&request, &size, &status)));
    expect_equal(endpoint, found);
    nodes_end();
}

static void a_get_i_waits_for_what_does_not_exist(void)
{
    mcapi_endpoint_t endpoint, found = 99;
    mcapi_request_t request;
    size_t size;

    nodes_begin(1);
    expect(MCAPI_SUCCESS,
           mcapi_endpoint_get_i(DOMAIN, peer_node(peer(0)), 7, &found, &request, &status));
    expect(MCAPI_PENDING, expect_true(!mcapi_test(&request, &size, &status)));
    expect(MCAPI_TIMEOUT, expect_true(!mcapi_wait(&request, &size, 5, &status)));
    expect_equal(99, found);
    endpoint = create_at(peer(0), 7);
    expect(MCAPI_SUCCESS,
           expect_true(mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, &status)));
    expect_equal(endpoint, found);
    nodes_end();
}

static void a_get_i_needs_its_pointers(void)
{
    mcapi_endpoint_t endpoint = 99;
    mcapi_request_t request;
    size_t size;

    nodes_begin(0);
    create(7);
    expect(MCAPI_ERR_PARAMETER,
           mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 7, NULL, &request, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_wait(&request, &size, 0, &status));
    expect(MCAPI_ERR_PARAMETER,
           mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 7, &endpoint, NULL, &status));
    expect_equal(99, endpoint);
    nodes_end();
}

static void a_cancelled_get_fills_nothing(void)
{
    mcapi_endpoint_t found = 99;
    mcapi_request_t request, other;
    size_t size;

    nodes_begin(0);
    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 7, &found, &request, &status));
    other = request;
    expect(MCAPI_SUCCESS, mcapi_cancel(&request, &status));
    create(7);
    expect(MCAPI_ERR_REQUEST_INVALID, mcapi_test(&other, &size, &status));
    expect_equal(99, found);
    nodes_end();
}

/* --- Get counts ------------------------------------------------------------------- */

static void a_message_endpoint_is_got_by_many(void)
{
    struct call call = { .number = MCAPI_ENDP_ATTR_GET_COUNT };

    nodes_begin(2);
    call.endpoint = create(7);
    for (int round = 0; round < 5; round++) {
        expect_status(MCAPI_SUCCESS, get_from(NULL, OWN_NODE, 7));
        expect_status(MCAPI_SUCCESS, get_from(peer(0), OWN_NODE, 7));
        expect_status(MCAPI_SUCCESS, get_from(peer(1), OWN_NODE, 7));
        do_attribute(&call);
        expect_status(MCAPI_SUCCESS, call.status);
        expect_equal(3 * (round + 1), call.word);
    }
    expect_status(MCAPI_SUCCESS, release_at(call.endpoint));
    do_attribute(&call);
    expect_equal(14, call.word);
    nodes_end();
}

FOR_BOTH(a_message_endpoint_is_connected_after_many_gets)
{
    struct channel channel;

    nodes_begin(1);
    channel.sender = peer(0);
    channel.receiver = NULL;
    channel.send = create_at(peer(0), 5);
    channel.recv = create(6);
    for (int round = 0; round < 3; round++) {
        expect_status(MCAPI_SUCCESS, get_from(NULL, peer_node(peer(0)), 5));
        expect_status(MCAPI_SUCCESS, get_from(peer(0), OWN_NODE, 6));
    }
    channel_join(kind, &channel);
    channel_works(kind, &channel);
    expect_status(MCAPI_SUCCESS, get_from(peer(0), OWN_NODE, 6)); /* connected, and still */
    channel_part(kind, &channel);
    nodes_end();
}

static mcapi_endpoint_t create_typed(struct peer *owner, mcapi_port_t port,
                                     mcapi_endp_attr_type_t type)
{
    mcapi_endpoint_t endpoint = create_at(owner, port);

    set(owner, endpoint, MCAPI_ENDP_ATTR_TYPE, type);
    return endpoint;
}

static void expect_source(mcapi_endpoint_t endpoint, mcapi_domain_t domain, mcapi_node_t node)
{
    mcapi_endp_attr_get_source_t source = { 77, 77 };

    expect(MCAPI_SUCCESS, mcapi_endpoint_get_attribute(endpoint, MCAPI_ENDP_ATTR_GET_SOURCE,
                                                       &source, sizeof source, &status));
    expect_equal(domain, source.domain_id);
    expect_equal(node, source.node_id);
}

static void gets_are_counted_and_named(void)
{
    mcapi_endpoint_t endpoint;

    nodes_begin(1);
    endpoint = create(7);
    expect_equal(0, attribute(NULL, endpoint, MCAPI_ENDP_ATTR_GET_COUNT));
    expect_source(endpoint, MCAPI_DOMAIN_INVALID, MCAPI_NODE_INVALID);
    expect_status(MCAPI_SUCCESS, get_from(peer(0), OWN_NODE, 7));
    expect_equal(1, attribute(NULL, endpoint, MCAPI_ENDP_ATTR_GET_COUNT));
    expect_equal(1, attribute(peer(0), endpoint, MCAPI_ENDP_ATTR_GET_COUNT));
    expect_source(endpoint, DOMAIN, peer_node(peer(0)));
    expect_status(MCAPI_SUCCESS, get_from(NULL, OWN_NODE, 7));
    expect_equal(2, attribute(NULL, endpoint, MCAPI_ENDP_ATTR_GET_COUNT));
    expect_source(endpoint, DOMAIN, OWN_NODE);
    nodes_end();
}

FOR_BOTH(a_channel_endpoint_is_lent_once)
{
    mcapi_endpoint_t endpoint;

    nodes_begin(2);
    endpoint = create_typed(peer(0), 7, kind->type);
    expect_status(MCAPI_SUCCESS, get_from(NULL, peer_node(peer(0)), 7));
    expect_status(MCAPI_ERR_ENDP_GET_LIMIT, get_from(NULL, peer_node(peer(0)), 7));
    expect_status(MCAPI_ERR_ENDP_GET_LIMIT, get_from(peer(1), peer_node(peer(0)), 7));
    expect_status(MCAPI_ERR_ENDP_GET_LIMIT, get_from(peer(0), peer_node(peer(0)), 7));
    expect_equal(1, attribute(NULL, endpoint, MCAPI_ENDP_ATTR_GET_COUNT));
    expect_status(MCAPI_SUCCESS, release_at(endpoint));
    expect_equal(0, attribute(NULL, endpoint, MCAPI_ENDP_ATTR_GET_COUNT));
    expect_status(MCAPI_SUCCESS, get_from(peer(1), peer_node(peer(0)), 7));
    expect_status(MCAPI_ERR_ENDP_GET_LIMIT, get_from(NULL, peer_node(peer(0)), 7));
    nodes_end();
}

/* A get that waits, and one without blocking, are refused as one that comes late. */
FOR_BOTH(a_late_get_of_a_channel_endpoint_is_refused)
{
    mcapi_endpoint_t found = 99;
    mcapi_request_t request;
    size_t size;
    int64_t began;

    nodes_begin(1);
    create_typed(peer(0), 7, kind->type);
    expect_status(MCAPI_SUCCESS, get_from(NULL, peer_node(peer(0)), 7));
    began = now_ms();
    expect(MCAPI_ERR_ENDP_GET_LIMIT,
           expect_equal(0, mcapi_endpoint_get(DOMAIN, peer_node(peer(0)), 7,
                                              MCAPI_TIMEOUT_INFINITE, &status)));
    expect_true(now_ms() - began < 1000);
    expect(MCAPI_ERR_ENDP_GET_LIMIT,
           mcapi_endpoint_get_i(DOMAIN, peer_node(peer(0)), 7, &found, &request, &status));
    expect(MCAPI_ERR_ENDP_GET_LIMIT, expect_true(mcapi_wait(&request, &size, 0, &status)));
    expect_equal(99, found);
    nodes_end();
}

FOR_BOTH(a_channel_endpoint_is_free_again_after_its_channel)
{
    struct channel channel;

    nodes_begin(2);
    channel.sender = peer(0);
    channel.receiver = NULL;
    channel.send = create_typed(peer(0), 5, kind->type);
    channel.recv = create_typed(NULL, 6, kind->type);
    for (int round = 0; round < 2; round++) {
        expect_status(MCAPI_SUCCESS, get_from(NULL, peer_node(peer(0)), 5));
        channel_join(kind, &channel);
        expect_status(MCAPI_ERR_ENDP_GET_LIMIT, get_from(peer(1), peer_node(peer(0)), 5));
        channel_part(kind, &channel);
        expect_equal(0, attribute(NULL, channel.send, MCAPI_ENDP_ATTR_GET_COUNT));
    }
    expect_status(MCAPI_SUCCESS, get_from(peer(1), peer_node(peer(0)), 5));
    nodes_end();
}

FOR_BOTH(a_channel_endpoint_is_free_again_after_its_getter)
{
    struct call call = { 0 };
    mcapi_endpoint_t endpoint;

    nodes_begin(2);
    endpoint = create_typed(NULL, 7, kind->type);
    expect_status(MCAPI_SUCCESS, get_from(peer(0), OWN_NODE, 7));
    expect_status(MCAPI_ERR_ENDP_GET_LIMIT, get_from(peer(1), OWN_NODE, 7));
    at(peer(0), do_finalize, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_equal(0, attribute(NULL, endpoint, MCAPI_ENDP_ATTR_GET_COUNT));
    expect_status(MCAPI_SUCCESS, get_from(peer(1), OWN_NODE, 7));
    nodes_end();
}

FOR_BOTH(a_channel_endpoint_is_free_again_after_a_death)
{
    nodes_begin(2);
    create_typed(NULL, 7, kind->type);
    expect_status(MCAPI_SUCCESS, get_from(peer(0), OWN_NODE, 7));
    kill_peer(peer(0));
    expect_true(eventually(get_from(peer(1), OWN_NODE, 7) == MCAPI_SUCCESS));
    expect_status(MCAPI_ERR_ENDP_GET_LIMIT, get_from(NULL, OWN_NODE, 7));
    nodes_end();
}

static void what_was_not_got_cannot_be_released(void)
{
    mcapi_endpoint_t endpoint, other;

    nodes_begin(1);
    endpoint = create_at(peer(0), 7);
    other = create_at(peer(0), 8);
    expect_status(MCAPI_ERR_ENDP_INVALID, release_at(endpoint));
    expect_status(MCAPI_SUCCESS, get_from(NULL, peer_node(peer(0)), 7));
    expect_status(MCAPI_ERR_ENDP_INVALID, release_at(other));
    expect_status(MCAPI_SUCCESS, release_at(endpoint));
    expect_status(MCAPI_ERR_ENDP_INVALID, release_at(endpoint));
    expect_equal(0, attribute(NULL, endpoint, MCAPI_ENDP_ATTR_GET_COUNT));
    if (variant() != ONE_NODE) { /* what a peer has got is not ours */
        expect_status(MCAPI_SUCCESS, get_from(peer(0), peer_node(peer(0)), 7));
        expect_status(MCAPI_ERR_ENDP_INVALID, release_at(endpoint));
        expect_equal(1, attribute(NULL, endpoint, MCAPI_ENDP_ATTR_GET_COUNT));
    }
    nodes_end();
}

static const struct test tests[] = {
    TEST(an_endpoint_is_found_by_all, ANYWHERE, "5.14 5.15"),
    TEST(the_port_of_an_anonymous_endpoint_is_found, ALONE, "5.12"),
    TEST(a_get_waits_until_the_endpoint_is_created, ANYWHERE, "5.16 5.20"),
    TEST(a_get_waits_until_the_node_comes, BETWEEN_NODES, "5.17 5.20"),
    TEST(an_early_get_is_served_when_the_first_node_starts_last, ANYWHERE, "5.16 5.17"),
    TEST(many_gets_of_one_endpoint_end_together, ANYWHERE, "5.23"),
    TEST(a_get_ends_with_its_timeout, ANYWHERE, "5.18 5.19 5.21"),
    TEST(a_signal_does_not_end_a_get, ANYWHERE, "3.19"),
    TEST(impossible_names_are_refused, ALONE, "5.21 5.22 3.9"),
    TEST(a_get_i_of_what_exists_is_complete, ANYWHERE, "5.24"),
    TEST(a_get_i_waits_for_what_does_not_exist, ANYWHERE, "5.25"),
    TEST(a_get_i_needs_its_pointers, ALONE, "5.26"),
    TEST(a_cancelled_get_fills_nothing, ALONE, "5.27"),
    TEST(a_message_endpoint_is_got_by_many, ANYWHERE, "5.30 5.61"),
    BOTH(a_message_endpoint_is_connected_after_many_gets, ANYWHERE, "5.31", "5.31"),
    TEST(gets_are_counted_and_named, ANYWHERE, "5.61 5.62"),
    BOTH(a_channel_endpoint_is_lent_once, ANYWHERE, "5.32 5.33", "5.32 5.33"),
    BOTH(a_late_get_of_a_channel_endpoint_is_refused, ANYWHERE, "5.38", "5.38"),
    BOTH(a_channel_endpoint_is_free_again_after_its_channel, ANYWHERE, "5.34", "5.34"),
    BOTH(a_channel_endpoint_is_free_again_after_its_getter, BETWEEN_NODES, "5.35", "5.35"),
    BOTH(a_channel_endpoint_is_free_again_after_a_death, IN_PROCESSES, "5.36", "5.36"),
    TEST(what_was_not_got_cannot_be_released, ANYWHERE, "5.37"),
};
CHAPTER(endpoint_get, tests);
