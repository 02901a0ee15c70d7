/* SPDX-License-Identifier: MIT */
/*
 * lend.h - packets by reference: the sender's program fills a buffer of the channel itself.
 *
 *            take               send                       release, by the receiver
 *     free --------> lent -----------------> queued, held ------------------------> free
 *      ^              |
 *      +--------------+ give back
 *
 * What is lent stands in the ring (segment/ring_packet.h), so that nobody else uses it and an
 * onlooker can account for it. To whom, for how many bytes, and what was sent so, only this
 * process needs to know: its table of loans goes with the end.
 */
#ifndef MCI_LEND_H
#define MCI_LEND_H

#include "runtime/end.h"

/* Lends a buffer for `size` bytes. Waits while there is none, as mci_send_packet. */
mcapi_status_t mci_lend_take(struct mci_node *node, mcapi_pktchan_send_hndl_t handle,
                             size_t size, void **payload);

/* Sends what is in a buffer that is lent, `size` bytes of it. ERR_BUF_INVALID: it is not lent
 * by this channel. ERR_PKT_LIMIT: it was lent for less. */
mcapi_status_t mci_lend_send(struct mci_node *node, mcapi_pktchan_send_hndl_t handle,
                             const void *payload, size_t size);

/* Takes a buffer back that is lent, unsent. ERR_BUF_INVALID. */
mcapi_status_t mci_lend_give_back(struct mci_node *node, mcapi_pktchan_send_hndl_t handle,
                                  const void *payload);

/* Whether the receiver has released what was last sent by reference from this address. Not yet,
 * and it never will: ERR_CHAN_INVALID, ERR_TRANSMISSION. ERR_BUF_INVALID: nothing was. */
mcapi_status_t mci_lend_released(struct mci_node *node, const void *payload, bool *released);

/* --- Inside the gate of an end, when it is attached or detached ----------------------- */

/* What is lent goes back to the channel, if the channel is still this end's. The control lock
 * is held. */
void mci_lend_end(struct mci_end *end);

/* Only the table goes: the channel is nobody's any more, or its parent's. */
void mci_lend_forget(struct mci_end *end);

#endif /* MCI_LEND_H */
