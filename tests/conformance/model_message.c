/* SPDX-License-Identifier: MIT */
/*
 * model_message.c - messages: from any endpoint to any other, by priority.
 */
#include "model.h"

/* It has closed its end, and the other one has not: is it connected? And when does one learn
 * that it is not any more, because the other one has died? */
static bool is_in_between(const struct model_endpoint *endpoint)
{
    return endpoint->end == CLOSED || endpoint->widowed;
}

static int new_message(struct model *model, const struct step *step)
{
    struct model_item *message = &model->item[++model->items];

    message->tag = (uint64_t)step->field[VALUE];
    message->size = (size_t)step->field[SIZE];
    message->priority = (mcapi_priority_t)step->field[PRIORITY];
    return model->items;
}

static void finish_receive(struct model *model, int request, int message)
{
    struct model_request *receive = &model->request[request];

    receive->item = message;
    receive->size = model->item[message].size;
    model->item[message].state = OVER;
    model_request_finish(model, request,
                         receive->size > receive->room ? model_bit(MCAPI_ERR_MSG_TRUNCATED)
                                                       : model_bit(MCAPI_SUCCESS));
}

static void deliver(struct model *model, struct model_endpoint *endpoint, int message)
{
    int request;

    endpoint->had_messages = true;
    if (endpoint->for_messages.count == 0) {
        endpoint->message[endpoint->waiting++] = message;
        return;
    }
    request = model_take_posted(&endpoint->for_messages);
    finish_receive(model, request, message);
}

/* The most urgent one, and of those the first. */
static int take_message(const struct model *model, struct model_endpoint *endpoint)
{
    int first = 0, message;

    for (int i = 1; i < endpoint->waiting; i++)
        if (model->item[endpoint->message[i]].priority
            < model->item[endpoint->message[first]].priority)
            first = i;
    message = endpoint->message[first];
    endpoint->waiting--;
    for (int i = first; i < endpoint->waiting; i++)
        endpoint->message[i] = endpoint->message[i + 1];
    return message;
}

static bool is_full(const struct model *model, const struct model_endpoint *to)
{
    return to->for_messages.count == 0 && to->waiting >= model_depth(model, to, MESSAGES);
}

/*
 * Receives that were posted have got messages, and nobody has looked. Whether these take up
 * room until somebody does, and whether a more urgent one can still come before them, is the
 * runtime's business: nothing that depends on it is sent.
 */
static bool depends_on_when(const struct model *model, int to, int64_t priority)
{
    const struct model_endpoint *receiver = &model->endpoint[to];
    int unseen = model_served_unseen(model, to, MESSAGES);

    if (unseen == 0)
        return false;
    for (int i = 1; i <= model->requests; i++) {
        const struct model_request *request = &model->request[i];

        if (request->kind == REQ_RECEIVE && request->state == FINISHED && !request->seen
            && request->endpoint == to && request->item != 0
            && model->item[request->item].priority > priority)
            return true;
    }
    return receiver->waiting + unseen >= model_depth(model, receiver, MESSAGES);
}

static void wait_for_room(const struct model *model, const struct model_endpoint *from,
                          const struct model_endpoint *to, struct wanted *wanted)
{
    if (!is_full(model, to))
        return;
    if ((from->attribute[MCAPI_ENDP_ATTR_MEMORY_TYPE] & MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT)
        != 0) {
        wrong(wanted, MCAPI_ERR_MEM_LIMIT);
        return;
    }
    if (from->attribute[MCAPI_ENDP_ATTR_TIMEOUT] == (int64_t)MCAPI_TIMEOUT_INFINITE)
        wanted->skip = "it would wait without end";
    wrong(wanted, MCAPI_TIMEOUT);
}

/* Endpoints, then whether one is connected, then priority and size. A priority that is above
 * all is a number, which may also be looked at before. */
static void check_send(const struct model *model, const struct step *step, int from, int to,
                       struct wanted *wanted)
{
    const struct model_endpoint *sender = &model->endpoint[from];
    const struct model_endpoint *receiver = &model->endpoint[to];
    bool above_all = step->field[PRIORITY] > MCAPI_MAX_PRIORITY;

    if (above_all)
        wrong(wanted, MCAPI_ERR_PRIORITY);
    if (from == 0 || to == 0)
        wrong(wanted, MCAPI_ERR_ENDP_INVALID);
    if (refused(wanted) && !above_all)
        return;
    if (sender->channel != 0 || (receiver->live && receiver->channel != 0))
        wrong(wanted, MCAPI_ERR_GENERAL);
    if (is_in_between(sender) || (receiver->live && is_in_between(receiver)))
        wanted->skip = "its channel is half closed";
    if (refused(wanted) && !above_all)
        return;
    if (step->field[SIZE] > LIMIT_MESSAGE)
        wrong(wanted, MCAPI_ERR_MSG_LIMIT);
    if (receiver->live
        && step->field[PRIORITY] >= receiver->attribute[MCAPI_ENDP_ATTR_NUM_PRIORITIES])
        wrong(wanted, MCAPI_ERR_PRIORITY);
}

