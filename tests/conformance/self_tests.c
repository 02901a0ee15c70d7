/* SPDX-License-Identifier: MIT */
/*
 * self_tests.c - tests that fail on purpose: self.sh makes sure that the suite notices.
 *
 * It has no chapter of the suite; the clauses are made up.
 */
#include "suite.h"

#include <signal.h>
#include <unistd.h>

static void do_nothing(struct call *call)
{
    call->status = MCAPI_SUCCESS;
}

static void do_fail(struct call *call)
{
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(call->endpoint, &status));
}

static void do_crash(struct call *call)
{
    (void)call;
    signal(SIGSEGV, SIG_DFL); /* a sanitizer would have more to say */
    raise(SIGSEGV);
}

static void do_wait_for_ever(struct call *call)
{
    call->domain = DOMAIN;
    call->node = 99;
    call->timeout = MCAPI_TIMEOUT_INFINITE;
    do_get(call);
}

static void with_a_peer(void (*act)(struct call *))
{
    struct call call = { 0 };

    nodes_begin(2);
    at(peer(1), act, &call);
    nodes_end();
}

static void all_is_well(void)
{
    with_a_peer(do_nothing);
}

static void a_peer_fails(void)
{
    with_a_peer(do_fail);
}

static void a_peer_crashes(void)
{
    with_a_peer(do_crash);
}

static void a_peer_never_ends(void)
{
    with_a_peer(do_wait_for_ever);
}

static void we_fail(void)
{
    fprintf(stderr, "first line\nsecond line\n");
    expect_equal(3, 4);
}

static void we_crash(void)
{
    struct call call = { 0 };

    expect_true(getpid() > 0);
    do_crash(&call);
}

static void we_never_end(void)
{
    for (;;)
        pause();
}

static void we_exit(void)
{
    _exit(3);
}

static void we_are_skipped(void)
{
    skip("not today");
}

/* Says which process it is: self.sh looks whether it is still there. */
static void do_tell_process_and_wait(struct call *call)
{
    fprintf(stderr, "process %d\n", (int)getpid());
    do_wait_for_ever(call);
}

static void a_peer_is_left_behind(void)
{
    struct call call = { 0 };

    nodes_begin(1);
    begin(peer(0), do_tell_process_and_wait, &call);
    expect_true(stays_blocked(peer(0)));
    expect_true(!"we go on");
}

static void a_peer_may_be_killed(void)
{
    struct call call = { 0 };

    nodes_begin(1);
    begin(peer(0), do_wait_for_ever, &call);
    expect_true(stays_blocked(peer(0)));
    interrupt(peer(0));
    expect_true(stays_blocked(peer(0)));
    kill_peer(peer(0));
    nodes_end();
}

static const struct test tests[] = {
    TEST(all_is_well, ANYWHERE, "1.1"),
    TEST(a_peer_fails, ANYWHERE, "1.2"),
    TEST(a_peer_crashes, ANYWHERE, "1.2"),
    TEST(a_peer_never_ends, ANYWHERE, "1.2"),
    TEST(we_fail, ALONE, "1.2"),
    TEST(we_crash, ALONE, "1.2"),
    TEST(we_never_end, ALONE, "1.2"),
    TEST(we_exit, ALONE, "1.2"),
    TEST(we_are_skipped, ALONE, "2.1"),
    TEST(a_peer_is_left_behind, IN_PROCESSES, "2.2"),
    TEST(a_peer_may_be_killed, IN_PROCESSES, "2.3"),
};
static CHAPTER(self, tests);

const struct chapter *chapters[] = { &chapter_self };
size_t chapter_count = 1;

void chapters_gather(void)
{
}
