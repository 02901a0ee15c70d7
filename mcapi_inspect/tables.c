/* SPDX-License-Identifier: MIT */
#include "mcapi_inspect/tables.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "os/clock.h"
#include "os/robust.h"
#include "segment/mailbox.h"
#include "segment/tally.h"

/* Relaxed: each number is alone with its meaning, and somebody else's. */
#define NOW(word) atomic_load_explicit(&(word), memory_order_relaxed)

enum { NAME = 48 }; /* bytes of an endpoint's name */

/* --- Nodes ---------------------------------------------------------------------------- */

static bool is_live(const struct mci_map *map, uint32_t node)
{
    return node < map->limits.max_nodes && NOW(map->nodes[node].state) == MCI_NODE_LIVE;
}

static const char *condition(const struct mci_node_slot *slot)
{
    uint32_t word = NOW(slot->liveness.word);

    if (mci_robust_dead(word))
        return "dead";
    return mci_robust_owner(word) == 0 ? "nobody" : "live";
}

void print_nodes(const struct mci_map *map)
{
    printf("\n%4s  %-23s %8s  %-6s %9s  %s\n", "slot", "node", "process", "is", "endpoints",
           "seconds");
    for (uint32_t i = 0; i < map->limits.max_nodes; i++) {
        const struct mci_node_slot *slot = &map->nodes[i];
        char name[NAME];
        uint64_t joined = MCI_ONCE(slot->joined);

        if (!is_live(map, i))
            continue;
        snprintf(name, sizeof name, "<%" PRIu32 ",%" PRIu32 ">", slot->domain, slot->node);
        printf("%4" PRIu32 "  %-23s %8" PRIu32 "  %-6s %9" PRIu32 "  %.0f\n", i, name,
               slot->process, condition(slot), slot->endpoints,
               (double)((int64_t)mci_clock_now() - (int64_t)joined) / 1e9);
    }
}

/* --- Endpoints ------------------------------------------------------------------------ */

static const char *word_of(const char *const *words, uint32_t count, uint32_t value)
{
    return value < count ? words[value] : "?";
}

void print_endpoints(const struct mci_map *map)
{
    static const char *const ends[MCI_END_KINDS] = {
        "", "packet sender", "packet receiver", "scalar sender", "scalar receiver",
    };

    printf("\n%-10s  %-34s %5s  %8s  %s\n", "endpoint", "name", "gets", "channel", "open as");
    for (uint32_t i = 0; i < MCI_ENDPOINT_SLOTS; i++) {
        const struct mci_endpoint_slot *slot = &map->endpoints[i];
        uint32_t handle = NOW(slot->handle);
        uint32_t link = NOW(slot->channel);
        char name[NAME], channel[16] = "";

        if (handle == 0)
            continue;
        snprintf(name, sizeof name, "<%" PRIu32 ",%" PRIu32 ",%" PRIu32 ">", slot->domain,
                 slot->node, slot->port);
        if (link != 0)
            snprintf(channel, sizeof channel, "%" PRIu32, link - 1);
        printf("%#-10" PRIx32 "  %-34s %5" PRIu32 "  %8s  %s\n", handle, name, slot->get_count,
               channel, word_of(ends, MCI_END_KINDS, MCI_ONCE(slot->opened)));
    }
}

/* --- Channels ------------------------------------------------------------------------- */

static const char *side_word(const struct mci_channel_slot *slot, enum mci_side side)
{
    static const char *const words[] = { "shut", "open", "gone", "dead" };

    return word_of(words, 4, NOW(slot->side[side]));
}

static void print_channel(const struct mci_map *map, uint32_t index)
{
    static const char *const kinds[] = { "?", "packets", "scalars" };
    const struct mci_channel_slot *slot = &map->channels[index];
    struct mci_ring_shape shape;
    struct mci_tally tally;
    bool sound = mci_ring_shape_read(map, slot, &shape) && mci_tally(map, index, &tally);

    printf("%7" PRIu32 "  %-7s %#-10" PRIx32 " %-5s %#-10" PRIx32 " %-5s", index,
           word_of(kinds, 3, shape.kind), slot->end[MCI_SEND], side_word(slot, MCI_SEND),
           slot->end[MCI_RECEIVE], side_word(slot, MCI_RECEIVE));
    if (sound)
        printf(" %6" PRIu32 " %6" PRIu32 " %5" PRIu32 " %5" PRIu32 " %6" PRIu32 " %12" PRIu64
               "\n",
               shape.depth, tally.queued, tally.held, tally.lent, tally.room, tally.sent);
    else
        printf(" damaged: depth %" PRIu32 ", payload %" PRIu32 "\n", shape.depth,
               shape.payload);
}

void print_channels(const struct mci_map *map)
{
    printf("\n%7s  %-7s %-16s %-16s %6s %6s %5s %5s %6s %12s\n", "channel", "carries", "from",
           "to", "depth", "queued", "held", "lent", "free", "sent");
    for (uint32_t i = 0; i < map->limits.max_channels; i++)
        if (NOW(map->channels[i].state) != MCI_CHANNEL_FREE)
            print_channel(map, i);
}

