/* SPDX-License-Identifier: MIT */
/*
 * check_attribute.c - every attribute of an endpoint: default, size, range, who may set it.
 */
#include <mcapi.h>

#include <stdlib.h>
#include <string.h>

#include "support/child.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

/* What the contract says about each attribute, in the order of their numbers. */
static const struct row {
    size_t size;
    uint32_t usual; /* its value from the start */
    bool settable;
    bool equal;       /* on both ends of a channel */
    uint32_t good[4]; /* values that it can have, 0 after the last */
    uint32_t bad[4];  /* values that it cannot have, 0 after the last */
} rows[] = {
    [MCAPI_ENDP_ATTR_TYPE] = { sizeof(mcapi_endp_attr_type_t),
                               MCAPI_ENDP_ATTR_TYPE_MESSAGE,
                               true,
                               false,
                               { MCAPI_ENDP_ATTR_TYPE_PKTCHAN, MCAPI_ENDP_ATTR_TYPE_SCLCHAN,
                                 MCAPI_ENDP_ATTR_TYPE_MESSAGE },
                               { 3, 5, 8, ~0u } },
    [MCAPI_ENDP_ATTR_GET_COUNT] = { sizeof(mcapi_endp_attr_get_count_t),
                                    0,
                                    false,
                                    false,
                                    { 0 },
                                    { 0 } },
    [MCAPI_ENDP_ATTR_GET_SOURCE] = { sizeof(mcapi_endp_attr_get_source_t),
                                     MCAPI_DOMAIN_INVALID,
                                     false,
                                     false,
                                     { 0 },
                                     { 0 } },
    [MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE] = { sizeof(mcapi_endp_attr_max_payload_size_t),
                                           MCAPI_MAX_PKT_SIZE,
                                           true,
                                           true,
                                           { 1, 112, 113, MCAPI_MAX_PKT_SIZE },
                                           { MCAPI_MAX_PKT_SIZE + 1, ~0u, 0x80000000u } },
    [MCAPI_ENDP_ATTR_BUFFER_TYPE] = { sizeof(mcapi_endp_attr_buffer_type_t),
                                      MCAPI_ENDP_ATTR_FIFO_BUFFER,
                                      true,
                                      true,
                                      { 0 },
                                      { 1, 2, ~0u } },
    [MCAPI_ENDP_ATTR_MEMORY_TYPE] = { sizeof(mcapi_endp_attr_memory_type_t),
                                      MCAPI_ENDP_ATTR_LOCAL_MEMORY
                                              | MCAPI_ENDP_ATTR_BLOCK_ON_MEM_LIMIT,
                                      true,
                                      true,
                                      { MCAPI_ENDP_ATTR_SHARED_MEMORY,
                                        MCAPI_ENDP_ATTR_REMOTE_MEMORY,
                                        MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT,
                                        MCAPI_ENDP_ATTR_SHARED_MEMORY
                                                | MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT },
                                      { 3, 0x20000, 0x10003, ~0u } },
    [MCAPI_ENDP_ATTR_NUM_PRIORITIES] = { sizeof(mcapi_endp_attr_num_priorities_t),
                                         MCAPI_MAX_PRIORITY + 1,
                                         true,
                                         true,
                                         { 1, MCAPI_MAX_PRIORITY + 1 },
                                         { MCAPI_MAX_PRIORITY + 2, ~0u } },
    [MCAPI_ENDP_ATTR_PRIORITY] = { sizeof(mcapi_endp_attr_priority_t),
                                   0,
                                   true,
                                   true,
                                   { 1, MCAPI_MAX_PRIORITY },
                                   { MCAPI_MAX_PRIORITY + 1, ~0u } },
    [MCAPI_ENDP_ATTR_NUM_SEND_BUFFERS] = { sizeof(mcapi_endp_attr_num_send_buffers_t),
                                           MCAPI_MAX_BUFFERS,
                                           true,
                                           false,
                                           { 1, 64 },
                                           { ~0u } },
    [MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS] = { sizeof(mcapi_endp_attr_num_recv_buffers_t),
                                           MCAPI_MAX_BUFFERS,
                                           true,
                                           false,
                                           { 1, 3, 64 },
                                           { ~0u } },
    [MCAPI_ENDP_ATTR_STATUS] = { sizeof(mcapi_endp_attr_status_t),
                                 0,
                                 false,
                                 false,
                                 { 0 },
                                 { 0 } },
    [MCAPI_ENDP_ATTR_TIMEOUT] = { sizeof(mcapi_endp_attr_timeout_t),
                                  MCAPI_TIMEOUT_INFINITE,
                                  true,
                                  false,
                                  { 1, 1000, MCAPI_TIMEOUT_INFINITE },
                                  { 0 } },
};

