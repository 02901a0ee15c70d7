/* SPDX-License-Identifier: MIT */
/*
 * check_pktchan_posted.c - receives that are posted, and served when there is a packet.
 */
#include "kinds.h"

#include <string.h>

/* A receive that has been posted, by our node. */
struct posted {
    mcapi_request_t request;
    void *buffer;
};

static void post(const struct channel *channel, struct posted *posted)
{
    posted->buffer = NULL;
    expect(MCAPI_SUCCESS,
           mcapi_pktchan_recv_i(channel->recv, &posted->buffer, &posted->request, &status));
}

/* How it stands now. */
static mcapi_status_t standing(const struct posted *posted)
{
    return ask(NULL, do_test, (struct call){ .request = posted->request }).status;
}

/* Waits for it. The word that it got, whose buffer is released. */
static uint64_t served(struct posted *posted)
{
    uint64_t word = 0;
    size_t size = 0;

    expect(MCAPI_SUCCESS, mcapi_wait(&posted->request, &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect_equal(sizeof word, size);
    expect_true(posted->buffer != NULL);
    memcpy(&word, posted->buffer, sizeof word);
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(posted->buffer, &status));
    return word;
}

static mcapi_status_t ended(struct posted *posted)
{
    return outcome(NULL, posted->request);
}

/* --- Served ------------------------------------------------------------------------ */

static void a_posted_receive_is_pending_until_there_is_a_packet(void)
{
    struct channel channel;
    struct posted posted;

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    for (uint64_t word = 1; word < 5; word++) {
        post(&channel, &posted);
        expect_status(MCAPI_PENDING, standing(&posted));
        channel_fill(&packets, &channel, word, 1);
        expect_equal(word, served(&posted));
    }
    nodes_end();
}

static void a_receive_is_posted_to_what_is_there_already(void)
{
    struct channel channel;
    struct posted posted;

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    channel_fill(&packets, &channel, 1, 5);
    for (uint64_t word = 1; word <= 5; word++) {
        post(&channel, &posted);
        expect_equal(word, served(&posted));
    }
    expect_equal(0, channel_available(&packets, &channel));
    nodes_end();
}

static void a_served_receive_tells_the_size(void)
{
    static const size_t sizes[] = { 0, 1, 100, 512 };
    struct channel channel;
    struct call send = { 0 };

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    send.endpoint = channel.send;
    memset(send.bytes, 0x42, sizeof send.bytes);
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        struct posted posted;
        size_t size = 12345;

        post(&channel, &posted);
        send.size = sizes[i];
        expect_status(MCAPI_SUCCESS, ask(peer(0), do_pkt_send, send).status);
        expect(MCAPI_SUCCESS,
               mcapi_wait(&posted.request, &size, MCAPI_TIMEOUT_INFINITE, &status));
        expect_equal(sizes[i], size);
        expect_true(memcmp(posted.buffer, send.bytes, size) == 0);
        expect(MCAPI_SUCCESS, mcapi_pktchan_release(posted.buffer, &status));
    }
    nodes_end();
}

static void a_test_finds_a_served_receive_without_a_wait(void)
{
    struct channel channel;
    struct posted posted;

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    post(&channel, &posted);
    channel_fill(&packets, &channel, 6, 1);
    expect_true(eventually(standing(&posted) != MCAPI_PENDING));
    expect_status(MCAPI_SUCCESS, standing(&posted));
    expect_equal(6, served(&posted)); /* a wait after the test finds it too */
    nodes_end();
}

/* endpoint; the receive is the peer's own -> word */
static void do_post_and_wait(struct call *call)
{
    const struct channel channel = { .recv = call->endpoint };
    struct posted posted;

    post(&channel, &posted);
    call->word = served(&posted);
    call->status = MCAPI_SUCCESS;
}

static void a_wait_for_a_posted_receive_blocks_until_it_is_served(void)
{
    struct channel channel;
    struct call wait = { 0 };

    nodes_begin(1);
    channel = packets_open(NULL, peer(0));
    wait.endpoint = channel.recv;
    for (uint64_t word = 1; word < 4; word++) {
        begin(peer(0), do_post_and_wait, &wait);
        expect_true(stays_blocked(peer(0)));
        channel_fill(&packets, &channel, word, 1);
        finish(peer(0), &wait);
        expect_equal(word, wait.word);
    }
    nodes_end();
}

