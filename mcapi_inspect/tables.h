/* SPDX-License-Identifier: MIT */
/*
 * tables.h - what there is in a segment, printed.
 *
 * The bytes may be any: whatever is used as an index is copied and checked first.
 */
#ifndef INSPECT_TABLES_H
#define INSPECT_TABLES_H

#include "segment/audit.h"
#include "segment/map.h"

void print_nodes(const struct mci_map *map);
void print_endpoints(const struct mci_map *map);
void print_channels(const struct mci_map *map);
void print_mailboxes(const struct mci_map *map);

/* What all of it adds up to, and the memory behind it. */
void print_sums(const struct mci_map *map, const struct mci_audit *audit);

#endif /* INSPECT_TABLES_H */
