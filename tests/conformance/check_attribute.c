/* SPDX-License-Identifier: MIT */
/* check_attribute.c - section 5: the table of attributes, row by row. */
#include "endpoints.h"

#include <string.h>

#include "kinds.h"

/* Of each row: values that are legal, and values that are not; SOME_DEFAULT: the contract
 * leaves the default open, but for its being more than 0. */
enum { MOST_VALUES = 8 };
#define SOME_DEFAULT 0xdefa0117u

struct row {
    mcapi_uint_t number;
    uint32_t before; /* the default */
    bool settable;
    size_t good_count, bad_count;
    uint32_t good[MOST_VALUES], bad[MOST_VALUES];
};

#define MEMORY_FAIL MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT

/* All but GET_SOURCE, which is a struct. */
static const struct row rows[] = {
    { MCAPI_ENDP_ATTR_TYPE, 1, true, 3, 6, { 2, 4, 1 }, { 0, 3, 5, 6, 8, ~0u } },
    { MCAPI_ENDP_ATTR_GET_COUNT, 0, false, 0, 0, { 0 }, { 0 } },
    { MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE,
      MCAPI_MAX_PKT_SIZE,
      true,
      3,
      4,
      { 1, 100, MCAPI_MAX_PKT_SIZE },
      { MCAPI_MAX_PKT_SIZE + 1, 0x7fffffff, 0x80000000, ~0u } },
    { MCAPI_ENDP_ATTR_BUFFER_TYPE, 0, true, 1, 3, { 0 }, { 1, 2, ~0u } },
    { MCAPI_ENDP_ATTR_MEMORY_TYPE,
      0,
      true,
      6,
      6,
      { 1, 2, 0, 0 | MEMORY_FAIL, 1 | MEMORY_FAIL, 2 | MEMORY_FAIL },
      { 3, 0x8000, 0x20000, 3 | MEMORY_FAIL, 0x80000000, ~0u } },
    { MCAPI_ENDP_ATTR_NUM_PRIORITIES,
      MCAPI_MAX_PRIORITY + 1,
      true,
      3,
      4,
      { 1, 2, MCAPI_MAX_PRIORITY + 1 },
      { 0, MCAPI_MAX_PRIORITY + 2, 0x80000000, ~0u } },
    { MCAPI_ENDP_ATTR_PRIORITY,
      0,
      true,
      3,
      2,
      { 1, MCAPI_MAX_PRIORITY, 0 },
      { MCAPI_MAX_PRIORITY + 1, ~0u } },
    { MCAPI_ENDP_ATTR_NUM_SEND_BUFFERS,
      SOME_DEFAULT,
      true,
      3,
      2,
      { 1, 2, 16 },
      { 0x80000000, ~0u } },
    { MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, SOME_DEFAULT, true, 3, 1, { 1, 2, 16 }, { ~0u } },
    { MCAPI_ENDP_ATTR_STATUS, 0, false, 0, 0, { 0 }, { 0 } },
    { MCAPI_ENDP_ATTR_TIMEOUT, ~0u, true, 5, 0, { 0, 1, 1000, 0x80000000, ~0u }, { 0 } },
};

static mcapi_status_t read_at(struct peer *peer, mcapi_endpoint_t endpoint, mcapi_uint_t number,
                              uint32_t *value)
{
    struct call call = { .endpoint = endpoint, .number = number };

    at(peer, do_attribute, &call);
    *value = (uint32_t)call.word;
    return call.status;
}

static mcapi_status_t set_at(struct peer *peer, mcapi_endpoint_t endpoint, mcapi_uint_t number,
                             uint32_t value)
{
    struct call call = { .endpoint = endpoint, .number = number, .word = value };

    at(peer, do_set, &call);
    return call.status;
}

/* By us, and by a peer. */
static void expect_value(mcapi_endpoint_t endpoint, mcapi_uint_t number, uint32_t wanted)
{
    uint32_t value;

    expect_status(MCAPI_SUCCESS, read_at(NULL, endpoint, number, &value));
    expect_equal(wanted, value);
    expect_status(MCAPI_SUCCESS, read_at(peer(0), endpoint, number, &value));
    expect_equal(wanted, value);
}

/* --- The rows --------------------------------------------------------------------- */

