/* SPDX-License-Identifier: MIT */
/*
 * slots.c - where items are kept that a distributor has.
 */
#include "load_balancer/slots.h"

#include <stdlib.h>
#include <sys/mman.h>

bool slots_open(struct slots *slots, uint32_t count)
{
    size_t size = (size_t)count * ((1U << SLOTS_SIZES) - 1) * SLOTS_FIRST_SIZE;
    void *places = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    *slots = (struct slots){
        .all = calloc(count, sizeof(*slots->all)),
        .free = calloc(count, sizeof(*slots->free)),
        .free_count = count,
        .count = count,
        .places = places == MAP_FAILED ? NULL : places,
        .places_size = size,
    };
    if (slots->all == NULL || slots->free == NULL || slots->places == NULL) {
        slots_close(slots);
        return false;
    }
    for (uint32_t i = 0; i < count; i++)
        slots->free[i] = count - 1 - i;
    return true;
}

void slots_close(struct slots *slots)
{
    for (uint32_t i = 0; slots->all != NULL && i < slots->count; i++)
        free(slots->all[i].large);
    if (slots->places != NULL)
        munmap(slots->places, slots->places_size);
    free(slots->free);
    free(slots->all);
    *slots = (struct slots){ .all = NULL };
}

bool slots_make_large(struct slot *slot, uint32_t size)
{
    if (size > slot->large_room) {
        void *large = malloc(size);

        if (large == NULL)
            return false;
        free(slot->large);
        slot->large = large;
        slot->large_room = size;
    }
    slot->item = slot->large;
    return true;
}
