/* SPDX-License-Identifier: MIT */
#include "runtime/endpoint.h"

#include <string.h>

#include "os/crash_point.h"
#include "runtime/attribute.h"
#include "runtime/channel.h"
#include "runtime/control.h"
#include "runtime/end.h"
#include "runtime/message.h"
#include "runtime/patience.h"
#include "runtime/recovery.h"
#include "segment/event.h"

enum {
    FIRST_HIGH = 256, /* slots before the table in use grows */
    MOST_GETS = 0xffff,
    MOST_GENERATIONS = 0xffff,
};

uint32_t mci_endpoint_high(const struct mci_map *map)
{
    uint32_t high = MCI_ONCE(map->header->endpoint_high);

    return high < FIRST_HIGH         ? FIRST_HIGH
         : high > MCI_ENDPOINT_SLOTS ? MCI_ENDPOINT_SLOTS
                                     : high;
}

static uint32_t handle_of(const struct mci_endpoint_slot *slot)
{
    return atomic_load_explicit(&slot->handle, memory_order_relaxed); /* under the lock */
}

static struct mci_endpoint_slot *find(const struct mci_map *map, mcapi_domain_t domain,
                                      mcapi_node_t number, mcapi_port_t port)
{
    uint32_t link = MCI_ONCE(map->buckets[mci_endpoint_bucket(domain, number, port)]);

    /* As many steps as there are slots: a damaged chain ends too. */
    for (uint32_t steps = 0; link != 0 && link <= MCI_ENDPOINT_SLOTS; steps++) {
        struct mci_endpoint_slot *slot = &map->endpoints[link - 1];

        if (slot->domain == domain && slot->node == number && slot->port == port
            && handle_of(slot) != 0)
            return slot;
        if (steps == MCI_ENDPOINT_SLOTS)
            break;
        link = MCI_ONCE(slot->next);
    }
    return NULL;
}

static void enter_bucket(struct mci_map *map, uint32_t index)
{
    struct mci_endpoint_slot *slot = &map->endpoints[index];
    uint32_t *bucket = &map->buckets[mci_endpoint_bucket(slot->domain, slot->node, slot->port)];

    slot->next = *bucket;
    *bucket = index + 1;
}

static void leave_bucket(struct mci_map *map, uint32_t index)
{
    struct mci_endpoint_slot *slot = &map->endpoints[index];
    uint32_t *link = &map->buckets[mci_endpoint_bucket(slot->domain, slot->node, slot->port)];

    for (uint32_t steps = 0; steps <= MCI_ENDPOINT_SLOTS; steps++) {
        uint32_t next = MCI_ONCE(*link);

        if (next == 0 || next > MCI_ENDPOINT_SLOTS)
            return;
        if (next == index + 1) {
            *link = slot->next;
            return;
        }
        link = &map->endpoints[next - 1].next;
    }
}

/* A free slot, or MCI_ENDPOINT_SLOTS. Goes round the slots in use, so that a slot, and with it
 * a handle, comes again as late as possible; and keeps a quarter of them free. */
static uint32_t find_free_slot(struct mci_map *map)
{
    struct mci_header *header = map->header;
    uint32_t high = mci_endpoint_high(map);
    uint32_t cursor = MCI_ONCE(header->endpoint_cursor);

    if (header->endpoint_live >= high / 4 * 3)
        high = high > MCI_ENDPOINT_SLOTS / 2 ? MCI_ENDPOINT_SLOTS : 2 * high;
    header->endpoint_high = high;
    for (uint32_t i = 0; i < high; i++) {
        uint32_t index = (cursor + i) % high;

        if (handle_of(&map->endpoints[index]) == 0
            && !mci_recover_is_kept(map, map->endpoints[index].owner,
                                    map->endpoints[index].owner_life)) {
            header->endpoint_cursor = index + 1;
            return index;
        }
    }
    return MCI_ENDPOINT_SLOTS;
}

static uint32_t free_slot(struct mci_map *map)
{
    uint32_t index = find_free_slot(map);

    if (index != MCI_ENDPOINT_SLOTS)
        return index;
    mci_recover_all_dead(map);
    return find_free_slot(map);
}

