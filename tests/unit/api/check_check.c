/* SPDX-License-Identifier: MIT */
/*
 * check_check.c - how every call begins and ends, as a table over all calls: no place for a
 * status, no node, refused requests.
 */
#include <mcapi.h>
#include <mcapi_ext.h>

#include <string.h>

#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

/* What the calls are given. Everything is watched for changes. */
static struct arguments {
    mcapi_endpoint_t send, receive;
    mcapi_request_t *request; /* of _i calls */
    mcapi_request_t requests[1];
    mcapi_endpoint_t endpoint;
    mcapi_uint_t attribute;
    size_t size;
    void *buffer;
    _Alignas(8) char bytes[8];
    uint64_t result;
} a;

struct call {
    const char *name;
    void (*make)(mcapi_status_t *status);
    uint64_t failed; /* what it returns when it fails */
    bool later;      /* an _i call: it has a request */
};

/* A function for each call, in the order of mcapi.h. */
#define CALL(function, ...)                             \
    static void call_##function(mcapi_status_t *status) \
    {                                                   \
        __VA_ARGS__;                                    \
    }

CALL(finalize, mcapi_finalize(status))
CALL(domain_id_get, a.result = mcapi_domain_id_get(status))
CALL(node_id_get, a.result = mcapi_node_id_get(status))
CALL(node_get_attribute, mcapi_node_get_attribute(0, 1, 0, &a.attribute, 4, status))
CALL(endpoint_create, a.result = mcapi_endpoint_create(99, status))
CALL(anonymous, a.result = mcapi_create_anonymous_endpoint(status))
CALL(endpoint_get_i, mcapi_endpoint_get_i(0, 1, 7, &a.endpoint, a.request, status))
CALL(endpoint_get, a.result = mcapi_endpoint_get(0, 1, 7, 0, status))
CALL(endpoint_release, mcapi_endpoint_release(a.send, status))
CALL(endpoint_delete, mcapi_endpoint_delete(a.send, status))
CALL(endpoint_get_attribute, mcapi_endpoint_get_attribute(a.send, 0, &a.attribute, 4, status))
CALL(endpoint_set_attribute, mcapi_endpoint_set_attribute(a.send, 0, &a.attribute, 4, status))
CALL(msg_send_i, mcapi_msg_send_i(a.send, a.receive, a.bytes, 1, 0, a.request, status))
CALL(msg_send, mcapi_msg_send(a.send, a.receive, a.bytes, 1, 0, status))
CALL(msg_recv_i, mcapi_msg_recv_i(a.receive, a.bytes, 1, a.request, status))
CALL(msg_recv, mcapi_msg_recv(a.receive, a.bytes, 1, &a.size, status))
CALL(msg_available, a.result = mcapi_msg_available(a.receive, status))
CALL(pkt_connect, mcapi_pktchan_connect_i(a.send, a.receive, a.request, status))
CALL(pkt_recv_open, mcapi_pktchan_recv_open_i(&a.endpoint, a.receive, a.request, status))
CALL(pkt_send_open, mcapi_pktchan_send_open_i(&a.endpoint, a.send, a.request, status))
CALL(pkt_send_i, mcapi_pktchan_send_i(a.send, a.bytes, 1, a.request, status))
CALL(pkt_send, mcapi_pktchan_send(a.send, a.bytes, 1, status))
CALL(pkt_recv_i, mcapi_pktchan_recv_i(a.receive, &a.buffer, a.request, status))
CALL(pkt_recv, mcapi_pktchan_recv(a.receive, &a.buffer, &a.size, status))
CALL(pkt_available, a.result = mcapi_pktchan_available(a.receive, status))
CALL(pkt_release, mcapi_pktchan_release(a.bytes, status))
CALL(pkt_release_test, a.result = mcapi_pktchan_release_test(a.bytes, status))
CALL(pkt_recv_close, mcapi_pktchan_recv_close_i(a.receive, a.request, status))
CALL(pkt_send_close, mcapi_pktchan_send_close_i(a.send, a.request, status))
CALL(scl_connect, mcapi_sclchan_connect_i(a.send, a.receive, a.request, status))
CALL(scl_recv_open, mcapi_sclchan_recv_open_i(&a.endpoint, a.receive, a.request, status))
CALL(scl_send_open, mcapi_sclchan_send_open_i(&a.endpoint, a.send, a.request, status))
CALL(scl_send_64, mcapi_sclchan_send_uint64(a.send, 1, status))
CALL(scl_send_32, mcapi_sclchan_send_uint32(a.send, 1, status))
CALL(scl_send_16, mcapi_sclchan_send_uint16(a.send, 1, status))
CALL(scl_send_8, mcapi_sclchan_send_uint8(a.send, 1, status))
CALL(scl_recv_64, a.result = mcapi_sclchan_recv_uint64(a.receive, status))
CALL(scl_recv_32, a.result = mcapi_sclchan_recv_uint32(a.receive, status))
CALL(scl_recv_16, a.result = mcapi_sclchan_recv_uint16(a.receive, status))
CALL(scl_recv_8, a.result = mcapi_sclchan_recv_uint8(a.receive, status))
CALL(scl_available, a.result = mcapi_sclchan_available(a.receive, status))
CALL(scl_recv_close, mcapi_sclchan_recv_close_i(a.receive, a.request, status))
CALL(scl_send_close, mcapi_sclchan_send_close_i(a.send, a.request, status))
CALL(test, mcapi_test(a.requests, &a.size, status))
CALL(wait, mcapi_wait(a.requests, &a.size, 0, status))
CALL(wait_any, a.result = mcapi_wait_any(1, a.requests, &a.size, 0, status))
CALL(cancel, mcapi_cancel(a.requests, status))
CALL(wait_receivable, a.result = mcapi_ext_wait_receivable(&a.receive, 1, 0, status))
CALL(take, a.result = (uintptr_t)mcapi_ext_pktchan_buffer_take(a.send, 1, status))
CALL(send, mcapi_ext_pktchan_buffer_send(a.send, a.bytes, 1, status))
CALL(give_back, mcapi_ext_pktchan_buffer_give_back(a.send, a.bytes, status))
CALL(pkt_send_burst, const void *packet = a.bytes; size_t size = 1;
     a.result = mcapi_ext_pktchan_send_burst(a.send, &packet, &size, 1, status))
