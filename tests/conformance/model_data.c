/* SPDX-License-Identifier: MIT */
/*
 * model_data.c - packets and scalars: sent, received, released.
 */
#include "model.h"

/* --- What sending and receiving share ---------------------------------------------------- */

/* The endpoint behind a handle, which is that end of such a channel, open, on this node. */
static int end_at(const struct model *model, int64_t slot, int node, enum kind kind,
                  enum role role, struct wanted *wanted)
{
    int which = model_own(model, slot, node);
    const struct model_endpoint *endpoint = &model->endpoint[which];

    if (which != 0 && endpoint->end == OPENED && endpoint->kind == kind
        && endpoint->role == role)
        return which;
    wrong(wanted, MCAPI_ERR_CHAN_INVALID);
    return 0;
}

/* The call would wait for as long as the endpoint's timeout. */
static void waits(const struct model_endpoint *endpoint, struct wanted *wanted)
{
    if (endpoint->attribute[MCAPI_ENDP_ATTR_TIMEOUT] == (int64_t)MCAPI_TIMEOUT_INFINITE)
        wanted->skip = "it would wait without end";
    wrong(wanted, MCAPI_TIMEOUT);
}

static bool is_full(const struct model_channel *channel)
{
    return channel->waiting + channel->held >= channel->depth;
}

/* No room: what a blocking send makes of it. */
static void waits_for_room(const struct model *model, const struct model_endpoint *endpoint,
                           struct wanted *wanted)
{
    bool fails = (endpoint->attribute[MCAPI_ENDP_ATTR_MEMORY_TYPE]
                  & MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT)
              != 0;

    if (endpoint->channel == 0)
        waits(endpoint, wanted);
    else if (is_full(&model->channel[endpoint->channel])) {
        if (fails)
            wrong(wanted, MCAPI_ERR_MEM_LIMIT);
        else
            waits(endpoint, wanted);
    }
}

static int new_item(struct model *model, const struct step *step, int channel)
{
    struct model_item *item = &model->item[++model->items];

    item->channel = channel;
    item->tag = (uint64_t)step->field[VALUE];
    item->size = (size_t)step->field[SIZE];
    item->bits = (int)step->field[BITS];
    item->priority = (mcapi_priority_t)step->field[PRIORITY];
    return model->items;
}

static int take_item(struct model_channel *channel)
{
    int item = channel->item[0];

    channel->waiting--;
    for (int i = 0; i < channel->waiting; i++)
        channel->item[i] = channel->item[i + 1];
    return item;
}

static void hold(struct model *model, int item, int node)
{
    model->item[item].state = HELD;
    model->item[item].node = node;
    model->channel[model->item[item].channel].held++;
}

/* --- Packets ------------------------------------------------------------------------------ */

/* To the oldest receive that was posted, or else to the end of the queue. */
static void deliver(struct model *model, int packet)
{
    struct model_channel *channel = &model->channel[model->item[packet].channel];
    struct model_endpoint *receiver = &model->endpoint[channel->end[RECEIVER]];
    int request;

    channel->sent = true;
    if (receiver->for_packets.count == 0) {
        channel->item[channel->waiting++] = packet;
        return;
    }
    request = model_take_posted(&receiver->for_packets);
    hold(model, packet, receiver->node);
    model->request[request].item = packet;
    model->request[request].size = model->item[packet].size;
    model_request_finish(model, request, model_bit(MCAPI_SUCCESS));
}

