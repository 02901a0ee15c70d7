/* SPDX-License-Identifier: MIT */
/*
 * message.h - messages: from any endpoint to any other, by priority.
 *
 * Each endpoint slot has two places in this process: one for its threads that send from the
 * endpoint, one for those that receive at it. One thread at a time is at each, so at most one
 * message per sending endpoint is on its way into a mailbox.
 */
#ifndef MCI_MESSAGE_H
#define MCI_MESSAGE_H

#include "runtime/descriptor.h"
#include "runtime/gate.h"
#include "runtime/patience.h"
#include "runtime/posted.h"
#include "segment/mailbox.h"

/* Where messages are sent from. */
struct mci_message_source {
    struct mci_gate gate;
    _Atomic uint32_t handle; /* 0: not attached */
    _Atomic(struct mci_node *) node;
    uint32_t name;            /* what the node writes into cells */
    _Atomic uint32_t waiting; /* threads that wait for room at some mailbox */
    struct mci_endpoint_slot *endpoint;
};

/* Where messages are received. */
struct mci_message_sink {
    struct mci_gate gate;
    _Atomic uint32_t handle; /* 0: not attached */
    _Atomic(struct mci_node *) node;
    struct mci_endpoint_slot *endpoint;
    struct mci_mailbox box;
    struct mci_mailbox_places places;
    struct mci_posted posted;
    struct mci_descriptor *descriptor; /* once it was asked for; else NULL */
};

/* What is to be sent. */
struct mci_message {
    mcapi_endpoint_t from, to;
    const void *payload;
    size_t size;
    mcapi_priority_t priority;
    bool only_check; /* whether it could be sent, full or not */
};

/*
 * Sends a message; a copy of it is on its way when the call returns. Waits for room as long as
 * the sending endpoint's timeout lets it. ERR_ENDP_INVALID, ERR_GENERAL (one of the endpoints
 * is connected), ERR_PRIORITY, ERR_MSG_LIMIT, ERR_MEM_LIMIT, TIMEOUT. To an endpoint that is
 * no more: success, and it is dropped.
 */
mcapi_status_t mci_message_send(struct mci_node *node, const struct mci_message *message);

/* The same without waiting: ERR_MEM_LIMIT when there is no room. */
mcapi_status_t mci_message_send_now(struct mci_node *node, const struct mci_message *message);

/*
 * Receives the most urgent message, the oldest of those. Waits for one as long as the
 * endpoint's timeout lets it. `*size`: of the whole message, of which as much as there is
 * `room` for is in `buffer`. ERR_ENDP_INVALID, ERR_MSG_TRUNCATED, TIMEOUT.
 */
mcapi_status_t mci_message_receive(struct mci_node *node, mcapi_endpoint_t handle, void *buffer,
                                   size_t room, size_t *size);

/* Posts a receive. */
mcapi_status_t mci_message_receive_later(struct mci_node *node, mcapi_endpoint_t handle,
                                         void *buffer, size_t room, mcapi_request_t *request);

/* Serves posted receives as far as there are messages. MCAPI_PENDING: some are left. */
mcapi_status_t mci_message_progress(struct mci_node *node, mcapi_endpoint_t handle);

/* Messages that a receive would get at once. */
mcapi_status_t mci_message_available(struct mci_node *node, mcapi_endpoint_t handle,
                                     uint32_t *available);

/* Whether messages were received, or looked for, at this endpoint of the node: only a hint. */
bool mci_message_is_received_at(const struct mci_node *node, mcapi_endpoint_t handle);

/* A thread of the node is about to sleep on the bell: messages shall ring it. */
void mci_message_announce(struct mci_patience *patience, mcapi_endpoint_t handle);

/* --- The two places: for message_send.c, message_receive.c and request.c ---------------- */

/* Inside the gate of the place: MCAPI_SUCCESS. Else outside of it: ERR_ENDP_INVALID, and for
 * the sink ERR_MEM_LIMIT, no memory for its mailbox. */
mcapi_status_t mci_message_enter_source(struct mci_node *node, uint32_t handle,
                                        struct mci_message_source **source, bool *alone);
mcapi_status_t mci_message_enter_sink(struct mci_node *node, uint32_t handle,
                                      struct mci_message_sink **sink, bool *alone);

/* Out of the gate of the sink: its descriptor says the truth first. */
static inline void mci_message_leave_sink(struct mci_message_sink *sink, bool alone)
{
    mci_descriptor_leave_gate(sink->descriptor, &sink->gate, alone);
}

/* The sink of an endpoint slot, attached or not. */
struct mci_message_sink *mci_message_sink_of(mcapi_endpoint_t handle);

/* --- Under the control lock ----------------------------------------------------------- */

/* Gives the endpoint in this slot a mailbox, if it has none. False: no memory. */
bool mci_message_make_mailbox(uint32_t index);

/* The file descriptor of an endpoint's messages. ERR_MEM_LIMIT; ERR_GENERAL: damaged. */
mcapi_status_t mci_message_fd(struct mci_node *node, struct mci_endpoint_slot *endpoint,
                              uint32_t handle, int *fd);

/* Attaches the sink of an endpoint of this node, if it is not yet. ERR_MEM_LIMIT, no memory for
 * its mailbox; ERR_GENERAL. */
mcapi_status_t mci_message_attach_sink(struct mci_node *node,
                                       struct mci_endpoint_slot *endpoint, uint32_t handle,
                                       struct mci_message_sink **sink);

/* One more than the highest index of a place that was ever used. */
uint32_t mci_message_places_used(void);

/* The same for the places with this index, if they are used by this node; and takes away what
 * the node has left there. */
void mci_message_let_go(uint32_t index, const struct mci_node *node, mcapi_status_t status);

/* No thread of this process is at the endpoint's messages afterwards; posted receives end with
 * `status`. */
void mci_message_detach(uint32_t index, mcapi_status_t status);

/* The endpoint is no more: who waits for room in its mailbox learns it. */
void mci_message_discard(const struct mci_map *map, uint32_t index, uint32_t handle);

/* Takes back what a node had taken in mailboxes and not sent: it is dead or has left, and
 * nobody is at work for it. Then wakes as below. */
void mci_message_take_back(const struct mci_map *map, uint32_t node);

/* Wakes all who sleep at any mailbox: a node has died. */
void mci_message_wake_all(const struct mci_map *map);

/* In a forked child: nothing is attached. */
void mci_message_forget_all(void);

#endif /* MCI_MESSAGE_H */
