/* SPDX-License-Identifier: MIT */
/*
 * random.h - thousands of calls at random, each compared with what a model wants.
 *
 * A step is one call by one user. A user is a thread of one of a few processes; whether it is a
 * node, or acts for one, or for none, follows from the steps before. Steps name what they use
 * by slots: "endpoint e3" is what the last step that wrote slot e3 has made, so a sequence from
 * which steps were taken out still means something.
 *
 *     step      one call, and its line of text               random_step.c
 *     choose    the next step, by chance and by the model     random_choose.c
 *     act       makes the call                                random_act.c
 *     peers     who makes it, in which process and thread     random_peers.c
 *     run       step after step: model, call, comparison      random_run.c, random_compare.c
 *     shrink    a sequence that fails, made short             random_shrink.c
 *
 * One call is made at a time and has returned before the next, so the model has no
 * interleavings to think of.
 */
#ifndef CONFORMANCE_RANDOM_H
#define CONFORMANCE_RANDOM_H

#include <mcapi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    RANDOM_PROCESSES = 3,
    RANDOM_USERS_EACH = 2,
    RANDOM_USERS = RANDOM_PROCESSES * RANDOM_USERS_EACH,
    RANDOM_ENDPOINTS = 14, /* slots */
    RANDOM_REQUESTS = 20,
    RANDOM_BUFFERS = 10,
    RANDOM_STEPS = 20000,   /* the longest sequence */
    RANDOM_PATIENCE = 5000, /* ms */

    /* The limits in force, small enough to be reached; given to the library by its
     * environment. */
    LIMIT_ENDPOINTS = 5,
    LIMIT_REQUESTS = 8,
    LIMIT_BUFFERS = 3,
    LIMIT_QUEUE = 3,
    LIMIT_PACKET = 200, /* bytes */
    LIMIT_MESSAGE = 120,
    RANDOM_BYTES = 256, /* room for either */
};

/* --- Steps ------------------------------------------------------------------------- */

enum function {
    CALL_INITIALIZE,
    CALL_FINALIZE,
    CALL_DOMAIN_ID_GET,
    CALL_NODE_ID_GET,
    CALL_NODE_GET_ATTRIBUTE,
    CALL_CREATE,
    CALL_CREATE_ANONYMOUS,
    CALL_GET_I,
    CALL_GET,
    CALL_RELEASE,
    CALL_DELETE,
    CALL_GET_ATTRIBUTE,
    CALL_SET_ATTRIBUTE,
    CALL_MSG_SEND_I,
    CALL_MSG_SEND,
    CALL_MSG_RECV_I,
    CALL_MSG_RECV,
    CALL_MSG_AVAILABLE,
    CALL_PKT_CONNECT_I,
    CALL_PKT_RECV_OPEN_I,
    CALL_PKT_SEND_OPEN_I,
    CALL_PKT_SEND_I,
    CALL_PKT_SEND,
    CALL_PKT_RECV_I,
    CALL_PKT_RECV,
    CALL_PKT_AVAILABLE,
    CALL_PKT_RELEASE,
    CALL_PKT_RELEASE_TEST,
    CALL_PKT_RECV_CLOSE_I,
    CALL_PKT_SEND_CLOSE_I,
    CALL_SCL_CONNECT_I,
    CALL_SCL_RECV_OPEN_I,
    CALL_SCL_SEND_OPEN_I,
    CALL_SCL_SEND,
    CALL_SCL_RECV,
    CALL_SCL_AVAILABLE,
    CALL_SCL_RECV_CLOSE_I,
    CALL_SCL_SEND_CLOSE_I,
    CALL_TEST,
    CALL_WAIT,
    CALL_WAIT_ANY,
    CALL_CANCEL,
    DO_END_THREAD, /* the user's thread ends; another takes its place */
    DO_KILL,       /* the user's process is killed; another takes its place */
    FUNCTIONS
};

enum field {
    INTO,    /* the slot that takes what the call returns, or its request */
    LANDS,   /* the slot that takes what the request brings */
    END,     /* endpoint, or handle */
    OTHER,   /* the second one of two */
    REQUEST, /* */
    SECOND,  /* and third: more requests of mcapi_wait_any; NOTHING: none */
    THIRD,
    BUFFER,
    IN_DOMAIN,
    IN_NODE,
    PORT,
    NUMBER, /* of an attribute */
    VALUE,  /* of an attribute; of what is sent: its tag, from which its bytes follow */
    SIZE,
    WAITS, /* a timeout, ms */
    PRIORITY,
    BITS,  /* of a scalar */
    NULLS, /* which pointers are NULL: NULL_... */
    FIELDS
};

