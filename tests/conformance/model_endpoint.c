/* SPDX-License-Identifier: MIT */
/*
 * model_endpoint.c - endpoints: created, got, given back, deleted; their attributes.
 */
#include "model.h"

#include <string.h>

/* --- Gets ------------------------------------------------------------------------------ */

static bool is_for_channels(const struct model_endpoint *endpoint)
{
    return endpoint->attribute[MCAPI_ENDP_ATTR_TYPE] != MCAPI_ENDP_ATTR_TYPE_MESSAGE;
}

void model_drop_gets(struct model *model, int endpoint)
{
    if (is_for_channels(&model->endpoint[endpoint]) && model->endpoint[endpoint].gets > 0) {
        model->endpoint[endpoint].gets = 0;
        model->endpoint[endpoint].given_back = true;
    }
}

static void give_back(struct model_endpoint *endpoint, int which)
{
    endpoint->gets--;
    endpoint->given_back = true;
    for (int i = which; i < endpoint->gets; i++)
        endpoint->got_by[i] = endpoint->got_by[i + 1];
}

void model_drop_gets_by(struct model *model, int node, enum gone how)
{
    for (int i = 1; i <= model->endpoints; i++)
        for (int which = model->endpoint[i].gets - 1; which >= 0; which--)
            if (model->endpoint[i].got_by[which] == node) {
                give_back(&model->endpoint[i], which);
                if (how == DIED)
                    model->endpoint[i].got_by_dead = true;
            }
}

static int find_port(const struct model *model, mcapi_domain_t domain, mcapi_node_t number,
                     mcapi_port_t port)
{
    for (int i = 1; i <= model->endpoints; i++) {
        const struct model_endpoint *endpoint = &model->endpoint[i];

        if (endpoint->live && endpoint->port == port
            && model->node[endpoint->node].domain == domain
            && model->node[endpoint->node].number == number)
            return i;
    }
    return 0;
}

bool model_get_unseen(const struct model *model, int endpoint)
{
    for (int i = 1; i <= model->requests; i++) {
        const struct model_request *request = &model->request[i];

        if (request->kind == REQ_GET && request->state == FINISHED && !request->seen
            && request->endpoint == endpoint)
            return true;
    }
    return false;
}

static bool lend(struct model *model, int endpoint, int node)
{
    struct model_endpoint *lent = &model->endpoint[endpoint];

    if (is_for_channels(lent) && lent->gets > 0)
        return false;
    lent->got_by[lent->gets++] = node;
    return true;
}

void model_get(struct model *model, const struct step *step, struct wanted *wanted)
{
    bool blocks = step->function == CALL_GET;
    int node = model_acting(model, step, wanted);
    mcapi_domain_t domain = (mcapi_domain_t)step->field[IN_DOMAIN];
    mcapi_node_t number = (mcapi_node_t)step->field[IN_NODE];
    mcapi_port_t port = (mcapi_port_t)step->field[PORT];
    int endpoint, request = 0;

    wanted->no_endpoint = blocks;
    if (refused(wanted))
        return;
    if (step_null(step, NULL_REQUEST | NULL_BUFFER) && !blocks)
        wrong(wanted, MCAPI_ERR_PARAMETER);
    if (refused(wanted))
        return;
    if (domain > MCAPI_MAX_DOMAIN)
        wrong(wanted, MCAPI_ERR_DOMAIN_INVALID);
    if (number > MCAPI_MAX_NODE)
        wrong(wanted, MCAPI_ERR_NODE_INVALID);
    if (port > MCAPI_MAX_PORT)
        wrong(wanted, MCAPI_ERR_PORT_INVALID);
    if (refused(wanted))
        return;
    endpoint = find_port(model, domain, number, port);
    if (endpoint == 0 && blocks) {
        if (step->field[WAITS] == (int64_t)MCAPI_TIMEOUT_INFINITE)
            wanted->skip = "it would wait for the endpoint";
        wrong(wanted, MCAPI_TIMEOUT);
        return;
    }
    if (endpoint != 0 && model->endpoint[endpoint].gets >= MODEL_GETS - LIMIT_REQUESTS) {
        wanted->skip = "too many gets for the model";
        return;
    }
    if (endpoint != 0 && model_get_unseen(model, endpoint)
        && is_for_channels(&model->endpoint[endpoint])) {
        wanted->skip = "a get of it is under way";
        return;
    }
    if (endpoint != 0 && is_for_channels(&model->endpoint[endpoint])
        && model->endpoint[endpoint].gets > 0)
        wrong(wanted, MCAPI_ERR_ENDP_GET_LIMIT);
    if (!blocks)
        model_request_limit(model, node, wanted);
    if (refused(wanted))
        return;
    wanted->no_endpoint = false;
    succeeds(wanted);
    if (!blocks) {
        request = model_request_begin(model, step, wanted, REQ_GET, node);
        model->request[request].domain = domain;
        model->request[request].number = number;
        model->request[request].port = port;
    }
    if (endpoint == 0)
        return;
    lend(model, endpoint, node);
    if (blocks) {
        wanted->endpoint = endpoint;
        if (step->field[INTO] >= 0)
            model->end_slot[step->field[INTO]] = endpoint;
        return;
    }
    model->request[request].endpoint = endpoint;
    model_request_finish(model, request, model_bit(MCAPI_SUCCESS));
}