CALL(pkt_recv_burst,
     a.result = mcapi_ext_pktchan_recv_burst(a.receive, &a.buffer, &a.size, 1, status))
CALL(pkt_release_burst, a.result = mcapi_ext_pktchan_release_burst(&a.buffer, 1, status))
CALL(scl_send_burst_64, mcapi_uint64_t word = 1;
     a.result = mcapi_ext_sclchan_send_burst_uint64(a.send, &word, 1, status))
CALL(scl_send_burst_32, mcapi_uint32_t word = 1;
     a.result = mcapi_ext_sclchan_send_burst_uint32(a.send, &word, 1, status))
CALL(scl_send_burst_16, mcapi_uint16_t word = 1;
     a.result = mcapi_ext_sclchan_send_burst_uint16(a.send, &word, 1, status))
CALL(scl_send_burst_8, mcapi_uint8_t word = 1;
     a.result = mcapi_ext_sclchan_send_burst_uint8(a.send, &word, 1, status))
CALL(scl_recv_burst_64,
     a.result = mcapi_ext_sclchan_recv_burst_uint64(a.receive, (mcapi_uint64_t *)a.bytes, 1,
                                                    status))
CALL(scl_recv_burst_32,
     a.result = mcapi_ext_sclchan_recv_burst_uint32(a.receive, (mcapi_uint32_t *)a.bytes, 1,
                                                    status))
CALL(scl_recv_burst_16,
     a.result = mcapi_ext_sclchan_recv_burst_uint16(a.receive, (mcapi_uint16_t *)a.bytes, 1,
                                                    status))
