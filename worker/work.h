/* SPDX-License-Identifier: MIT */
/*
 * work.h - what a kind of work is, and the table of kinds.
 *
 * What every worker does for every item, whatever the work, is in worker.c: it checks that the
 * items of a flow come in order, and counts packets and bytes per flow. A kind adds what is
 * done with the item itself.
 */
#ifndef WORKER_WORK_H
#define WORKER_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/item.h"

struct work;

struct work_kind {
    const char *name;             /* what --work says, up to the "=" */
    const char *argument;         /* what stands behind the "=", for help; NULL: nothing may */
    const char *help;             /* one line */
    const char *result;           /* the name of its result in a report; NULL: it has none */
    const char *meaning;          /* the same in words */
    bool result_is_sum_of_hashes; /* a bit pattern, rather than a number */

    /* Gets ready; NULL: nothing to do. `argument` is what stood behind "=", or NULL. False: it
     * cannot be, with a reason of one line. */
    bool (*prepare)(struct work *work, const char *argument, char *error, size_t error_size);

    /* Does the work on one item; NULL: there is none. `bytes` are item->captured bytes, and
     * item->payload_offset is within them. */
    void (*process)(struct work *work, const struct item *item, const uint8_t *bytes);
};

/* Work under way. `result` is a sum, so that the results of several workers can be added up
 * and do not depend on who did what. */
struct work {
    const struct work_kind *kind;
    uint64_t result;
    uint64_t delay_ns; /* of `delay` */
    bool punctual;     /* of `delay`: the kernel was asked to be */
};

/* Gets the work ready that `specification` names, "kind" or "kind=argument"; false: a reason
 * of one line. */
bool work_prepare(struct work *work, const char *specification, char *error, size_t error_size);

static inline void work_process(struct work *work, const struct item *item,
                                const uint8_t *bytes)
{
    if (work->kind->process != NULL)
        work->kind->process(work, item, bytes);
}

/* The kinds in the table, in order; NULL behind the last. */
const struct work_kind *work_kind(size_t index);

extern const struct work_kind work_count;  /* work_count.c */
extern const struct work_kind work_delay;  /* work_delay.c */
extern const struct work_kind work_digest; /* work_digest.c */

#endif /* WORKER_WORK_H */
