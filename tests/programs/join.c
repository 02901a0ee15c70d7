/* SPDX-License-Identifier: MIT */
/*
 * join.c - joins the topology that the environment names, and sends a message and a packet, for
 * surroundings.sh: prints the status of the first call that did not succeed, else "joined";
 * then waits for the end of its standard input, if it was told to.
 */
#include <mcapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static mcapi_status_t status;

static void must(void)
{
    char text[MCAPI_MAX_STATUS_SIZE];

    if (status == MCAPI_SUCCESS || status == MCAPI_PENDING)
        return;
    mcapi_display_status(status, text, sizeof text);
    puts(text);
    exit(EXIT_FAILURE);
}

int main(int count, char **arguments)
{
    static const char payload[1000];
    mcapi_endpoint_t from, to;
    mcapi_request_t request;
    mcapi_pktchan_send_hndl_t send;
    mcapi_info_t info;

    mcapi_initialize(1, 1, NULL, NULL, &info, &status);
    must();
    from = mcapi_endpoint_create(1, &status);
    to = mcapi_endpoint_create(2, &status);
    mcapi_msg_send(from, to, payload, sizeof payload, 0, &status);
    must();
    mcapi_pktchan_connect_i(from, to, &request, &status);
    mcapi_pktchan_send_open_i(&send, from, &request, &status);
    mcapi_pktchan_send(send, payload, sizeof payload, &status);
    must();
    puts("joined");
    fflush(stdout);
    if (count > 1 && strcmp(arguments[1], "stay") == 0)
        while (getchar() != EOF)
            ;
    mcapi_finalize(&status);
    must();
    return EXIT_SUCCESS;
}
