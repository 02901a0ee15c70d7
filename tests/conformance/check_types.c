/* SPDX-License-Identifier: MIT */
/*
 * check_types.c - sections 2 and 3: types, constants, and the list of statuses.
 *
 * No other header of the library than mcapi.h is included here, and every function that the
 * standard has is named.
 */
#include "endpoints.h"

#include <stdio.h>
#include <string.h>

#define SAME_TYPE(one, other) expect_true(__builtin_types_compatible_p(one, other))

/* --- Types ------------------------------------------------------------------------ */

static void integers_are_plain_c_types(void)
{
    SAME_TYPE(mca_int_t, int);
    SAME_TYPE(mca_int8_t, char);
    SAME_TYPE(mca_int16_t, short);
    SAME_TYPE(mca_int32_t, int);
    SAME_TYPE(mca_int64_t, long long);
    SAME_TYPE(mca_uint_t, unsigned int);
    SAME_TYPE(mca_uint8_t, unsigned char);
    SAME_TYPE(mca_uint16_t, unsigned short);
    SAME_TYPE(mca_uint32_t, unsigned int);
    SAME_TYPE(mca_uint64_t, unsigned long long);
}

static void integers_have_twins(void)
{
    SAME_TYPE(mcapi_int_t, mca_int_t);
    SAME_TYPE(mcapi_int8_t, mca_int8_t);
    SAME_TYPE(mcapi_int16_t, mca_int16_t);
    SAME_TYPE(mcapi_int32_t, mca_int32_t);
    SAME_TYPE(mcapi_int64_t, mca_int64_t);
    SAME_TYPE(mcapi_uint_t, mca_uint_t);
    SAME_TYPE(mcapi_uint8_t, mca_uint8_t);
    SAME_TYPE(mcapi_uint16_t, mca_uint16_t);
    SAME_TYPE(mcapi_uint32_t, mca_uint32_t);
    SAME_TYPE(mcapi_uint64_t, mca_uint64_t);
}

static void booleans_are_bytes(void)
{
    SAME_TYPE(mca_boolean_t, unsigned char);
    SAME_TYPE(mcapi_boolean_t, unsigned char);
    expect_equal(1, MCA_TRUE);
    expect_equal(0, MCA_FALSE);
    expect_equal(1, MCAPI_TRUE);
    expect_equal(0, MCAPI_FALSE);
}

static void numbers_are_unsigned(void)
{
    SAME_TYPE(mca_domain_t, unsigned int);
    SAME_TYPE(mca_node_t, unsigned int);
    SAME_TYPE(mca_status_t, unsigned int);
    SAME_TYPE(mca_timeout_t, unsigned int);
    SAME_TYPE(mcapi_domain_t, unsigned int);
    SAME_TYPE(mcapi_node_t, unsigned int);
    SAME_TYPE(mcapi_status_t, unsigned int);
    SAME_TYPE(mcapi_timeout_t, unsigned int);
}

static void ports_and_priorities_are_unsigned(void)
{
    SAME_TYPE(mcapi_port_t, unsigned int);
    SAME_TYPE(mcapi_priority_t, unsigned int);
}

#define IS_UINT32(type)                     \
    do {                                    \
        type one = (type)~0u, other = one;  \
        expect_equal(4, sizeof(type));      \
        expect_true(one == 0xffffffffu);    \
        expect_true(one == other);          \
        expect_true(one / 2 == 0x7fffffff); \
    } while (0)

static void handles_are_numbers_of_32_bits(void)
{
    IS_UINT32(mcapi_endpoint_t);
    IS_UINT32(mcapi_pktchan_recv_hndl_t);
    IS_UINT32(mcapi_pktchan_send_hndl_t);
    IS_UINT32(mcapi_sclchan_recv_hndl_t);
    IS_UINT32(mcapi_sclchan_send_hndl_t);
}

static void requests_are_numbers_of_32_bits(void)
{
    IS_UINT32(mca_request_t);
    SAME_TYPE(mca_request_t, mcapi_request_t);
}

