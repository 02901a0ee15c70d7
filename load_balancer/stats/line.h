/* SPDX-License-Identifier: MIT */
/*
 * line.h - a line of text that grows, and stops at the end of its room.
 *
 *     struct line line = { .text = text, .room = sizeof(text) };
 */
#ifndef LOAD_BALANCER_STATS_LINE_H
#define LOAD_BALANCER_STATS_LINE_H

#include <stddef.h>

struct line {
    char *text;
    size_t used;
    size_t room; /* with the NUL */
};

__attribute__((format(printf, 2, 3))) void line_append(struct line *line, const char *format,
                                                       ...);

#endif /* LOAD_BALANCER_STATS_LINE_H */
