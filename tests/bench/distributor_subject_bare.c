/* SPDX-License-Identifier: MIT */
/*
 * distributor_subject_bare.c - for orientation: what the pattern costs when nothing else is
 * asked of it. One ring of 64-byte slots for each worker, which is a process; a mark in the
 * slot says that it is filled, a count that grows says what is finished. A flow is at the
 * worker that has items of it. No joining, leaving or dying, one size, no bytes that come back.
 *
 * Whoever waits looks for a moment, then lets others run, then sleeps.
 */
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/distributor_subject.h"

enum {
    SLOTS = 256, /* a power of two */
    LOOK_NS = 1000,
    YIELD_NS = 50 * 1000, /* longer than it takes to wake somebody */
    BATCH = 32,
};

struct ring {
    /* Written by the distributing thread; `number` of a slot: position + 1, shifted, and below
     * it the item's number. */
    _Alignas(128) struct payload slot[SLOTS];
    /* Written by the worker. */
    _Alignas(128) _Atomic uint64_t done;
    _Alignas(128) _Atomic uint32_t asleep; /* the worker is */
};

struct bare {
    _Alignas(128) _Atomic uint32_t asleep; /* the distributing thread is */
    struct ring ring[WORKLOAD_WORKERS];
};

/* Of the distributing thread. */
static struct {
    uint64_t head[WORKLOAD_WORKERS], back[WORKLOAD_WORKERS];
    uint16_t count[WORKLOAD_FLOWS], at[WORKLOAD_FLOWS]; /* of a flow: items out, and where */
} own;

/* --- Sleeping ---------------------------------------------------------------------------- */

static void sleep_on(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAIT, 1, NULL, NULL, 0);
}

static void wake(_Atomic uint32_t *word)
{
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(word, memory_order_relaxed) == 0)
        return;
    atomic_store(word, 0);
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* One step of waiting since that time. True: it is time to sleep. */
static bool pause_since(uint64_t since_ns)
{
    uint64_t waited = workload_now_ns() - since_ns;

#if defined(__x86_64__) || defined(__i386__)
    if (waited < LOOK_NS)
        __builtin_ia32_pause();
#endif
    if (waited >= LOOK_NS && waited < YIELD_NS)
        sched_yield();
    return waited >= YIELD_NS;
}

/* --- A worker ---------------------------------------------------------------------------- */

static _Atomic uint64_t *mark_of(struct payload *payload)
{
    return (_Atomic uint64_t *)&payload->number;
}

static bool is_filled(struct ring *ring, uint64_t position)
{
    struct payload *slot = &ring->slot[position % SLOTS];

    return atomic_load_explicit(mark_of(slot), memory_order_acquire) >> 32
        == ((position + 1) & UINT32_MAX);
}

static void wait_for_item(struct run *run, struct ring *ring, uint64_t position)
{
    uint64_t since = workload_now_ns();

    while (!is_filled(ring, position) && atomic_load(&run->stop) == 0) {
        if (!pause_since(since))
            continue;
        atomic_store(&ring->asleep, 1);
        if (is_filled(ring, position) || atomic_load(&run->stop) != 0)
            atomic_store(&ring->asleep, 0);
        else
            sleep_on(&ring->asleep);
    }
}

static void work(struct run *run, struct bare *bare, uint32_t number)
{
    struct ring *ring = &bare->ring[number];
    uint64_t position = 0;

    processors_pin(run->workload->workers, number + 1);
    atomic_fetch_add(&run->ready, 1);
    while (atomic_load_explicit(&run->stop, memory_order_relaxed) == 0) {
        uint64_t before = position;

        while (position - before < BATCH && is_filled(ring, position))
            workload_work(run, number, &ring->slot[position++ % SLOTS]);
        if (position == before) {
            wait_for_item(run, ring, position);
            continue;
        }
        atomic_store_explicit(&ring->done, position, memory_order_release);
        wake(&bare->asleep);
    }
}

/* --- The distributing thread ---------------------------------------------------------------
 */

