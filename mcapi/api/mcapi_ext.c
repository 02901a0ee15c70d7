/* SPDX-License-Identifier: MIT */
/* mcapi_ext.c - waiting for several channels at once, and together with other things. */
#include <mcapi_ext.h>

#include "api/check.h"
#include "runtime/receive.h"
#include "runtime/receive_fd.h"

mcapi_uint_t mcapi_ext_wait_receivable(const mcapi_endpoint_t *ends, size_t count,
                                       mcapi_timeout_t timeout, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    mcapi_status_t status;
    size_t which = 0;

    if (node == NULL)
        return MCAPI_RETURN_VALUE_INVALID;
    if (ends == NULL || count == 0 || count > UINT32_MAX)
        status = MCAPI_ERR_PARAMETER;
    else
        status = mci_receive_wait_any(node, ends, count, timeout, &which);
    mci_report(mcapi_status, status);
    return status == MCAPI_SUCCESS ? (mcapi_uint_t)which : MCAPI_RETURN_VALUE_INVALID;
}

int mcapi_ext_receive_fd(mcapi_endpoint_t end, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    int fd = -1;

    if (node != NULL)
        mci_report(mcapi_status, mci_receive_fd(node, end, &fd));
    return fd;
}
