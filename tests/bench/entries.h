/* SPDX-License-Identifier: MIT */
/*
 * entries.h - all that can be tried: each subject's list ends with an entry without a workload.
 *
 * Workloads:
 *   words         8 bytes, one way
 *   packets       `size` bytes, one way, each made by the sender and read by the receiver
 *   references    the same without a copy, where only the first 64 bytes are made and read
 *   ping-pong     64 bytes, there and back
 *   wake          64 bytes to a receiver that sleeps
 *   messages      64 bytes, from some senders to one receiver
 *   balancer      see balancer.h
 *   digest        generated packets, and a digest over each: see subject_bare_digest.c
 *   create-delete, connect-close   endpoints and channels made and ended, by one party
 *   wait-any      a message ends the wait for one of many requests
 *   idle          nodes that are blocked
 *   growth-*      items over many channels, at many workers; endpoints among many
 */
#ifndef TESTS_BENCH_ENTRIES_H
#define TESTS_BENCH_ENTRIES_H

#include "bench/trial.h"

extern const struct entry entries_bare[]; /* rings and lines by hand: the limit */
extern const struct entry entries_bare_hops[];
extern const struct entry entries_pipe[];
extern const struct entry entries_socket[];
extern const struct entry entries_mqueue[];
extern const struct entry
        entries_system_many[]; /* the three again, for more than two parties */
extern const struct entry entries_mcapi_words[];
extern const struct entry entries_mcapi_packets[];
extern const struct entry entries_mcapi_messages[];
extern const struct entry entries_mcapi_balancer[];
extern const struct entry entries_mcapi_calls[];
extern const struct entry entries_mcapi_growth[];
extern const struct entry entries_load_balancer[];
extern const struct entry entries_bare_balancer[];
extern const struct entry entries_bare_digest[];
extern const struct entry entries_ck[];  /* Concurrency Kit */
extern const struct entry entries_rte[]; /* DPDK */
extern const struct entry entries_zeromq[];
extern const struct entry entries_nng[];
extern const struct entry entries_ucx[];
extern const struct entry entries_openmpi[];

/* All lists, and NULL. */
extern const struct entry *const entries_lists[];

#endif /* TESTS_BENCH_ENTRIES_H */