void model_release(struct model *model, const struct step *step, struct wanted *wanted)
{
    int node = model_acting(model, step, wanted);
    struct model_endpoint *endpoint;

    if (refused(wanted))
        return;
    endpoint = &model->endpoint[model_live(model, step->field[END])];
    if (endpoint->live && model_get_unseen(model, model_live(model, step->field[END]))) {
        wanted->skip = "a get of it is under way";
        return;
    }
    for (int which = endpoint->gets - 1; which >= 0; which--)
        if (endpoint->got_by[which] == node) {
            give_back(endpoint, which);
            succeeds(wanted);
            return;
        }
    wrong(wanted, MCAPI_ERR_ENDP_INVALID);
}

/* --- From create to delete ------------------------------------------------------------- */

static int endpoints_of(const struct model *model, int node)
{
    int count = 0;

    for (int i = 1; i <= model->endpoints; i++)
        count += model->endpoint[i].live && model->endpoint[i].node == node;
    return count;
}

static void set_defaults(struct model_endpoint *endpoint)
{
    endpoint->attribute[MCAPI_ENDP_ATTR_TYPE] = MCAPI_ENDP_ATTR_TYPE_MESSAGE;
    endpoint->attribute[MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE] = LIMIT_PACKET;
    endpoint->attribute[MCAPI_ENDP_ATTR_NUM_PRIORITIES] = MCAPI_MAX_PRIORITY + 1;
    endpoint->attribute[MCAPI_ENDP_ATTR_NUM_SEND_BUFFERS] = -1; /* it does not say */
    endpoint->attribute[MCAPI_ENDP_ATTR_TIMEOUT] = MCAPI_TIMEOUT_INFINITE;
}

/* Those who wait for it have it. */
static void serve_gets(struct model *model, int endpoint)
{
    for (int i = 1; i <= model->requests; i++) {
        struct model_request *request = &model->request[i];

        if (request->kind != REQ_GET || request->state != PENDING
            || find_port(model, request->domain, request->number, request->port) != endpoint)
            continue;
        lend(model, endpoint, request->node);
        request->endpoint = endpoint;
        model_request_finish(model, i, model_bit(MCAPI_SUCCESS));
    }
}

