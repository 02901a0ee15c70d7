/* SPDX-License-Identifier: MIT */
#include "segment/ring_scalar.h"

/* The marks of the lap before. */
static uint32_t lap_before(uint32_t mark)
{
    return MCI_SCALAR_FULL | ((mark - 4) & ((MCI_SCALAR_LAPS - 1) << 2));
}

bool mci_ring_scalar_resume_receiver(struct mci_ring_scalar *ring)
{
    uint32_t position =
            atomic_load_explicit(&ring->head->taken, memory_order_acquire);      /* TAKEN */
    uint64_t lap = atomic_load_explicit(&ring->head->lap, memory_order_acquire); /* LAP */
    uint32_t mark = (uint32_t)(lap >> 32);
    uint32_t place;

    /* A receiver that begins a lap says so first, and then what it took. */
    if (position + 1 == (uint32_t)lap)
        position++;
    place = position - (uint32_t)lap;
    if (place / MCI_SCALARS_PER_LINE >= ring->line_count
        || (mark & ~((MCI_SCALAR_LAPS - 1) << 2)) != MCI_SCALAR_FULL)
        return false;
    ring->position = ring->taken = position;
    ring->mark = mark;
    ring->line = place / MCI_SCALARS_PER_LINE;
    ring->word = place % MCI_SCALARS_PER_LINE;
    ring->ahead = 0;
    return true;
}

/* The sender's place, if the receiver takes nothing meanwhile. */
static bool find_sender(struct mci_ring_scalar *ring, uint32_t *waiting)
{
    struct mci_ring_scalar beyond;

    if (!mci_ring_scalar_resume_receiver(ring))
        return false;
    *waiting = mci_ring_scalar_available(ring);
    for (uint32_t i = 0; i < *waiting; i++)
        mci_ring_scalar_advance(ring);
    ring->ahead = 0;
    /* The places that the sender comes to next have the marks of a lap ago, or none. */
    beyond = *ring;
    for (uint32_t i = *waiting; i < ring->line_count * MCI_SCALARS_PER_LINE; i++) {
        uint32_t mark = atomic_load_explicit(&beyond.lines[beyond.line].mark[beyond.word],
                                             memory_order_relaxed);

        if ((mark & ~3u) != lap_before(beyond.mark)
            && (mark != 0 || beyond.mark != MCI_SCALAR_FULL))
            return false;
        mci_ring_scalar_advance(&beyond);
    }
    return true;
}

bool mci_ring_scalar_resume_sender(struct mci_ring_scalar *ring, uint32_t *waiting)
{
    /* The receiver may take what there is, and no more; and it may just have said that a lap
     * begins, and be about to say what it took before. */
    for (uint32_t tries = 0; tries <= ring->depth + 1; tries++) {
        struct mci_ring_scalar found = *ring;
        uint32_t taken = atomic_load_explicit(&ring->head->taken, memory_order_relaxed);
        bool whole = find_sender(&found, waiting);

        atomic_thread_fence(memory_order_acquire); /* looked at all, and then once more */
        if (atomic_load_explicit(&ring->head->taken, memory_order_relaxed) != taken)
            continue;
        if (whole)
            *ring = found;
        return whole;
    }
    return false;
}
