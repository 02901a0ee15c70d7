/* SPDX-License-Identifier: MIT */
/* arguments_table.h - the table of what is wrong, and the status for it. */
#ifndef CONFORMANCE_ARGUMENTS_TABLE_H
#define CONFORMANCE_ARGUMENTS_TABLE_H

#include "arguments.h"

/* In the order in which they are looked for. For numbers (of domains, nodes, ports, attributes,
 * priorities, sizes of attributes) the contract names no place: after the pointers. */
enum category { POINTERS, NUMBERS, HANDLES, STATES, LIMITS };

struct row {
    enum fn fn;
    enum argument argument;
    const char *wrong; /* words, each a way to be wrong */
    mcapi_status_t status;
    enum category category;
};

extern const struct row rows[];
extern const size_t row_count;

#endif /* CONFORMANCE_ARGUMENTS_TABLE_H */
