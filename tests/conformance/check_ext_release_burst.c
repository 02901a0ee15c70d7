/* SPDX-License-Identifier: MIT */
/* check_ext_release_burst.c - section 11: several buffers released in one call. */
#include "ext.h"

#include <string.h>

static struct channel channel_of_depth(uint32_t depth, struct peer *sender,
                                       struct peer *receiver)
{
    struct channel channel = channel_made(sender, receiver);

    channel_deepen(&channel, depth);
    set(sender, channel.send, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(&packets, &channel);
    return channel;
}

/* Words from `first` on are sent, and received by us in one burst, and held. */
static void held(const struct channel *channel, uint64_t first, uint32_t count, void **buffers)
{
    size_t sizes[MCAPI_MAX_BUFFERS], number;

    channel_fill(&packets, channel, first, count);
    expect(MCAPI_SUCCESS, number = mcapi_ext_pktchan_recv_burst(channel->recv, buffers, sizes,
                                                                count, &status));
    expect_equal(count, number);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t word = first + i;

        expect_equal(sizeof word, sizes[i]);
        expect_true(memcmp(buffers[i], &word, sizeof word) == 0);
    }
}

/* With success: so many, from the first on. */
static void are_released(void *const *buffers, size_t count, size_t wanted)
{
    expect(MCAPI_SUCCESS,
           expect_equal(wanted, mcapi_ext_pktchan_release_burst(buffers, count, &status)));
}

static void none_is_released(void *const *buffers, size_t count)
{
    expect(MCAPI_ERR_BUF_INVALID,
           expect_equal(0, mcapi_ext_pktchan_release_burst(buffers, count, &status)));
}

/* pointer: in a burst of one */
static void do_release_one(struct call *call)
{
    call->status = UNTOUCHED;
    mcapi_ext_pktchan_release_burst(&call->pointer, 1, &call->status);
}

/* --- Releasing ------------------------------------------------------------------ */

static void received_buffers_are_held_until_they_are_released(void)
{
    enum { DEPTH = 6 };
    struct channel channel;
    void *buffers[DEPTH];

    nodes_begin(1);
    channel = channel_of_depth(DEPTH, peer(0), NULL);
    for (int round = 0; round < 5; round++) {
        held(&channel, 1, DEPTH, buffers);
        expect_status(MCAPI_TIMEOUT, channel_put(&packets, &channel, 99));
        for (uint64_t i = 0; i < DEPTH; i++)
            *(uint64_t *)buffers[i] = 100 + i;
        are_released(&buffers[2], 2, 2); /* makes room for two, and for no more */
        channel_fill(&packets, &channel, 50, 2);
        expect_status(MCAPI_TIMEOUT, channel_put(&packets, &channel, 99));
        channel_drain(&packets, &channel, 50, 2);
        expect_equal(100, *(uint64_t *)buffers[0]);
        expect_equal(105, *(uint64_t *)buffers[5]);
        are_released(&buffers[4], 2, 2);
        are_released(&buffers[0], 2, 2);
    }
    nodes_end();
}

static void it_does_not_matter_how_a_buffer_was_received_or_is_released(void)
{
    struct channel channel;
    struct call single = { 0 };
    void *buffers[4];

    nodes_begin(1);
    channel = channel_of_depth(4, peer(0), NULL);
    for (int round = 0; round < 5; round++) {
        held(&channel, 1, 3, buffers);
        channel_fill(&by_reference, &channel, 4, 1);
        single.endpoint = channel.recv;
        do_receive(&single);
        expect_status(MCAPI_SUCCESS, single.status);
        buffers[3] = single.pointer;
        expect(MCAPI_SUCCESS, mcapi_pktchan_release(buffers[1], &status));
        buffers[1] = buffers[3];
        are_released(buffers, 3, 3);
        for (int i = 0; i < 4; i++)
            expect(MCAPI_ERR_BUF_INVALID, mcapi_pktchan_release(buffers[i], &status));
    }
    channel_fill(&packets, &channel, 1, 4);
    nodes_end();
}

static void buffers_of_several_channels_are_released_together(void)
{
    enum { CHANNELS = 3, EACH = 2 };
    struct channel channels[CHANNELS];
    void *buffers[CHANNELS * EACH], *mixed[CHANNELS * EACH];

    nodes_begin(2);
    for (int i = 0; i < CHANNELS; i++)
        channels[i] = channel_of_depth(EACH, i < 2 ? peer(i) : NULL, NULL);
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < CHANNELS; i++)
            held(&channels[i], 10, EACH, &buffers[i * EACH]);
        for (int i = 0; i < CHANNELS * EACH; i++) /* side by side, or in turns */
            mixed[i] = buffers[round % 2 == 0 ? i : i * 5 % 6];
        are_released(mixed, CHANNELS * EACH, CHANNELS * EACH);
        none_is_released(mixed, 1);
    }
    for (int i = 0; i < CHANNELS; i++)
        channel_fill(&packets, &channels[i], 1, EACH);
    nodes_end();
}

