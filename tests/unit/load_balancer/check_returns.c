/* SPDX-License-Identifier: MIT */
/*
 * check_returns.c - what comes back from a distributor is counted, written and forgotten; a
 * worker that says what makes no sense ends the run, whatever it is.
 */
#include "load_balancer/distribution.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/dlt.h>
#include <pcap/pcap.h>

#include "support/expect.h"
#include "support/suite.h"
#include "support/topology.h"
#include "worker/work.h"

enum { PORT = 40, CAPTURED = 60, WORKERS = 3, ITEMS = DISTRIBUTOR_BURST_MAX };

/* A balancer between its beginning and its end, with a worker in the same thread. */
struct scene {
    struct config config;
    struct balancer balancer;
    struct distribution distribution;
    struct distributor_worker *worker;
    struct distributor_item taken[ITEMS];
    uint64_t next; /* number of an item */
};

/* Moves the distributor and the worker on. */
static void look(struct scene *scene)
{
    distributor_wait(scene->distribution.distributor, DISTRIBUTOR_RETURNS,
                     MCAPI_TIMEOUT_IMMEDIATE, NULL);
}

static void begin(struct scene *scene)
{
    const struct distributor_settings settings = { .deaths_max = 1 };

    *scene = (struct scene){
        .config = { .workers = WORKERS,
                    .workers_min = WORKERS,
                    .mode = MODE_BURST,
                    .policy = POLICY_TAG,
                    .work = "count",
                    .work_kind = &work_count },
    };
    scene->balancer.config = &scene->config;
    scene->balancer.distribution = &scene->distribution;
    scene->distribution.take = returns_take_packet;
    ck_assert(stats_open(&scene->balancer.stats, &scene->config));
    ck_assert(slots_open(&scene->distribution.slots, 100));
    ck_assert(crew_open(&scene->distribution.crew, &scene->config, &scene->balancer.stats));
    expect(MCAPI_SUCCESS, scene->distribution.distributor = distributor_create(
                                  PORT, WORKERS, DISTRIBUTOR_BURST, &settings, &status));
    expect(MCAPI_SUCCESS, scene->worker = distributor_join(0, 1, PORT, 0, &status));
    look(scene);
    expect(MCAPI_SUCCESS, distributor_request(scene->worker, NULL, 0, &status));
    look(scene);
}

static void end(struct scene *scene)
{
    expect(MCAPI_SUCCESS, distributor_leave(scene->worker, NULL, 0, &status));
    expect(MCAPI_SUCCESS, distributor_destroy(scene->distribution.distributor, &status));
    crew_close(&scene->distribution.crew);
    slots_close(&scene->distribution.slots);
    stats_close(&scene->balancer.stats);
}

/* Items of one flow are out, and the worker has them in work. */
static void send_items(struct scene *scene, uint32_t count)
{
    struct distributor_item items[ITEMS];
    size_t taken;

    for (uint32_t i = 0; i < count; i++) {
        struct item *item;
        uint32_t slot;

        ck_assert(slots_take(&scene->distribution.slots, CAPTURED, &slot));
        item = scene->distribution.slots.all[slot].item;
        *item = (struct item){ .number = scene->next++,
                               .tag = 7,
                               .captured = CAPTURED,
                               .original = 100,
                               .link_type = DLT_RAW };
        memset(item + 1, 'x', CAPTURED);
        items[i] = (struct distributor_item){ .bytes = item,
                                              .size = sizeof(*item) + CAPTURED,
                                              .tag = 7,
                                              .cookie = slot,
                                              .flags = DISTRIBUTOR_KEPT };
    }
    scene->balancer.stats.input += count;
    expect(MCAPI_SUCCESS,
           taken = distributor_process(scene->distribution.distributor, items, count, &status));
    ck_assert_uint_eq(taken, count);
    scene->distribution.out += count;
    look(scene);
    expect(MCAPI_SUCCESS, taken = distributor_poll(scene->worker, scene->taken, &status));
    ck_assert_uint_eq(taken, count);
}

/* The worker gives them back. */
static void give_back(struct scene *scene, uint32_t count)
{
    expect(MCAPI_SUCCESS, distributor_request(scene->worker, scene->taken, count, &status));
    look(scene);
}

/* What a worker says that has done so many. */
static struct item_done done_by(uint16_t worker, uint16_t items)
{
    return (struct item_done){ .result = 5,
                               .bytes = (uint64_t)items * CAPTURED,
                               .original_bytes = (uint64_t)items * 100,
                               .items = items,
                               .worker = worker };
}

/* It stands at an item, in front of so many bytes. */
static void say(struct scene *scene, uint32_t which, const struct item_done *done,
                uint32_t bytes)
{
    memcpy(scene->taken[which].bytes, done, sizeof(*done));
    scene->taken[which].size = (uint32_t)sizeof(*done) + bytes;
    scene->taken[which].flags |= DISTRIBUTOR_CHANGED;
}

/* --- What makes sense ------------------------------------------------------------------- */

