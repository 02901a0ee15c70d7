/* SPDX-License-Identifier: MIT */
/*
 * distributor.h - dynamic load balancing that keeps flows in order, over MCAPI.
 *
 * One thread, the distributing thread, hands items of work to workers: processes or threads, on
 * any node of the topology. Each item has a tag, the number of its flow, and this holds:
 *
 *   - two items of one tag are never in work at two workers at once;
 *   - items of one tag are worked on, and come back, in the order in which they went in;
 *     between items of different tags there is no promise;
 *   - an item whose tag is out (queued or in work at a worker) goes to the same worker, or
 *     waits for it; any other goes to the worker with most room. So a tag belongs to a worker
 *     only as long as it has items out there;
 *   - an item that was taken in comes back exactly once, whatever happens to workers. One that
 *     dies loses nothing: its items go to others, in order, before later ones of their tags.
 *     What it had worked on and not yet given back is worked on again.
 *
 * Distributor and workers find each other as all of MCAPI does, by domain, node and port. Each
 * side calls mcapi_initialize first; then
 *
 *     the distributing thread                     a worker
 *
 *     d = distributor_create(...);                w = distributor_join(...);
 *     while (there are items) {                   n = 0;
 *         distributor_process(d, items, n);       while (...) {
 *         distributor_returned(d, items, room);       n = distributor_get(w, items, n, ...);
 *     }                                               work on items[0] to items[n - 1];
 *     distributor_flush(d, ...);                  }
 *     distributor_destroy(d);                     distributor_leave(w, items, n);
 *
 * Nobody polls: a worker that has nothing to do sleeps in distributor_get, the distributing
 * thread in distributor_wait.
 */
#ifndef DISTRIBUTOR_H
#define DISTRIBUTOR_H

#include <stddef.h>
#include <stdint.h>

#include <mcapi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- Types ----------------------------------------------------------------------- */

/* A distributor, as its distributing thread holds it; a worker, as that worker holds it. */
struct distributor;
struct distributor_worker;

#define DISTRIBUTOR_WORKERS_MAX 256 /* workers of one distributor at one time */
#define DISTRIBUTOR_BURST_MAX   8   /* items in work at one worker in mode burst */
#define DISTRIBUTOR_NO_WORKER   UINT16_MAX

/* How many items a worker has in work at one time. How many more wait at it, so that it need
 * not wait for them, is the setting `window`. */
enum distributor_mode {
    DISTRIBUTOR_SINGLE, /* one */
    DISTRIBUTOR_BURST,  /* up to DISTRIBUTOR_BURST_MAX, taken and given back together */
};

/*
 * Flags of an item.
 *
 *   DISTRIBUTOR_KEPT      set by the distributing thread: the bytes stay unchanged where they
 *                         are until the item is returned, and need not be copied
 *   DISTRIBUTOR_CHANGED   set by a worker: bytes or size are other than they came, and are to
 *                         travel back
 *   DISTRIBUTOR_AGAIN     set by the library: the item may have been worked on before, by a
 *                         worker that died, or that left with the item in work
 *   DISTRIBUTOR_GIVEN_UP  set by the library: the item comes back without having been worked
 *                         on to the end; too many workers died over it (`deaths_max` of struct
 *                         distributor_settings)
 */
#define DISTRIBUTOR_KEPT     1u
#define DISTRIBUTOR_CHANGED  2u
#define DISTRIBUTOR_AGAIN    4u
#define DISTRIBUTOR_GIVEN_UP 8u

/* An item of work. Who hands it to a call owns this struct, before and after. */
struct distributor_item {
    void *bytes;     /* what to work on; may be NULL if size is 0 */
    uint32_t size;   /* bytes, at most the setting `max_size` */
    uint32_t tag;    /* of its flow: any number */
    uint64_t cookie; /* the distributing thread's own, given back to it; a worker sees 0 */
    uint16_t worker; /* the number of the worker that has worked on it, or is to */
    uint16_t flags;  /* DISTRIBUTOR_KEPT, _CHANGED, _AGAIN, _GIVEN_UP */
    uint8_t deaths;  /* of workers at which it was in work, or may have been, as they were
                      * weighed; up to 255 */
    uint8_t reserved[3];
};

