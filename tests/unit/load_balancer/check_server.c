/* SPDX-License-Identifier: MIT */
/*
 * check_server.c - replies find their connection, in order, whenever and in whatever order the
 * handler gives them, or not at all; and a handler without room stops who sends.
 *
 * The handler here keeps requests on a shelf until the test says what is to become of them.
 */
#include "load_balancer/server/server.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "support/eventually.h"
#include "support/suite.h"

enum {
    SHELF = 256,
    LINE_SIZE = 32,
};

enum command {
    REVERSE,    /* reply to all, the last one first */
    TWICE,      /* reply twice to each */
    LOSE,       /* say that no reply will come */
    FIRST_LAST, /* reply to all but the first, which stays */
};

struct request {
    struct server_request_id id;
    uint32_t tag;
    uint8_t bytes[LINE_SIZE];
    uint32_t size;
};

/* Used in the loop's thread; `count` and `refused` are looked at by the test. */
static struct {
    struct request requests[SHELF];
    uint32_t capacity;
    int descriptor;
    _Atomic int command;
    _Atomic uint32_t count;
    _Atomic uint32_t refused;
    _Atomic uint32_t done; /* commands */
} shelf;

static struct server_settings settings;
static struct server_handler handler;
static struct server *server;
static struct server_address at;

/* --- The handler ------------------------------------------------------------------------- */

static void *begin(void *context, struct event_loop *loop, uint32_t number, int *descriptor,
                   char *reason, size_t reason_size)
{
    (void)loop;
    (void)number;
    (void)reason;
    (void)reason_size;
    *descriptor = shelf.descriptor;
    return context;
}

static bool submit(void *context, struct event_loop *loop, const struct server_request *request)
{
    uint32_t count = atomic_load(&shelf.count);
    struct request *kept = &shelf.requests[count];

    (void)context;
    (void)loop;
    if (count == shelf.capacity) {
        atomic_fetch_add(&shelf.refused, 1);
        return false;
    }
    kept->id = request->id;
    kept->tag = request->tag;
    kept->size = request->size < LINE_SIZE ? request->size : LINE_SIZE;
    memcpy(kept->bytes, request->bytes, kept->size);
    atomic_store(&shelf.count, count + 1);
    return true;
}

static void reply(struct event_loop *loop, const struct request *request)
{
    server_reply(loop, &request->id, PROTOCOL_REPLY, request->bytes, request->size);
}

static void collect(void *context, struct event_loop *loop)
{
    uint32_t count = atomic_load(&shelf.count), keep;
    int command = atomic_load(&shelf.command);
    uint64_t one;

    (void)context;
    if (read(shelf.descriptor, &one, sizeof(one)) < 0)
        return;
    keep = command == FIRST_LAST ? 1 : 0;
    for (uint32_t i = count; i-- > keep;) {
        if (command == LOSE) {
            server_lost(loop, &shelf.requests[i].id);
            continue;
        }
        reply(loop, &shelf.requests[i]);
        if (command == TWICE)
            reply(loop, &shelf.requests[i]);
    }
    atomic_store(&shelf.count, keep);
    atomic_fetch_add(&shelf.done, 1);
    server_room(loop);
}

/* Has the loop do this to what is on the shelf, and waits until it is done. */
static void tell(enum command command)
{
    static const uint64_t one = 1;
    uint32_t done = atomic_load(&shelf.done);

    atomic_store(&shelf.command, command);
    ck_assert_int_eq(write(shelf.descriptor, &one, sizeof(one)), sizeof(one));
    ck_assert(eventually(atomic_load(&shelf.done) != done));
}

static void await_count(uint32_t count)
{
    ck_assert_msg(eventually(atomic_load(&shelf.count) == count), "%u on the shelf, not %u",
                  atomic_load(&shelf.count), count);
}

/* --- The server --------------------------------------------------------------------------- */

static void before(void)
{
    char reason[SERVER_REASON_SIZE] = "";

    shelf.descriptor = eventfd(0, EFD_NONBLOCK);
    shelf.capacity = SHELF;
    handler = (struct server_handler){
        .context = &shelf, .begin = begin, .submit = submit, .collect = collect
    };
    settings = (struct server_settings){
        .address_count = 1,
        .loops = 1,
        .accept = SERVER_ACCEPT_EXCLUSIVE,
        .protocol = &protocol_line,
        .max_connections = 100,
        .max_pending = 64,
        .max_request = 100000,
        .max_memory_mib = 64,
        .idle_ms = 60000,
        .drain_ms = 20000,
    };
    ck_assert(address_read(&settings.addresses[0], "tcp:127.0.0.1:0", reason, sizeof(reason)));
}

static void serve(void)
{
    char reason[SERVER_REASON_SIZE] = "";

    server = server_open(&settings, &handler, reason);
    ck_assert_msg(server != NULL, "%s", reason);
    ck_assert_msg(server_start(server, reason), "%s", reason);
    ck_assert(server_listens_at(server, 0, &at));
}

static struct server_statistics end(void)
{
    struct server_statistics statistics;

