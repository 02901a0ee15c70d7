/* SPDX-License-Identifier: MIT */
/*
 * mcapi.h - the Multicore Communications API, version 2: the only header a program needs.
 *
 * Nodes exchange data through their endpoints: messages from any endpoint to any other, and
 * packets or scalars through a channel between two. Types and constants come first, then the
 * calls, chapter by chapter.
 */
#ifndef MCAPI_H
#define MCAPI_H

#include <stddef.h>

#include "mca.h"
#include "mca_impl_spec.h"
#include "mcapi_impl_spec.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Types ----------------------------------------------------------------------- */

typedef mca_int_t mcapi_int_t;
typedef mca_int8_t mcapi_int8_t;
typedef mca_int16_t mcapi_int16_t;
typedef mca_int32_t mcapi_int32_t;
typedef mca_int64_t mcapi_int64_t;
typedef mca_uint_t mcapi_uint_t;
typedef mca_uint8_t mcapi_uint8_t;
typedef mca_uint16_t mcapi_uint16_t;
typedef mca_uint32_t mcapi_uint32_t;
typedef mca_uint64_t mcapi_uint64_t;

typedef mca_boolean_t mcapi_boolean_t;
typedef mca_domain_t mcapi_domain_t;
typedef mca_node_t mcapi_node_t;
typedef unsigned int mcapi_port_t;
typedef unsigned int mcapi_priority_t; /* 0 is the most urgent */
typedef mca_request_t mcapi_request_t;
typedef mca_status_t mcapi_status_t;   /* one of enum mcapi_status_codes */
typedef mca_timeout_t mcapi_timeout_t; /* milliseconds */

/* What mcapi_initialize tells about the implementation and the topology. */
typedef struct mcapi_info {
    mcapi_uint_t mcapi_version;          /* MCAPI_VERSION of the library */
    mcapi_uint_t organization_id;        /* who made the implementation */
    mcapi_uint_t implementation_version; /* 10000 * major + 100 * minor + patch level */
    mcapi_uint_t number_of_domains;      /* domains with a live node in this topology */
    mcapi_uint_t number_of_nodes;        /* live nodes of this domain, the new one included */
    mcapi_uint_t number_of_ports;        /* port numbers that a node can use */
    impl_info_t impl_info;
} mcapi_info_t;

/* --- Constants ------------------------------------------------------------------- */

#define MCAPI_VERSION 2015 /* 2.015 */

#define MCAPI_TRUE  MCA_TRUE
#define MCAPI_FALSE MCA_FALSE
#define MCAPI_NULL  MCA_NULL

#define MCAPI_IN const
#define MCAPI_OUT

#define MCAPI_PORT_ANY             (~0u)
#define MCAPI_NODE_INVALID         (~0u)
#define MCAPI_DOMAIN_INVALID       (~0u)
#define MCAPI_RETURN_VALUE_INVALID (~0u)

#define MCAPI_TIMEOUT_INFINITE  MCA_INFINITE
#define MCAPI_INFINITE          MCA_INFINITE
#define MCAPI_TIMEOUT_IMMEDIATE 0u

/* The most and the least urgent priority. The first is spelled as the standard prints it; the
 * largest legal number, MCAPI_MAX_PRIORITY, is another thing. */
#define MCAPI_MAX_PRORITY  0
#define MCAPI_MIN_PRIORITY MCAPI_MAX_PRIORITY
#define MCAPI_MIN_PRORITY  MCAPI_MAX_PRIORITY

/* Room for the text of any status with its NUL, in bytes. */
#define MCAPI_MAX_STATUS_MSG_LEN 32
#define MCAPI_MAX_STATUS_SIZE    32

/* --- Statuses -------------------------------------------------------------------- */

enum mcapi_status_codes {
    MCAPI_SUCCESS = 1,          /* done; an _i call: accepted, finished or not */
    MCAPI_PENDING,              /* the operation has not finished */
    MCAPI_TIMEOUT,              /* the time was over first */
    MCAPI_ERR_PARAMETER,        /* a pointer is NULL that must not be, or a count is 0 */
    MCAPI_ERR_DOMAIN_INVALID,   /* no such domain, or not a legal number of one */
    MCAPI_ERR_NODE_INVALID,     /* no such node, or not a legal number of one */
    MCAPI_ERR_NODE_INITFAILED,  /* the node could not join; the reason is on stderr */
    MCAPI_ERR_NODE_INITIALIZED, /* this thread has a live node, or that node is live */
    MCAPI_ERR_NODE_NOTINIT,     /* the calling thread has no node */
    MCAPI_ERR_NODE_FINALFAILED, /* the node could not leave; no call gives it */
    MCAPI_ERR_PORT_INVALID,     /* not a legal number of a port */
    MCAPI_ERR_ENDP_INVALID,     /* not an endpoint, or not one that this call can use */
    MCAPI_ERR_ENDP_EXISTS,      /* the port is taken */
    MCAPI_ERR_ENDP_GET_LIMIT,   /* a channel endpoint that somebody else has got */
    MCAPI_ERR_ENDP_GET_INVALID = MCAPI_ERR_ENDP_GET_LIMIT,
    MCAPI_ERR_ENDP_DELETED,      /* the endpoint was deleted meanwhile */
    MCAPI_ERR_ENDP_NOTOWNER,     /* only the endpoint's own node may do that */
    MCAPI_ERR_ENDP_REMOTE,       /* only on the endpoint's own node can that be set */
    MCAPI_ERR_ENDP_NOPORTS,      /* no free port is left; no call gives it */
    MCAPI_ERR_ENDP_LIMIT,        /* the node has all the endpoints it can have */
    MCAPI_ERR_ATTR_INCOMPATIBLE, /* the two endpoints do not fit together */
    MCAPI_ERR_ATTR_SIZE,         /* not the size of that attribute's type */
    MCAPI_ERR_ATTR_NUM,          /* no attribute has that number */
    MCAPI_ERR_ATTR_VALUE,        /* the attribute cannot have that value */
    MCAPI_ERR_ATTR_NOTSUPPORTED, /* a number of the standard's that means nothing here */
    MCAPI_ERR_ATTR_READONLY,     /* nobody can set that attribute */
    MCAPI_ERR_MSG_LIMIT,         /* the message is too large */
    MCAPI_ERR_MSG_SIZE = MCAPI_ERR_MSG_LIMIT,
    MCAPI_ERR_MSG_TRUNCATED,     /* the message was larger than the receiver's buffer */
    MCAPI_ERR_CHAN_OPEN,         /* the channel is open */
    MCAPI_ERR_CHAN_TYPE,         /* packets and scalars do not go together */
    MCAPI_ERR_CHAN_DIRECTION,    /* the other end of the channel would do that */
    MCAPI_ERR_CHAN_CONNECTED,    /* the endpoint belongs to a channel already */
    MCAPI_ERR_CHAN_OPENPENDING,  /* an open is under way */
    MCAPI_ERR_CHAN_CLOSEPENDING, /* a close is under way */
    MCAPI_ERR_CHAN_NOTOPEN,      /* this end is closed already, or was not opened */
    MCAPI_ERR_CHAN_INVALID,      /* not such a channel end, or the other end is closed */
    MCAPI_ERR_PKT_LIMIT,         /* the packet is too large */
    MCAPI_ERR_PKT_SIZE = MCAPI_ERR_PKT_LIMIT,
    MCAPI_ERR_SCL_SIZE,          /* the next scalar has another width */
    MCAPI_ERR_TRANSMISSION,      /* the node at the other end has died */
    MCAPI_ERR_PRIORITY,          /* not a legal priority */
    MCAPI_ERR_BUF_INVALID,       /* not a packet buffer that the caller holds */
    MCAPI_ERR_MEM_LIMIT,         /* no room */
    MCAPI_ERR_REQUEST_INVALID,   /* not a request of this node */
    MCAPI_ERR_REQUEST_LIMIT,     /* all requests of the node are unfinished */
    MCAPI_ERR_REQUEST_CANCELLED, /* the operation was cancelled */
    MCAPI_ERR_WAIT_PENDING,      /* another thread waits for that request */
    MCAPI_ERR_GENERAL,           /* none of the above */
    MCAPI_STATUSCODE_END
};

