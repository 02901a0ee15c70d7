/* SPDX-License-Identifier: MIT */
/*
 * mcapi_impl_spec.h - what mcapi.h leaves to the implementation: handles, limits, and the
 * contents of the structs that describe a node.
 */
#ifndef MCAPI_IMPL_SPEC_H
#define MCAPI_IMPL_SPEC_H

#include <stdint.h>

#include "mca.h"

/* --- Handles --------------------------------------------------------------------- */

/*
 * An endpoint is unique in the whole topology: it may be compared with ==, sent to another
 * node in a message, and used there. 0 is never an endpoint.
 *
 * The handle of a channel's end has the value of its endpoint. Any 32-bit value may be passed
 * as a handle; one that is not live, or not live any more, is answered with an error status.
 */
typedef unsigned int mcapi_endpoint_t;
typedef unsigned int mcapi_pktchan_recv_hndl_t;
typedef unsigned int mcapi_pktchan_send_hndl_t;
typedef unsigned int mcapi_sclchan_recv_hndl_t;
typedef unsigned int mcapi_sclchan_send_hndl_t;

/* --- Limits ---------------------------------------------------------------------- */

/*
 * These are the defaults. Each can be changed without a rebuild, by an environment variable
 * of the macro's name or by the field of the same name in mcapi_param_t; the node that
 * creates a topology decides for all nodes of it. A program may define one of these macros
 * before it includes this file, so that its own arrays follow what it sets at run time.
 */

/* Largest message, in bytes. */
#ifndef MCAPI_MAX_MSG_SIZE
#define MCAPI_MAX_MSG_SIZE 8192
#endif

/* Largest packet, in bytes. */
#ifndef MCAPI_MAX_PKT_SIZE
#define MCAPI_MAX_PKT_SIZE 65536
#endif

/* Messages that fit into the receive queue of an endpoint, unless its attribute
 * MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS says otherwise. */
#ifndef MCAPI_MAX_QUEUE_ELEMENTS
#define MCAPI_MAX_QUEUE_ELEMENTS 64
#endif

/* Buffers of a packet channel: packets under way and packets that the receiver holds. */
#ifndef MCAPI_MAX_BUFFERS
#define MCAPI_MAX_BUFFERS 64
#endif

/* Endpoints that one node can have. */
#ifndef MCAPI_MAX_ENDPOINTS
#define MCAPI_MAX_ENDPOINTS 256
#endif

/* Live nodes of one topology. */
#ifndef MCAPI_MAX_NODES
#define MCAPI_MAX_NODES 512
#endif

/* Channels of one topology. */
#ifndef MCAPI_MAX_CHANNELS
#define MCAPI_MAX_CHANNELS 1024
#endif

/* Largest legal priority number, which is the least urgent one. */
#ifndef MCAPI_MAX_PRIORITY
#define MCAPI_MAX_PRIORITY 10
#endif

/* Largest legal numbers of domains, nodes and ports. */
#ifndef MCAPI_MAX_DOMAIN
#define MCAPI_MAX_DOMAIN 65535
#endif
#ifndef MCAPI_MAX_NODE
#define MCAPI_MAX_NODE 65535
#endif
#ifndef MCAPI_MIN_PORT
#define MCAPI_MIN_PORT 0
#endif
#ifndef MCAPI_MAX_PORT
#define MCAPI_MAX_PORT 65535
#endif

/* Ports, counted from MCAPI_MIN_PORT, that a program must not use. */
#ifndef MCAPI_NUM_RESERVED_PORTS
#define MCAPI_NUM_RESERVED_PORTS 0
#endif

/* The same limits under other names in use. */
#ifndef MCAPI_MAX_MESSAGE_SIZE
#define MCAPI_MAX_MESSAGE_SIZE MCAPI_MAX_MSG_SIZE
#endif
#ifndef MCAPI_MAX_PACKET_SIZE
#define MCAPI_MAX_PACKET_SIZE MCAPI_MAX_PKT_SIZE
#endif
#ifndef MAX_QUEUE_ELEMENTS
#define MAX_QUEUE_ELEMENTS MCAPI_MAX_QUEUE_ELEMENTS
#endif

/* --- Alignment ------------------------------------------------------------------- */

/* What a buffer is best aligned to, in bytes: one cache line. Not required anywhere. */
#ifndef MCAPI_BUF_ALIGN
#define MCAPI_BUF_ALIGN 64
#endif

/* char buffer[100] MCAPI_DECL_ALIGNED; */
#ifndef MCAPI_DECL_ALIGNED
#define MCAPI_DECL_ALIGNED __attribute__((aligned(MCAPI_BUF_ALIGN)))
#endif

/* --- Structs --------------------------------------------------------------------- */

/* Room for the name of a topology with its NUL, in bytes. */
#define MCAPI_TOPOLOGY_NAME_SIZE 64

/*
 * Settings for mcapi_initialize. mcapi_param_init of mcapi_ext.h fills one with defaults and
 * with the magic number by which mcapi_initialize knows it; one without it is not looked at,
 * so that a program may pass the address of one that it never filled.
 *
 * A limit of 0 leaves it to the environment variable of the macro's name or else to the
 * default.
 */
typedef struct mcapi_param {
    uint64_t magic[2];                       /* set by mcapi_param_init alone */
    char topology[MCAPI_TOPOLOGY_NAME_SIZE]; /* "" is that of the environment, or "default" */
    mca_uint_t wait_policy;                  /* MCAPI_EXT_WAIT_... of mcapi_ext.h */
    mca_uint_t compat;                       /* MCAPI_EXT_COMPAT_... of mcapi_ext.h */
    mca_uint_t max_msg_size;                 /* bytes */
    mca_uint_t max_pkt_size;                 /* bytes */
    mca_uint_t max_queue_elements;           /* messages of an endpoint's receive queue */
    mca_uint_t max_buffers;                  /* packets of a channel */
    mca_uint_t max_endpoints;                /* of a node */
    mca_uint_t max_requests;                 /* unfinished ones of a node */
    mca_uint_t max_nodes;                    /* of the topology */
    mca_uint_t max_channels;                 /* of the topology */
    mca_uint_t reserved[34];                 /* 0 */
} mcapi_param_t;

/* Attributes for a node that is not initialized yet: filled by mcapi_node_init_attributes,
 * changed by mcapi_node_set_attribute, of no use to a program otherwise. */
typedef struct mcapi_node_attribute_set {
    uint64_t magic[2]; /* set by mcapi_node_init_attributes alone */
    mca_uint_t type;
    mca_uint_t reserved[11];
} mcapi_node_attributes_t;

/* What this implementation adds to mcapi_info_t: which release it is, the topology that the
 * node has joined, and the limits in force there. */
typedef struct mcapi_impl_info {
    char release[32]; /* as in "1.2.3" */
    char topology[MCAPI_TOPOLOGY_NAME_SIZE];
    mca_uint_t max_msg_size;       /* bytes */
    mca_uint_t max_pkt_size;       /* bytes */
    mca_uint_t max_queue_elements; /* messages of an endpoint's receive queue */
    mca_uint_t max_buffers;        /* packets of a channel */
    mca_uint_t max_endpoints;      /* of a node */
    mca_uint_t max_requests;       /* unfinished ones of a node */
    mca_uint_t max_nodes;          /* of the topology */
    mca_uint_t max_channels;       /* of the topology */
    mca_uint_t reserved[32];       /* 0 */
} impl_info_t;

#endif /* MCAPI_IMPL_SPEC_H */
