/* SPDX-License-Identifier: MIT */
/*
 * progress.h - one line on the terminal that is rewritten while the balancer runs.
 *
 *   1,234,567 items   2.31 M/s   workers 26 24 25 25 %   62 %, 0:03 left
 *
 * It goes to stderr, where the one other thing that is written during a run are complaints:
 * they take the line away first.
 */
#ifndef LOAD_BALANCER_PROGRESS_H
#define LOAD_BALANCER_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load_balancer/stats/line.h"
#include "load_balancer/stats/stats.h"

/* What the line says where it is not about packets. */
struct progress_subject {
    uint64_t (*count)(const void *context); /* of what the rate is */
    /* The line, at most `width` characters; `rate` is in 1/s. */
    void (*text)(const void *context, double rate, char *text, size_t width);
    const void *context;
};

struct progress {
    bool wanted;                            /* else nothing is ever written */
    bool shown;                             /* the line is on the terminal now */
    const struct progress_subject *subject; /* NULL: packets */
    uint64_t began_ns;
    uint64_t drawn_ns;    /* when it was drawn last */
    uint64_t drawn_items; /* and what it said */
    double rate;          /* items per second, smoothed */
};

/* How much of the input is done, as far as that is known. */
struct progress_share {
    bool known;
    double share; /* 0 to 1 */
};

/* Decides whether there is anybody to see it: stderr is a terminal. */
void progress_open(struct progress *progress, bool quiet);

/* Whether it is time to draw the line anew: ten times a second. */
bool progress_due(const struct progress *progress, uint64_t now_ns);

/* The line as text, at most `width` characters. */
void progress_text(const struct progress *progress, const struct stats *stats,
                   struct progress_share share, uint64_t now_ns, char *text, size_t width);

/* Parts of such a line: which workers died, and what share of the items each has had; nothing
 * where there is nothing to say. */
void progress_append_deaths(struct line *line, const struct stats *stats);
void progress_append_shares(struct line *line, const struct stats *stats);

/* Draws the line. */
void progress_draw(struct progress *progress, const struct stats *stats,
                   struct progress_share share, uint64_t now_ns);

/* Takes the line away, if it is there. */
void progress_clear(struct progress *progress);

#endif /* LOAD_BALANCER_PROGRESS_H */
