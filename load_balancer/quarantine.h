/* SPDX-License-Identifier: MIT */
/*
 * quarantine.h - a capture of the items that are set aside because workers died of them.
 */
#ifndef LOAD_BALANCER_QUARANTINE_H
#define LOAD_BALANCER_QUARANTINE_H

#include <stdbool.h>
#include <stdio.h>

#include "load_balancer/config.h"
#include "worker/item.h"

struct quarantine {
    FILE *file; /* until the first item is written; then it belongs to `capture` */
    void *link; /* pcap_t: what says of which link type the capture is */
    void *capture;
    uint16_t link_type;
};

/* Makes the file, or empties it; no file if `path` is NULL. `source` is what --source names.
 * False: a reason of one line. */
bool quarantine_open(struct quarantine *quarantine, const char *path, const char *source,
                     char reason[CONFIG_REASON_SIZE]);

/* Writes an item, so that it is in the file if this process dies. All are of one link type.
 * False: that cannot be; errno says why. */
bool quarantine_put(struct quarantine *quarantine, const struct item *item);

/* Without an item, the file becomes a capture without packets. False: something could not be
 * written; errno says why. */
bool quarantine_close(struct quarantine *quarantine);

#endif /* LOAD_BALANCER_QUARANTINE_H */
