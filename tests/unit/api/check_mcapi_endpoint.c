/* SPDX-License-Identifier: MIT */
/*
 * check_mcapi_endpoint.c - endpoints: create, get, release, delete, and handles that are none.
 */
#include <mcapi.h>

#include <stdlib.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

static mcapi_endpoint_t create(mcapi_port_t port)
{
    mcapi_endpoint_t endpoint;

    expect(MCAPI_SUCCESS, endpoint = mcapi_endpoint_create(port, &status));
    ck_assert_uint_ne(endpoint, 0);
    return endpoint;
}

static void delete (mcapi_endpoint_t endpoint)
{
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(endpoint, &status));
}

/* MCAPI_SUCCESS: found. Looks once. */
static mcapi_status_t look_for(mcapi_node_t node, mcapi_port_t port, mcapi_endpoint_t *endpoint)
{
    mcapi_status_t status = STATUS_UNTOUCHED;

    *endpoint = mcapi_endpoint_get(0, node, port, MCAPI_TIMEOUT_IMMEDIATE, &status);
    return status;
}

/* --- Create ----------------------------------------------------------------------------- */

START_TEST(ports_from_0_to_the_largest_can_be_created_and_found)
{
    static const mcapi_port_t ports[] = { 0, 1, 2, 1000, MCAPI_MAX_PORT - 1, MCAPI_MAX_PORT };
    mcapi_endpoint_t endpoint[SUITE_LENGTH(ports)], found;

    for (size_t i = 0; i < SUITE_LENGTH(ports); i++)
        endpoint[i] = create(ports[i]);
    for (size_t i = 0; i < SUITE_LENGTH(ports); i++) {
        expect_status(MCAPI_SUCCESS, look_for(1, ports[i], &found));
        ck_assert_uint_eq(found, endpoint[i]);
        for (size_t j = 0; j < i; j++)
            ck_assert_uint_ne(endpoint[i], endpoint[j]);
    }
}
END_TEST

START_TEST(a_port_above_the_largest_is_no_port)
{
    expect(MCAPI_ERR_PORT_INVALID,
           ck_assert_uint_eq(mcapi_endpoint_create(MCAPI_MAX_PORT + 1, &status), 0));
    expect(MCAPI_ERR_PORT_INVALID,
           ck_assert_uint_eq(mcapi_endpoint_create(MCAPI_PORT_ANY - 1, &status), 0));
}
END_TEST

START_TEST(a_port_exists_once)
{
    mcapi_endpoint_t endpoint = create(5);

    expect(MCAPI_ERR_ENDP_EXISTS, ck_assert_uint_eq(mcapi_endpoint_create(5, &status), 0));
    delete (endpoint);
    create(5);
}
END_TEST

START_TEST(two_nodes_may_have_the_same_port)
{
    struct child *other = child_start(_i, 2);
    struct act act = { .port = 5 };

    create(5);
    child_do(other, act_create, &act);
    expect_status(MCAPI_SUCCESS, act.status);
}
END_TEST

START_TEST(exactly_the_limit_of_endpoints_fits)
{
    mcapi_endpoint_t last = 0;

    for (mcapi_port_t port = 0; port < MCAPI_MAX_ENDPOINTS; port++)
        last = create(port);
    expect(MCAPI_ERR_ENDP_LIMIT,
           ck_assert_uint_eq(mcapi_endpoint_create(MCAPI_MAX_ENDPOINTS, &status), 0));
    expect(MCAPI_ERR_ENDP_LIMIT,
           ck_assert_uint_eq(mcapi_endpoint_create(MCAPI_PORT_ANY, &status), 0));
    /* Whether it exists is asked before whether there is room. */
    expect(MCAPI_ERR_ENDP_EXISTS, mcapi_endpoint_create(0, &status));
    delete (last);
    create(MCAPI_MAX_ENDPOINTS);
}
END_TEST