static void wake_getters(struct mci_map *map)
{
    if (atomic_exchange_explicit(&map->header->getters, 0, memory_order_relaxed) == 0)
        return;
    for (uint32_t i = 0; i < map->limits.max_nodes; i++)
        if (atomic_exchange_explicit(&map->nodes[i].waits_for_endpoint, 0, memory_order_relaxed)
            != 0)
            mci_bell_ring(map, i);
}

/* The generation of a slot's first endpoint: another one in each topology, so that handles of
 * an earlier topology do not fit into this one. */
static uint32_t first_generation(const struct mci_map *map)
{
    return (uint32_t)(map->header->identity[0] % MOST_GENERATIONS) + 1;
}

static uint32_t next_generation(const struct mci_map *map, uint32_t generation)
{
    return generation == 0                ? first_generation(map)
         : generation >= MOST_GENERATIONS ? 1
                                          : generation + 1;
}

static mcapi_status_t create(struct mci_map *map, struct mci_node *node, mcapi_port_t port,
                             mcapi_endpoint_t *handle)
{
    struct mci_node_slot *owner = &map->nodes[node->slot];
    struct mci_endpoint_slot *slot;
    uint32_t index, generation;

    if (port != MCAPI_PORT_ANY && find(map, node->domain, node->number, port) != NULL)
        return MCAPI_ERR_ENDP_EXISTS;
    if (owner->endpoints >= map->limits.max_endpoints)
        return MCAPI_ERR_ENDP_LIMIT;
    index = free_slot(map);
    if (index == MCI_ENDPOINT_SLOTS)
        return MCAPI_ERR_ENDP_LIMIT;

    slot = &map->endpoints[index];
    generation = next_generation(map, MCI_ONCE(slot->generation));
    slot->generation = generation;
    slot->owner = node->slot;
    slot->owner_life = atomic_load_explicit(&owner->incarnation, memory_order_relaxed);
    slot->domain = node->domain;
    slot->node = node->number;
    slot->port = port != MCAPI_PORT_ANY ? port : MCI_ANONYMOUS_PORT | generation << 14 | index;
    slot->channel = 0;
    slot->opened = MCI_END_NONE;
    slot->messages_sent = slot->bytes_sent = slot->messages_dropped = 0;
    slot->messages_received = slot->bytes_received = 0;
    mci_attribute_defaults(map, slot);
    CRASH_POINT(endpoint_filled);

    *handle = generation << 16 | index;
    atomic_store_explicit(&slot->handle, *handle, memory_order_release);
    CRASH_POINT(endpoint_published);

    enter_bucket(map, index);
    owner->endpoints++;
    map->header->endpoint_live++;
    CRASH_POINT(endpoint_created);
    wake_getters(map);
    return MCAPI_SUCCESS;
}

mcapi_status_t mci_endpoint_create(struct mci_node *node, mcapi_port_t port,
                                   mcapi_endpoint_t *handle)
{
    mcapi_status_t status;

    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    status = create(&mci_runtime.map, node, port, handle);
    mci_control_unlock();
    return status;
}

/* --- Gets ----------------------------------------------------------------------------- */

/* A row entry counts for one generation of its endpoint; in later ones it means none. */
static uint32_t gets_of(const struct mci_map *map, uint32_t node, uint32_t index)
{
    uint32_t entry = *mci_get_entry(map, node, index);

    return entry >> 16 == map->endpoints[index].generation ? entry & 0xffff : 0;
}

/* A channel endpoint that somebody has got is nobody else's. */
static bool is_taken(const struct mci_endpoint_slot *slot)
{
    return slot->type != MCAPI_ENDP_ATTR_TYPE_MESSAGE && slot->get_count > 0;
}

static mcapi_status_t get(struct mci_map *map, struct mci_node *node,
                          struct mci_endpoint_slot *slot, mcapi_endpoint_t *handle)
{
    uint32_t index = (uint32_t)(slot - map->endpoints);
    uint32_t count = gets_of(map, node->slot, index);

    if (is_taken(slot))
        return MCAPI_ERR_ENDP_GET_LIMIT;
    if (count < MOST_GETS) {
        *mci_get_entry(map, node->slot, index) = slot->generation << 16 | (count + 1);
        CRASH_POINT(get_counted);
        slot->get_count++;
    }
    slot->got_by_domain = node->domain;
    slot->got_by_node = node->number;
    slot->got_by_slot = node->slot;
    *handle = handle_of(slot);
    return MCAPI_SUCCESS;
}