static void structs_have_their_fields(void)
{
    mcapi_info_t info;

    SAME_TYPE(__typeof__(info.mcapi_version), mcapi_uint_t);
    SAME_TYPE(__typeof__(info.organization_id), mcapi_uint_t);
    SAME_TYPE(__typeof__(info.implementation_version), mcapi_uint_t);
    SAME_TYPE(__typeof__(info.number_of_domains), mcapi_uint_t);
    SAME_TYPE(__typeof__(info.number_of_nodes), mcapi_uint_t);
    SAME_TYPE(__typeof__(info.number_of_ports), mcapi_uint_t);
    SAME_TYPE(__typeof__(info.impl_info), impl_info_t);
    /* As a class of its own, which no scalar is: 12 in gcc and clang. */
    expect_equal(12, __builtin_classify_type(*(mcapi_param_t *)NULL));
    expect_equal(12, __builtin_classify_type(*(mcapi_node_attributes_t *)NULL));
    expect_equal(12, __builtin_classify_type(*(impl_info_t *)NULL));
}

static void types_of_attributes_are_those_published(void)
{
    mcapi_endp_attr_get_source_t source = { 0 };

    SAME_TYPE(mcapi_node_attr_type_t, mcapi_uint_t);
    SAME_TYPE(mcapi_endp_attr_type_t, mcapi_uint_t);
    SAME_TYPE(mcapi_endp_attr_get_count_t, mcapi_uint_t);
    SAME_TYPE(mcapi_endp_attr_max_payload_size_t, mcapi_int_t);
    SAME_TYPE(mcapi_endp_attr_buffer_type_t, mcapi_uint_t);
    SAME_TYPE(mcapi_endp_attr_memory_type_t, mcapi_uint_t);
    SAME_TYPE(mcapi_endp_attr_num_priorities_t, mcapi_int_t);
    SAME_TYPE(mcapi_endp_attr_priority_t, mcapi_uint_t);
    SAME_TYPE(mcapi_endp_attr_num_send_buffers_t, mcapi_int_t);
    SAME_TYPE(mcapi_endp_attr_num_recv_buffers_t, mcapi_uint_t);
    SAME_TYPE(mcapi_endp_attr_status_t, mcapi_uint_t);
    SAME_TYPE(mcapi_endp_attr_timeout_t, mcapi_timeout_t);
    SAME_TYPE(__typeof__(source.domain_id), mcapi_domain_t);
    SAME_TYPE(__typeof__(source.node_id), mcapi_node_t);
}

/* --- Constants -------------------------------------------------------------------- */

static void constants_have_their_values(void)
{
    expect_equal(0, MCAPI_NULL);
    expect_equal(~0u, MCAPI_PORT_ANY);
    expect_equal(~0u, MCAPI_NODE_INVALID);
    expect_equal(~0u, MCAPI_DOMAIN_INVALID);
    expect_equal(~0u, MCAPI_RETURN_VALUE_INVALID);
    expect_equal(~0u, MCA_INFINITE);
    expect_equal(~0u, MCAPI_TIMEOUT_INFINITE);
    expect_equal(~0u, MCAPI_INFINITE);
    expect_equal(0, MCAPI_TIMEOUT_IMMEDIATE);
    expect_equal(32, MCAPI_MAX_STATUS_MSG_LEN);
    expect_equal(32, MCAPI_MAX_STATUS_SIZE);
    expect_equal(2015, MCAPI_VERSION);
}

static void the_highest_priority_is_0(void)
{
    expect_equal(0, MCAPI_MAX_PRORITY);
}

static void the_lowest_priority_has_a_name(void)
{
#ifdef MCAPI_MIN_PRORITY
    expect_equal(MCAPI_MAX_PRIORITY, MCAPI_MIN_PRORITY);
#else
    expect_true(!"MCAPI_MIN_PRORITY is defined");
#endif
}

static int of_published_form(MCAPI_IN char *in, MCAPI_OUT char *out)
{
    SAME_TYPE(__typeof__(in), const char *);
    SAME_TYPE(__typeof__(out), char *);
    *out = *in;
    return *out;
}

