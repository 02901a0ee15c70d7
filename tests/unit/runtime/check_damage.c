/* SPDX-License-Identifier: MIT */
/*
 * check_damage.c - damaged words of the segment that once made a call crash, go on for ever, or
 * leave something behind: each is an error now, and what is whole works on.
 */
#include <mcapi.h>
#include <signal.h>

#include "os/process.h"
#include "runtime/control.h"
#include "runtime/end.h"
#include "runtime/message.h"
#include "runtime/runtime.h"
#include "segment/map.h"
#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/suite.h"
#include "support/topology.h"

#include <string.h>

static mcapi_status_t status;
static mcapi_endpoint_t from, to;

static void begin(void)
{
    node_begin();
    from = mcapi_endpoint_create(1, &status);
    to = mcapi_endpoint_create(2, &status);
    expect_status(MCAPI_SUCCESS, status);
}

static struct mci_endpoint_slot *slot_of(mcapi_endpoint_t endpoint)
{
    return &mci_map()->endpoints[endpoint & 0xffff];
}

static mcapi_status_t create_another(void)
{
    mcapi_endpoint_create(MCAPI_PORT_ANY, &status);
    return status;
}

/* --- Endpoints and channels --------------------------------------------------------------- */

START_TEST(a_link_to_no_channel_is_not_followed)
{
    mcapi_request_t request;

    begin();
    slot_of(from)->channel = mci_map()->limits.max_channels + 1;
    mcapi_pktchan_connect_i(from, to, &request, &status);
    expect_status(MCAPI_SUCCESS, status); /* it is on no channel, and on one now */
    expect_status(MCAPI_SUCCESS, create_another());
    node_end();
}
END_TEST

START_TEST(more_endpoints_than_there_are_slots_are_not_made)
{
    begin();
    mci_map()->header->endpoint_high = MCI_ENDPOINT_SLOTS - 1;
    mci_map()->header->endpoint_live = MCI_ENDPOINT_SLOTS - 1;
    mci_map()->header->endpoint_cursor = MCI_ENDPOINT_SLOTS;
    for (int i = 0; i < 4; i++) {
        mcapi_endpoint_t made = mcapi_endpoint_create(MCAPI_PORT_ANY, &status);

        expect_status(MCAPI_SUCCESS, status);
        ck_assert_uint_lt(made & 0xffff, MCI_ENDPOINT_SLOTS);
    }
    ck_assert_uint_eq(mci_map()->header->endpoint_high, MCI_ENDPOINT_SLOTS);
    node_end();
}
END_TEST

START_TEST(a_ring_that_does_not_fit_is_not_made)
{
    static const uint32_t depths[] = { 0x80000000, 0xffffffff, 0x10000000 };
    mcapi_request_t request;
    size_t size;

    begin();
    slot_of(to)->num_recv_buffers = depths[_i];
    mcapi_pktchan_connect_i(from, to, &request, &status);
    mcapi_wait(&request, &size, MCAPI_TIMEOUT_IMMEDIATE, &status);
    expect_status(MCAPI_ERR_MEM_LIMIT, status);
    node_end();
}
END_TEST

/* A mailbox that says it is made, and makes no sense. */
START_TEST(a_message_to_a_damaged_mailbox_is_refused)
{
    begin();
    expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, "1", 1, 0, &status));
    ((struct mci_mailbox_head *)mci_mailbox_base(mci_map(), to & 0xffff))->depth = UINT32_MAX;
    expect(MCAPI_ERR_GENERAL, mcapi_msg_send(from, to, "2", 1, 0, &status));
    expect(MCAPI_SUCCESS, mcapi_msg_send(to, from, "3", 1, 0, &status));
    node_end();
}
END_TEST

/* The process knows its ends for itself. */
START_TEST(a_node_lets_go_of_ends_that_the_segment_does_not_say_are_its)
{
    mcapi_request_t request;
    char buffer[8];

    topology_begin();
    join(0, 1);
    from = mcapi_endpoint_create(1, &status);
    mcapi_msg_recv_i(from, buffer, sizeof buffer, &request, &status);
    expect_status(MCAPI_SUCCESS, status);
    slot_of(from)->owner = 5;
    slot_of(from)->handle = 0;
    ck_assert_uint_eq(mci_message_sink_of(from)->posted.count, 1);
    leave();
    ck_assert_uint_eq(mci_message_sink_of(from)->posted.count, 0);
    ck_assert_ptr_null(mci_message_sink_of(from)->descriptor);
    topology_end();
}
END_TEST

