/* SPDX-License-Identifier: MIT */
/*
 * requests.c - out in order, back in order.
 *
 * The common case costs nothing: the reply comes before `submit` returns, or is the next one to
 * be written, and goes right into the output. The ring of pending replies gets its memory when
 * a request is first left without one.
 */
#include "load_balancer/server/requests.h"

#include <stdlib.h>
#include <string.h>

#include "load_balancer/server/server_inside.h"
#include "worker/clock.h"

static uint32_t pending_count(const struct connection *connection)
{
    return connection->next_sequence - connection->reply_sequence;
}

static struct connection_pending *pending_at(const struct event_loop *loop,
                                             const struct connection *connection,
                                             uint32_t sequence)
{
    return &connection->pending[sequence % loop->settings->max_pending];
}

/* --- Replies --------------------------------------------------------------------------------
 */

static void fail(struct event_loop *loop, struct connection *connection)
{
    if (!connection->broken)
        loop->statistics.broken++;
    connection->broken = true;
}

/* A response of http that somebody else has made. That it is the last one is to be said in its
 * head, behind the line of the status. */
static bool add_whole(struct event_loop *loop, struct buffer *out, uint8_t note,
                      const uint8_t *bytes, uint32_t size)
{
    static const char last[] = "Connection: close\r\n";
    const uint8_t *newline = memchr(bytes, '\n', size);
    uint32_t line = newline == NULL ? 0 : (uint32_t)(newline + 1 - bytes);

    if ((note & PROTOCOL_NOTE_CLOSE) == 0 || line == 0)
        return buffer_add(out, bytes, size, &loop->budget);
    return buffer_reserve(out, size + sizeof(last) - 1, &loop->budget)
        && buffer_add(out, bytes, line, &loop->budget)
        && buffer_add(out, last, sizeof(last) - 1, &loop->budget)
        && buffer_add(out, bytes + line, size - line, &loop->budget);
}

/* A reply with what stands around it, at the end of a buffer. */
static bool add_reply(struct event_loop *loop, struct buffer *out,
                      enum protocol_outcome outcome, uint8_t note, const uint8_t *bytes,
                      uint32_t size)
{
    struct buffer_budget *budget = &loop->budget;
    struct protocol_around around;

    if ((note & PROTOCOL_NOTE_AS_IS) != 0)
        return buffer_add(out, bytes, size, budget);
    if (loop->handler->whole_replies && outcome == PROTOCOL_REPLY)
        return add_whole(loop, out, note, bytes, size);
    around.date = loop->settings->protocol->http ? event_loop_date(loop) : "";
    loop->settings->protocol->around(&around, outcome, note, size);
    return buffer_reserve(out, around.before_size + size + around.behind_size, budget)
        && buffer_add(out, around.before, around.before_size, budget)
        && (!around.bytes || buffer_add(out, bytes, size, budget))
        && buffer_add(out, around.behind, around.behind_size, budget);
}

/* Counts a reply that has been written. */
static void written(struct event_loop *loop, struct connection *connection, uint8_t note)
{
    connection->reply_sequence++;
    if ((note & PROTOCOL_NOTE_AS_IS) == 0)
        loop->statistics.replies++;
    if ((note & PROTOCOL_NOTE_CLOSE) != 0)
        connection->finishing = true;
}

/* Writes the replies that were waiting for the one that has just been written. */
static void write_waiting(struct event_loop *loop, struct connection *connection)
{
    while (connection->pending != NULL && pending_count(connection) > 0) {
        struct connection_pending *next =
                pending_at(loop, connection, connection->reply_sequence);
        struct buffer reply = { .bytes = next->bytes, .capacity = next->size };

        if (!next->replied)
            return;
        if (!buffer_add(&connection->out, next->bytes, next->size, &loop->budget))
            fail(loop, connection);
        buffer_drop(&reply, &loop->budget);
        *next = (struct connection_pending){ .note = next->note };
        written(loop, connection, next->note);
    }
}

/* A reply that is not yet the next one. */
static void keep(struct event_loop *loop, struct connection *connection,
                 struct connection_pending *pending, enum protocol_outcome outcome,
                 const uint8_t *bytes, uint32_t size)
{
    struct buffer reply = { 0 };

    if (!add_reply(loop, &reply, outcome, pending->note, bytes, size)) {
        fail(loop, connection);
        return;
    }
    /* The size is what it is accounted with, when it is dropped. */
    loop->budget.used -= reply.capacity - reply.end;
    pending->bytes = reply.bytes;
    pending->size = reply.end;
    pending->replied = true;
}

