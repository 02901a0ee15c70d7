/* SPDX-License-Identifier: MIT */
/*
 * check_audit.c - a whole segment is found whole, every kind of fault is found, and no bytes
 * whatever make the audit read outside of the segment.
 */
#include "segment/audit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/runtime.h"
#include "segment/mailbox.h"
#include "segment/ring_packet.h"
#include "segment/ring_scalar.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

enum {
    DEPTH = 4,
    PORT = 9,
    COPIED_MAILBOXES = 8, /* more than there are endpoints */
};

/* A copy of a segment with something of everything in it. */
struct scene {
    struct mci_map map;
    struct mci_node_slot *node;
    struct mci_endpoint_slot *got; /* by one, and on no channel */
    uint32_t got_index;
    struct mci_channel_slot *packets, *scalars;
    struct mci_endpoint_slot *sender; /* of the packet channel */
    struct mci_ring_packet ring;      /* with 2 packets queued, 1 held, 1 buffer free */
    struct mci_ring_scalar words;     /* 2 queued, 1 taken */
    struct mci_mailbox box;           /* of `got`: 2 messages of priority 0, 1 of 3 */
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

/* Buffer 0 is the free one. */
static void lend(struct scene *scene)
{
    atomic_store(&scene->ring.occupant[0], MCI_LENT(atomic_load(&scene->ring.freed[0])));
}

START_TEST(what_is_sent_by_reference_is_accounted_for)
{
    struct mci_audit audit;
    struct scene scene;

    scene_make(&scene);
    lend(&scene);
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

/* --- Faults --------------------------------------------------------------------------- */

static uint32_t *bucket_of(struct scene *scene, const struct mci_endpoint_slot *slot)
{
    return &scene->map.buckets[mci_endpoint_bucket(slot->domain, slot->node, slot->port)];
}

static void no_bucket(struct scene *scene)
{
    *bucket_of(scene, scene->got) = 0;
}

static void wrong_bucket(struct scene *scene)
{
    uint32_t *bucket = bucket_of(scene, scene->got);

    bucket[bucket == scene->map.buckets ? 1 : -1] = *bucket;
    *bucket = 0;
}

static void circle(struct scene *scene)
{
    scene->got->next = scene->got_index + 1;
}

static void bucket_beyond(struct scene *scene)
{
    scene->map.buckets[3] = MCI_ENDPOINT_SLOTS + 1;
}

static void free_in_bucket(struct scene *scene)
{
    atomic_store(&scene->got->handle, 0);
}

static void owner_gone(struct scene *scene)
{
    scene->got->owner = 2;
}

static void owner_beyond(struct scene *scene)
{
    scene->got->owner = 70000;
}

static void owner_other(struct scene *scene)
{
    scene->node->domain++;
}

static void old_handle(struct scene *scene)
{
    scene->got->generation++;
}

static void total(struct scene *scene)
{
    scene->map.header->endpoint_live++;
}

static void owned(struct scene *scene)
{
    scene->node->endpoints--;
}

static void above(struct scene *scene)
{
    struct mci_endpoint_slot *high = &scene->map.endpoints[700];

    *high = *scene->got;
    atomic_store(&high->handle, 1u << 16 | 700);
}

static void got_more(struct scene *scene)
{
    scene->got->get_count++;
}

static void row_less(struct scene *scene)
{
    *mci_get_entry(&scene->map, scene->got->owner, scene->got_index) = 0;
}

static void opened_oddly(struct scene *scene)
{
    scene->got->opened = MCI_END_KINDS;
}

static void no_link(struct scene *scene)
{
    scene->sender->channel = 0;
}

static void foreign_link(struct scene *scene)
{
    scene->got->channel = (uint32_t)(scene->packets - scene->map.channels) + 1;
}

static void free_link(struct scene *scene)
{
    scene->got->channel = 4;
}

static void link_beyond(struct scene *scene)
{
    scene->got->channel = 1000;
}

static void channel_freed(struct scene *scene)
{
    atomic_store(&scene->packets->state, MCI_CHANNEL_FREE);
}

static void channel_state(struct scene *scene)
{
    atomic_store(&scene->packets->state, 7);
}

static void both_over(struct scene *scene)
{
    atomic_store(&scene->packets->side[0], MCI_SIDE_DEAD);
    atomic_store(&scene->packets->side[1], MCI_SIDE_GONE);
}

static void end_gone(struct scene *scene)
{
    scene->packets->end[0] += 1 << 16;
}

static void end_of_other(struct scene *scene)
{
    scene->packets->node[0] = 3;
}

static void side_shut(struct scene *scene)
{
    atomic_store(&scene->packets->side[0], MCI_SIDE_SHUT);
}

static void side_state(struct scene *scene)
{
    atomic_store(&scene->packets->side[0], 9);
}

static void end_not_open(struct scene *scene)
{
    scene->sender->opened = MCI_END_NONE;
}

static void kind(struct scene *scene)
{
    scene->packets->kind = 3;
}

static void depth(struct scene *scene)
{
    scene->packets->depth = 1000 * 1000 * 1000;
}

static void payload(struct scene *scene)
{
    scene->packets->payload = UINT32_MAX;
}

static void not_committed(struct scene *scene)
{
    scene->packets->committed = 100;
}

static void node_state(struct scene *scene)
{
    atomic_store(&scene->map.nodes[2].state, 9);
}

static void node_unheld(struct scene *scene)
{
    atomic_store(&scene->node->liveness.word, 0);
}

static void node_twice(struct scene *scene)
{
    scene->map.nodes[2] = *scene->node;
}

static void control_beyond(struct scene *scene)
{
    atomic_store(&scene->map.header->control, MCI_CONTROL_NAME(1000u, 1u));
}

static void control_dead(struct scene *scene)
{
    atomic_store(&scene->map.header->control, MCI_CONTROL_NAME(2u, 1u));
}

/* The name of an earlier life of a slot that lives again. */
static void control_late(struct scene *scene)
{
    atomic_store(&scene->map.header->control,
                 MCI_CONTROL_NAME((uint32_t)(scene->node - scene->map.nodes),
                                  atomic_load(&scene->node->incarnation) - 1));
}

static void mark(struct scene *scene)
{
    atomic_fetch_add(&scene->ring.slots[1].mark, 1);
}

/* The buffers of the four packets are those of their slots: 0 free, 1 held, 2 and 3 queued. */
static void no_state(struct scene *scene)
{
    atomic_fetch_add(&scene->ring.freed[2], 1);
}

static void lost(struct scene *scene)
{
    atomic_store(&scene->ring.slots[2].buffer, 3);
}

static void too_large(struct scene *scene)
{
    atomic_store(&scene->ring.slots[2].size, 257);
}

static void too_large_by_reference(struct scene *scene)
{
    atomic_store(&scene->ring.slots[2].size, MCI_PACKET_LARGE | 257);
}

static void lent_by_nobody(struct scene *scene)
{
    lend(scene);
    atomic_store(&scene->packets->side[MCI_SEND], MCI_SIDE_GONE);
}

static void uncounted(struct scene *scene)
{
    atomic_fetch_sub(&scene->ring.head->released, 1);
}

static void filled(struct scene *scene)
{
    atomic_store(&scene->ring.occupant[0], (uint32_t)MCI_FIRST_POSITION + 4);
}

static void items_ahead(struct scene *scene)
{
    atomic_store(&scene->packets->counters[MCI_SEND].items, 5);
}

static void words_far_behind(struct scene *scene)
{
    atomic_store(&scene->scalars->counters[MCI_SEND].items, UINT64_MAX - 1000);
}

static void word_mark(struct scene *scene)
{
    atomic_store(&scene->words.lines[0].mark[4], MCI_SCALAR_FULL | 5 << 2);
}

static void word_lap(struct scene *scene)
{
    atomic_store(&scene->words.head->taken, 12345);
}

/* Of priority 0 the first message is gone, and two wait behind it. */
static _Atomic uint64_t *first_waiting(struct scene *scene)
{
    return mci_mailbox_slot(&scene->box, 0, (uint32_t)MCI_FIRST_POSITION + 1);
}

static void box_depth(struct scene *scene)
{
    atomic_store(&scene->box.head->depth, 1000000);
}

static void slot_elsewhere(struct scene *scene)
{
    atomic_fetch_add(first_waiting(scene), 1 << 16);
}

static void cell_beyond(struct scene *scene)
{
    atomic_fetch_add(first_waiting(scene), 1000);
}

static void cell_twice(struct scene *scene)
{
    uint32_t cell = mci_slot_cell(atomic_load(first_waiting(scene)));
    uint32_t second = (uint32_t)MCI_FIRST_POSITION + 2;

    atomic_store(mci_mailbox_slot(&scene->box, 0, second),
                 mci_slot_full(scene->box.generation, second, cell));
}

static void cell_free(struct scene *scene)
{
    mci_mailbox_give(&scene->box, mci_slot_cell(atomic_load(first_waiting(scene))));
}

static void cell_of_nobody(struct scene *scene)
{
    for (uint32_t i = 0; i < scene->box.depth; i++)
        if (atomic_load(&scene->box.cells[i].owner) == MCI_NOBODY)
            atomic_store(&scene->box.cells[i].owner, MCI_CONTROL_NAME(2u, 1u));
}

static const struct {
    void (*plant)(struct scene *scene);
    const char *says;
} faults[] = {
    { no_bucket, "in no bucket" },
    { wrong_bucket, "not its own" },
    { circle, "met twice" },
    { bucket_beyond, "there is none" },
    { free_in_bucket, "which is free" },
    { owner_gone, "is not live" },
    { owner_beyond, "is not live" },
    { owner_other, "its owner is" },
    { old_handle, "with generation" },
    { total, "header: 7 live endpoints" },
    { owned, "says 5 endpoints, and has 6" },
    { above, "above the highest" },
    { got_more, "says 2 gets, and the nodes have 1" },
    { row_less, "says 1 gets, and the nodes have 0" },
    { opened_oddly, "opened as 5" },
    { no_link, "has link 0" },
    { foreign_link, "which is of others" },
    { free_link, "which is free" },
    { link_beyond, "there is none" },
    { channel_freed, "which is free" },
    { channel_state, "state 7" },
    { both_over, "both sides are over" },
    { end_gone, "is gone, and the side is not over" },
    { end_of_other, "and its endpoint of" },
    { side_shut, "its endpoint is open as 1" },
    { side_state, "state 9" },
    { end_not_open, "its endpoint is open as 0" },
    { kind, "kind 3" },
    { depth, "no memory for depth 1000000000" },
    { payload, "no memory for depth" },
    { items_ahead, "has sent 4, and wrote down 5" },
    { words_far_behind, "has sent 3, and wrote down" },
    { not_committed, "no memory for depth" },
    { node_state, "state 9" },
    { node_unheld, "nobody has its liveness word" },
    { node_twice, "both are node <0,1>" },
    { control_beyond, "and there is none" },
    { control_dead, "is dead" },
    { control_late, "is dead" },
    { mark, "marks do not follow" },
    { no_state, "neither free nor queued nor held" },
    { lost, "lie where their marks say" },
    { too_large, "lie where their marks say" },
    { too_large_by_reference, "lie where their marks say" },
    { lent_by_nobody, "1 buffers lent, and nobody has them" },
    { uncounted, "released" },
    { filled, "filled and not sent" },
    { word_mark, "not of two laps" },
    { word_lap, "not of two laps" },
    { box_depth, "make no sense" },
    { slot_elsewhere, "is of position" },
    { cell_beyond, "and there is none" },
    { cell_twice, "in two slots" },
    { cell_free, "is free, and in a slot" },
    { cell_of_nobody, "taken by node slot 2" },
};
enum { FAULTS = sizeof faults / sizeof faults[0] };

START_TEST(every_kind_of_fault_is_found)
{
    struct mci_audit audit;
    struct scene scene;
    bool said = false;

    scene_make(&scene);
    faults[_i].plant(&scene);
    ck_assert(!mci_audit(&scene.map, &audit));
    for (uint32_t i = 0; i < audit.faults && i < MCI_AUDIT_KEPT; i++)
        said = said || strstr(audit.fault[i], faults[_i].says) != NULL;
    ck_assert_msg(said, "\"%s\" is not said, but \"%s\"", faults[_i].says, audit.fault[0]);
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
        { every_kind_of_fault_is_found, FAULTS },
        { random_bytes_are_survived, 3 },
        { a_few_damaged_words_are_survived, 4 },
    };

    return suite_run("audit", tests, SUITE_LENGTH(tests));
}