/*
 * How an item that kills is found. A worker that dies may have been at any of those items that
 * it had begun, or finished without the distributor knowing yet: in mode single the one in
 * work, in mode burst the up to DISTRIBUTOR_BURST_MAX in work, and of items that take less than
 * some ten microseconds up to 31 more. To each of them the death is counted. From then on each
 * of them is given to a worker that has nothing else, and which gets nothing else meanwhile: if
 * that dies, too, it is known over which item. So `deaths` of 2 and more are of deaths at
 * which, but for the first, the item was all that the worker had.
 *
 * New items wait meanwhile until each of these has found a worker with nothing else to do; one
 * that waits for more and keeps items in work has something else.
 */

/*
 * What distributor_create can be told beyond its parameters. 0 anywhere: the default.
 *
 *   max_size    bytes of the largest item, as it goes out and as it comes back; at most what
 *               fits into a packet of the topology, less 320. Default 2048
 *   window      items that can be out at one worker, queued or in work; 1 to 1024. Those of one
 *               call of distributor_process travel together, and the packets of 16 calls can
 *               be out. Default 256
 *   capacity    items that the distributor can have: waiting, out, and returned but not
 *               collected; 1 to 1048576. Default twice the windows of all workers, at least 512
 *               and at most 65536
 *   deaths_max  deaths at which an item may have been in work before it is given up: it is
 *               returned with DISTRIBUTOR_GIVEN_UP then, and given to no other worker; up to
 *               255. With 1, items beside the one that kills are given up as well. Default 0:
 *               no item is ever given up
 *   weigh       for how many deaths the death of this worker counts; for whoever knows more of
 *               it: that it was killed from outside, say. Called with `context` by the
 *               distributing thread's calls when they notice the death; 0 clears all items.
 *               Default NULL: each counts as one
 *   slow_us     microseconds after which a worker that has items out, and has finished none, is
 *               given nothing more until it finishes one: what comes meanwhile goes to others,
 *               or waits for whoever has room first, and not behind an item that takes long.
 *               For items of which a few take far longer than the others. Default 0: never
 */
struct distributor_settings {
    uint32_t max_size;
    uint32_t window;
    uint32_t capacity;
    uint32_t deaths_max;
    uint32_t (*weigh)(void *context, mcapi_domain_t domain, mcapi_node_t node);
    void *context;
    uint32_t slow_us;
    uint32_t reserved[7]; /* 0 */
};

/* What a distributor is doing and has done. Numbers of 64 bits count since it was created. */
struct distributor_stats {
    uint64_t taken;       /* items that process has taken in */
    uint64_t returned;    /* items that have come back, collected or not */
    uint64_t changed;     /* of these, with DISTRIBUTOR_CHANGED */
    uint64_t cleared;     /* of these, dropped by distributor_clear_returns */
    uint64_t handed_over; /* items given to workers; one that is given twice counts twice */
    uint64_t packets;     /* ...in so many packets */
    uint64_t joined;      /* workers that came */
    uint64_t left;        /* ...that left */
    uint64_t died;        /* ...that died, or said what made no sense and were shut out */
    uint64_t given_again; /* items that were queued or in work at those */
    uint32_t workers;     /* that are here now */
    uint32_t asking;      /* of these, that take items */
    uint32_t waiting;     /* items that wait for a worker */
    uint32_t out;         /* items at workers, queued or in work */
    uint32_t uncollected; /* items that distributor_returned would give */
    uint32_t room;        /* items that distributor_process would take */
    uint64_t given_up;    /* of those that have come back, with DISTRIBUTOR_GIVEN_UP */
    uint64_t reserved[7]; /* 0 */
};

/* The same about one worker that is here now. */
struct distributor_worker_stats {
    uint64_t handed_over;  /* items given to it */
    uint64_t packets;      /* ...in so many packets */
    uint64_t returned;     /* items that came back from it */
    uint32_t out;          /* items there now, queued or in work */
    uint32_t waiting;      /* items that wait because their tag is there */
    uint32_t asking;       /* 1: it takes items */
    uint32_t dismissed;    /* 1: it is given no more */
    mcapi_domain_t domain; /* of the node that has joined it */
    mcapi_node_t node;
    uint32_t reserved[4]; /* 0 */
};

/* --- The distributing thread ----------------------------------------------------- */

/*
 * One thread makes these calls, or several that take care that no two do at a time: they are
 * not safe against each other for the same distributor. Calls for different distributors, and
 * those of workers, are. All are made on the node that created the distributor.
 *
 * Each of these calls, while it is at it, lets workers in that want to join, takes finished
 * items back, and notices workers that leave or die. Nothing of that happens between calls.
 */

