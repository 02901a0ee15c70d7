/* SPDX-License-Identifier: MIT */
/*
 * check_node_life.c - section 4: whom threads act for, fork, deaths, and many nodes that come
 * and go all at once.
 */
#include "endpoints.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- Threads ---------------------------------------------------------------------- */

static void run_in_thread(void *(*body)(void *), void *argument)
{
    pthread_t thread;

    expect_true(pthread_create(&thread, NULL, body, argument) == 0);
    expect_true(pthread_join(thread, NULL) == 0);
}

static void *act_for_the_first_node(void *port)
{
    expect_equal(OWN_NODE, who());
    create(*(const mcapi_port_t *)port);
    return NULL;
}

static void *be_a_node_of_its_own(void *unused)
{
    (void)unused;
    expect_status(MCAPI_SUCCESS, initialize(DOMAIN, 9));
    expect_equal(9, who());
    create(5);
    run_in_thread(act_for_the_first_node, &(mcapi_port_t){ 6 });
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
    return NULL;
}

static void threads_act_for_the_first_node(void)
{
    nodes_begin(0);
    run_in_thread(act_for_the_first_node, &(mcapi_port_t){ 5 });
    expect_true(is_there(OWN_NODE, 5));
    run_in_thread(be_a_node_of_its_own, NULL);
    expect_true(is_there(OWN_NODE, 6));
    expect_true(!is_there(9, 5));
    expect_equal(OWN_NODE, who());
    nodes_end();
}

static struct call at_node(struct peer *peer, void (*act)(struct call *), mcapi_node_t node)
{
    struct call call = { .domain = DOMAIN, .node = node };

    at(peer, act, &call);
    return call;
}

static void after_the_first_node_comes_the_next(void)
{
    nodes_begin_bare(2);
    expect_status(MCAPI_SUCCESS, at_node(peer(0), do_initialize, 5).status);
    expect_status(MCAPI_SUCCESS, at_node(peer(1), do_initialize, 6).status);
    expect_equal(5, who());
    create(1);
    expect_status(MCAPI_SUCCESS, at_node(peer(0), do_finalize, 0).status);
    expect_equal(6, who());
    expect_true(!is_there(5, 1));
    create(1);
    expect_true(is_there(6, 1));
    expect_status(MCAPI_SUCCESS, at_node(peer(1), do_finalize, 0).status);
    expect_equal(MCAPI_NODE_INVALID, who());
    nodes_end();
}

static void who_had_a_node_acts_for_no_other(void)
{
    struct call call;

    nodes_begin_bare(2);
    expect_status(MCAPI_SUCCESS, at_node(peer(0), do_initialize, 5).status);
    expect_status(MCAPI_SUCCESS, at_node(peer(1), do_initialize, 6).status);
    expect_status(MCAPI_SUCCESS, at_node(peer(1), do_finalize, 0).status);
    expect_status(MCAPI_ERR_NODE_NOTINIT, at_node(peer(1), do_who, 0).status);
    expect_status(MCAPI_ERR_NODE_NOTINIT, at_node(peer(1), do_finalize, 0).status);
    call = at_node(peer(0), do_who, 0);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_equal(5, call.node);
    expect_status(MCAPI_SUCCESS, at_node(peer(1), do_initialize, 6).status);
    expect_equal(6, at_node(peer(1), do_who, 0).node);
    nodes_end();
}

/* --- A mix of processes and threads ----------------------------------------------- */

enum { MIXED_NODES = 4 }; /* in each of two processes */

struct mix {
    int joined, may_go; /* by atomic operations */
};
static struct mix *mix;

static void *be_mixed_node(void *argument)
{
    mcapi_node_t node = *(const mcapi_node_t *)argument;

    expect_status(MCAPI_SUCCESS, initialize(DOMAIN, node));
    create(node);
    __atomic_add_fetch(&mix->joined, 1, __ATOMIC_SEQ_CST);
    /* All see all. */
    for (mcapi_node_t other = 10; other < 10 + 2 * MIXED_NODES; other++)
        expect(MCAPI_SUCCESS,
               mcapi_endpoint_get(DOMAIN, other, other, MCAPI_TIMEOUT_INFINITE, &status));
    __atomic_add_fetch(&mix->may_go, 1, __ATOMIC_SEQ_CST);
    expect_true(eventually(__atomic_load_n(&mix->may_go, __ATOMIC_SEQ_CST) == 2 * MIXED_NODES));
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
    return NULL;
}

