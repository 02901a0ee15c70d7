/* SPDX-License-Identifier: MIT */
/*
 * random_log.c - stamps in shared memory. Their order is that of one atomic counter, so a stamp
 * made before a call and one made after what the call has caused stand in that order. One that
 * was begun by a process that died may be missing: it is STAMP_NONE.
 */
#include "distributor/random.h"

#include <stdarg.h>

enum { KIND_BITS = 4, LIFE_BITS = 8, FLAG_BITS = 20 };

void log_stamp(struct record *record, enum stamp_kind kind, uint32_t life, uint32_t item,
               uint32_t flags)
{
    uint32_t at = atomic_fetch_add(&record->count, 1);

    if (at >= RANDOM_STAMPS) {
        wrong(record, "the test has made more than %d stamps", RANDOM_STAMPS);
        return;
    }
    atomic_store(&record->stamp[at], (uint64_t)item << 32 | (uint64_t)flags << 12
                                             | (uint64_t)life << KIND_BITS | (uint64_t)kind);
}

struct stamp log_read(const struct record *record, uint32_t at)
{
    uint64_t word = atomic_load(&record->stamp[at]);

    return (struct stamp){
        .kind = (enum stamp_kind)(word & ((1u << KIND_BITS) - 1)),
        .life = (uint32_t)(word >> KIND_BITS) & ((1u << LIFE_BITS) - 1),
        .flags = (uint32_t)(word >> (KIND_BITS + LIFE_BITS)) & ((1u << FLAG_BITS) - 1),
        .item = (uint32_t)(word >> 32),
    };
}

void wrong(struct record *record, const char *format, ...)
{
    uint32_t none = 0;
    va_list arguments;

    if (!atomic_compare_exchange_strong(&record->wrong, &none, 1))
        return;
    va_start(arguments, format);
    vsnprintf(record->text, sizeof record->text, format, arguments);
    va_end(arguments);
    atomic_store(&record->wrong, 2);
}

bool is_wrong(const struct record *record)
{
    return atomic_load(&record->wrong) != 0;
}
