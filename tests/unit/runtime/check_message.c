/* SPDX-License-Identifier: MIT */
/*
 * check_message.c - messages where endpoints, threads and nodes come and go.
 */
#include "runtime/message.h"

#include <pthread.h>
#include <string.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

static mcapi_endpoint_t create(struct child *who)
{
    struct act act = { .port = MCAPI_PORT_ANY };

    child_do(who, act_create, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    return act.endpoint;
}

/* endpoint, other, bytes, size */
static void act_send_message(struct act *act)
{
    mcapi_msg_send(act->endpoint, act->other, act->bytes, act->size, 0, &act->status);
}

/* endpoint -> bytes, size */
static void act_receive_message(struct act *act)
{
    mcapi_msg_recv(act->endpoint, act->bytes, sizeof act->bytes, &act->size, &act->status);
}

static void fill(mcapi_endpoint_t from, mcapi_endpoint_t to, uint32_t depth)
{
    pair_set(NULL, to, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, depth);
    for (uint32_t i = 0; i < depth; i++)
        expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, &i, sizeof i, 0, &status));
}

static void expect_full(mcapi_endpoint_t from, mcapi_endpoint_t to)
{
    mcapi_request_t request;

    expect(MCAPI_ERR_MEM_LIMIT, mcapi_msg_send_i(from, to, NULL, 0, 0, &request, &status));
}

/* One that waits for room in our full mailbox. */
static struct child *blocked_sender(mcapi_endpoint_t *from, mcapi_endpoint_t to)
{
    struct child *sender = child_start(CHILD_PROCESS, 2);

    *from = create(sender);
    fill(create(NULL), to, 2);
    child_begin(sender, act_send_message, &(struct act){ .endpoint = *from, .other = to });
    ck_assert(eventually(child_is_asleep(sender)));
    return sender;
}

/* --- Whoever waits learns ------------------------------------------------------------- */

START_TEST(who_waits_for_room_in_an_endpoint_that_is_deleted_has_sent)
{
    mcapi_endpoint_t to = create(NULL), from;
    struct child *sender = blocked_sender(&from, to);
    struct act act;

    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(to, &status));
    ck_assert(eventually(child_is_done(sender)));
    child_finish(sender, &act);
    expect_status(MCAPI_SUCCESS, act.status);
}
END_TEST

START_TEST(who_waits_for_room_at_a_node_that_leaves_has_sent)
{
    struct child *receiver = child_start(_i, 2);
    mcapi_endpoint_t from = create(NULL), to = create(receiver);
    struct child *sender = child_start(CHILD_PROCESS, 3);
    struct act act = { .endpoint = create(sender), .other = to };

    for (int i = 0; i < MCAPI_MAX_QUEUE_ELEMENTS; i++)
        expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, NULL, 0, 0, &status));
    child_begin(sender, act_send_message, &act);
    ck_assert(eventually(child_is_asleep(sender)));
    child_end(receiver);
    ck_assert(eventually(child_is_done(sender)));
    child_finish(sender, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, NULL, 0, 0, &status));
}
END_TEST

START_TEST(a_blocked_receive_ends_with_its_endpoint)
{
    struct child *thread = child_start_bare(CHILD_THREAD);
    mcapi_endpoint_t here = create(NULL);
    struct act act;

    child_begin(thread, act_receive_message, &(struct act){ .endpoint = here });
    ck_assert(eventually(child_is_asleep(thread)));
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(here, &status));
    ck_assert(eventually(child_is_done(thread)));
    child_finish(thread, &act);
    expect_status(MCAPI_ERR_ENDP_DELETED, act.status);
}
END_TEST

START_TEST(a_blocked_send_ends_with_the_endpoint_it_sends_from)
{
    struct child *thread = child_start_bare(CHILD_THREAD);
    mcapi_endpoint_t from = create(NULL), to = create(NULL);
    struct act act = { .endpoint = from, .other = to };

    fill(from, to, 1);
    child_begin(thread, act_send_message, &act);
    ck_assert(eventually(child_is_asleep(thread)));
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(from, &status));
    ck_assert(eventually(child_is_done(thread)));
    child_finish(thread, &act);
    expect_status(MCAPI_ERR_ENDP_DELETED, act.status);
}
END_TEST

