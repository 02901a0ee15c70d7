/* SPDX-License-Identifier: MIT */
/*
 * rooms.h - which worker has most room: the workers that can be given an item, by how many they
 * have out.
 *
 * A ring of workers for each number of items; those that came to it first stand first. A worker
 * that is given an item moves one ring up, one that gives some back moves down, and the lowest
 * ring that has somebody is known: each step takes the same time however many workers there
 * are. Belongs to the distributing thread.
 */
#ifndef DISTRIBUTOR_ROOMS_H
#define DISTRIBUTOR_ROOMS_H

#include <stdbool.h>
#include <stdint.h>

#include "distributor/distributor.h"

struct rooms {
    uint32_t levels; /* items that can be out at one worker: nobody with so many is in here */
    uint32_t lowest; /* no ring below has anybody */
    /* Neighbours of each worker, and behind them the heads of the rings. */
    uint16_t next[DISTRIBUTOR_WORKERS_MAX + 1024];
    uint16_t previous[DISTRIBUTOR_WORKERS_MAX + 1024];
};

static inline void rooms_open(struct rooms *rooms, uint32_t levels)
{
    rooms->levels = rooms->lowest = levels;
    for (uint32_t i = 0; i < DISTRIBUTOR_WORKERS_MAX + levels; i++)
        rooms->next[i] = rooms->previous[i] = (uint16_t)i;
}

static inline bool rooms_has(const struct rooms *rooms, uint32_t worker)
{
    return rooms->next[worker] != worker;
}

static inline void rooms_remove(struct rooms *rooms, uint32_t worker)
{
    uint16_t next = rooms->next[worker], previous = rooms->previous[worker];

    rooms->next[previous] = next;
    rooms->previous[next] = previous;
    rooms->next[worker] = rooms->previous[worker] = (uint16_t)worker;
}

/* A worker that is not in here comes with so many items out; with all that it can have, it does
 * not. */
static inline void rooms_add(struct rooms *rooms, uint32_t worker, uint32_t out)
{
    uint16_t head = (uint16_t)(DISTRIBUTOR_WORKERS_MAX + out);
    uint16_t last;

    if (out >= rooms->levels)
        return;
    last = rooms->previous[head];
    rooms->next[worker] = head;
    rooms->previous[worker] = last;
    rooms->next[last] = (uint16_t)worker;
    rooms->previous[head] = (uint16_t)worker;
    if (out < rooms->lowest)
        rooms->lowest = out;
}

static inline void rooms_move(struct rooms *rooms, uint32_t worker, uint32_t out)
{
    rooms_remove(rooms, worker);
    rooms_add(rooms, worker, out);
}

/* The worker with most room, or DISTRIBUTOR_WORKERS_MAX: nobody has any. */
static inline uint32_t rooms_most(struct rooms *rooms)
{
    while (rooms->lowest < rooms->levels) {
        uint32_t head = DISTRIBUTOR_WORKERS_MAX + rooms->lowest;

        if (rooms->next[head] != head)
            return rooms->next[head];
        rooms->lowest++;
    }
    return DISTRIBUTOR_WORKERS_MAX;
}

/* Another one with as much room, behind this one, or DISTRIBUTOR_WORKERS_MAX: there is none. */
static inline uint32_t rooms_another(const struct rooms *rooms, uint32_t worker)
{
    uint32_t next = rooms->next[worker];

    return next < DISTRIBUTOR_WORKERS_MAX ? next : DISTRIBUTOR_WORKERS_MAX;
}

#endif /* DISTRIBUTOR_ROOMS_H */
