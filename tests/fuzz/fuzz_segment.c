/* SPDX-License-Identifier: MIT */
/*
 * fuzz_segment.c - an input is what lies in the segment: whoever attaches and looks at it finds
 * it sound or says what is wrong, and reads nothing else; what mcapi_inspect prints too.
 *
 * The segment of a small topology is put back to what it was and then overwritten: records of
 * eight bytes say which word becomes what; an input that begins with 0xff is laid over the
 * beginning of the segment as it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "hostile/hostile.h"
#include "mcapi_inspect/tables.h"
#include "segment/audit.h"
#include "segment/tally.h"

enum { RAW = 0xff, RECORD = 8 };

struct hostile_journal *hostile_journal;

static const struct mci_limits wanted = {
    .max_nodes = 6,
    .max_channels = 8,
    .max_endpoints = 64,
    .max_requests = 16,
    .max_msg_size = 300,
    .max_pkt_size = 300,
    .max_queue_elements = 8,
    .max_buffers = 8,
};

static void begin(void)
{
    struct hostile_random random = { .state = 1 };

    fuzz_begin("segment");
    if (freopen("/dev/null", "w", stdout) == NULL)
        abort();
    hostile_journal = calloc(1, sizeof *hostile_journal);
    if (hostile_journal == NULL || !hostile_scene_begin(&random)) {
        fprintf(stderr, "fuzz_segment: the topology cannot be made\n");
        abort();
    }
}

/* Which table and entry (16 bits), which word (16 bits), its value (32 bits). */
static void overwrite(const uint8_t *record)
{
    hostile_damage_by((uint32_t)record[0] << 8 | record[1],
                      (uint32_t)record[2] << 8 | record[3],
                      (uint32_t)record[4] << 24 | (uint32_t)record[5] << 16
                              | (uint32_t)record[6] << 8 | record[7]);
}

static void look_at(const struct mci_map *map)
{
    static struct mci_audit audit;
    struct mci_audit_channel carries;
    struct mci_tally tally;

    mci_audit(map, &audit);
    print_nodes(map);
    print_endpoints(map);
    print_channels(map);
    print_mailboxes(map);
    print_sums(map, &audit);
    for (uint32_t i = 0; i < map->limits.max_channels && i < 64; i++) {
        mci_audit_channel(map, i, &carries);
        mci_tally(map, i, &tally);
    }
}

/* Another process comes, as far as it can tell. */
static void attach(void)
{
    struct mci_map map = { .segment = { .base = NULL } };
    char reason[256] = "";

    if (mci_map_attach(&map, "segment", &wanted, reason, sizeof reason))
        mci_map_detach(&map, false);
    else if (reason[0] == '\0')
        abort(); /* refused, and nobody says why */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool begun;
    bool header = size > 0 && data[0] == RAW;

    if (!begun)
        begin();
    begun = true;
    hostile_scene_heal(false);
    if (header) {
        size_t room = sizeof(struct mci_header) + 6 * sizeof(struct mci_node_slot);

        memcpy(hostile_journal->map.segment.base, data + 1, size - 1 < room ? size - 1 : room);
    } else {
        for (size_t i = 0; i + RECORD <= size; i += RECORD) {
            overwrite(data + i);
            header = header || hostile_is_header(data[i] << 8 | data[i + 1]);
        }
    }
    look_at(&hostile_journal->map);
    if (header)
        attach();
    return 0;
}
