/* SPDX-License-Identifier: MIT */
/* random_plan.c - settings and steps out of a seed, and what they are called. */
#include "distributor/random.h"

#include <string.h>

static const char *const step_names[STEP_KINDS] = {
    [STEP_PROCESS] = "process", [STEP_RETURNED] = "returned", [STEP_CLEAR] = "clear_returns",
    [STEP_WAIT] = "wait",       [STEP_FLUSH] = "flush",       [STEP_STATS] = "stats",
    [STEP_DISMISS] = "dismiss", [STEP_JOIN] = "join",         [STEP_GET] = "get",
    [STEP_REQUEST] = "request", [STEP_POLL] = "poll",         [STEP_RETURN] = "return",
    [STEP_LEAVE] = "leave",     [STEP_WORK] = "work",         [STEP_WORK_DIE] = "work and die",
    [STEP_STOP] = "stop",       [STEP_KILL] = "kill",         [STEP_END] = "end",
};

static const char *const distortion_names[DISTORTIONS] = {
    [DISTORT_NOTHING] = "nothing",     [DISTORT_TAGS] = "tags",   [DISTORT_DEATHS] = "deaths",
    [DISTORT_TWICE] = "twice",         [DISTORT_LOSE] = "lose",   [DISTORT_SWAP] = "swap",
    [DISTORT_OVERWRITE] = "overwrite", [DISTORT_DROP] = "drop",   [DISTORT_AGAIN] = "again",
    [DISTORT_GIVEN_UP] = "given up",   [DISTORT_COUNT] = "count",
};

const char *distortion_name(enum distortion distortion)
{
    return distortion_names[distortion];
}

/* --- Chance -------------------------------------------------------------------------- */

uint64_t random_next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

uint32_t random_below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)((random_next(state) >> 32) * limit >> 32);
}

/* One of the values, separated by their place. */
#define ONE_OF(state, ...)                                             \
    __extension__({                                                    \
        const uint32_t values[] = { __VA_ARGS__ };                     \
        values[random_below(state, sizeof values / sizeof values[0])]; \
    })

/* --- Items --------------------------------------------------------------------------- */

struct traits item_traits(const struct plan *plan, uint32_t item)
{
    uint64_t state = plan->seed * 31 + item;
    uint32_t max = plan->settings.max_size;
    struct traits traits;

    /* The lower of two numbers: some flows have more items than others. */
    uint32_t one = random_below(&state, plan->tags), two = random_below(&state, plan->tags);

    traits.flow = one < two ? one : two;
    traits.tag = traits.flow * UINT32_C(0x9E3779B1);
    traits.size = random_below(&state, 8) == 0
                        ? max
                        : 4 + random_below(&state, max < 64 ? max - 3 : 61);
    traits.kept = random_below(&state, 3) == 0;
    traits.changed = random_below(&state, 3) == 0;
    traits.in_place = random_below(&state, 2) == 0;
    traits.kills = plan->settings.deaths_max > 0 && random_below(&state, 64) == 0;
    traits.changed_size = 4 + random_below(&state, (traits.in_place ? traits.size : max) - 3);
    return traits;
}

void item_fill(unsigned char *bytes, uint32_t item, uint32_t size, bool changed)
{
    memcpy(bytes, &item, 4);
    for (uint32_t i = 4; i < size; i++)
        bytes[i] = (unsigned char)(item * 31 + i * 7 + (changed ? 101 : 0));
}

bool item_is(const unsigned char *bytes, uint32_t item, uint32_t size, bool changed)
{
    unsigned char wanted[RANDOM_LARGEST];

    item_fill(wanted, item, size, changed);
    return memcmp(bytes, wanted, size) == 0;
}

/* --- Steps --------------------------------------------------------------------------- */

/* How often each kind comes: for workers that do one call at a time, and for workers that
 * work by themselves. */
static const uint32_t weights[2][STEP_KINDS] = {
    { [STEP_PROCESS] = 20,
      [STEP_RETURNED] = 12,
      [STEP_CLEAR] = 1,
      [STEP_WAIT] = 2,
      [STEP_FLUSH] = 1,
      [STEP_STATS] = 2,
      [STEP_DISMISS] = 2,
      [STEP_JOIN] = 8,
      [STEP_GET] = 24,
      [STEP_REQUEST] = 8,
      [STEP_POLL] = 8,
      [STEP_RETURN] = 5,
      [STEP_LEAVE] = 2,
      [STEP_WORK] = 2,
      [STEP_KILL] = 3 },
    { [STEP_PROCESS] = 24,
      [STEP_RETURNED] = 16,
      [STEP_CLEAR] = 1,
      [STEP_WAIT] = 4,
      [STEP_FLUSH] = 2,
      [STEP_STATS] = 2,
      [STEP_DISMISS] = 2,
      [STEP_JOIN] = 10,
      [STEP_GET] = 2,
      [STEP_RETURN] = 1,
      [STEP_LEAVE] = 2,
      [STEP_WORK] = 16,
      [STEP_WORK_DIE] = 3,
      [STEP_STOP] = 2,
      [STEP_KILL] = 3 },
};

