/* SPDX-License-Identifier: MIT */
#include "segment/ring_packet.h"

#include <string.h>

static uint64_t line_up(uint64_t bytes)
{
    return (bytes + MCI_LINE - 1) & ~(uint64_t)(MCI_LINE - 1);
}

static uint64_t large_stride(uint32_t payload)
{
    /* One line more than needed: neighbouring payloads begin in different cache sets. */
    return payload <= MCI_PACKET_INLINE ? 0 : line_up(payload) + MCI_LINE;
}

uint64_t mci_ring_packet_head_size(uint32_t depth)
{
    return sizeof(struct mci_packet_head) + 5 * line_up((uint64_t)depth * sizeof(uint32_t))
         + (uint64_t)depth * sizeof(struct mci_packet_slot);
}

uint64_t mci_ring_packet_size(uint32_t depth, uint32_t payload)
{
    return mci_ring_packet_head_size(depth) + depth * large_stride(payload);
}

void mci_ring_packet_view(struct mci_ring_packet *ring, unsigned char *base, uint32_t depth,
                          uint32_t payload)
{
    uint64_t array = line_up((uint64_t)depth * sizeof(uint32_t));
    unsigned char *arrays = base + sizeof(struct mci_packet_head);

    memset(ring, 0, sizeof *ring);
    ring->head = (struct mci_packet_head *)base;
    ring->taken = (_Atomic uint32_t *)arrays;
    ring->freed = (_Atomic uint32_t *)(arrays + array);
    ring->sizes = (uint32_t *)(arrays + 2 * array);
    ring->occupant = (_Atomic uint32_t *)(arrays + 3 * array);
    ring->extent = (uint32_t *)(arrays + 4 * array);
    ring->slots = (struct mci_packet_slot *)(arrays + 5 * array);
    ring->large = base + mci_ring_packet_head_size(depth);
    ring->depth = depth;
    ring->payload = payload;
    ring->large_stride = large_stride(payload);
    ring->position = (uint32_t)MCI_FIRST_POSITION;
    ring->released = ring->position;
}

void mci_ring_packet_format(struct mci_ring_packet *ring)
{
    uint32_t before = ring->position - 1; /* the position of no packet in any buffer */

    for (uint32_t i = 0; i < ring->depth; i++) {
        atomic_store_explicit(&ring->taken[i], before, memory_order_relaxed);
        atomic_store_explicit(&ring->freed[i], before, memory_order_relaxed);
        atomic_store_explicit(&ring->occupant[i], before, memory_order_relaxed);
        ring->sizes[i] = 0;
        ring->extent[i] = 0;
        /* The slot's turn a lap ago. */
        atomic_store_explicit(&ring->slots[i].mark, ring->position + i - ring->depth,
                              memory_order_relaxed);
    }
    atomic_store_explicit(&ring->head->released, ring->released, memory_order_relaxed);
}

/* Slots from this one on, own buffers free: at most so many. */
static uint32_t count_free(const struct mci_ring_packet *ring, uint32_t slot, uint32_t most)
{
    uint32_t count = 0;

    while (count < most && mci_ring_packet_is_free(ring, slot)) {
        count++;
        slot = mci_ring_next_slot(slot, ring->depth);
    }
    return count;
}

void mci_ring_packet_look(struct mci_ring_packet *ring)
{
    /* Only the sender makes a free buffer anything else, and it uses no other slot's buffer
     * while its own is free: what is known to be free stays so until its turn. */
    ring->known_free = count_free(ring, ring->cursor, ring->depth);
    if (ring->known_free > 0)
        ring->lent_ahead = ring->free_behind = 0;
}

bool mci_ring_packet_resume_sender(struct mci_ring_packet *ring)
{
    uint32_t breaks = 0;
    uint32_t last = 0;

    /* Each mark is one more than that of the slot before, but for the sender's own slot,
     * whose mark is as old as the ring is long. */
    for (uint32_t i = 0; i < ring->depth; i++) {
        uint32_t next = mci_ring_next_slot(i, ring->depth);
        uint32_t mark = atomic_load_explicit(&ring->slots[i].mark, memory_order_relaxed);
        uint32_t after = atomic_load_explicit(&ring->slots[next].mark, memory_order_relaxed);

        if (after == mark + 1)
            continue;
        if (after != mark + 1 - ring->depth)
            return false;
        breaks++;
        last = i;
    }
    if (breaks != 1)
        return false;
    ring->position = atomic_load_explicit(&ring->slots[last].mark, memory_order_relaxed) + 1;
    ring->cursor = mci_ring_next_slot(last, ring->depth);
    return true;
}

bool mci_ring_packet_resume_receiver(struct mci_ring_packet *ring)
{
    uint32_t released = atomic_load_explicit(&ring->head->released, memory_order_relaxed);
    uint32_t position = released;

    for (uint32_t i = 0; i < ring->depth; i++)
        position += atomic_load_explicit(&ring->taken[i], memory_order_relaxed)
                 != atomic_load_explicit(&ring->freed[i], memory_order_relaxed); /* held */
    for (uint32_t i = 0; i < ring->depth; i++) {
        uint32_t mark = atomic_load_explicit(&ring->slots[i].mark, memory_order_relaxed);

        /* Sent, or not yet: then the slot has its mark of a lap ago. */
        if (mark != position && mark != position - ring->depth)
            continue;
        ring->position = position;
        ring->cursor = i;
        ring->released = released;
        return true;
    }
    return false;
}

