/* SPDX-License-Identifier: MIT */
/*
 * child.h - somebody else: a process or a thread of its own, which does what the test asks.
 *
 *     struct child *peer = child_start(CHILD_PROCESS, 2);        it is node <0, 2> now
 *     child_do(peer, act_create, &(struct act){.port = 7});
 *     child_begin(peer, act_receive, &act);                      blocks over there
 *     child_finish(peer, &act);
 *
 * An act is a struct that both sides can see and a function that takes it. What the act
 * points to must be seen by both, too: shared_memory().
 */
#ifndef TESTS_CHILD_H
#define TESTS_CHILD_H

#include <mcapi.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum child_kind { CHILD_PROCESS, CHILD_THREAD };

/* For tests that are to hold for both: one round for each, with _i as the kind. */
enum { CHILD_KINDS = 2 };

/* What is asked and what came of it; each function says which fields it uses. */
struct act {
    mcapi_status_t status;
    mcapi_domain_t domain;
    mcapi_node_t node;
    mcapi_port_t port;
    mcapi_endpoint_t endpoint;
    mcapi_endpoint_t other;
    mcapi_timeout_t timeout;
    mcapi_request_t request;
    int kind;
    uint32_t count;
    size_t size;
    uint64_t word;
    void *pointer;
    char bytes[256];
};

struct child;

/* --- The test ----------------------------------------------------------------------- */

/* One that is no node. Of a thread: one that acts for the test's node. */
struct child *child_start_bare(enum child_kind kind);

/* One that is the node <0, node>. */
struct child *child_start(enum child_kind kind, mcapi_node_t node);

/* Has it do something, and waits until it is done; `act` takes and gives. NULL for `child`:
 * the caller does it. */
void child_do(struct child *child, void (*function)(struct act *), struct act *act);

/* Has it do something, and does not wait. */
void child_begin(struct child *child, void (*function)(struct act *), const struct act *act);

/* Waits until it is done with what was begun. */
void child_finish(struct child *child, struct act *act);

bool child_is_done(const struct child *child);

/* It sleeps in the kernel: for "it is blocked", with eventually(). */
bool child_is_asleep(const struct child *child);

/* Processor time of its process or thread up to now, in ns. */
int64_t child_processor_time(const struct child *child);

pid_t child_process(const struct child *child);

/* SIGKILL, and waits until the process is gone. */
void child_kill(struct child *child);

/* For one whose act ends its process; expects exit status 0. */
void child_expect_exit(struct child *child);

/* It finalizes if it is a node, and is gone. */
void child_end(struct child *child);

void child_end_all(void);

/* Zeroed memory that children started later share with us. */
void *shared_memory(size_t size);

/* --- Acts: what is usual; every one sets status -------------------------------------- */

void act_initialize(struct act *act); /* domain, node */
void act_finalize(struct act *act);
void act_create(struct act *act); /* port -> endpoint */
void act_get(struct act *act);    /* domain, node, port, timeout -> endpoint */
void act_delete(struct act *act); /* endpoint */

#endif /* TESTS_CHILD_H */
