/* SPDX-License-Identifier: MIT */
/* distributor_subject_rte_missing.c - in place of distributor_subject_rte.c where configure has
 * not found DPDK. */
#include "bench/distributor_subject.h"

const char *const subject_rte_missing =
        "configure has not found libdpdk (Debian package: libdpdk-dev)";

void subject_rte_single(struct run *run)
{
    workload_fail(run, "%s", subject_rte_missing);
}

void subject_rte_burst(struct run *run)
{
    workload_fail(run, "%s", subject_rte_missing);
}