static void in_is_const_and_out_is_nothing(void)
{
    char out = 0;

    expect_equal('x', of_published_form("x", &out));
}

static void declarations_can_be_aligned(void)
{
    struct {
        char before;
        char buffer[3] MCAPI_DECL_ALIGNED;
    } object;

    expect_true(MCAPI_BUF_ALIGN > 0 && (MCAPI_BUF_ALIGN & (MCAPI_BUF_ALIGN - 1)) == 0);
    expect_equal(0, (uintptr_t)object.buffer % MCAPI_BUF_ALIGN);
}

static void limits_have_every_name_in_use(void)
{
    static const struct {
        const char *name;
        uint64_t value, same_as;
    } limits[] = {
        { "MCAPI_MAX_MSG_SIZE", MCAPI_MAX_MSG_SIZE, MCAPI_MAX_MSG_SIZE },
#ifdef MCAPI_MAX_MESSAGE_SIZE
        { "MCAPI_MAX_MESSAGE_SIZE", MCAPI_MAX_MESSAGE_SIZE, MCAPI_MAX_MSG_SIZE },
#else
        { "MCAPI_MAX_MESSAGE_SIZE", 0, 0 },
#endif
        { "MCAPI_MAX_PKT_SIZE", MCAPI_MAX_PKT_SIZE, MCAPI_MAX_PKT_SIZE },
#ifdef MCAPI_MAX_PACKET_SIZE
        { "MCAPI_MAX_PACKET_SIZE", MCAPI_MAX_PACKET_SIZE, MCAPI_MAX_PKT_SIZE },
#else
        { "MCAPI_MAX_PACKET_SIZE", 0, 0 },
#endif
        { "MCAPI_MAX_QUEUE_ELEMENTS", MCAPI_MAX_QUEUE_ELEMENTS, MCAPI_MAX_QUEUE_ELEMENTS },
#ifdef MAX_QUEUE_ELEMENTS
        { "MAX_QUEUE_ELEMENTS", MAX_QUEUE_ELEMENTS, MCAPI_MAX_QUEUE_ELEMENTS },
#else
        { "MAX_QUEUE_ELEMENTS", 0, 0 },
#endif
        { "MCAPI_MAX_BUFFERS", MCAPI_MAX_BUFFERS, MCAPI_MAX_BUFFERS },
        { "MCAPI_MAX_ENDPOINTS", MCAPI_MAX_ENDPOINTS, MCAPI_MAX_ENDPOINTS },
        { "MCA_MAX_REQUESTS", MCA_MAX_REQUESTS, MCA_MAX_REQUESTS },
        { "MCAPI_MAX_PRIORITY", MCAPI_MAX_PRIORITY, MCAPI_MAX_PRIORITY },
        { "MCAPI_MAX_DOMAIN", MCAPI_MAX_DOMAIN, MCAPI_MAX_DOMAIN },
        { "MCAPI_MAX_NODE", MCAPI_MAX_NODE, MCAPI_MAX_NODE },
        { "MCAPI_MAX_PORT", MCAPI_MAX_PORT, MCAPI_MAX_PORT },
    };

    for (size_t i = 0; i < LENGTH(limits); i++) {
        if (limits[i].value == 0 || limits[i].value != limits[i].same_as)
            fprintf(stderr, "this is %s\n", limits[i].name);
        expect_true(limits[i].value > 0);
        expect_equal(limits[i].same_as, limits[i].value);
    }
    expect_equal(0, MCAPI_MIN_PORT);
    expect_true(MCAPI_NUM_RESERVED_PORTS == 0 || MCAPI_NUM_RESERVED_PORTS < MCAPI_MAX_PORT);
}

/* --- Statuses --------------------------------------------------------------------- */

