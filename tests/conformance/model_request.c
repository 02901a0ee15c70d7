/* SPDX-License-Identifier: MIT */
/*
 * model_request.c - calls that are not finished: begun, finished, asked about, released.
 */
#include "model.h"

/* --- Their life ----------------------------------------------------------------------------
 */

static int pending_of(const struct model *model, int node)
{
    int count = 0;

    for (int i = 1; i <= model->requests; i++)
        count += model->request[i].node == node && model->request[i].state == PENDING;
    return count;
}

void model_request_limit(const struct model *model, int node, struct wanted *wanted)
{
    if (pending_of(model, node) >= LIMIT_REQUESTS)
        wrong(wanted, MCAPI_ERR_REQUEST_LIMIT);
}

/* One that is finished gives way to a new one: the oldest, but which was finished first is not
 * to be seen from outside. From now on each may be the one, and when none has a place left, all
 * are. */
static void recycle(struct model *model, int node)
{
    model->node[node].finished--;
    for (int i = 1; i <= model->requests; i++) {
        struct model_request *request = &model->request[i];

        if (request->node != node || request->state != FINISHED)
            continue;
        request->maybe_lost = true;
        if (model->node[node].finished == 0)
            request->state = RELEASED;
    }
}

static int new_request(struct model *model, const struct step *step, struct wanted *wanted,
                       int node)
{
    int request = ++model->requests;

    model->request[request].node = node;
    model->request[request].lands =
            step_has(step->function, LANDS) ? (int)step->field[LANDS] : NOTHING;
    if (step->field[INTO] >= 0)
        model->request_slot[step->field[INTO]] = request;
    wanted->request = request;
    return request;
}

int model_request_begin(struct model *model, const struct step *step, struct wanted *wanted,
                        enum request_kind kind, int node)
{
    int request;

    if (pending_of(model, node) + model->node[node].finished >= LIMIT_REQUESTS)
        recycle(model, node);
    request = new_request(model, step, wanted, node);
    model->request[request].kind = kind;
    return request;
}

void model_request_finish(struct model *model, int which, uint64_t statuses)
{
    struct model_request *request = &model->request[which];

    if (request->state != PENDING)
        return;
    request->state = FINISHED;
    request->statuses = statuses;
    model->node[request->node].finished++;
}

void model_post(struct model_posted *posted, int request)
{
    posted->request[posted->count++] = request;
}

int model_take_posted(struct model_posted *posted)
{
    int request = posted->request[0];

    posted->count--;
    for (int i = 0; i < posted->count; i++)
        posted->request[i] = posted->request[i + 1];
    return request;
}

void model_fail_posted(struct model *model, struct model_posted *posted, uint64_t statuses)
{
    for (int i = 0; i < posted->count; i++)
        model_request_finish(model, posted->request[i], statuses);
    posted->count = 0;
}

int model_served_unseen(const struct model *model, int endpoint, enum kind kind)
{
    int count = 0;

    for (int i = 1; i <= model->requests; i++) {
        const struct model_request *request = &model->request[i];

        count += request->kind == REQ_RECEIVE && request->state == FINISHED && !request->seen
              && request->endpoint == endpoint && request->item != 0
              && (model->item[request->item].channel == 0) == (kind == MESSAGES);
    }
    return count;
}

void model_refuse(struct model *model, const struct step *step, struct wanted *wanted)
{
    int node = model_node_of(model, step->user);
    int request;

    if (step_null(step, NULL_REQUEST))
        return;
    request = new_request(model, step, wanted, node);
    model->request[request].state = REFUSED;
    model->request[request].statuses = wanted->statuses;
}

static void release(struct model *model, int which)
{
    model->request[which].state = RELEASED;
    model->node[model->request[which].node].finished--;
}

/* One that might have been accepted was refused. */
static void refused_after_all(struct model *model, int which)
{
    if (model->request[which].state != FINISHED)
        return;
    release(model, which);
    model->request[which].state = REFUSED;
}

/* --- Asking --------------------------------------------------------------------------------
 */

static bool carries_data(const struct model_request *request)
{
    return request->kind == REQ_SENT || request->kind == REQ_RECEIVE;
}

size_t model_landing(const struct model *model, int which, bool *is_packet)
{
    const struct model_request *request = &model->request[which];
    const struct model_item *item = &model->item[request->item];

    *is_packet = item->channel != 0;
    if (request->kind != REQ_RECEIVE || request->state != FINISHED || request->item == 0)
        return 0;
    if (*is_packet) /* released, or gone with its channel: not ours to read */
        return item->state == HELD ? request->size : 0;
    return request->size < request->room ? request->size : request->room;
}

