/* SPDX-License-Identifier: MIT */
/*
 * random_choose.c - the next step: any call, by any user, with whatever is at hand, but mostly
 * one that can succeed as things stand.
 */
#include "model.h"

/* --- Chance --------------------------------------------------------------------------------
 */

static uint64_t chance(struct choice *choice) /* splitmix64 */
{
    uint64_t word = choice->state += UINT64_C(0x9e3779b97f4a7c15);

    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return word ^ word >> 31;
}

static int below(struct choice *choice, int count)
{
    return (int)(chance(choice) % (uint64_t)count);
}

static bool percent(struct choice *choice, int percent)
{
    return below(choice, 100) < percent;
}

static int64_t one_of(struct choice *choice, const int64_t *values, size_t count)
{
    return values[below(choice, (int)count)];
}

#define ONE_OF(choice, values) one_of((choice), (values), sizeof(values) / sizeof((values)[0]))

/* How often each is tried. What can seldom succeed comes seldom through. */
static const int weights[FUNCTIONS] = {
    [CALL_INITIALIZE] = 1,
    [CALL_FINALIZE] = 1,
    [CALL_DOMAIN_ID_GET] = 1,
    [CALL_NODE_ID_GET] = 1,
    [CALL_NODE_GET_ATTRIBUTE] = 2,
    [CALL_CREATE] = 10,
    [CALL_CREATE_ANONYMOUS] = 3,
    [CALL_GET_I] = 6,
    [CALL_GET] = 6,
    [CALL_RELEASE] = 4,
    [CALL_DELETE] = 5,
    [CALL_GET_ATTRIBUTE] = 14,
    [CALL_SET_ATTRIBUTE] = 10,
    [CALL_MSG_SEND_I] = 20,
    [CALL_MSG_SEND] = 20,
    [CALL_MSG_RECV_I] = 10,
    [CALL_MSG_RECV] = 10,
    [CALL_MSG_AVAILABLE] = 4,
    [CALL_PKT_CONNECT_I] = 14,
    [CALL_PKT_RECV_OPEN_I] = 16,
    [CALL_PKT_SEND_OPEN_I] = 16,
    [CALL_PKT_SEND_I] = 16,
    [CALL_PKT_SEND] = 16,
    [CALL_PKT_RECV_I] = 12,
    [CALL_PKT_RECV] = 16,
    [CALL_PKT_AVAILABLE] = 6,
    [CALL_PKT_RELEASE] = 14,
    [CALL_PKT_RELEASE_TEST] = 1,
    [CALL_PKT_RECV_CLOSE_I] = 3,
    [CALL_PKT_SEND_CLOSE_I] = 3,
    [CALL_SCL_CONNECT_I] = 12,
    [CALL_SCL_RECV_OPEN_I] = 12,
    [CALL_SCL_SEND_OPEN_I] = 12,
    [CALL_SCL_SEND] = 20,
    [CALL_SCL_RECV] = 20,
    [CALL_SCL_AVAILABLE] = 6,
    [CALL_SCL_RECV_CLOSE_I] = 3,
    [CALL_SCL_SEND_CLOSE_I] = 3,
    [CALL_TEST] = 14,
    [CALL_WAIT] = 30,
    [CALL_WAIT_ANY] = 8,
    [CALL_CANCEL] = 3,
    [DO_END_THREAD] = 1,
    [DO_KILL] = 1,
};

static bool is_wanted(struct choice *choice, enum function function)
{
    if (function >= CALL_MSG_SEND_I && function <= CALL_MSG_AVAILABLE)
        return choice->messages;
    if (function >= DO_END_THREAD) /* a world in which everybody dies is soon empty */
        return choice->deaths && percent(choice, 20);
    return function != CALL_FINALIZE || percent(choice, 40);
}

static enum function any_function(struct choice *choice)
{
    int total = 0, left;
    enum function function = 0;

    for (enum function each = 0; each < FUNCTIONS; each++)
        total += weights[each];
    for (left = below(choice, total); left >= weights[function]; function++)
        left -= weights[function];
    return function;
}

