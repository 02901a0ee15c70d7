/* SPDX-License-Identifier: MIT */
/*
 * check_ext.c - section 11: what holds for every call of mcapi_ext.h.
 *
 * And the calls as ext.h has them, for the other chapters of this section.
 */
#include "ext.h"

#include <stdlib.h>
#include <string.h>

/* --- Being woken ---------------------------------------------------------------- */

int64_t woken_since(int64_t then, struct peer *peer, struct call *call)
{
    finish(peer, call);
    return now_ms() - then;
}

/* --- What travels --------------------------------------------------------------- */

static unsigned char byte_at(size_t place, uint64_t seed)
{
    return (unsigned char)((seed * 131 + place * 7 + place / 251) ^ seed >> 8);
}

void fill(void *bytes, size_t size, uint64_t seed)
{
    for (size_t i = 0; i < size; i++)
        ((unsigned char *)bytes)[i] = byte_at(i, seed);
}

bool is_filled(const void *bytes, size_t size, uint64_t seed)
{
    for (size_t i = 0; i < size; i++)
        if (((const unsigned char *)bytes)[i] != byte_at(i, seed))
            return false;
    return true;
}

const unsigned widths[WIDTHS] = { 8, 16, 32, 64 };

uint64_t scalar_word(uint64_t number, unsigned bits)
{
    return (number + 1) * 0x9e3779b97f4a7c15u >> (64 - bits);
}

/* --- Packets by reference ------------------------------------------------------- */

void do_buffer_take(struct call *call)
{
    call->status = UNTOUCHED;
    call->pointer = mcapi_ext_pktchan_buffer_take(call->endpoint, call->size, &call->status);
    expect_true((call->pointer != NULL) == (call->status == MCAPI_SUCCESS));
}

void do_buffer_send(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_ext_pktchan_buffer_send(call->endpoint, call->pointer, call->size, &call->status);
}

void do_buffer_give_back(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_ext_pktchan_buffer_give_back(call->endpoint, call->pointer, &call->status);
}

void do_release_test(struct call *call)
{
    call->status = UNTOUCHED;
    call->truth = mcapi_pktchan_release_test(call->pointer, &call->status);
}

void do_receive(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_pktchan_recv(call->endpoint, &call->pointer, &call->size, &call->status);
}

void do_release(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_pktchan_release(call->pointer, &call->status);
}

/* --- Bursts --------------------------------------------------------------------- */

/* What a call returned: something exactly if it has succeeded, and no more than there was. */
static void returned(struct call *call, size_t count)
{
    expect_true(count <= call->number);
    expect_true((count > 0) == (call->status == MCAPI_SUCCESS));
    call->number = (mcapi_uint_t)count;
}

void do_send_packets(struct call *call)
{
    const void *buffers[BURST];
    size_t sizes[BURST];
    unsigned char *bytes = malloc(call->number * call->size + 1);

    expect_true(bytes != NULL && call->number <= BURST);
    for (mcapi_uint_t i = 0; i < call->number; i++) {
        fill(bytes + i * call->size, call->size, call->word + i);
        buffers[i] = bytes + i * call->size;
        sizes[i] = call->size;
    }
    call->status = UNTOUCHED;
    returned(call, mcapi_ext_pktchan_send_burst(call->endpoint, buffers, sizes, call->number,
                                                &call->status));
    free(bytes);
}

void do_receive_packets(struct call *call)
{
    static char untouched;
    mcapi_uint_t room = call->number;
    void *buffers[BURST + 1];
    size_t sizes[BURST + 1];

    expect_true(room <= BURST);
    for (mcapi_uint_t i = 0; i <= room; i++) {
        buffers[i] = &untouched;
        sizes[i] = 4711;
    }
    call->status = UNTOUCHED;
    returned(call,
             mcapi_ext_pktchan_recv_burst(call->endpoint, buffers, sizes, room, &call->status));
    for (mcapi_uint_t i = 0; i <= room; i++)
        if (i < call->number) {
            expect_equal(call->size, sizes[i]);
            expect_true(is_filled(buffers[i], sizes[i], call->word + i));
        } else {
            expect_true(buffers[i] == &untouched && sizes[i] == 4711);
        }
    if (call->number > 0)
        expect(MCAPI_SUCCESS,
               expect_equal(call->number,
                            mcapi_ext_pktchan_release_burst(buffers, call->number, &status)));
}

