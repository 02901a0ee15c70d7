/* SPDX-License-Identifier: MIT */
/*
 * check_settings.c - limits and choices by environment and by parameter.
 */
#include <mcapi.h>
#include <mcapi_ext.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/child.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

static mcapi_status_t initialize(const mcapi_param_t *parameters, mcapi_info_t *info)
{
    mcapi_status_t status = STATUS_UNTOUCHED;

    mcapi_initialize(0, 1, NULL, parameters, info, &status);
    return status;
}

/* What the library says on stderr while a node cannot be initialized. */
static void expect_reason(const char *words)
{
    mcapi_info_t info;
    char said[2048] = "";
    int saved = dup(STDERR_FILENO);
    FILE *file = tmpfile();

    ck_assert_ptr_nonnull(file);
    fflush(stderr);
    dup2(fileno(file), STDERR_FILENO);
    mcapi_status_t status = initialize(NULL, &info);

    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    said[fread(said, 1, sizeof said - 1, file)] = '\0';
    fclose(file);
    expect_status(MCAPI_ERR_NODE_INITFAILED, status);
    ck_assert_msg(strstr(said, words) != NULL, "not in '%s': %s", said, words);
    ck_assert_ptr_eq(strchr(said, '\n'), said + strlen(said) - 1); /* one line */
}

START_TEST(a_limit_comes_from_the_environment)
{
    mcapi_info_t info;

    setenv("MCAPI_MAX_ENDPOINTS", "5", 1);
    setenv("MCA_MAX_REQUESTS", "6", 1);
    setenv("MCAPI_MAX_PKT_SIZE", "700", 1);
    setenv("MCAPI_MAX_BUFFERS", "8", 1);
    setenv("MCAPI_MAX_QUEUE_ELEMENTS", "9", 1);
    setenv("MCAPI_MAX_NODES", "2", 1);
    setenv("MCAPI_MAX_CHANNELS", "3", 1);
    setenv("MCAPI_MAX_MSG_SIZE", "100", 1);
    expect_status(MCAPI_SUCCESS, initialize(NULL, &info));
    ck_assert_uint_eq(info.impl_info.max_endpoints, 5);
    ck_assert_uint_eq(info.impl_info.max_requests, 6);
    ck_assert_uint_eq(info.impl_info.max_pkt_size, 700);
    ck_assert_uint_eq(info.impl_info.max_buffers, 8);
    ck_assert_uint_eq(info.impl_info.max_queue_elements, 9);
    ck_assert_uint_eq(info.impl_info.max_nodes, 2);
    ck_assert_uint_eq(info.impl_info.max_channels, 3);
    ck_assert_uint_eq(info.impl_info.max_msg_size, 100);
    leave();
}
END_TEST

START_TEST(limits_hold)
{
    static char bytes[701];
    mcapi_endpoint_t found;
    mcapi_request_t request;
    struct child *other;
    struct act act = { .node = 3 };
    struct pair pair[2];

    setenv("MCAPI_MAX_ENDPOINTS", "5", 1);
    setenv("MCA_MAX_REQUESTS", "6", 1);
    setenv("MCAPI_MAX_PKT_SIZE", "700", 1);
    setenv("MCAPI_MAX_BUFFERS", "8", 1);
    setenv("MCAPI_MAX_NODES", "2", 1);
    setenv("MCAPI_MAX_CHANNELS", "1", 1);
    join(0, 1);
    child_start(CHILD_PROCESS, 2);
    other = child_start_bare(CHILD_THREAD);
    child_do(other, act_initialize, &act);
    expect_status(MCAPI_ERR_NODE_INITFAILED, act.status);
    pair[0] = pair_open(PACKETS, NULL, NULL);
    pair[1] = pair_create(PACKETS, NULL, NULL);
    expect(MCAPI_ERR_MEM_LIMIT,
           mcapi_pktchan_connect_i(pair[1].send, pair[1].receive, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_create_anonymous_endpoint(&status));
    expect(MCAPI_ERR_ENDP_LIMIT, mcapi_create_anonymous_endpoint(&status));
    expect(MCAPI_ERR_PKT_LIMIT, mcapi_pktchan_send(pair[0].send, bytes, 701, &status));
    for (int i = 0; i < 8; i++)
        expect(MCAPI_SUCCESS,
               mcapi_pktchan_send_i(pair[0].send, bytes, 700, &request, &status));
    expect(MCAPI_ERR_MEM_LIMIT,
           mcapi_pktchan_send_i(pair[0].send, bytes, 700, &request, &status));
    for (int i = 0; i < 6; i++)
        expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(0, 1, 7, &found, &request, &status));
    expect(MCAPI_ERR_REQUEST_LIMIT, mcapi_endpoint_get_i(0, 1, 7, &found, &request, &status));
    child_end_all();
    leave();
}
END_TEST