static const mcapi_uint_t zero_is_bad[] = {
    MCAPI_ENDP_ATTR_TYPE,
    MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE,
    MCAPI_ENDP_ATTR_NUM_PRIORITIES,
    MCAPI_ENDP_ATTR_NUM_SEND_BUFFERS,
    MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS,
};

static mcapi_endpoint_t create(void)
{
    mcapi_endpoint_t endpoint;

    expect(MCAPI_SUCCESS, endpoint = mcapi_create_anonymous_endpoint(&status));
    return endpoint;
}

static mcapi_status_t set(mcapi_endpoint_t endpoint, mcapi_uint_t number, uint32_t value)
{
    mcapi_status_t status = STATUS_UNTOUCHED;
    uint32_t words[2] = { value, value };

    mcapi_endpoint_set_attribute(endpoint, number, words, rows[number].size, &status);
    return status;
}

static uint32_t get(mcapi_endpoint_t endpoint, mcapi_uint_t number)
{
    uint32_t words[2] = { 0xa5a5a5a5, 0xa5a5a5a5 };

    expect(MCAPI_SUCCESS,
           mcapi_endpoint_get_attribute(endpoint, number, words, rows[number].size, &status));
    return words[0];
}

START_TEST(every_attribute_has_its_default)
{
    mcapi_endpoint_t endpoint = create();

    ck_assert_uint_eq(SUITE_LENGTH(rows), MCAPI_ENDP_ATTR_END);
    for (mcapi_uint_t i = 0; i < MCAPI_ENDP_ATTR_END; i++)
        ck_assert_msg(get(endpoint, i) == rows[i].usual, "attribute %u: %u", i,
                      get(endpoint, i));
}
END_TEST

START_TEST(every_attribute_has_one_size)
{
    mcapi_endpoint_t endpoint = create();
    uint64_t value[4] = { 7, 7, 7, 7 };

    for (mcapi_uint_t i = 0; i < MCAPI_ENDP_ATTR_END; i++) {
        for (size_t size = 0; size < sizeof value; size++) {
            if (size == rows[i].size)
                continue;
            expect(MCAPI_ERR_ATTR_SIZE,
                   mcapi_endpoint_get_attribute(endpoint, i, value, size, &status));
            expect(MCAPI_ERR_ATTR_SIZE,
                   mcapi_endpoint_set_attribute(endpoint, i, value, size, &status));
        }
        expect(MCAPI_ERR_ATTR_SIZE,
               mcapi_endpoint_set_attribute(endpoint, i, value, SIZE_MAX, &status));
    }
    ck_assert_uint_eq(value[0], 7);
}
END_TEST

START_TEST(a_good_value_is_kept_and_a_bad_one_changes_nothing)
{
    mcapi_endpoint_t endpoint = create();

    for (mcapi_uint_t i = 0; i < MCAPI_ENDP_ATTR_END; i++) {
        for (int j = 0; rows[i].settable && j < 4 && rows[i].good[j] != 0; j++) {
            expect_status(MCAPI_SUCCESS, set(endpoint, i, rows[i].good[j]));
            ck_assert_uint_eq(get(endpoint, i), rows[i].good[j]);
        }
        for (int j = 0; j < 4 && rows[i].bad[j] != 0; j++) {
            uint32_t before = get(endpoint, i);

            expect_status(MCAPI_ERR_ATTR_VALUE, set(endpoint, i, rows[i].bad[j]));
            ck_assert_uint_eq(get(endpoint, i), before);
        }
    }
    for (size_t i = 0; i < SUITE_LENGTH(zero_is_bad); i++)
        expect_status(MCAPI_ERR_ATTR_VALUE, set(endpoint, zero_is_bad[i], 0));
}
END_TEST

