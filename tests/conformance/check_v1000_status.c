/* SPDX-License-Identifier: MIT */
/*
 * check_v1000_status.c - section 10: every status name of MCAPI 1.x.
 */
#include <mcapi_v1000_to_v2000.h>

#include "harness.h"

#include <string.h>

/* --- What each stands for --------------------------------------------------------- */

struct meaning {
    mcapi_status_t old, now;
};

#define MEANS(old_name, new_name)          \
    {                                      \
        MCAPI_##old_name, MCAPI_##new_name \
    }

static void expect_meanings(const struct meaning *meanings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_status(meanings[i].now, meanings[i].old);
}

#define EXPECT_MEANINGS(...)                                             \
    do {                                                                 \
        static const struct meaning meanings[] = { __VA_ARGS__ };        \
        nodes_begin_bare(0);                                             \
        expect_meanings(meanings, sizeof meanings / sizeof meanings[0]); \
        nodes_end();                                                     \
    } while (0)

static void names_for_progress(void)
{
    EXPECT_MEANINGS(MEANS(SUCCESS, SUCCESS), MEANS(INCOMPLETE, PENDING),
                    MEANS(EREQ_TIMEOUT, TIMEOUT));
}

static void names_for_nodes(void)
{
    EXPECT_MEANINGS(
            MEANS(ENO_INIT, ERR_NODE_INITFAILED), MEANS(INITIALIZED, ERR_NODE_INITIALIZED),
            MEANS(ENO_FINAL, ERR_NODE_FINALFAILED), MEANS(ENODE_NOTINIT, ERR_NODE_NOTINIT),
            MEANS(ENODE_NOTVALID, ERR_NODE_INVALID));
}

static void names_for_endpoints(void)
{
    EXPECT_MEANINGS(MEANS(EPORT_NOTVALID, ERR_PORT_INVALID), MEANS(ENOT_ENDP, ERR_ENDP_INVALID),
                    MEANS(EENDP_ISCREATED, ERR_ENDP_EXISTS), MEANS(EENDP_LIMIT, ERR_ENDP_LIMIT),
                    MEANS(EEP_NOTALLOWED, ERR_ENDP_NOPORTS),
                    MEANS(ENOT_OWNER, ERR_ENDP_NOTOWNER));
}

static void names_for_channels(void)
{
    EXPECT_MEANINGS(MEANS(ECHAN_OPEN, ERR_CHAN_OPEN), MEANS(ECONNECTED, ERR_CHAN_CONNECTED),
                    MEANS(ENOT_OPEN, ERR_CHAN_NOTOPEN), MEANS(ECHAN_TYPE, ERR_CHAN_TYPE),
                    MEANS(EDIR, ERR_CHAN_DIRECTION), MEANS(ENOT_HANDLE, ERR_CHAN_INVALID));
}

static void names_for_attributes(void)
{
    EXPECT_MEANINGS(MEANS(EATTR_INCOMP, ERR_ATTR_INCOMPATIBLE), MEANS(EATTR_NUM, ERR_ATTR_NUM),
                    MEANS(EATTR_SIZE, ERR_ATTR_SIZE), MEANS(EREAD_ONLY, ERR_ATTR_READONLY));
}

static void names_for_data(void)
{
    EXPECT_MEANINGS(MEANS(EMESS_LIMIT, ERR_MSG_LIMIT), MEANS(EPACK_LIMIT, ERR_PKT_LIMIT),
                    MEANS(ESCL_SIZE, ERR_SCL_SIZE), MEANS(ETRUNCATED, ERR_MSG_TRUNCATED),
                    MEANS(EPRIO, ERR_PRIORITY), MEANS(ENO_BUFFER, ERR_MEM_LIMIT),
                    MEANS(ENOT_VALID_BUF, ERR_BUF_INVALID));
}

static void names_for_requests(void)
{
    EXPECT_MEANINGS(MEANS(ENO_REQUEST, ERR_REQUEST_LIMIT),
                    MEANS(ENOTREQ_HANDLE, ERR_REQUEST_INVALID),
                    MEANS(EREQ_CANCELED, ERR_REQUEST_CANCELLED), MEANS(EPARAM, ERR_PARAMETER));
}

/* --- One switch for all ----------------------------------------------------------- */

#define NAME(name)     \
    case MCAPI_##name: \
        return #name

