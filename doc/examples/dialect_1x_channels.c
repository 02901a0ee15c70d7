/* SPDX-License-Identifier: MIT */
/*
 * dialect_1x_channels.c - a program in MCAPI 1.x: packet and scalar channels, two processes.
 *
 * A sensor (node 1) sends samples and alarms over two packet channels to a monitor (node 0),
 * which takes them as they come, and says over a scalar channel how many it wants of each.
 * MCAPI 1.x has no domains and other names for nearly all calls and statuses; one line includes
 * them.
 *
 *     cc dialect_1x_channels.c $(pkg-config --cflags --libs mcapi)
 */
#define _POSIX_C_SOURCE 200809L
#include <mcapi_v1000_to_v2000.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MONITOR 0
#define SENSOR  1

/* All of them the monitor's. */
#define PORT_SAMPLES 1
#define PORT_ALARMS  2
#define PORT_WANTED  3

#define SAMPLES 500
#define ALARMS  20
#define TIMEOUT 10000

/* What went wrong, in the words of MCAPI 1.x. */
static const char *status_text(mcapi_status_t status)
{
#define TEXT(name) \
    case name:     \
        return #name

    switch (status) {
        TEXT(MCAPI_SUCCESS);
        TEXT(MCAPI_INCOMPLETE);
        TEXT(MCAPI_ENO_INIT);
        TEXT(MCAPI_INITIALIZED);
        TEXT(MCAPI_ENODE_NOTINIT);
        TEXT(MCAPI_ENOT_ENDP);
        TEXT(MCAPI_ENO_ENDPOINT);
        TEXT(MCAPI_EENDP_ISCREATED);
        TEXT(MCAPI_ECONNECTED);
        TEXT(MCAPI_ENOT_CONNECTED);
        TEXT(MCAPI_ENOT_OPEN);
        TEXT(MCAPI_ENOT_HANDLE);
        TEXT(MCAPI_ECHAN_TYPE);
        TEXT(MCAPI_EDIR);
        TEXT(MCAPI_ENO_BUFFER);
        TEXT(MCAPI_ENO_MEM);
        TEXT(MCAPI_ENOT_VALID_BUF);
        TEXT(MCAPI_ENO_REQUEST);
        TEXT(MCAPI_ENOTREQ_HANDLE);
        TEXT(MCAPI_EREQ_TIMEOUT);
        TEXT(MCAPI_EPARAM);
    default:
        return "a status of its own";
    }
}

static void check(const char *call, mcapi_status_t status)
{
    if (status == MCAPI_SUCCESS)
        return;
    fprintf(stderr, "%s: %s (%d)\n", call, status_text(status), (int)status);
    exit(1);
}

static void finish(const char *call, mcapi_request_t *request)
{
    mcapi_status_t status;
    size_t size;

    if (mcapi_wait(request, &size, &status, TIMEOUT) != MCAPI_TRUE)
        check("mcapi_wait", status);
    check(call, status);
}

/* --- The sensor ------------------------------------------------------------------- */

static mcapi_pktchan_send_hndl_t connect_to(mcapi_port_t port)
{
    mcapi_endpoint_t here, there;
    mcapi_pktchan_send_hndl_t handle;
    mcapi_request_t request;
    mcapi_status_t status;

    here = mcapi_create_anonymous_endpoint(&status);
    check("mcapi_create_anonymous_endpoint", status);
    there = mcapi_get_endpoint(MONITOR, port, &status);
    check("mcapi_get_endpoint", status);
    mcapi_connect_pktchan_i(here, there, &request, &status);
    check("mcapi_connect_pktchan_i", status);
    finish("mcapi_connect_pktchan_i", &request);
    mcapi_open_pktchan_send_i(&handle, here, &request, &status);
    check("mcapi_open_pktchan_send_i", status);
    finish("mcapi_open_pktchan_send_i", &request);
    return handle;
}

