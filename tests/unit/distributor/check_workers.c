/* SPDX-License-Identifier: MIT */
/*
 * check_workers.c - workers that are processes or threads of their own: they come, leave, die
 * and sleep while items flow.
 *
 * Tests that hold for processes and threads run twice, with _i as the kind of child.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/suite.h"
#include "support/topology.h"
#include "unit/distributor/team.h"

enum { TAGS = 50, WORKERS = 3 };

/* What workers note down, where all see it. */
struct notes {
    _Atomic uint32_t busy[TAGS]; /* the node that has items of the tag in work, or 0 */
    _Atomic uint64_t last[TAGS]; /* newest item of the tag that was worked on */
    _Atomic uint32_t worked;     /* items */
    _Atomic uint32_t wrong;      /* whatever must not be */
};

static struct notes *notes;

/* --- A worker ------------------------------------------------------------------------------
 */

static void begin_work(const struct distributor_item *item, uint32_t node)
{
    bool again = (item->flags & DISTRIBUTOR_AGAIN) != 0;
    uint32_t tag = item->tag, other;
    uint64_t cookie, last;

    memcpy(&cookie, item->bytes, sizeof(cookie));
    if (!team_is(item->bytes, item->size, tag, cookie) || tag >= TAGS) {
        atomic_fetch_add(&notes->wrong, 1);
        return;
    }
    /* Who died with the tag in work has not taken its name away. */
    other = atomic_exchange(&notes->busy[tag], node);
    if (other != 0 && other != node && !again)
        atomic_fetch_add(&notes->wrong, 1);
    last = atomic_exchange(&notes->last[tag], cookie);
    if (again ? last + 1 < cookie : last + 1 != cookie)
        atomic_fetch_add(&notes->wrong, 1);
}

static void end_work(const struct distributor_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        atomic_store(&notes->busy[items[i].tag], 0);
    atomic_fetch_add(&notes->worked, (uint32_t)count);
}

/* An act: joins, works on about `count` items, which may be no more than there are, or until
 * the distributor ends if it is 0, and leaves; with what it has in work if `kind` is not 0. */
static void act_work(struct act *act)
{
    struct distributor_worker *worker =
            distributor_join(0, 1, TEAM_PORT, MCAPI_TIMEOUT_INFINITE, &act->status);
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    uint32_t done = 0;
    size_t count = 0;
    mcapi_status_t status;

    if (worker == NULL)
        return;
    while (act->count == 0 || done < act->count) {
        count = distributor_get(worker, items, count, MCAPI_TIMEOUT_INFINITE, &act->status);
        if (count == 0)
            break;
        for (size_t i = 0; i < count; i++)
            begin_work(&items[i], act->node);
        end_work(items, count);
        done += (uint32_t)count;
    }
    distributor_leave(worker, items, count, &status);
}

static struct child *worker_start(enum child_kind kind, mcapi_node_t node, uint32_t items)
{
    struct child *child = child_start(kind, node);

    child_begin(child, act_work, &(struct act){ .node = node, .count = items });
    return child;
}

/* --- The distributing thread -----------------------------------------------------------------
 */

struct flow {
    struct distributor *distributor;
    uint64_t put[TAGS], came[TAGS];
    uint32_t in, back, random;
};

static struct flow flow_open(enum distributor_mode mode)
{
    const struct distributor_settings settings = { .window = 20 };
    struct flow flow = { .random = 1 };

    notes = notes != NULL ? notes : shared_memory(sizeof(*notes));
    expect(MCAPI_SUCCESS,
           flow.distributor = distributor_create(TEAM_PORT, WORKERS, mode, &settings, &status));
    return flow;
}

static void flow_close(struct flow *flow)
{
    ck_assert_uint_eq(flow->in, flow->back);
    ck_assert_uint_eq(atomic_load(&notes->wrong), 0);
    expect(MCAPI_SUCCESS, distributor_destroy(flow->distributor, &status));
}

static void collect(struct flow *flow)
{
    struct distributor_item items[64];
    size_t count;

    while ((count = distributor_returned(flow->distributor, items, 64, NULL)) > 0)
        for (size_t i = 0; i < count; i++) {
            ck_assert_uint_eq(items[i].cookie, ++flow->came[items[i].tag]);
            flow->back++;
        }
}

