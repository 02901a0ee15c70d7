/* SPDX-License-Identifier: MIT */
/*
 * scene.h - who takes part in a death at an instruction, and what must be found afterwards.
 *
 * The test is the node <0,1>, a peer that lives through thousands of deaths the node <0,2>;
 * the victim, <0,3>, is a process forked for one death, or a thread of the test that ends in
 * the middle of a call. They tell each other what they need on a board in shared memory.
 *
 * What is wrong is a violation: it is written on the board, by whoever sees it, and the round
 * goes on as far as it can.
 */
#ifndef TESTS_KILL_SCENE_H
#define TESTS_KILL_SCENE_H

#include <mcapi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "crash/kill/text.h"

enum {
    TEST_NODE = 1,
    PEER_NODE = 2,
    VICTIM_NODE = 3,
    OTHER_NODE = 4,
    BUSY_NODE = 5,
    VICTIM_PORT = 5,
    PEER_PORT = 7,
    TEST_PORT = 9,

    DEPTH = 4, /* of channels and mailboxes that are to be full */
    SMALL = 40,
    LARGE = 4000, /* bytes of a packet or message */
    NUMBERS = 64, /* sent in one round, at most */
    MOST_BOUNDARIES = 1 << 20,

    TEXT = 240,

    /* The contract's limit for a blocked call, and what cannot be the machine's fault any more:
     * a sleeper that nobody has woken looks again for itself after a second. */
    LIMIT_US = 100 * 1000,
    LATEST_US = 900 * 1000,
};

/* One operation in which a victim dies. */
struct operation {
    const char *name;
    bool joins;   /* the victim is no node before it */
    bool alone;   /* the victim has a topology of its own: it begins it, and is its last node */
    bool process; /* the victim is never a thread: a thread of the library works beside it */
    bool scalars; /* its channel is one of scalars */
    const char *thread;    /* where that thread begins: it dies, not its caller. NULL: no */
    void (*peer)(void);    /* the peer, beside the victim; may be NULL */
    void (*prepare)(void); /* the test, before there is a victim; may be NULL */
    void (*set_up)(void);  /* the victim, before its code is marked; may be NULL */
    void (*run)(void);     /* the victim, to its death */
    void (*survive)(void); /* the test, after it; may be NULL */
    void (*again)(void);   /* the victim's name, come back; may be NULL */
};

/* What all can see. */
struct board {
    /* The peer: asked for something, done with it. */
    _Atomic uint32_t asked, done;
    void (*function)(void);
    _Atomic int64_t back_at; /* us; when its blocked call came back. 0: it has not blocked */

    bool scalars;   /* as the operation of this round says */
    uint32_t round; /* stands in all numbers sent, so that none is mistaken for an old one */

    /* Handles that others need, and what was counted; 0 at the beginning of a round. */
    _Atomic mcapi_endpoint_t v[4], p[4], t[4];
    _Atomic uint32_t accepted; /* sends that have returned success */
    _Atomic uint32_t on_way;   /* items in one call: so many more may come */
    _Atomic uint32_t came;     /* numbers received */
    _Atomic uint64_t seen;     /* which */
    mcapi_status_t status;     /* how the peer's call ended */
    _Atomic uint32_t ready;    /* the peer is about to make its call */
    _Atomic uint32_t go;       /* the peer may go on */
    _Atomic uint32_t over;     /* victims that have come to the end of their operation */
    _Atomic uint32_t dead;     /* the victim is */

    /* A life that waits is a node now; its turn has come. */
    _Atomic uintptr_t waiting;
    _Atomic uint32_t turn;
    struct boundary late; /* where it shall die */

    /* The peer is to be quiet while others die, and makes no call that blocks before `go`. */
    _Atomic uint32_t holds;

    /* The one that works while others die: it shall stop, has stopped, shall go. */
    _Atomic uint32_t stop, stopped, leave;
    _Atomic uint64_t worked; /* pieces of work */

    _Atomic uint32_t violations; /* of this round */
    char violation[TEXT];        /* the first */

    /* What a recording victim has passed. */
    uint32_t boundaries;
    struct boundary boundary[MOST_BOUNDARIES];
};