void model_create(struct model *model, const struct step *step, struct wanted *wanted)
{
    int node = model_acting(model, step, wanted);
    mcapi_port_t port =
            step->function == CALL_CREATE ? (mcapi_port_t)step->field[PORT] : MCAPI_PORT_ANY;
    struct model_endpoint *endpoint;

    wanted->no_endpoint = true;
    if (refused(wanted))
        return;
    if (port > MCAPI_MAX_PORT && port != MCAPI_PORT_ANY)
        wrong(wanted, MCAPI_ERR_PORT_INVALID);
    if (refused(wanted))
        return;
    if (port != MCAPI_PORT_ANY && model->broken_rule != BROKEN_EXISTS
        && find_port(model, model->node[node].domain, model->node[node].number, port) != 0)
        wrong(wanted, MCAPI_ERR_ENDP_EXISTS);
    if (refused(wanted))
        return;
    if (endpoints_of(model, node) >= LIMIT_ENDPOINTS)
        wrong(wanted, MCAPI_ERR_ENDP_LIMIT);
    if (refused(wanted))
        return;
    wanted->no_endpoint = false;
    wanted->made = wanted->endpoint = ++model->endpoints;
    endpoint = &model->endpoint[wanted->made];
    endpoint->live = true;
    endpoint->node = node;
    endpoint->port = port;
    set_defaults(endpoint);
    if (step->field[INTO] >= 0)
        model->end_slot[step->field[INTO]] = wanted->made;
    if (port != MCAPI_PORT_ANY)
        serve_gets(model, wanted->made);
    succeeds(wanted);
}

void model_endpoint_gone(struct model *model, int gone, enum gone how)
{
    struct model_endpoint *endpoint = &model->endpoint[gone];

    if (endpoint->end == OPENED && !endpoint->complete)
        model_request_finish(model, endpoint->open, model_bit(MCAPI_ERR_ENDP_DELETED));
    model_fail_posted(model, &endpoint->for_messages, model_bit(MCAPI_ERR_ENDP_DELETED));
    /* Receives that are over, at which nobody has looked: the delete may have come first. */
    for (int i = 1; i <= model->requests; i++)
        if (model->request[i].kind == REQ_RECEIVE && model->request[i].endpoint == gone
            && model->request[i].state == FINISHED && !model->request[i].seen)
            model->request[i].statuses |= model_bit(MCAPI_ERR_ENDP_DELETED);
    /* Posted on an end that is not connected: as its open, or as at no end any more. */
    model_fail_posted(
            model, &endpoint->for_packets,
            model_bit(MCAPI_ERR_ENDP_DELETED)
                    | (endpoint->end == OPENED ? model_bit(MCAPI_ERR_CHAN_INVALID) : 0));
    model_leave_channel(model, gone, how);
    endpoint->live = false;
}

void model_delete(struct model *model, const struct step *step, struct wanted *wanted)
{
    int node = model_acting(model, step, wanted);
    int which = model_live(model, step->field[END]);
    struct model_endpoint *endpoint = &model->endpoint[which];
    const struct model_channel *channel;

    if (refused(wanted))
        return;
    if (which == 0)
        wrong(wanted, MCAPI_ERR_ENDP_INVALID);
    else if (endpoint->node != node)
        wrong(wanted, MCAPI_ERR_ENDP_NOTOWNER);
    if (refused(wanted))
        return;
    channel = &model->channel[endpoint->channel];
    if (endpoint->channel != 0 && endpoint->end == OPENED) {
        wrong(wanted, MCAPI_ERR_CHAN_OPEN);
        if (!endpoint->complete)
            wrong(wanted, MCAPI_ERR_CHAN_CONNECTED);
    }
    if (endpoint->channel != 0 && endpoint->end == NOT_OPENED
        && channel->gone[!endpoint->role] == HERE)
        wrong(wanted, MCAPI_ERR_CHAN_CONNECTED);
    if (refused(wanted))
        return;
    if (model_get_unseen(model, which))
        wanted->skip = "a get of it is under way";
    if (wanted->skip != NULL)
        return;
    model_endpoint_gone(model, which, CLOSED_IT);
    succeeds(wanted);
}

/* --- Attributes ------------------------------------------------------------------------ */

static size_t size_of(int64_t number)
{
    return number == MCAPI_ENDP_ATTR_GET_SOURCE ? sizeof(mcapi_endp_attr_get_source_t)
                                                : sizeof(mcapi_uint_t);
}

