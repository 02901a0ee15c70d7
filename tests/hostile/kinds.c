/* SPDX-License-Identifier: MIT */
/*
 * kinds.c - which call is made how often, and the one call that is made now.
 */
#include <string.h>

#include "hostile/calls.h"
#include "hostile/hostile.h"
#include "runtime/control.h"
#include "runtime/recovery.h"
#include "runtime/runtime.h"
#include "segment/audit.h"

/* --- Beneath the calls: each walks the whole segment, so they are rare ---------------- */

static void audit(void)
{
    static struct mci_audit result;

    if (hostile_below(call_random, 100) == 0)
        mci_audit(mci_map(), &result);
}

/* As whoever gets the lock from a dead owner. */
static void repair(void)
{
    if (hostile_below(call_random, 50) != 0
        || !mci_control_lock(mci_self.node, mci_self.serial))
        return;
    mci_repair();
    mci_control_unlock();
}

static void recover(void)
{
    uint32_t node = hostile_below(call_random, HOSTILE_NODES);

    if (hostile_below(call_random, 20) != 0
        || !mci_control_lock(mci_self.node, mci_self.serial))
        return;
    atomic_store_explicit(&mci_map()->nodes[node].liveness.word, FUTEX_OWNER_DIED,
                          memory_order_relaxed);
    mci_recover_all_dead(&mci_runtime.map);
    mci_control_unlock();
}

/* -------------------------------------------------------------------------------------- */

