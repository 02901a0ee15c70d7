/* SPDX-License-Identifier: MIT */
/*
 * protocol_http.c - each item is a request of HTTP/1.0 or 1.1: its head as it came, and right
 * behind it the body, joined from its chunks if it came in chunks. The payload is the body.
 *
 * The parser (http_parser) decides what a request is; it refuses what two servers could
 * understand differently, like a length beside chunks. It is stopped twice in each request:
 * behind the head, because only then we know where the body is to go, and at the end, because
 * the next request must not be looked at before there is room for it.
 */
#include "load_balancer/server/protocol.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    /* The longest head. */
    HEAD_MAX = 16384,
    /* What frames the chunks of a body may be so many times longer than it, and this: chunks of
     * one byte have five bytes around them. */
    FRAMING_TIMES = 8,
    FRAMING_MORE = 4096,
};

#define ERROR_PAGE(status, length)                                               \
    "HTTP/1.1 " status "\r\nContent-Type: text/plain\r\nContent-Length: " length \
    "\r\nConnection: close\r\n\r\n" status "\n"

static const char bad_request[] = ERROR_PAGE("400 Bad Request", "16");
static const char too_large[] = ERROR_PAGE("413 Content Too Large", "22");
static const char head_too_large[] = ERROR_PAGE("431 Request Header Fields Too Large", "36");
static const char no_tunnel[] = ERROR_PAGE("501 Not Implemented", "20");
static const char other_version[] = ERROR_PAGE("505 HTTP Version Not Supported", "31");
static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

/* What the parser's calls need. */
struct parsing {
    struct protocol_state *state;
    uint8_t *bytes;
    uint32_t most;
    bool headed; /* the head is whole */
    bool whole;  /* the request is */
    bool large;  /* its body is too large */
};

/* --- What the parser calls ---------------------------------------------------------------- */

static int on_headers_complete(http_parser *parser)
{
    struct parsing *parsing = parser->data;

    parsing->headed = true;
    http_parser_pause(parser, 1);
    return 0;
}

static int on_body(http_parser *parser, const char *at, size_t length)
{
    struct parsing *parsing = parser->data;
    struct protocol_state *state = parsing->state;
    uint8_t *to = parsing->bytes + state->kept;

    if (length > parsing->most - state->kept) {
        parsing->large = true;
        return 1;
    }
    if (to != (const uint8_t *)at)
        memmove(to, at, length);
    state->kept += (uint32_t)length;
    return 0;
}

static int on_message_complete(http_parser *parser)
{
    struct parsing *parsing = parser->data;

    parsing->whole = true;
    http_parser_pause(parser, 1);
    return 0;
}