static void do_be_several_nodes(struct call *call)
{
    mcapi_node_t nodes[MIXED_NODES];
    pthread_t threads[MIXED_NODES];

    for (int i = 0; i < MIXED_NODES; i++) {
        nodes[i] = call->node + (mcapi_node_t)i;
        expect_true(pthread_create(&threads[i], NULL, be_mixed_node, &nodes[i]) == 0);
    }
    for (int i = 0; i < MIXED_NODES; i++)
        expect_true(pthread_join(threads[i], NULL) == 0);
    call->status = MCAPI_SUCCESS;
}

static void processes_and_threads_mix(void)
{
    struct call call = { .node = 10 }, own = { .node = 10 + MIXED_NODES };

    mix = shared_memory(sizeof *mix);
    nodes_begin(1);
    begin(peer(0), do_be_several_nodes, &call);
    do_be_several_nodes(&own);
    finish(peer(0), &call);
    expect_equal(2 * MIXED_NODES, mix->joined);
    nodes_end();
}

/* --- Threads that end ------------------------------------------------------------- */

static void *end_by_return(void *unused)
{
    (void)unused;
    expect_status(MCAPI_SUCCESS, initialize(DOMAIN, 9));
    create(5);
    return NULL;
}

static void *end_by_exit(void *unused)
{
    end_by_return(unused);
    pthread_exit(NULL);
}

static void *end_by_cancel(void *unused)
{
    end_by_return(unused);
    pthread_cancel(pthread_self());
    pause(); /* where it takes effect */
    return NULL;
}

/* MCAPI_SUCCESS as long as the node is live. */
static mcapi_status_t read_type_of(mcapi_node_t node)
{
    mcapi_node_attr_type_t type;
    mcapi_status_t status = UNTOUCHED;

    mcapi_node_get_attribute(DOMAIN, node, MCAPI_NODE_ATTR_TYPE, &type, sizeof type, &status);
    return status;
}

static void a_thread_that_ends_is_finalized(void)
{
    static void *(*const ends[])(void *) = { end_by_return, end_by_exit, end_by_cancel };

    nodes_begin(0);
    for (size_t i = 0; i < LENGTH(ends); i++) {
        run_in_thread(ends[i], NULL); /* it can be initialized again at once */
        run_in_thread(ends[i], NULL);
        expect_true(eventually(!is_there(9, 5)));
        run_in_thread(ends[i], NULL);
        expect_true(eventually(read_type_of(9) == MCAPI_ERR_NODE_INVALID));
    }
    nodes_end();
}

/* --- Processes that die ----------------------------------------------------------- */

static void die_by_kill(void)
{
    raise(SIGKILL);
}

static void die_by_abort(void)
{
    signal(SIGABRT, SIG_DFL);
    abort();
}

static void die_by_exit(void)
{
    exit(EXIT_SUCCESS);
}

static void die_by_quick_exit(void)
{
    _exit(EXIT_SUCCESS);
}

/* What a process does before it dies, as node <DOMAIN, 9>. */
static void live_a_little(void)
{
    mcapi_endpoint_t endpoint;
    mcapi_request_t request;

    expect_status(MCAPI_SUCCESS, initialize(DOMAIN, 9));
    expect_true(!is_there(9, 5)); /* nothing is left of the last one */
    create(5);
    create(MCAPI_PORT_ANY);
    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(DOMAIN, 99, 1, &endpoint, &request, &status));
}

static void one_life(void (*die)(void))
{
    pid_t child = fork();

    expect_true(child >= 0);
    if (child == 0) {
        live_a_little();
        die();
    }
    wait_for_child(child);
}

