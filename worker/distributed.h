/* SPDX-License-Identifier: MIT */
/*
 * distributed.h - the worker's life with a distributor: join, take, work, give back, leave.
 */
#ifndef WORKER_DISTRIBUTED_H
#define WORKER_DISTRIBUTED_H

#include "worker/worker.h"

/* As worker_run, whose work it is if the settings say so. */
enum worker_end distributed_run(const struct worker_settings *settings,
                                char reason[WORKER_REASON_SIZE]);

#endif /* WORKER_DISTRIBUTED_H */
