/* SPDX-License-Identifier: MIT */
/*
 * connection.c - the turn of a connection, and when it ends.
 */
#include "load_balancer/server/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "load_balancer/server/requests.h"
#include "load_balancer/server/server_inside.h"
#include "worker/clock.h"

enum {
    /* Reads in one turn. */
    READS_MOST = 8,
    /* A client must take so many bytes of its replies, or all, in the time for sending. */
    PROGRESS_LEAST = 4096,
    /* Behind the last reply the client gets so long to notice, and may send so many bytes: what
     * is closed with bytes unread is reset, and the reply can be lost with it. */
    LINGER_MS = 2000,
    LINGER_BYTES = 4 * 1024 * 1024,
    /* Beyond the budget by so much, who has something in memory at the end of its turn is
     * closed: requests that were read while there was memory may have replies that nobody
     * takes. */
    MEMORY_BEYOND = 1024 * 1024,
    /* What is asked for in a read into memory of one's own. */
    READ_LEAST = 4096,
};

/* --- Beginning and end ----------------------------------------------------------------------
 */

bool connection_begin(struct event_loop *loop, int descriptor,
                      const struct sockaddr_storage *peer)
{
    struct connection *connection = connection_table_take(&loop->connections);
    struct server_statistics *statistics = &loop->statistics;
    uint64_t key = loop->server->key;

    if (connection == NULL) {
        close(descriptor);
        return false;
    }
    connection->descriptor = descriptor;
    connection->tag = (uint32_t)address_hash(peer, true, key);
    connection->peer = address_hash(peer, false, key);
    connection->active_ms = loop->now_ms;
    connection->writable = true;
    connection->starved = true;
    loop->settings->protocol->begin(&connection->protocol);
    if (!event_loop_watch(loop, descriptor, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                          connection->slot, connection->generation)) {
        close(descriptor);
        connection_table_give(&loop->connections, connection);
        return false;
    }
    statistics->accepted++;
    statistics->active++;
    if (statistics->active > statistics->active_most)
        statistics->active_most = statistics->active;
    /* The first bytes are often here already. */
    connection->readable = true;
    connection_turn(loop, connection);
    return true;
}

void connection_close(struct event_loop *loop, struct connection *connection)
{
    if (connection->begun)
        loop->statistics.cut_short++;
    loop->statistics.unsent += connection->next_sequence - connection->reply_sequence;
    connection_delist(connection);
    timers_stop(&loop->timers, &connection->timer);
    buffer_drop(&connection->in, &loop->budget);
    buffer_drop(&connection->out, &loop->budget);
    requests_forget(loop, connection);
    close(connection->descriptor);
    connection_table_give(&loop->connections, connection);
    loop->statistics.active--;
    atomic_fetch_sub_explicit(&loop->server->connections, 1, memory_order_relaxed);
}

/* --- Sockets
 * ---------------------------------------------------------------------------------- */

static void break_off(struct event_loop *loop, struct connection *connection)
{
    if (!connection->broken)
        loop->statistics.broken++;
    connection->broken = true;
}

/* Notes that bytes have gone; now and then that it was enough of them. */
static void note_progress(struct event_loop *loop, struct connection *connection, size_t size)
{
    loop->statistics.bytes_out += size;
    connection->active_ms = loop->now_ms;
    connection->progress += size;
    if (connection->progress >= PROGRESS_LEAST) {
        connection->progress = 0;
        connection->progress_ms = loop->now_ms;
    }
}

/* Sends what there is, as far as it goes. */
static void send_out(struct event_loop *loop, struct connection *connection)
{
    struct buffer *out = &connection->out;

    while (buffer_used(out) > 0 && connection->writable) {
        ssize_t sent = send(connection->descriptor, out->bytes + out->begin, buffer_used(out),
                            MSG_NOSIGNAL);

        if (sent > 0) {
            out->begin += (uint32_t)sent;
            note_progress(loop, connection, (size_t)sent);
        } else if (errno == EAGAIN) {
            connection->writable = false;
        } else if (errno != EINTR) {
            break_off(loop, connection);
            return;
        }
    }
    if (buffer_used(out) == 0)
        out->begin = out->end = 0;
}

