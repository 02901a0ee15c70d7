/* SPDX-License-Identifier: MIT */
/*
 * check_channel_stream.c - both ends at work at the same time: order, threads that share an
 * end, and ends that close or die in the middle, for both kinds of channel.
 */
#include "kinds.h"

enum { ENDLESS = 1000000000 };

/* --- Order ------------------------------------------------------------------------- */

/* So many words, sent and received at the same time. */
static void carries(const struct kind *kind, const struct channel *channel, uint32_t count)
{
    struct call put = { .endpoint = channel->send, .word = 1000, .number = count };
    struct call take = { .endpoint = channel->recv, .word = 1000, .number = count };

    begin(channel->sender, kind->put_many, &put);
    take = ask(channel->receiver, kind->take_many, take);
    finish(channel->sender, &put);
    expect_status(MCAPI_SUCCESS, put.status);
    expect_status(MCAPI_SUCCESS, take.status);
    expect_equal(count, take.number);
    expect_equal(0, channel_available(kind, channel));
}

FOR_BOTH(everything_arrives_once_and_in_order)
{
    static const uint32_t depths[] = { 1, 2, 7, 64 };

    nodes_begin(1);
    for (size_t i = 0; i < LENGTH(depths); i++) {
        struct channel channel = channel_made(peer(0), NULL);

        channel_deepen(&channel, depths[i]);
        channel_join(kind, &channel);
        carries(kind, &channel, 3000);
        channel_part(kind, &channel);
    }
    nodes_end();
}

FOR_BOTH(everything_arrives_in_order_through_the_default_depth)
{
    struct channel channel;

    nodes_begin(1);
    channel = channel_joined(kind, peer(0), NULL);
    carries(kind, &channel, 20000);
    nodes_end();
}

FOR_BOTH(several_channels_do_not_mix)
{
    struct channel channel[3];

    nodes_begin(2);
    channel[0] = channel_joined(kind, NULL, peer(0));
    channel[1] = channel_joined(kind, NULL, peer(1));
    channel[2] = channel_joined(kind, peer(0), peer(1));
    for (uint64_t i = 0; i < 20; i++)
        for (size_t j = 0; j < LENGTH(channel); j++)
            channel_fill(kind, &channel[j], 1000 * j + i, 1);
    for (size_t j = 0; j < LENGTH(channel); j++) {
        expect_equal(20, channel_available(kind, &channel[j]));
        channel_drain(kind, &channel[j], 1000 * j, 20);
    }
    nodes_end();
}

/* --- Threads that share an end ----------------------------------------------------- */

enum { SHARES = 2, SHARE = 3000 };

/* Takes call->number words, and marks each at call->pointer, where it must not be marked. */
static void take_and_mark(struct call *call, act *take)
{
    unsigned char *seen = call->pointer;

    for (mcapi_uint_t i = 0; i < call->number; i++) {
        struct call single = { .endpoint = call->endpoint };

        take(&single);
        expect_status(MCAPI_SUCCESS, single.status);
        expect_true(single.word < SHARES * SHARE);
        expect_equal(0, __atomic_exchange_n(&seen[single.word], 1, __ATOMIC_RELAXED));
    }
}

static void do_pkt_mark(struct call *call)
{
    take_and_mark(call, packets.take);
}

static void do_scl_mark(struct call *call)
{
    take_and_mark(call, scalars.take);
}

FOR_BOTH(threads_may_share_the_sending_end)
{
    uint64_t next[SHARES] = { 0, SHARE };
    struct call put[SHARES] = { { 0 } };
    struct channel channel;

    nodes_begin(SHARES);
    channel = channel_joined(kind, NULL, NULL);
    for (int i = 0; i < SHARES; i++) {
        put[i] = (struct call){ .endpoint = channel.send, .word = next[i], .number = SHARE };
        begin(peer(i), kind->put_many, &put[i]);
    }
    for (int i = 0; i < SHARES * SHARE; i++) {
        uint64_t word = channel_take(kind, &channel);

        expect_true(word < SHARES * SHARE);
        expect_equal(next[word / SHARE]++, word); /* each sender's words in their order */
    }
    for (int i = 0; i < SHARES; i++) {
        finish(peer(i), &put[i]);
        expect_status(MCAPI_SUCCESS, put[i].status);
    }
    expect_equal(0, channel_available(kind, &channel));
    nodes_end();
}