/* --- Attributes of a node -------------------------------------------------------- */

enum mcapi_node_attributes { MCAPI_NODE_ATTR_TYPE, MCAPI_NODE_ATTR_END };

/* MCAPI_NODE_ATTR_TYPE: any other value is the program's own. */
typedef mcapi_uint_t mcapi_node_attr_type_t;
#define MCAPI_NODE_ATTR_TYPE_REGULAR 0

/* --- Attributes of an endpoint --------------------------------------------------- */

enum mcapi_endpoint_attributes {
    MCAPI_ENDP_ATTR_TYPE,
    MCAPI_ENDP_ATTR_GET_COUNT,
    MCAPI_ENDP_ATTR_GET_SOURCE,
    MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE,
    MCAPI_ENDP_ATTR_BUFFER_TYPE,
    MCAPI_ENDP_ATTR_MEMORY_TYPE,
    MCAPI_ENDP_ATTR_NUM_PRIORITIES,
    MCAPI_ENDP_ATTR_PRIORITY,
    MCAPI_ENDP_ATTR_NUM_SEND_BUFFERS,
    MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS,
    MCAPI_ENDP_ATTR_STATUS,
    MCAPI_ENDP_ATTR_ENDP_STATUS = MCAPI_ENDP_ATTR_STATUS,
    MCAPI_ENDP_ATTR_TIMEOUT,
    MCAPI_ENDP_ATTR_END
};

typedef mcapi_uint_t mcapi_endp_attr_type_t;
#define MCAPI_ENDP_ATTR_TYPE_MESSAGE 1
#define MCAPI_ENDP_ATTR_TYPE_PKTCHAN 2
#define MCAPI_ENDP_ATTR_TYPE_SCLCHAN 4

typedef mcapi_uint_t mcapi_endp_attr_get_count_t;

typedef struct mcapi_endp_attr_get_source {
    mcapi_domain_t domain_id;
    mcapi_node_t node_id;
} mcapi_endp_attr_get_source_t;

typedef mcapi_int_t mcapi_endp_attr_max_payload_size_t; /* bytes */

typedef mcapi_uint_t mcapi_endp_attr_buffer_type_t;
#define MCAPI_ENDP_ATTR_FIFO_BUFFER 0

typedef mcapi_uint_t mcapi_endp_attr_memory_type_t;
#define MCAPI_ENDP_ATTR_LOCAL_MEMORY       0
#define MCAPI_ENDP_ATTR_SHARED_MEMORY      1
#define MCAPI_ENDP_ATTR_REMOTE_MEMORY      2
#define MCAPI_ENDP_ATTR_BLOCK_ON_MEM_LIMIT 0
#define MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT  0x10000

typedef mcapi_int_t mcapi_endp_attr_num_priorities_t;
typedef mcapi_uint_t mcapi_endp_attr_priority_t;
typedef mcapi_int_t mcapi_endp_attr_num_send_buffers_t;
typedef mcapi_uint_t mcapi_endp_attr_num_recv_buffers_t;

typedef mcapi_uint_t mcapi_endp_attr_status_t;
typedef mcapi_endp_attr_status_t mcapi_endp_attr_endp_status_t;
#define MCAPI_ENDP_ATTR_STATUS_CONNECTED     0x001
#define MCAPI_ENDP_ATTR_STATUS_OPEN          0x002
#define MCAPI_ENDP_ATTR_STATUS_OPEN_PENDING  0x004
#define MCAPI_ENDP_ATTR_STATUS_CLOSE_PENDING 0x008
#define MCAPI_ENDP_ATTR_STATUS_PKTCHAN       0x010
#define MCAPI_ENDP_ATTR_STATUS_SCLCHAN       0x020
#define MCAPI_ENDP_ATTR_STATUS_SEND          0x040
#define MCAPI_ENDP_ATTR_STATUS_RECEIVE       0x080
#define MCAPI_ENDP_ATTR_STATUS_GET_PENDING   0x100

typedef mcapi_timeout_t mcapi_endp_attr_timeout_t;

/* --- What holds for every call ---------------------------------------------------- */

/*
 * Headings from here on are chapters of the standard; doc/conformance.md tells under the same
 * headings what we chose where it leaves a choice.
 *
 * Status      mcapi_status takes the outcome. If it is NULL, the call does nothing. What is
 *             wrong is looked for in this order: the caller's node, pointers, handles, state,
 *             limits. A call that fails changes nothing and loses nothing.
 * Node        A call acts for the node that the calling thread has initialized, or else for
 *             the first live node of its process. A call that waits when its node is
 *             finalized ends with MCAPI_ERR_NODE_NOTINIT.
 * Threads     Any call may be made by any thread beside any other call, if they do not share
 *             what they get by address. Two threads that send on one handle, or receive on
 *             one, are served one after the other. In a signal handler there may be no call
 *             but mcapi_finalize.
 * Blocking    A call blocks if its comment has a paragraph that says "Blocks", and then as
 *             long as it says there. It sleeps, and a signal does not end it.
 * Timeouts    In milliseconds. MCAPI_TIMEOUT_IMMEDIATE tries once; MCAPI_TIMEOUT_INFINITE has
 *             no end. Calls that send or receive have none as an argument: they take the
 *             attribute MCAPI_ENDP_ATTR_TIMEOUT of their endpoint.
 * Ownership   What a call gets by address stays the caller's, and is not used after the call
 *             has returned. Of an _i call that holds for its results (buffer, endpoint,
 *             handle) from the moment on in which its request is complete.
 * Requests    Each _i call fills *request. Accepted, its status is MCAPI_SUCCESS, finished or
 *             not, and mcapi_test, mcapi_wait or mcapi_wait_any tell how it ended. Refused,
 *             its status is the error, and *request is complete with the same error and need
 *             not be released.
 * Statuses    are all that a call can give beside MCAPI_SUCCESS; "later" what the request of
 *             an _i call can end with. Profiles other than `standard` differ in places:
 *             mcapi(7).
 *
 * The comments have one form, from which the manual pages are made (doc/man/make_pages.awk):
 * what the call does, in one sentence; more about it; parameters; "Blocks"; "Returns"; the
 * statuses. Where "The rest is as for" another call, its comment goes on from there, but what
 * is said of a parameter or a status here counts.
 */

/* --- Nodes ----------------------------------------------------------------------- */

/* For a pointer whose object a program need not have filled; the standard's examples do not. It
 * only keeps gcc from warning of that: the object is read all the same. */
#if defined(__GNUC__) && __GNUC__ >= 11 && !defined(__clang__)
#define MCAPI_MAY_BE_UNFILLED(number) __attribute__((access(none, number)))
#else
#define MCAPI_MAY_BE_UNFILLED(number)
#endif

/*
 * Makes the calling thread a node of a topology. With it, all threads of its process that
 * initialize no node of their own act for that node. The first node of a topology creates it.
 * A node ends with mcapi_finalize, with its thread, or with its process; a child made by fork
 * is no node.
 *
 *   domain_id, node_id  the name of the node: at most MCAPI_MAX_DOMAIN and MCAPI_MAX_NODE
 *   node_attributes     filled by mcapi_node_init_attributes; NULL, or never filled: the
 *                       defaults
 *   init_parameters     filled by mcapi_param_init; NULL, or never filled: the defaults
 *   mcapi_info          is filled with what the implementation and the topology are
 *
 * Blocks while other nodes join or leave.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_PARAMETER         mcapi_info is NULL
 *   MCAPI_ERR_DOMAIN_INVALID    domain_id is above MCAPI_MAX_DOMAIN
 *   MCAPI_ERR_NODE_INVALID      node_id is above MCAPI_MAX_NODE
 *   MCAPI_ERR_NODE_INITIALIZED  this thread has a live node, or <domain_id, node_id> is live
 *   MCAPI_ERR_NODE_INITFAILED   the topology cannot be created or joined: no shared memory,
 *                               no permission, made by another version, no room for one more
 *                               node, a setting that makes no sense, or this process is in
 *                               another topology; a line on stderr says which
 */