/* So many more, of random tags. */
static void put(struct flow *flow, uint32_t count)
{
    while (count > 0) {
        unsigned char bytes[16][TEAM_BYTES];
        struct distributor_item items[16];
        uint32_t some = count < 16 ? count : 16;
        size_t done = 0;

        for (uint32_t i = 0; i < some; i++) {
            uint32_t tag;

            flow->random = flow->random * 1664525 + 1013904223;
            tag = (flow->random >> 16) % TAGS;
            flow->put[tag]++;
            team_fill(bytes[i], tag, flow->put[tag]);
            items[i] = (struct distributor_item){
                .bytes = bytes[i], .size = TEAM_BYTES, .tag = tag, .cookie = flow->put[tag]
            };
        }
        while (done < some) {
            done += distributor_process(flow->distributor, items + done, some - done, NULL);
            collect(flow);
            if (done < some)
                expect(MCAPI_SUCCESS, distributor_wait(flow->distributor,
                                                       DISTRIBUTOR_RETURNS | DISTRIBUTOR_ROOM,
                                                       PATIENCE_MS, &status));
        }
        flow->in += some;
        count -= some;
    }
}

static void flush(struct flow *flow)
{
    expect(MCAPI_SUCCESS, distributor_flush(flow->distributor, PATIENCE_MS, &status));
    collect(flow);
}

static struct distributor_stats stats_of(const struct flow *flow)
{
    struct distributor_stats stats;

    expect(MCAPI_SUCCESS, distributor_stats(flow->distributor, &stats, &status));
    return stats;
}

/* Waits until so many workers ask for items. */
static void expect_asking(const struct flow *flow, uint32_t count)
{
    int64_t give_up = now_us() + PATIENCE_MS * 1000LL;

    while (stats_of(flow).asking != count && now_us() < give_up)
        distributor_wait(flow->distributor, DISTRIBUTOR_RETURNS, 10, NULL);
    ck_assert_uint_eq(stats_of(flow).asking, count);
}

/* --- Coming and going ------------------------------------------------------------------------
 */

START_TEST(all_come_back_once_and_in_order_from_several_workers)
{
    for (int mode = 0; mode < 2; mode++) {
        struct flow flow = flow_open(mode);
        struct child *workers[WORKERS];
        struct act act;

        memset(notes, 0, sizeof(*notes));
        for (mcapi_node_t i = 0; i < WORKERS; i++)
            workers[i] = worker_start(_i, 2 + i, 0);
        put(&flow, 20000);
        flush(&flow);
        ck_assert_uint_eq(atomic_load(&notes->worked), 20000);
        ck_assert_uint_eq(stats_of(&flow).died, 0);
        flow_close(&flow);
        for (int i = 0; i < WORKERS; i++) {
            child_finish(workers[i], &act);
            expect_status(MCAPI_ERR_CHAN_INVALID, act.status);
            child_end(workers[i]);
        }
    }
}
END_TEST

START_TEST(items_are_finished_while_workers_come_and_go)
{
    struct flow flow = flow_open(DISTRIBUTOR_BURST);
    struct child *steady = worker_start(_i, 2, 0);
    struct act act;

    for (int round = 0; round < 20; round++) {
        struct child *brief = worker_start(_i, 3, 20 + (uint32_t)round);

        put(&flow, 500);
        while (!child_is_done(brief)) {
            put(&flow, 50);
            if (round % 2 == 0)
                flush(&flow);
        }
        child_finish(brief, &act);
        expect_status(MCAPI_SUCCESS, act.status);
        child_end(brief);
    }
    flush(&flow);
    ck_assert_uint_eq(atomic_load(&notes->worked), flow.in);
    ck_assert_uint_eq(stats_of(&flow).left, 20);
    flow_close(&flow);
    child_finish(steady, &act);
}
END_TEST

START_TEST(what_a_killed_worker_had_goes_to_others_in_order)
{
    struct flow flow = flow_open(_i);
    struct child *steady = worker_start(CHILD_PROCESS, 2, 0);
    struct act act;

    for (mcapi_node_t round = 0; round < 30; round++) {
        struct child *victim = worker_start(CHILD_PROCESS, 3 + round % 2, 0);

        expect_asking(&flow, 2);
        put(&flow, 100 + 37 * round);
        child_kill(victim);
        put(&flow, 100);
        if (round % 3 == 0)
            flush(&flow);
    }
    flush(&flow);
    ck_assert_uint_eq(stats_of(&flow).died, 30);
    ck_assert_uint_ge(atomic_load(&notes->worked), flow.in);
    flow_close(&flow);
    child_finish(steady, &act);
}
END_TEST

