/* SPDX-License-Identifier: MIT */
/*
 * usecase_automotive.c - an engine's control, as in the MCAPI document's automotive example.
 *
 * Three nodes, each a thread, since they share memory: control, a timer unit and signal
 * processing. Control sends the timer unit the address of the shared memory in a message, from
 * an endpoint without a name to one that it connects afterwards. Then the timer unit writes
 * there at each turn of the crankshaft and raises a flag over a scalar channel, signal
 * processing sends what the knock sensor heard over a packet channel, and control takes a flag
 * and a packet, time and again. The document goes on for ever; we stop after some turns.
 *
 * Written as such programs are: requests are polled with mcapi_test, or waited for with a
 * timeout and no size.
 *
 *     cc usecase_automotive.c -pthread $(pkg-config --cflags --libs mcapi)
 */
#define _POSIX_C_SOURCE 200809L
#include <mcapi.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define DOMAIN      0
#define CONTROL     0
#define TIMER_UNIT  1
#define SIGNAL_PROC 2
/* Control has an endpoint for each of the others, and each of them one for control. */
#define PORT_TIMER  0
#define PORT_SIGNAL 1
#define PORT_OWN    0
#define TURNS       200
#define TIMEOUT     500

/* What the timer unit measures: one entry for each turn, written once. */
typedef struct {
    int microseconds[TURNS];
} shmem_t;

typedef struct {
    int turn;
    short knock[32];
} signal_t;

static void check(mcapi_status_t status, const char *who, const char *call)
{
    char text[MCAPI_MAX_STATUS_SIZE];

    if (status == MCAPI_SUCCESS)
        return;
    fprintf(stderr, "%s: %s: %s\n", who, call,
            mcapi_display_status(status, text, sizeof(text)));
    exit(1);
}

/* --- The timer unit and signal processing ----------------------------------------- */

/* Waits as long as it takes, and half a second at a time. */
static void wait_for(mcapi_request_t *request, const char *who, const char *call)
{
    mcapi_status_t err;

    do {
        mcapi_wait(request, NULL, TIMEOUT, &err);
    } while (err == MCAPI_TIMEOUT);
    check(err, who, call);
}

#define CHECK(call) check(err, "timer unit", call)

static void *timer_unit(void *unused)
{
    mcapi_endpoint_t own_endp, control_endp;
    mcapi_sclchan_send_hndl_t flag_chan;
    mcapi_request_t request;
    mcapi_param_t parms;
    mcapi_info_t version;
    mcapi_status_t err;
    shmem_t *shmem;
    size_t size;
    int i;

    mcapi_initialize(DOMAIN, TIMER_UNIT, &parms, &version, &err);
    CHECK("mcapi_initialize");
    own_endp = mcapi_endpoint_create(PORT_OWN, &err);
    CHECK("mcapi_endpoint_create");
    mcapi_msg_recv(own_endp, &shmem, sizeof(shmem), &size, &err);
    CHECK("mcapi_msg_recv");

    mcapi_endpoint_get_i(DOMAIN, CONTROL, PORT_TIMER, &control_endp, &request, &err);
    wait_for(&request, "timer unit", "mcapi_endpoint_get_i");
    mcapi_sclchan_send_open_i(&flag_chan, own_endp, &request, &err);
    CHECK("mcapi_sclchan_send_open_i");
    wait_for(&request, "timer unit", "mcapi_sclchan_send_open_i");

    for (i = 0; i < TURNS; i++) {
        shmem->microseconds[i] = 20000 + i;
        mcapi_sclchan_send_uint8(flag_chan, (mcapi_uint8_t)(i % 256), &err);
        CHECK("mcapi_sclchan_send_uint8");
    }
    mcapi_finalize(&err);
    CHECK("mcapi_finalize");
    return unused;
}

#undef CHECK
#define CHECK(call) check(err, "signal processing", call)

static void *signal_processing(void *unused)
{
    mcapi_endpoint_t own_endp, control_endp;
    mcapi_pktchan_send_hndl_t signal_chan;
    mcapi_request_t request;
    mcapi_param_t parms;
    mcapi_info_t version;
    mcapi_status_t err;
    signal_t signal;
    int i, j;

    mcapi_initialize(DOMAIN, SIGNAL_PROC, &parms, &version, &err);
    CHECK("mcapi_initialize");
    own_endp = mcapi_endpoint_create(PORT_OWN, &err);
    CHECK("mcapi_endpoint_create");
    mcapi_endpoint_get_i(DOMAIN, CONTROL, PORT_SIGNAL, &control_endp, &request, &err);
    wait_for(&request, "signal processing", "mcapi_endpoint_get_i");
    mcapi_pktchan_send_open_i(&signal_chan, own_endp, &request, &err);
    CHECK("mcapi_pktchan_send_open_i");
    wait_for(&request, "signal processing", "mcapi_pktchan_send_open_i");

    for (i = 0; i < TURNS; i++) {
        signal.turn = i;
        for (j = 0; j < 32; j++)
            signal.knock[j] = (short)(i + j);
        mcapi_pktchan_send(signal_chan, &signal, sizeof(signal), &err);
        CHECK("mcapi_pktchan_send");
    }
    mcapi_finalize(&err);
    CHECK("mcapi_finalize");
    return unused;
}