void mcapi_initialize(mcapi_domain_t domain_id, mcapi_node_t node_id,
                      const mcapi_node_attributes_t *node_attributes,
                      const mcapi_param_t *init_parameters, mcapi_info_t *mcapi_info,
                      mcapi_status_t *mcapi_status) MCAPI_MAY_BE_UNFILLED(3)
        MCAPI_MAY_BE_UNFILLED(4);

/*
 * Ends the caller's node. What was not received and what has not finished is discarded, its
 * channels are closed, its endpoints deleted, and calls of other threads that wait for it end
 * with MCAPI_ERR_NODE_NOTINIT. The last live node takes the topology along.
 *
 * May be called in a signal handler. If that has interrupted another call of this library, the
 * node ends as soon as that call is out.
 *
 * Blocks while other nodes join or leave.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 */
void mcapi_finalize(mcapi_status_t *mcapi_status);

/*
 * Tells the number of the caller's domain, or of its node.
 *
 * Returns that number; MCAPI_DOMAIN_INVALID or MCAPI_NODE_INVALID if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 */
mcapi_domain_t mcapi_domain_id_get(mcapi_status_t *mcapi_status);
mcapi_node_t mcapi_node_id_get(mcapi_status_t *mcapi_status);

/*
 * Fills the attributes of a node to be with the defaults. They are for
 * mcapi_node_set_attribute, and then for mcapi_initialize. Needs no node.
 *
 *   node_attributes  the caller's; takes the defaults
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_PARAMETER  node_attributes is NULL
 */
void mcapi_node_init_attributes(mcapi_node_attributes_t *node_attributes,
                                mcapi_status_t *mcapi_status);

/*
 * Sets one attribute of a node that is not initialized yet. Needs no node.
 *
 *   node_attributes  the caller's, filled by mcapi_node_init_attributes
 *   attribute_num    MCAPI_NODE_ATTR_TYPE
 *   attribute        the address of its value, here a mcapi_node_attr_type_t
 *   attribute_size   bytes of that type
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_PARAMETER          node_attributes or attribute is NULL, or *node_attributes
 *                                was not filled by mcapi_node_init_attributes
 *   MCAPI_ERR_ATTR_NOTSUPPORTED  no such attribute
 *   MCAPI_ERR_ATTR_SIZE          attribute_size is not that of the attribute's type
 */
void mcapi_node_set_attribute(mcapi_node_attributes_t *node_attributes,
                              mcapi_uint_t attribute_num, const void *attribute,
                              size_t attribute_size, mcapi_status_t *mcapi_status);

/*
 * Copies an attribute of any live node.
 *
 *   domain_id, node_id  the name of that node
 *   attribute_num       MCAPI_NODE_ATTR_TYPE
 *   attribute           takes the value; stays as it was if the call fails
 *   attribute_size      bytes of the attribute's type, here mcapi_node_attr_type_t
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT       the caller has no node
 *   MCAPI_ERR_PARAMETER          attribute is NULL
 *   MCAPI_ERR_DOMAIN_INVALID     no node of that domain is live
 *   MCAPI_ERR_NODE_INVALID       that node is not live
 *   MCAPI_ERR_ATTR_NOTSUPPORTED  no such attribute
 *   MCAPI_ERR_ATTR_SIZE          attribute_size is not that of the attribute's type
 */
void mcapi_node_get_attribute(mcapi_domain_t domain_id, mcapi_node_t node_id,
                              mcapi_uint_t attribute_num, void *attribute,
                              size_t attribute_size, mcapi_status_t *mcapi_status);

/* --- Endpoints ------------------------------------------------------------------- */

/*
 * Creates an endpoint of the caller's node.
 *
 *   port_id  at most MCAPI_MAX_PORT; MCAPI_PORT_ANY takes a free port that no program asks
 *            for by number
 *
 * Returns the endpoint; 0 if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PORT_INVALID  port_id is above MCAPI_MAX_PORT
 *   MCAPI_ERR_ENDP_EXISTS   the node has an endpoint of that port
 *   MCAPI_ERR_ENDP_LIMIT    the node has MCAPI_MAX_ENDPOINTS endpoints, or the topology is
 *                           full
 */
mcapi_endpoint_t mcapi_endpoint_create(mcapi_port_t port_id, mcapi_status_t *mcapi_status);

/*
 * Creates an endpoint on a free port: mcapi_endpoint_create of MCAPI_PORT_ANY.
 *
 * Returns the endpoint; 0 if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_ENDP_LIMIT    the node has MCAPI_MAX_ENDPOINTS endpoints, or the topology is
 *                           full
 */
mcapi_endpoint_t mcapi_create_anonymous_endpoint(mcapi_status_t *mcapi_status);

/*
 * Asks for an endpoint of any node by its name. The request is complete as soon as there is
 * such an endpoint, in whatever order the nodes start.
 *
 * An endpoint whose attribute MCAPI_ENDP_ATTR_TYPE says packet or scalar channel is lent to one
 * getter at a time: until it is released, its channel has ended, or the getter has.
 *
 *   domain_id, node_id, port_id  the name; that node may be this one, and need not exist yet
 *   endpoint                     takes the endpoint when the request is complete
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT       the caller has no node
 *   MCAPI_ERR_PARAMETER          endpoint or request is NULL
 *   MCAPI_ERR_DOMAIN_INVALID     domain_id is above MCAPI_MAX_DOMAIN
 *   MCAPI_ERR_NODE_INVALID       node_id is above MCAPI_MAX_NODE
 *   MCAPI_ERR_PORT_INVALID       port_id is above MCAPI_MAX_PORT, and no anonymous one
 *   MCAPI_ERR_REQUEST_LIMIT      MCA_MAX_REQUESTS of the node are unfinished
 *   MCAPI_ERR_ENDP_GET_LIMIT     a channel endpoint that is lent already
 * later:
 *   MCAPI_ERR_ENDP_GET_LIMIT     a channel endpoint that is lent already
 *   MCAPI_ERR_REQUEST_CANCELLED  by mcapi_cancel
 */
void mcapi_endpoint_get_i(mcapi_domain_t domain_id, mcapi_node_t node_id, mcapi_port_t port_id,
                          mcapi_endpoint_t *endpoint, mcapi_request_t *request,
                          mcapi_status_t *mcapi_status);

/*
 * Gets an endpoint of any node by its name. How long a channel's endpoint is lent, is said at
 * mcapi_endpoint_get_i.
 *
 *   domain_id, node_id, port_id  the name; that node may be this one, and need not exist yet
 *   timeout                      milliseconds; MCAPI_TIMEOUT_IMMEDIATE looks once
 *
 * Blocks until there is such an endpoint, or until the timeout.
 *
 * Returns the endpoint; 0 if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_TIMEOUT             there was no such endpoint in that time
 *   MCAPI_ERR_NODE_NOTINIT    the caller has no node
 *   MCAPI_ERR_DOMAIN_INVALID  domain_id is above MCAPI_MAX_DOMAIN
 *   MCAPI_ERR_NODE_INVALID    node_id is above MCAPI_MAX_NODE
 *   MCAPI_ERR_PORT_INVALID    port_id is above MCAPI_MAX_PORT, and no anonymous one
 *   MCAPI_ERR_ENDP_GET_LIMIT  a channel endpoint that is lent already
 */
mcapi_endpoint_t mcapi_endpoint_get(mcapi_domain_t domain_id, mcapi_node_t node_id,
                                    mcapi_port_t port_id, mcapi_timeout_t timeout,
                                    mcapi_status_t *mcapi_status);