START_TEST(the_limit_is_that_of_each_node)
{
    struct child *other = child_start(_i, 2);
    struct act act = { .port = 5 };

    for (mcapi_port_t port = 0; port < MCAPI_MAX_ENDPOINTS; port++)
        create(port);
    child_do(other, act_create, &act);
    expect_status(MCAPI_SUCCESS, act.status);
}
END_TEST

START_TEST(anonymous_endpoints_collide_with_nothing)
{
    mcapi_endpoint_t one, two;

    expect(MCAPI_SUCCESS, one = mcapi_create_anonymous_endpoint(&status));
    expect(MCAPI_SUCCESS, two = mcapi_endpoint_create(MCAPI_PORT_ANY, &status));
    ck_assert_uint_ne(one, two);
    for (mcapi_port_t port = 0; port < 100; port++)
        create(port);
    delete (one);
    delete (two);
}
END_TEST

/* --- Get -------------------------------------------------------------------------------- */

START_TEST(an_endpoint_of_another_node_is_found)
{
    struct child *other = child_start(_i, 2);
    struct act act = { .port = 7 };
    mcapi_endpoint_t found;

    child_do(other, act_create, &act);
    expect_status(MCAPI_SUCCESS, look_for(2, 7, &found));
    ck_assert_uint_eq(found, act.endpoint);
}
END_TEST

START_TEST(one_look_and_a_short_wait_end_with_a_timeout)
{
    int64_t began;
    mcapi_endpoint_t found;

    expect_status(MCAPI_TIMEOUT, look_for(1, 7, &found));
    ck_assert_uint_eq(found, 0);
    began = now_us();
    expect(MCAPI_TIMEOUT, ck_assert_uint_eq(mcapi_endpoint_get(0, 1, 7, 50, &status), 0));
    ck_assert_int_ge(now_us() - began, 50 * 1000);
    expect(MCAPI_TIMEOUT, mcapi_endpoint_get(0, 99, 7, 1, &status));
    expect(MCAPI_TIMEOUT, mcapi_endpoint_get(8, 1, 7, 1, &status));
}
END_TEST

