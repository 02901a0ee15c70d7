/* SPDX-License-Identifier: MIT */
/*
 * made_capture.h - captures made by hand, and what a source makes of them.
 *
 * There are six kinds of file, all with the same packets in them: pcap with micro- and
 * nanoseconds and pcapng, each in both byte orders.
 */
#ifndef TESTS_MADE_CAPTURE_H
#define TESTS_MADE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load_balancer/source/source.h"

enum {
    CAPTURE_KINDS = 6,
    CAPTURE_PACKETS = 5,
};

struct capture {
    uint8_t at[4096];
    size_t size;
    bool swapped;                 /* numbers are not in this machine's byte order */
    bool blocks;                  /* pcapng */
    size_t head;                  /* bytes that it takes to tell that this is a capture */
    size_t ends[CAPTURE_PACKETS]; /* bytes that it takes to have each packet whole */
    bool boundary[4096];          /* a record of the file ends in front of this byte */
};

struct capture capture_make(int kind);

/* The time of packet `i`, in ns. */
uint64_t capture_time(int i);

/* How many packets are whole in the first `size` bytes. */
int capture_whole(const struct capture *capture, size_t size);

/* --- Files and sources ------------------------------------------------------------ */

/* A file without a name of its own that has these bytes in it; how to open it. */
const char *file_of(const void *bytes, size_t size);

/* NULL, with the reason in `error`, of SOURCE_REASON_SIZE bytes, if it cannot be opened. */
struct source *capture_try(const char *path, uint64_t loop, char *error);
struct source *capture_open(const char *path, uint64_t loop);

void expect_packet(const struct packet *packet, int i);
void expect_next(struct source *source, int i);
void expect_end(struct source *source);

#endif /* TESTS_MADE_CAPTURE_H */