/* One node lives all the time, so that the topology does. The same number comes back at once,
 * after every kind of death. */
static void a_dead_node_can_come_again_at_once(void)
{
    static void (*const ways[])(void) = { die_by_kill, die_by_abort, die_by_exit,
                                          die_by_quick_exit };
    struct call call = { .domain = DOMAIN, .node = 5 };

    nodes_begin_bare(1);
    at(peer(0), do_initialize, &call);
    expect_status(MCAPI_SUCCESS, call.status);
    for (int round = 0; round < 5; round++)
        for (size_t i = 0; i < LENGTH(ways); i++)
            one_life(ways[i]);
    nodes_end();
}

/* Who only looks finds out as well. */
static void a_dead_node_is_not_there_any_more(void)
{
    struct call call = { .domain = DOMAIN, .port = 5 };

    nodes_begin(2);
    create_at(peer(0), 5);
    create_at(peer(1), 5);
    expect_true(is_there(peer_node(peer(0)), 5));
    kill_peer(peer(0));
    expect_true(eventually(!is_there(peer_node(peer(0)), 5)));
    kill_peer(peer(1));
    expect_true(eventually(read_type_of(peer_node(peer(1))) == MCAPI_ERR_NODE_INVALID));
    /* Who waits for it does so until it comes again. */
    call.node = peer_node(peer(1));
    call.timeout = 50;
    do_get(&call);
    expect_status(MCAPI_TIMEOUT, call.status);
    nodes_end();
}

/* Neither by name nor by handle; each by a peer of its own, so that none is helped by another.
 */
static void the_endpoint_of_a_dead_node_is_stale(void)
{
    struct call call = { .number = MCAPI_ENDP_ATTR_TYPE };
    mcapi_request_t request = 0;

    nodes_begin(2);
    call.endpoint = create_at(peer(0), 5);
    kill_peer(peer(0));
    expect_true(eventually((do_attribute(&call), call.status == MCAPI_ERR_ENDP_INVALID)));
    call.other = create_at(peer(1), 5);
    call.endpoint = create(5);
    kill_peer(peer(1));
    expect(MCAPI_ERR_ENDP_INVALID,
           mcapi_pktchan_connect_i(call.endpoint, call.other, &request, &status));
    nodes_end();
}

/* Killed in the middle of whatever it does, at moments that differ. */
static void a_node_may_be_killed_anywhere(void)
{
    int *rounds = shared_memory(sizeof *rounds);
    struct call call = { .domain = DOMAIN, .node = 5 };

    nodes_begin_bare(1);
    at(peer(0), do_initialize, &call);
    for (int victim = 0; victim < 20; victim++) {
        pid_t child = fork();

        expect_true(child >= 0);
        if (child == 0) {
            expect_status(MCAPI_SUCCESS, initialize(DOMAIN, 9));
            for (;; __atomic_add_fetch(rounds, 1, __ATOMIC_RELAXED))
                delete_at(NULL, create(5));
        }
        expect_true(eventually(__atomic_load_n(rounds, __ATOMIC_RELAXED) > victim));
        kill(child, SIGKILL);
        wait_for_child(child);
        *rounds = 0;
    }
    /* The tables are whole: all places are free. */
    for (mcapi_port_t port = 0; port < MCAPI_MAX_ENDPOINTS; port++) {
        call.port = port;
        at(peer(0), do_create, &call);
        expect_status(MCAPI_SUCCESS, call.status);
    }
    expect_status(MCAPI_SUCCESS, initialize(DOMAIN, 9));
    for (mcapi_port_t port = 0; port < MCAPI_MAX_ENDPOINTS; port++)
        create(port);
    nodes_end();
}

/* --- Fork ------------------------------------------------------------------------- */

static void child_is_no_node(mcapi_endpoint_t endpoint)
{
    mcapi_request_t request;

    expect_equal(MCAPI_NODE_INVALID, who());
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_endpoint_create(8, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_endpoint_delete(endpoint, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_pktchan_connect_i(endpoint, 1, &request, &status));
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_finalize(&status));
}

