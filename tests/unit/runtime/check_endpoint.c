/* SPDX-License-Identifier: MIT */
/*
 * check_endpoint.c - how often an endpoint may be got, and when it is given back.
 */
#include <mcapi.h>

#include "support/child.h"
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

static mcapi_uint_t get_count(mcapi_endpoint_t endpoint)
{
    mcapi_endp_attr_get_count_t count = 99;

    expect(MCAPI_SUCCESS, mcapi_endpoint_get_attribute(endpoint, MCAPI_ENDP_ATTR_GET_COUNT,
                                                       &count, sizeof count, &status));
    return count;
}

static mcapi_node_t get_source(mcapi_endpoint_t endpoint)
{
    mcapi_endp_attr_get_source_t source;

    expect(MCAPI_SUCCESS, mcapi_endpoint_get_attribute(endpoint, MCAPI_ENDP_ATTR_GET_SOURCE,
                                                       &source, sizeof source, &status));
    return source.node_id;
}

START_TEST(a_message_endpoint_is_got_any_number_of_times)
{
    mcapi_endpoint_t endpoint = create(7), found;

    ck_assert_uint_eq(get_source(endpoint), MCAPI_NODE_INVALID);
    for (mcapi_uint_t i = 0; i < 1000; i++) {
        ck_assert_uint_eq(get_count(endpoint), i);
        expect_status(MCAPI_SUCCESS, look_for(1, 7, &found));
    }
    ck_assert_uint_eq(get_source(endpoint), 1);
    expect(MCAPI_SUCCESS, mcapi_endpoint_release(endpoint, &status));
    ck_assert_uint_eq(get_count(endpoint), 999);
}
END_TEST

START_TEST(a_channel_endpoint_is_lent_to_one_at_a_time)
{
    static const uint32_t types[] = { MCAPI_ENDP_ATTR_TYPE_PKTCHAN,
                                      MCAPI_ENDP_ATTR_TYPE_SCLCHAN };
    mcapi_endpoint_t endpoint = create(7), found = 0;
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct act act = { .node = 1, .port = 7 };
    mcapi_request_t request;

    pair_set(NULL, endpoint, MCAPI_ENDP_ATTR_TYPE, types[_i]);
    child_do(other, act_get, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_uint_eq(get_source(endpoint), 2);
    expect_status(MCAPI_ERR_ENDP_GET_LIMIT, look_for(1, 7, &found));
    expect(MCAPI_ERR_ENDP_GET_LIMIT,
           mcapi_endpoint_get(0, 1, 7, MCAPI_TIMEOUT_INFINITE, &status));
    expect(MCAPI_ERR_ENDP_GET_LIMIT, mcapi_endpoint_get_i(0, 1, 7, &found, &request, &status));
    expect(MCAPI_ERR_ENDP_GET_LIMIT, mcapi_test(&request, NULL, &status));
    ck_assert_uint_eq(get_count(endpoint), 1);
    child_end(other);
    ck_assert_uint_eq(get_count(endpoint), 0);
    expect_status(MCAPI_SUCCESS, look_for(1, 7, &found));
}
END_TEST

START_TEST(a_released_channel_endpoint_can_be_got_again)
{
    mcapi_endpoint_t endpoint = create(7), found;

    pair_set(NULL, endpoint, MCAPI_ENDP_ATTR_TYPE, MCAPI_ENDP_ATTR_TYPE_PKTCHAN);
    for (int i = 0; i < 3; i++) {
        expect_status(MCAPI_SUCCESS, look_for(1, 7, &found));
        expect_status(MCAPI_ERR_ENDP_GET_LIMIT, look_for(1, 7, &found));
        expect(MCAPI_SUCCESS, mcapi_endpoint_release(endpoint, &status));
    }
}
END_TEST

START_TEST(a_disconnected_channel_endpoint_can_be_got_again)
{
    struct pair pair;
    mcapi_endpoint_t found;

    pair = (struct pair){ PACKETS, NULL, NULL, create(6), create(7) };
    pair_set(NULL, pair.receive, MCAPI_ENDP_ATTR_TYPE, MCAPI_ENDP_ATTR_TYPE_PKTCHAN);
    expect_status(MCAPI_SUCCESS, look_for(1, 7, &found));
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    expect_status(MCAPI_ERR_ENDP_GET_LIMIT, look_for(1, 7, &found));
    pair_close(&pair);
    ck_assert_uint_eq(get_count(pair.receive), 0);
    expect_status(MCAPI_SUCCESS, look_for(1, 7, &found));
}
END_TEST

START_TEST(only_who_has_got_an_endpoint_can_release_it)
{
    mcapi_endpoint_t endpoint = create(7), found;

    expect(MCAPI_ERR_ENDP_INVALID, mcapi_endpoint_release(endpoint, &status));
    expect_status(MCAPI_SUCCESS, look_for(1, 7, &found));
    expect(MCAPI_SUCCESS, mcapi_endpoint_release(endpoint, &status));
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_endpoint_release(endpoint, &status));
    delete (endpoint);
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_endpoint_release(endpoint, &status));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_message_endpoint_is_got_any_number_of_times, 1 },
        { a_channel_endpoint_is_lent_to_one_at_a_time, 2 },
        { a_released_channel_endpoint_can_be_got_again, 1 },
        { a_disconnected_channel_endpoint_can_be_got_again, 1 },
        { only_who_has_got_an_endpoint_can_release_it, 1 },
    };

    return suite_run_between("runtime/endpoint", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
