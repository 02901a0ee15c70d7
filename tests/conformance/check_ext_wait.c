/* SPDX-License-Identifier: MIT */
/* check_ext_wait.c - section 11: waiting for several receivers at once. */
#include "ext.h"
#include "messages.h"

enum { SEVERAL = 5 };

/* Channels of both kinds from peer 0 to us: packets at even places, scalars at odd ones. */
static const struct kind *kind_at(size_t place)
{
    return place % 2 == 0 ? &packets : &scalars;
}

static struct channel channels[SEVERAL];
static mcapi_endpoint_t ends[SEVERAL];

static void several_begin(int peers)
{
    nodes_begin(peers);
    for (size_t i = 0; i < SEVERAL; i++) {
        channels[i] = channel_joined(kind_at(i), peer(0), NULL);
        ends[i] = channels[i].recv;
    }
}

static void something_comes(size_t place, uint64_t word)
{
    channel_fill(kind_at(place), &channels[place], word, 1);
}

static void is_received(size_t place, uint64_t word)
{
    channel_drain(kind_at(place), &channels[place], word, 1);
}

/* Which of them has something, after a look. */
static mcapi_uint_t found(mcapi_timeout_t timeout)
{
    struct call call = wait_for(ends, SEVERAL, timeout);

    do_wait_receivable(&call);
    expect_status(MCAPI_SUCCESS, call.status);
    return call.number;
}

static void nothing_is_found(void)
{
    struct call call = wait_for(ends, SEVERAL, MCAPI_TIMEOUT_IMMEDIATE);

    do_wait_receivable(&call);
    expect_status(MCAPI_TIMEOUT, call.status);
}

static void is_refused(mcapi_status_t wanted, const mcapi_endpoint_t *which, size_t count)
{
    static const mcapi_timeout_t timeouts[] = { MCAPI_TIMEOUT_IMMEDIATE,
                                                MCAPI_TIMEOUT_INFINITE };

    for (size_t i = 0; i < LENGTH(timeouts); i++)
        expect(wanted,
               expect_equal(MCAPI_RETURN_VALUE_INVALID,
                            mcapi_ext_wait_receivable(which, count, timeouts[i], &status)));
}

/* --- What is there -------------------------------------------------------------- */

static void the_one_that_has_something_is_found(void)
{
    several_begin(1);
    for (uint64_t round = 0; round < 3; round++)
        for (size_t i = 0; i < SEVERAL; i++) {
            nothing_is_found();
            something_comes(i, 10 + round);
            for (int look = 0; look < 3; look++) /* it receives nothing itself */
                expect_equal(i, found(look % 2 == 0 ? MCAPI_TIMEOUT_IMMEDIATE
                                                    : MCAPI_TIMEOUT_INFINITE));
            expect_equal(1, channel_available(kind_at(i), &channels[i]));
            is_received(i, 10 + round);
        }
    nothing_is_found();
    nodes_end();
}

static void all_that_have_something_get_their_turn(void)
{
    several_begin(1);
    for (size_t most = 2; most <= SEVERAL; most++) {
        unsigned times[SEVERAL] = { 0 };

        for (size_t i = 0; i < most; i++)
            something_comes(i, 1);
        for (size_t i = 0; i < 3 * most; i++)
            times[found(MCAPI_TIMEOUT_IMMEDIATE)]++;
        for (size_t i = 0; i < most; i++) {
            expect_equal(3, times[i]);
            is_received(i, 1);
        }
    }
    nodes_end();
}

static void one_may_be_named_twice(void)
{
    several_begin(1);
    ends[3] = ends[1];
    something_comes(1, 5);
    for (int i = 0; i < 4; i++)
        expect_true(found(MCAPI_TIMEOUT_IMMEDIATE) % 2 == 1);
    is_received(1, 5);
    nothing_is_found();
    nodes_end();
}

