/* SPDX-License-Identifier: MIT */
/*
 * arguments_table.c - function, argument, what is wrong with it: the status.
 *
 * Of each function every argument is in here, or it is one that cannot be wrong: a timeout, a
 * scalar, a parameter struct that need not be filled. What the words mean is said in
 * arguments_words.c; the category says when it is looked for.
 */
#include "arguments_table.h"

/* clang-format off */
#define NO_ENDPOINT "0 garbage stale"
#define NO_END      NO_ENDPOINT " foreign free typed-packets typed-scalars"

#define POINTER(fn, argument)  { fn, argument, "NULL", MCAPI_ERR_PARAMETER, POINTERS }

/* What sends or receives, or closes, as one kind and end of a channel, is wrong for the three
 * others. */
#define NOT_PACKET_SEND "packet-recv scalar-send scalar-recv waiting-packet-recv waiting-scalar-send"
#define NOT_PACKET_RECV "packet-send scalar-send scalar-recv waiting-packet-send waiting-scalar-recv"
#define NOT_SCALAR_SEND "scalar-recv packet-send packet-recv waiting-scalar-recv waiting-packet-send"
#define NOT_SCALAR_RECV "scalar-send packet-send packet-recv waiting-scalar-send waiting-packet-recv"

#define USES_END(fn, others)                                                       \
    { fn, ARG_ENDPOINT, NO_END, MCAPI_ERR_CHAN_INVALID, HANDLES },                 \
    { fn, ARG_ENDPOINT, others, MCAPI_ERR_CHAN_INVALID, HANDLES },                 \
    { fn, ARG_ENDPOINT, "closed", MCAPI_ERR_CHAN_INVALID, HANDLES }

#define SENDS(fn, others, own)                                                     \
    USES_END(fn, others),                                                          \
    { fn, ARG_ENDPOINT, "gone-" own, MCAPI_ERR_CHAN_INVALID, STATES }

#define CLOSES(fn, others, own)                                                    \
    { fn, ARG_ENDPOINT, NO_END, MCAPI_ERR_CHAN_INVALID, HANDLES },                 \
    { fn, ARG_ENDPOINT, others, MCAPI_ERR_CHAN_INVALID, HANDLES },                 \
    { fn, ARG_ENDPOINT, "closed-" own, MCAPI_ERR_CHAN_NOTOPEN, STATES },           \
    POINTER(fn, ARG_REQUEST)

/* `wrong_way`: the kind's other end; `other_kind`: both ends of the other kind. */
#define OPENS(fn, own, wrong_way, other_first, other_second, other_type)           \
    { fn, ARG_ENDPOINT, NO_ENDPOINT " foreign", MCAPI_ERR_ENDP_INVALID, HANDLES }, \
    { fn, ARG_ENDPOINT, own, MCAPI_ERR_CHAN_OPEN, STATES },                        \
    { fn, ARG_ENDPOINT, "waiting-" own, MCAPI_ERR_CHAN_OPENPENDING, STATES },      \
    { fn, ARG_ENDPOINT, "closed-" own, MCAPI_ERR_CHAN_CLOSEPENDING, STATES },      \
    { fn, ARG_ENDPOINT, "waiting-" wrong_way, MCAPI_ERR_CHAN_DIRECTION, STATES },  \
    { fn, ARG_ENDPOINT, wrong_way, MCAPI_ERR_CHAN_DIRECTION, STATES },             \
    { fn, ARG_ENDPOINT, other_first, MCAPI_ERR_CHAN_TYPE, STATES },                \
    { fn, ARG_ENDPOINT, other_second, MCAPI_ERR_CHAN_TYPE, STATES },               \
    { fn, ARG_ENDPOINT, "waiting-" other_first, MCAPI_ERR_CHAN_TYPE, STATES },     \
    { fn, ARG_ENDPOINT, other_type, MCAPI_ERR_CHAN_TYPE, STATES },                 \
    POINTER(fn, ARG_OUT), POINTER(fn, ARG_REQUEST)

#define CONNECTS(fn, argument, wrong_way, other_kind, other_type)                  \
    { fn, argument, NO_ENDPOINT, MCAPI_ERR_ENDP_INVALID, HANDLES },                \
    { fn, argument, "connected", MCAPI_ERR_CHAN_CONNECTED, STATES },               \
    { fn, argument, "closed", MCAPI_ERR_CHAN_CLOSEPENDING, STATES },               \
    { fn, argument, "waiting-" wrong_way, MCAPI_ERR_CHAN_DIRECTION, STATES },      \
    { fn, argument, "waiting-" other_kind, MCAPI_ERR_CHAN_TYPE, STATES },          \
    { fn, argument, other_type, MCAPI_ERR_CHAN_TYPE, STATES },                     \
    { fn, argument, "small", MCAPI_ERR_ATTR_INCOMPATIBLE, STATES }