START_TEST(what_only_tells_cannot_be_set)
{
    mcapi_endpoint_t endpoint = create();

    for (mcapi_uint_t i = 0; i < MCAPI_ENDP_ATTR_END; i++)
        if (!rows[i].settable) {
            expect_status(MCAPI_ERR_ATTR_READONLY, set(endpoint, i, 1));
            ck_assert_uint_eq(get(endpoint, i), rows[i].usual);
        }
}
END_TEST

START_TEST(unknown_numbers_are_told_apart_by_their_range)
{
    static const struct {
        mcapi_uint_t number;
        mcapi_status_t status;
    } cases[] = {
        { MCAPI_ENDP_ATTR_END, MCAPI_ERR_ATTR_NOTSUPPORTED },
        { 42, MCAPI_ERR_ATTR_NOTSUPPORTED },
        { 63, MCAPI_ERR_ATTR_NOTSUPPORTED },
        { 64, MCAPI_ERR_ATTR_NUM },
        { 92, MCAPI_ERR_ATTR_NUM },
        { 0x7fffffff, MCAPI_ERR_ATTR_NUM },
        { ~0u, MCAPI_ERR_ATTR_NUM },
    };
    mcapi_endpoint_t endpoint = create();
    uint32_t value = 7;

    for (size_t i = 0; i < SUITE_LENGTH(cases); i++) {
        expect(cases[i].status, mcapi_endpoint_get_attribute(endpoint, cases[i].number, &value,
                                                             sizeof value, &status));
        expect(cases[i].status, mcapi_endpoint_set_attribute(endpoint, cases[i].number, &value,
                                                             sizeof value, &status));
    }
    ck_assert_uint_eq(value, 7);
}
END_TEST

