/* SPDX-License-Identifier: MIT */
#include "runtime/receive_fd.h"

#include "runtime/channel.h"
#include "runtime/control.h"
#include "runtime/descriptor.h"
#include "runtime/endpoint.h"
#include "runtime/message.h"
#include "runtime/recovery.h"

/* --- What a receiving end tells about itself ------------------------------------------ */

enum { CURSOR, POSITION }; /* the place of a packet receiver */
enum { LINE, WORD, MARK }; /* ...and of a scalar receiver */

static void note_packet(const void *self, struct mci_place *place)
{
    const struct mci_end *end = self;

    place->at[CURSOR] = end->packet.cursor;
    place->at[POSITION] = end->packet.position;
}

static void note_scalar(const void *self, struct mci_place *place)
{
    const struct mci_end *end = self;

    place->at[LINE] = end->scalar.line;
    place->at[WORD] = end->scalar.word;
    place->at[MARK] = end->scalar.mark;
}

/* The other side is over: nothing comes any more, or what it sent last is there. */
static bool is_over(const struct mci_end *end)
{
    return !mci_end_peer_is_well(end) && mci_end_peer_status(end) != MCAPI_SUCCESS;
}

static bool would_return_packet(const void *self, const struct mci_place *place)
{
    const struct mci_end *end = self;

    return mci_ring_packet_is_sent(&end->packet, place->at[CURSOR], place->at[POSITION])
        || is_over(end);
}

static bool would_return_scalar(const void *self, const struct mci_place *place)
{
    const struct mci_end *end = self;

    return mci_ring_scalar_is_sent(&end->scalar, place->at[LINE], place->at[WORD],
                                   place->at[MARK])
        || is_over(end);
}

void mci_receive_fd_attach(struct mci_end *end)
{
    bool packets =
            atomic_load_explicit(&end->kind, memory_order_relaxed) == MCI_END_PACKET_RECEIVE;
    struct mci_receiver receiver = {
        .self = end,
        .note = packets ? note_packet : note_scalar,
        .would_return = packets ? would_return_packet : would_return_scalar,
        .event = end->own_event,
        .life = end->peer_life,
        .alive = end->peer_alive,
    };

    if (end->descriptor != NULL)
        mci_descriptor_attach(end->descriptor, &receiver);
}

/* --- Asking for it -------------------------------------------------------------------- */

static bool receives(enum mci_end_kind kind)
{
    return kind == MCI_END_PACKET_RECEIVE || kind == MCI_END_SCALAR_RECEIVE;
}

/* The control lock is held. */
static mcapi_status_t open_descriptor(struct mci_node *node, uint32_t handle,
                                      enum mci_end_kind kind, int *fd)
{
    struct mci_end *end = mci_end_use(handle);
    mcapi_status_t status = MCAPI_SUCCESS;
    void *owner = mci_gate_visit(&end->gate); /* who asks need not be who receives */

    if (end->descriptor == NULL) {
        end->descriptor = mci_descriptor_open(node, mci_self.serial, handle);
        if (end->descriptor == NULL)
            status = MCAPI_ERR_MEM_LIMIT;
        else if (mci_end_is(end, node, handle, kind))
            mci_receive_fd_attach(end);
    }
    if (status == MCAPI_SUCCESS)
        *fd = end->descriptor->fd;
    mci_gate_visit_over(&end->gate, owner);
    return status;
}

/* The control lock is held. */
static mcapi_status_t fd_of(struct mci_node *node, struct mci_endpoint_slot *endpoint,
                            uint32_t handle, int *fd)
{
    enum mci_end_kind kind = endpoint->opened;
    mcapi_status_t status;

    if (receives(kind)) {
        status = open_descriptor(node, handle, kind, fd);
        if (status == MCAPI_SUCCESS)
            mci_end_visit(node, endpoint,
                          handle); /* if it is connected, and was not used yet */
        return status;
    }
    if (kind != MCI_END_NONE
        || atomic_load_explicit(&endpoint->channel, memory_order_relaxed) != 0)
        return MCAPI_ERR_CHAN_INVALID;
    return mci_message_fd(node, endpoint, handle, fd);
}

mcapi_status_t mci_receive_fd(struct mci_node *node, mcapi_endpoint_t handle, int *fd)
{
    struct mci_endpoint_slot *endpoint;
    mcapi_status_t status;

    if (!mci_control_lock(node, mci_self.serial))
        return MCAPI_ERR_NODE_NOTINIT;
    endpoint = mci_endpoint_own(node, handle);
    status = endpoint == NULL ? MCAPI_ERR_ENDP_INVALID : fd_of(node, endpoint, handle, fd);
    mci_control_unlock();
    return status;
}

/* --- The watcher ---------------------------------------------------------------------- */

bool mci_visit_is_due(uint32_t handle)
{
    const struct mci_endpoint_slot *endpoint =
            &mci_map()->endpoints[handle & (MCI_ENDPOINT_SLOTS - 1)];

    /* relaxed: the visit looks again under the control lock. Whoever connects it rings. */
    return atomic_load_explicit(&endpoint->channel, memory_order_relaxed) != 0;
}

bool mci_visit_make(const struct mci_visit *visit)
{
    const struct mci_endpoint_slot *endpoint;
    bool busy;

    if (!mci_control_try_lock(visit->node, visit->serial, &busy))
        return !busy;
    endpoint = mci_endpoint_own(visit->node, visit->handle);
    if (visit->dead != MCI_NO_NODE)
        mci_recover_if_dead(&mci_runtime.map, visit->dead);
    else if (endpoint != NULL && receives(endpoint->opened))
        mci_end_visit(visit->node, endpoint, visit->handle);
    mci_control_unlock();
    return true;
}