START_TEST(a_get_waits_until_the_endpoint_is_created)
{
    struct child *other = child_start(_i, 2);
    struct act act = { .node = 1, .port = 7, .timeout = MCAPI_TIMEOUT_INFINITE };
    mcapi_endpoint_t endpoint;

    child_begin(other, act_get, &act);
    ck_assert(eventually(child_is_asleep(other)));
    create(8);
    ck_assert(!child_is_done(other));
    endpoint = create(7);
    child_finish(other, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_uint_eq(act.endpoint, endpoint);
}
END_TEST

START_TEST(a_get_waits_until_the_node_comes)
{
    struct child *other = child_start_bare(_i);
    struct child *getter = child_start(CHILD_PROCESS, 3);
    struct act get = { .node = 2, .port = 7, .timeout = MCAPI_TIMEOUT_INFINITE };
    struct act act = { .node = 2, .port = 7 };

    child_begin(getter, act_get, &get);
    ck_assert(eventually(child_is_asleep(getter)));
    child_do(other, act_initialize, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    child_do(other, act_create, &act);
    child_finish(getter, &get);
    expect_status(MCAPI_SUCCESS, get.status);
    ck_assert_uint_eq(get.endpoint, act.endpoint);
}
END_TEST

START_TEST(four_arguments_mean_without_end)
{
    mcapi_endpoint_t endpoint = create(7);

    expect(MCAPI_SUCCESS, ck_assert_uint_eq(mcapi_endpoint_get(0, 1, 7, &status), endpoint));
}
END_TEST

START_TEST(get_refuses_impossible_names)
{
    mcapi_endpoint_t endpoint = 99;
    mcapi_request_t request;
    size_t size;

    expect(MCAPI_ERR_DOMAIN_INVALID,
           mcapi_endpoint_get(MCAPI_MAX_DOMAIN + 1, 1, 7, 0, &status));
    expect(MCAPI_ERR_NODE_INVALID, mcapi_endpoint_get(0, MCAPI_MAX_NODE + 1, 7, 0, &status));
    expect(MCAPI_ERR_PORT_INVALID, mcapi_endpoint_get(0, 1, MCAPI_MAX_PORT + 1, 0, &status));
    expect(MCAPI_ERR_PORT_INVALID, mcapi_endpoint_get(0, 1, MCAPI_PORT_ANY, 0, &status));
    expect(MCAPI_ERR_DOMAIN_INVALID,
           mcapi_endpoint_get_i(MCAPI_MAX_DOMAIN + 1, 1, 7, &endpoint, &request, &status));
    expect(MCAPI_ERR_DOMAIN_INVALID, mcapi_test(&request, &size, &status));
    expect(MCAPI_ERR_PARAMETER, /* pointers come first */
           mcapi_endpoint_get_i(MCAPI_MAX_DOMAIN + 1, 1, 7, &endpoint, NULL, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_endpoint_get_i(0, 1, 7, NULL, &request, &status));
    ck_assert_uint_eq(endpoint, 99);
}
END_TEST

START_TEST(get_i_completes_at_once_when_the_endpoint_exists)
{
    mcapi_endpoint_t endpoint = create(7), found = 0;
    mcapi_request_t request;

    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(0, 1, 7, &found, &request, &status));
    expect(MCAPI_SUCCESS, ck_assert(mcapi_test(&request, NULL, &status)));
    ck_assert_uint_eq(found, endpoint);
}
END_TEST

START_TEST(get_i_is_tested_until_the_endpoint_comes)
{
    mcapi_endpoint_t endpoint, found = 99;
    mcapi_request_t request;
    size_t size;

    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(0, 1, 7, &found, &request, &status));
    expect(MCAPI_PENDING, ck_assert(!mcapi_test(&request, &size, &status)));
    expect(MCAPI_TIMEOUT, ck_assert(!mcapi_wait(&request, &size, 5, &status)));
    ck_assert_uint_eq(found, 99);
    endpoint = create(7);
    expect(MCAPI_SUCCESS, ck_assert(mcapi_test(&request, &size, &status)));
    ck_assert_uint_eq(found, endpoint);
    expect(MCAPI_SUCCESS, ck_assert(mcapi_wait(&request, &size, 0, &status)));
    expect(MCAPI_ERR_REQUEST_INVALID, ck_assert(mcapi_wait(&request, &size, 0, &status)));
}
END_TEST

START_TEST(a_cancelled_get_fills_nothing)
{
    mcapi_endpoint_t found = 99;
    mcapi_request_t request;
    size_t size;

    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(0, 1, 7, &found, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_cancel(&request, &status));
    create(7);
    expect(MCAPI_ERR_REQUEST_INVALID, mcapi_test(&request, &size, &status));
    expect(MCAPI_ERR_REQUEST_INVALID, mcapi_cancel(&request, &status));
    ck_assert_uint_eq(found, 99);
}
END_TEST

START_TEST(the_port_of_an_anonymous_endpoint_never_is_a_named_one)
{
    mcapi_endpoint_t found;

    expect(MCAPI_SUCCESS, mcapi_create_anonymous_endpoint(&status));
    for (mcapi_port_t port = 0; port <= MCAPI_MAX_PORT; port += 97)
        expect_status(MCAPI_TIMEOUT, look_for(1, port, &found));
}
END_TEST

/* --- Delete ------------------------------------------------------------------------------- */

START_TEST(only_its_owner_deletes_an_endpoint)
{
    struct child *other = child_start(_i, 2);
    struct act act = { .endpoint = create(7) };

    child_do(other, act_delete, &act);
    expect_status(MCAPI_ERR_ENDP_NOTOWNER, act.status);
    delete (act.endpoint);
    child_do(other, act_delete, &act);
    expect_status(MCAPI_ERR_ENDP_INVALID, act.status);
}
END_TEST

START_TEST(a_connected_endpoint_is_not_deleted)
{
    struct pair pair = pair_create(_i, NULL, NULL);

    pair_connect(&pair);
    expect(MCAPI_ERR_CHAN_CONNECTED, mcapi_endpoint_delete(pair.send, &status));
    expect(MCAPI_ERR_CHAN_CONNECTED, mcapi_endpoint_delete(pair.receive, &status));
    pair_open_send(&pair);
    expect(MCAPI_ERR_CHAN_OPEN, mcapi_endpoint_delete(pair.send, &status));
    pair_open_receive(&pair);
    expect(MCAPI_ERR_CHAN_OPEN, mcapi_endpoint_delete(pair.receive, &status));
    pair_close(&pair);
    delete (pair.send);
    delete (pair.receive);
}
END_TEST

START_TEST(an_open_that_waits_ends_with_its_endpoint)
{
    mcapi_endpoint_t endpoint = create(7);
    mcapi_pktchan_recv_hndl_t handle;
    mcapi_request_t request;

    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_open_i(&handle, endpoint, &request, &status));
    expect(MCAPI_PENDING, mcapi_test(&request, NULL, &status));
    delete (endpoint);
    expect(MCAPI_ERR_ENDP_DELETED, ck_assert(mcapi_test(&request, NULL, &status)));
}
END_TEST