static void attributes_count_from_0(void)
{
    static const int order[] = {
        MCAPI_ENDP_ATTR_TYPE,
        MCAPI_ENDP_ATTR_GET_COUNT,
        MCAPI_ENDP_ATTR_GET_SOURCE,
        MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE,
        MCAPI_ENDP_ATTR_BUFFER_TYPE,
        MCAPI_ENDP_ATTR_MEMORY_TYPE,
        MCAPI_ENDP_ATTR_NUM_PRIORITIES,
        MCAPI_ENDP_ATTR_PRIORITY,
        MCAPI_ENDP_ATTR_NUM_SEND_BUFFERS,
        MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS,
        MCAPI_ENDP_ATTR_STATUS,
        MCAPI_ENDP_ATTR_TIMEOUT,
    };

    for (size_t i = 0; i < LENGTH(order); i++)
        expect_equal(i, order[i]);
    expect_equal(MCAPI_ENDP_ATTR_STATUS, MCAPI_ENDP_ATTR_ENDP_STATUS);
}

static void values_have_their_numbers(void)
{
    expect_equal(1, MCAPI_ENDP_ATTR_TYPE_MESSAGE);
    expect_equal(2, MCAPI_ENDP_ATTR_TYPE_PKTCHAN);
    expect_equal(4, MCAPI_ENDP_ATTR_TYPE_SCLCHAN);
    expect_equal(0, MCAPI_ENDP_ATTR_FIFO_BUFFER);
    expect_equal(0, MCAPI_ENDP_ATTR_LOCAL_MEMORY);
    expect_equal(1, MCAPI_ENDP_ATTR_SHARED_MEMORY);
    expect_equal(2, MCAPI_ENDP_ATTR_REMOTE_MEMORY);
    expect_equal(0, MCAPI_ENDP_ATTR_BLOCK_ON_MEM_LIMIT);
    expect_equal(0x10000, MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT);
}

static void flags_are_nine_different_bits(void)
{
    static const unsigned flags[] = {
        MCAPI_ENDP_ATTR_STATUS_CONNECTED,    MCAPI_ENDP_ATTR_STATUS_OPEN,
        MCAPI_ENDP_ATTR_STATUS_OPEN_PENDING, MCAPI_ENDP_ATTR_STATUS_CLOSE_PENDING,
        MCAPI_ENDP_ATTR_STATUS_PKTCHAN,      MCAPI_ENDP_ATTR_STATUS_SCLCHAN,
        MCAPI_ENDP_ATTR_STATUS_SEND,         MCAPI_ENDP_ATTR_STATUS_RECEIVE,
        MCAPI_ENDP_ATTR_STATUS_GET_PENDING,
    };
    unsigned seen = 0;

    for (size_t i = 0; i < LENGTH(flags); i++) {
        expect_true(flags[i] != 0 && (flags[i] & (flags[i] - 1)) == 0);
        expect_equal(0, seen & flags[i]);
        seen |= flags[i];
    }
}

/* A new endpoint, ours and a peer's, by name and without. */
static void a_new_endpoint_has_the_defaults(void)
{
    mcapi_endpoint_t endpoints[3];
    uint32_t value;

    nodes_begin(1);
    endpoints[0] = create(5);
    endpoints[1] = create(MCAPI_PORT_ANY);
    endpoints[2] = create_at(peer(0), 6);
    for (size_t i = 0; i < LENGTH(endpoints); i++)
        for (size_t j = 0; j < LENGTH(rows); j++) {
            if (rows[j].before != SOME_DEFAULT) {
                expect_value(endpoints[i], rows[j].number, rows[j].before);
                continue;
            }
            expect_status(MCAPI_SUCCESS, read_at(NULL, endpoints[i], rows[j].number, &value));
            expect_true((int32_t)value > 0);
            expect_value(endpoints[i], rows[j].number, value);
        }
    nodes_end();
}

static void nobody_has_got_a_new_endpoint(void)
{
    mcapi_endp_attr_get_source_t source = { 77, 77 };
    mcapi_endpoint_t endpoint;

    nodes_begin(1);
    endpoint = create_at(peer(0), 5);
    expect(MCAPI_SUCCESS, mcapi_endpoint_get_attribute(endpoint, MCAPI_ENDP_ATTR_GET_SOURCE,
                                                       &source, sizeof source, &status));
    expect_equal(MCAPI_DOMAIN_INVALID, source.domain_id);
    expect_equal(MCAPI_NODE_INVALID, source.node_id);
    nodes_end();
}

static void every_legal_value_can_be_set(void)
{
    mcapi_endpoint_t endpoint;

    nodes_begin(1);
    endpoint = create(5);
    for (size_t i = 0; i < LENGTH(rows); i++)
        for (size_t j = 0; j < rows[i].good_count; j++) {
            expect_status(MCAPI_SUCCESS,
                          set_at(NULL, endpoint, rows[i].number, rows[i].good[j]));
            expect_value(endpoint, rows[i].number, rows[i].good[j]);
        }
    nodes_end();
}

