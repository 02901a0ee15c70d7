/* SPDX-License-Identifier: MIT */
/*
 * capture_file.h - a capture that is written: of items that are set aside because workers died
 * of them, or of all that come back.
 *
 * All packets of a capture are of one link type: that of the first one.
 */
#ifndef LOAD_BALANCER_CAPTURE_FILE_H
#define LOAD_BALANCER_CAPTURE_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "load_balancer/config.h"
#include "worker/item.h"

struct capture_file {
    const char *option; /* that names it */
    const char *path;
    bool at_once; /* each packet is in the file when it was put, if this process dies */
    FILE *file;   /* until the first packet is written; then it belongs to `capture` */
    void *link;   /* pcap_t: what says of which link type the capture is */
    void *capture;
    uint16_t link_type;
    bool behind;     /* packets were put that may not be in the file yet */
    bool failed;     /* nothing more is written */
    uint64_t others; /* packets of other link types, which are not in it */
};

/* Makes the file, or empties it; no file if `path` is NULL. `source` is what --source names.
 * False: a reason of one line. */
bool capture_file_open(struct capture_file *to, const char *option, const char *path,
                       bool at_once, const char *source, char reason[CONFIG_REASON_SIZE]);

/* Writes a packet with the times and the link type of the item. One of another link type than
 * the first is counted instead. False: it cannot be written; errno says why. That is said once:
 * from then on nothing is written, and all calls succeed. */
bool capture_file_put(struct capture_file *to, const struct item *item, const void *bytes,
                      uint32_t size);

/* What was put is in the file, for whoever reads it meanwhile. False: as for _put. */
bool capture_file_flush(struct capture_file *to);

/* Without a packet, the file becomes a capture without packets. False: something could not be
 * written; errno says why. */
bool capture_file_close(struct capture_file *to);

#endif /* LOAD_BALANCER_CAPTURE_FILE_H */
