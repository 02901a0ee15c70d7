/* SPDX-License-Identifier: MIT */
/*
 * homeless.c - items of workers that are gone for good.
 */
#include "load_balancer/homeless.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 256 };

bool homeless_add(struct homeless *homeless, const struct item *item, uint32_t blame,
                  bool given)
{
    size_t size = sizeof(*item) + item->captured;
    struct item *copy;

    if (homeless->count == homeless->room) {
        uint32_t room = homeless->room == 0 ? FIRST_ROOM : homeless->room * 2;
        struct homeless_item *all = realloc(homeless->all, room * sizeof(*all));

        if (all == NULL)
            return false;
        homeless->all = all;
        homeless->room = room;
    }
    copy = malloc(size);
    if (copy == NULL)
        return false;
    memcpy(copy, item, size);
    homeless->all[homeless->count++] =
            (struct homeless_item){ .item = copy, .blame = blame, .given = given };
    return true;
}

static int highest_first(const void *a, const void *b)
{
    uint64_t left = ((const struct homeless_item *)a)->item->number;
    uint64_t right = ((const struct homeless_item *)b)->item->number;

    return left < right ? 1 : left > right ? -1 : 0;
}

void homeless_sort(struct homeless *homeless)
{
    if (homeless->count > 0)
        qsort(homeless->all, homeless->count, sizeof(*homeless->all), highest_first);
}

void homeless_remove_first(struct homeless *homeless)
{
    free(homeless->all[--homeless->count].item);
}

void homeless_close(struct homeless *homeless)
{
    while (homeless->count > 0)
        homeless_remove_first(homeless);
    free(homeless->all);
    *homeless = (struct homeless){ .count = 0 };
}
