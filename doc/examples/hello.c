/* SPDX-License-Identifier: MIT */
/* hello.c - two processes and a packet channel: the child greets, the parent prints it.
 *
 *     cc hello.c $(pkg-config --cflags --libs mcapi)
 */
#define _POSIX_C_SOURCE 200809L
#include <mcapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* One call, and the end of the program if it fails. */
#define TRY(call) ((call), check(#call))

enum { DOMAIN = 0, PARENT = 0, CHILD = 1, PORT = 5, PATIENCE = 10000 /* ms */ };

static mcapi_status_t status;

static void check(const char *call)
{
    char name[MCAPI_MAX_STATUS_SIZE];

    if (status == MCAPI_SUCCESS)
        return;
    fprintf(stderr, "%s\n%s\n", call, mcapi_display_status(status, name, sizeof name));
    exit(1);
}

int main(void)
{
    mcapi_info_t info;
    mcapi_endpoint_t here, there;
    mcapi_pktchan_send_hndl_t out;
    mcapi_pktchan_recv_hndl_t in;
    mcapi_request_t request;
    void *packet;
    size_t size;

    if (fork() == 0) {
        TRY(mcapi_initialize(DOMAIN, CHILD, NULL, NULL, &info, &status));
        TRY(here = mcapi_endpoint_create(MCAPI_PORT_ANY, &status));
        TRY(there = mcapi_endpoint_get(DOMAIN, PARENT, PORT, PATIENCE, &status));
        TRY(mcapi_pktchan_connect_i(here, there, &request, &status));
        TRY(mcapi_pktchan_send_open_i(&out, here, &request, &status));
        TRY(mcapi_pktchan_send(out, "Hello from the child.", 22, &status));
    } else {
        TRY(mcapi_initialize(DOMAIN, PARENT, NULL, NULL, &info, &status));
        TRY(here = mcapi_endpoint_create(PORT, &status));
        TRY(mcapi_pktchan_recv_open_i(&in, here, &request, &status));
        TRY(mcapi_wait(&request, NULL, PATIENCE, &status));
        TRY(mcapi_pktchan_recv(in, &packet, &size, &status));
        printf("%s (%zu bytes)\n", (char *)packet, size);
        TRY(mcapi_pktchan_release(packet, &status));
        wait(NULL);
    }
    TRY(mcapi_finalize(&status));
    return 0;
}
