/* SPDX-License-Identifier: MIT */
#include "runtime/release.h"

#include "os/crash_point.h"
#include "runtime/end.h"

/* --- Inside the gate ------------------------------------------------------------------ */

/* False: nothing that this end holds. */
static inline bool free_held(struct mci_end *end, const void *payload)
{
    uint32_t buffer = mci_ring_packet_held(&end->packet, payload);

    if (buffer == MCI_NO_BUFFER)
        return false;
    mci_ring_packet_free(&end->packet, buffer);
    CRASH_POINT(packet_freed);
    return true;
}

/* So many were freed: the sender learns of all of them at once. */
static inline void tell_sender(struct mci_end *end, uint32_t count)
{
    mci_ring_packet_count(&end->packet, count);
    CRASH_POINT(packet_released);
    mci_end_tell_peer(end, MCI_RECEIVE);
}

/* -------------------------------------------------------------------------------------- */

static inline bool is_receiver(const struct mci_end *end, const struct mci_node *node)
{
    return mci_end_is(end, node, atomic_load_explicit(&end->handle, memory_order_relaxed),
                      MCI_END_PACKET_RECEIVE);
}

mcapi_status_t mci_release(struct mci_node *node, const void *payload)
{
    struct mci_end *end = mci_end_with(payload, MCI_RECEIVE);
    mcapi_status_t status = MCAPI_ERR_BUF_INVALID;
    bool alone;

    if (end == NULL || atomic_load_explicit(&end->node, memory_order_relaxed) != node)
        return status;
    alone = mci_gate_enter(&end->gate);
    if (is_receiver(end, node) && free_held(end, payload)) {
        tell_sender(end, 1);
        status = MCAPI_SUCCESS;
    }
    mci_gate_leave(&end->gate, alone);
    return status;
}

mcapi_status_t mci_release_burst(struct mci_node *node, void *const *payloads, size_t count,
                                 size_t *released)
{
    size_t done = 0;
    uint32_t here;

    /* Once for each run of buffers of one channel. */
    do {
        struct mci_end *end = mci_end_with(payloads[done], MCI_RECEIVE);
        bool alone;

        if (end == NULL || atomic_load_explicit(&end->node, memory_order_relaxed) != node)
            break;
        here = 0;
        alone = mci_gate_enter(&end->gate);
        if (is_receiver(end, node))
            while (done < count && free_held(end, payloads[done])) {
                here++;
                done++;
            }
        if (here > 0)
            tell_sender(end, here);
        mci_gate_leave(&end->gate, alone);
    } while (here > 0 && done < count);
    *released = done;
    return done > 0 ? MCAPI_SUCCESS : MCAPI_ERR_BUF_INVALID;
}
