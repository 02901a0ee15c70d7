/* SPDX-License-Identifier: MIT */
/*
 * channel.h - the life of a channel: connect, open, close.
 *
 *          connect              a side closes or dies          the other one too
 *   FREE -----------> CONNECTED ---------------------> CONNECTED -----------------> FREE
 *
 * The state of the slot and of its two sides is the truth. An endpoint that is opened before it
 * is connected says so itself, and the connect carries it over. The links from endpoints to
 * their channel can be made again from the channels, and are after a death under the lock.
 */
#ifndef MCI_CHANNEL_H
#define MCI_CHANNEL_H

#include "runtime/runtime.h"

static inline enum mci_side mci_side_of(enum mci_end_kind kind)
{
    return kind == MCI_END_PACKET_SEND || kind == MCI_END_SCALAR_SEND ? MCI_SEND : MCI_RECEIVE;
}

static inline enum mci_channel_kind mci_channel_kind_of(enum mci_end_kind kind)
{
    return kind == MCI_END_PACKET_SEND || kind == MCI_END_PACKET_RECEIVE ? MCI_CHANNEL_PACKET
                                                                         : MCI_CHANNEL_SCALAR;
}

/* With `only_check` the calls say what is wrong, and do nothing. */

mcapi_status_t mci_channel_connect(struct mci_node *node, enum mci_channel_kind kind,
                                   mcapi_endpoint_t send, mcapi_endpoint_t receive,
                                   bool only_check);

/* `complete`: nothing is left to wait for. */
mcapi_status_t mci_channel_open(struct mci_node *node, mcapi_endpoint_t handle,
                                enum mci_end_kind kind, bool *complete, bool only_check);

/* How an open stands that was accepted before: MCAPI_PENDING, MCAPI_SUCCESS or its error. */
mcapi_status_t mci_channel_open_result(struct mci_node *node, mcapi_endpoint_t handle,
                                       enum mci_end_kind kind);

/* What a close waits for: this life of this channel. */
struct mci_channel_life {
    uint32_t channel;
    uint32_t generation;
    enum mci_side side; /* the one that was closed */
    bool over;          /* nothing to wait for */
};

mcapi_status_t mci_channel_close(struct mci_node *node, mcapi_endpoint_t handle,
                                 enum mci_end_kind kind, struct mci_channel_life *life,
                                 bool only_check);

/* How a close stands that was accepted before: MCAPI_PENDING or MCAPI_SUCCESS. */
mcapi_status_t mci_channel_close_result(struct mci_node *node,
                                        const struct mci_channel_life *life);

/* Tells a node's slot for the liveness of the other side, while a request waits: the peer of
 * an endpoint, or MCI_NO_NODE. */
#define MCI_NO_NODE UINT32_MAX
uint32_t mci_channel_peer(struct mci_node *node, mcapi_endpoint_t handle);
uint32_t mci_channel_closing_peer(struct mci_node *node, const struct mci_channel_life *life);

/* Seen from a blocked call: the other node's word says that it is dead. Takes back what it
 * held, so that everybody sees it. */
void mci_channel_bury(struct mci_node *node, uint32_t dead);

/* --- Under the control lock ----------------------------------------------------------- */

/* Takes an open back; false: it is not pending any more. */
bool mci_channel_open_cancel(struct mci_node *node, mcapi_endpoint_t handle,
                             enum mci_end_kind kind);

/* If the node of the other end has died, nobody may have noticed yet: then now. */
void mci_channel_bury_peer(const struct mci_map *map, const struct mci_endpoint_slot *endpoint);

/* Whether an open of this side, which is open, has nothing left to wait for. */
bool mci_channel_open_is_complete(const struct mci_channel_slot *slot, enum mci_side side);

/* Before a delete: MCAPI_SUCCESS when the endpoint is on no channel any more (its own side let
 * go, if only the other one was left), else CHAN_OPEN or CHAN_CONNECTED. */
mcapi_status_t mci_channel_leave(struct mci_map *map, struct mci_endpoint_slot *endpoint);

/* The owner of an endpoint is gone: its side ends as GONE or DEAD. */
void mci_channel_abandon(struct mci_map *map, struct mci_endpoint_slot *endpoint,
                         enum mci_side_state how);

/* Links endpoints to their channels again, frees channels without ends, wakes everybody. What
 * was half opened or half closed was the dead node's own, and ends with it. */
void mci_channel_repair(struct mci_map *map);

#endif /* MCI_CHANNEL_H */
