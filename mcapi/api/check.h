/* SPDX-License-Identifier: MIT */
/*
 * check.h - how every call begins and ends: is there a node, and what is the caller told?
 *
 * The order of checks is the same everywhere: no place for a status, no node, pointers,
 * numbers, and then, in the runtime, handles, state, limits.
 */
#ifndef MCI_CHECK_H
#define MCI_CHECK_H

#include "runtime/request.h"
#include "runtime/runtime.h"

/* Sets the caller's status, if it has one. */
static inline void mci_report(mcapi_status_t *mcapi_status, mcapi_status_t status)
{
    if (__builtin_expect(mcapi_status != NULL, 1))
        *mcapi_status = status;
}

/* The node that the caller acts for, or NULL: then the status says so already. Without a place
 * for a status nothing happens at all, and this is NULL too. */
static inline struct mci_node *mci_check_node(mcapi_status_t *mcapi_status)
{
    struct mci_node *node;

    if (__builtin_expect(mcapi_status == NULL, 0))
        return NULL;
    node = mci_node_current();
    if (__builtin_expect(node == NULL, 0))
        *mcapi_status = MCAPI_ERR_NODE_NOTINIT;
    return node;
}

/*
 * A non-blocking call: takes a request, does `act`, reports. `act` may complete `start`. When
 * there is no request it is called with start->only_check, and changes nothing: the limit is
 * the last thing to be wrong with a call.
 */
void mci_call_later(struct mci_node *node, struct mci_request_start *start,
                    mcapi_status_t (*act)(struct mci_node *, struct mci_request_start *,
                                          void *),
                    void *context, mcapi_request_t *request, mcapi_status_t *mcapi_status);

/* Reports a non-blocking call that was accepted: MCAPI_SUCCESS, or in profile `document`
 * MCAPI_PENDING while it has not finished. */
void mci_report_later(struct mci_node *node, mcapi_request_t request,
                      mcapi_status_t *mcapi_status);

/* Refuses a non-blocking call: the status, and a request that says the same. */
void mci_refuse(mcapi_request_t *request, mcapi_status_t *mcapi_status, mcapi_status_t status);

/* After mci_check_node returned NULL: the request says so too. */
void mci_refuse_without_node(mcapi_request_t *request, const mcapi_status_t *mcapi_status);

#endif /* MCI_CHECK_H */
