/* SPDX-License-Identifier: MIT */
/* audit_faults.h - what can be wrong in a segment, and what the audit says of it. */
#ifndef TESTS_AUDIT_FAULTS_H
#define TESTS_AUDIT_FAULTS_H

#include "segment/audit.h"
#include "segment/mailbox.h"
#include "segment/ring_packet.h"
#include "segment/ring_scalar.h"

/* A copy of a segment with something of everything in it. */
struct scene {
    struct mci_map map;
    struct mci_node_slot *node;
    struct mci_endpoint_slot *got; /* by one, and on no channel */
    uint32_t got_index;
    struct mci_channel_slot *packets, *scalars;
    struct mci_endpoint_slot *sender; /* of the packet channel */
    struct mci_ring_packet ring;      /* with 2 packets queued, 1 held, 1 buffer free */
    struct mci_ring_scalar words;     /* 2 queued, 1 taken */
    struct mci_mailbox box;           /* of `got`: 2 messages of priority 0, 1 of 3 */
};

/* Buffer 0 is the free one. */
static inline void audit_lend(struct scene *scene)
{
    atomic_store(&scene->ring.occupant[0], MCI_LENT(atomic_load(&scene->ring.freed[0])));
}

/* Plants it in a segment that was whole; some words of what is then said. */
struct audit_fault {
    void (*plant)(struct scene *scene);
    const char *says;
};

extern const struct audit_fault audit_faults[];
extern const size_t audit_fault_count;

#endif /* TESTS_AUDIT_FAULTS_H */
