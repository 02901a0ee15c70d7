/* SPDX-License-Identifier: MIT */
/*
 * check_watcher.c - the thread that makes descriptors readable: when there is one, what it
 * costs, and how much it can watch.
 */
#include "runtime/watcher.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "os/futex.h"
#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/readable.h"
#include "support/suite.h"
#include "support/topology.h"

/* --- When there is one ---------------------------------------------------------------- */

START_TEST(nobody_has_a_watcher_who_never_asked)
{
    struct child *peer = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(_i == 0 ? PACKETS : SCALARS, peer, NULL);

    for (int i = 0; i < 100; i++) {
        expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
        expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
    }
    ck_assert_int_eq(watcher_thread(), 0);
    fd_of(&pair);
    ck_assert(eventually(watcher_thread() != 0));
}
END_TEST

static void act_fd(struct act *act)
{
    struct pair pair = { .receive = act->endpoint };

    act->word = (uint64_t)fd_of(&pair);
    act->status = MCAPI_SUCCESS;
}

START_TEST(the_nodes_of_a_process_share_one_until_the_last_has_left)
{
    struct child *node = child_start(CHILD_THREAD, 2);
    struct pair here = pair_open(PACKETS, node, NULL);
    struct pair there = pair_open(PACKETS, NULL, node);
    struct act act = { .endpoint = there.receive };
    int fd = fd_of(&here);
    int thread;

    ck_assert(eventually(watcher_thread() != 0));
    thread = watcher_thread();
    child_do(node, act_fd, &act);
    pair_send(&here, "here");
    pair_send(&there, "there");
    ck_assert(becomes_readable(fd));
    ck_assert(becomes_readable((int)act.word));
    child_end(node);
    ck_assert_int_eq(watcher_thread(), thread);
    ck_assert(is_readable(fd));
    leave();
    ck_assert(eventually(watcher_thread() == 0));
    join(0, 1);
}
END_TEST

/* --- What it costs -------------------------------------------------------------------- */

/* Processor time of a thread of this process, ns. */
static int64_t time_of(int thread)
{
    char path[64];
    long long ns = -1;
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", thread);
    file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%lld", &ns), 1);
    fclose(file);
    return ns;
}

START_TEST(it_sleeps_while_nothing_happens)
{
    struct child *peer = child_start(CHILD_PROCESS, 2);
    struct pair pair[4];
    int64_t before, start = now_us();
    int fd[4];
    int thread;

    for (int i = 0; i < 4; i++) {
        pair[i] = pair_open(i % 2 ? SCALARS : PACKETS, i / 2 ? peer : NULL, NULL);
        fd[i] = fd_of(&pair[i]);
    }
    /* Of all sorts: empty, readable, over, and one that waits. */
    pair_send(&pair[2], "there");
    pair_close_send(&pair[3]);
    ck_assert(becomes_readable(fd[2]));
    ck_assert(becomes_readable(fd[3]));
    pair[0] = pair_create(PACKETS, peer, NULL);
    pair_open_receive(&pair[0]);
    fd_of(&pair[0]);
    thread = watcher_thread();
    before = time_of(thread);
    while (now_us() < start + 2500 * 1000)
        breathe();
    /* It looks by itself once or twice in this time: microseconds. */
    ck_assert_int_lt(time_of(thread) - before, 1000 * 1000);
}
END_TEST

START_TEST(no_wake_is_left_to_the_time_at_which_it_looks_by_itself)
{
    struct child *peer = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_open(_i == 0 ? PACKETS : SCALARS, peer, NULL);
    int fd = fd_of(&pair);
    int64_t start = now_us();

    for (int i = 0; i < 1000; i++) {
        expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
        ck_assert(becomes_readable(fd));
        expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
    }
    /* A single one would make it a second, all of them a quarter of an hour. */
    ck_assert_msg(now_us() - start < 20 * 1000 * 1000LL, "%lld us for 1000",
                  (long long)(now_us() - start));
}
END_TEST

/* --- More peers than one sleep can watch ------------------------------------------------- */

enum { CROWD = MCI_FUTEX_WATCHES + 2 };

static struct {
    mcapi_endpoint_t receive[CROWD];
    mcapi_endpoint_t send[CROWD];
    pthread_barrier_t all;
} crowd;

static void *be_one_of_many(void *argument)
{
    uintptr_t number = (uintptr_t)argument;
    mcapi_endpoint_t handle;
    mcapi_request_t request;

    join(0, 100 + (mcapi_node_t)number);
    expect(MCAPI_SUCCESS, crowd.send[number] = mcapi_endpoint_create(0, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_connect_i(crowd.send[number], crowd.receive[number],
                                                  &request, &status));
    expect(MCAPI_SUCCESS,
           mcapi_pktchan_send_open_i(&handle, crowd.send[number], &request, &status));
    pthread_barrier_wait(&crowd.all); /* all have come */
    pthread_barrier_wait(&crowd.all); /* the victim is dead */
    if (number % 2 == 0)
        expect(MCAPI_SUCCESS, mcapi_pktchan_send(handle, "x", 1, &status));
    pthread_barrier_wait(&crowd.all); /* some have sent */
    pthread_barrier_wait(&crowd.all); /* seen */
    leave();
    return NULL;
}

START_TEST(more_peers_than_one_sleep_can_watch_are_watched)
{
    struct child *victim = child_start(CHILD_PROCESS, 2);
    static pthread_t thread[CROWD];
    static struct pair pair[CROWD + 1];
    static int fd[CROWD + 1];

    pthread_barrier_init(&crowd.all, NULL, CROWD + 1);
    for (uintptr_t i = 0; i < CROWD; i++) {
        pair[i] = (struct pair){ .kind = PACKETS };
        expect(MCAPI_SUCCESS,
               pair[i].receive = mcapi_endpoint_create((mcapi_port_t)i, &status));
        pair_open_receive(&pair[i]);
        fd[i] = fd_of(&pair[i]);
        crowd.receive[i] = pair[i].receive;
        ck_assert_int_eq(pthread_create(&thread[i], NULL, be_one_of_many, (void *)i), 0);
    }
    pthread_barrier_wait(&crowd.all);
    /* The last one to come, for whose word there is no room. */
    pair[CROWD] = pair_open(PACKETS, victim, NULL);
    fd[CROWD] = fd_of(&pair[CROWD]);
    for (int i = 0; i <= CROWD; i++)
        ck_assert(!is_readable(fd[i]));
    child_kill(victim);
    ck_assert(becomes_readable(fd[CROWD]));
    expect_status(MCAPI_ERR_TRANSMISSION, pair_receive_status(&pair[CROWD]));

    pthread_barrier_wait(&crowd.all);
    pthread_barrier_wait(&crowd.all);
    for (int i = 0; i < CROWD; i++)
        if (i % 2 == 0)
            ck_assert(becomes_readable(fd[i]));
        else
            ck_assert(!is_readable(fd[i]));
    pthread_barrier_wait(&crowd.all);
    for (int i = 0; i < CROWD; i++) {
        pthread_join(thread[i], NULL);
        ck_assert(becomes_readable(fd[i]));
    }
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { nobody_has_a_watcher_who_never_asked, 2 },
        { the_nodes_of_a_process_share_one_until_the_last_has_left, 1 },
        { it_sleeps_while_nothing_happens, 1 },
        { no_wake_is_left_to_the_time_at_which_it_looks_by_itself, 2 },
        { more_peers_than_one_sleep_can_watch_are_watched, 1 },
    };

    return suite_run_between("runtime/watcher", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
