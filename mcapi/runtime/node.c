/* SPDX-License-Identifier: MIT */
#include "runtime/node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "os/crash_point.h"
#include "os/futex.h"
#include "os/process.h"
#include "os/robust.h"
#include "runtime/control.h"
#include "runtime/end.h"
#include "runtime/endpoint.h"
#include "runtime/message.h"
#include "runtime/recovery.h"
#include "runtime/request.h"
#include "segment/event.h"

enum { SHORT_NAP = 100 * 1000 }; /* ns */

/* ns; for threads that only have to wake: with eighty of them to a processor that takes
 * seconds. */
static const mci_time PATIENCE = INT64_C(30) * 1000 * 1000 * 1000;

static bool is_live(const struct mci_node_slot *slot)
{
    return atomic_load_explicit(&slot->state, memory_order_acquire) == MCI_NODE_LIVE;
}

/* --- Joining -------------------------------------------------------------------------- */

static bool attach(const struct mci_node_settings *settings)
{
    char reason[256];

    if (mci_runtime.attached) {
        if (strcmp(settings->topology, mci_runtime.map.segment.topology) == 0)
            return true;
        mci_say(0, "this process is in topology '%s' and cannot join '%s' as well",
                mci_runtime.map.segment.topology, settings->topology);
        return false;
    }
    if (atomic_load_explicit(&mci_runtime.forsaken, memory_order_acquire) != MCI_NOT_FORSAKEN) {
        mci_say(0,
                "cannot join topology '%s': threads of this process are still in the one "
                "that it has left",
                settings->topology);
        return false;
    }
    if (!mci_map_attach(&mci_runtime.map, settings->topology, &settings->limits, reason,
                        sizeof reason)) {
        mci_say(0, "cannot join topology '%s': %s", settings->topology, reason);
        return false;
    }
    if (!mci_ends_prepare(&mci_runtime.map)) {
        mci_say(0, "cannot join topology '%s': out of memory", settings->topology);
        mci_map_detach(&mci_runtime.map, false);
        return false;
    }
    mci_runtime.attached = true;
    mci_runtime.pinned = false;
    mci_runtime.wait_policy = settings->wait_policy;
    mci_runtime.compat = settings->compat;
    return true;
}

/* Whether the node that had that slot still has the tables. Who leaves frees its slot before it
 * gives them back, and a new life of the slot would make its name that of a dead owner. */
static bool has_tables(const struct mci_map *map, uint32_t index)
{
    /* relaxed: after the acquire that saw the slot FREE */
    return MCI_CONTROL_SLOT(atomic_load_explicit(&map->header->control, memory_order_relaxed))
        == index;
}

/* The slot of a node that is dead and for which nobody is at work. Once that is so, it stays so
 * for this life of the slot. */
static bool may_take_over(const struct mci_map *map, uint32_t index)
{
    const struct mci_node_slot *slot = &map->nodes[index];

    return mci_robust_dead(atomic_load_explicit(&slot->liveness.word, memory_order_acquire))
        && ((atomic_load_explicit(&slot->state, memory_order_acquire) == MCI_NODE_FREE
             && !has_tables(map, index))
            || mci_recover_is_quiet(map, index));
}

/*
 * Makes the word of a slot that may be taken over ours. Between the look and that a whole life
 * of the slot may have gone by, begun by another who took it over, and its death looks like the
 * one that we have seen. Then somebody may be at work there, and the word is given back as it
 * was. Who sees a life's number in the slot sees its owner's id or mark in the word (NAMED),
 * and who takes the word over from that life sees its number: the same one before and after
 * means that it was that life that we have looked at.
 */
static bool take_over(const struct mci_map *map, uint32_t index)
{
    struct mci_node_slot *slot = &map->nodes[index];
    uint32_t life = atomic_load_explicit(&slot->incarnation, memory_order_acquire); /* NAMED */

    if (!may_take_over(map, index) || !mci_robust_take_over(&slot->liveness))
        return false;
    /* relaxed: after the acquire that took the word */
    if (atomic_load_explicit(&slot->incarnation, memory_order_relaxed) == life)
        return true;
    mci_robust_return_dead(&slot->liveness);
    return false;
}

/* A slot of the table, ours from now on: its word is taken. First a free one; else that of a
 * dead node, and what the dead one held is still to be taken back. max_nodes: none. */