static bool ensure_ring(struct event_loop *loop, struct connection *connection)
{
    uint32_t count = loop->settings->max_pending;

    if (connection->pending != NULL)
        return true;
    connection->pending = calloc(count, sizeof(*connection->pending));
    if (connection->pending == NULL)
        return false;
    loop->budget.used += (uint64_t)count * sizeof(*connection->pending);
    return true;
}

void requests_forget(struct event_loop *loop, struct connection *connection)
{
    uint32_t count = loop->settings->max_pending;

    if (connection->pending == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        loop->budget.used -= connection->pending[i].size + connection->pending[i].expected;
        free(connection->pending[i].bytes);
    }
    free(connection->pending);
    connection->pending = NULL;
    loop->budget.used -= (uint64_t)count * sizeof(*connection->pending);
}

/* The request that the reply is to, if it still waits for one. */
static struct connection *find(struct event_loop *loop, const struct server_request_id *id)
{
    struct connection *connection =
            connection_find(&loop->connections, id->slot, id->generation);

    if (connection == NULL || connection->lingering
        || id->sequence - connection->reply_sequence >= pending_count(connection))
        return NULL;
    return connection;
}

static void reply_to_connection(struct event_loop *loop, struct connection *connection,
                                uint32_t sequence, enum protocol_outcome outcome,
                                const uint8_t *bytes, uint32_t size)
{
    bool now = connection->submitting && sequence == connection->next_sequence - 1;
    struct connection_pending *pending = NULL;
    uint8_t note = connection->item.note;

    if (!now || sequence != connection->reply_sequence) {
        if (!ensure_ring(loop, connection)) {
            fail(loop, connection);
            return;
        }
        pending = pending_at(loop, connection, sequence);
        if (now)
            *pending = (struct connection_pending){ .note = note };
        if (pending->replied) {
            loop->statistics.late++;
            return;
        }
        note = pending->note;
        loop->budget.used -= pending->expected;
        pending->expected = 0;
    }
    connection->submit_replied = connection->submit_replied || now;
    if (sequence == connection->reply_sequence) {
        if (buffer_used(&connection->out) == 0) {
            connection->progress_ms = loop->now_ms;
            connection->progress = 0;
        }
        if (!add_reply(loop, &connection->out, outcome, note, bytes, size))
            fail(loop, connection);
        written(loop, connection, note);
        if (pending_count(connection) > 0)
            write_waiting(loop, connection);
    } else {
        keep(loop, connection, pending, outcome, bytes, size);
    }
    if (connection != loop->in_turn)
        connection_enlist(&loop->ready, connection);
}

void server_reply(struct event_loop *loop, const struct server_request_id *id,
                  enum protocol_outcome outcome, const uint8_t *bytes, uint32_t size)
{
    struct connection *connection;

    if (datagrams_are_of(id)) {
        datagrams_reply(loop, id, outcome, bytes, size);
        return;
    }
    connection = find(loop, id);
    if (connection == NULL)
        loop->statistics.late++;
    else
        reply_to_connection(loop, connection, id->sequence, outcome, bytes, size);
}

void server_lost(struct event_loop *loop, const struct server_request_id *id)
{
    struct connection *connection;

    loop->statistics.lost++;
    if (datagrams_are_of(id)) {
        datagrams_reply(loop, id, PROTOCOL_NO_REPLY, NULL, 0);
        return;
    }
    connection = find(loop, id);
    if (connection == NULL)
        return;
    connection->broken = true;
    if (connection->submitting)
        connection->submit_replied = true;
    if (connection != loop->in_turn)
        connection_enlist(&loop->ready, connection);
}

/* --- Requests --------------------------------------------------------------------------------
 */

/* The last words to a client that does not speak the protocol, behind the replies to what it
 * had asked before. */
static void refuse(struct event_loop *loop, struct connection *connection)
{
    const char *error = connection->item.error == NULL ? "" : connection->item.error;
    uint32_t sequence = connection->next_sequence++;

    loop->statistics.bad_input++;
    buffer_drop(&connection->in, &loop->budget);
    connection->item.note = PROTOCOL_NOTE_AS_IS | PROTOCOL_NOTE_CLOSE;
    connection->finishing = true;
    connection->submitting = true;
    reply_to_connection(loop, connection, sequence, PROTOCOL_REPLY, (const uint8_t *)error,
                        (uint32_t)strlen(error));
    connection->submitting = false;
}

