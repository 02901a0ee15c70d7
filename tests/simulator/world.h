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

/* For prepare(): fibres 0 to nodes - 1 have joined; each has an endpoint. */
void world_make(int nodes);
mcapi_endpoint_t world_endpoint(int node);

/* A channel from node 0 to node 1, open on both sides. */
void world_connect(enum mci_channel_kind kind);

/* The calling fibre's. */
struct mci_node *world_node(void);

#endif /* SIMULATOR_WORLD_H */
