/* SPDX-License-Identifier: MIT */
/* endpoints.h - what the tests of nodes and endpoints do all the time, with success. */
#ifndef CONFORMANCE_ENDPOINTS_H
#define CONFORMANCE_ENDPOINTS_H

#include "harness.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* An endpoint of ours, or of a peer's node. */
mcapi_endpoint_t create(mcapi_port_t port);
mcapi_endpoint_t create_at(struct peer *peer, mcapi_port_t port);
void delete_at(struct peer *peer, mcapi_endpoint_t endpoint);

/* A get that tries once: MCAPI_SUCCESS or MCAPI_TIMEOUT. */
mcapi_status_t look_for(mcapi_node_t node, mcapi_port_t port);
bool is_there(mcapi_node_t node, mcapi_port_t port);

/* Who the calling thread acts for; MCAPI_NODE_INVALID: for nobody. */
mcapi_node_t who(void);
void do_who(struct call *call); /* -> node, status */

/* The calling thread becomes <DOMAIN, node>; by an act it does so with do_initialize. */
mcapi_status_t initialize(mcapi_domain_t domain, mcapi_node_t node);

/* What is printed on stderr, which the runner has made a file: how far it is now, and what was
 * added since then. */
long printed_so_far(void);
size_t printed_since(long then, char *text, size_t size);

/* Children that a test forks itself: how one ended, as waitpid() says it. */
int wait_for_child(int pid);

#endif /* CONFORMANCE_ENDPOINTS_H */