struct mci_endpoint_slot *mci_endpoint_live(struct mci_map *map, mcapi_endpoint_t handle)
{
    struct mci_endpoint_slot *slot = mci_endpoint_of(map, handle);

    if (slot == NULL || mci_recover_if_dead(map, slot->owner))
        return NULL;
    mci_channel_bury_peer(map, slot);
    return mci_endpoint_of(map, handle); /* the peer may be its own node, and have died since */
}

mcapi_status_t mci_endpoint_get(struct mci_node *node, mcapi_domain_t domain,
                                mcapi_node_t number, mcapi_port_t port,
                                mcapi_endpoint_t *handle)
{
    struct mci_map *map = &mci_runtime.map;
    struct mci_endpoint_slot *slot;
    mcapi_status_t status = MCAPI_PENDING;

    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    slot = find(map, domain, number, port);
    /* Nobody may have looked since its owner died, or since the one died who has got it. */
    if (slot != NULL
        && (mci_recover_if_dead(map, slot->owner)
            || (is_taken(slot) && mci_recover_if_dead(map, slot->got_by_slot))))
        slot = find(map, domain, number, port);
    if (slot != NULL) {
        status = get(map, node, slot, handle);
    } else {
        atomic_store_explicit(&map->nodes[node->slot].waits_for_endpoint, 1,
                              memory_order_relaxed);
        atomic_store_explicit(&map->header->getters, 1, memory_order_relaxed);
    }
    mci_control_unlock();
    return status;
}

mcapi_status_t mci_endpoint_wait_for(struct mci_node *node, mcapi_domain_t domain,
                                     mcapi_node_t number, mcapi_port_t port,
                                     mcapi_timeout_t timeout, mcapi_endpoint_t *handle)
{
    struct mci_patience patience;
    mcapi_status_t status;

    mci_patience_begin(&patience, node, timeout);
    mci_control_give_up_at(patience.deadline);
    for (;;) {
        status = mci_endpoint_get(node, domain, number, port, handle);
        if (status != MCAPI_PENDING)
            break;
        status = mci_patience_wait_bell(&patience, NULL, NULL);
        if (status != MCAPI_SUCCESS)
            break;
    }
    if (status == MCAPI_ERR_NODE_NOTINIT && mci_control_gave_up())
        status = MCAPI_TIMEOUT;
    mci_control_give_up_at(MCI_FOREVER);
    mci_patience_end(&patience);
    return status;
}

static void drop_gets(struct mci_map *map, uint32_t node, struct mci_endpoint_slot *slot,
                      uint32_t count)
{
    uint32_t index = (uint32_t)(slot - map->endpoints);

    *mci_get_entry(map, node, index) -= count;
    CRASH_POINT(get_uncounted);
    slot->get_count -= count < slot->get_count ? count : slot->get_count;
}

mcapi_status_t mci_endpoint_release(struct mci_node *node, mcapi_endpoint_t handle)
{
    struct mci_map *map = &mci_runtime.map;
    struct mci_endpoint_slot *slot;
    mcapi_status_t status = MCAPI_ERR_ENDP_INVALID;

    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    slot = mci_endpoint_of(map, handle);
    if (slot != NULL && gets_of(map, node->slot, handle & 0xffff) > 0) {
        drop_gets(map, node->slot, slot, 1);
        status = MCAPI_SUCCESS;
    }
    mci_control_unlock();
    return status;
}

void mci_endpoint_return_gets(struct mci_map *map, uint32_t node)
{
    uint32_t high = mci_endpoint_high(map);

    for (uint32_t i = 0; i < high; i++) {
        uint32_t count = gets_of(map, node, i);

        if (count > 0 && handle_of(&map->endpoints[i]) != 0)
            drop_gets(map, node, &map->endpoints[i], count);
        *mci_get_entry(map, node, i) = 0;
    }
}

void mci_endpoint_return_channel_get(struct mci_map *map, struct mci_endpoint_slot *slot)
{
    uint32_t index = (uint32_t)(slot - map->endpoints);
    uint32_t node = MCI_ONCE(slot->got_by_slot);
    uint32_t count;

    if (slot->type == MCAPI_ENDP_ATTR_TYPE_MESSAGE || slot->get_count == 0
        || node >= map->limits.max_nodes)
        return;
    count = gets_of(map, node, index);
    if (count > 0)
        drop_gets(map, node, slot, count);
}