START_TEST(what_is_said_at_the_first_item_is_for_all)
{
    struct item_done done = done_by(2, ITEMS);
    struct worker_stats *worker;
    struct scene scene;

    begin(&scene);
    worker = &scene.balancer.stats.workers[1];
    for (uint32_t round = 1; round <= 3; round++) {
        send_items(&scene, ITEMS);
        say(&scene, 0, &done, 0);
        give_back(&scene, ITEMS);
        ck_assert(returns_take(&scene.balancer));
        ck_assert_uint_eq(worker->items, round * ITEMS);
        ck_assert_uint_eq(worker->acknowledged, round * ITEMS);
        ck_assert_uint_eq(worker->report.items, round * ITEMS);
        ck_assert_uint_eq(worker->report.result, round * 5);
        ck_assert_uint_eq(worker->bytes, round * ITEMS * CAPTURED);
        ck_assert_uint_eq(scene.distribution.out, 0);
        ck_assert_uint_eq(scene.distribution.slots.free_count, 100);
    }
    ck_assert(scene.distribution.crew.all[1].has_done);
    ck_assert(!scene.distribution.crew.all[0].has_done);
    ck_assert_uint_eq(scene.balancer.stats.flows.used, 1);
    ck_assert(!scene.balancer.stats.failed);
    end(&scene);
}
END_TEST

START_TEST(the_sink_has_what_was_changed_and_not_what_was_filtered)
{
    static char path[] = "/tmp/check_returns_XXXXXX";
    struct item_done unchanged = done_by(1, 1), filtered = unchanged, changed = unchanged;
    char reason[CONFIG_REASON_SIZE], error[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    const u_char *bytes;
    struct scene scene;
    pcap_t *capture;

    begin(&scene);
    ck_assert_int_ge(mkstemp(path), 0);
    scene.config.sink = path;
    ck_assert(capture_file_open(&scene.balancer.sink, "--sink", path, false,
                                "generated:", reason));
    filtered.outcome = WORK_FILTERED;
    changed.outcome = WORK_CHANGED;
    send_items(&scene, 3);
    say(&scene, 0, &filtered, 0);
    memcpy((struct item_done *)scene.taken[1].bytes + 1, "new", 3);
    say(&scene, 1, &changed, 3);
    say(&scene, 2, &unchanged, 0);
    give_back(&scene, 3);
    ck_assert(returns_take(&scene.balancer));
    ck_assert_uint_eq(scene.balancer.stats.filtered, 1);
    ck_assert_uint_eq(scene.balancer.stats.workers[0].items, 3);
    ck_assert(returns_flush(&scene.balancer));
    capture = pcap_open_offline(path, error);
    unlink(path);
    ck_assert_int_eq(pcap_next_ex(capture, &header, &bytes), 1);
    ck_assert_uint_eq(header->caplen, 3);
    ck_assert_uint_eq(header->len, 43); /* 57 fewer than were on the wire */
    ck_assert_mem_eq(bytes, "new", 3);
    ck_assert_int_eq(pcap_next_ex(capture, &header, &bytes), 1);
    ck_assert_uint_eq(header->caplen, CAPTURED);
    ck_assert_int_eq(bytes[0], 'x');
    ck_assert_int_eq(pcap_next_ex(capture, &header, &bytes), PCAP_ERROR_BREAK);
    pcap_close(capture);
    ck_assert(capture_file_close(&scene.balancer.sink));
    end(&scene);
}
END_TEST

/* --- What makes none ---------------------------------------------------------------------- */

static void expect_refused(struct scene *scene)
{
    ck_assert(!returns_take(&scene->balancer));
    ck_assert(scene->balancer.stats.failed);
    ck_assert_uint_eq(scene->balancer.stats.workers[0].items
                              + scene->balancer.stats.workers[WORKERS - 1].items,
                      0);
    /* What is back is back. */
    ck_assert_uint_eq(scene->distribution.out, 0);
    ck_assert_uint_eq(scene->distribution.slots.free_count, 100);
}

START_TEST(a_word_too_short_is_refused)
{
    static const uint32_t sizes[] = { 0, 1, sizeof(struct item_done) - 1 };
    struct item_done done = done_by(1, 1);
    struct scene scene;

    begin(&scene);
    send_items(&scene, 1);
    say(&scene, 0, &done, 0);
    scene.taken[0].size = sizes[_i];
    give_back(&scene, 1);
    expect_refused(&scene);
    end(&scene);
}
END_TEST

START_TEST(a_worker_that_there_is_not_is_refused)
{
    static const uint16_t numbers[] = { 0, WORKERS + 1, UINT16_MAX };
    struct item_done done = done_by(numbers[_i], 1);
    struct scene scene;

    begin(&scene);
    send_items(&scene, 1);
    say(&scene, 0, &done, 0);
    give_back(&scene, 1);
    expect_refused(&scene);
    end(&scene);
}
END_TEST

START_TEST(an_outcome_that_there_is_not_is_refused)
{
    static const uint16_t outcomes[] = { WORK_FILTERED + 1, UINT16_MAX };
    struct item_done done = done_by(1, 1);
    struct scene scene;

    begin(&scene);
    send_items(&scene, 1);
    done.outcome = outcomes[_i];
    say(&scene, 0, &done, 0);
    give_back(&scene, 1);
    expect_refused(&scene);
    end(&scene);
}
END_TEST

START_TEST(a_worker_that_never_said_who_it_is_is_refused)
{
    struct scene scene;

    begin(&scene);
    send_items(&scene, 2);
    give_back(&scene, 2);
    expect_refused(&scene);
    end(&scene);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { what_is_said_at_the_first_item_is_for_all, 1 },
        { the_sink_has_what_was_changed_and_not_what_was_filtered, 1 },
        { a_word_too_short_is_refused, 3 },
        { a_worker_that_there_is_not_is_refused, 3 },
        { an_outcome_that_there_is_not_is_refused, 2 },
        { a_worker_that_never_said_who_it_is_is_refused, 1 },
    };

    return suite_run_between("returns", node_begin, node_end, tests, SUITE_LENGTH(tests));
}
