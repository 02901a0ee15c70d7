/* SPDX-License-Identifier: MIT */
/* audit_faults.c - the faults that check_audit.c has the audit find, one by one. */
#include "unit/segment/audit_faults.h"

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
    audit_lend(scene);
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

const struct audit_fault audit_faults[] = {
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
const size_t audit_fault_count = sizeof audit_faults / sizeof audit_faults[0];
