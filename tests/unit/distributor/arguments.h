/* SPDX-License-Identifier: MIT */
/* arguments.h - a distributor and a worker on the test's node, for calls that are refused. */
#ifndef TESTS_DISTRIBUTOR_ARGUMENTS_H
#define TESTS_DISTRIBUTOR_ARGUMENTS_H

#include "distributor/distributor.h"
#include "support/expect.h"

enum {
    HERE = 1, /* the node of topology.h */
    PORT = 11,
    LARGEST = 128, /* max_size of distributor_here() */
    LESS = 320,    /* bytes of a packet that no item can have */
    SOON = 5,      /* ms, until something that does not come */
};

static inline struct distributor *distributor_here(enum distributor_mode mode)
{
    struct distributor_settings settings = { .max_size = LARGEST, .capacity = 16 };
    struct distributor *distributor;

    expect(MCAPI_SUCCESS, distributor = distributor_create(PORT, 3, mode, &settings, &status));
    ck_assert_ptr_nonnull(distributor);
    return distributor;
}

static inline struct distributor_worker *worker_here(struct distributor *distributor)
{
    struct distributor_worker *worker;

    expect(MCAPI_SUCCESS, worker = distributor_join(0, HERE, PORT, 0, &status));
    ck_assert_ptr_nonnull(worker);
    expect(MCAPI_SUCCESS, distributor_request(worker, NULL, 0, &status));
    expect(MCAPI_TIMEOUT, distributor_wait(distributor, DISTRIBUTOR_RETURNS, 0, &status));
    expect(MCAPI_SUCCESS, distributor_request(worker, NULL, 0, &status));
    expect(MCAPI_TIMEOUT, distributor_wait(distributor, DISTRIBUTOR_RETURNS, 0, &status));
    return worker;
}

static inline void put(struct distributor *distributor, uint32_t count)
{
    char bytes[16] = "fifteen letters";

    for (uint32_t i = 0; i < count; i++) {
        struct distributor_item item = { .bytes = bytes, .size = sizeof bytes, .tag = i };
        size_t taken;

        expect(MCAPI_SUCCESS, taken = distributor_process(distributor, &item, 1, &status));
        ck_assert_uint_eq(taken, 1);
    }
}

static inline void expect_taken(const struct distributor *distributor, uint64_t wanted)
{
    struct distributor_stats stats;

    expect(MCAPI_SUCCESS, distributor_stats(distributor, &stats, &status));
    ck_assert_uint_eq(stats.taken, wanted);
}

#endif /* TESTS_DISTRIBUTOR_ARGUMENTS_H */
