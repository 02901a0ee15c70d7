/* SPDX-License-Identifier: MIT */
/* arguments_words.c - what is right for each call, and each way to be wrong, by a word. */
#include "arguments.h"

#include <string.h>

/* --- Right ----------------------------------------------------------------------------- */

static enum thing endpoint_for(enum fn fn)
{
    switch (fn) {
    case FN_ENDPOINT_RELEASE:
        return GOT;
    case FN_ENDPOINT_DELETE:
        return DELETABLE;
    case FN_MSG_SEND_I:
    case FN_MSG_SEND:
        return ANOTHER_FREE;
    case FN_PKT_CONNECT_I:
        return CONNECT_FIRST;
    case FN_SCL_CONNECT_I:
        return CONNECT_FIRST + 2;
    case FN_PKT_SEND_OPEN_I:
        return OPEN_FIRST;
    case FN_PKT_RECV_OPEN_I:
        return OPEN_FIRST + 1;
    case FN_SCL_SEND_OPEN_I:
        return OPEN_FIRST + 2;
    case FN_SCL_RECV_OPEN_I:
        return OPEN_FIRST + 3;
    case FN_PKT_SEND_I:
    case FN_PKT_SEND:
    case FN_PKT_SEND_CLOSE_I:
        return ENDS;
    case FN_PKT_RECV_I:
    case FN_PKT_RECV:
    case FN_PKT_AVAILABLE:
    case FN_PKT_RECV_CLOSE_I:
        return ENDS + 1;
    case FN_SCL_SEND_64:
    case FN_SCL_SEND_32:
    case FN_SCL_SEND_16:
    case FN_SCL_SEND_8:
    case FN_SCL_SEND_CLOSE_I:
        return ENDS + 2;
    case FN_SCL_RECV_64:
    case FN_SCL_RECV_32:
    case FN_SCL_RECV_16:
    case FN_SCL_RECV_8:
    case FN_SCL_AVAILABLE:
    case FN_SCL_RECV_CLOSE_I:
        return ENDS + 3;
    default:
        return FREE;
    }
}

static bool is_about_attribute(enum fn fn)
{
    return fn == FN_NODE_SET_ATTRIBUTE || fn == FN_NODE_GET_ATTRIBUTE || fn == FN_GET_ATTRIBUTE
        || fn == FN_SET_ATTRIBUTE;
}

static bool is_any(enum fn fn)
{
    return fn == FN_WAIT_ANY || fn == FN_WAIT_ANY_POINTERS;
}

static void prepare_requests(struct arguments *a)
{
    memcpy(a->room.requests, scene.pending, sizeof a->room.requests);
    if (a->fn == FN_TEST || a->fn == FN_WAIT)
        a->room.requests[0] = scene.finished;
    for (int i = 0; i < WAIT_FOR; i++)
        a->room.pointers[i] = &a->room.requests[i];
    a->request = fn_makes_request(a->fn) ? &a->room.request : a->room.requests;
}

void prepare(struct arguments *a, enum fn fn)
{
    mcapi_uint_t value = MCAPI_ENDP_ATTR_TYPE_MESSAGE;

    memset(a, 0, sizeof *a);
    memset(&a->room, 0x51, sizeof a->room);
    a->fn = fn;
    a->domain = DOMAIN;
    a->node = OWN_NODE;
    a->port = fn == FN_ENDPOINT_CREATE ? PORT_OF_OURS + 1 : PORT_OF_OURS;
    a->endpoint = scene.thing[endpoint_for(fn)];
    a->other = scene.thing[FREE];
    if (fn == FN_PKT_CONNECT_I || fn == FN_SCL_CONNECT_I)
        a->other = scene.thing[endpoint_for(fn) + 1];
    a->buffer = scene.held;
    a->data = a->room.data;
    a->size = is_about_attribute(fn) ? sizeof value : ROOM;
    if (is_about_attribute(fn))
        memcpy(a->room.data, &value, sizeof value);
    a->number = is_any(fn) ? WAIT_FOR : MCAPI_ENDP_ATTR_TYPE; /* and that of a node: both 0 */
    a->out = a->room.out;
    a->size_out = &a->room.size;
    a->attributes = &a->room.attributes;
    if (fn == FN_NODE_SET_ATTRIBUTE)
        mcapi_node_init_attributes(a->attributes, &a->room.status);
    a->timeout = MCAPI_TIMEOUT_IMMEDIATE;
    a->word = 0x51;
    a->room.status = UNTOUCHED;
    a->status = &a->room.status;
    prepare_requests(a);
}

