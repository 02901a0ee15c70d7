/* SPDX-License-Identifier: MIT */
/*
 * distributor_subject_rte.c - DPDK's rte_distributor. It has threads only; the pointers of its
 * packets travel, and the packets stay where they are.
 *
 * DPDK's memory is taken from the process: no huge pages, no devices, no files, no root.
 */
#include <pthread.h>
#include <rte_cycles.h>
#include <rte_distributor.h>
#include <rte_eal.h>
#include <rte_launch.h>
#include <rte_mbuf.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "bench/distributor_subject.h"

enum {
    RETURNS = 256, /* room of one call */
    PATIENCE_S = 20,
    WAIT_CYCLES = 100, /* as rte_distributor_get_pkt waits between two looks */
};

const char *const subject_rte_missing = NULL;

static struct {
    struct run *run;
    struct rte_distributor *distributor;
    struct arrangement arrangement;
    bool single;
} rte;

static struct rte_mbuf *unused[WORKLOAD_POOL + RETURNS];
static size_t unused_count;

/* --- A worker --------------------------------------------------------------------------- */

static void pause_between_looks(void)
{
    uint64_t until = rte_rdtsc() + WAIT_CYCLES;

    if (rte.arrangement.yields) {
        sched_yield();
        return;
    }
    do
        rte_pause();
    while (!rte.single && rte_rdtsc() < until);
}

/* What rte_distributor_get_pkt does, and a way out of it: -1. */
static int get(unsigned number, struct rte_mbuf **packets, unsigned count)
{
    int got;

    rte_distributor_request_pkt(rte.distributor, number, packets, count);
    for (;;) {
        got = rte_distributor_poll_pkt(rte.distributor, number, packets);
        if (rte.single ? got > 0 : got >= 0)
            return got;
        if (atomic_load_explicit(&rte.run->stop, memory_order_relaxed) != 0)
            return -1;
        pause_between_looks();
    }
}

static int work(void *argument)
{
    unsigned number = (unsigned)(uintptr_t)argument;
    struct rte_mbuf *packets[8] = { NULL };
    int count = 0;

    pthread_getcpuclockid(pthread_self(), &rte.run->worker[number].clock);
    atomic_fetch_add(&rte.run->ready, 1);
    while ((count = get(number, packets, (unsigned)count)) >= 0)
        for (int i = 0; i < count; i++)
            workload_work(rte.run, number, rte_pktmbuf_mtod(packets[i], struct payload *));
    atomic_fetch_sub(&rte.run->ready, 1);
    return 0;
}

/* --- The distributing thread -------------------------------------------------------------- */

static void collect(struct run *run)
{
    struct rte_mbuf *packets[RETURNS];
    int count = rte_distributor_returned_pkts(rte.distributor, packets, RETURNS);

    for (int i = 0; i < count; i++) {
        workload_return(run, rte_pktmbuf_mtod(packets[i], struct payload *));
        unused[unused_count++] = packets[i];
    }
}

static void move_on(struct run *run)
{
    rte_distributor_process(rte.distributor, NULL, 0);
    collect(run);
    if (rte.arrangement.yields)
        sched_yield();
}

static void hand_in(struct run *run)
{
    struct rte_mbuf *packets[WORKLOAD_CHUNK];
    unsigned chunk = rte.arrangement.chunk, done = 0;

    while (unused_count < chunk)
        move_on(run);
    for (unsigned i = 0; i < chunk; i++) {
        packets[i] = unused[--unused_count];
        /* Mode burst has tags of 16 bits, the lowest of which it sets in all of them. */
        packets[i]->hash.usr =
                (workload_make(run, rte_pktmbuf_mtod(packets[i], struct payload *)) + 1) << 1;
    }
    while (done < chunk)
        done += (unsigned)rte_distributor_process(rte.distributor, packets + done,
                                                  chunk - done);
}