START_TEST(a_delete_wakes_who_waits_for_an_open)
{
    struct child *helper = child_start_bare(CHILD_THREAD);
    struct child *deleter = child_start_bare(CHILD_THREAD);
    struct act open = { .kind = PACKETS, .endpoint = create(7) }, act = open;

    child_do(helper, act_open_receive, &open);
    open.timeout = MCAPI_TIMEOUT_INFINITE;
    child_begin(helper, act_wait, &open);
    ck_assert(eventually(child_is_asleep(helper)));
    child_do(deleter, act_delete, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    child_finish(helper, &open);
    expect_status(MCAPI_ERR_ENDP_DELETED, open.status);
}
END_TEST

/* --- Handles that are none -------------------------------------------------------- */

/* Every call that takes a handle refuses this one; `stale` ones, too. */
static void expect_no_endpoint(mcapi_endpoint_t handle, mcapi_endpoint_t live)
{
    mcapi_endp_attr_type_t type = 99;
    mcapi_pktchan_recv_hndl_t end = 99;
    mcapi_request_t request;
    size_t size;
    void *buffer;

    expect(MCAPI_ERR_ENDP_INVALID, mcapi_endpoint_delete(handle, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_endpoint_release(handle, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_endpoint_get_attribute(handle, MCAPI_ENDP_ATTR_TYPE,
                                                                &type, sizeof type, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_endpoint_set_attribute(handle, MCAPI_ENDP_ATTR_TYPE,
                                                                &type, sizeof type, &status));
    ck_assert_uint_eq(type, 99);
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_pktchan_connect_i(handle, live, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_pktchan_connect_i(live, handle, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_sclchan_connect_i(handle, live, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_pktchan_recv_open_i(&end, handle, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_pktchan_send_open_i(&end, handle, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_sclchan_recv_open_i(&end, handle, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_sclchan_send_open_i(&end, handle, &request, &status));
    ck_assert_uint_eq(end, 99);
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send(handle, "x", 1, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send_i(handle, "x", 1, &request, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_recv(handle, &buffer, &size, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_recv_i(handle, &buffer, &request, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_available(handle, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_recv_close_i(handle, &request, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send_close_i(handle, &request, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_send_uint64(handle, 1, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_recv_uint8(handle, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_available(handle, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_recv_close_i(handle, &request, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_send_close_i(handle, &request, &status));
}

START_TEST(garbage_is_never_a_live_handle)
{
    static const mcapi_endpoint_t wrong[] = {
        0,          1,          2,          42,
        255,        256,        16383,      16384,
        65535,      ~0u,        0xdeadbeef, 0xcafebabe,
        0xbaadf00d, 0x7fffffff, 0x80000000, (mcapi_endpoint_t)-42,
    };
    mcapi_endpoint_t live = create(7);

    for (size_t i = 0; i < SUITE_LENGTH(wrong); i++)
        expect_no_endpoint(wrong[i], live);
    srand48(1);
    for (int i = 0; i < 5000; i++) {
        mcapi_endpoint_t handle = (mcapi_endpoint_t)mrand48();

        if (handle != live)
            expect_no_endpoint(handle, live);
    }
}
END_TEST

START_TEST(a_stale_handle_is_known_after_its_place_is_used_again)
{
    mcapi_endpoint_t stale[300];
    mcapi_endpoint_t live;

    for (size_t i = 0; i < SUITE_LENGTH(stale); i++) {
        stale[i] = create(7);
        delete (stale[i]);
    }
    live = create(7);
    for (size_t i = 0; i < SUITE_LENGTH(stale); i++) {
        ck_assert_uint_ne(stale[i], live);
        expect_no_endpoint(stale[i], live);
    }
}
END_TEST

START_TEST(the_handles_of_a_finalized_node_are_stale)
{
    struct child *other = child_start(_i, 2);
    struct act act = { .port = 7 };
    mcapi_endpoint_t live = create(1);

    child_do(other, act_create, &act);
    child_end(other);
    ck_assert(eventually(look_for(2, 7, &(mcapi_endpoint_t){ 0 }) == MCAPI_TIMEOUT));
    expect_no_endpoint(act.endpoint, live);
    other = child_start(_i, 2);
    child_do(other, act_create, &(struct act){ .port = 7 });
    expect_no_endpoint(act.endpoint, live);
}
END_TEST

START_TEST(an_endpoint_of_another_node_cannot_be_used_as_an_end)
{
    struct child *other = child_start(_i, 2);
    struct pair pair = pair_open(PACKETS, other, other);
    mcapi_request_t request;
    mcapi_endpoint_t end;
    size_t size;
    void *buffer;

    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send(pair.send, "x", 1, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_recv(pair.receive, &buffer, &size, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send_close_i(pair.send, &request, &status));
    expect(MCAPI_ERR_ENDP_INVALID,
           mcapi_pktchan_send_open_i(&end, pair.send, &request, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_available(pair.receive, &status));
    pair_send(&pair, "unharmed");
    pair_expect(&pair, "unharmed");
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { ports_from_0_to_the_largest_can_be_created_and_found, 1 },
        { a_port_above_the_largest_is_no_port, 1 },
        { a_port_exists_once, 1 },
        { two_nodes_may_have_the_same_port, CHILD_KINDS },
        { exactly_the_limit_of_endpoints_fits, 1 },
        { the_limit_is_that_of_each_node, CHILD_KINDS },
        { anonymous_endpoints_collide_with_nothing, 1 },
        { an_endpoint_of_another_node_is_found, CHILD_KINDS },
        { one_look_and_a_short_wait_end_with_a_timeout, 1 },
        { a_get_waits_until_the_endpoint_is_created, CHILD_KINDS },
        { a_get_waits_until_the_node_comes, CHILD_KINDS },
        { four_arguments_mean_without_end, 1 },
        { get_refuses_impossible_names, 1 },
        { get_i_completes_at_once_when_the_endpoint_exists, 1 },
        { get_i_is_tested_until_the_endpoint_comes, 1 },
        { a_cancelled_get_fills_nothing, 1 },
        { the_port_of_an_anonymous_endpoint_never_is_a_named_one, 1 },
        { only_its_owner_deletes_an_endpoint, CHILD_KINDS },
        { a_connected_endpoint_is_not_deleted, 2 },
        { an_open_that_waits_ends_with_its_endpoint, 1 },
        { a_delete_wakes_who_waits_for_an_open, 1 },
        { garbage_is_never_a_live_handle, 1 },
        { a_stale_handle_is_known_after_its_place_is_used_again, 1 },
        { the_handles_of_a_finalized_node_are_stale, CHILD_KINDS },
        { an_endpoint_of_another_node_cannot_be_used_as_an_end, CHILD_KINDS },
    };

    return suite_run_between("api/mcapi_endpoint", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