extern struct board *board;

/* --- Anybody -------------------------------------------------------------------------- */

int64_t now_us(void);

/* Something is wrong. */
void violate(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes a call of the library, between text_begin and text_end; its status is `status`. */
#define CALL(...)     \
    do {              \
        text_begin(); \
        __VA_ARGS__;  \
        text_end();   \
    } while (0)

/* The same; any other status than success is wrong. */
#define MUST(...)                                                                      \
    do {                                                                               \
        mcapi_status_t status = MCAPI_ERR_GENERAL;                                     \
        CALL(__VA_ARGS__);                                                             \
        if (status != MCAPI_SUCCESS)                                                   \
            violate("%s:%d: %s: status %u", __FILE__, __LINE__, #__VA_ARGS__, status); \
    } while (0)

/* Whether the condition comes true within some seconds; else that is a violation. */
#define until(condition)                                                     \
    __extension__({                                                          \
        bool came_true_ = (condition);                                       \
        for (struct patience_ p_ = { 0 }; !came_true_ && wait_a_little(&p_); \
             came_true_ = (condition)) {                                     \
        }                                                                    \
        if (!came_true_)                                                     \
            violate("%s:%d: never: %s", __FILE__, __LINE__, #condition);     \
        came_true_;                                                          \
    })
struct patience_ {
    uint32_t rounds;
    int64_t deadline;
};
bool wait_a_little(struct patience_ *patience);

/* --- The test ------------------------------------------------------------------------- */

void scene_share(void);

/* A topology of its own with the test and the peer; and the end of it. */
void scene_begin(void);
void scene_end(void);

/* After a violation: the peer is killed, all is left behind. */
void scene_abandon(void);

/* Another node, <0,5>, that calls `work` again and again from now on, but for the moments of
 * an audit; and its end. */
void scene_start_busy(void (*work)(void));
void scene_end_busy(void);

void scene_reset_board(void);

/* Has the peer do something. scene_peer_back: false: it never came back. */
void scene_ask_peer(void (*function)(void));
bool scene_peer_back(void);

/* The victim has died just now. */
void scene_note_death(void);

/* In a child that shall be by itself. */
void scene_go_elsewhere(void);

/* --- victims.c -------------------------------------------------------------------------- */

/* A life that ends at a boundary. */
struct life {
    const struct operation *operation;
    enum { LIFE_PLAIN, LIFE_RECORDS, LIFE_PLANTED, LIFE_STEPPED } way;
    enum death how;
    struct boundary boundary;
    uint32_t index; /* LIFE_STEPPED */
    bool thread;    /* of the test */
    bool waits;     /* it is the node <0,4>, and its turn comes after another's death */
};

/* Begins it: one that waits is a node by then. Ends it: its turn comes, it dies, the peer and
 * whoever waits (`other`, or NULL) live on. */
struct living {
    const struct life *life;
    pthread_t thread;
    pid_t process;
};
void scene_start(const struct life *life, struct living *living);
void scene_finish(struct living *living, const struct living *other);

/* Lives it. True: it ended at its boundary; false: after its operation. */
bool scene_live(const struct life *life);

/* The name of the dead can be used at once. */
void scene_name_is_free(void);

/* --- What is left --------------------------------------------------------------------- */

/* All dead are recovered, and the audit finds nodes and nothing else. */
void scene_recover(void);
void scene_expect_clean(void);

/* The topology of a victim that was alone in it can be started again, and leaves nothing. */
void scene_start_anew(void);

/* Slowest return of a blocked call after a death, us; and how many were beyond the limit. */
extern int64_t scene_slowest;
extern uint64_t scene_late;

/* --- Peer and victim ------------------------------------------------------------------ */

void join_as(mcapi_node_t node);

/* The peer is about to make a call that blocks; it holds here while deaths go on that it shall
 * not meddle with. */
void about_to_block(void);

/* The peer waits for the test's word. */
void wait_to_go_on(void);
void let_go_on(void);

/* The blocked call is back. */
void is_back(mcapi_status_t status);

#endif /* TESTS_KILL_SCENE_H */
