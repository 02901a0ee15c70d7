/* SPDX-License-Identifier: MIT */
/*
 * random_shrink.c - a sequence that fails, made as short as it gets.
 *
 * Takes out all calls of a user or a function, then parts, large ones first, and keeps what
 * still fails in the same way: the same function gives the wrong thing of the same kind, with
 * the same status.
 */
#include "random.h"

#include <stdlib.h>
#include <string.h>

enum { SHORT_PATIENCE = 300 }; /* ms: it is seen again and again that a call does not return */

static bool fails_alike(const struct random_options *options, const struct sequence *sequence,
                        const struct failure *before, struct failure *now)
{
    return !run_sequence(options, sequence, now, NULL) && now->function == before->function
        && now->got == before->got && strcmp(now->what, before->what) == 0;
}

/* Takes what was tried, which still fails. */
static void keep(struct sequence *sequence, const struct sequence *tried,
                 struct failure *failure, const struct failure *now)
{
    *failure = *now;
    memcpy(sequence->step, tried->step, tried->count * sizeof tried->step[0]);
    sequence->count = now->at < tried->count ? now->at + 1 : tried->count;
}

/* --- All calls of one kind ----------------------------------------------------------- */

static bool is_of(const struct step *step, int user, enum function function)
{
    return step->user == user || step->function == function;
}

static void take_out_kind(const struct random_options *options, struct sequence *sequence,
                          struct sequence *tried, struct failure *failure, int user,
                          enum function function)
{
    struct failure now;

    tried->count = 0;
    for (size_t i = 0; i < sequence->count; i++)
        if (i + 1 == sequence->count || !is_of(&sequence->step[i], user, function))
            tried->step[tried->count++] = sequence->step[i];
    if (tried->count < sequence->count && fails_alike(options, tried, failure, &now))
        keep(sequence, tried, failure, &now);
}

/* --- Parts -------------------------------------------------------------------------- */

static void without(const struct sequence *from, size_t first, size_t count,
                    struct sequence *to)
{
    memcpy(to->step, from->step, first * sizeof to->step[0]);
    memcpy(to->step + first, from->step + first + count,
           (from->count - first - count) * sizeof to->step[0]);
    to->count = from->count - count;
}

/* Parts of that size, from the end: what comes last needs the rest least. */
static bool take_out(const struct random_options *options, struct sequence *sequence,
                     struct sequence *tried, struct failure *failure, size_t part)
{
    bool shorter = false;
    size_t first = sequence->count;
    struct failure now;

    while (first > 0) {
        size_t count = first < part ? first : part;

        first -= count;
        without(sequence, first, count, tried);
        if (!fails_alike(options, tried, failure, &now))
            continue;
        keep(sequence, tried, failure, &now);
        if (first > sequence->count)
            first = sequence->count;
        shorter = true;
    }
    return shorter;
}

/* --- Fewer users, fewer slots ------------------------------------------------------------ */

/* Everything that one user does, another one does. */
static bool merge_users(const struct random_options *options, struct sequence *sequence,
                        struct sequence *tried, struct failure *failure, int from, int to)
{
    struct failure now;
    bool differs = false;

    *tried = *sequence;
    for (size_t i = 0; i < tried->count; i++)
        if (tried->step[i].user == from) {
            tried->step[i].user = to;
            differs = true;
        }
    if (!differs || !fails_alike(options, tried, failure, &now))
        return false;
    keep(sequence, tried, failure, &now);
    return true;
}

/* Where a slot was used, another one is: two names of one endpoint become one. */
static bool merge_slots(const struct random_options *options, struct sequence *sequence,
                        struct sequence *tried, struct failure *failure, int from, int to)
{
    struct failure now;
    bool differs = false;

    *tried = *sequence;
    for (size_t i = 0; i < tried->count; i++)
        for (enum field field = END; field <= OTHER; field++)
            if (step_has(tried->step[i].function, field)
                && tried->step[i].field[field] == from) {
                tried->step[i].field[field] = to;
                differs = true;
            }
    if (!differs || !fails_alike(options, tried, failure, &now))
        return false;
    keep(sequence, tried, failure, &now);
    return true;
}

static bool merge(const struct random_options *options, struct sequence *sequence,
                  struct sequence *tried, struct failure *failure)
{
    bool merged = false;

    for (int from = RANDOM_USERS - 1; from > 0; from--)
        for (int to = 0; to < from; to++)
            merged = merge_users(options, sequence, tried, failure, from, to) || merged;
    for (int from = RANDOM_ENDPOINTS - 1; from > 0; from--)
        for (int to = 0; to < from; to++)
            merged = merge_slots(options, sequence, tried, failure, from, to) || merged;
    return merged;
}

/* --- All of it ------------------------------------------------------------------------- */

/* A step may be needed only by one that is gone since. */
static void take_out_each(const struct random_options *options, struct sequence *sequence,
                          struct sequence *tried, struct failure *failure)
{
    while (take_out(options, sequence, tried, failure, 1))
        continue;
}

void shrink(const struct random_options *options, struct sequence *sequence,
            struct failure *failure)
{
    struct random_options quiet = *options;
    struct sequence *tried = calloc(1, sizeof *tried);

    if (tried == NULL)
        return;
    quiet.log = NULL;
    if (strcmp(failure->what, "return") == 0)
        quiet.patience = SHORT_PATIENCE;
    if (failure->at < sequence->count)
        sequence->count = failure->at + 1;
    for (int user = 0; user < RANDOM_USERS; user++)
        take_out_kind(&quiet, sequence, tried, failure, user, FUNCTIONS);
    for (enum function function = 0; function < FUNCTIONS; function++)
        take_out_kind(&quiet, sequence, tried, failure, NOTHING, function);
    for (size_t part = sequence->count / 2; part > 1; part /= 2)
        take_out(&quiet, sequence, tried, failure, part);
    take_out_each(&quiet, sequence, tried, failure);
    while (merge(&quiet, sequence, tried, failure))
        take_out_each(&quiet, sequence, tried, failure);
    free(tried);
}
