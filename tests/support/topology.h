/* SPDX-License-Identifier: MIT */
/*
 * topology.h - what is around a test: a topology of its own, and no trace of it afterwards.
 */
#ifndef TESTS_TOPOLOGY_H
#define TESTS_TOPOLOGY_H

#include <mcapi.h>

/* A topology and a runtime folder that no other test has. For programs that test nodes. */
void topology_begin(void);

/* Every child is ended; nothing is left of the topology in its folder or in /dev/shm. */
void topology_end(void);

/* The same, with the caller as its node <0, 1>, which is finalized at the end. */
void node_begin(void);
void node_end(void);

/* Becomes a node; expects success. */
void join(mcapi_domain_t domain, mcapi_node_t node);

/* Ceases to be one; expects success. */
void leave(void);

#endif /* TESTS_TOPOLOGY_H */