/* The first slot behind those whose own buffers are spoken for. */
static uint32_t slot_behind_lent(const struct mci_ring_packet *ring)
{
    uint32_t slot = ring->cursor + ring->lent_ahead;

    return slot >= ring->depth ? slot - ring->depth : slot;
}

/* This buffer is used before its own slot's turn: it and what lies behind it is not known to be
 * free any more. */
static void use_early(struct mci_ring_packet *ring, uint32_t buffer)
{
    uint32_t first = slot_behind_lent(ring);
    uint32_t distance = buffer >= first ? buffer - first : buffer + ring->depth - first;

    if (distance < ring->free_behind)
        ring->free_behind = distance;
}

uint32_t mci_ring_packet_find_other(struct mci_ring_packet *ring)
{
    uint32_t released =
            atomic_load_explicit(&ring->head->released, memory_order_acquire); /* RELEASED */
    uint32_t buffer = ring->cursor;

    if (ring->position - released + ring->lent >= ring->depth)
        return MCI_NO_BUFFER;
    /* Backwards: the buffer whose own turn is farthest away will be back by then. */
    for (uint32_t i = 0; i < ring->depth; i++) {
        buffer = buffer == 0 ? ring->depth - 1 : buffer - 1;
        if (mci_ring_packet_is_free(ring, buffer)) {
            use_early(ring, buffer);
            return buffer;
        }
    }
    return MCI_NO_BUFFER; /* not with an honest receiver */
}

uint32_t mci_ring_packet_lend(struct mci_ring_packet *ring)
{
    uint32_t buffer, occupant;

    if (ring->known_free == 0 && ring->lent_ahead == 0)
        mci_ring_packet_look(ring);
    if (ring->known_free > 0) {
        ring->free_behind = ring->known_free;
        ring->known_free = 0;
    } else if (ring->free_behind == 0 && ring->lent_ahead > 0) {
        ring->free_behind =
                count_free(ring, slot_behind_lent(ring), ring->depth - ring->lent_ahead);
    }
    if (ring->free_behind > 0) {
        buffer = slot_behind_lent(ring);
        ring->lent_ahead++;
        ring->free_behind--;
    } else {
        buffer = mci_ring_packet_find_other(ring);
        if (buffer == MCI_NO_BUFFER)
            return buffer;
    }
    occupant = atomic_load_explicit(&ring->occupant[buffer], memory_order_relaxed);
    atomic_store_explicit(&ring->occupant[buffer], MCI_LENT(occupant), memory_order_relaxed);
    ring->lent++;
    return buffer;
}

void mci_ring_packet_unlend(struct mci_ring_packet *ring, uint32_t buffer)
{
    uint32_t occupant = atomic_load_explicit(&ring->occupant[buffer], memory_order_relaxed);

    atomic_store_explicit(&ring->occupant[buffer], MCI_LENT(occupant), memory_order_relaxed);
    ring->lent--;
    if (ring->lent_ahead == 0)
        return;
    /* The one that was lent last is the first to be known again. */
    if (mci_ring_next_slot(buffer, ring->depth) == slot_behind_lent(ring)) {
        ring->free_behind++;
        mci_ring_packet_pass_lent(ring);
    }
}

uint32_t mci_ring_packet_room(const struct mci_ring_packet *ring)
{
    uint32_t room = 0;

    for (uint32_t i = 0; i < ring->depth; i++)
        room += mci_ring_packet_is_free(ring, i);
    return room;
}

uint32_t mci_ring_packet_available(struct mci_ring_packet *ring)
{
    if (ring->ahead == 0)
        ring->ahead_cursor = ring->cursor;
    while (ring->ahead < ring->depth
           && mci_ring_packet_is_sent(ring, ring->ahead_cursor, ring->position + ring->ahead)) {
        ring->ahead++;
        ring->ahead_cursor = mci_ring_next_slot(ring->ahead_cursor, ring->depth);
    }
    return ring->ahead;
}

/* The buffer that an address may belong to, or MCI_NO_BUFFER. */
static uint32_t buffer_around(const struct mci_ring_packet *ring, const void *payload)
{
    const unsigned char *at = payload;
    const unsigned char *first = ring->slots[0].payload;
    uint64_t buffer;

    if (at >= first && at < ring->large)
        buffer = (uint64_t)(at - first) / sizeof(struct mci_packet_slot);
    else if (at >= ring->large && ring->large_stride != 0)
        buffer = (uint64_t)(at - ring->large) / ring->large_stride;
    else
        return MCI_NO_BUFFER;
    return buffer < ring->depth ? (uint32_t)buffer : MCI_NO_BUFFER;
}

uint32_t mci_ring_packet_at(const struct mci_ring_packet *ring, const void *payload)
{
    uint32_t buffer = buffer_around(ring, payload);

    if (buffer == MCI_NO_BUFFER
        || (payload != ring->slots[buffer].payload
            && payload != mci_ring_packet_large(ring, buffer)))
        return MCI_NO_BUFFER;
    return buffer;
}

uint32_t mci_ring_packet_held(const struct mci_ring_packet *ring, const void *payload)
{
    uint32_t buffer = buffer_around(ring, payload);

    if (buffer == MCI_NO_BUFFER
        || payload != mci_ring_packet_payload(ring, buffer, ring->sizes[buffer])
        || atomic_load_explicit(&ring->taken[buffer], memory_order_relaxed)
                   == atomic_load_explicit(&ring->freed[buffer], memory_order_relaxed))
        return MCI_NO_BUFFER;
    return buffer;
}
