/* SPDX-License-Identifier: MIT */
/*
 * usecase_multimedia.c - a processor and its DSP, as in the MCAPI document's multimedia
 * example.
 *
 * The processor (node 0) steers the DSP (node 64) with commands over a scalar channel, gives it
 * samples and filter taps over a packet channel, and gets the filtered samples over another.
 * The DSP keeps the packets it was given, without a copy, until it is told to terminate.
 *
 * Written as such programs are: the parameters of mcapi_initialize are never filled, nobody
 * waits for a request, and everything is closed and deleted without asking how that went.
 *
 *     cc usecase_multimedia.c $(pkg-config --cflags --libs mcapi)
 */
#define _POSIX_C_SOURCE 200809L
#include <mcapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define DOMAIN         0
#define NODE_PROCESSOR 0
#define NODE_DSP       64

/* The same three ports on either side. */
#define PORT_COMMAND 0
#define PORT_DATA    1
#define PORT_RESULTS 2

enum command { CMD_READY = 1, CMD_DATA, CMD_CODE, CMD_TERMINATE, CMD_EXECUTE };

#define SAMPLES 256
#define TAPS    4
#define RESULTS (SAMPLES - TAPS + 1)

static void check(mcapi_status_t status, const char *who, const char *call)
{
    char text[MCAPI_MAX_STATUS_SIZE];

    if (status == MCAPI_SUCCESS)
        return;
    fprintf(stderr, "%s: %s: %s\n", who, call,
            mcapi_display_status(status, text, sizeof(text)));
    exit(1);
}

static void filter(const int *samples, const int *taps, int *results)
{
    int i, j;

    for (i = 0; i < RESULTS; i++) {
        results[i] = 0;
        for (j = 0; j < TAPS; j++)
            results[i] += samples[i + j] * taps[j];
    }
}

/* --- The DSP ---------------------------------------------------------------------- */

#define CHECK(call) check(err, "DSP", call)

static void dsp(void)
{
    mcapi_endpoint_t command_endp, data_endp, results_endp;
    mcapi_sclchan_recv_hndl_t command_chan;
    mcapi_pktchan_recv_hndl_t data_chan;
    mcapi_pktchan_send_hndl_t results_chan;
    mcapi_request_t command_req, data_req, results_req;
    mcapi_param_t parms;
    mcapi_info_t info;
    mcapi_status_t err;
    void *samples = NULL;
    void *taps = NULL;
    int results[RESULTS];
    size_t size;
    int running = 1;

    mcapi_initialize(DOMAIN, NODE_DSP, &parms, &info, &err);
    CHECK("mcapi_initialize");
    command_endp = mcapi_endpoint_create(PORT_COMMAND, &err);
    CHECK("mcapi_endpoint_create(PORT_COMMAND)");
    data_endp = mcapi_endpoint_create(PORT_DATA, &err);
    CHECK("mcapi_endpoint_create(PORT_DATA)");
    results_endp = mcapi_endpoint_create(PORT_RESULTS, &err);
    CHECK("mcapi_endpoint_create(PORT_RESULTS)");

    /* The processor connects them when it comes to it. */
    mcapi_sclchan_recv_open_i(&command_chan, command_endp, &command_req, &err);
    CHECK("mcapi_sclchan_recv_open_i");
    mcapi_pktchan_recv_open_i(&data_chan, data_endp, &data_req, &err);
    CHECK("mcapi_pktchan_recv_open_i");
    mcapi_pktchan_send_open_i(&results_chan, results_endp, &results_req, &err);
    CHECK("mcapi_pktchan_send_open_i");

    while (running) {
        mcapi_uint32_t command = mcapi_sclchan_recv_uint32(command_chan, &err);

        CHECK("mcapi_sclchan_recv_uint32");
        switch (command) {
        case CMD_READY:
            break;
        case CMD_DATA:
            mcapi_pktchan_recv(data_chan, &samples, &size, &err);
            CHECK("mcapi_pktchan_recv of the samples");
            break;
        case CMD_CODE:
            mcapi_pktchan_recv(data_chan, &taps, &size, &err);
            CHECK("mcapi_pktchan_recv of the taps");
            break;
        case CMD_EXECUTE:
            filter((int *)samples, (int *)taps, results);
            mcapi_pktchan_send(results_chan, results, sizeof(results), &err);
            CHECK("mcapi_pktchan_send of the results");
            break;
        case CMD_TERMINATE:
            running = 0;
            break;
        default:
            fprintf(stderr, "DSP: there is no command %u\n", command);
            exit(1);
        }
    }

    mcapi_pktchan_release(samples, &err);
    CHECK("mcapi_pktchan_release of the samples");
    mcapi_pktchan_release(taps, &err);
    CHECK("mcapi_pktchan_release of the taps");
    mcapi_sclchan_recv_close_i(command_chan, &command_req, &err);
    mcapi_pktchan_recv_close_i(data_chan, &data_req, &err);
    mcapi_pktchan_send_close_i(results_chan, &results_req, &err);
    mcapi_endpoint_delete(command_endp, &err);
    CHECK("mcapi_endpoint_delete(PORT_COMMAND)");
    mcapi_endpoint_delete(data_endp, &err);
    CHECK("mcapi_endpoint_delete(PORT_DATA)");
    mcapi_endpoint_delete(results_endp, &err);
    CHECK("mcapi_endpoint_delete(PORT_RESULTS)");
    mcapi_finalize(&err);
    CHECK("mcapi_finalize");
}

#undef CHECK

/* --- The processor ---------------------------------------------------------------- */

