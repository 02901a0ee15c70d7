/* SPDX-License-Identifier: MIT */
/*
 * check_mcapi_node.c - nodes: initialize, finalize, identities, node attributes.
 */
#include <mcapi.h>
#include <mcapi_ext.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/child.h"
#include "support/expect.h"
#include "support/suite.h"
#include "support/topology.h"

static mcapi_status_t initialize(mcapi_domain_t domain, mcapi_node_t node)
{
    mcapi_status_t status = STATUS_UNTOUCHED;
    mcapi_info_t info;

    mcapi_initialize(domain, node, NULL, NULL, &info, &status);
    return status;
}

START_TEST(a_node_knows_who_it_is)
{
    join(7, 42);
    expect(MCAPI_SUCCESS, ck_assert_uint_eq(mcapi_domain_id_get(&status), 7));
    expect(MCAPI_SUCCESS, ck_assert_uint_eq(mcapi_node_id_get(&status), 42));
    leave();
}
END_TEST

START_TEST(the_largest_numbers_are_legal_and_one_more_is_not)
{
    expect_status(MCAPI_ERR_DOMAIN_INVALID, initialize(MCAPI_MAX_DOMAIN + 1, 1));
    expect_status(MCAPI_ERR_DOMAIN_INVALID, initialize(MCAPI_DOMAIN_INVALID, 1));
    expect_status(MCAPI_ERR_NODE_INVALID, initialize(1, MCAPI_MAX_NODE + 1));
    expect_status(MCAPI_ERR_NODE_INVALID, initialize(1, MCAPI_NODE_INVALID));
    join(MCAPI_MAX_DOMAIN, MCAPI_MAX_NODE);
    leave();
    join(0, 0);
    leave();
}
END_TEST

START_TEST(without_a_place_for_the_info_there_is_no_node)
{
    expect(MCAPI_ERR_PARAMETER, mcapi_initialize(0, 1, NULL, NULL, NULL, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_finalize(&status));
}
END_TEST

START_TEST(who_is_no_node_is_told_so)
{
    expect(MCAPI_ERR_NODE_NOTINIT,
           ck_assert_uint_eq(mcapi_domain_id_get(&status), MCAPI_DOMAIN_INVALID));
    expect(MCAPI_ERR_NODE_NOTINIT,
           ck_assert_uint_eq(mcapi_node_id_get(&status), MCAPI_NODE_INVALID));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_finalize(&status));
}
END_TEST

START_TEST(a_second_finalize_finds_no_node)
{
    join(0, 1);
    leave();
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_finalize(&status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_endpoint_create(1, &status));
}
END_TEST

START_TEST(a_finalize_leaves_errno_alone)
{
    join(0, 1);
    expect(MCAPI_SUCCESS, mcapi_endpoint_create(1, &status));
    errno = ERANGE;
    leave();
    ck_assert_int_eq(errno, ERANGE);
}
END_TEST

START_TEST(a_thread_is_one_node_at_a_time)
{
    join(0, 1);
    expect_status(MCAPI_ERR_NODE_INITIALIZED, initialize(0, 2));
    expect_status(MCAPI_ERR_NODE_INITIALIZED, initialize(0, 1));
    expect(MCAPI_SUCCESS, ck_assert_uint_eq(mcapi_node_id_get(&status), 1));
    leave();
    join(0, 2);
    leave();
}
END_TEST

START_TEST(a_node_can_come_again_a_hundred_times)
{
    for (int i = 0; i < 100; i++) {
        join(0, 1);
        expect(MCAPI_SUCCESS, mcapi_endpoint_create(1, &status));
        leave();
    }
}
END_TEST

