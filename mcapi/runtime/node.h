/* SPDX-License-Identifier: MIT */
/*
 * node.h - joining a topology as a node, looking at nodes, leaving.
 */
#ifndef MCI_NODE_H
#define MCI_NODE_H

#include "runtime/runtime.h"

/* What a node brings along; the topology's limits count only if it makes the segment. */
struct mci_node_settings {
    const char *topology;
    struct mci_limits limits;
    mcapi_uint_t wait_policy;
    mcapi_uint_t compat;
    uint32_t type; /* MCAPI_NODE_ATTR_TYPE */
};

/* Makes the calling thread the node <domain, number>. ERR_NODE_INITIALIZED; ERR_NODE_INITFAILED
 * (the reason is on stderr). */
mcapi_status_t mci_node_join(mcapi_domain_t domain, mcapi_node_t number,
                             const struct mci_node_settings *settings);

/* Ends a node's life: discards what it has, closes its channels, deletes its endpoints; the
 * last node of the topology removes the segment. False: it was not live. */
bool mci_node_leave(struct mci_node *node);

/* The same for the calling thread's node; from a signal handler that interrupted the library
 * it is done as soon as the interrupted call comes out. */
bool mci_node_leave_current(struct mci_node *node);

struct mci_node_count {
    uint32_t domains; /* with a live node */
    uint32_t nodes;   /* live in the domain asked for */
};

void mci_node_count(struct mci_node *node, struct mci_node_count *count);

/* MCAPI_NODE_ATTR_TYPE of any live node. */
mcapi_status_t mci_node_type(struct mci_node *node, mcapi_domain_t domain, mcapi_node_t number,
                             uint32_t *type);

/* In a forked child: this node was the parent's. */
void mci_node_forget(struct mci_node *node);

#endif /* MCI_NODE_H */
