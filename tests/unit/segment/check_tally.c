/* SPDX-License-Identifier: MIT */
/*
 * check_tally.c - an onlooker knows how much went through a channel, at rest and in full swing.
 */
#include "segment/tally.h"

#include <mcapi_ext.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/runtime.h"
#include "segment/ring_packet.h"
#include "segment/ring_scalar.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

enum { KINDS = 2, DEPTH = 5, MOST_HELD = DEPTH };

static uint32_t channel_of(const struct pair *pair)
{
    return mci_map()->endpoints[pair->receive & 0xffff].channel - 1;
}

static struct mci_tally tally_of(const struct pair *pair)
{
    struct mci_tally tally;

    ck_assert(mci_tally(mci_map(), channel_of(pair), &tally));
    return tally;
}

static struct pair open_pair(int kind, struct child *sender, uint32_t depth)
{
    struct pair pair = pair_create(kind == 0 ? PACKETS : SCALARS, sender, NULL);

    pair_set(NULL, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, depth);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    return pair;
}

/* --- The arithmetic ------------------------------------------------------------------- */

START_TEST(the_number_of_items_goes_on_where_positions_come_round)
{
    static const uint64_t numbers[] = { 0,
                                        1,
                                        255,
                                        256,
                                        257,
                                        UINT32_MAX - 257ull,
                                        UINT32_MAX,
                                        UINT32_MAX + 1ull,
                                        UINT64_C(0x123456789),
                                        UINT64_C(0xffffffffffff) };
    static const uint64_t later[] = { 0, 1, 63, 4096, INT32_MAX };

    for (size_t i = 0; i < SUITE_LENGTH(numbers); i++)
        for (size_t j = 0; j < SUITE_LENGTH(later); j++) {
            uint64_t items = numbers[i] + later[j];
            uint32_t position = (uint32_t)items + (uint32_t)MCI_FIRST_POSITION;

            ck_assert_uint_eq(mci_items_before(position, numbers[i]), items);
            ck_assert_uint_eq(
                    mci_items_before((uint32_t)numbers[i] + (uint32_t)MCI_FIRST_POSITION,
                                     items),
                    numbers[i]);
        }
}
END_TEST

/* --- At rest -------------------------------------------------------------------------- */

/* What a model says of a channel that is easy to believe. */
struct model {
    uint64_t sent, received, bytes;
    uint32_t held;
    void *packet[MOST_HELD];
    uint32_t lent;
    void *buffer[MOST_HELD];
};

static void expect_model(const struct pair *pair, const struct model *model)
{
    struct mci_tally tally = tally_of(pair);
    uint32_t queued = (uint32_t)(model->sent - model->received);

    ck_assert_uint_eq(tally.sent, model->sent);
    ck_assert_uint_eq(tally.received, model->received);
    ck_assert_uint_eq(tally.queued, queued);
    ck_assert_uint_eq(tally.held, model->held);
    ck_assert_uint_eq(tally.lent, model->lent);
    ck_assert_uint_eq(tally.room, DEPTH - queued - model->held - model->lent);
    if (pair->kind == PACKETS)
        ck_assert_uint_eq(mci_map()->channels[channel_of(pair)].counters[MCI_SEND].bytes,
                          model->bytes);
}

static bool is_full(const struct model *model)
{
    return model->sent - model->received + model->held + model->lent == DEPTH;
}

static void send_some(const struct pair *pair, struct model *model, unsigned *seed)
{
    static const char payload[300];
    size_t size = (size_t)rand_r(seed) % sizeof payload;

    if (is_full(model))
        return;
    if (pair->kind == SCALARS) {
        pair_send_word(pair, 1);
    } else {
        expect(MCAPI_SUCCESS, mcapi_pktchan_send(pair->send, payload, size, &status));
        model->bytes += size;
    }
    model->sent++;
}

static void receive_some(const struct pair *pair, struct model *model)
{
    size_t size;

    if (model->received == model->sent)
        return;
    if (pair->kind == SCALARS)
        pair_expect_word(pair, 1);
    else
        model->packet[model->held++] = pair_take(pair, &size);
    model->received++;
}

static void release_some(struct model *model, unsigned *seed)
{
    uint32_t which;

    if (model->held == 0)
        return;
    which = (uint32_t)rand_r(seed) % model->held;
    pair_give_back(model->packet[which]);
    model->packet[which] = model->packet[--model->held];
}

