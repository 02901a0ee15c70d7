/* SPDX-License-Identifier: MIT */
/*
 * check_self.c - signals: they end no call, and a handler may finalize at any moment.
 */
#include <mcapi.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

static volatile sig_atomic_t handled;
static volatile sig_atomic_t finalized; /* the status of the finalize, when it was called */

static void count(int number)
{
    (void)number;
    handled++;
}

static void finalize(int number)
{
    mcapi_status_t status;

    (void)number;
    mcapi_finalize(&status);
    finalized = (sig_atomic_t)status;
}

static void on_alarm(void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler }; /* without SA_RESTART */

    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
}

/* Alarms for the whole process: the first after `first_us`, then every `every_us` (0: none). */
static void alarm_every(long first_us, long every_us)
{
    struct itimerval timer = { .it_value = { .tv_usec = first_us },
                               .it_interval = { .tv_usec = every_us } };

    ck_assert_int_eq(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

/* The peer takes a moment before each step, so that the calls block. */
static void act_send_slowly(struct act *act)
{
    for (uint32_t i = 0; i < act->count; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000 * 1000 }, NULL);
        act_send(act);
        expect_status(MCAPI_SUCCESS, act->status);
    }
}

static void act_receive_slowly(struct act *act)
{
    for (uint32_t i = 0; i < act->count; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000 * 1000 }, NULL);
        act_receive(act);
        expect_status(MCAPI_SUCCESS, act->status);
    }
}

static void act_create_slowly(struct act *act)
{
    nanosleep(&(struct timespec){ .tv_nsec = 50 * 1000 * 1000 }, NULL);
    act_create(act);
}

START_TEST(a_signal_ends_no_receive)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(_i, other, NULL);
    struct act send = { .kind = _i, .endpoint = pair.send, .size = 1, .count = 10 };

    on_alarm(count);
    child_begin(other, act_send_slowly, &send);
    alarm_every(1000, 1000);
    for (int i = 0; i < 10; i++)
        expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
    alarm_every(0, 0);
    child_finish(other, &send);
    ck_assert_int_gt(handled, 10);
}
END_TEST

START_TEST(a_signal_ends_no_send)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(_i, NULL, other);
    struct act receive = { .kind = _i, .endpoint = pair.receive, .count = 10 };

    on_alarm(count);
    for (int i = 0; i < 64; i++)
        expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
    child_begin(other, act_receive_slowly, &receive);
    alarm_every(1000, 1000);
    for (int i = 0; i < 10; i++)
        expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
    alarm_every(0, 0);
    child_finish(other, &receive);
    ck_assert_int_gt(handled, 10);
}
END_TEST

START_TEST(a_signal_ends_no_get_and_no_wait)
{
    struct child *other = child_start(CHILD_PROCESS, 2);
    struct act act = { .port = 7 };
    mcapi_endpoint_t found;
    mcapi_request_t request;

    on_alarm(count);
    child_begin(other, act_create_slowly, &act);
    alarm_every(1000, 1000);
    expect(MCAPI_SUCCESS, mcapi_endpoint_get(0, 2, 7, MCAPI_TIMEOUT_INFINITE, &status));
    child_finish(other, &act);
    act.port = 8;
    child_begin(other, act_create_slowly, &act);
    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(0, 2, 8, &found, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_wait(&request, NULL, MCAPI_TIMEOUT_INFINITE, &status));
    child_finish(other, &act);
    expect(MCAPI_TIMEOUT, mcapi_endpoint_get(0, 2, 9, 30, &status));
    alarm_every(0, 0);
    ck_assert_int_gt(handled, 10);
}
END_TEST

START_TEST(a_signal_neither_shortens_nor_prolongs_a_timeout)
{
    int64_t began;

    on_alarm(count);
    alarm_every(700, 700);
    began = now_us();
    expect(MCAPI_TIMEOUT, mcapi_endpoint_get(0, 2, 7, 200, &status));
    alarm_every(0, 0);
    ck_assert_int_ge(now_us() - began, 200 * 1000);
    ck_assert_int_gt(handled, 20);
}
END_TEST

/* --- A handler finalizes ---------------------------------------------------------- */

/* What the thread was doing ends with that, and it is no node any more. */
static void expect_finalized(mcapi_status_t last)
{
    ck_assert_msg(last == MCAPI_ERR_NODE_NOTINIT || last == MCAPI_ERR_CHAN_INVALID
                          || last == MCAPI_ERR_ENDP_INVALID
                          || last == MCAPI_ERR_REQUEST_INVALID,
                  "%s", status_name(last));
    expect_status(MCAPI_SUCCESS, (mcapi_status_t)finalized);
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_node_id_get(&status));
}

START_TEST(a_handler_finalizes_under_a_blocking_receive)
{
    struct pair pair = pair_open(_i, NULL, NULL);
    mcapi_status_t last;

    on_alarm(finalize);
    alarm_every(30000, 0);
    last = pair_receive_status(&pair);
    expect_finalized(last);
    join(0, 1);
}
END_TEST

START_TEST(a_handler_finalizes_under_a_blocking_get)
{
    mcapi_status_t last = STATUS_UNTOUCHED;

    on_alarm(finalize);
    alarm_every(30000, 0);
    mcapi_endpoint_get(0, 2, 7, MCAPI_TIMEOUT_INFINITE, &last);
    expect_finalized(last);
    join(0, 1);
}
END_TEST