static uint32_t take_slot(struct mci_map *map)
{
    for (uint32_t i = 0; i < 2 * map->limits.max_nodes; i++) {
        uint32_t index = i % map->limits.max_nodes;
        struct mci_node_slot *slot = &map->nodes[index];
        uint32_t word = atomic_load_explicit(&slot->liveness.word, memory_order_relaxed);

        if (i < map->limits.max_nodes ? word != 0 || !mci_robust_acquire(&slot->liveness)
                                      : !take_over(map, index))
            continue;
        atomic_fetch_add_explicit(&slot->incarnation, 1, memory_order_release); /* NAMED */
        CRASH_POINT(node_slot_taken);
        return index;
    }
    return map->limits.max_nodes;
}

/* A live node of that name, or NULL. One whose thread is gone without a mark (the kernel marks
 * all but the strangest deaths) is made a dead one, and recovered. */
static struct mci_node_slot *find_live(struct mci_map *map, mcapi_domain_t domain,
                                       mcapi_node_t number)
{
    for (uint32_t i = 0; i < map->limits.max_nodes; i++) {
        struct mci_node_slot *slot = &map->nodes[i];

        if (!is_live(slot) || slot->domain != domain || slot->node != number)
            continue;
        mci_recover_notice(map, i);
        if (!mci_recover_if_dead(map, i))
            return slot;
    }
    return NULL;
}

/* A node struct that no life uses now. They stay for ever: somebody may look at one late. */
static struct mci_node *unused_node(void)
{
    struct mci_node *node;
    struct mci_node **nodes;

    for (uint32_t i = 0; i < mci_runtime.node_count; i++)
        if ((atomic_load_explicit(&mci_runtime.nodes[i]->serial, memory_order_relaxed) & 1)
            == 0)
            return mci_runtime.nodes[i];
    nodes = realloc(mci_runtime.nodes, (mci_runtime.node_count + 1) * sizeof *nodes);
    if (nodes == NULL)
        return NULL;
    mci_runtime.nodes = nodes;
    node = calloc(1, sizeof *node);
    if (node != NULL)
        mci_runtime.nodes[mci_runtime.node_count++] = node;
    return node;
}

static void fill_slot(struct mci_node_slot *slot, mcapi_domain_t domain, mcapi_node_t number,
                      uint32_t type)
{
    slot->domain = domain;
    slot->node = number;
    slot->process = mci_process_id();
    slot->process_start = mci_process_start(slot->process);
    /* relaxed: LIVE publishes it */
    atomic_store_explicit(&slot->thread, mci_thread_id(), memory_order_relaxed);
    slot->endpoints = 0;
    slot->type = type;
    slot->joined = (uint64_t)mci_clock_now();
    atomic_store_explicit(&slot->helped, 0, memory_order_relaxed);
    atomic_store_explicit(&slot->bell_sleepers, 0, memory_order_relaxed);
    atomic_store_explicit(&slot->waits_for_endpoint, 0, memory_order_relaxed);
}

/* The slot is taken and the control lock is held. */
static mcapi_status_t publish(struct mci_map *map, uint32_t index, mcapi_domain_t domain,
                              mcapi_node_t number, uint32_t type)
{
    struct mci_node_slot *slot = &map->nodes[index];

    mci_recover_all_dead(map);
    mci_recover_own(map, index);
    if (find_live(map, domain, number) != NULL)
        return MCAPI_ERR_NODE_INITIALIZED;
    if (!mci_gets_commit(map, index)) {
        mci_say(0, "cannot join topology '%s': no memory for another node",
                map->segment.topology);
        return MCAPI_ERR_NODE_INITFAILED;
    }
    fill_slot(slot, domain, number, type);
    if (slot->process_start == 0) {
        mci_say(0, "cannot join topology '%s': /proc/%u/stat cannot be read (%s)",
                map->segment.topology, slot->process, strerror(errno));
        return MCAPI_ERR_NODE_INITFAILED; /* others would take us for dead */
    }
    CRASH_POINT(node_filled);
    atomic_store_explicit(&slot->state, MCI_NODE_LIVE, memory_order_release);
    CRASH_POINT(node_published);
    return MCAPI_SUCCESS;
}