START_TEST(blocked_calls_of_a_node_that_is_finalized_end)
{
    struct child *node = child_start(CHILD_PROCESS, 2);
    struct act act = { .endpoint = create(node) };

    child_begin(node, act_receive_message, &act);
    ck_assert(eventually(child_is_asleep(node)));
    child_kill(node);
    /* Its name and its endpoint's can be had again. */
    node = child_start(CHILD_PROCESS, 2);
    act.endpoint = create(node);
    child_begin(node, act_receive_message, &act);
    expect(MCAPI_SUCCESS, mcapi_msg_send(create(NULL), act.endpoint, "x", 2, 0, &status));
    child_finish(node, &act);
    ck_assert_str_eq(act.bytes, "x");
}
END_TEST

/* --- Depth ---------------------------------------------------------------------------- */

START_TEST(a_mailbox_may_be_deeper_than_usual)
{
    mcapi_endpoint_t from = create(NULL), to = create(NULL);

    fill(from, to, 200);
    expect_full(from, to);
}
END_TEST

START_TEST(a_depth_beyond_all_room_is_refused_at_the_first_message)
{
    mcapi_endpoint_t from = create(NULL), to = create(NULL);

    pair_set(NULL, to, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 5000);
    expect(MCAPI_ERR_MEM_LIMIT, mcapi_msg_send(from, to, NULL, 0, 0, &status));
    expect(MCAPI_ERR_MEM_LIMIT, mcapi_msg_available(to, &status));
    pair_set(NULL, to, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, 2);
    fill(from, to, 2);
    expect_full(from, to);
}
END_TEST

/* The slots of deleted endpoints come again, with mailboxes of other depths. */
START_TEST(an_endpoint_begins_with_an_empty_mailbox)
{
    mcapi_endpoint_t from = create(NULL);
    mcapi_endpoint_t to;

    for (uint32_t i = 0; i < 2000; i++) {
        to = create(NULL);
        expect(MCAPI_SUCCESS, ck_assert_uint_eq(mcapi_msg_available(to, &status), 0));
        expect(MCAPI_SUCCESS, mcapi_endpoint_delete(to, &status));
        to = create(NULL);
        fill(from, to, 1 + i % 90);
        expect_full(from, to);
        expect(MCAPI_SUCCESS, mcapi_endpoint_delete(to, &status));
    }
}
END_TEST

/* --- Threads of one node -------------------------------------------------------------- */

enum { THREADS = 3, EACH = 20000 };

struct sender {
    mcapi_endpoint_t from, to;
    uint32_t number;
    pthread_t thread;
};

static void *send_numbers(void *argument)
{
    const struct sender *sender = argument;

    for (uint32_t i = 0; i < EACH; i++) {
        uint32_t number = sender->number << 24 | i;

        expect(MCAPI_SUCCESS,
               mcapi_msg_send(sender->from, sender->to, &number, sizeof number, 0, &status));
    }
    return NULL;
}

/* All from one endpoint: the gate lets one at a time. */
START_TEST(threads_may_share_the_endpoint_that_they_send_from)
{
    mcapi_endpoint_t from = create(NULL), to = create(NULL);
    struct sender senders[THREADS];
    uint32_t wanted[THREADS] = { 0 };

    for (uint32_t i = 0; i < THREADS; i++) {
        senders[i] = (struct sender){ .from = from, .to = to, .number = i };
        pthread_create(&senders[i].thread, NULL, send_numbers, &senders[i]);
    }
    for (uint32_t i = 0; i < THREADS * EACH; i++) {
        uint32_t number;
        size_t size;

        expect(MCAPI_SUCCESS, mcapi_msg_recv(to, &number, sizeof number, &size, &status));
        ck_assert_uint_eq(number & 0xffffff, wanted[number >> 24]++);
    }
    for (uint32_t i = 0; i < THREADS; i++)
        pthread_join(senders[i].thread, NULL);
}
END_TEST

