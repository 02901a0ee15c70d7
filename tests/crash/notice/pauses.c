/* SPDX-License-Identifier: MIT */
/*
 * pauses.c - how long two survivors stand still while a third node dies and is recovered.
 *
 * One sends a packet and a message every 200 us, each with the time at which it was due, so
 * that a sender that is held up is seen as well; the other receives. How late each comes is
 * compared with the same stream beside a process that is forked and killed as often and is no
 * node.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crash/notice/notice.h"

enum {
    SENDER = 11,
    RECEIVER = 12,
    THIRD = 13,
    PORT = 3,
    MESSAGE_PORT = 4,
    PERIOD_US = 200,
    MOST = 1 << 20,
    LIMIT_US = 10 * 1000,
};

/* With and without deaths of nodes. */
enum { QUIET, DEATHS, WAYS };
enum { PACKETS, MESSAGES, STREAMS };

static struct late {
    _Atomic uint32_t way; /* which goes on now */
    _Atomic uint32_t over;
    _Atomic uint32_t ready;
    _Atomic uint32_t deaths[WAYS];
    uint32_t count[STREAMS][WAYS];
    int64_t times[STREAMS][WAYS][MOST];
} * late;

static void check(mcapi_status_t status, const char *what)
{
    if (status != MCAPI_SUCCESS)
        give_up(what, status);
}

static void note(int stream, int64_t due)
{
    uint32_t way = atomic_load(&late->way);

    if (late->count[stream][way] < MOST)
        late->times[stream][way][late->count[stream][way]++] = now_us() - due;
}

/* --- The two -------------------------------------------------------------------------- */

static _Noreturn void receive_packets(void)
{
    mcapi_pktchan_recv_hndl_t handle;
    mcapi_endpoint_t mine;
    mcapi_request_t request;
    mcapi_status_t status;
    size_t size;
    void *packet;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    join(RECEIVER);
    mine = create(PORT);
    mcapi_pktchan_recv_open_i(&handle, mine, &request, &status);
    check(status, "open to receive");
    atomic_fetch_add(&late->ready, 1);
    for (;;) {
        mcapi_pktchan_recv(handle, &packet, &size, &status);
        if (status != MCAPI_SUCCESS)
            _exit(status == MCAPI_ERR_CHAN_INVALID ? 0 : 1); /* the sender has closed */
        note(PACKETS, *(int64_t *)packet);
        mcapi_pktchan_release(packet, &status);
    }
}

static _Noreturn void receive_messages(void)
{
    mcapi_endpoint_t mine;
    mcapi_status_t status;
    int64_t due = 1;
    size_t size;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    join(RECEIVER + 10);
    mine = create(MESSAGE_PORT);
    atomic_fetch_add(&late->ready, 1);
    while (due != 0) {
        mcapi_msg_recv(mine, &due, sizeof due, &size, &status);
        check(status, "mcapi_msg_recv");
        if (due != 0)
            note(MESSAGES, due);
    }
    _exit(0);
}