/* Whatever the value was before. */
static void other_values_are_refused(void)
{
    mcapi_endpoint_t endpoint;

    nodes_begin(1);
    endpoint = create(5);
    for (size_t i = 0; i < LENGTH(rows); i++)
        for (size_t j = 0; j < rows[i].bad_count; j++) {
            uint32_t good = rows[i].good[j % rows[i].good_count];

            expect_status(MCAPI_SUCCESS, set_at(NULL, endpoint, rows[i].number, good));
            expect_status(MCAPI_ERR_ATTR_VALUE,
                          set_at(NULL, endpoint, rows[i].number, rows[i].bad[j]));
            expect_value(endpoint, rows[i].number, good);
        }
    nodes_end();
}

/* --- Refused ---------------------------------------------------------------------- */

static void what_the_library_counts_cannot_be_set(void)
{
    mcapi_endp_attr_get_source_t source = { 0, 0 };
    mcapi_endpoint_t endpoint;

    nodes_begin(1);
    endpoint = create(5);
    for (size_t i = 0; i < LENGTH(rows); i++)
        if (!rows[i].settable) {
            expect_status(MCAPI_ERR_ATTR_READONLY, set_at(NULL, endpoint, rows[i].number, 1));
            expect_value(endpoint, rows[i].number, rows[i].before);
        }
    expect(MCAPI_ERR_ATTR_READONLY,
           mcapi_endpoint_set_attribute(endpoint, MCAPI_ENDP_ATTR_GET_SOURCE, &source,
                                        sizeof source, &status));
    nodes_end();
}

static void only_the_owner_sets(void)
{
    mcapi_endpoint_t endpoint;

    nodes_begin(1);
    endpoint = create_at(peer(0), 5);
    for (size_t i = 0; i < LENGTH(rows); i++)
        for (size_t j = 0; j < rows[i].good_count; j++)
            expect_status(MCAPI_ERR_ENDP_REMOTE,
                          set_at(NULL, endpoint, rows[i].number, rows[i].good[j]));
    for (size_t i = 0; i < LENGTH(rows); i++)
        if (rows[i].before != SOME_DEFAULT)
            expect_value(endpoint, rows[i].number, rows[i].before);
    nodes_end();
}

FOR_BOTH(nothing_is_set_while_connected)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    channel_connect(kind, &channel);
    for (int opened = 0; opened < 2; opened++) {
        for (size_t i = 0; i < LENGTH(rows); i++)
            for (size_t j = 0; j < rows[i].good_count; j++) {
                uint32_t value = rows[i].good[j];

                expect_status(MCAPI_ERR_CHAN_CONNECTED,
                              set_at(NULL, channel.recv, rows[i].number, value));
                expect_status(MCAPI_ERR_CHAN_CONNECTED,
                              set_at(peer(0), channel.send, rows[i].number, value));
            }
        if (opened == 0) {
            mcapi_request_t sends = channel_open(kind, &channel, SENDING);
            mcapi_request_t receives = channel_open(kind, &channel, RECEIVING);

            expect_status(MCAPI_SUCCESS, outcome(peer(0), sends));
            expect_status(MCAPI_SUCCESS, outcome(NULL, receives));
        }
    }
    channel_works(kind, &channel);
    channel_part(kind, &channel);
    /* It is over: now they can. */
    for (size_t i = 0; i < LENGTH(rows); i++)
        for (size_t j = 0; j < rows[i].good_count; j++)
            expect_status(MCAPI_SUCCESS,
                          set_at(NULL, channel.recv, rows[i].number, rows[i].good[j]));
    nodes_end();
}

static void an_attribute_has_one_size(void)
{
    static const size_t sizes[] = { 0, 1, 2, 3, 5, 8, 12, SIZE_MAX };
    unsigned char bytes[16], before[16];
    mcapi_endpoint_t endpoint;

    memset(bytes, 0xa5, sizeof bytes);
    memcpy(before, bytes, sizeof bytes);
    nodes_begin(1);
    endpoint = create(5);
    for (mcapi_uint_t number = 0; number <= MCAPI_ENDP_ATTR_TIMEOUT; number++)
        for (size_t i = 0; i < LENGTH(sizes); i++) {
            size_t size = sizes[i];

            if (number == MCAPI_ENDP_ATTR_GET_SOURCE && size == 8)
                size = 4;
            expect(MCAPI_ERR_ATTR_SIZE,
                   mcapi_endpoint_get_attribute(endpoint, number, bytes, size, &status));
            expect(MCAPI_ERR_ATTR_SIZE,
                   mcapi_endpoint_set_attribute(endpoint, number, bytes, size, &status));
        }
    expect_true(memcmp(bytes, before, sizeof bytes) == 0);
    for (size_t i = 0; i < LENGTH(rows); i++)
        if (rows[i].before != SOME_DEFAULT)
            expect_value(endpoint, rows[i].number, rows[i].before);
    nodes_end();
}

