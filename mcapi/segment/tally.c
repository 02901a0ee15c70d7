/* SPDX-License-Identifier: MIT */
#include "segment/tally.h"

#include <string.h>

#include "segment/ring_packet.h"
#include "segment/ring_scalar.h"

enum {
    /* Looks at a scalar ring: each but the last fails because its sender got on by a lap. */
    MOST_LOOKS = 8,
};

void mci_count_sent(struct mci_channel_slot *slot, uint32_t position)
{
    _Atomic uint64_t *items = &slot->counters[MCI_SEND].items;
    uint64_t known = atomic_load_explicit(items, memory_order_relaxed); /* our own */

    atomic_store_explicit(items, mci_items_before(position, known), memory_order_relaxed);
}

static uint64_t written_down(const struct mci_channel_slot *slot)
{
    return atomic_load_explicit(&slot->counters[MCI_SEND].items, memory_order_relaxed);
}

static uint32_t position_of(uint64_t items)
{
    return (uint32_t)items + (uint32_t)MCI_FIRST_POSITION;
}

/* --- Packets -------------------------------------------------------------------------- */

/* One behind the last of so many positions, in steps from the first one to the next; none of
 * them is before `from`: `from`. */
static uint32_t behind_last(const unsigned char *first, uint32_t step, uint32_t count,
                            uint32_t from)
{
    int32_t last = -1;

    for (uint32_t i = 0; i < count; i++) {
        const _Atomic uint32_t *position = (const void *)(first + (size_t)i * step);
        /* relaxed: nothing behind them is read */
        int32_t distance =
                (int32_t)(atomic_load_explicit(position, memory_order_relaxed) - from);

        if (distance > last)
            last = distance;
    }
    return from + (uint32_t)last + 1;
}

static void tally_packets(const struct mci_map *map, uint32_t channel,
                          const struct mci_ring_shape *shape, struct mci_tally *tally)
{
    uint64_t known = written_down(&map->channels[channel]);
    struct mci_ring_packet ring;
    uint32_t sent, taken;

    mci_ring_packet_view(&ring, mci_region(map, channel), shape->depth, shape->payload);
    /* First what was taken, so that of two looks the later one does not find less queued for
     * more that was taken. */
    taken = behind_last((const unsigned char *)ring.taken, sizeof ring.taken[0], ring.depth,
                        position_of(known) - 2 * ring.depth);
    atomic_thread_fence(memory_order_acquire); /* the marks after that */
    sent = behind_last((const unsigned char *)&ring.slots[0].mark, sizeof ring.slots[0],
                       ring.depth, position_of(known));
    if ((int32_t)(taken - sent) > 0)
        sent = taken;
    tally->sent = mci_items_before(sent, known);
    tally->received = mci_items_before(taken, tally->sent);
    for (uint32_t i = 0; i < ring.depth; i++) {
        uint32_t freed = atomic_load_explicit(&ring.freed[i], memory_order_relaxed);
        uint32_t occupant = atomic_load_explicit(&ring.occupant[i], memory_order_relaxed);

        tally->held += atomic_load_explicit(&ring.taken[i], memory_order_relaxed) != freed;
        tally->lent += occupant == MCI_LENT(freed);
        tally->room += occupant == freed;
    }
}

/* --- Scalars -------------------------------------------------------------------------- */

/* Whether the word of this number is there: the mark is that of its lap. */
static bool is_there(const struct mci_ring_scalar *ring, uint64_t number)
{
    uint32_t places = ring->line_count * MCI_SCALARS_PER_LINE;
    uint32_t place = (uint32_t)(number % places);
    uint32_t lap = (uint32_t)(number / places % MCI_SCALAR_LAPS);

    return mci_ring_scalar_is_sent(ring, place / MCI_SCALARS_PER_LINE,
                                   place % MCI_SCALARS_PER_LINE, MCI_SCALAR_FULL | lap << 2);
}

static uint64_t scalars_sent(const struct mci_channel_slot *slot,
                             const struct mci_ring_scalar *ring)
{
    uint64_t known = written_down(slot);
    uint64_t sent = known;

    for (int looks = 0; looks < MOST_LOOKS; looks++) {
        uint64_t most = known + ring->depth;

        for (sent = known; sent < most && is_there(ring, sent); sent++)
            ;
        /* With a lap more, its marks are on top of those that we looked for. */
        if (written_down(slot) == known)
            break;
        known = written_down(slot);
        sent = known;
    }
    return sent;
}

static void tally_scalars(const struct mci_map *map, uint32_t channel,
                          const struct mci_ring_shape *shape, struct mci_tally *tally)
{
    struct mci_ring_scalar ring;
    uint32_t taken;

    mci_ring_scalar_view(&ring, mci_region(map, channel), shape->depth);
    taken = atomic_load_explicit(&ring.head->taken, memory_order_acquire); /* the marks later */
    tally->sent = scalars_sent(&map->channels[channel], &ring);
    tally->received = mci_items_before(taken, tally->sent);
}

/* -------------------------------------------------------------------------------------- */

bool mci_tally(const struct mci_map *map, uint32_t channel, struct mci_tally *tally)
{
    struct mci_ring_shape shape;

    memset(tally, 0, sizeof *tally);
    if (!mci_ring_shape_read(map, &map->channels[channel], &shape))
        return false;
    if (shape.kind == MCI_CHANNEL_PACKET)
        tally_packets(map, channel, &shape, tally);
    else
        tally_scalars(map, channel, &shape, tally);
    if (tally->received > tally->sent)
        tally->received = tally->sent; /* only in a damaged ring */
    /* When that was sent, the receiver had got on: more does not fit in. */
    if (tally->sent - tally->received > shape.depth)
        tally->received = tally->sent - shape.depth;
    tally->queued = (uint32_t)(tally->sent - tally->received);
    if (shape.kind == MCI_CHANNEL_SCALAR)
        tally->room = shape.depth - tally->queued;
    return true;
}
