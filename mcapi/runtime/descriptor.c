/* SPDX-License-Identifier: MIT */
#include "runtime/descriptor.h"

#include <stdlib.h>
#include <string.h>

#include "os/eventfd.h"
#include "runtime/watcher.h"
#include "segment/event.h"

/* Descriptors that are not in use; inside the watcher's list. They are never freed: a node may
 * leave in a signal handler that has interrupted malloc. */
static struct mci_descriptor *unused;

/* The mutex is held. */
static uint32_t state_of(const struct mci_descriptor *descriptor)
{
    return atomic_load_explicit(&descriptor->state, memory_order_relaxed);
}

static void set_state(struct mci_descriptor *descriptor, enum mci_descriptor_state state)
{
    atomic_exchange_explicit(&descriptor->state, state, memory_order_acquire /* PASSED */);
}

/* The mutex is held. Makes the descriptor say what there is from its place on. If it says so
 * already, something has come after somebody saw nothing: who waits for the edge gets another.
 *
 * PASSED  it is EMPTY before it is announced and looked at again; the watcher passes over what
 * is READABLE after it has looked who died. Both go through the state with a read-modify-write,
 * and the later one sees the earlier one: either the watcher finds EMPTY, and waits for the
 * mutex, or the look finds the death that the watcher knew of. */
static void decide(struct mci_descriptor *descriptor)
{
    const struct mci_receiver *receiver = &descriptor->receiver;
    bool was_readable = state_of(descriptor) == MCI_DESCRIPTOR_READABLE;

    if (!receiver->would_return(receiver->self, &descriptor->place)) {
        set_state(descriptor, MCI_DESCRIPTOR_EMPTY);
        mci_event_announce(receiver->event, MCI_EVENT_BELL); /* EXACT */
        if (!receiver->would_return(receiver->self, &descriptor->place)) {
            if (was_readable)
                mci_eventfd_lower(descriptor->fd);
            return;
        }
    }
    mci_eventfd_raise(descriptor->fd);
    set_state(descriptor, MCI_DESCRIPTOR_READABLE);
}

/* --- Inside the gate ------------------------------------------------------------------ */

struct mci_descriptor *mci_descriptor_open(struct mci_node *node, uint32_t serial,
                                           uint32_t handle)
{
    struct mci_descriptor *descriptor;
    int fd = mci_eventfd_make();

    if (fd < 0)
        return NULL;
    mci_watcher_lock();
    descriptor = unused;
    if (descriptor != NULL) {
        unused = descriptor->next;
    } else {
        descriptor = calloc(1, sizeof *descriptor);
        if (descriptor != NULL)
            pthread_mutex_init(&descriptor->mutex, NULL);
    }
    if (descriptor != NULL) {
        descriptor->fd = fd;
        descriptor->node = node;
        descriptor->serial = serial;
        descriptor->handle = handle;
        /* What it was used for before may be mapped no more. */
        descriptor->receiver = (struct mci_receiver){ .self = NULL };
        set_state(descriptor, MCI_DESCRIPTOR_WAITS);
        if (!mci_watcher_add(descriptor)) {
            descriptor->next = unused;
            unused = descriptor;
            descriptor = NULL;
        }
    }
    mci_watcher_unlock();
    if (descriptor == NULL)
        mci_eventfd_close(fd);
    return descriptor;
}

void mci_descriptor_attach(struct mci_descriptor *descriptor,
                           const struct mci_receiver *receiver)
{
    /* EXACT: from the fence on, every sender goes through the word itself. */
    mci_event_announce(receiver->event, MCI_EVENT_EXACT);
    mci_event_fence();
    mci_watcher_lock();
    pthread_mutex_lock(&descriptor->mutex);
    descriptor->receiver = *receiver;
    memset(&descriptor->place, 0, sizeof descriptor->place);
    receiver->note(receiver->self, &descriptor->place);
    decide(descriptor);
    pthread_mutex_unlock(&descriptor->mutex);
    mci_watcher_changed();
    mci_watcher_unlock();
}

void mci_descriptor_settle(struct mci_descriptor *descriptor)
{
    /* The state may become READABLE at any moment; nothing else is changed outside of the gate,
     * which is where we are. */
    const struct mci_receiver *receiver = &descriptor->receiver;
    uint32_t state = state_of(descriptor);
    struct mci_place place = { { 0 } };
    bool there;

    if (state == MCI_DESCRIPTOR_WAITS)
        return;
    receiver->note(receiver->self, &place);
    there = receiver->would_return(receiver->self, &place);
    if (state == MCI_DESCRIPTOR_READABLE
                ? there
                : !there && memcmp(&place, &descriptor->place, sizeof place) == 0)
        return;
    pthread_mutex_lock(&descriptor->mutex);
    descriptor->place = place;
    /* The watcher may have seen it meanwhile. */
    if (!there || state_of(descriptor) != MCI_DESCRIPTOR_READABLE)
        decide(descriptor);
    pthread_mutex_unlock(&descriptor->mutex);
}

void mci_descriptor_leave_gate_settled(struct mci_descriptor *descriptor, struct mci_gate *gate,
                                       bool alone)
{
    mci_descriptor_settle(descriptor);
    mci_gate_leave(gate, alone);
}

/* The list is locked. */
static void put_away(struct mci_descriptor *descriptor)
{
    mci_eventfd_close(descriptor->fd);
    descriptor->next = unused;
    unused = descriptor;
}

void mci_descriptor_close(struct mci_descriptor *descriptor)
{
    mci_watcher_lock();
    mci_watcher_remove(descriptor);
    /* A receive returns at once from now on, and says that the receiver is closed: so who waits
     * at this very moment wakes, and so does who waits for a duplicate. */
    mci_eventfd_raise(descriptor->fd);
    put_away(descriptor);
    mci_watcher_unlock();
}

/* --- The watcher ---------------------------------------------------------------------- */

void mci_descriptor_look(struct mci_descriptor *descriptor)
{
    pthread_mutex_lock(&descriptor->mutex);
    if (state_of(descriptor) == MCI_DESCRIPTOR_EMPTY)
        decide(descriptor);
    pthread_mutex_unlock(&descriptor->mutex);
}

/* --- Forked --------------------------------------------------------------------------- */

void mci_descriptor_forget(struct mci_descriptor *descriptor)
{
    pthread_mutex_init(&descriptor->mutex, NULL);
    put_away(descriptor);
}
