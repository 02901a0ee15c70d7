/* SPDX-License-Identifier: MIT */
/*
 * check_slots.c - items of all sizes keep their bytes as long as they have a slot, whatever the
 * others do, and a slot can be had as often as it is given back.
 */
#include "load_balancer/slots.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "support/suite.h"

enum { SLOTS = 40 };

/* Around the sizes of the places, with the struct of 48 bytes; and the largest. */
static const uint32_t sizes[] = { 0,   1,   79,  80,   81,   207,  208,   209,           464,
                                  465, 976, 977, 1999, 2000, 2001, 65000, ITEM_BYTES_MAX };

static uint8_t pattern(uint32_t number, uint32_t at)
{
    return (uint8_t)(number * 31 + at);
}

static void fill(struct item *item, uint32_t number, uint32_t captured)
{
    uint8_t *bytes = (uint8_t *)(item + 1);

    *item = (struct item){ .number = number, .captured = captured };
    for (uint32_t i = 0; i < captured; i++)
        bytes[i] = pattern(number, i);
}

static void expect_filled(const struct item *item, uint32_t number)
{
    const uint8_t *bytes = (const uint8_t *)(item + 1);

    ck_assert_uint_eq(item->number, number);
    for (uint32_t i = 0; i < item->captured; i++)
        if (bytes[i] != pattern(number, i))
            ck_abort_msg("byte %u of item %u has changed", i, number);
}

START_TEST(all_slots_can_be_taken_at_once)
{
    for (size_t i = 0; i < SUITE_LENGTH(sizes) - 1; i++) {
        bool taken[SLOTS] = { false };
        struct slots slots;

        ck_assert(slots_open(&slots, SLOTS));
        for (uint32_t k = 0; k < SLOTS; k++) {
            uint32_t which;

            ck_assert(slots_take(&slots, sizes[i], &which));
            ck_assert_uint_lt(which, SLOTS);
            ck_assert(!taken[which]);
            taken[which] = true;
            fill(slots.all[which].item, which, sizes[i]);
        }
        ck_assert_uint_eq(slots.free_count, 0);
        for (uint32_t k = 0; k < SLOTS; k++)
            expect_filled(slots.all[k].item, k);
        slots_close(&slots);
    }
}
END_TEST

START_TEST(items_keep_their_bytes_whatever_the_others_do)
{
    uint32_t which[SLOTS], used = 0;
    struct slots slots;

    srand(1);
    ck_assert(slots_open(&slots, SLOTS));
    for (uint32_t step = 0; step < 20000; step++) {
        if (used < SLOTS && rand() % 2 == 0) {
            /* The largest now and then only: they take long to look at. */
            size_t kinds = SUITE_LENGTH(sizes) - (rand() % 100 == 0 ? 0 : 2);
            uint32_t size = sizes[(size_t)rand() % kinds];

            ck_assert(slots_take(&slots, size, &which[used]));
            fill(slots.all[which[used]].item, which[used], size);
            used++;
        } else if (used > 0) {
            uint32_t one = (uint32_t)rand() % used;

            expect_filled(slots.all[which[one]].item, which[one]);
            slots_give_back(&slots, which[one]);
            which[one] = which[--used];
        }
        ck_assert_uint_eq(slots.free_count, SLOTS - used);
    }
    slots_close(&slots);
}
END_TEST

/* So that what is in use stays in the caches. */
START_TEST(the_slot_that_came_free_last_is_used_next)
{
    uint32_t first, second, again;
    struct slots slots;

    ck_assert(slots_open(&slots, SLOTS));
    ck_assert(slots_take(&slots, 64, &first));
    ck_assert(slots_take(&slots, 64, &second));
    slots_give_back(&slots, first);
    ck_assert(slots_take(&slots, 1000, &again));
    ck_assert_uint_eq(again, first);
    slots_close(&slots);
}
END_TEST

START_TEST(places_are_aligned_for_the_struct)
{
    struct slots slots;
    uint32_t which;

    for (size_t i = 0; i < SUITE_LENGTH(sizes); i++) {
        ck_assert(slots_open(&slots, 3));
        for (int k = 0; k < 3; k++) {
            ck_assert(slots_take(&slots, sizes[i], &which));
            ck_assert_uint_eq((uintptr_t)slots.all[which].item % _Alignof(struct item), 0);
        }
        slots_close(&slots);
    }
}
END_TEST

static void limit_memory(rlim_t more)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = more;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
}

START_TEST(without_memory_nothing_is_taken)
{
    struct slots slots, none;
    uint32_t which, free_count;

    ck_assert(slots_open(&slots, SLOTS));
    free_count = slots.free_count;
    limit_memory(1);
    ck_assert(!slots_take(&slots, ITEM_BYTES_MAX, &which));
    ck_assert_uint_eq(slots.free_count, free_count);
    ck_assert(slots_take(&slots, 64, &which)); /* those have their places */
    ck_assert(!slots_open(&none, 1 << 20));
    limit_memory(RLIM_INFINITY);
    ck_assert(slots_take(&slots, ITEM_BYTES_MAX, &which));
    slots_close(&slots);
    slots_close(&none); /* does nothing */
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { all_slots_can_be_taken_at_once, 1 },
        { items_keep_their_bytes_whatever_the_others_do, 1 },
        { the_slot_that_came_free_last_is_used_next, 1 },
        { places_are_aligned_for_the_struct, 1 },
        { without_memory_nothing_is_taken, 1 },
    };

    return suite_run("slots", tests, SUITE_LENGTH(tests));
}
