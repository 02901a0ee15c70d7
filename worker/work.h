/* SPDX-License-Identifier: MIT */
/*
 * work.h - what a kind of work is, and the table of kinds.
 *
 * What every worker does for every item, whatever the work, is not here: it checks what came,
 * and counts. A kind adds what is done with the item itself. Kinds of one's own are shared
 * objects that export a `struct work_kind` by the name `work_kind`:
 *
 *     #include <load_balancer/work.h>
 *
 *     static enum work_outcome process(struct work *work, const struct item *item,
 *                                      struct work_bytes *bytes) { ... }
 *
 *     const struct work_kind work_kind = {
 *         .version = WORK_VERSION, .name = "my-filter", .process = process,
 *     };
 *
 * and are chosen with --work ./my_filter.so. Each worker is a process with one thread, and
 * loads the object for itself; nothing is shared but the file.
 */
#ifndef WORKER_WORK_H
#define WORKER_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "item.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    /* Of what stands here. A kind of another version is refused. */
    WORK_VERSION = 1,
};

struct work;

/* What has become of the item's bytes. */
enum work_outcome {
    WORK_UNCHANGED, /* they are as they came, or nobody need know of the change */
    WORK_CHANGED,   /* they, or their number, are other ones, and are to go on like that */
    WORK_FILTERED,  /* they are not to go on: the packet ends here */
};

/* What a kind says to a request (an item of the kind ITEM_REQUEST). */
enum work_replies {
    WORK_REPLIES_NOTHING, /* nothing: that it was done is all there is to know */
    WORK_REPLIES_BYTES,   /* the item's bytes as they are after `process` */
    WORK_REPLIES_HTTP,    /* the same, and they are a whole response of http */
};

/* The bytes of an item. The kind can write to them where they are, and make them fewer; or have
 * `bytes` point to memory of its own, with up to ITEM_BYTES_MAX of them, which then must stay
 * as it is until the next item but WORK_TOGETHER comes. */
struct work_bytes {
    uint8_t *bytes;
    uint32_t size;
};

enum {
    /* So many items may be processed before what became of the first is sent on. */
    WORK_TOGETHER = 8,
};

struct work_kind {
    uint32_t version; /* WORK_VERSION */

    const char *name;             /* what --work says, up to the "=" */
    const char *argument;         /* what stands behind the "=", for help; NULL: nothing may */
    const char *help;             /* one line */
    const char *result;           /* the name of its result in a report; NULL: it has none */
    const char *meaning;          /* the same in words */
    bool result_is_sum_of_hashes; /* a bit pattern, rather than a number */

    /* It may return WORK_CHANGED or WORK_FILTERED for a packet. One that does so without having
     * said it here ends its process: in mode window nobody would hear of what it did. */
    bool changes;

    enum work_replies replies;

    /* Gets ready; NULL: nothing to do. `argument` is what stood behind "=", or NULL. False: it
     * cannot be, with a reason of one line. Also called by load_balancer, to refuse at once
     * what cannot be; it calls `finish` right after that. */
    bool (*prepare)(struct work *work, const char *argument, char *error, size_t error_size);

    /* Does the work on one item; NULL: there is none. There are item->captured bytes, and
     * item->payload_offset is within them. */
    enum work_outcome (*process)(struct work *work, const struct item *item,
                                 struct work_bytes *bytes);

    /* Lets go of what `prepare` made; NULL: nothing to do. Not called if the process dies. */
    void (*finish)(struct work *work);
};

/* Work under way. `result` is a sum, so that the results of several workers can be added up
 * and do not depend on who did what. */
struct work {
    const struct work_kind *kind;
    void *state; /* the kind's own, NULL before `prepare` */
    uint64_t result;
};

#ifndef __cplusplus
/* --- For the programs ------------------------------------------------------------------- */

/* Gets the work ready that `specification` names: "kind", "kind=argument" (or "kind:argument"),
 * or the path of a shared object, "./object.so" or "./object.so=argument", which then is loaded
 * for good; false: a reason of one line. */
bool work_prepare(struct work *work, const char *specification, char *error, size_t error_size);

/* Lets go of it, but for the result. The kind stays what it is. */
void work_finish(struct work *work);

/* Says on standard error that the kind changes packets without `changes`, and ends the process.
 */
_Noreturn void work_contradicts(const struct work *work);

static inline enum work_outcome work_process(struct work *work, const struct item *item,
                                             struct work_bytes *bytes)
{
    enum work_outcome outcome;

    if (work->kind->process == NULL)
        return WORK_UNCHANGED;
    outcome = work->kind->process(work, item, bytes);
    if (outcome != WORK_UNCHANGED && !work->kind->changes && item->kind == ITEM_PACKET)
        work_contradicts(work);
    return outcome;
}

/* The kinds in the table, in order; NULL behind the last. */
const struct work_kind *work_kind_at(size_t index);

extern const struct work_kind work_count;  /* work_count.c */
extern const struct work_kind work_delay;  /* work_delay.c */
extern const struct work_kind work_digest; /* work_digest.c */
extern const struct work_kind work_echo;   /* work_echo.c */
extern const struct work_kind work_static; /* work_static.c */
extern const struct work_kind work_ttl;    /* work_ttl.c */

#endif /* __cplusplus */

#ifdef __cplusplus
}
#endif

#endif /* WORKER_WORK_H */