/* --- Wrong: endpoints -------------------------------------------------------------------- */

/* None was ever given out by a library whose handles count from 1, or that counts the uses of
 * a slot. */
static const uint32_t garbage[] = { 0xdeadbeef, ~UINT32_C(0), 0x12345678, 0x7fffffff,
                                    0x80000000, 0x55555555,   0xffff0000, 0x0000ffff };

/* Some of the scene's, from the first on. */
static const struct {
    const char *word;
    enum thing first;
    int count;
} endpoints[] = {
    { "stale", STALE, 2 },
    { "foreign", PEERS_FREE, 5 },
    { "free", FREE, 2 },
    { "packet-send", ENDS, 1 },
    { "packet-recv", ENDS + 1, 1 },
    { "scalar-send", ENDS + 2, 1 },
    { "scalar-recv", ENDS + 3, 1 },
    { "connected", ENDS, 4 },
    { "closed-packet-send", CLOSED, 1 },
    { "closed-packet-recv", CLOSED + 1, 1 },
    { "closed-scalar-send", CLOSED + 2, 1 },
    { "closed-scalar-recv", CLOSED + 3, 1 },
    { "closed", CLOSED, 4 },
    { "gone-packet-send", GONE, 1 },
    { "gone-packet-recv", GONE + 1, 1 },
    { "gone-scalar-send", GONE + 2, 1 },
    { "gone-scalar-recv", GONE + 3, 1 },
    { "waiting-packet-send", WAITING, 1 },
    { "waiting-packet-recv", WAITING + 1, 1 },
    { "waiting-scalar-send", WAITING + 2, 1 },
    { "waiting-scalar-recv", WAITING + 3, 1 },
    { "typed-packets", TYPED_PACKETS, 1 },
    { "typed-scalars", TYPED_SCALARS, 1 },
    { "small", SMALL, 1 },
    { "not-owned", PEERS_FREE, 5 },
};

/* NULL: as the word says, there is no other value. */
static const uint32_t *wrong_endpoint(const struct arguments *a, const char *word, int which)
{
    static const uint32_t zero;

    if (strcmp(word, "0") == 0)
        return which == 0 ? &zero : NULL;
    if (strcmp(word, "garbage") == 0)
        return which < (int)LENGTH(garbage) ? &garbage[which] : NULL;
    if (strcmp(word, "same") == 0)
        return which == 0 ? &a->endpoint : NULL;
    for (size_t i = 0; i < LENGTH(endpoints); i++)
        if (strcmp(word, endpoints[i].word) == 0)
            return which < endpoints[i].count ? &scene.thing[endpoints[i].first + which] : NULL;
    expect_true(!"a word for an endpoint");
    return NULL;
}

static bool set_wrong_endpoint(struct arguments *a, mcapi_endpoint_t *endpoint,
                               const char *word, int which)
{
    const uint32_t *value = wrong_endpoint(a, word, which);

    if (value != NULL)
        *endpoint = *value;
    return value != NULL;
}

/* --- Wrong: requests and buffers --------------------------------------------------------- */

static bool set_wrong_request(mcapi_request_t *request, const char *word, int which)
{
    if (strcmp(word, "garbage") == 0) {
        if (which == (int)LENGTH(garbage))
            return false;
        *request = garbage[which];
        return true;
    }
    *request = strcmp(word, "0") == 0        ? 0
             : strcmp(word, "released") == 0 ? scene.released
             : strcmp(word, "finished") == 0 ? scene.finished
                                             : scene.foreign;
    return which == 0;
}

static bool set_wrong_buffer(struct arguments *a, const char *word, int which)
{
    static char not_ours[64];

    if (strcmp(word, "garbage") == 0) {
        a->buffer = (void *)(uintptr_t)garbage[which % (int)LENGTH(garbage)];
        return which < (int)LENGTH(garbage);
    }
    a->buffer = strcmp(word, "NULL") == 0     ? NULL
              : strcmp(word, "inside") == 0   ? (char *)scene.held + 8
              : strcmp(word, "released") == 0 ? scene.was_held
              : strcmp(word, "held") == 0     ? scene.held
              : strcmp(word, "stack") == 0    ? (void *)a->room.data
                                              : not_ours;
    return which == 0;
}

/* --- Wrong: numbers ------------------------------------------------------------------------
 */