START_TEST(attributes_need_a_value)
{
    mcapi_endpoint_t endpoint = create();

    expect(MCAPI_ERR_PARAMETER, mcapi_endpoint_get_attribute(endpoint, 0, NULL, 4, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_endpoint_set_attribute(endpoint, 0, NULL, 4, &status));
}
END_TEST

static void act_read_all(struct act *act)
{
    uint32_t words[2];

    act->word = 0;
    for (mcapi_uint_t i = 0; i < MCAPI_ENDP_ATTR_END; i++) {
        mcapi_endpoint_get_attribute(act->endpoint, i, words, rows[i].size, &act->status);
        if (act->status != MCAPI_SUCCESS)
            return;
        act->word += words[0] == rows[i].usual;
    }
}

START_TEST(other_nodes_may_read_but_not_set)
{
    struct child *other = child_start(_i, 2);
    struct act act = { .endpoint = create() };

    child_do(other, act_read_all, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_uint_eq(act.word, MCAPI_ENDP_ATTR_END);
    for (mcapi_uint_t i = 0; i < MCAPI_ENDP_ATTR_END; i++) {
        act.count = i;
        act.word = rows[i].usual;
        child_do(other, act_set, &act);
        expect_status(MCAPI_ERR_ENDP_REMOTE, act.status);
    }
}
END_TEST

START_TEST(while_it_is_connected_nothing_can_be_set)
{
    struct pair pair = pair_create(_i, NULL, NULL);

    pair_connect(&pair);
    for (mcapi_uint_t i = 0; i < MCAPI_ENDP_ATTR_END; i++)
        if (rows[i].settable)
            expect_status(MCAPI_ERR_CHAN_CONNECTED, set(pair.send, i, rows[i].usual));
    pair_open_send(&pair);
    pair_open_receive(&pair);
    expect_status(MCAPI_ERR_CHAN_CONNECTED, set(pair.receive, MCAPI_ENDP_ATTR_TIMEOUT, 5));
    pair_close(&pair);
    expect_status(MCAPI_SUCCESS, set(pair.receive, MCAPI_ENDP_ATTR_TIMEOUT, 5));
}
END_TEST

START_TEST(ends_that_do_not_fit_together_are_not_connected)
{
    mcapi_request_t request;

    for (mcapi_uint_t i = 0; i < MCAPI_ENDP_ATTR_END; i++) {
        struct pair pair = pair_create(PACKETS, NULL, NULL);

        if (!rows[i].settable || rows[i].good[0] == 0 || i == MCAPI_ENDP_ATTR_TYPE)
            continue;
        expect_status(MCAPI_SUCCESS, set(pair.send, i, rows[i].good[0]));
        expect(rows[i].equal ? MCAPI_ERR_ATTR_INCOMPATIBLE : MCAPI_SUCCESS,
               mcapi_pktchan_connect_i(pair.send, pair.receive, &request, &status));
        if (!rows[i].equal)
            continue;
        expect_status(MCAPI_SUCCESS, set(pair.receive, i, rows[i].good[0]));
        pair_connect(&pair);
    }
}
END_TEST

START_TEST(the_type_decides_what_an_endpoint_is_for)
{
    struct pair pair = pair_create(PACKETS, NULL, NULL);
    mcapi_endpoint_t end;
    mcapi_request_t request;

    pair_set_both(&pair, MCAPI_ENDP_ATTR_TYPE, MCAPI_ENDP_ATTR_TYPE_PKTCHAN);
    expect(MCAPI_ERR_CHAN_TYPE,
           mcapi_sclchan_connect_i(pair.send, pair.receive, &request, &status));
    expect(MCAPI_ERR_CHAN_TYPE, mcapi_sclchan_send_open_i(&end, pair.send, &request, &status));
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    pair_send(&pair, "packet");
    pair_expect(&pair, "packet");
}
END_TEST

/* --- Attributes that tell --------------------------------------------------------- */

START_TEST(the_status_tells_the_life_of_an_end)
{
    const mcapi_uint_t kind =
            _i == PACKETS ? MCAPI_ENDP_ATTR_STATUS_PKTCHAN : MCAPI_ENDP_ATTR_STATUS_SCLCHAN;
    const mcapi_uint_t sends = kind | MCAPI_ENDP_ATTR_STATUS_SEND;
    const mcapi_uint_t receives = kind | MCAPI_ENDP_ATTR_STATUS_RECEIVE;
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(_i, NULL, other);

    ck_assert_uint_eq(get(pair.send, MCAPI_ENDP_ATTR_STATUS), 0);
    pair_open_send(&pair);
    ck_assert_uint_eq(get(pair.send, MCAPI_ENDP_ATTR_STATUS),
                      sends | MCAPI_ENDP_ATTR_STATUS_OPEN_PENDING);
    pair_connect(&pair);
    ck_assert_uint_eq(get(pair.send, MCAPI_ENDP_ATTR_STATUS),
                      sends | MCAPI_ENDP_ATTR_STATUS_CONNECTED
                              | MCAPI_ENDP_ATTR_STATUS_OPEN_PENDING);
    ck_assert_uint_eq(get(pair.receive, MCAPI_ENDP_ATTR_STATUS),
                      receives | MCAPI_ENDP_ATTR_STATUS_CONNECTED);
    pair_open_receive(&pair);
    ck_assert_uint_eq(get(pair.send, MCAPI_ENDP_ATTR_STATUS),
                      sends | MCAPI_ENDP_ATTR_STATUS_CONNECTED | MCAPI_ENDP_ATTR_STATUS_OPEN);
    ck_assert_uint_eq(get(pair.receive, MCAPI_ENDP_ATTR_STATUS),
                      receives | MCAPI_ENDP_ATTR_STATUS_CONNECTED
                              | MCAPI_ENDP_ATTR_STATUS_OPEN);
    pair_close_send(&pair);
    ck_assert_uint_eq(get(pair.send, MCAPI_ENDP_ATTR_STATUS),
                      sends | MCAPI_ENDP_ATTR_STATUS_CONNECTED
                              | MCAPI_ENDP_ATTR_STATUS_CLOSE_PENDING);
    pair_close_receive(&pair);
    ck_assert_uint_eq(get(pair.send, MCAPI_ENDP_ATTR_STATUS), 0);
    ck_assert_uint_eq(get(pair.receive, MCAPI_ENDP_ATTR_STATUS), 0);
}
END_TEST

START_TEST(free_receive_buffers_can_be_watched_from_the_sender)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(_i, NULL, other);

    pair_set(other, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 10);
    ck_assert_uint_eq(get(pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS), 10);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    ck_assert_uint_eq(get(pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS), 10);
    for (uint32_t sent = 1; sent <= 10; sent++) {
        expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
        ck_assert_uint_eq(get(pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS), 10 - sent);
    }
    for (uint32_t received = 1; received <= 10; received++) {
        expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
        ck_assert_uint_eq(get(pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS), received);
    }
    pair_close(&pair);
    ck_assert_uint_eq(get(pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS), 10);
}
END_TEST

/* --- Attributes that act ---------------------------------------------------------- */

START_TEST(the_timeout_ends_a_receive_and_a_send)
{
    struct pair pair = pair_create(_i, NULL, NULL);

    pair_set_both(&pair, MCAPI_ENDP_ATTR_TIMEOUT, 20);
    pair_set(NULL, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 2);
    pair_open_receive(&pair);
    pair_open_send(&pair);
    expect_status(MCAPI_TIMEOUT, pair_receive_status(&pair)); /* not connected yet */
    expect_status(MCAPI_TIMEOUT, pair_send_status(&pair));
    pair_connect(&pair);
    expect_status(MCAPI_TIMEOUT, pair_receive_status(&pair));
    expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
    expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
    expect_status(MCAPI_TIMEOUT, pair_send_status(&pair));
    expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
    expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
}
END_TEST

START_TEST(a_timeout_of_0_tries_once)
{
    struct pair pair = pair_create(_i, NULL, NULL);

    pair_set_both(&pair, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    pair_set(NULL, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 1);
    pair_connect(&pair);
    pair_open_receive(&pair);
    pair_open_send(&pair);
    expect_status(MCAPI_TIMEOUT, pair_receive_status(&pair));
    expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
    expect_status(MCAPI_TIMEOUT, pair_send_status(&pair));
    expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
}
END_TEST

START_TEST(fail_on_mem_limit_does_not_wait)
{
    struct pair pair = pair_create(_i, NULL, NULL);

    pair_set_both(&pair, MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT);
    pair_set(NULL, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 3);
    pair_connect(&pair);
    pair_open_receive(&pair);
    pair_open_send(&pair);
    for (int i = 0; i < 3; i++)
        expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
    expect_status(MCAPI_ERR_MEM_LIMIT, pair_send_status(&pair));
    expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
    expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
}
END_TEST

START_TEST(no_packet_is_larger_than_the_endpoints_limit)
{
    static const uint32_t limits[] = { 1, 112, 113, 5000 };
    static char bytes[5002];

    for (size_t i = 0; i < SUITE_LENGTH(limits); i++) {
        struct pair pair = pair_create(PACKETS, NULL, NULL);
        size_t size;
        void *buffer;

        pair_set_both(&pair, MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, limits[i]);
        pair_connect(&pair);
        pair_open_receive(&pair);
        pair_open_send(&pair);
        expect(MCAPI_ERR_PKT_LIMIT,
               mcapi_pktchan_send(pair.send, bytes, limits[i] + 1, &status));
        expect(MCAPI_SUCCESS, mcapi_pktchan_send(pair.send, bytes, limits[i], &status));
        expect(MCAPI_SUCCESS, mcapi_pktchan_recv(pair.receive, &buffer, &size, &status));
        ck_assert_uint_eq(size, limits[i]);
        expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffer, &status));
        pair_close(&pair);
    }
}
END_TEST