/* Somebody is told the end of a request: what it brings is there. */
static void tell(struct model *model, int which, mcapi_status_t status, struct wanted *wanted)
{
    struct model_request *request = &model->request[which];
    bool is_packet;

    request->seen = true;
    if (request->state != FINISHED || (request->statuses & model_bit(status)) == 0
        || (status != MCAPI_SUCCESS && status != MCAPI_ERR_MSG_TRUNCATED))
        return;
    wanted->landed = which;
    wanted->size_told = carries_data(request);
    wanted->size = request->size;
    if (request->kind == REQ_GET) {
        wanted->endpoint = request->endpoint;
        if (request->lands >= 0)
            model->end_slot[request->lands] = request->endpoint;
    } else if (request->kind == REQ_RECEIVE) {
        wanted->item = request->item;
        wanted->bytes = model_landing(model, which, &is_packet);
        model->item[request->item].known = true;
        if (is_packet && request->lands >= 0)
            model->buffer_slot[request->lands] = request->item;
    }
    request->lands = NOTHING; /* once */
}

/* The request that a step asks about, for one node. 0: there is none, and that is wanted. */
static int asked(const struct model *model, const struct step *step, enum field field, int node,
                 struct wanted *wanted)
{
    int which = model_request_at(model, step->field[field]);
    const struct model_request *request = &model->request[which];

    if (which != 0 && request->state == REFUSED && request->node != node)
        wanted->skip = "nobody says whose a refused request is";
    if (which == 0 || request->state == RELEASED || request->node != node) {
        wrong(wanted, MCAPI_ERR_REQUEST_INVALID);
        return 0;
    }
    return which;
}

/* Whether the size may be NULL; if not, that is wanted. */
static void check_size(const struct model *model, const struct step *step, int which,
                       struct wanted *wanted)
{
    const struct model_request *request = &model->request[which];

    if (!step_null(step, NULL_SIZE))
        return;
    if (which != 0 && (request->state == REFUSED || request->maybe_lost))
        wanted->skip = "nobody says what operation this was";
    else if (which == 0 || carries_data(request))
        wanted->statuses = model_bit(MCAPI_ERR_PARAMETER);
}

/* What it brings is told when it is known that its place was not lost: see learning. */
static void want_end(const struct model *model, int which, struct wanted *wanted)
{
    const struct model_request *request = &model->request[which];

    wanted->about[0] = which;
    wanted->statuses = request->statuses;
    if (request->state == FINISHED && request->maybe_lost)
        wrong(wanted, MCAPI_ERR_REQUEST_INVALID);
}

void model_test(struct model *model, const struct step *step, struct wanted *wanted)
{
    int node = model_acting(model, step, wanted), which;

    wanted->truth_told = wanted->truth = true;
    if (refused(wanted))
        return;
    if (step_null(step, NULL_REQUEST))
        wrong(wanted, MCAPI_ERR_PARAMETER);
    if (refused(wanted))
        return;
    which = asked(model, step, REQUEST, node, wanted);
    check_size(model, step, which, wanted);
    if (refused(wanted) || wanted->skip != NULL)
        return;
    if (model->request[which].state != PENDING) {
        want_end(model, which, wanted);
        return;
    }
    wanted->truth = false;
    wrong(wanted, MCAPI_PENDING);
}

void model_wait(struct model *model, const struct step *step, struct wanted *wanted)
{
    int node = model_acting(model, step, wanted), which;

    wanted->truth_told = wanted->truth = true;
    if (refused(wanted))
        return;
    if (step_null(step, NULL_REQUEST))
        wrong(wanted, MCAPI_ERR_PARAMETER);
    if (refused(wanted))
        return;
    which = asked(model, step, REQUEST, node, wanted);
    check_size(model, step, which, wanted);
    if (refused(wanted) || wanted->skip != NULL)
        return;
    if (model->request[which].state != PENDING) {
        want_end(model, which, wanted);
        return;
    }
    wanted->truth = false;
    wrong(wanted, MCAPI_TIMEOUT);
    if (step->field[WAITS] == (int64_t)MCAPI_TIMEOUT_INFINITE)
        wanted->skip = "it would wait without end";
}

