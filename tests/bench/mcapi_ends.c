/* SPDX-License-Identifier: MIT */
#include "bench/mcapi_ends.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void ends_failed(mcapi_status_t status, const char *call)
{
    char text[MCAPI_MAX_STATUS_SIZE];

    errno = 0;
    fprintf(stderr, "%s: %s\n", call, mcapi_display_status(status, text, sizeof(text)));
    trial_fail(call);
}

void ends_prepare(struct trial *trial, const char *wait)
{
    char topology[32];

    (void)trial;
    snprintf(topology, sizeof(topology), "bench-%d", (int)getpid());
    setenv("MCAPI_TOPOLOGY", topology, 1);
    if (wait != NULL)
        setenv("MCAPI_WAIT", wait, 1);
}

void ends_join(struct trial *trial, unsigned self)
{
    mcapi_status_t status;
    mcapi_info_t info;

    (void)trial;
    mcapi_initialize(ENDS_DOMAIN, self + 1, NULL, NULL, &info, &status);
    ends_check(status, "mcapi_initialize");
}

mcapi_endpoint_t ends_create(mcapi_port_t port, size_t payload)
{
    mcapi_status_t status;
    mcapi_endpoint_t end = mcapi_endpoint_create(port, &status);
    mcapi_uint_t most = 0, wanted = (mcapi_uint_t)payload;

    ends_check(status, "mcapi_endpoint_create");
    if (payload == 0)
        return end;
    mcapi_endpoint_get_attribute(end, MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, &most, sizeof(most),
                                 &status);
    ends_check(status, "mcapi_endpoint_get_attribute");
    if (most < wanted) {
        mcapi_endpoint_set_attribute(end, MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, &wanted,
                                     sizeof(wanted), &status);
        ends_check(status, "mcapi_endpoint_set_attribute");
    }
    return end;
}

mcapi_endpoint_t ends_get(unsigned party, mcapi_port_t port)
{
    mcapi_status_t status;
    mcapi_endpoint_t end =
            mcapi_endpoint_get(ENDS_DOMAIN, party + 1, port, MCAPI_TIMEOUT_INFINITE, &status);

    ends_check(status, "mcapi_endpoint_get");
    return end;
}

void ends_finish(mcapi_request_t *request)
{
    mcapi_status_t status;
    size_t size;

    mcapi_wait(request, &size, MCAPI_TIMEOUT_INFINITE, &status);
    ends_check(status, "mcapi_wait");
}

static void connect_ends(enum ends_kind kind, unsigned from, unsigned to)
{
    mcapi_endpoint_t out = ends_get(from, ENDS_OUT), in = ends_get(to, ENDS_IN);
    mcapi_request_t request;
    mcapi_status_t status;

    if (kind == ENDS_PACKETS)
        mcapi_pktchan_connect_i(out, in, &request, &status);
    else
        mcapi_sclchan_connect_i(out, in, &request, &status);
    ends_check(status, "connect");
    ends_finish(&request);
}

struct ends *ends_open(struct trial *trial, unsigned self, enum ends_kind kind, size_t payload)
{
    static struct ends ends;
    mcapi_endpoint_t out, in;
    mcapi_request_t opens_out, opens_in;
    mcapi_status_t status;

    ends_join(trial, self);
    if (kind == ENDS_WORDS)
        payload = 0;
    out = ends_create(ENDS_OUT, payload);
    in = ends_create(ENDS_IN, payload);
    trial_gather(trial); /* both are there, and what they are set to */
    if (self == 0) {
        connect_ends(kind, 0, 1);
        connect_ends(kind, 1, 0);
    }
    if (kind == ENDS_PACKETS)
        mcapi_pktchan_send_open_i(&ends.packets_out, out, &opens_out, &status);
    else
        mcapi_sclchan_send_open_i(&ends.words_out, out, &opens_out, &status);
    ends_check(status, "send_open_i");
    if (kind == ENDS_PACKETS)
        mcapi_pktchan_recv_open_i(&ends.packets_in, in, &opens_in, &status);
    else
        mcapi_sclchan_recv_open_i(&ends.words_in, in, &opens_in, &status);
    ends_check(status, "recv_open_i");
    ends_finish(&opens_out);
    ends_finish(&opens_in);
    return &ends;
}

void ends_close(struct trial *trial, void *ends)
{
    mcapi_status_t status;

    (void)ends;
    trial_part(trial);
    mcapi_finalize(&status);
    ends_check(status, "mcapi_finalize");
}
