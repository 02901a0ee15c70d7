/* SPDX-License-Identifier: MIT */
/*
 * model.c - users, nodes, and which rule each step is about.
 */
#include "model.h"

#include <string.h>

const char *model_broken_rule(int number)
{
    static const char *const rules[BROKEN_RULES] = {
        [BROKEN_DEPTH] = "a channel takes one packet more than its depth",
        [BROKEN_RELEASE] = "a buffer can be released twice",
        [BROKEN_WIDTH] = "a scalar received in the wrong width is gone",
        [BROKEN_EXISTS] = "a port can be created twice",
        [BROKEN_CANCEL] = "a cancelled request can still be tested",
        [BROKEN_DRAIN] = "after the sender's close nothing is received",
    };

    return number > 0 && number < BROKEN_RULES ? rules[number] : NULL;
}

/* --- Slots ---------------------------------------------------------------------------- */

int model_endpoint_at(const struct model *model, int64_t slot)
{
    return slot >= 0 && slot < RANDOM_ENDPOINTS ? model->end_slot[slot] : 0;
}

int model_request_at(const struct model *model, int64_t slot)
{
    return slot >= 0 && slot < RANDOM_REQUESTS ? model->request_slot[slot] : 0;
}

int model_item_at(const struct model *model, int64_t slot)
{
    return slot >= 0 && slot < RANDOM_BUFFERS ? model->buffer_slot[slot] : 0;
}

int model_live(const struct model *model, int64_t slot)
{
    int endpoint = model_endpoint_at(model, slot);

    return model->endpoint[endpoint].live ? endpoint : 0;
}

int model_own(const struct model *model, int64_t slot, int node)
{
    int endpoint = model_live(model, slot);

    return model->endpoint[endpoint].node == node ? endpoint : 0;
}

/* --- Users and nodes ------------------------------------------------------------------ */

int model_process(int user)
{
    return user / RANDOM_USERS_EACH;
}

int model_node_of(const struct model *model, int user)
{
    if (model->user[user].node != 0)
        return model->user[user].node;
    if (model->user[user].ever)
        return 0;
    for (int node = 1; node <= model->nodes; node++) /* the one that has lived for longest */
        if (model->node[node].live && model->node[node].process == model_process(user))
            return node;
    return 0;
}

int model_acting(struct model *model, const struct step *step, struct wanted *wanted)
{
    int node = model_node_of(model, step->user);

    if (node == 0)
        wrong(wanted, MCAPI_ERR_NODE_NOTINIT);
    return node;
}

static int live_node(const struct model *model, mcapi_domain_t domain, mcapi_node_t number)
{
    for (int node = 1; node <= model->nodes; node++)
        if (model->node[node].live && model->node[node].domain == domain
            && model->node[node].number == number)
            return node;
    return 0;
}

static int live_nodes(const struct model *model, int64_t domain)
{
    int count = 0;

    for (int node = 1; node <= model->nodes; node++)
        count += model->node[node].live
              && (domain < 0 || model->node[node].domain == (mcapi_domain_t)domain);
    return count;
}

static void initialize(struct model *model, const struct step *step, struct wanted *wanted)
{
    struct model_user *user = &model->user[step->user];
    struct model_node *node;

    if (step_null(step, NULL_BUFFER))
        wrong(wanted, MCAPI_ERR_PARAMETER);
    if (refused(wanted))
        return;
    if (step->field[IN_DOMAIN] > MCAPI_MAX_DOMAIN)
        wrong(wanted, MCAPI_ERR_DOMAIN_INVALID);
    if (step->field[IN_NODE] > MCAPI_MAX_NODE)
        wrong(wanted, MCAPI_ERR_NODE_INVALID);
    if (user->node != 0
        || live_node(model, (mcapi_domain_t)step->field[IN_DOMAIN],
                     (mcapi_node_t)step->field[IN_NODE]))
        wrong(wanted, MCAPI_ERR_NODE_INITIALIZED);
    if (refused(wanted))
        return;
    user->node = ++model->nodes;
    user->ever = true;
    node = &model->node[user->node];
    node->live = true;
    node->process = model_process(step->user);
    node->domain = (mcapi_domain_t)step->field[IN_DOMAIN];
    node->number = (mcapi_node_t)step->field[IN_NODE];
    node->type = (mcapi_uint_t)step->field[VALUE];
    wanted->number_told = true;
    wanted->number = (uint64_t)live_nodes(model, node->domain);
    succeeds(wanted);
}

