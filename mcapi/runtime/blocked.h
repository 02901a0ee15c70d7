/* SPDX-License-Identifier: MIT */
/*
 * blocked.h - the loop of a blocking call on a channel end.
 *
 *     mci_blocked_begin(&blocked, node, handle, kind);
 *     while (mci_blocked_enter(&blocked, &status)) {
 *         status = try(blocked.end);                  MCAPI_PENDING: not now
 *         mci_blocked_leave(&blocked, status);
 *     }
 *     return status;
 *
 * Between two tries the thread is outside of the gate, and waits as long as the endpoint's
 * timeout lets it.
 */
#ifndef MCI_BLOCKED_H
#define MCI_BLOCKED_H

#include "runtime/patience.h"

struct mci_blocked {
    struct mci_end *end; /* while entered */
    bool alone;
    struct mci_node *node;
    uint32_t handle;
    enum mci_end_kind kind;
    bool begun; /* patience is */
    bool finished;
    bool stalled;            /* counted as one that could not go on at once */
    mcapi_status_t status;   /* when finished */
    mcapi_timeout_t timeout; /* of the end; once it is known */
    struct mci_patience_end_words words;
    bool connected; /* words are known */
    struct mci_patience patience;
};

/* Whether a status of one try is the call's status. */
static inline bool mci_is_final(mcapi_status_t status)
{
    return status != MCAPI_PENDING && status != MCAPI_ERR_TRANSMISSION;
}

void mci_blocked_begin(struct mci_blocked *blocked, struct mci_node *node, uint32_t handle,
                       enum mci_end_kind kind);

/* Waits if it must; true: inside the end's gate, try. False: the call ends with `status`. */
bool mci_blocked_enter(struct mci_blocked *blocked, mcapi_status_t *status);

/* Out of the gate again; any status but MCAPI_PENDING ends the loop. */
void mci_blocked_leave(struct mci_blocked *blocked, mcapi_status_t status);

/* The whole of it, for calls that do enough at a time to afford one more call: tries inside the
 * gate, at least once, until it is not MCAPI_PENDING. */
mcapi_status_t mci_blocked_call(struct mci_node *node, uint32_t handle, enum mci_end_kind kind,
                                mcapi_status_t (*attempt)(struct mci_end *, void *),
                                void *context);

#endif /* MCI_BLOCKED_H */