/*
 * Gives back an endpoint that this node has got, so that another may get it.
 *
 *   endpoint  as mcapi_endpoint_get has returned it; stays valid as long as it exists
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_ENDP_INVALID  not an endpoint, or not one that this node has got
 */
void mcapi_endpoint_release(mcapi_endpoint_t endpoint, mcapi_status_t *mcapi_status);

/*
 * Deletes an endpoint of this node. Messages that wait in it are discarded; an open of it that
 * is pending, and receives that are, end with MCAPI_ERR_ENDP_DELETED.
 *
 *   endpoint  of this node
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT    the caller has no node
 *   MCAPI_ERR_ENDP_INVALID    not an endpoint
 *   MCAPI_ERR_ENDP_NOTOWNER   an endpoint of another node
 *   MCAPI_ERR_CHAN_OPEN       it is the open end of a channel
 *   MCAPI_ERR_CHAN_CONNECTED  it is connected, and was not opened
 */
void mcapi_endpoint_delete(mcapi_endpoint_t endpoint, mcapi_status_t *mcapi_status);

/*
 * Copies an attribute of an endpoint of any node.
 *
 * The attributes are listed in mcapi(7).
 *
 *   endpoint        of any node
 *   attribute_num   of enum mcapi_endpoint_attributes
 *   attribute       takes the value; stays as it was if the call fails
 *   attribute_size  bytes of the attribute's type
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT       the caller has no node
 *   MCAPI_ERR_PARAMETER          attribute is NULL
 *   MCAPI_ERR_ENDP_INVALID       not an endpoint
 *   MCAPI_ERR_ATTR_NOTSUPPORTED  no such attribute; the number is below 64, the standard's
 *                                range
 *   MCAPI_ERR_ATTR_NUM           no such attribute; the number is 64 or above
 *   MCAPI_ERR_ATTR_SIZE          attribute_size is not that of the attribute's type
 */
void mcapi_endpoint_get_attribute(mcapi_endpoint_t endpoint, mcapi_uint_t attribute_num,
                                  void *attribute, size_t attribute_size,
                                  mcapi_status_t *mcapi_status);

/*
 * Sets an attribute of an endpoint of this node that is not connected. The rest is as for
 * mcapi_endpoint_get_attribute.
 *
 *   endpoint   of this node
 *   attribute  the address of the value
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_ENDP_REMOTE     an endpoint of another node
 *   MCAPI_ERR_ATTR_READONLY   get count, get source and status tell, they cannot be set
 *   MCAPI_ERR_CHAN_CONNECTED  the endpoint is connected
 *   MCAPI_ERR_ATTR_VALUE      the attribute cannot have that value
 */
void mcapi_endpoint_set_attribute(mcapi_endpoint_t endpoint, mcapi_uint_t attribute_num,
                                  const void *attribute, size_t attribute_size,
                                  mcapi_status_t *mcapi_status);

/* --- Messages -------------------------------------------------------------------- */

/*
 * Messages need no connection. Those of one priority that one endpoint sends to another
 * arrive in their order; a more urgent one overtakes. The queue of an endpoint holds
 * MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS messages. A message to an endpoint that has been deleted,
 * or whose node is gone, is dropped. Once an endpoint is connected, messages are neither sent
 * from it nor to it.
 */

/*
 * Sends a message if there is room for it. The bytes are copied before the call returns, and
 * the request is complete then.
 *
 *   send_endpoint     of this node
 *   receive_endpoint  of any node
 *   buffer            the message; may be NULL if buffer_size is 0
 *   buffer_size       bytes, at most MCAPI_MAX_MSG_SIZE; 0 is legal
 *   priority          from 0, the most urgent, to MCAPI_MAX_PRIORITY
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT   the caller has no node
 *   MCAPI_ERR_PARAMETER      request is NULL, or buffer is and buffer_size is not 0
 *   MCAPI_ERR_ENDP_INVALID   send_endpoint is not an endpoint of this node, or
 *                            receive_endpoint never was one of any
 *   MCAPI_ERR_GENERAL        one of the endpoints is connected, or the memory of the queue is
 *                            damaged
 *   MCAPI_ERR_PRIORITY       priority is above MCAPI_MAX_PRIORITY, or receive_endpoint has not
 *                            as many (MCAPI_ENDP_ATTR_NUM_PRIORITIES)
 *   MCAPI_ERR_MSG_LIMIT      buffer_size is above MCAPI_MAX_MSG_SIZE
 *   MCAPI_ERR_MEM_LIMIT      the queue of receive_endpoint is full, or there is no memory for
 *                            it or for so large a message
 *   MCAPI_ERR_REQUEST_LIMIT  MCA_MAX_REQUESTS of the node are unfinished
 */
void mcapi_msg_send_i(mcapi_endpoint_t send_endpoint, mcapi_endpoint_t receive_endpoint,
                      const void *buffer, size_t buffer_size, mcapi_priority_t priority,
                      mcapi_request_t *request, mcapi_status_t *mcapi_status);

/*
 * Sends a message. The bytes are copied before the call returns.
 *
 *   send_endpoint     of this node
 *   receive_endpoint  of any node
 *   buffer            the message; may be NULL if buffer_size is 0
 *   buffer_size       bytes, at most MCAPI_MAX_MSG_SIZE; 0 is legal
 *   priority          from 0, the most urgent, to MCAPI_MAX_PRIORITY
 *
 * Blocks while the queue of receive_endpoint is full, or until the timeout of send_endpoint.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_TIMEOUT           there was no room within the timeout of send_endpoint
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     buffer is NULL and buffer_size is not 0
 *   MCAPI_ERR_ENDP_INVALID  send_endpoint is not an endpoint of this node, or
 *                           receive_endpoint never was one of any
 *   MCAPI_ERR_ENDP_DELETED  send_endpoint was deleted meanwhile
 *   MCAPI_ERR_GENERAL       one of the endpoints is connected, or the memory of the queue is
 *                           damaged
 *   MCAPI_ERR_PRIORITY      priority is above MCAPI_MAX_PRIORITY, or receive_endpoint has not
 *                           as many (MCAPI_ENDP_ATTR_NUM_PRIORITIES)
 *   MCAPI_ERR_MSG_LIMIT     buffer_size is above MCAPI_MAX_MSG_SIZE
 *   MCAPI_ERR_MEM_LIMIT     the queue of receive_endpoint is full, and send_endpoint has
 *                           MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT set; or there is no memory for
 *                           the queue or for so large a message
 */
void mcapi_msg_send(mcapi_endpoint_t send_endpoint, mcapi_endpoint_t receive_endpoint,
                    const void *buffer, size_t buffer_size, mcapi_priority_t priority,
                    mcapi_status_t *mcapi_status);

/*
 * Posts a receive of a message into the caller's buffer. Receives are served in the order in
 * which they were posted. mcapi_test and mcapi_wait tell the size of the whole message.
 *
 *   receive_endpoint  of this node
 *   buffer            takes the message, and must stay where it is until the request is
 *                     complete; may be NULL if buffer_size is 0
 *   buffer_size       bytes; of a larger message the first ones are kept
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT       the caller has no node
 *   MCAPI_ERR_PARAMETER          request is NULL, or buffer is and buffer_size is not 0
 *   MCAPI_ERR_ENDP_INVALID       not an endpoint of this node
 *   MCAPI_ERR_MEM_LIMIT          there is no memory for the queue of the endpoint
 *   MCAPI_ERR_REQUEST_LIMIT      MCA_MAX_REQUESTS of the node are unfinished
 *   MCAPI_ERR_GENERAL            the memory of the queue is damaged
 * later:
 *   MCAPI_ERR_MSG_TRUNCATED      the message was larger than the buffer; the rest of it is lost
 *   MCAPI_ERR_ENDP_DELETED       the endpoint was deleted meanwhile
 *   MCAPI_ERR_GENERAL            the message was damaged, and is lost
 *   MCAPI_ERR_REQUEST_CANCELLED  by mcapi_cancel
 */