static const http_parser_settings calls = {
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* --- Requests ------------------------------------------------------------------------------
 */

static void begin(struct protocol_state *state)
{
    state->seen = state->head = state->kept = 0;
    http_parser_init(&state->http, HTTP_REQUEST);
}

/* Blank lines before a request are not of it (RFC 9112, 2.2). */
static uint32_t count_blank(const uint8_t *bytes, uint32_t size)
{
    uint32_t count = 0;

    while (count < size && (bytes[count] == '\r' || bytes[count] == '\n'))
        count++;
    return count;
}

/* Whether the client waits for leave to send the body. */
static bool waits_for_leave(const uint8_t *head, uint32_t size)
{
    static const char field[] = "\nexpect:";
    const size_t length = sizeof(field) - 1;

    for (uint32_t i = 0; i + length <= size; i++)
        if (strncasecmp((const char *)head + i, field, length) == 0)
            return true;
    return false;
}

/* Has the parser look at what is new. */
static void parse(struct parsing *parsing, uint32_t size)
{
    struct protocol_state *state = parsing->state;

    state->http.data = parsing;
    state->seen += (uint32_t)http_parser_execute(&state->http, &calls,
                                                 (const char *)parsing->bytes + state->seen,
                                                 size - state->seen);
    state->http.data = NULL;
}

/* What is wrong with a head that is whole, or NULL. */
static const char *check_head(const struct protocol_state *state, uint32_t most)
{
    if (state->http.http_major != 1 || state->http.http_minor > 1)
        return other_version;
    if (state->http.method == HTTP_CONNECT)
        return no_tunnel;
    if (state->head > HEAD_MAX)
        return head_too_large;
    if (state->head > most
        || (state->http.content_length != UINT64_MAX
            && state->http.content_length > most - state->head))
        return too_large;
    return NULL;
}

/* What is wrong with what has come so far of a request, or NULL. */
static const char *check_so_far(const struct parsing *parsing)
{
    const struct protocol_state *state = parsing->state;
    enum http_errno found = HTTP_PARSER_ERRNO(&state->http);

    if (parsing->large)
        return too_large;
    if (found == HPE_HEADER_OVERFLOW
        || (found == HPE_OK && state->head == 0 && state->seen > HEAD_MAX))
        return head_too_large;
    if (found != HPE_OK)
        return bad_request;
    if (state->seen - state->kept > FRAMING_TIMES * (state->kept - state->head) + FRAMING_MORE
        && state->head != 0)
        return too_large;
    return NULL;
}

static enum protocol_result refuse(struct protocol_item *item, const char *error)
{
    item->error = error;
    return PROTOCOL_BAD;
}

static enum protocol_result hand_out(struct protocol_state *state, const uint8_t *bytes,
                                     struct protocol_item *item)
{
    item->begin = count_blank(bytes, state->head);
    item->size = state->kept - item->begin;
    item->payload_offset = state->head - item->begin;
    item->consumed = state->seen;
    /* A client of 1.0 that would rather stay need not be obeyed. */
    if (!http_should_keep_alive(&state->http) || state->http.http_minor == 0)
        item->note |= PROTOCOL_NOTE_CLOSE;
    if (state->http.method == HTTP_HEAD)
        item->note |= PROTOCOL_NOTE_NO_BODY;
    begin(state);
    return PROTOCOL_ITEM;
}

static enum protocol_result next(struct protocol_state *state, uint8_t *bytes, uint32_t size,
                                 uint32_t most, struct protocol_item *item)
{
    struct parsing parsing = { .state = state, .bytes = bytes, .most = most };
    const char *error;

    *item = (struct protocol_item){ .begin = 0 };
    if (size > state->seen)
        parse(&parsing, size);
    if (parsing.headed) {
        /* The parser stands at the head's last byte. */
        state->head = state->kept = state->seen + 1;
        error = check_head(state, most);
        if (error != NULL)
            return refuse(item, error);
        http_parser_pause(&state->http, 0);
        parse(&parsing, size);
        if (!parsing.whole && state->seen == state->head && waits_for_leave(bytes, state->head))
            item->interim = go_on;
    }
    if (parsing.whole)
        return hand_out(state, bytes, item);
    error = check_so_far(&parsing);
    return error != NULL ? refuse(item, error) : PROTOCOL_MORE;
}

/* --- Replies --------------------------------------------------------------------------------
 */

static void around(struct protocol_around *around, enum protocol_outcome outcome, uint8_t note,
                   uint32_t size)
{
    static const char *const status[] = {
        [PROTOCOL_REPLY] = "200 OK",
        [PROTOCOL_NO_REPLY] = "204 No Content",
        [PROTOCOL_REFUSED] = "403 Forbidden",
        [PROTOCOL_FAILED] = "500 Internal Server Error",
    };
    const char *close = (note & PROTOCOL_NOTE_CLOSE) != 0 ? "Connection: close\r\n" : "";
    char content[96] = "";

    if (outcome == PROTOCOL_REPLY)
        snprintf(content, sizeof(content),
                 "Content-Type: application/octet-stream\r\nContent-Length: %u\r\n", size);
    else if (outcome != PROTOCOL_NO_REPLY) /* which has no length by definition */
        snprintf(content, sizeof(content), "Content-Length: 0\r\n");
    around->before_size = (uint32_t)snprintf(around->before, sizeof(around->before),
                                             "HTTP/1.1 %s\r\nDate: %s\r\n%s%s\r\n",
                                             status[outcome], around->date, content, close);
    around->bytes = outcome == PROTOCOL_REPLY && (note & PROTOCOL_NOTE_NO_BODY) == 0;
    around->behind_size = 0;
}

const struct protocol protocol_http = {
    .name = "http",
    .help = "a request of HTTP/1.1, head and body",
    .http = true,
    .begin = begin,
    .next = next,
    .around = around,
};
