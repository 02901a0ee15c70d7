/* SPDX-License-Identifier: MIT */
/*
 * link.h - between a loop and the balancing thread: requests go there, replies come back.
 *
 *     loop i, a node of its own                   the balancing thread, node 0
 *     requests  packets  --------------------->   port LINK_PORT_REQUESTS(i)
 *     replies   packets  <---------------------   port LINK_PORT_REPLIES(i)
 *     a descriptor       <---------------------   written when there are replies
 *
 * At most LINK_DEPTH requests of a loop have no reply yet, and as many packets fit into each
 * channel: so a reply never has to wait for room, and a loop that gets none stops reading. A
 * request stays where it was received until its reply has been sent; nobody copies it but the
 * distributor, into the worker's packet.
 */
#ifndef LOAD_BALANCER_SERVER_LINK_H
#define LOAD_BALANCER_SERVER_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include <mcapi.h>

#include "load_balancer/config.h"
#include "load_balancer/server/server.h"
#include "worker/item.h"

enum {
    LINK_DEPTH = 128,
    LINK_PORT_FIRST = 1, /* 0 is the distributor's */
};

#define LINK_PORT_REQUESTS(loop) (LINK_PORT_FIRST + 2 * (loop))
#define LINK_PORT_REPLIES(loop)  (LINK_PORT_FIRST + 2 * (loop) + 1)

/* The bytes of the request are behind it, as behind the item of a packet. */
struct link_request {
    struct server_request_id id;
    uint32_t loop;
    struct item item;
};

/* The bytes of the reply are behind it. */
struct link_reply {
    struct server_request_id id;
    uint16_t outcome; /* enum protocol_outcome */
    uint16_t lost;    /* 1: there is none, and will be none */
};

struct link {
    /* The loop's. */
    uint32_t number;
    mcapi_endpoint_t requests_from, replies_to;
    uint32_t open;     /* requests without a reply */
    int descriptor;    /* an eventfd */
    mcapi_node_t node; /* 0: it has none */

    /* The balancing thread's. */
    mcapi_endpoint_t requests, replies;
    mcapi_request_t opens[2];
    bool replied; /* since it was woken last */
};

struct links {
    const struct config *config;
    uint32_t count;
    struct link all[SERVER_LOOPS_MAX];
};

/* --- The balancing thread ------------------------------------------------------------------
 */

/* Makes our ends, before the loops begin. False: a reason of one line. */
bool links_open(struct links *links, const struct config *config, uint32_t loops,
                char reason[SERVER_REASON_SIZE]);

/* After they have. */
bool links_opened(struct links *links, char reason[SERVER_REASON_SIZE]);

/* Sends a reply; one whose loop has ended is dropped. */
void links_reply(struct links *links, const struct link_request *request,
                 const struct link_reply *reply, const void *bytes, uint32_t size);

/* When the loops have ended. */
void links_close(struct links *links);

/* Wakes the loops that have got replies. */
void links_wake(struct links *links);

/* --- The loops ------------------------------------------------------------------------------
 */

/* The handler that hands requests over to the balancing thread. */
void links_handler(struct links *links, struct server_handler *handler);

#endif /* LOAD_BALANCER_SERVER_LINK_H */
