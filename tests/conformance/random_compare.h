/* SPDX-License-Identifier: MIT */
/*
 * random_compare.h - a run of steps as it stands, and the comparison after each.
 */
#ifndef CONFORMANCE_RANDOM_COMPARE_H
#define CONFORMANCE_RANDOM_COMPARE_H

#include "model.h"

struct world {
    struct model model;
    struct peers *peers;
    FILE *log;
    /* What the library calls the things of the model. */
    mcapi_endpoint_t endpoint[MODEL_THINGS];
    mcapi_request_t request[MODEL_THINGS];
    void *buffer[MODEL_THINGS];
};

void compare(const struct world *world, const struct step *step, const struct wanted *wanted,
             const struct came *came, struct failure *failure);

void differ(struct failure *failure, const char *what, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

#endif /* CONFORMANCE_RANDOM_COMPARE_H */