static void *receive_numbers(void *argument)
{
    struct sender *receiver = argument;
    uint32_t last = 0, number;
    size_t size;

    do {
        expect(MCAPI_SUCCESS,
               mcapi_msg_recv(receiver->to, &number, sizeof number, &size, &status));
        if (number == UINT32_MAX)
            break;
        ck_assert(receiver->number == 0 || number > last);
        last = number;
        receiver->number++;
    } while (true);
    return NULL;
}

START_TEST(threads_may_share_the_endpoint_that_they_receive_at)
{
    mcapi_endpoint_t from = create(NULL), to = create(NULL);
    struct sender receivers[THREADS];
    uint32_t stop = UINT32_MAX, all = 0;

    for (uint32_t i = 0; i < THREADS; i++) {
        receivers[i] = (struct sender){ .to = to };
        pthread_create(&receivers[i].thread, NULL, receive_numbers, &receivers[i]);
    }
    for (uint32_t i = 1; i <= EACH; i++)
        expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, &i, sizeof i, 0, &status));
    for (uint32_t i = 0; i < THREADS; i++)
        expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, &stop, sizeof stop, 0, &status));
    for (uint32_t i = 0; i < THREADS; i++) {
        pthread_join(receivers[i].thread, NULL);
        all += receivers[i].number;
    }
    ck_assert_uint_eq(all, EACH);
}
END_TEST

/* --- Counters ------------------------------------------------------------------------- */

START_TEST(what_was_sent_received_and_dropped_is_counted)
{
    mcapi_endpoint_t from = create(NULL), to = create(NULL);
    const struct mci_endpoint_slot *sends = &mci_map()->endpoints[from & 0xffff];
    const struct mci_endpoint_slot *receives = &mci_map()->endpoints[to & 0xffff];
    char bytes[100];
    size_t size;

    for (int i = 0; i < 3; i++)
        expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, bytes, sizeof bytes, 0, &status));
    expect(MCAPI_ERR_MSG_TRUNCATED, mcapi_msg_recv(to, bytes, 10, &size, &status));
    expect(MCAPI_SUCCESS, mcapi_msg_recv(to, bytes, sizeof bytes, &size, &status));
    ck_assert_uint_eq(atomic_load(&sends->messages_sent), 3);
    ck_assert_uint_eq(atomic_load(&sends->bytes_sent), 300);
    ck_assert_uint_eq(atomic_load(&receives->messages_received), 2);
    ck_assert_uint_eq(atomic_load(&receives->bytes_received), 200);
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(to, &status));
    expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, bytes, sizeof bytes, 0, &status));
    ck_assert_uint_eq(atomic_load(&sends->messages_dropped), 1);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { who_waits_for_room_in_an_endpoint_that_is_deleted_has_sent, 1 },
        { who_waits_for_room_at_a_node_that_leaves_has_sent, CHILD_KINDS },
        { a_blocked_receive_ends_with_its_endpoint, 1 },
        { a_blocked_send_ends_with_the_endpoint_it_sends_from, 1 },
        { blocked_calls_of_a_node_that_is_finalized_end, 1 },
        { a_mailbox_may_be_deeper_than_usual, 1 },
        { a_depth_beyond_all_room_is_refused_at_the_first_message, 1 },
        { an_endpoint_begins_with_an_empty_mailbox, 1 },
        { threads_may_share_the_endpoint_that_they_send_from, 1 },
        { threads_may_share_the_endpoint_that_they_receive_at, 1 },
        { what_was_sent_received_and_dropped_is_counted, 1 },
    };

    return suite_run_between("messages", node_begin, node_end, tests, SUITE_LENGTH(tests));
}
