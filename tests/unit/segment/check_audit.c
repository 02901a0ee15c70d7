/* SPDX-License-Identifier: MIT */
/*
 * check_audit.c - a whole segment is found whole, every kind of fault is found, and no bytes
 * whatever make the audit read outside of the segment.
 */
#include "unit/segment/audit_faults.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/runtime.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

enum {
    DEPTH = 4,
    PORT = 9,
    COPIED_MAILBOXES = 8, /* more than there are endpoints */
};

/* The tables of a map, in other memory. */
static void map_move(struct mci_map *map, unsigned char *to)
{
    ptrdiff_t by = to - map->segment.base;

    map->segment.base += by;
    map->header = (void *)((unsigned char *)map->header + by);
    map->nodes = (void *)((unsigned char *)map->nodes + by);
    map->endpoints = (void *)((unsigned char *)map->endpoints + by);
    map->buckets = (void *)((unsigned char *)map->buckets + by);
    map->gets = (void *)((unsigned char *)map->gets + by);
    map->channels = (void *)((unsigned char *)map->channels + by);
    map->regions += by;
    map->mailboxes += by;
}

/* Bytes of a segment that are copied: the rest of it is mailboxes that nobody has. */
static uint64_t copied(const struct mci_map *map)
{
    return (uint64_t)(map->mailboxes - map->segment.base)
         + ((uint64_t)COPIED_MAILBOXES << map->mailbox.shift);
}

/* In address space of the same size, of which the rest may not be touched. */
static unsigned char *copy_of(const struct mci_map *map)
{
    unsigned char *copy = mmap(NULL, map->segment.size, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    ck_assert(copy != MAP_FAILED);
    ck_assert_int_eq(mprotect(copy, copied(map), PROT_READ | PROT_WRITE), 0);
    memcpy(copy, map->segment.base, copied(map));
    return copy;
}

static void carry_messages(mcapi_endpoint_t from, mcapi_endpoint_t to)
{
    static const mcapi_priority_t priorities[] = { 0, 3, 0, 0 };
    char text[8];
    size_t size;

    for (size_t i = 0; i < sizeof priorities / sizeof priorities[0]; i++)
        expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, "message", 8, priorities[i], &status));
    expect(MCAPI_SUCCESS, mcapi_msg_recv(to, text, sizeof text, &size, &status));
}