void model_message_send(struct model *model, const struct step *step, struct wanted *wanted)
{
    bool blocks = step->function == CALL_MSG_SEND;
    int node = model_acting(model, step, wanted), request;
    int from = model_own(model, step->field[END], node);
    int to = model_endpoint_at(model, step->field[OTHER]);
    struct model_endpoint *receiver = &model->endpoint[to];

    if (refused(wanted))
        return;
    if ((step_null(step, NULL_REQUEST) && !blocks)
        || (step_null(step, NULL_BUFFER) && step->field[SIZE] > 0))
        wrong(wanted, MCAPI_ERR_PARAMETER);
    if (refused(wanted))
        return;
    check_send(model, step, from, to, wanted);
    if (refused(wanted) || wanted->skip != NULL)
        return;
    if (receiver->live && depends_on_when(model, to, step->field[PRIORITY])) {
        wanted->skip = "a posted receive has a message that nobody has looked at";
        return;
    }
    if (!blocks) {
        model_request_limit(model, node, wanted);
        if (receiver->live && is_full(model, receiver))
            wrong(wanted, MCAPI_ERR_MEM_LIMIT);
    } else if (receiver->live) {
        wait_for_room(model, &model->endpoint[from], receiver, wanted);
    }
    receiver->had_messages = true;
    if (refused(wanted) || wanted->skip != NULL)
        return;
    succeeds(wanted);
    if (!blocks) {
        request = model_request_begin(model, step, wanted, REQ_SENT, node);
        model->request[request].size = (size_t)step->field[SIZE];
        model_request_finish(model, request, model_bit(MCAPI_SUCCESS));
    }
    if (receiver->live) /* else it is dropped */
        deliver(model, receiver, new_message(model, step));
}

void model_message_receive(struct model *model, const struct step *step, struct wanted *wanted)
{
    bool blocks = step->function == CALL_MSG_RECV;
    int node = model_acting(model, step, wanted), request, message;
    int which = model_own(model, step->field[END], node);
    struct model_endpoint *endpoint = &model->endpoint[which];
    size_t room = (size_t)step->field[SIZE];

    if (refused(wanted))
        return;
    if ((step_null(step, NULL_BUFFER) && room > 0)
        || (blocks ? step_null(step, NULL_SIZE) : step_null(step, NULL_REQUEST)))
        wrong(wanted, MCAPI_ERR_PARAMETER);
    if (refused(wanted))
        return;
    if (which == 0)
        wrong(wanted, MCAPI_ERR_ENDP_INVALID);
    if (refused(wanted))
        return;
    endpoint->had_messages = true; /* also if it is refused: its queue may be there then */
    if (!blocks)
        model_request_limit(model, node, wanted);
    if (refused(wanted))
        return;
    if (!blocks) {
        succeeds(wanted);
        request = model_request_begin(model, step, wanted, REQ_RECEIVE, node);
        model->request[request].endpoint = which;
        model->request[request].room = room;
        if (endpoint->waiting > 0)
            finish_receive(model, request, take_message(model, endpoint));
        else
            model_post(&endpoint->for_messages, request);
        return;
    }
    if (endpoint->waiting == 0) {
        if (endpoint->attribute[MCAPI_ENDP_ATTR_TIMEOUT] == (int64_t)MCAPI_TIMEOUT_INFINITE)
            wanted->skip = "it would wait without end";
        wrong(wanted, MCAPI_TIMEOUT);
        return;
    }
    message = take_message(model, endpoint);
    model->item[message].state = OVER;
    wanted->item = message;
    wanted->size_told = true;
    wanted->size = model->item[message].size;
    wanted->bytes = wanted->size < room ? wanted->size : room;
    succeeds(wanted);
    if (wanted->size > room)
        wanted->statuses = model_bit(MCAPI_ERR_MSG_TRUNCATED);
}

void model_message_available(struct model *model, const struct step *step,
                             struct wanted *wanted)
{
    int node = model_acting(model, step, wanted);
    int which = model_own(model, step->field[END], node);
    struct model_endpoint *endpoint = &model->endpoint[which];

    wanted->number_told = true;
    wanted->number = 0;
    if (refused(wanted))
        return;
    if (which == 0)
        wrong(wanted, MCAPI_ERR_ENDP_INVALID);
    if (refused(wanted))
        return;
    endpoint->had_messages = true;
    wanted->number = (uint64_t)endpoint->waiting;
    succeeds(wanted);
}
