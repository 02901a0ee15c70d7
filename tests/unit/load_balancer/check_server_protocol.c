/* SPDX-License-Identifier: MIT */
/*
 * check_server_protocol.c - each protocol finds the same items in a stream however it is cut
 * into pieces, keeps its limits, and writes replies as it says.
 */
#include "load_balancer/server/protocol.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/suite.h"

enum {
    MOST = 1000,
};

/* What a stream consists of: items one after another, and how it ended. */
struct found {
    char text[8192]; /* each item in parentheses, its payload behind a bar; a close as "!" */
    enum protocol_result last;
    const char *error;
    bool interim;
};

static void note(struct found *found, const uint8_t *bytes, const struct protocol_item *item)
{
    size_t used = strlen(found->text);

    ck_assert_uint_le(item->begin + item->size, item->consumed);
    ck_assert_uint_le(item->payload_offset, item->size);
    snprintf(found->text + used, sizeof(found->text) - used, "(%.*s|%.*s)%s%s",
             (int)item->payload_offset, (const char *)bytes + item->begin,
             (int)(item->size - item->payload_offset),
             (const char *)bytes + item->begin + item->payload_offset,
             (item->note & PROTOCOL_NOTE_CLOSE) != 0 ? "!" : "",
             (item->note & PROTOCOL_NOTE_NO_BODY) != 0 ? "-" : "");
}

/* Feeds the stream in pieces of so many bytes. Each time the bytes are in memory of exactly
 * their number, so that a look beyond them is seen by the sanitizers. */
static struct found feed(const struct protocol *protocol, const char *stream, size_t size,
                         size_t piece)
{
    struct found found = { .last = PROTOCOL_MORE };
    struct protocol_state state;
    uint8_t *bytes = malloc(size + 1);
    uint32_t begin = 0, end = 0;
    struct protocol_item item;

    memcpy(bytes, stream, size);
    protocol->begin(&state);
    while (end < size && found.last != PROTOCOL_BAD) {
        end = end + piece < size ? end + (uint32_t)piece : (uint32_t)size;
        do {
            uint8_t *shown = malloc(end - begin);

            if (end == begin) {
                free(shown);
                break;
            }
            memcpy(shown, bytes + begin, end - begin);
            found.last = protocol->next(&state, shown, end - begin, MOST, &item);
            if (found.last == PROTOCOL_ITEM)
                note(&found, shown, &item);
            found.error = item.error;
            found.interim =
                    found.interim || (found.last == PROTOCOL_MORE && item.interim != NULL);
            memcpy(bytes + begin, shown, end - begin);
            free(shown);
            if (found.last == PROTOCOL_ITEM)
                begin += item.consumed;
        } while (found.last == PROTOCOL_ITEM);
    }
    free(bytes);
    return found;
}

/* The same whatever the pieces. */
static struct found feed_all_ways(const struct protocol *protocol, const char *stream,
                                  size_t size)
{
    struct found whole = feed(protocol, stream, size, size);

    for (size_t piece = 1; piece < size && piece < 40; piece++) {
        struct found found = feed(protocol, stream, size, piece);

        ck_assert_str_eq(found.text, whole.text);
        ck_assert_int_eq(found.last == PROTOCOL_BAD, whole.last == PROTOCOL_BAD);
        ck_assert_ptr_eq(found.error, whole.error);
    }
    return whole;
}

/* --- Frames and lines ------------------------------------------------------------------------
 */

START_TEST(frames_are_found)
{
    static const char stream[] = "\0\0\0\3abc\0\0\0\0\0\0\0\1x\0\0\0";
    struct found found = feed_all_ways(&protocol_frame, stream, sizeof(stream) - 1);

    ck_assert_str_eq(found.text, "(|abc)(|)(|x)");
    ck_assert_int_eq(found.last, PROTOCOL_MORE);
}
END_TEST

START_TEST(a_frame_may_be_as_long_as_the_limit_and_no_longer)
{
    char stream[4 + MOST] = { 0, 0, (char)(MOST >> 8), (char)(MOST & 0xff) };
    struct found found;

    memset(stream + 4, 'a', MOST);
    found = feed(&protocol_frame, stream, sizeof(stream), 100);
    ck_assert_uint_eq(strlen(found.text), MOST + 3);
    stream[3]++;
    ck_assert_int_eq(feed_all_ways(&protocol_frame, stream, 4).last, PROTOCOL_BAD);
    memset(stream, 0xff, 4);
    ck_assert_int_eq(feed_all_ways(&protocol_frame, stream, 4).last, PROTOCOL_BAD);
}
END_TEST

START_TEST(lines_are_found)
{
    static const char stream[] = "one\n\ntwo\r\n three \nfour";
    struct found found = feed_all_ways(&protocol_line, stream, sizeof(stream) - 1);

    ck_assert_str_eq(found.text, "(|one)(|)(|two\r)(| three )");
    ck_assert_int_eq(found.last, PROTOCOL_MORE);
}
END_TEST