/* --- Mailboxes ------------------------------------------------------------------------ */

static void print_mailbox(const struct mci_map *map, uint32_t handle)
{
    struct mci_mailbox box = { .depth = 0 };
    uint32_t cells[3] = { 0, 0, 0 }; /* free, being read, with a sender's name in it */

    if (!mci_mailbox_view(map, handle, &box)) {
        printf("%#-10" PRIx32 "  damaged: depth %" PRIu32 ", levels %" PRIu32 "\n", handle,
               box.depth, box.levels);
        return;
    }
    for (uint32_t i = 0; i < box.depth; i++) {
        uint32_t name = NOW(box.cells[i].owner);

        cells[name == MCI_NOBODY ? 0 : name == MCI_TAKEN_CELL ? 1 : 2]++;
    }
    printf("%#-10" PRIx32 "  %6" PRIu32 " %6" PRIu32 " %14" PRIu32 " %10" PRIu32 " %6" PRIu32
           "\n",
           handle, box.depth, box.levels, cells[2], cells[1], cells[0]);
}

void print_mailboxes(const struct mci_map *map)
{
    printf("\n%-10s  %6s %6s %14s %10s %6s\n", "mailbox of", "depth", "levels", "sent or taken",
           "being read", "free");
    for (uint32_t i = 0; i < MCI_ENDPOINT_SLOTS; i++) {
        uint32_t handle = NOW(map->endpoints[i].handle);

        if (handle != 0 && (handle & 0xffff) == i && NOW(map->endpoints[i].mailbox) == handle)
            print_mailbox(map, handle);
    }
}

/* --- Sums ----------------------------------------------------------------------------- */

/* Bytes that the kernel has given to the segment. */
static uint64_t bytes_in_use(const struct mci_map *map)
{
    struct stat status;

    return fstat(map->segment.fd, &status) == 0 ? (uint64_t)status.st_blocks * 512 : 0;
}

/* Bytes that were asked for, as the segment says: tables, rings, mailboxes, gets. */
static void print_memory(const struct mci_map *map)
{
    uint64_t tables = (uint64_t)((unsigned char *)map->gets - map->segment.base);
    uint64_t rings = 0, mailboxes = 0, gets = 0;
    uint64_t row = MCI_ENDPOINT_SLOTS * sizeof(uint32_t);
    uint64_t region = UINT64_C(1) << map->region_shift;

    for (uint32_t i = 0; i < map->limits.max_channels; i++) {
        uint64_t committed = MCI_ONCE(map->channels[i].committed);

        rings += committed < region ? committed : region;
    }
    for (uint32_t i = 0; i < MCI_ENDPOINT_SLOTS; i++) {
        uint32_t cells = MCI_ONCE(map->endpoints[i].mailbox_cells);

        if (cells != 0 && cells <= map->mailbox.depth)
            mailboxes += map->mailbox.cells + (uint64_t)cells * MCI_MESSAGE_STRIDE;
    }
    for (uint32_t i = 0; i < map->limits.max_nodes; i++)
        gets += NOW(map->nodes[i].incarnation) != 0 ? row : 0;
    printf("memory: %" PRIu64 " bytes in use, of %" PRIu64
           " bytes of address space; tables %" PRIu64 ", gets %" PRIu64 ", rings %" PRIu64
           ", mailboxes %" PRIu64 ", and what is left: large payloads, and the ends of pages\n",
           bytes_in_use(map), map->segment.size, tables, gets, rings, mailboxes);
}

void print_sums(const struct mci_map *map, const struct mci_audit *audit)
{
    printf("\nnodes: %" PRIu32 " live, %" PRIu32 " of them or of those joining dead, %" PRIu32
           " slots taken otherwise, %" PRIu32 " free\n",
           audit->nodes, audit->dead, audit->held,
           map->limits.max_nodes - audit->nodes - audit->held);
    printf("endpoints: %" PRIu32 ", %" PRIu32 " free; %" PRIu32 " gets\n", audit->endpoints,
           MCI_ENDPOINT_SLOTS - audit->endpoints, audit->gets);
    printf("channels: %" PRIu32 " connected, %" PRIu32 " free\n", audit->channels,
           map->limits.max_channels - audit->channels);
    printf("packets: %" PRIu64 " queued, %" PRIu64 " held, %" PRIu64 " buffers lent, %" PRIu64
           " free\n",
           audit->packets_queued, audit->packets_held, audit->packets_lent,
           audit->packets_free);
    printf("scalars: %" PRIu64 " queued\n", audit->scalars_queued);
    printf("messages: %" PRIu64 " queued in %" PRIu32 " mailboxes; cells: %" PRIu64
           " taken and in no slot, %" PRIu64 " free\n",
           audit->messages_queued, audit->mailboxes, audit->cells_taken, audit->cells_free);
    print_memory(map);
}
