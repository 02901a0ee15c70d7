/* SPDX-License-Identifier: MIT */
/*
 * inline.h - the handler that works in the loops themselves, without workers.
 *
 * Each loop has work of its own, prepared for itself: one `struct work` is never used by two
 * threads. A kind that comes from a shared object and keeps something in variables of its own,
 * instead of in work->state, is shared by all loops and must not be run by more than one.
 */
#ifndef LOAD_BALANCER_SERVER_INLINE_H
#define LOAD_BALANCER_SERVER_INLINE_H

#include "load_balancer/server/server.h"
#include "worker/work.h"

struct inline_loop {
    struct work work;
    uint64_t items;
    uint64_t result; /* the work's, when the loop has ended */
};

struct inline_work {
    const char *specification; /* as --work has it */
    struct inline_loop loops[SERVER_LOOPS_MAX];
};

/* Makes the handler; both must outlive the server. */
void inline_work_begin(struct inline_work *work, const char *specification,
                       const struct work_kind *kind, struct server_handler *handler);

#endif /* LOAD_BALANCER_SERVER_INLINE_H */