static const mcapi_status_t statuses[] = {
    MCAPI_SUCCESS,
    MCAPI_PENDING,
    MCAPI_TIMEOUT,
    MCAPI_ERR_PARAMETER,
    MCAPI_ERR_DOMAIN_INVALID,
    MCAPI_ERR_NODE_INVALID,
    MCAPI_ERR_NODE_INITFAILED,
    MCAPI_ERR_NODE_INITIALIZED,
    MCAPI_ERR_NODE_NOTINIT,
    MCAPI_ERR_NODE_FINALFAILED,
    MCAPI_ERR_PORT_INVALID,
    MCAPI_ERR_ENDP_INVALID,
    MCAPI_ERR_ENDP_EXISTS,
    MCAPI_ERR_ENDP_GET_LIMIT,
    MCAPI_ERR_ENDP_DELETED,
    MCAPI_ERR_ENDP_NOTOWNER,
    MCAPI_ERR_ENDP_REMOTE,
    MCAPI_ERR_ENDP_NOPORTS,
    MCAPI_ERR_ENDP_LIMIT,
    MCAPI_ERR_ATTR_INCOMPATIBLE,
    MCAPI_ERR_ATTR_SIZE,
    MCAPI_ERR_ATTR_NUM,
    MCAPI_ERR_ATTR_VALUE,
    MCAPI_ERR_ATTR_NOTSUPPORTED,
    MCAPI_ERR_ATTR_READONLY,
    MCAPI_ERR_MSG_LIMIT,
    MCAPI_ERR_MSG_TRUNCATED,
    MCAPI_ERR_CHAN_OPEN,
    MCAPI_ERR_CHAN_TYPE,
    MCAPI_ERR_CHAN_DIRECTION,
    MCAPI_ERR_CHAN_CONNECTED,
    MCAPI_ERR_CHAN_OPENPENDING,
    MCAPI_ERR_CHAN_CLOSEPENDING,
    MCAPI_ERR_CHAN_NOTOPEN,
    MCAPI_ERR_CHAN_INVALID,
    MCAPI_ERR_PKT_LIMIT,
    MCAPI_ERR_SCL_SIZE,
    MCAPI_ERR_TRANSMISSION,
    MCAPI_ERR_PRIORITY,
    MCAPI_ERR_BUF_INVALID,
    MCAPI_ERR_MEM_LIMIT,
    MCAPI_ERR_REQUEST_INVALID,
    MCAPI_ERR_REQUEST_LIMIT,
    MCAPI_ERR_REQUEST_CANCELLED,
    MCAPI_ERR_WAIT_PENDING,
    MCAPI_ERR_GENERAL,
    MCAPI_STATUSCODE_END,
};

static void statuses_count_from_1(void)
{
    for (size_t i = 0; i < LENGTH(statuses); i++)
        expect_equal(i + 1, statuses[i]);
    expect_equal(47, MCAPI_STATUSCODE_END);
}

static void some_statuses_have_two_names(void)
{
    expect_equal(MCAPI_ERR_MSG_LIMIT, MCAPI_ERR_MSG_SIZE);
    expect_equal(MCAPI_ERR_PKT_LIMIT, MCAPI_ERR_PKT_SIZE);
    expect_equal(MCAPI_ERR_ENDP_GET_LIMIT, MCAPI_ERR_ENDP_GET_INVALID);
}

static void statuses_are_one_enumeration(void)
{
    enum mcapi_status_codes code = MCAPI_ERR_GENERAL;

    expect_equal(46, code);
}

static void the_text_of_a_status_fits(void)
{
    for (size_t i = 0; i + 1 < LENGTH(statuses); i++) {
        char text[MCAPI_MAX_STATUS_SIZE + 8];

        memset(text, 'x', sizeof text);
        expect_true(mcapi_display_status(statuses[i], text, MCAPI_MAX_STATUS_SIZE) == text);
        expect_true(memchr(text, '\0', MCAPI_MAX_STATUS_SIZE) != NULL);
        expect_true(strcmp(text, status_name(statuses[i])) == 0);
        expect_equal('x', text[MCAPI_MAX_STATUS_SIZE]);
    }
}

/* --- Functions -------------------------------------------------------------------- */

#define FUNCTION(type, name, ...)              \
    do {                                       \
        type (*function)(__VA_ARGS__) = &name; \
        expect_true(function != NULL);         \
    } while (0)