/* --- What can succeed ----------------------------------------------------------------------
 */

static bool is_free(const struct model_endpoint *endpoint)
{
    return endpoint->channel == 0 && endpoint->end == NOT_OPENED;
}

static bool is_open_as(const struct model_endpoint *endpoint, enum kind kind, enum role role)
{
    return endpoint->end == OPENED && endpoint->kind == kind && endpoint->role == role;
}

static bool can_be(const struct model_endpoint *endpoint, enum kind kind, enum role role)
{
    return is_free(endpoint) || (endpoint->channel == 0 && is_open_as(endpoint, kind, role));
}

static bool can_open(const struct model_endpoint *endpoint, enum kind kind, enum role role)
{
    return endpoint->end == NOT_OPENED
        && (endpoint->channel == 0 || (endpoint->kind == kind && endpoint->role == role));
}

static bool has_got(const struct model_endpoint *endpoint, int node)
{
    for (int i = 0; i < endpoint->gets; i++)
        if (endpoint->got_by[i] == node)
            return true;
    return false;
}

/* Whether a call of that node may succeed with this endpoint in that place. */
static bool end_suits(const struct model_endpoint *endpoint, int node, enum function function,
                      enum field field)
{
    bool own = endpoint->node == node;
    enum kind kind = function >= CALL_SCL_CONNECT_I ? SCALARS : PACKETS;

    switch (function) {
    case CALL_RELEASE:
        return has_got(endpoint, node);
    case CALL_DELETE:
        return own && endpoint->channel == 0;
    case CALL_SET_ATTRIBUTE:
        return own && endpoint->channel == 0;
    case CALL_MSG_SEND:
    case CALL_MSG_SEND_I:
        return (own || field == OTHER) && is_free(endpoint);
    case CALL_MSG_RECV:
    case CALL_MSG_RECV_I:
    case CALL_MSG_AVAILABLE:
        return own && is_free(endpoint);
    case CALL_PKT_CONNECT_I:
    case CALL_SCL_CONNECT_I:
        return can_be(endpoint, kind, field == END ? SENDER : RECEIVER);
    case CALL_PKT_RECV_OPEN_I:
    case CALL_SCL_RECV_OPEN_I:
        return own && can_open(endpoint, kind, RECEIVER);
    case CALL_PKT_SEND_OPEN_I:
    case CALL_SCL_SEND_OPEN_I:
        return own && can_open(endpoint, kind, SENDER);
    case CALL_PKT_SEND:
    case CALL_PKT_SEND_I:
    case CALL_PKT_SEND_CLOSE_I:
    case CALL_SCL_SEND:
    case CALL_SCL_SEND_CLOSE_I:
        return own && is_open_as(endpoint, kind, SENDER);
    case CALL_PKT_RECV:
    case CALL_PKT_RECV_I:
    case CALL_PKT_AVAILABLE:
    case CALL_PKT_RECV_CLOSE_I:
    case CALL_SCL_RECV:
    case CALL_SCL_AVAILABLE:
    case CALL_SCL_RECV_CLOSE_I:
        return own && is_open_as(endpoint, kind, RECEIVER);
    default:
        return true;
    }
}

/* Whether it would not only be right but also get somewhere. */
static bool end_is_best(const struct model *model, const struct model_endpoint *endpoint,
                        enum function function)
{
    const struct model_channel *channel = &model->channel[endpoint->channel];

    switch (function) {
    case CALL_MSG_RECV:
    case CALL_MSG_RECV_I:
        return endpoint->waiting > 0;
    case CALL_PKT_RECV:
    case CALL_PKT_RECV_I:
    case CALL_SCL_RECV:
        return channel->waiting > 0;
    case CALL_PKT_SEND:
    case CALL_PKT_SEND_I:
    case CALL_SCL_SEND:
        return endpoint->channel != 0 && channel->waiting + channel->held < channel->depth;
    case CALL_PKT_RECV_OPEN_I:
    case CALL_PKT_SEND_OPEN_I:
    case CALL_SCL_RECV_OPEN_I:
    case CALL_SCL_SEND_OPEN_I:
        return endpoint->channel != 0;
    case CALL_PKT_CONNECT_I:
    case CALL_SCL_CONNECT_I:
        return endpoint->end == OPENED;
    default:
        return true;
    }
}