#define SCALARS(bits)                                                                        \
    static size_t send_##bits(struct call *call)                                             \
    {                                                                                        \
        mcapi_uint##bits##_t words[BURST];                                                   \
                                                                                             \
        for (mcapi_uint_t i = 0; i < call->number; i++)                                      \
            words[i] = (mcapi_uint##bits##_t)scalar_word(call->word + i, bits);              \
        return mcapi_ext_sclchan_send_burst_uint##bits(call->endpoint, words, call->number,  \
                                                       &call->status);                       \
    }                                                                                        \
                                                                                             \
    static size_t receive_##bits(struct call *call)                                          \
    {                                                                                        \
        mcapi_uint##bits##_t words[BURST + 1];                                               \
        size_t count;                                                                        \
                                                                                             \
        for (mcapi_uint_t i = 0; i <= call->number; i++)                                     \
            words[i] = (mcapi_uint##bits##_t) ~scalar_word(call->word + i, bits);            \
        count = mcapi_ext_sclchan_recv_burst_uint##bits(call->endpoint, words, call->number, \
                                                        &call->status);                      \
        for (mcapi_uint_t i = 0; i <= call->number; i++) {                                   \
            uint64_t word = scalar_word(call->word + i, bits);                               \
                                                                                             \
            expect_equal((mcapi_uint##bits##_t)(i < count ? word : ~word), words[i]);        \
        }                                                                                    \
        return count;                                                                        \
    }

SCALARS(8)
SCALARS(16)
SCALARS(32)
SCALARS(64)

void do_send_scalars(struct call *call)
{
    expect_true(call->number <= BURST);
    call->status = UNTOUCHED;
    returned(call, call->size == 8    ? send_8(call)
                   : call->size == 16 ? send_16(call)
                   : call->size == 32 ? send_32(call)
                                      : send_64(call));
}

void do_receive_scalars(struct call *call)
{
    expect_true(call->number <= BURST);
    call->status = UNTOUCHED;
    returned(call, call->size == 8    ? receive_8(call)
                   : call->size == 16 ? receive_16(call)
                   : call->size == 32 ? receive_32(call)
                                      : receive_64(call));
}

/* --- Waiting for several -------------------------------------------------------- */

struct call wait_for(const mcapi_endpoint_t *ends, mcapi_uint_t count, mcapi_timeout_t timeout)
{
    struct call call = { .number = count, .timeout = timeout };

    expect_true(count * sizeof *ends <= sizeof call.bytes);
    memcpy(call.bytes, ends, count * sizeof *ends);
    return call;
}

void do_wait_receivable(struct call *call)
{
    mcapi_endpoint_t ends[sizeof call->bytes / sizeof(mcapi_endpoint_t)];
    int64_t began = now_ms();
    mcapi_uint_t count = call->number;

    memcpy(ends, call->bytes, sizeof ends);
    call->status = UNTOUCHED;
    call->number = mcapi_ext_wait_receivable(ends, count, call->timeout, &call->status);
    call->word = (uint64_t)(now_ms() - began);
    if (call->status == MCAPI_SUCCESS)
        expect_true(call->number < count);
    else
        expect_equal(MCAPI_RETURN_VALUE_INVALID, call->number);
}

/* --- Every call ----------------------------------------------------------------- */

enum {
    RECEIVES_ANY = SIDES,
    RELEASES
}; /* instead of a side: takes ends of both kinds; no end */

/* A call about one end, with arguments that are right otherwise. */
struct one_call {
    const char *name;
    const struct kind *kind;
    int side;
    uint64_t failed; /* what it returns when it fails */
    uint64_t (*make)(mcapi_endpoint_t end, void *buffer, mcapi_status_t *status);
};

static uint64_t make_wait(mcapi_endpoint_t end, void *buffer, mcapi_status_t *status)
{
    (void)buffer;
    return mcapi_ext_wait_receivable(&end, 1, MCAPI_TIMEOUT_IMMEDIATE, status);
}

static uint64_t make_take(mcapi_endpoint_t end, void *buffer, mcapi_status_t *status)
{
    (void)buffer;
    return (uintptr_t)mcapi_ext_pktchan_buffer_take(end, 8, status);
}

static uint64_t make_buffer_send(mcapi_endpoint_t end, void *buffer, mcapi_status_t *status)
{
    mcapi_ext_pktchan_buffer_send(end, buffer, 8, status);
    return 0;
}

static uint64_t make_give_back(mcapi_endpoint_t end, void *buffer, mcapi_status_t *status)
{
    mcapi_ext_pktchan_buffer_give_back(end, buffer, status);
    return 0;
}

static uint64_t make_send_burst(mcapi_endpoint_t end, void *buffer, mcapi_status_t *status)
{
    const void *packets[2] = { "one", "two" };
    const size_t sizes[2] = { 3, 3 };

    (void)buffer;
    return mcapi_ext_pktchan_send_burst(end, packets, sizes, 2, status);
}

static uint64_t make_receive_burst(mcapi_endpoint_t end, void *buffer, mcapi_status_t *status)
{
    void *packets[2] = { NULL, NULL };
    size_t sizes[2] = { 7, 7 };
    uint64_t result = mcapi_ext_pktchan_recv_burst(end, packets, sizes, 2, status);

    (void)buffer;
    expect_true(packets[0] == NULL && packets[1] == NULL && sizes[0] == 7 && sizes[1] == 7);
    return result;
}

static uint64_t make_release_burst(mcapi_endpoint_t end, void *buffer, mcapi_status_t *status)
{
    (void)end;
    return mcapi_ext_pktchan_release_burst(&buffer, 1, status);
}

#define MAKE_SCALARS(bits)                                                                \
    static uint64_t make_send_##bits(mcapi_endpoint_t end, void *buffer,                  \
                                     mcapi_status_t *status)                              \
    {                                                                                     \
        const mcapi_uint##bits##_t words[2] = { 1, 2 };                                   \
                                                                                          \
        (void)buffer;                                                                     \
        return mcapi_ext_sclchan_send_burst_uint##bits(end, words, 2, status);            \
    }                                                                                     \
                                                                                          \
    static uint64_t make_receive_##bits(mcapi_endpoint_t end, void *buffer,               \
                                        mcapi_status_t *status)                           \
    {                                                                                     \
        mcapi_uint##bits##_t words[2] = { 5, 5 };                                         \
        uint64_t result = mcapi_ext_sclchan_recv_burst_uint##bits(end, words, 2, status); \
                                                                                          \
        (void)buffer;                                                                     \
        expect_true(words[0] == 5 && words[1] == 5);                                      \
        return result;                                                                    \
    }