void mcapi_msg_recv_i(mcapi_endpoint_t receive_endpoint, void *buffer, size_t buffer_size,
                      mcapi_request_t *request, mcapi_status_t *mcapi_status);

/*
 * Receives a message into the caller's buffer. Receives that were posted with mcapi_msg_recv_i
 * are served before.
 *
 *   receive_endpoint  of this node
 *   buffer            takes the message; may be NULL if buffer_size is 0
 *   buffer_size       bytes; of a larger message the first ones are kept
 *   received_size     takes the size of the whole message, in bytes
 *
 * Blocks until there is a message, or until the timeout of the endpoint.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_TIMEOUT            there was no message within the timeout of the endpoint
 *   MCAPI_ERR_NODE_NOTINIT   the caller has no node
 *   MCAPI_ERR_PARAMETER      received_size is NULL, or buffer is and buffer_size is not 0
 *   MCAPI_ERR_ENDP_INVALID   not an endpoint of this node
 *   MCAPI_ERR_MSG_TRUNCATED  the message was larger than the buffer; the rest of it is lost
 *   MCAPI_ERR_ENDP_DELETED   the endpoint was deleted meanwhile
 *   MCAPI_ERR_MEM_LIMIT      there is no memory for the queue of the endpoint
 *   MCAPI_ERR_GENERAL        the memory of the queue or of the message is damaged
 */
void mcapi_msg_recv(mcapi_endpoint_t receive_endpoint, void *buffer, size_t buffer_size,
                    size_t *received_size, mcapi_status_t *mcapi_status);

/*
 * Tells how many messages can be received at once. Those that posted receives will take do not
 * count.
 *
 *   receive_endpoint  of this node
 *
 * Returns their number; 0 if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_ENDP_INVALID  not an endpoint of this node
 *   MCAPI_ERR_MEM_LIMIT     there is no memory for the queue of the endpoint
 *   MCAPI_ERR_GENERAL       the memory of the queue is damaged
 */
mcapi_uint_t mcapi_msg_available(mcapi_endpoint_t receive_endpoint,
                                 mcapi_status_t *mcapi_status);

/* --- Packet channels ------------------------------------------------------------- */

/*
 * A packet channel carries packets from one endpoint to one other, all of them, in order. It
 * is connected, opened by both ends in any order, used, and closed by both ends; then both
 * endpoints are free again. It has MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS of its receiving endpoint
 * as buffers: so many packets can be under way or in the receiver's hands.
 *
 * A node that dies closes nothing: what it has sent can still be received, and then the other
 * end gives MCAPI_ERR_TRANSMISSION.
 */

/*
 * Connects two endpoints to a packet channel.
 *
 * The request is complete when the call returns.
 *
 *   send_endpoint     of any node; packets go in here
 *   receive_endpoint  of any node, and another endpoint
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT       the caller has no node
 *   MCAPI_ERR_PARAMETER          request is NULL
 *   MCAPI_ERR_ENDP_INVALID       one is not an endpoint, or they are the same
 *   MCAPI_ERR_CHAN_CONNECTED     one of them is connected
 *   MCAPI_ERR_CHAN_CLOSEPENDING  one of them is closed, and the other end of its channel is
 *                                not
 *   MCAPI_ERR_CHAN_TYPE          one of them has been opened for the other kind of channel, or
 *                                its attribute MCAPI_ENDP_ATTR_TYPE says so
 *   MCAPI_ERR_CHAN_DIRECTION     one of them has been opened as the other end
 *   MCAPI_ERR_ATTR_INCOMPATIBLE  attributes that have to be equal on both ends are not
 *   MCAPI_ERR_MEM_LIMIT          the topology has MCAPI_MAX_CHANNELS channels, or this one
 *                                would need more memory than one channel can have
 *   MCAPI_ERR_REQUEST_LIMIT      MCA_MAX_REQUESTS of the node are unfinished
 */
void mcapi_pktchan_connect_i(mcapi_endpoint_t send_endpoint, mcapi_endpoint_t receive_endpoint,
                             mcapi_request_t *request, mcapi_status_t *mcapi_status);

/*
 * Opens the receiving or the sending end of a packet channel.
 *
 * An end may be opened before it is connected. The request is complete when it is connected and
 * the other end is open too; if both ends are on this node, when it is connected. The sending
 * end can be used as soon as it is connected: what is sent waits for the receiver. A receive
 * waits for the connect.
 *
 *   receive_handle    is filled at once, and has the value of the endpoint
 *   receive_endpoint  of this node
 *   send_handle       is filled at once, and has the value of the endpoint
 *   send_endpoint     of this node
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT       the caller has no node
 *   MCAPI_ERR_PARAMETER          receive_handle, send_handle or request is NULL
 *   MCAPI_ERR_ENDP_INVALID       not an endpoint of this node
 *   MCAPI_ERR_CHAN_TYPE          it is connected or opened for the other kind of channel, or
 *                                its attribute MCAPI_ENDP_ATTR_TYPE says so
 *   MCAPI_ERR_CHAN_DIRECTION     it is connected or opened as the other end
 *   MCAPI_ERR_CHAN_OPENPENDING   it is opened already, and waits
 *   MCAPI_ERR_CHAN_OPEN          it is open already
 *   MCAPI_ERR_CHAN_CLOSEPENDING  it is closed, and the other end is not
 *   MCAPI_ERR_REQUEST_LIMIT      MCA_MAX_REQUESTS of the node are unfinished
 * later:
 *   MCAPI_ERR_ENDP_DELETED       the endpoint was deleted meanwhile
 *   MCAPI_ERR_TRANSMISSION       the node of the other end has died
 *   MCAPI_ERR_REQUEST_CANCELLED  by mcapi_cancel
 */
void mcapi_pktchan_recv_open_i(mcapi_pktchan_recv_hndl_t *receive_handle,
                               mcapi_endpoint_t receive_endpoint, mcapi_request_t *request,
                               mcapi_status_t *mcapi_status);
void mcapi_pktchan_send_open_i(mcapi_pktchan_send_hndl_t *send_handle,
                               mcapi_endpoint_t send_endpoint, mcapi_request_t *request,
                               mcapi_status_t *mcapi_status);

/*
 * Sends a packet if there is room for it. The bytes are copied before the call returns, and the
 * request is complete then.
 *
 *   send_handle  of a sending end of this node
 *   buffer       the packet; may be NULL if size is 0
 *   size         bytes, at most the attribute MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE of the endpoint
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT   the caller has no node
 *   MCAPI_ERR_PARAMETER      request is NULL, or buffer is and size is not 0
 *   MCAPI_ERR_CHAN_INVALID   not an open sending end of a packet channel on this node, or the
 *                            receiver has closed its end
 *   MCAPI_ERR_TRANSMISSION   the receiver's node has died
 *   MCAPI_ERR_PKT_LIMIT      size is too large
 *   MCAPI_ERR_MEM_LIMIT      the channel is full or not connected yet, or there is no memory
 *                            for so large a packet
 *   MCAPI_ERR_REQUEST_LIMIT  MCA_MAX_REQUESTS of the node are unfinished
 *   MCAPI_ERR_GENERAL        the memory of the channel is damaged
 */
void mcapi_pktchan_send_i(mcapi_pktchan_send_hndl_t send_handle, const void *buffer,
                          size_t size, mcapi_request_t *request, mcapi_status_t *mcapi_status);

