/* SPDX-License-Identifier: MIT */
/*
 * wire.h - what a distributor and its workers send each other.
 *
 *     hello     a message to the distributor's endpoint, the door: a worker wants to join
 *     parcel    a packet to a worker, made where it lies: items that are given to it
 *     answer    a packet from a worker: how many of its items are finished, what it wants, and
 *               the bytes of those that were changed
 *
 * A worker works on its items in the order in which they were given to it, and gives them back
 * in that order, so an answer is a count: of the oldest that are out. An item whose bytes were
 * not changed does not travel back.
 *
 * An epoch begins when a worker stops asking: what it has not begun by then is given to others,
 * and it throws away parcels of older epochs, which may still be on their way.
 *
 * The two sides share nothing but their channels, each of which has one writer; all else is
 * private to one thread and dies with it. So a death leaves this:
 *
 *   a worker, before its hello    endpoints that nobody knows: MCAPI frees them
 *   ...after it                   a hello whose connect fails, or a member that is buried when
 *                                 the distributor looks at it next
 *   ...before an answer           the items of that answer out; they are given again, and
 *                                 worked on again
 *   ...after it                   the answer: what was sent before a death is still received,
 *                                 and so is taken before the death is noticed
 *   ...before its last answer     a death, not a farewell
 *   the distributor               workers that get what was sent, and then learn of it
 *
 * A worker that is dismissed is sent a last parcel without items. It works off what came
 * before, says farewell when its caller leaves, and until then is a member that is given
 * nothing. If it dies instead, that is a death as any other.
 *
 * Which items were in work at a death follows from the answers: a worker tells what it has
 * finished after `lag` more at the latest, so it was at one of the first `lag` + `batch` that
 * it had not told. Only if answers had no room may it have been further on.
 *
 * Each side believes nothing: what does not fit into its packet, or into what is out, ends the
 * connection.
 */
#ifndef DISTRIBUTOR_WIRE_H
#define DISTRIBUTOR_WIRE_H

#include <stdint.h>

enum {
    WIRE_MAGIC = 0x44495332, /* in a hello; the last byte is the version */

    WIRE_PARCEL_ITEMS = 38, /* as many as make the parcel's head five cache lines */
    WIRE_PARCELS = 16,      /* packets of a channel to a worker: all of its parcels that are on
                             * their way, queued or in work */
    WIRE_ANSWERS = 32,      /* packets of a channel from a worker */

    /* Bytes of items begin at multiples of this: four items of 16 bytes share a line, and one
     * of 64 has a line of its own. */
    WIRE_ALIGN = 16,

    /* A parcel has room for that many bytes of items, or for one of the largest. */
    WIRE_PARCEL_ROOM = WIRE_PARCEL_ITEMS * 64,
};

struct wire_hello {
    uint32_t magic;
    uint32_t work;    /* the worker's endpoint for parcels, opened for receiving */
    uint32_t answers; /* ...and for answers, opened for sending */
    uint32_t domain;  /* of the worker */
    uint32_t node;
};

#define WIRE_DISMISSED 1u /* in a parcel, which is the last one and has no items */

#define WIRE_AGAIN UINT32_C(0x80000000) /* in a size: DISTRIBUTOR_AGAIN */

struct wire_parcel_item {
    uint32_t tag;
    uint32_t size;
};

/* Followed by the bytes of the items, in order. */
struct wire_parcel {
    uint16_t count;
    uint16_t worker;   /* the receiver's number */
    uint32_t epoch;    /* of the receiver, as it had told */
    uint16_t batch;    /* items that may be in work at one time */
    uint16_t flags;    /* WIRE_DISMISSED */
    uint32_t max_size; /* bytes */
    struct wire_parcel_item items[WIRE_PARCEL_ITEMS];
};
_Static_assert(sizeof(struct wire_parcel) == 320, "five cache lines");

#define WIRE_ASKING  1u /* the worker takes items */
#define WIRE_LEAVING 2u /* this is its last answer */

#define WIRE_PACE_SHIFT 3
#define WIRE_PACE_MOST  31

/* Followed by `changed` times a struct wire_changed with the bytes behind it, each beginning at
 * a multiple of WIRE_ALIGN. */
struct wire_answer {
    uint32_t done;  /* items finished since the last answer */
    uint32_t epoch; /* now; if it has changed, only `kept` items more are still at the worker */
    uint16_t kept;
    uint8_t flags; /* WIRE_ASKING, WIRE_LEAVING; pace << WIRE_PACE_SHIFT: log2 of the time
                    * that an item takes, in ns, rounded up; 0: not known */
    uint8_t lag;   /* items that may be finished and not told before the next answer */
    uint32_t changed;
};
_Static_assert(sizeof(struct wire_answer) == WIRE_ALIGN, "entries are aligned");

struct wire_changed {
    uint32_t index; /* from 0 on, among those that are done by this answer */
    uint32_t size;  /* bytes */
    uint64_t reserved;
};
_Static_assert(sizeof(struct wire_changed) == WIRE_ALIGN, "bytes are aligned");

enum {
    /* A worker asks for cache lines of a parcel so many bytes before it gets there: about as
     * long as it takes to get a line from a core that is far away. */
    WIRE_AHEAD = 640,
};

/* Asks for a cache line that is to be written. Every x86-64 processor takes the instruction,
 * if only as one that does nothing; compilers give one for reading unless they are told of the
 * processor. */
static inline void wire_fetch_to_write(const void *at)
{
#if defined __x86_64__
    __asm__ volatile("prefetchw %0" : : "m"(*(const char *)at));
#else
    __builtin_prefetch(at, 1);
#endif
}

/* What so many bytes take. */
static inline uint32_t wire_stride(uint32_t size)
{
    return (size + WIRE_ALIGN - 1) & ~(uint32_t)(WIRE_ALIGN - 1);
}

/* Bytes of the largest parcel, and of the largest answer. */
static inline uint32_t wire_parcel_bytes(uint32_t max_size)
{
    uint32_t room = wire_stride(max_size);

    return (uint32_t)sizeof(struct wire_parcel)
         + (room > WIRE_PARCEL_ROOM ? room : WIRE_PARCEL_ROOM);
}

static inline uint32_t wire_answer_bytes(uint32_t max_size)
{
    return wire_parcel_bytes(max_size);
}

#endif /* DISTRIBUTOR_WIRE_H */
