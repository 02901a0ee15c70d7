/* SPDX-License-Identifier: MIT */
/*
 * ring_scalar.h - the ring of a scalar channel: one sender, one receiver, words in lines.
 *
 * Seven words and their seven marks share a cache line, so that seven words cost one
 * transfer, and each is visible as soon as its mark is stored. A mark says lap and width; a
 * mark of an earlier lap means that the word is not there yet.
 *
 * SENT   who sees the mark of this lap sees the word.
 * TAKEN  who sees the new `taken` knows that the words before it were read.
 * LAP    who sees the new lap sees `taken` at its first word, or at the one before.
 */
#ifndef MCI_RING_SCALAR_H
#define MCI_RING_SCALAR_H

#include <stdbool.h>
#include <string.h>

#include "segment/layout.h"

/* One side's view. `position`, `line`, `word` and `lap` are this side's own. */
struct mci_ring_scalar {
    struct mci_scalar_head *head;
    struct mci_scalar_line *lines;
    uint32_t line_count;
    uint32_t depth;    /* words that fit */
    uint32_t position; /* of the next word; runs free */
    uint32_t line;
    uint32_t word;
    uint32_t mark;       /* MCI_SCALAR_FULL | lap << 2: this lap's marks */
    uint32_t taken;      /* sender: the receiver's position when last read */
    uint32_t ahead;      /* receiver: words known to be there */
    uint32_t ahead_line; /* ...and where the next unknown one is */
    uint32_t ahead_word;
    uint32_t ahead_mark;
};

static inline uint32_t mci_ring_scalar_lines(uint32_t depth)
{
    return depth / MCI_SCALARS_PER_LINE + (depth % MCI_SCALARS_PER_LINE != 0);
}

static inline uint64_t mci_ring_scalar_size(uint32_t depth)
{
    return sizeof(struct mci_scalar_head)
         + mci_ring_scalar_lines(depth) * sizeof(struct mci_scalar_line);
}

/* A view of the ring at `base`, at its first position. */
static inline void mci_ring_scalar_view(struct mci_ring_scalar *ring, unsigned char *base,
                                        uint32_t depth)
{
    memset(ring, 0, sizeof *ring);
    ring->head = (struct mci_scalar_head *)base;
    ring->lines = (struct mci_scalar_line *)(base + sizeof *ring->head);
    ring->line_count = mci_ring_scalar_lines(depth);
    ring->depth = depth;
    ring->position = (uint32_t)MCI_FIRST_POSITION;
    ring->taken = ring->position;
    ring->mark = ring->ahead_mark = MCI_SCALAR_FULL;
}

/* The receiver, at the first place: says so, for mci_ring_scalar_resume. */
static inline void mci_ring_scalar_begin_lap(struct mci_ring_scalar *ring)
{
    atomic_store_explicit(&ring->head->lap, (uint64_t)ring->mark << 32 | ring->position,
                          memory_order_release); /* LAP */
}

/* Makes an empty ring. Nobody else may use it yet. */
static inline void mci_ring_scalar_format(struct mci_ring_scalar *ring)
{
    memset(ring->lines, 0, ring->line_count * sizeof *ring->lines);
    atomic_store_explicit(&ring->head->taken, ring->position, memory_order_relaxed);
    mci_ring_scalar_begin_lap(ring);
}

static inline uint32_t mci_ring_scalar_next_lap(uint32_t mark)
{
    return MCI_SCALAR_FULL | ((mark + 4) & ((MCI_SCALAR_LAPS - 1) << 2));
}

/*
 * Put a view where the marks say that the sender is, and count the words that wait; or where
 * the receiver's numbers say that it is. For a side that comes back to a ring it has used, and
 * for onlookers while that side does nothing. False: the ring makes no sense, and the view is
 * as it was.
 */
bool mci_ring_scalar_resume_sender(struct mci_ring_scalar *ring, uint32_t *waiting);
bool mci_ring_scalar_resume_receiver(struct mci_ring_scalar *ring);

/* True: a lap begins. */
static inline bool mci_ring_scalar_advance(struct mci_ring_scalar *ring)
{
    ring->position++;
    if (++ring->word == MCI_SCALARS_PER_LINE) {
        ring->word = 0;
        if (++ring->line == ring->line_count) {
            ring->line = 0;
            ring->mark = mci_ring_scalar_next_lap(ring->mark);
            return true;
        }
    }
    return false;
}

/* --- The sender ----------------------------------------------------------------------- */

static inline bool mci_ring_scalar_is_full(struct mci_ring_scalar *ring)
{
    if (ring->position - ring->taken < ring->depth)
        return false;
    ring->taken = atomic_load_explicit(&ring->head->taken, memory_order_acquire); /* TAKEN */
    return ring->position - ring->taken >= ring->depth;
}