static void unknown_numbers_are_refused(void)
{
    static const mcapi_uint_t beyond[] = { 1000000, 0x7fffffff, 0x80000000, ~0u };
    mcapi_endpoint_t endpoint, remote;
    uint32_t value = 99;

    nodes_begin(1);
    endpoint = create(5);
    remote = create_at(peer(0), 6);
    for (mcapi_uint_t number = MCAPI_ENDP_ATTR_TIMEOUT + 1; number < 64; number++) {
        expect(MCAPI_ERR_ATTR_NOTSUPPORTED,
               mcapi_endpoint_get_attribute(endpoint, number, &value, sizeof value, &status));
        expect(MCAPI_ERR_ATTR_NOTSUPPORTED,
               mcapi_endpoint_get_attribute(remote, number, &value, sizeof value, &status));
        expect(MCAPI_ERR_ATTR_NOTSUPPORTED,
               mcapi_endpoint_set_attribute(endpoint, number, &value, sizeof value, &status));
    }
    for (size_t i = 0; i < LENGTH(beyond); i++) {
        expect(MCAPI_ERR_ATTR_NUM, mcapi_endpoint_get_attribute(endpoint, beyond[i], &value,
                                                                sizeof value, &status));
        expect(MCAPI_ERR_ATTR_NUM,
               mcapi_endpoint_get_attribute(remote, beyond[i], &value, sizeof value, &status));
        expect(MCAPI_ERR_ATTR_NUM, mcapi_endpoint_set_attribute(endpoint, beyond[i], &value,
                                                                sizeof value, &status));
    }
    expect_equal(99, value);
    nodes_end();
}

static void attributes_need_a_value_and_an_endpoint(void)
{
    mcapi_endpoint_t endpoint;
    uint32_t value = 99;

    nodes_begin(1);
    endpoint = create(5);
    for (mcapi_uint_t number = 0; number <= MCAPI_ENDP_ATTR_TIMEOUT; number++) {
        expect(MCAPI_ERR_PARAMETER,
               mcapi_endpoint_get_attribute(endpoint, number, NULL, 4, &status));
        expect(MCAPI_ERR_PARAMETER,
               mcapi_endpoint_set_attribute(endpoint, number, NULL, 4, &status));
        expect_status(MCAPI_ERR_ENDP_INVALID, read_at(NULL, 0, number, &value));
        expect_status(MCAPI_ERR_ENDP_INVALID, read_at(peer(0), endpoint + 1, number, &value));
        expect_status(MCAPI_ERR_ENDP_INVALID, set_at(NULL, 0xdeadbeef, number, 1));
    }
    delete_at(NULL, endpoint);
    for (size_t i = 0; i < LENGTH(rows); i++) {
        expect_status(MCAPI_ERR_ENDP_INVALID, read_at(NULL, endpoint, rows[i].number, &value));
        expect_status(MCAPI_ERR_ENDP_INVALID,
                      read_at(peer(0), endpoint, rows[i].number, &value));
    }
    nodes_end();
}

static const struct test tests[] = {
    TEST(attributes_count_from_0, ALONE, "5.48 5.72"),
    TEST(values_have_their_numbers, ALONE, "5.60 5.64 5.65 5.66"),
    TEST(flags_are_nine_different_bits, ALONE, "5.83"),
    TEST(a_new_endpoint_has_the_defaults, ANYWHERE,
         "5.56 5.60 5.61 5.63 5.64 5.65 5.66 5.67 5.68 5.69 5.70 5.72 5.73"),
    TEST(nobody_has_got_a_new_endpoint, ANYWHERE, "5.62"),
    TEST(every_legal_value_can_be_set, ANYWHERE,
         "5.56 5.60 5.63 5.64 5.65 5.66 5.67 5.68 5.69 5.70 5.73"),
    TEST(other_values_are_refused, ANYWHERE, "5.54"),
    TEST(what_the_library_counts_cannot_be_set, ANYWHERE, "5.55"),
    TEST(only_the_owner_sets, BETWEEN_NODES, "5.49 3.9"),
    BOTH(nothing_is_set_while_connected, ANYWHERE, "5.50 5.87", "5.50 5.87"),
    TEST(an_attribute_has_one_size, ANYWHERE, "5.51 5.57"),
    TEST(unknown_numbers_are_refused, ANYWHERE, "5.52 5.53 5.57"),
    TEST(attributes_need_a_value_and_an_endpoint, ANYWHERE, "5.58 5.59"),
};
CHAPTER(attribute, tests);