static void act_post_and_delete(struct act *act)
{
    static char buffer[8];
    mcapi_request_t request;

    act->endpoint = mcapi_endpoint_create(7, &act->status);
    mcapi_msg_recv_i(act->endpoint, buffer, sizeof buffer, &request, &act->status);
    mcapi_endpoint_delete(act->endpoint, &act->status);
}

/* ...and only of its own: a slot may have become another node's endpoint. */
START_TEST(what_another_node_has_there_by_now_stays)
{
    struct act act = { .port = 7 };
    mcapi_request_t request;
    struct child *child;
    char buffer[8];
    size_t size;

    begin();
    child = child_start(CHILD_THREAD, 2);
    child_do(child, act_post_and_delete, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    mci_map()->header->endpoint_cursor = act.endpoint & 0xffff;
    to = mcapi_endpoint_create(7, &status);
    ck_assert_uint_eq(to & 0xffff, act.endpoint & 0xffff);
    mcapi_msg_recv_i(to, buffer, sizeof buffer, &request, &status);
    expect_status(MCAPI_SUCCESS, status);
    child_end(child);
    mcapi_test(&request, &size, &status);
    expect_status(MCAPI_PENDING, status);
    expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, "1", 1, 0, &status));
    mcapi_test(&request, &size, &status);
    expect_status(MCAPI_SUCCESS, status);
    node_end();
}
END_TEST

/* --- The header --------------------------------------------------------------------------- */

/* 2^20 channels of 2^44 bytes: together 0, modulo 2^64. */
START_TEST(sizes_that_wrap_round_are_refused)
{
    const struct mci_limits limits = {
        .max_nodes = 64,
        .max_channels = 1u << 20,
        .max_endpoints = 1,
        .max_requests = 1,
        .max_msg_size = 64,
        .max_pkt_size = (1u << 30) - 256,
        .max_queue_elements = 64,
        .max_buffers = 1u << 14,
    };
    struct mci_map map;
    char reason[256];

    ck_assert_uint_eq(limits.max_channels * mci_region_size(&limits), 0);
    topology_begin();
    ck_assert(!mci_map_attach(&map, "wraps", &limits, reason, sizeof reason));
    ck_assert_msg(strstr(reason, "no segment of") != NULL, "%s", reason);
    topology_end();
}
END_TEST

/* --- The control lock --------------------------------------------------------------------- */

static uint32_t name_of(uint32_t slot)
{
    return MCI_CONTROL_NAME(slot, mci_map()->nodes[slot].incarnation);
}

static void act_nothing(struct act *act)
{
    act->word = mci_self.node->slot;
}

static uint32_t slot_of_child(struct child *child)
{
    struct act act = { .word = 0 };

    child_do(child, act_nothing, &act);
    return (uint32_t)act.word;
}

START_TEST(a_lock_that_names_who_wants_it_is_taken)
{
    begin();
    atomic_store(&mci_map()->header->control, name_of(mci_self.node->slot));
    expect_status(MCAPI_SUCCESS, create_another());
    ck_assert_uint_eq(mci_map()->header->control, 0);
    node_end();
}
END_TEST

START_TEST(so_is_one_that_names_another_node_of_the_process)
{
    struct child *child;

    begin();
    child = child_start(CHILD_THREAD, 2);
    mci_control_nap = 1000 * 1000;
    atomic_store(&mci_map()->header->control, name_of(slot_of_child(child)));
    expect_status(MCAPI_SUCCESS, create_another());
    child_end(child);
    node_end();
}
END_TEST

/* The other process may be slow: it is waited for, and not for ever. */
START_TEST(one_that_names_a_live_node_elsewhere_is_not_waited_for_for_ever)
{
    struct child *child;

    begin();
    child = child_start(CHILD_PROCESS, 2);
    mci_control_nap = 1000 * 1000;
    atomic_store(&mci_map()->header->control, name_of(slot_of_child(child)));
    expect_status(MCAPI_ERR_NODE_NOTINIT, create_another());
    expect_status(MCAPI_ERR_NODE_NOTINIT, create_another());
    /* It is given back after all. */
    atomic_store(&mci_map()->header->control, 0);
    expect_status(MCAPI_SUCCESS, create_another());
    /* What was given up once is waited for the next time. */
    atomic_store(&mci_map()->header->control, name_of(slot_of_child(child)));
    child_end(child); /* ends, and so the lock is free */
    expect_status(MCAPI_SUCCESS, create_another());
    node_end();
}
END_TEST

static void act_create_another(struct act *act)
{
    act->status = create_another();
}

static void act_nap(struct act *act)
{
    mci_control_nap = (mci_time)act->word;
}

