/* SPDX-License-Identifier: MIT */
/*
 * arguments.h - every function of mcapi.h, its arguments by name, and things to pass to them.
 *
 * A call is prepared with arguments that are right, some of them are made wrong, it is made,
 * and what came is looked at:
 *
 *     prepare(&arguments, FN_PKTCHAN_SEND_I);
 *     make_wrong(&arguments, ARG_ENDPOINT, "stale", 0);
 *     make_call(&arguments);
 *
 * The things that are passed are made once (arguments_scene.c): endpoints, ends of channels,
 * requests and buffers in every state. What can be seen of them is looked at before and after
 * each call that fails.
 */
#ifndef CONFORMANCE_ARGUMENTS_H
#define CONFORMANCE_ARGUMENTS_H

#include "kinds.h"

/* --- Functions and arguments ------------------------------------------------------- */

enum fn {
    FN_INITIALIZE,
    FN_FINALIZE,
    FN_DOMAIN_ID_GET,
    FN_NODE_ID_GET,
    FN_NODE_INIT_ATTRIBUTES,
    FN_NODE_SET_ATTRIBUTE,
    FN_NODE_GET_ATTRIBUTE,
    FN_ENDPOINT_CREATE,
    FN_CREATE_ANONYMOUS,
    FN_ENDPOINT_GET_I,
    FN_ENDPOINT_GET,
    FN_ENDPOINT_RELEASE,
    FN_ENDPOINT_DELETE,
    FN_GET_ATTRIBUTE,
    FN_SET_ATTRIBUTE,
    FN_MSG_SEND_I,
    FN_MSG_SEND,
    FN_MSG_RECV_I,
    FN_MSG_RECV,
    FN_MSG_AVAILABLE,
    FN_PKT_CONNECT_I,
    FN_PKT_RECV_OPEN_I,
    FN_PKT_SEND_OPEN_I,
    FN_PKT_SEND_I,
    FN_PKT_SEND,
    FN_PKT_RECV_I,
    FN_PKT_RECV,
    FN_PKT_AVAILABLE,
    FN_PKT_RELEASE,
    FN_PKT_RELEASE_TEST,
    FN_PKT_RECV_CLOSE_I,
    FN_PKT_SEND_CLOSE_I,
    FN_SCL_CONNECT_I,
    FN_SCL_RECV_OPEN_I,
    FN_SCL_SEND_OPEN_I,
    FN_SCL_SEND_64,
    FN_SCL_SEND_32,
    FN_SCL_SEND_16,
    FN_SCL_SEND_8,
    FN_SCL_RECV_64,
    FN_SCL_RECV_32,
    FN_SCL_RECV_16,
    FN_SCL_RECV_8,
    FN_SCL_AVAILABLE,
    FN_SCL_RECV_CLOSE_I,
    FN_SCL_SEND_CLOSE_I,
    FN_TEST,
    FN_WAIT,
    FN_WAIT_ANY,
    FN_WAIT_ANY_POINTERS,
    FN_CANCEL,
    FUNCTIONS
};

enum argument {
    ARG_DOMAIN,
    ARG_NODE,
    ARG_PORT,
    ARG_ENDPOINT, /* or handle; of two, the one that sends */
    ARG_OTHER,
    ARG_BUFFER, /* what a packet's release takes */
    ARG_DATA,   /* what is sent, or takes what comes; an attribute */
    ARG_SIZE,
    ARG_PRIORITY,
    ARG_NUMBER,      /* of an attribute; of requests */
    ARG_OUT,         /* takes a handle, an endpoint, a buffer, what mcapi_info_t says */
    ARG_SIZE_OUT,    /* */
    ARG_ATTRIBUTES,  /* of a node */
    ARG_REQUEST,     /* takes a request */
    ARG_REQUEST_IN,  /* is asked about; an array of them */
    ARG_ONE_OF_THEM, /* a request within an array */
    ARG_TIMEOUT,
    ARG_WORD,
    ARGUMENTS
};

const char *fn_name(enum fn fn);
const char *argument_name(enum fn fn, enum argument argument);
bool fn_has(enum fn fn, enum argument argument);
bool fn_makes_request(enum fn fn); /* and fills *request when it is refused */

