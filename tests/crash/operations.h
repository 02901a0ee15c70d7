/* SPDX-License-Identifier: MIT */
/*
 * operations.h - every operation on shared state, as something in which a node can die.
 */
#ifndef TESTS_OPERATIONS_H
#define TESTS_OPERATIONS_H

#include "crash/scene.h"

/* One death: what the operation has set up, for its own later steps. */
struct stage {
    struct child *victim; /* alive, and a node unless `joins` */
    struct pair pair;
    mcapi_endpoint_t endpoint; /* the test's */
    mcapi_endpoint_t peers;    /* the peer's */
    struct act act;            /* what the victim is asked to do */
};

struct operation {
    const char *name;
    bool joins; /* the victim is no node before it */
    void (*set_up)(struct stage *stage);
    void (*run)(struct act *act);         /* the victim, armed */
    void (*survive)(struct stage *stage); /* what the survivors must find; removes all */
    void (*again)(struct child *victim);  /* with the victim's name back; may be NULL */
};

extern const struct operation operations[];
extern const size_t operation_count;

#endif /* TESTS_OPERATIONS_H */