FOR_BOTH(threads_may_share_the_receiving_end)
{
    static unsigned char seen[SHARES * SHARE];
    struct call mark = { .number = SHARE, .pointer = seen };
    struct channel channel;

    nodes_begin(SHARES);
    channel = channel_joined(kind, NULL, NULL);
    mark.endpoint = channel.recv;
    for (int i = 0; i < SHARES; i++)
        begin(peer(i), kind == &packets ? do_pkt_mark : do_scl_mark, &mark);
    channel_fill(kind, &channel, 0, SHARES * SHARE);
    for (int i = 0; i < SHARES; i++)
        finish(peer(i), &mark);
    for (int i = 0; i < SHARES * SHARE; i++)
        expect_equal(1, seen[i]);
    expect_equal(0, channel_available(kind, &channel));
    nodes_end();
}

/* Something comes, or there is room for something. */
static void ends_a_wait(const struct kind *kind, const struct channel *channel, enum side side)
{
    if (side == RECEIVING)
        channel_fill(kind, channel, 7, 1);
    else
        channel_drain(kind, channel, 7, 1);
}

/* Two threads wait on the same end. */
static void wakes_one_of_two(const struct kind *kind, const struct channel *channel,
                             enum side side)
{
    struct call calls[2] = { { .endpoint = channel_end(channel, side), .word = 7 } };
    int first;

    calls[1] = calls[0];
    for (int i = 0; i < 2; i++) {
        begin(peer(i), side == RECEIVING ? kind->take : kind->put, &calls[i]);
        expect_true(stays_blocked(peer(i)));
    }
    ends_a_wait(kind, channel, side);
    expect_true(eventually(is_done(peer(0)) || is_done(peer(1))));
    first = is_done(peer(0)) ? 0 : 1;
    expect_true(stays_blocked(peer(1 - first)));
    ends_a_wait(kind, channel, side);
    for (int i = 0; i < 2; i++) {
        finish(peer(i), &calls[i]);
        expect_status(MCAPI_SUCCESS, calls[i].status);
        expect_equal(7, calls[i].word);
    }
}

FOR_BOTH(of_two_receivers_that_wait_one_gets_a_word)
{
    struct channel channel;

    nodes_begin(2);
    channel = channel_joined(kind, NULL, NULL);
    wakes_one_of_two(kind, &channel, RECEIVING);
    expect_equal(0, channel_available(kind, &channel));
    nodes_end();
}

FOR_BOTH(of_two_senders_that_wait_one_gets_the_room)
{
    struct channel channel;

    nodes_begin(2);
    channel = channel_made(NULL, NULL);
    channel_deepen(&channel, 1);
    channel_join(kind, &channel);
    channel_fill(kind, &channel, 7, 1);
    wakes_one_of_two(kind, &channel, SENDING);
    channel_drain(kind, &channel, 7, 1);
    nodes_end();
}

/* --- Promptly ---------------------------------------------------------------------- */

/* Most waits that nobody ends are looked at again after a while, so that a wake that was lost
 * would go unnoticed but for the time. The fastest of a few counts: the machine may be busy. */
enum { TRIES = 4, PROMPT_MS = 300 };

/* How long peer 0, which waits on its end, takes to come back from there, in ms. */
static int64_t time_to_wake(const struct kind *kind, const struct channel *channel,
                            enum side side,
                            void (*wake)(const struct kind *, const struct channel *,
                                         enum side))
{
    struct call call = { .endpoint = channel_end(channel, side), .word = 7 };
    int64_t began;

    begin(peer(0), side == SENDING ? kind->put : kind->take, &call);
    expect_true(stays_blocked(peer(0)));
    began = now_ms();
    wake(kind, channel, side);
    finish(peer(0), &call);
    return now_ms() - began;
}