static void a_close_is_something_when_all_is_received(void)
{
    several_begin(1);
    for (size_t i = 0; i < SEVERAL; i++) {
        nothing_is_found();
        something_comes(i, 1);
        channel_close(kind_at(i), &channels[i], SENDING);
        expect_equal(i, found(MCAPI_TIMEOUT_IMMEDIATE));
        is_received(i, 1);
        expect_equal(i, found(MCAPI_TIMEOUT_INFINITE));
        expect_status(MCAPI_ERR_CHAN_INVALID, channel_take_status(kind_at(i), &channels[i]));
        expect_equal(i, found(MCAPI_TIMEOUT_IMMEDIATE));
        channel_close(kind_at(i), &channels[i], RECEIVING);
        channel_join(kind_at(i), &channels[i]);
    }
    nodes_end();
}

static void a_death_is_something_when_all_is_received(void)
{
    several_begin(1);
    for (size_t i = 0; i < SEVERAL; i++)
        something_comes(i, 1);
    kill_peer(peer(0));
    for (size_t i = 0; i < SEVERAL; i++) {
        is_received(i, 1);
        expect_status(MCAPI_ERR_TRANSMISSION, channel_take_status(kind_at(i), &channels[i]));
    }
    for (size_t i = 0; i < SEVERAL; i++) {
        struct call call = wait_for(&ends[i], 1, MCAPI_TIMEOUT_INFINITE);

        do_wait_receivable(&call);
        expect_status(MCAPI_SUCCESS, call.status);
    }
    nodes_end();
}

static void what_a_posted_receive_gets_is_not_there(void)
{
    mcapi_request_t request;
    void *buffer = NULL;
    size_t size = 0;

    several_begin(1);
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_i(ends[2], &buffer, &request, &status));
    something_comes(2, 7);
    nothing_is_found();
    something_comes(2, 8);
    expect_equal(2, found(MCAPI_TIMEOUT_IMMEDIATE));
    is_received(2, 8);
    expect(MCAPI_SUCCESS, mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect_equal(7, *(uint64_t *)buffer);
    nothing_is_found();
    nodes_end();
}

/* --- Waiting -------------------------------------------------------------------- */

/* A peer waits for all ends. */
static void waiter_begins(struct peer *waiter, mcapi_timeout_t timeout)
{
    struct call call = wait_for(ends, SEVERAL, timeout);

    begin(waiter, do_wait_receivable, &call);
    expect_true(stays_blocked(waiter));
}

static struct call waiter_ends(struct peer *waiter)
{
    struct call call;

    finish(waiter, &call);
    return call;
}

/* The other way round: channels from us to peer 0. */
static void peer_will_wait_begin(void)
{
    nodes_begin(1);
    for (size_t i = 0; i < SEVERAL; i++) {
        channels[i] = channel_joined(kind_at(i), NULL, peer(0));
        ends[i] = channels[i].recv;
    }
}

static void whoever_waits_is_woken_promptly_by_what_comes(void)
{
    int64_t fastest[2] = { INT64_MAX, INT64_MAX };

    peer_will_wait_begin();
    for (uint64_t round = 0; round < 2; round++)
        for (size_t i = 0; i < SEVERAL; i++) {
            struct call call;
            int64_t then, took;

            waiter_begins(peer(0), round == 0 ? MCAPI_TIMEOUT_INFINITE : 15000);
            then = now_ms();
            something_comes(i, round);
            took = woken_since(then, peer(0), &call);
            expect_status(MCAPI_SUCCESS, call.status);
            expect_equal(i, call.number);
            is_received(i, round);
            if (took < fastest[i % 2])
                fastest[i % 2] = took;
        }
    expect_true(fastest[0] < PROMPT_MS && fastest[1] < PROMPT_MS); /* of packets, of scalars */
    nodes_end();
}

static void whoever_waits_is_woken_by_a_close(void)
{
    peer_will_wait_begin();
    for (size_t i = 0; i < 2; i++) {
        struct call call;

        waiter_begins(peer(0), MCAPI_TIMEOUT_INFINITE);
        channel_close(kind_at(i), &channels[i], SENDING);
        call = waiter_ends(peer(0));
        expect_status(MCAPI_SUCCESS, call.status);
        expect_equal(i, call.number);
        expect_status(MCAPI_ERR_CHAN_INVALID, channel_take_status(kind_at(i), &channels[i]));
        channel_close(kind_at(i), &channels[i], RECEIVING);
        channel_join(kind_at(i), &channels[i]);
    }
    nodes_end();
}