CALL(scl_recv_burst_8,
     a.result = mcapi_ext_sclchan_recv_burst_uint8(a.receive, (mcapi_uint8_t *)a.bytes, 1,
                                                   status))

#define ROW(function, failed, later)              \
    {                                             \
#function, call_##function, failed, later \
    }

static const struct call calls[] = {
    ROW(finalize, 0, false),
    ROW(domain_id_get, MCAPI_DOMAIN_INVALID, false),
    ROW(node_id_get, MCAPI_NODE_INVALID, false),
    ROW(node_get_attribute, 0, false),
    ROW(endpoint_create, 0, false),
    ROW(anonymous, 0, false),
    ROW(endpoint_get_i, 0, true),
    ROW(endpoint_get, 0, false),
    ROW(endpoint_release, 0, false),
    ROW(endpoint_delete, 0, false),
    ROW(endpoint_get_attribute, 0, false),
    ROW(endpoint_set_attribute, 0, false),
    ROW(msg_send_i, 0, true),
    ROW(msg_send, 0, false),
    ROW(msg_recv_i, 0, true),
    ROW(msg_recv, 0, false),
    ROW(msg_available, 0, false),
    ROW(pkt_connect, 0, true),
    ROW(pkt_recv_open, 0, true),
    ROW(pkt_send_open, 0, true),
    ROW(pkt_send_i, 0, true),
    ROW(pkt_send, 0, false),
    ROW(pkt_recv_i, 0, true),
    ROW(pkt_recv, 0, false),
    ROW(pkt_available, 0, false),
    ROW(pkt_release, 0, false),
    ROW(pkt_release_test, MCAPI_FALSE, false),
    ROW(pkt_recv_close, 0, true),
    ROW(pkt_send_close, 0, true),
    ROW(scl_connect, 0, true),
    ROW(scl_recv_open, 0, true),
    ROW(scl_send_open, 0, true),
    ROW(scl_send_64, 0, false),
    ROW(scl_send_32, 0, false),
    ROW(scl_send_16, 0, false),
    ROW(scl_send_8, 0, false),
    ROW(scl_recv_64, 0, false),
    ROW(scl_recv_32, 0, false),
    ROW(scl_recv_16, 0, false),
    ROW(scl_recv_8, 0, false),
    ROW(scl_available, 0, false),
    ROW(scl_recv_close, 0, true),
    ROW(scl_send_close, 0, true),
    ROW(test, 0, false),
    ROW(wait, 0, false),
    ROW(wait_any, MCAPI_RETURN_VALUE_INVALID, false),
    ROW(cancel, 0, false),
    ROW(wait_receivable, MCAPI_RETURN_VALUE_INVALID, false),
    ROW(take, 0, false),
    ROW(send, 0, false),
    ROW(give_back, 0, false),
    ROW(pkt_send_burst, 0, false),
    ROW(pkt_recv_burst, 0, false),
    ROW(pkt_release_burst, 0, false),
    ROW(scl_send_burst_64, 0, false),
    ROW(scl_send_burst_32, 0, false),
    ROW(scl_send_burst_16, 0, false),
    ROW(scl_send_burst_8, 0, false),
    ROW(scl_recv_burst_64, 0, false),
    ROW(scl_recv_burst_32, 0, false),
    ROW(scl_recv_burst_16, 0, false),
    ROW(scl_recv_burst_8, 0, false),
};

static mcapi_request_t a_request;

/* Arguments that are recognised if they change. */
static void prepare(void)
{
    memset(&a, 0x55, sizeof a);
    a.send = a.receive = 0;
    a.request = &a_request;
    a_request = 0x55555555;
    a.requests[0] = 0;
    a.result = 0;
}

