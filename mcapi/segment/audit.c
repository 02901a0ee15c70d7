/* SPDX-License-Identifier: MIT */
#include "segment/audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "segment/mailbox.h"
#include "segment/ring_packet.h"
#include "segment/ring_scalar.h"

/* Relaxed throughout: in a quiet segment there is nothing to be ordered with. */
#define LOAD(word) atomic_load_explicit(&(word), memory_order_relaxed)

struct walk {
    const struct mci_map *map;
    struct mci_audit *audit;
    uint32_t end; /* of the endpoint slots that are live; those behind it need no second look */
};

__attribute__((format(printf, 2, 3))) static void fault(struct walk *walk, const char *format,
                                                        ...)
{
    struct mci_audit *audit = walk->audit;
    va_list arguments;

    if (audit->faults < MCI_AUDIT_KEPT) {
        va_start(arguments, format);
        vsnprintf(audit->fault[audit->faults], MCI_AUDIT_TEXT, format, arguments);
        va_end(arguments);
    }
    audit->faults++;
}

/* --- Nodes ---------------------------------------------------------------------------- */

static bool is_live(const struct mci_map *map, uint32_t node)
{
    return node < map->limits.max_nodes && LOAD(map->nodes[node].state) == MCI_NODE_LIVE;
}

static void walk_node(struct walk *walk, uint32_t index)
{
    const struct mci_node_slot *slot = &walk->map->nodes[index];
    uint32_t word = LOAD(slot->liveness.word);
    uint32_t state = LOAD(slot->state);

    walk->audit->dead += mci_robust_dead(word);
    if (state == MCI_NODE_FREE) {
        walk->audit->held += !mci_robust_dead(word) && word != 0;
        return;
    }
    if (state == MCI_NODE_LEAVING)
        return; /* dead, or somebody joins in its place */
    if (state != MCI_NODE_LIVE) {
        fault(walk, "node slot %u: state %u", index, state);
        return;
    }
    walk->audit->nodes++;
    if (!mci_robust_dead(word) && mci_robust_owner(word) == 0)
        fault(walk, "node slot %u: live, and nobody has its liveness word", index);
    for (uint32_t i = 0; i < index; i++)
        if (is_live(walk->map, i) && walk->map->nodes[i].domain == slot->domain
            && walk->map->nodes[i].node == slot->node)
            fault(walk, "node slots %u and %u: both are node <%u,%u>", i, index, slot->domain,
                  slot->node);
}

static void walk_nodes(struct walk *walk)
{
    uint32_t word = LOAD(walk->map->header->control);
    uint32_t slot = MCI_CONTROL_SLOT(word);

    for (uint32_t i = 0; i < walk->map->limits.max_nodes; i++)
        walk_node(walk, i);
    if (word == 0)
        return;
    if (slot >= walk->map->limits.max_nodes)
        fault(walk, "control lock: taken by node slot %u, and there is none", slot);
    else if (mci_robust_owner(LOAD(walk->map->nodes[slot].liveness.word)) == 0
             || (LOAD(walk->map->nodes[slot].incarnation) & 0x7fff)
                        != MCI_CONTROL_INCARNATION(word))
        fault(walk, "control lock: its owner, node slot %u, is dead", slot);
}

/* --- Endpoints ------------------------------------------------------------------------ */

static void walk_endpoint(struct walk *walk, uint32_t index)
{
    const struct mci_map *map = walk->map;
    const struct mci_endpoint_slot *slot = &map->endpoints[index];
    uint32_t handle = LOAD(slot->handle);
    uint32_t owner = MCI_ONCE(slot->owner);

    if (handle == 0)
        return;
    walk->audit->endpoints++;
    walk->end = index + 1;
    if ((handle & 0xffff) != index || handle >> 16 == 0 || handle >> 16 != slot->generation)
        fault(walk, "endpoint %u: handle %#x with generation %u", index, handle,
              slot->generation);
    if (index >= 256 && index >= map->header->endpoint_high)
        fault(walk, "endpoint %u: above the highest in use, %u", index,
              map->header->endpoint_high);
    if (!is_live(map, owner))
        fault(walk, "endpoint %u: its owner, node slot %u, is not live", index, owner);
    else if (map->nodes[owner].domain != slot->domain || map->nodes[owner].node != slot->node)
        fault(walk, "endpoint %u: of node <%u,%u>, and its owner is <%u,%u>", index,
              slot->domain, slot->node, map->nodes[owner].domain, map->nodes[owner].node);
    if (slot->opened >= MCI_END_KINDS || slot->closed >= MCI_END_KINDS)
        fault(walk, "endpoint %u: opened as %u, closed as %u", index, slot->opened,
              slot->closed);
}