/*
 * Makes a distributor. Workers find it by the caller's domain and node and by its port.
 *
 * It uses two endpoints of the caller's node for each worker that is there, and one for itself;
 * for more than some 120 workers, MCAPI_MAX_ENDPOINTS has to be raised.
 *
 *   port         of the caller's node, free; MCAPI_PORT_ANY is refused
 *   max_workers  that can be there at one time, 1 to DISTRIBUTOR_WORKERS_MAX; more that want to
 *                join wait until there is a place
 *   mode         DISTRIBUTOR_SINGLE or DISTRIBUTOR_BURST
 *   settings     the rest, or NULL for all defaults; copied
 *
 * Returns the distributor, which the caller destroys; NULL if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     max_workers, mode, or one of the settings is out of range; a
 *                           reserved setting is not 0
 *   MCAPI_ERR_PKT_LIMIT     max_size is more than packets of this topology can carry
 *   MCAPI_ERR_PORT_INVALID  not the number of a port
 *   MCAPI_ERR_ENDP_EXISTS   the port is taken
 *   MCAPI_ERR_ENDP_LIMIT    the node has no endpoint left
 *   MCAPI_ERR_MEM_LIMIT     there is no memory
 */
struct distributor *distributor_create(mcapi_port_t port, uint32_t max_workers,
                                       enum distributor_mode mode,
                                       const struct distributor_settings *settings,
                                       mcapi_status_t *mcapi_status);

/*
 * Takes items in, and hands over to workers what can be. What cannot be yet waits in the
 * distributor. Takes as many as it has room for, from the first on, and fewer when the caller
 * does not collect what is returned; it never drops one. An item that is too large, or without
 * bytes, ends the call before it, and makes it fail only if it is the first.
 *
 * Bytes are copied before the call returns, except those of items with DISTRIBUTOR_KEPT.
 *
 *   distributor  whose room it is
 *   items        with bytes, size, tag, cookie and DISTRIBUTOR_KEPT or no flag; the rest is not
 *                looked at. May be NULL if count is 0
 *   count        how many; 0 only moves things on
 *
 * Does not block.
 *
 * Returns how many were taken in; 0 if there is no room, or the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     distributor is NULL; items is, and count is not 0; or the first
 *                           item has a size and no bytes
 *   MCAPI_ERR_PKT_LIMIT     the first item is larger than max_size
 */
size_t distributor_process(struct distributor *distributor,
                           const struct distributor_item *items, size_t count,
                           mcapi_status_t *mcapi_status);

/*
 * Collects finished items. Those of one tag come in the order in which they were taken in.
 *
 * The bytes of a changed item, and of one without DISTRIBUTOR_KEPT, are in the distributor's
 * memory: they are the caller's to read and write until the next distributor_returned,
 * distributor_wait, distributor_flush, distributor_clear_returns or distributor_destroy. Until
 * then they also take up room. Those of an unchanged item with DISTRIBUTOR_KEPT are where they
 * were.
 *
 *   distributor  whose items they are
 *   items        are filled; flags are DISTRIBUTOR_KEPT, DISTRIBUTOR_CHANGED, DISTRIBUTOR_AGAIN
 *                and DISTRIBUTOR_GIVEN_UP as they apply, `worker` is who has worked on it last
 *   room         how many they have room for; 0 only moves things on
 *
 * Does not block.
 *
 * Returns how many there were; 0 if there is none, or the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     distributor is NULL; or items is, and room is not 0
 */
size_t distributor_returned(struct distributor *distributor, struct distributor_item *items,
                            size_t room, mcapi_status_t *mcapi_status);

/* What distributor_wait waits for. */
#define DISTRIBUTOR_RETURNS 1u /* distributor_returned would give something */
#define DISTRIBUTOR_ROOM    2u /* distributor_process would take an item */

