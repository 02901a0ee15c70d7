/* SPDX-License-Identifier: MIT */
/* check_ext_param.c - section 11: limits that mcapi_initialize gets with its parameters. */
#include "ext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "endpoints.h"

/* --- Initializing --------------------------------------------------------------- */

/* The calling thread becomes a node; what the topology is like comes in `info`. */
static mcapi_status_t joined(mcapi_node_t node, const mcapi_param_t *parameters,
                             mcapi_info_t *info)
{
    mcapi_status_t status = UNTOUCHED;

    memset(info, 0, sizeof *info);
    mcapi_initialize(DOMAIN, node, NULL, parameters, info, &status);
    return status;
}

static void left(void)
{
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
}

/* Limits by the name of their macro, and values below and above the default: not far above, as
 * they multiply to a topology's address space. */
static const struct limit {
    const char *name;
    size_t in_parameters, in_info;
    mcapi_uint_t usual, less, more, most;
} limits[] = {
#define LIMIT(name, field, less, more, most)                                                   \
    {                                                                                          \
#name, offsetof(mcapi_param_t, field), offsetof(impl_info_t, field), name, less, more, \
                most                                                                           \
    }
    LIMIT(MCAPI_MAX_MSG_SIZE, max_msg_size, 1, 10000, 1u << 30),
    LIMIT(MCAPI_MAX_PKT_SIZE, max_pkt_size, 1, 70000, 1u << 30),
    LIMIT(MCAPI_MAX_QUEUE_ELEMENTS, max_queue_elements, 1, 100, 1u << 20),
    LIMIT(MCAPI_MAX_BUFFERS, max_buffers, 1, 100, 1u << 20),
    LIMIT(MCAPI_MAX_ENDPOINTS, max_endpoints, 1, 300, 16384),
    LIMIT(MCA_MAX_REQUESTS, max_requests, 1, 1500, 1u << 20),
    LIMIT(MCAPI_MAX_NODES, max_nodes, 1, 600, 65535),
    LIMIT(MCAPI_MAX_CHANNELS, max_channels, 1, 1100, 1u << 20),
};

static void set_limit(mcapi_param_t *parameters, const struct limit *limit, mcapi_uint_t value)
{
    memcpy((char *)parameters + limit->in_parameters, &value, sizeof value);
}

static mcapi_uint_t limit_in_force(const mcapi_info_t *info, const struct limit *limit)
{
    mcapi_uint_t value;

    memcpy(&value, (const char *)&info->impl_info + limit->in_info, sizeof value);
    return value;
}

static void in_environment(const struct limit *limit, mcapi_uint_t value)
{
    char text[16];

    snprintf(text, sizeof text, "%u", value);
    expect_equal(0, setenv(limit->name, text, 1));
}

/* --- mcapi_param_init ----------------------------------------------------------- */

static void everything_is_filled(void)
{
    mcapi_param_t parameters, first;

    for (int round = 0; round < 3; round++) {
        memset(&parameters, round == 0 ? 0 : 0xff, sizeof parameters);
        if (round == 2) /* nothing changes when there is a node */
            nodes_begin(0);
        mcapi_param_init(NULL);
        mcapi_param_init(&parameters);
        if (round == 0)
            first = parameters;
        expect_true(memcmp(&parameters, &first, sizeof first) == 0);
    }
    expect_true(parameters.magic[0] != 0 || parameters.magic[1] != 0);
    expect_equal('\0', parameters.topology[0]);
    expect_equal(MCAPI_EXT_WAIT_DEFAULT, parameters.wait_policy);
    expect_equal(MCAPI_EXT_COMPAT_DEFAULT, parameters.compat);
    for (size_t i = 0; i < LENGTH(limits); i++) {
        mcapi_uint_t value;

        memcpy(&value, (const char *)&parameters + limits[i].in_parameters, sizeof value);
        expect_equal(0, value);
    }
    for (size_t i = 0; i < LENGTH(parameters.reserved); i++)
        expect_equal(0, parameters.reserved[i]);
    nodes_end();
}

