/* SPDX-License-Identifier: MIT */
/*
 * ring_packet.h - the ring of a packet channel: one sender, one receiver, packets in place.
 *
 * The sender fills a buffer and stores a mark. The mark is the packet's position, so the
 * receiver needs no other word to know that the packet is there; and it lies in the buffer's
 * own cache line, so one transfer brings both. The receiver reads the packet where it lies,
 * and the buffer is free again when the application releases it, in any order.
 *
 * There are as many buffers as slots. A slot's own buffer is used for it, unless it is still
 * held; then the mark names another free buffer. So a held packet costs one buffer and stalls
 * nothing else. Nor does one that is lent: the sender's program fills it where it lies, and
 * sends it later. A buffer is, at every instant,
 *
 *     free      freed == occupant
 *     lent      taken == freed, and occupant is MCI_LENT of it
 *     queued    taken != occupant
 *     held      taken == occupant != freed
 *
 * where occupant is the position of the last packet that the sender put into it, taken and
 * freed the positions of the last that the receiver took and gave back.
 *
 * A slot's mark is always read before its turn comes again: were it not, as many packets as
 * there are slots would be queued, and no buffer free or lent.
 *
 * SENT      who sees the mark sees size, buffer and payload.
 * FREED     who sees the new `freed` knows that the payload was read for the last time.
 * RELEASED  who sees the new `released` sees a free buffer for each packet it counts.
 */
#ifndef MCI_RING_PACKET_H
#define MCI_RING_PACKET_H

#include <stdbool.h>

#include "segment/layout.h"

/* One side's view of a ring. The places are computed from checked numbers; `position` and
 * `cursor` are this side's own and never leave its process. */
struct mci_ring_packet {
    struct mci_packet_slot *slots;
    struct mci_packet_head *head;
    _Atomic uint32_t *taken;
    _Atomic uint32_t *freed;
    uint32_t *sizes; /* receiver: of what it took, as the slots have them */
    _Atomic uint32_t *occupant;
    uint32_t *extent; /* bytes of large payload backed by memory */
    unsigned char *large;
    uint32_t depth;   /* slots, and buffers */
    uint32_t payload; /* largest packet, bytes */
    uint64_t large_stride;
    uint32_t position;     /* of the next packet; runs free */
    uint32_t cursor;       /* position's slot */
    uint32_t known_free;   /* sender: slots from cursor on, own buffers free */
    uint32_t released;     /* receiver: its own copy of head->released */
    uint32_t ahead;        /* receiver: packets known to be there */
    uint32_t ahead_cursor; /* ...and the slot of the first that is not known */
    uint32_t lent;         /* sender: buffers that are */
    uint32_t lent_ahead;   /* sender: slots from cursor on, own buffers spoken for... */
    uint32_t free_behind;  /* ...and behind those, own buffers free. known_free is 0 then */
};

/* What `occupant` says of a buffer that is lent, and the way back: half of all numbers away
 * from the positions that are in use. */
#define MCI_LENT(position) ((position) ^ UINT32_C(0x80000000))

/* Bytes of a ring with everything, and of the part that is backed by memory from the start:
 * all but the large payloads. */
uint64_t mci_ring_packet_size(uint32_t depth, uint32_t payload);
uint64_t mci_ring_packet_head_size(uint32_t depth);

/* A view of the ring at `base`, at its first position. */
void mci_ring_packet_view(struct mci_ring_packet *ring, unsigned char *base, uint32_t depth,
                          uint32_t payload);

/* Makes an empty ring. Nobody else may use it yet. */
void mci_ring_packet_format(struct mci_ring_packet *ring);

/* Put a view where the marks say that the sender is, or where the receiver's numbers say that
 * it is. For a side that comes back to a ring it has used, and for onlookers while that side
 * does nothing. False: the ring makes no sense, and the view is as it was. */
bool mci_ring_packet_resume_sender(struct mci_ring_packet *ring);
bool mci_ring_packet_resume_receiver(struct mci_ring_packet *ring);