/*
 * Sends a packet. The bytes are copied before the call returns.
 *
 *   send_handle  of a sending end of this node
 *   buffer       the packet; may be NULL if size is 0
 *   size         bytes, at most the attribute MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE of the endpoint
 *
 * Blocks while the channel is full or not connected yet, or until the timeout of the endpoint.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_TIMEOUT           there was no room within the timeout of the endpoint
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     buffer is NULL and size is not 0
 *   MCAPI_ERR_CHAN_INVALID  not an open sending end of a packet channel on this node, or the
 *                           receiver has closed its end
 *   MCAPI_ERR_TRANSMISSION  the receiver's node has died
 *   MCAPI_ERR_PKT_LIMIT     size is too large
 *   MCAPI_ERR_MEM_LIMIT     the channel is full, and the endpoint has
 *                           MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT set; or there is no memory for
 *                           so large a packet
 *   MCAPI_ERR_GENERAL       the memory of the channel is damaged
 */
void mcapi_pktchan_send(mcapi_pktchan_send_hndl_t send_handle, const void *buffer, size_t size,
                        mcapi_status_t *mcapi_status);

/*
 * Posts a receive of a packet where it lies. When the request is complete, *buffer is a buffer
 * of the channel, the caller's to read and to write until mcapi_pktchan_release; buffers may be
 * released in any order. mcapi_test and mcapi_wait tell the size of the packet.
 *
 *   receive_handle  of a receiving end of this node
 *   buffer          takes the address when the request is complete
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT       the caller has no node
 *   MCAPI_ERR_PARAMETER          buffer or request is NULL
 *   MCAPI_ERR_CHAN_INVALID       not an open receiving end of a packet channel on this node
 *   MCAPI_ERR_REQUEST_LIMIT      MCA_MAX_REQUESTS of the node are unfinished
 *   MCAPI_ERR_GENERAL            the memory of the channel is damaged
 * later:
 *   MCAPI_ERR_CHAN_INVALID       the sender has closed its end, and all that was sent is
 *                                received; or this end was closed meanwhile
 *   MCAPI_ERR_TRANSMISSION       the sender's node has died, and all that was sent is received
 *   MCAPI_ERR_ENDP_DELETED       the endpoint was deleted meanwhile
 *   MCAPI_ERR_GENERAL            the memory of the channel is damaged
 *   MCAPI_ERR_REQUEST_CANCELLED  by mcapi_cancel
 */
void mcapi_pktchan_recv_i(mcapi_pktchan_recv_hndl_t receive_handle, void **buffer,
                          mcapi_request_t *request, mcapi_status_t *mcapi_status);

/*
 * Receives a packet where it lies. *buffer is a buffer of the channel then, the caller's to
 * read and to write until mcapi_pktchan_release; buffers may be released in any order.
 *
 *   receive_handle  of a receiving end of this node
 *   buffer          takes the address
 *   received_size   takes the size of the packet, in bytes
 *
 * Blocks until there is a packet, or until the timeout of the endpoint.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_TIMEOUT           there was no packet within the timeout of the endpoint
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     buffer or received_size is NULL
 *   MCAPI_ERR_CHAN_INVALID  not an open receiving end of a packet channel on this node; or
 *                           the sender has closed its end, and all that was sent is received
 *   MCAPI_ERR_TRANSMISSION  the sender's node has died, and all that was sent is received
 *   MCAPI_ERR_GENERAL       the memory of the channel is damaged
 */
void mcapi_pktchan_recv(mcapi_pktchan_recv_hndl_t receive_handle, void **buffer,
                        size_t *received_size, mcapi_status_t *mcapi_status);

/*
 * Tells how many packets can be received at once. Those that posted receives will take do not
 * count.
 *
 *   receive_handle  of a receiving end of this node
 *
 * Returns their number; 0 if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_CHAN_INVALID  not an open receiving end of a packet channel on this node; or
 *                           the sender has closed its end, and all that was sent is received
 *   MCAPI_ERR_TRANSMISSION  the sender's node has died, and all that was sent is received
 *   MCAPI_ERR_GENERAL       the memory of the channel is damaged
 */
mcapi_uint_t mcapi_pktchan_available(mcapi_pktchan_recv_hndl_t receive_handle,
                                     mcapi_status_t *mcapi_status);

/*
 * Gives the buffer of a received packet back to its channel. After that it is not the caller's
 * any more, whatever becomes of the channel.
 *
 *   buffer  as mcapi_pktchan_recv has given it; any other pointer is recognised and refused
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_BUF_INVALID   not the buffer of a packet that this node has received and not
 *                           released
 */
void mcapi_pktchan_release(void *buffer, mcapi_status_t *mcapi_status);

/*
 * Tells the sender of a packet that went without a copy (mcapi_ext.h) whether its buffer is
 * free again.
 *
 * It is about the packet that was sent from this address last. After its release the channel
 * may use the buffer again, and the answer stays MCAPI_TRUE until the same address is sent
 * without a copy once more. When the sending end is closed, the answers are gone too.
 *
 *   buffer  as it was sent; any other pointer is recognised and refused
 *
 * Returns MCAPI_TRUE if the receiver has released the buffer; MCAPI_FALSE if it is still under
 * way or held, or if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_BUF_INVALID   not a buffer that this node has sent without a copy, on a channel
 *                           that it has not closed since
 *   MCAPI_ERR_CHAN_INVALID  not released, and the receiver has closed its end
 *   MCAPI_ERR_TRANSMISSION  not released, and the receiver's node has died
 */
mcapi_boolean_t mcapi_pktchan_release_test(void *buffer, mcapi_status_t *mcapi_status);

/*
 * Closes the receiving or the sending end of a packet channel. Buffers that the receiver still
 * holds go back with its close and must not be used any more.
 *
 * A receiver that closes discards what it has not received, and the sender learns of it. After
 * a sender's close the receiver gets all that was sent, and then learns of it. The request is
 * complete when the other end is closed too or its node has died; if both ends are on this
 * node, at once.
 *
 *   receive_handle  of a receiving end of this node
 *   send_handle     of a sending end of this node
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT       the caller has no node
 *   MCAPI_ERR_PARAMETER          request is NULL
 *   MCAPI_ERR_CHAN_NOTOPEN       this end is closed already, or connected and not opened
 *   MCAPI_ERR_CHAN_INVALID       never was such an end of such a channel on this node
 *   MCAPI_ERR_REQUEST_LIMIT      MCA_MAX_REQUESTS of the node are unfinished
 * later:
 *   MCAPI_ERR_REQUEST_CANCELLED  by mcapi_cancel; the end is closed all the same
 */
void mcapi_pktchan_recv_close_i(mcapi_pktchan_recv_hndl_t receive_handle,
                                mcapi_request_t *request, mcapi_status_t *mcapi_status);
void mcapi_pktchan_send_close_i(mcapi_pktchan_send_hndl_t send_handle, mcapi_request_t *request,
                                mcapi_status_t *mcapi_status);

/* --- Scalar channels ------------------------------------------------------------- */

/*
 * A scalar channel carries unsigned integers of 8, 16, 32 or 64 bits. It is connected, opened
 * and closed as a packet channel is, and ends like one when a node dies.
 */

/*
 * Connects two endpoints to a scalar channel. The rest is as for mcapi_pktchan_connect_i.
 *
 *   send_endpoint  of any node; scalars go in here
 */
void mcapi_sclchan_connect_i(mcapi_endpoint_t send_endpoint, mcapi_endpoint_t receive_endpoint,
                             mcapi_request_t *request, mcapi_status_t *mcapi_status);

/*
 * Opens the receiving or the sending end of a scalar channel. The rest is as for
 * mcapi_pktchan_recv_open_i.
 */
void mcapi_sclchan_recv_open_i(mcapi_sclchan_recv_hndl_t *receive_handle,
                               mcapi_endpoint_t receive_endpoint, mcapi_request_t *request,
                               mcapi_status_t *mcapi_status);
void mcapi_sclchan_send_open_i(mcapi_sclchan_send_hndl_t *send_handle,
                               mcapi_endpoint_t send_endpoint, mcapi_request_t *request,
                               mcapi_status_t *mcapi_status);

