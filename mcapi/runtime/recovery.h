/* SPDX-License-Identifier: MIT */
/*
 * recovery.h - takes back what a node held: when it leaves, and when it died.
 *
 * Both are the same walk over the tables; only what the peers are told differs. Every step can
 * be done again, and the slot of the node is freed last: a death in between leaves a dead
 * node and a dead owner of the control lock, and whoever comes next begins again.
 *
 * A node is its thread, and a marked word says that this thread executes nothing any more. But
 * other threads of the process may act for it, and run for a moment after the mark, or for long
 * if only the thread has died. Then the node is LEAVING: its peers learn of the death at once,
 * but its slot, its endpoints' slots, its channels and what it has taken in mailboxes are given
 * to nobody until its process has ended.
 */
#ifndef MCI_RECOVERY_H
#define MCI_RECOVERY_H

#include "runtime/runtime.h"

/* --- Under the control lock ----------------------------------------------------------- */

/* Takes back everything but the slot. `how` is what the other sides of its channels see:
 * MCI_SIDE_GONE or MCI_SIDE_DEAD. */
void mci_take_back(struct mci_map *map, uint32_t node, enum mci_side_state how);

/* True: that slot's owner was dead, and nobody finds anything of it any more. */
bool mci_recover_if_dead(struct mci_map *map, uint32_t node);

/* The same for a slot that the caller has taken over from a dead node. */
void mci_recover_own(struct mci_map *map, uint32_t node);

/* Looks at all slots. */
void mci_recover_all_dead(struct mci_map *map);

/* The last owner of the control lock died with it: makes the tables whole again, whatever it
 * was doing. */
void mci_repair(void);

/* Whether this life of that slot has ended, and what it had must still be left alone. */
bool mci_recover_is_kept(const struct mci_map *map, uint32_t node, uint32_t life);

/* --- Anybody --------------------------------------------------------------------------- */

/* Whether no thread acts any more for the node in that slot, which is dead. */
bool mci_recover_is_quiet(const struct mci_map *map, uint32_t node);

/* For who has waited long: marks the word of a node whose thread has ended, if the kernel did
 * not. */
void mci_recover_notice(struct mci_map *map, uint32_t node);

#endif /* MCI_RECOVERY_H */