START_TEST(without_a_place_for_a_status_nothing_happens)
{
    struct pair pair;
    mcapi_request_t request;

    join(0, 1);
    expect(MCAPI_SUCCESS, mcapi_endpoint_create(7, &status));
    pair = pair_open(_i, NULL, NULL);
    for (size_t i = 0; i < SUITE_LENGTH(calls); i++) {
        struct arguments before;

        prepare();
        a.send = pair.send;
        a.receive = pair.receive;
        expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(0, 5, 5, &a.endpoint, &request, &status));
        a.requests[0] = request;
        before = a;
        calls[i].make(NULL);
        a.result = before.result;
        ck_assert_msg(memcmp(&a, &before, sizeof a) == 0, "%s", calls[i].name);
        ck_assert_msg(a_request == 0x55555555, "%s", calls[i].name);
        expect(MCAPI_PENDING, mcapi_test(&request, &a.size, &status));
        expect(MCAPI_SUCCESS, mcapi_cancel(&request, &status));
        /* It is still a node, and the channel is open and empty. */
        expect(MCAPI_SUCCESS, mcapi_node_id_get(&status));
        if (pair.kind == PACKETS)
            expect(MCAPI_SUCCESS,
                   ck_assert_uint_eq(mcapi_pktchan_available(pair.receive, &status), 0));
        else
            expect(MCAPI_SUCCESS,
                   ck_assert_uint_eq(mcapi_sclchan_available(pair.receive, &status), 0));
    }
    expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
    expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
    expect(MCAPI_TIMEOUT, mcapi_endpoint_get(0, 1, 99, 0, &status)); /* none was created */
    leave();
}
END_TEST

START_TEST(initialize_without_a_place_for_a_status_makes_no_node)
{
    mcapi_info_t info;

    mcapi_initialize(0, 1, NULL, NULL, &info, NULL);
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_node_id_get(&status));
}
END_TEST

/* Before there ever was a node in this process, and after one. */
START_TEST(without_a_node_every_call_says_so_first)
{
    if (_i == 1) {
        join(0, 1);
        leave();
    }
    for (size_t i = 0; i < SUITE_LENGTH(calls); i++) {
        mcapi_status_t status = STATUS_UNTOUCHED;
        struct arguments before;

        prepare();
        before = a;
        calls[i].make(&status);
        ck_assert_msg(status == MCAPI_ERR_NODE_NOTINIT, "%s: %s", calls[i].name,
                      status_name(status));
        ck_assert_msg(a.result == calls[i].failed, "%s", calls[i].name);
        a.result = before.result;
        ck_assert_msg(memcmp(&a, &before, sizeof a) == 0, "%s", calls[i].name);
        ck_assert_msg((a_request != 0x55555555) == calls[i].later, "%s", calls[i].name);
    }
}
END_TEST