static void a_signal_does_not_end_a_wait_for_a_posted_receive(void)
{
    struct channel channel;
    struct call wait = { 0 };

    nodes_begin(1);
    channel = packets_open(NULL, peer(0));
    wait.endpoint = channel.recv;
    begin(peer(0), do_post_and_wait, &wait);
    for (int i = 0; i < 3; i++) {
        expect_true(stays_blocked(peer(0)));
        interrupt(peer(0));
    }
    expect_true(stays_blocked(peer(0)));
    channel_fill(&packets, &channel, 4, 1);
    finish(peer(0), &wait);
    expect_equal(4, wait.word);
    nodes_end();
}

/* --- In which order ---------------------------------------------------------------- */

enum { POSTED = 10 };

static void posted_receives_are_served_in_the_order_of_posting(void)
{
    struct channel channel;
    struct posted posted[POSTED];

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    for (int i = 0; i < POSTED; i++)
        post(&channel, &posted[i]);
    channel_fill(&packets, &channel, 20, POSTED);
    for (int i = POSTED - 1; i >= 0; i--) /* whoever asks first */
        expect_equal(20 + i, served(&posted[i]));
    nodes_end();
}

static void the_first_posted_receives_are_served_and_the_others_wait(void)
{
    struct channel channel;
    struct posted posted[POSTED];

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    for (int i = 0; i < POSTED; i++)
        post(&channel, &posted[i]);
    for (int i = 0; i < POSTED; i++) {
        for (int j = i; j < POSTED; j++)
            expect_status(MCAPI_PENDING, standing(&posted[j]));
        channel_fill(&packets, &channel, 50 + i, 1);
        expect_equal(50 + i, served(&posted[i]));
    }
    nodes_end();
}

static void a_posted_receive_comes_before_a_later_blocking_one(void)
{
    struct channel channel;
    struct posted posted[2];

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    for (int round = 0; round < 5; round++) {
        post(&channel, &posted[0]);
        post(&channel, &posted[1]);
        channel_fill(&packets, &channel, 1, 3);
        expect_equal(3, channel_take(&packets, &channel));
        expect_equal(1, served(&posted[0]));
        expect_equal(2, served(&posted[1]));
    }
    nodes_end();
}

/* Of three threads of a node one has posted, then one waits in a receive, and one sends. */
static void a_receive_that_waits_comes_after_those_posted_before_it(void)
{
    struct channel channel;
    struct posted posted;
    struct call take = { 0 };

    nodes_begin(1);
    channel = packets_open(NULL, NULL);
    post(&channel, &posted);
    take.endpoint = channel.recv;
    begin(peer(0), packets.take, &take);
    expect_true(stays_blocked(peer(0)));
    channel_fill(&packets, &channel, 1, 1);
    expect_true(stays_blocked(peer(0)));
    expect_equal(1, served(&posted));
    channel_fill(&packets, &channel, 2, 1);
    finish(peer(0), &take);
    expect_equal(2, take.word);
    nodes_end();
}

static void packets_for_posted_receives_are_not_available(void)
{
    struct channel channel;
    struct posted posted[POSTED];

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    for (int i = 0; i < 3; i++)
        post(&channel, &posted[i]);
    for (uint32_t i = 0; i < 6; i++) {
        expect_equal(i < 3 ? 0 : i - 3, channel_available(&packets, &channel));
        channel_fill(&packets, &channel, i, 1);
    }
    expect_equal(3, channel_available(&packets, &channel));
    for (int i = 0; i < 3; i++)
        expect_equal(i, served(&posted[i]));
    channel_drain(&packets, &channel, 3, 3);
    nodes_end();
}

/* More than the channel has buffers: served and released, again and again. */
static void more_receives_can_be_posted_than_there_are_buffers(void)
{
    enum { MANY = 3 * MCAPI_MAX_BUFFERS };
    struct channel channel;
    static struct posted posted[MANY];

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    for (int i = 0; i < MANY; i++)
        post(&channel, &posted[i]);
    for (int i = 0; i < MANY; i++) {
        channel_fill(&packets, &channel, i, 1);
        expect_equal(i, served(&posted[i]));
    }
    nodes_end();
}

