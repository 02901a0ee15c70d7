/* SPDX-License-Identifier: MIT */
/*
 * check_ext_threads.c - section 11: threads of one node that send bursts, or packets by
 * reference, on one channel, or receive bursts from one.
 */
#include "ext.h"

#include <string.h>

/* --- Senders -------------------------------------------------------------------- */

/* Words are numbers: thread, burst and place within the burst. */
enum { THREADS = 2, BURSTS = 1500, LONGEST = 6 };

struct item {
    unsigned thread, burst, place;
};

static uint64_t word_of(unsigned thread, unsigned burst, unsigned place)
{
    return (thread * (uint64_t)BURSTS + burst) * LONGEST + place;
}

static struct item item_of(uint64_t word)
{
    return (struct item){ (unsigned)(word / LONGEST / BURSTS),
                          (unsigned)(word / LONGEST % BURSTS), (unsigned)(word % LONGEST) };
}

static const struct kind *const ways[] = { &by_reference, &packet_bursts, &scalar_bursts };

/* How many of each burst were sent; all threads are in our process. */
static size_t lengths[THREADS][BURSTS];

/* Takes as many buffers, then sends them. */
static size_t send_taken(mcapi_endpoint_t end, const mcapi_uint64_t *words, size_t count)
{
    mcapi_uint64_t *buffers[LONGEST];

    for (size_t i = 0; i < count; i++) {
        expect(MCAPI_SUCCESS,
               buffers[i] = mcapi_ext_pktchan_buffer_take(end, sizeof words[i], &status));
        *buffers[i] = words[i];
    }
    for (size_t i = 0; i < count; i++)
        expect(MCAPI_SUCCESS,
               mcapi_ext_pktchan_buffer_send(end, buffers[i], sizeof words[i], &status));
    return count;
}

static size_t send_words(const struct kind *kind, mcapi_endpoint_t end,
                         const mcapi_uint64_t *words, size_t count)
{
    const void *buffers[LONGEST];
    size_t sizes[LONGEST], done;

    for (size_t i = 0; i < count; i++) {
        buffers[i] = &words[i];
        sizes[i] = sizeof words[i];
    }
    if (kind == &by_reference)
        return send_taken(end, words, count);
    if (kind == &packet_bursts)
        expect(MCAPI_SUCCESS,
               done = mcapi_ext_pktchan_send_burst(end, buffers, sizes, count, &status));
    else
        expect(MCAPI_SUCCESS,
               done = mcapi_ext_sclchan_send_burst_uint64(end, words, count, &status));
    return done;
}

static mcapi_uint_t way_of(const struct kind *kind)
{
    mcapi_uint_t way = 0;

    while (ways[way] != kind)
        way++;
    return way;
}

/* endpoint, word: the thread; number: the way */
static void do_send_bursts(struct call *call)
{
    const struct kind *kind = ways[call->number];

    for (unsigned burst = 0; burst < BURSTS; burst++) {
        mcapi_uint64_t words[LONGEST];
        size_t count = 1 + (burst + call->word) % LONGEST;

        for (unsigned i = 0; i < count; i++)
            words[i] = word_of((unsigned)call->word, burst, i);
        lengths[call->word][burst] = send_words(kind, call->endpoint, words, count);
    }
}

/* All words of one burst come one after the other, and bursts of one thread in their order. */
static void are_bursts(const uint64_t *words, size_t count)
{
    unsigned next[THREADS] = { 0 };
    size_t at = 0;

    while (at < count) {
        struct item first = item_of(words[at]);

        expect_true(first.thread < THREADS);
        expect_equal(next[first.thread], first.burst);
        for (size_t i = 0; i < lengths[first.thread][first.burst]; i++, at++) {
            expect_true(at < count);
            expect_equal(word_of(first.thread, first.burst, (unsigned)i), words[at]);
        }
        next[first.thread]++;
    }
    for (int i = 0; i < THREADS; i++)
        expect_equal(BURSTS, next[i]);
}

/* What comes while all threads send. */
static uint64_t came[THREADS * BURSTS * LONGEST];

static size_t threads_send(const struct kind *kind)
{
    struct call send[THREADS], take = { 0 };
    struct channel channel;
    size_t count = 0;

    nodes_begin(THREADS);
    channel = channel_made(NULL, NULL);
    set(NULL, channel.recv, MCAPI_ENDP_ATTR_TIMEOUT, 1);
    channel_join(kind, &channel);
    take.endpoint = channel.recv;
    for (int i = 0; i < THREADS; i++) {
        send[i] = (struct call){ .endpoint = channel.send,
                                 .word = (uint64_t)i,
                                 .number = way_of(kind) };
        begin(peer(i), do_send_bursts, &send[i]);
    }
    for (;;) {
        bool over = is_done(peer(0)) && is_done(peer(1));

        kind->take(&take);
        if (take.status == MCAPI_SUCCESS) {
            expect_true(count < LENGTH(came));
            came[count++] = take.word;
        } else {
            expect_status(MCAPI_TIMEOUT, take.status);
            if (over)
                break;
        }
    }
    for (int i = 0; i < THREADS; i++)
        finish(peer(i), &send[i]);
    nodes_end();
    return count;
}

