/* SPDX-License-Identifier: MIT */
/*
 * check_mcapi_pktchan.c - packets: sent, queued, received in place, held, released.
 */
#include <mcapi.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

static struct pair open_deep(uint32_t depth)
{
    struct pair pair = pair_create(PACKETS, NULL, NULL);

    pair_set(NULL, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, depth);
    if (depth > MCAPI_MAX_BUFFERS) /* a channel has room for so many of the largest */
        pair_set_both(&pair, MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, 500);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    return pair;
}

static mcapi_status_t send_now(const struct pair *pair, const void *bytes, size_t size)
{
    mcapi_status_t status = STATUS_UNTOUCHED, tested = STATUS_UNTOUCHED;
    mcapi_request_t request;
    size_t sent = 99;

    mcapi_pktchan_send_i(pair->send, bytes, size, &request, &status);
    ck_assert(mcapi_test(&request, &sent, &tested));
    expect_status(status, tested);
    if (status == MCAPI_SUCCESS)
        ck_assert_uint_eq(sent, size);
    return status;
}

/* --- What arrives ----------------------------------------------------------------- */

START_TEST(a_packet_arrives_once_and_in_order)
{
    struct child *other = _i == 2 ? NULL : child_start(_i, 2);
    struct pair pair = pair_open(PACKETS, NULL, other);

    pair_send(&pair, "first");
    pair_send(&pair, "second");
    pair_send(&pair, "");
    pair_expect(&pair, "first");
    pair_expect(&pair, "second");
    pair_expect(&pair, "");
    pair_send(&pair, "third");
    pair_expect(&pair, "third");
    pair_close(&pair);
}
END_TEST

START_TEST(packets_of_every_size_arrive_whole)
{
    static const size_t sizes[] = { 0,
                                    1,
                                    7,
                                    8,
                                    63,
                                    64,
                                    65,
                                    111,
                                    112,
                                    113,
                                    127,
                                    128,
                                    129,
                                    1500,
                                    4095,
                                    4096,
                                    4097,
                                    65535,
                                    MCAPI_MAX_PKT_SIZE };
    static unsigned char bytes[MCAPI_MAX_PKT_SIZE];
    struct pair pair = open_deep(SUITE_LENGTH(sizes));
    size_t size;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 31 + i / 251);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < SUITE_LENGTH(sizes); i++)
            expect_status(MCAPI_SUCCESS,
                          send_now(&pair, bytes + i, sizes[i] - (sizes[i] > i ? i : 0)));
        for (size_t i = 0; i < SUITE_LENGTH(sizes); i++) {
            void *buffer = pair_take(&pair, &size);

            ck_assert_uint_eq(size, sizes[i] - (sizes[i] > i ? i : 0));
            ck_assert_mem_eq(buffer, bytes + i, size);
            pair_give_back(buffer);
        }
    }
}
END_TEST

START_TEST(a_packet_above_the_largest_is_refused)
{
    static char bytes[MCAPI_MAX_PKT_SIZE + 1];
    struct pair pair = pair_open(PACKETS, NULL, NULL);

    expect_status(MCAPI_ERR_PKT_LIMIT, send_now(&pair, bytes, MCAPI_MAX_PKT_SIZE + 1));
    expect(MCAPI_ERR_PKT_LIMIT,
           mcapi_pktchan_send(pair.send, bytes, MCAPI_MAX_PKT_SIZE + 1, &status));
    expect(MCAPI_ERR_PKT_LIMIT, mcapi_pktchan_send(pair.send, bytes, SIZE_MAX, &status));
    expect(MCAPI_ERR_PKT_LIMIT, mcapi_pktchan_send(pair.send, bytes, (size_t)1 << 32, &status));
    ck_assert_uint_eq(pair_available(&pair), 0);
    expect_status(MCAPI_SUCCESS, send_now(&pair, bytes, MCAPI_MAX_PKT_SIZE));
}
END_TEST

