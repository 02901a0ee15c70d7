/* SPDX-License-Identifier: MIT */
/*
 * soak.h - what the parts of the soak test share: the seats, the ways between them, and the
 * log.
 *
 * Eight seats are taken by nodes, six by processes with a thread for each way and two by
 * threads of one process, which do everything one after the other. Ways lead from each seat to
 * others:
 *
 *     way   0 packets   1 scalars   2 packets   3 and 4 messages, to one inbox
 *     to    seat + 1    seat + 2    seat + 5    seat + 3, seat + 6
 *
 * What is sent follows from the number of the connection (or of the stream of messages) and the
 * number of the item in it. What was accepted is written down in memory that all see, outside
 * of the library, so that it is known after a death.
 */
#ifndef TESTS_SOAK_H
#define TESTS_SOAK_H

#include <mcapi_ext.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    SEATS = 8,
    THREAD_SEATS = 2,                     /* the last ones */
    PROCESSES = SEATS - THREAD_SEATS + 1, /* the last one has the thread seats */
    FIRST_NODE = 10,

    SEND_WAYS = 5,
    RECEIVE_WAYS = 4, /* three ends of channels, and the inbox */
    WAYS = SEND_WAYS + RECEIVE_WAYS,
    INBOX = 3,

    SEND_PORT = 100,    /* + way */
    RECEIVE_PORT = 200, /* + way */

    CONNECTIONS = 1 << 16, /* whose log is kept; older ones are over long ago */
    STREAMS = 1 << 14,
    PRIORITIES = 4,
    BURST = 8,      /* items, at most */
    LARGEST = 3000, /* bytes of a packet or message */
};

enum kind { KIND_PACKETS, KIND_SCALARS, KIND_MESSAGES };

/* Of one channel, from connect to close. The sender writes. */
struct connection {
    _Atomic uint32_t accepted;   /* items */
    _Atomic uint32_t attempted;  /* with those of the call that it is in */
    _Atomic int64_t accepted_at; /* us */
};

/* Of messages from one sending endpoint to one life of an inbox. */
struct stream {
    _Atomic uint32_t inbox; /* its handle; 0: over, or about nothing that could be checked */
    _Atomic uint32_t to;    /* seat */
    _Atomic uint32_t accepted[PRIORITIES], attempted[PRIORITIES], received[PRIORITIES];
};

/* What a seat's thread is doing, for people who look at a failure. */
struct activity {
    _Atomic(const char *) call;
    _Atomic int64_t since; /* us */
    _Atomic uint32_t connection, number;
    _Atomic uint32_t rests_in; /* the quiet that it has noticed */
};

enum order { ORDER_NONE, ORDER_EXIT, ORDER_THREAD_ENDS, ORDER_THREAD_VANISHES, ORDER_FINALIZE };

struct soak {
    uint64_t seed;
    _Atomic uint32_t quiet;                /* odd: senders shall rest */
    _Atomic bool drained;                  /* nobody sends: what waits is complete */
    _Atomic uint32_t connections, streams; /* numbers given out */
    struct connection connection[CONNECTIONS];
    _Atomic uint32_t scalar_end[CONNECTIONS]; /* the endpoint that it leads to */
    struct stream stream[STREAMS];

    _Atomic uint32_t life[SEATS]; /* +1 at each start of a process or thread */
    _Atomic int order[PROCESSES], thread_order[SEATS];
    _Atomic uint32_t inbox[SEATS];              /* handle */
    _Atomic uint32_t finalized_so_often[SEATS]; /* times two; odd: just now */
    _Atomic int64_t died_at[SEATS];             /* us; when that was certain */
    _Atomic int64_t stopped_until; /* us; the last time that some process was stopped */
    struct activity activity[SEATS][WAYS + 1];

    /* Totals. */
    _Atomic uint64_t packets, scalars, messages, compared, proper_ends, late, lives, churns;
    _Atomic uint64_t bursts, references, posted, cancelled, polled, finalized, threads_ended;
    _Atomic uint64_t noticed, noticed_late; /* deaths, by who was blocked; after 100 ms */
    _Atomic int64_t slowest;                /* us */

    _Atomic bool failed;
    char failure[512];
};

extern struct soak *soak;

/* The first failure is kept. */
void soak_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline bool soak_quiet(void)
{
    return (atomic_load(&soak->quiet) & 1) != 0;
}

