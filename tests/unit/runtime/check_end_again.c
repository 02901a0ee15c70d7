/* SPDX-License-Identifier: MIT */
/*
 * check_end_again.c - an end that is given back before both sides are open, and opened again,
 * goes on where it was.
 */
#include "runtime/end.h"

#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

static void send_number(const struct pair *pair, uint32_t number)
{
    struct act act = { .kind = pair->kind, .endpoint = pair->send, .word = number, .count = 1 };

    child_do(pair->sender, act_send_many, &act);
    expect_status(MCAPI_SUCCESS, act.status);
}

static void expect_number(const struct pair *pair, uint32_t number)
{
    struct act act = {
        .kind = pair->kind, .endpoint = pair->receive, .word = number, .count = 1
    };

    child_do(pair->receiver, act_receive_many, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_msg(act.word == number + 1, "number %u did not come", number);
}

static void act_cancel(struct act *act)
{
    mcapi_cancel(&act->request, &act->status);
}

/* Opens a side, uses it, and takes the open back while it is pending. */
static void open_and_cancel(const struct pair *pair, struct child *owner,
                            void (*open)(struct act *), mcapi_endpoint_t end,
                            void (*use)(const struct pair *, uint32_t), uint32_t count)
{
    struct act act = { .kind = pair->kind, .endpoint = end };

    child_do(owner, open, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    for (uint32_t i = 0; i < count; i++)
        use(pair, i);
    child_do(owner, act_cancel, &act);
    expect_status(MCAPI_SUCCESS, act.status);
}

static struct pair connected(enum pair_kind kind)
{
    struct child *peer;
    struct pair pair;

    topology_begin();
    peer = child_start(CHILD_PROCESS, 2);
    join(0, 1);
    pair = pair_create(kind, NULL, peer);
    pair_connect(&pair);
    return pair;
}

static void end(const struct pair *pair)
{
    pair_close(pair);
    node_end();
}

/* _i: enum pair_kind */
START_TEST(a_sender_that_opens_again_loses_nothing)
{
    struct pair pair = connected((enum pair_kind)_i);

    open_and_cancel(&pair, pair.sender, act_open_send, pair.send, send_number, 2);
    pair_open_send(&pair);
    pair_open_receive(&pair);
    send_number(&pair, 2);
    for (uint32_t i = 0; i < 3; i++)
        expect_number(&pair, i);
    end(&pair);
}
END_TEST

START_TEST(a_receiver_that_opens_again_gets_nothing_twice)
{
    struct pair pair = connected((enum pair_kind)_i);

    open_and_cancel(&pair, pair.sender, act_open_send, pair.send, send_number, 3);
    open_and_cancel(&pair, pair.receiver, act_open_receive, pair.receive, expect_number, 2);
    pair_open_receive(&pair);
    pair_open_send(&pair);
    expect_number(&pair, 2);
    send_number(&pair, 3);
    expect_number(&pair, 3);
    end(&pair);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_sender_that_opens_again_loses_nothing, 2 },
        { a_receiver_that_opens_again_gets_nothing_twice, 2 },
    };

    return suite_run("end again", tests, SUITE_LENGTH(tests));
}