/* One chain; `met` has a bit for each endpoint that some chain has led to. */
static void walk_bucket(struct walk *walk, uint32_t bucket, uint8_t met[MCI_ENDPOINT_SLOTS / 8])
{
    uint32_t link = MCI_ONCE(walk->map->buckets[bucket]);

    while (link != 0) {
        const struct mci_endpoint_slot *slot;
        uint32_t index = link - 1;

        if (index >= MCI_ENDPOINT_SLOTS) {
            fault(walk, "bucket %u: leads to endpoint %u, and there is none", bucket, index);
            return;
        }
        if ((met[index / 8] & 1u << index % 8) != 0) {
            fault(walk, "endpoint %u: met twice in the buckets, now in %u", index, bucket);
            return; /* it ends here, in a circle too */
        }
        met[index / 8] |= (uint8_t)(1u << index % 8);
        slot = &walk->map->endpoints[index];
        if (LOAD(slot->handle) == 0)
            fault(walk, "bucket %u: leads to endpoint %u, which is free", bucket, index);
        else if (mci_endpoint_bucket(slot->domain, slot->node, slot->port) != bucket)
            fault(walk, "endpoint %u: in bucket %u, and not its own", index, bucket);
        link = MCI_ONCE(slot->next);
    }
}

static void walk_endpoints(struct walk *walk)
{
    const struct mci_map *map = walk->map;
    uint8_t met[MCI_ENDPOINT_SLOTS / 8] = { 0 };

    for (uint32_t i = 0; i < MCI_ENDPOINT_SLOTS; i++)
        walk_endpoint(walk, i);
    for (uint32_t i = 0; i < MCI_BUCKETS; i++)
        walk_bucket(walk, i, met);
    for (uint32_t i = 0; i < walk->end; i++)
        if (LOAD(map->endpoints[i].handle) != 0 && (met[i / 8] & 1u << i % 8) == 0)
            fault(walk, "endpoint %u: live, and in no bucket", i);
    if (map->header->endpoint_live != walk->audit->endpoints)
        fault(walk, "header: %u live endpoints, and there are %u", map->header->endpoint_live,
              walk->audit->endpoints);
    for (uint32_t n = 0; n < map->limits.max_nodes; n++) {
        uint32_t owned = 0;

        if (!is_live(map, n))
            continue;
        for (uint32_t i = 0; i < walk->end; i++)
            owned += LOAD(map->endpoints[i].handle) != 0 && map->endpoints[i].owner == n;
        if (owned != map->nodes[n].endpoints)
            fault(walk, "node slot %u: says %u endpoints, and has %u", n,
                  map->nodes[n].endpoints, owned);
    }
}

static void walk_gets(struct walk *walk)
{
    const struct mci_map *map = walk->map;

    for (uint32_t i = 0; i < walk->end; i++) {
        const struct mci_endpoint_slot *slot = &map->endpoints[i];
        uint32_t sum = 0;

        if (LOAD(slot->handle) == 0)
            continue;
        /* Rows of slots without a node may have no memory: they are not touched. */
        for (uint32_t n = 0; n < map->limits.max_nodes; n++) {
            uint32_t entry = is_live(map, n) ? *mci_get_entry(map, n, i) : 0;

            sum += entry >> 16 == slot->generation ? entry & 0xffff : 0;
        }
        walk->audit->gets += sum;
        if (slot->get_count != sum)
            fault(walk, "endpoint %u: says %u gets, and the nodes have %u", i, slot->get_count,
                  sum);
    }
}

/* --- Channels ------------------------------------------------------------------------- */

static bool is_over(uint32_t side)
{
    return side == MCI_SIDE_GONE || side == MCI_SIDE_DEAD;
}

static bool opened_as(const struct mci_channel_slot *slot, uint32_t kind, uint32_t side,
                      uint32_t opened)
{
    static const uint32_t kinds[3][MCI_SIDES] = {
        [MCI_CHANNEL_PACKET] = { MCI_END_PACKET_SEND, MCI_END_PACKET_RECEIVE },
        [MCI_CHANNEL_SCALAR] = { MCI_END_SCALAR_SEND, MCI_END_SCALAR_RECEIVE },
    };

    return LOAD(slot->side[side]) == MCI_SIDE_OPEN ? opened == kinds[kind][side]
                                                   : opened == MCI_END_NONE;
}