static bool request_suits(const struct model_request *request, int node, enum function function)
{
    if (request->node != node || request->state == RELEASED)
        return false;
    return function == CALL_CANCEL ? request->state == PENDING
         : function == CALL_WAIT   ? request->state == FINISHED
                                   : request->state != REFUSED;
}

static bool suits(const struct model *model, const struct step *step, enum field field,
                  int user, int slot)
{
    int node = model_node_of(model, user);

    if (node == 0)
        return false;
    if (field == BUFFER) {
        const struct model_item *item = &model->item[model_item_at(model, slot)];

        return item->state == HELD && item->node == node;
    }
    if (field == REQUEST || field == SECOND || field == THIRD)
        return request_suits(&model->request[model_request_at(model, slot)], node,
                             step->function);
    return model_live(model, slot) != 0
        && end_suits(&model->endpoint[model_live(model, slot)], node, step->function, field);
}

/* --- Users and slots ------------------------------------------------------------------------
 */

static int slots_of(char kind)
{
    return kind == 'e' ? RANDOM_ENDPOINTS : kind == 'r' ? RANDOM_REQUESTS : RANDOM_BUFFERS;
}

/* A user and what it uses, of all that fit each other, and mostly of the best; false: nothing
 * does. */
static bool choose_pair(struct choice *choice, const struct model *model, struct step *step,
                        enum field field)
{
    int slots = slots_of(step_kind(step->function, field)), fitting = 0;
    bool best = percent(choice, 75), found = false;

    for (int user = 0; user < RANDOM_USERS; user++)
        for (int slot = 0; slot < slots; slot++) {
            bool is_best = field == END && best
                        && end_is_best(model, &model->endpoint[model_live(model, slot)],
                                       step->function);

            if (!suits(model, step, field, user, slot) || (found && !is_best))
                continue;
            if (is_best && !found)
                fitting = 0;
            found = found || is_best;
            if (below(choice, ++fitting) == 0) {
                step->user = user;
                step->field[field] = slot;
            }
        }
    return fitting > 0;
}

/* Any slot, whatever it means now; or garbage. */
static int64_t any_slot(struct choice *choice, char kind)
{
    if (percent(choice, 15))
        return -1 - below(choice, GARBAGE);
    return below(choice, slots_of(kind));
}

/* For the user that was chosen already. */
static int64_t slot_for(struct choice *choice, const struct model *model,
                        const struct step *step, enum field field)
{
    int64_t slot = NOTHING;
    int fitting = 0;
    char kind = step_kind(step->function, field);

    for (int each = 0; each < slots_of(kind); each++)
        if (suits(model, step, field, step->user, each) && below(choice, ++fitting) == 0)
            slot = each;
    return fitting == 0 || percent(choice, 5) ? any_slot(choice, kind) : slot;
}

/* Whether what is in a slot is of no use any more. */
static bool is_spent(const struct model *model, char kind, int slot)
{
    int request = model_request_at(model, slot);

    if (kind == 'e')
        return model_live(model, slot) == 0;
    if (kind == 'b')
        return model->item[model_item_at(model, slot)].state != HELD;
    return request == 0 || model->request[request].state != PENDING;
}

/* A slot for a result. Some stale ones are kept, to be used wrongly. */
static int64_t slot_for_result(struct choice *choice, const struct model *model, char kind)
{
    int slot = 0;

    for (int tries = 0; tries < 8; tries++) {
        slot = below(choice, slots_of(kind));
        if (is_spent(model, kind, slot))
            break;
    }
    return slot;
}

/* --- Numbers ---------------------------------------------------------------------------------
 */