/* Looks for the next request; false: there is none, or none that is whole. */
static bool look(struct event_loop *loop, struct connection *connection)
{
    struct buffer *in = &connection->in;
    enum protocol_result result = PROTOCOL_MORE;

    if (buffer_used(in) > 0)
        result = loop->settings->protocol->next(&connection->protocol, in->bytes + in->begin,
                                                buffer_used(in), loop->settings->max_request,
                                                &connection->item);
    else
        connection->item.interim = NULL;
    if (result == PROTOCOL_ITEM) {
        connection->held = true;
        return true;
    }
    if (result == PROTOCOL_BAD)
        refuse(loop, connection);
    else if (connection->item.interim != NULL && pending_count(connection) == 0)
        buffer_add(&connection->out, connection->item.interim,
                   (uint32_t)strlen(connection->item.interim), &loop->budget);
    connection->starved = true;
    return false;
}

static bool rate_allows(struct event_loop *loop, struct connection *connection)
{
    uint64_t wait_ns;

    if (loop->server->rate.every_ns == 0)
        return true;
    if (connection->rate_ms != 0 && loop->now_ms < connection->rate_ms)
        return false;
    connection->rate_ms = 0;
    wait_ns = rate_take(&loop->server->rate, connection->peer, clock_ns());
    if (wait_ns == 0)
        return true;
    loop->statistics.rate_pauses++;
    connection->rate_ms = loop->now_ms + wait_ns / NS_PER_MS + 1;
    return false;
}

/* Hands out the request that is held; false: there was no room. */
static bool submit(struct event_loop *loop, struct connection *connection)
{
    struct buffer *in = &connection->in;
    struct protocol_item *item = &connection->item;
    struct server_request request = {
        .id = { connection->slot, connection->generation, connection->next_sequence },
        .tag = connection->tag,
        .size = item->size,
        .payload_offset = item->payload_offset,
        .bytes = in->bytes + in->begin + item->begin,
    };
    bool taken;

    /* Behind the last request that has come before the end, there is no other. */
    if (loop->draining && item->consumed == buffer_used(in))
        item->note |= PROTOCOL_NOTE_CLOSE;
    connection->next_sequence++;
    connection->submitting = true;
    connection->submit_replied = false;
    taken = loop->handler->submit(loop->handler_context, loop, &request);
    connection->submitting = false;
    if (!taken) {
        connection->next_sequence--;
        loop->handler_full = true;
        connection_enlist(&loop->no_room, connection);
        return false;
    }
    connection->held = connection->begun = false;
    in->begin += item->consumed;
    loop->statistics.requests++;
    if (!connection->submit_replied) {
        if (!ensure_ring(loop, connection)) {
            fail(loop, connection);
            return false;
        }
        /* What it asks for will come; a reply is about as long. */
        *pending_at(loop, connection, request.id.sequence) =
                (struct connection_pending){ .note = item->note, .expected = request.size };
        loop->budget.used += request.size;
    }
    if ((item->note & PROTOCOL_NOTE_CLOSE) != 0) {
        connection->finishing = true;
        buffer_drop(in, &loop->budget);
    }
    return true;
}

bool requests_can_go_on(const struct event_loop *loop, const struct connection *connection)
{
    return !connection->starved && !connection->finishing && !connection->broken
        && pending_count(connection) < loop->settings->max_pending
        && buffer_used(&connection->out) < CONNECTION_OUT_HIGH && connection->rate_ms == 0
        && connection->list != &loop->no_room;
}

void requests_take(struct event_loop *loop, struct connection *connection)
{
    if (connection->list == &loop->no_room || connection->rate_ms != 0)
        return;
    connection->starved = false;
    while (!connection->finishing && !connection->broken) {
        if (!requests_can_go_on(loop, connection))
            return;
        if (!connection->held && !look(loop, connection))
            return;
        if (!rate_allows(loop, connection) || !submit(loop, connection))
            return;
    }
}

void server_room(struct event_loop *loop)
{
    struct connection *connection;

    loop->handler_full = false;
    while ((connection = loop->no_room.first) != NULL)
        connection_enlist(&loop->ready, connection);
}
