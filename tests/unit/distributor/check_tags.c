/* SPDX-License-Identifier: MIT */
/*
 * check_tags.c - the table of tags against one that is easy to believe: an array.
 */
#include <stdlib.h>

#include "distributor/tags.h"
#include "support/suite.h"

enum { MOST = 5000 };

struct known {
    uint32_t tag, worker, count;
};

static struct known known[MOST];
static uint32_t known_count;

static void expect_same(const struct tags *tags)
{
    ck_assert_uint_eq(tags->used, known_count);
    for (uint32_t i = 0; i < known_count; i++) {
        const struct tag *entry = tags_find(tags, known[i].tag);

        ck_assert_ptr_nonnull(entry);
        ck_assert_uint_eq(tags_worker(entry), known[i].worker);
        ck_assert_uint_eq(entry->use / TAG_ITEM, known[i].count);
    }
}

/* One more item of a tag, at a place in the array if it is there already. */
static void come(struct tags *tags, uint32_t tag, uint32_t worker)
{
    struct tag *entry = tags_find(tags, tag);

    for (uint32_t i = 0; i < known_count; i++)
        if (known[i].tag == tag) {
            ck_assert_ptr_nonnull(entry);
            tags_count(entry);
            known[i].count++;
            return;
        }
    ck_assert_ptr_null(entry);
    if (known_count == MOST)
        return;
    tags_add(tags, tag, worker);
    known[known_count++] = (struct known){ tag, worker, 1 };
}

static void go(struct tags *tags, uint32_t place)
{
    tags_uncount(tags, known[place].tag);
    if (--known[place].count == 0)
        known[place] = known[--known_count];
}

static uint32_t random_number(void)
{
    static uint32_t state = 7;

    state = state * 1664525 + 1013904223;
    return state >> 8;
}

/* 0: tags from a small range, so that some have many items; 1: from all of them. */
START_TEST(the_table_is_as_an_array_would_be)
{
    struct tags tags;

    known_count = 0;
    ck_assert(tags_open(&tags, MOST));
    for (uint32_t step = 0; step < 30000; step++) {
        /* Grows to about all it can have, then shrinks, twice. */
        bool grows = step / 7500 % 2 == 0;

        if (known_count == 0 || random_number() % 4 < (grows ? 3 : 1))
            come(&tags, _i == 0 ? random_number() % 600 : random_number() * 2654435761u,
                 random_number() % 256);
        else
            go(&tags, random_number() % known_count);
        if (step % 500 == 0)
            expect_same(&tags);
    }
    while (known_count > 0)
        go(&tags, known_count - 1);
    expect_same(&tags);
    tags_close(&tags);
}
END_TEST

START_TEST(it_holds_as_many_as_was_asked_for_and_every_tag)
{
    static const uint32_t odd[] = { 0, 1, UINT32_MAX, UINT32_MAX - 1, 0x80000000 };
    struct tags tags;

    known_count = 0;
    ck_assert(tags_open(&tags, MOST));
    for (size_t i = 0; i < SUITE_LENGTH(odd); i++)
        come(&tags, odd[i], 255);
    for (uint32_t i = 0; known_count < MOST; i++)
        come(&tags, i * 64, i % 256);
    expect_same(&tags);
    ck_assert_ptr_null(tags_find(&tags, 3));
    tags_close(&tags);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { the_table_is_as_an_array_would_be, 2 },
        { it_holds_as_many_as_was_asked_for_and_every_tag, 1 },
    };

    return suite_run("distributor/tags", tests, SUITE_LENGTH(tests));
}