/* Words that fit in now. The receiver's line is read only if fewer than `wanted` are known to.
 */
static inline uint32_t mci_ring_scalar_room(struct mci_ring_scalar *ring, uint32_t wanted)
{
    uint32_t waiting = ring->position - ring->taken;

    if (waiting >= ring->depth || ring->depth - waiting < wanted) {
        ring->taken =
                atomic_load_explicit(&ring->head->taken, memory_order_acquire); /* TAKEN */
        waiting = ring->position - ring->taken;
    }
    return waiting >= ring->depth ? 0 : ring->depth - waiting;
}

/* Puts a word where the next mark will announce it. */
static inline void mci_ring_scalar_fill(struct mci_ring_scalar *ring, uint64_t word)
{
    atomic_store_explicit(&ring->lines[ring->line].word[ring->word], word,
                          memory_order_relaxed); /* the mark publishes it */
}

/* Sends the word that was filled. `width`: 0 to 3 for 8, 16, 32 and 64 bits. */
static inline void mci_ring_scalar_send(struct mci_ring_scalar *ring, uint32_t width)
{
    atomic_store_explicit(&ring->lines[ring->line].mark[ring->word],
                          (uint8_t)(ring->mark | width), memory_order_release); /* SENT */
    mci_ring_scalar_advance(ring);
}

/* --- The receiver --------------------------------------------------------------------- */

/* Whether there is a word at this place, in the lap with this mark. */
static inline bool mci_ring_scalar_is_sent(const struct mci_ring_scalar *ring, uint32_t line,
                                           uint32_t word, uint32_t lap)
{
    uint32_t mark = atomic_load_explicit(&ring->lines[line].mark[word],
                                         memory_order_acquire); /* SENT */

    return (mark & ~3u) == lap;
}

/* The width of the next word, or -1: nothing there. */
static inline int mci_ring_scalar_look(const struct mci_ring_scalar *ring)
{
    uint32_t mark = atomic_load_explicit(&ring->lines[ring->line].mark[ring->word],
                                         memory_order_acquire); /* SENT */

    return (mark & ~3u) == ring->mark ? (int)(mark & 3u) : -1;
}

static inline void mci_ring_scalar_say_taken(struct mci_ring_scalar *ring, uint32_t position)
{
    atomic_store_explicit(&ring->head->taken, position, memory_order_release); /* TAKEN */
}

/* Takes the word that look() found. */
static inline uint64_t mci_ring_scalar_take(struct mci_ring_scalar *ring)
{
    uint64_t word = atomic_load_explicit(&ring->lines[ring->line].word[ring->word],
                                         memory_order_relaxed); /* after SENT */

    if (ring->ahead > 0)
        ring->ahead--;
    if (mci_ring_scalar_advance(ring))
        mci_ring_scalar_begin_lap(ring);
    mci_ring_scalar_say_taken(ring, ring->position);
    return word;
}

/* The same for one of several. The sender is told of those of each line together: it fills that
 * line while others are taken. The last is followed by mci_ring_scalar_say_taken. */
static inline uint64_t mci_ring_scalar_take_silently(struct mci_ring_scalar *ring)
{
    uint64_t word = atomic_load_explicit(&ring->lines[ring->line].word[ring->word],
                                         memory_order_relaxed); /* after SENT */

    if (ring->ahead > 0)
        ring->ahead--;
    if (mci_ring_scalar_advance(ring)) {
        mci_ring_scalar_say_taken(ring, ring->position - 1); /* LAP */
        mci_ring_scalar_begin_lap(ring);
    }
    if (ring->word == 0)
        mci_ring_scalar_say_taken(ring, ring->position);
    return word;
}

/* Words that can be taken now. Each is looked at once, however often this is asked. */
static inline uint32_t mci_ring_scalar_available(struct mci_ring_scalar *ring)
{
    if (ring->ahead == 0) {
        ring->ahead_line = ring->line;
        ring->ahead_word = ring->word;
        ring->ahead_mark = ring->mark;
    }
    while (ring->ahead < ring->depth) {
        uint32_t mark =
                atomic_load_explicit(&ring->lines[ring->ahead_line].mark[ring->ahead_word],
                                     memory_order_acquire); /* SENT */

        if ((mark & ~3u) != ring->ahead_mark)
            break;
        ring->ahead++;
        if (++ring->ahead_word == MCI_SCALARS_PER_LINE) {
            ring->ahead_word = 0;
            if (++ring->ahead_line == ring->line_count) {
                ring->ahead_line = 0;
                ring->ahead_mark = mci_ring_scalar_next_lap(ring->ahead_mark);
            }
        }
    }
    return ring->ahead;
}

#endif /* MCI_RING_SCALAR_H */