static void walk_side(struct walk *walk, uint32_t index, uint32_t kind, uint32_t side)
{
    const struct mci_channel_slot *slot = &walk->map->channels[index];
    const struct mci_endpoint_slot *endpoint = mci_endpoint_of(walk->map, slot->end[side]);
    uint32_t state = LOAD(slot->side[side]);

    if (state > MCI_SIDE_DEAD)
        fault(walk, "channel %u, side %u: state %u", index, side, state);
    if (endpoint == NULL) {
        if (!is_over(state))
            fault(walk, "channel %u, side %u: endpoint %#x is gone, and the side is not over",
                  index, side, slot->end[side]);
        return;
    }
    if (endpoint->channel != index + 1)
        fault(walk, "channel %u, side %u: endpoint %#x has link %u", index, side,
              slot->end[side], endpoint->channel);
    if (endpoint->owner != slot->node[side])
        fault(walk, "channel %u, side %u: of node slot %u, and its endpoint of %u", index, side,
              slot->node[side], endpoint->owner);
    if (!opened_as(slot, kind, side, endpoint->opened))
        fault(walk, "channel %u, side %u: state %u, and its endpoint is open as %u", index,
              side, state, endpoint->opened);
}

static void walk_links(struct walk *walk)
{
    const struct mci_map *map = walk->map;

    for (uint32_t i = 0; i < walk->end; i++) {
        const struct mci_endpoint_slot *slot = &map->endpoints[i];
        uint32_t handle = LOAD(slot->handle);
        uint32_t link = LOAD(slot->channel);
        const struct mci_channel_slot *channel;

        if (handle == 0 || link == 0)
            continue;
        if (link > map->limits.max_channels) {
            fault(walk, "endpoint %u: on channel %u, and there is none", i, link - 1);
            continue;
        }
        channel = &map->channels[link - 1];
        if (LOAD(channel->state) != MCI_CHANNEL_CONNECTED)
            fault(walk, "endpoint %u: on channel %u, which is free", i, link - 1);
        else if ((channel->end[MCI_SEND] == handle) + (channel->end[MCI_RECEIVE] == handle)
                 != 1)
            fault(walk, "endpoint %u: on channel %u, which is of others", i, link - 1);
    }
}

/* --- Rings ---------------------------------------------------------------------------- */

/* Buffers of a packet ring by state. */
struct buffers {
    struct mci_audit_channel carries;
    uint32_t filled; /* by a sender that has not sent it (any more) */
    bool confused;   /* one is in no state at all */
};

static void count_buffers(const struct mci_ring_packet *ring, uint32_t sent,
                          struct buffers *buffers)
{
    memset(buffers, 0, sizeof *buffers);
    for (uint32_t i = 0; i < ring->depth; i++) {
        uint32_t taken = LOAD(ring->taken[i]);
        uint32_t freed = LOAD(ring->freed[i]);
        uint32_t occupant = LOAD(ring->occupant[i]);

        if (taken == occupant && freed == occupant)
            buffers->carries.free++;
        else if (taken == occupant)
            buffers->carries.held++;
        else if (freed != taken)
            buffers->confused = true;
        else if (occupant == MCI_LENT(freed))
            buffers->carries.lent++;
        else if (occupant == sent)
            buffers->filled++;
        else
            buffers->carries.queued++;
    }
}

/* Whether every packet behind `from`, up to the sender's place, lies in a buffer that says so.
 */
static bool packets_are_there(const struct mci_ring_packet *ring, uint32_t queued)
{
    uint32_t slot = ring->cursor;

    for (uint32_t i = 1; i <= queued; i++) {
        uint32_t buffer;

        slot = slot == 0 ? ring->depth - 1 : slot - 1;
        buffer = LOAD(ring->slots[slot].buffer);
        if (buffer >= ring->depth
            || (LOAD(ring->slots[slot].size) & ~MCI_PACKET_LARGE) > ring->payload
            || LOAD(ring->occupant[buffer]) != ring->position - i
            || LOAD(ring->taken[buffer]) == ring->position - i)
            return false;
    }
    return true;
}

/* What the sender wrote down is what it has sent, up to a lap ago (tally.h). */
static void walk_items(struct walk *walk, uint32_t index, uint32_t depth, uint32_t position)
{
    const struct mci_channel_slot *slot = &walk->map->channels[index];
    uint32_t items = (uint32_t)LOAD(slot->counters[MCI_SEND].items);
    uint32_t sent = position - (uint32_t)MCI_FIRST_POSITION;

    if (sent - items > depth)
        fault(walk, "channel %u: has sent %u, and wrote down %u", index, sent, items);
}