void model_packet_send(struct model *model, const struct step *step, struct wanted *wanted)
{
    bool blocks = step->function == CALL_PKT_SEND;
    int node = model_acting(model, step, wanted), which, request;
    const struct model_endpoint *endpoint;
    const struct model_channel *channel;

    if (refused(wanted))
        return;
    if ((step_null(step, NULL_REQUEST) && !blocks)
        || (step_null(step, NULL_BUFFER) && step->field[SIZE] > 0))
        wrong(wanted, MCAPI_ERR_PARAMETER);
    if (refused(wanted))
        return;
    which = end_at(model, step->field[END], node, PACKETS, SENDER, wanted);
    if (refused(wanted))
        return;
    endpoint = &model->endpoint[which];
    channel = &model->channel[endpoint->channel];
    if (endpoint->channel != 0)
        wanted->statuses |= model_gone(channel->gone[RECEIVER]);
    if (refused(wanted))
        return;
    if (blocks && endpoint->channel == 0
        && step->field[SIZE] > endpoint->attribute[MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE]) {
        wanted->skip = "too large, and not connected: nobody says which of the two it is told";
        return;
    }
    if (step->field[SIZE] > endpoint->attribute[MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE])
        wrong(wanted, MCAPI_ERR_PKT_LIMIT);
    if (!blocks) {
        model_request_limit(model, node, wanted);
        if (endpoint->channel == 0 || is_full(channel))
            wrong(wanted, MCAPI_ERR_MEM_LIMIT);
    } else if (!refused(wanted)) {
        waits_for_room(model, endpoint, wanted);
    }
    if (refused(wanted))
        return;
    succeeds(wanted);
    if (!blocks) {
        request = model_request_begin(model, step, wanted, REQ_SENT, node);
        model->request[request].size = (size_t)step->field[SIZE];
        model_request_finish(model, request, model_bit(MCAPI_SUCCESS));
    }
    deliver(model, new_item(model, step, endpoint->channel));
}

static void receive_now(struct model *model, const struct step *step, int node, int packet,
                        struct wanted *wanted)
{
    hold(model, packet, node);
    model->item[packet].known = true;
    wanted->item = packet;
    wanted->bytes = wanted->size = model->item[packet].size;
    wanted->size_told = true;
    if (step->field[INTO] >= 0)
        model->buffer_slot[step->field[INTO]] = packet;
}

/* Refused at once, or accepted and over: its request says the same. */
static void receive_from_gone(struct model *model, const struct step *step, int node,
                              struct wanted *wanted)
{
    struct wanted limit = { 0 };
    int request;

    model_request_limit(model, node, &limit);
    if (refused(&limit)) {
        wanted->statuses |= limit.statuses;
        return;
    }
    request = model_request_begin(model, step, wanted, REQ_RECEIVE, node);
    model_request_finish(model, request, wanted->statuses);
    wrong(wanted, MCAPI_SUCCESS);
}

void model_packet_receive(struct model *model, const struct step *step, struct wanted *wanted)
{
    bool blocks = step->function == CALL_PKT_RECV;
    int node = model_acting(model, step, wanted), which, request;
    struct model_endpoint *endpoint;
    struct model_channel *channel;

    if (refused(wanted))
        return;
    if (step_null(step, NULL_BUFFER | (blocks ? NULL_SIZE : NULL_REQUEST)))
        wrong(wanted, MCAPI_ERR_PARAMETER);
    if (refused(wanted))
        return;
    which = end_at(model, step->field[END], node, PACKETS, RECEIVER, wanted);
    if (refused(wanted))
        return;
    endpoint = &model->endpoint[which];
    channel = &model->channel[endpoint->channel];
    if (channel->waiting > 0 && !endpoint->complete) {
        wanted->skip = "packets are there before the open is complete";
        return;
    }
    if (channel->waiting == 0 && endpoint->channel != 0)
        wanted->statuses |= model_gone(channel->gone[SENDER]);
    if (refused(wanted) && !blocks) {
        receive_from_gone(model, step, node, wanted);
        return;
    }
    if (refused(wanted))
        return;
    if (!blocks)
        model_request_limit(model, node, wanted);
    else if (channel->waiting == 0)
        waits(endpoint, wanted);
    if (refused(wanted))
        return;
    succeeds(wanted);
    if (blocks) {
        receive_now(model, step, node, take_item(channel), wanted);
        return;
    }
    request = model_request_begin(model, step, wanted, REQ_RECEIVE, node);
    model->request[request].for_packets = true;
    model->request[request].endpoint = which;
    if (channel->waiting == 0) {
        model_post(&endpoint->for_packets, request);
        return;
    }
    model->request[request].item = take_item(channel);
    hold(model, model->request[request].item, node);
    model->request[request].size = model->item[model->request[request].item].size;
    model_request_finish(model, request, model_bit(MCAPI_SUCCESS));
}

/* Of a packet that a posted receive has got, the address is not known before somebody looks. */
static bool holds_unknown(const struct model *model, int node)
{
    for (int i = 1; i <= model->items; i++)
        if (model->item[i].state == HELD && model->item[i].node == node
            && !model->item[i].known)
            return true;
    return false;
}

