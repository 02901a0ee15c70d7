/* SPDX-License-Identifier: MIT */
/* soak_seat.c - the life of a process of the soak test, and of the nodes in it. */
#include <mcapi_ext.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "crash/soak/soak.h"
#include "support/eventually.h"
#include "support/expect.h"

/* Between two looks at something that will take a while. */
static void rest_a_little(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 1000 * 1000 }, NULL);
}

static int take_order(_Atomic int *order)
{
    return atomic_load(order) == ORDER_NONE ? ORDER_NONE : atomic_exchange(order, ORDER_NONE);
}

/* --- What a node does besides --------------------------------------------------------------
 */

static void look_at_statistics(void)
{
    mcapi_ext_channel_stats_t channel;
    mcapi_uint_t cursor = 0;
    mcapi_status_t status;

    while (mcapi_ext_channel_stats(&cursor, &channel, &status))
        if (channel.queued > channel.depth)
            soak_fail("channel %u: %u of %u are queued", channel.channel, channel.queued,
                      channel.depth);
}

/* Endpoints that come and go, gets that find nothing, requests that are cancelled. */
static void churn(uint32_t seat, struct dice *dice)
{
    uint32_t depth = 1 + draw(dice, 100);
    mcapi_endpoint_t here, found;
    mcapi_request_t request;
    mcapi_status_t status;

    here = mcapi_endpoint_create(MCAPI_PORT_ANY, &status);
    if (status != MCAPI_SUCCESS) {
        soak_fail("seat %u: mcapi_endpoint_create says %s", seat, status_name(status));
        return;
    }
    mcapi_endpoint_set_attribute(here, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, &depth, sizeof depth,
                                 &status);
    mcapi_endpoint_get_i(0, FIRST_NODE + draw(dice, SEATS), 999, &found, &request, &status);
    if (status == MCAPI_SUCCESS)
        mcapi_cancel(&request, &status);
    if (status != MCAPI_SUCCESS)
        soak_fail("seat %u: a pending get is not cancelled: %s", seat, status_name(status));
    if (draw(dice, 4) == 0) /* so that it has a mailbox, with something in it */
        mcapi_msg_send(here, here, "x", 1, 0, &status);
    if (draw(dice, 16) == 0)
        look_at_statistics();
    mcapi_endpoint_delete(here, &status);
    if (status != MCAPI_SUCCESS)
        soak_fail("seat %u: mcapi_endpoint_delete says %s", seat, status_name(status));
    atomic_fetch_add(&soak->churns, 1);
}

/* --- A node ---------------------------------------------------------------------------- */

/* The one before may not be gone for the others. */
static void become_node(uint32_t seat)
{
    int64_t give_up = now_us() + PATIENCE_MS * 1000LL;
    mcapi_status_t status;
    mcapi_info_t info;

    do {
        mcapi_initialize(0, FIRST_NODE + seat, NULL, NULL, &info, &status);
        if (status == MCAPI_ERR_NODE_INITIALIZED)
            rest_a_little();
    } while (status == MCAPI_ERR_NODE_INITIALIZED && now_us() < give_up);
    if (status != MCAPI_SUCCESS)
        soak_fail("seat %u: mcapi_initialize says %s", seat, status_name(status));
    atomic_fetch_add(&soak->lives, 1);
}

/* False: the thread shall end. */
static bool obey(uint32_t seat, struct way *ways)
{
    mcapi_status_t status;

    switch (take_order(&soak->thread_order[seat])) {
    case ORDER_THREAD_ENDS:
        atomic_fetch_add(&soak->threads_ended, 1);
        return false;
    case ORDER_THREAD_VANISHES:
        atomic_fetch_add(&soak->threads_ended, 1);
        syscall(SYS_exit, 0);
        return false;
    case ORDER_FINALIZE:
        atomic_fetch_add(&soak->finalized_so_often[seat], 1);
        mcapi_finalize(&status);
        if (status != MCAPI_SUCCESS)
            soak_fail("seat %u: mcapi_finalize says %s", seat, status_name(status));
        atomic_fetch_add(&soak->finalized, 1);
        for (uint32_t i = 0; ways != NULL && i < WAYS; i++)
            way_lost(&ways[i]);
        become_node(seat);
        atomic_fetch_add(&soak->finalized_so_often[seat], 1);
        return true;
    default:
        return true;
    }
}

