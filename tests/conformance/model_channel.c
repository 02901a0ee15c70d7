/* SPDX-License-Identifier: MIT */
/*
 * model_channel.c - the life of a channel, packets or scalars: connect, open, close.
 */
#include "model.h"

/* --- What a step is about -------------------------------------------------------------- */

static enum kind kind_of(enum function function)
{
    return function >= CALL_SCL_CONNECT_I ? SCALARS : PACKETS;
}

static enum role role_of(enum function function)
{
    return function == CALL_PKT_RECV_OPEN_I || function == CALL_PKT_RECV_CLOSE_I
                        || function == CALL_SCL_RECV_OPEN_I || function == CALL_SCL_RECV_CLOSE_I
                 ? RECEIVER
                 : SENDER;
}

int model_same_node(const struct model *model, const struct model_channel *channel)
{
    return model->endpoint[channel->end[SENDER]].node
        == model->endpoint[channel->end[RECEIVER]].node;
}

static bool type_forbids(const struct model_endpoint *endpoint, enum kind kind)
{
    return endpoint->attribute[MCAPI_ENDP_ATTR_TYPE]
        == (kind == PACKETS ? MCAPI_ENDP_ATTR_TYPE_SCLCHAN : MCAPI_ENDP_ATTR_TYPE_PKTCHAN);
}

/* --- Opens ----------------------------------------------------------------------------- */

/* Opens that have nothing left to wait for are complete. */
static void settle_opens(struct model *model, const struct model_channel *channel)
{
    for (enum role role = SENDER; role <= RECEIVER; role++) {
        struct model_endpoint *own = &model->endpoint[channel->end[role]];
        const struct model_endpoint *other = &model->endpoint[channel->end[!role]];
        enum gone gone = channel->gone[!role];

        if (channel->gone[role] != HERE || own->end != OPENED || own->complete)
            continue;
        if (gone == HERE && other->end != OPENED && !model_same_node(model, channel))
            continue;
        own->complete = true;
        /* The other end is gone: this one can be used, and then says so. */
        model_request_finish(
                model, own->open,
                model_bit(MCAPI_SUCCESS)
                        | (gone != CLOSED_IT ? model_bit(MCAPI_ERR_TRANSMISSION) : 0));
    }
}

void model_open(struct model *model, const struct step *step, struct wanted *wanted)
{
    enum kind kind = kind_of(step->function);
    enum role role = role_of(step->function);
    int node = model_acting(model, step, wanted);
    int which = model_own(model, step->field[END], node);
    struct model_endpoint *endpoint = &model->endpoint[which];
    bool taken = endpoint->channel != 0 || endpoint->end != NOT_OPENED;

    if (refused(wanted))
        return;
    if (step_null(step, NULL_REQUEST | NULL_BUFFER))
        wrong(wanted, MCAPI_ERR_PARAMETER);
    if (refused(wanted))
        return;
    if (which == 0)
        wrong(wanted, MCAPI_ERR_ENDP_INVALID);
    if (refused(wanted))
        return;
    if ((taken && endpoint->kind != kind) || type_forbids(endpoint, kind))
        wrong(wanted, MCAPI_ERR_CHAN_TYPE);
    if (taken && endpoint->role != role)
        wrong(wanted, MCAPI_ERR_CHAN_DIRECTION);
    if (endpoint->end == OPENED)
        wrong(wanted, endpoint->complete ? MCAPI_ERR_CHAN_OPEN : MCAPI_ERR_CHAN_OPENPENDING);
    if (endpoint->end == CLOSED)
        wrong(wanted, MCAPI_ERR_CHAN_CLOSEPENDING);
    if (refused(wanted))
        return;
    model_request_limit(model, node, wanted);
    if (refused(wanted) || wanted->skip != NULL)
        return;
    endpoint->end = OPENED;
    endpoint->kind = kind;
    endpoint->role = role;
    endpoint->complete = false;
    endpoint->open = model_request_begin(model, step, wanted, REQ_OPEN, node);
    model->request[endpoint->open].endpoint = which;
    if (endpoint->channel != 0)
        settle_opens(model, &model->channel[endpoint->channel]);
    wanted->endpoint = which; /* a handle has its endpoint's value */
    succeeds(wanted);
}

void model_cancel_open(struct model *model, int endpoint)
{
    model->endpoint[endpoint].end = NOT_OPENED;
}

/* --- Connect --------------------------------------------------------------------------- */