static void measure(struct run *run)
{
    struct timespec idle = { .tv_sec = run->workload->idle_ms / 1000,
                             .tv_nsec = run->workload->idle_ms % 1000 * 1000000L };
    uint64_t give_up, began_ns;
    double before;

    workload_begin(run);
    while (workload_goes_on(run))
        for (int i = 0; i < 4; i++) {
            hand_in(run);
            collect(run);
        }
    give_up = workload_now_ns() + PATIENCE_S * UINT64_C(1000000000);
    while (run->back < run->number && workload_now_ns() < give_up)
        move_on(run);
    workload_end(run);
    began_ns = workload_now_ns();
    before = workload_processor(run);
    nanosleep(&idle, NULL); /* it has no call that waits */
    workload_idle_end(run, began_ns, before);
}

/* Processors for lcore n, which is thread n: 0 distributes. Those of processors_pin(), if there
 * is one for each. */
static int name_processors(char *text, size_t room, uint32_t lcore, uint32_t lcores)
{
    uint32_t count = processors_count(), first = 0, end = count;
    int at = 0;

    if (lcores <= count) {
        first = lcore;
        end = lcore + 1;
    } else if (count > 1 && rte.arrangement.where == WHERE_APART) {
        first = lcore > 0;
        end = lcore > 0 ? count : 1;
    }
    for (uint32_t i = first; i < end; i++)
        at += snprintf(text + at, room - (size_t)at, "%s%d", i > first ? "," : "(",
                       processors_number(i));
    return at + snprintf(text + at, room - (size_t)at, ")");
}

static void name_lcores(char *text, size_t room, uint32_t lcores)
{
    int at = 0;

    for (uint32_t i = 0; i < lcores; i++) {
        at += snprintf(text + at, room - (size_t)at, "%s%u@", i > 0 ? "," : "", i);
        at += name_processors(text + at, room - (size_t)at, i, lcores);
    }
}

static bool start(struct run *run)
{
    static char lcores[8192];
    char *arguments[] = {
        "benchmark",      "--no-huge",         "--no-pci", "--no-shconf", "-m", "64",
        "--no-telemetry", "--log-level=error", "--lcores", lcores,        NULL
    };
    struct rte_mempool *pool;

    name_lcores(lcores, sizeof(lcores), run->workload->workers + 1);
    if (rte_eal_init(sizeof(arguments) / sizeof(arguments[0]) - 1, arguments) < 0) {
        workload_fail(run, "rte_eal_init fails");
        return false;
    }
    pool = rte_pktmbuf_pool_create("items", WORKLOAD_POOL, 0, 0, 64 + RTE_PKTMBUF_HEADROOM, 0);
    rte.distributor =
            rte_distributor_create("distributor", 0, run->workload->workers,
                                   rte.single ? RTE_DIST_ALG_SINGLE : RTE_DIST_ALG_BURST);
    if (pool == NULL || rte.distributor == NULL
        || rte_pktmbuf_alloc_bulk(pool, unused, WORKLOAD_POOL) != 0) {
        workload_fail(run, "DPDK has no memory");
        return false;
    }
    unused_count = rte.arrangement.out;
    for (uint32_t i = 0; i < run->workload->workers; i++)
        rte_eal_remote_launch(work, (void *)(uintptr_t)i, i + 1);
    while (atomic_load(&run->ready) < run->workload->workers)
        sched_yield();
    return true;
}

static void run_mode(struct run *run, bool single)
{
    rte.run = run;
    rte.single = single;
    rte.arrangement = run->workload->arrangement;
    run->may_overtake = !single;
    if (!start(run))
        return;
    measure(run);
    atomic_store(&run->stop, 1);
    while (atomic_load(&run->ready) > 0) { /* one may be in its request */
        rte_distributor_process(rte.distributor, NULL, 0);
        sched_yield();
    }
    rte_eal_mp_wait_lcore();
    rte_eal_cleanup();
}

void subject_rte_single(struct run *run)
{
    run_mode(run, true);
}

/* It forgets which tags a worker has in work as soon as the next burst is put before it, while
 * it still works on the first: an item of one of these tags can be given to another worker, and
 * come back earlier. */
void subject_rte_burst(struct run *run)
{
    run_mode(run, false);
}