static inline uint32_t mci_ring_next_slot(uint32_t cursor, uint32_t depth)
{
    return cursor + 1 == depth ? 0 : cursor + 1;
}

static inline unsigned char *mci_ring_packet_large(const struct mci_ring_packet *ring,
                                                   uint32_t buffer)
{
    return ring->large + buffer * ring->large_stride;
}

/* `size`: of the packet, in bytes; or as the slot has it, with MCI_PACKET_LARGE. */
static inline unsigned char *mci_ring_packet_payload(const struct mci_ring_packet *ring,
                                                     uint32_t buffer, uint32_t size)
{
    return size <= MCI_PACKET_INLINE ? ring->slots[buffer].payload
                                     : mci_ring_packet_large(ring, buffer);
}

#define MCI_NO_BUFFER UINT32_MAX

/* The buffer of which this is the address, in its slot or in the large room; MCI_NO_BUFFER: of
 * none. */
uint32_t mci_ring_packet_at(const struct mci_ring_packet *ring, const void *payload);

/* --- The sender ----------------------------------------------------------------------- */

static inline bool mci_ring_packet_is_free(const struct mci_ring_packet *ring, uint32_t buffer)
{
    return atomic_load_explicit(&ring->freed[buffer], memory_order_acquire) /* FREED */
        == atomic_load_explicit(&ring->occupant[buffer], memory_order_relaxed);
}

/* Looks how many slots from the cursor on have their own buffer free, and fetches the
 * receiver's lines once for all of them. */
void mci_ring_packet_look(struct mci_ring_packet *ring);

/* Any free buffer, when the slot's own is not; MCI_NO_BUFFER: the ring is full. */
uint32_t mci_ring_packet_find_other(struct mci_ring_packet *ring);

/* A buffer for the next packet, or MCI_NO_BUFFER: the ring is full. */
static inline uint32_t mci_ring_packet_find(struct mci_ring_packet *ring)
{
    if (__builtin_expect(ring->known_free == 0, 0)) {
        mci_ring_packet_look(ring);
        if (ring->known_free == 0)
            return mci_ring_packet_find_other(ring);
    }
    return ring->cursor;
}

/* The cursor has passed the first of the slots whose buffers are spoken for. */
static inline void mci_ring_packet_pass_lent(struct mci_ring_packet *ring)
{
    if (--ring->lent_ahead == 0) {
        ring->known_free = ring->free_behind;
        ring->free_behind = 0;
    }
}

/* Sends the packet that was filled into a buffer that find() has given. */
static inline void mci_ring_packet_send(struct mci_ring_packet *ring, uint32_t buffer,
                                        uint32_t size)
{
    struct mci_packet_slot *slot = &ring->slots[ring->cursor];

    atomic_store_explicit(&ring->occupant[buffer], ring->position, memory_order_relaxed);
    atomic_store_explicit(&slot->size, size, memory_order_relaxed);     /* SENT publishes */
    atomic_store_explicit(&slot->buffer, buffer, memory_order_relaxed); /* SENT publishes */
    atomic_store_explicit(&slot->mark, ring->position, memory_order_release); /* SENT */
    ring->position++;
    ring->cursor = mci_ring_next_slot(ring->cursor, ring->depth);
    if (__builtin_expect(ring->known_free > 0, 1))
        ring->known_free--;
    else if (ring->lent_ahead > 0)
        mci_ring_packet_pass_lent(ring);
}

/* Lends a free buffer, or MCI_NO_BUFFER: there is none. Buffers that are lent one after the
 * other and sent in the same order travel with their own slots, as all others do. */
uint32_t mci_ring_packet_lend(struct mci_ring_packet *ring);

/* A buffer that is lent comes back unsent. */
void mci_ring_packet_unlend(struct mci_ring_packet *ring, uint32_t buffer);