/* Longer than anybody is waited for who is not stopped. */
static void wait_in_vain(const struct child *waiter, int64_t nap)
{
    int64_t end = now_us() + 40 * nap / 1000;

    while (now_us() < end) {
        ck_assert(!child_is_done(waiter));
        breathe();
    }
}

static void stop(struct child *child)
{
    pid_t pid = child_process(child);

    kill(pid, SIGSTOP);
    ck_assert(eventually(mci_process_stopped((uint32_t)pid, mci_process_start((uint32_t)pid))));
}

/* What becomes of it then. */
enum { GIVES_BACK, KEEPS_IT, DIES, ENDINGS };

/* Stopped by a signal or a debugger it is waited for, whatever it does when it goes on. */
START_TEST(one_whose_owner_is_stopped_is_waited_for_until_it_goes_on)
{
    struct child *child, *waiter;
    struct act act = { .word = 0 };

    begin();
    child = child_start(CHILD_PROCESS, 2);
    waiter = child_start_bare(CHILD_THREAD);
    mci_control_nap = 2000 * 1000;
    atomic_store(&mci_map()->header->control, name_of(slot_of_child(child)));
    stop(child);
    child_begin(waiter, act_create_another, &act);
    wait_in_vain(waiter, 2 * mci_control_nap);
    if (_i == GIVES_BACK)
        atomic_store(&mci_map()->header->control, 0);
    kill(child_process(child), _i == DIES ? SIGKILL : SIGCONT);
    child_finish(waiter, &act);
    expect_status(_i == KEEPS_IT ? MCAPI_ERR_NODE_NOTINIT : MCAPI_SUCCESS, act.status);
    atomic_store(&mci_map()->header->control, 0);
    child_end(waiter);
    if (_i == DIES)
        child_kill(child);
    else
        child_end(child);
    node_end();
}
END_TEST

/* A shell stops all of a job, and lets it go on: who waited has seen nothing of that time, and
 * its owner could do nothing in it. False: this machine was too slow to tell. */
static bool is_patient_after_a_stop(struct child *owner, struct child *waiter)
{
    const int64_t nap = 20 * 1000 * 1000; /* ns */
    struct act act = { .word = (uint64_t)nap };
    int64_t end, on;
    bool in_time;

    child_do(waiter, act_nap, &act);
    atomic_store(&mci_map()->header->control, name_of(slot_of_child(owner)));
    child_begin(waiter, act_create_another, &act);
    ck_assert(eventually((atomic_load(&mci_map()->header->control) & MCI_CONTROL_WAITED) != 0));
    stop(owner);
    stop(waiter);
    end = now_us() + 40 * nap / 1000;
    while (now_us() < end)
        breathe();
    kill(child_process(owner), SIGCONT);
    kill(child_process(waiter), SIGCONT);
    on = now_us();
    while (now_us() < on + 5 * nap / 1000 && !child_is_done(waiter))
        breathe();
    atomic_store(&mci_map()->header->control, 0);
    in_time = now_us() < on + 15 * nap / 1000;
    child_finish(waiter, &act);
    if (in_time)
        expect_status(MCAPI_SUCCESS, act.status);
    return in_time;
}

START_TEST(who_was_stopped_itself_has_not_waited_meanwhile)
{
    struct child *owner, *waiter;

    begin();
    owner = child_start(CHILD_PROCESS, 2);
    waiter = child_start(CHILD_PROCESS, 3);
    ck_assert(eventually(is_patient_after_a_stop(owner, waiter)));
    child_end(owner);
    child_end(waiter);
    node_end();
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_link_to_no_channel_is_not_followed, 1 },
        { more_endpoints_than_there_are_slots_are_not_made, 1 },
        { a_ring_that_does_not_fit_is_not_made, 3 },
        { a_message_to_a_damaged_mailbox_is_refused, 1 },
        { a_node_lets_go_of_ends_that_the_segment_does_not_say_are_its, 1 },
        { what_another_node_has_there_by_now_stays, 1 },
        { sizes_that_wrap_round_are_refused, 1 },
        { a_lock_that_names_who_wants_it_is_taken, 1 },
        { so_is_one_that_names_another_node_of_the_process, 1 },
        { one_that_names_a_live_node_elsewhere_is_not_waited_for_for_ever, 1 },
        { one_whose_owner_is_stopped_is_waited_for_until_it_goes_on, ENDINGS },
        { who_was_stopped_itself_has_not_waited_meanwhile, 1 },
    };

    return suite_run("damage", tests, SUITE_LENGTH(tests));
}