/*
 * Sends a scalar.
 *
 *   send_handle  of a sending end of this node
 *   dataword     the scalar
 *
 * Blocks while the channel is full or not connected yet, or until the timeout of the endpoint.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_TIMEOUT           there was no room within the timeout of the endpoint
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_CHAN_INVALID  not an open sending end of a scalar channel on this node, or the
 *                           receiver has closed its end
 *   MCAPI_ERR_TRANSMISSION  the receiver's node has died
 *   MCAPI_ERR_MEM_LIMIT     the channel is full, and the endpoint has
 *                           MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT set
 *   MCAPI_ERR_GENERAL       the memory of the channel is damaged
 */
void mcapi_sclchan_send_uint64(mcapi_sclchan_send_hndl_t send_handle, mcapi_uint64_t dataword,
                               mcapi_status_t *mcapi_status);
void mcapi_sclchan_send_uint32(mcapi_sclchan_send_hndl_t send_handle, mcapi_uint32_t dataword,
                               mcapi_status_t *mcapi_status);
void mcapi_sclchan_send_uint16(mcapi_sclchan_send_hndl_t send_handle, mcapi_uint16_t dataword,
                               mcapi_status_t *mcapi_status);
void mcapi_sclchan_send_uint8(mcapi_sclchan_send_hndl_t send_handle, mcapi_uint8_t dataword,
                              mcapi_status_t *mcapi_status);

/*
 * Receives a scalar, in the width in which it was sent.
 *
 *   receive_handle  of a receiving end of this node
 *
 * Blocks until there is a scalar, or until the timeout of the endpoint.
 *
 * Returns the scalar; 0 if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_TIMEOUT           there was no scalar within the timeout of the endpoint
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_CHAN_INVALID  not an open receiving end of a scalar channel on this node; or
 *                           the sender has closed its end, and all that was sent is received
 *   MCAPI_ERR_SCL_SIZE      the next scalar has another width; it stays where it is
 *   MCAPI_ERR_TRANSMISSION  the sender's node has died, and all that was sent is received
 *   MCAPI_ERR_GENERAL       the memory of the channel is damaged
 */
mcapi_uint64_t mcapi_sclchan_recv_uint64(mcapi_sclchan_recv_hndl_t receive_handle,
                                         mcapi_status_t *mcapi_status);
mcapi_uint32_t mcapi_sclchan_recv_uint32(mcapi_sclchan_recv_hndl_t receive_handle,
                                         mcapi_status_t *mcapi_status);
mcapi_uint16_t mcapi_sclchan_recv_uint16(mcapi_sclchan_recv_hndl_t receive_handle,
                                         mcapi_status_t *mcapi_status);
mcapi_uint8_t mcapi_sclchan_recv_uint8(mcapi_sclchan_recv_hndl_t receive_handle,
                                       mcapi_status_t *mcapi_status);

/*
 * Tells how many scalars can be received at once.
 *
 *   receive_handle  of a receiving end of this node
 *
 * Returns their number; 0 if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_CHAN_INVALID  not an open receiving end of a scalar channel on this node; or
 *                           the sender has closed its end, and all that was sent is received
 *   MCAPI_ERR_TRANSMISSION  the sender's node has died, and all that was sent is received
 *   MCAPI_ERR_GENERAL       the memory of the channel is damaged
 */
mcapi_uint_t mcapi_sclchan_available(mcapi_sclchan_recv_hndl_t receive_handle,
                                     mcapi_status_t *mcapi_status);

/*
 * Closes the receiving or the sending end of a scalar channel. The rest is as for
 * mcapi_pktchan_recv_close_i.
 */
void mcapi_sclchan_recv_close_i(mcapi_sclchan_recv_hndl_t receive_handle,
                                mcapi_request_t *request, mcapi_status_t *mcapi_status);
void mcapi_sclchan_send_close_i(mcapi_sclchan_send_hndl_t send_handle, mcapi_request_t *request,
                                mcapi_status_t *mcapi_status);

/* --- Non-blocking operations ----------------------------------------------------- */

/*
 * A request belongs to the node whose call made it; any thread of that node may ask about it.
 * mcapi_wait, mcapi_wait_any and mcapi_cancel release it. One that only mcapi_test has found
 * complete can still be read, until the node runs out of requests and needs its place.
 */

/*
 * Asks whether an operation has finished, and how.
 *
 *   request  as an _i call has filled it
 *   size     takes the bytes that were sent or received; may be NULL for an operation that
 *            carries no data
 *
 * Returns MCAPI_FALSE with MCAPI_PENDING; otherwise MCAPI_TRUE, with the status in which the
 * operation has ended or with the error of this call itself.
 *
 * Statuses, beside MCAPI_SUCCESS and those of the operation:
 *   MCAPI_PENDING              it has not finished
 *   MCAPI_ERR_NODE_NOTINIT     the caller has no node
 *   MCAPI_ERR_PARAMETER        request is NULL; or size is, and the operation carries data or
 *                              is none
 *   MCAPI_ERR_REQUEST_INVALID  not a request of this node, or released
 */
mcapi_boolean_t mcapi_test(mcapi_request_t *request, size_t *size,
                           mcapi_status_t *mcapi_status);

/*
 * Waits for the end of an operation, and releases its request.
 *
 *   request  as an _i call has filled it
 *   size     takes the bytes that were sent or received; may be NULL for an operation that
 *            carries no data
 *   timeout  milliseconds; MCAPI_TIMEOUT_IMMEDIATE looks once
 *
 * Blocks until the operation has finished, or until the timeout.
 *
 * Returns MCAPI_FALSE with MCAPI_TIMEOUT; otherwise MCAPI_TRUE, with the status in which the
 * operation has ended or with the error of this call itself.
 *
 * Statuses, beside MCAPI_SUCCESS and those of the operation:
 *   MCAPI_TIMEOUT              it has not finished in that time; the request is what it was
 *   MCAPI_ERR_NODE_NOTINIT     the caller has no node
 *   MCAPI_ERR_PARAMETER        request is NULL; or size is, and the operation carries data or
 *                              is none
 *   MCAPI_ERR_REQUEST_INVALID  not a request of this node, or released
 *   MCAPI_ERR_WAIT_PENDING     another thread waits for this request
 */
mcapi_boolean_t mcapi_wait(mcapi_request_t *request, size_t *size, mcapi_timeout_t timeout,
                           mcapi_status_t *mcapi_status);

/*
 * Waits for the end of one of several operations, and releases the request of that one. If
 * several have finished, repeated calls give each its turn. mcapi_ext_wait_any_pointers is what
 * mcapi_wait_any stands for when it is called with an array of pointers.
 *
 *   number    how many requests there are, at least 1
 *   requests  an array of requests, or of pointers to requests; the caller's
 *   size      takes the bytes that the one that finished has sent or received
 *   timeout   milliseconds; MCAPI_TIMEOUT_IMMEDIATE looks once
 *
 * Blocks until one of the operations has finished, or until the timeout.
 *
 * Returns the index of the one that has finished; MCAPI_RETURN_VALUE_INVALID if none has, or if
 * the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS and those of the operation:
 *   MCAPI_TIMEOUT              none has finished in that time; the requests are what they were
 *   MCAPI_ERR_NODE_NOTINIT     the caller has no node
 *   MCAPI_ERR_PARAMETER        number is 0, or requests, one of its pointers or size is NULL
 *   MCAPI_ERR_REQUEST_INVALID  one is not a request of this node, or released
 */
mcapi_uint_t mcapi_wait_any(size_t number, mcapi_request_t *requests, size_t *size,
                            mcapi_timeout_t timeout, mcapi_status_t *mcapi_status);
mcapi_uint_t mcapi_ext_wait_any_pointers(size_t number, mcapi_request_t **requests,
                                         size_t *size, mcapi_timeout_t timeout,
                                         mcapi_status_t *mcapi_status);

