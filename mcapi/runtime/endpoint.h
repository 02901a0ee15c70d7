/* SPDX-License-Identifier: MIT */
/*
 * endpoint.h - the table of endpoints: create, find, get, release, delete.
 *
 * The handle in a slot is the truth about it: its store creates and deletes. The buckets,
 * the totals of gets and the numbers of endpoints per node can be counted again from the
 * slots and rows, and are after a death under the control lock.
 */
#ifndef MCI_ENDPOINT_H
#define MCI_ENDPOINT_H

#include "runtime/runtime.h"

/* Ports from here up to twice this are those of anonymous endpoints. */
enum { MCI_ANONYMOUS_PORT = 0x40000000 };

static inline bool mci_endpoint_port_is_anonymous(mcapi_port_t port)
{
    return port >> 30 == 1;
}

/* MCAPI_PORT_ANY: a free port that no named create can collide with. */
mcapi_status_t mci_endpoint_create(struct mci_node *node, mcapi_port_t port,
                                   mcapi_endpoint_t *handle);

/* One try. MCAPI_PENDING: there is none yet, and the node's bell will ring at every create.
 * MCAPI_ERR_ENDP_GET_LIMIT: a channel endpoint that somebody has. */
mcapi_status_t mci_endpoint_get(struct mci_node *node, mcapi_domain_t domain,
                                mcapi_node_t number, mcapi_port_t port,
                                mcapi_endpoint_t *handle);

/* Waits for it, up to `timeout` ms. */
mcapi_status_t mci_endpoint_wait_for(struct mci_node *node, mcapi_domain_t domain,
                                     mcapi_node_t number, mcapi_port_t port,
                                     mcapi_timeout_t timeout, mcapi_endpoint_t *handle);

/* Gives one get back. */
mcapi_status_t mci_endpoint_release(struct mci_node *node, mcapi_endpoint_t handle);

mcapi_status_t mci_endpoint_delete(struct mci_node *node, mcapi_endpoint_t handle);

/* --- Under the control lock ----------------------------------------------------------- */

/* The endpoint's slot; NULL if there is none, or if its node has died, which is buried then. */
struct mci_endpoint_slot *mci_endpoint_live(struct mci_map *map, mcapi_endpoint_t handle);

/* The live endpoint's slot if this node owns it; else NULL. */
struct mci_endpoint_slot *mci_endpoint_own(const struct mci_node *node,
                                           mcapi_endpoint_t handle);

/* Whether this was the handle of an endpoint that is no more; as far as generations tell. */
bool mci_endpoint_was(const struct mci_map *map, mcapi_endpoint_t handle);

/* Frees a live slot, whatever state it is in. */
void mci_endpoint_discard(struct mci_map *map, uint32_t index);

/* Gives back all gets of one node, as far as they still mean anything. */
void mci_endpoint_return_gets(struct mci_map *map, uint32_t node);

/* Gives back the get of a channel endpoint whose channel has ended. */
void mci_endpoint_return_channel_get(struct mci_map *map, struct mci_endpoint_slot *slot);

/* Builds buckets, totals and counts anew from the slots and rows. */
void mci_endpoint_rebuild(struct mci_map *map);

/* Endpoint slots that may be in use: all below. */
uint32_t mci_endpoint_high(const struct mci_map *map);

#endif /* MCI_ENDPOINT_H */