/* Two names of one value would not compile. */
static const char *name_of(mcapi_status_t status)
{
    switch (status) {
        NAME(SUCCESS);
        NAME(INCOMPLETE);
        NAME(ENO_INIT);
        NAME(INITIALIZED);
        NAME(ENO_FINAL);
        NAME(ENODE_NOTINIT);
        NAME(ENODE_NOTVALID);
        NAME(EPORT_NOTVALID);
        NAME(ENOT_ENDP);
        NAME(ENO_ENDPOINT);
        NAME(EENDP_ISCREATED);
        NAME(EENDP_LIMIT);
        NAME(EEP_NOTALLOWED);
        NAME(ENOT_OWNER);
        NAME(ECHAN_OPEN);
        NAME(ECONNECTED);
        NAME(ENOT_CONNECTED);
        NAME(ENOT_OPEN);
        NAME(ECHAN_TYPE);
        NAME(EDIR);
        NAME(ENOT_HANDLE);
        NAME(EATTR_INCOMP);
        NAME(EATTR_NUM);
        NAME(EATTR_SIZE);
        NAME(EREAD_ONLY);
        NAME(EMESS_LIMIT);
        NAME(EPACK_LIMIT);
        NAME(ESCL_SIZE);
        NAME(ETRUNCATED);
        NAME(EPRIO);
        NAME(ENO_BUFFER);
        NAME(ENO_MEM);
        NAME(ENO_REQUEST);
        NAME(ENOTREQ_HANDLE);
        NAME(EREQ_CANCELED);
        NAME(EREQ_TIMEOUT);
        NAME(ENOT_VALID_BUF);
        NAME(EPARAM);
    default:
        return "?";
    }
}

/* The call's status has this name, or this other one. */
#define named(name, other, call)                                        \
    do {                                                                \
        mcapi_status_t status = UNTOUCHED;                              \
        call;                                                           \
        expect_true_at(__FILE__, __LINE__, #call " gives " name,        \
                       strcmp(name_of(status), name) == 0               \
                               || strcmp(name_of(status), other) == 0); \
    } while (0)

static void statuses_of_nodes_and_endpoints_are_told_by_name(void)
{
    mcapi_version_t version;
    mcapi_endpoint_t endpoint;
    mcapi_uint_t value = 0;

    nodes_begin_bare(0);
    named("ENODE_NOTINIT", "", mcapi_get_node_id(&status));
    named("ENODE_NOTVALID", "", mcapi_initialize(MCAPI_MAX_NODE + 1, &version, &status));
    named("SUCCESS", "", mcapi_initialize(OWN_NODE, &version, &status));
    named("INITIALIZED", "", mcapi_initialize(OWN_NODE, &version, &status));
    named("EPORT_NOTVALID", "", mcapi_create_endpoint(MCAPI_MAX_PORT + 1, &status));
    named("SUCCESS", "", endpoint = mcapi_create_endpoint(0, &status));
    named("EENDP_ISCREATED", "", mcapi_create_endpoint(0, &status));
    named("ENOT_ENDP", "ENO_ENDPOINT", mcapi_delete_endpoint(0xdeadbeef, &status));
    named("EATTR_NUM", "", mcapi_get_endpoint_attribute(endpoint, 70, &value, 4, &status));
    named("EATTR_SIZE", "",
          mcapi_get_endpoint_attribute(endpoint, MCAPI_ENDP_ATTR_TYPE, &value, 3, &status));
    named("EREAD_ONLY", "",
          mcapi_set_endpoint_attribute(endpoint, MCAPI_ENDP_ATTR_STATUS, &value, 4, &status));
    named("EPARAM", "",
          mcapi_get_endpoint_attribute(endpoint, MCAPI_ENDP_ATTR_TYPE, NULL, 4, &status));
    for (int port = 1; port < MCAPI_MAX_ENDPOINTS; port++)
        named("SUCCESS", "", mcapi_create_endpoint(port, &status));
    named("EENDP_LIMIT", "", mcapi_create_endpoint(MCAPI_MAX_ENDPOINTS, &status));
    nodes_end();
}

static void statuses_of_channels_are_told_by_name(void)
{
    static const char large[MCAPI_MAX_PKT_SIZE + 1];
    mcapi_endpoint_t end[4];
    mcapi_endp_attr_max_payload_size_t small = 8;
    mcapi_request_t request;
    struct channel scalars;

    nodes_begin(0);
    for (int i = 0; i < 4; i++)
        named("SUCCESS", "", end[i] = mcapi_create_endpoint(i, &status));
    named("SUCCESS", "",
          mcapi_set_endpoint_attribute(end[3], MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, &small,
                                       sizeof small, &status));
    named("EATTR_INCOMP", "", mcapi_connect_pktchan_i(end[2], end[3], &request, &status));
    named("SUCCESS", "", mcapi_connect_pktchan_i(end[0], end[1], &request, &status));
    named("ECONNECTED", "", mcapi_connect_pktchan_i(end[0], end[2], &request, &status));
    named("ECHAN_TYPE", "", mcapi_open_sclchan_send_i(&end[0], end[0], &request, &status));
    named("EDIR", "", mcapi_open_pktchan_recv_i(&end[0], end[0], &request, &status));
    named("SUCCESS", "", mcapi_open_pktchan_send_i(&end[0], end[0], &request, &status));
    named("SUCCESS", "", mcapi_open_pktchan_recv_i(&end[1], end[1], &request, &status));
    named("ECHAN_OPEN", "", mcapi_delete_endpoint(end[0], &status));
    named("EPACK_LIMIT", "", mcapi_pktchan_send(end[0], large, sizeof large, &status));
    named("ENOT_HANDLE", "ENOT_CONNECTED", mcapi_pktchan_send(end[2], large, 1, &status));
    for (int i = 0; i < MCAPI_MAX_BUFFERS; i++)
        named("SUCCESS", "", mcapi_pktchan_send_i(end[0], large, 1, &request, &status));
    named("ENO_BUFFER", "ENO_MEM", mcapi_pktchan_send_i(end[0], large, 1, &request, &status));
    named("ENOT_VALID_BUF", "", mcapi_pktchan_free(end, &status));
    named("SUCCESS", "", mcapi_packetchan_send_close_i(end[0], &request, &status));
    named("ENOT_OPEN", "", mcapi_packetchan_send_close_i(end[0], &request, &status));
    scalars = scalars_open(NULL, NULL);
    named("SUCCESS", "", mcapi_sclchan_send_uint16(scalars.send, 1, &status));
    named("ESCL_SIZE", "", mcapi_sclchan_recv_uint8(scalars.recv, &status));
    nodes_end();
}

