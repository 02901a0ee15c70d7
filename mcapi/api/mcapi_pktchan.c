/* SPDX-License-Identifier: MIT */
/* mcapi_pktchan.c - chapter "Packet channels". */
#include <mcapi.h>

#include "api/channel_calls.h"
#include "runtime/lend.h"
#include "runtime/receive.h"
#include "runtime/release.h"
#include "runtime/send.h"

void mcapi_pktchan_connect_i(mcapi_endpoint_t send_endpoint, mcapi_endpoint_t receive_endpoint,
                             mcapi_request_t *request, mcapi_status_t *mcapi_status)
{
    mci_call_connect(MCI_CHANNEL_PACKET, send_endpoint, receive_endpoint, request,
                     mcapi_status);
}

void mcapi_pktchan_recv_open_i(mcapi_pktchan_recv_hndl_t *receive_handle,
                               mcapi_endpoint_t receive_endpoint, mcapi_request_t *request,
                               mcapi_status_t *mcapi_status)
{
    mci_call_open(MCI_END_PACKET_RECEIVE, receive_handle, receive_endpoint, request,
                  mcapi_status);
}

void mcapi_pktchan_send_open_i(mcapi_pktchan_send_hndl_t *send_handle,
                               mcapi_endpoint_t send_endpoint, mcapi_request_t *request,
                               mcapi_status_t *mcapi_status)
{
    mci_call_open(MCI_END_PACKET_SEND, send_handle, send_endpoint, request, mcapi_status);
}

/* What is to be sent. */
struct packet {
    mcapi_pktchan_send_hndl_t handle;
    const void *buffer;
    size_t size;
};

static mcapi_status_t act_send(struct mci_node *node, struct mci_request_start *start,
                               void *context)
{
    const struct packet *packet = context;

    start->kind = MCI_REQUEST_DONE;
    start->carries_data = true;
    start->size = packet->size;
    return start->only_check
                 ? mci_send_packet_check(node, packet->handle, packet->size)
                 : mci_send_packet_now(node, packet->handle, packet->buffer, packet->size);
}

void mcapi_pktchan_send_i(mcapi_pktchan_send_hndl_t send_handle, const void *buffer,
                          size_t size, mcapi_request_t *request, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    struct mci_request_start start = { .kind = MCI_REQUEST_DONE };
    struct packet packet = { .handle = send_handle, .buffer = buffer, .size = size };

    if (node == NULL)
        mci_refuse_without_node(request, mcapi_status);
    else if (buffer == NULL && size > 0)
        mci_refuse(request, mcapi_status, MCAPI_ERR_PARAMETER);
    else
        mci_call_later(node, &start, act_send, &packet, request, mcapi_status);
}

void mcapi_pktchan_send(mcapi_pktchan_send_hndl_t send_handle, const void *buffer, size_t size,
                        mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);

    if (node == NULL)
        return;
    mci_report(mcapi_status, buffer == NULL && size > 0
                                     ? MCAPI_ERR_PARAMETER
                                     : mci_send_packet(node, send_handle, buffer, size));
}

void mcapi_pktchan_recv_i(mcapi_pktchan_recv_hndl_t receive_handle, void **buffer,
                          mcapi_request_t *request, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    mcapi_status_t status;

    if (node == NULL) {
        mci_refuse_without_node(request, mcapi_status);
        return;
    }
    status = buffer == NULL || request == NULL
                   ? MCAPI_ERR_PARAMETER
                   : mci_receive_packet_later(node, receive_handle, buffer, request);
    if (status == MCAPI_SUCCESS)
        mci_report_later(node, *request, mcapi_status);
    else
        mci_refuse(request, mcapi_status, status);
}

void mcapi_pktchan_recv(mcapi_pktchan_recv_hndl_t receive_handle, void **buffer,
                        size_t *received_size, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);

    if (node == NULL)
        return;
    mci_report(mcapi_status,
               buffer == NULL || received_size == NULL
                       ? MCAPI_ERR_PARAMETER
                       : mci_receive_packet(node, receive_handle, buffer, received_size));
}

mcapi_uint_t mcapi_pktchan_available(mcapi_pktchan_recv_hndl_t receive_handle,
                                     mcapi_status_t *mcapi_status)
{
    return mci_call_available(MCI_END_PACKET_RECEIVE, receive_handle, mcapi_status);
}

void mcapi_pktchan_release(void *buffer, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);

    if (node != NULL)
        mci_report(mcapi_status, mci_release(node, buffer));
}

mcapi_boolean_t mcapi_pktchan_release_test(void *buffer, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    bool released = false;

    if (node != NULL)
        mci_report(mcapi_status, mci_lend_released(node, buffer, &released));
    return released ? MCAPI_TRUE : MCAPI_FALSE;
}

void mcapi_pktchan_recv_close_i(mcapi_pktchan_recv_hndl_t receive_handle,
                                mcapi_request_t *request, mcapi_status_t *mcapi_status)
{
    mci_call_close(MCI_END_PACKET_RECEIVE, receive_handle, request, mcapi_status);
}

void mcapi_pktchan_send_close_i(mcapi_pktchan_send_hndl_t send_handle, mcapi_request_t *request,
                                mcapi_status_t *mcapi_status)
{
    mci_call_close(MCI_END_PACKET_SEND, send_handle, request, mcapi_status);
}