void model_packet_release(struct model *model, const struct step *step, struct wanted *wanted)
{
    int node = model_acting(model, step, wanted);
    struct model_item *packet = &model->item[model->buffer_meant];

    if (refused(wanted))
        return;
    if (packet->state != HELD || packet->node != node)
        wrong(wanted, MCAPI_ERR_BUF_INVALID);
    if (refused(wanted) && model->broken_rule == BROKEN_RELEASE && packet->size > 0)
        succeeds(wanted);
    else if (refused(wanted) && model->buffer_meant != 0 && holds_unknown(model, node))
        wanted->skip = "its address may be that of a buffer that nobody has looked at";
    if (refused(wanted))
        return;
    packet->state = OVER;
    model->channel[packet->channel].held--;
    wanted->item = model->buffer_meant; /* nobody has written to it while it was held */
    wanted->bytes = packet->size;
    succeeds(wanted);
}

void model_release_test(struct model *model, const struct step *step, struct wanted *wanted)
{
    model_acting(model, step, wanted);
    wanted->truth_told = true;
    wanted->truth = false;
    if (refused(wanted))
        return;
    wrong(wanted, MCAPI_ERR_BUF_INVALID); /* nobody sends by reference */
}

/* --- Scalars ------------------------------------------------------------------------------ */

void model_scalar_send(struct model *model, const struct step *step, struct wanted *wanted)
{
    int node = model_acting(model, step, wanted), which;
    struct model_endpoint *endpoint;
    struct model_channel *channel;

    if (refused(wanted))
        return;
    which = end_at(model, step->field[END], node, SCALARS, SENDER, wanted);
    if (refused(wanted))
        return;
    endpoint = &model->endpoint[which];
    channel = &model->channel[endpoint->channel];
    if (endpoint->channel != 0)
        wanted->statuses |= model_gone(channel->gone[RECEIVER]);
    if (refused(wanted))
        return;
    waits_for_room(model, endpoint, wanted);
    if (refused(wanted))
        return;
    channel->item[channel->waiting++] = new_item(model, step, endpoint->channel);
    channel->sent = true;
    succeeds(wanted);
}

void model_scalar_receive(struct model *model, const struct step *step, struct wanted *wanted)
{
    int node = model_acting(model, step, wanted), which;
    struct model_endpoint *endpoint;
    struct model_channel *channel;

    wanted->number_told = true;
    wanted->number = 0;
    if (refused(wanted))
        return;
    which = end_at(model, step->field[END], node, SCALARS, RECEIVER, wanted);
    if (refused(wanted))
        return;
    endpoint = &model->endpoint[which];
    channel = &model->channel[endpoint->channel];
    if (channel->waiting > 0 && !endpoint->complete) {
        wanted->skip = "scalars are there before the open is complete";
        return;
    }
    if (channel->waiting == 0 && endpoint->channel != 0)
        wanted->statuses |= model_gone(channel->gone[SENDER]);
    if (!refused(wanted) && channel->waiting == 0)
        waits(endpoint, wanted);
    if (refused(wanted))
        return;
    if (model->item[channel->item[0]].bits != step->field[BITS]) {
        wrong(wanted, MCAPI_ERR_SCL_SIZE);
        if (model->broken_rule == BROKEN_WIDTH)
            take_item(channel);
        return;
    }
    wanted->number =
            payload_scalar(model->item[take_item(channel)].tag, (int)step->field[BITS]);
    succeeds(wanted);
}

/* --- Both -----------------------------------------------------------------------------------
 */

void model_available(struct model *model, const struct step *step, struct wanted *wanted)
{
    enum kind kind = step->function == CALL_PKT_AVAILABLE ? PACKETS : SCALARS;
    int node = model_acting(model, step, wanted), which;
    const struct model_endpoint *endpoint;
    const struct model_channel *channel;

    wanted->number_told = true;
    wanted->number = 0;
    if (refused(wanted))
        return;
    which = end_at(model, step->field[END], node, kind, RECEIVER, wanted);
    if (refused(wanted))
        return;
    endpoint = &model->endpoint[which];
    channel = &model->channel[endpoint->channel];
    if (channel->waiting > 0 && !endpoint->complete) {
        wanted->skip = "something is there before the open is complete";
        return;
    }
    if (channel->waiting == 0 && endpoint->channel != 0)
        wanted->statuses |= model_gone(channel->gone[SENDER]);
    if (refused(wanted))
        return;
    wanted->number = (uint64_t)channel->waiting;
    succeeds(wanted);
}