/*
 * Waits until there is something to do for the distributing thread. Sleeps meanwhile, as the
 * waiting policy of the node says; workers that join, leave or die are seen to. When
 * distributor_process has taken fewer items than it was given, wait for DISTRIBUTOR_ROOM too:
 * the room may be that of items that were collected, and nothing else may be out.
 *
 *   distributor  to wait for
 *   what         DISTRIBUTOR_RETURNS, DISTRIBUTOR_ROOM, or both: either will do
 *   timeout      milliseconds; MCAPI_TIMEOUT_IMMEDIATE looks once, MCAPI_TIMEOUT_INFINITE waits
 *                for ever
 *
 * Blocks until it is so, or until the timeout.
 *
 * Returns which of the two it is, or both; 0 if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_TIMEOUT           neither was so in that time
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     distributor is NULL; what is 0 or has other bits
 */
uint32_t distributor_wait(struct distributor *distributor, uint32_t what,
                          mcapi_timeout_t timeout, mcapi_status_t *mcapi_status);

/*
 * Tells where something arrives when a worker says something, or wants to join: for who waits
 * for other things too, with mcapi_ext_wait_receivable, and then calls distributor_returned or
 * distributor_process. They change when workers come and go, which those two calls notice.
 *
 *   distributor  whose endpoints they are
 *   endpoints    are filled, to be waited at and nothing else
 *   room         how many they have room for; DISTRIBUTOR_WORKERS_MAX + 1 is always enough
 *
 * Does not block.
 *
 * Returns how many there are, also if that is more than there is room for; 0 if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     distributor is NULL; or endpoints is, and room is not 0
 */
size_t distributor_endpoints(const struct distributor *distributor, mcapi_endpoint_t *endpoints,
                             size_t room, mcapi_status_t *mcapi_status);

/*
 * Waits until no item waits and none is out: all have come back. They are still to be
 * collected. Without workers that take items it waits for some to join.
 *
 *   distributor  to empty
 *   timeout      milliseconds; MCAPI_TIMEOUT_IMMEDIATE looks once, MCAPI_TIMEOUT_INFINITE waits
 *                for ever
 *
 * Blocks until all have come back, or until the timeout.
 *
 * Returns how many items are returned and not collected; 0 if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_TIMEOUT           some were still waiting or out after that time
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     distributor is NULL
 */
size_t distributor_flush(struct distributor *distributor, mcapi_timeout_t timeout,
                         mcapi_status_t *mcapi_status);

/*
 * Drops all items that are returned and not collected. Those that come back later are not
 * concerned. What the caller keeps for items with DISTRIBUTOR_KEPT among them is free again,
 * as are bytes that were collected before.
 *
 *   distributor  whose returns they are
 *
 * Returns how many were dropped; 0 if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     distributor is NULL
 */
size_t distributor_clear_returns(struct distributor *distributor, mcapi_status_t *mcapi_status);

/*
 * Tells what a distributor is doing and has done. Looks at nothing else: what workers have sent
 * since the last call is not in it.
 *
 *   distributor  to ask
 *   stats        is filled
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     distributor or stats is NULL
 */
void distributor_stats(const struct distributor *distributor, struct distributor_stats *stats,
                       mcapi_status_t *mcapi_status);

/*
 * Tells the same about one worker.
 *
 *   distributor  to ask
 *   worker       its number, as items tell it: 0 to max_workers - 1
 *   stats        is filled
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_NODE_INVALID  there is no worker of that number now
 *   MCAPI_ERR_PARAMETER     distributor or stats is NULL
 */
void distributor_worker_stats(const struct distributor *distributor, uint32_t worker,
                              struct distributor_worker_stats *stats,
                              mcapi_status_t *mcapi_status);

/*
 * Sends a worker away. It is given no more items; what it has, it works off. Items that wait
 * because their tag is there go to others as soon as it has none of that tag. When it has given
 * everything back, its distributor_get and distributor_poll say MCAPI_ERR_CHAN_CLOSEPENDING,
 * and it is to leave; until it does, or dies, it is counted among the workers. A worker that is
 * dismissed already stays so.
 *
 *   distributor  whose worker it is
 *   worker       its number, as items tell it: 0 to max_workers - 1
 *
 * Does not block.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_NODE_INVALID  there is no worker of that number now
 *   MCAPI_ERR_PARAMETER     distributor is NULL
 */
void distributor_dismiss(struct distributor *distributor, uint32_t worker,
                         mcapi_status_t *mcapi_status);

/*
 * Ends a distributor. Items that wait, are out or were not collected are forgotten: flush and
 * collect first. Workers learn of it by MCAPI_ERR_CHAN_INVALID.
 *
 *   distributor  to end, not to be used again; NULL is refused
 *
 * Does not block.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node: its endpoints are gone already, the
 *                           memory is freed all the same
 *   MCAPI_ERR_PARAMETER     distributor is NULL
 */