static void check_end(const struct model *model, const struct model_endpoint *endpoint,
                      enum kind kind, enum role role, struct wanted *wanted)
{
    const struct model_channel *channel = &model->channel[endpoint->channel];

    if (type_forbids(endpoint, kind))
        wrong(wanted, MCAPI_ERR_CHAN_TYPE);
    if (endpoint->channel == 0) {
        if (endpoint->end != NOT_OPENED && endpoint->kind != kind)
            wrong(wanted, MCAPI_ERR_CHAN_TYPE);
        if (endpoint->end != NOT_OPENED && endpoint->role != role)
            wrong(wanted, MCAPI_ERR_CHAN_DIRECTION);
    } else if (endpoint->end == CLOSED) {
        wrong(wanted, MCAPI_ERR_CHAN_CLOSEPENDING);
    } else if (channel->gone[!endpoint->role] == HERE) {
        wrong(wanted, MCAPI_ERR_CHAN_CONNECTED);
    } else if (endpoint->end == OPENED) { /* open, and the other end closed */
        wrong(wanted, MCAPI_ERR_CHAN_CONNECTED);
        wrong(wanted, MCAPI_ERR_CHAN_CLOSEPENDING);
    }
}

static bool fit(const struct model_endpoint *one, const struct model_endpoint *other)
{
    static const int equal[] = { MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, MCAPI_ENDP_ATTR_BUFFER_TYPE,
                                 MCAPI_ENDP_ATTR_MEMORY_TYPE, MCAPI_ENDP_ATTR_NUM_PRIORITIES,
                                 MCAPI_ENDP_ATTR_PRIORITY };

    for (size_t i = 0; i < sizeof equal / sizeof equal[0]; i++)
        if (one->attribute[equal[i]] != other->attribute[equal[i]])
            return false;
    return true;
}

static void connect(struct model *model, int send, int receive, enum kind kind)
{
    int which[2] = { send, receive };
    struct model_channel *channel;

    for (enum role role = SENDER; role <= RECEIVER; role++) /* one that nobody ended yet */
        model_leave_channel(model, which[role], CLOSED_IT);
    channel = &model->channel[++model->channels];
    channel->kind = kind;
    channel->depth = model_depth(model, &model->endpoint[receive], kind);
    for (enum role role = SENDER; role <= RECEIVER; role++) {
        struct model_endpoint *endpoint = &model->endpoint[which[role]];

        channel->end[role] = which[role];
        endpoint->channel = model->channels;
        endpoint->kind = kind;
        endpoint->role = role;
    }
    settle_opens(model, channel);
}

void model_connect(struct model *model, const struct step *step, struct wanted *wanted)
{
    enum kind kind = kind_of(step->function);
    int node = model_acting(model, step, wanted);
    int send = model_live(model, step->field[END]);
    int receive = model_live(model, step->field[OTHER]);
    const struct model_endpoint *sender = &model->endpoint[send];
    const struct model_endpoint *receiver = &model->endpoint[receive];
    int request;

    if (refused(wanted))
        return;
    if (step_null(step, NULL_REQUEST))
        wrong(wanted, MCAPI_ERR_PARAMETER);
    if (refused(wanted))
        return;
    if (send == 0 || receive == 0 || send == receive)
        wrong(wanted, MCAPI_ERR_ENDP_INVALID);
    if (refused(wanted) || wanted->skip != NULL)
        return;
    check_end(model, sender, kind, SENDER, wanted);
    check_end(model, receiver, kind, RECEIVER, wanted);
    if (!fit(sender, receiver))
        wrong(wanted, MCAPI_ERR_ATTR_INCOMPATIBLE);
    if (refused(wanted))
        return;
    model_request_limit(model, node, wanted);
    if (refused(wanted))
        return;
    request = model_request_begin(model, step, wanted, REQ_CONNECT, node);
    connect(model, send, receive, kind);
    model_request_finish(model, request, model_bit(MCAPI_SUCCESS));
    succeeds(wanted);
}

/* --- Close ----------------------------------------------------------------------------- */

static void discard(struct model *model, struct model_channel *channel)
{
    for (int i = 1; i <= model->items; i++)
        if (&model->channel[model->item[i].channel] == channel)
            model->item[i].state = OVER;
    channel->waiting = channel->held = 0;
}