/* --- Numbers drawn ---------------------------------------------------------------------- */

struct dice {
    uint64_t state;
};

static inline uint32_t draw(struct dice *dice, uint32_t sides)
{
    dice->state ^= dice->state << 13;
    dice->state ^= dice->state >> 7;
    dice->state ^= dice->state << 17;
    return (uint32_t)(dice->state >> 32) % sides;
}

/* --- A way's end at a seat ---------------------------------------------------------------- */

enum way_state { WAY_NONE, WAY_IDLE, WAY_OPEN, WAY_CLOSING };

struct way {
    uint32_t seat, index; /* 0 to WAYS - 1: first those that send */
    enum kind kind;
    uint32_t peer; /* seat */
    bool alone;    /* has a thread of its own, and may block */
    struct dice dice;
    struct activity *activity;

    enum way_state state;
    uint32_t generation; /* finalized_so_often, when the end was created */
    mcapi_endpoint_t end, other;
    mcapi_request_t request;          /* a close that is pending */
    uint32_t connection, next, count; /* of items: the next one, and when to stop */
    uint32_t mode;                    /* of receiving */
    int fd;
    int64_t blocked_since, waited; /* us: of the last receive; and for a processor */
    bool draining;                 /* nobody sent any more when this step began */
    uint32_t drained_priority;     /* of the last message since */
};

static inline bool way_sends(const struct way *way)
{
    return way->index < SEND_WAYS;
}

void way_begin(struct way *way, uint32_t seat, uint32_t index, bool alone);

/* One step: a call or a few. True: it is worth while to make the next at once. */
bool way_step(struct way *way);

/* In soak_send.c, soak_receive.c and soak_message.c. */
bool way_send(struct way *way);
bool way_receive(struct way *way);
bool way_send_message(struct way *way);
bool way_receive_messages(struct way *way);

/* Says what is about to be called. */
#define CALL(way, function)                                         \
    (atomic_store(&(way)->activity->call, function),                \
     atomic_store(&(way)->activity->connection, (way)->connection), \
     atomic_store(&(way)->activity->number, (way)->next),           \
     atomic_store(&(way)->activity->since, now_us()))

/* Whether its node has been finalized since: then handles of before may mean anything. */
static inline bool way_is_stale(const struct way *way)
{
    return atomic_load(&soak->finalized_so_often[way->seat]) != way->generation;
}

/* A status that this call may not give. */
void way_unexpected(struct way *way, const char *call, mcapi_status_t status);

/* The node has ended: the way begins anew with the next one. */
void way_lost(struct way *way);

/* The call before has come back because the peer is dead: was it in time? */
void way_notices_death(struct way *way);

/* Receives that were posted one after the other. */
enum { POSTED = 3 };
struct posted {
    uint32_t count;
    mcapi_request_t request[POSTED];
    uint32_t complete; /* so many, from the first on */
    size_t size[POSTED];
    mcapi_status_t result[POSTED];
};

/* Waits for one of them and cancels those that nothing has come for. MCAPI_SUCCESS;
 * MCAPI_TIMEOUT: nothing came; MCAPI_ERR_NODE_NOTINIT. */
mcapi_status_t way_settle(struct way *way, struct posted *posted);

/* us that this thread has waited for a processor so far. */
int64_t waited_for_processor(void);

/* --- What items are ---------------------------------------------------------------------- */

/* Fills it, and returns its size: 12 to LARGEST. */
uint32_t item_fill(unsigned char *bytes, uint32_t connection, uint32_t number);

/* Whether it is that item. */
bool item_is(const unsigned char *bytes, size_t size, uint32_t connection, uint32_t number);

/* Who says so itself. */
uint32_t item_connection(const unsigned char *bytes);
uint32_t item_number(const unsigned char *bytes);

/* Bytes of the scalar, 1, 2, 4 or 8; the same for BURST in a row. */
uint32_t scalar_width(uint32_t connection, uint32_t number);
uint64_t scalar_value(uint32_t connection, uint32_t number);

/* --- Seats, in soak_seat.c -------------------------------------------------------------- */

/* The life of a process; does not return. Its main thread is a node, or waits for those that
 * are. */
void process_live(uint32_t process) __attribute__((noreturn));

/* Says on stderr who is doing what. */
void soak_tell(void);

#endif /* TESTS_SOAK_H */