static void take_a_buffer(const struct pair *pair, struct model *model)
{
    if (pair->kind == SCALARS || is_full(model))
        return;
    expect(MCAPI_SUCCESS, model->buffer[model->lent++] =
                                  mcapi_ext_pktchan_buffer_take(pair->send, 200, &status));
}

static void send_a_buffer(const struct pair *pair, struct model *model, unsigned *seed)
{
    void *buffer;

    if (model->lent == 0)
        return;
    buffer = model->buffer[--model->lent];
    if (rand_r(seed) % 3 == 0) {
        expect(MCAPI_SUCCESS, mcapi_ext_pktchan_buffer_give_back(pair->send, buffer, &status));
        return;
    }
    expect(MCAPI_SUCCESS, mcapi_ext_pktchan_buffer_send(pair->send, buffer, 100, &status));
    model->sent++;
    model->bytes += 100;
}

/* Several at once, of both kinds. */
static void burst(const struct pair *pair, struct model *model)
{
    static const mcapi_uint32_t words[3] = { 1, 1, 1 };
    const void *const payloads[3] = { "a", "b", "c" };
    const size_t sizes[3] = { 1, 2, 0 };
    size_t done;

    if (is_full(model))
        return;
    if (pair->kind == SCALARS)
        expect(MCAPI_SUCCESS,
               done = mcapi_ext_sclchan_send_burst_uint32(pair->send, words, 3, &status));
    else
        expect(MCAPI_SUCCESS,
               done = mcapi_ext_pktchan_send_burst(pair->send, payloads, sizes, 3, &status));
    model->sent += done;
    for (size_t i = 0; i < done; i++)
        model->bytes += sizes[i];
}

static void step(const struct pair *pair, struct model *model, unsigned *seed)
{
    switch (rand_r(seed) % 6) {
    case 0:
        send_some(pair, model, seed);
        break;
    case 1:
        receive_some(pair, model);
        break;
    case 2:
        release_some(model, seed);
        break;
    case 3:
        take_a_buffer(pair, model);
        break;
    case 4:
        send_a_buffer(pair, model, seed);
        break;
    default:
        burst(pair, model);
    }
}

/* Positions pass the wrap of 32 bits after 256 items. */
START_TEST(whatever_was_done_the_numbers_are_right)
{
    struct pair pair = open_pair(_i % KINDS, NULL, DEPTH);
    struct model model = { .sent = 0 };
    unsigned seed = (unsigned)_i + 1;

    for (int i = 0; i < 6000; i++) {
        step(&pair, &model, &seed);
        expect_model(&pair, &model);
    }
    ck_assert_uint_gt(model.sent, 512);
}
END_TEST

/* As after years of work: more items than positions, and laps, can count. */
START_TEST(more_than_32_bits_are_counted)
{
    const uint64_t before = (uint64_t)MCI_SCALARS_PER_LINE * MCI_SCALAR_LAPS << 32;
    struct pair pair = open_pair(_i, NULL, DEPTH);
    struct mci_channel_slot *slot = &mci_map()->channels[channel_of(&pair)];

    atomic_store(&slot->counters[MCI_SEND].items, before);
    for (uint64_t i = 1; i < 1000; i++) {
        struct mci_tally tally;

        expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
        tally = tally_of(&pair);
        ck_assert_uint_eq(tally.sent, before + i);
        ck_assert_uint_eq(tally.received, before + i - 1);
        expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
    }
    ck_assert_uint_ge(atomic_load(&slot->counters[MCI_SEND].items), before + 999 - DEPTH);
}
END_TEST

/* kind, endpoint: opens it, which is not complete while the receiver has not; sends; and takes
 * the open back. */
static void act_send_and_withdraw(struct act *act)
{
    mcapi_status_t status;
    struct act open = *act;

    act_open_send(&open);
    expect_status(MCAPI_SUCCESS, open.status);
    act_send(act);
    mcapi_cancel(&open.request, &status);
    expect_status(MCAPI_SUCCESS, status);
}

START_TEST(a_sender_that_comes_back_goes_on_counting)
{
    struct child *sender = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(_i == 0 ? PACKETS : SCALARS, sender, NULL);
    struct act act = { .kind = _i, .endpoint = pair.send, .size = 10 };

    pair_set(NULL, pair.receive, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, DEPTH);
    pair_connect(&pair);
    for (uint64_t i = 1; i <= DEPTH; i++) {
        child_do(sender, act_send_and_withdraw, &act);
        expect_status(MCAPI_SUCCESS, act.status);
        ck_assert_uint_eq(tally_of(&pair).sent, i);
        ck_assert_uint_eq(tally_of(&pair).queued, i);
    }
}
END_TEST