/* Reads once, so much at most; false: there is nothing more to read now. */
static bool read_in(struct event_loop *loop, struct connection *connection, uint32_t most)
{
    struct buffer *in = &connection->in;
    ssize_t received;
    uint32_t room;

    if (!buffer_reserve(in, in->borrowed ? 1 : READ_LEAST, &loop->budget)) {
        break_off(loop, connection);
        return false;
    }
    room = buffer_room(in) < most ? buffer_room(in) : most;
    received = recv(connection->descriptor, in->bytes + in->end, room, 0);
    if (received > 0) {
        /* A read that was not filled has emptied the socket; what comes now comes with an
         * event. Only the end of the stream can be told already, and is with the next one. */
        if ((uint32_t)received < room && !connection->end_coming)
            connection->readable = false;
        in->end += (uint32_t)received;
        loop->statistics.bytes_in += (uint64_t)received;
        connection->active_ms = loop->now_ms;
        return true;
    }
    if (received == 0) {
        connection->ended = true;
        connection->readable = false;
    } else if (errno == EAGAIN) {
        connection->readable = false;
    } else if (errno != EINTR) {
        break_off(loop, connection);
    }
    return false;
}

/* Nobody reads what the client still sends. */
static void discard(struct event_loop *loop, struct connection *connection)
{
    ssize_t received;

    while (connection->readable && !connection->ended && !connection->broken) {
        received = recv(connection->descriptor, loop->scratch_in, EVENT_LOOP_IN_SIZE, 0);
        if (received > 0)
            connection->discarded += (uint32_t)received;
        else if (received == 0)
            connection->ended = true;
        else if (errno == EAGAIN)
            connection->readable = false;
        else if (errno != EINTR)
            connection->broken = true; /* as good as noticed */
        if (connection->discarded > LINGER_BYTES)
            connection->broken = true;
    }
}

/* --- The turn
 * ------------------------------------------------------------------------------------ */

static bool may_read(const struct connection *connection)
{
    return connection->readable && !connection->ended && !connection->finishing
        && !connection->broken && connection->starved;
}

/* How much may be read; 0: the budget stands against it. Without memory a connection that has
 * nothing yet may still try a little: a small request that comes whole needs none, and so is
 * served however many others sit on halves of theirs. And one that ends is read to its end, so
 * that it does not sit on its half until time is over. */
static uint32_t may_read_bytes(struct event_loop *loop, struct connection *connection)
{
    if (loop->budget.used < loop->budget.limit || connection->end_coming)
        return UINT32_MAX;
    if (buffer_used(&connection->in) == 0)
        return READ_LEAST;
    connection_enlist(&loop->no_memory, connection);
    loop->statistics.memory_pauses++;
    return 0;
}

static bool work(struct event_loop *loop, struct connection *connection)
{
    uint32_t most;

    for (int reads = 0; !connection->broken;) {
        requests_take(loop, connection);
        send_out(loop, connection);
        if (connection->broken)
            break;
        if (requests_can_go_on(loop, connection))
            continue; /* the output had been in the way */
        if (!may_read(connection))
            break;
        most = may_read_bytes(loop, connection);
        if (most == 0)
            break;
        if (reads++ == READS_MOST)
            return true;
        if (!read_in(loop, connection, most))
            break;
    }
    return false;
}

/* Whether all is said and done. */
static bool is_complete(const struct event_loop *loop, const struct connection *connection)
{
    bool last = connection->finishing || (connection->ended && connection->starved)
             || (loop->draining && connection->starved && !connection->begun
                 && !connection->readable);

    return last && !connection->held && buffer_used(&connection->out) == 0
        && connection->next_sequence == connection->reply_sequence;
}

/* What the connection waits for, and until when; 0: for as long as it takes. */
static uint64_t deadline(const struct event_loop *loop, const struct connection *connection)
{
    const struct server_settings *settings = loop->settings;
    uint64_t due = 0;

    if (connection->lingering)
        return connection->linger_ms;
    if (connection->rate_ms != 0)
        due = connection->rate_ms;
    if (buffer_used(&connection->out) > 0 && settings->send_ms != 0
        && (due == 0 || connection->progress_ms + settings->send_ms < due))
        due = connection->progress_ms + settings->send_ms;
    if (connection->begun && settings->request_ms != 0
        && (due == 0 || connection->begun_ms + settings->request_ms < due))
        due = connection->begun_ms + settings->request_ms;
    if (due == 0 && connection->starved && settings->idle_ms != 0
        && connection->next_sequence == connection->reply_sequence)
        due = connection->active_ms + settings->idle_ms;
    return due;
}

static void set_timer(struct event_loop *loop, struct connection *connection)
{
    uint64_t due = deadline(loop, connection);

    /* One that comes too early looks again; that is cheaper than to move it each time. */
    if (due != 0 && (!timer_is_set(&connection->timer) || connection->timer.due_ms > due))
        timers_set(&loop->timers, &connection->timer, due);
}