/* With the last node the topology ends, and what was in it can come again. */
static void forget_everything(struct model *model)
{
    memset(model->end_slot, 0, sizeof model->end_slot);
    memset(model->request_slot, 0, sizeof model->request_slot);
    memset(model->buffer_slot, 0, sizeof model->buffer_slot);
}

static void node_gone(struct model *model, int node, enum gone how)
{
    for (int i = 1; i <= model->requests; i++)
        if (model->request[i].node == node && model->request[i].state != REFUSED)
            model->request[i].state = RELEASED;
    model_drop_gets_by(model, node, how);
    for (int i = 1; i <= model->endpoints; i++)
        if (model->endpoint[i].live && model->endpoint[i].node == node)
            model_endpoint_gone(model, i, how);
    model->node[node].live = false;
    for (int i = 0; i < RANDOM_USERS; i++)
        if (model->user[i].node == node)
            model->user[i].node = 0;
    if (live_nodes(model, -1) == 0)
        forget_everything(model);
}

/* Somebody waits for an endpoint of this node, which is there, and has not looked yet: whether
 * the get or the node's end came first is nobody's to say. */
static bool is_being_got(const struct model *model, int node)
{
    for (int i = 1; i <= model->endpoints; i++)
        if (model->endpoint[i].live && model->endpoint[i].node == node
            && model_get_unseen(model, i))
            return true;
    return false;
}

static void finalize(struct model *model, const struct step *step, struct wanted *wanted)
{
    int node = model_acting(model, step, wanted);

    if (refused(wanted))
        return;
    if (is_being_got(model, node)) {
        wanted->skip = "a get of its endpoint is under way";
        return;
    }
    node_gone(model, node, CLOSED_IT);
    succeeds(wanted);
}

static void end_thread(struct model *model, const struct step *step, struct wanted *wanted)
{
    int node = model->user[step->user].node;

    if (node != 0 && is_being_got(model, node)) {
        wanted->skip = "a get of its endpoint is under way";
        return;
    }
    if (node != 0)
        node_gone(model, node, ENDED);
    model->user[step->user] = (struct model_user){ 0 };
    succeeds(wanted);
}

static void end_process(struct model *model, const struct step *step, struct wanted *wanted)
{
    int process = model_process(step->user);

    for (int node = 1; node <= model->nodes; node++)
        if (model->node[node].live && model->node[node].process == process
            && is_being_got(model, node)) {
            wanted->skip = "a get of its endpoint is under way";
            return;
        }
    for (int node = 1; node <= model->nodes; node++)
        if (model->node[node].live && model->node[node].process == process)
            node_gone(model, node, DIED);
    for (int user = 0; user < RANDOM_USERS; user++)
        if (model_process(user) == process)
            model->user[user] = (struct model_user){ 0 };
    succeeds(wanted);
}

static void identity(struct model *model, const struct step *step, struct wanted *wanted)
{
    int node = model_acting(model, step, wanted);

    wanted->number_told = true;
    wanted->number = MCAPI_NODE_INVALID; /* that of a domain is the same number */
    if (refused(wanted))
        return;
    wanted->number = step->function == CALL_NODE_ID_GET ? model->node[node].number
                                                        : model->node[node].domain;
    succeeds(wanted);
}

