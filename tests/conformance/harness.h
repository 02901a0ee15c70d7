/* SPDX-License-Identifier: MIT */
/*
 * harness.h - what the tests of the conformance suite share.
 *
 * The suite uses the public headers of MCAPI and POSIX, nothing else, so that it can be built
 * against any implementation. A test is a sentence, the clauses that it shows, and a body. The
 * body runs in a process of its own, as node <DOMAIN, OWN_NODE>, together with peers:
 *
 *     static void a_packet_arrives(void)
 *     {
 *         struct call call = { 0 };
 *
 *         nodes_begin(1);                       we, and one peer
 *         ...
 *         at(peer(0), do_create, &call);        the peer makes a call, and we wait for it
 *         expect_status(MCAPI_SUCCESS, call.status);
 *         nodes_end();
 *     }
 *
 * Where the peers are is the variant in which the test is run: in processes of their own, in
 * threads that are nodes of their own, or in threads of our own node. The body need not know;
 * it asks with variant() where the contract makes a difference.
 *
 * A test that takes longer than its time is ended, with all its peers, and has failed.
 */
#ifndef CONFORMANCE_HARNESS_H
#define CONFORMANCE_HARNESS_H

#include <mcapi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- Tests and chapters ----------------------------------------------------------- */

/* Where the peers are. */
enum variant { PROCESSES, THREAD_NODES, ONE_NODE, VARIANTS };

#define IN_PROCESSES    (1u << PROCESSES)
#define IN_THREAD_NODES (1u << THREAD_NODES)
#define IN_ONE_NODE     (1u << ONE_NODE)
#define ANYWHERE        (IN_PROCESSES | IN_THREAD_NODES | IN_ONE_NODE)
#define BETWEEN_NODES   (IN_PROCESSES | IN_THREAD_NODES)
#define ALONE           0u /* no peers: run once */

struct test {
    const char *name;    /* what holds, as a function name */
    void (*body)(void);  /* */
    unsigned where;      /* the variants that it is run in */
    const char *clauses; /* numbers in clauses.txt, separated by blanks */
};

#define TEST(body, where, clauses)  \
    {                               \
#body, body, where, clauses \
    }

/* One file of tests. */
struct chapter {
    const char *name; /* of the file: "pktchan" */
    const struct test *tests;
    size_t count;
};

#define CHAPTER(title, table) \
    const struct chapter chapter_##title = { #title, table, sizeof(table) / sizeof((table)[0]) }

enum variant variant(void);

/* --- Failing ---------------------------------------------------------------------- */

/* No call sets it: a status that still has it was left alone. */
#define UNTOUCHED ((mcapi_status_t)0x5151)

/*
 * Makes a call and compares its status, which the call names `status`:
 *
 *     expect(MCAPI_SUCCESS, mcapi_endpoint_delete(endpoint, &status));
 *
 * A test ends where it fails, in whichever process or thread that is.
 */