static void walk_packets(struct walk *walk, uint32_t index, const struct mci_ring_shape *shape,
                         struct mci_audit_channel *carries)
{
    const struct mci_channel_slot *slot = &walk->map->channels[index];
    struct mci_ring_packet ring;
    struct buffers buffers;
    uint32_t released, counted, side;

    mci_ring_packet_view(&ring, mci_region(walk->map, index), shape->depth, shape->payload);
    if (!mci_ring_packet_resume_sender(&ring)) {
        fault(walk, "channel %u: its marks do not follow each other", index);
        return;
    }
    walk_items(walk, index, ring.depth, ring.position);
    count_buffers(&ring, ring.position, &buffers);
    *carries = buffers.carries;
    if (buffers.confused)
        fault(walk, "channel %u: a buffer is neither free nor queued nor held", index);
    if (buffers.filled > (is_over(LOAD(slot->side[MCI_SEND])) ? 1u : 0u))
        fault(walk, "channel %u: %u packets are filled and not sent", index, buffers.filled);
    carries->free += buffers.filled; /* nobody will ever see that packet */
    if (carries->queued + carries->held + carries->free + carries->lent != ring.depth)
        fault(walk, "channel %u: %u buffers queued, %u held, %u free, %u lent, of %u", index,
              carries->queued, carries->held, carries->free, carries->lent, ring.depth);
    /* Who lets go gives back what was lent; who dies does not. */
    side = LOAD(slot->side[MCI_SEND]);
    if (carries->lent > 0 && side != MCI_SIDE_OPEN && side != MCI_SIDE_DEAD)
        fault(walk, "channel %u: %u buffers lent, and nobody has them", index, carries->lent);
    if (!packets_are_there(&ring, carries->queued))
        fault(walk, "channel %u: not all of %u packets lie where their marks say", index,
              carries->queued);
    /* A receiver that died between freeing and counting leaves some uncounted. */
    released = LOAD(ring.head->released);
    counted = ring.position - released - carries->queued - carries->held;
    if (counted > (is_over(LOAD(slot->side[MCI_RECEIVE])) ? carries->free + carries->lent : 0))
        fault(walk, "channel %u: sent %u, released %u, queued %u, held %u", index,
              ring.position, released, carries->queued, carries->held);
}

static void walk_scalars(struct walk *walk, uint32_t index, const struct mci_ring_shape *shape,
                         struct mci_audit_channel *carries)
{
    struct mci_ring_scalar ring;

    mci_ring_scalar_view(&ring, mci_region(walk->map, index), shape->depth);
    if (!mci_ring_scalar_resume_sender(&ring, &carries->queued)) {
        fault(walk, "channel %u: its marks are not of two laps that follow each other", index);
        return;
    }
    walk_items(walk, index, ring.depth, ring.position);
    if (carries->queued > ring.depth)
        fault(walk, "channel %u: %u scalars queued, of %u", index, carries->queued, ring.depth);
}

static void walk_ring(struct walk *walk, uint32_t index, struct mci_audit_channel *carries)
{
    const struct mci_channel_slot *slot = &walk->map->channels[index];
    struct mci_ring_shape shape;

    memset(carries, 0, sizeof *carries);
    if (!mci_ring_shape_read(walk->map, slot, &shape))
        fault(walk, "channel %u: kind %u, no memory for depth %u, payload %u", index,
              shape.kind, shape.depth, shape.payload);
    else if (shape.kind == MCI_CHANNEL_PACKET)
        walk_packets(walk, index, &shape, carries);
    else
        walk_scalars(walk, index, &shape, carries);
}

static void walk_channel(struct walk *walk, uint32_t index)
{
    const struct mci_channel_slot *slot = &walk->map->channels[index];
    struct mci_audit *audit = walk->audit;
    struct mci_audit_channel carries;
    uint32_t kind = MCI_ONCE(slot->kind);

    if (LOAD(slot->state) == MCI_CHANNEL_FREE)
        return;
    if (LOAD(slot->state) != MCI_CHANNEL_CONNECTED) {
        fault(walk, "channel %u: state %u", index, LOAD(slot->state));
        return;
    }
    audit->channels++;
    if (is_over(LOAD(slot->side[MCI_SEND])) && is_over(LOAD(slot->side[MCI_RECEIVE])))
        fault(walk, "channel %u: both sides are over, and it is not free", index);
    walk_ring(walk, index, &carries);
    if (kind == MCI_CHANNEL_PACKET || kind == MCI_CHANNEL_SCALAR)
        for (uint32_t side = 0; side < MCI_SIDES; side++)
            walk_side(walk, index, kind, side);
    if (kind == MCI_CHANNEL_SCALAR) {
        audit->scalars_queued += carries.queued;
    } else {
        audit->packets_queued += carries.queued;
        audit->packets_held += carries.held;
        audit->packets_free += carries.free;
        audit->packets_lent += carries.lent;
    }
}