static void what_is_filled_means_the_defaults(void)
{
    mcapi_param_t parameters;
    mcapi_info_t info;

    mcapi_param_init(&parameters);
    expect_status(MCAPI_SUCCESS, joined(OWN_NODE, &parameters, &info));
    for (size_t i = 0; i < LENGTH(limits); i++)
        expect_equal(limits[i].usual, limit_in_force(&info, &limits[i]));
    expect_true(strcmp(getenv("MCAPI_TOPOLOGY"), info.impl_info.topology) == 0);
    left();
}

static void what_is_not_set_is_left_to_the_environment(void)
{
    mcapi_param_t parameters;
    mcapi_info_t info;

    mcapi_param_init(&parameters);
    set_limit(&parameters, &limits[0], limits[0].less);
    for (size_t i = 0; i < LENGTH(limits); i++)
        in_environment(&limits[i], limits[i].more);
    expect_status(MCAPI_SUCCESS, joined(OWN_NODE, &parameters, &info));
    expect_equal(limits[0].less, limit_in_force(&info, &limits[0]));
    for (size_t i = 1; i < LENGTH(limits); i++)
        expect_equal(limits[i].more, limit_in_force(&info, &limits[i]));
    left();
}

/* --- What counts ---------------------------------------------------------------- */

/* From the largest number of channels on: a library may keep what it has once made for them. */
static void a_limit_counts_and_not_the_environment(void)
{
    for (size_t i = LENGTH(limits); i-- > 0;) {
        const mcapi_uint_t values[] = { limits[i].more, limits[i].less };

        in_environment(&limits[i], limits[i].usual / 2);
        for (size_t j = 0; j < LENGTH(values); j++) {
            mcapi_param_t parameters;
            mcapi_info_t info;

            mcapi_param_init(&parameters);
            set_limit(&parameters, &limits[i], values[j]);
            expect_status(MCAPI_SUCCESS, joined(OWN_NODE, &parameters, &info));
            expect_equal(values[j], limit_in_force(&info, &limits[i]));
            for (size_t k = 0; k < i; k++) /* no other is touched */
                expect_equal(limits[k].usual, limit_in_force(&info, &limits[k]));
            left();
        }
    }
}

/* What makes no sense there is not even looked at. */
static void a_limit_counts_whatever_the_environment_says(void)
{
    mcapi_param_t parameters;
    mcapi_info_t info;

    mcapi_param_init(&parameters);
    for (size_t i = 0; i < LENGTH(limits); i++) {
        expect_equal(0, setenv(limits[i].name, i % 2 == 0 ? "many" : "0", 1));
        set_limit(&parameters, &limits[i], limits[i].more);
    }
    expect_status(MCAPI_SUCCESS, joined(OWN_NODE, &parameters, &info));
    for (size_t i = 0; i < LENGTH(limits); i++)
        expect_equal(limits[i].more, limit_in_force(&info, &limits[i]));
    left();
}

/* node, pointer: an mcapi_param_t, or NULL -> status, bytes: the limits in force */
static void do_join(struct call *call)
{
    mcapi_info_t info;

    call->status = joined(call->node, call->pointer, &info);
    memcpy(call->bytes, &info.impl_info, sizeof info.impl_info);
}