/* Both ends are gone: the endpoints are free. */
static void end_channel(struct model *model, int which)
{
    struct model_channel *channel = &model->channel[which];

    for (enum role role = SENDER; role <= RECEIVER; role++) {
        struct model_endpoint *endpoint = &model->endpoint[channel->end[role]];

        if (channel->close[role] != 0)
            model_request_finish(model, channel->close[role], model_bit(MCAPI_SUCCESS));
        if (!endpoint->live || endpoint->channel != which)
            continue;
        endpoint->channel = 0;
        endpoint->end = NOT_OPENED;
        model_drop_gets(model, channel->end[role]);
    }
    discard(model, channel);
}

void model_leave_channel(struct model *model, int leaver, enum gone how)
{
    struct model_endpoint *endpoint = &model->endpoint[leaver];
    int which = endpoint->channel;
    struct model_channel *channel = &model->channel[which];
    enum role role = endpoint->role;
    struct model_endpoint *other = &model->endpoint[channel->end[!role]];

    if (which == 0)
        return;
    if (channel->gone[role] == HERE)
        channel->gone[role] = how;
    if (how == DIED)
        other->widowed = true;
    if (role == RECEIVER || model->broken_rule == BROKEN_DRAIN)
        discard(model, channel);
    else
        model_fail_posted(model, &other->for_packets, model_gone(how));
    if (channel->gone[!role] != HERE)
        end_channel(model, which);
    else
        settle_opens(model, channel);
}

/* Nothing is open as what is to be closed: closed already, or never was such an end? */
static void refuse_close(const struct model_endpoint *endpoint, enum kind kind, enum role role,
                         struct wanted *wanted)
{
    bool was_that = endpoint->was[kind][role];
    bool was_it_last = endpoint->kind == kind && endpoint->role == role;
    bool waits = endpoint->channel != 0 && endpoint->end == NOT_OPENED;

    if (was_that || (was_it_last && waits))
        wrong(wanted, MCAPI_ERR_CHAN_NOTOPEN);
    /* Both can be said of what it was before and is not now, and of an end that is connected
     * and that nobody has opened. */
    if (!was_that || !was_it_last || waits)
        wrong(wanted, MCAPI_ERR_CHAN_INVALID);
}

/* Packets that are there for receives at which nobody has looked: the close may have come
 * first. */
static void discard_unseen(struct model *model, int endpoint)
{
    for (int i = 1; i <= model->requests; i++) {
        struct model_request *request = &model->request[i];

        if (request->kind == REQ_RECEIVE && request->endpoint == endpoint
            && request->for_packets && request->state == FINISHED && !request->seen)
            request->statuses |= model_bit(MCAPI_ERR_CHAN_INVALID);
    }
}

void model_close(struct model *model, const struct step *step, struct wanted *wanted)
{
    enum kind kind = kind_of(step->function);
    enum role role = role_of(step->function);
    int node = model_acting(model, step, wanted);
    int which = model_own(model, step->field[END], node);
    struct model_endpoint *endpoint = &model->endpoint[which];
    struct model_channel *channel;
    int request;

    if (refused(wanted))
        return;
    if (step_null(step, NULL_REQUEST))
        wrong(wanted, MCAPI_ERR_PARAMETER);
    if (refused(wanted))
        return;
    if (which == 0)
        wrong(wanted, MCAPI_ERR_CHAN_INVALID);
    else if (endpoint->end != OPENED || endpoint->kind != kind || endpoint->role != role)
        refuse_close(endpoint, kind, role, wanted);
    if (refused(wanted))
        return;
    model_request_limit(model, node, wanted);
    if (refused(wanted))
        return;
    request = model_request_begin(model, step, wanted, REQ_CLOSE, node);
    if (!endpoint->complete)
        model_request_finish(model, endpoint->open, model_bit(MCAPI_SUCCESS));
    model_fail_posted(model, &endpoint->for_packets, model_bit(MCAPI_ERR_CHAN_INVALID));
    discard_unseen(model, which);
    endpoint->was[kind][role] = true;
    succeeds(wanted);
    if (endpoint->channel == 0) {
        endpoint->end = NOT_OPENED;
        model_request_finish(model, request, model_bit(MCAPI_SUCCESS));
        return;
    }
    channel = &model->channel[endpoint->channel];
    endpoint->end = CLOSED;
    channel->close[role] = request;
    if (model_same_node(model, channel)) { /* who would wait for itself? */
        channel->close[role] = 0;
        model_request_finish(model, request, model_bit(MCAPI_SUCCESS));
    }
    model_leave_channel(model, which, CLOSED_IT);
}
