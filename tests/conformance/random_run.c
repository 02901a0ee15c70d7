/* SPDX-License-Identifier: MIT */
/*
 * random_run.c - step after step: what the model wants, what the library does, and whether that
 * is the same.
 */
#include "random_compare.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- From slots to values -------------------------------------------------------------------
 */

static uint32_t endpoint_value(const struct world *world, int64_t slot)
{
    if (slot < 0)
        return garbage_handle[-slot - 1];
    return world->endpoint[model_endpoint_at(&world->model, slot)];
}

static mcapi_request_t request_value(const struct world *world, int64_t slot)
{
    if (slot < 0)
        return garbage_handle[-slot - 1];
    return world->request[model_request_at(&world->model, slot)];
}

/* Which buffer an address means in a process: addresses are used again. */
static int buffer_at(const struct world *world, int user, void *address)
{
    const struct model *model = &world->model;

    for (int i = model->items; i > 0 && address != NULL; i--)
        if (world->buffer[i] == address && model->item[i].state == HELD
            && model->node[model->item[i].node].process == model_process(user))
            return i;
    return 0;
}

static void *garbage_address(int64_t slot)
{
    return slot == NOTHING ? NULL : (void *)(uintptr_t)garbage_handle[-slot - 1];
}

static void resolve_buffer(struct world *world, const struct step *step, struct order *order)
{
    int item = model_item_at(&world->model, step->field[BUFFER]);

    order->buffer = step->field[BUFFER] < 0 ? garbage_address(step->field[BUFFER])
                                            : world->buffer[item];
    world->model.buffer_meant = buffer_at(world, step->user, order->buffer);
    if (world->model.buffer_meant == 0)
        world->model.buffer_meant = item;
}

/* Another node's request whose number is by chance that of one of the user's own. */
static bool is_ambiguous(const struct world *world, const struct step *step, enum field field)
{
    const struct model *model = &world->model;
    int node = model_node_of(model, step->user);
    int which = model_request_at(model, step->field[field]);

    if (which == 0 || model->request[which].node == node)
        return false;
    for (int i = 1; i <= model->requests; i++)
        if (model->request[i].node == node && world->request[i] == world->request[which])
            return true;
    return false;
}

static struct order resolve(struct world *world, const struct step *step, const char **skip)
{
    static const enum field fields[3] = { REQUEST, SECOND, THIRD };
    struct order order = { .function = step->function };

    memcpy(order.field, step->field, sizeof order.field);
    order.end = endpoint_value(world, step->field[END]);
    order.other = endpoint_value(world, step->field[OTHER]);
    for (int i = 0; i < 3 && (i == 0 || step->field[fields[i]] != NOTHING); i++) {
        order.request[order.requests++] = request_value(world, step->field[fields[i]]);
        if (is_ambiguous(world, step, fields[i]))
            *skip = "its number is that of another request";
    }
    resolve_buffer(world, step, &order);
    return order;
}

/* What the model's answer says of where things are. */
static void place(const struct world *world, const struct step *step,
                  const struct wanted *wanted, struct order *order)
{
    order->landing[0] = wanted->request;
    if (step->function == CALL_PKT_RELEASE)
        order->bytes[0] = wanted->bytes;
    for (int i = 0; i < 3; i++)
        if (wanted->about[i] != 0) {
            order->landing[i] = wanted->about[i];
            order->bytes[i] =
                    model_landing(&world->model, wanted->about[i], &order->is_packet[i]);
        }
}

/* --- A step ----------------------------------------------------------------------------------
 */

/* What came becomes what slots stand for. */
static void remember(struct world *world, const struct step *step, const struct wanted *wanted,
                     const struct came *came)
{
    if (wanted->made != 0)
        world->endpoint[wanted->made] = came->endpoint;
    if (wanted->request != 0)
        world->request[wanted->request] = came->request;
    if (wanted->item != 0 && step->function != CALL_PKT_RELEASE && came->buffer != NULL)
        world->buffer[wanted->item] = came->buffer;
}

