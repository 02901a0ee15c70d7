/* SPDX-License-Identifier: MIT */
/*
 * random_drive.h - the distributing thread of a run, and the workers that it has started.
 */
#ifndef TESTS_DISTRIBUTOR_RANDOM_DRIVE_H
#define TESTS_DISTRIBUTOR_RANDOM_DRIVE_H

#include <mcapi.h>
#include <pthread.h>

#include "distributor/random.h"

enum { DRIVE_ROOM = 512 }; /* items collected by one call */

/* Who is at the place of a worker. */
struct place {
    bool here, busy;
    uint32_t life;
    pid_t process; /* 0: a thread */
    pthread_t thread;
};

struct drive {
    const struct plan *plan;
    struct record *record;
    struct distributor *distributor;
    struct place place[RANDOM_WORKERS];
    uint32_t lives;

    unsigned char *bytes; /* of each item, RANDOM_LARGEST apart: where those with KEPT are */
    uint32_t offered;     /* items; those before were taken in, or are not offered again */
    uint64_t accepted, collected, cleared;
    size_t room; /* that the last distributor_stats told */

    /* What was collected last: the library's memory, and ours. */
    struct distributor_item lent[DRIVE_ROOM];
    size_t lent_count;
    bool distorted;
};

/* --- Calls of the distributing thread (random_drive.c) ---------------------------------- */

void drive_process(struct drive *drive, uint32_t count);
size_t drive_returned(struct drive *drive, uint32_t room);
void drive_clear(struct drive *drive);
void drive_wait(struct drive *drive, const struct step *step);
void drive_flush(struct drive *drive, uint32_t timeout);
void drive_stats(struct drive *drive);
void drive_dismiss(struct drive *drive, uint32_t number);

/* What was collected is still what it was. */
void drive_check_lent(struct drive *drive);

/* --- Its workers (random_people.c) ------------------------------------------------------- */

void people_join(struct drive *drive, uint32_t worker);

/* Has it make a call, and waits for it unless it is to work by itself. */
void people_tell(struct drive *drive, const struct step *step);

/* Waits until it has ended what it does. */
void people_stop(struct drive *drive, uint32_t worker);

void people_kill(struct drive *drive, uint32_t worker);

/* All of them work now until they are stopped; there is at least one. */
void people_drain(struct drive *drive);

#endif /* TESTS_DISTRIBUTOR_RANDOM_DRIVE_H */