void distributor_destroy(struct distributor *distributor, mcapi_status_t *mcapi_status);

/* --- A worker -------------------------------------------------------------------- */

/*
 * A worker is a process or a thread with a node of its own, so that its death is noticed; a
 * worker on the distributor's own node works too, and can only leave. One thread at a time uses
 * a worker. A node may have several workers, of several distributors too.
 *
 * What a worker has taken and not given back is in work there, oldest first: one item in mode
 * single, up to DISTRIBUTOR_BURST_MAX in mode burst. It gives them back in that order: a
 * `count` of finished items is about the oldest ones. For each of them, items[i] says whether
 * it was changed; nothing else of it is looked at. A changed item's bytes are either where the
 * item came, changed in place, and no longer than they came, or anywhere else in the caller's
 * memory, with any size up to max_size.
 *
 * The bytes of an item that was taken are the worker's to read and to write until it is given
 * back. They lie in memory that is shared with the distributor, which has its own copy.
 */

/*
 * Joins a distributor. It lets the worker in at one of its next calls; until then there are
 * simply no items. The worker is given none before it asks, by distributor_get or
 * distributor_request.
 *
 *   domain, node, port  of the distributor
 *   timeout             milliseconds to wait for the distributor to be created;
 *                       MCAPI_TIMEOUT_IMMEDIATE looks once
 *
 * Blocks until there is such a distributor, or until the timeout.
 *
 * Returns the worker, which ends with distributor_leave; NULL if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_TIMEOUT             there was none in that time, or too many wait to be let in
 *   MCAPI_ERR_NODE_NOTINIT    the caller has no node
 *   MCAPI_ERR_DOMAIN_INVALID  not a legal number of a domain
 *   MCAPI_ERR_NODE_INVALID    not a legal number of a node
 *   MCAPI_ERR_PORT_INVALID    not a legal number of a port
 *   MCAPI_ERR_ENDP_LIMIT      the node has no endpoint left: a worker needs three
 *   MCAPI_ERR_REQUEST_LIMIT   all requests of the node are unfinished: a worker needs two
 *   MCAPI_ERR_MEM_LIMIT       there is no memory
 */
struct distributor_worker *distributor_join(mcapi_domain_t domain, mcapi_node_t node,
                                            mcapi_port_t port, mcapi_timeout_t timeout,
                                            mcapi_status_t *mcapi_status);

/*
 * Gives finished items back and takes new ones. What has been finished is told to the
 * distributor at once if there is nothing else to do, and otherwise together with what follows.
 *
 *   worker   who asks
 *   items    the finished ones, then filled with the new ones; room for one in mode single, for
 *            DISTRIBUTOR_BURST_MAX in mode burst
 *   count    how many of those in work are finished, from the oldest on; if some are left, new
 *            ones come behind them, and items has only the new ones
 *   timeout  milliseconds; MCAPI_TIMEOUT_IMMEDIATE looks once, MCAPI_TIMEOUT_INFINITE waits for
 *            ever
 *
 * Blocks until there is an item, or until the timeout.
 *
 * Returns how many new ones there are; 0 if there is none, or the call fails. With
 * MCAPI_TIMEOUT the finished items were given back all the same.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_TIMEOUT                there was no item within the timeout
 *   MCAPI_ERR_NODE_NOTINIT       the caller has no node
 *   MCAPI_ERR_PARAMETER          worker or items is NULL; count is more than are in work;
 *                                or as many would stay in work as can be
 *   MCAPI_ERR_PKT_LIMIT          a changed item is larger than max_size, or has a size and
 *                                no bytes, or has grown in place; none was given back
 *   MCAPI_ERR_CHAN_INVALID       the distributor is destroyed, or has shut the worker out
 *   MCAPI_ERR_CHAN_CLOSEPENDING  the distributor has dismissed the worker, and knows of all
 *                                that is finished: it is to leave
 *   MCAPI_ERR_TRANSMISSION       the distributor's node has died
 *   MCAPI_ERR_GENERAL            what came from the distributor makes no sense
 */
size_t distributor_get(struct distributor_worker *worker, struct distributor_item *items,
                       size_t count, mcapi_timeout_t timeout, mcapi_status_t *mcapi_status);

