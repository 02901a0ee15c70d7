/* SPDX-License-Identifier: MIT */
#include "distributor/ends.h"

mcapi_endpoint_t ends_create(mcapi_uint_t depth, bool waits, mcapi_status_t *status)
{
    mcapi_timeout_t none = MCAPI_TIMEOUT_IMMEDIATE;
    mcapi_endpoint_t endpoint = mcapi_endpoint_create(MCAPI_PORT_ANY, status);
    mcapi_status_t ignored;

    if (*status != MCAPI_SUCCESS)
        return 0;
    /* A topology with smaller channels has smaller channels: that is slower, and no harm. */
    if (depth > 0)
        mcapi_endpoint_set_attribute(endpoint, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, &depth,
                                     sizeof(depth), &ignored);
    if (!waits)
        mcapi_endpoint_set_attribute(endpoint, MCAPI_ENDP_ATTR_TIMEOUT, &none, sizeof(none),
                                     status);
    if (*status == MCAPI_SUCCESS)
        return endpoint;
    mcapi_endpoint_delete(endpoint, &ignored);
    return 0;
}

mcapi_status_t ends_look(mcapi_request_t *request)
{
    mcapi_status_t status;
    size_t size;

    mcapi_wait(request, &size, MCAPI_TIMEOUT_IMMEDIATE, &status);
    return status == MCAPI_TIMEOUT ? MCAPI_PENDING : status;
}

void ends_forget(mcapi_request_t *request)
{
    mcapi_status_t status;

    if (ends_look(request) == MCAPI_PENDING)
        mcapi_cancel(request, &status);
}

static void delete_closed(mcapi_endpoint_t endpoint, mcapi_request_t *request,
                          mcapi_status_t closed)
{
    mcapi_status_t status;

    if (closed == MCAPI_SUCCESS)
        ends_forget(request);
    mcapi_endpoint_delete(endpoint, &status);
}

void ends_delete_sender(mcapi_endpoint_t endpoint)
{
    mcapi_request_t request;
    mcapi_status_t status;

    if (endpoint == 0)
        return;
    mcapi_pktchan_send_close_i(endpoint, &request, &status);
    delete_closed(endpoint, &request, status);
}

void ends_delete_receiver(mcapi_endpoint_t endpoint)
{
    mcapi_request_t request;
    mcapi_status_t status;

    if (endpoint == 0)
        return;
    mcapi_pktchan_recv_close_i(endpoint, &request, &status);
    delete_closed(endpoint, &request, status);
}