#define CHECK(call) check(err, "processor", call)

/* Returns 1 if the DSP has found what we find ourselves. */
static int processor(void)
{
    static const int taps[TAPS] = { 1, 3, 3, 1 };
    int samples[SAMPLES], expected[RESULTS];
    mcapi_endpoint_t command_endp, data_endp, results_endp;
    mcapi_endpoint_t dsp_command, dsp_data, dsp_results;
    mcapi_sclchan_send_hndl_t command_chan;
    mcapi_pktchan_send_hndl_t data_chan;
    mcapi_pktchan_recv_hndl_t results_chan;
    mcapi_request_t command_req, data_req, results_req;
    mcapi_param_t parms;
    mcapi_info_t info;
    mcapi_status_t err;
    void *results;
    size_t size;
    int i, same;

    for (i = 0; i < SAMPLES; i++)
        samples[i] = i * i % 101;
    filter(samples, taps, expected);

    mcapi_initialize(DOMAIN, NODE_PROCESSOR, &parms, &info, &err);
    CHECK("mcapi_initialize");
    command_endp = mcapi_endpoint_create(PORT_COMMAND, &err);
    CHECK("mcapi_endpoint_create(PORT_COMMAND)");
    data_endp = mcapi_endpoint_create(PORT_DATA, &err);
    CHECK("mcapi_endpoint_create(PORT_DATA)");
    results_endp = mcapi_endpoint_create(PORT_RESULTS, &err);
    CHECK("mcapi_endpoint_create(PORT_RESULTS)");
    dsp_command = mcapi_endpoint_get(DOMAIN, NODE_DSP, PORT_COMMAND, 10000, &err);
    CHECK("mcapi_endpoint_get(PORT_COMMAND)");
    dsp_data = mcapi_endpoint_get(DOMAIN, NODE_DSP, PORT_DATA, 10000, &err);
    CHECK("mcapi_endpoint_get(PORT_DATA)");
    dsp_results = mcapi_endpoint_get(DOMAIN, NODE_DSP, PORT_RESULTS, 10000, &err);
    CHECK("mcapi_endpoint_get(PORT_RESULTS)");

    mcapi_pktchan_connect_i(data_endp, dsp_data, &data_req, &err);
    CHECK("mcapi_pktchan_connect_i of the data");
    mcapi_sclchan_connect_i(command_endp, dsp_command, &command_req, &err);
    CHECK("mcapi_sclchan_connect_i of the commands");
    mcapi_pktchan_connect_i(dsp_results, results_endp, &results_req, &err);
    CHECK("mcapi_pktchan_connect_i of the results");
    mcapi_pktchan_send_open_i(&data_chan, data_endp, &data_req, &err);
    CHECK("mcapi_pktchan_send_open_i");
    mcapi_sclchan_send_open_i(&command_chan, command_endp, &command_req, &err);
    CHECK("mcapi_sclchan_send_open_i");
    mcapi_pktchan_recv_open_i(&results_chan, results_endp, &results_req, &err);
    CHECK("mcapi_pktchan_recv_open_i");

    mcapi_sclchan_send_uint32(command_chan, CMD_DATA, &err);
    CHECK("mcapi_sclchan_send_uint32(CMD_DATA)");
    mcapi_pktchan_send(data_chan, samples, sizeof(samples), &err);
    CHECK("mcapi_pktchan_send of the samples");
    mcapi_sclchan_send_uint32(command_chan, CMD_CODE, &err);
    CHECK("mcapi_sclchan_send_uint32(CMD_CODE)");
    mcapi_pktchan_send(data_chan, taps, sizeof(taps), &err);
    CHECK("mcapi_pktchan_send of the taps");
    mcapi_sclchan_send_uint32(command_chan, CMD_EXECUTE, &err);
    CHECK("mcapi_sclchan_send_uint32(CMD_EXECUTE)");
    mcapi_pktchan_recv(results_chan, &results, &size, &err);
    CHECK("mcapi_pktchan_recv of the results");

    same = size == sizeof(expected);
    for (i = 0; same && i < RESULTS; i++)
        same = ((int *)results)[i] == expected[i];
    mcapi_pktchan_release(results, &err);
    CHECK("mcapi_pktchan_release of the results");
    mcapi_sclchan_send_uint32(command_chan, CMD_TERMINATE, &err);
    CHECK("mcapi_sclchan_send_uint32(CMD_TERMINATE)");

    mcapi_sclchan_send_close_i(command_chan, &command_req, &err);
    mcapi_pktchan_send_close_i(data_chan, &data_req, &err);
    mcapi_pktchan_recv_close_i(results_chan, &results_req, &err);
    mcapi_endpoint_delete(command_endp, &err);
    CHECK("mcapi_endpoint_delete(PORT_COMMAND)");
    mcapi_endpoint_delete(data_endp, &err);
    CHECK("mcapi_endpoint_delete(PORT_DATA)");
    mcapi_endpoint_delete(results_endp, &err);
    CHECK("mcapi_endpoint_delete(PORT_RESULTS)");
    mcapi_finalize(&err);
    CHECK("mcapi_finalize");
    return same;
}

int main(void)
{
    pid_t child = fork();
    int how;

    if (child == 0) {
        dsp();
        return 0;
    }
    if (child < 0 || !processor() || waitpid(child, &how, 0) != child || how != 0) {
        fprintf(stderr, "the DSP was not there, failed, or computed something else\n");
        return 1;
    }
    printf("the DSP filtered %d samples with %d taps as it should\n", SAMPLES, TAPS);
    return 0;
}
