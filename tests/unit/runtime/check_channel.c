/* SPDX-License-Identifier: MIT */
/*
 * check_channel.c - the life of a channel: connect, open and close, in every order.
 */
#include <mcapi.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

static void use(const struct pair *pair)
{
    for (uint32_t i = 0; i < 3; i++) {
        if (pair->kind == PACKETS) {
            pair_send(pair, "through");
            pair_expect(pair, "through");
        } else {
            pair_send_word(pair, i);
            pair_expect_word(pair, i);
        }
    }
}

static mcapi_status_t test(mcapi_request_t request)
{
    mcapi_status_t status = STATUS_UNTOUCHED;
    mcapi_boolean_t over = mcapi_test(&request, NULL, &status);

    ck_assert_int_eq(over, status != MCAPI_PENDING);
    return status;
}

static mcapi_status_t status_of(struct child *who, void (*function)(struct act *),
                                const struct act *act)
{
    struct act copy = *act;

    child_do(who, function, &copy);
    return copy.status;
}

/* --- Orders ------------------------------------------------------------------------------ */

/* All orders of connecting and opening two ends; bits of _i say the rest: which kind, and
 * whether the other end is on another node. */
START_TEST(connect_and_opens_go_in_any_order)
{
    static const char orders[][4] = { "csr", "crs", "scr", "rcs", "src", "rsc" };
    struct child *other = _i & 2 ? child_start(CHILD_PROCESS, 2) : NULL;

    for (size_t i = 0; i < SUITE_LENGTH(orders); i++) {
        struct pair pair = pair_create(_i & 1, NULL, other);

        for (const char *step = orders[i]; *step != '\0'; step++)
            switch (*step) {
            case 'c':
                pair_connect(&pair);
                break;
            case 's':
                pair_open_send(&pair);
                break;
            default:
                pair_open_receive(&pair);
            }
        use(&pair);
        pair_close(&pair);
    }
}
END_TEST

START_TEST(a_third_node_connects_two_others)
{
    struct child *sender = child_start(CHILD_PROCESS, 2);
    struct child *receiver = child_start(CHILD_THREAD, 3);
    struct pair pair = pair_create(_i, sender, receiver);
    struct act act = { .kind = _i, .endpoint = pair.send, .other = pair.receive };

    pair_open_send(&pair);
    pair_open_receive(&pair);
    expect_status(MCAPI_SUCCESS, status_of(NULL, act_connect, &act));
    use(&pair);
    pair_close(&pair);
}
END_TEST

START_TEST(an_open_between_two_nodes_completes_when_both_have_opened)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(_i, NULL, other);
    struct act open = { .kind = _i, .endpoint = pair.send };

    child_do(NULL, act_open_send, &open);
    expect_status(MCAPI_PENDING, test(open.request));
    pair_connect(&pair);
    expect_status(MCAPI_PENDING, test(open.request));
    pair_open_receive(&pair);
    expect_status(MCAPI_SUCCESS, test(open.request));
}
END_TEST

START_TEST(an_open_on_one_node_completes_when_it_is_connected)
{
    struct pair pair = pair_create(_i, NULL, NULL);
    struct act open = { .kind = _i, .endpoint = pair.send };

    child_do(NULL, act_open_send, &open);
    expect_status(MCAPI_PENDING, test(open.request));
    pair_connect(&pair);
    expect_status(MCAPI_SUCCESS, test(open.request));
}
END_TEST

START_TEST(who_waits_for_an_open_is_woken_by_the_other_end)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(_i, other, NULL);
    struct act open = { .kind = _i, .endpoint = pair.send };

    child_do(other, act_open_send, &open);
    open.timeout = MCAPI_TIMEOUT_INFINITE;
    child_begin(other, act_wait, &open);
    ck_assert(eventually(child_is_asleep(other)));
    pair_open_receive(&pair);
    expect_status(MCAPI_SUCCESS, status_of(NULL, act_connect,
                                           &(struct act){ .kind = _i,
                                                          .endpoint = pair.send,
                                                          .other = pair.receive }));
    child_finish(other, &open);
    expect_status(MCAPI_SUCCESS, open.status);
}
END_TEST

START_TEST(the_handle_is_the_endpoint)
{
    struct pair pair = pair_create(_i, NULL, NULL);
    struct act open = { .kind = _i, .endpoint = pair.send };

    child_do(NULL, act_open_send, &open);
    ck_assert_uint_eq(open.other, pair.send);
    open.endpoint = pair.receive;
    child_do(NULL, act_open_receive, &open);
    ck_assert_uint_eq(open.other, pair.receive);
}
END_TEST

