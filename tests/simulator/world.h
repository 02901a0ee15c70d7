/* SPDX-License-Identifier: MIT */
/*
 * world.h - nodes of the library in the simulated segment, made by its own calls: each fibre is
 * a node.
 */
#ifndef SIMULATOR_WORLD_H
#define SIMULATOR_WORLD_H

#include "runtime/channel.h"
#include "runtime/runtime.h"

enum { WORLD_BUFFERS = 3, WORLD_ELEMENTS = 2, WORLD_PAYLOAD = 160 };

/* For prepare(), before world_make: more slots for nodes than nodes; other limits; all of them
 * in one process, whose memory is simulated as the segment is. */
void world_limit_nodes(int nodes);
void world_limit_elements(int elements); /* scalars in a channel, messages at an endpoint */
void world_in_one_process(void);

/* For prepare(): fibres 0 to nodes - 1 have joined; each has an endpoint. */
void world_make(int nodes);
mcapi_endpoint_t world_endpoint(int node);

/* For prepare(), after world_make: another endpoint of one of them. */
void world_spare_endpoint(int node);
mcapi_endpoint_t world_spare(void);

/* The calling fibre joins again, under its name. */
mcapi_status_t world_join(void);

/* A channel from node 0 to node 1, open on both sides. */
void world_connect(enum mci_channel_kind kind);

/* For prepare(): another fibre is a thread of this node. */
void world_same_node(int id, int node);

/* For begin(): whose process it is that has a slot is asked without order, of slots that others
 * may be taking meanwhile. Who is told the wrong one guards the wrong word, wakes somebody for
 * nothing or does not find that process. */
void world_hints(int slots);

/* The calling fibre's. */
struct mci_node *world_node(void);

#endif /* SIMULATOR_WORLD_H */
