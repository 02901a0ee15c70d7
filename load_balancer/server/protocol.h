/* SPDX-License-Identifier: MIT */
/*
 * protocol.h - how a stream of bytes is divided into items, and what stands around a reply.
 *
 * A protocol is a table of functions in a file of its own, and one line in the table of
 * protocol.c. It keeps what it must remember in a `struct protocol_state` per connection, and
 * knows nothing of sockets. It is shown what has come since the end of the item before, from
 * the first byte on and again with every byte that comes, and says when an item is whole.
 */
#ifndef LOAD_BALANCER_SERVER_PROTOCOL_H
#define LOAD_BALANCER_SERVER_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <http_parser.h>

enum {
    /* The most that a protocol writes before and behind the bytes of a reply. */
    PROTOCOL_AROUND_MAX = 256,
};

/* What a protocol must remember of an item until its reply is written. */
enum {
    PROTOCOL_NOTE_CLOSE = 1,   /* the connection ends behind the reply */
    PROTOCOL_NOTE_NO_BODY = 2, /* of http: the request was HEAD */
    PROTOCOL_NOTE_AS_IS = 4,   /* the reply is made already: nothing stands around it */
};

enum protocol_result {
    PROTOCOL_ITEM, /* an item is whole */
    PROTOCOL_MORE, /* more bytes are needed */
    PROTOCOL_BAD,  /* this is none: the item's `error` is the last that is to be said */
};

/* Places are counted from the first byte shown. */
struct protocol_item {
    uint32_t begin;          /* where the item is */
    uint32_t size;           /* and how long */
    uint32_t payload_offset; /* where in the item the payload begins: behind the head of http */
    uint32_t consumed;       /* bytes that belong to it, with all that stands around it */
    uint8_t note;            /* PROTOCOL_NOTE_* */
    const char *error;       /* text, or NULL: nothing is said */
    const char *interim;     /* with PROTOCOL_MORE: to be said at once, or NULL */
};

struct protocol_state {
    uint32_t seen; /* bytes that need not be looked at again */
    uint32_t head; /* of http: length of the head, 0: it is not whole */
    uint32_t kept; /* of http: bytes of the item so far, without what frames chunks */
    http_parser http;
};

/* What became of an item. */
enum protocol_outcome {
    PROTOCOL_REPLY,    /* there are bytes to reply with */
    PROTOCOL_NO_REPLY, /* there is nothing to say */
    PROTOCOL_REFUSED,  /* the item was filtered out */
    PROTOCOL_FAILED,   /* it could not be worked on */
};

/* A reply before it is written: its bytes, with these texts around them. */
struct protocol_around {
    const char *date; /* given: the time, as http says it */
    char before[PROTOCOL_AROUND_MAX];
    uint32_t before_size;
    char behind[4];
    uint32_t behind_size;
    bool bytes; /* the bytes themselves are written */
};

struct protocol {
    const char *name; /* what --proto says */
    const char *help;
    bool http; /* kinds of work may be used that reply with a whole response of http */

    void (*begin)(struct protocol_state *state);

    /* Looks at what has come. `most` is the largest item that is taken. After PROTOCOL_ITEM the
     * state is that of a beginning. It may move bytes within those that belong to the item. */
    enum protocol_result (*next)(struct protocol_state *state, uint8_t *bytes, uint32_t size,
                                 uint32_t most, struct protocol_item *item);

    void (*around)(struct protocol_around *around, enum protocol_outcome outcome, uint8_t note,
                   uint32_t size);
};

/* The protocols in the table, in order; NULL behind the last. */
const struct protocol *protocol_at(size_t index);
const struct protocol *protocol_named(const char *name);

extern const struct protocol protocol_frame; /* protocol_frame.c */
extern const struct protocol protocol_line;  /* protocol_line.c */
extern const struct protocol protocol_http;  /* protocol_http.c */

#endif /* LOAD_BALANCER_SERVER_PROTOCOL_H */