START_TEST(what_is_sent_before_the_receiver_opens_waits_for_it)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(PACKETS, NULL, other);

    pair_connect(&pair);
    pair_open_send(&pair);
    pair_send(&pair, "early");
    pair_send(&pair, "bird");
    pair_open_receive(&pair);
    pair_expect(&pair, "early");
    pair_expect(&pair, "bird");
}
END_TEST

START_TEST(what_was_sent_and_closed_before_the_receiver_opens_still_arrives)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(PACKETS, NULL, other);

    pair_connect(&pair);
    pair_open_send(&pair);
    pair_send(&pair, "early");
    pair_close_send(&pair);
    pair_open_receive(&pair);
    pair_expect(&pair, "early");
    expect_status(MCAPI_ERR_CHAN_INVALID, pair_receive_status(&pair));
    pair_close_receive(&pair);
    pair_connect(&pair);
}
END_TEST

START_TEST(a_receive_and_a_send_wait_for_the_connection)
{
    struct child *sender = child_start(CHILD_PROCESS, 2);
    struct child *receiver = child_start(CHILD_PROCESS, 3);
    struct pair pair = pair_create(_i, sender, receiver);
    struct act send = { .kind = _i, .endpoint = pair.send, .size = 1, .bytes = "x", .word = 7 };
    struct act receive = { .kind = _i, .endpoint = pair.receive };

    pair_open_send(&pair);
    pair_open_receive(&pair);
    child_begin(sender, act_send, &send);
    child_begin(receiver, act_receive, &receive);
    ck_assert(eventually(child_is_asleep(sender) && child_is_asleep(receiver)));
    expect_status(MCAPI_SUCCESS, status_of(NULL, act_connect,
                                           &(struct act){ .kind = _i,
                                                          .endpoint = pair.send,
                                                          .other = pair.receive }));
    child_finish(sender, &send);
    expect_status(MCAPI_SUCCESS, send.status);
    child_finish(receiver, &receive);
    expect_status(MCAPI_SUCCESS, receive.status);
    if (_i == SCALARS)
        ck_assert_uint_eq(receive.word, 7);
    else
        ck_assert_str_eq(receive.bytes, "x");
}
END_TEST

/* --- What is refused -------------------------------------------------------------- */

START_TEST(an_endpoint_is_connected_once)
{
    struct pair pair = pair_create(_i, NULL, NULL);
    struct pair second = pair_create(_i, NULL, NULL);
    struct act act = { .kind = _i, .endpoint = pair.send, .other = second.receive };

    pair_connect(&pair);
    expect_status(MCAPI_ERR_CHAN_CONNECTED, status_of(NULL, act_connect, &act));
    act.endpoint = second.send;
    act.other = pair.receive;
    expect_status(MCAPI_ERR_CHAN_CONNECTED, status_of(NULL, act_connect, &act));
    act.endpoint = pair.receive;
    act.other = second.receive;
    expect_status(MCAPI_ERR_CHAN_CONNECTED, status_of(NULL, act_connect, &act));
    pair_connect(&second);
}
END_TEST

START_TEST(an_endpoint_is_not_connected_with_itself)
{
    struct pair pair = pair_create(_i, NULL, NULL);
    struct act act = { .kind = _i, .endpoint = pair.send, .other = pair.send };

    expect_status(MCAPI_ERR_ENDP_INVALID, status_of(NULL, act_connect, &act));
    pair_connect(&pair);
}
END_TEST

START_TEST(an_end_opens_once_and_only_as_what_it_is)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(_i, NULL, other);
    struct act act = { .kind = _i, .endpoint = pair.send };
    struct act wrong_kind = { .kind = !_i, .endpoint = pair.send };

    pair_open_send(&pair);
    expect_status(MCAPI_ERR_CHAN_OPENPENDING, status_of(NULL, act_open_send, &act));
    expect_status(MCAPI_ERR_CHAN_DIRECTION, status_of(NULL, act_open_receive, &act));
    expect_status(MCAPI_ERR_CHAN_TYPE, status_of(NULL, act_open_send, &wrong_kind));
    pair_connect(&pair);
    expect_status(MCAPI_ERR_CHAN_OPENPENDING, status_of(NULL, act_open_send, &act));
    pair_open_receive(&pair);
    expect_status(MCAPI_ERR_CHAN_OPEN, status_of(NULL, act_open_send, &act));
    expect_status(MCAPI_ERR_CHAN_DIRECTION, status_of(NULL, act_open_receive, &act));
    expect_status(MCAPI_ERR_CHAN_TYPE, status_of(NULL, act_open_send, &wrong_kind));
    use(&pair);
}
END_TEST