static mcapi_status_t join_attached(struct mci_node *node, mcapi_domain_t domain,
                                    mcapi_node_t number, uint32_t type)
{
    struct mci_map *map = &mci_runtime.map;
    uint32_t index = take_slot(map);
    mcapi_status_t status = MCAPI_ERR_NODE_INITFAILED;

    if (index == map->limits.max_nodes) {
        mci_say(0, "cannot join topology '%s': %s", map->segment.topology,
                mci_robust_available()
                        ? "it has all the nodes that MCAPI_MAX_NODES lets it have"
                        : "this C library keeps no list of robust mutexes that we can use");
        return MCAPI_ERR_NODE_INITFAILED;
    }
    if (mci_control_lock_joining(index)) {
        status = publish(map, index, domain, number, type);
        mci_control_unlock_joining();
    }
    if (status != MCAPI_SUCCESS) {
        mci_robust_release(&map->nodes[index].liveness);
        return status;
    }
    node->slot = index;
    node->thread = mci_thread_id();
    node->domain = domain;
    node->number = number;
    node->order = mci_runtime.next_order++;
    mci_runtime.live++;
    mci_self.node = node;
    mci_self.own = true;
    mci_self.word = &map->nodes[index].liveness;
    mci_self.serial = atomic_fetch_add_explicit(&node->serial, 1, memory_order_seq_cst) + 1;
    return MCAPI_SUCCESS;
}

/* This thread's last node was finalized by another thread, which could not give the word
 * back. */
static void give_back_word(void)
{
    if (mci_self.word != NULL)
        mci_robust_release(mci_self.word);
    mci_self.word = NULL;
}

static mcapi_status_t join(mcapi_domain_t domain, mcapi_node_t number,
                           const struct mci_node_settings *settings)
{
    struct mci_node *node;
    mcapi_status_t status;

    if (mci_self.own && mci_self.node != NULL
        && mci_node_is_live(mci_self.node, mci_self.serial))
        return MCAPI_ERR_NODE_INITIALIZED;
    give_back_word();
    if (!attach(settings))
        return MCAPI_ERR_NODE_INITFAILED;
    node = unused_node();
    if (node == NULL || !mci_request_prepare(node, mci_runtime.map.limits.max_requests)) {
        mci_say(0, "cannot join topology '%s': out of memory", settings->topology);
        status = MCAPI_ERR_NODE_INITFAILED;
    } else {
        status = join_attached(node, domain, number, settings->type);
    }
    if (status != MCAPI_SUCCESS && mci_runtime.live == 0)
        mci_runtime_detach();
    return status;
}

/* The mutex is held. The process has left a topology, and threads that slept there are on their
 * way out: they were woken, and may need the mutex for it. */
static void wait_for_threads_of_earlier_life(void)
{
    mci_time give_up = mci_clock_now() + PATIENCE;
    _Atomic uint32_t nothing = 0;

    while (atomic_load_explicit(&mci_runtime.forsaken, memory_order_acquire) != MCI_NOT_FORSAKEN
           && mci_clock_now() < give_up) {
        pthread_mutex_unlock(&mci_runtime.mutex);
        mci_futex_wait(&nothing, 0, mci_clock_now() + SHORT_NAP);
        pthread_mutex_lock(&mci_runtime.mutex);
    }
}

mcapi_status_t mci_node_join(mcapi_domain_t domain, mcapi_node_t number,
                             const struct mci_node_settings *settings)
{
    mcapi_status_t status;

    mci_runtime_prepare();
    mci_self.inside++;
    pthread_mutex_lock(&mci_runtime.mutex);
    wait_for_threads_of_earlier_life();
    status = join(domain, number, settings);
    pthread_mutex_unlock(&mci_runtime.mutex);
    mci_self.inside--;
    if (mci_self.finalize_later)
        mci_self_catch_up();
    return status;
}

/* --- Leaving -------------------------------------------------------------------------- */

/* No thread of this process is at any of the node's ends afterwards. Which those are this
 * process knows for itself: what the segment says may be damaged, and must not leave anything
 * here that refers to a node that is no more. */
static void detach_ends(const struct mci_node *node)
{
    uint32_t ends = mci_ends_used();
    uint32_t places = mci_message_places_used();

    for (uint32_t i = 0; i < ends || i < places; i++) {
        mci_end_let_go(i, node, MCAPI_ERR_NODE_NOTINIT);
        mci_message_let_go(i, node, MCAPI_ERR_NODE_NOTINIT);
    }
}

/* The private part of a node's end; the mutex is held. */
static void end_life(struct mci_node *node)
{
    mci_request_discard(node);
    if (--mci_runtime.live == 0)
        mci_runtime_detach();
}

