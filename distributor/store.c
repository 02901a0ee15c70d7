/* SPDX-License-Identifier: MIT */
#include "distributor/store.h"

#include <stdlib.h>
#include <sys/mman.h>

static bool open_places(struct store *store, uint32_t max_size)
{
    size_t at = 0, size = STORE_FIRST_SIZE;
    uint32_t kinds = 1;

    while (size < max_size) {
        size *= 2;
        kinds++;
    }
    store->memory_size = (2 * size - STORE_FIRST_SIZE) * store->capacity;
    store->memory = mmap(NULL, store->memory_size, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (store->memory == MAP_FAILED) {
        store->memory = NULL;
        return false;
    }
    size = STORE_FIRST_SIZE;
    for (uint32_t kind = 0; kind < kinds; kind++, size *= 2) {
        store->places[kind] = store->memory + at;
        at += size * store->capacity;
    }
    return true;
}

bool store_open(struct store *store, uint32_t capacity, uint32_t max_size)
{
    uint32_t slots = 1;

    while (slots < capacity)
        slots *= 2;
    *store = (struct store){
        .records =
                aligned_alloc(64, ((size_t)capacity * sizeof(*store->records) + 63) / 64 * 64),
        .next = calloc(capacity, sizeof(*store->next)),
        .free = calloc(capacity, sizeof(*store->free)),
        .free_count = capacity,
        .capacity = capacity,
        .returned = calloc(slots, sizeof(*store->returned)),
        .mask = slots - 1,
    };
    if (store->records == NULL || store->next == NULL || store->free == NULL
        || store->returned == NULL || !open_places(store, max_size)) {
        store_close(store);
        return false;
    }
    for (uint32_t i = 0; i < capacity; i++)
        store->free[i] = capacity - 1 - i;
    return true;
}

void store_close(struct store *store)
{
    if (store->memory != NULL)
        munmap(store->memory, store->memory_size);
    free(store->records);
    free(store->next);
    free(store->free);
    free(store->returned);
    *store = (struct store){ .records = NULL };
}
