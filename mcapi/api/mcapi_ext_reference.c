/* SPDX-License-Identifier: MIT */
/* mcapi_ext_reference.c - packets by reference: take, send, give back. */
#include <mcapi_ext.h>

#include "api/check.h"
#include "runtime/lend.h"

void *mcapi_ext_pktchan_buffer_take(mcapi_pktchan_send_hndl_t send_handle, size_t size,
                                    mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    void *buffer = NULL;

    if (node != NULL)
        mci_report(mcapi_status, mci_lend_take(node, send_handle, size, &buffer));
    return buffer;
}

void mcapi_ext_pktchan_buffer_send(mcapi_pktchan_send_hndl_t send_handle, void *buffer,
                                   size_t size, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);

    if (node != NULL)
        mci_report(mcapi_status, mci_lend_send(node, send_handle, buffer, size));
}

void mcapi_ext_pktchan_buffer_give_back(mcapi_pktchan_send_hndl_t send_handle, void *buffer,
                                        mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);

    if (node != NULL)
        mci_report(mcapi_status, mci_lend_give_back(node, send_handle, buffer));
}
