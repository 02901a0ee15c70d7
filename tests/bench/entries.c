/* SPDX-License-Identifier: MIT */
#include "bench/entries.h"

/* What configure did not find keeps a place, to be named. */
#define MISSING(LIST, SUBJECT, PACKAGE)                                           \
    static const struct entry LIST[] = {                                          \
        { .workload = "words",                                                    \
          .subject = SUBJECT,                                                     \
          .mode = "",                                                             \
          .size = 8,                                                              \
          .missing = "configure did not find it (Debian package: " PACKAGE ")" }, \
        { .workload = NULL },                                                     \
    }

#ifndef BENCH_PROGRAMS
static const struct entry missing_load_balancer[] = {
    { .workload = "digest",
      .subject = "load_balancer",
      .mode = "workers-4",
      .size = 64,
      .missing = "configured --without-programs" },
    { .workload = NULL },
};
static const struct entry missing_bare_digest[] = { { .workload = NULL } };
#define entries_load_balancer missing_load_balancer
#define entries_bare_digest   missing_bare_digest
#endif
#ifndef BENCH_CK
MISSING(missing_ck, "ck_ring", "libck-dev");
#define entries_ck missing_ck
#endif
#ifndef BENCH_RTE
MISSING(missing_rte, "rte_ring", "libdpdk-dev");
#define entries_rte missing_rte
#endif
#ifndef BENCH_ZEROMQ
MISSING(missing_zeromq, "zeromq", "libzmq3-dev");
#define entries_zeromq missing_zeromq
#endif
#ifndef BENCH_NNG
MISSING(missing_nng, "nng", "libnng-dev");
#define entries_nng missing_nng
#endif
#ifndef BENCH_UCX
MISSING(missing_ucx, "ucx", "libucx-dev");
#define entries_ucx missing_ucx
#endif
#ifndef BENCH_OPENMPI
MISSING(missing_openmpi, "openmpi", "libopenmpi-dev, openmpi-bin");
#define entries_openmpi missing_openmpi
#endif

/* What is compared stands close together, so that little time lies between. */
const struct entry *const entries_lists[] = {
    entries_bare,
    entries_mcapi_words,
    entries_mcapi_packets,
    entries_mcapi_messages,
    entries_ck,
    entries_rte,
    entries_ucx,
    entries_zeromq,
    entries_nng,
    entries_openmpi,
    entries_pipe,
    entries_socket,
    entries_mqueue,
    entries_system_many,
    entries_bare_hops,
    entries_bare_balancer,
    entries_bare_digest,
    entries_load_balancer,
    entries_mcapi_balancer,
    entries_mcapi_calls,
    entries_mcapi_growth,
    NULL,
};