START_TEST(items_of_a_stopped_and_killed_worker_are_all_given_again)
{
    struct flow flow = flow_open(_i);
    struct child *victim = worker_start(CHILD_PROCESS, 2, 0), *other;
    uint32_t out;
    struct act act;

    expect_asking(&flow, 1);
    ck_assert_int_eq(kill(child_process(victim), SIGSTOP), 0);
    put(&flow, 60); /* more than its window: some wait for it, some for anybody */
    out = stats_of(&flow).out;
    ck_assert_uint_gt(out, 0);
    other = worker_start(CHILD_PROCESS, 3, 0);
    child_kill(victim);
    flush(&flow);
    ck_assert_uint_eq(stats_of(&flow).died, 1);
    ck_assert_uint_ge(stats_of(&flow).given_again, out);
    flow_close(&flow);
    child_finish(other, &act);
}
END_TEST

/* Items of a tag, so many, which are put in by one call; expects that there is room. */
static void put_of_tag(struct flow *flow, uint32_t tag, uint32_t count)
{
    unsigned char bytes[TEAM_BYTES];
    struct distributor_item item = { .bytes = bytes, .size = TEAM_BYTES, .tag = tag };

    for (uint32_t i = 0; i < count; i++) {
        item.cookie = ++flow->put[tag];
        team_fill(bytes, tag, item.cookie);
        ck_assert_uint_eq(distributor_process(flow->distributor, &item, 1, NULL), 1);
        flow->in++;
    }
}

/* What waits for a stopped worker waits; everything else goes on. */
START_TEST(a_stopped_worker_holds_up_only_what_it_has)
{
    enum { ROUNDS = 200, ITS_TAG = 0 };
    struct flow flow = flow_open(_i);
    struct child *stopped = worker_start(CHILD_PROCESS, 2, 0), *other;
    struct distributor_worker_stats its;
    struct act act;

    memset(notes, 0, sizeof(*notes));
    expect_asking(&flow, 1);
    ck_assert_int_eq(kill(child_process(stopped), SIGSTOP), 0);
    put_of_tag(&flow, ITS_TAG, 1); /* it is the only one */
    other = worker_start(CHILD_PROCESS, 3, 0);
    expect_asking(&flow, 2);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t tag = 1 + round % (TAGS - 1);

        put_of_tag(&flow, tag, 1);
        put_of_tag(&flow, ITS_TAG, round % 20 == 0);
        distributor_wait(flow.distributor, DISTRIBUTOR_RETURNS, 5, NULL);
        collect(&flow);
    }
    /* All comes back but what is out there, and what waits for it. */
    do {
        distributor_wait(flow.distributor, DISTRIBUTOR_RETURNS, 5, NULL);
        collect(&flow);
        expect(MCAPI_SUCCESS, distributor_worker_stats(flow.distributor, 0, &its, &status));
    } while (flow.in - flow.back > its.out + its.waiting && !child_is_done(other));
    ck_assert_uint_eq(flow.in - flow.back, its.out + its.waiting);
    ck_assert_uint_eq(flow.came[ITS_TAG], 0);
    ck_assert_uint_gt(flow.back, ROUNDS / 2);
    expect(MCAPI_TIMEOUT, distributor_flush(flow.distributor, 10, &status));
    ck_assert_int_eq(kill(child_process(stopped), SIGCONT), 0);
    flush(&flow);
    ck_assert_uint_eq(stats_of(&flow).died, 0);
    ck_assert_uint_eq(stats_of(&flow).given_again, 0);
    flow_close(&flow);
    child_finish(stopped, &act);
    child_finish(other, &act);
}
END_TEST

/* --- Sleeping --------------------------------------------------------------------------------
 */