START_TEST(an_empty_packet_needs_no_buffer)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    size_t size = 99;

    expect(MCAPI_SUCCESS, mcapi_pktchan_send(pair.send, NULL, 0, &status));
    expect(MCAPI_ERR_PARAMETER, mcapi_pktchan_send(pair.send, NULL, 1, &status));
    expect_status(MCAPI_ERR_PARAMETER, send_now(&pair, NULL, 1));
    pair_give_back(pair_take(&pair, &size));
    ck_assert_uint_eq(size, 0);
}
END_TEST

START_TEST(the_senders_buffer_may_be_used_again_at_once)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    char bytes[300];
    size_t size;

    for (int i = 0; i < 10; i++) {
        memset(bytes, 'a' + i, sizeof bytes);
        expect_status(MCAPI_SUCCESS, send_now(&pair, bytes, sizeof bytes));
    }
    for (int i = 0; i < 10; i++) {
        char *buffer = pair_take(&pair, &size);

        ck_assert_int_eq(buffer[0], 'a' + i);
        ck_assert_int_eq(buffer[299], 'a' + i);
        pair_give_back(buffer);
    }
}
END_TEST

START_TEST(a_received_buffer_can_be_written_and_is_aligned)
{
    struct pair pair = open_deep(4);
    static char bytes[2][1000];
    char *buffer[4];
    size_t size;

    memset(bytes[0], 'x', sizeof bytes[0]);
    for (int i = 0; i < 4; i++)
        expect_status(MCAPI_SUCCESS, send_now(&pair, bytes[0], i % 2 ? 1000 : 112));
    for (int i = 0; i < 4; i++) {
        buffer[i] = pair_take(&pair, &size);
        ck_assert_uint_eq((uintptr_t)buffer[i] % 16, 0);
        memset(buffer[i], i, size);
    }
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(buffer[i][0], i);
        ck_assert_int_eq(buffer[i][111], i);
        pair_give_back(buffer[i]);
    }
    expect_status(MCAPI_SUCCESS, send_now(&pair, bytes[0], 1000));
    buffer[0] = pair_take(&pair, &size);
    ck_assert_mem_eq(buffer[0], bytes[0], 1000);
}
END_TEST

/* --- How much fits ---------------------------------------------------------------- */

static const uint32_t depths[] = { 1, 2, 3, 7, 64, 1000 };

START_TEST(exactly_the_depth_fits)
{
    struct pair pair = open_deep(depths[_i]);
    size_t size;

    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < depths[_i]; i++) {
            ck_assert_uint_eq(pair_available(&pair), i);
            expect_status(MCAPI_SUCCESS, send_now(&pair, &i, sizeof i));
        }
        expect_status(MCAPI_ERR_MEM_LIMIT, send_now(&pair, "x", 1));
        ck_assert_uint_eq(pair_available(&pair), depths[_i]);
        for (uint32_t i = 0; i < depths[_i]; i++) {
            uint32_t *word = pair_take(&pair, &size);

            ck_assert_uint_eq(*word, i);
            pair_give_back(word);
        }
        ck_assert_uint_eq(pair_available(&pair), 0);
    }
}
END_TEST

START_TEST(the_usual_depth_is_the_number_of_buffers)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);

    for (int i = 0; i < MCAPI_MAX_BUFFERS; i++)
        expect_status(MCAPI_SUCCESS, send_now(&pair, "x", 1));
    expect_status(MCAPI_ERR_MEM_LIMIT, send_now(&pair, "x", 1));
}
END_TEST