static void choose_attribute(struct choice *choice, struct step *step)
{
    static const int64_t timeouts[] = { 0, 0, 0, 1, 2, MCAPI_TIMEOUT_INFINITE };
    static const int64_t types[] = { 1, 1, 2, 4, 3, 0 };
    static const int64_t memory[] = { 0, 0x10000, 0x10000, 0x10000, 1, 2, 3, 0x20000 };
    static const int64_t odd[] = { 12, 40, 63, 64, 70, 1000 };
    static const int64_t values[] = {
        0, 1, 2, 3, 10, 11, 12, 50, LIMIT_PACKET, LIMIT_PACKET + 1, -1
    };
    int64_t *number = &step->field[NUMBER], *value = &step->field[VALUE];
    int luck = below(choice, 100);

    if (luck < 60) {
        *number = MCAPI_ENDP_ATTR_TIMEOUT;
        *value = ONE_OF(choice, timeouts);
    } else if (luck < 70) {
        *number = MCAPI_ENDP_ATTR_TYPE;
        *value = ONE_OF(choice, types);
    } else if (luck < 80) {
        *number = MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS;
        *value = 1 + below(choice, MODEL_DEPTH - 2);
    } else if (luck < 88) {
        *number = MCAPI_ENDP_ATTR_MEMORY_TYPE;
        *value = ONE_OF(choice, memory);
    } else {
        *number =
                percent(choice, 80) ? below(choice, MCAPI_ENDP_ATTR_END) : ONE_OF(choice, odd);
        *value = ONE_OF(choice, values);
        if (*number == MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS)
            *value = 1 + below(choice, MODEL_DEPTH - 2);
        if (*number == MCAPI_ENDP_ATTR_TIMEOUT)
            *value = ONE_OF(choice, timeouts);
    }
}

static void choose_attribute_step(struct choice *choice, struct step *step)
{
    choose_attribute(choice, step);
    if (step->function == CALL_GET_ATTRIBUTE && percent(choice, 75))
        step->field[NUMBER] = below(choice, MCAPI_ENDP_ATTR_END);
    if (step->function == CALL_NODE_GET_ATTRIBUTE)
        step->field[NUMBER] =
                percent(choice, 80) ? MCAPI_NODE_ATTR_TYPE : 1 + below(choice, 99);
    step->field[SIZE] = step->function != CALL_NODE_GET_ATTRIBUTE
                                     && step->field[NUMBER] == MCAPI_ENDP_ATTR_GET_SOURCE
                              ? 8
                              : 4;
    if (percent(choice, 4))
        step->field[SIZE] = below(choice, 9);
}

/* A name of an endpoint: of one that there is, or of any. */
static void choose_name(struct choice *choice, const struct model *model, struct step *step)
{
    int which = model_live(model, below(choice, RANDOM_ENDPOINTS));
    const struct model_endpoint *endpoint = &model->endpoint[which];

    step->field[IN_DOMAIN] = percent(choice, 90) ? 0 : percent(choice, 80) ? 1 : 65536;
    step->field[IN_NODE] = percent(choice, 97) ? 1 + below(choice, 5) : 65536;
    step->field[PORT] = percent(choice, 97) ? below(choice, 5)
                      : percent(choice, 50) ? 65535
                                            : 65536;
    if (step->function == CALL_CREATE && percent(choice, 5))
        step->field[PORT] = MCAPI_PORT_ANY;
    if (which == 0 || endpoint->port == MCAPI_PORT_ANY || percent(choice, 30)
        || step->function == CALL_CREATE || step->function == CALL_INITIALIZE)
        return;
    step->field[IN_DOMAIN] = model->node[endpoint->node].domain;
    step->field[IN_NODE] = model->node[endpoint->node].number;
    step->field[PORT] = endpoint->port;
}

static void choose_payload(struct choice *choice, const struct model *model, struct step *step)
{
    static const int64_t packets[] = { 0, 1, 8, 48, 49, 112, 113, 150, LIMIT_PACKET };
    static const int64_t messages[] = { 0, 1, 8, 40, 100, LIMIT_MESSAGE };
    static const int64_t widths[] = { 8, 16, 32, 64 };
    static const int64_t priorities[] = { 0, 0, 1, 1, 2, 5, 10 };
    bool message = step->function <= CALL_MSG_AVAILABLE;

    step->field[VALUE] = model->now + 1;
    step->field[SIZE] = message ? ONE_OF(choice, messages) : ONE_OF(choice, packets);
    if (percent(choice, 3))
        step->field[SIZE] = message ? LIMIT_MESSAGE + 1 : LIMIT_PACKET + 1;
    step->field[BITS] = ONE_OF(choice, widths);
    step->field[PRIORITY] =
            percent(choice, 97) ? ONE_OF(choice, priorities) : MCAPI_MAX_PRIORITY + 1;
}