START_TEST(a_connected_end_opens_only_as_what_it_is)
{
    struct pair pair = pair_create(_i, NULL, NULL);
    struct act send = { .kind = _i, .endpoint = pair.send };
    struct act receive = { .kind = _i, .endpoint = pair.receive };

    pair_connect(&pair);
    expect_status(MCAPI_ERR_CHAN_DIRECTION, status_of(NULL, act_open_receive, &send));
    expect_status(MCAPI_ERR_CHAN_DIRECTION, status_of(NULL, act_open_send, &receive));
    send.kind = receive.kind = !_i;
    expect_status(MCAPI_ERR_CHAN_TYPE, status_of(NULL, act_open_send, &send));
    expect_status(MCAPI_ERR_CHAN_TYPE, status_of(NULL, act_open_receive, &receive));
}
END_TEST

START_TEST(an_opened_end_is_connected_only_as_what_it_is)
{
    struct pair pair = pair_create(_i, NULL, NULL);
    struct act act = { .kind = !_i, .endpoint = pair.send, .other = pair.receive };

    pair_open_send(&pair);
    expect_status(MCAPI_ERR_CHAN_TYPE, status_of(NULL, act_connect, &act));
    act = (struct act){ .kind = _i, .endpoint = pair.receive, .other = pair.send };
    expect_status(MCAPI_ERR_CHAN_DIRECTION, status_of(NULL, act_connect, &act));
    pair_connect(&pair);
}
END_TEST