static enum step_kind choose_kind(uint64_t *state, const uint32_t *weight)
{
    uint32_t sum = 0, at;

    for (int i = 0; i < STEP_KINDS; i++)
        sum += weight[i];
    at = random_below(state, sum);
    for (int i = 0;; i++) {
        if (at < weight[i])
            return (enum step_kind)i;
        at -= weight[i];
    }
}

static struct step choose_step(const struct plan *plan, uint64_t *state, uint32_t beside)
{
    struct step step = { .kind = choose_kind(state, weights[beside]),
                         .worker = random_below(state, plan->workers),
                         .seed = (uint32_t)random_next(state) };

    switch (step.kind) {
    case STEP_PROCESS:
        step.count = random_below(state, ONE_OF(state, 2, 9, 33, 200));
        break;
    case STEP_RETURNED:
        step.count = random_below(state, ONE_OF(state, 3, 40, 500));
        break;
    case STEP_WAIT:
        step.count = 1 + random_below(state, 3);
        step.time = random_below(state, 3);
        break;
    case STEP_FLUSH:
        step.time = random_below(state, 4);
        break;
    case STEP_GET:
        step.time = ONE_OF(state, 0, 0, 1, 3);
        step.count = random_below(state, 9);
        break;
    case STEP_DISMISS:
        step.count = random_below(state, plan->max_workers);
        break;
    case STEP_WORK:
    case STEP_WORK_DIE:
        step.count = 1 + random_below(state, ONE_OF(state, 4, 30, 300));
        break;
    default:
        step.count = random_below(state, 9);
    }
    return step;
}

void plan_make(struct plan *plan, uint64_t seed, size_t steps)
{
    uint64_t state = seed;
    uint32_t beside;

    *plan = (struct plan){ .seed = seed, .patience = RANDOM_PATIENCE, .count = steps };
    beside = random_below(&state, 2);
    plan->mode = random_below(&state, 2) == 0 ? DISTRIBUTOR_SINGLE : DISTRIBUTOR_BURST;
    plan->workers = 1 + random_below(&state, RANDOM_WORKERS);
    plan->max_workers = random_below(&state, 3) == 0 ? 1 + random_below(&state, plan->workers)
                                                     : plan->workers;
    plan->tags = ONE_OF(&state, 1, 2, 5, 20, 300, 5000);
    plan->settings.max_size = ONE_OF(&state, 16, 64, 64, 200, 2048, RANDOM_LARGEST);
    plan->settings.window = ONE_OF(&state, 0, 0, 1, 2, 9, 40, 1024);
    plan->settings.capacity = ONE_OF(&state, 0, 0, 1, 7, 60, 400);
    plan->settings.deaths_max = ONE_OF(&state, 0, 0, 1, 2, 3);
    for (int i = 0; i < RANDOM_WORKERS; i++)
        plan->thread[i] = random_below(&state, 3) == 0;
    for (size_t i = 0; i < steps; i++)
        plan->step[i] = choose_step(plan, &state, beside);
}

/* --- Text ---------------------------------------------------------------------------- */

static void print_step(FILE *file, const struct step *step)
{
    fprintf(file, "  ");
    if (step->kind >= STEP_JOIN)
        fprintf(file, "worker %u: ", step->worker);
    fprintf(file, "%s", step_names[step->kind]);
    switch (step->kind) {
    case STEP_PROCESS:
        fprintf(file, " %u items", step->count);
        break;
    case STEP_RETURNED:
        fprintf(file, ", room for %u", step->count);
        break;
    case STEP_WAIT:
        fprintf(file, " for %u, %u ms", step->count, step->time);
        break;
    case STEP_FLUSH:
        fprintf(file, ", %u ms", step->time);
        break;
    case STEP_DISMISS:
        fprintf(file, " %u", step->count);
        break;
    case STEP_GET:
        fprintf(file, ", up to %u finished, %u ms", step->count, step->time);
        break;
    case STEP_REQUEST:
    case STEP_RETURN:
    case STEP_LEAVE:
        fprintf(file, ", up to %u finished", step->count);
        break;
    case STEP_WORK:
    case STEP_WORK_DIE:
        fprintf(file, ", %u calls of seed %u", step->count, step->seed);
        break;
    default:
        break;
    }
    fprintf(file, "\n");
}

void plan_print(FILE *file, const struct plan *plan)
{
    fprintf(file, "  mode %s, %u workers (",
            plan->mode == DISTRIBUTOR_SINGLE ? "single" : "burst", plan->workers);
    for (uint32_t i = 0; i < plan->workers; i++)
        fprintf(file, "%s%s", i > 0 ? " " : "", plan->thread[i] ? "thread" : "process");
    fprintf(file,
            "), %u at one time, %u tags, max_size %u, window %u, capacity %u, "
            "deaths_max %u\n",
            plan->max_workers, plan->tags, plan->settings.max_size, plan->settings.window,
            plan->settings.capacity, plan->settings.deaths_max);
    for (size_t i = 0; i < plan->count; i++)
        print_step(file, &plan->step[i]);
}
