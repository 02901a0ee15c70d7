/* SPDX-License-Identifier: MIT */
/* mcapi_sclchan.c - chapter "Scalar channels". */
#include <mcapi.h>

#include "api/channel_calls.h"
#include "runtime/receive.h"
#include "runtime/send.h"

/* The widths as the ring knows them. */
enum { WIDTH_8, WIDTH_16, WIDTH_32, WIDTH_64 };

void mcapi_sclchan_connect_i(mcapi_endpoint_t send_endpoint, mcapi_endpoint_t receive_endpoint,
                             mcapi_request_t *request, mcapi_status_t *mcapi_status)
{
    mci_call_connect(MCI_CHANNEL_SCALAR, send_endpoint, receive_endpoint, request,
                     mcapi_status);
}

void mcapi_sclchan_recv_open_i(mcapi_sclchan_recv_hndl_t *receive_handle,
                               mcapi_endpoint_t receive_endpoint, mcapi_request_t *request,
                               mcapi_status_t *mcapi_status)
{
    mci_call_open(MCI_END_SCALAR_RECEIVE, receive_handle, receive_endpoint, request,
                  mcapi_status);
}

void mcapi_sclchan_send_open_i(mcapi_sclchan_send_hndl_t *send_handle,
                               mcapi_endpoint_t send_endpoint, mcapi_request_t *request,
                               mcapi_status_t *mcapi_status)
{
    mci_call_open(MCI_END_SCALAR_SEND, send_handle, send_endpoint, request, mcapi_status);
}

static inline void send_word(mcapi_sclchan_send_hndl_t handle, uint64_t word, uint32_t width,
                             mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);

    if (node != NULL)
        mci_report(mcapi_status, mci_send_scalar(node, handle, word, width));
}

/* 0 unless it was received. */
static inline uint64_t receive_word(mcapi_sclchan_recv_hndl_t handle, uint32_t width,
                                    mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    mcapi_status_t status;
    uint64_t word;

    if (node == NULL)
        return 0;
    status = mci_receive_scalar(node, handle, width, &word);
    mci_report(mcapi_status, status);
    return status == MCAPI_SUCCESS ? word : 0;
}

void mcapi_sclchan_send_uint64(mcapi_sclchan_send_hndl_t send_handle, mcapi_uint64_t dataword,
                               mcapi_status_t *mcapi_status)
{
    send_word(send_handle, dataword, WIDTH_64, mcapi_status);
}

void mcapi_sclchan_send_uint32(mcapi_sclchan_send_hndl_t send_handle, mcapi_uint32_t dataword,
                               mcapi_status_t *mcapi_status)
{
    send_word(send_handle, dataword, WIDTH_32, mcapi_status);
}

void mcapi_sclchan_send_uint16(mcapi_sclchan_send_hndl_t send_handle, mcapi_uint16_t dataword,
                               mcapi_status_t *mcapi_status)
{
    send_word(send_handle, dataword, WIDTH_16, mcapi_status);
}

void mcapi_sclchan_send_uint8(mcapi_sclchan_send_hndl_t send_handle, mcapi_uint8_t dataword,
                              mcapi_status_t *mcapi_status)
{
    send_word(send_handle, dataword, WIDTH_8, mcapi_status);
}

mcapi_uint64_t mcapi_sclchan_recv_uint64(mcapi_sclchan_recv_hndl_t receive_handle,
                                         mcapi_status_t *mcapi_status)
{
    return (mcapi_uint64_t)receive_word(receive_handle, WIDTH_64, mcapi_status);
}

mcapi_uint32_t mcapi_sclchan_recv_uint32(mcapi_sclchan_recv_hndl_t receive_handle,
                                         mcapi_status_t *mcapi_status)
{
    return (mcapi_uint32_t)receive_word(receive_handle, WIDTH_32, mcapi_status);
}

mcapi_uint16_t mcapi_sclchan_recv_uint16(mcapi_sclchan_recv_hndl_t receive_handle,
                                         mcapi_status_t *mcapi_status)
{
    return (mcapi_uint16_t)receive_word(receive_handle, WIDTH_16, mcapi_status);
}

mcapi_uint8_t mcapi_sclchan_recv_uint8(mcapi_sclchan_recv_hndl_t receive_handle,
                                       mcapi_status_t *mcapi_status)
{
    return (mcapi_uint8_t)receive_word(receive_handle, WIDTH_8, mcapi_status);
}

mcapi_uint_t mcapi_sclchan_available(mcapi_sclchan_recv_hndl_t receive_handle,
                                     mcapi_status_t *mcapi_status)
{
    return mci_call_available(MCI_END_SCALAR_RECEIVE, receive_handle, mcapi_status);
}

void mcapi_sclchan_recv_close_i(mcapi_sclchan_recv_hndl_t receive_handle,
                                mcapi_request_t *request, mcapi_status_t *mcapi_status)
{
    mci_call_close(MCI_END_SCALAR_RECEIVE, receive_handle, request, mcapi_status);
}

void mcapi_sclchan_send_close_i(mcapi_sclchan_send_hndl_t send_handle, mcapi_request_t *request,
                                mcapi_status_t *mcapi_status)
{
    mci_call_close(MCI_END_SCALAR_SEND, send_handle, request, mcapi_status);
}