static void node_functions_are_there(void)
{
    FUNCTION(void, mcapi_finalize, mcapi_status_t *);
    FUNCTION(mcapi_domain_t, mcapi_domain_id_get, mcapi_status_t *);
    FUNCTION(mcapi_node_t, mcapi_node_id_get, mcapi_status_t *);
    FUNCTION(void, mcapi_node_init_attributes, mcapi_node_attributes_t *, mcapi_status_t *);
    FUNCTION(void, mcapi_node_set_attribute, mcapi_node_attributes_t *, mcapi_uint_t,
             const void *, size_t, mcapi_status_t *);
    FUNCTION(void, mcapi_node_get_attribute, mcapi_domain_t, mcapi_node_t, mcapi_uint_t, void *,
             size_t, mcapi_status_t *);
    FUNCTION(mcapi_endpoint_t, mcapi_endpoint_create, mcapi_port_t, mcapi_status_t *);
    FUNCTION(mcapi_endpoint_t, mcapi_create_anonymous_endpoint, mcapi_status_t *);
    FUNCTION(void, mcapi_endpoint_get_i, mcapi_domain_t, mcapi_node_t, mcapi_port_t,
             mcapi_endpoint_t *, mcapi_request_t *, mcapi_status_t *);
    FUNCTION(void, mcapi_endpoint_release, mcapi_endpoint_t, mcapi_status_t *);
    FUNCTION(void, mcapi_endpoint_delete, mcapi_endpoint_t, mcapi_status_t *);
    FUNCTION(void, mcapi_endpoint_get_attribute, mcapi_endpoint_t, mcapi_uint_t, void *, size_t,
             mcapi_status_t *);
    FUNCTION(void, mcapi_endpoint_set_attribute, mcapi_endpoint_t, mcapi_uint_t, const void *,
             size_t, mcapi_status_t *);
    FUNCTION(mcapi_boolean_t, mcapi_test, mcapi_request_t *, size_t *, mcapi_status_t *);
    FUNCTION(void, mcapi_cancel, mcapi_request_t *, mcapi_status_t *);
    FUNCTION(char *, mcapi_display_status, mcapi_status_t, char *, size_t);
}

static void message_functions_are_there(void)
{
    FUNCTION(void, mcapi_msg_send_i, mcapi_endpoint_t, mcapi_endpoint_t, const void *, size_t,
             mcapi_priority_t, mcapi_request_t *, mcapi_status_t *);
    FUNCTION(void, mcapi_msg_send, mcapi_endpoint_t, mcapi_endpoint_t, const void *, size_t,
             mcapi_priority_t, mcapi_status_t *);
    FUNCTION(void, mcapi_msg_recv_i, mcapi_endpoint_t, void *, size_t, mcapi_request_t *,
             mcapi_status_t *);
    FUNCTION(void, mcapi_msg_recv, mcapi_endpoint_t, void *, size_t, size_t *,
             mcapi_status_t *);
    FUNCTION(mcapi_uint_t, mcapi_msg_available, mcapi_endpoint_t, mcapi_status_t *);
}

static void packet_functions_are_there(void)
{
    FUNCTION(void, mcapi_pktchan_connect_i, mcapi_endpoint_t, mcapi_endpoint_t,
             mcapi_request_t *, mcapi_status_t *);
    FUNCTION(void, mcapi_pktchan_recv_open_i, mcapi_pktchan_recv_hndl_t *, mcapi_endpoint_t,
             mcapi_request_t *, mcapi_status_t *);
    FUNCTION(void, mcapi_pktchan_send_open_i, mcapi_pktchan_send_hndl_t *, mcapi_endpoint_t,
             mcapi_request_t *, mcapi_status_t *);
    FUNCTION(void, mcapi_pktchan_send_i, mcapi_pktchan_send_hndl_t, const void *, size_t,
             mcapi_request_t *, mcapi_status_t *);
    FUNCTION(void, mcapi_pktchan_send, mcapi_pktchan_send_hndl_t, const void *, size_t,
             mcapi_status_t *);
    FUNCTION(void, mcapi_pktchan_recv_i, mcapi_pktchan_recv_hndl_t, void **, mcapi_request_t *,
             mcapi_status_t *);
    FUNCTION(void, mcapi_pktchan_recv, mcapi_pktchan_recv_hndl_t, void **, size_t *,
             mcapi_status_t *);
    FUNCTION(mcapi_uint_t, mcapi_pktchan_available, mcapi_pktchan_recv_hndl_t,
             mcapi_status_t *);
    FUNCTION(void, mcapi_pktchan_release, void *, mcapi_status_t *);
    FUNCTION(mcapi_boolean_t, mcapi_pktchan_release_test, void *, mcapi_status_t *);
    FUNCTION(void, mcapi_pktchan_recv_close_i, mcapi_pktchan_recv_hndl_t, mcapi_request_t *,
             mcapi_status_t *);
    FUNCTION(void, mcapi_pktchan_send_close_i, mcapi_pktchan_send_hndl_t, mcapi_request_t *,
             mcapi_status_t *);
}

