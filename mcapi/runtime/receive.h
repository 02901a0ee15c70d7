/* SPDX-License-Identifier: MIT */
/*
 * receive.h - packets and scalars on their way in: look, wait, take.
 */
#ifndef MCI_RECEIVE_H
#define MCI_RECEIVE_H

#include "os/crash_point.h"
#include "runtime/end.h"
#include "runtime/patience.h"

/* The next packet, where it lies; the caller has it until mci_release. Waits for one, up to
 * the endpoint's timeout. ERR_CHAN_INVALID, ERR_TRANSMISSION, TIMEOUT. */
mcapi_status_t mci_receive_packet(struct mci_node *node, mcapi_pktchan_recv_hndl_t handle,
                                  void **payload, size_t *size);

/* Posts a receive: `*payload` is set when a packet has come. */
mcapi_status_t mci_receive_packet_later(struct mci_node *node, mcapi_pktchan_recv_hndl_t handle,
                                        void **payload, mcapi_request_t *request);

/* Serves posted receives as far as there are packets. MCAPI_PENDING: some are left. */
mcapi_status_t mci_receive_progress(struct mci_node *node, mcapi_pktchan_recv_hndl_t handle);

/* A thread of the node is about to sleep on the bell: this end shall ring it. */
void mci_receive_announce(struct mci_patience *patience, uint32_t handle);

/* `width`: 0 to 3 for 8, 16, 32 and 64 bits; ERR_SCL_SIZE leaves the word in place (profile
 * `reference`: takes it). */
mcapi_status_t mci_receive_scalar(struct mci_node *node, mcapi_sclchan_recv_hndl_t handle,
                                  uint32_t width, uint64_t *word);

/* What a receive would get at once. With nothing there: how the channel stands. */
mcapi_status_t mci_receive_available(struct mci_node *node, uint32_t handle,
                                     enum mci_end_kind kind, uint32_t *available);

/* The first of several receiving ends, of either kind, on which a receive would not block. */
mcapi_status_t mci_receive_wait_any(struct mci_node *node, const mcapi_endpoint_t *handles,
                                    size_t count, mcapi_timeout_t timeout, size_t *which);

/* --- Inside the gate ------------------------------------------------------------------ */

/* Posted receives come first. MCAPI_SUCCESS: none is left. */
mcapi_status_t mci_receive_serve_posted(struct mci_end *end);

/* One packet. MCAPI_PENDING: none there, and one may still come. */
mcapi_status_t mci_receive_take_or_say_why(struct mci_end *end, unsigned char **payload,
                                           uint32_t *size);

/* The same, when there is one. */
static inline mcapi_status_t mci_receive_take(struct mci_end *end, unsigned char **payload,
                                              uint32_t *size)
{
    if (__builtin_expect(mci_ring_packet_take(&end->packet, payload, size) == MCI_TAKEN, 1)) {
        CRASH_POINT(packet_taken);
        return MCAPI_SUCCESS;
    }
    return mci_receive_take_or_say_why(end, payload, size);
}

/* The width of the next word. MCAPI_PENDING: none there, and one may still come. */
static inline mcapi_status_t mci_receive_look(struct mci_end *end, uint32_t *width)
{
    mcapi_status_t status = MCAPI_SUCCESS;
    int there;

    while ((there = mci_ring_scalar_look(&end->scalar)) < 0) {
        if (status != MCAPI_SUCCESS)
            return status;
        if (mci_end_peer_is_well(end))
            return MCAPI_PENDING;
        status = mci_end_peer_status(end); /* and look once more */
        if (status == MCAPI_SUCCESS)
            return MCAPI_PENDING;
    }
    *width = (uint32_t)there;
    return MCAPI_SUCCESS;
}

#endif /* MCI_RECEIVE_H */
