/* SPDX-License-Identifier: MIT */
/*
 * model.h - what the standard says that each call gives, as plainly as it can be said.
 *
 * One thread, arrays that only grow, and searches from one end to the other. Nothing in here
 * knows how the library does it. A thing's number is its place in its array, never used again;
 * 0 is nothing.
 *
 * The model is told a step and says what it wants; where the contract leaves a choice it wants
 * any of several, and is told afterwards what came.
 */
#ifndef CONFORMANCE_MODEL_H
#define CONFORMANCE_MODEL_H

#include "random.h"

enum { MODEL_THINGS = RANDOM_STEPS + RANDOM_USERS + 2, MODEL_DEPTH = 8, MODEL_GETS = 64 };

/* --- What there is ------------------------------------------------------------------ */

struct model_user {
    int node;  /* that this thread has initialized, and that is live */
    bool ever; /* it had one: without one of its own it is nobody */
};

struct model_node {
    bool live;
    int process;
    mcapi_domain_t domain;
    mcapi_node_t number;
    mcapi_uint_t type; /* its attribute */
    int finished;      /* requests that are finished and still take a place */
};

enum kind { MESSAGES, PACKETS, SCALARS };
enum role { SENDER, RECEIVER };

/* One node's part of a channel. */
enum end_state {
    NOT_OPENED,
    OPENED, /* its handle is good */
    CLOSED, /* and the other end is not, yet */
};

/* Receives that wait, oldest first. */
struct model_posted {
    int count;
    int request[LIMIT_REQUESTS];
};

struct model_endpoint {
    bool live;
    int node;
    mcapi_port_t port; /* MCAPI_PORT_ANY: anonymous */
    int64_t attribute[MCAPI_ENDP_ATTR_END];
    bool depth_set; /* NUM_RECV_BUFFERS */

    bool given_back;  /* at least one */
    bool got_by_dead; /* one of those who had got it has died */
    int gets;
    int got_by[MODEL_GETS]; /* nodes */

    int channel;        /* connected */
    enum end_state end; /* opened also before it is connected */
    enum kind kind;     /* of the channel, or else of what was opened */
    enum role role;
    bool complete;  /* the open is */
    int open;       /* its request */
    bool widowed;   /* the other end's owner has died, once */
    bool was[3][2]; /* a closed end of that kind and role, once */

    int waiting; /* messages */
    int message[MODEL_DEPTH];
    bool had_messages;
    struct model_posted for_messages, for_packets;
};

/* How the owner of one end is gone, if it is. A thread that ends: the runtime finalizes its
 * node (section 4), or it has died (section 7). */
enum gone { HERE, CLOSED_IT, DIED, ENDED };

struct model_channel {
    enum kind kind;
    int end[2]; /* by role */
    enum gone gone[2];
    int close[2]; /* requests */
    int depth;
    int waiting;
    int item[MODEL_DEPTH];
    int held;
    bool sent; /* anything */
};

enum item_state { QUEUED, HELD, OVER };

struct model_item { /* packet, scalar or message */
    enum item_state state;
    int channel;
    int node;   /* that holds it */
    bool known; /* and where */
    uint64_t tag;
    size_t size;
    int bits;
    mcapi_priority_t priority;
};

enum request_kind { REQ_GET, REQ_CONNECT, REQ_OPEN, REQ_CLOSE, REQ_SENT, REQ_RECEIVE };
enum request_state { PENDING, FINISHED, RELEASED, REFUSED };

struct model_request {
    enum request_kind kind;
    enum request_state state;
    bool maybe_lost; /* finished, and its place may have been needed */
    bool seen;       /* finished, and somebody has looked */
    int node;
    uint64_t statuses; /* in which it may have ended; one bit each */
    size_t size;
    int endpoint;     /* that it is about, or that it got */
    bool for_packets; /* a receive */
    int item;
    size_t room; /* of a message's receive */
    mcapi_domain_t domain;
    mcapi_node_t number;
    mcapi_port_t port;
    int lands; /* slot for what it brings */
};

struct model {
    bool messages;
    int broken_rule; /* see model_broken_rules */
    int now;         /* steps made */
    struct model_user user[RANDOM_USERS];
    int nodes, endpoints, channels, items, requests;
    struct model_node node[MODEL_THINGS];
    struct model_endpoint endpoint[MODEL_THINGS];
    struct model_channel channel[MODEL_THINGS];
    struct model_item item[MODEL_THINGS];
    struct model_request request[MODEL_THINGS];
    int end_slot[RANDOM_ENDPOINTS];
    int request_slot[RANDOM_REQUESTS];
    int buffer_slot[RANDOM_BUFFERS]; /* items */
    int buffer_meant;                /* by the step's buffer: addresses are used again */
};

/* --- What is wanted ----------------------------------------------------------------- */

struct wanted {
    /* The call must not be made: it would not return, or nobody says what comes of it. */
    const char *skip;

    uint64_t statuses; /* one bit for each that is right */
    int made;          /* an endpoint that the call has made: its handle is new */
    int endpoint;      /* whose handle comes, or lands; 0 with `no_endpoint`: handle 0 */
    bool no_endpoint;
    bool truth_told, truth;
    bool size_told;
    size_t size;
    bool number_told;
    uint64_t number;
    bool second_told;
    uint64_t second;
    int item;         /* whose bytes come */
    size_t bytes;     /* so many of them */
    int request;      /* that the call has made */
    int landed;       /* request whose results come with this call */
    uint64_t indexes; /* mcapi_wait_any may return these; one bit each */
    int about[3];     /* the requests that were asked about */
    bool index_told;
};

/* Does the step, as the contract has it. A step that is to be skipped changes nothing. */
void model_do(struct model *model, const struct step *step, struct wanted *wanted);

