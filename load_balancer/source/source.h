/* SPDX-License-Identifier: MIT */
/*
 * source.h - where packets come from.
 *
 * A source is opened from a specification, "kind:rest", asked for one packet after the
 * other until it ends, and closed. What a kind is and how to add one stands at the end.
 */
#ifndef LOAD_BALANCER_SOURCE_H
#define LOAD_BALANCER_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One packet as it was captured, or made. */
struct packet {
    const uint8_t *bytes;
    uint32_t captured;  /* bytes there are; a capture may have cut packets short */
    uint32_t original;  /* bytes the packet had on the wire, at least `captured` */
    uint64_t time_ns;   /* since the epoch, as recorded; see the loop below */
    uint32_t link_type; /* what the bytes begin with: DLT_* of <pcap/dlt.h> */
};

enum source_result {
    SOURCE_PACKET,      /* here is one */
    SOURCE_END,         /* there are no more, now and later; source_reason may add a note */
    SOURCE_INTERRUPTED, /* a signal or source_interrupt came while it waited for input;
                         * nothing is lost, the next call goes on waiting */
    SOURCE_FAILED,      /* there is no more to be had; source_reason says why */
};

struct source_settings {
    /* How often to go through a file; 0: for ever, 1: once. Times of a later pass go on
     * where the pass before ended. Anything but 1 is refused where it makes no sense. */
    uint64_t loop;
};

struct source;

/* --- The balancer: one thread ----------------------------------------------------- */

/* One line about each kind for a help text: what to write, a tab, what it means; NULL
 * behind the last kind. */
const char *source_help(size_t kind);

/* Opens a source; NULL and a reason of one line if that cannot be. A file is checked here;
 * standard input and pipes are read from only in source_next, so that opening never waits. */
struct source *source_open(const char *specification, const struct source_settings *settings,
                           char *error, size_t error_size);

/* The next packet; its bytes are valid until the next call on this source. */
enum source_result source_next(struct source *source, struct packet *packet);

/* One line on what went wrong after SOURCE_FAILED, or a note after SOURCE_END (a capture
 * was cut short: after which packet, at which byte); NULL if there is nothing to say. */
const char *source_reason(const struct source *source);

/* Packets in total, if that is known beforehand; 0 if not. */
uint64_t source_expected(const struct source *source);

/* The share of the whole that was read so far, 0 to 1; false if the whole is unknown. */
bool source_progress(const struct source *source, double *fraction);

/* Accepts NULL. */
void source_close(struct source *source);

/* --- A signal handler, or any thread ---------------------------------------------- */

/* Makes a source_next that waits for input, or the next one that would have to wait,
 * return SOURCE_INTERRUPTED. Without it, a signal that arrives just before the waiting
 * begins would go unnoticed until input comes. */
void source_interrupt(struct source *source);

/* --- A kind of source: a file here, and one line in the table of source.c --------- */

enum {
    /* Room for one line with a file name in it. */
    SOURCE_REASON_SIZE = 512,
};

struct source_kind {
    const char *name; /* what stands before the colon */
    const char *help; /* what source_help says */

    /* What source_open does, with what stands behind the colon; never with NULL. The result
     * has its `kind` set, and `expected` and `prompt` where they are known; the rest is
     * zero. */
    struct source *(*open)(const char *rest, const struct source_settings *settings,
                           char *error, size_t error_size);

    /* Not called again after SOURCE_END or SOURCE_FAILED. */
    enum source_result (*next)(struct source *source, struct packet *packet);

    /* NULL: never known. */
    bool (*progress)(const struct source *source, double *fraction);

    /* NULL: never waits. Safe in a signal handler. */
    void (*interrupt)(struct source *source);

    void (*close)(struct source *source);
};

/* What all kinds have in common; the first member of what a kind keeps. */
struct source {
    const struct source_kind *kind;
    enum source_result state;        /* SOURCE_PACKET until it ended or failed */
    uint64_t expected;               /* 0: unknown */
    bool prompt;                     /* never waits for input */
    char reason[SOURCE_REASON_SIZE]; /* empty: nothing to say */
};

extern const struct source_kind source_generated; /* generated.c */
extern const struct source_kind source_iface;     /* iface.c */
extern const struct source_kind source_pcap;      /* pcap.c */

#endif /* LOAD_BALANCER_SOURCE_H */