/* --- In full swing -------------------------------------------------------------------- */

static void expect_later(const struct mci_tally *before, const struct mci_tally *now,
                         uint32_t depth)
{
    ck_assert_uint_ge(now->sent, before->sent);
    ck_assert_uint_ge(now->received, before->received);
    ck_assert_uint_le(now->received, now->sent);
    ck_assert_uint_le(now->sent - now->received, depth);
    ck_assert_uint_eq(now->queued, now->sent - now->received);
    ck_assert_uint_le(now->room, depth);
}

/* _i: bit 0 the kind, bit 1 a channel for one item only */
START_TEST(an_onlooker_never_sees_a_number_go_back)
{
    enum { ITEMS = 300000, AT_LEAST = 3 };
    uint32_t depth = (_i & 2) != 0 ? 1 : 64;
    struct child *sender = child_start(CHILD_PROCESS, 2);
    struct child *receiver = child_start_bare(CHILD_THREAD);
    struct pair pair = open_pair(_i & 1, sender, depth);
    struct act out = { .kind = (int)pair.kind, .endpoint = pair.send, .count = ITEMS };
    struct act in = { .kind = (int)pair.kind, .endpoint = pair.receive, .count = ITEMS };
    struct mci_tally before = { .sent = 0 };
    uint32_t different = 0;

    if ((_i & 2) != 0)
        out.count = in.count = ITEMS / 10;
    out.size = sizeof(uint32_t);
    child_begin(sender, act_send_many, &out);
    child_begin(receiver, act_receive_many, &in);
    while (!child_is_done(receiver)) {
        struct mci_tally now = tally_of(&pair);

        expect_later(&before, &now, depth);
        different += now.sent != before.sent;
        before = now;
    }
    child_finish(sender, &out);
    child_finish(receiver, &in);
    expect_status(MCAPI_SUCCESS, out.status);
    expect_status(MCAPI_SUCCESS, in.status);
    before = tally_of(&pair);
    ck_assert_uint_eq(before.sent, out.word);
    ck_assert_uint_eq(before.received, out.word);
    ck_assert_uint_gt(different, AT_LEAST); /* it did look meanwhile */
}
END_TEST

/* --- Damage --------------------------------------------------------------------------- */

START_TEST(of_a_damaged_channel_anything_may_be_said)
{
    struct pair pair = open_pair(_i, NULL, DEPTH);
    struct mci_channel_slot *slot = &mci_map()->channels[channel_of(&pair)];
    unsigned char *region = mci_region(mci_map(), channel_of(&pair));
    size_t bytes = pair.kind == PACKETS ? mci_ring_packet_head_size(DEPTH)
                                        : mci_ring_scalar_size(DEPTH);
    struct mci_channel_slot kept = *slot;
    unsigned char *ring = malloc(bytes);
    unsigned seed = 1;

    memcpy(ring, region, bytes);
    for (int i = 0; i < 3000; i++) {
        struct mci_tally tally;

        for (size_t at = 0; at < bytes; at++)
            region[at] = (unsigned char)rand_r(&seed);
        for (size_t at = 0; i % 2 == 0 && at < sizeof *slot; at++)
            ((unsigned char *)slot)[at] = (unsigned char)rand_r(&seed);
        if (mci_tally(mci_map(), (uint32_t)(slot - mci_map()->channels), &tally))
            ck_assert_uint_le(tally.received, tally.sent);
        *slot = kept;
        atomic_store(&slot->counters[MCI_SEND].items, (uint64_t)rand_r(&seed) << 20);
    }
    *slot = kept;
    memcpy(region, ring, bytes);
    free(ring);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { the_number_of_items_goes_on_where_positions_come_round, 1 },
        { whatever_was_done_the_numbers_are_right, KINDS * 4 },
        { more_than_32_bits_are_counted, KINDS },
        { a_sender_that_comes_back_goes_on_counting, KINDS },
        { an_onlooker_never_sees_a_number_go_back, KINDS * 2 },
        { of_a_damaged_channel_anything_may_be_said, KINDS },
    };

    return suite_run_between("segment/tally", node_begin, node_end, tests, SUITE_LENGTH(tests));
}
