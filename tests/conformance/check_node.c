/* SPDX-License-Identifier: MIT */
/* check_node.c - section 4: initialize and finalize, who one is, the info, attributes. */
#include "endpoints.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

/* --- Who one is ------------------------------------------------------------------- */

static void a_node_knows_who_it_is(void)
{
    expect_status(MCAPI_SUCCESS, initialize(7, 42));
    expect(MCAPI_SUCCESS, expect_equal(7, mcapi_domain_id_get(&status)));
    expect(MCAPI_SUCCESS, expect_equal(42, mcapi_node_id_get(&status)));
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
}

static void peers_know_who_they_are(void)
{
    nodes_begin(3);
    for (int i = 0; i < 3; i++) {
        struct call call = { 0 };

        at(peer(i), do_who, &call);
        expect_status(MCAPI_SUCCESS, call.status);
        expect_equal(peer_node(peer(i)), call.node);
    }
    expect_equal(OWN_NODE, who());
    nodes_end();
}

static void who_is_no_node_is_told_so(void)
{
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_domain_id_get(&status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_node_id_get(&status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_finalize(&status));
    expect_status(MCAPI_SUCCESS, initialize(DOMAIN, OWN_NODE));
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_finalize(&status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_domain_id_get(&status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_node_id_get(&status));
}

/* --- Numbers ---------------------------------------------------------------------- */

static void numbers_up_to_the_largest_are_legal(void)
{
    static const unsigned numbers[][2] = { { 0, 0 },
                                           { MCAPI_MAX_DOMAIN, 0 },
                                           { 0, MCAPI_MAX_NODE },
                                           { MCAPI_MAX_DOMAIN, MCAPI_MAX_NODE } };

    for (size_t i = 0; i < LENGTH(numbers); i++) {
        expect_status(MCAPI_SUCCESS, initialize(numbers[i][0], numbers[i][1]));
        expect(MCAPI_SUCCESS, expect_equal(numbers[i][0], mcapi_domain_id_get(&status)));
        expect(MCAPI_SUCCESS, expect_equal(numbers[i][1], mcapi_node_id_get(&status)));
        expect(MCAPI_SUCCESS, mcapi_finalize(&status));
    }
}

static void larger_numbers_are_not(void)
{
    static const unsigned beyond[] = { 1, 2, 1000 };

    for (size_t i = 0; i < LENGTH(beyond); i++) {
        expect_status(MCAPI_ERR_DOMAIN_INVALID, initialize(MCAPI_MAX_DOMAIN + beyond[i], 1));
        expect_status(MCAPI_ERR_NODE_INVALID, initialize(1, MCAPI_MAX_NODE + beyond[i]));
    }
    expect_status(MCAPI_ERR_DOMAIN_INVALID, initialize(MCAPI_DOMAIN_INVALID, 1));
    expect_status(MCAPI_ERR_NODE_INVALID, initialize(1, MCAPI_NODE_INVALID));
    expect_status(MCAPI_ERR_NODE_INVALID, initialize(1, 0x80000000u));
    expect_equal(MCAPI_NODE_INVALID, who());
}

static void one_number_in_two_domains_is_two_nodes(void)
{
    struct call call = { .domain = DOMAIN + 1, .node = OWN_NODE, .port = 5 };
    mcapi_endpoint_t own;

    nodes_begin_bare(1);
    expect_status(MCAPI_SUCCESS, initialize(DOMAIN, OWN_NODE));
    at(peer(0), do_initialize, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    own = create(5);
    at(peer(0), do_create, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_true(own != call.endpoint);
    expect(MCAPI_SUCCESS, expect_equal(call.endpoint, mcapi_endpoint_get(DOMAIN + 1, OWN_NODE,
                                                                         5, 0, &status)));
    expect(MCAPI_SUCCESS,
           expect_equal(own, mcapi_endpoint_get(DOMAIN, OWN_NODE, 5, 0, &status)));
    nodes_end();
}

/* --- Refused ---------------------------------------------------------------------- */

static void a_node_needs_a_place_for_the_info(void)
{
    expect(MCAPI_ERR_PARAMETER, mcapi_initialize(DOMAIN, OWN_NODE, NULL, NULL, NULL, &status));
    expect(MCAPI_ERR_PARAMETER, /* pointers come before numbers */
           mcapi_initialize(MCAPI_DOMAIN_INVALID, OWN_NODE, NULL, NULL, NULL, &status));
    expect_equal(MCAPI_NODE_INVALID, who());
}

static void a_thread_is_one_node_at_a_time(void)
{
    nodes_begin(0);
    expect_status(MCAPI_ERR_NODE_INITIALIZED, initialize(DOMAIN, OWN_NODE));
    expect_status(MCAPI_ERR_NODE_INITIALIZED, initialize(DOMAIN, OWN_NODE + 1));
    expect_status(MCAPI_ERR_NODE_INITIALIZED, initialize(DOMAIN + 1, OWN_NODE));
    expect_equal(OWN_NODE, who());
    create(5);
    expect_true(is_there(OWN_NODE, 5));
    nodes_end();
}

static void a_live_number_is_taken(void)
{
    struct call call = { .domain = DOMAIN, .node = OWN_NODE };

    nodes_begin_bare(2);
    expect_status(MCAPI_SUCCESS, initialize(DOMAIN, OWN_NODE));
    at(peer(0), do_initialize, &call);
    expect_status(MCAPI_ERR_NODE_INITIALIZED, call.status);
    call.node = 5;
    at(peer(0), do_initialize, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    at(peer(1), do_initialize, &call);
    expect_status(MCAPI_ERR_NODE_INITIALIZED, call.status);
    at(peer(0), do_finalize, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    at(peer(1), do_initialize, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    nodes_end();
}

/* --- Initialize failed ------------------------------------------------------------ */

/* With something in the way, which the line on stderr names; then without. */
static void fails_and_says_why(void (*obstruct)(void), void (*clear)(void), const char *why)
{
    long from = printed_so_far();
    char text[2048];
    mcapi_status_t failed;
    size_t length;

    obstruct();
    failed = initialize(DOMAIN, OWN_NODE);
    clear();
    if (failed == MCAPI_SUCCESS)
        skip("this library starts all the same");
    length = printed_since(from, text, sizeof text);
    expect_status(MCAPI_ERR_NODE_INITFAILED, failed);
    expect_true(length > 1 && text[length - 1] == '\n');
    expect_true(strchr(text, '\n') == text + length - 1); /* one line */
    expect_true(strstr(text, why) != NULL);
    expect_equal(MCAPI_NODE_INVALID, who());
    expect_status(MCAPI_SUCCESS, initialize(DOMAIN, OWN_NODE));
    create(5);
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
}

static struct rlimit files_before;

static void no_more_files(void)
{
    struct rlimit none;

    expect_true(getrlimit(RLIMIT_NOFILE, &files_before) == 0);
    none = files_before;
    none.rlim_cur = 3;
    expect_true(setrlimit(RLIMIT_NOFILE, &none) == 0);
}

static void files_again(void)
{
    expect_true(setrlimit(RLIMIT_NOFILE, &files_before) == 0);
}

static void without_files_initialize_fails(void)
{
    fails_and_says_why(no_more_files, files_again, strerror(EMFILE));
}

static struct rlimit memory_before;

static void no_more_memory(void)
{
    struct rlimit little;

    expect_true(getrlimit(RLIMIT_AS, &memory_before) == 0);
    little = memory_before;
    little.rlim_cur = 1 << 20;
    expect_true(setrlimit(RLIMIT_AS, &little) == 0);
}

static void memory_again(void)
{
    expect_true(setrlimit(RLIMIT_AS, &memory_before) == 0);
}

static void without_memory_initialize_fails(void)
{
    fails_and_says_why(no_more_memory, memory_again, "memory");
}

/* --- Parameters and info ---------------------------------------------------------- */

static void without_parameters_there_are_defaults(void)
{
    mcapi_info_t info;

    expect(MCAPI_SUCCESS, mcapi_initialize(DOMAIN, 1, NULL, NULL, &info, &status));
    create(5);
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
}

/* A peer with defaults finds us, so that we are where it is, and have the usual limits. */
static void parameters_that_nobody_filled_are_not_read(void)
{
    static const int patterns[] = { 0x00, 0x01, 0x5a, 0xff };
    struct call call = { .domain = DOMAIN, .node = OWN_NODE, .port = 5 };
    mcapi_param_t parameters;
    mcapi_info_t info;

    nodes_begin_bare(1);
    for (size_t i = 0; i < LENGTH(patterns); i++) {
        memset(&parameters, patterns[i], sizeof parameters);
        expect(MCAPI_SUCCESS,
               mcapi_initialize(DOMAIN, OWN_NODE, NULL, &parameters, &info, &status));
        for (mcapi_port_t port = 0; port < MCAPI_MAX_ENDPOINTS; port++)
            create(port);
        expect(MCAPI_ERR_ENDP_LIMIT, mcapi_endpoint_create(MCAPI_MAX_ENDPOINTS, &status));
        call.node = OWN_NODE + 1;
        at(peer(0), do_initialize, &call);
        expect_status(MCAPI_SUCCESS, call.status);
        call.node = OWN_NODE;
        at(peer(0), do_get, &call);
        expect_status(MCAPI_SUCCESS, call.status);
        at(peer(0), do_finalize, &call);
        expect(MCAPI_SUCCESS, mcapi_finalize(&status));
    }
    nodes_end();
}

static mcapi_info_t told(mcapi_domain_t domain, mcapi_node_t node, int pattern)
{
    mcapi_info_t info;

    memset(&info, pattern, sizeof info);
    expect(MCAPI_SUCCESS, mcapi_initialize(domain, node, NULL, NULL, &info, &status));
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
    return info;
}

/* What it tells does not depend on what was there before. */
static void the_info_is_filled(void)
{
    mcapi_info_t one = told(DOMAIN, 1, 0x5a), other = told(DOMAIN, 1, 0xa5);

    expect_equal(MCAPI_VERSION, one.mcapi_version);
    expect_equal(MCAPI_VERSION, other.mcapi_version);
    expect_equal(one.organization_id, other.organization_id);
    expect_equal(one.implementation_version, other.implementation_version);
    expect_equal(1, one.number_of_domains);
    expect_equal(1, one.number_of_nodes);
    expect_equal(MCAPI_MAX_PORT - MCAPI_MIN_PORT + 1 - MCAPI_NUM_RESERVED_PORTS,
                 one.number_of_ports);
}

/* Bytes that are alike in both were written. */
static void the_info_has_a_part_of_the_implementation(void)
{
    mcapi_info_t one = told(DOMAIN, 1, 0x5a), other = told(DOMAIN, 1, 0xa5);
    const unsigned char *of_one = (const unsigned char *)&one.impl_info;
    const unsigned char *of_other = (const unsigned char *)&other.impl_info;
    size_t written = 0;

    for (size_t i = 0; i < sizeof(impl_info_t); i++)
        written += of_one[i] == of_other[i];
    expect_true(written > 0);
}

static void the_info_counts_what_lives(void)
{
    struct call call = { .domain = DOMAIN, .node = 5 };
    mcapi_info_t info;

    nodes_begin_bare(3);
    at(peer(0), do_initialize, &call);
    call.node = 6;
    at(peer(1), do_initialize, &call);
    call.domain = DOMAIN + 3;
    at(peer(2), do_initialize, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    info = told(DOMAIN, OWN_NODE, 0);
    expect_equal(3, info.number_of_nodes);
    expect_equal(2, info.number_of_domains);
    info = told(DOMAIN + 3, OWN_NODE, 0);
    expect_equal(2, info.number_of_nodes);
    expect_equal(2, info.number_of_domains);
    info = told(DOMAIN + 9, OWN_NODE, 0);
    expect_equal(1, info.number_of_nodes);
    expect_equal(3, info.number_of_domains);
    at(peer(1), do_finalize, &call);
    at(peer(2), do_finalize, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    info = told(DOMAIN, OWN_NODE, 0);
    expect_equal(2, info.number_of_nodes);
    expect_equal(1, info.number_of_domains);
    nodes_end();
}

/* --- Attributes ------------------------------------------------------------------- */

static void do_read_type(struct call *call)
{
    mcapi_node_attr_type_t type = 0;

    call->status = UNTOUCHED;
    mcapi_node_get_attribute(call->domain, call->node, MCAPI_NODE_ATTR_TYPE, &type, sizeof type,
                             &call->status);
    call->word = type;
}

static void initialize_with_type(mcapi_node_attr_type_t type)
{
    mcapi_node_attributes_t attributes;
    mcapi_info_t info;

    memset(&attributes, 0xa5, sizeof attributes);
    expect(MCAPI_SUCCESS, mcapi_node_init_attributes(&attributes, &status));
    expect(MCAPI_SUCCESS, mcapi_node_set_attribute(&attributes, MCAPI_NODE_ATTR_TYPE, &type,
                                                   sizeof type, &status));
    expect(MCAPI_SUCCESS,
           mcapi_initialize(DOMAIN, OWN_NODE, &attributes, NULL, &info, &status));
}

static void expect_type(struct peer *peer, mcapi_node_t node, mcapi_node_attr_type_t type)
{
    struct call call = { .domain = DOMAIN, .node = node };

    at(peer, do_read_type, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_equal(type, call.word);
}

static void a_node_is_regular_unless_it_says_so(void)
{
    mcapi_node_attributes_t attributes;
    mcapi_info_t info;

    expect_equal(0, MCAPI_NODE_ATTR_TYPE_REGULAR);
    expect_status(MCAPI_SUCCESS, initialize(DOMAIN, OWN_NODE));
    expect_type(NULL, OWN_NODE, MCAPI_NODE_ATTR_TYPE_REGULAR);
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
    memset(&attributes, 0xa5, sizeof attributes);
    expect(MCAPI_SUCCESS, mcapi_node_init_attributes(&attributes, &status));
    expect(MCAPI_SUCCESS,
           mcapi_initialize(DOMAIN, OWN_NODE, &attributes, NULL, &info, &status));
    expect_type(NULL, OWN_NODE, MCAPI_NODE_ATTR_TYPE_REGULAR);
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
}

static void any_type_is_kept_and_read_by_all(void)
{
    static const mcapi_node_attr_type_t types[] = { 1, 1234, 0x80000000u, ~0u };
    struct call call = { .domain = DOMAIN, .node = OWN_NODE + 1 };

    nodes_begin_bare(1);
    at(peer(0), do_initialize, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    for (size_t i = 0; i < LENGTH(types); i++) {
        initialize_with_type(types[i]);
        expect_type(NULL, OWN_NODE, types[i]);
        expect_type(peer(0), OWN_NODE, types[i]);
        expect_type(NULL, OWN_NODE + 1, MCAPI_NODE_ATTR_TYPE_REGULAR);
        expect_type(peer(0), OWN_NODE + 1, MCAPI_NODE_ATTR_TYPE_REGULAR);
        expect(MCAPI_SUCCESS, mcapi_finalize(&status));
    }
    nodes_end();
}

static void only_live_nodes_have_attributes(void)
{
    mcapi_node_attr_type_t type = 99;

#define READ(domain, node) \
    mcapi_node_get_attribute(domain, node, MCAPI_NODE_ATTR_TYPE, &type, sizeof type, &status)
    nodes_begin(1);
    expect(MCAPI_ERR_DOMAIN_INVALID, READ(DOMAIN + 5, OWN_NODE));
    expect(MCAPI_ERR_DOMAIN_INVALID, READ(MCAPI_DOMAIN_INVALID, OWN_NODE));
    expect(MCAPI_ERR_DOMAIN_INVALID, READ(MCAPI_MAX_DOMAIN + 1, OWN_NODE));
    expect(MCAPI_ERR_NODE_INVALID, READ(DOMAIN, OWN_NODE + 50));
    expect(MCAPI_ERR_NODE_INVALID, READ(DOMAIN, MCAPI_NODE_INVALID));
    expect(MCAPI_ERR_NODE_INVALID, READ(DOMAIN, MCAPI_MAX_NODE + 1));
    expect_equal(99, type);
    if (variant() != ONE_NODE) {
        struct call call = { 0 };

        expect(MCAPI_SUCCESS, READ(DOMAIN, peer_node(peer(0))));
        type = 99;
        at(peer(0), do_finalize, &call);
        expect_status(MCAPI_SUCCESS, call.status);
        expect(MCAPI_ERR_NODE_INVALID, READ(DOMAIN, peer_node(peer(0))));
        expect_equal(99, type);
    }
    nodes_end();
#undef READ
}

static void unknown_attributes_are_not_supported(void)
{
    static const mcapi_uint_t numbers[] = { 1, 42, 63, 64, 92, 1000, ~0u };
    mcapi_node_attributes_t attributes;
    mcapi_uint_t value = 99;

    nodes_begin(0);
    expect(MCAPI_SUCCESS, mcapi_node_init_attributes(&attributes, &status));
    for (size_t i = 0; i < LENGTH(numbers); i++) {
        expect(MCAPI_ERR_ATTR_NOTSUPPORTED,
               mcapi_node_get_attribute(DOMAIN, OWN_NODE, numbers[i], &value, sizeof value,
                                        &status));
        expect(MCAPI_ERR_ATTR_NOTSUPPORTED,
               mcapi_node_set_attribute(&attributes, numbers[i], &value, sizeof value,
                                        &status));
    }
    expect_equal(99, value);
    nodes_end();
}

static void an_attribute_of_a_node_has_one_size(void)
{
    static const size_t sizes[] = { 0, 1, 3, 5, 8, SIZE_MAX };
    mcapi_node_attributes_t attributes;
    mcapi_info_t info;
    uint64_t value = 99;

    expect(MCAPI_SUCCESS, mcapi_node_init_attributes(&attributes, &status));
    for (size_t i = 0; i < LENGTH(sizes); i++)
        expect(MCAPI_ERR_ATTR_SIZE, mcapi_node_set_attribute(&attributes, MCAPI_NODE_ATTR_TYPE,
                                                             &value, sizes[i], &status));
    expect(MCAPI_SUCCESS,
           mcapi_initialize(DOMAIN, OWN_NODE, &attributes, NULL, &info, &status));
    for (size_t i = 0; i < LENGTH(sizes); i++)
        expect(MCAPI_ERR_ATTR_SIZE,
               mcapi_node_get_attribute(DOMAIN, OWN_NODE, MCAPI_NODE_ATTR_TYPE, &value,
                                        sizes[i], &status));
    expect_equal(99, value);
    expect_type(NULL, OWN_NODE, MCAPI_NODE_ATTR_TYPE_REGULAR);
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
}

static void attributes_of_a_node_need_their_pointers(void)
{
    mcapi_node_attributes_t attributes;
    mcapi_uint_t value = 1;

    expect(MCAPI_ERR_PARAMETER, mcapi_node_init_attributes(NULL, &status));
    expect(MCAPI_ERR_PARAMETER,
           mcapi_node_set_attribute(NULL, MCAPI_NODE_ATTR_TYPE, &value, sizeof value, &status));
    expect(MCAPI_SUCCESS, mcapi_node_init_attributes(&attributes, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_node_set_attribute(&attributes, MCAPI_NODE_ATTR_TYPE,
                                                         NULL, sizeof value, &status));
    nodes_begin(0);
    expect(MCAPI_ERR_PARAMETER, mcapi_node_get_attribute(DOMAIN, OWN_NODE, MCAPI_NODE_ATTR_TYPE,
                                                         NULL, sizeof value, &status));
    nodes_end();
}

/* --- Order of checks, and no status ----------------------------------------------- */

/* For each check, a call with that mistake and all later ones. */
static void node_calls_check_in_one_order(void)
{
    mcapi_uint_t value = 99;

    expect(MCAPI_ERR_NODE_NOTINIT,
           mcapi_node_get_attribute(99, MCAPI_NODE_INVALID, 42, NULL, 1, &status));
    nodes_begin(0);
    expect(MCAPI_ERR_PARAMETER,
           mcapi_node_get_attribute(99, MCAPI_NODE_INVALID, 42, NULL, 1, &status));
    expect(MCAPI_ERR_DOMAIN_INVALID,
           mcapi_node_get_attribute(99, MCAPI_NODE_INVALID, 42, &value, 1, &status));
    expect(MCAPI_ERR_NODE_INVALID,
           mcapi_node_get_attribute(DOMAIN, MCAPI_NODE_INVALID, 42, &value, 1, &status));
    expect(MCAPI_ERR_ATTR_NOTSUPPORTED,
           mcapi_node_get_attribute(DOMAIN, OWN_NODE, 42, &value, 1, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_initialize(MCAPI_DOMAIN_INVALID, MCAPI_NODE_INVALID, NULL,
                                                 NULL, NULL, &status));
    expect_status(MCAPI_ERR_DOMAIN_INVALID, initialize(MCAPI_DOMAIN_INVALID, OWN_NODE));
    expect_status(MCAPI_ERR_NODE_INVALID, initialize(DOMAIN, MCAPI_NODE_INVALID));
    expect_equal(99, value);
    nodes_end();
}

static void without_a_status_no_node_call_does_anything(void)
{
    mcapi_node_attributes_t attributes, before;
    mcapi_node_attr_type_t type = 99;
    mcapi_info_t info;

    mcapi_initialize(DOMAIN, OWN_NODE, NULL, NULL, &info, NULL);
    expect_equal(MCAPI_NODE_INVALID, who());
    memset(&attributes, 0xa5, sizeof attributes);
    before = attributes;
    mcapi_node_init_attributes(&attributes, NULL);
    expect_true(memcmp(&attributes, &before, sizeof attributes) == 0);
    expect(MCAPI_SUCCESS, mcapi_node_init_attributes(&attributes, &status));
    before = attributes;
    mcapi_node_set_attribute(&attributes, MCAPI_NODE_ATTR_TYPE, &type, sizeof type, NULL);
    expect_true(memcmp(&attributes, &before, sizeof attributes) == 0);
    nodes_begin(0);
    mcapi_node_get_attribute(DOMAIN, OWN_NODE, MCAPI_NODE_ATTR_TYPE, &type, sizeof type, NULL);
    expect_equal(99, type);
    mcapi_domain_id_get(NULL);
    mcapi_node_id_get(NULL);
    mcapi_finalize(NULL);
    expect_equal(OWN_NODE, who());
    nodes_end();
}

static const struct test tests[] = {
    TEST(a_node_knows_who_it_is, ALONE, "4.1 4.2"),
    TEST(peers_know_who_they_are, ANYWHERE, "4.1 4.2 4.3 4.4"),
    TEST(who_is_no_node_is_told_so, ALONE, "4.39 4.40"),
    TEST(numbers_up_to_the_largest_are_legal, ALONE, "4.18"),
    TEST(larger_numbers_are_not, ALONE, "4.16 4.17"),
    TEST(one_number_in_two_domains_is_two_nodes, BETWEEN_NODES, "4.50"),
    TEST(a_node_needs_a_place_for_the_info, ALONE, "4.19 3.6"),
    TEST(a_thread_is_one_node_at_a_time, ALONE, "4.14 3.9"),
    TEST(a_live_number_is_taken, BETWEEN_NODES, "4.15"),
    TEST(without_files_initialize_fails, ALONE, "4.20 4.21 4.22"),
    TEST(without_memory_initialize_fails, ALONE, "4.20 4.21 4.22"),
    TEST(without_parameters_there_are_defaults, ALONE, "4.23"),
    TEST(parameters_that_nobody_filled_are_not_read, BETWEEN_NODES, "4.24"),
    TEST(the_info_is_filled, ALONE, "4.25 4.26 4.27 4.28"),
    TEST(the_info_has_a_part_of_the_implementation, ALONE, "4.29"),
    TEST(the_info_counts_what_lives, BETWEEN_NODES, "4.26 4.27"),
    TEST(a_node_is_regular_unless_it_says_so, ALONE, "4.30 4.23"),
    TEST(any_type_is_kept_and_read_by_all, BETWEEN_NODES, "4.31 4.32 4.38"),
    TEST(only_live_nodes_have_attributes, ANYWHERE, "4.33 4.34 3.9"),
    TEST(unknown_attributes_are_not_supported, ALONE, "4.35 3.9"),
    TEST(an_attribute_of_a_node_has_one_size, ALONE, "4.36 3.9"),
    TEST(attributes_of_a_node_need_their_pointers, ALONE, "4.37"),
    TEST(node_calls_check_in_one_order, ALONE, "3.5 3.6 3.7"),
    TEST(without_a_status_no_node_call_does_anything, ALONE, "3.4"),
};
CHAPTER(node, tests);
