/* SPDX-License-Identifier: MIT */
/*
 * send.h - packets and scalars on their way out: find a slot, fill it, publish it, wake.
 */
#ifndef MCI_SEND_H
#define MCI_SEND_H

#include "runtime/end.h"

/* Waits while the channel is full, up to the endpoint's timeout. ERR_PKT_LIMIT, ERR_MEM_LIMIT
 * (full and FAIL_ON_MEM_LIMIT, or no memory), ERR_CHAN_INVALID, ERR_TRANSMISSION, TIMEOUT. */
mcapi_status_t mci_send_packet(struct mci_node *node, mcapi_pktchan_send_hndl_t handle,
                               const void *payload, size_t size);

/* The same, refused with ERR_MEM_LIMIT while the channel is full or not connected yet. */
/* What a send of so many bytes would be refused for, other than for want of room. */
mcapi_status_t mci_send_packet_check(struct mci_node *node, mcapi_pktchan_send_hndl_t handle,
                                     size_t size);

mcapi_status_t mci_send_packet_now(struct mci_node *node, mcapi_pktchan_send_hndl_t handle,
                                   const void *payload, size_t size);

/* `width`: 0 to 3 for 8, 16, 32 and 64 bits. Waits as mci_send_packet. */
mcapi_status_t mci_send_scalar(struct mci_node *node, mcapi_sclchan_send_hndl_t handle,
                               uint64_t word, uint32_t width);

#endif /* MCI_SEND_H */