static void carry_packets(const struct pair *pair)
{
    void *packet[2];
    size_t size;

    for (int i = 0; i < 4; i++)
        expect(MCAPI_SUCCESS, mcapi_pktchan_send(pair->send, "packet", 7, &status));
    for (int i = 0; i < 2; i++)
        expect(MCAPI_SUCCESS, mcapi_pktchan_recv(pair->receive, &packet[i], &size, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(packet[0], &status));
}

static void carry_words(const struct pair *pair)
{
    for (uint32_t i = 0; i < 3; i++)
        pair_send_word(pair, i);
    pair_expect_word(pair, 0);
}

static struct mci_channel_slot *channel_of(const struct scene *scene, mcapi_endpoint_t handle)
{
    return &scene->map.channels[scene->map.endpoints[handle & 0xffff].channel - 1];
}

static void scene_make(struct scene *scene)
{
    struct pair packets, scalars;
    mcapi_endpoint_t got;
    mcapi_endpoint_t from;

    setenv("MCAPI_MAX_NODES", "4", 1);
    setenv("MCAPI_MAX_CHANNELS", "4", 1);
    setenv("MCAPI_MAX_BUFFERS", "4", 1);
    setenv("MCAPI_MAX_PKT_SIZE", "256", 1);
    setenv("MCAPI_MAX_MSG_SIZE", "64", 1);
    setenv("MCAPI_MAX_QUEUE_ELEMENTS", "4", 1);
    node_begin();
    packets = pair_open(PACKETS, NULL, NULL);
    scalars = pair_open(SCALARS, NULL, NULL);
    carry_packets(&packets);
    carry_words(&scalars);
    expect(MCAPI_SUCCESS, mcapi_endpoint_create(PORT, &status));
    expect(MCAPI_SUCCESS, got = mcapi_endpoint_get(0, 1, PORT, 0, &status));
    expect(MCAPI_SUCCESS, from = mcapi_endpoint_create(PORT + 1, &status));
    carry_messages(from, got);
    ck_assert_uint_lt(from & 0xffff, COPIED_MAILBOXES);

    scene->map = *mci_map();
    map_move(&scene->map, copy_of(mci_map()));
    scene->got_index = got & 0xffff;
    scene->got = &scene->map.endpoints[scene->got_index];
    scene->node = &scene->map.nodes[scene->got->owner];
    scene->packets = channel_of(scene, packets.send);
    scene->scalars = channel_of(scene, scalars.send);
    scene->sender = &scene->map.endpoints[packets.send & 0xffff];
    mci_ring_packet_view(
            &scene->ring,
            mci_region(&scene->map, (uint32_t)(scene->packets - scene->map.channels)),
            scene->packets->depth, scene->packets->payload);
    mci_ring_scalar_view(
            &scene->words,
            mci_region(&scene->map, (uint32_t)(scene->scalars - scene->map.channels)),
            scene->scalars->depth);
    ck_assert(mci_mailbox_view(&scene->map, got, &scene->box));
}

static void scene_end(struct scene *scene)
{
    munmap(scene->map.segment.base, scene->map.segment.size);
    node_end();
}

START_TEST(a_whole_segment_is_accounted_for)
{
    struct mci_audit_channel carries;
    struct mci_audit audit;
    struct scene scene;

    scene_make(&scene);
    ck_assert_msg(mci_audit(&scene.map, &audit), "%s", audit.fault[0]);
    ck_assert_uint_eq(audit.nodes, 1);
    ck_assert_uint_eq(audit.dead + audit.held, 0);
    ck_assert_uint_eq(audit.endpoints, 6);
    ck_assert_uint_eq(audit.channels, 2);
    ck_assert_uint_eq(audit.gets, 1);
    ck_assert_uint_eq(audit.packets_queued, 2);
    ck_assert_uint_eq(audit.packets_held, 1);
    ck_assert_uint_eq(audit.packets_free, 1);
    ck_assert_uint_eq(audit.scalars_queued, 2);
    ck_assert_uint_eq(audit.mailboxes, 1);
    ck_assert_uint_eq(audit.messages_queued, 3);
    ck_assert_uint_eq(audit.cells_taken, 0);
    ck_assert_uint_eq(audit.cells_free, 1);
    ck_assert(mci_audit_channel(&scene.map, (uint32_t)(scene.packets - scene.map.channels),
                                &carries));
    ck_assert_uint_eq(carries.queued, 2);
    ck_assert_uint_eq(carries.held, 1);
    ck_assert_uint_eq(carries.free, 1);
    ck_assert(!mci_audit_channel(&scene.map, 3, &carries));
    ck_assert(!mci_audit_channel(&scene.map, 4, &carries));
    scene_end(&scene);
}
END_TEST

START_TEST(what_is_sent_by_reference_is_accounted_for)
{
    struct mci_audit audit;
    struct scene scene;

    scene_make(&scene);
    audit_lend(&scene);
    atomic_store(&scene.ring.slots[2].size, MCI_PACKET_LARGE | 7);
    ck_assert_msg(mci_audit(&scene.map, &audit), "%s", audit.fault[0]);
    ck_assert_uint_eq(audit.packets_queued, 2);
    ck_assert_uint_eq(audit.packets_held, 1);
    ck_assert_uint_eq(audit.packets_free, 0);
    ck_assert_uint_eq(audit.packets_lent, 1);
    scene_end(&scene);
}
END_TEST

/* A death is not a fault, and neither is who takes a slot or has left it. */
START_TEST(the_dead_are_counted)
{
    struct mci_audit audit;
    struct scene scene;

    scene_make(&scene);
    atomic_store(&scene.node->liveness.word, FUTEX_OWNER_DIED | FUTEX_WAITERS);
    atomic_store(&scene.map.nodes[2].liveness.word, FUTEX_OWNER_DIED | FUTEX_WAITERS);
    atomic_store(&scene.map.nodes[3].liveness.word, 77 | FUTEX_WAITERS);
    ck_assert_msg(mci_audit(&scene.map, &audit), "%s", audit.fault[0]);
    ck_assert_uint_eq(audit.dead, 2);
    ck_assert_uint_eq(audit.held, 1);
    scene_end(&scene);
}
END_TEST

START_TEST(every_kind_of_fault_is_found)
{
    struct mci_audit audit;
    struct scene scene;
    bool said = false;

    scene_make(&scene);
    audit_faults[_i].plant(&scene);
    ck_assert(!mci_audit(&scene.map, &audit));
    for (uint32_t i = 0; i < audit.faults && i < MCI_AUDIT_KEPT; i++)
        said = said || strstr(audit.fault[i], audit_faults[_i].says) != NULL;
    ck_assert_msg(said, "\"%s\" is not said, but \"%s\"", audit_faults[_i].says,
                  audit.fault[0]);
    scene_end(&scene);
}
END_TEST

/* --- Damage --------------------------------------------------------------------------- */

/* The copy ends where the segment ends: a sanitizer sees each read outside. */
START_TEST(random_bytes_are_survived)
{
    enum { ROUNDS = 12 };
    struct mci_audit audit;
    struct scene scene;
    unsigned seed = (unsigned)_i;

    scene_make(&scene);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t *words = (void *)scene.map.segment.base;
        uint64_t count = copied(&scene.map) / sizeof *words;

        for (uint64_t i = 0; i < count; i++)
            words[i] = (uint32_t)rand_r(&seed) << 16 ^ (uint32_t)rand_r(&seed);
        /* Else hardly any slot would be in use. */
        for (uint32_t n = 0; n < scene.map.limits.max_nodes; n++)
            atomic_store(&scene.map.nodes[n].state, (uint32_t)rand_r(&seed) % 3);
        for (uint32_t c = 0; c < scene.map.limits.max_channels; c++) {
            atomic_store(&scene.map.channels[c].state, (uint32_t)rand_r(&seed) % 3);
            scene.map.channels[c].kind = (uint32_t)rand_r(&seed) % 4;
        }
        for (uint32_t i = 0; i < COPIED_MAILBOXES; i++) {
            struct mci_endpoint_slot *slot = &scene.map.endpoints[i];

            atomic_store(&slot->mailbox, atomic_load(&slot->handle));
        }
        ck_assert(!mci_audit(&scene.map, &audit));
        ck_assert_uint_gt(audit.faults, 0);
    }
    scene_end(&scene);
}
END_TEST