START_TEST(a_line_may_be_as_long_as_the_limit_and_no_longer)
{
    char stream[MOST + 2];

    memset(stream, 'a', sizeof(stream));
    stream[MOST] = '\n';
    ck_assert_uint_eq(strlen(feed_all_ways(&protocol_line, stream, MOST + 1).text), MOST + 3);
    stream[MOST] = 'a';
    stream[MOST + 1] = '\n';
    ck_assert_int_eq(feed_all_ways(&protocol_line, stream, MOST + 2).last, PROTOCOL_BAD);
    ck_assert_int_eq(feed_all_ways(&protocol_line, stream, MOST + 1).last, PROTOCOL_BAD);
    ck_assert_int_eq(feed_all_ways(&protocol_line, stream, MOST).last, PROTOCOL_MORE);
}
END_TEST

/* --- HTTP
 * ---------------------------------------------------------------------------------------- */

static const struct {
    const char *stream;
    const char *items;
} requests[] = {
    { "GET / HTTP/1.1\r\n\r\n", "(GET / HTTP/1.1\r\n\r\n|)" },
    { "GET /a HTTP/1.1\r\nHost: b\r\n\r\nHEAD /c HTTP/1.1\r\n\r\nGET /d HTTP/1.1\r\n",
      "(GET /a HTTP/1.1\r\nHost: b\r\n\r\n|)(HEAD /c HTTP/1.1\r\n\r\n|)-" },
    { "\r\n\r\nGET / HTTP/1.1\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n",
      "(GET / HTTP/1.1\r\n\r\n|)(GET / HTTP/1.1\r\n\r\n|)" },
    { "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n\r\n",
      "(POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n|hello)(GET / HTTP/1.1\r\n\r\n|)" },
    { "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
      "(POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n|)(GET / HTTP/1.1\r\n\r\n|)" },
    { "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\nA;x=y\r\n0123456789\r\n1\r\nz\r\n0\r\nTrailer: t\r\n\r\n"
      "GET / HTTP/1.1\r\n\r\n",
      "(POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n|abc0123456789z)"
      "(GET / HTTP/1.1\r\n\r\n|)" },
    { "PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "(PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n|)" },
    { "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
      "(GET / HTTP/1.1\r\nConnection: close\r\n\r\n|)!" },
    { "GET / HTTP/1.0\r\n\r\n", "(GET / HTTP/1.0\r\n\r\n|)!" },
    { "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
      "(GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n|)!" },
    { "GET / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\nGET /b HTTP/1.1\r\n\r\n",
      "(GET / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n|)"
      "(GET /b HTTP/1.1\r\n\r\n|)" },
};

START_TEST(requests_are_found)
{
    struct found found =
            feed_all_ways(&protocol_http, requests[_i].stream, strlen(requests[_i].stream));

    ck_assert_str_eq(found.text, requests[_i].items);
    ck_assert_int_ne(found.last, PROTOCOL_BAD);
}
END_TEST

static const struct {
    const char *stream;
    const char *status;
} refused[] = {
    { "this is no request\r\n\r\n", "400" },
    { "GET / HTTP/1.1\r\nno colon\r\n\r\n", "400" },
    { "GET / HTTP/2.0\r\n\r\n", "505" },
    { "GET /\r\n\r\n", "505" },
    { "CONNECT host:443 HTTP/1.1\r\n\r\n", "501" },
    { "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "400" },
    { "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400" },
    { "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", "400" },
    { "POST / HTTP/1.1\r\nContent-Length: 18446744073709551614\r\n\r\n", "4" },
    { "POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n", "413" },
    /* Two servers could see two ends of it. */
    { "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "400" },
    { "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "400" },
    { "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nx", "400" },
    { "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "400" },
    { "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n", "400" },
};

START_TEST(what_is_no_request_is_refused_with_a_status)
{
    struct found found =
            feed_all_ways(&protocol_http, refused[_i].stream, strlen(refused[_i].stream));
    char begin[16];

    ck_assert_int_eq(found.last, PROTOCOL_BAD);
    snprintf(begin, sizeof(begin), "HTTP/1.1 %s", refused[_i].status);
    ck_assert_msg(strncmp(found.error, begin, strlen(begin)) == 0, "%s", found.error);
}
END_TEST

/* Every page of an error is as long as it says. */
START_TEST(errors_have_the_length_they_say)
{
    struct found found =
            feed(&protocol_http, refused[_i].stream, strlen(refused[_i].stream), 1000);
    const char *length = strstr(found.error, "Content-Length: ");
    const char *body = strstr(found.error, "\r\n\r\n");

    ck_assert(length != NULL && body != NULL);
    ck_assert_uint_eq(strtoul(length + strlen("Content-Length: "), NULL, 10), strlen(body + 4));
}
END_TEST

/* The beginning, then one piece again and again: what it is refused with, before so many bytes.
 */
static void expect_limit(const char *begin, const char *again, size_t most, const char *status)
{
    size_t size = strlen(begin), more = strlen(again);
    char *stream = malloc(most + more);
    struct found found;
    char expected[16];

    memcpy(stream, begin, size);
    for (; size + more <= most; size += more)
        memcpy(stream + size, again, more);
    found = feed(&protocol_http, stream, size, 700);
    free(stream);
    ck_assert_int_eq(found.last, PROTOCOL_BAD);
    snprintf(expected, sizeof(expected), "HTTP/1.1 %s", status);
    ck_assert_msg(strncmp(found.error, expected, strlen(expected)) == 0, "%s", found.error);
}

START_TEST(nothing_of_a_request_may_grow_for_ever)
{
    expect_limit("GET /", "a", 20000, "431");
    expect_limit("GET / HTTP/1.1\r\n", "Name: value\r\n", 20000, "431");
    expect_limit("GET / HTTP/1.1\r\nName: ", "value ", 20000, "431");
    expect_limit("", "\r\n", 20000, "431");
    expect_limit("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n", 8000,
                 "413");
    expect_limit("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;", "extension", 8000,
                 "413");
    expect_limit("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "Tail: er\r\n",
                 8000, "413");
}
END_TEST

START_TEST(who_waits_for_leave_to_send_the_body_gets_it)
{
    static const char head[] = "POST / HTTP/1.1\r\nexpect: 100-continue\r\nContent-Length: 3"
                               "\r\n\r\n";
    static const char without[] = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n";

    ck_assert(feed(&protocol_http, head, strlen(head), 1000).interim);
    ck_assert(feed(&protocol_http, head, strlen(head), 1).interim);
    ck_assert(!feed(&protocol_http, without, strlen(without), 1000).interim);
}
END_TEST

/* --- Replies
 * ------------------------------------------------------------------------------------- */

static const struct {
    const struct protocol *protocol;
    enum protocol_outcome outcome;
    uint8_t note;
    const char *before;
    const char *behind;
    bool bytes;
} replies[] = {
    { &protocol_line, PROTOCOL_REPLY, 0, "", "\n", true },
    { &protocol_line, PROTOCOL_NO_REPLY, 0, "", "", false },
    { &protocol_line, PROTOCOL_REFUSED, 0, "", "", false },
    { &protocol_frame, PROTOCOL_NO_REPLY, 0, "", "", false },
    { &protocol_http, PROTOCOL_REPLY, 0,
      "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: application/octet-stream\r\n"
      "Content-Length: 7\r\n\r\n",
      "", true },
    { &protocol_http, PROTOCOL_REPLY, PROTOCOL_NOTE_NO_BODY | PROTOCOL_NOTE_CLOSE,
      "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: application/octet-stream\r\n"
      "Content-Length: 7\r\nConnection: close\r\n\r\n",
      "", false },
    { &protocol_http, PROTOCOL_NO_REPLY, 0, "HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n", "",
      false },
    { &protocol_http, PROTOCOL_REFUSED, 0,
      "HTTP/1.1 403 Forbidden\r\nDate: now\r\nContent-Length: 0\r\n\r\n", "", false },
    { &protocol_http, PROTOCOL_FAILED, 0,
      "HTTP/1.1 500 Internal Server Error\r\nDate: now\r\nContent-Length: 0\r\n\r\n", "",
      false },
};

START_TEST(replies_are_framed)
{
    struct protocol_around around = { .date = "now" };

    replies[_i].protocol->around(&around, replies[_i].outcome, replies[_i].note, 7);
    ck_assert_uint_eq(around.before_size, strlen(replies[_i].before));
    ck_assert_mem_eq(around.before, replies[_i].before, around.before_size);
    ck_assert_uint_eq(around.behind_size, strlen(replies[_i].behind));
    ck_assert_mem_eq(around.behind, replies[_i].behind, around.behind_size);
    ck_assert(around.bytes == replies[_i].bytes);
}
END_TEST

START_TEST(a_frame_has_its_length_in_front)
{
    struct protocol_around around = { .date = "" };

    protocol_frame.around(&around, PROTOCOL_REPLY, 0, 0x01020304);
    ck_assert_uint_eq(around.before_size, 4);
    ck_assert_mem_eq(around.before, "\1\2\3\4", 4);
    ck_assert(around.bytes && around.behind_size == 0);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { frames_are_found, 1 },
        { a_frame_may_be_as_long_as_the_limit_and_no_longer, 1 },
        { lines_are_found, 1 },
        { a_line_may_be_as_long_as_the_limit_and_no_longer, 1 },
        { requests_are_found, SUITE_LENGTH(requests) },
        { what_is_no_request_is_refused_with_a_status, SUITE_LENGTH(refused) },
        { errors_have_the_length_they_say, SUITE_LENGTH(refused) },
        { nothing_of_a_request_may_grow_for_ever, 1 },
        { who_waits_for_leave_to_send_the_body_gets_it, 1 },
        { replies_are_framed, SUITE_LENGTH(replies) },
        { a_frame_has_its_length_in_front, 1 },
    };

    return suite_run("server_protocol", tests, SUITE_LENGTH(tests));
}