bool mci_endpoint_was(const struct mci_map *map, mcapi_endpoint_t handle)
{
    uint32_t generation = handle >> 16;
    uint32_t index = handle & 0xffff;
    uint32_t first = first_generation(map);
    uint32_t last;

    if (index >= MCI_ENDPOINT_SLOTS || generation == 0)
        return false;
    last = map->endpoints[index].generation;
    return last != 0 && handle_of(&map->endpoints[index]) != handle
        && (generation + MOST_GENERATIONS - first) % MOST_GENERATIONS
                   <= (last + MOST_GENERATIONS - first) % MOST_GENERATIONS;
}

/* --- Deleting ------------------------------------------------------------------------- */

struct mci_endpoint_slot *mci_endpoint_own(const struct mci_node *node, mcapi_endpoint_t handle)
{
    struct mci_endpoint_slot *slot = mci_endpoint_of(mci_map(), handle);

    return slot != NULL && slot->owner == node->slot ? slot : NULL;
}

void mci_endpoint_discard(struct mci_map *map, uint32_t index)
{
    struct mci_endpoint_slot *slot = &map->endpoints[index];
    uint32_t owner = MCI_ONCE(slot->owner);
    uint32_t handle;

    if (owner < map->limits.max_nodes && map->nodes[owner].endpoints > 0)
        map->nodes[owner].endpoints--;
    if (map->header->endpoint_live > 0)
        map->header->endpoint_live--;
    handle = handle_of(slot);
    atomic_store_explicit(&slot->handle, 0, memory_order_release);
    CRASH_POINT(endpoint_withdrawn);
    mci_message_discard(map, index, handle);
    leave_bucket(map, index);
}

mcapi_status_t mci_endpoint_delete(struct mci_node *node, mcapi_endpoint_t handle)
{
    struct mci_map *map = &mci_runtime.map;
    struct mci_endpoint_slot *slot;
    mcapi_status_t status;

    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    slot = mci_endpoint_of(map, handle);
    if (slot == NULL)
        status = MCAPI_ERR_ENDP_INVALID;
    else if (slot->owner != node->slot)
        status = MCAPI_ERR_ENDP_NOTOWNER;
    else
        status = mci_channel_leave(map, slot);
    if (status == MCAPI_SUCCESS) {
        mci_end_detach(&mci_ends[handle & 0xffff], MCAPI_ERR_ENDP_DELETED);
        mci_message_detach(handle & 0xffff, MCAPI_ERR_ENDP_DELETED);
        mci_endpoint_discard(map, handle & 0xffff);
        mci_bell_ring(map, node->slot); /* for opens that wait for a connection */
    }
    mci_control_unlock();
    return status;
}

/* --- After a death under the lock ----------------------------------------------------- */

void mci_endpoint_rebuild(struct mci_map *map)
{
    uint32_t high = mci_endpoint_high(map);

    memset(map->buckets, 0, MCI_BUCKETS * sizeof *map->buckets);
    CRASH_POINT(repair_buckets_empty);
    for (uint32_t i = 0; i < map->limits.max_nodes; i++)
        map->nodes[i].endpoints = 0;
    map->header->endpoint_live = 0;
    for (uint32_t i = 0; i < high; i++) {
        struct mci_endpoint_slot *slot = &map->endpoints[i];
        uint32_t owner = MCI_ONCE(slot->owner);

        slot->get_count = 0;
        if (handle_of(slot) == 0)
            continue;
        enter_bucket(map, i);
        map->header->endpoint_live++;
        if (owner < map->limits.max_nodes)
            map->nodes[owner].endpoints++;
    }
    for (uint32_t n = 0; n < map->limits.max_nodes; n++) {
        if (atomic_load_explicit(&map->nodes[n].state, memory_order_relaxed) != MCI_NODE_LIVE)
            continue;
        for (uint32_t i = 0; i < high; i++)
            map->endpoints[i].get_count += gets_of(map, n, i);
    }
    atomic_store_explicit(&map->header->getters, 1, memory_order_relaxed);
    wake_getters(map);
}