void model_wait_any(struct model *model, const struct step *step, struct wanted *wanted)
{
    static const enum field fields[3] = { REQUEST, SECOND, THIRD };
    int node = model_acting(model, step, wanted);
    uint64_t any_of = 0;

    wanted->index_told = true;
    if (refused(wanted))
        return;
    if (step_null(step, NULL_REQUEST) || step_null(step, NULL_SIZE))
        wrong(wanted, MCAPI_ERR_PARAMETER);
    if (refused(wanted))
        return;
    for (int i = 0; i < 3 && (i == 0 || step->field[fields[i]] != NOTHING); i++) {
        int which = asked(model, step, fields[i], node, wanted);
        const struct model_request *request = &model->request[which];

        if (request->maybe_lost && request->state == FINISHED)
            wanted->skip = "it may be gone";
        for (int before = 0; before < i; before++)
            if (wanted->about[before] == which)
                wanted->skip = "one request in two places";
        wanted->about[i] = which;
        if (which != 0 && request->state != PENDING) {
            wanted->indexes |= (uint64_t)1 << i;
            any_of |= request->statuses;
        }
    }
    if (refused(wanted) || wanted->skip != NULL) {
        wanted->indexes = 0;
        return;
    }
    wanted->statuses = any_of; /* that of the one whose index comes: see learning */
    if (wanted->indexes != 0)
        return;
    wrong(wanted, MCAPI_TIMEOUT);
    if (step->field[WAITS] == (int64_t)MCAPI_TIMEOUT_INFINITE)
        wanted->skip = "it would wait without end";
}

/* --- Cancelling ----------------------------------------------------------------------------
 */

static void unpost(struct model_posted *posted, int which)
{
    int kept = 0;

    for (int i = 0; i < posted->count; i++)
        if (posted->request[i] != which)
            posted->request[kept++] = posted->request[i];
    posted->count = kept;
}

static void take_back(struct model *model, int which)
{
    const struct model_request *request = &model->request[which];
    struct model_endpoint *endpoint = &model->endpoint[request->endpoint];

    if (request->kind == REQ_OPEN)
        model_cancel_open(model, request->endpoint);
    if (request->kind != REQ_RECEIVE)
        return;
    unpost(&endpoint->for_packets, which);
    unpost(&endpoint->for_messages, which);
}

void model_cancel(struct model *model, const struct step *step, struct wanted *wanted)
{
    int node = model_acting(model, step, wanted), which;
    struct model_request *request;
    const struct model_endpoint *endpoint;

    if (refused(wanted))
        return;
    if (step_null(step, NULL_REQUEST))
        wrong(wanted, MCAPI_ERR_PARAMETER);
    if (refused(wanted))
        return;
    which = asked(model, step, REQUEST, node, wanted);
    if (refused(wanted))
        return;
    request = &model->request[which];
    endpoint = &model->endpoint[request->endpoint];
    if (request->kind != REQ_OPEN && request->state == FINISHED && !request->seen)
        wanted->skip = "whether it has finished is known when somebody has looked";
    if (request->state != PENDING) {
        wrong(wanted, MCAPI_ERR_REQUEST_INVALID);
        return;
    }
    if (request->kind == REQ_CLOSE)
        wanted->skip = "nobody says what a cancelled close leaves";
    if (request->kind == REQ_OPEN
        && (endpoint->for_packets.count > 0 || model->channel[endpoint->channel].sent))
        wanted->skip = "nobody says what becomes of what was sent or posted";
    if (wanted->skip != NULL)
        return;
    take_back(model, which);
    request->state = RELEASED;
    if (model->broken_rule == BROKEN_CANCEL) {
        request->state = FINISHED;
        request->statuses = model_bit(MCAPI_ERR_REQUEST_CANCELLED);
    }
    succeeds(wanted);
}

/* --- Learning ------------------------------------------------------------------------------
 */

static void learn_end(struct model *model, const struct step *step, int which,
                      mcapi_status_t status)
{
    struct model_request *request = &model->request[which];

    if (request->state == REFUSED)
        return;
    if (request->maybe_lost && status == MCAPI_ERR_REQUEST_INVALID) {
        request->state = RELEASED; /* its place was counted when it was lost */
        return;
    }
    request->maybe_lost = false;
    request->statuses = model_bit(status);
    if (step->function != CALL_TEST)
        release(model, which);
}

void model_learn_request(struct model *model, const struct step *step, struct wanted *wanted,
                         const struct came *came)
{
    bool in_place = came->index < 3 && (wanted->indexes >> came->index & 1) != 0;

    if (step_makes_request(step->function) && wanted->request != 0
        && model->request[wanted->request].state == REFUSED)
        model->request[wanted->request].statuses = model_bit(came->status);
    if (step->function == CALL_PKT_RECV_I && wanted->request != 0
        && came->status != MCAPI_SUCCESS)
        refused_after_all(model, wanted->request);
    if ((step->function == CALL_TEST || step->function == CALL_WAIT) && wanted->about[0] != 0) {
        tell(model, wanted->about[0], came->status, wanted);
        learn_end(model, step, wanted->about[0], came->status);
    }
    if (step->function == CALL_WAIT_ANY && in_place) {
        int which = wanted->about[came->index];

        wanted->statuses = model->request[which].statuses;
        tell(model, which, came->status, wanted);
        learn_end(model, step, which, came->status);
    }
}