/* Sends the packet in a buffer that is lent; `large`: it lies in the large room. */
static inline void mci_ring_packet_send_lent(struct mci_ring_packet *ring, uint32_t buffer,
                                             uint32_t size, bool large)
{
    ring->lent--;
    if (large && size <= MCI_PACKET_INLINE)
        size |= MCI_PACKET_LARGE;
    mci_ring_packet_send(ring, buffer, size);
}

/* Whether the packet that was sent from this buffer at this position is done with: released,
 * and the buffer perhaps in use again. */
static inline bool mci_ring_packet_is_over(const struct mci_ring_packet *ring, uint32_t buffer,
                                           uint32_t position)
{
    return atomic_load_explicit(&ring->occupant[buffer], memory_order_relaxed) != position
        || atomic_load_explicit(&ring->freed[buffer], memory_order_acquire) /* FREED */
                   == position;
}

/* Free buffers, for the sender or for an onlooker. */
uint32_t mci_ring_packet_room(const struct mci_ring_packet *ring);

/* --- The receiver --------------------------------------------------------------------- */

enum mci_taken { MCI_TAKEN, MCI_NOTHING, MCI_DAMAGED };

static inline bool mci_ring_packet_is_sent(const struct mci_ring_packet *ring, uint32_t slot,
                                           uint32_t position)
{
    return atomic_load_explicit(&ring->slots[slot].mark, memory_order_acquire) /* SENT */
        == position;
}

/* Takes the next packet: it belongs to the caller until mci_ring_packet_free. */
static inline enum mci_taken mci_ring_packet_take(struct mci_ring_packet *ring,
                                                  unsigned char **payload, uint32_t *size)
{
    struct mci_packet_slot *slot = &ring->slots[ring->cursor];
    uint32_t buffer, bytes;

    if (!mci_ring_packet_is_sent(ring, ring->cursor, ring->position))
        return MCI_NOTHING;
    bytes = atomic_load_explicit(&slot->size, memory_order_relaxed);    /* after SENT */
    buffer = atomic_load_explicit(&slot->buffer, memory_order_relaxed); /* after SENT */
    *size = bytes;
    if (__builtin_expect(bytes > ring->payload || buffer >= ring->depth, 0)) {
        *size = bytes & ~MCI_PACKET_LARGE;
        if (bytes == *size || *size > ring->payload || ring->large_stride == 0
            || buffer >= ring->depth)
            return MCI_DAMAGED;
    }
    *payload = mci_ring_packet_payload(ring, buffer, bytes);
    /* For ourselves, and for onlookers. */
    ring->sizes[buffer] = bytes;
    atomic_store_explicit(&ring->taken[buffer], ring->position, memory_order_relaxed);
    ring->position++;
    ring->cursor = mci_ring_next_slot(ring->cursor, ring->depth);
    if (ring->ahead > 0)
        ring->ahead--;
    return MCI_TAKEN;
}

/* Packets that can be taken now. Each is looked at once, however often this is asked. */
uint32_t mci_ring_packet_available(struct mci_ring_packet *ring);

/* The buffer whose payload begins at this address, if it is held; else MCI_NO_BUFFER. */
uint32_t mci_ring_packet_held(const struct mci_ring_packet *ring, const void *payload);

/* Gives held buffers back to the sender, in two steps: first each is free, then they are
 * counted, so that who counts finds them. */
static inline void mci_ring_packet_free(struct mci_ring_packet *ring, uint32_t buffer)
{
    uint32_t position = atomic_load_explicit(&ring->taken[buffer], memory_order_relaxed);

    atomic_store_explicit(&ring->freed[buffer], position, memory_order_release); /* FREED */
}

static inline void mci_ring_packet_count(struct mci_ring_packet *ring, uint32_t count)
{
    ring->released += count;
    atomic_store_explicit(&ring->head->released, ring->released,
                          memory_order_release); /* RELEASED */
}

#endif /* MCI_RING_PACKET_H */