static void scalar_functions_are_there(void)
{
    FUNCTION(void, mcapi_sclchan_connect_i, mcapi_endpoint_t, mcapi_endpoint_t,
             mcapi_request_t *, mcapi_status_t *);
    FUNCTION(void, mcapi_sclchan_recv_open_i, mcapi_sclchan_recv_hndl_t *, mcapi_endpoint_t,
             mcapi_request_t *, mcapi_status_t *);
    FUNCTION(void, mcapi_sclchan_send_open_i, mcapi_sclchan_send_hndl_t *, mcapi_endpoint_t,
             mcapi_request_t *, mcapi_status_t *);
    FUNCTION(mcapi_uint_t, mcapi_sclchan_available, mcapi_sclchan_recv_hndl_t,
             mcapi_status_t *);
    FUNCTION(void, mcapi_sclchan_recv_close_i, mcapi_sclchan_recv_hndl_t, mcapi_request_t *,
             mcapi_status_t *);
    FUNCTION(void, mcapi_sclchan_send_close_i, mcapi_sclchan_send_hndl_t, mcapi_request_t *,
             mcapi_status_t *);
    FUNCTION(void, mcapi_sclchan_send_uint64, mcapi_sclchan_send_hndl_t, mcapi_uint64_t,
             mcapi_status_t *);
    FUNCTION(void, mcapi_sclchan_send_uint32, mcapi_sclchan_send_hndl_t, mcapi_uint32_t,
             mcapi_status_t *);
    FUNCTION(void, mcapi_sclchan_send_uint16, mcapi_sclchan_send_hndl_t, mcapi_uint16_t,
             mcapi_status_t *);
    FUNCTION(void, mcapi_sclchan_send_uint8, mcapi_sclchan_send_hndl_t, mcapi_uint8_t,
             mcapi_status_t *);
    FUNCTION(mcapi_uint64_t, mcapi_sclchan_recv_uint64, mcapi_sclchan_recv_hndl_t,
             mcapi_status_t *);
    FUNCTION(mcapi_uint32_t, mcapi_sclchan_recv_uint32, mcapi_sclchan_recv_hndl_t,
             mcapi_status_t *);
    FUNCTION(mcapi_uint16_t, mcapi_sclchan_recv_uint16, mcapi_sclchan_recv_hndl_t,
             mcapi_status_t *);
    FUNCTION(mcapi_uint8_t, mcapi_sclchan_recv_uint8, mcapi_sclchan_recv_hndl_t,
             mcapi_status_t *);
}

/* --- Endpoints as values, and time ------------------------------------------------ */