static void what_is_not_held_ends_the_release_before_it(void)
{
    enum { COUNT = 5 };
    static char elsewhere[64];
    struct channel channel;

    nodes_begin(1);
    channel = channel_of_depth(COUNT, peer(0), NULL);
    for (int place = 0; place < COUNT; place++)
        for (int which = 0; which < 5; which++) {
            void *buffers[COUNT], *given[COUNT];
            void *const wrong[] = { NULL, elsewhere, (void *)UINTPTR_MAX, &buffers, NULL };

            held(&channel, 1, COUNT, buffers);
            memcpy(given, buffers, sizeof given);
            /* The last one: what stands at the beginning, and is released by then. */
            given[place] = which < 4 ? wrong[which] : place > 0 ? buffers[0] : elsewhere;
            if (place == 0)
                none_is_released(given, COUNT);
            else
                are_released(given, COUNT, (size_t)place);
            are_released(&buffers[place], (size_t)(COUNT - place), (size_t)(COUNT - place));
            none_is_released(buffers, COUNT);
        }
    channel_fill(&packets, &channel, 1, COUNT);
    nodes_end();
}

static void another_node_releases_nothing(void)
{
    struct channel channel;
    struct call release = { 0 };
    void *buffers[1];

    nodes_begin(2);
    channel = channel_of_depth(1, peer(0), NULL);
    held(&channel, 1, 1, buffers);
    release.pointer = buffers[0];
    for (int i = 0; i < 2; i++)
        expect_status(MCAPI_ERR_BUF_INVALID, ask(peer(i), do_release_one, release).status);
    are_released(buffers, 1, 1);
    nodes_end();
}

static void any_thread_of_the_node_can_release(void)
{
    struct channel channel;
    struct call release = { 0 };
    void *buffers[1];

    nodes_begin(1);
    channel = channel_of_depth(1, NULL, NULL);
    held(&channel, 1, 1, buffers);
    release.pointer = buffers[0];
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_release_one, release).status);
    none_is_released(buffers, 1);
    channel_fill(&packets, &channel, 1, 1);
    nodes_end();
}

static void a_release_wakes_who_waits_for_room(void)
{
    const struct kind *const senders[] = { &packets, &by_reference, &packet_bursts };
    enum { DEPTH = 4 };

    nodes_begin(1);
    for (size_t i = 0; i < LENGTH(senders); i++) {
        struct channel channel = channel_made(peer(0), NULL);
        int64_t fastest = INT64_MAX;

        channel_deepen(&channel, DEPTH);
        channel_join(&packets, &channel);
        for (int try = 0; try < TRIES; try++) {
            struct call put = { .endpoint = channel.send, .word = 9 };
            void *buffers[DEPTH];
            int64_t then, took;

            held(&channel, 1, DEPTH, buffers);
            begin(peer(0), senders[i]->put, &put);
            expect_true(stays_blocked(peer(0)));
            then = now_ms();
            are_released(buffers, DEPTH, DEPTH);
            took = woken_since(then, peer(0), &put);
            expect_status(MCAPI_SUCCESS, put.status);
            channel_drain(&packets, &channel, 9, 1);
            fastest = took < fastest ? took : fastest;
        }
        expect_true(fastest < PROMPT_MS);
    }
    nodes_end();
}

static void the_receivers_close_takes_held_buffers_along(void)
{
    struct channel channel;
    void *buffers[3];

    nodes_begin(1);
    channel = channel_of_depth(3, peer(0), NULL);
    held(&channel, 1, 3, buffers);
    are_released(buffers, 1, 1);
    channel_close(&packets, &channel, RECEIVING);
    none_is_released(&buffers[1], 2);
    channel_close(&packets, &channel, SENDING);
    channel_join(&packets, &channel);
    none_is_released(buffers, 3);
    channel_fill(&packets, &channel, 1, 3);
    expect_status(MCAPI_TIMEOUT, channel_put(&packets, &channel, 4));
    nodes_end();
}

static const struct test tests[] = {
    TEST(received_buffers_are_held_until_they_are_released, ANYWHERE, "11.54 11.56"),
    TEST(it_does_not_matter_how_a_buffer_was_received_or_is_released, ANYWHERE, "11.54"),
    TEST(buffers_of_several_channels_are_released_together, ANYWHERE, "11.55"),
    TEST(what_is_not_held_ends_the_release_before_it, ANYWHERE, "11.55"),
    TEST(another_node_releases_nothing, BETWEEN_NODES, "11.55"),
    TEST(any_thread_of_the_node_can_release, IN_ONE_NODE, "11.54 11.55"),
    TEST(a_release_wakes_who_waits_for_room, ANYWHERE, "11.56"),
    TEST(the_receivers_close_takes_held_buffers_along, ANYWHERE, "11.54"),
};

CHAPTER(ext_release_burst, tests);