START_TEST(two_live_nodes_have_different_names)
{
    struct act act = { .node = 1 };
    struct child *other;

    join(0, 1);
    other = child_start_bare(_i);
    child_do(other, act_initialize, &act);
    expect_status(MCAPI_ERR_NODE_INITIALIZED, act.status);
    act.domain = 1;
    child_do(other, act_initialize, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    child_end(other);
    leave();
}
END_TEST

START_TEST(a_name_is_free_again_when_its_node_is_finalized)
{
    struct act act = { .node = 9 };
    struct child *first, *second;

    join(0, 1);
    first = child_start(_i, 9);
    second = child_start_bare(_i);
    child_do(second, act_initialize, &act);
    expect_status(MCAPI_ERR_NODE_INITIALIZED, act.status);
    child_do(first, act_finalize, &act);
    act.node = 9;
    child_do(second, act_initialize, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    child_end(first);
    child_end(second);
    leave();
}
END_TEST

/* --- Info ------------------------------------------------------------------------------- */

START_TEST(the_info_is_filled)
{
    mcapi_info_t info;

    memset(&info, 0xa5, sizeof info);
    expect(MCAPI_SUCCESS, mcapi_initialize(0, 1, NULL, NULL, &info, &status));
    ck_assert_uint_eq(info.mcapi_version, MCAPI_VERSION);
    ck_assert_uint_ne(info.implementation_version, 0);
    ck_assert_uint_ne(info.implementation_version, 0xa5a5a5a5);
    ck_assert_uint_ne(info.organization_id, 0xa5a5a5a5);
    ck_assert_uint_eq(info.number_of_domains, 1);
    ck_assert_uint_eq(info.number_of_nodes, 1);
    ck_assert_uint_eq(info.number_of_ports, MCAPI_MAX_PORT + 1);
    ck_assert_str_eq(info.impl_info.topology, getenv("MCAPI_TOPOLOGY"));
    ck_assert_uint_eq(info.impl_info.max_msg_size, MCAPI_MAX_MSG_SIZE);
    ck_assert_uint_eq(info.impl_info.max_pkt_size, MCAPI_MAX_PKT_SIZE);
    ck_assert_uint_eq(info.impl_info.max_queue_elements, MCAPI_MAX_QUEUE_ELEMENTS);
    ck_assert_uint_eq(info.impl_info.max_buffers, MCAPI_MAX_BUFFERS);
    ck_assert_uint_eq(info.impl_info.max_endpoints, MCAPI_MAX_ENDPOINTS);
    ck_assert_uint_eq(info.impl_info.max_requests, MCA_MAX_REQUESTS);
    ck_assert_uint_eq(info.impl_info.max_nodes, MCAPI_MAX_NODES);
    ck_assert_uint_eq(info.impl_info.max_channels, MCAPI_MAX_CHANNELS);
    leave();
}
END_TEST

START_TEST(the_info_counts_live_nodes_of_the_domain)
{
    mcapi_info_t info;
    struct child *near = NULL, *far;
    struct act act = { .domain = 3, .node = 5 };

    far = child_start_bare(CHILD_PROCESS);
    child_do(far, act_initialize, &act);
    near = child_start(CHILD_PROCESS, 5);
    expect(MCAPI_SUCCESS, mcapi_initialize(0, 1, NULL, NULL, &info, &status));
    ck_assert_uint_eq(info.number_of_nodes, 2);
    ck_assert_uint_eq(info.number_of_domains, 2);
    leave();
    child_end(near);
    expect(MCAPI_SUCCESS, mcapi_initialize(0, 1, NULL, NULL, &info, &status));
    ck_assert_uint_eq(info.number_of_nodes, 1);
    child_end(far);
    leave();
}
END_TEST

START_TEST(parameters_that_nobody_filled_mean_the_defaults)
{
    mcapi_node_attributes_t attributes;
    mcapi_param_t parameters;
    mcapi_info_t info;
    mcapi_node_attr_type_t type = 77;

    memset(&attributes, 0xff, sizeof attributes);
    memset(&parameters, 0x5a, sizeof parameters);
    expect(MCAPI_SUCCESS, mcapi_initialize(0, 1, &attributes, &parameters, &info, &status));
    ck_assert_str_eq(info.impl_info.topology, getenv("MCAPI_TOPOLOGY"));
    expect(MCAPI_SUCCESS,
           mcapi_node_get_attribute(0, 1, MCAPI_NODE_ATTR_TYPE, &type, sizeof type, &status));
    ck_assert_uint_eq(type, MCAPI_NODE_ATTR_TYPE_REGULAR);
    leave();
}
END_TEST

START_TEST(parameters_name_the_topology_and_its_limits)
{
    mcapi_param_t parameters;
    mcapi_info_t info;

    mcapi_param_init(&parameters);
    strcpy(parameters.topology, "named-by-parameter");
    parameters.max_endpoints = 3;
    parameters.max_requests = 5;
    expect(MCAPI_SUCCESS, mcapi_initialize(0, 1, NULL, &parameters, &info, &status));
    ck_assert_str_eq(info.impl_info.topology, "named-by-parameter");
    ck_assert_uint_eq(info.impl_info.max_endpoints, 3);
    ck_assert_uint_eq(info.impl_info.max_requests, 5);
    for (mcapi_port_t port = 0; port < 3; port++)
        expect(MCAPI_SUCCESS, mcapi_endpoint_create(port, &status));
    expect(MCAPI_ERR_ENDP_LIMIT, mcapi_endpoint_create(3, &status));
    leave();
}
END_TEST

/* --- Attributes -------------------------------------------------------------------------- */

static mcapi_status_t get_type(mcapi_domain_t domain, mcapi_node_t node, mcapi_uint_t *type)
{
    mcapi_status_t status = STATUS_UNTOUCHED;

    mcapi_node_get_attribute(domain, node, MCAPI_NODE_ATTR_TYPE, type, sizeof *type, &status);
    return status;
}

static void act_get_type(struct act *act)
{
    mcapi_uint_t type = 0;

    act->status = get_type(act->domain, act->node, &type);
    act->word = type;
}

START_TEST(the_type_of_a_node_is_read_by_every_node)
{
    mcapi_node_attributes_t attributes;
    mcapi_node_attr_type_t type = 1234;
    mcapi_info_t info;
    struct child *other;
    struct act act = { .node = 1 };

    expect(MCAPI_SUCCESS, mcapi_node_init_attributes(&attributes, &status));
    expect(MCAPI_SUCCESS, mcapi_node_set_attribute(&attributes, MCAPI_NODE_ATTR_TYPE, &type,
                                                   sizeof type, &status));
    expect(MCAPI_SUCCESS, mcapi_initialize(0, 1, &attributes, NULL, &info, &status));
    other = child_start(_i, 2);
    child_do(other, act_get_type, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_uint_eq(act.word, 1234);
    expect_status(MCAPI_SUCCESS, get_type(0, 2, &type));
    ck_assert_uint_eq(type, MCAPI_NODE_ATTR_TYPE_REGULAR);
    child_end(other);
    leave();
}
END_TEST

START_TEST(attributes_are_asked_of_live_nodes_only)
{
    mcapi_uint_t type = 99;

    expect_status(MCAPI_ERR_NODE_NOTINIT, get_type(0, 1, &type));
    join(0, 1);
    expect_status(MCAPI_ERR_DOMAIN_INVALID, get_type(5, 1, &type));
    expect_status(MCAPI_ERR_NODE_INVALID, get_type(0, 2, &type));
    expect_status(MCAPI_ERR_DOMAIN_INVALID, get_type(MCAPI_DOMAIN_INVALID, 1, &type));
    expect_status(MCAPI_ERR_NODE_INVALID, get_type(0, MCAPI_NODE_INVALID, &type));
    ck_assert_uint_eq(type, 99);
    leave();
}
END_TEST

START_TEST(unknown_node_attributes_are_not_supported)
{
    static const mcapi_uint_t numbers[] = { 1, 42, 63, 64, 92, ~0u };
    mcapi_node_attributes_t attributes;
    mcapi_uint_t value = 99;

    join(0, 1);
    expect(MCAPI_SUCCESS, mcapi_node_init_attributes(&attributes, &status));
    for (size_t i = 0; i < SUITE_LENGTH(numbers); i++) {
        expect(MCAPI_ERR_ATTR_NOTSUPPORTED,
               mcapi_node_get_attribute(0, 1, numbers[i], &value, sizeof value, &status));
        expect(MCAPI_ERR_ATTR_NOTSUPPORTED,
               mcapi_node_set_attribute(&attributes, numbers[i], &value, sizeof value,
                                        &status));
    }
    ck_assert_uint_eq(value, 99);
    leave();
}
END_TEST

START_TEST(a_node_attribute_has_one_size)
{
    static const size_t sizes[] = { 0, 1, 3, 5, 8, SIZE_MAX };
    mcapi_node_attributes_t attributes;
    uint64_t value = 99;

    join(0, 1);
    expect(MCAPI_SUCCESS, mcapi_node_init_attributes(&attributes, &status));
    for (size_t i = 0; i < SUITE_LENGTH(sizes); i++) {
        expect(MCAPI_ERR_ATTR_SIZE,
               mcapi_node_get_attribute(0, 1, MCAPI_NODE_ATTR_TYPE, &value, sizes[i], &status));
        expect(MCAPI_ERR_ATTR_SIZE, mcapi_node_set_attribute(&attributes, MCAPI_NODE_ATTR_TYPE,
                                                             &value, sizes[i], &status));
    }
    ck_assert_uint_eq(value, 99);
    leave();
}
END_TEST

START_TEST(attributes_need_their_pointers)
{
    mcapi_node_attributes_t attributes;
    mcapi_uint_t value = 1;

    memset(&attributes, 0, sizeof attributes);
    expect(MCAPI_ERR_PARAMETER, mcapi_node_init_attributes(NULL, &status));
    expect(MCAPI_ERR_PARAMETER,
           mcapi_node_set_attribute(NULL, MCAPI_NODE_ATTR_TYPE, &value, 4, &status));
    expect(MCAPI_ERR_PARAMETER, /* never filled */
           mcapi_node_set_attribute(&attributes, MCAPI_NODE_ATTR_TYPE, &value, 4, &status));
    mcapi_node_init_attributes(&attributes, NULL);
    ck_assert_uint_eq(attributes.magic[0], 0);
    expect(MCAPI_SUCCESS, mcapi_node_init_attributes(&attributes, &status));
    expect(MCAPI_ERR_PARAMETER,
           mcapi_node_set_attribute(&attributes, MCAPI_NODE_ATTR_TYPE, NULL, 4, &status));
    join(0, 1);
    expect(MCAPI_ERR_PARAMETER,
           mcapi_node_get_attribute(0, 1, MCAPI_NODE_ATTR_TYPE, NULL, 4, &status));
    leave();
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_node_knows_who_it_is, 1 },
        { the_largest_numbers_are_legal_and_one_more_is_not, 1 },
        { without_a_place_for_the_info_there_is_no_node, 1 },
        { who_is_no_node_is_told_so, 1 },
        { a_second_finalize_finds_no_node, 1 },
        { a_finalize_leaves_errno_alone, 1 },
        { a_thread_is_one_node_at_a_time, 1 },
        { a_node_can_come_again_a_hundred_times, 1 },
        { two_live_nodes_have_different_names, CHILD_KINDS },
        { a_name_is_free_again_when_its_node_is_finalized, CHILD_KINDS },
        { the_info_is_filled, 1 },
        { the_info_counts_live_nodes_of_the_domain, 1 },
        { parameters_that_nobody_filled_mean_the_defaults, 1 },
        { parameters_name_the_topology_and_its_limits, 1 },
        { the_type_of_a_node_is_read_by_every_node, CHILD_KINDS },
        { attributes_are_asked_of_live_nodes_only, 1 },
        { unknown_node_attributes_are_not_supported, 1 },
        { a_node_attribute_has_one_size, 1 },
        { attributes_need_their_pointers, 1 },
    };

    return suite_run_between("api/mcapi_node", topology_begin, topology_end, tests,
                             SUITE_LENGTH(tests));
}
