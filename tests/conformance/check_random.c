/* SPDX-License-Identifier: MIT */
/*
 * check_random.c - random calls of several nodes give what a model of the standard wants.
 *
 * The program `random` beside this suite does the same for longer, and makes a sequence that
 * fails short: what fails here says how to call it.
 */
#include "model.h"

#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct sequence *new_sequence(void)
{
    struct sequence *sequence = calloc(1, sizeof *sequence);

    expect_true(sequence != NULL);
    return sequence;
}

static struct random_options options_of(uint64_t seed, size_t steps)
{
    return (struct random_options){
        .seed = seed, .steps = steps, .messages = true, .deaths = true
    };
}

static void expect_agreement(uint64_t seed, size_t steps)
{
    struct random_options options = options_of(seed, steps);
    struct sequence *sequence = new_sequence();
    struct failure failure;
    bool agree = run_chosen(&options, sequence, &failure, NULL);

    if (!agree)
        fprintf(stderr,
                "call %zu, %s, %s: %s\n"
                "for a short sequence that fails like this: random --seed %llu --steps %zu\n",
                failure.at + 1, step_name(failure.function), failure.what, failure.text,
                (unsigned long long)seed, steps);
    expect_true(agree);
    free(sequence);
}

static void random_calls_give_what_the_model_wants(void)
{
    for (uint64_t seed = 1; seed <= 8; seed++)
        expect_agreement(seed, 2000);
}

/* Another one each time. */
static void a_fresh_seed_does_so_too(void)
{
    uint64_t seed = (uint64_t)time(NULL) * 100000 + (uint64_t)getpid() % 100000;

    for (int i = 0; i < 4; i++)
        expect_agreement(seed + (uint64_t)i * UINT64_C(1000000007), 2000);
}

/* --- Whether it would notice ------------------------------------------------------------ */

static bool same_failure(const struct failure *one, const struct failure *other)
{
    return one->function == other->function && one->got == other->got
        && strcmp(one->what, other->what) == 0;
}

static bool same_steps(const struct sequence *one, const struct sequence *other)
{
    for (size_t i = 0; i < one->count; i++)
        for (enum field field = 0; field < FIELDS; field++)
            if (step_has(one->step[i].function, field)
                && one->step[i].field[field] != other->step[i].field[field])
                return false;
    return one->count == other->count;
}

/* What a file says of a sequence is that sequence, and fails as it did. */
static void expect_replay(const struct random_options *options, const struct sequence *sequence,
                          const struct failure *failure)
{
    char path[] = "/tmp/random-XXXXXX";
    int file = mkstemp(path);
    struct sequence *read = new_sequence();
    struct failure now;

    expect_true(file >= 0);
    close(file);
    expect_true(sequence_write(path, options, sequence));
    expect_true(sequence_read(path, read) == NULL);
    expect_true(unlink(path) == 0);
    expect_true(same_steps(sequence, read));
    expect_true(!run_sequence(options, read, &now, NULL));
    expect_true(same_failure(failure, &now));
    free(read);
}

/* A rule is planted wrongly in the model: some seed shows it, and few calls are enough. */
static void expect_found(int rule, size_t enough)
{
    struct random_options options = options_of(1, 1000);
    struct sequence *sequence = new_sequence();
    struct failure failure;

    options.broken_rule = rule;
    while (options.seed < 20 && run_chosen(&options, sequence, &failure, NULL))
        options.seed++;
    expect_true(failure.failed);
    shrink(&options, sequence, &failure);
    expect_true(failure.failed);
    expect_true(sequence->count <= enough);
    expect_replay(&options, sequence, &failure);
    free(sequence);
}

static void a_wrong_rule_about_ports_is_found(void)
{
    expect_found(BROKEN_EXISTS, 3); /* initialize, create, create again */
}

static void a_wrong_rule_about_cancelling_is_found(void)
{
    expect_found(BROKEN_CANCEL, 6);
}

/* --- The text -------------------------------------------------------------------------- */

static void expect_text(const char *line, const char *wanted)
{
    struct step step;
    const char *why;
    bool read = step_read(line, &step, &why);

    expect_true(read == (*wanted == '\0'));
    if (strcmp(why, wanted) != 0)
        fprintf(stderr, "\"%s\": %s\n", line, why);
    expect_true(strcmp(why, wanted) == 0);
}

static void a_line_that_is_no_call_is_refused(void)
{
    const char *no_value = "one of its values is none of that call";

    expect_text("u1 endpoint_create into=e3 port=7  # MCAPI_SUCCESS", "");
    expect_text("u5 wait request=garbage2 timeout=0 null=4", "");
    expect_text("endpoint_create", "it does not begin with a user");
    expect_text("u6 finalize", "it does not begin with a user");
    expect_text("u1 endpoint_make", "there is no such call");
    expect_text("u1", "there is no such call");
    expect_text("u1 endpoint_create into=e14", no_value);
    expect_text("u1 endpoint_create into=r1", no_value);
    expect_text("u1 endpoint_create end=e1", no_value);
    expect_text("u1 endpoint_create port=x", no_value);
    expect_text("u1 endpoint_delete end=garbage5", no_value);
}

static const struct test tests[] = {
    TEST(random_calls_give_what_the_model_wants, ALONE,
         "3.7 3.9 3.10 3.11 3.12 3.13 3.15 3.16 3.17"),
    TEST(a_fresh_seed_does_so_too, ALONE, "3.7 3.9 3.10 3.11 3.12 3.13 3.15 3.16 3.17"),
    TEST(a_wrong_rule_about_ports_is_found, ALONE, "3.9"),
    TEST(a_wrong_rule_about_cancelling_is_found, ALONE, "3.9"),
    TEST(a_line_that_is_no_call_is_refused, ALONE, "3.9"),
};

CHAPTER(random, tests);
