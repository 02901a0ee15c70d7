/* SPDX-License-Identifier: MIT */
/*
 * request.h - calls that are not finished yet: start, test, wait, cancel.
 *
 * Requests are the node's own business and lie in the memory of its process. A request is
 * one of two kinds of number: a slot of the node's table and its generation, or, for a
 * call that was refused, the refusal itself, which costs no slot.
 *
 *          start              done or refused           wait, cancel, recycled
 *   FREE ---------> PENDING -------------------> DONE ------------------------> FREE
 *
 * A request that is done stays readable. When slots run out, the one that has been done for
 * longest is used again; a pending one never is.
 */
#ifndef MCI_REQUEST_H
#define MCI_REQUEST_H

#include "runtime/channel.h"
#include "runtime/end.h"

enum mci_request_kind {
    MCI_REQUEST_DONE, /* finished when it was issued */
    MCI_REQUEST_GET,
    MCI_REQUEST_OPEN,
    MCI_REQUEST_CLOSE,
    MCI_REQUEST_RECEIVE, /* a packet, posted at an end */
    MCI_REQUEST_MESSAGE, /* posted at an endpoint */
};

/* What a request is about, as far as its kind needs it. */
struct mci_request_start {
    enum mci_request_kind kind;
    bool only_check;   /* there is no request for the call: it only says what else is wrong */
    bool carries_data; /* DONE: it was a send */
    size_t size;       /* ...of so many bytes */
    mcapi_endpoint_t handle; /* OPEN, RECEIVE, MESSAGE */
    enum mci_end_kind end_kind;
    mcapi_domain_t domain; /* GET */
    mcapi_node_t number;
    mcapi_port_t port;
    mcapi_endpoint_t *endpoint;
    struct mci_channel_life life; /* CLOSE */
    void **buffer;                /* RECEIVE */
    void *message;                /* MESSAGE: where it goes... */
    size_t room;                  /* ...and how much of it fits there, in bytes */
};

/* The request of a call that was refused. */
mcapi_request_t mci_request_refused(mcapi_status_t status);

/* MCAPI_ERR_REQUEST_LIMIT: all slots are pending. */
mcapi_status_t mci_request_begin(struct mci_node *node, const struct mci_request_start *start,
                                 mcapi_request_t *request);

/* The call has gone through and knows more now; DONE: the request is over. */
mcapi_status_t mci_request_amend(struct mci_node *node, mcapi_request_t request,
                                 const struct mci_request_start *start);

/* For a request that was begun and that its call could not go on with after all. */
void mci_request_drop(struct mci_node *node, mcapi_request_t request);

/* All inside the gate of the place where receives are posted: */

/* Posts a receive request. */
mcapi_status_t mci_request_post(struct mci_node *node, mcapi_request_t request,
                                struct mci_posted *posted);

/* The oldest posted receive is over, with a packet or an error; false: none is posted. */
bool mci_request_serve(struct mci_posted *posted, void *payload, size_t size,
                       mcapi_status_t status);

/* The oldest posted receive, and there is one, gets a copy of a message. */
void mci_request_serve_message(struct mci_posted *posted, const void *payload, size_t size);

/* All posted receives are over. */
void mci_request_fail_posted(struct mci_posted *posted, mcapi_status_t status);

/* An end has been closed: its open, if that is pending, is over. */
void mci_request_end_open(struct mci_node *node, mcapi_endpoint_t handle);

/* MCAPI_PENDING, or how it ended. */
mcapi_status_t mci_request_test(struct mci_node *node, mcapi_request_t request, size_t *size);
mcapi_status_t mci_request_wait(struct mci_node *node, mcapi_request_t request, size_t *size,
                                mcapi_timeout_t timeout);

/* Waits for one of several; its index goes to `which`. `get` yields the requests. */
mcapi_status_t mci_request_wait_any(struct mci_node *node, size_t count,
                                    mcapi_request_t (*get)(const void *, size_t),
                                    const void *requests, size_t *size, mcapi_timeout_t timeout,
                                    size_t *which);

/* Whether a request may be asked about without a place for a size. */
bool mci_request_has_no_data(struct mci_node *node, mcapi_request_t request);

mcapi_status_t mci_request_cancel(struct mci_node *node, mcapi_request_t request);

/* --- With the node's life ------------------------------------------------------------- */

bool mci_request_prepare(struct mci_node *node, uint32_t count);
void mci_request_discard(struct mci_node *node);
void mci_request_forget(struct mci_node *node);

#endif /* MCI_REQUEST_H */