static void statuses_of_messages_are_told_by_name(void)
{
    static const char large[MCAPI_MAX_MSG_SIZE + 1];
    mcapi_endpoint_t from, to;
    mcapi_request_t request;
    char text[2];
    size_t size;

    nodes_begin(0);
    named("SUCCESS", "", from = mcapi_create_endpoint(1, &status));
    named("SUCCESS", "", to = mcapi_create_endpoint(2, &status));
    named("EMESS_LIMIT", "", mcapi_msg_send(from, to, large, sizeof large, 0, &status));
    named("EPRIO", "", mcapi_msg_send(from, to, large, 1, MCAPI_MAX_PRIORITY + 1, &status));
    named("EPARAM", "", mcapi_msg_send(from, to, NULL, 1, 0, &status));
    named("SUCCESS", "", mcapi_msg_send(from, to, large, 3, 0, &status));
    named("ETRUNCATED", "", mcapi_msg_recv(to, text, sizeof text, &size, &status));
    for (int i = 0; i < MCAPI_MAX_QUEUE_ELEMENTS; i++)
        named("SUCCESS", "", mcapi_msg_send(from, to, large, 1, 0, &status));
    named("ENO_BUFFER", "ENO_MEM", mcapi_msg_send_i(from, to, large, 1, 0, &request, &status));
    nodes_end();
}

static void statuses_of_requests_are_told_by_name(void)
{
    struct call call = { .timeout = MCAPI_TIMEOUT_INFINITE };
    mcapi_endpoint_t found;
    mcapi_request_t request = 0;
    size_t size;

    nodes_begin(1);
    named("ENOTREQ_HANDLE", "", mcapi_test(&request, &size, &status));
    named("SUCCESS", "", mcapi_get_endpoint_i(OWN_NODE, 7, &found, &request, &status));
    named("INCOMPLETE", "", mcapi_test(&request, &size, &status));
    named("EREQ_TIMEOUT", "", mcapi_wait(&request, &size, &status, 1));
    call.request = request;
    begin(peer(0), do_wait, &call);
    expect_true(stays_blocked(peer(0)));
    named("SUCCESS", "", mcapi_cancel(&request, &status));
    finish(peer(0), &call);
    expect_true(strcmp(name_of(call.status), "EREQ_CANCELED") == 0);
    for (int i = 0; i < MCA_MAX_REQUESTS; i++)
        named("SUCCESS", "", mcapi_get_endpoint_i(OWN_NODE, 7, &found, &request, &status));
    named("ENO_REQUEST", "", mcapi_get_endpoint_i(OWN_NODE, 7, &found, &request, &status));
    nodes_end();
}

static const struct test tests[] = {
    TEST(names_for_progress, ALONE, "10.61"),
    TEST(names_for_nodes, ALONE, "10.62"),
    TEST(names_for_endpoints, ALONE, "10.63"),
    TEST(names_for_channels, ALONE, "10.64"),
    TEST(names_for_attributes, ALONE, "10.65"),
    TEST(names_for_data, ALONE, "10.66"),
    TEST(names_for_requests, ALONE, "10.67"),
    TEST(statuses_of_nodes_and_endpoints_are_told_by_name, ALONE,
         "10.32 10.68 10.69 10.62 10.63 10.65 10.67"),
    TEST(statuses_of_channels_are_told_by_name, ALONE, "10.68 10.69 10.64 10.65 10.66"),
    TEST(statuses_of_messages_are_told_by_name, ALONE, "10.68 10.69 10.66"),
    TEST(statuses_of_requests_are_told_by_name, IN_ONE_NODE, "10.68 10.61 10.67"),
};

CHAPTER(v1000_status, tests);