static const struct kind {
    const char *name;
    void (*make)(void);
    uint32_t share;
} kinds[] = {
    { "mcapi_pktchan_send", call_pktchan_send, 12 },
    { "mcapi_pktchan_recv", call_pktchan_recv, 10 },
    { "mcapi_pktchan_release", call_pktchan_release, 8 },
    { "mcapi_sclchan_send", call_sclchan_send, 8 },
    { "mcapi_sclchan_recv", call_sclchan_recv, 8 },
    { "mcapi_msg_send", call_msg_send, 10 },
    { "mcapi_msg_recv", call_msg_recv, 10 },
    { "mcapi_pktchan_send_i", call_pktchan_send_i, 2 },
    { "mcapi_pktchan_recv_i", call_pktchan_recv_i, 2 },
    { "mcapi_pktchan_available", call_pktchan_available, 2 },
    { "mcapi_pktchan_release_test", call_pktchan_release_test, 2 },
    { "mcapi_ext_pktchan_buffer_take", call_buffer_take, 4 },
    { "mcapi_ext_pktchan_buffer_send", call_buffer_send, 4 },
    { "mcapi_ext_pktchan_buffer_give_back", call_buffer_give_back, 2 },
    { "mcapi_ext_pktchan_send_burst", call_pktchan_send_burst, 3 },
    { "mcapi_ext_pktchan_recv_burst", call_pktchan_recv_burst, 3 },
    { "mcapi_ext_pktchan_release_burst", call_pktchan_release_burst, 2 },
    { "mcapi_sclchan_available", call_sclchan_available, 2 },
    { "mcapi_ext_sclchan_send_burst", call_sclchan_send_burst, 3 },
    { "mcapi_ext_sclchan_recv_burst", call_sclchan_recv_burst, 3 },
    { "mcapi_msg_send_i", call_msg_send_i, 3 },
    { "mcapi_msg_recv_i", call_msg_recv_i, 2 },
    { "mcapi_msg_available", call_msg_available, 2 },
    { "mcapi_node_get_attribute", call_node_attribute, 1 },
    { "mcapi_endpoint_create", call_endpoint_create, 2 },
    { "mcapi_endpoint_get", call_endpoint_get, 2 },
    { "mcapi_endpoint_get_i", call_endpoint_get_i, 1 },
    { "mcapi_endpoint_release", call_endpoint_release, 1 },
    { "mcapi_endpoint_delete", call_endpoint_delete, 2 },
    { "mcapi_endpoint_get_attribute", call_endpoint_get_attribute, 3 },
    { "mcapi_endpoint_set_attribute", call_endpoint_set_attribute, 3 },
    { "mcapi_pktchan_connect_i", call_connect_packets, 2 },
    { "mcapi_sclchan_connect_i", call_connect_scalars, 2 },
    { "send_open_i", call_open_sender, 3 },
    { "recv_open_i", call_open_receiver, 3 },
    { "send_close_i", call_close_sender, 1 },
    { "recv_close_i", call_close_receiver, 1 },
    { "mcapi_test", call_test, 4 },
    { "mcapi_wait", call_wait_for_one, 2 },
    { "mcapi_wait_any", call_wait_for_any, 2 },
    { "mcapi_cancel", call_cancel, 2 },
    { "mcapi_ext_wait_receivable", call_wait_receivable, 2 },
    { "mcapi_ext_receive_fd", call_receive_fd, 1 },
    { "mcapi_ext_node_stats", call_node_stats, 1 },
    { "mcapi_ext_endpoint_stats", call_endpoint_stats, 1 },
    { "mcapi_ext_channel_stats", call_channel_stats, 2 },
    { "mci_audit", audit, 1 },
    { "mci_repair", repair, 1 },
    { "mci_recover_all_dead", recover, 1 },
    { "mcapi_finalize, mcapi_initialize", NULL, 0 }, /* at the end of each round */
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

_Static_assert((int)KINDS <= (int)HOSTILE_CALLS_MOST, "the journal has room for all kinds");

const char *hostile_call_name(uint32_t kind)
{
    return kind < KINDS ? kinds[kind].name : NULL;
}

/* --- Faults on purpose ---------------------------------------------------------------- */

static const char *const faults[] = { "before", "behind", "buffer", "hang", "status" };
enum { BEFORE, BEHIND, BUFFER, HANG, STATUS, FAULTS };

static uint32_t planted = FAULTS;

bool hostile_plant(const char *what)
{
    for (planted = 0; planted < FAULTS; planted++)
        if (strcmp(faults[planted], what) == 0)
            return true;
    return false;
}

static void go_wrong(void)
{
    const struct mci_segment *segment = &hostile_journal->map.segment;
    volatile bool forever = true;

    switch (planted) {
    case BEFORE:
        *(volatile unsigned char *)(segment->base - 1) = 0;
        break;
    case BEHIND:
        (void)*(volatile unsigned char *)(segment->base + segment->size + UINT32_MAX);
        break;
    case BUFFER:
        call_spoil_room();
        break;
    case HANG:
        while (forever)
            ;
        break;
    default:
        call_status = 4096;
    }
}

static uint32_t choose(void)
{
    static uint32_t all;
    uint32_t point, kind = 0;

    if (all == 0)
        for (uint32_t i = 0; i < KINDS; i++)
            all += kinds[i].share;
    point = hostile_below(call_random, all);
    while (point >= kinds[kind].share)
        point -= kinds[kind++].share;
    return kind;
}

static void count(_Atomic uint64_t *counter)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

void hostile_call(struct hostile_random *random)
{
    struct hostile_journal *journal = hostile_journal;
    uint32_t kind;

    call_random = random;
    kind = choose();
    atomic_store_explicit(&journal->kind, kind, memory_order_relaxed);
    hostile_act_as(hostile_below(call_random, HOSTILE_NODES));
    call_status = MCAPI_SUCCESS;
    kinds[kind].make();
    if (planted != FAULTS
        && atomic_load_explicit(&journal->calls, memory_order_relaxed) == 1000)
        go_wrong();
    if (call_status >= MCAPI_STATUSCODE_END)
        hostile_complain("status %u", (unsigned)call_status);
    call_check_room();
    count(&journal->by_kind[kind]);
    count(call_status == MCAPI_SUCCESS || call_status == MCAPI_PENDING
                  ? &journal->succeeded[kind]
                  : &journal->failed[kind]);
    count(&journal->in_round);
    count(&journal->calls);
}