#define expect(wanted, ...)                                                   \
    do {                                                                      \
        mcapi_status_t status = UNTOUCHED;                                    \
        __VA_ARGS__;                                                          \
        expect_status_at(__FILE__, __LINE__, #__VA_ARGS__, (wanted), status); \
    } while (0)

#define expect_status(wanted, got) expect_status_at(__FILE__, __LINE__, #got, (wanted), (got))
#define expect_true(condition)     expect_true_at(__FILE__, __LINE__, #condition, (condition))
/* Two integers that must be equal; says both. */
#define expect_equal(wanted, got) \
    expect_equal_at(__FILE__, __LINE__, #got, (uint64_t)(wanted), (uint64_t)(got))

/* The test cannot be made with this library or on this machine; says why, and ends it. */
void skip(const char *reason) __attribute__((noreturn));

void expect_status_at(const char *file, int line, const char *call, mcapi_status_t wanted,
                      mcapi_status_t got);
void expect_true_at(const char *file, int line, const char *condition, bool holds);
void expect_equal_at(const char *file, int line, const char *what, uint64_t wanted,
                     uint64_t got);
const char *status_name(mcapi_status_t status);

/* --- Time ------------------------------------------------------------------------- */

/* Milliseconds, of a clock that only goes forward. */
int64_t now_ms(void);

/* Whether the condition comes true before the test's time is nearly over. */
#define eventually(condition)                       \
    __extension__({                                 \
        int64_t give_up = now_ms() + patience_ms(); \
        bool came = (condition);                    \
        while (!came && now_ms() < give_up) {       \
            breathe();                              \
            came = (condition);                     \
        }                                           \
        came;                                       \
    })
int64_t patience_ms(void);
void breathe(void); /* lets others run, between two looks */

/* --- Nodes ------------------------------------------------------------------------ */

enum { DOMAIN = 0, OWN_NODE = 1, PEERS = 3 };

struct peer;

/* We become a node, and `peers` peers are there, nodes too (in variant ONE_NODE: threads that
 * act for our node). */
void nodes_begin(int peers);
/* Peers that are nobody yet: for tests of mcapi_initialize. We are no node either. */
void nodes_begin_bare(int peers);
/* Every node that is still live finalizes, successfully; the peers end. */
void nodes_end(void);

struct peer *peer(int index);
/* The node that a peer acts for: OWN_NODE + 1 + index, or OWN_NODE in variant ONE_NODE. */
mcapi_node_t peer_node(const struct peer *peer);

/* What a peer is asked and what came of it. Each act says which fields it uses. */
struct call {
    mcapi_status_t status;
    mcapi_domain_t domain;
    mcapi_node_t node;
    mcapi_port_t port;
    mcapi_endpoint_t endpoint;
    mcapi_endpoint_t other;
    mcapi_timeout_t timeout;
    mcapi_priority_t priority;
    mcapi_request_t request;
    mcapi_boolean_t truth;
    mcapi_uint_t number;
    size_t size;
    uint64_t word;
    void *pointer; /* valid where it was made */
    unsigned char bytes[512];
};

/* Has a peer do something, and waits until it is done; NULL for `peer`: the caller does it. */
void at(struct peer *peer, void (*act)(struct call *), struct call *call);

/* Has it do something and does not wait; finish() waits, and fetches what came. */
void begin(struct peer *peer, void (*act)(struct call *), const struct call *call);
void finish(struct peer *peer, struct call *call);
bool is_done(const struct peer *peer);

/* The peer is in what was begun, and has not come back in a while (50 ms). */
bool stays_blocked(const struct peer *peer);

/* A signal, with a handler that does nothing, arrives at the peer's thread. */
void interrupt(struct peer *peer);

/* The peer's process is killed (SIGKILL) and gone. Variant PROCESSES only. */
void kill_peer(struct peer *peer);

/* Zeroed memory that the test and all its peers share. Before nodes_begin only. */
void *shared_memory(size_t size);

/* --- Acts: the usual calls; each sets status -------------------------------------- */

void do_initialize(struct call *call); /* domain, node */
void do_finalize(struct call *call);
void do_create(struct call *call);    /* port -> endpoint */
void do_get(struct call *call);       /* domain, node, port, timeout -> endpoint */
void do_delete(struct call *call);    /* endpoint */
void do_set(struct call *call);       /* endpoint, number, word (4 bytes) */
void do_attribute(struct call *call); /* endpoint, number -> word (4 bytes) */

void do_msg_send(struct call *call); /* endpoint, other, bytes, size, priority */
void do_msg_recv(struct call *call); /* endpoint; size: room -> bytes, size */

void do_pkt_connect(struct call *call);    /* endpoint (sends), other (receives); waits */
void do_pkt_open_send(struct call *call);  /* endpoint -> request */
void do_pkt_open_recv(struct call *call);  /* endpoint -> request */
void do_pkt_close_send(struct call *call); /* endpoint -> request */
void do_pkt_close_recv(struct call *call); /* endpoint -> request */
void do_pkt_send(struct call *call);       /* endpoint, bytes, size */
void do_pkt_recv(struct call *call);       /* endpoint -> bytes, size; released */

void do_scl_connect(struct call *call);
void do_scl_open_send(struct call *call);
void do_scl_open_recv(struct call *call);
void do_scl_close_send(struct call *call);
void do_scl_close_recv(struct call *call);
void do_scl_send(struct call *call); /* endpoint, word; number: bits, 8 to 64 */
void do_scl_recv(struct call *call); /* endpoint; number: bits -> word */

void do_wait(struct call *call);   /* request, timeout -> truth, size */
void do_test(struct call *call);   /* request -> truth, size */
void do_cancel(struct call *call); /* request */

/* --- Channels, in one call -------------------------------------------------------- */

/* A packet (or scalar) channel between two of us, NULL being the caller, made of anonymous
 * endpoints: connected, and both opens complete. */
struct channel {
    struct peer *sender, *receiver;
    mcapi_endpoint_t send, recv; /* endpoints, and handles */
};

struct channel packets_open(struct peer *sender, struct peer *receiver);
struct channel scalars_open(struct peer *sender, struct peer *receiver);
void packets_close(const struct channel *channel);
void scalars_close(const struct channel *channel);

#endif /* CONFORMANCE_HARNESS_H */
