/* SPDX-License-Identifier: MIT */
/*
 * end.h - this process's side of a channel end.
 *
 * An end exists for every endpoint slot. It is attached when its node first uses a channel
 * that is connected and that it has opened; from then on the data path finds here, in a few
 * cache lines of its own process, everything it needs. Whoever is inside the gate may read
 * and write the rest.
 */
#ifndef MCI_END_H
#define MCI_END_H

#include "os/futex.h"
#include "runtime/descriptor.h"
#include "runtime/gate.h"
#include "runtime/posted.h"
#include "runtime/runtime.h"
#include "segment/event.h"
#include "segment/ring_packet.h"
#include "segment/ring_scalar.h"
#include "segment/tally.h"

struct mci_end {
    alignas(MCI_LINE) struct mci_gate gate; /* no line is shared with another end */

    /* Written inside the gate; read outside of it only to avoid a wrong gate. */
    _Atomic uint32_t handle; /* 0: not attached */
    _Atomic uint32_t kind;   /* enum mci_end_kind */
    _Atomic(struct mci_node *) node;

    uint32_t channel; /* number of the channel */
    struct mci_channel_slot *slot;
    _Atomic uint32_t *own_event;  /* what we sleep on */
    _Atomic uint32_t *peer_event; /* what we wake the other side with */
    _Atomic uint32_t *peer_side;  /* enum mci_side_state of the other side */
    _Atomic uint32_t *peer_life;  /* the other node's liveness word... */
    uint32_t peer_alive;          /* ...and its value while that node lives */
    uint32_t peer_node;           /* the other node's slot */
    mcapi_timeout_t timeout;      /* of the blocking calls, ms */
    bool fails_when_full;         /* FAIL_ON_MEM_LIMIT */

    /* Of a receiving end whose file descriptor was asked for, attached or not; else NULL. */
    struct mci_descriptor *descriptor;

    union {
        struct mci_ring_packet packet;
        struct mci_ring_scalar scalar;
    };

    struct mci_posted posted; /* receives */

    /* Of a packet channel's sender: one for each buffer, from the first that was lent on. */
    struct mci_loan *loans;
};

extern struct mci_end mci_ends[MCI_ENDPOINT_SLOTS];

/* The end of a packet channel that is attached here and has the buffer at this address, if it
 * is one; for buffers that are named by their address alone. */
struct mci_end *mci_end_with(const void *payload, enum mci_side side);

/* Makes room for the channels of a map that is attached; false: no memory. Under the mutex of
 * the runtime. */
bool mci_ends_prepare(const struct mci_map *map);

/* The end of an endpoint of this node, attached or not, for something that is to be kept there
 * until it is detached. Under the control lock. */
struct mci_end *mci_end_use(uint32_t handle);

/* Attaches the end of an endpoint that this node has opened, if it is connected, for somebody
 * who will not use it. Under the control lock. */
void mci_end_visit(struct mci_node *node, const struct mci_endpoint_slot *endpoint,
                   uint32_t handle);

/* In a forked child: no end is attached. */
void mci_end_forget_all(void);

/*
 * Inside the gate of the end that `handle` names, if it is attached as this kind by this
 * node. MCAPI_SUCCESS: inside. Anything else: outside, and why. MCAPI_PENDING: it was opened
 * by this node as this kind but is not connected yet.
 */
mcapi_status_t mci_end_enter_slowly(struct mci_node *node, uint32_t handle,
                                    enum mci_end_kind kind, struct mci_end **end, bool *alone);

static inline bool mci_end_is(const struct mci_end *end, const struct mci_node *node,
                              uint32_t handle, enum mci_end_kind kind)
{
    return atomic_load_explicit(&end->handle, memory_order_relaxed) == handle
        && atomic_load_explicit(&end->node, memory_order_relaxed) == node
        && atomic_load_explicit(&end->kind, memory_order_relaxed) == kind && handle != 0;
}

/* Inlined wherever it stands: as a call it would cost a sixth of a scalar's way. */
static inline __attribute__((always_inline)) mcapi_status_t mci_end_enter(
        struct mci_node *node, uint32_t handle, enum mci_end_kind kind, struct mci_end **end,
        bool *alone)
{
    uint32_t index = handle & 0xffff;

    if (__builtin_expect(index < MCI_ENDPOINT_SLOTS, 1)) {
        *end = &mci_ends[index];
        if (__builtin_expect(mci_end_is(*end, node, handle, kind), 1)) {
            *alone = mci_gate_enter(&(*end)->gate);
            if (__builtin_expect(mci_end_is(*end, node, handle, kind), 1))
                return MCAPI_SUCCESS;
            mci_gate_leave(&(*end)->gate, *alone);
        }
    }
    return mci_end_enter_slowly(node, handle, kind, end, alone);
}

static inline void mci_end_leave(struct mci_end *end, bool alone)
{
    mci_descriptor_leave_gate(end->descriptor, &end->gate, alone);
}

/* --- Inside the gate ------------------------------------------------------------------ */

/* What this side has done since the connect. */
static inline struct mci_side_counters *mci_end_counters(const struct mci_end *end,
                                                         enum mci_side side)
{
    return &end->slot->counters[side];
}

/* What the other side may sleep for has just been published. */
void mci_end_wake_peer(const struct mci_end *end, enum mci_side side);

static inline void mci_end_tell_peer(const struct mci_end *end, enum mci_side side)
{
    if (mci_event_is_awaited(mci_map(), end->peer_event))
        mci_end_wake_peer(end, side);
}

/* -------------------------------------------------------------------------------------- */

/* One more than the highest index of an end that was ever used. Under the mutex. */
uint32_t mci_ends_used(void);

/* Ends the use of the end with this index by this node, if it is used by it; and takes away
 * what the node has left there. Under the control lock. */
void mci_end_let_go(uint32_t index, const struct mci_node *node, mcapi_status_t status);

/* Ends the use of an end: nobody is inside afterwards, posted receives end with `status`. */
void mci_end_detach(struct mci_end *end, mcapi_status_t status);

/* MCAPI_SUCCESS while the other side is open or still to open; else what a call that needs it
 * must report: CHAN_INVALID after a close, TRANSMISSION after a death. Inside the gate. */
mcapi_status_t mci_end_peer_status(const struct mci_end *end);

/* The same, when all is well, in two loads. */
static inline bool mci_end_peer_is_well(const struct mci_end *end)
{
    return atomic_load_explicit(end->peer_side, memory_order_relaxed) <= MCI_SIDE_OPEN
        && atomic_load_explicit(end->peer_life, memory_order_relaxed) == end->peer_alive;
}

#endif /* MCI_END_H */