static void who_joins_finds_the_limits_of_the_first(void)
{
    mcapi_param_t *parameters = shared_memory(3 * sizeof *parameters);
    struct call call = { 0 };
    mcapi_info_t info;

    for (int i = 0; i < 3; i++)
        mcapi_param_init(&parameters[i]);
    for (size_t i = 0; i < LENGTH(limits); i++) {
        set_limit(&parameters[0], &limits[i], limits[i].usual + 3);
        set_limit(&parameters[2], &limits[i], limits[i].less);
    }
    nodes_begin_bare(3);
    expect_status(MCAPI_SUCCESS, joined(OWN_NODE, &parameters[0], &info));
    for (int i = 0; i < 3; i++) { /* without parameters, with the defaults, with others */
        call.pointer = i == 0 ? NULL : &parameters[i];
        call.node = 50 + (mcapi_node_t)i;
        call = ask(peer(i), do_join, call);
        expect_status(MCAPI_SUCCESS, call.status);
        memcpy(&info.impl_info, call.bytes, sizeof info.impl_info);
        for (size_t j = 0; j < LENGTH(limits); j++)
            expect_equal(limits[j].usual + 3, limit_in_force(&info, &limits[j]));
    }
    for (int i = 0; i < 3; i++)
        expect_status(MCAPI_SUCCESS, ask(peer(i), do_finalize, call).status);
    nodes_end();
}

/* --- What a limit limits -------------------------------------------------------- */

/* We make the topology, with these parameters; peers join it with none. */
static void nodes_begin_with(const mcapi_param_t *parameters, int peers)
{
    mcapi_info_t info;

    nodes_begin_bare(peers);
    expect_status(MCAPI_SUCCESS, joined(OWN_NODE, parameters, &info));
    for (int i = 0; variant() != ONE_NODE && i < peers; i++) {
        struct call call = { .domain = DOMAIN, .node = peer_node(peer(i)) };

        expect_status(MCAPI_SUCCESS, ask(peer(i), do_initialize, call).status);
    }
}

static void sizes_are_limited(void)
{
    mcapi_param_t parameters;
    struct channel channel;
    struct call call = { 0 };

    mcapi_param_init(&parameters);
    parameters.max_msg_size = 100;
    parameters.max_pkt_size = 200;
    nodes_begin_with(&parameters, 1);
    call.endpoint = create_at(peer(0), 1);
    call.other = create(2);
    call.size = 100;
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_msg_send, call).status);
    call.size = 101;
    expect_status(MCAPI_ERR_MSG_LIMIT, ask(peer(0), do_msg_send, call).status);
    channel = packets_open(peer(0), NULL);
    call.endpoint = channel.send;
    call.size = 200;
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_pkt_send, call).status);
    call.size = 201;
    expect_status(MCAPI_ERR_PKT_LIMIT, ask(peer(0), do_pkt_send, call).status);
    expect_status(MCAPI_ERR_PKT_LIMIT, ask(peer(0), do_buffer_take, call).status);
    nodes_end();
}

static void depths_are_limited(void)
{
    mcapi_param_t parameters;
    struct channel channel;

    mcapi_param_init(&parameters);
    parameters.max_queue_elements = 5;
    parameters.max_buffers = 3;
    nodes_begin_with(&parameters, 1);
    for (int i = 0; i < 2; i++) {
        const struct kind *kind = i == 0 ? &packets : &scalars;
        const uint32_t depth = i == 0 ? 3 : 5;

        channel = channel_made(peer(0), NULL);
        channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
        channel_join(kind, &channel);
        channel_fill(kind, &channel, 1, depth);
        expect_status(MCAPI_TIMEOUT, channel_put(kind, &channel, 9));
        channel_drain(kind, &channel, 1, depth);
    }
    nodes_end();
}

static void endpoints_and_requests_are_limited(void)
{
    mcapi_param_t parameters;
    mcapi_request_t requests[5];
    mcapi_endpoint_t endpoints[5];

    mcapi_param_init(&parameters);
    parameters.max_endpoints = 3;
    parameters.max_requests = 4;
    nodes_begin_with(&parameters, 0);
    for (mcapi_port_t port = 0; port < 3; port++)
        create(port);
    expect(MCAPI_ERR_ENDP_LIMIT, mcapi_endpoint_create(3, &status));
    for (mcapi_port_t i = 0; i < 5; i++)
        expect(i < 4 ? MCAPI_SUCCESS : MCAPI_ERR_REQUEST_LIMIT,
               mcapi_endpoint_get_i(DOMAIN, 99, i, &endpoints[i], &requests[i], &status));
    nodes_end();
}