/* The life before may have ended while it finalized. */
static struct dice dice_of(uint32_t seat)
{
    atomic_store(&soak->finalized_so_often[seat], 0);
    return (struct dice){ soak->seed * 31 + seat * 7 + atomic_load(&soak->life[seat]) + 1 };
}

/* --- A process that is one node: a thread for each way ------------------------------------ */

static uint32_t own_process;

static void *way_live(void *context)
{
    struct way *way = context;

    while (!atomic_load(&soak->failed)) {
        if (take_order(&soak->order[own_process]) == ORDER_EXIT)
            _exit(0);
        if (!way_step(way))
            rest_a_little();
    }
    return NULL;
}

static void live_as_process(uint32_t seat)
{
    static struct way ways[WAYS];
    struct dice dice = dice_of(seat);
    pthread_t thread;

    become_node(seat);
    for (uint32_t i = 0; i < WAYS; i++) {
        way_begin(&ways[i], seat, i, true);
        if (pthread_create(&thread, NULL, way_live, &ways[i]) != 0)
            soak_fail("seat %u: no thread", seat);
    }
    while (obey(seat, NULL)) {
        /* Should all others be blocked. */
        if (draw(&dice, 32) == 0 && take_order(&soak->order[own_process]) == ORDER_EXIT)
            _exit(0);
        if (!soak_quiet() && !atomic_load(&soak->failed) && draw(&dice, 4) == 0)
            churn(seat, &dice);
        rest_a_little();
    }
}

/* --- A process with nodes that are threads, and do one thing after the other ---------------
 */

static void *live_as_thread(void *context)
{
    uint32_t seat = *(const uint32_t *)context;
    struct dice dice = dice_of(seat);
    struct way ways[WAYS];

    become_node(seat);
    for (uint32_t i = 0; i < WAYS; i++)
        way_begin(&ways[i], seat, i, false);
    while (!atomic_load(&soak->failed) && obey(seat, ways)) {
        bool busy = false;

        if (take_order(&soak->order[own_process]) == ORDER_EXIT)
            _exit(0);
        for (uint32_t i = 0; i < WAYS; i++)
            busy |= way_step(&ways[i]);
        if (!soak_quiet() && draw(&dice, 16) == 0)
            churn(seat, &dice);
        if (!busy)
            rest_a_little();
    }
    return NULL;
}

static void live_as_host(void)
{
    static uint32_t seat[THREAD_SEATS];
    static pthread_t thread[THREAD_SEATS];
    bool runs[THREAD_SEATS] = { false };

    for (;;) {
        for (uint32_t i = 0; i < THREAD_SEATS; i++) {
            if (runs[i] && pthread_tryjoin_np(thread[i], NULL) == 0) {
                atomic_store(&soak->died_at[seat[i]], now_us());
                runs[i] = false;
            }
            if (runs[i] || atomic_load(&soak->failed))
                continue;
            seat[i] = SEATS - THREAD_SEATS + i;
            atomic_fetch_add(&soak->life[seat[i]], 1);
            runs[i] = pthread_create(&thread[i], NULL, live_as_thread, &seat[i]) == 0;
        }
        rest_a_little();
    }
}

void process_live(uint32_t process)
{
    own_process = process;
    signal(SIGSEGV, SIG_DFL); /* a sanitizer would have more to say */
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (process == PROCESSES - 1)
        live_as_host();
    atomic_fetch_add(&soak->life[process], 1);
    live_as_process(process);
    _exit(0);
}

/* --- For people ------------------------------------------------------------------------ */

void soak_tell(void)
{
    int64_t now = now_us();

    for (uint32_t seat = 0; seat < SEATS; seat++)
        for (uint32_t i = 0; i < WAYS; i++) {
            const struct activity *activity = &soak->activity[seat][i];
            const char *call = atomic_load(&activity->call);

            fprintf(stderr, "seat %u (life %u), way %u: %s, item %u of %u, for %lld ms%s\n",
                    seat, atomic_load(&soak->life[seat]), i,
                    call == NULL ? "nothing yet" : call, atomic_load(&activity->number),
                    atomic_load(&activity->connection),
                    (long long)(now - atomic_load(&activity->since)) / 1000,
                    i < SEND_WAYS
                                    && atomic_load(&activity->rests_in)
                                               == atomic_load(&soak->quiet)
                            ? ", rests"
                            : "");
        }
}