START_TEST(a_handler_finalizes_under_a_wait)
{
    mcapi_status_t last = STATUS_UNTOUCHED;
    mcapi_endpoint_t found;
    mcapi_request_t request;

    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(0, 2, 8, &found, &request, &status));
    on_alarm(finalize);
    alarm_every(30000, 0);
    mcapi_wait(&request, NULL, MCAPI_TIMEOUT_INFINITE, &last);
    expect_finalized(last);
    join(0, 1);
}
END_TEST

/* At a moment drawn by lot. */
static void finalize_soon(void)
{
    on_alarm(finalize);
    alarm_every(500 + now_us() % 3000, 0);
}

/* Loops until something fails, which is when the handler has finalized. */
static mcapi_status_t send_and_receive(void)
{
    struct pair pair = pair_open(PACKETS, NULL, NULL);
    mcapi_status_t status;
    size_t size;
    void *buffer;

    finalize_soon();
    for (;;) {
        mcapi_pktchan_send(pair.send, "x", 1, &status);
        if (status != MCAPI_SUCCESS)
            return status;
        mcapi_pktchan_recv(pair.receive, &buffer, &size, &status);
        if (status != MCAPI_SUCCESS)
            return status;
        mcapi_pktchan_release(buffer, &status);
        if (status != MCAPI_SUCCESS)
            return status == MCAPI_ERR_BUF_INVALID ? MCAPI_ERR_CHAN_INVALID : status;
    }
}

static mcapi_status_t send_and_receive_words(void)
{
    struct pair pair = pair_open(SCALARS, NULL, NULL);
    mcapi_status_t status;

    finalize_soon();
    for (;;) {
        mcapi_sclchan_send_uint64(pair.send, 7, &status);
        if (status != MCAPI_SUCCESS)
            return status;
        mcapi_sclchan_recv_uint64(pair.receive, &status);
        if (status != MCAPI_SUCCESS)
            return status;
    }
}

static mcapi_status_t test_requests(void)
{
    mcapi_endpoint_t found;
    mcapi_request_t request;
    mcapi_status_t status;

    finalize_soon();
    for (;;) {
        mcapi_endpoint_get_i(0, 2, 8, &found, &request, &status);
        if (status != MCAPI_SUCCESS)
            return status;
        for (int i = 0; i < 5; i++) {
            mcapi_test(&request, NULL, &status);
            if (status != MCAPI_PENDING)
                return status == MCAPI_ERR_PARAMETER ? MCAPI_ERR_REQUEST_INVALID : status;
        }
        mcapi_cancel(&request, &status);
        if (status != MCAPI_SUCCESS)
            return status;
    }
}

static mcapi_status_t create_and_delete(void)
{
    mcapi_endpoint_t endpoint;
    mcapi_status_t status;

    finalize_soon();
    for (;;) {
        endpoint = mcapi_endpoint_create(9, &status);
        if (status != MCAPI_SUCCESS)
            return status;
        mcapi_endpoint_delete(endpoint, &status);
        if (status != MCAPI_SUCCESS)
            return status;
    }
}

/* The program's own work: a handler may come in the middle of malloc. */
static mcapi_status_t use_the_heap(void)
{
    mcapi_status_t status;
    void *block[8] = { NULL };

    finalize_soon();
    do {
        for (int i = 0; i < 200; i++) {
            free(block[i % 8]);
            block[i % 8] = malloc((size_t)(2000 + i * 700));
        }
        mcapi_node_id_get(&status);
    } while (status == MCAPI_SUCCESS);
    for (int i = 0; i < 8; i++)
        free(block[i]);
    return status;
}

START_TEST(a_handler_finalizes_under_a_busy_loop)
{
    static mcapi_status_t (*const loops[])(void) = { send_and_receive, send_and_receive_words,
                                                     test_requests, create_and_delete,
                                                     use_the_heap };

    child_start_bare(CHILD_THREAD); /* with one thread alone, the C library takes no locks */

    for (int i = 0; i < 200; i++) {
        finalized = 0;
        expect_finalized(loops[_i]());
        join(0, 1);
    }
}
END_TEST

START_TEST(a_handler_finalizes_beside_other_threads)
{
    struct child *helper = child_start_bare(CHILD_THREAD);

    for (int i = 0; i < 50; i++) {
        struct pair pair = pair_open(PACKETS, NULL, NULL);
        struct act act = { .kind = PACKETS, .endpoint = pair.receive };

        finalized = 0;
        on_alarm(finalize);
        child_begin(helper, act_receive, &act);
        alarm_every(1000, 0);
        while (finalized == 0)
            mcapi_pktchan_available(pair.receive, &act.status);
        child_finish(helper, &act);
        ck_assert_msg(act.status == MCAPI_ERR_NODE_NOTINIT
                              || act.status == MCAPI_ERR_CHAN_INVALID,
                      "%s", status_name(act.status));
        join(0, 1);
    }
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_signal_ends_no_receive, 2 },
        { a_signal_ends_no_send, 2 },
        { a_signal_ends_no_get_and_no_wait, 1 },
        { a_signal_neither_shortens_nor_prolongs_a_timeout, 1 },
        { a_handler_finalizes_under_a_blocking_receive, 2 },
        { a_handler_finalizes_under_a_blocking_get, 1 },
        { a_handler_finalizes_under_a_wait, 1 },
        { a_handler_finalizes_under_a_busy_loop, 5 },
        { a_handler_finalizes_beside_other_threads, 1 },
    };

    return suite_run_between("runtime/self", node_begin, node_end, tests, SUITE_LENGTH(tests));
}