/* Its thread has ended without the C library, and others take or have taken back what it had in
 * the segment. What this process has at its ends goes here: threads may be there. */
static bool leave_lost(struct mci_node *node, uint32_t serial)
{
    bool lost;

    mci_self.inside++;
    pthread_mutex_lock(&mci_runtime.mutex);
    lost = mci_node_is_live(node, serial) && mci_node_is_lost(node);
    if (lost) {
        atomic_store_explicit(&node->serial, serial + 1, memory_order_seq_cst); /* HELD */
        detach_ends(node);
        mci_message_wake_all(&mci_runtime.map);
        mci_bell_ring(&mci_runtime.map, node->slot);
        end_life(node);
    }
    pthread_mutex_unlock(&mci_runtime.mutex);
    mci_self.inside--;
    return lost;
}

bool mci_node_leave(struct mci_node *node)
{
    struct mci_map *map = &mci_runtime.map;
    uint32_t serial = atomic_load_explicit(&node->serial, memory_order_relaxed);
    struct mci_node_slot *slot;

    if ((serial & 1) == 0)
        return false;
    if (!mci_control_lock(node, serial))
        return leave_lost(node, serial);
    slot = &map->nodes[node->slot];
    /* First its life: from here on no thread begins anything for it. */
    atomic_store_explicit(&node->serial, serial + 1, memory_order_seq_cst); /* HELD */
    detach_ends(node);
    mci_take_back(map, node->slot, MCI_SIDE_GONE);
    CRASH_POINT(node_emptied);
    atomic_store_explicit(&slot->state, MCI_NODE_FREE, memory_order_release);
    CRASH_POINT(node_withdrawn);
    mci_bell_ring(map, node->slot);
    mci_control_unlock_joining();
    /* Another thread's word cannot be given back here: it does so itself when it initializes
     * again, or the kernel marks it when it ends, and whoever joins next gives it back. */
    if (node->thread == mci_thread_id())
        give_back_word();
    else if (mci_robust_dead(atomic_load_explicit(&slot->liveness.word, memory_order_acquire)))
        mci_robust_clear_dead(&slot->liveness);
    else
        mci_runtime.pinned = true;
    end_life(node);
    pthread_mutex_unlock(&mci_runtime.mutex);
    mci_self.inside--;
    return true;
}

bool mci_node_leave_current(struct mci_node *node)
{
    if (mci_self.inside == 0)
        return mci_node_leave(node);
    mci_self.finalize_serial = mci_self.serial;
    mci_self.finalize_later = true;
    return true;
}

void mci_node_forget(struct mci_node *node)
{
    uint32_t serial = atomic_load_explicit(&node->serial, memory_order_relaxed);

    atomic_store_explicit(&node->serial, serial + (serial & 1), memory_order_relaxed);
    mci_request_forget(node);
}

/* --- Looking at nodes ----------------------------------------------------------------- */

void mci_node_count(struct mci_node *node, struct mci_node_count *count)
{
    const struct mci_map *map = mci_map();

    *count = (struct mci_node_count){ 0, 0 };
    if (!mci_control_lock(node, mci_self.serial))
        return;
    for (uint32_t i = 0; i < map->limits.max_nodes; i++) {
        bool first = true;

        if (!is_live(&map->nodes[i]))
            continue;
        count->nodes += map->nodes[i].domain == node->domain;
        for (uint32_t j = 0; j < i && first; j++)
            first = !is_live(&map->nodes[j]) || map->nodes[j].domain != map->nodes[i].domain;
        count->domains += first;
    }
    mci_control_unlock();
}

mcapi_status_t mci_node_type(struct mci_node *node, mcapi_domain_t domain, mcapi_node_t number,
                             uint32_t *type)
{
    const struct mci_map *map = mci_map();
    mcapi_status_t status = MCAPI_ERR_DOMAIN_INVALID;

    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    mci_recover_all_dead(&mci_runtime.map);
    for (uint32_t i = 0; i < map->limits.max_nodes; i++) {
        const struct mci_node_slot *slot = &map->nodes[i];

        if (!is_live(slot) || slot->domain != domain)
            continue;
        if (slot->node == number) {
            *type = slot->type;
            status = MCAPI_SUCCESS;
            break;
        }
        status = MCAPI_ERR_NODE_INVALID;
    }
    mci_control_unlock();
    return status;
}