static int64_t own_processor_time_us(void)
{
    struct rusage usage;

    getrusage(RUSAGE_THREAD, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000)
         + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

START_TEST(who_has_nothing_to_do_uses_no_processor_time)
{
    struct flow flow = flow_open(DISTRIBUTOR_BURST);
    struct child *worker = worker_start(_i, 2, 0);
    int64_t before_us, worker_before;
    struct act act;

    expect_asking(&flow, 1);
    put(&flow, 100);
    flush(&flow);
    ck_assert(eventually(child_is_asleep(worker)));
    worker_before = child_processor_time(worker);
    before_us = own_processor_time_us();
    expect(MCAPI_TIMEOUT,
           distributor_wait(flow.distributor, DISTRIBUTOR_RETURNS, 500, &status));
    /* Each looks a few times before it sleeps, and that is all. */
    ck_assert_int_lt(own_processor_time_us() - before_us, 10000);
    ck_assert_int_lt(child_processor_time(worker) - worker_before, 2000000);
    flow_close(&flow);
    child_finish(worker, &act);
}
END_TEST

/* An act: lets some time go by, then joins and leaves. */
static void act_join_and_leave(struct act *act)
{
    struct distributor_worker *worker =
            distributor_join(0, 1, TEAM_PORT, MCAPI_TIMEOUT_INFINITE, &act->status);

    distributor_request(worker, NULL, 0, &act->status);
    distributor_leave(worker, NULL, 0, &act->status);
}

START_TEST(a_worker_that_joins_wakes_who_waits_for_it)
{
    struct child *child = child_start(CHILD_PROCESS, 2);
    struct distributor *distributor;
    struct distributor_stats stats;
    struct act act = { .count = 0 };

    /* The worker is there first, and waits for a distributor. */
    child_begin(child, act_join_and_leave, &act);
    ck_assert(eventually(child_is_asleep(child)));
    expect(MCAPI_SUCCESS,
           distributor = distributor_create(TEAM_PORT, 1, DISTRIBUTOR_SINGLE, NULL, &status));
    do {
        distributor_wait(distributor, DISTRIBUTOR_RETURNS, 100, NULL);
        distributor_stats(distributor, &stats, NULL);
    } while (stats.left == 0 && !child_is_done(child));
    child_finish(child, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    expect(MCAPI_SUCCESS, distributor_destroy(distributor, &status));
}
END_TEST

/* --- The distributor goes
 * ---------------------------------------------------------------------- */

static void act_distribute(struct act *act)
{
    struct distributor *distributor =
            distributor_create(7, 2, DISTRIBUTOR_BURST, NULL, &act->status);

    if (act->count > 0)
        distributor_wait(distributor, DISTRIBUTOR_RETURNS, MCAPI_TIMEOUT_INFINITE,
                         &act->status);
}

/* 0: before it has let the worker in; 1: after that. */
START_TEST(a_worker_learns_that_the_distributor_has_died)
{
    struct child *child = child_start(CHILD_PROCESS, 2);
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    struct distributor_worker *worker;
    struct act act = { .count = (uint32_t)_i };

    if (_i == 0)
        child_do(child, act_distribute, &act);
    else
        child_begin(child, act_distribute, &act);
    expect(MCAPI_SUCCESS, worker = distributor_join(0, 2, 7, PATIENCE_MS, &status));
    expect(MCAPI_TIMEOUT, distributor_get(worker, items, 0, 50, &status));
    child_kill(child);
    expect(MCAPI_ERR_TRANSMISSION,
           distributor_get(worker, items, 0, MCAPI_TIMEOUT_INFINITE, &status));
    expect(MCAPI_ERR_TRANSMISSION, distributor_leave(worker, NULL, 0, &status));
}
END_TEST

int main(void)
{
    enum { MODES = 2 };
    const struct suite_test tests[] = {
        { all_come_back_once_and_in_order_from_several_workers, CHILD_KINDS },
        { items_are_finished_while_workers_come_and_go, CHILD_KINDS },
        { what_a_killed_worker_had_goes_to_others_in_order, MODES },
        { items_of_a_stopped_and_killed_worker_are_all_given_again, MODES },
        { a_stopped_worker_holds_up_only_what_it_has, MODES },
        { who_has_nothing_to_do_uses_no_processor_time, CHILD_KINDS },
        { a_worker_that_joins_wakes_who_waits_for_it, 1 },
        { a_worker_learns_that_the_distributor_has_died, 2 },
    };

    return suite_run_between("distributor/workers", node_begin, node_end, tests,
                             SUITE_LENGTH(tests));
}