MAKE_SCALARS(8)
MAKE_SCALARS(16)
MAKE_SCALARS(32)
MAKE_SCALARS(64)

static const struct one_call calls[] = {
    { "wait_receivable", NULL, RECEIVES_ANY, MCAPI_RETURN_VALUE_INVALID, make_wait },
    { "buffer_take", &packets, SENDING, 0, make_take },
    { "buffer_send", &packets, SENDING, 0, make_buffer_send },
    { "buffer_give_back", &packets, SENDING, 0, make_give_back },
    { "pktchan_send_burst", &packets, SENDING, 0, make_send_burst },
    { "pktchan_recv_burst", &packets, RECEIVING, 0, make_receive_burst },
    { "pktchan_release_burst", &packets, RELEASES, 0, make_release_burst },
    { "send_burst_uint8", &scalars, SENDING, 0, make_send_8 },
    { "send_burst_uint16", &scalars, SENDING, 0, make_send_16 },
    { "send_burst_uint32", &scalars, SENDING, 0, make_send_32 },
    { "send_burst_uint64", &scalars, SENDING, 0, make_send_64 },
    { "recv_burst_uint8", &scalars, RECEIVING, 0, make_receive_8 },
    { "recv_burst_uint16", &scalars, RECEIVING, 0, make_receive_16 },
    { "recv_burst_uint32", &scalars, RECEIVING, 0, make_receive_32 },
    { "recv_burst_uint64", &scalars, RECEIVING, 0, make_receive_64 },
};