static void whoever_waits_is_woken_by_a_death(void)
{
    for (size_t victim = 0; victim < 2; victim++) {
        struct call call;

        nodes_begin(3);
        for (size_t i = 0; i < SEVERAL; i++) {
            channels[i] = channel_joined(kind_at(i), i == victim ? peer(0) : peer(2), peer(1));
            ends[i] = channels[i].recv;
        }
        waiter_begins(peer(1), MCAPI_TIMEOUT_INFINITE);
        kill_peer(peer(0));
        call = waiter_ends(peer(1));
        expect_status(MCAPI_SUCCESS, call.status);
        expect_equal(victim, call.number);
        nodes_end();
    }
}

static void a_wait_ends_with_its_timeout_and_not_with_a_signal(void)
{
    static const mcapi_timeout_t timeouts[] = { MCAPI_TIMEOUT_IMMEDIATE, 1, 30, 300 };

    peer_will_wait_begin();
    for (size_t i = 0; i < LENGTH(timeouts); i++) {
        struct call call = wait_for(ends, SEVERAL, timeouts[i]);

        begin(peer(0), do_wait_receivable, &call);
        if (timeouts[i] == 300)
            interrupt(peer(0));
        finish(peer(0), &call);
        expect_status(MCAPI_TIMEOUT, call.status);
        expect_true(call.word + 1 >= timeouts[i]);
        expect_true(call.word < timeouts[i] + 2000);
    }
    waiter_begins(peer(0), MCAPI_TIMEOUT_INFINITE);
    for (int i = 0; i < 2; i++) {
        interrupt(peer(0));
        expect_true(stays_blocked(peer(0)));
    }
    something_comes(4, 1);
    expect_equal(4, waiter_ends(peer(0)).number);
    nodes_end();
}

static void an_end_that_is_not_connected_yet_is_waited_for(void)
{
    nodes_begin(1);
    for (size_t i = 0; i < SEVERAL; i++) {
        channels[i] = channel_made(NULL, peer(0));
        ends[i] = channels[i].recv;
        channel_open(kind_at(i), &channels[i], RECEIVING);
    }
    for (size_t i = 0; i < 2; i++) {
        struct call call;

        waiter_begins(peer(0), MCAPI_TIMEOUT_INFINITE);
        channel_connect(kind_at(i), &channels[i]);
        channel_open(kind_at(i), &channels[i], SENDING);
        expect_true(stays_blocked(peer(0)));
        something_comes(i, 3);
        call = waiter_ends(peer(0));
        expect_status(MCAPI_SUCCESS, call.status);
        expect_equal(i, call.number);
        is_received(i, 3);
    }
    nodes_end();
}

/* More than one sleep of the kernel can watch. */
static void a_hundred_and_fifty_ends_can_be_waited_for(void)
{
    enum { MANY = 150 };
    static mcapi_endpoint_t all[MANY];
    static struct channel many[MANY];
    const size_t chosen[] = { 0, 127, 128, MANY - 1 };
    struct call put = { .word = 1 };

    nodes_begin(1);
    for (size_t i = 0; i < MANY; i++) {
        many[i] = channel_joined(kind_at(i), peer(0), NULL);
        all[i] = many[i].recv;
    }
    for (size_t i = 0; i < LENGTH(chosen); i++) {
        mcapi_uint_t which;

        expect(MCAPI_TIMEOUT, which = mcapi_ext_wait_receivable(all, MANY, 10, &status));
        put.endpoint = many[chosen[i]].send;
        begin(peer(0), kind_at(chosen[i])->put, &put);
        expect(MCAPI_SUCCESS,
               which = mcapi_ext_wait_receivable(all, MANY, MCAPI_TIMEOUT_INFINITE, &status));
        expect_equal(chosen[i], which);
        finish(peer(0), &put);
        expect_status(MCAPI_SUCCESS, put.status);
        channel_drain(kind_at(chosen[i]), &many[chosen[i]], 1, 1);
    }
    nodes_end();
}

