/* SPDX-License-Identifier: MIT */
#include "distributor/waits.h"

#include <stdlib.h>

bool waits_open(struct waits *waits, uint32_t most)
{
    *waits = (struct waits){ .lines = calloc(most, sizeof(*waits->lines)) };
    if (waits->lines == NULL)
        return false;
    for (uint32_t i = 0; i < most; i++)
        waits->lines[i].next = i + 1 < most ? i + 1 : WAITS_NONE;
    return true;
}

void waits_close(struct waits *waits)
{
    free(waits->lines);
    *waits = (struct waits){ .lines = NULL };
}