    server_stop(server);
    server_join(server);
    statistics = *server_loop_statistics(server, 0);
    server_close(server);
    return statistics;
}

/* --- Clients --------------------------------------------------------------------------------
 */

static int dial(void)
{
    struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
    int client = socket(at.socket.ss_family, SOCK_STREAM, 0);

    ck_assert_int_ge(client, 0);
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ck_assert_int_eq(connect(client, (struct sockaddr *)&at.socket, at.length), 0);
    return client;
}

static void say(int client, const char *text)
{
    ck_assert_int_eq(send(client, text, strlen(text), MSG_NOSIGNAL), (int)strlen(text));
}

/* So many lines, "word 1", "word 2", ... in one piece. */
static void say_lines(int client, const char *word, int count)
{
    char text[8192];
    size_t used = 0;

    for (int i = 1; i <= count; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %d\n", word, i);
    say(client, text);
}

static void expect(int client, const char *text)
{
    char got[8192];
    size_t size = strlen(text);
    ssize_t received = recv(client, got, size, MSG_WAITALL);

    ck_assert_int_eq(received, (ssize_t)size);
    ck_assert_mem_eq(got, text, size);
}

static void expect_lines(int client, const char *word, int count)
{
    for (int i = 1; i <= count; i++) {
        char line[LINE_SIZE];

        snprintf(line, sizeof(line), "%s %d\n", word, i);
        expect(client, line);
    }
}

static void expect_end(int client)
{
    char one;

    ck_assert_int_le(recv(client, &one, 1, 0), 0);
    close(client);
}

/* --- Order
 * ------------------------------------------------------------------------------------ */

START_TEST(replies_come_in_the_order_of_the_requests)
{
    struct server_statistics statistics;
    int first, second;

    serve();
    first = dial();
    second = dial();
    say_lines(first, "first", 20);
    await_count(20);
    say_lines(second, "second", 20);
    await_count(40);
    tell(REVERSE);
    expect_lines(first, "first", 20);
    expect_lines(second, "second", 20);
    /* And once more, over the end of the ring. */
    for (int i = 0; i < 10; i++) {
        say_lines(first, "again", 30);
        await_count(30);
        tell(i % 2 == 0 ? REVERSE : TWICE);
        expect_lines(first, "again", 30);
    }
    close(first);
    close(second);
    statistics = end();
    ck_assert_uint_eq(statistics.requests, 340);
    ck_assert_uint_eq(statistics.replies, 340);
    /* Those that came too often. */
    ck_assert_uint_eq(statistics.late, 150);
}
END_TEST

START_TEST(one_tag_belongs_to_one_connection)
{
    int first, second;

    serve();
    first = dial();
    second = dial();
    say_lines(first, "first", 2);
    await_count(2);
    say_lines(second, "second", 1);
    await_count(3);
    ck_assert_uint_eq(shelf.requests[0].tag, shelf.requests[1].tag);
    ck_assert_uint_ne(shelf.requests[0].tag, shelf.requests[2].tag);
    tell(REVERSE);
    close(first);
    close(second);
    end();
}
END_TEST

/* --- Room
 * ------------------------------------------------------------------------------------- */

START_TEST(pending_requests_are_no_more_than_may_be)
{
    int first, second;

    settings.max_pending = 4;
    serve();
    first = dial();
    say_lines(first, "first", 10);
    await_count(4);
    /* Another one is heard, so the loop has gone round, and the first was not. */
    second = dial();
    say_lines(second, "second", 1);
    await_count(5);
    ck_assert_str_eq((const char *)shelf.requests[4].bytes, "second 1");
    tell(FIRST_LAST);
    expect_lines(second, "second", 1);
    await_count(1); /* the first reply is missing: nothing of the first goes on */
    tell(REVERSE);
    await_count(4);
    tell(REVERSE);
    await_count(2);
    tell(REVERSE);
    expect_lines(first, "first", 10);
    close(first);
    close(second);
    end();
}
END_TEST

START_TEST(a_handler_without_room_is_asked_again)
{
    struct server_statistics statistics;
    int clients[3];

    shelf.capacity = 5;
    serve();
    for (int i = 0; i < 3; i++) {
        clients[i] = dial();
        say_lines(clients[i], "client", 7);
    }
    for (int left = 21; left > 0; left -= 5) {
        await_count(left < 5 ? (uint32_t)left : 5);
        tell(REVERSE);
    }
    for (int i = 0; i < 3; i++) {
        expect_lines(clients[i], "client", 7);
        close(clients[i]);
    }
    ck_assert_uint_gt(atomic_load(&shelf.refused), 0);
    statistics = end();
    ck_assert_uint_eq(statistics.replies, 21);
    ck_assert_uint_gt(statistics.pauses, 0);
}
END_TEST

/* A client that sends and sends is stopped by the kernel, since nobody reads. */
START_TEST(a_full_handler_stops_the_sender)
{
    static char lines[65536];
    size_t sent = 0;
    ssize_t size;
    int client, patience = 0;

    memset(lines, '\n', sizeof(lines));
    shelf.capacity = 1;
    serve();
    client = dial();
    /* Until the kernel takes nothing for a while: 20 times 10 ms. */
    while (patience < 20) {
        size = send(client, lines, sizeof(lines), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (size > 0) {
            sent += (size_t)size;
            patience = 0;
        } else {
            patience++;
            usleep(10000);
        }
        ck_assert_uint_lt(sent, 64 << 20);
    }
    close(client);
    tell(REVERSE);
    server_stop(server); /* the second time, with end(): at once */
    ck_assert_uint_lt(end().memory_most, 1 << 20);
}
END_TEST

/* --- What does not come
 * ------------------------------------------------------------------------- */

START_TEST(a_lost_request_closes_its_connection_alone)
{
    struct server_statistics statistics;
    int first, second;

    serve();
    first = dial();
    second = dial();
    say_lines(first, "first", 3);
    await_count(3);
    tell(LOSE);
    expect_end(first);
    say_lines(second, "second", 1);
    await_count(1);
    tell(REVERSE);
    expect_lines(second, "second", 1);
    close(second);
    statistics = end();
    ck_assert_uint_eq(statistics.lost, 3);
    ck_assert_uint_eq(statistics.replies, 1);
}
END_TEST

START_TEST(a_reply_does_not_go_to_who_came_later)
{
    struct server_statistics statistics;
    struct linger reset = { .l_onoff = 1 };
    uint64_t abandoned = 0;
    int first, second;

    settings.drain_ms = 100;
    serve();
    first = dial();
    say_lines(first, "first", 3);
    await_count(3);
    setsockopt(first, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(first);
    /* Free slots are taken again, the one that was given back last first; until the reset was
     * noticed there is another one. */
    for (;;) {
        second = dial();
        say_lines(second, "second", 1);
        await_count(4);
        if (shelf.requests[3].id.slot == shelf.requests[0].id.slot)
            break;
        shutdown(second, SHUT_WR);
        atomic_fetch_sub(&shelf.count, 1);
        abandoned++;
        close(second);
    }
    ck_assert_uint_ne(shelf.requests[3].id.generation, shelf.requests[0].id.generation);
    tell(REVERSE);
    expect_lines(second, "second", 1);
    shutdown(second, SHUT_WR);
    expect_end(second);
    statistics = end();
    ck_assert_uint_eq(statistics.late, 3);
    ck_assert_uint_eq(statistics.broken, 1);
    ck_assert_uint_eq(statistics.drained_by_force, abandoned);
}
END_TEST

START_TEST(who_has_sent_all_gets_all_replies)
{
    int client;

    serve();
    client = dial();
    say_lines(client, "line", 5);
    shutdown(client, SHUT_WR);
    await_count(5);
    tell(REVERSE);
    expect_lines(client, "line", 5);
    expect_end(client);
    ck_assert_uint_eq(end().broken, 0);
}
END_TEST

/* --- The end
 * -------------------------------------------------------------------------------------- */

START_TEST(the_end_waits_for_replies)
{
    struct server_statistics statistics;
    int busy, idle;

    serve();
    busy = dial();
    idle = dial();
    say_lines(busy, "busy", 3);
    await_count(3);
    server_stop(server);
    expect_end(idle);
    ck_assert(!server_ended(server));
    tell(REVERSE);
    expect_lines(busy, "busy", 3);
    expect_end(busy);
    ck_assert(eventually(server_ended(server)));
    server_join(server);
    statistics = *server_loop_statistics(server, 0);
    server_close(server);
    ck_assert_uint_eq(statistics.active, 0);
    ck_assert_uint_eq(statistics.drained_by_force, 0);
}
END_TEST

START_TEST(the_end_does_not_wait_longer_than_it_may)
{
    struct server_statistics statistics;
    int64_t began = now_us();
    int busy;

    settings.drain_ms = 200;
    serve();
    busy = dial();
    say_lines(busy, "busy", 3);
    await_count(3);
    statistics = end();
    ck_assert_int_ge(now_us() - began, 200000);
    expect_end(busy);
    ck_assert_uint_eq(statistics.drained_by_force, 1);
}
END_TEST

START_TEST(a_second_stop_is_at_once)
{
    int busy;

    settings.drain_ms = 0;
    serve();
    busy = dial();
    say_lines(busy, "busy", 3);
    await_count(3);
    server_stop(server);
    ck_assert(!server_ended(server));
    ck_assert_uint_eq(end().drained_by_force, 1);
    close(busy);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { replies_come_in_the_order_of_the_requests, 1 },
        { one_tag_belongs_to_one_connection, 1 },
        { pending_requests_are_no_more_than_may_be, 1 },
        { a_handler_without_room_is_asked_again, 1 },
        { a_full_handler_stops_the_sender, 1 },
        { a_lost_request_closes_its_connection_alone, 1 },
        { a_reply_does_not_go_to_who_came_later, 1 },
        { who_has_sent_all_gets_all_replies, 1 },
        { the_end_waits_for_replies, 1 },
        { the_end_does_not_wait_longer_than_it_may, 1 },
        { a_second_stop_is_at_once, 1 },
    };

    return suite_run_between("server", before, NULL, tests, SUITE_LENGTH(tests));
}