static void collect(struct run *run, struct bare *bare, uint32_t worker)
{
    uint64_t done = atomic_load_explicit(&bare->ring[worker].done, memory_order_acquire);

    for (; own.back[worker] != done; own.back[worker]++) {
        struct payload *payload = &bare->ring[worker].slot[own.back[worker] % SLOTS];

        workload_return(run, payload);
        own.count[payload->flow]--;
    }
}

static void wait_for_room(struct run *run, struct bare *bare, uint32_t worker)
{
    uint64_t since = workload_now_ns();

    for (uint32_t i = 0; i < run->workload->workers; i++)
        wake(&bare->ring[i].asleep);
    for (;;) {
        collect(run, bare, worker);
        if (own.head[worker] - own.back[worker] < SLOTS)
            return;
        if (!pause_since(since))
            continue;
        atomic_store(&bare->asleep, 1);
        if (atomic_load(&bare->ring[worker].done) == own.back[worker])
            sleep_on(&bare->asleep);
        atomic_store(&bare->asleep, 0);
    }
}

static uint32_t choose(const struct run *run, uint32_t flow)
{
    uint32_t best = 0;

    if (own.count[flow] > 0)
        return own.at[flow];
    for (uint32_t i = 1; i < run->workload->workers; i++)
        if (own.head[i] - own.back[i] < own.head[best] - own.back[best])
            best = i;
    return best;
}

static void hand_in(struct run *run, struct bare *bare)
{
    uint32_t flow = run->workload->flow[run->number % WORKLOAD_PLANNED];
    uint32_t worker = choose(run, flow);
    struct payload made, *slot;
    uint64_t mark;

    if (own.head[worker] - own.back[worker] == SLOTS)
        wait_for_room(run, bare, worker);
    slot = &bare->ring[worker].slot[own.head[worker] % SLOTS];
    workload_make(run, &made);
    mark = ++own.head[worker] << 32 | (made.number & UINT32_MAX);
    memcpy((char *)slot + 8, (char *)&made + 8, sizeof(made) - 8);
    atomic_store_explicit(mark_of(slot), mark, memory_order_release);
    own.count[flow]++;
    own.at[flow] = (uint16_t)worker;
}

static void hand_in_some(struct run *run, struct bare *bare)
{
    for (int i = 0; i < WORKLOAD_CHUNK; i++)
        hand_in(run, bare);
    for (uint32_t i = 0; i < run->workload->workers; i++) {
        wake(&bare->ring[i].asleep);
        collect(run, bare, i);
    }
}

static void measure(struct run *run, struct bare *bare)
{
    struct timespec idle = { .tv_sec = run->workload->idle_ms / 1000,
                             .tv_nsec = run->workload->idle_ms % 1000 * 1000000L };
    uint64_t began_ns;
    double before;

    workload_begin(run);
    while (workload_goes_on(run))
        for (int i = 0; i < 4; i++)
            hand_in_some(run, bare);
    while (run->back < run->number) {
        for (uint32_t i = 0; i < run->workload->workers; i++)
            collect(run, bare, i);
        sched_yield();
    }
    workload_end(run);
    began_ns = workload_now_ns();
    before = workload_processor(run);
    nanosleep(&idle, NULL);
    workload_idle_end(run, began_ns, before);
}

void subject_bare(struct run *run)
{
    struct bare *bare = mmap(NULL, sizeof(*bare), PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    pid_t process[WORKLOAD_WORKERS], parent = getpid();

    if (bare == MAP_FAILED) {
        workload_fail(run, "there is no memory");
        return;
    }
    for (uint32_t i = 0; i < run->workload->workers; i++) {
        process[i] = fork();
        if (process[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() == parent)
                work(run, bare, i);
            _exit(0);
        }
        clock_getcpuclockid(process[i], &run->worker[i].clock);
    }
    processors_pin(run->workload->workers, 0);
    while (atomic_load(&run->ready) < run->workload->workers)
        sched_yield();
    measure(run, bare);
    atomic_store(&run->stop, 1);
    for (uint32_t i = 0; i < run->workload->workers; i++) {
        wake(&bare->ring[i].asleep);
        waitpid(process[i], NULL, 0);
    }
}
