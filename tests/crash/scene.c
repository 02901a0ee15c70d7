/* SPDX-License-Identifier: MIT */
/* scene.c - a test, a peer, a victim, and what must be found after its death. */
#include "crash/scene.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "runtime/control.h"
#include "runtime/recovery.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/topology.h"

enum {
    /* The contract's 100 ms, on a machine that does much else at the same time; but before a
     * sleeper that nobody has woken looks again for itself. */
    LATEST_US = 900 * 1000,
};

struct seen_by_all *all;
struct child *scene_peer;

void scene_share(void)
{
    all = mmap(NULL, sizeof *all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
        abort();
}

void scene_begin(void)
{
    topology_begin();
    scene_peer = child_start_bare(CHILD_PROCESS);
    join(0, TEST_NODE);
    child_do(scene_peer, act_initialize, &(struct act){ .node = PEER_NODE });
    scene_expect_clean(2);
}

void scene_end(void)
{
    scene_expect_clean(2);
    node_end();
}

/* --- Deaths --------------------------------------------------------------------------- */

static void act_arm(struct act *act)
{
    mci_crash_point_arm((enum mci_crash_point)act->kind, act->count);
    act->status = MCAPI_SUCCESS;
}

static void act_counts(struct act *act)
{
    for (int i = 0; i < MCI_CRASH_POINT_COUNT; i++)
        atomic_store(&all->passed[i], mci_crash_point_passed((enum mci_crash_point)i));
    act->status = MCAPI_SUCCESS;
}

void scene_arm(struct child *child, enum mci_crash_point point, unsigned occurrence)
{
    child_do(child, act_arm, &(struct act){ .kind = point, .count = occurrence });
}

void scene_counts(struct child *child)
{
    child_do(child, act_counts, &(struct act){ .count = 0 });
}

static void act_stop_at(struct act *act)
{
    mci_crash_point_stop_at((enum mci_crash_point)act->kind);
    act->status = MCAPI_SUCCESS;
}

void scene_stop_at(struct child *child, enum mci_crash_point point)
{
    child_do(child, act_stop_at, &(struct act){ .kind = point });
}

static bool has_stopped(struct child *child)
{
    siginfo_t how = { .si_pid = 0 };

    return waitid(P_PID, (id_t)child_process(child), &how, WSTOPPED | WNOHANG | WNOWAIT) == 0
        && how.si_pid != 0;
}

void scene_is_stopped(struct child *child)
{
    ck_assert_msg(eventually(has_stopped(child)), "the child does not come to the point");
}

static bool has_ended(struct child *child)
{
    siginfo_t how = { .si_pid = 0 };

    return waitid(P_PID, (id_t)child_process(child), &how, WEXITED | WNOHANG | WNOWAIT) == 0
        && how.si_pid != 0;
}

bool scene_dies(struct child *child)
{
    bool by_itself;

    ck_assert_msg(eventually(has_ended(child) || child_is_done(child)),
                  "the victim neither dies nor comes back");
    by_itself = has_ended(child);
    atomic_store(&all->died_at, now_us());
    child_kill(child);
    return by_itself;
}

void scene_comes_back(struct child *child, struct act *act)
{
    int64_t late;

    ck_assert_msg(eventually(child_is_done(child)), "a survivor hangs after a death");
    late = now_us() - atomic_load(&all->died_at);
    if (late > atomic_load(&all->slowest))
        atomic_store(&all->slowest, late);
    ck_assert_msg(late < LATEST_US, "a survivor came back %lld ms after a death",
                  (long long)late / 1000);
    child_finish(child, act);
}

void scene_blocked(struct child *child)
{
    ck_assert_msg(eventually(child_is_asleep(child)), "the call does not block");
    ck_assert_msg(!child_is_done(child), "the call came back too early");
}

/* --- Afterwards ----------------------------------------------------------------------- */

static void lock(void)
{
    ck_assert(mci_control_lock(mci_self.node, mci_self.serial));
}

void scene_recover(void)
{
    lock();
    mci_recover_all_dead(&mci_runtime.map);
    mci_control_unlock();
}

bool scene_is_connected(mcapi_endpoint_t endpoint)
{
    const struct mci_endpoint_slot *slot;
    bool connected;

    lock();
    slot = mci_endpoint_of(mci_map(), endpoint);
    connected = slot != NULL && slot->channel != 0;
    mci_control_unlock();
    return connected;
}

static void act_remove(struct act *act)
{
    static void (*const close[])(mcapi_endpoint_t, mcapi_request_t *, mcapi_status_t *) = {
        mcapi_pktchan_send_close_i,
        mcapi_pktchan_recv_close_i,
        mcapi_sclchan_send_close_i,
        mcapi_sclchan_recv_close_i,
    };

    for (size_t i = 0; i < sizeof close / sizeof close[0]; i++)
        close[i](act->endpoint, &act->request, &act->status);
    mcapi_endpoint_delete(act->endpoint, &act->status);
}

void scene_remove(struct child *owner, mcapi_endpoint_t endpoint)
{
    struct act act = { .endpoint = endpoint };

    child_do(owner, act_remove, &act);
    expect_status(MCAPI_SUCCESS, act.status);
}

void scene_expect_clean(uint32_t nodes)
{
    struct mci_audit audit;

    lock();
    mci_audit(mci_map(), &audit);
    mci_control_unlock();
    ck_assert_msg(audit.faults == 0, "%u faults: %s", audit.faults, audit.fault[0]);
    ck_assert_uint_eq(audit.dead, 0);
    ck_assert_uint_eq(audit.held, 0);
    ck_assert_uint_eq(audit.nodes, nodes);
    ck_assert_uint_eq(audit.endpoints, 0);
    ck_assert_uint_eq(audit.channels, 0);
    ck_assert_uint_eq(audit.gets, 0);
}

struct child *scene_victim_returns(void)
{
    struct child *victim = child_start(CHILD_PROCESS, VICTIM_NODE);
    struct act act = { .port = NAMED_PORT };

    child_do(victim, act_create, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    return victim;
}

void scene_packets_flow(struct child *one, struct child *other)
{
    struct pair there = pair_open(PACKETS, one, other);
    struct pair back = pair_open(PACKETS, other, one);

    pair_send(&there, "there");
    pair_expect(&there, "there");
    pair_send(&back, "and back");
    pair_expect(&back, "and back");
    scene_remove(one, there.send);
    scene_remove(other, there.receive);
    scene_remove(other, back.send);
    scene_remove(one, back.receive);
}

/* --- Acts ----------------------------------------------------------------------------- */

enum { LARGEST = 8192 };

void scene_fill(uint32_t *words, size_t size, uint32_t number)
{
    for (size_t i = 0; i < size / sizeof *words; i++)
        words[i] = number + (uint32_t)i;
}

void act_send_numbers(struct act *act)
{
    uint32_t words[LARGEST / sizeof(uint32_t)];
    uint32_t number = (uint32_t)act->word;

    for (uint32_t sent = 0; act->count == 0 || sent < act->count; sent++, number++) {
        scene_fill(words, act->size, number);
        if (act->kind == PACKETS)
            mcapi_pktchan_send(act->endpoint, words, act->size, &act->status);
        else
            mcapi_sclchan_send_uint32(act->endpoint, number, &act->status);
        if (act->status != MCAPI_SUCCESS)
            break;
        atomic_store(&all->accepted, sent + 1);
    }
    act->word = number;
}

/* The next number, or what the call says. */
static mcapi_status_t receive_number(const struct act *act, uint32_t wanted, bool *right)
{
    uint32_t words[LARGEST / sizeof(uint32_t)];
    mcapi_status_t status, released;
    void *packet = NULL;
    size_t size = 0;

    if (act->kind == SCALARS) {
        *right = mcapi_sclchan_recv_uint32(act->endpoint, &status) == wanted;
        return status;
    }
    mcapi_pktchan_recv(act->endpoint, &packet, &size, &status);
    if (status != MCAPI_SUCCESS)
        return status;
    scene_fill(words, size, wanted);
    *right = size <= sizeof words && size >= sizeof wanted && memcmp(words, packet, size) == 0;
    mcapi_pktchan_release(packet, &released);
    return released;
}

void act_receive_numbers(struct act *act)
{
    bool right = true;

    for (act->count = 0;; act->word++) {
        act->status = receive_number(act, (uint32_t)act->word, &right);
        if (act->status != MCAPI_SUCCESS)
            break;
        if (!right) {
            act->count = 1;
            break;
        }
    }
}