/* The width of the next scalar, mostly. */
static void choose_width(struct choice *choice, const struct model *model, struct step *step)
{
    int which = model_live(model, step->field[END]);
    const struct model_channel *channel = &model->channel[model->endpoint[which].channel];

    if (channel->waiting > 0 && percent(choice, 80))
        step->field[BITS] = model->item[channel->item[0]].bits;
}

static void choose_numbers(struct choice *choice, const struct model *model, struct step *step)
{
    if (step_has(step->function, VALUE) || step_has(step->function, SIZE)
        || step_has(step->function, BITS))
        choose_payload(choice, model, step);
    if (step->function == CALL_SCL_RECV)
        choose_width(choice, model, step);
    if (step_has(step->function, IN_NODE) || step_has(step->function, PORT))
        choose_name(choice, model, step);
    if (step_has(step->function, NUMBER))
        choose_attribute_step(choice, step);
    if (step->function == CALL_INITIALIZE)
        step->field[VALUE] = percent(choice, 50) ? 0 : below(choice, 1000);
    step->field[WAITS] = percent(choice, 30) ? (int64_t)MCAPI_TIMEOUT_INFINITE
                       : percent(choice, 80) ? 0
                                             : 1 + below(choice, 2);
    if (percent(choice, 2))
        step->field[NULLS] = 1 << below(choice, 3);
    else if (step->function == CALL_TEST || step->function == CALL_WAIT)
        step->field[NULLS] = percent(choice, 10) ? NULL_SIZE : 0;
}

/* --- The step
 * ---------------------------------------------------------------------------------- */

static bool choose_things(struct choice *choice, const struct model *model, struct step *step)
{
    enum field first = step_has(step->function, END)     ? END
                     : step_has(step->function, REQUEST) ? REQUEST
                     : step_has(step->function, BUFFER)  ? BUFFER
                                                         : FIELDS;

    if (first != FIELDS) {
        if (percent(choice, 95)) {
            if (!choose_pair(choice, model, step, first))
                return percent(choice, 1);
            if (percent(choice, 4)) /* a good thing in the wrong hands */
                step->user = below(choice, RANDOM_USERS);
        } else {
            step->field[first] = any_slot(choice, step_kind(step->function, first));
        }
    }
    if (step_has(step->function, OTHER)) {
        step->field[OTHER] = slot_for(choice, model, step, OTHER);
        if (model_endpoint_at(model, step->field[OTHER])
                    == model_endpoint_at(model, step->field[END])
            && percent(choice, 90))
            return false;
    }
    if (step_has(step->function, SECOND) && percent(choice, 80)) {
        step->field[SECOND] = slot_for(choice, model, step, SECOND);
        if (percent(choice, 60))
            step->field[THIRD] = slot_for(choice, model, step, THIRD);
    }
    if (step_has(step->function, INTO))
        step->field[INTO] = slot_for_result(choice, model, step_kind(step->function, INTO));
    if (step_has(step->function, LANDS))
        step->field[LANDS] = slot_for_result(choice, model, step_kind(step->function, LANDS));
    return true;
}

struct step choose(struct choice *choice, const struct model *model)
{
    struct step step;

    for (;;) {
        step = step_of(any_function(choice), below(choice, RANDOM_USERS));
        if (model_node_of(model, step.user) == 0 && step.function < DO_END_THREAD
            && percent(choice, 80))
            step.function = CALL_INITIALIZE;
        if (!is_wanted(choice, step.function) || !choose_things(choice, model, &step))
            continue;
        choose_numbers(choice, model, &step);
        return step;
    }
}