static void linger(struct event_loop *loop, struct connection *connection)
{
    connection->begun = false;
    if (connection->ended) {
        connection_close(loop, connection);
        return;
    }
    shutdown(connection->descriptor, SHUT_WR);
    buffer_drop(&connection->in, &loop->budget);
    connection->lingering = true;
    connection->linger_ms = loop->now_ms + LINGER_MS;
    connection_delist(connection);
    connection->readable = true;
    discard(loop, connection);
    if (connection->ended || connection->broken)
        connection_close(loop, connection);
    else
        set_timer(loop, connection);
}

static void shed(struct event_loop *loop, struct connection *connection)
{
    if (loop->budget.used <= loop->budget.limit + MEMORY_BEYOND || connection->broken
        || (connection->in.bytes == NULL && connection->out.bytes == NULL))
        return;
    loop->statistics.shed++;
    connection->broken = true;
}

/* Notes what the turn has left. */
static void note_state(struct event_loop *loop, struct connection *connection, bool more)
{
    bool paused = !connection->starved;
    bool begun = connection->starved && buffer_used(&connection->in) > 0;

    if (paused && !connection->paused)
        loop->statistics.pauses++;
    connection->paused = paused;
    if (begun && !connection->begun)
        connection->begun_ms = loop->now_ms;
    connection->begun = begun;
    if (more)
        connection_enlist(&loop->ready, connection);
}

void connection_turn(struct event_loop *loop, struct connection *connection)
{
    bool more, settled;

    if (connection->list != &loop->no_room)
        connection_delist(connection);
    if (connection->lingering) {
        discard(loop, connection);
        if (connection->ended || connection->broken)
            connection_close(loop, connection);
        return;
    }
    loop->in_turn = connection;
    buffer_borrow(&connection->in, loop->scratch_in, EVENT_LOOP_IN_SIZE);
    buffer_borrow(&connection->out, loop->scratch_out, EVENT_LOOP_OUT_SIZE);
    more = work(loop, connection);
    settled = buffer_settle(&connection->in, &loop->budget);
    settled = buffer_settle(&connection->out, &loop->budget) && settled;
    loop->in_turn = NULL;
    if (!settled)
        break_off(loop, connection);
    note_state(loop, connection, more);
    shed(loop, connection);
    if (connection->broken)
        connection_close(loop, connection);
    else if (is_complete(loop, connection))
        linger(loop, connection);
    else
        set_timer(loop, connection);
}

void connection_event(struct event_loop *loop, struct connection *connection, uint32_t events)
{
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        connection->readable = true;
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0)
        connection->writable = true;
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        connection->end_coming = true;
    /* Nothing that comes can reach it any more: neither can our replies. */
    if ((events & (EPOLLHUP | EPOLLERR)) != 0 && !connection->lingering)
        break_off(loop, connection);
    connection_turn(loop, connection);
}

/* --- Time
 * --------------------------------------------------------------------------------------- */

/* What has run out, and counts; NULL: nothing. */
static uint64_t *run_out(struct event_loop *loop, const struct connection *connection)
{
    const struct server_settings *settings = loop->settings;
    uint64_t now_ms = loop->now_ms;

    if (settings->send_ms != 0 && buffer_used(&connection->out) > 0
        && now_ms >= connection->progress_ms + settings->send_ms)
        return &loop->statistics.send_timeouts;
    if (settings->request_ms != 0 && connection->begun
        && now_ms >= connection->begun_ms + settings->request_ms)
        return &loop->statistics.request_timeouts;
    if (settings->idle_ms != 0 && connection->starved && !connection->begun
        && buffer_used(&connection->out) == 0
        && connection->next_sequence == connection->reply_sequence
        && now_ms >= connection->active_ms + settings->idle_ms)
        return &loop->statistics.idle_timeouts;
    return NULL;
}

void connection_due(struct event_loop *loop, struct connection *connection)
{
    uint64_t *counter;

    if (connection->lingering) {
        if (loop->now_ms >= connection->linger_ms)
            connection_close(loop, connection);
        else
            set_timer(loop, connection);
        return;
    }
    counter = run_out(loop, connection);
    if (counter != NULL) {
        ++*counter;
        connection->begun = false; /* counted as what it is */
        connection_close(loop, connection);
    } else if (connection->rate_ms != 0 && loop->now_ms >= connection->rate_ms) {
        connection->rate_ms = 0;
        connection_turn(loop, connection);
    } else {
        set_timer(loop, connection);
    }
}
