/* SPDX-License-Identifier: MIT */
#include "runtime/request_table.h"

#include <stdlib.h>
#include <string.h>

/*
 * Slots:     01 | generation (10 bits, never 0) | index (20 bits)
 * Refusals:  10 | a pattern (22 bits) | status (8 bits)
 * Both bits clear or both set is no request at all: 0 and ~0 among them.
 */
enum { INDEX_BITS = 20, GENERATIONS = 1 << 10 };
static const uint32_t SLOT = UINT32_C(1) << 30;
static const uint32_t REFUSAL = UINT32_C(0x9d3a6c00);

mcapi_request_t mci_request_refused(mcapi_status_t status)
{
    return REFUSAL | (status & 0xff);
}

bool mci_request_is_refusal(mcapi_request_t request, mcapi_status_t *status)
{
    if ((request & ~0xffu) != REFUSAL || (request & 0xff) <= MCAPI_PENDING
        || (request & 0xff) >= MCAPI_STATUSCODE_END)
        return false;
    *status = request & 0xff;
    return true;
}

/* --- Lists ---------------------------------------------------------------------------- */

static uint32_t link_of(const struct mci_request_table *table, const struct mci_request *slot)
{
    return (uint32_t)(slot - table->slots) + 1;
}

static void append(struct mci_request_table *table, struct mci_request_list *list,
                   struct mci_request *slot)
{
    uint32_t link = link_of(table, slot);

    slot->older = list->newest;
    slot->newer = 0;
    if (list->newest != 0)
        table->slots[list->newest - 1].newer = link;
    else
        list->oldest = link;
    list->newest = link;
}

static void detach(struct mci_request_table *table, struct mci_request_list *list,
                   struct mci_request *slot)
{
    if (slot->older != 0)
        table->slots[slot->older - 1].newer = slot->newer;
    else
        list->oldest = slot->newer;
    if (slot->newer != 0)
        table->slots[slot->newer - 1].older = slot->older;
    else
        list->newest = slot->older;
}

/* --- Slots ---------------------------------------------------------------------------- */

mcapi_request_t mci_request_number(const struct mci_request_table *table,
                                   const struct mci_request *slot)
{
    return SLOT | slot->generation << INDEX_BITS | (uint32_t)(slot - table->slots);
}

struct mci_request *mci_request_find(struct mci_request_table *table, mcapi_request_t request)
{
    uint32_t index = request & ((1u << INDEX_BITS) - 1);
    struct mci_request *slot;

    if (request >> 30 != 1 || index >= table->count)
        return NULL;
    slot = &table->slots[index];
    return slot->state != MCI_REQUEST_FREE && mci_request_number(table, slot) == request ? slot
                                                                                         : NULL;
}

struct mci_request *mci_request_take(struct mci_request_table *table)
{
    struct mci_request_list *list = table->free.oldest != 0 ? &table->free : &table->over;
    struct mci_request *slot;

    if (list->oldest == 0)
        return NULL;
    slot = &table->slots[list->oldest - 1];
    while (slot->waiters > 0 && slot->newer != 0)
        slot = &table->slots[slot->newer - 1];
    if (slot->waiters > 0)
        return NULL; /* each is about to be looked at by its waiter */
    detach(table, list, slot);
    slot->was_over = slot->state == MCI_REQUEST_OVER;
    slot->generation_before = slot->generation;
    slot->start_before = slot->start;
    slot->generation = slot->generation + 1 == GENERATIONS ? 1 : slot->generation + 1;
    slot->state = MCI_REQUEST_PENDING;
    slot->waiters = 0;
    slot->looked_at = false;
    slot->next_posted = 0;
    return slot;
}

/* An open that has not finished is counted. */
static void not_open(struct mci_request_table *table, struct mci_request *slot)
{
    table->opens -= slot->is_open;
    slot->is_open = false;
}

void mci_request_finish(struct mci_request_table *table, struct mci_request *slot,
                        mcapi_status_t status, size_t size)
{
    not_open(table, slot);
    slot->state = MCI_REQUEST_OVER;
    slot->status = status;
    slot->size = size;
    append(table, &table->over, slot);
}

/* It was the oldest. */
static void prepend(struct mci_request_table *table, struct mci_request_list *list,
                    struct mci_request *slot)
{
    uint32_t link = link_of(table, slot);

    slot->older = 0;
    slot->newer = list->oldest;
    if (list->oldest != 0)
        table->slots[list->oldest - 1].older = link;
    else
        list->newest = link;
    list->oldest = link;
}

void mci_request_put_back(struct mci_request_table *table, struct mci_request *slot)
{
    if (!slot->was_over) {
        mci_request_free(table, slot);
        return;
    }
    slot->generation = slot->generation_before;
    slot->start = slot->start_before;
    slot->state = MCI_REQUEST_OVER;
    prepend(table, &table->over, slot);
}

void mci_request_free(struct mci_request_table *table, struct mci_request *slot)
{
    if (slot->state == MCI_REQUEST_OVER)
        detach(table, &table->over, slot);
    not_open(table, slot);
    slot->state = MCI_REQUEST_FREE;
    append(table, &table->free, slot);
}

void mci_request_reset(struct mci_request_table *table)
{
    table->free = table->over = (struct mci_request_list){ 0, 0 };
    table->opens = 0;
    for (uint32_t i = 0; i < table->count; i++) {
        table->slots[i].state = MCI_REQUEST_FREE;
        table->slots[i].is_open = false;
        table->slots[i].waiters = 0; /* who still waits finds no request any more */
        append(table, &table->free, &table->slots[i]);
    }
}

/* --- With the node's life ------------------------------------------------------------- */

bool mci_request_prepare(struct mci_node *node, uint32_t count)
{
    struct mci_request_table *table = node->requests;
    /* Nodes of one process begin elsewhere, so that a number of one means nothing to
     * another for long. */
    static uint32_t next_generation = 1;

    if (count > 1u << INDEX_BITS)
        count = 1u << INDEX_BITS;
    if (table == NULL) {
        table = calloc(1, sizeof *table);
        if (table == NULL)
            return false;
        pthread_mutex_init(&table->mutex, NULL);
        node->requests = table;
    }
    mci_request_lock(table);
    if (table->count < count) {
        struct mci_request *slots = realloc(table->slots, count * sizeof *slots);

        if (slots == NULL) {
            mci_request_unlock(table);
            return false;
        }
        memset(slots + table->count, 0, (count - table->count) * sizeof *slots);
        next_generation = (next_generation + 61) % (GENERATIONS - 1) + 1;
        for (uint32_t i = table->count; i < count; i++)
            slots[i].generation = next_generation;
        table->slots = slots;
    }
    /* Never fewer than before: numbers of an earlier life are still looked up. */
    if (table->count < count)
        table->count = count;
    mci_request_reset(table);
    mci_request_unlock(table);
    return true;
}

void mci_request_discard(struct mci_node *node)
{
    mci_request_lock(node->requests);
    mci_request_reset(node->requests);
    mci_request_unlock(node->requests);
}

void mci_request_forget(struct mci_node *node)
{
    struct mci_request_table *table = node->requests;

    if (table == NULL)
        return;
    pthread_mutex_init(&table->mutex, NULL);
    for (uint32_t i = 0; i < table->count; i++)
        table->slots[i].waiters = 0; /* they are the parent's threads */
}