static void log_outcome(const struct world *world, const struct step *step,
                        const struct came *came, const struct failure *failure)
{
    char name[MCAPI_MAX_STATUS_SIZE];

    if (world->log == NULL)
        return;
    step_print(step, world->log);
    if (failure->failed)
        fprintf(world->log, "  # %s: %s\n", failure->what, failure->text);
    else if (step->function >= DO_END_THREAD)
        fprintf(world->log, "\n");
    else
        fprintf(world->log, "  # %s\n", mcapi_display_status(came->status, name, sizeof name));
}

static void count(struct coverage *coverage, const struct step *step, const struct came *came)
{
    if (coverage == NULL)
        return;
    coverage->calls[step->function]++;
    coverage->successes[step->function] += came->status == MCAPI_SUCCESS;
}

/* False: it was left out, because the model cannot say what comes. */
static bool make_step(struct world *world, const struct step *step, struct failure *failure,
                      struct coverage *coverage)
{
    struct wanted wanted;
    struct came came = { .status = MCAPI_SUCCESS };
    const char *why = NULL;
    struct order order = resolve(world, step, &why);
    bool returned = true;

    if (why != NULL)
        return false;
    model_do(&world->model, step, &wanted);
    if (wanted.skip != NULL)
        return false;
    place(world, step, &wanted, &order);
    if (step->function == DO_END_THREAD)
        peers_end_thread(world->peers, step->user);
    else if (step->function == DO_KILL)
        peers_kill(world->peers, step->user);
    else
        returned = peers_call(world->peers, step->user, &order, &came, &why);
    if (returned) {
        model_learn(&world->model, step, &wanted, &came);
        compare(world, step, &wanted, &came, failure);
        remember(world, step, &wanted, &came);
    } else {
        differ(failure, "return", "%s", why);
    }
    failure->function = step->function;
    failure->got = came.status;
    log_outcome(world, step, &came, failure);
    count(coverage, step, &came);
    return true;
}

/* --- A run -----------------------------------------------------------------------------------
 */

static struct world *begin(const struct random_options *options)
{
    struct world *world = calloc(1, sizeof *world);

    if (world == NULL) {
        perror("random");
        abort();
    }
    world->model.messages = options->messages;
    world->model.broken_rule = options->broken_rule;
    world->log = options->log;
    world->peers = peers_start(MODEL_THINGS,
                               options->patience != 0 ? options->patience : RANDOM_PATIENCE);
    return world;
}

/* Every node can leave, whatever it was in the middle of. */
static void end(struct world *world, struct failure *failure)
{
    struct order order = { .function = CALL_FINALIZE };
    struct came came;
    const char *why;

    for (int user = 0; user < RANDOM_USERS && !failure->failed; user++) {
        if (world->model.user[user].node == 0)
            continue;
        failure->function = CALL_FINALIZE;
        if (!peers_call(world->peers, user, &order, &came, &why))
            differ(failure, "return", "at the end, of user %d: %s", user, why);
        else if (came.status != MCAPI_SUCCESS)
            differ(failure, "status", "at the end user %d's node cannot leave", user);
        if (failure->failed && world->log != NULL)
            fprintf(world->log, "# %s: %s\n", failure->what, failure->text);
    }
    peers_stop(world->peers);
    free(world);
}

bool run_chosen(const struct random_options *options, struct sequence *sequence,
                struct failure *failure, struct coverage *coverage)
{
    struct world *world = begin(options);
    struct choice choice = { options->seed, options->messages, options->deaths };

    memset(failure, 0, sizeof *failure);
    sequence->count = 0;
    while (sequence->count < options->steps && !failure->failed) {
        struct step step = choose(&choice, &world->model);

        failure->at = sequence->count;
        if (make_step(world, &step, failure, coverage))
            sequence->step[sequence->count++] = step;
    }
    end(world, failure);
    return !failure->failed;
}

bool run_sequence(const struct random_options *options, const struct sequence *sequence,
                  struct failure *failure, struct coverage *coverage)
{
    struct world *world = begin(options);

    memset(failure, 0, sizeof *failure);
    for (size_t i = 0; i < sequence->count && !failure->failed; i++) {
        failure->at = i;
        make_step(world, &sequence->step[i], failure, coverage);
    }
    end(world, failure);
    return !failure->failed;
}
