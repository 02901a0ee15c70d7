/* SPDX-License-Identifier: MIT */
/*
 * distributor_workload.h - the same items for everyone: 64 bytes, made by the distributing
 * thread, checked by the worker and again when they come back, content and order.
 */
#ifndef TESTS_BENCH_DISTRIBUTOR_WORKLOAD_H
#define TESTS_BENCH_DISTRIBUTOR_WORKLOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

enum {
    WORKLOAD_FLOWS = 1024,
    WORKLOAD_WORKERS = 32,
    WORKLOAD_PLANNED = 1 << 16, /* flows in the order of their items; then from the start */
    WORKLOAD_POOL = 1024,       /* items that can be out */
    WORKLOAD_CHUNK = 32,        /* items of one call */
};

struct payload {
    uint64_t number;
    uint32_t flow;
    uint32_t place; /* among those of its flow */
    unsigned char bytes[48];
};
_Static_assert(sizeof(struct payload) == 64, "one cache line");

/* Who runs where, when there are more of them than processors. */
enum where {
    WHERE_ANYWHERE, /* as the system likes */
    WHERE_APART,    /* the distributing thread has a processor, the workers share the others */
};

/* How rte_distributor is driven: see distributor_arrange.h. */
struct arrangement {
    uint32_t out;   /* items that are out at one time */
    uint32_t chunk; /* of these, so many are handed in together */
    bool yields;    /* the processor between two looks, or spins, as DPDK's own loop does */
    enum where where;
};

/* What a run is to do. */
struct workload {
    uint32_t workers;
    struct arrangement arrangement; /* for who looks at it */
    uint32_t run_ms, idle_ms;
    double skew;          /* of the flows: distributor_zipf.h */
    uint32_t work_rounds; /* what an item costs beside the checks: workload_work() */
    uint32_t flow[WORKLOAD_PLANNED];
};

/* What a run has done. */
struct outcome {
    uint64_t items;
    double seconds;   /* until the last one came back */
    double processor; /* seconds of all together in that time */
    double idle;      /* processors in use while there was nothing to do */
    uint64_t largest_flow;
    uint64_t overtaken; /* items that came back, or were worked on, before an older one of
                         * their flow */
    char failed[128];   /* "": it has not */
};

/* What all sides of a run share. */
struct run {
    const struct workload *workload;
    struct outcome outcome;
    _Alignas(128) _Atomic uint32_t ready; /* workers */
    _Alignas(128) _Atomic uint32_t stop;
    struct {
        _Alignas(128) _Atomic uint64_t items;
        _Atomic uint64_t errors, overtaken;
        clockid_t clock; /* of its processor time */
    } worker[WORKLOAD_WORKERS];
    _Alignas(128) _Atomic uint32_t worked[WORKLOAD_FLOWS]; /* place of the next one */
    /* Of the distributing thread alone. */
    _Alignas(128) uint32_t made[WORKLOAD_FLOWS];
    uint32_t returned[WORKLOAD_FLOWS];
    uint64_t number, back, errors, overtaken;
    bool may_overtake; /* items others of their flow: that is counted and is no failure */
    uint64_t began_ns;
    double processor_before;
};

/* --- Items --------------------------------------------------------------------------- */

static inline uint32_t workload_make(struct run *run, struct payload *payload)
{
    uint32_t flow = run->workload->flow[run->number % WORKLOAD_PLANNED];

    payload->number = run->number;
    payload->flow = flow;
    payload->place = run->made[flow]++;
    memset(payload->bytes, (int)(run->number & 0xff), sizeof(payload->bytes));
    run->number++;
    return flow;
}

static inline bool payload_is_whole(const struct payload *payload)
{
    uint64_t wanted = (payload->number & 0xff) * UINT64_C(0x0101010101010101), word, wrong = 0;

    for (size_t i = 0; i < sizeof(payload->bytes); i += sizeof(word)) {
        memcpy(&word, payload->bytes + i, sizeof(word));
        wrong |= word ^ wanted;
    }
    return wrong == 0 && payload->flow < WORKLOAD_FLOWS;
}

void workload_spin(uint32_t rounds);

/* A worker works on an item. */
static inline void workload_work(struct run *run, uint32_t worker,
                                 const struct payload *payload)
{
    uint32_t flow = payload->flow % WORKLOAD_FLOWS;
    uint32_t place = atomic_load_explicit(&run->worked[flow], memory_order_relaxed);

    if (!payload_is_whole(payload))
        atomic_fetch_add(&run->worker[worker].errors, 1);
    if (payload->place != place)
        atomic_fetch_add(&run->worker[worker].overtaken, 1);
    atomic_store_explicit(&run->worked[flow], place + 1, memory_order_relaxed);
    /* Its own word: no other writes it. */
    atomic_store_explicit(&run->worker[worker].items,
                          atomic_load_explicit(&run->worker[worker].items, memory_order_relaxed)
                                  + 1,
                          memory_order_relaxed);
    if (run->workload->work_rounds > 0)
        workload_spin(run->workload->work_rounds);
}

/* An item comes back. */
static inline void workload_return(struct run *run, const struct payload *payload)
{
    uint32_t flow = payload->flow % WORKLOAD_FLOWS;

    run->errors += !payload_is_whole(payload);
    run->overtaken += payload->place != run->returned[flow];
    run->returned[flow]++;
    run->back++;
}

/* --- A run, by the distributing thread -------------------------------------------------- */

uint64_t workload_now_ns(void);

/* From here on time counts; all workers are ready. */
void workload_begin(struct run *run);

/* All items that were made are finished. */
void workload_end(struct run *run);

/* Nothing was to do for the idle time, which began at the end. */
void workload_idle_end(struct run *run, uint64_t began_ns, double processor_before);
double workload_processor(const struct run *run);

static inline bool workload_goes_on(const struct run *run)
{
    return workload_now_ns() - run->began_ns < run->workload->run_ms * UINT64_C(1000000);
}

void workload_fail(struct run *run, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* --- Processors ------------------------------------------------------------------------ */

/* Processors that this process may use. */
uint32_t processors_count(void);

/* The number of the n-th of them. */
int processors_number(uint32_t nth);

/* Where the distributing thread (0) and the workers (1 and up) run: each on a processor of its
 * own, as long as there are so many, or else wherever the system likes. */
void processors_pin(uint32_t workers, uint32_t who);

#endif /* TESTS_BENCH_DISTRIBUTOR_WORKLOAD_H */