/* Peer 0 has that end; the depth is 1, and the channel full if the end is the sending one. */
static struct channel channel_to_wait_on(const struct kind *kind, enum side side)
{
    struct channel channel =
            side == SENDING ? channel_made(peer(0), NULL) : channel_made(NULL, peer(0));

    channel_deepen(&channel, 1);
    channel_join(kind, &channel);
    if (side == SENDING)
        channel_fill(kind, &channel, 7, 1);
    return channel;
}

FOR_BOTH(who_waits_is_woken_promptly)
{
    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        struct channel channel = channel_to_wait_on(kind, side);
        int64_t fastest = INT64_MAX;

        for (int i = 0; i < TRIES; i++) {
            int64_t time = time_to_wake(kind, &channel, side, ends_a_wait);

            fastest = time < fastest ? time : fastest;
        }
        expect_true(fastest < PROMPT_MS);
    }
    nodes_end();
}

static void closes_the_other_end(const struct kind *kind, const struct channel *channel,
                                 enum side side)
{
    channel_close(kind, channel, across(side));
}

FOR_BOTH(a_close_wakes_who_waits_promptly)
{
    nodes_begin(1);
    for (enum side side = SENDING; side < SIDES; side++) {
        int64_t fastest = INT64_MAX;

        for (int i = 0; i < TRIES; i++) {
            struct channel channel = channel_to_wait_on(kind, side);
            int64_t time = time_to_wake(kind, &channel, side, closes_the_other_end);

            fastest = time < fastest ? time : fastest;
        }
        expect_true(fastest < PROMPT_MS);
    }
    nodes_end();
}

/* --- A close in the middle --------------------------------------------------------- */

FOR_BOTH(all_that_was_sent_before_a_close_in_the_middle_arrives)
{
    struct channel channel;

    nodes_begin(2);
    channel = channel_made(peer(0), peer(1));
    for (uint32_t round = 0; round < 20; round++) {
        struct call take = { .endpoint = channel.recv, .word = 1, .number = ENDLESS };
        struct call put = { .endpoint = channel.send, .word = 1, .number = round * 41 };

        channel_join(kind, &channel);
        begin(peer(1), kind->take_many, &take);
        expect_status(MCAPI_SUCCESS, ask(peer(0), kind->put_many, put).status);
        channel_close(kind, &channel, SENDING);
        finish(peer(1), &take);
        expect_status(MCAPI_ERR_CHAN_INVALID, take.status);
        expect_equal(put.number, take.number);
        expect_status(MCAPI_SUCCESS,
                      outcome(peer(1), channel_close(kind, &channel, RECEIVING)));
    }
    nodes_end();
}

FOR_BOTH(a_receivers_close_in_the_middle_ends_the_stream)
{
    struct channel channel;

    nodes_begin(2);
    channel = channel_made(peer(0), peer(1));
    for (uint32_t round = 0; round < 20; round++) {
        struct call put = { .endpoint = channel.send, .word = 1, .number = ENDLESS };
        struct call take = { .endpoint = channel.recv, .word = 1, .number = 1 + round * 41 };

        channel_join(kind, &channel);
        begin(peer(0), kind->put_many, &put);
        expect_equal(take.number, ask(peer(1), kind->take_many, take).number);
        channel_close(kind, &channel, RECEIVING);
        finish(peer(0), &put);
        expect_status(MCAPI_ERR_CHAN_INVALID, put.status);
        expect_true(put.number >= take.number);
        expect_status(MCAPI_SUCCESS, outcome(peer(0), channel_close(kind, &channel, SENDING)));
    }
    nodes_end();
}

/* --- A death in the middle --------------------------------------------------------- */