/* Where the model wanted one of several: which it was, and what is wanted then. */
void model_learn(struct model *model, const struct step *step, struct wanted *wanted,
                 const struct came *came);

/* --- For those who look ------------------------------------------------------------- */

int model_process(int user);
/* The node that a user acts for; 0: none. */
int model_node_of(const struct model *model, int user);
/* What a step's slot means; 0: nothing, or garbage. */
int model_endpoint_at(const struct model *model, int64_t slot);
int model_request_at(const struct model *model, int64_t slot);
int model_item_at(const struct model *model, int64_t slot);
/* What a finished request has brought: bytes that may be read, of a packet or of a message. */
size_t model_landing(const struct model *model, int request, bool *is_packet);

/* Rules that can be planted wrongly, from 1: what each says. NULL: no more. */
const char *model_broken_rule(int number);
enum broken_rule {
    NOTHING_BROKEN,
    BROKEN_DEPTH,   /* a channel takes one packet more */
    BROKEN_RELEASE, /* a buffer can be released twice */
    BROKEN_WIDTH,   /* a scalar received in the wrong width is gone */
    BROKEN_EXISTS,  /* a port can be created twice */
    BROKEN_CANCEL,  /* a cancelled request can be tested */
    BROKEN_DRAIN,   /* a receiver gets nothing after the sender's close */
    BROKEN_RULES
};

/* --- Between the files of the model -------------------------------------------------- */

static inline uint64_t model_bit(mcapi_status_t status)
{
    return status < 64 ? (uint64_t)1 << status : 0;
}

/* One more status that would be right. The checks of one category (pointers; handles; state;
 * limits) all add theirs; if there is any, the next category is not looked at. */
static inline void wrong(struct wanted *wanted, mcapi_status_t status)
{
    wanted->statuses |= model_bit(status);
}

static inline bool refused(const struct wanted *wanted)
{
    return wanted->statuses != 0;
}

static inline void succeeds(struct wanted *wanted)
{
    wanted->statuses = model_bit(MCAPI_SUCCESS);
}

/* The acting node; 0, and the status is wanted. */
int model_acting(struct model *model, const struct step *step, struct wanted *wanted);
/* The live endpoint in a slot if it is live, and if it is of that node. */
int model_live(const struct model *model, int64_t slot);
int model_own(const struct model *model, int64_t slot, int node);
static inline bool step_null(const struct step *step, int which)
{
    return (step->field[NULLS] & which) != 0;
}

int model_same_node(const struct model *model, const struct model_channel *channel);

/* What a call is told of an end that is gone. */
static inline uint64_t model_gone(enum gone gone)
{
    return (gone == CLOSED_IT || gone == ENDED ? model_bit(MCAPI_ERR_CHAN_INVALID) : 0)
         | (gone == DIED || gone == ENDED ? model_bit(MCAPI_ERR_TRANSMISSION) : 0);
}

/* model_endpoint.c */
void model_create(struct model *, const struct step *, struct wanted *);
void model_get(struct model *, const struct step *, struct wanted *);
void model_release(struct model *, const struct step *, struct wanted *);
void model_delete(struct model *, const struct step *, struct wanted *);
void model_get_attribute(struct model *, const struct step *, struct wanted *);
void model_set_attribute(struct model *, const struct step *, struct wanted *);
void model_drop_gets(struct model *, int endpoint);
void model_drop_gets_by(struct model *, int node, enum gone how);
void model_endpoint_gone(struct model *, int endpoint, enum gone how);
int model_depth(const struct model *, const struct model_endpoint *, enum kind kind);
bool model_get_unseen(const struct model *, int endpoint);

/* model_channel.c */
void model_connect(struct model *, const struct step *, struct wanted *);
void model_open(struct model *, const struct step *, struct wanted *);
void model_close(struct model *, const struct step *, struct wanted *);
void model_leave_channel(struct model *, int endpoint, enum gone how);
void model_cancel_open(struct model *, int endpoint);

/* model_data.c */
void model_packet_send(struct model *, const struct step *, struct wanted *);
void model_packet_receive(struct model *, const struct step *, struct wanted *);
void model_packet_release(struct model *, const struct step *, struct wanted *);
void model_release_test(struct model *, const struct step *, struct wanted *);
void model_scalar_send(struct model *, const struct step *, struct wanted *);
void model_scalar_receive(struct model *, const struct step *, struct wanted *);
void model_available(struct model *, const struct step *, struct wanted *);

/* model_message.c */
void model_message_send(struct model *, const struct step *, struct wanted *);
void model_message_receive(struct model *, const struct step *, struct wanted *);
void model_message_available(struct model *, const struct step *, struct wanted *);

/* model_request.c */
/* No place for one more request: wants REQUEST_LIMIT. */
void model_request_limit(const struct model *, int node, struct wanted *);
int model_request_begin(struct model *, const struct step *, struct wanted *,
                        enum request_kind kind, int node);
void model_request_finish(struct model *, int request, uint64_t statuses);
void model_post(struct model_posted *, int request);
int model_take_posted(struct model_posted *);
void model_fail_posted(struct model *, struct model_posted *, uint64_t statuses);
/* Receives of this endpoint that are finished, and at which nobody has looked: the runtime may
 * serve them when somebody does. */
int model_served_unseen(const struct model *, int endpoint, enum kind kind);
void model_refuse(struct model *, const struct step *, struct wanted *);
void model_test(struct model *, const struct step *, struct wanted *);
void model_wait(struct model *, const struct step *, struct wanted *);
void model_wait_any(struct model *, const struct step *, struct wanted *);
void model_cancel(struct model *, const struct step *, struct wanted *);
void model_learn_request(struct model *, const struct step *, struct wanted *,
                         const struct came *);

#endif /* CONFORMANCE_MODEL_H */