static void sleep_until(int64_t us)
{
    struct timespec time = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static _Noreturn void send_both(void)
{
    mcapi_pktchan_send_hndl_t handle;
    mcapi_endpoint_t mine, from, to, other;
    mcapi_request_t request;
    mcapi_status_t status;
    int64_t due;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    join(SENDER);
    to = mcapi_endpoint_get(0, RECEIVER, PORT, MCAPI_TIMEOUT_INFINITE, &status);
    check(status, "get");
    other = mcapi_endpoint_get(0, RECEIVER + 10, MESSAGE_PORT, MCAPI_TIMEOUT_INFINITE, &status);
    check(status, "get");
    mine = create(MCAPI_PORT_ANY);
    from = create(MCAPI_PORT_ANY);
    mcapi_pktchan_connect_i(mine, to, &request, &status);
    check(status, "connect");
    mcapi_pktchan_send_open_i(&handle, mine, &request, &status);
    check(status, "open to send");
    for (due = now_us(); atomic_load(&late->over) == 0; due += PERIOD_US) {
        sleep_until(due);
        mcapi_pktchan_send(handle, &due, sizeof due, &status);
        check(status, "mcapi_pktchan_send");
        mcapi_msg_send(from, other, &due, sizeof due, 1, &status);
        check(status, "mcapi_msg_send");
    }
    due = 0;
    mcapi_msg_send(from, other, &due, sizeof due, 1, &status);
    mcapi_finalize(&status);
    _exit(0);
}

/* --- The third ------------------------------------------------------------------------ */

/* Dies with an endpoint, a channel, and a message that it has sent to itself. */
static _Noreturn void live_and_die(bool node)
{
    if (node) {
        mcapi_endpoint_t one, other;
        mcapi_request_t request;
        mcapi_status_t status;

        join(THIRD);
        one = create(MCAPI_PORT_ANY);
        other = create(MCAPI_PORT_ANY);
        mcapi_msg_send(one, other, "x", 1, 0, &status);
        mcapi_pktchan_connect_i(one, create(MCAPI_PORT_ANY), &request, &status);
    }
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* The next one to join recovers the last. */
static void die_again_and_again(uint32_t way, double seconds)
{
    int64_t until = now_us() + (int64_t)(seconds * 1e6);

    atomic_store(&late->way, way);
    while (now_us() < until) {
        pid_t third = fork();

        if (third == 0)
            live_and_die(way == DEATHS);
        waitpid(third, NULL, 0);
        atomic_fetch_add(&late->deaths[way], 1);
    }
}

/* Starts the three anew, and lets the third die. True: they came to their end. */
static bool run_streams(uint32_t rounds, double seconds)
{
    void (*const parts[])(void) = { receive_packets, receive_messages, send_both };
    enum { PARTS = sizeof parts / sizeof parts[0] };
    pid_t children[PARTS];
    bool ended = true;

    memset(late, 0, sizeof *late);
    for (int i = 0; i < PARTS; i++) {
        children[i] = fork();
        if (children[i] == 0)
            parts[i]();
    }
    while (atomic_load(&late->ready) < 2)
        nanosleep(&(struct timespec){ .tv_nsec = 1000 * 1000 }, NULL);
    for (uint32_t i = 0; i < rounds; i++) {
        die_again_and_again(QUIET, seconds);
        die_again_and_again(DEATHS, seconds);
    }
    atomic_store(&late->over, 1);
    for (int i = 0; i < PARTS; i++) {
        int status;

        waitpid(children[i], &status, 0);
        ended &= status == 0;
    }
    return ended;
}

static bool is_good(const struct spread spread[WAYS])
{
    return spread[DEATHS].p999 <= LIMIT_US + spread[QUIET].p999
        && spread[DEATHS].most <= LIMIT_US + 2 * spread[QUIET].most;
}

void measure_pauses(uint32_t rounds, double seconds)
{
    static const char *const names[STREAMS] = { "packets", "messages" };
    struct spread spread[STREAMS][WAYS];
    uint32_t tries = 0;
    bool ended = true;

    late = share(sizeof *late);
    fflush(stdout);
    do {
        ended &= run_streams(rounds, seconds);
        for (int i = 0; i < STREAMS; i++)
            for (int way = 0; way < WAYS; way++) {
                if (late->count[i][way] == 0)
                    give_up("a stream without anything in it", 0);
                spread[i][way] = spread_of(late->times[i][way], late->count[i][way]);
            }
    } while (!(is_good(spread[PACKETS]) && is_good(spread[MESSAGES])) && ++tries < TRIES);
    report(ended, "two survivors send to the end beside %u deaths of a third node",
           atomic_load(&late->deaths[DEATHS]));
    for (int i = 0; i < STREAMS; i++)
        report(is_good(spread[i]),
               "%s of two survivors: late by p99.9 %.2f, at most %.2f ms beside %u deaths of "
               "nodes (%u items); %.2f and %.2f beside %u deaths of others (%u items)",
               names[i], (double)spread[i][DEATHS].p999 / 1000,
               (double)spread[i][DEATHS].most / 1000, atomic_load(&late->deaths[DEATHS]),
               late->count[i][DEATHS], (double)spread[i][QUIET].p999 / 1000,
               (double)spread[i][QUIET].most / 1000, atomic_load(&late->deaths[QUIET]),
               late->count[i][QUIET]);
}