/* Everything whose send had returned is there, in order, and at most one more. */
FOR_BOTH(all_that_was_sent_before_a_death_in_the_middle_arrives)
{
    uint32_t *counter = shared_memory(sizeof *counter);

    for (uint32_t round = 0; round < 12; round++) {
        struct call put = { .word = 1, .number = ENDLESS, .pointer = counter };
        struct call take = { .word = 1, .number = ENDLESS };
        struct channel channel;
        uint32_t seen = 50 + round * 700;

        __atomic_store_n(counter, 0, __ATOMIC_SEQ_CST);
        nodes_begin(2);
        channel = channel_joined(kind, peer(0), peer(1));
        put.endpoint = channel.send;
        take.endpoint = channel.recv;
        begin(peer(1), kind->take_many, &take);
        begin(peer(0), kind->put_many, &put);
        expect_true(eventually(__atomic_load_n(counter, __ATOMIC_SEQ_CST) > seen));
        kill_peer(peer(0));
        finish(peer(1), &take);
        expect_status(MCAPI_ERR_TRANSMISSION, take.status);
        seen = __atomic_load_n(counter, __ATOMIC_SEQ_CST);
        expect_true(take.number == seen || take.number == seen + 1);
        nodes_end();
    }
}

FOR_BOTH(a_receivers_death_in_the_middle_ends_the_stream)
{
    uint32_t *counter = shared_memory(sizeof *counter);

    for (uint32_t round = 0; round < 12; round++) {
        struct call put = { .word = 1, .number = ENDLESS };
        struct call take = { .word = 1, .number = ENDLESS, .pointer = counter };
        struct channel channel;

        __atomic_store_n(counter, 0, __ATOMIC_SEQ_CST);
        nodes_begin(2);
        channel = channel_joined(kind, peer(1), peer(0));
        put.endpoint = channel.send;
        take.endpoint = channel.recv;
        begin(peer(0), kind->take_many, &take);
        begin(peer(1), kind->put_many, &put);
        expect_true(eventually(__atomic_load_n(counter, __ATOMIC_SEQ_CST) > 50 + round * 700));
        kill_peer(peer(0));
        finish(peer(1), &put);
        expect_status(MCAPI_ERR_TRANSMISSION, put.status);
        expect_status(MCAPI_SUCCESS, outcome(peer(1), channel_close(kind, &channel, SENDING)));
        nodes_end();
    }
}

static const struct test tests[] = {
    BOTH(everything_arrives_once_and_in_order, ANYWHERE, "7.25 7.31 7.32", "8.16 8.21 8.22"),
    BOTH(everything_arrives_in_order_through_the_default_depth, ANYWHERE, "7.25 7.43",
         "8.16 8.28"),
    BOTH(several_channels_do_not_mix, ANYWHERE, "7.25 7.40", "8.16 8.26"),
    BOTH(threads_may_share_the_sending_end, IN_ONE_NODE, "7.43 7.25", "8.28 8.16"),
    BOTH(threads_may_share_the_receiving_end, IN_ONE_NODE, "7.43 7.25", "8.28 8.16"),
    BOTH(of_two_receivers_that_wait_one_gets_a_word, IN_ONE_NODE, "7.43 7.37", "8.28 8.23"),
    BOTH(of_two_senders_that_wait_one_gets_the_room, IN_ONE_NODE, "7.43 7.32", "8.28 8.22"),
    BOTH(who_waits_is_woken_promptly, ANYWHERE, "7.32 7.37", "8.22 8.23"),
    BOTH(a_close_wakes_who_waits_promptly, ANYWHERE, "7.54 7.56", "8.31"),
    BOTH(all_that_was_sent_before_a_close_in_the_middle_arrives, ANYWHERE, "7.53 7.25",
         "8.29 8.16"),
    BOTH(a_receivers_close_in_the_middle_ends_the_stream, ANYWHERE, "7.55 7.56", "8.30 8.31"),
    BOTH(all_that_was_sent_before_a_death_in_the_middle_arrives, IN_PROCESSES, "7.64 7.25",
         "8.36 8.16"),
    BOTH(a_receivers_death_in_the_middle_ends_the_stream, IN_PROCESSES, "7.66 7.65",
         "8.38 8.37"),
};

CHAPTER(channel_stream, tests);
