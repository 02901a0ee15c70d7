/* SPDX-License-Identifier: MIT */
/*
 * audit.h - walks the whole segment and accounts for every slot of every table and ring.
 *
 * For tests, and for whoever wants to know whether a topology is whole. It only reads, follows
 * nothing without a check, and ends after a bounded number of steps whatever the bytes are.
 *
 * What it says is exact for a quiet segment: nobody changes the tables (the caller holds the
 * control lock, or nobody works) and no packet or scalar is on its way. In a busy one it counts
 * moments that never were, and finds faults that are none.
 *
 * A node that died and was not yet recovered is counted, not a fault; what it left half done
 * under the control lock is a fault until the lock's next owner has repaired it.
 */
#ifndef MCI_AUDIT_H
#define MCI_AUDIT_H

#include "segment/map.h"

enum {
    MCI_AUDIT_KEPT = 8,   /* faults that are kept as text */
    MCI_AUDIT_TEXT = 128, /* bytes of one, the closing NUL included */
};

struct mci_audit {
    uint32_t nodes; /* live */
    uint32_t dead;  /* died, not recovered: live ones, or joining */
    uint32_t held;  /* slots taken by who is no node yet, or no more */
    uint32_t endpoints;
    uint32_t channels;                                   /* connected */
    uint32_t gets;                                       /* by live nodes, of live endpoints */
    uint64_t packets_queued, packets_held, packets_free; /* buffers of connected channels... */
    uint64_t packets_lent; /* ...lent to a program that sends by reference */
    uint64_t scalars_queued;
    uint32_t mailboxes;
    uint64_t messages_queued;
    uint64_t cells_taken; /* by senders that have not sent yet, or by the receiver */
    uint64_t cells_free;
    uint32_t faults;
    char fault[MCI_AUDIT_KEPT][MCI_AUDIT_TEXT]; /* the first of them, one line each */
};

/* What one channel carries. */
struct mci_audit_channel {
    uint32_t queued;           /* packets or scalars, sent and not yet received */
    uint32_t held, free, lent; /* packets: buffers */
};

/* Accounts for everything; true: no fault. */
bool mci_audit(const struct mci_map *map, struct mci_audit *audit);

/* One connected channel only; false: it is not connected, or has a fault. */
bool mci_audit_channel(const struct mci_map *map, uint32_t channel,
                       struct mci_audit_channel *carries);

#endif /* MCI_AUDIT_H */
