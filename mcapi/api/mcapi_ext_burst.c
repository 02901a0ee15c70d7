/* SPDX-License-Identifier: MIT */
/* mcapi_ext_burst.c - several packets or scalars in one call. */
#include <mcapi_ext.h>

#include "api/check.h"
#include "runtime/burst.h"
#include "runtime/release.h"

/* The widths as the ring knows them. */
enum { WIDTH_8, WIDTH_16, WIDTH_32, WIDTH_64 };

/* --- Packets -------------------------------------------------------------------------- */

/* A packet of no bytes needs no buffer. */
static bool have_buffers(const void *const *buffers, const size_t *sizes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (buffers[i] == NULL && sizes[i] > 0)
            return false;
    return true;
}

size_t mcapi_ext_pktchan_send_burst(mcapi_pktchan_send_hndl_t send_handle,
                                    const void *const *buffers, const size_t *sizes,
                                    size_t count, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    mcapi_status_t status = MCAPI_ERR_PARAMETER;
    size_t sent = 0;

    if (node == NULL)
        return 0;
    if (buffers != NULL && sizes != NULL && count > 0 && have_buffers(buffers, sizes, count))
        status = mci_burst_send_packets(node, send_handle, buffers, sizes, count, &sent);
    mci_report(mcapi_status, status);
    return sent;
}

size_t mcapi_ext_pktchan_recv_burst(mcapi_pktchan_recv_hndl_t receive_handle, void **buffers,
                                    size_t *sizes, size_t room, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    mcapi_status_t status = MCAPI_ERR_PARAMETER;
    size_t received = 0;

    if (node == NULL)
        return 0;
    if (buffers != NULL && sizes != NULL && room > 0)
        status = mci_burst_receive_packets(node, receive_handle, buffers, sizes, room,
                                           &received);
    mci_report(mcapi_status, status);
    return received;
}

size_t mcapi_ext_pktchan_release_burst(void *const *buffers, size_t count,
                                       mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    mcapi_status_t status = MCAPI_ERR_PARAMETER;
    size_t released = 0;

    if (node == NULL)
        return 0;
    if (buffers != NULL && count > 0)
        status = mci_release_burst(node, buffers, count, &released);
    mci_report(mcapi_status, status);
    return released;
}

/* --- Scalars -------------------------------------------------------------------------- */

static size_t send_words(mcapi_sclchan_send_hndl_t handle, const void *words, size_t count,
                         uint32_t width, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    mcapi_status_t status = MCAPI_ERR_PARAMETER;
    size_t sent = 0;

    if (node == NULL)
        return 0;
    if (words != NULL && count > 0)
        status = mci_burst_send_scalars(node, handle, words, count, width, &sent);
    mci_report(mcapi_status, status);
    return sent;
}

static size_t receive_words(mcapi_sclchan_recv_hndl_t handle, void *words, size_t room,
                            uint32_t width, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    mcapi_status_t status = MCAPI_ERR_PARAMETER;
    size_t received = 0;

    if (node == NULL)
        return 0;
    if (words != NULL && room > 0)
        status = mci_burst_receive_scalars(node, handle, words, room, width, &received);
    mci_report(mcapi_status, status);
    return received;
}

size_t mcapi_ext_sclchan_send_burst_uint64(mcapi_sclchan_send_hndl_t send_handle,
                                           const mcapi_uint64_t *words, size_t count,
                                           mcapi_status_t *mcapi_status)
{
    return send_words(send_handle, words, count, WIDTH_64, mcapi_status);
}

size_t mcapi_ext_sclchan_send_burst_uint32(mcapi_sclchan_send_hndl_t send_handle,
                                           const mcapi_uint32_t *words, size_t count,
                                           mcapi_status_t *mcapi_status)
{
    return send_words(send_handle, words, count, WIDTH_32, mcapi_status);
}

size_t mcapi_ext_sclchan_send_burst_uint16(mcapi_sclchan_send_hndl_t send_handle,
                                           const mcapi_uint16_t *words, size_t count,
                                           mcapi_status_t *mcapi_status)
{
    return send_words(send_handle, words, count, WIDTH_16, mcapi_status);
}

size_t mcapi_ext_sclchan_send_burst_uint8(mcapi_sclchan_send_hndl_t send_handle,
                                          const mcapi_uint8_t *words, size_t count,
                                          mcapi_status_t *mcapi_status)
{
    return send_words(send_handle, words, count, WIDTH_8, mcapi_status);
}

size_t mcapi_ext_sclchan_recv_burst_uint64(mcapi_sclchan_recv_hndl_t receive_handle,
                                           mcapi_uint64_t *words, size_t room,
                                           mcapi_status_t *mcapi_status)
{
    return receive_words(receive_handle, words, room, WIDTH_64, mcapi_status);
}

size_t mcapi_ext_sclchan_recv_burst_uint32(mcapi_sclchan_recv_hndl_t receive_handle,
                                           mcapi_uint32_t *words, size_t room,
                                           mcapi_status_t *mcapi_status)
{
    return receive_words(receive_handle, words, room, WIDTH_32, mcapi_status);
}

size_t mcapi_ext_sclchan_recv_burst_uint16(mcapi_sclchan_recv_hndl_t receive_handle,
                                           mcapi_uint16_t *words, size_t room,
                                           mcapi_status_t *mcapi_status)
{
    return receive_words(receive_handle, words, room, WIDTH_16, mcapi_status);
}

size_t mcapi_ext_sclchan_recv_burst_uint8(mcapi_sclchan_recv_hndl_t receive_handle,
                                          mcapi_uint8_t *words, size_t room,
                                          mcapi_status_t *mcapi_status)
{
    return receive_words(receive_handle, words, room, WIDTH_8, mcapi_status);
}