static void endpoints_are_unique_in_the_topology(void)
{
    enum { EACH = 20 };
    mcapi_endpoint_t all[3 * EACH];
    size_t count = 0;

    nodes_begin(2);
    for (mcapi_port_t port = 0; port < EACH; port++) {
        /* Of one node in one variant, so that ports differ. */
        all[count++] = create(port);
        all[count++] = create_at(peer(0), 100 + port);
        all[count++] = create_at(peer(1), 200 + port);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            expect_true(all[i] != all[j]);
    nodes_end();
}

/* Its value reaches the other node as a scalar, and is all that it knows. */
static void the_value_of_an_endpoint_is_enough(void)
{
    struct call call = { .number = 32 };
    struct channel channel;
    mcapi_endpoint_t endpoint;

    nodes_begin(1);
    endpoint = create(MCAPI_PORT_ANY);
    channel = scalars_open(NULL, peer(0));
    expect(MCAPI_SUCCESS, mcapi_sclchan_send_uint32(channel.send, endpoint, &status));
    call.endpoint = channel.recv;
    at(peer(0), do_scl_recv, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    call.endpoint = (mcapi_endpoint_t)call.word;
    call.number = MCAPI_ENDP_ATTR_TYPE;
    at(peer(0), do_attribute, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_equal(MCAPI_ENDP_ATTR_TYPE_MESSAGE, call.word);
    /* Two nodes have two views of it: both can connect it, and so does the peer. */
    call.other = call.endpoint;
    call.endpoint = create_at(peer(0), MCAPI_PORT_ANY);
    at(peer(0), do_pkt_connect, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    nodes_end();
}

static void timeouts_are_milliseconds(void)
{
    const int64_t ms = 150;
    int64_t began, took;
    mcapi_endpoint_t endpoint;
    mcapi_request_t request;
    size_t size;

    nodes_begin(0);
    began = now_ms();
    expect(MCAPI_TIMEOUT, mcapi_endpoint_get(DOMAIN, 99, 1, (mcapi_timeout_t)ms, &status));
    took = now_ms() - began;
    expect_true(took >= ms - 1);
    expect_true(took < ms * 20);
    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(DOMAIN, 99, 1, &endpoint, &request, &status));
    began = now_ms();
    expect(MCAPI_TIMEOUT, mcapi_wait(&request, &size, (mcapi_timeout_t)ms, &status));
    took = now_ms() - began;
    expect_true(took >= ms - 1);
    expect_true(took < ms * 20);
    expect(MCAPI_SUCCESS, mcapi_cancel(&request, &status));
    nodes_end();
}

static const struct test tests[] = {
    TEST(integers_are_plain_c_types, ALONE, "2.1"),
    TEST(integers_have_twins, ALONE, "2.2"),
    TEST(booleans_are_bytes, ALONE, "2.3"),
    TEST(numbers_are_unsigned, ALONE, "2.4"),
    TEST(ports_and_priorities_are_unsigned, ALONE, "2.5"),
    TEST(handles_are_numbers_of_32_bits, ALONE, "2.6"),
    TEST(requests_are_numbers_of_32_bits, ALONE, "2.9"),
    TEST(structs_have_their_fields, ALONE, "2.10"),
    TEST(types_of_attributes_are_those_published, ALONE, "5.86"),
    TEST(constants_have_their_values, ALONE, "2.11 2.12 2.13 2.16 2.20"),
    TEST(the_highest_priority_is_0, ALONE, "2.14"),
    TEST(the_lowest_priority_has_a_name, ALONE, "2.15"),
    TEST(in_is_const_and_out_is_nothing, ALONE, "2.18"),
    TEST(declarations_can_be_aligned, ALONE, "2.19"),
    TEST(limits_have_every_name_in_use, ALONE, "3.24"),
    TEST(statuses_count_from_1, ALONE, "3.1"),
    TEST(some_statuses_have_two_names, ALONE, "3.2"),
    TEST(statuses_are_one_enumeration, ALONE, "3.3"),
    TEST(the_text_of_a_status_fits, ALONE, "2.17"),
    TEST(node_functions_are_there, ALONE, "1.18"),
    TEST(message_functions_are_there, ALONE, "1.18"),
    TEST(packet_functions_are_there, ALONE, "1.18"),
    TEST(scalar_functions_are_there, ALONE, "1.18"),
    TEST(endpoints_are_unique_in_the_topology, ANYWHERE, "2.6 2.7"),
    TEST(the_value_of_an_endpoint_is_enough, ANYWHERE, "2.8"),
    TEST(timeouts_are_milliseconds, ALONE, "2.21"),
};
CHAPTER(types, tests);