static void sensor(void)
{
    mcapi_version_t version;
    mcapi_pktchan_send_hndl_t samples, alarms;
    mcapi_sclchan_recv_hndl_t wanted;
    mcapi_endpoint_t here, there;
    mcapi_request_t request;
    mcapi_status_t status;
    char alarm_text[32];
    mcapi_uint32_t i, wanted_samples;
    mcapi_uint8_t wanted_alarms;

    mcapi_initialize(SENSOR, &version, &status);
    check("mcapi_initialize", status);
    samples = connect_to(PORT_SAMPLES);
    alarms = connect_to(PORT_ALARMS);

    here = mcapi_create_anonymous_endpoint(&status);
    check("mcapi_create_anonymous_endpoint", status);
    there = mcapi_get_endpoint(MONITOR, PORT_WANTED, &status);
    check("mcapi_get_endpoint", status);
    mcapi_connect_sclchan_i(there, here, &request, &status);
    check("mcapi_connect_sclchan_i", status);
    finish("mcapi_connect_sclchan_i", &request);
    mcapi_open_sclchan_recv_i(&wanted, here, &request, &status);
    check("mcapi_open_sclchan_recv_i", status);
    finish("mcapi_open_sclchan_recv_i", &request);

    wanted_samples = mcapi_sclchan_recv_uint32(wanted, &status);
    check("mcapi_sclchan_recv_uint32", status);
    wanted_alarms = mcapi_sclchan_recv_uint8(wanted, &status);
    check("mcapi_sclchan_recv_uint8", status);

    for (i = 0; i < wanted_samples; i++) {
        mcapi_pktchan_send(samples, &i, sizeof(i), &status);
        check("mcapi_pktchan_send", status);
        if (i < wanted_alarms) {
            sprintf(alarm_text, "alarm %u", i);
            mcapi_pktchan_send_i(alarms, alarm_text, strlen(alarm_text) + 1, &request, &status);
            check("mcapi_pktchan_send_i", status);
            finish("mcapi_pktchan_send_i", &request);
        }
    }
    mcapi_sclchan_recv_uint16(wanted, &status); /* no more */
    check("mcapi_sclchan_recv_uint16", status);
    mcapi_packetchan_send_close_i(samples, &request, &status);
    check("mcapi_packetchan_send_close_i", status);
    mcapi_packetchan_send_close_i(alarms, &request, &status);
    check("mcapi_packetchan_send_close_i", status);
    mcapi_sclchan_recv_close_i(wanted, &request, &status);
    check("mcapi_sclchan_recv_close_i", status);
    mcapi_finalize(&status);
    check("mcapi_finalize", status);
}

/* --- The monitor ------------------------------------------------------------------ */

static void monitor(void)
{
    mcapi_version_t version;
    mcapi_endpoint_t endpoints[2], wanted_end;
    mcapi_pktchan_recv_hndl_t channels[2];
    mcapi_sclchan_send_hndl_t wanted;
    mcapi_request_t opened[3], received[2];
    mcapi_request_t *requests[2];
    mcapi_status_t status;
    void *packets[2];
    unsigned int counts[2] = { 0, 0 };
    size_t size;
    mcapi_uint_t i;

    mcapi_initialize(MONITOR, &version, &status);
    check("mcapi_initialize", status);
    endpoints[0] = mcapi_create_endpoint(PORT_SAMPLES, &status);
    check("mcapi_create_endpoint", status);
    endpoints[1] = mcapi_create_endpoint(PORT_ALARMS, &status);
    check("mcapi_create_endpoint", status);
    wanted_end = mcapi_create_endpoint(PORT_WANTED, &status);
    check("mcapi_create_endpoint", status);
    for (i = 0; i < 2; i++) {
        mcapi_open_pktchan_recv_i(&channels[i], endpoints[i], &opened[i], &status);
        check("mcapi_open_pktchan_recv_i", status);
    }
    mcapi_open_sclchan_send_i(&wanted, wanted_end, &opened[2], &status);
    check("mcapi_open_sclchan_send_i", status);
    for (i = 0; i < 3; i++)
        finish("an open", &opened[i]);

    mcapi_sclchan_send_uint32(wanted, SAMPLES, &status);
    check("mcapi_sclchan_send_uint32", status);
    mcapi_sclchan_send_uint8(wanted, ALARMS, &status);
    check("mcapi_sclchan_send_uint8", status);

    for (i = 0; i < 2; i++) {
        mcapi_pktchan_recv_i(channels[i], &packets[i], &received[i], &status);
        check("mcapi_pktchan_recv_i", status);
        requests[i] = &received[i];
    }
    while (counts[0] < SAMPLES || counts[1] < ALARMS) {
        i = mcapi_wait_any(2, requests, &size, &status, TIMEOUT);
        check("mcapi_wait_any", status);
        if (i == 0 && *(mcapi_uint32_t *)packets[0] != counts[0]) {
            fprintf(stderr, "sample %u is not the one that was due\n", counts[0]);
            exit(1);
        }
        counts[i]++;
        mcapi_pktchan_free(packets[i], &status);
        check("mcapi_pktchan_free", status);
        mcapi_pktchan_recv_i(channels[i], &packets[i], &received[i], &status);
        check("mcapi_pktchan_recv_i", status);
    }
    for (i = 0; i < 2; i++) {
        mcapi_cancel(&received[i], &status);
        check("mcapi_cancel", status);
    }
    mcapi_sclchan_send_uint16(wanted, 0, &status);
    check("mcapi_sclchan_send_uint16", status);
    for (i = 0; i < 2; i++) {
        mcapi_packetchan_recv_close_i(channels[i], &opened[i], &status);
        check("mcapi_packetchan_recv_close_i", status);
        mcapi_delete_endpoint(endpoints[i], &status);
        check("mcapi_delete_endpoint", status);
    }
    mcapi_sclchan_send_close_i(wanted, &opened[2], &status);
    check("mcapi_sclchan_send_close_i", status);
    mcapi_finalize(&status);
    check("mcapi_finalize", status);
    printf("%u samples and %u alarms, taken as they came\n", counts[0], counts[1]);
}

int main(void)
{
    pid_t child = fork();
    int how;

    if (child == 0) {
        sensor();
        return 0;
    }
    monitor();
    if (waitpid(child, &how, 0) != child || how != 0) {
        fprintf(stderr, "the sensor failed\n");
        return 1;
    }
    return 0;
}