START_TEST(a_held_buffer_costs_one_place_and_stalls_nothing_else)
{
    enum { DEPTH = 8 };
    struct pair pair = open_deep(DEPTH);
    void *held[DEPTH];
    size_t size;

    for (int holding = 0; holding < DEPTH; holding++) {
        for (int i = 0; i < DEPTH - holding; i++)
            expect_status(MCAPI_SUCCESS, send_now(&pair, "x", 1));
        expect_status(MCAPI_ERR_MEM_LIMIT, send_now(&pair, "x", 1));
        held[holding] = pair_take(&pair, &size);
        for (int i = 1; i < DEPTH - holding; i++)
            pair_give_back(pair_take(&pair, &size));
    }
    expect_status(MCAPI_ERR_MEM_LIMIT, send_now(&pair, "x", 1));
    for (int i = DEPTH - 1; i >= 0; i--)
        pair_give_back(held[(i * 3) % DEPTH]);
    for (int i = 0; i < DEPTH; i++)
        expect_status(MCAPI_SUCCESS, send_now(&pair, "x", 1));
}
END_TEST

START_TEST(a_held_packet_keeps_its_bytes_while_others_come_and_go)
{
    struct pair pair = open_deep(3);
    char text[200], *held[2];
    size_t size;

    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof text, "held %d", i);
        expect_status(MCAPI_SUCCESS, send_now(&pair, text, i > 0 ? sizeof text : 20));
        held[i] = pair_take(&pair, &size);
    }
    for (int i = 0; i < 1000; i++) {
        memset(text, i, sizeof text);
        expect_status(MCAPI_SUCCESS, send_now(&pair, text, i % 2 ? sizeof text : 20));
        pair_give_back(pair_take(&pair, &size));
    }
    ck_assert_str_eq(held[0], "held 0");
    ck_assert_str_eq(held[1], "held 1");
}
END_TEST

START_TEST(a_full_channel_blocks_its_sender_until_a_buffer_is_released)
{
    struct child *other = child_start(_i, 2);
    struct pair pair = pair_create(PACKETS, other, NULL);
    struct act send = { .kind = PACKETS, .endpoint = pair.send, .count = 3 };
    size_t size;
    void *buffer;

    pair_set(NULL, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 2);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    child_begin(other, act_send_many, &send);
    ck_assert(eventually(pair_available(&pair) == 2 && child_is_asleep(other)));
    buffer = pair_take(&pair, &size);
    ck_assert(eventually(child_is_asleep(other))); /* held: no room yet */
    ck_assert(!child_is_done(other));
    pair_give_back(buffer);
    child_finish(other, &send);
    expect_status(MCAPI_SUCCESS, send.status);
    ck_assert_uint_eq(pair_available(&pair), 2);
}
END_TEST

/* --- Against a model -------------------------------------------------------------- */

/* What a channel is believed to be: packets queued and packets held, their sum at most the
 * depth. A packet is known by its number, from which size and bytes follow. */
enum { MOST = 64 };

struct model {
    uint32_t depth;
    uint32_t queued[MOST], queue_length;
    uint32_t held[MOST], held_count;
    unsigned char *buffer[MOST];
};

static size_t size_of(uint32_t number)
{
    static const size_t sizes[] = { 0, 1, 112, 113, 4000, MCAPI_MAX_PKT_SIZE };

    return sizes[number % SUITE_LENGTH(sizes)];
}

static void fill(unsigned char *bytes, uint32_t number)
{
    size_t size = size_of(number);

    memset(bytes, (int)(number * 7 + 3), size);
    if (size >= sizeof number)
        memcpy(bytes + size - sizeof number, &number, sizeof number);
}

static void expect_packet(const unsigned char *buffer, size_t size, uint32_t number)
{
    static unsigned char wanted[MCAPI_MAX_PKT_SIZE];

    ck_assert_uint_eq(size, size_of(number));
    fill(wanted, number);
    ck_assert(memcmp(buffer, wanted, size) == 0);
}

static void model_send(struct model *model, const struct pair *pair, uint32_t *next)
{
    static unsigned char bytes[MCAPI_MAX_PKT_SIZE];
    bool fits = model->queue_length + model->held_count < model->depth;

    fill(bytes, *next);
    expect_status(fits ? MCAPI_SUCCESS : MCAPI_ERR_MEM_LIMIT,
                  send_now(pair, bytes, size_of(*next)));
    if (fits)
        model->queued[model->queue_length++] = (*next)++;
}