/* --- Messages ------------------------------------------------------------------- */

static void a_message_is_found_among_channels(void)
{
    mcapi_endpoint_t from;

    several_begin(1);
    from = created(peer(0));
    ends[2] = created(NULL);
    nothing_is_found();
    for (int round = 0; round < 3; round++) {
        say(peer(0), from, ends[2], "here");
        for (int look = 0; look < 3; look++) /* it receives nothing itself */
            expect_equal(
                    2, found(look % 2 == 0 ? MCAPI_TIMEOUT_IMMEDIATE : MCAPI_TIMEOUT_INFINITE));
        something_comes(1, 4);
        expect_equal(3, found(MCAPI_TIMEOUT_IMMEDIATE) + found(MCAPI_TIMEOUT_IMMEDIATE));
        is_received(1, 4);
        hear(ends[2], "here");
        nothing_is_found();
    }
    nodes_end();
}

static void whoever_waits_is_woken_by_a_message(void)
{
    mcapi_endpoint_t from;

    peer_will_wait_begin();
    from = created(NULL);
    ends[3] = created(peer(0));
    for (int round = 0; round < 2; round++) {
        struct call heard = { .endpoint = ends[3], .size = 16 }, call;

        waiter_begins(peer(0), MCAPI_TIMEOUT_INFINITE);
        say(NULL, from, ends[3], "wake");
        call = waiter_ends(peer(0));
        expect_status(MCAPI_SUCCESS, call.status);
        expect_equal(3, call.number);
        at(peer(0), do_msg_recv, &heard);
        expect_status(MCAPI_SUCCESS, heard.status);
    }
    nodes_end();
}

static void an_endpoint_is_waited_for_as_what_it_has_become(void)
{
    struct channel channel;

    several_begin(1);
    ends[0] = created(NULL);
    nothing_is_found(); /* it is an endpoint for messages... */
    channel = channel_made(peer(0), NULL);
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(channel.recv, &status));
    channel.recv = ends[0];
    channel_connect(&packets, &channel);
    is_refused(MCAPI_ERR_CHAN_INVALID, ends, SEVERAL); /* ...no more... */
    channel_open(&packets, &channel, RECEIVING);
    nothing_is_found(); /* ...but now for packets */
    channel_open(&packets, &channel, SENDING);
    channel_fill(&packets, &channel, 1, 1);
    expect_equal(0, found(MCAPI_TIMEOUT_INFINITE));
    nodes_end();
}

/* --- What cannot be waited for -------------------------------------------------- */

static void without_ends_there_is_nothing_to_wait_for(void)
{
    several_begin(1);
    something_comes(0, 1);
    is_refused(MCAPI_ERR_PARAMETER, NULL, 1);
    is_refused(MCAPI_ERR_PARAMETER, NULL, 0);
    is_refused(MCAPI_ERR_PARAMETER, ends, 0);
    is_received(0, 1);
    nodes_end();
}

/* Each at each place, whether another end has something or not. */
static void one_wrong_end_is_an_error_of_the_call(void)
{
    mcapi_endpoint_t values[NO_ENDPOINTS + 3];
    struct channel channel;

    several_begin(1);
    fill_no_endpoints(NULL, values);
    channel = channel_made(peer(0), NULL);
    channel_connect(&packets, &channel);
    values[NO_ENDPOINTS] = channel.recv; /* not opened */
    values[NO_ENDPOINTS + 1] = packets_open(NULL, peer(0)).send;
    values[NO_ENDPOINTS + 2] = scalars_open(NULL, peer(0)).send;
    for (int something = 0; something < 2; something++) {
        for (size_t i = 0; i < LENGTH(values); i++)
            for (size_t place = 0; place < SEVERAL; place++) {
                mcapi_endpoint_t right = ends[place];

                ends[place] = values[i];
                is_refused(MCAPI_ERR_CHAN_INVALID, ends, SEVERAL);
                ends[place] = right;
            }
        something_comes(2, 1);
    }
    expect_equal(2, channel_available(kind_at(2), &channels[2]));
    nodes_end();
}