static void expect_refusal(const struct one_call *call, mcapi_endpoint_t end, void *buffer,
                           mcapi_status_t wanted)
{
    mcapi_status_t status = UNTOUCHED;
    uint64_t result = call->make(end, buffer, &status);

    expect_status_at(__FILE__, __LINE__, call->name, wanted, status);
    expect_equal_at(__FILE__, __LINE__, call->name, call->failed, result);
}

/* --- Something of everything ---------------------------------------------------- */

enum { INS, OUTS, WORDS_IN, WORDS_OUT, SCENE };

/* Channels between us and peer 0 with two words under way in each, and two buffers of ours. */
struct scene {
    struct channel channel[SCENE];
    void *taken, *held;
};

static const struct kind *kind_of(int channel)
{
    return channel < WORDS_IN ? &packets : &scalars;
}

static struct scene scene_begin(void)
{
    struct scene scene = { .taken = NULL };
    struct call take = { .size = sizeof(uint64_t) }, receive = { 0 };
    const uint64_t word = 4;

    nodes_begin(1);
    for (int i = 0; i < SCENE; i++) {
        bool comes_in = i == INS || i == WORDS_IN;

        scene.channel[i] = channel_joined(kind_of(i), comes_in ? peer(0) : NULL,
                                          comes_in ? NULL : peer(0));
        channel_fill(kind_of(i), &scene.channel[i], i == INS ? 1 : 2, i == INS ? 3 : 2);
    }
    receive.endpoint = scene.channel[INS].recv;
    receive = ask(NULL, do_receive, receive);
    expect_status(MCAPI_SUCCESS, receive.status);
    scene.held = receive.pointer;
    take.endpoint = scene.channel[OUTS].send;
    take = ask(NULL, do_buffer_take, take);
    expect_status(MCAPI_SUCCESS, take.status);
    scene.taken = take.pointer;
    memcpy(scene.taken, &word, sizeof word);
    return scene;
}

/* All is as it was: two words in each channel, and nothing else; both buffers are ours. */
static void scene_end(const struct scene *scene)
{
    const uint64_t word = 1;

    for (int i = 0; i < SCENE; i++)
        expect_equal(2, channel_available(kind_of(i), &scene->channel[i]));
    expect_true(memcmp(scene->held, &word, sizeof word) == 0);
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(scene->held, &status));
    expect(MCAPI_SUCCESS, mcapi_ext_pktchan_buffer_send(scene->channel[OUTS].send, scene->taken,
                                                        sizeof word, &status));
    for (int i = 0; i < SCENE; i++)
        channel_drain(kind_of(i), &scene->channel[i], 2, i == OUTS ? 3 : 2);
    nodes_end();
}

/* --- Rules ---------------------------------------------------------------------- */

static void every_call_needs_a_node(void)
{
    struct call leave = { 0 };
    struct scene scene;

    for (size_t i = 0; i < LENGTH(calls); i++)
        expect_refusal(&calls[i], 0, NULL, MCAPI_ERR_NODE_NOTINIT);
    scene = scene_begin();
    at(NULL, do_finalize, &leave);
    expect_status(MCAPI_SUCCESS, leave.status);
    for (size_t i = 0; i < LENGTH(calls); i++)
        for (int j = 0; j < SCENE; j++) {
            expect_refusal(&calls[i], scene.channel[j].send, scene.taken,
                           MCAPI_ERR_NODE_NOTINIT);
            expect_refusal(&calls[i], scene.channel[j].recv, scene.held,
                           MCAPI_ERR_NODE_NOTINIT);
        }
    nodes_end();
}