/*
 * Gives finished items back and asks for new ones, which distributor_poll takes. The rest is as
 * for distributor_get.
 *
 *   worker  who asks
 *   items   the finished ones; may be NULL if count is 0
 *   count   how many of those in work are finished, from the oldest on
 *
 * Blocks while the distributing thread does not take back what was given before, which needs
 * many changed items, or some thirty calls meanwhile.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     worker is NULL; count is more than are in work; or items is
 *                           NULL and count is not 0
 *   MCAPI_ERR_PKT_LIMIT     a changed item is larger than max_size, or has a size and no
 *                           bytes, or has grown in place; none was given back
 *   MCAPI_ERR_CHAN_INVALID  the distributor is destroyed, or has shut the worker out
 *   MCAPI_ERR_TRANSMISSION  the distributor's node has died
 */
void distributor_request(struct distributor_worker *worker,
                         const struct distributor_item *items, size_t count,
                         mcapi_status_t *mcapi_status);

/*
 * Takes new items, if there are some and they were asked for.
 *
 *   worker  who has asked
 *   items   are filled; room for one in mode single, for DISTRIBUTOR_BURST_MAX in mode burst
 *
 * Does not block.
 *
 * Returns how many there are; 0 if there is none, with MCAPI_SUCCESS, or if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT       the caller has no node
 *   MCAPI_ERR_PARAMETER          worker or items is NULL; or as many are in work as can be
 *   MCAPI_ERR_CHAN_INVALID       the distributor is destroyed, or has shut the worker out
 *   MCAPI_ERR_CHAN_CLOSEPENDING  the distributor has dismissed the worker, and knows of all
 *                                that is finished: it is to leave
 *   MCAPI_ERR_TRANSMISSION       the distributor's node has died
 *   MCAPI_ERR_GENERAL            what came from the distributor makes no sense
 */
size_t distributor_poll(struct distributor_worker *worker, struct distributor_item *items,
                        mcapi_status_t *mcapi_status);

/*
 * Gives finished items back without asking for more. Items that are queued at the worker and
 * not in work go back too, unworked, to be given to others; the worker is given none until it
 * asks again. Items that it keeps in work stay its own.
 *
 *   worker  who has finished them
 *   items   the finished ones; may be NULL if count is 0
 *   count   how many of those in work are finished, from the oldest on
 *
 * Blocks while the distributing thread does not take back what was given before, which needs
 * many changed items, or some thirty calls meanwhile.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     worker is NULL; count is more than are in work; or items is
 *                           NULL and count is not 0
 *   MCAPI_ERR_PKT_LIMIT     a changed item is larger than max_size, or has a size and no
 *                           bytes, or has grown in place; none was given back
 *   MCAPI_ERR_CHAN_INVALID  the distributor is destroyed, or has shut the worker out
 *   MCAPI_ERR_TRANSMISSION  the distributor's node has died
 */
void distributor_return(struct distributor_worker *worker, const struct distributor_item *items,
                        size_t count, mcapi_status_t *mcapi_status);

/*
 * Leaves: gives finished items back and ends the worker. What is queued or in work at it and
 * not finished goes to others, in order. The distributor need not be there any more.
 *
 *   worker  who leaves; not to be used again, whatever the status is, but for
 *           MCAPI_ERR_PARAMETER and MCAPI_ERR_PKT_LIMIT
 *   items   the finished ones; may be NULL if count is 0
 *   count   how many of those in work are finished, from the oldest on
 *
 * Blocks while the distributing thread does not take back what was given before, which needs
 * many changed items.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node: the distributor has noticed already,
 *                           the memory is freed all the same
 *   MCAPI_ERR_PARAMETER     worker is NULL; count is more than are in work; or items is
 *                           NULL and count is not 0
 *   MCAPI_ERR_PKT_LIMIT     a changed item is larger than max_size, or has a size and no
 *                           bytes, or has grown in place; none was given back
 *   MCAPI_ERR_CHAN_INVALID  the distributor is destroyed, or has shut the worker out
 *   MCAPI_ERR_TRANSMISSION  the distributor's node has died
 */
void distributor_leave(struct distributor_worker *worker, const struct distributor_item *items,
                       size_t count, mcapi_status_t *mcapi_status);

#ifdef __cplusplus
}
#endif

#endif /* DISTRIBUTOR_H */