static void bursts_of_threads_that_send_packets_stay_together(void)
{
    are_bursts(came, threads_send(&packet_bursts));
}

static void bursts_of_threads_that_send_scalars_stay_together(void)
{
    are_bursts(came, threads_send(&scalar_bursts));
}

/* Packets by reference are no bursts: those of one thread are in order, and all are there. */
static void threads_may_send_by_reference_on_one_end(void)
{
    size_t count = threads_send(&by_reference), all = 0;
    uint64_t last[THREADS] = { 0 };

    for (size_t i = 0; i < count; i++) {
        unsigned thread = item_of(came[i]).thread;

        expect_true(thread < THREADS);
        expect_true(last[thread] == 0 || came[i] > last[thread]);
        last[thread] = came[i];
    }
    for (int i = 0; i < THREADS; i++)
        for (int j = 0; j < BURSTS; j++)
            all += lengths[i][j];
    expect_equal(all, count);
}

/* --- Receivers ------------------------------------------------------------------ */

enum { WORDS = 6000 };
static int times_received[WORDS];

/* endpoint, number: whether the channel is of packets; until it is closed */
static void do_receive_bursts(struct call *call)
{
    bool packets_come = call->number != 0;
    mcapi_status_t status = MCAPI_SUCCESS;

    for (uint64_t last = 0; status == MCAPI_SUCCESS;) {
        mcapi_uint64_t words[LONGEST];
        void *buffers[LONGEST];
        size_t sizes[LONGEST], count;

        status = UNTOUCHED;
        if (packets_come)
            count = mcapi_ext_pktchan_recv_burst(call->endpoint, buffers, sizes, LONGEST,
                                                 &status);
        else
            count = mcapi_ext_sclchan_recv_burst_uint64(call->endpoint, words, LONGEST,
                                                        &status);
        for (size_t i = 0; i < count; i++) {
            if (packets_come)
                memcpy(&words[i], buffers[i], sizeof words[i]);
            expect_true(words[i] > last && words[i] < WORDS);
            if (i > 0)
                expect_equal(last + 1, words[i]); /* one burst: nothing is missing */
            last = words[i];
            __atomic_add_fetch(&times_received[last], 1, __ATOMIC_RELAXED);
        }
        if (packets_come && count > 0)
            expect(MCAPI_SUCCESS, mcapi_ext_pktchan_release_burst(buffers, count, &status));
    }
    call->status = status;
}

static void threads_share_what_comes(const struct kind *kind)
{
    struct call receive[THREADS], send = { .word = 1, .number = WORDS - 1 };
    struct channel channel;

    nodes_begin(THREADS);
    channel = channel_joined(kind, NULL, NULL);
    for (int i = 0; i < THREADS; i++) {
        receive[i] =
                (struct call){ .endpoint = channel.recv, .number = kind == &packet_bursts };
        begin(peer(i), do_receive_bursts, &receive[i]);
    }
    send.endpoint = channel.send;
    kind->put_many(&send);
    expect_status(MCAPI_SUCCESS, send.status);
    channel_close(kind, &channel, SENDING);
    for (int i = 0; i < THREADS; i++) {
        finish(peer(i), &receive[i]);
        expect_status(MCAPI_ERR_CHAN_INVALID, receive[i].status);
    }
    for (int i = 1; i < WORDS; i++)
        expect_equal(1, times_received[i]);
    nodes_end();
}

static void threads_may_share_bursts_of_packets(void)
{
    threads_share_what_comes(&packet_bursts);
}

static void threads_may_share_bursts_of_scalars(void)
{
    threads_share_what_comes(&scalar_bursts);
}

static const struct test tests[] = {
    TEST(bursts_of_threads_that_send_packets_stay_together, IN_ONE_NODE, "11.52"),
    TEST(bursts_of_threads_that_send_scalars_stay_together, IN_ONE_NODE, "11.65"),
    TEST(threads_may_send_by_reference_on_one_end, IN_ONE_NODE, "11.39 11.28"),
    TEST(threads_may_share_bursts_of_packets, IN_ONE_NODE, "11.52"),
    TEST(threads_may_share_bursts_of_scalars, IN_ONE_NODE, "11.65"),
};

CHAPTER(ext_threads, tests);