static void child_becomes_a_node(mcapi_endpoint_t endpoint)
{
    expect_status(MCAPI_ERR_NODE_INITIALIZED, initialize(DOMAIN, OWN_NODE));
    expect_status(MCAPI_SUCCESS, initialize(DOMAIN, 9));
    expect_equal(9, who());
    create(5);
    expect_true(is_there(OWN_NODE, 5));
    expect(MCAPI_ERR_ENDP_NOTOWNER, mcapi_endpoint_delete(endpoint, &status));
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
}

static void child_does_nothing(mcapi_endpoint_t endpoint)
{
    (void)endpoint;
}

static void fork_one(void (*body)(mcapi_endpoint_t), void (*end)(void),
                     mcapi_endpoint_t endpoint)
{
    pid_t child = fork();

    expect_true(child >= 0);
    if (child == 0) {
        body(endpoint);
        end();
    }
    wait_for_child(child);
    expect_equal(OWN_NODE, who());
    expect_true(is_there(OWN_NODE, 5));
}

static void after_fork_the_child_is_no_node(void)
{
    mcapi_endpoint_t endpoint;

    nodes_begin(0);
    endpoint = create(5);
    fork_one(child_is_no_node, die_by_quick_exit, endpoint);
    nodes_end();
}

static void after_fork_the_child_can_be_a_node(void)
{
    mcapi_endpoint_t endpoint;

    nodes_begin(0);
    endpoint = create(5);
    fork_one(child_becomes_a_node, die_by_quick_exit, endpoint);
    fork_one(child_becomes_a_node, die_by_exit, endpoint);
    nodes_end();
}

/* A peer sees us live through all of it. */
static void after_fork_the_parent_lives_on(void)
{
    static void (*const ways[])(void) = { die_by_kill, die_by_abort, die_by_exit,
                                          die_by_quick_exit };
    struct call call = { .number = 32 };
    struct channel channel;
    mcapi_endpoint_t endpoint;

    nodes_begin(1);
    endpoint = create(5);
    channel = scalars_open(NULL, peer(0));
    for (size_t i = 0; i < LENGTH(ways); i++) {
        fork_one(child_does_nothing, ways[i], endpoint);
        fork_one(child_is_no_node, ways[i], endpoint);
        expect(MCAPI_SUCCESS, mcapi_sclchan_send_uint32(channel.send, 7, &status));
        call.endpoint = channel.recv;
        at(peer(0), do_scl_recv, &call);
        expect_status(MCAPI_SUCCESS, call.status);
    }
    scalars_close(&channel);
    nodes_end();
}

/* --- All at once ------------------------------------------------------------------ */

enum { CROWD = 8 };

static pthread_barrier_t crowd_begins;

static void *come_and_go(void *number)
{
    mcapi_node_t node = 10 + *(const mcapi_node_t *)number;

    pthread_barrier_wait(&crowd_begins);
    for (int round = 0; round < 15; round++) {
        expect_status(MCAPI_SUCCESS, initialize(DOMAIN, node));
        expect_equal(node, who());
        create(5);
        expect_true(is_there(node, 5));
        is_there(10 + (node - 10 + 1) % CROWD, 5); /* or not */
        expect(MCAPI_SUCCESS, mcapi_finalize(&status));
    }
    return NULL;
}

static void threads_come_and_go_all_at_once(void)
{
    mcapi_node_t numbers[CROWD];
    pthread_t threads[CROWD];

    expect_true(pthread_barrier_init(&crowd_begins, NULL, CROWD) == 0);
    for (mcapi_node_t i = 0; i < CROWD; i++) {
        numbers[i] = i;
        expect_true(pthread_create(&threads[i], NULL, come_and_go, &numbers[i]) == 0);
    }
    for (size_t i = 0; i < CROWD; i++)
        expect_true(pthread_join(threads[i], NULL) == 0);
    expect_equal(MCAPI_NODE_INVALID, who());
}