START_TEST(the_parameter_goes_before_the_environment)
{
    mcapi_param_t parameters;
    mcapi_info_t info;

    setenv("MCAPI_MAX_ENDPOINTS", "5", 1);
    setenv("MCAPI_MAX_BUFFERS", "5", 1);
    mcapi_param_init(&parameters);
    parameters.max_endpoints = 50;
    expect_status(MCAPI_SUCCESS, initialize(&parameters, &info));
    ck_assert_uint_eq(info.impl_info.max_endpoints, 50);
    ck_assert_uint_eq(info.impl_info.max_buffers, 5);
    leave();
}
END_TEST

static void act_report_limit(struct act *act)
{
    mcapi_info_t info;

    setenv("MCAPI_MAX_ENDPOINTS", "100", 1);
    mcapi_initialize(0, 2, NULL, NULL, &info, &act->status);
    act->count = info.impl_info.max_endpoints;
}

START_TEST(the_limits_are_those_of_the_node_that_made_the_topology)
{
    struct child *other = child_start_bare(CHILD_PROCESS);
    struct act act = { .count = 0 };

    setenv("MCAPI_MAX_ENDPOINTS", "5", 1);
    join(0, 1);
    child_do(other, act_report_limit, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_uint_eq(act.count, 5);
    child_end(other);
    leave();
}
END_TEST

START_TEST(an_impossible_limit_is_named)
{
    static const struct {
        const char *name, *value;
    } cases[] = {
        { "MCAPI_MAX_ENDPOINTS", "0" },      { "MCAPI_MAX_ENDPOINTS", "-1" },
        { "MCAPI_MAX_ENDPOINTS", "many" },   { "MCAPI_MAX_ENDPOINTS", "5 or so" },
        { "MCAPI_MAX_ENDPOINTS", "999999" }, { "MCAPI_MAX_BUFFERS", "99999999999999999999" },
        { "MCAPI_WAIT", "patiently" },       { "MCAPI_COMPAT", "everything" },
    };

    for (size_t i = 0; i < SUITE_LENGTH(cases); i++) {
        setenv(cases[i].name, cases[i].value, 1);
        expect_reason(cases[i].name);
        unsetenv(cases[i].name);
    }
}
END_TEST

START_TEST(an_impossible_name_of_a_topology_is_named)
{
    static const char *const names[] = { ".hidden", "with/slash", "with space" };

    for (size_t i = 0; i < SUITE_LENGTH(names); i++) {
        setenv("MCAPI_TOPOLOGY", names[i], 1);
        expect_reason(names[i]);
    }
}
END_TEST

START_TEST(one_process_is_in_one_topology)
{
    struct child *other;
    struct act act = { .node = 2 };

    join(0, 1);
    other = child_start_bare(CHILD_THREAD);
    setenv("MCAPI_TOPOLOGY", "somewhere-else", 1);
    child_do(other, act_initialize, &act);
    expect_status(MCAPI_ERR_NODE_INITFAILED, act.status);
    child_end(other);
    leave();
}
END_TEST

START_TEST(two_topologies_know_nothing_of_each_other)
{
    struct child *other;
    struct act act = { .node = 1, .port = 7 };

    join(0, 1);
    setenv("MCAPI_TOPOLOGY", "the-other-one", 1);
    other = child_start(CHILD_PROCESS, 1);
    child_do(other, act_create, &act);
    expect(MCAPI_TIMEOUT, mcapi_endpoint_get(0, 1, 7, MCAPI_TIMEOUT_IMMEDIATE, &status));
    child_end(other);
    leave();
}
END_TEST

/* --- Profiles --------------------------------------------------------------------- */

static void begin_profile(const char *name)
{
    setenv("MCAPI_COMPAT", name, 1);
    join(0, 1);
}

START_TEST(the_reference_profile_never_waits_for_room)
{
    struct pair pair;
    mcapi_request_t request;
    size_t size;

    begin_profile("reference");
    pair = pair_open(PACKETS, NULL, NULL);
    for (int i = 0; i < MCAPI_MAX_BUFFERS; i++)
        expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
    expect_status(MCAPI_ERR_MEM_LIMIT, pair_send_status(&pair));
    expect(MCAPI_SUCCESS, mcapi_pktchan_send_i(pair.send, "x", 1, &request, &status));
    expect(MCAPI_ERR_MEM_LIMIT, ck_assert(mcapi_test(&request, &size, &status)));
    leave();
}
END_TEST

START_TEST(the_reference_profile_consumes_a_scalar_of_the_wrong_width)
{
    struct pair pair;

    begin_profile("reference");
    pair = pair_open(SCALARS, NULL, NULL);
    pair_send_word(&pair, 1);
    pair_send_word(&pair, 2);
    expect(MCAPI_ERR_SCL_SIZE, mcapi_sclchan_recv_uint8(pair.receive, &status));
    pair_expect_word(&pair, 2);
    leave();
}
END_TEST

START_TEST(the_reference_profile_tests_without_pending)
{
    mcapi_endpoint_t found;
    mcapi_request_t request;

    begin_profile("reference");
    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(0, 1, 7, &found, &request, &status));
    expect(MCAPI_SUCCESS, ck_assert(!mcapi_test(&request, NULL, &status)));
    leave();
}
END_TEST