/* --- Mailboxes ------------------------------------------------------------------------ */

/* Whether somebody may be filling a cell with this name in it. */
static bool is_filled_by_someone(const struct mci_map *map, uint32_t name)
{
    uint32_t node = MCI_CONTROL_SLOT(name);

    return name != MCI_NOBODY && name != MCI_TAKEN_CELL
        && (is_live(map, node)
            || (node < map->limits.max_nodes
                && LOAD(map->nodes[node].state) == MCI_NODE_LEAVING));
}

/* One ring of slots. They follow each other: first those with messages, from the receiver's
 * place on, then empty ones of the same lap and, behind the receiver, of the next. `met`
 * counts the slots that each cell is in. */
static uint32_t walk_level(struct walk *walk, const struct mci_mailbox *box, uint32_t level,
                           uint8_t *met)
{
    uint32_t waiting = 0;

    for (uint32_t i = 0; i <= box->mask; i++) {
        uint64_t word = LOAD(box->slots[level * box->stride + i]);
        uint32_t cell = mci_slot_cell(word);

        if (word >> 48 != box->generation || (mci_slot_position(word) & box->mask) != i)
            fault(walk, "mailbox %u, level %u: slot %u is of position %u, generation %u",
                  box->index, level, i, mci_slot_position(word), (uint32_t)(word >> 48));
        if ((word & MCI_SLOT_FULL) == 0)
            continue;
        waiting++;
        if (cell >= box->depth)
            fault(walk, "mailbox %u, level %u: slot %u holds cell %u, and there is none",
                  box->index, level, i, cell);
        else if (met[cell]++ != 0)
            fault(walk, "mailbox %u: cell %u is in two slots", box->index, cell);
    }
    return waiting;
}

static void walk_cells(struct walk *walk, const struct mci_mailbox *box, const uint8_t *met)
{
    struct mci_audit *audit = walk->audit;

    for (uint32_t i = 0; i < box->depth; i++) {
        uint32_t name = LOAD(box->cells[i].owner);

        if (name == MCI_NOBODY) {
            audit->cells_free++;
            if (met[i] != 0)
                fault(walk, "mailbox %u: cell %u is free, and in a slot", box->index, i);
        } else if (met[i] == 0) {
            audit->cells_taken++;
            if (name != MCI_TAKEN_CELL && !is_filled_by_someone(walk->map, name))
                fault(walk, "mailbox %u: cell %u is taken by node slot %u, and there is none",
                      box->index, i, MCI_CONTROL_SLOT(name));
        }
    }
}

static void walk_mailbox(struct walk *walk, uint32_t index)
{
    uint32_t handle = LOAD(walk->map->endpoints[index].handle);
    static _Thread_local uint8_t met[MCI_MOST_CELLS];
    struct mci_mailbox box;

    if (handle == 0 || (handle & 0xffff) != index
        || LOAD(walk->map->endpoints[index].mailbox) != handle)
        return;
    walk->audit->mailboxes++;
    if (!mci_mailbox_view(walk->map, handle, &box)) {
        fault(walk, "mailbox %u: its depth, levels and places make no sense", index);
        return;
    }
    memset(met, 0, box.depth);
    for (uint32_t level = 0; level < box.levels; level++)
        walk->audit->messages_queued += walk_level(walk, &box, level, met);
    walk_cells(walk, &box, met);
}

/* -------------------------------------------------------------------------------------- */

bool mci_audit(const struct mci_map *map, struct mci_audit *audit)
{
    struct walk walk = { .map = map, .audit = audit };

    memset(audit, 0, sizeof *audit);
    walk_nodes(&walk);
    walk_endpoints(&walk);
    walk_gets(&walk);
    for (uint32_t i = 0; i < map->limits.max_channels; i++)
        walk_channel(&walk, i);
    walk_links(&walk);
    for (uint32_t i = 0; i < walk.end; i++)
        walk_mailbox(&walk, i);
    return audit->faults == 0;
}

bool mci_audit_channel(const struct mci_map *map, uint32_t channel,
                       struct mci_audit_channel *carries)
{
    struct mci_audit audit = { 0 };
    struct walk walk = { .map = map, .audit = &audit };

    memset(carries, 0, sizeof *carries);
    if (channel >= map->limits.max_channels
        || LOAD(map->channels[channel].state) != MCI_CHANNEL_CONNECTED)
        return false;
    walk_ring(&walk, channel, carries);
    return audit.faults == 0;
}