START_TEST(without_a_node_the_pointers_do_not_matter)
{
    size_t size;

    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_pktchan_recv(0, NULL, NULL, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_pktchan_recv_i(0, NULL, NULL, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_pktchan_send(0, NULL, 5, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_pktchan_send_i(0, NULL, 5, NULL, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_pktchan_recv_open_i(NULL, 0, NULL, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_endpoint_get_i(~0u, ~0u, ~0u, NULL, NULL, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_endpoint_get(~0u, ~0u, ~0u, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_endpoint_get_attribute(0, ~0u, NULL, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_node_get_attribute(~0u, ~0u, ~0u, NULL, 0, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, ck_assert(mcapi_test(NULL, &size, &status)));
    expect(MCAPI_ERR_NODE_NOTINIT, ck_assert(mcapi_wait(NULL, NULL, 0, &status)));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_cancel(NULL, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_pktchan_release(NULL, &status));
}
END_TEST

START_TEST(a_refused_call_leaves_a_request_that_says_the_same)
{
    size_t size;

    join(0, 1);
    expect(MCAPI_SUCCESS, mcapi_endpoint_create(7, &status));
    for (size_t i = 0; i < SUITE_LENGTH(calls); i++) {
        mcapi_status_t refused = STATUS_UNTOUCHED;

        if (!calls[i].later || calls[i].make == call_endpoint_get_i)
            continue;
        prepare();
        calls[i].make(&refused);
        ck_assert_msg(refused != MCAPI_SUCCESS && refused != STATUS_UNTOUCHED, "%s: %s",
                      calls[i].name, status_name(refused));
        expect(refused, ck_assert(mcapi_test(&a_request, &size, &status)));
        expect(refused, ck_assert(mcapi_test(&a_request, NULL, &status)));
        expect(refused,
               ck_assert(mcapi_wait(&a_request, &size, MCAPI_TIMEOUT_INFINITE, &status)));
    }
    leave();
}
END_TEST

START_TEST(a_request_without_a_node_says_so_later_too)
{
    size_t size;

    for (size_t i = 0; i < SUITE_LENGTH(calls); i++) {
        mcapi_status_t refused;

        if (!calls[i].later)
            continue;
        prepare();
        calls[i].make(&refused);
        expect(MCAPI_ERR_NODE_NOTINIT, ck_assert(mcapi_test(&a_request, &size, &status)));
        join(0, 1);
        expect(MCAPI_ERR_NODE_NOTINIT, ck_assert(mcapi_test(&a_request, &size, &status)));
        leave();
    }
}
END_TEST

START_TEST(an_operation_without_a_request_is_refused_and_not_done)
{
    struct pair pair;

    join(0, 1);
    expect(MCAPI_SUCCESS, mcapi_endpoint_create(7, &status));
    pair = pair_open(PACKETS, NULL, NULL);
    for (size_t i = 0; i < SUITE_LENGTH(calls); i++) {
        mcapi_status_t refused = STATUS_UNTOUCHED;

        /* Messages are not carried yet. */
        if (!calls[i].later || strncmp(calls[i].name, "msg_", 4) == 0)
            continue;
        prepare();
        a.send = pair.send;
        a.receive = pair.receive;
        a.request = NULL;
        calls[i].make(&refused);
        ck_assert_msg(refused == MCAPI_ERR_PARAMETER, "%s: %s", calls[i].name,
                      status_name(refused));
        ck_assert_uint_eq(a.endpoint, 0x55555555);
    }
    expect(MCAPI_SUCCESS, ck_assert_uint_eq(mcapi_pktchan_available(pair.receive, &status), 0));
    pair_send(&pair, "still open");
    pair_expect(&pair, "still open");
    leave();
}
END_TEST

START_TEST(results_need_their_place)
{
    struct pair pair;
    mcapi_request_t request;
    size_t size;
    void *buffer = NULL;

    join(0, 1);
    pair = pair_open(PACKETS, NULL, NULL);
    pair_send(&pair, "kept");
    expect(MCAPI_ERR_PARAMETER, mcapi_pktchan_recv(pair.receive, NULL, &size, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_pktchan_recv(pair.receive, &buffer, NULL, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_pktchan_recv_i(pair.receive, NULL, &request, &status));
    ck_assert_ptr_null(buffer);
    expect(MCAPI_ERR_PARAMETER,
           mcapi_pktchan_recv_open_i(NULL, pair.receive, &request, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_pktchan_send_open_i(NULL, pair.send, &request, &status));
    expect(MCAPI_ERR_PARAMETER,
           mcapi_sclchan_recv_open_i(NULL, pair.receive, &request, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_sclchan_send_open_i(NULL, pair.send, &request, &status));
    expect(MCAPI_ERR_PARAMETER,
           mcapi_pktchan_recv(0, NULL, NULL, &status)); /* first pointers */
    pair_expect(&pair, "kept");
    leave();
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { without_a_place_for_a_status_nothing_happens, 2 },
        { initialize_without_a_place_for_a_status_makes_no_node, 1 },
        { without_a_node_every_call_says_so_first, 2 },
        { without_a_node_the_pointers_do_not_matter, 1 },
        { a_refused_call_leaves_a_request_that_says_the_same, 1 },
        { a_request_without_a_node_says_so_later_too, 1 },
        { an_operation_without_a_request_is_refused_and_not_done, 1 },
        { results_need_their_place, 1 },
    };

    return suite_run_between("api/check", topology_begin, topology_end, tests,
                             SUITE_LENGTH(tests));
}