static void model_receive(struct model *model, const struct pair *pair)
{
    mcapi_request_t request;
    void *buffer = NULL;
    size_t size;

    if (model->queue_length == 0) { /* a receive would wait: it is taken back */
        expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(pair->receive, &buffer, &request, &status));
        expect(MCAPI_PENDING, mcapi_test(&request, &size, &status));
        expect(MCAPI_SUCCESS, mcapi_cancel(&request, &status));
        return;
    }
    buffer = pair_take(pair, &size);
    expect_packet(buffer, size, model->queued[0]);
    model->held[model->held_count] = model->queued[0];
    model->buffer[model->held_count++] = buffer;
    memmove(model->queued, model->queued + 1, --model->queue_length * sizeof model->queued[0]);
}

static void model_release(struct model *model)
{
    uint32_t which;

    if (model->held_count == 0)
        return;
    which = (uint32_t)lrand48() % model->held_count;
    expect_packet(model->buffer[which], size_of(model->held[which]), model->held[which]);
    pair_give_back(model->buffer[which]);
    model->held[which] = model->held[--model->held_count];
    model->buffer[which] = model->buffer[model->held_count];
}

START_TEST(it_behaves_as_a_queue_and_a_set_of_held_packets)
{
    static const uint32_t deep[] = { 1, 2, 3, 64 };
    struct model model = { .depth = deep[_i] };
    struct pair pair = open_deep(model.depth);
    uint32_t next = 0;

    srand48(20 + _i);
    for (int i = 0; i < 6000; i++) {
        /* The mood changes, so that it runs full and empty. */
        long send = i / 200 % 3 == 0 ? 60 : i / 200 % 3 == 1 ? 20 : 33;
        long what = lrand48() % 100;

        if (what < send)
            model_send(&model, &pair, &next);
        else if (what < 33 + send / 2)
            model_receive(&model, &pair);
        else
            model_release(&model);
        ck_assert_uint_eq(pair_available(&pair), model.queue_length);
    }
    ck_assert_uint_gt(next, 200);
}
END_TEST

/* --- Buffers that are none -------------------------------------------------------- */

START_TEST(a_buffer_is_released_once)
{
    struct pair pair = open_deep(2);
    static char bytes[200];
    size_t size;
    void *buffer;

    for (int i = 0; i < 10; i++) {
        expect_status(MCAPI_SUCCESS, send_now(&pair, bytes, i % 2 ? 2 : 200));
        buffer = pair_take(&pair, &size);
        pair_give_back(buffer);
        expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release(buffer, &status));
        expect_status(MCAPI_SUCCESS, send_now(&pair, bytes, i % 2 ? 2 : 200));
        expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release(buffer, &status)); /* queued */
        pair_give_back(pair_take(&pair, &size));
    }
}
END_TEST

START_TEST(only_a_buffer_of_ours_is_released)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    static char foreign[5000];
    char *heap = malloc(64), *buffer[2];
    size_t size;

    for (int i = 0; i < 2; i++) {
        expect_status(MCAPI_SUCCESS, send_now(&pair, foreign, i ? 5000 : 100));
        buffer[i] = pair_take(&pair, &size);
    }
    expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release(NULL, &status));
    expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release(foreign, &status));
    expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release(heap, &status));
    expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release((void *)1, &status));
    expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release((void *)UINTPTR_MAX, &status));
    for (int i = 0; i < 2; i++)
        for (ptrdiff_t offset = -300; offset <= 300; offset++)
            if (offset != 0)
                expect(MCAPI_ERR_BUF_INVALID,
                       mcapi_pktchan_release(buffer[i] + offset, &status));
    srand48(4);
    for (int i = 0; i < 20000; i++) {
        char *at = buffer[i % 2] + mrand48() % (64 << 20);

        if (at != buffer[0] && at != buffer[1])
            expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release(at, &status));
    }
    pair_give_back(buffer[0]);
    pair_give_back(buffer[1]);
    free(heap);
}
END_TEST