/*
 * Ends an operation that has not finished, and releases its request. A receive takes nothing
 * then; an open leaves the end as it was; a thread that waits for the request is woken with
 * MCAPI_ERR_REQUEST_CANCELLED.
 *
 *   request  as an _i call has filled it
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT     the caller has no node
 *   MCAPI_ERR_PARAMETER        request is NULL
 *   MCAPI_ERR_REQUEST_INVALID  not a request of this node, or its operation has finished
 */
void mcapi_cancel(mcapi_request_t *request, mcapi_status_t *mcapi_status);

/* --- Convenience ----------------------------------------------------------------- */

/*
 * Writes the name of a status, as in "MCAPI_ERR_ENDP_INVALID". Needs no node.
 *
 *   status          any number; one that is no status gives "UNKNOWN"
 *   status_message  the caller's buffer; MCAPI_MAX_STATUS_SIZE bytes hold any name
 *   size            bytes of the buffer; what does not fit is cut, and a NUL always written
 *
 * Returns the buffer; NULL if there is none or its size is 0.
 */
char *mcapi_display_status(mcapi_status_t status, char *status_message, size_t size);

/*
 * Sets how much the library says on stderr. Holds for the process; needs no node.
 *
 *   level  0, as it is from the start: nothing but why a call to mcapi_initialize failed; with
 *          higher levels it may say more
 */
void mcapi_set_debug_level(int level);

/*
 * Prints the state of the caller's node, or of one endpoint or channel end, to stderr.
 *
 *   handle  the address of its mcapi_endpoint_t or handle; NULL for the node
 */
void mcapi_display_state(void *handle);

#ifdef __cplusplus
}
#endif

/* --- Other spellings of the same calls ------------------------------------------- */

/*
 * Programs in the field write four calls in more than one way, each told apart by the number
 * or the types of its arguments:
 *
 *   mcapi_initialize     without the node attributes
 *   mcapi_endpoint_get   without the timeout, which then is infinite
 *   mcapi_wait           with the status before the timeout
 *   mcapi_wait_any       with the status before the timeout; with an array of requests or of
 *                        pointers to requests
 *
 * In C++ these are overloads. In C they are function-like macros, and every argument is
 * evaluated once; &mcapi_wait and (mcapi_wait)(...) are the function itself, and who defines
 * a function of that name writes its name in parentheses too. MCAPI_ONE_SPELLING, defined
 * before this file is included, leaves the functions alone.
 */
#ifndef MCAPI_ONE_SPELLING
#ifdef __cplusplus

extern "C++" {

MCAPI_MAY_BE_UNFILLED(3)
inline void mcapi_initialize(mcapi_domain_t domain_id, mcapi_node_t node_id,
                             const mcapi_param_t *init_parameters, mcapi_info_t *mcapi_info,
                             mcapi_status_t *mcapi_status)
{
    mcapi_initialize(domain_id, node_id, NULL, init_parameters, mcapi_info, mcapi_status);
}

inline mcapi_endpoint_t mcapi_endpoint_get(mcapi_domain_t domain_id, mcapi_node_t node_id,
                                           mcapi_port_t port_id, mcapi_status_t *mcapi_status)
{
    return mcapi_endpoint_get(domain_id, node_id, port_id, MCAPI_TIMEOUT_INFINITE,
                              mcapi_status);
}

inline mcapi_boolean_t mcapi_wait(mcapi_request_t *request, size_t *size,
                                  mcapi_status_t *mcapi_status, mcapi_timeout_t timeout)
{
    return mcapi_wait(request, size, timeout, mcapi_status);
}

inline mcapi_uint_t mcapi_wait_any(size_t number, mcapi_request_t *requests, size_t *size,
                                   mcapi_status_t *mcapi_status, mcapi_timeout_t timeout)
{
    return mcapi_wait_any(number, requests, size, timeout, mcapi_status);
}

/* Templates, so that NULL for the array means the standard's form and not either of two. */
template <typename Request>
inline mcapi_uint_t mcapi_wait_any(size_t number, Request **requests, size_t *size,
                                   mcapi_timeout_t timeout, mcapi_status_t *mcapi_status)
{
    return mcapi_ext_wait_any_pointers(number, requests, size, timeout, mcapi_status);
}

template <typename Request>
inline mcapi_uint_t mcapi_wait_any(size_t number, Request **requests, size_t *size,
                                   mcapi_status_t *mcapi_status, mcapi_timeout_t timeout)
{
    return mcapi_ext_wait_any_pointers(number, requests, size, timeout, mcapi_status);
}

} /* extern "C++" */

#else /* C */

/* Of a timeout and a status in either order: the timeout, and the status. */
/* clang-format off */
#define MCAPI_SPELLING_TIMEOUT(third, fourth)                                                  \
    __extension__ _Generic((third), mcapi_status_t *: (fourth), int *: (fourth),               \
                           void *: (fourth), default: (third))
#define MCAPI_SPELLING_STATUS(third, fourth)                                                   \
    __extension__ _Generic((third), mcapi_status_t *: (third), int *: (third),                 \
                           void *: (third), default: (fourth))
/* clang-format on */

#define MCAPI_SPELLING_WAIT(request, size, third, fourth)                \
    mcapi_wait((request), (size), MCAPI_SPELLING_TIMEOUT(third, fourth), \
               MCAPI_SPELLING_STATUS(third, fourth))

/* clang-format off */
#define MCAPI_SPELLING_WAIT_ANY(number, requests, size, third, fourth)                         \
    __extension__ _Generic((requests), mcapi_request_t **: mcapi_ext_wait_any_pointers,        \
                           default: mcapi_wait_any)                                            \
    ((number), (requests), (size), MCAPI_SPELLING_TIMEOUT(third, fourth),                      \
     MCAPI_SPELLING_STATUS(third, fourth))
/* clang-format on */

#define MCAPI_SPELLING_INITIALIZE_6(domain_id, node_id, attributes, parameters, info, status) \
    mcapi_initialize((domain_id), (node_id), (attributes), (parameters), (info), (status))
#define MCAPI_SPELLING_INITIALIZE_5(domain_id, node_id, parameters, info, status) \
    mcapi_initialize((domain_id), (node_id), NULL, (parameters), (info), (status))

#define MCAPI_SPELLING_GET_5(domain_id, node_id, port_id, timeout, status) \
    mcapi_endpoint_get((domain_id), (node_id), (port_id), (timeout), (status))
#define MCAPI_SPELLING_GET_4(domain_id, node_id, port_id, status) \
    mcapi_endpoint_get((domain_id), (node_id), (port_id), MCAPI_TIMEOUT_INFINITE, (status))

/* The seventh argument: the name that stands as far behind as there are arguments before it. */
#define MCAPI_SPELLING_SEVENTH(a, b, c, d, e, f, name, ...) name

#define mcapi_initialize(...)                                                             \
    MCAPI_SPELLING_SEVENTH(__VA_ARGS__, MCAPI_SPELLING_INITIALIZE_6,                      \
                           MCAPI_SPELLING_INITIALIZE_5, mcapi_initialize,                 \
                           mcapi_v1000_initialize, mcapi_initialize, mcapi_initialize, 0) \
    (__VA_ARGS__)
#define mcapi_endpoint_get(...)                                                          \
    MCAPI_SPELLING_SEVENTH(__VA_ARGS__, mcapi_endpoint_get, MCAPI_SPELLING_GET_5,        \
                           MCAPI_SPELLING_GET_4, mcapi_endpoint_get, mcapi_endpoint_get, \
                           mcapi_endpoint_get, 0)                                        \
    (__VA_ARGS__)
#define mcapi_wait(...)     MCAPI_SPELLING_WAIT(__VA_ARGS__)
#define mcapi_wait_any(...) MCAPI_SPELLING_WAIT_ANY(__VA_ARGS__)

#endif /* C */
#endif /* MCAPI_ONE_SPELLING */

#ifdef MCAPI_V1000
#include "mcapi_v1000_to_v2000.h"
#endif

#endif /* MCAPI_H */