/* What is wrong with the number, or with the size that goes with it. */
static void check_number(const struct step *step, struct wanted *wanted)
{
    int64_t number = step->field[NUMBER];

    if (number >= MCAPI_ENDP_ATTR_END)
        wrong(wanted, number < 64 ? MCAPI_ERR_ATTR_NOTSUPPORTED : MCAPI_ERR_ATTR_NUM);
    else if ((size_t)step->field[SIZE] != size_of(number))
        wrong(wanted, MCAPI_ERR_ATTR_SIZE);
}

int model_depth(const struct model *model, const struct model_endpoint *endpoint,
                enum kind kind)
{
    int depth = kind == PACKETS ? LIMIT_BUFFERS : LIMIT_QUEUE;

    if (endpoint->depth_set)
        depth = (int)endpoint->attribute[MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS];
    return depth + (kind == PACKETS && model->broken_rule == BROKEN_DEPTH);
}

static void tell_free_buffers(const struct model *model, const struct model_endpoint *endpoint,
                              struct wanted *wanted)
{
    const struct model_channel *channel = &model->channel[endpoint->channel];

    if (endpoint->channel == 0) {
        wanted->number_told =
                model_served_unseen(model, (int)(endpoint - model->endpoint), MESSAGES) == 0;
        wanted->number = (uint64_t)(model_depth(model, endpoint, MESSAGES) - endpoint->waiting);
        return;
    }
    wanted->number_told = channel->gone[SENDER] == HERE && channel->gone[RECEIVER] == HERE;
    wanted->number = (uint64_t)(channel->depth - channel->waiting - channel->held);
}

static uint64_t flags(const struct model_endpoint *endpoint)
{
    uint64_t flags = 0;

    if (endpoint->channel == 0 && endpoint->end == NOT_OPENED)
        return 0;
    if (endpoint->channel != 0)
        flags |= MCAPI_ENDP_ATTR_STATUS_CONNECTED;
    if (endpoint->end == OPENED)
        flags |= endpoint->complete ? MCAPI_ENDP_ATTR_STATUS_OPEN
                                    : MCAPI_ENDP_ATTR_STATUS_OPEN_PENDING;
    if (endpoint->end == CLOSED)
        flags |= MCAPI_ENDP_ATTR_STATUS_CLOSE_PENDING;
    flags |= endpoint->kind == PACKETS ? MCAPI_ENDP_ATTR_STATUS_PKTCHAN
                                       : MCAPI_ENDP_ATTR_STATUS_SCLCHAN;
    flags |= endpoint->role == SENDER ? MCAPI_ENDP_ATTR_STATUS_SEND
                                      : MCAPI_ENDP_ATTR_STATUS_RECEIVE;
    return flags;
}

static void tell_source(const struct model *model, const struct model_endpoint *endpoint,
                        struct wanted *wanted)
{
    const struct model_node *node;

    wanted->number = wanted->second = MCAPI_NODE_INVALID;
    /* When one was given back: is it still that one, or the one before? */
    wanted->number_told = wanted->second_told = !endpoint->given_back;
    if (endpoint->gets == 0)
        return;
    for (int i = 1; i < endpoint->gets; i++)
        if (endpoint->got_by[i] != endpoint->got_by[0]) /* which of them? */
            wanted->number_told = wanted->second_told = false;
    node = &model->node[endpoint->got_by[0]];
    wanted->number = node->domain;
    wanted->second = node->number;
}

void model_get_attribute(struct model *model, const struct step *step, struct wanted *wanted)
{
    int which = model_live(model, step->field[END]);
    const struct model_endpoint *endpoint = &model->endpoint[which];
    int64_t number = step->field[NUMBER];

    model_acting(model, step, wanted);
    if (refused(wanted))
        return;
    if (step_null(step, NULL_BUFFER))
        wrong(wanted, MCAPI_ERR_PARAMETER);
    if (refused(wanted))
        return;
    if (which == 0)
        wrong(wanted, MCAPI_ERR_ENDP_INVALID);
    check_number(step, wanted);
    if (refused(wanted))
        return;
    succeeds(wanted);
    if (number == MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS) {
        tell_free_buffers(model, endpoint, wanted);
    } else if (number == MCAPI_ENDP_ATTR_STATUS) {
        wanted->number_told = true;
        wanted->number = flags(endpoint);
    } else if (number == MCAPI_ENDP_ATTR_GET_COUNT) {
        /* Who has died counts until somebody notices. */
        wanted->number_told = !model_get_unseen(model, which) && !endpoint->got_by_dead;
        wanted->number = (uint64_t)endpoint->gets;
    } else if (number == MCAPI_ENDP_ATTR_GET_SOURCE) {
        tell_source(model, endpoint, wanted);
        if (model_get_unseen(model, which))
            wanted->number_told = wanted->second_told = false;
    } else {
        wanted->number_told = endpoint->attribute[number] >= 0;
        wanted->number = (uint64_t)endpoint->attribute[number];
    }
}

