/* SPDX-License-Identifier: MIT */
/*
 * random_shrink.c - a plan that fails, made short: parts of it are taken out, large ones first,
 * as long as it still fails. What runs beside each other does not do so twice in the same way,
 * so a shorter plan gets a few tries to fail.
 */
#include <stdlib.h>
#include <string.h>

#include "distributor/random.h"

enum {
    TRIES = 4,
    SHORT_PATIENCE = 1500, /* ms: it is seen again and again that nothing comes */
    MOST_RUNS = 400,
};

/* The same words with other numbers. */
static bool alike(const char *one, const char *other)
{
    while (*one != '\0' && *other != '\0') {
        one += strspn(one, "0123456789");
        other += strspn(other, "0123456789");
        if (*one++ != *other++)
            return false;
    }
    return *one == *other;
}

/* In the same way as before. */
static bool fails(const struct plan *plan, char *text, int *runs)
{
    char now[sizeof(((struct record *)NULL)->text)];

    for (int i = 0; i < TRIES && *runs < MOST_RUNS; i++, ++*runs)
        if (!run_plan(plan, now) && alike(text, now)) {
            memcpy(text, now, sizeof now);
            return true;
        }
    return false;
}

static void without(const struct plan *from, size_t first, size_t count, struct plan *to)
{
    *to = *from;
    memmove(to->step + first, to->step + first + count,
            (to->count - first - count) * sizeof to->step[0]);
    to->count -= count;
}

static bool take_out(struct plan *plan, struct plan *tried, size_t part, char *text, int *runs)
{
    bool shorter = false;
    size_t first = plan->count;

    while (first > 0) {
        size_t count = first < part ? first : part;

        first -= count;
        without(plan, first, count, tried);
        if (!fails(tried, text, runs))
            continue;
        *plan = *tried;
        shorter = true;
    }
    return shorter;
}

void shrink(struct plan *plan, char *text)
{
    struct plan *tried = malloc(sizeof *tried);
    uint32_t patience = plan->patience;
    int runs = 0;

    if (tried == NULL)
        return;
    plan->patience = SHORT_PATIENCE;
    for (size_t part = plan->count / 2; part > 1; part /= 2)
        take_out(plan, tried, part, text, &runs);
    while (take_out(plan, tried, 1, text, &runs))
        continue;
    plan->patience = patience;
    free(tried);
}