enum { NOTHING = -1 }; /* of a slot: none, or one of GARBAGE */
enum { NULL_REQUEST = 1, NULL_BUFFER = 2, NULL_SIZE = 4 }; /* NULL_BUFFER: also other results */

/* What a slot below 0 stands for: numbers and addresses that are nothing. */
enum { GARBAGE = 4 };
extern const uint32_t garbage_handle[GARBAGE];

/* The kind of slot that a field holds: 'e', 'r', 'b', or ' ' for a number. */
char step_kind(enum function function, enum field field);

struct step {
    enum function function;
    int user;
    int64_t field[FIELDS];
};

const char *step_name(enum function function);
bool step_has(enum function function, enum field field);
bool step_makes_request(enum function function);

struct step step_of(enum function function, int user); /* with every slot NOTHING, else 0 */
void step_print(const struct step *step, FILE *file);  /* without the end of the line */
/* One line; false: it says no step, and `why` says why ("" for an empty line or a comment). */
bool step_read(const char *line, struct step *step, const char **why);

struct sequence {
    size_t count;
    struct step step[RANDOM_STEPS];
};

/* What is sent with a tag. */
void payload_fill(unsigned char *bytes, size_t size, uint64_t tag);
uint64_t payload_scalar(uint64_t tag, int bits);

/* --- A call, and what came of it ---------------------------------------------------- */

/* A step with values in place of slots. */
struct order {
    enum function function;
    int64_t field[FIELDS];
    uint32_t end, other;
    mcapi_request_t request[3];
    int requests;
    int landing[3];    /* of the requests; of the one that the call makes: the first */
    size_t bytes[3];   /* of the landings, or of a buffer: so many may be read */
    bool is_packet[3]; /* and they lie in a buffer */
    void *buffer;
};

struct came {
    mcapi_status_t status;
    mcapi_endpoint_t endpoint; /* created, got, or the handle of an open */
    mcapi_request_t request;
    bool truth;
    uint32_t index; /* of mcapi_wait_any */
    size_t size;
    uint64_t number; /* a count, an attribute, a scalar, an identity */
    uint64_t second; /* of an attribute of two words */
    void *buffer;
    unsigned char bytes[RANDOM_BYTES]; /* received, or what a released buffer held */
};

/* Filled by the library while a request is under way: never moved or used again. In the memory
 * of the process whose request it is. */
struct landing {
    mcapi_endpoint_t endpoint;
    void *buffer;
    unsigned char bytes[RANDOM_BYTES];
};

void act(const struct order *order, struct came *came, struct landing *landings);

/* --- Peers -------------------------------------------------------------------------- */

struct peers;

/* In a topology that nobody else is in; `landings`: how many there can be; `patience`: the ms
 * after which a call does not return. */
struct peers *peers_start(size_t landings, int patience);
/* False: the call did not come back; `why` says how. */
bool peers_call(struct peers *peers, int user, const struct order *order, struct came *came,
                const char **why);
void peers_end_thread(struct peers *peers, int user);
void peers_kill(struct peers *peers, int user);
void peers_stop(struct peers *peers);

/* --- Running ------------------------------------------------------------------------ */

struct choice {
    uint64_t state; /* of the generator of random numbers */
    bool messages;  /* are wanted */
    bool deaths;
};

struct model;
struct step choose(struct choice *choice, const struct model *model);

struct failure {
    bool failed;
    size_t at; /* the step */
    enum function function;
    char what[32]; /* was wrong: "status" */
    mcapi_status_t got;
    char text[400]; /* what was wanted, what came */
};

struct random_options {
    uint64_t seed;
    size_t steps;
    bool messages, deaths;
    int patience;    /* ms after which a call does not return; 0: RANDOM_PATIENCE */
    int broken_rule; /* of the model, for a test of the test; 0: none */
    FILE *log;       /* every step with its outcome; NULL: nowhere */
};

/* How often each function was called, and how often it succeeded. */
struct coverage {
    uint64_t calls[FUNCTIONS], successes[FUNCTIONS];
};

/* Makes up steps as it goes; `sequence` holds them afterwards. False: it failed. */
bool run_chosen(const struct random_options *options, struct sequence *sequence,
                struct failure *failure, struct coverage *coverage);
bool run_sequence(const struct random_options *options, const struct sequence *sequence,
                  struct failure *failure, struct coverage *coverage);

/* Makes a sequence that fails as short as it gets while it fails in the same way. */
void shrink(const struct random_options *options, struct sequence *sequence,
            struct failure *failure);

/* As text: what run_sequence says of it, then the steps. */
bool sequence_write(const char *path, const struct random_options *options,
                    const struct sequence *sequence);
/* NULL, or what is wrong with the file. */
const char *sequence_read(const char *path, struct sequence *sequence);

#endif /* CONFORMANCE_RANDOM_H */
