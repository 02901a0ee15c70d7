/* SPDX-License-Identifier: MIT */
/*
 * link.c - between a loop and the balancing thread.
 */
#include "load_balancer/server/link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <mcapi_ext.h>

_Static_assert(sizeof(struct link_reply) == 16, "replies begin aligned");

enum {
    /* Replies that are collected with one call. */
    AT_ONCE = 32,

    /* How long a connect of two ends that are there may take. */
    PATIENCE_MS = 5000,
};

/* --- Endpoints ------------------------------------------------------------------------------
 */

/* An endpoint whose calls never wait, and of whose channel so many packets can be under way. */
static mcapi_endpoint_t make_end(mcapi_port_t port, mcapi_status_t *status)
{
    mcapi_timeout_t none = MCAPI_TIMEOUT_IMMEDIATE;
    mcapi_uint_t depth = LINK_DEPTH;
    mcapi_endpoint_t end = mcapi_endpoint_create(port, status);

    if (*status == MCAPI_SUCCESS)
        mcapi_endpoint_set_attribute(end, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, &depth,
                                     sizeof(depth), status);
    if (*status == MCAPI_SUCCESS)
        mcapi_endpoint_set_attribute(end, MCAPI_ENDP_ATTR_TIMEOUT, &none, sizeof(none), status);
    return end;
}

static mcapi_status_t finish(mcapi_request_t *request, mcapi_status_t status)
{
    size_t size;

    if (status == MCAPI_SUCCESS)
        mcapi_wait(request, &size, PATIENCE_MS, &status);
    return status;
}

static bool good(mcapi_status_t status, const char *step, char *reason, size_t reason_size)
{
    char name[MCAPI_MAX_STATUS_SIZE];

    if (status == MCAPI_SUCCESS)
        return true;
    snprintf(reason, reason_size, "cannot %s: %s", step,
             mcapi_display_status(status, name, sizeof(name)));
    return false;
}

/* --- The balancing thread --------------------------------------------------------------------
 */

static mcapi_status_t open_ours(struct link *link, uint32_t number)
{
    mcapi_pktchan_recv_hndl_t receive;
    mcapi_pktchan_send_hndl_t send;
    mcapi_status_t status;

    link->requests = make_end(LINK_PORT_REQUESTS(number), &status);
    if (status == MCAPI_SUCCESS)
        link->replies = make_end(LINK_PORT_REPLIES(number), &status);
    if (status == MCAPI_SUCCESS)
        mcapi_pktchan_recv_open_i(&receive, link->requests, &link->opens[0], &status);
    if (status == MCAPI_SUCCESS)
        mcapi_pktchan_send_open_i(&send, link->replies, &link->opens[1], &status);
    return status;
}

bool links_open(struct links *links, const struct config *config, uint32_t loops,
                char reason[SERVER_REASON_SIZE])
{
    mcapi_status_t status = MCAPI_SUCCESS;

    *links = (struct links){ .config = config, .count = loops };
    for (uint32_t i = 0; i < loops; i++)
        links->all[i].descriptor = -1;
    for (uint32_t i = 0; i < loops && status == MCAPI_SUCCESS; i++)
        status = open_ours(&links->all[i], i);
    return good(status, "make the endpoints for the loops", reason, SERVER_REASON_SIZE);
}

bool links_opened(struct links *links, char reason[SERVER_REASON_SIZE])
{
    mcapi_status_t status = MCAPI_SUCCESS;

    for (uint32_t i = 0; i < links->count && status == MCAPI_SUCCESS; i++) {
        status = finish(&links->all[i].opens[0], MCAPI_SUCCESS);
        status = finish(&links->all[i].opens[1], status);
    }
    return good(status, "open the channels to the loops", reason, SERVER_REASON_SIZE);
}

void links_reply(struct links *links, const struct link_request *request,
                 const struct link_reply *reply, const void *bytes, uint32_t size)
{
    struct link *link = &links->all[request->loop];
    mcapi_status_t status;
    struct link_reply *made =
            mcapi_ext_pktchan_buffer_take(link->replies, sizeof(*made) + size, &status);

    if (made == NULL)
        return; /* the loop has ended */
    *made = *reply;
    if (size > 0)
        memcpy(made + 1, bytes, size);
    mcapi_ext_pktchan_buffer_send(link->replies, made, sizeof(*made) + size, &status);
    link->replied = true;
}

void links_wake(struct links *links)
{
    static const uint64_t one = 1;

    for (uint32_t i = 0; i < links->count; i++) {
        struct link *link = &links->all[i];

        /* It fails only when nobody has read for 2^64 writes. */
        if (link->replied && write(link->descriptor, &one, sizeof(one)) < 0)
            continue;
        link->replied = false;
    }
}

void links_close(struct links *links)
{
    for (uint32_t i = 0; i < links->count; i++)
        if (links->all[i].descriptor >= 0)
            close(links->all[i].descriptor);
    links->count = 0;
}

/* --- A loop ----------------------------------------------------------------------------------
 */