/* --- Attributes and what has happened since -------------------------------------------------
 */

START_TEST(a_getter_that_died_is_not_counted)
{
    struct child *getter = child_start(CHILD_PROCESS, 2);
    struct act act = { .node = 1, .port = 4 };
    mcapi_endpoint_t end;

    expect(MCAPI_SUCCESS, end = mcapi_endpoint_create(4, &status));
    child_do(getter, act_get, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_uint_eq(get(end, MCAPI_ENDP_ATTR_GET_COUNT), 1);
    child_kill(getter);
    ck_assert_uint_eq(get(end, MCAPI_ENDP_ATTR_GET_COUNT), 0);
}
END_TEST

/* Also once there is a queue; what waits in it is received whatever the number is now. */
START_TEST(the_number_of_priorities_holds_from_now_on)
{
    const int three = 3, five = 5, six = 6;
    mcapi_endpoint_t end;
    size_t size;
    char got;

    expect(MCAPI_SUCCESS, end = mcapi_endpoint_create(4, &status));
    expect(MCAPI_SUCCESS, mcapi_endpoint_set_attribute(end, MCAPI_ENDP_ATTR_NUM_PRIORITIES,
                                                       &five, sizeof five, &status));
    expect(MCAPI_SUCCESS, mcapi_msg_send(end, end, "a", 1, 4, &status));
    expect(MCAPI_ERR_PRIORITY, mcapi_msg_send(end, end, "b", 1, 5, &status));
    expect(MCAPI_SUCCESS, mcapi_endpoint_set_attribute(end, MCAPI_ENDP_ATTR_NUM_PRIORITIES,
                                                       &three, sizeof three, &status));
    expect(MCAPI_ERR_PRIORITY, mcapi_msg_send(end, end, "c", 1, 3, &status));
    expect(MCAPI_SUCCESS, mcapi_msg_send(end, end, "d", 1, 2, &status));
    /* The queue was made for five. */
    expect(MCAPI_ERR_ATTR_VALUE,
           mcapi_endpoint_set_attribute(end, MCAPI_ENDP_ATTR_NUM_PRIORITIES, &six, sizeof six,
                                        &status));
    ck_assert_uint_eq(get(end, MCAPI_ENDP_ATTR_NUM_PRIORITIES), 3);
    expect(MCAPI_SUCCESS, mcapi_msg_recv(end, &got, 1, &size, &status));
    ck_assert_int_eq(got, 'd');
    expect(MCAPI_SUCCESS, mcapi_msg_recv(end, &got, 1, &size, &status));
    ck_assert_int_eq(got, 'a');
    expect(MCAPI_SUCCESS, mcapi_endpoint_set_attribute(end, MCAPI_ENDP_ATTR_NUM_PRIORITIES,
                                                       &five, sizeof five, &status));
    expect(MCAPI_SUCCESS, mcapi_msg_send(end, end, "e", 1, 4, &status));
}
END_TEST

static void act_initialize_as_reference(struct act *act)
{
    setenv("MCAPI_COMPAT", "reference", 1);
    act_initialize(act);
}

/* Defaults of two profiles fit together; what a program has asked for must be equal. */
START_TEST(ends_of_two_profiles_fit_together)
{
    struct child *other = child_start_bare(CHILD_PROCESS);
    struct act act = { .node = 2 };
    struct pair pair;

    child_do(other, act_initialize_as_reference, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    pair = pair_create(_i, NULL, other);
    ck_assert_uint_ne(get(pair.send, MCAPI_ENDP_ATTR_MEMORY_TYPE),
                      get(pair.receive, MCAPI_ENDP_ATTR_MEMORY_TYPE));
    pair_connect(&pair);

    pair = pair_create(_i, NULL, other);
    pair_set(NULL, pair.send, MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_LOCAL_MEMORY);
    act = (struct act){ .kind = _i, .endpoint = pair.send, .other = pair.receive };
    child_do(NULL, act_connect, &act);
    expect_status(MCAPI_ERR_ATTR_INCOMPATIBLE, act.status);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { every_attribute_has_its_default, 1 },
        { every_attribute_has_one_size, 1 },
        { a_good_value_is_kept_and_a_bad_one_changes_nothing, 1 },
        { what_only_tells_cannot_be_set, 1 },
        { unknown_numbers_are_told_apart_by_their_range, 1 },
        { attributes_need_a_value, 1 },
        { other_nodes_may_read_but_not_set, CHILD_KINDS },
        { while_it_is_connected_nothing_can_be_set, 2 },
        { ends_that_do_not_fit_together_are_not_connected, 1 },
        { the_type_decides_what_an_endpoint_is_for, 1 },
        { the_status_tells_the_life_of_an_end, 2 },
        { free_receive_buffers_can_be_watched_from_the_sender, 2 },
        { the_timeout_ends_a_receive_and_a_send, 2 },
        { a_timeout_of_0_tries_once, 2 },
        { fail_on_mem_limit_does_not_wait, 2 },
        { no_packet_is_larger_than_the_endpoints_limit, 1 },
        { a_getter_that_died_is_not_counted, 1 },
        { the_number_of_priorities_holds_from_now_on, 1 },
        { ends_of_two_profiles_fit_together, 2 },
    };

    return suite_run_between("runtime/attribute", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
