/* SPDX-License-Identifier: MIT */
/*
 * inside.h - the distributor as the distributing thread knows it.
 *
 * Everything here is private to that thread: what workers see of it are packets. An item is in
 * one place at a time:
 *
 *     free -> [waiting for anybody] -> [in its tag's line] -> out at a member -> finished
 *                   d->waiting        member->waiting, or       member->out       store
 *                                      d->free_waiting
 *                    ^                        |                       |
 *                    +------------------------+-----------------------+
 *                          the member dies, leaves or stops asking
 *
 * What keeps the order within a tag:
 *
 *   TAG      a tag is in the table with a member while items of it are out there; further items
 *            of it go there too, or, if there is no room, into the tag's line. Whoever has room
 *            first takes from the line when nothing of the tag is out any more.
 *   BEHIND   while a tag has a line, its items go to the end of that; while items wait for
 *            anybody, new ones go behind them.
 *   BACK     what comes back unfinished goes before everything that waits for anybody, in the
 *            order in which it was given, and behind it the lines of that member's tags: all of
 *            that is older than what waits there with the same tags.
 *
 * What was in work at a death, or may have been, is suspect: it may be what kills. Those are a
 * prefix of what the member had out, so of each tag too. A suspect is given to a member only if
 * that has nothing else out, and it gets nothing else until it is back: if it dies, it is known
 * over what. Until each suspect at the head of what waits has found such a member, those behind
 * it wait. One that was in work at `deaths_max` deaths is not given again.
 *
 * A member is in `rooms` exactly while it can be given an item: it asks, has room in its
 * window, and a packet to put it into.
 */
#ifndef DISTRIBUTOR_INSIDE_H
#define DISTRIBUTOR_INSIDE_H

#include "distributor/distributor.h"
#include "distributor/rooms.h"
#include "distributor/store.h"
#include "distributor/tags.h"
#include "distributor/waits.h"
#include "distributor/wire.h"

/* A worker, as the distributor sees it. */
struct member {
    bool present;
    bool asking;
    bool dismissed; /* it is given nothing more... */
    bool to_tell;   /* ...and does not know it: no packet was free */
    bool stuck;     /* no packet was free: until it has answered */
    bool broken;    /* a call for its channels failed: it is gone, or soon will be */
    bool alone;     /* it has a suspect, and is given nothing until that is back */
    bool slow;      /* it has finished nothing for long, and is given nothing until it does */
    bool full;      /* its answers had filled their channel: it may be further on than `lag` */
    uint32_t lag;   /* of its last answer */
    uint32_t depth; /* answers that its channel holds */
    uint32_t number;
    uint32_t epoch;                 /* of its last answer */
    mcapi_endpoint_t work, answers; /* the ends of its channels, which are their handles too */

    /* The parcel that is being made, and not counted as sent. */
    struct wire_parcel *parcel; /* NULL: none */
    bool begun;                 /* it is in the distributor's list of those that have one */
    uint32_t parcel_count;
    uint32_t parcel_at; /* bytes in use */

    /* A ring of the items that are out, those of the parcel included; positions run free. */
    uint32_t *out;
    uint32_t first, end;
    uint64_t given; /* items since it came, and as many as the one with fewest had then */

    uint32_t window;            /* items that can be out now */
    uint64_t since_ns;          /* it has had something out, and has finished nothing */
    struct waits_queue waiting; /* their tags are here */
    struct distributor_worker_stats stats;
};

struct distributor {
    mcapi_endpoint_t door; /* where workers say hello */
    uint32_t max_workers;
    uint32_t batch; /* items in work at one worker */
    uint32_t max_size;
    uint32_t window;
    uint32_t deaths_max; /* 0: none */
    uint64_t slow_ns;    /* 0: no worker is slow */
    uint64_t now_ns;     /* read once in a call, if there is slow_ns */
    uint32_t (*weigh)(void *context, mcapi_domain_t domain, mcapi_node_t node);
    void *context;
    uint32_t parcel_bytes; /* of the largest parcel */
    uint32_t out_mask;
    uint32_t turn; /* counts looks at the members */

    struct store store;
    struct tags tags;
    struct rooms rooms;
    struct waits waits;
    struct waits_queue free_waiting; /* their tags are nowhere any more */
    struct store_list waiting;       /* for anybody */
    uint32_t all_waiting;            /* all of these */
    uint32_t out;

    uint32_t present_count;
    uint16_t present[DISTRIBUTOR_WORKERS_MAX]; /* numbers of the members that are here */
    uint32_t coming; /* items of the last call of process: how large parcels may be */
    uint32_t begun_count;
    uint16_t begun[DISTRIBUTOR_WORKERS_MAX]; /* ...that have a parcel to send, or had one */
    bool some_broken;
    struct distributor_stats stats; /* but for what is counted above */

    uint32_t *out_memory;
    struct member *members;
};

static inline uint32_t member_out(const struct member *member)
{
    return member->end - member->first;
}

/* Notes whether, and as what, it can be chosen: after every change of what it has out. */
static inline void member_move(struct distributor *d, const struct member *member)
{
    if (member_out(member) < member->window)
        rooms_move(&d->rooms, member->number, member_out(member));
    else
        rooms_remove(&d->rooms, member->number);
}

/* Whether it takes items. */
static inline bool member_takes(const struct member *member)
{
    return member->asking && !member->dismissed;
}

/* --- place.c: items to members ------------------------------------------------------- */

/* Gives an item to the member that has its tag, or has it wait for that one; gives it to the
 * member with most room if no one has its tag. False: nobody has room, and nothing was done. */
bool place_item(struct distributor *d, uint32_t item);

/* An item of this tag has come back from its member: others that wait may go elsewhere now. */
void place_free_tag(struct distributor *d, struct tag *entry);

/* Gives out what waits, as far as there is room: for this member; for anybody. */
void place_waiting_for(struct distributor *d, struct member *member);
void place_waiting(struct distributor *d);

/* Tells a member that is dismissed, if there is a packet. */
void place_tell_dismissed(struct distributor *d, struct member *member);

/* Sends the parcels that were begun. Members that are gone are marked as broken. */
void place_send(struct distributor *d);

/* Takes back what this member has, but for the `keep` oldest items, and what waits for it: all
 * of it waits for anybody again, before everything else. The `again` oldest, with those that
 * are kept, are marked as perhaps worked on; a death is counted for the `suspects` oldest,
 * `weight` times, and those that have too many of them are finished instead. */
void place_take_back(struct distributor *d, struct member *member, uint32_t keep,
                     uint32_t again, uint32_t suspects, uint32_t weight);

/* --- collect.c: answers -------------------------------------------------------------- */

/* Takes the answers of all members, of those that are likely to have some (`all` false), and
 * deals with those that are gone. */
void collect_answers(struct distributor *d, bool all);

/* --- members.c: who is here ---------------------------------------------------------- */

/* Lets in those who have said hello, as far as there are places. */
void members_admit(struct distributor *d);

/* This one is gone: takes back what it has, and lets go of its channels. `died`: not of its own
 * will. */
void members_bury(struct distributor *d, struct member *member, bool died, uint32_t again);

/* Gives a member nothing more, and tells it so. */
void members_dismiss(struct distributor *d, struct member *member);

/* Lets go of the channels of all. */
void members_let_go(struct distributor *d);

#endif /* DISTRIBUTOR_INSIDE_H */