static void a_served_receive_holds_its_buffer_until_it_is_released(void)
{
    struct channel channel;
    struct posted posted[2];

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    channel_deepen(&channel, 2);
    set(peer(0), channel.send, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    channel_join(&packets, &channel);
    post(&channel, &posted[0]);
    post(&channel, &posted[1]);
    channel_fill(&packets, &channel, 1, 2);
    expect_true(eventually(standing(&posted[1]) != MCAPI_PENDING));
    expect_status(MCAPI_TIMEOUT, channel_put(&packets, &channel, 3));
    expect_equal(1, served(&posted[0]));
    channel_fill(&packets, &channel, 3, 1);
    expect_status(MCAPI_TIMEOUT, channel_put(&packets, &channel, 4));
    expect_equal(2, served(&posted[1]));
    channel_drain(&packets, &channel, 3, 1);
    nodes_end();
}

/* --- Before the channel is there ---------------------------------------------------- */

static void a_receive_can_be_posted_on_an_open_that_is_not_complete(void)
{
    struct channel channel;
    struct posted posted[3];

    nodes_begin(1);
    channel = channel_made(peer(0), NULL);
    channel_open(&packets, &channel, RECEIVING);
    post(&channel, &posted[0]);
    channel_connect(&packets, &channel);
    post(&channel, &posted[1]);
    channel_open(&packets, &channel, SENDING);
    post(&channel, &posted[2]);
    for (int i = 0; i < 3; i++)
        expect_status(MCAPI_PENDING, standing(&posted[i]));
    channel_fill(&packets, &channel, 30, 3);
    for (int i = 0; i < 3; i++)
        expect_equal(30 + i, served(&posted[i]));
    nodes_end();
}

/* --- Not served -------------------------------------------------------------------- */

static void posted_receives_end_when_the_sender_closes(void)
{
    struct channel channel;
    struct posted posted[3];

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    for (int i = 0; i < 3; i++)
        post(&channel, &posted[i]);
    channel_fill(&packets, &channel, 1, 1);
    channel_close(&packets, &channel, SENDING);
    expect_equal(1, served(&posted[0])); /* what was sent is received */
    expect_status(MCAPI_ERR_CHAN_INVALID, ended(&posted[1]));
    expect_status(MCAPI_ERR_CHAN_INVALID, ended(&posted[2]));
    nodes_end();
}

/* Whether the call says so or its request is left to. */
static void a_receive_that_is_posted_too_late_ends_at_once(void)
{
    struct channel channel;
    struct posted posted;
    mcapi_status_t status;

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    channel_fill(&packets, &channel, 1, 1);
    channel_close(&packets, &channel, SENDING);
    channel_drain(&packets, &channel, 1, 1);
    for (int i = 0; i < 2; i++) {
        mcapi_pktchan_recv_i(channel.recv, &posted.buffer, &posted.request, &status);
        expect_true(status == MCAPI_SUCCESS || status == MCAPI_ERR_CHAN_INVALID);
        expect_status(MCAPI_ERR_CHAN_INVALID, ended(&posted));
    }
    nodes_end();
}

static void posted_receives_end_when_their_own_end_is_closed(void)
{
    struct channel channel;
    struct posted posted[3];

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    for (int i = 0; i < 3; i++)
        post(&channel, &posted[i]);
    channel_close(&packets, &channel, RECEIVING);
    for (int i = 0; i < 3; i++)
        expect_status(MCAPI_ERR_CHAN_INVALID, ended(&posted[i]));
    nodes_end();
}

static void posted_receives_end_when_the_sender_finalizes(void)
{
    struct channel channel;
    struct posted posted[2];

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    post(&channel, &posted[0]);
    post(&channel, &posted[1]);
    channel_fill(&packets, &channel, 1, 1);
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_finalize, (struct call){ 0 }).status);
    expect_equal(1, served(&posted[0]));
    expect_status(MCAPI_ERR_CHAN_INVALID, ended(&posted[1]));
    nodes_end();
}

static void posted_receives_end_when_the_sender_dies(void)
{
    struct channel channel;
    struct posted posted[3];
    int64_t began;

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    for (int i = 0; i < 3; i++)
        post(&channel, &posted[i]);
    channel_fill(&packets, &channel, 1, 1);
    began = now_ms();
    kill_peer(peer(0));
    expect_equal(1, served(&posted[0]));
    expect_status(MCAPI_ERR_TRANSMISSION, ended(&posted[1]));
    expect_status(MCAPI_ERR_TRANSMISSION, ended(&posted[2]));
    expect_true(now_ms() - began < 1000);
    nodes_end();
}

/* endpoint -> number: how the posted receive of the peer ends */
static void do_post_and_fail(struct call *call)
{
    const struct channel channel = { .recv = call->endpoint };
    struct posted posted;

    post(&channel, &posted);
    call->status = ended(&posted);
}