static void nodes_and_channels_are_limited(void)
{
    mcapi_param_t parameters;
    struct channel channel;
    struct call call = { .domain = DOMAIN, .node = 70 };

    mcapi_param_init(&parameters);
    parameters.max_nodes = 2;
    parameters.max_channels = 2;
    nodes_begin_bare(2);
    expect_status(MCAPI_SUCCESS, joined(OWN_NODE, &parameters, &(mcapi_info_t){ 0 }));
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_initialize, call).status);
    call.node++;
    expect_status(MCAPI_ERR_NODE_INITFAILED, ask(peer(1), do_initialize, call).status);
    packets_open(NULL, peer(0));
    scalars_open(NULL, peer(0));
    channel = channel_made(NULL, peer(0));
    call.endpoint = channel.send;
    call.other = channel.recv;
    expect_status(MCAPI_ERR_MEM_LIMIT, ask(NULL, do_pkt_connect, call).status);
    nodes_end();
}

/* --- What there is not ---------------------------------------------------------- */

/* With one line on stderr, and no node. */
static void is_refused(const mcapi_param_t *parameters)
{
    char text[512];
    mcapi_info_t info;
    long then = printed_so_far();
    size_t length;

    expect_status(MCAPI_ERR_NODE_INITFAILED, joined(OWN_NODE, parameters, &info));
    length = printed_since(then, text, sizeof text);
    expect_true(length > 10);
    expect_true(strchr(text, '\n') == text + length - 1);
    expect_equal(MCAPI_NODE_INVALID, who());
}

static void a_limit_that_is_too_large_is_refused(void)
{
    mcapi_param_t parameters;
    mcapi_info_t info;

    for (size_t i = 0; i < LENGTH(limits); i++) {
        mcapi_param_init(&parameters);
        set_limit(&parameters, &limits[i], limits[i].most + 1);
        is_refused(&parameters);
        set_limit(&parameters, &limits[i], UINT32_MAX);
        is_refused(&parameters);
    }
    mcapi_param_init(&parameters);
    expect_status(MCAPI_SUCCESS, joined(OWN_NODE, &parameters, &info));
    left();
}

static void a_choice_that_there_is_not_is_refused(void)
{
    static const mcapi_uint_t wrong[] = { 4, 5, 99, UINT32_MAX };
    mcapi_param_t parameters;
    mcapi_info_t info;

    for (size_t i = 0; i < LENGTH(wrong); i++) {
        mcapi_param_init(&parameters);
        parameters.wait_policy = wrong[i];
        is_refused(&parameters);
        mcapi_param_init(&parameters);
        parameters.compat = wrong[i];
        is_refused(&parameters);
    }
    mcapi_param_init(&parameters);
    expect_status(MCAPI_SUCCESS, joined(OWN_NODE, &parameters, &info));
    left();
}

static const struct test tests[] = {
    TEST(everything_is_filled, ALONE, "11.7"),
    TEST(what_is_filled_means_the_defaults, ALONE, "11.8 11.9"),
    TEST(what_is_not_set_is_left_to_the_environment, ALONE, "11.8 11.14"),
    TEST(a_limit_counts_and_not_the_environment, ALONE, "11.13"),
    TEST(a_limit_counts_whatever_the_environment_says, ALONE, "11.13"),
    TEST(who_joins_finds_the_limits_of_the_first, BETWEEN_NODES, "11.15"),
    TEST(sizes_are_limited, ANYWHERE, "11.13"),
    TEST(depths_are_limited, ANYWHERE, "11.13"),
    TEST(endpoints_and_requests_are_limited, ALONE, "11.13"),
    TEST(nodes_and_channels_are_limited, BETWEEN_NODES, "11.13"),
    TEST(a_limit_that_is_too_large_is_refused, ALONE, "11.16"),
    TEST(a_choice_that_there_is_not_is_refused, ALONE, "11.16"),
};

CHAPTER(ext_param, tests);
