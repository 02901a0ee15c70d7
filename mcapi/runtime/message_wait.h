/* SPDX-License-Identifier: MIT */
/*
 * message_wait.h - waiting at a mailbox: for a message, or for room.
 *
 * Whoever waits sleeps on the mailbox's event and on its alarm, by which the kernel tells of a
 * sender that died half-way; a sender also on the receiver's liveness word. After each sleep
 * it looks for the dead itself: the wake may have been theirs.
 */
#ifndef MCI_MESSAGE_WAIT_H
#define MCI_MESSAGE_WAIT_H

#include "runtime/message.h"

/* What has to be known of a mailbox to wait there; copied inside a gate. */
struct mci_message_place {
    struct mci_mailbox box;
    struct mci_patience_end_words words;
    uint32_t owner; /* slot of the receiver's node */
};

void mci_message_describe(const struct mci_mailbox *box,
                          const struct mci_endpoint_slot *receiver, enum mci_side side,
                          struct mci_message_place *place);

struct mci_message_wait {
    struct mci_message_place place;
    mcapi_timeout_t timeout;
    bool fails;                /* the sender's endpoint has FAIL_ON_MEM_LIMIT */
    _Atomic uint32_t *waiting; /* threads that wait there, for a delete; or NULL */
    struct mci_patience patience;
};

/* Takes back what dead nodes hold at the place: the receiver's, or a sender's that has a cell
 * there. False: nobody there is dead. */
bool mci_message_bury(struct mci_node *node, uint32_t serial,
                      const struct mci_message_place *place);

/* `place`, `timeout` and `waiting` are set. */
void mci_message_wait_begin(struct mci_message_wait *wait, struct mci_node *node,
                            uint32_t pace);

/* The next step: MCAPI_SUCCESS to try again. MCAPI_TIMEOUT, MCAPI_ERR_NODE_NOTINIT. */
mcapi_status_t mci_message_wait_step(struct mci_message_wait *wait);

void mci_message_wait_end(struct mci_message_wait *wait);

#endif /* MCI_MESSAGE_WAIT_H */
