/* SPDX-License-Identifier: MIT */
/*
 * scene.h - who takes part in a death: the test, a peer, a victim, and what they must find
 * afterwards.
 *
 * The test is the node <0,1> and always survives; the peer, <0,2>, is a process and survives
 * too; a victim is a process that dies in the middle of something. After each death the scene
 * expects that nothing of the victim is left, that its name can be used again at once, and
 * that packets flow both ways.
 */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include <stdatomic.h>

#include "os/crash_point.h"
#include "segment/audit.h"
#include "support/child.h"
#include "support/pair.h"

enum {
    TEST_NODE = 1,
    PEER_NODE = 2,
    VICTIM_NODE = 3,
    OTHER_NODE = 4,
    NAMED_PORT = 5, /* the victim's */
};

/* What all processes of the program, and all its tests, can see. */
struct seen_by_all {
    _Atomic uint32_t killed[MCI_CRASH_POINT_COUNT]; /* deaths at each point */
    _Atomic uint32_t passed[MCI_CRASH_POINT_COUNT]; /* by the last process that survived */
    _Atomic uint32_t accepted;                      /* sends that have returned success */
    _Atomic int64_t died_at;                        /* us; when the last victim did */
    _Atomic int64_t slowest; /* us from a death to the return of a blocked call */
};

extern struct seen_by_all *all;

/* Before the first test, in main(). */
void scene_share(void);

/* The test and the peer join a topology of their own; and the end of that. */
void scene_begin(void);
void scene_end(void);
extern struct child *scene_peer;

/* --- Deaths --------------------------------------------------------------------------- */

/* The child dies the `occurrence`th time that it passes this point, from now on. 0: never,
 * and it counts what it passes. */
void scene_arm(struct child *child, enum mci_crash_point point, unsigned occurrence);
void scene_counts(struct child *child);

/* The child will be stopped at this point; and it is. */
void scene_stop_at(struct child *child, enum mci_crash_point point);
void scene_is_stopped(struct child *child);

/* Waits until the child has died of SIGKILL. Or until it is done: false, and then it is
 * killed. */
bool scene_dies(struct child *child);

/* A blocked call of a survivor comes back within the limit; true if it does. */
void scene_comes_back(struct child *child, struct act *act);

/* The child sleeps in its call. */
void scene_blocked(struct child *child);

/* --- Afterwards ----------------------------------------------------------------------- */

/* A survivor takes the dead back, as any call of the control path may. */
void scene_recover(void);

/* Whether the endpoint is on a channel. */
bool scene_is_connected(mcapi_endpoint_t endpoint);

/* Closes an end, if it is open, and deletes the endpoint. */
void scene_remove(struct child *owner, mcapi_endpoint_t endpoint);

/* Nodes, and nothing else. */
void scene_expect_clean(uint32_t nodes);

/* The victim's name joins again, creates the same endpoint, and packets flow both ways. */
struct child *scene_victim_returns(void);
void scene_packets_flow(struct child *one, struct child *other);

/* --- Acts ----------------------------------------------------------------------------- */

/* A packet holds its number all over. */
void scene_fill(uint32_t *words, size_t size, uint32_t number);

/* kind, endpoint; sends numbered packets (size bytes, from 4 on) or scalars from word on until
 * one is refused or count are sent; all->accepted is their number. count 0: until refused. */
void act_send_numbers(struct act *act);

/* kind, endpoint; receives and checks numbers from word on until one is refused -> status,
 * word: the number that would have come next; count: 1 if a wrong one came. */
void act_receive_numbers(struct act *act);

#endif /* TESTS_SCENE_H */
