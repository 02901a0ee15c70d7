/* SPDX-License-Identifier: MIT */
#include "runtime/runtime.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/robust.h"
#include "runtime/end.h"
#include "runtime/message.h"
#include "runtime/node.h"
#include "runtime/watcher.h"

struct mci_runtime mci_runtime = {
    .mutex = PTHREAD_MUTEX_INITIALIZER,
    .processors = 1,
};

_Thread_local struct mci_self mci_self;

static pthread_once_t prepared = PTHREAD_ONCE_INIT;
static pthread_key_t thread_end;
static bool thread_end_known;
static _Atomic int say_level; /* any thread may set it */

/* --- The calling thread's node -------------------------------------------------------- */

bool mci_node_is_lost(const struct mci_node *node)
{
    const struct mci_node_slot *slot = &mci_map()->nodes[node->slot];

    return mci_robust_owner(atomic_load_explicit(&slot->liveness.word, memory_order_seq_cst))
        != node->thread; /* HELPED: as in recovery.c */
}

bool mci_node_help(const struct mci_node *node)
{
    _Atomic uint32_t *helped = &mci_map()->nodes[node->slot].helped;

    if (mci_node_is_lost(node))
        return false;
    if (atomic_load_explicit(helped, memory_order_seq_cst) != 0)
        return true;
    atomic_store_explicit(helped, 1, memory_order_seq_cst); /* HELPED */
    return !mci_node_is_lost(node);
}

struct mci_node *mci_node_find_current(void)
{
    struct mci_node *first = NULL;

    if (mci_self.own)
        return NULL; /* its own node is gone, and it is nobody else's */
    if (mci_self.inside > 0)
        return NULL; /* a signal handler, in the middle of the thread's first steps */
    mci_self.inside++;
    pthread_mutex_lock(&mci_runtime.mutex);
    for (uint32_t i = 0; i < mci_runtime.node_count; i++) {
        struct mci_node *node = mci_runtime.nodes[i];

        if ((atomic_load_explicit(&node->serial, memory_order_relaxed) & 1) != 0
            && (first == NULL || node->order < first->order) && mci_node_help(node))
            first = node;
    }
    mci_self.node = first;
    mci_self.serial =
            first == NULL ? 0 : atomic_load_explicit(&first->serial, memory_order_relaxed);
    pthread_mutex_unlock(&mci_runtime.mutex);
    mci_self.inside--;
    return first;
}

void mci_self_catch_up(void)
{
    struct mci_node *node = mci_self.node;

    if (mci_self.inside > 0)
        return;
    mci_self.finalize_later = false;
    /* What was interrupted may itself have ended that life, and even begun the next. */
    if (node != NULL && mci_node_is_live(node, mci_self.finalize_serial))
        mci_node_leave(node);
}

/* --- Using the mapping while asleep --------------------------------------------------- */

bool mci_runtime_hold(const struct mci_node *node, uint32_t serial)
{
    /* HELD: we count ourselves, then look whether the node lives; who detaches ends the
     * node's life first, then looks at the count. One of the two sees the other. */
    atomic_fetch_add_explicit(&mci_runtime.users, 1, memory_order_seq_cst);
    if (atomic_load_explicit(&node->serial, memory_order_seq_cst) == serial)
        return true;
    mci_runtime_drop();
    return false;
}

/* Lets the mapping go, if it falls to us: nobody else is inside and the topology was left. */
static void let_go_if_last(void)
{
    int forsaken = MCI_FORSAKEN;

    if (!atomic_compare_exchange_strong_explicit(&mci_runtime.forsaken, &forsaken,
                                                 MCI_LETTING_GO, memory_order_seq_cst,
                                                 memory_order_seq_cst))
        return;
    mci_map_detach(&mci_runtime.map, mci_runtime.pinned);
    /* Only now may the next node of this process attach. */
    atomic_store_explicit(&mci_runtime.forsaken, MCI_NOT_FORSAKEN, memory_order_release);
}