static void without_a_place_for_the_status_nothing_happens(void)
{
    struct scene scene = scene_begin();

    for (size_t i = 0; i < LENGTH(calls); i++)
        for (int j = 0; j < SCENE; j++) {
            expect_equal(calls[i].failed,
                         calls[i].make(scene.channel[j].send, scene.taken, NULL));
            expect_equal(calls[i].failed,
                         calls[i].make(scene.channel[j].recv, scene.held, NULL));
        }
    scene_end(&scene);
}

/* An end, or what is none: kind NULL. */
struct end {
    mcapi_endpoint_t value;
    const struct kind *kind;
    enum side side;
    bool messages; /* it receives them */
};

static bool fits(const struct one_call *call, const struct end *end)
{
    if (call->side == RELEASES)
        return true;
    if (end->kind == NULL)
        return call->side == RECEIVES_ANY && end->messages;
    return call->side == RECEIVES_ANY ? end->side == RECEIVING
                                      : call->kind == end->kind && call->side == (int)end->side;
}

/* Ends of ours that were never opened, or are closed. */
static size_t make_shut_ends(struct end *ends)
{
    size_t count = 0;

    for (int i = 0; i < 2; i++) {
        const struct kind *kind = i == 0 ? &packets : &scalars;
        struct channel channel = channel_made(NULL, NULL);

        channel_connect(kind, &channel);
        ends[count++].value = channel.send;
        ends[count++].value = channel.recv;
        channel = channel_joined(kind, NULL, peer(0));
        channel_close(kind, &channel, SENDING);
        ends[count++].value = channel.send;
        channel = channel_joined(kind, peer(0), NULL);
        channel_close(kind, &channel, RECEIVING);
        ends[count++].value = channel.recv;
    }
    return count;
}

static void the_end_must_be_open_and_of_the_kind_and_side_and_node(void)
{
    struct scene scene = scene_begin();
    struct end ends[2 * SCENE + 8 + NO_ENDPOINTS + 1] = { { .value = 0 } };
    mcapi_endpoint_t values[NO_ENDPOINTS];
    size_t count = 0;

    for (int i = 0; i < SCENE; i++)
        for (enum side side = SENDING; side < SIDES; side++) {
            bool is_ours =
                    variant() == ONE_NODE || channel_peer(&scene.channel[i], side) == NULL;

            ends[count++] = (struct end){ channel_end(&scene.channel[i], side),
                                          is_ours ? kind_of(i) : NULL, side, false };
        }
    count += make_shut_ends(&ends[count]);
    fill_no_endpoints(NULL, values);
    for (int i = 0; i < NO_ENDPOINTS; i++)
        ends[count++].value = values[i];
    ends[count++] = (struct end){ .value = created(NULL), .messages = true };
    for (size_t i = 0; i < LENGTH(calls); i++)
        for (size_t j = 0; j < count; j++)
            if (!fits(&calls[i], &ends[j]))
                expect_refusal(&calls[i], ends[j].value, scene.taken, MCAPI_ERR_CHAN_INVALID);
    scene_end(&scene);
}

static void any_value_may_be_passed_as_an_end(void)
{
    struct channel channel;

    nodes_begin(0);
    channel = packets_open(NULL, NULL);
    for (size_t i = 0; i < LENGTH(calls); i++)
        for (int number = 0; calls[i].side != RELEASES && number < ODD_VALUES; number++)
            expect_refusal(&calls[i], odd_value(&channel, number), NULL,
                           MCAPI_ERR_CHAN_INVALID);
    channel_works(&packets, &channel);
    nodes_end();
}

static const struct test tests[] = {
    TEST(every_call_needs_a_node, ANYWHERE, "11.1"),
    TEST(without_a_place_for_the_status_nothing_happens, ANYWHERE, "11.2"),
    TEST(the_end_must_be_open_and_of_the_kind_and_side_and_node, ANYWHERE, "11.3"),
    TEST(any_value_may_be_passed_as_an_end, ALONE, "11.3"),
};

CHAPTER(ext, tests);