#undef CHECK
#define CHECK(call) check(err, "control", call)

/* --- Control ---------------------------------------------------------------------- */

/* Polls two requests in one loop until both are done. */
static void poll_both(mcapi_request_t *r1, mcapi_request_t *r2, const char *call)
{
    mcapi_status_t err;
    mcapi_boolean_t done1 = MCAPI_FALSE, done2 = MCAPI_FALSE;
    size_t size;

    while (!done1 || !done2) {
        if (!done1 && (done1 = mcapi_test(r1, &size, &err)))
            CHECK(call);
        if (!done2 && (done2 = mcapi_test(r2, &size, &err)))
            CHECK(call);
    }
}

/* Takes what the others send; 0 if something is not what it should be. */
static int run(mcapi_sclchan_recv_hndl_t flag_chan, mcapi_pktchan_recv_hndl_t signal_chan,
               const shmem_t *shmem)
{
    mcapi_status_t err;
    signal_t *signal;
    size_t size;
    int i, right = 1;

    for (i = 0; i < TURNS; i++) {
        right &= mcapi_sclchan_recv_uint8(flag_chan, &err) == i % 256;
        CHECK("mcapi_sclchan_recv_uint8");
        right &= shmem->microseconds[i] == 20000 + i;
        mcapi_pktchan_recv(signal_chan, (void **)&signal, &size, &err);
        CHECK("mcapi_pktchan_recv");
        right &= size == sizeof(*signal) && signal->turn == i && signal->knock[31] == i + 31;
        mcapi_pktchan_release(signal, &err);
        CHECK("mcapi_pktchan_release");
    }
    return right;
}

static int control(void)
{
    static shmem_t shmem_of_both;
    shmem_t *shmem = &shmem_of_both;
    mcapi_endpoint_t timer_endp, signal_endp, anonymous_endp;
    mcapi_endpoint_t remote_timer_endp, remote_signal_endp;
    mcapi_sclchan_recv_hndl_t flag_chan;
    mcapi_pktchan_recv_hndl_t signal_chan;
    mcapi_request_t r1, r2;
    mcapi_param_t parms;
    mcapi_info_t version;
    mcapi_status_t err;
    int right;

    mcapi_initialize(DOMAIN, CONTROL, &parms, &version, &err);
    CHECK("mcapi_initialize");
    timer_endp = mcapi_endpoint_create(PORT_TIMER, &err);
    CHECK("mcapi_endpoint_create(PORT_TIMER)");
    signal_endp = mcapi_endpoint_create(PORT_SIGNAL, &err);
    CHECK("mcapi_endpoint_create(PORT_SIGNAL)");
    mcapi_endpoint_get_i(DOMAIN, TIMER_UNIT, PORT_OWN, &remote_timer_endp, &r1, &err);
    CHECK("mcapi_endpoint_get_i of the timer unit's");
    mcapi_endpoint_get_i(DOMAIN, SIGNAL_PROC, PORT_OWN, &remote_signal_endp, &r2, &err);
    CHECK("mcapi_endpoint_get_i of signal processing's");
    poll_both(&r1, &r2, "mcapi_endpoint_get_i");

    anonymous_endp = mcapi_endpoint_create(MCAPI_PORT_ANY, &err);
    CHECK("mcapi_endpoint_create(MCAPI_PORT_ANY)");
    mcapi_msg_send(anonymous_endp, remote_timer_endp, &shmem, sizeof(shmem), 0, &err);
    CHECK("mcapi_msg_send");

    mcapi_sclchan_connect_i(remote_timer_endp, timer_endp, &r1, &err);
    CHECK("mcapi_sclchan_connect_i");
    mcapi_pktchan_connect_i(remote_signal_endp, signal_endp, &r2, &err);
    CHECK("mcapi_pktchan_connect_i");
    poll_both(&r1, &r2, "a connect");
    mcapi_sclchan_recv_open_i(&flag_chan, timer_endp, &r1, &err);
    CHECK("mcapi_sclchan_recv_open_i");
    mcapi_pktchan_recv_open_i(&signal_chan, signal_endp, &r2, &err);
    CHECK("mcapi_pktchan_recv_open_i");
    poll_both(&r1, &r2, "an open");

    right = run(flag_chan, signal_chan, shmem);
    mcapi_finalize(&err);
    CHECK("mcapi_finalize");
    return right;
}

int main(void)
{
    pthread_t timer_thread, signal_thread;
    int right;

    if (pthread_create(&timer_thread, NULL, timer_unit, NULL) != 0
        || pthread_create(&signal_thread, NULL, signal_processing, NULL) != 0) {
        perror("pthread_create");
        return 1;
    }
    right = control();
    pthread_join(timer_thread, NULL);
    pthread_join(signal_thread, NULL);
    if (!right) {
        fprintf(stderr, "a flag, the shared memory or a packet was wrong\n");
        return 1;
    }
    printf("%d turns: a flag, shared memory and a packet each\n", TURNS);
    return 0;
}
