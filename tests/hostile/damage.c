/* SPDX-License-Identifier: MIT */
/*
 * damage.c - which words of the segment are overwritten, with what, and what they are called.
 */
#include <stdio.h>
#include <string.h>

#include "hostile/hostile.h"
#include "segment/mailbox.h"
#include "segment/ring_packet.h"
#include "segment/ring_scalar.h"

/* --- Words by name -------------------------------------------------------------------- */

struct member {
    const char *name;
    uint32_t offset, size;
};

#define MEMBER(type, member)                                                       \
    {                                                                              \
#member, offsetof(struct type, member), sizeof(((struct type *)0)->member) \
    }

/* Words of several are damaged one at a time. */
static const struct member header_members[] = {
    MEMBER(mci_header, magic),
    MEMBER(mci_header, identity),
    MEMBER(mci_header, layout),
    MEMBER(mci_header, user),
    MEMBER(mci_header, size),
    MEMBER(mci_header, limits),
    MEMBER(mci_header, control),
    MEMBER(mci_header, getters),
    MEMBER(mci_header, endpoint_high),
    MEMBER(mci_header, endpoint_live),
    MEMBER(mci_header, endpoint_cursor),
    MEMBER(mci_header, channel_cursor),
    MEMBER(mci_header, fenced),
};
static const struct member node_members[] = {
    MEMBER(mci_node_slot, liveness.word),
    MEMBER(mci_node_slot, liveness.link_prev),
    MEMBER(mci_node_slot, liveness.link_next),
    MEMBER(mci_node_slot, state),
    MEMBER(mci_node_slot, domain),
    MEMBER(mci_node_slot, node),
    MEMBER(mci_node_slot, process),
    MEMBER(mci_node_slot, process_start),
    MEMBER(mci_node_slot, endpoints),
    MEMBER(mci_node_slot, type),
    MEMBER(mci_node_slot, joined),
    MEMBER(mci_node_slot, incarnation),
    MEMBER(mci_node_slot, thread),
    MEMBER(mci_node_slot, bell),
    MEMBER(mci_node_slot, bell_sleepers),
    MEMBER(mci_node_slot, waits_for_endpoint),
};
static const struct member endpoint_members[] = {
    MEMBER(mci_endpoint_slot, handle),
    MEMBER(mci_endpoint_slot, generation),
    MEMBER(mci_endpoint_slot, owner),
    MEMBER(mci_endpoint_slot, domain),
    MEMBER(mci_endpoint_slot, node),
    MEMBER(mci_endpoint_slot, port),
    MEMBER(mci_endpoint_slot, next),
    MEMBER(mci_endpoint_slot, channel),
    MEMBER(mci_endpoint_slot, opened),
    MEMBER(mci_endpoint_slot, closed),
    MEMBER(mci_endpoint_slot, mailbox),
    MEMBER(mci_endpoint_slot, mailbox_cells),
    MEMBER(mci_endpoint_slot, type),
    MEMBER(mci_endpoint_slot, get_count),
    MEMBER(mci_endpoint_slot, got_by_domain),
    MEMBER(mci_endpoint_slot, got_by_node),
    MEMBER(mci_endpoint_slot, got_by_slot),
    MEMBER(mci_endpoint_slot, max_payload_size),
    MEMBER(mci_endpoint_slot, buffer_type),
    MEMBER(mci_endpoint_slot, memory_type),
    MEMBER(mci_endpoint_slot, num_priorities),
    MEMBER(mci_endpoint_slot, priority),
    MEMBER(mci_endpoint_slot, num_send_buffers),
    MEMBER(mci_endpoint_slot, num_recv_buffers),
    MEMBER(mci_endpoint_slot, timeout),
    MEMBER(mci_endpoint_slot, messages_sent),
    MEMBER(mci_endpoint_slot, messages_received),
};
static const struct member channel_members[] = {
    MEMBER(mci_channel_slot, state),     MEMBER(mci_channel_slot, kind),
    MEMBER(mci_channel_slot, end),       MEMBER(mci_channel_slot, node),
    MEMBER(mci_channel_slot, depth),     MEMBER(mci_channel_slot, payload),
    MEMBER(mci_channel_slot, committed), MEMBER(mci_channel_slot, generation),
    MEMBER(mci_channel_slot, connected), MEMBER(mci_channel_slot, side),
    MEMBER(mci_channel_slot, event),     MEMBER(mci_channel_slot, counters),
};
static const struct member mailbox_members[] = {
    MEMBER(mci_mailbox_head, depth), MEMBER(mci_mailbox_head, levels),
    MEMBER(mci_mailbox_head, mask),  MEMBER(mci_mailbox_head, alarm.word),
    MEMBER(mci_mailbox_head, event), MEMBER(mci_mailbox_head, tail),
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A table of the segment: so many entries, of which words with names are damaged, or any. */
struct table {
    const char *name;
    uint64_t begin, stride;
    uint32_t entries; /* that are damaged */
    uint64_t bytes;   /* of an entry, to be damaged without a name */
    const struct member *members;
    uint32_t count; /* of members; 0: any word */
};

enum { TABLES = 9 };

static uint64_t at(const struct mci_map *map, const void *what)
{
    return (uint64_t)((const unsigned char *)what - map->segment.base);
}

static void fill_tables(const struct mci_map *map, struct table table[TABLES])
{
    uint64_t mailbox = UINT64_C(1) << map->mailbox.shift;
    uint64_t region = UINT64_C(1) << map->region_shift;

    table[0] = (struct table){ "header",
                               0,
                               sizeof *map->header,
                               1,
                               sizeof *map->header,
                               header_members,
                               COUNT(header_members) };
    table[1] = (struct table){ "node",
                               at(map, map->nodes),
                               sizeof *map->nodes,
                               map->limits.max_nodes,
                               sizeof *map->nodes,
                               node_members,
                               COUNT(node_members) };
    table[2] = (struct table){ "endpoint",
                               at(map, map->endpoints),
                               sizeof *map->endpoints,
                               HOSTILE_SLOTS,
                               sizeof *map->endpoints,
                               endpoint_members,
                               COUNT(endpoint_members) };
    table[3] = (struct table){ "channel",
                               at(map, map->channels),
                               sizeof *map->channels,
                               map->limits.max_channels,
                               sizeof *map->channels,
                               channel_members,
                               COUNT(channel_members) };
    table[4] = (struct table){
        "ring", at(map, map->regions), region, map->limits.max_channels, 2048, NULL, 0
    };
    table[5] = (struct table){ "mailbox",
                               at(map, map->mailboxes),
                               mailbox,
                               HOSTILE_SLOTS,
                               sizeof(struct mci_mailbox_head),
                               mailbox_members,
                               COUNT(mailbox_members) };
    table[6] = (struct table){ "mailbox slots",
                               at(map, map->mailboxes) + map->mailbox.slots,
                               mailbox,
                               HOSTILE_SLOTS,
                               256,
                               NULL,
                               0 };
    table[7] = (struct table){ "mailbox cells",
                               at(map, map->mailboxes) + map->mailbox.cells,
                               mailbox,
                               HOSTILE_SLOTS,
                               8 * MCI_MESSAGE_STRIDE,
                               NULL,
                               0 };
    table[8] = (struct table){ "bucket",
                               at(map, map->buckets),
                               sizeof *map->buckets,
                               MCI_BUCKETS,
                               sizeof *map->buckets,
                               NULL,
                               0 };
}

/* Neighbouring rings and mailboxes begin a little later each (map.h). */
static uint64_t shift_of(const struct table *table, uint32_t entry)
{
    return table->stride > 4096 ? (entry & 15) * 256 : 0;
}

void hostile_word_name(const struct mci_map *map, uint64_t offset, char *text, size_t size)
{
    struct table table[TABLES];

    fill_tables(map, table);
    for (uint32_t t = 0; t < TABLES; t++) {
        uint64_t entry, within;

        if (offset < table[t].begin)
            continue;
        entry = (offset - table[t].begin) / table[t].stride;
        within = (offset - table[t].begin) % table[t].stride;
        if (entry >= table[t].entries || within < shift_of(&table[t], (uint32_t)entry))
            continue;
        within -= shift_of(&table[t], (uint32_t)entry);
        if (within >= table[t].bytes)
            continue;
        for (uint32_t m = 0; m < table[t].count; m++)
            if (within - table[t].members[m].offset < table[t].members[m].size) {
                snprintf(text, size, "%s %u, %s + %u", table[t].name, (unsigned)entry,
                         table[t].members[m].name,
                         (unsigned)(within - table[t].members[m].offset));
                return;
            }
        snprintf(text, size, "%s %u, byte %u", table[t].name, (unsigned)entry,
                 (unsigned)within);
        return;
    }
    snprintf(text, size, "offset %#llx", (unsigned long long)offset);
}

/* --- Which word ----------------------------------------------------------------------- */

/* The last word that was chosen in each table, so that two can be swapped. */
static uint64_t chosen_before[TABLES];

/* An offset, and how many bytes: an entry's member, or any word of it. */
static uint64_t choose(struct hostile_random *random, const struct table table[TABLES],
                       uint32_t *which, uint32_t *size)
{
    /* Out of 64; buckets are many, and rarely looked at. */
    static const uint32_t share[TABLES] = { 6, 7, 16, 13, 7, 6, 3, 5, 1 };
    uint32_t point = hostile_below(random, 64);
    const struct table *from;
    uint32_t entry;
    uint64_t offset;

    *which = 0;
    while (point >= share[*which])
        point -= share[(*which)++];
    from = &table[*which];
    entry = hostile_below(random, from->entries);
    if (*which == 2 && hostile_below(random, 2) == 0)
        entry = hostile_below(random, HOSTILE_NODES * HOSTILE_ENDPOINTS);
    offset = from->begin + entry * from->stride + shift_of(from, entry);
    *size = 4;
    if (from->count > 0) {
        const struct member *member = &from->members[hostile_below(random, from->count)];

        offset += member->offset + 4 * (uint64_t)hostile_below(random, (member->size + 3) / 4);
    } else {
        offset += 4 * (uint64_t)hostile_below(random, (uint32_t)(from->bytes / 4));
        if (offset % 8 == 0 && hostile_below(random, 2) == 0)
            *size = 8;
    }
    return offset;
}

/* --- With what ------------------------------------------------------------------------ */

static uint64_t nasty(struct hostile_random *random, const struct mci_map *map, uint64_t was,
                      uint64_t offset)
{
    uint32_t node = hostile_below(random, HOSTILE_NODES);
    uint32_t end = hostile_below(random, HOSTILE_ENDPOINTS);
    const struct mci_node_slot *slot =
            &map->nodes[hostile_below(random, map->limits.max_nodes)];
    const uint64_t values[] = {
        0,
        UINT64_MAX,
        1,
        was + 1,
        was - 1,
        was ^ UINT64_C(1) << hostile_below(random, 32),
        was - 0x10000,
        was + 0x10000,
        ~was,
        map->limits.max_nodes,
        map->limits.max_nodes - 1,
        map->limits.max_channels,
        map->limits.max_channels + 1,
        map->limits.max_buffers,
        map->limits.max_queue_elements,
        MCI_ENDPOINT_SLOTS - 1,
        MCI_ENDPOINT_SLOTS,
        MCI_ENDPOINT_SLOTS + 1,
        UINT32_C(0x7fffffff),
        UINT32_C(0x80000000),
        UINT32_C(0xffff),
        UINT32_C(0x10000),
        FUTEX_OWNER_DIED,
        FUTEX_OWNER_DIED | FUTEX_WAITERS,
        HOSTILE_PAYLOAD,
        HOSTILE_PAYLOAD + 1,
        MCI_PACKET_LARGE,
        MCI_TAKEN_CELL,
        hostile_scene.endpoint[node][end],
        (hostile_scene.endpoint[node][end] & 0xffff) + 1, /* a link */
        hostile_scene.endpoint[node][end] - 0x10000,      /* of an earlier life */
        MCI_CONTROL_NAME((uint32_t)(slot - map->nodes), slot->incarnation),
        slot->liveness.word,
        (offset - at(map, map->endpoints)) / sizeof *map->endpoints + 1, /* to itself */
        (uint64_t)(uintptr_t)map->segment.base,
        hostile_below(random, 16),
        hostile_below(random, 70000),
        hostile_draw(random),
        hostile_draw(random),
        hostile_draw(random),
    };

    return values[hostile_below(random, COUNT(values))];
}

static void put(uint64_t offset, uint32_t size, uint64_t value, const struct mci_map *map)
{
    struct hostile_journal *journal = hostile_journal;
    uint64_t number = atomic_fetch_add_explicit(&journal->damages, 1, memory_order_relaxed);
    struct hostile_damage *damage = &journal->damage[number % HOSTILE_REMEMBERED];
    unsigned char *word = map->segment.base + offset;

    damage->offset = offset;
    damage->size = size;
    damage->call = atomic_load_explicit(&journal->in_round, memory_order_relaxed);
    damage->was =
            size == 8 ? *(volatile uint64_t *)(void *)word : *(volatile uint32_t *)(void *)word;
    damage->is = size == 8 ? value : (uint32_t)value;
    if (size == 8)
        *(volatile uint64_t *)(void *)word = value;
    else
        *(volatile uint32_t *)(void *)word = (uint32_t)value;
}

void hostile_damage(struct hostile_random *random)
{
    const struct mci_map *map = &hostile_journal->map;
    struct table table[TABLES];
    uint32_t which, size;
    uint64_t offset, other, was;

    fill_tables(map, table);
    offset = choose(random, table, &which, &size);
    other = chosen_before[which];
    chosen_before[which] = offset;
    was = *(volatile uint32_t *)(void *)(map->segment.base + offset);
    if (hostile_below(random, 8) == 0 && other != 0) {
        uint64_t its = *(volatile uint32_t *)(void *)(map->segment.base + other);

        put(other, 4, was, map);
        put(offset, 4, its, map);
    } else {
        put(offset, size, nasty(random, map, was, offset), map);
    }
}

void hostile_damage_by(uint32_t where, uint32_t which, uint64_t value)
{
    const struct mci_map *map = &hostile_journal->map;
    struct table table[TABLES];
    const struct table *from;
    uint32_t entry;

    fill_tables(map, table);
    from = &table[where % TABLES];
    entry = where / TABLES % from->entries;
    put(from->begin + entry * from->stride + shift_of(from, entry)
                + 4 * (uint64_t)(which % (from->bytes / 4)),
        4, value, map);
}

bool hostile_is_header(uint32_t where)
{
    return where % TABLES == 0;
}