static void a_wait_for_a_posted_receive_ends_when_the_sender_closes(void)
{
    struct channel channel;
    struct call wait = { 0 };

    nodes_begin(1);
    channel = packets_open(NULL, peer(0));
    wait.endpoint = channel.recv;
    begin(peer(0), do_post_and_fail, &wait);
    expect_true(stays_blocked(peer(0)));
    channel_close(&packets, &channel, SENDING);
    finish(peer(0), &wait);
    expect_status(MCAPI_ERR_CHAN_INVALID, wait.status);
    nodes_end();
}

static void a_wait_for_a_posted_receive_ends_when_the_sender_dies(void)
{
    struct channel channel;
    struct call wait = { 0 };
    int64_t began;

    nodes_begin(2);
    channel = packets_open(peer(0), peer(1));
    wait.endpoint = channel.recv;
    begin(peer(1), do_post_and_fail, &wait);
    expect_true(stays_blocked(peer(1)));
    began = now_ms();
    kill_peer(peer(0));
    finish(peer(1), &wait);
    expect_status(MCAPI_ERR_TRANSMISSION, wait.status);
    expect_true(now_ms() - began < 1000);
    nodes_end();
}

static void a_cancelled_receive_takes_no_packet(void)
{
    struct channel channel;
    struct posted posted[3];

    nodes_begin(1);
    channel = packets_open(peer(0), NULL);
    for (int i = 0; i < 3; i++)
        post(&channel, &posted[i]);
    expect(MCAPI_SUCCESS, mcapi_cancel(&posted[1].request, &status));
    channel_fill(&packets, &channel, 1, 3);
    expect_equal(1, served(&posted[0]));
    expect_equal(2, served(&posted[2]));
    channel_drain(&packets, &channel, 3, 1);
    nodes_end();
}

static const struct test tests[] = {
    TEST(a_posted_receive_is_pending_until_there_is_a_packet, ANYWHERE, "7.38"),
    TEST(a_receive_is_posted_to_what_is_there_already, ANYWHERE, "7.38"),
    TEST(a_served_receive_tells_the_size, ANYWHERE, "7.38 7.26"),
    TEST(a_test_finds_a_served_receive_without_a_wait, ANYWHERE, "7.38"),
    TEST(a_wait_for_a_posted_receive_blocks_until_it_is_served, ANYWHERE, "7.38"),
    TEST(a_signal_does_not_end_a_wait_for_a_posted_receive, ANYWHERE, "7.36 7.38"),
    TEST(posted_receives_are_served_in_the_order_of_posting, ANYWHERE, "7.39"),
    TEST(the_first_posted_receives_are_served_and_the_others_wait, ANYWHERE, "7.39 7.38"),
    TEST(a_posted_receive_comes_before_a_later_blocking_one, ANYWHERE, "7.39"),
    TEST(a_receive_that_waits_comes_after_those_posted_before_it, IN_ONE_NODE, "7.39 7.43"),
    TEST(packets_for_posted_receives_are_not_available, ANYWHERE, "7.40"),
    TEST(more_receives_can_be_posted_than_there_are_buffers, ANYWHERE, "7.39"),
    TEST(a_served_receive_holds_its_buffer_until_it_is_released, ANYWHERE, "7.38 7.47"),
    TEST(a_receive_can_be_posted_on_an_open_that_is_not_complete, ANYWHERE, "7.23 7.39"),
    TEST(posted_receives_end_when_the_sender_closes, ANYWHERE, "7.54 7.53"),
    TEST(a_receive_that_is_posted_too_late_ends_at_once, ANYWHERE, "7.53"),
    TEST(posted_receives_end_when_their_own_end_is_closed, ANYWHERE, "7.63"),
    TEST(posted_receives_end_when_the_sender_finalizes, BETWEEN_NODES, "7.62 7.54"),
    TEST(posted_receives_end_when_the_sender_dies, IN_PROCESSES, "7.66 7.64"),
    TEST(a_wait_for_a_posted_receive_ends_when_the_sender_closes, ANYWHERE, "7.54"),
    TEST(a_wait_for_a_posted_receive_ends_when_the_sender_dies, IN_PROCESSES, "7.66"),
    TEST(a_cancelled_receive_takes_no_packet, ANYWHERE, "7.39"),
};

CHAPTER(pktchan_posted, tests);