/* Between one start and the next everything is gone, so that each has to be made anew. */
static void processes_start_all_at_once(void)
{
    struct {
        int go, joined, ended;
    } *shared = shared_memory(sizeof *shared);

    for (int round = 1; round <= 10; round++) {
        pid_t children[CROWD];

        for (mcapi_node_t i = 0; i < CROWD; i++) {
            children[i] = fork();
            expect_true(children[i] >= 0);
            if (children[i] != 0)
                continue;
            while (__atomic_load_n(&shared->go, __ATOMIC_ACQUIRE) < round)
                ;
            expect_status(MCAPI_SUCCESS, initialize(DOMAIN, 10 + i));
            __atomic_add_fetch(&shared->joined, 1, __ATOMIC_SEQ_CST);
            expect_true(eventually(__atomic_load_n(&shared->joined, __ATOMIC_SEQ_CST)
                                   == round * CROWD));
            create(5);
            /* All are in one topology. */
            expect(MCAPI_SUCCESS, mcapi_endpoint_get(DOMAIN, 10 + (i + 1) % CROWD, 5,
                                                     MCAPI_TIMEOUT_INFINITE, &status));
            __atomic_add_fetch(&shared->ended, 1, __ATOMIC_SEQ_CST);
            expect_true(eventually(__atomic_load_n(&shared->ended, __ATOMIC_SEQ_CST)
                                   == round * CROWD));
            expect(MCAPI_SUCCESS, mcapi_finalize(&status));
            _exit(EXIT_SUCCESS);
        }
        __atomic_store_n(&shared->go, round, __ATOMIC_RELEASE);
        for (size_t i = 0; i < CROWD; i++)
            expect_equal(0, wait_for_child(children[i]));
    }
}

static void a_node_can_come_again_and_again(void)
{
    for (int i = 0; i < 100; i++) {
        expect_status(MCAPI_SUCCESS, initialize(DOMAIN, OWN_NODE));
        create(5);
        expect(MCAPI_SUCCESS, mcapi_finalize(&status));
    }
}

static void a_peer_can_come_again_and_again(void)
{
    struct call call = { .domain = DOMAIN };

    nodes_begin(1);
    for (int i = 0; i < 50; i++) {
        at(peer(0), do_finalize, &call);
        expect_status(MCAPI_SUCCESS, call.status);
        call.node = peer_node(peer(0));
        at(peer(0), do_initialize, &call);
        expect_status(MCAPI_SUCCESS, call.status);
        create_at(peer(0), 5);
        expect_true(is_there(call.node, 5));
    }
    nodes_end();
}

static const struct test tests[] = {
    TEST(threads_act_for_the_first_node, ALONE, "4.2 4.3 4.4"),
    TEST(after_the_first_node_comes_the_next, IN_THREAD_NODES, "4.3 4.5"),
    TEST(who_had_a_node_acts_for_no_other, IN_THREAD_NODES, "4.6"),
    TEST(processes_and_threads_mix, IN_PROCESSES, "4.4 4.7"),
    TEST(a_thread_that_ends_is_finalized, ALONE, "4.8 4.10"),
    TEST(a_dead_node_can_come_again_at_once, IN_PROCESSES, "4.9 4.10"),
    TEST(a_dead_node_is_not_there_any_more, IN_PROCESSES, "4.9 5.29"),
    TEST(the_endpoint_of_a_dead_node_is_stale, IN_PROCESSES, "4.9 3.17"),
    TEST(a_node_may_be_killed_anywhere, IN_PROCESSES, "4.9 4.10"),
    TEST(after_fork_the_child_is_no_node, ALONE, "4.11"),
    TEST(after_fork_the_child_can_be_a_node, ALONE, "4.12"),
    TEST(after_fork_the_parent_lives_on, BETWEEN_NODES, "4.13"),
    TEST(threads_come_and_go_all_at_once, ALONE, "4.47"),
    TEST(processes_start_all_at_once, ALONE, "4.48"),
    TEST(a_node_can_come_again_and_again, ALONE, "4.49"),
    TEST(a_peer_can_come_again_and_again, BETWEEN_NODES, "4.49"),
};
CHAPTER(node_life, tests);