/* Mostly whole, so that the audit gets far. */
START_TEST(a_few_damaged_words_are_survived)
{
    enum { ROUNDS = 250 };
    struct mci_audit audit;
    struct scene scene;
    unsigned seed = (unsigned)_i + 100;
    size_t tables;

    scene_make(&scene);
    tables = (size_t)((unsigned char *)scene.map.gets - scene.map.segment.base);
    for (int round = 0; round < ROUNDS; round++) {
        unsigned char *where[] = {
            scene.map.segment.base,  (void *)scene.map.channels, (void *)scene.map.channels,
            (void *)scene.map.nodes, (void *)scene.ring.head,    (void *)scene.words.head,
            (void *)scene.box.head,  (void *)scene.box.slots,    (void *)scene.box.cells,
        };
        size_t room[] = { tables, 512, 512, 768, 1024, 512, 256, 512, 512 };
        size_t place = (size_t)rand_r(&seed) % (sizeof where / sizeof where[0]);
        uint32_t value = (uint32_t)rand_r(&seed) >> rand_r(&seed) % 31;

        memcpy(where[place] + (size_t)rand_r(&seed) % (room[place] / 4) * 4, &value,
               sizeof value);
        mci_audit(&scene.map, &audit);
    }
    scene_end(&scene);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_whole_segment_is_accounted_for, 1 },
        { what_is_sent_by_reference_is_accounted_for, 1 },
        { the_dead_are_counted, 1 },
        { every_kind_of_fault_is_found, (int)audit_fault_count },
        { random_bytes_are_survived, 3 },
        { a_few_damaged_words_are_survived, 4 },
    };

    return suite_run("audit", tests, SUITE_LENGTH(tests));
}
