/* SPDX-License-Identifier: MIT */
#include "runtime/message.h"

#include <limits.h>
#include <string.h>

#include "os/futex.h"
#include "runtime/channel.h"
#include "runtime/control.h"
#include "runtime/endpoint.h"
#include "runtime/request.h"

static struct mci_message_source sources[MCI_ENDPOINT_SLOTS];
static struct mci_message_sink sinks[MCI_ENDPOINT_SLOTS];

/* One more than the highest index ever attached: what a forked child must reset. */
static uint32_t used;

/* --- Attaching: the control lock is held ---------------------------------------------- */

bool mci_message_make_mailbox(uint32_t index)
{
    struct mci_map *map = &mci_runtime.map;
    const struct mci_endpoint_slot *endpoint = &map->endpoints[index];
    uint32_t chosen = MCI_ONCE(endpoint->num_recv_buffers);
    uint32_t depth = chosen != 0 ? chosen : mci_mailbox_depth(map);
    uint32_t levels = MCI_ONCE(endpoint->num_priorities);

    return depth - 1 < map->mailbox.depth && levels - 1 < MCI_LEVELS
        && mci_mailbox_make(map, index, depth, levels);
}

static void attach_source(struct mci_message_source *source, struct mci_node *node,
                          struct mci_endpoint_slot *endpoint, uint32_t handle)
{
    const struct mci_node_slot *slot = &mci_map()->nodes[node->slot];
    bool alone = mci_gate_enter(&source->gate);

    source->name = MCI_CONTROL_NAME(
            node->slot, atomic_load_explicit(&slot->incarnation, memory_order_relaxed));
    source->endpoint = endpoint;
    atomic_store_explicit(&source->node, node, memory_order_relaxed);
    atomic_store_explicit(&source->handle, handle, memory_order_release);
    mci_gate_leave(&source->gate, alone);
}

/* Through a gate that a visitor leaves to its thread: who attaches need not be who receives. */
static mcapi_status_t attach_sink(struct mci_message_sink *sink, struct mci_node *node,
                                  struct mci_endpoint_slot *endpoint, uint32_t handle)
{
    struct mci_mailbox box;
    void *owner;

    if (!mci_message_make_mailbox(handle & 0xffff))
        return MCAPI_ERR_MEM_LIMIT;
    if (!mci_mailbox_view(mci_map(), handle, &box))
        return MCAPI_ERR_GENERAL;
    owner = mci_gate_visit(&sink->gate);
    sink->box = box;
    sink->endpoint = endpoint;
    mci_mailbox_begin(&sink->places); /* the endpoint's first receive of all */
    atomic_store_explicit(&sink->node, node, memory_order_relaxed);
    atomic_store_explicit(&sink->handle, handle, memory_order_release);
    mci_gate_visit_over(&sink->gate, owner);
    return MCAPI_SUCCESS;
}

static void raise_all(const struct mci_map *map)
{
    uint32_t high = mci_endpoint_high(map);
    struct mci_mailbox box;

    for (uint32_t i = 0; i < high; i++) {
        const struct mci_endpoint_slot *slot = &map->endpoints[i];
        uint32_t handle = atomic_load_explicit(&slot->handle, memory_order_relaxed);

        if (handle == 0 || !mci_mailbox_view(map, handle, &box))
            continue;
        for (int side = 0; side < MCI_SIDES; side++)
            mci_event_raise(map, &box.head->event[side], slot->owner);
    }
}

uint32_t mci_message_places_used(void)
{
    return used;
}

static void detach_source(struct mci_message_source *source)
{
    bool alone = mci_gate_enter(&source->gate);

    atomic_store_explicit(&source->handle, 0, memory_order_relaxed);
    mci_gate_leave(&source->gate, alone);
    /* Threads that send from it sleep at mailboxes of others. */
    if (atomic_load_explicit(&source->waiting, memory_order_acquire) > 0)
        raise_all(mci_map());
}

static void detach_sink(struct mci_message_sink *sink, mcapi_status_t status)
{
    bool alone = mci_gate_enter(&sink->gate);

    if (sink->descriptor != NULL)
        mci_descriptor_close(sink->descriptor);
    sink->descriptor = NULL;
    atomic_store_explicit(&sink->handle, 0, memory_order_relaxed);
    mci_request_fail_posted(&sink->posted, status);
    mci_gate_leave(&sink->gate, alone);
}

void mci_message_detach(uint32_t index, mcapi_status_t status)
{
    detach_source(&sources[index]);
    detach_sink(&sinks[index], status);
}

/* What the node has left at a sink that it has not attached any more: only where the segment
 * was damaged, and the sink is another node's by now. */
static void take_away(struct mci_message_sink *sink, const struct mci_node *node,
                      mcapi_status_t status)
{
    void *owner = mci_gate_visit(&sink->gate);

    if (sink->descriptor != NULL && sink->descriptor->node == node) {
        mci_descriptor_close(sink->descriptor);
        sink->descriptor = NULL;
    }
    if (sink->posted.by == node)
        mci_request_fail_posted(&sink->posted, status);
    mci_gate_visit_over(&sink->gate, owner);
}

void mci_message_let_go(uint32_t index, const struct mci_node *node, mcapi_status_t status)
{
    struct mci_message_source *source = &sources[index];
    struct mci_message_sink *sink = &sinks[index];

    if (index >= used)
        return;
    if (atomic_load_explicit(&source->handle, memory_order_relaxed) != 0
        && atomic_load_explicit(&source->node, memory_order_relaxed) == node)
        detach_source(source);
    if (atomic_load_explicit(&sink->handle, memory_order_relaxed) != 0
        && atomic_load_explicit(&sink->node, memory_order_relaxed) == node)
        detach_sink(sink, status);
    else if (sink->posted.by == node
             || (sink->descriptor != NULL && sink->descriptor->node == node))
        take_away(sink, node, status);
}

