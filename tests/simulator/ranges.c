/* SPDX-License-Identifier: MIT */
/* ranges.c - parts of the segment that a scenario has said something about: how accesses to
 * them are checked. */
#include "inside.h"

enum { RANGES = 64 };

static struct {
    const unsigned char *from, *to;
    enum sim_checks how;
} ranges[RANGES];
static uint32_t count;

void sim_ranges_begin(void)
{
    count = 0;
}

static void add(const volatile void *start, size_t size, enum sim_checks how)
{
    const unsigned char *from = (const unsigned char *)start;

    if (count == RANGES)
        __builtin_trap();
    ranges[count].from = from;
    ranges[count].to = from + size;
    ranges[count++].how = how;
}

void sim_guard(const volatile void *start, size_t size)
{
    add(start, size, SIM_CHECKED_AS_PLAIN);
}

void sim_hint(const volatile void *start, size_t size)
{
    add(start, size, SIM_NOT_CHECKED);
}

enum sim_checks sim_checks_of(const unsigned char *at)
{
    for (uint32_t i = 0; i < count; i++)
        if (at >= ranges[i].from && at < ranges[i].to)
            return ranges[i].how;
    return SIM_CHECKED;
}
