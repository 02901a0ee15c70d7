/* SPDX-License-Identifier: MIT */
/*
 * line.c - what has no room at the end of a line is left out.
 */
#include "load_balancer/stats/line.h"

#include <stdarg.h>
#include <stdio.h>

void line_append(struct line *line, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(line->text + line->used, line->room - line->used, format, arguments);
    va_end(arguments);
    line->used += (size_t)length;
    if (line->used >= line->room)
        line->used = line->room - 1;
}
