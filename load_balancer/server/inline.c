/* SPDX-License-Identifier: MIT */
/*
 * inline.c - a request becomes an item, is worked on, and replied to, at once.
 */
#include "load_balancer/server/inline.h"

#include <stdio.h>

static void *begin(void *context, struct event_loop *loop, uint32_t number, int *descriptor,
                   char *reason, size_t reason_size)
{
    struct inline_work *work = context;

    (void)loop;
    *descriptor = -1;
    if (!work_prepare(&work->loops[number].work, work->specification, reason, reason_size))
        return NULL;
    return &work->loops[number];
}

static enum protocol_outcome outcome_of(const struct work_kind *kind, enum work_outcome outcome)
{
    if (outcome == WORK_FILTERED)
        return PROTOCOL_REFUSED;
    return kind->replies == WORK_REPLIES_NOTHING ? PROTOCOL_NO_REPLY : PROTOCOL_REPLY;
}

static bool submit(void *loop_context, struct event_loop *loop,
                   const struct server_request *request)
{
    struct inline_loop *own = loop_context;
    struct work_bytes bytes = { .bytes = request->bytes, .size = request->size };
    struct item item = {
        .number = own->items++,
        .tag = request->tag,
        .captured = request->size,
        .original = request->size,
        .payload_offset = request->payload_offset,
        .kind = ITEM_REQUEST,
    };
    enum work_outcome outcome = work_process(&own->work, &item, &bytes);

    server_reply(loop, &request->id, outcome_of(own->work.kind, outcome), bytes.bytes,
                 bytes.size);
    return true;
}

static void end(void *loop_context)
{
    struct inline_loop *own = loop_context;

    own->result = own->work.result;
    work_finish(&own->work);
}

void inline_work_begin(struct inline_work *work, const char *specification,
                       const struct work_kind *kind, struct server_handler *handler)
{
    *work = (struct inline_work){ .specification = specification };
    *handler = (struct server_handler){
        .context = work,
        .whole_replies = kind->replies == WORK_REPLIES_HTTP,
        .begin = begin,
        .submit = submit,
        .end = end,
    };
}
