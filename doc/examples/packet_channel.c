/* SPDX-License-Identifier: MIT */
/*
 * packet_channel.c - packets of any size, received where they lie, until the sender closes.
 *
 * The child sends lines that it makes up; the parent holds the longest in its hands while it
 * gives the others back, in whatever order. Then both close, and the endpoints go.
 *
 *     cc packet_channel.c $(pkg-config --cflags --libs mcapi)
 */
#define _POSIX_C_SOURCE 200809L
#include "example.h"

#include <string.h>

enum { DOMAIN = 0, READER = 0, WRITER = 1, LINES = 5 };
enum { PORT_OF_READER = 1 };

static void write_lines(int lines)
{
    mcapi_pktchan_send_hndl_t out;
    mcapi_endpoint_t here, there;
    mcapi_request_t connected, opened, closed;
    mcapi_status_t status;
    mcapi_info_t info;

    TRY(mcapi_initialize(DOMAIN, WRITER, NULL, NULL, &info, &status));
    TRY(here = mcapi_endpoint_create(MCAPI_PORT_ANY, &status));
    TRY(there = mcapi_endpoint_get(DOMAIN, READER, PORT_OF_READER, PATIENCE, &status));
    TRY(mcapi_pktchan_connect_i(here, there, &connected, &status));
    finish(connected);
    TRY(mcapi_pktchan_send_open_i(&out, here, &opened, &status));
    finish(opened);

    for (int i = 0; i < lines; i++) {
        char line[1000];
        size_t size = (size_t)(i * 397 % 1000); /* 0 is a size like any other */

        memset(line, 'a' + i, size);
        TRY(mcapi_pktchan_send(out, line, size, &status)); /* `line` is ours again */
    }
    TRY(mcapi_pktchan_send_close_i(out, &closed, &status));
    finish(closed); /* when the reader has closed its end too */
    TRY(mcapi_endpoint_delete(here, &status));
    TRY(mcapi_finalize(&status));
}

static void read_lines(void)
{
    mcapi_pktchan_recv_hndl_t in;
    mcapi_endpoint_t here;
    mcapi_request_t opened, closed;
    mcapi_status_t status;
    mcapi_info_t info;
    void *packet, *longest = NULL;
    size_t size, longest_size = 0;

    TRY(mcapi_initialize(DOMAIN, READER, NULL, NULL, &info, &status));
    TRY(here = mcapi_endpoint_create(PORT_OF_READER, &status));
    TRY(mcapi_pktchan_recv_open_i(&in, here, &opened, &status));
    finish(opened);

    for (;;) {
        mcapi_pktchan_recv(in, &packet, &size, &status);
        if (status == MCAPI_ERR_CHAN_INVALID)
            break; /* the writer has closed its end, and we have all that it sent */
        check(status, "mcapi_pktchan_recv");
        printf("%3zu bytes \"%.*s\"\n", size, size < 5 ? (int)size : 5, (char *)packet);
        if (size > longest_size) {
            if (longest != NULL)
                TRY(mcapi_pktchan_release(longest, &status));
            longest = packet;
            longest_size = size;
        } else {
            TRY(mcapi_pktchan_release(packet, &status));
        }
    }
    printf("the longest: %zu bytes \"%.5s\"\n", longest_size, (char *)longest);
    TRY(mcapi_pktchan_release(longest, &status));
    TRY(mcapi_pktchan_recv_close_i(in, &closed, &status));
    finish(closed);
    TRY(mcapi_endpoint_delete(here, &status));
    TRY(mcapi_finalize(&status));
}

int main(void)
{
    start(write_lines, LINES);
    read_lines();
    return end_of_children();
}