static bool is_readonly(int64_t number)
{
    return number == MCAPI_ENDP_ATTR_GET_COUNT || number == MCAPI_ENDP_ATTR_GET_SOURCE
        || number == MCAPI_ENDP_ATTR_STATUS;
}

static bool is_value_of(int64_t number, int64_t value)
{
    int64_t memory = value & 0xffff;

    switch (number) {
    case MCAPI_ENDP_ATTR_TYPE:
        return value == MCAPI_ENDP_ATTR_TYPE_MESSAGE || value == MCAPI_ENDP_ATTR_TYPE_PKTCHAN
            || value == MCAPI_ENDP_ATTR_TYPE_SCLCHAN;
    case MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE:
        return value >= 0 && value <= LIMIT_PACKET;
    case MCAPI_ENDP_ATTR_BUFFER_TYPE:
        return value == MCAPI_ENDP_ATTR_FIFO_BUFFER;
    case MCAPI_ENDP_ATTR_MEMORY_TYPE:
        return memory <= MCAPI_ENDP_ATTR_REMOTE_MEMORY
            && (value == memory || value == (memory | MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT));
    case MCAPI_ENDP_ATTR_NUM_PRIORITIES:
        return value >= 1 && value <= MCAPI_MAX_PRIORITY + 1;
    case MCAPI_ENDP_ATTR_PRIORITY:
        return value >= 0 && value <= MCAPI_MAX_PRIORITY;
    default:
        return value >= 1 || number == MCAPI_ENDP_ATTR_TIMEOUT;
    }
}

void model_set_attribute(struct model *model, const struct step *step, struct wanted *wanted)
{
    int node = model_acting(model, step, wanted);
    int which = model_live(model, step->field[END]);
    struct model_endpoint *endpoint = &model->endpoint[which];
    int64_t number = step->field[NUMBER], value = step->field[VALUE];

    if (refused(wanted))
        return;
    if (step_null(step, NULL_BUFFER))
        wrong(wanted, MCAPI_ERR_PARAMETER);
    if (refused(wanted))
        return;
    if (which == 0)
        wrong(wanted, MCAPI_ERR_ENDP_INVALID);
    check_number(step, wanted);
    if (which != 0 && endpoint->node != node)
        wrong(wanted, MCAPI_ERR_ENDP_REMOTE);
    if (which != 0 && endpoint->channel != 0)
        wrong(wanted, MCAPI_ERR_CHAN_CONNECTED);
    if (is_readonly(number))
        wrong(wanted, MCAPI_ERR_ATTR_READONLY);
    else if (number < MCAPI_ENDP_ATTR_END && !is_value_of(number, value))
        wrong(wanted, MCAPI_ERR_ATTR_VALUE);
    if (refused(wanted))
        return;
    if (number == MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE && value == 0) {
        wanted->skip = "nobody says whether that is a size";
        return;
    }
    if (number == MCAPI_ENDP_ATTR_TYPE
        && (model_get_unseen(model, which) || endpoint->gets > 1)) {
        wanted->skip = "several have got it, or are about to, which now one alone may";
        return;
    }
    if ((number == MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS || number == MCAPI_ENDP_ATTR_NUM_PRIORITIES)
        && endpoint->had_messages) {
        wanted->skip = "the shape of a queue is set before it is used";
        return;
    }
    if (number == MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS)
        endpoint->depth_set = true;
    endpoint->attribute[number] = value;
    succeeds(wanted);
}
