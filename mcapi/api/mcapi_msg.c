/* SPDX-License-Identifier: MIT */
/* mcapi_msg.c - chapter "Messages". */
#include <mcapi.h>

#include "api/check.h"
#include "runtime/message.h"

static mcapi_status_t act_send(struct mci_node *node, struct mci_request_start *start,
                               void *context)
{
    struct mci_message *message = context;

    message->only_check = start->only_check;
    start->kind = MCI_REQUEST_DONE;
    start->carries_data = true;
    start->size = message->size;
    return mci_message_send_now(node, message);
}

void mcapi_msg_send_i(mcapi_endpoint_t send_endpoint, mcapi_endpoint_t receive_endpoint,
                      const void *buffer, size_t buffer_size, mcapi_priority_t priority,
                      mcapi_request_t *request, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    struct mci_request_start start = { .kind = MCI_REQUEST_DONE };
    struct mci_message message = {
        .from = send_endpoint,
        .to = receive_endpoint,
        .payload = buffer,
        .size = buffer_size,
        .priority = priority,
    };

    if (node == NULL)
        mci_refuse_without_node(request, mcapi_status);
    else if (buffer == NULL && buffer_size > 0)
        mci_refuse(request, mcapi_status, MCAPI_ERR_PARAMETER);
    else
        mci_call_later(node, &start, act_send, &message, request, mcapi_status);
}

void mcapi_msg_send(mcapi_endpoint_t send_endpoint, mcapi_endpoint_t receive_endpoint,
                    const void *buffer, size_t buffer_size, mcapi_priority_t priority,
                    mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    struct mci_message message = {
        .from = send_endpoint,
        .to = receive_endpoint,
        .payload = buffer,
        .size = buffer_size,
        .priority = priority,
    };

    if (node == NULL)
        return;
    mci_report(mcapi_status, buffer == NULL && buffer_size > 0
                                     ? MCAPI_ERR_PARAMETER
                                     : mci_message_send(node, &message));
}

void mcapi_msg_recv_i(mcapi_endpoint_t receive_endpoint, void *buffer, size_t buffer_size,
                      mcapi_request_t *request, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    mcapi_status_t status;

    if (node == NULL) {
        mci_refuse_without_node(request, mcapi_status);
        return;
    }
    status = request == NULL || (buffer == NULL && buffer_size > 0)
                   ? MCAPI_ERR_PARAMETER
                   : mci_message_receive_later(node, receive_endpoint, buffer, buffer_size,
                                               request);
    if (status == MCAPI_SUCCESS)
        mci_report_later(node, *request, mcapi_status);
    else
        mci_refuse(request, mcapi_status, status);
}

void mcapi_msg_recv(mcapi_endpoint_t receive_endpoint, void *buffer, size_t buffer_size,
                    size_t *received_size, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);

    if (node == NULL)
        return;
    mci_report(mcapi_status, received_size == NULL || (buffer == NULL && buffer_size > 0)
                                     ? MCAPI_ERR_PARAMETER
                                     : mci_message_receive(node, receive_endpoint, buffer,
                                                           buffer_size, received_size));
}

mcapi_uint_t mcapi_msg_available(mcapi_endpoint_t receive_endpoint,
                                 mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    uint32_t available = 0;

    if (node != NULL)
        mci_report(mcapi_status, mci_message_available(node, receive_endpoint, &available));
    return available;
}
