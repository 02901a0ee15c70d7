/* SPDX-License-Identifier: MIT */
/*
 * check_node.c - nodes that are threads and nodes that are processes, coming and going.
 */
#include <mcapi.h>

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/pair.h"
#include "support/suite.h"
#include "support/topology.h"

static bool is_live(mcapi_node_t node)
{
    mcapi_status_t status = STATUS_UNTOUCHED;
    mcapi_node_attr_type_t type;

    mcapi_node_get_attribute(0, node, MCAPI_NODE_ATTR_TYPE, &type, sizeof type, &status);
    ck_assert(status == MCAPI_SUCCESS || status == MCAPI_ERR_NODE_INVALID);
    return status == MCAPI_SUCCESS;
}

/* --- Threads ------------------------------------------------------------------------------ */

static void act_who(struct act *act)
{
    act->node = mcapi_node_id_get(&act->status);
}

START_TEST(threads_without_a_node_act_for_the_first_one)
{
    struct child *helper;
    struct act act = { .port = 4 };

    join(0, 1);
    helper = child_start_bare(CHILD_THREAD);
    child_do(helper, act_who, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_uint_eq(act.node, 1);
    child_do(helper, act_create, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(act.endpoint, &status));
    child_end(helper);
    leave();
}
END_TEST

START_TEST(several_threads_are_several_nodes)
{
    struct child *node[8];
    struct act act = { .domain = 0 };

    join(0, 1);
    for (mcapi_node_t i = 0; i < 8; i++)
        node[i] = child_start(CHILD_THREAD, 10 + i);
    for (mcapi_node_t i = 0; i < 8; i++) {
        child_do(node[i], act_who, &act);
        ck_assert_uint_eq(act.node, 10 + i);
    }
    for (mcapi_node_t i = 0; i < 8; i++)
        child_end(node[i]);
    expect(MCAPI_SUCCESS, ck_assert_uint_eq(mcapi_node_id_get(&status), 1));
    leave();
}
END_TEST

/* Without a descriptor for /proc it could not say which process it is, and would be taken for
 * dead. */
START_TEST(a_node_that_cannot_say_who_it_is_does_not_begin)
{
    struct act act = { .node = 2 };
    struct rlimit limit, none;
    struct child *thread;

    join(0, 1);
    thread = child_start_bare(CHILD_THREAD);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){ .rlim_cur = 0, .rlim_max = limit.rlim_max };
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    child_do(thread, act_initialize, &act);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    expect_status(MCAPI_ERR_NODE_INITFAILED, act.status);
    ck_assert(!is_live(2));
    act = (struct act){ .node = 2 };
    child_do(thread, act_initialize, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    child_end(thread);
    leave();
}
END_TEST

START_TEST(when_the_first_node_goes_its_helpers_act_for_the_next)
{
    struct child *node = child_start(CHILD_THREAD, 5);
    struct child *helper = child_start_bare(CHILD_THREAD);
    struct act act = { .domain = 0 };

    child_do(helper, act_who, &act);
    ck_assert_uint_eq(act.node, 5);
    child_do(node, act_finalize, &act);
    child_do(helper, act_who, &act);
    expect_status(MCAPI_ERR_NODE_NOTINIT, act.status);
}
END_TEST

START_TEST(a_node_may_be_finalized_by_another_of_its_threads)
{
    struct child *helper;
    struct act act = { .domain = 0 };

    join(0, 1);
    helper = child_start_bare(CHILD_THREAD);
    child_do(helper, act_finalize, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_finalize(&status));
    join(0, 1);
    leave();
}
END_TEST

START_TEST(a_thread_that_ends_takes_its_node_along)
{
    struct child *thread;

    join(0, 1);
    thread = child_start(CHILD_THREAD, 2);
    ck_assert(is_live(2));
    child_end(thread);
    ck_assert(eventually(!is_live(2)));
    thread = child_start(CHILD_THREAD, 2);
    child_end(thread);
    leave();
}
END_TEST

enum { THREADS = 8, ROUNDS = 40 };

static void *come_and_go(void *argument)
{
    mcapi_node_t node = *(mcapi_node_t *)argument;

    for (int i = 0; i < ROUNDS; i++) {
        join(0, node);
        expect(MCAPI_SUCCESS, expect_true(mcapi_node_id_get(&status) == node));
        expect(MCAPI_SUCCESS, mcapi_endpoint_create(1, &status));
        leave();
    }
    return NULL;
}

START_TEST(threads_come_and_go_all_at_once)
{
    pthread_t thread[THREADS];
    mcapi_node_t node[THREADS];

    for (mcapi_node_t i = 0; i < THREADS; i++) {
        node[i] = 100 + i;
        ck_assert_int_eq(pthread_create(&thread[i], NULL, come_and_go, &node[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
}
END_TEST

/* --- Processes ---------------------------------------------------------------------------- */

static void act_come_and_go(struct act *act)
{
    come_and_go(&act->node);
    act->status = MCAPI_SUCCESS;
}

START_TEST(processes_come_and_go_all_at_once)
{
    struct child *child[4];

    for (mcapi_node_t i = 0; i < 4; i++)
        child[i] = child_start_bare(CHILD_PROCESS);
    for (mcapi_node_t i = 0; i < 4; i++)
        child_begin(child[i], act_come_and_go, &(struct act){ .node = 100 + i });
    for (mcapi_node_t i = 0; i < 4; i++) {
        struct act act;

        child_finish(child[i], &act);
        expect_status(MCAPI_SUCCESS, act.status);
    }
}
END_TEST

START_TEST(of_two_that_want_one_name_at_once_one_gets_it)
{
    struct child *child[4];
    struct act act = { .node = 5 };

    for (int i = 0; i < 4; i++)
        child[i] = child_start_bare(_i);
    for (int round = 0; round < 20; round++) {
        int winners = 0;

        for (int i = 0; i < 4; i++)
            child_begin(child[i], act_initialize, &(struct act){ .node = 5 });
        for (int i = 0; i < 4; i++) {
            child_finish(child[i], &act);
            if (act.status != MCAPI_SUCCESS)
                expect_status(MCAPI_ERR_NODE_INITIALIZED, act.status);
            winners += act.status == MCAPI_SUCCESS;
        }
        ck_assert_int_eq(winners, 1);
        for (int i = 0; i < 4; i++)
            child_do(child[i], act_finalize, &act);
    }
}
END_TEST

START_TEST(a_forked_child_is_no_node_and_can_become_one)
{
    mcapi_endpoint_t endpoint;
    struct child *child;
    struct act act = { .node = 1 };

    join(0, 1);
    expect(MCAPI_SUCCESS, endpoint = mcapi_endpoint_create(1, &status));
    child = child_start_bare(CHILD_PROCESS);
    child_do(child, act_who, &act);
    expect_status(MCAPI_ERR_NODE_NOTINIT, act.status);
    act.node = 1;
    child_do(child, act_initialize, &act);
    expect_status(MCAPI_ERR_NODE_INITIALIZED, act.status);
    act.node = 2;
    child_do(child, act_initialize, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    act.endpoint = endpoint;
    child_do(child, act_delete, &act);
    expect_status(MCAPI_ERR_ENDP_NOTOWNER, act.status);
    child_end(child);
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(endpoint, &status));
    leave();
}
END_TEST

START_TEST(a_forked_child_that_ends_leaves_its_parent_as_it_was)
{
    struct pair pair;
    pid_t pid;
    int result;

    join(0, 1);
    pair = pair_open(PACKETS, NULL, NULL);
    pair_send(&pair, "before");
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        exit(EXIT_SUCCESS); /* with everything that runs at exit */
    ck_assert_int_eq(waitpid(pid, &result, 0), pid);
    ck_assert_int_eq(result, 0);
    pair_expect(&pair, "before");
    pair_send(&pair, "after");
    pair_expect(&pair, "after");
    leave();
}
END_TEST

START_TEST(a_parent_outlives_the_node_that_its_child_inherited)
{
    struct child *child;
    struct act act = { .node = 2 };

    join(0, 1);
    child = child_start_bare(CHILD_PROCESS);
    leave();
    child_do(child, act_initialize, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_uint_eq(act.count, 1); /* the topology is a new one */
    join(0, 1);
    child_end(child);
    leave();
}
END_TEST

static void act_exit(struct act *act)
{
    (void)act;
    exit(EXIT_SUCCESS);
}

START_TEST(a_process_that_exits_without_finalize_leaves_nothing)
{
    struct child *child = child_start(CHILD_PROCESS, 2);

    join(0, 1);
    child_begin(child, act_exit, &(struct act){ .node = 0 });
    child_expect_exit(child);
    ck_assert(!is_live(2));
    leave();
}
END_TEST

/* A thread that slept in the life before has to wake first, and is given time to. */
START_TEST(a_node_joins_again_at_once_whoever_slept)
{
    enum { SLEEPERS = 8, LIVES = 20 };
    struct child *sleeper[SLEEPERS];
    struct act act;

    for (int i = 0; i < SLEEPERS; i++)
        sleeper[i] = child_start_bare(CHILD_THREAD);
    for (int life = 0; life < LIVES; life++) {
        join(0, 1);
        for (int i = 0; i < SLEEPERS; i++) {
            act = (struct act){ .node = 5, .port = 5, .timeout = MCAPI_TIMEOUT_INFINITE };
            child_begin(sleeper[i], act_get, &act);
        }
        for (int i = 0; i < SLEEPERS; i++)
            ck_assert(eventually(child_is_asleep(sleeper[i])));
        leave();
        join(0, 1);
        for (int i = 0; i < SLEEPERS; i++) {
            child_finish(sleeper[i], &act);
            expect_status(MCAPI_ERR_NODE_NOTINIT, act.status);
        }
        leave();
    }
    child_end_all();
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { threads_without_a_node_act_for_the_first_one, 1 },
        { several_threads_are_several_nodes, 1 },
        { a_node_that_cannot_say_who_it_is_does_not_begin, 1 },
        { when_the_first_node_goes_its_helpers_act_for_the_next, 1 },
        { a_node_may_be_finalized_by_another_of_its_threads, 1 },
        { a_thread_that_ends_takes_its_node_along, 1 },
        { threads_come_and_go_all_at_once, 1 },
        { processes_come_and_go_all_at_once, 1 },
        { of_two_that_want_one_name_at_once_one_gets_it, CHILD_KINDS },
        { a_forked_child_is_no_node_and_can_become_one, 1 },
        { a_forked_child_that_ends_leaves_its_parent_as_it_was, 1 },
        { a_parent_outlives_the_node_that_its_child_inherited, 1 },
        { a_process_that_exits_without_finalize_leaves_nothing, 1 },
        { a_node_joins_again_at_once_whoever_slept, 1 },
    };

    return suite_run_between("runtime/node", topology_begin, topology_end, tests,
                             SUITE_LENGTH(tests));
}