static void act_release(struct act *act)
{
    mcapi_pktchan_release(act->pointer, &act->status);
}

START_TEST(another_node_cannot_release_a_buffer)
{
    struct child *thread = child_start(CHILD_THREAD, 2);
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    struct act act;
    size_t size;

    expect_status(MCAPI_SUCCESS, send_now(&pair, "x", 2));
    act.pointer = pair_take(&pair, &size);
    child_do(thread, act_release, &act);
    expect_status(MCAPI_ERR_BUF_INVALID, act.status);
    pair_give_back(act.pointer);
}
END_TEST

START_TEST(any_thread_of_the_node_may_release_a_buffer)
{
    struct child *helper = child_start_bare(CHILD_THREAD);
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    struct act act;
    size_t size;

    expect_status(MCAPI_SUCCESS, send_now(&pair, "x", 2));
    act.pointer = pair_take(&pair, &size);
    child_do(helper, act_release, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release(act.pointer, &status));
}
END_TEST

START_TEST(a_buffer_of_an_earlier_life_is_none)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    size_t size;
    void *buffer;

    expect_status(MCAPI_SUCCESS, send_now(&pair, "x", 2));
    buffer = pair_take(&pair, &size);
    leave();
    join(0, 1);
    expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release(buffer, &status));
    pair = pair_open(PACKETS, NULL, NULL);
    expect_status(MCAPI_SUCCESS, send_now(&pair, "x", 2));
    expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release(buffer, &status));
}
END_TEST

START_TEST(buffers_go_back_with_a_closed_channel)
{
    struct pair pair = open_deep(2);
    size_t size;
    void *buffer;

    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 2; j++)
            expect_status(MCAPI_SUCCESS, send_now(&pair, "x", 2));
        buffer = pair_take(&pair, &size);
        pair_close(&pair);
        expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release(buffer, &status));
        pair_connect(&pair);
        pair_open_send(&pair);
        pair_open_receive(&pair);
        ck_assert_uint_eq(pair_available(&pair), 0);
        expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release(buffer, &status));
    }
}
END_TEST

START_TEST(nothing_is_sent_by_reference_here)
{
    expect(MCAPI_ERR_BUF_INVALID, ck_assert(!mcapi_pktchan_release_test("x", &status)));
    expect(MCAPI_ERR_BUF_INVALID, ck_assert(!mcapi_pktchan_release_test(NULL, &status)));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_packet_arrives_once_and_in_order, 3 },
        { packets_of_every_size_arrive_whole, 1 },
        { a_packet_above_the_largest_is_refused, 1 },
        { an_empty_packet_needs_no_buffer, 1 },
        { the_senders_buffer_may_be_used_again_at_once, 1 },
        { a_received_buffer_can_be_written_and_is_aligned, 1 },
        { exactly_the_depth_fits, SUITE_LENGTH(depths) },
        { the_usual_depth_is_the_number_of_buffers, 1 },
        { a_held_buffer_costs_one_place_and_stalls_nothing_else, 1 },
        { a_held_packet_keeps_its_bytes_while_others_come_and_go, 1 },
        { a_full_channel_blocks_its_sender_until_a_buffer_is_released, CHILD_KINDS },
        { it_behaves_as_a_queue_and_a_set_of_held_packets, 4 },
        { a_buffer_is_released_once, 1 },
        { only_a_buffer_of_ours_is_released, 1 },
        { another_node_cannot_release_a_buffer, 1 },
        { any_thread_of_the_node_may_release_a_buffer, 1 },
        { a_buffer_of_an_earlier_life_is_none, 1 },
        { buffers_go_back_with_a_closed_channel, 1 },
        { nothing_is_sent_by_reference_here, 1 },
    };

    return suite_run_between("api/mcapi_pktchan", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