void mci_runtime_drop(void)
{
    /* The count is looked at again once the topology is seen to be left: between the first look
     * and that, another may have come in while it was not. From then on nobody comes in to
     * stay, and whoever finds others there leaves it to them. */
    if (atomic_fetch_sub_explicit(&mci_runtime.users, 1, memory_order_seq_cst) == 1
        && atomic_load_explicit(&mci_runtime.forsaken, memory_order_seq_cst) == MCI_FORSAKEN
        && atomic_load_explicit(&mci_runtime.users, memory_order_seq_cst) == 0)
        let_go_if_last();
}

void mci_runtime_detach(void)
{
    mci_watcher_stop();
    mci_runtime.attached = false;
    atomic_store_explicit(&mci_runtime.forsaken, MCI_FORSAKEN, memory_order_seq_cst); /* HELD */
    if (atomic_load_explicit(&mci_runtime.users, memory_order_seq_cst) == 0)
        let_go_if_last();
}

/* --- Forks and the end of the process ------------------------------------------------- */

static void before_fork(void)
{
    pthread_mutex_lock(&mci_runtime.mutex);
    mci_watcher_before_fork();
}

static void after_fork_in_parent(void)
{
    mci_watcher_after_fork();
    pthread_mutex_unlock(&mci_runtime.mutex);
}

/* The child is no node: it forgets everything, and takes nothing from its parent. */
static void after_fork_in_child(void)
{
    mci_watcher_forget();
    mci_watcher_after_fork(); /* before_fork locked both, in this very thread */
    pthread_mutex_unlock(&mci_runtime.mutex);
    for (uint32_t i = 0; i < mci_runtime.node_count; i++)
        mci_node_forget(mci_runtime.nodes[i]);
    mci_end_forget_all();
    mci_message_forget_all();
    /* relaxed: a forked child has one thread */
    if (mci_runtime.attached
        || atomic_load_explicit(&mci_runtime.forsaken, memory_order_relaxed)
                   != MCI_NOT_FORSAKEN)
        mci_segment_forget_after_fork(&mci_runtime.map.segment);
    mci_runtime.attached = false;
    mci_runtime.live = 0;
    memset(&mci_runtime.map, 0, sizeof mci_runtime.map);
    atomic_store_explicit(&mci_runtime.users, 0, memory_order_relaxed);
    atomic_store_explicit(&mci_runtime.forsaken, MCI_NOT_FORSAKEN, memory_order_relaxed);
    memset(&mci_self, 0, sizeof mci_self);
}

static void thread_ends(void *unused)
{
    struct mci_node *node = mci_self.node;

    (void)unused;
    if (mci_self.own && node != NULL && mci_node_is_live(node, mci_self.serial))
        mci_node_leave(node);
}

static void prepare(void)
{
    cpu_set_t set;

    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    thread_end_known = pthread_key_create(&thread_end, thread_ends) == 0;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        mci_runtime.processors = CPU_COUNT(&set);
}

void mci_runtime_prepare(void)
{
    pthread_once(&prepared, prepare);
    if (thread_end_known)
        pthread_setspecific(thread_end, &mci_self); /* any value: the destructor runs */
}

/* A program that ends without mcapi_finalize leaves nothing behind either. Should another
 * thread be inside the library for good, the others will notice our death instead. */
__attribute__((destructor)) static void process_ends(void)
{
    if (mci_self.inside > 0 || pthread_mutex_trylock(&mci_runtime.mutex) != 0)
        return;
    pthread_mutex_unlock(&mci_runtime.mutex);
    for (uint32_t i = 0; i < mci_runtime.node_count; i++)
        if ((atomic_load_explicit(&mci_runtime.nodes[i]->serial, memory_order_relaxed) & 1)
            != 0)
            mci_node_leave(mci_runtime.nodes[i]);
}

/* --- Saying things on stderr ---------------------------------------------------------- */

void mci_say(int level, const char *format, ...)
{
    char line[512];
    va_list arguments;

    if (level > atomic_load_explicit(&say_level, memory_order_relaxed))
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    fprintf(stderr, "mcapi: %s\n", line);
}

void mci_say_level(int level)
{
    atomic_store_explicit(&say_level, level, memory_order_relaxed);
}