/* What a function gives back when it fails. */
uint64_t fn_failed_value(enum fn fn);

/* --- A call ------------------------------------------------------------------------ */

enum { ROOM = 64, WAIT_FOR = 3 };

struct arguments {
    enum fn fn;
    mcapi_domain_t domain;
    mcapi_node_t node;
    mcapi_port_t port;
    mcapi_endpoint_t endpoint, other;
    void *buffer, *data;
    size_t size;
    mcapi_priority_t priority;
    mcapi_uint_t number;
    void *out;
    size_t *size_out;
    mcapi_node_attributes_t *attributes;
    mcapi_request_t *request;
    mcapi_timeout_t timeout;
    uint64_t word;
    mcapi_status_t *status;

    /* Where the pointers point to unless they are wrong. */
    struct {
        unsigned char data[ROOM];
        unsigned char out[sizeof(mcapi_info_t)];
        size_t size;
        mcapi_node_attributes_t attributes;
        mcapi_request_t request;
        mcapi_request_t requests[WAIT_FOR];
        mcapi_request_t *pointers[WAIT_FOR];
        mcapi_status_t status;
    } room;
    uint64_t returned;
};

/* Every argument is right; what a call could write to is filled. */
void prepare(struct arguments *arguments, enum fn fn);

/* Makes one wrong in the way that the word says: its value number `which`. False: the word
 * has no such value any more. */
bool make_wrong(struct arguments *arguments, enum argument argument, const char *word,
                int which);

void make_call(struct arguments *arguments);

/* Whether nothing was written to but the status, and the request if the function makes one;
 * `before` is what make_call got. NULL, or what was. */
const char *what_was_written(const struct arguments *before, const struct arguments *after);

/* --- The scene ---------------------------------------------------------------------- */

/* Endpoints of ours, but the last ones. A state in parentheses is that of the channel. */
enum thing {
    FREE,         /* a message waits there */
    ANOTHER_FREE, /* */
    DELETABLE,
    GOT,           /* by us; of the peer */
    CONNECT_FIRST, /* four in a row, to be connected: packets, scalars */
    CONNECT_LAST = CONNECT_FIRST + 3,
    OPEN_FIRST, /* four in a row, to be opened, in the order of the ends */
    OPEN_LAST = OPEN_FIRST + 3,
    ENDS,                 /* four in a row: packets sent, received, scalars sent, received */
    ENDS_LAST = ENDS + 3, /* (open; something waits in each) */
    CLOSED,               /* the same (by us, not by the peer) */
    CLOSED_LAST = CLOSED + 3,
    GONE, /* the same (by the peer, not by us) */
    GONE_LAST = GONE + 3,
    WAITING, /* the same, opened and not connected */
    WAITING_LAST = WAITING + 3,
    TYPED_PACKETS, /* by its attribute */
    TYPED_SCALARS,
    SMALL, /* takes 8 bytes at most */
    PEERS_FREE,
    PEERS_ENDS, /* the other ends of ENDS */
    PEERS_ENDS_LAST = PEERS_ENDS + 3,
    STALE,       /* was one of ours, and another one has its slot */
    PEERS_STALE, /* was one of the peer's */
    THINGS
};

enum { PORT_OF_OURS = 7, NO_SUCH_PORT = 99, NO_SUCH_NODE = 60 };

struct scene {
    mcapi_endpoint_t thing[THINGS];
    struct channel channel[4]; /* of ENDS: two of packets, two of scalars */
    mcapi_request_t pending[WAIT_FOR], finished, released, foreign;
    void *held, *was_held;  /* packets that we hold; or held */
    mcapi_endpoint_t lands; /* where the results of pending requests would go */
};

extern struct scene scene;

void scene_begin(void); /* with one peer, who is there */
/* What was prepared can be received as it was sent, and everything ends well. */
void scene_end(void);

/* What can be seen of the scene, from here and from there. */
struct sight {
    uint64_t seen[1024];
    size_t count;
};

void look_around(struct sight *sight);
/* NULL, or what has changed. */
const char *what_changed(const struct sight *before, const struct sight *after);

#endif /* CONFORMANCE_ARGUMENTS_H */
