/* SPDX-License-Identifier: MIT */
/*
 * mcapi_msg.c - chapter "Messages". The calls are there, so that programs link; this release
 * answers each with MCAPI_ERR_GENERAL (doc/conformance.md).
 */
#include <mcapi.h>

#include "api/check.h"

void mcapi_msg_send_i(mcapi_endpoint_t send_endpoint, mcapi_endpoint_t receive_endpoint,
                      const void *buffer, size_t buffer_size, mcapi_priority_t priority,
                      mcapi_request_t *request, mcapi_status_t *mcapi_status)
{
    (void)send_endpoint, (void)receive_endpoint, (void)buffer, (void)buffer_size;
    (void)priority;
    if (mci_check_node(mcapi_status) == NULL)
        mci_refuse_without_node(request, mcapi_status);
    else
        mci_refuse(request, mcapi_status, MCAPI_ERR_GENERAL);
}

void mcapi_msg_send(mcapi_endpoint_t send_endpoint, mcapi_endpoint_t receive_endpoint,
                    const void *buffer, size_t buffer_size, mcapi_priority_t priority,
                    mcapi_status_t *mcapi_status)
{
    (void)send_endpoint, (void)receive_endpoint, (void)buffer, (void)buffer_size;
    (void)priority;
    if (mci_check_node(mcapi_status) != NULL)
        mci_report(mcapi_status, MCAPI_ERR_GENERAL);
}

void mcapi_msg_recv_i(mcapi_endpoint_t receive_endpoint, void *buffer, size_t buffer_size,
                      mcapi_request_t *request, mcapi_status_t *mcapi_status)
{
    (void)receive_endpoint, (void)buffer, (void)buffer_size;
    if (mci_check_node(mcapi_status) == NULL)
        mci_refuse_without_node(request, mcapi_status);
    else
        mci_refuse(request, mcapi_status, MCAPI_ERR_GENERAL);
}

void mcapi_msg_recv(mcapi_endpoint_t receive_endpoint, void *buffer, size_t buffer_size,
                    size_t *received_size, mcapi_status_t *mcapi_status)
{
    (void)receive_endpoint, (void)buffer, (void)buffer_size, (void)received_size;
    if (mci_check_node(mcapi_status) != NULL)
        mci_report(mcapi_status, MCAPI_ERR_GENERAL);
}

mcapi_uint_t mcapi_msg_available(mcapi_endpoint_t receive_endpoint,
                                 mcapi_status_t *mcapi_status)
{
    (void)receive_endpoint;
    if (mci_check_node(mcapi_status) != NULL)
        mci_report(mcapi_status, MCAPI_ERR_GENERAL);
    return 0;
}
