/* SPDX-License-Identifier: MIT */
/*
 * hostile.h - random bytes in the segment, and every call that touches it.
 *
 * A worker process makes a small topology with nodes that are threads (scene.c). Between the
 * calls of the thread that drives them all, and in some rounds during them, words of the
 * segment are overwritten (damage.c). Whatever the words are, each call (calls.c) must come
 * back, with a status of the standard, and must read and write nothing but the segment, its
 * own memory and the buffers it was given: the segment lies between guards that may not be
 * touched (guard.c), and what must not change is compared. In some rounds another process
 * (companion.c) does the same, and is killed in the middle of it. Now and then the segment is
 * put back to what it was, so that calls get beyond the first check.
 *
 * What happens stands in the journal, in memory that the supervisor (hostile.c) shares with the
 * worker: it says of a worker that dies, or does not come back, what it was doing.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <mcapi.h>
#include <mcapi_ext.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "segment/map.h"

enum {
    HOSTILE_NODES = 3,
    HOSTILE_ENDPOINTS = 8,   /* of each node */
    HOSTILE_SLOTS = 32,      /* of endpoints that are damaged: more than the scene has */
    HOSTILE_PAYLOAD = 300,   /* bytes; beyond what fits into a slot */
    HOSTILE_REMEMBERED = 24, /* damaged words in the journal */
    HOSTILE_CALLS_MOST = 96, /* kinds of calls */
};

/* One word that was overwritten. */
struct hostile_damage {
    uint64_t offset; /* in the segment */
    uint64_t call;   /* before which */
    uint32_t size;   /* bytes: 4 or 8 */
    uint64_t was, is;
};

/* Shared by worker and supervisor. */
struct hostile_journal {
    _Atomic uint64_t round; /* the one that is going on */
    _Atomic uint64_t calls; /* of all rounds */
    _Atomic uint32_t kind;  /* of call */
    _Atomic uint32_t node;  /* that makes it */
    _Atomic uint64_t in_round;
    _Atomic uint64_t damages;
    _Atomic uint64_t by_kind[HOSTILE_CALLS_MOST];
    _Atomic uint64_t succeeded[HOSTILE_CALLS_MOST];
    _Atomic uint64_t failed[HOSTILE_CALLS_MOST];
    struct hostile_damage damage[HOSTILE_REMEMBERED];
    struct mci_map map; /* of the round, to name words by */
    char complaint[256];
    _Atomic bool ready, over; /* of the scene, for the companion */
};

extern struct hostile_journal *hostile_journal;

/* --- Random numbers ------------------------------------------------------------------- */

/* From a seed, or from the bytes of a fuzzer's input: then every choice is a byte of it, and 0
 * when there are no more. */
struct hostile_random {
    uint64_t state;
    const uint8_t *bytes; /* NULL: from the seed */
    size_t left;
};

static inline uint64_t hostile_input(struct hostile_random *random, size_t size)
{
    uint64_t value = 0;

    for (; size > 0 && random->left > 0; size--, random->left--)
        value = value << 8 | *random->bytes++;
    return value;
}

static inline uint64_t hostile_draw(struct hostile_random *random)
{
    uint64_t mixed;

    if (random->bytes != NULL)
        return hostile_input(random, sizeof mixed);
    mixed = random->state += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

static inline uint32_t hostile_below(struct hostile_random *random, uint32_t bound)
{
    if (random->bytes != NULL)
        return (uint32_t)hostile_input(random, bound <= 256 ? 1 : 4) % bound;
    return (uint32_t)((hostile_draw(random) >> 32) * bound >> 32);
}

/* --- scene.c -------------------------------------------------------------------------- */

struct mci_node;

struct hostile_scene {
    struct mci_node *node[HOSTILE_NODES];
    uint32_t serial[HOSTILE_NODES];
    mcapi_endpoint_t endpoint[HOSTILE_NODES][HOSTILE_ENDPOINTS];
};

extern struct hostile_scene hostile_scene;

/* Makes the topology; this thread is node 0. False: the process must begin anew. */
bool hostile_scene_begin(struct hostile_random *random);

/* Ends it: every node leaves, whatever the segment is like. False: as above. */
bool hostile_scene_end(void);

/* As node 10, of another process: its own endpoints, and those of the nodes that are there.
 * False: it is not let in. */
bool hostile_scene_join(void);

/* From now on this thread acts for that node. */
void hostile_act_as(uint32_t node);

/* Puts the segment back to what it was when the scene began; `forget`: and the process lets go
 * of its ends, so that it comes back to them as they are now. */
void hostile_scene_heal(bool forget);

/* What must not have changed has not. */
void hostile_scene_check(void);

/* --- damage.c ------------------------------------------------------------------------- */

/* Overwrites a word of the segment. */
void hostile_damage(struct hostile_random *random);

/* The same for a fuzzer, which says which word, and what becomes of it. */
void hostile_damage_by(uint32_t where, uint32_t which, uint64_t value);

/* Whether `where` leads to the header. */
bool hostile_is_header(uint32_t where);

/* "endpoint 3 owner" for an offset. */
void hostile_word_name(const struct mci_map *map, uint64_t offset, char *text, size_t size);

/* --- calls.c -------------------------------------------------------------------------- */

/* Makes a call, and looks whether what it says is possible. */
void hostile_call(struct hostile_random *random);

/* What is done wrong on purpose after some calls, to see that it is found: before, behind,
 * buffer, hang, status. False: nothing has that name. */
bool hostile_plant(const char *what);

/* A new round: nothing is held, nothing is pending. */
void hostile_calls_begin(void);

/* The name of a kind of calls; NULL: there are no more. */
const char *hostile_call_name(uint32_t kind);

/* --- companion.c ---------------------------------------------------------------------- */

/* Another process, which makes calls in the same topology once the scene is made. */
void hostile_companion_begin(struct hostile_random random);

/* Kills it, in the middle of whatever it does. */
void hostile_companion_kill(void);

/* It comes to its end. Complains if it has come to another. */
void hostile_companion_end(void);

/* --- guard.c -------------------------------------------------------------------------- */

/* What the library says on stderr is counted only. */
extern uint64_t hostile_lines_said;

/* Ends the worker: something is wrong that is no crash. */
_Noreturn void hostile_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* HOSTILE_H */