static void node_attribute(struct model *model, const struct step *step, struct wanted *wanted)
{
    mcapi_domain_t domain = (mcapi_domain_t)step->field[IN_DOMAIN];
    int about = live_node(model, domain, (mcapi_node_t)step->field[IN_NODE]);

    model_acting(model, step, wanted);
    if (refused(wanted))
        return;
    if (step_null(step, NULL_BUFFER))
        wrong(wanted, MCAPI_ERR_PARAMETER);
    if (refused(wanted))
        return;
    if (live_nodes(model, domain) == 0)
        wrong(wanted, MCAPI_ERR_DOMAIN_INVALID);
    else if (about == 0)
        wrong(wanted, MCAPI_ERR_NODE_INVALID);
    if (step->field[NUMBER] != MCAPI_NODE_ATTR_TYPE)
        wrong(wanted, MCAPI_ERR_ATTR_NOTSUPPORTED);
    else if (step->field[SIZE] != sizeof(mcapi_node_attr_type_t))
        wrong(wanted, MCAPI_ERR_ATTR_SIZE);
    if (refused(wanted))
        return;
    wanted->number_told = true;
    wanted->number = model->node[about].type;
    succeeds(wanted);
}

/* --- Steps ---------------------------------------------------------------------------- */

void model_do(struct model *model, const struct step *step, struct wanted *wanted)
{
    static void (*const rule[FUNCTIONS])(struct model *, const struct step *,
                                         struct wanted *) = {
        [CALL_INITIALIZE] = initialize,
        [CALL_FINALIZE] = finalize,
        [CALL_DOMAIN_ID_GET] = identity,
        [CALL_NODE_ID_GET] = identity,
        [CALL_NODE_GET_ATTRIBUTE] = node_attribute,
        [CALL_CREATE] = model_create,
        [CALL_CREATE_ANONYMOUS] = model_create,
        [CALL_GET_I] = model_get,
        [CALL_GET] = model_get,
        [CALL_RELEASE] = model_release,
        [CALL_DELETE] = model_delete,
        [CALL_GET_ATTRIBUTE] = model_get_attribute,
        [CALL_SET_ATTRIBUTE] = model_set_attribute,
        [CALL_MSG_SEND_I] = model_message_send,
        [CALL_MSG_SEND] = model_message_send,
        [CALL_MSG_RECV_I] = model_message_receive,
        [CALL_MSG_RECV] = model_message_receive,
        [CALL_MSG_AVAILABLE] = model_message_available,
        [CALL_PKT_CONNECT_I] = model_connect,
        [CALL_PKT_RECV_OPEN_I] = model_open,
        [CALL_PKT_SEND_OPEN_I] = model_open,
        [CALL_PKT_SEND_I] = model_packet_send,
        [CALL_PKT_SEND] = model_packet_send,
        [CALL_PKT_RECV_I] = model_packet_receive,
        [CALL_PKT_RECV] = model_packet_receive,
        [CALL_PKT_AVAILABLE] = model_available,
        [CALL_PKT_RELEASE] = model_packet_release,
        [CALL_PKT_RELEASE_TEST] = model_release_test,
        [CALL_PKT_RECV_CLOSE_I] = model_close,
        [CALL_PKT_SEND_CLOSE_I] = model_close,
        [CALL_SCL_CONNECT_I] = model_connect,
        [CALL_SCL_RECV_OPEN_I] = model_open,
        [CALL_SCL_SEND_OPEN_I] = model_open,
        [CALL_SCL_SEND] = model_scalar_send,
        [CALL_SCL_RECV] = model_scalar_receive,
        [CALL_SCL_AVAILABLE] = model_available,
        [CALL_SCL_RECV_CLOSE_I] = model_close,
        [CALL_SCL_SEND_CLOSE_I] = model_close,
        [CALL_TEST] = model_test,
        [CALL_WAIT] = model_wait,
        [CALL_WAIT_ANY] = model_wait_any,
        [CALL_CANCEL] = model_cancel,
        [DO_END_THREAD] = end_thread,
        [DO_KILL] = end_process,
    };

    memset(wanted, 0, sizeof *wanted);
    model->now++;
    rule[step->function](model, step, wanted);
    if (wanted->skip == NULL && step_makes_request(step->function)
        && (wanted->statuses & model_bit(MCAPI_SUCCESS)) == 0)
        model_refuse(model, step, wanted);
}

void model_learn(struct model *model, const struct step *step, struct wanted *wanted,
                 const struct came *came)
{
    model_learn_request(model, step, wanted, came);
}