static const struct {
    const char *word;
    size_t value[4];
    int count;
} numbers[] = {
    { "0", { 0 }, 1 },
    { "above-domains", { MCAPI_MAX_DOMAIN + 1u, MCAPI_DOMAIN_INVALID }, 2 },
    { "above-nodes", { MCAPI_MAX_NODE + 1u, MCAPI_NODE_INVALID }, 2 },
    { "above-ports", { MCAPI_MAX_PORT + 1u, 0x3fffffff, 0x80000000 }, 3 },
    { "above-priorities", { MCAPI_MAX_PRIORITY + 1u, 0x7fffffff, ~0u }, 3 },
    { "above-messages", { MCAPI_MAX_MSG_SIZE + 1u, SIZE_MAX }, 2 },
    { "above-packets", { MCAPI_MAX_PKT_SIZE + 1u, SIZE_MAX }, 2 },
    { "no-such-node", { NO_SUCH_NODE, MCAPI_NODE_INVALID }, 2 },
    { "no-such-domain", { 5, MCAPI_DOMAIN_INVALID }, 2 },
    { "port-of-ours", { PORT_OF_OURS }, 1 },
    { "not-its-size", { 0, 3, 5, 8 }, 4 },
    { "no-attribute", { MCAPI_ENDP_ATTR_END, 42, 63 }, 3 },
    { "no-node-attribute", { 1, 42, 92, 1000 }, 4 },
    { "not-reserved", { 64, 1000, ~0u }, 3 },
    { "readonly", { MCAPI_ENDP_ATTR_GET_COUNT, MCAPI_ENDP_ATTR_STATUS }, 2 },
};

static bool find_number(const char *word, int which, size_t *number)
{
    for (size_t i = 0; i < LENGTH(numbers); i++)
        if (strcmp(word, numbers[i].word) == 0) {
            *number = numbers[i].value[which % 4];
            return which < numbers[i].count;
        }
    expect_true(!"a word for a number");
    return false;
}

static bool set_wrong_number(struct arguments *a, enum argument argument, const char *word,
                             int which)
{
    size_t number = 0;
    bool found = find_number(word, which, &number);

    switch (argument) {
    case ARG_DOMAIN:
        a->domain = (mcapi_domain_t)number;
        break;
    case ARG_NODE:
        a->node = (mcapi_node_t)number;
        break;
    case ARG_PORT:
        a->port = (mcapi_port_t)number;
        break;
    case ARG_SIZE:
        a->size = number;
        break;
    case ARG_PRIORITY:
        a->priority = (mcapi_priority_t)number;
        break;
    default:
        a->number = (mcapi_uint_t)number;
    }
    return found;
}

/* --- Wrong: pointers ------------------------------------------------------------------------
 */

static bool set_wrong_pointer(struct arguments *a, enum argument argument, const char *word)
{
    mcapi_uint_t no_value = 3; /* of the attribute type */

    if (strcmp(word, "never-filled") == 0) {
        memset(a->attributes, 0x51, sizeof *a->attributes);
        return true;
    }
    if (strcmp(word, "no-value") == 0) {
        memcpy(a->room.data, &no_value, sizeof no_value);
        return true;
    }
    expect_true(strcmp(word, "NULL") == 0);
    if (argument == ARG_DATA)
        a->data = NULL;
    else if (argument == ARG_OUT)
        a->out = NULL;
    else if (argument == ARG_SIZE_OUT)
        a->size_out = NULL;
    else if (argument == ARG_ATTRIBUTES)
        a->attributes = NULL;
    else if (argument == ARG_ONE_OF_THEM)
        a->room.pointers[1] = NULL;
    else
        a->request = NULL;
    return true;
}

bool make_wrong(struct arguments *a, enum argument argument, const char *word, int which)
{
    switch (argument) {
    case ARG_ENDPOINT:
        return set_wrong_endpoint(a, &a->endpoint, word, which);
    case ARG_OTHER:
        return set_wrong_endpoint(a, &a->other, word, which);
    case ARG_BUFFER:
        return set_wrong_buffer(a, word, which);
    case ARG_REQUEST_IN:
        if (strcmp(word, "NULL") != 0)
            return set_wrong_request(&a->room.requests[0], word, which);
        break;
    case ARG_ONE_OF_THEM:
        if (strcmp(word, "NULL") != 0)
            return set_wrong_request(&a->room.requests[WAIT_FOR - 1], word, which);
        break;
    case ARG_DOMAIN:
    case ARG_NODE:
    case ARG_PORT:
    case ARG_SIZE:
    case ARG_PRIORITY:
    case ARG_NUMBER:
        return set_wrong_number(a, argument, word, which);
    default:
        break;
    }
    return which == 0 && set_wrong_pointer(a, argument, word);
}