void mci_message_discard(const struct mci_map *map, uint32_t index, uint32_t handle)
{
    struct mci_mailbox box;

    if (!mci_mailbox_view(map, handle, &box))
        return;
    for (int side = 0; side < MCI_SIDES; side++)
        mci_event_raise(map, &box.head->event[side], map->endpoints[index].owner);
}

void mci_message_take_back(const struct mci_map *map, uint32_t node)
{
    uint32_t high = mci_endpoint_high(map);

    for (uint32_t i = 0; i < high; i++) {
        const struct mci_endpoint_slot *slot = &map->endpoints[i];
        uint32_t handle = atomic_load_explicit(&slot->handle, memory_order_relaxed);
        struct mci_mailbox box;

        if (handle != 0 && mci_mailbox_view(map, handle, &box))
            mci_mailbox_return_cells(&box, node);
    }
    mci_message_wake_all(map);
}

void mci_message_wake_all(const struct mci_map *map)
{
    uint32_t high = mci_endpoint_high(map);

    for (uint32_t i = 0; i < high; i++) {
        uint32_t handle = atomic_load_explicit(&map->endpoints[i].handle, memory_order_relaxed);
        struct mci_mailbox box;

        if (handle == 0 || !mci_mailbox_view(map, handle, &box))
            continue;
        /* It may have died with announcements that it had taken, and the kernel's one wake may
         * have come to somebody else than who must know. */
        mci_futex_wake(&box.head->alarm.word, INT_MAX);
    }
    /* Not only where there is room now: it may have died between sending and waking. */
    raise_all(map);
}

void mci_message_forget_all(void)
{
    memset(sources, 0, used * sizeof sources[0]);
    memset(sinks, 0, used * sizeof sinks[0]);
    used = 0;
}

/* --- Entering ------------------------------------------------------------------------- */

static bool source_is(const struct mci_message_source *source, const struct mci_node *node,
                      uint32_t handle)
{
    return atomic_load_explicit(&source->handle, memory_order_relaxed) == handle
        && atomic_load_explicit(&source->node, memory_order_relaxed) == node && handle != 0;
}

static bool sink_is(const struct mci_message_sink *sink, const struct mci_node *node,
                    uint32_t handle)
{
    return atomic_load_explicit(&sink->handle, memory_order_relaxed) == handle
        && atomic_load_explicit(&sink->node, memory_order_relaxed) == node && handle != 0;
}

static void count_used(uint32_t index)
{
    if (index >= used)
        used = index + 1;
}

mcapi_status_t mci_message_enter_source(struct mci_node *node, uint32_t handle,
                                        struct mci_message_source **source, bool *alone)
{
    uint32_t index = handle & 0xffff;
    struct mci_endpoint_slot *endpoint;
    mcapi_status_t status = MCAPI_ERR_ENDP_INVALID;

    if (index >= MCI_ENDPOINT_SLOTS)
        return status;
    *source = &sources[index];
    if (__builtin_expect(source_is(*source, node, handle), 1)) {
        *alone = mci_gate_enter(&(*source)->gate);
        if (__builtin_expect(source_is(*source, node, handle), 1))
            return MCAPI_SUCCESS;
        mci_gate_leave(&(*source)->gate, *alone);
    }
    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    endpoint = mci_endpoint_own(node, handle);
    if (endpoint != NULL) {
        count_used(index);
        if (!source_is(*source, node, handle))
            attach_source(*source, node, endpoint, handle);
        /* The lock is still held: nobody can detach it before we are inside. */
        *alone = mci_gate_enter(&(*source)->gate);
        status = MCAPI_SUCCESS;
    }
    mci_control_unlock();
    return status;
}

mcapi_status_t mci_message_attach_sink(struct mci_node *node,
                                       struct mci_endpoint_slot *endpoint, uint32_t handle,
                                       struct mci_message_sink **sink)
{
    uint32_t index = handle & (MCI_ENDPOINT_SLOTS - 1);

    count_used(index);
    *sink = &sinks[index];
    return sink_is(*sink, node, handle) ? MCAPI_SUCCESS
                                        : attach_sink(*sink, node, endpoint, handle);
}

mcapi_status_t mci_message_enter_sink(struct mci_node *node, uint32_t handle,
                                      struct mci_message_sink **sink, bool *alone)
{
    uint32_t index = handle & 0xffff;
    struct mci_endpoint_slot *endpoint;
    mcapi_status_t status = MCAPI_ERR_ENDP_INVALID;

    if (index >= MCI_ENDPOINT_SLOTS)
        return status;
    *sink = &sinks[index];
    if (__builtin_expect(sink_is(*sink, node, handle), 1)) {
        *alone = mci_gate_enter(&(*sink)->gate);
        if (__builtin_expect(sink_is(*sink, node, handle), 1))
            return MCAPI_SUCCESS;
        mci_gate_leave(&(*sink)->gate, *alone);
    }
    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    endpoint = mci_endpoint_own(node, handle);
    if (endpoint != NULL) {
        status = mci_message_attach_sink(node, endpoint, handle, sink);
        if (status == MCAPI_SUCCESS)
            *alone = mci_gate_enter(&(*sink)->gate);
    }
    mci_control_unlock();
    return status;
}

bool mci_message_is_received_at(const struct mci_node *node, mcapi_endpoint_t handle)
{
    return sink_is(mci_message_sink_of(handle), node, handle);
}

struct mci_message_sink *mci_message_sink_of(mcapi_endpoint_t handle)
{
    return &sinks[handle & (MCI_ENDPOINT_SLOTS - 1)];
}