START_TEST(data_goes_only_where_it_belongs)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    struct pair words = pair_open(SCALARS, NULL, NULL);
    mcapi_request_t request;
    size_t size;
    void *buffer;

    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send(pair.receive, "x", 1, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send(words.send, "x", 1, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_recv(pair.send, &buffer, &size, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_recv(words.receive, &buffer, &size, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_available(pair.send, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_send_uint8(pair.send, 1, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_recv_uint8(pair.receive, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_available(pair.receive, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_recv_close_i(pair.send, &request, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send_close_i(words.send, &request, &status));
    expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_send_close_i(pair.send, &request, &status));
    use(&pair);
    use(&words);
}
END_TEST

/* --- Closing ---------------------------------------------------------------------- */

START_TEST(a_close_on_one_node_completes_at_once)
{
    struct pair pair = pair_open(_i, NULL, NULL);
    struct act close = { .kind = _i, .endpoint = pair.send };

    child_do(NULL, act_close_send, &close);
    expect_status(MCAPI_SUCCESS, test(close.request));
}
END_TEST

START_TEST(a_close_between_two_nodes_completes_when_both_have_closed)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(_i, NULL, other);
    struct act close = { .kind = _i, .endpoint = pair.send };

    child_do(NULL, act_close_send, &close);
    expect_status(MCAPI_SUCCESS, close.status);
    expect_status(MCAPI_PENDING, test(close.request));
    pair_close_receive(&pair);
    expect_status(MCAPI_SUCCESS, test(close.request));
}
END_TEST

START_TEST(an_end_closes_once)
{
    struct child *other = _i & 2 ? child_start(CHILD_PROCESS, 2) : NULL;
    struct pair pair = pair_open(_i & 1, NULL, other);
    struct act send = { .kind = _i & 1, .endpoint = pair.send };
    struct act receive = { .kind = _i & 1, .endpoint = pair.receive };

    pair_close_send(&pair);
    expect_status(MCAPI_ERR_CHAN_NOTOPEN, status_of(NULL, act_close_send, &send));
    pair_close_receive(&pair);
    expect_status(MCAPI_ERR_CHAN_NOTOPEN, status_of(NULL, act_close_send, &send));
    expect_status(MCAPI_ERR_CHAN_NOTOPEN, status_of(other, act_close_receive, &receive));
}
END_TEST

START_TEST(what_never_was_an_end_is_not_closed)
{
    struct pair pair = pair_create(_i, NULL, NULL);
    struct act act = { .kind = _i, .endpoint = pair.send };

    expect_status(MCAPI_ERR_CHAN_INVALID, status_of(NULL, act_close_send, &act));
    expect_status(MCAPI_ERR_CHAN_INVALID, status_of(NULL, act_close_receive, &act));
}
END_TEST

START_TEST(a_closed_end_carries_nothing_more)
{
    struct pair pair = pair_open(_i, NULL, NULL);

    pair_close(&pair);
    expect_status(MCAPI_ERR_CHAN_INVALID, pair_send_status(&pair));
    expect_status(MCAPI_ERR_CHAN_INVALID, pair_receive_status(&pair));
}
END_TEST

START_TEST(a_half_closed_channel_is_not_connected_anew)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(_i, NULL, other);
    struct act act = { .kind = _i, .endpoint = pair.send, .other = pair.receive };
    struct act open = { .kind = _i, .endpoint = pair.send };

    pair_close_send(&pair);
    expect_status(MCAPI_ERR_CHAN_CLOSEPENDING, status_of(NULL, act_connect, &act));
    expect_status(MCAPI_ERR_CHAN_CLOSEPENDING, status_of(NULL, act_open_send, &open));
    pair_close_receive(&pair);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    use(&pair);
}
END_TEST

START_TEST(closed_ends_connect_again_a_thousand_times)
{
    struct child *other = _i & 2 ? child_start(CHILD_PROCESS, 2) : NULL;
    struct pair pair = pair_create(_i & 1, NULL, other);

    for (int i = 0; i < 1000; i++) {
        pair_connect(&pair);
        pair_open_send(&pair);
        pair_open_receive(&pair);
        use(&pair);
        pair_close(&pair);
    }
}
END_TEST

START_TEST(closed_ends_connect_again_the_other_way_round)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(_i, NULL, other);

    for (int i = 0; i < 10; i++) {
        struct pair turned = { !pair.kind, pair.receiver, pair.sender, pair.receive,
                               pair.send };

        pair_connect(&pair);
        pair_open_send(&pair);
        pair_open_receive(&pair);
        use(&pair);
        pair_close(&pair);
        pair = turned;
    }
}
END_TEST

START_TEST(an_open_without_a_connection_can_be_closed)
{
    struct pair pair = pair_create(_i, NULL, NULL);

    pair_open_send(&pair);
    pair_close_send(&pair);
    pair_open_receive(&pair);
    pair_close_receive(&pair);
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    use(&pair);
}
END_TEST

START_TEST(a_cancelled_open_can_be_made_again)
{
    struct pair pair = pair_create(_i, NULL, NULL);
    struct act open = { .kind = _i, .endpoint = pair.send };

    for (int i = 0; i < 3; i++) {
        child_do(NULL, act_open_send, &open);
        expect_status(MCAPI_SUCCESS, open.status);
        expect(MCAPI_SUCCESS, mcapi_cancel(&open.request, &status));
    }
    pair_connect(&pair);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    use(&pair);
}
END_TEST

START_TEST(an_open_that_is_complete_cannot_be_cancelled)
{
    struct pair pair = pair_create(_i, NULL, NULL);
    struct act open = { .kind = _i, .endpoint = pair.send };

    child_do(NULL, act_open_send, &open);
    pair_connect(&pair);
    expect(MCAPI_ERR_REQUEST_INVALID, mcapi_cancel(&open.request, &status));
    expect_status(MCAPI_SUCCESS, test(open.request));
    pair_open_receive(&pair);
    use(&pair);
}
END_TEST

START_TEST(what_was_sent_before_a_cancelled_open_is_not_lost)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(_i, NULL, other);
    struct act open = { .kind = _i, .endpoint = pair.send };
    struct act send = { .kind = _i, .endpoint = pair.send, .count = 3 };
    struct act receive = { .kind = _i, .endpoint = pair.receive, .count = 9 };

    pair_connect(&pair);
    for (int i = 0; i < 3; i++) {
        child_do(NULL, act_open_send, &open);
        expect_status(MCAPI_SUCCESS, open.status);
        child_do(NULL, act_send_many, &send);
        expect_status(MCAPI_SUCCESS, send.status);
        expect(MCAPI_SUCCESS, mcapi_cancel(&open.request, &status));
        expect_status(MCAPI_ERR_CHAN_INVALID, pair_send_status(&pair));
    }
    pair_open_send(&pair);
    pair_open_receive(&pair);
    child_do(other, act_receive_many, &receive);
    ck_assert_uint_eq(receive.word, 9);
    use(&pair);
}
END_TEST

START_TEST(a_send_close_wakes_a_blocked_receiver)
{
    struct child *other = child_start(_i & 2 ? CHILD_PROCESS : CHILD_THREAD, 2);
    struct pair pair = pair_open(_i & 1, NULL, other);
    struct act receive = { .kind = pair.kind, .endpoint = pair.receive };

    child_begin(other, act_receive, &receive);
    ck_assert(eventually(child_is_asleep(other)));
    pair_close_send(&pair);
    child_finish(other, &receive);
    expect_status(MCAPI_ERR_CHAN_INVALID, receive.status);
}
END_TEST

START_TEST(a_receive_close_wakes_a_blocked_sender)
{
    struct child *other = child_start(_i & 2 ? CHILD_PROCESS : CHILD_THREAD, 2);
    struct pair pair = pair_open(_i & 1, other, NULL);
    struct act send = { .kind = pair.kind, .endpoint = pair.send, .count = 1000 };

    child_begin(other, act_send_many, &send);
    ck_assert(eventually(child_is_asleep(other)));
    pair_close_receive(&pair);
    child_finish(other, &send);
    expect_status(MCAPI_ERR_CHAN_INVALID, send.status);
    ck_assert_uint_eq(send.word, 64);
}
END_TEST

START_TEST(a_close_of_ones_own_end_wakes_ones_own_thread)
{
    struct child *helper = child_start_bare(CHILD_THREAD);
    struct pair pair = pair_open(_i, NULL, NULL);
    struct act receive = { .kind = _i, .endpoint = pair.receive };

    child_begin(helper, act_receive, &receive);
    ck_assert(eventually(child_is_asleep(helper)));
    pair_close_receive(&pair);
    child_finish(helper, &receive);
    expect_status(MCAPI_ERR_CHAN_INVALID, receive.status);
}
END_TEST

START_TEST(a_finalize_closes_for_the_peer)
{
    struct child *other = child_start(_i & 2 ? CHILD_PROCESS : CHILD_THREAD, 2);
    struct pair pair = pair_open(_i & 1, other, NULL);
    struct act act = { .kind = pair.kind, .endpoint = pair.send, .count = 3 };

    child_do(other, act_send_many, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    child_do(other, act_finalize, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    for (int i = 0; i < 3; i++)
        expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
    expect_status(MCAPI_ERR_CHAN_INVALID, pair_receive_status(&pair));
    pair_close_receive(&pair);
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(pair.receive, &status));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { connect_and_opens_go_in_any_order, 4 },
        { a_third_node_connects_two_others, 2 },
        { an_open_between_two_nodes_completes_when_both_have_opened, 2 },
        { an_open_on_one_node_completes_when_it_is_connected, 2 },
        { who_waits_for_an_open_is_woken_by_the_other_end, 2 },
        { the_handle_is_the_endpoint, 2 },
        { what_is_sent_before_the_receiver_opens_waits_for_it, 1 },
        { what_was_sent_and_closed_before_the_receiver_opens_still_arrives, 1 },
        { a_receive_and_a_send_wait_for_the_connection, 2 },
        { an_endpoint_is_connected_once, 2 },
        { an_endpoint_is_not_connected_with_itself, 2 },
        { an_end_opens_once_and_only_as_what_it_is, 2 },
        { a_connected_end_opens_only_as_what_it_is, 2 },
        { an_opened_end_is_connected_only_as_what_it_is, 2 },
        { data_goes_only_where_it_belongs, 1 },
        { a_close_on_one_node_completes_at_once, 2 },
        { a_close_between_two_nodes_completes_when_both_have_closed, 2 },
        { an_end_closes_once, 4 },
        { what_never_was_an_end_is_not_closed, 2 },
        { a_closed_end_carries_nothing_more, 2 },
        { a_half_closed_channel_is_not_connected_anew, 2 },
        { closed_ends_connect_again_a_thousand_times, 4 },
        { closed_ends_connect_again_the_other_way_round, 2 },
        { an_open_without_a_connection_can_be_closed, 2 },
        { a_cancelled_open_can_be_made_again, 2 },
        { an_open_that_is_complete_cannot_be_cancelled, 2 },
        { what_was_sent_before_a_cancelled_open_is_not_lost, 2 },
        { a_send_close_wakes_a_blocked_receiver, 4 },
        { a_receive_close_wakes_a_blocked_sender, 4 },
        { a_close_of_ones_own_end_wakes_ones_own_thread, 2 },
        { a_finalize_closes_for_the_peer, 4 },
    };

    return suite_run_between("runtime/channel", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
