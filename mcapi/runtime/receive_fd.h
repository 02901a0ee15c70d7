/* SPDX-License-Identifier: MIT */
/*
 * receive_fd.h - the file descriptors of receiving ends and of mailboxes.
 */
#ifndef MCI_RECEIVE_FD_H
#define MCI_RECEIVE_FD_H

#include "runtime/end.h"

/*
 * The file descriptor of an open receiving end, or of an endpoint that is on no channel; the
 * same at each call, made at the first. ERR_ENDP_INVALID: no endpoint of this node;
 * ERR_CHAN_INVALID: it sends, or is connected and not open; ERR_MEM_LIMIT: none is to be had.
 */
mcapi_status_t mci_receive_fd(struct mci_node *node, mcapi_endpoint_t handle, int *fd);

/* Inside the gate of an end that was just attached: its descriptor, if it has one, is too. */
void mci_receive_fd_attach(struct mci_end *end);

/* --- The watcher ------------------------------------------------------------------------ */

/* To an end that was opened, and not connected yet, when it was looked at last; or on behalf of
 * one to the grave. */
struct mci_visit {
    struct mci_node *node;
    uint32_t serial;
    uint32_t handle;
    uint32_t dead; /* slot of a node, or MCI_NO_NODE */
};

/* Whether the end seems to be connected now. */
bool mci_visit_is_due(uint32_t handle);

/* Attaches the end if it is, or buries the dead. False: not now, somebody has the mutex of the
 * runtime. */
bool mci_visit_make(const struct mci_visit *visit);

#endif /* MCI_RECEIVE_FD_H */
