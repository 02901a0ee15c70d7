/* SPDX-License-Identifier: MIT */
/*
 * recovery.h - takes back what a node held: when it leaves, and when it died.
 *
 * Both are the same walk over the tables; only what the peers are told differs. Every step can
 * be done again, and the slot of the node is freed last: a death in between leaves a dead
 * node and a dead owner of the control lock, and whoever comes next begins again.
 */
#ifndef MCI_RECOVERY_H
#define MCI_RECOVERY_H

#include "runtime/runtime.h"

/* All under the control lock. */

/* Takes back everything but the slot. `how` is what the other sides of its channels see:
 * MCI_SIDE_GONE or MCI_SIDE_DEAD. */
void mci_take_back(struct mci_map *map, uint32_t node, enum mci_side_state how);

/* True: that slot's owner was dead, and everything is back. */
bool mci_recover_if_dead(struct mci_map *map, uint32_t node);

/* The same for a slot that the caller has taken over from a dead node. */
void mci_recover_own(struct mci_map *map, uint32_t node);

/* Looks at all slots. */
void mci_recover_all_dead(struct mci_map *map);

/* The last owner of the control lock died with it: makes the tables whole again, whatever it
 * was doing. */
void mci_repair(void);

#endif /* MCI_RECOVERY_H */