static void an_end_of_another_node_cannot_be_waited_for(void)
{
    several_begin(1);
    ends[1] = scalars_open(NULL, peer(0)).recv;
    is_refused(MCAPI_ERR_CHAN_INVALID, ends, SEVERAL);
    ends[1] = packets_open(NULL, peer(0)).recv;
    is_refused(MCAPI_ERR_CHAN_INVALID, ends, SEVERAL);
    ends[1] = created(peer(0));
    is_refused(MCAPI_ERR_CHAN_INVALID, ends, SEVERAL);
    nodes_end();
}

static void an_end_that_is_closed_meanwhile_ends_the_wait(void)
{
    peer_will_wait_begin();
    for (size_t i = 0; i < 2; i++) {
        channels[i].receiver = NULL; /* the peer is busy: we close for our node */
        waiter_begins(peer(0), MCAPI_TIMEOUT_INFINITE);
        channel_close(kind_at(i), &channels[i], RECEIVING);
        expect_status(MCAPI_ERR_CHAN_INVALID, waiter_ends(peer(0)).status);
        channel_close(kind_at(i), &channels[i], SENDING);
        channel_join(kind_at(i), &channels[i]);
    }
    nodes_end();
}

static void a_wait_ends_with_its_node(void)
{
    struct call leave = { 0 };

    peer_will_wait_begin();
    waiter_begins(peer(0), MCAPI_TIMEOUT_INFINITE);
    at(NULL, do_finalize, &leave);
    expect_status(MCAPI_SUCCESS, leave.status);
    expect_status(MCAPI_ERR_NODE_NOTINIT, waiter_ends(peer(0)).status);
    nodes_end();
}

static const struct test tests[] = {
    TEST(the_one_that_has_something_is_found, ANYWHERE, "11.21"),
    TEST(all_that_have_something_get_their_turn, ANYWHERE, "11.23"),
    TEST(one_may_be_named_twice, ANYWHERE, "11.21"),
    TEST(a_close_is_something_when_all_is_received, ANYWHERE, "11.24"),
    TEST(a_death_is_something_when_all_is_received, IN_PROCESSES, "11.24"),
    TEST(what_a_posted_receive_gets_is_not_there, ANYWHERE, "11.25"),
    TEST(whoever_waits_is_woken_promptly_by_what_comes, ANYWHERE, "11.22"),
    TEST(whoever_waits_is_woken_by_a_close, ANYWHERE, "11.24"),
    TEST(whoever_waits_is_woken_by_a_death, IN_PROCESSES, "11.24"),
    TEST(a_wait_ends_with_its_timeout_and_not_with_a_signal, ANYWHERE, "11.22 11.6"),
    TEST(an_end_that_is_not_connected_yet_is_waited_for, ANYWHERE, "11.26"),
    TEST(a_hundred_and_fifty_ends_can_be_waited_for, BETWEEN_NODES, "11.22"),
    TEST(a_message_is_found_among_channels, ANYWHERE, "11.87"),
    TEST(whoever_waits_is_woken_by_a_message, ANYWHERE, "11.87"),
    TEST(an_endpoint_is_waited_for_as_what_it_has_become, ANYWHERE, "11.87"),
    TEST(without_ends_there_is_nothing_to_wait_for, ANYWHERE, "11.4"),
    TEST(one_wrong_end_is_an_error_of_the_call, ANYWHERE, "11.27"),
    TEST(an_end_of_another_node_cannot_be_waited_for, BETWEEN_NODES, "11.27"),
    TEST(an_end_that_is_closed_meanwhile_ends_the_wait, IN_ONE_NODE, "11.27"),
    TEST(a_wait_ends_with_its_node, IN_ONE_NODE, "11.5"),
};

CHAPTER(ext_wait, tests);