START_TEST(the_reference_profile_opens_and_closes_without_the_other_end)
{
    struct child *other;
    struct pair pair;
    struct act act = { .kind = PACKETS };

    begin_profile("reference");
    other = child_start(CHILD_PROCESS, 2);
    pair = pair_create(PACKETS, NULL, other);
    pair_connect(&pair);
    act.endpoint = pair.send;
    child_do(NULL, act_open_send, &act);
    expect(MCAPI_SUCCESS, ck_assert(mcapi_test(&act.request, NULL, &status)));
    act.endpoint = pair.send;
    child_do(NULL, act_close_send, &act);
    expect(MCAPI_SUCCESS, ck_assert(mcapi_test(&act.request, NULL, &status)));
    child_end(other);
    leave();
}
END_TEST

START_TEST(the_document_profile_says_pending)
{
    mcapi_endpoint_t found;
    mcapi_request_t request;
    size_t size;

    begin_profile("document");
    expect(MCAPI_PENDING, mcapi_endpoint_get_i(0, 1, 7, &found, &request, &status));
    expect(MCAPI_PENDING, ck_assert(!mcapi_test(&request, NULL, &status)));
    expect(MCAPI_TIMEOUT, ck_assert(!mcapi_wait(&request, NULL, 0, &status)));
    expect(MCAPI_SUCCESS, mcapi_endpoint_create(7, &status));
    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(0, 1, 7, &found, &request, &status));
    expect(MCAPI_SUCCESS, ck_assert(mcapi_test(&request, NULL, &status)));
    request = 0;
    expect(MCAPI_ERR_REQUEST_INVALID, ck_assert(!mcapi_test(&request, &size, &status)));
    expect(MCAPI_ERR_REQUEST_INVALID, ck_assert(!mcapi_wait(&request, &size, 0, &status)));
    leave();
}
END_TEST

START_TEST(the_document_profile_opens_and_closes_with_the_other_end)
{
    struct act open = { .kind = PACKETS }, close = { .kind = PACKETS };
    struct pair pair;

    begin_profile("document");
    pair = pair_create(PACKETS, NULL, NULL);
    pair_connect(&pair);
    open.endpoint = close.endpoint = pair.send;
    child_do(NULL, act_open_send, &open);
    expect_status(MCAPI_PENDING, open.status);
    expect(MCAPI_PENDING, mcapi_test(&open.request, NULL, &status));
    open.endpoint = pair.receive;
    mcapi_request_t first = open.request;

    child_do(NULL, act_open_receive, &open);
    expect_status(MCAPI_SUCCESS, open.status);
    expect(MCAPI_SUCCESS, mcapi_test(&first, NULL, &status));
    child_do(NULL, act_close_send, &close);
    expect_status(MCAPI_PENDING, close.status);
    first = close.request;
    close.endpoint = pair.receive;
    child_do(NULL, act_close_receive, &close);
    expect_status(MCAPI_SUCCESS, close.status);
    expect(MCAPI_SUCCESS, mcapi_test(&first, NULL, &status));
    leave();
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_limit_comes_from_the_environment, 1 },
        { limits_hold, 1 },
        { the_parameter_goes_before_the_environment, 1 },
        { the_limits_are_those_of_the_node_that_made_the_topology, 1 },
        { an_impossible_limit_is_named, 1 },
        { an_impossible_name_of_a_topology_is_named, 1 },
        { one_process_is_in_one_topology, 1 },
        { two_topologies_know_nothing_of_each_other, 1 },
        { the_reference_profile_never_waits_for_room, 1 },
        { the_reference_profile_consumes_a_scalar_of_the_wrong_width, 1 },
        { the_reference_profile_tests_without_pending, 1 },
        { the_reference_profile_opens_and_closes_without_the_other_end, 1 },
        { the_document_profile_says_pending, 1 },
        { the_document_profile_opens_and_closes_with_the_other_end, 1 },
    };

    return suite_run_between("runtime/settings", topology_begin, topology_end, tests,
                             SUITE_LENGTH(tests));
}