#define GETS(fn)                                                                   \
    { fn, ARG_DOMAIN, "above-domains", MCAPI_ERR_DOMAIN_INVALID, NUMBERS },        \
    { fn, ARG_NODE, "above-nodes", MCAPI_ERR_NODE_INVALID, NUMBERS },              \
    { fn, ARG_PORT, "above-ports", MCAPI_ERR_PORT_INVALID, NUMBERS }

#define WAITS_FOR_ANY(fn)                                                          \
    { fn, ARG_NUMBER, "0", MCAPI_ERR_PARAMETER, POINTERS },                        \
    POINTER(fn, ARG_REQUEST_IN), POINTER(fn, ARG_SIZE_OUT),                        \
    { fn, ARG_ONE_OF_THEM, "0 garbage released foreign", MCAPI_ERR_REQUEST_INVALID, HANDLES }

const struct row rows[] = {
    { FN_NODE_INIT_ATTRIBUTES, ARG_ATTRIBUTES, "NULL", MCAPI_ERR_PARAMETER, POINTERS },
    POINTER(FN_NODE_SET_ATTRIBUTE, ARG_ATTRIBUTES),
    { FN_NODE_SET_ATTRIBUTE, ARG_ATTRIBUTES, "never-filled", MCAPI_ERR_PARAMETER, POINTERS },
    { FN_NODE_SET_ATTRIBUTE, ARG_NUMBER, "no-node-attribute", MCAPI_ERR_ATTR_NOTSUPPORTED, NUMBERS },
    POINTER(FN_NODE_SET_ATTRIBUTE, ARG_DATA),
    { FN_NODE_SET_ATTRIBUTE, ARG_SIZE, "not-its-size", MCAPI_ERR_ATTR_SIZE, NUMBERS },
    { FN_NODE_GET_ATTRIBUTE, ARG_DOMAIN, "no-such-domain", MCAPI_ERR_DOMAIN_INVALID, NUMBERS },
    { FN_NODE_GET_ATTRIBUTE, ARG_NODE, "no-such-node", MCAPI_ERR_NODE_INVALID, NUMBERS },
    { FN_NODE_GET_ATTRIBUTE, ARG_NUMBER, "no-node-attribute", MCAPI_ERR_ATTR_NOTSUPPORTED, NUMBERS },
    POINTER(FN_NODE_GET_ATTRIBUTE, ARG_DATA),
    { FN_NODE_GET_ATTRIBUTE, ARG_SIZE, "not-its-size", MCAPI_ERR_ATTR_SIZE, NUMBERS },

    { FN_ENDPOINT_CREATE, ARG_PORT, "above-ports", MCAPI_ERR_PORT_INVALID, NUMBERS },
    { FN_ENDPOINT_CREATE, ARG_PORT, "port-of-ours", MCAPI_ERR_ENDP_EXISTS, STATES },
    GETS(FN_ENDPOINT_GET_I), POINTER(FN_ENDPOINT_GET_I, ARG_OUT), POINTER(FN_ENDPOINT_GET_I, ARG_REQUEST),
    GETS(FN_ENDPOINT_GET),
    { FN_ENDPOINT_RELEASE, ARG_ENDPOINT, NO_ENDPOINT, MCAPI_ERR_ENDP_INVALID, HANDLES },
    { FN_ENDPOINT_RELEASE, ARG_ENDPOINT, "free foreign", MCAPI_ERR_ENDP_INVALID, HANDLES },
    { FN_ENDPOINT_DELETE, ARG_ENDPOINT, NO_ENDPOINT, MCAPI_ERR_ENDP_INVALID, HANDLES },
    { FN_ENDPOINT_DELETE, ARG_ENDPOINT, "foreign", MCAPI_ERR_ENDP_NOTOWNER, HANDLES },
    { FN_ENDPOINT_DELETE, ARG_ENDPOINT, "connected", MCAPI_ERR_CHAN_OPEN, STATES },
    { FN_GET_ATTRIBUTE, ARG_ENDPOINT, NO_ENDPOINT, MCAPI_ERR_ENDP_INVALID, HANDLES },
    { FN_GET_ATTRIBUTE, ARG_NUMBER, "no-attribute", MCAPI_ERR_ATTR_NOTSUPPORTED, NUMBERS },
    { FN_GET_ATTRIBUTE, ARG_NUMBER, "not-reserved", MCAPI_ERR_ATTR_NUM, NUMBERS },
    POINTER(FN_GET_ATTRIBUTE, ARG_DATA),
    { FN_GET_ATTRIBUTE, ARG_SIZE, "not-its-size", MCAPI_ERR_ATTR_SIZE, NUMBERS },
    { FN_SET_ATTRIBUTE, ARG_ENDPOINT, NO_ENDPOINT, MCAPI_ERR_ENDP_INVALID, HANDLES },
    { FN_SET_ATTRIBUTE, ARG_ENDPOINT, "foreign", MCAPI_ERR_ENDP_REMOTE, HANDLES },
    { FN_SET_ATTRIBUTE, ARG_ENDPOINT, "connected", MCAPI_ERR_CHAN_CONNECTED, STATES },
    { FN_SET_ATTRIBUTE, ARG_NUMBER, "no-attribute", MCAPI_ERR_ATTR_NOTSUPPORTED, NUMBERS },
    { FN_SET_ATTRIBUTE, ARG_NUMBER, "not-reserved", MCAPI_ERR_ATTR_NUM, NUMBERS },
    { FN_SET_ATTRIBUTE, ARG_NUMBER, "readonly", MCAPI_ERR_ATTR_READONLY, NUMBERS },
    POINTER(FN_SET_ATTRIBUTE, ARG_DATA),
    { FN_SET_ATTRIBUTE, ARG_DATA, "no-value", MCAPI_ERR_ATTR_VALUE, NUMBERS },
    { FN_SET_ATTRIBUTE, ARG_SIZE, "not-its-size", MCAPI_ERR_ATTR_SIZE, NUMBERS },

#define SENDS_MESSAGES(fn)                                                                        \
    { fn, ARG_ENDPOINT, NO_ENDPOINT " foreign", MCAPI_ERR_ENDP_INVALID, HANDLES },                \
    { fn, ARG_OTHER, "0 garbage", MCAPI_ERR_ENDP_INVALID, HANDLES },                              \
    { fn, ARG_ENDPOINT, "connected", MCAPI_ERR_GENERAL, STATES },                                 \
    { fn, ARG_OTHER, "connected", MCAPI_ERR_GENERAL, STATES },                                    \
    POINTER(fn, ARG_DATA),                                                                        \
    { fn, ARG_SIZE, "above-messages", MCAPI_ERR_MSG_LIMIT, LIMITS },                              \
    { fn, ARG_PRIORITY, "above-priorities", MCAPI_ERR_PRIORITY, NUMBERS }
    SENDS_MESSAGES(FN_MSG_SEND_I), POINTER(FN_MSG_SEND_I, ARG_REQUEST),
    SENDS_MESSAGES(FN_MSG_SEND),
    { FN_MSG_RECV_I, ARG_ENDPOINT, NO_ENDPOINT " foreign", MCAPI_ERR_ENDP_INVALID, HANDLES },
    POINTER(FN_MSG_RECV_I, ARG_DATA), POINTER(FN_MSG_RECV_I, ARG_REQUEST),
    { FN_MSG_RECV, ARG_ENDPOINT, NO_ENDPOINT " foreign", MCAPI_ERR_ENDP_INVALID, HANDLES },
    POINTER(FN_MSG_RECV, ARG_DATA), POINTER(FN_MSG_RECV, ARG_SIZE_OUT),
    { FN_MSG_AVAILABLE, ARG_ENDPOINT, NO_ENDPOINT " foreign", MCAPI_ERR_ENDP_INVALID, HANDLES },

    CONNECTS(FN_PKT_CONNECT_I, ARG_ENDPOINT, "packet-recv", "scalar-send", "typed-scalars"),
    CONNECTS(FN_PKT_CONNECT_I, ARG_OTHER, "packet-send", "scalar-recv", "typed-scalars"),
    { FN_PKT_CONNECT_I, ARG_OTHER, "same", MCAPI_ERR_ENDP_INVALID, HANDLES },
    POINTER(FN_PKT_CONNECT_I, ARG_REQUEST),
    OPENS(FN_PKT_RECV_OPEN_I, "packet-recv", "packet-send", "scalar-recv", "scalar-send", "typed-scalars"),
    OPENS(FN_PKT_SEND_OPEN_I, "packet-send", "packet-recv", "scalar-send", "scalar-recv", "typed-scalars"),
    SENDS(FN_PKT_SEND_I, NOT_PACKET_SEND, "packet-send"), POINTER(FN_PKT_SEND_I, ARG_DATA),
    { FN_PKT_SEND_I, ARG_SIZE, "above-packets", MCAPI_ERR_PKT_LIMIT, LIMITS },
    { FN_PKT_SEND_I, ARG_ENDPOINT, "waiting-packet-send", MCAPI_ERR_MEM_LIMIT, LIMITS },
    POINTER(FN_PKT_SEND_I, ARG_REQUEST),
    SENDS(FN_PKT_SEND, NOT_PACKET_SEND, "packet-send"), POINTER(FN_PKT_SEND, ARG_DATA),
    { FN_PKT_SEND, ARG_SIZE, "above-packets", MCAPI_ERR_PKT_LIMIT, LIMITS },
    /* Of an end whose sender is gone it may be accepted, and its request says so. */
    USES_END(FN_PKT_RECV_I, NOT_PACKET_RECV), POINTER(FN_PKT_RECV_I, ARG_OUT),
    POINTER(FN_PKT_RECV_I, ARG_REQUEST),
    SENDS(FN_PKT_RECV, NOT_PACKET_RECV, "packet-recv"), POINTER(FN_PKT_RECV, ARG_OUT),
    POINTER(FN_PKT_RECV, ARG_SIZE_OUT),
    SENDS(FN_PKT_AVAILABLE, NOT_PACKET_RECV, "packet-recv"),
    { FN_PKT_RELEASE, ARG_BUFFER, "NULL garbage stack memory inside released", MCAPI_ERR_BUF_INVALID, HANDLES },
    { FN_PKT_RELEASE_TEST, ARG_BUFFER, "NULL garbage stack memory inside released held", MCAPI_ERR_BUF_INVALID, HANDLES },
    CLOSES(FN_PKT_RECV_CLOSE_I, NOT_PACKET_RECV, "packet-recv"),
    CLOSES(FN_PKT_SEND_CLOSE_I, NOT_PACKET_SEND, "packet-send"),

    CONNECTS(FN_SCL_CONNECT_I, ARG_ENDPOINT, "scalar-recv", "packet-send", "typed-packets"),
    CONNECTS(FN_SCL_CONNECT_I, ARG_OTHER, "scalar-send", "packet-recv", "typed-packets"),
    { FN_SCL_CONNECT_I, ARG_OTHER, "same", MCAPI_ERR_ENDP_INVALID, HANDLES },
    POINTER(FN_SCL_CONNECT_I, ARG_REQUEST),
    OPENS(FN_SCL_RECV_OPEN_I, "scalar-recv", "scalar-send", "packet-recv", "packet-send", "typed-packets"),
    OPENS(FN_SCL_SEND_OPEN_I, "scalar-send", "scalar-recv", "packet-send", "packet-recv", "typed-packets"),
    SENDS(FN_SCL_SEND_64, NOT_SCALAR_SEND, "scalar-send"),
    SENDS(FN_SCL_SEND_32, NOT_SCALAR_SEND, "scalar-send"),
    SENDS(FN_SCL_SEND_16, NOT_SCALAR_SEND, "scalar-send"),
    SENDS(FN_SCL_SEND_8, NOT_SCALAR_SEND, "scalar-send"),
    SENDS(FN_SCL_RECV_64, NOT_SCALAR_RECV, "scalar-recv"),
    SENDS(FN_SCL_RECV_32, NOT_SCALAR_RECV, "scalar-recv"),
    SENDS(FN_SCL_RECV_16, NOT_SCALAR_RECV, "scalar-recv"),
    SENDS(FN_SCL_RECV_8, NOT_SCALAR_RECV, "scalar-recv"),
    SENDS(FN_SCL_AVAILABLE, NOT_SCALAR_RECV, "scalar-recv"),
    CLOSES(FN_SCL_RECV_CLOSE_I, NOT_SCALAR_RECV, "scalar-recv"),
    CLOSES(FN_SCL_SEND_CLOSE_I, NOT_SCALAR_SEND, "scalar-send"),

    POINTER(FN_TEST, ARG_REQUEST_IN), POINTER(FN_TEST, ARG_SIZE_OUT),
    { FN_TEST, ARG_REQUEST_IN, "0 garbage released foreign", MCAPI_ERR_REQUEST_INVALID, HANDLES },
    POINTER(FN_WAIT, ARG_REQUEST_IN), POINTER(FN_WAIT, ARG_SIZE_OUT),
    { FN_WAIT, ARG_REQUEST_IN, "0 garbage released foreign", MCAPI_ERR_REQUEST_INVALID, HANDLES },
    WAITS_FOR_ANY(FN_WAIT_ANY),
    WAITS_FOR_ANY(FN_WAIT_ANY_POINTERS),
    { FN_WAIT_ANY_POINTERS, ARG_ONE_OF_THEM, "NULL", MCAPI_ERR_PARAMETER, POINTERS },
    POINTER(FN_CANCEL, ARG_REQUEST_IN),
    { FN_CANCEL, ARG_REQUEST_IN, "0 garbage released foreign", MCAPI_ERR_REQUEST_INVALID, HANDLES },
    { FN_CANCEL, ARG_REQUEST_IN, "finished", MCAPI_ERR_REQUEST_INVALID, STATES },
};
/* clang-format on */

const size_t row_count = LENGTH(rows);