/* Joins with a node of its own, and connects its ends to those that wait for it. */
static mcapi_status_t join(struct link *link, const struct config *config, uint32_t number,
                           const char **step)
{
    mcapi_node_t node = config->workers + 1 + number;
    mcapi_endpoint_t requests = 0, replies = 0;
    mcapi_pktchan_recv_hndl_t receive;
    mcapi_pktchan_send_hndl_t send;
    mcapi_request_t connects[2], opens[2];
    mcapi_status_t status;
    mcapi_info_t info;

    *step = "join the topology";
    mcapi_initialize(config->domain, node, NULL, NULL, &info, &status);
    if (status != MCAPI_SUCCESS)
        return status;
    link->node = node;
    *step = "make the endpoints of a loop";
    link->requests_from = make_end(MCAPI_PORT_ANY, &status);
    if (status == MCAPI_SUCCESS)
        link->replies_to = make_end(MCAPI_PORT_ANY, &status);
    if (status == MCAPI_SUCCESS)
        requests = mcapi_endpoint_get(config->domain, 0, LINK_PORT_REQUESTS(number),
                                      MCAPI_TIMEOUT_IMMEDIATE, &status);
    if (status == MCAPI_SUCCESS)
        replies = mcapi_endpoint_get(config->domain, 0, LINK_PORT_REPLIES(number),
                                     MCAPI_TIMEOUT_IMMEDIATE, &status);
    if (status != MCAPI_SUCCESS)
        return status;
    *step = "connect a loop";
    mcapi_pktchan_connect_i(link->requests_from, requests, &connects[0], &status);
    status = finish(&connects[0], status);
    if (status == MCAPI_SUCCESS)
        mcapi_pktchan_connect_i(replies, link->replies_to, &connects[1], &status);
    status = finish(&connects[1], status);
    if (status == MCAPI_SUCCESS)
        mcapi_pktchan_send_open_i(&send, link->requests_from, &opens[0], &status);
    status = finish(&opens[0], status);
    if (status == MCAPI_SUCCESS)
        mcapi_pktchan_recv_open_i(&receive, link->replies_to, &opens[1], &status);
    return finish(&opens[1], status);
}

static void end(void *loop_context)
{
    struct link *link = loop_context;
    mcapi_status_t status;

    if (link->node != 0)
        mcapi_finalize(&status);
    link->node = 0;
}

static void *begin(void *context, struct event_loop *loop, uint32_t number, int *descriptor,
                   char *reason, size_t reason_size)
{
    struct links *links = context;
    struct link *link = &links->all[number];
    const char *step = "";

    (void)loop;
    link->number = number;
    link->descriptor = *descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (*descriptor < 0) {
        snprintf(reason, reason_size, "cannot make a descriptor for a loop: %s",
                 strerror(errno));
        return NULL;
    }
    if (good(join(link, links->config, number, &step), step, reason, reason_size))
        return link;
    end(link);
    return NULL;
}

static bool submit(void *loop_context, struct event_loop *loop,
                   const struct server_request *request)
{
    struct link *link = loop_context;
    struct link_request *made;
    size_t size = sizeof(*made) + request->size;
    mcapi_status_t status;

    (void)loop;
    if (link->open == LINK_DEPTH)
        return false;
    made = mcapi_ext_pktchan_buffer_take(link->requests_from, size, &status);
    if (made == NULL)
        return false;
    made->id = request->id;
    made->loop = link->number;
    made->item = (struct item){
        .tag = request->tag,
        .captured = request->size,
        .original = request->size,
        .payload_offset = request->payload_offset,
        .kind = ITEM_REQUEST,
    };
    memcpy(made + 1, request->bytes, request->size);
    mcapi_ext_pktchan_buffer_send(link->requests_from, made, size, &status);
    if (status != MCAPI_SUCCESS)
        return false;
    link->open++;
    return true;
}

static void take(struct link *link, struct event_loop *loop, const void *packet, size_t size)
{
    const struct link_reply *reply = packet;

    link->open--;
    if (reply->lost != 0)
        server_lost(loop, &reply->id);
    else
        server_reply(loop, &reply->id, (enum protocol_outcome)reply->outcome,
                     (const uint8_t *)(reply + 1), (uint32_t)(size - sizeof(*reply)));
}

static void collect(void *loop_context, struct event_loop *loop)
{
    struct link *link = loop_context;
    void *packets[AT_ONCE];
    size_t sizes[AT_ONCE], count;
    mcapi_status_t status;
    uint64_t wakes;

    if (read(link->descriptor, &wakes, sizeof(wakes)) < 0 && errno != EAGAIN)
        return;
    while (mcapi_pktchan_available(link->replies_to, &status) > 0) {
        count = mcapi_ext_pktchan_recv_burst(link->replies_to, packets, sizes, AT_ONCE,
                                             &status);
        for (size_t i = 0; i < count; i++)
            take(link, loop, packets[i], sizes[i]);
        mcapi_ext_pktchan_release_burst(packets, count, &status);
    }
    server_room(loop);
}

void links_handler(struct links *links, struct server_handler *handler)
{
    *handler = (struct server_handler){
        .context = links,
        .whole_replies = links->config->work_kind->replies == WORK_REPLIES_HTTP,
        .begin = begin,
        .submit = submit,
        .collect = collect,
        .end = end,
    };
}
